"""Connections to a ledger's own database, for what is kept beside the events and read from them."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

from domain.storage import Database

_WRITES = "cairn_writes"

# What a library logs, and nobody listens to, would be printed: as when a statement is interrupted.
logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a transaction that will write, and end it: all is written, or nothing."""
    writer = engine.execution_options(**{_WRITES: True})
    with writer.begin() as connection:
        yield connection


def engine_of(database: Database) -> Engine:
    """Return an engine on a ledger's own database; a transaction sees one state of it."""
    if database.path is None:
        return create_engine(
            make_url(database.url).set(drivername="postgresql+psycopg"),
            connect_args=database.session(),
        )
    engine = create_engine(
        "sqlite:///ledger",  # what is opened is what the next line says
        creator=lambda: sqlite3.connect(
            database.file,
            timeout=database.timeout,
            uri=database.read_only,
            check_same_thread=False,  # the pool hands connections from thread to thread
        ),
    )

    @event.listens_for(engine, "connect")
    def _(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver would begin transactions by its own rules; see `begin`.
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        # A transaction that will write takes the lock at once: it could not wait for it later.
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
