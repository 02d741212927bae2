"""Whatever is wrong with the place of a ledger is said in words, and nothing is half recorded."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import pytest
from eventsourcing.persistence import PersistenceError

from domain.commands import RegisterLearner
from domain.errors import (
    LedgerConflictError,
    LedgerCorruptError,
    LedgerError,
    LedgerFullError,
    LedgerLockedError,
    LedgerReadOnlyError,
    LedgerUnavailableError,
    UnknownDatabaseError,
    UnreadableEventError,
)
from domain.ledger import open_ledger
from domain.storage import Database, explained, locate
from tests.ledgers import LADDER, MOMENT, TODAY, Desk, desk


@pytest.mark.parametrize("text", ["", "  ", ":memory:", "file:x?mode=memory"])
def test_a_ledger_is_kept_somewhere(text: str) -> None:
    with pytest.raises(UnknownDatabaseError, match="not a file"):
        locate(text)


def test_other_kinds_of_databases_are_refused() -> None:
    with pytest.raises(UnknownDatabaseError, match="`mysql://` is not a kind of database"):
        locate("mysql://host/name")


def test_a_server_without_the_name_of_a_database_is_refused() -> None:
    with pytest.raises(UnknownDatabaseError, match="lacks the name"):
        locate("postgresql://host")


def test_a_port_that_is_no_number_is_refused() -> None:
    with pytest.raises(UnknownDatabaseError, match="port of the server is no number"):
        locate("postgresql://host:54e2/name")
    with pytest.raises(UnknownDatabaseError, match="port of the server is no number"):
        locate("postgresql://host:99999/name")


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(UnknownDatabaseError, match="is a folder"):
        locate(str(tmp_path))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailableError, match=r"no folder `.*nowhere`"):
        locate(str(tmp_path / "nowhere" / "cairn.db"))


def test_an_address_is_taken_apart_and_its_password_never_shown() -> None:
    place = locate("postgresql://ann%40uni:s%3Acret@db.example:5433/ledger", timeout=3)
    assert place.shown == "postgresql://db.example/ledger"
    settings = place.settings()
    assert settings["POSTGRES_USER"] == "ann@uni"
    assert settings["POSTGRES_PASSWORD"] == "s:cret"
    assert (settings["POSTGRES_HOST"], settings["POSTGRES_PORT"]) == ("db.example", "5433")
    assert (settings["POSTGRES_DBNAME"], settings["POSTGRES_LOCK_TIMEOUT"]) == ("ledger", "3")


def test_what_the_environment_says_about_the_library_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQLITE_DBNAME", str(tmp_path / "other.db"))
    monkeypatch.setenv("CAIRN_PERSISTENCE_MODULE", "eventsourcing.popo")
    with desk(tmp_path) as registrar:
        registrar.register()
    assert (tmp_path / "cairn.db").exists()
    assert not (tmp_path / "other.db").exists()


def test_names_that_mean_something_to_a_database_are_only_names(tmp_path: Path) -> None:
    path = tmp_path / "file:a b%20c?mode=ro#d.db"
    with open_ledger(str(path)) as ledger:
        ledger.register("s-1", on=TODAY, at=MOMENT)
    assert path.exists()


def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "cairn.db"
    path.write_bytes(b"This is a letter, not a database. " * 200)
    with pytest.raises(LedgerCorruptError, match="is damaged, or is not a ledger") as caught:
        open_ledger(str(path))
    assert "backup" in caught.value.help
    assert path.read_bytes().startswith(b"This is a letter")


def test_a_damaged_page_is_said_to_be_damaged(tmp_path: Path) -> None:
    with desk(tmp_path) as registrar:
        registrar.publish(LADDER)
        for number in range(200):
            registrar.register(f"s-{number}")
        learner = registrar.learners["s-100"]
    path = tmp_path / "cairn.db"
    data = bytearray(path.read_bytes())
    size = 4096
    for start in range(size, len(data), size):
        data[start : start + 200] = b"\xff" * 200
    path.write_bytes(data)
    with pytest.raises(LedgerCorruptError, match="is damaged"), open_ledger(str(path)) as ledger:
        ledger.learner(learner)


def test_an_event_that_was_damaged_is_named(tmp_path: Path) -> None:
    with desk(tmp_path) as registrar:
        learner = registrar.register()
        with registrar.ledger.store.datastore.transaction(commit=True) as cursor:
            cursor.execute("UPDATE stored_events SET state = CAST('{}' AS BLOB)")
        with pytest.raises(UnreadableEventError, match=f"event 1 of `{learner}`"):
            registrar.ledger.learner(learner)


def test_a_locked_database_is_waited_for_and_then_said_to_be_locked(tmp_path: Path) -> None:
    path = tmp_path / "cairn.db"
    with open_ledger(str(path), timeout=1) as ledger:
        learner = ledger.register("s-1", on=TODAY, at=MOMENT).stream
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerLockedError, match="locked by another program"):
            ledger.register("s-2", on=TODAY, at=MOMENT)
        assert ledger.learner(learner).registered == TODAY
        other.execute("ROLLBACK")
        other.close()
        assert not ledger.register("s-2", on=TODAY, at=MOMENT).duplicate


def test_a_database_that_is_locked_when_it_is_made_is_said_to_be_locked(tmp_path: Path) -> None:
    path = tmp_path / "cairn.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerLockedError):
        open_ledger(str(path), timeout=1)
    other.execute("ROLLBACK")
    other.close()


WRITING = """
import os, sys
import eventsourcing.sqlite
from datetime import UTC, date, datetime
from domain.errors import LedgerError
from domain.ledger import open_ledger

if os.geteuid() == 0:  # whom no permission binds
    os.setgid(65534)
    os.setuid(65534)
try:
    with open_ledger(sys.argv[1]) as ledger:
        ledger.register("s-2", on=date(2026, 1, 1), at=datetime(2026, 1, 1, tzinfo=UTC))
except LedgerError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there are no such permissions here")
@pytest.mark.parametrize(("folder", "wanted"), [(0o777, "can not be written"), (0o555, "can not")])
def test_a_file_that_can_not_be_written_is_said_to_be_so(folder: int, wanted: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "cairn.db"
        with open_ledger(str(path)) as ledger:
            ledger.register("s-1", on=TODAY, at=MOMENT)
        path.chmod(0o444)
        path.parent.chmod(folder)
        try:
            done = subprocess.run(
                [sys.executable, "-c", WRITING, str(path)],
                capture_output=True,
                text=True,
                check=True,
            )
        finally:
            path.parent.chmod(0o755)
        assert done.stderr == ""
        assert done.stdout.startswith(LedgerReadOnlyError.__name__)
        assert wanted in done.stdout


def test_what_a_read_only_connection_says_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "cairn.db"
    open_ledger(str(path)).close()
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with pytest.raises(sqlite3.OperationalError) as caught:
        reader.execute("INSERT INTO directory VALUES ('a', 'b', 'c', 'd')")
    reader.close()
    known = explained(caught.value, Database(shown="cairn.db", path=path))
    assert isinstance(known, LedgerReadOnlyError)
    assert str(known) == "`cairn.db` can not be written"


FULL = """
import resource, sys
from datetime import UTC, date, datetime
from domain.errors import LedgerError
from domain.ledger import open_ledger

with open_ledger(sys.argv[1]) as ledger:
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    try:
        for number in range(100_000):
            ledger.register(f"s-{number}", on=date(2026, 1, 1), at=datetime(2026, 1, 1, tzinfo=UTC))
    except LedgerError as error:
        print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="files can not be limited here")
def test_a_full_disk_is_said_to_be_full_and_nothing_is_half_recorded(tmp_path: Path) -> None:
    path = tmp_path / "cairn.db"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True
    )
    kind, _, words = done.stdout.partition(" ")
    assert kind in (LedgerFullError.__name__, LedgerUnavailableError.__name__)
    assert "cairn.db" in words
    assert done.stderr == ""
    with open_ledger(str(path)) as ledger:
        last = ledger.store.page(ledger.store.head() - 1, 10)[-1][1]
        assert ledger.learner(last.stream).registered == date(2026, 1, 1)
        assert not ledger.register("one more", on=TODAY, at=MOMENT).duplicate


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("23505", LedgerConflictError),
        ("55P03", LedgerLockedError),
        ("25006", LedgerReadOnlyError),
        ("42501", LedgerReadOnlyError),
        ("53100", LedgerFullError),
        ("XX001", LedgerCorruptError),
        ("08006", LedgerUnavailableError),
        (None, LedgerUnavailableError),
    ],
)
def test_what_a_server_says_is_explained(state: str | None, wanted: type[LedgerError]) -> None:
    class ServerError(Exception):
        sqlstate = state

    ServerError.__module__ = "psycopg.errors"
    place = locate("postgresql://ann:secret@db.example/ledger")
    try:
        try:
            raise ServerError("first line\nsecond line")
        except ServerError as error:
            raise PersistenceError("wrapped") from error
    except PersistenceError as error:
        known = explained(error, place)
    assert type(known) is wanted
    assert "`postgresql://db.example/ledger`" in str(known)
    assert "secret" not in str(known)
    assert "second" not in str(known)


def test_what_the_event_store_says_by_itself_is_passed_on() -> None:
    known = explained(PersistenceError("the pool is empty"), Database(shown="cairn.db"))
    assert isinstance(known, LedgerUnavailableError)
    assert str(known) == "`cairn.db` can not be used: the pool is empty"


def test_what_is_wrong_with_the_disk_is_said_in_its_own_words(tmp_path: Path) -> None:
    reader = sqlite3.connect(tmp_path / "x.db")
    with pytest.raises(sqlite3.OperationalError) as caught:
        reader.execute("SELECT * FROM nowhere")
    reader.close()
    known = explained(caught.value, Database(shown="x.db", path=tmp_path / "x.db"))
    assert str(known) == "`x.db` can not be used: no such table: nowhere"


def test_errors_that_are_not_of_a_database_are_left_alone() -> None:
    assert explained(ValueError("x"), Database(shown="cairn.db")) is None


def test_a_ledger_error_is_a_cairn_error_with_help() -> None:
    error = LedgerError("wrong", "do this")
    assert (str(error), error.help) == ("wrong", "do this")


@pytest.mark.skipif(
    __import__("importlib.util").util.find_spec("psycopg") is not None, reason="psycopg is here"
)
def test_a_server_needs_a_driver() -> None:
    with pytest.raises(LedgerUnavailableError, match="needs the package `psycopg`"):
        open_ledger("postgresql://cairn:cairn@localhost/cairn")


def test_nothing_is_recorded_where_the_command_is_refused(registrar: Desk) -> None:
    before = registrar.ledger.store.head()
    registrar.ledger.preview(RegisterLearner(learner="x", on=TODAY), on=TODAY)
    assert registrar.ledger.store.head() == before
