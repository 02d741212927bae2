"""An address that leads nowhere is told at once, with the reason, and never with the password."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.errors import LedgerUnavailableError
from domain.ledger import open_ledger

Change = Callable[[str], str]


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda address: f"{address}x", "does not exist"),
        (lambda address: address.replace("cairn:cairn@", "ghost:secret@"), 'role "ghost"'),
        (lambda address: address.replace("127.0.0.1:", "127.0.0.1:1"), "port"),
        (lambda address: f"{address}?sslmode=require", "SSL"),
        (lambda address: f"{address}?sslmod=require", "sslmod"),
    ],
    ids=["name", "user", "port", "encryption", "a word"],
)
def test_an_address_that_leads_nowhere_is_told_with_the_reason(
    database: str, change: Change, reason: str, read_only: bool
) -> None:
    address = change(database)
    if "127.0.0.1:1" in address:
        address = f"postgresql://127.0.0.1:1/{address.rpartition('/')[2]}"
    # A minute of patience is for who is in the way, not for what is not there.
    with pytest.raises(LedgerUnavailableError, match=reason) as caught:
        open_ledger(address, timeout=60, read_only=read_only)
    assert "secret" not in str(caught.value)
    assert "couldn't get a connection" not in str(caught.value)
