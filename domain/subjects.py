"""Which badges call their learner by an identifier of the learner's own, and by which.

A learner may have a DID, from a wallet for example, and want badges that are bound to it. It is a
name of a person, so no event has it: the event of a badge says only that there is one, and this
table, beside the directory, holds it. Erasing the person erases it, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from domain.directory import Directory
from domain.errors import InvalidError

TABLE = """
CREATE TABLE IF NOT EXISTS badge_subjects (
    badge TEXT PRIMARY KEY,
    learner TEXT NOT NULL,
    did TEXT NOT NULL
)
"""

#: The syntax of a DID without path, query and fragment, as DID Core has it.
_DID = re.compile(r"did:[a-z0-9]+:(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2}|:(?!$))+")
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class BadgeSubject:
    """A badge, whose it is (by the opaque id), and what it calls them."""

    badge: str
    learner: str
    did: str


class Subjects:
    """The identifiers that badges call their learners by."""

    def __init__(self, directory: Directory) -> None:
        """Use the database of a directory; see `open_ledger`."""
        self._directory = directory

    def of(self, badges: Iterable[str]) -> dict[str, str]:
        """Return what badges call their learners by; of the erased, nothing is left."""
        found = self._directory.rows_among(
            "SELECT * FROM badge_subjects WHERE badge IN", (), badges
        )
        return {row["badge"]: row["did"] for row in found}

    def put(self, subject: BadgeSubject) -> None:
        """Keep what a badge calls its learner by. Raises `InvalidError` where that is no DID."""
        check_did(subject.did)
        self._directory.write(
            [
                (
                    "INSERT INTO badge_subjects (badge, learner, did) VALUES (?, ?, ?)",
                    (subject.badge, subject.learner, subject.did),
                )
            ]
        )


def check_did(text: str) -> None:
    """Raise `InvalidError` where a text is no DID.

    >>> check_did("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")
    >>> check_did("did:web:example.edu#key-1")
    Traceback (most recent call last):
    domain.errors.InvalidError: `did:web:example.edu#key-1` is no DID
    """
    if len(text) > _LONGEST or not _DID.fullmatch(text):
        raise InvalidError(
            f"`{text[:80]}` is no DID", "write it as did:key:z6Mk... or did:web:example.org"
        )
