"""What a person reads: tables, trees, sentences and progress, with colour only on a terminal.

`rich` is imported when something is drawn. What goes into a pipe is not wrapped, cut or coloured.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text
    from rich.tree import Tree

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

#: How each outcome and status is marked; the sign says it without colour too.
SIGNS = {
    "met": ("✓", "green"),
    "held": ("✓", "green"),
    "pending": ("◐", "yellow"),
    "awaiting approval": ("◐", "yellow"),
    "in progress": ("◐", "yellow"),
    "undecided": ("?", "magenta"),
    "unmet": ("✗", "red"),
    "expired": ("✗", "red"),
    "lapsed": ("✗", "red"),
    "revoked": ("✗", "red"),
    "not started": ("·", "dim"),
}


def clean(text: str) -> str:
    r"""Make characters visible that would steer a terminal instead of showing.

    >>> clean("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return _UNSEEN.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def say(text: str = "", *, err: bool = False) -> None:
    """Print a line."""
    click.echo(clean(text), err=err)


def say_json(value: object) -> None:
    """Print a value as JSON, for programs."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def at_terminal() -> bool:
    """Tell whether a person looks at what is printed."""
    return sys.stdout.isatty()


def console(*, err: bool = False) -> Console:
    """Return where tables and trees are drawn; as wide as needed when it is not a terminal."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else 1000
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def draw(*renderables: RenderableType) -> None:
    """Draw one thing below the other, without trailing blanks where nobody looks."""
    out = console()
    if out.is_terminal:
        for renderable in renderables:
            out.print(renderable)
        return
    with out.capture() as capture:
        for renderable in renderables:
            out.print(renderable)
    click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))


def text(*parts: str | tuple[str, str]) -> Text:
    """Join words, some of them styled: `text("held ", ("2026-03-01", "dim"))`."""
    from rich.text import Text

    joined = Text()
    for part in parts:
        words, style = (part, "") if isinstance(part, str) else part
        joined.append(clean(words), style or None)
    return joined


def sign(word: str) -> tuple[str, str]:
    """Return the mark of an outcome or a status, followed by a space, with its style."""
    mark, style = SIGNS.get(word, ("·", "dim"))
    return f"{mark} ", style


def tree(label: Text) -> Tree:
    """Start a tree."""
    from rich.tree import Tree

    return Tree(label, guide_style="dim")


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str | Text]], *, right: str = ""
) -> None:
    """Draw a table; the headings named in `right` (parted by blanks) are numbers."""
    from rich.table import Table

    drawn = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        number = heading in right.split()
        drawn.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(text(cell) if isinstance(cell, str) else cell for cell in row))
    draw(drawn)


def lines(rows: Iterable[Sequence[Text]]) -> None:
    """Draw rows beneath each other, their cells in line, without headings."""
    from rich.table import Table

    drawn = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for row in rows:
        drawn.add_row(*row)
    draw(drawn)


def counted(number: int, noun: str, plural: str = "") -> str:
    """Say how many there are.

    >>> counted(1, "award"), counted(1200, "row"), counted(0, "pathway")
    ('1 award', '1,200 rows', '0 pathways')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


class Advance(Protocol):
    """Tells the bar that some more is done."""

    def __call__(self, steps: int = 1) -> None:
        """Move the bar on."""


def _unseen(steps: int = 1) -> None:
    """Move no bar, for nobody looks at one."""


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Advance]:
    """Show a bar on standard error while something long runs; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield _unseen
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console(err=True)) as bar:
        task = bar.add_task(label, total=total)

        def advance(steps: int = 1) -> None:
            bar.advance(task, steps)

        yield advance
