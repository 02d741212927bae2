"""Imports: good rows are recorded, bad ones come back, and a killed import is simply run again."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain import imports
from domain.commands import RecordCompletion, WithdrawEnrolment
from domain.errors import RetiredError, UnknownPathwayError
from domain.events import Event
from domain.imports import Imported, Intake, Rejected, import_rows
from domain.ledger import Ledger, open_ledger
from domain.reports import Row
from tests.ledgers import LADDER, MOMENT, TODAY, Desk, day, desk

MODULES = ("sheets-1", "sheets-2", "charts", "macros")
NEWCOMERS = Intake(register=True, enrol=("ladder",))


def row(line: int, learner: str, module: str, on: str = "02-01", **more: Any) -> Row:
    return Row(line, RecordCompletion(learner=learner, module=module, on=day(on), **more))


def many(learners: int, seed: int = 1, per_learner: int = 4) -> Iterator[Row]:
    """Rows of learners in no order, with attempts that fail and days in no order."""
    chance = random.Random(seed)
    rows = [
        (f"s-{number}", chance.choice(MODULES), chance.randrange(300), chance.randrange(30, 101))
        for number in range(learners)
        for _ in range(per_learner)
    ]
    chance.shuffle(rows)
    for line, (learner, module, days, score) in enumerate(rows, start=2):
        yield Row(
            line,
            RecordCompletion(
                learner=learner,
                module=module,
                on=date(2025, 8, 1) + timedelta(days=days),
                score=Decimal(score),
                source="lms",
                source_id=str(line),
            ),
        )


def run(ledger: Ledger, rows: Any, intake: Intake = NEWCOMERS, **more: Any) -> Imported:
    return import_rows(ledger, rows, on=TODAY, clock=lambda: MOMENT, intake=intake, **more)


def content(ledger: Ledger) -> dict[str, list[Event]]:
    """All events by the reference of the learner: what two ledgers have to agree on."""
    found: dict[str, list[Event]] = {}
    position = 0
    while page := ledger.store.page(position, 5_000):
        position = page[-1][0]
        for _, recorded in page:
            found.setdefault(recorded.stream, []).append(recorded.event)
    people = ledger.directory.people(found)
    return {
        people[stream].reference if stream in people else stream: events
        for stream, events in found.items()
    }


@pytest.fixture
def college(registrar: Desk) -> Desk:
    registrar.publish(LADDER)
    return registrar


def test_rows_are_recorded_with_the_awards_that_follow(college: Desk) -> None:
    rows = [
        row(2, "s-1", "sheets-1"),
        row(3, "s-2", "sheets-1"),
        row(4, "s-1", "sheets-2", "02-02"),
        row(5, "s-1", "charts", "02-03"),
    ]
    result = run(college.ledger, rows)
    assert result == Imported(
        rows=4, recorded=4, duplicates=0, rejected=0, registered=2, awards=2, events=10
    )
    learner = college.ledger.learner(college.ledger.directory.find("s-1"))
    assert list(learner.awards) == ["ladder/essentials@2026-02-02", "ladder/certificate@2026-02-03"]
    assert learner.enrolment("ladder").on == day("02-01")


def test_importing_again_changes_nothing(college: Desk) -> None:
    rows = list(many(40))
    first = run(college.ledger, rows)
    before = content(college.ledger)
    again = run(college.ledger, rows)
    assert (again.duplicates, again.recorded, again.events) == (first.rows, 0, 0)
    assert content(college.ledger) == before


def test_rows_without_ids_are_recognised_too(college: Desk) -> None:
    rows = [row(2, "s-1", "sheets-1"), row(3, "s-1", "sheets-2")]
    run(college.ledger, rows)
    assert run(college.ledger, rows).duplicates == 2


def test_bad_rows_come_back_with_their_lines_and_the_others_are_recorded(college: Desk) -> None:
    rejected: list[Rejected] = []
    rows = [
        row(2, "s-1", "sheets-1"),
        row(3, "", "sheets-1"),
        row(4, "s-2", "shoots-1"),
        row(5, "s-1", "sheets-2", score=Decimal(200)),
        row(6, "s-1", "charts"),
    ]
    result = run(college.ledger, rows, rejected=rejected.append)
    assert (result.recorded, result.rejected) == (2, 3)
    assert [(one.row.line, str(one.error)) for one in rejected] == [
        (3, "there is no learner in this row"),
        (4, "no published pathway knows a module `shoots-1`"),
        (5, "a score lies between 0 and 100, and `200` does not"),
    ]
    assert rejected[1].error.help == "did you mean `sheets-1`?"


def test_unknown_learners_are_rejected_unless_they_are_to_be_registered(college: Desk) -> None:
    rejected: list[Rejected] = []
    result = run(college.ledger, [row(2, "s-9", "charts")], Intake(), rejected=rejected.append)
    assert (result.rows, result.rejected, result.registered) == (1, 1, 0)
    assert str(rejected[0].error) == "no learner is known as `s-9`"
    assert college.ledger.directory.ids(["s-9"]) == {}


def test_who_is_enrolled_already_is_not_enrolled_again(college: Desk) -> None:
    college.enrol(on="01-05")
    run(college.ledger, [row(2, "s-1", "charts")])
    assert [type(event).__name__ for event in college.events()].count("LearnerEnrolled") == 1
    assert college.known().enrolment("ladder").on == day("01-05")


def test_who_was_withdrawn_stays_withdrawn(college: Desk) -> None:
    college.enrol()
    college.do(WithdrawEnrolment(learner=college.learners["s-1"], pathway="ladder", on=TODAY))
    run(college.ledger, [row(2, "s-1", "charts")])
    assert college.known().current_enrolments == ()


def test_a_day_of_enrolment_can_be_given(college: Desk) -> None:
    intake = Intake(register=True, enrol=("ladder",), enrolled_on=day("06-01"))
    run(college.ledger, [row(2, "s-1", "sheets-1"), row(3, "s-1", "sheets-2")], intake)
    learner = college.ledger.learner(college.ledger.directory.find("s-1"))
    assert list(learner.awards) == ["ladder/essentials@2026-06-01"]


def test_nobody_is_imported_into_a_pathway_that_is_not_open(college: Desk) -> None:
    with pytest.raises(UnknownPathwayError):
        run(college.ledger, [], Intake(enrol=("leader",)))
    college.retire("ladder", "1")
    with pytest.raises(RetiredError):
        run(college.ledger, [row(2, "s-1", "charts")])


def test_progress_is_told_as_rows_are_saved(college: Desk) -> None:
    told: list[Imported] = []
    result = run(college.ledger, many(600), progress=told.append)
    assert len(told) > 2
    assert [each.rows for each in told] == sorted(each.rows for each in told)
    assert told[-1] == result


def test_how_rows_fall_into_batches_loses_none(
    college: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 7)
    rows = list(many(20))
    assert run(college.ledger, rows).recorded == len(rows)
    assert run(college.ledger, rows).duplicates == len(rows)


def test_learners_whom_others_change_meanwhile_are_decided_again(college: Desk) -> None:
    rows = [row(2, "s-1", "sheets-1"), row(3, "s-2", "sheets-1"), row(4, "s-1", "sheets-2")]
    college.enrol(who="s-1")
    college.enrol(who="s-2")

    class Interfering:
        """A clock that is asked between the decision and the save: somebody records just then."""

        calls = 0

        def __call__(self) -> datetime:
            self.calls += 1
            if self.calls == 1:
                college.complete("charts", on="01-20", who="s-1")
            return MOMENT

    result = import_rows(college.ledger, rows, on=TODAY, clock=Interfering(), intake=NEWCOMERS)
    assert (result.recorded, result.awards) == (3, 2)
    assert "ladder/certificate@2026-02-01" in college.known("s-1").awards


def test_memory_does_not_grow_with_the_number_of_rows(
    college: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 200)

    def peak(rows: Iterator[Row]) -> int:
        tracemalloc.reset_peak()
        run(college.ledger, rows)
        return tracemalloc.get_traced_memory()[1]

    def endless(count: int) -> Iterator[Row]:
        for number in range(count):
            yield row(number, f"s-{number % 100}", MODULES[number % 4], source="lms", source_id="1")

    run(college.ledger, endless(400))
    tracemalloc.start()
    try:
        few, several = peak(endless(400)), peak(endless(4_000))
    finally:
        tracemalloc.stop()
    # The rows alone would take ten times as much.
    assert several - few < 200_000


IMPORTING = """
import sys
from domain.ledger import open_ledger
from tests.domain.test_imports import many, run

def tell(result):
    print(result.rows, flush=True)

with open_ledger(sys.argv[1]) as ledger:
    run(ledger, many(int(sys.argv[2])), progress=tell)
print("done", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no process is killed like this here")
def test_an_import_that_is_killed_again_and_again_ends_like_an_undisturbed_one(
    tmp_path: Path,
) -> None:
    learners = 700
    (tmp_path / "calm").mkdir()
    with desk(tmp_path / "calm") as undisturbed:
        undisturbed.publish(LADDER)
        run(undisturbed.ledger, many(learners))
        wanted = content(undisturbed.ledger)
    path = tmp_path / "cairn.db"
    with desk(tmp_path) as registrar:
        registrar.publish(LADDER)
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", IMPORTING, str(path), str(learners)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        # Kill it at some moment after it has saved one more group of learners.
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL
    with open_ledger(str(path)) as ledger:
        halfway = content(ledger)
        assert halfway != wanted
        assert all(events == wanted[reference] for reference, events in halfway.items())
        result = run(ledger, many(learners))
        assert 0 < result.duplicates < result.rows
        assert content(ledger) == wanted


def test_moments_come_from_the_clock(college: Desk) -> None:
    later = datetime(2026, 7, 1, tzinfo=UTC)
    import_rows(
        college.ledger, [row(2, "s-1", "charts")], on=TODAY, clock=lambda: later, intake=NEWCOMERS
    )
    learner = college.ledger.directory.find("s-1")
    assert {recorded.at for recorded in college.ledger.history(learner)} == {later}
