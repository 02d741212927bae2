"""The table of events as it stands: rows, not yet events. For who must see what is wrong with one.

Whatever is read in one `snapshot` is one state of the database, also while others write to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby, starmap
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, bindparam, text

from domain.codec import decode
from domain.errors import UnreadableEventError
from domain.events import TOPICS, Recorded
from domain.storage import Database, told
from pathways.problems import nearest
from projections.connections import engine_of

#: How many rows are fetched at once.
_FETCHED = 2_000
_STREAMING: dict[str, Any] = {"stream_results": True, "max_row_buffer": _FETCHED}

#: What stands for bytes that are no text.
_DAMAGED = "\ufffd"


class Row(NamedTuple):
    """A stored event: its `position` in the ledger, its number in a stream, and its bytes.

    In a damaged database the number may be 0, and the state no bytes.
    """

    position: int
    stream: str
    number: int
    topic: str
    state: Any

    def read(self) -> Recorded:
        """Return the event. Raises `UnknownTopicError` or `UnreadableEventError`."""
        event = TOPICS.get(self.topic)
        if event is None:
            raise UnknownTopicError(
                f"event {self.number} of `{self.stream}` has the unknown topic `{self.topic}`",
                nearest(str(self.topic), TOPICS),
            )
        if not isinstance(self.state, bytes):
            raise UnreadableEventError(f"event {self.number} of `{self.stream}` is not bytes")
        return decode(event, self.stream, self.number, self.state)


#: A stored event as a database gives it: what a `Row` is made of.
Stored = tuple[int, str, int, str, Any]


class Stream(NamedTuple):
    """All stored events of one stream, in the order of their numbers."""

    name: str
    stored: Sequence[Stored]

    def rows(self) -> list[Row]:
        """Return the events as rows."""
        return [_row(*event) for event in self.stored]


class UnknownTopicError(UnreadableEventError):
    """A stored event of a kind that this version of Cairn does not know."""


@contextmanager
def snapshot(
    database: Database, engine: Engine | None = None, *, sound: bool = False
) -> Iterator[Connection]:
    """Give one state of a database to read from. Raises a `LedgerError`.

    A damaged text is shown as far as it goes; where all is taken to be `sound`, which is quicker
    on SQLite, it is the end of reading: a `LedgerUnavailableError`.
    """
    own = engine or engine_of(database)
    try:
        with told(database), own.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            else:
                driver: Any = connection.connection.dbapi_connection
                driver.text_factory = str if sound else _readable
            yield connection
    finally:
        if engine is None:
            own.dispose()


def head(view: Connection) -> tuple[int, int]:
    """Return the position of the event stored last, and how many there are."""
    last, count = view.execute(
        text(f"SELECT max({position(view)}), count(*) FROM {table(view)}")
    ).one()
    return last or 0, count


def in_order(view: Connection, after: int = 0, limit: int | None = None) -> Iterator[Row]:
    """Give stored events in the order in which they were stored, from `after` a position on."""
    end = "" if limit is None else f" LIMIT {int(limit)}"
    clause = f"WHERE {position(view)} > :after ORDER BY {position(view)}{end}"
    return starmap(_row, _stored(view, clause, after=after))


def by_stream(view: Connection, above: str = "", upto: str | None = None) -> Iterator[Stream]:
    """Give the streams after `above` and up to `upto`, in the order the database has for texts."""
    condition, values = "originator_id > :above", {"above": above}
    if upto is not None:
        condition, values = f"{condition} AND originator_id <= :upto", values | {"upto": upto}
    return _streams(view, condition, **values)


def these_streams(view: Connection, names: Sequence[str]) -> Iterator[Stream]:
    """Give the streams of some names, in the order the database has for texts."""
    return _streams(view, "originator_id IN :names", names=names)


def the_stream(view: Connection, name: str) -> Iterator[Stream]:
    """Give one stream, if there is any such."""
    return _streams(view, "originator_id = :name", name=name)


def of_stream(view: Connection, stream: str) -> Iterator[Row]:
    """Give the stored events of one stream, in the order of their numbers."""
    return (row for found in the_stream(view, stream) for row in found.rows())


def _streams(view: Connection, condition: str, **values: Any) -> Iterator[Stream]:
    stored = _stored(
        view, f"WHERE {condition} ORDER BY originator_id, originator_version", **values
    )
    for name, events in groupby(stored, key=itemgetter(1)):
        yield Stream(str(name), list(events))


def bounds(view: Connection, events: int) -> Iterator[tuple[str, str | None]]:
    """Part the streams into stretches of about so many events: after which, up to which."""
    above, count = "", 0
    query = text(
        f"SELECT originator_id, count(*) FROM {table(view)}"
        " GROUP BY originator_id ORDER BY originator_id"
    )
    last = ""
    with view.execute(query.execution_options(**_STREAMING)) as streams:
        for stream, number in streams:
            if count + number > events and last and _DAMAGED not in last:
                yield above, last
                above, count = last, 0
            last, count = str(stream), count + number
    yield above, None


#: Asked for each text, so it is made of what Python has, and not a function of its own.
_readable = partial(str, encoding="utf-8", errors="replace")


def table(view: Connection) -> str:
    """What the event store calls its table."""
    return "stored_events" if view.dialect.name == "sqlite" else "cairn_events"


def position(view: Connection) -> str:
    """What the event store calls the position of an event."""
    return "rowid" if view.dialect.name == "sqlite" else "notification_id"


def _row(position: int, stream: Any, number: Any, topic: Any, state: Any) -> Row:
    counted = number if isinstance(number, int) else 0
    return Row(position, str(stream), counted, str(topic), state)


def _stored(view: Connection, clause: str, **values: Any) -> Iterator[Stored]:
    query = text(
        f"SELECT {position(view)}, originator_id, originator_version, topic, state"
        f" FROM {table(view)} {clause}"
    )
    if "names" in values:
        query = query.bindparams(bindparam("names", expanding=True))
    result = view.execute(query.execution_options(**_STREAMING), values)
    try:
        # SQLite's own cursor gives the same at less cost; a server's is read ahead of.
        fetch: Any = result.fetchmany
        if view.dialect.name == "sqlite" and result.cursor is not None:
            fetch = result.cursor.fetchmany
        while some := fetch(_FETCHED):
            yield from some
    finally:
        # Where an error broke the reading off, SQLite's cursor went with its connection.
        if not view.closed or view.dialect.name != "sqlite":
            result.close()
