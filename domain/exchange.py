"""A ledger as lines of JSON: all events in their order, byte for byte, to be moved or kept.

Each line is an event: `{"stream": ..., "number": ..., "topic": ..., "state": {...}}`, with the
stored bytes as they are; bytes that are no line of JSON stand in `base64` instead. The people of
the directory can come first, as `{"person": {...}}`. The last line says how many events there
were, and the root of their Merkle tree, so that nothing that was cut short passes for whole.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from domain.directory import Person
from domain.errors import InvalidError
from domain.merkle import Tree
from domain.seal import entry
from domain.storage import told
from domain.store import Store

#: How many events are written with one statement.
_TOGETHER = 1_000

_TEXT = r'"(?:[^"\\]|\\.)*"'
_EVENT = re.compile(
    rf'\{{"stream":({_TEXT}),"number":(-?[0-9]+),"topic":({_TEXT}),"(state|base64)":(.*)\}}'.encode(),
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as it is stored."""

    stream: str
    number: int
    topic: str
    state: bytes


@dataclass(frozen=True, slots=True)
class Moved:
    """What an export or an import held: how many events and people, and the root of the events."""

    events: int
    people: int
    root: str


def exported(events: Iterable[Stored], people: Iterable[Person] = ()) -> Iterator[bytes]:
    """Give the lines of an export, people first."""
    for person in people:
        yield _json({"person": asdict(person)})
    tree = Tree()
    for one in events:
        tree.add(entry(one.stream, one.number, one.topic, one.state).leaf())
        yield _event_line(one)
    yield _json({"events": tree.size, "root": tree.root().hex()})


def _event_line(one: Stored) -> bytes:
    head = _json({"stream": one.stream, "number": one.number, "topic": one.topic})[:-1]
    if _is_line(one.state):
        return head + b',"state":' + one.state + b"}"
    return head + b',"base64":' + _json(base64.b64encode(one.state).decode()) + b"}"


def _is_line(state: bytes) -> bool:
    if b"\n" in state or b"\r" in state or not state.startswith(b"{"):
        return False
    try:
        json.loads(state)
    except ValueError:
        return False
    return True


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def imported(store: Store, lines: Iterable[bytes]) -> Moved:
    """Write the events and people of an export into an empty ledger, all of them or nothing.

    Raises `InvalidError` for a line that is none of an export, for an export that was cut short or
    altered, and where the ledger is not empty; or a `LedgerError`.
    """
    if store.head():
        raise InvalidError("the ledger has events already", "import into a new one")
    mark = "?" if store.database.path is not None else "%s"
    events, people, tree = list[Stored](), list[Person](), Tree()
    number_of_people = 0
    end: Moved | None = None
    into_events = (
        f"INSERT INTO {store.table} (originator_id, originator_version, topic, state)"
        f" VALUES ({mark}, {mark}, {mark}, {mark})"
    )
    into_people = (
        "INSERT INTO directory (learner, reference, name, email)"
        f" VALUES ({mark}, {mark}, {mark}, {mark})"
    )
    with told(store.database), store.datastore.transaction(commit=True) as cursor:
        for place, line in enumerate(lines, start=1):
            if end is not None:
                raise InvalidError(f"line {place}: there is something after the end of the export")
            match _read(line.rstrip(b"\r\n"), place):
                case Stored() as one:
                    tree.add(entry(one.stream, one.number, one.topic, one.state).leaf())
                    events.append(one)
                case Person() as person:
                    people.append(person)
                    number_of_people += 1
                case Moved() as last:
                    end = last
            if len(events) + len(people) >= _TOGETHER:
                _write(cursor, into_events, events)
                _write(cursor, into_people, people)
        if end is None:
            raise InvalidError("the export was cut short: its last line is missing")
        if (end.events, end.root) != (tree.size, tree.root().hex()):
            raise InvalidError("the events are not those that were exported")
        _write(cursor, into_events, events)
        _write(cursor, into_people, people)
    return Moved(tree.size, number_of_people, tree.root().hex())


def _write(cursor: object, statement: str, rows: list[Stored] | list[Person]) -> None:
    values: Sequence[tuple[object, ...]] = [tuple(asdict(row).values()) for row in rows]
    if values:
        cursor.executemany(statement, values)  # type: ignore[attr-defined]  # either driver's
    rows.clear()


def _read(line: bytes, place: int) -> Stored | Person | Moved:
    if found := _EVENT.fullmatch(line):
        stream, number, topic, kind, state = found.groups()
        try:
            data = state if kind == b"state" else base64.b64decode(json.loads(state), validate=True)
            return Stored(json.loads(stream), int(number), json.loads(topic), data)
        except (ValueError, TypeError):
            raise InvalidError(f"line {place} is no line of an export") from None
    try:
        match json.loads(line):
            case {"person": dict() as person}:
                return Person(**person)
            case {"events": int(events), "root": str(root)}:
                return Moved(events, 0, root)
    except (ValueError, TypeError):
        pass
    raise InvalidError(f"line {place} is no line of an export")
