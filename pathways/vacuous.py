"""Nothing is vacuously true, and nothing is asked for that nobody could do.

Each rule is judged where it stands: empty lists, amounts of nothing, more than there is, selectors
that match nothing in the catalogue, and demands that contradict each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pathways.catalogue import Catalogue, Match
from pathways.document import (
    COMPLETION_KEYS,
    AllRule,
    AmountRule,
    AtLeastRule,
    CredentialRule,
    Document,
    EveryRule,
    InOrderRule,
    Limit,
    ModuleRule,
    Pathway,
    PointsRule,
    Rule,
    RuleBase,
    Selector,
    Unit,
    plain,
)
from pathways.places import Telling
from pathways.problems import nearest
from pathways.selection import (
    AWARDS,
    COMPLETED_ONLY,
    MODULES,
    Offer,
    Offers,
    Part,
    award_kinds,
    groups_known,
    lets_through,
    parts_of,
)
from pathways.sites import Site, parts
from pathways.tree import Loc, Mapping
from pathways.tree import Sequence as Items
from pathways.words import amount_words, counted

TOP_SCORE = Decimal(100)


@dataclass(frozen=True, slots=True)
class Doubts:
    """What other mistakes leave open, so that no consequence is told as another mistake."""

    missing: bool = False  # a whole module or credential could not be read
    keys: dict[str, frozenset[str]] = field(default_factory=dict)  # what could not be read of which
    groups: frozenset[str] = frozenset()  # groups whose members are not all known
    scale: bool = False

    def about(self, selectors: Iterable[Selector], known: Iterable[str]) -> bool:
        """Tell whether what these selectors match is not sure."""
        looked_at: set[str] = set()
        for selector in selectors:
            if self.groups.intersection(selector.groups or ()):
                return True
            if set(selector.ids or ()).difference(known):
                return True
            looked_at.update(key for key in _FIGURES if getattr(selector, key) is not None)
        return self.missing or any(looked_at & lost for lost in self.keys.values())

    def amount(self, refs: Iterable[str], unit: Unit) -> bool:
        """Tell whether what these amount to is not sure."""
        return any({unit, "repeatable"} & self.keys.get(ref, frozenset()) for ref in refs)


_FIGURES = ("groups", "level", "credits", "hours", "kind")


@dataclass(frozen=True, slots=True)
class Around:
    """What the rules around one demand of everything inside them."""

    only: tuple[Selector, ...] = ()
    after: date = date.min
    before: date = date.max


OUTERMOST = Around()


@dataclass(slots=True)
class Judge:
    """Judges the rules of one file."""

    document: Document
    telling: Telling
    index: int
    doubts: Doubts
    catalogue: Catalogue = field(init=False)
    offers: Offers = field(init=False)
    group_names: frozenset[str] = field(init=False)
    award_kinds: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Look at the catalogue in this file's words."""
        self.catalogue = Catalogue(self.document, self.file)
        self.offers = Offers(self.catalogue)
        self.group_names = groups_known(self.catalogue)
        self.award_kinds = award_kinds(self.catalogue)

    @property
    def file(self) -> Pathway:
        """The file whose rules these are."""
        return self.document.files[self.index]

    def refuse(
        self,
        loc: Loc,
        message: str,
        help_: str = "",
        *,
        key: bool = False,
        found: str | None = None,
    ) -> None:
        """Tell a problem, unless it may be the consequence of another one."""
        if not self.telling.positions.damaged(self.index, loc):
            self.telling.tell(self.index, loc, message, help_, key=key, found=found)

    def lost(self, loc: Loc, key: str) -> bool:
        """Tell whether a key of a mapping was taken out because of a mistake in it."""
        node = self.telling.positions.node(self.index, loc)
        return isinstance(node, Mapping) and key in node.lost

    def written_empty(self, loc: Loc) -> bool:
        """Tell whether a list that may be left out is written, and empty."""
        node = self.telling.positions.node(self.index, loc)
        return isinstance(node, Items) and not node.items and not node.lost

    # --- any rule --------------------------------------------------------------------------------

    def rule(self, site: Site, around: Around = OUTERMOST) -> None:
        """Judge a rule and everything inside it."""
        rule, loc = site.rule, site.loc
        if isinstance(rule, RuleBase):
            around = self._modifiers(rule, site, around)
        match rule:
            case ModuleRule():
                self._module(rule, loc, around)
            case EveryRule():
                self._every(rule, site, around)
            case AmountRule():
                self._amount(rule, site, around)
            case AtLeastRule():
                self._at_least(rule, loc)
            case PointsRule():
                self._points(rule, loc)
            case _:
                pass
        inner = parts(site)
        if inner or (isinstance(rule, RuleBase) and rule.operator in _LISTS):
            self._children(rule, site, inner)
        for part in inner:
            self.rule(part, around)

    def _modifiers(self, rule: RuleBase, site: Site, around: Around) -> Around:
        loc = site.loc
        only = around.only
        if rule.only is not None and self._selector(rule.only, (*loc, "only"), site.credential):
            only = (*only, rule.only)
        after, before = self._window(rule, loc, around)
        sharing = [key for key in ("distinct", "overlap", "shared") if _given(rule, key)]
        for key in sharing[1:]:
            self.refuse((*loc, key), f"`{key}` contradicts `{sharing[0]}`", "keep one", key=True)
        several = isinstance(rule, EveryRule) or len(rule.children) > 1
        if sharing and not several:
            self.refuse(
                (*loc, sharing[0]),
                f"`{sharing[0]}` speaks of the children of a rule, and here are not several",
                "it goes with `all`, `any`, `at_least`, `points` and `in_order`",
                key=True,
            )
        return Around(only, after, before)

    def _window(self, dated: RuleBase | Selector, loc: Loc, around: Around) -> tuple[date, date]:
        after = max(dated.after or date.min, around.after)
        before = min(dated.before or date.max, around.before)
        if after > before and around.after <= around.before:
            key = "before" if dated.before is not None else "after"
            message = f"no date is both after {after} and before {before}"
            self.refuse((*loc, key), message, "both days are included")
        return after, before

    def _children(self, rule: Rule, site: Site, inner: Sequence[Site]) -> None:
        """Lists of rules: not empty, and nothing twice."""
        key = "of" if rule.operator in ("at_least", "points") else rule.operator
        if not inner:
            self.refuse((*site.loc, key), "an empty list of rules", "name one rule or more")
            return
        shares = isinstance(rule, RuleBase) and (bool(rule.distinct) or rule.overlap is not None)
        first: dict[Rule, Site] = {}
        for part in inner:
            twin = first.setdefault(part.rule, part)
            if twin is not part and not (shares and self._may_repeat(part.rule)):
                line, _ = self.telling.positions.of(self.index, twin.loc)
                self.refuse(
                    part.loc,
                    "the same rule stands twice in one list",
                    f"the first is at line {line}; leave one out",
                )
        if isinstance(rule, AllRule | InOrderRule) and site.credential is not None:
            named = [part.rule.module for part in inner if isinstance(part.rule, ModuleRule)]
            self._barred(named, (*site.loc, key))

    def _may_repeat(self, rule: Rule) -> bool:
        """Whether two children that share nothing can both meet this rule."""
        if isinstance(rule, CredentialRule):
            return False
        if isinstance(rule, ModuleRule) and rule.module in self.document.modules:
            return self.document.modules[rule.module][0].repeatable != 1
        return True

    def _barred(self, modules: Iterable[str], loc: Loc) -> None:
        known = self.document.modules
        asked = set(modules) & set(known)
        pairs = {
            (min(one, other), max(one, other))
            for one in asked
            for other in asked.intersection(known[one][0].barred) - {one}
        }
        for one, other in sorted(pairs):
            self.refuse(
                loc,
                f"`{one}` and `{other}` are barred to each other, and both are asked for",
                "ask for one of them with `any`",
                found="",
            )

    # --- counting children -----------------------------------------------------------------------

    def _at_least(self, rule: AtLeastRule, loc: Loc) -> None:
        there = len(rule.of)
        if rule.at_least == 0:
            self.refuse((*loc, "at_least"), "`at_least: 0` asks for nothing", "ask for 1 or more")
        elif rule.of and rule.at_least > there and not self._damaged((*loc, "of")):
            self.refuse(
                (*loc, "at_least"),
                f"more is asked for than the {counted(there, 'rule')} of the list",
                f"ask for {there} at most" if there > 1 else "leave `at_least` out",
            )

    def _points(self, rule: PointsRule, loc: Loc) -> None:
        for index, child in enumerate(rule.of):
            if child.worth == 0:
                self.refuse((*loc, "of", index, "worth"), "`worth: 0` adds nothing", "leave it out")
        there = sum((child.worth for child in rule.of), Decimal(0))
        if rule.points == 0:
            self.refuse((*loc, "points"), "`points: 0` asks for nothing", "ask for more")
        elif rule.of and rule.points > there and not self._damaged((*loc, "of")):
            self.refuse(
                (*loc, "points"),
                f"the rules of the list are worth {plain(there)} together",
                f"ask for {plain(there)} at most",
            )

    def _damaged(self, loc: Loc) -> bool:
        return self.telling.positions.damaged(self.index, loc)

    # --- leaves ----------------------------------------------------------------------------------

    def _module(self, rule: ModuleRule, loc: Loc, around: Around) -> None:
        self._marks(rule, loc)
        sound = rule.selector is None or self._selector(rule.selector, (*loc, "from"), None)
        known = rule.module in self.document.modules
        if rule.selector is not None and sound and known:
            self._window(rule.selector, (*loc, "from"), around)
            doubtful = self._doubtful([rule.selector], (*loc, "from"))
            if not doubtful and not lets_through(self.catalogue, rule.selector, rule.module):
                message = f"no completion of `{rule.module}` matches this selector"
                self.refuse((*loc, "from"), message, "loosen it, or leave it out")
        if known:
            self._let_through(rule.module, loc, around)

    def _let_through(self, module: str, loc: Loc, around: Around) -> None:
        for only in around.only:
            doubtful = self._doubtful([only], ())
            if not doubtful and not lets_through(self.catalogue, only, module):
                self.refuse(
                    loc,
                    f"an `only` around this rule lets no completion of `{module}` through",
                    "loosen that `only`, or take this out",
                    found="",
                )
                return

    def _every(self, rule: EveryRule, site: Site, around: Around) -> None:
        loc = (*site.loc, "every")
        sound = True
        for part in parts_of(self.catalogue, rule.every, loc):
            for key in COMPLETION_KEYS:
                if getattr(part.selector, key) is not None:
                    sound = False
                    self.refuse(
                        (*part.loc, key),
                        f"`every` looks at the catalogue, which has no `{key}`",
                        f"put it beside `every`: `only: {{{key}: ...}}`",
                        key=True,
                    )
        if not self._selector(rule.every, loc, site.credential) or not sound:
            return
        if self._doubtful([rule.every], loc):
            return
        refs = self.offers.of(rule.every, but=site.credential).refs
        named = rule.every.groups or ()
        if named and not any(map(self.catalogue.members, named)):
            names = " or ".join(f"`{name}`" for name in named)
            self.refuse(
                loc,
                f"{names} is given by completions, so `every` has nothing to go by",
                "list the members under `groups:`, or use `count`",
            )
            return
        for ref in sorted(refs):
            if ref in self.document.modules:
                self._let_through(ref, loc, around)
        if site.credential is not None:
            self._barred(refs, loc)

    # --- amounts ---------------------------------------------------------------------------------

    def _amount(self, rule: AmountRule, site: Site, around: Around) -> None:
        loc, unit = site.loc, rule.unit
        asked: Loc = (*loc, unit)
        if rule.amount == 0:
            self.refuse(asked, f"`{unit}: 0` asks for nothing", "ask for more")
        elif unit == "count" and rule.amount % 1:
            self.refuse(asked, "a whole number is due here", "items are whole")
        self._value(rule, loc)
        sound = self._selector(rule.selector, (*loc, "from"), site.credential)
        if sound:
            self._window(rule.selector, (*loc, "from"), around)
        offer: Offer | None = None
        if sound and not self._doubtful([rule.selector, *around.only], (*loc, "from")):
            offer = self.offers.of(rule.selector, only=around.only, but=site.credential)
            if not offer.refs:
                message = "an `only` around this rule leaves nothing of this"
                self.refuse((*loc, "from"), message, "loosen that `only`, or this")
        if offer and offer.refs and rule.amount:
            self._within_reach(rule.amount, offer, unit, asked)
            self._sum_within_reach(rule, offer, (*loc, "sum"))
        if self.written_empty((*loc, "limits")):
            self.refuse((*loc, "limits"), "an empty list of limits", "leave it out")
        for index, limit in enumerate(rule.limits):
            self._limit(limit, rule, (*loc, "limits", index), offer, site)

    def _within_reach(self, amount: Decimal, offer: Offer, unit: Unit, loc: Loc) -> None:
        there = offer.most(unit)
        if amount <= there or self.doubts.amount(offer.refs, unit):
            return
        self.refuse(
            loc,
            f"what matches in the catalogue gives {amount_words(there, unit)} at most",
            f"ask for {plain(there)} at most, or let more match" if there else "let more match",
        )

    def _value(self, rule: AmountRule, loc: Loc) -> None:
        """The `average` and `sum`, and what they are of."""
        for key in ("average", "sum"):
            if getattr(rule, key) == 0:
                self.refuse((*loc, key), f"`{key}: 0` asks for nothing", "leave it out")
        if rule.of == "points" and not self.file.scale and not self.doubts.scale:
            message = "`of: points` needs a `scale` in this file"
            self.refuse((*loc, "of"), message, "add `scale:`, highest grade first")
        top = self._top(rule)
        if rule.average is not None and top is not None and rule.average > top:
            by_score = rule.of == "score" or not self.file.scale
            highest = "a score of 100" if by_score else f"{plain(top)} points"
            message = f"nobody can have more than {highest}"
            self.refuse((*loc, "average"), message, f"ask for {plain(top)} at most")

    def _sum_within_reach(self, rule: AmountRule, offer: Offer, loc: Loc) -> None:
        weight: Unit = "credits" if rule.weighted_by == "credits" else "count"
        top = self._top(rule)
        if rule.sum is None or not top or self.doubts.amount(offer.refs, weight):
            return
        most = offer.most(weight) * top
        if rule.sum > most:
            message = f"what matches in the catalogue gives a sum of {plain(most)} at most"
            self.refuse(loc, message, f"ask for {plain(most)} at most, or let more match")

    def _top(self, rule: AmountRule) -> Decimal | None:
        """The most that one item can have as its value; None where that is not known."""
        scale = self.file.scale
        if rule.of == "points" or (rule.of is None and scale):
            return max(scale.values()) if scale and not self.doubts.scale else None
        return None if self.doubts.scale and rule.of is None else TOP_SCORE

    # --- limits ----------------------------------------------------------------------------------

    def _limit(
        self, limit: Limit, rule: AmountRule, loc: Loc, offer: Offer | None, site: Site
    ) -> None:
        unit = limit.unit or rule.unit
        inside = offer
        if limit.of is not None:
            inherited = self.catalogue.kinds(rule.selector)
            sound = self._selector(limit.of, (*loc, "of"), site.credential, inherited)
            if not sound or offer is None or self._doubtful([limit.of], (*loc, "of")):
                inside = None
            else:
                inside = offer.among(self.offers.of(limit.of, inherited=inherited).refs)
        match limit.form:
            case "at_least":
                self._limit_at_least(limit, rule, unit, loc, inside)
            case "at_most":
                self._limit_at_most(limit, rule, unit, loc, offer)
            case "spread":
                self._limit_spread(limit, loc, offer.refs if offer else None)
            case _:
                if limit.at_most_each == 0:
                    message = "`at_most_each: 0` lets nothing be selected"
                    self.refuse((*loc, "at_most_each"), message, "leave those out with `except`")
        self._over(limit, loc)

    def _limit_at_least(
        self, limit: Limit, rule: AmountRule, unit: Unit, loc: Loc, inside: Offer | None
    ) -> None:
        assert limit.at_least is not None
        at: Loc = (*loc, "at_least")
        amount = limit.at_least.of(rule.amount)
        if limit.at_least.amount == 0:
            self.refuse(at, f"`at_least: {limit.at_least}` asks for nothing", "leave the limit out")
        elif unit == rule.unit and amount > rule.amount > 0:
            message = f"the rule itself asks for {amount_words(rule.amount, unit)}"
            self.refuse(at, message, f"ask for {plain(rule.amount)} at most, or for more there")
        elif inside is not None and inside.refs:
            self._within_reach(amount, inside, unit, at)
        elif inside is not None and rule.amount:
            message = "nothing that matches the rule's `from` matches this"
            self.refuse((*loc, "of"), message, "limit something that `from` lets in")

    def _limit_at_most(
        self, limit: Limit, rule: AmountRule, unit: Unit, loc: Loc, offer: Offer | None
    ) -> None:
        """Refuse a cap under which what may still be selected falls short of the amount."""
        assert limit.at_most is not None
        if offer is None or limit.of is None or unit != rule.unit:
            return
        there = offer.most(unit)
        cap = limit.at_most.of(rule.amount)
        if rule.amount > there or cap >= rule.amount or self.doubts.amount(offer.refs, unit):
            return
        inherited = self.catalogue.kinds(rule.selector)
        sure = self.catalogue.matching(limit.of, inherited=inherited, least=Match.YES)
        most = offer.among(offer.refs - sure).most(unit)
        most += min(cap, offer.among(sure).most(unit))
        if most < rule.amount:
            message = f"with this limit, {amount_words(most, unit)} can be selected at most"
            help_ = f"the rule asks for {amount_words(rule.amount, unit)}"
            self.refuse((*loc, "at_most"), message, help_)

    def _limit_spread(self, limit: Limit, loc: Loc, refs: frozenset[str] | None) -> None:
        assert limit.spread is not None
        if limit.spread == 0:
            self.refuse((*loc, "spread"), "`spread: 0` asks for nothing", "leave the limit out")
            return
        if limit.each == 0:
            self.refuse((*loc, "each"), "`each: 0` asks for nothing", "leave it out")
        values: int | None = None
        if isinstance(limit.over, tuple):
            values = len(set(limit.over))
        elif refs and limit.over == "module":
            values = len(refs)
        elif (
            refs
            and limit.over == "level"
            and not any("level" in keys for keys in self.doubts.keys.values())
        ):
            levels = {self.catalogue.entries[ref].level for ref in refs}
            values = None if None in levels else len(levels)
        if values and limit.spread > values:
            self.refuse(
                (*loc, "spread"),
                f"there {'is' if values == 1 else 'are'} {counted(values, 'value')} to spread over",
                f"ask for {values} at most",
            )

    def _over(self, limit: Limit, loc: Loc) -> None:
        if isinstance(limit.over, tuple):
            self._listed((*loc, "over"), limit.over)

    # --- selectors -------------------------------------------------------------------------------

    def _doubtful(self, selectors: Iterable[Selector], loc: Loc) -> bool:
        every = [
            part.selector
            for selector in selectors
            for part in parts_of(self.catalogue, selector, loc or ("",))
        ]
        return self.doubts.about(every, self.catalogue.entries)

    def _selector(
        self,
        selector: Selector,
        loc: Loc,
        owner: str | None,
        inherited: frozenset[str] = MODULES,
    ) -> bool:
        """Judge a selector with its alternatives and exceptions; tell whether it is sound."""
        sound = True
        for part in parts_of(self.catalogue, selector, loc, inherited):
            if not self._keys(part):
                sound = False
            elif sound and not self._doubtful([part.selector], part.loc):
                sound = self._not_empty(part, owner)
        return sound

    def _not_empty(self, part: Part, owner: str | None) -> bool:
        matching = self.offers.of(part.selector, inherited=part.inherited).refs
        if not matching:
            role = "this exception" if part.role == "except" else "this"
            message = f"{role} matches nothing in the catalogue"
            self.refuse(part.loc, message, self._what_there_is(part))
        elif matching == {owner} and owner in self.document.credentials:
            self.refuse(
                part.loc,
                f"this matches only `{owner}`, and never in its own rule",
                "name other credentials",
            )
        else:
            return True
        return False

    def _what_there_is(self, part: Part) -> str:
        """Help for a selector that matches nothing: what the figure is that nothing has."""
        kinds = self.catalogue.kinds(part.selector, part.inherited)
        entries = [
            entry
            for ref, entry in self.catalogue.entries.items()
            if ("module" if ref in self.document.modules else "credential") in kinds
        ]
        for key in ("level", "credits", "hours"):
            bounds = getattr(part.selector, key)
            figures = {getattr(entry, key) for entry in entries} - {None, "varies"}
            if bounds is not None and not any(map(bounds.holds, figures)):
                known = ", ".join(f"`{plain(figure)}`" for figure in sorted(figures))
                return f"`{key}` is one of {known} here" if known else f"nothing has a `{key}` here"
        return "nothing has all of this at once"

    def _keys(self, part: Part) -> bool:
        """Judge the keys of one selector by themselves."""
        selector, loc = part.selector, part.loc
        before = len(self.telling.problems)
        node = self.telling.positions.node(self.index, loc)
        if isinstance(node, Mapping) and not node.values and not self._damaged(loc):
            self.refuse(loc, "an empty selector", "write `any` for everything")
            return False
        for key in ("groups", "kind", "source", "ids"):
            if (words := getattr(selector, key)) is not None:
                self._listed((*loc, key), words)
        if selector.any_of is not None and not selector.any_of:
            self.refuse((*loc, "any_of"), "an empty list of alternatives", "name one or more")
        self._known_words(selector, loc)
        self._marks(selector, loc)
        self._window(selector, loc, OUTERMOST)
        if selector.type == "module" and selector.kind is not None:
            message = "a module has no `kind`"
            self.refuse((*loc, "kind"), message, "leave out `type: module`, or `kind`", key=True)
        if self.catalogue.kinds(selector, part.inherited) == AWARDS:
            for key in COMPLETED_ONLY:
                if getattr(selector, key) is not None:
                    message = f"an award has no `{key.removeprefix('min_')}`"
                    self.refuse((*loc, key), message, f"leave out `{key}`", key=True)
        for index, ref in enumerate(selector.ids or ()):
            is_ = "credential" if ref in self.document.credentials else "module"
            if selector.type is not None and ref in self.catalogue.entries and is_ != selector.type:
                message = f"`{ref}` is a {is_}, and `type` asks for a {selector.type}"
                self.refuse((*loc, "ids", index), message, "leave one of the two out", found="")
        return len(self.telling.problems) == before and not self._damaged(loc)

    def _known_words(self, selector: Selector, loc: Loc) -> None:
        lists = (
            ("groups", "group", self.group_names | self.doubts.groups),
            ("kind", "kind of credential", self.award_kinds),
        )
        for key, noun, known in lists:
            for index, word in enumerate(getattr(selector, key) or ()):
                lost = any(key in keys for keys in self.doubts.keys.values()) or self.doubts.missing
                if word not in known and not lost:
                    help_ = nearest(word, known) or f"there is no {noun} in the catalogue"
                    self.refuse((*loc, key, index), f"unknown {noun} `{word}`", help_, found="")

    def _listed(self, loc: Loc, words: Sequence[str]) -> None:
        """A list of words is not empty, and has each once."""
        if not words:
            self.refuse(loc, "an empty list", "name one or more")
        for word, count in Counter(words).items():
            if count > 1:
                at = max(index for index, each in enumerate(words) if each == word)
                self.refuse(
                    (*loc, at), f"`{word}` stands twice in one list", "leave one out", found=""
                )

    def _marks(self, marked: ModuleRule | Selector, loc: Loc) -> None:
        if marked.min_score is not None and marked.min_score > TOP_SCORE:
            self.refuse((*loc, "min_score"), "no score is above 100", "ask for less")
        if marked.min_grade is not None:
            self.grade(marked.min_grade, (*loc, "min_grade"))

    def grade(self, grade: str, loc: Loc) -> None:
        """Judge a grade that this file names."""
        scale = self.file.scale
        if self.doubts.scale or grade in scale:
            return
        if scale:
            self.refuse(loc, f"unknown grade `{grade}`", nearest(grade, scale), found="")
        else:
            message = "a grade is asked for, and this file has no `scale`"
            self.refuse(loc, message, "add the grades with their points, highest first")


_LISTS = ("all", "any", "at_least", "points", "in_order")


def _given(rule: RuleBase, key: str) -> bool:
    value = getattr(rule, key)
    return value is not None and value is not False
