"""The demo does the main job, and what the README shows is what is printed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.conftest import ROOT

Run = Callable[..., Result]

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def demo(run: Run) -> str:
    return run("demo", "--learners", "25").stdout


def test_every_award_of_the_demo_is_proved(demo: str) -> None:
    assert re.search(r"✓ \d+ awards checked: all of them hold", demo)
    assert "awarded Certificate in Office Data Skills" in demo
    assert "15 more from `elective` at level 5 or above" in demo


def test_what_the_demo_says_to_try_works(
    demo: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = [line[4:] for line in demo.splitlines() if line.startswith("  $ ")]
    first, *tries = commands[1:]
    name, _, value = first.removeprefix("export ").partition("=")
    monkeypatch.setenv(name, value)
    assert len(tries) >= 7
    for command in tries:
        run(*shlex.split(command)[1:])
    assert Path("office.svg").exists()


def test_a_demo_is_made_anew_and_any_other_folder_left_alone(demo: str, run: Run) -> None:
    assert "all of them hold" in run("demo", "--learners", "1").stdout
    Path("mine").mkdir()
    Path("mine/letter.txt").write_text("precious")
    assert "is no demo" in run("demo", "mine", code=2).stderr
    assert Path("mine/letter.txt").read_text() == "precious"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_first_pathway_of_the_readme_does_what_it_says(run: Run) -> None:
    (pathway,) = _blocks("yaml")
    assert len(pathway.splitlines()) <= 10
    Path("first-aid.pathway.yaml").write_text(pathway)
    (record,) = re.findall(r"`me.yaml`, that says `(.+?)`", README)
    Path("me.yaml").write_text(record)
    (shown,) = (block for block in _blocks("console") if "first-aid.pathway" in block)
    printed = ""
    for command in re.findall(r"^\$ cairn (.+)$", shown, re.MULTILINE):
        printed += f"$ cairn {command}\n{run(*shlex.split(command)).stdout}"
    assert printed == shown


def test_what_the_readme_shows_of_the_demo_is_printed(
    demo: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRN_DATABASE", "cairn-demo/cairn.db")
    monkeypatch.setenv("CAIRN_TODAY", "2026-03-12")
    printed = demo
    printed += run("award", "show", "moana", "office-data-certificate").stdout
    printed += run("learner", "show", "moana", "--tree").stdout
    run("key", "new", "--did", "did:web:awards.example.edu")
    for command in ("cairn plan", "cairn badge", "cairn status", "cairn verify"):
        printed += run(*_shown(command)).stdout
    assert _lines("moana") <= {*map(_timeless, printed.splitlines())}


def test_what_the_readme_shows_of_a_draft_is_printed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRN_DATABASE", "cairn-demo/cairn.db")
    monkeypatch.setenv("CAIRN_TODAY", "2026-03-12")
    run("demo")
    published = Path("cairn-demo/pathways/office-skills.pathway.yaml").read_text()
    rule = "{credits: 10, from: {groups: communication}}"
    Path("draft.pathway.yaml").write_text(published.replace(rule, rule.replace("10", "15")))
    assert _lines("draft") <= {*run(*_shown("cairn pathway impact")).stdout.splitlines()}


def _shown(command: str) -> list[str]:
    """The words of a command that the README shows."""
    (line,) = re.findall(rf"^\$ ({command} .+)$", README, re.MULTILINE)
    return shlex.split(line)[1:]


def _lines(word: str) -> set[str]:
    """What the README shows as printed, in the blocks in which a word stands."""
    lines = {line for block in _blocks("console") if word in block for line in block.splitlines()}
    shown = {_timeless(line) for line in lines if not line.startswith("$ ")} - {"", "..."}
    assert shown
    return shown


def _timeless(line: str) -> str:
    """A line without the moment at which something was signed."""
    return re.sub(r" on \d{4}-\d\d-\d\dT[\d:]+Z$", "", line)


def test_what_the_readme_names_is_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
