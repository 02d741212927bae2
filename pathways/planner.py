"""The search for plans: what leads to a credential, the cheapest first.

`routes` proposes the cheapest set of completions; `itinerary` tries it out on the evaluator that
makes awards. A set that does not earn the goal is excluded, and the next one is proposed. So a
plan is never wrong, and where the solver has proved that nothing cheaper could be proposed, it is
optimal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from pathways.awards import Assessment, assess
from pathways.document import Completed, Held, Record, plain
from pathways.evidence import BEST_SCORE
from pathways.itinerary import Gain, Laid, Trial
from pathways.routes import Measure, Routes, Unfinished
from pathways.wishes import Aim, Question

#: So many orders of completions are tried out before the search is given up.
_TRIES = 200


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
    needs, None where any will do. `optimal` says of a missing plan that there is none. A goal that
    is held needs none; `held_until` is its last day.
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
    held_until: date | None = None
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


class Planner:
    """The search for plans of one question; what was found to fail is not proposed again."""

    def __init__(self, question: Question) -> None:
        """Prepare the question."""
        self.question = question
        #: Whether it was proved that there is no further plan.
        self.exhausted = False

    def plans(self) -> Iterator[Plan]:
        """Give plans, cheapest first."""
        base = assess(self.question.document, self.question.known, self.question.day)
        goal = base.standings[self.question.to]
        if goal.status == "held":
            self.exhausted = True
            yield Plan(
                self.question.to,
                self.question.wishes.minimise,
                Decimal(0),
                True,
                Decimal(0),
                held_already=True,
                held_until=goal.expires_on,
            )
            return
        routes = self._routes(base)
        trial = Trial(self.question, base, routes)
        sure, floor = True, Decimal(0)
        while trial.tries < _TRIES:
            try:
                route = routes.best()
            except Unfinished:
                return
            if route is None:
                self.exhausted = sure
                return
            if sure:
                floor = max(floor, route.bound)
            laid = trial.lay(route)
            if laid is None and (end := trial.outlasts(route)) is not None:
                # Something that is there now is over by then: look for plans that need none of it.
                # No plan costs less than one that could use it, but one may cost less than these.
                routes = self._routes(base, lasting=end)
                trial = replace(trial, routes=routes, lasting=end)
                sure = False
                continue
            if laid is None:
                routes.exclude(route, monotone=trial.monotone)
                sure = sure and trial.sure
                continue
            laid = trial.stating_least(trial.without_needless(laid) if not route.smallest else laid)
            yield self._told(trial, laid, floor)
            counts = Counter(entry.module for entry in laid.entries)
            if not counts:
                self.exhausted = True
                return
            routes.exclude_modules(counts)

    def _routes(self, base: Assessment, lasting: date | None = None) -> Routes:
        wishes = self.question.wishes
        forbidden = set(wishes.avoid)
        if wishes.only is not None:
            forbidden |= self.question.document.modules.keys() - wishes.only
        return Routes(
            self.question.document,
            self.question.known,
            self.question.day,
            self.question.to,
            base=base,
            aims=self._aims(),
            forbidden=forbidden,
            limits=wishes.at_most,
            score=wishes.score if wishes.score is not None else self._unless(BEST_SCORE),
            grade=wishes.grade
            if wishes.grade is not None
            else self._unless(self.question.best_grade),
            waiting=wishes.waiting,
            lasting=lasting,
        )

    def _unless(self, best: Any) -> Any:
        """The best score or grade, where only the other of the two is assumed; else any will do."""
        assumed = self.question.wishes.score is not None or self.question.wishes.grade is not None
        return best if assumed else None

    def _aims(self) -> tuple[Measure, ...]:
        aims: list[Measure] = []
        for aim in (self.question.wishes.minimise, self.question.wishes.then):
            if aim == "time":
                assert self.question.wishes.pace is not None
                aims.append(self.question.wishes.pace.unit)
            elif aim is not None:
                aims.append(aim)
        return tuple(dict.fromkeys(aims))

    def _told(self, trial: Trial, laid: Laid, bound: Decimal) -> Plan:
        question = self.question
        minimise, pace = question.wishes.minimise, question.wishes.pace
        if minimise == "time":
            assert pace is not None
            bound = Decimal((pace.day(question.day, bound) - question.day).days)
        cost = trial.cost(laid)
        score, grade = trial.least_result(laid)
        return Plan(
            to=self.question.to,
            minimise=minimise,
            cost=cost,
            optimal=cost <= bound,
            bound=min(bound, cost),
            steps=tuple(Step(trial.unscored(entry)) for entry in laid.entries),
            awards=laid.gains,
            score=score,
            grade=grade,
            awaits_approval=any(
                gain.approval and gain.credential == self.question.to for gain in laid.gains
            ),
        )


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(plain(amount))
