"""Evidence that may count twice without anybody having said so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from pathways.catalogue import Catalogue
from pathways.document import (
    AllRule,
    AmountRule,
    AtLeastRule,
    CredentialRule,
    EveryRule,
    InOrderRule,
    Module,
    ModuleRule,
    NamedRule,
    PointsRule,
    Rule,
    RuleBase,
    Selector,
)
from pathways.lint.base import Finding, Subject, rule
from pathways.words import counted, named


@rule("CN301", "unsaid-sharing")
def unsaid_sharing(subject: Subject) -> Iterator[Finding]:
    """Siblings that may count the same evidence without saying `distinct` or `shared`."""
    catalogue = Catalogue(subject.document, subject.file, open_groups=False)
    for site in subject.sites:
        asks = site.rule
        if not isinstance(asks, AllRule | InOrderRule | AtLeastRule | PointsRule):
            continue
        if asks.distinct or asks.overlap is not None or asks.shared or _one_at_a_time(asks):
            continue
        takers = [_Taker.of(child, catalogue, site.credential) for child in asks.children]
        common = _common(takers, subject)
        if common:
            refs = [ref for ref in catalogue.entries if ref in common]
            which = named(refs, "and") if len(refs) <= 3 else counted(len(refs), "module")
            message = f"its parts may count the same evidence ({which}), and it does not say so"
            help_ = "say `distinct: true` if nothing may count twice, `shared: true` if it may"
            yield subject.finding("CN301", site.loc, message, help_)


def _one_at_a_time(asks: RuleBase) -> bool:
    return isinstance(asks, AtLeastRule) and asks.at_least < 2


@dataclass(frozen=True)
class _Taker:
    """What a child may use: by name, where there is no choice, and by selection."""

    named: frozenset[str]
    selected: frozenset[str]
    selectors: tuple[Selector, ...]

    @classmethod
    def of(cls, rule: Rule, catalogue: Catalogue, owner: str | None) -> _Taker:
        """What a rule and all inside it may use."""
        names: set[str] = set()
        selected: set[str] = set()
        selectors: list[Selector] = []
        _gather(rule, catalogue, (), names, selected, selectors)
        own = {owner} if owner is not None else set()
        return cls(frozenset(names - own), frozenset(selected - own), tuple(selectors))


def _gather(
    rule: Rule,
    catalogue: Catalogue,
    only: tuple[Selector, ...],
    names: set[str],
    selected: set[str],
    selectors: list[Selector],
) -> None:
    if isinstance(rule, RuleBase) and rule.only is not None:
        only = (*only, rule.only)

    def allowed(refs: Iterable[str]) -> set[str]:
        modules = catalogue.document.modules
        return {
            ref
            for ref in refs
            if ref not in modules or all(catalogue.match(each, ref) for each in only)
        }

    match rule:
        case ModuleRule():
            names |= {rule.module}
        case CredentialRule():
            names |= {rule.credential}
        case EveryRule():
            names |= allowed(catalogue.matching(rule.every))
        case AmountRule():
            selected |= allowed(catalogue.matching(rule.selector))
            selectors.append(rule.selector)
        case NamedRule():
            inner = catalogue.file.rules[rule.rule]
            _gather(inner, catalogue, only, names, selected, selectors)
        case _:
            for child in rule.children:
                _gather(child, catalogue, only, names, selected, selectors)


def _common(takers: list[_Taker], subject: Subject) -> frozenset[str]:
    """What two children may both use, where one of them could do without.

    A module that both name can serve only once unless it is repeatable, so there sharing needs
    no saying.
    """
    common: set[str] = set()
    for one, other in combinations(takers, 2):
        if _apart(one, other, subject):
            continue
        common |= one.selected & other.selected
        common |= one.selected & other.named
        common |= one.named & other.selected
        common |= {ref for ref in one.named & other.named if _repeatable(subject, ref)}
    return frozenset(common)


def _apart(one: _Taker, other: _Taker, subject: Subject) -> bool:
    """Whether two selections never meet, by what their selectors ask of a completion."""
    if one.named or other.named or not (one.selectors and other.selectors):
        return False
    return all(
        subject.reader.disjoint(first, second)
        for first in one.selectors
        for second in other.selectors
    )


def _repeatable(subject: Subject, ref: str) -> bool:
    entry = subject.catalogue.entries[ref]
    return isinstance(entry, Module) and entry.repeatable != 1


RULES = (unsaid_sharing,)
