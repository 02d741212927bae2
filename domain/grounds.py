"""Where evidence comes from: the event behind each item that a witness names. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.events import (
    AwardFlagged,
    AwardReinstated,
    AwardRevoked,
    Completing,
    CompletionCorrected,
    CompletionRevoked,
    CredentialAwarded,
    ExternalAwardRecorded,
    Recorded,
    RequirementWaived,
    ReviewDecided,
    WaiverWithdrawn,
    WitnessReplaced,
)


def origins(history: Iterable[Recorded], pathway: str) -> Mapping[str, Recorded]:
    """Return the event that made each item of evidence, by the ledger's name of the item.

    Waivers are those of one pathway.
    """
    found: dict[str, Recorded] = {}
    for recorded in history:
        match recorded.event:
            case Completing(completion=item):
                found[item] = recorded
            case CredentialAwarded(award=item) | ExternalAwardRecorded(award=item):
                found[item] = recorded
            case RequirementWaived(waiver=item, pathway=where) if where == pathway:
                found[item] = recorded
    return found


def afterwards(history: Iterable[Recorded], award: str) -> tuple[Recorded, ...]:
    """Return what was decided about an award after it was made, in order."""
    later = (WitnessReplaced, AwardFlagged, ReviewDecided, AwardRevoked, AwardReinstated)
    return tuple(
        recorded
        for recorded in history
        if isinstance(recorded.event, later) and recorded.event.award == award
    )


def losses(history: Iterable[Recorded], pathway: str) -> Mapping[str, Recorded]:
    """Return the event by which each lost item of evidence was lost, the last one each."""
    found: dict[str, Recorded] = {}
    for recorded in history:
        match recorded.event:
            case CompletionRevoked(completion=item) | CompletionCorrected(corrects=item):
                found[item] = recorded
            case AwardRevoked(award=item):
                found[item] = recorded
            case AwardReinstated(award=item):
                found.pop(item, None)
            case WaiverWithdrawn(waiver=item, pathway=where) if where == pathway:
                found[item] = recorded
    return found
