"""Streams at a glance: one row for each, put together by the database and not event by event.

Whoever only wants to know whether a stream is like another one needs no event and no row by itself,
and what is put together where it is stored comes at a fraction of the cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Float, Table, text

from domain.names import PATHWAY
from projections import log, tables

#: What stands between the states of events: no JSON holds it.
NEXT = b"\x01"


class Told(NamedTuple):
    """What the history of a stream is shown to be: positions, numbers and moments of its events."""

    positions: str = ""
    numbers: str = ""
    moments: str = ""


_NOTHING = Told()


@dataclass(slots=True)
class Glance:
    """One stream: what all its events have in each column, and the rows about it, by table.

    `sound` tells whether all states are bytes.
    """

    count: int = 0
    positions: str = ""
    numbers: str = ""
    topics: str = ""
    states: bytes = b""
    sound: bool = False
    told: Told = _NOTHING
    rows: dict[str, bytes] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The position of the last event."""
        return int(self.positions.rpartition(",")[2])


def glances(
    view: Connection, above: str, upto: str | None, shown: Iterable[str]
) -> Mapping[str, Glance]:
    """Look at the streams after one name and up to another, and at what some tables show of them.

    There is a glance, without events, also for a name that only a table knows.
    """
    words = _SQLITE if view.dialect.name == "sqlite" else _SERVER
    found: dict[str, Glance] = {}
    within, values = "{key} > :above", {"above": above}
    if upto is not None:
        within, values = "{key} > :above AND {key} <= :upto", values | {"upto": upto}
    for stream, *columns in _asked(view, words.events(view, within), values):
        found[stream] = Glance(*columns)
    for name in shown:
        table = tables.metadata.tables[name]
        for stream, rows, *told in _asked(view, words.rows(table, within), values):
            glance = found.setdefault(stream, Glance())
            glance.rows[name] = bytes(rows)
            if told:
                glance.told = Told(*told)
    return found


def _asked(view: Connection, query: str, values: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
    with view.execute(text(query), values) as result:
        assert result.cursor is not None
        yield from result.cursor.fetchall()


def key_of(table: Table) -> tuple[str, str]:
    """Return the column that names a stream, and what the names of those streams begin with."""
    if table is tables.publications:
        return "pathway", PATHWAY
    return ("stream" if table is tables.activity else "learner"), ""


# --- what a database is asked --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Words:
    """How a kind of database says it: `{0}` is a column or an expression, `{1}` the order.

    SQLite takes a group in the order of the index by which it is found, which is the same.
    """

    #: All values of a group, one after the other: as a text, and as bytes.
    joined: str
    bytes_joined: str
    #: All rows of a group, as JSON in bytes.
    listed: str
    #: How many states are bytes.
    bytes_counted: str
    moment: str
    #: A number with a fraction, to its last digit.
    exact: str

    def events(self, view: Connection, within: str) -> str:
        """Ask for the events of streams."""
        order = "originator_version"
        texts = (self.joined.format(each, order) for each in (log.position(view), order, "topic"))
        return (
            f"SELECT originator_id, count(*), {', '.join(texts)},"
            f" {self.bytes_joined.format('state', order)}, {self.bytes_counted} = count(*)"
            f" FROM {log.table(view)} WHERE {within.format(key='originator_id')}"
            " GROUP BY originator_id"
        )

    def rows(self, table: Table, within: str) -> str:
        """Ask for the rows about streams; of what happened, what twins do not share by itself."""
        key, stem = key_of(table)
        place = f"'{stem}' || {key}" if stem else key
        beside: tuple[str, ...] = ()
        order = ", ".join(f'"{column.name}"' for column in table.primary_key)
        if table is tables.activity:
            beside, order = ("position", "number", "at"), "number"
        listed = ", ".join(
            self._value(column) for column in table.columns if column.name not in (key, *beside)
        )
        told = (
            self.joined.format(self.moment.format(name) if name == "at" else name, order)
            for name in beside
        )
        return (
            f"SELECT {', '.join((place, self.listed.format(listed, order), *told))}"
            f" FROM {table.name} WHERE {within.format(key=place)} GROUP BY {key}"
        )

    def _value(self, column: Column[Any]) -> str:
        name = f'"{column.name}"'
        return self.exact.format(name) if isinstance(column.type, Float) else name


_SQLITE = _Words(
    joined="group_concat({0})",
    bytes_joined="CAST(group_concat({0}, x'01') AS BLOB)",
    listed="CAST(json_group_array(json_array({0})) AS BLOB)",
    bytes_counted="sum(typeof(state) = 'blob')",
    moment="{0}",
    exact="CASE typeof({0}) WHEN 'real' THEN printf('%!.17g', {0}) ELSE {0} END",
)

_SERVER = _Words(
    joined="string_agg(CAST({0} AS text), ',' ORDER BY {1})",
    bytes_joined=r"string_agg({0}, CAST('\x01' AS bytea) ORDER BY {1})",
    listed="convert_to(CAST(json_agg(json_build_array({0}) ORDER BY {1}) AS text), 'UTF8')",
    bytes_counted="count(state)",
    moment=r"to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24\:MI\:SS.US')",
    exact="{0}",
)
