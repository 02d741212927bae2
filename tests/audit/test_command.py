"""`cairn audit run`: its forms, and its exit code."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.audit.conftest import Run, alter
from tests.ledgers import LADDER, Desk


@pytest.fixture
def spoilt(registrar: Desk, path: Path) -> None:
    alter(path, "UPDATE awards SET credential = '<b>' WHERE credential = 'ladder/essentials'")


def test_a_clean_ledger_ends_with_exit_code_0(run: Run) -> None:
    lines = run("audit", "run").stdout.splitlines()
    assert lines[-1] == "clean"
    assert "4 proofs judged" in lines[-2]


@pytest.mark.usefixtures("spoilt")
def test_a_finding_is_told_with_what_to_do_and_exit_code_1(run: Run) -> None:
    told = run("audit", "run", code=1).stdout
    assert "CA402 (fault): a row of a projection is not what the events say" in told
    assert "s-1: `awards`: row" in told
    assert "what to do: make it anew with `cairn projections rebuild`" in told
    assert told.splitlines()[-1] == "2 faults"


@pytest.mark.usefixtures("spoilt")
def test_the_report_is_data_too(run: Run) -> None:
    found: dict[str, Any] = json.loads(run("audit", "run", "--json", code=1).stdout)
    assert found["clean"] is False
    assert found["counts"]["learners"] == 2
    assert [one["code"] for one in found["findings"]] == ["CA402", "CA402"]
    assert {one["learner"] for one in found["findings"]} == {"s-1", "s-2"}
    rows = list(csv.DictReader(io.StringIO(run("audit", "run", "--format", "csv", code=1).stdout)))
    assert [row["code"] for row in rows] == ["CA402", "CA402"]


@pytest.mark.usefixtures("spoilt")
def test_the_page_needs_nothing_else_and_takes_no_text_for_markup(run: Run, path: Path) -> None:
    page = path.parent / "audit.html"
    run("audit", "run", "--format", "html", "--output", page, code=1)
    text = page.read_text(encoding="utf-8")
    assert "`&lt;b&gt;`" in text
    assert "<b>" not in text
    assert "src=" not in text
    assert "href=" not in text


def test_one_learner_can_be_named_as_people_do(run: Run) -> None:
    assert "1 learner," in run("audit", "run", "--learner", "s-1").stdout
    assert "2 proofs" in run("audit", "run", "--credential", "essentials").stdout


def test_an_award_is_proved_by_the_version_that_it_was_made_by(run: Run, path: Path) -> None:
    """Version 1 is retired, and by versions 2 and 3 the same record earns nothing."""
    folder = path.parent
    for version, rule in (("2", "{all: [sheets-1, sheets-2, macros]}"), ("3", "macros")):
        text = dedent(LADDER).replace('version: "1"', f'version: "{version}"')
        file = folder / f"ladder-{version}.pathway.yaml"
        file.write_text(text.replace("{all: [sheets-1, sheets-2]}", rule), encoding="utf-8")
        run("pathway", "publish", file)
    run("pathway", "retire", "ladder@1")
    run("learner", "move", "s-2", "ladder@3")
    run("learner", "register", "s-3")
    run("learner", "enrol", "s-3", "ladder@3")
    run("learner", "record", "s-3", "macros", "--on", "2026-06-01")
    for version, who in (("1", "s-1"), ("1", "s-2"), ("3", "s-3")):
        found = json.loads(run("audit", "explain", who, "essentials", "--json").stdout)
        assert (found["version"], found["proved"]) == (version, True)
        assert "it holds" in run("award", "show", who, "essentials").stdout
    assert "sheets-1" in run("audit", "explain", "s-2", "essentials").stdout
    # What s-1 goes on to do counts by the version that they are on, retired or not.
    run("learner", "record", "s-1", "macros", "--on", "2026-06-02")
    lines = run("audit", "run").stdout.splitlines()
    assert lines[-1] == "clean"
    assert "3 learners, 6 proofs judged" in lines[-2]
    assert "the same" in run("replay").stdout
