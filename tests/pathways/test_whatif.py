"""What if: what differs between a record and an imagined one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from pathways.awards import assess
from pathways.document import Document, Record
from pathways.problems import FileError
from pathways.whatif import Effect, Scenario, applied, load_scenario, whatif
from tests.strategies import Case, cases

ON = date(2026, 6, 30)

RULES: dict[str, Any] = {
    "pathway": "p",
    "version": "1",
    "modules": {"a": {}, "b": {}, "c": {"credits": 5, "groups": ["elective"]}},
    "credentials": {
        "first": {"on_lost_evidence": "revoke", "requires": {"every": ["a", "b"]}},
        "current": {"lasts": "while_met", "requires": {"module": "a", "since": "1 years"}},
        "second": {
            "requires": {
                "all": [
                    {"credential": "first"},
                    {"id": "electives", "credits": 10, "from": {"groups": "elective"}},
                ]
            }
        },
    },
}


def rules(**changes: Any) -> Document:
    return Document.model_validate({"main": {**RULES, **changes}})


def scenario(**changes: Any) -> Scenario:
    return Scenario.model_validate(changes)


def effect(facts: dict[str, Any], **changes: Any) -> Effect:
    return whatif(rules(), Record.model_validate(facts), ON, scenario(**changes))


def test_a_completion_that_is_imagined_gains_what_it_earns() -> None:
    found = effect({"completed": ["a"]}, complete=["b"])
    assert found.turned("gained") == ("first",)
    assert found.turned("closer") == ("second",)


def test_a_score_below_the_pass_mark_gains_nothing() -> None:
    strict = rules(defaults={"pass_score": 50})
    facts = Record.model_validate({"completed": ["a"]})
    low = scenario(complete=[{"module": "b", "score": 49}])
    assert whatif(strict, facts, ON, low).turned("gained") == ()


def test_a_completion_that_can_not_do_what_it_should_is_remarked_on() -> None:
    varied = rules(
        modules={"a": {"pass_score": 50}, "b": {"credits": "varies", "hours": 3}},
        credentials={"first": {"requires": {"credits": 5, "from": "any"}}},
    )
    nothing = Record.model_validate({})
    low = scenario(complete=[{"module": "a", "score": 49}, "b"])
    found = whatif(varied, nothing, ON, low)
    assert found.to_json()["remarks"] == [
        "a score of 49 does not pass `a`, which asks for 50",
        "`b` varies in credits, and this completion says none: it has 0",
    ]
    told = whatif(varied, nothing, ON, scenario(complete=[{"module": "b", "credits": 5}]))
    assert (told.remarks, told.turned("gained")) == ((), ("first",))


def test_going_without_a_module_loses_what_rested_on_it() -> None:
    found = effect({"completed": [{"module": "a", "on": "2026-06-01"}, "b"]}, without=["a"])
    assert found.turned("lost") == ("first",)
    assert found.turned("lapsed") == ("current",)


def test_going_without_a_module_sends_to_review_what_somebody_has_to_decide_about() -> None:
    """The award stays until then: that it is still held is not the whole answer."""
    doubted = rules(credentials={"first": {"requires": {"every": ["a", "b"]}}})
    facts = Record.model_validate(
        {"completed": [{"module": module, "on": "2026-06-01"} for module in ("a", "b")]}
    )
    found = whatif(doubted, facts, ON, scenario(without=["a"]))
    assert found.turned("review") == ("first",)
    assert found.to_json()["review"] == ["first"]
    assert found.after.standings["first"].status == "held"
    gone = applied(facts, scenario(without=["a"]), date(2026, 6, 20))
    assert whatif(doubted, gone, ON, scenario(complete=["c"])).turned("review") == ()


def test_time_that_passes_lets_lapse_what_does_not_last() -> None:
    found = effect({"completed": ["a"]}, until=date(2027, 7, 1))
    assert found.turned("lapsed") == ("current",)
    assert found.after.on == date(2027, 7, 1)


def test_a_completion_on_a_later_day_moves_the_day_of_the_answer() -> None:
    found = effect({"completed": ["a"]}, complete=[{"module": "b", "on": date(2026, 9, 1)}])
    assert found.after.standings["first"].awarded_on == date(2026, 9, 1)


def test_a_waiver_of_an_amount_lowers_what_is_asked() -> None:
    facts = {"completed": ["a", "b", "c"]}
    assert effect(facts, waive=[{"rule": "electives", "amount": 5}]).turned("gained") == ("second",)
    assert effect(facts, waive=["electives"]).turned("gained") == ("second",)


def test_starting_a_module_makes_pending_what_it_would_complete() -> None:
    found = effect({"completed": ["a"]}, start=["b"])
    assert found.after.standings["first"].outcome.value == "pending"
    assert found.turned("closer") == ("first",)


def test_a_draft_is_looked_at_by_its_own_rules() -> None:
    draft = rules(credentials={**RULES["credentials"], "first": {"requires": {"module": "a"}}})
    facts = Record.model_validate({"completed": ["a"]})
    found = whatif(rules(), facts, ON, scenario(), draft=draft)
    assert found.turned("gained") == ("first",)


def test_each_rule_that_turns_out_otherwise_is_shown_before_and_after() -> None:
    found = effect({"completed": ["a"]}, complete=["b"])
    (change,) = (one for one in found.changes if one.credential == "first")
    shown = [(pair.path, pair.differs) for pair in change.rules]
    assert shown == [
        ("requires", True),
        ("requires.every[a]", False),
        ("requires.every[b]", True),
    ]
    assert change.to_json()["rules"][1] == {
        "path": "requires.every[b]",
        "before": {
            "id": None,
            "outcome": "unmet",
            "progress": 0.0,
            "missing": {"text": "`b`", "module": "b"},
        },
        "after": {"id": None, "outcome": "met", "progress": 1.0, "missing": None},
    }


def test_a_second_completion_on_one_day_has_a_name_of_its_own() -> None:
    facts = Record.model_validate({"completed": [{"module": "a", "on": ON}]})
    after = applied(facts, scenario(complete=["a", "a"]), ON)
    assert [entry.id for entry in after.completed] == [
        "a@2026-06-30",
        "a@2026-06-30#2",
        "a@2026-06-30#3",
    ]


def test_a_scenario_file_says_it_all(tmp_path: Path) -> None:
    path = tmp_path / "fast.yaml"
    path.write_text(
        "name: fast\ncomplete: [a, {module: b, score: 70}]\nwithout: [c]\nuntil: 2027-01-01\n"
    )
    read = load_scenario(path)
    assert (read.name, [entry.module for entry in read.complete]) == ("fast", ["a", "b"])
    assert (read.without, read.until) == (("c",), date(2027, 1, 1))


def test_a_scenario_file_that_says_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text("compleet: [a]\n")
    with pytest.raises(FileError, match="compleet"):
        load_scenario(path)


@settings(max_examples=50)
@given(cases())
def test_a_scenario_of_nothing_changes_nothing(case: Case) -> None:
    found = whatif(case.document, case.record, case.on, Scenario())
    assert all(change.turn is None for change in found.changes)


@settings(max_examples=50)
@given(cases())
def test_a_what_if_is_the_assessment_of_the_record_as_it_would_be(case: Case) -> None:
    module = sorted(case.document.modules)[0]
    found = whatif(case.document, case.record, case.on, scenario(complete=[module]))
    entry = {"module": module, "on": case.on, "id": "new"}
    really = Record.model_validate({**case.facts, "completed": [*case.facts["completed"], entry]})
    really = really.model_copy(
        update={"in_progress": tuple(e for e in really.in_progress if e.module != module)}
    )
    told = assess(case.document, really, case.on)
    assert [(s.status, s.progress) for s in found.after.standings.values()] == [
        (s.status, s.progress) for s in told.standings.values()
    ]
