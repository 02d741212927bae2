"""Cohorts: what is counted of everybody, and many learners moved at once."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from domain.events import MigrationDecided, MigrationFinished
from domain.ledger import open_ledger
from projections.audit import audit
from tests.cli.conftest import Run
from tests.ledgers import LADDER, TODAY, desk

#: In the second version the certificate asks for a third module, and charts are worth more.
SECOND = LADDER.replace('"1"', '"2"').replace("{all: [sheets-1, sheets-2]}", "sheets-1")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger of four learners, each further than the one before."""
    monkeypatch.setenv("CAIRN_TODAY", TODAY.isoformat())
    monkeypatch.delenv("CAIRN_COLUMNS", raising=False)
    with desk(tmp_path) as registrar:
        registrar.publish(LADDER)
        for who, on in (("s-0", "01-01"), ("s-1", "02-01"), ("s-2", "03-01"), ("s-3", "04-01")):
            registrar.enrol(who=who, on=on)
        for who in ("s-1", "s-2", "s-3"):
            registrar.complete("sheets-1", "04-02", who=who)
        for who in ("s-2", "s-3"):
            registrar.complete("sheets-2", "04-12", who=who, source="rpl")
        registrar.complete("charts", "05-02", who="s-3")
        registrar.publish(SECOND)
    return tmp_path / "cairn.db"


@pytest.fixture
def read(run: Run, path: Path) -> Callable[..., Any]:
    def read_(*words: str) -> Any:
        return json.loads(run("cohort", *words, "--json", "--db", path).stdout)

    return read_


# --- what is counted -----------------------------------------------------------------------------


def test_a_cohort_is_counted(read: Callable[..., Any]) -> None:
    found = read("ladder@1")
    (group,) = found["groups"]
    assert (group["enrolled"], group["begun"], group["withdrawn"]) == (4, 3, 0)
    by_name = {one["credential"]: one for one in group["credentials"]}
    assert [by_name[ref]["holding"] for ref in ("essentials", "certificate")] == [2, 1]
    assert by_name["essentials"]["days_median"] == 10
    assert by_name["certificate"]["days_median"] == 30
    assert by_name[None]["on_the_way_from_here"] == 2
    assert by_name["essentials"]["on_the_way_from_here"] == 1
    assert by_name[None]["stopped_here"] == 1
    helped = {
        (one["credential"], one["module"]): (one["awards"], one["advances"], one["lack"])
        for one in found["one_more_module"]
    }
    assert helped["essentials", "sheets-2"] == (1, 1, 2)
    assert helped["certificate", "charts"][0] == 1
    stand_on = {one["credential"]: one for one in found["stand_on"]}
    assert stand_on["essentials"]["common"] == ["sheets-1", "sheets-2"]
    assert stand_on["certificate"]["common"] == ["charts", "essentials"]


def test_groups_are_by_enrolment_or_by_source(read: Callable[..., Any]) -> None:
    for by, names in (
        ("quarter", ["2026-Q1", "2026-Q2"]),
        ("month", ["2026-01", "2026-02", "2026-03", "2026-04"]),
        ("year", ["2026"]),
        ("source", ["(nothing completed)", "course"]),
    ):
        groups = read("ladder@1", "--by", by)["groups"]
        assert [group["group"] for group in groups] == names
        assert sum(group["enrolled"] for group in groups) == 4
    assert [group["enrolled"] for group in groups] == [1, 3]


def test_a_day_in_the_past_knows_nothing_of_later(read: Callable[..., Any]) -> None:
    (group,) = read("ladder@1", "--on", "2026-04-12")["groups"]
    assert [one["holding"] for one in group["credentials"]] == [0, 2, 0]
    (group,) = read("ladder@1", "--on", "2026-02-15")["groups"]
    assert (group["enrolled"], group["begun"]) == (2, 0)


def test_processes_count_the_same(
    read: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = read("ladder", "--sample", "0")
    monkeypatch.setattr("projections.columns.STRETCH", 5)
    assert read("show", "ladder", "--sample", "0", "--jobs", "2") == alone


def test_text_and_csv_tell_the_same(run: Run, path: Path) -> None:
    told = run("cohort", "ladder@1", "--db", path).stdout
    assert "4 enrolled, 3 of them have completed a module; 0 withdrew" in told
    assert "before their first credential" in told
    rows = list(csv.DictReader(io.StringIO(run("cohort", "ladder", "--csv", "--db", path).stdout)))
    assert [row["holding"] for row in rows] == ["0", "2", "1"]


def test_a_pathway_that_is_not_there_is_told(run: Run, path: Path) -> None:
    result = run("cohort", "laddr", "--db", path, code=3)
    assert "no pathway `laddr` was published" in result.output
    assert "nobody follows" in run("cohort", "ladder@2", "--db", path).output
    run("cohort", "ladder", "--csv", "--json", "--db", path, code=2)


# --- moving --------------------------------------------------------------------------------------

MOVE = ("migrate", "ladder", "--from", "1", "--to", "2")


def versions(path: Path) -> dict[str, str]:
    with open_ledger(str(path)) as ledger:
        found = {}
        for who in ("s-0", "s-1", "s-2", "s-3"):
            learner = ledger.learner(ledger.directory.find(who))
            found[who] = learner.enrolment("ladder").version
        return found


def test_a_dry_run_shows_what_would_come_of_it_and_records_nothing(
    read: Callable[..., Any], path: Path
) -> None:
    with open_ledger(str(path)) as ledger:
        before = ledger.store.head()
    found = read(*MOVE, "--dry-run")
    assert found["preview"]["learners"] == 4
    assert (found["preview"]["better"], found["preview"]["worse"]) == (1, 0)
    assert found["preview"]["standings"]["ladder/essentials"] == {
        "held": {"held": 2},
        "in progress": {"held": 1},
        "not started": {"not started": 1},
    }
    assert found["moved"] == 0
    with open_ledger(str(path)) as ledger:
        assert ledger.store.head() == before


def test_a_migration_moves_everybody_and_keeps_its_preview(
    read: Callable[..., Any], path: Path
) -> None:
    found = read(*MOVE, "--jobs", "2")
    assert (found["moved"], found["stayed"], found["awards"]) == (4, 0, 1)
    assert set(versions(path).values()) == {"2"}
    with open_ledger(str(path)) as ledger:
        decided, finished = [one.event for one in ledger.history("pathway/ladder")][-2:]
        assert isinstance(decided, MigrationDecided)
        assert decided.preview == found["preview"]["standings"]
        assert decided.learners == 4
        assert isinstance(finished, MigrationFinished)
        assert audit(ledger.store.database).clean


@pytest.mark.parametrize(
    ("where", "stay"),
    [
        (["enrolled>=2026-02-01", "enrolled<2026-04-01"], {"s-0", "s-3"}),
        (["holds=essentials"], {"s-0", "s-1"}),
        (["completed!=ladder/charts"], {"s-3"}),
        (["source=rpl"], {"s-0", "s-1"}),
        (["loses=nothing", "enrolled != 2026-01-01"], {"s-0"}),
    ],
)
def test_only_who_meets_the_conditions_is_moved(
    read: Callable[..., Any], path: Path, where: list[str], stay: set[str]
) -> None:
    words = [word for one in where for word in ("--where", one)]
    found = read(*MOVE, *words)
    assert {who for who, version in versions(path).items() if version == "1"} == stay
    assert (found["moved"], found["stayed"]) == (4 - len(stay), len(stay))
    assert found["preview"]["stay"] == len(stay)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("holds=essntials", "this pathway knows no credential `essntials`"),
        ("enroled>2026-01-01", "a condition can not be about `enroled`"),
        ("enrolled>soon", "`soon` is not a date"),
        ("holds>essentials", "`holds` can only be compared with `=` or `!=`"),
        ("loses=much", "`loses` can not be `much`"),
        ("everybody", "`everybody` is no condition"),
    ],
)
def test_a_condition_that_can_not_be_is_told(
    run: Run, path: Path, where: str, message: str
) -> None:
    result = run("cohort", *MOVE, "--where", where, "--db", path, code=3)
    assert message in result.output
    assert "help:" in result.output


def test_what_is_under_way_has_to_be_ended_first(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("domain.migration.migrate", None)
        run("cohort", *MOVE, "--where", "holds=essentials", "--db", path, code=2)
    result = run("cohort", *MOVE, "--db", path, code=3)
    assert "a migration from `1` to `2` is under way" in result.output
    assert "--where 'holds=ladder/essentials'" in result.output
    told = run("cohort", *MOVE, "--where", "holds=ladder/essentials", "--db", path).output
    assert "is under way; this is what was decided then" in told
    assert "2 learners moved, 2 stayed" in told
    assert "2 learners moved, 0 stayed" in run("cohort", *MOVE, "--db", path).output
    assert "0 learners moved" in run("cohort", *MOVE, "--db", path).output


KILLED = """
import os
import signal
import sys
import domain.migration
import cli

decided = []

def _decided(*details, decide=domain.migration._decided):
    decided.append(details)
    if len(decided) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return decide(*details)

domain.migration._TOGETHER = 3
domain.migration._decided = _decided
cli.cairn(["cohort", "migrate", "ladder", "--from", "1", "--to", "2", "--db", sys.argv[1]])
"""


def streams(path: Path) -> dict[str, list[Any]]:
    """Everything that was recorded, without the moments of recording."""
    with open_ledger(str(path)) as ledger:
        ids = [*ledger.directory.ids(f"s-{number}" for number in range(60)).values()]
        return {
            stream: [(one.number, one.day, one.event) for one in ledger.history(stream)]
            for stream in (*ids, "pathway/ladder")
        }


@pytest.mark.parametrize("learner", [1, 2, 30, 60])
def test_a_migration_that_is_killed_ends_the_same_when_it_is_run_again(
    run: Run, path: Path, tmp_path: Path, learner: int
) -> None:
    with desk(tmp_path) as registrar:
        for number in range(4, 60):
            registrar.enrol(who=f"s-{number}", version="1")
            registrar.complete("sheets-1", "04-02", who=f"s-{number}")
    other = copy(path, tmp_path / "other.db")
    run("cohort", *MOVE, "--db", other)
    words = [sys.executable, "-c", KILLED, str(path), str(learner)]
    killed = subprocess.run(words, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    run("cohort", *MOVE, "--db", path)
    assert streams(path) == streams(Path(other))
