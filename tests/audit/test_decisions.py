"""Decisions about awards: their blast radius is told first, and a dry run records nothing."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from projections.audit import caught_up
from tests.audit.conftest import Run, audited, codes
from tests.ledgers import Desk

ESSENTIALS = "ladder/essentials@2026-02-10"
CERTIFICATE = "ladder/certificate@2026-03-01"

STRICT = """
    pathway: strict
    version: "1"
    modules: {a: {}, b: {}, c: {}}
    credentials:
      low:
        on_lost_evidence: revoke
        requires: {at_least: 1, of: [a, b]}
      middle: {on_lost_evidence: revoke, requires: low}
      high: {on_lost_evidence: keep, requires: {all: [middle, c]}}
"""

AID = """
    pathway: aid
    version: "1"
    modules: {course: {}, refresher: {}}
    credentials:
      first-aid:
        valid_for: 1 year
        requires: course
        renewal: {requires: refresher, opens: 3 months}
"""


def read(run: Run, *words: str, code: int = 0) -> Any:
    return json.loads(run(*words, "--json", code=code).stdout)


def test_a_dry_run_tells_the_radius_and_records_nothing(registrar: Desk, run: Run) -> None:
    before = registrar.ledger.store.head()
    told = run("learner", "revoke", "s-1", "sheets-1@2026-02-01", "--dry-run").stdout
    assert f"`{ESSENTIALS}` goes to review" in told
    assert "without `ladder/sheets-1@2026-02-01`" in told
    assert f"`{CERTIFICATE}` would be next" in told
    assert registrar.ledger.store.head() == before


def test_what_is_previewed_is_what_is_recorded(registrar: Desk, run: Run) -> None:
    words = ("learner", "revoke", "s-1", "sheets-1@2026-02-01", "--on", "2026-06-01")
    preview = read(run, *words, "--dry-run")
    done = read(run, *words)
    assert preview["events"] == done["events"]
    assert preview["blast"] == done["blast"]
    assert (preview["dry_run"], done["dry_run"]) == (True, False)


@pytest.fixture
def strict(registrar: Desk) -> None:
    registrar.publish(STRICT)
    registrar.enrol("strict")
    for number, module in enumerate(("strict/a", "strict/b", "strict/c"), start=1):
        registrar.complete(module, f"04-0{number}")


@pytest.mark.usefixtures("strict")
def test_what_survives_by_other_evidence_is_shown_with_it(run: Run) -> None:
    found = read(run, "learner", "revoke", "s-1", "strict/a@2026-04-01")["blast"]
    assert [(one["award"], one["fate"]) for one in found] == [("strict/low@2026-04-01", "survives")]
    assert found[0]["evidence"] == ["strict/b@2026-04-02"]


@pytest.mark.usefixtures("strict")
def test_what_falls_takes_with_it_what_stands_on_it(registrar: Desk, run: Run) -> None:
    run("learner", "revoke", "s-1", "strict/a@2026-04-01", "--on", "2026-05-01")
    told = run("learner", "revoke", "s-1", "strict/b@2026-04-02", "--on", "2026-05-02").stdout
    assert "✗ `strict/low@2026-04-01` falls" in told
    assert "✗ `strict/middle@2026-04-01` falls" in told
    assert "✓ `strict/high@2026-04-03` is kept" in told
    caught_up(registrar.ledger)
    report = audited(registrar)
    assert sorted(codes(report)) == ["CA303", "CA304", "CA304", "CA305"]
    assert report.clean


def test_an_award_can_be_revoked_and_reinstated(registrar: Desk, run: Run) -> None:
    told = run("award", "revoke", "s-1", "essentials", "--reason", "an error").stdout
    assert f"✗ `{ESSENTIALS}` falls" in told
    assert f"`{CERTIFICATE}` goes to review" in told
    assert registrar.known().award("essentials").revoked == registrar.today
    assert "returns" in run("award", "reinstate", "s-1", "essentials").stdout
    assert registrar.known().award("essentials").revoked is None
    run("award", "review", "s-1", "certificate", "--keep")
    caught_up(registrar.ledger)
    assert audited(registrar).clean


def test_a_review_is_decided_one_way_or_the_other(registrar: Desk, run: Run) -> None:
    run("learner", "revoke", "s-1", "sheets-1@2026-02-01")
    assert "give --keep or --revoke" in run("award", "review", "s-1", "essentials", code=2).output
    run("award", "review", "s-1", "essentials", "--keep", "--reason", "confirmed")
    assert registrar.status("essentials") == "held"
    again = run("award", "review", "s-1", "essentials", "--keep", code=3)
    assert "is not under review" in again.output


def test_a_renewal_that_has_come_due_by_time_is_made(registrar: Desk, run: Run) -> None:
    registrar.publish(AID)
    registrar.enrol("aid", on="2025-01-01")
    registrar.complete("aid/course", "2025-09-01")
    told = run("award", "renew", "s-1", "first-aid", "--on", "2026-06-30", code=1).stdout
    assert "its renewal needs evidence that is later than 2025-09-01" in told
    assert "opens on 2026-06-01, closes with 2026-09-01" in told
    registrar.today = date(2026, 5, 1)
    registrar.complete("aid/refresher", "2026-04-01")
    found = read(run, "award", "renew", "s-1", "first-aid", "--on", "2026-06-30", "--dry-run")
    assert (found["renewed"], found["on"], found["expires"]) == (True, "2026-06-01", "2027-09-01")
    assert (
        "in the future" in run("award", "renew", "s-1", "aid", "--on", "2030-01-01", code=2).output
    )
    assert registrar.known().award("first-aid").renewals == ()
    assert "renewed, 2026-06-01" in run("award", "renew", "s-1", "first-aid").stdout
    caught_up(registrar.ledger)
    assert audited(registrar).findings == ()


def test_an_erased_learner_is_nameless_and_the_ledger_still_verifies(
    registrar: Desk, run: Run
) -> None:
    id_ = registrar.learners["s-1"]
    assert id_ in run("learner", "erase", "s-1").stdout
    run("learner", "show", "s-1", code=3)
    listed = run("learner", "list").stdout
    assert id_ in listed
    assert "s-1" not in listed
    assert run("audit", "run").stdout.endswith("clean\n")
