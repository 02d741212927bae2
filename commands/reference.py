"""The command reference: what each command says of itself, written into `docs/commands.md`.

`python -m commands.reference` writes it anew beneath the line that marks where it begins. What
stands above that line is written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

PAGE = Path("docs/commands.md")
MARK = "<!-- From here on this page is written by `python -m commands.reference`. -->"
WIDTH = 88


def every_command(
    command: click.Command, words: tuple[str, ...] = ("cairn",)
) -> Iterator[tuple[tuple[str, ...], click.Command, click.Context]]:
    """Give each command with the words that call it, groups before what is in them."""
    context = click.Context(
        command,
        info_name=" ".join(words),
        terminal_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    yield words, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            beneath = command.get_command(context, name)
            assert beneath is not None
            yield from every_command(beneath, (*words, name))


def reference(root: click.Command) -> str:
    """Return the generated part of the page."""
    parts = []
    for words, command, context in every_command(root):
        help_ = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        parts.append(f"## `{' '.join(words)}`\n\n```text\n{help_}\n```\n")
    return "\n".join(parts)


def page(written: str, root: click.Command) -> str:
    """Return the page with its generated part made anew."""
    above, mark, _ = written.partition(MARK)
    if not mark:
        raise SystemExit(f"{PAGE} has no line {MARK}")
    return f"{above}{MARK}\n\n{reference(root)}"


if __name__ == "__main__":
    # The program stands above this room, so it is named here and not imported.
    program = import_module("cli").cairn
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), program), encoding="utf-8")
