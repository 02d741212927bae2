"""Revoking, waiving, correcting."""

from __future__ import annotations

import pytest

from domain.commands import ReinstateAward, RevokeAward, WithdrawWaiver
from domain.events import (
    AwardReinstated,
    AwardRevoked,
    CredentialAwarded,
    RequirementWaived,
    WaiverWithdrawn,
    WitnessReplaced,
)
from domain.ledger import Receipt
from tests.ledgers import MOMENT, Desk, awarded, day, topics

LADDER = """
    pathway: ladder
    version: "1"
    modules: {sheets: {credits: 5}, charts: {credits: 5}, macros: {credits: 5}}
    credentials:
      basics: {on_lost_evidence: review, requires: {id: both, all: [sheets, charts]}}
      certificate: {on_lost_evidence: review, requires: {all: [basics, macros]}}
"""


def climbing(registrar: Desk, text: str = LADDER) -> Desk:
    registrar.publish(text)
    registrar.enrol("ladder")
    return registrar


def revoke_award(registrar: Desk, award: str, on: str = "06-01") -> Receipt:
    return registrar.do(RevokeAward(learner=registrar.learners["s-1"], award=award, on=day(on)))


@pytest.mark.parametrize(
    ("decision", "revoked", "follows"),
    [
        ("review", None, ["learner.waiver-withdrawn", "learner.award-flagged"]),
        ("keep", None, ["learner.waiver-withdrawn", "learner.review-decided"]),
        (
            "revoke",
            "05-01",
            ["learner.waiver-withdrawn", "learner.review-decided", "learner.award-revoked"],
        ),
    ],
)
def test_an_award_that_rested_on_a_withdrawn_waiver_is_decided_as_it_says(
    registrar: Desk, decision: str, revoked: str | None, follows: list[str]
) -> None:
    """Scenario 19."""
    climbing(registrar, LADDER.replace("review", decision, 1))
    assert awarded(registrar.waive("both")) == ["ladder/basics@2026-02-01"]
    command = WithdrawWaiver(
        learner=registrar.learners["s-1"], pathway="ladder", waiver="both", on=day("05-01")
    )
    assert topics(registrar.do(command)) == follows
    assert registrar.known().award("basics").revoked == (revoked and day(revoked))
    kept = [type(event) for event in registrar.events()]
    assert RequirementWaived in kept
    assert WaiverWithdrawn in kept


def test_an_award_stands_on_another_attempt_with_a_new_witness(registrar: Desk) -> None:
    """Scenario 20."""
    climbing(registrar)
    registrar.complete("sheets", on="01-10")
    registrar.complete("sheets", on="03-10")
    registrar.complete("charts", on="02-10")
    receipt = registrar.revoke("sheets@2026-01-10")
    (replaced,) = (event for event in receipt.events if isinstance(event, WitnessReplaced))
    assert replaced.witness["items"] == ["charts@2026-02-10", "sheets@2026-03-10"]
    assert registrar.status("basics") == "held"
    assert registrar.known().award("basics").on == day("02-10")


def test_a_choice_is_still_met_through_the_other(registrar: Desk) -> None:
    """Scenario 21."""
    climbing(registrar, LADDER.replace("all: [sheets, charts]", "any: [sheets, charts]"))
    registrar.complete("sheets", on="01-10")
    registrar.complete("charts", on="02-10")
    registrar.revoke("sheets@2026-01-10")
    standing = registrar.ledger.assess(registrar.known(), "ladder", registrar.today)
    assert standing.standings["basics"].outcome.value == "met"
    assert registrar.status("basics") == "held"


def test_a_revoked_award_no_longer_counts_upwards_though_its_modules_are_completed(
    registrar: Desk,
) -> None:
    """Scenario 22."""
    climbing(registrar)
    registrar.complete("sheets")
    registrar.complete("charts")
    revoke_award(registrar, "basics")
    assert registrar.complete("macros", on="06-10").awards == ()
    assert registrar.status("basics") == "revoked"
    assert registrar.status("certificate") == "in progress"


def test_a_revoked_award_can_be_reinstated_and_both_stay_in_the_history(registrar: Desk) -> None:
    """Scenario 23."""
    climbing(registrar)
    registrar.complete("sheets")
    registrar.complete("charts")
    revoke_award(registrar, "basics")
    assert registrar.status("basics") == "revoked"
    registrar.do(ReinstateAward(learner=registrar.learners["s-1"], award="basics", on=day("06-20")))
    assert registrar.status("basics") == "held"
    about = (CredentialAwarded, AwardRevoked, AwardReinstated)
    kept = [type(event) for event in registrar.events() if isinstance(event, about)]
    assert kept == list(about)


def test_a_revoked_award_can_be_earned_again_by_new_evidence(registrar: Desk) -> None:
    """Scenario 23."""
    climbing(registrar)
    registrar.complete("sheets")
    registrar.complete("charts")
    revoke_award(registrar, "basics")
    assert registrar.complete("sheets", on="06-10").awards == ()
    assert awarded(registrar.complete("charts", on="06-11")) == ["ladder/basics@2026-06-11"]
    assert registrar.status("basics") == "held"
    first, second = registrar.known().awards.values()
    assert (first.revoked, second.revoked) == (day("06-01"), None)


def test_completions_of_two_systems_are_one_item_and_revoked_one_by_one(registrar: Desk) -> None:
    """Scenario 24."""
    climbing(registrar, LADDER.replace("id: both, all: [sheets, charts]", "credits: 10, from: any"))
    registrar.complete("sheets", on="01-10", source="lms", source_id="1")
    assert registrar.complete("sheets", on="01-10", source="sis", source_id="1").awards == ()
    assert awarded(registrar.complete("charts")) == ["ladder/basics@2026-02-01"]
    registrar.revoke("lms:1")
    assert registrar.status("basics") == "held"
    registrar.revoke("sis:1")
    assert registrar.known().award("basics").under_review


def test_nothing_is_awarded_without_an_enrolment_and_enrolling_again_awards_at_once(
    registrar: Desk,
) -> None:
    """Scenario 25."""
    climbing(registrar)
    registrar.complete("sheets")
    registrar.withdraw()
    assert registrar.complete("charts").awards == ()
    learner = registrar.learners["s-1"]
    assert registrar.ledger.settle(learner, on=registrar.today, at=MOMENT).awards == ()
    again = registrar.enrol(on="06-01")
    assert awarded(again) == ["ladder/basics@2026-06-01"]
