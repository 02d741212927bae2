"""What a draft would do to those who follow a pathway, counted from the columns.

Each version's learners are compared with the rules of their own version. What was read and worked
out can be kept, so that after an edit only the credentials that it touches are asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import numpy as np

from domain.names import qualified
from domain.vocabulary import vocabulary
from pathways.anatomy import destinations
from pathways.columns import Population
from pathways.document import Document
from pathways.impact import Impact, impact, same_modules, touched
from pathways.population import Column, Count, Flags, Memory, stand
from projections.columns import Batch, Part
from projections.partitions import ALONE, Sharing, shared
from projections.population import WANTED, population

Progress = Callable[[int], None]

_EPOCH = date(1970, 1, 1).toordinal()
_NONE = -(2**31)


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked: a draft of a pathway, against which versions, on which day."""

    draft: Document
    pathway: str
    versions: Mapping[str, Document]
    on: date
    examples: int = 3


def measured(
    parts: Sequence[Part],
    ask: Ask,
    sharing: Sharing = ALONE,
    progress: Progress = lambda _learners: None,
) -> Impact:
    """Measure what a draft would do; see `Columns.parts`.

    Raises `ColumnsDamagedError` or `UnsharedError`.
    """
    total = Impact()
    for found, learners in shared(partial(_measured, ask), parts, sharing):
        total.add(found, ask.examples)
        progress(learners)
    return total


def _measured(ask: Ask, part: Part) -> tuple[Impact, int]:
    batch = part.read(WANTED)
    found = Impact()
    for crowd in _crowds(ask, batch):
        found.add(crowd.look(ask), ask.examples)
    return found, len(batch)


class Watch:
    """Everybody, kept at hand: what was read, and how all stand by the last draft."""

    def __init__(
        self, parts: Sequence[Part], ask: Ask, progress: Progress = lambda _learners: None
    ) -> None:
        """Read everybody."""
        self._parts = list(parts)
        self._crowds: list[_Crowd] = []
        self._read(ask, progress)

    def _read(self, ask: Ask, progress: Progress = lambda _learners: None) -> None:
        self._crowds = []
        for part in self._parts:
            batch = part.read(WANTED)
            self._crowds += _crowds(ask, batch)
            progress(len(batch))

    def look(self, ask: Ask, progress: Progress = lambda _learners: None) -> Impact:
        """Measure what a draft would do, asking only for what is not known from the last one."""
        total = Impact()
        if any(not crowd.knows(ask) for crowd in self._crowds):
            self._read(ask)
        for crowd in self._crowds:
            total.add(crowd.look(ask), ask.examples)
            progress(len(crowd.population))
        return total


def _crowds(ask: Ask, batch: Batch) -> Iterator[_Crowd]:
    for version, document in ask.versions.items():
        crowd = _Crowd(ask, batch, version, document)
        if len(crowd.population):
            yield crowd


class _Crowd:
    """Those of a batch who are on one version."""

    def __init__(self, ask: Ask, batch: Batch, version: str, document: Document) -> None:
        self._version = version
        self._document = document
        self._words = vocabulary(ask.draft)
        old = vocabulary(document)
        self.population = self._read(ask, batch, document)
        self._new: Population = self.population
        if (self._words.modules, self._words.credentials) != (old.modules, old.credentials) or (
            self.population.irregular
        ):
            self._new = self._read(ask, batch, ask.draft)
        self._holders = _holders(batch, self.population, document, ask)
        self._before: Mapping[str, Column] = {}
        self._after: dict[str, Column] = {}
        self._drawn: Document | None = None
        self._count = Count()
        #: Of the population by which drafts are asked; of whose modules, where anything is known.
        self._memory = Memory()
        self._of = document if self._new is self.population else None

    def _read(self, ask: Ask, batch: Batch, document: Document) -> Population:
        return population(
            batch,
            vocabulary(document),
            pathway=ask.pathway,
            on=ask.on,
            versions=[self._version],
            by_rules=True,
        )

    def knows(self, ask: Ask) -> bool:
        """Whether a draft speaks of nothing that was not read."""
        words = vocabulary(ask.draft)
        return (words.modules, words.credentials, words.rules) == (
            self._words.modules,
            self._words.credentials,
            self._words.rules,
        )

    def look(self, ask: Ask) -> Impact:
        """Count what a draft would do."""
        if not self._before:
            memory = self._memory if self._new is self.population else Memory()
            told = stand(self._document, self.population, ask.on, memory=memory)
            self._before, self._count = told.columns, told.count
            if self._new is self.population:
                # The draft is asked only for what it says otherwise.
                self._drawn, self._after = self._document, dict(told.columns)
        last = self._drawn
        wanted = frozenset(ask.draft.credentials)
        if last is not None:
            wanted = touched(last, ask.draft)
        if self._of is None or not same_modules(self._of, ask.draft):
            self._memory, self._of = Memory(), ask.draft
        known = {
            ref: column
            for ref, column in self._after.items()
            if ref in ask.draft.credentials and ref not in wanted
        }
        if wanted:
            told = stand(
                ask.draft, self._new, ask.on, only=wanted, known=known, memory=self._memory
            )
            known |= told.columns
            self._count = self._count.plus(replace(told.count, learners=0))
        self._after, self._drawn = known, ask.draft
        found = impact(
            self._version,
            self.population,
            self._before,
            self._after,
            self._holders,
            destinations(self._document),
            ask.examples,
        )
        found.count = self._count
        return found


def _holders(batch: Batch, people: Population, document: Document, ask: Ask) -> dict[str, Flags]:
    """Who holds an award on record, of each credential, on the day."""
    codes, words = batch.codes("awards", "credential")
    on = ask.on.toordinal() - _EPOCH
    good = batch.days("awards", "on", _NONE) <= on
    good &= batch.days("awards", "revoked", _NONE) == _NONE
    ends = batch.days("awards", "expires", _NONE)
    good &= (ends == _NONE) | (ends >= on)
    counts = batch.tables["learners"]["awards"].to_numpy()
    owner = np.repeat(np.arange(len(counts)), counts)
    names = batch.tables["learners"]["learner"].to_pylist()
    places = {name: place for place, name in enumerate(names)}
    mine: Any = np.array([places[name] for name in people.learners], dtype=np.int64)
    home = vocabulary(document).home
    found: dict[str, Flags] = {}
    for ref in {**document.credentials, **ask.draft.credentials}:
        name = qualified(ref, home)
        if name in words:
            flags = np.zeros(len(counts), np.bool_)
            flags[owner[good & (codes == words.index(name))]] = True
            found[ref] = flags[mine]
    return found
