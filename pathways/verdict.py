"""What an evaluation says: outcomes, verdict trees, witnesses, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from fractions import Fraction
from typing import Any


class Outcome(Enum):
    """How a rule stands on a day; the later the better."""

    UNMET = "unmet"
    UNDECIDED = "undecided"
    PENDING = "pending"
    MET = "met"


@dataclass(frozen=True, slots=True)
class Missing:
    """What stands between a rule and being met: in words, and as data."""

    text: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the words under `text`, and the data beside them."""
        return {"text": self.text, **self.data}


@dataclass(frozen=True, slots=True)
class Use:
    """How one rule uses its evidence: a leaf's selection, or the children chosen to meet it."""

    path: str
    items: tuple[str, ...] = ()
    served: Mapping[str, str] = field(default_factory=dict)
    amounts: Mapping[str, str] = field(default_factory=dict)
    waived: tuple[str, ...] = ()
    parts: Mapping[int, Use] = field(default_factory=dict)

    def used(self) -> Iterator[str]:
        """Give every item id used here or below, repeats included."""
        yield from self.items
        yield from self.waived
        for part in self.parts.values():
            yield from part.used()

    @property
    def by_waivers(self) -> bool:
        """Whether no evidence is used here or below, and waivers alone meet the rule."""
        return not self.items and all(part.by_waivers for part in self.parts.values())

    def faces(self) -> Iterator[tuple[str, str]]:
        """Give every item id used here or below with what it serves as; empty: as what it is."""
        yield from ((item, self.served.get(item, "")) for item in self.items)
        yield from ((item, "") for item in self.waived)
        for part in self.parts.values():
            yield from part.faces()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, in which empty keys are left out."""
        written: dict[str, Any] = {"path": self.path}
        if self.items:
            written["items"] = list(self.items)
        if self.served:
            written["as"] = dict(self.served)
        if self.amounts:
            written["amounts"] = dict(self.amounts)
        if self.waived:
            written["waived"] = list(self.waived)
        if self.parts:
            written["parts"] = {str(index): part.to_json() for index, part in self.parts.items()}
        return written

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Use:
        """Read what `to_json` wrote."""
        return cls(
            path=written["path"],
            items=tuple(written.get("items", ())),
            served=dict(written.get("as", {})),
            amounts=dict(written.get("amounts", {})),
            waived=tuple(written.get("waived", ())),
            parts={int(key): cls.from_json(part) for key, part in written.get("parts", {}).items()},
        )


@dataclass(frozen=True, slots=True)
class Witness:
    """The canonical evidence of a met rule on a day: its items in order, and their use."""

    on: date
    items: tuple[str, ...]
    use: Use

    def to_json(self) -> dict[str, Any]:
        """Return the form that is recorded with an award, and that the kernel checks."""
        return {"on": self.on.isoformat(), "items": list(self.items), "use": self.use.to_json()}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Witness:
        """Read what `to_json` wrote."""
        return cls(
            on=date.fromisoformat(written["on"]),
            items=tuple(written["items"]),
            use=Use.from_json(written["use"]),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule on one day. `progress` is 1 exactly when met; `missing` is None exactly then."""

    path: str
    id: str | None
    title: str | None
    operator: str
    outcome: Outcome
    progress: Fraction
    evidence: tuple[str, ...] | None
    missing: Missing | None
    parts: tuple[Verdict, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the shape of section 7 of the language, which is a contract."""
        return {
            "path": self.path,
            "id": self.id,
            "operator": self.operator,
            "outcome": self.outcome.value,
            "progress": float(self.progress),
            "evidence": None if self.evidence is None else list(self.evidence),
            "missing": None if self.missing is None else self.missing.to_json(),
            "parts": [part.to_json() for part in self.parts],
        }

    def walk(self) -> Iterator[Verdict]:
        """Give this verdict and every one beneath, in file order."""
        yield self
        for part in self.parts:
            yield from part.walk()
