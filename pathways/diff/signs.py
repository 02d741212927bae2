"""What one more match would do, wherever the rules of a document look at their evidence."""

from __future__ import annotations

from collections.abc import Iterator

from pathways import sites
from pathways.catalogue import Catalogue
from pathways.diff.effects import Sign
from pathways.document import (
    AmountRule,
    Document,
    EveryRule,
    Limit,
    ModuleRule,
    OverlapCredits,
    Pathway,
    Rule,
    RuleBase,
    Selector,
)


def all_rules(file: Pathway) -> Iterator[Rule]:
    """Every rule of a file, each before those inside it."""
    return (site.rule for site in sites.rules(file))


def over_all(rule: Rule) -> bool:
    """Whether a rule sees evidence that it does not use."""
    return isinstance(rule, AmountRule) and rule.over == "all"


def selectors(file: Pathway) -> Iterator[tuple[Selector, Sign]]:
    """Every outermost selector of a file's rules, with what more matches would do there."""
    restricts = 0 if any(map(over_all, all_rules(file))) else 1
    for rule in all_rules(file):
        if isinstance(rule, RuleBase) and rule.only is not None:
            yield rule.only, restricts
        match rule:
            case ModuleRule() if rule.selector is not None:
                yield rule.selector, 1
            case EveryRule():
                yield rule.every, -1
            case AmountRule():
                yield rule.selector, 0 if rule.over == "all" else 1
                for limit in rule.limits:
                    if limit.of is not None:
                        sign = 1 if limit.at_least is not None else -1
                        yield limit.of, 0 if rule.over == "all" else sign
            case _:
                pass


def group_signs(file: Pathway, group: str) -> Iterator[Sign]:
    """What more members would do, wherever a file's rules look at a group."""
    for selector, sign in selectors(file):
        yield from _named_in(selector, group, sign)
    for rule in all_rules(file):
        if isinstance(rule, AmountRule):
            for limit in rule.limits:
                named_here = isinstance(limit.over, tuple) and group in limit.over
                if named_here or limit.over == "groups":
                    yield _over_sign(rule, limit)


def _over_sign(rule: AmountRule, limit: Limit) -> Sign:
    if rule.over == "all" or limit.each is not None:
        return 0
    return 1 if limit.spread is not None else -1


def _named_in(selector: Selector, group: str, sign: Sign) -> Iterator[Sign]:
    if selector.groups is not None and group in selector.groups:
        yield sign
    for branch in selector.any_of or ():
        yield from _named_in(branch, group, sign)
    if selector.except_ is not None:
        yield from _named_in(selector.except_, group, -sign)


def reach(document: Document, ref: str) -> set[Sign]:
    """What one more module or credential does to the rules whose selectors it matches."""
    signs: set[Sign] = set()
    for file in document.files:
        catalogue = Catalogue(document, file)
        for rule in all_rules(file):
            if isinstance(rule, EveryRule) and catalogue.match(rule.every, ref):
                signs.add(-1)
            if isinstance(rule, AmountRule) and catalogue.match(rule.selector, ref):
                signs.add(0 if rule.over == "all" else 1)
    return signs


def speaks_of_credentials(document: Document) -> bool:
    """Whether some selector may match awards."""
    return any(
        "credential" in Catalogue(document, file).kinds(selector)
        for file in document.files
        for selector, _ in selectors(file)
    )


def measured(document: Document, unit: str) -> Iterator[Sign]:
    """What a larger amount of some module would do, wherever rules look at credits or hours."""
    for file in document.files:
        for selector, _ in selectors(file):
            if _looks_at(selector, unit):
                yield 0
        for rule in all_rules(file):
            if isinstance(rule, RuleBase) and isinstance(rule.overlap, OverlapCredits):
                yield 0
            if not isinstance(rule, AmountRule):
                continue
            units = {limit.unit or rule.unit for limit in rule.limits}
            if unit in units or (unit == "credits" and (rule.average or rule.sum) is not None):
                yield 0
            elif rule.unit == unit:
                yield 1


def _looks_at(selector: Selector, key: str) -> bool:
    inner = (*(selector.any_of or ()), *((selector.except_,) if selector.except_ else ()))
    return getattr(selector, key) is not None or any(_looks_at(each, key) for each in inner)


def level_matters(document: Document) -> bool:
    """Whether any rule looks at levels."""
    return any(
        _looks_at(selector, "level") for file in document.files for selector, _ in selectors(file)
    ) or any(
        limit.over == "level"
        for file in document.files
        for rule in all_rules(file)
        if isinstance(rule, AmountRule)
        for limit in rule.limits
    )
