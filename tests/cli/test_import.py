"""An import records the good rows, sets the bad ones apart, and can be run again at any time."""

from __future__ import annotations

import csv
import json
import random
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from domain.ledger import open_ledger
from tests.cli.conftest import EXAMPLES, ROWS, program

Run = Callable[..., Result]
Read = Callable[..., Any]

BAD = ROWS + (
    "nobody,charts,2025-05-15,74,,n-1\n"
    "moana,chart,2025-05-15,74,,n-2\n"
    "moana,charts,15/05/2025,74,,n-3\n"
    "moana,charts,2025-05-16,740,,n-4\n"
    "moana,pivot-tables,2026-03-12,84,,n-5\n"
)


def test_good_rows_are_recorded_and_bad_ones_set_apart(office: Run, read: Read) -> None:
    Path("bad.csv").write_text(BAD)
    totals = read("import", "bad.csv", code=1)
    wanted = {
        "rows": 12,
        "recorded": 1,
        "known": 7,
        "rejected": 4,
        "rejects": "bad.csv.rejects.csv",
        "registered": 0,
        "awards": 2,
        "dry_run": False,
    }
    assert {key: totals[key] for key in wanted} == wanted
    with Path("bad.csv.rejects.csv").open(newline="") as file:
        rejects = list(csv.DictReader(file))
    assert [row["line"] for row in rejects] == ["9", "10", "11", "12"]
    assert rejects[0]["reason"].startswith("no learner is known as `nobody`")
    assert "did you mean `charts`?" in rejects[1]["reason"]
    assert rejects[2]["reason"] == "completed_on `15/05/2025` is not a date such as 2026-03-01"
    assert "740" in rejects[3]["reason"]
    assert rejects[0]["module"] == "charts"


def test_what_a_source_calls_a_completion_is_told_where_it_tells_whose_it_is(
    office: Run, read: Read
) -> None:
    header = ROWS.splitlines()[0]
    rows = (
        "moana,pivot-tables,2026-03-12,84,,Moana-8",
        "moana,databases,2026-03-12,84,,e1",
        "moana,web-forms,2026-03-12,84,,",
    )
    Path("telling.csv").write_text("\n".join((header, *rows)))
    assert read("import", "telling.csv", "--dry-run")["telling"] == 1
    told = office("import", "telling.csv").stderr
    assert "1 source_id tells whose it is, such as `Moana-8`" in told


def test_the_demo_gives_nobody_away_by_what_completions_are_called(run: Run, read: Read) -> None:
    run("demo", "here", "--learners", "30")
    with closing(sqlite3.connect("here/cairn.db")) as database:
        people = [who for (who,) in database.execute("SELECT reference FROM directory")]
        states = [state for (state,) in database.execute("SELECT state FROM stored_events")]
    assert len(people) > 20
    assert not [who for who in people if any(who.encode() in state for state in states)]


def test_a_second_run_changes_nothing_but_the_rejects_that_are_good_by_now(
    office: Run, read: Read
) -> None:
    Path("bad.csv").write_text(ROWS + "s-2,charts,2025-05-15,74,,n-1\n")
    office("import", "bad.csv", code=1)
    before = read("learner", "history", "moana")
    office("learner", "register", "s-2")
    assert read("import", "bad.csv")["recorded"] == 1
    assert not Path("bad.csv.rejects.csv").exists()
    assert read("import", "bad.csv")["recorded"] == 0
    assert read("learner", "history", "moana") == before


def test_headers_delimiter_and_encoding_are_what_the_user_says(office: Run, read: Read) -> None:
    text = "Prüfling;Kurs;Datum\nmoana;pivot-tables;2026-03-12\n"
    Path("export.csv").write_bytes(text.encode("cp1252"))
    names = ["--map", "learner=Prüfling", "--map", "module=kurs", "--map", "completed_on=Datum"]
    assert read("import", "export.csv", *names, "--encoding", "cp1252")["awards"] == 2


def test_unknown_learners_can_be_registered_and_enrolled_on_the_way(run: Run, read: Read) -> None:
    run("pathway", "publish", EXAMPLES / "office-skills.pathway.yaml")
    Path("rows.csv").write_text(ROWS)
    totals = read("import", "rows.csv", "--register", "--enrol", "office-skills")
    assert (totals["registered"], totals["awards"]) == (1, 2)
    (enrolment,) = read("learner", "show", "moana")["enrolments"]
    assert enrolment["enrolled"] == "2025-02-03"


def test_a_dry_run_leaves_every_byte_of_the_ledger_as_it_was(office: Run, read: Read) -> None:
    Path("more.csv").write_text("learner,module,completed_on\nmoana,pivot-tables,2026-03-12\n")
    before = Path("cairn.db").read_bytes()
    totals = read("import", "more.csv", "--dry-run")
    assert (totals["recorded"], totals["awards"], totals["dry_run"]) == (1, 2, True)
    assert Path("cairn.db").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("rows.csv --map learner", "is not COLUMN=HEADER"),
        ("rows.csv --map learnr=x", "did you mean `learner`?"),
        ("rows.csv --map learner=who", "has no column `who`"),
        ("rows.csv --delimiter ::", "one character"),
        ("rows.csv --encoding klingon", "not a known encoding"),
        ("nowhere.csv", "no such file"),
        (".", "directory"),
    ],
)
def test_a_file_that_can_not_be_used_ends_with_2(office: Run, words: str, message: str) -> None:
    assert message in office("import", *words.split(), code=2).stderr


def test_an_import_that_is_killed_and_run_again_ends_in_the_same_ledger(tmp_path: Path) -> None:
    chance = random.Random(7)
    rows = _many(chance)
    calm, stormy = tmp_path / "calm", tmp_path / "stormy"
    for folder in (calm, stormy):
        folder.mkdir()
        (folder / "rows.csv").write_text(rows)
        _done("pathway", "publish", EXAMPLES / "office-skills.pathway.yaml", cwd=folder)
    words = ("import", "rows.csv", "--register", "--enrol", "office-skills", "--json")
    started = time.monotonic()
    first = json.loads(_done(*words, cwd=calm))
    duration = time.monotonic() - started
    kills = 0
    for _ in range(4):
        process = program(*words, cwd=stormy, CAIRN_TODAY="2026-03-12")
        try:
            process.communicate(timeout=chance.uniform(0.3, 1.0) * duration)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
    last = json.loads(_done(*words, cwd=stormy))
    assert kills > 0
    assert last["rows"] == first["rows"]
    assert _content(stormy) == _content(calm)
    assert first["awards"] > 50


def _done(*words: str | Path, cwd: Path) -> str:
    process = program(*words, cwd=cwd, CAIRN_TODAY="2026-03-12")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


def _many(chance: random.Random) -> str:
    """Write rows of 150 learners, mixed up."""
    modules = "spreadsheets-1 spreadsheets-2 charts pivot-tables data-cleaning data-privacy macros"
    rows = [
        f"s-{learner},{module},2025-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02},"
        f"{chance.randrange(40, 100)},,s-{learner}-{module}\n"
        for learner in range(150)
        for module in modules.split()
        if chance.random() < 0.8
    ]
    chance.shuffle(rows)
    return "learner,module,completed_on,score,source,source_id\n" + "".join(rows)


def _content(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Read what the ledger holds: the events of each reference, without their moments."""
    database = folder / "cairn.db"
    with closing(sqlite3.connect(database)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        people = raw.execute("SELECT learner, reference FROM directory").fetchall()
    with open_ledger(str(database)) as ledger:
        return {
            reference: [
                (recorded.event.topic, recorded.event.model_dump_json())
                for recorded in ledger.history(learner)
            ]
            for learner, reference in people
        }
