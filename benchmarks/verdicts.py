"""Verdicts over the hardest qualifications, and how the cost of each method grows.

Records of 36 completions are made at random, but always the same ones, from the modules that a
pathway has. Each is assessed whole: every credential, in time, with witnesses and verdicts.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from benchmarks.evaluations import told
from benchmarks.figures import best_of, seconds, spread, table
from pathways import allocation
from pathways.compile import compiled
from pathways.document import Completed, Document, Pathway, Record
from pathways.source import load_pathway

RECORDS = 150
COMPLETIONS = 36
ON = date(2026, 6, 30)


def records(document: Document, number: int, size: int, seed: int = 1) -> Iterator[Record]:
    """Random records of one size over the modules of a document."""
    dice = random.Random(seed)
    refs = sorted(document.modules)
    grades = list(document.main.scale)
    for _ in range(number):
        completed = tuple(_completion(dice, refs, grades, place) for place in range(size))
        yield Record(enrolled=date(2018, 1, 1), completed=completed)


def _completion(dice: random.Random, refs: list[str], grades: list[str], place: int) -> Completed:
    return Completed(
        module=dice.choice(refs),
        on=date(2018, 1, 1) + timedelta(days=dice.randrange(3000)),
        score=dice.choice((None, Decimal(40), Decimal(55), Decimal(75), Decimal(90))),
        grade=dice.choice(grades) if grades else None,
        credits=dice.choice((None, None, Decimal(5), Decimal(20))),
        hours=dice.choice((None, None, Decimal(7), Decimal(40))),
        source=dice.choice(("course", "transfer")),
        id=f"c-{place}",
    )


def hardest() -> Iterator[tuple[str, Document]]:
    """The shipped qualifications whose rules need more than looking at each part by itself."""
    for resource in sorted(files("pathways").joinpath("examples").iterdir(), key=lambda r: r.name):
        if resource.name.endswith(".yaml"):
            document = load_pathway(Path(str(resource))).document
            yield document.main.pathway or resource.name, document


def run() -> None:
    """Print the verdicts per second, and the growth of cost."""
    searches: Counter[str] = Counter()
    name = ""
    plain = allocation.feasible

    def counted(*claims: Any, **more: Any) -> Any:
        searches[name] += 1
        return plain(*claims, **more)

    allocation.feasible = counted
    rows, everything = [], []
    for name, document in hardest():
        compiled(document)
        times = []
        for record in records(document, RECORDS, COMPLETIONS):
            times.append(seconds(partial(told, document, record, ON)))
        everything += times
        rows.append(
            (name, f"{len(times) / sum(times):6.0f}/s, {spread(times)}, {searches[name]} searches")
        )
    allocation.feasible = plain
    rows.append(("all", f"{len(everything) / sum(everything):6.0f}/s, {spread(everything)}"))
    table(f"assessments of records of {COMPLETIONS} completions", rows)
    _growth()


_SHAPES: dict[str, Any] = {
    "greedy (credits)": lambda n: {"credits": 5 * n // 2, "from": {}},
    "parts (every)": lambda _: {"every": {}},
    "packing (at most)": lambda n: {
        "credits": 5 * n // 2,
        "from": {},
        "limits": [{"at_most": 5 * n // 4, "of": {"groups": ["red"]}}],
    },
    "flow (distinct counts)": lambda n: {
        "distinct": True,
        "all": [
            {"count": n // 4, "from": {"level": 1}},
            {"count": n // 4, "from": {"groups": ["red"]}},
        ],
    },
    "search (distinct credits)": lambda n: {
        "distinct": True,
        "all": [
            {"credits": 5 * n // 4, "from": {"groups": ["red"]}},
            {"credits": 5 * n // 8, "from": {}},
        ],
    },
    "windows (within)": lambda n: {"count": n // 4, "from": {}, "within": "300 days"},
}


def _growth() -> None:
    rows = []
    for name, rule in _SHAPES.items():
        sizes = []
        for size in (10, 100, 1000):
            document = _made(size, rule(size))
            record = Record(
                completed=tuple(
                    Completed(module=f"m{i}", on=date(2020, 1, 1) + timedelta(days=i % 1500))
                    for i in range(size)
                )
            )
            compiled(document)
            took = best_of(partial(told, document, record, ON), 2)
            sizes.append(f"{size}: {1000 * took:7.1f} ms")
        rows.append((name, "   ".join(sizes)))
    table("growth: as many modules as completions", rows)


def _made(size: int, rule: Any) -> Document:
    modules = {
        f"m{i}": {"credits": 5, "level": i % 4 + 1, "groups": [("red", "green", "blue")[i % 3]]}
        for i in range(size)
    }
    pathway = {"pathway": "p", "modules": modules, "credentials": {"c": {"requires": rule}}}
    return Document(main=Pathway.model_validate(pathway))
