"""The same questions have the same answers on a file and on a server, where they change nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from cli import cairn
from domain.errors import LedgerReadOnlyError
from domain.ledger import open_ledger
from projections.connections import engine_of
from projections.runner import Projections
from tests.audit.conftest import alter
from tests.cli.test_asking import TODAY, made
from tests.ledgers import MOMENT, day
from tests.questions import LATE, QUESTIONS, lines
from tests.servers import Server

psycopg = pytest.importorskip("psycopg")

__all__ = ["made"]  # the office, once more

#: What can not be asked of a server, or tells of files that the other one has just written.
ELSEWHERE = (["import"], ["audit", "seal"])


@dataclass
class Asked:
    """What a file and a server answered, and what the server held before and after."""

    file: list[tuple[list[str], int, str]]
    server: list[tuple[list[str], int, str]]
    before: dict[str, str]
    after: dict[str, str]
    address: str


def told(words: list[str], where: str) -> tuple[list[str], int, str]:
    result = CliRunner().invoke(cairn, [*words, "--db", where], prog_name="cairn")
    return words, result.exit_code, result.output


def held(address: str) -> dict[str, str]:
    """Everything that a server holds, table by table."""
    found = {}
    with psycopg.connect(address) as one:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        for (table,) in one.execute(query).fetchall():
            rows = f"SELECT string_agg(t::text, chr(10) ORDER BY t::text) FROM {table} t"
            found[table] = one.execute(rows).fetchone()[0]
    return found


def as_auditor(address: str) -> str:
    """Return the address for an account that may only read."""
    with psycopg.connect(address) as one:
        one.execute("DROP ROLE IF EXISTS auditor")
        one.execute("CREATE ROLE auditor LOGIN")
        one.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO auditor")
    parts = urlsplit(address)
    return parts._replace(netloc=f"auditor@{parts.hostname}:{parts.port}").geturl()


def forgotten(address: str) -> None:
    with psycopg.connect(address) as one:
        one.execute("DROP OWNED BY auditor")
        one.execute("DROP ROLE auditor")


@pytest.fixture(scope="module", params=["up to date", "behind"])
def asked(
    made: Path,
    running: Server,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Asked]:
    """Put every question to the office in its file, and to the same on a server."""
    folder, address = tmp_path_factory.mktemp("both"), running.database()
    shutil.copytree(made, folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("CAIRN_TODAY", TODAY)
        for words, where in (
            (["events", "export", "--people", "--output", "log.jsonl"], "cairn.db"),
            (["events", "import", "log.jsonl"], address),
            (["map", "module", "course:*", "*"], address),  # no event says so
        ):
            assert told(words, where)[1] == 0
        if request.param == "behind":
            for late in LATE:
                alter(folder / "cairn.db", late)
                with psycopg.connect(address) as one:
                    one.execute(late)
        auditor = as_auditor(address)
        before = held(address)
        questions = [one for one in lines(QUESTIONS) if one[:1] not in ELSEWHERE]
        questions = [one for one in questions if one[:2] not in ELSEWHERE]
        yield Asked(
            [told(words, "cairn.db") for words in questions],
            [told(words, auditor) for words in questions],
            before,
            held(address),
            auditor,
        )
    forgotten(address)
    running.drop(address)


def test_every_question_has_the_same_answer_on_both(asked: Asked) -> None:
    for file, server in zip(asked.file, asked.server, strict=True):
        assert file == server
        assert file[1] in (0, 1, 3), file


def test_asking_leaves_all_that_a_server_holds_as_it_was(asked: Asked) -> None:
    assert asked.after == asked.before
    assert "cairn_events" in asked.before


def test_a_ledger_that_is_opened_for_reading_is_not_written_by_its_server(
    running: Server, database: str
) -> None:
    with open_ledger(database) as ledger:
        ledger.register("s-1", on=day("03-12"), at=MOMENT)
    with open_ledger(database, read_only=True) as ledger:
        with pytest.raises(LedgerReadOnlyError):
            ledger.register("s-2", on=day("03-12"), at=MOMENT)
        with pytest.raises(LedgerReadOnlyError):
            ledger.directory.enter("s-3")
        with closing(Projections(ledger)) as projections:
            assert {state.behind for state in projections.status()} == {1}
        engine = engine_of(ledger.store.database)
        with engine.connect() as one, pytest.raises(Exception, match="read-only transaction"):
            one.exec_driver_sql("CREATE TABLE t (x int)")
        engine.dispose()


def test_what_an_address_says_behind_its_question_mark_goes_for_every_connection(
    database: str,
) -> None:
    named = f"{database}?application_name=registrar"
    for read_only in (False, True):
        with open_ledger(named, read_only=read_only) as ledger:
            with ledger.store.datastore.transaction(commit=False) as cursor:
                cursor.execute("SHOW application_name")
                assert cursor.fetchone()["application_name"] == "registrar"
            engine = engine_of(ledger.store.database)
            with engine.connect() as one:
                shown = one.exec_driver_sql("SHOW application_name").scalar()
            engine.dispose()
            assert shown == "registrar"
