"""All learners at once: how every credential of a pathway stands for a whole population.

The compiled rules are asked over columns. Of each module a *layer* says, learner by learner, on
which day an attempt begins to serve; a rule's parts are then minima, maxima, sums and order
statistics of layers, so a rule costs the same few passes whether one learner meets it or all.

What can not be decided in this way is bounded from both sides: a rule is surely met, or possibly.
Where the two differ, and for what the columns do not tell, the one-learner evaluator decides,
once for each distinct record. So the answers are always those of `awards.assess`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from math import ceil, gcd, lcm
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pathways.awards import Standing, assess
from pathways.columns import NEVER, NOT_GIVEN, NOT_SAID, PARTS, TABLES, Days, Population
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
from pathways.methods import Method
from pathways.questions import (
    Answer,
    Asker,
    Batch,
    Question,
    UnaskableError,
    last_days,
    negated,
    passes,
    shifted,
)
from pathways.verdict import Outcome

Flags: TypeAlias = NDArray[np.bool_]
#: Numerators, of a denominator that is told beside them; Python's integers where 64 bits are few.
Numbers: TypeAlias = NDArray[Any]

#: Outcomes by the number that stands for them in a column.
OUTCOMES = tuple(Outcome)
_MET, _UNMET = OUTCOMES.index(Outcome.MET), OUTCOMES.index(Outcome.UNMET)

#: So many learners are looked at together: their layers fit in the processor's cache.
CHUNK = 32_768

#: The most progress of a rule that is not met is 9,999 of so many; see `explain`.
_ALMOST = 10_000

_WIDE = 2**62


# --- what comes of it ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """How one credential stands for every learner.

    `outcome` are places in `OUTCOMES`, `awarded_on` the day of the last award or `NEVER`, `held`
    whether it is held on the day; the progress is `progress / whole`, exactly. `steady` tells that
    there was one award or none, held from its day on without a break.
    """

    outcome: NDArray[np.int8]
    progress: Numbers
    whole: int
    awarded_on: Days
    held: Flags
    steady: Flags

    def part(self, first: int, last: int) -> Column:
        """The column of the learners from one place up to, not including, another."""
        return Column(
            self.outcome[first:last],
            self.progress[first:last],
            self.whole,
            self.awarded_on[first:last],
            self.held[first:last],
            self.steady[first:last],
        )

    def of(self, learner: int) -> tuple[Outcome, Fraction, date | None]:
        """The outcome, the progress and the day of the last award of one learner."""
        day = int(self.awarded_on[learner])
        return (
            OUTCOMES[self.outcome[learner]],
            Fraction(int(self.progress[learner]), self.whole),
            None if day == NEVER else date.fromordinal(day),
        )


@dataclass(frozen=True, slots=True)
class Count:
    """How the answers were found.

    `exact` learners were left to the one-learner evaluator, which was asked once for each of
    `distinct` records; `because` says of what, and how many learners each reason concerned.
    """

    learners: int = 0
    exact: int = 0
    distinct: int = 0
    because: Mapping[str, int] = field(default_factory=dict)

    def plus(self, other: Count) -> Count:
        """Both together; records that are distinct in each part are counted in each."""
        return Count(
            self.learners + other.learners,
            self.exact + other.exact,
            self.distinct + other.distinct,
            dict(Counter(self.because) + Counter(other.because)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Standings:
    """How every credential of a document stands for a population on a day."""

    document: Document
    on: date
    columns: Mapping[str, Column]
    count: Count


class Memory:
    """What was made of the completions of one population for one day, to be asked again.

    It may be used as long as the modules that documents describe are the same.
    """

    def __init__(self) -> None:
        """Remember nothing yet."""
        self.layers: dict[int, dict[tuple[Any, ...], list[Layer]]] = {}


def stand(
    document: Document,
    population: Population,
    on: date,
    *,
    only: frozenset[str] | None = None,
    known: Mapping[str, Column] | None = None,
    memory: Memory | None = None,
    seen: Callable[[int], None] | None = None,
) -> Standings:
    """Tell how every credential stands for every learner: what `awards.assess` would tell.

    `only` leaves out the credentials on which none of these rests, and those that are `known`:
    columns of an earlier answer for the same learners and day, by rules that say the same. `seen`
    is told now and then how many learners were looked at. Raises nothing of its own.
    """
    plan = Plan(document, population, only, known or {})
    parts: list[tuple[dict[str, Column], Count]] = []
    for first in range(0, max(len(population), 1), CHUNK):
        last = min(first + CHUNK, len(population))
        layers = None if memory is None else memory.layers.setdefault(first, {})
        lower = {ref: column.part(first, last) for ref, column in plan.known.items()}
        parts.append(_Crowd(plan, population.part(first, last), on, lower, layers).stand())
        if seen is not None:
            seen(last - first)
    columns = {ref: _joined([told[ref] for told, _ in parts]) for ref in plan.wanted}
    count = Count()
    for _, each in parts:
        count = count.plus(each)
    return Standings(document, on, columns, count)


def _joined(parts: list[Column]) -> Column:
    if len(parts) == 1:
        return parts[0]
    whole = lcm(*(part.whole for part in parts))
    return Column(
        outcome=np.concatenate([part.outcome for part in parts]),
        progress=np.concatenate([times(p.progress, p.whole, whole // p.whole) for p in parts]),
        whole=whole,
        awarded_on=np.concatenate([part.awarded_on for part in parts]),
        held=np.concatenate([part.held for part in parts]),
        steady=np.concatenate([part.steady for part in parts]),
    )


def times(numbers: Numbers, most: int, factor: int) -> Numbers:
    """Multiply numbers of which none is above `most`, in as many bits as that takes."""
    if factor == 1:
        return numbers
    if most * factor >= _WIDE:
        numbers = numbers.astype(object)
    return numbers * factor


# --- the plan: what does not depend on the learner -----------------------------------------------


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
        return int(Fraction(self.node.need) * _raw(self.unit) * self.parts)


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


class Plan:
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
            (Fraction(node.need) * _raw(node.unit)).denominator,
            *((Fraction(b.amount) * _raw(b.unit)).denominator for b in node.bounds),
            *((Fraction(b.each or 0) * _raw(b.unit)).denominator for b in node.bounds),
        )
        if parts > _FINEST:
            raise UnaskableError("amounts in very small parts")
        wood.leaves[node.index] = Leaf(
            node=node,
            unit=node.unit,
            need=ceil(Fraction(node.need) * _raw(node.unit)),
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
        scale = _raw(bound.unit) * parts
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


def _raw(unit: str) -> int:
    """In how many parts a unit is summed: counts in ones, the rest in millionths."""
    return 1 if unit == "count" else PARTS


def _from(word: str) -> Question:
    return Question((lambda batch: batch.from_source((word,)),))


#: Amounts in finer parts of a millionth than this are left to the exact evaluator.
_FINEST = 1_000


# --- layers --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One attempt at a module, or one award, of each learner who has it.

    It serves from `first` (`NEVER` where there is none) to `last` (None: for ever), is dated
    `on`, and is worth `amount`.
    """

    first: Days
    last: Days | None
    on: Days
    amount: int | NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Who is looked at, and in which light: the day, and between which dates evidence lies."""

    learners: NDArray[np.int64] | None
    day: Any
    low: Any = None
    high: Any = None
    together: bool = False

    def of(self, column: Any) -> Any:
        """A column for these learners."""
        return (
            column if self.learners is None or not _per_learner(column) else column[self.learners]
        )

    def take(self, chosen: NDArray[np.int64]) -> Rows:
        """Some of these rows."""
        learners = chosen if self.learners is None else self.learners[chosen]
        return replace(
            self,
            learners=learners,
            day=self.day[chosen] if _per_learner(self.day) else self.day,
            low=self.low[chosen] if _per_learner(self.low) else self.low,
            high=self.high[chosen] if _per_learner(self.high) else self.high,
        )


def _per_learner(value: Any) -> bool:
    return isinstance(value, np.ndarray)


#: Whether a rule is surely met, and whether it is possibly met; the same array where it is known.
Met: TypeAlias = tuple[Flags, Flags]


class _Crowd:
    """One part of the population, looked at on one day."""

    def __init__(
        self,
        plan: Plan,
        part: Population,
        on: date,
        known: Mapping[str, Column],
        memory: dict[tuple[Any, ...], list[Layer]] | None,
    ) -> None:
        self.plan = plan
        self.known = known
        self.memory = memory
        self.part = part
        self.day = on
        self.on = on.toordinal()
        self.size = len(part)
        self.exact = np.zeros(self.size, np.bool_)
        self.because: Counter[str] = Counter()
        self.enrolled = np.where(part.enrolled == NEVER, 0, part.enrolled).astype(np.int32)
        self.awards: dict[str, list[Layer]] = {}
        self._layers: dict[tuple[Any, ...], list[Layer]] = dict(memory or {})
        self._places = {ref: place for place, ref in enumerate(plan.refs)}
        self._batches: dict[str, Batch] = {}
        self._on_day: dict[int, Met] = {}
        self._first_days: dict[Any, Days] = {}
        self._totals: dict[Any, NDArray[np.int64]] = {}
        self._set_aside()

    # --- who is left to the exact evaluator ------------------------------------------------------

    def leave(self, learners: Flags, why: str) -> None:
        """Leave learners to the one-learner evaluator, and count why."""
        fresh = learners & ~self.exact
        if number := int(fresh.sum()):
            self.because[why] += number
            self.exact |= fresh

    def _set_aside(self) -> None:
        part = self.part
        beside = np.zeros(self.size, np.bool_)
        beside[list(part.irregular)] = True
        self.leave(beside, "a record of its own kind")
        self.leave(np.diff(part.begun_start) > 0, "modules in progress")
        wide = [place for place, faces in enumerate(self.plan.faces) if len(faces) > 1]
        if wide:
            self.leave(self._whose(np.isin(part.module, wide)), "a code that counts as several")
        if self.plan.revokes:
            self.leave(self._whose(part.revoked != NEVER), "a completion was revoked")

    def _whose(self, completions: Flags) -> Flags:
        found = np.zeros(self.size, np.bool_)
        found[self._owner[completions]] = True
        return found

    @cached_property
    def _owner(self) -> NDArray[np.int32]:
        return np.repeat(np.arange(self.size, dtype=np.int32), np.diff(self.part.start))

    # --- the items of each module ----------------------------------------------------------------

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The completions by module, and where each ends; in one they stay by learner and day."""
        faces = np.array([each[0] if each else -1 for each in self.plan.faces] or [-1], np.int16)
        served = faces[self.part.module] if self.part.module.size else np.zeros(0, np.int16)
        served = np.where(self.part.on <= self.on, served, np.int16(-1))
        counts = np.bincount(served + 1, minlength=len(self.plan.refs) + 1)
        return np.argsort(served, kind="stable"), np.cumsum(counts)

    def batch(self, ref: str) -> Batch:
        """The completions of a module that can serve: passed, and valid on their day."""
        if ref not in self._batches:
            place = self._places[ref]
            order, ends = self._sorted
            rows = order[ends[place] : ends[place + 1]]
            module, file = self.plan.document.modules[ref]
            batch = Batch(
                ref, module, self.part, self.plan.given, rows, self._owner[rows], self.part.on[rows]
            )
            batch = batch.where(passes(batch, file))
            last = last_days(batch)
            if last is not None and (early := last < batch.on).any():
                batch = batch.where(~early)
            self._batches[ref] = batch
        return self._batches[ref]

    def layers(self, leaf: Leaf, source: Source, unit: str = "") -> list[Layer]:
        """What a leaf may take of one module or credential, attempt by attempt."""
        each, unit = leaf.dated, unit or leaf.unit
        key: tuple[Any, ...] = (
            source.ref,
            source.question,
            unit,
            each,
            leaf.node.even_if_expired,
        )
        value = leaf.node.value
        if value is not None:
            key = (*key, leaf.node)
        if key not in self._layers:
            if source.ref in self._places:
                batch = self.batch(source.ref)
                if value is not None:
                    points = value.points
                    scored: Answer = (
                        batch.scored(0)
                        if points is None
                        else batch.graded(lambda grade: grade in points)
                    )
                    batch = batch.where(scored)
                found = self._of_module(batch, source, unit, each=each)
            elif value is not None:
                found = []
            else:
                found = self._of_awards(source, leaf, unit)
            self._layers[key] = found
            if (
                self.memory is not None
                and source.question is None
                and value is None
                and source.ref in self._places
            ):
                self.memory[key] = found
        return self._layers[key]

    def _of_module(self, batch: Batch, source: Source, unit: str, *, each: bool) -> list[Layer]:
        last = None
        if source.question is not None:
            batch = batch.where(source.question.of(batch))
        last = last_days(batch)
        if source.question is not None:
            for period in source.question.since:
                reach = shifted(batch.on, period)
                last = reach if last is None else np.minimum(last, reach)
        if not len(batch.rows):
            return []
        if last is not None and bool((last >= self.on).all()):
            last = None
        amount = batch.measure(unit)
        learner, on = batch.learner, batch.on
        begins = np.flatnonzero(np.concatenate(([True], learner[1:] != learner[:-1])))
        if len(begins) == len(learner) or (
            not each and source.capacity == 1 and last is None and isinstance(amount, int)
        ):
            return [self._layer(learner, on, last, amount, begins)]
        run = np.arange(len(learner)) - np.repeat(begins, np.diff([*begins, len(learner)]))
        return [
            self._layer(learner, on, last, amount, np.flatnonzero(run == turn))
            for turn in range(int(run.max()) + 1)
        ]

    def _layer(
        self,
        learner: NDArray[np.int32],
        on: Days,
        last: Days | None,
        amount: int | NDArray[np.int64],
        chosen: NDArray[np.int64],
    ) -> Layer:
        whole = len(chosen) == len(learner)
        who = learner if whole else learner[chosen]
        first = np.full(self.size, NEVER, np.int32)
        first[who] = on if whole else on[chosen]
        ends = None
        if last is not None:
            ends = np.zeros(self.size, np.int32)
            ends[who] = last[chosen]
        worth = amount
        if not isinstance(amount, int):
            worth = np.zeros(self.size, np.int64)
            worth[who] = amount[chosen]
        return Layer(first, ends, first, worth)

    def _of_awards(self, source: Source, leaf: Leaf, unit: str) -> list[Layer]:
        model = self.plan.document.credentials[source.ref][0]
        found = []
        for award in self.awards.get(source.ref, ()):
            who = np.flatnonzero(award.first != NEVER)
            if not who.size:
                continue
            batch = Batch(
                source.ref,
                model,
                self.part,
                frozenset(),
                who,
                who.astype(np.int32),
                award.on[who],
            )
            amount = batch.measure(unit)
            layer = replace(award, amount=amount)
            if leaf.node.even_if_expired:
                layer = replace(layer, last=None)
            if source.question is not None:
                layer = self._asked(layer, batch, source.question)
            found.append(layer)
        return found

    def _asked(self, layer: Layer, batch: Batch, question: Question) -> Layer:
        first, last = layer.first.copy(), layer.last
        answer = question.of(batch)
        if answer is not True:
            first[batch.rows[negated(answer)] if answer is not False else batch.rows] = NEVER
        for period in question.held_for:
            first = np.where(first == NEVER, NEVER, np.maximum(first, shifted(layer.on, period)))
        for period in question.since:
            reach = shifted(layer.on, period)
            last = reach if last is None else np.minimum(last, reach)
        return replace(layer, first=first.astype(np.int32), last=last)

    # --- met on a day ----------------------------------------------------------------------------

    def _present(self, layer: Layer, rows: Rows) -> Flags:
        present: Flags = rows.of(layer.first) <= rows.day
        if layer.last is not None:
            present = present & (rows.of(layer.last) >= rows.day)
        if rows.low is not None:
            on = rows.of(layer.on)
            present = present & (on >= rows.low) & (on <= rows.high)
        return present

    def _length(self, rows: Rows) -> int:
        return self.size if rows.learners is None else len(rows.learners)

    def met(self, wood: Wood, node: Node, rows: Rows) -> Met:
        """Whether a rule is surely, and possibly, met by itself."""
        plain = rows.learners is None and rows.low is None and not rows.together
        if plain and id(node) in self._on_day:
            return self._on_day[id(node)]
        if node.together and not rows.together:
            found = self._met_together(wood, node, rows)
        else:
            found = self._met_within(wood, node, rows)
        if plain:
            self._on_day[id(node)] = found
        return found

    def _met_together(self, wood: Wood, node: Node, rows: Rows) -> Met:
        sure, maybe = self._met_within(wood, node, replace(rows, together=True))
        sure, maybe = sure.copy(), maybe.copy()
        for layer in self._scope(wood, node):
            # On a day on which something began to serve, all of it may have been usable.
            day = rows.of(layer.first)
            chosen = np.flatnonzero((day <= rows.day) & ~sure)
            if chosen.size:
                inner = replace(rows.take(chosen), day=day[chosen], together=True)
                one, other = self._met_within(wood, node, inner)
                sure[chosen] |= one
                maybe[chosen] |= other
        return sure, maybe

    def _scope(self, wood: Wood, node: Node) -> list[Layer]:
        found: dict[int, Layer] = {}
        for inner in node.walk():
            if (leaf := wood.leaves.get(inner.index)) is not None:
                for source in leaf.sources:
                    for layer in self.layers(leaf, source):
                        found[id(layer.first)] = layer
        return list(found.values())

    def _met_within(self, wood: Wood, node: Node, rows: Rows) -> Met:
        if node.window is None:
            return self._met_core(wood, node, rows)
        _, loose = self._met_core(wood, node, rows)
        sure = np.zeros(self._length(rows), np.bool_)
        maybe = np.zeros(self._length(rows), np.bool_)
        for layer in self._scope(wood, node):
            start = rows.of(layer.on)
            open_ = loose & ~sure & (start <= rows.day)
            if rows.low is not None:
                open_ &= (start >= rows.low) & (start <= rows.high)
            chosen = np.flatnonzero(open_)
            if not chosen.size:
                continue
            inner = rows.take(chosen)
            low, high = start[chosen], shifted(start[chosen], node.window)
            if inner.high is not None:
                high = np.minimum(high, inner.high)
            one, other = self._met_core(wood, node, replace(inner, low=low, high=high))
            sure[chosen] |= one
            maybe[chosen] |= other
        return sure, maybe

    def _met_core(self, wood: Wood, node: Node, rows: Rows) -> Met:
        if node.leaf:
            return self._met_leaf(wood.leaves[node.index], rows)
        parts = [self.met(wood, child, rows) for child in node.children]
        found = _chosen(node, parts)
        if node.ordered:
            found = self._met_in_order(wood, node, rows, found[1])
        if node.sharing and not self._apart(wood, node):
            if self._flows(wood, node):
                met = found[1] & self._matched(wood, node, rows)
                found = (found[0] & met, met)
            else:
                found = (np.zeros_like(found[1]), found[1])
        return found

    def _met_in_order(self, wood: Wood, node: Node, rows: Rows, loose: Flags) -> Met:
        """Each part as early as the one before lets it: the earliest place that will do."""
        size = self._length(rows)
        dates = [rows.of(layer.on) for layer in self._scope(wood, node)]
        nothing = np.zeros(size, np.bool_)
        if not dates or not loose.any():
            return nothing, nothing
        chosen = np.flatnonzero(loose)
        rows = rows.take(chosen)
        days = np.stack([np.asarray(each)[chosen] for each in dates])
        inside = days <= rows.day
        if rows.low is not None:
            inside &= (days >= rows.low) & (days <= rows.high)
        days = np.sort(np.where(inside, days, NEVER), axis=0)
        place = np.zeros(len(chosen), np.int64)
        alive = np.ones(len(chosen), np.bool_)
        doubt = np.zeros(len(chosen), np.bool_)
        for child in node.children:
            reached = np.full(len(chosen), -1, np.int64)
            low = days[place, np.arange(len(chosen))]
            for turn in range(len(days)):
                asked = np.flatnonzero(
                    alive & (reached < 0) & (turn >= place) & (days[turn] != NEVER)
                )
                if not asked.size:
                    continue
                inner = replace(rows.take(asked), low=low[asked], high=days[turn][asked])
                one, other = self.met(wood, child, inner)
                doubt[asked[one != other]] = True
                reached[asked[one]] = turn
            alive &= reached >= 0
            place = np.where(alive, reached, place)
        sure, maybe = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
        sure[chosen] = alive & ~doubt
        maybe[chosen] = alive | doubt
        return sure, maybe

    def _apart(self, wood: Wood, node: Node) -> bool:
        """Whether no two parts can use the same evidence, whoever the learner is."""
        scopes = [wood.beneath(child) for child in node.children]
        if node.through and any(ref in self.plan.document.credentials for s in scopes for ref in s):
            return False
        return all(one.isdisjoint(other) for one, other in combinations(scopes, 2))

    def _flows(self, wood: Wood, node: Node) -> bool:
        """Whether each part asks for so many items, each of its own module: see `Node.method`."""
        return (
            node.method is Method.FLOW
            and len(node.children) <= 6
            and not self.plan.document.retired
            and all(
                source.capacity == 1
                for child in node.children
                for source in wood.leaves[child.index].sources
            )
        )

    def _matched(self, wood: Wood, node: Node, rows: Rows) -> Flags:
        """Hall's condition: whatever parts are taken together, there are items enough for them."""
        leaves = [wood.leaves[child.index] for child in node.children]
        present: list[dict[str, Flags]] = [
            {source.ref: self._any(leaf, source, rows) for source in leaf.sources}
            for leaf in leaves
        ]
        met = np.ones(self._length(rows), np.bool_)
        for size in range(1, len(leaves) + 1):
            for some in combinations(range(len(leaves)), size):
                refs = {ref for place in some for ref in present[place]}
                items = np.zeros(self._length(rows), np.int32)
                for ref in refs:
                    at = [present[place][ref] for place in some if ref in present[place]]
                    items += np.logical_or.reduce(at)
                met &= items >= sum(leaves[place].need for place in some)
        return met

    def _any(self, leaf: Leaf, source: Source, rows: Rows) -> Flags:
        found = np.zeros(self._length(rows), np.bool_)
        for layer in self.layers(leaf, source):
            found |= self._present(layer, rows)
        return found

    # --- leaves ----------------------------------------------------------------------------------

    def _met_leaf(self, leaf: Leaf, rows: Rows) -> Met:
        if leaf.node.operator in ("module", "credential") or (
            leaf.need == 1 and leaf.unit == "count" and not leaf.bounded
        ):
            found = np.zeros(self._length(rows), np.bool_)
            for source in leaf.sources:
                found |= self._any(leaf, source, rows)
            return found, found
        total = self._most(leaf, rows)
        met = total >= leaf.need
        if not leaf.bounded:
            return met, met
        return self._met_bounded(leaf, rows, total)

    def _most(
        self,
        leaf: Leaf,
        rows: Rows,
        sources: Iterable[Source] | None = None,
        unit: str = "",
    ) -> NDArray[np.int64]:
        """What everything that fits adds up to, each module's attempts as often as they may."""
        plain = sources is None and not unit and rows.learners is None and rows.low is None
        if plain and leaf.key in self._totals:
            return self._totals[leaf.key]
        total = np.zeros(self._length(rows), np.int64)
        for source in leaf.sources if sources is None else sources:
            total += self._worth(leaf, source, rows, unit)
        if plain and not rows.together:
            self._totals[leaf.key] = total
        return total

    def _worth(self, leaf: Leaf, source: Source, rows: Rows, unit: str = "") -> Any:
        """What the attempts at one module add up to, as many of the largest as may count."""
        layers = self.layers(leaf, source, unit)
        if not layers:
            return 0
        if len(layers) == 1:
            return self._present(layers[0], rows) * rows.of(layers[0].amount)
        if source.capacity is None or source.capacity >= len(layers):
            return self._all(leaf, source, rows, unit)
        if all(isinstance(layer.amount, int) for layer in layers):
            number = self._attempts(leaf, source, rows)
            return np.minimum(number, source.capacity) * layers[0].amount
        amounts = np.stack([self._present(la, rows) * rows.of(la.amount) for la in layers])
        if source.capacity == 1:
            return amounts.max(axis=0)
        return np.sort(amounts, axis=0)[-source.capacity :].sum(axis=0)

    def _all(self, leaf: Leaf, source: Source, rows: Rows, unit: str = "") -> NDArray[np.int64]:
        """What all attempts at one module add up to."""
        total = np.zeros(self._length(rows), np.int64)
        for layer in self.layers(leaf, source, unit):
            total += self._present(layer, rows) * rows.of(layer.amount)
        return total

    def _attempts(self, leaf: Leaf, source: Source, rows: Rows) -> NDArray[np.int64]:
        """How many attempts at one module there are."""
        number = np.zeros(self._length(rows), np.int64)
        for layer in self.layers(leaf, source):
            number += self._present(layer, rows)
        return number

    # --- leaves with limits ----------------------------------------------------------------------

    def _met_bounded(self, leaf: Leaf, rows: Rows, total: NDArray[np.int64]) -> Met:
        """At most what the limits leave, and at least what one selection within them gives."""
        reached, short = self._measured(leaf, rows, total)
        maybe = reached >= leaf.asked
        for _, lack in short:
            maybe &= lack <= 0
        sure = np.zeros_like(maybe)
        if leaf.node.value is None and maybe.any():
            sure = maybe & self._selected(leaf, rows)
        return (maybe, maybe) if bool((sure == maybe).all()) else (sure, maybe)

    def _measured(
        self, leaf: Leaf, rows: Rows, total: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], list[tuple[Limit, NDArray[np.int64]]]]:
        """What is reached at most, and what each limit lacks, one by one; in the leaf's parts."""
        reached = total * leaf.parts
        short: list[tuple[Limit, NDArray[np.int64]]] = []
        for limit in leaf.limits:
            form, unit = limit.bound.form, limit.bound.unit
            if form == "at_most" and unit == leaf.unit:
                inside = self._most(leaf, rows, limit.inside) * leaf.parts
                rest = self._most(leaf, rows, limit.outside) * leaf.parts
                reached = np.where(
                    inside > limit.amount, np.minimum(reached, rest + limit.amount), reached
                )
            elif form == "at_least":
                inside = self._most(leaf, rows, limit.inside, unit) * leaf.parts
                short.append((limit, limit.amount - inside))
            elif form == "spread":
                short.append((limit, limit.amount - self._touched(leaf, limit, rows)))
        return reached, short

    def _touched(self, leaf: Leaf, limit: Limit, rows: Rows) -> NDArray[np.int64]:
        """How many values of a `spread` are touched, in the leaf's parts of the limit's unit."""
        touched = np.zeros(self._length(rows), np.int64)
        for sources in limit.values:
            amount = np.zeros(self._length(rows), np.int64)
            there = np.zeros(self._length(rows), np.bool_)
            for source in sources:
                amount += self._all(leaf, source, rows, limit.bound.unit)
                there |= self._any(leaf, source, rows)
            touched += there & (amount * leaf.parts >= limit.each)
        return touched * (_raw(limit.bound.unit) * leaf.parts)

    def _selected(self, leaf: Leaf, rows: Rows) -> Flags:
        """Who has a selection within every limit, as far as one attempt to find it tells.

        All that fits is taken, and of what is over a limit so much is left out again as needed:
        first what no lower limit asks for.
        """
        size = self._length(rows)
        fine = np.ones(size, np.bool_)
        units = list(dict.fromkeys((leaf.unit, *(limit.bound.unit for limit in leaf.limits))))
        plain = all(limit.parted for limit in leaf.limits) and all(
            isinstance(layer.amount, int)
            for source in leaf.sources
            for unit in units
            for layer in self.layers(leaf, source, unit)
        )
        if not plain:
            return self._whole_selection(leaf, rows)
        caps = [
            (limit.amount, frozenset(s.ref for s in inside), limit.bound)
            for limit in leaf.limits
            for inside in ((limit.inside,) if limit.bound.form == "at_most" else limit.values)
            if limit.bound.form in ("at_most", "at_most_each")
        ]
        floors = [
            (limit.amount, frozenset(s.ref for s in limit.inside), limit.bound)
            for limit in leaf.limits
            if limit.bound.form == "at_least"
        ]
        cells: dict[tuple[Any, ...], list[Any]] = {}
        for source in leaf.sources:
            layers = self.layers(leaf, source)
            if not layers:
                continue
            number = self._attempts(leaf, source, rows)
            if source.capacity is not None:
                number = np.minimum(number, source.capacity)
            worth = {u: self.layers(leaf, source, u)[0].amount * leaf.parts for u in units}
            key = (
                tuple(source.ref in refs for _, refs, _ in caps),
                tuple(source.ref in refs for _, refs, _ in floors),
                tuple(worth.values()),
            )
            cell = cells.setdefault(key, [key, worth, np.zeros(size, np.int64)])
            cell[2] = cell[2] + number
        groups = list(cells.values())
        dropped = np.zeros(size, np.bool_)
        for place, (amount, _, bound) in sorted(enumerate(caps), key=lambda cap: cap[1][0]):
            inside = [cell for cell in groups if cell[0][0][place]]
            over = self._sum(inside, bound.unit, size) - amount
            for cell in sorted(inside, key=lambda cell: (sum(cell[0][1]), -sum(cell[0][0]))):
                each = cell[1][bound.unit]
                if each == 0:
                    continue
                less = np.clip(-(-over // each), 0, cell[2])
                cell[2] = cell[2] - less
                over = over - less * each
                dropped |= less > 0
        for place, (amount, _, bound) in enumerate(caps):
            inside = [cell for cell in groups if cell[0][0][place]]
            fine &= self._sum(inside, bound.unit, size) <= amount
        for place, (amount, _, bound) in enumerate(floors):
            inside = [cell for cell in groups if cell[0][1][place]]
            fine &= self._sum(inside, bound.unit, size) >= amount
        fine &= self._sum(groups, leaf.unit, size) >= leaf.asked
        for limit in leaf.limits:
            if limit.bound.form == "spread":
                # Of one module not all attempts may count, and they are all touched.
                fine &= ~dropped & ~self._crowded(leaf, rows)
        return fine

    def _sum(self, cells: list[list[Any]], unit: str, size: int) -> NDArray[np.int64]:
        total = np.zeros(size, np.int64)
        for cell in cells:
            total += cell[2] * cell[1][unit]
        return total

    def _crowded(self, leaf: Leaf, rows: Rows) -> Flags:
        """Who has more attempts at a module than may count."""
        found = np.zeros(self._length(rows), np.bool_)
        for source in leaf.sources:
            if source.capacity is not None:
                found |= self._attempts(leaf, source, rows) > source.capacity
        return found

    def _whole_selection(self, leaf: Leaf, rows: Rows) -> Flags:
        """Whether everything that fits is a selection within every limit."""
        fine = ~self._crowded(leaf, rows)
        for limit in leaf.limits:
            unit = limit.bound.unit
            if limit.bound.form == "at_most":
                fine &= self._most(leaf, rows, limit.inside, unit) * leaf.parts <= limit.amount
            elif limit.bound.form == "at_most_each":
                for sources in limit.values:
                    fine &= self._most(leaf, rows, sources, unit) * leaf.parts <= limit.amount
        return fine

    # --- the first day ---------------------------------------------------------------------------

    def earliest(self, wood: Wood, node: Node) -> Days:
        """The first day on which a rule might be met if nothing ever ended, or `NEVER`."""
        if node.leaf:
            return self._earliest_leaf(wood.leaves[node.index])
        parts = [self.earliest(wood, child) for child in node.children]
        if all(node.required):
            return _latest(parts)
        if not any(node.required) and len(set(node.worths)) == 1:
            return _nth(parts, ceil(node.need / node.worths[0]))
        factor = _factor(node.worths)
        worths = [int(worth * factor) for worth in node.worths]
        dates = _enough(parts, worths, ceil(node.need * factor), self.size)
        must = [part for part, required in zip(parts, node.required, strict=True) if required]
        return _latest([*must, dates])

    def _earliest_leaf(self, leaf: Leaf) -> Days:
        key = (leaf.key, leaf.need)
        if key not in self._first_days:
            self._first_days[key] = self._earliest_of(leaf)
        return self._first_days[key]

    def _earliest_of(self, leaf: Leaf) -> Days:
        dates: list[Days] = []
        amounts: list[int | NDArray[np.int64]] = []
        for source in leaf.sources:
            layers = self.layers(leaf, source)
            if source.capacity == 1 and len(layers) > 1:
                constant = all(isinstance(layer.amount, int) for layer in layers)
                if constant:
                    layers = [replace(layers[0], first=_soonest([la.first for la in layers]))]
            for layer in layers:
                if not (isinstance(layer.amount, int) and layer.amount == 0):
                    dates.append(layer.first)
                    amounts.append(layer.amount)
        if not dates:
            return np.full(self.size, NEVER, np.int32)
        if leaf.node.operator in ("module", "credential"):
            return _soonest(dates)
        first = amounts[0]
        if isinstance(first, int) and all(isinstance(a, int) and a == first for a in amounts):
            return _nth(dates, -(-leaf.need // first))
        return _enough(dates, amounts, leaf.need, self.size)

    # --- a credential's life ---------------------------------------------------------------------

    def stand(self) -> tuple[dict[str, Column], Count]:
        """How every credential stands for the learners of this part."""
        told: dict[str, Column] = {}
        for ref, earned in self.plan.compiled.credentials.items():
            if ref in self.known:
                self._recall(earned, self.known[ref])
            elif ref in self.plan.wanted:
                told[ref] = self._live(earned)
        self._rivals()
        exact = np.flatnonzero(self.exact)
        distinct = 0
        if exact.size:
            told, distinct = self._ask_exactly(told, exact)
        return told, Count(self.size, int(exact.size), distinct, dict(self.because))

    def _rivals(self) -> None:
        """What an award has used is closed to those that exclude it, if they could use it."""
        for members, _ in self.plan.compiled.exclusive:
            woods = {ref: self.plan.woods[ref] for ref in members if ref in self.plan.woods}
            for ref, wood in woods.items():
                if any(
                    ref != other and not wood.refs.isdisjoint(rival.refs)
                    for other, rival in woods.items()
                ):
                    possible = self._possible.get(ref)
                    if possible is not None:
                        self.leave(possible, "credentials that exclude each other")

    @cached_property
    def _possible(self) -> dict[str, Flags]:
        return {}

    def _live(self, earned: Earned) -> Column:
        model = earned.model
        holds = self._holds(earned)
        if earned.tree is None:
            return self._external(earned, holds)
        wood = self.plan.woods[earned.ref]
        if wood.unaskable is not None:
            self.leave(np.ones(self.size, np.bool_), f"`{earned.ref}`: {wood.unaskable}")
            return self._blank()
        if wood.tree.attempts != "any":
            self.leave(self._retaken(wood), f"`{earned.ref}`: which attempt counts")
        rows = Rows(None, self.on)
        sure, maybe = self.met(wood, wood.tree.root, rows)
        sure, maybe = self._settled(wood, sure, maybe)
        self.leave(sure != maybe, f"`{earned.ref}`: a search")
        day = self._first_day(earned, wood, sure)
        if model.award == "approval":
            day = np.where(self._approved(earned.ref), day, NEVER).astype(np.int32)
        if holds is not None:
            day = np.where(holds != NEVER, holds, day).astype(np.int32)
        ended = self._ended(earned, day)
        self.leave(ended, f"`{earned.ref}`: an award that ended")
        self._possible[earned.ref] = (day != NEVER) | maybe
        self.awards[earned.ref] = [Layer(day, None, day, 1)]
        numbers, whole = self._progress(wood, wood.tree.root)
        outcome = np.where(sure, np.int8(_MET), np.int8(_UNMET))
        progress, whole = _capped(numbers, whole, sure)
        return Column(outcome, progress, whole, day, day != NEVER, ~ended)

    def _recall(self, earned: Earned, column: Column) -> None:
        """Let the awards that are known serve as evidence; those before the last are not known."""
        self._holds(earned)
        self.leave(~column.steady, f"`{earned.ref}`: an award that ended")
        self.awards[earned.ref] = [Layer(column.awarded_on, None, column.awarded_on, 1)]

    def _ended(self, earned: Earned, day: Days) -> Flags:
        """Whose award, made on a day, was not held ever since.

        As long as it is valid by itself, it does not matter whether it was renewed too.
        """
        ended: Flags = np.zeros(self.size, np.bool_)
        model = earned.model
        if model.valid_for is not None:
            ended |= shifted(day, model.valid_for) < self.on
        if model.lasts == "while_met" and earned.tree is not None:
            wood = self.plan.woods[earned.ref]
            ended |= not wood.tree.monotone
            for layer in self._scope(wood, wood.tree.root):
                if layer.last is not None:
                    ended |= (layer.first != NEVER) & (layer.last < self.on)
        ended &= day != NEVER
        return ended

    def _blank(self) -> Column:
        nothing = np.zeros(self.size, np.int64)
        return Column(
            np.full(self.size, _UNMET, np.int8),
            nothing,
            1,
            np.full(self.size, NEVER, np.int32),
            nothing.astype(np.bool_),
            nothing.astype(np.bool_),
        )

    def _holds(self, earned: Earned) -> Days | None:
        """The day of the award that each learner's record holds, or None where none does."""
        part = self.part
        if earned.ref not in part.credentials or not part.held.size:
            return None
        place = part.credentials.index(earned.ref)
        mine = (part.held == place) & (part.held_on <= self.on)
        if not mine.any():
            return None
        owner = np.repeat(np.arange(self.size), np.diff(part.held_start))[mine]
        on = np.full(self.size, NEVER, np.int32)
        on[owner] = part.held_on[mine]
        several = np.bincount(owner, minlength=self.size) > 1
        self.leave(several, "several awards of one credential on record")
        ends = part.held_expires[mine]
        bounded = np.zeros(self.size, np.bool_)
        bounded[owner[(ends != NOT_SAID) & (ends != NEVER)]] = True
        self.leave(bounded, "an award on record that expires")
        if earned.model.lasts == "while_met":
            self.leave(on != NEVER, "an award on record")
        return on

    def _external(self, earned: Earned, holds: Days | None) -> Column:
        day = np.full(self.size, NEVER, np.int32) if holds is None else holds
        ended = self._ended(earned, day)
        self.leave(ended, f"`{earned.ref}`: an award that ended")
        self._possible[earned.ref] = day != NEVER
        self.awards[earned.ref] = [Layer(day, None, day, 1)]
        held = day != NEVER
        outcome = np.where(held, np.int8(_MET), np.int8(_UNMET))
        return Column(outcome, held.astype(np.int64), 1, day, held, ~ended)

    def _approved(self, ref: str) -> Flags:
        part = self.part
        found = np.zeros(self.size, np.bool_)
        if ref in part.credentials and part.approved.size:
            place = part.credentials.index(ref)
            owner = np.repeat(np.arange(self.size), np.diff(part.approved_start))
            found[owner[part.approved == place]] = True
        return found

    def _settled(self, wood: Wood, sure: Flags, maybe: Flags) -> Met:
        """Doubt what ties the whole rule: barred modules."""
        doubt = np.zeros(self.size, np.bool_)
        for pair in wood.tree.barred:
            if pair <= frozenset(self._places) and pair <= wood.refs:
                each = [self._anyone(ref) for ref in pair]
                doubt |= np.logical_and.reduce(each)
            elif not pair <= frozenset(self._places):
                doubt |= maybe
        return sure & ~doubt, maybe

    def _anyone(self, ref: str) -> Flags:
        found = np.zeros(self.size, np.bool_)
        found[self.batch(ref).learner] = True
        return found

    def _retaken(self, wood: Wood) -> Flags:
        """Who has several attempts at a module of which one only is the one that counts."""
        found = np.zeros(self.size, np.bool_)
        for ref in wood.refs & self._places.keys():
            found |= np.bincount(self.batch(ref).learner, minlength=self.size) > 1
        return found

    def _first_day(self, earned: Earned, wood: Wood, sure: Flags) -> Days:
        """The first day from the enrolment on which the rule is met, up to the day; or `NEVER`."""
        day = np.maximum(self.earliest(wood, wood.tree.root), self.enrolled)
        day = np.where(day <= self.on, day, NEVER).astype(np.int32)
        scope = self._scope(wood, wood.tree.root)
        unsure = np.zeros(self.size, np.bool_)
        if not wood.simple:
            unsure |= day != NEVER
        for layer in scope:
            if layer.last is not None:
                unsure |= (layer.first != NEVER) & (layer.last < self.on)
        unsure |= self._uneven(wood)
        unsure &= (day != NEVER) & ~self.exact
        if not unsure.any():
            return day
        growing = not any(layer.last is not None for layer in scope)
        if growing:
            # Evidence only grows: what is not met on the day was not met before.
            day = np.where(unsure & ~sure, NEVER, day).astype(np.int32)
            unsure &= sure
        learners = np.flatnonzero(unsure)
        days = day[learners]
        while learners.size:
            rows = Rows(learners, days)
            one, other = self._whole(wood, rows)
            if (one != other).any():
                lost = np.zeros(self.size, np.bool_)
                lost[learners[one != other]] = True
                self.leave(lost, f"`{earned.ref}`: a search")
            day[learners] = days
            learners, days = learners[~other], days[~other]
            days = self._next(scope, learners, days)
            day[learners[days > self.on]] = NEVER
            learners, days = learners[days <= self.on], days[days <= self.on]
        return day

    def _whole(self, wood: Wood, rows: Rows) -> Met:
        sure, maybe = self.met(wood, wood.tree.root, rows)
        if wood.tree.barred:
            full, _ = self._settled(
                wood, np.ones(self.size, np.bool_), np.ones(self.size, np.bool_)
            )
            sure = sure & rows.of(full)
        return sure, maybe

    def _uneven(self, wood: Wood) -> Flags:
        """Who has attempts of different worth at a module, of which not all may count."""
        found = np.zeros(self.size, np.bool_)
        for leaf in wood.leaves.values():
            for source in leaf.sources:
                layers = self.layers(leaf, source)
                if source.capacity is not None and len(layers) > source.capacity:
                    found |= layers[source.capacity].first != NEVER
        return found

    def _next(self, scope: list[Layer], learners: NDArray[np.int64], days: Days) -> Days:
        """The next day on which something begins or ends to serve, or `NEVER`."""
        found = np.full(len(learners), NEVER, np.int32)
        for layer in scope:
            turns = [layer.first[learners]]
            if layer.last is not None:
                last = layer.last[learners]
                turns.append(np.where(last >= _LAST_DAY, NEVER, last + 1).astype(np.int32))
            for turn in turns:
                found = np.where((turn > days) & (turn < found), turn, found)
        return found

    # --- progress --------------------------------------------------------------------------------

    def _progress(self, wood: Wood, node: Node) -> tuple[Numbers, int]:
        """How far a rule has come on the day: see `explain.Explanation`."""
        if node.leaf:
            return self._leaf_progress(wood.leaves[node.index])
        shares = []
        for child in node.children:
            numbers, whole = self._progress(wood, child)
            met, maybe = self.met(wood, child, Rows(None, self.on))
            if met is not maybe:
                self.leave(met != maybe, f"`{wood.tree.credential}`: a search")
            shares.append(_capped(numbers, whole, met))
        common = lcm(*(whole for _, whole in shares))
        parts = [times(numbers, whole, common // whole) for numbers, whole in shares]
        return _reached(node, parts, common)

    def _leaf_progress(self, leaf: Leaf) -> tuple[Numbers, int]:
        rows = Rows(None, self.on)
        if leaf.node.operator in ("module", "credential"):
            return self._met_leaf(leaf, rows)[1].astype(np.int64), 1
        total = self._most(leaf, rows)
        whole = leaf.asked
        if not leaf.bounded:
            return np.minimum(total * leaf.parts, whole), whole
        reached, short = self._measured(leaf, rows, total)
        lack = np.maximum(whole - reached, 0)
        one = min(_raw(leaf.unit) * leaf.parts, whole)
        for limit, missing in short:
            if limit.bound.form == "at_least" and limit.bound.unit == leaf.unit:
                lack = np.maximum(lack, missing)
            else:
                lack = np.where(missing > 0, np.maximum(lack, one), lack)
        return np.maximum(whole - lack, 0), whole

    # --- the exact evaluator ---------------------------------------------------------------------

    def _ask_exactly(
        self, told: dict[str, Column], learners: NDArray[np.int64]
    ) -> tuple[dict[str, Column], int]:
        known: dict[Any, Mapping[str, Standing]] = {}
        keys = _Keys(self.plan, self.part)
        found: list[Mapping[str, Standing]] = []
        for learner in learners.tolist():
            key = keys.of(learner)
            if key not in known:
                record = self.part.record_of(learner)
                known[key] = assess(self.plan.document, record, self.day).standings
            found.append(known[key])
        return {ref: _mended(col, ref, learners, found) for ref, col in told.items()}, len(known)


_LAST_DAY = date.max.toordinal()


class _Keys:
    """By what records are the same for a document: all that it knows, and nothing else."""

    def __init__(self, plan: Plan, part: Population) -> None:
        self._part = part
        known = np.array([bool(faces) for faces in plan.faces], np.bool_)
        self._known = known[part.module] if part.module.size else np.zeros(0, np.bool_)

    def of(self, learner: int) -> Any:
        part = self._part
        if learner in part.irregular:
            return part.irregular[learner].model_copy(update={"learner": None}).model_dump_json()
        low, high = part.start[learner : learner + 2].tolist()
        known = self._known[low:high]
        columns = tuple(getattr(part, name)[low:high][known].tobytes() for name in TABLES["start"])
        beside = []
        for start, names in TABLES.items():
            if start != "start":
                low_, high_ = getattr(part, start)[learner : learner + 2].tolist()
                beside += [getattr(part, name)[low_:high_].tobytes() for name in names]
        names_ = tuple(part.ids.get(at, "") for at in range(low, high)) if part.ids else ()
        return (int(part.enrolled[learner]), columns, tuple(beside), names_)


def _mended(
    column: Column,
    ref: str,
    learners: NDArray[np.int64],
    found: list[Mapping[str, Standing]],
) -> Column:
    """A column with what the exact evaluator says of some learners."""
    standings = [each[ref] for each in found]
    progress = [standing.progress for standing in standings]
    whole = lcm(column.whole, *{share.denominator for share in progress})
    numbers = times(column.progress, column.whole, whole // column.whole)
    if whole >= _WIDE:
        numbers = numbers.astype(object)
    numbers = numbers.copy()
    numbers[learners] = [share.numerator * (whole // share.denominator) for share in progress]
    outcome, awarded, held, steady = (
        column.outcome.copy(),
        column.awarded_on.copy(),
        column.held.copy(),
        column.steady.copy(),
    )
    outcome[learners] = [OUTCOMES.index(standing.outcome) for standing in standings]
    awarded[learners] = [
        NEVER if standing.awarded_on is None else standing.awarded_on.toordinal()
        for standing in standings
    ]
    held[learners] = [s.last is not None and s.last.held(s.on) for s in standings]
    steady[learners] = [_steady(standing) for standing in standings]
    return Column(outcome, numbers, whole, awarded, held, steady)


def _steady(standing: Standing) -> bool:
    """Whether there was one award or none, held from its day on without a break."""
    return not standing.awards or (
        len(standing.awards) == 1 and standing.awards[0].held_throughout(standing.on)
    )


# --- small sums ----------------------------------------------------------------------------------


def _factor(amounts: Iterable[Decimal]) -> int:
    """What makes amounts whole numbers."""
    return lcm(*(Fraction(amount).denominator for amount in amounts))


def _chosen(node: Node, parts: list[Met]) -> Met:
    """Whether enough of a rule's parts are met; each of them is looked at by itself."""
    known = all(sure is maybe for sure, maybe in parts)
    maybe = _enough_met(node, [part[1] for part in parts])
    return (maybe, maybe) if known else (_enough_met(node, [part[0] for part in parts]), maybe)


def _enough_met(node: Node, met: list[Flags]) -> Flags:
    found: Flags
    if all(node.required):
        found = np.all(np.stack(met), axis=0)
        return found
    if not any(node.required) and node.need <= min(node.worths):
        found = np.any(np.stack(met), axis=0)
        return found
    factor = _factor(node.worths)
    total = np.zeros(len(met[0]), np.int64)
    for each, worth in zip(met, node.worths, strict=True):
        total += each * int(worth * factor)
    found = total >= ceil(node.need * factor)
    for each, required in zip(met, node.required, strict=True):
        if required:
            found &= each
    return found


def _soonest(dates: list[Days]) -> Days:
    found = dates[0]
    for other in dates[1:]:
        found = np.minimum(found, other)
    return found


def _latest(dates: list[Days]) -> Days:
    found = dates[0]
    for other in dates[1:]:
        found = np.maximum(found, other)
    return found


def _nth(dates: list[Days], number: int) -> Days:
    """The day on which so many have come, or `NEVER`."""
    if number > len(dates):
        return np.full(len(dates[0]), NEVER, np.int32)
    if number == 1:
        return _soonest(dates)
    if number == len(dates):
        return _latest(dates)
    if number * (len(dates) - number + 1) <= 12:
        # The smallest so many, kept in order as days come by: a few comparisons a day.
        least: list[Days] = []
        for each in dates:
            for place, kept in enumerate(least):
                least[place], each = np.minimum(kept, each), np.maximum(kept, each)
            if len(least) < number:
                least.append(each)
        return least[number - 1]
    nth: Days = np.partition(np.stack(dates), number - 1, axis=0)[number - 1]
    return nth


def _enough(dates: list[Days], amounts: list[Any], need: int, size: int) -> Days:
    """The day on which amounts that come on days have reached so much, or `NEVER`."""
    constant = [amount for amount in amounts if isinstance(amount, int)]
    if len(constant) == len(amounts):
        divisor = gcd(*constant)
        amounts, need = [amount // divisor for amount in constant], -(-need // divisor)
    most = max((int(np.max(amount, initial=0)) for amount in amounts), default=0)
    kind: type[np.integer[Any]] = np.int32 if most * len(dates) < 2**31 else np.int64
    found = np.full(size, NEVER, np.int32)
    if len(dates) <= 6 or most >> _AMOUNT_BITS:
        for day in dates:
            total = np.zeros(size, kind)
            for other, amount in zip(dates, amounts, strict=True):
                total += (other <= day) * (kind(amount) if isinstance(amount, int) else amount)
            found = np.where((total >= need) & (day < found), day, found)
        return found
    for low in range(0, size, _BLOCK):
        block = slice(low, low + _BLOCK)
        days = np.stack([day[block] for day in dates])
        each = [amount if isinstance(amount, int) else amount[block] for amount in amounts]
        found[block] = _in_turn(days, each, need, small=not most >> _SMALL_BITS)
    return found


#: So many learners' dates are sorted together: they fit in the processor's nearest cache.
_BLOCK = 2_048

#: A day and an amount fit into one number, by which both are sorted; 32 bits if it is small.
_AMOUNT_BITS = 40
_SMALL_BITS = 10
_LATEST = 2**22 - 1


def _in_turn(days: Days, amounts: list[Any], need: int, *, small: bool) -> Days:
    """The same for many dates, which are brought into their order learner by learner."""
    bits = _SMALL_BITS if small else _AMOUNT_BITS
    keys: NDArray[Any] = np.minimum(days, _LATEST).astype(np.uint32 if small else np.int64)
    keys <<= bits
    for place, amount in enumerate(amounts):
        keys[place] |= np.asarray(amount, keys.dtype)
    keys = np.ascontiguousarray(keys.T)
    keys.sort(axis=1)
    sums: NDArray[Any] = np.cumsum(
        keys & (2**bits - 1), axis=1, dtype=np.int32 if small else np.int64
    )
    place_ = np.minimum((sums < need).sum(axis=1), len(days) - 1)
    rows = np.arange(len(keys))
    reached = (keys[rows, place_] >> bits).astype(np.int64)
    short = (sums[rows, place_] < need) | (reached >= _LATEST)
    return np.where(short, NEVER, reached).astype(np.int32)


def _capped(numbers: Numbers, whole: int, met: Flags) -> tuple[Numbers, int]:
    """Progress as others see it: all of it where the rule is met, else never quite."""
    if whole == 1:
        # There or not there; and what is there is met, unless something else is asked.
        return np.where(met, _ALMOST, np.minimum(numbers * _ALMOST, _ALMOST - 1)), _ALMOST
    common = lcm(whole, _ALMOST)
    numbers = times(numbers, whole, common // whole)
    almost = common // _ALMOST * (_ALMOST - 1)
    if common >= _WIDE:
        numbers = numbers.astype(object)
        return np.where(met, common, np.minimum(numbers, almost)), common
    return np.where(met, common, np.minimum(numbers, almost)), common


def _reached(node: Node, parts: list[Numbers], common: int) -> tuple[Numbers, int]:
    """The sum of parts' shares, those that must be met first, then the best of the others."""
    factor = lcm(_factor(node.worths), Fraction(node.need).denominator)
    worths = [int(worth * factor) for worth in node.worths]
    need = int(node.need * factor)
    divisor = gcd(need, *worths)
    worths, need = [worth // divisor for worth in worths], need // divisor
    must = [p for p, r in zip(parts, node.required, strict=True) if r]
    asked = sum(w for w, r in zip(worths, node.required, strict=True) if r)
    whole = max(need, asked)
    room = max(need - asked, 0)
    if common * max(whole, sum(worths)) >= _WIDE:
        parts = [part.astype(object) for part in parts]
        must = [p for p, r in zip(parts, node.required, strict=True) if r]
    weights = [w for w, r in zip(worths, node.required, strict=True) if r]
    reached: Any = sum(part * weight for part, weight in zip(must, weights, strict=True))
    others = [
        (part, worth)
        for part, worth, required in zip(parts, worths, node.required, strict=True)
        if not required
    ]
    if others and room:
        reached = reached + _best(others, room)
    return reached, common * whole


def _best(others: list[tuple[Numbers, int]], room: int) -> Numbers:
    """The best shares for which there is room, each as far as its worth reaches."""
    shares = np.stack([part for part, _ in others])
    worths = {worth for _, worth in others}
    if len(worths) == 1:
        worth = worths.pop()
        full, rest = divmod(room, worth)
        ordered = np.sort(shares, axis=0)[::-1]
        best: Any = ordered[:full].sum(axis=0) * worth
        if rest and full < len(others):
            best = best + ordered[full] * rest
        return best if isinstance(best, np.ndarray) else np.asarray(best)
    order = np.argsort(-shares, axis=0, kind="stable")
    ordered = np.take_along_axis(shares, order, axis=0)
    each = np.array([worth for _, worth in others], np.int64)[order]
    before = np.cumsum(each, axis=0) - each
    taken = np.clip(room - before, 0, each)
    found: Numbers = (ordered * taken).sum(axis=0)
    return found
