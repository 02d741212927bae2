"""Every rule and every selector of a file, with the place where it stands.

A place is the path of keys and indices that leads to it in the file, as a designer wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pathways.document import (
    AmountRule,
    EveryRule,
    ModuleRule,
    Pathway,
    PointsRule,
    Rule,
    RuleBase,
    Selector,
)

Loc = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """A rule, where it stands, and the outermost rule that it is part of."""

    loc: Loc
    rule: Rule
    root: Loc

    @property
    def credential(self) -> str | None:
        """The credential in whose rule, class or renewal this stands."""
        return str(self.root[1]) if self.root[0] == "credentials" else None

    @property
    def module(self) -> str | None:
        """The module in whose prerequisite this stands."""
        return str(self.root[1]) if self.root[0] == "modules" else None


def roots(file: Pathway) -> Iterator[Site]:
    """Give the outermost rules: credentials, their classes and renewals, modules, `rules`."""
    for ref, credential in file.credentials.items():
        place: Loc = ("credentials", ref)
        if credential.requires is not None:
            yield _root((*place, "requires"), credential.requires)
        for index, each in enumerate(credential.classes):
            if each.requires is not None:
                yield _root((*place, "classes", index, "requires"), each.requires)
        if credential.renewal is not None:
            yield _root((*place, "renewal", "requires"), credential.renewal.requires)
    for ref, module in file.modules.items():
        if module.requires is not None:
            yield _root(("modules", ref, "requires"), module.requires)
    for name, rule in file.rules.items():
        yield _root(("rules", name), rule)


def _root(loc: Loc, rule: Rule) -> Site:
    return Site(loc=loc, rule=rule, root=loc)


def parts(site: Site) -> tuple[Site, ...]:
    """Give the rules directly inside a rule, in file order."""
    rule = site.rule
    if not isinstance(rule, RuleBase):
        return ()
    key = "of" if rule.operator in ("at_least", "points") else rule.operator
    tail: Loc = ("rule",) if isinstance(rule, PointsRule) else ()
    return tuple(
        Site(loc=(*site.loc, key, index, *tail), rule=child, root=site.root)
        for index, child in enumerate(rule.children)
    )


def walk(site: Site) -> Iterator[Site]:
    """Give a rule and every rule inside it, in file order."""
    yield site
    for part in parts(site):
        yield from walk(part)


def rules(file: Pathway) -> Iterator[Site]:
    """Give every rule of a file, each before those inside it."""
    for root in roots(file):
        yield from walk(root)


def selectors(site: Site) -> Iterator[tuple[Loc, Selector]]:
    """Give the outermost selectors of one rule, with their places: `only` first."""
    rule = site.rule
    if isinstance(rule, RuleBase) and rule.only is not None:
        yield (*site.loc, "only"), rule.only
    match rule:
        case ModuleRule() if rule.selector is not None:
            yield (*site.loc, "from"), rule.selector
        case EveryRule():
            yield (*site.loc, "every"), rule.every
        case AmountRule():
            yield (*site.loc, "from"), rule.selector
            for index, limit in enumerate(rule.limits):
                if limit.of is not None:
                    yield (*site.loc, "limits", index, "of"), limit.of
        case _:
            pass
