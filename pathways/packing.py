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
from operator import add

from pathways.compile import Node
from pathways.evidence import Option, Pool, bits
from pathways.tally import fitting

#: More states than this are left to the search.
MOST_STATES = 300

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
    def enough(self) -> int | None:
        """Above this, more makes no difference; None where it may."""
        if self.ceiling is not None or any(amount < 0 for amount in self.amounts.values()):
            return None
        return self.floor if self.floor is not None else self.amounts.get(-1)


def pack(pool: Pool, node: Node, matching: int, reached: Decimal, day: date) -> int | None:
    """A selection of matching options that meets a leaf, or None where there is none.

    `reached` is what waivers add to the amount. No option here serves in two ways, no limit is
    `partial`, and the leaf does not look `over: all`.
    """
    sums, spreads = _sums(pool, node, matching, reached, day)
    taken = 0
    choices: list[tuple[int | None, list[Option]]] = []
    for capacity, attempts in _groups(pool, matching):
        options = _undominated(attempts, sums) if capacity == 1 else attempts
        loose = capacity is None or len(options) <= capacity
        harmless = [option for option in options if loose and _harmless(option, sums)]
        taken |= sum(option.bit for option in harmless)
        if len(harmless) < len(options):
            choices.append((capacity, [option for option in options if option not in harmless]))
    return _choose(sums, spreads, choices, taken)


def adds_up(pool: Pool, node: Node, taken: int, reached: Decimal, day: date) -> bool:
    """Whether exactly these options, all of them, meet a leaf and its limits."""
    sums, spreads = _sums(pool, node, taken, reached, day)
    state = tuple(sum(s.amounts.get(i, 0) for i in bits(taken)) for s in sums)
    return _fine(state, sums, spreads)


def _choose(
    sums: Sequence[_Sum],
    spreads: Sequence[tuple[int, list[int]]],
    choices: Sequence[tuple[int | None, list[Option]]],
    taken: int,
) -> int | None:
    """Go through what is to be chosen, option by option; `taken` is taken in any case."""
    caps = [total.enough for total in sums]
    floors = [(place, s.floor) for place, s in enumerate(sums) if s.floor is not None]
    ceilings = [(place, s.ceiling) for place, s in enumerate(sums) if s.ceiling is not None]
    start = _capped((sum(s.amounts.get(i, 0) for i in bits(taken)) for s in sums), caps)
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
    # A state is the sums so far, and how many attempts at the present module are in them.
    states: dict[tuple[State, int], int] = {(start, 0): taken}
    for step, (row, option, capacity, first) in enumerate(rows):
        grown: dict[tuple[State, int], int] = {}
        for (state, attempts), mask in states.items():
            count = 0 if first else attempts
            grown.setdefault((state, count), mask)
            if capacity is not None and count >= capacity:
                continue
            more = _capped(map(add, state, row), caps)
            if any(more[place] > ceiling for place, ceiling in ceilings):
                continue
            if _fine(more, sums, spreads):
                return mask | option.bit
            grown.setdefault((more, 0 if capacity is None else count + 1), mask | option.bit)
        rest = ahead[step + 1]
        states = {
            key: mask
            for key, mask in grown.items()
            if all(key[0][place] + rest[place] >= floor for place, floor in floors)
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


def _capped(state: Iterable[int], caps: Sequence[int | None]) -> State:
    """Forget what a sum has above all that is asked of it, so that states are fewer."""
    return tuple(
        amount if cap is None or amount <= cap else cap
        for amount, cap in zip(state, caps, strict=True)
    )


def _undominated(options: Sequence[Option], sums: Sequence[_Sum]) -> list[Option]:
    """Of attempts that count once, those that no other is as good as in every sum."""
    kept: list[tuple[State, Option]] = []
    for option in options:
        # Turned so that more is better in every place.
        worth = tuple(
            (-1 if total.ceiling is not None else 1) * total.amounts.get(option.index, 0)
            for total in sums
        )
        if not any(_as_good(other, worth) for other, _ in kept):
            kept = [(other, known) for other, known in kept if not _as_good(worth, other)]
            kept.append((worth, option))
    return [option for _, option in kept]


def _as_good(one: State, other: State) -> bool:
    return all(a >= b for a, b in zip(one, other, strict=True))


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
            o.index: _whole(
                (value.of(o) or Decimal(0)) * (o.credits if value.sum_weighted else Decimal(1))
            )
            for o in options
        }
        yield _Sum(worth, floor=_whole(value.sum))
