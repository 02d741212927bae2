"""What moving many learners to another version would do, counted over parts of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date
from functools import partial
from uuid import uuid4

from domain.ledger import Ledger
from domain.migration import Mover, Preview, conditions
from domain.storage import Database
from domain.store import Store
from projections import enrolments
from projections.partitions import ALONE, Sharing, at_hand, put_away, shared
from projections.runner import Projections

#: How many learners are judged in one part.
_TOGETHER = 500


def following(ledger: Ledger, pathway: str, version: str) -> list[str]:
    """Return the learners who follow a version of a pathway now, by id."""
    projections = Projections(ledger)
    try:
        with projections.reading() as view:
            rows = enrolments.listed(view, pathway=pathway, version=version)
    finally:
        projections.close()
    return [row.learner for row in rows]


def preview(
    ledger: Ledger,
    pathway: str,
    versions: tuple[str, str],
    where: Sequence[str],
    ids: Sequence[str],
    on: date,
    sharing: Sharing = ALONE,
    progress: Callable[[int], None] = lambda _learners: None,
) -> Preview:
    """Count what moving those of some learners would do who meet the conditions.

    `versions` are the one that they are on and the one that they would be moved to. Raises a
    `RefusedError` for a condition that can not be, or `UnsharedError`.
    """
    # A condition that can not be is told before anybody is asked.
    conditions(where, ledger.volume(pathway, versions[0]))
    work = partial(_part, uuid4().hex, ledger.store.database, pathway, versions, tuple(where), on)
    parts = [ids[first : first + _TOGETHER] for first in range(0, len(ids), _TOGETHER)]
    total = Preview()
    try:
        for found, number in shared(work, parts, sharing):
            total.add(found)
            progress(number)
    finally:
        put_away()
    return total


def _part(
    run: str,
    database: Database,
    pathway: str,
    versions: tuple[str, str],
    where: tuple[str, ...],
    on: date,
    ids: Sequence[str],
) -> tuple[Preview, int]:
    ledger = at_hand(run, partial(_opened, database))
    old, new = (ledger.volume(pathway, version) for version in versions)
    mover = Mover(old, new, conditions(where, old), on)
    total = Preview()
    for id_ in ids:
        total.add(mover.preview(ledger.load(id_).learner))
    return total, len(ids)


def _opened(database: Database) -> AbstractContextManager[Ledger]:
    return Ledger(Store(database))
