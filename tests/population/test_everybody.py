"""Everybody at once stands as each of them does alone."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.awards import assess
from pathways.columns import NEVER, population_of
from pathways.document import Completed, Document, Record
from pathways.periods import Period, shift
from pathways.population import Memory, Standings, stand
from pathways.questions import shifted
from pathways.source import load_pathway
from pathways.verdict import Outcome
from tests.strategies import THEMES, Case, cases, document_of, one_more

CORPUS = sorted((Path(__file__).parents[1] / "corpus").glob("*.pathway.yaml"))
DAY = date(2026, 6, 30)

#: How many learners of each real qualification are looked at; a thorough run takes 20,000.
CROWD = int(os.environ.get("CAIRN_CROWD", "40"))


def _agree(document: Document, records: Iterable[Record], on: date) -> Standings:
    population = population_of(records)
    told = stand(document, population, on)
    for place in range(len(population)):
        alone = assess(document, population.record_of(place), on)
        for ref, standing in alone.standings.items():
            column = told.columns[ref]
            expected = (standing.outcome, standing.progress, standing.awarded_on)
            assert column.of(place) == expected, (ref, population.record_of(place))
            held = standing.last is not None and standing.last.held(on)
            assert bool(column.held[place]) is held
    return told


@pytest.mark.parametrize("theme", list(THEMES))
def test_everybody_stands_as_each_of_them_does_alone(theme: str) -> None:
    @given(st.data())
    def law(data: st.DataObject) -> None:
        case: Case = data.draw(cases(THEMES[theme]))
        more = data.draw(one_more(case, THEMES[theme])).record
        full = case.record
        bare = full.model_copy(update={"in_progress": (), "waived": (), "substituted": ()})
        later = bare.model_copy(update={"enrolled": case.on - timedelta(days=8)})
        lasting = bare.model_copy(
            update={
                "completed": tuple(e.model_copy(update={"revoked": None}) for e in bare.completed)
            }
        )
        _agree(case.document, [full, more, bare, later, lasting, full], case.on)

    law()


def _crowd(document: Document, size: int, seed: int, own: float = 0) -> list[Record]:
    """Learners who have done many of the modules, some twice, perhaps with credits of their own."""
    draw = random.Random(seed)
    grades = [grade for file in document.files for grade in file.scale]
    modules = document.modules
    records = []
    for number in range(size):
        chosen = draw.sample(sorted(modules), draw.randint(0, len(modules)))
        chosen += draw.choices(sorted(modules), k=draw.randint(0, 3))
        completed = {}
        for ref in chosen:
            on = DAY - timedelta(days=draw.randint(0, 1200))
            varies = modules[ref][0].credits == "varies"
            hours = modules[ref][0].hours == "varies"
            completed[ref, on] = Completed(
                module=ref,
                on=on,
                score=Decimal(draw.randint(30, 100)) if draw.random() < 0.5 else None,
                grade=draw.choice(grades) if grades and draw.random() < 0.7 else None,
                credits=Decimal(draw.randint(1, 30)) if varies or draw.random() < own else None,
                hours=Decimal(draw.randint(1, 30)) if hours else None,
                source=draw.choice(("course", "course", "transfer", "exam")),
            )
        records.append(
            Record(
                learner=f"learner-{number}",
                enrolled=DAY - timedelta(days=draw.randint(0, 1200)),
                completed=tuple(completed.values()),
            )
        )
    return records


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name.split("-")[0])
def test_learners_of_a_real_qualification_stand_as_each_of_them_does_alone(path: Path) -> None:
    loaded = load_pathway(path)
    _agree(loaded.document, _crowd(loaded.document, CROWD, seed=7), DAY)
    _agree(loaded.document, _crowd(loaded.document, 20, seed=8, own=0.3), DAY)
    for example in loaded.examples:
        _agree(loaded.document, [example], example.on)


STACK = {
    "pathway": "p",
    "version": "1",
    "modules": {ref: {"credits": 10} for ref in ("ant", "bee", "cat", "dog")},
    "credentials": {
        "small": {"requires": {"all": [{"module": "ant"}, {"module": "bee"}]}},
        "large": {"requires": {"all": [{"credential": "small"}, {"credits": 30, "from": "any"}]}},
    },
}


def _done(**days: int) -> Record:
    return Record(
        completed=tuple(
            Completed(module=ref, on=date(2026, 1, number)) for ref, number in days.items()
        )
    )


def test_an_award_lifts_into_the_next_on_the_day_on_which_it_is_made() -> None:
    told = _agree(document_of(STACK), [_done(ant=1, bee=5, cat=3), _done(ant=1, cat=2)], DAY)
    met = (Outcome.MET, Fraction(1), date(2026, 1, 5))
    assert told.columns["small"].of(0) == told.columns["large"].of(0) == met
    assert told.columns["small"].of(1) == (Outcome.UNMET, Fraction(1, 2), None)


def test_nobody_is_left_to_the_exact_evaluator_by_rules_that_need_no_search() -> None:
    told = stand(document_of(STACK), population_of([_done(ant=1, bee=5, cat=3)] * 5), DAY)
    assert (told.count.learners, told.count.exact) == (5, 0)


def test_an_award_that_could_end_is_left_to_the_exact_evaluator_only_once_it_has() -> None:
    small = {
        "requires": {"all": [{"module": "ant"}, {"module": "bee"}]},
        "valid_for": "1 years",
        "renewal": {"requires": {"module": "cat"}, "opens": "6 months", "grace": "1 months"},
    }
    current = {"requires": {"module": "ant", "since": "1 years"}, "lasts": "while_met"}
    pathway = document_of({**STACK, "credentials": {"small": small, "current": current}})
    records = [_done(ant=1, bee=5, cat=3), _done(ant=1)]
    told = _agree(pathway, records, DAY)
    assert told.count.exact == 0
    assert told.columns["small"].steady.all()
    told = _agree(pathway, records, date(2027, 1, 10))
    assert told.count.because == {"`current`: an award that ended": 2}


def test_the_exact_evaluator_is_asked_once_for_records_that_are_the_same() -> None:
    tied = {"all": [{"count": 2, "from": "any"}, {"credits": 10, "from": "any"}], "distinct": True}
    pathway = {**STACK, "credentials": {"small": {"requires": tied}}}
    told = _agree(document_of(pathway), [_done(ant=1, bee=5, cat=3)] * 5, DAY)
    assert (told.count.exact, told.count.distinct) == (5, 1)
    assert told.count.because == {"`small`: a search": 5}


def test_which_of_several_attempts_counts_matters_also_where_the_rule_is_not_met() -> None:
    rule = {"all": [{"module": "ant", "min_score": 60}, {"module": "bee"}]}
    pathway = {**STACK, "attempts": "first", "credentials": {"small": {"requires": rule}}}
    first, second = date(2026, 1, 1), date(2026, 1, 2)
    retaken = Record(
        completed=(
            Completed(module="ant", on=first, score=Decimal(40)),
            Completed(module="ant", on=second, score=Decimal(80)),
        )
    )
    told = _agree(document_of(pathway), [retaken, _done(ant=1)], DAY)
    assert told.count.because == {"`small`: which attempt counts": 1}


def test_only_what_a_credential_rests_on_is_worked_out() -> None:
    population = population_of([_done(ant=1, bee=5)])
    small = stand(document_of(STACK), population, DAY, only=frozenset({"small"}))
    large = stand(document_of(STACK), population, DAY, only=frozenset({"large"}))
    assert list(small.columns) == ["small"]
    assert list(large.columns) == ["small", "large"]


def test_nobody_at_all_is_a_population() -> None:
    told = stand(document_of(STACK), population_of([]), DAY)
    assert len(told.columns["large"].outcome) == 0


@given(
    st.lists(st.dates(), min_size=1, max_size=5),
    st.builds(Period, st.integers(0, 40), st.integers(0, 800)),
)
def test_a_period_is_counted_from_many_days_as_from_one(days: list[date], period: Period) -> None:
    column = np.array([*(day.toordinal() for day in days), NEVER], np.int32)
    expected = [*(shift(day, period).toordinal() for day in days), NEVER]
    assert shifted(column, period).tolist() == expected


@pytest.mark.parametrize("theme", ["plain", "sharing", "limits", "time"])
def test_what_is_known_already_leads_to_the_same(theme: str) -> None:
    @given(cases(THEMES[theme]), st.data())
    def law(case: Case, data: st.DataObject) -> None:
        refs = list(case.document.credentials)
        only = frozenset(data.draw(st.sets(st.sampled_from(refs), min_size=1)))
        population = population_of([case.record])
        memory = Memory()
        full = stand(case.document, population, case.on, memory=memory)
        known = {ref: column for ref, column in full.columns.items() if ref not in only}
        again = stand(case.document, population, case.on, only=only, known=known, memory=memory)
        for ref in only:
            assert again.columns[ref].of(0) == full.columns[ref].of(0)

    law()
