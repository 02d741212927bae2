"""A registrar at a desk: a ledger in a temporary folder, and short words for what is done."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import Any

from domain.commands import (
    ApproveAward,
    Command,
    EnrolLearner,
    MoveEnrolment,
    PublishPathway,
    RecordCompletion,
    RetirePathway,
    RevokeCompletion,
    WaiveRequirement,
    WithdrawEnrolment,
)
from domain.events import Event, Recorded
from domain.imports import Intake, import_rows
from domain.learner import Learner
from domain.ledger import Ledger, Receipt, open_ledger
from domain.reports import Row
from pathways.document import Document
from pathways.source import load_pathway

MOMENT = datetime(2026, 6, 30, 9, 30, tzinfo=UTC)
TODAY = date(2026, 6, 30)

#: Two modules make an essential, an essential and a third module make a certificate.
LADDER = """
    pathway: ladder
    version: "1"
    title: A ladder of three rungs
    modules:
      sheets-1: {title: Spreadsheets I, credits: 5, pass_score: 50}
      sheets-2: {title: Spreadsheets II, credits: 5, requires: sheets-1}
      charts: {title: Charts, credits: 5, equivalents: [old-charts]}
      macros: {title: Macros, credits: 5}
    credentials:
      essentials: {title: Essentials, credits: 10, requires: {all: [sheets-1, sheets-2]}}
      certificate:
        title: Certificate
        requires:
          all:
            - essentials
            - {id: further, credits: 5, from: [charts, macros]}
"""


def document(text: str) -> Document:
    """Read a pathway from the text of a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.pathway.yaml"
        path.write_text(dedent(text), encoding="utf-8")
        return load_pathway(path).document


def day(text: str) -> date:
    """Read a day, `2026-` left out."""
    return date.fromisoformat(text if len(text) == 10 else f"2026-{text}")


@dataclass
class Desk:
    """A ledger, and who sits before it. Everything happens today unless it says otherwise."""

    ledger: Ledger
    today: date = TODAY
    learners: dict[str, str] = field(default_factory=dict)

    def do(self, command: Command) -> Receipt:
        return self.ledger.record(command, on=self.today, at=MOMENT)

    def publish(self, text: str) -> Document:
        found = document(text)
        self.do(PublishPathway(document=found, on=self.today))
        return found

    def retire(self, pathway: str, version: str) -> Receipt:
        return self.do(RetirePathway(pathway=pathway, version=version, on=self.today))

    def take_in(self, rows: Iterable[Row]) -> None:
        """Import rows; who is not known yet is registered, and enrolled in the ladder."""
        import_rows(
            self.ledger,
            rows,
            on=self.today,
            clock=lambda: MOMENT,
            intake=Intake(register=True, enrol=("ladder",)),
        )

    def register(self, reference: str = "s-1") -> str:
        if reference not in self.learners:
            receipt = self.ledger.register(reference, on=self.today, at=MOMENT)
            self.learners[reference] = receipt.stream
        return self.learners[reference]

    def enrol(
        self, pathway: str = "ladder", on: str = "01-01", who: str = "s-1", **more: Any
    ) -> Receipt:
        return self.do(
            EnrolLearner(learner=self.register(who), pathway=pathway, on=day(on), **more)
        )

    def move(self, pathway: str = "ladder", who: str = "s-1", **more: Any) -> Receipt:
        return self.do(
            MoveEnrolment(learner=self.register(who), pathway=pathway, on=self.today, **more)
        )

    def withdraw(self, pathway: str = "ladder", who: str = "s-1") -> Receipt:
        return self.do(
            WithdrawEnrolment(learner=self.register(who), pathway=pathway, on=self.today)
        )

    def complete(self, module: str, on: str = "02-01", who: str = "s-1", **more: Any) -> Receipt:
        if "score" in more:
            more["score"] = Decimal(more["score"])
        return self.do(
            RecordCompletion(learner=self.register(who), module=module, on=day(on), **more)
        )

    def revoke(self, completion: str, on: str = "06-01", who: str = "s-1") -> Receipt:
        return self.do(
            RevokeCompletion(learner=self.register(who), completion=completion, on=day(on))
        )

    def waive(self, rule: str, on: str = "02-01", who: str = "s-1", **more: Any) -> Receipt:
        more.setdefault("pathway", "ladder")
        return self.do(WaiveRequirement(learner=self.register(who), rule=rule, on=day(on), **more))

    def approve(self, credential: str, who: str = "s-1") -> Receipt:
        return self.do(
            ApproveAward(learner=self.register(who), credential=credential, on=self.today)
        )

    def history(self, learner: str) -> list[Recorded]:
        return self.ledger.history(learner)

    def known(self, who: str = "s-1") -> Learner:
        return self.ledger.learner(self.learners[who])

    def events(self, who: str = "s-1") -> list[Event]:
        return [recorded.event for recorded in self.ledger.history(self.learners[who])]

    def status(self, credential: str, pathway: str = "ladder", who: str = "s-1") -> str:
        return self.ledger.assess(self.known(who), pathway, self.today).standings[credential].status


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """Open a ledger in a folder."""
    with open_ledger(str(folder / "cairn.db")) as ledger:
        yield Desk(ledger)


def awarded(receipt: Receipt) -> list[str]:
    """The awards of a receipt, in the order in which they were made."""
    return [award.award for award in receipt.awards]


def topics(receipt: Receipt) -> list[str]:
    """What kinds of events a receipt holds, in order."""
    return [event.topic for event in receipt.events]
