"""The names that other systems use, and whom and what they mean here.

A name is mapped by itself, or together with all that begin alike: `https://lms.example.org#*` to
`*` says that accounts there are called as references are here. The longest beginning wins, and a
name of its own goes before. Names of learners are personal: they stand beside the directory, and
go when a learner is erased.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from domain.directory import Directory
from domain.errors import InvalidError

Kind = Literal["learner", "module", "header"]

TABLE = """
CREATE TABLE IF NOT EXISTS crosswalk (
    kind TEXT NOT NULL,
    outside TEXT NOT NULL,
    inside TEXT NOT NULL,
    PRIMARY KEY (kind, outside)
)
"""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A name of another system, and what it means. For a learner that is the opaque id."""

    kind: str
    outside: str
    inside: str


class Crosswalk:
    """The mapping table of a ledger."""

    def __init__(self, directory: Directory) -> None:
        """Use the database of a directory; see `open_ledger`."""
        self._directory = directory

    def put(self, kind: Kind, outside: str, inside: str) -> None:
        """Let a name mean something from now on, whatever it meant before.

        Raises `InvalidError` where only one of the two ends with `*`.
        """
        if not outside.strip() or not inside.strip():
            raise InvalidError("an empty name can not be mapped")
        if kind != "header" and outside.endswith("*") != inside.endswith("*"):
            raise InvalidError(
                f"`{outside}` can not be `{inside}`", "let both end with `*`, or neither"
            )
        self._directory.write(
            [
                (
                    "INSERT INTO crosswalk (kind, outside, inside) VALUES (?, ?, ?)"
                    " ON CONFLICT (kind, outside) DO UPDATE SET inside = excluded.inside",
                    (kind, outside, inside),
                )
            ]
        )

    def remove(self, kind: Kind, outside: str) -> bool:
        """Forget what a name means; tell whether it meant something."""
        known = bool(self._named(kind, [outside]))
        self._directory.write(
            [("DELETE FROM crosswalk WHERE kind = ? AND outside = ?", (kind, outside))]
        )
        return known

    def listed(self, kind: Kind | None = None) -> list[Mapped]:
        """Return all names, of a kind or of all kinds, in order."""
        where, values = ("WHERE kind = ?", (kind,)) if kind else ("", ())
        return sorted(
            (
                Mapped(row["kind"], row["outside"], row["inside"])
                for row in self._directory.rows(f"SELECT * FROM crosswalk {where}", values)
            ),
            key=lambda one: (one.kind, one.outside),
        )

    def meanings(self, kind: Kind, names: Iterable[str]) -> dict[str, str]:
        """Return what names mean that are mapped by themselves."""
        return self._named(kind, names)

    def renamings(self, kind: Kind, names: Iterable[str]) -> dict[str, str]:
        """Return what names are here that are mapped with all that begin alike."""
        patterns = sorted(
            (
                (one["outside"][:-1], one["inside"][:-1])
                for one in self._directory.rows(
                    "SELECT * FROM crosswalk WHERE kind = ? AND outside LIKE ?", (kind, "%*")
                )
            ),
            key=lambda pattern: -len(pattern[0]),
        )
        if not patterns:
            return {}
        found = {}
        for name in names:
            for beginning, instead in patterns:
                if name.startswith(beginning) and len(name) > len(beginning):
                    found[name] = instead + name[len(beginning) :]
                    break
        return found

    def headers(self, name: str) -> dict[str, str]:
        """Return a saved mapping of columns to headers, empty where there is none."""
        saved = self._named("header", [name]).get(name)
        return {} if saved is None else dict(json.loads(saved))

    def put_headers(self, name: str, columns: Mapping[str, str]) -> None:
        """Save a mapping of columns to headers."""
        self.put("header", name, json.dumps(dict(columns), ensure_ascii=False, sort_keys=True))

    def _named(self, kind: Kind, names: Iterable[str]) -> dict[str, str]:
        return {
            row["outside"]: row["inside"]
            for row in self._directory.rows_among(
                "SELECT * FROM crosswalk WHERE kind = ? AND outside IN", (kind,), names
            )
        }
