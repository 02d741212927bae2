"""A file with one number or operator changed, to see whether any example notices.

What no example notices may be changed by mistake just as well. Only what is written is changed,
not what is left to its default; titles and descriptions are left alone, and so is what a module
is (its credits, level, groups): the rules are what is on trial. An amount of credits or hours is
changed by as much as the amounts of what may be selected can tell apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal
from math import gcd
from typing import Any, TypeVar

from pathways.catalogue import Catalogue
from pathways.document import (
    AllRule,
    AmountRule,
    AnyRule,
    AtLeastRule,
    AwardClass,
    Bounds,
    Credential,
    CredentialRule,
    Defaults,
    Document,
    EveryRule,
    Example,
    Exclusive,
    IdRule,
    InOrderRule,
    Limit,
    Model,
    Module,
    ModuleRule,
    NamedRule,
    OverlapCredits,
    Pathway,
    PointsRule,
    Renewal,
    Rule,
    RuleBase,
    Selector,
    Share,
    Unit,
    Window,
    Worth,
    plain,
)
from pathways.periods import ONE_DAY, Period
from pathways.sites import Loc
from pathways.trial import passes
from pathways.words import condition_words, limit_words, quoted, rule_words


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: its place in the main file, what it says, and the document that has it."""

    loc: Loc
    text: str
    document: Document


@dataclass(frozen=True, slots=True)
class Tried:
    """Whether an example noticed a mutant, and which one did first."""

    mutant: Mutant
    noticed_by: str | None


def put_to_the_test(mutants: Iterable[Mutant], examples: Iterable[Example]) -> Iterator[Tried]:
    """Run the examples against each mutant, until one of them fails."""
    tried = tuple(examples)
    for mutant in mutants:
        noticed = (each.name for each in tried if not passes(mutant.document, each))
        yield Tried(mutant, next(noticed, None))


def mutants(document: Document) -> Iterator[Mutant]:
    """Give every document that differs from one in a single number or operator of its main file."""
    for loc, text, file in _file(Catalogue(document, document.main)):
        # A new document, so that nothing worked out for the old one lives on.
        yield Mutant(loc, text, Document.model_construct(main=file, used=document.used))


# --- changes -------------------------------------------------------------------------------------

M = TypeVar("M", bound=Model)

#: A place, what is said there instead, and the value that says it.
Change = tuple[Loc, str, Any]


def _within(
    model: M, key: str, changes: Iterable[Change], field: str | None = None
) -> Iterator[tuple[Loc, str, M]]:
    """Carry changes of a field's value up to the model; `key` is the field as it is written."""
    for loc, text, value in changes:
        yield (key, *loc), text, _with(model, field or key, value)


def _with(model: M, field: str, value: object) -> M:
    return model.model_copy(update={field: value})


def _each(values: tuple[Any, ...], change: Callable[[Any], Iterable[Change]]) -> Iterator[Change]:
    """Change one entry of a list."""
    for index, each in enumerate(values):
        for loc, text, value in change(each):
            yield (index, *loc), text, (*values[:index], value, *values[index + 1 :])


def _entries(
    values: Mapping[str, Any], change: Callable[[Any], Iterable[Change]]
) -> Iterator[Change]:
    """Change one value of a mapping."""
    for key, each in values.items():
        for loc, text, value in change(each):
            yield (key, *loc), text, {**values, key: value}


def _dropped(values: tuple[Any, ...], say: Callable[[Any], str]) -> Iterator[Change]:
    """Leave out one entry of a list that has others."""
    if len(values) > 1:
        for index, each in enumerate(values):
            yield (index,), f"without {say(each)}", (*values[:index], *values[index + 1 :])


# --- the file ------------------------------------------------------------------------------------


def _file(here: Catalogue) -> Iterator[tuple[Loc, str, Pathway]]:
    file = here.file
    yield from _word(file, "attempts", ("any", "first", "latest"))
    yield from _within(file, "defaults", _defaults(file.defaults, here))
    yield from _within(file, "modules", _entries(file.modules, lambda each: _module(each, here)))
    yield from _within(
        file, "credentials", _entries(file.credentials, lambda each: _credential(each, here))
    )
    yield from _within(file, "rules", _entries(file.rules, lambda each: _rule(each, here)))
    yield from _within(file, "exclusive", _each(file.exclusive, _exclusive))
    if file.exclusive:
        yield from _within(file, "exclusive", _less(file.exclusive))


def _less(sets: tuple[Exclusive, ...]) -> Iterator[Change]:
    for index in range(len(sets)):
        yield (index,), "without this set", (*sets[:index], *sets[index + 1 :])


def _exclusive(each: Exclusive) -> Iterator[Change]:
    yield from _within(each, "share", _whole(each.share))


def _defaults(defaults: Defaults, here: Catalogue) -> Iterator[Change]:
    yield from _within(defaults, "pass_score", _number(defaults.pass_score))
    yield from _within(defaults, "pass_grade", _grade(defaults.pass_grade, here))


def _module(module: Module, here: Catalogue) -> Iterator[Change]:
    yield from _within(module, "pass_score", _number(module.pass_score))
    yield from _within(module, "pass_grade", _grade(module.pass_grade, here))
    yield from _within(module, "valid_for", _period(module.valid_for))
    if "repeatable" not in module.model_fields_set:
        pass
    elif module.repeatable != "unlimited":
        yield from _within(module, "repeatable", _whole(module.repeatable, least=1))
    else:
        yield ("repeatable",), "1 instead of unlimited", _with(module, "repeatable", 1)
    for index, other in enumerate(module.barred):
        left = (*module.barred[:index], *module.barred[index + 1 :])
        text = f"not barred to {quoted(other)}"
        yield ("barred", index), text, _with(module, "barred", left)


def _credential(credential: Credential, here: Catalogue) -> Iterator[Change]:
    if credential.requires is not None:
        yield from _within(credential, "requires", _rule(credential.requires, here))
    yield from _within(credential, "valid_for", _period(credential.valid_for))
    if credential.renewal is not None:
        yield from _within(credential, "renewal", _renewal(credential.renewal, here))
    yield from _word(credential, "again", ("fresh", "any", "never"))
    yield from _word(credential, "award", ("automatic", "approval"))
    yield from _within(
        credential, "classes", _each(credential.classes, lambda each: _class(each, here))
    )


def _class(each: AwardClass, here: Catalogue) -> Iterator[Change]:
    if each.requires is not None:
        yield from _within(each, "requires", _rule(each.requires, here))


def _renewal(renewal: Renewal, here: Catalogue) -> Iterator[Change]:
    yield from _within(renewal, "requires", _rule(renewal.requires, here))
    yield from _within(renewal, "opens", _period(renewal.opens))
    if isinstance(renewal.grace, Period):
        yield from _within(renewal, "grace", _period(renewal.grace))


# --- rules ---------------------------------------------------------------------------------------


def _rule(rule: Rule, here: Catalogue) -> Iterator[Change]:
    if isinstance(rule, IdRule):
        return

    def inside(each: Rule) -> Iterator[Change]:
        return _rule(each, here)

    match rule:
        case AllRule():
            if len(rule.all) > 1:
                yield ("all",), "`any` instead of `all`", _as(AnyRule, rule, any=rule.all)
            yield from _within(rule, "all", _dropped(rule.all, rule_words))
            yield from _within(rule, "all", _each(rule.all, inside))
        case AnyRule():
            if len(rule.any) > 1:
                yield ("any",), "`all` instead of `any`", _as(AllRule, rule, all=rule.any)
            yield from _within(rule, "any", _dropped(rule.any, rule_words))
            yield from _within(rule, "any", _each(rule.any, inside))
        case InOrderRule():
            text = "`all` instead of `in_order`"
            yield ("in_order",), text, _as(AllRule, rule, all=rule.in_order)
            yield from _within(rule, "in_order", _each(rule.in_order, inside))
        case AtLeastRule():
            yield from _within(rule, "at_least", _whole(rule.at_least, least=1))
            yield from _within(rule, "of", _dropped(rule.of, rule_words))
            yield from _within(rule, "of", _each(rule.of, inside))
        case PointsRule():
            yield from _within(rule, "points", _number(rule.points))
            yield from _within(rule, "of", _each(rule.of, lambda each: _worth(each, here)))
        case ModuleRule():
            yield from _within(rule, "min_score", _number(rule.min_score))
            yield from _within(rule, "min_grade", _grade(rule.min_grade, here))
            if rule.selector is not None:
                yield from _within(rule, "from", _selector(rule.selector, here), "selector")
        case CredentialRule():
            yield from _within(rule, "held_for", _period(rule.held_for))
            yield from _flag(rule, "even_if_expired")
        case EveryRule():
            yield from _within(rule, "every", _selector(rule.every, here))
        case AmountRule():
            yield from _amount(rule, here)
        case NamedRule():
            pass
    yield from _modifiers(rule, here)


def _as(kind: type[RuleBase], rule: RuleBase, **children: Any) -> RuleBase:
    """The same rule with another operator."""
    kept: dict[str, Any] = {name: getattr(rule, name) for name in RuleBase.model_fields}
    return kind.model_construct(**kept, **children)


def _worth(child: Worth, here: Catalogue) -> Iterator[Change]:
    yield from _within(child, "worth", _number(child.worth))
    yield from _flag(child, "required")
    yield from _within(child, "rule", _rule(child.rule, here))


def _amount(rule: AmountRule, here: Catalogue) -> Iterator[Change]:
    step = _step(here, rule, rule.unit)
    yield from _within(rule, rule.unit, _number(rule.amount, least=step, step=step))
    yield from _within(rule, "from", _selector(rule.selector, here), "selector")
    for index, limit in enumerate(rule.limits):
        left = (*rule.limits[:index], *rule.limits[index + 1 :])
        text = f"without the limit: {limit_words(limit, rule.unit)}"
        yield ("limits", index), text, _with(rule, "limits", left)
    limits = _each(rule.limits, lambda each: _limit(each, rule, here))
    yield from _within(rule, "limits", limits)
    yield from _within(rule, "average", _number(rule.average))
    yield from _within(rule, "sum", _number(rule.sum))


def _limit(limit: Limit, rule: AmountRule, here: Catalogue) -> Iterator[Change]:
    step = _step(here, rule, limit.unit or rule.unit)
    for key in ("at_least", "at_most"):
        share = getattr(limit, key)
        if share is not None:
            yield from _within(limit, key, _share(share, step, rule.amount))
    if limit.spread is not None:
        yield from _within(limit, "spread", _whole(limit.spread, least=1))
    yield from _within(limit, "each", _number(limit.each, step=step))
    yield from _within(limit, "at_most_each", _number(limit.at_most_each, step=step))
    yield from _flag(limit, "partial")
    if limit.of is not None:
        yield from _within(limit, "of", _selector(limit.of, here))


def _modifiers(rule: RuleBase, here: Catalogue) -> Iterator[Change]:
    if rule.only is not None:
        text = f"without `only` ({condition_words(rule.only)})"
        yield ("only",), text, _with(rule, "only", None)
        yield from _within(rule, "only", _selector(rule.only, here))
    yield from _within(rule, "since", _period(rule.since))
    yield from _within(rule, "after", _day(rule.after))
    yield from _within(rule, "before", _day(rule.before))
    if rule.within is not None:
        yield from _within(rule, "within", _window(rule.within))
        yield ("within",), "without a window", _with(rule, "within", None)
    if rule.together:
        yield from _flag(rule, "together")
    if len(rule.children) > 1:
        if rule.distinct:
            yield ("distinct",), "without `distinct`", _with(rule, "distinct", False)
        if isinstance(rule.overlap, OverlapCredits):
            changes = _within(rule.overlap, "credits", _number(rule.overlap.credits))
            yield from _within(rule, "overlap", changes)
        elif rule.overlap is not None:
            yield from _within(rule, "overlap", _whole(rule.overlap))


def _selector(selector: Selector, here: Catalogue) -> Iterator[Change]:
    for key in ("level", "credits", "hours"):
        bounds = getattr(selector, key)
        if bounds is not None:
            yield from _within(selector, key, _bounds(bounds))
    yield from _within(selector, "min_score", _number(selector.min_score))
    yield from _within(selector, "min_grade", _grade(selector.min_grade, here))
    yield from _within(selector, "since", _period(selector.since))
    yield from _within(selector, "after", _day(selector.after))
    yield from _within(selector, "before", _day(selector.before))
    for key in ("groups", "source", "kind", "ids"):
        names = getattr(selector, key)
        if names is not None:
            yield from _within(selector, key, _dropped(names, quoted))
    if selector.any_of is not None:
        yield from _within(selector, "any_of", _dropped(selector.any_of, condition_words))
        inner = _each(selector.any_of, lambda each: _selector(each, here))
        yield from _within(selector, "any_of", inner)
    if selector.except_ is not None:
        text = f"without the exception ({condition_words(selector.except_)})"
        yield ("except",), text, _with(selector, "except_", None)
        yield from _within(selector, "except", _selector(selector.except_, here), "except_")


def _step(here: Catalogue, rule: AmountRule, unit: Unit) -> Decimal:
    """The smallest difference that the amounts of what a rule selects from can make."""
    if unit == "count":
        return Decimal(1)
    entries = (here.entries[ref] for ref in here.matching(rule.selector))
    amounts = [entry.credits if unit == "credits" else entry.hours for entry in entries]
    if not all(isinstance(each, Decimal) for each in amounts):
        return Decimal(1)
    common = gcd(*(int(each * _SCALE) for each in amounts if isinstance(each, Decimal)))
    return Decimal(common) / _SCALE if common else Decimal(1)


#: Amounts have at most six decimal places.
_SCALE = 1_000_000


# --- values --------------------------------------------------------------------------------------


def _number(
    number: Decimal | None, least: Decimal | int = 0, step: Decimal | None = None
) -> Iterator[Change]:
    if number is None:
        return
    if step is None:
        step = Decimal(1).scaleb(min(0, int(number.normalize().as_tuple().exponent)))
    for other in (number - step, number + step):
        if other >= least:
            yield (), f"{plain(other)} instead of {plain(number)}", other


def _whole(number: int, least: int = 0) -> Iterator[Change]:
    for other in (number - 1, number + 1):
        if other >= least:
            yield (), f"{other} instead of {number}", other


def _share(share: Share, step: Decimal, of: Decimal) -> Iterator[Change]:
    if share.percent and of:
        step = (step * 100 / of).quantize(Decimal("0.01"), ROUND_UP)
    for _, _, amount in _number(share.amount, step=step):
        if not share.percent or amount <= 100:
            other = Share(amount=amount, percent=share.percent)
            yield (), f"{other} instead of {share}", other


def _bounds(bounds: Bounds) -> Iterator[Change]:
    low, high = bounds.low, bounds.high
    if low is not None and high is not None and low == high:
        for _, _, number in _number(low):
            other = Bounds(low=number, high=number)
            yield (), f"`{other}` instead of `{bounds}`", other
        return
    for key in ("low", "high"):
        end = getattr(bounds, key)
        for _, _, number in _number(end):
            other = bounds.model_copy(update={key: number})
            if other.low is None or other.high is None or other.low <= other.high:
                yield (), f"`{other}` instead of `{bounds}`", other


def _period(period: Period | None) -> Iterator[Change]:
    if period is None:
        return
    if period.months or period.days:
        # A day taken away from whole months: no designer can write it, but it can be counted.
        yield (), f"a day less than {period}", Period(period.months, period.days - 1)
    yield (), f"a day more than {period}", Period(period.months, period.days + 1)


def _window(window: Window) -> Iterator[Change]:
    for _, text, period in _period(window.period):
        yield (), text, Window(period=period, of_enrolment=window.of_enrolment)


def _day(day: date | None) -> Iterator[Change]:
    if day is None:
        return
    for other in (day - ONE_DAY, day + ONE_DAY):
        yield (), f"{other} instead of {day}", other


def _grade(grade: str | None, here: Catalogue) -> Iterator[Change]:
    scale = list(here.file.scale)
    if grade not in scale:
        return
    place = scale.index(grade)
    for other in (place - 1, place + 1):
        if 0 <= other < len(scale):
            yield (), f"{quoted(scale[other])} instead of {quoted(grade)}", scale[other]


def _word(model: M, key: str, words: tuple[str, ...]) -> Iterator[tuple[Loc, str, M]]:
    word = getattr(model, key)
    for other in words if key in model.model_fields_set else ():
        if other != word:
            yield (key,), f"{quoted(other)} instead of {quoted(word)}", _with(model, key, other)


def _flag(model: M, key: str) -> Iterator[tuple[Loc, str, M]]:
    if key in model.model_fields_set:
        text = f"without {quoted(key)}" if getattr(model, key) else f"with {quoted(key)}"
        yield (key,), text, _with(model, key, not getattr(model, key))
