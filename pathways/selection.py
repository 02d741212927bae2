"""What a rule could select from the catalogue, and the most that it could amount to.

The catalogue's own figures decide, every permitted attempt counted; what varies, or may be
repeated without end, has no bound. So the answer is never too small: what lies beyond it can not
be reached by anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from pathways.catalogue import Catalogue, Entry, Match
from pathways.document import Module, Selector, Unit
from pathways.tree import Loc

UNLIMITED = Decimal("Infinity")
MODULES: frozenset[str] = frozenset({"module"})
AWARDS: frozenset[str] = frozenset({"credential"})

#: The keys that only a completion has, where dates are something an award has too.
COMPLETED_ONLY = ("source", "min_score", "min_grade")


@dataclass(frozen=True, slots=True)
class Part:
    """A selector with its place, and what kinds of item it inherits from the one around it."""

    selector: Selector
    loc: Loc
    inherited: frozenset[str]
    role: str  # the key under which it stands


def parts_of(
    catalogue: Catalogue, selector: Selector, loc: Loc, inherited: frozenset[str] = MODULES
) -> Iterator[Part]:
    """Yield a selector and every alternative and exception inside it, outermost first."""
    yield Part(selector, loc, inherited, str(loc[-1]))
    kinds = catalogue.kinds(selector, inherited)
    says = (selector.type, selector.kind, selector.ids) != (None, None, None)
    for index, branch in enumerate(selector.any_of or ()):
        # An outermost `any_of` leaves the kind of item to its alternatives.
        yield from parts_of(
            catalogue, branch, (*loc, "any_of", index), kinds if says else inherited
        )
    if selector.except_ is not None:
        yield from parts_of(catalogue, selector.except_, (*loc, "except"), kinds)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a rule could select, and the most that it could amount to."""

    catalogue: Catalogue
    refs: frozenset[str]
    _most: dict[Unit, Decimal] = field(default_factory=dict, compare=False)

    def most(self, unit: Unit) -> Decimal:
        """Return the most that a selection can amount to; it may be `UNLIMITED`."""
        if unit not in self._most:
            entries = (self.catalogue.entries[ref] for ref in self.refs)
            self._most[unit] = sum((_most(entry, unit) for entry in entries), Decimal(0))
        return self._most[unit]

    def among(self, refs: frozenset[str]) -> Offer:
        """Return the part of the offer that is among these."""
        return Offer(self.catalogue, self.refs & refs)


class Offers:
    """What the selectors of one file could select; the same question is answered once."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Take a catalogue in the words of the file."""
        self.catalogue = catalogue
        self._known: dict[object, Offer] = {}

    def of(
        self,
        selector: Selector,
        *,
        inherited: frozenset[str] = MODULES,
        only: tuple[Selector, ...] = (),
        but: str | None = None,
    ) -> Offer:
        """Return what a selector can match inside rules with these `only`s.

        `but` is the credential in whose rule it stands, which is never matched. A module without a
        level has none, unless it is one whose completions say what they amount to.
        """
        if "credential" not in self.catalogue.kinds(selector, inherited):
            but = None
        key = (selector, inherited, only, but)
        if key not in self._known:
            self._known[key] = Offer(
                self.catalogue, self._refs(selector, inherited, only) - {but or ""}
            )
        return self._known[key]

    def _refs(
        self, selector: Selector, inherited: frozenset[str], only: tuple[Selector, ...]
    ) -> frozenset[str]:
        refs = self.catalogue.matching(selector, inherited=inherited)
        if selector.level is not None:
            refs = frozenset(filter(self._may_have_level, refs))
        for each in only:
            refs = frozenset(ref for ref in refs if lets_through(self.catalogue, each, ref))
        return refs

    def _may_have_level(self, ref: str) -> bool:
        entry = self.catalogue.entries[ref]
        return entry.level is not None or "varies" in (entry.credits, entry.hours)


def lets_through(catalogue: Catalogue, only: Selector, ref: str) -> bool:
    """Tell whether an `only` can let a completion of a module through; awards pass it."""
    if ref not in catalogue.document.modules:
        return True
    return catalogue.match(only, ref) is not Match.NO


def _most(entry: Entry, unit: Unit) -> Decimal:
    repeatable = entry.repeatable if isinstance(entry, Module) else 1
    times = UNLIMITED if repeatable == "unlimited" else Decimal(repeatable)
    if unit == "count":
        return times
    each = entry.credits if unit == "credits" else entry.hours
    if each == "varies":
        return UNLIMITED
    return each * times if each else Decimal(0)


def groups_known(catalogue: Catalogue) -> frozenset[str]:
    """Return the groups that a rule of the catalogue's file may name."""
    own = (group for entry in catalogue.entries.values() for group in entry.groups)
    return frozenset((*catalogue.file.groups, *own))


def award_kinds(catalogue: Catalogue) -> frozenset[str]:
    """Return every kind of credential that there is."""
    credentials = catalogue.document.credentials.values()
    return frozenset(each.kind for each, _ in credentials if each.kind is not None)
