"""Keeps the read models up to date: catches up with the ledger, and rebuilds from it.

Rows about a learner (or a pathway) are a function of what is known of them, so they are replaced
as a whole when an event of theirs is met; that makes catching up and rebuilding the same thing.
The rows of a page of events and the position behind it are written in one transaction. A read
catches up first, so no daemon is needed, and whoever reads sees what they have just recorded;
where the ledger is not to be written, it does so in a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Table, delete, func, insert, inspect, select, update

from domain.events import Recorded
from domain.ledger import Ledger
from domain.names import PATHWAY
from domain.storage import told
from pathways.problems import CairnError
from projections import (
    activity,
    completions,
    enrolments,
    learners,
    log,
    progress,
    publications,
    register,
    tables,
)
from projections.aside import copied
from projections.connections import engine_of, writing
from projections.seen import LearnerRows, Seen

#: How many events are looked at in one transaction.
_PAGE = 2_000

#: How many learners a run remembers to have brought up to date.
_REMEMBERED = 100_000

#: How many streams one statement names at most.
_NAMED = 500


#: What catching up ends in where an event or a table is damaged.
STOPPED = (CairnError, LookupError, TypeError, ValueError)

#: Called with how many events were looked at, and how many there are to look at.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Projection:
    """One read model: its table, and the version of its rows; another version is rebuilt."""

    table: Table
    version: int
    of_learner: LearnerRows | None = None

    @property
    def name(self) -> str:
        """What the read model is called."""
        return self.table.name


ALL = (
    Projection(tables.learners, learners.VERSION, learners.rows),
    Projection(tables.enrolments, enrolments.VERSION, enrolments.rows),
    Projection(tables.completions, completions.VERSION, completions.rows),
    Projection(tables.awards, register.VERSION, register.rows),
    Projection(tables.progress, progress.VERSION, progress.rows),
    Projection(tables.publications, publications.VERSION),
    Projection(tables.activity, activity.VERSION),
)


@dataclass(frozen=True, slots=True)
class State:
    """How far a read model is: its rows, the event that it has seen last, and how many are left."""

    name: str
    version: int
    rows: int
    position: int
    behind: int


@dataclass(slots=True)
class _Page:
    """Events behind some read models, and the rows that they lead to."""

    start: int
    stop: int
    behind: tuple[Projection, ...]
    seen: dict[str, int]
    pathways: set[str]
    rows: dict[str, list[dict[str, object]]]


class Projections:
    """The read models of one ledger."""

    def __init__(self, ledger: Ledger, projections: Sequence[Projection] = ALL) -> None:
        """Use the ledger's own database, or, where it is not to be written, a copy if need be."""
        self._ledger = ledger
        self._database = ledger.store.database
        self._projections = tuple(projections)
        self._closing = ExitStack()
        self._engine = engine_of(self._database)
        self._closing.callback(self._engine.dispose)
        self._prepared = False

    def close(self) -> None:
        """Let go of the database."""
        self._closing.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a view of all read models that is up to date, for the queries of this package."""
        self.catch_up()
        with told(self._database), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Give one state of all read models, as far as they are; also of what is damaged."""
        with log.snapshot(self._database, self._engine) as view:
            yield view

    def catch_up(self, advance: Progress = lambda _done, _all: None) -> int:
        """Bring the read models up to the ledger's last event; return how many were looked at."""
        with told(self._database):
            if not self._prepare():
                return 0
            done, up_to_date = 0, dict[str, int]()
            behind: tuple[Projection, ...] = ()
            while page := self._page(up_to_date):
                if page.behind != behind:
                    # What was brought up to date before was so for other read models.
                    behind = page.behind
                    if up_to_date:
                        up_to_date.clear()
                        continue
                if not self._write(page):
                    continue
                done += page.stop - page.start
                if len(up_to_date) > _REMEMBERED:
                    up_to_date.clear()
                up_to_date.update(page.seen)
                advance(done, done + self._ledger.store.head() - page.stop)
            return done

    def rebuild(self, advance: Progress = lambda _done, _all: None) -> int:
        """Forget all rows and make them anew; return how many events were looked at."""
        with told(self._database):
            self._prepare()
            with self._writing() as connection:
                for projection in self._projections:
                    self._reset(connection, projection)
        return self.catch_up(advance)

    def status(self) -> list[State]:
        """Tell how far each read model is, without catching up."""
        with told(self._database):
            head = self._ledger.store.head()
            with self._engine.connect() as connection:
                known = self._known(connection)
                return [
                    State(
                        name=projection.name,
                        version=projection.version,
                        rows=connection.execute(
                            select(func.count()).select_from(projection.table)
                        ).scalar_one()
                        if projection.name in known
                        else 0,
                        position=known.get(projection.name, 0),
                        behind=head - known.get(projection.name, 0),
                    )
                    for projection in self._projections
                ]

    # --- inside ----------------------------------------------------------------------------------

    def _prepare(self) -> bool:
        """Make the tables, anew where they are of another version; tell whether they grow.

        Those of a ledger that is not to be written are read as they are, or copied if that is old.
        """
        if self._prepared:
            return True
        with log.snapshot(self._database, self._engine) as view:
            known = self._known(view)
            complete = len(known) == len(self._projections)
            if self._database.read_only:
                if complete and min(known.values()) >= self._ledger.store.head():
                    return False
                usable = [one.table for one in self._projections if one.name in known]
                self._engine = self._closing.enter_context(copied(view, usable))
            elif complete:
                self._prepared = True
                return True
        with self._writing() as connection:
            tables.positions.create(connection, checkfirst=True)
            known = self._known(connection, held=True)
            for projection in self._projections:
                if projection.name not in known:
                    self._reset(connection, projection)
        self._prepared = True
        return True

    def _known(self, connection: Connection, *, held: bool = False) -> dict[str, int]:
        """Return how far those read models are that there are in their present version."""
        if not inspect(connection).has_table(tables.positions.name):
            return {}
        found = {(name, version): at for name, version, at in self._positions(connection, held)}
        return {
            one.name: found[one.name, one.version]
            for one in self._projections
            if (one.name, one.version) in found
        }

    def _reset(self, connection: Connection, projection: Projection) -> None:
        table = tables.positions
        projection.table.drop(connection, checkfirst=True)
        projection.table.create(connection)
        connection.execute(delete(table).where(table.c.name == projection.name))
        connection.execute(
            insert(table).values(name=projection.name, version=projection.version, position=0)
        )

    def _positions(self, connection: Connection, held: bool = False) -> list[tuple[str, int, int]]:
        """Read how far the read models are; where they are `held`, nobody else moves them on."""
        table = tables.positions
        query = select(table.c.name, table.c.version, table.c.position)
        rows = connection.execute(query.with_for_update() if held else query)
        return [(name, version, position) for name, version, position in rows]

    def _page(self, up_to_date: dict[str, int]) -> _Page | None:
        """Read the next events, and make the rows of those read models that are furthest behind."""
        with self._engine.connect() as connection:
            positions = {name: position for name, _, position in self._positions(connection)}
        reached = {projection: positions[projection.name] for projection in self._projections}
        start = min(reached.values())
        events = self._ledger.store.page(start, _PAGE)
        later = [position for position in reached.values() if position > start]
        if later:
            events = [(position, one) for position, one in events if position <= min(later)]
        if not events:
            return None
        behind = tuple(projection for projection in reached if reached[projection] == start)
        return self._rows(start, events, behind, up_to_date)

    def _rows(
        self,
        start: int,
        events: list[tuple[int, Recorded]],
        behind: tuple[Projection, ...],
        up_to_date: dict[str, int],
    ) -> _Page:
        page = _Page(start, events[-1][0], behind, {}, set(), {one.name: [] for one in behind})
        for _, recorded in events:
            if recorded.stream.startswith(PATHWAY):
                page.pathways.add(recorded.stream.removeprefix(PATHWAY))
            elif up_to_date.get(recorded.stream, 0) < recorded.number:
                page.seen[recorded.stream] = recorded.number
        for learner in page.seen:
            loaded = self._ledger.load(learner)
            assert loaded.day is not None
            page.seen[learner] = loaded.number
            seen = Seen(loaded.learner, loaded.day, self._ledger.library)
            for projection in behind:
                if projection.of_learner is not None:
                    page.rows[projection.name].extend(projection.of_learner(seen))
        if tables.publications.name in page.rows:
            for pathway in sorted(page.pathways):
                publication = self._ledger.publication(pathway)
                page.rows[tables.publications.name].extend(publications.rows(publication))
        if tables.activity.name in page.rows:
            page.rows[tables.activity.name].extend(activity.row(*one) for one in events)
        return page

    def _write(self, page: _Page) -> bool:
        """Write a page; tell whether nobody else had written it in the meantime."""
        table = tables.positions
        with self._writing() as connection:
            positions = {name: at for name, _, at in self._positions(connection, held=True)}
            if any(positions.get(one.name) != page.start for one in page.behind):
                return False
            for projection in page.behind:
                self._forget(connection, projection, page)
                if rows := page.rows[projection.name]:
                    connection.execute(insert(projection.table), rows)
                connection.execute(
                    update(table).where(table.c.name == projection.name).values(position=page.stop)
                )
        return True

    def _forget(self, connection: Connection, projection: Projection, page: _Page) -> None:
        """Delete the rows that a page replaces."""
        if projection.of_learner is not None:
            column, names = projection.table.c.learner, list(page.seen)
        elif projection.table is tables.publications:
            column, names = projection.table.c.pathway, list(page.pathways)
        else:
            return
        for first in range(0, len(names), _NAMED):
            some = names[first : first + _NAMED]
            connection.execute(delete(projection.table).where(column.in_(some)))

    def _writing(self) -> AbstractContextManager[Connection]:
        return writing(self._engine)
