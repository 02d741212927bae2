"""The register of awards: every award that was ever made, and whether it is held on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, and_, func, not_, or_, select

from projections.seen import Seen
from projections.tables import awards, directory, named

VERSION = 1

Status = Literal["held", "expired", "lapsed", "revoked"]
STATUSES: tuple[Status, ...] = get_args(Status)


def rows(seen: Seen) -> list[dict[str, object]]:
    """Return the rows of a learner."""
    return [
        {
            "learner": seen.learner.id,
            "award": award.id,
            "credential": award.credential,
            "on": award.on,
            "expires": award.expires_on,
            "award_class": award.award_class,
            "pathway": award.pathway or None,
            "version": award.version or None,
            "digest": award.digest or None,
            "renewals": len(award.renewals),
            "revoked": award.revoked,
            "ended": seen.ended(award),
            "under_review": bool(award.under_review),
        }
        for award in seen.learner.awards.values()
    ]


@dataclass(frozen=True, slots=True)
class AwardRow:
    """An award. `reference` and `name` are empty where the person was erased.

    Pathway, version and digest are None where it was made elsewhere.
    """

    learner: str
    reference: str
    name: str
    award: str
    credential: str
    status: Status
    on: date
    expires: date | None
    award_class: str | None
    pathway: str | None
    version: str | None
    digest: str | None
    renewals: int
    revoked: date | None
    under_review: bool


def listed(
    view: Connection,
    *,
    on: date,
    learner: str | None = None,
    credential: str | None = None,
    pathway: str | None = None,
    status: Status | None = None,
    under_review: bool | None = None,
    since: date | None = None,
    until: date | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[AwardRow]:
    """Return awards by day, with their status `on` a day; none that were made later.

    `since` and `until` are days on which they were made. Credentials have their full names.
    """
    query = (
        select(
            awards.c.learner,
            named("reference"),
            named("name"),
            awards.c.award,
            awards.c.credential,
            awards.c.on,
            awards.c.expires,
            awards.c.award_class,
            awards.c.pathway,
            awards.c.version,
            awards.c.digest,
            awards.c.renewals,
            awards.c.revoked,
            awards.c.ended,
            awards.c.under_review,
        )
        .select_from(awards.outerjoin(directory, awards.c.learner == directory.c.learner))
        .where(awards.c.on <= (on if until is None else min(on, until)))
        .order_by(awards.c.on, awards.c.credential, awards.c.learner)
        .limit(limit)
        .offset(offset)
    )
    given = {"learner": learner, "credential": credential, "pathway": pathway}
    for column, value in given.items():
        if value is not None:
            query = query.where(awards.c[column] == value)
    if since is not None:
        query = query.where(awards.c.on >= since)
    if under_review is not None:
        query = query.where(awards.c.under_review == under_review)
    if status is not None:
        query = query.where(_has(status, on))
    return [_row(on, **row) for row in view.execute(query).mappings()]


def _row(day: date, /, *, ended: date | None, **row: Any) -> AwardRow:
    status = _status(day, expires=row["expires"], revoked=row["revoked"], ended=ended)
    return AwardRow(status=status, **row)


def counted(view: Connection, *, on: date) -> dict[str, int]:
    """Return how many awards of each credential are held on a day, by the full name."""
    query = (
        select(awards.c.credential, func.count())
        .where(awards.c.on <= on, _has("held", on))
        .group_by(awards.c.credential)
        .order_by(awards.c.credential)
    )
    return {str(credential): number for credential, number in view.execute(query)}


def _status(on: date, *, expires: date | None, revoked: date | None, ended: date | None) -> Status:
    if revoked is not None and revoked <= on:
        return "revoked"
    if ended is not None and ended < on:
        return "lapsed"
    return "expired" if expires is not None and expires < on else "held"


def _has(status: Status, on: date) -> ColumnElement[bool]:
    """The same, as a condition of a query."""
    revoked = and_(awards.c.revoked.is_not(None), awards.c.revoked <= on)
    lapsed = and_(awards.c.ended.is_not(None), awards.c.ended < on)
    expired = and_(awards.c.expires.is_not(None), awards.c.expires < on)
    match status:
        case "revoked":
            return revoked
        case "lapsed":
            return and_(not_(revoked), lapsed)
        case "expired":
            return and_(not_(revoked), not_(lapsed), expired)
        case _:
            return not_(or_(revoked, lapsed, expired))
