"""Importing completions, awards included, against the bare event store saving the same events.

The bare store is the eventsourcing library's own SQLite recorder, given the stored bytes as they
are, in transactions of the same size. Memory is looked at along the way: it should not grow.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from benchmarks.figures import seconds, table
from domain.commands import PublishPathway, RecordCompletion
from domain.imports import Imported, Intake, import_rows
from domain.ledger import open_ledger
from domain.reports import Row
from pathways.source import load_pathway

ROWS = 100_000
LEARNERS = 5_000
ON = date(2026, 6, 30)
_TOGETHER = 1_000


def rows(number: int, learners: int, modules: list[str]) -> Iterator[Row]:
    """Completions of learners in turn, always the same ones."""
    dice = random.Random(7)
    for line in range(number):
        yield Row(
            line=line + 2,
            completion=RecordCompletion(
                learner=f"student-{line % learners:05}",
                module=dice.choice(modules),
                on=date(2025, 1, 1) + timedelta(days=dice.randrange(500)),
                by="benchmark",
                source="course",
                source_id=f"row-{line}",
            ),
        )


def peak() -> float:
    """The most memory that this process has had so far, in MiB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1024 * 1024 if sys.platform == "darwin" else 1024)


def run() -> None:
    """Print rows per second, the ratio to the bare store, and memory along the way."""
    from importlib.resources import as_file, files

    seen: list[float] = []

    def note(so_far: Imported) -> None:
        if so_far.rows // (ROWS // 4) > len(seen):
            seen.append(peak())

    example = files("pathways").joinpath("examples/office-skills.pathway.yaml")
    with tempfile.TemporaryDirectory() as folder, as_file(example) as path:
        document = load_pathway(path).document
        ledger = open_ledger(str(Path(folder, "ledger.db")))
        now = datetime.now(UTC)
        ledger.record(PublishPathway(document=document, on=ON, by="benchmark"), on=ON, at=now)
        pathway = document.main.pathway or ""
        modules = sorted(document.modules)
        total: list[Imported] = []
        took = seconds(
            lambda: total.append(
                import_rows(
                    ledger,
                    rows(ROWS, LEARNERS, modules),
                    on=ON,
                    clock=lambda: now,
                    intake=Intake(register=True, enrol=(pathway,), by="benchmark"),
                    progress=note,
                )
            )
        )
        stored = _stored(Path(folder, "ledger.db"))
        ledger.close()
        bare = seconds(lambda: _bare(Path(folder, "bare.db"), stored))
    (done,) = total
    table(
        f"import of {ROWS:,} rows for {LEARNERS:,} learners, awards included",
        [
            ("rows per second", f"{done.rows / took:,.0f}"),
            ("awards made", f"{done.awards:,}"),
            ("events stored", f"{done.events:,}"),
            ("the bare store, the same events", f"{len(stored) / bare:,.0f} events/s"),
            ("time against the bare store", f"{took / bare:.1f} times"),
            ("peak memory at each quarter", ", ".join(f"{mib:.0f}" for mib in seen) + " MiB"),
        ],
    )


def _recorder(database: Path) -> SQLiteApplicationRecorder:
    return SQLiteApplicationRecorder(SQLiteDatastore(str(database), originator_id_type="text"))


def _stored(database: Path) -> list[StoredEvent]:
    recorder = _recorder(database)
    found: list[StoredEvent] = []
    start: int | None = 1
    while start is not None:
        page = recorder.select_notifications(start, 10_000)
        found += [
            StoredEvent(event.originator_id, event.originator_version, event.topic, event.state)
            for event in page
        ]
        start = page[-1].id + 1 if page else None
    return found


def _bare(database: Path, events: list[StoredEvent]) -> None:
    recorder = _recorder(database)
    recorder.create_table()
    for place in range(0, len(events), _TOGETHER):
        recorder.insert_events(events[place : place + _TOGETHER])
