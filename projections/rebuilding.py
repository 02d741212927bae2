"""Makes every read model anew, in parts that several workers share.

The rows are put into tables of their own, and take the place of the old ones all at once, together
with the position that they are true for; until then whoever reads sees the old ones. A part that a
lost worker had written is written again. What was recorded in the meantime is caught up with later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    Text,
    delete,
    insert,
    select,
    text,
)

from domain import learner as learners
from domain import publication as publications
from domain.errors import LedgerLockedError
from domain.events import LearnerEvent, PathwayEvent, Recorded
from domain.learner import Learner
from domain.library import Library
from domain.names import PATHWAY
from domain.publication import Publication
from domain.storage import Database, told
from projections import activity, log, tables
from projections import publications as editions
from projections.connections import engine_of, writing
from projections.log import Row
from projections.partitions import ALONE, Sharing, at_hand, put_away, shared
from projections.runner import ALL
from projections.seen import Seen

#: About how many events are replayed in one part.
STRETCH = 20_000

_NEW = "rebuilt_"

#: Whose the new tables are: another program that rebuilds takes them over, and this one ends.
_OWNER = Table(_NEW + "owner", MetaData(), Column("run", Text), Column("head", BigInteger))

_Stretch = tuple[str, str | None]


def rebuild(
    database: Database,
    sharing: Sharing = ALONE,
    progress: Callable[[int], None] = lambda _events: None,
) -> int:
    """Make every read model anew; return how many events were looked at.

    `progress` is called with numbers of events. Raises a `LedgerError`, `LedgerLockedError` where
    another program rebuilds the same, or `UnsharedError`; then what there was is still there.
    """
    run, done = uuid4().hex, 0
    with told(database), _engine(database) as engine:
        with log.snapshot(database, engine) as view:
            head, _ = log.head(view)
            stretches = list(log.bounds(view, STRETCH))
        with writing(engine) as connection:
            _begin(connection, run, head)
        try:
            for events in shared(partial(_part, run, database, head), stretches, sharing):
                done += events
                progress(events)
        finally:
            put_away()
        with writing(engine) as connection:
            _mine(connection, run)
            _exchange(connection, head)
    return done


@contextmanager
def _engine(database: Database) -> Iterator[Engine]:
    engine = engine_of(database)
    try:
        yield engine
    finally:
        engine.dispose()


# --- the new tables ------------------------------------------------------------------------------


def _new(table: Table) -> Table:
    """Return a table of the same columns under another name; its indices are made at the end."""
    copy = table.to_metadata(MetaData(), name=_NEW + table.name)
    copy.indexes.clear()
    return copy


def _begin(connection: Connection, run: str, head: int) -> None:
    for table in (_OWNER, *(_new(one.table) for one in ALL)):
        table.drop(connection, checkfirst=True)
        table.create(connection)
    connection.execute(insert(_OWNER).values(run=run, head=head))


def _mine(connection: Connection, run: str) -> None:
    """See to it that nobody else has begun to rebuild the same."""
    there = connection.dialect.has_table(connection, _OWNER.name)
    if not there or connection.execute(select(_OWNER.c.run)).scalar() != run:
        raise LedgerLockedError(
            "another program rebuilds the projections of this ledger", "wait until it is done"
        )


def _exchange(connection: Connection, head: int) -> None:
    """Put the new tables in the place of the old ones."""
    _OWNER.drop(connection)
    positions = tables.positions
    positions.create(connection, checkfirst=True)
    for projection in ALL:
        table = projection.table
        table.drop(connection, checkfirst=True)
        connection.execute(text(f"ALTER TABLE {_NEW}{table.name} RENAME TO {table.name}"))
        for index in table.indexes:
            index.create(connection)
        connection.execute(delete(positions).where(positions.c.name == projection.name))
        connection.execute(
            insert(positions).values(
                name=projection.name, version=projection.version, position=head
            )
        )


# --- one part ------------------------------------------------------------------------------------


def _part(run: str, database: Database, head: int, stretch: _Stretch) -> int:
    return at_hand(run, partial(_Rebuilder, run, database, head)).part(stretch)


class _Rebuilder(AbstractContextManager["_Rebuilder"]):
    """Writes the rows of one stretch of streams after the other; keeps the documents at hand."""

    def __init__(self, run: str, database: Database, head: int) -> None:
        self._run = run
        self._database = database
        self._head = head
        self._closing = ExitStack()
        self._engine = self._closing.enter_context(_engine(database))
        self._library = Library(self._publication, list)
        self._view: Connection | None = None

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def part(self, stretch: _Stretch) -> int:
        """Write the rows of a stretch, and return how many events it has."""
        above, upto = stretch
        rows: dict[str, list[dict[str, Any]]] = {one.name: [] for one in ALL}
        with told(self._database), log.snapshot(self._database, self._engine) as view:
            self._view = view
            for stream in log.by_stream(view, above, upto):
                self._stream(stream.name, self._read(stream.rows()), rows)
            self._view = None
        with told(self._database), writing(self._engine) as connection:
            _mine(connection, self._run)
            for projection in ALL:
                table = _new(projection.table)
                self._forget(connection, table, above, upto)
                if rows[projection.name]:
                    connection.execute(insert(table), rows[projection.name])
        return len(rows[tables.activity.name])

    def _read(self, stored: Iterable[Row]) -> list[tuple[int, Recorded]]:
        """Decode the events of a stream, without those that came after the rebuilding began."""
        return [(row.position, row.read()) for row in stored if row.position <= self._head]

    def _stream(
        self,
        stream: str,
        history: list[tuple[int, Recorded]],
        rows: dict[str, list[dict[str, Any]]],
    ) -> None:
        if not history:
            return
        rows[tables.activity.name].extend(activity.row(*one) for one in history)
        events = [recorded.event for _, recorded in history]
        if stream.startswith(PATHWAY):
            known = publications.replay(
                stream.removeprefix(PATHWAY),
                (event for event in events if isinstance(event, PathwayEvent)),
            )
            rows[tables.publications.name].extend(editions.rows(known))
            return
        learner = Learner(stream)
        for event in events:
            assert isinstance(event, LearnerEvent)
            learner = learners.evolve(learner, event)
        seen = Seen(learner, max(recorded.day for _, recorded in history), self._library)
        for projection in ALL:
            if projection.of_learner is not None:
                rows[projection.name].extend(projection.of_learner(seen))

    def _forget(self, connection: Connection, table: Table, above: str, upto: str | None) -> None:
        """Delete what a lost worker may have written of the same stretch."""
        name = table.name.removeprefix(_NEW)
        if name == tables.publications.name:
            # The names of pathways stand for their streams.
            place: Any = PATHWAY + table.c.pathway
        else:
            place = table.c.stream if name == tables.activity.name else table.c.learner
        query = delete(table).where(place > above)
        connection.execute(query if upto is None else query.where(place <= upto))

    def _publication(self, pathway: str) -> Publication:
        assert self._view is not None
        events = (row.read().event for row in log.of_stream(self._view, PATHWAY + pathway))
        return publications.replay(
            pathway, (event for event in events if isinstance(event, PathwayEvent))
        )
