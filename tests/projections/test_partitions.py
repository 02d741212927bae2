"""Work that is shared out: the same comes of it, also when workers are lost on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from domain.errors import LedgerLockedError
from projections import partitions, rebuilding
from projections.partitions import Sharing, UnsharedError, shared
from projections.rebuilding import rebuild
from projections.runner import Projections
from tests.domain.test_imports import many
from tests.ledgers import LADDER, Desk
from tests.projections.test_read_models import rows


def doubled(number: int) -> int:
    return 2 * number


def doubled_by_a_survivor(folder: Path, parent: int, number: int) -> int:
    """End the first other process that is asked for something."""
    mark = folder / "killed"
    if os.getpid() != parent and not mark.exists():
        mark.write_text(str(number))
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def never(parent: int, number: int) -> int:
    if os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def refused(number: int) -> int:
    raise LedgerLockedError(f"no {number}", "wait")


def test_processes_give_what_one_would_give() -> None:
    assert sorted(shared(doubled, range(20), Sharing(2))) == sorted(shared(doubled, range(20)))


def test_a_process_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    work = partial(doubled_by_a_survivor, tmp_path, os.getpid())
    assert sorted(shared(work, range(20), Sharing(2))) == [2 * number for number in range(20)]
    assert (tmp_path / "killed").exists()


def test_processes_that_are_killed_again_and_again_end_in_a_refusal() -> None:
    with pytest.raises(UnsharedError, match="killed again and again"):
        list(shared(partial(never, os.getpid()), range(2), Sharing(2)))


def test_a_refusal_keeps_its_words_and_its_help() -> None:
    with pytest.raises(LedgerLockedError, match="no 1") as caught:
        list(shared(refused, [1], Sharing(2)))
    assert caught.value.help == "wait"


def refused_elsewhere(parent: int, number: int) -> int:
    return number if os.getpid() == parent else refused(number)


def test_so_does_one_in_another_process() -> None:
    with pytest.raises(LedgerLockedError, match="no ") as caught:
        list(shared(partial(refused_elsewhere, os.getpid()), range(4), Sharing(2)))
    assert caught.value.help == "wait"


def test_a_scheduler_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "_PATIENCE", 1)
    with pytest.raises(UnsharedError, match=r"no Dask scheduler answers at `tcp://127.0.0.1:9`"):
        list(shared(doubled, [1], Sharing(scheduler="tcp://127.0.0.1:9")))
    with pytest.raises(UnsharedError, match=r"no Dask scheduler answers at `nowhere`"):
        list(shared(doubled, [1], Sharing(scheduler="nowhere")))


# --- rebuilding ----------------------------------------------------------------------------------


@pytest.fixture
def views(registrar: Desk) -> Iterator[Projections]:
    opened = Projections(registrar.ledger)
    yield opened
    opened.close()


@pytest.fixture
def crowd(registrar: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A ledger of fifteen learners, rebuilt in many parts."""
    registrar.publish(LADDER)
    registrar.take_in(many(15))
    registrar.enrol(who="s-1")
    registrar.complete("sheets-1")
    registrar.retire("ladder", "1")
    monkeypatch.setattr(rebuilding, "STRETCH", 10)
    return registrar


@pytest.mark.parametrize("jobs", [1, 2])
def test_parts_give_the_rows_that_catching_up_gave(
    crowd: Desk, views: Projections, jobs: int
) -> None:
    caught_up = rows(views)
    assert all(caught_up.values())
    assert rebuild(crowd.ledger.store.database, Sharing(jobs)) == crowd.ledger.store.head()
    assert all(state.behind == 0 for state in views.status())
    assert rows(views) == caught_up
    crowd.complete("sheets-2")
    later = rows(views)
    rebuild(crowd.ledger.store.database)
    assert rows(views) == later


def test_what_is_recorded_meanwhile_is_caught_up_with(crowd: Desk, views: Projections) -> None:
    def record(_events: int) -> None:
        if not recorded:
            recorded.append(crowd.complete("sheets-2"))
            assert rows(views)

    recorded: list[object] = []
    rebuild(crowd.ledger.store.database, progress=record)
    seen = rows(views)
    views.rebuild()
    assert rows(views) == seen


def test_a_rebuilding_that_stops_leaves_the_rows_that_there_were(
    crowd: Desk, views: Projections
) -> None:
    def stop(_events: int) -> None:
        raise KeyboardInterrupt

    before = rows(views)
    with pytest.raises(KeyboardInterrupt):
        rebuild(crowd.ledger.store.database, progress=stop)
    assert rows(views) == before
    rebuild(crowd.ledger.store.database)
    assert rows(views) == before


def test_of_two_that_rebuild_at_once_the_first_gives_way(crowd: Desk, views: Projections) -> None:
    def another(_events: int) -> None:
        if not begun:
            begun.append(True)
            rebuild(crowd.ledger.store.database)

    before, begun = rows(views), list[bool]()
    with pytest.raises(LedgerLockedError, match="another program rebuilds"):
        rebuild(crowd.ledger.store.database, progress=another)
    assert rows(views) == before
