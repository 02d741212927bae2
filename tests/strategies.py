"""Pathways, with records that suit them, that no one would think of.

A case is drawn as the plain data of a YAML file, so that it can be permuted, renamed and split
before it is read. Everything is small: a handful of modules, at most four credentials, dates
within three weeks, so that brute force can look at all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import yaml
from hypothesis import strategies as st

from pathways.document import Document, Record

Data = dict[str, Any]

START = date(2026, 1, 1)
SPAN = 20

#: What a case may contain beside plain rules, by theme.
THEMES: Mapping[str, frozenset[str]] = {
    "plain": frozenset(),
    "sharing": frozenset(
        {"distinct", "overlap", "through", "repeatable", "substituted", "equivalents", "barred"}
    ),
    "limits": frozenset({"limits", "partial", "repeatable"}),
    "averages": frozenset({"values", "averages", "over_all", "repeatable", "limits"}),
    "time": frozenset(
        {"dates", "expiry", "together", "renewal", "while_met", "revoked", "waived", "enrolled"}
    ),
    "exclusive": frozenset({"exclusive", "approval", "holds", "repeatable"}),
}
THEMES = {**THEMES, "all": frozenset().union(*THEMES.values(), {"attempts", "classes"})}

_NAMES = ("ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "ibis", "jay", "kea", "lynx")
_GROUPS = ("red", "green", "blue")
_SOURCES = ("course", "transfer", "exam")
_SCALE = {"A": 4, "B": 3, "C": 2, "F": 0}


@dataclass(frozen=True)
class Case:
    """A pathway and a record, as data, and the day on which they are looked at."""

    pathway: Data
    facts: Data
    on: date

    @cached_property
    def document(self) -> Document:
        return document_of(self.pathway)

    @cached_property
    def record(self) -> Record:
        return Record.model_validate(self.facts)

    def __repr__(self) -> str:
        return f"Case on {self.on}:\n{as_yaml(self.pathway)}\n{as_yaml(self.facts)}"


def document_of(pathway: Data, *used: Data) -> Document:
    """Read plain data as a linked document."""
    return Document.model_validate({"main": pathway, "used": used})


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(
    Decimal,
    lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:float", str(value)),
)


def as_yaml(data: Data) -> str:
    """Write plain data as a designer would."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def day(offset: int) -> date:
    """The day that lies so many days after the first."""
    return START + timedelta(days=offset)


# --- drawing -------------------------------------------------------------------------------------


@dataclass
class _Pen:
    """What is being written: draws, the features that may be used, and what was named so far."""

    draw: st.DrawFn
    features: frozenset[str]
    modules: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)  # those that are not empty
    lower: list[str] = field(default_factory=list)
    higher_tier: bool = False
    named: list[str] = field(default_factory=list)
    rule_ids: list[tuple[str, bool]] = field(default_factory=list)  # with: may an amount be waived

    def chance(self, percent: int, feature: str | None = None) -> bool:
        """Whether something is there; shrinking takes it away."""
        if feature is not None and feature not in self.features:
            return False
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def pick(self, options: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(options))

    def some(self, options: Sequence[Any], least: int, most: int) -> list[Any]:
        most = min(most, len(options))
        chosen = st.lists(
            st.sampled_from(range(len(options))),
            unique=True,
            min_size=min(least, most),
            max_size=most,
        )
        return [options[index] for index in self.draw(chosen)] if options else []

    def whole(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def day(self, low: int = 0, high: int = SPAN) -> date:
        return day(self.whole(low, high))

    def days(self, low: int, high: int) -> str:
        return f"{self.whole(low, high)} days"


def _amount(pen: _Pen) -> int | Decimal:
    amount: int | Decimal = pen.pick([1, 2, 3, Decimal("0.5"), Decimal("1.5"), 5])
    return amount


def _module(pen: _Pen, ref: str) -> Data:
    module: Data = {}
    if pen.chance(75):
        module["credits"] = "varies" if pen.chance(10) else _amount(pen)
    if pen.chance(50):
        module["level"] = pen.whole(4, 6)
    if pen.chance(50):
        module["hours"] = pen.whole(1, 4)
    if groups := pen.some(_GROUPS, pen.whole(0, 1), 2):
        module["groups"] = groups
    if pen.chance(15):
        module["pass_score"] = 50
    if pen.chance(10, "values"):
        module["pass_grade"] = "C"
    if pen.chance(25, "expiry"):
        module["valid_for"] = pen.days(1, 9)
    if pen.chance(30, "repeatable"):
        module["repeatable"] = pen.pick([2, 3, "unlimited"])
    if pen.chance(20, "equivalents"):
        module["equivalents"] = [f"old-{ref}"]
    return module


def _selector(pen: _Pen, *, credentials: bool = False) -> Any:
    """A selector of modules, or of credentials lower down."""
    if credentials and pen.lower and pen.chance(20):
        if pen.higher_tier and pen.chance(50):
            return pen.pick([{"kind": "badge"}, {"type": "credential", "groups": "stack"}])
        return pen.some(pen.lower, 1, 3)
    match pen.whole(0, 9):
        case 0 | 1:
            return "any"
        case 2 | 3 | 4:
            return {"groups": pen.pick([*_GROUPS, "team", list(_GROUPS[:2])])}
        case 5 | 6:
            return pen.some(pen.modules, 1, 4)
        case 7:
            return {pen.pick(["level", "credits"]): pen.pick([">=2", "<5", 5, "1..4"])}
        case 8:
            return {"any_of": [_selector(pen), _selector(pen)]}
        case _:
            return {"groups": pen.pick(_GROUPS), "except": _completion_selector(pen)}


def _completion_selector(pen: _Pen) -> Any:
    """A selector that may look at what only completions have."""
    options: list[Callable[[], Any]] = [
        lambda: {"source": pen.pick([*_SOURCES, ["transfer", "exam"]])},
        lambda: {"min_score": pen.pick([50, 70])},
        lambda: {"except": {"source": pen.pick(_SOURCES)}},
        lambda: {"groups": pen.pick(_GROUPS)},
        lambda: {"any_of": [{"level": ">=5"}, {"source": "exam"}]},
    ]
    if "values" in pen.features:
        options.append(lambda: {"min_grade": pen.pick(["A", "B", "C"])})
    if "dates" in pen.features:
        options.append(lambda: {"since": pen.days(2, 12)})
        options.append(lambda: {pen.pick(["after", "before"]): pen.day()})
    return pen.pick(options)()


def _limit(pen: _Pen, rule: Data, unit: str) -> Data:
    of: Any = _selector(pen) if pen.chance(50) else _completion_selector(pen)
    over: Any = pen.pick(["groups", "level", "source", "module", list(_GROUPS), ["red", "team"]])
    limit: Data
    match pen.whole(0, 4):
        case 0:
            limit = {"at_least": pen.pick([1, 2, "25%", "50%"]), "of": of}
        case 1:
            limit = {"at_most": pen.pick([0, 1, 2, 3, "50%"]), "of": of}
        case 2:
            limit = {"spread": pen.whole(1, 3), "over": over}
            if pen.chance(40):
                limit["each"] = pen.whole(1, 2)
        case 3:
            limit = {"at_most_each": pen.whole(1, 3), "over": over}
        case _:
            if unit == "count" or "partial" not in pen.features or "average" in rule:
                return {"at_most": pen.pick([1, 2]), "of": of}
            return {"at_most": pen.pick([1, 2, Decimal("0.5")]), "of": of, "partial": True}
    share = str(limit.get("at_least", limit.get("at_most", "")))
    if pen.chance(20) and not share.endswith("%"):
        limit["unit"] = pen.pick(["count", "credits", "hours"])
    return limit


def _amount_rule(pen: _Pen) -> Data:
    unit = pen.pick(["count", "count", "credits", "credits", "hours"])
    asked: Any = pen.pick([1, 2, 2, 3] if unit == "count" else [1, 2, 3, 4, Decimal("2.5")])
    rule: Data = {unit: asked, "from": _selector(pen, credentials=True)}
    if pen.chance(50, "averages"):
        if "values" in pen.features and pen.chance(50):
            rule["average" if pen.chance(70) else "sum"] = pen.pick([2, 3, Decimal("2.5"), 6])
        else:
            rule["average" if pen.chance(70) else "sum"] = pen.pick([55, 60, 75, 100])
            rule["of"] = "score"
        if pen.chance(30):
            rule["weighted_by"] = pen.pick(["credits", "none"])
        if pen.chance(20, "over_all"):
            rule["over"] = "all"
    if pen.chance(60, "limits"):
        limits = [_limit(pen, rule, unit) for _ in range(pen.whole(1, 2))]
        if any(limit.get("partial") for limit in limits):
            # A part of an item is a part of its amount: limits are in the rule's own unit then.
            for limit in limits:
                limit.pop("unit", None)
            limits = [lim for lim in limits if "spread" not in lim or "each" in lim]
        rule["limits"] = limits
    return rule


def _leaf(pen: _Pen) -> Data:
    match pen.whole(0, 11):
        case 0 | 1 | 2 | 3:
            rule: Data = {"module": pen.pick(pen.modules)}
            if pen.chance(10):
                rule["min_score"] = 60
            if pen.chance(10, "values"):
                rule["min_grade"] = pen.pick(["A", "B", "C"])
            if pen.chance(10):
                rule["from"] = _completion_selector(pen)
            return rule
        case 4 | 5 if pen.lower:
            rule = {"credential": pen.pick(pen.lower)}
            if pen.chance(20, "dates"):
                rule["held_for"] = pen.days(0, 5)
            if pen.chance(20, "expiry"):
                rule["even_if_expired"] = True
            return rule
        case 6 if pen.named:
            return {"rule": pen.pick(pen.named)}
        case 7:
            if pen.lower and pen.chance(20):
                return {"every": pen.some(pen.lower, 1, 2)}
            return {
                "every": pen.pick([{"groups": pen.pick(pen.groups)}, pen.some(pen.modules, 1, 2)])
            }
        case _:
            return _amount_rule(pen)


def _modified(pen: _Pen, rule: Data, *, children: int, id_: bool) -> Data:
    """The rule, with some of the modifiers that any rule may carry."""
    amount_waivable = any(unit in rule for unit in ("count", "credits", "hours"))
    if id_ and pen.chance(35, "waived"):
        rule["id"] = f"rule-{len(pen.rule_ids)}"
        pen.rule_ids.append((rule["id"], amount_waivable))
    if pen.chance(10):
        rule["only"] = _completion_selector(pen)
    if pen.chance(25, "dates"):
        match pen.whole(0, 5):
            case 0:
                rule["since"] = pen.days(2, 12)
            case 1:
                rule[pen.pick(["after", "before"])] = pen.day()
            case 2 | 3:
                rule["within"] = pen.days(0, 8)
            case _:
                rule["within"] = pen.days(3, 15) + " of enrolment"
    if pen.chance(20, "together"):
        rule["together"] = True
    if children > 1:
        if pen.chance(45, "distinct"):
            rule["distinct"] = "through" if pen.chance(30, "through") else True
        elif pen.chance(30, "overlap"):
            most = pen.whole(0, 2)
            rule["overlap"] = most if pen.chance(60) else {"credits": most}
    return rule


def _rule(pen: _Pen, size: int, *, id_: bool = True) -> Data:
    """A rule of at most so many nodes."""
    if size < 3 or pen.chance(15):
        return _modified(pen, _leaf(pen), children=0, id_=id_)
    count = pen.whole(2, min(3, size - 1))
    share = (size - 1) // count
    children = [_rule(pen, share, id_=id_) for _ in range(count)]
    rule: Data
    match pen.whole(0, 6):
        case 0 | 1 | 2:
            rule = {"all": children}
        case 3:
            rule = {"any": children}
        case 4:
            rule = {"at_least": pen.whole(1, count), "of": children}
        case 5:
            rule = {"in_order": children}
        case _:
            worths = [pen.whole(1, 4) for _ in children]
            rule = {
                "points": pen.whole(1, sum(worths)),
                "of": [
                    {"worth": worth, "rule": child} | ({"required": True} if pen.chance(25) else {})
                    for worth, child in zip(worths, children, strict=True)
                ],
            }
    return _modified(pen, rule, children=count, id_=id_)


def _credential(pen: _Pen, index: int, size: int) -> Data:
    pen.higher_tier = index >= 2
    credential: Data = {"kind": "degree" if index >= 2 else "badge"}
    if pen.chance(50):
        credential |= {"credits": pen.whole(1, 3), "level": pen.whole(4, 6)}
    if index < 2 and pen.chance(50):
        credential["groups"] = ["stack"]
    if index == 0 and pen.chance(15, "holds"):
        return {**credential, "external": True}
    credential["requires"] = _rule(pen, size)
    if pen.chance(15, "while_met"):
        credential["lasts"] = "while_met"
    elif pen.chance(60, "expiry"):
        credential["valid_for"] = pen.days(1, 9)
        credential["again"] = pen.pick(["fresh", "any", "never"])
        if pen.chance(70, "renewal"):
            easy = {"count": 1, "from": "any"}
            renewal: Data = {"requires": easy if pen.chance(60) else _rule(pen, 1, id_=False)}
            if pen.chance(50):
                renewal["opens"] = pen.days(0, 4)
            if pen.chance(50):
                renewal["grace"] = pen.pick(["unlimited", "2 days", "5 days"])
            credential["renewal"] = renewal
    elif pen.chance(40, "approval"):
        credential["award"] = "approval"
    if pen.chance(60, "revoked"):
        credential["on_lost_evidence"] = pen.pick(["review", "revoke", "keep"])
    if pen.chance(40, "classes"):
        credential["classes"] = [
            {"name": "gold", "requires": _rule(pen, 1, id_=False)},
            {"name": "silver"} if pen.chance(50) else {"name": "tin", "requires": _leaf(pen)},
        ]
    return credential


def _pathway(pen: _Pen, size: int) -> Data:
    names = pen.draw(st.permutations(_NAMES))
    count = pen.pick([2, 3, 4, 4, 5, 6])
    pen.modules = names[:count]
    data: Data = {"pathway": "p", "version": "1"}
    if "values" in pen.features:
        data["scale"] = dict(_SCALE)
    if pen.chance(40, "attempts"):
        data["attempts"] = pen.pick(["first", "latest"])
    if pen.chance(10):
        data["defaults"] = {"pass_score": 45}
    data["groups"] = {"team": pen.some(pen.modules, 1, 3)}
    data["modules"] = {ref: _module(pen, ref) for ref in pen.modules}
    used = {group for module in data["modules"].values() for group in module.get("groups", ())}
    pen.groups = ["team", *sorted(used)]
    if pen.chance(50, "barred") and count > 1:
        one, other = pen.some(pen.modules, 2, 2)
        data["modules"][one]["barred"] = [other]
    if pen.chance(30):
        data["rules"] = {"habit": _modified(pen, _leaf(pen), children=0, id_=True)}
        pen.named = ["habit"]
        pen.rule_ids.append(("habit", any(u in data["rules"]["habit"] for u in _UNITS)))
    credentials: Data = {}
    for index, ref in enumerate(names[count : count + pen.whole(1, 4)]):
        credentials[ref] = _credential(pen, index, size)
        pen.lower.append(ref)
    data["credentials"] = {ref: credentials[ref] for ref in pen.draw(st.permutations(pen.lower))}
    sharing = [ref for ref in pen.lower if credentials[ref].get("lasts") is None]
    if "exclusive" in pen.features and len(sharing) > 1:
        members = pen.some(sharing, 2, 3)
        data["exclusive"] = [{"credentials": members, "share": pen.pick([0, 0, 1])}]
    return data


_UNITS = ("count", "credits", "hours")


def _completion(pen: _Pen, data: Data, ids: set[str]) -> Data:
    ref = pen.pick(pen.modules)
    module = data["modules"][ref]
    if "equivalents" in module and pen.chance(40):
        ref = f"old-{ref}"
    completed: Data = {"module": ref, "on": pen.day() if pen.chance(25) else pen.day(0, 9)}
    if pen.chance(60):
        completed["score"] = pen.pick([40, 50, 60, 75, 90])
    if pen.chance(70, "values"):
        completed["grade"] = pen.pick(list(_SCALE))
    if module.get("credits") == "varies" or pen.chance(8):
        completed["credits"] = _amount(pen)
    if pen.chance(5):
        completed["level"] = pen.whole(4, 6)
    if pen.chance(10):
        completed["groups"] = [pen.pick(_GROUPS)]
    if pen.chance(35):
        completed["source"] = pen.pick(_SOURCES)
    if pen.chance(5, "expiry"):
        completed["expires"] = "never" if pen.chance(50) else pen.day()
    if pen.chance(20, "revoked"):
        completed["revoked"] = max(pen.day(), completed["on"])
    name = f"{ref}@{completed['on']}"
    if name in ids or pen.chance(10):
        name = f"{ref}-{len(ids)}"
        completed["id"] = name
    ids.add(name)
    return completed


def _facts(pen: _Pen, data: Data) -> Data:
    ids: set[str] = set()
    count = pen.pick([0, 2, 4, 5, 6, 6, 7, 7, 7])
    completed = [_completion(pen, data, ids) for _ in range(count)]
    facts: Data = {"completed": completed}
    if pen.chance(30, "enrolled"):
        facts["enrolled"] = pen.day(0, 8)
    if pen.chance(40):
        facts["in_progress"] = [
            {"module": ref} | ({"credits": 2} if pen.chance(30) else {})
            for ref in pen.some(pen.modules, 1, 2)
        ]
    holds = []
    for ref, credential in data["credentials"].items():
        likely = 80 if credential.get("external") else 8 if "holds" in pen.features else 0
        if credential.get("lasts") is None and pen.chance(likely):
            holds.append(_hold(pen, ref, completed))
    if holds:
        facts["holds"] = holds
    approvable = [ref for ref, c in data["credentials"].items() if not c.get("external")]
    if "approval" in pen.features and (approved := pen.some(approvable, 0, len(approvable))):
        facts["approved"] = approved
    if pen.rule_ids and pen.chance(60):
        facts["waived"] = [
            {"rule": rule, "on": pen.day(), "id": f"waiver-{index}"}
            | ({"amount": pen.pick([1, 2])} if waivable and pen.chance(70) else {})
            for index, (rule, waivable) in enumerate(pen.some(pen.rule_ids, 1, 2))
        ]
    if pen.chance(50, "substituted"):
        pairs = [(one, other) for one in pen.modules for other in pen.modules if one != other]
        if pairs:
            one, other = pen.pick(pairs)
            facts["substituted"] = [{"module": one, "counts_as": other, "on": pen.day()}]
    return facts


def _hold(pen: _Pen, ref: str, completed: Sequence[Data]) -> Data:
    held: Data = {"credential": ref, "on": pen.day()}
    if pen.chance(30, "expiry"):
        held["expires"] = pen.day()
    earlier = [done for done in completed if done["on"] <= held["on"]]
    if earlier and pen.chance(50):
        used = pen.some(earlier, 1, 2)
        held["used"] = [c.get("id", f"{c['module']}@{c['on']}") for c in used]
    return held


@st.composite
def cases(draw: st.DrawFn, features: Collection[str] = (), size: int = 6) -> Case:
    """A pathway and a record that suits it; `features` are words of `THEMES`."""
    pen = _Pen(draw, frozenset(features))
    pathway = _pathway(pen, pen.pick([1, 3, 3, 4, 5, size]))
    facts = _facts(pen, pathway)
    return Case(pathway, facts, pen.day(SPAN // 2, SPAN))


def documents(features: Collection[str] = (), size: int = 6) -> st.SearchStrategy[Document]:
    """A linked document."""
    return cases(features, size).map(lambda case: case.document)


def theme(name: str) -> st.SearchStrategy[Case]:
    """Cases of one theme."""
    return cases(THEMES[name])


@st.composite
def one_more(draw: st.DrawFn, case: Case, features: Collection[str] = ()) -> Case:
    """The same case with one more completion on record."""
    pen = _Pen(draw, frozenset(features), modules=list(case.pathway["modules"]))
    ids = {c.get("id", f"{c['module']}@{c['on']}") for c in case.facts["completed"]}
    completed = [*case.facts["completed"], _completion(pen, case.pathway, ids)]
    return Case(case.pathway, {**case.facts, "completed": completed}, case.on)


# --- the same case, told differently -------------------------------------------------------------

_LISTS = ("all", "any", "of", "any_of", "limits", "ids", "groups", "completed", "exclusive")


def walk(data: Any) -> Iterator[Data]:
    """Every mapping in plain data, from the outside in."""
    if isinstance(data, dict):
        yield data
        for value in data.values():
            yield from walk(value)
    elif isinstance(data, list):
        for value in data:
            yield from walk(value)


def rebuilt(data: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """The same data, each value changed by a function of its key and itself, inside out."""
    if isinstance(data, dict):
        inside: Any = {name: rebuilt(value, change, name) for name, value in data.items()}
    elif isinstance(data, list):
        inside = [rebuilt(value, change, key) for value in data]
    else:
        inside = data
    return change(key, inside)


@st.composite
def permuted(draw: st.DrawFn, case: Case) -> Case:
    """The same case, with every list whose order means nothing in another order."""

    def change(key: str, value: Any) -> Any:
        if isinstance(value, list) and key in (*_LISTS, "from"):
            return draw(st.permutations(value))
        if isinstance(value, dict) and key in ("modules", "credentials"):
            return {name: value[name] for name in draw(st.permutations(list(value)))}
        return value

    return Case(rebuilt(case.pathway, change), rebuilt(case.facts, change), case.on)


def renamed(case: Case, prefix: str) -> Case:
    """The same case, with a prefix on every id, so that ids keep their order."""
    names = {*case.pathway["modules"], *case.pathway["credentials"]}
    names |= {f"old-{name}" for name in case.pathway["modules"]}
    names |= {item["id"] for item in case.facts["completed"] if "id" in item}

    def rename(word: str) -> str:
        head, at, tail = word.partition("@")
        return prefix + head + at + tail if head in names else word

    def change(key: str, value: Any) -> Any:
        if isinstance(value, str) and key not in ("kind", "source", "name"):
            return rename(value)
        if isinstance(value, dict):
            return {rename(name): inside for name, inside in value.items()}
        return value

    return Case(rebuilt(case.pathway, change), rebuilt(case.facts, change), case.on)
