"""Places in status lists: every badge has one of its own, drawn by lot.

Which bit of a list is whose must not tell when a badge was issued, or how many there are, so a
place is drawn among the free ones. The table keeps two programs from drawing the same; what counts
is the event that names the place. A place that was drawn and not used is lost, and no harm.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from domain.events import BadgeIssued
from domain.storage import Database, told
from domain.store import Store

#: How many places a list has: the fewest that a list may have, so that one bit hides among many.
SIZE = 131_072

#: A list is left for the next one when it is this full, so that a free place is soon found.
_FULL = SIZE // 2

_TABLE = """
CREATE TABLE IF NOT EXISTS status_places (
    list INTEGER NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (list, place)
)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Which status list, from 1 on, and which bit of it, from 0 on."""

    list: int
    index: int


class Places:
    """The places that are taken, in a table beside the events."""

    def __init__(self, store: Store) -> None:
        """Use the connections of an event store."""
        self._store = store
        self._database: Database = store.database
        self._mark = "?" if store.database.path is not None else "%s"

    def take(self) -> Place:
        """Draw a free place, and take it. Raises a `LedgerError` where it can not be kept."""
        with told(self._database), self._store.datastore.transaction(commit=True) as cursor:
            cursor.execute(_TABLE)
        self._remember()
        with told(self._database), self._store.datastore.transaction(commit=True) as cursor:
            cursor.execute("SELECT list, count(*) AS taken FROM status_places GROUP BY list")
            taken = {row["list"]: row["taken"] for row in cursor.fetchall()}
            last = max(taken, default=1)
            number = last + 1 if taken.get(last, 0) >= _FULL else last
            while True:
                place = Place(number, secrets.randbelow(SIZE))
                if self._insert(cursor, place):
                    return place

    def _remember(self) -> None:
        """Take what events name already: a ledger that was moved comes without its table."""
        with told(self._database), self._store.datastore.transaction(commit=False) as cursor:
            cursor.execute("SELECT 1 FROM status_places LIMIT 1")
            known = cursor.fetchall()
        if known:
            return
        places = list(taken_by(self._store))
        with told(self._database), self._store.datastore.transaction(commit=True) as cursor:
            for place in places:
                self._insert(cursor, place)

    def _insert(self, cursor: Any, place: Place) -> bool:
        cursor.execute(
            "INSERT INTO status_places (list, place) VALUES (?, ?)"
            " ON CONFLICT DO NOTHING RETURNING place".replace("?", self._mark),
            (place.list, place.index),
        )
        return bool(cursor.fetchall())


def taken_by(store: Store) -> Iterable[Place]:
    """Give the places that the events of a ledger name."""
    for recorded in store.of_topic(BadgeIssued.topic):
        assert isinstance(recorded.event, BadgeIssued)
        yield Place(recorded.event.status_list, recorded.event.status_index)
