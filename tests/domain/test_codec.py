"""Events as bytes: every event of every version that there ever was can be read for ever.

`tests/fixtures/events/` holds one file for each version of the ledger's events. When an event gets
another shape, its file gets a line in the new shape; no line is ever changed or removed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent

from domain.codec import EventMapper, decode, encode
from domain.errors import UnreadableEventError
from domain.events import TOPICS, Event, Recorded

FIXTURES = Path(__file__).parent.parent / "fixtures" / "events"
MOMENT = datetime(2026, 3, 1, 9, 12, tzinfo=UTC)


def stored_lines() -> Iterator[tuple[str, str, str]]:
    for path in sorted(FIXTURES.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            state = json.dumps(entry["state"], ensure_ascii=False, separators=(",", ":"))
            yield path.stem, entry["topic"], state


LINES = list(stored_lines())


def read(topic: str, state: bytes) -> Recorded:
    return EventMapper().to_domain_event(StoredEvent("s-1", 7, topic, state))


@pytest.mark.parametrize(("file", "topic", "state"), LINES, ids=[line[1] for line in LINES])
def test_every_stored_event_is_read_and_keeps_its_meaning(
    file: str, topic: str, state: str
) -> None:
    recorded = read(topic, state.encode())
    assert (recorded.stream, recorded.number) == ("s-1", 7)
    assert (recorded.originator_id, recorded.originator_version) == ("s-1", 7)
    assert recorded.event.topic == topic
    written = encode(recorded)
    assert read(topic, written) == recorded
    if json.loads(state)["v"] == recorded.event.schema_version():
        assert written.decode() == state


def test_every_event_has_a_stored_form_of_each_of_its_versions() -> None:
    present = {(topic, json.loads(state)["v"]) for _, topic, state in LINES}
    wanted = {
        (topic, version)
        for topic, event in TOPICS.items()
        for version in range(1, event.schema_version() + 1)
    }
    assert wanted <= present


def test_topics_are_names_of_their_own_not_those_of_classes() -> None:
    assert all(topic.split(".")[0] in ("learner", "pathway") for topic in TOPICS)
    assert len(set(TOPICS.values())) == len(TOPICS)


def _renamed(old: dict[str, Any], before: str, after: str, value: int) -> dict[str, Any]:
    return {name: value for name, value in old.items() if name != before} | {after: value}


class Weighed(Event):
    """An event that had two other shapes before."""

    topic = "test.weighed"
    upcasts = (
        lambda old: _renamed(old, "kilos", "weight", old["kilos"] * 1000),
        lambda old: _renamed(old, "weight", "grams", old["weight"]),
    )

    grams: int


def weighed(version: int, **more: Any) -> bytes:
    event = {"on": "2026-03-01", "by": "x", "source": "y", **more}
    state = {"v": version, "at": "2026-03-01T09:12:00Z", "day": "2026-03-01", "event": event}
    return json.dumps(state).encode()


@pytest.mark.parametrize(
    "old", [weighed(1, kilos=3), weighed(2, weight=3000), weighed(3, grams=3000)]
)
def test_old_shapes_are_brought_up_to_the_present_one(old: bytes) -> None:
    recorded = decode(Weighed, "s-1", 1, old)
    assert recorded.event == Weighed(on=date(2026, 3, 1), by="x", source="y", grams=3000)


def test_the_present_version_is_one_more_than_there_were_changes() -> None:
    assert Weighed.schema_version() == 3
    assert encode(decode(Weighed, "s-1", 1, weighed(1, kilos=3))).startswith(b'{"v":3,')


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (weighed(4, grams=1), "version 4 is not one of 1 to 3"),
        (weighed(0, grams=1), "version 0 is not one of 1 to 3"),
        (weighed(3, grams=1, more=2), "event.more: Extra inputs"),
        (weighed(3), "event.grams: Field required"),
        (b"[]", "version None"),
        (b"{", "EOF while parsing"),
        (b"\xff\xfe", "expected value"),
        (weighed(1), "'kilos' is missing"),
    ],
)
def test_what_can_not_be_read_is_said_with_its_place(state: bytes, words: str) -> None:
    with pytest.raises(
        UnreadableEventError, match=r"event 9 of `s-1` \(`test\.weighed`\)"
    ) as caught:
        decode(Weighed, "s-1", 9, state)
    assert words in str(caught.value)


def test_an_unknown_topic_is_said_with_the_nearest() -> None:
    with pytest.raises(UnreadableEventError, match=r"unknown topic `learner\.enroled`") as caught:
        read("learner.enroled", b"{}")
    assert caught.value.help == "did you mean `learner.enrolled`?"


def test_equal_events_have_equal_bytes() -> None:
    event = Weighed(on=date(2026, 3, 1), by="x", source="y", grams=1)
    here = Recorded("s-1", 1, MOMENT, date(2026, 3, 1), event)
    elsewhere = Recorded("s-1", 1, MOMENT, date(2026, 3, 1), event.model_copy())
    assert encode(here) == encode(elsewhere)


def test_a_moment_keeps_its_instant() -> None:
    event = Weighed(on=date(2026, 3, 1), by="x", source="y", grams=1)
    moment = MOMENT.astimezone(timezone(timedelta(hours=13)))
    written = encode(Recorded("s-1", 1, moment, date(2026, 3, 1), event))
    assert decode(Weighed, "s-1", 1, written).at == MOMENT
