"""Completions by the hundred thousand: read in batches, decided learner by learner.

A batch is read, its rows are put together by learner, and each learner is loaded, evaluated and
saved once. Learners are saved in groups, one transaction for each group, so that what a learner
has of a batch is recorded with all its awards, or not at all. An import that was killed is run
again from the start: what was recorded is recognised, and the rest is decided as it would have
been.

What other systems report goes the same way, as entries of several kinds (`domain.reports`): names
are looked up in the mapping table first, and what was voided, or is older than what is known, is
told by what was `received` before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from itertools import islice

from domain import learner as learners
from domain.commands import (
    EnrolLearner,
    LearnerCommand,
    RecordCompletion,
    RegisterLearner,
    RevokeCompletion,
)
from domain.errors import (
    AmbiguousNameError,
    InvalidError,
    LedgerConflictError,
    RefusedError,
    UnknownLearnerError,
    UnknownModuleError,
)
from domain.events import CredentialAwarded, LearnerEvent, Recorded
from domain.learner import Completion, Learner, completion_id
from domain.ledger import Ledger, again, numbered
from domain.library import Resolver
from domain.policies import consequences
from domain.publication import Edition
from domain.received import KnownStatement, Latest
from domain.reports import Entry, HeldAward, Row, Statement, Status, Voiding
from domain.vocabulary import resolve_module

#: How many rows are read before they are recorded. Fixed: how rows fall into batches decides which
#: evidence is known when an award is dated, and a repeated import must decide the same.
BATCH = 10_000

#: How many rows and events are saved in one transaction, or a few more.
_TOGETHER = 2_000


@dataclass(frozen=True, slots=True)
class Rejected:
    """An entry that was not recorded, and why."""

    row: Entry
    error: RefusedError


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import so far: numbers of rows, learners, awards and events.

    `waiting` are statements that void others which have yet to come.
    """

    rows: int = 0
    recorded: int = 0
    duplicates: int = 0
    rejected: int = 0
    registered: int = 0
    awards: int = 0
    events: int = 0
    waiting: int = 0

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
            self.waiting + other.waiting,
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
    """What one learner's entries of a batch lead to."""

    learner: str
    rows: Sequence[Entry]
    events: list[Recorded] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    result: Imported = field(default_factory=Imported)
    latest: dict[str, Latest] = field(default_factory=dict)


@dataclass(slots=True)
class _Batch:
    """The entries of a batch by the opaque id of their learners, and what is known about them.

    `names` are the modules that foreign names mean, `voided` the statements that were voided before
    the batch, `latest` what was last said about each learner's subjects. `voiding` void the
    statements `newly_voided`; that is remembered when all of the batch is saved.
    """

    by_learner: dict[str, list[Entry]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    voiding: list[str] = field(default_factory=list)
    newly_voided: list[str] = field(default_factory=list)
    latest: dict[tuple[str, str], Latest] = field(default_factory=dict)


def import_rows(
    ledger: Ledger,
    rows: Iterable[Entry],
    *,
    on: date,
    clock: Callable[[], datetime],
    intake: Intake = Intake(),
    rejected: Callable[[Rejected], None] = lambda _: None,
    progress: Callable[[Imported], None] = lambda _: None,
    saved: Callable[[Sequence[Recorded]], None] = lambda _: None,
) -> Imported:
    """Record completions, with all awards that follow, and return what came of it.

    `on` is the day on which awards are decided, `clock` tells the moments of recording. Rows that
    can not be recorded go to `rejected`, those of a batch in the order of the file; `progress` is
    called with the results so far, and `saved` with each learner's events when they are stored.
    Memory does not grow with the number of rows. Raises a `LedgerError` when the database can not
    be used; what was recorded until then stays, and running the import again continues it.
    """
    return _Import(ledger, on, clock, intake, rejected, progress, saved).run(rows)


class _Import:
    def __init__(
        self,
        ledger: Ledger,
        on: date,
        clock: Callable[[], datetime],
        intake: Intake,
        rejected: Callable[[Rejected], None],
        progress: Callable[[Imported], None],
        saved: Callable[[Sequence[Recorded]], None],
    ) -> None:
        self._ledger = ledger
        self._on = on
        self._clock = clock
        self._intake = intake
        self._rejected = rejected
        self._progress = progress
        self._saved = saved
        self._total = Imported()
        self._editions: list[Edition] = []

    def run(self, rows: Iterable[Entry]) -> Imported:
        publications = (self._ledger.publication(pathway) for pathway in self._intake.enrol)
        self._editions = [publication.newest() for publication in publications]
        waiting = iter(rows)
        while batch := list(islice(waiting, BATCH)):
            self._batch(batch)
        return self._total

    def _batch(self, entries: list[Entry]) -> None:
        names = Resolver(self._ledger.library)
        batch = _Batch()
        bad = self._place(entries, batch)
        self._total += Imported(rows=len(bad), rejected=len(bad))
        group: list[_Decided] = []
        size = 0
        for learner, rows in batch.by_learner.items():
            decided = self._decide(learner, rows, names, batch)
            group.append(decided)
            size += len(rows) + len(decided.events)
            if size >= _TOGETHER:
                bad.extend(self._save(group, names, batch))
                group, size = [], 0
        bad.extend(self._save(group, names, batch))
        if batch.voiding:
            self._ledger.received.remember(voided=batch.newly_voided, voiding=batch.voiding)
        for each in sorted(bad, key=lambda one: (one.row.line, one.row.column)):
            self._rejected(each)

    # --- whose it is -----------------------------------------------------------------------------

    def _place(self, entries: list[Entry], batch: _Batch) -> list[Rejected]:
        """Put entries together by opaque id, in the order in which learners first appear."""
        ids = self._ids(entry.learner for entry in entries)
        modules = dict.fromkeys(entry.module for entry in entries)
        crosswalk = self._ledger.crosswalk
        batch.names = crosswalk.renamings("module", modules) | crosswalk.meanings("module", modules)
        bad: list[Rejected] = []
        voidings: list[Voiding] = []
        owners: dict[str, str] = {}
        for entry in entries:
            if isinstance(entry, Voiding):
                voidings.append(entry)
            elif (learner := ids.get(entry.learner)) is None:
                bad.append(Rejected(entry, _nobody(entry)))
            else:
                batch.by_learner.setdefault(learner, []).append(entry)
                if isinstance(entry, Statement):
                    owners[entry.key] = learner
        if voidings or owners:
            bad += self._void(voidings, owners, batch)
        if any(isinstance(entry, Status) for entry in entries):
            batch.latest = self._ledger.received.latest(batch.by_learner)
        return bad

    def _ids(self, learners: Iterable[str]) -> dict[str, str]:
        """Return the opaque ids behind the names of learners, as far as they are known."""
        wanted = dict.fromkeys(learners)
        wanted.pop("", None)
        crosswalk, directory = self._ledger.crosswalk, self._ledger.directory
        found = crosswalk.meanings("learner", wanted)
        renamed = crosswalk.renamings("learner", wanted)
        references = {name: renamed.get(name, name) for name in wanted if name not in found}
        ids = directory.ids(set(references.values()))
        if self._intake.register:
            missing = dict.fromkeys(each for each in references.values() if each not in ids)
            if missing:
                directory.enter_all(missing)
                ids = directory.ids(set(references.values()))
        return found | {
            name: ids[reference] for name, reference in references.items() if reference in ids
        }

    def _void(
        self, voidings: list[Voiding], owners: Mapping[str, str], batch: _Batch
    ) -> list[Rejected]:
        """Give voiding statements to those whose statements they void, the last of their entries.

        One whose target has yet to come is remembered.
        """
        wanted = {*owners, *(voiding.target for voiding in voidings)}
        known = self._ledger.received.statements(wanted)
        batch.voided = {key for key in owners if known.get(key, KnownStatement()).voided}
        here = {voiding.key for voiding in voidings}
        bad: list[Rejected] = []
        voided: list[str] = []
        for voiding in voidings:
            before = known.get(voiding.target, KnownStatement())
            if before.voids or voiding.target in here:
                error = InvalidError(
                    f"`{voiding.target}` voids a statement itself, and can not be voided"
                )
                bad.append(Rejected(voiding, error))
                continue
            voided.append(voiding.target)
            if owner := owners.get(voiding.target) or before.learner:
                batch.by_learner.setdefault(owner, []).append(voiding)
            else:
                self._total += Imported(rows=1, waiting=1)
        batch.voiding, batch.newly_voided = sorted(here), voided
        return bad

    # --- what follows ----------------------------------------------------------------------------

    def _decide(
        self, learner: str, rows: Sequence[Entry], names: Resolver, batch: _Batch
    ) -> _Decided:
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
            try:
                changed = False
                # An entry that is refused half-way changes nothing.
                for command in self._commands(row, known, names, batch, result):
                    full = self._ledger.resolved(command, known, names)
                    changed |= happen(learners.decide(full, known))
                if changed:
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

    def _commands(
        self, entry: Entry, known: Learner, names: Resolver, batch: _Batch, result: _Decided
    ) -> Iterator[LearnerCommand]:
        """Give what an entry asks for, one after the other."""
        match entry:
            case Status():
                yield from self._status(entry, known, names, batch, result)
            case Statement():
                command = self._completion(entry, known, names, batch)
                yield command
                if entry.failed or entry.key in batch.voided:
                    why = "failed" if entry.failed else "voided"
                    yield from _never(known.id, command, f"{why} at its source")
            case Row():
                yield self._completion(entry, known, names, batch)
            case Voiding():
                for completion in known.completions.values():
                    if completion.id.partition(":")[2] == entry.target and not completion.lost:
                        yield _taken_back(known.id, completion, entry.by, "voided at its source")
            case HeldAward():
                yield replace(entry.award, learner=known.id)

    def _completion(
        self, row: Row, known: Learner, names: Resolver, batch: _Batch
    ) -> RecordCompletion:
        name = row.completion.module
        module = batch.names.get(name, name)
        # Another system's name may look like one with a catalogue, and mean nothing here.
        foreign = module == name and row.name and "/" in name
        if foreign and not any(name in words.modules for words in names.far()):
            raise UnknownModuleError(
                f"no module is known as `{name}`", "say which one it is: cairn map module"
            )
        return replace(row.completion, learner=known.id, module=module)

    def _status(
        self, status: Status, known: Learner, names: Resolver, batch: _Batch, result: _Decided
    ) -> Iterator[LearnerCommand]:
        said = Latest(status.moment, not status.holds)
        before = result.latest.get(status.subject) or batch.latest.get((known.id, status.subject))
        if before is not None and said < before:
            return
        command = self._completion(status, known, names, batch)
        current = [
            completion
            for completion in known.completions.values()
            if not completion.lost and _said_by(completion, status)
        ]
        if not status.holds:
            for completion in current:
                taken = _taken_back(known.id, completion, command.by, "no longer holds")
                yield replace(taken, on=max(command.on, completion.on))
        elif completion_id(command) not in known.completions:
            full = self._ledger.resolved(command, known, names)
            assert isinstance(full, RecordCompletion)
            changed = [each for each in current if status.replaces and not _same(each, full)]
            for completion in changed:
                yield _taken_back(known.id, completion, command.by, "replaced at its source")
            if len(changed) == len(current):
                yield command
        result.latest[status.subject] = said

    def _registration(self, learner: str) -> tuple[LearnerEvent, ...]:
        command = RegisterLearner(learner=learner, on=self._on, by=self._intake.by, source="import")
        return learners.decide(command, learners.Learner(learner))

    def _enrolments(self, learner: Learner, rows: Sequence[Entry]) -> Iterator[LearnerEvent]:
        days = [row.completion.on for row in rows if isinstance(row, Row)]
        days += [row.award.on for row in rows if isinstance(row, HeldAward)]
        first = self._intake.enrolled_on or min(days, default=None)
        if first is None:
            return
        for edition in self._editions:
            # Who was withdrawn stays withdrawn.
            if edition.pathway not in learner.enrolments:
                command = EnrolLearner(
                    learner=learner.id,
                    pathway=edition.pathway,
                    version=edition.version,
                    digest=edition.digest,
                    on=first,
                    by=self._intake.by,
                    source="import",
                )
                yield from learners.decide(command, learner)

    # --- for good --------------------------------------------------------------------------------

    def _save(self, group: list[_Decided], names: Resolver, batch: _Batch) -> list[Rejected]:
        """Store what a group of learners has, together; tell which entries were rejected."""
        events = [event for decided in group for event in decided.events]
        try:
            if events:
                self._ledger.store.append(events)
        except LedgerConflictError:
            group = [again(partial(self._save_alone, one, names, batch)) for one in group]
        self._remember(group)
        for decided in group:
            self._total += decided.result
            if decided.events:
                self._saved(decided.events)
        self._progress(self._total)
        return [each for decided in group for each in decided.rejected]

    def _save_alone(self, stale: _Decided, names: Resolver, batch: _Batch) -> _Decided:
        """Decide about one learner anew, because somebody else recorded in the meantime."""
        decided = self._decide(stale.learner, stale.rows, names, batch)
        if decided.events:
            self._ledger.store.append(decided.events)
        return decided

    def _remember(self, group: list[_Decided]) -> None:
        owners = [
            (row.key, decided.learner)
            for decided in group
            for row in decided.rows
            if isinstance(row, Statement)
        ]
        latest = [
            (decided.learner, subject, last)
            for decided in group
            for subject, last in decided.latest.items()
        ]
        if owners or latest:
            self._ledger.received.remember(owners=owners, latest=latest)


def knows_module(ledger: Ledger, name: str) -> bool:
    """Tell whether an import would find a module by the name that another system has for it."""
    crosswalk = ledger.crosswalk
    names = crosswalk.renamings("module", [name]) | crosswalk.meanings("module", [name])
    meant = names.get(name, name)
    far = Resolver(ledger.library).far()
    try:
        resolve_module(meant, (), lambda: far)
    except AmbiguousNameError:
        return True
    except RefusedError:
        return False
    # What looks like a name with a catalogue is taken for one only where it is mapped.
    return meant != name or "/" not in name or any(name in words.modules for words in far)


def _never(learner: str, command: RecordCompletion, reason: str) -> Iterator[LearnerCommand]:
    """Take a completion back that was recorded just now, as if it had never been."""
    yield RevokeCompletion(
        learner=learner,
        completion=completion_id(command),
        on=command.on,
        by=command.by,
        source="import",
        reason=reason,
    )


def _taken_back(learner: str, completion: Completion, by: str, reason: str) -> RevokeCompletion:
    return RevokeCompletion(
        learner=learner,
        completion=completion.id,
        on=completion.on,
        by=by,
        source="import",
        reason=reason,
    )


def _said_by(completion: Completion, status: Status) -> bool:
    """Tell whether a completion was said about a subject, no later than a moment."""
    subject, mark, rest = completion.id.partition(":")[2].rpartition("@")
    if not mark or subject != status.subject:
        return False
    try:
        return datetime.fromisoformat(rest.partition("#")[0]) <= status.moment
    except ValueError:
        return False


def _same(completion: Completion, command: RecordCompletion) -> bool:
    return (completion.module, completion.on, completion.score, completion.grade) == (
        command.module,
        command.on,
        command.score,
        command.grade,
    )


def _nobody(entry: Entry) -> RefusedError:
    reference = entry.learner
    if not reference.strip():
        return InvalidError("there is no learner in this row")
    help_ = (
        "register the learner first, or say who it is: cairn map learner"
        if entry.name
        else "register the learner first"
    )
    return UnknownLearnerError(f"no learner is known as `{reference}`", help_)
