"""What somebody wants: intentions, in the imperative.

Every command says who is behind it (`by`, an opaque word: a role or a staff number, never a
person's name, because it is kept for ever), the day from which it holds (`on`), and where it
comes from (`source`). Modules and credentials may be named without their catalogue; the ledger
looks up which one is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pathways.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An intention, with who has it and the day from which it holds."""

    on: date
    by: str = "administrator"
    source: str = "manual"


# --- about a learner -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerCommand(Command):
    """Something to do with one learner, named by the ledger's opaque id."""

    learner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterLearner(LearnerCommand):
    """Make a learner known to the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolLearner(LearnerCommand):
    """Let a learner follow a pathway; without a `version`, the newest one that is not retired.

    The ledger fills in the `version` and its `digest`.
    """

    pathway: str
    version: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveEnrolment(LearnerCommand):
    """Let a learner follow another version; without a `version`, the newest one.

    The ledger fills in the `version` and its `digest`.
    """

    pathway: str
    version: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawEnrolment(LearnerCommand):
    """Stop following a pathway."""

    pathway: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartModule(LearnerCommand):
    """Begin a module."""

    module: str
    credits: Decimal | None = None
    hours: Decimal | None = None
    source: str = "course"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCompletion(LearnerCommand):
    """Record a completion of a module, or an attempt at it.

    `source` is the word that selectors look at, and together with `source_id` the key by which
    the same completion is recognised. Without a `source_id`, there can be one completion of a
    module on a day from one source. `reason` says why it counts where nothing was taught.
    """

    module: str
    score: Decimal | None = None
    grade: str | None = None
    credits: Decimal | None = None
    level: Decimal | None = None
    hours: Decimal | None = None
    groups: tuple[str, ...] = ()
    expires: date | Literal["never"] | None = None
    source: str = "course"
    source_id: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectCompletion(LearnerCommand):
    """Replace what a completion states; what is None or empty stays as it was.

    `on` is the day of the completion, after the correction.
    """

    completion: str
    module: str | None = None
    score: Decimal | None = None
    grade: str | None = None
    credits: Decimal | None = None
    level: Decimal | None = None
    hours: Decimal | None = None
    groups: tuple[str, ...] = ()
    expires: date | Literal["never"] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeCompletion(LearnerCommand):
    """Take a completion back from a day onwards."""

    completion: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiveRequirement(LearnerCommand):
    """Decide that a rule of a pathway is met, or that an amount of it is.

    A rule can be waived by several amounts, each under an `id` of its own.
    """

    pathway: str
    rule: str
    amount: Decimal | None = None
    id: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawWaiver(LearnerCommand):
    """Take a waiver back, as if it had never been."""

    pathway: str
    waiver: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubstituteModule(LearnerCommand):
    """Decide that for this learner one module counts as another."""

    module: str
    counts_as: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordExternalAward(LearnerCommand):
    """Record that the learner holds a credential that is awarded elsewhere.

    `used` names the completions that it rests on, by their ids.
    """

    credential: str
    expires: date | Literal["never"] | None = None
    used: tuple[str, ...] = ()
    source_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveAward(LearnerCommand):
    """Confirm the next award of a credential, or settle a conflict between several with it."""

    credential: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeAward(LearnerCommand):
    """Take an award back from a day onwards."""

    award: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReinstateAward(LearnerCommand):
    """Undo the revocation of an award."""

    award: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideReview(LearnerCommand):
    """Decide what becomes of an award that lost its evidence."""

    award: str
    decision: Literal["keep", "revoke"]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueBadge(LearnerCommand):
    """Put an award into a badge, with all that must be the same whenever it is written.

    `badge` is its own id, `created` the moment of its proof, `issuer`, `method` and `site` who
    signs it, with which key, and where that is published; `status_list` and `status_index` its
    place among all badges. `identity` says by what of the directory it knows the recipient, hashed
    with `salt`. `subject` says that it calls them by an identifier of their own, which stands
    beside the directory. `replaces` is the award's present badge, where another one is needed: the
    key that signed it was revoked, or it calls the learner otherwise.
    """

    award: str
    badge: str
    created: datetime
    issuer: str
    method: str
    site: str
    status_list: int
    status_index: int
    identity: Literal["email", "reference"] | None = None
    salt: str = ""
    subject: Literal["did"] | None = None
    replaces: str = ""


# --- about a pathway -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PathwayCommand(Command):
    """Something to do with one pathway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPathway(PathwayCommand):
    """Freeze a document as one version of its pathway, and open it for enrolments."""

    document: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirePathway(PathwayCommand):
    """Take no new enrolments in a version."""

    pathway: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideMigration(PathwayCommand):
    """Move whoever is on a version, and meets some conditions, to another; with a preview of it."""

    pathway: str
    from_version: str
    version: str
    where: tuple[str, ...] = ()
    learners: int
    preview: Mapping[str, Mapping[str, Mapping[str, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishMigration(PathwayCommand):
    """Say that a migration has moved everybody whom it was to move."""

    pathway: str
    migration: str
    stayed: int
