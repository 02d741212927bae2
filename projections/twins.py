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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from pydantic import AwareDatetime, TypeAdapter

from projections import tables
from projections.log import Row

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

#: How every event begins, from its version to its moment, which tells no rule anything.
_BEGINS, _THEN, _MOMENT = b'{"v":', b',"at":"', len(b'{"v":1,"at":"')
#: Where an event says what its completion is called.
_CALLS = b'"completion":"'

#: What stands in the place of a name; it can not stand in JSON.
_MARK = b"\x01"

Rows = Mapping[str, Sequence[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class _Plain:
    """A history without names: its bytes, the names in their order, and the moments."""

    history: bytes
    names: Mapping[str, str]
    moments: tuple[datetime, ...]


def likeness(stored: Sequence[Row], shown: Rows) -> bytes | None:
    """Return what a learner has in common with their twins; None where nobody can be one.

    `shown` are the rows of each projection about the learner, as the database gives them.
    """
    plain = _plain(stored)
    if plain is None:
        return None
    found = blake2b(plain.history, digest_size=32)
    for name, rows in shown.items():
        anonymous = _anonymous(name, rows, stored, plain)
        if anonymous is None:
            return None
        found.update(b"\n%b\n" % name.encode())
        found.update(_packed(anonymous))
    return found.digest()


def _packed(value: list[tuple[Any, ...]]) -> bytes:
    """Return bytes that only equal values have."""
    try:
        return marshal.dumps(value, 2)
    except ValueError:
        # A server gives dates, and not texts.
        return repr(value).encode()


def _plain(stored: Sequence[Row]) -> _Plain | None:
    """Take the names out of a history, if it is an usual one in its right order."""
    place, completed = 0, 0
    for number, row in enumerate(stored, start=1):
        if row.number != number or row.position <= place or row.topic not in _USUAL:
            return None
        if not isinstance(row.state, bytes):
            return None
        place = row.position
        completed += row.topic == _COMPLETED
    if not _simple(b"".join([row.state for row in stored]), completed):
        return None
    moments: list[datetime] = []
    states: list[bytes] = []
    names: list[bytes] = []
    for row in stored:
        state = row.state
        if state[: len(_BEGINS)] != _BEGINS or state[_MOMENT - len(_THEN) : _MOMENT] != _THEN:
            return None
        at, _, rest = state[_MOMENT:].partition(b'"')
        moment = _moment(at)
        if moment is None:
            return None
        moments.append(moment)
        states.append(state[len(_BEGINS) : len(_BEGINS) + 1] + rest)
        if row.topic == _COMPLETED:
            name, _, _ = rest.partition(_CALLS)[2].partition(b'"')
            if b":" in name:
                names.append(name)
    places = _places(names)
    for index, row in enumerate(stored):
        if row.topic == _COMPLETED:
            states[index] = _without_its_name(states[index], places)
        elif row.topic in _PROVEN:
            state = states[index]
            for name, placed in places.items():
                if name in state:
                    state = state.replace(b'"%b"' % name, b'"%b"' % placed)
            states[index] = state
    history = b"".join(
        [
            b"%d %b %b" % (len(state), row.topic.encode(), state)
            for row, state in zip(stored, states, strict=True)
        ]
    )
    known = {name.decode(errors="replace"): placed.decode() for name, placed in places.items()}
    return _Plain(history, known, tuple(moments))


def _simple(states: bytes, completed: int) -> bool:
    """Tell whether words stand in some states as they are, and each completion says its own name.

    What can not be read, or might be read otherwise, is left to those who read it as a whole.
    """
    if b"\\" in states or states.count(_CALLS) != completed:
        return False
    try:
        # No event has other spaces between its words than those within them.
        return states.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _places(names: list[bytes]) -> dict[bytes, bytes]:
    """Name each completion after the system that named it and its place in the order of names."""
    return {
        name: b"%b:%b%d" % (name.partition(b":")[0], _MARK, place)
        for place, name in enumerate(sorted(set(names)))
    }


def _without_its_name(state: bytes, places: Mapping[bytes, bytes]) -> bytes:
    """Take the name out of a completion, and what it is called elsewhere, which says the same."""
    before, calls, after = state.partition(_CALLS)
    name, _, after = after.partition(b'"')
    if (placed := places.get(name)) is None:
        return state
    own = b'"source_id":"%b"' % name.partition(b":")[2]
    return b'%b%b%b"%b' % (before, calls, placed, after.replace(own, b'"source_id":"%b"' % placed))


def _anonymous(
    table: str, rows: Sequence[tuple[Any, ...]], stored: Sequence[Row], plain: _Plain
) -> list[tuple[Any, ...]] | None:
    """Take the names out of the rows of one projection; the learner stands in the first column."""
    names = plain.names
    if table == tables.activity.name:
        return _in_their_places(rows, stored, plain)
    if table == tables.completions.name:
        return [(names.get(row[1], row[1]), *row[2:]) for row in rows]
    if table == tables.progress.name:
        words = "\n".join([row[_MISSING] for row in rows if row[_MISSING]])
        if any(name in words for name in names):
            # An item is named by what is missing.
            return None
    return [row[1:] for row in rows]


_MISSING = list(tables.progress.c).index(tables.progress.c.missing)


def _in_their_places(
    rows: Sequence[tuple[Any, ...]], stored: Sequence[Row], plain: _Plain
) -> list[tuple[Any, ...]] | None:
    """The rows of what happened without names, positions and moments, which are those stored."""
    if len(rows) != len(stored):
        return None
    names, found = plain.names, []
    for row, event, at in zip(rows, stored, plain.moments, strict=True):
        position, _, number, topic, subject, on, moment, by, source = row
        if position != event.position or number != event.number or _shown(moment) != at:
            return None
        found.append((topic, names.get(subject, subject), on, by, source))
    return found


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
