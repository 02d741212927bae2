"""Comments that silence a rule: `# cairn: ignore=CN301`, on the line or on the one above."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pathways.lint.base import Finding
from pathways.problems import nearest

_IGNORE = re.compile(r"(?:^|\s)#\s*cairn:\s*ignore\b(?:\s*=\s*(?P<codes>[\w,\s]*))?")

UNKNOWN = "CN901"
IDLE = "CN902"


@dataclass(frozen=True, slots=True)
class Ignore:
    """One code that a comment silences on some lines."""

    line: int
    column: int
    code: str
    lines: tuple[int, ...]


def ignores(text: str) -> tuple[Ignore, ...]:
    """Read the comments of a file. One that stands alone also speaks of the next line of content.

    >>> ignores("a: 1  # cairn: ignore=CN201, CN202")[1]
    Ignore(line=1, column=7, code='CN202', lines=(1,))
    """
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines, start=1):
        match = _IGNORE.search(line)
        if match is None:
            continue
        spoken = [number]
        if not line[: match.start()].strip():
            following = range(number, len(lines))
            below = (n + 1 for n in following if not lines[n].lstrip().startswith("#"))
            spoken.extend([next(below, number)])
        codes = [code.strip() for code in (match["codes"] or "").split(",")]
        column = line.index("#", match.start()) + 1
        found += [Ignore(number, column, code, tuple(spoken)) for code in codes]
    return tuple(found)


def heeded(
    findings: Iterable[Finding],
    ignored: Iterable[Ignore],
    known: Mapping[str, bool],
    file: str,
) -> Iterator[Finding]:
    """Leave out what is ignored, and report ignores of unknown codes or of nothing.

    `known` has every code, and whether it was looked for.
    """
    entries = tuple(ignored)
    silencing: set[Ignore] = set()
    for finding in findings:
        by = [each for each in entries if each.code == finding.code and finding.line in each.lines]
        silencing.update(by)
        if not by:
            yield finding
    for each in entries:
        if each.code not in known:
            message = f"there is no rule `{each.code}` to ignore"
            help_ = nearest(each.code, known)
            if not each.code:
                message, help_ = "an ignore names its rule", "write `# cairn: ignore=CN301`"
            yield Finding(UNKNOWN, file, each.line, each.column, message, help_)
        elif known[each.code] and each not in silencing:
            message = f"`{each.code}` finds nothing here to ignore"
            yield Finding(IDLE, file, each.line, each.column, message, "leave the comment out")
