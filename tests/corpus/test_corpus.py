"""Twenty-three real qualifications: each file is good, and every case comes out as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from pathways.awards import Made, assess
from pathways.check import check
from pathways.document import Document, Held, Record, Renewed
from pathways.source import load_pathway
from pathways.trial import trials

FILES = sorted(Path(__file__).parent.glob("*.pathway.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.split("-")[0])
def test_every_case_of_a_real_qualification_comes_out_as_it_says(path: Path) -> None:
    """The expectations were derived by hand from the rule text."""
    loaded = load_pathway(path)
    results = trials(loaded.document, loaded.examples)
    assert [failure for trial in results for failure in trial.failures] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.split("-")[0])
def test_the_kernel_accepts_every_award_of_a_real_qualification(path: Path) -> None:
    """Each witness is checked on the record as it stood, with the awards held by then."""
    loaded = load_pathway(path)
    for example in loaded.examples:
        assessed = assess(loaded.document, example, example.on)
        made = [award for standing in assessed.standings.values() for award in standing.awards]
        for award in made:
            if award.witness is not None:
                record = _known(assessed.record, [m for m in made if m is not award], award)
                assert _objections(loaded.document, record, award) == [], example.name


def _objections(document: Document, record: Record, award: Made) -> list[str]:
    assert award.witness is not None
    found = [*check(document, record, award.credential, award.witness.to_json())]
    if award.class_witness is not None:
        rule = f"classes[{award.award_class}].requires"
        found += check(document, record, award.credential, award.class_witness.to_json(), rule=rule)
    return [str(objection) for objection in found]


def _known(record: Record, others: list[Made], award: Made) -> Record:
    holds = tuple(
        Held(
            credential=other.credential,
            on=other.on,
            id=other.item,
            used=tuple(sorted(other.used)),
            expires=None if other.renewals else other.first_expires,
            renewed=tuple(Renewed(on=r.on, expires=r.expires) for r in other.renewals),
        )
        for other in others
        if other.on <= award.on
    )
    return record.model_copy(update={"holds": holds})
