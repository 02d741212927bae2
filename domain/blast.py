"""The blast radius of a decision: what becomes of every award that it touches, up the stack.

It is read off the events that a decision leads to, so it says of a preview exactly what would be
recorded. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.events import (
    AwardFlagged,
    AwardReinstated,
    AwardRenewed,
    AwardRevoked,
    CredentialAwarded,
    Event,
    ReviewDecided,
    WitnessReplaced,
)
from domain.learner import Learner
from domain.names import qualified_item

Fate = Literal["falls", "survives", "goes to review", "is kept", "returns", "is made", "is renewed"]


@dataclass(frozen=True, slots=True)
class Touched:
    """An award, and what becomes of it.

    `lost` is the evidence that it lost, `evidence` what it stands on afterwards where that is
    something else. `above` are awards that stand on it and are held: they are next if it falls.
    """

    award: str
    fate: Fate
    on: date
    lost: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    above: tuple[str, ...] = ()


def blast(events: Iterable[Event], after: Learner) -> tuple[Touched, ...]:
    """Return what a decision's events do to awards, in their order, each with its last fate.

    `after` is the learner with all of the events.
    """
    found: dict[str, Touched] = {}
    for touched in _each(events, after):
        before = found.pop(touched.award, None)
        lost = touched.lost or (before.lost if before else ())
        found[touched.award] = Touched(
            touched.award,
            touched.fate,
            touched.on,
            lost,
            touched.evidence,
            _above(touched.award, after),
        )
    return tuple(found.values())


def _each(events: Iterable[Event], after: Learner) -> Iterator[Touched]:
    for event in events:
        match event:
            case AwardRevoked():
                lost = tuple(after.lost_evidence(after.awards[event.award], event.on))
                yield Touched(event.award, "falls", event.on, lost)
            case WitnessReplaced():
                items = event.witness["items"]
                evidence = tuple(qualified_item(item, event.catalogue) for item in items)
                yield Touched(event.award, "survives", event.on, event.lost, evidence)
            case AwardFlagged():
                yield Touched(event.award, "goes to review", event.on, event.lost)
            case ReviewDecided(decision="keep"):
                yield Touched(event.award, "is kept", event.on, event.lost)
            case ReviewDecided():
                yield Touched(event.award, "falls", event.on, event.lost)
            case AwardReinstated():
                yield Touched(event.award, "returns", event.on)
            case CredentialAwarded():
                items = event.witness["items"]
                evidence = tuple(qualified_item(item, event.catalogue) for item in items)
                yield Touched(event.award, "is made", event.on, (), evidence)
            case AwardRenewed():
                yield Touched(event.award, "is renewed", event.on)


def _above(award: str, after: Learner) -> tuple[str, ...]:
    """The held awards that stand on an award, and those that stand on them."""
    found: dict[str, None] = {}
    waiting = [award]
    while waiting:
        below = waiting.pop(0)
        for other in after.awards.values():
            if below in other.evidence and other.revoked is None and other.id not in found:
                found[other.id] = None
                waiting.append(other.id)
    return tuple(found)
