"""The options that many commands share, said once; and the one place that reads the clock."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(tz=UTC)


def today() -> date:
    """Return the present day where this machine is, or the one that `CAIRN_TODAY` names."""
    named = os.environ.get("CAIRN_TODAY")
    if not named:
        return now().astimezone().date()
    try:
        return date.fromisoformat(named)
    except ValueError:
        raise click.UsageError(
            f"CAIRN_TODAY is `{named}`, which is not a date; write it as 2026-03-01"
        ) from None


class DayType(click.ParamType[date]):
    """A date such as 2026-03-01, or `today`."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read the day; anything else is a usage error."""
        if isinstance(value, date):
            return value
        if value == "today":
            return today()
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"`{value}` is not a date; write it as 2026-03-01", param, ctx)


DAY = DayType()


class HostType(click.ParamType[str]):
    """A host such as `example.edu`, or `example.edu:8443`, and no whole address."""

    name = "host"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the host; anything else is a usage error."""
        if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?", value):
            self.fail(f"`{value}` is no host; write a host as awards.example.edu", param, ctx)
        return str(value)


HOST = HostType()

#: A file that a person names; what is wrong with it is told by whoever reads it.
FILE = click.Path(path_type=Path)


def on_option(help_: str = "The day that the answer is for.") -> Callable[[Command], Command]:
    """Add `--on DATE`, by default today."""
    return click.option("--on", type=DAY, default=today, show_default="today", help=help_)


def json_option(command: Command) -> Command:
    """Add `--json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON (its shape is in docs/commands.md)."
    )(command)


def database_option(command: Command) -> Command:
    """Add `--db`, from `CAIRN_DATABASE` where it is not given."""
    return click.option(
        "--db",
        "database",
        metavar="PATH|URL",
        envvar="CAIRN_DATABASE",
        default="cairn.db",
        show_default=True,
        show_envvar=True,
        help="The ledger: a file, or a postgresql:// address.",
    )(command)


def columns_option(command: Command) -> Command:
    """Add `--columns`, the folder of the columns."""
    return click.option(
        "--columns",
        "folder",
        type=FILE,
        metavar="FOLDER",
        envvar="CAIRN_COLUMNS",
        show_envvar=True,
        help="Where the columns are.  [default: beside the ledger]",
    )(command)


def sharing_options(command: Command) -> Command:
    """Add `--jobs` and `--scheduler`: who shares the work on the whole population."""
    command = click.option(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        default="",
        help="A Dask scheduler; its workers share the work, and --jobs counts for nothing.",
    )(command)
    return click.option(
        "--jobs",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="How many processes share the work.",
    )(command)


def by_option(command: Command) -> Command:
    """Add `--by`, the actor that an event names."""
    return click.option(
        "--by",
        metavar="WORD",
        envvar="CAIRN_BY",
        default="cli",
        show_default=True,
        show_envvar=True,
        help="Who decides this: a role or an account, never a learner's name.",
    )(command)
