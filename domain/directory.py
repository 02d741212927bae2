"""Who is who: the one place that knows a person, and that can forget them.

The ledger knows a learner by an opaque id only. This table maps what people use (a student number
or another reference, an e-mail address, a name) to that id. It is no projection: it can not be
rebuilt from events, and erasing an entry leaves the ledger and its proofs as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from domain.errors import AmbiguousLearnerError, ReferenceTakenError, UnknownLearnerError
from domain.storage import Database, told

_TABLE = """
CREATE TABLE IF NOT EXISTS directory (
    learner TEXT PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT NOT NULL
)
"""

#: How many parameters one statement gets at most; every database takes as many.
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Person:
    """A learner as people know them."""

    learner: str
    reference: str
    name: str = ""
    email: str = ""


class Directory:
    """The people behind the ledger's learners, in a table beside the events."""

    def __init__(
        self, datastore: Any, database: Database, has_learner: Callable[[str], bool]
    ) -> None:
        """Use the connections of the event store, and its word on who has events: see `Ledger`."""
        self._datastore = datastore
        self._database = database
        self._has_learner = has_learner
        self._mark = "?" if database.path is not None else "%s"

    def create(self, *beside: str) -> None:
        """Make the table where there is none, and others that are kept `beside` it."""
        self.write((table, ()) for table in (_TABLE, *beside))

    def enter(self, reference: str, name: str = "", email: str = "") -> str:
        """Return the opaque id behind a reference, making one for somebody new.

        What is given of name and e-mail address replaces what was known.
        """
        if reference not in self.ids([reference]):
            self.enter_all([reference])
        learner = self.ids([reference])[reference]
        self.update(learner, name=name or None, email=email or None)
        return learner

    def enter_all(self, references: Iterable[str]) -> None:
        """Make an opaque id for each reference that has none."""
        self.write(
            [
                (
                    "INSERT INTO directory (learner, reference, name, email)"
                    " VALUES (?, ?, '', '') ON CONFLICT (reference) DO NOTHING",
                    (uuid4().hex, reference),
                )
                for reference in references
            ]
        )

    def update(
        self,
        learner: str,
        *,
        reference: str | None = None,
        name: str | None = None,
        email: str | None = None,
    ) -> None:
        """Change what is known of a person; None leaves it as it is.

        Raises `ReferenceTakenError` where the reference is another learner's.
        """
        given = {"reference": reference, "name": name, "email": email}
        changes = {column: value for column, value in given.items() if value is not None}
        if not changes:
            return
        if reference is not None and self.ids([reference]).get(reference, learner) != learner:
            raise ReferenceTakenError(f"`{reference}` is the reference of another learner")
        columns = ", ".join(f"{column} = ?" for column in changes)
        self.write(
            [(f"UPDATE directory SET {columns} WHERE learner = ?", (*changes.values(), learner))]
        )

    def erase(self, learner: str) -> bool:
        """Forget a person; tell whether there was one. The ledger keeps the learner, nameless."""
        known = self.people([learner])
        self.write(
            [
                ("DELETE FROM directory WHERE learner = ?", (learner,)),
                # What other systems and their own wallet call a person is personal too.
                ("DELETE FROM crosswalk WHERE kind = 'learner' AND inside = ?", (learner,)),
                ("DELETE FROM badge_subjects WHERE learner = ?", (learner,)),
            ]
        )
        return bool(known)

    def find(self, who: str) -> str:
        """Return the opaque id of a learner named by id, reference or e-mail address.

        Who was erased has only the id left. Raises `UnknownLearnerError`, or
        `AmbiguousLearnerError` where an address has several.
        """
        if not who.strip():
            raise UnknownLearnerError(
                "a learner is named by a reference, an e-mail address or an id"
            )
        for column in ("learner", "reference"):
            if rows := self._read(f"SELECT * FROM directory WHERE {column} = ?", (who,)):
                return rows[0].learner
        rows = self._read("SELECT * FROM directory WHERE lower(email) = ?", (who.lower(),))
        if len(rows) > 1:
            raise AmbiguousLearnerError(
                f"{len(rows)} learners have the e-mail address `{who}`",
                "name one by reference: " + ", ".join(f"`{row.reference}`" for row in rows),
            )
        if not rows and self._has_learner(who):
            return who
        if not rows:
            raise UnknownLearnerError(
                f"no learner is known as `{who}`", "give a reference, an e-mail address or an id"
            )
        return rows[0].learner

    def ids(self, references: Iterable[str]) -> dict[str, str]:
        """Return the opaque ids behind references; unknown ones are left out."""
        return {person.reference: person.learner for person in self._among("reference", references)}

    def people(self, learners: Iterable[str]) -> dict[str, Person]:
        """Return who is behind opaque ids; the erased are left out."""
        return {person.learner: person for person in self._among("learner", learners)}

    def _among(self, column: str, values: Iterable[str]) -> Iterator[Person]:
        statement = f"SELECT * FROM directory WHERE {column} IN"
        yield from map(_person, self.rows_among(statement, (), values))

    def _read(self, statement: str, values: Sequence[str]) -> list[Person]:
        return [_person(row) for row in self.rows(statement, values)]

    def rows_among(
        self, statement: str, first: Sequence[str], values: Iterable[str]
    ) -> Iterator[Mapping[str, Any]]:
        """Give what a statement that ends with `IN` finds for any number of values."""
        wanted = list(values)
        for start in range(0, len(wanted), _PAGE):
            page = wanted[start : start + _PAGE]
            marks = ", ".join("?" * len(page))
            yield from self.rows(f"{statement} ({marks})", (*first, *page))

    def rows(self, statement: str, values: Sequence[str]) -> list[Mapping[str, Any]]:
        """Return what a statement finds in the tables beside the events; `?` marks a value."""
        with self._transaction(commit=False) as cursor:
            cursor.execute(statement.replace("?", self._mark), values)
            return list(cursor.fetchall())

    def write(self, statements: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Carry out statements on the tables beside the events, all of them or none."""
        with self._transaction(commit=True) as cursor:
            for statement, values in statements:
                cursor.execute(statement.replace("?", self._mark), values)

    @contextmanager
    def _transaction(self, *, commit: bool) -> Iterator[Any]:
        with told(self._database), self._datastore.transaction(commit=commit) as cursor:
            yield cursor


def _person(row: Mapping[str, str]) -> Person:
    return Person(row["learner"], row["reference"], row["name"], row["email"])
