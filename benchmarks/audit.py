"""An audit of a large ledger: does it find every planted fault and nothing else, and how fast?

Against reading and decoding the same rows with a bare cursor. Memory is looked at in a process of
its own, for a ledger and for one ten times as long: it should not grow.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.figures import seconds, table
from benchmarks.imports import rows
from domain.commands import PublishPathway
from domain.imports import Intake, import_rows
from domain.ledger import open_ledger
from domain.storage import locate
from pathways.source import load_pathway
from projections.audit import Report, audit
from projections.partitions import Sharing
from projections.runner import Projections

#: How many completions there are; `CAIRN_BENCH_ROWS=800000` makes about a million events.
ROWS = int(os.environ.get("CAIRN_BENCH_ROWS", "10000"))
#: How many learners are spoilt in each way.
PLANTED = int(os.environ.get("CAIRN_BENCH_PLANTED", "10"))
ON = date(2026, 6, 30)

Spoil = Callable[[sqlite3.Connection, str], bool]


def generate(path: Path, number: int) -> None:
    """Make a ledger with so many completions, and its projections."""
    from importlib.resources import as_file, files

    example = files("pathways").joinpath("examples/office-skills.pathway.yaml")
    now = datetime(2026, 6, 30, tzinfo=UTC)
    with as_file(example) as place, open_ledger(str(path)) as ledger:
        document = load_pathway(place).document
        ledger.record(PublishPathway(document=document, on=ON, by="benchmark"), on=ON, at=now)
        import_rows(
            ledger,
            rows(number, max(1, number // 20), sorted(document.modules)),
            on=ON,
            clock=lambda: now,
            intake=Intake(register=True, enrol=(document.main.pathway or "",), by="benchmark"),
        )
        projections = Projections(ledger)
        projections.catch_up()
        projections.close()


# --- ways to spoil a learner ---------------------------------------------------------------------


def _state(change: Callable[[dict[str, object]], object], topic: str) -> Spoil:
    """Change what the last event of a topic states."""

    def spoil(database: sqlite3.Connection, learner: str) -> bool:
        found = database.execute(
            "SELECT rowid, state FROM stored_events WHERE originator_id = ? AND topic = ?"
            " ORDER BY rowid DESC",
            (learner, topic),
        ).fetchone()
        if found is None:
            return False
        data = json.loads(found[1])
        change(data["event"])
        text = json.dumps(data, separators=(",", ":")).encode()
        database.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (text, found[0]))
        return True

    return spoil


def _sql(statement: str) -> Spoil:
    """Run a statement about a learner."""

    def spoil(database: sqlite3.Connection, learner: str) -> bool:
        return database.execute(statement, {"learner": learner}).rowcount > 0

    return spoil


def _appended(topic: str, completion: str = "") -> Spoil:
    """Add an event that no decision led to: a revocation whose consequences nobody drew."""

    def spoil(database: sqlite3.Connection, learner: str) -> bool:
        award = database.execute(
            "SELECT state FROM stored_events WHERE originator_id = ?"
            " AND topic = 'learner.credential-awarded' ORDER BY rowid DESC",
            (learner,),
        ).fetchone()
        last = database.execute(
            "SELECT max(originator_version) FROM stored_events WHERE originator_id = ?", (learner,)
        ).fetchone()[0]
        if award is None:
            return False
        items = [item for item in json.loads(award[0])["event"]["witness"]["items"] if ":" in item]
        if not (completion or items):
            return False
        event = {"on": "2026-06-01", "by": "x", "source": "x", "completion": completion or items[0]}
        state = {"v": 1, "at": "2026-06-30T00:00:00Z", "day": "2026-06-30", "event": event}
        database.execute(
            "INSERT INTO stored_events VALUES (?, ?, ?, ?)",
            (learner, last + 1, topic, json.dumps(state, separators=(",", ":")).encode()),
        )
        return True

    return spoil


def _other_witness(event: dict[str, object]) -> None:
    witness = event["witness"]
    assert isinstance(witness, dict)
    witness["items"] = witness["items"][1:]


_MIDDLE = "originator_id = :learner AND originator_version = 5"
_AWARD = "learner.credential-awarded"

#: Each way, with the code that has to be found.
WAYS: dict[str, tuple[str, Spoil]] = {
    "a witness that does not hold": ("CA101", _state(_other_witness, _AWARD)),
    "an altered expiry": (
        "CA102",
        _state(lambda event: event.update(expires="2031-01-01"), _AWARD),
    ),
    "an unknown version": ("CA104", _state(lambda event: event.update(version="0"), _AWARD)),
    "a removed award": (
        "CA201",
        _sql(
            "DELETE FROM stored_events WHERE topic = 'learner.credential-awarded' AND"
            " originator_id = :learner AND originator_version = (SELECT max(originator_version)"
            " FROM stored_events WHERE originator_id = :learner)"
        ),
    ),
    "a loss that nobody decided about": ("CA301", _appended("learner.completion-revoked")),
    "a missing row": ("CA401", _sql("DELETE FROM completions WHERE learner = :learner")),
    "an altered row": ("CA402", _sql("UPDATE learners SET awards = 99 WHERE learner = :learner")),
    "a row of nothing": (
        "CA403",
        _sql(
            "INSERT INTO enrolments SELECT learner, 'x', version, digest, \"on\", withdrawn"
            " FROM enrolments WHERE learner = :learner"
        ),
    ),
    "a removed event": ("CA501", _sql(f"DELETE FROM stored_events WHERE {_MIDDLE}")),
    "another order": (
        "CA502",
        _sql(
            "UPDATE stored_events SET rowid = (SELECT max(rowid) + 1 FROM stored_events)"
            f" WHERE {_MIDDLE}"
        ),
    ),
    "an unknown topic": ("CA503", _sql(f"UPDATE stored_events SET topic = 'x' WHERE {_MIDDLE}")),
    "damaged bytes": ("CA504", _sql(f"UPDATE stored_events SET state = x'7b' WHERE {_MIDDLE}")),
    "an impossible event": ("CA505", _appended("learner.completion-revoked", "none")),
}


def plant(path: Path, each: int) -> dict[str, str]:
    """Spoil some learners in each way; return the code that is due for each."""
    database = sqlite3.connect(path)
    learners = [name for (name,) in database.execute("SELECT learner FROM learners")]
    random.Random(5).shuffle(learners)
    due: dict[str, str] = {}
    for code, spoil in WAYS.values():
        count = 0
        for learner in learners:
            if count < each and learner not in due and spoil(database, learner):
                due[learner] = code
                count += 1
    database.commit()
    database.close()
    return due


def bare(path: Path) -> int:
    """Read and decode every row with a bare cursor."""
    database = sqlite3.connect(path)
    query = "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events"
    count = sum(1 for row in database.execute(query) if json.loads(row[4]))
    database.close()
    return count


def _peak(path: Path) -> float:
    """Audit in a process of its own, and return the most memory that it had, in MiB."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.audit", str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


def run() -> None:
    """Print what was found of what was planted, the speeds, and the memory."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.db"), Path(folder, "large.db")
        generate(small, ROWS // 10)
        generate(large, ROWS)
        events = bare(large)
        reading = seconds(lambda: bare(large))
        reports: list[Report] = []
        alone = seconds(lambda: reports.append(audit(locate(str(large)))))
        shared = seconds(lambda: reports.append(audit(locate(str(large)), sharing=Sharing(2))))
        peaks = _peak(small), _peak(large)
        due = plant(large, PLANTED)
        found = audit(locate(str(large))).findings
    missed = Counter(due.values()) - Counter(
        code
        for learner, code in due.items()
        if (learner, code) in {(f.stream, f.code) for f in found}
    )
    strange = [finding for finding in found if finding.stream not in due]
    table(
        f"an audit of {events:,} events, proofs and projections included",
        [
            ("clean before anything was planted", str(all(report.clean for report in reports))),
            ("planted", f"{len(due)} faults of {len(WAYS)} kinds"),
            ("not found", ", ".join(missed.elements()) or "none"),
            ("found where nothing was planted", str(len(strange))),
            ("reading and decoding with a bare cursor", f"{events / reading:,.0f} events/s"),
            (
                "audit, one process",
                f"{events / alone:,.0f} events/s, {reading / alone:.1%} of that",
            ),
            (
                "audit, two processes",
                f"{events / shared:,.0f} events/s, {alone / shared:.2f} times",
            ),
            ("peak memory, a tenth and all", f"{peaks[0]:.0f} and {peaks[1]:.0f} MiB"),
        ],
    )


if __name__ == "__main__":
    audit(locate(sys.argv[1]))
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(size / (1024 * 1024 if sys.platform == "darwin" else 1024))
