"""The trusted kernel: is this witness legal?

A witness says how each part of a rule is met, and by which evidence. Finding one may be hard;
this module only follows it through the rule, and objects to what does not hold. It searches for
nothing, and shares no code with the engines whose answers it judges.

That it is *legal* is all that is judged. Whether a witness is the canonical one, and its day the
first; whether a better class was due; whether an approval was given, or a renewal was open: those
are questions about other witnesses and other facts.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import combinations, count
from typing import Any

from pathways.document import (
    AmountRule,
    AnyRule,
    AtLeastRule,
    Completed,
    Credential,
    CredentialRule,
    Document,
    EveryRule,
    Held,
    IdRule,
    InOrderRule,
    Limit,
    Module,
    ModuleRule,
    NamedRule,
    OverlapCredits,
    Pathway,
    PointsRule,
    Record,
    Renewed,
    Rule,
    RuleBase,
    Selector,
    Waived,
    plain,
)
from pathways.periods import day_after, shift


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason why a witness does not justify an award: where in the rule, and plain words."""

    path: str
    message: str

    def __str__(self) -> str:
        """Write the place, then the reason."""
        return f"{self.path}: {self.message}"


def check(
    document: Document,
    record: Record,
    credential: str,
    witness: object,
    *,
    rule: str = "requires",
    after: date | None = None,
) -> tuple[Objection, ...]:
    """Judge whether a witness justifies an award; no objections: it does.

    `record` holds facts that all have their dates: completions, waivers, substitutions, and in
    `holds` every other award, with the items that its own witness used. `witness` is the JSON
    form of a witness; whatever is wrong with it is an objection, never an error. `rule` is
    `requires`, `renewal.requires` or `classes[NAME].requires`. Where evidence must be fresh,
    `after` is the day that it must be later than.
    """
    try:
        day, items, use = _read_witness(witness)
        demand, file = _demand(document, credential, rule)
        hearing = _Hearing(_Facts(document, record, file, credential, day), after)
    except _Refused as refused:
        return (Objection(rule, str(refused)),)
    finding = hearing.judge(demand, use, _Place(rule))
    used = {face.item for face in finding.faces} | finding.waivers
    if items != tuple(item.id for item in sorted(used)):
        hearing.object_to(rule, "the items listed are not those that are used, in their order")
    if record.enrolled is not None and day < record.enrolled and rule != "renewal.requires":
        hearing.object_to(rule, f"{day} is before the enrolment on {record.enrolled}")
    hearing.barred(finding, rule)
    if rule == "requires":
        hearing.exclusive(finding, rule)
    return tuple(hearing.objections)


def _demand(document: Document, credential: str, path: str) -> tuple[Rule, Pathway]:
    if credential not in document.credentials:
        raise _Refused(f"there is no credential `{credential}`")
    model, file = document.credentials[credential]
    rules = {f"classes[{entry.name}].requires": entry.requires for entry in model.classes}
    rules["requires"] = model.requires
    rules["renewal.requires"] = model.renewal.requires if model.renewal else None
    if (rule := rules.get(path)) is None:
        raise _Refused(f"`{credential}` has no such rule")
    return rule, file


# --- reading a witness ---------------------------------------------------------------------------


class _Refused(Exception):
    """Something is not in a form in which it can be judged."""


@dataclass(frozen=True, slots=True)
class _Use:
    """How one rule is said to be met; each part is read when the rule turns out to have it."""

    path: object
    items: tuple[str, ...]
    served: Mapping[str, object]
    amounts: Mapping[str, Fraction]
    waived: tuple[str, ...]
    parts: Mapping[str, object]


_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,40}|/[1-9][0-9]{0,11})?")


def _read_witness(value: object) -> tuple[date, tuple[str, ...], object]:
    entry = _mapping(value, {"on", "items", "use"})
    try:
        day = date.fromisoformat(str(entry.get("on")))
    except ValueError:
        raise _Refused("`on` is not a date such as 2026-03-01") from None
    return day, _ids(entry, "items"), entry.get("use")


def _read_use(value: object) -> _Use:
    entry = _mapping(value, {"path", "items", "as", "amounts", "waived", "parts"})
    amounts = _mapping(entry.get("amounts", {}))
    for amount in amounts.values():
        if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount):
            raise _Refused("`amounts` has what is not an amount such as `2.5` or `5/3`")
    return _Use(
        path=entry.get("path"),
        items=_ids(entry, "items"),
        served=_mapping(entry.get("as", {})),
        amounts={item: Fraction(str(amount)) for item, amount in amounts.items()},
        waived=_ids(entry, "waived"),
        parts=_mapping(entry.get("parts", {})),
    )


def _mapping(value: object, keys: Set[str] | None = None) -> Mapping[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _Refused("a part of the witness is not a mapping as it should be")
    if keys is not None and not value.keys() <= keys:
        raise _Refused(f"the witness has an unknown key `{min(value.keys() - keys)}`")
    return value


def _ids(entry: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = entry.get(key, ())
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise _Refused(f"`{key}` is not a list of ids")
    if len(set(value)) < len(value):
        raise _Refused(f"`{key}` names something twice")
    return tuple(value)


# --- evidence ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class _Item:
    """A completion, award or waiver; the canonical order is by date, what it is of, and id."""

    on: date
    ref: str
    id: str
    fact: Completed | Held | Waived | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class _Face:
    """An item as it serves: a completion as one of its modules, an award as its credential.

    `model` describes what it serves as; `fact` states what differs from that.
    """

    item: _Item
    kind: str
    serves: str
    model: Module | Credential = field(compare=False)
    fact: Completed | Held = field(compare=False)
    groups: frozenset[str] = field(compare=False)
    passes: bool = field(default=True, compare=False)

    def said(self, key: str) -> Any:
        """Return what the fact states; an award states no score, grade, level or source."""
        return getattr(self.fact, key, None)

    @property
    def level(self) -> Decimal | None:
        stated: Decimal | None = self.said("level")
        return self.model.level if stated is None else stated

    def amount(self, unit: str) -> Decimal:
        """Return its credits or hours, or 1 where items are counted."""
        if unit == "count":
            return Decimal(1)
        stated, usual = self.said(unit), getattr(self.model, unit)
        return Decimal(0 if usual == "varies" else usual) if stated is None else Decimal(stated)

    @property
    def renewals(self) -> list[Renewed]:
        return sorted(self.said("renewed") or (), key=lambda renewal: renewal.on)

    def last_day(self, known: date) -> date:
        """Return the last day of its validity, as far as renewals up to a day have moved it."""
        last = self._until(self.item.on, self.fact.expires)
        for renewal in self.renewals:
            if renewal.on <= known:
                # A new period runs from the old expiry; in the grace after it, from the renewal.
                last = self._until(max(last, renewal.on), renewal.expires)
        return last

    def _until(self, start: date, stated: date | str | None) -> date:
        if isinstance(stated, date):
            return stated
        period = self.model.valid_for
        return date.max if stated == "never" or period is None else shift(start, period)

    def turns(self) -> list[date]:
        """Return the days on which it begins to be usable, or has just ceased to be."""
        begins = [self.item.on, *(renewal.on for renewal in self.renewals)]
        return begins + [day_after(self.last_day(day)) for day in begins]


#: What states nothing of its own: a completion or an award that is just what its model says.
_PLAIN = Completed(module="plain")
_HELD = Held(credential="plain", on=date.min)


class _Facts:
    """What a record says on the day of a verdict, in the words of the file of the rule."""

    def __init__(
        self, document: Document, record: Record, file: Pathway, credential: str, day: date
    ) -> None:
        self.document, self.record, self.file = document, record, file
        self.credential, self.day = credential, day
        self.items: dict[str, _Item] = {}
        for done in record.completed:
            self._add(done, done.on, done.module, f"{done.module}@{done.on}")
        for held in record.holds:
            self._add(held, held.on, held.credential, f"{held.credential}@{held.on}")
        for waived in record.waived:
            self._add(waived, waived.on, waived.rule, f"waiver:{waived.rule}")
        if undated := [swap.module for swap in record.substituted if swap.on is None]:
            raise _Refused(f"`{undated[0]}` has no date in the record")
        self.retired: dict[str, list[str]] = {}
        for ref, (module, _) in document.modules.items():
            for code in module.equivalents:
                self.retired.setdefault(code, []).append(ref)

    def _add(self, fact: Completed | Held | Waived, on: date | None, ref: str, usual: str) -> None:
        item_id = fact.id or usual
        if on is None:
            raise _Refused(f"`{ref}` has no date in the record")
        if item_id in self.items:
            raise _Refused(f"two items of the record are called `{item_id}`")
        self.items[item_id] = _Item(on, ref, item_id, fact)

    # what an item may serve as

    def faces(self, item: _Item) -> dict[str, _Face]:
        """Return every way in which an item may serve on the day, usable or not."""
        modules, fact = self.document.modules, item.fact
        if isinstance(fact, Held) and item.ref in self.document.credentials:
            return {item.ref: self.award(item, fact)}
        if not isinstance(fact, Completed):
            return {}
        own = [item.ref, *self.retired.get(item.ref, ())]
        faces = {ref: self.completion(item, fact, ref) for ref in own if ref in modules}
        for swap in self.record.substituted:
            ref = swap.counts_as
            in_force = swap.on is not None and swap.on <= self.day
            if swap.module in own and in_force and ref in modules and ref not in faces:
                # A substitute has the level, amounts and validity of what it counts as.
                bare = dict.fromkeys(("level", "expires", *_fixed(modules[ref][0])))
                faces[ref] = self.completion(item, fact.model_copy(update=bare), ref)
        return faces

    def completion(self, item: _Item, done: Completed, ref: str) -> _Face:
        """Return a completion as it serves as a module."""
        module, file = self.document.modules[ref]
        groups = frozenset((*module.groups, *done.groups, *self._named_groups(ref)))
        usual = file.defaults
        score = usual.pass_score if module.pass_score is None else module.pass_score
        grade = usual.pass_grade if module.pass_grade is None else module.pass_grade
        passes = (score is None or done.score is None or done.score >= score) and (
            grade is None or done.grade is None or _not_below(done.grade, grade, file)
        )
        return _Face(item, "module", ref, module, done, groups, passes)

    def award(self, item: _Item, held: Held) -> _Face:
        """Return an award as what it is."""
        model, _ = self.document.credentials[item.ref]
        groups = frozenset((*model.groups, *self._named_groups(item.ref)))
        return _Face(item, "credential", item.ref, model, held, groups)

    def _named_groups(self, ref: str) -> list[str]:
        return [name for name, refs in self.file.groups.items() if ref in refs]

    @cached_property
    def all_faces(self) -> tuple[_Face, ...]:
        """Every way in which anything on record may serve."""
        return tuple(face for item in self.items.values() for face in self.faces(item).values())

    def times(self, ref: str) -> int:
        """Return how often a module may count; an award counts once."""
        known = self.document.modules.get(ref)
        times = known[0].repeatable if known else 1
        return sys.maxsize if times == "unlimited" else times

    def really(self, item: _Item) -> str:
        """Return what was really completed: a retired code is the module that it was."""
        retired = item.ref not in self.document.modules and item.ref in self.retired
        return self.retired[item.ref][0] if retired else item.ref

    # whether it is usable

    def unusable(self, face: _Face, day: date, *, expired_too: bool = False) -> str:
        """Say why a face is not usable on a day, or nothing."""
        revoked = face.fact.revoked
        if face.item.on > day:
            return f"is dated after {day}"
        if revoked is not None and revoked <= self.day:
            return f"was revoked on {revoked}"
        if not face.passes:
            return "does not pass"
        if not expired_too and face.last_day(day) < day:
            return f"had expired by {day}"
        return ""

    def superseded(self, face: _Face, day: date) -> str:
        """Say which other attempt serves instead of one that is usable on a day, or nothing."""
        if self.file.attempts == "any" or face.kind != "module" or self.times(face.serves) > 1:
            return ""
        attempts = [
            other.item
            for other in self.all_faces
            if (other.kind, other.serves) == ("module", face.serves)
            and not self.unusable(other, day)
        ]
        chosen = min(attempts) if self.file.attempts == "first" else max(attempts)
        return "" if chosen == face.item else f"gives way to another attempt, `{chosen.id}`"

    # what it is like

    def about(self, selector: Selector, inherited: Set[str] = frozenset()) -> Set[str]:
        """Return the kinds of item that a selector is about; none: each of its branches says."""
        if selector.type is not None:
            return {selector.type}
        if selector.kind is not None:
            return {"credential"}
        if selector.ids is not None:
            credentials = self.document.credentials
            return {"credential" if ref in credentials else "module" for ref in selector.ids}
        return inherited or ({"module"} if selector.any_of is None else set())

    def matches(self, selector: Selector, face: _Face, inherited: Set[str] = frozenset()) -> bool:
        """Tell whether a face matches; `inherited` is what the selector around is about."""
        about, on = self.about(selector, inherited), face.item.on
        return (
            face.kind in (about or {face.kind})
            and (face.kind, face.serves) != ("credential", self.credential)
            and (selector.groups is None or not face.groups.isdisjoint(selector.groups))
            and (selector.level is None or selector.level.holds(face.level))
            and (selector.credits is None or selector.credits.holds(face.amount("credits")))
            and (selector.hours is None or selector.hours.holds(face.amount("hours")))
            and (selector.kind is None or getattr(face.model, "kind", None) in selector.kind)
            and (selector.source is None or face.said("source") in selector.source)
            and self.reaches(face, selector.min_score, selector.min_grade)
            and (selector.since is None or shift(on, selector.since) >= self.day)
            and (selector.after is None or on >= selector.after)
            and (selector.before is None or on <= selector.before)
            and (selector.ids is None or face.serves in selector.ids)
            and (
                selector.any_of is None
                or any(self.matches(branch, face, about) for branch in selector.any_of)
            )
            and (
                selector.except_ is None
                or not self.matches(selector.except_, face, about or {face.kind})
            )
        )

    def reaches(self, face: _Face, min_score: Decimal | None, min_grade: str | None) -> bool:
        """Tell whether a face has the score and the grade that are asked for."""
        score, grade = face.said("score"), face.said("grade")
        return (min_score is None or (score is not None and score >= min_score)) and (
            min_grade is None or _not_below(grade, min_grade, self.file)
        )

    def every(self, selector: Selector) -> list[str]:
        """Return what the catalogue has that matches, by id, before anything is completed."""
        modules, credentials = self.document.modules, self.document.credentials
        found = [self.completion(_Item(self.day, ref, ref), _PLAIN, ref) for ref in modules]
        found += [self.award(_Item(self.day, ref, ref), _HELD) for ref in credentials]
        # An amount that varies is not known yet, and so it is none that is asked for.
        asked = {unit for unit in ("credits", "hours") if getattr(selector, unit) is not None}
        return sorted(
            face.serves
            for face in found
            if asked <= _fixed(face.model) and self.matches(selector, face)
        )


def _fixed(model: Module | Credential) -> set[str]:
    """Return the units in which a module or credential always has the same amount."""
    return {unit for unit in ("credits", "hours") if getattr(model, unit) != "varies"}


def _not_below(grade: str | None, least: str, file: Pathway) -> bool:
    """Compare two grades by their place in a file's scale, which has the highest first."""
    places = list(file.scale)
    return grade in places and least in places and places.index(grade) <= places.index(least)


# --- the hearing ---------------------------------------------------------------------------------

#: A rule that looks at evidence itself.
_Leaf = ModuleRule | CredentialRule | AmountRule

#: Faces that are one item where items are compared.
_Same = frozenset[_Face]


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a rule was seen to use.

    `apart` says that its parts may share nothing, `every` that it takes every attempt, and so
    does not count them as items of their own.
    """

    faces: frozenset[_Face] = frozenset()
    waivers: frozenset[_Item] = frozenset()
    parts: tuple[_Finding, ...] = ()
    apart: bool = False
    every: bool = False

    def separate(self, attempts: Iterable[_Same], worth: Callable[[_Same], Fraction]) -> Fraction:
        """Add up those attempts at a repeatable module that can not be one and the same item.

        What one selection counts can not be, nor what is used by parts that may share nothing.
        """
        if not self.parts:
            own = [worth(one) for one in attempts if one & self.faces]
            return max(own, default=Fraction(0)) if self.every else _total(own)
        amounts = [part.separate(attempts, worth) for part in self.parts]
        return _total(amounts) if self.apart else max(amounts)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a hearing is: the path, the rules around, the day that `together` sets, the waivers."""

    path: str
    inside: tuple[RuleBase, ...] = ()
    together: date | None = None
    waivers: Mapping[str, Waived] = field(default_factory=dict)


class _Hearing:
    """One witness before the kernel; it collects objections."""

    def __init__(self, facts: _Facts, after: date | None) -> None:
        self.facts, self.file, self.day, self.after = facts, facts.file, facts.day, after
        self.objections: list[Objection] = []

    def object_to(self, path: str, message: str) -> None:
        """Say what does not hold."""
        self.objections.append(Objection(path, message))

    # --- any rule --------------------------------------------------------------------------------

    def judge(self, rule: Rule, claim: object, at: _Place, name: str = "") -> _Finding:
        """Follow the use of one rule, and of all inside it; `name` is its key in `rules`."""
        try:
            use = _read_use(claim)
            if isinstance(rule, IdRule):
                raise _Refused(f"nothing says what `{rule.ref}` is")
            if use.path != at.path:
                raise _Refused("the use that stands here is of another rule")
        except _Refused as refused:
            self.object_to(at.path, str(refused))
            return _Finding()
        waivers = self._waivers(rule, name)
        if full := {key for key, waived in waivers.items() if waived.amount is None}:
            more = use.items or use.served or use.amounts or use.parts
            if more or len(use.waived) != 1 or not full.issuperset(use.waived):
                self.object_to(at.path, "a waived rule is met by its waiver, and by nothing else")
            return _Finding(waivers=self._items(full.intersection(use.waived)))
        at = replace(at, inside=(*at.inside, rule), waivers=waivers)
        if rule.together and at.together is None:
            return self._together(rule, use, at)
        return self._met(rule, use, at)

    def _waivers(self, rule: RuleBase, name: str) -> dict[str, Waived]:
        """Return the waivers of a rule that are in force on the day."""
        main = self.file is self.facts.document.main
        unit = "" if main else f"{self.file.pathway or self.file.catalogue}/"
        names = {unit + word for word in (rule.id, name) if word}
        return {
            item.id: item.fact
            for item in self.facts.items.values()
            if isinstance(item.fact, Waived) and item.ref in names and item.on <= self.day
        }

    def _items(self, ids: Iterable[str]) -> frozenset[_Item]:
        return frozenset(self.facts.items[item_id] for item_id in ids)

    def _together(self, rule: RuleBase, use: _Use, at: _Place) -> _Finding:
        """Judge by some day on which all was usable: the day itself, or one before it."""
        finding, objections = self._on(self.day, rule, use, at)
        begins = max((face.item.on for face in finding.faces), default=self.day)
        turns = {day for face in self.facts.all_faces for day in face.turns()}
        for day in sorted(day for day in turns if begins <= day < self.day):
            if not objections:
                break
            other, fewer = self._on(day, rule, use, at)
            if len(fewer) < len(objections):
                finding, objections = other, fewer
        self.objections += objections
        return finding

    def _on(
        self, day: date, rule: RuleBase, use: _Use, at: _Place
    ) -> tuple[_Finding, list[Objection]]:
        hearing = _Hearing(self.facts, self.after)
        return hearing._met(rule, use, replace(at, together=day)), hearing.objections

    def _met(self, rule: RuleBase, use: _Use, at: _Place) -> _Finding:
        if isinstance(rule, ModuleRule | CredentialRule | AmountRule):
            finding = self._leaf(rule, use, at)
        else:
            finding = self._inner(rule, use, at)
        dates = [face.item.on for face in finding.faces]
        if rule.within and dates:
            first = self.facts.record.enrolled if rule.within.of_enrolment else min(dates)
            if first is not None and shift(first, rule.within.period) < max(dates):
                self.object_to(
                    at.path, f"{max(dates)} is not within {rule.within.period} of {first}"
                )
        if rule.distinct or rule.overlap is not None:
            self._sharing(rule, finding.parts, at)
        return finding

    # --- rules with parts ------------------------------------------------------------------------

    def _inner(self, rule: RuleBase, use: _Use, at: _Place) -> _Finding:
        children = self._children(rule, at.path)
        chosen = {
            place: self.judge(child, use.parts[str(place)], replace(at, path=path), name)
            for place, (path, child, name) in enumerate(children)
            if str(place) in use.parts
        }
        parts = tuple(chosen.values())
        if use.items or use.served or use.amounts or use.waived:
            self.object_to(at.path, "this rule is met by its parts, and is not waived")
        if len(chosen) < len(use.parts):
            self.object_to(at.path, "this rule has no such part")
        if not _enough(rule, chosen.keys(), len(children)):
            self.object_to(at.path, "too few of its parts are met")
        if isinstance(rule, InOrderRule):
            dates = [[face.item.on for face in part.faces] for part in parts if part.faces]
            if any(max(early) > min(late) for early, late in combinations(dates, 2)):
                self.object_to(at.path, "evidence of a part predates that of an earlier one")
        return _Finding(
            faces=frozenset[_Face]().union(*(part.faces for part in parts)),
            waivers=frozenset[_Item]().union(*(part.waivers for part in parts)),
            parts=parts,
            apart=bool(rule.distinct) or rule.overlap == 0,
        )

    def _children(self, rule: RuleBase, path: str) -> list[tuple[str, Rule, str]]:
        """Return the path, the rule and the name of each part that a rule may have."""
        if isinstance(rule, NamedRule):
            return [(f"{path}.rule", self.file.rules[rule.rule], rule.rule)]
        if isinstance(rule, EveryRule):
            found = self.facts.every(rule.every)
            return [(f"{path}.every[{ref}]", self._of_catalogue(ref), "") for ref in found]
        key = "of" if isinstance(rule, AtLeastRule | PointsRule) else rule.operator
        return [(f"{path}.{key}[{i}]", child, "") for i, child in enumerate(rule.children)]

    def _of_catalogue(self, ref: str) -> Rule:
        known = ref in self.facts.document.modules
        return ModuleRule(module=ref) if known else CredentialRule(credential=ref)

    # --- leaves ----------------------------------------------------------------------------------

    def _leaf(self, rule: _Leaf, use: _Use, at: _Place) -> _Finding:
        faces = []
        for item_id in use.items:
            item = self.facts.items.get(item_id)
            if item is None:
                self.object_to(at.path, f"`{item_id}` is not on record")
                continue
            serves = use.served.get(item_id, item.ref)
            face = self.facts.faces(item).get(str(serves))
            if face is None:
                self.object_to(at.path, f"`{item_id}` can not serve as `{serves}`")
                continue
            faces.append(face)
            if reason := self._kept_out(rule, face, at):
                self.object_to(at.path, f"`{item_id}` {reason}")
        if use.parts or not {*use.served, *use.amounts} <= {*use.items}:
            self.object_to(at.path, "this rule uses items, and says something of those only")
        if isinstance(rule, AmountRule):
            self._selection(rule, use, faces, at)
        elif len(faces) != 1 or use.amounts or use.waived:
            self.object_to(at.path, "this rule uses one item, the whole of it, and no waiver")
        return _Finding(
            frozenset(faces),
            self._items(at.waivers.keys() & {*use.waived}),
            every=isinstance(rule, AmountRule) and rule.over == "all",
        )

    def _kept_out(self, rule: _Leaf, face: _Face, at: _Place) -> str:
        """Say why a leaf may not use a face, or nothing."""
        day = at.together or self.day
        expired_too = isinstance(rule, CredentialRule) and rule.even_if_expired
        return (
            self.facts.unusable(face, day, expired_too=expired_too)
            or self.facts.superseded(face, day)
            or self._restricted(face, at.inside)
            or ("" if self._fits(rule, face) else "is not what is asked for")
        )

    def _restricted(self, face: _Face, inside: Iterable[RuleBase]) -> str:
        on = face.item.on
        if self.after is not None and on <= self.after:
            return f"is not dated after {self.after}"
        for rule in inside:
            looked_at = face.kind == "module" or (rule.only and _names_kind(rule.only))
            if rule.only and looked_at and not self.facts.matches(rule.only, face):
                return "is kept out by `only`"
            if rule.since and shift(on, rule.since) < self.day:
                return f"is older than {rule.since}"
            if rule.after and on < rule.after:
                return f"is dated before {rule.after}"
            if rule.before and on > rule.before:
                return f"is dated after {rule.before}"
        return ""

    def _fits(self, rule: _Leaf, face: _Face) -> bool:
        """Tell whether a face is what a leaf itself asks for."""
        if isinstance(rule, ModuleRule):
            return (
                (face.kind, face.serves) == ("module", rule.module)
                and self.facts.reaches(face, rule.min_score, rule.min_grade)
                and (rule.selector is None or self.facts.matches(rule.selector, face))
            )
        if isinstance(rule, CredentialRule):
            long_enough = not rule.held_for or shift(face.item.on, rule.held_for) <= self.day
            return (face.kind, face.serves) == ("credential", rule.credential) and long_enough
        valued = rule.average is not None or rule.sum is not None
        has_value = not valued or self._value(rule, face) is not None
        return has_value and self.facts.matches(rule.selector, face)

    def _selection(self, rule: AmountRule, use: _Use, faces: Sequence[_Face], at: _Place) -> None:
        """Judge a selection as a whole: its amount, what counts once, its limits, its average."""
        part = {face: self._part(rule, use, face, at) for face in faces}
        waived = [at.waivers[item_id].amount for item_id in use.waived if item_id in at.waivers]
        if len(waived) < len(use.waived):
            self.object_to(at.path, "no such waiver of this rule is in force")
        asked = Fraction(rule.amount) - _total(Fraction(amount or 0) for amount in waived)
        total = _total(part[face] * Fraction(face.amount(rule.unit)) for face in faces)
        if total < asked or not (faces or waived):
            self.object_to(at.path, f"{rule.unit}: {_plain(total)} of {_plain(asked)}")
        if rule.over == "all":
            for face in self.facts.all_faces:
                if face.item.id not in use.items and not self._kept_out(rule, face, at):
                    self.object_to(at.path, f"`{face.item.id}` is left out, where all count")
        else:
            self._counted_once(faces, at)
        for place, limit in enumerate(rule.limits):
            unit = limit.unit or rule.unit
            held = {face: part[face] * Fraction(face.amount(unit)) for face in faces}
            if not self._keeps(limit, held, rule):
                self.object_to(
                    f"{at.path}.limits[{place}]", "the selection is not within this limit"
                )
        self._average(rule, faces, at)

    def _part(self, rule: AmountRule, use: _Use, face: _Face, at: _Place) -> Fraction:
        """Return what part of an item is said to count: all of it, or less under `partial`."""
        whole = Fraction(face.amount(rule.unit))
        claimed = use.amounts.get(face.item.id)
        if claimed is None:
            return Fraction(1)
        divides = any(
            limit.partial and limit.of and self._limited(limit.of, rule, face)
            for limit in rule.limits
        )
        if divides and whole and claimed <= whole:
            return claimed / whole
        self.object_to(at.path, f"`{face.item.id}` can not count as {_plain(claimed)}")
        return Fraction(1)

    def _counted_once(self, faces: Sequence[_Face], at: _Place) -> None:
        """Each module counts as often as it may; what was completed serves as one module only."""
        serving = Counter(face.serves for face in faces)
        # What stands in for another module is no more often completed for that.
        done = Counter(self.facts.really(face.item) for face in faces)
        for ref, times in (serving | done).items():
            if times > self.facts.times(ref):
                self.object_to(at.path, f"`{ref}` counts {times} times")
        for one, other in combinations(faces, 2):
            same = self.facts.really(one.item) == self.facts.really(other.item)
            if same and one.serves != other.serves:
                self.object_to(at.path, f"`{one.serves}` and `{other.serves}` are one module here")

    def _limited(self, of: Selector, rule: AmountRule, face: _Face) -> bool:
        return self.facts.matches(of, face, self.facts.about(rule.selector) or {face.kind})

    def _keeps(self, limit: Limit, held: Mapping[_Face, Fraction], rule: AmountRule) -> bool:
        """Tell whether a selection is within a limit; `held` is what each item contributes."""
        if limit.of is not None:
            of = limit.of
            total = _total(held[face] for face in held if self._limited(of, rule, face))
            if limit.at_least is not None:
                return total >= Fraction(limit.at_least.of(rule.amount))
            return limit.at_most is not None and total <= Fraction(limit.at_most.of(rule.amount))
        amounts: dict[object, Fraction] = {}
        for face, amount in held.items():
            for value in _touched(limit, face):
                amounts[value] = amounts.get(value, Fraction(0)) + amount
        if limit.at_most_each is not None:
            return all(amount <= Fraction(limit.at_most_each) for amount in amounts.values())
        each = Fraction(limit.each or 0)
        return sum(amount >= each for amount in amounts.values()) >= (limit.spread or 0)

    def _value(self, rule: AmountRule, face: _Face) -> Decimal | None:
        """Return the score, or the grade points, by which an item counts in an average or sum."""
        by_points = rule.of == "points" or (rule.of is None and self.file.scale)
        found = self.file.scale.get(face.said("grade")) if by_points else face.said("score")
        return None if found is None else Decimal(found)

    def _average(self, rule: AmountRule, faces: Sequence[_Face], at: _Place) -> None:
        by_credits = rule.weighted_by == "credits"
        usually = rule.weighted_by is None and rule.unit == "credits"
        total, weight = self._weighed(rule, faces, by_credits=by_credits or usually)
        if rule.average is not None and (weight == 0 or total < Fraction(rule.average) * weight):
            self.object_to(at.path, f"the average is below {plain(rule.average)}")
        total, _ = self._weighed(rule, faces, by_credits=by_credits)
        if rule.sum is not None and total < Fraction(rule.sum):
            self.object_to(at.path, f"the sum is below {plain(rule.sum)}")

    def _weighed(
        self, rule: AmountRule, faces: Sequence[_Face], *, by_credits: bool
    ) -> tuple[Fraction, Fraction]:
        unit = "credits" if by_credits else "count"
        weights = {face: Fraction(face.amount(unit)) for face in faces}
        total = _total(weights[face] * Fraction(self._value(rule, face) or 0) for face in faces)
        return total, _total(weights.values())

    # --- sharing ---------------------------------------------------------------------------------

    def _sharing(self, rule: RuleBase, parts: Sequence[_Finding], at: _Place) -> None:
        if rule.distinct == "through":
            parts = [self._with_used_by_awards(part) for part in parts]
        items, credits = self.shared(parts)
        most = 0 if rule.distinct else rule.overlap
        if isinstance(most, int) and items > most:
            self.object_to(at.path, f"items that its parts have in common: {items}")
        if isinstance(rule.overlap, OverlapCredits) and credits > Fraction(rule.overlap.credits):
            self.object_to(at.path, f"credits that its parts have in common: {_plain(credits)}")

    def _with_used_by_awards(self, part: _Finding) -> _Finding:
        used: set[str] = set()
        waiting = [face.item for face in part.faces]
        while waiting:
            fact = waiting.pop().fact
            new = set(fact.used) - used if isinstance(fact, Held) else set()
            used |= new
            waiting += [self.facts.items[name] for name in new if name in self.facts.items]
        below = self._used(used)
        return _Finding(part.faces | below.faces, parts=(part, *below.parts))

    def _used(self, ids: Iterable[str]) -> _Finding:
        """Return items that an award has used, each by itself, as what it really is."""
        faces = []
        for item_id in ids:
            item = self.facts.items.get(item_id, _Item(date.min, item_id, item_id))
            if not isinstance(item.fact, Waived):
                unknown = _Face(item, "module", item.ref, Module(), _PLAIN, frozenset())
                faces.append(self.facts.faces(item).get(self.facts.really(item), unknown))
        parts = tuple(_Finding(frozenset({face})) for face in faces)
        return _Finding(frozenset(faces), parts=parts)

    def shared(self, users: Sequence[_Finding]) -> tuple[int, Fraction]:
        """Count the items that more than one user uses, and add up their credits.

        The attempts at a module are no more items than may count: one, unless it is repeatable.
        They divide into items so that as little as can be is in common; an item is as large as
        its largest attempt. No division is searched for: it is counted how many items there are
        at least, whatever it is.
        """
        number, credits = 0, Fraction(0)
        for most, attempts in self._attempts(face for user in users for face in user.faces):
            common = [one for one in attempts if _common(one, users)]
            if not common and most == len(attempts) == 1:
                continue
            needs = [min(most, int(user.separate(attempts, _once))) for user in users]
            least = min(most, max(int(user.separate(common, _once)) for user in users))
            # The fewest in common with which the rest of what each needs can be its own.
            items = next(n for n in count(least) if n + sum(max(0, m - n) for m in needs) <= most)
            smallest = _total(sorted(_credits(one) for one in attempts)[:items])
            number += items
            credits += max(smallest, *(user.separate(common, _credits) for user in users))
        return number, credits

    def _attempts(self, faces: Iterable[_Face]) -> list[tuple[int, list[_Same]]]:
        """Put together what may be divided into items, with the number of items that may count."""
        found: list[tuple[set[str], list[_Same]]] = []
        for one in self._same(faces):
            refs = {face.serves for face in one}
            # What counts once is an item already; it makes nothing else the same.
            refs = {ref for ref in refs if self.facts.times(ref) > 1} or refs
            joined = [group for group in found if group[0] & refs]
            found = [group for group in found if not group[0] & refs]
            same = [one, *(other for _, others in joined for other in others)]
            found.append((refs.union(*(more for more, _ in joined)), same))
        return [(max(map(self.facts.times, refs)), attempts) for refs, attempts in found]

    def _same(self, faces: Iterable[_Face]) -> list[_Same]:
        """Put together what is one item: one fact, or one module that counts once."""
        found: list[tuple[set[str], _Same]] = []
        for face in set(faces):
            refs = {face.serves, self.facts.really(face.item)}
            keys = {f"{face.kind} {ref}" for ref in refs if self.facts.times(ref) == 1}
            keys.add(f"item {face.item.id}")
            joined = [known for known in found if known[0] & keys]
            found = [known for known in found if not known[0] & keys]
            one = frozenset({face}).union(*(faces for _, faces in joined))
            found.append((keys.union(*(more for more, _ in joined)), one))
        return [one for _, one in found]

    # --- the whole witness -----------------------------------------------------------------------

    def barred(self, finding: _Finding, path: str) -> None:
        """Object to items of two modules of which one bars the other."""
        modules = self.facts.document.modules
        used = [
            (face, {face.serves, self.facts.really(face.item)})
            for face in sorted(finding.faces, key=lambda face: (face.item, face.serves))
            if face.kind == "module"
        ]
        for one, own in used:
            bars = {bar for ref in own if ref in modules for bar in modules[ref][0].barred}
            for other, theirs in used if bars else ():
                if other is not one and bars & theirs:
                    words = f"`{one.item.id}` bars `{other.item.id}`, and both are used"
                    self.object_to(path, words)

    def exclusive(self, finding: _Finding, path: str) -> None:
        """Object to evidence that a held award of an exclusive set has used already."""
        own = self.facts.credential
        sets = [group for file in self.facts.document.files for group in file.exclusive]
        for group in (group for group in sets if own in group.credentials):
            for award in self.facts.all_faces:
                rival = award.kind == "credential" and award.serves in group.credentials
                if not rival or award.serves == own or self.facts.unusable(award, self.day):
                    continue
                items, _ = self.shared([finding, self._used(award.said("used"))])
                if items > group.share:
                    self.object_to(path, f"`{award.item.id}` has used {items} of these already")


def _names_kind(selector: Selector) -> bool:
    """Tell whether a selector says `type` or `kind`, here or further inside."""
    inner = [*(selector.any_of or ()), *([selector.except_] if selector.except_ else [])]
    said = selector.type is not None or selector.kind is not None
    return said or any(_names_kind(part) for part in inner)


def _enough(rule: RuleBase, chosen: Set[int], children: int) -> bool:
    """Tell whether the parts that are met are as many as are asked for."""
    match rule:
        case AnyRule():
            return len(chosen) >= 1
        case AtLeastRule():
            return len(chosen) >= max(1, rule.at_least)
        case PointsRule():
            required = {place for place, part in enumerate(rule.of) if part.required}
            worth = _total(Fraction(rule.of[place].worth) for place in chosen)
            return bool(chosen) and required <= chosen and worth >= Fraction(rule.points)
    return len(chosen) == children > 0


def _touched(limit: Limit, face: _Face) -> Set[object]:
    """Return the values of an item over which a limit spreads."""
    match limit.over:
        case "groups":
            return face.groups
        case "level":
            return {face.level} - {None}
        case "source":
            return {face.said("source")} - {None}
        case "module":
            return {face.serves}
    return face.groups & set(limit.over or ())


def _common(one: _Same, users: Sequence[_Finding]) -> bool:
    return sum(not one.isdisjoint(user.faces) for user in users) > 1


def _once(_: _Same) -> Fraction:
    return Fraction(1)


def _credits(one: _Same) -> Fraction:
    return max(Fraction(face.amount("credits")) for face in one)


def _total(amounts: Iterable[Fraction]) -> Fraction:
    return sum(amounts, Fraction(0))


def _plain(amount: Fraction) -> str:
    return plain(Decimal(amount.numerator) / Decimal(amount.denominator))
