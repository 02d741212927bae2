"""`cairn import`: the completions of a CSV file, into the ledger."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from commands.options import DAY, FILE, by_option, database_option, json_option
from commands.teaching import command

if TYPE_CHECKING:
    from commands.spreadsheet import Reject, SheetRow, Spreadsheet
    from domain.imports import Rejected
    from domain.ledger import Ledger


def _mapping(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    from commands.spreadsheet import COLUMNS
    from pathways.problems import nearest

    mapping = {}
    for value in values:
        column, mark, header = value.partition("=")
        if not mark or not header:
            raise click.BadParameter(f"`{value}` is not COLUMN=HEADER", ctx, param)
        if column not in COLUMNS:
            help_ = nearest(column, COLUMNS)
            raise click.BadParameter(f"there is no column `{column}`; {help_}", ctx, param)
        mapping[column] = header
    return mapping


@command("import")
@click.argument("file", type=FILE)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="COLUMN=HEADER",
    callback=_mapping,
    help="Which header stands for a column.",
)
@click.option(
    "--delimiter", metavar="CHAR", help="What parts cells.  [default: seen in the header]"
)
@click.option("--encoding", default="utf-8", show_default=True, help="How the file is written.")
@click.option(
    "--source", metavar="WORD", default="course", show_default=True, help="For rows without one."
)
@click.option("--register", is_flag=True, help="Make learners known who are not.")
@click.option(
    "--enrol", multiple=True, metavar="PATHWAY", help="Enrol learners in it who never were."
)
@click.option(
    "--enrolled-on",
    type=DAY,
    help="The day of these enrolments.  [default: each learner's first completion]",
)
@click.option("--rejects", type=FILE, help="Where bad rows go.  [default: FILE.rejects.csv]")
@click.option(
    "--dry-run", is_flag=True, help="Import into a copy of the ledger, and throw it away."
)
@by_option
@database_option
@json_option
def import_(
    file: Path,
    mapping: dict[str, str],
    delimiter: str | None,
    encoding: str,
    source: str,
    register: bool,
    enrol: tuple[str, ...],
    enrolled_on: date | None,
    rejects: Path | None,
    dry_run: bool,
    by: str,
    database: str,
    as_json: bool,
) -> None:
    """Record the completions of a CSV file.

    The header names the columns: learner (a reference), module, completed_on, and, where known,
    score, grade, credits, source, source_id; --map where they are called otherwise. Good rows are
    recorded, with all awards that follow. Bad ones go to FILE.rejects.csv with their line and the
    reason, and the exit code is 1. Importing a file again changes nothing, so one that was
    interrupted is simply run again.

    Example:
      cairn import completions.csv
      cairn import export.csv --map learner="Student No" --register --enrol office-skills
    """
    from commands.books import opened
    from commands.options import now, today
    from commands.spreadsheet import Spreadsheet
    from commands.terminal import counted, progress, say, say_json
    from domain.imports import Imported, Intake, import_rows

    if delimiter is not None and len(delimiter.encode().decode("unicode_escape")) != 1:
        raise click.BadParameter("a delimiter is one character", param_hint="--delimiter")
    mark = None if delimiter is None else delimiter.encode().decode("unicode_escape")
    intake = Intake(register=register, enrol=enrol, enrolled_on=enrolled_on, by=by)
    place = rejects or Path(f"{file}.rejects.csv")
    sheet = Spreadsheet(file, mapping, mark, encoding, source=source, by=by)
    with (
        sheet,
        _scratch(database) if dry_run else opened(database, new=register) as ledger,
        _Rejects(place, sheet) as bad,
        progress("importing", _lines(file)) as advance,
    ):
        seen = 0

        def onward(so_far: Imported) -> None:
            nonlocal seen
            advance(so_far.rows - seen)
            seen = so_far.rows

        total = import_rows(
            ledger,
            bad.good(sheet),
            on=today(),
            clock=now,
            intake=intake,
            rejected=bad.refuse,
            progress=onward,
        )
    if as_json:
        say_json(
            {
                "rows": total.rows + bad.unread,
                "recorded": total.recorded,
                "known": total.duplicates,
                "rejected": bad.number,
                "rejects": str(place) if bad.number else None,
                "registered": total.registered,
                "awards": total.awards,
                "dry_run": dry_run,
            }
        )
    else:
        say(
            f"{counted(total.rows + bad.unread, 'row')}: {total.recorded:,} recorded, "
            f"{total.duplicates:,} known before, {bad.number:,} rejected"
        )
        if total.registered:
            say(f"{counted(total.registered, 'learner')} registered")
        say(f"{counted(total.awards, 'award')} made" + (", in a dry run" if dry_run else ""))
        if bad.number:
            say(f"see {place}", err=True)
    if bad.number:
        click.get_current_context().exit(1)


def _lines(file: Path) -> int:
    """Count the lines beneath the header, for the progress bar."""
    with file.open("rb") as raw:
        return max(0, sum(block.count(b"\n") for block in iter(lambda: raw.read(1 << 20), b"")) - 1)


@contextmanager
def _scratch(database: str) -> Iterator[Ledger]:
    """Open a copy of a ledger that is thrown away afterwards."""
    import sqlite3
    from tempfile import TemporaryDirectory

    from commands.books import opened
    from commands.errors import UnusableError
    from domain.storage import locate

    path = locate(database).path
    if path is None:
        raise UnusableError("a dry run needs a ledger in a file, which can be copied")
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        if path.exists():
            with (
                sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as source,
                sqlite3.connect(copy) as target,
            ):
                source.backup(target)
            source.close()
            target.close()
        with opened(str(copy), new=not path.exists()) as ledger:
            yield ledger


class _Rejects:
    """The file of bad rows, in the order of their lines; there is none while there are none."""

    def __init__(self, path: Path, sheet: Spreadsheet) -> None:
        self._path = path
        self._sheet = sheet
        self._file: TextIO | None = None
        self._waiting: list[Reject] = []
        self.unread = 0
        self.number = 0

    def __enter__(self) -> _Rejects:
        # What an earlier run left would tell of rows that may be good by now.
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._settle(None)
        if self._file is not None:
            self._file.close()

    def good(self, sheet: Spreadsheet) -> Iterator[SheetRow]:
        """Give the rows that can be read, and keep the others."""
        from commands.spreadsheet import Reject

        for row in sheet:
            if isinstance(row, Reject):
                self.unread += 1
                self._waiting.append(row)
            else:
                yield row

    def refuse(self, rejected: Rejected) -> None:
        """Write a row that the ledger refused, after the bad ones that stand before it."""
        from commands.spreadsheet import SheetRow

        row = rejected.row
        assert isinstance(row, SheetRow)
        self._settle(row.line)
        help_ = f"; {rejected.error.help}" if rejected.error.help else ""
        self._write(row.line, f"{rejected.error}{help_}", row.cells)

    def _settle(self, line: int | None) -> None:
        ready = [bad for bad in self._waiting if line is None or bad.line < line]
        self._waiting = self._waiting[len(ready) :]
        for bad in ready:
            self._write(bad.line, bad.reason, bad.cells)

    def _write(self, line: int, reason: str, cells: tuple[str, ...]) -> None:
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(("line", "reason", *self._sheet.header))
        csv.writer(self._file).writerow((line, reason, *cells))
        self.number += 1
