"""An export is the ledger: byte for byte, in order, all of it or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import exchange
from domain.errors import InvalidError
from domain.exchange import Stored, exported, imported
from domain.ledger import open_ledger
from projections import log
from projections.replay import stored
from projections.sealing import seal, verify
from tests.audit.conftest import Run, alter
from tests.audit.test_seal import KEY, PUBLIC
from tests.ledgers import MOMENT, Desk


def events_of(path: Path) -> list[Stored]:
    with open_ledger(str(path)) as ledger, log.snapshot(ledger.store.database) as view:
        return list(stored(view))


def read_into(path: Path, lines: Iterable[bytes]) -> None:
    with open_ledger(str(path)) as ledger:
        imported(ledger.store, lines)


def test_what_is_exported_comes_back_as_it_was(registrar: Desk, run: Run, path: Path) -> None:
    run("events", "export", "--people", "--output", "ledger.jsonl")
    other = path.parent / "other.db"
    assert "2 people imported" in run("events", "import", "ledger.jsonl", "--db", other).stdout
    assert events_of(other) == events_of(path)
    assert "certificate" in run("award", "list", "--learner", "s-1", "--db", other).stdout
    run("events", "export", "--people", "--output", "again.jsonl", "--db", other)
    again = (path.parent / "again.jsonl").read_bytes()
    assert again == (path.parent / "ledger.jsonl").read_bytes()
    assert [json.loads(line) for line in again.splitlines()]
    with open_ledger(str(other)) as ledger:
        folder = path.parent / "seals"
        seal(registrar.ledger.store.database, folder, KEY, "cairn-ledger", MOMENT)
        assert verify(ledger.store.database, folder, PUBLIC)[0] == []


def test_an_export_without_people_names_nobody(run: Run) -> None:
    run("learner", "register", "ann", "--name", "Ann Example")
    assert "Ann" not in run("events", "export").output
    assert "Ann" in run("events", "export", "--people").output


def test_damaged_events_are_moved_as_they_are(registrar: Desk, path: Path) -> None:
    alter(path, "UPDATE stored_events SET state = x'ff0a41' WHERE rowid = 3")
    lines = list(exported(events_of(path)))
    other = path.parent / "other.db"
    read_into(other, lines)
    assert events_of(other) == events_of(path)


@given(
    st.lists(
        st.builds(
            Stored,
            st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
            st.integers(0, 9),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
            st.binary(max_size=9) | st.just(b'{"a":"}"}') | st.just(b'{"base64":"x"}'),
        ),
        max_size=5,
    )
)
def test_every_event_survives_its_line(events: list[Stored]) -> None:
    from domain.exchange import _read

    *lines, _ = exported(events)
    assert [_read(line, 1) for line in lines] == events


def test_what_is_no_export_is_refused_and_nothing_is_written(registrar: Desk, path: Path) -> None:
    lines = list(exported(events_of(path)))
    other = path.parent / "other.db"
    for broken, message in (
        (lines[:-1], "cut short"),
        ([*lines[:3], *lines[4:]], "not those that were exported"),
        ([*lines, lines[0]], "something after the end"),
        ([*lines[:2], lines[3], lines[2], *lines[4:]], "not those"),
        ([*lines[:2], b"{}", *lines[2:]], "line 3 is no line of an export"),
        ([*lines[:2], b"nonsense", *lines[2:]], "line 3 is no line of an export"),
    ):
        with pytest.raises(InvalidError, match=message):
            read_into(other, broken)
        assert events_of(other) == []
    read_into(other, lines)
    with pytest.raises(InvalidError, match="has events already"):
        read_into(other, lines)


def test_an_export_with_an_event_twice_is_refused_however_long_it_is(
    registrar: Desk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_TOGETHER", 4)
    lines = list(exported(events_of(path)))
    other = path.parent / "other.db"
    with pytest.raises(InvalidError, match="one of the last 4 lines is in the export twice"):
        read_into(other, [*lines[:6], lines[1], *lines[6:]])
    assert events_of(other) == []


def test_a_replay_is_the_same_ledger(run: Run, path: Path) -> None:
    told = run("replay", "--into", path.parent / "copy.db").stdout
    assert told.splitlines()[-1].endswith("events replayed: the same")
    assert events_of(path.parent / "copy.db") == events_of(path)
    assert json.loads(run("replay", "--json").stdout)["same"]


def test_a_replay_names_what_no_event_led_to(run: Run, path: Path) -> None:
    alter(path, "UPDATE awards SET credential = 'x' WHERE credential = 'ladder/essentials'")
    told = run("replay", code=1).stdout
    assert "only in the ledger's awards" in told
    assert "only in the replay's awards" in told
    assert told.splitlines()[-1].endswith("differs")


def test_a_replay_does_not_ask_for_the_places_of_events(run: Run, path: Path) -> None:
    """A database may number events with gaps: a server does where two programs were in conflict."""
    for table, column in (("stored_events", "rowid"), ("activity", "position")):
        for step in (1000, -993):
            alter(path, f"UPDATE {table} SET {column} = {column} + {step} WHERE {column} > 5")
    alter(path, "UPDATE positions SET position = position + 7")
    assert run("replay").stdout.splitlines()[-1].endswith("the same")
    alter(path, "DELETE FROM activity WHERE position = 20")
    assert "only in the replay's activity" in run("replay", code=1).stdout
