"""Streams that are the same but for their names: what was found clean once is clean again.

Learners of one cohort often have the same history: the same modules on the same days, with the same
awards. What the rules say of it depends on nothing that tells such learners apart: not on who they
are, what another system calls their completions, or when that was recorded. So whoever is the twin
of a learner in whom nothing was found, to the last row that is shown of them, needs no proof of
their own. A twin that differs in anything else is audited like everybody.

Names are replaced by their places in the order of names, because that order is all that the rules
know of them: it decides between items of one day and module.
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from operator import lt
from typing import Any

from pydantic import AwareDatetime, TypeAdapter

from projections import tables
from projections.log import Stored

_COMPLETED = "learner.module-completed"
_PROVEN = ("learner.credential-awarded", "learner.award-renewed")
#: The lives that most learners have. Whoever had anything else happen is audited alone.
_USUAL = frozenset(
    {
        "learner.registered",
        "learner.enrolled",
        "learner.module-started",
        _COMPLETED,
        *_PROVEN,
    }
)

#: How every event begins: its version and its moment, of which the moment tells no rule anything.
_BEGINS = re.compile(rb'\x01\{"v":([0-9]+),"at":"([^"]*)",')
#: Where an event says what its completion is called, and what that is called elsewhere.
_CALLS, _ELSEWHERE = b'"completion":"', b'"source_id":"'

#: What stands between events, and in the place of a name; neither can stand in JSON.
_NEXT, _MARK = b"\x01", b"\x02"

Rows = Mapping[str, Sequence[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class _Plain:
    """A history without names: its bytes, the names in their order, and what rows show of it."""

    history: bytes
    names: Mapping[str, str]
    positions: tuple[int, ...]
    numbers: tuple[int, ...]
    moments: tuple[datetime | None, ...]


def likeness(stored: Sequence[Stored], shown: Rows) -> bytes | None:
    """Return what a learner has in common with their twins; None where nobody can be one.

    `shown` are the rows of each projection about the learner, as the database gives them.
    """
    plain = _plain(stored)
    if plain is None:
        return None
    found = blake2b(plain.history, digest_size=32)
    for name, rows in shown.items():
        columns = list(zip(*rows, strict=True))
        if rows and not _anonymous(name, columns, plain):
            return None
        found.update(b"\n%b\n" % name.encode())
        found.update(_packed(columns))
    return found.digest()


def _packed(value: list[tuple[Any, ...]]) -> bytes:
    """Return bytes that only equal values have."""
    try:
        return marshal.dumps(value, 2)
    except ValueError:
        # A server gives dates, and not texts.
        return repr(value).encode()


def _plain(stored: Sequence[Stored]) -> _Plain | None:
    """Take the names out of a history, if it is an usual one in its right order."""
    positions, _, numbers, topics, states = zip(*stored, strict=True)
    if numbers != tuple(range(1, len(stored) + 1)) or not _USUAL.issuperset(topics):
        return None
    if set(map(type, states)) != {bytes} or not all(map(lt, positions, positions[1:])):
        return None
    before, *parts = _BEGINS.split(_NEXT + _NEXT.join(states))
    if before or len(parts) != 3 * len(stored):
        return None
    versions, moments = parts[::3], tuple(map(_moment, parts[1::3]))
    if None in moments:
        return None
    anonymous = _without_names(_NEXT.join(parts[2::3]), topics.count(_COMPLETED))
    if anonymous is None:
        return None
    body, names = anonymous
    history = b"\n".join([b",".join(versions), ",".join(topics).encode(), body])
    return _Plain(history, names, positions, numbers, moments)


def _without_names(body: bytes, completed: int) -> tuple[bytes, Mapping[str, str]] | None:
    """Name each completion after the system that named it and its place in the order of names.

    So it is called wherever an event speaks of it, and so is what it is called elsewhere. None
    where a completion does not say its own name, or one is not written as it is read: whoever has
    such is left to those who read all of it. The rest is the same, byte for byte, in all twins.
    """
    _, *calls = body.split(_CALLS)
    names = {call[: call.find(b'"')] for call in calls}
    if len(calls) != completed or b"\\" in body or not _readable(b"".join(names)):
        return None
    places: dict[bytes, bytes] = {}
    systems: dict[bytes, dict[bytes, bytes]] = {}
    for place, name in enumerate(sorted([name for name in names if b":" in name])):
        system, _, own = name.partition(b":")
        mark = b'%b%d"' % (_MARK, place)
        places[name] = b"%b:%b" % (system, mark[:-1])
        systems.setdefault(system, {})[own] = mark
    for system, placed in systems.items():
        body = _called(body, b'"%b:' % system, placed)
    if len(systems) == 1:
        # What is called the same by two systems stays as it is.
        body = _called(body, _ELSEWHERE, placed)
    return body, {name.decode(): placed.decode() for name, placed in places.items()}


def _readable(names: bytes) -> bool:
    try:
        return names.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _called(body: bytes, before: bytes, placed: Mapping[bytes, bytes]) -> bytes:
    """Put the place of a name wherever it stands after some words, up to the end of its text."""
    first, *pieces = body.split(before)
    told = [piece.partition(b'"') for piece in pieces]
    return before.join([first, *[placed.get(name, name + end) + rest for name, end, rest in told]])


def _anonymous(table: str, columns: list[tuple[Any, ...]], plain: _Plain) -> bool:
    """Take the names out of rows, given column by column; the learner stands in the first.

    False where a name can not be taken out, or rows do not tell of the events that are stored.
    """
    names = plain.names
    if table == tables.activity.name:
        positions, _, numbers, topics, subjects, on, moments, by, source = columns
        columns[:] = (topics, tuple([names.get(one, one) for one in subjects]), on, by, source)
        return (positions, numbers, tuple(map(_shown, moments))) == (
            plain.positions,
            plain.numbers,
            plain.moments,
        )
    if table == tables.completions.name:
        columns[1] = tuple([names.get(one, one) for one in columns[1]])
    elif table == tables.progress.name:
        words = "\n".join(filter(None, columns[_MISSING]))
        if any(name in words for name in names):
            # An item is named by what is missing.
            return False
    del columns[0]
    return True


_MISSING = list(tables.progress.c).index(tables.progress.c.missing)


_MOMENTS: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


@lru_cache(maxsize=1024)
def _moment(at: bytes) -> datetime | None:
    """Read a moment, just as the events are read."""
    try:
        return _MOMENTS.validate_json(b'"%b"' % at).astimezone(UTC)
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def _shown(at: object) -> datetime | None:
    """What a database shows as a moment: SQLite a text in UTC, a server a moment."""
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError:
        return None
    if not isinstance(moment, datetime):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
