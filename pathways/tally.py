"""What a set of options adds up to in one leaf: amounts, limits, and how it is written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from pathways.compile import Bound, Node
from pathways.evidence import Option, Pool, bits
from pathways.verdict import Use

ZERO = Decimal(0)


def scale_of(numbers: Iterable[Decimal]) -> int:
    """The power of ten with which all numbers become whole."""
    places = 0
    for number in numbers:
        exponent = number.normalize().as_tuple().exponent
        assert isinstance(exponent, int)
        places = max(places, -exponent)
    return int(10**places)


def leaf_mask(pool: Pool, node: Node, day: date, *, timed: bool | None = None) -> int:
    """The options that pass the tests of a leaf, usable or not.

    `timed`: only the tests whose answer a day changes, or only the others; None means all.
    """
    tests = [test for test in node.tests if timed is None or test.timed is timed]
    moment = pool.moment(day)
    options: Iterable[Option] = pool.options
    if node.refs is not None:
        options = (option for ref in node.refs for option in pool.serving_as(ref))
    mask = 0
    for option in options:
        if option.kind != "waiver" and all(test.holds(option, moment) for test in tests):
            mask |= option.bit
    return mask


def allowed(pool: Pool, node: Node, matching: int, day: date) -> int:
    """Of the matching options of a leaf, those that its conditions let it use."""
    moment = pool.moment(day)
    for index in bits(matching if node.conditions else 0):
        if not all(test.holds(pool.options[index], moment) for test in node.conditions):
            matching &= ~(1 << index)
    return matching


def of_value(pool: Pool, node: Node, matching: int) -> int:
    """Of some options, those that can be selected: with a score or points, where that is asked."""
    if node.value is not None:
        for index in bits(matching):
            if node.value.of(pool.options[index]) is None:
                matching &= ~(1 << index)
    return matching


def lifted(waivers: Iterable[Option]) -> tuple[int, Decimal]:
    """The waivers of an amount as a set, and what they lower the amount by."""
    waived, amount = 0, ZERO
    for waiver in waivers:
        waived |= waiver.bit
        amount += waiver.amount or ZERO
    return waived, amount


def take(pool: Pool, node: Node, matching: int, reached: Decimal) -> tuple[int, Decimal]:
    """Take what reaches the amount, earliest first; of one module its largest attempts.

    `reached` is what waivers add to the amount. Returns the options taken, and what is reached.
    """
    by_ref: dict[str, list[Option]] = {}
    for index in bits(matching):
        option = pool.options[index]
        by_ref.setdefault(option.ref, []).append(option)
    chosen: list[Option] = []
    for options in by_ref.values():
        capacity = options[0].capacity
        if capacity is not None and len(options) > capacity:
            options.sort(key=lambda o: (-o.measure(node.unit), o.key))
            options = options[:capacity]
        chosen.extend(options)
    chosen.sort(key=lambda o: o.key)
    taken = 0
    for option in chosen:
        if reached >= node.need:
            break
        if (measure := option.measure(node.unit)) > 0:
            taken |= option.bit
            reached += measure
    return taken, reached


def one_each(pool: Pool, matching: int) -> bool:
    """Whether no module has more attempts among some options than may count."""
    counts: dict[str, int] = {}
    for index in bits(matching):
        option = pool.options[index]
        counts[option.ref] = counts.get(option.ref, 0) + 1
        if option.capacity is not None and counts[option.ref] > option.capacity:
            return False
    return True


def two_faced(pool: Pool, matching: int) -> bool:
    """Whether one module's attempts might serve as two here, or as one that counts more often."""
    if not matching & pool.stand_ins:
        return False
    seen: dict[str, str] = {}
    for option in (pool.options[i] for i in bits(matching)):
        own = pool.really(option.source_ref)
        if seen.setdefault(own, option.ref) != option.ref:
            return True
        if option.ref != own and option.kind == "module" and option.capacity != 1:
            return True
    return False


def most(pool: Pool, matching: int, unit: str) -> Decimal:
    """What all matching items add up to, each module's attempts counted as often as they may."""
    by_ref: dict[str, list[Decimal]] = {}
    capacity: dict[str, int | None] = {}
    for index in bits(matching):
        option = pool.options[index]
        by_ref.setdefault(option.ref, []).append(option.measure(unit))
        capacity[option.ref] = option.capacity
    return sum(
        (
            sum(sorted(amounts, reverse=True)[: capacity[ref]], ZERO)
            for ref, amounts in by_ref.items()
        ),
        ZERO,
    )


# --- limits --------------------------------------------------------------------------------------


def fitting(pool: Pool, bound: Bound, matching: int, day: date) -> int:
    """Of some options, those that a limit speaks of."""
    if bound.test is None:
        return matching
    if not bound.test.timed:
        return matching & pool.passing(bound.test.holds)
    moment = pool.moment(day)
    mask = 0
    for index in bits(matching):
        if bound.test.holds(pool.options[index], moment):
            mask |= 1 << index
    return mask


def touched(pool: Pool, bound: Bound, taken: int) -> int:
    """How many values of a `spread` some options touch."""
    amounts = by_value(pool, bound, taken).values()
    return sum(1 for amount in amounts if amount >= (bound.each or 0))


def by_value(pool: Pool, bound: Bound, taken: int) -> dict[str, Decimal]:
    """What some options add up to in each value of a limit's `over`."""
    amounts: dict[str, Decimal] = {}
    for index in bits(taken):
        option = pool.options[index]
        for value in bound.values(option):
            amounts[value] = amounts.get(value, ZERO) + option.measure(bound.unit)
    return amounts


def within_bounds(pool: Pool, node: Node, taken: int, day: date) -> bool:
    """Whether a selection is within every limit."""
    for bound in node.bounds:
        if bound.form == "spread":
            if touched(pool, bound, taken) < bound.amount:
                return False
        elif bound.form == "at_most_each":
            if any(amount > bound.amount for amount in by_value(pool, bound, taken).values()):
                return False
        else:
            inside = fitting(pool, bound, taken, day)
            amount = sum((pool.options[i].measure(bound.unit) for i in bits(inside)), ZERO)
            if amount < bound.amount if bound.form == "at_least" else amount > bound.amount:
                return False
    return True


def lacking(pool: Pool, bound: Bound, matching: int, day: date) -> Decimal:
    """What no selection of some options can do without, for a limit that asks for something."""
    if bound.form == "spread":
        return max(bound.amount - touched(pool, bound, matching), ZERO)
    if bound.form == "at_least":
        inside = fitting(pool, bound, matching, day)
        return max(bound.amount - most(pool, inside, bound.unit), ZERO)
    return ZERO


# --- a selection that loses items ----------------------------------------------------------------


class Tally:
    """A leaf without limits: what its options add up to, kept up as they are dropped."""

    def __init__(self, pool: Pool, node: Node, matching: int, waivers: list[Option]) -> None:
        self._pool = pool
        self._need = node.need
        self._unit = node.unit
        self._waived = {waiver.index: waiver.amount or Decimal(0) for waiver in waivers}
        self.scope = matching
        for waiver in waivers:
            self.scope |= waiver.bit
        self._by_ref: dict[str, set[int]] = {}
        for index in bits(matching):
            self._by_ref.setdefault(pool.options[index].ref, set()).add(index)
        self._totals = {ref: self._total(group) for ref, group in self._by_ref.items()}
        self._sum = sum([*self._totals.values(), *self._waived.values()], Decimal(0))

    def _total(self, group: set[int]) -> Decimal:
        options = [self._pool.options[index] for index in group]
        amounts = sorted((option.measure(self._unit) for option in options), reverse=True)
        return sum(amounts[: options[0].capacity] if options else (), Decimal(0))

    def _without(self, item: int) -> tuple[Decimal, dict[str, set[int]]]:
        total = self._sum
        groups: dict[str, set[int]] = {}
        for index in bits(item & self.scope):
            if index in self._waived:
                total -= self._waived[index]
                continue
            ref = self._pool.options[index].ref
            groups.setdefault(ref, set(self._by_ref[ref])).discard(index)
        for ref, group in groups.items():
            total += self._total(group) - self._totals[ref]
        return total, groups

    def survives(self, item: int) -> bool:
        """Whether the leaf is still met without an item."""
        return self._without(item)[0] >= self._need

    def drop(self, item: int) -> None:
        """Do without an item from now on."""
        self._sum, groups = self._without(item)
        for ref, group in groups.items():
            self._by_ref[ref], self._totals[ref] = group, self._total(group)
        for index in bits(item & self.scope):
            self._waived.pop(index, None)
        self.scope &= ~item


# --- a selection written down --------------------------------------------------------------------


def leaf_use(
    pool: Pool,
    node: Node,
    taken: Iterable[Option],
    waived: Iterable[str] = (),
    amounts: Mapping[str, str] | None = None,
) -> Use:
    """The use of a leaf that takes these options."""
    by_item = {option.item: option for option in taken}
    items = pool.in_order(by_item)
    return Use(
        path=node.path,
        items=items,
        served={
            item: by_item[item].ref
            for item in items
            if by_item[item].ref != by_item[item].source_ref
        },
        amounts={item: amounts[item] for item in items if item in amounts} if amounts else {},
        waived=pool.in_order(waived),
    )
