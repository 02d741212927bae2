"""What lies ahead of a learner: what lapses when, what can be started, and what is near.

Pure: a record and a day come in, and the same evaluation that makes awards is asked about other
days and about one more module at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from pathways.awards import Assessment, Made, Standing, assess, opening
from pathways.compile import compiled, prerequisites
from pathways.document import Completed, Document, Record
from pathways.evaluate import Case
from pathways.evidence import BEST_SCORE, Pool, bits, dated
from pathways.periods import Period, day_after, shift
from pathways.plan import Plan, Wishes, plan
from pathways.routes import announce
from pathways.solver import UndecidedError

# --- what lapses ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Touched:
    """A credential that stands otherwise the day after something lapsed."""

    credential: str
    before: str
    after: str
    progress: tuple[Fraction, Fraction]

    def to_json(self) -> dict[str, Any]:
        """Return the status and progress before and after."""
        return {
            "credential": self.credential,
            "before": {"status": self.before, "progress": float(self.progress[0])},
            "after": {"status": self.after, "progress": float(self.progress[1])},
        }


@dataclass(frozen=True, slots=True)
class Lapse:
    """Something whose last day comes: a completion or an award, and what that touches.

    `renew_from` and `renew_by` are the first and last day on which an award can be renewed, None
    where there is no such bound; `renewable` says whether it can be at all.
    """

    kind: str
    name: str
    item: str
    last_day: date
    renewable: bool = False
    renew_from: date | None = None
    renew_by: date | None = None
    touches: tuple[Touched, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what lapses and when, until when it can be renewed, and what that touches."""
        written: dict[str, Any] = {self.kind: self.name, "item": self.item}
        written["last_day"] = self.last_day.isoformat()
        if self.kind == "credential":
            written["renewal"] = (
                {
                    "from": None if self.renew_from is None else self.renew_from.isoformat(),
                    "by": None if self.renew_by is None else self.renew_by.isoformat(),
                }
                if self.renewable
                else None
            )
        written["touches"] = [touched.to_json() for touched in self.touches]
        return written


def forecast(document: Document, record: Record, on: date, until: date) -> tuple[Lapse, ...]:
    """Return what lapses from a day until another, both included, if nothing else happens."""
    record = dated(record, on)
    last = assess(document, record, until)
    pool = Pool(document, record, until)
    announce(pool, last)
    ending: dict[tuple[str, date], tuple[str, str]] = {}
    for option in pool.options:
        if option.kind == "waiver" or option.ref != option.source_ref:
            continue
        for first, end in option.stretches:
            if on <= end <= until and first <= end and end != option.until:
                ending.setdefault((option.item, end), (option.kind, option.ref))
    awards = {made.item: made for s in last.standings.values() for made in s.awards}
    assessed: dict[date, Assessment] = {}

    def at(day: date) -> Assessment:
        if day not in assessed:
            assessed[day] = assess(document, record, day)
        return assessed[day]

    lapses = []
    for (item, end), (kind, ref) in sorted(ending.items(), key=lambda one: (one[0][1], one[0][0])):
        touches = tuple(
            touched
            for touched in _touched(at(end), at(day_after(end)))
            if kind == "module" or touched.credential != ref
        )
        if kind == "module":
            lapses.append(Lapse("module", ref, item, end, touches=touches))
        else:
            lapses.append(_award_lapse(document, awards[item], end, touches))
    # What is held only while its rule is met lapses with what it rests on, and is told there.
    told = {(lapse.last_day, touched.credential) for lapse in lapses for touched in lapse.touches}
    return tuple(
        lapse
        for lapse in lapses
        if lapse.kind == "module"
        or document.credentials[lapse.name][0].lasts == "once_earned"
        or (lapse.last_day, lapse.name) not in told
    )


def _award_lapse(document: Document, award: Made, end: date, touches: tuple[Touched, ...]) -> Lapse:
    model, _ = document.credentials[award.credential]
    renewal = model.renewal
    first = by = None
    if renewal is not None:
        first = None if renewal.opens is None else opening(end, renewal.opens)
        by = end
        if renewal.grace == "unlimited":
            by = None
        elif isinstance(renewal.grace, Period):
            by = shift(end, renewal.grace)
    return Lapse(
        "credential",
        award.credential,
        award.item,
        end,
        renewable=renewal is not None,
        renew_from=first,
        renew_by=by,
        touches=touches,
    )


def _touched(before: Assessment, after: Assessment) -> Iterable[Touched]:
    for ref, earlier in before.standings.items():
        later = after.standings[ref]
        # An award that is held stays held, whatever becomes of its rule.
        less = earlier.status != "held" and later.progress < earlier.progress
        if less or earlier.status != later.status:
            yield Touched(ref, earlier.status, later.status, (earlier.progress, later.progress))


# --- what can be started -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Advance:
    """A credential that comes closer by one module."""

    credential: str
    before: Fraction
    after: Fraction

    def to_json(self) -> dict[str, Any]:
        """Return the progress before and after."""
        return {
            "credential": self.credential,
            "before": float(self.before),
            "after": float(self.after),
        }


@dataclass(frozen=True, slots=True)
class Renewed:
    """A credential that is renewed by one module, and the last day of its new period."""

    credential: str
    until: date

    def to_json(self) -> dict[str, Any]:
        """Return the credential and the day."""
        return {"credential": self.credential, "until": self.until.isoformat()}


@dataclass(frozen=True, slots=True)
class Option:
    """A module that can be started now, and what completing it would do by itself."""

    module: str
    in_progress: bool
    again: bool
    earns: tuple[str, ...]
    renews: tuple[Renewed, ...]
    advances: tuple[Advance, ...]

    @property
    def worth(self) -> tuple[int, int, Fraction]:
        """How much it does: the awards, the renewals, and how far it brings the rest."""
        gained = sum((one.after - one.before for one in self.advances), Fraction(0))
        return len(self.earns), len(self.renews), gained

    def to_json(self) -> dict[str, Any]:
        """Return the module, and what it would earn, renew and bring closer."""
        return {
            "module": self.module,
            "in_progress": self.in_progress,
            "again": self.again,
            "earns": list(self.earns),
            "renews": [renewed.to_json() for renewed in self.renews],
            "advances": [advance.to_json() for advance in self.advances],
        }


def options(document: Document, record: Record, on: date) -> tuple[Option, ...]:
    """Return the modules whose prerequisite is met on a day, those that do most first.

    A module that counts already is left out, unless completing it again would do something.
    """
    record = dated(record, on)
    base = assess(document, record, on)
    pool = Pool(document, record, on)
    announce(pool, base)
    usable = pool.usable(on, "any")
    counting = {pool.options[i].ref for i in bits(usable) if pool.options[i].kind == "module"}
    started = {entry.module for entry in record.in_progress}
    unlocking = prerequisites(document)
    found = []
    for ref in document.modules:
        tree = unlocking.get(ref)
        try:
            if tree is not None and ref not in started and not Case(tree, pool).met(on):
                continue
        except UndecidedError as error:
            raise error.for_module(ref) from None
        option = _option(document, record, base, ref, on)
        again = ref in counting
        if again and not (option.earns or option.renews or option.advances):
            continue
        found.append(replace(option, in_progress=ref in started, again=again))
    places = {ref: place for place, ref in enumerate(document.modules)}

    def order(option: Option) -> tuple[int, int, Fraction, int]:
        earns, renews, gained = option.worth
        return (-earns, -renews, -gained, places[option.module])

    return tuple(sorted(found, key=order))


def _option(document: Document, record: Record, base: Assessment, ref: str, on: date) -> Option:
    after = assess(document, _with(document, record, ref, on), on)
    earns, renews, advances = [], [], []
    for credential, standing in after.standings.items():
        before = base.standings[credential]
        if (until := _renewed_until(before, standing)) is not None:
            renews.append(Renewed(credential, until))
        elif standing.status in ("held", "awaiting approval") and standing.status != before.status:
            earns.append(credential)
        elif standing.progress > before.progress:
            advances.append(Advance(credential, before.progress, standing.progress))
    return Option(ref, False, False, tuple(earns), tuple(renews), tuple(advances))


def _renewed_until(before: Standing, after: Standing) -> date | None:
    """The last day of the new period of an award that was renewed; None where it was not."""
    earlier, later = before.last, after.last
    if earlier is None or later is None or later.on != earlier.on:
        return None
    return later.expires if len(later.renewals) > len(earlier.renewals) else None


def _with(document: Document, record: Record, ref: str, on: date) -> Record:
    """The record with one module completed, as well as can be."""
    scale = next((tuple(file.scale) for file in document.files if file.scale), ())
    started = next((entry for entry in record.in_progress if entry.module == ref), None)
    done = Completed(
        module=ref,
        on=on,
        score=BEST_SCORE,
        grade=scale[0] if scale else None,
        credits=None if started is None else started.credits,
        hours=None if started is None else started.hours,
        source="course" if started is None else started.source,
        id=f"~{ref}",
    )
    return record.model_copy(
        update={
            "completed": (*record.completed, done),
            "in_progress": tuple(e for e in record.in_progress if e.module != ref),
        }
    )


# --- what is near --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Nearest:
    """The plans to all credentials within reach, nearest first, and what helps with most of them.

    `levers` are modules with the credentials whose plan has them, those with most first.
    """

    plans: tuple[Plan, ...]
    levers: tuple[tuple[str, tuple[str, ...]], ...]

    def to_json(self) -> dict[str, Any]:
        """Return each plan, and each module with the credentials that it would advance."""
        return {
            "credentials": [each.to_json() for each in self.plans],
            "modules": [
                {"module": module, "advances": list(credentials)}
                for module, credentials in self.levers
            ],
        }


def nearest(document: Document, record: Record, on: date, wishes: Wishes | None = None) -> Nearest:
    """Plan to every credential that is not held, nearest first.

    Single modules are judged by what completing each would do at once, not only by the plans.
    """
    record = dated(record, on)
    wishes = wishes or Wishes()
    base = assess(document, record, on)
    found: list[Plan] = []
    for ref, earned in compiled(document).credentials.items():
        if earned.tree is None or base.standings[ref].status == "held":
            continue
        one = plan(document, record, ref, on, wishes, explain=False)
        if one.found:
            found.append(one)
    found.sort(key=lambda one: (one.cost, len(one.steps)))
    modules = dict.fromkeys(step.module for one in found for step in one.steps)
    within = {one.to for one in found}
    levers = []
    for module in modules:
        option = _option(document, record, base, module, on)
        helped = {*option.earns, *(advance.credential for advance in option.advances)} & within
        if helped:
            levers.append((module, tuple(one.to for one in found if one.to in helped)))
    levers.sort(key=lambda lever: -len(lever[1]))
    return Nearest(tuple(found), tuple(levers))
