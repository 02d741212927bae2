"""What a change of the rules does to everybody: how each learner stands before and after it.

Compared is what the rules give by the evidence alone. An award that was made stays made, so of
those who would lose a credential the ones who hold an award of it keep it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from pathways.columns import Population
from pathways.compile import compiled, credentials_needed
from pathways.document import Document, Record
from pathways.population import Column, Count, Flags, times


class Turn(Enum):
    """What a change does to one learner's way to one credential."""

    GAINS = "gains"
    CLOSER = "closer"
    UNCHANGED = "unchanged"
    FURTHER = "further"
    LOSES = "loses"


TURNS = tuple(Turn)
_UP = (TURNS.index(Turn.GAINS), TURNS.index(Turn.CLOSER))
_DOWN = (TURNS.index(Turn.LOSES), TURNS.index(Turn.FURTHER))


def turns(before: Column | None, after: Column | None, size: int) -> NDArray[np.int8]:
    """What a change does to each of `size` learners, as places in `TURNS`.

    None stands for a credential that is not there. Who holds it before and after is unchanged;
    of the others the progress tells, compared exactly.
    """
    held, holds = _held(before, size), _held(after, size)
    old, whole = _progress(before, size)
    new, other = _progress(after, size)
    common = lcm(whole, other)
    old, new = times(old, whole, common // whole), times(new, other, common // other)
    found = np.full(size, TURNS.index(Turn.UNCHANGED), np.int8)
    lacks = ~held & ~holds
    found[lacks & np.asarray(new > old, np.bool_)] = TURNS.index(Turn.CLOSER)
    found[lacks & np.asarray(new < old, np.bool_)] = TURNS.index(Turn.FURTHER)
    found[~held & holds] = TURNS.index(Turn.GAINS)
    found[held & ~holds] = TURNS.index(Turn.LOSES)
    return found


def _held(column: Column | None, size: int) -> Flags:
    return np.zeros(size, np.bool_) if column is None else column.held


def _progress(column: Column | None, size: int) -> tuple[NDArray[np.int64], int]:
    return (np.zeros(size, np.int64), 1) if column is None else (column.progress, column.whole)


# --- counted -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Example:
    """One learner to whom something happens; without a name unless names were asked for."""

    learner: str | None
    version: str
    before: Fraction
    after: Fraction
    record: Record


@dataclass(slots=True)
class Effect:
    """What a change does to the ways to one credential.

    `keep` are those who would lose it but hold an award of it, which stays; `flight` those who
    were on the way before: they had come some way, and did not have it.
    """

    turns: Counter[Turn] = field(default_factory=Counter)
    before: int = 0
    after: int = 0
    keep: int = 0
    flight: int = 0
    examples: dict[Turn, list[Example]] = field(default_factory=dict)

    def add(self, other: Effect, examples: int) -> None:
        """Add what was counted of others, and keep so many examples of each kind."""
        self.turns.update(other.turns)
        self.before += other.before
        self.after += other.after
        self.keep += other.keep
        self.flight += other.flight
        for turn, found in other.examples.items():
            kept = self.examples.setdefault(turn, [])
            kept += found[: examples - len(kept)]


@dataclass(slots=True)
class Cohort:
    """Those on one version: how many would stand better, worse, both or the same.

    `gain` would have a credential more, `lose` one less that they hold no award of; `gain_only`
    are those of `better` who gain.
    """

    learners: int = 0
    flight: int = 0
    better: int = 0
    worse: int = 0
    mixed: int = 0
    gain: int = 0
    lose: int = 0
    gain_only: int = 0

    def add(self, other: Cohort) -> None:
        """Add what was counted of others."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def same(self) -> int:
        """How many stand as before in every credential."""
        return self.learners - self.better - self.worse - self.mixed

    def under(self, policy: str) -> dict[str, int]:
        """What a policy means: how many move, and how many gain and lose a credential by it.

        `keep` leaves all on their version, `move` moves all, and with `choose` those are taken to
        move who stand better in something and worse in nothing.
        """
        if policy == "keep":
            return {"move": 0, "gain": 0, "lose": 0}
        if policy == "move":
            return {"move": self.learners, "gain": self.gain, "lose": self.lose}
        return {"move": self.better, "gain": self.gain_only, "lose": 0}


POLICIES = ("keep", "move", "choose")


@dataclass(slots=True)
class Impact:
    """What a change does to a population, by credential and by cohort."""

    effects: dict[str, Effect] = field(default_factory=dict)
    cohorts: dict[str, Cohort] = field(default_factory=dict)
    count: Count = field(default_factory=Count)

    def add(self, other: Impact, examples: int) -> None:
        """Add what was counted of others."""
        for ref, effect in other.effects.items():
            self.effects.setdefault(ref, Effect()).add(effect, examples)
        for version, cohort in other.cohorts.items():
            self.cohorts.setdefault(version, Cohort()).add(cohort)
        self.count = self.count.plus(other.count)


def impact(
    version: str,
    population: Population,
    before: Mapping[str, Column],
    after: Mapping[str, Column],
    holders: Mapping[str, Flags],
    destinations: Sequence[str],
    examples: int,
) -> Impact:
    """Count what a change does to those on one version.

    `holders` tells who holds an award of a credential on record.
    """
    size = len(population)
    up, down = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
    gain, lose = up.copy(), up.copy()
    found = Impact()
    for ref in dict.fromkeys((*before, *after)):
        old, new = before.get(ref), after.get(ref)
        turned = turns(old, new, size)
        counts = np.bincount(turned, minlength=len(TURNS)).tolist()
        kept = holders.get(ref, np.zeros(size, np.bool_))
        loses = turned == TURNS.index(Turn.LOSES)
        up |= np.isin(turned, _UP)
        down |= np.isin(turned, _DOWN) & ~(loses & kept)
        gain |= turned == TURNS.index(Turn.GAINS)
        lose |= loses & ~kept
        held = _held(old, size)
        found.effects[ref] = Effect(
            turns=Counter({turn: n for turn, n in zip(TURNS, counts, strict=True) if n}),
            before=int(held.sum()),
            after=int(_held(new, size).sum()),
            keep=int((loses & kept).sum()),
            flight=int((~held & np.asarray(_progress(old, size)[0] > 0, np.bool_)).sum()),
            examples=_examples(version, population, old, new, turned, examples),
        )
    lacks = np.zeros(size, np.bool_)
    for ref in destinations:
        if ref in before:
            lacks |= ~(before[ref].held | holders.get(ref, np.zeros(size, np.bool_)))
    found.cohorts[version] = Cohort(
        learners=size,
        flight=int(lacks.sum()),
        better=int((up & ~down).sum()),
        worse=int((down & ~up).sum()),
        mixed=int((up & down).sum()),
        gain=int(gain.sum()),
        lose=int(lose.sum()),
        gain_only=int((gain & ~down).sum()),
    )
    return found


def _examples(
    version: str,
    population: Population,
    old: Column | None,
    new: Column | None,
    turned: NDArray[np.int8],
    number: int,
) -> dict[Turn, list[Example]]:
    found: dict[Turn, list[Example]] = {}
    for place, turn in enumerate(TURNS):
        if turn is Turn.UNCHANGED or not number:
            continue
        for learner in np.flatnonzero(turned == place)[:number].tolist():
            found.setdefault(turn, []).append(
                Example(
                    learner=population.learners[learner],
                    version=version,
                    before=Fraction(0) if old is None else old.of(learner)[1],
                    after=Fraction(0) if new is None else new.of(learner)[1],
                    record=population.record_of(learner),
                )
            )
    return found


# --- what has to be worked out again -------------------------------------------------------------


def touched(old: Document, new: Document) -> frozenset[str]:
    """The credentials of `new` that may stand differently by it than by `old`.

    Those whose own words changed, and those that rest on them; all of them where the modules, the
    groups, the named rules or anything else that is shared changed.
    """
    everything = frozenset(compiled(new).credentials)
    if _shared(old) != _shared(new):
        return everything
    changed = {
        ref
        for ref, (credential, _) in new.credentials.items()
        if ref not in old.credentials or old.credentials[ref][0] != credential
    }
    changed |= old.credentials.keys() - new.credentials.keys()
    for document in (old, new):
        for members in compiled(document).components:
            for ref in members:
                needed = credentials_needed(compiled(document).credentials[ref], document)
                if needed & changed or changed & set(members):
                    changed |= set(members)
    return everything & changed


def same_modules(old: Document, new: Document) -> bool:
    """Whether completions serve alike by both: see `population.Memory`."""
    return {ref: module for ref, (module, _) in old.modules.items()} == {
        ref: module for ref, (module, _) in new.modules.items()
    } and [(f.defaults, f.scale) for f in old.files] == [(f.defaults, f.scale) for f in new.files]


def _shared(document: Document) -> list[object]:
    aside = {"credentials", "examples", "version", "title", "description"}
    return [file.model_dump(mode="json", exclude=aside) for file in document.files]


def by_change(places: Iterable[str], document: Document) -> dict[str, frozenset[str]]:
    """Of the places that changes name, the credentials that they may concern.

    A change that names a credential concerns it and what rests on it; any other may concern all.
    """
    everything = frozenset(compiled(document).credentials)
    found: dict[str, frozenset[str]] = {}
    for place in places:
        named = {ref for ref in everything if f"`{ref}`" in place}
        if named:
            for ref, earned in compiled(document).credentials.items():
                if credentials_needed(earned, document) & named:
                    named.add(ref)
        found[place] = frozenset(named) or everything
    return found
