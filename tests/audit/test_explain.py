"""An award is explained down to its events, and told as of any two dates."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from domain.commands import RecordCompletion, RevokeCompletion
from tests.audit.conftest import Run
from tests.ledgers import Desk


def read(run: Run, *words: str) -> Any:
    return json.loads(run(*words, "--json").stdout)


def test_each_rule_has_its_text_and_each_item_its_event(registrar: Desk, run: Run) -> None:
    found = read(run, "audit", "explain", "s-1", "certificate")
    assert (found["award"], found["proved"]) == ("ladder/certificate@2026-03-01", True)
    assert found["rule"]["path"] == "requires"
    essentials, further = found["rule"]["parts"]
    assert further["id"] == "further"
    assert further["text"] == {
        "id": "further",
        "credits": "5",
        "from": {"ids": ["charts", "macros"]},
    }
    (charts,) = further["evidence"]
    history = registrar.history(registrar.learners["s-1"])
    recorded = history[charts["event"] - 1]
    assert getattr(recorded.event, "completion", "") == charts["item"]
    assert charts["recorded_at"] == recorded.at.isoformat()
    assert (charts["by"], charts["source"]) == ("administrator", "course")
    (below,) = essentials["evidence"]
    assert below["award"]["award"] == "ladder/essentials@2026-02-10"
    assert below["award"]["proved"]


def test_the_explanation_can_be_read(run: Run) -> None:
    told = run("audit", "explain", "s-1", "certificate").stdout
    assert "the kernel has checked the proof: it holds" in told
    assert "← completed `ladder/charts`" in told
    assert "recorded 2026-06-30 09:30 UTC by `administrator` from `course`" in told
    assert "[requires.all[1]]" in told
    assert "| from:" in told


def test_an_explanation_tells_what_was_lost_and_decided_since(registrar: Desk, run: Run) -> None:
    registrar.revoke("sheets-1@2026-02-01")
    found = read(run, "audit", "explain", "s-1", "essentials")
    assert [one["topic"] for one in found["afterwards"]] == ["learner.award-flagged"]
    assert "lost since: completion" in run("audit", "explain", "s-1", "essentials").stdout


def test_what_was_known_and_what_was_true_are_two_dates(registrar: Desk, run: Run) -> None:
    learner = registrar.register("s-3")
    registrar.enrol(who="s-3")
    for day, module in ((1, "sheets-1"), (2, "sheets-2")):
        registrar.ledger.record(
            RecordCompletion(learner=learner, module=module, on=date(2026, 3, day)),
            on=date(2026, 7, 10),
            at=datetime(2026, 7, 10, tzinfo=UTC),
        )
    registrar.ledger.record(
        RevokeCompletion(learner=learner, completion="sheets-1@2026-03-01", on=date(2026, 8, 1)),
        on=date(2026, 8, 20),
        at=datetime(2026, 8, 20, tzinfo=UTC),
    )

    def status(*words: str) -> list[str]:
        found = read(run, "audit", "as-of", "s-3", *words)
        return [one["status"] for one in found["awards"]]

    assert status("--known", "2026-07-01") == []
    assert status("--effective", "2026-03-02") == ["held"]
    assert status("--effective", "2026-03-01") == []
    assert status("--known", "2026-07-01", "--effective", "2026-03-02") == []
    before = read(run, "audit", "as-of", "s-3", "--known", "2026-08-10")
    after = read(run, "audit", "as-of", "s-3", "--known", "2026-08-20")
    assert len(before["completions"]) == 2
    assert len(after["completions"]) == 1
    assert after["awards"][0]["under_review"]
    one = read(run, "audit", "as-of", "s-3", "essentials", "--known", "2026-08-10")
    assert [award["under_review"] for award in one["awards"]] == [False]
    assert "nothing was known" in run("audit", "as-of", "s-3", "--known", "2026-01-01").stdout


def test_a_register_is_told_as_of_a_day(run: Run) -> None:
    found = read(run, "audit", "as-of", "--credential", "certificate", "--effective", "2026-03-01")
    assert {one["who"] for one in found["awards"]} == {"s-1", "s-2"}
    early = read(run, "audit", "as-of", "--credential", "certificate", "--effective", "2026-02-28")
    assert early["awards"] == []
    assert "2 awards" in run("audit", "as-of", "--credential", "certificate").stdout
    assert "name a LEARNER" in run("audit", "as-of", code=2).output


def test_what_was_recorded_late_stands_where_its_day_is(registrar: Desk, run: Run) -> None:
    registrar.complete("macros", "01-15")
    found = read(run, "audit", "as-of", "s-1")
    for facts in ("completions", "awards"):
        days = [one["on"] for one in found[facts]]
        assert days == sorted(days)
    assert found["completions"][0]["module"] == "ladder/macros"
