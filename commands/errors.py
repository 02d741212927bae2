"""What the command line itself refuses: arguments and files that can not be used."""

from __future__ import annotations

from pathways.problems import CairnError


class UnusableError(CairnError):
    """An argument or a file that can not be used; `help` says what would do."""

    def __init__(self, message: str, help_: str = "") -> None:
        super().__init__(message)
        self.help = help_
