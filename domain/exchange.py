"""A ledger as lines of JSON: all events in their order, byte for byte, to be moved or kept.

Each line is an event: `{"stream": ..., "number": ..., "topic": ..., "state": {...}}`, with the
stored bytes as they are; bytes that are no line of JSON stand in `base64` instead. What is kept
beside the events comes first, a row a line: `{"person": {...}}` of the directory, `{"name": {...}}`
of the mapping table, `{"statement": {...}}` and `{"status": {...}}` of what imports received, and
`{"subject": {...}}` of a badge. The last line says how many events there were, and the root of
their Merkle tree, so that nothing that was cut short passes for whole.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, dataclass, fields
from typing import Any

from domain.crosswalk import Mapped
from domain.directory import Person
from domain.errors import InvalidError, LedgerConflictError
from domain.merkle import Tree
from domain.received import ReceivedStatement, ReceivedStatus
from domain.seal import entry
from domain.storage import explained, told
from domain.store import Store
from domain.subjects import BadgeSubject

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
    """What an export or an import held: how many of each, and the root of the events.

    `names` are those of the mapping table, and of learners in their badges; `received` is what
    imports remember of other systems.
    """

    events: int
    people: int
    names: int
    received: int
    root: str


#: A row that is kept beside the events: its fields are the columns of its table.
Beside = Person | Mapped | ReceivedStatement | ReceivedStatus | BadgeSubject

#: How each kind of row is called in an export, and the table that it is kept in.
BESIDE: dict[str, tuple[type[Beside], str]] = {
    "person": (Person, "directory"),
    "name": (Mapped, "crosswalk"),
    "statement": (ReceivedStatement, "received_statements"),
    "status": (ReceivedStatus, "received_statuses"),
    "subject": (BadgeSubject, "badge_subjects"),
}
_WORDS = {kind: word for word, (kind, _) in BESIDE.items()}


def exported(events: Iterable[Stored], beside: Iterable[Beside] = ()) -> Iterator[bytes]:
    """Give the lines of an export, what is kept beside the events first."""
    for row in beside:
        yield _json({_WORDS[type(row)]: asdict(row)})
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
    """Write an export into an empty ledger, all of it or nothing.

    Raises `InvalidError` for a line that is none of an export, for an export that was cut short or
    altered, and where the ledger is not empty; or a `LedgerError`.
    """
    if store.head():
        raise InvalidError("the ledger has events already", "import into a new one")
    waiting: dict[type, list[tuple[Any, ...]]] = {Stored: []} | {kind: [] for kind in _WORDS}
    counts: Counter[type] = Counter()
    tree = Tree()
    end: _End | None = None
    with told(store.database), store.datastore.transaction(commit=True) as cursor:
        _must_be_empty(cursor)
        for place, line in enumerate(lines, start=1):
            if end is not None:
                raise InvalidError(f"line {place}: there is something after the end of the export")
            one = _read(line.rstrip(b"\r\n"), place)
            if isinstance(one, _End):
                end = one
                continue
            if isinstance(one, Stored):
                tree.add(entry(one.stream, one.number, one.topic, one.state).leaf())
            rows = waiting[type(one)]
            rows.append(astuple(one))
            counts[type(one)] += 1
            if len(rows) >= _TOGETHER:
                _write(cursor, store, type(one), rows)
        if end is None:
            raise InvalidError("the export was cut short: its last line is missing")
        if (end.events, end.root) != (tree.size, tree.root().hex()):
            raise InvalidError("the events are not those that were exported")
        for kind, rows in waiting.items():
            _write(cursor, store, kind, rows)
    return Moved(
        events=tree.size,
        people=counts[Person],
        names=counts[Mapped] + counts[BadgeSubject],
        received=counts[ReceivedStatement] + counts[ReceivedStatus],
        root=tree.root().hex(),
    )


@dataclass(frozen=True, slots=True)
class _End:
    """The last line of an export."""

    events: int
    root: str


def _must_be_empty(cursor: Any) -> None:
    for _, table in BESIDE.values():
        cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")
        if cursor.fetchall():
            raise InvalidError(f"there is something in `{table}` already", "import into a new one")


def _write(cursor: Any, store: Store, kind: type, rows: list[tuple[Any, ...]]) -> None:
    if kind is Stored:
        table, columns = store.table, ["originator_id", "originator_version", "topic", "state"]
    else:
        table, columns = BESIDE[_WORDS[kind]][1], [field.name for field in fields(kind)]
    mark = "?" if store.database.path is not None else "%s"
    twice = False
    if rows:
        statement = (
            f"INSERT INTO {table} ({', '.join(columns)})"
            f" VALUES ({', '.join([mark] * len(columns))})"
        )
        try:
            cursor.executemany(statement, rows)
        except Exception as error:
            if not isinstance(explained(error, store.database), LedgerConflictError):
                raise
            twice = True
    if twice:
        # Nobody else can be at it: the ledger is new, and all of this is one transaction.
        raise InvalidError(
            f"one of the last {len(rows)} lines is in the export twice",
            "take one as it was written",
        )
    rows.clear()


def _read(line: bytes, place: int) -> Stored | Beside | _End:
    if found := _EVENT.fullmatch(line):
        stream, number, topic, kind, state = found.groups()
        try:
            data = state if kind == b"state" else base64.b64decode(json.loads(state), validate=True)
            return Stored(json.loads(stream), int(number), json.loads(topic), data)
        except (ValueError, TypeError):
            raise InvalidError(f"line {place} is no line of an export") from None
    try:
        match json.loads(line):
            case {"events": int(events), "root": str(root)}:
                return _End(events, root)
            case dict() as told if len(told) == 1:
                ((word, row),) = told.items()
                kind = BESIDE[word][0]
                types = {field.name: field.type for field in fields(kind)}
                if all(type(row[name]).__name__ == type_ for name, type_ in types.items()):
                    return kind(**row)
    except (ValueError, TypeError, KeyError):
        pass
    raise InvalidError(f"line {place} is no line of an export")
