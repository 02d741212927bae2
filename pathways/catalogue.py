"""What a selector may match, as far as the catalogue tells before anybody has completed anything.

A completion may differ from its module (its own level, credits, groups) and has what no module has
(a source, a score, a date). So for each entry there are three answers: it matches, it does not,
or that depends on the completion. What depends is counted as possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from functools import cached_property

from pathways.document import (
    COMPLETION_KEYS,
    Bounds,
    Credential,
    Document,
    Module,
    Pathway,
    Selector,
)

Entry = Module | Credential

#: What a selector speaks of where nothing is said: completions.
MODULES = frozenset({"module"})


def types_said(selector: Selector, document: Document) -> frozenset[str]:
    """The types of item that a selector names by itself: `module`, `credential`, both, or none."""
    if selector.type is not None:
        return frozenset({selector.type})
    if selector.kind is not None:
        return frozenset({"credential"})
    if selector.ids is not None:
        credentials = document.credentials
        return frozenset("credential" if ref in credentials else "module" for ref in selector.ids)
    return frozenset()


def types_of(
    selector: Selector, document: Document, inherited: frozenset[str] = MODULES
) -> frozenset[str]:
    """The types of item that a selector may match: those it names, else those it inherits."""
    if said := types_said(selector, document):
        return said
    if selector.any_of is not None:
        branches = (types_of(branch, document, inherited) for branch in selector.any_of)
        return frozenset().union(*branches)
    return inherited


class Match(IntEnum):
    """Whether a catalogue entry matches; the lesser of two answers is both together."""

    NO = 0
    DEPENDS = 1
    YES = 2


@dataclass(frozen=True)
class Catalogue:
    """A document's modules and credentials, in the words of one of its files.

    A group that no module is in is given by completions, so any module may turn out to be in it;
    with `open_groups=False` none is.
    """

    document: Document
    file: Pathway
    open_groups: bool = True

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Every module and credential by its reference, modules first."""
        modules = {ref: module for ref, (module, _) in self.document.modules.items()}
        credentials = {ref: model for ref, (model, _) in self.document.credentials.items()}
        return {**modules, **credentials}

    @cached_property
    def _groups(self) -> Mapping[str, frozenset[str]]:
        groups: dict[str, set[str]] = {
            name: set(members) for name, members in self.file.groups.items()
        }
        for ref, entry in self.entries.items():
            for name in entry.groups:
                groups.setdefault(name, set()).add(ref)
        return {name: frozenset(members) for name, members in groups.items()}

    def members(self, group: str) -> frozenset[str]:
        """The modules and credentials of a group, by this file's list or by what they say."""
        return self._groups.get(group, frozenset())

    def kinds(self, selector: Selector, inherited: frozenset[str] = MODULES) -> frozenset[str]:
        """What a selector speaks of: `module`, `credential`, or both."""
        return types_of(selector, self.document, inherited)

    def matching(
        self,
        selector: Selector,
        *,
        inherited: frozenset[str] = MODULES,
        least: Match = Match.DEPENDS,
    ) -> frozenset[str]:
        """The entries that match, or that may where `least` is `DEPENDS` (as it is by default)."""
        key = (selector, inherited, least)
        if key not in self._matching:
            self._matching[key] = frozenset(
                ref
                for ref in self._candidates(selector)
                if self.match(selector, ref, inherited) >= least
            )
        return self._matching[key]

    @cached_property
    def _matching(self) -> dict[tuple[Selector, frozenset[str], Match], frozenset[str]]:
        """What was asked before: rules tend to name the same groups again."""
        return {}

    def group_names(self, selector: Selector) -> frozenset[str]:
        """Every group that a selector names, wherever in it."""
        inner = (*(selector.any_of or ()), *((selector.except_,) if selector.except_ else ()))
        return frozenset(selector.groups or ()).union(*map(self.group_names, inner))

    def match(self, selector: Selector, ref: str, inherited: frozenset[str] = MODULES) -> Match:
        """Tell whether one entry matches."""
        return self._match(selector, ref, inherited, outermost=True)

    def _candidates(self, selector: Selector) -> Iterable[str]:
        """A cheap superset of what matches."""
        if selector.ids is not None:
            return (ref for ref in selector.ids if ref in self.entries)
        if selector.groups is not None and all(map(self.members, selector.groups)):
            return frozenset().union(*map(self.members, selector.groups)) & self.entries.keys()
        return self.entries

    def _match(
        self, selector: Selector, ref: str, inherited: frozenset[str], *, outermost: bool
    ) -> Match:
        said = types_said(selector, self.document)
        open_ = outermost and not said and selector.any_of is not None
        kinds = said or inherited
        entry = self.entries[ref]
        if not open_ and ("module" if isinstance(entry, Module) else "credential") not in kinds:
            return Match.NO
        answer = min(self._own(selector, ref, entry), default=Match.YES)
        if selector.any_of is not None and answer:
            branches = (
                self._match(branch, ref, inherited if open_ else kinds, outermost=open_)
                for branch in selector.any_of
            )
            answer = min(answer, max(branches, default=Match.NO))
        if selector.except_ is not None and answer:
            excepted = self._match(selector.except_, ref, kinds, outermost=False)
            answer = min(answer, Match(Match.YES - excepted))
        return answer

    def _own(self, selector: Selector, ref: str, entry: Entry) -> Iterator[Match]:
        """The answer of each key that the selector has."""
        if selector.ids is not None:
            yield Match.YES if ref in selector.ids else Match.NO
        if selector.groups is not None:
            yield self._grouped(selector.groups, ref, entry)
        if selector.kind is not None:
            kind = entry.kind if isinstance(entry, Credential) else None
            yield Match.YES if kind in selector.kind else Match.NO
        for bounds, value in (
            (selector.level, entry.level),
            (selector.credits, entry.credits),
            (selector.hours, entry.hours),
        ):
            if bounds is not None:
                yield _within(bounds, value, entry)
        if any(getattr(selector, key) is not None for key in COMPLETION_KEYS):
            yield Match.DEPENDS

    def _grouped(self, groups: Iterable[str], ref: str, entry: Entry) -> Match:
        members = [self.members(name) for name in groups]
        if any(ref in each for each in members):
            return Match.YES
        by_completions = self.open_groups and isinstance(entry, Module) and not all(members)
        return Match.DEPENDS if by_completions else Match.NO


def _within(bounds: Bounds, value: Decimal | str | None, entry: Entry) -> Match:
    if isinstance(value, Decimal):
        return Match.YES if bounds.holds(value) else Match.NO
    # A module whose level is not given, or whose amount varies, leaves it to the completion.
    return Match.DEPENDS if isinstance(entry, Module) else Match.NO
