"""Statements into commands, against decoding the JSON of the same file; and memory along the way.

The file is an array of xAPI statements with what other systems usually add to them. The baseline is
`json.loads` of the whole of it, which checks nothing and holds everything.
"""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

from benchmarks.figures import best_of, table
from benchmarks.imports import peak

STATEMENTS = 100_000


def write(path: Path, number: int) -> None:
    """Write an array of statements, always the same ones."""
    dice = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        for count in range(number):
            file.write(("[" if count == 0 else ",\n") + json.dumps(_statement(count, dice)))
        file.write("]\n")


def _statement(count: int, dice: random.Random) -> dict[str, object]:
    home = {"homePage": "https://lms.example.org", "name": f"learner-{count % 5000:05}"}
    course = f"https://lms.example.org/xapi/activities/course/{dice.randrange(40)}"
    score = {"scaled": dice.randrange(100) / 100, "raw": 1, "min": 0, "max": 100}
    return {
        "id": f"6690e6c9-3ef0-4ed3-8b37-{count:012}",
        "actor": {"objectType": "Agent", "account": home},
        "verb": {
            "id": "http://adlnet.gov/expapi/verbs/" + dice.choice(["completed", "passed"]),
            "display": {"en-US": "done"},
        },
        "object": {
            "objectType": "Activity",
            "id": course,
            "definition": {
                "type": "http://adlnet.gov/expapi/activities/course",
                "name": {"en-US": "A course"},
            },
        },
        "result": {"completion": True, "score": score, "duration": "PT1H"},
        "context": {"registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7"},
        "timestamp": f"2026-{1 + count % 12:02}-{1 + count % 28:02}T10:00:00.000Z",
        "version": "1.0.3",
    }


def incoming() -> None:
    """Print statements per second, the ratio to bare decoding, and what memory it takes."""
    from domain.reports import Statement
    from interchange.incoming import Terms, entries
    from interchange.reading import documents
    from interchange.xapi import statement

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "statements.json")
        write(path, STATEMENTS)

        def translated() -> None:
            with path.open("rb") as raw:
                found = entries(documents(raw, path.name), statement, Terms())
                assert sum(isinstance(one, Statement) for one in found) == STATEMENTS

        def decoded() -> None:
            assert len(json.loads(path.read_bytes())) == STATEMENTS

        before = peak()
        ours = best_of(translated)
        streaming = peak()
        bare = best_of(decoded)
        size = path.stat().st_size / 2**20
    table(
        f"{STATEMENTS:,} statements of xAPI into commands, {size:.0f} MiB",
        [
            ("statements per second", f"{STATEMENTS / ours:,.0f}"),
            ("json.loads of the same file", f"{STATEMENTS / bare:,.0f} statements/s"),
            ("time against json.loads", f"{ours / bare:.1f} times"),
            (
                "memory it added, json.loads added",
                f"{streaming - before:.0f} MiB, {peak() - streaming:.0f} MiB",
            ),
        ],
    )


def run() -> None:
    """Measure what comes in."""
    incoming()
