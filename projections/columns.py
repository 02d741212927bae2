"""The population as columns: Parquet files beside the database, kept up from the event log.

A *run* is a set of files about some learners, each of them whole: what is known after their last
event that the run has seen. Catching up writes one more run, about the learners of the new events
alone, and then the manifest, which says what the runs are and how far they go; a manifest is
replaced in one step, so that a reader sees all of a change or nothing. Where several runs tell of
a learner the newest is right. Small runs are merged as they come, and all of them when a quarter
of the learners has changed, so that the cost of catching up stays in proportion to the events.

Learners are in the order of their ids, and parted into ranges that workers can share. There is no
personal data here: a learner is an opaque id, as in the events. Amounts are exact texts.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine

from domain import learner as learners
from domain.errors import LedgerLockedError, LedgerUnavailableError
from domain.events import LearnerEvent, Recorded
from domain.learner import Award, Learner
from domain.ledger import Ledger
from domain.names import PATHWAY
from domain.storage import Database, told
from pathways.document import plain
from pathways.problems import CairnError
from projections import log
from projections.connections import engine_of
from projections.log import Row
from projections.partitions import ALONE, Sharing, at_hand, put_away, shared
from projections.runner import State

#: Columns of another version are made anew.
VERSION = 1

#: About how many events are replayed for one part, when the columns are made anew.
STRETCH = 500_000

#: How many events are caught up with in one run.
_PAGE = 20_000

#: Runs are merged into ranges anew when those that came since are larger than one part in so many.
_SHARE = 4

#: For how many seconds files that were replaced are kept, for those who may still read them.
_KEPT = 3_600

#: How many seconds to wait while another program keeps the columns up.
_PATIENCE = 600

_MANIFEST = "manifest.json"

#: Stands for `never`, where an empty day means that a module's or credential's own rule holds.
NEVER = date.max

_WORD = pa.dictionary(pa.int32(), pa.string())
_DAY = pa.date32()

#: What is kept of each learner, table by table; amounts are texts, so that they stay exact.
SCHEMAS: dict[str, pa.Schema] = {
    "enrolments": pa.schema(
        {"pathway": _WORD, "version": _WORD, "on": _DAY, "withdrawn": _DAY},
    ),
    "completions": pa.schema(
        {
            "module": _WORD,
            "on": _DAY,
            "score": _WORD,
            "grade": _WORD,
            "credits": _WORD,
            "level": _WORD,
            "hours": _WORD,
            "groups": _WORD,
            "expires": _DAY,
            "source": _WORD,
            "revoked": _DAY,
        }
    ),
    "awards": pa.schema(
        {
            "credential": _WORD,
            "on": _DAY,
            "expires": _DAY,
            "award_class": _WORD,
            "pathway": _WORD,
            "version": _WORD,
            "revoked": _DAY,
            "groundless": pa.bool_(),
            "renewed": pa.list_(_DAY),
            "renewed_until": pa.list_(_DAY),
            "used": pa.list_(pa.int32()),
            "used_waivers": pa.list_(pa.string()),
        }
    ),
    "started": pa.schema(
        {"module": _WORD, "on": _DAY, "credits": _WORD, "hours": _WORD, "source": _WORD}
    ),
    "waivers": pa.schema(
        {
            "waiver": pa.string(),
            "pathway": _WORD,
            "rule": _WORD,
            "on": _DAY,
            "amount": _WORD,
            "withdrawn": _DAY,
        }
    ),
    "substitutions": pa.schema({"module": _WORD, "counts_as": _WORD, "on": _DAY}),
    "approvals": pa.schema({"credential": _WORD}),
}

#: One row for each learner: the last day of a decision, and how many rows each table has of them.
LEARNERS = pa.schema(
    {
        "learner": pa.string(),
        "number": pa.int32(),
        "day": _DAY,
        "registered": _DAY,
        **{name: pa.int32() for name in SCHEMAS},
    }
)

Tables = dict[str, Any]
Progress = Callable[[int], None]


# --- one learner as rows -------------------------------------------------------------------------


class Builder:
    """Collects learners, and makes tables of them."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.names: list[str] = []
        self._learners: dict[str, list[Any]] = {name: [] for name in LEARNERS.names}
        self._rows: dict[str, dict[str, list[Any]]] = {
            table: {name: [] for name in schema.names} for table, schema in SCHEMAS.items()
        }

    def add(self, learner: Learner, number: int, day: date) -> None:
        """Add a learner as they are after `number` events, the last of them decided on a `day`."""
        rows = rows_of(learner)
        own = self._learners
        own["learner"].append(learner.id)
        own["number"].append(number)
        own["day"].append(day)
        own["registered"].append(learner.registered)
        for table, columns in self._rows.items():
            own[table].append(len(rows[table]))
            for row in rows[table]:
                for column, value in zip(columns.values(), row, strict=True):
                    column.append(value)

    def __len__(self) -> int:
        """How many learners there are."""
        return len(self._learners["learner"])

    def tables(self) -> Tables:
        """Return the tables, learners in the order of their ids as bytes."""
        made = {"learners": pa.table(self._learners, schema=LEARNERS)} | {
            table: pa.table(columns, schema=SCHEMAS[table]) for table, columns in self._rows.items()
        }
        return _overlaid([Batch(made)], "", None).tables


def rows_of(learner: Learner) -> dict[str, list[tuple[Any, ...]]]:
    """Return what is kept of a learner: rows by table, their values in the order of the columns.

    What an award used is named by place: completions from 0 on, and awards from -1 downwards.
    A completion that was replaced by another is left out, because it never was.
    """
    completions = sorted(
        (one for one in learner.completions.values() if one.replaced_by is None),
        key=lambda one: (one.on, one.module, one.id),
    )
    awards = sorted(learner.awards.values(), key=lambda award: (award.on, award.id))
    places = {one.id: place for place, one in enumerate(completions)}
    places |= {award.id: -1 - place for place, award in enumerate(awards)}
    return {
        "enrolments": [
            (one.pathway, one.version, one.on, one.withdrawn)
            for _, one in sorted(learner.enrolments.items())
        ],
        "completions": [
            (
                one.module,
                one.on,
                _text(one.score),
                one.grade,
                _text(one.credits),
                _text(one.level),
                _text(one.hours),
                json.dumps(one.groups) if one.groups else None,
                _last(one.expires),
                one.source,
                one.revoked,
            )
            for one in completions
        ],
        "awards": [_award(award, places, learner) for award in awards],
        "started": [
            (one.module, one.on, _text(one.credits), _text(one.hours), one.source)
            for one in learner.started.values()
        ],
        "waivers": [
            (one.id, one.pathway, one.rule, one.on, _text(one.amount), one.withdrawn)
            for one in learner.waivers.values()
        ],
        "substitutions": [(one.module, one.counts_as, one.on) for one in learner.substitutions],
        "approvals": [(credential,) for credential in sorted(learner.approvals)],
    }


def _award(award: Award, places: Mapping[str, int], learner: Learner) -> tuple[Any, ...]:
    evidence = [item for item in award.evidence if item not in award.settled]
    waivers = [item for item in evidence if (award.pathway, item) in learner.waivers]
    return (
        award.credential,
        award.on,
        _last(award.expires),
        award.award_class,
        award.pathway or None,
        award.version or None,
        award.revoked,
        award.groundless,
        [renewal.on for renewal in award.renewals],
        [_last(renewal.expires) for renewal in award.renewals],
        [places[item] for item in evidence if item in places],
        [item for item in waivers if item not in places],
    )


def _text(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def _last(expires: date | Literal["never"] | None) -> date | None:
    return NEVER if expires == "never" else expires


# --- tables of some learners ---------------------------------------------------------------------


class Batch:
    """Tables about some learners, and where each learner's rows begin."""

    def __init__(self, tables: Tables) -> None:
        """Keep tables; a table that was not asked for is not there."""
        self.tables = tables
        self._starts: dict[str, Any] = {}
        self._codes: dict[tuple[str, str], tuple[Any, list[str]]] = {}

    def __len__(self) -> int:
        """How many learners there are."""
        return int(self.tables["learners"].num_rows)

    @cached_property
    def ids(self) -> Any:
        """The learners' ids as bytes, in order."""
        words = self.tables["learners"]["learner"].to_pylist()
        return np.array([word.encode() for word in words], dtype=np.bytes_)

    def starts(self, table: str) -> Any:
        """Return where the rows of each learner begin, and at last how many rows there are."""
        if table not in self._starts:
            counts = self.tables["learners"][table].to_numpy()
            found = np.zeros(len(counts) + 1, dtype=np.int64)
            np.cumsum(counts, out=found[1:])
            self._starts[table] = found
        return self._starts[table]

    def codes(self, table: str, column: str) -> tuple[Any, list[str]]:
        """Return a column of words as places in a list of words, -1 where it is empty."""
        if (table, column) not in self._codes:
            words = self.tables[table][column].unify_dictionaries().combine_chunks()
            self._codes[table, column] = (
                (words.indices.fill_null(-1).to_numpy(), words.dictionary.to_pylist())
                if len(words)
                else (np.zeros(0, dtype=np.int32), [])
            )
        return self._codes[table, column]

    def days(self, table: str, column: str, empty: int) -> Any:
        """Return a column of days as numbers of days since 1970, `empty` where there is none."""
        days = self.tables[table][column].combine_chunks().cast(pa.int32())
        return days.fill_null(empty).to_numpy()


def _overlaid(batches: Sequence[Batch], above: str, upto: str | None) -> Batch:
    """Return what several batches tell of the learners of a range, later ones going before.

    Rows that stay together are taken together, so the cost is that of a copy.
    """
    if not above and upto is None and len(batches) == 1 and _sorted(batches[0].ids):
        return batches[0]
    ids = np.concatenate([batch.ids for batch in batches])
    owner = np.repeat(np.arange(len(batches)), [len(batch) for batch in batches])
    place = np.concatenate([np.arange(len(batch)) for batch in batches])
    inside = ids > above.encode()
    if upto is not None:
        inside &= ids <= upto.encode()
    ids, owner, place = ids[inside], owner[inside], place[inside]
    order = np.lexsort((owner, ids))
    ids, owner, place = ids[order], owner[order], place[order]
    newest = np.ones(len(ids), dtype=bool)
    newest[:-1] = ids[1:] != ids[:-1]
    owner, place = owner[newest], place[newest]
    cuts = np.flatnonzero((owner[1:] != owner[:-1]) | (place[1:] != place[:-1] + 1)) + 1
    first = np.concatenate([[0], cuts]).astype(int)[: len(owner)]
    stop = np.concatenate([cuts, [len(owner)]]).astype(int)[: len(owner)]
    slices = [
        (batches[owner[low]], int(place[low]), int(place[high - 1]) + 1)
        for low, high in zip(first, stop, strict=True)
    ]
    found: Tables = {}
    for name in batches[0].tables:
        whole = batches[0].tables[name]
        if name == "learners":
            cut = [batch.tables[name].slice(low, high - low) for batch, low, high in slices]
        else:
            starts = {id(batch): batch.starts(name) for batch in batches}
            cut = [
                batch.tables[name].slice(
                    int(starts[id(batch)][low]),
                    int(starts[id(batch)][high] - starts[id(batch)][low]),
                )
                for batch, low, high in slices
            ]
        found[name] = pa.concat_tables(cut) if cut else whole.slice(0, 0)
    return Batch(found)


def _sorted(ids: Any) -> bool:
    return bool((ids[1:] > ids[:-1]).all())


# --- files ---------------------------------------------------------------------------------------


class UnkeptError(LedgerUnavailableError):
    """The folder of the columns can not be written."""


class ColumnsDamagedError(CairnError):
    """A file of the columns is not as it was written; nothing is wrong with the ledger.

    `help` says what would do, apart from the message.
    """

    def __init__(self, message: str, help: str = "") -> None:
        """Keep what is wrong, and what would do."""
        super().__init__(message)
        self.help = help


@dataclass(frozen=True, slots=True)
class Run:
    """Files about some learners: how many, from which to which, and the digest of each file.

    A `whole` run is the ground of a range of learners, up to its last one; the others tell what is
    newer.
    """

    name: str
    learners: int
    rows: int
    first: str
    last: str
    whole: bool
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the runs are, oldest first, and the event that they have seen last.

    `mark` is the digest of that event, by which another ledger is recognised. `dropped` are names
    of runs that were replaced, with the moment from which on they are kept for a while.
    """

    version: int
    position: int
    mark: str
    runs: tuple[Run, ...] = ()
    dropped: Mapping[str, float] = field(default_factory=dict)

    @property
    def whole(self) -> tuple[Run, ...]:
        """The grounds, in the order of their ranges."""
        return tuple(run for run in self.runs if run.whole)

    @property
    def newer(self) -> tuple[Run, ...]:
        """The runs that came since, oldest first."""
        return tuple(run for run in self.runs if not run.whole)


@dataclass(frozen=True, slots=True)
class Part:
    """A range of learners: those after `above` and up to `upto`, as some runs tell of them."""

    folder: Path
    above: str
    upto: str | None
    runs: tuple[str, ...]

    def read(self, wanted: Mapping[str, Sequence[str] | None] | None = None) -> Batch:
        """Return the tables, or those `wanted`, each with all its columns or with some of them.

        Raises `ColumnsDamagedError` where a file is damaged, or gone.
        """
        asked = dict.fromkeys(SCHEMAS) if wanted is None else wanted
        batches = [_read(self.folder, run, asked) for run in self.runs]
        whole = len(batches) == 1
        return batches[0] if whole else _overlaid(batches, self.above, self.upto)


def _file(folder: Path, run: str, table: str) -> Path:
    return folder / f"{run}.{table}.parquet"


def write_run(folder: Path, tables: Tables, *, whole: bool) -> Run:
    """Write a run; it is there when a manifest names it."""
    name, digests = uuid4().hex, dict[str, str]()
    for table, rows in tables.items():
        if table != "learners" and not rows.num_rows:
            continue
        path = _file(folder, name, table)
        pq.write_table(rows.combine_chunks(), path, write_page_checksum=True)
        with path.open("rb+") as written:
            digests[table] = hashlib.file_digest(written, "sha256").hexdigest()
            os.fsync(written.fileno())
    ids = tables["learners"]["learner"]
    return Run(
        name=name,
        learners=len(ids),
        rows=tables["completions"].num_rows,
        first=str(ids[0]) if len(ids) else "",
        last=str(ids[-1]) if len(ids) else "",
        whole=whole,
        digests=digests,
    )


def _read(folder: Path, run: str, wanted: Mapping[str, Sequence[str] | None]) -> Batch:
    tables: Tables = {"learners": _table(folder, run, "learners", None)}
    counts = tables["learners"]
    for table, columns in wanted.items():
        if counts.num_rows and (counts[table].to_numpy() > 0).any():
            tables[table] = _table(folder, run, table, columns)
        else:
            schema = SCHEMAS[table]
            kept = schema if columns is None else pa.schema([schema.field(one) for one in columns])
            tables[table] = kept.empty_table()
    return Batch(tables)


def _table(folder: Path, run: str, table: str, columns: Sequence[str] | None) -> Any:
    path = _file(folder, run, table)
    schema = LEARNERS if table == "learners" else SCHEMAS[table]
    words = [one.name for one in schema if pa.types.is_dictionary(one.type)]
    try:
        return pq.read_table(
            path,
            columns=None if columns is None else list(columns),
            read_dictionary=words,
            page_checksum_verification=True,
            partitioning=None,
        )
    except FileNotFoundError as error:
        raise ColumnsDamagedError(
            f"`{path}` is gone",
            "run it again; where that helps nothing, `cairn projections rebuild`",
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise ColumnsDamagedError(
            f"`{path}` is damaged", "make it anew with `cairn projections rebuild`"
        ) from error


# --- keeping up ----------------------------------------------------------------------------------


def place_of(database: Database) -> Path:
    """Return where the columns of a ledger are, unless told otherwise.

    Beside the file; for a server in the working directory, in a folder with the server's name.
    """
    if database.path is not None:
        return database.path.with_name(database.path.name + ".columns")
    parts = urlsplit(database.url)
    name = parts.path.removeprefix("/").replace("/", "-")
    return Path.cwd() / f"{parts.hostname or 'localhost'}-{name}.columns"


class Columns:
    """The columns of one ledger."""

    def __init__(self, ledger: Ledger, place: Path | None = None) -> None:
        """Use a folder, by default the one that `place_of` tells; it is made when it is needed."""
        self._ledger = ledger
        self._database = ledger.store.database
        self.folder = (place or place_of(self._database)).absolute()

    def parts(self) -> list[Part]:
        """Return ranges that together hold every learner, as of the last time of catching up."""
        manifest = self.manifest()
        if manifest is None:
            return []
        newer = tuple(run.name for run in manifest.newer)
        ranges = _ranges(manifest.whole)
        return [
            Part(self.folder, above, upto, (*ground, *newer))
            for ground, above, upto in ranges
            if ground or newer
        ]

    def catch_up(self, sharing: Sharing = ALONE, progress: Progress = lambda _: None) -> int:
        """Bring the columns up to the ledger's last event; return how many were looked at.

        Columns of another version or another ledger, or none, are made anew, which `sharing` tells
        who does. Raises a `LedgerError`, `UnkeptError` where they would change and can not, or
        `UnsharedError`.
        """
        with told(self._database), self._engine() as engine:
            manifest = self._usable(engine)
            if manifest is not None and manifest.position == self._ledger.store.head():
                return 0
            with self._writing():
                manifest = self._usable(engine)
                if manifest is None:
                    return self._anew(engine, sharing, progress)
                done = 0
                while rows := self._page(engine, manifest.position):
                    manifest = self._advanced(manifest, rows)
                    done += len(rows)
                    progress(len(rows))
                return done

    def rebuild(self, sharing: Sharing = ALONE, progress: Progress = lambda _: None) -> int:
        """Make all anew; return how many events were looked at.

        Whoever reads in the meantime sees the old ones. Raises like `catch_up`.
        """
        with told(self._database), self._engine() as engine, self._writing():
            return self._anew(engine, sharing, progress)

    def manifest(self) -> Manifest | None:
        """Return the manifest, None where there is none of the present version."""
        try:
            data = json.loads((self.folder / _MANIFEST).read_bytes())
            if data["version"] != VERSION:
                return None
            return Manifest(**data | {"runs": tuple(Run(**run) for run in data["runs"])})
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            # Not ours, or damaged: it is made anew.
            return None

    def learners(self) -> int:
        """Return how many learners there are."""
        return sum(len(part.read({})) for part in self.parts())

    def status(self) -> list[State]:
        """Tell how far they are, without catching up; nothing where there are none."""
        manifest = self.manifest()
        if manifest is None:
            return []
        rows = sum(run.rows for run in manifest.runs)
        behind = max(0, self._ledger.store.head() - manifest.position)
        return [State("columns", manifest.version, rows, manifest.position, behind)]

    def verify(self) -> list[Path]:
        """Return the files that are not as they were written."""
        manifest = self.manifest()
        wrong = []
        for run in () if manifest is None else manifest.runs:
            for table, digest in run.digests.items():
                path = _file(self.folder, run.name, table)
                if not path.exists():
                    wrong.append(path)
                    continue
                with path.open("rb") as written:
                    if hashlib.file_digest(written, "sha256").hexdigest() != digest:
                        wrong.append(path)
        return wrong

    # --- inside ----------------------------------------------------------------------------------

    @contextmanager
    def _engine(self) -> Iterator[Engine]:
        engine = engine_of(self._database)
        try:
            yield engine
        finally:
            engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Keep every other program from writing the same; the system lets go of who was killed."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = sqlite3.connect(self.folder / "lock", timeout=_PATIENCE, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise UnkeptError(
                f"`{self.folder}` can not be written ({error})",
                "name another folder for the columns, with --columns or CAIRN_COLUMNS",
            ) from error
        with closing(lock):
            try:
                lock.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise LedgerLockedError(
                    f"another program writes `{self.folder}`", "wait until it is done"
                ) from error
            self._sweep()
            yield
            self._sweep()

    def _usable(self, engine: Engine) -> Manifest | None:
        """Return the manifest where it is of this ledger."""
        manifest = self.manifest()
        if manifest is None or manifest.position == 0:
            return manifest
        with log.snapshot(self._database, engine) as view:
            rows = list(log.in_order(view, manifest.position - 1, 1))
        same = rows and rows[0].position == manifest.position and _mark(rows[0]) == manifest.mark
        return manifest if same else None

    def _page(self, engine: Engine, after: int) -> list[Row]:
        with log.snapshot(self._database, engine) as view:
            return list(log.in_order(view, after, _PAGE))

    def _advanced(self, manifest: Manifest, rows: list[Row]) -> Manifest:
        """Add a run about the learners of some events."""
        builder = Builder()
        for stream in dict.fromkeys(row.stream for row in rows):
            if not stream.startswith(PATHWAY):
                loaded = self._ledger.load(stream)
                assert loaded.day is not None
                builder.add(loaded.learner, loaded.number, loaded.day)
        runs = list(manifest.runs)
        if len(builder):
            runs.append(write_run(self.folder, builder.tables(), whole=False))
        return self._published(
            manifest, self._merged(runs), position=rows[-1].position, mark=_mark(rows[-1])
        )

    def _merged(self, runs: list[Run]) -> list[Run]:
        """Merge runs that came since, where there are many or large ones."""
        whole = [run for run in runs if run.whole]
        newer = [run for run in runs if not run.whole]
        if _SHARE * sum(run.learners for run in newer) > sum(run.learners for run in whole):
            return self._grounds(whole, newer)
        while len(newer) > 1 and 2 * newer[-1].learners >= newer[-2].learners:
            last = [_read(self.folder, run.name, dict.fromkeys(SCHEMAS)) for run in newer[-2:]]
            newer[-2:] = [write_run(self.folder, _overlaid(last, "", None).tables, whole=False)]
        return [*whole, *newer]

    def _grounds(self, whole: Sequence[Run], newer: Sequence[Run]) -> list[Run]:
        """Write every range anew, with all that came since; a range that has grown is parted."""
        found = []
        names = tuple(run.name for run in newer)
        for ground, above, upto in _ranges(whole):
            batch = Part(self.folder, above, upto, (*ground, *names)).read()
            batch = _overlaid([batch], above, upto)
            pieces = max(1, batch.tables["completions"].num_rows // STRETCH)
            edges = np.linspace(0, len(batch), pieces + 1).astype(int)
            ids = batch.ids
            for low, high in pairwise(edges):
                if low < high:
                    first = ids[low - 1].decode() if low else ""
                    some = _overlaid([batch], first, ids[high - 1].decode())
                    found.append(write_run(self.folder, some.tables, whole=True))
        return found

    def _anew(self, engine: Engine, sharing: Sharing, progress: Progress) -> int:
        with log.snapshot(self._database, engine) as view:
            head, _ = log.head(view)
            stretches = list(log.bounds(view, STRETCH))
            mark = "".join(_mark(row) for row in log.in_order(view, head - 1, 1)) if head else ""
        done, runs = 0, list[Run]()
        work = partial(_part, uuid4().hex, self._database, self.folder, head)
        try:
            for run, events in shared(work, stretches, sharing):
                if run is not None:
                    runs.append(run)
                done += events
                progress(events)
        finally:
            put_away()
        runs.sort(key=lambda run: run.first.encode())
        if any(one.last.encode() >= two.first.encode() for one, two in pairwise(runs)):
            # The database has another order for texts than that of their bytes.
            runs = self._grounds([], runs)
        old = self.manifest() or Manifest(VERSION, 0, "")
        self._published(old, [replace(run, whole=True) for run in runs], position=head, mark=mark)
        return done

    def _published(
        self, old: Manifest, runs: Sequence[Run], *, position: int, mark: str
    ) -> Manifest:
        """Put a new manifest in the place of the old one, in one step."""
        place = self.folder / f"{_MANIFEST}.new"
        place.touch()
        moment = place.stat().st_mtime
        kept = {run.name for run in runs}
        dropped = {
            name: since
            for name, since in {
                **{run.name: moment for run in old.runs},
                **old.dropped,
            }.items()
            if name not in kept and moment - since < _KEPT
        }
        manifest = Manifest(VERSION, position, mark, tuple(runs), dropped)
        with place.open("w", encoding="utf-8") as written:
            json.dump(asdict(manifest), written)
            written.flush()
            os.fsync(written.fileno())
        place.replace(self.folder / _MANIFEST)
        return manifest

    def _sweep(self) -> None:
        """Remove files that no manifest names: somebody was killed before it was written."""
        manifest = self.manifest() or Manifest(VERSION, 0, "")
        names = {run.name for run in manifest.runs} | manifest.dropped.keys()
        for path in self.folder.glob("*.parquet"):
            if path.name.partition(".")[0] not in names:
                path.unlink(missing_ok=True)


def _ranges(whole: Sequence[Run]) -> list[tuple[tuple[str, ...], str, str | None]]:
    """Return the ranges that some grounds make, each with its ground and its bounds."""
    if not whole:
        return [((), "", None)]
    lasts = [run.last for run in whole[:-1]]
    return [
        ((run.name,), above, upto)
        for run, above, upto in zip(whole, ["", *lasts], [*lasts, None], strict=True)
    ]


def _mark(row: Row) -> str:
    state = row.state if isinstance(row.state, bytes) else str(row.state).encode()
    return hashlib.sha256(f"{row.stream}/{row.number}/{row.topic}/".encode() + state).hexdigest()


# --- making anew, in parts -----------------------------------------------------------------------


def _part(
    run: str, database: Database, folder: Path, head: int, stretch: tuple[str, str | None]
) -> tuple[Run | None, int]:
    """Write the run of a stretch of streams; what a lost worker wrote of it is swept later."""
    engine = at_hand(run, partial(_opened, database))
    builder, events = Builder(), 0
    with told(database), log.snapshot(database, engine) as view:
        for stream in log.by_stream(view, *stretch):
            rows = [row for row in stream.rows() if row.position <= head]
            events += len(rows)
            if rows and not stream.name.startswith(PATHWAY):
                history = [row.read() for row in rows]
                known = learners.replay(stream.name, _events(history))
                builder.add(known, rows[-1].number, max(one.day for one in history))
    written = write_run(folder, builder.tables(), whole=True) if len(builder) else None
    return written, events


def _events(history: Iterable[Recorded]) -> Iterator[LearnerEvent]:
    for recorded in history:
        assert isinstance(recorded.event, LearnerEvent)
        yield recorded.event


@contextmanager
def _opened(database: Database) -> Iterator[Engine]:
    engine = engine_of(database)
    try:
        yield engine
    finally:
        engine.dispose()
