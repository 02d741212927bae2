"""Giving each part its items when none may be used twice: a bipartite matching."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def match(demands: Sequence[tuple[int, Sequence[K]]]) -> Mapping[K, int] | None:
    """Give each demand so many of the keys that it accepts, no key twice.

    A demand is how many keys are asked for, and which would do. The result says, for each key
    used, which demand has it; None when there is no way. By augmenting paths: a demand that is
    short takes a key from one that can find another (Berge 1957), so a failure is a proof.

    >>> match([(1, ["a", "b"]), (1, ["a"])])
    {'a': 1, 'b': 0}
    >>> match([(2, ["a", "b"]), (1, ["a"])]) is None
    True
    """
    holder: dict[K, int] = {}

    def find(demand: int, tried: set[K]) -> bool:
        for key in demands[demand][1]:
            if key in tried:
                continue
            tried.add(key)
            if key not in holder or find(holder[key], tried):
                holder[key] = demand
                return True
        return False

    for demand, (number, _) in enumerate(demands):
        for _ in range(number):
            if not find(demand, set()):
                return None
    return holder
