"""What is kept beside the events and no event tells: read for an export, one row at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnClause, Connection, column, select, table

from domain.crosswalk import Mapped
from domain.directory import Person
from domain.exchange import BESIDE, Beside
from domain.subjects import BadgeSubject


def rows(view: Connection, *, people: bool) -> Iterator[Beside]:
    """Give every row that is kept beside the events, in a lasting order.

    Without `people`, those are left out that name a person, here or elsewhere.
    """
    for kind, name in BESIDE.values():
        columns: list[ColumnClause[Any]] = [column(field.name) for field in fields(kind)]
        query = select(*columns).select_from(table(name)).order_by(*columns)
        for values in view.execute(query.execution_options(yield_per=1_000)):
            row = kind(*values)
            if people or not _is_personal(row):
                yield row


def _is_personal(row: Beside) -> bool:
    match row:
        case Person() | BadgeSubject():
            return True
        case Mapped():
            # What ends with `*` says how names are made, and names nobody.
            return row.kind == "learner" and not row.inside.endswith("*")
    return False
