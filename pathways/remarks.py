"""What is odd about a completion by its module's own words; it can be recorded all the same."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Protocol

from pathways.document import Module, Pathway


class Told(Protocol):
    """What is told of a completion."""

    @property
    def module(self) -> str:
        """The module, as the caller names it."""

    @property
    def score(self) -> Decimal | None:
        """The score, of 100."""

    @property
    def grade(self) -> str | None:
        """The grade."""

    @property
    def credits(self) -> Decimal | None:
        """The credits, where the completion says them."""

    @property
    def hours(self) -> Decimal | None:
        """The hours, where the completion says them."""


def remarks(told: Told, module: Module, file: Pathway) -> Iterator[str]:
    """Say that it does not pass, or does not say how much it is; `file` describes the module.

    >>> from types import SimpleNamespace
    >>> talk = SimpleNamespace(module="talk", score=None, grade=None, credits=None, hours=None)
    >>> module = Module(hours="varies")
    >>> next(remarks(talk, module, Pathway(modules={"talk": module})))
    '`talk` varies in hours, and this completion says none: it has 0'
    """
    yield from _passing(told, module, file)
    for unit in ("credits", "hours"):
        if getattr(module, unit) == "varies" and getattr(told, unit) is None:
            yield f"`{told.module}` varies in {unit}, and this completion says none: it has 0"


def _passing(told: Told, module: Module, file: Pathway) -> Iterator[str]:
    score = module.pass_score if module.pass_score is not None else file.defaults.pass_score
    if told.score is not None and score is not None and told.score < score:
        yield f"a score of {told.score} does not pass `{told.module}`, which asks for {score}"
    grade = module.pass_grade or file.defaults.pass_grade
    if told.grade is None:
        return
    scale = list(file.scale)
    if scale and told.grade not in scale:
        yield f"`{told.grade}` is not a grade of `{told.module}`: {', '.join(scale)}"
    elif grade is not None and scale.index(told.grade) > scale.index(grade):
        yield f"the grade {told.grade} does not pass `{told.module}`, which asks for {grade}"
