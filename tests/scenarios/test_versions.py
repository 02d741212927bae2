"""Versions: who is enrolled stays on theirs until they are moved."""

from __future__ import annotations

import pytest

from domain.commands import MoveEnrolment
from domain.ledger import Receipt
from tests.ledgers import Desk, awarded, topics
from tests.scenarios.asking import refusal

FIRST = """
    pathway: office
    version: "1"
    modules: {sheets: {pass_score: 50}, charts: {pass_score: 50}, letters: {pass_score: 50}}
    credentials:
      clerk:
        requires:
          points: 6
          of: [{worth: 3, rule: sheets}, {worth: 3, rule: charts, required: true}]
"""

MORE = FIRST.replace('version: "1"', 'version: "2"').replace(
    "rule: charts, required: true}", "rule: charts}, {worth: 3, rule: letters, required: true}"
)
DEARER = (
    FIRST.replace('version: "1"', 'version: "2"')
    .replace("worth: 3, rule: sheets", "worth: 2, rule: sheets")
    .replace("worth: 3, rule: charts", "worth: 4, rule: charts")
)
EASIER = (
    FIRST.replace('version: "1"', 'version: "2"')
    .replace("points: 6", "points: 3")
    .replace(", {worth: 3, rule: charts, required: true}", "")
)


@pytest.fixture
def office(registrar: Desk) -> Desk:
    registrar.publish(FIRST)
    registrar.enrol("office")
    return registrar


def preview_of_moving(office: Desk) -> Receipt:
    command = MoveEnrolment(learner=office.learners["s-1"], pathway="office", on=office.today)
    return office.ledger.preview(command, on=office.today)


def test_a_requirement_that_a_new_version_adds_is_not_asked_of_who_is_on_the_old_one(
    office: Desk,
) -> None:
    """Scenario 16."""
    office.complete("sheets")
    office.publish(MORE)
    assert awarded(office.complete("charts")) == ["office/clerk@2026-02-01"]
    assert office.known().enrolment("office").version == "1"
    new = office.enrol("office", who="s-2")
    assert new.learner is not None
    assert new.learner.enrolment("office").version == "2"
    office.complete("sheets", who="s-2")
    assert office.complete("charts", who="s-2").awards == ()


def test_moving_to_a_new_version_can_be_seen_before_it_is_done(office: Desk) -> None:
    """Scenario 16."""
    office.complete("sheets")
    office.publish(EASIER)
    seen = preview_of_moving(office)
    assert topics(seen) == ["learner.moved", "learner.credential-awarded"]
    assert office.known().enrolment("office").version == "1"
    assert office.status("clerk", "office") == "in progress"
    moved = office.move("office")
    assert moved.events == seen.events
    assert office.status("clerk", "office") == "held"


def test_points_that_change_in_a_new_version_change_nothing_for_who_is_on_the_old_one(
    office: Desk,
) -> None:
    """Scenario 17."""
    office.publish(DEARER.replace("points: 6", "points: 5"))
    office.complete("charts")
    standing = office.ledger.assess(office.known(), "office", office.today).standings["clerk"]
    assert standing.progress == pytest.approx(1 / 2)
    office.move("office")
    standing = office.ledger.assess(office.known(), "office", office.today).standings["clerk"]
    assert standing.progress == pytest.approx(4 / 5)


def test_who_is_moved_no_longer_needs_what_was_retired(office: Desk) -> None:
    """Scenario 18. Their failure at it no longer stands in the way, either."""
    office.complete("sheets", score=80)
    office.complete("charts", score=20)
    office.publish(EASIER)
    assert office.status("clerk", "office") == "in progress"
    assert awarded(office.move("office")) == ["office/clerk@2026-02-01"]


def test_a_group_that_became_empty_is_refused_and_not_met_by_nothing() -> None:
    """Scenario 18. Loading refuses it already, before any linter looks."""
    emptied = """
        pathway: office
        version: "2"
        groups: {retired: []}
        modules: {sheets: {}}
        credentials: {clerk: {requires: {all: [sheets, {every: {groups: retired}}]}}}
    """
    assert "`every` has nothing to go by" in refusal(emptied)
    assert "an empty list of rules" in refusal(
        emptied.replace("{every: {groups: retired}}", "{any: []}")
    )


def test_what_was_earned_is_not_lowered_by_moving(office: Desk) -> None:
    """Scenario 18."""
    office.complete("sheets")
    office.complete("charts")
    before = office.known().award("clerk")
    office.publish(MORE)
    moved = office.move("office")
    assert topics(moved) == ["learner.moved"]
    assert office.known().award("clerk") == before
    assert office.status("clerk", "office") == "held"
