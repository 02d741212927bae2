"""One leaf with limits: is there a selection within all of them, by dynamic programming.

What no upper limit touches is taken at once, since more of it never hurts. Only the rest is
chosen: module by module, keeping each distinct state of the sums that matter, and leaving out
states that break an upper limit or that can no longer reach a lower one. Exact, and small on
real rules; where the states become too many, `TooManyError` hands the leaf to the search.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pathways.compile import Node
from pathways.evidence import Option, Pool, bits
from pathways.tally import fitting

#: More states than this are left to the search.
MOST_STATES = 1_500

#: Amounts have at most six decimal places, and are at most multiplied by one another.
_SCALE = 10**12

State = tuple[int, ...]


class TooManyError(Exception):
    """There are more states than are worth keeping."""


@dataclass(frozen=True, slots=True)
class _Sum:
    """One sum over the selection: at least a floor, at most a ceiling; None where there is none."""

    amounts: dict[int, int]
    floor: int | None = None
    ceiling: int | None = None

    @property
    def grows(self) -> bool:
        return all(amount >= 0 for amount in self.amounts.values())


def pack(pool: Pool, node: Node, matching: int, reached: Decimal, day: date) -> int | None:
    """A selection of matching options that meets a leaf, or None where there is none.

    `reached` is what waivers add to the amount. No option here serves in two ways, no limit is
    `partial`, and the leaf does not look `over: all`.
    """
    sums, spreads = _sums(pool, node, matching, reached, day)
    groups = _groups(pool, matching)
    taken = 0
    choices: list[tuple[int | None, list[Option]]] = []
    for capacity, options in groups:
        loose = capacity is None or len(options) <= capacity
        rest = [o for o in options if not (loose and _harmless(o, sums))]
        for option in options:
            if option not in rest:
                taken |= option.bit
        if rest:
            choices.append((capacity, rest))
    start = tuple(sum(s.amounts.get(i, 0) for i in bits(taken)) for s in sums)
    return _choose(sums, spreads, choices, _capped(start, sums), taken)


def adds_up(pool: Pool, node: Node, taken: int, reached: Decimal, day: date) -> bool:
    """Whether exactly these options, all of them, meet a leaf and its limits."""
    sums, spreads = _sums(pool, node, taken, reached, day)
    state = tuple(sum(s.amounts.get(i, 0) for i in bits(taken)) for s in sums)
    return _fine(state, sums, spreads)


def _choose(
    sums: Sequence[_Sum],
    spreads: Sequence[tuple[int, list[int]]],
    choices: Sequence[tuple[int | None, list[Option]]],
    start: State,
    taken: int,
) -> int | None:
    states: dict[tuple[State, int], int] = {(start, 0): taken}
    if _fine(start, sums, spreads):
        return taken
    rows = [
        (tuple(s.amounts.get(o.index, 0) for s in sums), o, capacity, place == 0)
        for capacity, options in sorted(choices, key=lambda choice: -len(choice[1]))
        for place, o in enumerate(options)
    ]
    ahead = [[0] * len(sums)]
    for row, _, _, _ in reversed(rows):
        ahead.append([a + max(b, 0) for a, b in zip(ahead[-1], row, strict=True)])
    ahead.reverse()
    for step, (row, option, capacity, first) in enumerate(rows):
        grown: dict[tuple[State, int], int] = {}
        for (state, used), mask in states.items():
            count = 0 if first else used
            grown.setdefault((state, count), mask)
            if capacity is not None and count >= capacity:
                continue
            more = _capped(tuple(a + b for a, b in zip(state, row, strict=True)), sums)
            if any(
                s.ceiling is not None and a > s.ceiling for a, s in zip(more, sums, strict=True)
            ):
                continue
            if _fine(more, sums, spreads):
                return mask | option.bit
            count = 0 if capacity is None else count + 1
            grown.setdefault((more, count), mask | option.bit)
        rest = ahead[step + 1]
        states = {
            key: mask
            for key, mask in grown.items()
            if all(
                s.floor is None or a + r >= s.floor
                for a, r, s in zip(key[0], rest, sums, strict=True)
            )
        }
        if len(states) > MOST_STATES:
            raise TooManyError
    return None


def _fine(state: State, sums: Sequence[_Sum], spreads: Sequence[tuple[int, list[int]]]) -> bool:
    """Whether a state meets every floor and every spread; ceilings were kept on the way."""
    for amount, total in zip(state, sums, strict=True):
        if total.floor is not None and amount < total.floor:
            return False
        if total.ceiling is not None and amount > total.ceiling:
            return False
    return all(
        sum(state[place] >= _enough(sums[place]) for place in places) >= needed
        for needed, places in spreads
    )


def _enough(total: _Sum) -> int:
    # A value of a spread is touched where its sum reaches what is kept of it.
    return total.amounts[-1]


def _capped(state: State, sums: Sequence[_Sum]) -> State:
    """Forget what a sum has above all that is asked of it, so that states are fewer."""
    capped = []
    for amount, total in zip(state, sums, strict=True):
        most = total.floor if total.floor is not None else total.amounts.get(-1)
        if most is not None and total.ceiling is None and total.grows:
            amount = min(amount, most)
        capped.append(amount)
    return tuple(capped)


def _harmless(option: Option, sums: Iterable[_Sum]) -> bool:
    """Whether taking an option can break nothing."""
    for total in sums:
        amount = total.amounts.get(option.index, 0)
        if amount < 0 or (amount > 0 and total.ceiling is not None):
            return False
    return True


def _groups(pool: Pool, matching: int) -> list[tuple[int | None, list[Option]]]:
    by_ref: dict[str, list[Option]] = {}
    for index in bits(matching):
        option = pool.options[index]
        by_ref.setdefault(option.ref, []).append(option)
    return [
        (options[0].capacity, sorted(options, key=lambda o: o.key))
        for _, options in sorted(by_ref.items())
    ]


def _whole(number: Decimal) -> int:
    return int(number * _SCALE)


def _sums(
    pool: Pool, node: Node, matching: int, reached: Decimal, day: date
) -> tuple[list[_Sum], list[tuple[int, list[int]]]]:
    """The sums that matter to a leaf, and the spreads as how many of which sums."""
    options = [pool.options[i] for i in bits(matching)]
    sums = [
        _Sum(
            {o.index: _whole(o.measure(node.unit)) for o in options},
            floor=_whole(node.need - reached),
        )
    ]
    spreads: list[tuple[int, list[int]]] = []
    for bound in node.bounds:
        if bound.form in ("at_least", "at_most"):
            inside = fitting(pool, bound, matching, day)
            amounts = {i: _whole(pool.options[i].measure(bound.unit)) for i in bits(inside)}
            limit = _whole(bound.amount)
            least = bound.form == "at_least"
            sums.append(
                _Sum(amounts, floor=limit if least else None, ceiling=None if least else limit)
            )
            continue
        by_value: dict[str, dict[int, int]] = {}
        for option in options:
            for value in bound.values(option):
                by_value.setdefault(value, {})[option.index] = _whole(option.measure(bound.unit))
        if bound.form == "at_most_each":
            sums.extend(_Sum(a, ceiling=_whole(bound.amount)) for _, a in sorted(by_value.items()))
            continue
        places = []
        for _, amounts in sorted(by_value.items()):
            touch = amounts if bound.each is not None else dict.fromkeys(amounts, _SCALE)
            each = _whole(bound.each) if bound.each is not None else _SCALE
            places.append(len(sums))
            sums.append(_Sum({**touch, -1: each}))
        spreads.append((int(bound.amount), places))
    sums.extend(_values(node, options))
    return sums, spreads


def _values(node: Node, options: Sequence[Option]) -> Iterable[_Sum]:
    value = node.value
    if value is None:
        return
    if value.average is not None:
        above, weights = {}, {}
        for option in options:
            weight = option.credits if value.average_weighted else Decimal(1)
            above[option.index] = _whole(weight * ((value.of(option) or 0) - value.average))
            weights[option.index] = int(weight > 0)
        yield _Sum(above, floor=0)
        # An average of nothing is none.
        yield _Sum(weights, floor=1)
    if value.sum is not None:
        worth = {
            o.index: _whole((value.of(o) or 0) * (o.credits if value.sum_weighted else 1))
            for o in options
        }
        yield _Sum(worth, floor=_whole(value.sum))
