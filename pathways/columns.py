"""Many records at once, as columns: what a population has done, a number for each thing.

A record is a value for one learner. A million of them are the same thing told in columns, so that
a rule is asked of all learners in one pass. Whoever has something on record that the columns do
not tell (a waiver, a substitution, an award with a history) is kept beside them as a record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pathways.document import Completed, Held, Record, Started

Days: TypeAlias = NDArray[np.int32]
Amounts: TypeAlias = NDArray[np.int64]
Column: TypeAlias = NDArray[np.integer[Any]]

#: No day: not revoked, not enrolled, or `never` of an expiry. It is later than every day.
NEVER = 2**31 - 1
#: No expiry is given: the module's own validity decides.
NOT_SAID = -1
#: No amount, grade or group is given.
NOT_GIVEN = -1
#: How many parts an amount is counted in; the language allows six decimal places.
PARTS = 1_000_000

_ONE = Decimal(PARTS)


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Learners by their place, 0 and up, and what each has done.

    What learner `i` completed stands at the places from `start[i]` to `start[i + 1]` of the
    columns of completions, by day; `held_start`, `begun_start` and `approved_start` are the same
    for awards held, modules in progress and approvals. Days are proleptic ordinals, amounts are
    in millionths, and `module`, `held`, `grade`, `source` and `groups` are places in `modules`,
    `credentials`, `grades`, `sources` and `groupings`. A column that is the same for all may be
    an array of stride zero (see `same`), which takes no room.
    """

    learners: Sequence[str | None]
    modules: tuple[str, ...]
    credentials: tuple[str, ...]
    grades: tuple[str, ...]
    sources: tuple[str, ...]
    groupings: tuple[tuple[str, ...], ...]
    #: The day of enrolment, or `NEVER`.
    enrolled: Days
    start: NDArray[np.int64]
    module: NDArray[np.int32]
    on: Days
    #: The day from which it no longer serves, or `NEVER`.
    revoked: Days
    #: Its own last day, `NEVER`, or `NOT_SAID`.
    expires: Days
    score: Amounts
    credits: Amounts
    hours: Amounts
    level: Amounts
    grade: NDArray[np.int16]
    source: NDArray[np.int16]
    groups: NDArray[np.int16]
    held_start: NDArray[np.int64]
    held: NDArray[np.int32]
    held_on: Days
    #: Its own last day, `NEVER`, or `NOT_SAID`.
    held_expires: Days
    begun_start: NDArray[np.int64]
    begun: NDArray[np.int32]
    #: The day on which it was begun, or `NEVER` where that is not known.
    begun_on: Days
    approved_start: NDArray[np.int64]
    approved: NDArray[np.int32]
    #: The ids of completions that are not called `module@day`, by place.
    ids: Mapping[int, str] = field(default_factory=dict)
    #: Records that the columns can not tell, by learner; such a learner has no places in them.
    irregular: Mapping[int, Record] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many learners there are."""
        return len(self.enrolled)

    @property
    def completions(self) -> int:
        """How many completions the columns tell of."""
        return int(self.start[-1] - self.start[0])

    @property
    def nbytes(self) -> int:
        """The bytes that the columns take, those of stride zero taken as nothing."""
        columns = (getattr(self, each.name) for each in fields(self))
        return sum(
            column.nbytes if any(column.strides) else 0
            for column in columns
            if isinstance(column, np.ndarray)
        )

    def part(self, first: int, last: int) -> Population:
        """The learners from one place up to, not including, another; columns are not copied."""
        cut: dict[str, Any] = {
            "learners": self.learners[first:last],
            "enrolled": self.enrolled[first:last],
        }
        for start, columns in TABLES.items():
            offsets = getattr(self, start)[first : last + 1]
            low, high = int(offsets[0]), int(offsets[-1])
            cut[start] = offsets - low
            cut |= {name: getattr(self, name)[low:high] for name in columns}
        low, high = int(self.start[first]), int(self.start[last])
        cut["ids"] = {at - low: name for at, name in self.ids.items() if low <= at < high}
        cut["irregular"] = {
            at - first: record for at, record in self.irregular.items() if first <= at < last
        }
        return replace(self, **cut)

    def named(self, modules: Sequence[str], credentials: Sequence[str]) -> Population:
        """The same with other names for its modules and credentials, place by place."""
        return replace(self, modules=tuple(modules), credentials=tuple(credentials))

    def record_of(self, learner: int) -> Record:
        """The record of a learner: what `population_of` was told, in the order of the columns."""
        if learner in self.irregular:
            return self.irregular[learner]
        low, high = self.start[learner : learner + 2].tolist()
        return Record.model_construct(
            learner=self.learners[learner],
            enrolled=_day(int(self.enrolled[learner])),
            completed=tuple(self._completed(at) for at in range(low, high)),
            in_progress=tuple(
                Started.model_construct(
                    module=self.modules[self.begun[at]], on=_day(int(self.begun_on[at]))
                )
                for at in range(*self.begun_start[learner : learner + 2].tolist())
            ),
            holds=tuple(
                Held.model_construct(
                    credential=self.credentials[self.held[at]],
                    on=date.fromordinal(int(self.held_on[at])),
                    expires=_expiry(int(self.held_expires[at])),
                )
                for at in range(*self.held_start[learner : learner + 2].tolist())
            ),
            approved=tuple(
                self.credentials[self.approved[at]]
                for at in range(*self.approved_start[learner : learner + 2].tolist())
            ),
        )

    def _completed(self, at: int) -> Completed:
        grade, groups = int(self.grade[at]), int(self.groups[at])
        return Completed.model_construct(
            module=self.modules[self.module[at]],
            on=date.fromordinal(int(self.on[at])),
            score=_amount(int(self.score[at])),
            grade=None if grade == NOT_GIVEN else self.grades[grade],
            credits=_amount(int(self.credits[at])),
            level=_amount(int(self.level[at])),
            hours=_amount(int(self.hours[at])),
            groups=() if groups == NOT_GIVEN else self.groupings[groups],
            expires=_expiry(int(self.expires[at])),
            source=self.sources[self.source[at]],
            id=self.ids.get(at),
            revoked=_day(int(self.revoked[at])),
        )


#: The columns of each table, by the column that says where a learner's places begin.
TABLES = MappingProxyType(
    {
        "start": (
            "module",
            "on",
            "revoked",
            "expires",
            "score",
            "credits",
            "hours",
            "level",
            "grade",
            "source",
            "groups",
        ),
        "held_start": ("held", "held_on", "held_expires"),
        "begun_start": ("begun", "begun_on"),
        "approved_start": ("approved",),
    }
)

_TYPES: Mapping[str, type[np.integer[Any]]] = MappingProxyType(
    dict.fromkeys(("score", "credits", "hours", "level"), np.int64)
    | dict.fromkeys(("grade", "source", "groups"), np.int16)
)


def same(value: int, length: int, kind: type[np.integer[Any]] = np.int32) -> NDArray[Any]:
    """A column that says the same of all, in the room of one."""
    return np.broadcast_to(kind(value), (length,))


def ordinal(day: date | None) -> int:
    """A day as a number, or `NEVER` where there is none."""
    return NEVER if day is None else day.toordinal()


def scaled(amount: Decimal | None) -> int:
    """An amount in millionths, or `NOT_GIVEN`; exact, as an amount has at most six places.

    >>> scaled(Decimal("2.5")), scaled(None)
    (2500000, -1)
    """
    return NOT_GIVEN if amount is None else int(amount * _ONE)


def irregular(record: Record) -> bool:
    """Whether a record says what the columns do not tell."""
    return bool(
        record.waived
        or record.substituted
        or any(entry.on is None for entry in record.completed)
        or any(
            entry.credits is not None or entry.hours is not None or entry.source != "course"
            for entry in record.in_progress
        )
        or any(
            held.award_class is not None
            or held.used
            or held.renewed
            or held.revoked is not None
            or held.id not in (None, f"{held.credential}@{held.on.isoformat()}")
            for held in record.holds
        )
        or len({(held.credential, held.on) for held in record.holds}) < len(record.holds)
    )


def population_of(records: Iterable[Record]) -> Population:
    """Tell records in columns, learner by learner in their order.

    Exact: `record_of` gives each record back, its entries by day and what is implied left out.
    """
    return _Teller().tell(records)


class _Teller:
    """Writes columns, and gives each word the place at which it was first met."""

    def __init__(self) -> None:
        self._columns: dict[str, list[int]] = {
            name: [] for columns in TABLES.values() for name in columns
        }
        self._modules: dict[str, int] = {}
        self._credentials: dict[str, int] = {}
        self._grades: dict[str, int] = {}
        self._sources: dict[str, int] = {}
        self._groupings: dict[tuple[str, ...], int] = {}
        self._ids: dict[int, str] = {}

    def tell(self, records: Iterable[Record]) -> Population:
        learners: list[str | None] = []
        enrolled: list[int] = []
        beside: dict[int, Record] = {}
        starts: dict[str, list[int]] = {name: [0] for name in TABLES}
        for record in records:
            learners.append(record.learner)
            enrolled.append(ordinal(record.enrolled))
            if irregular(record):
                beside[len(learners) - 1] = record
            else:
                self._write(record)
            for start, columns in TABLES.items():
                starts[start].append(len(self._columns[columns[0]]))
        told: dict[str, Any] = {
            name: np.array(column, dtype=_TYPES.get(name, np.int32))
            for name, column in self._columns.items()
        }
        told |= {name: np.array(start, dtype=np.int64) for name, start in starts.items()}
        return Population(
            learners=tuple(learners),
            enrolled=np.array(enrolled, dtype=np.int32),
            modules=tuple(self._modules),
            credentials=tuple(self._credentials),
            grades=tuple(self._grades),
            sources=tuple(self._sources),
            groupings=tuple(self._groupings),
            ids=self._ids,
            irregular=beside,
            **told,
        )

    def _write(self, record: Record) -> None:
        for entry in sorted(record.completed, key=lambda e: (e.on, e.module, e.id or "")):
            assert entry.on is not None
            if entry.id not in (None, f"{entry.module}@{entry.on.isoformat()}"):
                self._ids[len(self._columns["on"])] = entry.id or ""
            self._put(
                module=_place(self._modules, entry.module),
                on=entry.on.toordinal(),
                revoked=ordinal(entry.revoked),
                expires=_expiry_number(entry.expires),
                score=scaled(entry.score),
                credits=scaled(entry.credits),
                hours=scaled(entry.hours),
                level=scaled(entry.level),
                grade=NOT_GIVEN if entry.grade is None else _place(self._grades, entry.grade),
                source=_place(self._sources, entry.source),
                groups=_place(self._groupings, entry.groups) if entry.groups else NOT_GIVEN,
            )
        for held in sorted(record.holds, key=lambda held: (held.on, held.credential)):
            self._put(
                held=_place(self._credentials, held.credential),
                held_on=held.on.toordinal(),
                held_expires=_expiry_number(held.expires),
            )
        for started in record.in_progress:
            self._put(begun=_place(self._modules, started.module), begun_on=ordinal(started.on))
        for ref in record.approved:
            self._put(approved=_place(self._credentials, ref))

    def _put(self, **row: int) -> None:
        for name, value in row.items():
            self._columns[name].append(value)


def _place(places: dict[Any, int], word: Any) -> int:
    return places.setdefault(word, len(places))


def _day(number: int) -> date | None:
    return None if number == NEVER else date.fromordinal(number)


def _expiry(number: int) -> date | Literal["never"] | None:
    if number == NEVER:
        return "never"
    return None if number == NOT_SAID else date.fromordinal(number)


def _expiry_number(expires: date | Literal["never"] | None) -> int:
    if expires is None:
        return NOT_SAID
    return NEVER if expires == "never" else expires.toordinal()


def _amount(number: int) -> Decimal | None:
    return None if number == NOT_GIVEN else Decimal(number) / _ONE
