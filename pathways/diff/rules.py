"""What changed from one rule to another that stands in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pathways.catalogue import Catalogue
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
    together,
)
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
    LinkedRule,
    ModuleRule,
    NamedRule,
    OverlapCredits,
    Pathway,
    PointsRule,
    Rule,
    RuleBase,
    Selector,
    Window,
    plain,
)
from pathways.implication import Reader, bare, no_longer
from pathways.words import (
    amount_words,
    condition_words,
    counted,
    limit_words,
    quoted,
    rule_words,
    selector_words,
)

#: Rules that ask for so many of their children.
_Choice = AllRule | AnyRule | AtLeastRule


@dataclass(frozen=True)
class Rules:
    """Compares rules in the words of one file."""

    reader: Reader

    def compare(self, place: str, old: Rule, new: Rule) -> Iterator[Change]:
        """Tell what changed from one rule to another that stands in its place."""
        if old == new:
            return
        old, new = _same_form(old, new)
        if not isinstance(old, RuleBase) or not isinstance(new, RuleBase):
            yield self._replaced(place, old, new)
            return
        match old, new:
            case ((AllRule() | AnyRule() | AtLeastRule()), (AllRule() | AnyRule() | AtLeastRule())):
                yield from self._names(place, old, new)
                yield from self._choice(place, old, new)
            case ((AllRule() | InOrderRule()), (AllRule() | InOrderRule())):
                yield from self._names(place, old, new)
                yield from self._order(place, old, new)
            case PointsRule(), PointsRule():
                yield from self._names(place, old, new)
                yield from self._points(place, old, new)
            case ModuleRule(), ModuleRule() if old.module == new.module:
                yield from self._names(place, old, new)
                yield from self._module(place, old, new)
            case CredentialRule(), CredentialRule() if old.credential == new.credential:
                yield from self._names(place, old, new)
                yield from self._credential(place, old, new)
            case NamedRule(), NamedRule() if old.rule == new.rule:
                yield from self._names(place, old, new)
            case EveryRule(), EveryRule():
                yield from self._names(place, old, new)
                yield from self._selector(place, old.every, new.every, -1, "asks for")
            case AmountRule(), AmountRule() if old.unit == new.unit:
                yield from self._names(place, old, new)
                yield from self._amount(place, old, new)
            case _:
                yield self._replaced(place, old, new)
                return
        yield from self._modifiers(place, old, new)

    def _replaced(self, place: str, old: Rule, new: Rule) -> Change:
        """One rule instead of another of a different kind."""
        up, down = self.reader.implies(old, new), self.reader.implies(new, old)
        effect = Effect.SHIFTS
        if up and down:
            effect = Effect.NEITHER
        elif up or down:
            effect = Effect.LOOSENS if up else Effect.TIGHTENS
        return Change(place, f"asks for {rule_words(new)} instead of {rule_words(old)}", effect)

    def _names(self, place: str, old: RuleBase, new: RuleBase) -> Iterator[Change]:
        if old.id != new.id:
            if old.id is None:
                text = f"has the id {quoted(str(new.id))}"
            elif new.id is None:
                text = f"no longer has the id {quoted(old.id)}"
            else:
                text = f"has the id {quoted(new.id)} instead of {quoted(old.id)}"
            yield Change(place, text, Effect.NEITHER)
        if old.title != new.title:
            text = f"is called {shown(new.title)} instead of {shown(old.title)}"
            yield Change(place, text, Effect.NEITHER)
        if old.shared != new.shared:
            text = f"{'says' if new.shared else 'no longer says'} that sharing is meant"
            yield Change(place, text, Effect.NEITHER)

    # --- rules with children ---------------------------------------------------------------------

    def _choice(self, place: str, old: _Choice, new: _Choice) -> Iterator[Change]:
        of = len(old.children)
        was = _needed(old, of)
        now = of if isinstance(new, AllRule) else _needed(new, of)
        if type(old) is not type(new) or (
            isinstance(old, AtLeastRule) and isinstance(new, AtLeastRule) and was != now
        ):
            text = f"asks for {_how_many(new)} instead of {_how_many(old)}"
            yield Change(place, text, numbers(was, now, Effect.TIGHTENS))
        everything = isinstance(new, AllRule)
        pairs, gone, fresh = _aligned(old.children, new.children)
        for before, after in pairs:
            yield from self.compare(
                _inside(place, old, before), old.children[before], new.children[after]
            )
        for index in gone:
            words = rule_words(old.children[index])
            text = f"no longer {'asks for' if everything else 'accepts'} {words}"
            yield Change(place, text, Effect.LOOSENS if everything else Effect.TIGHTENS)
        for index in fresh:
            words = rule_words(new.children[index])
            text = f"also {'asks for' if everything else 'accepts'} {words}"
            yield Change(place, text, Effect.TIGHTENS if everything else Effect.LOOSENS)
        if _reordered(pairs):
            yield Change(place, "its parts are in another order", Effect.NEITHER)

    def _order(
        self, place: str, old: AllRule | InOrderRule, new: AllRule | InOrderRule
    ) -> Iterator[Change]:
        if type(old) is not type(new):
            ordered = isinstance(new, InOrderRule)
            text = "asks for its parts in this order" if ordered else "no longer asks for an order"
            yield Change(place, text, Effect.TIGHTENS if ordered else Effect.LOOSENS)
        pairs, gone, fresh = _aligned(old.children, new.children)
        for before, after in pairs:
            yield from self.compare(
                _inside(place, old, before), old.children[before], new.children[after]
            )
        for index in gone:
            text = f"no longer asks for {rule_words(old.children[index])}"
            yield Change(place, text, Effect.LOOSENS)
        for index in fresh:
            text = f"also asks for {rule_words(new.children[index])}"
            yield Change(place, text, Effect.TIGHTENS)
        if _reordered(pairs):
            yield Change(place, "its parts are in another order", Effect.SHIFTS)

    def _points(self, place: str, old: PointsRule, new: PointsRule) -> Iterator[Change]:
        if old.points != new.points:
            text = f"asks for {counted(new.points, 'point')} instead of {plain(old.points)}"
            yield Change(place, text, numbers(old.points, new.points, Effect.TIGHTENS))
        pairs, gone, fresh = _aligned(old.children, new.children)
        for before, after in pairs:
            inside = _inside(place, old, before)
            was, now = old.of[before], new.of[after]
            if was.worth != now.worth:
                text = f"is worth {counted(now.worth, 'point')} instead of {plain(was.worth)}"
                yield Change(inside, text, numbers(was.worth, now.worth, Effect.LOOSENS))
            if was.required != now.required:
                text = "is required" if now.required else "is no longer required"
                effect = Effect.TIGHTENS if now.required else Effect.LOOSENS
                yield Change(inside, text, effect)
            yield from self.compare(inside, was.rule, now.rule)
        for index in gone:
            child = old.of[index]
            text = f"no longer gives points for {rule_words(child.rule)}"
            yield Change(place, text, Effect.SHIFTS if child.required else Effect.TIGHTENS)
        for index in fresh:
            child = new.of[index]
            text = f"also gives {counted(child.worth, 'point')} for {rule_words(child.rule)}"
            yield Change(place, text, Effect.SHIFTS if child.required else Effect.LOOSENS)
        if _reordered(pairs):
            yield Change(place, "its parts are in another order", Effect.NEITHER)

    # --- leaves ----------------------------------------------------------------------------------

    def _module(self, place: str, old: ModuleRule, new: ModuleRule) -> Iterator[Change]:
        if old.min_score != new.min_score:
            text = instead("a score", old.min_score, new.min_score)
            yield Change(place, text, demand(old.min_score, new.min_score, at_most))
        if old.min_grade != new.min_grade:
            order = no_better(self.reader.catalogue.file)
            text = instead("a grade", old.min_grade, new.min_grade)
            yield Change(place, text, demand(old.min_grade, new.min_grade, order))
        if old.selector != new.selector:
            was, now = (each.selector or Selector() for each in (old, new))
            yield from self._selector(place, was, now, 1, "counts")

    def _credential(self, place: str, old: CredentialRule, new: CredentialRule) -> Iterator[Change]:
        if old.even_if_expired != new.even_if_expired:
            text = f"{'may' if new.even_if_expired else 'may not'} have expired"
            effect = Effect.LOOSENS if new.even_if_expired else Effect.TIGHTENS
            yield Change(place, text, effect)
        if old.held_for != new.held_for:
            text = instead("a time of holding it", old.held_for, new.held_for)
            yield Change(place, text, demand(old.held_for, new.held_for, no_longer))

    def _amount(self, place: str, old: AmountRule, new: AmountRule) -> Iterator[Change]:
        if old.amount != new.amount:
            effect = numbers(old.amount, new.amount, Effect.TIGHTENS)
            if any(limit.at_most is not None and limit.at_most.percent for limit in old.limits):
                effect = Effect.SHIFTS  # what is allowed at most grows with what is asked for
            text = f"asks for {amount_words(new.amount, new.unit)} instead of {plain(old.amount)}"
            yield Change(place, text, effect)
        sign = 0 if "all" in (old.over, new.over) else 1
        yield from self._selector(place, old.selector, new.selector, sign, "counts")
        yield from self._limits(place, old, new)
        yield from self._value(place, old, new)

    def _value(self, place: str, old: AmountRule, new: AmountRule) -> Iterator[Change]:
        for key in ("average", "sum"):
            before, after = getattr(old, key), getattr(new, key)
            if before != after:
                an = "an" if key == "average" else "a"
                text = instead(f"{an} {key}", before, after)
                effect = demand(before, after, at_most)
                # Without any value asked for, `over: all` means nothing.
                sees_all = "all" in (old.over, new.over) and None in (before, after)
                yield Change(place, text, Effect.SHIFTS if sees_all else effect)
        valued = [each.average is not None or each.sum is not None for each in (old, new)]
        if not all(valued):
            return
        for key, word in (
            ("of", "the value counted"),
            ("weighted_by", "the weight"),
            ("over", "what is looked at"),
        ):
            before, after = getattr(old, key), getattr(new, key)
            if before != after:
                text = f"{word} is {shown(after)} instead of {shown(before)}"
                yield Change(place, text, Effect.SHIFTS)

    def _limits(self, place: str, old: AmountRule, new: AmountRule) -> Iterator[Change]:
        was, now = list(old.limits), list(new.limits)
        for limit in old.limits:
            if limit in now and limit in was:
                was.remove(limit)
                now.remove(limit)
        pairs: list[tuple[Limit, Limit]] = []
        for alike in (_same_subject, _same_form_of_limit):
            for limit in list(was):
                other = next((each for each in now if alike(limit, each)), None)
                if other is not None:
                    pairs.append((limit, other))
                    was.remove(limit)
                    now.remove(other)
        unit, fragile = new.unit, "all" in (old.over, new.over)
        for before, after in pairs:
            text = f"the limit is {limit_words(after, unit)}, not {limit_words(before, unit)}"
            yield Change(place, text, self._limit(before, after, new.amount, fragile=fragile))
        for limit in was:
            text = f"drops the limit: {limit_words(limit, unit)}"
            yield Change(place, text, Effect.LOOSENS)
        for limit in now:
            text = f"has a further limit: {limit_words(limit, unit)}"
            yield Change(place, text, Effect.TIGHTENS)
        if not (pairs or was or now) and old.limits != new.limits:
            yield Change(place, "its limits are in another order", Effect.NEITHER)

    def _limit(self, old: Limit, new: Limit, amount: Decimal, *, fragile: bool) -> Effect:
        """The effect of one limit instead of another of its form."""
        if old.unit != new.unit or old.over != new.over:
            return Effect.SHIFTS
        effects = []
        if old.at_least is not None and new.at_least is not None:
            sizes = old.at_least.of(amount), new.at_least.of(amount)
            effects.append(numbers(*sizes, Effect.TIGHTENS))
        if old.at_most is not None and new.at_most is not None:
            sizes = old.at_most.of(amount), new.at_most.of(amount)
            effects.append(numbers(*sizes, Effect.LOOSENS))
        if old.spread is not None and new.spread is not None:
            effects.append(numbers(old.spread, new.spread, Effect.TIGHTENS))
            effects.append(demand(old.each, new.each, at_most))
        if old.at_most_each is not None and new.at_most_each is not None:
            effects.append(numbers(old.at_most_each, new.at_most_each, Effect.LOOSENS))
        if old.of is not None and new.of is not None and old.of != new.of:
            sign = 0 if fragile else 1 if old.at_least is not None else -1
            effects.append(self._selected(old.of, new.of, sign))
        if old.partial != new.partial:
            effects.append(Effect.LOOSENS if new.partial else Effect.TIGHTENS)
        return together(effects)

    # --- selectors -------------------------------------------------------------------------------

    def _selector(
        self, place: str, old: Selector, new: Selector, sign: Sign, verb: str
    ) -> Iterator[Change]:
        """Tell how what a selector matches has changed; `sign` says what more matches would do."""
        if old == new:
            return
        for key in ("ids", "groups"):
            before, after = getattr(old, key), getattr(new, key)
            if before and after and old.model_copy(update={key: after}) == new:
                yield from self._members(place, old, key, (before, after), sign, verb)
                return
        words = [selector_words(each) for each in (new, old)]
        text = f"{verb} {words[0]} instead of {words[1]}"
        yield Change(place, text, self._selected(old, new, sign))

    def _members(
        self,
        place: str,
        old: Selector,
        key: str,
        values: tuple[tuple[str, ...], tuple[str, ...]],
        sign: Sign,
        verb: str,
    ) -> Iterator[Change]:
        before, after = values
        now = old
        for name in dict.fromkeys((*after, *before)):
            if (name in before) == (name in after):
                continue
            listed = getattr(now, key)
            added = name in after
            names = (*listed, name) if added else tuple(each for each in listed if each != name)
            then = now.model_copy(update={key: names})
            word = "also" if added else "no longer"
            yield Change(place, f"{word} {verb} {quoted(name)}", self._selected(now, then, sign))
            now = then
        if set(before) == set(after):
            text = f"its {key} are listed differently"
            yield Change(place, text, Effect.NEITHER)

    def _selected(self, old: Selector, new: Selector, sign: Sign) -> Effect:
        """The effect of one selector instead of another."""
        up, down = self.reader.narrower((old,), new), self.reader.narrower((new,), old)
        if up and down:
            return Effect.NEITHER
        if not (up or down):
            return Effect.SHIFTS
        return by_sign({sign}, added=up)

    # --- modifiers -------------------------------------------------------------------------------

    def _modifiers(self, place: str, old: LinkedRule, new: LinkedRule) -> Iterator[Change]:
        fragile = self.reader.sees_everything(old) or self.reader.sees_everything(new)

        def told(text: str, effect: Effect) -> Change:
            hurt = fragile and effect is not Effect.NEITHER
            return Change(place, text, Effect.SHIFTS if hurt else effect)

        if old.only != new.only:
            yield told(*self._only(old.only, new.only))
        if old.since != new.since:
            effect = allowance(old.since, new.since, no_longer)
            yield told(_bound("the age of evidence", old.since, new.since), effect)
        if old.after != new.after:
            effect = demand(old.after, new.after, at_most)
            yield told(_bound("the first date of evidence", old.after, new.after), effect)
        if old.before != new.before:
            effect = allowance(old.before, new.before, at_most)
            yield told(_bound("the last date of evidence", old.before, new.before), effect)
        if old.within != new.within:
            same = old.within is None or new.within is None
            same = same or _anchor(old.within) == _anchor(new.within)
            periods = [each.within.period if each.within else None for each in (old, new)]
            effect = allowance(periods[0], periods[1], no_longer) if same else Effect.SHIFTS
            yield told(_bound("the window", old.within, new.within), effect)
        if old.together != new.together:
            # It asks for one common day, but lets that day have passed.
            text = f"{'asks' if new.together else 'no longer asks'} for one common day"
            yield Change(place, text, Effect.SHIFTS)
        yield from self._sharing(place, old, new)

    def _only(self, old: Selector | None, new: Selector | None) -> tuple[str, Effect]:
        if old is None or new is None:
            if new is not None:
                return f"counts only evidence {condition_words(new)}", Effect.TIGHTENS
            assert old is not None
            text = f"no longer counts only evidence {condition_words(old)}"
            return text, Effect.LOOSENS
        text = f"counts only evidence {condition_words(new)} instead of {condition_words(old)}"
        types = [self.reader.catalogue.kinds(each) for each in (old, new)]
        if types[0] != types[1] or any(_typed(each) for each in (old, new)):
            return text, Effect.SHIFTS
        return text, self._selected(old, new, 1)

    def _sharing(self, place: str, old: RuleBase, new: RuleBase) -> Iterator[Change]:
        was, now = _sharing(old), _sharing(new)
        if was == now:
            if old.distinct != new.distinct or old.overlap != new.overlap:
                yield Change(place, "says differently what may count twice", Effect.NEITHER)
            return
        text = f"{_sharing_words(now)} instead of {_sharing_words(was)}"
        if _alone(old) and _alone(new):
            effect = Effect.NEITHER
        elif was[0] == now[0] or None in (was[1], now[1]):
            effect = allowance(was[1], now[1], at_most)
        elif Decimal(-1) in (was[1], now[1]):  # `through` is stricter than any other
            effect = Effect.TIGHTENS if now[1] == -1 else Effect.LOOSENS
        elif Decimal(0) in (was[1], now[1]):  # nothing in common, whatever it is measured in
            effect = Effect.TIGHTENS if now[1] == 0 else Effect.LOOSENS
        else:
            effect = Effect.SHIFTS
        yield Change(place, text, effect)


def _typed(selector: Selector) -> bool:
    inner = (*(selector.any_of or ()), *((selector.except_,) if selector.except_ else ()))
    return selector.type is not None or selector.kind is not None or any(map(_typed, inner))


def _anchor(window: Window | None) -> bool:
    return window is not None and window.of_enrolment


def _bound(what: str, old: object, new: object) -> str:
    if old is None:
        return f"{what} is now limited: {shown(new)}"
    if new is None:
        return f"{what} is no longer limited (was {shown(old)})"
    return f"{what} is {shown(new)} instead of {shown(old)}"


def _alone(rule: RuleBase) -> bool:
    return len(rule.children) < 2


def _sharing(rule: RuleBase) -> tuple[str, Decimal | None]:
    """What may count twice: its unit, and how much of it; -1 is nothing, beneath awards too."""
    if rule.distinct == "through":
        return "items", Decimal(-1)
    if rule.distinct:
        return "items", Decimal(0)
    if isinstance(rule.overlap, OverlapCredits):
        return "credits", rule.overlap.credits
    return "items", None if rule.overlap is None else Decimal(rule.overlap)


def _sharing_words(sharing: tuple[str, Decimal | None]) -> str:
    unit, amount = sharing
    if amount is None:
        return "anything may count twice"
    if amount == -1:
        return "nothing may count twice, not even beneath an award"
    if amount == 0:
        return "nothing may count twice"
    return f"at most {counted(amount, unit[:-1])} may count twice"


def _needed(rule: RuleBase, of: int) -> int:
    if isinstance(rule, AtLeastRule):
        return rule.at_least
    return 1 if isinstance(rule, AnyRule) else of


def _how_many(rule: RuleBase) -> str:
    if isinstance(rule, AtLeastRule):
        return f"{rule.at_least} of its parts"
    return "one of its parts" if isinstance(rule, AnyRule) else "all of its parts"


def _same_subject(one: Limit, other: Limit) -> bool:
    return (one.form, one.of, one.over, one.unit) == (other.form, other.of, other.over, other.unit)


def _same_form_of_limit(one: Limit, other: Limit) -> bool:
    return one.form == other.form


def _inside(place: str, parent: RuleBase, index: int) -> str:
    """Name a child: by its id, its title, or what it asks for."""
    child = parent.children[index]
    if isinstance(child, RuleBase) and child.id is not None:
        return f"{place}, {quoted(child.id)}"
    if isinstance(child, RuleBase) and child.title is not None:
        return f"{place}, {child.title}"
    words = rule_words(child)
    if len(words) <= 60:
        return f"{place}, {words}"
    return f"{place}, part {index + 1}"


def _same_form(old: Rule, new: Rule) -> tuple[Rule, Rule]:
    """Read a single rule that became one of several as a list of one, and the other way round."""
    return _wrapped(old, new), _wrapped(new, old)


def _wrapped(rule: Rule, other: Rule) -> Rule:
    if not isinstance(other, AllRule | AnyRule | InOrderRule):
        return rule
    if isinstance(rule, AllRule | AnyRule | AtLeastRule | InOrderRule):
        return rule
    if not any(_alike(rule, child) for child in other.children):
        return rule
    match other:
        case AllRule():
            return AllRule(all=(rule,))
        case AnyRule():
            return AnyRule(any=(rule,))
        case InOrderRule():
            return InOrderRule(in_order=(rule,))


def _alike(one: Rule, other: Rule) -> bool:
    """Whether two rules are best compared with each other."""
    if isinstance(one, RuleBase) and isinstance(other, RuleBase):
        if one.id is not None and one.id == other.id:
            return True
        return _subject(one) == _subject(other)
    return one == other


def _subject(rule: RuleBase) -> object:
    match rule:
        case ModuleRule():
            return ("module", rule.module)
        case CredentialRule():
            return ("credential", rule.credential)
        case NamedRule():
            return ("rule", rule.rule)
        case AmountRule():
            return (rule.unit, rule.selector)
        case EveryRule():
            return ("every", rule.every)
        case _:
            return bare(rule)  # type: ignore[arg-type]


def _aligned(
    old: Sequence[Rule], new: Sequence[Rule]
) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Pair the children of two rules: by id, by content, by subject, then by shape."""
    gone, fresh = list(range(len(old))), list(range(len(new)))
    pairs: list[tuple[int, int]] = []

    def pair(key: Callable[[Rule], object]) -> None:
        places: dict[object, list[int]] = {}
        for index in fresh:
            if (name := key(new[index])) is not None:
                places.setdefault(_hashed(name), []).append(index)
        for index in list(gone):
            name = key(old[index])
            found = places.get(_hashed(name)) if name is not None else None
            if found:
                other = found.pop(0)
                pairs.append((index, other))
                gone.remove(index)
                fresh.remove(other)

    pair(lambda rule: rule.id if isinstance(rule, RuleBase) else None)
    pair(bare)
    pair(lambda rule: _subject(rule) if isinstance(rule, RuleBase) else None)
    pair(_shape)
    pairs.sort()
    return pairs, gone, fresh


def _hashed(name: object) -> object:
    return repr(name)


def _shape(rule: Rule) -> object:
    """What two rules must have in common to be told as one that changed; a bare id has nothing."""
    if isinstance(rule, ModuleRule | CredentialRule | NamedRule) or not isinstance(rule, RuleBase):
        return None
    return rule.operator


def _reordered(pairs: Sequence[tuple[int, int]]) -> bool:
    places = [after for _, after in pairs]
    return places != sorted(places)


def no_better(file: Pathway) -> Callable[[str, str], bool]:
    """Tell whether one grade is no better than another, by a file's scale."""
    scale = list(file.scale)

    def no_better(one: str, other: str) -> bool:
        if one not in scale or other not in scale:
            return one == other
        return scale.index(one) >= scale.index(other)

    return no_better


def reader(old: Document, new: Document, old_file: Pathway, file: Pathway) -> Reader:
    """A reader of the new version, in which names that only the old one has are still known."""
    merged = file.model_copy(
        update={
            "groups": {**old_file.groups, **file.groups},
            "rules": {**old_file.rules, **file.rules},
        }
    )
    main = new.main
    known = {ref: credential for ref, (credential, _) in old.credentials.items()}
    main = main.model_copy(
        update={
            "modules": {ref: module for ref, (module, _) in {**old.modules, **new.modules}.items()},
            "credentials": {
                **known,
                **{ref: credential for ref, (credential, _) in new.credentials.items()},
            },
        }
    )
    return Reader(Catalogue(Document(main=main), merged))
