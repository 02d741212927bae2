"""Lists that are read from the projections: learners, awards, and what waits for an approval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from commands.books import parted
from commands.terminal import counted, say, say_json, sign, table, text
from domain.learner import Learner
from domain.library import Resolver
from projections import enrolments, progress, register
from projections import learners as people
from projections.runner import Projections

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from domain.ledger import Ledger
    from projections.register import Status


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows to show: what they are, their headings, and each as cells and as data."""

    noun: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[tuple[Any, ...], dict[str, Any]]]
    right: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which awards to list; None asks for all."""

    learner: str | None = None
    credential: str | None = None
    pathway: str | None = None
    status: Status | None = None
    under_review: bool | None = None
    since: date | None = None
    limit: int | None = None


def show(listing: Listing, *, as_json: bool) -> None:
    """Print a list as a table, or as JSON."""
    if as_json:
        say_json([data for _, data in listing.rows])
        return
    if listing.rows:
        table(listing.headings, [cells for cells, _ in listing.rows], right=listing.right)
    say(counted(len(listing.rows), listing.noun))


@contextmanager
def view_of(ledger: Ledger) -> Iterator[Connection]:
    """Give an up-to-date view of a ledger's projections."""
    projections = Projections(ledger)
    try:
        with projections.reading() as view:
            yield view
    finally:
        projections.close()


def full_credential(ledger: Ledger, name: str | None) -> str | None:
    """Return the full name of a credential that may come without its catalogue."""
    return None if name is None else Resolver(ledger.library).credential(name, Learner(""))


def learners(ledger: Ledger, search: str, pathway: str | None, limit: int | None) -> Listing:
    """List learners, perhaps only those who follow a pathway."""
    with view_of(ledger) as view:
        if pathway is None:
            rows = people.listed(view, search=search, limit=limit)
        else:
            name, version = parted(pathway)
            ledger.publication(name).edition(version or ledger.volume(name).edition.version)
            following = enrolments.listed(view, pathway=name, version=version or None)
            ids = {row.learner for row in following}
            rows = [row for row in people.listed(view, search=search) if row.learner in ids][:limit]
    return Listing(
        "learner",
        ("learner", "name", "pathways", "completions", "awards", "last change"),
        [
            (
                (
                    row.reference or row.learner,
                    row.name,
                    str(row.pathways),
                    str(row.completions),
                    str(row.awards),
                    row.last_change.isoformat(),
                ),
                {**_data(row), "learner": row.reference or row.learner, "id": row.learner},
            )
            for row in rows
        ],
        right="pathways completions awards",
    )


def awards(ledger: Ledger, wanted: Wanted, on: date) -> Listing:
    """List awards as they stand on a day."""
    learner = None if wanted.learner is None else ledger.directory.find(wanted.learner)
    with view_of(ledger) as view:
        rows = register.listed(
            view,
            on=on,
            learner=learner,
            credential=full_credential(ledger, wanted.credential),
            pathway=wanted.pathway,
            status=wanted.status,
            under_review=wanted.under_review,
            since=wanted.since,
            limit=wanted.limit,
        )
    return Listing(
        "award",
        ("awarded", "credential", "learner", "name", "status", "until", "class", ""),
        [
            (
                (
                    row.on.isoformat(),
                    row.credential,
                    row.reference or row.learner,
                    row.name,
                    text(sign(row.status), row.status),
                    "" if row.expires is None else row.expires.isoformat(),
                    row.award_class or "",
                    text(("awaits review", "yellow")) if row.under_review else "",
                ),
                {**_data(row), "learner": row.reference or row.learner, "id": row.learner},
            )
            for row in rows
        ],
    )


def awaiting(
    ledger: Ledger,
    learner: str | None,
    credential: str | None,
    pathway: str | None,
    limit: int | None,
) -> Listing:
    """List what waits for an approval."""
    id_ = None if learner is None else ledger.directory.find(learner)
    with view_of(ledger) as view:
        rows = progress.listed(
            view,
            learner=id_,
            pathway=pathway,
            credential=full_credential(ledger, credential),
            status="awaiting approval",
        )
    rows = sorted(rows, key=lambda row: (row.reference, row.credential))[:limit]
    return Listing(
        "approval",
        ("learner", "name", "credential", "pathway", "as of"),
        [
            (
                (
                    row.reference or row.learner,
                    row.name,
                    row.credential,
                    f"{row.pathway} {row.version}",
                    row.day.isoformat(),
                ),
                {**_data(row), "learner": row.reference or row.learner, "id": row.learner},
            )
            for row in rows
        ],
    )


def _data(row: Any) -> dict[str, Any]:
    assert is_dataclass(row)
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    values.pop("reference", None)
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
    }
