"""What says less than it seems to: limits, selectors and rules that change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from pathways.catalogue import Match
from pathways.document import (
    AllRule,
    AmountRule,
    AnyRule,
    CredentialRule,
    EveryRule,
    Limit,
    ModuleRule,
    NamedRule,
    Rule,
    Selector,
    plain,
)
from pathways.implication import bare
from pathways.lint.base import Finding, Subject, rule
from pathways.outlook import ENDLESS, capacity
from pathways.sites import Loc, Site, parts
from pathways.words import amount_words, limit_words, modifier_words, quoted, rule_words


@rule("CN201", "idle-limit")
def idle_limit(subject: Subject) -> Iterator[Finding]:
    """A limit that can never bind."""
    for site in subject.sites:
        if not isinstance(site.rule, AmountRule):
            continue
        for index, limit in enumerate(site.rule.limits):
            why = _idle(subject, site.rule, index)
            if why:
                words = limit_words(limit, site.rule.unit)
                message = f"this limit never binds ({words}): {why}"
                loc: Loc = (*site.loc, "limits", index)
                yield subject.finding("CN201", loc, message, "correct the limit, or leave it out")


def _idle(subject: Subject, asked: AmountRule, index: int) -> str:
    limit = asked.limits[index]
    others = [*asked.limits[:index], *(each for each in asked.limits[index + 1 :] if each != limit)]
    match limit.form:
        case "at_least":
            return _idle_at_least(subject, asked, limit, others)
        case "at_most":
            return _idle_at_most(subject, asked, limit, others)
        case "spread":
            return _idle_spread(subject, asked, limit)
        case _:
            return _idle_at_most_each(subject, asked, limit)


def _items(subject: Subject, asked: AmountRule) -> frozenset[str]:
    return subject.catalogue.matching(asked.selector)


def _total(
    subject: Subject, refs: frozenset[str] | set[str], limit: Limit, asked: AmountRule
) -> Decimal:
    unit = limit.unit or asked.unit
    return sum((capacity(subject.catalogue, ref, unit) for ref in refs), Decimal(0))


def _exact(asked: AmountRule) -> bool:
    """Whether selecting exactly what is asked for is always as good as selecting more."""
    return asked.average is None and asked.sum is None and asked.unit == "count"


def _idle_at_least(
    subject: Subject, asked: AmountRule, limit: Limit, others: Sequence[Limit]
) -> str:
    assert limit.at_least is not None
    assert limit.of is not None
    least, same_unit = limit.at_least.of(asked.amount), (limit.unit or asked.unit) == asked.unit
    if least == 0:
        return "it asks for nothing"
    if same_unit and least <= asked.amount:
        if subject.reader.narrower((asked.selector,), limit.of):
            return "all that the rule selects from matches"
        kinds = subject.catalogue.kinds(asked.selector)
        rest = {
            ref
            for ref in _items(subject, asked)
            if subject.catalogue.match(limit.of, ref, kinds) is not Match.YES
        }
        total = _total(subject, rest, limit, asked)
        if asked.over != "all" and asked.amount - total >= least:
            whole = amount_words(asked.amount, asked.unit)
            return f"of the {whole} at most {plain(total)} could be others"
    for other in others:
        if other.at_least is not None and other.of is not None and other.unit == limit.unit:
            more = other.at_least.of(asked.amount) >= least
            if more and subject.reader.narrower((other.of,), limit.of):
                return f"another limit asks for as much ({limit_words(other, asked.unit)})"
    return ""


def _idle_at_most(
    subject: Subject, asked: AmountRule, limit: Limit, others: Sequence[Limit]
) -> str:
    assert limit.at_most is not None
    assert limit.of is not None
    most, unit = limit.at_most.of(asked.amount), limit.unit or asked.unit
    kinds = subject.catalogue.kinds(asked.selector)
    matching = {
        ref for ref in _items(subject, asked) if subject.catalogue.match(limit.of, ref, kinds)
    }
    total = _total(subject, matching, limit, asked)
    if total <= most and total != ENDLESS:
        return f"there are only {amount_words(total, unit)} of them"
    if _exact(asked) and unit == "count" and most >= asked.amount:
        return f"the rule asks for {amount_words(asked.amount, 'count')} in all"
    for other in others:
        if other.at_most is not None and other.of is not None and other.unit == limit.unit:
            tighter = other.at_most.of(asked.amount) <= most and other.partial == limit.partial
            if tighter and subject.reader.narrower((limit.of,), other.of):
                return f"another limit allows no more ({limit_words(other, asked.unit)})"
    return ""


def _idle_spread(subject: Subject, asked: AmountRule, limit: Limit) -> str:
    assert limit.spread is not None
    if limit.spread == 0:
        return "it asks for nothing"
    if limit.each is not None or asked.amount == 0:
        return ""
    if limit.over in ("module", "source") and limit.spread == 1:
        return f"everything selected has a {limit.over}"
    once = all(capacity(subject.catalogue, ref, "count") <= 1 for ref in _items(subject, asked))
    if limit.over == "module" and asked.unit == "count" and once and limit.spread <= asked.amount:
        return "different items are of different modules"
    return ""


def _idle_at_most_each(subject: Subject, asked: AmountRule, limit: Limit) -> str:
    assert limit.at_most_each is not None
    most, unit = limit.at_most_each, limit.unit or asked.unit
    items = _items(subject, asked)
    if _exact(asked) and unit == "count" and most >= asked.amount:
        return f"the rule asks for {amount_words(asked.amount, 'count')} in all"
    totals: list[Decimal] = []
    if isinstance(limit.over, tuple):
        groups = [subject.catalogue.members(name) for name in limit.over]
        if not all(groups):
            return ""  # completions bring these groups
        totals = [_total(subject, items & members, limit, asked) for members in groups]
    elif limit.over == "module":
        totals = [_total(subject, {ref}, limit, asked) for ref in items]
    if totals and max(totals) <= most:
        return f"none of them has more than {amount_words(max(totals), unit)}"
    return ""


@rule("CN202", "single-match")
def single_match(subject: Subject) -> Iterator[Finding]:
    """A selector that matches one item."""
    for site in subject.sites:
        match site.rule:
            case EveryRule():
                selector, key = site.rule.every, "every"
            case AmountRule():
                selector, key = site.rule.selector, "from"
            case _:
                continue
        ref = _only_match(subject, selector, site)
        if ref is not None:
            message = f"this selector matches {quoted(ref)} alone"
            if selector.ids is not None:
                message = f"this list holds {quoted(ref)} alone"
            help_ = f"say {quoted(ref)}, or let the selector match more"
            yield subject.finding("CN202", (*site.loc, key), message, help_)


def _only_match(subject: Subject, selector: Selector, site: Site) -> str | None:
    if selector == Selector():
        return None  # `any` means whatever there is
    if any(not subject.catalogue.members(name) for name in subject.catalogue.group_names(selector)):
        return None  # completions bring this group
    matching = subject.catalogue.matching(selector) - {site.credential}
    if len(matching) != 1:
        return None
    (ref,) = matching
    if isinstance(site.rule, AmountRule) and _adds_up(subject, ref, site.rule):
        return None
    return ref


def _adds_up(subject: Subject, ref: str, asked: AmountRule) -> bool:
    """Whether several completions of one module may be meant to add up, or one to be measured."""
    if asked.average is not None or asked.sum is not None:
        return True
    if capacity(subject.catalogue, ref, "count") > 1:
        return True
    return capacity(subject.catalogue, ref, asked.unit) == ENDLESS


@rule("CN203", "implied-rule")
def implied_rule(subject: Subject) -> Iterator[Finding]:
    """A rule that follows from its siblings, or an alternative that another one covers."""
    for site in subject.sites:
        asks = site.rule
        if not isinstance(asks, AllRule | AnyRule) or asks.distinct or asks.overlap is not None:
            continue
        children = parts(site)
        told: set[int] = set()
        for one, other in _pairs(asks.children):
            # In a list of alternatives the stricter one adds nothing; else the laxer one.
            extra = one if isinstance(asks, AnyRule) else other
            if extra in told or not subject.reader.implies(
                asks.children[one], asks.children[other]
            ):
                continue
            mutual = subject.reader.implies(asks.children[other], asks.children[one])
            extra = max(one, other) if mutual else extra
            if extra in told:
                continue
            told.add(extra)
            kept = other if extra == one else one
            words = rule_words(asks.children[kept])
            message = f"this adds nothing: it follows from its sibling ({words})"
            if isinstance(asks, AnyRule):
                message = f"this adds nothing: whoever meets it meets its sibling ({words})"
            yield subject.finding("CN203", children[extra].loc, message, "leave it out")


def _pairs(children: Sequence[Rule]) -> Iterator[tuple[int, int]]:
    """Pairs of which the first may imply the second; two different modules never do."""
    plain: dict[tuple[str, str], list[int]] = {}
    rest = []
    for index, child in enumerate(children):
        if isinstance(child, ModuleRule):
            plain.setdefault(("module", child.module), []).append(index)
        elif isinstance(child, CredentialRule):
            plain.setdefault(("credential", child.credential), []).append(index)
        else:
            rest.append(index)
    for indices in plain.values():
        yield from ((one, other) for one in indices for other in indices if one != other)
    for one in rest:
        for other in range(len(children)):
            if one != other:
                yield one, other
                if other not in rest:
                    yield other, one


@rule("CN204", "twin-credentials")
def twin_credentials(subject: Subject) -> Iterator[Finding]:
    """Two credentials with the same rule."""
    seen: dict[str, str] = {}
    for ref, credential in subject.file.credentials.items():
        if credential.requires is None:
            continue
        key = repr(bare(_spelt_out(subject, credential.requires)))
        if key in seen:
            message = f"{quoted(ref)} has the same rule as {quoted(seen[key])}"
            help_ = "whoever earns one earns the other; say what sets them apart, or merge them"
            yield subject.finding(
                "CN204", ("credentials", ref, "requires"), message, help_, key=True
            )
        else:
            seen[key] = ref


def _spelt_out(subject: Subject, asks: Rule) -> Rule:
    """A rule that only names another one, as that other one."""
    while isinstance(asks, NamedRule) and not modifier_words(asks):
        asks = subject.file.rules[asks.rule]
    return asks


RULES = (idle_limit, single_match, implied_rule, twin_credentials)
