"""What a rule could select from the catalogue, and the most that it could amount to.

The catalogue's own figures decide, every permitted attempt counted; what varies, or may be
repeated without end, has no bound. So the answer is never too small: what lies beyond it can not
be reached by anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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


def selectable(
    catalogue: Catalogue,
    selector: Selector,
    *,
    inherited: frozenset[str] = MODULES,
    only: Iterable[Selector] = (),
    but: str | None = None,
) -> frozenset[str]:
    """Return what a selector can match inside rules with these `only`s.

    `but` is the credential in whose rule it stands, which is never matched. A module without a
    level has none, unless it is one whose completions say what they amount to.
    """
    return frozenset(
        ref
        for ref in catalogue.matching(selector, inherited=inherited)
        if not (ref == but and ref in catalogue.document.credentials)
        and (selector.level is None or _may_have_level(catalogue.entries[ref]))
        and all(lets_through(catalogue, each, ref) for each in only)
    )


def _may_have_level(entry: Entry) -> bool:
    return entry.level is not None or "varies" in (entry.credits, entry.hours)


def lets_through(catalogue: Catalogue, only: Selector, ref: str) -> bool:
    """Tell whether an `only` can let a completion of a module through; awards pass it."""
    if ref not in catalogue.document.modules:
        return True
    return catalogue.match(only, ref) is not Match.NO


def reach(catalogue: Catalogue, refs: Iterable[str], unit: Unit) -> Decimal:
    """Return the most that a selection of these can amount to; it may be `UNLIMITED`."""
    return sum((_most(catalogue, ref, unit) for ref in refs), Decimal(0))


def _most(catalogue: Catalogue, ref: str, unit: Unit) -> Decimal:
    entry = catalogue.entries[ref]
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
