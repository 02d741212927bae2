"""What the pathway language means, by brute force: every use of the evidence, every day.

The engines are fast and clever; this is neither. It follows the text of the language and nothing
else, and shares no code with what it judges: it knows the models of a document, how periods are
counted, and the standard library. It is meant for records of a handful of items.

The one thing that it leaves out is what can not matter: of two selections of a leaf, one inside
the other, only the smaller is tried, because no rule ever forbids a use for having fewer items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, cmp_to_key
from itertools import combinations, permutations, product
from math import prod
from typing import Any, Literal

from pathways.document import (
    AllRule,
    AmountRule,
    AnyRule,
    AtLeastRule,
    Completed,
    Credential,
    CredentialRule,
    Document,
    EveryRule,
    Held,
    InOrderRule,
    Limit,
    ModuleRule,
    NamedRule,
    OverlapCredits,
    Pathway,
    PointsRule,
    Record,
    RuleBase,
    Selector,
    Unit,
    plain,
)
from pathways.periods import Period, shift

#: So many uses of one rule are looked at; a case that has more is too large for brute force.
MOST_USES = 30_000

Kinds = frozenset[str]
MODULES: Kinds = frozenset({"module"})
CREDENTIALS: Kinds = frozenset({"credential"})


class TooLargeError(Exception):
    """The case has more uses of the evidence than brute force can look at."""


# --- evidence and its uses -----------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Item:
    """A fact that may be in a witness; items are ordered as the language orders them."""

    on: date
    ref: str
    id: str
    what: Literal["completion", "award", "waiver"]


@dataclass(frozen=True)
class Serving:
    """An item in the part that it plays: a completion as a module, an award as its credential."""

    item: Item
    role: str
    source_module: str
    credits: Decimal | None
    hours: Decimal | None
    level: Decimal | None
    groups: frozenset[str]
    kind: str | None = None
    source: str | None = None
    score: Decimal | None = None
    grade: str | None = None

    @property
    def is_award(self) -> bool:
        return self.item.what == "award"

    @property
    def order(self) -> tuple[Item, str]:
        return self.item, self.role

    def measure(self, unit: Unit) -> Fraction:
        """How much of a unit the whole item is."""
        if unit == "count":
            return Fraction(1)
        amount = self.credits if unit == "credits" else self.hours
        return Fraction(amount or 0)


@dataclass(frozen=True)
class Use:
    """One way to meet a rule: the selection of a leaf, a waiver, or the uses of chosen children."""

    path: str
    servings: frozenset[Serving] = frozenset()
    amounts: tuple[tuple[str, Fraction], ...] = ()
    waivers: frozenset[Item] = frozenset()
    parts: tuple[tuple[int, Use], ...] = ()
    every_attempt: bool = False  # it selects `over: all`, so attempts in it may be one item
    apart: bool | Literal["through"] = False  # its parts share nothing

    @cached_property
    def evidence(self) -> frozenset[Serving]:
        """All that is used, without waivers."""
        return self.servings.union(*(part.evidence for _, part in self.parts))

    @property
    def inside(self) -> Iterator[Use]:
        """This use and all inside it."""
        yield self
        for _, part in self.parts:
            yield from part.inside

    @cached_property
    def items(self) -> frozenset[Item]:
        """The items of the witness, waivers among them."""
        own = frozenset(serving.item for serving in self.servings) | self.waivers
        return own.union(*(part.items for _, part in self.parts))

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """The dates of all that is used, without waivers."""
        return tuple(serving.item.on for serving in self.evidence)

    def names(self) -> tuple[str, ...]:
        """The ids of the items, in the order of the language."""
        return tuple(item.id for item in sorted(self.items))

    def tree(self) -> dict[str, tuple[str, ...]]:
        """What each rule inside this one used, by the rule's path."""
        inside: dict[str, tuple[str, ...]] = {self.path: self.names()}
        for _, part in self.parts:
            inside |= part.tree()
        return inside

    def to_json(self) -> dict[str, Any]:
        """Write the use as a witness writes it."""
        chosen = sorted(self.servings, key=lambda serving: serving.order)
        roles = {s.item.id: s.role for s in chosen if s.role != s.item.ref}
        written: dict[str, Any] = {
            "path": self.path,
            "items": [serving.item.id for serving in chosen],
            "as": roles,
            "amounts": {id_: _written(amount) for id_, amount in self.amounts},
            "waived": [item.id for item in sorted(self.waivers)],
            "parts": {str(index): part.to_json() for index, part in self.parts},
        }
        return {key: value for key, value in written.items() if value or key == "path"}


def _written(amount: Fraction) -> str:
    """An exact amount: a decimal where there is one, else a fraction."""
    number = Decimal(amount.numerator) / Decimal(amount.denominator)
    return plain(number) if Fraction(number) == amount else str(amount)


@dataclass(frozen=True)
class User:
    """What one of several uses, and which of it is not one item with which."""

    evidence: frozenset[Serving]
    apart: tuple[tuple[frozenset[Serving], frozenset[Serving]], ...] = ()


def _compare(left: frozenset[Item], right: frozenset[Item]) -> int:
    """From the newest item down, the first that only one of them has decides against that one."""
    differing = left ^ right
    if not differing:
        return 0
    return 1 if max(differing) in left else -1


def best(sets: Iterable[frozenset[Item]]) -> frozenset[Item]:
    """Of several sets of items, return the one that does without late items."""
    return min(sets, key=cmp_to_key(_compare))


def settle(uses: Sequence[Use]) -> Use:
    """Of uses of one set of items, return the canonical one: depth-first in file order."""
    return _settled(uses, ())[0]


def _at(use: Use, spot: tuple[int, ...]) -> Use:
    for index in spot:
        use = dict(use.parts)[index]
    return use


def _settled(uses: Sequence[Use], spot: tuple[int, ...]) -> Sequence[Use]:
    here = [_at(use, spot) for use in uses]
    own = best(frozenset(serving.item for serving in use.servings) | use.waivers for use in here)
    uses = [
        use
        for use, there in zip(uses, here, strict=True)
        if frozenset(serving.item for serving in there.servings) | there.waivers == own
    ]
    for index in sorted({index for use in here for index, _ in use.parts}):
        taking = [use for use in uses if index in dict(_at(use, spot).parts)]
        if taking:
            uses = _settled(taking, (*spot, index))
    return uses


def canonical(uses: Sequence[Use]) -> Use:
    """Of all legal uses of a rule, return the canonical one."""
    items = best(use.items for use in uses)
    return settle([use for use in uses if use.items == items])


# --- where a rule stands -------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where a rule stands, the day of the verdict, and what may be used inside it."""

    file: Pathway
    credential: str
    day: date
    known: date  # what is revoked by this day can not serve
    together: tuple[date, ...] = ()
    only: tuple[Selector, ...] = ()
    since: tuple[Period, ...] = ()
    after: tuple[date, ...] = ()
    before: tuple[date, ...] = ()
    fresh: date | None = None  # evidence must be later than this day

    def inside(self, rule: RuleBase) -> Place:
        """The same place, with the restrictions of a rule that stands there."""
        return replace(
            self,
            only=self.only + ((rule.only,) if rule.only is not None else ()),
            since=self.since + ((rule.since,) if rule.since is not None else ()),
            after=self.after + ((rule.after,) if rule.after is not None else ()),
            before=self.before + ((rule.before,) if rule.before is not None else ()),
        )


@dataclass
class Renewal:
    """An award's expiry was moved."""

    on: date
    expires: date | None
    use: Use | None = None


@dataclass
class Award:
    """A credential that was awarded; its witness is a use, or only the items that it names."""

    credential: str
    on: date
    id: str
    expires: date | None
    use: Use | None
    used: frozenset[Serving]
    ground: date | None = None  # the day of the witness
    given: bool = False
    fresh: date | None = None
    award_class: str | None = None
    class_use: Use | None = None
    renewals: list[Renewal] = field(default_factory=list)
    revoked: date | None = None
    met_until: date | None = None  # `lasts: while_met`: the last day of the stretch so far
    lost: bool = False  # it was revoked because its evidence was
    examined: frozenset[Item] = frozenset()  # what it had lost when it was last examined

    def expiry(self, day: date) -> date | None:
        """When it expires, as far as renewals up to a day go."""
        past = [renewal for renewal in self.renewals if renewal.on <= day]
        return past[-1].expires if past else self.expires

    def unrevoked(self, day: date, known: date) -> bool:
        """Whether it was awarded by a day, and is not revoked by what is known."""
        return self.on <= day and (self.revoked is None or self.revoked > known)

    def held(self, day: date, known: date | None = None) -> bool:
        """Whether it is held on a day."""
        expires = self.expiry(day)
        return (
            self.unrevoked(day, known or day)
            and (expires is None or expires >= day)
            and (self.met_until is None or self.met_until >= day)
        )

    def last(self, day: date) -> date:
        """The day of the award or of its last renewal."""
        return max([self.on, *(r.on for r in self.renewals if r.on <= day)])


class World:
    """All that is known of one learner, and the meaning of every rule on any day."""

    def __init__(self, document: Document, record: Record, on: date) -> None:
        self.document = document
        self.record = record
        self.on = on
        self.completions = [
            (_completion_item(completed, on), completed) for completed in record.completed
        ]
        self.waivers = [
            (
                Item(waived.on or on, waived.rule, waived.id or f"waiver:{waived.rule}", "waiver"),
                waived.amount,
            )
            for waived in record.waived
        ]
        self._usable: dict[tuple[date, date, date], tuple[Serving, ...]] = {}
        self.awards: list[Award] = []
        recorded = [
            held for held in record.holds if held.on <= on and self._counts(held.credential)
        ]
        self.awards = [self._held(held) for held in recorded]
        for held, award in zip(recorded, self.awards, strict=True):
            award.used = frozenset(self._named(id_) for id_ in held.used)

    def _counts(self, ref: str) -> bool:
        """Whether an award on record is a fact; where it lasts `while_met`, the rule decides."""
        credential = self.document.credentials[ref][0]
        return credential.external or credential.lasts == "once_earned"

    def _held(self, held: Held) -> Award:
        valid_for = self.document.credentials[held.credential][0].valid_for
        if held.expires is None:
            expires = shift(held.on, valid_for) if valid_for else None
        else:
            expires = None if held.expires == "never" else held.expires
        return Award(
            credential=held.credential,
            on=held.on,
            id=held.id or f"{held.credential}@{held.on}",
            expires=expires,
            use=None,
            used=frozenset(),
            given=True,
            renewals=[Renewal(renewed.on, renewed.expires) for renewed in held.renewed],
            revoked=held.revoked,
        )

    def _named(self, id_: str) -> Serving:
        """The item that a held award names in `used`; an unknown one is itself."""
        for item, completed in self.completions:
            if item.id == id_:
                return self._serving(item, completed, self.source_module(completed.module))
        for award in self.awards:
            if award.id == id_:
                return self._award_serving(award)
        return Serving(
            Item(date.min, id_, id_, "completion"), id_, id_, None, None, None, frozenset()
        )

    @property
    def first_day(self) -> date:
        """The first day on which anything is dated."""
        days = [item.on for item, _ in self.completions]
        days += [item.on for item, _ in self.waivers]
        days += [award.on for award in self.awards]
        days += [substituted.on or self.on for substituted in self.record.substituted]
        days += [self.record.enrolled] if self.record.enrolled else []
        return min([*days, self.on])

    def days(self, last: date, first: date | None = None) -> Iterator[date]:
        """Every calendar day from the first on."""
        day = first or self.first_day
        while day <= last:
            yield day
            day += timedelta(days=1)

    # --- which items are usable ------------------------------------------------------------------

    def source_module(self, ref: str) -> str:
        """The module that a code stands for: itself, or the one that names it as equivalent."""
        if ref in self.document.modules:
            return ref
        return next(
            (m for m, (module, _) in self.document.modules.items() if ref in module.equivalents),
            ref,
        )

    def _roles(self, completed: Completed, day: date) -> list[str]:
        """The modules as which a completion may serve on a day."""
        modules = self.document.modules
        own = [completed.module] if completed.module in modules else []
        equal = [m for m, (module, _) in modules.items() if completed.module in module.equivalents]
        substituted = [
            s.counts_as
            for s in self.record.substituted
            if s.module in (completed.module, *equal) and (s.on or self.on) <= day
        ]
        return list(dict.fromkeys(own + equal + substituted))

    def _serving(self, item: Item, completed: Completed, role: str) -> Serving:
        module = self.document.modules[role][0]
        own = self.source_module(completed.module)
        as_itself = role == own

        def amount(stated: Decimal | None, of_role: Decimal | str) -> Decimal:
            if stated is not None and (as_itself or of_role == "varies"):
                return stated
            return of_role if isinstance(of_role, Decimal) else Decimal(0)

        level = completed.level if as_itself and completed.level is not None else module.level
        return Serving(
            item=item,
            role=role,
            source_module=own,
            credits=amount(completed.credits, module.credits),
            hours=amount(completed.hours, module.hours),
            level=level,
            groups=frozenset(module.groups) | frozenset(completed.groups),
            source=completed.source,
            score=completed.score,
            grade=completed.grade,
        )

    def _award_serving(self, award: Award) -> Serving:
        credential = self.document.credentials[award.credential][0]
        return Serving(
            item=Item(award.on, award.credential, award.id, "award"),
            role=award.credential,
            source_module=award.credential,
            credits=credential.credits,
            hours=credential.hours,
            level=credential.level,
            groups=frozenset(credential.groups),
            kind=credential.kind,
        )

    def _passes(self, completed: Completed, role: str) -> bool:
        module, file = self.document.modules[role]
        score = module.pass_score if module.pass_score is not None else file.defaults.pass_score
        grade = module.pass_grade if module.pass_grade is not None else file.defaults.pass_grade
        if score is not None and completed.score is not None and completed.score < score:
            return False
        if grade is not None and completed.grade is not None:
            return _at_least_grade(completed.grade, grade, file)
        return True

    def _unexpired(self, item: Item, completed: Completed, role: str, day: date) -> bool:
        valid_for = self.document.modules[role][0].valid_for
        if completed.expires is not None and role == self.source_module(completed.module):
            return completed.expires == "never" or completed.expires >= day
        return valid_for is None or shift(item.on, valid_for) >= day

    def usable_completions(self, day: date, verdict: date, known: date) -> tuple[Serving, ...]:
        """The completions that are usable on a day, in every part that they may play."""
        if (day, verdict, known) not in self._usable:
            self._usable[day, verdict, known] = tuple(
                self._serving(item, completed, role)
                for item, completed in self.completions
                if item.on <= day and (completed.revoked is None or completed.revoked > known)
                for role in self._roles(completed, verdict)
                if self._unexpired(item, completed, role, day) and self._passes(completed, role)
            )
        return self._usable[day, verdict, known]

    def repeats(self, module: str) -> float:
        """How many items the attempts at a module may be."""
        if module not in self.document.modules:
            return 1
        repeatable = self.document.modules[module][0].repeatable
        return float("inf") if repeatable == "unlimited" else repeatable

    def _items_on(self, day: date, place: Place) -> list[Serving]:
        """The completions that are items on one day, where a rule stands."""
        usable = self.usable_completions(day, place.day, place.known)
        if place.file.attempts == "any":
            return list(usable)
        choose = min if place.file.attempts == "first" else max
        chosen = {
            role: choose(s.item for s in usable if s.role == role)
            for role in {s.role for s in usable}
        }
        return [s for s in usable if self.repeats(s.role) > 1 or s.item == chosen[s.role]]

    def _awards_on(self, day: date, place: Place, *, even_if_expired: bool) -> list[Serving]:
        return [
            self._award_serving(award)
            for award in self.awards
            if award.credential != place.credential
            and (
                award.unrevoked(day, place.known)
                if even_if_expired
                else award.held(day, place.known)
            )
        ]

    def _candidates(self, place: Place, *, even_if_expired: bool = False) -> list[Serving]:
        """All that may be used where a rule stands."""
        found: list[set[Serving]] = []
        for day in place.together or (place.day,):
            awards = self._awards_on(day, place, even_if_expired=even_if_expired)
            found.append({*self._items_on(day, place), *awards})
        allowed = [s for s in set.intersection(*found) if self._permitted(s, place)]
        return sorted(allowed, key=lambda serving: serving.order)

    def _permitted(self, serving: Serving, place: Place) -> bool:
        on = serving.item.on
        return (
            all(shift(on, period) >= place.day for period in place.since)
            and all(on >= after for after in place.after)
            and all(on <= before for before in place.before)
            and (place.fresh is None or on > place.fresh)
            and all(
                self.matches(only, serving, place)
                for only in place.only
                if not serving.is_award or _names_awards(only)
            )
        )

    # --- selectors -------------------------------------------------------------------------------

    def kinds(self, selector: Selector, inherited: Kinds | None) -> Kinds | None:
        """Whether a selector speaks of modules or of credentials; None: its branches say so."""
        if selector.type is not None:
            return frozenset({selector.type})
        if selector.kind is not None:
            return CREDENTIALS
        if selector.ids is not None:
            credentials = self.document.credentials
            return frozenset("credential" if r in credentials else "module" for r in selector.ids)
        if inherited is None and selector.any_of is not None:
            return None
        return inherited or MODULES

    def matches(
        self, selector: Selector, serving: Serving, place: Place, inherited: Kinds | None = None
    ) -> bool:
        """Whether an item, in the part that it plays, matches every key of a selector."""
        kinds = self.kinds(selector, inherited)
        if kinds is not None and ("credential" if serving.is_award else "module") not in kinds:
            return False
        on = serving.item.on
        groups = serving.groups | {
            group for group, refs in place.file.groups.items() if serving.role in refs
        }
        return (
            (selector.groups is None or bool(groups & set(selector.groups)))
            and (selector.level is None or selector.level.holds(serving.level))
            and (selector.credits is None or selector.credits.holds(serving.credits))
            and (selector.hours is None or selector.hours.holds(serving.hours))
            and (selector.kind is None or serving.kind in selector.kind)
            and (selector.source is None or serving.source in selector.source)
            and (
                selector.min_score is None
                or (serving.score is not None and serving.score >= selector.min_score)
            )
            and (
                selector.min_grade is None
                or _at_least_grade(serving.grade, selector.min_grade, place.file)
            )
            and (selector.since is None or shift(on, selector.since) >= place.day)
            and (selector.after is None or on >= selector.after)
            and (selector.before is None or on <= selector.before)
            and (selector.ids is None or serving.role in selector.ids)
            and (
                selector.any_of is None
                or any(self.matches(branch, serving, place, kinds) for branch in selector.any_of)
            )
            and (
                selector.except_ is None
                or not self.matches(selector.except_, serving, place, kinds or MODULES)
            )
        )

    def catalogue(self, selector: Selector, place: Place) -> list[ModuleRule | CredentialRule]:
        """What `every` asks for: a rule for each module or credential that matches, by id."""
        rules: dict[str, ModuleRule | CredentialRule] = {}
        for ref, (module, _) in self.document.modules.items():
            entry = Serving(
                item=Item(place.day, ref, ref, "completion"),
                role=ref,
                source_module=ref,
                credits=module.credits if isinstance(module.credits, Decimal) else None,
                hours=module.hours if isinstance(module.hours, Decimal) else None,
                level=module.level,
                groups=frozenset(module.groups),
            )
            if self.matches(selector, entry, place):
                rules[ref] = ModuleRule(module=ref)
        for ref, (credential, _) in self.document.credentials.items():
            if ref == place.credential:
                continue
            entry = Serving(
                item=Item(place.day, ref, ref, "award"),
                role=ref,
                source_module=ref,
                credits=credential.credits,
                hours=credential.hours,
                level=credential.level,
                groups=frozenset(credential.groups),
                kind=credential.kind,
            )
            if self.matches(selector, entry, place):
                rules[ref] = CredentialRule(credential=ref)
        return [rules[ref] for ref in sorted(rules)]

    # --- rules -----------------------------------------------------------------------------------

    def uses(self, rule: RuleBase, path: str, place: Place, name: str | None = None) -> list[Use]:
        """Every legal use of a rule where it stands."""
        waivers = self._waivers(rule, place, name)
        if whole := [item for item, amount in waivers if amount is None]:
            return [Use(path, waivers=frozenset({item})) for item in whole]
        inner = place.inside(rule)
        if not rule.together:
            return self._unrestricted(rule, path, inner, waivers)
        found: dict[Use, None] = {}
        seen: set[frozenset[Serving]] = set()
        for day in self.days(place.day):
            there = replace(inner, together=(*inner.together, day))
            usable = frozenset(self._candidates(there, even_if_expired=False))
            usable |= frozenset(self._candidates(there, even_if_expired=True))
            if usable not in seen:
                seen.add(usable)
                found |= dict.fromkeys(self._unrestricted(rule, path, there, waivers))
        return list(found)

    def _waivers(
        self, rule: RuleBase, place: Place, name: str | None
    ) -> list[tuple[Item, Decimal | None]]:
        """The waivers of a rule that are in force."""
        unit = "" if place.file is self.document.main else f"{_unit(place.file)}/"
        keys = {unit + key for key in (rule.id, name) if key is not None}
        return [
            (item, amount)
            for item, amount in self.waivers
            if item.ref in keys and item.on <= place.day
        ]

    def _unrestricted(
        self, rule: RuleBase, path: str, place: Place, waivers: list[tuple[Item, Decimal | None]]
    ) -> list[Use]:
        uses = self._by_operator(rule, path, place, waivers)
        if rule.distinct or rule.overlap == 0:
            uses = [replace(use, apart=rule.distinct or True) for use in uses]
        return [use for use in uses if self._within(rule, use) and self._shares_legally(rule, use)]

    def _by_operator(
        self, rule: RuleBase, path: str, place: Place, waivers: list[tuple[Item, Decimal | None]]
    ) -> Iterable[Use]:
        match rule:
            case ModuleRule():
                return [
                    Use(path, frozenset({serving}))
                    for serving in self._candidates(place)
                    if self._completes(rule, serving, place)
                ]
            case CredentialRule():
                return [
                    Use(path, frozenset({serving}))
                    for serving in self._candidates(place, even_if_expired=rule.even_if_expired)
                    if serving.is_award
                    and serving.role == rule.credential
                    and (
                        rule.held_for is None or shift(serving.item.on, rule.held_for) <= place.day
                    )
                ]
            case NamedRule():
                named = place.file.rules[rule.rule]
                assert isinstance(named, RuleBase)
                inside = self.uses(named, f"{path}.rule", place, rule.rule)
                return [Use(path, parts=((0, use),)) for use in inside]
            case AllRule() | InOrderRule() | EveryRule():
                children = self._children(rule, path, place)
                uses = self._combined(path, place, children, [tuple(range(len(children)))])
                return filter(_in_order, uses) if isinstance(rule, InOrderRule) else uses
            case AnyRule():
                children = self._children(rule, path, place)
                return self._combined(path, place, children, combinations(range(len(children)), 1))
            case AtLeastRule():
                children = self._children(rule, path, place)
                chosen = combinations(range(len(children)), rule.at_least)
                return self._combined(path, place, children, chosen)
            case PointsRule():
                children = self._children(rule, path, place)
                return self._combined(path, place, children, _worth_enough(rule))
            case AmountRule():
                return self._selections(rule, path, place, waivers)
        raise AssertionError(f"no meaning for {rule!r}")

    def _children(self, rule: RuleBase, path: str, place: Place) -> list[tuple[str, RuleBase]]:
        """The rules directly inside a rule, each with its path."""
        if isinstance(rule, EveryRule):
            return [
                (f"{path}.every[{ref}]", child)
                for child in self.catalogue(rule.every, place)
                for ref in [child.module if isinstance(child, ModuleRule) else child.credential]
            ]
        key = {"at_least": "of", "points": "of"}.get(rule.operator, rule.operator)
        children = [child for child in rule.children if isinstance(child, RuleBase)]
        return [(f"{path}.{key}[{index}]", child) for index, child in enumerate(children)]

    def _combined(
        self,
        path: str,
        place: Place,
        children: list[tuple[str, RuleBase]],
        choices: Iterable[tuple[int, ...]],
    ) -> Iterator[Use]:
        """Every way to use the evidence in each of the chosen children, for every choice."""
        known: dict[int, list[Use]] = {}
        seen = 0
        for chosen in choices:
            for index in chosen:
                if index not in known:
                    known[index] = self.uses(children[index][1], children[index][0], place)
                if not known[index]:
                    break
            else:
                seen += prod(len(known[index]) for index in chosen)
                if seen > MOST_USES:
                    raise TooLargeError(path)
                for parts in product(*(known[index] for index in chosen)):
                    if chosen:
                        yield Use(path, parts=tuple(zip(chosen, parts, strict=True)))

    def _completes(self, rule: ModuleRule, serving: Serving, place: Place) -> bool:
        return (
            not serving.is_award
            and serving.role == rule.module
            and (
                rule.min_score is None
                or (serving.score is not None and serving.score >= rule.min_score)
            )
            and (
                rule.min_grade is None or _at_least_grade(serving.grade, rule.min_grade, place.file)
            )
            and (rule.selector is None or self.matches(rule.selector, serving, place))
        )

    # --- restrictions on a use as a whole --------------------------------------------------------

    def _within(self, rule: RuleBase, use: Use) -> bool:
        if rule.within is None or not use.dates:
            return True
        if not rule.within.of_enrolment:
            return shift(min(use.dates), rule.within.period) >= max(use.dates)
        enrolled = self.record.enrolled
        return enrolled is None or shift(enrolled, rule.within.period) >= max(use.dates)

    def _shares_legally(self, rule: RuleBase, use: Use) -> bool:
        if rule.overlap is None and not rule.distinct:
            return True
        through = rule.distinct == "through"
        users = [self._user(part, through=through) for _, part in use.parts]
        if isinstance(rule.overlap, OverlapCredits):
            most = Fraction(rule.overlap.credits)
            legal = any(credits <= most for _, credits in self._shared(users))
        elif rule.overlap is not None:
            legal = any(count <= rule.overlap for count, _ in self._shared(users))
        else:
            legal = True
        return legal and (not rule.distinct or any(count == 0 for count, _ in self._shared(users)))

    def _user(self, use: Use, *, through: bool = False) -> User:
        """One that uses evidence; what one of its selections counts is so many items."""
        apart = [(u.servings, u.servings) for u in use.inside if not u.every_attempt]
        for inner in use.inside:
            if inner.apart:
                deep = inner.apart == "through"
                parts = [self._used(part, through=deep) for _, part in inner.parts]
                apart += combinations(parts, 2)
        return User(self._used(use, through=through), tuple(apart))

    def _used(self, use: Use, *, through: bool) -> frozenset[Serving]:
        return use.evidence | (self._beneath(use.evidence) if through else frozenset())

    def _beneath(self, evidence: frozenset[Serving]) -> frozenset[Serving]:
        """What the awards among the evidence have used, and so on down."""
        named = {serving.item.id for serving in evidence if serving.is_award}
        own = [award.used for award in self.awards if award.id in named]
        return frozenset[Serving]().union(*own, *(self._beneath(used) for used in own))

    def _shared(self, users: Sequence[User]) -> Iterator[tuple[int, Fraction]]:
        """How many items, and credits, several users share, for every division into items."""
        for items in self._divisions(users):
            shared = [item for item in items if sum(bool(item & u.evidence) for u in users) > 1]
            credits = [max(s.measure("credits") for s in item) for item in shared]
            yield len(shared), sum(credits, Fraction(0))

    def _divisions(self, users: Sequence[User]) -> Iterator[list[frozenset[Serving]]]:
        """Every way to divide what was used into items.

        The attempts at one module are one item, unless it is repeatable: then they may be up to
        so many, where several users use any. What counted twice in one selection is two items,
        and so is what two parts used that share nothing.
        """
        blocks: list[frozenset[Serving]] = []
        for serving in frozenset[Serving]().union(*(user.evidence for user in users)):
            same = [block for block in blocks if any(self._one_item(serving, o) for o in block)]
            blocks = [block for block in blocks if block not in same]
            blocks.append(frozenset({serving}).union(*same))
        limited = []
        for module in {s.role for block in blocks for s in block if not s.is_award}:
            of_it = [block for block in blocks if any(s.role == module for s in block)]
            if sum(any(block & user.evidence for block in of_it) for user in users) > 1:
                limited.append(module)
        for items in _partitions(blocks):
            merged = [frozenset[Serving]().union(*item) for item in items]
            if all(self._may_be_one(item, users) for item in items) and all(
                sum(any(s.role == module for s in item) for item in merged) <= self.repeats(module)
                for module in limited
            ):
                yield merged

    def _one_item(self, left: Serving, right: Serving) -> bool:
        if left.is_award or right.is_award:
            return left.is_award and right.is_award and left.role == right.role
        return (
            left.item == right.item
            or (left.role == right.role and self.repeats(left.role) == 1)
            or (left.source_module == right.source_module and self.repeats(left.source_module) == 1)
        )

    def _may_be_one(self, blocks: Sequence[frozenset[Serving]], users: Sequence[User]) -> bool:
        """Whether attempts may be divided so that these are one item."""
        roles = [{s.role for s in block if self.repeats(s.role) > 1} for block in blocks]
        return len(blocks) == 1 or (
            bool(set.intersection(*roles))
            and not any(
                one & left and other & right
                for user in users
                for left, right in user.apart
                for one, other in permutations(blocks, 2)
            )
        )

    # --- selections ------------------------------------------------------------------------------

    def _selections(
        self,
        rule: AmountRule,
        path: str,
        place: Place,
        waivers: list[tuple[Item, Decimal | None]],
    ) -> Iterator[Use]:
        matching = [s for s in self._candidates(place) if self.matches(rule.selector, s, place)]
        valued = rule.average is not None or rule.sum is not None
        if valued:
            matching = [s for s in matching if self._value(rule, s, place) is not None]
        if valued and rule.over == "all":
            choices = list(self._all_at_once(matching))
        else:
            choices = [
                frozenset(chosen)
                for size in range(len(matching) + 1)
                for chosen in combinations(matching, size)
                if self._counts_once(chosen)
            ]
        waived = [
            frozenset(chosen)
            for size in range(len(waivers) + 1)
            for chosen in combinations(waivers, size)
        ]
        found: list[tuple[frozenset[Serving], frozenset[Item]]] = []
        options = sorted(product(choices, waived), key=lambda option: sum(map(len, option)))
        for servings, lowered in options:
            items = frozenset(item for item, _ in lowered)
            if any(servings >= others and items >= other for others, other in found):
                continue
            asked = rule.amount - sum((amount or 0 for _, amount in lowered), Decimal(0))
            amounts = self._judged(rule, servings, max(asked, Decimal(0)), place)
            if amounts is not None and (servings or items):
                found.append((servings, items))
                every = valued and rule.over == "all"
                yield Use(path, servings, amounts, items, every_attempt=every)

    def _all_at_once(self, matching: Sequence[Serving]) -> Iterator[frozenset[Serving]]:
        """The one selection of `over: all`: every item, in one of the ways in which it matches."""
        items = sorted({s.item for s in matching})
        ways = [[s for s in matching if s.item == item] for item in items]
        return map(frozenset, product(*ways))

    def _counts_once(self, chosen: Sequence[Serving]) -> bool:
        """Whether each module counts once, or as often as it may, and plays one part only."""
        modules = [s for s in chosen if not s.is_award]
        awards = [s.role for s in chosen if s.is_award]
        roles = [s.role for s in modules]
        sources = [s.source_module for s in modules]
        return (
            all(roles.count(role) <= self.repeats(role) for role in roles)
            and all(sources.count(source) <= self.repeats(source) for source in sources)
            and len({s.source_module for s in modules})
            == len({(s.source_module, s.role) for s in modules})
            and len(set(awards)) == len(awards)
        )

    def _value(self, rule: AmountRule, serving: Serving, place: Place) -> Fraction | None:
        of = rule.of or ("points" if place.file.scale else "score")
        if of == "score":
            return None if serving.score is None else Fraction(serving.score)
        if serving.grade is None or serving.grade not in place.file.scale:
            return None
        return Fraction(place.file.scale[serving.grade])

    def _judged(
        self, rule: AmountRule, servings: frozenset[Serving], asked: Decimal, place: Place
    ) -> tuple[tuple[str, Fraction], ...] | None:
        """The amounts that partial items contribute where a selection is legal, else None."""
        inherited = self.kinds(rule.selector, None)

        def matching(limit: Limit) -> frozenset[Serving]:
            assert limit.of is not None
            return frozenset(s for s in servings if self.matches(limit.of, s, place, inherited))

        chosen = sorted(servings, key=lambda serving: serving.order)
        capped = [limit for limit in rule.limits if limit.partial]
        partial = [
            s
            for s in chosen
            if s.measure(rule.unit) > 0 and any(s in matching(limit) for limit in capped)
        ]
        system = _System(chosen, partial)
        if not self._has_value(rule, chosen, place):
            return None
        system.at_least(Fraction(asked), lambda s: s.measure(rule.unit))
        for limit in rule.limits:
            unit = limit.unit or rule.unit
            if limit.at_least is not None or limit.at_most is not None:
                inside = matching(limit)
                share = limit.at_least or limit.at_most
                assert share is not None
                bound = Fraction(share.of(rule.amount))
                if limit.at_least is not None:
                    system.at_least(bound, _measure_of(inside, unit))
                else:
                    system.at_most(bound, _measure_of(inside, unit))
                continue
            assert limit.over is not None
            values = {
                value: frozenset(s for s in servings if value in self._values(limit, s, place))
                for value in frozenset().union(*(self._values(limit, s, place) for s in servings))
            }
            if limit.spread is None:
                assert limit.at_most_each is not None
                for inside in values.values():
                    system.at_most(Fraction(limit.at_most_each), _measure_of(inside, unit))
            else:
                each = Fraction(limit.each or 0)
                system.any_of(
                    [(each, _measure_of(inside, unit)) for inside in some]
                    for some in combinations(values.values(), limit.spread)
                )
        return system.solution(rule.unit)

    def _values(self, limit: Limit, serving: Serving, place: Place) -> frozenset[str]:
        """The values of an item that `spread` and `at_most_each` count by."""
        groups = serving.groups | {
            group for group, refs in place.file.groups.items() if serving.role in refs
        }
        match limit.over:
            case "groups":
                return groups
            case "level":
                return frozenset() if serving.level is None else frozenset({plain(serving.level)})
            case "source":
                return frozenset() if serving.source is None else frozenset({serving.source})
            case "module":
                return frozenset({serving.role})
        assert limit.over is not None
        return groups & frozenset(limit.over)

    def _has_value(self, rule: AmountRule, chosen: Sequence[Serving], place: Place) -> bool:
        """Whether the average and the sum of a selection are reached, each item taken whole."""
        if rule.average is None and rule.sum is None:
            return True
        default = "credits" if rule.unit == "credits" and rule.average is not None else "none"
        by_credits = (rule.weighted_by or default) == "credits"

        def weight(serving: Serving) -> Fraction:
            return serving.measure("credits") if by_credits else Fraction(1)

        def value(serving: Serving) -> Fraction:
            found = self._value(rule, serving, place)
            assert found is not None
            return found

        total = sum((weight(s) * value(s) for s in chosen), Fraction(0))
        weights = sum((weight(s) for s in chosen), Fraction(0))
        # An average of nothing is no average.
        averaged = rule.average is None or (
            weights > 0 and total >= Fraction(rule.average) * weights
        )
        return averaged and (rule.sum is None or total >= Fraction(rule.sum))

    # --- the rule of a credential ----------------------------------------------------------------

    def rule_at(self, credential: str, path: str) -> RuleBase:
        """The rule of a credential, of one of its classes, or of its renewal."""
        found = self.document.credentials[credential][0]
        if path == "requires":
            rule = found.requires
        elif path == "renewal.requires":
            assert found.renewal is not None
            rule = found.renewal.requires
        else:
            rule = next(c.requires for c in found.classes if path == class_path(c.name))
        assert isinstance(rule, RuleBase)
        return rule

    def legal_uses(
        self,
        credential: str,
        path: str,
        day: date,
        *,
        fresh: date | None = None,
        known: date | None = None,
    ) -> list[Use]:
        """Every legal use of a credential's rule on a day, by what is revoked as is `known`."""
        file = self.document.credentials[credential][1]
        place = Place(file, credential, day, known or day, fresh=fresh)
        uses = self.uses(self.rule_at(credential, path), path, place)
        uses = [use for use in uses if not self._barred(use)]
        if path != "requires":
            return uses
        days = {day, known or day}
        return [use for use in uses if all(self._leaves_alone(credential, use, d) for d in days)]

    def _barred(self, use: Use) -> bool:
        """Whether a use has two modules that are barred to each other."""

        def bars(left: str, right: str) -> bool:
            module = self.document.modules.get(left)
            return module is not None and right in module[0].barred

        played = [{s.role, s.source_module} for s in use.evidence if not s.is_award]
        return any(
            bars(one, other) or bars(other, one)
            for left, right in combinations(played, 2)
            for one in left
            for other in right
        )

    def _rivals(self, credential: str) -> Iterator[tuple[str, int]]:
        """The other credentials of its exclusive sets, each with the share."""
        for file in self.document.files:
            for exclusive in file.exclusive:
                if credential in exclusive.credentials:
                    for other in exclusive.credentials:
                        if other != credential:
                            yield other, exclusive.share

    def _leaves_alone(self, credential: str, use: Use, day: date) -> bool:
        """Whether a use keeps off what held awards of the credential's sets have used."""
        return all(
            self._spares(use, award.used, share)
            for other, share in self._rivals(credential)
            for award in self.awards
            if award.credential == other and award.held(day)
        )

    def _spares(self, use: Use, used: frozenset[Serving], share: int) -> bool:
        """Whether a use has so many items at most in common with what another award has used."""
        users = [self._user(use), User(used)]
        return any(count <= share for count, _ in self._shared(users))

    def compatible(self, one: tuple[str, Use], other: tuple[str, Use]) -> bool:
        """Whether two awards of a set could be made on these uses at once."""
        return all(
            self._spares(one[1], other[1].evidence, share)
            and self._spares(other[1], one[1].evidence, share)
            for rival, share in self._rivals(one[0])
            if rival == other[0]
        )


def class_path(name: str) -> str:
    """The path of the rule of a class."""
    return f"classes[{name}].requires"


def _completion_item(completed: Completed, on: date) -> Item:
    day = completed.on or on
    return Item(day, completed.module, completed.id or f"{completed.module}@{day}", "completion")


def _at_least_grade(grade: str | None, asked: str, file: Pathway) -> bool:
    scale = list(file.scale)
    return grade in scale and asked in scale and scale.index(grade) <= scale.index(asked)


def _names_awards(selector: Selector) -> bool:
    """Whether a selector names `type` or `kind`."""
    inner = [*(selector.any_of or ()), *([selector.except_] if selector.except_ else [])]
    return (
        selector.type is not None
        or selector.kind is not None
        or any(_names_awards(branch) for branch in inner)
    )


def _unit(file: Pathway) -> str:
    return file.pathway or file.catalogue or ""


def _in_order(use: Use) -> bool:
    parts = [part for _, part in use.parts]
    return all(
        early <= late
        for left, right in combinations(parts, 2)
        for early in left.dates
        for late in right.dates
    )


def _worth_enough(rule: PointsRule) -> Iterator[tuple[int, ...]]:
    """Every choice of children that is enough, and was not so before its last child was taken."""

    def enough(chosen: tuple[int, ...]) -> bool:
        required = {index for index, child in enumerate(rule.of) if child.required}
        total = sum((rule.of[index].worth for index in chosen), Decimal(0))
        return total >= rule.points and required <= set(chosen)

    for size in range(1, len(rule.of) + 1):
        for chosen in combinations(range(len(rule.of)), size):
            if enough(chosen) and not enough(chosen[:-1]):
                yield chosen


def _partitions(blocks: Sequence[frozenset[Serving]]) -> Iterator[list[list[frozenset[Serving]]]]:
    """Every way to put blocks into heaps."""
    if not blocks:
        yield []
        return
    first, rest = blocks[0], blocks[1:]
    for heaps in _partitions(rest):
        yield [[first], *heaps]
        for index in range(len(heaps)):
            yield [*heaps[:index], [first, *heaps[index]], *heaps[index + 1 :]]


# --- parts of items ------------------------------------------------------------------------------

Row = tuple[tuple[Fraction, ...], Fraction]  # coefficients, and the least that their sum may be


def _measure_of(inside: frozenset[Serving], unit: Unit) -> Callable[[Serving], Fraction]:
    return lambda serving: serving.measure(unit) if serving in inside else Fraction(0)


class _System:
    """Bounds on a selection of which some items may contribute a part, from nothing to all."""

    def __init__(self, chosen: Sequence[Serving], partial: Sequence[Serving]) -> None:
        self.chosen = chosen
        self.partial = partial
        self.rows: list[Row] = []
        self.choices: list[list[list[Row]]] = []

    def _row(self, least: Fraction, of: Callable[[Serving], Fraction]) -> Row:
        whole = sum((of(s) for s in self.chosen if s not in self.partial), Fraction(0))
        return tuple(of(s) for s in self.partial), least - whole

    def at_least(self, least: Fraction, of: Callable[[Serving], Fraction]) -> None:
        self.rows.append(self._row(least, of))

    def at_most(self, most: Fraction, of: Callable[[Serving], Fraction]) -> None:
        self.rows.append(self._row(-most, lambda serving: -of(serving)))

    def any_of(
        self, choices: Iterable[Sequence[tuple[Fraction, Callable[[Serving], Fraction]]]]
    ) -> None:
        self.choices.append([[self._row(least, of) for least, of in some] for some in choices])

    def solution(self, unit: Unit) -> tuple[tuple[str, Fraction], ...] | None:
        """The amounts of the partial items, in a unit, where all bounds can be kept."""
        size = len(self.partial)
        unit_rows: list[Row] = []
        for index in range(size):
            one = tuple(Fraction(int(index == other)) for other in range(size))
            unit_rows += [(one, Fraction(0)), (tuple(-x for x in one), Fraction(-1))]
        for chosen in product(*self.choices):
            rows = self.rows + [row for some in chosen for row in some] + unit_rows
            for corner in _corners(rows, size):
                if all(_holds(row, corner) for row in rows):
                    return tuple(
                        (serving.item.id, part * serving.measure(unit))
                        for serving, part in zip(self.partial, corner, strict=True)
                        if part != 1
                    )
        return None


def _holds(row: Row, point: Sequence[Fraction]) -> bool:
    coefficients, least = row
    return sum((c * x for c, x in zip(coefficients, point, strict=True)), Fraction(0)) >= least


def _corners(rows: Sequence[Row], size: int) -> Iterator[tuple[Fraction, ...]]:
    """The points where so many bounds meet; a bounded region that is not empty has one."""
    if size == 0:
        yield ()
        return
    proper = [row for row in rows if any(row[0])]
    for tight in combinations(proper, size):
        if (point := _solved(tight, size)) is not None:
            yield point


def _solved(rows: Sequence[Row], size: int) -> tuple[Fraction, ...] | None:
    """The one point on all of the bounds, by elimination."""
    matrix = [[*coefficients, least] for coefficients, least in rows]
    for column in range(size):
        pivot = next((r for r in range(column, size) if matrix[r][column] != 0), None)
        if pivot is None:
            return None
        matrix[column], matrix[pivot] = matrix[pivot], matrix[column]
        scale = matrix[column][column]
        matrix[column] = [x / scale for x in matrix[column]]
        for other in range(size):
            if other != column:
                factor = matrix[other][column]
                matrix[other] = [
                    x - factor * y for x, y in zip(matrix[other], matrix[column], strict=True)
                ]
    return tuple(row[-1] for row in matrix)


# --- awards, in time -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """What has become of one credential."""

    status: str
    awarded_on: date | None
    expires_on: date | None
    award_class: str | None
    outcome: str
    witness: Use | None
    witness_on: date | None
    class_witness: Use | None
    renewals: tuple[tuple[date, date | None, Use | None], ...]
    given: bool
    today: Use | None  # the canonical use on the day itself, where the rule is met then


class Life:
    """A learner's record, lived through day by day."""

    def __init__(self, document: Document, record: Record, on: date) -> None:
        self.world = World(document, record, on)
        self.document = document
        self.record = record
        self.on = on
        self.awaiting: set[str] = set()
        self.order = bottom_up(self.world)

    def live(self) -> None:
        """Go through every day up to the last."""
        for day in self.world.days(self.on):
            self._lose(day)
            self.cascade(day)

    def cascade(self, day: date) -> None:
        """Decide what is due on a day, bottom up, until nothing new is."""
        while self._step(day):
            pass
        for award in self.world.awards:
            if award.on == day and not award.given and award.award_class is None:
                self._classify(award)

    def _credential(self, ref: str) -> Credential:
        return self.document.credentials[ref][0]

    def _step(self, day: date) -> bool:
        """Look at every credential once, those that exclude each other together."""
        changed = False
        for refs in self.order:
            for ref in refs:
                if self._credential(ref).lasts == "while_met":
                    changed |= self._last(ref, day)
                else:
                    changed |= self._renew(ref, day)
            changed |= self._award(refs, day)
        return changed

    # --- making awards ---------------------------------------------------------------------------

    def latest(self, ref: str, day: date) -> Award | None:
        """The last award of a credential by a day."""
        made = [a for a in self.world.awards if a.credential == ref and a.on <= day]
        return max(reversed(made), key=lambda award: award.on, default=None)

    def _open(self, ref: str, day: date) -> tuple[bool, date | None]:
        """Whether a credential can be earned on a day, and by evidence later than which day."""
        credential = self._credential(ref)
        if self.record.enrolled is not None and day < self.record.enrolled:
            return False, None
        if any(a.credential == ref and a.given and a.on > day for a in self.world.awards):
            return False, None  # what is on record is a fact, not decided again
        last = self.latest(ref, day)
        if last is None:
            return True, None
        if last.held(day) or credential.again == "never":
            return False, None
        if credential.again == "any" or last.lost:
            return True, None
        return True, last.last(day)

    def _due(self, ref: str, day: date) -> list[Use]:
        """The legal uses on which a credential may be awarded on a day, for the first time."""
        credential = self._credential(ref)
        if credential.external or credential.lasts == "while_met" or ref in self.awaiting:
            return []
        is_open, fresh = self._open(ref, day)
        return self.world.legal_uses(ref, "requires", day, fresh=fresh) if is_open else []

    def _decide(self, ref: str, day: date, use: Use) -> bool:
        """Make an award that is due, or let it await its approval."""
        credential = self._credential(ref)
        if credential.award == "approval" and ref not in self.record.approved:
            self.awaiting.add(ref)
            return False
        names = [f"{ref}@{day}", *(f"{ref}@{day}#{n}" for n in range(2, 10))]
        taken = {award.id for award in self.world.awards}
        self.world.awards.append(
            Award(
                credential=ref,
                on=day,
                id=next(name for name in names if name not in taken),
                expires=shift(day, credential.valid_for) if credential.valid_for else None,
                use=use,
                used=use.evidence,
                ground=day,
                fresh=self._open(ref, day)[1],
            )
        )
        return True

    def _classify(self, award: Award) -> None:
        for award_class in self._credential(award.credential).classes:
            if award_class.requires is None:
                award.award_class = award_class.name
                return
            uses = self.world.legal_uses(award.credential, class_path(award_class.name), award.on)
            if uses:
                award.award_class, award.class_use = award_class.name, canonical(uses)
                return

    def _last(self, ref: str, day: date) -> bool:
        """Begin or continue a stretch of days on which the rule of a `while_met` is met."""
        latest = self.latest(ref, day)
        if latest is not None and latest.met_until == day:
            return False
        if self.record.enrolled is not None and day < self.record.enrolled:
            return False
        uses = self.world.legal_uses(ref, "requires", day)
        if not uses:
            return False
        if latest is not None and latest.met_until == day - timedelta(days=1):
            latest.met_until = day
        else:
            use = canonical(uses)
            self.world.awards.append(
                Award(ref, day, f"{ref}@{day}", None, use, use.evidence, day, met_until=day)
            )
        return True

    def _renew(self, ref: str, day: date) -> bool:
        credential = self._credential(ref)
        award = self.latest(ref, day)
        if credential.renewal is None or award is None or not award.unrevoked(day, day):
            return False
        expires = award.expiry(day)
        since = award.last(day)
        if expires is None or credential.valid_for is None or day <= since:
            return False
        opens, grace = credential.renewal.opens, credential.renewal.grace
        if opens is not None and shift(day, opens) < expires:
            return False
        if grace != "unlimited" and day > (shift(expires, grace) if grace else expires):
            return False
        uses = self.world.legal_uses(ref, "renewal.requires", day, fresh=since)
        if not uses:
            return False
        use = canonical(uses)
        if day < expires and not use.evidence:
            return False  # waivers alone renew when it would expire
        moved = shift(max(day, expires), credential.valid_for)
        award.renewals.append(Renewal(day, moved, use))
        return True

    # --- exclusive sets --------------------------------------------------------------------------

    def _award(self, refs: Sequence[str], day: date) -> bool:
        """Make what is due of credentials that exclude each other; one alone is no different."""
        due = {ref: uses for ref in refs if (uses := self._due(ref, day))}
        if self._jointly(due):
            changed = False
            for ref in due:
                use = canonical([use for use in due[ref] if self._jointly({**due, ref: [use]})])
                due[ref] = [use]
                changed |= self._decide(ref, day, use)
            return changed
        for ref in due:
            if ref in self.record.approved:
                return self._decide(ref, day, canonical(due[ref]))
        self.awaiting |= set(due)
        return False

    def _jointly(self, due: dict[str, list[Use]]) -> bool:
        """Whether several credentials have uses that are legal all at once."""
        if prod(map(len, due.values())) > MOST_USES:
            raise TooLargeError(" and ".join(due))
        return any(
            all(
                self.world.compatible(one, other)
                for one, other in combinations(zip(due, uses, strict=True), 2)
            )
            for uses in product(*due.values())
        )

    # --- lost evidence ---------------------------------------------------------------------------

    def _lose(self, day: date) -> None:
        """Examine every award whose witness has lost evidence."""
        for ref in dict.fromkeys(ref for refs in self.order for ref in refs):
            credential = self._credential(ref)
            if credential.external or credential.lasts == "while_met":
                continue
            for award in self.world.awards:
                lost = {s.item for s in award.used if self._is_lost(s.item, day)}
                if award.credential == ref and award.unrevoked(day, day) and lost - award.examined:
                    award.examined |= lost
                    self._examine(award, day)

    def _is_lost(self, item: Item, day: date) -> bool:
        return any(
            item == other and completed.revoked is not None and completed.revoked <= day
            for other, completed in self.world.completions
        ) or any(
            item.what == "award" and item.id == award.id and not award.unrevoked(award.on, day)
            for award in self.world.awards
        )

    def _examine(self, award: Award, lost: date) -> None:
        for day in self.world.days(lost, self.record.enrolled):
            if award.fresh is not None and day <= award.fresh:
                continue
            uses = self.world.legal_uses(
                award.credential, "requires", day, fresh=award.fresh, known=lost
            )
            if uses:
                award.use = canonical(uses)
                award.used = award.use.evidence
                award.ground = day
                return
        if self._credential(award.credential).on_lost_evidence == "revoke":
            award.revoked, award.lost = lost, True

    # --- what has become of it -------------------------------------------------------------------

    def standing(self, ref: str, imagined: Life | None) -> Standing:
        """The status of a credential on the last day, and the outcome of its rule."""
        credential = self._credential(ref)
        award = self.latest(ref, self.on)
        uses: list[Use] = []
        if credential.external:
            outcome = "met" if award is not None and award.held(self.on) else "unmet"
        elif uses := self.world.legal_uses(ref, "requires", self.on):
            outcome = "met"
        elif imagined is not None and imagined.world.legal_uses(ref, "requires", self.on):
            outcome = "pending"
        else:
            outcome = "unmet"
        return Standing(
            status=self._status(ref, award),
            awarded_on=award.on if award else None,
            expires_on=award.expiry(self.on) if award else None,
            award_class=award.award_class if award else None,
            outcome=outcome,
            witness=award.use if award else None,
            witness_on=award.ground if award else None,
            class_witness=award.class_use if award else None,
            renewals=tuple((r.on, r.expires, r.use) for r in award.renewals) if award else (),
            given=award.given if award else False,
            today=canonical(uses) if uses else None,
        )

    def _status(self, ref: str, award: Award | None) -> str:
        if award is None:
            return "awaiting approval" if ref in self.awaiting else "not held"
        if award.held(self.on):
            return "held"
        if not award.unrevoked(self.on, self.on):
            return "revoked"
        return "lapsed" if award.met_until is not None else "expired"

    def imagine(self) -> Life | None:
        """The same life, with what is in progress completed on the last day."""
        if not self.record.in_progress:
            return None
        ideal = [
            Completed(
                module=started.module,
                on=self.on,
                score=Decimal(100),
                grade=next(iter(self.document.main.scale), None),
                credits=started.credits,
                hours=started.hours,
                source=started.source,
                id=f"~{started.module}",
            )
            for started in self.record.in_progress
        ]
        record = self.record.model_copy(update={"completed": (*self.record.completed, *ideal)})
        imagined = Life(self.document, record, self.on)
        imagined.world.awards = [
            replace(award, renewals=list(award.renewals)) for award in self.world.awards
        ]
        imagined.awaiting = set(self.awaiting)
        imagined.cascade(self.on)
        return imagined


def bottom_up(world: World) -> list[tuple[str, ...]]:
    """The credentials after those that their rules look at, together with all that exclude them."""
    order: list[tuple[str, ...]] = []
    begun: set[str] = set()

    def visit(ref: str) -> None:
        if ref in begun:
            return
        together = _excluding(world.document, ref)
        begun.update(together)
        for member in together:
            credential, file = world.document.credentials[member]
            place = Place(file, member, world.on, world.on)
            rules = [credential.requires, *(c.requires for c in credential.classes)]
            if credential.renewal is not None:
                rules.append(credential.renewal.requires)
            for rule in rules:
                if isinstance(rule, RuleBase):
                    for lower in _looks_at(world, rule, place):
                        visit(lower)
        order.append(together)

    for ref in world.document.credentials:
        visit(ref)
    return order


def _excluding(document: Document, ref: str) -> tuple[str, ...]:
    """A credential with those that exclude it, and those that exclude these, in order."""
    sets = [exclusive.credentials for file in document.files for exclusive in file.exclusive]
    found = [ref]
    for other in found:
        found += [r for refs in sets if other in refs for r in refs if r not in found]
    return tuple(dict.fromkeys(r for r in [r for refs in sets for r in refs] + [ref] if r in found))


def _looks_at(world: World, rule: RuleBase, place: Place) -> Iterator[str]:
    if isinstance(rule, CredentialRule):
        yield rule.credential
    elif isinstance(rule, NamedRule):
        named = place.file.rules[rule.rule]
        assert isinstance(named, RuleBase)
        yield from _looks_at(world, named, place)
    elif isinstance(rule, EveryRule | AmountRule):
        selector = rule.every if isinstance(rule, EveryRule) else rule.selector
        for wanted in world.catalogue(selector, place):
            if isinstance(wanted, CredentialRule):
                yield wanted.credential
    for child in rule.children:
        if isinstance(child, RuleBase):
            yield from _looks_at(world, child, place)


# --- the questions that the tests ask ------------------------------------------------------------


def lived(document: Document, record: Record, on: date) -> Life:
    """Live a record through to a day."""
    life = Life(document, record, on)
    life.live()
    return life


def assess(document: Document, record: Record, on: date) -> dict[str, Standing]:
    """What has become of every credential by a day."""
    life = lived(document, record, on)
    imagined = life.imagine()
    return {ref: life.standing(ref, imagined) for ref in document.credentials}


def uses(
    document: Document,
    record: Record,
    credential: str,
    path: str,
    on: date,
    *,
    after: date | None = None,
) -> Iterator[tuple[frozenset[str], Use]]:
    """Every legal use of a credential's rule on a day, with the ids of its items."""
    world = lived(document, record, on).world
    for use in world.legal_uses(credential, path, on, fresh=after):
        yield frozenset(item.id for item in use.items), use


def met(
    document: Document,
    record: Record,
    credential: str,
    path: str,
    on: date,
    *,
    after: date | None = None,
) -> bool:
    """Whether some legal use of the evidence meets the rule."""
    return any(True for _ in uses(document, record, credential, path, on, after=after))


def canonical_use(
    document: Document,
    record: Record,
    credential: str,
    path: str,
    on: date,
    *,
    after: date | None = None,
) -> Use | None:
    """The canonical use of a rule on a day, where it is met."""
    found = [use for _, use in uses(document, record, credential, path, on, after=after)]
    return canonical(found) if found else None


def canonical_items(
    document: Document,
    record: Record,
    credential: str,
    path: str,
    on: date,
    *,
    after: date | None = None,
) -> tuple[str, ...] | None:
    """The items of the canonical witness, in order, where the rule is met."""
    use = canonical_use(document, record, credential, path, on, after=after)
    return use.names() if use else None
