"""Order and time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from domain.events import AwardRenewed, CredentialAwarded
from pathways.periods import ONE_DAY
from pathways.verdict import Outcome
from tests.ledgers import MOMENT, TODAY, Desk, day, topics
from tests.scenarios.asking import document, outcome, standing

STAGES = """
    pathway: stages
    version: "1"
    modules: {c1: {}, c2: {}, c3: {}, c4: {}, c5: {}, c6: {}, c7: {}}
    credentials:
      programme:
        requires:
          in_order:
            - {id: first, at_least: 2, of: [c1, c2, c3]}
            - {id: second, all: [c4, c5]}
            - {id: third, module: c6}
            - {id: fourth, module: c7}
"""


def test_groups_in_order_are_met_one_after_the_other() -> None:
    """Scenario 9."""
    stages = document(STAGES)
    order = ["c3", "c1", "c4", "c5", "c6", "c7"]
    steps = [
        {"module": module, "on": TODAY - timedelta(days=30 - place)}
        for place, module in enumerate(order)
    ]
    met_by_then = [
        [
            group
            for group in ("first", "second", "third", "fourth")
            if outcome(standing(stages, "programme", *steps[:done]), group) is Outcome.MET
        ]
        for done in range(1, 7)
    ]
    assert met_by_then == [
        [],
        ["first"],
        ["first"],
        ["first", "second"],
        ["first", "second", "third"],
        ["first", "second", "third", "fourth"],
    ]
    assert standing(stages, "programme", *steps[:5]).status == "in progress"
    assert standing(stages, "programme", *steps).status == "held"


def test_what_was_completed_before_its_turn_is_completed_again() -> None:
    """Scenario 10. `in_order` compares dates; who wants no order of dates states prerequisites."""
    rest = [
        {"module": module, "on": day(f"02-0{place}")}
        for place, module in enumerate(["c3", "c1", "c4", "c5", "c7"], start=1)
    ]
    early = {"module": "c6", "on": day("01-01")}
    stages = document(STAGES)
    assert standing(stages, "programme", early, *rest).status == "in progress"
    again = {"module": "c6", "on": day("02-05")}
    assert standing(stages, "programme", early, *rest, again).status == "held"
    unordered = document(
        STAGES.replace("in_order:", "all:").replace("c6: {}", "c6: {requires: {all: [c4, c5]}}")
    )
    assert standing(unordered, "programme", early, *rest).status == "held"


@pytest.mark.parametrize(
    ("module", "rule", "record"),
    [
        pytest.param("a: {}", "{module: a, before: 2026-06-30}", {}, id="before"),
        pytest.param(
            "a: {}",
            "{module: a, within: 3 months of enrolment}",
            {"enrolled": date(2026, 3, 30)},
            id="within, of the enrolment",
        ),
        pytest.param(
            "a: {}, b: {}",
            "{all: [a, b], within: 3 months}",
            {"first": {"module": "b", "on": date(2026, 3, 30)}},
            id="within",
        ),
    ],
)
def test_a_deadline_of_today_is_kept_today_and_missed_tomorrow(
    module: str, rule: str, record: dict[str, Any]
) -> None:
    """Scenario 11."""
    deadline = document(f"""
        pathway: deadline
        version: "1"
        modules: {{{module}}}
        credentials: {{done: {{requires: {rule}}}}}
    """)
    more = {key: value for key, value in record.items() if key != "first"}
    first = [record["first"]] if "first" in record else []

    def status(on: date) -> str:
        return standing(
            deadline, "done", *first, {"module": "a", "on": on}, on=date(2026, 7, 31), **more
        ).status

    assert status(date(2026, 6, 30)) == "held"
    assert status(date(2026, 7, 1)) != "held"


@pytest.mark.parametrize(
    ("module", "rule"),
    [
        pytest.param("a: {valid_for: 3 months}", "a", id="valid_for"),
        pytest.param("a: {}", "{module: a, since: 3 months}", id="since"),
    ],
)
def test_what_is_valid_until_today_is_not_valid_tomorrow(module: str, rule: str) -> None:
    """Scenario 12."""
    valid = document(f"""
        pathway: valid
        version: "1"
        modules: {{{module}}}
        credentials: {{current: {{lasts: while_met, requires: {rule}}}}}
    """)
    completed = {"module": "a", "on": TODAY - timedelta(days=92)}
    assert completed["on"] == date(2026, 3, 30)
    until = {
        on: standing(valid, "current", completed, on=on).status
        for on in (TODAY - ONE_DAY, TODAY, TODAY + ONE_DAY)
    }
    assert list(until.values()) == ["held", "held", "lapsed"]


def test_an_award_expires_and_what_was_stacked_on_it_stands(registrar: Desk) -> None:
    """Scenario 13."""
    registrar.publish("""
        pathway: stack
        version: "1"
        modules: {a: {}}
        credentials: {lower: {valid_for: 1 month, requires: a}, upper: {requires: lower}}
    """)
    registrar.enrol("stack")
    registrar.complete("a", on="05-01")
    registrar.today = day("06-01")
    assert registrar.status("lower", "stack") == "held"
    registrar.today = day("06-02")
    assert registrar.status("lower", "stack") == "expired"
    assert registrar.status("upper", "stack") == "held"
    lower = registrar.known().award("lower")
    assert (lower.on, lower.expires_on) == (day("05-01"), day("06-01"))
    settled = registrar.ledger.settle(registrar.learners["s-1"], on=registrar.today, at=MOMENT)
    assert settled.events == ()


def test_evidence_of_the_future_counts_by_itself_when_its_date_has_come(registrar: Desk) -> None:
    """Scenario 14."""
    registrar.publish("""
        pathway: future
        version: "1"
        modules: {a: {}}
        credentials: {done: {requires: a}}
    """)
    registrar.enrol("future")
    assert registrar.complete("a", on="07-10").awards == ()
    learner = registrar.learners["s-1"]
    assert registrar.ledger.settle(learner, on=day("07-09"), at=MOMENT).awards == ()
    (award,) = registrar.ledger.settle(learner, on=day("07-15"), at=MOMENT).awards
    assert award.on == day("07-10")


RENEWABLE = """
    pathway: renewable
    version: "1"
    modules: {exam: {}, update: {repeatable: unlimited}}
    credentials:
      certified:
        valid_for: 1 year
        requires: {any: [exam, update]}
        renewal: {requires: update, opens: 1 day, grace: 14 days}
"""


@pytest.fixture
def certified(registrar: Desk) -> Desk:
    registrar.publish(RENEWABLE)
    registrar.enrol("renewable", on="2024-01-01")
    registrar.today = date(2025, 6, 30)
    registrar.complete("exam", on="2025-06-30")  # expires on 2026-06-30
    registrar.today = date(2026, 12, 31)
    return registrar


@pytest.mark.parametrize(
    ("on", "expires"),
    [
        pytest.param("2026-06-29", "2027-06-30", id="the day on which it opens"),
        pytest.param("2026-06-30", "2027-06-30", id="the last day"),
        pytest.param("2026-07-01", "2027-07-01", id="the first day of grace"),
        pytest.param("2026-07-14", "2027-07-14", id="the last day of grace"),
    ],
)
def test_a_renewal_starts_at_the_old_expiry_or_in_grace_on_its_own_day(
    certified: Desk, on: str, expires: str
) -> None:
    """Scenario 15."""
    receipt = certified.complete("update", on=on)
    (renewal,) = receipt.renewals
    assert (renewal.on, renewal.expires) == (day(on), day(expires))
    assert certified.known().award("certified").on == day("2025-06-30")


def test_an_update_before_the_opening_renews_when_it_opens(certified: Desk) -> None:
    """Scenario 15."""
    (renewal,) = certified.complete("update", on="2026-03-01").renewals
    assert (renewal.on, renewal.expires) == (day("2026-06-29"), day("2027-06-30"))


def test_after_the_grace_period_a_new_award_is_needed(certified: Desk) -> None:
    """Scenario 15."""
    receipt = certified.complete("update", on="2026-07-15")
    assert receipt.renewals == ()
    (award,) = receipt.awards
    assert (award.on, award.expires) == (day("2026-07-15"), day("2027-07-15"))


def test_renewing_twice_changes_nothing(certified: Desk) -> None:
    """Scenario 15."""
    certified.complete("update", on="2026-06-30")
    again = certified.complete("update", on="2026-06-30")
    assert again.duplicate
    assert topics(again) == []
    other = certified.complete("update", on="2026-07-01")
    assert topics(other) == ["learner.module-completed"]
    kept = [e for e in certified.events() if isinstance(e, AwardRenewed | CredentialAwarded)]
    assert len(kept) == 2
