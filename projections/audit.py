"""Replay and prove: reads every stream of the ledger, and tells whatever is not as it should be.

Each stream is read once, decoded, and replayed. The trusted kernel judges every proof on the record
as it stood; the rules say what should have followed and did not; and the rows of the projections
are compared with those that the replay leads to. Where a stream can not be replayed, that is told,
and nothing else about it: whatever else is odd follows from it.

Streams are audited in stretches, each in one snapshot, so that memory does not grow with the
ledger and several processes can share the work.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache, partial
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, bindparam, select, text
from sqlalchemy.dialects import sqlite

from domain import learner as learners
from domain import publication as publications
from domain.errors import (
    LedgerCorruptError,
    LedgerReadOnlyError,
    LedgerUnavailableError,
    UnreadableEventError,
)
from domain.events import (
    AwardReinstated,
    AwardRenewed,
    CredentialAwarded,
    Event,
    LearnerEnrolled,
    LearnerEvent,
    LearnerMoved,
    LearnerRegistered,
    PathwayEvent,
    PathwayPublished,
    Recorded,
    ReviewDecided,
    WitnessReplaced,
)
from domain.learner import Learner
from domain.ledger import Ledger
from domain.library import Library, Volume
from domain.names import PATHWAY, relative
from domain.policies import CAIRN, consequences, settled
from domain.proofs import Proven, objections_to
from domain.publication import Publication
from domain.storage import Database
from pathways.document import Document
from pathways.evidence import numbered
from pathways.periods import shift
from pathways.problems import CairnError
from projections import activity, log, tables, twins
from projections import publications as editions
from projections.connections import engine_of
from projections.findings import Finding
from projections.glances import glances, key_of
from projections.log import Row, UnknownTopicError
from projections.partitions import ALONE, Sharing, at_hand, put_away, shared
from projections.runner import ALL, STOPPED, Projections
from projections.seen import Seen

#: About how many events are audited in one snapshot.
STRETCH = 5_000

#: How many learners are remembered for their twins; and how many are told to who shares the work.
_REMEMBERED = 20_000
_TOLD = 2_000

#: How many rows of a projection are fetched at once.
_FETCHED = 2_000


@dataclass(frozen=True, slots=True)
class Scope:
    """What to audit: all, or one learner, or one credential by its full name.

    `since` leaves out learners for whom nothing was decided on that day or later.
    """

    learner: str | None = None
    credential: str | None = None
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much was looked at: events, learners, proofs judged, rows compared.

    `unjudged` are learners whose stream, or the document that it names, can not be replayed.
    """

    events: int = 0
    learners: int = 0
    proofs: int = 0
    rows: int = 0
    unjudged: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Add up two parts of an audit."""
        return Counts(
            self.events + other.events,
            self.learners + other.learners,
            self.proofs + other.proofs,
            self.rows + other.rows,
            self.unjudged + other.unjudged,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What came of an audit: the findings in order, and how much was looked at."""

    findings: tuple[Finding, ...]
    counts: Counts

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong and nothing awaits somebody."""
        return all(finding.level == "note" for finding in self.findings)


def audit(
    database: Database,
    scope: Scope = Scope(),
    *,
    sharing: Sharing = ALONE,
    progress: Callable[[int], None] = lambda _events: None,
) -> Report:
    """Audit a ledger as it stands; projections are compared as far as they have seen it.

    `progress` is called with numbers of events that were audited. Raises a `LedgerError` where the
    database can not be read at all, or `UnsharedError`.
    """
    found: list[Finding] = []
    counts = Counts()
    for some, part in _parts(database, scope, sharing):
        found.extend(some)
        counts += part
        progress(part.events)
    return Report(tuple(sorted(found, key=attrgetter("place"))), counts)


def caught_up(ledger: Ledger) -> list[Finding]:
    """Bring the projections up to date before an audit; tell where that can not be, or was not."""
    projections = Projections(ledger)
    try:
        projections.catch_up()
    except LedgerReadOnlyError:
        # Then they are compared as far as they are.
        pass
    except STOPPED as error:
        return [Finding("CA404", "", 0, 0, "", f"the projections stopped: {error}")]
    finally:
        projections.close()
    head = ledger.store.head()
    with log.snapshot(ledger.store.database) as view:
        seen = min((_reached(view) or {"": 0}).values())
    if seen >= head:
        return []
    ahead = "event is" if head - seen == 1 else f"{head - seen:,} events are"
    message = f"the last {ahead} not in all of them" if seen else "there are none"
    return [Finding("CA405", "", 0, 0, "", message)]


def _parts(
    database: Database, scope: Scope, sharing: Sharing
) -> Iterator[tuple[list[Finding], Counts]]:
    with log.snapshot(database) as view:
        stretches: Iterable[_Stretch]
        if scope.learner is not None:
            stretches = [(None, scope.learner)]
        else:
            stretches = list(log.bounds(view, STRETCH))
    #: Of whose twins somebody has found out meanwhile that nothing is wrong with them.
    learned: _Clean = {}
    handed_out = ((stretch, dict(learned)) for stretch in stretches)
    try:
        for found, counts, news in shared(
            partial(_audited, uuid4().hex, database, scope), handed_out, sharing
        ):
            _remember(learned, news, _TOLD)
            yield found, counts
    finally:
        put_away()


#: The streams after one name and up to another; the stream itself, where there is no first name.
_Stretch = tuple[str | None, str | None]

#: How much there was of those in whom nothing was found, by what their twins share.
_Clean = dict[bytes, Counts]


def _audited(
    run: str, database: Database, scope: Scope, part: tuple[_Stretch, _Clean]
) -> tuple[list[Finding], Counts, _Clean]:
    stretch, known = part
    auditor = at_hand(run, partial(_Auditor, database, scope))
    return *auditor.audited(stretch, known), auditor.news


def _remember(clean: _Clean, more: _Clean, most: int) -> None:
    """Remember more, and forget the oldest where it is too much."""
    clean |= more
    while len(clean) > most:
        clean.pop(next(iter(clean)))


# --- one stretch ---------------------------------------------------------------------------------


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no circles of objects: the rows of a stretch have none, and are soon let go."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class _Auditor:
    """Audits stretches of streams, one after the other; keeps the documents at hand."""

    def __init__(self, database: Database, scope: Scope) -> None:
        self._database = database
        self._scope = scope
        self._engine: Engine = engine_of(database)
        self._closing = ExitStack()
        self._closing.callback(self._engine.dispose)
        self.library = Library(self._publication, list)
        self._view: Connection | None = None
        self._clean: _Clean = {}
        #: What of that was learned in the last stretch.
        self.news: _Clean = {}

    def __enter__(self) -> _Auditor:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def audited(self, stretch: _Stretch, known: _Clean) -> tuple[list[Finding], Counts]:
        """Return what is found in a stretch, and how much there was; others have known more."""
        _remember(self._clean, known, _REMEMBERED)
        self.news = {}
        with _uncollected():
            try:
                return self._audited(stretch, sound=True)
            except LedgerUnavailableError:
                # A text is damaged, or something else is wrong, which will be told again.
                return self._audited(stretch, sound=False)

    def _audited(self, stretch: _Stretch, *, sound: bool) -> tuple[list[Finding], Counts]:
        above, upto = stretch
        with log.snapshot(self._database, self._engine, sound=sound) as view:
            self._view = view
            reached = {} if self._scope.credential is not None else _reached(view)
            likenesses: Mapping[str, bytes | None] = {}
            counts = Counts()
            if above is None:
                assert upto is not None
                streams = log.the_stream(view, upto)
                shown = _Shown.of(view, reached, [upto])
            elif sound:
                likenesses = _likenesses(view, above, upto, reached)
                others = []
                for name, likeness in likenesses.items():
                    known = None if likeness is None else self._clean.get(likeness)
                    if known is None:
                        others.append(name)
                    else:
                        counts += known
                if not others:
                    return [], counts
                streams = log.these_streams(view, others)
                shown = _Shown.of(view, reached, others)
            else:
                streams = log.by_stream(view, above, upto)
                shown = _Shown.between(view, reached, above, upto)
            found: list[Finding] = []
            for stream in streams:
                some, part = self._stream(stream, shown, likenesses.get(stream.name))
                found.extend(some)
                counts += part
            found.extend(shown.unexplained())
            self._view = None
        return found, counts

    def _stream(
        self, stream: log.Stream, shown: _Shown, likeness: bytes | None
    ) -> tuple[list[Finding], Counts]:
        """Audit one stream, unless it is the twin of one in which nothing was found."""
        if likeness is not None and (known := self._clean.get(likeness)):
            shown.forget(stream.name)
            return [], known
        audit = _Stream(self, self._scope, shown, stream.name, stream.rows())
        found = list(audit.findings())
        if likeness is not None and not (found or audit.counts.unjudged):
            self.news[likeness] = audit.counts
            _remember(self._clean, {likeness: audit.counts}, _REMEMBERED)
        return found, audit.counts

    def _publication(self, pathway: str) -> Publication:
        """Read a pathway's versions as far as they can be read."""
        assert self._view is not None
        known = Publication(pathway)
        for row in log.of_stream(self._view, PATHWAY + pathway):
            try:
                event = row.read().event
                if isinstance(event, PathwayEvent):
                    known = publications.evolve(known, event)
            except (UnreadableEventError, KeyError):
                # That is a finding about the pathway's own stream.
                continue
        return known


@dataclass
class _Stream:
    """The audit of one stream: its rows, and what the projections show of it."""

    auditor: _Auditor
    scope: Scope
    shown: _Shown
    name: str
    rows: list[Row]
    counts: Counts = field(default_factory=Counts)
    known: Learner = field(init=False)
    before: list[Learner] = field(default_factory=list)

    def findings(self) -> Iterator[Finding]:
        """Find whatever is wrong, in order."""
        self.counts += Counts(events=len(self.rows))
        history: list[tuple[int, Recorded]] = []
        broken = list(self._unreadable(history))
        if not broken and self._too_old(history):
            self.shown.forget(self.name)
            return
        if not broken and self.name.startswith(PATHWAY):
            yield from self._pathway(history)
            return
        if not broken:
            broken = list(self._impossible(history))
        yield from broken
        if broken:
            self.counts += Counts(unjudged=1)
            self.shown.forget(self.name)
            return
        yield from self._learner(history)

    def _finding(
        self, code: str, message: str, row: Row | None = None, subject: str = ""
    ) -> Finding:
        number, position = (0, 0) if row is None else (row.number, row.position)
        return Finding(code, self.name, number, position, subject, message)

    # --- can it be replayed? ---------------------------------------------------------------------

    def _unreadable(self, history: list[tuple[int, Recorded]]) -> Iterator[Finding]:
        """Decode the rows into `history`, and tell which can not be, or are not in their place."""
        expected, position = 1, 0
        for row in self.rows:
            if row.number != expected:
                missing = f"event {expected} is missing"
                if row.number > expected + 1:
                    missing = f"events {expected} to {row.number - 1} are missing"
                yield self._finding("CA501", f"{missing} before this one", row)
            expected = row.number + 1
            if row.position < position:
                yield self._finding("CA502", "it was stored before the event before it", row)
            position = row.position
            try:
                history.append((row.position, row.read()))
            except UnknownTopicError as error:
                yield self._finding("CA503", str(error), row)
            except UnreadableEventError as error:
                yield self._finding("CA504", str(error), row)

    def _too_old(self, history: list[tuple[int, Recorded]]) -> bool:
        since = self.scope.since
        return since is not None and all(recorded.day < since for _, recorded in history)

    def _impossible(self, history: list[tuple[int, Recorded]]) -> Iterator[Finding]:
        """Replay the stream, and tell where an event can not follow those before it."""
        known = Learner(self.name)
        for row, (_, recorded) in zip(self.rows, history, strict=True):
            event = recorded.event
            if not isinstance(event, LearnerEvent):
                yield self._finding("CA505", f"`{event.topic}` is not about a learner", row)
                return
            if (known.registered is None) != isinstance(event, LearnerRegistered):
                again = "again" if isinstance(event, LearnerRegistered) else "not before"
                yield self._finding("CA505", f"the learner is registered {again}", row)
                return
            self.before.append(known)
            try:
                known = learners.evolve(known, event)
            except KeyError as error:
                yield self._finding(
                    "CA505", f"`{event.topic}` is about {error}, which is not there", row
                )
                return
        self.known = known

    # --- a pathway -------------------------------------------------------------------------------

    def _pathway(self, history: list[tuple[int, Recorded]]) -> Iterator[Finding]:
        known = Publication(self.name.removeprefix(PATHWAY))
        for row, (_, recorded) in zip(self.rows, history, strict=True):
            event = recorded.event
            if not isinstance(event, PathwayEvent) or _pathway_of(event) != known.pathway:
                yield self._finding("CA505", f"`{event.topic}` is not about this pathway", row)
                return
            if isinstance(event, PathwayPublished):
                if event.version in known.editions:
                    yield self._finding(
                        "CA507", f"version `{event.version}` was published before", row
                    )
                if objection := _wrong_document(event):
                    yield self._finding("CA506", objection, row, event.version)
            try:
                known = publications.evolve(known, event)
            except KeyError as error:
                yield self._finding(
                    "CA505", f"`{event.topic}` is about {error}, which is not there", row
                )
                return
        if self.scope.credential is None:
            wanted = {tables.publications.name: editions.rows(known)}
            yield from self._compared(wanted, history)

    # --- a learner -------------------------------------------------------------------------------

    def _learner(self, history: list[tuple[int, Recorded]]) -> Iterator[Finding]:
        self.counts += Counts(learners=1)
        known, whole = self.known, True
        for row, before, (_, recorded) in zip(self.rows, self.before, history, strict=True):
            event = recorded.event
            if isinstance(event, Proven | LearnerEnrolled | LearnerMoved):
                volume, objection = self._volume(event)
                if volume is None:
                    whole = False
                    # A damaged document is a finding about its pathway.
                    if objection:
                        yield self._finding("CA104", objection, row, _subject(event))
                elif isinstance(event, Proven):
                    name = _named(before, event)
                    # What no rule is known for can not be looked at any further.
                    whole &= relative(name, volume.words.home) in volume.document.credentials
                    if self._concerns(name):
                        yield from self._proof(before, recorded, event, name, volume, row)
        if not whole:
            self.counts += Counts(unjudged=1)
            self.shown.forget(self.name)
            return
        yield from self._ground(known, history)
        last = history[-1][1].day
        # Standings are worked out once, for what is due and for what is shown.
        seen = Seen(known, max(one.day for _, one in history), self.auditor.library)
        shelf = self.auditor.library.volume
        if seen.day != last or not settled(known, shelf, last, seen.assessments):
            yield from self._due(known, last)
        if self.scope.credential is None:
            wanted = {
                projection.name: projection.of_learner(seen)
                for projection in ALL
                if projection.of_learner is not None and self.shown.covers(projection.name, history)
            }
            yield from self._compared(wanted, history)

    def _volume(self, event: Proven | LearnerEnrolled | LearnerMoved) -> tuple[Volume | None, str]:
        """Return the version that an event names, or why there is none."""
        try:
            volume = self.auditor.library.volume(event.pathway, event.version)
        except LedgerCorruptError:
            return None, ""
        except CairnError as error:
            return None, str(error)
        if volume.edition.digest != event.digest:
            return None, f"the document of `{event.pathway}` {event.version} has another digest"
        return volume, ""

    def _proof(
        self,
        known: Learner,
        recorded: Recorded,
        event: Proven,
        name: str,
        volume: Volume,
        row: Row,
    ) -> Iterator[Finding]:
        """Let the kernel judge a proof, and see that the award says what its version gives."""
        self.counts += Counts(proofs=1)
        if relative(name, volume.words.home) not in volume.document.credentials:
            message = f"`{event.pathway}` {event.version} knows no credential `{name}`"
            yield self._finding("CA102", message, row, event.award)
            return
        for objection in objections_to(event, known, volume, recorded.day):
            yield self._finding("CA101", str(objection), row, event.award)
        for code, message in _misstated(known, event, name, volume, recorded.day):
            yield self._finding(code, message, row, event.award)

    def _ground(self, known: Learner, history: list[tuple[int, Recorded]]) -> Iterator[Finding]:
        """Tell which awards lost their ground, and what was decided about each."""
        for row, (_, recorded) in zip(self.rows, history, strict=True):
            match recorded.event:
                case WitnessReplaced(award=award, lost=lost) if self._concerns_award(known, award):
                    message = f"it stands on other evidence, without {_listed(lost)}"
                    yield self._finding("CA305", message, row, award)
                case ReviewDecided(award=award, lost=lost, decision=decision, by=by) if (
                    self._concerns_award(known, award)
                ):
                    who = "its rules" if by == CAIRN else f"`{by}`"
                    done, code = ("kept", "CA303") if decision == "keep" else ("revoked", "CA304")
                    message = f"it was {done} without {_listed(lost)}, as decided by {who}"
                    yield self._finding(code, message, row, award)
        for held in known.awards.values():
            if held.under_review and self._concerns(held.credential):
                message = f"it lost {_listed(held.under_review)}, and awaits a review"
                yield self._finding("CA302", message, subject=held.id)

    def _due(self, known: Learner, day: date) -> Iterator[Finding]:
        """Tell what should have followed from the last decision, and did not."""
        told: set[tuple[str, str]] = set()
        for event in consequences(known, self.auditor.library.volume, day).events:
            award = getattr(event, "award", "")
            match event:
                case CredentialAwarded():
                    code, message = "CA201", f"it was due on {event.on}, and was not made"
                    credential = event.credential
                case AwardRenewed():
                    code, message = "CA202", f"it was to be renewed on {event.on}, and was not"
                    credential = _credential(known, award)
                case _:
                    code = "CA301"
                    message = (
                        "it is due again, and was not given back"
                        if isinstance(event, AwardReinstated)
                        else f"since {event.on} it stands on lost evidence"
                    )
                    credential = _credential(known, award)
            if (code, award) not in told and self._concerns(credential):
                told.add((code, award))
                yield self._finding(code, message, subject=award)

    def _concerns(self, credential: str) -> bool:
        return self.scope.credential in (None, credential)

    def _concerns_award(self, known: Learner, award: str) -> bool:
        return self._concerns(_credential(known, award))

    def _compared(
        self, wanted: Mapping[str, list[dict[str, Any]]], history: list[tuple[int, Recorded]]
    ) -> Iterator[Finding]:
        wanted = {name: rows for name, rows in wanted.items() if self.shown.covers(name, history)}
        if self.shown.covers(tables.activity.name, history):
            rows = [activity.row(position, recorded) for position, recorded in history]
            wanted = {**wanted, tables.activity.name: rows}
        self.counts += Counts(rows=sum(map(len, wanted.values())))
        for code, table, message in self.shown.compared(self.name, wanted):
            yield self._finding(code, message, subject=table)


def _named(known: Learner, event: Proven) -> str:
    """Return the credential that a proof is of."""
    if isinstance(event, CredentialAwarded):
        return event.credential
    return known.awards[event.award].credential


def _pathway_of(event: PathwayEvent) -> str:
    return str(getattr(event, "pathway", ""))


def _subject(event: Event) -> str:
    return activity.subject(event)


def _credential(known: Learner, award: str) -> str:
    found = known.awards.get(award)
    return award.partition("@")[0] if found is None else found.credential


def _listed(items: Iterable[str]) -> str:
    return ", ".join(f"`{item}`" for item in items)


def _wrong_document(event: PathwayPublished) -> str:
    """Say what is wrong with a published document, nothing where it is right."""
    try:
        document = Document.from_canonical(event.document)
    except (ValueError, KeyError, TypeError, CairnError) as error:
        return f"the document can not be read: {str(error).partition(chr(10))[0]}"
    if document.digest != event.digest or document.canonical != event.document:
        return f"the document has the digest {document.digest[:19]}, not {event.digest[:19]}"
    main = document.main
    if (main.pathway, main.version, main.home) != (event.pathway, event.version, event.catalogue):
        return f"the document is `{main.pathway}` {main.version} of `{main.home}`"
    return ""


def _misstated(
    known: Learner, event: Proven, name: str, volume: Volume, decided: date
) -> Iterator[tuple[str, str]]:
    """Say what an award tells of itself that does not follow from its rules."""
    model, _ = volume.document.credentials[relative(name, volume.words.home)]
    if volume.words.home != event.catalogue:
        yield "CA102", f"its catalogue is `{volume.words.home}`, not `{event.catalogue}`"
    if event.pathway not in known.enrolments:
        yield "CA105", f"the learner never followed `{event.pathway}`"
    if event.on > decided:
        yield "CA102", f"it is dated {event.on}, after the decision on {decided}"
    witnessed = str(event.witness.get("on"))
    match event:
        case CredentialAwarded():
            if event.award in known.awards:
                yield "CA103", f"`{event.award}` was made before"
            if witnessed != event.on.isoformat():
                yield "CA102", f"it is dated {event.on}, and its witness {witnessed}"
            others = known.awards.keys() - {event.award}
            due_name = numbered(f"{name}@{event.on.isoformat()}", others)
            if event.award != due_name:
                yield "CA102", f"it is called `{event.award}`, but is `{due_name}`"
            due = None if model.valid_for is None else shift(event.on, model.valid_for)
            if event.expires != due:
                yield "CA102", f"it expires {_day(event.expires)}, and should {_day(due)}"
        case AwardRenewed():
            if witnessed != event.on.isoformat():
                yield "CA102", f"it is dated {event.on}, and its witness {witnessed}"
            award = known.awards[event.award]
            if award.expires_on is not None and model.valid_for is not None:
                due = shift(max(event.on, award.expires_on), model.valid_for)
                if event.expires != due:
                    yield "CA102", f"it expires {_day(event.expires)}, and should {_day(due)}"


def _day(day: date | None) -> str:
    return "never" if day is None else f"on {day}"


# --- what the projections show -------------------------------------------------------------------


class _Shown:
    """The rows of the projections about some streams, in the same snapshot as their events."""

    def __init__(
        self, reached: Mapping[str, int], rows: dict[str, dict[str, list[tuple[Any, ...]]]]
    ) -> None:
        """Keep how far each projection is, and its rows by table and stream.

        The rows are as the database gives them; values are looked at where somebody asks.
        """
        self._reached = reached
        self._rows = rows

    @classmethod
    def of(cls, view: Connection, reached: Mapping[str, int], streams: Sequence[str]) -> _Shown:
        """Read what is shown of some streams."""
        return cls._read(view, reached, "{key} IN :streams", {"streams": streams})

    @classmethod
    def between(
        cls, view: Connection, reached: Mapping[str, int], above: str, upto: str | None
    ) -> _Shown:
        """Read what is shown of the streams after one name and up to another."""
        if upto is None:
            return cls._read(view, reached, "{key} > :above", {"above": above})
        values = {"above": above, "upto": upto}
        return cls._read(view, reached, "{key} > :above AND {key} <= :upto", values)

    @classmethod
    def _read(
        cls, view: Connection, reached: Mapping[str, int], condition: str, values: dict[str, Any]
    ) -> _Shown:
        rows: dict[str, dict[str, list[tuple[Any, ...]]]] = {}
        for name in reached:
            table = tables.metadata.tables[name]
            key, stem = key_of(table)
            # The names of pathways stand for their streams.
            place = f"'{stem}' || {key}" if stem else key
            chosen = ", ".join(f'"{one.name}"' for one in table.columns)
            query = text(
                f"SELECT {chosen} FROM {name} WHERE {condition.format(key=place)} ORDER BY {key}"
            )
            if "streams" in values:
                query = query.bindparams(bindparam("streams", expanding=True))
            about = itemgetter(list(table.columns).index(table.columns[key]))
            with view.execute(query, values) as result:
                assert result.cursor is not None
                fetched = iter(partial(result.cursor.fetchmany, _FETCHED), [])
                told = groupby(chain.from_iterable(fetched), about)
                rows[name] = {f"{stem}{stream}": list(some) for stream, some in told}
        return cls(reached, rows)

    def covers(self, name: str, history: list[tuple[int, Recorded]]) -> bool:
        """Tell whether a projection has seen the last event of a stream."""
        return self._reached.get(name, 0) >= history[-1][0]

    def forget(self, stream: str) -> None:
        """Let rows about a stream be whatever they are."""
        for name in self._reached:
            self._rows[name].pop(stream, None)

    def compared(
        self, stream: str, wanted: Mapping[str, list[dict[str, Any]]]
    ) -> Iterator[tuple[str, str, str]]:
        """Compare rows with those that there should be: gives codes, tables and words."""
        for name in self._reached:
            shown = self._rows[name].pop(stream, [])
            if name not in wanted or _alike(name, shown, wanted[name]):
                continue
            keys = [column.name for column in tables.metadata.tables[name].primary_key]
            told = (_told_by(name, row) for row in shown)
            there = {tuple(row[key] for key in keys): row for row in told}
            for row in wanted[name]:
                key = tuple(row[key] for key in keys)
                found = there.pop(key, None)
                if found is None:
                    yield "CA401", name, f"there is no row for {_told(key)}"
                elif differing := _differing(row, found):
                    yield "CA402", name, f"row {_told(key)}: {differing}"
            for key in there:
                yield "CA403", name, f"no event led to the row for {_told(key)}"

    def unexplained(self) -> Iterator[Finding]:
        """Tell which rows are about streams that are not there."""
        for name, streams in self._rows.items():
            for stream, rows in streams.items():
                message = f"it has rows about this stream ({len(rows)}), which has no events"
                yield Finding("CA403", stream, 0, 0, name, message)


def _likenesses(
    view: Connection, above: str, upto: str | None, reached: Mapping[str, int]
) -> Mapping[str, bytes | None]:
    """Return what each stream, with the rows about it, has in common with its twins.

    None where nobody can be its twin, or a projection has not seen all of it.
    """
    seen = min(reached.values(), default=None)
    found: dict[str, bytes | None] = {}
    for stream, glance in glances(view, above, upto, reached).items():
        whole = glance.count and (seen is None or glance.last <= seen)
        found[stream] = twins.likeness(glance) if whole else None
    return found


def _reached(view: Connection) -> dict[str, int]:
    """Return how far each projection of the present version is."""
    if not view.dialect.has_table(view, tables.positions.name):
        return {}
    known = {row.name: row for row in view.execute(select(tables.positions))}
    return {
        projection.name: known[projection.name].position
        for projection in ALL
        if projection.name in known and known[projection.name].version == projection.version
    }


def _alike(name: str, shown: list[tuple[Any, ...]], wanted: list[dict[str, Any]]) -> bool:
    """Tell whether rows are as they should be, in the form in which SQLite keeps them.

    Rows that are not may still be right on a server.
    """
    columns = tables.metadata.tables[name].columns.keys()
    return len(shown) == len(wanted) and set(shown) == {
        tuple([_kept(right[column]) for column in columns]) for right in wanted
    }


def _kept(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.isoformat() if isinstance(value, date) else value


@cache
def _readers(name: str) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    """Return how to read each column of a table on SQLite, which keeps dates as texts."""
    dialect = sqlite.dialect()
    return tuple(
        (column.name, column.type.dialect_impl(dialect).result_processor(dialect, None))
        for column in tables.metadata.tables[name].columns
    )


def _told_by(name: str, row: tuple[Any, ...]) -> dict[str, Any]:
    """Return a row of a table by its columns. What can not be read stays as it is."""
    return {
        column: _read(reader, value)
        for (column, reader), value in zip(_readers(name), row, strict=True)
    }


def _read(reader: Callable[[Any], Any] | None, value: Any) -> Any:
    if reader is None or isinstance(value, date | bool):
        return value
    try:
        return reader(value)
    except (ValueError, TypeError):
        return value


def _told(key: tuple[Any, ...]) -> str:
    return ", ".join(f"`{part}`" for part in key)


def _differing(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    return "; ".join(
        f"`{name}` is {_shown(found[name])}, and should be {_shown(value)}"
        for name, value in wanted.items()
        if _plain(found[name]) != _plain(value)
    )


def _shown(value: object) -> str:
    return "empty" if value is None else f"`{value}`"


def _plain(value: object) -> object:
    """Bring moments to one form: SQLite keeps no time zone, and what is recorded is UTC."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value
