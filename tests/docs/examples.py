"""The examples of a page: what kinds of block there are, and how each is put to the test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pathways.awards import Assessment, Made, assess
from pathways.document import Document, Example
from pathways.problems import FileError, Problem
from pathways.source import Loaded, load_pathway
from tests.docs.pages import Block, Page

#: What `expect` calls a status.
STATUSES = {
    "awarded": "held",
    "expired": "expired",
    "lapsed": "lapsed",
    "awaiting": "awaiting approval",
}


_PATHWAY = "example.pathway.yaml"
_RECORD = "record.yaml"
_UNNAMED = (_PATHWAY, _RECORD)


@dataclass(frozen=True, slots=True)
class Case:
    """A pathway file of a page, with the files that it may use and what the page says of it.

    `block` is the pathway; `others` are the blocks in front of it that stand for further files
    (`yaml file=NAME`); `after` are the blocks that follow it, up to the next pathway.
    """

    block: Block
    others: tuple[Block, ...] = ()
    after: tuple[Block, ...] = ()

    def __str__(self) -> str:
        return str(self.block)

    @property
    def refused(self) -> bool:
        return self.block.kind == "yaml refused"

    def says(self, kind: str) -> bool:
        """Tell whether a block of a kind follows the pathway."""
        return any(block.kind == kind for block in self.after)

    def said(self, kind: str) -> Block:
        """Return the one block of a kind that follows the pathway."""
        (found,) = (block for block in self.after if block.kind == kind)
        return found

    def write(self, folder: Path) -> Path:
        """Write the pathway, and what it uses, into a folder; return the path of the pathway."""
        for other in self.others:
            (folder / other.argument).write_text(other.text, encoding="utf-8")
        path = folder / _PATHWAY
        path.write_text(self.block.text, encoding="utf-8")
        return path

    def write_record(self, folder: Path, kind: str) -> Path:
        """Write the record that follows the pathway, and return its path."""
        path = folder / _RECORD
        path.write_text(self.said(kind).text, encoding="utf-8")
        return path

    def load(self, folder: Path) -> Loaded:
        return load_pathway(self.write(folder))


def cases(page: Page) -> Iterator[Case]:
    """Give every pathway of a page, with the blocks that belong to it."""
    others: list[Block] = []
    after: list[Block] = []
    pathway: Block | None = None
    used: tuple[Block, ...] = ()
    for block in page.blocks:
        starts = block.kind in ("yaml", "yaml refused")
        if (starts or block.kind == "yaml file") and pathway is not None:
            yield Case(pathway, used, tuple(after))
            pathway = None
        if starts:
            pathway, used = block, tuple(others)
            others, after = [], []
        elif block.kind == "yaml file":
            others.append(block)
        else:
            after.append(block)
    if pathway is not None:
        yield Case(pathway, used, tuple(after))


def told(error: FileError) -> list[str]:
    """Return what is wrong as the page writes it: place and message, without what was found.

    The file is named where it is one that the page names.
    """
    return [_told(problem) for problem in error.problems]


def _told(problem: Problem) -> str:
    name = Path(problem.file).name
    file = "" if name in _UNNAMED else f"{name}:"
    return f"{file}{problem.line}:{problem.column}: {problem.message}"


def disappointments(document: Document, example: Example) -> Iterator[str]:
    """Say in words how an example comes out otherwise than it expects."""
    standings = assess(document, example, example.on).standings
    expect = example.expect
    for key, status in STATUSES.items():
        for ref in getattr(expect, key):
            if standings[ref].status != status:
                yield f"{example.name}: `{ref}` is {standings[ref].status}, not {status}"
    for ref in expect.not_awarded:
        if standings[ref].status == "held":
            yield f"{example.name}: `{ref}` is held"
    for ref in expect.pending:
        if standings[ref].outcome.value != "pending":
            yield f"{example.name}: `{ref}` is {standings[ref].outcome.value}, not pending"
    for ref, name in expect.classes.items():
        if standings[ref].award_class != name:
            yield f"{example.name}: `{ref}` has the class {standings[ref].award_class}, not {name}"


def made(assessment: Assessment) -> Iterable[Made]:
    """Give the awards that an assessment made itself."""
    for standing in assessment.standings.values():
        yield from (award for award in standing.awards if not award.given)
