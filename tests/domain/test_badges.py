"""Badges in the ledger: issued once, fixed from then on, each with a place of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from domain.codec import encode
from domain.commands import IssueBadge, RecordExternalAward, RevokeAward
from domain.errors import InvalidError, UnknownAwardError
from domain.events import BadgeIssued
from domain.exchange import Stored, exported, imported
from domain.ledger import open_ledger
from domain.places import SIZE, Places, taken_by
from domain.storage import locate
from domain.store import Store
from tests.ledgers import LADDER, MOMENT, TODAY, Desk


@pytest.fixture
def held(registrar: Desk) -> Desk:
    """Somebody holds the essentials."""
    registrar.publish(LADDER)
    registrar.enrol()
    registrar.complete("sheets-1", score=70)
    registrar.complete("sheets-2")
    return registrar


def issue(desk: Desk, award: str = "essentials", badge: str = "urn:uuid:1") -> IssueBadge:
    return IssueBadge(
        learner=desk.register(),
        award=award,
        badge=badge,
        created=MOMENT,
        issuer="did:web:poly.example",
        method="did:web:poly.example#key-1",
        site="https://poly.example/",
        status_list=1,
        status_index=7,
        on=TODAY,
    )


def test_a_badge_is_issued_once_and_stays_as_it_was_issued(held: Desk) -> None:
    (event,) = held.do(issue(held)).events
    assert isinstance(event, BadgeIssued)
    assert (event.award, event.created) == ("ladder/essentials@2026-02-01", MOMENT)
    again = held.do(issue(held, badge="urn:uuid:2"))
    assert again.duplicate
    known = held.known()
    badge = known.badge(known.award("essentials"))
    assert badge is not None
    assert (badge.id, badge.status_index, badge.evidence) == (
        "urn:uuid:1",
        7,
        ("ladder/sheets-1@2026-02-01", "ladder/sheets-2@2026-02-01"),
    )


def test_another_badge_takes_the_place_of_the_present_one_alone(held: Desk) -> None:
    held.do(issue(held))
    second = replace(issue(held, badge="urn:uuid:2"), replaces="urn:uuid:1")
    (event,) = held.do(second).events
    assert isinstance(event, BadgeIssued)
    assert event.replaces == "urn:uuid:1"
    known = held.known()
    present = known.badge(known.award("essentials"))
    assert present is not None
    assert present.id == "urn:uuid:2"
    # Whoever comes second to replace the same badge changes nothing.
    assert held.do(replace(second, badge="urn:uuid:3")).duplicate


def test_an_award_that_stands_on_something_else_gets_another_badge(held: Desk) -> None:
    held.do(issue(held))
    held.complete("sheets-1", "03-01", score=80)
    held.revoke("sheets-1@2026-02-01")
    known = held.known()
    assert known.badge(known.award("essentials")) is None
    assert not held.do(issue(held, badge="urn:uuid:2")).duplicate
    assert [badge.id for badge in held.known().badges] == ["urn:uuid:1", "urn:uuid:2"]


def test_only_what_is_held_and_was_awarded_here_becomes_a_badge(held: Desk) -> None:
    with pytest.raises(UnknownAwardError, match="no award `certificate`"):
        held.do(issue(held, "certificate"))
    held.do(RevokeAward(learner=held.register(), award="essentials", on=date(2026, 6, 1)))
    with pytest.raises(InvalidError, match="was revoked on 2026-06-01"):
        held.do(issue(held))
    held.do(
        RecordExternalAward(learner=held.register(), credential="certificate", on=date(2026, 5, 1))
    )
    with pytest.raises(InvalidError, match="was awarded elsewhere"):
        held.do(issue(held, "certificate"))


def test_a_moment_without_a_time_zone_is_refused(held: Desk) -> None:
    with pytest.raises(InvalidError, match="time zone"):
        held.do(replace(issue(held), created=datetime(2026, 6, 30)))  # noqa: DTZ001


def test_a_moment_is_kept_to_the_second(held: Desk) -> None:
    held.do(replace(issue(held), created=MOMENT.replace(microsecond=5)))
    assert held.known().badges[0].created == MOMENT.astimezone(UTC)


def test_places_differ_and_do_not_count_up(registrar: Desk) -> None:
    places = Places(registrar.ledger.store)
    drawn = [places.take() for _ in range(40)]
    assert len(set(drawn)) == 40
    assert {place.list for place in drawn} == {1}
    assert all(0 <= place.index < SIZE for place in drawn)
    assert [place.index for place in drawn] != sorted(place.index for place in drawn)


def test_a_ledger_that_was_moved_knows_which_places_are_taken(held: Desk, tmp_path: Path) -> None:
    held.do(issue(held))
    events = [
        Stored(one.stream, one.number, one.event.topic, encode(one))
        for _, one in held.ledger.store.page(0, 1000)
    ]
    store = Store(locate(str(tmp_path / "moved.db")))
    with open_ledger(str(tmp_path / "moved.db")):
        imported(store, exported(events))
    try:
        assert [(place.list, place.index) for place in taken_by(store)] == [(1, 7)]
        drawn = Places(store).take()
        assert (drawn.list, drawn.index) != (1, 7)
    finally:
        store.close()
