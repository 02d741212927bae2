"""Two versions of a document side by side: files, modules, credentials, exclusive sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import TypeVar

from pathways.diff.effects import (
    Change,
    Effect,
    Sign,
    allowance,
    at_most,
    by_sign,
    demand,
    instead,
    numbers,
    shown,
)
from pathways.diff.rules import Rules, no_better, reader
from pathways.diff.signs import (
    all_rules,
    group_signs,
    level_matters,
    measured,
    over_all,
    reach,
    speaks_of_credentials,
)
from pathways.document import (
    Credential,
    Described,
    Document,
    Module,
    Pathway,
    plain,
)
from pathways.implication import no_longer
from pathways.periods import Period
from pathways.words import counted, named, quoted, rule_words

T = TypeVar("T")


class Comparison:
    """Two versions, side by side."""

    def __init__(self, old: Document, new: Document) -> None:
        self.old, self.new = old, new
        documents = (old, new)
        #: Where one rule sees all evidence, or only some attempts do, evidence added may hurt.
        self.fragile = any(
            file.attempts != "any" or any(map(over_all, all_rules(file)))
            for document in documents
            for file in document.files
        )

    def changes(self) -> Iterator[Change]:
        """Tell every change, in the order of the file."""
        yield from self._head()
        for before, after in self._files():
            where = "" if after is self.new.main else f"file `{_unit(after)}`, "
            yield from _File(self, before, after, where).changes()
        yield from self._modules()
        yield from self._credentials()
        yield from self._exclusive()
        yield from self._other_files()

    def _files(self) -> Iterator[tuple[Pathway, Pathway]]:
        """The main files, then the used files of one name."""
        yield self.old.main, self.new.main
        known = {_unit(file): file for file in self.old.used}
        for file in self.new.used:
            if _unit(file) in known:
                yield known[_unit(file)], file

    def _other_files(self) -> Iterator[Change]:
        before, after = ({_unit(file) for file in d.used} for d in (self.old, self.new))
        for name in sorted(after - before):
            yield Change("pathway", f"uses the file {quoted(name)}", Effect.NEITHER)
        for name in sorted(before - after):
            yield Change("pathway", f"no longer uses the file {quoted(name)}", Effect.NEITHER)

    def _head(self) -> Iterator[Change]:
        old, new = self.old.main, self.new.main
        for key in ("pathway", "version", "title"):
            if getattr(old, key) != getattr(new, key):
                text = f"the {'id' if key == 'pathway' else key} is {shown(getattr(new, key))}"
                text += f" instead of {shown(getattr(old, key))}"
                yield Change("pathway", text, Effect.NEITHER)
        if old.description != new.description or old.issuer != new.issuer:
            yield Change("pathway", "is described differently", Effect.NEITHER)
        if old.home != new.home and (old.catalogue or new.catalogue):
            text = f"its modules live in the catalogue {quoted(new.home)}, not {quoted(old.home)}"
            yield Change("pathway", text, Effect.SHIFTS)
        if old.destination != new.destination:
            text = f"leads to {_listed(new.destination)} instead of {_listed(old.destination)}"
            yield Change("pathway", text, Effect.NEITHER)

    def evidence(self, effect: Effect) -> Effect:
        """The effect of a change in what counts as evidence, or in how much of it there is."""
        return Effect.SHIFTS if self.fragile and effect is not Effect.NEITHER else effect

    # --- modules ---------------------------------------------------------------------------------

    def _modules(self) -> Iterator[Change]:
        before, after = self.old.modules, self.new.modules
        for ref in after:
            place = f"module {quoted(ref)}"
            if ref in before:
                (old, old_file), (new, file) = before[ref], after[ref]
                yield from _Module(self, ref, old, new, old_file, file).changes()
            else:
                effect = by_sign(reach(self.new, ref), added=True)
                yield Change(place, "is new", self.evidence(effect))
        for ref in before:
            if ref not in after:
                effect = by_sign(reach(self.old, ref), added=False)
                yield Change(f"module {quoted(ref)}", "is gone", self.evidence(effect))

    # --- credentials -----------------------------------------------------------------------------

    def _credentials(self) -> Iterator[Change]:
        before, after = self.old.credentials, self.new.credentials
        for ref in after:
            place = f"credential {quoted(ref)}"
            if ref not in before:
                signs = reach(self.new, ref)
                effect = by_sign(signs, added=True) if signs else Effect.LOOSENS
                yield Change(place, "is new", effect)
                continue
            (old, old_file), (new, file) = before[ref], after[ref]
            if old != new:
                rules = Rules(reader(self.old, self.new, old_file, file))
                yield from self._credential(place, old, new, rules)
        for ref in before:
            if ref not in after:
                signs = reach(self.old, ref)
                effect = by_sign(signs, added=False) if signs else Effect.TIGHTENS
                yield Change(f"credential {quoted(ref)}", "is gone", effect)

    def _credential(
        self, place: str, old: Credential, new: Credential, rules: Rules
    ) -> Iterator[Change]:
        yield from _described(place, old, new)
        selected = any(speaks_of_credentials(document) for document in (self.old, self.new))
        as_evidence = Effect.SHIFTS if selected else Effect.NEITHER
        for key in ("kind", "credits", "level", "hours"):
            before, after = getattr(old, key), getattr(new, key)
            if before != after:
                text = f"its {key} is {shown(after)} instead of {shown(before)}"
                if key in ("credits", "hours"):
                    text = f"is worth {counted(after, key[:-1])} instead of {plain(before)}"
                yield Change(place, text, as_evidence)
        if old.groups != new.groups:
            yield Change(
                place, f"is in {_listed(new.groups)}, not {_listed(old.groups)}", as_evidence
            )
        yield from self._requirement(place, old, new, rules)
        if old.valid_for != new.valid_for:
            effect = allowance(old.valid_for, new.valid_for, no_longer)
            opens = any(each.renewal and each.renewal.opens is not None for each in (old, new))
            # A renewal window that opens before the expiry moves with it.
            effect = Effect.SHIFTS if opens else effect
            yield Change(place, _validity(old.valid_for, new.valid_for), effect)
        yield from self._renewal(place, old, new, rules)
        yield from self._choices(place, old, new)
        yield from self._classes(place, old, new, rules)

    def _requirement(
        self, place: str, old: Credential, new: Credential, rules: Rules
    ) -> Iterator[Change]:
        if old.external != new.external:
            text = "is awarded elsewhere" if new.external else "is no longer awarded elsewhere"
            yield Change(place, text, Effect.SHIFTS)
        if old.requires is not None and new.requires is not None:
            yield from rules.compare(place, old.requires, new.requires)

    def _renewal(
        self, place: str, old: Credential, new: Credential, rules: Rules
    ) -> Iterator[Change]:
        before, after = old.renewal, new.renewal
        if before is None or after is None:
            if after is not None:
                text = f"can be renewed: {rule_words(after.requires)}"
                yield Change(place, text, Effect.LOOSENS)
            if before is not None:
                yield Change(place, "can no longer be renewed", Effect.TIGHTENS)
            return
        inside = f"{place}, renewal"
        yield from rules.compare(inside, before.requires, after.requires)
        if before.opens != after.opens:
            effect = allowance(before.opens, after.opens, no_longer)
            words = [
                "at any time" if each is None else f"{each} before the expiry"
                for each in (after.opens, before.opens)
            ]
            yield Change(inside, f"opens {words[0]} instead of {words[1]}", effect)
        if before.grace != after.grace:
            text = f"the grace is {shown(after.grace)} instead of {shown(before.grace)}"
            effect = allowance(_grace(before.grace), _grace(after.grace), no_longer)
            yield Change(inside, text, effect)

    def _choices(self, place: str, old: Credential, new: Credential) -> Iterator[Change]:
        # From the laxest to the strictest.
        ranks: dict[str, tuple[str, ...]] = {
            "again": ("any", "fresh", "never"),
            "award": ("automatic", "approval"),
            "on_lost_evidence": ("keep", "review", "revoke"),
        }
        for key, order in ranks.items():
            before, after = getattr(old, key), getattr(new, key)
            if before != after:
                effect = numbers(order.index(before), order.index(after), Effect.TIGHTENS)
                yield Change(
                    place, f"{quoted(key)} is {quoted(after)}, not {quoted(before)}", effect
                )
        if old.lasts != new.lasts:
            text = f"`lasts` is {quoted(new.lasts)}, not {quoted(old.lasts)}"
            yield Change(place, text, Effect.SHIFTS)

    def _classes(
        self, place: str, old: Credential, new: Credential, rules: Rules
    ) -> Iterator[Change]:
        before = {each.name: each for each in old.classes}
        after = {each.name: each for each in new.classes}
        for name in (*after, *before):
            inside = f"{place}, class {quoted(name)}"
            if name not in before:
                yield Change(inside, "is new", Effect.SHIFTS)
            elif name not in after:
                yield Change(inside, "is gone", Effect.SHIFTS)
        for name in after:
            if name not in before:
                continue
            inside = f"{place}, class {quoted(name)}"
            was, now = before[name].requires, after[name].requires
            if was is not None and now is not None:
                yield from rules.compare(inside, was, now)
            elif now is not None:
                yield Change(inside, f"now asks for {rule_words(now)}", Effect.TIGHTENS)
            elif was is not None:
                yield Change(inside, f"no longer asks for {rule_words(was)}", Effect.LOOSENS)
        common = [name for name in before if name in after]
        if common != [name for name in after if name in before]:
            yield Change(place, "the classes are in another order", Effect.SHIFTS)

    # --- exclusive -------------------------------------------------------------------------------

    def _exclusive(self) -> Iterator[Change]:
        before, after = _pairs(self.old), _pairs(self.new)
        for pair in sorted({*before, *after}):
            was, now = before.get(pair), after.get(pair)
            place = f"credentials {named(pair, 'and')}"
            if was == now:
                continue
            if now is None:
                yield Change(place, "may use the same evidence", Effect.LOOSENS)
            elif was is None:
                text = f"may use at most {counted(now, 'item')} of the same evidence"
                text = text if now else "may not use the same evidence"
                yield Change(place, text, Effect.TIGHTENS)
            else:
                text = (
                    f"may use at most {counted(now, 'item')} of the same evidence instead of {was}"
                )
                yield Change(place, text, numbers(was, now, Effect.LOOSENS))
        if before == after and _sets(self.old) != _sets(self.new):
            # The order within a set decides which award of one day is made first.
            text = "the exclusive sets are written differently"
            yield Change("pathway", text, Effect.SHIFTS)


def _unit(file: Pathway) -> str:
    return file.pathway or file.catalogue or ""


def _listed(names: Iterable[str]) -> str:
    return named(names, "and") or "nothing"


def _grace(grace: Period | str | None) -> Period | None:
    """A grace as a period, none being no time, and `unlimited` no bound."""
    if grace is None:
        return Period(0, 0)
    return grace if isinstance(grace, Period) else None


def _validity(old: Period | None, new: Period | None) -> str:
    words = ["for ever" if each is None else f"for {each}" for each in (new, old)]
    return f"is valid {words[0]} instead of {words[1]}"


def _described(place: str, old: Described, new: Described) -> Iterator[Change]:
    keys = [key for key in Described.model_fields if getattr(old, key) != getattr(new, key)]
    if "title" in keys:
        text = f"is called {shown(new.title)} instead of {shown(old.title)}"
        yield Change(place, text, Effect.NEITHER)
        keys.remove("title")
    if keys:
        yield Change(place, f"is described differently: {named(keys, 'and')}", Effect.NEITHER)


def _sets(document: Document) -> list[tuple[tuple[str, ...], int]]:
    return [(each.credentials, each.share) for file in document.files for each in file.exclusive]


def _pairs(document: Document) -> Mapping[tuple[str, str], int]:
    shares: dict[tuple[str, str], int] = {}
    for credentials, share in _sets(document):
        for one, other in combinations(sorted(credentials), 2):
            shares[one, other] = min(share, shares.get((one, other), share))
    return shares


@dataclass(frozen=True)
class _File:
    """What a file says for all of its rules: scale, attempts, pass marks, groups, named rules."""

    comparison: Comparison
    old: Pathway
    new: Pathway
    where: str

    def changes(self) -> Iterator[Change]:
        yield from self.scale()
        yield from self.attempts()
        yield from self.defaults()
        yield from self.groups()
        yield from self.rules()

    def place(self, what: str) -> str:
        return f"{self.where}{what}"

    def scale(self) -> Iterator[Change]:
        old, new = self.old.scale, self.new.scale
        if list(old.items()) == list(new.items()):
            return
        if list(old) != list(new):
            text = f"the grades are {_listed(new)} instead of {_listed(old)}"
            yield Change(self.place("scale"), text, Effect.SHIFTS)
            return
        for grade, points in new.items():
            if points != old[grade]:
                text = f"{quoted(grade)} is worth {plain(points)} instead of {plain(old[grade])}"
                effect = numbers(old[grade], points, Effect.LOOSENS)
                yield Change(self.place("scale"), text, effect)

    def attempts(self) -> Iterator[Change]:
        old, new = self.old.attempts, self.new.attempts
        if old == new:
            return
        effect = Effect.SHIFTS
        if "any" in (old, new) and not any(map(over_all, all_rules(self.new))):
            effect = Effect.TIGHTENS if old == "any" else Effect.LOOSENS
        text = f"the attempt that may serve is {quoted(new)}, not {quoted(old)}"
        yield Change(self.place("attempts"), text, effect)

    def defaults(self) -> Iterator[Change]:
        old, new = self.old.defaults, self.new.defaults
        if old.pass_score != new.pass_score:
            effect = demand(old.pass_score, new.pass_score, at_most)
            text = instead("the pass score", old.pass_score, new.pass_score)
            yield Change(self.place("defaults"), text, self.comparison.evidence(effect))
        if old.pass_grade != new.pass_grade:
            effect = demand(old.pass_grade, new.pass_grade, no_better(self.new))
            text = instead("the pass grade", old.pass_grade, new.pass_grade)
            yield Change(self.place("defaults"), text, self.comparison.evidence(effect))

    def groups(self) -> Iterator[Change]:
        old, new = self.old.groups, self.new.groups
        for name in (*new, *(name for name in old if name not in new)):
            place = self.place(f"group {quoted(name)}")
            before, after = old.get(name, ()), new.get(name, ())
            signs = {*group_signs(self.old, name), *group_signs(self.new, name)}
            for ref in after:
                if ref not in before:
                    text = f"also holds {quoted(ref)}"
                    yield Change(place, text, self.evidence(signs, added=True))
            for ref in before:
                if ref not in after:
                    text = f"no longer holds {quoted(ref)}"
                    yield Change(place, text, self.evidence(signs, added=False))
            if name not in old and not after:
                yield Change(place, "is declared", Effect.NEITHER)
            elif name not in new and not before:
                yield Change(place, "is no longer declared", Effect.NEITHER)
            elif before != after and sorted(before) == sorted(after):
                yield Change(place, "is listed in another order", Effect.NEITHER)

    def evidence(self, signs: set[Sign], *, added: bool) -> Effect:
        return by_sign(signs, added=added)

    def rules(self) -> Iterator[Change]:
        old, new = self.old.rules, self.new.rules
        documents = self.comparison.old, self.comparison.new
        rules = Rules(reader(*documents, self.old, self.new))
        for name in new:
            place = self.place(f"rule {quoted(name)}")
            if name in old:
                yield from rules.compare(place, old[name], new[name])
            else:
                text = f"is named: {rule_words(new[name])}"
                yield Change(place, text, Effect.NEITHER)
        for name in old:
            if name not in new:
                yield Change(self.place(f"rule {quoted(name)}"), "is gone", Effect.NEITHER)


@dataclass(frozen=True)
class _Module:
    """Two versions of one module."""

    comparison: Comparison
    ref: str
    old: Module
    new: Module
    old_file: Pathway
    file: Pathway

    def changes(self) -> Iterator[Change]:
        old, new = self.old, self.new
        if old == new:
            return
        place = f"module {quoted(self.ref)}"
        yield from _described(place, old, new)
        yield from self.amounts(place)
        if old.level != new.level:
            both = (self.comparison.old, self.comparison.new)
            matters = any(map(level_matters, both))
            text = f"is at level {shown(new.level)} instead of {shown(old.level)}"
            yield Change(place, text, Effect.SHIFTS if matters else Effect.NEITHER)
        if old.price != new.price:
            text = f"costs {shown(new.price)} instead of {shown(old.price)}"
            yield Change(place, text, Effect.NEITHER)
        yield from self.groups(place)
        yield from self.marks(place)
        yield from self.prerequisite(place)
        yield from self.identity(place)

    def amounts(self, place: str) -> Iterator[Change]:
        documents = (self.comparison.old, self.comparison.new)
        for unit in ("credits", "hours"):
            before, after = getattr(self.old, unit), getattr(self.new, unit)
            if before == after:
                continue
            text = f"its {unit} are {shown(after)} instead of {shown(before)}"
            signs = {sign for document in documents for sign in measured(document, unit)}
            known = isinstance(before, Decimal) and isinstance(after, Decimal)
            if signs and not known:
                signs = {0}
            added = known and after > before
            yield Change(place, text, by_sign(signs, added=added))

    def groups(self, place: str) -> Iterator[Change]:
        before, after = self.old.groups, self.new.groups
        files = (*self.comparison.old.files, *self.comparison.new.files)
        for name in dict.fromkeys((*after, *before)):
            if (name in before) == (name in after):
                continue
            signs = {sign for file in files for sign in group_signs(file, name)}
            added = name in after
            text = f"is {'also' if added else 'no longer'} in the group {quoted(name)}"
            yield Change(place, text, by_sign(signs, added=added))
        if before != after and set(before) == set(after):
            yield Change(place, "its groups are listed differently", Effect.NEITHER)

    def marks(self, place: str) -> Iterator[Change]:
        old, new = self.old, self.new
        evidence = self.comparison.evidence
        if old.pass_score != new.pass_score:
            was = _or_else(old.pass_score, self.old_file.defaults.pass_score)
            now = _or_else(new.pass_score, self.file.defaults.pass_score)
            text = instead("the pass score", was, now)
            yield Change(place, text, evidence(demand(was, now, at_most)))
        if old.pass_grade != new.pass_grade:
            grade_was = _or_else(old.pass_grade, self.old_file.defaults.pass_grade)
            grade_now = _or_else(new.pass_grade, self.file.defaults.pass_grade)
            text = instead("the pass grade", grade_was, grade_now)
            effect = demand(grade_was, grade_now, no_better(self.file))
            yield Change(place, text, evidence(effect))
        if old.valid_for != new.valid_for:
            effect = allowance(old.valid_for, new.valid_for, no_longer)
            yield Change(place, _validity(old.valid_for, new.valid_for), evidence(effect))

    def prerequisite(self, place: str) -> Iterator[Change]:
        was, now = self.old.requires, self.new.requires
        if was is not None and now is not None:
            documents = self.comparison.old, self.comparison.new
            rules = Rules(reader(*documents, self.old_file, self.file))
            yield from rules.compare(f"{place}, prerequisite", was, now)
        elif now is not None:
            text = f"has a prerequisite: {rule_words(now)}"
            yield Change(place, text, Effect.TIGHTENS)
        elif was is not None:
            yield Change(place, "has no prerequisite any more", Effect.LOOSENS)

    def identity(self, place: str) -> Iterator[Change]:
        old, new = self.old, self.new
        for code in dict.fromkeys((*new.equivalents, *old.equivalents)):
            if (code in old.equivalents) == (code in new.equivalents):
                continue
            added = code in new.equivalents
            effect = Effect.LOOSENS if added else Effect.TIGHTENS
            known = code in self.comparison.old.modules or code in self.comparison.new.modules
            # Two modules that become one no longer count as two.
            effect = Effect.SHIFTS if known else self.comparison.evidence(effect)
            text = f"{quoted(code)} {'counts' if added else 'no longer counts'} as this module"
            yield Change(place, text, effect)
        if old.repeatable != new.repeatable:
            was, now = (
                None if each.repeatable == "unlimited" else each.repeatable for each in (old, new)
            )
            words = [
                "any number of times" if each is None else counted(each, "time")
                for each in (now, was)
            ]
            effect = self.comparison.evidence(allowance(was, now, at_most))
            yield Change(place, f"may count {words[0]} instead of {words[1]}", effect)
        for other in dict.fromkeys((*new.barred, *old.barred)):
            if (other in old.barred) != (other in new.barred):
                added = other in new.barred
                text = f"is {'' if added else 'no longer '}barred to {quoted(other)}"
                yield Change(place, text, Effect.TIGHTENS if added else Effect.LOOSENS)
        for key in ("equivalents", "barred"):
            before, after = getattr(old, key), getattr(new, key)
            if before != after and set(before) == set(after):
                yield Change(place, f"its {key} are listed differently", Effect.NEITHER)


def _or_else(value: T | None, default: T | None) -> T | None:
    return default if value is None else value
