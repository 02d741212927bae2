"""Jobs of the whole population on a Dask cluster of separate processes, a server beneath."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.imports import Intake, import_rows
from domain.ledger import open_ledger
from projections import audit as audits
from projections import columns, rebuilding
from projections.audit import audit
from projections.cohort import Ask, cohort
from projections.columns import Columns
from projections.migration import following, preview
from projections.partitions import Sharing, shared
from projections.rebuilding import rebuild
from projections.runner import Projections
from tests.domain.test_imports import many
from tests.ledgers import LADDER, MOMENT, TODAY, Desk
from tests.projections.test_columns import told
from tests.projections.test_partitions import doubled
from tests.projections.test_read_models import rows

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=":0"
    ) as started:
        yield started


@pytest.fixture
def sharing(cluster: Any) -> Sharing:
    return Sharing(scheduler=cluster.scheduler_address)


@pytest.fixture
def crowd(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A ledger of forty learners, to be worked on in many parts."""
    monkeypatch.setattr(audits, "STRETCH", 10)
    monkeypatch.setattr(rebuilding, "STRETCH", 10)
    with open_ledger(database) as ledger:
        registrar = Desk(ledger)
        registrar.publish(LADDER)
        registrar.take_in(many(40))
        yield registrar


def killing(cluster: Any) -> Callable[[int], None]:
    """Return what ends one worker, without a word, as soon as some of the work is done."""
    killed: list[int] = []

    def progress(_events: int) -> None:
        if not killed:
            killed.append(next(iter(cluster.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

    return progress


def slowly(number: int) -> int:
    time.sleep(0.05)
    return doubled(number)


def test_a_cluster_gives_what_one_process_would_give(sharing: Sharing) -> None:
    assert sorted(shared(doubled, range(20), sharing)) == [2 * number for number in range(20)]


def test_a_worker_that_is_killed_loses_nothing(cluster: Any, sharing: Sharing) -> None:
    kill, found = killing(cluster), list[int]()
    for result in shared(slowly, range(40), sharing):
        kill(result)
        found.append(result)
    assert sorted(found) == [2 * number for number in range(40)]


def test_an_audit_on_a_cluster_finds_what_one_process_finds_though_a_worker_is_killed(
    crowd: Desk, cluster: Any, sharing: Sharing
) -> None:
    views = Projections(crowd.ledger)
    views.catch_up()
    views.close()
    place = crowd.ledger.store.database
    alone = audit(place)
    assert alone.clean
    assert audit(place, sharing=sharing, progress=killing(cluster)) == alone


def test_rebuilding_on_a_cluster_gives_the_same_rows_though_a_worker_is_killed(
    crowd: Desk, cluster: Any, sharing: Sharing
) -> None:
    views = Projections(crowd.ledger)
    before = rows(views)
    events = rebuild(crowd.ledger.store.database, sharing, killing(cluster))
    assert events == crowd.ledger.store.head()
    assert rows(views) == before
    views.close()


def test_columns_and_cohorts_on_a_cluster_are_the_same_though_a_worker_is_killed(
    crowd: Desk, cluster: Any, sharing: Sharing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "STRETCH", 20)
    ask = Ask(crowd.ledger.volume("ladder").document, "ladder", TODAY, sample=0)
    one, many_ = Columns(crowd.ledger, tmp_path / "one"), Columns(crowd.ledger, tmp_path / "many")
    one.rebuild()
    many_.rebuild(sharing, killing(cluster))
    assert len(many_.parts()) == len(one.parts()) > 5
    assert told(many_) == told(one)
    assert cohort(many_.parts(), ask, sharing, killing(cluster)) == cohort(one.parts(), ask)
    intake = Intake(register=True, enrol=("ladder",))
    import_rows(crowd.ledger, many(50), on=TODAY, clock=lambda: MOMENT, intake=intake)
    many_.catch_up(sharing)
    one.rebuild()
    assert told(many_) == told(one)


def test_a_migration_is_previewed_on_a_cluster(crowd: Desk, sharing: Sharing) -> None:
    crowd.publish(LADDER.replace('"1"', '"2"').replace("{all: [sheets-1, sheets-2]}", "sheets-1"))
    ids = following(crowd.ledger, "ladder", "1")
    asked = (crowd.ledger, "ladder", ("1", "2"), ["loses=nothing"], ids, TODAY)
    alone = preview(*asked)
    assert preview(*asked, sharing) == alone
    assert alone.learners > alone.better > 0
    # Who has the other module alone is further from the essentials by the new rule.
    assert alone.stay > 0
    assert alone.learners + alone.stay == len(ids) == 40
