"""What is wrong with a document: the whole of it, or one thing that it says."""

from __future__ import annotations

from pathways.problems import CairnError


class DocumentError(CairnError):
    """A document that can not be read at all; `help` says what would do.

    The message begins with its place, `file:line:column`, where it has one.
    """

    def __init__(self, message: str, help_: str = "") -> None:
        super().__init__(message)
        self.help = help_


class UnfitError(CairnError):
    """One report of a document that can not be used, while the others can."""
