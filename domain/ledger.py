"""The ledger: load, decide, evaluate, save.

Every change to a learner is one transaction: what was asked for, and all awards that follow from
it. Whoever else changes the same learner at the same moment makes one of the two decide again, on
what the other has recorded.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TypeVar

from domain import learner as learners
from domain import publication as publications
from domain.commands import (
    ApproveAward,
    Command,
    CorrectCompletion,
    DecideMigration,
    EnrolLearner,
    FinishMigration,
    LearnerCommand,
    MoveEnrolment,
    PathwayCommand,
    PublishPathway,
    RecordCompletion,
    RecordExternalAward,
    RegisterLearner,
    RetirePathway,
    StartModule,
    SubstituteModule,
    WaiveRequirement,
)
from domain.crosswalk import TABLE as CROSSWALK
from domain.crosswalk import Crosswalk
from domain.directory import Directory
from domain.errors import (
    InvalidError,
    LedgerConflictError,
    RetiredError,
    UnknownLearnerError,
)
from domain.events import (
    AwardRenewed,
    CredentialAwarded,
    Event,
    LearnerEvent,
    PathwayEvent,
    Recorded,
)
from domain.learner import Learner
from domain.library import Library, Resolver, Volume
from domain.names import PATHWAY
from domain.policies import Consequences, assessment_of, consequences
from domain.publication import Edition, Publication
from domain.received import STATEMENTS, STATUSES, Received
from domain.storage import locate
from domain.store import Store
from domain.subjects import TABLE as SUBJECTS
from domain.subjects import Subjects
from domain.warnings import warnings_about
from pathways.awards import Assessment

T = TypeVar("T")

#: How often a decision is taken again when others keep changing the same stream.
_ATTEMPTS = 100
#: The longest pause between two attempts, in seconds.
_LONGEST_PAUSE = 0.25


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of a command: the events that were recorded, and what should be known about it.

    `stream` names whose events they are; `learner` is the learner afterwards, None for a command
    about a pathway. `duplicate` says that all of it had been recorded before, and nothing changed.
    `awaiting` are credentials that now wait for an approval.
    """

    stream: str
    events: tuple[Event, ...]
    learner: Learner | None = None
    duplicate: bool = False
    warnings: tuple[str, ...] = ()
    awaiting: tuple[str, ...] = ()

    @property
    def awards(self) -> tuple[CredentialAwarded, ...]:
        """The awards that were made, bottom up."""
        return tuple(event for event in self.events if isinstance(event, CredentialAwarded))

    @property
    def renewals(self) -> tuple[AwardRenewed, ...]:
        """The renewals that were made."""
        return tuple(event for event in self.events if isinstance(event, AwardRenewed))


@dataclass(frozen=True, slots=True)
class Loaded:
    """A learner as the ledger has them: after how many events, and the last day of a decision."""

    learner: Learner
    number: int
    day: date | None


class Ledger:
    """Everything that happened, and the only place where more can happen."""

    def __init__(self, store: Store) -> None:
        """Use an open store; see `open_ledger`."""
        self.store = store
        self.directory = Directory(store.datastore, store.database, self._has_learner)
        self.crosswalk = Crosswalk(self.directory)
        self.received = Received(self.directory)
        self.subjects = Subjects(self.directory)
        self.library = Library(self._publication, self.pathways)

    def _has_learner(self, name: str) -> bool:
        return not name.startswith(PATHWAY) and self.load(name).learner.registered is not None

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- changes ---------------------------------------------------------------------------------

    def record(self, command: Command, *, on: date, at: datetime) -> Receipt:
        """Carry out a command, together with all that follows from it.

        `on` is the day on which this is decided (awards are made that are due by then), `at` the
        moment at which it is recorded. Carrying out the same command again changes nothing, and
        the receipt says so. Raises a `RefusedError`, or a `LedgerError`; then nothing was recorded.
        """
        return again(lambda: self._carry_out(command, on, at))

    def preview(self, command: Command, *, on: date) -> Receipt:
        """Return what would come of a command, and record nothing."""
        match command:
            case LearnerCommand():
                return self._decide(command, self.load(command.learner), on)
            case _:
                return self._publish(command)[0]

    def settle(self, learner: str, *, on: date, at: datetime) -> Receipt:
        """Make the awards that have become due by the passing of time alone."""

        def once() -> Receipt:
            loaded = self.load(learner)
            outcome = consequences(loaded.learner, self.library.volume, on)
            self._save(learner, loaded.number, outcome.events, on, at)
            return Receipt(learner, outcome.events, outcome.learner, awaiting=outcome.awaiting)

        return again(once)

    def register(
        self,
        reference: str,
        *,
        on: date,
        at: datetime,
        name: str = "",
        email: str = "",
        by: str = "administrator",
        source: str = "manual",
    ) -> Receipt:
        """Make a person known, and return the receipt, whose `stream` is their opaque id.

        Registering a reference again changes nothing but the name and e-mail address, where they
        are given.
        """
        if not reference.strip():
            raise InvalidError("a learner needs a reference, such as a student number")
        learner = self.directory.enter(reference, name, email)
        command = RegisterLearner(learner=learner, on=on, by=by, source=source)
        return self.record(command, on=on, at=at)

    # --- questions -------------------------------------------------------------------------------

    def learner(self, learner: str) -> Learner:
        """Return all that is known of a learner, by opaque id; raises `UnknownLearnerError`."""
        known = self.load(learner).learner
        if known.registered is None:
            raise UnknownLearnerError(f"no learner `{learner}` is registered")
        return known

    def history(self, stream: str) -> list[Recorded]:
        """Return the events of a learner, in order, by opaque id."""
        return self.store.read(stream)

    def pathways(self) -> list[str]:
        """Return the ids of all published pathways, in order."""
        return [stream.removeprefix(PATHWAY) for stream in self.store.streams(PATHWAY)]

    def publication(self, pathway: str) -> Publication:
        """Return the versions of a pathway, none where it was never published."""
        return self._publication(pathway)

    def volume(self, pathway: str, version: str | None = None) -> Volume:
        """Return a published document with its names, without a version the newest.

        Raises `UnknownPathwayError`, `UnknownVersionError` or `RetiredError`.
        """
        return self.library.volume(pathway, version or self._publication(pathway).newest().version)

    def assess(self, learner: Learner, pathway: str, on: date) -> Assessment:
        """Tell how a learner stands in a pathway that they are enrolled in, on a day.

        Raises `NotEnrolledError`.
        """
        enrolment = learner.enrolment(pathway)
        return assessment_of(learner, self.volume(pathway, enrolment.version), enrolment, on)

    def load(self, learner: str, upto: int | None = None) -> Loaded:
        """Return a learner as of now, or after so many events."""
        if learner.startswith(PATHWAY):
            raise UnknownLearnerError(f"`{learner}` is no learner")
        known, number, day = Learner(learner), 0, None
        for recorded in self.store.read(learner):
            if upto is not None and recorded.number > upto:
                break
            assert isinstance(recorded.event, LearnerEvent)
            known = learners.evolve(known, recorded.event)
            number = recorded.number
            day = recorded.day if day is None else max(day, recorded.day)
        return Loaded(known, number, day)

    def resolved(
        self, command: LearnerCommand, learner: Learner, names: Resolver
    ) -> LearnerCommand:
        """Give a command full names, versions and digests. Raises a `RefusedError`."""
        match command:
            case EnrolLearner():
                edition = self._enrolling(command, learner)
                return replace(command, version=edition.version, digest=edition.digest)
            case MoveEnrolment():
                publication = self._publication(command.pathway)
                edition = (
                    publication.edition(command.version)
                    if command.version
                    else publication.newest()
                )
                return replace(command, version=edition.version, digest=edition.digest)
            case RecordCompletion() | StartModule():
                return replace(command, module=names.module(command.module, learner))
            case CorrectCompletion(module=str(module)):
                return replace(command, module=names.module(module, learner))
            case SubstituteModule():
                return replace(
                    command,
                    module=names.module(command.module, learner),
                    counts_as=names.module(command.counts_as, learner),
                )
            case ApproveAward() | RecordExternalAward():
                return replace(command, credential=names.credential(command.credential, learner))
            case WaiveRequirement():
                version = learner.enrolment(command.pathway).version
                self.volume(command.pathway, version).words.check_waiver(
                    command.rule, amount=command.amount is not None
                )
                return command
            case _:
                return command

    # --- inside ----------------------------------------------------------------------------------

    def _carry_out(self, command: Command, on: date, at: datetime) -> Receipt:
        match command:
            case LearnerCommand():
                loaded = self.load(command.learner)
                receipt, number = self._decide(command, loaded, on), loaded.number
            case _:
                receipt, number = self._publish(command)
        self._save(receipt.stream, number, receipt.events, on, at)
        return receipt

    def _decide(self, command: LearnerCommand, loaded: Loaded, on: date) -> Receipt:
        names = Resolver(self.library)
        before = loaded.learner
        command = self.resolved(command, before, names)
        decided = learners.decide(command, before)
        warnings = warnings_about(command, before, on, self.library, names)
        if not decided:
            return Receipt(before.id, (), before, duplicate=True, warnings=tuple(warnings))
        after = before
        for event in decided:
            after = learners.evolve(after, event)
        outcome = consequences(after, self.library.volume, on)
        return Receipt(
            stream=before.id,
            events=(*decided, *outcome.events),
            learner=outcome.learner,
            warnings=(*warnings, *_conflicts(outcome)),
            awaiting=outcome.awaiting,
        )

    def _publish(self, command: Command) -> tuple[Receipt, int]:
        match command:
            case PublishPathway(document=document):
                pathway = document.main.pathway or ""
            case (
                RetirePathway(pathway=pathway)
                | DecideMigration(pathway=pathway)
                | FinishMigration(pathway=pathway)
            ):
                pass
            case _:
                raise TypeError(f"{type(command).__name__} is not a command of the ledger")
        assert isinstance(command, PathwayCommand)
        stream = PATHWAY + pathway
        history = self.store.read(stream)
        decided = publications.decide(command, _replayed(pathway, history))
        return Receipt(stream, decided, duplicate=not decided), len(history)

    def _save(
        self, stream: str, number: int, events: Iterable[Event], on: date, at: datetime
    ) -> None:
        self.store.append(list(numbered(stream, number, events, on, at)))

    def _publication(self, pathway: str) -> Publication:
        return _replayed(pathway, self.store.read(PATHWAY + pathway))

    def _enrolling(self, command: EnrolLearner, learner: Learner) -> Edition:
        publication = self._publication(command.pathway)
        before = learner.enrolments.get(command.pathway)
        if before is not None and before.withdrawn is None:
            # Enrolling again is no new enrolment, so it is no matter whether one is possible.
            if command.version in ("", before.version):
                return publication.edition(before.version)
            return publication.edition(command.version)
        if not command.version:
            return publication.newest()
        edition = publication.edition(command.version)
        if edition.retired is not None:
            raise RetiredError(
                f"version `{edition.version}` of `{edition.pathway}` was retired on"
                f" {edition.retired}",
                "enrol in a version that is not retired",
            )
        return edition


def _conflicts(outcome: Consequences) -> Iterator[str]:
    for rivals in dict.fromkeys(
        tuple(sorted((credential, *others))) for credential, others in outcome.conflicts
    ):
        names = " and ".join(f"`{rival}`" for rival in rivals)
        yield f"{names} would use the same evidence: approve one of them"


def again(once: Callable[[], T]) -> T:
    """Do something once more, on what is recorded by then, as long as others are faster.

    Raises the last `LedgerConflictError` when that does not end.
    """
    for attempt in range(_ATTEMPTS - 1):
        try:
            return once()
        except LedgerConflictError:
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.001 * 2**attempt)))
    return once()


def numbered(
    stream: str, number: int, events: Iterable[Event], on: date, at: datetime
) -> Iterator[Recorded]:
    """Put decided events in their places at the end of a stream that has `number` events."""
    if at.tzinfo is None:
        raise InvalidError("a moment without a time zone can not be recorded")
    for place, event in enumerate(events, start=number + 1):
        yield Recorded(stream, place, at.astimezone(UTC), on, event)


def _replayed(pathway: str, history: Iterable[Recorded]) -> Publication:
    events = (recorded.event for recorded in history)
    return publications.replay(
        pathway, (event for event in events if isinstance(event, PathwayEvent))
    )


def open_ledger(database: str, *, timeout: int = 10, read_only: bool = False) -> Ledger:
    """Open a ledger, and make it where there is none.

    `database` is the path of a file, or `postgresql://user:password@host/name`; `timeout` for how
    many seconds to wait while another program holds it. One that is opened `read_only` must be
    there, and stays as it is. Raises a `LedgerError` that says what is wrong with the place.
    """
    ledger = Ledger(Store(locate(database, timeout=timeout, read_only=read_only)))
    if not read_only:
        ledger.directory.create(CROSSWALK, STATEMENTS, STATUSES, SUBJECTS)
    return ledger
