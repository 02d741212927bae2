"""How problems in a file are shown: a line each in a pipe, with the place marked on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from commands.terminal import at_terminal, clean, draw, say, text

if TYPE_CHECKING:
    from pathways.problems import Problem

_WIDEST = 160


def show_problems(problems: Iterable[Problem], style: str = "red") -> None:
    """Print each problem, on a terminal with the line that it is about."""
    for problem in problems:
        if at_terminal():
            _show_marked(problem, style)
        else:
            say(str(problem))


@cache
def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _show_marked(problem: Problem, style: str) -> None:
    lines = _lines(problem.file)
    place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    found = f" (found `{problem.found}`)" if problem.found else ""
    draw(text((f"{place}: ", "bold"), (problem.message, style), found))
    if 0 < problem.line <= len(lines) and len(lines[problem.line - 1]) <= _WIDEST:
        line = clean(lines[problem.line - 1].replace("\t", " "))
        number = f"{problem.line:>5} │ "
        width = _width(line, problem.column, problem.found)
        marks = " " * (problem.column - 1) + "^" * width
        draw(text((number, "dim"), line), text((" " * 5 + " │ ", "dim"), (marks, style)))
    if problem.help:
        draw(text(("      help: ", "cyan"), problem.help))


def _width(line: str, column: int, found: str) -> int:
    """Mark what was found where it stands there, else the word at the place."""
    rest = line[column - 1 :]
    if found and rest.startswith(found):
        return len(found)
    word = rest.split(":", 1)[0].split(" ", 1)[0].split(",", 1)[0]
    return max(1, len(word))


def to_json(problem: Problem) -> dict[str, object]:
    """Return a problem as data."""
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "found": problem.found,
        "help": problem.help,
    }
