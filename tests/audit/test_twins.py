"""Learners who are the same but for their names are audited as if each were the only one."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from projections import log
from projections.audit import Scope, caught_up
from projections.findings import Finding
from projections.glances import glances
from projections.twins import likeness
from tests.audit.conftest import alter, audited
from tests.ledgers import LADDER, Desk, desk

WHO = ("s-1", "s-2", "s-3", "s-4")


@pytest.fixture
def cohort(tmp_path: Path) -> Iterator[Desk]:
    """Four learners with the same history, whose completions another system has named."""
    with desk(tmp_path) as opened:
        opened.publish(LADDER)
        for place, who in enumerate(WHO):
            opened.enrol(who=who)
            for number, (module, on) in enumerate(
                [("sheets-1", "02-01"), ("sheets-2", "02-10"), ("charts", "03-01")]
            ):
                opened.complete(
                    module, on, who=who, source="lms", source_id=f"{place}-{number}", score=70
                )
        assert caught_up(opened.ledger) == []
        yield opened


def found(cohort: Desk, scope: Scope | None = None) -> list[Finding]:
    return list(audited(cohort, scope).findings)


def likenesses(cohort: Desk, who: Iterable[str]) -> list[bytes | None]:
    """What the events alone of some learners have in common with their twins."""
    with log.snapshot(cohort.ledger.store.database) as view:
        seen = glances(view, "", None, ())
    return [likeness(seen[cohort.learners[each]]) for each in who]


def test_twins_are_counted_in_full(cohort: Desk) -> None:
    whole = audited(cohort).counts
    each = [audited(cohort, Scope(learner=cohort.learners[who])).counts for who in WHO]
    assert all(one == each[0] for one in each)
    assert (whole.learners, whole.proofs) == (4, 4 * each[0].proofs)
    # One event and one row of the publication.
    assert whole.events == 4 * each[0].events + 1
    assert whole.rows == 4 * each[0].rows + 2


def test_whoever_is_called_otherwise_is_a_twin_and_whoever_lived_otherwise_is_not(
    cohort: Desk,
) -> None:
    cohort.complete("macros", "03-02", who="s-4", source="lms", source_id="3-3")
    s1, s2, _, s4 = likenesses(cohort, WHO)
    assert s1 is not None
    assert s1 == s2
    assert s4 not in (None, s1)


def test_names_in_another_order_make_no_twin(tmp_path: Path) -> None:
    with desk(tmp_path) as opened:
        opened.publish(LADDER)
        for who, ids in (("s-1", "ab"), ("s-2", "ba"), ("s-3", "xy")):
            opened.enrol(who=who)
            for source_id in ids:
                opened.complete("charts", who=who, source="lms", source_id=source_id)
        one, other, twin = likenesses(opened, ("s-1", "s-2", "s-3"))
    assert one == twin != other


@pytest.mark.parametrize("seed", range(60))
def test_a_byte_that_was_changed_in_a_twin_is_found_as_in_anybody(
    cohort: Desk, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    path = tmp_path / "cairn.db"
    learner = cohort.learners[dice.choice(WHO)]
    connection = sqlite3.connect(path)
    number, state = dice.choice(
        connection.execute(
            "SELECT originator_version, state FROM stored_events WHERE originator_id = ?",
            (learner,),
        ).fetchall()
    )
    connection.close()
    at = dice.randrange(len(state))
    changed = bytes([*state[:at], state[at] ^ (1 << dice.randrange(8)), *state[at + 1 :]])
    statement = (
        "UPDATE stored_events SET state = ? WHERE originator_id = ? AND originator_version = ?"
    )
    assert alter(path, statement, changed, learner, number) == 1
    among = [finding for finding in found(cohort) if finding.stream == learner]
    assert among == found(cohort, Scope(learner=learner))
    assert all(finding.stream == learner for finding in found(cohort))


def test_what_stands_for_a_name_is_not_taken_for_one(cohort: Desk, tmp_path: Path) -> None:
    """Nobody can write into an event what an audit puts in the place of a name."""
    learner, path = cohort.learners["s-3"], tmp_path / "cairn.db"
    for mark in ("\x02", "\x01"):
        connection = sqlite3.connect(path)
        number, state = connection.execute(
            "SELECT originator_version, state FROM stored_events WHERE originator_id = ?"
            " AND topic = 'learner.credential-awarded'",
            (learner,),
        ).fetchone()
        connection.close()
        statement = (
            "UPDATE stored_events SET state = ? WHERE originator_id = ? AND originator_version = ?"
        )
        spoilt = state.replace(b'"lms:2-1"', f'"lms:{mark}1"'.encode())
        assert spoilt != state
        assert alter(path, statement, spoilt, learner, number) == 1
        assert [finding.code for finding in found(cohort)] == ["CA504"]
        alter(path, statement, state, learner, number)


@pytest.mark.parametrize("table", ["learners", "enrolments", "completions", "awards", "progress"])
def test_every_column_of_the_rows_about_a_twin_is_compared(
    cohort: Desk, tmp_path: Path, table: str
) -> None:
    path = tmp_path / "cairn.db"
    learner = cohort.learners["s-3"]
    connection = sqlite3.connect(path)
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    connection.close()
    for column in columns[1:]:
        before = found(cohort)
        assert before == []
        connection = sqlite3.connect(path)
        kept = connection.execute(
            f'SELECT rowid, "{column}" FROM {table} WHERE learner = ?', (learner,)
        ).fetchone()
        connection.close()
        statement = f'UPDATE {table} SET "{column}" = ? WHERE rowid = ?'
        alter(path, statement, 77 if isinstance(kept[1], int | float) else "2001-01-01", kept[0])
        report = found(cohort)
        assert {finding.stream for finding in report} == {learner}, column
        alter(path, statement, kept[1], kept[0])


@pytest.mark.parametrize("table", ["learners", "enrolments", "completions", "awards", "progress"])
@pytest.mark.parametrize(
    "spoilt",
    [
        "CASE typeof({0}) WHEN 'text' THEN {0} || char(0) ELSE {0} + 1 END",
        "CASE typeof({0}) WHEN 'text' THEN CAST({0} AS BLOB) ELSE CAST({0} AS TEXT) || 'x' END",
        "CASE typeof({0}) WHEN 'real' THEN {0} * (1 - 1e-16) ELSE 0.5 END",
        "CASE typeof({0}) WHEN 'text' THEN substr({0}, 1, 1) || char(1) ELSE X'00' END",
    ],
)
def test_a_value_of_a_twin_that_looks_the_same_is_not_taken_for_it(
    cohort: Desk, tmp_path: Path, table: str, spoilt: str
) -> None:
    """What the database puts together tells also what can hardly be seen."""
    path = tmp_path / "cairn.db"
    learner = cohort.learners["s-3"]
    connection = sqlite3.connect(path)
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    for column in columns[1:]:
        rowid, before = connection.execute(
            f'SELECT rowid, "{column}" FROM {table} WHERE learner = ?'
            f' AND "{column}" IS NOT NULL AND "{column}" IS NOT 0.0',
            (learner,),
        ).fetchone() or (0, None)
        if rowid == 0:
            continue
        expression = spoilt.format(f'"{column}"')
        connection.execute(f'UPDATE {table} SET "{column}" = {expression} WHERE rowid = {rowid}')
        connection.commit()
        (after,) = connection.execute(
            f'SELECT "{column}" FROM {table} WHERE rowid = {rowid}'
        ).fetchone()
        if (type(after), after) != (type(before), before):
            assert {finding.stream for finding in found(cohort)} == {learner}, (column, after)
        connection.execute(f'UPDATE {table} SET "{column}" = ? WHERE rowid = {rowid}', (before,))
        connection.commit()
    connection.close()


def test_what_happened_to_a_twin_is_shown_in_its_place(cohort: Desk, tmp_path: Path) -> None:
    path = tmp_path / "cairn.db"
    learner = cohort.learners["s-2"]
    for column, value in (
        ("at", "2026-06-30 09:31:00.000000"),
        ("subject", "lms:9"),
        ("number", 9),
    ):
        assert found(cohort) == []
        connection = sqlite3.connect(path)
        kept = connection.execute(
            f'SELECT position, "{column}" FROM activity WHERE stream = ? AND subject LIKE ?',
            (learner, "lms:%"),
        ).fetchone()
        connection.close()
        statement = f'UPDATE activity SET "{column}" = ? WHERE position = ?'
        alter(path, statement, value, kept[0])
        assert [(one.code, one.stream) for one in found(cohort)] == [("CA402", learner)]
        alter(path, statement, kept[1], kept[0])
