"""What other systems say about learners, one entry of a file at a time, before it is decided.

An entry names learners and modules as its own system does. `key` is what that system calls the
document: with the source, it makes the same document known again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from domain.commands import RecordCompletion, RecordExternalAward


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to import, and where it stands in its file, counted from 1."""

    line: int
    column: int = field(default=0, kw_only=True)

    @property
    def learner(self) -> str:
        """Whom it is about, as its system says; empty where it does not say."""
        return ""

    @property
    def module(self) -> str:
        """What it is about, as its system says; empty where it does not say."""
        return ""

    @property
    def name(self) -> str:
        """What its system calls it; empty where it has no name."""
        return ""


@dataclass(frozen=True, slots=True)
class Row(Entry):
    """A completion. The `learner` is still a reference of the directory."""

    completion: RecordCompletion

    @property
    def learner(self) -> str:
        """Whom it is about, as its system says."""
        return self.completion.learner

    @property
    def module(self) -> str:
        """What it is about, as its system says."""
        return self.completion.module

    @property
    def name(self) -> str:
        """What its system calls it; empty where it has no name."""
        return self.completion.source_id or ""


@dataclass(frozen=True, slots=True)
class Statement(Row):
    """A completion that a later document may take back by its `key`, as if it had never been.

    One that `failed` is kept as an attempt that counts for nothing, whatever its score is here.
    """

    key: str
    failed: bool = False

    @property
    def name(self) -> str:
        """What its system calls it."""
        return self.key


@dataclass(frozen=True, slots=True)
class Voiding(Entry):
    """Takes back the statement `target` of whomever it is; that may arrive later."""

    key: str
    target: str
    by: str = "import"

    @property
    def name(self) -> str:
        """What its system calls it."""
        return self.key


@dataclass(frozen=True, slots=True)
class Status(Row):
    """How things stood with a `subject` at a moment: the latest moment wins, in whatever order.

    It `holds`, as the completion says, or no longer does, from the completion's day on. One that
    `replaces` what was said before makes it as if that had never been, where it says otherwise.
    At the same moment, what no longer holds wins.
    """

    key: str
    subject: str
    moment: datetime
    holds: bool = True
    replaces: bool = False

    @property
    def name(self) -> str:
        """What its system calls it."""
        return self.key


@dataclass(frozen=True, slots=True)
class HeldAward(Entry):
    """A credential that the learner holds from elsewhere."""

    award: RecordExternalAward
    key: str

    @property
    def learner(self) -> str:
        """Whom it is about, as its system says."""
        return self.award.learner

    @property
    def name(self) -> str:
        """What its system calls it."""
        return self.key
