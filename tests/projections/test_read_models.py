"""The read models: they show what was just recorded, and rebuilding changes no row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.commands import (
    CorrectCompletion,
    DecideReview,
    RecordExternalAward,
    RevokeAward,
    StartModule,
)
from projections import (
    activity,
    completions,
    enrolments,
    learners,
    progress,
    publications,
    register,
    runner,
    tables,
)
from projections.runner import ALL, Projections
from tests.domain.test_imports import many
from tests.ledgers import LADDER, MOMENT, TODAY, Desk, day


@pytest.fixture
def views(registrar: Desk) -> Iterator[Projections]:
    opened = Projections(registrar.ledger)
    yield opened
    opened.close()


@pytest.fixture
def busy(registrar: Desk) -> Desk:
    """A ledger in which a bit of everything happened."""
    registrar.publish(LADDER)
    registrar.publish(LADDER.replace('"1"', '"2"'))
    registrar.ledger.register("s-1", name="Ann", email="ann@example.org", on=TODAY, at=MOMENT)
    registrar.enrol(version="1")
    registrar.complete("sheets-1", on="02-01", score=80)
    registrar.complete("sheets-2", on="02-02", source="lms", source_id="7")
    registrar.complete("charts", on="02-03")
    learner = registrar.learners["s-1"]
    registrar.do(StartModule(learner=learner, module="macros", on=TODAY))
    registrar.revoke("sheets-1@2026-02-01")
    registrar.do(DecideReview(learner=learner, award="essentials", decision="keep", on=TODAY))
    registrar.do(
        CorrectCompletion(learner=learner, completion="lms:7", score=Decimal(61), on=day("02-02"))
    )
    registrar.waive("further", on="02-10")
    registrar.enrol(who="s-2", version="2")
    registrar.complete("charts", who="s-2", grade="A")
    registrar.withdraw(who="s-2")
    registrar.retire("ladder", "1")
    registrar.move()
    registrar.do(RevokeAward(learner=learner, award="certificate", on=day("05-05")))
    return registrar


def rows(views: Projections) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every read model."""
    with views.reading() as view:
        return {
            table.name: sorted((tuple(row) for row in view.execute(select(table))), key=repr)
            for table in tables.metadata.sorted_tables
        }


# --- one truth -----------------------------------------------------------------------------------


def test_rebuilding_gives_the_rows_that_catching_up_gave(
    busy: Desk, views: Projections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_PAGE", 3)
    busy.take_in(many(15))
    caught_up = rows(views)
    assert all(caught_up.values())
    assert views.rebuild() == busy.ledger.store.head()
    assert rows(views) == caught_up


def test_catching_up_after_each_event_gives_the_same_rows_as_at_the_end(
    registrar: Desk, views: Projections
) -> None:
    registrar.publish(LADDER)
    registrar.enrol()
    for module, on in (("sheets-1", "02-01"), ("sheets-2", "02-02"), ("charts", "02-03")):
        views.catch_up()
        registrar.complete(module, on=on)
    registrar.revoke("sheets-1@2026-02-01")
    step_by_step = rows(views)
    views.rebuild()
    assert rows(views) == step_by_step


def test_a_read_sees_what_was_just_recorded(registrar: Desk, views: Projections) -> None:
    registrar.publish(LADDER)
    with views.reading() as view:
        assert learners.counted(view) == 0
    registrar.enrol()
    with views.reading() as view:
        assert learners.counted(view) == 1
    assert views.catch_up() == 0


def test_a_read_model_of_another_version_is_rebuilt(busy: Desk, views: Projections) -> None:
    before = rows(views)
    newer = tuple(
        replace(one, version=one.version + 1) if one.name == "awards" else one for one in ALL
    )
    other = Projections(busy.ledger, newer)
    try:
        assert other.catch_up() == busy.ledger.store.head()
        after = rows(other)
        assert after["awards"] == before["awards"]
        assert ("awards", 2, busy.ledger.store.head()) in after["positions"]
        busy.complete("macros")
        assert len(rows(other)["activity"]) == len(before["activity"]) + 1
    finally:
        other.close()


def test_two_readers_that_catch_up_at_once_do_not_disturb_each_other(
    busy: Desk, views: Projections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_PAGE", 4)
    other = Projections(busy.ledger)
    try:
        # Whenever the first has written a page, the second writes all that is left.
        seen: list[int] = []

        def interfere(done: int, _all: int) -> None:
            seen.append(done)
            other.catch_up()

        views.catch_up(interfere)
        assert seen
        together = rows(views)
        views.rebuild()
        assert rows(views) == together
    finally:
        other.close()


def test_progress_is_told_while_catching_up(
    busy: Desk, views: Projections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_PAGE", 5)
    told: list[tuple[int, int]] = []
    views.rebuild(lambda done, total: told.append((done, total)))
    head = busy.ledger.store.head()
    assert told[-1] == (head, head)
    assert all(total == head for _, total in told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_how_far_each_read_model_is_can_be_told_without_catching_up(
    registrar: Desk, views: Projections
) -> None:
    registrar.publish(LADDER)
    before = {state.name: (state.position, state.rows) for state in views.status()}
    assert set(before.values()) == {(0, 0)}
    views.catch_up()
    registrar.enrol()
    after = {state.name: (state.position, state.rows, state.behind) for state in views.status()}
    assert after["publications"] == (1, 1, 2)
    assert after["learners"] == (1, 0, 2)


def test_a_run_that_can_not_remember_every_learner_gives_the_same_rows(
    busy: Desk, views: Projections, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(views)
    monkeypatch.setattr(runner, "_PAGE", 2)
    monkeypatch.setattr(runner, "_REMEMBERED", 0)
    views.rebuild()
    assert rows(views) == before


# --- learners, enrolments, completions -----------------------------------------------------------


def test_learners_are_listed_with_the_people_behind_them(busy: Desk, views: Projections) -> None:
    with views.reading() as view:
        ann, other = learners.listed(view)
        assert (ann.reference, ann.name, ann.email) == ("s-1", "Ann", "ann@example.org")
        assert (ann.pathways, ann.completions, ann.awards) == (1, 2, 1)
        assert (other.reference, other.pathways, other.last_change) == ("s-2", 0, TODAY)
        assert [row.learner for row in learners.listed(view, search="ANN")] == [ann.learner]
        assert learners.listed(view, search="%") == []
        assert learners.listed(view, search=other.learner) == [other]
        assert learners.listed(view, limit=1, offset=1) == [other]


def test_an_erased_person_is_an_anonymous_learner(busy: Desk, views: Projections) -> None:
    learner = busy.learners["s-1"]
    busy.ledger.directory.erase(learner)
    with views.reading() as view:
        assert [row.reference for row in learners.listed(view)] == ["s-2", ""]
        awards = register.listed(view, on=TODAY, learner=learner)
        assert {(row.reference, row.name) for row in awards} == {("", "")}
        assert len(awards) == 2


def test_enrolments_are_listed_withdrawn_ones_where_asked_for(
    busy: Desk, views: Projections
) -> None:
    with views.reading() as view:
        (now,) = enrolments.listed(view)
        assert (now.pathway, now.version, now.on) == ("ladder", "2", day("01-01"))
        assert len(enrolments.listed(view, withdrawn=True)) == 2
        assert enrolments.listed(view, pathway="ladder", version="1") == []
        assert enrolments.listed(view, learner=busy.learners["s-1"]) == [now]
        assert enrolments.counted(view) == {("ladder", "2"): 1}


def test_completions_are_listed_with_their_corrections(busy: Desk, views: Projections) -> None:
    with views.reading() as view:
        mine = completions.listed(view, learner=busy.learners["s-1"])
        assert [(row.completion, row.score, row.revoked, row.replaced_by) for row in mine] == [
            ("ladder/sheets-1@2026-02-01", Decimal(80), day("06-01"), None),
            ("lms:7", None, None, "lms:7#2"),
            ("lms:7#2", Decimal(61), None, None),
            ("ladder/charts@2026-02-03", None, None, None),
        ]
        assert len(completions.listed(view, module="ladder/charts")) == 2
        assert len(completions.listed(view, since=day("02-02"), until=day("02-02"))) == 2
        (only,) = completions.listed(view, learner=busy.learners["s-2"], limit=5)
        assert (only.module, only.grade) == ("ladder/charts", "A")


# --- awards and progress -------------------------------------------------------------------------


def test_the_register_shows_every_award_with_its_status(busy: Desk, views: Projections) -> None:
    with views.reading() as view:
        essentials, certificate = register.listed(view, on=TODAY)
        assert (essentials.award, essentials.status) == ("ladder/essentials@2026-02-02", "held")
        assert (certificate.status, certificate.revoked) == ("revoked", day("05-05"))
        assert (essentials.pathway, essentials.version, essentials.name) == ("ladder", "1", "Ann")
        assert register.listed(view, on=TODAY, status="held") == [essentials]
        assert register.listed(view, on=TODAY, credential="ladder/certificate") == [certificate]
        assert register.listed(view, on=TODAY, since=day("02-03")) == [certificate]
        assert register.listed(view, on=TODAY, until=day("02-02")) == [essentials]
        assert register.listed(view, on=TODAY, pathway="other") == []
        assert register.listed(view, on=TODAY, limit=1, offset=1) == [certificate]
        assert register.counted(view, on=TODAY) == {"ladder/essentials": 1}


def test_the_register_is_of_a_day(busy: Desk, views: Projections) -> None:
    with views.reading() as view:
        assert register.listed(view, on=day("02-01")) == []
        early = register.listed(view, on=day("05-04"))
        assert [row.status for row in early] == ["held", "held"]
        assert register.counted(view, on=day("05-04")) == {
            "ladder/certificate": 1,
            "ladder/essentials": 1,
        }


def test_awards_under_review_can_be_asked_for(registrar: Desk, views: Projections) -> None:
    registrar.publish(LADDER)
    registrar.enrol()
    registrar.complete("sheets-1", on="02-01")
    registrar.complete("sheets-2", on="02-02")
    registrar.revoke("sheets-1@2026-02-01")
    with views.reading() as view:
        (found,) = register.listed(view, on=TODAY, under_review=True)
        assert (found.status, found.under_review) == ("held", True)
        assert register.listed(view, on=TODAY, under_review=False) == []


EXPIRING = """
    pathway: fit
    version: "1"
    modules: {run: {repeatable: unlimited}, swim: {}}
    credentials:
      badge: {external: true}
      runner: {requires: {module: run, since: 1 month}, lasts: while_met}
      swimmer: {requires: swim, valid_for: 1 month}
"""


def test_what_expired_or_lapsed_says_so(registrar: Desk, views: Projections) -> None:
    registrar.publish(EXPIRING)
    registrar.enrol("fit")
    registrar.complete("run", on="02-01")
    registrar.complete("run", on="06-15")
    registrar.complete("swim", on="02-01")
    registrar.do(
        RecordExternalAward(learner=registrar.learners["s-1"], credential="badge", on=day("01-10"))
    )
    with views.reading() as view:
        found = {row.award: row.status for row in register.listed(view, on=TODAY)}
        assert found == {
            "fit/badge@2026-01-10": "held",
            "fit/runner@2026-02-01": "lapsed",
            "fit/swimmer@2026-02-01": "expired",
            "fit/runner@2026-06-15": "held",
        }
        for status in register.STATUSES:
            same = register.listed(view, on=TODAY, status=status)
            assert {row.award for row in same} == {
                award for award, known in found.items() if known == status
            }


def test_a_stretch_that_never_was_is_not_held(registrar: Desk, views: Projections) -> None:
    registrar.publish(EXPIRING)
    registrar.enrol("fit")
    registrar.complete("run", on="06-15")
    registrar.revoke("run@2026-06-15", on="06-15")
    registrar.withdraw("fit")
    with views.reading() as view:
        (stretch,) = register.listed(view, on=TODAY)
        assert stretch.status == "lapsed"


def test_progress_says_how_far_one_is_and_what_is_missing(
    registrar: Desk, views: Projections
) -> None:
    registrar.publish(LADDER)
    registrar.enrol()
    registrar.complete("sheets-1", on="02-01")
    with views.reading() as view:
        essentials, certificate = progress.listed(view)
        assert (essentials.credential, essentials.status) == ("ladder/essentials", "in progress")
        assert 0 < essentials.progress < 1
        assert essentials.missing is not None
        assert (certificate.status, certificate.progress) == ("not started", 0.0)
        assert essentials.day == TODAY
    registrar.complete("sheets-2", on="02-02")
    with views.reading() as view:
        held = progress.listed(view, learner=registrar.learners["s-1"], status="held")
        assert [(row.credential, row.outcome, row.progress, row.missing) for row in held] == [
            ("ladder/essentials", "met", 1.0, None)
        ]
        assert progress.counted(view, "ladder") == {
            ("ladder/essentials", "held"): 1,
            ("ladder/certificate", "in progress"): 1,
        }
        assert len(progress.listed(view, pathway="ladder", limit=1)) == 1
        assert progress.listed(view, credential="ladder/certificate", offset=1) == []


def test_who_does_not_follow_a_pathway_makes_no_progress_in_it(
    busy: Desk, views: Projections
) -> None:
    with views.reading() as view:
        assert progress.listed(view, learner=busy.learners["s-2"]) == []


# --- pathways and activity -----------------------------------------------------------------------


def test_versions_are_listed_in_the_order_of_publishing(busy: Desk, views: Projections) -> None:
    with views.reading() as view:
        first, second = publications.listed(view, pathway="ladder")
        assert (first.version, first.retired, first.title) == (
            "1",
            TODAY,
            "A ladder of three rungs",
        )
        assert (second.version, second.retired) == ("2", None)
        assert publications.listed(view) == [first, second]


def test_activity_is_listed_newest_first(busy: Desk, views: Projections) -> None:
    with views.reading() as view:
        newest, *_ = found = activity.listed(view, limit=None)
        assert len(found) == busy.ledger.store.head()
        assert (newest.topic, newest.subject) == (
            "learner.award-revoked",
            "ladder/certificate@2026-02-03",
        )
        assert (newest.at, newest.on, newest.by) == (MOMENT, day("05-05"), "administrator")
        assert activity.listed(view, before=2)[0].topic == "pathway.published"
        assert {row.topic for row in activity.listed(view, topic="learner.enrolled")} == {
            "learner.enrolled"
        }
        mine = activity.listed(view, stream=busy.learners["s-2"])
        assert [row.topic for row in mine] == [
            "learner.withdrawn",
            "learner.module-completed",
            "learner.enrolled",
            "learner.registered",
        ]
        assert mine[-1].subject == ""
        assert mine[0].on == date(2026, 6, 30)
