"""Programs that are killed before a server leave a clean ledger there too."""

from __future__ import annotations

import pytest

from tests.audit.test_faults import (
    test_a_migration_that_was_killed_is_finished_by_running_it_again,
    test_a_program_that_is_killed_leaves_a_clean_ledger,
    test_an_import_that_was_killed_is_finished_by_running_it_again,
)

__all__ = [
    "test_a_migration_that_was_killed_is_finished_by_running_it_again",
    "test_a_program_that_is_killed_leaves_a_clean_ledger",
    "test_an_import_that_was_killed_is_finished_by_running_it_again",
]


@pytest.fixture
def place(database: str) -> str:
    return database
