"""How far each learner is on each credential of the pathways that they follow.

That is as of the last day on which something was decided about the learner: what time alone
changed since then shows when they are evaluated again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from domain.names import qualified
from projections.seen import Seen
from projections.tables import directory, named, progress

VERSION = 1


def rows(seen: Seen) -> list[dict[str, object]]:
    """Return the rows of a learner."""
    found: list[dict[str, object]] = []
    for enrolment, assessment in seen.assessments:
        home = assessment.document.main.home
        for place, standing in enumerate(assessment.standings.values()):
            missing = standing.missing
            found.append(
                {
                    "learner": seen.learner.id,
                    "pathway": enrolment.pathway,
                    "credential": qualified(standing.credential, home),
                    "place": place,
                    "version": enrolment.version,
                    "status": standing.status,
                    "outcome": standing.outcome.value,
                    "progress": float(standing.progress),
                    "awarded_on": standing.awarded_on,
                    "expires_on": standing.expires_on,
                    "award_class": standing.award_class,
                    "missing": None if missing is None else missing.text,
                    "day": assessment.on,
                }
            )
    return found


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """A learner on the way to a credential. `progress` is 1 exactly when the outcome is `met`.

    `missing` says in plain words what is missing, None where nothing is. `day` is the day of
    which all this is true.
    """

    learner: str
    reference: str
    name: str
    pathway: str
    version: str
    credential: str
    status: str
    outcome: str
    progress: float
    awarded_on: date | None
    expires_on: date | None
    award_class: str | None
    missing: str | None
    day: date


def listed(
    view: Connection,
    *,
    learner: str | None = None,
    pathway: str | None = None,
    credential: str | None = None,
    status: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[ProgressRow]:
    """Return progress by learner and pathway, bottom up; credentials have their full names."""
    query = (
        select(
            progress.c.learner,
            named("reference"),
            named("name"),
            progress.c.pathway,
            progress.c.version,
            progress.c.credential,
            progress.c.status,
            progress.c.outcome,
            progress.c.progress,
            progress.c.awarded_on,
            progress.c.expires_on,
            progress.c.award_class,
            progress.c.missing,
            progress.c.day,
        )
        .select_from(progress.outerjoin(directory, progress.c.learner == directory.c.learner))
        .order_by(progress.c.learner, progress.c.pathway, progress.c.place)
        .limit(limit)
        .offset(offset)
    )
    given = {"learner": learner, "pathway": pathway, "credential": credential, "status": status}
    for column, value in given.items():
        if value is not None:
            query = query.where(progress.c[column] == value)
    return [ProgressRow(**row) for row in view.execute(query).mappings()]


def counted(view: Connection, pathway: str) -> dict[tuple[str, str], int]:
    """Return how many learners of a pathway have each status in each credential."""
    query = (
        select(progress.c.credential, progress.c.status, func.count())
        .where(progress.c.pathway == pathway)
        .group_by(progress.c.credential, progress.c.status)
    )
    return {(credential, status): number for credential, status, number in view.execute(query)}
