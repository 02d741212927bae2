"""What one more module would do: the same as the one-learner evaluator says, learner by learner."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pathways.awards import assess
from pathways.columns import population_of
from pathways.document import Completed
from projections.cohort import Ask, cohort, one_more
from projections.columns import Columns
from projections.population import population
from tests.ledgers import LADDER, TODAY, Desk
from tests.projections.test_columns import intake

ON = date(2026, 3, 1)


def test_one_more_module_is_for_those_who_lack_it_and_in_its_place(registrar: Desk) -> None:
    registrar.publish(LADDER)
    intake(registrar, 20)
    columns = Columns(registrar.ledger)
    columns.catch_up()
    (part,) = columns.parts()
    words = registrar.ledger.volume("ladder").words
    crowd = population(part.read(), words, pathway="ladder", on=ON, by_rules=True)
    for module in ("sheets-2", "macros"):
        more = one_more(crowd, module, ON)
        due = [
            record
            if any(done.module == module for done in record.completed)
            else record.model_copy(
                update={
                    "completed": (
                        *record.completed,
                        Completed(module=module, on=ON, score=Decimal(100)),
                    )
                }
            )
            for record in map(crowd.record_of, range(len(crowd)))
        ]
        assert more.completions > crowd.completions
        again = population_of(due)
        for place in range(len(crowd)):
            first, second = more.record_of(place), again.record_of(place)
            assert sorted(first.completed, key=repr) == sorted(second.completed, key=repr)
            days = [done.on for done in first.completed]
            assert days == sorted(days, key=str)


def test_what_helps_is_what_the_evaluator_says(registrar: Desk) -> None:
    document = registrar.publish(LADDER)
    intake(registrar, 20)
    registrar.enrol(who="x-1")
    registrar.waive("further", who="x-1")
    columns = Columns(registrar.ledger)
    columns.catch_up()
    ask = Ask(document, "ladder", TODAY, sample=0)
    tally = cohort(columns.parts(), ask)
    assert tally.sampled == 21
    (part,) = columns.parts()
    words = registrar.ledger.volume("ladder").words
    crowd = population(part.read(), words, pathway="ladder", on=TODAY, by_rules=True)
    awards: dict[tuple[str, str], int] = {}
    advances: dict[tuple[str, str], int] = {}
    for record in map(crowd.record_of, range(len(crowd))):
        before = assess(document, record, TODAY).standings
        for module in document.modules:
            if any(done.module == module for done in record.completed):
                continue
            more = Completed(module=module, on=TODAY, score=Decimal(100), id="more")
            imagined = record.model_copy(update={"completed": (*record.completed, more)})
            after = assess(document, imagined, TODAY).standings
            for ref, old in before.items():
                if old.status == "held":
                    continue
                if after[ref].status == "held":
                    awards[ref, module] = awards.get((ref, module), 0) + 1
                elif after[ref].progress > old.progress:
                    advances[ref, module] = advances.get((ref, module), 0) + 1
    assert awards
    assert dict(tally.awards) == awards
    assert dict(tally.advances) == advances
