"""What a pathway file is refused for, once its shape is right and its references are known.

Whatever contradicts itself, whatever nobody could earn, and whatever is met by nothing at all. The
rules themselves are judged in `vacuous`, and circles are found in `graph`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pathways.document import Credential, Document, Example, Module, Pathway, RuleBase
from pathways.graph import Need, cycles, soft_circles, unreachable
from pathways.places import Positions, Telling
from pathways.problems import Problem, nearest
from pathways.record import check_record
from pathways.sites import roots, rules
from pathways.tree import Loc, Mapping, Node
from pathways.vacuous import TOP_SCORE, Doubts, Judge

_FIGURES = frozenset({"credits", "hours", "level", "groups", "kind", "repeatable"})


def refusals(document: Document, positions: Positions, *, sound: bool = True) -> list[Problem]:
    """Return everything that the files of a document are refused for.

    What may only be the consequence of a mistake of shape, or of an unknown id, is left out; not
    `sound` says that there was one.
    """
    telling = Telling(positions)
    doubts = Doubts() if sound else _doubts(document, positions)
    for index, file in enumerate(document.files):
        judge = Judge(document, telling, index, doubts)
        _file(file, judge)
        for root in roots(file):
            judge.rule(root)
        _rule_ids(file, judge)
    _circles(document, telling, sound=sound)
    for index, example in enumerate(document.main.examples):
        _example(example, ("examples", index), document, telling)
    return telling.problems


def _doubts(document: Document, positions: Positions) -> Doubts:
    """What the mistakes that were told already leave open."""
    missing, scale = False, False
    keys: dict[str, frozenset[str]] = {}
    groups: set[str] = set()
    known = {*document.modules, *document.credentials}
    for index, file in enumerate(document.files):
        top = positions.text(index).tree
        missing |= bool({"modules", "credentials", "groups"} & set(top.lost))
        written = top.child("scale")
        scale |= "scale" in top.lost or (written is not None and written.damaged)
        for section, entries in (("modules", file.modules), ("credentials", file.credentials)):
            node = top.child(section)
            missing |= isinstance(node, Mapping) and bool(node.lost)
            for ref in entries if node is not None and node.damaged else ():
                keys[ref] = _lost_figures(positions.node(index, (section, ref)))
        node = top.child("groups")
        groups.update(node.lost if isinstance(node, Mapping) else ())
        for name, members in file.groups.items():
            if positions.damaged(index, ("groups", name)) or not known.issuperset(members):
                groups.add(name)
    return Doubts(missing, keys, frozenset(groups), scale)


def _lost_figures(entry: Node | None) -> frozenset[str]:
    """The figures of a module or credential that could not be read."""
    values, lost = (entry.values, entry.lost) if isinstance(entry, Mapping) else ({}, {})
    return _FIGURES & {*lost, *(key for key, value in values.items() if value.damaged)}


# --- one file ------------------------------------------------------------------------------------


def _file(file: Pathway, judge: Judge) -> None:
    _scale(file, judge)
    _pass_marks(file.defaults.pass_score, file.defaults.pass_grade, ("defaults",), judge)
    for name, members in file.groups.items():
        _once(members, ("groups", name), judge)
    _once(file.destination, ("destination",), judge)
    for ref, module in file.modules.items():
        _module(ref, module, judge)
    for ref, credential in file.credentials.items():
        _credential(ref, credential, judge)
    for index, entry in enumerate(file.exclusive):
        loc: Loc = ("exclusive", index, "credentials")
        _once(entry.credentials, loc, judge)
        if len(set(entry.credentials)) < 2:
            judge.refuse(loc, "two credentials or more are due here", "nothing excludes itself")


def _scale(file: Pathway, judge: Judge) -> None:
    above: str | None = None
    for grade, points in file.scale.items():
        if above is not None and points > file.scale[above]:
            message = f"`{grade}` is worth more than `{above}` above it"
            judge.refuse(
                ("scale", grade), message, "write the highest grade first", key=True, found=""
            )
        above = grade


def _pass_marks(score: object, grade: str | None, loc: Loc, judge: Judge) -> None:
    if score is not None and score > TOP_SCORE:  # type: ignore[operator]
        judge.refuse((*loc, "pass_score"), "no score is above 100", "ask for less")
    if grade is not None:
        judge.grade(grade, (*loc, "pass_grade"))


def _once(words: Sequence[str], loc: Loc, judge: Judge) -> None:
    for word, count in Counter(words).items():
        if count > 1:
            at = max(index for index, each in enumerate(words) if each == word)
            judge.refuse(
                (*loc, at), f"`{word}` stands twice in one list", "leave one out", found=""
            )


def _module(ref: str, module: Module, judge: Judge) -> None:
    loc: Loc = ("modules", ref)
    _pass_marks(module.pass_score, module.pass_grade, loc, judge)
    for key in ("groups", "equivalents", "barred"):
        _once(getattr(module, key), (*loc, key), judge)
    if ref in module.barred:
        at = module.barred.index(ref)
        judge.refuse((*loc, "barred", at), f"`{ref}` is barred to itself", "leave it out", found="")


_ELSEWHERE = "an external credential is awarded elsewhere"


def _credential(ref: str, credential: Credential, judge: Judge) -> None:
    loc: Loc = ("credentials", ref)
    _once(credential.groups, (*loc, "groups"), judge)
    if credential.external:
        for key in ("requires", "renewal", "classes"):
            if getattr(credential, key):
                judge.refuse(
                    (*loc, key),
                    f"{_ELSEWHERE}: it has no `{key}`",
                    _one_of(key),
                    key=True,
                    found="",
                )
        if credential.lasts == "while_met":
            judge.refuse((*loc, "lasts"), f"{_ELSEWHERE}: it has no rule to be met", "leave it out")
        if credential.award == "approval":
            judge.refuse((*loc, "award"), f"{_ELSEWHERE}: nobody approves it here", "leave it out")
    elif credential.requires is None:
        judge.refuse(
            loc,
            f"`{ref}` has neither `requires` nor `external`",
            "add `requires:` and a rule, or `external: true` if it is awarded elsewhere",
            key=True,
            found="",
        )
    if credential.lasts == "while_met":
        for key in ("valid_for", "renewal"):
            if getattr(credential, key) is not None:
                judge.refuse(
                    (*loc, key),
                    f"`lasts: while_met` does not go with `{key}`",
                    "it is held exactly as long as its rule is met",
                    key=True,
                    found="",
                )
        if credential.award == "approval":
            judge.refuse(
                (*loc, "award"),
                "`lasts: while_met` does not go with `award: approval`",
                "it is held exactly as long as its rule is met",
            )
    elif (
        credential.renewal is not None
        and credential.valid_for is None
        and not credential.external
        and not judge.lost(loc, "valid_for")
    ):
        message = "`renewal` without `valid_for`: the award never expires"
        judge.refuse((*loc, "renewal"), message, "add `valid_for:`", key=True, found="")
    _classes(credential, loc, judge)


def _one_of(key: str) -> str:
    return "keep one of the two" if key == "requires" else f"leave out `{key}`"


def _classes(credential: Credential, loc: Loc, judge: Judge) -> None:
    if judge.written_empty((*loc, "classes")):
        judge.refuse((*loc, "classes"), "an empty list of classes", "leave it out")
    names = [each.name for each in credential.classes]
    last = len(names) - 1
    for index, each in enumerate(credential.classes):
        at: Loc = (*loc, "classes", index)
        if each.name in names[:index]:
            message = f"two classes are called `{each.name}`"
            judge.refuse((*at, "name"), message, "call this one something else", found="")
        if each.requires is None and index != last:
            message = f"`{each.name}` has no `requires`, so no class below it is ever given"
            judge.refuse(at, message, "only the last class may go without", found="")


def _rule_ids(file: Pathway, judge: Judge) -> None:
    """Rule ids, and names under `rules:`, differ from each other within a file."""
    first: dict[str, Loc] = {name: ("rules", name) for name in file.rules}
    for site in rules(file):
        rule = site.rule
        if not isinstance(rule, RuleBase) or rule.id is None:
            continue
        loc = (*site.loc, "id")
        known = first.setdefault(rule.id, loc)
        if known not in (loc, site.loc):
            line, _ = judge.telling.positions.of_key(judge.index, known)
            judge.refuse(
                loc, f"two rules are called `{rule.id}`", f"the first is at line {line}", found=""
            )


# --- the whole document --------------------------------------------------------------------------


def _circles(document: Document, telling: Telling, *, sound: bool) -> None:
    for cycle in cycles(document):
        _circle(cycle, telling, "a cycle")
    if sound and not telling.problems and (soft := soft_circles(document)):
        beyond = {("credential", ref) for ref in unreachable(document)}
        for cycle in soft:
            if any(need.by in beyond for need in cycle):
                _circle(cycle, telling, "a cycle that nobody can begin")


def _circle(cycle: Sequence[Need], telling: Telling, what: str) -> None:
    way = " needs ".join(f"`{name}`" for _, name in (*(n.by for n in cycle), cycle[0].by))
    telling.tell(
        cycle[0].file, cycle[0].loc, f"{what}: {way}", "take one of these needs out", found=""
    )


# --- examples ------------------------------------------------------------------------------------

_EXCLUDED = ("not_awarded", "expired", "lapsed")


def _example(example: Example, loc: Loc, document: Document, telling: Telling) -> None:
    expect = example.expect
    at: Loc = (*loc, "expect")
    damaged = telling.positions.damaged(0, at)
    if not damaged and not any(getattr(expect, key) for key in type(expect).model_fields):
        telling.tell(0, at, "an example expects something", "such as `{awarded: [ID]}`")
    for key in _EXCLUDED:
        for index, ref in enumerate(getattr(expect, key)):
            if ref in expect.awarded:
                message = f"`{ref}` is expected to be both `awarded` and `{key}`"
                telling.tell(0, (*at, key, index), message, "keep one of the two", found="")
    for ref, name in expect.classes.items():
        credential = document.credentials.get(ref)
        names = [each.name for each in credential[0].classes] if credential else []
        if credential and name is not None and name not in names:
            help_ = nearest(name, names) or f"`{ref}` has no classes"
            telling.tell(0, (*at, "classes", ref), f"unknown class `{name}`", help_, found="")
    check_record(example, document, telling, 0, loc, on=example.on)
