"""Stacking and points."""

from __future__ import annotations

import pytest

from pathways.verdict import Outcome
from tests.ledgers import MOMENT, Desk
from tests.scenarios.asking import document, outcome, refusal, standing

PROGRAMME = """
    pathway: programme
    version: "1"
    modules: {a: {}, b: {}, c: {}, d: {}}
    credentials:
      root:
        requires:
          points: 200
          of:
            - {worth: 100, rule: {id: node-1, any: [a, b]}}
            - {worth: 100, rule: {id: node-2, any: [c, d]}}
"""


def test_one_module_in_each_node_meets_the_nodes_and_the_root() -> None:
    """Scenario 1."""
    root = standing(document(PROGRAMME), "root", "b", "c")
    assert root.status == "held"
    assert outcome(root, "node-1") is outcome(root, "node-2") is Outcome.MET
    assert standing(document(PROGRAMME), "root", "a", "b").status == "in progress"


def test_a_waived_node_counts_like_one_that_is_met() -> None:
    """Scenario 2."""
    root = standing(document(PROGRAMME), "root", "c", waived=[{"rule": "node-1"}])
    assert root.status == "held"
    assert root.awards[0].witness is not None
    assert set(root.awards[0].witness.items) == {"c@2026-06-30", "waiver:node-1"}


def test_a_waived_amount_lowers_what_the_root_asks_for() -> None:
    """Scenario 3. An amount is waived of credits, so here the nodes are awards worth 100 each."""
    programme = document("""
        pathway: programme
        version: "1"
        modules: {a: {}, b: {}, c: {}, d: {}}
        credentials:
          node-1: {credits: 100, groups: [nodes], requires: {any: [a, b]}}
          node-2: {credits: 100, groups: [nodes], requires: {any: [c, d]}}
          root: {requires: {id: nodes, credits: 200, from: {groups: nodes, type: credential}}}
    """)
    assert standing(programme, "root", "a").status == "in progress"
    half = {"rule": "nodes", "amount": 100}
    assert standing(programme, "root", "a", waived=[half]).status == "held"
    assert standing(programme, "root", waived=[half]).status == "in progress"


def test_a_root_that_asks_for_more_than_there_is_does_not_load() -> None:
    """Scenario 4."""
    said = refusal(PROGRAMME.replace("points: 200", "points: 201"))
    assert "the rules of the list are worth 200 together (found `201`)" in said
    assert ":8:15: " in said


def test_a_module_at_the_bottom_of_a_chain_earns_all_four_levels_at_once(registrar: Desk) -> None:
    """Scenario 5."""
    registrar.publish("""
        pathway: chain
        version: "1"
        modules: {ground: {}}
        credentials:
          fourth: {requires: third}
          third: {requires: second}
          second: {requires: first}
          first: {requires: ground}
    """)
    registrar.enrol("chain")
    receipt = registrar.complete("ground", on="02-01")
    levels = [f"chain/{level}" for level in ("first", "second", "third", "fourth")]
    assert [award.credential for award in receipt.awards] == levels
    # One decision, stored in one piece behind what it follows from.
    stored = registrar.ledger.history(receipt.stream)[-5:]
    assert [recorded.event for recorded in stored] == list(receipt.events)
    assert {recorded.at for recorded in stored} == {MOMENT}


def test_points_are_not_enough_where_a_required_part_is_unmet() -> None:
    """Scenario 6."""
    either = """
        pathway: points
        version: "1"
        modules: {a: {}, b: {}, c: {}}
        credentials:
          root: {requires: {points: 8, of: [{worth: 4, rule: a}, {worth: 4, rule: b}]}}
          strict:
            requires:
              points: 8
              of: [{worth: 4, rule: a}, {worth: 4, rule: b}, {worth: 4, rule: c, required: true}]
    """
    points = document(either)
    assert standing(points, "root", "a", "b").status == "held"
    assert standing(points, "strict", "a", "b").status == "in progress"
    assert standing(points, "strict", "a", "c").status == "held"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{points: 9, of: [{worth: 4, rule: a}, {worth: 4, rule: b}]}", "worth 8 together"),
        ("{points: 4, of: [{worth: 4, rule: a}, {worth: 4, rule: a}]}", "same rule stands twice"),
        ("{all: [a, a]}", "same rule stands twice"),
        ("{rule: itself}", "`itself` needs `itself`"),
        ("{points: 4, of: [{worth: -4, rule: a}, {worth: 8, rule: b}]}", "can not be negative"),
        ("{points: 4, of: [{worth: 0, rule: a}, {worth: 4, rule: b}]}", "adds nothing"),
        ("{points: 4, of: []}", "an empty list of rules"),
        ("{all: []}", "an empty list of rules"),
        ("{any: []}", "an empty list of rules"),
    ],
)
def test_what_could_be_met_by_nothing_or_by_nobody_does_not_load(rule: str, said: str) -> None:
    """Scenario 7."""
    text = f"""
        pathway: points
        version: "1"
        modules: {{a: {{}}, b: {{}}}}
        credentials: {{root: {{requires: {rule}}}, other: {{requires: a}}}}
        rules: {{itself: {{any: [a, {"{rule: itself}" if "itself" in rule else "b"}]}}}}
    """
    assert said in refusal(text)


@pytest.mark.parametrize(
    ("completed", "met"),
    [((), False), (("one",), False), (("one", "two"), True), (("three",), True), (("two",), False)],
)
def test_three_points_are_reached_by_two_and_one_or_by_the_three(
    completed: tuple[str, ...], met: bool
) -> None:
    """Scenario 8. A module that is worth nothing can not be listed: it would say nothing."""
    worths = """
        pathway: points
        version: "1"
        modules: {one: {}, two: {}, three: {}}
        credentials:
          root:
            requires:
              points: 3
              of: [{worth: 2, rule: two}, {worth: 1, rule: one}, {worth: 3, rule: three}]
    """
    assert (standing(document(worths), "root", *completed).status == "held") == met
