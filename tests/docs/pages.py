"""A page of the documentation as its fenced blocks, its headings and its links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"

_FENCE = re.compile(r"(?P<marks>`{3,}) ?(?P<info>.*)")
_HEADING = re.compile(r"#{1,6} (?P<text>.*)")
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: what it says it is, and the heading beneath which it stands."""

    heading: str
    line: int
    info: str
    text: str

    def __str__(self) -> str:
        return f"{self.heading or 'top'}, line {self.line}"

    @property
    def kind(self) -> str:
        """What it says it is: `yaml file` of `yaml file=modules.yaml`."""
        return self.info.partition("=")[0]

    @property
    def argument(self) -> str:
        """The name or date behind `=`."""
        return self.info.partition("=")[2]


@dataclass(frozen=True)
class Page:
    """A Markdown file of `docs/`."""

    path: Path
    text: str = field(repr=False)

    @classmethod
    def named(cls, name: str) -> Page:
        path = DOCS / name
        return cls(path, path.read_text(encoding="utf-8"))

    @cached_property
    def _parts(self) -> tuple[tuple[Block, ...], tuple[str, ...], str]:
        blocks, headings, prose = list[Block](), list[str](), list[str]()
        lines = enumerate(self.text.splitlines(), start=1)
        for number, line in lines:
            if fence := _FENCE.fullmatch(line):
                inside = []
                for _, inner in lines:
                    if inner == fence["marks"]:
                        break
                    inside.append(inner + "\n")
                else:
                    raise AssertionError(f"{self.path.name}:{number}: a block that never ends")
                blocks.append(
                    Block(headings[-1] if headings else "", number, fence["info"], "".join(inside))
                )
            else:
                if heading := _HEADING.fullmatch(line):
                    headings.append(heading["text"])
                prose.append(line)
        return tuple(blocks), tuple(headings), "\n".join(prose)

    @property
    def blocks(self) -> tuple[Block, ...]:
        return self._parts[0]

    @property
    def anchors(self) -> frozenset[str]:
        """What a link may name behind `#`, by the rule that code hosts follow."""
        kept = (re.sub(r"[^\w\- ]", "", text.lower()) for text in self._parts[1])
        return frozenset(text.replace(" ", "-") for text in kept)

    @property
    def links(self) -> Iterator[str]:
        return (link["target"] for link in _LINK.finditer(self._parts[2]))
