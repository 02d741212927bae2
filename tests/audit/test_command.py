"""`cairn audit run`: its forms, and its exit code."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.audit.conftest import Run, alter
from tests.ledgers import Desk


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
