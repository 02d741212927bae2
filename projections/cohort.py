"""How a pathway goes: who holds what, where people stop, what holds them back, how long it takes.

Counted over parts of the learners, from the columns; two parts add up to what both together would
have counted. Awards are counted as they were made, and as held on a day when they are not revoked
or expired by then; a stretch of an award that is held while its rule is met is counted until it is
revoked.

What holds people back is measured, not read off the rules: of learners who do not hold a
credential it is asked what one more completion would do, module by module. That is done for a
sample, because all learners are asked as often as there are modules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Literal

import numpy as np
import pyarrow.compute as pc

from domain.names import qualified, relative
from domain.vocabulary import Vocabulary, vocabulary
from pathways.anatomy import destinations
from pathways.columns import NEVER, NOT_GIVEN, NOT_SAID, Population, same, scaled
from pathways.compile import compiled
from pathways.document import Completed, Document
from pathways.population import stand
from projections.columns import SCHEMAS, Batch, Part
from projections.partitions import ALONE, Sharing, shared
from projections.population import population

By = Literal["all", "year", "quarter", "month", "source"]

#: Called with how many learners were looked at.
Progress = Callable[[int], None]

_EPOCH = date(1970, 1, 1).toordinal()
_FOREVER = date.max.toordinal() - _EPOCH
_LATER = 2**31 - 1
_EARLIER = -(2**31)
_BITS = 62
_BEST = Decimal(100)
_SOURCE = "course"

#: What a group of everybody is called.
EVERYBODY = "all"


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked: of which pathway and versions, on which day, by which groups.

    Who has completed nothing for `idle` days is taken to have stopped. `sample` is the number of
    learners that are asked what would help them, of `learners` that there are; 0 asks everybody.
    """

    document: Document
    pathway: str
    on: date
    versions: frozenset[str] | None = None
    by: By = "all"
    idle: int = 180
    sample: int = 200
    learners: int = 0

    @property
    def step(self) -> int:
        """Every which learner is in the sample, about."""
        return 1 if not self.sample else max(1, self.learners // self.sample)


@dataclass(slots=True)
class Group:
    """What was counted of some learners, who have something in common.

    Credentials and modules are called as the document calls them. `days` are numbers of awards by
    how many days they came after the learner's first completion; `stopped` is by the furthest
    credential that is held, empty where there is none, and `last` by the last module, of those who
    are idle.
    """

    enrolled: int = 0
    withdrawn: int = 0
    begun: int = 0
    holding: Counter[str] = field(default_factory=Counter)
    awarded: Counter[str] = field(default_factory=Counter)
    days: dict[str, Counter[int]] = field(default_factory=dict)
    unfinished: Counter[str] = field(default_factory=Counter)
    stopped: Counter[str] = field(default_factory=Counter)
    last: Counter[str] = field(default_factory=Counter)

    def add(self, other: Group) -> None:
        """Add what was counted of others."""
        self.enrolled += other.enrolled
        self.withdrawn += other.withdrawn
        self.begun += other.begun
        for name in ("holding", "awarded", "unfinished", "stopped", "last"):
            getattr(self, name).update(getattr(other, name))
        for credential, days in other.days.items():
            self.days.setdefault(credential, Counter()).update(days)


@dataclass(slots=True)
class Tally:
    """What was counted: by group; and of everybody, which evidence awards stand on, what helps.

    `combined` are numbers of awards by credential and by what each stands on. `asked` is the
    number of learners of the sample who lack a credential, `awards` and `advances` of how many of
    them one more module would bring it, or bring it nearer.
    """

    groups: dict[str, Group] = field(default_factory=dict)
    combined: dict[str, Counter[tuple[str, ...]]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    awards: Counter[tuple[str, str]] = field(default_factory=Counter)
    advances: Counter[tuple[str, str]] = field(default_factory=Counter)
    sampled: int = 0

    def add(self, other: Tally) -> None:
        """Add another part."""
        for name, group in other.groups.items():
            self.groups.setdefault(name, Group()).add(group)
        for credential, sets in other.combined.items():
            self.combined.setdefault(credential, Counter()).update(sets)
        self.asked.update(other.asked)
        self.awards.update(other.awards)
        self.advances.update(other.advances)
        self.sampled += other.sampled


def cohort(
    parts: Sequence[Part],
    ask: Ask,
    sharing: Sharing = ALONE,
    progress: Progress = lambda _learners: None,
) -> Tally:
    """Count a pathway's learners; see `Columns.parts`.

    Raises `ColumnsDamagedError` or `UnsharedError`.
    """
    total = Tally()
    for tally, learners in shared(partial(counted, ask), parts, sharing):
        total.add(tally)
        progress(learners)
    return total


def counted(ask: Ask, part: Part) -> tuple[Tally, int]:
    """Count one part, and return with it how many learners were looked at."""
    batch = part.read(dict.fromkeys(SCHEMAS))
    return _Part(ask, batch).tally(), len(batch)


def quartiles(days: Counter[int]) -> tuple[int, int, int]:
    """Return the first quartile, the median and the third of some numbers.

    Each is the smallest number that at least so many of them do not exceed.

    >>> quartiles(Counter({10: 1, 20: 2, 40: 1}))
    (10, 20, 20)
    """
    total, found, count = days.total(), [], 0
    ordered = iter(sorted(days.items()))
    number = 0
    for quarter in (1, 2, 3):
        while 4 * count < quarter * total:
            number, more = next(ordered)
            count += more
        found.append(number)
    return found[0], found[1], found[2]


class _Part:
    def __init__(self, ask: Ask, batch: Batch) -> None:
        self.ask = ask
        self.batch = batch
        self.words: Vocabulary = vocabulary(ask.document)
        self.credentials = tuple(compiled(ask.document).credentials)
        self.on = ask.on.toordinal() - _EPOCH

    def tally(self) -> Tally:
        found = Tally()
        self._follow()
        if not (self.here | self.gone).any():
            return found
        self._complete()
        self._award()
        names, groups = self._groups()
        for place, name in enumerate(names):
            group = self._group(groups == place)
            if group.enrolled or group.withdrawn:
                found.groups[name] = group
        self._combine(found)
        self._help(found)
        return found

    # --- rows ------------------------------------------------------------------------------------

    def _owners(self, table: str) -> Any:
        counts = self.batch.tables["learners"][table].to_numpy()
        return np.repeat(np.arange(len(counts)), counts)

    def _named(self, table: str, column: str, known: Collection[str]) -> Any:
        codes, words = self.batch.codes(table, column)
        return np.array([word in known for word in words] + [False], dtype=bool)[codes]

    def _follow(self) -> None:
        batch = self.batch
        mine = self._named("enrolments", "pathway", {self.ask.pathway})
        if self.ask.versions is not None:
            mine &= self._named("enrolments", "version", self.ask.versions)
        days = batch.days("enrolments", "on", _LATER)
        mine &= days <= self.on
        left = batch.days("enrolments", "withdrawn", _LATER) <= self.on
        owner = self._owners("enrolments")
        self.here = np.zeros(len(batch), dtype=bool)
        self.here[owner[mine & ~left]] = True
        self.gone = np.zeros(len(batch), dtype=bool)
        self.gone[owner[mine & left]] = True
        self.since = np.full(len(batch), _LATER, dtype=np.int64)
        self.since[owner[mine]] = days[mine]

    def _complete(self) -> None:
        """Find the first and the last completion of each learner that the pathway knows."""
        batch, table = self.batch, "completions"
        codes, words = batch.codes(table, "module")
        days = batch.days(table, "on", _LATER)
        kept = self._named(table, "module", self.words.modules) & (days <= self.on)
        kept &= batch.days(table, "revoked", _LATER) > self.on
        owner = self._owners(table)[kept]
        rows = np.flatnonzero(kept)
        self.first = np.full(len(batch), _LATER, dtype=np.int64)
        self.latest = np.full(len(batch), _EARLIER, dtype=np.int64)
        self.last = np.full(len(batch), -1, dtype=np.int64)
        # They stand by day, and what is written last stays.
        self.first[owner[::-1]] = days[rows[::-1]]
        self.latest[owner] = days[rows]
        self.last[owner] = codes[rows]
        self.modules = [relative(word, self.words.home) for word in words]
        self.source = np.full(len(batch), -1, dtype=np.int64)
        sources, self.sources = batch.codes(table, "source")
        self.source[owner[::-1]] = sources[rows[::-1]]

    def _award(self) -> None:
        """Find when each credential was first awarded to each learner, and who holds it."""
        batch, table = self.batch, "awards"
        codes, _ = batch.codes(table, "credential")
        words = batch.codes(table, "credential")[1]
        days = batch.days(table, "on", _LATER)
        revoked = batch.days(table, "revoked", _LATER)
        ends = batch.days(table, "expires", _LATER)
        renewed = pc.list_value_length(batch.tables[table]["renewed"]).to_numpy()
        for row in np.flatnonzero(renewed > 0).tolist():
            until = batch.tables[table]["renewed_until"][row].as_py()[-1]
            ends = ends.copy() if not ends.flags.writeable else ends
            ends[row] = _FOREVER if until is None else until.toordinal() - _EPOCH
        owner = self._owners(table)
        self.award_rows = (days <= self.on) & (revoked > self.on)
        held = self.award_rows & (ends >= self.on)
        size = (len(self.credentials), len(batch))
        self.holds = np.zeros(size, dtype=bool)
        self.awarded = np.full(size, _LATER, dtype=np.int64)
        for place, ref in enumerate(self.credentials):
            full = qualified(ref, self.words.home)
            if full not in words:
                continue
            mine = codes == words.index(full)
            self.holds[place, owner[mine & held]] = True
            made = np.flatnonzero(mine & self.award_rows)[::-1]
            self.awarded[place, owner[made]] = days[made]

    def _groups(self) -> tuple[list[str], Any]:
        if self.ask.by == "source":
            codes = np.where(self.source < 0, len(self.sources), self.source)
            return [*self.sources, "(nothing completed)"], codes
        if self.ask.by == "all":
            return [EVERYBODY], np.zeros(len(self.batch), dtype=np.int64)
        there = self.here | self.gone
        days, places = np.unique(self.since[there], return_inverse=True)
        named = [_period(date.fromordinal(int(day) + _EPOCH), self.ask.by) for day in days]
        names = sorted(set(named))
        found = np.full(len(self.batch), -1, dtype=np.int64)
        found[there] = np.array([names.index(name) for name in named], dtype=np.int64)[places]
        return names, found

    # --- what is counted -------------------------------------------------------------------------

    def _group(self, mine: Any) -> Group:
        here = self.here & mine
        group = Group(
            enrolled=int(here.sum()),
            withdrawn=int((self.gone & mine).sum()),
            begun=int((here & (self.first != _LATER)).sum()),
        )
        furthest = np.full(len(self.batch), -1, dtype=np.int64)
        done = np.ones(len(self.batch), dtype=bool)
        goals = destinations(self.ask.document)
        for place, ref in enumerate(self.credentials):
            group.holding[ref] = int((self.holds[place] & here).sum())
            made = here & (self.awarded[place] != _LATER)
            group.awarded[ref] = int(made.sum())
            timed = made & (self.first != _LATER)
            took = np.maximum(0, self.awarded[place][timed] - self.first[timed])
            days, counts = np.unique(took, return_counts=True)
            group.days[ref] = Counter(dict(zip(days.tolist(), counts.tolist(), strict=True)))
            furthest[self.holds[place]] = place
            if ref in goals:
                done &= self.holds[place]
        unfinished = here & ~done
        stopped = unfinished & (self.on - self.latest >= self.ask.idle)
        stopped &= (self.latest != _EARLIER) | (self.on - self.since >= self.ask.idle)
        for place, ref in enumerate(("", *self.credentials), start=-1):
            group.unfinished[ref] = int((unfinished & (furthest == place)).sum())
            group.stopped[ref] = int((stopped & (furthest == place)).sum())
        places, counts = np.unique(self.last[stopped & (self.last >= 0)], return_counts=True)
        for place, count in zip(places.tolist(), counts.tolist(), strict=True):
            group.last[self.modules[place]] = count
        return group

    def _combine(self, found: Tally) -> None:
        """Count what the awards that this pathway made stand on."""
        batch = self.batch
        awards = batch.tables["awards"]
        if not awards.num_rows:
            return
        used = awards["used"].combine_chunks()
        lengths = pc.list_value_length(used).to_numpy()
        owner = self._owners("awards")
        rows = self.award_rows & self.here[owner] & (lengths > 0)
        rows &= self._named("awards", "pathway", {self.ask.pathway})
        items = used.flatten().to_numpy()
        modules, module_words = batch.codes("completions", "module")
        codes, credential_words = batch.codes("awards", "credential")
        whose = np.repeat(owner, lengths)
        done = batch.starts("completions")[whose] + np.maximum(items, 0)
        held = batch.starts("awards")[whose] + np.maximum(-1 - items, 0)
        some = np.zeros(1, dtype=np.int32)
        names = np.where(
            items >= 0,
            (modules if len(modules) else some)[np.minimum(done, max(0, len(modules) - 1))],
            len(module_words) + codes[np.minimum(held, len(codes) - 1)],
        )
        words = [relative(word, self.words.home) for word in (*module_words, *credential_words)]
        blocks = len(words) // _BITS + 1
        masks = np.zeros((len(owner), blocks), dtype=np.int64)
        row = np.repeat(np.arange(len(owner)), lengths)
        np.bitwise_or.at(masks, (row, names // _BITS), np.int64(1) << (names % _BITS))
        for place, word in enumerate(credential_words):
            ref = relative(word, self.words.home)
            mine = rows & (codes == place)
            if ref not in self.credentials or not mine.any():
                continue
            sets, counts = np.unique(masks[mine], axis=0, return_counts=True)
            found.combined[ref] = Counter(
                {
                    _words(bits, words): count
                    for bits, count in zip(sets.tolist(), counts.tolist(), strict=True)
                }
            )

    def _help(self, found: Tally) -> None:
        """Ask of a sample what one more module would do: the first, for their ids are random."""
        ask = self.ask
        crowd = population(
            self.batch,
            self.words,
            pathway=ask.pathway,
            on=ask.on,
            versions=ask.versions,
            by_rules=True,
        )
        crowd = crowd.part(0, -(-len(crowd) // ask.step))
        if not len(crowd):
            return
        names = self.batch.tables["learners"]["learner"].to_pylist()
        places = dict(zip(names, range(len(names)), strict=True))
        who = np.array([places[learner] for learner in crowd.learners], dtype=np.int64)
        # On a day in the past some had not yet enrolled.
        here, held = self.here[who], self.holds[:, who]
        found.sampled = int(here.sum())
        before = stand(ask.document, crowd, ask.on).columns
        lacks = {
            ref: here & ~held[place] & ~before[ref].held
            for place, ref in enumerate(self.credentials)
        }
        for ref, lack in lacks.items():
            found.asked[ref] = int(lack.sum())
        for module in ask.document.modules:
            after = stand(ask.document, one_more(crowd, module, ask.on), ask.on).columns
            for ref, lack in lacks.items():
                old, new = before[ref], after[ref]
                nearer = new.progress * old.whole > old.progress * new.whole
                gains = int((lack & new.held).sum())
                advances = int((lack & ~new.held & nearer).sum())
                if gains:
                    found.awards[ref, module] = gains
                if advances:
                    found.advances[ref, module] = advances


def one_more(crowd: Population, module: str, on: date) -> Population:
    """Return learners as if each who lacks a module completed it on a day, with full marks."""
    place = crowd.modules.index(module) if module in crowd.modules else len(crowd.modules)
    told = np.ones(len(crowd), dtype=bool)
    told[list(crowd.irregular)] = False
    owner = np.repeat(np.arange(len(crowd)), np.diff(crowd.start))
    told[owner[crowd.module == place]] = False
    earlier = np.zeros(len(crowd.on) + 1, dtype=np.int64)
    np.cumsum(crowd.on <= on.toordinal(), out=earlier[1:])
    # Within a learner completions stand by day.
    at = (crowd.start[:-1] + earlier[crowd.start[1:]] - earlier[crowd.start[:-1]])[told]
    added = {
        "module": place,
        "on": on.toordinal(),
        "revoked": NEVER,
        "expires": NOT_SAID,
        "score": scaled(_BEST),
        "credits": NOT_GIVEN,
        "hours": NOT_GIVEN,
        "level": NOT_GIVEN,
        "grade": NOT_GIVEN,
        "source": crowd.sources.index(_SOURCE) if _SOURCE in crowd.sources else len(crowd.sources),
        "groups": NOT_GIVEN,
    }
    columns = {name: _inserted(getattr(crowd, name), at, value) for name, value in added.items()}
    more = Completed.model_construct(module=module, on=on, score=_BEST, source=_SOURCE)
    return replace(
        crowd,
        **columns,
        start=crowd.start + np.concatenate([[0], np.cumsum(told)]),
        modules=tuple(dict.fromkeys((*crowd.modules, module))),
        sources=tuple(dict.fromkeys((*crowd.sources, _SOURCE))),
        ids={
            place + int(np.searchsorted(at, place, "right")): name
            for place, name in crowd.ids.items()
        },
        irregular={
            who: record
            if any(done.module == module for done in record.completed)
            else record.model_copy(update={"completed": (*record.completed, more)})
            for who, record in crowd.irregular.items()
        },
    )


def _inserted(column: Any, at: Any, value: int) -> Any:
    if not any(column.strides) and len(column) and column[0] == value:
        return same(value, len(column) + len(at), column.dtype.type)
    return np.insert(column, at, value)


def _period(day: date, by: By) -> str:
    match by:
        case "year":
            return f"{day.year}"
        case "quarter":
            return f"{day.year}-Q{(day.month + 2) // 3}"
        case _:
            return f"{day.year}-{day.month:02}"


def _words(bits: Iterable[int], words: Sequence[str]) -> tuple[str, ...]:
    found = []
    for block, mask in enumerate(bits):
        while mask:
            low = mask & -mask
            found.append(words[block * _BITS + low.bit_length() - 1])
            mask ^= low
    return tuple(sorted(found))


def electives(
    combined: Counter[tuple[str, ...]],
) -> tuple[tuple[str, ...], Counter[tuple[str, ...]]]:
    """Part what awards stand on into what all of them share, and the rest that combines.

    >>> electives(Counter({("a", "b"): 2, ("a", "c"): 1}))
    (('a',), Counter({('b',): 2, ('c',): 1}))
    """
    sets = [set(names) for names in combined]
    core = set.intersection(*sets) if sets else set()
    rest: Counter[tuple[str, ...]] = Counter()
    for names, count in combined.items():
        rest[tuple(name for name in names if name not in core)] += count
    return tuple(sorted(core)), rest
