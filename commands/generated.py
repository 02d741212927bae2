"""Learners who do not exist, and what they complete: the same ones in every run.

Each follows one of the examples that a pathway's designer wrote, over some terms, with scores
that vary; not everybody gets to the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathways.document import Example
    from pathways.source import Loaded

FIRST = date(2024, 2, 5)
LAST = date(2026, 3, 12)

_GIVEN = """
    Aroha Ben Chen Dina Emil Farah Grace Hemi Ines Jonas Kiri Liam Mei Nikau Olga Priya Quinn
    Rangi Sofia Tane Uma Viktor Wiremu Xenia Yusuf Zoe
"""
_FAMILY = """
    Abe Brown Costa Dubois Evans Fonoti Garcia Hughes Ito Jansen Kaur Lee Morgan Ngata Okafor
    Patel Quist Rossi Singh Tamihana Ueda Vogel Walker Young Zhang
"""


@dataclass(frozen=True, slots=True)
class Learner:
    """Somebody with a student number, and the pathway that they follow."""

    reference: str
    name: str
    pathway: str
    enrolled: date


@dataclass(frozen=True, slots=True)
class Completion:
    """One row of what a learning platform would report."""

    learner: str
    module: str
    completed_on: date
    score: int | None
    credits: str
    source: str
    source_id: str

    def cells(self) -> tuple[str, ...]:
        """Return the row as text, in the order of the import's columns."""
        score = "" if self.score is None else str(self.score)
        day = self.completed_on.isoformat()
        return (
            self.learner, self.module, day, score, "", self.credits, self.source, self.source_id
        )  # fmt: skip


def learners(pathways: Sequence[Loaded], number: int, random: Random) -> Iterator[Learner]:
    """Give so many learners, dealt out over the pathways; the first pathway has the most."""
    ids = [loaded.document.main.pathway or "" for loaded in pathways]
    weights = [3 * len(ids) // 2, *(1 for _ in ids[1:])]
    for index in range(1, number + 1):
        yield Learner(
            reference=f"s-{1000 + index}",
            name=f"{random.choice(_GIVEN.split())} {random.choice(_FAMILY.split())}",
            pathway=random.choices(ids, weights)[0],
            enrolled=FIRST + timedelta(days=7 * random.randrange(70)),
        )


@dataclass(frozen=True, slots=True)
class Course:
    """What one learner brings along from elsewhere, and completes."""

    holds: tuple[str, ...]
    completions: tuple[Completion, ...]


def course(learner: Learner, loaded: Loaded, random: Random) -> Course:
    """Choose what a learner does of a pathway, in the order of time."""
    towards = [example for example in loaded.examples if example.expect.awarded]
    example = random.choice(towards)
    elsewhere = tuple(
        f"{loaded.document.main.home}/{held.credential}"
        for held in example.holds
        if loaded.document.credentials[held.credential][0].external
    )
    return Course(elsewhere, tuple(_completions(learner, loaded, example, random)))


def _completions(
    learner: Learner, loaded: Loaded, example: Example, random: Random
) -> Iterator[Completion]:
    home = loaded.document.main.home
    entries = list(example.completed)
    random.shuffle(entries)
    reached = entries if random.random() < 0.6 else entries[: random.randrange(len(entries) + 1)]
    day = learner.enrolled
    for place, entry in enumerate(reached, start=1):
        day += timedelta(days=random.randrange(10, 45))
        if day > LAST:
            return
        recognised = entry.source != "course"
        yield Completion(
            learner=learner.reference,
            module=entry.module if "/" in entry.module else f"{home}/{entry.module}",
            completed_on=day,
            score=None if recognised else min(98, max(35, round(random.gauss(72, 13)))),
            credits="" if entry.credits is None else str(entry.credits),
            source=entry.source,
            source_id=_named(learner, place),
        )


def _named(learner: Learner, place: int) -> str:
    """What the source calls a completion: unique, and it tells nobody whose it is."""
    return f"{Random(f'{learner.reference} {place}').getrandbits(40):010x}"
