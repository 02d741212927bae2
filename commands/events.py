"""`cairn events` and `cairn replay`: the event log as a file, and a ledger made anew from it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from commands.lazy import LazyGroup
from commands.options import FILE, database_option, json_option
from commands.teaching import command

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.group(cls=LazyGroup)
def events() -> None:
    """Write the event log to a file, and read it into another ledger.

    An export is the whole ledger, byte for byte and in order, as JSON Lines. It moves a ledger from
    a file to a server, or is kept as a backup; seals hold for the copy as they did for the
    original. The format is described in docs/audit.md.

    Example:
      cairn events export --people --output ledger.jsonl
      cairn events import ledger.jsonl --db postgresql://cairn@localhost/cairn
    """


@events.command()
@click.option("--people", is_flag=True, help="Also who is who: references, names, addresses.")
@click.option("--output", type=FILE, metavar="FILE", help="Write it there, not on standard output.")
@database_option
def export(people: bool, output: Path | None, database: str) -> None:
    """Write all events to a file, in order and byte for byte.

    What imports know comes first: the mapping table of `cairn map`, and what was received. Without
    --people the export names nobody: learners are opaque ids, and what they are called here and
    elsewhere is left out. With it, people are known in the other ledger as they are here. Erased
    learners are nameless either way.

    Example:
      cairn events export > ledger.jsonl
    """
    from commands.books import opened
    from commands.terminal import counted, progress, say
    from domain.exchange import exported
    from projections import beside, log
    from projections.replay import stored

    with (
        opened(database, asking=True) as ledger,
        log.snapshot(ledger.store.database) as view,
        progress("exporting", ledger.store.head()) as advance,
    ):
        known = beside.rows(view, people=people)
        out: IO[bytes] = sys.stdout.buffer if output is None else output.open("wb")
        count = 0
        try:
            for line in exported(stored(view), known):
                out.write(line + b"\n")
                if line.startswith(b'{"stream"'):
                    advance()
                    count += 1
        finally:
            if output is not None:
                out.close()
            else:
                out.flush()
    if output is not None:
        say(f"{counted(count, 'event')} written to {output}")


@events.command("import")
@click.argument("path", metavar="FILE", type=FILE)
@database_option
@json_option
def import_(path: Path, database: str, as_json: bool) -> None:
    """Read an export into a new ledger.

    All of it is written, or nothing: a line that is none of an export, or an export that was cut
    short or altered, is refused. The ledger must be empty. FILE may be `-` for standard input.

    Example:
      cairn events import ledger.jsonl --db postgresql://cairn@localhost/cairn
    """
    from commands.books import opened
    from commands.terminal import counted, progress, say, say_json
    from domain.exchange import imported
    from pathways.words import joined

    with opened(database, new=True) as ledger, progress("importing", None) as advance:
        source: IO[bytes] = sys.stdin.buffer if str(path) == "-" else path.open("rb")
        with source:
            moved = imported(ledger.store, _noted(source, advance))
    if as_json:
        say_json(asdict(moved))
    else:
        parts = [counted(moved.events, "event")]
        if moved.people:
            parts.append(counted(moved.people, "person", "people"))
        if moved.names:
            parts.append(counted(moved.names, "name of other systems", "names of other systems"))
        say(f"{joined(parts, 'and')} imported, root {moved.root[:16]}")


def _noted(lines: IO[bytes], advance: object) -> Iterator[bytes]:
    for line in lines:
        yield line
        if callable(advance):
            advance()


@command()
@click.option("--into", metavar="PATH|URL", help="Keep the replay there; it must be new.")
@database_option
@json_option
def replay(into: str | None, database: str, as_json: bool) -> None:
    """Make a ledger anew from its events alone, and compare what is read from it.

    The events are copied into a fresh database, every table that is read is made from them, and
    each row is compared with the ledger's own. Without --into the copy is thrown away. The exit
    code is 1 where a table differs.

    Example:
      cairn replay
      cairn replay --into copy.db
    """
    import tempfile

    from commands.books import opened
    from commands.terminal import counted, progress, say, say_json, table
    from domain.ledger import open_ledger
    from projections.replay import replayed

    with tempfile.TemporaryDirectory() as folder, opened(database, asking=True) as ledger:
        place = into or str(Path(folder) / "replay.db")
        with open_ledger(place) as fresh, progress("replaying", ledger.store.head()) as advance:
            before = 0

            def onward(done: int, _all: int) -> None:
                nonlocal before
                advance(done - before)
                before = done

            moved, tables = replayed(ledger, fresh, onward)
    same = all(one.same for one in tables)
    if as_json:
        compared = [{**asdict(one), "same": one.same} for one in tables]
        say_json({"events": moved.events, "root": moved.root, "same": same, "tables": compared})
    else:
        table(
            ("table", "rows", "replayed", ""),
            (
                (one.table, f"{one.here:,}", f"{one.replayed:,}", "same" if one.same else "differs")
                for one in tables
            ),
            right="rows replayed",
        )
        for one in tables:
            for row in one.only_here:
                say(f"  only in the ledger's {one.table}: {row}")
            for row in one.only_replayed:
                say(f"  only in the replay's {one.table}: {row}")
        say(f"{counted(moved.events, 'event')} replayed: {'the same' if same else 'differs'}")
    if not same:
        click.get_current_context().exit(1)
