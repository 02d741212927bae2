"""Whatever stops the program, the ledger is what was recorded, and is clean."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from domain.events import LearnerMoved
from domain.ledger import open_ledger
from projections.audit import audit, caught_up
from projections.sealing import seal, verify
from tests.audit.test_seal import KEY, PUBLIC
from tests.domain.test_imports import many
from tests.domain.test_processes import RECORDING, run_all
from tests.ledgers import LADDER, MOMENT, Desk, desk

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL here")

#: What each of these programs goes on with, if nobody stops it.
WORK = """
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from domain.commands import RecordCompletion
from domain.imports import Intake, import_rows
from domain.ledger import open_ledger
from domain.reports import Row
from projections.runner import Projections
from projections.sealing import seal

what, path, folder, key = sys.argv[1:]
today, now = date(2026, 6, 30), datetime(2026, 6, 30, tzinfo=UTC)
MODULES = ("sheets-1", "sheets-2", "charts")

def rows():
    for line in range(3000):
        yield Row(line, RecordCompletion(
            learner=f"i-{line // 3}", module=MODULES[line % 3], on=date(2026, 2, 1 + line % 3)))

with open_ledger(path, timeout=60) as ledger:
    print("ready", flush=True)
    match what:
        case "import":
            import_rows(ledger, rows(), on=today, clock=lambda: now,
                        intake=Intake(register=True, enrol=("ladder",)))
        case "award":
            for line, row in enumerate(rows()):
                learner = ledger.directory.enter(row.completion.learner)
                ledger.register(row.completion.learner, on=today, at=now)
                from dataclasses import replace
                from domain.commands import EnrolLearner
                if line % 3 == 0:
                    ledger.record(EnrolLearner(learner=learner, pathway="ladder",
                                  on=date(2026, 1, 1)), on=today, at=now)
                ledger.record(replace(row.completion, learner=learner), on=today, at=now)
        case "rebuild":
            projections = Projections(ledger)
            while True:
                projections.rebuild()
        case "seal":
            number = 0
            while True:
                seal(ledger.store.database, Path(folder), Path(key).read_bytes(),
                     "cairn-ledger", now)
                ledger.register(f"seal-{number}", on=today, at=now)
                number += 1
        case "migrate":
            from cli import cairn
            import domain.migration
            domain.migration._TOGETHER = 10  # many transactions, to be killed between
            cairn(["cohort", "migrate", "ladder", "--from", "1", "--to", "2", "--db", path],
                  standalone_mode=False)
print("done", flush=True)
"""


@pytest.fixture
def place(tmp_path: Path) -> str:
    """Where the ledger is that programs are killed before."""
    return str(tmp_path / "cairn.db")


@pytest.mark.parametrize("what", ["import", "award", "rebuild", "seal"])
def test_a_program_that_is_killed_leaves_a_clean_ledger(
    what: str, place: str, tmp_path: Path
) -> None:
    dice = random.Random(what)
    folder, key = tmp_path / "seals", tmp_path / "key.pem"
    key.write_bytes(KEY)
    with open_ledger(place) as ledger:
        registrar = Desk(ledger)
        registrar.publish(LADDER)
        for who in ("s-1", "s-2"):
            registrar.enrol(who=who)
            registrar.complete("sheets-1", who=who)
            registrar.complete("sheets-2", who=who)
    for _ in range(3):
        _killed([what, place, str(folder), str(key)], after=dice.uniform(0.05, 0.8))
        with open_ledger(place) as ledger:
            assert caught_up(ledger) == []
            report = audit(ledger.store.database)
            assert report.findings == ()
            if what == "seal" and list(folder.glob("*.checkpoint")):
                assert [
                    one
                    for one in verify(ledger.store.database, folder, PUBLIC)[0]
                    if one.level != "note"
                ] == []
    with open_ledger(place) as ledger:
        assert seal(ledger.store.database, folder, KEY, "cairn-ledger", MOMENT).checkpoint.size
        assert verify(ledger.store.database, folder, PUBLIC)[0] == []


def _started(arguments: list[str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WORK, *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _killed(arguments: list[str], after: float) -> None:
    process = _started(arguments)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)


def _done(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORK, *arguments], check=True, capture_output=True, text=True
    )
    assert done.stdout.endswith("done\n")


def test_an_import_that_was_killed_is_finished_by_running_it_again(place: str) -> None:
    with open_ledger(place) as ledger:
        Desk(ledger).publish(LADDER)
    for after in (0.2, 0.4, 0.6):
        _killed(["import", place, "", ""], after)
    _done(["import", place, "", ""])
    with open_ledger(place) as ledger:
        ids = ledger.directory.ids([f"i-{number}" for number in range(1000)])
        assert len(ids) == 1000
        for learner in list(ids.values())[::97]:
            known = ledger.learner(learner)
            assert (len(known.completions), len(known.awards)) == (3, 2)
        caught_up(ledger)
        report = audit(ledger.store.database)
        assert (report.findings, report.counts.learners) == ((), 1000)


def test_a_migration_that_was_killed_is_finished_by_running_it_again(place: str) -> None:
    newer = LADDER.replace('version: "1"', 'version: "2"').replace("charts, macros", "charts")
    with open_ledger(place) as ledger:
        registrar = Desk(ledger)
        registrar.publish(LADDER)
        registrar.take_in(many(80))
        registrar.publish(newer)
        everybody = [*ledger.directory.ids(f"s-{number}" for number in range(80)).values()]

        def moved() -> int:
            return len(ledger.store.of_topic(LearnerMoved.topic))

        for _ in range(2):
            before = moved()
            process = _started(["migrate", place, "", ""])
            while moved() == before and process.poll() is None:
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)
            assert before < moved() < 80
            assert caught_up(ledger) == []
            assert audit(ledger.store.database).findings == ()
        for _ in range(2):
            _done(["migrate", place, "", ""])
            assert ledger.publication("ladder").under_way("1") is None
            for learner in everybody:
                assert ledger.learner(learner).enrolment("ladder").version == "2"
                kinds = [type(recorded.event) for recorded in ledger.history(learner)]
                assert kinds.count(LearnerMoved) == 1


def test_eight_processes_that_record_at_once_leave_a_clean_ledger(tmp_path: Path) -> None:
    path = tmp_path / "cairn.db"
    with desk(tmp_path) as registrar:
        registrar.publish(LADDER)
        for who in ("s-1", "s-2"):
            registrar.enrol(who=who)
        learners = list(registrar.learners.values())
    less = RECORDING.replace("range(6)", "range(2)")
    run_all(less, [[str(path), str(worker), *learners] for worker in range(8)])
    with open_ledger(str(path)) as ledger:
        assert caught_up(ledger) == []
        report = audit(ledger.store.database)
        assert (report.findings, report.counts.proofs) == ((), 4)
        for learner in learners:
            assert len(ledger.learner(learner).completions) == 8 * 2 * 3


def test_an_audit_of_a_locked_ledger_reads_on(registrar: Desk, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert audit(registrar.ledger.store.database).clean
    other.execute("ROLLBACK")
    other.close()


FULL = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from domain.storage import locate
from projections.sealing import seal

path, folder, key = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700))
try:
    seal(locate(path), Path(folder), Path(key).read_bytes(), "cairn-ledger", datetime.now(UTC))
except OSError as error:
    print(error.strerror)
"""


def test_a_seal_that_finds_no_room_is_made_when_there_is_some(
    registrar: Desk, path: Path, tmp_path: Path
) -> None:
    folder, key = tmp_path / "seals", tmp_path / "key.pem"
    key.write_bytes(KEY)
    database = registrar.ledger.store.database
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", FULL, str(path), str(folder), str(key)],
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stdout == "File too large\n"
        assert list(folder.glob("*.checkpoint")) == []
    assert seal(database, folder, KEY, "cairn-ledger", MOMENT).added
    assert verify(database, folder, PUBLIC)[0] == []
