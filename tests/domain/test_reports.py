"""What other systems report is recorded once, in whatever order and however often it comes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.commands import RecordCompletion, RecordExternalAward
from domain.errors import InvalidError
from domain.imports import Imported, Intake, Rejected, import_rows
from domain.learner import Completion
from domain.ledger import Ledger
from domain.received import Received
from domain.reports import Entry, HeldAward, Statement, Status, Voiding
from tests.domain.test_imports import content
from tests.ledgers import LADDER, MOMENT, TODAY, Desk, day

NOBODY = Intake()


@pytest.fixture
def college(registrar: Desk) -> Desk:
    """A college whose learner `s-1` is called `ann` elsewhere, and whose charts are `C`."""
    registrar.publish(LADDER)
    registrar.enrol()
    crosswalk = registrar.ledger.crosswalk
    crosswalk.put("learner", "ann", registrar.learners["s-1"])
    crosswalk.put("module", "C", "charts")
    return registrar


def run(
    desk: Desk, entries: Iterable[Entry], intake: Intake = NOBODY
) -> tuple[Imported, list[str]]:
    rejected: list[Rejected] = []
    result = import_rows(
        desk.ledger,
        entries,
        on=TODAY,
        clock=lambda: MOMENT,
        intake=intake,
        rejected=rejected.append,
    )
    return result, [str(one.error) for one in rejected]


def completion(module: str = "C", on: str = "02-01", **more: Any) -> RecordCompletion:
    more = {"learner": "ann", "source": "lms", **more}
    return RecordCompletion(module=module, on=day(on), **more)


def passed(key: str, module: str = "C", *, failed: bool = False, **more: Any) -> Statement:
    return Statement(1, completion(module, source_id=key, **more), key=key, failed=failed)


def void(key: str, target: str) -> Voiding:
    return Voiding(2, key=key, target=target)


def status(hour: int, *, holds: bool, score: int | None = None, replaces: bool = False) -> Status:
    when = datetime(2026, 2, 1 + hour // 24, hour % 24, tzinfo=UTC)
    done = completion(
        on=when.date().isoformat(),
        score=None if score is None else Decimal(score),
        source_id=f"C@{when.isoformat()}",
    )
    return Status(
        1,
        done,
        key=f"m-{hour}",
        subject="C",
        moment=when,
        holds=holds,
        replaces=replaces,
    )


def standing(desk: Desk) -> list[Completion]:
    return [one for one in desk.known().completions.values() if not one.lost]


# --- names ---------------------------------------------------------------------------------------


def test_names_of_other_systems_mean_what_the_table_says(college: Desk) -> None:
    result, _ = run(college, [passed("x-1")])
    assert (result.recorded, result.rejected) == (1, 0)
    (one,) = standing(college)
    assert (one.id, one.module) == ("lms:x-1", "ladder/charts")


def test_a_pattern_means_the_rest_of_the_name(college: Desk) -> None:
    crosswalk = college.ledger.crosswalk
    crosswalk.put("learner", "https://lms/#*", "*")
    crosswalk.put("module", "https://lms/*", "*")
    entry = passed("x-1", "https://lms/charts", learner="https://lms/#s-1")
    assert run(college, [entry])[0].recorded == 1


def test_a_name_of_its_own_goes_before_a_pattern_and_a_longer_pattern_before_a_shorter(
    college: Desk,
) -> None:
    crosswalk = college.ledger.crosswalk
    crosswalk.put("module", "x-*", "*")
    crosswalk.put("module", "x-y-*", "sheets-*")
    crosswalk.put("module", "x-charts", "macros")
    run(college, [passed("1", "x-y-1"), passed("2", "x-charts"), passed("3", "x-sheets-2")])
    assert [one.module for one in standing(college)] == [
        "ladder/sheets-1",
        "ladder/macros",
        "ladder/sheets-2",
    ]


def test_a_foreign_name_is_never_taken_for_one_with_a_catalogue(college: Desk) -> None:
    _, rejected = run(college, [passed("x-1", "urn:course/charts")])
    assert rejected == ["no module is known as `urn:course/charts`"]


def test_unknown_learners_are_registered_by_their_names_if_asked(college: Desk) -> None:
    entry = passed("x-1", learner="lms#7")
    assert run(college, [entry])[1] == ["no learner is known as `lms#7`"]
    assert run(college, [entry], Intake(register=True))[0].registered == 1


@pytest.mark.parametrize(("outside", "inside"), [("a*", "b"), ("a", "b*"), ("", "b"), ("a", " ")])
def test_a_pair_that_means_nothing_is_refused(college: Desk, outside: str, inside: str) -> None:
    with pytest.raises(InvalidError):
        college.ledger.crosswalk.put("module", outside, inside)


def test_whoever_is_erased_has_no_names_elsewhere_any_more(college: Desk) -> None:
    college.ledger.directory.erase(college.learners["s-1"])
    assert college.ledger.crosswalk.listed("learner") == []
    assert [one.outside for one in college.ledger.crosswalk.listed()] == ["C"]


def test_headers_are_saved_by_name(college: Desk) -> None:
    college.ledger.crosswalk.put_headers("registry", {"learner": "Student No"})
    assert college.ledger.crosswalk.headers("registry") == {"learner": "Student No"}
    assert college.ledger.crosswalk.headers("other") == {}
    assert college.ledger.crosswalk.remove("header", "registry")
    assert not college.ledger.crosswalk.remove("header", "registry")


# --- statements ----------------------------------------------------------------------------------


def test_a_failed_attempt_is_kept_and_never_counts(college: Desk) -> None:
    run(college, [passed("x-1", failed=True, score=Decimal(99))])
    assert standing(college) == []
    assert college.known().completions["lms:x-1"].score == 99
    assert college.status("certificate") != "held"


@pytest.mark.parametrize("apart", [False, True])
def test_a_voided_statement_never_was_whichever_comes_first(college: Desk, apart: bool) -> None:
    for number, order in enumerate(permutations([passed("k"), void("v", "k")])):
        key = f"k-{number}"
        entries = [
            passed(key) if isinstance(one, Statement) else void(f"v-{number}", key) for one in order
        ]
        for part in [[one] for one in entries] if apart else [entries]:
            run(college, part)
        taken = college.known().completions[f"lms:{key}"]
        assert taken.revoked == taken.on


def test_a_void_waits_for_its_target_and_is_told_to(college: Desk) -> None:
    result, _ = run(college, [void("v", "k")])
    assert (result.rows, result.waiting, result.recorded) == (1, 1, 0)
    assert run(college, [void("v", "k"), passed("k")])[0].waiting == 0
    assert standing(college) == []


def test_a_void_can_not_be_voided(college: Desk) -> None:
    _, rejected = run(college, [passed("k"), void("v", "k"), void("w", "v")])
    assert rejected == ["`v` voids a statement itself, and can not be voided"]
    assert run(college, [void("w", "v")])[1] == rejected
    assert standing(college) == []


def test_a_void_that_was_voided_before_it_came_still_voids(college: Desk) -> None:
    run(college, [passed("k")])
    run(college, [void("w", "v")])
    run(college, [void("v", "k")])
    assert standing(college) == []


def test_a_void_of_a_rejected_statement_holds_when_it_is_good_by_then(college: Desk) -> None:
    assert run(college, [passed("k", "unknown"), void("v", "k")])[0].rejected == 1
    college.ledger.crosswalk.put("module", "unknown", "charts")
    run(college, [passed("k", "unknown")])
    assert college.known().completions["lms:k"].lost
    assert standing(college) == []


def test_a_void_takes_an_award_back_that_stood_on_the_statement(college: Desk) -> None:
    run(college, [passed("1", "sheets-1"), passed("2", "sheets-2"), passed("3")])
    assert college.status("certificate") == "held"
    run(college, [void("v", "3")])
    assert any(award.under_review for award in college.known().awards.values())


# --- statuses ------------------------------------------------------------------------------------


def test_a_status_can_flip_back_and_the_latest_moment_wins(college: Desk) -> None:
    run(college, [status(1, holds=True)])
    assert len(standing(college)) == 1
    run(college, [status(2, holds=False)])
    assert standing(college) == []
    run(college, [status(30, holds=True)])
    assert [one.on for one in standing(college)] == [day("02-02")]


def test_an_older_status_that_comes_late_changes_nothing(college: Desk) -> None:
    run(college, [status(5, holds=False)])
    result, _ = run(college, [status(3, holds=True)])
    assert (result.duplicates, standing(college)) == (1, [])


def test_a_status_that_repeats_what_holds_changes_nothing(college: Desk) -> None:
    run(college, [status(1, holds=True), status(2, holds=True)])
    assert len(college.known().completions) == 1


def test_at_one_moment_what_no_longer_holds_wins(college: Desk) -> None:
    run(college, [status(1, holds=False), status(1, holds=True)])
    assert standing(college) == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=7, unique=True),
    st.data(),
)
def test_in_whatever_order_and_parts_statuses_come_the_last_moment_decides(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[int, bool]], data: st.DataObject
) -> None:
    from tests.ledgers import desk

    last = max(said, key=lambda one: (one[0], not one[1]))
    order = data.draw(st.permutations(said))
    cut = data.draw(st.integers(0, len(order)))
    with desk(tmp_path_factory.mktemp("statuses")) as college:
        college.publish(LADDER)
        college.register()
        college.ledger.crosswalk.put("learner", "ann", college.learners["s-1"])
        college.ledger.crosswalk.put("module", "C", "charts")
        for part in (order[:cut], order[cut:]):
            run(college, [status(hour, holds=holds) for hour, holds in part])
        assert bool(standing(college)) == last[1]
        before = content(college.ledger)
        run(college, [status(hour, holds=holds) for hour, holds in order])
        assert content(college.ledger) == before


def test_a_changed_result_replaces_the_one_before(college: Desk) -> None:
    run(college, [status(1, holds=True, score=60, replaces=True)])
    run(college, [status(2, holds=True, score=60, replaces=True)])
    assert len(college.known().completions) == 1
    run(college, [status(3, holds=True, score=80, replaces=True)])
    assert [one.score for one in standing(college)] == [80]
    run(college, [status(4, holds=False, replaces=True)])
    assert standing(college) == []


def test_what_was_saved_but_not_remembered_is_repeated_to_the_same_end(
    college: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [
        passed("k"),
        void("v", "k"),
        status(1, holds=True, score=60, replaces=True),
        status(2, holds=False),
        status(3, holds=True, score=80, replaces=True),
        status(4, holds=True, score=60, replaces=True),
    ]

    class Cut(Exception):
        pass

    def cut(*_: object, **__: object) -> None:
        raise Cut

    with monkeypatch.context() as patch:
        patch.setattr("domain.imports._Import._remember", cut)
        with pytest.raises(Cut):
            run(college, entries)
    halfway = content(college.ledger)
    run(college, entries)
    assert content(college.ledger) == halfway
    assert [one.score for one in standing(college)] == [60]


# --- awards --------------------------------------------------------------------------------------


def test_an_award_from_elsewhere_is_recorded_once(college: Desk) -> None:
    award = RecordExternalAward(
        learner="ann", credential="essentials", on=day("02-01"), source="rpl", source_id="b-1"
    )
    held = HeldAward(1, award, key="b-1")
    assert run(college, [held])[0].recorded == 1
    assert run(college, [held])[0].duplicates == 1
    assert "rpl:b-1" in college.known().awards


def test_what_was_received_holds_no_names(college: Desk) -> None:
    run(college, [passed("k"), status(1, holds=True)])
    received: Received = college.ledger.received
    learner = college.learners["s-1"]
    assert received.statements(["k"])["k"].learner == learner
    assert list(received.latest([learner])) == [(learner, "C")]
    assert isinstance(college.ledger, Ledger)
