"""How problems in a file are shown: a line each in a pipe, with the place marked on a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from commands.terminal import at_terminal, clean, draw, say, text

if TYPE_CHECKING:
    from pathways.lint import Finding
    from pathways.problems import Problem

_WORD = re.compile(r"[\w.@/-]+")

#: Longer lines are not shown: the mark beneath would be out of sight.
_WIDEST = 160


def show_problems(problems: Iterable[Problem]) -> None:
    """Print each problem, on a terminal with the line that it is about."""
    for problem in problems:
        if not at_terminal():
            say(str(problem))
            continue
        place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
        found = f" (found `{problem.found}`)" if problem.found else ""
        draw(text((f"{place}: ", "bold"), (problem.message, "red"), found))
        _show_line(problem.file, problem.line, problem.column, problem.found, "red")
        _show_help(problem.help)
        say()


def show_finding(finding: Finding) -> None:
    """Print a finding of the linter the same way."""
    if not at_terminal():
        say(str(finding))
        return
    style = "yellow" if finding.severity == "warning" else "cyan"
    place = f"{finding.file}:{finding.line}:{finding.column}"
    severity = (f"{finding.severity} {finding.code}: ", style)
    draw(text((f"{place}: ", "bold"), severity, finding.message))
    _show_line(finding.file, finding.line, finding.column, "", style)
    _show_help(finding.help)
    say()


def _show_help(help_: str) -> None:
    if help_:
        draw(text(("      help: ", "cyan"), help_))


def _show_line(file: str, number: int, column: int, found: str, style: str) -> None:
    lines = _lines(file)
    if not 0 < number <= len(lines) or len(lines[number - 1]) > _WIDEST:
        return
    line = clean(lines[number - 1].replace("\t", " "))
    marks = " " * (column - 1) + "^" * _width(line[column - 1 :], found)
    draw(text((f"{number:>5} │ ", "dim"), line), text(("      │ ", "dim"), (marks, style)))


@cache
def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _width(rest: str, found: str) -> int:
    """Mark what was found where it stands there, else the word at the place.

    >>> _width("requirs: {every: x}", "requirs"), _width("title: x", "")
    (7, 5)
    """
    if found and rest.startswith(found):
        return len(found)
    word = _WORD.match(rest)
    return len(word[0]) if word else 1


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
