"""What the ledger refuses, and why.

A `RefusedError` is about what was asked: nothing was recorded, and asking for something else will
do. A `LedgerError` is about the store: it is locked, full, damaged or not there.
"""

from __future__ import annotations

from pathways.problems import CairnError


class RefusedError(CairnError):
    """A command that can not be carried out; nothing was recorded.

    `help` says what would do, apart from the message.
    """

    def __init__(self, message: str, help: str = "") -> None:
        """Keep what is wrong, and what would do."""
        super().__init__(message)
        self.help = help


class InvalidError(RefusedError):
    """A value that a command can not have, such as a score above 100."""


class UnknownLearnerError(RefusedError):
    """Nobody of this id, reference or e-mail address is registered."""


class AmbiguousLearnerError(RefusedError):
    """Several learners have this e-mail address."""


class ReferenceTakenError(RefusedError):
    """The reference already belongs to another learner."""


class UnknownPathwayError(RefusedError):
    """No version of this pathway was published."""


class UnknownVersionError(RefusedError):
    """The pathway has no such version."""


class RetiredError(RefusedError):
    """The version takes no new enrolments."""


class UnpublishableError(RefusedError):
    """A document that has no id or no version can not be published."""


class VersionTakenError(RefusedError):
    """The version was published before, with another content; published versions never change."""


class AlreadyEnrolledError(RefusedError):
    """The learner is enrolled in another version of the pathway."""


class NotEnrolledError(RefusedError):
    """The learner is not enrolled in the pathway."""


class UnknownModuleError(RefusedError):
    """No published pathway has a module of this name."""


class UnknownCredentialError(RefusedError):
    """No published pathway has a credential of this name."""


class AmbiguousNameError(RefusedError):
    """Several catalogues have something of this name."""


class UnknownRuleError(RefusedError):
    """The pathway has no rule of this id, or none that can be waived like this."""


class UnknownCompletionError(RefusedError):
    """The learner has no completion of this id."""


class UnknownWaiverError(RefusedError):
    """The learner has no waiver of this id."""


class UnknownAwardError(RefusedError):
    """The learner has no award of this id."""


class AlreadyRecordedError(RefusedError):
    """Something else is already recorded under this name."""


class AlreadyDecidedError(RefusedError):
    """What is to be decided was decided before."""


class LedgerError(CairnError):
    """The store of the ledger can not be used.

    `help` says what would do, apart from the message.
    """

    def __init__(self, message: str, help: str = "") -> None:
        """Keep what is wrong, and what would do."""
        super().__init__(message)
        self.help = help


class UnknownDatabaseError(LedgerError):
    """The text names no database that the ledger can be kept in."""


class LedgerUnavailableError(LedgerError):
    """The file can not be opened, or the server does not answer."""


class LedgerLockedError(LedgerError):
    """Another program holds the database for longer than the ledger waits."""


class LedgerReadOnlyError(LedgerError):
    """The database can be read but not written."""


class LedgerFullError(LedgerError):
    """There is no room left to write."""


class LedgerCorruptError(LedgerError):
    """The file is damaged, or is no database."""


class LedgerConflictError(LedgerError):
    """Somebody else wrote the same at the same moment; trying again is right."""


class UnreadableEventError(LedgerError):
    """A stored event that this version of Cairn can not read."""
