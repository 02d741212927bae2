"""All ways from a record to a credential, as one model that finds the cheapest.

The rules come from `allocation`'s encoder, so sharing, limits, barred pairs and windows mean the
same here. Around them stand yes-or-no questions of a plan: is this completion made, is this award
earned on the way. Where the model can not say all that an evaluation says (which of several
witnesses is recorded, what the calendar brings), it says less: it may propose a set of
completions that earns nothing, which is then excluded, but no set that earns is lost. So what the
solver proves about cost is true.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pathways.allocation import Claim, Problem, Quota, Root
from pathways.awards import Assessment, Made, Standing
from pathways.compile import Earned, Tree, compiled
from pathways.document import Completed, CredentialRule, Document, Record
from pathways.evidence import Pool, bits
from pathways.imagination import Imagination, Imagined, Scope
from pathways.periods import Period, shift
from pathways.solver import solver_within

Measure = Literal["modules", "credits", "hours", "price"]

#: Deterministic seconds of CP-SAT after which the best set found so far is taken: so many for a
#: look that proves, and as many again for one that finds.
BOUND = 0.7

_LARGEST = 2**58
_LONG_AGO = date(1000, 1, 1)


def measure_of(document: Document, entry: Completed, measure: Measure) -> Decimal:
    """What one completion costs; a module without a price costs nothing."""
    if measure == "modules":
        return Decimal(1)
    module = document.modules[entry.module][0]
    if measure == "price":
        return module.price or Decimal(0)
    stated = getattr(entry, measure)
    described = getattr(module, measure)
    if isinstance(stated, Decimal):
        return stated
    return described if isinstance(described, Decimal) else Decimal(0)


@dataclass(frozen=True, slots=True)
class Limit:
    """So much at most, in one measure."""

    most: Decimal
    measure: Measure


@dataclass(frozen=True, slots=True)
class Route:
    """A set of completions that the model proposes, and what the solver knows of its cost.

    `elsewhere` are credentials to be got elsewhere; `bound`: no set costs less. `smallest`: no
    part of the set would do.
    """

    entries: tuple[Completed, ...]
    elsewhere: tuple[str, ...]
    bound: Decimal
    smallest: bool


class Unfinished(Exception):
    """The solver ran into its bound before it found anything or proved that there is nothing."""


class Routes:
    """The model of one question: from this record, on this day, to this credential."""

    def __init__(
        self,
        document: Document,
        record: Record,
        on: date,
        to: str,
        *,
        base: Assessment,
        aims: tuple[Measure, ...],
        forbidden: Collection[str] = (),
        limits: Iterable[Limit] = (),
        score: Decimal | None = None,
        grade: str | None = None,
        waiting: bool = False,
        lasting: date | None = None,
    ) -> None:
        """Put the question. `record` is dated, `base` its assessment on the day.

        With `waiting` the goal may come on a later day: what only time brings is not asked for.
        What there is already is used only where it is `lasting` until a day.
        """
        self._document = document
        self._plan = compiled(document)
        self._on = on
        self._base = base
        self._record = record
        self._aims = aims
        self._waiting = waiting
        self.pool = Pool(document, record, on)
        announce(self.pool, base)
        self._known = self.pool.everything
        self._lasting = lasting or on
        self._have = {
            attempts: self.pool.usable(on, attempts) & self.pool.usable(self._lasting, attempts)
            for attempts in ("any", "first", "latest")
        }
        imagination = Imagination(document, record, on, self.pool)
        self.scope: Scope = imagination.scope(to)
        self.completions: dict[str, Imagined] = {}
        self._problem = Problem()
        self._model = self._problem.model
        self._made: dict[str, Any] = {}
        wild = score is None and grade is None
        for one in imagination.completions(self.scope, score=score, grade=grade):
            if one.module in forbidden:
                continue
            name = one.entry.id or ""
            self.completions[name] = one
            self.pool.imagine([one.entry], record, on, wild=wild)
        self._awards: dict[int, str] = {}
        self._elsewhere: dict[str, Any] = {}
        for ref in self.scope.credentials:
            self._imagine_award(ref, to, forbidden)
        self._imagined = self.pool.everything & ~self._known
        self._once = self.pool.once(on) | self._imagined
        self._of_source: dict[str, int] = {}
        for index in bits(self._imagined):
            option = self.pool.options[index]
            earlier = self._of_source.get(option.source_ref, 0)
            self._of_source[option.source_ref] = earlier | option.bit
        for name in self.completions:
            self._made[name] = self._problem.question()
        self._by_module: dict[str, list[list[Any]]] = {}
        self._tidy_copies()
        self._earned: dict[str, Any] = {}
        self._roots: dict[str, list[Root]] = {}
        self._started: dict[str, Any] = {}
        self._uses: list[tuple[str, str, Any]] = []
        self._queue: list[tuple[str, str]] = []
        self._encode(to)
        self._exclude_each_other()
        self._order()
        for limit in limits:
            self._limit(limit)
        self._weights = self._objective()

    # --- what is imagined ------------------------------------------------------------------------

    def _imagine_award(self, ref: str, to: str, forbidden: Collection[str]) -> None:
        model = self._plan.credentials[ref].model
        standing = self._base.standings[ref]
        if ref in forbidden:
            return
        held = any(award.held(self._lasting) for award in standing.awards)
        if not (held and standing.status == "held") and (model.external or self._ways(ref)):
            last = date.max if model.valid_for is None else shift(self._on, model.valid_for)
            self._put(ref, f"~{ref}", self._on, last)
            if model.external and ref != to:
                self._elsewhere[ref] = self._problem.question()
        if self._waiting and self._timed(ref):
            # An award that has been held for long, by the day on which the goal is reached.
            self._put(ref, f"~{ref}~early", _LONG_AGO, date.max)
            if held:
                del self._awards[len(self.pool.options) - 1]

    def _put(self, ref: str, item: str, on: date, last: date) -> None:
        self.pool.put_award(ref, item, on, ((on, last),), date.max, ())
        self._awards[len(self.pool.options) - 1] = ref

    def _timed(self, ref: str) -> bool:
        return any(
            isinstance(node.rule, CredentialRule)
            and node.rule.credential == ref
            and node.rule.held_for is not None
            for node in self.scope.leaves
        )

    def _tidy_copies(self) -> None:
        """Make a copy at most once, and not before the copy before it."""
        copies: dict[tuple[str, int], list[Any]] = {}
        for name, one in self.completions.items():
            copies.setdefault((one.module, one.copy), []).append(self._made[name])
        for (module, copy), questions in copies.items():
            if len(questions) > 1:
                self._model.add_at_most_one(questions)
            self._by_module.setdefault(module, []).append(questions)
            if copy > 0:
                self._model.add(sum(questions) <= sum(copies[module, copy - 1]))

    # --- rules -----------------------------------------------------------------------------------

    def _encode(self, to: str) -> None:
        goal = self._earn(to)
        self._model.add(goal == 1)
        while self._queue:
            kind, ref = self._queue.pop()
            if kind == "credential":
                self._encode_credential(ref)
            else:
                self._encode_prerequisite(ref)

    def _earn(self, ref: str) -> Any:
        if ref not in self._earned:
            self._earned[ref] = self._elsewhere.get(ref, self._problem.question())
            self._queue.append(("credential", ref))
        return self._earned[ref]

    def _start(self, module: str) -> None:
        if module in self._started or module not in self.scope.prerequisites:
            return
        self._started[module] = self._problem.either(self._by_module[module][0])
        self._queue.append(("module", module))

    def _encode_credential(self, ref: str) -> None:
        if ref in self._roots or ref in self._elsewhere:
            return
        self._roots[ref] = []
        ways = self._ways(ref)
        questions = []
        for tree, after in ways:
            chosen = self._earned[ref] if len(ways) == 1 else self._problem.question()
            questions.append(chosen)
            root = self._claim(f"credential {ref}", tree, chosen, after=after, ref=ref)
            self._roots[ref].append(root)
        if not ways:
            self._model.add(self._earned[ref] == 0)
        elif len(ways) > 1:
            self._model.add_bool_or([*questions, self._earned[ref].negated()])

    def _encode_prerequisite(self, module: str) -> None:
        self._claim(
            f"module {module}",
            self.scope.prerequisites[module],
            self._started[module],
            without=self._of_source.get(module, 0),
        )

    def _ways(self, ref: str) -> list[tuple[Tree, date | None]]:
        """The trees by which a credential can be earned, with the day that evidence comes after."""
        earned = self._plan.credentials[ref]
        standing = self._base.standings[ref]
        award = standing.awards[-1] if standing.awards else None
        enrolled = self._record.enrolled
        ways: list[tuple[Tree, date | None]] = []
        if earned.tree is None:
            return ways
        too_early = enrolled is not None and enrolled > self._on and not self._waiting
        if award is None or earned.model.lasts == "while_met":
            return [] if too_early else [(earned.tree, None)]
        over = not award.held(self._on) or self._waiting
        if over and earned.model.again != "never" and not too_early:
            ways.append((earned.tree, fresh_after(earned, award)))
        if earned.renewal is not None and self._renewable(earned, award):
            ways.append((earned.renewal, award.last_renewed))
        return ways

    def _renewable(self, earned: Earned, award: Made) -> bool:
        renewal = earned.model.renewal
        if renewal is None or award.revoked is not None or award.expires is None:
            return False
        if renewal.grace == "unlimited" or self._on <= award.expires:
            return True
        return isinstance(renewal.grace, Period) and shift(award.expires, renewal.grace) >= self._on

    def _claim(
        self,
        user: str,
        tree: Tree,
        chosen: Any,
        *,
        after: date | None = None,
        without: int = 0,
        ref: str = "",
    ) -> Root:
        pool = self.pool
        imagined = self._imagined & ~without
        usable = self._have[tree.attempts] | imagined
        if tree.attempts == "first":
            usable &= ~self._later_attempts(self._have["first"])
        admitted = self._once
        if after is not None:
            admitted &= pool.after(after)
        claim = Claim(
            tree=_every_attempt(tree),
            node=tree.root,
            pool=pool,
            day=self._on,
            use_day=self._on,
            together=False,
            admitted=admitted & ~without,
            record=admitted & self._known,
            quotas=quotas_of(self._plan.exclusive, self._base, ref, self._on) if ref else (),
            usable=usable & ~without,
        )
        beneath: dict[int, Root] = {}
        if any(node.through for node in tree.nodes):
            beneath = self._beneath(ref)
        root = Root(self._problem, claim, chosen, beneath)
        for index, question in root.taken():
            self._use(user, index, question)
        if tree.attempts == "latest":
            self._only_latest(root)
        self._complete_selections(root)
        return root

    def _use(self, user: str, index: int, question: Any) -> None:
        option = self.pool.options[index]
        if option.item in self.completions:
            self._model.add_implication(question, self._made[option.item])
            module = self.completions[option.item].module
            self._start(module)
            self._uses.append((user, f"module {module}", question))
        elif index in self._awards:
            ref = self._awards[index]
            self._model.add_implication(question, self._earn(ref))
            self._uses.append((user, f"credential {ref}", question))

    def _beneath(self, ref: str) -> dict[int, Root]:
        """What imagined awards would rest on, as far as it is encoded or can be now."""
        beneath: dict[int, Root] = {}
        for index, other in self._awards.items():
            if other != ref and other not in self._elsewhere and len(self._ways(other)) == 1:
                self._earn(other)
                self._encode_credential(other)
                if self._roots[other]:
                    beneath[index] = self._roots[other][0]
        return beneath

    def _later_attempts(self, usable: int) -> int:
        """Where the first attempt counts, what is imagined of a module that has one does not."""
        served = {self.pool.options[i].ref for i in bits(usable)}
        later = 0
        for index in bits(self._imagined):
            option = self.pool.options[index]
            if option.kind == "module" and option.capacity == 1 and option.ref in served:
                later |= option.bit
        return later

    def _only_latest(self, root: Root) -> None:
        """Where the latest attempt counts, an earlier one does not once a new one is made."""
        newer: dict[str, list[Any]] = {}
        for index in bits(self._imagined):
            option = self.pool.options[index]
            if option.kind == "module" and option.capacity == 1:
                newer.setdefault(option.ref, []).append(self._made[option.item])
        for index, question in root.taken():
            option = self.pool.options[index]
            if option.kind == "module" and not option.bit & self._imagined:
                for made in newer.get(option.ref, ()):
                    self._model.add_implication(question, made.negated())

    def _complete_selections(self, root: Root) -> None:
        """Under `over: all` what is made is selected too."""
        for leaf in root.leaves.values():
            if leaf.node.value is not None and leaf.node.value.over_all:
                for index, question in leaf.takes.items():
                    made = self._made.get(self.pool.options[index].item)
                    if made is not None:
                        self._model.add_bool_or([question, made.negated(), leaf.chosen.negated()])

    # --- what ties awards and modules together ---------------------------------------------------

    def _exclude_each_other(self) -> None:
        for members, share in self._plan.exclusive:
            standing = [ref for ref in members if self._roots.get(ref)]
            for place, first in enumerate(standing):
                for second in standing[place + 1 :]:
                    for one in self._roots[first]:
                        for other in self._roots[second]:
                            self._problem.limit_common(one, other, share)

    def _order(self) -> None:
        """Let nothing rest on itself: what is used comes before what uses it."""
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_edges_from((user, used) for user, used, _ in self._uses)
        for group in nx.strongly_connected_components(graph):
            if len(group) == 1:
                continue
            places = {
                name: self._model.new_int_var(0, len(group) - 1, "") for name in sorted(group)
            }
            for user, used, question in self._uses:
                if user in places and used in places:
                    self._model.add(places[user] > places[used]).only_enforce_if(question)

    # --- cost ------------------------------------------------------------------------------------

    def _costs(self, measure: Measure) -> tuple[dict[str, int], int]:
        amounts = {
            name: measure_of(self._document, one.entry, measure)
            for name, one in self.completions.items()
        }
        scale = 1
        while any(amount * scale % 1 for amount in amounts.values()):
            scale *= 10
        return {name: int(amount * scale) for name, amount in amounts.items()}, scale

    def _limit(self, limit: Limit) -> None:
        costs, scale = self._costs(limit.measure)
        total = sum(cost * self._made[name] for name, cost in costs.items())
        if not isinstance(total, int):
            self._model.add(total <= int(limit.most * scale))

    def _objective(self) -> tuple[int, int]:
        """Ask for the least: awards elsewhere first, then each aim, then the number of modules.

        Returns the weight and the scale of the first aim in the sum that is minimised.
        """
        weight, first = 1, (1, 1)
        terms: list[Any] = []
        for measure in reversed(tuple(dict.fromkeys((*self._aims, "modules")))):
            costs, scale = self._costs(measure)
            terms += [cost * weight * self._made[name] for name, cost in costs.items() if cost]
            first = (weight, scale)
            total = sum(costs.values())
            if weight * (total + 1) < _LARGEST:
                weight *= total + 1
        terms += [weight * question for question in self._elsewhere.values()]
        self._heaviest = weight
        self._model.minimize(sum(terms))
        return first

    # --- asking ----------------------------------------------------------------------------------

    def best(self) -> Route | None:
        """Return the cheapest set not excluded, or None where there is none.

        Raises `Unfinished` where the bound was reached with nothing found.
        """
        from ortools.sat.python import cp_model as cp

        # Sums and covers make up most of a pathway, and their relaxation is nearly always tight.
        solver, status = self._look(linearization=2)
        bound = _whole(solver.best_objective_bound)
        if status == cp.INFEASIBLE:
            return None
        if status == cp.OPTIMAL:
            return self._route(solver, bound, smallest=True)
        if status == cp.FEASIBLE:
            for question in (*self._made.values(), *self._elsewhere.values()):
                self._model.add_hint(question, solver.value(question))
        again, other = self._look(linearization=1)
        self._model.clear_hints()
        if other == cp.INFEASIBLE:
            return None
        bound = max(bound, _whole(again.best_objective_bound))
        if other == cp.FEASIBLE or other == cp.OPTIMAL:
            solver = again
        elif status != cp.FEASIBLE:
            raise Unfinished
        part, narrowed = self._look(linearization=2, within=solver)
        if narrowed == cp.OPTIMAL:
            return self._route(part, bound, smallest=True)
        return self._route(solver, bound, smallest=False)

    def _look(self, *, linearization: int, within: Any = None) -> tuple[Any, Any]:
        """Solve the model, or look `within` what is found already for the least part that does."""
        model = self._model
        if within is not None:
            model = model.clone()
            for question in (*self._made.values(), *self._elsewhere.values()):
                if not within.value(question):
                    model.add(model.get_bool_var_from_proto_index(question.index) == 0)
        solver = solver_within(BOUND)
        solver.parameters.linearization_level = linearization
        return solver, solver.solve(model)

    def _route(self, solver: Any, bound: int, *, smallest: bool) -> Route:
        weight, scale = self._weights
        # Where fewer awards from elsewhere might do, nothing is known of the cost.
        known = bound // self._heaviest == _whole(solver.objective_value) // self._heaviest
        return Route(
            entries=tuple(
                self.completions[name].entry
                for name, made in self._made.items()
                if solver.value(made)
            ),
            elsewhere=tuple(ref for ref, got in self._elsewhere.items() if solver.value(got)),
            bound=Decimal(bound % self._heaviest // weight if known else 0) / scale,
            smallest=smallest,
        )

    def exclude(self, route: Route, *, monotone: bool) -> None:
        """Do not propose a set again; where more never hurts, nor any part of it."""
        names = {entry.id for entry in route.entries}
        others = [made for name, made in self._made.items() if name not in names]
        others += [q for ref, q in self._elsewhere.items() if ref not in route.elsewhere]
        if not monotone:
            others += [made.negated() for name, made in self._made.items() if name in names]
            others += [q.negated() for ref, q in self._elsewhere.items() if ref in route.elsewhere]
        self._model.add_bool_or(others)

    def exclude_modules(self, modules: Mapping[str, int]) -> None:
        """Propose no set any more that completes all of these modules so often."""
        self._model.add_bool_or(
            [
                self._problem.either(self._by_module[module][number - 1]).negated()
                for module, number in modules.items()
            ]
        )


# --- what is known already -----------------------------------------------------------------------


def announce(pool: Pool, assessment: Assessment) -> None:
    """Let the awards that an assessment made serve as evidence, as they stand."""
    for standing in assessment.standings.values():
        for award in standing.awards:
            until = date.max if award.revoked is None else award.revoked - date.resolution
            pool.put_award(
                award.credential, award.item, award.on, award.stretches(), until, award.faces
            )


def fresh_after(earned: Earned, award: Made) -> date | None:
    """The day after which evidence for another award must be dated, where that matters."""
    if earned.model.again != "fresh" or any(loss.decision == "revoke" for loss in award.losses):
        return None
    return award.last_renewed


def quotas_of(
    exclusive: Iterable[tuple[tuple[str, ...], int]], base: Assessment, ref: str, on: date
) -> tuple[Quota, ...]:
    """What held awards of a credential's exclusive sets have used."""

    def held(standing: Standing) -> Iterator[Made]:
        return (award for award in standing.awards if award.used and award.held(on))

    return tuple(
        Quota(award.faces, share)
        for members, share in exclusive
        if ref in members
        for other in members
        if other != ref
        for award in held(base.standings[other])
    )


def _every_attempt(tree: Tree) -> Tree:
    """The same tree, in which every attempt may serve: which ones do is said beside it."""
    if tree.attempts == "any":
        return tree
    return Tree(tree.credential, tree.root, "any", tree.barred)


def _whole(number: float) -> int:
    """An objective as the whole number that it is."""
    return round(number)
