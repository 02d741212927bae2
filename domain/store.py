"""The event store: streams of events in a database. The only module that knows the library.

Events of one `append` are stored together or not at all. Each stream numbers its events from 1,
and each database numbers all events in the order in which they were stored.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from eventsourcing.application import Application
from eventsourcing.persistence import StoredEvent
from eventsourcing.utils import Environment, EnvType

from domain.codec import EventMapper
from domain.errors import (
    LedgerConflictError,
    LedgerLockedError,
    LedgerReadOnlyError,
    LedgerUnavailableError,
)
from domain.events import Recorded
from domain.storage import Database, told


class _Application(Application[str]):
    """The library's application, configured by its arguments alone."""

    name = "cairn"

    def __init__(self, database: Database) -> None:
        self._database = database
        super().__init__(database.settings())

    def construct_factory(self, env: Environment) -> Any:
        """Tell each connection what the library has no setting for, before there is one."""
        factory: Any = super().construct_factory(env)
        pool = factory.datastore.pool
        if self._database.path is None:
            pool.kwargs |= self._database.session()
            # The pool would try again and again where nothing is, and not say why.
            patience = {"connect_timeout": max(2, self._database.timeout)}
            pool.connection_class.connect(**pool.kwargs | patience).close()
        elif self._database.read_only:
            # Else the mode of a file that another program has made in its own would be changed.
            pool.is_journal_mode_wal = True
        return factory

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        return Environment(name, env)

    def construct_mapper(self) -> EventMapper:
        return EventMapper()


class Store:
    """Streams of recorded events in one database."""

    def __init__(self, database: Database) -> None:
        """Open a database, and make the table of events where there is none and it may be written.

        Raises a `LedgerError` where that can not be.
        """
        self.database = database
        if database.url and find_spec("psycopg") is None:
            raise LedgerUnavailableError(
                "a ledger on a PostgreSQL server needs the package `psycopg`",
                "install `psycopg[binary,pool]`",
            )
        self._application = self._opened()
        self._tidying: sqlite3.Connection | None = None
        if database.path is not None and database.read_only:
            self._seen = self._file()
            self._tidying = self._tidy()

    def _opened(self) -> _Application:
        end = time.monotonic() + self.database.timeout
        while True:
            try:
                with told(self.database):
                    return _Application(self.database)
            except (LedgerLockedError, LedgerConflictError):
                # Two programs that make a new database at once get in each other's way, and
                # SQLite does not let either of them wait.
                if time.monotonic() >= end:
                    raise
                time.sleep(random.uniform(0.01, 0.05))

    def _tidy(self) -> sqlite3.Connection | None:
        """Open what takes away, when it is closed last, the files that readers leave beside theirs.

        SQLite has them made by who reads, and removed only by who could write; so this one could,
        and does not. Where there is something in them, or somebody is at work, they stay.
        """
        path = self.database.path
        assert path is not None
        if self.database.access == "still" or path.with_name(path.name + "-wal").exists():
            return None
        with told(self.database):
            one = sqlite3.connect(path, timeout=self.database.timeout, check_same_thread=False)
            one.execute("PRAGMA query_only = ON")
            one.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return one

    def _file(self) -> tuple[int, int]:
        assert self.database.path is not None
        state = self.database.path.stat()
        return state.st_size, state.st_mtime_ns

    @property
    def datastore(self) -> Any:
        """The library's connections, for tables that are kept beside the events."""
        return self._recorder.datastore

    @property
    def table(self) -> str:
        """What the table of events is called."""
        return str(self._recorder.events_table_name)

    @property
    def _recorder(self) -> Any:
        return self._application.recorder

    def read(self, stream: str) -> list[Recorded]:
        """Return the events of a stream, in order."""
        with told(self.database):
            return [_recorded(event) for event in self._application.events.get(stream)]

    def append(self, events: Sequence[Recorded]) -> None:
        """Store events, of one stream or of several, all or none.

        Raises `LedgerConflictError` where one of their numbers was taken in the meantime.
        """
        if self.database.read_only:
            raise LedgerReadOnlyError(f"`{self.database.shown}` was opened for reading only")
        with told(self.database):
            self._application.events.put(events)

    def page(self, after: int, limit: int) -> list[tuple[int, Recorded]]:
        """Return the events stored after a position, each with its own, at most `limit`."""
        with told(self.database):
            return [
                (notification.id, _recorded(self._application.mapper.to_domain_event(notification)))
                for notification in self._recorder.select_notifications(
                    start=after, limit=limit, inclusive_of_start=False
                )
            ]

    def of_topic(self, topic: str) -> list[Recorded]:
        """Return all events of a topic, in the order in which they were stored."""
        mark, order = (
            ("?", "rowid") if self.database.path is not None else ("%s", "notification_id")
        )
        with told(self.database), self.datastore.transaction(commit=False) as cursor:
            cursor.execute(
                "SELECT originator_id, originator_version, topic, state"
                f" FROM {self.table} WHERE topic = {mark} ORDER BY {order}",
                (topic,),
            )
            rows = cursor.fetchall()
        return [
            _recorded(
                self._application.mapper.to_domain_event(
                    StoredEvent(
                        row["originator_id"],
                        row["originator_version"],
                        row["topic"],
                        bytes(row["state"]),
                    )
                )
            )
            for row in rows
        ]

    def head(self) -> int:
        """Return the position of the event stored last, 0 where there is none."""
        with told(self.database):
            return self._recorder.max_notification_id() or 0

    def streams(self, prefix: str) -> list[str]:
        """Return the names of the streams that begin with a prefix, in order."""
        if self.database.path is not None:
            # The primary key answers this without a look at the other streams.
            condition = "originator_id >= ? AND originator_id < ?"
            values: tuple[str, ...] = (prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1))
        else:
            condition, values = "starts_with(originator_id, %s)", (prefix,)
        with told(self.database), self.datastore.transaction(commit=False) as cursor:
            cursor.execute(
                f"SELECT DISTINCT originator_id FROM {self.table} WHERE {condition}", values
            )
            return sorted(row["originator_id"] for row in cursor.fetchall())

    def close(self) -> None:
        """Let go of the database.

        Raises `LedgerLockedError` where a file that could only be read as if it lay still did not.
        """
        self._application.close()
        if self._tidying is not None:
            self._tidying.close()
        if self.database.access == "still" and self._file() != self._seen:
            raise LedgerLockedError(
                f"another program wrote `{self.database.shown}` while it was read", "run it again"
            )


def _recorded(event: Any) -> Recorded:
    assert isinstance(event, Recorded)
    return event
