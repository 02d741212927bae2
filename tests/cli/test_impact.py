"""What a draft would do to everybody, measured before it is published."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.cli.conftest import ROOT, Run
from tests.ledgers import LADDER, TODAY, desk

#: The draft asks for one sheet only, and for both further modules.
DRAFT = LADDER.replace("{all: [sheets-1, sheets-2]}", "sheets-1").replace(
    "further, credits: 5", "further, credits: 10"
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger of four learners, each further than the one before, and a draft."""
    monkeypatch.setenv("CAIRN_TODAY", TODAY.isoformat())
    monkeypatch.delenv("CAIRN_COLUMNS", raising=False)
    (tmp_path / "draft.yaml").write_text(dedent(DRAFT))
    with desk(tmp_path) as registrar:
        registrar.publish(LADDER)
        for who in ("s-0", "s-1", "s-2", "s-3"):
            registrar.enrol(who=who, on="01-01")
        for who in ("s-1", "s-2", "s-3"):
            registrar.complete("sheets-1", "04-02", who=who)
        for who in ("s-2", "s-3"):
            registrar.complete("sheets-2", "04-12", who=who)
        registrar.complete("charts", "05-02", who="s-3")
    return tmp_path / "cairn.db"


@pytest.fixture
def read(run: Run, path: Path) -> Callable[..., Any]:
    def read_(*words: str) -> Any:
        found = run("pathway", "impact", "draft.yaml", *words, "--json", "--db", path)
        return json.loads(found.stdout)

    return read_


def _turns(told: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    names = ("gains", "closer", "unchanged", "further", "loses", "keep")
    return {each["credential"]: tuple(each[name] for name in names) for each in told["credentials"]}


def test_who_gains_and_who_loses_is_counted_by_credential(read: Callable[..., Any]) -> None:
    told = read()
    assert told["learners"] == 4
    # s-1 has the one sheet that is enough now; s-3 has one further module of two, and an award.
    assert _turns(told) == {"essentials": (1, 0, 3, 0, 0, 0), "certificate": (0, 1, 2, 0, 1, 1)}


def test_each_change_names_the_credentials_that_it_moves(read: Callable[..., Any]) -> None:
    changes = {change["place"]: change for change in read()["changes"]}
    assert any("essentials" in place for place in changes)
    assert all(change["version"] == "1" for change in changes.values())
    assert any(change["gains"] == 1 for change in changes.values())


def test_each_policy_says_what_it_would_mean(read: Callable[..., Any]) -> None:
    (cohort,) = read()["cohorts"]
    assert (cohort["learners"], cohort["better"], cohort["worse"]) == (4, 1, 0)
    assert cohort["policies"] == {
        "keep": {"move": 0, "gain": 0, "lose": 0},
        "move": {"move": 4, "gain": 1, "lose": 0},
        "choose": {"move": 1, "gain": 1, "lose": 0},
    }


def test_examples_are_anonymous_unless_names_are_asked_for(read: Callable[..., Any]) -> None:
    def learners(told: dict[str, Any]) -> set[str | None]:
        return {e["learner"] for each in told["credentials"] for e in each["examples"]}

    assert learners(read()) == {None}
    assert None not in learners(read("--names"))


def test_nothing_changes_for_those_on_what_is_published(read: Callable[..., Any]) -> None:
    Path("draft.yaml").write_text(dedent(LADDER))
    assert _turns(read()) == {"essentials": (0, 0, 4, 0, 0, 0), "certificate": (0, 0, 4, 0, 0, 0)}


def test_a_new_credential_is_gained_and_one_that_is_gone_is_lost(read: Callable[..., Any]) -> None:
    Path("draft.yaml").write_text(
        dedent(LADDER).replace("certificate:", "diploma:").replace("Certificate", "Diploma")
    )
    assert _turns(read()) == {
        "essentials": (0, 0, 4, 0, 0, 0),
        "diploma": (1, 1, 2, 0, 0, 0),
        "certificate": (0, 0, 2, 1, 1, 1),
    }


def test_text_csv_and_a_page_tell_the_same(run: Run, path: Path) -> None:
    words = ("pathway", "impact", "draft.yaml", "--db", path)
    text = run(*words, "--html", "impact.html", "--policy", "choose").stdout
    assert "let them choose: 1 move, 1 gain a credential, 0 lose one" in text
    assert "move all" not in text
    page = Path("impact.html").read_text()
    assert "<svg" in page
    assert "http" not in page
    rows = list(csv.DictReader(io.StringIO(run(*words, "--csv").stdout)))
    assert [(row["credential"], row["gains"]) for row in rows] == [
        ("essentials", "1"),
        ("certificate", "0"),
    ]


def test_a_pathway_or_a_policy_that_is_unknown_is_refused(run: Run, path: Path) -> None:
    words = ("pathway", "impact", "draft.yaml", "--db", path)
    assert "`nowhere`" in run(*words, "--against", "nowhere", code=None).stderr
    assert run(*words, "--against", "ladder@9", code=None).exit_code != 0
    assert "`drop`" in run(*words, "--policy", "drop", code=2).stderr
    assert "`9`" in run(*words, "--policy", "9=keep", code=2).stderr


def test_a_saved_draft_is_measured_again(path: Path, tmp_path: Path) -> None:
    draft, told = tmp_path / "draft.yaml", tmp_path / "told.csv"
    command = [sys.executable, "-m", "cli", "pathway", "impact", str(draft), "--watch", "--csv"]
    with (
        told.open("w") as out,
        subprocess.Popen(
            [*command, "--db", str(path)],
            cwd=ROOT,
            env={**os.environ, "CAIRN_TODAY": TODAY.isoformat(), "PYTHONUNBUFFERED": "1"},
            stdout=out,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            assert _comes(lambda: "essentials,2,3,1," in told.read_text())

            def saved() -> bool:
                # Until the folder is watched a save goes unnoticed.
                draft.write_text(dedent(LADDER) + f"# {time.monotonic()}\n")
                return "essentials,2,2,0," in told.read_text()

            assert _comes(saved)
        finally:
            process.terminate()


def _comes(wanted: Callable[[], bool]) -> bool:
    for _ in range(300):
        if wanted():
            return True
        time.sleep(0.1)
    return False
