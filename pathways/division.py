"""Attempts at a repeatable module, divided into items so that the fewest are in common.

A module that may count `n` times is up to `n` items, and any attempts may be one item that no
single selection tells apart. Which attempts are one is free, so a model that limits what its parts
have in common asks for that too: in which of the `n` items is each attempt, and who uses that item.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
from typing import TYPE_CHECKING, Any

from pathways.evidence import Option, Pool

if TYPE_CHECKING:
    from pathways.allocation import Problem

#: What one selection takes: the options, each with the question whether it does.
Takes = Mapping[int, Any]


@dataclass(frozen=True, slots=True)
class Shared:
    """Whether an item is in common, and by their credits the attempts that it may consist of."""

    question: Any
    attempts: Mapping[Decimal, Sequence[Any]]


@dataclass
class Division:
    """The items of all repeatable modules that several users, each of some selections, may use.

    `used` asks for each key of an attempt whether it is used as a repeatable module, and so is
    counted among these items.
    """

    problem: Problem
    pool: Pool
    users: Sequence[Sequence[Takes]]
    shared: list[Shared] = field(default_factory=list)
    used: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Add the items of each module to the model."""
        attempts: dict[str, dict[str, list[tuple[Option, Any]]]] = {}
        for takes in (takes for user in self.users for takes in user):
            for index, question in takes.items():
                option = self.pool.options[index]
                if option.kind == "module" and option.capacity != 1:
                    same = attempts.setdefault(option.ref, {}).setdefault(self._key(option), [])
                    same.append((option, question))
        for _, found in sorted(attempts.items()):
            (option, _), *_ = next(iter(found.values()))
            number = min(option.capacity or len(found), len(found))
            self._divide(dict(sorted(found.items())), number)

    def _key(self, option: Option) -> str:
        """The key under which attempts are one, however they are divided."""
        own = self.pool.really(option.source_ref)
        return f"m:{own}" if option.ref != own and self.pool.single(own) else f"i:{option.item}"

    def _divide(self, found: Mapping[str, list[tuple[Option, Any]]], number: int) -> None:
        problem, model = self.problem, self.problem.model
        by_user = [[self._asked(takes, found) for takes in user] for user in self.users]
        if sum(any(user) for user in by_user) < 2:
            return
        within: dict[str, list[Any]] = {}
        for place, (key, uses) in enumerate(found.items()):
            used = problem.either([question for _, question in uses])
            self.used.setdefault(key, []).append(used)
            # The first attempt is in the first item, the second in that or the next, and so on.
            within[key] = [problem.question() for _ in range(min(place + 1, number))]
            model.add_exactly_one([*within[key], used.negated()])
        for asked in (asked for user in by_user for asked in user):
            for (one, takes), (other, takes_too) in combinations(asked.items(), 2):
                for item, item_too in zip(within[one], within[other], strict=False):
                    # What counts twice in one selection is two items.
                    model.add(item + item_too + takes + takes_too <= 3)
        faces: dict[str, list[tuple[Option, Any]]] = {key: [] for key in found}
        for takes in (takes for user in self.users for takes in user):
            for key, same in self._faces(takes, found).items():
                faces[key] += same
        for item in range(number):
            self._item(item, faces, within, by_user)

    def _faces(self, takes: Takes, keys: Iterable[str]) -> dict[str, list[tuple[Option, Any]]]:
        """All that a selection takes each attempt as, by the key of the attempt."""
        wanted, faces = set(keys), dict[str, list[tuple[Option, Any]]]()
        for index, question in takes.items():
            option = self.pool.options[index]
            for key in sorted(self.pool.keys(option) & wanted):
                faces.setdefault(key, []).append((option, question))
        return faces

    def _asked(self, takes: Takes, keys: Iterable[str]) -> dict[str, Any]:
        """Whether a selection uses each attempt, as whatever module."""
        return {
            key: self.problem.either([question for _, question in same])
            for key, same in self._faces(takes, keys).items()
        }

    def _item(
        self,
        item: int,
        faces: Mapping[str, list[tuple[Option, Any]]],
        within: Mapping[str, list[Any]],
        by_user: Sequence[Sequence[Mapping[str, Any]]],
    ) -> None:
        """Add one item: who uses it, whether it is in common, and the attempts in it."""
        problem, model = self.problem, self.problem.model
        in_it = {key: questions[item] for key, questions in within.items() if item < len(questions)}
        users = []
        for user in by_user:
            uses = problem.question()
            users.append(uses)
            for asked in user:
                for key, question in asked.items():
                    if key in in_it:
                        model.add(uses >= in_it[key] + question - 1)
        common = problem.question()
        for one, other in combinations(users, 2):
            model.add(common >= one + other - 1)
        attempts: dict[Decimal, list[Any]] = {}
        for key, question in in_it.items():
            for option, takes in faces[key]:
                taken = problem.question()
                model.add(taken >= question + takes - 1)
                attempts.setdefault(option.credits, []).append(taken)
        self.shared.append(Shared(common, attempts))
