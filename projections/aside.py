"""Read models in a database of their own, for who asks a ledger that is not to be written.

What the ledger's own read models have seen is copied, without a look at the events; what came later
is caught up with in the copy, which is gone with the question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Engine, Table, insert, inspect, select

from domain.storage import Database
from projections import tables
from projections.connections import engine_of, writing

#: How many rows are copied at once.
_TOGETHER = 2_000


@contextmanager
def copied(source: Connection, read_models: Iterable[Table]) -> Iterator[Engine]:
    """Give a database with a copy of some read models, of how far they are, and of the people."""
    with TemporaryDirectory(prefix="cairn-") as folder:
        path = Path(folder) / "read.db"
        engine = engine_of(Database(shown=str(path), path=path))
        try:
            with writing(engine) as target:
                for table in (tables.positions, tables.directory, *read_models):
                    table.create(target)
                    if inspect(source).has_table(table.name):
                        _copy(source, target, table)
            yield engine
        finally:
            engine.dispose()


def _copy(source: Connection, target: Connection, table: Table) -> None:
    query = select(table).execution_options(stream_results=True, max_row_buffer=_TOGETHER)
    with source.execute(query) as found:
        for some in found.mappings().partitions(_TOGETHER):
            target.execute(insert(table), [dict(row) for row in some])
