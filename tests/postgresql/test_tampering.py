"""What is done to a server behind the ledger's back is found as it is in a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.ledger import open_ledger
from tests.audit.conftest import furnish
from tests.audit.test_run import test_damage_is_found_and_nothing_that_follows_from_it_is_told
from tests.audit.test_seal import (
    folder,
    sealed,
    test_a_flipped_byte_in_any_column_is_found,
    test_a_ledger_that_is_as_it_was_sealed_verifies,
    test_an_event_that_is_not_as_it_was_sealed_is_named,
    test_what_is_newer_than_the_seal_is_noted_and_sealed_next,
)
from tests.ledgers import Desk

__all__ = [
    "folder",
    "sealed",
    "test_a_flipped_byte_in_any_column_is_found",
    "test_a_ledger_that_is_as_it_was_sealed_verifies",
    "test_an_event_that_is_not_as_it_was_sealed_is_named",
    "test_damage_is_found_and_nothing_that_follows_from_it_is_told",
    "test_what_is_newer_than_the_seal_is_noted_and_sealed_next",
]


@pytest.fixture
def path(database: str) -> str:
    return database


@pytest.fixture
def registrar(database: str) -> Iterator[Desk]:
    with open_ledger(database) as ledger:
        opened = Desk(ledger)
        furnish(opened)
        yield opened
