"""Progress and lists."""

from __future__ import annotations

from fractions import Fraction

from pathways.verdict import Outcome
from tests.scenarios.asking import document, part, standing

THREE = """
    pathway: three
    version: "1"
    modules: {sheets: {credits: 5}, charts: {credits: 5}, sql: {credits: 10, pass_score: 50}}
    credentials:
      all-three: {requires: {all: [sheets, charts, sql]}}
      amount: {requires: {id: amount, credits: 20, from: any}}
      two: {requires: {all: [charts, sql]}}
"""


def test_one_of_three_modules_is_a_third_of_the_way() -> None:
    """Scenario 26."""
    asked = document(THREE)
    assert standing(asked, "all-three", "sheets").progress == Fraction(1, 3)
    nothing = standing(asked, "all-three")
    assert (nothing.progress, nothing.status) == (Fraction(0), "not started")
    assert nothing.to_json()["progress"] == 0.0


def test_what_is_under_way_is_told_apart_from_what_is_achieved() -> None:
    """Scenario 27."""
    asked = document(THREE)
    now = standing(asked, "amount", "sheets", "charts")
    ahead = standing(asked, "amount", "sheets", "charts", in_progress=["sql"])
    assert now.outcome is Outcome.UNMET
    assert ahead.outcome is Outcome.PENDING
    assert now.progress == ahead.progress == Fraction(1, 2)
    missing = part(ahead, "amount").missing
    assert missing is not None
    assert (missing.data["needed"], missing.data["reached"]) == ("20", "10")
    enough = standing(asked, "amount", "sheets", in_progress=["charts"])
    assert enough.outcome is Outcome.UNMET


def test_an_attempt_that_failed_leaves_it_in_progress_and_is_named() -> None:
    """Scenario 28."""
    asked = document(THREE)
    first = standing(asked, "two", "charts")
    failed = standing(asked, "two", "charts", {"module": "sql", "score": 40})
    for found in (first, failed):
        assert found.status == "in progress"
        assert found.verdict is not None
        assert found.verdict.missing is not None
        assert "`sql`" in found.verdict.missing.text
        assert "`charts`" not in found.verdict.missing.text
