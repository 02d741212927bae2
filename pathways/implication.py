"""What follows from what: whether whoever meets one rule surely meets another.

The answers are sound and incomplete. `True` holds for every record on every day, waivers apart;
`False` only says that no proof was found. The proof looks at the rules alone: a selector is
narrower than another when each thing that the other demands is demanded by it at least as
strictly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pathways.catalogue import Catalogue, Match
from pathways.document import (
    AllRule,
    AmountRule,
    AnyRule,
    AtLeastRule,
    Bounds,
    CredentialRule,
    EveryRule,
    InOrderRule,
    Limit,
    ModuleRule,
    NamedRule,
    PointsRule,
    Rule,
    RuleBase,
    Selector,
)
from pathways.periods import Period

_ANY = Selector()

#: A selection must satisfy each of these.
Demands = tuple[Selector, ...]


@dataclass(frozen=True, slots=True)
class Restriction:
    """What a rule demands of each item used inside it; `window` counts from the enrolment.

    An `only` that names no type leaves awards untouched.
    """

    selector: Selector = _ANY
    window: Period | None = None
    modules_only: bool = False


Restrictions = tuple[Restriction, ...]


def no_longer(first: Period, second: Period) -> bool:
    """Tell whether a period never ends later than another, from whatever day both are counted.

    >>> no_longer(Period(18, 0), Period(24, 0)), no_longer(Period(1, 0), Period(0, 31))
    (True, True)
    >>> no_longer(Period(0, 30), Period(1, 0))
    False
    """
    if first.months <= second.months and first.days <= second.days:
        return True
    # A month has 28 to 31 days, and any twelve of them have at least 365.
    years, months = divmod(second.months, 12)
    return first.months * 31 + first.days <= years * 365 + months * 28 + second.days


def within_bounds(inner: Bounds, outer: Bounds) -> bool:
    """Tell whether every number that one comparison allows is allowed by another.

    >>> six = Bounds(low=Decimal(6), high=Decimal(6))
    >>> within_bounds(six, Bounds(low=Decimal(5))), within_bounds(Bounds(low=Decimal(5)), six)
    (True, False)
    """
    loose = inner.open or not outer.open
    low = outer.low is None or (
        inner.low is not None and (inner.low > outer.low or (inner.low == outer.low and loose))
    )
    high = outer.high is None or (
        inner.high is not None and (inner.high < outer.high or (inner.high == outer.high and loose))
    )
    return low and high


def _apart(one: Bounds, other: Bounds) -> bool:
    def below(first: Bounds, second: Bounds) -> bool:
        if first.high is None or second.low is None:
            return False
        shut = first.open or second.open
        return first.high < second.low or (first.high == second.low and shut)

    return below(one, other) or below(other, one)


# --- selectors -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reader:
    """Proves in the words of one file: its groups, its grades, its named rules."""

    catalogue: Catalogue

    def _rank(self, grade: str) -> int | None:
        scale = list(self.catalogue.file.scale)
        return scale.index(grade) if grade in scale else None

    def _no_worse(self, grade: str, than: str) -> bool:
        """Tell whether one grade is at least as good as another."""
        rank, other = self._rank(grade), self._rank(than)
        return grade == than or (rank is not None and other is not None and rank <= other)

    def narrower(self, demands: Demands, wide: Selector, known: Demands = ()) -> bool:
        """Tell whether whatever satisfies all of the demands is matched by a selector.

        `known` are further demands that say nothing of the type of an item.
        """
        kinds = frozenset({"module", "credential"}).intersection(
            *(self.catalogue.kinds(each) for each in demands)
        )
        return kinds <= self.catalogue.kinds(wide) and self._narrower((*demands, *known), wide)

    def _narrower(self, demands: Demands, wide: Selector) -> bool:
        if any(_without_type(each) == _without_type(wide) for each in demands):
            return True
        if self._keys_follow(demands, wide):
            return True
        for place, each in enumerate(demands):
            if each.any_of is not None:
                rest = (*demands[:place], *demands[place + 1 :])
                rest = (*rest, each.model_copy(update={"any_of": None}))
                return all(self._narrower((*rest, branch), wide) for branch in each.any_of)
        return False

    def _keys_follow(self, demands: Demands, wide: Selector) -> bool:
        if wide.groups is not None and not any(
            self._in_groups(each, wide.groups) for each in demands
        ):
            return False
        for key in ("ids", "kind", "source"):
            allowed = getattr(wide, key)
            if allowed is not None and not any(
                given is not None and set(given) <= set(allowed)
                for given in (getattr(each, key) for each in demands)
            ):
                return False
        for key in ("level", "credits", "hours"):
            bounds = getattr(wide, key)
            if bounds is not None and not any(
                given is not None and within_bounds(given, bounds)
                for given in (getattr(each, key) for each in demands)
            ):
                return False
        return (
            self._marks_follow(demands, wide)
            and self._dates_follow(demands, wide)
            and (
                wide.any_of is None
                or any(self._narrower(demands, branch) for branch in wide.any_of)
            )
            and (wide.except_ is None or self._excludes(demands, wide.except_))
        )

    def _in_groups(self, each: Selector, groups: tuple[str, ...]) -> bool:
        if each.groups is not None and set(each.groups) <= set(groups):
            return True
        members = frozenset().union(*map(self.catalogue.members, groups))
        return each.ids is not None and set(each.ids) <= members

    def _marks_follow(self, demands: Demands, wide: Selector) -> bool:
        score = wide.min_score is None or any(
            each.min_score is not None and each.min_score >= wide.min_score for each in demands
        )
        grade = wide.min_grade is None or any(
            each.min_grade is not None and self._no_worse(each.min_grade, wide.min_grade)
            for each in demands
        )
        return score and grade

    def _dates_follow(self, demands: Demands, wide: Selector) -> bool:
        since = wide.since is None or any(
            each.since is not None and no_longer(each.since, wide.since) for each in demands
        )
        after = wide.after is None or any(
            each.after is not None and each.after >= wide.after for each in demands
        )
        before = wide.before is None or any(
            each.before is not None and each.before <= wide.before for each in demands
        )
        return since and after and before

    def _excludes(self, demands: Demands, excepted: Selector) -> bool:
        """Tell whether nothing that satisfies the demands is matched by an exception."""
        return any(
            (each.except_ is not None and self._narrower((excepted,), each.except_))
            or self.disjoint(each, excepted)
            for each in demands
        )

    def disjoint(self, one: Selector, other: Selector) -> bool:
        """Tell whether no item is matched by both of two selectors, as far as can be seen."""
        for key in ("ids", "kind", "source"):
            first, second = getattr(one, key), getattr(other, key)
            if first is not None and second is not None and not set(first) & set(second):
                return True
        for key in ("level", "credits", "hours"):
            first, second = getattr(one, key), getattr(other, key)
            if first is not None and second is not None and _apart(first, second):
                return True
        return False

    # --- rules -----------------------------------------------------------------------------------

    def implies(
        self, first: Rule, second: Rule, given: Restrictions = (), asked: Restrictions = ()
    ) -> bool:
        """Tell whether whoever meets the first rule surely meets the second.

        `given` and `asked` restrict the evidence that the first and the second may use, from
        rules around them.
        """
        if same(first, second) and self._as_strict(first, given, asked):
            return True
        if not isinstance(first, RuleBase) or not isinstance(second, RuleBase):
            return False
        if first.together:
            return False  # its evidence may have expired since
        return (
            self._by_a_part(first, second, (*given, *_restrictions(first)), asked)
            or (not _ties(second) and self._part_by_part(first, second, given, asked))
            or (
                not _ties(second)
                and self._leaf(
                    first,
                    second,
                    (*given, *_restrictions(first)),
                    (*asked, *_restrictions(second)),
                )
            )
        )

    def _as_strict(self, rule: Rule, given: Restrictions, asked: Restrictions) -> bool:
        """Tell whether a rule that is met under some restrictions is met under others."""
        if given == asked:
            return True
        return not self.sees_everything(rule) and all(
            any(had.modules_only == due.modules_only and self._covers((had,), due) for had in given)
            for due in asked
        )

    def _by_a_part(
        self, first: RuleBase, second: Rule, given: Restrictions, asked: Restrictions
    ) -> bool:
        """Tell whether what surely is met inside the first rule implies the second."""

        def proves(child: Rule) -> bool:
            return self.implies(child, second, given, asked)

        match first:
            case NamedRule():
                return proves(self._named(first))
            case AllRule() | InOrderRule():
                return any(map(proves, first.children))
            case AnyRule():
                return all(map(proves, first.any))
            case AtLeastRule():
                silent = len(first.of) - sum(map(proves, first.of))
                return silent < first.at_least
            case PointsRule():
                return any(child.required and proves(child.rule) for child in first.of)
            case _:
                return False

    def _part_by_part(
        self, first: Rule, second: RuleBase, given: Restrictions, asked: Restrictions
    ) -> bool:
        """Tell whether the first rule implies enough of the parts of the second."""
        inner = (*asked, *_restrictions(second))

        def proved(child: Rule) -> bool:
            return self.implies(first, child, given, inner)

        match second:
            case NamedRule():
                return proved(self._named(second))
            case AllRule():
                return all(map(proved, second.all))
            case InOrderRule():
                return len(second.in_order) == 1 and proved(second.in_order[0])
            case EveryRule():
                asks = self._asks(second)
                return bool(asks) and all(map(proved, asks))
            case AnyRule():
                return any(map(proved, second.any))
            case AtLeastRule():
                return sum(map(proved, second.of)) >= second.at_least
            case PointsRule():
                met = [proved(child.rule) for child in second.of]
                worth = sum(
                    (child.worth for child, is_met in zip(second.of, met, strict=True) if is_met),
                    Decimal(0),
                )
                return worth >= second.points and all(
                    is_met or not child.required
                    for child, is_met in zip(second.of, met, strict=True)
                )
            case _:
                return False

    def sees_everything(self, rule: Rule) -> bool:
        """Tell whether a rule may look at evidence that it need not use, as `over: all` does."""
        if isinstance(rule, AmountRule):
            return rule.over == "all"
        if isinstance(rule, NamedRule):
            return self.sees_everything(self._named(rule))
        return any(map(self.sees_everything, rule.children))

    def _named(self, rule: NamedRule) -> Rule:
        return self.catalogue.file.rules[rule.rule]

    def _covers(self, given: Restrictions, due: Restriction) -> bool:
        if due.window is not None:
            window = due.window
            return any(had.window is not None and no_longer(had.window, window) for had in given)
        return self._narrower(tuple(had.selector for had in given), due.selector)

    # --- leaves ----------------------------------------------------------------------------------

    def _leaf(self, first: Rule, second: Rule, given: Restrictions, asked: Restrictions) -> bool:
        match first, second:
            case CredentialRule(), CredentialRule():
                held_for = second.held_for is None or (
                    first.held_for is not None and no_longer(second.held_for, first.held_for)
                )
                return (
                    first.credential == second.credential
                    and (second.even_if_expired or not first.even_if_expired)
                    and held_for
                    and self._usable((), frozenset({"credential"}), given, asked)
                )
            case EveryRule(), EveryRule():
                needed = self._every(second)
                if not needed or not needed <= self._every(first):
                    return False
                kinds = {
                    "module" if ref in self.catalogue.document.modules else "credential"
                    for ref in needed
                }
                return self._usable((), frozenset(kinds), given, asked)
            case ((ModuleRule() | EveryRule()), (ModuleRule() | AmountRule())):
                return any(
                    self._serves(selected, number, second, given, asked)
                    for selected, number in self._selections(first)
                )
            case AmountRule(), AmountRule():
                return self._amounts(first, second, given, asked)
            case _:
                return False

    def _usable(
        self,
        demands: Demands,
        kinds: frozenset[str],
        given: Restrictions,
        asked: Restrictions,
    ) -> bool:
        """Tell whether evidence that satisfies what is given satisfies what is asked."""
        touching = tuple(
            had for had in given if not had.modules_only or kinds == frozenset({"module"})
        )
        known = (*touching, *(Restriction(selector=each) for each in demands))
        return all(
            self._covers(known, due)
            for due in asked
            if not due.modules_only or kinds != frozenset({"credential"})
        )

    def _every(self, rule: EveryRule) -> frozenset[str]:
        """What must be completed or held; what depends on a completion is not asked for."""
        return self.catalogue.matching(rule.every, least=Match.YES)

    def _asks(self, rule: EveryRule) -> list[Rule]:
        """What `every` asks for, one by one."""
        modules = self.catalogue.document.modules
        return [
            ModuleRule(module=ref) if ref in modules else CredentialRule(credential=ref)
            for ref in sorted(self._every(rule))
        ]

    def _selections(self, first: Rule) -> Iterator[tuple[Demands, int]]:
        """What a met leaf surely holds: so many different modules that satisfy some demands."""
        if isinstance(first, ModuleRule):
            own = Selector(
                ids=(first.module,),
                min_score=first.min_score,
                min_grade=first.min_grade,
                type="module",
            )
            yield (own,) if first.selector is None else (own, first.selector), 1
        elif isinstance(first, EveryRule):
            modules = sorted(self._every(first) & self.catalogue.document.modules.keys())
            for ref in modules:
                yield (Selector(ids=(ref,), type="module"),), 1
            if modules:
                yield (Selector(ids=tuple(modules), type="module"),), len(modules)

    def _serves(
        self,
        selected: Demands,
        number: int,
        second: Rule,
        given: Restrictions,
        asked: Restrictions,
    ) -> bool:
        """Tell whether so many modules that satisfy some demands meet a leaf."""
        goals: Demands
        if isinstance(second, ModuleRule):
            goals = next(demands for demands, _ in self._selections(second))
        elif isinstance(second, AmountRule):
            plain = second.average is None and second.sum is None and not second.limits
            if second.unit != "count" or not plain or number < second.amount:
                return False
            goals = (second.selector,)
        else:
            return False
        known = tuple(had.selector for had in given)
        return all(self.narrower(selected, goal, known) for goal in goals) and self._usable(
            selected, frozenset({"module"}), given, asked
        )

    def _amounts(
        self, first: AmountRule, second: AmountRule, given: Restrictions, asked: Restrictions
    ) -> bool:
        if first.unit != second.unit or first.amount < second.amount:
            return False
        if "all" in (first.over, second.over) or not _value_follows(first, second):
            return False
        if not all(
            any(_limit_follows(had, first, limit, second) for had in first.limits)
            for limit in second.limits
        ):
            return False
        kinds = self.catalogue.kinds(first.selector)
        known = tuple(
            had.selector for had in given if not had.modules_only or kinds == frozenset({"module"})
        )
        return self.narrower((first.selector,), second.selector, known) and self._usable(
            (first.selector,), kinds, given, asked
        )


def _value_follows(first: AmountRule, second: AmountRule) -> bool:
    """Tell whether a selection with the first rule's average and sum has the second's."""
    for key in ("average", "sum"):
        due, had = getattr(second, key), getattr(first, key)
        if due is not None and (had is None or had < due):
            return False
    if second.average is None and second.sum is None:
        return True
    return (first.of, first.weighted_by) == (second.of, second.weighted_by)


def _limit_follows(had: Limit, first: AmountRule, due: Limit, second: AmountRule) -> bool:
    """Tell whether a selection that keeps one limit keeps another."""
    if had == due and (first.amount == second.amount or not _percent(had)):
        return True
    if had.form != due.form or (had.unit or first.unit) != (due.unit or second.unit):
        return False
    if (had.of, had.over, had.partial) != (due.of, due.over, due.partial):
        return False
    match due.form:
        case "at_least":
            assert had.at_least is not None
            assert due.at_least is not None
            return had.at_least.of(first.amount) >= due.at_least.of(second.amount)
        case "at_most":
            assert had.at_most is not None
            assert due.at_most is not None
            return had.at_most.of(first.amount) <= due.at_most.of(second.amount)
        case "at_most_each":
            assert had.at_most_each is not None
            assert due.at_most_each is not None
            return had.at_most_each <= due.at_most_each
        case _:
            assert had.spread is not None
            assert due.spread is not None
            return due.each is None and had.spread >= due.spread


def _percent(limit: Limit) -> bool:
    share = limit.at_least or limit.at_most
    return share is not None and share.percent


# --- shapes of rules -----------------------------------------------------------------------------


#: What a rule is called, and what only speaks to the linter.
_NAMES = ("id", "title", "shared")

#: The field that holds the rules inside a rule.
_PARTS: dict[type[object], str] = {
    AllRule: "all",
    AnyRule: "any",
    AtLeastRule: "of",
    InOrderRule: "in_order",
    PointsRule: "of",
}


def same(one: Rule, other: Rule) -> bool:
    """Tell whether two rules, and all inside them, differ in nothing but names.

    >>> same(AllRule(all=(), id="core"), AllRule(all=(), title="Core units"))
    True
    """
    if type(one) is not type(other) or len(one.children) != len(other.children):
        return False
    skipped = (*_NAMES, _PARTS.get(type(one)))
    for key in type(one).model_fields:
        if key not in skipped and getattr(one, key) != getattr(other, key):
            return False
    if isinstance(one, PointsRule) and isinstance(other, PointsRule):
        worths = [[(each.worth, each.required) for each in rule.of] for rule in (one, other)]
        if worths[0] != worths[1]:
            return False
    return all(map(same, one.children, other.children))


def bare(rule: Rule) -> Rule:
    """A rule without its names and what only speaks to the linter, and its children likewise.

    >>> bare(AllRule(all=(), id="core", title="Core", shared=True)) == AllRule(all=())
    True
    """
    if not isinstance(rule, RuleBase):
        return rule
    update: dict[str, object] = {"id": None, "title": None, "shared": False}
    if isinstance(rule, PointsRule):
        update["of"] = tuple(
            child.model_copy(update={"rule": bare(child.rule)}) for child in rule.of
        )
    elif type(rule) in _PARTS:
        update[_PARTS[type(rule)]] = tuple(map(bare, rule.children))
    return rule.model_copy(update=update)


def _restrictions(rule: RuleBase) -> Restrictions:
    """What a rule demands of each single item used inside it."""
    found = []
    dates = Selector(since=rule.since, after=rule.after, before=rule.before)
    if dates != Selector():
        found.append(Restriction(selector=dates))
    if rule.only is not None:
        found.append(Restriction(selector=rule.only, modules_only=not _names_type(rule.only)))
    if rule.within is not None and rule.within.of_enrolment:
        found.append(Restriction(window=rule.within.period))
    return tuple(found)


def _names_type(selector: Selector) -> bool:
    inner = (*(selector.any_of or ()), *((selector.except_,) if selector.except_ else ()))
    return selector.type is not None or selector.kind is not None or any(map(_names_type, inner))


def _ties(rule: RuleBase) -> bool:
    """Whether a rule asks something of several items together, beyond what each of them must be."""
    several = len(rule.children) > 1
    tied = several and (bool(rule.distinct) or rule.overlap is not None)
    window = rule.within is not None and not rule.within.of_enrolment
    return tied or rule.together or window


def _without_type(selector: Selector) -> Selector:
    return selector.model_copy(update={"type": None})
