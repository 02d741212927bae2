"""All learners at once: how every credential of a pathway stands for a whole population.

A document is made ready for it (`groundwork`), and asked of one part of the learners after the
other (`crowd`). A rule costs the same few passes over columns whether one learner meets it or all,
and the answers are always those of `awards.assess`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from pathways.columns import Population
from pathways.crowd import Crowd, Layer
from pathways.document import Document
from pathways.groundwork import Groundwork
from pathways.standings import Column, Count, Flags, Standings, joined, times

__all__ = ["CHUNK", "Column", "Count", "Flags", "Memory", "Standings", "stand", "times"]

#: So many learners are looked at together: their layers fit in the processor's cache.
CHUNK = 32_768


class Memory:
    """What was made of the completions of one population for one day, to be asked again.

    It may be used as long as the modules that documents describe are the same.
    """

    def __init__(self) -> None:
        """Remember nothing yet."""
        self.layers: dict[int, dict[tuple[Any, ...], list[Layer]]] = {}


def stand(
    document: Document,
    population: Population,
    on: date,
    *,
    only: frozenset[str] | None = None,
    known: Mapping[str, Column] | None = None,
    memory: Memory | None = None,
    seen: Callable[[int], None] | None = None,
) -> Standings:
    """Tell how every credential stands for every learner: what `awards.assess` would tell.

    `only` leaves out the credentials on which none of these rests, and those that are `known`:
    columns of an earlier answer for the same learners and day, by rules that say the same. `seen`
    is told now and then how many learners were looked at. Raises nothing of its own.
    """
    ground = Groundwork(document, population, only, known or {})
    parts: list[tuple[dict[str, Column], Count]] = []
    for first in range(0, max(len(population), 1), CHUNK):
        last = min(first + CHUNK, len(population))
        layers = None if memory is None else memory.layers.setdefault(first, {})
        lower = {ref: column.part(first, last) for ref, column in ground.known.items()}
        parts.append(Crowd(ground, population.part(first, last), on, lower, layers).stand())
        if seen is not None:
            seen(last - first)
    columns = {ref: joined([told[ref] for told, _ in parts]) for ref in ground.wanted}
    count = Count()
    for _, each in parts:
        count = count.plus(each)
    return Standings(document, on, columns, count)
