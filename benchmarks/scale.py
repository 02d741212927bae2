"""What a learner and an event cost: processor time and bytes, from the import to the audit.

Time is that of the processor, so that it does not depend on what else the machine does. On a server
only the bytes are told, where one can be started.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.audit import ON
from benchmarks.audit import generate as generate_ledger
from benchmarks.figures import table
from domain.exchange import exported, imported
from domain.ledger import open_ledger
from projections import log
from projections.audit import audit
from projections.cohort import Ask, cohort
from projections.columns import Columns
from projections.partitions import shared
from projections.population import population
from projections.rebuilding import rebuild
from projections.replay import stored
from projections.runner import Projections
from tests.servers import missing, server

#: How many completions are imported, for a twentieth as many learners.
ROWS = int(os.environ.get("CAIRN_BENCH_ROWS", "20000"))


def cost(run: Callable[[], object]) -> float:
    """How many seconds of the processor one call takes."""
    start = time.process_time()
    run()
    return time.process_time() - start


def _size(path: Path) -> int:
    return sum(one.stat().st_size for one in path.parent.glob(f"{path.name}*") if one.is_file())


def run() -> None:
    """Print the costs, by event and by learner."""
    learners = ROWS // 20
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ledger.db")
        importing = cost(lambda: generate_ledger(path, ROWS))
        with open_ledger(str(path)) as ledger:
            place, head = ledger.store.database, ledger.store.head()
            rebuilding = cost(lambda: rebuild(place))
            auditing = cost(lambda: audit(place))
            columns = Columns(ledger)
            making = cost(columns.rebuild)
            volume = ledger.volume("office-skills")

            def read() -> None:
                for part in shared(lambda one: one.read(), columns.parts()):
                    population(part, volume.words, pathway="office-skills", on=ON, by_rules=True)

            reading = cost(read)
            ask = Ask(volume.document, "office-skills", ON, sample=1, learners=learners)
            counting = cost(lambda: cohort(columns.parts(), ask))
            files = sum(one.stat().st_size for one in columns.folder.glob("*.parquet"))
            views = Projections(ledger)
            rows = sum(state.rows for state in views.status())
            views.close()
        whole = _size(path)
        server_ = _server(path)

    def each(seconds: float) -> str:
        return (
            f"{1e6 * seconds / head:.0f} µs an event, {1e3 * seconds / learners:.2f} ms a learner"
        )

    table(
        f"the cost of {learners:,} learners with {head:,} events, awards included",
        [
            ("events a learner", f"{head / learners:.1f}"),
            ("import, awards and read models included", each(importing)),
            ("read models made anew", each(rebuilding)),
            ("audit", each(auditing)),
            ("columns made anew", each(making)),
            ("columns read as a population", f"{1e6 * reading / learners:.1f} µs a learner"),
            ("a cohort counted, nobody asked", f"{1e6 * counting / learners:.1f} µs a learner"),
            (
                "on disk, SQLite, with read models",
                f"{whole / head:.0f} bytes an event, {whole / learners:,.0f} a learner, "
                f"{rows / learners:.0f} rows",
            ),
            ("on disk, PostgreSQL, with read models", server_(head, learners)),
            ("on disk, columns", f"{files / learners:,.0f} bytes a learner"),
        ],
    )


def _server(path: Path) -> Callable[[int, int], str]:
    """Move the ledger to a server, and tell how large it is there."""
    if reason := missing():
        return lambda _head, _learners: reason
    import psycopg

    with server() as running:
        address = running.database()
        with open_ledger(str(path)) as ledger, open_ledger(address) as other:
            with log.snapshot(ledger.store.database) as view:
                imported(other.store, exported(stored(view)))
            views = Projections(other)
            views.catch_up()
            views.close()
        with psycopg.connect(address, autocommit=True) as one:
            one.execute("VACUUM FULL")
            row = one.execute("SELECT pg_database_size(current_database())").fetchone()
            assert row is not None
            empty = one.execute("SELECT pg_database_size('template1')").fetchone()
            assert empty is not None
            size = row[0] - empty[0]
    return lambda head, learners: (
        f"{size / head:.0f} bytes an event, {size / learners:,.0f} a learner"
    )
