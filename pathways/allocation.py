"""Who may use which evidence, where that takes a search: the whole meaning as one exact model.

Every construct of the language becomes linear constraints over yes-or-no questions ("is this
child chosen", "does this leaf select this option"), and CP-SAT answers them. It is asked in two
ways: *is there a legal use*, and *which is the canonical one*. For the second, the questions are
put in the canonical order with the preferred answer first and no other strategy, so that the
first solution found is the canonical one by construction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, groupby, product
from math import lcm
from typing import Any

from pathways.commons import Commons, Takes, User
from pathways.compile import Bound, Node, Tree
from pathways.document import plain
from pathways.evidence import Face, Option, Pool, bits
from pathways.periods import shift
from pathways.solver import Questions, UndecidedError, solver_module, solver_within
from pathways.tally import allowed, leaf_mask, leaf_use, of_value, scale_of
from pathways.verdict import Use

#: Deterministic seconds of CP-SAT after which a rule is undecided.
BOUND = 10.0

#: What `partial` limits may divide an item into at least: halves, thirds, quarters, fifths.
_PARTS = 60
#: And at most, however many its amounts would ask for.
_FINEST = 10**6


@dataclass(frozen=True, slots=True)
class Quota:
    """Items used by another award of an exclusive set, of which only `share` may be used here."""

    used: frozenset[Face]
    share: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One tree to be met on a day from a set of options, and what it may not use freely.

    `usable` are the options that are usable on the day of use, where the pool can not say so by
    itself because some of them are only imagined.
    """

    tree: Tree
    node: Node
    pool: Pool
    day: date
    use_day: date
    together: bool
    admitted: int
    record: int
    gone: int = 0
    quotas: tuple[Quota, ...] = ()
    whole: bool = True
    usable: int | None = None


@dataclass(slots=True)
class _Leaf:
    """The questions about one leaf."""

    node: Node
    chosen: Any
    takes: dict[int, Any] = field(default_factory=dict)
    parts: dict[int, Any] = field(default_factory=dict)
    waived: dict[int, Any] = field(default_factory=dict)
    scale: int = 1


def feasible(claim: Claim) -> int | None:
    """Return a set of options with which a claim is met, or None."""
    problem = Problem([claim])
    return problem.support(0) if problem.solve(canonical=False) else None


def canonical(
    claims: Sequence[Claim], shares: Sequence[tuple[int, int, int]] = ()
) -> list[Use] | None:
    """Return each claim's canonical use, among those that leave the others legal; or None."""
    problem = Problem(claims, shares)
    if not problem.solve(canonical=True):
        return None
    return [problem.use(place) for place in range(len(claims))]


class Problem(Questions):
    """One model for one or more claims."""

    def __init__(
        self, claims: Sequence[Claim] = (), shares: Sequence[tuple[int, int, int]] = ()
    ) -> None:
        super().__init__()
        self._roots = [Root(self, claim) for claim in claims]
        for first, second, share in shares:
            self.limit_common(self._roots[first], self._roots[second], share)
        self._values: Any = None

    # --- what is in common -----------------------------------------------------------------------

    def limit_common(self, first: Root, second: Root, share: int) -> None:
        """Let two claims have so many items in common at most.

        Each leaves the other its items, as if the other had used them before.
        """
        self.limit_used(first, second.user().before, share)
        self.limit_used(second, first.user().before, share)

    def limit_used(self, root: Root, other: User, share: int) -> None:
        """Let a claim have so many items at most in common with what another has used."""
        Commons(self, root.pool, [root.user(), other]).allow_items(share)

    # --- answers ---------------------------------------------------------------------------------

    def solve(self, *, canonical: bool) -> bool:
        """Tell whether there are answers; raises `UndecidedError` past the bound."""
        cp = solver_module()
        solver = solver_within(BOUND)
        parameters = solver.parameters
        if canonical:
            for root in self._roots:
                for question, preferred in root.priorities():
                    self.model.add_decision_strategy(
                        [question],
                        cp.CHOOSE_FIRST,
                        cp.SELECT_MAX_VALUE if preferred else cp.SELECT_MIN_VALUE,
                    )
            parameters.search_branching = cp.FIXED_SEARCH
            # Presolve may trade one solution for an equally feasible one; the order forbids that.
            parameters.cp_model_presolve = False
            parameters.symmetry_level = 0
            parameters.linearization_level = 0
        else:
            parameters.cp_model_presolve = len(self.model.proto.variables) > 400
        status = solver.solve(self.model)
        if status in (cp.OPTIMAL, cp.FEASIBLE):
            self._values = solver
            return True
        if status == cp.INFEASIBLE:
            return False
        if status == cp.UNKNOWN:
            raise UndecidedError("the search for a legal use of the evidence ran into its bound")
        raise AssertionError(f"CP-SAT refused the model: {solver.status_name(status)}")

    def answer(self, question: Any) -> int:
        """The answer that was found to a question."""
        return int(self._values.value(question))

    def support(self, place: int) -> int:
        """The options that a claim uses."""
        return self._roots[place].support()

    def use(self, place: int) -> Use:
        """How a claim uses its options."""
        return self._roots[place].use()


class Root:
    """One claim within the model, to be met where `chosen` is yes (by default: in any case).

    `beneath` says of an imagined award, by its option, what it would itself rest on.
    """

    def __init__(
        self,
        problem: Problem,
        claim: Claim,
        chosen: Any = None,
        beneath: Mapping[int, Root] | None = None,
    ) -> None:
        self.problem = problem
        self.claim = claim
        self.pool = claim.pool
        self.leaves: dict[int, _Leaf] = {}
        self.chosen: dict[int, Any] = {}
        self.waived: dict[int, tuple[Option, Any]] = {}
        self._beneath = beneath or {}
        if chosen is None:
            chosen = problem.model.new_constant(1)
        self._encode(claim.node, chosen, bound=None)
        if claim.whole:
            self._barred()
        for quota in claim.quotas:
            self._quota(quota)

    # --- the tree --------------------------------------------------------------------------------

    def _encode(self, node: Node, chosen: Any, bound: _Together | None) -> None:
        """Add the constraints of a rule, in force where it is chosen."""
        problem, claim = self.problem, self.claim
        self.chosen[node.index] = chosen
        full = [o for o in self._waivers(node) if o.amount is None]
        if full:
            standing = [o for o in full if o.bit & claim.admitted]
            if not standing:
                problem.model.add(chosen == 0)
                return
            self.waived[node.index] = (min(standing, key=lambda o: o.key), chosen)
            return
        if node.together and bound is None and not claim.together:
            bound = self._together()
        if node.leaf:
            self._leaf(node, chosen, bound)
        else:
            self._choice(node, chosen, bound)
        if node.window is not None:
            self._window(node)
        if node.ordered:
            self._order(node)
        if node.sharing:
            self._share(node)

    def _choice(self, node: Node, chosen: Any, bound: _Together | None) -> None:
        problem = self.problem
        questions = []
        for child, required in zip(node.children, node.required, strict=True):
            if required:
                question = chosen
            else:
                question = problem.question()
                problem.model.add_implication(question, chosen)
            questions.append(question)
            self._encode(child, question, bound)
        if all(node.required):
            return
        scale = scale_of([*node.worths, node.need])
        worths = [int(worth * scale) for worth in node.worths]
        need = int(node.need * scale)
        problem.at_least(zip(questions, worths, strict=True), need, chosen)
        last_required = max((i for i, is_ in enumerate(node.required) if is_), default=-1)
        for place, question in enumerate(questions):
            # Children are taken in file order until enough: none after that.
            if not node.required[place] and place > last_required:
                before = zip(questions[:place], worths[:place], strict=True)
                problem.at_most(before, need - 1, question)

    def _waivers(self, node: Node) -> list[Option]:
        day = self.claim.day
        return [
            option
            for name in node.names
            for option in self.pool.serving_as(name)
            if option.kind == "waiver" and option.from_day <= day
        ]

    def _candidates(self, node: Node, bound: _Together | None) -> int:
        claim = self.claim
        if bound is not None:
            base = self.pool.once(claim.day)
        elif node.even_if_expired:
            base = self.pool.once(claim.use_day)
        elif claim.usable is not None:
            base = claim.usable
        else:
            base = self.pool.usable(claim.use_day, claim.tree.attempts, claim.gone)
        return base & leaf_mask(self.pool, node, claim.day)

    def _leaf(self, node: Node, chosen: Any, bound: _Together | None) -> None:
        problem = self.problem
        leaf = _Leaf(node, chosen)
        self.leaves[node.index] = leaf
        matching = self._candidates(node, bound)
        value = node.value
        matching = of_value(self.pool, node, matching)
        admitted = allowed(self.pool, node, matching & self.claim.admitted, self.claim.day)
        for index in bits(admitted):
            question = problem.question()
            problem.model.add_implication(question, chosen)
            leaf.takes[index] = question
            if bound is not None:
                bound.restrict(index, question, expired_too=node.even_if_expired)
        if value is not None and value.over_all:
            self._take_all(leaf, matching & self.claim.record, bound)
        else:
            self._count_once(leaf)
        self._amount(leaf)

    def _take_all(self, leaf: _Leaf, everything: int, bound: _Together | None) -> None:
        """Take every item, each in one of the ways in which it may serve here."""
        model = self.problem.model
        by_item: dict[str, list[int]] = {}
        for index in bits(everything):
            by_item.setdefault(self.pool.options[index].item, []).append(index)
        for indexes in by_item.values():
            ways = [leaf.takes[i] for i in indexes if i in leaf.takes]
            if len(ways) > 1:
                model.add_at_most_one(ways)
            if bound is not None:
                bound.all_of(indexes, leaf)
            else:
                model.add_bool_or([*ways, leaf.chosen.negated()])

    def _count_once(self, leaf: _Leaf) -> None:
        options = self.pool.options
        by_ref: dict[str, list[int]] = {}
        by_source: dict[str, list[int]] = {}
        for index in leaf.takes:
            option = options[index]
            by_ref.setdefault(option.ref, []).append(index)
            by_source.setdefault(self.pool.really(option.source_ref), []).append(index)
        for indexes in by_ref.values():
            capacity = options[indexes[0]].capacity
            if capacity is not None and len(indexes) > capacity:
                self._at_most(leaf, indexes, capacity)
        for source, indexes in by_source.items():
            times = self.pool.times(source)
            if times is not None and len(indexes) > times:
                self._at_most(leaf, indexes, times)
            faces: dict[str, list[Any]] = {}
            for index in indexes:
                faces.setdefault(options[index].ref, []).append(leaf.takes[index])
            if len(faces) > 1:
                # However often it may count, a module counts as one module in one selection, and
                # so an item once.
                self.problem.model.add_at_most_one(
                    [self.problem.either(takes) for takes in faces.values()]
                )

    def _at_most(self, leaf: _Leaf, indexes: Iterable[int], number: int) -> None:
        self.problem.at_most(((leaf.takes[i], 1) for i in indexes), number)

    def _amount(self, leaf: _Leaf) -> None:
        """Add the amount asked for, the limits on it, and its average or sum."""
        node, problem = leaf.node, self.problem
        options = self.pool.options
        waivers = [o for o in self._waivers(node) if o.amount is not None]
        for option in waivers:
            if option.bit & self.claim.admitted:
                question = problem.question()
                problem.model.add_implication(question, leaf.chosen)
                leaf.waived[option.index] = question
        taken = [options[i] for i in leaf.takes]
        divided = self._divided(leaf)
        numbers = [node.need, *(o.measure(node.unit) for o in taken)]
        numbers += [o.amount for o in waivers if o.amount is not None]
        leaf.scale = scale_of(numbers) * self._steps(leaf, divided)
        for index in divided:
            whole = int(options[index].measure(node.unit) * leaf.scale)
            part = problem.model.new_int_var(0, whole, "")
            problem.model.add(part <= whole * leaf.takes[index])
            leaf.parts[index] = part
        terms = [self._term(leaf, i, node.unit, leaf.scale) for i in leaf.takes]
        terms += [
            (question, int((options[i].amount or 0) * leaf.scale))
            for i, question in leaf.waived.items()
        ]
        problem.at_least(terms, int(node.need * leaf.scale), leaf.chosen)
        for bound in node.bounds:
            self._bound(leaf, bound)
        if node.value is not None:
            self._value(leaf)

    def _divided(self, leaf: _Leaf) -> list[int]:
        partial = [bound for bound in leaf.node.bounds if bound.partial]
        return [
            i
            for i in leaf.takes
            # Of nothing there is no part.
            if self.pool.options[i].measure(leaf.node.unit)
            and any(self._within(bound, i) for bound in partial)
        ]

    def _steps(self, leaf: _Leaf, divided: Sequence[int]) -> int:
        """Into how many parts items are divided: as many as what limits ask of them needs."""
        if not divided:
            return 1
        units = {bound.unit for bound in leaf.node.bounds if bound.partial}
        sizes = [self.pool.options[i].measure(unit) for i in divided for unit in units]
        scale = scale_of(sizes)
        steps = lcm(_PARTS, *(int(size * scale) for size in sizes if size))
        return steps if steps <= _FINEST else _PARTS

    def _within(self, bound: Bound, index: int) -> bool:
        moment = self.pool.moment(self.claim.day)
        return bound.test is None or bound.test.holds(self.pool.options[index], moment)

    def _term(self, leaf: _Leaf, index: int, unit: str, scale: int) -> tuple[Any, int]:
        """What one option contributes in a unit, as a question and its weight times `scale`."""
        option = self.pool.options[index]
        if index not in leaf.parts:
            return leaf.takes[index], int(option.measure(unit) * scale)
        whole = int(option.measure(leaf.node.unit) * leaf.scale)
        if unit == leaf.node.unit:
            return leaf.parts[index], scale // leaf.scale
        return leaf.parts[index], int(option.measure(unit) * scale) // whole

    def _bound(self, leaf: _Leaf, bound: Bound) -> None:
        problem, options = self.problem, self.pool.options
        numbers = [bound.amount, bound.each or Decimal(0)]
        numbers += [options[i].measure(bound.unit) for i in leaf.takes]
        scale = scale_of(numbers)
        for index in leaf.parts:
            whole = int(options[index].measure(leaf.node.unit) * leaf.scale)
            scale = lcm(scale, leaf.scale if bound.unit == leaf.node.unit else whole)
        amount = int(bound.amount * scale)

        def terms(indexes: Iterable[int]) -> list[tuple[Any, int]]:
            return [self._term(leaf, i, bound.unit, scale) for i in indexes]

        if bound.form in ("at_least", "at_most"):
            within = [i for i in leaf.takes if self._within(bound, i)]
            if bound.form == "at_least":
                problem.at_least(terms(within), amount, leaf.chosen)
            elif within:
                problem.at_most(terms(within), amount)
            return
        by_value: dict[str, list[int]] = {}
        for index in leaf.takes:
            for value in bound.values(options[index]):
                by_value.setdefault(value, []).append(index)
        if bound.form == "at_most_each":
            for indexes in by_value.values():
                problem.at_most(terms(indexes), amount)
            return
        touched = []
        for _, indexes in sorted(by_value.items()):
            question = problem.question()
            touched.append((question, 1))
            if bound.each is not None:
                problem.at_least(terms(indexes), int(bound.each * scale), question)
            problem.at_least(((leaf.takes[i], 1) for i in indexes), 1, question)
        problem.at_least(touched, int(bound.amount), leaf.chosen)

    def _value(self, leaf: _Leaf) -> None:
        problem, options, value = self.problem, self.pool.options, leaf.node.value
        assert value is not None
        if value.average is not None:
            worth = [
                (i, options[i].credits if value.average_weighted else Decimal(1))
                for i in leaf.takes
            ]
            above = [
                (i, weight * ((value.of(options[i]) or Decimal(0)) - value.average))
                for i, weight in worth
            ]
            scale = scale_of([number for _, number in above])
            terms = [(leaf.takes[i], int(number * scale)) for i, number in above]
            problem.at_least(terms, 0, leaf.chosen)
            # An average of nothing is none.
            heavy = [(leaf.takes[i], 1) for i, weight in worth if weight > 0]
            problem.at_least(heavy, 1, leaf.chosen)
        if value.sum is not None:
            worth = [
                (
                    i,
                    (value.of(options[i]) or Decimal(0))
                    * (options[i].credits if value.sum_weighted else Decimal(1)),
                )
                for i in leaf.takes
            ]
            scale = scale_of([value.sum, *(number for _, number in worth)])
            terms = [(leaf.takes[i], int(number * scale)) for i, number in worth]
            problem.at_least(terms, int(value.sum * scale), leaf.chosen)

    # --- what ties leaves together ---------------------------------------------------------------

    def user(self, node: Node | None = None) -> User:
        """A rule of the tree, by default the outermost, as one that uses evidence beside others."""
        node = node or self.claim.node
        options = self.pool.options
        takes: dict[int, Takes] = {
            inner.index: [(options[i], question) for i, question in leaf.takes.items()]
            for inner in node.walk()
            if (leaf := self.leaves.get(inner.index)) is not None
        }

        def under(inner: Node) -> list[Takes]:
            return [takes[leaf.index] for leaf in inner.walk() if leaf.index in takes]

        apart: list[tuple[Takes, Takes]] = []
        for inner in node.walk():
            if inner.index in takes and not inner.over_all:
                apart.append((takes[inner.index], takes[inner.index]))
            elif inner.overlap_items == 0:
                for parts in combinations(map(under, inner.children), 2):
                    apart += product(*parts)
        return User(under(node), apart)

    def _takes_under(self, node: Node) -> list[tuple[int, Any]]:
        leaves = (self.leaves.get(inner.index) for inner in node.walk())
        return [found for leaf in leaves if leaf is not None for found in leaf.takes.items()]

    def _window(self, node: Node) -> None:
        takes = self._takes_under(node)
        dates = sorted({self.pool.options[index].on for index, _ in takes})
        starts = [(start, self.problem.question()) for start in dates]
        assert node.window is not None
        if starts:
            self.problem.model.add_exactly_one(question for _, question in starts)
        for index, question in takes:
            on = self.pool.options[index].on
            covering = [s for start, s in starts if start <= on <= shift(start, node.window)]
            self.problem.model.add_bool_or([*covering, question.negated()])

    def _together(self) -> _Together:
        claim = self.claim
        admitted = self.pool.once(claim.day) & claim.admitted
        usable_days = self.pool.turns(admitted, claim.day, monotone=claim.tree.monotone)
        questions = [(day, self.problem.question()) for day in usable_days]
        if questions:
            self.problem.model.add_exactly_one(question for _, question in questions)
        return _Together(self, questions)

    def _order(self, node: Node) -> None:
        model = self.problem.model
        takes = [self._takes_under(child) for child in node.children]
        dates = sorted({self.pool.options[i].on for child in takes for i, _ in child})
        if not dates:
            return
        place = {day: number for number, day in enumerate(dates)}
        before: Any = 0
        for child in takes:
            cut = model.new_int_var(0, len(dates) - 1, "")
            model.add(cut >= before)
            for index, question in child:
                number = place[self.pool.options[index].on]
                model.add(cut >= number).only_enforce_if(question)
                if not isinstance(before, int):
                    model.add(before <= number).only_enforce_if(question)
            before = cut

    def _share(self, node: Node) -> None:
        problem = self.problem
        if node.through:
            keyed = [self._keyed(child) for child in node.children]
            for key in sorted({key for child in keyed for key in child}):
                users = [problem.either(child[key]) for child in keyed if key in child]
                problem.model.add(sum(users) <= 1)
            self._divide_beneath(node)
            return
        commons = Commons(problem, self.pool, [self.user(child) for child in node.children])
        if node.overlap_items == 0:
            commons.allow_none()
        elif node.overlap_items is not None:
            commons.allow_items(node.overlap_items)
        else:
            assert node.overlap_credits is not None
            commons.allow_credits(node.overlap_credits)

    def _divide_beneath(self, node: Node) -> None:
        """Keep attempts at a repeatable module, none of them in common, within its items."""
        capped = {
            o.ref: o.capacity
            for o in self.pool.options
            if o.capacity is not None and o.capacity > 1
        }
        for ref, capacity in sorted(capped.items()):
            found = [self._items_of(child, ref, through=True) for child in node.children]
            counts: list[Any] = [count for count in found if count is not None]
            if len(counts) > 1:
                self.problem.model.add(sum(counts) <= capacity)

    def _items_of(self, node: Node, ref: str, *, through: bool) -> Any | None:
        """How many items of a repeatable module a rule needs at least.

        `through`: with what awards rest on. The attempts of an award may all be one item, and
        the same as any other here, unless a rule further inside looks through it too.
        """
        if node.leaf:
            leaf = self.leaves.get(node.index)
            takes = {} if leaf is None else leaf.takes
            options = self.pool.options
            counts = [q for i, q in takes.items() if options[i].ref == ref]
            # Attempts that `over: all` takes may all be one item.
            counts = counts if node.over_all or not counts else [sum(counts)]
        else:
            inside = node.through or (through and node.overlap_items != 0)
            found = [self._items_of(child, ref, through=inside) for child in node.children]
            counts = [count for count in found if count is not None]
            if counts and node.overlap_items == 0:
                counts = [sum(counts)]
        if through and not node.through:
            counts += self._resting_on(node, ref)
        if len(counts) < 2:
            return counts[0] if counts else None
        model = self.problem.model
        most = model.new_int_var(0, len(self.pool.options), "")
        for count in counts:
            model.add(most >= count)
        return most

    def _resting_on(self, node: Node, ref: str) -> list[Any]:
        """For each award that a rule may use, whether it does and rests on a module."""
        answers = []
        for index, question in self._takes_under(node):
            if index in self._beneath:
                root = self._beneath[index]
                used = [q for i, q in root.taken() if self.pool.options[i].ref == ref]
                used += root._resting_on(root.claim.node, ref)
                if used:
                    both = self.problem.question()
                    self.problem.model.add(both >= question + self.problem.either(used) - 1)
                    answers.append(both)
            elif self.pool.rests_on(self.pool.options[index], ref):
                answers.append(question)
        return answers

    def _keyed(self, node: Node) -> dict[str, list[Any]]:
        """All that a rule uses, and what awards among it rest on, by the keys of one item."""
        keyed: dict[str, list[Any]] = {}
        for index, question in self._takes_under(node):
            for key in self.pool.keys(self.pool.options[index], through=True):
                keyed.setdefault(key, []).append(question)
            if index in self._beneath:
                root = self._beneath[index]
                for key, uses in root._keyed(root.claim.node).items():
                    both = self.problem.question()
                    used = self.problem.either(uses)
                    self.problem.model.add(both >= question + used - 1)
                    keyed.setdefault(key, []).append(both)
        return keyed

    def _barred(self) -> None:
        """Let at most one of two barred modules be used; an item is never barred to itself."""
        uses: dict[int, list[Any]] = {}
        for index, question in self._takes_under(self.claim.node):
            if self.pool.options[index].kind == "module":
                uses.setdefault(index, []).append(question)
        modules = {i: self.pool.refs(self.pool.options[i]) for i in uses}
        for first, second in sorted(sorted(pair) for pair in self.claim.tree.barred):
            one = [i for i, refs in modules.items() if first in refs and second not in refs]
            other = [i for i, refs in modules.items() if second in refs and first not in refs]
            both = [i for i, refs in modules.items() if first in refs and second in refs]
            sides = [[i] for i in both] + [side for side in (one, other) if side]
            if len(sides) > 1:
                users = [self.problem.either([q for i in side for q in uses[i]]) for side in sides]
                self.problem.model.add(sum(users) <= 1)

    def _quota(self, quota: Quota) -> None:
        yes = self.problem.model.new_constant(1)
        rival = User([[(option, yes)] for option in self.pool.served(quota.used)])
        self.problem.limit_used(self, rival, quota.share)

    # --- the canonical order ---------------------------------------------------------------------

    def priorities(self) -> list[tuple[Any, bool]]:
        """The questions in the order that makes a witness canonical, with the preferred answer."""
        takers: dict[str, list[Any]] = {}
        for index, question in self.taken():
            takers.setdefault(self.pool.options[index].item, []).append(question)
        newest_first = reversed(self.pool.in_order(takers))
        order = [(self.problem.either(takers[item]), False) for item in newest_first]
        as_what: list[tuple[Any, bool]] = []
        self._settle(self.claim.node, order, as_what)
        # As what an item serves is settled last: it does not count where items are compared.
        order += as_what
        return order

    def _settle(
        self, node: Node, order: list[tuple[Any, bool]], as_what: list[tuple[Any, bool]]
    ) -> None:
        leaf = self.leaves.get(node.index)
        if leaf is not None:
            options = self.pool.options
            questions = {**leaf.takes, **leaf.waived}
            latest_first = sorted(questions, key=lambda i: _late_first(options[i]), reverse=True)
            for _, same in groupby(latest_first, key=lambda i: options[i].item):
                order.append((self.problem.either([questions[i] for i in same]), False))
            as_what += [(questions[index], False) for index in latest_first]
            for index in sorted(leaf.parts, key=lambda i: options[i].key):
                as_what.append((leaf.parts[index], True))
            return
        for child, required in zip(node.children, node.required, strict=True):
            if child.index in self.chosen:
                if not required:
                    order.append((self.chosen[child.index], True))
                self._settle(child, order, as_what)

    # --- answers ---------------------------------------------------------------------------------

    def taken(self) -> Iterator[tuple[int, Any]]:
        """Every question of the form "does this rule use that option", with the option's number."""
        for leaf in self.leaves.values():
            yield from leaf.takes.items()
            yield from leaf.waived.items()
        for option, question in self.waived.values():
            yield option.index, question

    def support(self) -> int:
        """The options that are used."""
        answer = self.problem.answer
        mask = 0
        for index, question in self.taken():
            if answer(question):
                mask |= 1 << index
        return mask

    def use(self, node: Node | None = None) -> Use:
        """How a rule of the tree uses its options, by default the outermost."""
        node = node or self.claim.node
        answer, options = self.problem.answer, self.pool.options
        if node.index in self.waived:
            return Use(path=node.path, waived=(self.waived[node.index][0].item,))
        leaf = self.leaves.get(node.index)
        if leaf is None:
            return Use(
                path=node.path,
                parts={
                    place: self.use(child)
                    for place, child in enumerate(node.children)
                    if answer(self.chosen[child.index])
                },
            )
        taken = [options[i] for i, question in leaf.takes.items() if answer(question)]
        amounts = {
            options[i].item: _exactly(Fraction(answer(part), leaf.scale))
            for i, part in leaf.parts.items()
            if answer(leaf.takes[i])
        }
        waived = [options[i].item for i, question in leaf.waived.items() if answer(question)]
        return leaf_use(self.pool, node, taken, waived, amounts)


class _Together:
    """The one day on which all that a rule uses was usable."""

    def __init__(self, root: Root, days: Sequence[tuple[date, Any]]) -> None:
        self._root = root
        self._days = days
        attempts = root.claim.tree.attempts
        gone = root.claim.gone
        self._usable = [(root.pool.usable(day, attempts, gone), question) for day, question in days]
        self._once = [(root.pool.once(day), question) for day, question in days]

    def restrict(self, index: int, question: Any, *, expired_too: bool) -> None:
        days = self._once if expired_too else self._usable
        fitting = [day for mask, day in days if mask >> index & 1]
        self._root.problem.model.add_bool_or([*fitting, question.negated()])

    def all_of(self, indexes: Sequence[int], leaf: _Leaf) -> None:
        """On a day on which an item was usable, `over: all` takes it too."""
        model = self._root.problem.model
        for mask, day in self._usable:
            usable = [i for i in indexes if mask >> i & 1]
            if usable:
                ways = [leaf.takes[i] for i in usable if i in leaf.takes]
                model.add_bool_or([*ways, leaf.chosen.negated(), day.negated()])


def _exactly(amount: Fraction) -> str:
    """Write a part as a decimal where it is one, else as a fraction: `2.5`, `5/3`."""
    denominator = amount.denominator
    for factor in (2, 5):
        while denominator % factor == 0:
            denominator //= factor
    if denominator > 1:
        return str(amount)
    return plain(Decimal(amount.numerator) / Decimal(amount.denominator))


def _late_first(option: Option) -> tuple[object, ...]:
    # An option that lets an item serve as itself is preferred to one that lets it stand in.
    return (*option.key, option.ref != option.source_ref, option.ref)
