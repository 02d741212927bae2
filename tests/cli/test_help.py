"""Help teaches: each command says in a paragraph what it is for, and gives an example."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli import MEMBERS, cairn
from commands.lazy import LazyGroup
from commands.reference import MARK, PAGE, every_command, page
from tests.cli.conftest import Run, program

ROOT = Path(__file__).parents[2]
COMMANDS = {" ".join(words): (command, context) for words, command, context in every_command(cairn)}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_paragraph_and_an_example(name: str) -> None:
    command, context = COMMANDS[name]
    help_ = command.get_help(context)
    assert re.search(r"^  Example:\n(    .+\n)+", help_, re.MULTILINE), help_
    paragraph = help_.split("Example:")[0].split("\n\n", 2)[2]
    assert len(paragraph.split()) >= 12, help_


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_a_command_call_commands_that_exist(name: str) -> None:
    command, context = COMMANDS[name]
    lines = re.findall(r"^    (cairn .+)$", command.get_help(context), re.MULTILINE)
    assert any(line.startswith(name) for line in lines)
    for line in lines:
        words = [word for word in line.split() if not word.startswith("-")]
        assert any(" ".join(words[:length]) in COMMANDS for length in (2, 3)), line


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_no_argument_is_left_unexplained(name: str) -> None:
    command, _ = COMMANDS[name]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_a_group_says_of_a_command_what_the_command_says_of_itself(name: str) -> None:
    command, context = COMMANDS[name]
    if isinstance(command, LazyGroup):
        for member, (_, sentence) in command.members.items():
            found = command.get_command(context, member)
            assert found is not None
            assert found.get_short_help_str(limit=200).rstrip(".") == sentence.rstrip(".")


def test_the_command_reference_is_what_the_commands_say() -> None:
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert MARK in written
    assert page(written, cairn) == written, "run: python -m commands.reference"


def test_help_imports_little_more_than_click() -> None:
    code = (
        "import sys, cli\n"
        "try:\n    cli.cairn(['--help'], prog_name='cairn')\n"
        "except SystemExit:\n    print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"pydantic", "yaml", "rich", "sqlalchemy", "eventsourcing", "networkx", "ortools"}
    assert heavy.isdisjoint(result.stderr.split())
    assert not any(name.startswith("pathways.") for name in result.stderr.split())


def test_what_the_table_names_can_be_imported() -> None:
    for place, _ in MEMBERS.values():
        module, _, attribute = place.partition(":")
        assert isinstance(getattr(importlib.import_module(module), attribute), click.Command)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_says_where_to_put_it(run: Run, shell: str) -> None:
    said = run("completion", shell).stdout
    assert f"# install: cairn completion {shell} > " in said
    assert "_CAIRN_COMPLETE" in said


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("cairn pathway ch", "check"), ("cairn lea", "learner"), ("cairn completion z", "zsh")],
)
def test_a_shell_is_offered_what_can_follow(tmp_path: Path, typed: str, offered: str) -> None:
    process = program(
        cwd=tmp_path,
        _CAIRN_COMPLETE="bash_complete",
        COMP_WORDS=typed,
        COMP_CWORD=str(len(typed.split()) - 1),
    )
    out, _ = process.communicate(timeout=60)
    assert out.split() == [f"plain,{offered}"]


def test_the_version_is_told(run: Run) -> None:
    assert re.fullmatch(r"cairn \d+\.\d+\.\d+\S*\n", run("--version").stdout)
