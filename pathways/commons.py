"""What several rules or awards use in common: how many items, and of how many credits.

Two uses are of one item if they are of one fact, if both serve as one module that counts once, or
if both are really of one such module; and so is everything that such uses tie together. A module
that may count `n` times is up to `n` items, and any attempts may be one that no single selection
tells apart. Which attempts are one is free, so a model that limits what is in common asks for that
too: in which of the `n` items is each attempt, and who uses that item.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations, pairwise, product
from typing import Any

from pathways.evidence import Option, Pool
from pathways.solver import Questions
from pathways.tally import scale_of

#: What one selection takes: options, each with the question whether it does.
Takes = Sequence[tuple[Option, Any]]


@dataclass(frozen=True, slots=True)
class User:
    """One of several that use evidence: its selections, and what of them is never one item.

    What is in one of two selections that are `apart` is another item than what is in the other; a
    selection that is so from itself takes as many items as attempts.
    """

    selections: Sequence[Takes]
    apart: Sequence[tuple[Takes, Takes]] = ()

    @property
    def before(self) -> User:
        """The same as one of whom is known only what it has used, and not for what."""
        return User(self.selections)


@dataclass(slots=True)
class _Uses:
    """Uses that are of one item in any case: by user, and by the credits of each."""

    by_user: dict[int, list[Any]] = field(default_factory=dict)
    by_credits: dict[Decimal, list[Any]] = field(default_factory=dict)

    def add(self, user: int, question: Any) -> None:
        self.by_user.setdefault(user, []).append(question)

    def credit(self, option: Option, question: Any) -> None:
        self.by_credits.setdefault(option.credits, []).append(question)


class Commons:
    """The items that users within one model may have in common, to be limited."""

    def __init__(self, problem: Questions, pool: Pool, users: Sequence[User]) -> None:
        """Look at what each user may take; nothing is limited yet."""
        self._problem = problem
        self._pool = pool
        self._users = users
        self._uses: dict[str, _Uses] = {}
        #: A question, and two keys whose uses are of one item where the answer is yes.
        self._ties: list[tuple[Any, str, str]] = []
        #: By selection and key: the uses of options that have the key.
        self._faces: dict[int, dict[str, list[tuple[Option, Any]]]] = {}
        for place, takes in self._selections():
            faces = self._faces.setdefault(id(takes), {})
            for option, question in takes:
                self._use(place, option, question, faces)

    def _selections(self) -> Iterator[tuple[int, Takes]]:
        for place, user in enumerate(self._users):
            for takes in user.selections:
                yield place, takes

    def _use(
        self, user: int, option: Option, question: Any, faces: dict[str, list[tuple[Option, Any]]]
    ) -> None:
        keys = self._keys(option)
        for key in keys:
            faces.setdefault(key, []).append((option, question))
            uses = self._uses.setdefault(key, _Uses())
            uses.add(user, question)
            uses.credit(option, question)
        self._ties += [(question, one, other) for one, other in pairwise(keys)]

    def _keys(self, option: Option) -> list[str]:
        keys = self._pool.keys(option)
        if option.ref != option.source_ref and self._pool.single(option.source_ref):
            # All attempts at what it really is are one item, so it need not be told from them.
            keys.discard(f"i:{option.item}")
        return sorted(keys)

    # --- limits ----------------------------------------------------------------------------------

    def allow_none(self) -> None:
        """Let nothing be in common."""
        self._divide(unlimited=False)
        for uses in self._uses.values():
            users = [self._problem.either(asked) for asked in uses.by_user.values()]
            if len(users) > 1:
                self._problem.model.add(sum(users) <= 1)

    def allow_items(self, most: int) -> None:
        """Let so many items be in common at most."""
        self._divide()
        counted = [question for told in self._items() for _, question in told]
        if counted:
            self._problem.model.add(sum(counted) <= most)

    def allow_credits(self, most: Decimal) -> None:
        """Let the items in common have so many credits at most, each those of its largest use."""
        self._divide()
        scale = scale_of([most, *(c for uses in self._uses.values() for c in uses.by_credits)])
        terms = [term for told in self._items() for term in self._worth(told, scale)]
        if terms:
            self._problem.at_most(terms, int(most * scale))

    # --- what is one item ------------------------------------------------------------------------

    def _items(self) -> Iterator[list[tuple[str, Any]]]:
        """Keys that may be tied together, each with whether it stands for an item in common."""
        common = {key: self._common(uses) for key, uses in self._uses.items()}
        for group in self._groups():
            asked = [key for key in group if common[key] is not None]
            if len(group) == 1:
                yield [(key, common[key]) for key in asked]
            elif asked:
                yield list(self._standing_for(group, common).items())

    def _common(self, uses: _Uses) -> Any | None:
        """Whether several users use something; None where they can not."""
        problem = self._problem
        users = [problem.either(asked) for asked in uses.by_user.values()]
        if len(users) < 2:
            return None
        common = problem.question()
        for one, other in combinations(users, 2):
            problem.model.add(common >= one + other - 1)
        return common

    def _groups(self) -> list[list[str]]:
        """The keys in groups that no tie leaves."""
        group_of = {key: [key] for key in self._uses}
        for _, one, other in self._ties:
            if group_of[one] is not group_of[other]:
                group_of[one] += group_of[other]
                for key in group_of[other]:
                    group_of[key] = group_of[one]
        return [group for key, group in group_of.items() if group[0] == key]

    def _standing_for(self, group: Sequence[str], common: Mapping[str, Any]) -> dict[str, Any]:
        """Whether each key stands for an item in common: one of those that are tied together."""
        model, question = self._problem.model, self._problem.question
        stands = {key: question() for key in group}
        concerned = {key: question() for key in group}
        # What is told of by another key is further from the one that stands for both.
        distance = {key: model.new_int_var(0, len(group) - 1, "") for key in group}
        told: dict[str, list[Any]] = {key: [] for key in group}
        for tied, one, other in self._ties:
            for key, by in ((one, other), (other, one)) if one in told else ():
                tells = question()
                model.add_implication(tells, tied)
                model.add_implication(tells, concerned[by])
                model.add(distance[key] > distance[by]).only_enforce_if(tells)
                told[key].append(tells)
        for key in group:
            if common[key] is not None:
                model.add_implication(common[key], concerned[key])
            model.add_bool_or([stands[key], *told[key], concerned[key].negated()])
        return stands

    # --- how large an item is --------------------------------------------------------------------

    def _worth(self, told: Sequence[tuple[str, Any]], scale: int) -> Iterator[tuple[Any, int]]:
        """The credits of items in common, times `scale`, as a sum of questions and weights."""
        if len(told) == 1:
            [(key, question)] = told
            yield from self._steps(self._uses[key], question, scale)
            return
        model = self._problem.model
        keys = dict(told)
        largest = int(max((c for k in keys for c in self._uses[k].by_credits), default=0) * scale)
        size = {key: model.new_int_var(0, largest, "") for key in keys}
        for key in keys:
            for credits, asked in self._uses[key].by_credits.items():
                for question in asked:
                    model.add(size[key] >= int(credits * scale) * question)
        for tied, one, other in self._ties:
            if one in keys:
                model.add(size[one] == size[other]).only_enforce_if(tied)
        for key, stands in told:
            worth = model.new_int_var(0, largest, "")
            model.add(worth >= size[key]).only_enforce_if(stands)
            yield worth, 1

    def _steps(self, uses: _Uses, question: Any, scale: int) -> Iterator[tuple[Any, int]]:
        """The credits of the largest of uses that are one item."""
        least, *larger = sorted(uses.by_credits)
        yield question, int(least * scale)
        below = least
        for credits in larger:
            step = self._problem.question()
            for other, asked in uses.by_credits.items():
                for takes in asked if other >= credits else ():
                    self._problem.model.add(step >= question + takes - 1)
            yield step, int((credits - below) * scale)
            below = credits

    # --- modules that may count several times ----------------------------------------------------

    def _divide(self, *, unlimited: bool = True) -> None:
        """Divide the attempts at modules that may count several times, or `unlimited` times."""
        attempts: dict[str, dict[str, list[Any]]] = {}
        capacities: dict[str, int | None] = {}
        served: dict[str, set[str]] = {}
        for faces in self._faces.values():
            for key, same in faces.items():
                for option, question in same:
                    served.setdefault(key, set()).add(option.ref)
                    if option.kind == "module" and option.capacity != 1:
                        capacities[option.ref] = option.capacity
                        attempts.setdefault(option.ref, {}).setdefault(key, []).append(question)
        elsewhere = {key for _, *keys in self._ties for key in keys}
        elsewhere |= {key for key, refs in served.items() if len(refs) > 1}
        for ref, found in sorted(attempts.items()):
            capacity = capacities[ref]
            if capacity is not None or unlimited:
                number = min(capacity or len(found), len(found))
                self._divide_one(ref, dict(sorted(found.items())), number, elsewhere)

    def _divide_one(
        self, ref: str, found: Mapping[str, list[Any]], number: int, elsewhere: Set[str]
    ) -> None:
        """Divide attempts at one module; those that are used `elsewhere` tie other items to it."""
        problem, model = self._problem, self._problem.model
        asked = {id(takes): self._asked(takes, found) for _, takes in self._selections()}
        if len({user for user, takes in self._selections() if asked[id(takes)]}) < 2:
            return
        within: dict[str, list[Any]] = {}
        for place, (key, taken) in enumerate(found.items()):
            # The first attempt is in the first item, the second in that or the next, and so on.
            within[key] = [problem.question() for _ in range(min(place + 1, number))]
            model.add_exactly_one([*within[key], problem.either(taken).negated()])
        for ours, theirs in (pair for user in self._users for pair in user.apart):
            pairs = product(asked[id(ours)].items(), asked[id(theirs)].items())
            for (one, takes), (other, takes_too) in pairs:
                if one < other or (one > other and ours is not theirs):
                    for item, item_too in zip(within[one], within[other], strict=False):
                        model.add(item + item_too + takes + takes_too <= 3)
        for item in range(number):
            name = f"{item} of {ref}"
            self._uses[name] = _Uses()
            for key, questions in within.items():
                if item < len(questions):
                    self._put(name, key, questions[item], asked)
                    if key in elsewhere:
                        self._ties.append((questions[item], name, key))
        for key in found.keys() - elsewhere:
            # It is only what the items are that its attempts are divided into.
            del self._uses[key]

    def _put(
        self, name: str, key: str, within: Any, asked: Mapping[int, Mapping[str, Any]]
    ) -> None:
        """Let an attempt that is within an item be used as that item."""
        problem, item = self._problem, self._uses[name]
        for user, takes in self._selections():
            if key in asked[id(takes)]:
                uses = problem.question()
                problem.model.add(uses >= within + asked[id(takes)][key] - 1)
                item.add(user, uses)
            for option, question in self._faces[id(takes)].get(key, ()):
                taken = problem.question()
                problem.model.add(taken >= within + question - 1)
                item.credit(option, taken)

    def _asked(self, takes: Takes, keys: Iterable[str]) -> dict[str, Any]:
        """Whether a selection uses each attempt, as whatever module."""
        faces = self._faces[id(takes)]
        return {
            key: self._problem.either([question for _, question in faces[key]])
            for key in keys
            if key in faces
        }
