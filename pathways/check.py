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
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import combinations, count

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
        demand, file = _rule(document, credential, rule)
        hearing = _Hearing(document, record, credential, file, day, after)
    except _Refused as refused:
        return (Objection(rule, str(refused)),)
    finding = hearing.judge(demand, use, _Place(rule))
    if record.enrolled is not None and day < record.enrolled:
        hearing.object(rule, f"{day} is before the enrolment on {record.enrolled}")
    used = {face.item for face in finding.faces} | finding.waivers
    if items != tuple(item.id for item in sorted(used)):
        hearing.object(rule, "the items listed are not those used, in their order")
    hearing.barred(finding, rule)
    if rule == "requires":
        hearing.exclusive(finding, rule)
    return tuple(hearing.objections)


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
    entry = _mapping(value, "the witness", {"on", "items", "use"})
    try:
        day = date.fromisoformat(str(entry.get("on")))
    except ValueError:
        raise _Refused("`on` is not a date such as 2026-03-01") from None
    return day, _ids(entry, "items"), entry.get("use")


def _read_use(value: object) -> _Use:
    entry = _mapping(value, "the use", {"path", "items", "as", "amounts", "waived", "parts"})
    amounts = _mapping(entry.get("amounts", {}), "`amounts`")
    for amount in amounts.values():
        if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount):
            raise _Refused("`amounts` has what is not an amount such as `2.5` or `5/3`")
    return _Use(
        path=entry.get("path"),
        items=_ids(entry, "items"),
        served=_mapping(entry.get("as", {}), "`as`"),
        amounts={item: Fraction(str(amount)) for item, amount in amounts.items()},
        waived=_ids(entry, "waived"),
        parts=_mapping(entry.get("parts", {}), "`parts`"),
    )


def _mapping(value: object, name: str, keys: Set[str] | None = None) -> Mapping[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _Refused(f"{name} is not a mapping")
    if keys is not None and not value.keys() <= keys:
        raise _Refused(f"{name} has an unknown key `{min(value.keys() - keys)}`")
    return value


def _ids(entry: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = entry.get(key, ())
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise _Refused(f"`{key}` is not a list of ids")
    if len(set(value)) < len(value):
        raise _Refused(f"`{key}` names something twice")
    return tuple(value)


def _rule(document: Document, credential: str, path: str) -> tuple[Rule, Pathway]:
    if credential not in document.credentials:
        raise _Refused(f"there is no credential `{credential}`")
    model, file = document.credentials[credential]
    rules = {f"classes[{entry.name}].requires": entry.requires for entry in model.classes}
    rules["requires"] = model.requires
    rules["renewal.requires"] = model.renewal.requires if model.renewal else None
    if (rule := rules.get(path)) is None:
        raise _Refused(f"`{credential}` has no such rule")
    return rule, file


# --- evidence ------------------------------------------------------------------------------------

_Fact = Completed | Held | Waived


@dataclass(frozen=True, slots=True, order=True)
class _Item:
    """A completion, award or waiver; the canonical order is by date, what it is of, and id."""

    on: date
    ref: str
    id: str
    fact: _Fact | None = field(default=None, compare=False)


def _item(fact: _Fact) -> _Item:
    match fact:
        case Completed():
            ref, usual = fact.module, f"{fact.module}@{fact.on}"
        case Held():
            ref, usual = fact.credential, f"{fact.credential}@{fact.on}"
        case Waived():
            ref, usual = fact.rule, f"waiver:{fact.rule}"
    return _Item(_dated(fact.on, ref), ref, fact.id or usual, fact)


def _dated(on: date | None, ref: str) -> date:
    if on is None:
        raise _Refused(f"`{ref}` has no date in the record")
    return on


@dataclass(frozen=True, slots=True)
class _Face:
    """A completion as one of the modules that it may serve as, or an award.

    `model` is what it serves as, and `fact` states what differs from that; `start` is the first
    day on which it may serve so.
    """

    item: _Item
    kind: str
    serves: str
    model: Module | Credential = field(compare=False)
    fact: Completed | Held = field(compare=False)
    groups: frozenset[str] = field(compare=False)
    start: date = field(compare=False)
    passes: bool = field(default=True, compare=False)

    def stated(self, key: str) -> Decimal | str | date | None:
        """Return what a completion states; an award states no score, grade, level or source."""
        return getattr(self.fact, key, None)

    @property
    def level(self) -> Decimal | None:
        own = getattr(self.fact, "level", None)
        return self.model.level if own is None else own

    def amount(self, unit: str) -> Decimal:
        """Return its credits or hours, or 1 where items are counted."""
        if unit == "count":
            return Decimal(1)
        own, usual = getattr(self.fact, unit, None), getattr(self.model, unit)
        return own if own is not None else Decimal(0) if usual == "varies" else usual

    def last_day(self, known: date) -> date:
        """Return the last day of its validity, as far as renewals up to a day have moved it."""
        last = self._until(self.item.on, self.fact.expires)
        for renewal in self._renewed():
            if renewal.on <= known:
                # A new period runs from the old expiry; in the grace after it, from the renewal.
                last = self._until(max(last, renewal.on), renewal.expires)
        return last
