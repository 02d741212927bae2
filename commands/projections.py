"""`cairn projections`: the tables that are read, and the events that they are made from."""

from __future__ import annotations

from pathlib import Path

import click

from commands.lazy import LazyGroup
from commands.options import columns_option, database_option, json_option, sharing_options


@click.group(cls=LazyGroup)
def projections() -> None:
    """Rebuild what is read from the events, and see how far it is.

    The events are the truth. Lists and registers are read from tables that are made from them, and
    brought up to date after each recording; so there is nothing to run, and nothing to lose.

    Example:
      cairn projections status
      cairn projections rebuild
    """


@projections.command()
@columns_option
@database_option
@json_option
def status(folder: Path | None, database: str, as_json: bool) -> None:
    """Say how far each projection is.

    Behind is how many events of the ledger it has not seen yet; the next recording catches up. A
    projection of another version than this program's is made anew by itself then. The columns are
    listed as soon as something was asked of the whole population; their rows are completions.

    Example:
      cairn projections status
    """
    from commands.books import opened
    from commands.terminal import say_json, table
    from projections.columns import Columns
    from projections.runner import Projections

    with opened(database, asking=True) as ledger:
        runner = Projections(ledger)
        try:
            states = [*runner.status(), *Columns(ledger, folder).status()]
        finally:
            runner.close()
    if as_json:
        say_json(
            [
                {
                    "projection": state.name,
                    "version": state.version,
                    "rows": state.rows,
                    "position": state.position,
                    "behind": state.behind,
                }
                for state in states
            ]
        )
        return
    table(
        ("projection", "version", "rows", "position", "behind"),
        (
            (
                state.name,
                str(state.version),
                f"{state.rows:,}",
                f"{state.position:,}",
                f"{state.behind:,}",
            )
            for state in states
        ),
        right="version rows position behind",
    )


@projections.command()
@sharing_options
@columns_option
@database_option
@json_option
def rebuild(jobs: int, scheduler: str, folder: Path | None, database: str, as_json: bool) -> None:
    """Make every projection anew from the events.

    It ends in the same rows as catching up did. Nothing in the ledger changes, and whoever reads
    in the meantime sees the old rows.

    Example:
      cairn projections rebuild
      cairn projections rebuild --jobs 2
    """
    from commands.books import opened
    from commands.terminal import counted, progress, say, say_json
    from projections.columns import Columns
    from projections.partitions import Sharing
    from projections.rebuilding import rebuild as rebuilt
    from projections.runner import ALL

    sharing = Sharing(jobs, scheduler)
    names = [projection.name for projection in ALL]
    with opened(database) as ledger:
        columns = Columns(ledger, folder)
        # Nobody has asked anything of the whole population where there are none.
        both = columns.folder.exists()
        with progress("rebuilding", ledger.store.head() * (1 + both)) as advance:
            events = rebuilt(ledger.store.database, sharing, advance)
            if both:
                columns.rebuild(sharing, advance)
                names.append("columns")
    if as_json:
        say_json({"events": events, "projections": names})
    else:
        say(f"{counted(len(names), 'projection')} rebuilt from {counted(events, 'event')}")
