"""Help that teaches: a paragraph on what a command is for, then an example to type."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from typing import Any

import click

#: What `click.formatting` leaves as it is written: a paragraph that begins with this character.
_AS_WRITTEN = "\b"
_EXAMPLE = "\nExample:\n"


class Taught(click.Command):
    """A command whose docstring ends with an `Example:`, which is shown as it is written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.help:
            self.help = cleandoc(self.help).replace(_EXAMPLE, f"\n{_AS_WRITTEN}{_EXAMPLE}")


def command(name: str | None = None) -> Callable[[Callable[..., Any]], Taught]:
    """Make a command of a function, as `click.command` does."""
    return click.command(name, cls=Taught)
