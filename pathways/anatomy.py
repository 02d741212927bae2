"""What a pathway is like as a whole: its bottlenecks, and how its credentials stack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from pathways.catalogue import Catalogue, Match
from pathways.document import (
    AllRule,
    AmountRule,
    AnyRule,
    AtLeastRule,
    Credential,
    CredentialRule,
    Document,
    EveryRule,
    InOrderRule,
    NamedRule,
    PointsRule,
    Rule,
)
from pathways.outlook import Outlook


def bottlenecks(document: Document, outlook: Outlook | None = None) -> dict[str, tuple[str, ...]]:
    """Name, for each destination, the modules that every way to it needs, in file order.

    A module is a bottleneck when the destination could not be reached by anybody if that one
    module could not be completed and all others could, each counting for what the file says of
    it. What is only a prerequisite is not a bottleneck: it never voids a completion. Without a
    `destination`, every credential that no other one asks for is taken as one.
    """
    outlook = outlook or Outlook(document)
    return {
        ref: tuple(module for module in document.modules if module in outlook.needs[ref].modules)
        for ref in destinations(document)
        if ref in outlook.needs
    }


def destinations(document: Document) -> tuple[str, ...]:
    """Where the pathway leads to: what it says, else every credential at the top."""
    if document.main.destination:
        return document.main.destination
    lower = {ref for each in _uses(document).values() for ref in each.refs}
    return tuple(
        ref for ref in document.main.credentials if ref not in lower and ref in document.credentials
    )


class Stacking(Enum):
    """How credentials build on each other."""

    NONE = "none"
    VERTICAL = "vertical"
    HORIZONTAL = "horizontal"
    HYBRID = "hybrid"


def stacking(document: Document) -> Stacking:
    """Tell how the credentials of a pathway stack.

    It stacks *vertically* where a credential builds on one of a lower level, and *horizontally*
    where it puts two or more of no lower level than its own side by side. Where levels are not
    given, building on one credential is vertical and putting several together is horizontal.
    Both in one pathway is a *hybrid*; without any credential under another there is none.
    """
    up = across = False
    for ref, use in _uses(document).items():
        for lower in use.refs:
            rises = _rises(document.credentials[lower][0], document.credentials[ref][0])
            together = use.most >= 2
            up |= rises is True or (rises is None and not together)
            across |= rises is not True and together
        # One credential of the same level under another is a step, too.
        up |= bool(use.refs) and use.most < 2
    if up and across:
        return Stacking.HYBRID
    if up:
        return Stacking.VERTICAL
    return Stacking.HORIZONTAL if across else Stacking.NONE


def _rises(lower: Credential, upper: Credential) -> bool | None:
    if lower.level is None or upper.level is None:
        return None
    return lower.level < upper.level


@dataclass(frozen=True, slots=True)
class _Use:
    """The credentials that a rule may use, and the most of them that it uses together."""

    refs: frozenset[str] = frozenset()
    most: int = 0


def _uses(document: Document) -> Mapping[str, _Use]:
    uses = {}
    for ref, (credential, file) in document.credentials.items():
        catalogue = Catalogue(document, file)
        if credential.requires is not None:
            uses[ref] = _used(credential.requires, catalogue, ref)
    return uses


def _used(rule: Rule, catalogue: Catalogue, owner: str) -> _Use:
    def inside(rules: Iterable[Rule]) -> list[_Use]:
        return [_used(child, catalogue, owner) for child in rules]

    match rule:
        case CredentialRule():
            return _Use(frozenset({rule.credential}), 1)
        case NamedRule():
            return _used(catalogue.file.rules[rule.rule], catalogue, owner)
        case AllRule() | InOrderRule() | PointsRule():
            parts = inside(rule.children)
            refs = _union(parts)
            return _Use(refs, min(sum(part.most for part in parts), len(refs)))
        case AnyRule():
            parts = inside(rule.any)
            return _Use(_union(parts), max((part.most for part in parts), default=0))
        case AtLeastRule():
            parts = inside(rule.of)
            largest = sorted((part.most for part in parts), reverse=True)[: rule.at_least]
            refs = _union(parts)
            return _Use(refs, min(sum(largest), len(refs)))
        case EveryRule():
            refs = _credentials(catalogue.matching(rule.every, least=Match.YES), catalogue, owner)
            return _Use(refs, len(refs))
        case AmountRule():
            refs = _credentials(catalogue.matching(rule.selector), catalogue, owner)
            most = min(int(rule.amount), len(refs)) if rule.unit == "count" else len(refs)
            return _Use(refs, most)
        case _:
            return _Use()


def _union(parts: Iterable[_Use]) -> frozenset[str]:
    return frozenset().union(*(part.refs for part in parts))


def _credentials(refs: frozenset[str], catalogue: Catalogue, owner: str) -> frozenset[str]:
    return (refs & catalogue.document.credentials.keys()) - {owner}
