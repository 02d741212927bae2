"""What an administrator does with a ledger: learners, completions, awards, decisions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.cli.conftest import EXAMPLES

Run = Callable[..., Result]
Read = Callable[..., Any]

CERTIFICATE = "office-skills/office-data-certificate"


def test_one_completion_completes_a_micro_credential_and_that_the_certificate(office: Run) -> None:
    said = office("learner", "record", "moana", "pivot-tables", "--score", "84").stdout
    assert "awarded Data Reporting (`data-reporting`), 2026-03-12" in said
    assert "awarded Certificate in Office Data Skills (`office-data-certificate`)" in said
    assert said.index("data-reporting") < said.index("office-data-certificate")


def test_recording_again_changes_nothing_and_says_so(office: Run, read: Read) -> None:
    office("learner", "record", "moana", "pivot-tables")
    before = read("learner", "history", "moana")
    again = read("learner", "record", "moana", "pivot-tables")
    assert (again["changed"], again["events"]) == (False, [])
    assert "nothing changed" in office("learner", "record", "moana", "pivot-tables").stdout
    assert read("learner", "history", "moana") == before


@pytest.mark.parametrize("word", ["moana", "MOANA@example.org"])
def test_a_learner_is_known_by_reference_and_by_address(office: Run, read: Read, word: str) -> None:
    shown = read("learner", "show", word)
    assert (shown["learner"], shown["name"]) == ("moana", "Moana Reid")
    assert read("learner", "show", shown["id"]) == shown


def test_a_dry_run_tells_the_same_and_records_nothing(office: Run, read: Read) -> None:
    before = read("learner", "history", "moana")
    imagined = read("learner", "record", "moana", "pivot-tables", "--dry-run")
    assert read("learner", "history", "moana") == before
    real = read("learner", "record", "moana", "pivot-tables")
    assert [event["event"] for event in imagined["events"]] == [
        event["event"] for event in real["events"]
    ]
    assert (imagined["dry_run"], real["dry_run"]) == (True, False)


def test_what_is_missing_is_said_in_plain_words(office: Run) -> None:
    said = office("learner", "show", "moana").stdout
    assert "5 of 10 credits; 5 more from `communication`" in said
    assert "15 more from `elective` at level 5 or above" in said
    tree = office("learner", "show", "moana", "--tree").stdout
    assert "✗ Pivot tables (`pivot-tables`)" in tree


def test_a_module_in_progress_shows_as_pending(office: Run, read: Read) -> None:
    office("learner", "start", "moana", "pivot-tables")
    (enrolment,) = read("learner", "show", "moana")["enrolments"]
    assert enrolment["credentials"]["data-reporting"]["outcome"] == "pending"


def test_a_waiver_counts_from_its_day_and_can_be_withdrawn(office: Run, read: Read) -> None:
    office("learner", "waive", "moana", "office-skills", "two-more", "--reason", "trade test")
    (enrolment,) = read("learner", "show", "moana")["enrolments"]
    assert enrolment["credentials"]["office-data-certificate"]["status"] == "held"
    assert "waived" in office("award", "show", "moana", "office-data-certificate").stdout
    said = office("learner", "unwaive", "moana", "office-skills", "waiver:two-more").stdout
    assert "awaits review" in said
    assert "awaits review" in office("award", "list", "--review").stdout


def test_a_substitution_lets_another_module_serve(office: Run, read: Read) -> None:
    office("learner", "substitute", "moana", "work/reporting", "pivot-tables")
    done = read("learner", "record", "moana", "work/reporting")
    assert CERTIFICATE in [event.get("credential") for event in done["events"]]


def test_a_correction_keeps_what_it_does_not_name(office: Run, read: Read) -> None:
    office("learner", "correct", "moana", "course:e41073", "--score", "95")
    shown = read("learner", "show", "moana")["completions"]
    (charts,) = (one for one in shown if one["module"] == "office-skills/charts")
    assert (charts["score"], charts["on"]) == (95.0, "2025-05-15")


def test_withdrawing_stops_awards_and_enrolling_again_makes_them(office: Run, read: Read) -> None:
    office("learner", "withdraw", "moana", "office-skills")
    done = read("learner", "record", "moana", "pivot-tables")
    assert [event["event"] for event in done["events"]] == ["learner.module-completed"]
    assert "follows no pathway" in office("learner", "show", "moana").stdout
    again = read("learner", "enrol", "moana", "office-skills")
    assert CERTIFICATE in [event.get("credential") for event in again["events"]]


def test_a_move_is_previewed_credential_by_credential(office: Run, read: Read) -> None:
    text = (EXAMPLES / "office-skills.pathway.yaml").read_text()
    Path("next.pathway.yaml").write_text(
        text.replace('version: "2026.1"', 'version: "2027.1"').replace(
            "at_least: 2\n", "at_least: 1\n"
        )
    )
    office("pathway", "publish", "next.pathway.yaml")
    before = read("learner", "history", "moana")
    preview = office("learner", "move", "moana", "office-skills@2027.1", "--dry-run").stdout
    assert "Certificate in Office Data Skills" in preview
    assert "✓ held" in preview
    assert read("learner", "history", "moana") == before
    moved = read("learner", "move", "moana", "office-skills@2027.1")
    assert CERTIFICATE in [event.get("credential") for event in moved["events"]]
    assert "nothing about how any" in office("learner", "move", "moana", "office-skills").stdout


def test_an_award_is_shown_with_its_proof_down_to_the_completions(office: Run) -> None:
    office("learner", "record", "moana", "pivot-tables", "--score", "84")
    said = office("award", "show", "moana", "office-data-certificate").stdout
    assert "presenting-data (2025-10-02, score 90)" in said
    assert "spreadsheets-1 (2025-02-03, rpl)" in said
    assert "the kernel has checked the proof: it holds" in said


def test_awards_are_listed_as_they_stand_on_a_day(office: Run, read: Read) -> None:
    awards = read("award", "list", "--credential", "careful-data", "--on", "2028-08-21")
    assert [award["status"] for award in awards] == ["held"]
    awards = read("award", "list", "--credential", "careful-data", "--on", "2028-08-22")
    assert [award["status"] for award in awards] == ["expired"]
    assert read("award", "list", "--on", "2025-03-19") == []
    assert len(read("award", "list", "--learner", "moana", "--limit", "1")) == 1


def test_an_award_that_needs_approval_waits_for_it(office: Run, read: Read) -> None:
    office("pathway", "publish", EXAMPLES / "hk-hkuspace-stackable-micro.pathway.yaml")
    office("learner", "enrol", "moana", "hk-hkuspace-stackable-micro", "--on", "2026-01-01")
    for number in range(1, 6):
        said = office("learner", "record", "moana", f"pp5-{number}", "--on", "2026-02-01").stdout
    assert "pp-certificate` awaits approval" in said
    (row,) = read("award", "list", "--awaiting")
    assert (row["learner"], row["status"]) == ("moana", "awaiting approval")
    said = office("award", "approve", "moana", "pp-certificate", "--by", "registrar").stdout
    assert "awarded Certificate in Professional Practice" in said
    assert read("award", "list", "--awaiting") == []


def test_a_credential_from_elsewhere_is_evidence(office: Run, read: Read) -> None:
    office("pathway", "publish", EXAMPLES / "nz-university-entrance.pathway.yaml")
    office("learner", "hold", "moana", "ncea-level-3", "--on", "2026-01-15")
    (award,) = read("award", "list", "--credential", "ncea-level-3")
    assert award["digest"] is None
    office("award", "show", "moana", "ncea-level-3", code=2)


def test_learners_are_found_by_name_and_by_pathway(office: Run, read: Read) -> None:
    office("learner", "register", "s-2", "--name", "Hemi Lee")
    assert [row["learner"] for row in read("learner", "list")] == ["moana", "s-2"]
    assert [row["learner"] for row in read("learner", "list", "--search", "hemi")] == ["s-2"]
    following = read("learner", "list", "--pathway", "office-skills")
    assert [row["learner"] for row in following] == ["moana"]


def test_projections_made_anew_are_the_same(office: Run, read: Read) -> None:
    before = read("award", "list"), read("learner", "list")
    assert read("projections", "rebuild")["events"] > 0
    assert (read("award", "list"), read("learner", "list")) == before
    assert all(state["behind"] == 0 for state in read("projections", "status"))


def test_a_retired_version_takes_nobody_new(office: Run) -> None:
    office("pathway", "retire", "office-skills@2026.1")
    office("learner", "register", "s-2")
    office("learner", "enrol", "s-2", "office-skills", code=3)
    office("learner", "record", "moana", "pivot-tables")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("learner show nobody", "no learner is known as `nobody`"),
        ("learner enrol moana office-skill", "no pathway `office-skill` was published"),
        ("learner record moana pivot-table", "did you mean `pivot-tables`?"),
        ("learner record moana charts --score 101", "100"),
        ("learner waive moana office-skills elective", "did you mean `electives`?"),
        ("award show moana office-data-diploma", "no award `office-data-diploma`"),
        ("award list --credential spreadsheet-essential", "did you mean `spreadsheet-essentials`?"),
        ("learner withdraw moana ncea", "not enrolled in `ncea`"),
    ],
)
def test_a_refusal_says_what_would_do(office: Run, words: str, message: str) -> None:
    result = office(*words.split(), code=3)
    assert message in result.stderr
    assert result.stdout == ""
