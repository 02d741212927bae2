"""Does each award of a learner stand on its proof? Asked of the trusted kernel, event by event.

An award is judged by the document that it names, on the record as it stood when it was made. This
module gathers what the kernel needs; the kernel alone judges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from domain import learner as learners
from domain.events import (
    AwardRenewed,
    CredentialAwarded,
    LearnerEvent,
    Recorded,
    WitnessReplaced,
)
from domain.learner import Award, Learner
from domain.library import Volume
from domain.names import relative
from domain.records import record_of
from pathways.check import Objection, check

Proven = CredentialAwarded | AwardRenewed | WitnessReplaced


@dataclass(frozen=True, slots=True)
class Finding:
    """What the kernel says of one event that carries a proof; no objections: it holds."""

    recorded: Recorded
    objections: tuple[Objection, ...]


def findings(
    learner: str, history: Iterable[Recorded], shelf: Callable[[str, str], Volume]
) -> Iterator[Finding]:
    """Judge every proof in a learner's history, in order. `shelf` finds a published version."""
    known = Learner(learner)
    for recorded in history:
        event = recorded.event
        assert isinstance(event, LearnerEvent)
        if isinstance(event, Proven):
            volume = shelf(event.pathway, event.version)
            yield Finding(recorded, tuple(objections_to(event, known, volume, recorded.day)))
        known = learners.evolve(known, event)


def objections_to(
    event: Proven, known: Learner, volume: Volume, decided: date
) -> Iterator[Objection]:
    """Judge one proof. `known` is the learner before the event, `decided` the day of deciding."""
    home = volume.words.home
    own = None if isinstance(event, CredentialAwarded) else known.awards[event.award]
    name = (
        event.credential
        if isinstance(event, CredentialAwarded)
        else known.awards[event.award].credential
    )
    credential = relative(name, home)
    enrolment = known.enrolments.get(event.pathway)
    record = record_of(
        known,
        volume.words,
        pathway=event.pathway,
        enrolled=None if enrolment is None else enrolment.on,
        on=decided,
    )
    match event:
        case AwardRenewed():
            assert own is not None
            yield from check(
                volume.document,
                record,
                credential,
                event.witness,
                rule="renewal.requires",
                after=_last(own),
            )
        case _:
            made = event.on if own is None else own.on
            yield from check(
                volume.document,
                record,
                credential,
                event.witness,
                after=_fresh_after(known, name, volume, credential, made),
            )
    if isinstance(event, CredentialAwarded) and event.class_witness is not None:
        rule = f"classes[{event.award_class}].requires"
        yield from check(volume.document, record, credential, event.class_witness, rule=rule)


def _last(award: Award) -> date:
    """The day of an award's last renewal, or its own."""
    return award.renewals[-1].on if award.renewals else award.on


def _fresh_after(
    known: Learner, name: str, volume: Volume, credential: str, made: date
) -> date | None:
    """The day that evidence must be later than, where the credential was earned before.

    An award that was revoked for lost evidence used nothing up.
    """
    if volume.document.credentials[credential][0].again != "fresh":
        return None
    before = [
        _last(award)
        for award in known.awards.values()
        if award.credential == name
        and award.on < made
        and not (award.revoked is not None and award.groundless)
    ]
    return max(before, default=None)
