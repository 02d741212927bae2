"""Many learners to another version: who is meant, what it does to them, and the move itself.

Learners are moved one by one, as `learner move` does it, and saved in groups, one transaction for
each group. A migration that was killed is run again: who was moved is not on the old version any
more, and the rest is decided as it would have been, as of the day of the decision.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Literal

from domain import learner as learners
from domain.commands import MoveEnrolment
from domain.errors import InvalidError, LedgerConflictError
from domain.events import CredentialAwarded, Recorded
from domain.learner import Enrolment, Learner
from domain.ledger import Ledger, again, numbered
from domain.library import Volume
from domain.names import qualified
from domain.policies import assessment_of, consequences
from domain.publication import Migration
from pathways.awards import Assessment
from pathways.problems import nearest

#: What a learner's move came from, in the events.
SOURCE = "migration"

#: How many events are saved in one transaction, or a few more.
_TOGETHER = 2_000

_CONDITION = re.compile(r"\s*([a-z]+)\s*(<=|>=|!=|<|>|=)\s*(.+?)\s*")

_DATED = ("enrolled",)
_NAMED = ("holds", "completed", "source", "loses")
_FORMS = (
    "`enrolled>=2026-01-01`, `holds=CREDENTIAL`, `completed!=MODULE`, `source=rpl`, `loses=nothing`"
)


# --- who is meant --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to be so of a learner who is to be moved. `text` is how it is written."""

    text: str
    subject: str
    sign: str
    value: str

    def met(self, learner: Learner, enrolment: Enrolment, loses: Callable[[], bool]) -> bool:
        """Tell whether it is so; `loses` tells whether any credential would stand worse."""
        match self.subject:
            case "enrolled":
                return _compared(enrolment.on, self.sign, date.fromisoformat(self.value))
            case "holds":
                there = any(
                    award.credential == self.value and award.revoked is None
                    for award in learner.awards.values()
                )
            case "completed":
                there = any(
                    one.module == self.value and not one.lost
                    for one in learner.completions.values()
                )
            case "source":
                there = any(
                    one.source == self.value and not one.lost
                    for one in learner.completions.values()
                )
            case _:
                there = not loses()
        return there if self.sign == "=" else not there


def _compared(day: date, sign: str, other: date) -> bool:
    match sign:
        case "<":
            return day < other
        case ">":
            return day > other
        case "<=":
            return day <= other
        case ">=":
            return day >= other
        case "!=":
            return day != other
        case _:
            return day == other


def conditions(texts: Iterable[str], volume: Volume) -> tuple[Condition, ...]:
    """Read conditions; names may come without the catalogue of the version that learners are on.

    Raises `InvalidError`.
    """
    return tuple(_condition(text, volume) for text in texts)


def _condition(text: str, volume: Volume) -> Condition:
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise InvalidError(f"`{text}` is no condition", f"write it like one of {_FORMS}")
    subject, sign, value = found.groups()
    if subject not in _DATED + _NAMED:
        help_ = nearest(subject, _DATED + _NAMED)
        raise InvalidError(f"a condition can not be about `{subject}`", help_)
    if subject in _NAMED and sign not in ("=", "!="):
        raise InvalidError(f"`{subject}` can only be compared with `=` or `!=`", f"as in {_FORMS}")
    home, words = volume.words.home, volume.words
    match subject:
        case "enrolled":
            try:
                date.fromisoformat(value)
            except ValueError:
                raise InvalidError(f"`{value}` is not a date", "write it as 2026-03-01") from None
        case "holds" | "completed":
            known = words.credentials if subject == "holds" else words.modules
            full = qualified(value, home)
            if full not in known:
                what = "credential" if subject == "holds" else "module"
                bare = {name.removeprefix(f"{home}/") for name in known}
                raise InvalidError(f"this pathway knows no {what} `{value}`", nearest(value, bare))
            value = full
        case "loses":
            if value != "nothing":
                raise InvalidError(f"`loses` can not be `{value}`", "write `loses=nothing`")
    return Condition(f"{subject}{sign}{value}", subject, sign, value)


# --- what it does to them ------------------------------------------------------------------------


@dataclass(slots=True)
class Preview:
    """What moving learners would do: by credential, how many stand how before and after.

    `learners` are those who would be moved, `stay` those who follow the old version and do not
    meet the conditions. `worse` stand worse in at least one credential, `better` in at least one,
    and in none worse.
    """

    learners: int = 0
    stay: int = 0
    worse: int = 0
    better: int = 0
    standings: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)

    def add(self, other: Preview) -> None:
        """Add what moving others would do."""
        self.learners += other.learners
        self.stay += other.stay
        self.worse += other.worse
        self.better += other.better
        for credential, counts in other.standings.items():
            self.standings.setdefault(credential, Counter()).update(counts)

    def to_json(self) -> dict[str, dict[str, dict[str, int]]]:
        """Return the standings as data: by credential, before, and after."""
        found: dict[str, dict[str, dict[str, int]]] = {}
        for credential, counts in sorted(self.standings.items()):
            for (before, after), number in sorted(counts.items()):
                found.setdefault(credential, {}).setdefault(before, {})[after] = number
        return found


#: What stands for a credential that a version does not have.
ABSENT = "not in this version"

Direction = Literal["worse", "same", "better"]


@dataclass(frozen=True, slots=True)
class Mover:
    """Judges learners on one version of a pathway who may be moved to another, as of a day."""

    old: Volume
    new: Volume
    where: tuple[Condition, ...]
    on: date

    def enrolment(self, learner: Learner) -> Enrolment | None:
        """Return the enrolment that is to be moved, None where the learner is not meant."""
        edition = self.old.edition
        enrolment = learner.enrolments.get(edition.pathway)
        if enrolment is None or enrolment.withdrawn is not None:
            return None
        if enrolment.version != edition.version:
            return None

        def loses() -> bool:
            before, after = self._both(learner, enrolment)
            return _direction(before, after) == "worse"

        meant = all(condition.met(learner, enrolment, loses) for condition in self.where)
        return enrolment if meant else None

    def preview(self, learner: Learner) -> Preview:
        """Return what moving a learner would do, who follows the old version."""
        enrolment = self.enrolment(learner)
        if enrolment is None:
            return Preview(stay=1)
        before, after = self._both(learner, enrolment)
        direction = _direction(before, after)
        found = Preview(1, worse=direction == "worse", better=direction == "better")
        for ref in dict.fromkeys((*before.standings, *after.standings)):
            words = tuple(
                one.standings[ref].status if ref in one.standings else ABSENT
                for one in (before, after)
            )
            found.standings[qualified(ref, self.new.words.home)] = Counter([(words[0], words[1])])
        return found

    def _both(self, learner: Learner, enrolment: Enrolment) -> tuple[Assessment, Assessment]:
        return (
            assessment_of(learner, self.old, enrolment, self.on),
            assessment_of(learner, self.new, enrolment, self.on),
        )


def _direction(before: Assessment, after: Assessment) -> Direction:
    worse = better = False
    for ref, old in before.standings.items():
        new = after.standings.get(ref)
        if new is None:
            # What is held stays held; what is only begun is lost.
            worse |= old.status != "held" and old.progress > 0
        elif "held" in (old.status, new.status):
            worse |= new.status != "held"
            better |= old.status != "held"
        else:
            worse |= new.progress < old.progress
            better |= new.progress > old.progress
    return "worse" if worse else "better" if better else "same"


# --- the move ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of a migration so far: learners moved, those who stayed, awards that were made."""

    moved: int = 0
    stayed: int = 0
    awards: int = 0

    def __add__(self, other: Moved) -> Moved:
        """Add up two parts."""
        return Moved(
            self.moved + other.moved, self.stayed + other.stayed, self.awards + other.awards
        )


def mover_of(ledger: Ledger, migration: Migration) -> Mover:
    """Return who judges the learners of a migration, as of the day of its decision."""
    old = ledger.volume(migration.pathway, migration.from_version)
    new = ledger.volume(migration.pathway, migration.version)
    return Mover(old, new, conditions(migration.where, old), migration.on)


def migrate(
    ledger: Ledger,
    migration: Migration,
    ids: Iterable[str],
    *,
    clock: Callable[[], datetime],
    progress: Callable[[Moved], None] = lambda _moved: None,
) -> Moved:
    """Move those of some learners who are meant, and return what came of it.

    Events are decided as of the migration's day, or as of a learner's last day where that is
    later. `progress` is called with the results so far. Raises a `LedgerError` when the database
    can not be used; what was moved until then stays moved, and running it again continues it.
    """
    mover, total = mover_of(ledger, migration), Moved()
    group: list[tuple[str, list[Recorded], Moved]] = []
    size = 0

    def save() -> None:
        nonlocal total, group, size
        total += _saved(ledger, migration, mover, group, clock)
        group, size = [], 0
        progress(total)

    for id_ in ids:
        events, result = _decided(ledger, migration, mover, id_, clock)
        group.append((id_, events, result))
        size += len(events) + 1
        if size >= _TOGETHER:
            save()
    save()
    return total


def _decided(
    ledger: Ledger, migration: Migration, mover: Mover, id_: str, clock: Callable[[], datetime]
) -> tuple[list[Recorded], Moved]:
    loaded = ledger.load(id_)
    learner = loaded.learner
    enrolment = learner.enrolments.get(migration.pathway)
    there = enrolment is not None and enrolment.withdrawn is None
    if mover.enrolment(learner) is None:
        stays = there and enrolment is not None and enrolment.version == migration.from_version
        return [], Moved(stayed=int(stays))
    command = MoveEnrolment(
        learner=id_,
        pathway=migration.pathway,
        version=migration.version,
        digest=mover.new.edition.digest,
        on=migration.on,
        by=migration.by,
        source=SOURCE,
    )
    decided = learners.decide(command, learner)
    for event in decided:
        learner = learners.evolve(learner, event)
    day = migration.on if loaded.day is None else max(migration.on, loaded.day)
    events = (*decided, *consequences(learner, ledger.library.volume, day).events)
    awards = sum(isinstance(event, CredentialAwarded) for event in events)
    return list(numbered(id_, loaded.number, events, day, clock())), Moved(1, 0, awards)


def _saved(
    ledger: Ledger,
    migration: Migration,
    mover: Mover,
    group: Sequence[tuple[str, list[Recorded], Moved]],
    clock: Callable[[], datetime],
) -> Moved:
    """Store what a group of learners has, together."""
    events = [event for _, some, _ in group for event in some]
    try:
        if events:
            ledger.store.append(events)
    except LedgerConflictError:
        alone = partial(_alone, ledger, migration, mover, clock)
        return sum((again(partial(alone, id_)) for id_, _, _ in group), Moved())
    return sum((result for _, _, result in group), Moved())


def _alone(
    ledger: Ledger, migration: Migration, mover: Mover, clock: Callable[[], datetime], id_: str
) -> Moved:
    """Decide about one learner anew, because somebody else recorded in the meantime."""
    events, result = _decided(ledger, migration, mover, id_, clock)
    if events:
        ledger.store.append(events)
    return result
