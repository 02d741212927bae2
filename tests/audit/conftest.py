"""A ledger worth auditing, and hands that alter what they should not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import cairn
from projections.audit import Report, Scope, audit, caught_up
from tests.ledgers import LADDER, Desk, desk

Run = Callable[..., Result]


def audited(registrar: Desk, scope: Scope | None = None, **more: Any) -> Report:
    """Audit a ledger, projections included."""
    return audit(registrar.ledger.store.database, scope or Scope(), **more)


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


#: What a server calls otherwise than SQLite.
_ON_A_SERVER = (
    ("stored_events", "cairn_events"),
    ("rowid", "notification_id"),
    ("x'20'", "CAST(' ' AS BYTEA)"),
    ("AS BLOB", "AS BYTEA"),
    ("?", "%s"),
)


def alter(place: Path | str, statement: str, *values: object) -> int:
    """Change a file or a server behind the ledger's back; return how many rows were touched."""
    with _at(place, statement, values) as touched:
        return int(touched.rowcount)


def look(place: Path | str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Return what stands in a file or on a server."""
    with _at(place, statement, values) as found:
        return list(found.fetchall())


@contextmanager
def _at(place: Path | str, statement: str, values: tuple[object, ...]) -> Iterator[Any]:
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as connection, connection:
            yield connection.execute(statement, values)
        return
    import psycopg

    for ours, theirs in _ON_A_SERVER:
        statement = statement.replace(ours, theirs)
    with psycopg.connect(place) as server:
        yield server.execute(statement.encode(), values or None)


def furnish(opened: Desk) -> None:
    """Two learners, each with a certificate that stands on an essential."""
    opened.publish(LADDER)
    for who in ("s-1", "s-2"):
        opened.enrol(who=who)
        opened.complete("sheets-1", "02-01", who=who)
        opened.complete("sheets-2", "02-10", who=who)
        opened.complete("charts", "03-01", who=who)
    assert caught_up(opened.ledger) == []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cairn.db"


@pytest.fixture
def registrar(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as opened:
        furnish(opened)
        yield opened


@pytest.fixture
def run(registrar: Desk, path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line on the ledger; `code` is the exit code that is due."""
    monkeypatch.setenv("CAIRN_DATABASE", str(path))
    monkeypatch.setenv("CAIRN_TODAY", registrar.today.isoformat())
    monkeypatch.chdir(path.parent)

    def run_(*words: str | Path, code: int = 0) -> Result:
        result = CliRunner().invoke(cairn, [str(word) for word in words], prog_name="cairn")
        assert "Traceback" not in result.output
        assert result.exit_code == code, result.output
        return result

    return run_
