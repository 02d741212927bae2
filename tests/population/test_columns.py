"""Columns tell what records say."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from pathways.columns import NEVER, population_of, same
from pathways.document import Record
from pathways.evidence import dated
from tests.strategies import THEMES, Case, cases

SOME = st.lists(cases(THEMES["all"]), max_size=4)


def _tidy(record: Record) -> Record:
    """The record with what it implies said, and its lists in one order."""
    told = dated(record, date(2026, 2, 1))
    return told.model_copy(
        update={
            "completed": tuple(sorted(told.completed, key=lambda e: (str(e.on), e.module, e.id))),
            "holds": tuple(sorted(told.holds, key=lambda held: (held.on, held.credential))),
        }
    )


@given(SOME)
def test_the_columns_give_every_record_back(drawn: list[Case]) -> None:
    population = population_of(case.record for case in drawn)
    back = [_tidy(population.record_of(place)) for place in range(len(population))]
    assert back == [_tidy(case.record) for case in drawn]


@given(SOME, st.data())
def test_a_part_tells_the_same_of_its_learners(drawn: list[Case], data: st.DataObject) -> None:
    population = population_of(case.record for case in drawn)
    first = data.draw(st.integers(0, len(drawn)))
    last = data.draw(st.integers(first, len(drawn)))
    part = population.part(first, last)
    back = [part.record_of(place) for place in range(len(part))]
    assert back == [population.record_of(place) for place in range(first, last)]


def test_a_column_that_says_the_same_of_all_takes_no_room() -> None:
    column = same(NEVER, 1_000_000)
    assert column.tolist()[:2] == [NEVER, NEVER]
    assert column.strides == (0,)
