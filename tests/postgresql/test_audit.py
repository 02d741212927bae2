"""The same commands print the same on a file and on a server."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import cairn
from domain.errors import LedgerError
from domain.events import CredentialAwarded, ModuleCompleted
from domain.ledger import open_ledger
from projections import log, tables
from projections.audit import caught_up
from projections.glances import glances
from projections.twins import likeness
from tests.audit.conftest import alter
from tests.domain.test_processes import RECORDING
from tests.ledgers import LADDER, MOMENT, TODAY, Desk, desk
from tests.servers import Server

Told = Callable[..., str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger in a file, with a little of everything in it."""
    with desk(tmp_path) as registrar:
        registrar.publish(LADDER)
        for who in ("s-1", "s-2", "s-3"):
            registrar.enrol(who=who)
            registrar.complete("sheets-1", "02-01", who=who)
            registrar.complete("sheets-2", "02-10", who=who, score="81")
            registrar.complete("charts", "03-01", who=who)
        registrar.revoke("sheets-1@2026-02-01")
        assert caught_up(registrar.ledger) == []
    return tmp_path / "cairn.db"


@pytest.fixture
def both(path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Run a command on a file, and on a server to which it was moved; return what both print."""
    monkeypatch.chdir(path.parent)
    monkeypatch.setenv("CAIRN_TODAY", TODAY.isoformat())

    def ran(where: str, *words: str, code: int | None = 0) -> str:
        result = CliRunner().invoke(cairn, [*words, "--db", where], prog_name="cairn")
        assert code is None or result.exit_code == code, result.output
        return result.output

    def told(*words: str, code: int | None = 0) -> str:
        if not moved:
            ran(str(path), "events", "export", "--people", "--output", "moved.jsonl")
            ran(database, "events", "import", "moved.jsonl")
            moved.append(database)
        first, second = ran(str(path), *words, code=code), ran(database, *words, code=code)
        assert first == second
        return first

    moved: list[str] = []
    return told


def test_an_audit_finds_the_same_on_both(both: Told, path: Path) -> None:
    alter(path, "DELETE FROM stored_events WHERE rowid = 9")
    alter(path, "UPDATE stored_events SET topic = 'x' WHERE rowid = 22")
    alter(path, "DROP TABLE IF EXISTS positions")
    report = both("audit", "run", "--jobs", "2", code=1)
    assert "CA501 (fault)" in report
    assert "CA503 (fault)" in report


def test_an_audit_of_both_reads_the_same_in_every_form(
    both: Told, path: Path, database: str
) -> None:
    assert "CA302" in both("audit", "run", code=1)
    for where in (path, database):
        for statement in (
            "DELETE FROM stored_events WHERE rowid = 9",
            "UPDATE stored_events SET topic = 'x' WHERE rowid = 14",
            "UPDATE awards SET credential = '<b>' WHERE credential = 'ladder/certificate'",
            "DELETE FROM completions WHERE module = 'ladder/charts'",
            "INSERT INTO learners VALUES ('ghost', '2026-01-01', 0, 0, 0, '2026-01-01')",
        ):
            assert alter(where, statement)
    for form in ("text", "json", "csv", "html"):
        report = both("audit", "run", "--format", form, code=1)
        for code in ("CA302", "CA401", "CA402", "CA403", "CA501", "CA503"):
            assert code in report, form
    assert both("audit", "run", "--learner", "s-2", code=None)
    assert both("audit", "run", "--since", "2026-07-01", code=None)
    assert both("replay", code=None)


def test_every_question_has_the_same_answer_on_both(both: Told) -> None:
    assert "CA302" in both("audit", "run", code=1)
    for words in (
        ("audit", "explain", "s-2", "certificate"),
        ("audit", "explain", "s-1", "essentials"),
        ("audit", "as-of", "s-1", "--effective", "2026-03-01"),
        ("audit", "as-of", "--credential", "certificate"),
        ("award", "list"),
        ("award", "show", "s-3", "certificate"),
        ("learner", "list"),
        ("learner", "history", "s-1"),
        ("learner", "show", "s-1"),
        ("learner", "revoke", "s-2", "charts@2026-03-01", "--dry-run"),
        ("replay",),
    ):
        assert both(*words)


def test_a_seal_of_a_file_holds_for_the_server_that_it_was_moved_to(both: Told) -> None:
    for words in (("key", "key.pem"), ("seal", "--key", "key.pem", "--db", "cairn.db")):
        assert CliRunner().invoke(cairn, ["audit", *words]).exit_code == 0
    assert "the seal holds" in both("audit", "verify", "--public", "key.pem.pub")
    assert "clean" not in both("audit", "run", code=1)


def test_processes_that_record_for_the_same_learners_lose_nothing(
    registrar: Desk, database: str
) -> None:
    registrar.publish(LADDER)
    for who in ("s-1", "s-2"):
        registrar.enrol(who=who)
    learners = list(registrar.learners.values())

    def work(worker: int) -> None:
        command = [
            sys.executable,
            "-c",
            RECORDING.replace("range(6)", "range(2)"),
            database,
            str(worker),
            *learners,
        ]
        subprocess.run(command, check=True, timeout=300)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    for learner in learners:
        history = registrar.history(learner)
        assert [recorded.number for recorded in history] == list(range(1, len(history) + 1))
        kinds = Counter(type(recorded.event) for recorded in history)
        assert (kinds[ModuleCompleted], kinds[CredentialAwarded]) == (8 * 2 * 3, 2)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_a_server_that_is_restarted_keeps_what_it_said_that_it_recorded(
    registrar: Desk, running: Server, database: str, how: signal.Signals
) -> None:
    registrar.publish(LADDER)
    registrar.enrol()
    registrar.complete("sheets-1")
    before = registrar.ledger.store.head()
    running.stop(how)
    with pytest.raises(LedgerError):
        registrar.ledger.register("s-9", on=TODAY, at=MOMENT)
    running.start()
    with open_ledger(database) as again:
        assert again.store.head() == before
        assert not again.register("s-9", on=TODAY, at=MOMENT).duplicate


def test_twins_are_known_on_a_server_too(database: str) -> None:
    with open_ledger(database) as ledger:
        registrar = Desk(ledger)
        registrar.publish(LADDER)
        for place, who in enumerate(("s-1", "s-2", "s-3")):
            registrar.enrol(who=who)
            score = 70 + 5 * (place == 2)
            for number, module in enumerate(("sheets-1", "sheets-2", "charts")):
                named = {"source": "lms", "source_id": f"{place}-{number}"}
                registrar.complete(module, "02-01", who=who, score=score, **named)
        assert caught_up(registrar.ledger) == []
        shown = [table.name for table in tables.metadata.sorted_tables if table.name != "positions"]
        with log.snapshot(registrar.ledger.store.database) as view:
            seen = glances(view, "", None, shown)
        one, twin, other = (likeness(seen[registrar.learners[who]]) for who in registrar.learners)
        assert len(seen[registrar.learners["s-1"]].rows) == 6
    assert one is not None
    assert one == twin != other
