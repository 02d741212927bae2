"""What a learner can bring: completions, awards and waivers as options for a rule to use.

An *item* is one completion, award or waiver. It may serve in several ways (a substitution lets a
completion count as another module), and each way is an *option* with its own credits, level,
groups and validity. Options are numbered, so that a set of them is the bits of one integer: the
evaluator then asks "is this rule met by these bits" thousands of times at little cost.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any, Literal

from pathways.document import Completed, Document, Module, Pathway, Record, Started
from pathways.periods import day_after, shift

ZERO = Decimal(0)
BEST_SCORE = Decimal(100)

#: An item that an award has used, and as what: empty where it was as what it really is.
Face = tuple[str, str]

#: First and last day of a stretch in which an item is usable.
Stretch = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Moment:
    """The day of a verdict, and the enrolment before it."""

    day: date
    enrolled: date | None


@dataclass(frozen=True, slots=True)
class Option:
    """One way in which one item may serve.

    `ref` is what it serves as, `source_ref` what it really is. `stretches` are the days on which
    it is usable, `from_day` the first day of a verdict that may use it (a substitution comes into
    force later than its item), `until` the last one, before a revocation.
    """

    index: int
    item: str
    kind: Literal["module", "credential", "waiver"]
    ref: str
    source_ref: str
    on: date
    from_day: date
    until: date
    stretches: tuple[Stretch, ...]
    credits: Decimal = ZERO
    hours: Decimal = ZERO
    level: Decimal | None = None
    groups: frozenset[str] = frozenset()
    award_kind: str | None = None
    source: str | None = None
    score: Decimal | None = None
    grade: str | None = None
    imagined: bool = False
    capacity: int | None = 1
    used: frozenset[Face] = frozenset()
    amount: Decimal | None = None

    @property
    def bit(self) -> int:
        """The integer in which only this option's bit is set."""
        return 1 << self.index

    @property
    def key(self) -> tuple[date, str, str]:
        """The place of the item in the canonical order."""
        return (self.on, self.ref if self.kind == "waiver" else self.source_ref, self.item)

    def measure(self, unit: str) -> Decimal:
        """How much the option is worth in a unit."""
        if unit == "count":
            return Decimal(1)
        return self.credits if unit == "credits" else self.hours


def bits(mask: int) -> Iterator[int]:
    """Give the numbers of the bits that are set, lowest first.

    >>> list(bits(0b1010))
    [1, 3]
    """
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def dated(record: Record, on: date) -> Record:
    """Give everything in a record its date and its id, as section 7 of the language says."""
    if (
        all(entry.on and entry.id for entry in record.completed)
        and all(entry.id for entry in record.holds)
        and all(entry.on and entry.id for entry in record.waived)
        and all(entry.on for entry in record.substituted)
    ):
        # What the ledger knows always has both.
        return record
    completed = tuple(
        entry.model_copy(
            update={
                "on": entry.on or on,
                "id": entry.id or f"{entry.module}@{(entry.on or on).isoformat()}",
            }
        )
        for entry in record.completed
    )
    holds = tuple(
        entry.model_copy(update={"id": entry.id or f"{entry.credential}@{entry.on.isoformat()}"})
        for entry in record.holds
    )
    waived = tuple(
        entry.model_copy(update={"on": entry.on or on, "id": entry.id or f"waiver:{entry.rule}"})
        for entry in record.waived
    )
    substituted = tuple(
        entry.model_copy(update={"on": entry.on or on}) for entry in record.substituted
    )
    return record.model_copy(
        update={
            "completed": completed,
            "holds": holds,
            "waived": waived,
            "substituted": substituted,
        }
    )


def imagined(entries: Iterable[Started], on: date) -> tuple[Completed, ...]:
    """Complete the modules in progress on a day, for a verdict of `pending`."""
    return tuple(
        Completed(
            module=entry.module,
            on=on,
            credits=entry.credits,
            hours=entry.hours,
            source=entry.source,
            id=f"{entry.module}@{on.isoformat()}",
        )
        for entry in entries
    )


def numbered(name: str, taken: Container[str | None]) -> str:
    """A name for what would have the same as something else.

    >>> numbered("sql@2026-03-01", {"sql@2026-03-01", "sql@2026-03-01#2"})
    'sql@2026-03-01#3'
    """
    numbers = count(2)
    free = name
    while free in taken:
        free = f"{name}#{next(numbers)}"
    return free


def grade_ranks(file: Pathway) -> Mapping[str, int]:
    """Rank the grades of a file's scale: the higher the better."""
    return {grade: -place for place, grade in enumerate(file.scale)}


class Pool:
    """All options of one learner, numbered in the order in which they became known."""

    def __init__(self, document: Document, record: Record, on: date) -> None:
        """Read a dated record up to and including a day; what is dated later is not known yet."""
        self._document = document
        self._ranks = {id(file): grade_ranks(file) for file in document.files}
        self.options: list[Option] = []
        self.enrolled = record.enrolled
        self._by_ref: dict[str, list[Option]] = {}
        self._items: dict[str, int] = {}
        self._awards: dict[str, Option] = {}
        self._usable: dict[date, int] = {}
        #: Completions that were revoked before they could serve.
        self._never: set[str] = set()
        #: Completions that can not serve, as what they are; an award may have used them.
        self._unfit: dict[str, Option] = {}
        self._changes: _Steps | None = None
        self._arrivals: _Steps | None = None
        self._dates: list[date] | None = None
        self._prefixes: list[int] = []
        self._passing: dict[Callable[[Option, Moment], bool], tuple[int, int]] = {}
        self.waivers = 0
        #: Options by which items serve as something else than what they are called.
        self.stand_ins = 0
        for entry in record.completed:
            self._complete(entry, record, on)
        for waived in record.waived:
            assert waived.on is not None
            assert waived.id is not None
            if waived.on <= on:
                self._add(
                    item=waived.id,
                    kind="waiver",
                    ref=waived.rule,
                    source_ref=waived.rule,
                    on=waived.on,
                    from_day=waived.on,
                    stretches=((waived.on, date.max),),
                    amount=waived.amount,
                )

    def imagine(
        self, entries: Iterable[Completed], record: Record, on: date, *, wild: bool = True
    ) -> None:
        """Add completions; `wild` ones have whatever score is asked for."""
        for entry in entries:
            # What was completed on that very day keeps its name; this is another attempt.
            name = f"{entry.id} again" if entry.id in self._items else entry.id
            self._complete(entry.model_copy(update={"id": name}), record, on, wild=wild)

    def _complete(
        self,
        entry: Completed,
        record: Record,
        on: date,
        *,
        wild: bool = False,
    ) -> None:
        assert entry.on is not None
        assert entry.id is not None
        if entry.on > on:
            return
        until = _day_before(entry.revoked) if entry.revoked else date.max
        faces: list[tuple[str, date, bool]] = []
        if entry.module in self._document.modules:
            faces.append((entry.module, entry.on, False))
        faces.extend((ref, entry.on, False) for ref in self._document.retired.get(entry.module, ()))
        if until < entry.on:
            self._never.add(entry.id)
        own = {ref for ref, _, _ in faces} | {entry.module}
        for swap in record.substituted:
            assert swap.on is not None
            if swap.module in own and swap.counts_as not in own and swap.on <= on:
                faces.append((swap.counts_as, max(entry.on, swap.on), True))
        seen: set[str] = set()
        for ref, first, stands_in in faces:
            if ref in seen:
                continue
            seen.add(ref)
            module, file = self._document.modules[ref]
            last = min(until, _expiry(entry, module, stands_in=stands_in))
            fit = last >= entry.on and (wild or self._passes(entry, module, file))
            (self._add if fit else self._keep_unfit)(
                item=entry.id,
                kind="module",
                ref=ref,
                source_ref=entry.module,
                on=entry.on,
                from_day=first,
                stretches=((entry.on, last),),
                until=until,
                credits=_amount(entry.credits, module.credits, stands_in=stands_in),
                hours=_amount(entry.hours, module.hours, stands_in=stands_in),
                level=module.level if stands_in or entry.level is None else entry.level,
                groups=frozenset(module.groups) | frozenset(entry.groups),
                source=entry.source,
                score=entry.score,
                grade=entry.grade,
                imagined=wild,
                capacity=None if module.repeatable == "unlimited" else module.repeatable,
            )

    def _keep_unfit(self, **fields: Any) -> None:
        if fields["ref"] == self.really(fields["source_ref"]):
            self._unfit[fields["item"]] = Option(**{**fields, "index": -1, "stretches": ()})

    def _passes(self, entry: Completed, module: Module, file: Pathway) -> bool:
        pass_score = (
            module.pass_score if module.pass_score is not None else file.defaults.pass_score
        )
        if entry.score is not None and pass_score is not None and entry.score < pass_score:
            return False
        pass_grade = (
            module.pass_grade if module.pass_grade is not None else file.defaults.pass_grade
        )
        if entry.grade is None or pass_grade is None:
            return True
        ranks = self._ranks[id(file)]
        return entry.grade in ranks and ranks[entry.grade] >= ranks[pass_grade]

    def put_award(
        self,
        credential: str,
        item: str,
        on: date,
        stretches: tuple[Stretch, ...],
        until: date,
        used: Iterable[Face],
    ) -> None:
        """Make an award known with the stretches in which it is held, or tell how it stands now."""
        model, _ = self._document.credentials[credential]
        self._put(
            item=item,
            kind="credential",
            ref=credential,
            source_ref=credential,
            on=on,
            from_day=on,
            stretches=stretches,
            until=until,
            credits=model.credits,
            hours=model.hours,
            level=model.level,
            groups=frozenset(model.groups),
            award_kind=model.kind,
            used=frozenset(used),
        )

    def _put(self, **fields: Any) -> None:
        known = self._awards.get(fields["item"])
        if known is None:
            told = self._add(**fields)
        else:
            told = Option(index=known.index, **fields)
            self.options[known.index] = told
            self._usable.clear()
            named = self._by_ref[told.ref]
            named[named.index(known)] = told
        self._awards[told.item] = told

    def _add(self, *, until: date = date.max, **fields: Any) -> Option:
        option = Option(index=len(self.options), until=until, **fields)
        self.options.append(option)
        self._by_ref.setdefault(option.ref, []).append(option)
        self._items[option.item] = self._items.get(option.item, 0) | option.bit
        if option.kind == "waiver":
            self.waivers |= option.bit
        if option.ref != option.source_ref:
            self.stand_ins |= option.bit
        if option.kind != "credential":
            # Awards come one by one as a life is lived; the rest is known from its beginning.
            self._changes = self._arrivals = None
        self._dates = None
        self._usable.clear()
        return option

    # --- what is one item ------------------------------------------------------------------------

    def moment(self, day: date) -> Moment:
        """The moment of a verdict on a day for this learner."""
        return Moment(day, self.enrolled)

    def keys(self, option: Option, *, through: bool = False) -> set[str]:
        """The keys under which a use of an option is the same item as another use.

        Attempts at a module that is not repeatable are one item, so the module is the key; an
        item that stands in for another module is still itself. `through`: with all that an award
        rests on.
        """
        keys = {f"m:{option.ref}" if option.capacity == 1 else f"i:{option.item}"}
        if option.ref != option.source_ref:
            keys.add(f"i:{option.item}")
            if self.single(option.source_ref):
                keys.add(f"m:{self.really(option.source_ref)}")
        if through and option.used:
            keys |= self.keys_of(option.used, beneath=True)
        return keys

    def really(self, ref: str) -> str:
        """The module that a completion is of: a retired code is the module that it was."""
        was = self._document.retired.get(ref, ())
        return was[0] if was and ref not in self._document.modules else ref

    def refs(self, option: Option) -> set[str]:
        """The modules that a completion serves as, and really is."""
        return {option.ref, self.really(option.source_ref)}

    def single(self, ref: str) -> bool:
        """Whether all attempts at a module are one item."""
        return self.times(ref) == 1

    def times(self, ref: str) -> int | None:
        """How often a module may count in one selection; None where there is no limit."""
        known = self._document.modules.get(self.really(ref))
        times = 1 if known is None else known[0].repeatable
        return None if times == "unlimited" else times

    def rests_on(self, option: Option, ref: str) -> bool:
        """Whether an award has used attempts at a module, itself or through other awards."""
        return any(
            used.kind == "module" and used.ref == ref
            for _, found in self._used(option.used, beneath=True)
            for used in found
        )

    def keys_of(self, used: Iterable[Face], *, beneath: bool = False) -> set[str]:
        """The keys of what was used; `beneath`: of what awards among it used too, and so on down.

        An item is taken as what it served as, not as all that it might have served as.
        """
        keys: set[str] = set()
        for item, found in self._used(used, beneath=beneath):
            if not found:
                keys.add(f"i:{item}")
            for option in found:
                if option.kind != "waiver":
                    keys |= self.keys(option)
        return keys

    def served(self, used: Iterable[Face]) -> list[Option]:
        """The options of what was used, each as what it served as; waivers are none."""
        found = (option for _, options in self._used(used, beneath=False) for option in options)
        return [option for option in found if option.kind != "waiver"]

    def _used(self, used: Iterable[Face], *, beneath: bool) -> Iterator[tuple[str, list[Option]]]:
        """Each item that was used, once for each thing that it served as, with its options."""
        waiting, seen = list(used), set[Face]()
        while waiting:
            face = waiting.pop()
            if face not in seen:
                seen.add(face)
                found = self._as(*face)
                yield face[0], found
                if beneath:
                    for option in found:
                        waiting.extend(option.used)

    def _as(self, item: str, ref: str) -> list[Option]:
        options = list(self._of_item(item))
        found = [o for o in options if o.ref == (ref or self.really(o.source_ref))]
        if not found and item in self._unfit:
            return [self._unfit[item]]
        return found or options

    @property
    def loses(self) -> bool:
        """Whether anything here was revoked."""
        return bool(self._never) or any(option.until != date.max for option in self.options)

    def lost(self, items: Iterable[str], day: date) -> frozenset[str]:
        """Of some items, those that are revoked by a day."""
        return frozenset(
            item
            for item in items
            if item in self._never or any(o.until < day for o in self._of_item(item))
        )

    # --- sets of options -------------------------------------------------------------------------

    @property
    def everything(self) -> int:
        """All options."""
        return (1 << len(self.options)) - 1

    def serving_as(self, ref: str) -> list[Option]:
        """The options that serve as a module or credential, or waive a rule."""
        return self._by_ref.get(ref, [])

    def item_bits(self, item: str) -> int:
        """All options of one item."""
        return self._items.get(item, 0)

    def usable(self, day: date, attempts: str, gone: int = 0) -> int:
        """The options usable on a day, where `attempts: first` or `latest` leaves only one.

        What is `gone` is no attempt any more.
        """
        if self._changes is None:
            self._changes = _steps(
                (stretch, option.bit)
                for option in self.options
                if option.kind != "credential"
                for stretch in option.stretches
            )
        known = self._usable.get(day)
        if known is None:
            known = _at(self._changes, day)
            for award in self._awards.values():
                if any(first <= day <= last for first, last in award.stretches):
                    known |= award.bit
            self._usable[day] = known
        mask = known & ~gone
        if attempts != "any":
            mask &= ~self._other_attempts(mask, attempts)
        return mask

    def _other_attempts(self, mask: int, attempts: str) -> int:
        others = 0
        for options in self._by_ref.values():
            rivals = [o for o in options if o.bit & mask and o.kind == "module" and o.capacity == 1]
            if len(rivals) > 1:
                chosen = (min if attempts == "first" else max)(rivals, key=lambda o: o.key)
                for option in rivals:
                    if option is not chosen:
                        others |= option.bit
        return others

    def turns(self, admitted: int, last: date, *, monotone: bool) -> list[date]:
        """The days up to a last one on which admitted options begin to be usable.

        Where less may do what more does not (not `monotone`), all that is known counts, with the
        days on which it has just ceased to be usable: what may not be used may have stood in the
        way until it ended.
        """
        days: set[date] = set()
        for index in bits(admitted if monotone else self.once(last)):
            for first, until in self.options[index].stretches:
                days.add(first)
                if not monotone:
                    days.add(day_after(until))
        return sorted(day for day in days if day <= last)

    def once(self, day: date) -> int:
        """The options that have been usable by a day and are not revoked on it, expired or not."""
        if self._arrivals is None:
            self._arrivals = _steps(
                ((option.from_day, option.until), option.bit)
                for option in self.options
                if option.kind != "credential"
            )
        mask = _at(self._arrivals, day)
        for award in self._awards.values():
            if award.from_day <= day <= award.until:
                mask |= award.bit
        return mask

    def between(self, first: date, last: date) -> int:
        """The options dated within two days, both included; a waiver is never left out."""
        dates, prefixes = self._timeline()
        low, high = bisect_right(dates, first - date.resolution), bisect_right(dates, last)
        return (prefixes[high] & ~prefixes[low]) | self.waivers

    def passing(self, test: Callable[[Option, Moment], bool]) -> int:
        """The options that pass a test whose answer no day changes; each is asked once."""
        asked, mask = self._passing.get(test, (0, 0))
        if asked < len(self.options):
            moment = self.moment(date.max)
            for option in self.options[asked:]:
                if option.kind != "waiver" and test(option, moment):
                    mask |= option.bit
            self._passing[test] = (len(self.options), mask)
        return mask

    def after(self, day: date) -> int:
        """The options dated after a day; a waiver is never left out."""
        return self.between(day_after(day), date.max)

    def _timeline(self) -> tuple[list[date], list[int]]:
        if self._dates is None:
            ordered = sorted(self.options, key=lambda option: option.on)
            self._dates = [option.on for option in ordered]
            self._prefixes = [0]
            for option in ordered:
                self._prefixes.append(self._prefixes[-1] | option.bit)
        return self._dates, self._prefixes

    def newest_first(self, mask: int) -> list[Option]:
        """The options of a set against the canonical order."""
        return sorted((self.options[i] for i in bits(mask)), key=lambda o: o.key, reverse=True)

    def in_order(self, items: Iterable[str]) -> tuple[str, ...]:
        """Item ids, each once, in the canonical order."""
        unique = set(items)
        keys = {o.item: o.key for i in unique for o in self._of_item(i)}
        return tuple(sorted(unique, key=lambda item: keys[item]))

    def _of_item(self, item: str) -> Iterator[Option]:
        return (self.options[i] for i in bits(self._items.get(item, 0)))


#: Sets of options by the day from which they hold, in the order of days.
_Steps = tuple[list[date], list[int]]


def _steps(stretches: Iterable[tuple[Stretch, int]]) -> _Steps:
    turns: dict[date, int] = {}
    for (first, last), bit in stretches:
        if first <= last:
            turns[first] = turns.get(first, 0) ^ bit
            if last < date.max:
                after = day_after(last)
                turns[after] = turns.get(after, 0) ^ bit
    days = sorted(turns)
    masks, mask = [], 0
    for day in days:
        mask ^= turns[day]
        masks.append(mask)
    return days, masks


def _at(steps: _Steps, day: date) -> int:
    days, masks = steps
    place = bisect_right(days, day)
    return masks[place - 1] if place else 0


def _day_before(day: date) -> date:
    return day if day == date.min else day - date.resolution


def _expiry(entry: Completed, module: Module, *, stands_in: bool) -> date:
    if entry.expires is not None and not stands_in:
        return date.max if entry.expires == "never" else entry.expires
    assert entry.on is not None
    return shift(entry.on, module.valid_for) if module.valid_for is not None else date.max


def _amount(stated: Decimal | None, module: Decimal | str, *, stands_in: bool) -> Decimal:
    if isinstance(module, Decimal) and (stands_in or stated is None):
        return module
    return ZERO if stated is None else stated
