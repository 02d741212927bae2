"""What happened: immutable facts, in the past tense.

Each event has a topic, the name under which it is stored, so that a class can be renamed without
losing history. When an event gets another shape, its old shapes are read for ever: see `upcasts`.

Events hold no personal data. A learner is an opaque id, and so should the actor in `by` be (a role,
a staff number). Whoever writes a `reason` must keep names out of it: what is in the ledger stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

#: Every event by its topic.
TOPICS: dict[str, type[Event]] = {}


class Event(BaseModel):
    """A fact. `on` is the day from which it holds, `by` who said so, `source` where it came from.

    `upcasts` are functions that turn the stored form of one version into that of the next: the
    first one reads version 1. The present version is one more than there are of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    topic: ClassVar[str]
    upcasts: ClassVar[tuple[Upcast, ...]] = ()

    on: date
    by: str
    source: str

    def __init_subclass__(cls, topic: str = "", **kwargs: Any) -> None:
        """Make the event known by its topic; a base class has none."""
        super().__init_subclass__(**kwargs)
        if topic:
            cls.topic = topic

    @classmethod
    def __pydantic_init_subclass__(cls, topic: str = "", **kwargs: Any) -> None:
        """Register the finished class."""
        super().__pydantic_init_subclass__(**kwargs)
        if topic:
            TOPICS[topic] = cls

    @classmethod
    def schema_version(cls) -> int:
        """The version in which this event is written now."""
        return len(cls.upcasts) + 1


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event in its place: the stream, its number there from 1 on, and when it was recorded.

    `at` is the moment, in UTC; `day` the calendar day on which it was decided, where the caller is.
    """

    stream: str
    number: int
    at: datetime
    day: date
    event: Event

    @property
    def originator_id(self) -> str:
        """What the event store calls the stream."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """What the event store calls the number."""
        return self.number


# --- a learner's stream --------------------------------------------------------------------------


class LearnerEvent(Event):
    """Something that happened to one learner."""


class LearnerRegistered(LearnerEvent, topic="learner.registered"):
    """The ledger knows the learner from now on."""


class LearnerEnrolled(LearnerEvent, topic="learner.enrolled"):
    """The learner follows a version of a pathway, and stays on it until moved."""

    pathway: str
    version: str
    digest: str


class LearnerMoved(LearnerEvent, topic="learner.moved"):
    """The learner follows another version from now on. The enrolment keeps its date."""

    pathway: str
    from_version: str
    version: str
    digest: str


class EnrolmentWithdrawn(LearnerEvent, topic="learner.withdrawn"):
    """The learner no longer follows the pathway; what was awarded stays."""

    pathway: str


class ModuleStarted(LearnerEvent, topic="learner.module-started"):
    """A module is in progress."""

    module: str
    credits: Decimal | None = None
    hours: Decimal | None = None


class Completing(LearnerEvent):
    """What a completion states. Where it leaves something out, the module's own value holds."""

    completion: str
    """The id of the completion, by which witnesses name it."""
    module: str
    score: Decimal | None = None
    grade: str | None = None
    credits: Decimal | None = None
    level: Decimal | None = None
    hours: Decimal | None = None
    groups: tuple[str, ...] = ()
    expires: date | Literal["never"] | None = None


class ModuleCompleted(Completing, topic="learner.module-completed"):
    """A module was completed, or attempted where score or grade do not pass."""

    source_id: str | None = None
    """What the source calls this completion; with `source` it makes recording idempotent."""
    reason: str = ""
    """Why it counts although nothing was taught, such as a course that was waived."""


class CompletionCorrected(Completing, topic="learner.completion-corrected"):
    """A completion was recorded wrongly: it never was, and `completion` stands in its place."""

    corrects: str
    reason: str = ""


class CompletionRevoked(LearnerEvent, topic="learner.completion-revoked"):
    """A completion can not be used from `on` onwards."""

    completion: str
    reason: str = ""


class RequirementWaived(LearnerEvent, topic="learner.requirement-waived"):
    """In one pathway, a rule is met for this learner, or an amount of it is."""

    waiver: str
    pathway: str
    rule: str
    amount: Decimal | None = None
    reason: str = ""


class WaiverWithdrawn(LearnerEvent, topic="learner.waiver-withdrawn"):
    """A waiver was a mistake, and no longer counts."""

    waiver: str
    pathway: str
    reason: str = ""


class ModuleSubstituted(LearnerEvent, topic="learner.module-substituted"):
    """For this learner, one module counts as another."""

    module: str
    counts_as: str
    reason: str = ""


class ExternalAwardRecorded(LearnerEvent, topic="learner.external-award-recorded"):
    """The learner holds a credential that is awarded elsewhere."""

    award: str
    credential: str
    expires: date | Literal["never"] | None = None
    used: tuple[str, ...] = ()
    source_id: str | None = None


class AwardApproved(LearnerEvent, topic="learner.award-approved"):
    """An administrator confirms the next award of a credential, or settles a conflict with it."""

    credential: str


class Proved(LearnerEvent):
    """What was decided by the rules of a document, with the witness that the kernel can check.

    Witnesses call modules and items as a pathway of that `catalogue` does.
    """

    award: str
    pathway: str
    version: str
    digest: str
    catalogue: str
    witness: dict[str, Any]


class CredentialAwarded(Proved, topic="learner.credential-awarded"):
    """A credential was awarded. `on` is the first day on which its rule was met."""

    credential: str
    expires: date | None = None
    award_class: str | None = None
    class_witness: dict[str, Any] | None = None


class AwardRenewed(Proved, topic="learner.award-renewed"):
    """An award's expiry was moved. `on` is the day on which the renewal's rule was met."""

    expires: date | None = None


class WitnessReplaced(Proved, topic="learner.witness-replaced"):
    """An award lost evidence and stands on other evidence. `on` is the day of the decision."""

    lost: tuple[str, ...]


class AwardFlagged(LearnerEvent, topic="learner.award-flagged"):
    """An award lost evidence and nothing else supports it: an administrator has to look at it."""

    award: str
    lost: tuple[str, ...]


class ReviewDecided(LearnerEvent, topic="learner.review-decided"):
    """It was decided, by an administrator or the credential, what becomes of a groundless award."""

    award: str
    lost: tuple[str, ...]
    decision: Literal["keep", "revoke"]
    reason: str = ""


class AwardRevoked(LearnerEvent, topic="learner.award-revoked"):
    """An award is not held from `on` onwards."""

    award: str
    reason: str = ""


class AwardReinstated(LearnerEvent, topic="learner.award-reinstated"):
    """The revocation of an award was a mistake: it was held all the while.

    It stands without the evidence that was `lost` by then.
    """

    award: str
    lost: tuple[str, ...] = ()
    reason: str = ""


class BadgeIssued(LearnerEvent, topic="learner.badge-issued"):
    """An award was put into a badge: what the badge says of itself is fixed from here on.

    `badge` is the badge's own id and `created` the moment that its proof names. `issuer` signs it
    with the key `method`, and publishes at `site`. Its place in a status list is `status_list` and
    `status_index`. The recipient is not named here: `identity` says by what of the directory the
    badge knows them, hashed with `salt`; None leaves it at an opaque id. Where `subject` is `did`,
    the badge calls them by a DID of their own, which stands beside the directory. `replaces` is the
    badge that this one stands in for: its key was revoked, or it called the learner otherwise.
    """

    badge: str
    award: str
    created: AwareDatetime
    issuer: str
    method: str
    site: str
    status_list: int
    status_index: int
    identity: Literal["email", "reference"] | None = None
    salt: str = ""
    subject: Literal["did"] | None = None
    replaces: str = ""


# --- a pathway's stream --------------------------------------------------------------------------


class PathwayEvent(Event):
    """Something that happened to one pathway."""


class PathwayPublished(PathwayEvent, topic="pathway.published"):
    """A version can be enrolled in. Its document never changes."""

    pathway: str
    version: str
    digest: str
    catalogue: str
    title: str = ""
    document: str
    """The canonical JSON, of which `digest` is the digest."""


class PathwayRetired(PathwayEvent, topic="pathway.retired"):
    """A version takes no new enrolments; who is on it stays on it."""

    pathway: str
    version: str


class MigrationDecided(PathwayEvent, topic="pathway.migration-decided"):
    """Who is on one version and meets the conditions `where` is to be moved to another.

    `preview` is what was known to come of it when it was decided: of so many `learners`, how many
    stood how in each credential before, and how they would stand after. It names nobody.
    """

    migration: str
    pathway: str
    from_version: str
    version: str
    digest: str
    where: tuple[str, ...] = ()
    learners: int
    preview: dict[str, dict[str, dict[str, int]]]


class MigrationFinished(PathwayEvent, topic="pathway.migration-finished"):
    """Everybody whom a migration was to move has been moved; so many `stayed` where they were."""

    migration: str
    pathway: str
    stayed: int
