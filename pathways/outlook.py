"""What can be reached at all, and which modules every way there needs.

The question is asked of the catalogue, not of a learner: could anybody, completing whatever is
left with any score on any day, meet this rule? Modules count for what the file says of them, so
the answer is relaxed where completions may differ: it never calls unreachable what somebody could
reach with modules as described, and a module that it calls needed is truly needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import networkx as nx
from networkx.algorithms.flow import dinitz

from pathways import sites
from pathways.catalogue import Catalogue, Match
from pathways.document import (
    AllRule,
    AmountRule,
    AnyRule,
    AtLeastRule,
    CredentialRule,
    Document,
    EveryRule,
    InOrderRule,
    Limit,
    Module,
    ModuleRule,
    NamedRule,
    Pathway,
    PointsRule,
    Rule,
    RuleBase,
    Selector,
    Unit,
    plain,
)
from pathways.implication import no_longer
from pathways.words import amount_words, counted, quoted

BEST_SCORE = Decimal(100)

#: More than anything that can be asked for.
ENDLESS = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class Need:
    """Whether a rule can be met, the modules that every way of meeting it needs, and why not.

    `modules` holds each module without which, all others being there, it could not be met.
    """

    possible: bool
    modules: frozenset[str] = frozenset()
    why: str = ""


_NOTHING = Need(possible=True)


def _impossible(why: str) -> Need:
    return Need(possible=False, why=why)


@dataclass(frozen=True, slots=True)
class _View:
    """What may be used at a place: the file's words, what is available, and every `only`."""

    catalogue: Catalogue
    available: frozenset[str]
    only: tuple[Selector, ...] = ()

    def allows(self, ref: str) -> bool:
        return ref in self.available and all(
            self.catalogue.match(selector, ref, frozenset({"module", "credential"}))
            for selector in self.only
            if ref in self.catalogue.document.modules or _names_type(selector)
        )


def _names_type(selector: Selector) -> bool:
    inner = (*(selector.any_of or ()), *((selector.except_,) if selector.except_ else ()))
    return selector.type is not None or selector.kind is not None or any(map(_names_type, inner))


@dataclass
class Outlook:
    """What a document's rules come to, with some modules left out."""

    document: Document
    without: frozenset[str] = frozenset()
    #: What each credential that can be reached needs.
    needs: dict[str, Need] = field(default_factory=dict)
    #: Why each of the others can not be reached.
    out_of_reach: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Work out every credential, bottom up, until no more can be reached."""
        self._catalogues = {
            id(file): Catalogue(self.document, file) for file in self.document.files
        }
        self.available = frozenset(self.document.modules) - self.without
        for ref, (credential, _) in self.document.credentials.items():
            if credential.external:
                self._reach(ref, _NOTHING)
        waiting = [ref for ref in _lower_first(self.document) if ref not in self.needs]
        passes = 0
        while waiting:
            left = [ref for ref in waiting if not self._try(ref)]
            passes += 1
            if len(left) == len(waiting):
                break
            waiting = left
        for ref in self.needs:
            self.out_of_reach.pop(ref, None)
        if passes > 1:
            # What was reached later may offer further ways to what was reached before.
            for ref in self.needs:
                if not self.document.credentials[ref][0].external:
                    self.needs[ref] = self._credential(ref)

    def _try(self, ref: str) -> bool:
        need = self._credential(ref)
        if need.possible:
            self._reach(ref, need)
        else:
            self.out_of_reach[ref] = need.why
        return need.possible

    def _reach(self, ref: str, need: Need) -> None:
        self.needs[ref] = need
        self.available |= {ref}

    def _credential(self, ref: str) -> Need:
        credential, file = self.document.credentials[ref]
        if credential.requires is None:
            return _impossible("nothing says what it requires")
        available = self.available - {ref}
        return self._need(credential.requires, _View(self._catalogues[id(file)], available))

    def need(self, rule: Rule, file: Pathway) -> Need:
        """Work out one more rule, as it would stand in a file of the document."""
        return self._need(rule, _View(self._catalogues[id(file)], self.available))

    # --- rules -----------------------------------------------------------------------------------

    def _need(self, rule: Rule, view: _View) -> Need:
        if isinstance(rule, RuleBase):
            if rule.only is not None:
                view = _View(view.catalogue, view.available, (*view.only, rule.only))
            if rule.after is not None and rule.before is not None and rule.after > rule.before:
                return _impossible(f"no day is both from {rule.after} and up to {rule.before}")
        match rule:
            case ModuleRule():
                return self._module(rule, view)
            case CredentialRule():
                return self._held(rule, view)
            case NamedRule():
                return self._need(view.catalogue.file.rules[rule.rule], view)
            case AllRule() | InOrderRule():
                return self._everything(rule, view)
            case AnyRule():
                return self._some(rule.any, [Decimal(1)] * len(rule.any), Decimal(1), view)
            case AtLeastRule():
                worths = [Decimal(1)] * len(rule.of)
                return self._some(rule.of, worths, Decimal(rule.at_least), view)
            case PointsRule():
                return self._points(rule, view)
            case EveryRule():
                return self._every(rule, view)
            case AmountRule():
                return _Selection(self, rule, view).need()
            case _:
                return _NOTHING

    def _module(self, rule: ModuleRule, view: _View) -> Need:
        if not view.allows(rule.module):
            return _impossible(f"{quoted(rule.module)} can not serve here")
        if rule.selector is not None and not view.catalogue.match(rule.selector, rule.module):
            return _impossible(f"{quoted(rule.module)} never is what its `from` asks for")
        if rule.min_score is not None and rule.min_score > BEST_SCORE:
            return _impossible(f"no score is above {BEST_SCORE}")
        return Need(possible=True, modules=frozenset({rule.module}))

    def _held(self, rule: CredentialRule, view: _View) -> Need:
        ref = rule.credential
        if not view.allows(ref):
            return _impossible(f"it needs {quoted(ref)}, which nobody can reach")
        credential, _ = self.document.credentials[ref]
        valid_for, held_for = credential.valid_for, rule.held_for
        lapses = credential.renewal is None and not rule.even_if_expired
        if held_for is not None and valid_for is not None and lapses:
            outlasts = no_longer(valid_for, held_for) and not no_longer(held_for, valid_for)
            if outlasts:
                return _impossible(f"{quoted(ref)} expires before it has been held for {held_for}")
        return Need(possible=True, modules=self.needs[ref].modules)

    def _everything(self, rule: AllRule | InOrderRule, view: _View) -> Need:
        parts = [self._need(child, view) for child in rule.children]
        for part in parts:
            if not part.possible:
                return part
        modules = frozenset().union(*(part.modules for part in parts))
        if rule.distinct and len(rule.children) > 1:
            for unit in ("count", "credits"):
                need = _Sharing(rule.children, unit, view).need()
                if not need.possible:
                    return need
                modules |= need.modules
        return Need(possible=True, modules=modules)

    def _some(
        self,
        rules: Iterable[Rule],
        worths: Iterable[Decimal],
        enough: Decimal,
        view: _View,
        required: Iterable[bool] = (),
    ) -> Need:
        """Parts whose worths must reach a sum, the required ones among them."""
        parts = [(self._need(rule, view), worth) for rule, worth in zip(rules, worths, strict=True)]
        must: frozenset[str] = frozenset()
        for (part, _), due in zip(parts, required, strict=False):
            if due and not part.possible:
                return part
            if due:
                must |= part.modules
        reach = sum((worth for part, worth in parts if part.possible), Decimal(0))
        if reach < enough:
            why = next((part.why for part, _ in parts if not part.possible), "")
            return _impossible(why or f"its parts are worth {plain(reach)} of {plain(enough)}")
        lost: Counter[str] = Counter()
        for part, worth in parts:
            if part.possible:
                for ref in part.modules:
                    lost[ref] += worth  # type: ignore[assignment]
        must |= {ref for ref, worth in lost.items() if reach - worth < enough}
        return Need(possible=True, modules=must)

    def _points(self, rule: PointsRule, view: _View) -> Need:
        return self._some(
            rule.children,
            [child.worth for child in rule.of],
            rule.points,
            view,
            [child.required for child in rule.of],
        )

    def _every(self, rule: EveryRule, view: _View) -> Need:
        matching = view.catalogue.matching(rule.every, least=Match.YES)
        modules: set[str] = set()
        for ref in sorted(matching):
            if not view.allows(ref):
                if ref in self.document.credentials:
                    return _impossible(f"it needs {quoted(ref)}, which nobody can reach")
                return _impossible(f"{quoted(ref)} can not serve here")
            modules |= self.needing(ref)
        return Need(possible=True, modules=frozenset(modules))

    def needing(self, ref: str) -> frozenset[str]:
        """The modules without which a module or credential could not be evidence."""
        if ref in self.document.modules:
            return frozenset({ref})
        return self.needs[ref].modules if ref in self.needs else frozenset()


def _lower_first(document: Document) -> Iterator[str]:
    """Order credentials so that each comes after those that its rule names."""
    named = {
        ref: {
            site.rule.credential
            for site in sites.walk(sites.Site((), credential.requires, ()))
            if isinstance(site.rule, CredentialRule)
        }
        for ref, (credential, _) in document.credentials.items()
        if credential.requires is not None
    }
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(document.credentials)
    graph.add_edges_from((lower, ref) for ref, below in named.items() for lower in below)
    return iter(nx.lexicographical_topological_sort(graph))


# --- selections ----------------------------------------------------------------------------------


def capacity(catalogue: Catalogue, ref: str, unit: Unit) -> Decimal:
    """The most that one module or credential can bring to a selection, all attempts together."""
    entry = catalogue.entries[ref]
    times = Decimal(1)
    if isinstance(entry, Module):
        if entry.repeatable == "unlimited":
            times = ENDLESS
        else:
            times = Decimal(entry.repeatable)
    if unit == "count":
        return times
    amount = entry.credits if unit == "credits" else entry.hours
    if not isinstance(amount, Decimal):
        return ENDLESS
    return amount * times if amount else Decimal(0)


@dataclass(frozen=True)
class _Selection:
    """The most that a `count`, `credits` or `hours` rule can select."""

    outlook: Outlook
    rule: AmountRule
    view: _View

    def need(self) -> Need:
        rule, catalogue = self.rule, self.view.catalogue
        items = frozenset(ref for ref in catalogue.matching(rule.selector) if self.view.allows(ref))
        if rule.average is not None and rule.average > self._best():
            return _impossible(f"no average is above {plain(self._best())}")
        whole = self._amount(items, rule.unit, rule.amount, "")
        if not whole.possible:
            return whole
        modules = whole.modules
        for limit in rule.limits:
            part = self._limit(limit, items)
            if not part.possible:
                return part
            modules |= part.modules
        return Need(possible=True, modules=modules)

    def _best(self) -> Decimal:
        scale = self.view.catalogue.file.scale
        points = self.rule.of == "points" or (self.rule.of is None and bool(scale))
        return max(scale.values(), default=BEST_SCORE) if points else BEST_SCORE

    def _amount(self, items: frozenset[str], unit: Unit, asked: Decimal, which: str) -> Need:
        """What reaching an amount with some items needs."""
        sizes = {ref: capacity(self.view.catalogue, ref, unit) for ref in items}
        total = sum(sizes.values(), Decimal(0))
        if total < asked:
            have = amount_words(total, unit)
            return _impossible(
                f"there are only {have} {which or 'to select from'}, of {plain(asked)}"
            )
        return Need(possible=True, modules=self._must(sizes, total - asked))

    def _must(self, sizes: Mapping[str, Decimal], spare: Decimal) -> frozenset[str]:
        """The modules whose loss takes more than there is to spare."""
        if spare == ENDLESS or not spare.is_finite():
            return frozenset()
        lost: dict[str, Decimal] = {}
        for ref, size in sizes.items():
            for module in self.outlook.needing(ref):
                lost[module] = lost.get(module, Decimal(0)) + size
        return frozenset(ref for ref, size in lost.items() if size > spare)

    def _limit(self, limit: Limit, items: frozenset[str]) -> Need:
        catalogue, rule = self.view.catalogue, self.rule
        unit = limit.unit or rule.unit
        kinds = catalogue.kinds(rule.selector)
        if limit.of is not None:
            matching = {ref for ref in items if catalogue.match(limit.of, ref, kinds)}
            if limit.at_least is not None:
                asked = limit.at_least.of(rule.amount)
                return self._amount(frozenset(matching), unit, asked, "for one of its limits")
            assert limit.at_most is not None
            sure = {ref for ref in matching if catalogue.match(limit.of, ref, kinds) is Match.YES}
            return self._capped(items, frozenset(sure), limit.at_most.of(rule.amount), unit)
        if limit.spread is not None:
            return self._spread(limit, items)
        return _NOTHING

    def _capped(
        self, items: frozenset[str], capped: frozenset[str], most: Decimal, unit: Unit
    ) -> Need:
        """What is left when only so much of some items counts."""
        rule, catalogue = self.rule, self.view.catalogue
        if unit != rule.unit:
            return _NOTHING
        free = {ref: capacity(catalogue, ref, unit) for ref in items - capped}
        within = {ref: capacity(catalogue, ref, unit) for ref in capped}
        beside, inside = sum(free.values(), Decimal(0)), sum(within.values(), Decimal(0))
        reach = beside + min(most, inside)
        if reach < rule.amount:
            return _impossible(
                f"with its limits at most {amount_words(reach, unit)} of "
                f"{plain(rule.amount)} can count"
            )
        spare = reach - rule.amount
        return Need(
            possible=True,
            modules=self._must({**free, **within}, spare + max(inside - most, Decimal(0)))
            | self._must(free, spare),
        )

    def _spread(self, limit: Limit, items: frozenset[str]) -> Need:
        assert limit.spread is not None
        values = self._values(limit, items)
        if values is None:
            return _NOTHING
        each, unit = limit.each, limit.unit or self.rule.unit
        full = [
            value
            for value, members in values.items()
            if each is None
            or sum((capacity(self.view.catalogue, ref, unit) for ref in members), Decimal(0))
            >= each
        ]
        if len(full) < limit.spread:
            return _impossible(
                f"only {counted(len(full), 'value')} of the {limit.spread} that it is spread over "
                "can be reached"
            )
        return _NOTHING

    def _values(self, limit: Limit, items: frozenset[str]) -> Mapping[str, frozenset[str]] | None:
        """The items of each value; None where completions bring values of their own."""
        catalogue = self.view.catalogue
        if not isinstance(limit.over, tuple):
            return None
        values = {value: catalogue.members(value) for value in limit.over}
        if not all(values.values()):
            return None
        return {value: members & items for value, members in values.items() if members & items}


# --- sharing -------------------------------------------------------------------------------------


#: Items that the same children want, and of one size.
_Alike = tuple[frozenset[int], Decimal]


@dataclass(frozen=True)
class _Sharing:
    """Whether children that may not share can all be satisfied: a flow from items to children.

    Only children that are leaves and ask for something in the unit take part, so the answer is
    relaxed where others need items too.
    """

    rules: tuple[Rule, ...]
    unit: Unit
    view: _View

    def need(self) -> Need:
        claims = [claim for rule in self.rules for claim in self._claims(rule)]
        if len(claims) < 2:
            return _NOTHING
        wanted: dict[_Alike, list[str]] = {}
        for ref in self.view.available:
            wants = frozenset(n for n, (items, _) in enumerate(claims) if ref in items)
            if wants:
                size = capacity(self.view.catalogue, ref, self.unit)
                wanted.setdefault((wants, size), []).append(ref)
        asked = sum((amount for _, amount in claims), Decimal(0))
        sizes = {key: key[1] * len(refs) if key[1] else Decimal(0) for key, refs in wanted.items()}
        reach, used = self._flow(claims, sizes)
        if reach < asked:
            return _impossible(
                "its parts may not share evidence, and together they ask for "
                f"{amount_words(asked, self.unit)} where {amount_words(reach, self.unit)} can serve"
            )
        must: set[str] = set()
        for key, refs in wanted.items():
            # Only what is used to the last unit can be missed.
            scarce = key[1].is_finite() and used[key] > sizes[key] - key[1]
            if scarce and self._flow(claims, {**sizes, key: sizes[key] - key[1]})[0] < asked:
                must.update(ref for ref in refs if ref in self.view.catalogue.document.modules)
        return Need(possible=True, modules=frozenset(must))

    def _flow(
        self, claims: list[tuple[frozenset[str], Decimal]], sizes: Mapping[_Alike, Decimal]
    ) -> tuple[Decimal, Mapping[_Alike, Decimal]]:
        """How much of the claims can be met, and how much of each kind of item that takes."""
        graph: nx.DiGraph[object] = nx.DiGraph()
        asked = sum((amount for _, amount in claims), Decimal(0))
        graph.add_nodes_from(("all", "met"))
        for number, (_, amount) in enumerate(claims):
            graph.add_edge(number, "met", capacity=_scaled(amount))
        for key, size in sizes.items():
            graph.add_edge("all", key, capacity=_scaled(min(size, asked)))
            graph.add_edges_from(((key, number) for number in key[0]), capacity=_scaled(asked))
        value, flows = nx.maximum_flow(graph, "all", "met", flow_func=dinitz)
        return Decimal(value) / _SCALE, {key: Decimal(flows["all"][key]) / _SCALE for key in sizes}

    def _claims(self, rule: Rule) -> Iterable[tuple[frozenset[str], Decimal]]:
        """What a child claims for itself: so much of some items."""
        allows: Callable[[str], bool] = self.view.allows
        match rule:
            case ModuleRule() if self.unit == "count":
                yield frozenset({rule.module}), Decimal(1)
            case EveryRule() if self.unit == "count":
                for ref in self.view.catalogue.matching(rule.every, least=Match.YES):
                    yield frozenset({ref}), Decimal(1)
            case NamedRule():
                yield from self._claims(self.view.catalogue.file.rules[rule.rule])
            case AmountRule() if rule.unit == self.unit:
                items = self.view.catalogue.matching(rule.selector)
                yield frozenset(filter(allows, items)), rule.amount
            case _:
                return


#: Amounts have at most six decimal places, and flows are of whole numbers.
_SCALE = 1_000_000


def _scaled(amount: Decimal) -> int:
    return int(amount * _SCALE)
