"""Rules, selectors and limits in plain words."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from pathways.document import Limit, Pathway, Rule, Selector
from pathways.words import (
    amount_words,
    condition_words,
    headline,
    limit_words,
    named,
    noun_of,
    rule_name,
    rule_words,
    selector_words,
)

CASES = yaml.safe_load((Path(__file__).parents[1] / "words" / "cases.yaml").read_text())


def selector_of(data: Any) -> Selector:
    return Selector.model_validate(data)


def rule_of(data: Any) -> Rule:
    file = Pathway.model_validate({"credentials": {"x": {"requires": data}}})
    rule = file.credentials["x"].requires
    assert rule is not None
    return rule


@pytest.mark.parametrize("case", CASES["selectors"], ids=str)
def test_a_selector_names_its_matches_and_says_what_it_demands(case: dict[str, Any]) -> None:
    selector = selector_of(case["selector"])
    assert selector_words(selector) == case["noun"]
    assert condition_words(selector) == case["condition"]


def test_what_a_selector_matches_has_a_noun() -> None:
    module, credential = {"groups": "x"}, {"kind": "diploma"}
    assert noun_of(selector_of(module)) == "module"
    assert noun_of(selector_of({"any_of": [credential, credential]})) == "credential"
    assert noun_of(selector_of({"any_of": [module, credential]})) == "item"
    assert noun_of(selector_of({"ids": ["a"]})) == "item"
    assert noun_of(selector_of({"type": "credential", "groups": "x"})) == "credential"


@pytest.mark.parametrize("case", CASES["limits"], ids=str)
def test_a_limit_says_what_it_asks_of_a_selection(case: dict[str, Any]) -> None:
    assert limit_words(Limit.model_validate(case["limit"]), case["unit"]) == case["words"]


@pytest.mark.parametrize("case", CASES["rules"], ids=str)
def test_a_rule_is_said_in_one_sentence(case: dict[str, Any]) -> None:
    assert rule_words(rule_of(case["rule"])) == case["words"]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"all": ["a", "b"], "within": "1 year"}, "all of these, all of it within 1 year"),
        ({"any": ["a", "b"]}, "one of these"),
        ({"at_least": 2, "of": ["a", "b"]}, "at least 2 of these"),
        ({"points": 1, "of": [{"worth": 1, "rule": "a"}]}, "1 point from these"),
        ({"in_order": ["a", "b"]}, "all of these, in this order"),
        ({"count": 1, "from": ["a", "b"]}, "1 of `a` or `b`"),
    ],
)
def test_the_first_line_of_a_tree_leaves_the_rest_to_the_lines_beneath(
    rule: Any, words: str
) -> None:
    assert headline(rule_of(rule)) == words


def test_a_rule_is_called_by_its_title_then_its_id_then_what_it_asks() -> None:
    rule = {"id": "core", "title": "Core units", "all": ["a", "b"]}
    assert rule_name(rule_of(rule)) == "Core units"
    assert rule_name(rule_of({**rule, "title": None})) == "`core`"
    assert rule_name(rule_of({"all": ["a", "b"]})) == "`a` and `b`"


def test_amounts_have_the_right_number() -> None:
    limit = Limit.model_validate({"at_most": 1, "of": "any"})
    assert limit.at_most is not None
    one = limit.at_most.amount
    assert [amount_words(one * number, "credits") for number in (0, 1, 2)] == [
        "0 credits",
        "1 credit",
        "2 credits",
    ]
    assert amount_words(one, "count", "module") == "1 module"


def test_a_long_list_is_counted_instead_of_named() -> None:
    names = [f"m{number}" for number in range(20)]
    assert named(names, "or").endswith("`m6` or 13 others")
    assert "others" not in named(names[:8], "or")
