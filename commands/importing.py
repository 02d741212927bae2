"""`cairn import`: what other systems say was completed, into the ledger."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

import click

from commands.keyring import KEYS
from commands.options import DAY, FILE, HOST, by_option, database_option, json_option
from commands.teaching import command

if TYPE_CHECKING:
    from commands.inputs import Given
    from domain.events import Recorded
    from domain.imports import Imported, Intake, Rejected
    from domain.ledger import Ledger
    from domain.reports import Entry
    from interchange.incoming import PassedOver, Refused, Terms
    from interchange.spreadsheet import Reject, Spreadsheet

    Read = Entry | PassedOver | Refused | Reject

FORMATS = ("csv", "xapi", "cmi5", "openedx", "oneroster", "badge")
VERBS = ("completed", "passed", "satisfied", "waived")

#: How the rejects of documents are headed, each of which has a place of its own.
_PLACED = ("line", "column", "reason", "id", "learner", "module")

#: How many events of a dry run are shown, and how many are kept for `--json`.
_SHOWN = 20
_KEPT = 1_000
#: How many unknown names are counted one by one, and how many of them are shown.
_UNKNOWN = 10_000
_NAMED = 20
#: How many unreadable entries wait for earlier ones, so that rejects stand in order.
_WAITING = 10_000


def columns_of(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """Read `COLUMN=HEADER`, any number of times."""
    from interchange.spreadsheet import COLUMNS
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
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="What the files are.  [default: seen in each]",
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="COLUMN=HEADER",
    callback=columns_of,
    help="Which header of a CSV file stands for a column.",
)
@click.option(
    "--headers", metavar="NAME", help="Headers as `cairn map headers` saved them under a name."
)
@click.option(
    "--delimiter", metavar="CHAR", help="What parts cells.  [default: seen in the header]"
)
@click.option("--encoding", default="utf-8", show_default=True, help="How a CSV file is written.")
@click.option(
    "--source",
    metavar="WORD",
    default="course",
    show_default=True,
    help="For what has none of its own.",
)
@click.option(
    "--verb",
    "verbs",
    multiple=True,
    type=click.Choice(VERBS),
    help="Which verbs of xAPI complete a module.  [default: all of these]",
)
@click.option(
    "--recognition", type=FILE, metavar="FILE", help="What credentials that learners hold count as."
)
@click.option("--learner", metavar="LEARNER", help="Who holds the credentials.")
@click.option(
    "--allow",
    type=HOST,
    metavar="HOST",
    multiple=True,
    help="A host that may be asked about credentials.",
)
@click.option(
    "--with",
    "at_hand",
    type=FILE,
    metavar="FILE",
    multiple=True,
    help="DID documents or status lists, or a folder of them, used instead of asking.",
)
@KEYS
@click.option("--register", is_flag=True, help="Make learners known who are not.")
@click.option(
    "--enrol", multiple=True, metavar="PATHWAY", help="Enrol learners in it who never were."
)
@click.option(
    "--enrolled-on",
    type=DAY,
    help="The day of these enrolments.  [default: each learner's first completion]",
)
@click.option("--rejects", type=FILE, help="Where bad entries go.  [default: FILE.rejects.csv]")
@click.option(
    "--dry-run", is_flag=True, help="Import into a copy of the ledger, show it, throw it away."
)
@by_option
@database_option
@json_option
def import_(
    files: tuple[Path, ...],
    form: str | None,
    mapping: dict[str, str],
    headers: str | None,
    delimiter: str | None,
    encoding: str,
    source: str,
    verbs: tuple[str, ...],
    recognition: Path | None,
    learner: str | None,
    allow: tuple[str, ...],
    at_hand: tuple[Path, ...],
    keys: Path,
    register: bool,
    enrol: tuple[str, ...],
    enrolled_on: date | None,
    rejects: Path | None,
    dry_run: bool,
    by: str,
    database: str,
    as_json: bool,
) -> None:
    """Record what other systems say was completed.

    Files are CSV with a header (learner, module, completed_on, and, where known, score, grade,
    credits, source, source_id), statements of xAPI or cmi5, messages of Open edX, or results of
    OneRoster, or badges (--recognition says what they count as, once they are verified); packed
    with gzip or not; `-` is standard input. What can be recorded is, with all
    awards that follow. The rest goes to FILE.rejects.csv with its place and the reason, and the
    exit code is 1. A file that can not be read to its end changes nothing. Importing a file again
    changes nothing either, so one that was interrupted is simply run again.

    Example:
      cairn import completions.csv
      cairn import export.csv --map learner="Student No" --register --enrol office-skills
      cairn import statements.jsonl.gz --dry-run
    """
    from commands.books import opened
    from commands.inputs import Given
    from domain.errors import LedgerError
    from domain.imports import Intake
    from interchange.incoming import Terms

    if delimiter is not None and len(delimiter.encode().decode("unicode_escape")) != 1:
        raise click.BadParameter("a delimiter is one character", param_hint="--delimiter")
    if rejects is not None and len(files) > 1:
        raise click.UsageError("--rejects is for one file; each of several has rejects of its own")
    intake = Intake(register=register, enrol=enrol, enrolled_on=enrolled_on, by=by)
    terms = Terms(by=by, source=source, verbs=frozenset(verbs or VERBS))
    with ExitStack() as stack:
        givens = [stack.enter_context(Given(file)) for file in files]
        ledger = stack.enter_context(
            _scratch(database) if dry_run else opened(database, new=register)
        )
        sheets = _Sheets(
            {**_saved(ledger, headers), **mapping},
            None if delimiter is None else delimiter.encode().decode("unicode_escape"),
            encoding,
            terms,
        )
        badges = _Badges(recognition, learner, allow, at_hand, keys, terms)
        run = _Run(ledger, intake, terms, sheets, badges, keep=dry_run)
        # All files are read to their ends before the first of them changes anything.
        for given in givens:
            run.look(given, form, rejects or Path(f"{given.stem}.rejects.csv"))
        try:
            for one in run.files:
                run.take(one)
        except LedgerError as error:
            error.help = f"{error.help}\n    {run.so_far()}".strip()
            raise
        # Before the lists are brought up to date, which takes a while after a long import.
        run.show(dry_run=dry_run, as_json=as_json)
    if run.rejected:
        click.get_current_context().exit(1)


def _saved(ledger: Ledger, name: str | None) -> dict[str, str]:
    from commands.errors import UnusableError
    from pathways.problems import nearest

    if name is None:
        return {}
    if found := ledger.crosswalk.headers(name):
        return found
    known = [one.outside for one in ledger.crosswalk.listed("header")]
    raise UnusableError(
        f"no headers are saved as `{name}`",
        nearest(name, known) or f"save them: cairn map headers {name} learner=HEADER",
    )


@contextmanager
def _scratch(database: str) -> Iterator[Ledger]:
    """Open a copy of a ledger that is thrown away afterwards."""
    import sqlite3
    from tempfile import TemporaryDirectory

    from commands.books import PATIENCE, opened
    from commands.errors import UnusableError
    from domain.ledger import open_ledger
    from domain.storage import locate

    path = locate(database).path
    if path is None:
        raise UnusableError("a dry run needs a ledger in a file, which can be copied")
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        if path.exists():
            with (
                opened(database, asking=True) as ledger,
                closing(sqlite3.connect(ledger.store.database.file, uri=True)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
        # Nobody reads the lists of the copy, so they are left as they are.
        with open_ledger(str(copy), timeout=PATIENCE) as ledger:
            yield ledger


@dataclass(frozen=True, slots=True)
class _Sheets:
    """How CSV files are to be read."""

    mapping: dict[str, str]
    delimiter: str | None
    encoding: str
    terms: Terms

    def read(self, given: Given, raw: BinaryIO) -> Spreadsheet:
        from interchange.spreadsheet import Spreadsheet

        return Spreadsheet(
            given.path,
            self.mapping,
            self.delimiter,
            self.encoding,
            source=self.terms.source,
            by=self.terms.by,
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class _Badges:
    """How credentials that learners hold are to be verified and recognised."""

    recognition: Path | None
    learner: str | None
    allow: tuple[str, ...]
    at_hand: tuple[Path, ...]
    keys: Path
    terms: Terms

    def read(self, given: Given, raw: BinaryIO) -> list[Entry | Refused]:
        from commands import keyring
        from commands.errors import UnusableError
        from commands.options import now
        from commands.verifying import LARGEST, fetching
        from interchange.held import held
        from interchange.recognition import load_recognition
        from interchange.verify import Verifier

        if self.recognition is None:
            raise UnusableError(
                f"`{given.name}` is a credential that somebody holds",
                "say what it counts as: --recognition FILE",
            )
        recognition = load_recognition(self.recognition)
        data = raw.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise UnusableError(f"`{given.name}` has more than {LARGEST:,} bytes")
        fetch = fetching(self.allow, self.at_hand)
        report = Verifier(now(), fetch, keyring.known(self.keys)).look(data)
        return list(held(report, recognition, self.terms, self.learner or ""))


@dataclass(slots=True)
class _File:
    """One file, what it is, and what came of it."""

    given: Given
    form: str
    entries: int
    place: Path
    total: Imported
    passed_over: int = 0
    unread: int = 0
    rejected: int = 0
    #: How many names of completions tell whose they are, and one of them.
    telling: int = 0
    tells: str = ""

    def note(self, entry: Entry) -> None:
        """Look at what an entry is called: events keep that for ever."""
        name = entry.name.casefold()
        if len(entry.learner) > 1 and entry.learner.casefold() in name:
            self.telling += 1
            self.tells = self.tells or entry.name

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.given.name,
            "format": self.form,
            "rows": self.rows,
            "recorded": self.total.recorded,
            "known": self.total.duplicates,
            "passed_over": self.passed_over,
            "waiting": self.total.waiting,
            "rejected": self.rejected,
            "rejects": str(self.place) if self.rejected else None,
            "telling": self.telling,
        }

    @property
    def rows(self) -> int:
        return self.total.rows + self.passed_over + self.unread


class _Run:
    """One call of `cairn import`, from looking at the files to telling what came of them."""

    def __init__(
        self,
        ledger: Ledger,
        intake: Intake,
        terms: Terms,
        sheets: _Sheets,
        badges: _Badges,
        *,
        keep: bool,
    ) -> None:
        self.files: list[_File] = []
        self._ledger = ledger
        self._intake = intake
        self._terms = terms
        self._sheets = sheets
        self._badges = badges
        self._held: dict[Given, list[Entry | Refused]] = {}
        self._keep = keep
        self._events: list[tuple[str, Recorded]] = []
        self._happened = 0
        self._unknown: dict[str, Counter[str]] = {"learners": Counter(), "modules": Counter()}
        self._modules: dict[str, bool] = {}

    @property
    def rejected(self) -> int:
        return sum(one.rejected for one in self.files)

    def so_far(self) -> str:
        """Say how far an import came that can not go on."""
        from commands.terminal import counted

        recorded = sum(one.total.recorded for one in self.files)
        stay = "stays" if recorded == 1 else "stay"
        return f"{counted(recorded, 'row')} recorded, which {stay}: run it again to go on"

    def look(self, given: Given, form: str | None, place: Path) -> None:
        """Read a file to its end, to know what it is and that it can be read."""
        from domain.imports import Imported
        from interchange.recognise import recognised

        found = form or recognised(given.opened, given.name)
        with self._read(given, found) as (_, read):
            entries = sum(1 for _ in read)
        self.files.append(_File(given, found, entries, place, Imported()))

    @contextmanager
    def _read(self, given: Given, form: str) -> Iterator[tuple[tuple[str, ...], Iterator[Read]]]:
        """Give the header of a file's rejects, and what stands in the file."""
        from interchange.incoming import entries
        from interchange.reading import documents
        from interchange.recognise import TRANSLATORS

        with given.opened() as raw:
            if form == "csv":
                with self._sheets.read(given, raw) as sheet:
                    yield ("line", "reason", *sheet.header), iter(sheet)
            elif form == "badge":
                # What was found out when looking holds for recording, too.
                if given not in self._held:
                    self._held[given] = self._badges.read(given, raw)
                yield _PLACED, iter(self._held[given])
            else:
                found = documents(raw, given.name)
                yield _PLACED, entries(found, TRANSLATORS[form], self._terms)

    def take(self, one: _File) -> None:
        """Record what a file says."""
        from commands.options import now, today
        from commands.terminal import progress
        from domain.imports import import_rows

        with (
            self._read(one.given, one.form) as (header, read),
            _Rejects(one, header) as bad,
            progress(f"importing {one.given.name}", one.entries) as advance,
        ):
            seen = 0

            def onward(so_far: Imported) -> None:
                nonlocal seen
                one.total = so_far
                done = so_far.rows + one.passed_over + one.unread
                advance(done - seen)
                seen = done

            def refused(rejected: Rejected) -> None:
                self._count(rejected)
                bad.refuse(rejected)

            one.total = import_rows(
                self._ledger,
                bad.good(read),
                on=today(),
                clock=now,
                intake=self._intake,
                rejected=refused,
                progress=onward,
                saved=self._note,
            )

    def _count(self, rejected: Rejected) -> None:
        from domain.errors import UnknownLearnerError, UnknownModuleError

        row = rejected.row
        match rejected.error:
            case UnknownLearnerError():
                self._unknown_name("learners", row.learner)
                # Whether the module is known was not asked yet, and is told with it.
                if row.module and not self._is_module(row.module):
                    self._unknown_name("modules", row.module)
            case UnknownModuleError():
                self._unknown_name("modules", row.module)

    def _unknown_name(self, kind: str, name: str) -> None:
        counter = self._unknown[kind]
        if name in counter or len(counter) < _UNKNOWN:
            counter[name] += 1

    def _is_module(self, name: str) -> bool:
        from domain.imports import knows_module

        if name not in self._modules and len(self._modules) < _UNKNOWN:
            self._modules[name] = knows_module(self._ledger, name)
        return self._modules.get(name, True)

    def _note(self, events: Sequence[Recorded]) -> None:
        if not self._keep:
            return
        from commands.books import known_as

        self._happened += len(events)
        if room := _KEPT - len(self._events):
            who = known_as(self._ledger, events[0].stream)
            self._events += [(who, recorded) for recorded in events[:room]]

    # --- what came of it -------------------------------------------------------------------------

    def show(self, *, dry_run: bool, as_json: bool) -> None:
        """Tell what was recorded, or would be, and what was not."""
        from commands.terminal import counted, say, say_json
        from domain.imports import Imported

        total = sum((one.total for one in self.files), Imported())
        if as_json:
            say_json(self._json(total, dry_run=dry_run))
            return
        if dry_run:
            self._show_events()
        for one in self.files:
            name = f"{one.given.name}: " if len(self.files) > 1 else ""
            parts = [
                f"{one.total.recorded:,} recorded",
                f"{one.total.duplicates:,} known before",
                f"{one.rejected:,} rejected",
            ]
            if one.passed_over:
                parts.append(f"{one.passed_over:,} with nothing to record")
            if one.total.waiting:
                parts.append(f"{one.total.waiting:,} waiting for what they void")
            say(f"{name}{counted(one.rows, 'row')}: {', '.join(parts)}")
        if total.registered:
            say(f"{counted(total.registered, 'learner')} registered")
        say(f"{counted(total.awards, 'award')} made" + (", in a dry run" if dry_run else ""))
        self._show_unknown()
        for one in self.files:
            if one.telling:
                whose = "tells whose it is" if one.telling == 1 else "tell whose they are"
                say(
                    f"{counted(one.telling, 'source_id')} {whose}, such as `{one.tells}`:"
                    " events keep that for ever, also when the learner is erased",
                    err=True,
                )
            if one.rejected:
                say(f"see {one.place}", err=True)

    def _show_events(self) -> None:
        from commands.happenings import told
        from commands.terminal import say

        for who, recorded in self._events[:_SHOWN]:
            say(f"would record: {who}: {told(recorded.event)}, {recorded.event.on}")
        if self._happened > _SHOWN:
            say(f"and {self._happened - _SHOWN:,} more; --json lists up to {_KEPT:,}")

    def _show_unknown(self) -> None:
        from commands.terminal import counted, say

        for what, hint in (("learners", "cairn map learner"), ("modules", "cairn map module")):
            counter = self._unknown[what]
            if not counter:
                continue
            say(f"unknown {what} (say which they are: {hint}):", err=True)
            for name, number in counter.most_common(_NAMED):
                say(f"  {name}  {counted(number, 'row')}", err=True)
            if len(counter) > _NAMED:
                say(f"  and {len(counter) - _NAMED:,} more", err=True)

    def _json(self, total: Imported, *, dry_run: bool) -> dict[str, Any]:
        from commands.books import event_json

        rejects = [str(one.place) for one in self.files if one.rejected]
        return {
            "rows": sum(one.rows for one in self.files),
            "recorded": total.recorded,
            "known": total.duplicates,
            "passed_over": sum(one.passed_over for one in self.files),
            "waiting": total.waiting,
            "rejected": self.rejected,
            "rejects": rejects if len(self.files) > 1 else next(iter(rejects), None),
            "telling": sum(one.telling for one in self.files),
            "registered": total.registered,
            "awards": total.awards,
            "dry_run": dry_run,
            "unknown": {
                what: [{"name": name, "rows": rows} for name, rows in counter.most_common()]
                for what, counter in self._unknown.items()
            },
            "would": [
                {"learner": who, **event_json(recorded.event)} for who, recorded in self._events
            ],
            "files": [one.to_json() for one in self.files],
        }


class _Rejects:
    """The file of bad entries, in the order of their places; there is none while there are none.

    What was read but not recorded is told by place, reason and the names of other systems: never
    by the document, which may hold more than it should.
    """

    def __init__(self, one: _File, header: tuple[str, ...]) -> None:
        self._header = header
        self._one = one
        self._file: TextIO | None = None
        self._waiting: list[tuple[tuple[int, int], tuple[object, ...]]] = []

    def __enter__(self) -> _Rejects:
        # What an earlier run left would tell of entries that may be good by now.
        self._one.place.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._settle(None)
        if self._file is not None:
            self._file.close()

    def good(self, read: Iterator[Read]) -> Iterator[Entry]:
        """Give what can be recorded, and keep the rest."""
        from domain.reports import Entry
        from interchange.incoming import PassedOver, Refused

        for one in read:
            match one:
                case Entry():
                    self._one.note(one)
                    yield one
                case PassedOver():
                    self._one.passed_over += 1
                case Refused():
                    self._wait((one.line, one.column), (one.reason, one.key, "", ""))
                case _:
                    self._wait((one.line, 0), (one.reason, *one.cells))

    def _wait(self, place: tuple[int, int], cells: tuple[object, ...]) -> None:
        self._one.unread += 1
        self._waiting.append((place, cells))
        if len(self._waiting) > _WAITING:
            self._settle(None)

    def refuse(self, rejected: Rejected) -> None:
        """Write an entry that the ledger refused, after the bad ones that stand before it."""
        from interchange.spreadsheet import SheetRow

        row = rejected.row
        place = (row.line, row.column)
        self._settle(place)
        help_ = f"; {rejected.error.help}" if rejected.error.help else ""
        reason = f"{rejected.error}{help_}"
        if isinstance(row, SheetRow):
            self._write(place, (reason, *row.cells))
        else:
            self._write(place, (reason, row.name, row.learner, row.module))

    def _settle(self, place: tuple[int, int] | None) -> None:
        ready = [bad for bad in self._waiting if place is None or bad[0] < place]
        self._waiting = self._waiting[len(ready) :]
        for bad in ready:
            self._write(*bad)

    def _write(self, place: tuple[int, int], cells: tuple[object, ...]) -> None:
        if self._file is None:
            self._file = self._one.place.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(self._header)
        where = place if self._header is _PLACED else place[:1]
        csv.writer(self._file).writerow((*where, *cells))
        self._one.rejected += 1
