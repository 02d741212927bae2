"""The ledger as a registrar meets it: what is recorded, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from domain.commands import (
    Command,
    CorrectCompletion,
    DecideReview,
    PublishPathway,
    RecordExternalAward,
    ReinstateAward,
    RevokeAward,
    RevokeCompletion,
    StartModule,
    SubstituteModule,
    WithdrawWaiver,
)
from domain.errors import (
    AlreadyEnrolledError,
    AmbiguousNameError,
    InvalidError,
    LedgerConflictError,
    LedgerCorruptError,
    NotEnrolledError,
    RetiredError,
    UnknownCredentialError,
    UnknownLearnerError,
    UnknownModuleError,
    UnknownPathwayError,
    UnknownRuleError,
    UnknownVersionError,
)
from domain.events import AwardRevoked, CredentialAwarded, Recorded, WitnessReplaced
from domain.ledger import again, open_ledger
from pathways.source import load_pathway
from tests.ledgers import LADDER, MOMENT, TODAY, Desk, awarded, day, desk, document, topics

ESSENTIALS = "ladder/essentials@2026-02-02"
CERTIFICATE = "ladder/certificate@2026-02-03"


@pytest.fixture
def climbing(registrar: Desk) -> Desk:
    """A learner who is enrolled in the ladder."""
    registrar.publish(LADDER)
    registrar.enrol()
    return registrar


def climb(registrar: Desk) -> None:
    registrar.complete("sheets-1", on="02-01")
    registrar.complete("sheets-2", on="02-02")
    registrar.complete("charts", on="02-03")


# --- awards --------------------------------------------------------------------------------------


def test_a_completion_and_all_awards_that_follow_are_one_decision(climbing: Desk) -> None:
    climbing.complete("charts", on="01-20")
    climbing.complete("sheets-1", on="02-01")
    receipt = climbing.complete("sheets-2", on="02-02")
    assert topics(receipt) == [
        "learner.module-completed",
        "learner.credential-awarded",
        "learner.credential-awarded",
    ]
    assert awarded(receipt) == [ESSENTIALS, "ladder/certificate@2026-02-02"]


def test_an_award_names_its_document_and_carries_its_witness(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01")
    (award,) = climbing.complete("sheets-2", on="02-02").awards
    assert (award.pathway, award.version, award.on) == ("ladder", "1", day("02-02"))
    assert award.digest == document(LADDER).digest
    assert award.witness["items"] == ["sheets-1@2026-02-01", "sheets-2@2026-02-02"]
    assert (award.by, award.source) == ("cairn", "policy")


def test_nothing_is_awarded_to_who_is_not_enrolled(registrar: Desk) -> None:
    registrar.publish(LADDER)
    registrar.register()
    climb(registrar)
    assert registrar.known().awards == {}


def test_enrolling_counts_what_was_completed_before(registrar: Desk) -> None:
    registrar.publish(LADDER)
    registrar.register()
    climb(registrar)
    assert awarded(registrar.enrol(on="05-01")) == [
        "ladder/essentials@2026-05-01",
        "ladder/certificate@2026-05-01",
    ]


def test_after_a_withdrawal_nothing_is_awarded_until_enrolling_again(climbing: Desk) -> None:
    climbing.withdraw()
    climb(climbing)
    assert climbing.known().awards == {}
    assert awarded(climbing.enrol(on="05-01")) == [
        "ladder/essentials@2026-05-01",
        "ladder/certificate@2026-05-01",
    ]


def test_the_order_of_recording_does_not_date_an_award(climbing: Desk) -> None:
    climbing.complete("sheets-2", on="02-02")
    assert awarded(climbing.complete("sheets-1", on="02-01")) == [ESSENTIALS]


def test_older_evidence_does_not_date_an_award_again(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01")
    climbing.complete("sheets-2", on="02-02")
    receipt = climbing.complete("sheets-2", on="01-15")
    assert topics(receipt) == ["learner.module-completed"]


def test_what_does_not_pass_is_recorded_and_serves_nothing(climbing: Desk) -> None:
    receipt = climbing.complete("sheets-1", on="02-01", score=49)
    assert receipt.warnings == ("a score of 49 does not pass `ladder/sheets-1`, which asks for 50",)
    assert awarded(climbing.complete("sheets-2", on="02-02")) == []


def test_evidence_of_the_future_counts_when_its_day_has_come(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01")
    receipt = climbing.complete("sheets-2", on="2026-07-15")
    assert awarded(receipt) == []
    assert "2026-07-15 is in the future" in receipt.warnings[-1]
    learner = climbing.learners["s-1"]
    early = climbing.ledger.settle(learner, on=date(2026, 7, 14), at=MOMENT)
    assert early.events == ()
    due = climbing.ledger.settle(learner, on=date(2026, 7, 15), at=MOMENT)
    assert awarded(due) == ["ladder/essentials@2026-07-15"]


def test_an_award_may_wait_for_an_approval(registrar: Desk) -> None:
    registrar.publish(
        LADDER.replace("title: Certificate", "title: Certificate\n        award: approval")
    )
    registrar.enrol()
    registrar.complete("sheets-1", on="02-01")
    registrar.complete("charts", on="02-03")
    receipt = registrar.complete("sheets-2", on="02-02")
    assert awarded(receipt) == [ESSENTIALS]
    assert receipt.awaiting == ("ladder/certificate",)
    approved = registrar.approve("certificate")
    assert topics(approved) == ["learner.award-approved", "learner.credential-awarded"]
    assert awarded(approved) == [CERTIFICATE]


def test_an_early_approval_is_kept_for_the_award(registrar: Desk) -> None:
    registrar.publish(
        LADDER.replace("title: Certificate", "title: Certificate\n        award: approval")
    )
    registrar.enrol()
    assert awarded(registrar.approve("certificate")) == []
    again = registrar.approve("certificate")
    assert again.duplicate
    assert "not due yet" in again.warnings[0]
    climb(registrar)
    assert CERTIFICATE in registrar.known().awards


EXCLUSIVE = """
    pathway: rivals
    version: "1"
    modules: {essay: {}}
    credentials: {poet: {requires: essay}, critic: {requires: essay}}
    exclusive: [{credentials: [poet, critic]}]
"""


def test_awards_that_exclude_each_other_wait_until_one_is_approved(registrar: Desk) -> None:
    registrar.publish(EXCLUSIVE)
    registrar.enrol("rivals")
    receipt = registrar.complete("essay")
    assert awarded(receipt) == []
    assert receipt.awaiting == ("rivals/critic", "rivals/poet")
    assert receipt.warnings == (
        "`rivals/critic` and `rivals/poet` would use the same evidence: approve one of them",
    )
    approved = registrar.approve("critic")
    assert awarded(approved) == ["rivals/critic@2026-02-01"]
    assert approved.warnings == ()
    assert registrar.complete("essay", on="02-10").awards == ()


# --- recording again -----------------------------------------------------------------------------


def test_recording_the_same_again_changes_nothing_and_says_so(climbing: Desk) -> None:
    climbing.complete("sheets-1", source="lms", source_id="991")
    before = climbing.events()
    receipt = climbing.complete("sheets-1", source="lms", source_id="991")
    assert receipt.duplicate
    assert receipt.events == ()
    assert receipt.warnings == ()
    assert climbing.events() == before


def test_recording_the_same_with_other_values_says_what_differs(climbing: Desk) -> None:
    climbing.complete("sheets-1", score=60)
    receipt = climbing.complete("sheets-1", score=70)
    assert receipt.duplicate
    assert receipt.warnings == (
        "`ladder/sheets-1@2026-02-01` was recorded with score `60`, not `70`;"
        " correct it if that was wrong",
    )


def test_enrolling_again_changes_nothing_even_after_a_new_version(climbing: Desk) -> None:
    climbing.publish(LADDER.replace('"1"', '"2"'))
    climbing.retire("ladder", "1")
    assert climbing.enrol().duplicate
    assert climbing.enrol(version="1").duplicate


def test_registering_again_keeps_the_learner_and_changes_the_name(registrar: Desk) -> None:
    first = registrar.ledger.register("s-1", name="Ann", on=TODAY, at=MOMENT)
    again = registrar.ledger.register("s-1", name="Anne", on=TODAY, at=MOMENT)
    assert (again.stream, again.duplicate) == (first.stream, True)
    assert registrar.ledger.directory.people([first.stream])[first.stream].name == "Anne"


def test_a_preview_records_nothing(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01")
    before = climbing.events()
    receipt = climbing.ledger.preview(
        StartModule(learner=climbing.learners["s-1"], module="charts", on=TODAY), on=TODAY
    )
    assert topics(receipt) == ["learner.module-started"]
    assert climbing.events() == before
    second = document(LADDER.replace('"1"', '"2"'))
    preview = climbing.ledger.preview(PublishPathway(document=second, on=TODAY), on=TODAY)
    assert topics(preview) == ["pathway.published"]
    assert list(climbing.ledger.publication("ladder").editions) == ["1"]


def test_a_moment_needs_a_time_zone(climbing: Desk) -> None:
    command = StartModule(learner=climbing.learners["s-1"], module="charts", on=TODAY)
    naive = datetime(2026, 6, 30)  # noqa: DTZ001  # that is the point
    with pytest.raises(InvalidError, match="time zone"):
        climbing.ledger.record(command, on=TODAY, at=naive)


def test_moments_are_kept_in_utc(climbing: Desk) -> None:
    history = climbing.ledger.history(climbing.learners["s-1"])
    assert {recorded.at for recorded in history} == {MOMENT}
    assert {recorded.at.utcoffset() for recorded in history} == {MOMENT.utcoffset()}
    assert [recorded.number for recorded in history] == [1, 2]
    assert {recorded.day for recorded in history} == {TODAY}
    assert MOMENT.tzinfo is UTC


# --- names ---------------------------------------------------------------------------------------


def test_modules_are_recorded_by_their_full_names(climbing: Desk) -> None:
    climbing.complete("charts")
    assert [c.module for c in climbing.known().completions.values()] == ["ladder/charts"]


def test_an_unknown_module_is_refused_with_the_nearest(climbing: Desk) -> None:
    with pytest.raises(UnknownModuleError, match="knows a module `chart`") as caught:
        climbing.complete("chart")
    assert caught.value.help == "did you mean `charts`?"


OTHER = """
    pathway: other
    version: "1"
    modules: {charts: {credits: 1}, poems: {credits: 1}}
    credentials: {poet: {requires: {all: [poems, charts]}}}
"""


def test_what_the_learner_follows_goes_before_what_else_is_published(climbing: Desk) -> None:
    climbing.publish(OTHER)
    receipt = climbing.complete("charts")
    assert receipt.events[0].module == "ladder/charts"  # type: ignore[attr-defined]  # known


def test_a_name_of_two_catalogues_is_refused_with_both(registrar: Desk) -> None:
    registrar.publish(LADDER)
    registrar.publish(OTHER)
    registrar.register()
    with pytest.raises(AmbiguousNameError, match="several modules `charts`") as caught:
        registrar.complete("charts")
    assert caught.value.help == "name one of `ladder/charts`, `other/charts`"
    assert not registrar.complete("other/charts").duplicate


def test_a_full_name_that_nobody_knows_is_recorded_with_a_warning(climbing: Desk) -> None:
    receipt = climbing.complete("elsewhere/pottery")
    assert receipt.warnings == ("no published pathway knows `elsewhere/pottery`",)


@pytest.mark.parametrize("wrong", ["/pottery", "elsewhere/", "a/b/c"])
def test_a_full_name_has_two_parts(climbing: Desk, wrong: str) -> None:
    with pytest.raises(InvalidError, match="not the name of a module"):
        climbing.complete(wrong)


def test_what_the_learner_does_not_follow_is_recorded_with_a_warning(climbing: Desk) -> None:
    climbing.publish(OTHER)
    assert climbing.complete("poems").warnings == (
        "no pathway that the learner follows knows `other/poems`",
    )
    climbing.register("s-2")
    assert climbing.complete("poems", who="s-2").warnings == (
        "the learner follows no pathway, so nothing can be awarded",
    )


def test_a_retired_code_counts_as_its_module(climbing: Desk) -> None:
    climbing.complete("old-charts", on="02-03")
    climbing.complete("sheets-1", on="02-01")
    assert awarded(climbing.complete("sheets-2", on="02-02")) == [
        ESSENTIALS,
        CERTIFICATE,
    ]


def test_an_unknown_credential_is_refused_with_the_nearest(climbing: Desk) -> None:
    with pytest.raises(UnknownCredentialError, match="knows a credential `essential`") as caught:
        climbing.approve("essential")
    assert caught.value.help == "did you mean `essentials`?"
    assert topics(climbing.approve("ladder/essentials")) == ["learner.award-approved"]


def test_an_unmet_prerequisite_is_reported_and_stops_nothing(climbing: Desk) -> None:
    receipt = climbing.complete("sheets-2", on="02-02")
    assert len(receipt.events) == 1
    (warning,) = receipt.warnings
    assert warning.startswith("the prerequisite of `ladder/sheets-2` is not met on 2026-02-02: ")
    climbing.complete("sheets-1", on="02-01")
    started = climbing.do(
        StartModule(learner=climbing.learners["s-1"], module="sheets-2", on=TODAY)
    )
    assert started.warnings == ()


def test_a_grade_that_the_scale_lacks_is_reported(registrar: Desk) -> None:
    registrar.publish(
        """
        pathway: graded
        version: "1"
        scale: {A: 4, B: 3, F: 0}
        defaults: {pass_grade: B}
        modules: {essay: {}}
        credentials: {writer: {requires: essay}}
        """
    )
    registrar.enrol("graded")
    assert registrar.complete("essay", on="02-01", grade="Z").warnings == (
        "`Z` is not a grade of `graded/essay`: A, B, F",
    )
    assert registrar.complete("essay", on="02-02", grade="F").warnings == (
        "the grade F does not pass `graded/essay`, which asks for B",
    )


# --- versions ------------------------------------------------------------------------------------

HARDER = LADDER.replace('version: "1"', 'version: "2"').replace(
    "all: [sheets-1, sheets-2]", "all: [sheets-1, sheets-2, macros]"
)


def test_a_learner_stays_on_the_version_of_the_enrolment(climbing: Desk) -> None:
    climbing.publish(HARDER)
    climbing.complete("sheets-1", on="02-01")
    assert awarded(climbing.complete("sheets-2", on="02-02")) == [ESSENTIALS]


def test_a_second_version_is_moved_to_and_not_enrolled_in(climbing: Desk) -> None:
    climbing.publish(HARDER)
    with pytest.raises(AlreadyEnrolledError, match="version `1` of `ladder`") as caught:
        climbing.enrol(version="2")
    assert caught.value.help == "move the enrolment to version `2` instead"


def test_moving_is_previewed_and_takes_nothing_away(climbing: Desk) -> None:
    climbing.publish(HARDER)
    climbing.complete("sheets-1", on="02-01")
    climbing.complete("sheets-2", on="02-02")
    receipt = climbing.move()
    assert topics(receipt) == ["learner.moved"]
    assert climbing.known().enrolment("ladder").version == "2"
    assert climbing.status("essentials") == "held"


def test_moving_to_an_easier_version_awards_at_once(registrar: Desk) -> None:
    registrar.publish(HARDER.replace('version: "2"', 'version: "1"'))
    registrar.enrol()
    registrar.complete("sheets-1", on="02-01")
    assert awarded(registrar.complete("sheets-2", on="02-02")) == []
    registrar.publish(LADDER.replace('version: "1"', 'version: "2"'))
    assert awarded(registrar.move()) == [ESSENTIALS]


def test_a_retired_version_takes_no_new_enrolments_only(climbing: Desk) -> None:
    climbing.retire("ladder", "1")
    with pytest.raises(RetiredError, match="version `1` of `ladder` was retired on 2026-06-30"):
        climbing.enrol(who="s-2", version="1")
    with pytest.raises(RetiredError, match="every version of `ladder` is retired"):
        climbing.enrol(who="s-2")
    climb(climbing)
    assert CERTIFICATE in climbing.known().awards


def test_moving_back_to_a_retired_version_is_possible_and_said(climbing: Desk) -> None:
    climbing.publish(HARDER)
    climbing.move()
    climbing.retire("ladder", "1")
    assert climbing.move(version="1").warnings == ("version `1` of `ladder` is retired",)


def test_without_a_version_one_enrols_in_the_newest_open_one(registrar: Desk) -> None:
    registrar.publish(LADDER)
    registrar.publish(HARDER)
    registrar.publish(LADDER.replace('"1"', '"3"'))
    registrar.retire("ladder", "3")
    registrar.enrol()
    assert registrar.known().enrolment("ladder").version == "2"
    assert registrar.ledger.volume("ladder").edition.version == "2"


def test_unknown_pathways_versions_and_learners_are_refused(climbing: Desk) -> None:
    with pytest.raises(UnknownPathwayError, match="no pathway `leader`"):
        climbing.enrol("leader")
    with pytest.raises(UnknownVersionError, match="no version `9`"):
        climbing.enrol(who="s-2", version="9")
    with pytest.raises(UnknownLearnerError, match="no learner `nobody`"):
        climbing.ledger.learner("nobody")
    with pytest.raises(UnknownLearnerError):
        climbing.do(StartModule(learner="nobody", module="charts", on=TODAY))
    with pytest.raises(UnknownLearnerError, match="`pathway/ladder` is no learner"):
        climbing.ledger.learner("pathway/ladder")
    with pytest.raises(InvalidError, match="needs a reference"):
        climbing.ledger.register(" ", on=TODAY, at=MOMENT)
    with pytest.raises(NotEnrolledError):
        climbing.ledger.assess(climbing.known(), "other", TODAY)


def test_every_published_pathway_is_known(registrar: Desk) -> None:
    assert registrar.ledger.pathways() == []
    registrar.publish(OTHER)
    registrar.publish(LADDER)
    assert registrar.ledger.pathways() == ["ladder", "other"]


def test_a_document_that_was_tampered_with_is_not_used(registrar: Desk, tmp_path: Path) -> None:
    registrar.publish(LADDER)
    cursor = registrar.ledger.store.datastore
    with cursor.transaction(commit=True) as change:
        change.execute(
            "UPDATE stored_events SET state = CAST(replace(state, 'Macros', 'Tricks') AS BLOB)"
        )
    registrar.register()
    with pytest.raises(LedgerCorruptError, match="not the one published"):
        registrar.complete("charts")


# --- waivers and substitutions -------------------------------------------------------------------


def test_a_waiver_meets_the_rule_and_is_in_the_witness(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01")
    climbing.complete("sheets-2", on="02-02")
    (award,) = climbing.waive("further", on="02-10").awards
    assert award.award == "ladder/certificate@2026-02-10"
    assert "waiver:further" in award.witness["items"]


def test_an_amount_of_a_rule_can_be_waived(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01")
    climbing.complete("sheets-2", on="02-02")
    assert awarded(climbing.waive("further", on="02-10", amount=Decimal(4))) == []
    assert awarded(climbing.waive("further", on="02-11", amount=Decimal(1), id="rest")) == [
        "ladder/certificate@2026-02-11"
    ]


def test_only_a_rule_of_the_pathway_can_be_waived(climbing: Desk) -> None:
    with pytest.raises(UnknownRuleError, match="no rule `farther`") as caught:
        climbing.waive("farther")
    assert caught.value.help == "did you mean `further`?"


def test_an_amount_can_only_be_waived_where_there_is_one(registrar: Desk) -> None:
    registrar.publish(
        """
        pathway: plain
        version: "1"
        modules: {essay: {}}
        credentials: {writer: {requires: {id: writing, all: [essay]}}}
        """
    )
    registrar.enrol("plain")
    with pytest.raises(UnknownRuleError, match="no amount of `writing`"):
        registrar.waive("writing", pathway="plain", amount=Decimal(1))


def test_a_substitution_lets_a_module_of_elsewhere_count(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01")
    climbing.complete("work/tables", on="02-02")
    receipt = climbing.do(
        SubstituteModule(
            learner=climbing.learners["s-1"],
            module="work/tables",
            counts_as="sheets-2",
            on=day("02-05"),
        )
    )
    assert awarded(receipt) == ["ladder/essentials@2026-02-05"]


# --- awards made elsewhere, shared, renewed, held while met --------------------------------------

VENDOR = """
    pathway: vendor
    version: "1"
    modules: {lab: {}}
    credentials:
      badge: {external: true}
      expert: {requires: {all: [badge, lab]}}
"""


def test_an_award_made_elsewhere_counts_while_it_lasts(registrar: Desk) -> None:
    registrar.publish(VENDOR)
    registrar.enrol("vendor")
    registrar.do(
        RecordExternalAward(
            learner=registrar.learners["s-1"],
            credential="badge",
            on=day("01-10"),
            expires=day("03-01"),
        )
    )
    assert awarded(registrar.complete("lab", on="03-02")) == []
    assert awarded(registrar.complete("lab", on="03-01")) == ["vendor/expert@2026-03-01"]


SHARED = """
    pathway: {pathway}
    catalogue: college
    version: "1"
    modules: {{algebra: {{}}}}
    credentials: {{numerate: {{requires: algebra}}}}
"""


def test_an_award_that_two_pathways_share_is_made_once(registrar: Desk) -> None:
    registrar.publish(SHARED.format(pathway="first"))
    registrar.publish(SHARED.format(pathway="second"))
    registrar.enrol("first")
    registrar.enrol("second")
    (award,) = registrar.complete("algebra").awards
    assert (award.award, award.pathway) == ("college/numerate@2026-02-01", "first")


ABOVE = """
    pathway: above
    version: "1"
    uses: [below.pathway.yaml]
    credentials: {master: {requires: below/bachelor}}
"""

BELOW = """
    pathway: below
    version: "1"
    modules: {proposal: {}, thesis: {requires: proposal}}
    credentials: {bachelor: {requires: thesis}}
"""


def test_an_award_of_one_pathway_is_evidence_in_another(registrar: Desk, tmp_path: Path) -> None:
    (tmp_path / "below.pathway.yaml").write_text(BELOW)
    (tmp_path / "above.pathway.yaml").write_text(ABOVE)
    for name in ("below", "above"):
        found = load_pathway(tmp_path / f"{name}.pathway.yaml").document
        registrar.do(PublishPathway(document=found, on=TODAY))
    registrar.enrol("above")
    registrar.enrol("below")
    receipt = registrar.complete("thesis")
    assert awarded(receipt) == ["below/bachelor@2026-02-01", "above/master@2026-02-01"]
    assert [award.pathway for award in receipt.awards] == ["above", "above"]
    assert len(receipt.warnings) == 1
    registrar.withdraw("above")
    assert awarded(registrar.complete("below/thesis", on="03-01")) == []


def test_pathways_that_stack_are_evaluated_until_nothing_is_due(
    registrar: Desk, tmp_path: Path
) -> None:
    # The upper pathway comes first in the alphabet, and only knows the award of the lower one.
    (tmp_path / "below.pathway.yaml").write_text(BELOW)
    external = (
        BELOW.replace("{requires: thesis}", "{external: true}")
        .replace("pathway: below", "catalogue: below")
        .replace('version: "1"', "")
    )
    (tmp_path / "awards.pathway.yaml").write_text(external)
    (tmp_path / "above.pathway.yaml").write_text(ABOVE.replace("below.pathway", "awards.pathway"))
    for name in ("below", "above"):
        found = load_pathway(tmp_path / f"{name}.pathway.yaml").document
        registrar.do(PublishPathway(document=found, on=TODAY))
        registrar.enrol(name)
    receipt = registrar.complete("thesis")
    assert awarded(receipt) == ["below/bachelor@2026-02-01", "above/master@2026-02-01"]
    assert [award.pathway for award in receipt.awards] == ["below", "above"]


def test_an_award_is_renewed_by_later_evidence(registrar: Desk) -> None:
    registrar.publish(
        """
        pathway: first-aid
        version: "1"
        modules: {course: {}, refresher: {repeatable: unlimited}}
        credentials:
          aider:
            requires: course
            valid_for: 3 months
            renewal: {requires: refresher, grace: 30 days}
        """
    )
    registrar.enrol("first-aid")
    registrar.complete("course", on="01-10")
    (renewal,) = registrar.complete("refresher", on="04-20").renewals
    assert (renewal.award, renewal.on, renewal.expires) == (
        "first-aid/aider@2026-01-10",
        day("04-20"),
        day("07-20"),
    )
    assert registrar.complete("refresher", on="04-20").duplicate
    assert topics(registrar.complete("course", on="05-01")) == ["learner.module-completed"]
    award = registrar.known().award("aider")
    assert (award.on, award.expires_on) == (day("01-10"), day("07-20"))


def test_an_award_can_be_earned_anew_after_it_expired(registrar: Desk) -> None:
    registrar.publish(
        """
        pathway: swim
        version: "1"
        modules: {test: {}}
        credentials: {guard: {requires: test, valid_for: 1 month}}
        """
    )
    registrar.enrol("swim")
    registrar.complete("test", on="01-10")
    assert awarded(registrar.complete("test", on="04-10")) == ["swim/guard@2026-04-10"]
    assert len(registrar.known().awards) == 2
    receipt = registrar.revoke("test@2026-04-10", on="04-20")
    assert topics(receipt) == ["learner.completion-revoked", "learner.award-flagged"]
    assert registrar.known().award("guard@2026-01-10").under_review == ()


def test_an_award_held_while_met_is_recorded_once_for_each_stretch(registrar: Desk) -> None:
    registrar.publish(
        """
        pathway: fit
        version: "1"
        modules: {run: {repeatable: unlimited}}
        credentials: {fit: {requires: {module: run, since: 1 month}, lasts: while_met}}
        """
    )
    registrar.enrol("fit")
    assert awarded(registrar.complete("run", on="01-10")) == ["fit/fit@2026-01-10"]
    assert awarded(registrar.complete("run", on="01-20")) == []
    assert awarded(registrar.complete("run", on="04-20")) == ["fit/fit@2026-04-20"]
    assert awarded(registrar.ledger.settle(registrar.learners["s-1"], on=TODAY, at=MOMENT)) == []


# --- lost evidence -------------------------------------------------------------------------------


def test_an_award_that_lost_its_ground_goes_to_review(climbing: Desk) -> None:
    climb(climbing)
    receipt = climbing.revoke("sheets-1@2026-02-01")
    assert topics(receipt) == ["learner.completion-revoked", "learner.award-flagged"]
    award = climbing.known().award("essentials")
    assert (award.revoked, award.under_review) == (None, ("ladder/sheets-1@2026-02-01",))
    assert climbing.status("certificate") == "held"


def test_what_was_flagged_is_not_flagged_again(climbing: Desk) -> None:
    climb(climbing)
    climbing.revoke("sheets-1@2026-02-01")
    assert topics(climbing.complete("macros")) == ["learner.module-completed"]


def test_an_award_stands_on_another_attempt(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="01-15", source="transfer")
    climb(climbing)
    receipt = climbing.revoke("transfer:ladder/sheets-1@2026-01-15")
    assert topics(receipt) == ["learner.completion-revoked", "learner.witness-replaced"]
    (replaced,) = [event for event in receipt.events if isinstance(event, WitnessReplaced)]
    assert replaced.witness["items"] == ["sheets-1@2026-02-01", "sheets-2@2026-02-02"]
    assert climbing.known().award("essentials").under_review == ()


def test_two_completions_of_a_module_are_revoked_one_by_one(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01", source="lms", source_id="1")
    climbing.complete("sheets-1", on="02-01", source="exam", source_id="1")
    climbing.complete("sheets-2", on="02-02")
    climbing.revoke("lms:1")
    assert climbing.known().award("essentials").under_review == ()
    climbing.revoke("exam:1")
    assert climbing.known().award("essentials").under_review != ()


REVOKING = LADDER.replace(
    "title: Essentials,", "title: Essentials, on_lost_evidence: revoke,"
).replace("title: Certificate", "title: Certificate\n        on_lost_evidence: revoke")


@pytest.fixture
def strict(registrar: Desk) -> Desk:
    """A learner in a ladder whose credentials are revoked when their ground is lost."""
    registrar.publish(REVOKING)
    registrar.enrol()
    return registrar


def test_a_loss_travels_up_the_stack(strict: Desk) -> None:
    climb(strict)
    receipt = strict.revoke("sheets-2@2026-02-02", on="06-01")
    assert topics(receipt) == [
        "learner.completion-revoked",
        "learner.review-decided",
        "learner.award-revoked",
        "learner.review-decided",
        "learner.award-revoked",
    ]
    assert strict.status("essentials") != "held"
    assert strict.status("certificate") != "held"
    revoked = [event for event in receipt.events if isinstance(event, AwardRevoked)]
    assert [event.on for event in revoked] == [day("06-01"), day("06-01")]


def test_what_lost_its_ground_is_earned_anew_without_starting_over(strict: Desk) -> None:
    climb(strict)
    strict.revoke("sheets-2@2026-02-02", on="06-01")
    assert awarded(strict.complete("sheets-2", on="06-10")) == [
        "ladder/essentials@2026-06-10",
        "ladder/certificate@2026-06-10",
    ]


def test_a_loss_can_be_seen_before_it_is_made(strict: Desk) -> None:
    climb(strict)
    before = strict.events()
    preview = strict.ledger.preview(
        RevokeCompletion(
            learner=strict.learners["s-1"], completion="sheets-2@2026-02-02", on=TODAY
        ),
        on=TODAY,
    )
    assert topics(preview).count("learner.award-revoked") == 2
    assert strict.events() == before


def test_a_revocation_of_the_future_takes_effect_on_its_day(strict: Desk) -> None:
    climb(strict)
    receipt = strict.revoke("sheets-2@2026-02-02", on="2026-07-15")
    assert topics(receipt) == ["learner.completion-revoked"]
    later = strict.ledger.settle(strict.learners["s-1"], on=date(2026, 7, 15), at=MOMENT)
    assert topics(later).count("learner.award-revoked") == 2


def test_a_completion_that_was_never_valid_grounds_nothing(strict: Desk) -> None:
    climb(strict)
    receipt = strict.revoke("sheets-2@2026-02-02", on="02-02")
    assert topics(receipt).count("learner.award-revoked") == 2


def test_a_keeping_credential_stays_and_says_so(registrar: Desk) -> None:
    registrar.publish(
        LADDER.replace("title: Essentials,", "title: Essentials, on_lost_evidence: keep,")
    )
    registrar.enrol()
    climb(registrar)
    receipt = registrar.revoke("sheets-2@2026-02-02")
    assert topics(receipt) == ["learner.completion-revoked", "learner.review-decided"]
    assert registrar.status("essentials") == registrar.status("certificate") == "held"


def test_a_withdrawn_waiver_is_lost_evidence(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01")
    climbing.complete("sheets-2", on="02-02")
    climbing.waive("further", on="02-10")
    withdraw = WithdrawWaiver(
        learner=climbing.learners["s-1"], pathway="ladder", waiver="further", on=TODAY
    )
    receipt = climbing.do(withdraw)
    assert topics(receipt) == ["learner.waiver-withdrawn", "learner.award-flagged"]
    assert climbing.known().award("certificate").under_review == ("waiver:further",)


def test_a_withdrawn_waiver_that_was_not_needed_is_replaced(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01")
    climbing.complete("sheets-2", on="02-02")
    climbing.waive("further", on="02-10")
    climbing.complete("charts", on="03-01")
    withdraw = WithdrawWaiver(
        learner=climbing.learners["s-1"], pathway="ladder", waiver="further", on=TODAY
    )
    assert topics(climbing.do(withdraw)) == [
        "learner.waiver-withdrawn",
        "learner.witness-replaced",
    ]


def test_a_correction_that_does_not_pass_is_lost_evidence(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01", score=80)
    climbing.complete("sheets-2", on="02-02")
    receipt = climbing.do(
        CorrectCompletion(
            learner=climbing.learners["s-1"],
            completion="sheets-1@2026-02-01",
            score=Decimal(40),
            on=day("02-01"),
        )
    )
    assert topics(receipt) == ["learner.completion-corrected", "learner.award-flagged"]


def test_what_was_corrected_is_recognised_when_it_comes_again(climbing: Desk) -> None:
    climbing.complete("charts", on="02-01", score=80)
    climbing.do(
        CorrectCompletion(
            learner=climbing.learners["s-1"],
            completion="charts@2026-02-01",
            score=Decimal(90),
            on=day("02-01"),
        )
    )
    again_ = climbing.complete("charts", on="02-01", score=80)
    assert (again_.duplicate, again_.warnings) == (True, ())


def test_a_correction_that_passes_is_a_new_witness(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01", score=80)
    climbing.complete("sheets-2", on="02-02")
    receipt = climbing.do(
        CorrectCompletion(
            learner=climbing.learners["s-1"],
            completion="sheets-1@2026-02-01",
            score=Decimal(55),
            on=day("02-01"),
        )
    )
    assert topics(receipt) == ["learner.completion-corrected", "learner.witness-replaced"]
    award = climbing.known().award("essentials")
    assert award.evidence == ("ladder/sheets-1@2026-02-01#2", "ladder/sheets-2@2026-02-02")


def test_a_correction_can_name_another_module(climbing: Desk) -> None:
    climbing.complete("macros", on="02-01")
    climbing.complete("sheets-2", on="02-02")
    receipt = climbing.do(
        CorrectCompletion(
            learner=climbing.learners["s-1"],
            completion="macros@2026-02-01",
            module="sheets-1",
            on=day("02-01"),
        )
    )
    assert awarded(receipt) == [ESSENTIALS]


def test_a_correction_can_bring_an_award(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01", score=40)
    climbing.complete("sheets-2", on="02-02")
    receipt = climbing.do(
        CorrectCompletion(
            learner=climbing.learners["s-1"],
            completion="sheets-1@2026-02-01",
            score=Decimal(55),
            on=day("02-01"),
        )
    )
    assert awarded(receipt) == [ESSENTIALS]


def test_a_revoked_award_no_longer_counts_upwards(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01")
    climbing.complete("sheets-2", on="02-02")
    climbing.do(RevokeAward(learner=climbing.learners["s-1"], award="essentials", on=day("02-20")))
    assert awarded(climbing.complete("charts", on="03-01")) == []


def test_a_reinstated_award_counts_again(climbing: Desk) -> None:
    climbing.complete("sheets-1", on="02-01")
    climbing.complete("sheets-2", on="02-02")
    learner = climbing.learners["s-1"]
    climbing.do(RevokeAward(learner=learner, award="essentials", on=day("02-20")))
    climbing.complete("charts", on="03-01")
    receipt = climbing.do(ReinstateAward(learner=learner, award="essentials", on=TODAY))
    assert topics(receipt) == ["learner.award-reinstated", "learner.credential-awarded"]
    assert [event.topic for event in climbing.events() if "award-re" in event.topic] == [
        "learner.award-revoked",
        "learner.award-reinstated",
    ]


def test_an_award_reinstated_without_its_ground_stays(strict: Desk) -> None:
    climb(strict)
    strict.revoke("sheets-2@2026-02-02", on="06-01")
    learner = strict.learners["s-1"]
    strict.do(ReinstateAward(learner=learner, award="essentials", on=TODAY))
    assert strict.known().award("essentials").revoked is None
    assert topics(strict.complete("macros")) == ["learner.module-completed"]
    assert strict.status("essentials") == "held"


def test_what_rests_on_a_reinstated_award_comes_back_with_it(strict: Desk) -> None:
    climb(strict)
    learner = strict.learners["s-1"]
    strict.do(RevokeAward(learner=learner, award="essentials", on=day("05-01")))
    assert strict.known().award("certificate").revoked == day("05-01")
    receipt = strict.do(ReinstateAward(learner=learner, award="essentials", on=TODAY))
    assert topics(receipt) == [
        "learner.award-reinstated",
        "learner.award-reinstated",
        "learner.witness-replaced",
    ]
    assert strict.status("certificate") == "held"
    assert topics(strict.complete("macros", on="01-10")) == ["learner.module-completed"]


def test_a_completion_that_is_recorded_anew_brings_its_awards_back(strict: Desk) -> None:
    climb(strict)
    strict.revoke("sheets-2@2026-02-02", on="06-01")
    receipt = strict.complete("sheets-2", on="02-02", source="exam")
    assert topics(receipt).count("learner.award-reinstated") == 2
    assert strict.status("certificate") == "held"
    assert len(strict.known().awards) == 2


def test_a_review_ends_with_a_decision(climbing: Desk) -> None:
    climb(climbing)
    climbing.revoke("sheets-1@2026-02-01")
    learner = climbing.learners["s-1"]
    kept = climbing.do(DecideReview(learner=learner, award="essentials", decision="keep", on=TODAY))
    assert topics(kept) == ["learner.review-decided"]
    assert topics(climbing.complete("macros")) == ["learner.module-completed"]
    climbing.revoke("sheets-2@2026-02-02")
    revoked = climbing.do(
        DecideReview(learner=learner, award="essentials", decision="revoke", on=TODAY)
    )
    assert topics(revoked) == [
        "learner.review-decided",
        "learner.award-revoked",
        "learner.award-flagged",
    ]


def test_a_review_ends_by_itself_when_other_evidence_is_found(climbing: Desk) -> None:
    climb(climbing)
    climbing.revoke("sheets-1@2026-02-01")
    receipt = climbing.complete("sheets-1", on="01-15", source="transfer")
    assert topics(receipt) == ["learner.module-completed", "learner.witness-replaced"]
    assert climbing.known().award("essentials").under_review == ()


def test_a_loss_is_judged_by_the_document_of_the_award(registrar: Desk) -> None:
    registrar.publish(LADDER)
    registrar.enrol()
    climb(registrar)
    registrar.publish(REVOKING.replace('version: "1"', 'version: "2"'))
    registrar.move()
    receipt = registrar.revoke("sheets-1@2026-02-01")
    assert topics(receipt) == ["learner.completion-revoked", "learner.award-flagged"]


def test_a_loss_after_a_withdrawal_is_still_examined(climbing: Desk) -> None:
    climb(climbing)
    climbing.withdraw()
    assert "learner.award-flagged" in topics(climbing.revoke("sheets-1@2026-02-01"))


# --- at the same moment ---------------------------------------------------------------------------


def test_what_others_were_faster_with_is_tried_again() -> None:
    tries: list[int] = []

    def third_time_lucky() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise LedgerConflictError("taken")
        return "done"

    assert again(third_time_lucky) == "done"
    assert len(tries) == 3


def test_trying_again_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.ledger._LONGEST_PAUSE", 0)
    tries: list[int] = []

    def never() -> None:
        tries.append(1)
        raise LedgerConflictError("taken")

    with pytest.raises(LedgerConflictError):
        again(never)
    assert len(tries) == 100


def test_two_who_read_the_same_do_not_both_write(climbing: Desk) -> None:
    learner = climbing.learners["s-1"]
    number = climbing.ledger.load(learner).number
    event = climbing.ledger.preview(
        StartModule(learner=learner, module="charts", on=TODAY), on=TODAY
    ).events[0]
    place = Recorded(learner, number + 1, MOMENT, TODAY, event)
    climbing.ledger.store.append([place])
    with pytest.raises(LedgerConflictError, match="writes the same"):
        climbing.ledger.store.append([place])
    assert climbing.ledger.load(learner).number == number + 1


def test_documents_that_were_let_go_are_read_again(
    climbing: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.library._KEPT", 1)
    climbing.publish(OTHER)
    climbing.enrol("other")
    climbing.complete("sheets-1", on="02-01")
    assert awarded(climbing.complete("sheets-2", on="02-02")) == [ESSENTIALS]


def test_a_command_of_no_kind_is_a_mistake_of_the_program(registrar: Desk) -> None:
    with pytest.raises(TypeError, match="Command is not a command of the ledger"):
        registrar.do(Command(on=TODAY))


# --- what stays ----------------------------------------------------------------------------------


def test_a_ledger_is_found_again_as_it_was_left(tmp_path: Path) -> None:
    with desk(tmp_path) as first:
        first.publish(LADDER)
        first.enrol()
        climb(first)
        before, learner = first.known(), first.learners["s-1"]
    with open_ledger(str(tmp_path / "cairn.db")) as again:
        assert again.learner(learner) == before
        assert again.directory.find("s-1") == learner


def test_a_learner_can_be_seen_as_of_an_earlier_event(climbing: Desk) -> None:
    climb(climbing)
    learner = climbing.learners["s-1"]
    early = climbing.ledger.load(learner, upto=2)
    assert (early.number, early.day) == (2, TODAY)
    assert early.learner == replace(climbing.known(), completions={}, awards={})


def test_the_ledger_holds_no_personal_data(tmp_path: Path) -> None:
    with desk(tmp_path) as registrar:
        registrar.publish(LADDER)
        registrar.ledger.register(
            "student-4711", name="Ann Example", email="ann@example.org", on=TODAY, at=MOMENT
        )
        registrar.enrol(who="student-4711")
        registrar.complete("sheets-1", who="student-4711")
        registrar.complete("sheets-2", who="student-4711")
        learner = registrar.learners["student-4711"]
        with registrar.ledger.store.datastore.transaction(commit=False) as cursor:
            cursor.execute("SELECT originator_id, topic, state FROM stored_events")
            stored = b"".join(
                row["originator_id"].encode() + row["topic"].encode() + row["state"]
                for row in cursor.fetchall()
            )
        assert learner.encode() in stored
        for personal in (b"4711", b"Ann", b"ann@", b"example.org"):
            assert personal.lower() not in stored.lower()


def test_erasing_a_person_leaves_the_ledger_as_it_was(climbing: Desk) -> None:
    climb(climbing)
    learner = climbing.learners["s-1"]
    before = climbing.known()
    assert climbing.ledger.directory.erase(learner)
    assert not climbing.ledger.directory.erase(learner)
    assert climbing.ledger.learner(learner) == before
    assert climbing.ledger.directory.people([learner]) == {}
    # Decisions about what they were awarded are still taken, by the id that the ledger has.
    assert climbing.ledger.directory.find(learner) == learner
    with pytest.raises(UnknownLearnerError, match="s-1"):
        climbing.ledger.directory.find("s-1")
    with pytest.raises(UnknownLearnerError):
        climbing.ledger.directory.find("pathway/ladder")
    assert any(isinstance(event, CredentialAwarded) for event in climbing.events())
