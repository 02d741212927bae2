"""Where the ledger is kept, and what can be wrong with the place.

By default that is a file, which SQLite keeps; `postgresql://user:password@host/name` is a server.
Who only asks opens it for reading alone, and leaves every byte of it as it was.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from domain.errors import (
    LedgerConflictError,
    LedgerCorruptError,
    LedgerError,
    LedgerFullError,
    LedgerLockedError,
    LedgerReadOnlyError,
    LedgerUnavailableError,
    UnknownDatabaseError,
)

_SERVERS = ("postgresql", "postgres")

#: What may be done with a database: everything; only reading, beside others who may write; or only
#: reading a file that lies still, where SQLite could not keep its notes about who reads.
Access = Literal["write", "read", "still"]


@dataclass(frozen=True, slots=True)
class Database:
    """A place for a ledger: a file, or a database on a PostgreSQL server.

    `shown` is what messages call it: never with a password. `timeout` is for how many seconds to
    wait while another program holds it. `access` is what may be done with it.
    """

    shown: str
    path: Path | None = None
    url: str = ""
    timeout: int = 10
    access: Access = "write"

    @property
    def read_only(self) -> bool:
        """Whether nothing is written to it."""
        return self.access != "write"

    @property
    def file(self) -> str:
        """What SQLite opens: the path, or a URI that allows only reading."""
        assert self.path is not None
        match self.access:
            case "write":
                return str(self.path)
            case "read":
                return f"{self.path.as_uri()}?mode=ro"
            case "still":
                return f"{self.path.as_uri()}?mode=ro&immutable=1"

    def session(self) -> dict[str, str]:
        """Return what a server is told of each connection, beside who connects to what."""
        stated = dict(parse_qsl(urlsplit(self.url).query))
        if self.read_only:
            given = stated.get("options", "")
            stated["options"] = f"{given} -c default_transaction_read_only=on".strip()
        return stated

    def settings(self) -> dict[str, str]:
        """Return what the event store wants to know."""
        common = {"ORIGINATOR_ID_TYPE": "text", "CREATE_TABLE": "n" if self.read_only else "y"}
        if self.path is not None:
            return common | {
                "PERSISTENCE_MODULE": "eventsourcing.sqlite",
                "SQLITE_DBNAME": self.file,
                "SQLITE_LOCK_TIMEOUT": str(self.timeout),
            }
        parts = urlsplit(self.url)
        return common | {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": unquote(parts.path.removeprefix("/")),
            "POSTGRES_HOST": parts.hostname or "localhost",
            "POSTGRES_PORT": str(parts.port or 5432),
            "POSTGRES_USER": unquote(parts.username or ""),
            "POSTGRES_PASSWORD": unquote(parts.password or ""),
            "POSTGRES_LOCK_TIMEOUT": str(self.timeout),
            "POSTGRES_CONNECT_TIMEOUT": str(self.timeout),
        }


def locate(database: str, *, timeout: int = 10, read_only: bool = False) -> Database:
    """Read where a ledger is kept: a path, or `postgresql://user:password@host:port/name`.

    Raises `UnknownDatabaseError` for anything else, and `LedgerUnavailableError` where there is no
    folder for the file, or, with `read_only`, no file.

    >>> locate("postgresql://cairn:secret@db.example/ledger").shown
    'postgresql://db.example/ledger'
    """
    scheme, mark, _ = database.partition("://")
    if mark:
        if scheme not in _SERVERS:
            raise UnknownDatabaseError(
                f"`{scheme}://` is not a kind of database that the ledger can be kept in",
                "give the path of a file, or `postgresql://user:password@host/name`",
            )
        parts = urlsplit(database)
        if not parts.path.removeprefix("/"):
            raise UnknownDatabaseError(
                "the address of the server lacks the name of a database",
                "give `postgresql://user:password@host/name`",
            )
        if not _has_port(parts):
            raise UnknownDatabaseError(
                "the port of the server is no number that a port can have",
                "give `postgresql://user:password@host:5432/name`",
            )
        place = parts.hostname or "localhost"
        return Database(
            shown=f"postgresql://{place}{parts.path}",
            url=database,
            timeout=timeout,
            access="read" if read_only else "write",
        )
    # The event store takes these texts in a path for a wish that everything be forgotten.
    if not database.strip() or ":memory:" in database or "mode=memory" in database:
        raise UnknownDatabaseError(
            f"`{database}` is not a file that the ledger can be kept in",
            "give the path of a file, such as `cairn.db`",
        )
    path = Path(database).absolute()
    if path.is_dir():
        raise UnknownDatabaseError(f"`{database}` is a folder", "give the path of a file")
    if not path.parent.is_dir():
        raise LedgerUnavailableError(
            f"there is no folder `{path.parent}` to keep `{path.name}` in", "make the folder first"
        )
    access = _reading(database, path) if read_only else "write"
    return Database(shown=database, path=path, timeout=timeout, access=access)


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def _reading(shown: str, path: Path) -> Access:
    """Tell how a file can be read that somebody else may be writing."""
    if not path.exists():
        raise LedgerUnavailableError(f"there is no ledger `{shown}`", "check the path")
    log, shared = (path.with_name(path.name + ending) for ending in ("-wal", "-shm"))
    kept = os.access(path.parent, os.W_OK)
    if log.exists() and (kept or shared.exists()):
        return "read"
    if log.exists() and log.stat().st_size:
        raise LedgerReadOnlyError(
            f"`{shown}` was not closed, and can not be read where its folder can not be written",
            f"copy it, together with `{log.name}`, to a folder of yours",
        )
    # Where either may not be written, SQLite's notes would be in the way of who may.
    return "read" if kept and os.access(path, os.W_OK) else "still"


@contextmanager
def told(database: Database) -> Iterator[None]:
    """Turn what a driver or the event store raises into a `LedgerError` that says what to do."""
    try:
        yield
    except LedgerError:
        raise
    except Exception as error:
        known = explained(error, database)
        if known is None:
            raise
        raise known from error


def explained(error: BaseException, database: Database) -> LedgerError | None:
    """Return what an error of a driver or the event store means, None where it is neither."""
    library = None
    for cause in _causes(error):
        if isinstance(cause, sqlite3.Error):
            return _sqlite(cause, database)
        match type(cause).__module__.partition(".")[0]:
            case "psycopg" | "psycopg_pool":
                return _server(cause, database)
            case "eventsourcing":
                library = library or LedgerUnavailableError(
                    f"`{database.shown}` can not be used: {cause}"
                )
    return library


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        # SQLAlchemy keeps the driver's own error in `orig`.
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__


def _sqlite(error: sqlite3.Error, database: Database) -> LedgerError:
    name = getattr(error, "sqlite_errorname", "") or ""
    place = f"`{database.shown}`"
    if database.read_only and str(error).startswith("no such table"):
        return _incomplete(place, str(error).rpartition(" ")[2])
    kind = name.removeprefix("SQLITE_").partition("_")[0]
    match kind:
        case "CONSTRAINT":
            return _conflict(place)
        case "BUSY" | "LOCKED":
            return LedgerLockedError(
                f"{place} is locked by another program", "wait until it is done, and try again"
            )
        case "READONLY" | "PERM" | "AUTH":
            return LedgerReadOnlyError(
                f"{place} can not be written", "check the permissions of the file and its folder"
            )
        case "FULL":
            return LedgerFullError(
                f"there is no room left to write {place}", "free some space, and try again"
            )
        case "IOERR":
            # So SQLite calls whatever the system refuses, a used up quota among it.
            return LedgerUnavailableError(
                f"the system does not read or write {place} ({error})",
                "check that there is room left, also within a quota, and that the disk is sound",
            )
        case "CORRUPT" | "NOTADB":
            return LedgerCorruptError(
                f"{place} is damaged, or is not a ledger ({error})",
                "check the path, or restore the file from a backup",
            )
        case "CANTOPEN":
            return LedgerUnavailableError(
                f"{place} can not be opened", "check the path and the permissions"
            )
        case _:
            return LedgerUnavailableError(f"{place} can not be used: {error}")


def _conflict(place: str) -> LedgerConflictError:
    return LedgerConflictError(
        f"another program writes the same to {place}, again and again", "try again"
    )


def _incomplete(place: str, table: str) -> LedgerUnavailableError:
    return LedgerUnavailableError(
        f"{place} has no table `{table}`: it is no ledger, or one that an older version made",
        "check where it is; whatever is recorded, or `cairn projections rebuild`, adds what is new",
    )


def _server(error: BaseException, database: Database) -> LedgerError:
    state = getattr(error, "sqlstate", None) or ""
    place = f"`{database.shown}`"
    first = str(error).strip().partition("\n")[0]
    match state:
        case "42P01" if database.read_only:
            return _incomplete(place, first.partition('"')[2].partition('"')[0].rpartition(".")[2])
        case "23505":
            return _conflict(place)
        # The second is said where two programs open the same database at once.
        case "55P03" | "XX000" if state == "55P03" or "concurrently updated" in str(error):
            return LedgerLockedError(
                f"{place} is locked by another program", "wait until it is done, and try again"
            )
        case "25006" | "42501":
            return LedgerReadOnlyError(
                f"{place} can not be written", "check what the user may do on the server"
            )
        case "53100":
            return LedgerFullError(
                f"there is no room left to write {place}", "free some space, and try again"
            )
        case "XX001" | "XX002":
            return LedgerCorruptError(f"{place} is damaged ({first})", "restore it from a backup")
        case _:
            return LedgerUnavailableError(
                f"{place} can not be used: {first}", "check that the server runs and lets you in"
            )
