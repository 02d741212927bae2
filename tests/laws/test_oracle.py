"""The oracle itself, on cases small enough to be judged by reading the language."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pytest
import yaml
from hypothesis import Phase, find, settings

from pathways.document import Record
from tests import oracle
from tests.strategies import THEMES, Case, Data, document_of, theme

ON = date(2026, 6, 30)
MODULES: Data = {
    "a": {"credits": 5, "level": 4, "groups": ["red"]},
    "b": {"credits": 5, "level": 6, "groups": ["blue"]},
    "c": {"credits": 10, "level": 6, "groups": ["red", "blue"]},
    "d": {"credits": "varies", "repeatable": 2},
}


def read(text: str) -> Any:
    """Read a rule or a record as YAML 1.2 does where it matters here: `on` is a key."""
    data = yaml.safe_load(text)
    return _with_on(data)


def _with_on(data: Any) -> Any:
    if isinstance(data, dict):
        return {("on" if key is True else key): _with_on(value) for key, value in data.items()}
    return [_with_on(value) for value in data] if isinstance(data, list) else data


def stand(
    requires: str, record: str, *, on: date = ON, modules: Data | None = None, **more: Any
) -> oracle.Standing:
    """What becomes of one credential, `it`, that has a rule; `more` are its other keys."""
    facts = read(record)
    pathway = {
        "pathway": "p",
        "modules": {**MODULES, **(modules or {})},
        "credentials": {"it": {"requires": read(requires), **more}},
    }
    return oracle.assess(document_of(pathway), Record.model_validate(facts), on)["it"]


def witness(standing: oracle.Standing) -> tuple[str, ...] | None:
    return standing.witness.names() if standing.witness else None


def is_met(requires: str, record: str, **more: Any) -> bool:
    return stand(requires, record, **more).outcome == "met"


A_B = "{completed: [{module: a, on: 2026-01-01}, {module: b, on: 2026-02-01}]}"
A_B_C = (
    "{completed: [{module: a, on: 2026-01-01}, {module: b, on: 2026-02-01},"
    " {module: c, on: 2026-03-01}]}"
)


def test_all_needs_every_child_and_any_needs_one() -> None:
    assert is_met("{all: [{module: a}, {module: b}]}", A_B)
    assert not is_met("{all: [{module: a}, {module: c}]}", A_B)
    assert is_met("{any: [{module: c}, {module: b}]}", A_B)


def test_points_need_the_sum_and_the_required_ones() -> None:
    rule = (
        "{{points: {}, of: [{{worth: 4, rule: {{module: a}}}}, {{worth: 4, rule: {{module: b}}}},"
    )
    rule += " {{worth: 4, rule: {{module: c}}, required: true}}]}}"
    assert not is_met(rule.format(8), A_B)
    assert is_met(rule.format(8), A_B_C)


def test_a_choice_takes_children_in_file_order_until_enough_even_if_fewer_would_do() -> None:
    rule = (
        "{points: 8, of: [{worth: 3, rule: {module: a}}, {worth: 4, rule: {module: a}},"
        " {worth: 5, rule: {module: a}}]}"
    )
    found = stand(rule, A_B)
    assert found.witness is not None
    assert [index for index, _ in found.witness.parts] == [0, 1, 2]


def test_in_order_lets_the_same_day_pass() -> None:
    rule = "{in_order: [{module: b}, {module: a}]}"
    assert not is_met(rule, A_B)
    same = "{completed: [{module: a, on: 2026-01-01}, {module: b, on: 2026-01-01}]}"
    assert is_met(rule, same)


def test_every_asks_for_each_matching_module() -> None:
    assert not is_met("{every: {groups: red}}", A_B)
    assert is_met("{every: {groups: red}}", A_B_C)


def test_attempts_at_one_module_count_once_in_a_selection() -> None:
    twice = "{completed: [{module: a, on: 2026-01-01}, {module: a, on: 2026-02-01}]}"
    assert not is_met("{count: 2, from: any}", twice)
    thrice = (
        "{completed: [{module: d, on: 2026-01-01, credits: 1},"
        " {module: d, on: 2026-02-01, credits: 2}, {module: d, on: 2026-03-01, credits: 4}]}"
    )
    assert is_met("{count: 2, from: any}", thrice)
    assert not is_met("{count: 3, from: any}", thrice)
    assert is_met("{credits: 6, from: any}", thrice)
    assert not is_met("{credits: 7, from: any}", thrice)


def test_a_surplus_is_left_out_of_the_selection() -> None:
    rule = "{count: 2, from: any, limits: [{at_most: 1, of: {level: 6}}]}"
    assert is_met(rule, A_B_C)
    assert not is_met(
        rule.replace("level: 6", "groups: blue"), A_B_C.replace("module: a", "module: b")
    )


def test_a_partial_item_contributes_what_a_limit_leaves_room_for() -> None:
    rule = "{credits: 8, from: any, limits: [{at_most: 3, of: [c], partial: true}]}"
    a_c = "{completed: [{module: a, on: 2026-01-01}, {module: c, on: 2026-01-01}]}"
    assert is_met(rule, a_c)
    assert not is_met(rule.replace("8", "9"), a_c)
    assert not is_met(rule.replace(", partial: true", ""), a_c)


def test_spread_counts_values_with_enough_in_each() -> None:
    rule = "{credits: 10, from: any, limits: [{spread: 2, over: groups, each: 5}]}"
    assert is_met(rule, A_B)
    assert not is_met(rule.replace("spread: 2", "spread: 3"), A_B)
    assert not is_met(rule.replace("each: 5", "each: 6"), A_B)


def test_an_average_may_leave_a_bad_score_out_but_over_all_may_not() -> None:
    scores = (
        "{completed: [{module: a, on: 2026-01-01, score: 90},"
        " {module: b, on: 2026-01-01, score: 40}]}"
    )
    assert is_met("{count: 1, from: any, average: 80}", scores)
    assert not is_met("{count: 2, from: any, average: 80}", scores)
    assert not is_met("{count: 1, from: any, average: 80, over: all}", scores)


def test_distinct_children_use_no_item_twice_and_overlap_says_how_many_they_may() -> None:
    rule = "{{all: [{{module: a}}, {{count: 1, from: {{groups: red}}}}], {}}}"
    only_a = "{completed: [{module: a, on: 2026-01-01}, {module: a, on: 2026-02-01}]}"
    assert not is_met(rule.format("distinct: true"), only_a)
    assert is_met(rule.format("distinct: true"), A_B_C)
    assert is_met(rule.format("overlap: 1"), only_a)
    assert not is_met(rule.format("overlap: {credits: 4}"), only_a)
    assert is_met(rule.format("overlap: {credits: 5}"), only_a)


def test_barred_modules_are_not_used_in_one_witness() -> None:
    barred: Data = {"a": {"barred": ["b"]}}
    assert not is_met("{all: [{module: a}, {module: b}]}", A_B, modules=barred)
    assert is_met("{any: [{module: a}, {module: b}]}", A_B, modules=barred)


def test_a_substitute_may_serve_as_either_but_not_as_both_in_one_selection() -> None:
    record = (
        "{completed: [{module: a, on: 2026-01-01}],"
        " substituted: [{module: a, counts_as: b, on: 2026-02-01}]}"
    )
    assert is_met("{module: a}", record)
    found = stand("{module: b}", record)
    assert found.awarded_on == date(2026, 2, 1)
    assert found.witness is not None
    assert found.witness.to_json()["as"] == {"a@2026-01-01": "b"}
    assert not is_met("{count: 2, from: [a, b]}", record)


def test_boundaries_are_inclusive() -> None:
    at = "{{completed: [{{module: a, on: 2026-01-31, expires: {}}}]}}"
    assert is_met("{module: a}", at.format("2026-06-30"))
    assert not is_met("{module: a}", at.format("2026-06-29"))
    assert is_met("{module: a, since: 150 days}", at.format("never"))
    assert not is_met("{module: a, since: 149 days}", at.format("never"))
    assert is_met("{all: [{module: a}, {module: b}], within: 1 month}", A_B)
    assert not is_met("{all: [{module: a}, {module: b}], within: 30 days}", A_B)


def test_together_lets_what_expired_since_serve() -> None:
    record = (
        "{completed: [{module: a, on: 2026-01-01, expires: 2026-02-10},"
        " {module: b, on: 2026-02-01}]}"
    )
    assert not is_met("{all: [{module: a}, {module: b}]}", record)
    assert is_met("{all: [{module: a}, {module: b}], together: true}", record)
    assert not is_met(
        "{all: [{module: a}, {module: b}], together: true}", record.replace("02-10", "01-31")
    )


def test_a_waived_rule_is_met_by_the_waiver_alone() -> None:
    record = A_B.replace("]}", "], waived: [{rule: x, on: 2026-02-01}]}")
    found = stand("{all: [{id: x, module: c}, {module: a}]}", record)
    assert witness(found) == ("a@2026-01-01", "waiver:x")
    assert found.awarded_on == date(2026, 2, 1)


def test_a_waived_amount_is_in_the_witness_only_where_it_was_needed() -> None:
    rule = "{id: x, credits: 10, from: any}"
    early = A_B.replace("]}", "], waived: [{rule: x, amount: 5, on: 2025-12-01}]}")
    assert witness(stand(rule, early)) == ("waiver:x", "a@2026-01-01")
    late = A_B.replace("]}", "], waived: [{rule: x, amount: 5, on: 2026-03-01}]}")
    assert witness(stand(rule, late)) == ("a@2026-01-01", "b@2026-02-01")


def test_the_canonical_witness_does_without_late_items() -> None:
    # {b, a} has a later newest item than {a, c} would have, had c been early.
    record = (
        "{completed: [{module: a, on: 2026-01-03}, {module: b, on: 2026-01-02},"
        " {module: c, on: 2026-01-01}]}"
    )
    assert witness(stand("{count: 2, from: any}", record, on=date(2026, 1, 3))) == (
        "c@2026-01-01",
        "b@2026-01-02",
    )


def test_an_award_is_dated_by_the_first_day_and_not_before_the_enrolment() -> None:
    assert stand("{any: [{module: a}, {module: b}]}", A_B).awarded_on == date(2026, 1, 1)
    enrolled = A_B.replace("{completed", "{enrolled: 2026-01-15, completed")
    found = stand("{any: [{module: a}, {module: b}]}", enrolled)
    assert found.awarded_on == date(2026, 1, 15)


def test_what_was_earned_stays_when_its_evidence_expires() -> None:
    record = "{completed: [{module: a, on: 2026-01-01, expires: 2026-01-02}]}"
    found = stand("{module: a}", record)
    assert (found.status, found.outcome) == ("held", "unmet")


@pytest.mark.parametrize(
    ("again", "status", "awarded_on"),
    [
        ("never", "expired", date(2026, 1, 1)),
        ("fresh", "expired", date(2026, 2, 1)),
        ("any", "held", date(2026, 6, 30)),
    ],
)
def test_after_expiry_again_says_what_earns_it_anew(
    again: str, status: str, awarded_on: date
) -> None:
    record = A_B.replace("module: b", "module: a")
    found = stand("{module: a}", record, again=again, valid_for="9 days", on=date(2026, 6, 30))
    assert found.status == status
    if again != "any":
        assert found.awarded_on == awarded_on


def test_renewed_before_expiry_runs_from_the_old_expiry_and_in_grace_from_the_renewal() -> None:
    renewal = {"requires": {"module": "b"}, "grace": "20 days"}
    early = stand("{module: a}", A_B, valid_for="60 days", renewal=renewal)
    assert early.expires_on == date(2026, 5, 1)
    late = stand("{module: a}", A_B, valid_for="15 days", renewal=renewal)
    assert late.expires_on == date(2026, 2, 16)
    too_late = stand("{module: a}", A_B, valid_for="10 days", renewal=renewal)
    assert too_late.expires_on == date(2026, 1, 11)


def test_while_met_is_held_on_the_days_on_which_the_rule_is_met() -> None:
    record = "{completed: [{module: a, on: 2026-01-01, expires: 2026-01-10}]}"
    found = stand("{module: a}", record, lasts="while_met")
    assert (found.status, found.awarded_on) == ("lapsed", date(2026, 1, 1))
    held = stand("{module: a}", record, lasts="while_met", on=date(2026, 1, 10))
    assert held.status == "held"


def test_lost_evidence_is_examined_and_another_witness_lets_the_award_stand() -> None:
    record = "{completed: [{module: a, on: 2026-01-01, revoked: 2026-03-01}"
    assert stand("{module: a}", record + "]}", on_lost_evidence="revoke").status == "revoked"
    twice = record + ", {module: a, on: 2026-02-01}]}"
    again = stand("{module: a}", twice, on_lost_evidence="revoke")
    assert (again.status, again.awarded_on) == ("held", date(2026, 1, 1))
    assert witness(again) == ("a@2026-02-01",)


def test_what_is_in_progress_would_meet_it() -> None:
    record = A_B.replace("]}", "], in_progress: [c]}")
    assert stand("{module: c, min_score: 90}", record).outcome == "pending"


def both(record: str, share: int = 0) -> dict[str, str]:
    """What becomes of two credentials that exclude each other: `one` of a, `two` of a and b."""
    pathway = {
        "pathway": "p",
        "modules": MODULES,
        "credentials": {
            "one": {"requires": {"count": 1, "from": ["a", "c"]}},
            "two": {"requires": {"all": [{"module": "a"}, {"module": "b"}]}},
        },
        "exclusive": [{"credentials": ["one", "two"], "share": share}],
    }
    told = oracle.assess(document_of(pathway), Record.model_validate(read(record)), ON)
    return {ref: standing.status for ref, standing in told.items()}


SAME_DAY = "{completed: [{module: a, on: 2026-01-01}, {module: b, on: 2026-01-01}"


def test_excluding_credentials_are_both_made_where_witnesses_for_both_exist() -> None:
    assert both(SAME_DAY + ", {module: c, on: 2026-01-01}]}") == {"one": "held", "two": "held"}
    assert both(SAME_DAY + "]}", share=1) == {"one": "held", "two": "held"}


def test_excluding_credentials_in_conflict_await_the_approval_that_names_one() -> None:
    waiting = {"one": "awaiting approval", "two": "awaiting approval"}
    assert both(SAME_DAY + "]}") == waiting
    assert both(SAME_DAY + "], approved: [two]}") == {"one": "not held", "two": "held"}


def test_evidence_of_a_held_award_can_not_serve_a_rival() -> None:
    assert both(A_B) == {"one": "held", "two": "not held"}


@pytest.mark.parametrize(
    ("name", "outcome"),
    [*product(THEMES, ["met", "unmet"]), ("plain", "pending"), ("all", "pending")],
)
def test_the_cases_of_every_theme_come_out_every_way(name: str, outcome: str) -> None:
    def comes_out(case: Case) -> bool:
        told = oracle.assess(case.document, case.record, case.on)
        return any(standing.outcome == outcome for standing in told.values())

    # Raises where there is none.
    find(theme(name), comes_out, settings=settings(max_examples=1000, phases=[Phase.generate]))
