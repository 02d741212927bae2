"""One learner: what is known of them, what may be decided, and how each fact changes it.

`evolve` folds the events of a stream into a `Learner`; `decide` turns a command into events, or
refuses it. Both are pure. Decided events are empty where the command would change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import singledispatch
from typing import Literal, TypedDict

from domain.commands import (
    ApproveAward,
    CorrectCompletion,
    DecideReview,
    EnrolLearner,
    IssueBadge,
    LearnerCommand,
    MoveEnrolment,
    RecordCompletion,
    RecordExternalAward,
    RegisterLearner,
    ReinstateAward,
    RevokeAward,
    RevokeCompletion,
    StartModule,
    SubstituteModule,
    WaiveRequirement,
    WithdrawEnrolment,
    WithdrawWaiver,
)
from domain.errors import (
    AlreadyDecidedError,
    AlreadyEnrolledError,
    AlreadyRecordedError,
    InvalidError,
    NotEnrolledError,
    UnknownAwardError,
    UnknownCompletionError,
    UnknownLearnerError,
    UnknownWaiverError,
)
from domain.events import (
    AwardApproved,
    AwardFlagged,
    AwardReinstated,
    AwardRenewed,
    AwardRevoked,
    BadgeIssued,
    Completing,
    CompletionCorrected,
    CompletionRevoked,
    CredentialAwarded,
    EnrolmentWithdrawn,
    ExternalAwardRecorded,
    LearnerEnrolled,
    LearnerEvent,
    LearnerMoved,
    LearnerRegistered,
    ModuleCompleted,
    ModuleStarted,
    ModuleSubstituted,
    RequirementWaived,
    ReviewDecided,
    WaiverWithdrawn,
    WitnessReplaced,
)
from domain.names import bare, qualified_item
from pathways.document import plain
from pathways.evidence import numbered
from pathways.problems import nearest

_HIGHEST_SCORE = Decimal(100)


# --- what is known -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A learner on a version of a pathway, since `on`, until it is withdrawn."""

    pathway: str
    version: str
    digest: str
    on: date
    withdrawn: date | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A completion as it stands after corrections.

    One that was corrected stays, with the id of what `replaced_by` it: an award may have used it.
    """

    id: str
    module: str
    on: date
    source: str
    score: Decimal | None = None
    grade: str | None = None
    credits: Decimal | None = None
    level: Decimal | None = None
    hours: Decimal | None = None
    groups: tuple[str, ...] = ()
    expires: date | Literal["never"] | None = None
    revoked: date | None = None
    replaced_by: str | None = None

    @property
    def lost(self) -> bool:
        """Whether it can no longer serve, from some day on or at all."""
        return self.revoked is not None or self.replaced_by is not None


@dataclass(frozen=True, slots=True)
class Started:
    """A module in progress."""

    module: str
    on: date
    source: str
    credits: Decimal | None = None
    hours: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """A rule of a pathway, or an amount of it, that counts as met."""

    id: str
    pathway: str
    rule: str
    on: date
    amount: Decimal | None = None
    withdrawn: date | None = None


@dataclass(frozen=True, slots=True)
class Substitution:
    """A module that counts as another."""

    module: str
    counts_as: str
    on: date


@dataclass(frozen=True, slots=True)
class Renewed:
    """A renewal of an award: when, and until when it then held."""

    on: date
    expires: date | None


@dataclass(frozen=True, slots=True)
class Award:
    """An award that was made, or recorded as made elsewhere.

    `evidence` are the ledger's names of the items that it stands on; `settled` those among them
    that were lost since, and about which it was decided. `under_review` are those about which an
    administrator has yet to decide. `groundless` says that it was revoked because of its lost
    evidence, so that what is left of it was not used up. `pathway`, `version` and `digest` say by
    which document it witness is valid; they are empty where it was made elsewhere.
    """

    id: str
    credential: str
    on: date
    expires: date | Literal["never"] | None
    evidence: tuple[str, ...]
    award_class: str | None = None
    pathway: str = ""
    version: str = ""
    digest: str = ""
    renewals: tuple[Renewed, ...] = ()
    revoked: date | None = None
    under_review: tuple[str, ...] = ()
    settled: frozenset[str] = frozenset()
    groundless: bool = False

    @property
    def external(self) -> bool:
        """Whether it was awarded elsewhere."""
        return not self.digest

    @property
    def expires_on(self) -> date | None:
        """The last day on which it is valid, after all renewals; None where it never expires."""
        last = self.renewals[-1].expires if self.renewals else self.expires
        return last if isinstance(last, date) else None


@dataclass(frozen=True, slots=True)
class Badge:
    """An award as it was put into a badge; see `BadgeIssued`.

    `expires` and `evidence` are the award's as the badge has them. Once the award was renewed, or
    stands on something else, another badge can be issued for it.
    """

    id: str
    award: str
    created: datetime
    issuer: str
    method: str
    site: str
    status_list: int
    status_index: int
    identity: Literal["email", "reference"] | None
    salt: str
    subject: Literal["did"] | None
    expires: date | None
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Learner:
    """All that the ledger knows of one learner; modules and credentials by their full names."""

    id: str
    registered: date | None = None
    enrolments: Mapping[str, Enrolment] = field(default_factory=dict)
    completions: Mapping[str, Completion] = field(default_factory=dict)
    started: Mapping[str, Started] = field(default_factory=dict)
    waivers: Mapping[tuple[str, str], Waiver] = field(default_factory=dict)
    substitutions: tuple[Substitution, ...] = ()
    awards: Mapping[str, Award] = field(default_factory=dict)
    approvals: frozenset[str] = frozenset()
    badges: tuple[Badge, ...] = ()

    @property
    def current_enrolments(self) -> tuple[Enrolment, ...]:
        """The enrolments that are not withdrawn, by pathway."""
        return tuple(
            enrolment
            for _, enrolment in sorted(self.enrolments.items())
            if enrolment.withdrawn is None
        )

    def enrolment(self, pathway: str) -> Enrolment:
        """Return the enrolment in a pathway; raises `NotEnrolledError`."""
        enrolment = self.enrolments.get(pathway)
        if enrolment is None or enrolment.withdrawn is not None:
            raise NotEnrolledError(
                f"the learner is not enrolled in `{pathway}`",
                nearest(pathway, [current.pathway for current in self.current_enrolments]),
            )
        return enrolment

    def completion(self, name: str) -> Completion:
        """Return the completion of an id, as it stands after corrections.

        The id may come without its catalogue. Raises `UnknownCompletionError`.
        """
        found = _named(name, self.completions)
        if len(found) != 1:
            of = [c.id for c in self.completions.values() if name in (c.module, bare(c.module))]
            raise UnknownCompletionError(
                f"the learner has {'several completions' if found else 'no completion'} `{name}`",
                _choices(found or of) or nearest(name, self.completions),
            )
        completion = self.completions[found[0]]
        while completion.replaced_by is not None:
            completion = self.completions[completion.replaced_by]
        return completion

    def award(self, name: str) -> Award:
        """Return an award by its id, with or without its catalogue, or by its credential.

        A credential that was awarded several times means the newest of its awards. Raises
        `UnknownAwardError`.
        """
        found = _named(name, self.awards)
        if not found:
            of = [award for award in self.awards.values() if _named(name, [award.credential])]
            newest = max((award.on for award in of), default=None)
            found = [award.id for award in of if award.on == newest]
        if len(found) != 1:
            raise UnknownAwardError(
                f"the learner has {'several awards' if found else 'no award'} `{name}`",
                _choices(found) or nearest(name, self.awards),
            )
        return self.awards[found[0]]

    def badge(self, award: Award) -> Badge | None:
        """Return the badge that says of an award what holds of it now, or None."""
        for badge in reversed(self.badges):
            if badge.award == award.id:
                same = (badge.expires, badge.evidence) == (award.expires_on, award.evidence)
                return badge if same else None
        return None

    def lost_evidence(self, award: Award, on: date) -> dict[str, date]:
        """Return what an award stands on that was lost by a day, and since when it is.

        What was already decided about is left out. What is lost from before the award on counts
        as lost from its day on; a correction has no day of its own, and counts from `on`.
        """
        lost: dict[str, date] = {}
        for item in award.evidence:
            if item in award.settled:
                continue
            day = self._lost_since(item, award.pathway, on)
            if day is not None and day <= on:
                lost[item] = max(day, award.on)
        return lost

    def _lost_since(self, item: str, pathway: str, on: date) -> date | None:
        if completion := self.completions.get(item):
            return on if completion.replaced_by is not None else completion.revoked
        if award := self.awards.get(item):
            return award.revoked
        waiver = self.waivers.get((pathway, item))
        return None if waiver is None else waiver.withdrawn


def _named(name: str, known: Iterable[str]) -> list[str]:
    return [full for full in known if full == name or (":" not in full and bare(full) == name)]


def _choices(names: list[str]) -> str:
    return "name one of " + ", ".join(f"`{name}`" for name in names) if names else ""


# --- facts ---------------------------------------------------------------------------------------


def evolve(learner: Learner, event: LearnerEvent) -> Learner:
    """Return what is known after one more event."""
    match event:
        case ModuleCompleted():
            started = dict(learner.started)
            started.pop(event.module, None)
            return replace(
                learner,
                completions={**learner.completions, event.completion: _completion(event)},
                started=started,
            )
        case CredentialAwarded():
            award = Award(
                id=event.award,
                credential=event.credential,
                on=event.on,
                expires=event.expires or "never",
                evidence=_evidence(event),
                award_class=event.award_class,
                pathway=event.pathway,
                version=event.version,
                digest=event.digest,
            )
            return replace(
                learner,
                awards={**learner.awards, award.id: award},
                approvals=learner.approvals - {event.credential},
            )
        case LearnerRegistered():
            return replace(learner, registered=event.on)
        case LearnerEnrolled():
            return _enrolled(
                learner, Enrolment(event.pathway, event.version, event.digest, event.on)
            )
        case LearnerMoved():
            before = learner.enrolments[event.pathway]
            return _enrolled(learner, replace(before, version=event.version, digest=event.digest))
        case EnrolmentWithdrawn():
            before = learner.enrolments[event.pathway]
            return _enrolled(learner, replace(before, withdrawn=event.on))
        case ModuleStarted():
            begun = Started(event.module, event.on, event.source, event.credits, event.hours)
            return replace(learner, started={**learner.started, event.module: begun})
        case CompletionCorrected():
            old = replace(learner.completions[event.corrects], replaced_by=event.completion)
            return replace(
                learner,
                completions={
                    **learner.completions,
                    old.id: old,
                    event.completion: _completion(event),
                },
            )
        case CompletionRevoked():
            taken = replace(learner.completions[event.completion], revoked=event.on)
            return replace(learner, completions={**learner.completions, taken.id: taken})
        case RequirementWaived():
            waiver = Waiver(event.waiver, event.pathway, event.rule, event.on, event.amount)
            key = (event.pathway, event.waiver)
            return replace(learner, waivers={**learner.waivers, key: waiver})
        case WaiverWithdrawn():
            key = (event.pathway, event.waiver)
            undone = replace(learner.waivers[key], withdrawn=event.on)
            return replace(learner, waivers={**learner.waivers, key: undone})
        case ModuleSubstituted():
            swap = Substitution(event.module, event.counts_as, event.on)
            return replace(learner, substitutions=(*learner.substitutions, swap))
        case ExternalAwardRecorded():
            outside = Award(event.award, event.credential, event.on, event.expires, event.used)
            return replace(learner, awards={**learner.awards, outside.id: outside})
        case AwardApproved():
            return replace(learner, approvals=learner.approvals | {event.credential})
        case AwardRenewed():
            award = learner.awards[event.award]
            renewals = (*award.renewals, Renewed(event.on, event.expires))
            return _awarded(learner, replace(award, renewals=renewals))
        case WitnessReplaced():
            award = learner.awards[event.award]
            return _awarded(
                learner,
                replace(
                    award,
                    evidence=_evidence(event),
                    pathway=event.pathway,
                    version=event.version,
                    digest=event.digest,
                    under_review=(),
                    settled=frozenset(),
                ),
            )
        case AwardFlagged():
            return _awarded(learner, replace(learner.awards[event.award], under_review=event.lost))
        case ReviewDecided():
            award = learner.awards[event.award]
            return _awarded(
                learner,
                replace(
                    award,
                    under_review=(),
                    settled=award.settled | set(event.lost),
                    groundless=event.decision == "revoke",
                ),
            )
        case AwardRevoked():
            return _awarded(
                learner,
                replace(learner.awards[event.award], revoked=event.on, under_review=()),
            )
        case AwardReinstated():
            award = learner.awards[event.award]
            return _awarded(
                learner,
                replace(
                    award,
                    revoked=None,
                    groundless=False,
                    settled=award.settled | set(event.lost),
                ),
            )
        case BadgeIssued():
            award = learner.awards[event.award]
            badge = Badge(
                id=event.badge,
                award=event.award,
                created=event.created,
                issuer=event.issuer,
                method=event.method,
                site=event.site,
                status_list=event.status_list,
                status_index=event.status_index,
                identity=event.identity,
                salt=event.salt,
                subject=event.subject,
                expires=award.expires_on,
                evidence=award.evidence,
            )
            return replace(learner, badges=(*learner.badges, badge))
        case _:
            raise TypeError(f"`{event.topic}` does not belong to a learner")


def replay(learner: str, events: Iterable[LearnerEvent]) -> Learner:
    """Fold a stream into what is known of a learner."""
    known = Learner(learner)
    for event in events:
        known = evolve(known, event)
    return known


def _completion(event: Completing) -> Completion:
    return Completion(
        id=event.completion,
        module=event.module,
        on=event.on,
        source=event.source,
        score=event.score,
        grade=event.grade,
        credits=event.credits,
        level=event.level,
        hours=event.hours,
        groups=event.groups,
        expires=event.expires,
    )


def _evidence(event: CredentialAwarded | WitnessReplaced) -> tuple[str, ...]:
    return tuple(qualified_item(item, event.catalogue) for item in event.witness["items"])


def _enrolled(learner: Learner, enrolment: Enrolment) -> Learner:
    return replace(learner, enrolments={**learner.enrolments, enrolment.pathway: enrolment})


def _awarded(learner: Learner, award: Award) -> Learner:
    return replace(learner, awards={**learner.awards, award.id: award})


# --- decisions -----------------------------------------------------------------------------------


class _Said(TypedDict):
    on: date
    by: str
    source: str


def _said(command: LearnerCommand) -> _Said:
    # A colon parts the source from its own id in the id of a completion.
    if not command.source.strip() or ":" in command.source:
        raise InvalidError(f"`{command.source}` can not be a source", "use a word without `:`")
    return {"on": command.on, "by": command.by, "source": command.source}


@singledispatch
def decide(command: LearnerCommand, learner: Learner) -> tuple[LearnerEvent, ...]:
    """Return the events that carry out a command, none where it would change nothing.

    Modules and credentials are given by their full names, and versions with their digests; the
    ledger sees to that. Raises a `RefusedError` where the command can not be carried out.
    """
    raise TypeError(f"{type(command).__name__} is not a command about the learner `{learner.id}`")


@decide.register
def _(command: RegisterLearner, learner: Learner) -> tuple[LearnerEvent, ...]:
    if learner.registered is not None:
        return ()
    return (LearnerRegistered(**_said(command)),)


@decide.register
def _(command: EnrolLearner, learner: Learner) -> tuple[LearnerEvent, ...]:
    _must_exist(learner)
    before = learner.enrolments.get(command.pathway)
    if before is not None and before.withdrawn is None:
        if before.version == command.version:
            return ()
        raise AlreadyEnrolledError(
            f"the learner is enrolled in version `{before.version}` of `{command.pathway}`",
            f"move the enrolment to version `{command.version}` instead",
        )
    return (
        LearnerEnrolled(
            **_said(command),
            pathway=command.pathway,
            version=command.version,
            digest=command.digest,
        ),
    )


@decide.register
def _(command: MoveEnrolment, learner: Learner) -> tuple[LearnerEvent, ...]:
    before = learner.enrolment(command.pathway)
    if before.version == command.version:
        return ()
    return (
        LearnerMoved(
            **_said(command),
            pathway=command.pathway,
            from_version=before.version,
            version=command.version,
            digest=command.digest,
        ),
    )


@decide.register
def _(command: WithdrawEnrolment, learner: Learner) -> tuple[LearnerEvent, ...]:
    learner.enrolment(command.pathway)
    return (EnrolmentWithdrawn(**_said(command), pathway=command.pathway),)


@decide.register
def _(command: StartModule, learner: Learner) -> tuple[LearnerEvent, ...]:
    _must_exist(learner)
    if command.module in learner.started:
        return ()
    return (
        ModuleStarted(
            **_said(command),
            module=command.module,
            credits=_amount("credits", command.credits),
            hours=_amount("hours", command.hours),
        ),
    )


@decide.register
def _(command: RecordCompletion, learner: Learner) -> tuple[LearnerEvent, ...]:
    _must_exist(learner)
    event = ModuleCompleted(
        **_said(command),
        source_id=command.source_id,
        completion=completion_id(command),
        module=command.module,
        score=_score(command.score),
        grade=command.grade,
        credits=_amount("credits", command.credits),
        level=_amount("level", command.level),
        hours=_amount("hours", command.hours),
        groups=command.groups,
        expires=command.expires,
        reason=command.reason,
    )
    return () if event.completion in learner.completions else (event,)


@decide.register
def _(command: CorrectCompletion, learner: Learner) -> tuple[LearnerEvent, ...]:
    old = learner.completion(command.completion)
    if old.revoked is not None:
        raise AlreadyDecidedError(f"`{old.id}` was revoked on {old.revoked}")
    event = CompletionCorrected(
        **(_said(command) | {"source": old.source}),
        completion=_next_id(old.id, learner.completions),
        corrects=old.id,
        module=command.module or old.module,
        score=old.score if command.score is None else _score(command.score),
        grade=command.grade or old.grade,
        credits=old.credits if command.credits is None else _amount("credits", command.credits),
        level=old.level if command.level is None else _amount("level", command.level),
        hours=old.hours if command.hours is None else _amount("hours", command.hours),
        groups=command.groups or old.groups,
        expires=command.expires or old.expires,
        reason=command.reason,
    )
    return () if replace(_completion(event), id=old.id) == old else (event,)


@decide.register
def _(command: RevokeCompletion, learner: Learner) -> tuple[LearnerEvent, ...]:
    completion = learner.completion(command.completion)
    if completion.revoked is not None:
        if completion.revoked == command.on:
            return ()
        raise AlreadyDecidedError(f"`{completion.id}` was revoked on {completion.revoked}")
    return (
        CompletionRevoked(
            **_said(command),
            completion=completion.id,
            reason=command.reason,
        ),
    )


@decide.register
def _(command: WaiveRequirement, learner: Learner) -> tuple[LearnerEvent, ...]:
    learner.enrolment(command.pathway)
    amount = _amount("amount", command.amount)
    if amount == 0:
        raise InvalidError("a waived amount of 0 waives nothing")
    id_ = command.id or f"waiver:{command.rule}"
    before = learner.waivers.get((command.pathway, id_))
    if before is not None and before.withdrawn is None:
        if (before.rule, before.amount, before.on) == (command.rule, amount, command.on):
            return ()
        raise AlreadyRecordedError(
            f"there is a waiver `{id_}` in `{command.pathway}` already",
            "give the new waiver an id of its own, or withdraw the old one first",
        )
    return (
        RequirementWaived(
            **_said(command),
            waiver=id_,
            pathway=command.pathway,
            rule=command.rule,
            amount=amount,
            reason=command.reason,
        ),
    )


@decide.register
def _(command: WithdrawWaiver, learner: Learner) -> tuple[LearnerEvent, ...]:
    mine = [id_ for pathway, id_ in learner.waivers if pathway == command.pathway]
    id_ = command.waiver if command.waiver in mine else f"waiver:{command.waiver}"
    waiver = learner.waivers.get((command.pathway, id_))
    if waiver is None:
        raise UnknownWaiverError(
            f"the learner has no waiver `{command.waiver}` in `{command.pathway}`",
            nearest(command.waiver, mine),
        )
    if waiver.withdrawn is not None:
        return ()
    return (
        WaiverWithdrawn(
            **_said(command),
            waiver=id_,
            pathway=command.pathway,
            reason=command.reason,
        ),
    )


@decide.register
def _(command: SubstituteModule, learner: Learner) -> tuple[LearnerEvent, ...]:
    _must_exist(learner)
    if command.module == command.counts_as:
        raise InvalidError(f"`{command.module}` counts as itself already")
    for swap in learner.substitutions:
        same = (swap.module, swap.counts_as) == (command.module, command.counts_as)
        if same and swap.on <= command.on:
            return ()
    return (
        ModuleSubstituted(
            **_said(command),
            module=command.module,
            counts_as=command.counts_as,
            reason=command.reason,
        ),
    )


@decide.register
def _(command: RecordExternalAward, learner: Learner) -> tuple[LearnerEvent, ...]:
    _must_exist(learner)
    if isinstance(command.expires, date) and command.expires < command.on:
        raise InvalidError(f"an award of {command.on} can not expire on {command.expires}")
    id_ = (
        f"{command.credential}@{command.on.isoformat()}"
        if command.source_id is None
        else f"{command.source}:{command.source_id}"
    )
    if id_ in learner.awards:
        return ()
    return (
        ExternalAwardRecorded(
            **_said(command),
            source_id=command.source_id,
            award=id_,
            credential=command.credential,
            expires=command.expires,
            used=tuple(learner.completion(name).id for name in command.used),
        ),
    )


@decide.register
def _(command: ApproveAward, learner: Learner) -> tuple[LearnerEvent, ...]:
    _must_exist(learner)
    if command.credential in learner.approvals:
        return ()
    return (AwardApproved(**_said(command), credential=command.credential),)


@decide.register
def _(command: RevokeAward, learner: Learner) -> tuple[LearnerEvent, ...]:
    award = learner.award(command.award)
    if award.revoked is not None:
        if award.revoked == command.on:
            return ()
        raise AlreadyDecidedError(f"`{award.id}` was revoked on {award.revoked}")
    if command.on < award.on:
        raise InvalidError(f"`{award.id}` can not be revoked before the day on which it was made")
    return (
        AwardRevoked(
            **_said(command),
            award=award.id,
            reason=command.reason,
        ),
    )


@decide.register
def _(command: ReinstateAward, learner: Learner) -> tuple[LearnerEvent, ...]:
    award = learner.award(command.award)
    if award.revoked is None:
        return ()
    return (
        AwardReinstated(
            **_said(command),
            award=award.id,
            lost=tuple(learner.lost_evidence(award, command.on)),
            reason=command.reason,
        ),
    )


@decide.register
def _(command: DecideReview, learner: Learner) -> tuple[LearnerEvent, ...]:
    award = learner.award(command.award)
    if not award.under_review:
        raise AlreadyDecidedError(f"`{award.id}` is not under review")
    decided = ReviewDecided(
        **_said(command),
        award=award.id,
        lost=award.under_review,
        decision=command.decision,
        reason=command.reason,
    )
    if command.decision == "keep":
        return (decided,)
    return (
        decided,
        AwardRevoked(
            **_said(command),
            award=award.id,
            reason=command.reason,
        ),
    )


@decide.register
def _(command: IssueBadge, learner: Learner) -> tuple[LearnerEvent, ...]:
    award = learner.award(command.award)
    present = learner.badge(award)
    if present is not None and present.id != command.replaces:
        return ()
    if award.external:
        raise InvalidError(
            f"`{award.id}` was awarded elsewhere", "whoever awarded it issues its badge"
        )
    if award.revoked is not None:
        raise InvalidError(
            f"`{award.id}` was revoked on {award.revoked}", "only what is held becomes a badge"
        )
    if command.created.tzinfo is None:
        raise InvalidError("a badge is made at a moment with a time zone")
    return (
        BadgeIssued(
            **_said(command),
            badge=command.badge,
            award=award.id,
            created=command.created.astimezone(UTC).replace(microsecond=0),
            issuer=command.issuer,
            method=command.method,
            site=command.site,
            status_list=command.status_list,
            status_index=command.status_index,
            identity=command.identity,
            salt=command.salt,
            subject=command.subject,
            replaces="" if present is None else present.id,
        ),
    )


def completion_id(command: RecordCompletion) -> str:
    """Return the id under which a completion is recorded.

    It depends on nothing but the completion, so that recording it again finds it, and the order
    in which completions arrive changes nothing.
    """
    own = f"{command.module}@{command.on.isoformat()}"
    if command.source_id is not None:
        return f"{command.source}:{command.source_id}"
    return own if command.source == "course" else f"{command.source}:{own}"


def _must_exist(learner: Learner) -> None:
    if learner.registered is None:
        raise UnknownLearnerError(f"no learner `{learner.id}` is registered")


def _next_id(id_: str, taken: Mapping[str, object]) -> str:
    """Number what stands in the place of something corrected: `x#2`, `x#3`, and so on."""
    stem, mark, number = id_.rpartition("#")
    return numbered(stem if mark and number.isdigit() and stem in taken else id_, taken)


def _score(score: Decimal | None) -> Decimal | None:
    if score is None:
        return None
    if not score.is_finite() or not 0 <= score <= _HIGHEST_SCORE:
        raise InvalidError(f"a score lies between 0 and 100, and `{score}` does not")
    return Decimal(plain(score))


def _amount(name: str, amount: Decimal | None) -> Decimal | None:
    if amount is None:
        return None
    if not amount.is_finite() or amount < 0:
        raise InvalidError(f"`{amount}` can not be an amount of {name}")
    return Decimal(plain(amount))
