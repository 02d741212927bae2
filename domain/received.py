"""What other systems sent that no event tells: whose a statement was, and what was last said.

A statement can be voided by a document that names nobody, and that may come first. Of statuses
the latest by its own moment wins, also over one that arrives late and changed nothing. Neither can
be read off the events, so both are remembered here, by opaque ids alone, and written after the
events that they go with: an import that is cut short between the two is repeated to the same end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.directory import Directory

STATEMENTS = """
CREATE TABLE IF NOT EXISTS received_statements (
    statement TEXT PRIMARY KEY,
    learner TEXT NOT NULL,
    voided INTEGER NOT NULL,
    voids INTEGER NOT NULL
)
"""

STATUSES = """
CREATE TABLE IF NOT EXISTS received_statuses (
    learner TEXT NOT NULL,
    subject TEXT NOT NULL,
    moment TEXT NOT NULL,
    ended INTEGER NOT NULL,
    PRIMARY KEY (learner, subject)
)
"""


@dataclass(frozen=True, slots=True)
class KnownStatement:
    """A statement that came, or that a voiding one spoke of.

    `learner` is whose it is, empty where it has yet to come. `voided` says that a voiding statement
    named it, `voids` that it is one itself, which nothing can void.
    """

    learner: str = ""
    voided: bool = False
    voids: bool = False


@dataclass(frozen=True, slots=True)
class ReceivedStatement:
    """A row of what is known of statements, as it is stored and moved: flags are 0 or 1."""

    statement: str
    learner: str
    voided: int
    voids: int


@dataclass(frozen=True, slots=True)
class ReceivedStatus:
    """A row of when something was last said about a subject, as it is stored and moved."""

    learner: str
    subject: str
    moment: str
    ended: int


@dataclass(frozen=True, slots=True, order=True)
class Latest:
    """When something was last said about a subject; at one moment, an end goes last."""

    moment: datetime
    ended: bool


class Received:
    """The memory of an import, in tables beside the events."""

    def __init__(self, directory: Directory) -> None:
        """Use the database of a directory; see `open_ledger`."""
        self._directory = directory

    def statements(self, keys: Iterable[str]) -> dict[str, KnownStatement]:
        """Return what is known of statements; unknown ones are left out."""
        return {
            row["statement"]: KnownStatement(
                row["learner"], bool(row["voided"]), bool(row["voids"])
            )
            for row in self._directory.rows_among(
                "SELECT * FROM received_statements WHERE statement IN", (), keys
            )
        }

    def latest(self, learners: Iterable[str]) -> dict[tuple[str, str], Latest]:
        """Return when something was last said about each subject of some learners."""
        return {
            (row["learner"], row["subject"]): Latest(
                datetime.fromisoformat(row["moment"]), bool(row["ended"])
            )
            for row in self._directory.rows_among(
                "SELECT * FROM received_statuses WHERE learner IN", (), learners
            )
        }

    def remember(
        self,
        owners: Iterable[tuple[str, str]] = (),
        voided: Iterable[str] = (),
        voiding: Iterable[str] = (),
        latest: Iterable[tuple[str, str, Latest]] = (),
    ) -> None:
        """Remember whose statements are, which are void or void others, and what was last said."""
        into = "INSERT INTO received_statements (statement, learner, voided, voids) VALUES"
        statements: list[tuple[str, tuple[str, ...]]] = [
            (
                f"{into} (?, ?, 0, 0) ON CONFLICT (statement)"
                " DO UPDATE SET learner = excluded.learner",
                owner,
            )
            for owner in owners
        ]
        statements += [
            (f"{into} (?, '', 1, 0) ON CONFLICT (statement) DO UPDATE SET voided = 1", (key,))
            for key in voided
        ]
        statements += [
            (f"{into} (?, '', 0, 1) ON CONFLICT (statement) DO UPDATE SET voids = 1", (key,))
            for key in voiding
        ]
        statements += [
            (
                "INSERT INTO received_statuses (learner, subject, moment, ended)"
                f" VALUES (?, ?, ?, {int(last.ended)}) ON CONFLICT (learner, subject)"
                " DO UPDATE SET moment = excluded.moment, ended = excluded.ended",
                (learner, subject, last.moment.astimezone(UTC).isoformat()),
            )
            for learner, subject, last in latest
        ]
        if statements:
            self._directory.write(statements)
