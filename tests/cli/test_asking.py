"""Asking leaves every byte of a ledger as it was, and needs no leave to write it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import cairn
from domain.ledger import open_ledger
from tests.audit.conftest import alter
from tests.cli.conftest import EXAMPLES, Run
from tests.cli.unprivileged import both, close_off
from tests.ledgers import MOMENT, day
from tests.questions import CHANGES, LATE, OFFICE, QUESTIONS, ROWS, commands, lines

TODAY = "2026-03-12"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the office once."""
    folder = tmp_path_factory.mktemp("asked")
    written = (EXAMPLES / "office-skills.pathway.yaml").read_text(encoding="utf-8")
    (folder / "office.pathway.yaml").write_text(written)
    (folder / "later.pathway.yaml").write_text(written.replace('"2026.1"', '"2027.1"'))
    (folder / "rows.csv").write_text(ROWS)
    (folder / "more.csv").write_text(ROWS.replace("2025-12-11", "2025-12-12"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("CAIRN_TODAY", TODAY)
        for words in lines(OFFICE):
            result = CliRunner().invoke(cairn, words, prog_name="cairn")
            assert result.exit_code == 0, (words, result.output)
    return folder


@pytest.fixture
def asked(run: Run, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("CAIRN_TODAY", TODAY)
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return run


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Everything that is called as the database is, but for the columns, which are beside it."""
    return {path.name: path.read_bytes() for path in folder.glob("cairn.db*") if path.is_file()}


def test_every_command_that_opens_a_ledger_is_known_to_ask_or_to_change_it() -> None:
    known = {" ".join(words) for words in lines(QUESTIONS)}
    for command in sorted(commands()):
        asks = any(f"{words} ".startswith(f"{command} ") for words in known)
        assert asks != (command in CHANGES.split("\n")), command


@pytest.mark.parametrize("words", lines(QUESTIONS), ids=" ".join)
def test_asking_leaves_every_byte_as_it_was(asked: Run, tmp_path: Path, words: list[str]) -> None:
    before = bytes_of(tmp_path)
    assert before.keys() == {"cairn.db"}
    first = asked(*words, code=None)
    assert first.exit_code in (0, 1, 3), first.output
    assert bytes_of(tmp_path) == before


@pytest.mark.parametrize(
    "words",
    ["learner list", "award list", "replay", "audit run", "projections status", "cohort show x"],
)
def test_asking_leaves_what_is_behind_behind(asked: Run, tmp_path: Path, words: str) -> None:
    """Somebody recorded without catching up, or the tables that are read were never made."""
    with open_ledger("cairn.db") as ledger:
        ledger.register("s-9", on=day("03-12"), at=MOMENT)
    before = bytes_of(tmp_path)
    told = asked(*words.replace("x", "office-skills").split(), code=None).output
    assert bytes_of(tmp_path) == before
    if words == "learner list":
        assert "s-9" in told
    alter(tmp_path / "cairn.db", "DROP TABLE positions")
    before = bytes_of(tmp_path)
    again = asked(*words.replace("x", "office-skills").split(), code=None).output
    assert bytes_of(tmp_path) == before
    if words not in ("audit run", "projections status"):
        assert again == told


def test_asking_beside_a_program_that_writes_leaves_its_files_alone(
    asked: Run, tmp_path: Path
) -> None:
    with open_ledger("cairn.db") as ledger:
        ledger.register("s-9", on=day("03-12"), at=MOMENT)
        before = bytes_of(tmp_path)
        assert before["cairn.db-wal"]
        assert "s-9" in asked("learner", "list").output
        after = bytes_of(tmp_path)
        # The third holds SQLite's notes about who reads.
        assert (after["cairn.db"], after["cairn.db-wal"]) == (
            before["cairn.db"],
            before["cairn.db-wal"],
        )


def test_a_ledger_that_another_program_wrote_in_its_own_way_is_left_in_it(
    asked: Run, tmp_path: Path
) -> None:
    alter(tmp_path / "cairn.db", "VACUUM INTO ?", str(tmp_path / "copy.db"))
    before = (tmp_path / "copy.db").read_bytes()
    asked("award", "list", "--db", "copy.db")
    assert (tmp_path / "copy.db").read_bytes() == before


def test_recording_brings_up_to_date_what_is_read(asked: Run, tmp_path: Path) -> None:
    asked("learner", "register", "s-9")
    status = json.loads(asked("projections", "status", "--json").stdout)
    assert {one["behind"] for one in status} == {0}


def test_a_file_that_holds_no_ledger_is_told_and_left_alone(asked: Run, tmp_path: Path) -> None:
    Path("empty.db").touch()
    sqlite3.connect("other.db").execute("CREATE TABLE t (x)").connection.close()
    for name in ("empty.db", "other.db"):
        before = Path(name).read_bytes()
        for words in (("learner", "list"), ("audit", "run"), ("learner", "show", "moana")):
            said = asked(*words, "--db", name, code=4).stderr
            assert "it is no ledger, or one that an older version made" in said
        assert Path(name).read_bytes() == before


def test_a_ledger_of_an_older_version_is_asked_as_far_as_it_goes(
    asked: Run, tmp_path: Path
) -> None:
    alter(tmp_path / "cairn.db", "DROP TABLE crosswalk")
    asked("learner", "show", "moana")
    assert "has no table `crosswalk`" in asked("map", "list", code=4).stderr
    asked("projections", "rebuild")
    assert "nothing is mapped" in asked("map", "list").output


@pytest.fixture
def sealed_off(asked: Run, tmp_path: Path) -> Iterator[Path]:
    """A copy of the office that nobody may write, in a folder that nobody may write."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copytree(tmp_path, folder, dirs_exist_ok=True)
        close_off(folder)
        yield folder
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there are no such permissions here")
@pytest.mark.parametrize("state", ["up to date", "behind"])
def test_asking_works_where_nothing_may_be_written(
    asked: Run, tmp_path: Path, sealed_off: Path, state: str
) -> None:
    words = [
        words
        for words in lines(QUESTIONS)
        # The first two write elsewhere: files of the web site, and a seal. The third tells of the
        # columns, where they could be kept.
        if words[:2] not in (["status", "publish"], ["audit", "seal"], ["projections", "status"])
    ]
    if state == "behind":
        for folder in (tmp_path, sealed_off):
            for late in LATE:
                alter(folder / "cairn.db", late)
    before = bytes_of(sealed_off)
    where_it_may, writable, where_it_may_not = both(words, tmp_path, sealed_off)
    assert not writable
    assert where_it_may_not == where_it_may
    assert {told.code for told in where_it_may} <= {0, 1, 3}
    assert bytes_of(sealed_off) == before


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there are no such permissions here")
def test_a_ledger_that_was_not_closed_says_so_where_nothing_may_be_written(
    asked: Run, tmp_path: Path, sealed_off: Path
) -> None:
    (sealed_off / "cairn.db-wal").write_bytes(b"left by somebody")
    _, writable, (told,) = both([["learner", "list"]], tmp_path, sealed_off)
    assert not writable
    assert told.code == 4
    assert "was not closed" in told.output
    assert "together with `cairn.db-wal`" in told.output
