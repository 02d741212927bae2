"""Is a rule met by this evidence, and by which: the fast path, and the words when it is not.

A rule whose parts do not compete for evidence is met when each part is met by itself, so it is
answered part by part, over bits. Where parts may compete, the parts taken by themselves still
give a quick no, and a first-come division that happens to work a quick yes; only what is left
goes to `allocation`, which is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pathways import allocation
from pathways.allocation import (
    Claim,
    Quota,
    UndecidedError,
    item_keys,
    keys_of_items,
    leaf_use,
    moment_of,
)
from pathways.compile import Bound, Node, Tree
from pathways.document import AmountRule, CredentialRule, ModuleRule, plain
from pathways.evidence import Option, Pool, bits
from pathways.periods import shift
from pathways.verdict import Missing, Outcome, Use, Verdict, Witness
from pathways.words import amount_words, condition_words, rule_name, selector_words

#: The most progress that a rule shows which is not met: what is missing may not be an amount.
_ALMOST = Fraction(9_999, 10_000)


@dataclass(frozen=True, slots=True)
class _Light:
    """In which a rule is looked at: the day of the verdict, the day of use, and the evidence.

    `admitted` may be used; `record` is what there is, before anything was set aside.
    """

    day: date
    use_day: date
    admitted: int
    record: int
    together: bool = False

    def only(self, mask: int) -> _Light:
        return _Light(self.day, self.use_day, self.admitted & mask, self.record, self.together)


class Case:
    """One tree and one learner's pool; answers are remembered by the evidence they depend on."""

    def __init__(
        self,
        tree: Tree,
        pool: Pool,
        *,
        after: date | None = None,
        quotas: tuple[Quota, ...] = (),
    ) -> None:
        """Look at a tree; `after` admits only evidence dated after a day (waivers excepted)."""
        self.tree = tree
        self.pool = pool
        self._after = after
        self._quotas = quotas
        self._size = len(pool.options)
        self._masks: list[int | None] = [None] * len(tree.nodes)
        self._scopes: list[int | None] = [None] * len(tree.nodes)
        self._known: dict[tuple[int, ...], int | None] = {}
        self._timed = [any(test.timed for n in node.walk() for test in n.tests) for node in tree.nodes]
        self._sensitive = [
            any(n.together or n.even_if_expired or (n.value and n.value.over_all) for n in node.walk())
            for node in tree.nodes
        ]
        #: Whether a solver was asked.
        self.searched = False

    # --- the questions ---------------------------------------------------------------------------

    def admitted(self, day: date) -> int:
        """The options that may serve on a day, if they are usable."""
        mask = self.pool.once(day)
        if self._after is not None:
            mask &= self.pool.after(self._after)
        for quota in self._quotas:
            if quota.share == 0:
                mask &= ~self._mask_of_keys(keys_of_items(self.pool, quota.items))
        return mask

    def _mask_of_keys(self, keys: set[str]) -> int:
        mask = 0
        for option in self.pool.options:
            if option.kind != "waiver" and not keys.isdisjoint(item_keys(self.pool, option)):
                mask |= option.bit
        return mask

    def light(self, day: date) -> _Light:
        """The light of a day."""
        admitted = self.admitted(day)
        return _Light(day, day, admitted, admitted)

    def met(self, day: date, without: int = 0) -> bool:
        """Tell whether the rule is met on a day; raises `UndecidedError` past the bound."""
        return self._met_root(self.light(day).only(~without)) is not None

    def evidence_on(self, day: date) -> int:
        """The options in the tree's scope that are usable on a day."""
        usable = self.pool.usable(day, self.tree.attempts) & self.admitted(day)
        return usable & self.scope_of(self.tree.root)

    def scope(self) -> Iterable[Option]:
        """The options that the tree could ever look at."""
        return (self.pool.options[i] for i in bits(self.scope_of(self.tree.root)))

    def claim(self, day: date) -> Claim:
        """The same question, as a search puts it."""
        return self._claim(self.tree.root, self.light(day))

    def witness(self, day: date, without: int = 0) -> Witness | None:
        """The canonical witness of a day, or None where the rule is not met."""
        use = self._canonical(self.tree.root, self.light(day).only(~without))
        return None if use is None else self.witness_of(day, use)

    def witness_of(self, day: date, use: Use) -> Witness:
        """Name the items of a use in their order."""
        return Witness(on=day, items=self.pool.in_order(use.used()), use=use)

    # --- met, and by what ------------------------------------------------------------------------

    def _met_root(self, light: _Light) -> int | None:
        root = self.tree.root
        support = self.reach(root, light)
        if support is None:
            return None
        if self._respects_whole(support):
            return support
        return self._search(root, light, whole=True)

    def _respects_whole(self, support: int) -> bool:
        """Whether a use breaks none of the rules over the whole witness: barred pairs, quotas."""
        quotas = [quota for quota in self._quotas if quota.share > 0]
        if not self.tree.barred and not quotas:
            return True
        options = [self.pool.options[i] for i in bits(support)]
        refs = {ref for o in options if o.kind == "module" for ref in (o.ref, o.source_ref)}
        if any(len(pair) == 2 and pair <= refs for pair in self.tree.barred):
            return False
        for quota in quotas:
            keys = keys_of_items(self.pool, quota.items)
            common = [o for o in options if not keys.isdisjoint(item_keys(self.pool, o))]
            if len(common) > quota.share:
                return False
        return True

    def reach(self, node: Node, light: _Light) -> int | None:
        """A set of options that meets a rule by itself, or None."""
        scope = self.scope_of(node)
        usable = self._usable(light) & scope
        key = (
            node.index,
            usable,
            light.admitted & scope & (-1 if self._sensitive[node.index] else self.pool.waivers),
            light.record & scope if self._sensitive[node.index] else 0,
            light.day.toordinal() if self._timed[node.index] or self._waivers(node) else 0,
            light.together,
            light.use_day.toordinal() if self._sensitive[node.index] else 0,
        )
        if key in self._known:
            return self._known[key]
        found = self._reach_afresh(node, light)
        self._known[key] = found
        return found

    def _usable(self, light: _Light) -> int:
        return self.pool.usable(light.use_day, self.tree.attempts) & light.admitted

    def _waivers(self, node: Node) -> list[Option]:
        return [
            option
            for name in node.names
            for option in self.pool.serving_as(name)
            if option.kind == "waiver"
        ]

    def _full_waivers(self, node: Node, day: date) -> list[Option]:
        return [o for o in self._waivers(node) if o.amount is None and o.from_day <= day]

    def _reach_afresh(self, node: Node, light: _Light) -> int | None:
        full = self._full_waivers(node, light.day)
        if full:
            standing = [o for o in full if o.bit & light.admitted]
            return min(standing, key=lambda o: o.key).bit if standing else None
        if node.together and not light.together:
            return self._reach_together(node, light)
        return self._reach_within(node, light)

    def _reach_together(self, node: Node, light: _Light) -> int | None:
        days = {light.day}
        for index in bits(light.admitted & self.scope_of(node)):
            days.update(first for first, _ in self.pool.options[index].stretches)
        for day in sorted((d for d in days if d <= light.day), reverse=True):
            inner = _Light(light.day, day, light.admitted, light.record, together=True)
            if (support := self._reach_within(node, inner)) is not None:
                return support
        return None

    def _reach_within(self, node: Node, light: _Light) -> int | None:
        if node.window is None:
            return self._reach_core(node, light)
        base = light.admitted & self.scope_of(node) & ~self.pool.waivers
        starts = sorted({self.pool.options[i].on for i in bits(base)}, reverse=True)
        if not starts:
            return self._reach_core(node, light)
        for start in starts:
            inner = light.only(self.pool.between(start, shift(start, node.window)))
            if (support := self._reach_core(node, inner)) is not None:
                return support
        return None

    def _reach_core(self, node: Node, light: _Light) -> int | None:
        if node.leaf:
            return self._reach_leaf(node, light)
        if node.ordered:
            support = self._reach_in_order(node, light)
        else:
            support = self._reach_choice(node, light)
        if support is None or not node.sharing:
            return support
        shared = self._share_in_turn(node, light)
        if shared is not None:
            return shared
        return self._search(node, light, whole=False)

    def _reach_choice(self, node: Node, light: _Light) -> int | None:
        support, total = 0, Decimal(0)
        enough = node.need
        for child, worth, required in zip(node.children, node.worths, node.required, strict=True):
            if required:
                found = self.reach(child, light)
                if found is None:
                    return None
                support |= found
                total += worth
        for child, worth, required in zip(node.children, node.worths, node.required, strict=True):
            if total >= enough:
                break
            if not required and (found := self.reach(child, light)) is not None:
                support |= found
                total += worth
        return support if total >= enough else None

    def _share_in_turn(self, node: Node, light: _Light) -> int | None:
        """Let each child take what the ones before left: legal if it works, else no answer."""
        if node.ordered or node.through or self._has_shared_attempts(node):
            return None
        support, total, taken = 0, Decimal(0), 0
        order = sorted(
            zip(node.children, node.worths, node.required, strict=True), key=lambda part: not part[2]
        )
        for child, worth, required in order:
            if not required and total >= node.need:
                break
            found = self.reach(child, light.only(~taken))
            if found is None:
                if required:
                    return None
                continue
            support |= found
            total += worth
            keys = {key for i in bits(found) for key in item_keys(self.pool, self.pool.options[i])}
            taken |= self._mask_of_keys(keys)
        return support if total >= node.need else None

    def _has_shared_attempts(self, node: Node) -> bool:
        # Dividing attempts among items is the search's business.
        return any(
            (option := self.pool.options[i]).capacity is not None and option.capacity > 1
            for i in bits(self.scope_of(node))
        ) or any(n.value is not None and n.value.over_all for n in node.walk())

    def _reach_in_order(self, node: Node, light: _Light) -> int | None:
        base = light.admitted & self.scope_of(node) & ~self.pool.waivers
        dates = sorted({self.pool.options[i].on for i in bits(base)})
        if not dates:
            return self._reach_choice(node, light)
        support, first = 0, 0
        for child in node.children:
            found, place = None, first
            for place in range(first, len(dates)):
                found = self.reach(child, light.only(self.pool.between(dates[first], dates[place])))
                if found is not None:
                    break
            if found is None:
                return None
            support |= found
            first = place
        return support

    # --- leaves ----------------------------------------------------------------------------------

    def scope_of(self, node: Node) -> int:
        """The options that a rule could ever look at."""
        self._refresh()
        scope = self._scopes[node.index]
        if scope is None:
            scope = 0
            for option in self._waivers(node):
                scope |= option.bit
            if node.leaf:
                scope |= self._static(node)
            for child in node.children:
                scope |= self.scope_of(child)
            self._scopes[node.index] = scope
        return scope

    def _refresh(self) -> None:
        if self._size != len(self.pool.options):
            self._size = len(self.pool.options)
            self._masks = [None] * len(self.tree.nodes)
            self._scopes = [None] * len(self.tree.nodes)

    def _static(self, node: Node) -> int:
        """The options that pass the tests of a leaf whose answer no day changes."""
        self._refresh()
        mask = self._masks[node.index]
        if mask is None:
            moment = moment_of(self.pool, date.max)
            still = [test for test in node.tests if not test.timed]
            mask = 0
            for option in self.pool.options:
                if option.kind != "waiver" and all(test.holds(option, moment) for test in still):
                    mask |= option.bit
            self._masks[node.index] = mask
        return mask

    def _matching(self, node: Node, light: _Light, base: int) -> int:
        mask = self._static(node) & base
        timed = [test for test in node.tests if test.timed]
        if timed and mask:
            moment = moment_of(self.pool, light.day)
            for index in bits(mask):
                option = self.pool.options[index]
                if not all(test.holds(option, moment) for test in timed):
                    mask &= ~(1 << index)
        return mask

    def _base(self, node: Node, light: _Light) -> int:
        if node.even_if_expired:
            return self.pool.once(light.use_day) & light.admitted
        return self._usable(light)

    def _reach_leaf(self, node: Node, light: _Light) -> int | None:
        matching = self._matching(node, light, self._base(node, light))
        amounts = [
            o
            for o in self._waivers(node)
            if o.amount is not None and o.from_day <= light.day and o.bit & light.admitted
        ]
        if node.value is None and not self._two_faced(matching):
            taken, reached, waived = self._take(node, matching, amounts)
            if reached < node.need:
                return None
            if self._within_bounds(node, taken, light):
                return taken | waived
            full = self._take_all(node, matching)
            if full is not None:
                ceiling = all(b.form in ("at_least", "spread") for b in node.bounds)
                if self._within_bounds(node, full, light):
                    return full | waived
                if ceiling and self._one_each(node, matching):
                    return None
        if node.value is None and any(
            self._ceiling(node, bound, matching, light) < self._floor(bound) for bound in node.bounds
        ):
            return None
        return self._search(node, light, whole=False)

    def _take(self, node: Node, matching: int, waivers: list[Option]) -> tuple[int, Decimal, int]:
        """Take what reaches the amount, earliest first; of one module its largest attempts."""
        waived, reached = 0, Decimal(0)
        for waiver in sorted(waivers, key=lambda o: o.key):
            waived |= waiver.bit
            reached += waiver.amount or Decimal(0)
        by_ref: dict[str, list[Option]] = {}
        for index in bits(matching):
            option = self.pool.options[index]
            by_ref.setdefault(option.ref, []).append(option)
        chosen: list[Option] = []
        for options in by_ref.values():
            capacity = options[0].capacity
            if capacity is not None and len(options) > capacity:
                options.sort(key=lambda o: (-o.measure(node.unit), o.key))
                options = options[:capacity]
            chosen.extend(options)
        chosen.sort(key=lambda o: o.key)
        taken = 0
        for option in chosen:
            if reached >= node.need:
                break
            if (measure := option.measure(node.unit)) > 0:
                taken |= option.bit
                reached += measure
        return taken, reached, waived

    def _take_all(self, node: Node, matching: int) -> int | None:
        """Everything at once, where no module has more attempts than may count."""
        return matching if self._one_each(node, matching) else None

    def _one_each(self, node: Node, matching: int) -> bool:
        del node
        counts: dict[str, int] = {}
        for index in bits(matching):
            option = self.pool.options[index]
            counts[option.ref] = counts.get(option.ref, 0) + 1
            if option.capacity is not None and counts[option.ref] > option.capacity:
                return False
        return True

    def _two_faced(self, matching: int) -> bool:
        """Whether one item, or one module's attempts, might serve as two modules here."""
        seen: dict[str, str] = {}
        return any(
            seen.setdefault(option.source_ref, option.ref) != option.ref
            for option in (self.pool.options[i] for i in bits(matching))
        )

    def _measured(self, bound: Bound, taken: int, light: _Light) -> Decimal:
        moment = moment_of(self.pool, light.day)
        total = Decimal(0)
        for index in bits(taken):
            option = self.pool.options[index]
            if bound.test is None or bound.test.holds(option, moment):
                total += option.measure(bound.unit)
        return total

    def _by_value(self, bound: Bound, taken: int) -> dict[str, Decimal]:
        amounts: dict[str, Decimal] = {}
        for index in bits(taken):
            option = self.pool.options[index]
            for value in bound.values(option):
                amounts[value] = amounts.get(value, Decimal(0)) + option.measure(bound.unit)
        return amounts

    def _within_bounds(self, node: Node, taken: int, light: _Light) -> bool:
        for bound in node.bounds:
            match bound.form:
                case "at_least":
                    if self._measured(bound, taken, light) < bound.amount:
                        return False
                case "at_most":
                    if self._measured(bound, taken, light) > bound.amount:
                        return False
                case "spread":
                    if self._touched(bound, taken) < bound.amount:
                        return False
                case _:
                    if any(a > bound.amount for a in self._by_value(bound, taken).values()):
                        return False
        return True

    def _touched(self, bound: Bound, taken: int) -> int:
        return sum(
            1 for amount in self._by_value(bound, taken).values() if amount >= (bound.each or 0)
        )

    def _floor(self, bound: Bound) -> Decimal:
        return bound.amount if bound.form in ("at_least", "spread") else Decimal(0)

    def _ceiling(self, node: Node, bound: Bound, matching: int, light: _Light) -> Decimal:
        """The most that any selection could show for a limit."""
        if bound.form == "spread":
            return Decimal(self._touched(bound, matching))
        if bound.form != "at_least":
            return Decimal(0)
        moment = moment_of(self.pool, light.day)
        fitting = 0
        for index in bits(matching):
            if bound.test is None or bound.test.holds(self.pool.options[index], moment):
                fitting |= 1 << index
        return self._most(node, fitting, bound.unit)

    def _most(self, node: Node, matching: int, unit: str) -> Decimal:
        """What all matching items add up to, each module's attempts counted as often as they may."""
        del node
        by_ref: dict[str, list[Decimal]] = {}
        capacity: dict[str, int | None] = {}
        for index in bits(matching):
            option = self.pool.options[index]
            by_ref.setdefault(option.ref, []).append(option.measure(unit))
            capacity[option.ref] = option.capacity
        return sum(
            (
                sum(sorted(amounts, reverse=True)[: capacity[ref]], Decimal(0))
                for ref, amounts in by_ref.items()
            ),
            Decimal(0),
        )

    # --- searching -------------------------------------------------------------------------------

    def _claim(self, node: Node, light: _Light, *, whole: bool = True) -> Claim:
        return Claim(
            tree=self.tree,
            node=node,
            pool=self.pool,
            day=light.day,
            use_day=light.use_day,
            together=light.together,
            admitted=light.admitted,
            record=light.record,
            quotas=self._quotas if whole else (),
            whole=whole,
        )

    def _search(self, node: Node, light: _Light, *, whole: bool) -> int | None:
        self.searched = True
        found = allocation.feasible([self._claim(node, light, whole=whole)])
        return None if found is None else found[0]

    # --- the canonical witness -------------------------------------------------------------------

    def _canonical(self, node: Node, light: _Light) -> Use | None:
        whole = node is self.tree.root
        support = self._met_root(light) if whole else self.reach(node, light)
        if support is None:
            return None
        if not self._plain(node, light):
            self.searched = True
            found = allocation.canonical([self._claim(node, light, whole=whole)])
            assert found is not None, "a rule that is met has a canonical witness"
            return found[0]
        return self._settle(node, light.only(self._without_late(node, light)))

    def _plain(self, node: Node, light: _Light) -> bool:
        """Whether each part of a rule can settle its use by itself."""
        if any(
            n.sharing or n.ordered or n.together or (n.window is not None) or n.value or n.bounds
            for n in node.walk()
        ):
            return False
        scope = self._usable(light) & self.scope_of(node)
        if self._two_faced(scope) or any(quota.share > 0 for quota in self._quotas):
            return False
        refs = {ref for i in bits(scope) for ref in self._refs(self.pool.options[i])}
        return not any(len(pair) == 2 and pair <= refs for pair in self.tree.barred)

    @staticmethod
    def _refs(option: Option) -> tuple[str, ...]:
        return (option.ref, option.source_ref) if option.kind == "module" else ()

    def _without_late(self, node: Node, light: _Light) -> int:
        """Drop each item, newest first, whose loss leaves a plain rule met.

        A rule of parts that must all be met asks only those parts that could use the item.
        """
        scope = self.scope_of(node)
        kept = light.admitted & scope & (self._usable(light) | self.pool.once(light.day))
        users: dict[int, list[_Tally | _Part]] = {}
        for part in self._parts(node, light):
            for index in bits(part.scope & kept):
                users.setdefault(index, []).append(part)
        for option in self.pool.newest_first(kept):
            item = self.pool.item_bits(option.item) & kept
            if not item:
                continue
            asked = {id(part): part for i in bits(item) for part in users.get(i, ())}
            if all(part.survives(item, kept) for part in asked.values()):
                for part in asked.values():
                    part.drop(item)
                kept &= ~item
        return kept

    def _parts(self, node: Node, light: _Light) -> Iterator[_Tally | _Part]:
        """The parts of a rule that must all be met, each as something that can lose items."""
        if self._full_waivers(node, light.day):
            yield _Part(self, node, light)
        elif node.leaf:
            matching = self._matching(node, light, self._base(node, light))
            waivers = [
                o
                for o in self._waivers(node)
                if o.amount is not None and o.from_day <= light.day and o.bit & light.admitted
            ]
            yield _Tally(self.pool, node, matching, waivers)
        elif all(node.required):
            for child in node.children:
                yield from self._parts(child, light)
        else:
            yield _Part(self, node, light)

    def _settle(self, node: Node, light: _Light) -> Use:
        full = self._full_waivers(node, light.day)
        if full:
            standing = [o for o in full if o.bit & light.admitted]
            return Use(path=node.path, waived=(min(standing, key=lambda o: o.key).item,))
        if node.leaf:
            return self._settle_leaf(node, light)
        parts: dict[int, Use] = {}
        total, due = Decimal(0), sum(node.required)
        for place, child in enumerate(node.children):
            if total >= node.need and not due:
                break
            if node.required[place] or self.reach(child, light) is not None:
                parts[place] = self._settle(child, light)
                total += node.worths[place]
                due -= node.required[place]
        return Use(path=node.path, parts=parts)

    def _settle_leaf(self, node: Node, light: _Light) -> Use:
        options = [self.pool.options[i] for i in bits(self._without_late(node, light))]
        waived = [o.item for o in options if o.kind == "waiver"]
        return leaf_use(node, self.pool, (o for o in options if o.kind != "waiver"), waived)

    # --- verdicts --------------------------------------------------------------------------------

    def outcome(self, day: date, imagined: Case | None = None) -> Outcome:
        """How the whole rule stands on a day."""
        return self._outcome(self.tree.root, self.light(day), imagined, whole=True)

    def _outcome(
        self, node: Node, light: _Light, imagined: Case | None, *, whole: bool = False
    ) -> Outcome:
        try:
            met = self._met_root(light) if whole else self.reach(node, light)
        except UndecidedError:
            return Outcome.UNDECIDED
        if met is not None:
            return Outcome.MET
        if imagined is not None:
            later = imagined._outcome(node, imagined.light(light.day), None, whole=whole)
            if later is Outcome.MET:
                return Outcome.PENDING
        return Outcome.UNMET

    def progress(self, day: date) -> Fraction:
        """How far the whole rule has come: 1 exactly when it is met."""
        light = self.light(day)
        whole = self._outcome(self.tree.root, light, None, whole=True)
        if whole is Outcome.MET:
            return Fraction(1)
        return min(self._progress(self.tree.root, light), _ALMOST)

    def verdict(
        self, day: date, *, witness: Witness | None = None, imagined: Case | None = None
    ) -> Verdict:
        """The rule's verdict, part by part; evidence is that of the witness where one is given."""
        light = self.light(day)
        root = self.tree.root
        outcome = self._outcome(root, light, imagined, whole=True)
        use = None
        if witness is not None:
            use = witness.use
            outcome = Outcome.MET
        elif outcome is Outcome.MET:
            found = self._canonical(root, light)
            use = found
        return self._verdict(root, light, imagined, outcome, use, proved=use is not None)

    def _verdict(
        self,
        node: Node,
        light: _Light,
        imagined: Case | None,
        outcome: Outcome,
        use: Use | None,
        *,
        proved: bool,
    ) -> Verdict:
        """`proved`: the whole rule, or a rule above, is met, and `use` is this one's part of it."""
        if not proved and outcome is Outcome.MET:
            use, proved = self._canonical(node, light), True
        evidence: tuple[str, ...] | None = None
        if outcome is Outcome.MET:
            evidence = () if use is None else self.pool.in_order(use.used())
        parts = []
        for place, child in enumerate(node.children):
            part = use.parts.get(place) if use is not None else None
            part_outcome = (
                Outcome.MET if part is not None else self._outcome(child, light, imagined)
            )
            parts.append(
                self._verdict(child, light, imagined, part_outcome, part, proved=proved)
            )
        met = outcome is Outcome.MET
        return Verdict(
            path=node.path,
            id=node.rule.id,
            title=node.rule.title,
            operator=node.operator,
            outcome=outcome,
            progress=Fraction(1) if met else min(self._progress(node, light), _ALMOST),
            evidence=evidence,
            missing=None if met else self._missing(node, light, tuple(parts)),
            parts=tuple(parts),
        )

    # --- progress and what is missing ------------------------------------------------------------

    def _progress(self, node: Node, light: _Light) -> Fraction:
        """A measure that never falls when evidence is added; parts are looked at by themselves."""
        if self._full_waivers(node, light.day):
            return Fraction(1)
        if node.leaf:
            return self._leaf_progress(node, light)
        shares = [
            (
                Fraction(1)
                if self._outcome(child, light, None) is Outcome.MET
                else min(self._progress(child, light), _ALMOST),
                Fraction(worth),
                required,
            )
            for child, worth, required in zip(
                node.children, node.worths, node.required, strict=True
            )
        ]
        reached = sum((share * worth for share, worth, required in shares if required), Fraction(0))
        asked = sum((worth for _, worth, required in shares if required), Fraction(0))
        room = max(Fraction(node.need) - asked, Fraction(0))
        whole = max(Fraction(node.need), asked)
        for share, worth, required in sorted(shares, key=lambda part: -part[0]):
            if not required:
                reached += share * min(worth, room)
                room -= min(worth, room)
        return reached / whole if whole else Fraction(1)

    def _leaf_progress(self, node: Node, light: _Light) -> Fraction:
        shortfall = self._shortfall(node, light)
        if node.need == 0:
            return Fraction(0)
        return max(Fraction(0), 1 - Fraction(shortfall.most) / Fraction(node.need))

    def _shortfall(self, node: Node, light: _Light) -> _Shortfall:
        matching = self._matching(node, light, self._base(node, light))
        if node.value is not None:
            for index in bits(matching):
                if node.value.of(self.pool.options[index]) is None:
                    matching &= ~(1 << index)
        waived = sum(
            (
                o.amount
                for o in self._waivers(node)
                if o.amount is not None and o.from_day <= light.day
            ),
            Decimal(0),
        )
        need = max(node.need - waived, Decimal(0))
        reached = self._most(node, matching, node.unit)
        moment = moment_of(self.pool, light.day)
        capped: list[tuple[Bound, Decimal]] = []
        short: list[tuple[Bound, Decimal]] = []
        for bound in node.bounds:
            fitting = 0
            for index in bits(matching):
                if bound.test is None or bound.test.holds(self.pool.options[index], moment):
                    fitting |= 1 << index
            if bound.form == "at_most" and bound.unit == node.unit:
                inside = self._most(node, fitting, bound.unit)
                if inside > bound.amount:
                    outside = self._most(node, matching & ~fitting, node.unit)
                    capped.append((bound, inside - bound.amount))
                    reached = min(reached, outside + bound.amount)
            elif bound.form == "at_least":
                lacking = bound.amount - self._most(node, fitting, bound.unit)
                if lacking > 0:
                    short.append((bound, lacking))
            elif bound.form == "spread":
                lacking = bound.amount - self._touched(bound, matching)
                if lacking > 0:
                    short.append((bound, Decimal(lacking)))
        return _Shortfall(need, reached, tuple(short), tuple(capped), node.unit)

    def _missing(self, node: Node, light: _Light, parts: tuple[Verdict, ...]) -> Missing:
        if node.leaf:
            return self._missing_evidence(node, light)
        unmet = [part for part in parts if part.outcome is not Outcome.MET]
        places = [place for place, part in enumerate(parts) if part.outcome is not Outcome.MET]
        data: dict[str, Any] = {"unmet": [part.path for part in unmet]}
        if node.operator in ("all", "in_order", "every", "rule"):
            if unmet:
                words = [part.missing.text for part in unmet if part.missing is not None]
                return Missing("; ".join(words), data)
        elif len(unmet) and not self._enough(node, parts):
            met = sum(
                (w for w, p in zip(node.worths, parts, strict=True) if p.outcome is Outcome.MET),
                Decimal(0),
            )
            short = node.need - met
            options = " or ".join(
                part.missing.text for part in unmet if part.missing is not None
            )
            if node.operator == "points":
                data["short"] = plain(max(short, Decimal(0)))
                missing = [
                    rule_name(node.children[place].rule)
                    for place in places
                    if node.required[place]
                ]
                data["required"] = missing
                text = f"{plain(max(short, Decimal(0)))} more points: {options}"
                return Missing(text, data)
            data["short"] = plain(short)
            if node.need == 1:
                return Missing(f"one of: {options}", data)
            return Missing(f"{plain(short)} more of: {options}", data)
        return self._conflict(node, data)

    def _enough(self, node: Node, parts: tuple[Verdict, ...]) -> bool:
        total = Decimal(0)
        for part, worth, required in zip(parts, node.worths, node.required, strict=True):
            if part.outcome is Outcome.MET:
                total += worth
            elif required:
                return False
        return total >= node.need

    def _conflict(self, node: Node, data: dict[str, Any]) -> Missing:
        """Each part is met by itself, but not all at once: say what ties them, and who competes."""
        wanted: dict[str, list[str]] = {}
        for child in node.children:
            for option in self.pool.options:
                if option.bit & self.scope_of(child) and option.kind != "waiver":
                    rules = wanted.setdefault(option.item, [])
                    name = rule_name(child.rule)
                    if name not in rules:
                        rules.append(name)
        rivals = {item: rules for item, rules in wanted.items() if len(rules) > 1}
        if node.sharing and rivals:
            data["wanted"] = rivals
            shown = [
                f"`{item}` is wanted by {' and '.join(rules)}" for item, rules in sorted(rivals.items())
            ]
            tail = "" if len(shown) <= 4 else f", and {len(shown) - 4} more"
            return Missing(
                "the parts are met one by one, but not by different evidence: "
                + ", ".join(shown[:4])
                + tail,
                data,
            )
        if node.ordered:
            text = "the parts are met, but not in this order: a later one predates an earlier one"
        elif node.window is not None:
            text = f"the parts are met, but not within {node.window}"
        elif node.together:
            text = "the parts are met, but there is no day on which all of it was usable"
        else:
            text = "the parts are met one by one, but not all at once"
        return Missing(text, data)

    def _missing_evidence(self, node: Node, light: _Light) -> Missing:
        rule = node.rule
        if isinstance(rule, ModuleRule):
            marks = []
            if rule.min_score is not None:
                marks.append(f"a score of {plain(rule.min_score)} or more")
            if rule.min_grade is not None:
                marks.append(f"grade {rule.min_grade} or better")
            if rule.selector is not None:
                marks.append(condition_words(rule.selector))
            having = f" with {' and '.join(marks)}" if marks else ""
            done = self.pool.serving_as(rule.module)
            stale = " (completed, but it does not serve here on this day)" if done else ""
            return Missing(f"`{rule.module}`{having}{stale}", {"module": rule.module})
        if isinstance(rule, CredentialRule):
            tail = f" for {rule.held_for}" if rule.held_for is not None else ""
            return Missing(
                f"`{rule.credential}` is not held{tail}", {"credential": rule.credential}
            )
        assert isinstance(rule, AmountRule)
        return self._shortfall(node, light).missing(rule, node)


class _Part:
    """A part of a plain rule that is asked afresh whenever it loses what it rests on."""

    def __init__(self, case: Case, node: Node, light: _Light) -> None:
        self.scope = case.scope_of(node)
        self._reach: Callable[[int], int | None] = lambda mask: case.reach(node, light.only(mask))
        self._support = self._reach(-1) or 0
        self._next = self._support

    def survives(self, item: int, kept: int) -> bool:
        self._next = self._support
        if not item & self._support:
            return True
        found = self._reach(kept & ~item)
        self._next = found or 0
        return found is not None

    def drop(self, item: int) -> None:
        del item
        self._support = self._next


class _Tally:
    """A leaf without limits: what its options add up to, kept up as they are dropped."""

    def __init__(self, pool: Pool, node: Node, matching: int, waivers: list[Option]) -> None:
        self._pool = pool
        self._need = node.need
        self._unit = node.unit
        self._waived = {waiver.index: waiver.amount or Decimal(0) for waiver in waivers}
        self.scope = matching
        for waiver in waivers:
            self.scope |= waiver.bit
        self._by_ref: dict[str, set[int]] = {}
        for index in bits(matching):
            self._by_ref.setdefault(pool.options[index].ref, set()).add(index)
        self._totals = {ref: self._total(group) for ref, group in self._by_ref.items()}
        self._sum = sum([*self._totals.values(), *self._waived.values()], Decimal(0))

    def _total(self, group: set[int]) -> Decimal:
        options = [self._pool.options[index] for index in group]
        amounts = sorted((option.measure(self._unit) for option in options), reverse=True)
        return sum(amounts[: options[0].capacity] if options else (), Decimal(0))

    def _without(self, item: int) -> tuple[Decimal, dict[str, set[int]]]:
        total, groups = self._sum, {}
        for index in bits(item & self.scope):
            if index in self._waived:
                total -= self._waived[index]
                continue
            ref = self._pool.options[index].ref
            groups.setdefault(ref, set(self._by_ref[ref])).discard(index)
        for ref, group in groups.items():
            total += self._total(group) - self._totals[ref]
        return total, groups

    def survives(self, item: int, kept: int) -> bool:
        del kept
        return self._without(item)[0] >= self._need

    def drop(self, item: int) -> None:
        self._sum, groups = self._without(item)
        for ref, group in groups.items():
            self._by_ref[ref], self._totals[ref] = group, self._total(group)
        for index in bits(item & self.scope):
            self._waived.pop(index, None)
        self.scope &= ~item


@dataclass(frozen=True, slots=True)
class _Shortfall:
    """What a selection reaches at most, and what each limit lacks, looked at one by one."""

    need: Decimal
    reached: Decimal
    short: tuple[tuple[Bound, Decimal], ...]
    capped: tuple[tuple[Bound, Decimal], ...]
    unit: str

    @property
    def most(self) -> Decimal:
        """The least amount that must still be added, as far as amounts tell."""
        lacks = [lack for bound, lack in self.short if bound.unit == self.unit and bound.form == "at_least"]
        rest = max(self.need - self.reached, Decimal(0))
        other = Decimal(1) if len(lacks) < len(self.short) and self.need else Decimal(0)
        return max(rest, *lacks, min(other, self.need)) if lacks or other else rest

    def missing(self, rule: AmountRule, node: Node) -> Missing:
        """Say it in words and as data."""
        reached = min(self.reached, self.need)
        rest = max(self.need - self.reached, Decimal(0))
        source = selector_words(rule.selector)
        details: list[str] = []
        limits: list[dict[str, Any]] = []
        for bound, lack in self.short:
            if bound.form == "spread":
                details.append(f"{plain(lack)} more of different {_over_words(bound)}")
                limits.append({"spread": str(bound.limit.spread), "short": plain(lack)})
            else:
                assert bound.limit.of is not None
                details.append(f"{plain(lack)} {condition_words(bound.limit.of)}")
                limits.append({"at_least": str(bound.limit.at_least), "short": plain(lack)})
        data: dict[str, Any] = {
            "unit": node.unit,
            "needed": plain(self.need),
            "reached": plain(reached),
            "short": plain(max(rest, self.most)),
        }
        if limits:
            data["limits"] = limits
        have = f"{plain(reached)} of {amount_words(self.need, node.unit)}"  # type: ignore[arg-type]
        if rest > 0 or self.short:
            more = max(rest, self.most)
            text = f"{have}; {plain(more)} more from {source}"
            if details:
                text += f", of which {' and '.join(details)}"
        elif rule.average is not None or rule.sum is not None:
            what, number = ("an average", rule.average) if rule.average is not None else ("a sum", rule.sum)
            assert number is not None
            text = f"{have} from {source}, but no selection of them has {what} of {plain(number)}"
        else:
            text = f"{have} from {source}, but no selection of them is within every limit"
        for bound, over in self.capped:
            assert bound.limit.of is not None
            text += f" ({plain(over)} over the limit of {bound.limit.at_most} {condition_words(bound.limit.of)})"
        return Missing(text, data)


def _over_words(bound: Bound) -> str:
    over = bound.limit.over
    return over if isinstance(over, str) else "groups"
