"""Who there is: every learner, with the person behind them where the directory knows one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, or_, select

from projections.seen import Seen
from projections.tables import directory, learners, named

VERSION = 1


def rows(seen: Seen) -> list[dict[str, object]]:
    """Return the row of a learner."""
    learner = seen.learner
    assert learner.registered is not None
    return [
        {
            "learner": learner.id,
            "registered": learner.registered,
            "pathways": len(learner.current_enrolments),
            "completions": sum(not completion.lost for completion in learner.completions.values()),
            "awards": sum(award.revoked is None for award in learner.awards.values()),
            "last_change": seen.day,
        }
    ]


@dataclass(frozen=True, slots=True)
class LearnerRow:
    """A learner. Reference, name and e-mail address are empty where the person was erased."""

    learner: str
    reference: str
    name: str
    email: str
    registered: date
    pathways: int
    completions: int
    awards: int
    last_change: date


def listed(
    view: Connection, *, search: str = "", limit: int | None = None, offset: int = 0
) -> list[LearnerRow]:
    """Return learners by reference, those whose reference, name or e-mail address has `search`."""
    query = (
        select(
            learners.c.learner,
            named("reference"),
            named("name"),
            named("email"),
            learners.c.registered,
            learners.c.pathways,
            learners.c.completions,
            learners.c.awards,
            learners.c.last_change,
        )
        .select_from(learners.outerjoin(directory, learners.c.learner == directory.c.learner))
        .order_by(directory.c.reference.is_(None), directory.c.reference, learners.c.learner)
        .limit(limit)
        .offset(offset)
    )
    if search:
        query = query.where(
            or_(
                learners.c.learner == search,
                *(
                    column.icontains(search, autoescape=True)
                    for column in (directory.c.reference, directory.c.name, directory.c.email)
                ),
            )
        )
    return [LearnerRow(**row) for row in view.execute(query).mappings()]


def counted(view: Connection) -> int:
    """Return how many learners there are."""
    return view.execute(select(func.count()).select_from(learners)).scalar_one()
