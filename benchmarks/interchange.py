"""Statements into commands, against decoding the JSON of the same file; badges signed per second.

The file is an array of xAPI statements with what other systems usually add to them. The baseline is
`json.loads` of the whole of it, which checks nothing and holds everything.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import best_of, table
from benchmarks.imports import peak

if TYPE_CHECKING:
    from interchange.badge import Issued

STATEMENTS = 100_000
BADGES = 200


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


def outgoing() -> None:
    """Print badges signed and checked per second, and what of that Ed25519 alone takes."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from commands.issuing import Signer, written
    from interchange import badge, proofs

    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = key.public_key().public_bytes_raw()
    with tempfile.TemporaryDirectory() as folder:
        issued = _issued(Path(folder))
    signer = Signer(key, issued.badge.method)
    document = badge.credential(issued)
    signed = proofs.sign(document, key, signer.method, issued.badge.created)
    options = {name: value for name, value in signed["proof"][0].items() if name != "proofValue"}
    data = proofs.signed_bytes(document, options)

    def each(once: Callable[[], object], number: int = BADGES) -> str:
        def all_of_them() -> None:
            for _ in range(number):
                once()

        return f"{number / best_of(all_of_them):,.0f} per second"

    table(
        f"badges, of {len(written(signer, issued, 'json')):,} bytes each",
        [
            ("signed, with a proof inside", each(lambda: written(signer, issued, "json"))),
            ("signed, as a token", each(lambda: written(signer, issued, "jwt"))),
            ("proofs checked", each(lambda: proofs.verify(signed, lambda *_: public))),
            ("Ed25519 signatures alone", each(lambda: key.sign(data), 2_000)),
        ],
    )


def _issued(folder: Path) -> Issued:
    """Issue a badge of two modules in a new ledger."""
    from domain.commands import EnrolLearner, IssueBadge, PublishPathway, RecordCompletion
    from domain.ledger import open_ledger
    from interchange.badge import Issued
    from pathways.source import load_pathway

    example = Path("pathways/examples/office-skills.pathway.yaml")
    at = datetime(2026, 6, 30, 9, 30, tzinfo=UTC)
    on = at.date()
    with open_ledger(str(folder / "cairn.db")) as ledger:
        document = load_pathway(example).document
        ledger.record(PublishPathway(document=document, on=on), on=on, at=at)
        learner = ledger.register("s-1", on=on, at=at).stream
        ledger.record(EnrolLearner(learner=learner, pathway="office-skills", on=on), on=on, at=at)
        for module in ("spreadsheets-1", "spreadsheets-2"):
            done = RecordCompletion(learner=learner, module=module, on=on, score=Decimal(80))
            ledger.record(done, on=on, at=at)
        command = IssueBadge(
            learner=learner,
            award="spreadsheet-essentials",
            badge="urn:uuid:5a1f1f9e-2b1c-4f0e-9d0a-0d6a5f3c1b77",
            created=at,
            issuer="did:web:example.edu",
            method="did:web:example.edu#key-1",
            site="https://example.edu/",
            status_list=1,
            status_index=7,
            on=on,
        )
        ledger.record(command, on=on, at=at)
        known = ledger.learner(learner)
        return Issued(known, known.badges[0], ledger.volume("office-skills"))


def run() -> None:
    """Measure what comes in, and what goes out."""
    incoming()
    outgoing()
