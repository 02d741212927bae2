"""Questions about what might be: plan, nearest, whatif, forecast and options, without a trace."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.commands import (
    EnrolLearner,
    LearnerCommand,
    PublishPathway,
    RecordCompletion,
    RevokeCompletion,
    WaiveRequirement,
)
from domain.imagined import imagined
from domain.ledger import Ledger, open_ledger
from pathways.source import load_pathway
from tests.cli.conftest import EXAMPLES, Run

OFFICE = EXAMPLES / "office-skills.pathway.yaml"
FILES = ("--pathway", OFFICE, "--on", "2026-06-30")
AT = datetime(2026, 3, 12, 9, tzinfo=UTC)
START = date(2026, 1, 5)
ON = date(2026, 3, 12)

Read = Callable[..., Any]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A ledger with one learner, who has done a little."""
    path = tmp_path / "cairn.db"
    with open_ledger(str(path)) as ledger:
        begin(ledger)
    return path


def begin(ledger: Ledger) -> str:
    document = load_pathway(OFFICE).document
    ledger.record(PublishPathway(on=START, document=document), on=ON, at=AT)
    who = ledger.register("s-1", on=START, at=AT).stream
    ledger.record(EnrolLearner(learner=who, pathway="office-skills", on=START), on=ON, at=AT)
    for module in ("spreadsheets-1", "data-cleaning", "data-privacy"):
        ledger.record(RecordCompletion(learner=who, module=module, on=START), on=ON, at=AT)
    return who


# --- plan ----------------------------------------------------------------------------------------


def test_a_plan_without_a_ledger(read: Read) -> None:
    found = read("plan", *FILES, "--to", "spreadsheet-essentials")
    assert found["cost"] == 2
    assert [step["module"] for step in found["modules"]] == ["spreadsheets-1", "spreadsheets-2"]
    assert found["awards"] == [{"credential": "spreadsheet-essentials", "on": "2026-06-30"}]
    assert found["conflict"] is None


def test_a_plan_for_a_learner_starts_from_what_is_recorded(database: Path, read: Read) -> None:
    found = read("plan", "s-1", "--to", "spreadsheet-essentials", "--db", database)
    assert [step["module"] for step in found["modules"]] == ["spreadsheets-2"]


def test_where_there_is_no_way_the_exit_code_is_one_and_the_reason_is_told(run: Run) -> None:
    result = run("plan", *FILES, "--to", "office-automation", "--avoid", "macros", code=1)
    assert "`macros` is avoided, but every way to `office-automation` needs it" in result.output


def test_a_person_reads_the_order_the_awards_and_the_proof(run: Run) -> None:
    result = run("plan", *FILES, "--to", "data-reporting", "--pace", "10 hours/week")
    assert "nothing cheaper is possible" in result.output
    assert result.output.index("Spreadsheets I:") < result.output.index("Pivot tables")
    assert "✓ Data Reporting (`data-reporting`)" in result.output


def test_a_plan_says_which_modules_nobody_has_put_a_price_on(run: Run) -> None:
    result = run("plan", *FILES, "--to", "data-reporting", "--minimise", "price")
    assert "what says no price counts as nothing: `" in result.output


def test_alternatives_come_after_the_cheapest(read: Read) -> None:
    found = read("plan", *FILES, "--to", "clear-communication", "--alternatives", "5")
    assert found["cost"] == 2
    others = [[step["module"] for step in each["modules"]] for each in found["alternatives"]]
    assert len(others) == 2
    assert all(len(each) == 2 for each in others)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--to", "office-data-diplom"), "office-data-diploma"),
        (("--to", "data-reporting", "--avoid", "chart"), "charts"),
        (("--to", "data-reporting", "--pace", "fast"), "is not a pace"),
        (("--to", "data-reporting", "--at-most", "much"), "write it as `600 price`"),
        (("--to", "data-reporting", "--minimise", "time"), "depends on the pace"),
        (("--to", "data-reporting", "--start", "2026-01-01"), "--pace"),
    ],
)
def test_what_can_not_be_planned_for_is_a_mistake(
    run: Run, words: tuple[str, ...], told: str
) -> None:
    assert told in run("plan", *FILES, *words, code=2).output


def test_without_a_learner_or_a_file_it_says_what_is_due(run: Run) -> None:
    assert "name a LEARNER, or files" in run("plan", "--to", "x", code=2).output


# --- nearest, options, forecast ------------------------------------------------------------------


def test_the_nearest_credentials_come_first(database: Path, read: Read) -> None:
    (found,) = read("nearest", "s-1", "--db", database, "--on", "2026-06-30")
    assert found["credentials"][0]["to"] == "spreadsheet-essentials"
    assert [each["cost"] for each in found["credentials"]] == sorted(
        each["cost"] for each in found["credentials"]
    )


def test_options_are_what_can_be_started(database: Path, read: Read) -> None:
    (found,) = read("learner", "options", "s-1", "--db", database)
    modules = {each["module"]: each for each in found["modules"]}
    assert modules["spreadsheets-2"]["earns"] == ["spreadsheet-essentials"]
    assert "pivot-tables" not in modules


def test_the_forecast_names_the_last_day_to_renew(database: Path, read: Read, run: Run) -> None:
    words = ("learner", "forecast", "s-1", "--db", database, "--until", "2030-01-01")
    (found,) = read(*words)
    (lapse,) = found["lapses"]
    assert (lapse["credential"], lapse["last_day"]) == ("careful-data", "2029-01-05")
    assert lapse["renewal"] == {"from": "2028-07-05", "by": "2029-04-05"}
    assert "2029-04-05, from 2028-07-05" in run(*words).output


# --- whatif --------------------------------------------------------------------------------------


def test_a_what_if_shows_what_is_gained_rule_by_rule(database: Path, run: Run) -> None:
    result = run("whatif", "s-1", "--complete", "spreadsheets-2=70", "--db", database)
    assert "+ Spreadsheet Essentials" in result.output
    assert "✗ unmet 50%" in result.output


def test_what_would_go_to_review_is_told_before_and_after_it_does(
    database: Path, read: Read, run: Run
) -> None:
    asked = ("whatif", "s-1", "--without", "data-privacy", "--db", database)
    assert read(*asked)["pathways"][0]["review"] == ["careful-data"]
    assert "? Careful with Data" in run(*asked).output
    run("learner", "revoke", "s-1", "data-privacy@2026-01-05", "--yes", "--db", database)
    assert read("learner", "show", "s-1", "--db", database)["under_review"] == [
        {
            "award": "office-skills/careful-data@2026-01-05",
            "lost": ["office-skills/data-privacy@2026-01-05"],
        }
    ]
    shown = run("learner", "show", "s-1", "--db", database).output
    assert "? `office-skills/careful-data@2026-01-05` lost" in shown


def test_scenarios_stand_side_by_side(database: Path, read: Read, run: Run, tmp_path: Path) -> None:
    fast, slow = tmp_path / "fast.yaml", tmp_path / "slow.yaml"
    fast.write_text("complete: [spreadsheets-2]\n")
    slow.write_text("start: [spreadsheets-2]\n")
    words = ("whatif", "s-1", "--db", database, "--compare", fast, "--compare", slow)
    found = read(*words)
    assert [each["scenario"] for each in found] == ["fast", "slow"]
    assert [each["pathways"][0]["gained"] for each in found] == [["spreadsheet-essentials"], []]
    assert "fast: gains spreadsheet-essentials" in run(*words).output


def test_a_draft_stands_in_for_the_published_rules(
    database: Path, read: Read, tmp_path: Path
) -> None:
    draft = tmp_path / "pathways" / "draft.pathway.yaml"
    draft.parent.mkdir()
    text = OFFICE.read_text(encoding="utf-8").split("\nexamples:")[0]
    draft.write_text(text.replace("{every: {groups: spreadsheets}}", "spreadsheets-1"))
    found = read("whatif", "s-1", "--db", database, "--draft", draft)
    assert found["pathways"][0]["gained"] == ["spreadsheet-essentials"]


def test_enrolling_is_imagined_from_nothing(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "cairn.db"
    with open_ledger(str(path)) as ledger:
        document = load_pathway(OFFICE).document
        ledger.record(PublishPathway(on=START, document=document), on=ON, at=AT)
        ledger.register("s-2", on=START, at=AT)
    found = read(
        "whatif", "s-2", "--db", path, "--enrol", "office-skills",
        "--complete", "spreadsheets-1", "--complete", "spreadsheets-2",
    )  # fmt: skip
    assert found["pathways"][0]["on"] is None
    assert found["pathways"][0]["gained"] == ["spreadsheet-essentials"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "say what would be otherwise"),
        (("--complete", "pivot-tabels"), 3, "pivot-tables"),
        (("--waive", "elective"), 2, "electives"),
        (("--without", "macros"), 2, "no completion of `macros`"),
        (("--complete", "macros=101"), 2, "above 100"),
    ],
)
def test_what_can_not_be_imagined_is_refused(
    database: Path, run: Run, words: tuple[str, ...], code: int, told: str
) -> None:
    assert told in run("whatif", "s-1", "--db", database, *words, code=code).output


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "words",
    [
        ("whatif", "s-1", "--complete", "spreadsheets-2", "--waive", "electives=5"),
        ("whatif", "s-1", "--without", "data-privacy", "--until", "2030-01-01"),
        ("plan", "s-1", "--to", "spreadsheet-essentials"),
        ("nearest", "s-1"),
        ("learner", "forecast", "s-1", "--until", "2030-01-01"),
        ("learner", "options", "s-1"),
    ],
)
def test_asking_leaves_every_byte_of_the_ledger_as_it_was(
    database: Path, run: Run, words: tuple[str, ...]
) -> None:
    before = digest(database)
    run(*words, "--db", database)
    assert digest(database) == before
    with open_ledger(str(database)) as ledger:
        assert len(ledger.history(ledger.directory.find("s-1"))) == 6


# --- the law -------------------------------------------------------------------------------------

MODULES = [
    "spreadsheets-2", "pivot-tables", "charts", "macros", "databases", "business-writing",
    "running-meetings", "presenting-data", "dashboards", "web-forms", "office-project",
]  # fmt: skip


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    completed=st.lists(st.sampled_from(MODULES), unique=True, max_size=9),
    revoke=st.booleans(),
    waive=st.booleans(),
)
def test_a_what_if_is_what_really_recording_it_would_be(
    tmp_path_factory: pytest.TempPathFactory, completed: list[str], revoke: bool, waive: bool
) -> None:
    path = tmp_path_factory.mktemp("scratch") / "cairn.db"
    with open_ledger(str(path)) as ledger:
        who = begin(ledger)
        commands: list[LearnerCommand] = [
            RecordCompletion(learner=who, module=module, on=ON) for module in completed
        ]
        if revoke:
            (lost,) = (
                completion.id
                for completion in ledger.learner(who).completions.values()
                if completion.module == "office-skills/data-privacy"
            )
            commands.append(RevokeCompletion(learner=who, completion=lost, on=ON))
        if waive:
            commands.append(
                WaiveRequirement(learner=who, pathway="office-skills", rule="electives", on=ON)
            )
        told = imagined(ledger, ledger.learner(who), commands, ON)
        for command in commands:
            ledger.record(command, on=ON, at=AT)
        assert told == ledger.learner(who)
