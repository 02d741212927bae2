"""What every lint rule works with: the file under scrutiny, and the findings that it reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pathways import sites
from pathways.catalogue import Catalogue
from pathways.document import Document, Pathway
from pathways.implication import Reader
from pathways.outlook import Outlook
from pathways.sites import Loc, Site
from pathways.source import Loaded

#: A `note` says what holds; a `warning` says what is probably not meant.
Severity = Literal["warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that its author should look at: where, what, and what would do.

    Line and column count from 1.
    """

    code: str
    file: str
    line: int
    column: int
    message: str
    help: str = ""
    severity: Severity = "warning"

    def __str__(self) -> str:
        """Write `file:line:column: warning CN101: message`, and the help on a line of its own."""
        help_ = f"\n    help: {self.help}" if self.help else ""
        place = f"{self.file}:{self.line}:{self.column}"
        return f"{place}: {self.severity} {self.code}: {self.message}{help_}"

    def to_json(self) -> dict[str, str | int]:
        """Return the finding as plain data."""
        return {
            "code": self.code,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "severity": self.severity,
            "message": self.message,
            "help": self.help,
        }


@dataclass(frozen=True)
class Subject:
    """A loaded file, with what several rules ask about it worked out once.

    Only the main file is looked at: what it uses is the subject of its own check.
    """

    loaded: Loaded
    profile: str | None = None

    @property
    def document(self) -> Document:
        """The linked document."""
        return self.loaded.document

    @property
    def file(self) -> Pathway:
        """The main file."""
        return self.loaded.document.main

    @cached_property
    def catalogue(self) -> Catalogue:
        """The catalogue in the main file's words."""
        return Catalogue(self.document, self.file)

    @cached_property
    def reader(self) -> Reader:
        """A prover in the main file's words."""
        return Reader(self.catalogue)

    @cached_property
    def outlook(self) -> Outlook:
        """What can be reached."""
        return Outlook(self.document)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """Every rule of the main file."""
        return tuple(sites.rules(self.file))

    @cached_property
    def every_rule(self) -> tuple[tuple[Catalogue, Site], ...]:
        """Every rule of every file, with the catalogue in that file's words."""
        return tuple(
            (catalogue, site)
            for file in self.document.files
            for catalogue in (
                self.catalogue if file is self.file else Catalogue(self.document, file),
            )
            for site in sites.rules(file)
        )

    @property
    def is_catalogue(self) -> bool:
        """Whether the file only holds modules, for other files to use."""
        return not self.file.credentials and not self.file.rules

    def finding(
        self,
        code: str,
        loc: Loc,
        message: str,
        help_: str = "",
        *,
        key: bool = False,
        severity: Severity = "warning",
    ) -> Finding:
        """Report something at a part of the main file, or at its key."""
        positions = self.loaded.positions
        line, column = (positions.of_key if key else positions.of)(0, loc)
        return Finding(code, positions.text(0).shown, line, column, message, help_, severity)


Check = Callable[[Subject], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class LintRule:
    """One coded rule; `profile` is the one under which it is looked at, or None for always."""

    code: str
    name: str
    check: Check
    profile: str | None = None


def rule(code: str, name: str, profile: str | None = None) -> Callable[[Check], LintRule]:
    """Make a lint rule of a function."""

    def made(check: Check) -> LintRule:
        return LintRule(code, name, check, profile)

    return made
