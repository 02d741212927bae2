"""Evaluations of a pathway of a hundred nodes, against walking its tree and doing nothing."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

from benchmarks.figures import best_of, table
from pathways.awards import assess
from pathways.compile import compiled
from pathways.document import Completed, Document, Pathway, Record

ON = date(2026, 6, 30)
_MODULES, _MICRO = 60, 12


def stack() -> Document:
    """Sixty modules in twelve micro-credentials, three certificates and a diploma."""
    modules = {f"m{i:02}": {"credits": 5, "level": i % 3 + 4} for i in range(_MODULES)}
    credentials: dict[str, Any] = {}
    for place in range(_MICRO):
        own = [f"m{5 * place + i:02}" for i in range(5)]
        credentials[f"micro-{place:02}"] = {
            "credits": 25,
            "requires": {"all": [{"module": own[0]}, {"count": 3, "from": {"ids": own}}]},
        }
    for place in range(3):
        parts = [{"credential": f"micro-{4 * place + i:02}"} for i in range(4)]
        credentials[f"certificate-{place}"] = {"requires": {"at_least": 3, "of": parts}}
    credentials["diploma"] = {
        "requires": {"all": [{"credential": f"certificate-{i}"} for i in range(3)]}
    }
    pathway = {"pathway": "stack", "modules": modules, "credentials": credentials}
    return Document(main=Pathway.model_validate(pathway))


def told(document: Document, record: Record, on: date) -> object:
    """Assess a record and put all of it into words."""
    return assess(document, record, on).to_json()


def run() -> None:
    """Print evaluations per second for records of three sizes."""
    document = stack()
    plan = compiled(document)
    nodes = sum(len(tree.nodes) for earned in plan.credentials.values() for tree in earned.trees)
    rows = [("rules, modules and credentials", f"{nodes + _MODULES + len(plan.credentials)}")]
    walked = best_of(
        lambda: [list(t.root.walk()) for e in plan.credentials.values() for t in e.trees], 20
    )
    for size in (0, 20, 60):
        record = Record(
            completed=tuple(
                Completed(module=f"m{i:02}", on=date(2025, 1, 1) + timedelta(days=i))
                for i in range(size)
            )
        )
        took = best_of(partial(told, document, record, ON), 5)
        bare = best_of(partial(assess, document, record, ON), 5)
        rows.append(
            (
                f"with {size} completions",
                f"{1 / took:6.0f}/s, awards alone {1 / bare:6.0f}/s, {took / walked:.0f} walks",
            )
        )
    table("assessments of a pathway of about a hundred nodes", rows)
