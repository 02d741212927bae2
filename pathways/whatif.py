"""What if: the same evaluation on a record, a day or rules that are imagined.

A scenario says what would be otherwise. It is applied to a record, both are assessed, and the
effect is what differs: awards gained and lost, and how far each rule has come. Pure: nothing is
stored, and no clock is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pathways.awards import Assessment, Standing, assess
from pathways.document import (
    Also,
    Completed,
    Day,
    Document,
    Model,
    Name,
    Record,
    Refs,
    Started,
    Text,
    Waived,
    as_key,
)
from pathways.evidence import dated, numbered
from pathways.problems import FileError
from pathways.remarks import remarks
from pathways.shape import shaped
from pathways.tree import read_tree
from pathways.verdict import Outcome, Verdict

_A_NAME = {"type": "string", "minLength": 1}

Turn = Literal["gained", "renewed", "lost", "lapsed", "review", "awaiting", "closer", "further"]

#: How a credential may turn out otherwise, in the order in which people care.
TURNS: tuple[Turn, ...] = (
    "gained", "renewed", "awaiting", "lost", "lapsed", "review", "closer", "further",
)  # fmt: skip


class Scenario(Model):
    """What would be otherwise.

    `complete` and `start` modules, go `without` some (as if their completions were revoked),
    `waive` rules, `enrol` in published pathways, take a draft's rules for the pathway's
    (`pathway`: a file), and let time pass `until` a day.
    """

    name: Name | None = None
    complete: tuple[Annotated[Completed, as_key("module"), Also(_A_NAME)], ...] = ()
    start: tuple[Annotated[Started, as_key("module"), Also(_A_NAME)], ...] = ()
    without: Refs = ()
    waive: tuple[Annotated[Waived, as_key("rule"), Also(_A_NAME)], ...] = ()
    enrol: tuple[Text, ...] = ()
    pathway: Name | None = None
    until: Day | None = None

    def day(self, on: date) -> date:
        """Return the day on which the effect shows: the last that the scenario speaks of."""
        spoken = [entry.on for entry in self.complete] + [entry.on for entry in self.waive]
        return max(on, self.until or on, *(day for day in spoken if day is not None))


def load_scenario(path: Path) -> Scenario:
    """Read a scenario, YAML or JSON. Raises `FileError` with all that is wrong in it."""
    tree, problems = read_tree(path, str(path))
    scenario, _, wrong = shaped(Scenario, tree, str(path))
    if problems or wrong:
        raise FileError((*problems, *wrong))
    return scenario


def applied(record: Record, scenario: Scenario, on: date) -> Record:
    """Return the record as the scenario has it; what it does not date, it dates on the day."""
    record = dated(record, on)
    taken = {entry.id for entry in record.completed}
    completed = [
        entry.model_copy(update={"revoked": on})
        if entry.revoked is None and {entry.module, entry.id} & set(scenario.without)
        else entry
        for entry in record.completed
    ]
    for entry in scenario.complete:
        day = entry.on or on
        name = numbered(entry.id or f"{entry.module}@{day.isoformat()}", taken)
        taken.add(name)
        completed.append(entry.model_copy(update={"on": day, "id": name}))
    done = {entry.module for entry in scenario.complete}
    waivers = {waived.id for waived in record.waived}
    waived = [
        entry.model_copy(update={"on": entry.on or on, "id": _free(entry, waivers)})
        for entry in scenario.waive
    ]
    started = [
        *(entry for entry in record.in_progress if entry.module not in done),
        *(entry for entry in scenario.start if entry.module not in done),
    ]
    return record.model_copy(
        update={
            "completed": tuple(completed),
            "in_progress": tuple({entry.module: entry for entry in started}.values()),
            "waived": (*record.waived, *waived),
        }
    )


def _free(entry: Waived, taken: set[str | None]) -> str:
    name = numbered(entry.id or f"waiver:{entry.rule}", taken)
    taken.add(name)
    return name


def whatif(
    document: Document,
    record: Record,
    on: date,
    scenario: Scenario,
    *,
    draft: Document | None = None,
) -> Effect:
    """Return what a scenario changes for a record; with a `draft`, by its rules."""
    before = assess(document, record, on)
    after = assess(draft or document, applied(record, scenario, on), scenario.day(on))
    told = remarks_on(draft or document, scenario)
    return Effect(before, after, _doubted(after) - _doubted(before), told)


def remarks_on(document: Document, scenario: Scenario) -> tuple[str, ...]:
    """Say what is odd about the completions of a scenario, such as that one does not pass."""
    return tuple(
        remark
        for entry in scenario.complete
        if entry.module in document.modules
        for remark in remarks(entry, *document.modules[entry.module])
    )


def _doubted(assessment: Assessment) -> frozenset[str]:
    """The credentials whose award lost evidence, which somebody has to look at."""
    return frozenset(
        ref
        for ref, standing in assessment.standings.items()
        if standing.last is not None
        and standing.last.losses
        and standing.last.losses[-1].decision == "review"
    )


@dataclass(frozen=True, slots=True)
class Pair:
    """One rule before and after; None where it is only in one of the two."""

    path: str
    before: Verdict | None
    after: Verdict | None

    @property
    def differs(self) -> bool:
        """Whether it turns out otherwise."""
        return _seen(self.before) != _seen(self.after)

    def to_json(self) -> dict[str, Any]:
        """Return the path, and outcome and progress before and after."""
        return {
            "path": self.path,
            "before": _rule_json(self.before),
            "after": _rule_json(self.after),
        }


@dataclass(frozen=True, slots=True)
class Change:
    """One credential before and after; None where it is only in one of the two.

    `review`: its award would lose evidence, and stay until somebody has decided about it.
    """

    credential: str
    before: Standing | None
    after: Standing | None
    review: bool = False

    @property
    def turn(self) -> Turn | None:
        """How it turns out otherwise, None where it does not."""
        before, after = _status(self.before), _status(self.after)
        if before != "held" and after == "held":
            return "gained"
        if before == "held" and after == "held" and self.review:
            return "review"
        if before == "held" and after == "held":
            return "renewed" if _until(self.after) != _until(self.before) else None
        if before == "held":
            return "lapsed" if after in ("lapsed", "expired") else "lost"
        if before != "awaiting approval" and after == "awaiting approval":
            return "awaiting"
        if _reach(self.before) != _reach(self.after):
            return "closer" if _reach(self.after) > _reach(self.before) else "further"
        return None

    @property
    def rules(self) -> tuple[Pair, ...]:
        """Every rule of the two, before and after, in the order of the file."""
        before, after = _by_path(self.before), _by_path(self.after)
        return tuple(
            Pair(path, before.get(path), after.get(path))
            for path in dict.fromkeys((*after, *before))
        )

    def to_json(self) -> dict[str, Any]:
        """Return both standings in brief, how they differ, and the rules that do."""
        return {
            "change": self.turn,
            "before": _standing_json(self.before),
            "after": _standing_json(self.after),
            "rules": [pair.to_json() for pair in self.rules if pair.differs],
        }


@dataclass(frozen=True, slots=True)
class Effect:
    """A pathway before and after; `before` is None where the scenario enrols in it.

    `reviewed` are the credentials whose awards would go to review, `remarks` say what is odd about
    the completions that were imagined.
    """

    before: Assessment | None
    after: Assessment
    reviewed: frozenset[str] = frozenset()
    remarks: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every credential of the two, bottom up."""
        before: Mapping[str, Standing] = {} if self.before is None else self.before.standings
        after = self.after.standings
        return tuple(
            Change(ref, before.get(ref), after.get(ref), ref in self.reviewed)
            for ref in dict.fromkeys((*after, *before))
        )

    def turned(self, turn: Turn) -> tuple[str, ...]:
        """The credentials that turn out otherwise in one way."""
        return tuple(change.credential for change in self.changes if change.turn == turn)

    def to_json(self) -> dict[str, Any]:
        """Return what turns out otherwise by kind, then every credential before and after."""
        main = self.after.document.main
        return {
            "pathway": main.pathway,
            "version": main.version,
            "on": None if self.before is None else self.before.on.isoformat(),
            "until": self.after.on.isoformat(),
            **{turn: list(self.turned(turn)) for turn in TURNS},
            "remarks": list(self.remarks),
            "credentials": {change.credential: change.to_json() for change in self.changes},
        }


def _status(standing: Standing | None) -> str:
    return "absent" if standing is None else standing.status


def _until(standing: Standing | None) -> date | None:
    return None if standing is None else standing.expires_on


def _reach(standing: Standing | None) -> tuple[Fraction, bool]:
    if standing is None:
        return Fraction(0), False
    return standing.progress, standing.outcome in (Outcome.PENDING, Outcome.MET)


def _by_path(standing: Standing | None) -> Mapping[str, Verdict]:
    if standing is None or standing.verdict is None:
        return {}
    return {verdict.path: verdict for verdict in standing.verdict.walk()}


def _seen(verdict: Verdict | None) -> tuple[object, ...]:
    return () if verdict is None else (verdict.outcome, verdict.progress)


def _rule_json(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    missing = verdict.missing
    return {
        "id": verdict.id,
        "outcome": verdict.outcome.value,
        "progress": float(verdict.progress),
        "missing": None if missing is None else missing.to_json(),
    }


def _standing_json(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    written = standing.to_json()
    del written["rule"]
    return written
