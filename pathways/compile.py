"""A linked document made ready to be evaluated: rule trees with every restriction at its leaves.

Restrictions (`only`, `since`, `after`, `before`, `within ... of enrolment`) apply to everything
used inside a rule, so they are carried down once, here. What is left on the inner nodes is what
ties several leaves together: windows, order, and sharing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any

from pathways.catalogue import MODULES, types_of, types_said
from pathways.document import (
    AllRule,
    AmountRule,
    AnyRule,
    AtLeastRule,
    Credential,
    CredentialRule,
    Document,
    EveryRule,
    IdRule,
    InOrderRule,
    Limit,
    LinkedRule,
    Module,
    ModuleRule,
    NamedRule,
    OverlapCredits,
    Pathway,
    PointsRule,
    Rule,
    RuleBase,
    Selector,
    Window,
)
from pathways.evidence import BEST_SCORE, Moment, Option, grade_ranks
from pathways.methods import Method
from pathways.periods import Period, day_after, shift

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A question that an option answers; `periods` are those after which the answer may change.

    `days` are those on which an option may be dated that divide the answers.
    """

    holds: Callable[[Option, Moment], bool]
    periods: tuple[Period, ...] = ()
    days: tuple[date, ...] = ()
    #: Whether it is asked of what is used, and not of what may be used: `over: all` must use
    #: all that it may.
    of_use: bool = False

    @property
    def timed(self) -> bool:
        """Whether the answer depends on the day."""
        return bool(self.periods)


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit on a selection, ready to be measured. See `Limit` for the four forms."""

    limit: Limit
    form: str
    unit: str
    amount: Decimal
    test: Criterion | None
    values: Callable[[Option], Iterable[str]]
    each: Decimal | None
    partial: bool


@dataclass(frozen=True, slots=True)
class Value:
    """The `average` and `sum` of a selection: what each item counts, and with what weight."""

    average: Decimal | None
    sum: Decimal | None
    over_all: bool
    average_weighted: bool
    sum_weighted: bool
    points: Mapping[str, Decimal] | None

    def of(self, option: Option) -> Decimal | None:
        """The score or the grade points of an item, or None where it has neither."""
        if option.imagined:
            return max(self.points.values()) if self.points is not None else BEST_SCORE
        if self.points is None:
            return option.score
        return None if option.grade is None else self.points.get(option.grade)


@dataclass(eq=False)
class Node:
    """One rule of a tree."""

    index: int
    path: str
    rule: LinkedRule
    operator: str
    names: tuple[str, ...]
    children: tuple[Node, ...] = ()
    worths: tuple[Decimal, ...] = ()
    required: tuple[bool, ...] = ()
    need: Decimal = ONE
    ordered: bool = False
    window: Period | None = None
    together: bool = False
    overlap_items: int | None = None
    overlap_credits: Decimal | None = None
    through: bool = False
    # what only a leaf has
    unit: str = "count"
    refs: frozenset[str] | None = None
    tests: tuple[Criterion, ...] = ()
    conditions: tuple[Criterion, ...] = ()
    bounds: tuple[Bound, ...] = ()
    value: Value | None = None
    even_if_expired: bool = False

    @cached_property
    def method(self) -> Method:
        """How the rule is decided, its children aside."""
        tied = self.ordered or self.window is not None or self.together
        if not self.leaf:
            if self.sharing:
                return Method.FLOW if self._matches else Method.SEARCH
            return Method.WINDOWS if tied else Method.PARTS
        if self.divides:
            return Method.SEARCH
        if self.operator in ("module", "credential") or self.over_all:
            return Method.LOOKUP
        if tied:
            return Method.WINDOWS
        return Method.PACKING if self.bounds or self.value is not None else Method.GREEDY

    @property
    def _matches(self) -> bool:
        """Whether the parts each ask for so many items, none of them used twice."""
        return (
            self.overlap_items == 0
            and not (self.through or self.ordered)
            and all(self.required)
            and all(
                child.leaf
                and child.unit == "count"
                and child.window is None
                and not child.together
                and not child.over_all
                and child.method in (Method.LOOKUP, Method.GREEDY)
                for child in self.children
            )
        )

    @property
    def leaf(self) -> bool:
        """Whether the rule looks at evidence itself."""
        return not self.children

    @property
    def periods(self) -> frozenset[Period]:
        """The periods after which an item may serve the rule, or a limit of it, differently."""
        limits = [bound.test for bound in self.bounds if bound.test is not None]
        return frozenset(p for test in (*self.tests, *limits) for p in test.periods)

    @property
    def divides(self) -> bool:
        """Whether an item may contribute a part of its amount."""
        return any(bound.partial for bound in self.bounds)

    @property
    def over_all(self) -> bool:
        """Whether the one selection is everything that matches."""
        return self.value is not None and self.value.over_all

    @property
    def sharing(self) -> bool:
        """Whether the rule limits what its children may share."""
        return self.overlap_items is not None or self.overlap_credits is not None

    def walk(self) -> Iterator[Node]:
        """Give this node and every one beneath, in file order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(eq=False)
class Tree:
    """One rule to be met as a whole: a credential's, a class's, or a renewal's."""

    credential: str
    root: Node
    attempts: str
    barred: frozenset[frozenset[str]]
    nodes: tuple[Node, ...] = field(init=False)

    def __post_init__(self) -> None:
        """List the nodes, so that each can be found by its index."""
        self.nodes = tuple(self.root.walk())

    @cached_property
    def periods(self) -> frozenset[Period]:
        """The periods after which an item stops (or starts) serving somewhere in the tree."""
        return frozenset(period for node in self.nodes for period in node.periods)

    @cached_property
    def timed(self) -> bool:
        """Whether the same usable evidence may mean something else on another day."""
        return bool(self.periods)

    @cached_property
    def monotone(self) -> bool:
        """Whether more usable evidence never unmeets the rule."""
        return self.attempts == "any" and not any(node.over_all for node in self.nodes)

    @cached_property
    def needs(self) -> frozenset[str]:
        """The credentials that the rule may use as evidence, by its own words."""
        return frozenset(
            node.rule.credential for node in self.nodes if isinstance(node.rule, CredentialRule)
        )


@dataclass(frozen=True, slots=True)
class Class:
    """A class of an award; without a tree it is what is left."""

    name: str
    tree: Tree | None


@dataclass(frozen=True, slots=True)
class Earned:
    """A credential, compiled."""

    ref: str
    model: Credential
    tree: Tree | None
    renewal: Tree | None
    classes: tuple[Class, ...]

    @property
    def trees(self) -> tuple[Tree, ...]:
        """Every tree of the credential."""
        own = [self.tree, self.renewal, *(cls.tree for cls in self.classes)]
        return tuple(tree for tree in own if tree is not None)


@dataclass(frozen=True, slots=True)
class Compiled:
    """Every credential of a document, bottom up, and the sets that exclude each other."""

    document: Document
    credentials: Mapping[str, Earned]
    exclusive: tuple[tuple[tuple[str, ...], int], ...]
    components: tuple[tuple[str, ...], ...]


_cache: dict[str, Compiled] = {}
_CACHED = 64


def compiled(document: Document) -> Compiled:
    """Compile a document, or find it compiled already."""
    known = _cache.get(document.digest)
    if known is None:
        known = _compile(document)
        while len(_cache) >= _CACHED:
            _cache.pop(next(iter(_cache)))
        _cache[document.digest] = known
    return known


def prerequisites(document: Document) -> dict[str, Tree]:
    """The rules to start a module, for those that have one."""
    barred = _barred(document)
    trees = {
        ref: _Builder(document, file, "", barred).tree(module.requires, "requires")
        for ref, (module, file) in document.modules.items()
    }
    return {ref: tree for ref, tree in trees.items() if tree is not None}


def _barred(document: Document) -> frozenset[frozenset[str]]:
    return frozenset(
        frozenset((ref, other))
        for ref, (module, _) in document.modules.items()
        for other in module.barred
        if other != ref
    )


def _compile(document: Document) -> Compiled:
    barred = _barred(document)
    found: dict[str, Earned] = {}
    for ref, (credential, file) in document.credentials.items():
        builder = _Builder(document, file, ref, barred)
        found[ref] = Earned(
            ref=ref,
            model=credential,
            tree=builder.tree(credential.requires, "requires"),
            renewal=builder.tree(
                credential.renewal.requires if credential.renewal else None, "renewal.requires"
            ),
            classes=tuple(
                Class(cls.name, builder.tree(cls.requires, f"classes[{cls.name}].requires"))
                for cls in credential.classes
            ),
        )
    sets = tuple(
        (group.credentials, group.share) for file in document.files for group in file.exclusive
    )
    needs = {ref: credentials_needed(earned, document) for ref, earned in found.items()}
    components = _components(needs, sets)
    order = [ref for members in components for ref in members]
    return Compiled(document, {ref: found[ref] for ref in order}, sets, components)


def _components(
    needs: Mapping[str, frozenset[str]], sets: tuple[tuple[tuple[str, ...], int], ...]
) -> tuple[tuple[str, ...], ...]:
    """Credentials bottom up, in groups that can only be decided together: ties by id.

    Those that exclude each other are tied, and those whose selectors reach each other.
    """
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(sorted(needs))
    graph.add_edges_from((need, ref) for ref, below in needs.items() for need in below)
    tied = graph.copy()
    for members, _ in sets:
        for first, second in pairwise(members):
            tied.add_edges_from(((first, second), (second, first)))
    condensed = nx.condensation(tied)
    groups = {place: condensed.nodes[place]["members"] for place in condensed}
    ordered = nx.lexicographical_topological_sort(condensed, key=lambda place: min(groups[place]))
    return tuple(_within(graph.subgraph(groups[place])) for place in ordered)


def _within(group: Any) -> tuple[str, ...]:
    import networkx as nx

    if nx.is_directed_acyclic_graph(group):
        return tuple(nx.lexicographical_topological_sort(group))
    return tuple(sorted(group))


def credentials_needed(earned: Earned, document: Document) -> frozenset[str]:
    """The credentials that may be evidence for one, by name or by a selector."""
    needed: set[str] = set()
    for tree in earned.trees:
        needed |= tree.needs
        for node in tree.nodes:
            if node.leaf and not isinstance(node.rule, CredentialRule | ModuleRule):
                needed.update(
                    ref
                    for ref in document.credentials
                    if ref != earned.ref and _may_match(node, ref, document)
                )
    return frozenset(needed)


def _may_match(node: Node, ref: str, document: Document) -> bool:
    """Whether an award might serve a leaf, whatever day it is of."""
    option, moment = catalogue_option(ref, document), Moment(date.max, None)
    tests = [test for test in node.tests if not test.timed]
    divided = {day for test in tests for day in test.days}
    days = {date.min, date.max, *divided, *map(day_after, divided)}
    return any(all(test.holds(replace(option, on=day), moment) for test in tests) for day in days)


def catalogue_option(ref: str, document: Document) -> Option:
    """A module or credential as its catalogue describes it, as if it were evidence."""
    if ref in document.modules:
        module: Module | Credential = document.modules[ref][0]
    else:
        module = document.credentials[ref][0]
    return Option(
        index=0,
        item=ref,
        kind="module" if isinstance(module, Module) else "credential",
        ref=ref,
        source_ref=ref,
        on=date.min,
        from_day=date.min,
        until=date.max,
        stretches=(),
        credits=module.credits if isinstance(module.credits, Decimal) else Decimal(0),
        hours=module.hours if isinstance(module.hours, Decimal) else Decimal(0),
        level=module.level,
        groups=frozenset(module.groups),
        award_kind=module.kind if isinstance(module, Credential) else None,
    )


# --- building trees ------------------------------------------------------------------------------


class _Builder:
    """Builds the trees of one credential in the words of the file where it stands."""

    def __init__(
        self,
        document: Document,
        file: Pathway,
        credential: str,
        barred: frozenset[frozenset[str]],
    ) -> None:
        self._document = document
        self._file = file
        self._credential = credential
        self._barred = barred
        self._ranks = grade_ranks(file)
        self._count = 0
        self._unit = "" if file is document.main else f"{file.pathway or file.catalogue}/"

    def tree(self, rule: Rule | None, path: str) -> Tree | None:
        if rule is None:
            return None
        self._count = 0
        root = self._node(rule, path, ())
        return Tree(self._credential, root, self._file.attempts, self._barred)

    def _node(self, rule: Rule, path: str, above: tuple[Criterion, ...], name: str = "") -> Node:
        assert not isinstance(rule, IdRule)
        tests = above + self._restrictions(rule)
        names = tuple(f"{self._unit}{word}" for word in (name, rule.id) if word)
        node = Node(
            index=self._count,
            path=path,
            rule=rule,
            operator=rule.operator,
            names=names,
            window=rule.within.period if rule.within and not rule.within.of_enrolment else None,
            together=rule.together,
            through=rule.distinct == "through",
        )
        self._count += 1
        if rule.distinct:
            node.overlap_items = 0
        elif isinstance(rule.overlap, OverlapCredits):
            node.overlap_credits = rule.overlap.credits
        elif rule.overlap is not None:
            node.overlap_items = rule.overlap
        self._fill(node, rule, path, tests)
        if len(node.children) < 2:
            node.overlap_items = node.overlap_credits = None
        return node

    def _fill(self, node: Node, rule: RuleBase, path: str, tests: tuple[Criterion, ...]) -> None:
        match rule:
            case AllRule() | InOrderRule():
                node.ordered = isinstance(rule, InOrderRule)
                self._choose(node, rule.children, f"{path}.{rule.operator}", tests, None)
            case AnyRule():
                self._choose(node, rule.any, f"{path}.any", tests, ONE)
            case AtLeastRule():
                self._choose(node, rule.of, f"{path}.of", tests, Decimal(rule.at_least))
            case PointsRule():
                self._choose(node, rule.children, f"{path}.of", tests, rule.points)
                node.worths = tuple(child.worth for child in rule.of)
                node.required = tuple(child.required for child in rule.of)
            case NamedRule():
                inner = self._file.rules[rule.rule]
                node.children = (self._node(inner, f"{path}.rule", tests, rule.rule),)
                node.worths, node.required = (ONE,), (True,)
            case EveryRule():
                self._every(node, rule, path, tests)
            case ModuleRule():
                node.refs = frozenset((rule.module,))
                node.tests = (*tests, self._module_test(rule))
            case CredentialRule():
                node.refs = frozenset((rule.credential,))
                node.tests = (*tests, self._credential_test(rule))
                node.even_if_expired = rule.even_if_expired
            case AmountRule():
                self._amount(node, rule, tests)

    def _choose(
        self,
        node: Node,
        rules: tuple[Rule, ...],
        path: str,
        tests: tuple[Criterion, ...],
        need: Decimal | None,
    ) -> None:
        node.children = tuple(
            self._node(child, f"{path}[{place}]", tests) for place, child in enumerate(rules)
        )
        node.worths = (ONE,) * len(rules)
        node.required = (need is None,) * len(rules)
        node.need = Decimal(len(rules)) if need is None else need

    def _every(self, node: Node, rule: EveryRule, path: str, tests: tuple[Criterion, ...]) -> None:
        selects = self._selector(rule.every, MODULES, top=True)
        moment = Moment(date.max, None)
        matching = sorted(
            ref
            for ref in (*self._document.modules, *self._document.credentials)
            if ref != self._credential
            and selects.holds(catalogue_option(ref, self._document), moment)
            and not self._undetermined(rule.every, ref)
        )
        rules: list[LinkedRule] = [
            ModuleRule(module=ref)
            if ref in self._document.modules
            else CredentialRule(credential=ref)
            for ref in matching
        ]
        node.children = tuple(
            self._node(child, f"{path}.every[{ref}]", tests)
            for ref, child in zip(matching, rules, strict=True)
        )
        node.worths = (ONE,) * len(rules)
        node.required = (True,) * len(rules)
        node.need = Decimal(len(rules))

    def _undetermined(self, selector: Selector, ref: str) -> bool:
        # An amount that `varies` is unknown until something is completed, so it matches nothing.
        if ref not in self._document.modules:
            return False
        module = self._document.modules[ref][0]
        return (selector.credits is not None and module.credits == "varies") or (
            selector.hours is not None and module.hours == "varies"
        )

    def _amount(self, node: Node, rule: AmountRule, tests: tuple[Criterion, ...]) -> None:
        types = types_of(rule.selector, self._document)
        node.unit = rule.unit
        node.need = rule.amount
        node.refs = None if rule.selector.ids is None else frozenset(rule.selector.ids)
        node.tests = (*tests, self._selector(rule.selector, MODULES, top=True), self._not_own())
        if rule.over == "all":
            node.conditions = tuple(test for test in node.tests if test.of_use)
            node.tests = tuple(test for test in node.tests if not test.of_use)
        node.bounds = tuple(self._bound(limit, rule, types) for limit in rule.limits)
        if rule.average is None and rule.sum is None:
            return
        by_points = rule.of == "points" or (rule.of is None and bool(self._file.scale))
        node.value = Value(
            average=rule.average,
            sum=rule.sum,
            over_all=rule.over == "all",
            average_weighted=(rule.weighted_by or ("credits" if rule.unit == "credits" else "none"))
            == "credits",
            sum_weighted=rule.weighted_by == "credits",
            points=dict(self._file.scale) if by_points else None,
        )

    def _bound(self, limit: Limit, rule: AmountRule, types: frozenset[str]) -> Bound:
        unit = limit.unit or rule.unit
        asked = limit.at_least or limit.at_most
        if asked is not None:
            amount = asked.of(rule.amount)
        else:
            amount = (
                Decimal(limit.spread) if limit.spread is not None else limit.at_most_each or ONE * 0
            )
        return Bound(
            limit=limit,
            form=limit.form,
            unit=unit,
            amount=amount,
            test=None if limit.of is None else self._selector(limit.of, types, top=True),
            values=self._values(limit),
            each=limit.each,
            partial=limit.partial,
        )

    def _values(self, limit: Limit) -> Callable[[Option], Iterable[str]]:
        local = self._file.groups
        over = limit.over
        if over == "level":
            return lambda o: () if o.level is None else (str(o.level.normalize()),)
        if over == "source":
            return lambda o: () if o.source is None else (o.source,)
        if over == "module":
            return lambda o: (o.ref,)

        def groups(option: Option) -> set[str]:
            named = {name for name, members in local.items() if option.ref in members}
            return named | option.groups

        if isinstance(over, tuple):
            listed = frozenset(over)
            return lambda o: groups(o) & listed
        return groups

    # --- tests -----------------------------------------------------------------------------------

    def _restrictions(self, rule: RuleBase) -> tuple[Criterion, ...]:
        tests: list[Criterion] = []
        if rule.only is not None:
            tests.append(self._only(rule.only))
        tests.extend(_dates(rule))
        if rule.within is not None and rule.within.of_enrolment:
            tests.append(_since_enrolment(rule.within))
        return tuple(tests)

    def _only(self, selector: Selector) -> Criterion:
        inner = self._selector(selector, MODULES, top=True)
        if _names_type(selector):
            return inner
        return Criterion(
            lambda o, m: o.kind == "credential" or inner.holds(o, m), inner.periods, inner.days
        )

    def _module_test(self, rule: ModuleRule) -> Criterion:
        marks = self._marks(rule.min_score, rule.min_grade)
        inner = None
        if rule.selector is not None:
            inner = self._selector(rule.selector, MODULES, top=True)
        ref = rule.module

        def holds(option: Option, moment: Moment) -> bool:
            return (
                option.kind == "module"
                and option.ref == ref
                and marks(option)
                and (inner is None or inner.holds(option, moment))
            )

        return Criterion(holds) if inner is None else Criterion(holds, inner.periods, inner.days)

    def _credential_test(self, rule: CredentialRule) -> Criterion:
        ref, held_for = rule.credential, rule.held_for

        def holds(option: Option, moment: Moment) -> bool:
            return (
                option.kind == "credential"
                and option.ref == ref
                and (held_for is None or shift(option.on, held_for) <= moment.day)
            )

        return Criterion(holds, () if held_for is None else (held_for,))

    def _not_own(self) -> Criterion:
        own = self._credential
        return Criterion(lambda option, _: option.kind == "module" or option.ref != own)

    def _marks(self, min_score: Decimal | None, min_grade: str | None) -> Callable[[Option], bool]:
        ranks = self._ranks
        least = None if min_grade is None else ranks[min_grade]

        def enough(option: Option) -> bool:
            if option.imagined:
                return True
            if min_score is not None and (option.score is None or option.score < min_score):
                return False
            if least is None:
                return True
            return option.grade is not None and ranks.get(option.grade, least - 1) >= least

        return enough

    def _selector(self, selector: Selector, inherited: frozenset[str], *, top: bool) -> Criterion:
        said = types_said(selector, self._document)
        leaves_it = not said and top and selector.any_of is not None
        types = types_of(selector, self._document, inherited) if top else said or inherited
        checks: list[Callable[[Option], bool]] = []
        inner: list[Criterion] = list(_dates(selector))
        if not leaves_it:
            checks.append(lambda o: o.kind in types)
        if selector.groups is not None:
            names = frozenset(selector.groups)
            members = frozenset(ref for name in names for ref in self._file.groups.get(name, ()))
            checks.append(lambda o: o.ref in members or not names.isdisjoint(o.groups))
        if selector.ids is not None:
            ids = frozenset(selector.ids)
            checks.append(lambda o: o.ref in ids)
        if (level := selector.level) is not None:
            checks.append(lambda o: level.holds(o.level))
        if (credits := selector.credits) is not None:
            checks.append(lambda o: credits.holds(o.credits))
        if (hours := selector.hours) is not None:
            checks.append(lambda o: hours.holds(o.hours))
        if (kind := selector.kind) is not None:
            checks.append(lambda o: o.award_kind in kind)
        if (source := selector.source) is not None:
            checks.append(lambda o: o.source in source)
        if selector.min_score is not None or selector.min_grade is not None:
            checks.append(self._marks(selector.min_score, selector.min_grade))
        if selector.any_of is not None:
            branches = [
                self._selector(branch, types if not leaves_it else inherited, top=leaves_it)
                for branch in selector.any_of
            ]
            inner.append(
                Criterion(
                    lambda o, m: any(branch.holds(o, m) for branch in branches),
                    tuple(p for branch in branches for p in branch.periods),
                    tuple(day for branch in branches for day in branch.days),
                )
            )
        if selector.except_ is not None:
            barred = self._selector(selector.except_, types, top=False)
            inner.append(
                Criterion(lambda o, m: not barred.holds(o, m), barred.periods, barred.days)
            )

        def holds(option: Option, moment: Moment) -> bool:
            return all(check(option) for check in checks) and all(
                test.holds(option, moment) for test in inner
            )

        return Criterion(
            holds,
            tuple(period for test in inner for period in test.periods),
            tuple(day for test in inner for day in test.days),
        )


def _dates(rule: RuleBase | Selector) -> Iterator[Criterion]:
    if (since := rule.since) is not None:
        yield Criterion(lambda o, m: shift(o.on, since) >= m.day, (since,))
    if (after := rule.after) is not None:
        yield Criterion(lambda o, _: o.on >= after, days=(after,))
    if (before := rule.before) is not None:
        yield Criterion(lambda o, _: o.on <= before, days=(before,))


def _since_enrolment(window: Window) -> Criterion:
    period = window.period
    return Criterion(
        lambda o, m: m.enrolled is None or o.on <= shift(m.enrolled, period), of_use=True
    )


def _names_type(selector: Selector) -> bool:
    """Whether a selector speaks of a type or kind anywhere inside."""
    inner = [*(selector.any_of or ()), *([selector.except_] if selector.except_ else [])]
    return (
        selector.type is not None
        or selector.kind is not None
        or any(_names_type(branch) for branch in inner)
    )
