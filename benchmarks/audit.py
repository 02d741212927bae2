"""An audit of a large ledger: does it find every planted fault and nothing else, and how fast?

Against reading and decoding the same rows with a bare cursor. Memory is looked at in a process of
its own, for a ledger and for one ten times as long: it should not grow.

`CAIRN_BENCH_ROWS=780000` makes about a million events. So many completions are not imported one by
one: `CAIRN_BENCH_LIVES` learners are, each with a random life of their own, and all the others are
copies of them under new names, written through the ledger's own codec. An audit knows such twins,
so its speed is told for both: for lives that all differ, and for the ledger with the twins.
"""

from __future__ import annotations

import json
import os
import random
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.figures import best_of, seconds, table
from benchmarks.imports import rows
from domain.codec import decode, encode
from domain.commands import PublishPathway
from domain.events import Recorded
from domain.imports import Intake, import_rows
from domain.ledger import Ledger, open_ledger
from domain.storage import locate
from pathways.source import load_pathway
from projections.audit import Report, audit
from projections.partitions import Sharing
from projections.rebuilding import rebuild

#: How many completions there are, 20 for each learner.
ROWS = int(os.environ.get("CAIRN_BENCH_ROWS", "20000"))
#: How many learners have a life of their own.
LIVES = int(os.environ.get("CAIRN_BENCH_LIVES", "500"))
#: How many learners are spoilt in each way.
PLANTED = int(os.environ.get("CAIRN_BENCH_PLANTED", "10"))
ON = date(2026, 6, 30)

Spoil = Callable[[sqlite3.Connection, str], bool]


_EACH = 20
_TOGETHER = 5_000


def generate(path: Path, number: int, lives: int = LIVES) -> None:
    """Make a ledger with so many completions, and its projections."""
    from importlib.resources import as_file, files

    example = files("pathways").joinpath("examples/office-skills.pathway.yaml")
    now = datetime(2026, 6, 30, tzinfo=UTC)
    learners = max(1, number // _EACH)
    own = min(learners, lives)
    with as_file(example) as place, open_ledger(str(path)) as ledger:
        document = load_pathway(place).document
        ledger.record(PublishPathway(document=document, on=ON, by="benchmark"), on=ON, at=now)
        import_rows(
            ledger,
            rows(own * _EACH, own, sorted(document.modules)),
            on=ON,
            clock=lambda: now,
            intake=Intake(register=True, enrol=(document.main.pathway or "",), by="benchmark"),
        )
        multiply(ledger, learners)
    rebuild(locate(str(path)), Sharing(os.cpu_count() or 1))


def multiply(ledger: Ledger, learners: int) -> None:
    """Give the learners of a ledger twins, until there are so many.

    What a completion is called where it comes from is unique, and keeps its place in the order.
    """
    own = sorted(ledger.directory.ids(f"student-{at:05}" for at in range(learners)).values())
    lives = [ledger.store.read(learner) for learner in own]
    waiting: list[Recorded] = []
    for copy in range(1, -(-learners // len(own))):
        some = lives[: learners - copy * len(own)]
        references = [f"twin-{copy}-{at}" for at in range(len(some))]
        ledger.directory.enter_all(references)
        ids = ledger.directory.ids(references)
        for reference, life in zip(references, some, strict=True):
            waiting += (_renamed(one, ids[reference], copy) for one in life)
            if len(waiting) >= _TOGETHER:
                ledger.store.append(waiting)
                waiting = []
    ledger.store.append(waiting)


def _renamed(recorded: Recorded, learner: str, copy: int) -> Recorded:
    state = re.sub(rb"row-[0-9]+", rb"\g<0>.%d" % copy, encode(recorded))
    return decode(type(recorded.event), learner, recorded.number, state)


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
    with tempfile.TemporaryDirectory(dir=os.environ.get("CAIRN_BENCH_FOLDER")) as folder:
        small, large, apart = (Path(folder, name) for name in ("small.db", "large.db", "apart.db"))
        generate(apart, LIVES * _EACH)
        generate(small, ROWS // 10)
        making = seconds(lambda: generate(large, ROWS))
        lone, events = bare(apart), bare(large)
        reading = best_of(lambda: bare(large))
        reports: list[Report] = []

        def audited(path: Path, jobs: int = 1) -> float:
            return seconds(lambda: reports.append(audit(locate(str(path)), sharing=Sharing(jobs))))

        differing = best_of(lambda: audited(apart))
        alone, both = audited(large), audited(large, 2)
        peaks = _peak(small), _peak(large)
        due = plant(large, PLANTED)
        found = audit(locate(str(large))).findings
    seen = {(finding.stream, finding.code) for finding in found}
    missed = Counter(code for learner, code in due.items() if (learner, code) not in seen)
    strange = [finding for finding in found if finding.stream not in due]
    share = reading / events
    table(
        f"an audit of {events:,} events, proofs and projections included",
        [
            ("made in", f"{making:,.0f} s, {LIVES:,} learners and their twins"),
            ("clean before anything was planted", str(all(report.clean for report in reports))),
            ("planted", f"{len(due):,} faults of {len(WAYS)} kinds"),
            ("not found", ", ".join(sorted(missed.elements())) or "none"),
            ("found where nothing was planted", str(len(strange))),
            ("reading and decoding with a bare cursor", f"{events / reading:,.0f} events/s"),
            (
                "audit, one process",
                f"{events / alone:,.0f} events/s, {reading / alone:.1%} of that",
            ),
            (
                "audit of lives that all differ",
                f"{lone / differing:,.0f} events/s, {lone * share / differing:.1%} of that",
            ),
            ("audit, two processes", f"{events / both:,.0f} events/s, {alone / both:.2f} times"),
            ("peak memory, a tenth and all", f"{peaks[0]:.0f} and {peaks[1]:.0f} MiB"),
        ],
    )


def _most() -> float:
    """The most memory that this program had so far, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():
        # What the system calls the most of a process may be that of the one that started it.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1024 * 1024 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    audit(locate(sys.argv[1]))
    print(_most())
