"""What follows from a change: awards, renewals, and what becomes of awards whose ground is lost.

After every decision each pathway version that the learner is enrolled in is evaluated, until
nothing new is due. Awards are made by the rules that the learner is enrolled in; a loss is judged
by the document under which the award was made. Pure: the caller stores what is decided.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypedDict

from domain.events import (
    AwardFlagged,
    AwardReinstated,
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
from pathways.awards import Assessment, assess
from pathways.verdict import Witness

#: Who decides what follows from rules alone, and where that comes from.
CAIRN = "cairn"
POLICY = "policy"

Shelf = Callable[[str, str], Volume]


@dataclass(frozen=True, slots=True)
class Consequences:
    """The learner after all consequences, and the events that led there.

    `awaiting` are credentials that wait for an approval; `conflicts` those of them that exclude
    one another, each with the others.
    """

    learner: Learner
    events: tuple[LearnerEvent, ...]
    awaiting: tuple[str, ...] = ()
    conflicts: tuple[tuple[str, tuple[str, ...]], ...] = ()


def consequences(learner: Learner, shelf: Shelf, on: date) -> Consequences:
    """Decide all that is due for a learner by a day. `shelf` finds a published version."""
    events: list[LearnerEvent] = []
    enrolments = {enrolment.pathway: enrolment for enrolment in learner.current_enrolments}
    waiting = deque(enrolments)
    assessments: dict[str, tuple[Volume, Assessment]] = {}

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
        assessment = assessment_of(learner, volume, enrolments[pathway], on)
        assessments[pathway] = (volume, assessment)
        happen(_due(learner, volume, assessment), inside=pathway)

    awaiting, conflicts = _undecided(assessments.values())
    return Consequences(learner, tuple(events), awaiting, conflicts)


def settled(
    learner: Learner,
    shelf: Shelf,
    on: date,
    assessments: Iterable[tuple[Enrolment, Assessment]],
) -> bool:
    """Tell whether nothing is due by a day, given how the learner stands in each pathway then.

    It is so exactly when there are no `consequences`; nothing is assessed again.
    """
    return not _losses(learner, shelf, on) and not any(
        list(_due(learner, shelf(enrolment.pathway, enrolment.version), assessment))
        for enrolment, assessment in assessments
    )


def assessment_of(learner: Learner, volume: Volume, enrolment: Enrolment, on: date) -> Assessment:
    """Tell how a learner stands in an enrolment on a day, by all that is recorded."""
    record = record_of(
        learner, volume.words, pathway=enrolment.pathway, enrolled=enrolment.on, on=on
    )
    return assess(volume.document, record, on)


# --- what is due ---------------------------------------------------------------------------------


def _due(learner: Learner, volume: Volume, assessment: Assessment) -> Iterator[LearnerEvent]:
    home = volume.words.home
    for standing in assessment.standings.values():
        for made in standing.awards:
            award = qualified_item(made.item, home)
            if not made.given:
                # What is revoked as soon as it is made lost its ground before, and keeps having
                # none until other evidence earns it.
                if any(loss.decision == "revoke" for loss in made.losses):
                    continue
                assert made.witness is not None
                if before := learner.awards.get(award):
                    if all(loss.decision == "stands" for loss in made.losses):
                        yield from _back(before, volume, made.ground or made.witness)
                    continue
                yield CredentialAwarded(
                    on=made.on,
                    award=award,
                    credential=qualified(made.credential, home),
                    expires=made.first_expires,
                    award_class=made.award_class,
                    class_witness=made.class_witness.to_json() if made.class_witness else None,
                    **_proof(volume, made.witness),
                )
            for renewal in made.renewals:
                # A renewal that was given has its witness in the ledger already.
                if renewal.witness is not None:
                    yield AwardRenewed(
                        on=renewal.on,
                        award=award,
                        expires=renewal.expires,
                        **_proof(volume, renewal.witness),
                    )


def _back(award: Award, volume: Volume, witness: Witness) -> Iterator[LearnerEvent]:
    """Give an award back that was revoked for lost evidence, and is due on its day again.

    An award made before is otherwise left as it is: a stretch of `while_met` is found each time.
    """
    if award.revoked is not None and award.groundless:
        yield AwardReinstated(on=award.on, by=CAIRN, source=POLICY, award=award.id)
        yield WitnessReplaced(
            on=award.revoked,
            award=award.id,
            lost=tuple(sorted(award.settled)),
            **_proof(volume, witness),
        )


class _Proof(TypedDict):
    by: str
    source: str
    pathway: str
    version: str
    digest: str
    catalogue: str
    witness: dict[str, Any]


def _proof(volume: Volume, witness: Witness) -> _Proof:
    edition = volume.edition
    return {
        "by": CAIRN,
        "source": POLICY,
        "pathway": edition.pathway,
        "version": edition.version,
        "digest": edition.digest,
        "catalogue": volume.words.home,
        "witness": witness.to_json(),
    }


def _undecided(
    assessments: Iterable[tuple[Volume, Assessment]],
) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    awaiting: set[str] = set()
    conflicts: dict[str, tuple[str, ...]] = {}
    for volume, assessment in assessments:
        home = volume.words.home
        for ref, standing in assessment.standings.items():
            if standing.status == "awaiting approval":
                awaiting.add(qualified(ref, home))
            if standing.conflict:
                conflicts[qualified(ref, home)] = tuple(
                    qualified(other, home) for other in standing.conflict
                )
    return tuple(sorted(awaiting)), tuple(sorted(conflicts.items()))


# --- what is lost --------------------------------------------------------------------------------


def _losses(learner: Learner, shelf: Shelf, on: date) -> tuple[LearnerEvent, ...]:
    """Decide about the earliest award that stands on lost evidence, where there is one."""
    for award in sorted(learner.awards.values(), key=lambda award: (award.on, award.id)):
        if award.revoked is not None or award.external:
            continue
        if lost := learner.lost_evidence(award, on):
            volume = shelf(award.pathway, award.version)
            if decided := _decided(learner, award, volume, lost):
                return decided
    return ()


def _decided(
    learner: Learner, award: Award, volume: Volume, lost: Mapping[str, date]
) -> tuple[LearnerEvent, ...]:
    model, _ = volume.document.credentials[relative(award.credential, volume.words.home)]
    if model.lasts == "while_met":
        return ()
    day, items = max(lost.values()), tuple(sorted(lost))
    if witness := _other_ground(learner, award, volume, day):
        return (WitnessReplaced(on=day, award=award.id, lost=items, **_proof(volume, witness)),)
    if set(items) <= set(award.under_review):
        return ()
    match model.on_lost_evidence:
        case "review":
            return (AwardFlagged(on=day, by=CAIRN, source=POLICY, award=award.id, lost=items),)
        case decision:
            review = ReviewDecided(
                on=day, by=CAIRN, source=POLICY, award=award.id, lost=items, decision=decision
            )
            if decision == "keep":
                return (review,)
            return (review, AwardRevoked(on=day, by=CAIRN, source=POLICY, award=award.id))


def _other_ground(learner: Learner, award: Award, volume: Volume, day: date) -> Witness | None:
    """Return the witness by which the award would have been made without all that was lost.

    The rule has to have been met by the day of the loss.
    """
    home = volume.words.home
    without = replace(
        learner,
        completions={
            id_: completion
            for id_, completion in learner.completions.items()
            if completion.revoked is None or completion.revoked > day
        },
        awards={
            id_: _never_held(other) if other.revoked is not None and other.revoked <= day else other
            for id_, other in learner.awards.items()
            if id_ != award.id
        },
        approvals=learner.approvals | {award.credential},
    )
    enrolment = learner.enrolments[award.pathway]
    record = record_of(
        without,
        volume.words,
        pathway=award.pathway,
        enrolled=min(enrolment.on, award.on),
        on=day,
    )
    standing = assess(volume.document, record, day).standings[relative(award.credential, home)]
    for made in standing.awards:
        if not made.given and made.witness is not None:
            items = {qualified_item(item, home) for item in made.witness.items}
            waivers = {id_ for pathway, id_ in learner.waivers if pathway == award.pathway}
            # A lower award that would have been made in this other life was not made in this one.
            known = learner.completions.keys() | learner.awards.keys() | waivers
            return made.witness if items <= known else None
    return None


def _never_held(award: Award) -> Award:
    return replace(award, revoked=award.on, groundless=False)
