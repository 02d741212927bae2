"""Several processes before one ledger: nothing is lost, nothing is made twice."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from domain.events import CredentialAwarded, ModuleCompleted
from domain.ledger import open_ledger
from tests.ledgers import LADDER, desk

RECORDING = """
import sys
from datetime import UTC, date, datetime
from domain.commands import RecordCompletion
from domain.ledger import open_ledger

path, worker, *learners = sys.argv[1:]
today = date(2026, 6, 30)
with open_ledger(path, timeout=60) as ledger:
    for number in range(6):
        for learner in learners:
            for module in ("sheets-1", "sheets-2", "charts"):
                command = RecordCompletion(
                    learner=learner, module=module, on=date(2026, 2, 1 + number),
                    source=f"w{worker}", source_id=f"{module}-{number}",
                )
                ledger.record(command, on=today, at=datetime(2026, 6, 30, tzinfo=UTC))
                ledger.record(command, on=today, at=datetime(2026, 6, 30, tzinfo=UTC))
"""

OPENING = """
import sys
from domain.ledger import open_ledger

with open_ledger(sys.argv[1], timeout=60) as ledger:
    ledger.directory.enter(sys.argv[2])
"""


def run_all(program: str, arguments: list[list[str]]) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", program, *each], stderr=subprocess.PIPE, text=True)
        for each in arguments
    ]
    for process in running:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors


def test_processes_that_record_for_the_same_learners_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cairn.db"
    with desk(tmp_path) as registrar:
        registrar.publish(LADDER)
        for who in ("s-1", "s-2"):
            registrar.enrol(who=who)
        learners = list(registrar.learners.values())
    run_all(RECORDING, [[str(path), str(worker), *learners] for worker in range(4)])
    with open_ledger(str(path)) as ledger:
        for learner in learners:
            history = ledger.history(learner)
            assert [recorded.number for recorded in history] == list(range(1, len(history) + 1))
            kinds = Counter(type(recorded.event) for recorded in history)
            assert kinds[ModuleCompleted] == 4 * 6 * 3
            assert kinds[CredentialAwarded] == 2
            assert sorted(ledger.learner(learner).awards) == [
                f"ladder/{name}@{ledger.learner(learner).award(name).on}"
                for name in ("certificate", "essentials")
            ]


def test_processes_that_make_the_same_ledger_at_once_make_one(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    run_all(OPENING, [[str(path), f"s-{worker}"] for worker in range(6)])
    with open_ledger(str(path)) as ledger:
        assert len(ledger.directory.ids(f"s-{worker}" for worker in range(6))) == 6
