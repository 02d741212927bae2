"""The event catalogue says what the events are."""

from __future__ import annotations

from domain.catalogue import PAGE, page
from domain.events import TOPICS, Event


def test_the_catalogue_is_that_of_the_events() -> None:
    """`python -m domain.catalogue` writes it anew."""
    written = PAGE.read_text(encoding="utf-8")
    assert page(written) == written


def test_every_event_says_what_it_means() -> None:
    """A topic without a sentence would be a riddle to whoever reads the ledger in ten years."""
    for topic, event in TOPICS.items():
        assert event.__doc__, topic
        assert event.__doc__ != Event.__doc__, topic
