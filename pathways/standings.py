"""How the credentials of a pathway stand for a whole population: a column for each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import lcm
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pathways.awards import Standing
from pathways.columns import NEVER, Days
from pathways.document import Document
from pathways.verdict import Outcome

Flags: TypeAlias = NDArray[np.bool_]
#: Numerators, of a denominator that is told beside them; Python's integers where 64 bits are few.
Numbers: TypeAlias = NDArray[Any]

#: Outcomes by the number that stands for them in a column.
OUTCOMES = tuple(Outcome)

#: What 64 bits hold, with room for a sum of two.
WIDE = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """How one credential stands for every learner.

    `outcome` are places in `OUTCOMES`, `awarded_on` the day of the last award or `NEVER`, `held`
    whether it is held on the day; the progress is `progress / whole`, exactly. `steady` tells that
    there was one award or none, held from its day on without a break.
    """

    outcome: NDArray[np.int8]
    progress: Numbers
    whole: int
    awarded_on: Days
    held: Flags
    steady: Flags

    def part(self, first: int, last: int) -> Column:
        """The column of the learners from one place up to, not including, another."""
        return Column(
            self.outcome[first:last],
            self.progress[first:last],
            self.whole,
            self.awarded_on[first:last],
            self.held[first:last],
            self.steady[first:last],
        )

    def of(self, learner: int) -> tuple[Outcome, Fraction, date | None]:
        """The outcome, the progress and the day of the last award of one learner."""
        day = int(self.awarded_on[learner])
        return (
            OUTCOMES[self.outcome[learner]],
            Fraction(int(self.progress[learner]), self.whole),
            None if day == NEVER else date.fromordinal(day),
        )


@dataclass(frozen=True, slots=True)
class Count:
    """How the answers were found.

    `exact` learners were left to the one-learner evaluator, which was asked once for each of
    `distinct` records; `because` says of what, and how many learners each reason concerned.
    """

    learners: int = 0
    exact: int = 0
    distinct: int = 0
    because: Mapping[str, int] = field(default_factory=dict)

    def plus(self, other: Count) -> Count:
        """Both together; records that are distinct in each part are counted in each."""
        return Count(
            self.learners + other.learners,
            self.exact + other.exact,
            self.distinct + other.distinct,
            dict(Counter(self.because) + Counter(other.because)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Standings:
    """How every credential of a document stands for a population on a day."""

    document: Document
    on: date
    columns: Mapping[str, Column]
    count: Count


def joined(parts: list[Column]) -> Column:
    """The columns of several parts of a population, one after the other."""
    if len(parts) == 1:
        return parts[0]
    whole = lcm(*(part.whole for part in parts))
    return Column(
        outcome=np.concatenate([part.outcome for part in parts]),
        progress=np.concatenate([times(p.progress, p.whole, whole // p.whole) for p in parts]),
        whole=whole,
        awarded_on=np.concatenate([part.awarded_on for part in parts]),
        held=np.concatenate([part.held for part in parts]),
        steady=np.concatenate([part.steady for part in parts]),
    )


def times(numbers: Numbers, most: int, factor: int) -> Numbers:
    """Multiply numbers of which none is above `most`, in as many bits as that takes."""
    if factor == 1:
        return numbers
    if most * factor >= WIDE:
        numbers = numbers.astype(object)
    return numbers * factor


def mended(
    column: Column,
    ref: str,
    learners: NDArray[np.int64],
    found: list[Mapping[str, Standing]],
) -> Column:
    """A column with what the exact evaluator says of some learners."""
    standings = [each[ref] for each in found]
    progress = [standing.progress for standing in standings]
    whole = lcm(column.whole, *{share.denominator for share in progress})
    numbers = times(column.progress, column.whole, whole // column.whole)
    if whole >= WIDE:
        numbers = numbers.astype(object)
    numbers = numbers.copy()
    numbers[learners] = [share.numerator * (whole // share.denominator) for share in progress]
    outcome, awarded, held, steady = (
        column.outcome.copy(),
        column.awarded_on.copy(),
        column.held.copy(),
        column.steady.copy(),
    )
    outcome[learners] = [OUTCOMES.index(standing.outcome) for standing in standings]
    awarded[learners] = [
        NEVER if standing.awarded_on is None else standing.awarded_on.toordinal()
        for standing in standings
    ]
    held[learners] = [s.last is not None and s.last.held(s.on) for s in standings]
    steady[learners] = [_steady(standing) for standing in standings]
    return Column(outcome, numbers, whole, awarded, held, steady)


def _steady(standing: Standing) -> bool:
    """Whether there was one award or none, held from its day on without a break."""
    return not standing.awards or (
        len(standing.awards) == 1 and standing.awards[0].held_throughout(standing.on)
    )
