"""Decisions about one learner: given what happened, when a command comes, then these facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.commands import (
    ApproveAward,
    CorrectCompletion,
    DecideReview,
    EnrolLearner,
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
    RefusedError,
    UnknownAwardError,
    UnknownCompletionError,
    UnknownLearnerError,
    UnknownWaiverError,
)
from domain.events import (
    AwardApproved,
    AwardFlagged,
    AwardReinstated,
    AwardRevoked,
    CompletionCorrected,
    CompletionRevoked,
    CredentialAwarded,
    EnrolmentWithdrawn,
    Event,
    ExternalAwardRecorded,
    LearnerEnrolled,
    LearnerEvent,
    LearnerMoved,
    LearnerRegistered,
    ModuleCompleted,
    ModuleStarted,
    ModuleSubstituted,
    PathwayRetired,
    RequirementWaived,
    ReviewDecided,
    WaiverWithdrawn,
)
from domain.learner import Learner, decide, evolve, replay

DAY = date(2026, 2, 1)
SAID: dict[str, Any] = {"on": DAY, "by": "registrar", "source": "manual"}
ASKED: dict[str, Any] = {**SAID, "learner": "l-1"}

REGISTERED = LearnerRegistered(**SAID)
ENROLLED = LearnerEnrolled(**SAID, pathway="da", version="1", digest="sha256:1")
COMPLETED = ModuleCompleted(
    **(SAID | {"source": "course"}), completion="da/excel-1@2026-02-01", module="da/excel-1"
)
AWARDED = CredentialAwarded(
    **SAID,
    award="da/analyst@2026-02-01",
    credential="da/analyst",
    pathway="da",
    version="1",
    digest="sha256:1",
    catalogue="da",
    witness={"on": "2026-02-01", "items": ["excel-1@2026-02-01"], "use": {"path": "requires"}},
)


class Story:
    """What happened to a learner, what is asked for now, and what must come of it."""

    def __init__(self, *events: LearnerEvent) -> None:
        self.learner = replay("l-1", events)

    def when(self, command: LearnerCommand) -> tuple[LearnerEvent, ...]:
        return decide(command, self.learner)

    def refused(self, command: LearnerCommand, error: type[RefusedError], words: str) -> None:
        with pytest.raises(error, match=words) as caught:
            decide(command, self.learner)
        assert "`" in str(caught.value) or words in str(caught.value)


def given(*events: LearnerEvent) -> Story:
    return Story(*events)


# --- registering and enrolling -------------------------------------------------------------------


def test_registering_makes_the_learner_known() -> None:
    assert given().when(RegisterLearner(**ASKED)) == (REGISTERED,)


def test_registering_again_changes_nothing() -> None:
    assert given(REGISTERED).when(RegisterLearner(**ASKED)) == ()


def test_enrolling_puts_the_learner_on_one_version() -> None:
    enrol = EnrolLearner(**ASKED, pathway="da", version="1", digest="sha256:1")
    assert given(REGISTERED).when(enrol) == (ENROLLED,)


def test_enrolling_again_in_the_same_version_changes_nothing() -> None:
    enrol = EnrolLearner(**ASKED, pathway="da", version="1", digest="sha256:1")
    assert given(REGISTERED, ENROLLED).when(enrol) == ()


def test_enrolling_in_a_second_version_is_refused() -> None:
    enrol = EnrolLearner(**ASKED, pathway="da", version="2", digest="sha256:2")
    given(REGISTERED, ENROLLED).refused(enrol, AlreadyEnrolledError, "version `1` of `da`")


def test_nobody_enrols_who_is_not_registered() -> None:
    enrol = EnrolLearner(**ASKED, pathway="da", version="1", digest="sha256:1")
    given().refused(enrol, UnknownLearnerError, "no learner `l-1`")


def test_moving_keeps_the_date_of_the_enrolment() -> None:
    move = MoveEnrolment(
        **(ASKED | {"on": date(2026, 5, 1)}), pathway="da", version="2", digest="sha256:2"
    )
    story = given(REGISTERED, ENROLLED)
    (moved,) = story.when(move)
    assert isinstance(moved, LearnerMoved)
    assert (moved.from_version, moved.version) == ("1", "2")
    enrolment = evolve(story.learner, moved).enrolment("da")
    assert (enrolment.version, enrolment.digest, enrolment.on) == ("2", "sha256:2", DAY)


def test_moving_to_the_present_version_changes_nothing() -> None:
    move = MoveEnrolment(**ASKED, pathway="da", version="1", digest="sha256:1")
    assert given(REGISTERED, ENROLLED).when(move) == ()


def test_withdrawing_ends_the_enrolment() -> None:
    story = given(REGISTERED, ENROLLED)
    (withdrawn,) = story.when(WithdrawEnrolment(**ASKED, pathway="da"))
    assert withdrawn == EnrolmentWithdrawn(**SAID, pathway="da")
    assert evolve(story.learner, withdrawn).current_enrolments == ()


def test_withdrawing_twice_is_refused() -> None:
    story = given(REGISTERED, ENROLLED, EnrolmentWithdrawn(**SAID, pathway="da"))
    story.refused(
        WithdrawEnrolment(**ASKED, pathway="da"), NotEnrolledError, "not enrolled in `da`"
    )


def test_enrolling_after_a_withdrawal_is_a_new_enrolment() -> None:
    story = given(REGISTERED, ENROLLED, EnrolmentWithdrawn(**SAID, pathway="da"))
    later = ASKED | {"on": date(2026, 9, 1)}
    (event,) = story.when(EnrolLearner(**later, pathway="da", version="2", digest="sha256:2"))
    assert evolve(story.learner, event).enrolment("da").on == date(2026, 9, 1)


# --- modules -------------------------------------------------------------------------------------


def record(**more: Any) -> RecordCompletion:
    return RecordCompletion(**(ASKED | {"source": "course"} | {"module": "da/excel-1"} | more))


def test_a_completion_is_named_after_its_module_and_day() -> None:
    assert given(REGISTERED).when(record()) == (COMPLETED,)


def test_a_completion_with_a_source_id_is_named_after_its_source() -> None:
    (event,) = given(REGISTERED).when(record(source="lms", source_id="991"))
    assert isinstance(event, ModuleCompleted)
    assert (event.completion, event.source_id) == ("lms:991", "991")


def test_the_same_source_id_is_recorded_once() -> None:
    story = given(REGISTERED)
    (event,) = story.when(record(source="lms", source_id="991"))
    assert given(REGISTERED, event).when(record(source="lms", source_id="991", grade="A")) == ()


def test_two_sources_may_use_the_same_id() -> None:
    (event,) = given(REGISTERED).when(record(source="lms", source_id="991"))
    assert given(REGISTERED, event).when(record(source="exam", source_id="991"))


def test_without_a_source_id_a_completion_of_the_same_day_is_the_same() -> None:
    assert given(REGISTERED, COMPLETED).when(record()) == ()
    assert given(REGISTERED, COMPLETED).when(record(source="transfer"))
    assert given(REGISTERED, COMPLETED).when(record(on=date(2026, 2, 2)))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"score": Decimal(101)}, "between 0 and 100"),
        ({"score": Decimal(-1)}, "between 0 and 100"),
        ({"score": Decimal("NaN")}, "between 0 and 100"),
        ({"credits": Decimal(-5)}, "amount of credits"),
        ({"hours": Decimal("Infinity")}, "amount of hours"),
        ({"source": "a:b"}, "can not be a source"),
        ({"source": " "}, "can not be a source"),
    ],
)
def test_values_that_can_not_be_are_refused(wrong: dict[str, Any], words: str) -> None:
    given(REGISTERED).refused(record(**wrong), InvalidError, words)


def test_amounts_are_recorded_exactly_and_plainly() -> None:
    (event,) = given(REGISTERED).when(record(score=Decimal("82.50"), credits=Decimal("7.0")))
    assert isinstance(event, ModuleCompleted)
    assert (str(event.score), str(event.credits)) == ("82.5", "7")


def test_a_started_module_is_in_progress_until_it_is_completed() -> None:
    story = given(REGISTERED)
    start = StartModule(**(ASKED | {"source": "course"}), module="da/excel-1")
    (started,) = story.when(start)
    assert isinstance(started, ModuleStarted)
    begun = evolve(story.learner, started)
    assert list(begun.started) == ["da/excel-1"]
    assert decide(start, begun) == ()
    assert evolve(begun, COMPLETED).started == {}


def test_a_correction_stands_in_the_place_of_the_completion() -> None:
    story = given(REGISTERED, COMPLETED)
    (event,) = story.when(
        CorrectCompletion(**ASKED, completion="excel-1@2026-02-01", score=Decimal(61))
    )
    assert isinstance(event, CompletionCorrected)
    assert (event.corrects, event.completion) == (COMPLETED.completion, "da/excel-1@2026-02-01#2")
    corrected = evolve(story.learner, event)
    assert corrected.completion("excel-1@2026-02-01").score == 61
    assert corrected.completions[COMPLETED.completion].lost


def test_a_second_correction_follows_the_first() -> None:
    story = given(REGISTERED, COMPLETED)
    (first,) = story.when(
        CorrectCompletion(**ASKED, completion=COMPLETED.completion, score=Decimal(61))
    )
    again = given(REGISTERED, COMPLETED, first)
    (second,) = again.when(
        CorrectCompletion(**ASKED, completion=COMPLETED.completion, score=Decimal(62))
    )
    assert isinstance(second, CompletionCorrected)
    assert (second.corrects, second.completion) == (
        "da/excel-1@2026-02-01#2",
        "da/excel-1@2026-02-01#3",
    )


def test_a_correction_that_says_the_same_changes_nothing() -> None:
    correct = CorrectCompletion(**ASKED, completion=COMPLETED.completion)
    assert given(REGISTERED, COMPLETED).when(correct) == ()


def test_a_completion_is_recognised_after_its_correction() -> None:
    story = given(REGISTERED, COMPLETED)
    (event,) = story.when(
        CorrectCompletion(**ASKED, completion=COMPLETED.completion, score=Decimal(61))
    )
    assert given(REGISTERED, COMPLETED, event).when(record()) == ()


def test_revoking_a_completion_once_is_enough() -> None:
    story = given(REGISTERED, COMPLETED)
    revoke = RevokeCompletion(**ASKED, completion=COMPLETED.completion)
    (event,) = story.when(revoke)
    assert event == CompletionRevoked(**SAID, completion=COMPLETED.completion)
    revoked = given(REGISTERED, COMPLETED, event)
    assert revoked.when(revoke) == ()
    revoked.refused(
        replace(revoke, on=date(2026, 3, 1)), AlreadyDecidedError, "revoked on 2026-02-01"
    )
    revoked.refused(
        CorrectCompletion(**ASKED, completion=COMPLETED.completion, score=Decimal(1)),
        AlreadyDecidedError,
        "was revoked",
    )


def test_an_unknown_completion_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        UnknownCompletionError, match="no completion `excel-1@2026-02-02`"
    ) as caught:
        given(REGISTERED, COMPLETED).when(
            RevokeCompletion(**ASKED, completion="excel-1@2026-02-02")
        )
    assert "excel-1@2026-02-01" in caught.value.help


def test_a_name_that_fits_two_completions_is_refused_with_both() -> None:
    other = COMPLETED.model_copy(
        update={"completion": "other/excel-1@2026-02-01", "module": "other/excel-1"}
    )
    with pytest.raises(UnknownCompletionError, match="several completions") as caught:
        given(REGISTERED, COMPLETED, other).when(
            RevokeCompletion(**ASKED, completion="excel-1@2026-02-01")
        )
    assert "`other/excel-1@2026-02-01`" in caught.value.help


# --- waivers and substitutions -------------------------------------------------------------------


def waive(**more: Any) -> WaiveRequirement:
    return WaiveRequirement(**(ASKED | {"pathway": "da", "rule": "electives"} | more))


def test_a_waiver_is_of_one_pathway_and_named_after_its_rule() -> None:
    (event,) = given(REGISTERED, ENROLLED).when(waive(amount=Decimal("5.0")))
    assert isinstance(event, RequirementWaived)
    assert (event.waiver, event.pathway, str(event.amount)) == ("waiver:electives", "da", "5")


def test_a_waiver_needs_an_enrolment() -> None:
    given(REGISTERED).refused(waive(), NotEnrolledError, "not enrolled in `da`")


def test_waiving_again_changes_nothing_and_waiving_otherwise_needs_a_name() -> None:
    (event,) = given(REGISTERED, ENROLLED).when(waive())
    story = given(REGISTERED, ENROLLED, event)
    assert story.when(waive()) == ()
    story.refused(waive(amount=Decimal(5)), AlreadyRecordedError, "`waiver:electives`")
    assert story.when(waive(amount=Decimal(5), id="second"))


def test_nothing_is_not_an_amount_to_waive() -> None:
    given(REGISTERED, ENROLLED).refused(waive(amount=Decimal(0)), InvalidError, "waives nothing")


def test_a_withdrawn_waiver_can_be_given_anew() -> None:
    (event,) = given(REGISTERED, ENROLLED).when(waive())
    story = given(REGISTERED, ENROLLED, event)
    withdraw = WithdrawWaiver(**ASKED, pathway="da", waiver="electives")
    (withdrawn,) = story.when(withdraw)
    assert isinstance(withdrawn, WaiverWithdrawn)
    after = given(REGISTERED, ENROLLED, event, withdrawn)
    assert after.when(withdraw) == ()
    assert after.when(waive())


def test_an_unknown_waiver_can_not_be_withdrawn() -> None:
    given(REGISTERED, ENROLLED).refused(
        WithdrawWaiver(**ASKED, pathway="da", waiver="electives"),
        UnknownWaiverError,
        "no waiver `electives` in `da`",
    )


def test_a_substitution_is_decided_once() -> None:
    swap = SubstituteModule(**ASKED, module="work/xl", counts_as="da/excel-1")
    story = given(REGISTERED)
    (event,) = story.when(swap)
    assert event == ModuleSubstituted(**SAID, module="work/xl", counts_as="da/excel-1")
    after = given(REGISTERED, event)
    assert after.when(swap) == ()
    assert after.when(replace(swap, on=date(2026, 1, 1)))


def test_a_module_does_not_count_as_itself() -> None:
    given(REGISTERED).refused(
        SubstituteModule(**ASKED, module="da/excel-1", counts_as="da/excel-1"),
        InvalidError,
        "counts as itself",
    )


# --- awards --------------------------------------------------------------------------------------


def test_an_award_of_elsewhere_is_recorded_with_what_it_used() -> None:
    (event,) = given(REGISTERED, COMPLETED).when(
        RecordExternalAward(**ASKED, credential="da/vendor", used=("excel-1@2026-02-01",))
    )
    assert isinstance(event, ExternalAwardRecorded)
    assert (event.award, event.used) == ("da/vendor@2026-02-01", (COMPLETED.completion,))
    known = given(REGISTERED, COMPLETED, event)
    assert known.when(RecordExternalAward(**ASKED, credential="da/vendor")) == ()
    assert known.learner.awards[event.award].external


def test_an_award_can_not_expire_before_it_was_made() -> None:
    given(REGISTERED).refused(
        RecordExternalAward(**ASKED, credential="da/vendor", expires=date(2026, 1, 31)),
        InvalidError,
        "can not expire on 2026-01-31",
    )


def test_an_approval_is_for_one_award() -> None:
    story = given(REGISTERED, ENROLLED)
    approve = ApproveAward(**ASKED, credential="da/analyst")
    (event,) = story.when(approve)
    assert event == AwardApproved(**SAID, credential="da/analyst")
    approved = evolve(story.learner, event)
    assert decide(approve, approved) == ()
    assert evolve(approved, AWARDED).approvals == frozenset()


def test_an_award_is_revoked_and_reinstated() -> None:
    story = given(REGISTERED, ENROLLED, COMPLETED, AWARDED)
    revoke = RevokeAward(**ASKED, award="analyst@2026-02-01", reason="fraud")
    (revoked,) = story.when(revoke)
    assert revoked == AwardRevoked(**SAID, award=AWARDED.award, reason="fraud")
    after = given(REGISTERED, ENROLLED, COMPLETED, AWARDED, revoked)
    assert after.when(revoke) == ()
    after.refused(replace(revoke, on=date(2026, 4, 1)), AlreadyDecidedError, "2026-02-01")
    reinstate = ReinstateAward(**ASKED, award="analyst")
    (reinstated,) = after.when(reinstate)
    assert reinstated == AwardReinstated(**SAID, award=AWARDED.award)
    again = evolve(after.learner, reinstated)
    assert again.award("analyst").revoked is None
    assert decide(reinstate, again) == ()


def test_an_award_is_not_revoked_before_it_was_made() -> None:
    given(REGISTERED, ENROLLED, AWARDED).refused(
        RevokeAward(**(ASKED | {"on": date(2026, 1, 1)}), award="analyst"),
        InvalidError,
        "before the day on which it was made",
    )


def test_a_credential_means_its_newest_award() -> None:
    later = AWARDED.model_copy(update={"award": "da/analyst@2027-02-01", "on": date(2027, 2, 1)})
    learner = given(REGISTERED, ENROLLED, AWARDED, later).learner
    assert learner.award("analyst").on == date(2027, 2, 1)
    assert learner.award("analyst@2026-02-01").on == DAY


def test_an_unknown_award_is_refused() -> None:
    given(REGISTERED, AWARDED).refused(
        RevokeAward(**ASKED, award="analysis"), UnknownAwardError, "no award `analysis`"
    )


FLAGGED = AwardFlagged(**SAID, award=AWARDED.award, lost=(COMPLETED.completion,))


def test_a_review_can_keep_an_award() -> None:
    story = given(REGISTERED, ENROLLED, COMPLETED, AWARDED, FLAGGED)
    (event,) = story.when(DecideReview(**ASKED, award="analyst", decision="keep"))
    assert isinstance(event, ReviewDecided)
    award = evolve(story.learner, event).award("analyst")
    assert (award.under_review, award.revoked, set(award.settled)) == (
        (),
        None,
        {COMPLETED.completion},
    )


def test_a_review_can_revoke_an_award() -> None:
    story = given(REGISTERED, ENROLLED, COMPLETED, AWARDED, FLAGGED)
    events = story.when(DecideReview(**ASKED, award="analyst", decision="revoke"))
    assert [type(event) for event in events] == [ReviewDecided, AwardRevoked]
    learner = story.learner
    for event in events:
        learner = evolve(learner, event)
    award = learner.award("analyst")
    assert award.groundless
    assert award.revoked == DAY


def test_only_an_award_under_review_is_decided_about() -> None:
    given(REGISTERED, ENROLLED, AWARDED).refused(
        DecideReview(**ASKED, award="analyst", decision="keep"),
        AlreadyDecidedError,
        "not under review",
    )


def test_what_was_lost_is_known_with_its_day() -> None:
    learner = given(
        REGISTERED,
        ENROLLED,
        COMPLETED,
        AWARDED,
        CompletionRevoked(**(SAID | {"on": date(2026, 3, 1)}), completion=COMPLETED.completion),
    ).learner
    award = learner.award("analyst")
    assert learner.lost_evidence(award, date(2026, 2, 28)) == {}
    assert learner.lost_evidence(award, date(2026, 3, 1)) == {
        COMPLETED.completion: date(2026, 3, 1)
    }


# --- what does not belong here -------------------------------------------------------------------


def test_a_command_that_is_none_of_these_is_a_mistake_of_the_program() -> None:
    class Unheard(LearnerCommand):
        pass

    with pytest.raises(TypeError, match="Unheard"):
        decide(Unheard(**ASKED), Learner("l-1"))


def test_an_event_of_a_pathway_does_not_happen_to_a_learner() -> None:
    event: Event = PathwayRetired(**SAID, pathway="da", version="1")
    with pytest.raises(TypeError, match=r"pathway\.retired"):
        evolve(Learner("l-1"), event)  # type: ignore[arg-type]  # that is the point
