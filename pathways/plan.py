"""The cheapest way from a record to a credential, exactly, with its proof or with what stands in it.

`routes` proposes the cheapest set of completions; here it is tried out: put in an order that
respects prerequisites, dated, and evaluated as a ledger would evaluate it. A set that does not
earn the goal is excluded, and the next one is proposed. So a plan is never wrong, and where the
solver has proved that nothing cheaper could be proposed, it is optimal.

Pure: nothing is stored, and no clock is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import islice, permutations
from typing import Any, Literal

from pathways.awards import Assessment, Made, assess
from pathways.compile import compiled
from pathways.document import Completed, CredentialRule, Document, Held, Record, plain
from pathways.evaluate import Case
from pathways.evidence import BEST_SCORE, Pool, dated
from pathways.pace import Pace
from pathways.periods import shift
from pathways.problems import CairnError, nearest
from pathways.routes import Limit, Measure, Route, Routes, Unfinished, announce, measure_of

__all__ = ["Limit", "Measure", "Plan", "Step", "Wishes", "plan", "plans"]

Aim = Literal["modules", "credits", "hours", "price", "time"]

AIMS: tuple[Aim, ...] = ("modules", "credits", "hours", "price", "time")

#: So many proposals are tried out before the search is given up.
_TRIES = 80
#: So many orders of a set are tried on the calendar before it is rejected.
_ORDERS = 120
#: So often the goal is waited for, from one day on which something comes due to the next.
_WAITS = 24


class PlanError(CairnError):
    """A question that can not be planned for; `help` says what would do."""

    def __init__(self, message: str, help_: str = "") -> None:
        super().__init__(message)
        self.help = help_


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a plan is to be like.

    `only` and `avoid` name modules (or credentials that are awarded elsewhere). `score` and
    `grade` are what is assumed of every completion; without them, whatever is asked. With a
    `pace` modules are laid end to end from `start`, and the goal may come later by itself;
    without, all is completed on the day of the question, and the goal is to be reached on it,
    or, with `patient`, later. `by` is the last day for the goal.
    """

    minimise: Aim = "modules"
    then: Aim | None = None
    only: frozenset[str] | None = None
    avoid: frozenset[str] = frozenset()
    at_most: tuple[Limit, ...] = ()
    score: Decimal | None = None
    grade: str | None = None
    start: date | None = None
    pace: Pace | None = None
    patient: bool = False
    by: date | None = None

    @property
    def waiting(self) -> bool:
        """Whether the goal may be reached after the last module is completed."""
        return self.patient or self.pace is not None or self.by is not None


@dataclass(frozen=True, slots=True)
class Step:
    """One module to complete, the day, and what the completion states beyond its module."""

    completed: Completed

    @property
    def module(self) -> str:
        """The module."""
        return self.completed.module

    @property
    def on(self) -> date:
        """The day by which it is completed."""
        assert self.completed.on is not None
        return self.completed.on

    def to_json(self) -> dict[str, Any]:
        """Return the module and the day, and what is stated where something is."""
        entry = self.completed
        written: dict[str, Any] = {"module": entry.module, "on": self.on.isoformat()}
        for unit in ("credits", "hours"):
            if (amount := getattr(entry, unit)) is not None:
                written[unit] = _number(amount)
        if entry.source != "course":
            written["source"] = entry.source
        if entry.groups:
            written["groups"] = list(entry.groups)
        return written


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
class Obstacle:
    """What stands in every way: when it goes, a plan is possible.

    `things` are pairs of a kind and a name. Several stand in one obstacle where only all of them
    together could go.
    """

    things: tuple[tuple[str, str], ...]
    text: str

    def to_json(self) -> dict[str, Any]:
        """Return the kind and name of what stands in the way, or of each thing, and the words."""
        things = [{"kind": kind, "name": name} for kind, name in self.things]
        if len(things) == 1:
            return {**things[0], "text": self.text}
        return {"kind": "together", "things": things, "text": self.text}


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer: completions in their order, or, where there is no way, the `conflict`.

    `cost` is in the measure that was minimised (for `time`: in days), None where there is no
    plan. `bound`: no plan costs less. `score` and `grade` are the least that every completion
    needs, None where any will do. `optimal` says of a missing plan that there is none.
    """

    to: str
    minimise: Aim
    cost: Decimal | None
    optimal: bool
    bound: Decimal
    steps: tuple[Step, ...] = ()
    awards: tuple[Gain, ...] = ()
    score: Decimal | None = None
    grade: str | None = None
    awaits_approval: bool = False
    held_already: bool = False
    conflict: tuple[Obstacle, ...] | None = None

    @property
    def found(self) -> bool:
        """Whether there is a plan."""
        return self.cost is not None

    def applied(self, record: Record) -> Record:
        """Return the record as it is when the plan has been carried out, approvals included."""
        done = Counter(step.module for step in self.steps)
        return record.model_copy(
            update={
                "completed": (*record.completed, *(step.completed for step in self.steps)),
                "in_progress": tuple(e for e in record.in_progress if e.module not in done),
                "holds": (
                    *record.holds,
                    *(Held(credential=g.credential, on=g.on) for g in self.awards if g.elsewhere),
                ),
                "approved": (
                    *record.approved,
                    *(g.credential for g in self.awards if g.approval and g.credential != self.to),
                ),
            }
        )

    @property
    def done_on(self) -> date | None:
        """The day on which the goal is reached; None where there is no plan or nothing to do."""
        return next((gain.on for gain in self.awards if gain.credential == self.to), None)

    def to_json(self) -> dict[str, Any]:
        """Return the object that `cairn plan --json` prints, which is a contract."""
        written: dict[str, Any] = {
            "to": self.to,
            "minimise": self.minimise,
            "cost": None if self.cost is None else _number(self.cost),
            "proven_optimal": self.optimal,
            "modules": [step.to_json() for step in self.steps],
            "awards": [gain.to_json() for gain in self.awards],
            "conflict": (
                None if self.conflict is None else [one.to_json() for one in self.conflict]
            ),
        }
        if self.cost is not None and not self.optimal:
            written["bound"] = _number(self.bound)
        if self.score is not None:
            written["score"] = _number(self.score)
        if self.grade is not None:
            written["grade"] = self.grade
        if self.awaits_approval:
            written["status"] = "awaiting approval"
        return written


def plan(
    document: Document, record: Record, to: str, on: date, wishes: Wishes | None = None
) -> Plan:
    """Return the cheapest plan that leads from a record to a credential, asked on a day.

    Where there is none, the plan says what stands in the way. Raises `PlanError` where the
    question names what the document does not have.
    """
    return plans(document, record, to, on, wishes)[0]


def plans(
    document: Document,
    record: Record,
    to: str,
    on: date,
    wishes: Wishes | None = None,
    *,
    number: int = 1,
) -> tuple[Plan, ...]:
    """Return up to so many plans, cheapest first, no two of which complete the same modules.

    Where there is none, the one plan that is returned says what stands in the way.
    """
    from pathways.obstacles import obstacles

    wishes = wishes or Wishes()
    _check(document, to, wishes)
    search = Search(document, record, to, on, wishes)
    found = list(islice(search.plans(), number))
    if found:
        return tuple(found)
    conflict = obstacles(document, record, to, on, wishes) if search.exhausted else ()
    return (
        Plan(to, wishes.minimise, None, search.exhausted, Decimal(0), conflict=conflict),
    )


def _check(document: Document, to: str, wishes: Wishes) -> None:
    if to not in document.credentials:
        raise PlanError(
            f"there is no credential `{to}`", nearest(to, document.credentials)
        )
    known = {*document.modules, *document.credentials}
    for name in sorted(wishes.avoid | (wishes.only or frozenset())):
        if name not in known:
            raise PlanError(f"there is no module `{name}`", nearest(name, document.modules))
    if wishes.pace is None and "time" in (wishes.minimise, wishes.then):
        raise PlanError(
            "how much time a plan takes depends on the pace", "say it: `--pace \"10 hours/week\"`"
        )
    if wishes.grade is not None and wishes.grade not in _scale(document):
        raise PlanError(
            f"there is no grade `{wishes.grade}`", nearest(wishes.grade, _scale(document))
        )


class Search:
    """The search for plans of one question; what was found to fail is not proposed again."""

    def __init__(
        self, document: Document, record: Record, to: str, on: date, wishes: Wishes
    ) -> None:
        """Prepare the question."""
        self.document = document
        self.to = to
        self.wishes = wishes
        self.day = wishes.start or on
        self.record = dated(record, on)
        #: Whether it was proved that there is no further plan.
        self.exhausted = False

    def plans(self) -> Iterator[Plan]:
        """Give plans, cheapest first."""
        base = assess(self.document, self.record, self.day, verdicts=False)
        if base.standings[self.to].status == "held":
            self.exhausted = True
            yield Plan(
                self.to, self.wishes.minimise, Decimal(0), True, Decimal(0), held_already=True
            )
            return
        routes = self._routes(base)
        trial = _Trial(self, base, routes)
        sure = True
        for _ in range(_TRIES):
            try:
                route = routes.best()
            except Unfinished:
                return
            if route is None:
                self.exhausted = sure
                return
            laid = trial.lay(route)
            if laid is None:
                routes.exclude(route, monotone=trial.monotone)
                sure = sure and trial.sure
                continue
            laid = trial.without_needless(laid)
            yield self._told(trial, laid, route, sure=sure)
            counts = Counter(entry.module for entry in laid.entries)
            if not counts:
                self.exhausted = True
                return
            routes.exclude_modules(counts)

    def _routes(self, base: Assessment) -> Routes:
        wishes = self.wishes
        forbidden = set(wishes.avoid)
        if wishes.only is not None:
            forbidden |= self.document.modules.keys() - wishes.only
        return Routes(
            self.document,
            self.record,
            self.day,
            self.to,
            base=base,
            aims=self._aims(),
            forbidden=forbidden,
            limits=wishes.at_most,
            score=wishes.score if wishes.score is not None else self._unless(BEST_SCORE),
            grade=wishes.grade if wishes.grade is not None else self._unless(self.best_grade),
            waiting=wishes.waiting,
        )

    def _unless(self, best: Any) -> Any:
        """The best score or grade, where only the other of the two is assumed; else any will do."""
        assumed = self.wishes.score is not None or self.wishes.grade is not None
        return best if assumed else None

    @property
    def best_grade(self) -> str | None:
        """The highest grade of the scale."""
        return next(iter(_scale(self.document)), None)

    def _aims(self) -> tuple[Measure, ...]:
        aims: list[Measure] = []
        for aim in (self.wishes.minimise, self.wishes.then):
            if aim == "time":
                assert self.wishes.pace is not None
                aims.append(self.wishes.pace.unit)
            elif aim is not None:
                aims.append(aim)
        return tuple(dict.fromkeys(aims))

    def _told(self, trial: _Trial, laid: Laid, route: Route, *, sure: bool) -> Plan:
        minimise = self.wishes.minimise
        cost = trial.cost(laid)
        bound, optimal = route.bound, sure and route.optimal
        if minimise == "time":
            assert self.wishes.pace is not None
            bound = Decimal((self.wishes.pace.day(self.day, bound) - self.day).days)
            optimal = sure and route.optimal and cost == bound
        score, grade = trial.least_result(laid)
        return Plan(
            to=self.to,
            minimise=minimise,
            cost=cost,
            optimal=optimal,
            bound=min(bound, cost),
            steps=tuple(Step(trial.unscored(entry)) for entry in laid.entries),
            awards=laid.gains,
            score=score,
            grade=grade,
            awaits_approval=any(
                gain.approval and gain.credential == self.to for gain in laid.gains
            ),
        )


@dataclass(frozen=True, slots=True)
class Laid:
    """A set of completions in their order, dated, that was found to earn the goal."""

    entries: tuple[Completed, ...]
    elsewhere: tuple[str, ...]
    gains: tuple[Gain, ...]
    reached: date


@dataclass(slots=True)
class _Trial:
    """Tries out what the model proposes, on the real evaluator."""

    search: Search
    base: Assessment
    routes: Routes
    #: Whether the last rejection was proved, and not only that no order that was tried worked.
    sure: bool = True
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
        started = {entry.module for entry in self.search.record.in_progress}
        self._rank = {
            ref: (ref not in started, module.level or Decimal(0), place)
            for place, (ref, (module, _)) in enumerate(self.search.document.modules.items())
        }

    @property
    def monotone(self) -> bool:
        """Whether a set that fails shows that no part of it would do."""
        scope = self.routes.scope
        tied = {ref for members, _ in compiled(self.search.document).exclusive for ref in members}
        return (
            self.search.wishes.pace is None
            and all(tree.monotone for tree in scope.trees)
            and tied.isdisjoint(scope.credentials)
        )

    def cost(self, laid: Laid) -> Decimal:
        """What a plan costs, in the measure that is minimised."""
        aim = self.search.wishes.minimise
        if aim == "time":
            return Decimal((laid.reached - self.search.day).days)
        return sum(
            (measure_of(self.search.document, entry, aim) for entry in laid.entries), Decimal(0)
        )

    # --- laying out ------------------------------------------------------------------------------

    def lay(self, route: Route) -> Laid | None:
        """Put a proposal in order and on its days; None where it does not earn the goal."""
        return self._lay([self._scored(entry) for entry in route.entries], route.elsewhere)

    def _lay(self, entries: Sequence[Completed], elsewhere: tuple[str, ...]) -> Laid | None:
        self.sure = True
        if self.search.wishes.pace is None:
            named = self._named(entries, [self.search.day] * len(entries))
            reached = self._reached(named, elsewhere)
            if reached is None:
                return None
            order = self._in_order(named, elsewhere, lambda e: self._rank[e.module], reached[0])
            return None if order is None else self._laid(order, elsewhere, *reached)
        return self._on_calendar(entries, elsewhere)

    def _on_calendar(
        self, entries: Sequence[Completed], elsewhere: tuple[str, ...]
    ) -> Laid | None:
        tried: set[tuple[str, ...]] = set()
        for preference in self._preferences(entries):
            order = self._in_order(entries, elsewhere, preference, None)
            if order is None:
                return None
            key = tuple(entry.id or "" for entry in order)
            if key in tried:
                continue
            tried.add(key)
            named = self._named(order, self._days(order))
            reached = self._reached(named, elsewhere)
            if reached is not None and self._startable(named, elsewhere, reached[0]):
                return self._laid(named, elsewhere, *reached)
        self.sure = len(entries) <= 5
        return None

    def _days(self, entries: Iterable[Completed]) -> list[date]:
        pace = self.search.wishes.pace
        assert pace is not None
        days, effort = [], Decimal(0)
        for entry in entries:
            effort += measure_of(self.search.document, entry, pace.unit)
            days.append(pace.day(self.search.day, effort))
        return days

    def _preferences(
        self, entries: Sequence[Completed]
    ) -> Iterator[Callable[[Completed], Any]]:
        """Ways to prefer one order to another, the natural one first."""
        yield lambda entry: self._rank[entry.module]
        if len(entries) <= 5:
            for order in permutations(range(len(entries))):
                place = {entries[i].id: number for number, i in enumerate(order)}
                yield lambda entry, place=place: place[entry.id]
            return
        modules = self.search.document.modules
        pace = self.search.wishes.pace
        assert pace is not None
        unit = pace.unit

        def effort(entry: Completed) -> Decimal:
            return measure_of(self.search.document, entry, unit)

        def lasting(entry: Completed) -> int:
            valid = modules[entry.module][0].valid_for
            return 0 if valid is None else -(shift(self.search.day, valid).toordinal())

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
            place = {entry.id: (i - turn) % len(turns) for i, entry in enumerate(turns)}
            yield lambda entry, place=place: place[entry.id]

    def _named(self, entries: Iterable[Completed], days: Iterable[date]) -> list[Completed]:
        """Date completions, and give them the ids that a record would."""
        taken = {entry.id for entry in self.search.record.completed}
        named = []
        for entry, day in zip(entries, days, strict=True):
            name = plainest = f"{entry.module}@{day.isoformat()}"
            number = 1
            while name in taken:
                number += 1
                name = f"{plainest}#{number}"
            taken.add(name)
            named.append(entry.model_copy(update={"on": day, "id": name}))
        return named

    def _scored(self, entry: Completed) -> Completed:
        """Give a completion the result that is assumed, or the best."""
        wishes = self.search.wishes
        return entry.model_copy(
            update={
                "score": BEST_SCORE if wishes.score is None else wishes.score,
                "grade": self.search.best_grade if wishes.grade is None else wishes.grade,
            }
        )

    def unscored(self, entry: Completed) -> Completed:
        """Take the best result away again where nothing was assumed."""
        wishes = self.search.wishes
        return entry.model_copy(update={"score": wishes.score, "grade": wishes.grade})

    # --- evaluating ------------------------------------------------------------------------------

    def _record(
        self, entries: Iterable[Completed], elsewhere: Iterable[str], approved: Iterable[str]
    ) -> Record:
        entries = tuple(entries)
        done = {entry.module for entry in entries}
        record = self.search.record
        holds = tuple(
            Held(credential=ref, on=self.search.day, id=f"{ref}@{self.search.day.isoformat()}")
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
        document, to = self.search.document, self.search.to
        approved = {
            ref
            for ref in self.routes.scope.credentials
            if document.credentials[ref][0].award == "approval"
        }
        day = max((entry.on or date.min for entry in entries), default=self.search.day)
        last = self.search.wishes.by
        if last is not None and day > last:
            return None
        for _ in range(_WAITS):
            assessment = assess(
                document, self._record(entries, elsewhere, approved), day, verdicts=False
            )
            if assessment.standings[to].status == "held":
                return self._least_approved(entries, elsewhere, day, assessment, approved)
            contested = {
                ref
                for ref in self.routes.scope.credentials
                if assessment.standings[ref].status == "awaiting approval"
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
        if not self.search.wishes.waiting:
            return None
        days = {
            shift(award.on, period)
            for ref in self.routes.scope.credentials
            for award in assessment.standings[ref].awards
            for period in self._periods
        }
        enrolled = self.search.record.enrolled
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
        to = self.search.to
        approved = approved - set(self.search.record.approved)
        if len(self._fresh(assessment)) == 0:
            return assessment, set()
        for ref in sorted(approved):
            fewer = approved - {ref}
            again = assess(
                self.search.document, self._record(entries, elsewhere, fewer), day, verdicts=False
            )
            if again.standings[to].status == "held":
                assessment, approved = again, fewer
        return assessment, approved

    def _fresh(self, assessment: Assessment) -> list[Made]:
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
            for award in self._fresh(assessment)
        ]
        gains.sort(key=lambda gain: gain.on)
        reached = next((g.on for g in gains if g.credential == self.search.to), self.search.day)
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
        """Whether, on the calendar, each prerequisite is met on the day on which its module starts."""
        unlocking = self.routes.scope.prerequisites
        if not any(entry.module in unlocking for entry in entries):
            return True
        ladder = _Ladder(self, entries, elsewhere, assessment)
        start = self.search.day
        for entry in entries:
            if not ladder.startable(entry, start):
                return False
            ladder.place(entry)
            start = entry.on or start
        return True

    # --- what can be left out --------------------------------------------------------------------

    def without_needless(self, laid: Laid) -> Laid:
        """Leave out every completion, and every statement of one, that the goal can do without."""
        for entry in reversed(laid.entries):
            rest = [other for other in laid.entries if other is not entry]
            if (shorter := self._lay(rest, laid.elsewhere)) is not None:
                laid = shorter
        for place in range(len(laid.entries)):
            laid = self._stating_less(laid, place)
        return laid

    def _stating_less(self, laid: Laid, place: int) -> Laid:
        entry = laid.entries[place]
        for group in entry.groups:
            kept = tuple(g for g in laid.entries[place].groups if g != group)
            changed = list(laid.entries)
            changed[place] = changed[place].model_copy(update={"groups": kept})
            less = self._lay(changed, laid.elsewhere)
            if less is not None and less.entries[place].module == entry.module:
                laid = less
        return laid

    # --- the least result ------------------------------------------------------------------------

    def least_result(self, laid: Laid) -> tuple[Decimal | None, str | None]:
        """The least score and grade with which all completions of a plan earn the goal."""
        wishes = self.search.wishes
        if wishes.score is not None or wishes.grade is not None:
            return wishes.score, wishes.grade

        def do(score: Decimal | None, grade: str | None) -> bool:
            result = {"score": score, "grade": grade}
            entries = [entry.model_copy(update=result) for entry in laid.entries]
            return self._reached(entries, laid.elsewhere) is not None

        best = self.search.best_grade
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
            grade = next(
                (g for g in reversed(_scale(self.search.document)) if do(score, g)), grade
            )
        return score, grade


class _Ladder:
    """What is there when, while the modules of a plan are put in order."""

    def __init__(
        self,
        trial: _Trial,
        entries: Sequence[Completed],
        elsewhere: tuple[str, ...],
        assessment: Assessment | None,
    ) -> None:
        self._trial = trial
        self._elsewhere = elsewhere
        self._entries = entries
        search = trial.search
        self._own = {
            *(entry.id for entry in search.record.completed),
            *(held.id for held in search.record.holds),
            *(waived.id for waived in search.record.waived),
            *(f"{ref}@{search.day.isoformat()}" for ref in elsewhere),
        }
        for standing in trial.base.standings.values():
            self._own |= {award.item for award in standing.awards}
        self._started = {entry.module for entry in search.record.in_progress}
        self._placed: set[str] = set()
        self._looked = -1
        self._build(assessment)

    def _build(self, assessment: Assessment | None) -> None:
        trial = self._trial
        record = trial._record(self._entries, self._elsewhere, ())
        days = [entry.on or trial.search.day for entry in self._entries]
        self.pool = Pool(trial.search.document, record, max(days, default=trial.search.day))
        self._awards: list[Made] = []
        announce(self.pool, trial.base)
        if assessment is not None:
            announce(self.pool, assessment)
            self._awards = trial._fresh(assessment)
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
        return case.met_whole(case.light(day or self._trial.search.day).only(self._mask)) is not None

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
        search = trial.search
        approved = {
            ref
            for ref in trial.routes.scope.credentials
            if search.document.credentials[ref][0].award == "approval"
        }
        record = trial._record(placed, self._elsewhere, approved)
        days = [entry.on or search.day for entry in placed]
        self._build(
            assess(search.document, record, max(days, default=search.day), verdicts=False)
        )
        return True


def _scale(document: Document) -> tuple[str, ...]:
    """The grades, highest first: of the main file, or of the first that has any."""
    return next((tuple(file.scale) for file in document.files if file.scale), ())


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(plain(amount))
