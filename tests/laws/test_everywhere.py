"""The same verdict and the same witness on every machine, byte for byte.

Each stored case is a pathway, a record and a day that no one thought of, with what evaluator,
checker and oracle agreed on when it was stored. What is found today must be what was found then.
Those called `found` are there because each notices a change to the engine that no other noticed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pathways.awards import Made, assess
from tests.fuzz.comparison import Claim, claims, unlike_the_search
from tests.strategies import Case

STORED = Path(__file__).parent.parent / "fixtures" / "verdicts"


def told(case: Case) -> dict[str, Any]:
    """What is said of a case: each credential's standing, and each of its awards."""
    assessment = assess(case.document, case.record, case.on)
    return {
        ref: {
            **standing.to_json(),
            "rule": standing.verdict and _stripped(standing.verdict.to_json()),
            "awards": [_award(made) for made in standing.awards],
        }
        for ref, standing in assessment.standings.items()
    }


def _stripped(verdict: dict[str, Any]) -> list[Any]:
    """What is said of a rule and its parts, without words: those may be improved."""
    parts = [_stripped(part) for part in verdict["parts"]]
    return [verdict["outcome"], verdict["progress"], verdict["evidence"], parts]


def _award(made: Made) -> dict[str, Any]:
    return {
        "on": str(made.on),
        "witness": made.witness and made.witness.to_json(),
        "class": made.award_class,
        "renewals": [[str(r.on), str(r.expires)] for r in made.renewals],
        "losses": [[str(loss.on), loss.decision, sorted(loss.lost)] for loss in made.losses],
        "revoked": made.revoked and str(made.revoked),
        "ended": made.ended and str(made.ended),
    }


def refused(case: Case) -> list[int]:
    """How much the checker has against each witness of a case after it was damaged."""
    return [len(claim.objections(witness)) for claim in claims(case) for witness in _damaged(claim)]


def _damaged(claim: Claim) -> Iterator[dict[str, Any]]:
    """The witness a day early, short of each of its items, and with each item used twice."""
    witness = claim.witness
    day = date.fromisoformat(witness["on"])
    yield {**witness, "on": str(day - date.resolution)}
    for item in witness["items"]:
        kept = [other for other in witness["items"] if other != item]
        yield {**witness, "items": kept, "use": _without(witness["use"], item)}
        yield {**witness, "use": _everywhere(witness["use"], item)}


def _without(use: dict[str, Any], item: str) -> dict[str, Any]:
    changed = dict(use)
    for key in ("items", "waived"):
        if key in use:
            changed[key] = [other for other in use[key] if other != item]
    if "parts" in use:
        changed["parts"] = {place: _without(part, item) for place, part in use["parts"].items()}
    return changed


def _everywhere(use: dict[str, Any], item: str) -> dict[str, Any]:
    changed = dict(use)
    if "items" in use and item not in use["items"]:
        changed["items"] = [*use["items"], item]
    if "parts" in use:
        changed["parts"] = {place: _everywhere(part, item) for place, part in use["parts"].items()}
    return changed


def stored(theme: str) -> Iterator[tuple[Case, dict[str, Any]]]:
    """The stored cases of a theme, with what was said of them."""
    for line in (STORED / f"{theme}.jsonl").read_text(encoding="utf-8").splitlines():
        written = json.loads(line, parse_float=Decimal)
        case = Case(written["pathway"], written["facts"], date.fromisoformat(written["on"]))
        yield case, written


@pytest.mark.parametrize("theme", sorted(path.stem for path in STORED.glob("*.jsonl")))
def test_a_verdict_is_the_same_everywhere(theme: str) -> None:
    for case, written in stored(theme):
        assert json.loads(json.dumps(told(case)), parse_float=Decimal) == written["told"], case


@pytest.mark.parametrize("theme", sorted(path.stem for path in STORED.glob("*.jsonl")))
def test_a_search_alone_finds_what_the_cheaper_methods_find(theme: str) -> None:
    for case, _ in stored(theme):
        assert not unlike_the_search(case), case


@pytest.mark.parametrize("theme", sorted(path.stem for path in STORED.glob("*.jsonl")))
def test_a_damaged_witness_is_refused_for_as_many_reasons_everywhere(theme: str) -> None:
    for case, written in stored(theme):
        assert refused(case) == written["refused"], case
