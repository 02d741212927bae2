"""Verdicts over the hardest qualifications, and how the cost of each method grows.

Records of 36 completions are made at random, but always the same ones, from the modules that a
pathway has. Each is assessed whole: every credential, in time, with witnesses and verdicts.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.evaluations import told
from benchmarks.figures import best_of, seconds, spread, table
from pathways import allocation
from pathways.compile import compiled
from pathways.document import Completed, Document, Pathway, Record
from pathways.methods import Method
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
    """The qualifications of the corpus whose rules need more than each part by itself."""
    corpus = Path(__file__).parent.parent / "tests" / "corpus"
    for path in sorted(corpus.glob("*.pathway.yaml")):
        document = load_pathway(path).document
        methods = {
            node.method
            for earned in compiled(document).credentials.values()
            for tree in earned.trees
            for node in tree.root.walk()
        }
        if methods - {Method.LOOKUP, Method.GREEDY, Method.PARTS} or document.main.exclusive:
            yield document.main.pathway or path.name, document


@contextmanager
def counting(searches: Counter[str]) -> Iterator[None]:
    """Count what the solver is asked, meanwhile: for a legal use, and for the canonical one."""
    plain = {name: getattr(allocation, name) for name in ("feasible", "canonical")}

    def counted(name: str) -> Callable[..., Any]:
        def ask(*claims: Any) -> Any:
            searches[name] += 1
            return plain[name](*claims)

        return ask

    for name in plain:
        setattr(allocation, name, counted(name))
    try:
        yield
    finally:
        for name, function in plain.items():
            setattr(allocation, name, function)


def run() -> None:
    """Print the verdicts per second, and the growth of cost."""
    took = seconds(allocation.Problem)
    rows, everything, solved = [], [], 0
    for name, document in hardest():
        times = []
        needing = 0
        for record in records(document, RECORDS, COMPLETIONS):
            searches: Counter[str] = Counter()
            with counting(searches):
                times.append(seconds(partial(told, document, record, ON)))
            needing += bool(searches)
        everything += times
        solved += needing
        rows.append(
            (name, f"{len(times) / sum(times):6.0f}/s, {spread(times)}, {needing} needed a solver")
        )
    rows.append(
        (
            f"all {len(everything)}",
            f"{len(everything) / sum(everything):6.0f}/s, {spread(everything)}, "
            f"{solved} needed a solver",
        )
    )
    rows.append(("loading the solver, once a process", f"{1000 * took:6.0f} ms"))
    table(f"assessments of records of {COMPLETIONS} completions", rows)
    _growth()


_SHAPES: dict[str, Any] = {
    "lookup (module)": lambda n: {"module": f"m{n - 1}"},
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
    """Grow the modules under a fixed number of completions, and the other way round."""
    few, many = 10, 1000
    axes: dict[str, list[tuple[int, int]]] = {
        "modules": [(size, few) for size in (10, 100, 1000)],
        "completions": [(many, size) for size in (10, 100, 1000)],
    }
    for axis, sizes in axes.items():
        rows = []
        for name, rule in _SHAPES.items():
            cells = []
            for modules, completions in sizes:
                document = _made(modules, rule(completions))
                record = Record(
                    completed=tuple(
                        Completed(module=f"m{i}", on=date(2020, 1, 1) + timedelta(days=i % 1500))
                        for i in range(completions)
                    )
                )
                compiled(document)
                took = best_of(partial(told, document, record, ON), 2)
                size = modules if axis == "modules" else completions
                cells.append(f"{size}: {1000 * took:7.1f} ms")
            rows.append((name, "   ".join(cells)))
        fixed = f"{few} completions" if axis == "modules" else f"{many} modules"
        table(f"growth with the number of {axis} ({fixed})", rows)


def _made(size: int, rule: Any) -> Document:
    modules = {
        f"m{i}": {"credits": 5, "level": i % 4 + 1, "groups": [("red", "green", "blue")[i % 3]]}
        for i in range(size)
    }
    pathway = {"pathway": "p", "modules": modules, "credentials": {"c": {"requires": rule}}}
    return Document(main=Pathway.model_validate(pathway))
