"""What is wrong with a file, where, and what would do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: its place, what was found there, and what would do instead.

    `line` and `column` count from 1; both are 0 where a problem has no place in a text.
    """

    file: str
    line: int
    column: int
    message: str
    found: str = ""
    help: str = ""

    def __str__(self) -> str:
        """Write `file:line:column: message (found `x`)`, and the help on a line of its own."""
        place = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: "
        found = f" (found `{self.found}`)" if self.found else ""
        help_ = f"\n    help: {self.help}" if self.help else ""
        return f"{place}{self.message}{found}{help_}"


class CairnError(Exception):
    """Anything that Cairn refuses, told in words that a person can act on."""


class FileError(CairnError):
    """A pathway, record or scenario file that can not be used; carries every problem in it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems in the order of their places."""
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(word: str, known: Iterable[str]) -> str:
    """Return help that names the known word nearest to a mistyped one, or what is known.

    >>> nearest("requirs", ["requires", "title"])
    'did you mean `requires`?'
    >>> nearest("zzz", ["a", "b"])
    'known here: `a`, `b`'
    """
    words = sorted(set(known))
    if close := get_close_matches(word, words, n=1, cutoff=0.6):
        return f"did you mean `{close[0]}`?"
    if not words:
        return ""
    shown = ", ".join(f"`{known_word}`" for known_word in words[:12])
    return f"known here: {shown}" + (", ..." if len(words) > 12 else "")
