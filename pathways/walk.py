"""Every rule of a document, with the place where it stands and the name that it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pathways.document import (
    AllRule,
    AnyRule,
    Document,
    InOrderRule,
    Pathway,
    PointsRule,
    Rule,
    RuleBase,
)

Loc = tuple[str | int, ...]
Owner = tuple[Literal["module", "credential", "rule"], str]


@dataclass(frozen=True, slots=True)
class Root:
    """A rule that stands by itself: what it belongs to, its file, and its place there.

    The owner of a named rule is `("rule", name)`, named as `rule_name` does.
    """

    owner: Owner
    file: int
    loc: Loc
    rule: Rule


def roots(document: Document) -> Iterator[Root]:
    """Yield each rule of a module, a credential (with its renewal and classes), and of `rules:`."""
    for index, file in enumerate(document.files):
        for ref, module in file.modules.items():
            if module.requires is not None:
                yield Root(("module", ref), index, ("modules", ref, "requires"), module.requires)
        for ref, credential in file.credentials.items():
            owner: Owner = ("credential", ref)
            at: Loc = ("credentials", ref)
            if credential.requires is not None:
                yield Root(owner, index, (*at, "requires"), credential.requires)
            if credential.renewal is not None:
                loc = (*at, "renewal", "requires")
                yield Root(owner, index, loc, credential.renewal.requires)
            for number, class_ in enumerate(credential.classes):
                if class_.requires is not None:
                    loc = (*at, "classes", number, "requires")
                    yield Root(owner, index, loc, class_.requires)
        for name, rule in file.rules.items():
            owner = ("rule", rule_name(document, index, name))
            yield Root(owner, index, ("rules", name), rule)


def children(rule: Rule, loc: Loc) -> Iterator[tuple[Loc, Rule]]:
    """Yield the rules directly inside one, each with the place where it is written."""
    if isinstance(rule, AllRule | AnyRule | InOrderRule):
        key = rule.operator
    else:
        key = "of"
    for index, child in enumerate(rule.children):
        at: Loc = (*loc, key, index)
        yield ((*at, "rule") if isinstance(rule, PointsRule) else at), child


def inside(rule: Rule, loc: Loc) -> Iterator[tuple[Loc, Rule]]:
    """Yield a rule and all rules inside it, outermost first, in file order."""
    yield loc, rule
    for at, child in children(rule, loc):
        yield from inside(child, at)


def rule_name(document: Document, file: int, name: str) -> str:
    """Return how a rule id of one file is written as seen from the main one.

    Ids of the main file stand alone; those of a used file follow its pathway's or catalogue's name.
    """
    return name if file == 0 else f"{unit(document.files[file])}/{name}"


def unit(file: Pathway) -> str:
    """Return what the rule ids of a used file are named by: its pathway, else its catalogue."""
    return file.pathway or file.home


def named_rules(document: Document) -> dict[str, Rule]:
    """Return every rule that has a name: those of `rules:`, and those with an `id`."""
    named: dict[str, Rule] = {}
    for root in roots(document):
        if root.owner[0] == "rule":
            named.setdefault(root.owner[1], root.rule)
        for _, rule in inside(root.rule, root.loc):
            if isinstance(rule, RuleBase) and rule.id is not None:
                named.setdefault(rule_name(document, root.file, rule.id), rule)
    return named
