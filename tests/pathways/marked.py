"""Files for tests, in which a mark stands before each place where a problem is due."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from pathways.problems import FileError, Problem
from pathways.source import load_pathway

MARK = "▸"

HEADER = 'pathway: p\nversion: "1"\n'


def without_marks(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the text, and the line and column of every mark in it."""
    places = []
    lines = []
    for number, line in enumerate(text.split("\n"), start=1):
        while (column := line.find(MARK)) >= 0:
            places.append((number, column + 1))
            line = line[:column] + line[column + 1 :]
        lines.append(line)
    return "\n".join(lines), places


def write(path: Path, text: str) -> tuple[Path, list[tuple[int, int]]]:
    """Write a file without its marks; give back where they were."""
    clean, places = without_marks(dedent(text))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(clean, encoding="utf-8")
    return path, places


def problems_in(path: Path) -> tuple[Problem, ...]:
    """Return what a pathway file is refused for; nothing when it can be used."""
    try:
        load_pathway(path)
    except FileError as error:
        return error.problems
    return ()


def assert_told(path: Path, places: list[tuple[int, int]], *words: str) -> None:
    """One problem for each mark, at the mark; each of the words in one of them."""
    problems = problems_in(path)
    told = "\n".join(map(str, problems))
    assert [(problem.line, problem.column) for problem in problems] == places, told
    for problem in problems:
        assert problem.help, f"no help: {problem}"
        assert problem.found or "`" in problem.message, f"nothing of the file: {problem}"
    for word in words:
        assert word in told, told
