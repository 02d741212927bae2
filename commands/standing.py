"""Where one learner stands: what they follow, hold, have completed and have begun."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from commands.terminal import counted, draw, say, table, text
from commands.verdicts import show_assessment, standing_tree
from pathways.document import plain

if TYPE_CHECKING:
    from domain.learner import Award, Completion, Enrolment, Learner
    from domain.ledger import Ledger


def _enrolments(learner: Learner, pathway: str | None) -> tuple[Enrolment, ...]:
    if pathway is None:
        return learner.current_enrolments
    return (learner.enrolment(pathway),)


def portrait(ledger: Ledger, id_: str, on: date, pathway: str | None) -> dict[str, Any]:
    """Return what `cairn learner show --json` prints."""
    learner = ledger.learner(id_)
    person = ledger.directory.people([id_]).get(id_)
    return {
        "learner": person.reference if person else id_,
        "id": id_,
        "name": person.name or None if person else None,
        "enrolments": [
            {
                "enrolled": enrolment.on.isoformat(),
                **ledger.assess(learner, enrolment.pathway, on).to_json(),
            }
            for enrolment in _enrolments(learner, pathway)
        ],
        "completions": [
            {
                "completion": completion.id,
                "module": completion.module,
                "on": completion.on.isoformat(),
                "score": None if completion.score is None else float(completion.score),
                "grade": completion.grade,
                "source": completion.source,
                "revoked": None if completion.revoked is None else completion.revoked.isoformat(),
            }
            for completion in _completions(learner)
        ],
        "in_progress": sorted(learner.started),
        "under_review": [
            {"award": award.id, "lost": list(award.under_review)} for award in _doubted(learner)
        ],
    }


def _completions(learner: Learner) -> list[Completion]:
    standing = (c for c in learner.completions.values() if c.replaced_by is None)
    return sorted(standing, key=lambda completion: (completion.on, completion.id))


def _doubted(learner: Learner) -> list[Award]:
    """The awards that lost evidence, and about which nobody has decided yet."""
    return [award for award in learner.awards.values() if award.under_review]


def show_portrait(
    ledger: Ledger, id_: str, on: date, pathway: str | None, *, as_tree: bool
) -> None:
    """Print where a learner stands, in tables; with `as_tree`, down to every rule."""
    learner = ledger.learner(id_)
    person = ledger.directory.people([id_]).get(id_)
    if person is None:
        say(f"learner {id_}, whose name was erased")
    else:
        say(person.reference + (f", {person.name}" if person.name else ""))
    enrolments = _enrolments(learner, pathway)
    if not enrolments:
        say("follows no pathway: cairn learner enrol LEARNER PATHWAY")
    for enrolment in enrolments:
        assessment = ledger.assess(learner, enrolment.pathway, on)
        say()
        if as_tree:
            for credential in assessment.standings:
                draw(standing_tree(assessment, credential))
        else:
            show_assessment(assessment)
    for award in _doubted(learner):
        lost = ", ".join(f"`{item}`" for item in award.under_review)
        draw(text(("? ", "yellow"), f"`{award.id}` lost {lost}, and awaits review"))
    if as_tree:
        return
    completions = _completions(learner)
    say()
    say(f"{counted(len(completions), 'completion')}:" if completions else "no completions yet")
    if completions:
        table(
            ("module", "on", "score", "source", "completion", ""),
            (
                (
                    completion.module,
                    completion.on.isoformat(),
                    _result(completion),
                    completion.source,
                    completion.id,
                    text(("revoked", "red")) if completion.revoked else "",
                )
                for completion in completions
            ),
            right="score",
        )
    for module in sorted(learner.started):
        draw(text(("◐ ", "yellow"), f"`{module}` in progress"))


def _result(completion: Completion) -> str:
    if completion.score is not None:
        return plain(completion.score)
    return completion.grade or ""
