"""Awards in time: what a record makes due, day by day and bottom up.

A credential's *career* is all that happens to it for one learner: awarded, renewed, expired,
revoked, awarded again. It can change only on days on which something is dated, comes into force,
is reached, opens, or has just expired, so only those days are looked at. A credential is taken
after all that it may use; those that exclude each other are taken together.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

from pathways import allocation
from pathways.allocation import Quota
from pathways.compile import Compiled, Earned, Tree, compiled
from pathways.document import Document, Held, Record
from pathways.evaluate import Case
from pathways.evidence import Face, Pool, Stretch, dated, imagined, numbered
from pathways.explain import Explanation
from pathways.periods import Period, day_after, shift
from pathways.solver import UndecidedError
from pathways.verdict import Missing, Outcome, Verdict, Witness


@dataclass(frozen=True, slots=True)
class Renewal:
    """A renewal: the day, the last day of the new period, and why (None where it was given)."""

    on: date
    expires: date
    witness: Witness | None = None


@dataclass(frozen=True, slots=True)
class Loss:
    """Evidence of an award was lost: the day, what follows, and the witness that now stands."""

    on: date
    decision: str  # "stands", "review", "revoke" or "keep"
    lost: frozenset[str]
    witness: Witness | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """An award that was made; `given` says that the record held it already.

    `first_expires` is the last day of its validity before any renewal (None: it does not
    expire), `ended` the last day of a stretch of an award that is held while its rule is met.
    """

    credential: str
    item: str
    on: date
    given: bool
    witness: Witness | None
    first_expires: date | None = None
    award_class: str | None = None
    class_witness: Witness | None = None
    renewals: tuple[Renewal, ...] = ()
    losses: tuple[Loss, ...] = ()
    revoked: date | None = None
    ended: date | None = None
    given_used: frozenset[str] = frozenset()

    @property
    def expires(self) -> date | None:
        """The last day of validity, renewals included; None where the award does not expire."""
        return self.renewals[-1].expires if self.renewals else self.first_expires

    @property
    def last_renewed(self) -> date:
        """The day of the last renewal, or of the award."""
        return self.renewals[-1].on if self.renewals else self.on

    @property
    def ground(self) -> Witness | None:
        """The witness on which the award rests now."""
        found = next((loss.witness for loss in reversed(self.losses) if loss.witness), None)
        return found or self.witness

    @property
    def used(self) -> frozenset[str]:
        """The items of the witness on which the award rests."""
        ground = self.ground
        return self.given_used if ground is None else frozenset(ground.items)

    @property
    def faces(self) -> frozenset[Face]:
        """The same items, each with what it served as; of a given award this is not known."""
        ground = self.ground
        if ground is None:
            return frozenset((item, "") for item in self.given_used)
        return frozenset(ground.use.faces())

    def expired(self, day: date) -> bool:
        """Whether the award's validity is over on a day."""
        return self.expires is not None and self.expires < day

    def held(self, day: date) -> bool:
        """Whether the award is held on a day, as far as is known now."""
        return any(first <= day <= last for first, last in self.stretches())

    def held_throughout(self, day: date) -> bool:
        """Whether the award is held from its own day to this one without a break."""
        return any(first == self.on and day <= last for first, last in self.stretches())

    def stretches(self) -> tuple[Stretch, ...]:
        """The days on which the award is held."""
        end = date.max if self.revoked is None else self.revoked - date.resolution
        if self.ended is not None:
            end = min(end, self.ended)
        stretches: list[Stretch] = []
        first, last = self.on, self.first_expires or date.max
        for renewal in self.renewals:
            if renewal.on > last:
                stretches.append((first, last))
                first = renewal.on
            last = renewal.expires
        stretches.append((first, last))
        return tuple((a, min(b, end)) for a, b in stretches if a <= min(b, end))


@dataclass(frozen=True)
class Standing:
    """How one credential stands on the day of an assessment.

    What it has led to is known at once; how its rule stands, and in which words, is worked out
    when it is asked for.
    """

    credential: str
    on: date
    awards: tuple[Made, ...]
    waiting: bool
    conflict: tuple[str, ...]
    told: Telling = field(compare=False, repr=False)

    @property
    def last(self) -> Made | None:
        """The last award, held or not."""
        return self.awards[-1] if self.awards else None

    @property
    def awarded_on(self) -> date | None:
        """The day of the last award."""
        return None if self.last is None else self.last.on

    @property
    def expires_on(self) -> date | None:
        """The last day on which the last award is valid; None where it does not expire."""
        return None if self.last is None or self.last.expires == date.max else self.last.expires

    @property
    def award_class(self) -> str | None:
        """The class of the last award."""
        return None if self.last is None else self.last.award_class

    @cached_property
    def status(self) -> str:
        """One of the words of section 7 of the language."""
        if self.last is not None:
            if self.last.held(self.on):
                return "held"
            if self.last.ended is not None:
                return "lapsed"
            return "revoked" if self.last.revoked is not None else "expired"
        if self.waiting:
            return "awaiting approval"
        return "in progress" if self.progress > 0 else "not started"

    @property
    def outcome(self) -> Outcome:
        """How the rule stands on the day."""
        return self.told.outcome

    @property
    def progress(self) -> Fraction:
        """How far the rule has come on the day: 1 exactly when it is met."""
        return self.told.progress

    @property
    def verdict(self) -> Verdict | None:
        """The proof as of the last award, else the verdict on the day; None without a rule."""
        return self.told.verdict

    @property
    def missing(self) -> Missing | None:
        """What the verdict says is missing, without the rest of it; None where nothing is."""
        return self.told.missing

    def to_json(self) -> dict[str, Any]:
        """Return the shape of section 7 of the language, which is a contract."""
        return {
            "status": self.status,
            "awarded_on": None if self.awarded_on is None else self.awarded_on.isoformat(),
            "expires_on": None if self.expires_on is None else self.expires_on.isoformat(),
            "class": self.award_class,
            "outcome": self.outcome.value,
            "progress": float(self.progress),
            "rule": None if self.verdict is None else self.verdict.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Assessment:
    """Every credential of a document for one record on one day, bottom up."""

    document: Document
    record: Record
    on: date
    standings: Mapping[str, Standing]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `cairn pathway evaluate --json` prints."""
        main = self.document.main
        return {
            "pathway": main.pathway,
            "version": main.version,
            "digest": self.document.digest,
            "on": self.on.isoformat(),
            "credentials": {ref: s.to_json() for ref, s in self.standings.items()},
        }


def assess(document: Document, record: Record, on: date) -> Assessment:
    """Make the awards that a record makes due by a day, and tell how each credential stands.

    Pure: the record may be imagined, nothing is stored, no clock is read.
    """
    plan = compiled(document)
    known = dated(record, on)
    life = _Life(plan, known, on)
    life.live()
    ahead = _Ahead(life)
    standings = {ref: life.standing(ref, ahead) for ref in plan.credentials}
    return Assessment(document, known, on, standings)


class _Career:
    """One credential's life so far, for one learner."""

    def __init__(self, earned: Earned) -> None:
        self.earned = earned
        self.awards: list[Made] = []
        self.waiting_since: date | None = None
        self.conflict: tuple[str, ...] = ()
        self.contested = False
        self.undecided = False

    @property
    def last(self) -> Made | None:
        return self.awards[-1] if self.awards else None


class _Life:
    """All careers of one learner, up to a day."""

    def __init__(self, plan: Compiled, record: Record, on: date, *, ahead: bool = False) -> None:
        self.plan = plan
        self.record = record
        self.on = on
        self.pool = Pool(plan.document, record, on)
        if ahead:
            self.pool.imagine(imagined(record.in_progress, on), record, on)
        self.careers = {ref: _Career(earned) for ref, earned in plan.credentials.items()}
        self.cases: dict[tuple[Any, ...], Case] = {}
        self.approved = set(record.approved)
        self._sets: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        for members, share in plan.exclusive:
            for ref in members:
                self._sets.setdefault(ref, []).append((members, share))

    def live(self) -> None:
        """Take the credentials in their order; those tied together, together."""
        for members in self.plan.components:
            for ref in members:
                self._begin(self.careers[ref])
            if len(members) > 1:
                self._live_together(members)
            else:
                self._live_alone(self.careers[members[0]])
            for ref in members:
                self._announce(self.careers[ref])

    def live_on(self, life: _Life) -> None:
        """Take over what another life has led to by the last day, and live that day again."""
        for ref, career in self.careers.items():
            other = life.careers[ref]
            career.awards = list(other.awards)
            career.waiting_since = other.waiting_since
            career.undecided = other.undecided
        for career in self.careers.values():
            self._announce(career)
        for members in self.plan.components:
            self._live_together(members, first=self.on)

    def case(self, tree: Tree, after: date | None = None, quotas: tuple[Quota, ...] = ()) -> Case:
        """One tree in this life, looked at with some evidence set aside."""
        key = (id(tree), after, quotas)
        if key not in self.cases:
            self.cases[key] = Case(tree, self.pool, after=after, quotas=quotas)
        return self.cases[key]

    def _live_alone(self, career: _Career) -> None:
        """One credential that excludes no other: find its first day without asking on each."""
        tree = career.earned.tree
        if tree is None and career.earned.renewal is None:
            return
        if self._settled(career) or self._beyond_reach(career):
            return
        days = self._days(career.earned)
        queue = _Days(days, self.on)
        try:
            if career.last is None and career.earned.model.lasts == "once_earned":
                assert tree is not None
                due = self._first_met(tree, [day for day in days if self._open(day)])
                if due is None:
                    return
                queue.start(due)
            self._watch(career, queue)
            for day in queue:
                self._upkeep(career, day, queue)
                if self._due(career, day):
                    if self._waits(career):
                        career.waiting_since = day
                        return
                    self._award(career, day, queue)
                if self._settled(career):
                    return
        except UndecidedError:
            career.undecided = True

    def _settled(self, career: _Career) -> bool:
        """Whether nothing can happen to a career any more: held for ever, on lasting evidence."""
        award = career.last
        return (
            award is not None
            and career.earned.model.lasts == "once_earned"
            and award.expires is None
            and award.revoked is None
            and not self.pool.loses
        )

    def _beyond_reach(self, career: _Career) -> bool:
        """Whether a rule was met on no day, because evidence only came and it is not met by now."""
        tree = career.earned.tree
        if tree is None or career.last is not None or career.earned.model.lasts != "once_earned":
            return False
        if not tree.monotone or tree.timed:
            return False
        view = self.case(tree)
        lasting = all(
            option.until == date.max and all(last == date.max for _, last in option.stretches[-1:])
            for option in view.scope()
        )
        try:
            return lasting and not view.met(self.on)
        except UndecidedError:
            return False

    def _live_together(self, members: tuple[str, ...], first: date | None = None) -> None:
        """Credentials that exclude or need each other: day by day, each day to its end."""
        careers = [self.careers[ref] for ref in members]
        queue = _Days((), self.on)
        if first is not None:
            queue.start(first)
        for career in careers:
            self._announce(career)
        for career in careers:
            queue.add_all(self._days(career.earned))
            self._watch(career, queue)
        for day in queue:
            for career in careers:
                try:
                    self._upkeep(career, day, queue)
                except UndecidedError:
                    career.undecided = True
                self._announce(career)
            while self._decide(careers, day, queue):
                for career in careers:
                    self._announce(career)
                    queue.add_all(other for other in self._days(career.earned) if other > day)
                for career in careers:
                    self._keep(career, day, queue)
            for career in careers:
                self._classify(career, day)

    # --- the days that matter --------------------------------------------------------------------

    def _open(self, day: date) -> bool:
        """Whether an award may be dated on a day: never before the enrolment."""
        return self.record.enrolled is None or day >= self.record.enrolled

    def _days(self, earned: Earned) -> list[date]:
        """The days on which something about a credential may change, as far as is known now."""
        days: set[date] = {self.on}
        if self.record.enrolled is not None:
            days.add(self.record.enrolled)
        for tree in (earned.tree, earned.renewal):
            if tree is None:
                continue
            for option in self.case(tree).scope():
                days.update((option.on, option.from_day, day_after(option.until)))
                for first, last in option.stretches:
                    days.update((first, day_after(last)))
                for period in tree.periods:
                    reached = shift(option.on, period)
                    days.update((reached, day_after(reached)))
        return sorted(day for day in days if day <= self.on)

    def _first_met(self, tree: Tree, days: list[date]) -> date | None:
        """The first of some days on which a tree is met; raises where the search is undecided."""
        view = self.case(tree)
        if not days:
            return None
        masks = [view.evidence_on(day) for day in days]
        growing = all(a & ~b == 0 for a, b in pairwise(masks))
        if not (growing and tree.monotone and not tree.timed):
            return next((day for day in days if view.met(day)), None)
        # Evidence only grows, and a rule that is met stays met: halve.
        if not view.met(days[-1]):
            return None
        low, high = 0, len(days) - 1
        while low < high:
            middle = (low + high) // 2
            if view.met(days[middle]):
                high = middle
            else:
                low = middle + 1
        return days[low]

    # --- beginning, and making an award ----------------------------------------------------------

    def _begin(self, career: _Career) -> None:
        """Start a career with the awards that the record holds already."""
        model = career.earned.model
        if model.lasts == "while_met" and not model.external:
            return
        holds = [
            held
            for held in self.record.holds
            if held.credential == career.earned.ref and held.on <= self.on
        ]
        for held in sorted(holds, key=lambda held: (held.on, held.id or "")):
            career.awards.append(self._from_record(career, held))

    def _from_record(self, career: _Career, held: Held) -> Made:
        model = career.earned.model
        assert held.id is not None
        first = None if model.valid_for is None else shift(held.on, model.valid_for)
        expires = (
            first if held.expires is None else None if held.expires == "never" else held.expires
        )
        renewals: list[Renewal] = []
        current = expires
        for renewed in sorted(held.renewed, key=lambda renewal: renewal.on):
            if renewed.on <= self.on:
                until = renewed.expires
                if until is None and current is not None and model.valid_for is not None:
                    until = shift(max(current, renewed.on), model.valid_for)
                renewals.append(Renewal(renewed.on, until or date.max))
                current = until
        return Made(
            credential=career.earned.ref,
            item=held.id,
            on=held.on,
            given=True,
            witness=None,
            first_expires=expires,
            award_class=held.award_class,
            renewals=tuple(renewals),
            revoked=held.revoked if held.revoked is not None and held.revoked <= self.on else None,
            given_used=frozenset(held.used),
        )

    def _class(self, career: _Career, day: date) -> tuple[str | None, Witness | None]:
        """The first class whose rule is met on the award's day, by any usable evidence."""
        for award_class in career.earned.classes:
            if award_class.tree is None:
                return award_class.name, None
            witness = self.case(award_class.tree).witness(day)
            if witness is not None:
                return award_class.name, witness
        return None, None

    def _classify(self, career: _Career, day: date) -> None:
        """Give an award its class by all that was awarded on its day."""
        award = career.last
        if award is not None and award.on == day and not award.given:
            name, witness = self._class(career, day)
            career.awards[-1] = replace(award, award_class=name, class_witness=witness)

    def _award(
        self, career: _Career, day: date, queue: _Days, witness: Witness | None = None
    ) -> None:
        model = career.earned.model
        if witness is None:
            witness = self._view(career, day).witness(day)
        name, class_witness = self._class(career, day)
        taken = {award.item for award in career.awards}
        career.awards.append(
            Made(
                credential=career.earned.ref,
                item=numbered(f"{career.earned.ref}@{day.isoformat()}", taken),
                on=day,
                given=False,
                witness=witness,
                first_expires=None if model.valid_for is None else shift(day, model.valid_for),
                award_class=name,
                class_witness=class_witness,
            )
        )
        career.waiting_since = None
        self._watch(career, queue)

    def _watch(self, career: _Career, queue: _Days) -> None:
        """Ask for the days on which the last award is made, may be renewed, and expires."""
        award, renewal = career.last, career.earned.model.renewal
        if award is None:
            return
        # What the record says was made may have lost its evidence before.
        queue.add(award.on)
        if award.expires is None:
            return
        # What the record says may have expired before it was made.
        queue.add_all((award.expires, max(award.on, day_after(award.expires))))
        if renewal is not None:
            if renewal.opens is not None:
                queue.add(opening(award.expires, renewal.opens))
            if isinstance(renewal.grace, Period):
                queue.add(day_after(shift(award.expires, renewal.grace)))

    # --- one day ---------------------------------------------------------------------------------

    def _upkeep(self, career: _Career, day: date, queue: _Days) -> None:
        """Let a day's revocations, lapses and renewals take effect on the last award."""
        if career.earned.model.lasts == "while_met":
            self._lapse(career, day)
            return
        award = career.last
        if award is None or award.on > day:
            return
        self._watch(career, queue)
        self._lose(career, day)
        self._renew(career, day, queue)

    def _keep(self, career: _Career, day: date, queue: _Days) -> None:
        """Renew the last award by others of its own day, or take back that it has lapsed."""
        award = career.last
        if award is None or award.on > day:
            return
        if career.earned.model.lasts == "once_earned":
            self._renew(career, day, queue)
        elif award.ended == day - date.resolution and self._view(career, day).met(day):
            career.awards[-1] = replace(award, ended=None)

    def _lapse(self, career: _Career, day: date) -> None:
        """End the stretch of an award that is held while its rule is met, when it is not."""
        award, tree = career.last, career.earned.tree
        if award is None or award.ended is not None or tree is None:
            return
        if not self.case(tree).met(day):
            career.awards[-1] = replace(award, ended=day - date.resolution)

    def _renew(self, career: _Career, day: date, queue: _Days) -> None:
        renewal, tree = career.earned.model.renewal, career.earned.renewal
        award = career.awards[-1]
        if renewal is None or tree is None or award.expires is None or day <= award.last_renewed:
            return
        if award.revoked is not None and award.revoked <= day:
            return
        if renewal.opens is not None and shift(day, renewal.opens) < award.expires:
            return
        if day > award.expires:
            if renewal.grace is None:
                return
            if isinstance(renewal.grace, Period) and shift(award.expires, renewal.grace) < day:
                return
        view = self.case(tree, after=award.last_renewed)
        if not view.met(day):
            return
        witness = view.witness(day)
        if day < award.expires and witness is not None and witness.use.by_waivers:
            # Waivers alone have no day of their own: they renew when it would expire.
            return
        period = career.earned.model.valid_for
        assert period is not None
        made = Renewal(day, shift(max(day, award.expires), period), witness)
        career.awards[-1] = replace(award, renewals=(*award.renewals, made))
        self._watch(career, queue)

    def _lose(self, career: _Career, day: date) -> None:
        """Examine the last award where evidence of its witness is revoked by this day."""
        award, tree = career.awards[-1], career.earned.tree
        if tree is None or award.revoked is not None or not self.pool.loses:
            return
        examined = {item for loss in award.losses for item in loss.lost}
        lost = self.pool.lost(award.used, day) - examined
        if not lost:
            return
        standing = self._other_witness(career, day)
        decision = "stands" if standing is not None else career.earned.model.on_lost_evidence
        award = replace(award, losses=(*award.losses, Loss(day, decision, lost, standing)))
        career.awards[-1] = replace(award, revoked=day) if decision == "revoke" else award

    def _other_witness(self, career: _Career, day: date) -> Witness | None:
        """The witness of the first day on which the rule was met by what is not revoked by now."""
        tree = career.earned.tree
        assert tree is not None
        gone = 0
        for option in self.pool.options:
            if option.until < day:
                gone |= option.bit
        # What earned an earlier award earns no later one; what rivals hold by now is taken, and
        # so is what they held then.
        fresh, taken = self._fresh_after(career, career.awards[:-1]), self.quotas(career, day)
        ends = {
            day_after(last)
            for other, _ in self._rivals_of(career)
            for award in other.awards
            for _, last in award.stretches()
        }
        for earlier in sorted(ends.union(self._days(career.earned))):
            if earlier > day:
                break
            if self._open(earlier):
                quotas = tuple(dict.fromkeys((*taken, *self.quotas(career, earlier))))
                view = self.case(tree, after=fresh, quotas=quotas)
                if view.met(earlier, gone):
                    return view.witness(earlier, gone)
        return None

    def _view(self, career: _Career, day: date) -> Case:
        """The rule for a new award on a day: with the freshness and the quotas that are due."""
        tree = career.earned.tree
        assert tree is not None
        fresh = self._fresh_after(career, career.awards)
        return self.case(tree, after=fresh, quotas=self.quotas(career, day))

    def _fresh_after(self, career: _Career, before: Sequence[Made]) -> date | None:
        """The day after which evidence must be dated, given the awards before this one."""
        if not before or career.earned.model.again != "fresh":
            return None
        award = before[-1]
        if career.earned.model.lasts == "while_met":
            return None
        if any(loss.decision == "revoke" for loss in award.losses):
            # Its ground was lost and may come back; it was not used up.
            return None
        return award.last_renewed

    def quotas(self, career: _Career, day: date) -> tuple[Quota, ...]:
        """What held awards of the credential's exclusive sets have used."""
        return tuple(
            Quota(award.faces, share)
            for other, share in self._rivals_of(career)
            for award in other.awards
            if award.used and award.held(day)
        )

    def _rivals_of(self, career: _Career) -> Iterator[tuple[_Career, int]]:
        """The other members of a credential's exclusive sets, each with what it may share."""
        for members, share in self._sets.get(career.earned.ref, ()):
            for other in members:
                if other != career.earned.ref:
                    yield self.careers[other], share

    def _due(self, career: _Career, day: date) -> bool:
        """Whether a new award is due on a day: the rule is met, and no award stands in its way."""
        if career.earned.tree is None or not self._open(day):
            return False
        award = career.last
        if award is not None:
            over = (
                award.expired(day)
                or (award.revoked is not None and award.revoked <= day)
                or (award.ended is not None and award.ended < day)
            )
            if not over or award.on > day or career.earned.model.again == "never":
                return False
        return self._view(career, day).met(day)

    def _waits(self, career: _Career) -> bool:
        """Whether an award waits for an approval that the record does not have."""
        asked = career.earned.model.award == "approval" or career.contested
        return asked and career.earned.ref not in self.approved

    # --- awards that exclude each other ----------------------------------------------------------

    def _decide(self, careers: Iterable[_Career], day: date, queue: _Days) -> bool:
        """Make what is due among tied credentials on a day; True where something was made."""
        due: list[_Career] = []
        for career in careers:
            if career.undecided:
                # A later award might carry a date that is too late.
                continue
            try:
                if not self._due(career, day):
                    continue
            except UndecidedError:
                career.undecided = True
                continue
            if self._waits(career):
                # On the day on which it becomes due it counts among the due; from then on it
                # takes nothing and blocks nothing.
                career.waiting_since = career.waiting_since or day
                if career.waiting_since < day:
                    continue
            due.append(career)
        return any(self._make(group, day, queue) for group in self._rivals(due))

    def _rivals(self, due: list[_Career]) -> list[list[_Career]]:
        """Due credentials in groups that exclude each other, each in its set's order."""
        order = {
            ref: i for i, ref in enumerate(ref for refs, _ in self.plan.exclusive for ref in refs)
        }
        waiting = {career.earned.ref: career for career in due}
        groups: list[list[_Career]] = []
        while waiting:
            first = next(iter(waiting))
            group, reach = {first}, [first]
            while reach:
                for members, _ in self._sets.get(reach.pop(), ()):
                    fresh = [ref for ref in members if ref in waiting and ref not in group]
                    group.update(fresh)
                    reach.extend(fresh)
            groups.append(
                [
                    waiting.pop(ref)
                    for ref in sorted(group, key=lambda ref: (order.get(ref, -1), ref))
                ]
            )
        return groups

    def _make(self, group: list[_Career], day: date, queue: _Days) -> bool:
        if all(self._waits(career) for career in group):
            return False
        if len(group) == 1:
            self._award(group[0], day, queue)
            return True
        claims = [self._view(career, day).claim(day) for career in group]
        try:
            found = allocation.canonical(claims, self._shares(group))
        except UndecidedError:
            for career in group:
                career.undecided = True
            return False
        if found is not None:
            witnesses = [
                self._view(c, day).witness_of(day, use) for c, use in zip(group, found, strict=True)
            ]
            for career, witness in zip(group, witnesses, strict=True):
                if not self._waits(career):
                    self._award(career, day, queue, witness)
            return True
        named = next((career for career in group if career.earned.ref in self.approved), None)
        if named is not None:
            # The approval names the one that is made; the others are decided on the rest.
            self._award(named, day, queue)
            for career in group:
                if career is not named and career.waiting_since == day:
                    career.waiting_since = None
            return True
        for career in group:
            career.contested = True
            career.conflict = tuple(other.earned.ref for other in group if other is not career)
            career.waiting_since = career.waiting_since or day
        return False

    def _shares(self, group: list[_Career]) -> list[tuple[int, int, int]]:
        refs = [career.earned.ref for career in group]
        return [
            (i, j, share)
            for i, first in enumerate(refs)
            for j in range(i + 1, len(refs))
            for members, share in self._sets.get(first, ())
            if refs[j] in members
        ]

    # --- awards as evidence ----------------------------------------------------------------------

    def _announce(self, career: _Career) -> None:
        """Let a career's awards serve as evidence, as they stand now."""
        for award in career.awards:
            until = date.max if award.revoked is None else award.revoked - date.resolution
            self.pool.put_award(
                award.credential, award.item, award.on, award.stretches(), until, award.faces
            )

    # --- how a credential stands -----------------------------------------------------------------

    def standing(self, ref: str, ahead: _Ahead) -> Standing:
        """How a credential stands on the last day."""
        career = self.careers[ref]
        return Standing(
            credential=ref,
            on=self.on,
            awards=tuple(career.awards),
            waiting=career.waiting_since is not None,
            conflict=career.conflict if career.contested else (),
            told=Telling(self, career, ahead),
        )


class _Ahead:
    """A life in which what is in progress is completed today: lived only when somebody asks."""

    def __init__(self, life: _Life) -> None:
        self._life = life

    @cached_property
    def life(self) -> _Life | None:
        now = self._life
        if not now.record.in_progress:
            return None
        ahead = _Life(now.plan, now.record, now.on, ahead=True)
        ahead.live_on(now)
        return ahead


class Telling:
    """How one rule stands on the last day of a life, each part worked out once, when asked."""

    def __init__(self, life: _Life, career: _Career, ahead: _Ahead) -> None:
        """Tell of a career; `ahead` is where what is in progress leads to."""
        self._life = life
        self._career = career
        self._ahead = ahead

    @cached_property
    def _explanation(self) -> Explanation | None:
        tree, life = self._career.earned.tree, self._life
        if tree is None:
            return None
        view = life.case(tree, quotas=life.quotas(self._career, life.on))
        later = None
        if (ahead := self._ahead.life) is not None:
            twin = ahead.careers[self._career.earned.ref]
            later = ahead.case(tree, quotas=ahead.quotas(twin, life.on))
        return Explanation(view, later)

    @property
    def _held(self) -> bool:
        last = self._career.last
        return last is not None and last.held(self._life.on)

    @cached_property
    def outcome(self) -> Outcome:
        """The outcome of the rule, or whether an external credential is held."""
        if self._explanation is None:
            return Outcome.MET if self._held else Outcome.UNMET
        outcome = self._explanation.outcome(self._life.on)
        # A search on an earlier day that ran into its bound may hide that an award was due.
        undecided = self._career.undecided and outcome is Outcome.UNMET
        return Outcome.UNDECIDED if undecided else outcome

    @cached_property
    def progress(self) -> Fraction:
        """The progress of the rule; an external credential is there or not."""
        if self._explanation is None:
            return Fraction(int(self._held))
        return self._explanation.progress(self._life.on)

    @cached_property
    def verdict(self) -> Verdict | None:
        """The proof of the last award, else the verdict on the last day."""
        award, tree = self._career.last, self._career.earned.tree
        if self._explanation is None or tree is None:
            return None
        if award is None:
            return self._explanation.verdict(self._life.on)
        ground = award.ground
        day = award.on if ground is None else ground.on
        return Explanation(self._life.case(tree)).verdict(day, ground)

    @cached_property
    def missing(self) -> Missing | None:
        """What the verdict says is missing: a proof lacks nothing, and needs no words."""
        award, tree = self._career.last, self._career.earned.tree
        if self._explanation is None or tree is None:
            return None
        if award is None:
            return self._explanation.missing(self._life.on)
        if award.ground is not None:
            return None
        return Explanation(self._life.case(tree)).missing(award.on)


class _Days:
    """Days in their order, each once, to which later ones may be added while they are taken."""

    def __init__(self, days: Iterable[date], last: date) -> None:
        self._last = last
        self._seen: set[date] = set()
        self._heap: list[date] = []
        self._from = date.min
        self.add_all(days)

    def add(self, day: date) -> None:
        if day not in self._seen and self._from <= day <= self._last:
            self._seen.add(day)
            heapq.heappush(self._heap, day)

    def add_all(self, days: Iterable[date]) -> None:
        for day in days:
            self.add(day)

    def start(self, day: date) -> None:
        """Leave out what lies before a day."""
        self._from = day
        self._heap = [later for later in self._heap if later >= day]
        heapq.heapify(self._heap)
        self.add(day)

    def __iter__(self) -> Iterator[date]:
        while self._heap:
            self._from = day = heapq.heappop(self._heap)
            yield day


def opening(expires: date, opens: Period) -> date:
    """The first day from which a period reaches an expiry."""
    day = date.fromordinal(max(1, expires.toordinal() - opens.months * 31 - opens.days))
    while shift(day, opens) < expires:
        day = day_after(day)
    return day
