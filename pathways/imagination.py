"""What a learner might still complete: the completions that a plan chooses from.

Every module that some rule on the way could use is imagined completed, as often as could help. A
completion may state what its module leaves open, and then it is imagined once for each statement
that a rule asks for: an amount where the module's `varies`, a `source`, a group that only
completions give.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import product
from math import ceil
from typing import Any

from pathways.compile import (
    Compiled,
    Node,
    Tree,
    catalogue_option,
    compiled,
    credentials_needed,
    prerequisites,
)
from pathways.document import (
    AmountRule,
    Completed,
    CredentialRule,
    Document,
    ModuleRule,
    Record,
    Selector,
    Started,
)
from pathways.evidence import Moment, Option, Pool
from pathways.sites import rules, selectors
from pathways.tally import leaf_mask, most

ZERO = Decimal(0)

#: Of one module no more completions are imagined than this, however often it may be repeated.
MOST_COPIES = 60
#: A module whose amount varies meets a rule by few large amounts rather than many small ones.
_VARYING_COPIES = 2
_MOST_AMOUNTS = 16

#: What a completion states beyond its module: amounts, source, groups.
Stated = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Imagined:
    """One completion that might be: the `copy`-th of its module, stating what is in `entry`."""

    module: str
    copy: int
    entry: Completed


@dataclass(slots=True)
class Scope:
    """All that the way to a credential may lead through."""

    credentials: list[str] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    prerequisites: dict[str, Tree] = field(default_factory=dict)
    stated: dict[str, list[Stated]] = field(default_factory=dict)

    @property
    def leaves(self) -> Iterator[Node]:
        """The leaves of all trees."""
        return (node for tree in self.trees for node in tree.nodes if node.leaf)


class Imagination:
    """What might be completed on a day by a learner who has a (dated) record."""

    def __init__(self, document: Document, record: Record, on: date, pool: Pool) -> None:
        """Imagine on top of a pool, which holds the record and the awards made by the day."""
        self._document = document
        self._plan: Compiled = compiled(document)
        self._record = record
        self._on = on
        self._pool = pool
        self._moment = Moment(on, record.enrolled)
        self._started: dict[str, Started] = {entry.module: entry for entry in record.in_progress}
        self._words = _words(document)

    def scope(self, to: str) -> Scope:
        """Follow the rules down from a credential: through awards, modules and prerequisites."""
        scope = Scope()
        unlocking = prerequisites(self._document)
        waiting = [to]
        possible = {ref: self._possible(ref) for ref in self._document.modules}
        asked: dict[str, set[int]] = {ref: set() for ref in possible}
        swaps: dict[str, list[str]] = {}
        for swap in self._record.substituted:
            swaps.setdefault(swap.counts_as, []).append(swap.module)

        def look(tree: Tree) -> None:
            scope.trees.append(tree)
            waiting.extend(self._awards(tree))
            for node in tree.nodes:
                if node.leaf:
                    for ref in self._modules(node):
                        for place, (_, option) in enumerate(possible[ref]):
                            if place not in asked[ref] and self._fits(node, option):
                                asked[ref].add(place)
                                use(ref)

        def use(ref: str) -> None:
            if ref in unlocking and ref not in scope.prerequisites and ref not in self._started:
                scope.prerequisites[ref] = unlocking[ref]
                look(unlocking[ref])
            for other in swaps.get(ref, ()):
                if other in asked and not asked[other]:
                    asked[other].add(0)
                    use(other)

        seen: set[str] = set()
        while waiting:
            ref = waiting.pop()
            if ref not in seen:
                seen.add(ref)
                earned = self._plan.credentials[ref]
                for tree in (earned.tree, earned.renewal):
                    if tree is not None:
                        look(tree)
        scope.credentials = [ref for ref in self._plan.credentials if ref in seen]
        leaves = list(scope.leaves)
        for ref in self._document.modules:
            if asked[ref]:
                chosen = [possible[ref][place] for place in sorted(asked[ref])]
                scope.stated[ref] = self._distinct(chosen, leaves)
        return scope

    def completions(
        self, scope: Scope, *, score: Decimal | None, grade: str | None
    ) -> Iterator[Imagined]:
        """Give every completion worth imagining, in the order of the catalogue."""
        leaves = list(scope.leaves)
        for ref, stated in scope.stated.items():
            amounts = list(self._amounts(ref, leaves))
            number = self._copies(ref, leaves)
            for copy in range(number):
                for place, (facts, more) in enumerate(product(stated, amounts)):
                    name = f"~{ref}~{copy}~{place}"
                    entry = Completed(
                        module=ref, on=self._on, id=name, score=score, grade=grade, **facts, **more
                    )
                    yield Imagined(ref, copy, entry)

    # --- which modules, and what they state ------------------------------------------------------

    def _awards(self, tree: Tree) -> Iterable[str]:
        probe = replace(
            next(iter(self._plan.credentials.values())),
            ref=tree.credential,
            tree=tree,
            renewal=None,
            classes=(),
        )
        return sorted(credentials_needed(probe, self._document))

    def _modules(self, node: Node) -> Iterable[str]:
        if isinstance(node.rule, CredentialRule):
            return ()
        if isinstance(node.rule, ModuleRule):
            return (node.rule.module,) if node.rule.module in self._document.modules else ()
        return self._document.modules

    def _possible(self, ref: str) -> list[tuple[Stated, Option]]:
        """What a completion may state, amounts apart, and the option that it would then be."""
        option = replace(
            catalogue_option(ref, self._document), on=self._on, imagined=True, source="course"
        )
        started = self._started.get(ref)
        if started is not None:
            stated: Stated = {
                key: value
                for key in ("credits", "hours", "source")
                if (value := getattr(started, key)) is not None
            }
            return [(stated, replace(option, source=started.source))]
        sources, given = self._words
        groups: list[tuple[str, ...]] = [(), *((group,) for group in given)]
        if len(given) > 1:
            groups.append(given)
        return [
            (
                ({"source": source} if source != "course" else {})
                | ({"groups": named} if named else {}),
                replace(option, source=source, groups=option.groups | set(named)),
            )
            for named in groups
            for source in dict.fromkeys(("course", *sources))
        ]

    def _fits(self, node: Node, option: Option) -> bool:
        model = self._document.modules[option.ref][0]
        if "varies" in (model.credits, model.hours):
            # Whether the amount fits is seen when there is one; what else is asked must hold.
            amounts = [*self._asked(option.ref, "credits", [node]), option.credits]
            hours = [*self._asked(option.ref, "hours", [node]), option.hours]
            return any(
                self._holds(node, replace(option, credits=credits, hours=hour))
                for credits, hour in product(amounts, hours)
            )
        return self._holds(node, option)

    def _holds(self, node: Node, option: Option) -> bool:
        return all(test.holds(option, self._moment) for test in node.tests)

    def _distinct(self, possible: list[tuple[Stated, Option]], leaves: list[Node]) -> list[Stated]:
        """Of statements that no rule tells apart, only the first."""
        if len(possible) == 1:
            return [possible[0][0]]
        found: dict[tuple[object, ...], Stated] = {}
        for stated, option in possible:
            signature: list[object] = []
            for node in leaves:
                fits = self._fits(node, option)
                signature.append(fits)
                for bound in node.bounds if fits else ():
                    signature.append(bound.test is None or bound.test.holds(option, self._moment))
                    signature.append(tuple(sorted(bound.values(option))))
            found.setdefault(tuple(signature), stated)
        return list(found.values())

    # --- amounts and copies ----------------------------------------------------------------------

    def _amounts(self, ref: str, leaves: list[Node]) -> Iterator[Stated]:
        module = self._document.modules[ref][0]
        started = self._started.get(ref)
        choices: list[list[Stated]] = []
        for unit in ("credits", "hours"):
            fixed = getattr(module, unit) != "varies"
            if fixed or (started is not None and getattr(started, unit) is not None):
                continue
            asked = self._asked(ref, unit, leaves)
            choices.append([{unit: amount} for amount in asked] or [{}])
        for combined in product(*choices):
            yield {key: value for part in combined for key, value in part.items()}

    def _asked(self, ref: str, unit: str, leaves: Iterable[Node]) -> list[Decimal]:
        """The amounts that rules ask of a module whose amount varies, the smallest first."""
        if getattr(self._document.modules[ref][0], unit) != "varies":
            return []
        asked: set[Decimal] = set()
        needs: set[Decimal] = set()
        for node in leaves:
            if not isinstance(node.rule, AmountRule):
                continue
            for selector in (node.rule.selector, node.rule.only):
                bounds = None if selector is None else getattr(selector, unit)
                if bounds is not None:
                    asked.update(edge for edge in (bounds.low, bounds.high) if edge is not None)
            if node.unit == unit:
                needs.add(node.need)
                usable = self._pool.usable(self._on, "any")
                matching = leaf_mask(self._pool, node, self._on) & usable
                needs.add(node.need - most(self._pool, matching, unit))
            for bound in node.bounds:
                if bound.unit == unit and bound.form != "spread":
                    asked.add(bound.amount)
                if bound.each is not None and bound.unit == unit:
                    asked.add(bound.each)
        rest = {need - part for need in needs for part in asked}
        rest |= {need - 2 * part for need in needs for part in asked}
        found = sorted(amount for amount in needs | asked if amount > 0)
        more = sorted(amount for amount in rest - set(found) if amount > 0)
        return sorted(found + more[: max(_MOST_AMOUNTS - len(found), 0)])

    def _copies(self, ref: str, leaves: list[Node]) -> int:
        module = self._document.modules[ref][0]
        if module.repeatable == 1:
            return 1
        counted = 0
        options = [option for _, option in self._possible(ref)]
        for node in leaves:
            if not any(self._fits(node, option) for option in options):
                continue
            measure = Decimal(1) if node.unit == "count" else getattr(module, node.unit)
            if measure == "varies":
                counted += _VARYING_COPIES
            elif measure > 0:
                counted += ceil(node.need / measure)
        most_ = MOST_COPIES if module.repeatable == "unlimited" else module.repeatable
        return min(max(counted, 1), most_, MOST_COPIES)


def _words(document: Document) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sources that selectors name, and the groups that only completions can give."""
    sources: dict[str, None] = {}
    named: dict[str, None] = {}
    for file in document.files:
        for site in rules(file):
            for _, selector in selectors(site):
                for inner in _positive(selector):
                    sources.update(dict.fromkeys(inner.source or ()))
                    named.update(dict.fromkeys(inner.groups or ()))
            if isinstance(site.rule, AmountRule):
                for limit in site.rule.limits:
                    if isinstance(limit.over, tuple):
                        named.update(dict.fromkeys(limit.over))
    described = {group for module, _ in document.modules.values() for group in module.groups}
    described |= {
        group for credential, _ in document.credentials.values() for group in credential.groups
    }
    described |= {
        name for file in document.files for name, members in file.groups.items() if members
    }
    return tuple(sources), tuple(group for group in named if group not in described)


def _positive(selector: Selector) -> Iterator[Selector]:
    yield selector
    for branch in selector.any_of or ():
        yield from _positive(branch)
