"""What happened, as a sentence: how events of a learner's or a pathway's history are told."""

from __future__ import annotations

from commands.terminal import counted
from domain.events import (
    AwardApproved,
    AwardFlagged,
    AwardReinstated,
    AwardRenewed,
    AwardRevoked,
    BadgeIssued,
    Completing,
    CompletionCorrected,
    CompletionRevoked,
    CredentialAwarded,
    EnrolmentWithdrawn,
    Event,
    ExternalAwardRecorded,
    LearnerEnrolled,
    LearnerMoved,
    LearnerRegistered,
    MigrationDecided,
    MigrationFinished,
    ModuleCompleted,
    ModuleStarted,
    ModuleSubstituted,
    PathwayPublished,
    PathwayRetired,
    RequirementWaived,
    ReviewDecided,
    WaiverWithdrawn,
    WitnessReplaced,
)
from pathways.document import plain


def told(event: Event) -> str:
    """Say an event in a sentence without its date."""
    return _told(event) + _because(event)


def _told(event: Event) -> str:
    match event:
        case LearnerRegistered():
            return "registered"
        case LearnerEnrolled():
            return f"enrolled in `{event.pathway}` {event.version}"
        case LearnerMoved():
            return f"moved in `{event.pathway}` from {event.from_version} to {event.version}"
        case EnrolmentWithdrawn():
            return f"withdrew from `{event.pathway}`"
        case ModuleStarted():
            return f"started `{event.module}`"
        case ModuleCompleted():
            return f"completed `{event.module}`{_facts(event)}"
        case CompletionCorrected():
            return f"corrected `{event.corrects}`: completed `{event.module}`{_facts(event)}"
        case CompletionRevoked():
            return f"completion `{event.completion}` revoked"
        case RequirementWaived():
            what = "" if event.amount is None else f" {plain(event.amount)} of"
            return f"waived{what} `{event.rule}` in `{event.pathway}`"
        case WaiverWithdrawn():
            return f"waiver `{event.waiver}` in `{event.pathway}` withdrawn"
        case ModuleSubstituted():
            return f"`{event.module}` counts as `{event.counts_as}`"
        case ExternalAwardRecorded():
            return f"holds `{event.credential}`, awarded elsewhere{_until(event.expires)}"
        case AwardApproved():
            return f"approved `{event.credential}`"
        case CredentialAwarded():
            rank = "" if event.award_class is None else f", {event.award_class}"
            items = counted(len(event.witness.get("items", ())), "item")
            return f"awarded `{event.credential}`{rank}{_until(event.expires)}, on {items}"
        case AwardRenewed():
            return f"renewed `{event.award}`{_until(event.expires)}"
        case WitnessReplaced():
            return f"`{event.award}` stands on other evidence, without {_listed(event.lost)}"
        case AwardFlagged():
            return f"`{event.award}` lost {_listed(event.lost)}, and awaits review"
        case ReviewDecided():
            return f"review of `{event.award}`: {event.decision}"
        case AwardRevoked():
            return f"`{event.award}` revoked"
        case AwardReinstated():
            return f"`{event.award}` reinstated"
        case BadgeIssued():
            return f"issued a badge for `{event.award}`"
        case PathwayPublished():
            return f"published `{event.pathway}` {event.version}"
        case PathwayRetired():
            return f"retired `{event.pathway}` {event.version}"
        case MigrationDecided():
            return (
                f"decided to move {event.learners} from `{event.pathway}` {event.from_version} to"
                f" {event.version}"
            )
        case MigrationFinished():
            return f"finished the migration `{event.migration}` of `{event.pathway}`"
        case _:
            return event.topic


def _because(event: Event) -> str:
    reason = getattr(event, "reason", "")
    return f" ({reason})" if reason else ""


def _until(day: object) -> str:
    return "" if day is None or day == "never" else f", valid until {day}"


def _listed(items: tuple[str, ...]) -> str:
    return ", ".join(f"`{item}`" for item in items)


def _facts(event: Completing) -> str:
    """Say what a completion states beyond its module and day."""
    facts = []
    if event.score is not None:
        facts.append(f"score {plain(event.score)}")
    if event.grade is not None:
        facts.append(f"grade {event.grade}")
    if event.credits is not None:
        facts.append(f"{plain(event.credits)} credits")
    if event.source != "course":
        facts.append(f"source {event.source}")
    return f" ({', '.join(facts)})" if facts else ""
