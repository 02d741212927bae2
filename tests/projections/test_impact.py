"""What a draft would do, measured afresh and measured again."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

from domain.ledger import open_ledger
from pathways.impact import Impact
from pathways.population import Count
from projections.columns import Columns
from projections.impact import Ask, Watch, measured
from projections.partitions import Sharing
from tests.ledgers import LADDER, TODAY, desk, document

DRAFTS = [
    LADDER,
    LADDER.replace("{all: [sheets-1, sheets-2]}", "sheets-1"),
    LADDER.replace("further, credits: 5", "further, credits: 10"),
    LADDER.replace("macros: {title: Macros, credits: 5}", "macros: {title: Macros, credits: 10}"),
    LADDER.replace("macros:", "writing:").replace("macros", "writing"),
    LADDER.replace("certificate:", "diploma:"),
    LADDER.replace("- essentials\n", "- {any: [essentials, charts]}\n"),
]


def _told(impact: Impact) -> Impact:
    return replace(impact, count=Count())


def _ledger(folder: Path) -> Path:
    """A ledger of learners who have completed any of three modules, one with a waiver."""
    with desk(folder) as registrar:
        registrar.publish(LADDER)
        for who in product((0, 1), repeat=3):
            name = "s-" + "".join(map(str, who))
            registrar.enrol(who=name, on="01-01")
            for module, done in zip(("sheets-1", "sheets-2", "charts"), who, strict=True):
                if done:
                    registrar.complete(module, f"04-0{len(module) % 9 + 1}", who=name)
    return folder / "cairn.db"


def test_a_draft_that_is_measured_again_after_others_is_measured_alike(tmp_path: Path) -> None:
    with open_ledger(str(_ledger(tmp_path))) as ledger:
        columns = Columns(ledger)
        columns.catch_up()
        versions = {"1": ledger.volume("ladder", "1").document}
        ask = Ask(document(LADDER), "ladder", versions, TODAY)
        everybody = Watch(columns.parts(), ask)
        for text in [*DRAFTS, *reversed(DRAFTS)]:
            asked = replace(ask, draft=document(text))
            afresh = measured(columns.parts(), asked)
            assert _told(everybody.look(asked)) == _told(afresh)


def test_processes_that_share_the_work_measure_the_same(tmp_path: Path) -> None:
    with open_ledger(str(_ledger(tmp_path))) as ledger:
        columns = Columns(ledger)
        columns.catch_up()
        versions = {"1": ledger.volume("ladder", "1").document}
        ask = Ask(document(DRAFTS[1]), "ladder", versions, TODAY)
        alone = measured(columns.parts(), ask)
        assert measured(columns.parts(), ask, Sharing(jobs=2)) == alone
