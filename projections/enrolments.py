"""Who follows which version of which pathway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from projections.seen import Seen
from projections.tables import enrolments

VERSION = 1


def rows(seen: Seen) -> list[dict[str, object]]:
    """Return the rows of a learner."""
    return [
        {
            "learner": seen.learner.id,
            "pathway": enrolment.pathway,
            "version": enrolment.version,
            "digest": enrolment.digest,
            "on": enrolment.on,
            "withdrawn": enrolment.withdrawn,
        }
        for enrolment in seen.learner.enrolments.values()
    ]


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """A learner on a version of a pathway."""

    learner: str
    pathway: str
    version: str
    on: date
    withdrawn: date | None


def listed(
    view: Connection,
    *,
    learner: str | None = None,
    pathway: str | None = None,
    version: str | None = None,
    withdrawn: bool = False,
) -> list[EnrolmentRow]:
    """Return enrolments by learner and pathway; those `withdrawn` only where asked for."""
    table = enrolments.c
    query = select(table.learner, table.pathway, table.version, table.on, table.withdrawn).order_by(
        table.learner, table.pathway
    )
    if learner is not None:
        query = query.where(table.learner == learner)
    if pathway is not None:
        query = query.where(table.pathway == pathway)
    if version is not None:
        query = query.where(table.version == version)
    if not withdrawn:
        query = query.where(table.withdrawn.is_(None))
    return [EnrolmentRow(**row) for row in view.execute(query).mappings()]


def counted(view: Connection) -> dict[tuple[str, str], int]:
    """Return how many learners follow each version of each pathway now."""
    table = enrolments.c
    query = (
        select(table.pathway, table.version, func.count())
        .where(table.withdrawn.is_(None))
        .group_by(table.pathway, table.version)
    )
    return {(pathway, version): number for pathway, version, number in view.execute(query)}
