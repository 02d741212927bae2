"""Learners of the columns as a population: what the rules of one document may use of each.

Whoever has something on record that a population's columns do not tell is put together again as a
learner, from the same files, and seen as `domain.records` sees everybody. The event log is not
asked.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pyarrow.compute as pc

from domain.learner import Award, Completion, Enrolment, Learner, Renewed, Started, Substitution
from domain.learner import Waiver as _Waiver
from domain.names import relative
from domain.records import record_of
from domain.vocabulary import Vocabulary
from pathways.columns import NEVER, NOT_GIVEN, NOT_SAID, Population, same, scaled
from projections.columns import NEVER as FOREVER
from projections.columns import SCHEMAS, Batch

#: What has to be read for a population.
WANTED = dict.fromkeys(SCHEMAS)

#: The number of the day before 1970, counted from the year 1.
_EPOCH = date(1970, 1, 1).toordinal()
_FOREVER = FOREVER.toordinal() - _EPOCH
_NONE = -(2**31)

_AMOUNTS = ("score", "credits", "hours", "level")


def population(
    batch: Batch,
    words: Vocabulary,
    *,
    pathway: str,
    on: date,
    versions: Collection[str] | None = None,
    by_rules: bool = False,
) -> Population:
    """Return those of a batch who follow a pathway, perhaps only some versions of it.

    `words` are those of the document whose rules will be asked; `on` is the day for which. With
    `by_rules`, awards that this pathway made, and that nobody revoked, are left out: what the
    rules give is then worked out from the evidence alone.
    """
    return _Crowd(batch, words, pathway, on, versions, by_rules).population()


class _Crowd:
    def __init__(
        self,
        batch: Batch,
        words: Vocabulary,
        pathway: str,
        on: date,
        versions: Collection[str] | None,
        by_rules: bool,
    ) -> None:
        self.batch = batch
        self.words = words
        self.pathway = pathway
        self.on = on
        self.by_rules = by_rules
        self.enrolled = self._enrolled(versions)
        self.here = self.enrolled != NEVER
        self.awards = self._awards()
        self.beside = self._irregular() & self.here
        #: Learners of whom the columns tell.
        self.told = self.here & ~self.beside

    def population(self) -> Population:
        chosen = np.flatnonzero(self.here)
        names = self.batch.tables["learners"]["learner"].take(chosen).to_pylist()
        at = {int(place): number for number, place in enumerate(chosen)}
        irregular = {
            at[int(place)]: record_of(
                self._by_rules(learner_of(self.batch, int(place))),
                self.words,
                pathway=self.pathway,
                enrolled=date.fromordinal(int(self.enrolled[place])),
                on=self.on,
            )
            for place in np.flatnonzero(self.beside)
        }
        return Population(
            learners=tuple(names),
            enrolled=self.enrolled[chosen],
            **self._completions(chosen),
            **self._held(chosen),
            **self._begun(chosen),
            **self._approved(chosen),
            irregular=irregular,
        )

    # --- who -------------------------------------------------------------------------------------

    def _owners(self, table: str) -> Any:
        counts = self.batch.tables["learners"][table].to_numpy()
        return np.repeat(np.arange(len(counts)), counts)

    def _named(self, table: str, column: str, known: Collection[str]) -> Any:
        """Tell which rows name one of some words."""
        codes, found = self.batch.codes(table, column)
        good = np.array([word in known for word in found] + [False], dtype=bool)
        return good[codes]

    def _enrolled(self, versions: Collection[str] | None) -> Any:
        found = np.full(len(self.batch), NEVER, dtype=np.int32)
        mine = self._named("enrolments", "pathway", {self.pathway})
        if versions is not None:
            mine &= self._named("enrolments", "version", set(versions))
        mine &= self.batch.days("enrolments", "withdrawn", _NONE) == _NONE
        days = self.batch.days("enrolments", "on", _NONE) + _EPOCH
        found[self._owners("enrolments")[mine]] = days[mine]
        return found

    def _awards(self) -> Any:
        """Tell which awards the document may use."""
        mine = self._named("awards", "credential", self.words.credentials)
        revoked = self.batch.days("awards", "revoked", _NONE) != _NONE
        mine &= ~(revoked & _flags(self.batch, "awards", "groundless"))
        if self.by_rules:
            mine &= ~(self._named("awards", "pathway", {self.pathway}) & ~revoked)
        return mine

    def _irregular(self) -> Any:
        found = np.zeros(len(self.batch), dtype=bool)
        waived = self._named("waivers", "pathway", {self.pathway})
        waived &= self._named("waivers", "rule", self.words.rules)
        waived &= self.batch.days("waivers", "withdrawn", _NONE) == _NONE
        found[self._owners("waivers")[waived]] = True
        swapped = self._named("substitutions", "counts_as", self.words.modules)
        found[self._owners("substitutions")[swapped]] = True
        begun = self._named("started", "module", self.words.modules)
        plain = ~self._named("started", "source", {"course"})
        for column in ("credits", "hours"):
            plain |= self.batch.codes("started", column)[0] >= 0
        found[self._owners("started")[begun & plain]] = True
        table, owner = self.batch.tables["awards"], self._owners("awards")
        told = self.batch.codes("awards", "award_class")[0] >= 0
        told |= self.batch.days("awards", "revoked", _NONE) != _NONE
        for column in ("renewed", "used", "used_waivers"):
            told |= pc.list_value_length(table[column]).to_numpy() > 0
        found[owner[self.awards & told]] = True
        # Two awards of a credential on one day.
        days = self.batch.days("awards", "on", _NONE)
        codes = self.batch.codes("awards", "credential")[0]
        twice = (days[1:] == days[:-1]) & (owner[1:] == owner[:-1]) & (codes[1:] == codes[:-1])
        found[owner[1:][twice]] = True
        return found

    def _by_rules(self, learner: Learner) -> Learner:
        if not self.by_rules:
            return learner
        kept = {
            id_: award
            for id_, award in learner.awards.items()
            if award.pathway != self.pathway or award.revoked is not None
        }
        return Learner(
            learner.id,
            learner.registered,
            learner.enrolments,
            learner.completions,
            learner.started,
            learner.waivers,
            learner.substitutions,
            kept,
            learner.approvals,
        )

    # --- columns ---------------------------------------------------------------------------------

    def _starts(self, kept: Any, table: str, chosen: Any) -> Any:
        """Return where the rows that are kept begin, for those who are chosen."""
        upto = np.zeros(len(kept) + 1, dtype=np.int64)
        np.cumsum(kept, out=upto[1:])
        starts = upto[self.batch.starts(table)]
        return np.append(starts[chosen], starts[-1])

    def _kept(self, table: str, rows: Any) -> Any:
        return rows if self.told.all() else rows & self.told[self._owners(table)]

    def _completions(self, chosen: Any) -> dict[str, Any]:
        batch, table = self.batch, "completions"
        codes, found = batch.codes(table, "module")
        kept = self._kept(table, self._named(table, "module", self.words.modules))
        start = self._starts(kept, table, chosen)
        every = bool(kept.all())

        def rows(column: Any) -> Any:
            return column if every else column[kept]

        def days(column: str, empty: int) -> Any:
            values = rows(batch.days(table, column, _NONE))
            if (values == _NONE).all():
                return same(empty, len(values))
            told = np.where(values == _FOREVER, NEVER, values + _EPOCH)
            return np.where(values == _NONE, empty, told).astype(np.int32)

        def coded(column: str) -> tuple[Any, list[str]]:
            places, words = batch.codes(table, column)
            places = rows(places)
            if not words:
                return same(NOT_GIVEN, len(places), np.int16), []
            return places.astype(np.int16), words

        def amounts(column: str) -> Any:
            places, words = batch.codes(table, column)
            places = rows(places)
            if not words:
                return same(NOT_GIVEN, len(places), np.int64)
            values = [scaled(Decimal(word)) for word in words]
            return np.array([*values, NOT_GIVEN], dtype=np.int64)[places]

        module, on = rows(codes), days("on", NEVER)
        names = [relative(word, self.words.home) for word in found]
        grade, grades = coded("grade")
        source, sources = coded("source")
        groups, groupings = coded("groups")
        return {
            "start": start,
            "module": module.astype(np.int32, copy=False),
            "on": on,
            "revoked": days("revoked", NEVER),
            "expires": days("expires", NOT_SAID),
            **{column: amounts(column) for column in _AMOUNTS},
            "grade": grade,
            "source": source,
            "groups": groups,
            "modules": (*names, *self._begun_only(names)),
            "grades": tuple(grades),
            "sources": tuple(sources),
            "groupings": tuple(tuple(json.loads(word)) for word in groupings),
            "ids": self._twins(start, module, on, names),
        }

    def _twins(self, start: Any, module: Any, on: Any, names: list[str]) -> dict[int, str]:
        """Give completions of one module on one day names of their own; they stand together."""
        again = np.flatnonzero((module[1:] == module[:-1]) & (on[1:] == on[:-1])) + 1
        again = again[~np.isin(again, start)]
        ids: dict[int, str] = {}
        count = 1
        for place in again.tolist():
            count = count + 1 if place - 1 in ids else 2
            day = date.fromordinal(int(on[place]))
            ids[place] = f"{names[module[place]]}@{day.isoformat()}#{count}"
        return ids

    def _begun_only(self, names: list[str]) -> list[str]:
        """Return the modules that are in progress, and that nobody completed."""
        _, found = self.batch.codes("started", "module")
        begun = [relative(word, self.words.home) for word in found]
        return [name for name in begun if name not in set(names)]

    def _held(self, chosen: Any) -> dict[str, Any]:
        batch = self.batch
        kept = self._kept("awards", self.awards)
        codes, found = batch.codes("awards", "credential")
        ends = batch.days("awards", "expires", _NONE)[kept]
        told = np.where(ends == _FOREVER, NEVER, ends + _EPOCH)
        approved, others = batch.codes("approvals", "credential")
        del approved
        names = dict.fromkeys([*found, *others])
        return {
            "held_start": self._starts(kept, "awards", chosen),
            "held": codes[kept].astype(np.int32),
            "held_on": (batch.days("awards", "on", _NONE)[kept] + _EPOCH).astype(np.int32),
            "held_expires": np.where(ends == _NONE, NOT_SAID, told).astype(np.int32),
            "credentials": tuple(relative(name, self.words.home) for name in names),
        }

    def _begun(self, chosen: Any) -> dict[str, Any]:
        batch = self.batch
        kept = self._kept("started", self._named("started", "module", self.words.modules))
        codes, found = batch.codes("started", "module")
        known = batch.codes("completions", "module")[1]
        names = [relative(word, self.words.home) for word in known]
        names += self._begun_only(names)
        places = {name: place for place, name in enumerate(names)}
        moved = [places[relative(word, self.words.home)] for word in found]
        return {
            "begun_start": self._starts(kept, "started", chosen),
            "begun": np.array([*moved, -1], dtype=np.int32)[codes[kept]],
            "begun_on": (batch.days("started", "on", _NONE)[kept] + _EPOCH).astype(np.int32),
        }

    def _approved(self, chosen: Any) -> dict[str, Any]:
        known = self._named("approvals", "credential", self.words.credentials)
        kept = self._kept("approvals", known)
        codes, found = self.batch.codes("approvals", "credential")
        names = list(dict.fromkeys([*self.batch.codes("awards", "credential")[1], *found]))
        moved = [names.index(word) for word in found]
        return {
            "approved_start": self._starts(kept, "approvals", chosen),
            "approved": np.array([*moved, -1], dtype=np.int32)[codes[kept]],
        }


def _flags(batch: Batch, table: str, column: str) -> Any:
    return batch.tables[table][column].combine_chunks().to_numpy(zero_copy_only=False)


# --- one learner ---------------------------------------------------------------------------------


def learner_of(batch: Batch, place: int) -> Learner:
    """Return a learner as the columns tell of them: all but the ids of what was completed.

    Completions and awards are called after what they are of and their day.
    """
    rows = {name: _rows(batch, name, place) for name in SCHEMAS}
    completions = _called(
        [
            Completion(
                id=f"{row['module']}@{row['on'].isoformat()}",
                module=row["module"],
                on=row["on"],
                source=row["source"],
                score=_number(row["score"]),
                grade=row["grade"],
                credits=_number(row["credits"]),
                level=_number(row["level"]),
                hours=_number(row["hours"]),
                groups=tuple(json.loads(row["groups"])) if row["groups"] else (),
                expires=_expiry(row["expires"]),
                revoked=row["revoked"],
            )
            for row in rows["completions"]
        ]
    )
    ids = _ids([f"{row['credential']}@{row['on'].isoformat()}" for row in rows["awards"]])
    things = [*completions, *reversed(ids)]  # from the end, an award's place is its own
    own = next(iter(batch.tables["learners"].slice(place, 1).to_pylist()))
    return Learner(
        id=own["learner"],
        registered=own["registered"],
        enrolments={
            row["pathway"]: Enrolment(
                row["pathway"], row["version"], "", row["on"], row["withdrawn"]
            )
            for row in rows["enrolments"]
        },
        completions=completions,
        started={
            row["module"]: Started(
                row["module"],
                row["on"],
                row["source"],
                _number(row["credits"]),
                _number(row["hours"]),
            )
            for row in rows["started"]
        },
        waivers={
            (row["pathway"], row["waiver"]): _Waiver(
                row["waiver"],
                row["pathway"],
                row["rule"],
                row["on"],
                _number(row["amount"]),
                row["withdrawn"],
            )
            for row in rows["waivers"]
        },
        substitutions=tuple(
            Substitution(row["module"], row["counts_as"], row["on"])
            for row in rows["substitutions"]
        ),
        awards={
            id_: Award(
                id=id_,
                credential=row["credential"],
                on=row["on"],
                expires=_expiry(row["expires"]),
                evidence=(*(things[item] for item in row["used"]), *row["used_waivers"]),
                award_class=row["award_class"],
                pathway=row["pathway"] or "",
                version=row["version"] or "",
                renewals=tuple(
                    Renewed(day, None if until == FOREVER else until)
                    for day, until in zip(row["renewed"], row["renewed_until"], strict=True)
                ),
                revoked=row["revoked"],
                groundless=row["groundless"],
            )
            for id_, row in zip(ids, rows["awards"], strict=True)
        },
        approvals=frozenset(row["credential"] for row in rows["approvals"]),
    )


def _rows(batch: Batch, table: str, place: int) -> list[dict[str, Any]]:
    start = batch.starts(table)
    low, high = int(start[place]), int(start[place + 1])
    found: list[dict[str, Any]] = batch.tables[table].slice(low, high - low).to_pylist()
    return found


def _ids(names: list[str]) -> list[str]:
    counts: dict[str, int] = {}
    found = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        found.append(name if counts[name] == 1 else f"{name}#{counts[name]}")
    return found


def _called(completions: list[Completion]) -> dict[str, Completion]:
    ids = _ids([one.id for one in completions])
    return {id_: replace(one, id=id_) for id_, one in zip(ids, completions, strict=True)}


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _expiry(day: date | None) -> date | Literal["never"] | None:
    return "never" if day == FOREVER else day
