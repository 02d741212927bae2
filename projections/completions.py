"""What was completed, by whom, when, and where the news came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, select

from pathways.document import plain
from projections.seen import Seen
from projections.tables import completions

VERSION = 1


def rows(seen: Seen) -> list[dict[str, object]]:
    """Return the rows of a learner."""
    return [
        {
            "learner": seen.learner.id,
            "completion": completion.id,
            "module": completion.module,
            "on": completion.on,
            "score": _text(completion.score),
            "grade": completion.grade,
            "credits": _text(completion.credits),
            "source": completion.source,
            "revoked": completion.revoked,
            "replaced_by": completion.replaced_by,
        }
        for completion in seen.learner.completions.values()
    ]


def _text(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


@dataclass(frozen=True, slots=True)
class CompletionRow:
    """A completion, or an attempt. Credits are None where the module's own count."""

    learner: str
    completion: str
    module: str
    on: date
    score: Decimal | None
    grade: str | None
    credits: Decimal | None
    source: str
    revoked: date | None
    replaced_by: str | None


def listed(
    view: Connection,
    *,
    learner: str | None = None,
    module: str | None = None,
    since: date | None = None,
    until: date | None = None,
    limit: int | None = None,
) -> list[CompletionRow]:
    """Return completions by day, of a learner, of a module by its full name, between two days."""
    table = completions.c
    query = select(
        table.learner,
        table.completion,
        table.module,
        table.on,
        table.score,
        table.grade,
        table.credits,
        table.source,
        table.revoked,
        table.replaced_by,
    ).order_by(table.on, table.learner, table.completion)
    if learner is not None:
        query = query.where(table.learner == learner)
    if module is not None:
        query = query.where(table.module == module)
    if since is not None:
        query = query.where(table.on >= since)
    if until is not None:
        query = query.where(table.on <= until)
    return [
        CompletionRow(**{**row, "score": _number(row["score"]), "credits": _number(row["credits"])})
        for row in view.execute(query.limit(limit)).mappings()
    ]


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
