"""A set of completions tried out: put in order, dated, and evaluated as a ledger would.

What the model proposes says little of time. Here each module comes after what its prerequisite
needs, the calendar says when it is done, and the evaluation that makes awards decides whether the
goal is reached, and when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

from pathways.awards import Assessment, Made, assess
from pathways.compile import compiled
from pathways.document import Completed, CredentialRule, Held, Record
from pathways.evaluate import Case
from pathways.evidence import BEST_SCORE, Pool, bits, numbered
from pathways.periods import shift
from pathways.routes import Route, Routes, announce, measure_of
from pathways.solver import UndecidedError
from pathways.wishes import Question

#: So many orders of a set are tried on the calendar before it is rejected.
_ORDERS = 40
#: Of a set of so many completions, all orders.
_ALL_ORDERS = 5
#: So often the goal is waited for, from one day on which something comes due to the next.
_WAITS = 24


@dataclass(frozen=True, slots=True)
class Gain:
    """An award picked up on the way; `approval`: once an administrator confirms it."""

    credential: str
    on: date
    approval: bool = False
    elsewhere: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the credential and the day."""
        written: dict[str, Any] = {"credential": self.credential, "on": self.on.isoformat()}
        if self.approval:
            written["approval"] = True
        if self.elsewhere:
            written["elsewhere"] = True
        return written


@dataclass(frozen=True, slots=True)
class Laid:
    """A set of completions in their order, dated, that was found to earn the goal."""

    entries: tuple[Completed, ...]
    elsewhere: tuple[str, ...]
    gains: tuple[Gain, ...]
    reached: date


@dataclass(slots=True)
class Trial:
    """Tries out what the model proposes, on the real evaluator."""

    question: Question
    base: Assessment
    routes: Routes
    #: Whether the last rejection was proved, and not only that no order that was tried worked.
    sure: bool = True
    #: The day until which what is used already has to last, where that is asked for.
    lasting: date | None = None
    #: How often something was tried out so far.
    tries: int = 0
    _periods: tuple[Any, ...] = field(init=False)
    _rank: dict[str, tuple[int, Decimal, int]] = field(init=False)

    def __post_init__(self) -> None:
        self._periods = tuple(
            {
                node.rule.held_for
                for node in self.routes.scope.leaves
                if isinstance(node.rule, CredentialRule) and node.rule.held_for is not None
            }
        )
        self._rank = {
            ref: (ref not in self.question.started, module.level or Decimal(0), place)
            for place, (ref, (module, _)) in enumerate(self.question.document.modules.items())
        }

    @property
    def monotone(self) -> bool:
        """Whether a set that fails shows that no part of it would do."""
        scope = self.routes.scope
        tied = {ref for members, _ in compiled(self.question.document).exclusive for ref in members}
        return (
            self.question.wishes.pace is None
            and all(tree.monotone for tree in scope.trees)
            and tied.isdisjoint(scope.credentials)
        )

    def cost(self, laid: Laid) -> Decimal:
        """What a plan costs, in the measure that is minimised."""
        aim = self.question.wishes.minimise
        if aim == "time":
            return Decimal((laid.reached - self.question.day).days)
        return sum(
            (measure_of(self.question.document, entry, aim) for entry in laid.entries), Decimal(0)
        )

    # --- laying out ------------------------------------------------------------------------------

    def outlasts(self, route: Route) -> date | None:
        """The day on which a set is completed, where something there now is over by then."""
        pace = self.question.wishes.pace
        if pace is None:
            return None
        effort = (measure_of(self.question.document, e, pace.unit) for e in route.entries)
        end = pace.day(self.question.day, sum(effort, Decimal(0)))
        if self.lasting is not None and end <= self.lasting:
            return None
        pool = self.routes.pool
        now, then = (pool.usable(day, "any") for day in (self.question.day, end))
        over = (pool.options[index] for index in bits(now & ~then))
        return end if any(not option.item.startswith("~") for option in over) else None

    def lay(self, route: Route) -> Laid | None:
        """Put a proposal in order and on its days; None where it does not earn the goal."""
        return self._lay([self._scored(entry) for entry in route.entries], route.elsewhere)

    def _lay(self, entries: Sequence[Completed], elsewhere: tuple[str, ...]) -> Laid | None:
        self.sure = True
        self.tries += 1
        if self.question.wishes.pace is None:
            named = self._named(entries, [self.question.day] * len(entries))
            reached = self._reached(named, elsewhere)
            if reached is None:
                return None
            order = self._in_order(named, elsewhere, lambda e: self._rank[e.module], reached[0])
            return None if order is None else self._laid(order, elsewhere, *reached)
        return self._on_calendar(entries, elsewhere)

    def _on_calendar(self, entries: Sequence[Completed], elsewhere: tuple[str, ...]) -> Laid | None:
        tried: set[tuple[str, ...]] = set()
        for preference in self._preferences(entries):
            order = self._in_order(entries, elsewhere, preference, None)
            if order is None:
                return None
            key = tuple(entry.id or "" for entry in order)
            if key in tried:
                continue
            tried.add(key)
            if len(tried) > 1:
                self.tries += 1
            named = self._named(order, self._days(order))
            reached = self._reached(named, elsewhere)
            if reached is not None and self._startable(named, elsewhere, reached[0]):
                return self._laid(named, elsewhere, *reached)
        self.sure = len(entries) <= _ALL_ORDERS
        return None

    def _days(self, entries: Iterable[Completed]) -> list[date]:
        pace = self.question.wishes.pace
        assert pace is not None
        days, effort = [], Decimal(0)
        for entry in entries:
            effort += measure_of(self.question.document, entry, pace.unit)
            days.append(pace.day(self.question.day, effort))
        return days

    def _preferences(self, entries: Sequence[Completed]) -> Iterator[Callable[[Completed], Any]]:
        """Ways to prefer one order to another, the natural one first."""
        yield lambda entry: self._rank[entry.module]
        if len(entries) <= _ALL_ORDERS:
            for order in permutations(range(len(entries))):
                yield _by({entries[i].id: number for number, i in enumerate(order)})
            return
        modules = self.question.document.modules
        pace = self.question.wishes.pace
        assert pace is not None
        unit = pace.unit

        def effort(entry: Completed) -> Decimal:
            return measure_of(self.question.document, entry, unit)

        def lasting(entry: Completed) -> int:
            valid = modules[entry.module][0].valid_for
            return 0 if valid is None else -(shift(self.question.day, valid).toordinal())

        def backwards(entry: Completed) -> tuple[Any, ...]:
            started, level, place = self._rank[entry.module]
            return (started, -level, -place)

        # What expires soonest comes last.
        yield lambda entry: (-lasting(entry) == 0, lasting(entry), self._rank[entry.module])
        yield backwards
        yield lambda entry: (effort(entry), self._rank[entry.module])
        yield lambda entry: (-effort(entry), self._rank[entry.module])
        turns = sorted(entries, key=lambda entry: self._rank[entry.module])
        for turn in range(1, min(len(turns), _ORDERS)):
            yield _by({entry.id: (i - turn) % len(turns) for i, entry in enumerate(turns)})

    def _named(self, entries: Iterable[Completed], days: Iterable[date]) -> list[Completed]:
        """Date completions, and give them the ids that a record would."""
        taken = {entry.id for entry in self.question.known.completed}
        named = []
        for entry, day in zip(entries, days, strict=True):
            name = numbered(f"{entry.module}@{day.isoformat()}", taken)
            taken.add(name)
            named.append(entry.model_copy(update={"on": day, "id": name}))
        return named

    def _scored(self, entry: Completed) -> Completed:
        """Give a completion the result that is assumed, or the best."""
        wishes = self.question.wishes
        return entry.model_copy(
            update={
                "score": BEST_SCORE if wishes.score is None else wishes.score,
                "grade": self.question.best_grade if wishes.grade is None else wishes.grade,
            }
        )

    def unscored(self, entry: Completed) -> Completed:
        """Take the best result away again where nothing was assumed."""
        wishes = self.question.wishes
        return entry.model_copy(update={"score": wishes.score, "grade": wishes.grade})

    # --- evaluating ------------------------------------------------------------------------------

    def record(
        self, entries: Iterable[Completed], elsewhere: Iterable[str], approved: Iterable[str]
    ) -> Record:
        """The record with completions, awards from elsewhere and approvals added."""
        entries = tuple(entries)
        done = {entry.module for entry in entries}
        record = self.question.known
        holds = tuple(
            Held(credential=ref, on=self.question.day, id=f"{ref}@{self.question.day.isoformat()}")
            for ref in elsewhere
        )
        return record.model_copy(
            update={
                "completed": (*record.completed, *entries),
                "in_progress": tuple(e for e in record.in_progress if e.module not in done),
                "holds": (*record.holds, *holds),
                "approved": tuple(sorted({*record.approved, *approved})),
            }
        )

    def _reached(
        self, entries: Sequence[Completed], elsewhere: tuple[str, ...]
    ) -> tuple[Assessment, set[str]] | None:
        """Evaluate completions: the assessment in which the goal is held, and what was approved."""
        document, to = self.question.document, self.question.to
        approved = {
            ref
            for ref in self.routes.scope.credentials
            if document.credentials[ref][0].award == "approval"
        }
        day = max((entry.on or date.min for entry in entries), default=self.question.day)
        last = self.question.wishes.by
        if last is not None and day > last:
            return None
        for _ in range(_WAITS):
            assessment = assess(document, self.record(entries, elsewhere, approved), day)
            if assessment.standings[to].status == "held":
                return self._least_approved(entries, elsewhere, day, assessment, approved)
            contested = {
                ref
                for ref in self.routes.scope.credentials
                if assessment.standings[ref].status == "awaiting approval"
                or assessment.standings[ref].conflict
            } - approved
            if contested:
                approved |= contested
                continue
            later = self._later(assessment, day)
            if later is None or (last is not None and later > last):
                return None
            day = later
        return None

    def _later(self, assessment: Assessment, day: date) -> date | None:
        """The next day on which an award has been held for long enough."""
        if not self.question.wishes.waiting:
            return None
        days = {
            shift(award.on, period)
            for ref in self.routes.scope.credentials
            for award in assessment.standings[ref].awards
            for period in self._periods
        }
        enrolled = self.question.known.enrolled
        if enrolled is not None:
            days.add(enrolled)
        return min((other for other in days if other > day), default=None)

    def _least_approved(
        self,
        entries: Sequence[Completed],
        elsewhere: tuple[str, ...],
        day: date,
        assessment: Assessment,
        approved: set[str],
    ) -> tuple[Assessment, set[str]]:
        """Leave out the approvals that the goal does not need."""
        to = self.question.to
        approved = approved - set(self.question.known.approved)
        if len(self.fresh(assessment)) == 0:
            return assessment, set()
        for ref in sorted(approved):
            fewer = approved - {ref}
            again = assess(self.question.document, self.record(entries, elsewhere, fewer), day)
            if again.standings[to].status == "held":
                assessment, approved = again, fewer
        return assessment, approved

    def fresh(self, assessment: Assessment) -> list[Made]:
        """The awards and renewals that were not there without the plan, bottom up."""
        known = {
            (award.credential, award.item, award.last_renewed)
            for standing in self.base.standings.values()
            for award in standing.awards
        }
        return [
            award
            for standing in assessment.standings.values()
            for award in standing.awards
            if (award.credential, award.item, award.last_renewed) not in known
        ]

    def _laid(
        self,
        entries: Sequence[Completed],
        elsewhere: tuple[str, ...],
        assessment: Assessment,
        approved: set[str],
    ) -> Laid:
        gains = [
            Gain(
                award.credential,
                award.last_renewed,
                approval=award.credential in approved,
                elsewhere=award.credential in elsewhere,
            )
            for award in self.fresh(assessment)
        ]
        gains.sort(key=lambda gain: gain.on)
        reached = next((g.on for g in gains if g.credential == self.question.to), self.question.day)
        return Laid(tuple(entries), elsewhere, tuple(gains), reached)

    # --- prerequisites ---------------------------------------------------------------------------

    def _in_order(
        self,
        entries: Sequence[Completed],
        elsewhere: tuple[str, ...],
        preference: Callable[[Completed], Any],
        assessment: Assessment | None,
    ) -> list[Completed] | None:
        """Order completions so that each module's prerequisite is met before it, if that can be."""
        waiting = sorted(entries, key=preference)
        unlocking = self.routes.scope.prerequisites
        if not any(entry.module in unlocking for entry in entries):
            return waiting
        ladder = _Ladder(self, entries, elsewhere, assessment)
        placed: list[Completed] = []
        while waiting:
            entry = next((e for e in waiting if ladder.startable(e)), None)
            if entry is None:
                if not ladder.look_again(placed):
                    return None
                continue
            waiting.remove(entry)
            placed.append(entry)
            ladder.place(entry)
        return placed

    def _startable(
        self, entries: Sequence[Completed], elsewhere: tuple[str, ...], assessment: Assessment
    ) -> bool:
        """Whether each prerequisite is met on the day on which the calendar starts its module."""
        unlocking = self.routes.scope.prerequisites
        if not any(entry.module in unlocking for entry in entries):
            return True
        ladder = _Ladder(self, entries, elsewhere, assessment)
        start = self.question.day
        for entry in entries:
            if not ladder.startable(entry, start):
                return False
            ladder.place(entry)
            start = entry.on or start
        return True

    # --- what can be left out --------------------------------------------------------------------

    def without_needless(self, laid: Laid) -> Laid:
        """Leave out every completion that the goal can do without.

        Of a set that is proved to be the cheapest, and the smallest among those, none can be.
        """
        for entry in reversed(laid.entries):
            rest = [other for other in laid.entries if other is not entry]
            if (shorter := self._lay(rest, laid.elsewhere)) is not None:
                laid = shorter
        return laid

    def stating_least(self, laid: Laid) -> Laid:
        """Leave out everything that completions state beyond their module without need."""
        for place in range(len(laid.entries)):
            laid = self._stating_less(laid, place)
        return laid

    def _stating_less(self, laid: Laid, place: int) -> Laid:
        """Let a completion state no source and no group that the goal can do without."""
        entry = laid.entries[place]
        if entry.source != "course" and entry.module not in self.question.started:
            laid = self._stating(laid, place, source="course")
        for group in entry.groups:
            groups = tuple(g for g in laid.entries[place].groups if g != group)
            laid = self._stating(laid, place, groups=groups)
        return laid

    def _stating(self, laid: Laid, place: int, **stated: Any) -> Laid:
        changed = list(laid.entries)
        changed[place] = changed[place].model_copy(update=stated)
        less = self._lay(changed, laid.elsewhere)
        same = less is not None and [e.module for e in less.entries] == [e.module for e in changed]
        return less if less is not None and same else laid

    # --- the least result ------------------------------------------------------------------------

    def least_result(self, laid: Laid) -> tuple[Decimal | None, str | None]:
        """The least score and grade with which all completions of a plan earn the goal."""
        wishes = self.question.wishes
        if wishes.score is not None or wishes.grade is not None:
            return wishes.score, wishes.grade

        def do(score: Decimal | None, grade: str | None) -> bool:
            result = {"score": score, "grade": grade}
            entries = [entry.model_copy(update=result) for entry in laid.entries]
            return self._reached(entries, laid.elsewhere) is not None

        best = self.question.best_grade
        if not laid.entries or do(None, None):
            return None, None
        score: Decimal | None = BEST_SCORE
        grade = best
        if best is not None and do(None, best):
            score = None
        elif do(BEST_SCORE, None):
            grade = None
        if score is not None:
            low, high = 0, int(BEST_SCORE)
            while low < high:
                middle = (low + high) // 2
                if do(Decimal(middle), grade):
                    high = middle
                else:
                    low = middle + 1
            score = Decimal(low)
        if grade is not None:
            grade = next((g for g in reversed(self.question.scale) if do(score, g)), grade)
        return score, grade


class _Ladder:
    """What is there when, while the modules of a plan are put in order."""

    def __init__(
        self,
        trial: Trial,
        entries: Sequence[Completed],
        elsewhere: tuple[str, ...],
        assessment: Assessment | None,
    ) -> None:
        self._trial = trial
        self._elsewhere = elsewhere
        self._entries = entries
        question = trial.question
        self._own = {
            *(entry.id for entry in question.known.completed),
            *(held.id for held in question.known.holds),
            *(waived.id for waived in question.known.waived),
            *(f"{ref}@{question.day.isoformat()}" for ref in elsewhere),
        }
        for standing in trial.base.standings.values():
            self._own |= {award.item for award in standing.awards}
        self._started = {entry.module for entry in question.known.in_progress}
        self._placed: set[str] = set()
        self._looked = -1
        self._build(assessment)

    def _build(self, assessment: Assessment | None) -> None:
        trial = self._trial
        record = trial.record(self._entries, self._elsewhere, ())
        days = [entry.on or trial.question.day for entry in self._entries]
        self.pool = Pool(trial.question.document, record, max(days, default=trial.question.day))
        self._awards: list[Made] = []
        announce(self.pool, trial.base)
        if assessment is not None:
            announce(self.pool, assessment)
            self._awards = trial.fresh(assessment)
        self._cases = {
            module: Case(tree, self.pool)
            for module, tree in trial.routes.scope.prerequisites.items()
        }
        self._settle()

    def _settle(self) -> None:
        """Find out which awards rest on nothing but what is there."""
        there = {str(item) for item in self._own} | self._placed
        growing = True
        while growing:
            growing = False
            for award in self._awards:
                if award.item not in there and award.used <= there:
                    there.add(award.item)
                    growing = True
        self._mask = 0
        for item in there:
            self._mask |= self.pool.item_bits(item)

    def startable(self, entry: Completed, day: date | None = None) -> bool:
        """Whether a module's prerequisite is met by what is there."""
        case = self._cases.get(entry.module)
        if case is None or entry.module in self._started:
            return True
        light = case.light(day or self._trial.question.day)
        try:
            return case.met_whole(light.only(self._mask)) is not None
        except UndecidedError as error:
            raise error.for_module(entry.module) from None

    def place(self, entry: Completed) -> None:
        """Let a completion be there."""
        assert entry.id is not None
        self._placed.add(entry.id)
        self._started.add(entry.module)
        self._settle()

    def look_again(self, placed: Sequence[Completed]) -> bool:
        """Evaluate what is placed, for awards that rest on less in the end; False if no use."""
        if self._looked == len(placed):
            return False
        self._looked = len(placed)
        trial = self._trial
        question = trial.question
        approved = {
            ref
            for ref in trial.routes.scope.credentials
            if question.document.credentials[ref][0].award == "approval"
        }
        record = trial.record(placed, self._elsewhere, approved)
        days = [entry.on or question.day for entry in placed]
        self._build(assess(question.document, record, max(days, default=question.day)))
        return True


def _by(places: Mapping[str | None, int]) -> Callable[[Completed], int]:
    """Prefer completions by their places."""
    return lambda entry: places[entry.id]
