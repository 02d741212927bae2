"""How long it takes to find a proved optimum: every corpus pathway, and one of 500 modules."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.figures import seconds, spread, table
from pathways.document import Completed, Document, Record
from pathways.plan import Aim, Plan, Wishes, plan
from pathways.source import load_pathway

ON = date(2026, 6, 30)
CORPUS = Path(__file__).parents[1] / "tests" / "corpus"

#: A large pathway is to be planned within this many seconds.
WITHIN = 10.0


def corpus() -> list[Path]:
    """Return the pathway files: those of the folder `CAIRN_CORPUS`, else those of the tests."""
    folder = Path(os.environ.get("CAIRN_CORPUS", CORPUS))
    return sorted(folder.glob("*.pathway.yaml"))


def records(document: Document, full: Plan) -> Iterator[Record]:
    """Give an empty record, and three that have gone a quarter, a half and most of the way.

    Of what the cheapest plan from nothing completes, every so-manieth is done, and as many other
    modules that it does not need.
    """
    yield Record()
    steps = [step.completed.module for step in full.steps]
    others = [ref for ref in document.modules if ref not in steps]
    for share in (0.25, 0.5, 0.75):
        dice = random.Random(len(steps))
        done = dice.sample(steps, int(len(steps) * share))
        aside = dice.sample(others, min(len(others), max(1, len(done) // 2)))
        yield Record(
            completed=tuple(
                Completed(module=module, on=date(2026, 1, 31), score=None)
                for module in sorted({*done, *aside})
            )
        )


def large(modules: int = 500, credentials: int = 60, depth: int = 10) -> Document:
    """Return a pathway with chains of prerequisites and credentials that stack in three tiers."""
    dice = random.Random(7)
    described: dict[str, dict[str, Any]] = {}
    for number in range(modules):
        chain, step = divmod(number, depth)
        ref = f"m{number:03}"
        described[ref] = {
            "credits": dice.choice([5, 10, 15]),
            "level": 4 + step // 3,
            "hours": 50,
            "price": 100 + 10 * dice.randrange(20),
            "groups": [f"g{chain % 12}", f"area{dice.randrange(6)}"],
        }
        if step:
            described[ref]["requires"] = {"module": f"m{number - 1:03}"}
    refs = list(described)
    awards: dict[str, dict[str, Any]] = {}
    lower = [f"micro-{number}" for number in range(credentials - 10)]
    for number, ref in enumerate(lower):
        named = {
            "credits": 20,
            "from": {"groups": f"g{number % 12}", "level": f">={4 + number % 3}"},
        }
        picked = [{"module": module} for module in dice.sample(refs, 4)]
        awards[ref] = {
            "credits": 20,
            "groups": ["micro"],
            "requires": {"all": [named, {"at_least": 2, "of": picked}]},
        }
    middle = [f"certificate-{number}" for number in range(9)]
    for number, ref in enumerate(middle):
        stacked = [{"credential": dice.choice(lower)} for _ in range(3)]
        awards[ref] = {
            "credits": 60,
            "requires": {
                "distinct": True,
                "all": [
                    {"at_least": 2, "of": stacked},
                    {
                        "credits": 40,
                        "from": {"groups": f"area{number % 6}"},
                        "limits": [{"at_least": 15, "of": {"level": ">=6"}}],
                    },
                ],
            },
        }
    awards["degree"] = {
        "requires": {
            "all": [
                {"at_least": 3, "of": [{"credential": ref} for ref in middle]},
                {"credits": 240, "from": "any", "limits": [{"spread": 5, "over": "groups"}]},
            ]
        }
    }
    pathway = {"pathway": "large", "version": "1", "modules": described, "credentials": awards}
    return Document.model_validate({"main": pathway})


def timed(question: Callable[[], Plan]) -> tuple[float, Plan]:
    """Return how long a plan takes, and the plan."""
    answers: list[Plan] = []
    taken = seconds(lambda: answers.append(question()))
    return taken, answers[0]


def run() -> None:
    """Plan on every pathway, from an empty record and three partial ones; then on a large one."""
    plan(large(10, 12, 2), Record(), "micro-0", ON, explain=False)  # imports the solver
    times: list[tuple[float, str]] = []
    proved = 0
    for path in corpus():
        document = load_pathway(path).document
        for to in document.main.destination:
            full = plan(document, Record(), to, ON)
            for record in records(document, full):
                taken, found = timed(partial(plan, document, record, to, ON))
                times.append((taken, to))
                proved += found.found and found.optimal
    worst, where = max(times)
    table(
        f"plans: {len(corpus())} qualifications, from nothing and from three partial records",
        [
            ("proved optimal", f"{proved} of {len(times)}"),
            ("time", spread([taken for taken, _ in times])),
            ("slowest", f"{1000 * worst:.1f} ms, to {where}"),
        ],
    )
    document = large()
    rows = []
    aims: tuple[Aim, ...] = ("modules", "price")
    for aim in aims:
        wishes = Wishes(minimise=aim)
        taken, found = timed(partial(plan, document, Record(), "degree", ON, wishes))
        proof = "proved optimal" if found.optimal else f"none is below {found.bound}"
        verdict = "within" if taken <= WITHIN else "not within"
        figure = f"{taken:.1f} s ({verdict} {WITHIN:.0f} s), cost {found.cost}, {proof}"
        rows.append((f"least {aim}", figure))
    table("a plan over 500 modules, 60 credentials, prerequisites ten deep", rows)


if __name__ == "__main__":
    run()
