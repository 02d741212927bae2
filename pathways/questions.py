"""What a rule asks of an item, asked of many items at once.

The evaluator asks one option at a time (`compile.Criterion`); here the same words of a rule are
asked of all completions of a module, or of all awards of a credential. An answer that is the same
for all of them is one `bool`, so that a question about the catalogue costs nothing per learner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import ceil, floor
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pathways.catalogue import MODULES, types_of, types_said
from pathways.columns import NEVER, NOT_GIVEN, NOT_SAID, PARTS, Days, Population, scaled
from pathways.compile import Earned, Node
from pathways.document import (
    AmountRule,
    Bounds,
    Credential,
    CredentialRule,
    Document,
    Module,
    ModuleRule,
    Pathway,
    RuleBase,
    Selector,
)
from pathways.evidence import grade_ranks
from pathways.periods import Period

#: An answer for all items of a batch: one, or one each.
Answer: TypeAlias = bool | NDArray[np.bool_]
Ask: TypeAlias = "Callable[[Batch], Answer]"


class UnaskableError(Exception):
    """The words of a rule can not be asked of many at once; the message says which."""


def shifted(days: Days, period: Period) -> Days:
    """Count a period forward from each day, as `periods.shift` does; `NEVER` stays."""
    if not days.size:
        return days
    known = np.where(days == NEVER, 1, days)
    if period.months:
        dates = (known.astype(np.int64) - _EPOCH).astype("datetime64[D]")
        months = dates.astype("datetime64[M]")
        into = (dates - months.astype("datetime64[D]")).astype(np.int64)
        months = months + np.timedelta64(period.months, "M")
        firsts = months.astype("datetime64[D]")
        lengths = ((months + 1).astype("datetime64[D]") - firsts).astype(np.int64)
        moved = firsts.astype(np.int64) + np.minimum(into, lengths - 1) + _EPOCH
    else:
        moved = known.astype(np.int64)
    moved = np.minimum(moved, _LAST)
    moved = np.minimum(moved + period.days, _LAST)
    return np.where(days == NEVER, NEVER, moved).astype(np.int32)


_EPOCH = 719_163  # the ordinal of 1970-01-01
_LAST = 3_652_059  # the calendar's last day


class Batch:
    """The items of one module, or awards of one credential: what each is, in columns.

    `rows` are their places in the columns of completions; of awards there are none.
    """

    def __init__(
        self,
        ref: str,
        model: Module | Credential,
        population: Population,
        given: frozenset[str],
        rows: NDArray[np.int64],
        learner: NDArray[np.int32],
        on: Days,
    ) -> None:
        """Take the items; `given` are the columns in which anybody's completion says something."""
        self.ref = ref
        self.model = model
        self.kind = "module" if isinstance(model, Module) else "credential"
        self.population = population
        self.given = given if self.kind == "module" else frozenset()
        self.rows = rows
        self.learner = learner
        self.on = on

    def where(self, answer: Answer) -> Batch:
        """Those of which a question was answered with yes."""
        if answer is True:
            return self
        chosen = np.zeros(len(self.rows), np.bool_) if answer is False else answer
        return Batch(
            self.ref,
            self.model,
            self.population,
            self.given,
            self.rows[chosen],
            self.learner[chosen],
            self.on[chosen],
        )

    def amount(self, name: str) -> int | NDArray[np.int64]:
        """The credits, hours or level of each, in millionths; `NOT_GIVEN` where there is none."""
        said = getattr(self.model, name)
        if name == "level":
            own = NOT_GIVEN if said is None else scaled(said)
        else:
            own = scaled(said) if isinstance(said, Decimal) else 0
        if name not in self.given:
            return own
        column = getattr(self.population, name)[self.rows]
        return np.where(column == NOT_GIVEN, own, column)

    def measure(self, unit: str) -> int | NDArray[np.int64]:
        """How much each is worth in a unit; a count is counted in ones."""
        return 1 if unit == "count" else self.amount(unit)

    def in_groups(self, names: frozenset[str]) -> Answer:
        """Whether each is in one of some groups, by the catalogue or by its own words."""
        if not names.isdisjoint(self.model.groups):
            return True
        if "groups" not in self.given:
            return False
        said = [not names.isdisjoint(each) for each in self.population.groupings]
        return np.array([*said, False])[self.population.groups[self.rows]]

    def from_source(self, words: tuple[str, ...]) -> Answer:
        """Whether each has one of some sources."""
        if self.kind == "credential":
            return False
        said = [word in words for word in self.population.sources]
        if len(set(said)) < 2:
            return bool(said and said[0])
        return np.array(said)[self.population.source[self.rows]]

    def scored(self, least: int) -> Answer:
        """Whether each has a score of so much or more."""
        if "score" not in self.given:
            return False
        return self.population.score[self.rows] >= least

    def graded(self, fine: Callable[[str], bool]) -> Answer:
        """Whether each has a grade that will do."""
        if "grade" not in self.given:
            return False
        said = [fine(grade) for grade in self.population.grades]
        return np.array([*said, False])[self.population.grade[self.rows]]

    @cached_property
    def enrolled(self) -> Days:
        """The day on which each one's learner was enrolled, or `NEVER`."""
        return self.population.enrolled[self.learner]


def passes(batch: Batch, file: Pathway) -> Answer:
    """Whether each completion passes its module: see `evidence.Pool`."""
    module = batch.model
    assert isinstance(module, Module)
    answer: Answer = True
    least = module.pass_score if module.pass_score is not None else file.defaults.pass_score
    if least is not None and "score" in batch.given:
        score = batch.population.score[batch.rows]
        answer = both(answer, (score == NOT_GIVEN) | (score >= scaled(least)))
    grade = module.pass_grade if module.pass_grade is not None else file.defaults.pass_grade
    if grade is not None and "grade" in batch.given:
        ranks = grade_ranks(file)
        low = ranks[grade]
        known = batch.graded(lambda each: ranks.get(each, low - 1) >= low)
        answer = both(answer, known | (batch.population.grade[batch.rows] == NOT_GIVEN))
    return answer


def last_days(batch: Batch) -> Days | None:
    """The last day on which each completion is valid; None where none ever ends."""
    module = batch.model
    assert isinstance(module, Module)
    own = batch.population.expires[batch.rows] if "expires" in batch.given else None
    if module.valid_for is None:
        return None if own is None else np.where(own == NOT_SAID, NEVER, own).astype(np.int32)
    valid = shifted(batch.on, module.valid_for)
    return valid if own is None else np.where(own == NOT_SAID, valid, own).astype(np.int32)


def both(one: Answer, other: Answer) -> Answer:
    """Whether both hold."""
    if one is False or other is False:
        return False
    if one is True:
        return other
    return one if other is True else one & other


def either(one: Answer, other: Answer) -> Answer:
    """Whether one of both holds."""
    if one is True or other is True:
        return True
    if one is False:
        return other
    return one if other is False else one | other


def negated(answer: Answer) -> Answer:
    """Whether it does not hold."""
    return not answer if isinstance(answer, bool) else ~answer


def within(bounds: Bounds, number: int | NDArray[np.int64]) -> Answer:
    """Whether each amount lies within bounds; an unknown one does not."""
    answer = number != NOT_GIVEN
    if bounds.low is not None:
        low = bounds.low * PARTS
        answer = answer & (number > floor(low) if bounds.open else number >= ceil(low))
    if bounds.high is not None:
        high = bounds.high * PARTS
        answer = answer & (number < ceil(high) if bounds.open else number <= floor(high))
    return answer if isinstance(answer, np.ndarray) else bool(answer)


# --- the words of rules --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """What a leaf asks of an item, and the periods that limit the days on which it serves.

    An item serves on a day up to which each period of `since` reaches from its date, and from the
    day to which each of `held_for` does.
    """

    asks: tuple[Ask, ...] = ()
    since: tuple[Period, ...] = ()
    held_for: tuple[Period, ...] = ()

    def of(self, batch: Batch) -> Answer:
        """Ask it of each item."""
        answer: Answer = True
        for ask in self.asks:
            answer = both(answer, ask(batch))
            if answer is False:
                return False
        return answer

    def plus(self, other: Question) -> Question:
        """Both questions in one."""
        return Question(
            self.asks + other.asks, self.since + other.since, self.held_for + other.held_for
        )

    def denied(self) -> Question:
        """The question whether it is not so; of one that no day changes."""
        return Question((lambda batch: negated(self.of(batch)),))


class Asker:
    """Puts the words of one credential's rules as questions; see `compile` for what they mean."""

    def __init__(self, document: Document, earned: Earned) -> None:
        """Ask in the words of the file in which the credential stands."""
        self._document = document
        self._credential = earned.ref
        self._file = document.credentials[earned.ref][1]
        self._ranks = grade_ranks(self._file)

    def restrictions(self, rule: RuleBase) -> Question:
        """What a rule asks of everything that is used inside it."""
        question = Question()
        if rule.only is not None:
            question = question.plus(self._only(rule.only))
        question = question.plus(_dates(rule))
        if rule.within is not None and rule.within.of_enrolment:
            period = rule.within.period

            def soon(batch: Batch) -> Answer:
                return batch.on <= shifted(batch.enrolled, period)

            question = question.plus(Question((soon,)))
        return question

    def leaf(self, node: Node) -> Question:
        """What a leaf asks, its restrictions aside."""
        rule = node.rule
        if isinstance(rule, ModuleRule):
            question = Question((_is("module", frozenset((rule.module,))),))
            question = question.plus(self._marks(rule.min_score, rule.min_grade))
            if rule.selector is not None:
                question = question.plus(self.selector(rule.selector))
            return question
        if isinstance(rule, CredentialRule):
            held_for = () if rule.held_for is None else (rule.held_for,)
            return Question((_is("credential", frozenset((rule.credential,))),), held_for=held_for)
        if isinstance(rule, AmountRule):
            own = self._credential
            return self.selector(rule.selector).plus(
                Question((lambda batch: batch.kind == "module" or batch.ref != own,))
            )
        raise UnaskableError("a rule without parts")

    def limit(self, node: Node, selector: Selector) -> Question:
        """What a limit of a leaf speaks of."""
        rule = node.rule
        assert isinstance(rule, AmountRule)
        types = types_of(rule.selector, self._document)
        return self.selector(selector, types)

    def _only(self, selector: Selector) -> Question:
        inner = self.selector(selector)
        if _names_type(selector):
            return inner
        if inner.since:
            raise UnaskableError("`since` inside `only`")
        return Question(
            tuple(_spared(ask) for ask in inner.asks),
        )

    def _marks(self, min_score: Decimal | None, min_grade: str | None) -> Question:
        asks: list[Ask] = []
        if min_score is not None:
            least = scaled(min_score)
            asks.append(lambda batch: batch.scored(least))
        if min_grade is not None:
            ranks, low = self._ranks, self._ranks[min_grade]
            asks.append(lambda batch: batch.graded(lambda g: ranks.get(g, low - 1) >= low))
        return Question(tuple(asks))

    def selector(
        self,
        selector: Selector,
        inherited: frozenset[str] = MODULES,
        *,
        top: bool = True,
    ) -> Question:
        """What a selector asks."""
        said = types_said(selector, self._document)
        leaves_it = not said and top and selector.any_of is not None
        types = types_of(selector, self._document, inherited) if top else said or inherited
        question = _dates(selector)
        asks: list[Ask] = []
        if not leaves_it:
            asks.append(lambda batch: batch.kind in types)
        if selector.groups is not None:
            names = frozenset(selector.groups)
            members = frozenset(ref for name in names for ref in self._file.groups.get(name, ()))
            asks.append(lambda batch: batch.ref in members or batch.in_groups(names))
        if selector.ids is not None:
            ids = frozenset(selector.ids)
            asks.append(lambda batch: batch.ref in ids)
        if (level := selector.level) is not None:
            asks.append(lambda batch: within(level, batch.amount("level")))
        if (credits := selector.credits) is not None:
            asks.append(lambda batch: within(credits, batch.amount("credits")))
        if (hours := selector.hours) is not None:
            asks.append(lambda batch: within(hours, batch.amount("hours")))
        if (kind := selector.kind) is not None:
            asks.append(lambda batch: getattr(batch.model, "kind", None) in kind)
        if (source := selector.source) is not None:
            asks.append(lambda batch: batch.from_source(source))
        question = question.plus(Question(tuple(asks)))
        question = question.plus(self._marks(selector.min_score, selector.min_grade))
        if selector.any_of is not None:
            branches = [
                _untimed(
                    self.selector(branch, types if not leaves_it else inherited, top=leaves_it)
                )
                for branch in selector.any_of
            ]

            def one_of(batch: Batch) -> Answer:
                answer: Answer = False
                for branch in branches:
                    answer = either(answer, branch.of(batch))
                return answer

            question = question.plus(Question((one_of,)))
        if selector.except_ is not None:
            barred = _untimed(self.selector(selector.except_, types, top=False))
            question = question.plus(Question((lambda batch: negated(barred.of(batch)),)))
        return question


def _is(kind: str, refs: frozenset[str]) -> Ask:
    return lambda batch: batch.kind == kind and batch.ref in refs


def _spared(ask: Ask) -> Ask:
    """Awards pass an `only` that does not speak of them."""
    return lambda batch: batch.kind == "credential" or ask(batch)


def _untimed(question: Question) -> Question:
    if question.since:
        raise UnaskableError("`since` inside an alternative or exception")
    return question


def _dates(rule: RuleBase | Selector) -> Question:
    return Question(tuple(_date_asks(rule)), since=() if rule.since is None else (rule.since,))


def _date_asks(rule: RuleBase | Selector) -> Iterator[Ask]:
    if rule.after is not None:
        after = rule.after.toordinal()
        yield lambda batch: batch.on >= after
    if rule.before is not None:
        before = rule.before.toordinal()
        yield lambda batch: batch.on <= before


def _names_type(selector: Selector) -> bool:
    inner = [*(selector.any_of or ()), *([selector.except_] if selector.except_ else [])]
    return (
        selector.type is not None
        or selector.kind is not None
        or any(_names_type(branch) for branch in inner)
    )
