"""The columns: always what making them anew would give, whoever was killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import cairn
from domain.commands import (
    CorrectCompletion,
    DecideReview,
    RecordExternalAward,
    RevokeAward,
    StartModule,
    SubstituteModule,
)
from domain.ledger import open_ledger
from domain.records import record_of
from pathways.awards import assess
from pathways.document import Record
from projections import columns as module
from projections.columns import Batch, Columns, ColumnsDamagedError
from projections.partitions import Sharing
from projections.population import learner_of, population
from tests.domain.test_imports import many
from tests.ledgers import LADDER, MOMENT, TODAY, Desk, day, desk


@pytest.fixture
def busy(registrar: Desk) -> Desk:
    """A ledger in which a bit of everything happened."""
    registrar.publish(LADDER)
    registrar.publish(LADDER.replace('"1"', '"2"'))
    registrar.enrol(version="1")
    registrar.complete("sheets-1", on="02-01", score=80)
    registrar.complete("sheets-2", on="02-02", source="lms", source_id="7", groups=("a", "b"))
    registrar.complete("sheets-2", on="02-02", source="lms", source_id="8")
    registrar.complete("charts", on="02-03", expires="never")
    learner = registrar.learners["s-1"]
    registrar.do(StartModule(learner=learner, module="macros", on=TODAY))
    registrar.revoke("sheets-1@2026-02-01")
    registrar.do(DecideReview(learner=learner, award="essentials", decision="keep", on=TODAY))
    registrar.do(CorrectCompletion(learner=learner, completion="lms:7", grade="B", on=TODAY))
    registrar.waive("further", on="02-10")
    registrar.enrol(who="s-2", version="2")
    registrar.complete("charts", who="s-2", grade="A")
    registrar.withdraw(who="s-2")
    registrar.move()
    registrar.do(RevokeAward(learner=learner, award="certificate", on=day("05-05")))
    registrar.enrol(who="s-3")
    third = registrar.learners["s-3"]
    registrar.do(SubstituteModule(learner=third, module="x/y", counts_as="macros", on=TODAY))
    registrar.complete("x/y", who="s-3")
    registrar.do(RecordExternalAward(learner=third, credential="essentials", on=day("03-03")))
    registrar.enrol(who="s-4")
    registrar.complete("sheets-1", who="s-4", on="02-02", expires=day("12-31"))
    registrar.complete("sheets-2", who="s-4", on="02-01", score="61.25", credits=Decimal(6))
    registrar.do(StartModule(learner=registrar.learners["s-4"], module="charts", on=TODAY))
    registrar.approve("certificate", who="s-4")
    registrar.do(
        RecordExternalAward(
            learner=registrar.learners["s-4"], credential="certificate", on=day("05-05")
        )
    )
    return registrar


def intake(registrar: Desk, number: int) -> None:
    registrar.take_in(many(number))


def told(columns: Columns) -> list[dict[str, Any]]:
    """All that the columns tell, learner by learner."""
    found = []
    for part in columns.parts():
        batch = part.read()
        own = batch.tables["learners"].to_pylist()
        rows = {name: table.to_pylist() for name, table in batch.tables.items()}
        for place, learner in enumerate(own):
            cut = {name: batch.starts(name)[place : place + 2] for name in module.SCHEMAS}
            found.append(
                {"own": learner} | {name: rows[name][low:high] for name, (low, high) in cut.items()}
            )
    return found


def anew(registrar: Desk, place: Path) -> list[dict[str, Any]]:
    """All that columns tell that were just made."""
    fresh = Columns(registrar.ledger, place)
    fresh.rebuild()
    assert fresh.verify() == []
    return told(fresh)


# --- one truth -----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [1, 3, 20_000])
def test_catching_up_gives_what_making_anew_gives(
    busy: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(module, "_PAGE", page)
    columns = Columns(busy.ledger)
    columns.catch_up()
    for who in ("s-4", "s-1", "s-3"):
        busy.complete("macros", who=who, on="06-01")
        columns.catch_up()
        assert told(columns) == anew(busy, tmp_path / f"anew-{who}")
    intake(busy, 15)
    columns.catch_up()
    assert told(columns) == anew(busy, tmp_path / "anew")
    assert columns.learners() == len(told(columns)) >= 15
    assert columns.catch_up() == 0
    assert columns.verify() == []


def test_ranges_and_processes_change_nothing(
    busy: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake(busy, 15)
    whole = anew(busy, tmp_path / "whole")
    monkeypatch.setattr(module, "STRETCH", 12)
    columns = Columns(busy.ledger)
    columns.rebuild(Sharing(2))
    assert len(columns.parts()) > 3
    assert told(columns) == whole
    intake(busy, 40)
    columns.catch_up()
    assert told(columns) == anew(busy, tmp_path / "later")


def test_catching_up_writes_what_is_new_and_no_more(busy: Desk, tmp_path: Path) -> None:
    intake(busy, 200)
    columns = Columns(busy.ledger)
    columns.rebuild()
    before = {path: path.stat().st_size for path in columns.folder.glob("*.parquet")}
    busy.complete("macros", who="s-3", on="06-01")
    columns.catch_up()
    new = [path for path in columns.folder.glob("*.parquet") if path not in before]
    assert sum(path.stat().st_size for path in new) < sum(before.values())
    manifest = columns.manifest()
    assert manifest is not None
    assert [run.learners for run in manifest.newer] == [1]


# --- what the rules see --------------------------------------------------------------------------


def batch_of(registrar: Desk) -> Batch:
    columns = Columns(registrar.ledger)
    columns.catch_up()
    (part,) = columns.parts()
    return part.read()


def test_a_learner_of_the_columns_stands_as_the_learner_of_the_ledger(busy: Desk) -> None:
    batch = batch_of(busy)
    for place, own in enumerate(batch.tables["learners"].to_pylist()):
        known = busy.ledger.learner(own["learner"])
        told = learner_of(batch, place)
        for enrolment in known.current_enrolments:
            volume = busy.ledger.volume("ladder", enrolment.version)
            records = [
                record_of(one, volume.words, pathway="ladder", enrolled=enrolment.on, on=TODAY)
                for one in (known, told)
            ]
            first, second = (assess(volume.document, record, TODAY) for record in records)
            assert [
                (one.status, one.progress, one.awarded_on) for one in first.standings.values()
            ] == [(one.status, one.progress, one.awarded_on) for one in second.standings.values()]


def bare(record: Record) -> dict[str, Any]:
    """A record without the names of its items, and in no order."""
    data = record.model_dump()
    for entry in (*data["completed"], *data["holds"]):
        entry.pop("id")
    for held in data["holds"]:
        held["used"] = len(held["used"])
    return {
        name: sorted(value, key=repr) if isinstance(value, tuple) else value
        for name, value in data.items()
    }


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_population_tells_the_records_that_the_ledger_tells(busy: Desk, version: str) -> None:
    intake(busy, 12)
    volume = busy.ledger.volume("ladder", version)
    crowd = population(batch_of(busy), volume.words, pathway="ladder", on=TODAY)
    assert len(crowd) > 10
    assert 0 < len(crowd.irregular) < len(crowd)
    for place, learner in enumerate(crowd.learners):
        known = busy.ledger.learner(learner or "")
        enrolled = known.enrolment("ladder").on
        due = record_of(known, volume.words, pathway="ladder", enrolled=enrolled, on=TODAY)
        told = crowd.record_of(place)
        assert bare(told) == bare(due)
        names = [entry.id or f"{entry.module}@{entry.on}" for entry in told.completed]
        assert len(set(names)) == len(names)


def test_a_population_may_be_of_some_versions_and_of_what_the_rules_give(busy: Desk) -> None:
    batch = batch_of(busy)
    words = busy.ledger.volume("ladder", "2").words
    newest = population(batch, words, pathway="ladder", on=TODAY, versions={"1"})
    assert len(newest) == 0
    bare_ = population(batch, words, pathway="ladder", on=TODAY, by_rules=True)
    first = bare_.learners.index(busy.learners["s-1"])
    assert [held.revoked for held in bare_.record_of(first).holds] == [day("05-05")]


# --- what may go wrong ---------------------------------------------------------------------------

KILLED = """
import sys
from domain.ledger import open_ledger
from projections import columns

columns._PAGE = 7
with open_ledger(sys.argv[1], timeout=60) as ledger:
    print("begun", flush=True)
    for _ in range(200):
        columns.Columns(ledger).catch_up()
        if sys.argv[2] == "rebuild":
            columns.Columns(ledger).rebuild()
"""


def begun(path: Path, what: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path), what], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


@pytest.mark.parametrize("what", ["catch up", "rebuild"])
def test_who_is_killed_at_any_moment_leaves_columns_that_can_be_used(
    tmp_path: Path, what: str
) -> None:
    with desk(tmp_path) as registrar:
        registrar.publish(LADDER)
        intake(registrar, 60)
        for wait in (0.0, 0.02, 0.05, 0.1, 0.2, 0.4):
            process = begun(tmp_path / "cairn.db", what)
            time.sleep(wait)
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            columns = Columns(registrar.ledger)
            if columns.manifest() is not None:
                told(columns)
            columns.catch_up()
            assert told(columns) == anew(registrar, tmp_path / "anew")
            registrar.enrol(who=f"s-{wait}")
        columns.rebuild()
        kept = {path.name.partition(".")[0] for path in columns.folder.glob("*.parquet")}
        manifest = columns.manifest()
        assert manifest is not None
        assert kept <= {run.name for run in manifest.runs} | manifest.dropped.keys()


def test_several_programs_at_once_make_the_same_columns(tmp_path: Path) -> None:
    with desk(tmp_path) as registrar:
        registrar.publish(LADDER)
        intake(registrar, 30)
        processes = [begun(tmp_path / "cairn.db", "catch up") for _ in range(3)]
        for number in range(10):
            registrar.enrol(who=f"x-{number}")
            columns = Columns(registrar.ledger)
            columns.catch_up()
            assert columns.learners() == 31 + number
        for process in processes:
            process.kill()
            process.communicate()
        assert told(columns) == anew(registrar, tmp_path / "anew")


def test_columns_of_another_version_or_another_ledger_are_made_anew(
    busy: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = Columns(busy.ledger)
    columns.catch_up()
    before = told(columns)
    with monkeypatch.context() as other:
        other.setattr(module, "VERSION", 0)
        assert Columns(busy.ledger).manifest() is None
    assert columns.catch_up() == 0
    manifest = columns.folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"version": 1', '"version": 0'))
    assert columns.catch_up() == busy.ledger.store.head()
    assert told(columns) == before
    (tmp_path / "other").mkdir()
    with open_ledger(str(tmp_path / "other" / "cairn.db")) as ledger:
        another = Desk(ledger)
        another.publish(LADDER)
        another.enrol(who="s-9")
        stranger = Columns(ledger, columns.folder)
        stranger.catch_up()
        assert stranger.learners() == 1
    manifest.write_text("{")
    columns.catch_up()
    assert told(columns) == before


def test_a_file_that_is_damaged_or_gone_is_told(busy: Desk) -> None:
    columns = Columns(busy.ledger)
    columns.catch_up()
    path = next(columns.folder.glob("*.completions.parquet"))
    good = path.read_bytes()
    path.write_bytes(good[: len(good) // 2])
    assert columns.verify() == [path]
    with pytest.raises(ColumnsDamagedError, match="is damaged") as caught:
        told(columns)
    assert "cairn projections rebuild" in caught.value.help
    path.unlink()
    assert columns.verify() == [path]
    with pytest.raises(ColumnsDamagedError, match="is gone"):
        told(columns)
    columns.rebuild()
    assert columns.verify() == []


def test_files_that_were_replaced_are_kept_for_a_while(
    busy: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = Columns(busy.ledger)
    columns.catch_up()
    before = columns.parts()
    columns.rebuild()
    assert [len(part.read()) for part in before] == [4]
    monkeypatch.setattr(module, "_KEPT", 0)
    columns.rebuild()
    columns.rebuild()
    with pytest.raises(ColumnsDamagedError):
        before[0].read()


def test_columns_hold_no_personal_data(busy: Desk) -> None:
    busy.ledger.register("s-1", name="Ann Onym", email="ann@example.org", on=TODAY, at=MOMENT)
    columns = Columns(busy.ledger)
    columns.catch_up()
    everything = repr(told(columns))
    assert "Onym" not in everything
    assert "example.org" not in everything
    assert "'s-1'" not in everything


def test_the_commands_tell_of_columns_and_make_them_anew(
    busy: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(busy.ledger.store.database.path)
    monkeypatch.delenv("CAIRN_COLUMNS", raising=False)

    def ran(*words: str) -> str:
        result = CliRunner().invoke(cairn, ["projections", *words, "--db", path])
        assert result.exit_code == 0, result.output
        return result.output

    assert "columns" not in ran("status")
    assert "columns" not in ran("rebuild", "--json")
    columns = Columns(busy.ledger)
    columns.catch_up()
    assert "columns" in ran("status")
    next(columns.folder.glob("*.completions.parquet")).unlink()
    assert "columns" in ran("rebuild", "--json")
    assert columns.verify() == []
