"""Where the evaluator and the oracle differ on a case, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pathways.awards import Assessment, Made, assess
from pathways.awards import Standing as Told
from pathways.verdict import Outcome, Verdict
from tests import oracle
from tests.strategies import Case


def differences(case: Case) -> list[str]:
    """All differences between what the evaluator and the oracle say of a case."""
    expected = oracle.assess(case.document, case.record, case.on)
    told = assess(case.document, case.record, case.on)
    return [
        f"{ref}: {difference}"
        for ref, standing in expected.items()
        for difference in _in_standing(standing, told.standings[ref], case.on)
    ]


def _in_standing(expected: oracle.Standing, told: Told, on: date) -> Iterator[str]:
    status = "not held" if told.status in ("not started", "in progress") else told.status
    last = told.awards[-1] if told.awards else None
    pairs: list[tuple[str, object, object]] = [
        ("status", expected.status, status),
        ("awarded_on", expected.awarded_on, told.awarded_on),
        ("expires_on", expected.expires_on, told.expires_on),
        ("class", expected.award_class, told.award_class),
        ("outcome", expected.outcome, told.outcome.value),
        ("witness", _names(expected.witness), _items(last)),
        (
            "class witness",
            _names(expected.class_witness),
            last.class_witness.items if last and last.class_witness else None,
        ),
        (
            "renewals",
            tuple((on, expires, _names(use)) for on, expires, use in expected.renewals),
            tuple((r.on, r.expires, r.witness.items if r.witness else None) for r in last.renewals)
            if last
            else (),
        ),
        ("progress is 1", expected.outcome == "met", told.progress == 1),
    ]
    proof = expected.witness if expected.awarded_on is not None else expected.today
    if proof is not None and told.verdict is not None and told.verdict.outcome is Outcome.MET:
        pairs.append(("evidence", _chosen(proof), dict(_evidence(told.verdict))))
    for name, wanted, found in pairs:
        if wanted != found:
            yield f"{name} is {wanted} by the oracle, {found} by the evaluator"


def _names(use: oracle.Use | None) -> tuple[str, ...] | None:
    return use.names() if use is not None else None


def _items(made: Made | None) -> tuple[str, ...] | None:
    return made.ground.items if made is not None and made.ground is not None else None


def _chosen(use: oracle.Use) -> dict[str, tuple[str, ...]]:
    return {path: items for path, items in use.tree().items() if items}


def _evidence(verdict: Verdict) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What each rule of a met verdict uses, where it uses something."""
    for part in verdict.walk():
        if part.evidence:
            yield part.path, part.evidence


__all__ = ["Assessment", "differences"]
