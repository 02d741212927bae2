"""The columns of a ledger, as questions about everybody need them: up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from commands.terminal import progress

if TYPE_CHECKING:
    from domain.ledger import Ledger
    from projections.columns import Columns
    from projections.partitions import Sharing


@contextmanager
def columns_of(ledger: Ledger, folder: Path | None, sharing: Sharing) -> Iterator[Columns]:
    """Give the columns in a folder, or beside the ledger, brought up to date.

    Where there is no folder of that name and none can be made, they are made for this once. Raises
    a `LedgerError`, or `UnsharedError`.
    """
    from projections.columns import Columns, UnkeptError

    columns = Columns(ledger, folder)
    try:
        _catch_up(columns, ledger, sharing)
    except UnkeptError:
        if folder is not None:
            raise
    else:
        yield columns
        return
    with TemporaryDirectory(prefix="cairn-") as place:
        columns = Columns(ledger, Path(place))
        _catch_up(columns, ledger, sharing)
        yield columns


def _catch_up(columns: Columns, ledger: Ledger, sharing: Sharing) -> None:
    with progress("reading the events", ledger.store.head()) as advance:
        columns.catch_up(sharing, advance)
