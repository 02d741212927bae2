"""A document made ready for a population: what each rule asks of which columns.

All that does not depend on the learner is worked out here, once: the same for every part of a
population.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import ceil, lcm
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pathways.columns import NEVER, NOT_GIVEN, NOT_SAID, PARTS, Population
from pathways.compile import (
    Bound,
    Compiled,
    Earned,
    Node,
    Tree,
    catalogue_option,
    compiled,
    credentials_needed,
)
from pathways.document import Document
from pathways.questions import Asker, Batch, Question, UnaskableError
from pathways.standings import Column

#: Amounts in finer parts of a millionth than this are left to the exact evaluator.
_FINEST = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What a leaf may take of one module or credential; no question is asked where all fit."""

    ref: str
    capacity: int | None
    question: Question | None


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """A limit of a leaf: what of the sources it speaks of, in its own unit.

    `inside` and `outside` divide what the leaf may take; `values` do so by what a `spread` or an
    `at_most_each` goes over. `amount` and `each` are in the parts of the leaf.
    """

    bound: Bound
    amount: int
    each: int
    inside: tuple[Source, ...]
    outside: tuple[Source, ...]
    values: tuple[tuple[Source, ...], ...]
    #: Whether one and the same source is never both inside and outside.
    parted: bool


@dataclass(frozen=True, eq=False)
class Leaf:
    """A leaf, ready to be asked: what it may take, and how much it asks for.

    `need` is in ones or millionths, rounded up, as far as only reaching it counts. `parts` is by
    how much finer the leaf's own parts are, in which all its amounts are whole.
    """

    node: Node
    unit: str
    need: int
    sources: tuple[Source, ...]
    #: Whether attempts at a module are told apart: by a window or an order, or by a `spread`.
    dated: bool
    limits: tuple[Limit, ...]
    parts: int

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """What leaves have in common that take the same evidence."""
        taken = tuple((source.ref, source.capacity, source.question) for source in self.sources)
        alike = self.node.value is None and self.node.operator not in ("module", "credential")
        return (
            taken,
            self.unit,
            self.dated,
            self.node.even_if_expired,
            None if alike else id(self.node),
        )

    @property
    def bounded(self) -> bool:
        """Whether more than the amount decides."""
        return bool(self.limits) or self.node.value is not None

    @property
    def asked(self) -> int:
        """The amount asked for, in the leaf's own parts."""
        return int(Fraction(self.node.need) * raw(self.unit) * self.parts)


@dataclass(eq=False)
class Wood:
    """A tree, with its leaves made ready."""

    tree: Tree
    leaves: dict[int, Leaf]
    unaskable: str | None = None

    @cached_property
    def refs(self) -> frozenset[str]:
        """What the tree may use."""
        return frozenset(s.ref for leaf in self.leaves.values() for s in leaf.sources)

    @cached_property
    def dated(self) -> bool:
        """Whether a window, an order or a common day ties the parts."""
        return any(n.ordered or n.window is not None or n.together for n in self.tree.nodes)

    def beneath(self, node: Node) -> frozenset[str]:
        """What a node may use."""
        return frozenset(
            source.ref
            for inner in node.walk()
            if inner.index in self.leaves
            for source in self.leaves[inner.index].sources
        )

    @cached_property
    def simple(self) -> bool:
        """Whether the first day is exact where evidence only grows: no node ties its parts."""
        return not (
            self.dated
            or self.tree.barred
            or self.tree.attempts != "any"
            or any(node.sharing or node.bounds or node.value for node in self.tree.nodes)
        )


#: The columns in which a completion may say something of its own, and what says nothing.
_OWN = {
    "expires": NOT_SAID,
    "score": NOT_GIVEN,
    "credits": NOT_GIVEN,
    "hours": NOT_GIVEN,
    "level": NOT_GIVEN,
    "grade": NOT_GIVEN,
    "groups": NOT_GIVEN,
}


class Groundwork:
    """A document made ready for one population: the same for every part of it."""

    def __init__(
        self,
        document: Document,
        population: Population,
        only: frozenset[str] | None = None,
        known: Mapping[str, Column] = MappingProxyType({}),
    ) -> None:
        """Make every rule ready that is not known."""
        self.compiled: Compiled = compiled(document)
        self.document = document
        self.given = frozenset(
            name for name, nothing in _OWN.items() if _says(getattr(population, name), nothing)
        )
        self.revokes = _says(population.revoked, NEVER)
        below = self._below(only, known)
        self.wanted = tuple(ref for ref in below if only is None or ref not in known or ref in only)
        self.known = {ref: known[ref] for ref in below if ref not in self.wanted}
        self.refs = tuple(document.modules)
        places = {ref: place for place, ref in enumerate(self.refs)}
        self.faces: list[tuple[int, ...]] = []
        for word in population.modules:
            own = (word,) if word in places else ()
            named = dict.fromkeys((*own, *document.retired.get(word, ())))
            self.faces.append(tuple(places[ref] for ref in named))
        self._empty = population.part(0, 0) if len(population) else population
        self.woods: dict[str, Wood] = {}
        before = set(self.known)
        for ref in self.wanted:
            earned = self.compiled.credentials[ref]
            if earned.tree is not None:
                wood = self._wood(earned, earned.tree)
                later = wood.refs & frozenset(document.credentials) - before
                if later:
                    wood.unaskable = "rules that rest on each other"
                self.woods[ref] = wood
            before.add(ref)

    def _below(self, only: frozenset[str] | None, known: Mapping[str, Column]) -> tuple[str, ...]:
        order = tuple(self.compiled.credentials)
        if only is None:
            return order
        wanted, waiting = set[str](), list(only)
        while waiting:
            ref = waiting.pop()
            if ref not in wanted:
                wanted.add(ref)
                if ref in known and ref not in only:
                    continue
                waiting += credentials_needed(self.compiled.credentials[ref], self.document)
                for members in self.compiled.components:
                    if ref in members:
                        waiting += members
        return tuple(ref for ref in order if ref in wanted)

    def _wood(self, earned: Earned, tree: Tree) -> Wood:
        wood = Wood(tree, {})
        asker = Asker(self.document, earned)
        try:
            self._plant(wood, asker, tree.root, Question(), dated=False)
            if wood.dated and any(
                s.question is not None and (s.question.since or s.question.held_for)
                for leaf in wood.leaves.values()
                for s in leaf.sources
            ):
                raise UnaskableError("periods inside a window or an order")
        except UnaskableError as error:
            wood.unaskable = str(error)
        return wood

    def _plant(self, wood: Wood, asker: Asker, node: Node, above: Question, *, dated: bool) -> None:
        rule = node.rule
        question = above.plus(asker.restrictions(rule))
        dated = dated or node.ordered or node.window is not None or node.together
        if node.need <= 0 or node.over_all:
            raise UnaskableError("a rule that nothing meets" if node.need <= 0 else "`over: all`")
        for child in node.children:
            self._plant(wood, asker, child, question, dated=dated)
        if not node.leaf:
            return
        question = question.plus(asker.leaf(node))
        sources = list[Source]()
        for ref in self._candidates(node):
            answer = question.of(self._nobody(ref))
            if answer is False:
                continue
            asked = answer is not True or question.since or question.held_for
            sources.append(Source(ref, self._capacity(ref), question if asked else None))
        parts = lcm(
            (Fraction(node.need) * raw(node.unit)).denominator,
            *((Fraction(b.amount) * raw(b.unit)).denominator for b in node.bounds),
            *((Fraction(b.each or 0) * raw(b.unit)).denominator for b in node.bounds),
        )
        if parts > _FINEST:
            raise UnaskableError("amounts in very small parts")
        wood.leaves[node.index] = Leaf(
            node=node,
            unit=node.unit,
            need=ceil(Fraction(node.need) * raw(node.unit)),
            sources=tuple(sources),
            dated=dated or any(bound.form == "spread" for bound in node.bounds),
            limits=tuple(self._limit(asker, node, b, sources, parts) for b in node.bounds),
            parts=parts,
        )

    def _limit(
        self, asker: Asker, node: Node, bound: Bound, sources: list[Source], parts: int
    ) -> Limit:
        inside, outside, parted = sources, list[Source](), True
        if bound.limit.of is not None:
            spoken = asker.limit(node, bound.limit.of)
            if spoken.since:
                raise UnaskableError("`since` inside a limit")
            inside, outside = [], []
            for source in sources:
                answer = spoken.of(self._nobody(source.ref))
                if isinstance(answer, bool):
                    (inside if answer else outside).append(source)
                else:
                    parted = False
                    asked = source.question or Question()
                    inside.append(replace(source, question=asked.plus(spoken)))
                    outside.append(replace(source, question=asked.plus(spoken.denied())))
        values: list[tuple[Source, ...]] = []
        if bound.form in ("spread", "at_most_each"):
            values, parted = self._values(bound, sources)
        scale = raw(bound.unit) * parts
        return Limit(
            bound=bound,
            amount=int(Fraction(bound.amount) * scale),
            each=int(Fraction(bound.each or 0) * scale),
            inside=tuple(inside),
            outside=tuple(outside),
            values=tuple(values),
            parted=parted,
        )

    def _values(self, bound: Bound, sources: list[Source]) -> tuple[list[tuple[Source, ...]], bool]:
        """What each value that a limit goes over is found in."""
        over = bound.limit.over
        found: dict[str, list[Source]] = {}
        if over == "source":
            for word in self._empty.sources:
                for source in sources:
                    if source.ref in self.document.modules:
                        asked = source.question or Question()
                        found.setdefault(word, []).append(
                            replace(source, question=asked.plus(_from(word)))
                        )
            return [tuple(each) for each in found.values()], False
        if ("level" if over == "level" else "groups") in self.given and over != "module":
            raise UnaskableError(f"limits over the {over} that completions say")
        for source in sources:
            for value in bound.values(catalogue_option(source.ref, self.document)):
                found.setdefault(value, []).append(source)
        return [tuple(each) for each in found.values()], True

    def _candidates(self, node: Node) -> Iterable[str]:
        if node.refs is not None:
            return sorted(node.refs)
        return (*self.document.modules, *self.document.credentials)

    def _capacity(self, ref: str) -> int | None:
        if ref not in self.document.modules:
            return 1
        repeatable = self.document.modules[ref][0].repeatable
        return None if repeatable == "unlimited" else repeatable

    def _nobody(self, ref: str) -> Batch:
        """No items of a module or credential: a question to them is one to the catalogue."""
        if ref in self.document.modules:
            model: Any = self.document.modules[ref][0]
        else:
            model = self.document.credentials[ref][0]
        none = np.zeros(0, np.int32)
        return Batch(ref, model, self._empty, self.given, np.zeros(0, np.int64), none, none)


def _says(column: NDArray[Any], nothing: int) -> bool:
    """Whether anybody's completion says something in a column."""
    if not column.size:
        return False
    if not any(column.strides):
        return bool(column[0] != nothing)
    return bool((column != nothing).any())


def raw(unit: str) -> int:
    """In how many parts a unit is summed: counts in ones, the rest in millionths."""
    return 1 if unit == "count" else PARTS


def _from(word: str) -> Question:
    return Question((lambda batch: batch.from_source((word,)),))
