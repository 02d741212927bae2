"""From a tree to a model: every mistake of shape, told once, at its place, in the user's words.

A mistake does not hide the ones behind it. What is wrong is taken out of the tree (a mistyped key
is read as the key that was meant), and what is left is read again, until it has the right shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pathways import document
from pathways.document import OPERATORS, RuleBase, Selector
from pathways.problems import FileError, Problem, nearest
from pathways.tree import MAX_DEPTH, Edit, Loc, Mapping, Node, Place, Scalar, Sequence, edited

M = TypeVar("M", bound=BaseModel)

#: What a rule's tag stands for in the places that the models report.
TAGGED: dict[str, type[BaseModel]] = {
    "~id": document.IdRule,
    "~module": document.ModuleRule,
    "~credential": document.CredentialRule,
    "~rule": document.NamedRule,
    "~all": document.AllRule,
    "~any": document.AnyRule,
    "~at_least": document.AtLeastRule,
    "~points": document.PointsRule,
    "~in_order": document.InOrderRule,
    "~every": document.EveryRule,
    "~amount": document.AmountRule,
}

_SELECTOR = ("a selector is due here", "`any`, a list of ids, or a mapping such as `{groups: x}`")

#: Keys whose value may take one of several forms: what to say when it takes none of them.
_FORMS = {
    "repeatable": ("a number of times is due here", "a whole number from 1, or `unlimited`"),
    "distinct": ("this is not a form of `distinct`", "write `true`, `false` or `through`"),
    "overlap": ("an amount of overlap is due here", "a number of items, or `{credits: 10}`"),
    "over": (
        "this is not a form of `over`",
        "write `groups`, `level`, `source`, `module`, or a list of groups",
    ),
}

#: How an entry of each kind is called, and how a short one is written.
_ENTRIES: dict[type[BaseModel], tuple[str, str]] = {
    document.Worth: ("an entry of `points`", "{worth: 4, rule: ID}"),
    document.AwardClass: ("a class", "{name: merit, requires: RULE}"),
    document.Exclusive: ("an entry of `exclusive`", "{credentials: [ID, ID]}"),
    document.Example: ("an example", "{name: ..., completed: [ID], on: DATE, expect: {...}}"),
    document.Completed: ("a completion", "{module: ID, on: DATE}"),
    document.Started: ("a module in progress", "{module: ID}"),
    document.Held: ("an award", "{credential: ID, on: DATE}"),
    document.Renewed: ("a renewal", "{on: DATE}"),
    document.Waived: ("a waiver", "{rule: ID, on: DATE}"),
    document.Substituted: ("a substitution", "{module: ID, counts_as: ID, on: DATE}"),
    document.Alignment: ("an alignment", "{name: ..., url: ...}"),
    document.Renewal: ("`renewal`", "{requires: RULE, grace: 90 days}"),
    document.Issuer: ("`issuer`", "{name: ...}"),
    document.Expected: ("`expect`", "{awarded: [ID]}"),
    document.Module: ("a module", "{title: ..., credits: 5}"),
    document.Credential: ("a credential", "{title: ..., requires: RULE}"),
    document.OverlapCredits: ("`overlap`", "{credits: 10}"),
    document.Defaults: ("`defaults`", "{pass_score: 50}"),
}

#: What to add for a key that is missing.
_ADD = {
    "from": "add `from: any`, a list of ids, or a mapping such as `{groups: x}`",
    "of": "add `of: [RULE, ...]`",
    "rule": "add `rule: RULE`",
    "worth": "add `worth: 4`",
    "on": "add `on:` and a date such as 2026-03-01",
    "requires": "add `requires:` and a rule",
}


@dataclass(frozen=True, slots=True)
class _Site:
    """Where an error of the models points to in the tree."""

    path: Loc  # the steps that exist in the tree
    node: Node  # what stands there
    key: str = ""  # the key of that mapping which is missing, or whose name is the mistake
    form: bool = False  # the models tried several forms of this value


@dataclass(frozen=True, slots=True)
class _Mistake:
    """What to say, and how to read on as if it had not been made."""

    message: str
    help: str = ""
    found: str | None = None  # as it is written there, unless said otherwise
    key: str = ""  # the key that is at fault, where it is not the value
    rename: str | None = None  # the key that was meant
    follows: bool = False  # the mistake may be a consequence of one that was told already


def shaped(model: type[M], tree: Mapping, shown: str) -> tuple[M, Mapping, list[Problem]]:
    """Return the model, the tree that it was read from, and what was wrong on the way.

    Without problems the tree is the one that was given. `shown` is what problems call the file.
    """
    problems: list[Problem] = []
    for _ in range(2 * MAX_DEPTH):  # each round reads on behind the mistakes of the one before
        try:
            return model.model_validate(tree.data(), by_name=False), tree, problems
        except ValidationError as error:
            details = error.errors(include_url=False)
        edits: dict[Loc, Edit] = {}
        meant: set[tuple[Loc, str | None]] = set()
        for detail, site in _once(details, tree):
            if (site.path, site.key) in meant:
                continue  # the key that is missing is there, mistyped
            mistake = _mistake(model, detail, site)
            lost = site.node.lost if isinstance(site.node, Mapping) else ()
            if not (mistake.follows and lost):
                problems.append(_problem(shown, site.node, mistake))
            edits.update(_way_on(detail["type"], site, mistake))
            meant.add((site.path, mistake.rename))
        tree = edited(tree, edits)
    raise FileError(problems)


_NOWHERE = Place(1, 1, "")
_ANY = Scalar(_NOWHERE, "any")
_NO_RULES = Sequence(_NOWHERE, (), 1, 1)
_NO_RULE = Mapping(_NOWHERE, {"all": _NOWHERE}, {"all": _NO_RULES}, 2, 2)
_NO_KEYS = Mapping(_NOWHERE, {}, {}, 1, 1)
_ONE = Scalar(_NOWHERE, 1)

#: What is read in place of a value that is wrong or missing, so that the rest is read all the same.
_STAND_INS: dict[str, Node] = {
    "rule": _NO_RULE,
    "tuple_type": _NO_RULES,
    "at_least": _ONE,
    "points": _ONE,
    "count": _ONE,
    "credits": _ONE,
    "hours": _ONE,
    "worth": _ONE,
    "from": _ANY,
    "requires": _NO_RULE,
    "name": Scalar(_NOWHERE, "?"),
}


def _way_on(kind: str, site: _Site, mistake: _Mistake) -> dict[Loc, Edit]:
    """The edit that lets what is left be read as if the mistake had not been made."""
    if mistake.key:
        return {(*site.path, mistake.key): mistake.rename}
    if site.key:  # it is missing
        stand_in = _NO_RULES if site.key == "of" else _STAND_INS.get(site.key)
        return {(*site.path, site.key): stand_in} if stand_in else {site.path: None}
    key = site.path[-1]
    stand_in = _STAND_INS.get(kind) or _STAND_INS.get(str(key)) if isinstance(key, str) else None
    return {site.path: stand_in}


def filled(tree: Mapping, shown: str) -> tuple[Mapping, list[Problem]]:
    """Return a pathway file's tree without the keys that were left without a value.

    The models would take that for "not given", and the designer most likely did not mean it.
    """
    problems: list[Problem] = []
    edits: dict[Loc, Edit] = {}
    for path, place in _left_empty(tree, ()):
        key = str(path[-1])
        help_ = "say what is due, or leave the key out"
        stand_in = _STAND_INS.get(key)
        if path[:-1] == ("modules",):
            help_, stand_in = "write `{}` where there is nothing to say", _NO_KEYS
        message = f"`{key}` has no value"
        if glued := _GLUED.fullmatch(key):
            message, help_ = f"`{key}` is one word", f"write `{glued[1]}: {glued[2]}`"
        problems.append(Problem(shown, place.line, place.column, message, help=help_))
        edits[path] = stand_in
    return edited(tree, edits), problems


_GLUED = re.compile(r"([a-z_]+):(\S.*)")  # in braces, `count:4` is a key


def _left_empty(node: Node, path: Loc) -> Iterator[tuple[Loc, Place]]:
    if isinstance(node, Mapping):
        for key, value in node.values.items():
            if isinstance(value, Scalar) and value.value is None:
                if path[-2:] != ("expect", "classes"):  # an award may be expected to have no class
                    yield (*path, key), node.keys[key]
            else:
                yield from _left_empty(value, (*path, key))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _left_empty(item, (*path, index))


def _once(details: list[ErrorDetails], tree: Mapping) -> list[tuple[ErrorDetails, _Site]]:
    """Place each error, unknown keys first, and keep one for each mistake."""
    sites: dict[tuple[Loc, str], tuple[ErrorDetails, _Site]] = {}
    for detail in details:
        site = _site(detail, tree)
        sites.setdefault((site.path, site.key), (detail, site))
    inner = {path[:end] for path, key in sites for end in range(len(path) + bool(key))}
    kept = [pair for pair in sites.values() if not (pair[1].form and pair[1].path in inner)]
    return sorted(kept, key=lambda pair: pair[0]["type"] != "extra_forbidden")


def _site(detail: ErrorDetails, tree: Mapping) -> _Site:
    """Follow a place of the models through the tree; what it does not have is a model's name."""
    steps = detail["loc"]
    kind = detail["type"]
    named = {"extra_forbidden", "missing"}
    if steps[-1] == "[key]":
        steps, kind = steps[:-1], "[key]"
        named = {"[key]"}
    key = ""
    if kind in named:
        steps, key = steps[:-1], str(steps[-1])
    elif "ctx" in detail and "key" in detail["ctx"]:
        key = detail["ctx"]["key"]
    node: Node = tree
    path: list[str | int] = []
    form = False
    for step in steps:
        inner = node.child(step)
        if inner is not None:
            node = inner
            path.append(step)
            form = False
        elif isinstance(step, str) and not key and path and path[-1] in _FORMS:
            form = True
    return _Site(tuple(path), node, key, form)


def _written(node: Node) -> dict[str, Node]:
    return node.values if isinstance(node, Mapping) else {}


def _problem(shown: str, node: Node, mistake: _Mistake) -> Problem:
    place = node.place
    found = place.text
    if isinstance(node, Mapping) and mistake.key in node.keys:
        place = node.keys[mistake.key]
        found = ""  # the message has it
    if mistake.found is not None:
        found = mistake.found
    return Problem(shown, place.line, place.column, mistake.message, found, mistake.help)


# --- the models' keys ----------------------------------------------------------------------------


@cache
def keys_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the annotations of a model by key, as a designer writes the key."""
    model.model_rebuild()
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _model_at(model: type[BaseModel], steps: Loc) -> type[BaseModel]:
    """Return the model that reads what stands at a place of the models."""
    entry = False  # the next step is an entry's own name
    for step in steps:
        if entry:
            entry = False
        elif step in TAGGED:
            model = TAGGED[str(step)]
        elif isinstance(step, str) and step in keys_of(model):
            annotation = keys_of(model)[step]
            entry = get_origin(annotation) is dict
            inner = _models_in(annotation)
            model = inner[0] if inner else model
    return model


# --- what to say ---------------------------------------------------------------------------------


def _mistake(model: type[BaseModel], detail: ErrorDetails, site: _Site) -> _Mistake:
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(_model_at(model, detail["loc"][:-1]), site)
    if kind == "missing":
        return _missing_key(_model_at(model, detail["loc"][:-1]), site)
    if detail["loc"][-1] == "[key]":
        return _bad_id(detail["msg"], site.key, site.key)
    if kind == "rule":
        return _no_rule(site.node)
    if isinstance(site.node, Scalar) and site.node.value is None:
        return _Mistake("there is no value here", "say what is due, or leave the key out", found="")
    if site.form or kind == "overlap":
        return _Mistake(*_FORMS[str(site.path[-1])])
    if kind == "limit":
        return _limit(detail, site)
    if kind == "model_type":
        return _no_mapping(_model_at(model, detail["loc"]))
    return _plain(detail, site)


def _unknown_key(model: type[BaseModel], site: _Site) -> _Mistake:
    known = list(keys_of(model))
    if issubclass(model, RuleBase):
        known.extend(operator for operator in OPERATORS if operator not in known)
    close = get_close_matches(site.key, keys_of(model), n=1, cutoff=0.6)
    rename = close[0] if close and close[0] not in _written(site.node) else None
    return _Mistake(
        f"unknown key `{site.key}`",
        nearest(site.key, known),
        key=site.key,
        rename=rename,
        # What goes with an operator that was taken out is no mistake of its own.
        follows=bool(set(OPERATORS) & set(getattr(site.node, "lost", ()))),
    )


def _missing_key(model: type[BaseModel], site: _Site) -> _Mistake:
    operators = [operator for operator in OPERATORS if operator in _written(site.node)]
    if issubclass(model, RuleBase) and operators:
        owner, example = f"`{operators[0]}`", ""
    else:
        owner, example = _ENTRIES.get(model, ("this", ""))
    help_ = _ADD.get(site.key, f"write it as `{example}`" if example else f"add `{site.key}`")
    return _Mistake(f"{owner} needs `{site.key}`", help_, follows=True)


def _bad_id(message: str, text: str, key: str = "") -> _Mistake:
    """An id that is not one; `key` where it is the key of a mapping."""
    likely = re.sub(r"[^a-z0-9._/-]+", "-", text.lower()).lstrip("-._").rstrip("-")[:200]
    help_ = f"write `{likely}`" if likely and likely != text else "write one like `excel-1`"
    return _Mistake(message, help_, found=text, key=key, rename=likely or None if key else None)


def _no_rule(node: Node) -> _Mistake:
    """What stands where a rule is due, and has no operator or several."""
    if isinstance(node, Scalar):
        if node.value is None:
            return _Mistake(
                "a rule is due here", "write an id, or a mapping such as `{all: [...]}`"
            )
        return _Mistake(
            "a rule is due here: an id, or a mapping with an operator",
            f'quote it: `"{node.place.text}"`',
        )
    if not isinstance(node, Mapping):
        return _Mistake("a list is not a rule", "write `{all: [...]}` or `{any: [...]}`")
    written = [key for key in node.values if key in OPERATORS]
    if written:
        names = " and ".join(f"`{key}`" for key in written)
        return _Mistake(
            f"a rule has exactly one operator, and here are {names}",
            "put each in a rule of its own: `{all: [{...}, {...}]}`",
            key=written[1],
        )
    modifiers = keys_of(RuleBase)
    for key in node.values:
        close = get_close_matches(key, OPERATORS, n=1, cutoff=0.6)
        if key not in modifiers and close and key not in keys_of(Selector):
            return _Mistake(
                f"unknown key `{key}`, and no operator in this rule",
                f"did you mean `{close[0]}`?",
                key=key,
                rename=close[0],
            )
    selecting = [key for key in node.values if key in keys_of(Selector) and key not in modifiers]
    if selecting:
        help_ = (
            f"`{selecting[0]}` belongs in a selector: "
            f"`{{every: {{{selecting[0]}: ...}}}}` or `{{count: 1, from: {{{selecting[0]}: ...}}}}`"
        )
    else:
        help_ = "one of " + ", ".join(f"`{operator}`" for operator in OPERATORS)
    return _Mistake("there is no operator in this rule", help_, follows=True)


def _limit(detail: ErrorDetails, site: _Site) -> _Mistake:
    context = detail.get("ctx", {})
    if "key" in context:
        return _Mistake(detail["msg"], "leave one of the two out", key=context["key"])
    partner = context.get("partner", "")
    unknown = [key for key in _written(site.node) if key not in keys_of(document.Limit)]
    for key in get_close_matches(partner, unknown, n=1, cutoff=0.6) if partner else ():
        message, help_ = f"unknown key `{key}`", f"did you mean `{partner}`?"
        return _Mistake(message, help_, key=key, rename=partner)
    help_ = {
        "of": "add `of: any`, a list of ids, or a mapping such as `{groups: x}`",
        "over": "add `over: groups`, `level`, `source`, `module`, or a list of groups",
    }.get(partner, "such as `{at_most: 9, of: {level: 1}}`")
    return _Mistake(detail["msg"], help_, follows=True)


def _no_mapping(model: type[BaseModel]) -> _Mistake:
    if model is Selector:
        return _Mistake(*_SELECTOR)
    owner, example = _ENTRIES.get(model, ("this", "{key: value}"))
    return _Mistake(f"{owner} is a mapping", f"such as `{example}`")


#: What is due where something else stands, and an example of it.
_DUE = {
    "amount": ("a number is due here", "such as `10` or `3.5`"),
    "whole": ("a whole number is due here", "such as `2`"),
    "day": ("a date is due here", "such as `2026-03-01`"),
    "period": ("a period is due here", "such as `90 days`, `18 months`, `3 years` or `P1Y6M`"),
    "window": ("a window is due here", "such as `18 months` or `16 years of enrolment`"),
    "bounds": ("a number or comparison is due here", 'such as `6`, `">=5"`, `"<3"` or `3..5`'),
    "selector": _SELECTOR,
    "dict_type": ("a mapping is due here", "such as `{key: value}`"),
    "bool_type": ("`true` or `false` is due here", "without quotes"),
    "too_short": ("a text can not be empty", "say something, or leave the key out"),
    "string_pattern_mismatch": ("a word can not start with a space", "leave the space out"),
}

_NUMBER = re.compile(r"[-+]?[0-9.]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _plain(detail: ErrorDetails, site: _Site) -> _Mistake:
    """The mistakes of single values."""
    kind, message = detail["type"], detail["msg"]
    context = detail.get("ctx", {})
    node = site.node
    value = str(node.value) if isinstance(node, Scalar) else ""
    match kind:
        case "text":
            help_ = f'quote it: `"{node.place.text}"`' if value else "write one text"
            return _Mistake("a text is due here", help_)
        case "id":
            return _bad_id(message, value)
        case "amount" if "number is due" not in message:
            return _Mistake(message, "write a number from 0, with 6 decimal places at most")
        case "amount" if _NUMBER.fullmatch(value):
            return _Mistake("a number is due here, without quotes", f"write `{value}`")
        case "share":
            return _Mistake(message, "write `100%` or less")
        case "day" if _DATE.fullmatch(value):
            return _Mistake("there is no such day", "a date is `YEAR-MONTH-DAY`")
        case "amount_rule":
            return _Mistake(message, "add `average` or `sum`", key=site.key, follows=True)
        case "tuple_type":
            help_ = f"write `[{node.place.text}]`" if value else "write `[ID, ID]`"
            return _Mistake("a list is due here", help_)
        case "literal_error":
            allowed = re.findall(r"'([^']*)'", str(context.get("expected", "")))
            listing = ", ".join(f"`{word}`" for word in allowed)
            close = get_close_matches(value, allowed, n=1, cutoff=0.6)
            help_ = f"did you mean `{close[0]}`?" if close else f"write `{allowed[0]}`"
            return _Mistake(f"one of {listing} is due here", help_)
        case "too_long":
            longest = context.get("max_length")
            return _Mistake(f"a text of more than {longest} characters", "write a shorter one")
        case "greater_than_equal":
            return _Mistake(f"a number from {context.get('ge')} is due here", "write a larger one")
        case "less_than_equal":
            return _Mistake(
                f"a number up to {context.get('le')} is due here", "write a smaller one"
            )
        case _:
            return _Mistake(
                *_DUE.get(kind, ("this does not fit here", "see the language reference"))
            )
