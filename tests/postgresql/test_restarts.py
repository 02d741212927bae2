"""The server goes away in the middle: that is said in words, and the same command then ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from commands.failures import Exit
from tests.cli.conftest import EXAMPLES, ROOT
from tests.servers import Server

psycopg = pytest.importorskip("psycopg")

#: More than are stored in one transaction.
LEARNERS = 300

#: The program, with less patience for a server that does not come back.
PROGRAM = """
import sys
import commands.books
from cli import main

commands.books.PATIENCE = 1
main()
"""

HOW = pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])


def begun(database: str, *words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *(str(word) for word in words), "--db", database],
        env={**os.environ, "PYTHONPATH": str(ROOT), "CAIRN_TODAY": "2026-03-12"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], code: int | None = 0) -> str:
    """Wait for a command, and return what it says on its own behalf and on standard error."""
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    assert code is None or process.returncode == code, err
    return out + err


def told(database: str, *words: str | Path) -> Any:
    process = begun(database, *words, "--json")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return json.loads(out)


#: Whoever stores one of the later events waits until nobody holds this lock.
SLOW = """
CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NEW; END';
CREATE TRIGGER waits BEFORE INSERT ON cairn_events FOR EACH ROW
WHEN (NEW.notification_id > {}) EXECUTE FUNCTION waits();
"""


def stopped(
    running: Server, database: str, how: signal.Signals, lock: str, *words: str | Path
) -> subprocess.Popen[str]:
    """Begin a command, and stop the server as soon as the command waits for a lock."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    holder = psycopg.connect(database)
    holder.execute(lock)
    process = begun(database, *words)
    with psycopg.connect(database, autocommit=True) as watch:
        end = time.monotonic() + 60
        while not watch.execute(waiting).fetchone()[0]:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.01)
    running.stop(how)
    holder.close()
    return process


@pytest.fixture
def rows(database: str, tmp_path: Path) -> Path:
    """A file to import, and a ledger with its pathway, and with the first of its learners."""
    office = EXAMPLES / "office-skills.pathway.yaml"
    told(database, "pathway", "publish", office, "--on", "2025-01-01")
    path = tmp_path / "rows.csv"
    path.write_text(
        "learner,module,completed_on,score\n"
        + "".join(
            f"l-{number},{module},2025-03-0{day},80\n"
            for number in range(LEARNERS)
            for day, module in enumerate(("spreadsheets-1", "spreadsheets-2", "charts"), 1)
        )
    )
    return path


def whole(database: str) -> None:
    """Everybody is there once, with all that they completed and earned, and all is proved."""
    report = told(database, "audit", "run")
    assert report["clean"]
    assert report["counts"]["events"] == 1 + LEARNERS * (1 + 1 + 3 + 1)
    assert (report["counts"]["learners"], report["counts"]["proofs"]) == (LEARNERS, LEARNERS)


@HOW
@pytest.mark.parametrize("back", [True, False], ids=["back at once", "back later"])
def test_an_import_is_ended_by_running_it_again(
    running: Server, database: str, rows: Path, how: signal.Signals, back: bool
) -> None:
    words = ("import", rows, "--register", "--enrol", "office-skills")
    with psycopg.connect(database) as server:
        server.execute(SLOW.format(1500))
    hold = "SELECT pg_advisory_lock(7)"
    process = stopped(running, database, how, hold, *words)
    if back:
        running.start()
        # It may have waited for the server; then it has done all.
        first = ended(process, None)
        assert process.returncode in (Exit.DONE, Exit.LEDGER), first
    else:
        first = ended(process, Exit.LEDGER)
        running.start()
    if process.returncode:
        assert first.startswith(f"error: `{shown(database)}` can not be used: ")
        assert "help: check that the server runs and lets you in" in first
        assert re.search(r"\d+ rows recorded, which stay: run it again to go on", first)
    assert told(database, "audit", "run")["clean"]
    again = told(database, *words)
    assert again["recorded"] + again["known"] == 3 * LEARNERS
    assert again["known"] > 0
    whole(database)


def test_an_audit_is_run_again(running: Server, database: str, rows: Path) -> None:
    told(database, "import", rows, "--register", "--enrol", "office-skills")
    hold = "LOCK TABLE awards IN ACCESS EXCLUSIVE MODE"
    process = stopped(running, database, signal.SIGINT, hold, "audit", "run")
    running.start()
    said = ended(process, Exit.LEDGER)
    assert said.startswith(f"error: `{shown(database)}` can not be used: ")
    whole(database)


def test_what_was_recorded_when_the_server_went_away_is_recorded_once(
    running: Server, database: str, rows: Path
) -> None:
    told(database, "learner", "register", "l-1")
    told(database, "learner", "enrol", "l-1", "office-skills")
    with psycopg.connect(database) as server:
        server.execute(SLOW.format(3))
    words = ("learner", "record", "l-1", "macros", "--source-id", "macros-1")
    process = stopped(running, database, signal.SIGQUIT, "SELECT pg_advisory_lock(7)", *words)
    running.start()
    assert ended(process, None)
    assert process.returncode in (Exit.DONE, Exit.LEDGER)
    told(database, *words)
    history = told(database, "learner", "history", "l-1")
    assert [one["event"] for one in history].count("learner.module-completed") == 1
    assert told(database, "audit", "run")["clean"]


def shown(database: str) -> str:
    """The address as messages have it."""
    return f"postgresql://127.0.0.1/{database.rpartition('/')[2]}"
