"""Completions by the hundred thousand: read in batches, decided learner by learner.

A batch is read, its rows are put together by learner, and each learner is loaded, evaluated and
saved once. Learners are saved in groups, one transaction for each group, so that what a learner
has of a batch is recorded with all its awards, or not at all. An import that was killed is run
again from the start: what was recorded is recognised, and the rest is decided as it would have
been.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from itertools import islice

from domain import learner as learners
from domain.commands import EnrolLearner, RecordCompletion, RegisterLearner
from domain.errors import (
    InvalidError,
    LedgerConflictError,
    RefusedError,
    UnknownLearnerError,
)
from domain.events import CredentialAwarded, LearnerEvent, Recorded
from domain.ledger import Ledger, again, numbered
from domain.library import Resolver
from domain.policies import consequences
from domain.publication import Edition

#: How many rows are read before they are recorded. Fixed: how rows fall into batches decides which
#: evidence is known when an award is dated, and a repeated import must decide the same.
BATCH = 10_000

#: How many rows and events are saved in one transaction, or a few more.
_TOGETHER = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """A completion to import, and where it stands in its file.

    The `learner` of the completion is still a reference of the directory.
    """

    line: int
    completion: RecordCompletion


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not recorded, and why."""

    row: Row
    error: RefusedError


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import so far: numbers of rows, learners, awards and events."""

    rows: int = 0
    recorded: int = 0
    duplicates: int = 0
    rejected: int = 0
    registered: int = 0
    awards: int = 0
    events: int = 0

    def __add__(self, other: Imported) -> Imported:
        """Add up two parts of an import."""
        return Imported(
            self.rows + other.rows,
            self.recorded + other.recorded,
            self.duplicates + other.duplicates,
            self.rejected + other.rejected,
            self.registered + other.registered,
            self.awards + other.awards,
            self.events + other.events,
        )


@dataclass(frozen=True, slots=True)
class Intake:
    """How an import treats learners whom it meets.

    `register` makes unknown references known. `enrol` are pathways in which learners are enrolled
    who never were: on the day `enrolled_on`, or, where that is None, on the day of the earliest of
    the completions by which the import first meets them.
    """

    register: bool = False
    enrol: tuple[str, ...] = ()
    enrolled_on: date | None = None
    by: str = "import"


@dataclass(slots=True)
class _Decided:
    """What one learner's rows of a batch lead to."""

    learner: str
    rows: Sequence[Row]
    events: list[Recorded] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    result: Imported = field(default_factory=Imported)


def import_rows(
    ledger: Ledger,
    rows: Iterable[Row],
    *,
    on: date,
    clock: Callable[[], datetime],
    intake: Intake = Intake(),
    rejected: Callable[[Rejected], None] = lambda _: None,
    progress: Callable[[Imported], None] = lambda _: None,
) -> Imported:
    """Record completions, with all awards that follow, and return what came of it.

    `on` is the day on which awards are decided, `clock` tells the moments of recording. Rows that
    can not be recorded go to `rejected`, those of a batch in the order of the file; `progress` is
    called with the results so far. Memory does not grow with the number of rows. Raises a
    `LedgerError` when the database can not be used; what was recorded until then stays, and
    running the import again continues it.
    """
    return _Import(ledger, on, clock, intake, rejected, progress).run(rows)


class _Import:
    def __init__(
        self,
        ledger: Ledger,
        on: date,
        clock: Callable[[], datetime],
        intake: Intake,
        rejected: Callable[[Rejected], None],
        progress: Callable[[Imported], None],
    ) -> None:
        self._ledger = ledger
        self._on = on
        self._clock = clock
        self._intake = intake
        self._rejected = rejected
        self._progress = progress
        self._total = Imported()
        self._editions: list[Edition] = []

    def run(self, rows: Iterable[Row]) -> Imported:
        publications = (self._ledger.publication(pathway) for pathway in self._intake.enrol)
        self._editions = [publication.newest() for publication in publications]
        waiting = iter(rows)
        while batch := list(islice(waiting, BATCH)):
            self._batch(batch)
        return self._total

    def _batch(self, batch: list[Row]) -> None:
        names = Resolver(self._ledger.library)
        by_learner, nobodies = self._by_learner(batch)
        bad = [Rejected(row, _nobody(row)) for row in nobodies]
        self._total += Imported(rows=len(bad), rejected=len(bad))
        group: list[_Decided] = []
        size = 0
        for learner, rows in by_learner.items():
            decided = self._decide(learner, rows, names)
            group.append(decided)
            size += len(rows) + len(decided.events)
            if size >= _TOGETHER:
                bad.extend(self._save(group, names))
                group, size = [], 0
        bad.extend(self._save(group, names))
        for each in sorted(bad, key=lambda one: one.row.line):
            self._rejected(each)

    def _by_learner(self, batch: list[Row]) -> tuple[Mapping[str, list[Row]], list[Row]]:
        """Put rows together by opaque id, in the order in which learners first appear."""
        references = dict.fromkeys(row.completion.learner for row in batch)
        references.pop("", None)
        directory = self._ledger.directory
        ids = directory.ids(references)
        if self._intake.register and len(ids) < len(references):
            directory.enter_all(reference for reference in references if reference not in ids)
            ids = directory.ids(references)
        groups: dict[str, list[Row]] = {}
        nobodies: list[Row] = []
        for row in batch:
            learner = ids.get(row.completion.learner)
            if learner is None:
                nobodies.append(row)
            else:
                groups.setdefault(learner, []).append(row)
        return groups, nobodies

    def _decide(self, learner: str, rows: Sequence[Row], names: Resolver) -> _Decided:
        loaded = self._ledger.load(learner)
        known, events = loaded.learner, list[LearnerEvent]()
        result = _Decided(learner, rows)

        def happen(decided: Iterable[LearnerEvent]) -> bool:
            nonlocal known
            count = len(events)
            for event in decided:
                known = learners.evolve(known, event)
                events.append(event)
            return len(events) > count

        registered = known.registered is None and happen(self._registration(learner))
        happen(self._enrolments(known, rows))
        recorded = duplicates = 0
        for row in rows:
            command = replace(row.completion, learner=learner)
            try:
                full = self._ledger.resolved(command, known, names)
                if happen(learners.decide(full, known)):
                    recorded += 1
                else:
                    duplicates += 1
            except RefusedError as error:
                result.rejected.append(Rejected(row, error))
        if events:
            happen(consequences(known, self._ledger.library.volume, self._on).events)
        result.events = list(numbered(learner, loaded.number, events, self._on, self._clock()))
        result.result = Imported(
            rows=len(rows),
            recorded=recorded,
            duplicates=duplicates,
            rejected=len(result.rejected),
            registered=int(registered),
            awards=sum(isinstance(event, CredentialAwarded) for event in events),
            events=len(events),
        )
        return result

    def _registration(self, learner: str) -> tuple[LearnerEvent, ...]:
        command = RegisterLearner(learner=learner, on=self._on, by=self._intake.by, source="import")
        return learners.decide(command, learners.Learner(learner))

    def _enrolments(self, learner: learners.Learner, rows: Sequence[Row]) -> Iterator[LearnerEvent]:
        for edition in self._editions:
            # Who was withdrawn stays withdrawn.
            if edition.pathway not in learner.enrolments:
                command = EnrolLearner(
                    learner=learner.id,
                    pathway=edition.pathway,
                    version=edition.version,
                    digest=edition.digest,
                    on=self._intake.enrolled_on or min(row.completion.on for row in rows),
                    by=self._intake.by,
                    source="import",
                )
                yield from learners.decide(command, learner)

    def _save(self, group: list[_Decided], names: Resolver) -> list[Rejected]:
        """Store what a group of learners has, together; tell which rows were rejected."""
        events = [event for decided in group for event in decided.events]
        try:
            if events:
                self._ledger.store.append(events)
        except LedgerConflictError:
            group = [again(partial(self._save_alone, one, names)) for one in group]
        for decided in group:
            self._total += decided.result
        self._progress(self._total)
        return [each for decided in group for each in decided.rejected]

    def _save_alone(self, stale: _Decided, names: Resolver) -> _Decided:
        """Decide about one learner anew, because somebody else recorded in the meantime."""
        decided = self._decide(stale.learner, stale.rows, names)
        if decided.events:
            self._ledger.store.append(decided.events)
        return decided


def _nobody(row: Row) -> RefusedError:
    reference = row.completion.learner
    if not reference.strip():
        return InvalidError("there is no learner in this row")
    return UnknownLearnerError(
        f"no learner is known as `{reference}`", "register the learner first"
    )
