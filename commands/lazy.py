"""Groups whose commands are imported when they are asked for, and not before.

`cairn --help` lists what there is from a table, so it costs little more than click itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from commands.teaching import Taught


class LazyGroup(Taught, click.Group):
    """A group that knows its commands by name, place and one sentence.

    `members` maps a command's name to where it is (`"commands.pathway:pathway"`) and to its
    short help; a test sees to it that the two tell the same.
    """

    command_class = Taught

    def __init__(
        self, *args: Any, members: Mapping[str, tuple[str, str]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.members = dict(members or {})

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names in the order of the table, or of the code: the order of work."""
        return [*self.members, *self.commands]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the one command that is asked for."""
        if name not in self.members:
            return super().get_command(ctx, name)
        module, _, attribute = self.members[name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which known one is nearest."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            from pathways.problems import nearest

            help_ = nearest(name, self.list_commands(ctx))
            ctx.fail(f"there is no command `{name}`; {help_}")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the table without importing what it names."""
        rows = [(name, sentence) for name, (_, sentence) in self.members.items()]
        for name, command in self.commands.items():
            rows.append((name, command.get_short_help_str(limit=100)))
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
