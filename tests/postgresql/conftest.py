"""The server, and a new database on it for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.ledger import open_ledger
from domain.proofs import findings
from tests.ledgers import Desk
from tests.servers import Server, missing, server


@pytest.fixture(scope="session")
def running() -> Iterator[Server]:
    """A server for the whole session; where none can be had, the tests are skipped, and say why."""
    if reason := missing():
        pytest.skip(reason)
    with server() as started:
        yield started


@pytest.fixture
def database(running: Server) -> Iterator[str]:
    address = running.database()
    yield address
    running.drop(address)


@pytest.fixture
def registrar(database: str) -> Iterator[Desk]:
    """Someone at a desk before a server; the kernel accepts every proof in the end."""
    with open_ledger(database) as ledger:
        opened = Desk(ledger)
        yield opened
        for learner in opened.learners.values():
            for finding in findings(learner, opened.history(learner), ledger.library.volume):
                assert finding.objections == (), finding.recorded.event
