"""Many learners' days and amounts at once: the first, the nth, when a sum is reached."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from math import ceil, gcd, lcm
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pathways.columns import NEVER, Days
from pathways.compile import Node
from pathways.standings import WIDE, Flags, Numbers, times

#: Whether a rule is surely met, and whether it is possibly met; the same array where it is known.
Met: TypeAlias = tuple[Flags, Flags]

#: The most progress of a rule that is not met is 9,999 of so many; see `explain`.
_ALMOST = 10_000


def denominator(amounts: Iterable[Decimal]) -> int:
    """What makes amounts whole numbers."""
    return lcm(*(Fraction(amount).denominator for amount in amounts))


def chosen(node: Node, parts: list[Met]) -> Met:
    """Whether enough of a rule's parts are met; each of them is looked at by itself."""
    known = all(sure is maybe for sure, maybe in parts)
    maybe = enough_met(node, [part[1] for part in parts])
    return (maybe, maybe) if known else (enough_met(node, [part[0] for part in parts]), maybe)


def enough_met(node: Node, met: list[Flags]) -> Flags:
    """Whether enough of a rule's parts are met, and all of those that must be."""
    found: Flags
    if all(node.required):
        found = np.all(np.stack(met), axis=0)
        return found
    if not any(node.required) and node.need <= min(node.worths):
        found = np.any(np.stack(met), axis=0)
        return found
    factor = denominator(node.worths)
    total = np.zeros(len(met[0]), np.int64)
    for each, worth in zip(met, node.worths, strict=True):
        total += each * int(worth * factor)
    found = total >= ceil(node.need * factor)
    for each, required in zip(met, node.required, strict=True):
        if required:
            found &= each
    return found


def soonest(dates: list[Days]) -> Days:
    """The first of some days."""
    found = dates[0]
    for other in dates[1:]:
        found = np.minimum(found, other)
    return found


def latest(dates: list[Days]) -> Days:
    """The last of some days."""
    found = dates[0]
    for other in dates[1:]:
        found = np.maximum(found, other)
    return found


def nth(dates: list[Days], number: int) -> Days:
    """The day on which so many have come, or `NEVER`."""
    if number > len(dates):
        return np.full(len(dates[0]), NEVER, np.int32)
    if number == 1:
        return soonest(dates)
    if number == len(dates):
        return latest(dates)
    if number * (len(dates) - number + 1) <= 12:
        # The smallest so many, kept in order as days come by: a few comparisons a day.
        least: list[Days] = []
        for each in dates:
            for place, kept in enumerate(least):
                least[place], each = np.minimum(kept, each), np.maximum(kept, each)
            if len(least) < number:
                least.append(each)
        return least[number - 1]
    nth: Days = np.partition(np.stack(dates), number - 1, axis=0)[number - 1]
    return nth


def enough(dates: list[Days], amounts: list[Any], need: int, size: int) -> Days:
    """The day on which amounts that come on days have reached so much, or `NEVER`."""
    constant = [amount for amount in amounts if isinstance(amount, int)]
    if len(constant) == len(amounts):
        divisor = gcd(*constant)
        amounts, need = [amount // divisor for amount in constant], -(-need // divisor)
    most = max((int(np.max(amount, initial=0)) for amount in amounts), default=0)
    kind: type[np.integer[Any]] = np.int32 if most * len(dates) < 2**31 else np.int64
    found = np.full(size, NEVER, np.int32)
    if len(dates) <= 6 or most >> _AMOUNT_BITS:
        for day in dates:
            total = np.zeros(size, kind)
            for other, amount in zip(dates, amounts, strict=True):
                total += (other <= day) * (kind(amount) if isinstance(amount, int) else amount)
            found = np.where((total >= need) & (day < found), day, found)
        return found
    for low in range(0, size, _BLOCK):
        block = slice(low, low + _BLOCK)
        days = np.stack([day[block] for day in dates])
        each = [amount if isinstance(amount, int) else amount[block] for amount in amounts]
        found[block] = _in_turn(days, each, need, small=not most >> _SMALL_BITS)
    return found


#: So many learners' dates are sorted together: they fit in the processor's nearest cache.
_BLOCK = 2_048

#: A day and an amount fit into one number, by which both are sorted; 32 bits if it is small.
_AMOUNT_BITS = 40
_SMALL_BITS = 10
_LATEST = 2**22 - 1


def _in_turn(days: Days, amounts: list[Any], need: int, *, small: bool) -> Days:
    """The same for many dates, which are brought into their order learner by learner."""
    bits = _SMALL_BITS if small else _AMOUNT_BITS
    keys: NDArray[Any] = np.minimum(days, _LATEST).astype(np.uint32 if small else np.int64)
    keys <<= bits
    for place, amount in enumerate(amounts):
        keys[place] |= np.asarray(amount, keys.dtype)
    keys = np.ascontiguousarray(keys.T)
    keys.sort(axis=1)
    sums: NDArray[Any] = np.cumsum(
        keys & (2**bits - 1), axis=1, dtype=np.int32 if small else np.int64
    )
    place_ = np.minimum((sums < need).sum(axis=1), len(days) - 1)
    rows = np.arange(len(keys))
    reached = (keys[rows, place_] >> bits).astype(np.int64)
    short = (sums[rows, place_] < need) | (reached >= _LATEST)
    return np.where(short, NEVER, reached).astype(np.int32)


def capped(numbers: Numbers, whole: int, met: Flags) -> tuple[Numbers, int]:
    """Progress as others see it: all of it where the rule is met, else never quite."""
    if whole == 1:
        # There or not there; and what is there is met, unless something else is asked.
        return np.where(met, _ALMOST, np.minimum(numbers * _ALMOST, _ALMOST - 1)), _ALMOST
    common = lcm(whole, _ALMOST)
    numbers = times(numbers, whole, common // whole)
    almost = common // _ALMOST * (_ALMOST - 1)
    if common >= WIDE:
        numbers = numbers.astype(object)
        return np.where(met, common, np.minimum(numbers, almost)), common
    return np.where(met, common, np.minimum(numbers, almost)), common


def reached(node: Node, parts: list[Numbers], common: int) -> tuple[Numbers, int]:
    """The sum of parts' shares, those that must be met first, then the best of the others."""
    factor = lcm(denominator(node.worths), Fraction(node.need).denominator)
    worths = [int(worth * factor) for worth in node.worths]
    need = int(node.need * factor)
    divisor = gcd(need, *worths)
    worths, need = [worth // divisor for worth in worths], need // divisor
    must = [p for p, r in zip(parts, node.required, strict=True) if r]
    asked = sum(w for w, r in zip(worths, node.required, strict=True) if r)
    whole = max(need, asked)
    room = max(need - asked, 0)
    if common * max(whole, sum(worths)) >= WIDE:
        parts = [part.astype(object) for part in parts]
        must = [p for p, r in zip(parts, node.required, strict=True) if r]
    weights = [w for w, r in zip(worths, node.required, strict=True) if r]
    reached: Any = sum(part * weight for part, weight in zip(must, weights, strict=True))
    others = [
        (part, worth)
        for part, worth, required in zip(parts, worths, node.required, strict=True)
        if not required
    ]
    if others and room:
        reached = reached + _best(others, room)
    return reached, common * whole


def _best(others: list[tuple[Numbers, int]], room: int) -> Numbers:
    """The best shares for which there is room, each as far as its worth reaches."""
    shares = np.stack([part for part, _ in others])
    worths = {worth for _, worth in others}
    if len(worths) == 1:
        worth = worths.pop()
        full, rest = divmod(room, worth)
        ordered = np.sort(shares, axis=0)[::-1]
        best: Any = ordered[:full].sum(axis=0) * worth
        if rest and full < len(others):
            best = best + ordered[full] * rest
        return best if isinstance(best, np.ndarray) else np.asarray(best)
    order = np.argsort(-shares, axis=0, kind="stable")
    ordered = np.take_along_axis(shares, order, axis=0)
    each = np.array([worth for _, worth in others], np.int64)[order]
    before = np.cumsum(each, axis=0) - each
    taken = np.clip(room - before, 0, each)
    found: Numbers = (ordered * taken).sum(axis=0)
    return found
