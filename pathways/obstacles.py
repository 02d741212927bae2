"""Why there is no plan: the things that stand in every way.

First those that the question itself brings along (modules avoided, limits, the calendar); where
none of them is to blame, the parts of the rules. Each is confirmed by planning without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from pathways.compile import Node, compiled
from pathways.document import (
    AllRule,
    AnyRule,
    AtLeastRule,
    CredentialRule,
    Document,
    InOrderRule,
    Pathway,
    PointsRule,
    Rule,
    RuleBase,
    Waived,
    plain,
)
from pathways.planner import Obstacle, Planner
from pathways.routes import Limit
from pathways.wishes import Question, Wishes
from pathways.words import headline, joined

Thing = tuple[str, str]

#: Sets of so many things are tried one by one for the smallest that would have to go together.
_SMALL = 3
_FEW = 10


def possible(question: Question) -> bool:
    """Whether there is a plan."""
    return next(Planner(question).plans(), None) is not None


def things(question: Question) -> list[Thing]:
    """What the question asks for beyond the goal."""
    wishes = question.wishes
    found = [("avoid", name) for name in sorted(wishes.avoid)]
    if wishes.only is not None:
        found.append(("only", ", ".join(sorted(wishes.only))))
    found += [("at-most", _limit(limit)) for limit in wishes.at_most]
    if wishes.score is not None:
        found.append(("score", plain(wishes.score)))
    if wishes.grade is not None:
        found.append(("grade", wishes.grade))
    if wishes.pace is not None:
        found.append(("pace", str(wishes.pace)))
    if wishes.by is not None:
        found.append(("by", wishes.by.isoformat()))
    elif not wishes.waiting:
        found.append(("day", question.on.isoformat()))
    return found


def without(question: Question, gone: Iterable[Thing]) -> Question:
    """The same question, some things taken away."""
    for kind, name in gone:
        match kind:
            case "rule":
                credential, _, path = name.partition(": ")
                question = _granting(question, credential, path)
            case "again":
                question = replace(question, document=_again(question.document, name))
            case _:
                question = replace(question, wishes=_wishes(question.wishes, kind, name))
    return question


def _wishes(wishes: Wishes, kind: str, name: str) -> Wishes:
    match kind:
        case "avoid":
            return replace(wishes, avoid=wishes.avoid - {name})
        case "only":
            return replace(wishes, only=None)
        case "at-most":
            kept = tuple(limit for limit in wishes.at_most if _limit(limit) != name)
            return replace(wishes, at_most=kept)
        case "score":
            return replace(wishes, score=None)
        case "grade":
            return replace(wishes, grade=None)
        case "by":
            return replace(wishes, by=None, patient=True)
        case "day":
            return replace(wishes, patient=True)
        case _:
            # Without a pace there is no time to minimise.
            timed = wishes.minimise == "time"
            return replace(
                wishes,
                pace=None,
                patient=True,
                minimise="modules" if timed else wishes.minimise,
                then=None if timed or wishes.then == "time" else wishes.then,
            )


def _limit(limit: Limit) -> str:
    return f"{plain(limit.most)} {limit.measure}"


def _granting(question: Question, credential: str, path: str) -> Question:
    """Let one part of a rule count as met, by a waiver."""
    place = _place(compiled(question.document).credentials[credential].tree, path)
    document = _with_id(question.document, credential, place)
    tree = compiled(document).credentials[credential].tree
    assert tree is not None
    name = next(node.names[0] for node in tree.nodes if node.path == path)
    waiver = Waived(rule=name, on=min(question.on, question.day), id="~granted")
    record = question.record.model_copy(update={"waived": (*question.record.waived, waiver)})
    return replace(question, document=document, record=record)


def obstacles(question: Question) -> tuple[Obstacle, ...]:
    """Name each single thing without which there would be a plan, else the fewest that must go."""
    asked = things(question)
    alone = [thing for thing in asked if possible(without(question, [thing]))]
    if alone:
        return tuple(Obstacle((thing,), _words(thing, question)) for thing in alone)
    if len(asked) > 1 and possible(without(question, asked)):
        together = _fewest(question, asked)
        return (Obstacle(together, _together(together, question)),)
    parts = list(_parts(question, question.to))
    if parts:
        return tuple(Obstacle((part,), _words(part, question)) for part in parts)
    again: Thing = ("again", question.to)
    if possible(without(question, [again])):
        return (Obstacle((again,), _words(again, question)),)
    return ()


def _fewest(question: Question, things: Sequence[Thing]) -> tuple[Thing, ...]:
    if len(things) <= _FEW:
        for size in range(2, _SMALL + 1):
            for chosen in combinations(things, size):
                if possible(without(question, chosen)):
                    return chosen
    going = list(things)
    for thing in things:
        fewer = [other for other in going if other != thing]
        if possible(without(question, fewer)):
            going = fewer
    return tuple(going)


# --- parts of rules ------------------------------------------------------------------------------


def _parts(
    question: Question, credential: str, seen: frozenset[str] = frozenset()
) -> Iterator[Thing]:
    """The innermost parts of the rules without which there would be a plan."""
    tree = compiled(question.document).credentials[credential].tree
    if tree is None or credential in seen:
        return

    def within(node: Node) -> Iterator[Thing]:
        thing: Thing = ("rule", f"{credential}: {node.path}")
        if not possible(without(question, [thing])):
            return
        inner: list[Thing] = []
        if isinstance(node.rule, CredentialRule):
            inner = list(_parts(question, node.rule.credential, seen | {credential}))
        elif _open(node):
            inner = [part for child in node.children for part in within(child)]
        yield from inner or [thing]

    yield from within(tree.root)


def _open(node: Node) -> bool:
    """Whether the parts of a rule are written inside it, each in its own place."""
    return isinstance(node.rule, AllRule | AnyRule | AtLeastRule | InOrderRule | PointsRule)


def _place(tree: Any, path: str) -> tuple[int, ...]:
    """How to get from the outermost rule to the one with a path, child by child."""

    def search(node: Node, above: tuple[int, ...]) -> tuple[int, ...] | None:
        if node.path == path:
            return above
        for number, child in enumerate(node.children):
            if (found := search(child, (*above, number))) is not None:
                return found
        return None

    found = search(tree.root, ())
    assert found is not None
    return found


def _with_id(document: Document, credential: str, place: tuple[int, ...]) -> Document:
    """The same document, with an id on one rule of a credential."""

    def named(rule: Rule, rest: tuple[int, ...]) -> Rule:
        assert isinstance(rule, RuleBase)
        if not rest:
            return rule if rule.id else rule.model_copy(update={"id": "granted.part"})
        number, *further = rest
        if isinstance(rule, PointsRule):
            worths = list(rule.of)
            inner = named(worths[number].rule, tuple(further))
            worths[number] = worths[number].model_copy(update={"rule": inner})
            return rule.model_copy(update={"of": tuple(worths)})
        children = list(rule.children)
        children[number] = named(children[number], tuple(further))
        key = "of" if isinstance(rule, AtLeastRule) else rule.operator
        return rule.model_copy(update={key: tuple(children)})

    def changed(model: Any) -> Any:
        return model.model_copy(update={"requires": named(model.requires, place)})

    return _changed(document, credential, changed)


def _again(document: Document, credential: str) -> Document:
    """The same document, in which a credential can be earned again by any evidence."""
    return _changed(document, credential, lambda model: model.model_copy(update={"again": "any"}))


def _changed(document: Document, credential: str, change: Any) -> Document:
    def file_with(file: Pathway) -> Pathway:
        if credential not in file.credentials:
            return file
        credentials = {**file.credentials, credential: change(file.credentials[credential])}
        return file.model_copy(update={"credentials": credentials})

    return Document(
        main=file_with(document.main), used=tuple(file_with(file) for file in document.used)
    )


# --- words ---------------------------------------------------------------------------------------


def _words(thing: Thing, question: Question) -> str:
    kind, name = thing
    to = f"`{question.to}`"
    match kind:
        case "avoid":
            return f"`{name}` is avoided, but every way to {to} needs it"
        case "only":
            return f"no way to {to} leads through the given modules only"
        case "at-most":
            return f"every way to {to} costs more than {name}"
        case "score":
            return f"a score of {name} is not enough for {to}"
        case "grade":
            return f"grade {name} is not enough for {to}"
        case "pace":
            return f"at {name}, something on every way to {to} is over before the rest is done"
        case "by":
            return f"{to} can not be reached by {name}, but later it can"
        case "day":
            return f"{to} can not be reached on {name}, but on a later day it can"
        case "again":
            return f"`{name}` can not be earned again"
        case _:
            credential, _, path = name.partition(": ")
            tree = compiled(question.document).credentials[credential].tree
            assert tree is not None
            rule = next(node.rule for node in tree.nodes if node.path == path)
            return f"no completion can meet `{path}` of `{credential}`: {headline(rule)}"


def _together(things: Sequence[Thing], question: Question) -> str:
    names = {"avoid": "avoiding `{}`", "only": "only the given modules", "at-most": "at most {}"}
    said = [names.get(kind, f"{kind} {{}}").format(name) for kind, name in things]
    return f"there is no way to `{question.to}` with any of these: {joined(said, 'or')}"
