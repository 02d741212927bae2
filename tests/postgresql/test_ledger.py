"""What a ledger in a file does, one on a server does too."""

import pytest

from domain.errors import LedgerCorruptError
from tests.domain.test_ledger import *  # noqa: F403  # the very same tests, with another `registrar`
from tests.ledgers import LADDER, Desk


def test_a_document_that_was_tampered_with_is_not_used(  # type: ignore[no-redef]  # in its place
    registrar: Desk,
) -> None:
    registrar.publish(LADDER)
    with registrar.ledger.store.datastore.transaction(commit=True) as change:
        change.execute(
            "UPDATE cairn_events SET state ="
            " convert_to(replace(convert_from(state, 'UTF8'), 'Macros', 'Tricks'), 'UTF8')"
        )
    registrar.register()
    with pytest.raises(LedgerCorruptError, match="not the one published"):
        registrar.complete("charts")
