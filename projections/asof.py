"""Two dates apart: what the ledger had recorded by one day, about how things stood on another.

`known` is the day of recording, in UTC: events that were recorded later are left out. `effective`
is the day that is asked about: facts that are dated later have not happened yet. So "what did we
believe in March about January" differs from "what do we know now about January".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date
from operator import attrgetter

from domain import learner as learners
from domain.events import LearnerEvent, Recorded
from domain.learner import Award, Completion, Enrolment, Learner
from domain.ledger import Ledger
from domain.names import PATHWAY
from projections import log
from projections.register import Status
from projections.seen import Seen


@dataclass(frozen=True, slots=True)
class Believed:
    """An award as it stood. `expires` is its last day by the renewals that had been made."""

    learner: str
    award: str
    credential: str
    status: Status
    on: date
    expires: date | None
    award_class: str | None
    pathway: str
    version: str
    revoked: date | None
    under_review: bool


@dataclass(frozen=True, slots=True)
class AsOf:
    """A learner as they stood on a day, by what was known; and after how many events.

    Completions and awards come in the order of their days.
    """

    learner: Learner
    events: int
    enrolments: tuple[Enrolment, ...]
    completions: tuple[Completion, ...]
    awards: tuple[Believed, ...]


def known_by(history: Iterable[Recorded], known: date | None) -> Iterator[Recorded]:
    """Give the events that were recorded by the end of a day, in UTC; all of them by default."""
    for recorded in history:
        if known is None or recorded.at.astimezone(UTC).date() <= known:
            yield recorded


def as_of(
    ledger: Ledger, history: Iterable[Recorded], *, known: date | None, effective: date
) -> AsOf | None:
    """Return a learner as they stood, None where nothing of them was known yet."""
    recorded = list(known_by(history, known))
    if not recorded:
        return None
    learner = Learner(recorded[0].stream)
    for one in recorded:
        assert isinstance(one.event, LearnerEvent)
        learner = learners.evolve(learner, one.event)
    seen = Seen(learner, max(one.day for one in recorded), ledger.library)
    return AsOf(
        learner=learner,
        events=len(recorded),
        enrolments=tuple(
            enrolment
            for enrolment in learner.enrolments.values()
            if enrolment.on <= effective
            and (enrolment.withdrawn is None or enrolment.withdrawn > effective)
        ),
        completions=tuple(
            completion
            for completion in sorted(learner.completions.values(), key=attrgetter("on", "module"))
            if completion.on <= effective
            and completion.replaced_by is None
            and (completion.revoked is None or completion.revoked > effective)
        ),
        awards=tuple(
            _believed(learner.id, award, seen.ended(award), effective)
            for award in sorted(learner.awards.values(), key=attrgetter("on", "credential"))
            if award.on <= effective
        ),
    )


def register_as_of(
    ledger: Ledger, credential: str, *, known: date | None, effective: date
) -> Iterator[Believed]:
    """Give the awards of a credential as they stood, learner by learner."""
    with log.snapshot(ledger.store.database) as view:
        for stream in log.by_stream(view):
            if stream.name.startswith(PATHWAY):
                continue
            history = [row.read() for row in stream.rows()]
            if not any(getattr(one.event, "credential", "") == credential for one in history):
                continue
            found = as_of(ledger, history, known=known, effective=effective)
            if found is not None:
                yield from (each for each in found.awards if each.credential == credential)


def _believed(learner: str, award: Award, ended: date | None, day: date) -> Believed:
    renewed = [renewal for renewal in award.renewals if renewal.on <= day]
    last = renewed[-1].expires if renewed else award.expires
    expires = last if isinstance(last, date) else None
    status: Status = "held"
    if award.revoked is not None and award.revoked <= day:
        status = "revoked"
    elif ended is not None and ended < day:
        status = "lapsed"
    elif expires is not None and expires < day:
        status = "expired"
    return Believed(
        learner=learner,
        award=award.id,
        credential=award.credential,
        status=status,
        on=award.on,
        expires=expires,
        award_class=award.award_class,
        pathway=award.pathway,
        version=award.version,
        revoked=award.revoked if status == "revoked" else None,
        under_review=bool(award.under_review),
    )
