"""What follows from what, and that it truly does."""

from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathways.awards import assess
from pathways.catalogue import Catalogue
from pathways.document import Document, Pathway, Record, Rule
from pathways.implication import Reader, no_longer
from pathways.mutants import mutants
from pathways.periods import parse_period
from pathways.verdict import Outcome
from tests.strategies import THEMES, Case, cases

FILE: dict[str, Any] = {
    "pathway": "p",
    "version": "1",
    "scale": {"A": 4, "B": 3, "C": 2},
    "groups": {"core": ["a", "b"], "all": ["a", "b", "c", "d"]},
    "modules": {ref: {"level": level} for ref, level in zip("abcd", (4, 5, 6, 6), strict=True)},
    "credentials": {"low": {"kind": "award", "requires": {"module": "a"}}},
    "rules": {"both": {"all": [{"module": "a"}, {"module": "b"}]}},
}


def reader_of(document: Document) -> Reader:
    return Reader(Catalogue(document, document.main))


def rule_of(data: dict[str, Any]) -> Rule:
    file = Pathway.model_validate({"credentials": {"x": {"requires": data}}})
    rule = file.credentials["x"].requires
    assert rule is not None
    return rule


def implies(first: dict[str, Any], second: dict[str, Any]) -> bool:
    document = Document.model_validate({"main": FILE})
    return reader_of(document).implies(rule_of(first), rule_of(second))


A, B, C = ({"module": ref} for ref in "abc")
SOME = {"source": "exam"}
CORE = {"every": {"groups": "core"}}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (A, {**A, "id": "other", "title": "Another name"}),
        ({**A, "min_score": 80}, {**A, "min_score": 70}),
        ({**A, "min_grade": "A"}, {**A, "min_grade": "B"}),
        ({**A, "since": "1 year"}, {**A, "since": "18 months"}),
        ({**A, "from": {"source": "exam"}}, {**A, "from": {"source": ["exam", "course"]}}),
        ({"all": [A, B]}, A),
        ({"all": [A, B]}, {"all": [B, A]}),
        ({"all": [A, B]}, {"any": [B, C]}),
        ({"any": [A, B]}, {"any": [C, B, A]}),
        ({"any": [{"all": [A, B]}, {"all": [A, C]}]}, A),
        ({"at_least": 2, "of": [A, B]}, A),
        ({"at_least": 2, "of": [A, B, C]}, {"any": [A, B]}),
        ({"all": [A, B, C]}, {"at_least": 2, "of": [A, B, C]}),
        ({"in_order": [A, B]}, {"all": [A, B]}),
        ({"rule": "both"}, A),
        ({"all": [A, B]}, {"rule": "both"}),
        (CORE, A),
        (CORE, {"count": 2, "from": {"groups": "all"}}),
        (CORE, {"count": 1, "from": {"groups": "core", "min_score": 0}} | {"from": ["a", "c"]}),
        (A, {"count": 1, "from": {"groups": "core"}}),
        ({"count": 3, "from": {"groups": "core"}}, {"count": 2, "from": {"groups": ["core", "x"]}}),
        (
            {"credits": 20, "from": {"level": 6}, "limits": [{"at_most": 5, "of": SOME}]},
            {"credits": 20, "from": {"level": ">=5"}, "limits": [{"at_most": 9, "of": SOME}]},
        ),
        ({"count": 2, "from": "any", "average": 70}, {"count": 2, "from": "any", "average": 60}),
        ({"all": [A, B], "distinct": True}, {"all": [A, B]}),
        ({"all": [A, B], "within": "1 year"}, B),
        ({"all": [A], "only": {"source": "exam"}}, {"module": "a", "from": {"source": "exam"}}),
        (
            {"credential": "low", "held_for": "2 years"},
            {"credential": "low", "held_for": "1 year", "even_if_expired": True},
        ),
        (
            {"points": 4, "of": [{"worth": 4, "rule": A, "required": True}]},
            {"any": [A, B]},
        ),
        ({"all": [A, B]}, {"points": 4, "of": [{"worth": 2, "rule": A}, {"worth": 2, "rule": B}]}),
    ],
)  # fmt: skip
def test_a_rule_implies_a_laxer_one(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert implies(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (A, B),
        (A, {**A, "min_score": 70}),
        (A, {**A, "since": "1 year"}),
        (A, {"all": [A, B]}),
        ({"any": [A, B]}, A),
        ({"at_least": 2, "of": [A, B, C]}, A),
        ({"all": [A, B]}, {"in_order": [A, B]}),
        ({"all": [A, B]}, {"all": [A, B], "within": "1 year"}),
        ({"all": [A, B], "together": True}, A),
        ({"all": [A, B]}, {"all": [A, B], "distinct": True}),
        ({"count": 2, "from": "any"}, {"count": 3, "from": "any"}),
        ({"count": 2, "from": "any"}, {"credits": 2, "from": "any"}),
        (
            {"count": 2, "from": "any", "average": 60, "over": "all"},
            {"count": 2, "from": "any", "average": 50},
        ),
        ({"count": 2, "from": {"level": ">=5"}}, {"count": 2, "from": {"level": 6}}),
        ({"count": 1, "from": {"groups": "core"}}, A),
        ({"credential": "low", "even_if_expired": True}, {"credential": "low"}),
        ({"module": "a", "only": {"source": "x"}}, {"module": "a", "from": {"source": "y"}}),
        (
            {"count": 9, "from": "any", "limits": [{"at_most": "50%", "of": {"level": 6}}]},
            {"count": 3, "from": "any", "limits": [{"at_most": "50%", "of": {"level": 6}}]},
        ),
    ],
)
def test_a_rule_does_not_imply_what_it_may_be_met_without(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert not implies(first, second)


def test_an_only_that_names_no_type_says_nothing_of_awards() -> None:
    award = {"count": 1, "from": {"kind": "award"}}
    bounded = {**award, "from": {"kind": "award", "level": ">=5"}}
    assert not implies({**award, "only": {"level": ">=5"}}, bounded)
    assert implies(award, {**award, "only": {"level": ">=5"}})


PLAIN = frozenset().union(
    *(THEMES[name] for name in ("sharing", "limits", "averages")), {"dates", "over_all", "enrolled"}
) - {"substituted"}


@settings(max_examples=30)
@given(cases(PLAIN), st.randoms(use_true_random=False))
def test_whatever_meets_a_rule_meets_what_it_implies(case: Case, random: Random) -> None:
    record = case.record.model_copy(update={"waived": (), "substituted": ()})
    document = case.document
    reader = reader_of(document)
    before = outcomes(document, record, case.on)
    found = [mutant for mutant in mutants(document) if "requires" in mutant.loc[2:3]]
    for mutant in random.sample(found, min(len(found), 8)):
        ref = str(mutant.loc[1])
        old = document.main.credentials[ref].requires
        new = mutant.document.main.credentials[ref].requires
        assert old is not None
        assert new is not None
        after = outcomes(mutant.document, record, case.on)
        if reader.implies(old, new):
            assert after[ref] or not before[ref], mutant.text
        if reader.implies(new, old):
            assert before[ref] or not after[ref], mutant.text


def outcomes(document: Document, record: Record, on: date) -> dict[str, bool]:
    standings = assess(document, record, on).standings
    return {ref: standing.outcome is Outcome.MET for ref, standing in standings.items()}


def test_periods_compare_only_where_no_month_can_make_a_difference() -> None:
    assert no_longer(parse_period("30 days"), parse_period("2 months"))
    assert not no_longer(parse_period("30 days"), parse_period("1 month"))
    assert no_longer(parse_period("365 days"), parse_period("1 year"))
    assert not no_longer(parse_period("366 days"), parse_period("1 year"))
