"""Records in files: what they hold, and what is wrong with one, at its place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest

from pathways.document import Document
from pathways.problems import FileError
from pathways.record import load_record, waivable
from pathways.source import load_pathway
from tests.pathways.marked import write

PATHWAY = """\
pathway: p
version: "1"
uses: [shared.yaml]
scale: {A: 4, B: 3}
modules:
  m: {equivalents: [old]}
  n: {}
credentials:
  c: {requires: {id: electives, title: E, credits: 5, from: [s/k]}}
  d: {requires: {rule: both}}
  vendor: {external: true}
rules:
  both: {all: [m, {id: inner, module: n}]}
"""

SHARED = """\
catalogue: s
modules: {k: {credits: 5}}
rules: {practice: {hours: 0.5, from: {ids: [h]}}}
"""


@pytest.fixture
def document(tmp_path: Path) -> Document:
    write(tmp_path / "shared.yaml", SHARED.replace("{k:", "{h: {hours: 1}, k:"))
    path, _ = write(tmp_path / "p.yaml", PATHWAY)
    return load_pathway(path).document


def test_a_record_holds_what_is_known_of_a_learner(document: Document, tmp_path: Path) -> None:
    text = """\
    learner: s-1042
    enrolled: 2025-09-01
    completed: [m, {module: p/n, on: 2026-02-01, score: 78.5, grade: A, id: lms-991}, old, s/k]
    in_progress: [n]
    holds: [{credential: vendor, on: 2025-11-30, expires: never, used: [lms-17]}]
    approved: [p/c]
    waived:
      - {rule: electives, amount: 5, on: 2026-01-15, by: registrar}
      - {rule: both}
      - {rule: inner}
      - {rule: s/practice, amount: 0.5}
    substituted: [{module: elsewhere, counts_as: m}]
    """
    path, _ = write(tmp_path / "r.yaml", text)
    record = load_record(path, document)
    assert record.enrolled == date(2025, 9, 1)
    assert [done.module for done in record.completed] == ["m", "n", "old", "s/k"]
    assert record.completed[1].score == Decimal("78.5")
    assert record.approved == ("c",)


def test_a_record_may_be_json_with_nulls(document: Document, tmp_path: Path) -> None:
    text = '{"learner": "x", "completed": [{"module": "m", "on": "2026-02-01", "score": null}]}'
    path, _ = write(tmp_path / "r.json", text)
    (done,) = load_record(path, document).completed
    assert (done.on, done.score) == (date(2026, 2, 1), None)


def test_without_a_pathway_only_the_shape_is_checked(tmp_path: Path) -> None:
    path, _ = write(tmp_path / "r.yaml", "completed: [whatever]\n")
    assert load_record(path).completed[0].module == "whatever"


def test_a_module_of_nowhere_may_count_as_another(document: Document, tmp_path: Path) -> None:
    text = """\
    completed: [{module: elsewhere, on: 2026-01-01}]
    substituted: [{module: elsewhere, counts_as: m}]
    """
    path, _ = write(tmp_path / "r.yaml", text)
    assert load_record(path, document).completed[0].module == "elsewhere"


MISTAKES = {
    "an unknown key": ("▸complete: [m]", "did you mean `completed`?"),
    "an unknown module": ("completed: [▸mm]", "unknown module `mm`", "did you mean `m`?"),
    "an unknown module begun": ("in_progress: [{module: ▸mm}]", "unknown module `mm`"),
    "a credential that is completed": ("completed: [▸vendor]", "`vendor` is a credential"),
    "an unknown credential": (
        "holds: [{credential: ▸vendr, on: 2026-01-01}]",
        "did you mean `vendor`?",
    ),
    "an award without a date": ("holds: [▸{credential: vendor}]", "an award needs `on`"),
    "an unknown approval": ("approved: [▸x]", "unknown credential `x`"),
    "an unknown rule": ("waived: [{rule: ▸elective}]", "did you mean `electives`?"),
    "an amount of a rule without one": (
        "waived: [{rule: both, amount: ▸5}]",
        "can not be waived of `both`",
    ),
    "no amount": ("waived: [{rule: electives, amount: ▸0}]", "waives nothing"),
    "an unknown grade": ("completed: [{module: m, grade: ▸C}]", "unknown grade `C`", "`A`, `B`"),
    "a score above the highest": ("completed: [{module: m, score: ▸101}]", "up to 100"),
    "a negative score": ("completed: [{module: m, score: ▸-1}]", "can not be negative"),
    "a completion twice": (
        "completed: [{module: m, on: 2026-01-01}, ▸{module: m, on: 2026-01-01}]",
        "two entries are called `m@2026-01-01`",
        "give this one an `id`",
    ),
    "a completion twice on the day of the evaluation": ("completed: [m, ▸m]", "two entries"),
    "an id twice": (
        "completed: [{module: m, id: x}, ▸{module: n, id: x}]",
        "two entries are called `x`",
    ),
    "a waiver twice": ("waived: [{rule: both}, ▸{rule: both}]", "`waiver:both`"),
    "a substitution for an unknown module": (
        "substituted: [{module: m, counts_as: ▸mm}]",
        "unknown module `mm`",
    ),
    "a substitution for itself": (
        "substituted: [{module: m, counts_as: ▸p/m}]",
        "`m` counts as itself",
    ),
    "several": (
        "completed: [▸mm, {module: m, score: ▸high}]\nwaived: [{rule: ▸nothing}]",
        "`mm`",
        "a number is due",
        "`nothing`",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_a_record(case: str, document: Document, tmp_path: Path) -> None:
    text, *words = MISTAKES[case]
    path, places = write(tmp_path / "r.yaml", dedent(text))
    with pytest.raises(FileError) as caught:
        load_record(path, document)
    problems = caught.value.problems
    assert [(problem.line, problem.column) for problem in problems] == places, caught.value
    assert all(problem.help for problem in problems), caught.value
    for word in words:
        assert word in str(caught.value)


def test_rules_are_waived_by_their_names(document: Document) -> None:
    assert set(waivable(document)) == {"electives", "both", "inner", "s/practice"}
