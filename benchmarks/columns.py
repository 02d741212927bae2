"""The columns: what catching up costs on a small and on a large ledger, what reading costs.

The ledgers are written straight into their tables, event by event as the ledger would store them,
because deciding about so many completions would take most of the time. Learners complete modules
of a pathway without awards. At last the columns are widened: the same learners stand in them again
and again under other ids, which the ledger knows nothing of, so that reading a million, and
catching up over a million, is measured without their events; `CAIRN_BENCH_LEARNERS=100000` widens
to that.
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
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from benchmarks.figures import seconds, table
from domain.codec import encode
from domain.commands import PublishPathway, RecordCompletion
from domain.events import LearnerEnrolled, LearnerRegistered, ModuleCompleted, Recorded
from domain.ledger import Ledger, open_ledger
from pathways.source import load_pathway
from projections.cohort import Ask, cohort
from projections.columns import Columns, write_run
from projections.partitions import Sharing
from projections.population import WANTED, population

LEARNERS = int(os.environ.get("CAIRN_BENCH_LEARNERS", "20000"))
COMPLETIONS = 40
NEW = 1_000
ON = date(2026, 6, 30)
AT = datetime(2026, 6, 30, tzinfo=UTC)

#: Modules, and one credential that asks for all of them.
PATHWAY = """
pathway: bench
version: "1"
modules:
{modules}
credentials:
  all: {{requires: {{all: [{names}]}}}}
"""


def generate(path: Path, learners: int) -> None:
    """Make a ledger of so many learners, each with the same number of completions."""
    names = [f"m-{number}" for number in range(60)]
    modules = "\n".join(f"  {name}: {{credits: 5}}" for name in names)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "bench.pathway.yaml")
        file.write_text(PATHWAY.format(modules=modules, names=", ".join(names)))
        document = load_pathway(file).document
    with open_ledger(str(path)) as ledger:
        ledger.record(PublishPathway(document=document, on=ON), on=ON, at=AT)
        digest = ledger.volume("bench").edition.digest
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous = OFF")
    database.execute("BEGIN")
    database.executemany(
        "INSERT INTO stored_events VALUES (?, ?, ?, ?)", _rows(learners, names, digest)
    )
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def _rows(learners: int, names: list[str], digest: str) -> Iterator[tuple[str, int, str, bytes]]:
    dice = random.Random(11)
    first = _stored(LearnerRegistered(on=ON, by="benchmark", source="import"))
    second = _stored(
        LearnerEnrolled(
            on=ON, by="benchmark", source="import", pathway="bench", version="1", digest=digest
        )
    )
    # A completion is encoded once for each module; its day and score are filled in.
    forms = [
        _stored(
            ModuleCompleted(
                on=date(1999, 9, 9),
                by="benchmark",
                source="lms",
                completion="lms:#",
                module=f"bench/{name}",
                score=Decimal("99.5"),
                source_id="#",
            )
        ).decode()
        for name in names
    ]
    days = [(date(2024, 1, 1) + timedelta(days=number)).isoformat() for number in range(900)]
    for learner in range(learners):
        id_ = f"{dice.getrandbits(128):032x}"
        yield id_, 1, LearnerRegistered.topic, first
        yield id_, 2, LearnerEnrolled.topic, second
        for number in range(COMPLETIONS):
            form = forms[dice.randrange(len(forms))].replace("#", f"{learner}-{number}")
            form = form.replace("1999-09-09", dice.choice(days))
            form = form.replace("99.5", str(dice.randrange(400, 1000) / 10))
            yield id_, 3 + number, ModuleCompleted.topic, form.encode()


def _stored(event: LearnerRegistered | LearnerEnrolled | ModuleCompleted) -> bytes:
    return encode(Recorded("x", 1, AT, ON, event))


def add(ledger: Ledger, number: int) -> None:
    """Record a completion of each of so many learners."""
    path = ledger.store.database.path
    database = sqlite3.connect(str(path))
    learners = [
        name
        for (name,) in database.execute(
            "SELECT originator_id FROM stored_events WHERE topic = 'learner.registered'"
            " AND originator_version = 1 ORDER BY rowid LIMIT ?",
            (number,),
        )
    ]
    database.close()
    for place in range(number):
        command = RecordCompletion(
            learner=learners[place % len(learners)],
            module="bench/m-1",
            on=ON,
            source="new",
            source_id=f"{ledger.store.head()}",
        )
        ledger.record(command, on=ON, at=AT)


def measure(path: Path, learners: int) -> list[tuple[str, str]]:
    """Measure one ledger."""
    events = learners * (COMPLETIONS + 2)
    with open_ledger(str(path)) as ledger:
        columns = Columns(ledger)
        making = seconds(lambda: columns.rebuild(Sharing(2)))
        size = sum(one.stat().st_size for one in columns.folder.glob("*.parquet"))
        reading = seconds(lambda: [part.read(WANTED) for part in columns.parts()])
        volume = ledger.volume("bench")
        words = volume.words

        def as_population() -> None:
            for part in columns.parts():
                population(part.read(WANTED), words, pathway="bench", on=ON)

        crowd = seconds(as_population)
        ask = Ask(volume.document, "bench", ON, sample=50, learners=learners)
        counting = seconds(lambda: cohort(columns.parts(), ask, Sharing(2)))
        add(ledger, NEW)
        before = {one.name for one in columns.folder.glob("*.parquet")}
        catching = seconds(columns.catch_up)
        new = sum(
            one.stat().st_size for one in columns.folder.glob("*.parquet") if one.name not in before
        )
        after = seconds(as_population)
    return [
        ("made anew, two processes", f"{making:.1f} s, {events / making:,.0f} events/s"),
        (
            "on disk",
            f"{size / learners:.0f} bytes a learner, "
            f"{path.stat().st_size / learners:,.0f} in the ledger",
        ),
        ("read", f"{reading:.2f} s, {1e6 * reading / learners:.1f} µs a learner"),
        ("read as a population", f"{crowd:.2f} s, {1e6 * crowd / learners:.1f} µs a learner"),
        ("a cohort, two processes, 50 asked", f"{counting:.1f} s"),
        (
            f"catching up after {NEW:,} new events",
            f"{catching:.2f} s, {new / 1024:,.0f} KiB written",
        ),
        ("read as a population after that", f"{after:.2f} s"),
    ]


def widened(path: Path, times: int) -> list[tuple[str, str]]:
    """Measure reading and catching up where there are so many times as many learners."""
    with open_ledger(str(path)) as ledger:
        columns = Columns(ledger)
        columns.rebuild()
        manifest = columns.manifest()
        assert manifest is not None
        batches = [part.read() for part in columns.parts()]
        runs = []
        for place in range(times - 1):
            for part, batch in enumerate(batches):
                number = place * len(batches) + part
                ids = [f"{number:06x}{learner:026x}" for learner in range(len(batch))]
                own = batch.tables["learners"].set_column(0, "learner", pa.array(ids))
                runs.append(write_run(columns.folder, batch.tables | {"learners": own}, whole=True))
        real = tuple(replace(run, whole=False) for run in manifest.runs)
        wider = replace(manifest, runs=(*runs, *real))
        text = json.dumps(asdict(wider))
        (columns.folder / "manifest.json").write_text(text, encoding="utf-8")
        learners = columns.learners()
        words = ledger.volume("bench").words

        def as_population() -> None:
            for part in columns.parts():
                population(part.read(WANTED), words, pathway="bench", on=ON)

        crowd = seconds(as_population)
        add(ledger, NEW)
        catching = seconds(columns.catch_up)
        after = seconds(as_population)
    return [
        ("learners", f"{learners:,}"),
        ("read as a population", f"{crowd:.1f} s, {1e6 * crowd / learners:.1f} µs a learner"),
        (f"catching up after {NEW:,} new events", f"{catching:.2f} s"),
        ("read as a population after that", f"{after:.1f} s"),
    ]


def _peak() -> float:
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1024 * 1024 if sys.platform == "darwin" else 1024)


def run() -> None:
    """Print the same figures for a small and for a large ledger."""
    for learners in (LEARNERS // 10, LEARNERS):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "bench.db")
            generate(path, learners)
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.columns", str(path), str(learners)],
                check=True,
                capture_output=True,
                text=True,
            )
            print(done.stdout, end="")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.db")
        generate(path, LEARNERS // 10)
        table("columns widened a hundred times", widened(path, 100))


if __name__ == "__main__":
    place, number = Path(sys.argv[1]), int(sys.argv[2])
    figures = measure(place, number)
    table(
        f"columns of {number:,} learners with {COMPLETIONS} completions each",
        [*figures, ("peak memory of this process", f"{_peak():.0f} MiB")],
    )
