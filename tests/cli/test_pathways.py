"""What a designer does with pathway files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import Result

from tests.cli.conftest import EXAMPLES

Run = Callable[..., Result]
Read = Callable[..., Any]

OFFICE = EXAMPLES / "office-skills.pathway.yaml"
SHIPPED = sorted(EXAMPLES.glob("*.pathway.yaml"))

MISTAKES = """\
pathway: Ten Mistakes
version: 2
modules:
  a: {title: A, credits: five}
  b: {title: B, levl: 3}
credentials:
  c:
    title: C
    requirs: {all: [a, b]}
  d:
    requires: {all: [a, zz]}
  e:
    requires: {all: [], any: [a]}
  f: {requires: {credits: 50, from: any}, valid_for: 3 yeers}
examples:
  - name: x
    on: 2026-02-30
    completed: [a]
    expect: {awarded: [c]}
"""


def test_ten_mistakes_give_their_messages_at_their_lines(run: Run) -> None:
    Path("ten.yaml").write_text(MISTAKES)
    said = run("pathway", "check", "ten.yaml", code=1).stdout
    places = [line.split(": ")[0] for line in said.splitlines() if line.startswith("ten.yaml:")]
    assert len(places) == 10
    assert [int(place.split(":")[1]) for place in places] == [1, 2, 4, 5, 9, 11, 13, 13, 14, 17]
    assert "did you mean `level`?" in said
    assert "did you mean `requires`?" in said


def test_the_same_mistakes_as_data(run: Run, read: Read) -> None:
    Path("ten.yaml").write_text(MISTAKES)
    (report,) = read("pathway", "check", "ten.yaml", code=1)
    assert (report["ok"], len(report["problems"])) == (False, 10)
    assert all(problem["line"] and problem["message"] for problem in report["problems"])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name.split(".")[0])
def test_every_file_that_is_shipped_checks_and_tests_clean(run: Run, path: Path) -> None:
    run("pathway", "check", path)
    last = run("pathway", "test", path).stdout.splitlines()[-1]
    assert last.endswith(" passed, 0 failed")


def test_a_new_file_checks_tests_and_lints_clean_as_it_stands(run: Run, read: Read) -> None:
    run("pathway", "new", "office-skills", "--title", "Office: skills & more")
    (report,) = read("pathway", "check", "office-skills.pathway.yaml", "--strict")
    assert (report["ok"], report["findings"]) == (True, [])
    said = run("pathway", "test", "office-skills.pathway.yaml", "--coverage").stdout
    assert said.splitlines()[-1] == "5 passed, 0 failed"
    assert "meet, miss and decide every rule" in said


def test_a_new_file_does_not_overwrite_an_old_one(run: Run) -> None:
    Path("art.pathway.yaml").write_text("precious")
    result = run("pathway", "new", "art", code=2)
    assert "is there already" in result.stderr
    assert Path("art.pathway.yaml").read_text() == "precious"


def test_a_new_file_can_be_printed(run: Run) -> None:
    assert run("pathway", "new", "art", "-o", "-").stdout.startswith("# A pathway")
    assert not list(Path().iterdir())


def test_strict_lets_a_warning_fail_the_check(run: Run) -> None:
    warned = EXAMPLES / "it-cncf-kubestronaut.pathway.yaml"
    assert "warning CN102" in run("pathway", "check", warned).stdout
    run("pathway", "check", warned, "--strict", code=1)


def test_a_code_is_explained(run: Run) -> None:
    assert "## Why" in run("pathway", "check", "--explain", "cn301").stdout
    assert "CN999" in run("pathway", "check", "--explain", "CN999", code=2).stderr


def test_a_failing_example_says_what_came_out_and_what_is_missing(run: Run) -> None:
    text = OFFICE.read_text().replace("score: 81}", "score: 41}")
    Path("failing.yaml").write_text(text)
    said = run("pathway", "test", "failing.yaml", code=1).stdout
    assert "two spreadsheet modules make the first micro-credential" in said
    assert "`spreadsheet-essentials` should be held, and is in progress (missing:" in said
    assert said.splitlines()[-1] == "22 passed, 1 failed"


def test_examples_are_chosen_by_name(run: Run) -> None:
    said = run("pathway", "test", OFFICE, "-k", "DISTINCTION", "-v").stdout
    assert said.splitlines()[-1] == "1 passed, 0 failed"
    assert "✓ an average of 80 over five is a distinction" in said


def test_a_change_that_no_example_notices_is_told(run: Run) -> None:
    run("pathway", "new", "art")
    said = run("pathway", "test", "art.pathway.yaml", "--mutate").stdout
    assert "no example notices these changes" in said
    assert "noticed by an example" in said


def test_a_pathway_is_read_as_a_tree_of_rules(run: Run) -> None:
    said = run("pathway", "show", OFFICE, "--how").stdout
    assert "Two more micro-credentials: at least 2 of these" in said
    assert "10 credits from `elective`, at least 5 of them at level 4 or above" in said
    assert "[search]" in said


def test_a_published_pathway_is_read_by_its_id(run: Run, read: Read) -> None:
    run("pathway", "publish", OFFICE)
    assert read("pathway", "show", "office-skills@2026.1") == read("pathway", "show", OFFICE)
    run("pathway", "show", "office-skills@9", code=3)


@pytest.mark.parametrize("name", ["office.mmd", "office.dot", "office.svg"])
def test_a_pathway_is_drawn_in_the_format_that_the_name_says(run: Run, name: str) -> None:
    run("pathway", "graph", OFFICE, "-o", name)
    drawn = Path(name).read_text()
    assert {"mmd": "flowchart", "dot": "digraph", "svg": "<svg"}[name[-3:]] in drawn
    if name.endswith("svg"):
        ElementTree.fromstring(drawn)


def test_progress_is_coloured_in(run: Run) -> None:
    Path("moana.yaml").write_text("completed: [spreadsheets-1, spreadsheets-2]\n")
    assert "classDef done" in run("pathway", "graph", OFFICE, "--record", "moana.yaml").stdout


def test_an_evaluation_has_the_shape_that_is_promised(run: Run, read: Read) -> None:
    Path("moana.yaml").write_text(
        "completed: [{module: spreadsheets-1, on: 2025-11-02}, "
        "{module: spreadsheets-2, on: 2026-03-01}]\n"
    )
    words = ("pathway", "evaluate", OFFICE, "--record", "moana.yaml", "--on", "2026-06-30")
    answer = read(*words)
    assert list(answer) == ["pathway", "version", "digest", "on", "credentials"]
    assert answer["credentials"]["spreadsheet-essentials"] == {
        "status": "held",
        "awarded_on": "2026-03-01",
        "expires_on": None,
        "class": None,
        "outcome": "met",
        "progress": 1.0,
        "rule": {
            "path": "requires",
            "id": None,
            "operator": "every",
            "outcome": "met",
            "progress": 1.0,
            "evidence": ["spreadsheets-1@2025-11-02", "spreadsheets-2@2026-03-01"],
            "missing": None,
            "parts": answer["credentials"]["spreadsheet-essentials"]["rule"]["parts"],
        },
    }
    assert "✓ Spreadsheet Essentials (`spreadsheet-essentials`)" in run(*words).stdout


def test_an_evaluation_ends_well_whatever_its_verdicts(run: Run) -> None:
    Path("nothing.yaml").write_text("completed: []\n")
    run("pathway", "evaluate", OFFICE, "--record", "nothing.yaml")


def test_what_stands_in_the_way_leaves_out_what_is_met(run: Run) -> None:
    Path("moana.yaml").write_text("completed: [data-cleaning]\n")
    words = ("pathway", "explain", OFFICE, "--record", "moana.yaml", "careful-data")
    assert "data-cleaning@" in run(*words).stdout
    blocking = run(*words, "--blocking").stdout
    assert "Handling personal data" in blocking
    assert "Cleaning data" not in blocking
    assert "did you mean `careful-data`?" in run(*words[:-1], "carefuldata", code=2).stderr


def test_a_change_is_told_with_what_it_does(run: Run, read: Read) -> None:
    Path("new.yaml").write_text(OFFICE.read_text().replace("at_least: 2\n", "at_least: 3\n"))
    (change,) = read("pathway", "diff", OFFICE, "new.yaml")
    assert change["effect"] == "tightens"
    assert "1 change: 1 tightens" in run("pathway", "diff", OFFICE, "new.yaml").stdout
    assert "nothing changed" in run("pathway", "diff", OFFICE, OFFICE).stdout


@pytest.mark.parametrize("words", [(), ("--record",)])
def test_the_schema_is_json(run: Run, words: tuple[str, ...]) -> None:
    schema = json.loads(run("pathway", "schema", *words).stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "properties" in schema


def test_publishing_the_same_again_does_nothing_and_another_file_is_refused(run: Run) -> None:
    run("pathway", "publish", OFFICE)
    assert "nothing changed" in run("pathway", "publish", OFFICE).stdout
    Path("other.yaml").write_text(OFFICE.read_text().replace("at_least: 2\n", "at_least: 3\n"))
    run("pathway", "publish", "other.yaml", code=3)
