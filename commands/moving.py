"""What moving to another version would change for a learner, credential by credential."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from commands.terminal import say, sign, table, text
from commands.verdicts import percent, title_of
from domain.policies import assessment_of

if TYPE_CHECKING:
    from domain.commands import MoveEnrolment
    from domain.ledger import Ledger
    from pathways.awards import Standing


@dataclass(frozen=True, slots=True)
class Changed:
    """One credential under the old version and the new; None where one of them lacks it."""

    credential: str
    title: str
    before: Standing | None
    after: Standing | None

    def to_json(self) -> dict[str, Any]:
        """Return the change as data."""
        return {
            "credential": self.credential,
            "before": _standing_json(self.before),
            "after": _standing_json(self.after),
        }


def compared(ledger: Ledger, command: MoveEnrolment, on: date) -> list[Changed]:
    """Return every credential of both versions, as it stands before a move and after."""
    learner = ledger.learner(command.learner)
    enrolment = learner.enrolment(command.pathway)
    old = ledger.volume(enrolment.pathway, enrolment.version)
    new = ledger.volume(enrolment.pathway, command.version or None)
    before = assessment_of(learner, old, enrolment, on).standings
    after = assessment_of(learner, new, enrolment, on).standings
    return [
        Changed(
            credential=ref,
            title=title_of(new.document if ref in after else old.document, ref),
            before=before.get(ref),
            after=after.get(ref),
        )
        for ref in dict.fromkeys((*before, *after))
    ]


def show_comparison(changes: list[Changed]) -> None:
    """Print the credentials on which a move makes a difference."""
    different = [change for change in changes if _words(change.before) != _words(change.after)]
    if not different:
        say("the move changes nothing about how any credential stands")
        return
    table(
        ("credential", "before", "after"),
        ((change.title, _words(change.before), _marked(change.after)) for change in different),
    )


def _words(standing: Standing | None) -> str:
    if standing is None:
        return "not in this version"
    if standing.status == "in progress":
        return f"in progress, {percent(standing.progress)}"
    return standing.status


def _marked(standing: Standing | None) -> Any:
    return text(sign(standing.status if standing else ""), _words(standing))


def _standing_json(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    return {"status": standing.status, "progress": float(standing.progress)}
