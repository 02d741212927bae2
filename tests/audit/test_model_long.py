"""Whatever is done to a ledger, it agrees with a plain model of it, and its audit is clean."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from domain.errors import RefusedError
from domain.ledger import open_ledger
from projections import register
from projections.audit import audit, caught_up
from projections.runner import Projections
from tests.ledgers import TODAY, Desk

PATHWAY = """
    pathway: rungs
    version: "1"
    modules: {a: {}, b: {}, c: {}, d: {}}
    credentials:
      low: {requires: {all: [a, b]}}
      high: {requires: {all: [low, {any: [c, d]}]}}
"""

DAYS = st.integers(0, 40).map(lambda number: date(2026, 2, 1) + timedelta(days=number))
MODULES = st.sampled_from("abcd")


@dataclass
class Model:
    """One learner, as simple as can be: what was done, and when what followed from it."""

    enrolled: date | None = None
    done: dict[str, tuple[str, date]] = field(default_factory=dict)
    revoked: dict[str, date] = field(default_factory=dict)
    awards: dict[str, date] = field(default_factory=dict)

    def settle(self) -> None:
        """Make what is due: on the first day on which its rule was met."""
        if self.enrolled is None:
            return
        for credential in ("low", "high"):
            if credential not in self.awards:
                day = self.enrolled
                while day <= TODAY and not self._met(credential, day):
                    day += timedelta(days=1)
                if day <= TODAY:
                    self.awards[credential] = day

    def _met(self, credential: str, day: date) -> bool:
        if credential == "low":
            return self._has("a", day) and self._has("b", day)
        low = self.awards.get("low")
        return low is not None and low <= day and (self._has("c", day) or self._has("d", day))

    def _has(self, module: str, day: date) -> bool:
        return any(
            name == module and on <= day and self.revoked.get(id_, date.max) > day
            for id_, (name, on) in self.done.items()
        )


class Registry(RuleBasedStateMachine):
    """Commands in any order, on the ledger and on the model."""

    learners: Bundle[str] = Bundle("learners")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.desk = Desk(open_ledger(str(self.folder / "cairn.db")))
        self.models: dict[str, Model] = {}

    @initialize()
    def publish(self) -> None:
        self.desk.publish(PATHWAY)

    @rule(target=learners, number=st.integers(0, 2))
    def register(self, number: int) -> str:
        who = f"s-{number}"
        self.desk.register(who)
        self.models.setdefault(who, Model())
        return who

    @rule(who=learners, on=DAYS)
    def enrol(self, who: str, on: date) -> None:
        receipt = self.desk.enrol("rungs", on=on.isoformat(), who=who)
        model = self.models[who]
        assert receipt.duplicate == (model.enrolled is not None)
        model.enrolled = model.enrolled or on
        model.settle()

    @rule(who=learners)
    def withdraw(self, who: str) -> None:
        model = self.models[who]
        try:
            self.desk.withdraw("rungs", who=who)
        except RefusedError:
            assert model.enrolled is None
        model.enrolled = None

    @rule(who=learners, module=MODULES, on=DAYS)
    def complete(self, who: str, module: str, on: date) -> None:
        model = self.models[who]
        receipt = self.desk.complete(f"rungs/{module}", on.isoformat(), who=who)
        id_ = f"rungs/{module}@{on}"
        assert receipt.duplicate == (id_ in model.done)
        model.done[id_] = (module, on)
        if not receipt.duplicate:
            model.settle()

    @rule(who=learners, place=st.integers(0, 5), on=DAYS)
    def revoke(self, who: str, place: int, on: date) -> None:
        model = self.models[who]
        if place < len(model.done):
            id_ = sorted(model.done)[place]
            try:
                self.desk.revoke(id_, on.isoformat(), who=who)
            except RefusedError:
                assert id_ in model.revoked
            model.revoked.setdefault(id_, on)
            model.settle()

    @rule()
    def reopen(self) -> None:
        self.desk.ledger.close()
        self.desk.ledger = open_ledger(str(self.folder / "cairn.db"))

    @invariant()
    def the_ledger_is_what_the_model_is(self) -> None:
        for who, model in self.models.items():
            known = self.desk.known(who)
            assert {
                id_: (completion.module.rpartition("/")[2], completion.on)
                for id_, completion in known.completions.items()
            } == model.done
            assert {
                award.credential.rpartition("/")[2]: award.on for award in known.awards.values()
            } == model.awards

    def teardown(self) -> None:
        ledger = self.desk.ledger
        assert caught_up(ledger) == []
        faults = [one for one in audit(ledger.store.database).findings if one.level == "fault"]
        projections = Projections(ledger)
        with projections.reading() as view:
            shown = {(row.reference, row.award) for row in register.listed(view, on=TODAY)}
        projections.close()
        ledger.close()
        shutil.rmtree(self.folder)
        assert faults == []
        assert shown == {
            (who, f"rungs/{credential}@{on}")
            for who, model in self.models.items()
            for credential, on in model.awards.items()
        }


TestRegistry = Registry.TestCase
TestRegistry.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
