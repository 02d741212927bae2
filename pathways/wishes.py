"""What is asked of a plan: from where to where, on which day, and what it is to be like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Literal

from pathways.document import Document, Record
from pathways.evidence import dated
from pathways.pace import Pace
from pathways.routes import Limit

Aim = Literal["modules", "credits", "hours", "price", "time"]


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


@dataclass(frozen=True)
class Question:
    """Everything that a plan depends on."""

    document: Document
    record: Record
    to: str
    on: date
    wishes: Wishes

    @property
    def day(self) -> date:
        """The first day of the plan, and without a pace its only one."""
        return self.wishes.start or self.on

    @cached_property
    def known(self) -> Record:
        """The record, in which everything has its date and its id."""
        return dated(self.record, self.on)

    @cached_property
    def started(self) -> frozenset[str]:
        """The modules in progress."""
        return frozenset(entry.module for entry in self.record.in_progress)

    @cached_property
    def scale(self) -> tuple[str, ...]:
        """The grades, highest first: of the main file, or of the first that has any."""
        return next((tuple(file.scale) for file in self.document.files if file.scale), ())

    @property
    def best_grade(self) -> str | None:
        """The highest grade of the scale."""
        return self.scale[0] if self.scale else None
