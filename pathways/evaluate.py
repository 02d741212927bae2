"""Is a rule met by this evidence, and by which: the fast path.

A rule whose parts do not compete for evidence is met when each part is met by itself, so it is
answered part by part, over bits. Where parts may compete, the parts taken by themselves still
give a quick no, and a first-come division that happens to work a quick yes; only what is left
goes to `allocation`, which is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import ceil

from pathways import allocation
from pathways.allocation import Claim, Quota
from pathways.compile import Node, Tree
from pathways.evidence import Option, Pool, bits
from pathways.matching import match
from pathways.methods import Method
from pathways.packing import TooManyError, adds_up, pack
from pathways.periods import shift
from pathways.tally import (
    Tally,
    allowed,
    lacking,
    leaf_mask,
    leaf_use,
    lifted,
    of_value,
    one_each,
    take,
    two_faced,
    within_bounds,
)
from pathways.verdict import Use, Witness


@dataclass(frozen=True, slots=True)
class Light:
    """In which a rule is looked at: the day of the verdict, the day of use, and the evidence.

    `admitted` may be used; `record` is what there is, before anything was set aside; `gone` is
    to be looked at as if it had never been.
    """

    day: date
    use_day: date
    admitted: int
    record: int
    gone: int = 0
    together: bool = False

    def only(self, mask: int) -> Light:
        """The same light on fewer options."""
        return replace(self, admitted=self.admitted & mask)

    def usable(self, pool: Pool, attempts: str) -> int:
        """The admitted options that are usable on the day of use."""
        return pool.usable(self.use_day, attempts, self.gone) & self.admitted


#: A window over more options than this is settled by a search, whose cost grows slower.
_MANY = 60

#: After so many splits of barred pairs the rest is left to a search.
_MOST_SPLITS = 32


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
        self._timed = [any(n.periods for n in node.walk()) for node in tree.nodes]
        self._sensitive = [
            any(n.together or n.even_if_expired or n.over_all for n in node.walk())
            for node in tree.nodes
        ]

    # --- the questions ---------------------------------------------------------------------------

    def admitted(self, day: date) -> int:
        """The options that may serve on a day, if they are usable."""
        mask = self._recorded(day)
        for quota in self._quotas:
            if quota.share == 0:
                mask &= ~self._mask_of_keys(self.pool.keys_of(quota.used))
        return mask

    def _recorded(self, day: date) -> int:
        """The options that are on record by a day, whoever may use them."""
        mask = self.pool.once(day)
        return mask if self._after is None else mask & self.pool.after(self._after)

    def _mask_of_keys(self, keys: set[str], *, through: bool = False) -> int:
        mask = 0
        for option in self.pool.options:
            if option.kind != "waiver" and not keys.isdisjoint(
                self.pool.keys(option, through=through)
            ):
                mask |= option.bit
        return mask

    def light(self, day: date, gone: int = 0) -> Light:
        """The light of a day, in which what is `gone` never was."""
        admitted, record = self.admitted(day) & ~gone, self._recorded(day) & ~gone
        gone |= self.pool.everything & ~self.pool.once(day)
        return Light(day, day, admitted, record, gone)

    def met(self, day: date, gone: int = 0) -> bool:
        """Tell whether the rule is met on a day; raises `UndecidedError` past the bound."""
        return self.met_whole(self.light(day, gone)) is not None

    def evidence_on(self, day: date) -> int:
        """The options in the tree's scope that are usable on a day."""
        usable = self.pool.usable(day, self.tree.attempts) & self.admitted(day)
        return usable & self.scope_of(self.tree.root)

    def scope(self) -> Iterable[Option]:
        """The options that the tree could ever look at, or that may stand in the way of those."""
        found = [self.pool.options[i] for i in bits(self.scope_of(self.tree.root))]
        if self.tree.attempts == "any":
            return found
        refs = dict.fromkeys(option.ref for option in found)
        return [option for ref in refs for option in self.pool.serving_as(ref)]

    def claim(self, day: date) -> Claim:
        """The same question, as a search puts it."""
        return self._claim(self.tree.root, self.light(day))

    def witness(self, day: date, gone: int = 0) -> Witness | None:
        """The canonical witness of a day, or None where the rule is not met."""
        use = self.canonical(self.tree.root, self.light(day, gone))
        return None if use is None else self.witness_of(day, use)

    def witness_of(self, day: date, use: Use) -> Witness:
        """Name the items of a use in their order."""
        return Witness(on=day, items=self.pool.in_order(use.used()), use=use)

    # --- met, and by what ------------------------------------------------------------------------

    def met_whole(self, light: Light) -> int | None:
        """A set of options that meets the whole rule, or None."""
        root = self.tree.root
        support = self.reach(root, light)
        if support is None:
            return None
        pair = self._barred_in(support)
        if pair is not None and self._one_faced(root, light):
            with suppress(TooManyError):
                support, pair = self._apart(support, pair, light, _MOST_SPLITS)[0], None
        if support is None or (pair is None and self._within_quotas(support)):
            return support
        return self._search(root, light, whole=True)

    def _barred_in(self, support: int) -> frozenset[str] | None:
        """A pair of modules of which one bars the other, and both are used."""
        if not self.tree.barred:
            return None
        options = (self.pool.options[i] for i in bits(support))
        used = [self.pool.refs(option) for option in options if option.kind == "module"]
        for pair in self.tree.barred:
            touching = [refs & pair for refs in used if refs & pair]
            if len(touching) > 1 and frozenset().union(*touching) == pair:
                return pair
        return None

    def _apart(
        self, support: int | None, pair: frozenset[str] | None, light: Light, splits: int
    ) -> tuple[int | None, int]:
        """Do without the one or the other of a barred pair, and so on; exact where all is tried.

        What is returned is the support and how many splits are left; raises `TooManyError`.
        """
        if support is None or pair is None:
            return support, splits
        if splits <= 0:
            raise TooManyError
        for module in sorted(pair):
            served = (o.bit for o in self.pool.serving_as(module) if o.kind == "module")
            rest = light.only(~sum(served))
            found = self.reach(self.tree.root, rest)
            following = None if found is None else self._barred_in(found)
            found, splits = self._apart(found, following, rest, splits - 1)
            if found is not None:
                return found, splits
        return None, splits

    def _within_quotas(self, support: int) -> bool:
        """Whether it is plain that a use takes no more of what rivals have used than it may."""
        options = [self.pool.options[i] for i in bits(support)]
        for quota in self._quotas:
            if quota.share > 0:
                keys = self.pool.keys_of(quota.used)
                common = [o for o in options if not keys.isdisjoint(self.pool.keys(o))]
                if len(common) > quota.share:
                    return False
            if self._divides(quota, options):
                return False
        return True

    def _divides(self, quota: Quota, options: Iterable[Option]) -> bool:
        """Whether attempts at a module that may count so many times go to a rival too."""
        capped = {o.ref for o in options if o.kind == "module" and (o.capacity or 1) > 1}
        return bool(capped) and any(o.ref in capped for o in self.pool.served(quota.used))

    def _one_faced(self, node: Node, light: Light) -> bool:
        """Whether everything that a rule may use serves as what it is."""
        scope = light.admitted & self.scope_of(node)
        return all(
            option.ref == option.source_ref
            for option in (self.pool.options[i] for i in bits(scope))
        )

    def reach(self, node: Node, light: Light) -> int | None:
        """A set of options that meets a rule by itself, or None."""
        scope = self.scope_of(node)
        usable = self._usable(light) & scope
        key = (
            node.index,
            usable,
            light.admitted & scope & (-1 if self._sensitive[node.index] else self.pool.waivers),
            # A waiver in force decides a rule even where it is set aside itself.
            light.record & scope & (-1 if self._sensitive[node.index] else self.pool.waivers),
            light.day.toordinal() if self._timed[node.index] else 0,
            light.together,
            light.use_day.toordinal() if self._sensitive[node.index] else 0,
        )
        if key in self._known:
            return self._known[key]
        found = self._reach_afresh(node, light)
        self._known[key] = found
        return found

    def _usable(self, light: Light) -> int:
        return light.usable(self.pool, self.tree.attempts)

    def _waivers(self, node: Node) -> list[Option]:
        return [
            option
            for name in node.names
            for option in self.pool.serving_as(name)
            if option.kind == "waiver"
        ]

    def full_waivers(self, node: Node, day: date) -> list[Option]:
        """The waivers of the whole rule that are in force on a day."""
        return [o for o in self._waivers(node) if o.amount is None and o.from_day <= day]

    def _reach_afresh(self, node: Node, light: Light) -> int | None:
        full = self.full_waivers(node, light.day)
        if full:
            standing = [o for o in full if o.bit & light.admitted]
            return min(standing, key=lambda o: o.key).bit if standing else None
        if node.together and not light.together:
            return self._reach_together(node, light)
        return self._reach_within(node, light)

    def _reach_together(self, node: Node, light: Light) -> int | None:
        admitted = light.admitted & self.scope_of(node)
        turns = self.pool.turns(admitted, light.day, monotone=self.tree.monotone)
        for day in reversed([*turns, light.day]):
            inner = replace(light, use_day=day, together=True)
            if (support := self._reach_within(node, inner)) is not None:
                return support
        return None

    def _reach_within(self, node: Node, light: Light) -> int | None:
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

    def _reach_core(self, node: Node, light: Light) -> int | None:
        if node.leaf:
            return self._reach_leaf(node, light)
        if node.ordered:
            support = self._reach_in_order(node, light)
        else:
            support = self._reach_choice(node, light)
        if support is None or not node.sharing:
            return support
        if node.method is Method.FLOW and self._single_items(node, light):
            return self._match(node, light)
        shared = self._share_in_turn(node, light)
        if shared is not None:
            return shared
        return self._search(node, light, whole=False)

    def _reach_choice(self, node: Node, light: Light) -> int | None:
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

    def _single_items(self, node: Node, light: Light) -> bool:
        """Whether every option here is an item of its own module, and no rule is waived."""
        scope = self.scope_of(node) & light.admitted
        return not scope & self.pool.waivers and all(
            option.capacity == 1 and option.ref == option.source_ref
            for option in (self.pool.options[i] for i in bits(scope))
        )

    def _match(self, node: Node, light: Light) -> int | None:
        """Give each child its items by a matching; exact where `_single_items` holds."""
        candidates = [
            {self.pool.options[i].ref: 1 << i for i in bits(self.matching(child, light))}
            for child in node.children
        ]
        demands = [
            (ceil(child.need), sorted(options))
            for child, options in zip(node.children, candidates, strict=True)
        ]
        holders = match(demands)
        if holders is None:
            return None
        return sum(candidates[child][ref] for ref, child in holders.items())

    def _share_in_turn(self, node: Node, light: Light) -> int | None:
        """Let each child take what the ones before left: legal if it works, else no answer."""
        if node.ordered or self._has_shared_attempts(node):
            return None
        support, total, taken = 0, Decimal(0), 0
        order = sorted(
            zip(node.children, node.worths, node.required, strict=True),
            key=lambda part: not part[2],
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
            keys: set[str] = set()
            for index in bits(found):
                keys |= self.pool.keys(self.pool.options[index], through=node.through)
            taken |= self._mask_of_keys(keys, through=node.through)
        return support if total >= node.need else None

    def _has_shared_attempts(self, node: Node) -> bool:
        # Dividing attempts among items is the search's business. What awards rest on counts
        # `through` them, wherever it is.
        scope = self.pool.everything if node.through else self.scope_of(node)
        return any(
            (option := self.pool.options[i]).capacity is not None and option.capacity > 1
            for i in bits(scope)
        ) or any(n.over_all for n in node.walk())

    def _reach_in_order(self, node: Node, light: Light) -> int | None:
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
            mask = leaf_mask(self.pool, node, date.max, timed=False)
            self._masks[node.index] = mask
        return mask

    def _matching(self, node: Node, light: Light, base: int) -> int:
        mask = self._static(node) & base
        timed = [test for test in node.tests if test.timed]
        if timed and mask:
            moment = self.pool.moment(light.day)
            for index in bits(mask):
                option = self.pool.options[index]
                if not all(test.holds(option, moment) for test in timed):
                    mask &= ~(1 << index)
        return mask

    def _base(self, node: Node, light: Light) -> int:
        if node.even_if_expired:
            return self.pool.once(light.use_day) & light.admitted
        return self._usable(light)

    def matching(self, node: Node, light: Light) -> int:
        """The options that may stand in a leaf's selection."""
        return self._matching(node, light, self._base(node, light))

    def amount_waivers(self, node: Node, light: Light) -> list[Option]:
        """The waivers of an amount that are in force, in their order."""
        standing = [
            waiver
            for waiver in self._waivers(node)
            if waiver.amount is not None
            and waiver.from_day <= light.day
            and waiver.bit & light.admitted
        ]
        return sorted(standing, key=lambda waiver: waiver.key)

    def _reach_leaf(self, node: Node, light: Light) -> int | None:
        if node.over_all and not node.divides:
            return self._take_all(node, light)
        pool, matching = self.pool, self.matching(node, light)
        waived, lowered = lifted(self.amount_waivers(node, light))
        if node.value is None and not two_faced(pool, matching):
            taken, reached = take(pool, node, matching, lowered)
            if reached < node.need:
                return None
            if within_bounds(pool, node, taken, light.day):
                return taken | waived
            if one_each(pool, matching):
                if within_bounds(pool, node, matching, light.day):
                    return matching | waived
                if all(bound.form in ("at_least", "spread") for bound in node.bounds):
                    # More never hurts such limits, so if all is too little, all else is.
                    return None
        possible = of_value(pool, node, matching)
        if any(lacking(pool, bound, possible, light.day) > 0 for bound in node.bounds):
            return None
        if not node.divides and not two_faced(pool, possible):
            try:
                packed = pack(pool, node, possible, lowered, light.day)
            except TooManyError:
                pass
            else:
                return None if packed is None else packed | waived
        return self._search(node, light, whole=False)

    def _take_all(self, node: Node, light: Light) -> int | None:
        """Judge the one selection of `over: all`: every usable match in the record."""
        pool = self.pool
        inside = self._matching(
            node, light, pool.usable(light.use_day, self.tree.attempts, light.gone)
        )
        everything = of_value(pool, node, inside & light.record)
        if everything & ~allowed(pool, node, light.admitted & everything, light.day):
            return None
        if two_faced(pool, everything):
            return self._search(node, light, whole=False)
        waived, lowered = lifted(self.amount_waivers(node, light))
        if not adds_up(pool, node, everything, lowered, light.day):
            return None
        return everything | waived

    # --- searching -------------------------------------------------------------------------------

    def _claim(self, node: Node, light: Light, *, whole: bool = True) -> Claim:
        return Claim(
            tree=self.tree,
            node=node,
            pool=self.pool,
            day=light.day,
            use_day=light.use_day,
            together=light.together,
            admitted=light.admitted,
            record=light.record,
            gone=light.gone,
            quotas=self._quotas if whole else (),
            whole=whole,
        )

    def _search(self, node: Node, light: Light, *, whole: bool) -> int | None:
        return allocation.feasible(self._claim(node, light, whole=whole))

    # --- the canonical witness -------------------------------------------------------------------

    def canonical(self, node: Node, light: Light) -> Use | None:
        """The canonical use of a rule by itself, or None where it is not met."""
        whole = node is self.tree.root
        support = self.met_whole(light) if whole else self.reach(node, light)
        if support is None:
            return None
        if not self._plain(node, light):
            found = allocation.canonical([self._claim(node, light, whole=whole)])
            assert found is not None, "a rule that is met has a canonical witness"
            return found[0]
        return self._settle(node, light.only(self._without_late(node, light)))

    def _plain(self, node: Node, light: Light) -> bool:
        """Whether each part of a rule can settle its use by itself."""
        if any(
            n.sharing
            or n.divides
            or (not n.leaf and (n.ordered or n.together or n.window is not None))
            or (n.window is not None and self.scope_of(n).bit_count() > _MANY)
            for n in node.walk()
        ):
            return False
        usable = self._usable(light)
        if self._sensitive[node.index]:
            # What is usable on another day may serve as something else on it.
            usable |= self.pool.once(light.day) & light.admitted
        scope = usable & self.scope_of(node)
        options = [self.pool.options[i] for i in bits(scope if self._quotas else 0)]
        if two_faced(self.pool, scope) or any(
            quota.share > 0 or self._divides(quota, options) for quota in self._quotas
        ):
            return False
        return not self._bars(node, light) or self._one_faced(node, light)

    def _bars(self, node: Node, light: Light) -> bool:
        """Whether one module bars another among what the whole rule may use."""
        return (
            node is self.tree.root
            and self._barred_in(light.admitted & self.scope_of(node)) is not None
        )

    def _without_late(self, node: Node, light: Light) -> int:
        """Drop each item, newest first, whose loss leaves a plain rule met.

        A rule of parts that must all be met asks only those parts that could use the item.
        """
        scope = self.scope_of(node)
        kept = light.admitted & scope & (self._usable(light) | self.pool.once(light.day))
        users: dict[int, list[Tally | _Part]] = {}
        for part in self._parts(node, light):
            for index in bits(part.scope & kept):
                users.setdefault(index, []).append(part)
        for option in self.pool.newest_first(kept):
            item = self.pool.item_bits(option.item) & kept
            if not item:
                continue
            asked = {id(part): part for i in bits(item) for part in users.get(i, ())}
            if all(part.survives(item) for part in asked.values()):
                for part in asked.values():
                    part.drop(item)
                kept &= ~item
        return kept

    def _parts(self, node: Node, light: Light) -> Iterator[Tally | _Part]:
        """The parts of a rule that must all be met, each as something that can lose items."""
        if self.full_waivers(node, light.day) or self._bars(node, light):
            yield _Part(self, node, light)
        elif node.leaf and not (node.bounds or node.value or node.window or node.together):
            waivers = self.amount_waivers(node, light)
            yield Tally(self.pool, node, self.matching(node, light), waivers)
        elif not node.leaf and all(node.required):
            for child in node.children:
                yield from self._parts(child, light)
        else:
            yield _Part(self, node, light)

    def _settle(self, node: Node, light: Light) -> Use:
        full = self.full_waivers(node, light.day)
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

    def _settle_leaf(self, node: Node, light: Light) -> Use:
        kept = self._without_late(node, light)
        # Of an item that is kept, only what may stand here: not, as another module, an attempt
        # that gives way.
        support = self.reach(node, light.only(kept))
        assert support is not None, "what was dropped left the rule met"
        options = [self.pool.options[i] for i in bits(support)]
        waived = [o.item for o in options if o.kind == "waiver"]
        return leaf_use(self.pool, node, (o for o in options if o.kind != "waiver"), waived)


class _Part:
    """A part of a plain rule that is asked afresh whenever it loses what it rests on."""

    def __init__(self, case: Case, node: Node, light: Light) -> None:
        self.scope = case.scope_of(node)
        whole = node is case.tree.root
        self._reach: Callable[[int], int | None] = lambda mask: (
            case.met_whole(light.only(mask)) if whole else case.reach(node, light.only(mask))
        )
        self._kept = -1
        self._support = self._reach(self._kept) or 0
        self._next = self._support

    def survives(self, item: int) -> bool:
        self._next = self._support
        if not item & self._support:
            return True
        found = self._reach(self._kept & ~item)
        self._next = found or 0
        return found is not None

    def drop(self, item: int) -> None:
        self._kept &= ~item
        self._support = self._next
