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

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from operator import lt

from pydantic import AwareDatetime, TypeAdapter

from projections import tables
from projections.glances import NEXT, Glance, Told

_COMPLETED = "learner.module-completed"
#: The lives that most learners have. Whoever had anything else happen is audited alone.
_USUAL = frozenset(
    {
        "learner.registered",
        "learner.enrolled",
        "learner.module-started",
        _COMPLETED,
        "learner.credential-awarded",
        "learner.award-renewed",
    }
)

#: How every event begins: its version and its moment, of which the moment tells no rule anything.
_BEGINS = re.compile(rb'\{"v":([0-9]+),"at":"([^"]*)"')
_CUT = b'","'
#: Where an event says what its completion is called, and what that is called elsewhere.
_CALLS, _ELSEWHERE = b'"completion":"', b'"source_id":"'

#: What stands in the place of a name; no JSON holds it.
_MARK = b"\x02"


def likeness(glance: Glance) -> bytes | None:
    """Return what a learner has in common with their twins; None where nobody can be one."""
    if not (glance.sound and _in_order(glance)):
        return None
    topics, states = glance.topics.split(","), bytes(glance.states).split(NEXT)
    if not len(topics) == len(states) == glance.count or not _USUAL.issuperset(topics):
        return None
    cuts = [state.find(_CUT) + 1 for state in states]
    try:
        begun = [_begun(state[:cut]) for state, cut in zip(states, cuts, strict=True)]
    except ValueError:
        return None
    versions, moments = zip(*begun, strict=True)
    bodies = NEXT.join([state[cut:] for state, cut in zip(states, cuts, strict=True)])
    plain = _without_names(bodies, glance.rows, topics.count(_COMPLETED))
    if plain is None or not _shows(glance.told, glance, moments):
        return None
    found = sha256(plain)
    found.update(repr((versions, topics, list(glance.rows))).encode())
    return found.digest()


def _in_order(glance: Glance) -> bool:
    """Whether events are numbered from 1 on, and stored in this order."""
    if glance.numbers != _numbers(glance.count):
        return False
    positions = list(map(int, glance.positions.split(",")))
    return all(map(lt, positions, positions[1:]))


@lru_cache(maxsize=1024)
def _numbers(count: int) -> str:
    return ",".join(map(str, range(1, count + 1)))


def _shows(told: Told, glance: Glance, moments: tuple[datetime, ...]) -> bool:
    """Whether the history is shown to be of the same events and moments, if it is shown."""
    if tables.activity.name not in glance.rows:
        return True
    return (told.positions, told.numbers) == (glance.positions, glance.numbers) and (
        tuple(map(_shown, told.moments.split(","))) == moments
    )


def _without_names(bodies: bytes, rows: Mapping[str, bytes], completed: int) -> bytes | None:
    """Name each completion after the system that named it and its place in the order of names.

    So it is called wherever an event or a row speaks of it, and so is what it is called elsewhere.
    None where a completion does not say its own name, or one is not written as it is read, or is
    spoken of in a sentence: whoever has such is left to those who read all of it. The rest is the
    same, byte for byte, in all twins.
    """
    _, *calls = bodies.split(_CALLS)
    names = {call[: call.find(b'"')] for call in calls}
    if len(calls) != completed or not _readable(b"".join(names)):
        return None
    if b"\\" in bodies or _MARK in bodies:
        return None
    systems: dict[bytes, dict[bytes, bytes]] = {}
    for place, name in enumerate(sorted([name for name in names if b":" in name])):
        system, _, own = name.partition(b":")
        systems.setdefault(system, {})[own] = b'%b%d"' % (_MARK, place)
    sentences = rows.get(tables.progress.name, b"")
    if any(b"%b:" % system in sentences for system in systems):
        return None
    if len(systems) == 1:
        # What is called the same by two systems stays as it is.
        bodies = _called(bodies, _ELSEWHERE, *systems.values())
    plain = NEXT.join([bodies, *rows.values()])
    for system, placed in systems.items():
        plain = _called(plain, b'"%b:' % system, placed)
    return plain


def _readable(names: bytes) -> bool:
    try:
        return names.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _called(plain: bytes, before: bytes, placed: Mapping[bytes, bytes]) -> bytes:
    """Put the place of a name wherever it stands after some words, up to the end of its text."""
    first, *pieces = plain.split(before)
    told = [piece.partition(b'"') for piece in pieces]
    return before.join(
        [first, *[(placed.get(name) or name + end) + rest for name, end, rest in told]]
    )


_MOMENTS: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


@lru_cache(maxsize=1024)
def _begun(head: bytes) -> tuple[bytes, datetime]:
    """Read how an event begins, just as events are read: its version and its moment."""
    found = _BEGINS.fullmatch(head)
    if found is None:
        raise ValueError
    return found[1], _MOMENTS.validate_json(b'"%b"' % found[2]).astimezone(UTC)


@lru_cache(maxsize=1024)
def _shown(at: str) -> datetime | None:
    """What is shown as a moment: a text in UTC."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
