"""Timing a thing, and printing what came out as a small table."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence


def seconds(run: Callable[[], object]) -> float:
    """How long one call takes, on the wall clock."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def best_of(run: Callable[[], object], times: int = 3) -> float:
    """The shortest of some runs, in seconds: the least disturbed one."""
    return min(seconds(run) for _ in range(times))


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which so many per cent of the values lie, or the largest."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def spread(values: Sequence[float]) -> str:
    """Median, 99th percentile and worst of some seconds, in milliseconds.

    >>> spread([0.001, 0.002, 0.003])
    'median 2.00 ms, p99 3.00 ms, worst 3.00 ms'
    """
    middle = statistics.median(values)
    figures = (middle, percentile(values, 99), max(values))
    return "median {:.2f} ms, p99 {:.2f} ms, worst {:.2f} ms".format(*(1000 * f for f in figures))


def table(title: str, rows: Iterable[tuple[str, str]]) -> None:
    """Print a title and its rows, the names in one column and the figures in another."""
    print(f"\n{title}")
    for name, figure in rows:
        print(f"  {name:<46} {figure}")
