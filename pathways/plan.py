"""The cheapest way from a record to a credential, exactly, or what stands in every way.

`planner` finds plans, the cheapest first; where there is none, `obstacles` says why. Pure: nothing
is stored, and no clock is read.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import islice

from pathways.document import Document, Record
from pathways.obstacles import obstacles
from pathways.planner import Obstacle, Plan, Planner, Step
from pathways.problems import CairnError, nearest
from pathways.routes import Limit
from pathways.wishes import Aim, Question, Wishes

__all__ = ["Aim", "Limit", "Plan", "PlanError", "Step", "Wishes", "plan", "plans"]


class PlanError(CairnError):
    """A question that can not be planned for; `help` says what would do."""

    def __init__(self, message: str, help_: str = "") -> None:
        super().__init__(message)
        self.help = help_


def plan(
    document: Document,
    record: Record,
    to: str,
    on: date,
    wishes: Wishes | None = None,
    *,
    explain: bool = True,
) -> Plan:
    """Return the cheapest plan that leads from a record to a credential, asked on a day.

    Where there is none, the plan says what stands in the way, unless nothing is to be explained.
    Raises `PlanError` where the question names what the document does not have.
    """
    return plans(document, record, to, on, wishes, explain=explain)[0]


def plans(
    document: Document,
    record: Record,
    to: str,
    on: date,
    wishes: Wishes | None = None,
    *,
    number: int = 1,
    explain: bool = True,
) -> tuple[Plan, ...]:
    """Return up to so many plans, cheapest first, no two of which complete the same modules.

    Where there is none, the one plan that is returned says what stands in the way.
    """
    wishes = wishes or Wishes()
    question = Question(document, record, to, on, wishes)
    _check(question)
    planner = Planner(question)
    found = list(islice(planner.plans(), number))
    if found:
        return tuple(found)
    conflict: tuple[Obstacle, ...] = ()
    if explain:
        conflict = obstacles(question)
    return (Plan(to, wishes.minimise, None, planner.exhausted, Decimal(0), conflict=conflict),)


def _check(question: Question) -> None:
    """Refuse names that the document does not have, and aims that can not be measured."""
    document, to, wishes = question.document, question.to, question.wishes
    if to not in document.credentials:
        raise PlanError(f"there is no credential `{to}`", nearest(to, document.credentials))
    known = {*document.modules, *document.credentials}
    for name in sorted(wishes.avoid | (wishes.only or frozenset())):
        if name not in known:
            raise PlanError(f"there is no module `{name}`", nearest(name, document.modules))
    if wishes.pace is None and "time" in (wishes.minimise, wishes.then):
        raise PlanError(
            "how much time a plan takes depends on the pace", 'say it: `--pace "10 hours/week"`'
        )
    if wishes.grade is not None and wishes.grade not in question.scale:
        raise PlanError(
            f"there is no grade `{wishes.grade}`", nearest(wishes.grade, question.scale)
        )
