"""A whole population at once stands as the one-learner evaluator says, learner by learner."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathways.awards import assess
from pathways.columns import population_of
from pathways.document import Completed, Document, Record
from pathways.population import stand
from pathways.source import load_pathway
from tests.strategies import THEMES, Case, cases, one_more

CORPUS = sorted((Path(__file__).parent.parent / "corpus").glob("*.pathway.yaml"))
ON = date(2026, 6, 30)


def differences(document: Document, records: Sequence[Record], on: date) -> list[str]:
    """Where the columns and the one-learner evaluator differ."""
    told = stand(document, population_of(records), on)
    found = []
    for place, record in enumerate(records):
        for ref, standing in assess(document, record, on).standings.items():
            expected = (standing.outcome, standing.progress, standing.awarded_on)
            if told.columns[ref].of(place) != expected:
                found.append(f"{place}, {ref}: {told.columns[ref].of(place)}, not {expected}")
    return found


def records(document: Document, number: int) -> Iterator[Record]:
    """Random records over the modules of a document, from nothing to nearly everything."""
    dice = random.Random(document.digest)
    refs, grades = sorted(document.modules), list(document.main.scale)
    for place in range(number):
        completed = tuple(
            Completed(
                module=dice.choice(refs),
                on=date(2018, 1, 1) + timedelta(days=dice.randrange(3000)),
                score=dice.choice((None, Decimal(40), Decimal(55), Decimal(75), Decimal(90))),
                grade=dice.choice(grades) if grades else None,
                credits=dice.choice((None, None, Decimal(5), Decimal(20))),
                source=dice.choice(("course", "transfer")),
            )
            for _ in range(dice.randrange(place % len(refs) + 2))
        )
        yield Record(enrolled=date(2018, 1, 1), completed=completed)


@pytest.mark.parametrize("theme", THEMES)
def test_columns_say_what_the_evaluator_says(theme: str) -> None:
    @settings(max_examples=40)
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        case: Case = data.draw(cases(THEMES[theme]))
        more = data.draw(one_more(case, THEMES[theme]))
        found = differences(case.document, [case.record, more.record, case.record], case.on)
        assert not found, "\n".join(found)

    agree()


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name.partition(".")[0])
def test_columns_of_a_real_qualification_say_what_the_evaluator_says(path: Path) -> None:
    document = load_pathway(path).document
    found = differences(document, list(records(document, 24)), ON)
    assert not found, "\n".join(found)
