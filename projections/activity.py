"""What happened lately: one row for each event, in the order in which they were recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, select

from domain.events import Event, Recorded
from projections.tables import activity

VERSION = 1

#: The fields by which an event says what it is about, the most telling one first.
_SUBJECTS = ("award", "completion", "credential", "module", "rule", "waiver", "pathway")


def row(position: int, recorded: Recorded) -> dict[str, object]:
    """Return the row of an event."""
    event = recorded.event
    return {
        "position": position,
        "stream": recorded.stream,
        "number": recorded.number,
        "topic": event.topic,
        "subject": subject(event),
        "on": event.on,
        "at": recorded.at,
        "by": event.by,
        "source": event.source,
    }


def subject(event: Event) -> str:
    """Return what an event is about: an award, a completion, a pathway; empty for a learner."""
    found = (getattr(event, name, None) for name in _SUBJECTS)
    return next((str(value) for value in found if value), "")


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """An event: `position` in the ledger, `number` in its stream, `on` its day, `at` recorded."""

    position: int
    stream: str
    number: int
    topic: str
    subject: str
    on: date
    at: datetime
    by: str
    source: str


def listed(
    view: Connection,
    *,
    stream: str | None = None,
    topic: str | None = None,
    before: int | None = None,
    limit: int | None = 50,
) -> list[ActivityRow]:
    """Return events, newest first; those `before` a position, to read on from there."""
    table = activity.c
    query = (
        select(
            table.position,
            table.stream,
            table.number,
            table.topic,
            table.subject,
            table.on,
            table.at,
            table.by,
            table.source,
        )
        .order_by(table.position.desc())
        .limit(limit)
    )
    if stream is not None:
        query = query.where(table.stream == stream)
    if topic is not None:
        query = query.where(table.topic == topic)
    if before is not None:
        query = query.where(table.position < before)
    return [ActivityRow(**{**row, "at": _utc(row["at"])}) for row in view.execute(query).mappings()]


def _utc(at: datetime) -> datetime:
    # SQLite keeps no time zone, and what the ledger records is UTC; servers answer in their own.
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
