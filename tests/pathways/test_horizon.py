"""What lies ahead: what lapses, what can be started, what is near."""

from __future__ import annotations

from datetime import date
from typing import Any

from pathways.document import Document, Record
from pathways.horizon import forecast, nearest, options
from pathways.plan import Wishes

ON = date(2026, 6, 30)


def rules(credentials: dict[str, Any], modules: dict[str, Any]) -> Document:
    file = {"pathway": "p", "version": "1", "modules": modules, "credentials": credentials}
    return Document.model_validate({"main": file})


def record(**facts: Any) -> Record:
    return Record.model_validate(facts)


STACK = rules(
    {
        "first-aid": {
            "valid_for": "3 years",
            "renewal": {
                "requires": {"module": "refresher"},
                "opens": "6 months",
                "grace": "90 days",
            },
            "requires": {"module": "aid"},
        },
        "guide": {
            "requires": {"all": [{"credential": "first-aid"}, {"module": "routes"}]},
        },
        "ready": {"lasts": "while_met", "requires": {"credential": "first-aid"}},
    },
    {"aid": {}, "routes": {"requires": {"module": "aid"}}, "refresher": {}},
)


def test_the_forecast_tells_the_last_day_and_when_it_can_be_renewed() -> None:
    facts = record(completed=[{"module": "aid", "on": "2024-01-10"}])
    (lapse,) = forecast(STACK, facts, ON, date(2027, 12, 31))
    assert (lapse.name, lapse.last_day) == ("first-aid", date(2027, 1, 10))
    assert (lapse.renew_from, lapse.renew_by) == (date(2026, 7, 10), date(2027, 4, 10))


def test_the_forecast_tells_what_stands_otherwise_from_the_next_day() -> None:
    facts = record(completed=[{"module": "aid", "on": "2024-01-10"}])
    (lapse,) = forecast(STACK, facts, ON, date(2027, 12, 31))
    touched = {one.credential: (one.before, one.after) for one in lapse.touches}
    assert touched == {"guide": ("in progress", "not started"), "ready": ("held", "lapsed")}


def test_a_higher_award_that_was_made_is_not_touched() -> None:
    facts = record(completed=[{"module": ref, "on": "2024-01-10"} for ref in ("aid", "routes")])
    (lapse,) = forecast(STACK, facts, ON, date(2027, 12, 31))
    assert "guide" not in {one.credential for one in lapse.touches if one.before == "held"}


def test_nothing_lapses_before_or_after_the_days_asked_about() -> None:
    facts = record(completed=[{"module": "aid", "on": "2024-01-10"}])
    assert forecast(STACK, facts, ON, date(2027, 1, 9)) == ()
    assert len(forecast(STACK, facts, ON, date(2027, 1, 10))) == 1
    assert forecast(STACK, facts, date(2027, 1, 11), date(2028, 1, 1)) == ()


def test_a_completion_that_expires_is_told_with_what_it_carries() -> None:
    goal = {"goal": {"requires": {"count": 2, "from": "any"}}}
    short = rules(goal, {"a": {"valid_for": "1 years"}, "b": {}})
    facts = record(completed=[{"module": "a", "on": "2026-01-01"}])
    (lapse,) = forecast(short, facts, ON, date(2027, 12, 31))
    assert lapse.to_json() == {
        "module": "a",
        "item": "a@2026-01-01",
        "last_day": "2027-01-01",
        "touches": [
            {
                "credential": "goal",
                "before": {"status": "in progress", "progress": 0.5},
                "after": {"status": "not started", "progress": 0.0},
            }
        ],
    }


def test_only_modules_whose_prerequisite_is_met_can_be_started() -> None:
    assert [option.module for option in options(STACK, Record(), ON)] == ["aid", "refresher"]
    done = record(completed=["aid"])
    assert [option.module for option in options(STACK, done, ON)] == ["routes", "refresher"]


def test_an_option_tells_what_completing_it_would_do() -> None:
    first = options(STACK, Record(), ON)[0]
    assert first.earns == ("first-aid", "ready")
    assert [(one.credential, float(one.after)) for one in first.advances] == [("guide", 0.5)]


def test_a_module_that_counts_already_is_an_option_only_where_it_would_do_more() -> None:
    goal = {"goal": {"requires": {"module": "a", "min_score": 70}}}
    low = record(completed=[{"module": "a", "score": 60}])
    (option,) = options(rules(goal, {"a": {}}), low, ON)
    assert (option.again, option.earns) == (True, ("goal",))
    high = record(completed=[{"module": "a", "score": 70}])
    assert options(rules(goal, {"a": {}}), high, ON) == ()


def test_the_nearest_credential_comes_first_with_its_remainder() -> None:
    found = nearest(STACK, Record(), ON)
    assert [(plan.to, len(plan.steps)) for plan in found.plans] == [
        ("first-aid", 1),
        ("ready", 1),
        ("guide", 2),
    ]
    assert [step.module for step in found.plans[2].steps] == ["aid", "routes"]
    assert found.levers[0] == ("aid", ("first-aid", "ready", "guide"))


def test_the_measure_decides_what_is_near() -> None:
    credentials = {
        "many": {"requires": {"every": ["a", "b"]}},
        "dear": {"requires": {"module": "c"}},
    }
    modules = {"a": {"price": 1}, "b": {"price": 1}, "c": {"price": 9}}
    both = rules(credentials, modules)
    assert [plan.to for plan in nearest(both, Record(), ON).plans] == ["dear", "many"]
    cheap = nearest(both, Record(), ON, Wishes(minimise="price"))
    assert [plan.to for plan in cheap.plans] == ["many", "dear"]


def test_what_is_held_or_out_of_reach_is_not_near() -> None:
    credentials = {
        "held": {"requires": {"module": "a"}},
        "closed": {"requires": {"module": "b", "before": "2020-01-01"}},
    }
    found = nearest(rules(credentials, {"a": {}, "b": {}}), record(completed=["a"]), ON)
    assert found.plans == ()


def test_a_module_that_renews_an_award_is_an_option_also_within_the_grace() -> None:
    facts = record(completed=[{"module": "aid", "on": "2024-01-10"}])
    for on in (date(2026, 8, 1), date(2027, 2, 1)):
        found = {one.module: one for one in options(STACK, facts, on)}["refresher"]
        assert "first-aid" not in found.earns
        assert [(one.credential, one.until) for one in found.renews] == [
            ("first-aid", date(2030, 1, 10) if on.year == 2026 else date(2030, 2, 1))
        ]
        assert found.to_json()["renews"][0]["credential"] == "first-aid"
    early = {one.module: one for one in options(STACK, facts, ON)}["refresher"]
    assert early.renews == ()
