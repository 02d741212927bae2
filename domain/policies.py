"""What follows from a change: awards, renewals, and what becomes of awards whose ground is lost.

After every decision each pathway version that the learner is enrolled in is evaluated, until
nothing new is due. Awards are made by the rules that the learner is enrolled in; a loss is judged
by the document under which the award was made. Pure: the caller stores what is decided.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from domain.events import (
    AwardFlagged,
    AwardRenewed,
    AwardRevoked,
    CredentialAwarded,
    LearnerEvent,
    ReviewDecided,
    WitnessReplaced,
)
from domain.learner import Award, Enrolment, Learner, evolve
from domain.library import Volume
from domain.names import qualified, qualified_item, relative
from domain.records import record_of
from pathways.awards import assess

if TYPE_CHECKING:
    from pathways.awards import Assessment, Made, Standing

#: Who decides what follows from rules alone, and where that comes from.
CAIRN = "cairn"
POLICY = "policy"

Shelf = Callable[[str, str], Volume]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The learner after all consequences, and the events that led there.

    `awaiting` are credentials that wait for an approval; `conflicts` those of them that exclude
    one another, each with the others.
    """

    learner: Learner
    events: tuple[LearnerEvent, ...]
    awaiting: tuple[str, ...] = ()
    conflicts: tuple[tuple[str, tuple[str, ...]], ...] = ()


def consequences(learner: Learner, shelf: Shelf, on: date) -> Outcome:
    """Decide all that is due for a learner by a day. `shelf` finds a published version."""
    events: list[LearnerEvent] = []
    enrolments = {enrolment.pathway: enrolment for enrolment in learner.current_enrolments}
    waiting = deque(enrolments)
    assessments: dict[str, Assessment] = {}

    def happen(decided: Iterable[LearnerEvent], inside: str = "") -> bool:
        nonlocal learner
        touched: set[str] = set()
        for event in decided:
            learner = evolve(learner, event)
            events.append(event)
            if award := getattr(event, "award", None):
                touched.add(learner.awards[award].credential)
        for pathway, enrolment in enrolments.items():
            words = shelf(pathway, enrolment.version).words
            # An assessment leaves nothing due in its own pathway.
            if pathway != inside and pathway not in waiting and touched & words.credentials:
                waiting.append(pathway)
        return bool(touched)

    while True:
        while happen(_losses(learner, shelf, on)):
            pass
        if not waiting:
            break
        pathway = waiting.popleft()
        volume = shelf(pathway, enrolments[pathway].version)
        assessments[pathway] = assessment_of(
            learner, volume, enrolments[pathway], on, verdicts=False
        )
        happen(_due(learner, volume, assessments[pathway]), inside=pathway)

    awaiting, conflicts = _undecided(assessments.values())
    return Outcome(learner, tuple(events), awaiting, conflicts)


def assessment_of(
    learner: Learner, volume: Volume, enrolment: Enrolment, on: date, *, verdicts: bool = True
) -> Assessment:
    """Tell how a learner stands in an enrolment on a day, by all that is recorded."""
    record = record_of(
        learner, volume.words, pathway=enrolment.pathway, enrolled=enrolment.on, on=on
    )
    return assess(volume.document, record, on, verdicts=verdicts)


# --- what is due ---------------------------------------------------------------------------------


def _due(learner: Learner, volume: Volume, assessment: Assessment) -> Iterator[LearnerEvent]:
    for standing in assessment.standings.values():
        for made in standing.awards:
            if made.given:
                yield from _renewals(learner, volume, made)
            elif event := _award(learner, volume, standing, made):
                yield event
                yield from _renewed(volume, event.award, made, 0)


def _award(
    learner: Learner, volume: Volume, standing: Standing, made: Made
) -> CredentialAwarded | None:
    credential = qualified(standing.credential, volume.words.home)
    award = f"{credential}@{made.on.isoformat()}"
    model, _ = volume.document.credentials[standing.credential]
    # A stretch of `while_met` is found anew each time. What is revoked as soon as it is made was
    # made before, or need not be made at all.
    if award in learner.awards and model.lasts == "while_met":
        return None
    if any(loss.decision == "revoke" for loss in made.losses):
        return None
    assert made.witness is not None
    return CredentialAwarded(
        on=made.on,
        award=_free(award, learner),
        credential=credential,
        expires=made.renewals[0].expires if False else _first_expiry(made),
        award_class=made.award_class,
        witness=made.witness.to_json(),
        class_witness=made.class_witness.to_json() if made.class_witness else None,
        **_by_rules_of(volume),
    )
