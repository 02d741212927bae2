"""Rules, selectors and limits in plain words, the same wherever a person reads of them.

A selector has two forms: what it names (`selector_words`: "`elective` at level 6 or above") and
what it demands of something already named (`condition_words`: "at least 10 of them *at level 6
or above*"). A rule has two as well: whole (`rule_words`), and as the first line of a tree whose
children stand beneath it (`headline`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from pathways.document import (
    AllRule,
    AmountRule,
    AnyRule,
    AtLeastRule,
    Bounds,
    CredentialRule,
    EveryRule,
    IdRule,
    InOrderRule,
    Limit,
    ModuleRule,
    NamedRule,
    OverlapCredits,
    PointsRule,
    Rule,
    RuleBase,
    Selector,
    Unit,
    Worth,
    plain,
)

#: Of a longer list only so many are named, and the rest are counted.
MOST_NAMED = 8

#: What the selector `any` demands.
_ANYTHING = "of any kind"

_NOUNS: dict[Unit, str] = {"count": "item", "credits": "credit", "hours": "hour"}
_KINDS_OF_VALUE = {"groups": "group", "level": "level", "source": "source", "module": "module"}


def quoted(word: str) -> str:
    """Put a designer's own word between backticks.

    >>> quoted("sql-1")
    '`sql-1`'
    """
    return f"`{word}`"


def joined(parts: Sequence[str], word: str) -> str:
    """Join phrases as a sentence does.

    >>> joined(["a"], "or"), joined(["a", "b"], "or"), joined(["a", "b", "c"], "and")
    ('a', 'a or b', 'a, b and c')
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def named(words: Iterable[str], word: str) -> str:
    """Name a designer's words in backticks, counting those that would make the list too long.

    >>> named(["a", "b"], "or")
    '`a` or `b`'
    >>> named([f"m{number}" for number in range(12)], "and")
    '`m0`, `m1`, `m2`, `m3`, `m4`, `m5`, `m6` and 5 others'
    """
    names = [quoted(name) for name in words]
    if len(names) > MOST_NAMED:
        left = len(names) - (MOST_NAMED - 1)
        names = [*names[: MOST_NAMED - 1], f"{left} others"]
    return joined(names, word)


def counted(number: Decimal | int, noun: str) -> str:
    """Write a number with its noun, which takes an `s` unless there is exactly one.

    >>> counted(1, "module"), counted(Decimal("1.0"), "credit"), counted(0, "item")
    ('1 module', '1 credit', '0 items')
    """
    number = Decimal(number)
    return f"{plain(number)} {noun}" if number == 1 else f"{plain(number)} {noun}s"


def amount_words(number: Decimal, unit: Unit, noun: str = "item") -> str:
    """Write an amount in a rule's unit; `noun` is what a count counts.

    >>> amount_words(Decimal(20), "credits"), amount_words(Decimal(1), "hours")
    ('20 credits', '1 hour')
    >>> amount_words(Decimal(4), "count"), amount_words(Decimal(1), "count", "module")
    ('4 items', '1 module')
    """
    return counted(number, noun if unit == "count" else _NOUNS[unit])


def noun_of(selector: Selector) -> str:
    """Say what a selector's matches are: `module`, `credential`, or `item` where it may be both.

    >>> noun_of(Selector(groups=("elective",))), noun_of(Selector(kind=("diploma",)))
    ('module', 'credential')
    """
    if selector.type is not None:
        return selector.type
    if selector.kind is not None:
        return "credential"
    if selector.ids is not None:
        return "item"
    if selector.any_of is not None:
        nouns = {noun_of(branch) for branch in selector.any_of}
        return nouns.pop() if len(nouns) == 1 else "item"
    return "module"


# --- selectors -----------------------------------------------------------------------------------


def _level(bounds: Bounds) -> str:
    low, high = bounds.low, bounds.high
    if low is not None and high is not None:
        return (
            f"at level {plain(low)}" if low == high else f"at levels {plain(low)} to {plain(high)}"
        )
    if low is not None:
        return f"above level {plain(low)}" if bounds.open else f"at level {plain(low)} or above"
    assert high is not None
    return f"below level {plain(high)}" if bounds.open else f"at level {plain(high)} or below"


def _size(bounds: Bounds, noun: str) -> str:
    low, high = bounds.low, bounds.high
    if low is not None and high is not None:
        return (
            f"of {counted(low, noun)}"
            if low == high
            else f"of {plain(low)} to {counted(high, noun)}"
        )
    if low is not None:
        return (
            f"of more than {counted(low, noun)}"
            if bounds.open
            else f"of {counted(low, noun)} or more"
        )
    assert high is not None
    return (
        f"of less than {counted(high, noun)}"
        if bounds.open
        else f"of {counted(high, noun)} or less"
    )


def _demands(selector: Selector) -> list[str]:
    """What a selector demands beyond the groups and ids that name its matches."""
    demands = []
    if selector.kind is not None:
        demands.append(f"of the kind {named(selector.kind, 'or')}")
    if selector.level is not None:
        demands.append(_level(selector.level))
    if selector.credits is not None:
        demands.append(_size(selector.credits, "credit"))
    if selector.hours is not None:
        demands.append(_size(selector.hours, "hour"))
    if selector.source is not None:
        demands.append(f"with source {named(selector.source, 'or')}")
    if selector.min_score is not None:
        demands.append(f"with a score of {plain(selector.min_score)} or more")
    if selector.min_grade is not None:
        demands.append(f"with grade {quoted(selector.min_grade)} or better")
    if selector.since is not None:
        demands.append(f"of the last {selector.since}")
    if selector.after is not None:
        demands.append(f"dated {selector.after} or later")
    if selector.before is not None:
        demands.append(f"dated {selector.before} or earlier")
    return demands


def _exception(selector: Selector) -> str:
    if selector.except_ is None:
        return ""
    return f"but not {condition_words(selector.except_)}"


def condition_words(selector: Selector) -> str:
    """Say what a selector demands of items that are already spoken of.

    >>> condition_words(Selector(level=Bounds(low=Decimal(6))))
    'at level 6 or above'
    >>> condition_words(Selector(groups=("a", "b"), source=("transfer",)))
    'from `a` or `b` with source `transfer`'
    """
    words = []
    if selector.ids is not None:
        words.append(f"from {named(selector.ids, 'or')}")
    if selector.groups is not None:
        word = "in" if words else "from"
        words.append(f"{word} {named(selector.groups, 'or')}")
    if selector.type is not None:
        words.append(f"that are {selector.type}s")
    words += _demands(selector)
    if selector.any_of is not None:
        branches = [condition_words(branch) for branch in selector.any_of]
        words.append(f"either {joined(branches, 'or')}" if len(branches) > 1 else branches[0])
    if not words and selector.except_ is not None:
        return f"not {condition_words(selector.except_)}"
    text = " ".join(words) or _ANYTHING
    return f"{text}, {_exception(selector)}" if selector.except_ is not None else text


def selector_words(selector: Selector) -> str:
    """Name what a selector matches, as it stands after "from".

    >>> selector_words(Selector()), selector_words(Selector(groups=("elective",)))
    ('any module', '`elective`')
    >>> selector_words(Selector(level=Bounds(low=Decimal(2))))
    'modules at level 2 or above'
    >>> selector_words(Selector(ids=("a", "b"), except_=Selector(source=("unpaid",))))
    '`a` or `b`, but not with source `unpaid`'
    """
    words = []
    if selector.ids is not None:
        words.append(named(selector.ids, "or"))
        if selector.groups is not None:
            words.append(f"in {named(selector.groups, 'or')}")
    elif selector.groups is not None:
        words.append(named(selector.groups, "or"))
    demands = _demands(selector)
    if selector.any_of is not None:
        branches = [selector_words(branch) for branch in selector.any_of]
        if words or demands:
            demands.append(f"that are among {joined(branches, 'or')}")
        else:
            words.append(joined(branches, "or"))
    if selector.type == "credential" and words:
        demands.insert(0, "that are credentials")
    if not words:
        noun = noun_of(selector)
        words.append(f"{noun}s" if demands else f"any {noun}")
    text = " ".join(words + demands)
    return f"{text}, {_exception(selector)}" if selector.except_ is not None else text


# --- limits --------------------------------------------------------------------------------------


def limit_words(limit: Limit, unit: Unit) -> str:
    """Say what a limit asks of a selection whose rule is measured in `unit`.

    >>> from pathways.document import Share
    >>> level = Selector(level=Bounds(low=Decimal(6)))
    >>> limit_words(Limit(at_least=Share(amount=Decimal(10)), of=level), "credits")
    'at least 10 of them at level 6 or above'
    >>> limit_words(Limit(spread=3, over="groups", each=Decimal(14)), "credits")
    'from at least 3 different groups, at least 14 credits in each'
    """
    own = limit.unit or unit
    if limit.spread is not None:
        assert limit.over is not None
        if isinstance(limit.over, str):
            kind = _KINDS_OF_VALUE[limit.over]
            text = f"from at least {counted(limit.spread, f'different {kind}')}"
        else:
            text = f"from at least {limit.spread} of {named(limit.over, 'and')}"
        return (
            text
            if limit.each is None
            else f"{text}, at least {amount_words(limit.each, own)} in each"
        )
    if limit.at_most_each is not None:
        assert limit.over is not None
        most = (
            "nothing"
            if limit.at_most_each == 0
            else f"at most {amount_words(limit.at_most_each, own)}"
        )
        each = (
            f"each {_KINDS_OF_VALUE[limit.over]}"
            if isinstance(limit.over, str)
            else f"each of {named(limit.over, 'and')}"
        )
        return f"{most} from {each}"
    assert limit.of is not None
    condition = condition_words(limit.of)
    share = limit.at_least if limit.at_least is not None else limit.at_most
    assert share is not None
    # "Of them" are the 20 credits that the rule asks for: what a percentage is of, too.
    measured = own != unit and not share.percent
    number = amount_words(share.amount, own) if measured else str(share)
    which = "in all" if condition == _ANYTHING else f"of them {condition}"
    if limit.at_least is not None:
        return f"at least {number} {which}"
    if share.amount == 0:
        return f"none {which}"
    part = ", in part where need be" if limit.partial else ""
    return f"at most {number} {which}{part}"


# --- rules ---------------------------------------------------------------------------------------


def _asked_value(rule: AmountRule) -> str:
    """What a rule asks of the average or sum of its selection, or nothing."""
    number = rule.average if rule.average is not None else rule.sum
    if number is None:
        return ""
    kind = "an average" if rule.average is not None else "a sum"
    of = {None: "", "score": " score", "points": " of grade points"}[rule.of]
    text = f"with {kind}{of} of {plain(number)} or more"
    if rule.weighted_by == "credits":
        text += ", weighted by credits"
    if rule.weighted_by == "none":
        text += ", unweighted"
    if rule.over == "all":
        text += ", over everything that matches"
    return text


def _amount(rule: AmountRule) -> str:
    selector = rule.selector
    if rule.unit != "count":
        asked = f"{amount_words(rule.amount, rule.unit)} from {selector_words(selector)}"
    elif selector.ids is not None and selector.groups is None:
        asked = f"{plain(rule.amount)} of {selector_words(selector)}"
    else:
        asked = amount_words(rule.amount, "count", noun_of(selector))
        condition = condition_words(selector.model_copy(update={"type": None}))
        if condition != _ANYTHING:
            asked += f" {condition}"
    value = _asked_value(rule)
    limits = [limit_words(limit, rule.unit) for limit in rule.limits]
    return ", ".join([asked, value, *limits] if value else [asked, *limits])


def _every(rule: EveryRule) -> str:
    selector = rule.every
    if selector.ids is not None and selector == Selector(ids=selector.ids):
        return f"each of {named(selector.ids, 'and')}"
    condition = condition_words(selector.model_copy(update={"type": None}))
    noun = f"every {noun_of(selector)}"
    return noun if condition == _ANYTHING else f"{noun} {condition}"


def modifier_words(rule: RuleBase) -> list[str]:
    """Say, one phrase each, what a rule's modifiers demand of all evidence used inside it.

    >>> from pathways.document import Window
    >>> from pathways.periods import Period
    >>> modifier_words(AllRule(all=(), within=Window(period=Period(18, 0)), distinct=True))
    ['all of it within 18 months', 'nothing counting twice']
    """
    words = []
    if rule.only is not None:
        bare = rule.only.model_copy(update={"except_": None})
        if bare == Selector() and rule.only.except_ is not None:
            words.append(f"not counting evidence {condition_words(rule.only.except_)}")
        else:
            words.append(f"counting only evidence {condition_words(rule.only)}")
    if rule.since is not None:
        words.append(f"all of it from the last {rule.since}")
    if rule.after is not None:
        words.append(f"none of it before {rule.after}")
    if rule.before is not None:
        words.append(f"none of it after {rule.before}")
    if rule.within is not None:
        words.append(f"all of it within {rule.within}")
    if rule.together:
        words.append("all of it usable on one same day")
    if rule.distinct == "through":
        words.append("nothing counting twice, not even beneath an award")
    elif rule.distinct:
        words.append("nothing counting twice")
    if isinstance(rule.overlap, OverlapCredits):
        words.append(f"at most {counted(rule.overlap.credits, 'credit')} counting twice")
    elif rule.overlap is not None:
        words.append(f"at most {counted(rule.overlap, 'item')} counting twice")
    return words


def _inner(rule: Rule) -> str:
    """A rule inside another's sentence: in brackets where its own commas would confuse."""
    words = rule_words(rule)
    return f"({words})" if ", " in words or "; " in words or len(rule.children) > 1 else words


def _with_modifiers(words: str, rule: Rule, mark: str) -> str:
    modifiers = modifier_words(rule) if isinstance(rule, RuleBase) else []
    return f"{words}{mark}{', '.join(modifiers)}" if modifiers else words


def worth_words(child: Worth) -> str:
    """Say what a child of `points` is worth.

    >>> worth_words(Worth(worth=Decimal(4), rule=IdRule(ref="a"), required=True))
    '4 points, required'
    """
    return counted(child.worth, "point") + (", required" if child.required else "")


def _whole(rule: Rule) -> str:
    match rule:
        case AllRule():
            return joined([_inner(child) for child in rule.all], "and")
        case AnyRule():
            return joined([_inner(child) for child in rule.any], "or")
        case AtLeastRule():
            return (
                f"at least {rule.at_least} of {joined([_inner(child) for child in rule.of], 'and')}"
            )
        case PointsRule():
            worths = [f"{_inner(child.rule)} ({worth_words(child)})" for child in rule.of]
            return f"{counted(rule.points, 'point')} from {joined(worths, 'and')}"
        case InOrderRule():
            return ", then ".join(_inner(child) for child in rule.in_order)
        case _:
            return _first(rule)


def _first(rule: Rule) -> str:
    match rule:
        case IdRule():
            return quoted(rule.ref)
        case ModuleRule():
            demands = _demands(Selector(min_score=rule.min_score, min_grade=rule.min_grade))
            if rule.selector is not None:
                demands.append(condition_words(rule.selector))
            return " ".join([quoted(rule.module), *demands])
        case CredentialRule():
            words = [quoted(rule.credential)]
            if rule.held_for is not None:
                words.append(f"held for {rule.held_for}")
            if rule.even_if_expired:
                words.append("even if expired")
            return " ".join(words)
        case NamedRule():
            return f"the rule {quoted(rule.rule)}"
        case AllRule():
            return "all of these"
        case AnyRule():
            return "one of these"
        case AtLeastRule():
            return f"at least {rule.at_least} of these"
        case PointsRule():
            return f"{counted(rule.points, 'point')} from these"
        case InOrderRule():
            return "all of these, in this order"
        case EveryRule():
            return _every(rule)
        case AmountRule():
            return _amount(rule)


def headline(rule: Rule) -> str:
    """Say a rule in one line, its children left to the lines beneath.

    >>> headline(AnyRule(any=(IdRule(ref="a"), IdRule(ref="b")), distinct=True))
    'one of these, nothing counting twice'
    """
    return _with_modifiers(_first(rule), rule, ", ")


def rule_words(rule: Rule) -> str:
    """Say a whole rule in one sentence, without capital or full stop.

    >>> either = AnyRule(any=(IdRule(ref="b"), IdRule(ref="c")))
    >>> rule_words(AllRule(all=(IdRule(ref="a"), either)))
    '`a` and (`b` or `c`)'
    """
    # What is asked of several children together is set off from the last of them.
    return _with_modifiers(_whole(rule), rule, "; " if rule.children else ", ")


def rule_name(rule: Rule) -> str:
    """Call a rule by what its designer would: its title, else its id, else what it asks.

    >>> rule_name(AllRule(all=(), id="core", title="Core units")), rule_name(IdRule(ref="a"))
    ('Core units', '`a`')
    """
    if isinstance(rule, RuleBase):
        if rule.title is not None:
            return rule.title
        if rule.id is not None:
            return quoted(rule.id)
    return rule_words(rule)
