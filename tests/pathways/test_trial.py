"""Examples put to the test, what they cover, and the changes that they notice."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from pathways.coverage import coverage
from pathways.document import Document, Example
from pathways.mutants import mutants, put_to_the_test
from pathways.source import load_pathway
from pathways.trial import passes, trial, trials

EXAMPLES = sorted((Path(__file__).parents[2] / "pathways" / "examples").glob("*.yaml"))

FILE: dict[str, Any] = {
    "pathway": "data",
    "version": "1",
    "groups": {"free": ["c", "d", "e"]},
    "modules": {ref: {"credits": 10} for ref in "abcde"},
    "credentials": {
        "low": {"requires": {"all": [{"module": "a"}, {"module": "b"}]}},
        "top": {
            "award": "approval",
            "requires": {
                "all": [
                    {"credential": "low"},
                    {"id": "electives", "credits": 20, "from": {"groups": "free"}},
                ]
            },
        },
        "card": {
            "valid_for": "1 year",
            "renewal": {"requires": {"rule": "refresher"}},
            "requires": {"any": [{"module": "a"}, {"module": "e", "min_score": 80}]},
            "classes": [
                {"name": "gold", "requires": {"module": "e", "min_score": 90}},
                {"name": "plain"},
            ],
        },
    },
    "rules": {"refresher": {"module": "d"}},
}
DOCUMENT = Document.model_validate({"main": FILE})


def example(*completed: Any, on: str = "2026-06-30", **expect: Any) -> Example:
    record = {"name": "n", "completed": list(completed), "on": on, "expect": expect}
    return Example.model_validate(record)


def failures(tried: Example) -> tuple[str, ...]:
    found = trial(DOCUMENT, tried)
    assert found.passed == (not found.failures) == passes(DOCUMENT, tried)
    return found.failures


@pytest.mark.parametrize("expect", [
    {"awarded": ["low"]},
    {"not_awarded": ["top"]},
    {"pending": ["low"]},
    {"awaiting": ["top"]},
])  # fmt: skip
def test_an_expectation_is_met_by_its_own_record(expect: dict[str, Any]) -> None:
    record: dict[str, list[Any]] = {
        "awarded": ["a", "b"],
        "not_awarded": ["a", "b"],
        "pending": ["a"],
        "awaiting": ["a", "b", "c", "d"],
    }
    tried = example(*record[next(iter(expect))], **expect)
    if "pending" in expect:
        tried = Example.model_validate({**tried.model_dump(), "in_progress": ["b"]})
    assert failures(tried) == ()


@pytest.mark.parametrize(
    ("tried", "text"),
    [
        (example("a", awarded=["low"]), "`low` should be held, and is in progress (missing: "),
        (
            example("a", "b", not_awarded=["low"]),
            "`low` should not be held, and is held (awarded on 2026-06-30)",
        ),
        (example("a", expired=["card"]), "`card` should be expired, and is held"),
        (example("a", pending=["low"]), "the rule of `low` should be pending, and is unmet"),
        (
            example("a", classes={"card": "gold"}),
            "`card` should have the class `gold`, and it has `plain`",
        ),
        (example("a", classes={"card": None}), "`card` should have no class, and it has `plain`"),
        (example(classes={"card": "gold"}), "`card` should be held with a class, and is not"),
    ],
)
def test_a_failed_expectation_says_what_came_out_instead(tried: Example, text: str) -> None:
    (failure,) = failures(tried)
    assert failure.startswith(text)


def test_every_failure_is_told() -> None:
    assert len(failures(example(awarded=["low", "top"], expired=["card"]))) == 3


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_of_real_qualifications_pass(path: Path) -> None:
    loaded = load_pathway(path)
    for found in trials(loaded.document, loaded.examples):
        assert found.failures == (), found.example.name


# --- coverage ------------------------------------------------------------------------------------


def gaps(*tried: Example) -> dict[str, tuple[str, ...]]:
    found = coverage(DOCUMENT, trials(DOCUMENT, tried))
    return {each.name: each.gaps for each in found.uncovered}


MISSED = "no example misses it"
UNMET = "no example meets it"
IDLE = "it never decides the outcome"


def test_without_examples_nothing_is_covered() -> None:
    assert all(UNMET in each for each in gaps().values())
    assert len(gaps()) == len({site.name for site in coverage(DOCUMENT, []).rules.values()})


def test_a_rule_is_covered_when_it_was_met_and_missed_and_decided() -> None:
    low: dict[str, Any] = {"awarded": ["low"]}
    found = gaps(example("a", "b", **low), example("a", **low), example("b", **low))
    assert "`a` and `b`" not in found
    assert "`b`" not in found


def test_a_rule_beside_one_that_is_missed_as_well_decides_nothing() -> None:
    low: dict[str, Any] = {"awarded": ["low"]}
    found = coverage(DOCUMENT, trials(DOCUMENT, [example(**low), example("a", **low)]))
    part = found.rules["credentials", "low", "requires", "all", 0]
    assert (part.met, part.missed, part.decided) == (1, 1, 0)
    assert part.gaps == (IDLE,)
    assert found.rules["credentials", "low", "requires", "all", 1].decided == 1


def test_the_rules_of_renewals_and_classes_are_covered_by_being_met() -> None:
    score = {"module": "e", "score": 95, "on": "2026-01-01"}
    renewed = {"module": "d", "on": "2026-10-01"}
    card = example(score, renewed, on="2027-06-30", awarded=["card"])
    found = gaps(card)
    assert "the rule `refresher`" not in found
    assert "`d`" not in found
    assert found["class `gold` of `card`"] == (MISSED,)
    assert found["class `plain` of `card`"] == (UNMET,)


def test_an_expired_award_has_met_its_rule_and_misses_it_today() -> None:
    file = deepcopy(FILE)
    file["modules"]["a"]["valid_for"] = "1 year"
    document = Document.model_validate({"main": file})
    tried = example({"module": "a", "on": "2020-01-01"}, expired=["card"])
    found = coverage(document, trials(document, [tried]))
    part = found.rules["credentials", "card", "requires", "any", 0]
    assert (part.met, part.missed) == (1, 1)


def test_an_award_that_the_record_brings_covers_nothing() -> None:
    held = {"credential": "low", "on": "2026-01-01"}
    tried = Example.model_validate({**example(awarded=["low"]).model_dump(), "holds": [held]})
    assert UNMET in gaps(tried)["`a` and `b`"]


# --- mutants -------------------------------------------------------------------------------------


def texts(*start: str | int, file: dict[str, Any] = FILE) -> list[str]:
    found = mutants(Document.model_validate({"main": file}))
    return [each.text for each in found if each.loc[: len(start)] == start]


def test_each_number_and_operator_is_changed_in_turn() -> None:
    assert texts("credentials", "top", "requires") == [
        "`any` instead of `all`",
        "without `low`",
        "without 20 credits from `free`",
        "10 instead of 20",
        "30 instead of 20",
    ]
    assert texts("credentials", "card", "valid_for") == [
        "a day less than 1 year",
        "a day more than 1 year",
    ]
    assert texts("credentials", "card", "requires", "any", 1) == [
        "without `e` with a score of 80 or more",
        "79 instead of 80",
        "81 instead of 80",
    ]


def test_what_is_not_written_is_not_changed() -> None:
    assert texts("attempts") == []
    assert texts("attempts", file={**FILE, "attempts": "any"}) == [
        "`first` instead of `any`",
        "`latest` instead of `any`",
    ]


MUTANTS = yaml.safe_load((Path(__file__).parents[1] / "mutants" / "cases.yaml").read_text())


@pytest.mark.parametrize("case", MUTANTS, ids=str)
def test_every_construct_has_its_mutants(case: dict[str, Any]) -> None:
    file = {**FILE, "scale": {"A": 4, "B": 3, "C": 2}, "rules": {"r": case["rule"]}}
    assert texts("rules", file=file) == case["mutants"]


def test_a_mutant_is_a_document_of_its_own() -> None:
    found = list(mutants(DOCUMENT))
    assert DOCUMENT.digest not in {each.document.digest for each in found}
    assert len({each.document.digest for each in found}) == len(found)


def test_a_mutant_that_fails_an_example_is_noticed_by_it() -> None:
    enough = example("a", "b", "c", "d", awaiting=["top"]).model_copy(update={"name": "enough"})
    short = example("a", "b", "c", awarded=["low"]).model_copy(update={"name": "short"})
    tested = {
        each.mutant.text: each.noticed_by
        for each in put_to_the_test(mutants(DOCUMENT), [short, enough])
        if each.mutant.loc[:4] == ("credentials", "top", "requires", "all")
    }
    assert tested == {
        "`any` instead of `all`": None,
        "without `low`": None,
        "without 20 credits from `free`": None,
        "10 instead of 20": None,
        "30 instead of 20": "enough",
    }
