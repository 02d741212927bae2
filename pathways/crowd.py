"""One part of a population, looked at on one day.

Of each module a *layer* says, learner by learner, on which day an attempt begins to serve; a rule's
parts are then minima, maxima, sums and order statistics of layers. What can not be decided in this
way is bounded from both sides: a rule is surely met, or possibly. Where the two differ, and for
what the columns do not tell, the one-learner evaluator is asked, once for each distinct record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import combinations
from math import ceil, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pathways import sums
from pathways.awards import Standing, assess
from pathways.columns import NEVER, NOT_SAID, TABLES, Days, Population
from pathways.compile import Earned, Node
from pathways.groundwork import Groundwork, Leaf, Limit, Source, Wood, raw
from pathways.methods import Method
from pathways.questions import Answer, Batch, Question, last_days, negated, passes, shifted
from pathways.standings import OUTCOMES, Column, Count, Flags, Numbers, mended, times
from pathways.sums import Met
from pathways.verdict import Outcome

_MET, _UNMET = OUTCOMES.index(Outcome.MET), OUTCOMES.index(Outcome.UNMET)


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One attempt at a module, or one award, of each learner who has it.

    It serves from `first` (`NEVER` where there is none) to `last` (None: for ever), is dated
    `on`, and is worth `amount`.
    """

    first: Days
    last: Days | None
    on: Days
    amount: int | NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Who is looked at, and in which light: the day, and between which dates evidence lies."""

    learners: NDArray[np.int64] | None
    day: Any
    low: Any = None
    high: Any = None
    together: bool = False

    def of(self, column: Any) -> Any:
        """A column for these learners."""
        return (
            column if self.learners is None or not _per_learner(column) else column[self.learners]
        )

    def take(self, chosen: NDArray[np.int64]) -> Rows:
        """Some of these rows."""
        learners = chosen if self.learners is None else self.learners[chosen]
        return replace(
            self,
            learners=learners,
            day=self.day[chosen] if _per_learner(self.day) else self.day,
            low=self.low[chosen] if _per_learner(self.low) else self.low,
            high=self.high[chosen] if _per_learner(self.high) else self.high,
        )


def _per_learner(value: Any) -> bool:
    return isinstance(value, np.ndarray)


class Crowd:
    """One part of the population, looked at on one day."""

    def __init__(
        self,
        ground: Groundwork,
        part: Population,
        on: date,
        known: Mapping[str, Column],
        memory: dict[tuple[Any, ...], list[Layer]] | None,
    ) -> None:
        self.ground = ground
        self.document = ground.document
        self.known = known
        self.memory = memory
        self.part = part
        self.day = on
        self.on = on.toordinal()
        self.size = len(part)
        self.exact = np.zeros(self.size, np.bool_)
        self.because: Counter[str] = Counter()
        self.enrolled = np.where(part.enrolled == NEVER, 0, part.enrolled).astype(np.int32)
        self.awards: dict[str, list[Layer]] = {}
        self._layers: dict[tuple[Any, ...], list[Layer]] = dict(memory or {})
        self._places = {ref: place for place, ref in enumerate(ground.refs)}
        self._batches: dict[str, Batch] = {}
        self._on_day: dict[int, Met] = {}
        self._first_days: dict[Any, Days] = {}
        self._totals: dict[Any, NDArray[np.int64]] = {}
        self._set_aside()

    # --- who is left to the exact evaluator ------------------------------------------------------

    def leave(self, learners: Flags, why: str) -> None:
        """Leave learners to the one-learner evaluator, and count why."""
        fresh = learners & ~self.exact
        if number := int(fresh.sum()):
            self.because[why] += number
            self.exact |= fresh

    def _set_aside(self) -> None:
        part = self.part
        beside = np.zeros(self.size, np.bool_)
        beside[list(part.irregular)] = True
        self.leave(beside, "a record of its own kind")
        self.leave(np.diff(part.begun_start) > 0, "modules in progress")
        wide = [place for place, faces in enumerate(self.ground.faces) if len(faces) > 1]
        if wide:
            self.leave(self._whose(np.isin(part.module, wide)), "a code that counts as several")
        if self.ground.revokes:
            self.leave(self._whose(part.revoked != NEVER), "a completion was revoked")

    def _whose(self, completions: Flags) -> Flags:
        found = np.zeros(self.size, np.bool_)
        found[self._owner[completions]] = True
        return found

    @cached_property
    def _owner(self) -> NDArray[np.int32]:
        return np.repeat(np.arange(self.size, dtype=np.int32), np.diff(self.part.start))

    # --- the items of each module ----------------------------------------------------------------

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The completions by module, and where each ends; in one they stay by learner and day."""
        faces = np.array([each[0] if each else -1 for each in self.ground.faces] or [-1], np.int16)
        served = faces[self.part.module] if self.part.module.size else np.zeros(0, np.int16)
        served = np.where(self.part.on <= self.on, served, np.int16(-1))
        counts = np.bincount(served + 1, minlength=len(self.ground.refs) + 1)
        return np.argsort(served, kind="stable"), np.cumsum(counts)

    def batch(self, ref: str) -> Batch:
        """The completions of a module that can serve: passed, and valid on their day."""
        if ref not in self._batches:
            place = self._places[ref]
            order, ends = self._sorted
            rows = order[ends[place] : ends[place + 1]]
            module, file = self.document.modules[ref]
            batch = Batch(
                ref,
                module,
                self.part,
                self.ground.given,
                rows,
                self._owner[rows],
                self.part.on[rows],
            )
            batch = batch.where(passes(batch, file))
            last = last_days(batch)
            if last is not None and (early := last < batch.on).any():
                batch = batch.where(~early)
            self._batches[ref] = batch
        return self._batches[ref]

    def layers(self, leaf: Leaf, source: Source, unit: str = "") -> list[Layer]:
        """What a leaf may take of one module or credential, attempt by attempt."""
        each, unit = leaf.dated, unit or leaf.unit
        key: tuple[Any, ...] = (
            source.ref,
            source.question,
            unit,
            each,
            leaf.node.even_if_expired,
        )
        value = leaf.node.value
        if value is not None:
            key = (*key, leaf.node)
        if key not in self._layers:
            if source.ref in self._places:
                batch = self.batch(source.ref)
                if value is not None:
                    points = value.points
                    scored: Answer = (
                        batch.scored(0)
                        if points is None
                        else batch.graded(lambda grade: grade in points)
                    )
                    batch = batch.where(scored)
                found = self._of_module(batch, source, unit, each=each)
            elif value is not None:
                found = []
            else:
                found = self._of_awards(source, leaf, unit)
            self._layers[key] = found
            if (
                self.memory is not None
                and source.question is None
                and value is None
                and source.ref in self._places
            ):
                self.memory[key] = found
        return self._layers[key]

    def _of_module(self, batch: Batch, source: Source, unit: str, *, each: bool) -> list[Layer]:
        last = None
        if source.question is not None:
            batch = batch.where(source.question.of(batch))
        last = last_days(batch)
        if source.question is not None:
            for period in source.question.since:
                reach = shifted(batch.on, period)
                last = reach if last is None else np.minimum(last, reach)
        if not len(batch.rows):
            return []
        if last is not None and bool((last >= self.on).all()):
            last = None
        amount = batch.measure(unit)
        learner, on = batch.learner, batch.on
        begins = np.flatnonzero(np.concatenate(([True], learner[1:] != learner[:-1])))
        if len(begins) == len(learner) or (
            not each and source.capacity == 1 and last is None and isinstance(amount, int)
        ):
            return [self._layer(learner, on, last, amount, begins)]
        run = np.arange(len(learner)) - np.repeat(begins, np.diff([*begins, len(learner)]))
        return [
            self._layer(learner, on, last, amount, np.flatnonzero(run == turn))
            for turn in range(int(run.max()) + 1)
        ]

    def _layer(
        self,
        learner: NDArray[np.int32],
        on: Days,
        last: Days | None,
        amount: int | NDArray[np.int64],
        chosen: NDArray[np.int64],
    ) -> Layer:
        whole = len(chosen) == len(learner)
        who = learner if whole else learner[chosen]
        first = np.full(self.size, NEVER, np.int32)
        first[who] = on if whole else on[chosen]
        ends = None
        if last is not None:
            ends = np.zeros(self.size, np.int32)
            ends[who] = last[chosen]
        worth = amount
        if not isinstance(amount, int):
            worth = np.zeros(self.size, np.int64)
            worth[who] = amount[chosen]
        return Layer(first, ends, first, worth)

    def _of_awards(self, source: Source, leaf: Leaf, unit: str) -> list[Layer]:
        model = self.document.credentials[source.ref][0]
        found = []
        for award in self.awards.get(source.ref, ()):
            who = np.flatnonzero(award.first != NEVER)
            if not who.size:
                continue
            batch = Batch(
                source.ref,
                model,
                self.part,
                frozenset(),
                who,
                who.astype(np.int32),
                award.on[who],
            )
            amount = batch.measure(unit)
            layer = replace(award, amount=amount)
            if leaf.node.even_if_expired:
                layer = replace(layer, last=None)
            if source.question is not None:
                layer = self._asked(layer, batch, source.question)
            found.append(layer)
        return found

    def _asked(self, layer: Layer, batch: Batch, question: Question) -> Layer:
        first, last = layer.first.copy(), layer.last
        answer = question.of(batch)
        if answer is not True:
            first[batch.rows[negated(answer)] if answer is not False else batch.rows] = NEVER
        for period in question.held_for:
            first = np.where(first == NEVER, NEVER, np.maximum(first, shifted(layer.on, period)))
        for period in question.since:
            reach = shifted(layer.on, period)
            last = reach if last is None else np.minimum(last, reach)
        return replace(layer, first=first.astype(np.int32), last=last)

    # --- met on a day ----------------------------------------------------------------------------

    def _present(self, layer: Layer, rows: Rows) -> Flags:
        present: Flags = rows.of(layer.first) <= rows.day
        if layer.last is not None:
            present = present & (rows.of(layer.last) >= rows.day)
        if rows.low is not None:
            on = rows.of(layer.on)
            present = present & (on >= rows.low) & (on <= rows.high)
        return present

    def _length(self, rows: Rows) -> int:
        return self.size if rows.learners is None else len(rows.learners)

    def met(self, wood: Wood, node: Node, rows: Rows) -> Met:
        """Whether a rule is surely, and possibly, met by itself."""
        plain = rows.learners is None and rows.low is None and not rows.together
        if plain and id(node) in self._on_day:
            return self._on_day[id(node)]
        if node.together and not rows.together:
            found = self._met_together(wood, node, rows)
        else:
            found = self._met_within(wood, node, rows)
        if plain:
            self._on_day[id(node)] = found
        return found

    def _met_together(self, wood: Wood, node: Node, rows: Rows) -> Met:
        sure, maybe = self._met_within(wood, node, replace(rows, together=True))
        sure, maybe = sure.copy(), maybe.copy()
        for layer in self._scope(wood, node):
            # On a day on which something began to serve, all of it may have been usable.
            day = rows.of(layer.first)
            chosen = np.flatnonzero((day <= rows.day) & ~sure)
            if chosen.size:
                inner = replace(rows.take(chosen), day=day[chosen], together=True)
                one, other = self._met_within(wood, node, inner)
                sure[chosen] |= one
                maybe[chosen] |= other
        return sure, maybe

    def _scope(self, wood: Wood, node: Node) -> list[Layer]:
        found: dict[int, Layer] = {}
        for inner in node.walk():
            if (leaf := wood.leaves.get(inner.index)) is not None:
                for source in leaf.sources:
                    for layer in self.layers(leaf, source):
                        found[id(layer.first)] = layer
        return list(found.values())

    def _met_within(self, wood: Wood, node: Node, rows: Rows) -> Met:
        if node.window is None:
            return self._met_core(wood, node, rows)
        _, loose = self._met_core(wood, node, rows)
        sure = np.zeros(self._length(rows), np.bool_)
        maybe = np.zeros(self._length(rows), np.bool_)
        for layer in self._scope(wood, node):
            start = rows.of(layer.on)
            open_ = loose & ~sure & (start <= rows.day)
            if rows.low is not None:
                open_ &= (start >= rows.low) & (start <= rows.high)
            chosen = np.flatnonzero(open_)
            if not chosen.size:
                continue
            inner = rows.take(chosen)
            low, high = start[chosen], shifted(start[chosen], node.window)
            if inner.high is not None:
                high = np.minimum(high, inner.high)
            one, other = self._met_core(wood, node, replace(inner, low=low, high=high))
            sure[chosen] |= one
            maybe[chosen] |= other
        return sure, maybe

    def _met_core(self, wood: Wood, node: Node, rows: Rows) -> Met:
        if node.leaf:
            return self._met_leaf(wood.leaves[node.index], rows)
        parts = [self.met(wood, child, rows) for child in node.children]
        found = sums.chosen(node, parts)
        if node.ordered:
            found = self._met_in_order(wood, node, rows, found[1])
        if node.sharing and not self._apart(wood, node):
            if self._flows(wood, node):
                met = found[1] & self._matched(wood, node, rows)
                found = (found[0] & met, met)
            else:
                found = (np.zeros_like(found[1]), found[1])
        return found

    def _met_in_order(self, wood: Wood, node: Node, rows: Rows, loose: Flags) -> Met:
        """Each part as early as the one before lets it: the earliest place that will do."""
        size = self._length(rows)
        dates = [rows.of(layer.on) for layer in self._scope(wood, node)]
        nothing = np.zeros(size, np.bool_)
        if not dates or not loose.any():
            return nothing, nothing
        chosen = np.flatnonzero(loose)
        rows = rows.take(chosen)
        days = np.stack([np.asarray(each)[chosen] for each in dates])
        inside = days <= rows.day
        if rows.low is not None:
            inside &= (days >= rows.low) & (days <= rows.high)
        days = np.sort(np.where(inside, days, NEVER), axis=0)
        place = np.zeros(len(chosen), np.int64)
        alive = np.ones(len(chosen), np.bool_)
        doubt = np.zeros(len(chosen), np.bool_)
        for child in node.children:
            reached = np.full(len(chosen), -1, np.int64)
            low = days[place, np.arange(len(chosen))]
            for turn in range(len(days)):
                asked = np.flatnonzero(
                    alive & (reached < 0) & (turn >= place) & (days[turn] != NEVER)
                )
                if not asked.size:
                    continue
                inner = replace(rows.take(asked), low=low[asked], high=days[turn][asked])
                one, other = self.met(wood, child, inner)
                doubt[asked[one != other]] = True
                reached[asked[one]] = turn
            alive &= reached >= 0
            place = np.where(alive, reached, place)
        sure, maybe = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
        sure[chosen] = alive & ~doubt
        maybe[chosen] = alive | doubt
        return sure, maybe

    def _apart(self, wood: Wood, node: Node) -> bool:
        """Whether no two parts can use the same evidence, whoever the learner is."""
        scopes = [wood.beneath(child) for child in node.children]
        if node.through and any(ref in self.document.credentials for s in scopes for ref in s):
            return False
        return all(one.isdisjoint(other) for one, other in combinations(scopes, 2))

    def _flows(self, wood: Wood, node: Node) -> bool:
        """Whether each part asks for so many items, each of its own module: see `Node.method`."""
        return (
            node.method is Method.FLOW
            and len(node.children) <= 6
            and not self.document.retired
            and all(
                source.capacity == 1
                for child in node.children
                for source in wood.leaves[child.index].sources
            )
        )

    def _matched(self, wood: Wood, node: Node, rows: Rows) -> Flags:
        """Hall's condition: whatever parts are taken together, there are items enough for them."""
        leaves = [wood.leaves[child.index] for child in node.children]
        present: list[dict[str, Flags]] = [
            {source.ref: self._any(leaf, source, rows) for source in leaf.sources}
            for leaf in leaves
        ]
        met = np.ones(self._length(rows), np.bool_)
        for size in range(1, len(leaves) + 1):
            for some in combinations(range(len(leaves)), size):
                refs = {ref for place in some for ref in present[place]}
                items = np.zeros(self._length(rows), np.int32)
                for ref in refs:
                    at = [present[place][ref] for place in some if ref in present[place]]
                    items += np.logical_or.reduce(at)
                met &= items >= sum(leaves[place].need for place in some)
        return met

    def _any(self, leaf: Leaf, source: Source, rows: Rows) -> Flags:
        found = np.zeros(self._length(rows), np.bool_)
        for layer in self.layers(leaf, source):
            found |= self._present(layer, rows)
        return found

    # --- leaves ----------------------------------------------------------------------------------

    def _met_leaf(self, leaf: Leaf, rows: Rows) -> Met:
        if leaf.node.operator in ("module", "credential") or (
            leaf.need == 1 and leaf.unit == "count" and not leaf.bounded
        ):
            found = np.zeros(self._length(rows), np.bool_)
            for source in leaf.sources:
                found |= self._any(leaf, source, rows)
            return found, found
        total = self._most(leaf, rows)
        met = total >= leaf.need
        if not leaf.bounded:
            return met, met
        return self._met_bounded(leaf, rows, total)

    def _most(
        self,
        leaf: Leaf,
        rows: Rows,
        sources: Iterable[Source] | None = None,
        unit: str = "",
    ) -> NDArray[np.int64]:
        """What everything that fits adds up to, each module's attempts as often as they may."""
        plain = sources is None and not unit and rows.learners is None and rows.low is None
        if plain and leaf.key in self._totals:
            return self._totals[leaf.key]
        total = np.zeros(self._length(rows), np.int64)
        for source in leaf.sources if sources is None else sources:
            total += self._worth(leaf, source, rows, unit)
        if plain and not rows.together:
            self._totals[leaf.key] = total
        return total

    def _worth(self, leaf: Leaf, source: Source, rows: Rows, unit: str = "") -> Any:
        """What the attempts at one module add up to, as many of the largest as may count."""
        layers = self.layers(leaf, source, unit)
        if not layers:
            return 0
        if len(layers) == 1:
            return self._present(layers[0], rows) * rows.of(layers[0].amount)
        if source.capacity is None or source.capacity >= len(layers):
            return self._all(leaf, source, rows, unit)
        if all(isinstance(layer.amount, int) for layer in layers):
            number = self._attempts(leaf, source, rows)
            return np.minimum(number, source.capacity) * layers[0].amount
        amounts = np.stack([self._present(la, rows) * rows.of(la.amount) for la in layers])
        if source.capacity == 1:
            return amounts.max(axis=0)
        return np.sort(amounts, axis=0)[-source.capacity :].sum(axis=0)

    def _all(self, leaf: Leaf, source: Source, rows: Rows, unit: str = "") -> NDArray[np.int64]:
        """What all attempts at one module add up to."""
        total = np.zeros(self._length(rows), np.int64)
        for layer in self.layers(leaf, source, unit):
            total += self._present(layer, rows) * rows.of(layer.amount)
        return total

    def _attempts(self, leaf: Leaf, source: Source, rows: Rows) -> NDArray[np.int64]:
        """How many attempts at one module there are."""
        number = np.zeros(self._length(rows), np.int64)
        for layer in self.layers(leaf, source):
            number += self._present(layer, rows)
        return number

    # --- leaves with limits ----------------------------------------------------------------------

    def _met_bounded(self, leaf: Leaf, rows: Rows, total: NDArray[np.int64]) -> Met:
        """At most what the limits leave, and at least what one selection within them gives."""
        reached, short = self._measured(leaf, rows, total)
        maybe = reached >= leaf.asked
        for _, lack in short:
            maybe &= lack <= 0
        sure = np.zeros_like(maybe)
        if leaf.node.value is None and maybe.any():
            sure = maybe & self._selected(leaf, rows)
        return (maybe, maybe) if bool((sure == maybe).all()) else (sure, maybe)

    def _measured(
        self, leaf: Leaf, rows: Rows, total: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], list[tuple[Limit, NDArray[np.int64]]]]:
        """What is reached at most, and what each limit lacks, one by one; in the leaf's parts."""
        reached = total * leaf.parts
        short: list[tuple[Limit, NDArray[np.int64]]] = []
        for limit in leaf.limits:
            form, unit = limit.bound.form, limit.bound.unit
            if form == "at_most" and unit == leaf.unit:
                inside = self._most(leaf, rows, limit.inside) * leaf.parts
                rest = self._most(leaf, rows, limit.outside) * leaf.parts
                reached = np.where(
                    inside > limit.amount, np.minimum(reached, rest + limit.amount), reached
                )
            elif form == "at_least":
                inside = self._most(leaf, rows, limit.inside, unit) * leaf.parts
                short.append((limit, limit.amount - inside))
            elif form == "spread":
                short.append((limit, limit.amount - self._touched(leaf, limit, rows)))
        return reached, short

    def _touched(self, leaf: Leaf, limit: Limit, rows: Rows) -> NDArray[np.int64]:
        """How many values of a `spread` are touched, in the leaf's parts of the limit's unit."""
        touched = np.zeros(self._length(rows), np.int64)
        for sources in limit.values:
            amount = np.zeros(self._length(rows), np.int64)
            there = np.zeros(self._length(rows), np.bool_)
            for source in sources:
                amount += self._all(leaf, source, rows, limit.bound.unit)
                there |= self._any(leaf, source, rows)
            touched += there & (amount * leaf.parts >= limit.each)
        return touched * (raw(limit.bound.unit) * leaf.parts)

    def _selected(self, leaf: Leaf, rows: Rows) -> Flags:
        """Who has a selection within every limit, as far as one attempt to find it tells.

        All that fits is taken, and of what is over a limit so much is left out again as needed:
        first what no lower limit asks for.
        """
        size = self._length(rows)
        fine = np.ones(size, np.bool_)
        units = list(dict.fromkeys((leaf.unit, *(limit.bound.unit for limit in leaf.limits))))
        plain = all(limit.parted for limit in leaf.limits) and all(
            isinstance(layer.amount, int)
            for source in leaf.sources
            for unit in units
            for layer in self.layers(leaf, source, unit)
        )
        if not plain:
            return self._whole_selection(leaf, rows)
        caps = [
            (limit.amount, frozenset(s.ref for s in inside), limit.bound)
            for limit in leaf.limits
            for inside in ((limit.inside,) if limit.bound.form == "at_most" else limit.values)
            if limit.bound.form in ("at_most", "at_most_each")
        ]
        floors = [
            (limit.amount, frozenset(s.ref for s in limit.inside), limit.bound)
            for limit in leaf.limits
            if limit.bound.form == "at_least"
        ]
        cells: dict[tuple[Any, ...], list[Any]] = {}
        for source in leaf.sources:
            layers = self.layers(leaf, source)
            if not layers:
                continue
            number = self._attempts(leaf, source, rows)
            if source.capacity is not None:
                number = np.minimum(number, source.capacity)
            worth = {u: self.layers(leaf, source, u)[0].amount * leaf.parts for u in units}
            key = (
                tuple(source.ref in refs for _, refs, _ in caps),
                tuple(source.ref in refs for _, refs, _ in floors),
                tuple(worth.values()),
            )
            cell = cells.setdefault(key, [key, worth, np.zeros(size, np.int64)])
            cell[2] = cell[2] + number
        groups = list(cells.values())
        dropped = np.zeros(size, np.bool_)
        for place, (amount, _, bound) in sorted(enumerate(caps), key=lambda cap: cap[1][0]):
            inside = [cell for cell in groups if cell[0][0][place]]
            over = self._sum(inside, bound.unit, size) - amount
            for cell in sorted(inside, key=lambda cell: (sum(cell[0][1]), -sum(cell[0][0]))):
                each = cell[1][bound.unit]
                if each == 0:
                    continue
                less = np.clip(-(-over // each), 0, cell[2])
                cell[2] = cell[2] - less
                over = over - less * each
                dropped |= less > 0
        for place, (amount, _, bound) in enumerate(caps):
            inside = [cell for cell in groups if cell[0][0][place]]
            fine &= self._sum(inside, bound.unit, size) <= amount
        for place, (amount, _, bound) in enumerate(floors):
            inside = [cell for cell in groups if cell[0][1][place]]
            fine &= self._sum(inside, bound.unit, size) >= amount
        fine &= self._sum(groups, leaf.unit, size) >= leaf.asked
        for limit in leaf.limits:
            if limit.bound.form == "spread":
                # Of one module not all attempts may count, and they are all touched.
                fine &= ~dropped & ~self._crowded(leaf, rows)
        return fine

    def _sum(self, cells: list[list[Any]], unit: str, size: int) -> NDArray[np.int64]:
        total = np.zeros(size, np.int64)
        for cell in cells:
            total += cell[2] * cell[1][unit]
        return total

    def _crowded(self, leaf: Leaf, rows: Rows) -> Flags:
        """Who has more attempts at a module than may count."""
        found = np.zeros(self._length(rows), np.bool_)
        for source in leaf.sources:
            if source.capacity is not None:
                found |= self._attempts(leaf, source, rows) > source.capacity
        return found

    def _whole_selection(self, leaf: Leaf, rows: Rows) -> Flags:
        """Whether everything that fits is a selection within every limit."""
        fine = ~self._crowded(leaf, rows)
        for limit in leaf.limits:
            unit = limit.bound.unit
            if limit.bound.form == "at_most":
                fine &= self._most(leaf, rows, limit.inside, unit) * leaf.parts <= limit.amount
            elif limit.bound.form == "at_most_each":
                for sources in limit.values:
                    fine &= self._most(leaf, rows, sources, unit) * leaf.parts <= limit.amount
        return fine

    # --- the first day ---------------------------------------------------------------------------

    def earliest(self, wood: Wood, node: Node) -> Days:
        """The first day on which a rule might be met if nothing ever ended, or `NEVER`."""
        if node.leaf:
            return self._earliest_leaf(wood.leaves[node.index])
        parts = [self.earliest(wood, child) for child in node.children]
        if all(node.required):
            return sums.latest(parts)
        if not any(node.required) and len(set(node.worths)) == 1:
            return sums.nth(parts, ceil(node.need / node.worths[0]))
        factor = sums.denominator(node.worths)
        worths = [int(worth * factor) for worth in node.worths]
        dates = sums.enough(parts, worths, ceil(node.need * factor), self.size)
        must = [part for part, required in zip(parts, node.required, strict=True) if required]
        return sums.latest([*must, dates])

    def _earliest_leaf(self, leaf: Leaf) -> Days:
        key = (leaf.key, leaf.need)
        if key not in self._first_days:
            self._first_days[key] = self._earliest_of(leaf)
        return self._first_days[key]

    def _earliest_of(self, leaf: Leaf) -> Days:
        dates: list[Days] = []
        amounts: list[int | NDArray[np.int64]] = []
        for source in leaf.sources:
            layers = self.layers(leaf, source)
            if source.capacity == 1 and len(layers) > 1:
                constant = all(isinstance(layer.amount, int) for layer in layers)
                if constant:
                    layers = [replace(layers[0], first=sums.soonest([la.first for la in layers]))]
            for layer in layers:
                if not (isinstance(layer.amount, int) and layer.amount == 0):
                    dates.append(layer.first)
                    amounts.append(layer.amount)
        if not dates:
            return np.full(self.size, NEVER, np.int32)
        if leaf.node.operator in ("module", "credential"):
            return sums.soonest(dates)
        first = amounts[0]
        if isinstance(first, int) and all(isinstance(a, int) and a == first for a in amounts):
            return sums.nth(dates, -(-leaf.need // first))
        return sums.enough(dates, amounts, leaf.need, self.size)

    # --- a credential's life ---------------------------------------------------------------------

    def stand(self) -> tuple[dict[str, Column], Count]:
        """How every credential stands for the learners of this part."""
        told: dict[str, Column] = {}
        for ref, earned in self.ground.compiled.credentials.items():
            if ref in self.known:
                self._recall(earned, self.known[ref])
            elif ref in self.ground.wanted:
                told[ref] = self._live(earned)
        self._rivals()
        exact = np.flatnonzero(self.exact)
        distinct = 0
        if exact.size:
            told, distinct = self._ask_exactly(told, exact)
        return told, Count(self.size, int(exact.size), distinct, dict(self.because))

    def _rivals(self) -> None:
        """What an award has used is closed to those that exclude it, if they could use it."""
        for members, _ in self.ground.compiled.exclusive:
            woods = {ref: self.ground.woods[ref] for ref in members if ref in self.ground.woods}
            for ref, wood in woods.items():
                if any(
                    ref != other and not wood.refs.isdisjoint(rival.refs)
                    for other, rival in woods.items()
                ):
                    possible = self._possible.get(ref)
                    if possible is not None:
                        self.leave(possible, "credentials that exclude each other")

    @cached_property
    def _possible(self) -> dict[str, Flags]:
        return {}

    def _live(self, earned: Earned) -> Column:
        model = earned.model
        holds = self._holds(earned)
        if earned.tree is None:
            return self._external(earned, holds)
        wood = self.ground.woods[earned.ref]
        if wood.unaskable is not None:
            self.leave(np.ones(self.size, np.bool_), f"`{earned.ref}`: {wood.unaskable}")
            return self._blank()
        if wood.tree.attempts != "any":
            self.leave(self._retaken(wood), f"`{earned.ref}`: which attempt counts")
        rows = Rows(None, self.on)
        sure, maybe = self.met(wood, wood.tree.root, rows)
        sure, maybe = self._settled(wood, sure, maybe)
        self.leave(sure != maybe, f"`{earned.ref}`: a search")
        day = self._first_day(earned, wood, sure)
        if model.award == "approval":
            day = np.where(self._approved(earned.ref), day, NEVER).astype(np.int32)
        if holds is not None:
            day = np.where(holds != NEVER, holds, day).astype(np.int32)
        ended = self._ended(earned, day)
        self.leave(ended, f"`{earned.ref}`: an award that ended")
        self._possible[earned.ref] = (day != NEVER) | maybe
        self.awards[earned.ref] = [Layer(day, None, day, 1)]
        numbers, whole = self._progress(wood, wood.tree.root)
        outcome = np.where(sure, np.int8(_MET), np.int8(_UNMET))
        progress, whole = sums.capped(numbers, whole, sure)
        return Column(outcome, progress, whole, day, day != NEVER, ~ended)

    def _recall(self, earned: Earned, column: Column) -> None:
        """Let the awards that are known serve as evidence; those before the last are not known."""
        self._holds(earned)
        self.leave(~column.steady, f"`{earned.ref}`: an award that ended")
        self.awards[earned.ref] = [Layer(column.awarded_on, None, column.awarded_on, 1)]

    def _ended(self, earned: Earned, day: Days) -> Flags:
        """Whose award, made on a day, was not held ever since.

        As long as it is valid by itself, it does not matter whether it was renewed too.
        """
        ended: Flags = np.zeros(self.size, np.bool_)
        model = earned.model
        if model.valid_for is not None:
            ended |= shifted(day, model.valid_for) < self.on
        if model.lasts == "while_met" and earned.tree is not None:
            wood = self.ground.woods[earned.ref]
            ended |= not wood.tree.monotone
            for layer in self._scope(wood, wood.tree.root):
                if layer.last is not None:
                    ended |= (layer.first != NEVER) & (layer.last < self.on)
        ended &= day != NEVER
        return ended

    def _blank(self) -> Column:
        nothing = np.zeros(self.size, np.int64)
        return Column(
            np.full(self.size, _UNMET, np.int8),
            nothing,
            1,
            np.full(self.size, NEVER, np.int32),
            nothing.astype(np.bool_),
            nothing.astype(np.bool_),
        )

    def _holds(self, earned: Earned) -> Days | None:
        """The day of the award that each learner's record holds, or None where none does."""
        part = self.part
        if earned.ref not in part.credentials or not part.held.size:
            return None
        place = part.credentials.index(earned.ref)
        mine = (part.held == place) & (part.held_on <= self.on)
        if not mine.any():
            return None
        owner = np.repeat(np.arange(self.size), np.diff(part.held_start))[mine]
        on = np.full(self.size, NEVER, np.int32)
        on[owner] = part.held_on[mine]
        several = np.bincount(owner, minlength=self.size) > 1
        self.leave(several, "several awards of one credential on record")
        ends = part.held_expires[mine]
        bounded = np.zeros(self.size, np.bool_)
        bounded[owner[(ends != NOT_SAID) & (ends != NEVER)]] = True
        self.leave(bounded, "an award on record that expires")
        if earned.model.lasts == "while_met":
            self.leave(on != NEVER, "an award on record")
        return on

    def _external(self, earned: Earned, holds: Days | None) -> Column:
        day = np.full(self.size, NEVER, np.int32) if holds is None else holds
        ended = self._ended(earned, day)
        self.leave(ended, f"`{earned.ref}`: an award that ended")
        self._possible[earned.ref] = day != NEVER
        self.awards[earned.ref] = [Layer(day, None, day, 1)]
        held = day != NEVER
        outcome = np.where(held, np.int8(_MET), np.int8(_UNMET))
        return Column(outcome, held.astype(np.int64), 1, day, held, ~ended)

    def _approved(self, ref: str) -> Flags:
        part = self.part
        found = np.zeros(self.size, np.bool_)
        if ref in part.credentials and part.approved.size:
            place = part.credentials.index(ref)
            owner = np.repeat(np.arange(self.size), np.diff(part.approved_start))
            found[owner[part.approved == place]] = True
        return found

    def _settled(self, wood: Wood, sure: Flags, maybe: Flags) -> Met:
        """Doubt what ties the whole rule: barred modules."""
        doubt = np.zeros(self.size, np.bool_)
        for pair in wood.tree.barred:
            if pair <= frozenset(self._places) and pair <= wood.refs:
                each = [self._anyone(ref) for ref in pair]
                doubt |= np.logical_and.reduce(each)
            elif not pair <= frozenset(self._places):
                doubt |= maybe
        return sure & ~doubt, maybe

    def _anyone(self, ref: str) -> Flags:
        found = np.zeros(self.size, np.bool_)
        found[self.batch(ref).learner] = True
        return found

    def _retaken(self, wood: Wood) -> Flags:
        """Who has several attempts at a module of which one only is the one that counts."""
        found = np.zeros(self.size, np.bool_)
        for ref in wood.refs & self._places.keys():
            found |= np.bincount(self.batch(ref).learner, minlength=self.size) > 1
        return found

    def _first_day(self, earned: Earned, wood: Wood, sure: Flags) -> Days:
        """The first day from the enrolment on which the rule is met, up to the day; or `NEVER`."""
        day = np.maximum(self.earliest(wood, wood.tree.root), self.enrolled)
        day = np.where(day <= self.on, day, NEVER).astype(np.int32)
        scope = self._scope(wood, wood.tree.root)
        unsure = np.zeros(self.size, np.bool_)
        if not wood.simple:
            unsure |= day != NEVER
        for layer in scope:
            if layer.last is not None:
                unsure |= (layer.first != NEVER) & (layer.last < self.on)
        unsure |= self._uneven(wood)
        unsure &= (day != NEVER) & ~self.exact
        if not unsure.any():
            return day
        growing = not any(layer.last is not None for layer in scope)
        if growing:
            # Evidence only grows: what is not met on the day was not met before.
            day = np.where(unsure & ~sure, NEVER, day).astype(np.int32)
            unsure &= sure
        learners = np.flatnonzero(unsure)
        days = day[learners]
        while learners.size:
            rows = Rows(learners, days)
            one, other = self._whole(wood, rows)
            if (one != other).any():
                lost = np.zeros(self.size, np.bool_)
                lost[learners[one != other]] = True
                self.leave(lost, f"`{earned.ref}`: a search")
            day[learners] = days
            learners, days = learners[~other], days[~other]
            days = self._next(scope, learners, days)
            day[learners[days > self.on]] = NEVER
            learners, days = learners[days <= self.on], days[days <= self.on]
        return day

    def _whole(self, wood: Wood, rows: Rows) -> Met:
        sure, maybe = self.met(wood, wood.tree.root, rows)
        if wood.tree.barred:
            full, _ = self._settled(
                wood, np.ones(self.size, np.bool_), np.ones(self.size, np.bool_)
            )
            sure = sure & rows.of(full)
        return sure, maybe

    def _uneven(self, wood: Wood) -> Flags:
        """Who has attempts of different worth at a module, of which not all may count."""
        found = np.zeros(self.size, np.bool_)
        for leaf in wood.leaves.values():
            for source in leaf.sources:
                layers = self.layers(leaf, source)
                if source.capacity is not None and len(layers) > source.capacity:
                    found |= layers[source.capacity].first != NEVER
        return found

    def _next(self, scope: list[Layer], learners: NDArray[np.int64], days: Days) -> Days:
        """The next day on which something begins or ends to serve, or `NEVER`."""
        found = np.full(len(learners), NEVER, np.int32)
        for layer in scope:
            turns = [layer.first[learners]]
            if layer.last is not None:
                last = layer.last[learners]
                turns.append(np.where(last >= _LAST_DAY, NEVER, last + 1).astype(np.int32))
            for turn in turns:
                found = np.where((turn > days) & (turn < found), turn, found)
        return found

    # --- progress --------------------------------------------------------------------------------

    def _progress(self, wood: Wood, node: Node) -> tuple[Numbers, int]:
        """How far a rule has come on the day: see `explain.Explanation`."""
        if node.leaf:
            return self._leaf_progress(wood.leaves[node.index])
        shares = []
        for child in node.children:
            numbers, whole = self._progress(wood, child)
            met, maybe = self.met(wood, child, Rows(None, self.on))
            if met is not maybe:
                self.leave(met != maybe, f"`{wood.tree.credential}`: a search")
            shares.append(sums.capped(numbers, whole, met))
        common = lcm(*(whole for _, whole in shares))
        parts = [times(numbers, whole, common // whole) for numbers, whole in shares]
        return sums.reached(node, parts, common)

    def _leaf_progress(self, leaf: Leaf) -> tuple[Numbers, int]:
        rows = Rows(None, self.on)
        if leaf.node.operator in ("module", "credential"):
            return self._met_leaf(leaf, rows)[1].astype(np.int64), 1
        total = self._most(leaf, rows)
        whole = leaf.asked
        if not leaf.bounded:
            return np.minimum(total * leaf.parts, whole), whole
        reached, short = self._measured(leaf, rows, total)
        lack = np.maximum(whole - reached, 0)
        one = min(raw(leaf.unit) * leaf.parts, whole)
        for limit, missing in short:
            if limit.bound.form == "at_least" and limit.bound.unit == leaf.unit:
                lack = np.maximum(lack, missing)
            else:
                lack = np.where(missing > 0, np.maximum(lack, one), lack)
        return np.maximum(whole - lack, 0), whole

    # --- the exact evaluator ---------------------------------------------------------------------

    def _ask_exactly(
        self, told: dict[str, Column], learners: NDArray[np.int64]
    ) -> tuple[dict[str, Column], int]:
        known: dict[Any, Mapping[str, Standing]] = {}
        keys = _Keys(self.ground, self.part)
        found: list[Mapping[str, Standing]] = []
        for learner in learners.tolist():
            key = keys.of(learner)
            if key not in known:
                record = self.part.record_of(learner)
                known[key] = assess(self.document, record, self.day).standings
            found.append(known[key])
        return {ref: mended(col, ref, learners, found) for ref, col in told.items()}, len(known)


_LAST_DAY = date.max.toordinal()


class _Keys:
    """By what records are the same for a document: all that it knows, and nothing else."""

    def __init__(self, ground: Groundwork, part: Population) -> None:
        self._part = part
        known = np.array([bool(faces) for faces in ground.faces], np.bool_)
        self._known = known[part.module] if part.module.size else np.zeros(0, np.bool_)

    def of(self, learner: int) -> Any:
        part = self._part
        if learner in part.irregular:
            return part.irregular[learner].model_copy(update={"learner": None}).model_dump_json()
        low, high = part.start[learner : learner + 2].tolist()
        known = self._known[low:high]
        columns = tuple(getattr(part, name)[low:high][known].tobytes() for name in TABLES["start"])
        beside = []
        for start, names in TABLES.items():
            if start != "start":
                low_, high_ = getattr(part, start)[learner : learner + 2].tolist()
                beside += [getattr(part, name)[low_:high_].tobytes() for name in names]
        names_ = tuple(part.ids.get(at, "") for at in range(low, high)) if part.ids else ()
        return (int(part.enrolled[learner]), columns, tuple(beside), names_)
