"""Rebuilds a ledger into a fresh database from its events alone, and compares what is shown.

The events are copied byte for byte; every table that is read is made anew from them. What differs
from the tables of the ledger itself was changed by something else than an event.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Table, select

from domain.exchange import Moved, Stored, exported, imported
from domain.ledger import Ledger
from projections import log
from projections.runner import ALL, Projections

#: How many differing rows are told at most, for each table.
_TOLD = 20


@dataclass(frozen=True, slots=True)
class Compared:
    """One table: how many rows it has here and in the replay, and some of those that differ."""

    table: str
    here: int
    replayed: int
    only_here: tuple[str, ...]
    only_replayed: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether both have the same rows."""
        return (self.only_here, self.only_replayed) == ((), ())


def stored(view: Connection) -> Iterator[Stored]:
    """Give all events of a ledger as they are stored, in order."""
    for row in log.in_order(view):
        state = row.state if isinstance(row.state, bytes) else str(row.state).encode()
        yield Stored(row.stream, row.number, row.topic, state)


def replayed(
    ledger: Ledger, fresh: Ledger, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> tuple[Moved, tuple[Compared, ...]]:
    """Replay a ledger into a fresh one, and compare every table that is read.

    Raises an `InvalidError` where the fresh one has events already, or a `LedgerError`.
    """
    with closing(Projections(ledger)) as kept, closing(Projections(fresh)) as anew:
        kept.catch_up()
        with kept.snapshot() as here, log.snapshot(ledger.store.database) as view:
            moved = imported(fresh.store, exported(stored(view)))
            anew.catch_up(progress)
            with anew.snapshot() as there:
                tables = tuple(_compared(here, there, projection.table) for projection in ALL)
    return moved, tables


def _compared(view: Connection, other: Connection, table: Table) -> Compared:
    here, there = _digest(view, table), _digest(other, table)
    if here == there:
        return Compared(table.name, here[0], there[0], (), ())
    # Only now is it worth remembering rows.
    mine, theirs = Counter(_rows(view, table)), Counter(_rows(other, table))
    return Compared(
        table.name,
        here[0],
        there[0],
        tuple(sorted(mine - theirs))[:_TOLD],
        tuple(sorted(theirs - mine))[:_TOLD],
    )


def _digest(view: Connection, table: Table) -> tuple[int, int]:
    """Return how many rows there are, and a sum that does not depend on their order."""
    count = total = 0
    for row in _rows(view, table):
        count += 1
        total += int.from_bytes(hashlib.sha256(row.encode()).digest())
    return count, total


def _rows(view: Connection, table: Table) -> Iterator[str]:
    # Each database numbers the events in its own way, perhaps with gaps; their order is the log's.
    columns = [column for column in table.columns if column.name != "position"]
    query = select(*columns).execution_options(stream_results=True, max_row_buffer=2_000)
    for row in view.execute(query).mappings():
        yield json.dumps({name: _plain(value) for name, value in row.items()}, default=str)


def _plain(value: object) -> object:
    """Bring moments to one form: SQLite keeps no time zone, and what is recorded is UTC."""
    if isinstance(value, datetime):
        at = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return at.isoformat()
    return value
