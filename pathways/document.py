"""What a designer may write: the pathway language as frozen models.

The models say what each construct *is*; `source` says where a mistake stands, `link` joins files
into one self-contained document, and the meaning is in `evaluate`. The same models read the
canonical JSON of a published document, where amounts are strings so that they stay exact.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    Strict,
    StringConstraints,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    field_serializer,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from pathways.periods import Period, PeriodError, parse_period

Unit = Literal["count", "credits", "hours"]

OPERATORS = (
    "module",
    "credential",
    "rule",
    "all",
    "any",
    "at_least",
    "points",
    "in_order",
    "every",
    "count",
    "credits",
    "hours",
)

_MAX_AMOUNT = Decimal(1_000_000_000)
_MAX_PLACES = 6


class Model(BaseModel):
    """A frozen part of the language; unknown keys are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        use_attribute_docstrings=True,
        defer_build=True,
    )


class Also:
    """Says in the JSON Schema that another form is read here, too."""

    def __init__(self, form: dict[str, Any]) -> None:
        """Keep the schema of the other form."""
        self.form = form

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the one form or the other."""
        return {"anyOf": [self.form, handler(core)]}


_A_TEXT = {"type": "string", "minLength": 1}

# --- scalars -------------------------------------------------------------------------------------


def _text(value: object) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | Decimal | date):
        raise PydanticCustomError("text", "a text is due here; quote it")
    raise PydanticCustomError("text", "a text is due here")


def _amount(value: object, info: ValidationInfo) -> Decimal:
    canonical = bool(info.context and info.context.get("canonical"))
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise PydanticCustomError("amount", "a number is due here")
    if isinstance(value, str):
        if not canonical:
            raise PydanticCustomError("amount", "a number is due here, without quotes")
        value = Decimal(value)
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise PydanticCustomError("amount", "a number is due here")
    if number < 0:
        raise PydanticCustomError("amount", "an amount can not be negative")
    if number >= _MAX_AMOUNT:
        raise PydanticCustomError("amount", "an amount must be below 1000000000")
    if -exponent > _MAX_PLACES and number != number.quantize(Decimal(1).scaleb(-_MAX_PLACES)):
        raise PydanticCustomError("amount", "an amount has at most 6 decimal places")
    return number


def plain(number: Decimal) -> str:
    """Write an exact decimal without exponent or trailing zeros.

    >>> plain(Decimal("40.0")), plain(Decimal("3.50"))
    ('40', '3.5')
    """
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _whole(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("whole", "a whole number is due here")
    return value


def _day(value: object) -> date:
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise PydanticCustomError("day", "a date such as 2026-03-01 is due here")


def _period(value: object) -> Period:
    if isinstance(value, Period):
        return value
    if isinstance(value, str):
        try:
            return parse_period(value)
        except PeriodError:
            pass
    raise PydanticCustomError(
        "period", "a period such as `90 days`, `18 months`, `3 years` or `P1Y6M` is due here"
    )


_ID = r"[a-z0-9][a-z0-9._-]*"
_ID_RE = re.compile(_ID)
_REF_RE = re.compile(rf"(?:{_ID}/)?{_ID}")


def _id(value: str) -> str:
    if len(value) <= 200 and _ID_RE.fullmatch(value):
        return value
    raise PydanticCustomError(
        "id",
        "an id has lower-case letters, digits, `-`, `.`, `_`, and starts with a letter or digit",
    )


_CTID_RE = re.compile(r"ce-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _ctid(value: str) -> str:
    if _CTID_RE.fullmatch(value):
        return value
    raise PydanticCustomError("ctid", "a ctid is `ce-` and a lower-case UUID")


def _ref(value: str) -> str:
    if len(value) <= 400 and _REF_RE.fullmatch(value):
        return value
    raise PydanticCustomError(
        "id",
        "an id has lower-case letters, digits, `-`, `.`, `_`, and starts with a letter or digit; "
        "one of another catalogue is written `catalogue/id`",
    )


Flag = Annotated[bool, Strict()]
Text = Annotated[str, BeforeValidator(_text)]
Name = Annotated[str, BeforeValidator(_text), StringConstraints(min_length=1, max_length=500)]
Word = Annotated[
    str, BeforeValidator(_text), StringConstraints(min_length=1, max_length=200, pattern=r"^\S")
]
Id = Annotated[str, BeforeValidator(_text), AfterValidator(_id)]
Ref = Annotated[str, BeforeValidator(_text), AfterValidator(_ref)]
Ctid = Annotated[str, BeforeValidator(_text), AfterValidator(_ctid)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Span = Annotated[
    Period,
    BeforeValidator(_period),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["90 days", "18 months", "3 years"]}),
]
Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    PlainSerializer(plain, return_type=str, when_used="json"),
    WithJsonSchema({"type": "number", "minimum": 0}),
]
Whole = Annotated[
    int, BeforeValidator(_whole), Field(ge=0, le=1_000_000), WithJsonSchema({"type": "integer"})
]


def _or_varies(value: object, info: ValidationInfo) -> object:
    return value if value == "varies" else _amount(value, info)


Varying = Annotated[
    Decimal | Literal["varies"],
    BeforeValidator(_or_varies),
    PlainSerializer(lambda value: value if value == "varies" else plain(value), when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, {"const": "varies"}]}),
]


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Words = Annotated[tuple[Word, ...], BeforeValidator(_several), Also(_A_TEXT)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_several), Also(_A_TEXT)]
Refs = Annotated[tuple[Ref, ...], BeforeValidator(_several), Also(_A_TEXT)]

_COMPARISON = re.compile(r"(>=|<=|>|<|=)?\s*(\d+(?:\.\d+)?)")
_BETWEEN = re.compile(r"(\d+(?:\.\d+)?)\s*\.\.\s*(\d+(?:\.\d+)?)")


class Bounds(Model):
    """A number asked for: `6`, `">=5"`, `"<3"` or `3..5`; the ends are inside unless `open`."""

    low: Decimal | None = None
    high: Decimal | None = None
    open: Flag = False

    def holds(self, number: Decimal | None) -> bool:
        """Tell whether a number lies within; an unknown one does not.

        >>> parse_bounds(">=5").holds(Decimal(5)), parse_bounds("3..5").holds(Decimal(6))
        (True, False)
        """
        if number is None:
            return False
        if self.open:
            return (self.low is None or number > self.low) and (
                self.high is None or number < self.high
            )
        return (self.low is None or number >= self.low) and (
            self.high is None or number <= self.high
        )

    def __str__(self) -> str:
        """Write the comparison as a designer would."""
        if self.low is not None and self.low == self.high:
            return plain(self.low)
        if self.low is not None and self.high is not None:
            return f"{plain(self.low)}..{plain(self.high)}"
        equal = "" if self.open else "="
        if self.low is not None:
            return f">{equal}{plain(self.low)}"
        return f"<{equal}{plain(self.high)}" if self.high is not None else "any"


def parse_bounds(value: object) -> Bounds:
    """Read a comparison; raises a validation error that says what would do."""
    if isinstance(value, Bounds):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and value >= 0:
        return Bounds(low=Decimal(value), high=Decimal(value))
    if isinstance(value, str):
        if match := _BETWEEN.fullmatch(value.strip()):
            low, high = Decimal(match[1]), Decimal(match[2])
            if low <= high:
                return Bounds(low=low, high=high)
        elif match := _COMPARISON.fullmatch(value.strip()):
            number = Decimal(match[2])
            match match[1]:
                case ">=":
                    return Bounds(low=number)
                case "<=":
                    return Bounds(high=number)
                case ">":
                    return Bounds(low=number, open=True)
                case "<":
                    return Bounds(high=number, open=True)
                case _:
                    return Bounds(low=number, high=number)
    raise PydanticCustomError("bounds", 'a number, `">=5"`, `"<3"` or `3..5` is due here')


Comparison = Annotated[
    Bounds,
    BeforeValidator(parse_bounds),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "examples": [">=5"]}]}),
]


class Share(Model):
    """What a limit asks for: an amount, or a percentage of what the rule asks for."""

    amount: Decimal
    percent: Flag = False

    def of(self, total: Decimal) -> Decimal:
        """Return the amount in the limit's unit, given what the rule asks for.

        >>> Share(amount=Decimal(75), percent=True).of(Decimal(30))
        Decimal('22.5')
        """
        return self.amount * total / 100 if self.percent else self.amount

    def __str__(self) -> str:
        """Write the share as a designer would."""
        return plain(self.amount) + ("%" if self.percent else "")


_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*%")


def _share(value: object, info: ValidationInfo) -> Share:
    if isinstance(value, Share):
        return value
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value.strip())):
        percent = Decimal(match[1])
        if percent <= 100:
            return Share(amount=percent, percent=True)
        raise PydanticCustomError("share", "a percentage is at most 100%")
    return Share(amount=_amount(value, info))


Sharing = Annotated[
    Share,
    BeforeValidator(_share),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "examples": ["50%"]}]}),
]


class Window(Model):
    """`within`: one window of a length anywhere, or one that starts with the enrolment."""

    period: Period
    of_enrolment: Flag = False

    def __str__(self) -> str:
        """Write the window as a designer would."""
        return f"{self.period} of enrolment" if self.of_enrolment else str(self.period)


def _window(value: object) -> Window:
    if isinstance(value, Window):
        return value
    if isinstance(value, str):
        text, _, tail = value.partition(" of ")
        try:
            if tail in ("", "enrolment"):
                return Window(period=parse_period(text), of_enrolment=bool(tail))
        except PeriodError:
            pass
    raise PydanticCustomError(
        "window", "a window such as `18 months` or `16 years of enrolment` is due here"
    )


Within = Annotated[
    Window,
    BeforeValidator(_window),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["18 months", "16 years of enrolment"]}),
]

# --- selectors -----------------------------------------------------------------------------------

Kind = Literal["module", "credential"]


class Selector(Model):
    """Which items may serve; every key that is given must hold. None given: `any`."""

    groups: Words | None = None
    level: Comparison | None = None
    credits: Comparison | None = None
    hours: Comparison | None = None
    kind: Words | None = None
    source: Words | None = None
    min_score: Amount | None = None
    min_grade: Word | None = None
    since: Span | None = None
    after: Day | None = None
    before: Day | None = None
    ids: Refs | None = None
    type: Kind | None = None
    any_of: tuple[SelectorRef, ...] | None = None
    except_: SelectorRef | None = Field(default=None, alias="except")


#: Selector keys that look at a completion and that no module has by itself.
COMPLETION_KEYS = ("source", "min_score", "min_grade", "since", "after", "before")


def _selector(value: object) -> object:
    if value == "any":
        return {}
    if isinstance(value, list | tuple):
        return {"ids": value}
    if isinstance(value, str):
        raise PydanticCustomError(
            "selector",
            "a selector is due here: `any`, a list of ids, or a mapping such as `{groups: x}`",
        )
    return value


SelectorRef = Annotated[
    Selector,
    BeforeValidator(_selector),
    Also({"type": "array", "items": _A_TEXT, "minItems": 1}),
    Also({"const": "any"}),
]

# --- rules ---------------------------------------------------------------------------------------


class OverlapCredits(Model):
    """`overlap: {credits: 10}`: how many credits more than one child may use."""

    credits: Amount


def _overlap(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | dict | OverlapCredits):
        raise PydanticCustomError("overlap", "a number of items, or `{credits: 10}`, is due here")
    return value


Overlap = Annotated[Whole | OverlapCredits, BeforeValidator(_overlap)]


class RuleBase(Model):
    """What every rule may carry: a name, and restrictions on all evidence used inside it."""

    id: Id | None = None
    title: Name | None = None
    only: SelectorRef | None = None
    since: Span | None = None
    after: Day | None = None
    before: Day | None = None
    within: Within | None = None
    together: Flag = False
    distinct: Flag | Literal["through"] = False
    overlap: Overlap | None = None
    shared: Flag = False

    @property
    def operator(self) -> str:
        """The one operator of this rule, as written."""
        raise NotImplementedError

    @property
    def children(self) -> tuple[Rule, ...]:
        """The rules directly inside this one, in file order."""
        return ()


class IdRule(Model):
    """A bare id, before it is known whether it names a module or a credential."""

    ref: Ref

    @property
    def operator(self) -> str:
        """A bare id has no operator of its own."""
        return "id"

    @property
    def children(self) -> tuple[Rule, ...]:
        """Nothing stands inside a bare id."""
        return ()


class ModuleRule(RuleBase):
    """A usable completion of one module."""

    module: Ref
    min_score: Amount | None = None
    min_grade: Word | None = None
    selector: SelectorRef | None = Field(default=None, alias="from")

    @property
    def operator(self) -> str:
        """Always `module`."""
        return "module"


class CredentialRule(RuleBase):
    """An award that is held."""

    credential: Ref
    even_if_expired: Flag = False
    held_for: Span | None = None

    @property
    def operator(self) -> str:
        """Always `credential`."""
        return "credential"


class NamedRule(RuleBase):
    """A rule of `rules:`, met here."""

    rule: Id

    @property
    def operator(self) -> str:
        """Always `rule`."""
        return "rule"


class AllRule(RuleBase):
    """Every child is met."""

    all: tuple[Rule, ...]

    @property
    def operator(self) -> str:
        """Always `all`."""
        return "all"

    @property
    def children(self) -> tuple[Rule, ...]:
        """The rules of the list."""
        return self.all


class AnyRule(RuleBase):
    """One child is met."""

    any: tuple[Rule, ...]

    @property
    def operator(self) -> str:
        """Always `any`."""
        return "any"

    @property
    def children(self) -> tuple[Rule, ...]:
        """The rules of the list."""
        return self.any


class AtLeastRule(RuleBase):
    """So many of the children are met."""

    at_least: Whole
    of: tuple[Rule, ...]

    @property
    def operator(self) -> str:
        """Always `at_least`."""
        return "at_least"

    @property
    def children(self) -> tuple[Rule, ...]:
        """The rules of the list."""
        return self.of


class Worth(Model):
    """A child of `points`: what it is worth when met, and whether it must be."""

    worth: Amount
    rule: Rule
    required: Flag = False


class PointsRule(RuleBase):
    """The worths of the met children reach a sum, the required ones among them."""

    points: Amount
    of: tuple[Worth, ...]

    @property
    def operator(self) -> str:
        """Always `points`."""
        return "points"

    @property
    def children(self) -> tuple[Rule, ...]:
        """The rules of the list, without their worths."""
        return tuple(child.rule for child in self.of)


class InOrderRule(RuleBase):
    """Every child is met, and no evidence of a later one predates evidence of an earlier one."""

    in_order: tuple[Rule, ...]

    @property
    def operator(self) -> str:
        """Always `in_order`."""
        return "in_order"

    @property
    def children(self) -> tuple[Rule, ...]:
        """The rules of the list."""
        return self.in_order


class EveryRule(RuleBase):
    """Each module or credential of the catalogue that matches is completed or held."""

    every: SelectorRef

    @property
    def operator(self) -> str:
        """Always `every`."""
        return "every"


def _values(value: object) -> object:
    return value if isinstance(value, str) else list(value) if isinstance(value, tuple) else value


Over = Annotated[
    Literal["groups", "level", "source", "module"] | tuple[Word, ...], BeforeValidator(_values)
]


class Limit(Model):
    """One limit on a selection: exactly one of `at_least`, `at_most`, `spread`, `at_most_each`."""

    at_least: Sharing | None = None
    at_most: Sharing | None = None
    spread: Whole | None = None
    at_most_each: Amount | None = None
    of: SelectorRef | None = None
    over: Over | None = None
    each: Amount | None = None
    unit: Unit | None = None
    partial: Flag = False

    @property
    def form(self) -> str:
        """Which of the four limits this is."""
        for name in ("at_least", "at_most", "spread"):
            if getattr(self, name) is not None:
                return name
        return "at_most_each"

    @model_validator(mode="before")
    @classmethod
    def _one_form(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise PydanticCustomError(
                "limit", "a limit is a mapping such as `{at_most: 9, of: SELECTOR}`"
            )
        forms = [key for key in ("at_least", "at_most", "spread", "at_most_each") if key in value]
        if len(forms) != 1:
            raise PydanticCustomError(
                "limit",
                "a limit has exactly one of `at_least`, `at_most`, `spread`, `at_most_each`",
            )
        form = forms[0]
        partner = "of" if form in ("at_least", "at_most") else "over"
        if partner not in value:
            raise PydanticCustomError(
                "limit", "`{form}` needs `{partner}`", {"form": form, "partner": partner}
            )
        allowed = {form, partner, "unit"} | {
            "at_least": set(),
            "at_most": {"partial"},
            "spread": {"each"},
            "at_most_each": set(),
        }[form]
        for key in value:
            if key in cls.model_fields and key not in allowed:
                raise PydanticCustomError(
                    "limit", "`{key}` does not go with `{form}`", {"key": key, "form": form}
                )
        return value


class AmountRule(RuleBase):
    """A selection of matching items whose number, credits or hours reach an amount."""

    count: Amount | None = None
    credits: Amount | None = None
    hours: Amount | None = None
    selector: SelectorRef = Field(alias="from")
    limits: tuple[Limit, ...] = ()
    average: Amount | None = None
    sum: Amount | None = None
    of: Literal["score", "points"] | None = None
    weighted_by: Literal["credits", "none"] | None = None
    over: Literal["counted", "all"] = "counted"

    @property
    def operator(self) -> str:
        """The unit in which the amount is asked for."""
        return self.unit

    @property
    def unit(self) -> Unit:
        """The rule's own unit."""
        if self.count is not None:
            return "count"
        return "credits" if self.credits is not None else "hours"

    @property
    def amount(self) -> Decimal:
        """What is asked for, in the rule's own unit, before any waiver."""
        amount = getattr(self, self.unit)
        assert isinstance(amount, Decimal)
        return amount

    @model_validator(mode="before")
    @classmethod
    def _value_keys(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "average" not in value and "sum" not in value:
            for key in ("of", "weighted_by", "over"):
                if key in value:
                    raise PydanticCustomError(
                        "amount_rule",
                        "`{key}` goes with `average` or `sum`, and there is neither here",
                        {"key": key},
                    )
        return value


def _rule_tag(value: object) -> str | None:
    """Choose the one branch whose mistakes are worth telling."""
    if isinstance(value, str):
        return "~id"
    if isinstance(value, Mapping):
        found = [operator for operator in OPERATORS if operator in value]
        if len(found) == 1:
            return "~amount" if found[0] in ("count", "credits", "hours") else f"~{found[0]}"
        # A canonical bare id is `{ref: ...}`; it never stands in a linked document.
        return None
    if isinstance(value, IdRule):
        return "~id"
    if isinstance(value, AmountRule):
        return "~amount"
    if isinstance(value, RuleBase):
        return f"~{value.operator}"
    return None


def _bare(value: object) -> object:
    return {"ref": value} if isinstance(value, str) else value


Rule = Annotated[
    Annotated[IdRule, BeforeValidator(_bare), WithJsonSchema(_A_TEXT), Tag("~id")]
    | Annotated[ModuleRule, Tag("~module")]
    | Annotated[CredentialRule, Tag("~credential")]
    | Annotated[NamedRule, Tag("~rule")]
    | Annotated[AllRule, Tag("~all")]
    | Annotated[AnyRule, Tag("~any")]
    | Annotated[AtLeastRule, Tag("~at_least")]
    | Annotated[PointsRule, Tag("~points")]
    | Annotated[InOrderRule, Tag("~in_order")]
    | Annotated[EveryRule, Tag("~every")]
    | Annotated[AmountRule, Tag("~amount")],
    Discriminator(
        _rule_tag,
        custom_error_type="rule",
        custom_error_message="a rule is a bare id, or a mapping with exactly one operator",
    ),
]

#: A rule of a linked document, in which no bare id is left.
LinkedRule: TypeAlias = (
    ModuleRule
    | CredentialRule
    | NamedRule
    | AllRule
    | AnyRule
    | AtLeastRule
    | PointsRule
    | InOrderRule
    | EveryRule
    | AmountRule
)

# --- what can be earned --------------------------------------------------------------------------


class Alignment(Model):
    """A statement in some framework that this module or credential lines up with."""

    name: Name
    url: Text | None = None
    framework: Text | None = None


class Classification(Model):
    """A field of study, by the code that a scheme such as NZSCED or ISCED-F gives it."""

    scheme: Name
    code: Name
    name: Name | None = None


class Described(Model):
    """Descriptive fields, exported with a module or credential; no rule looks at them."""

    title: Name | None = None
    description: Text | None = None
    outcomes: Texts = ()
    skills: Texts = ()
    language: Text | None = None
    assessment: Text | None = None
    participation: Text | None = None
    quality_assurance: Text | None = None
    review_period: Span | None = None
    classification: tuple[Classification, ...] = ()
    url: Text | None = None
    image: Text | None = None
    ctid: Ctid | None = None
    alignment: tuple[Alignment, ...] = ()


def _repeatable(value: object) -> object:
    return value if value == "unlimited" else _whole(value)


class Module(Described):
    """A unit of learning that is completed."""

    credits: Varying = Decimal(0)
    level: Amount | None = None
    hours: Varying = Decimal(0)
    price: Amount | None = None
    groups: Words = ()
    pass_score: Amount | None = None
    pass_grade: Word | None = None
    requires: Rule | None = None
    equivalents: Refs = ()
    repeatable: Annotated[
        Annotated[int, Field(ge=1, le=1_000_000)] | Literal["unlimited"],
        BeforeValidator(_repeatable),
    ] = 1
    valid_for: Span | None = None
    barred: Refs = ()


def _grace(value: object) -> object:
    return value if value == "unlimited" else _period(value)


Grace = Annotated[
    Period | Literal["unlimited"],
    BeforeValidator(_grace),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["90 days", "unlimited"]}),
]


class Renewal(Model):
    """How an award's expiry is moved: a rule, when it opens, and the grace after expiry."""

    requires: Rule
    opens: Span | None = None
    grace: Grace | None = None


class AwardClass(Model):
    """A class of an award (distinction, merit); the last may go without a rule."""

    name: Name
    requires: Rule | None = None


class Credential(Described):
    """Something that is awarded, and that may itself be evidence further up."""

    kind: Word | None = None
    credits: Amount = Decimal(0)
    level: Amount | None = None
    hours: Amount = Decimal(0)
    groups: Words = ()
    requires: Rule | None = None
    external: Flag = False
    valid_for: Span | None = None
    renewal: Renewal | None = None
    again: Literal["fresh", "any", "never"] = "fresh"
    lasts: Literal["once_earned", "while_met"] = "once_earned"
    award: Literal["automatic", "approval"] = "automatic"
    on_lost_evidence: Literal["review", "revoke", "keep"] = "review"
    classes: tuple[AwardClass, ...] = ()


class Exclusive(Model):
    """Credentials that may not use the same evidence, beyond `share` items for any two."""

    credentials: tuple[Ref, ...]
    share: Whole = 0


class Issuer(Model):
    """Who awards."""

    name: Name
    url: Text | None = None
    country: Text | None = None


class Defaults(Model):
    """Pass marks for modules that do not say."""

    pass_score: Amount | None = None
    pass_grade: Word | None = None


# --- records -------------------------------------------------------------------------------------


def _never(value: object) -> object:
    return value if value == "never" else _day(value)


def as_key(key: str) -> BeforeValidator:
    """Read a bare id as a mapping with only this key."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


class Completed(Model):
    """A module that a learner completed (or attempted, where it does not pass)."""

    module: Ref
    on: Day | None = None
    score: Annotated[Amount, Field(le=100)] | None = None
    grade: Word | None = None
    credits: Amount | None = None
    level: Amount | None = None
    hours: Amount | None = None
    groups: Words = ()
    expires: Annotated[date | Literal["never"], BeforeValidator(_never)] | None = None
    source: Word = "course"
    id: Word | None = None
    revoked: Day | None = None


class Started(Model):
    """A module in progress."""

    module: Ref
    on: Day | None = None
    credits: Amount | None = None
    hours: Amount | None = None
    source: Word = "course"


class Renewed(Model):
    """A renewal that was already made: the day, and the expiry that it moved to."""

    on: Day
    expires: Day | None = None


class Held(Model):
    """An award that the learner holds, or held."""

    credential: Ref
    on: Day
    expires: Annotated[date | Literal["never"], BeforeValidator(_never)] | None = None
    award_class: Name | None = Field(default=None, alias="class")
    used: tuple[Word, ...] = ()
    renewed: tuple[Renewed, ...] = ()
    id: Word | None = None
    revoked: Day | None = None


class Waived(Model):
    """A decision that a rule, or an amount of it, is met."""

    rule: Word
    amount: Amount | None = None
    on: Day | None = None
    id: Word | None = None
    reason: Text | None = None
    by: Text | None = None


class Substituted(Model):
    """A decision that for this learner one module counts as another."""

    module: Ref
    counts_as: Ref
    on: Day | None = None
    reason: Text | None = None
    by: Text | None = None


class Record(Model):
    """What is known of one learner, in a file or imagined."""

    learner: Word | None = None
    enrolled: Day | None = None
    completed: tuple[Annotated[Completed, as_key("module"), Also(_A_TEXT)], ...] = ()
    in_progress: tuple[Annotated[Started, as_key("module"), Also(_A_TEXT)], ...] = ()
    holds: tuple[Held, ...] = ()
    approved: tuple[Ref, ...] = ()
    waived: tuple[Waived, ...] = ()
    substituted: tuple[Substituted, ...] = ()


class Expected(Model):
    """What an example says must come out."""

    awarded: Refs = ()
    not_awarded: Refs = ()
    expired: Refs = ()
    lapsed: Refs = ()
    awaiting: Refs = ()
    pending: Refs = ()
    classes: dict[str, Name | None] = Field(default_factory=dict)


class Example(Record):
    """A test that the designer writes."""

    name: Name
    on: Day
    expect: Expected


def _pairs(value: object) -> object:
    return dict(value) if isinstance(value, list) else value


class Pathway(Model):
    """One pathway file."""

    pathway: Id | None = None
    catalogue: Id | None = None
    version: Name | None = None
    title: Name | None = None
    description: Text | None = None
    issuer: Issuer | None = None
    ctid: Ctid | None = None
    destination: Refs = ()
    uses: tuple[Name, ...] = ()
    scale: Annotated[dict[str, Amount], BeforeValidator(_pairs)] = Field(default_factory=dict)
    attempts: Literal["any", "first", "latest"] = "any"
    defaults: Defaults = Defaults()
    groups: dict[str, Refs] = Field(default_factory=dict)
    modules: dict[Ref, Module] = Field(default_factory=dict)
    credentials: dict[Ref, Credential] = Field(default_factory=dict)
    rules: dict[Id, Rule] = Field(default_factory=dict)
    exclusive: tuple[Exclusive, ...] = ()
    examples: tuple[Example, ...] = ()

    @property
    def home(self) -> str:
        """The catalogue in which this file's modules and credentials live."""
        return self.catalogue or self.pathway or ""

    @field_serializer("scale", when_used="json")
    def _ordered(self, scale: dict[str, Decimal]) -> list[tuple[str, str]]:
        # JSON objects have no order, and the scale's order is its meaning: highest first.
        return [(grade, plain(points)) for grade, points in scale.items()]


class Document(Model):
    """A pathway with every file that it reaches: what is published, and what rules are read from.

    References in all files are written as seen from the main file, and no bare id is left.
    """

    main: Pathway
    used: tuple[Pathway, ...] = ()

    @property
    def files(self) -> tuple[Pathway, ...]:
        """The main file first, then what it uses."""
        return (self.main, *self.used)

    @cached_property
    def modules(self) -> dict[str, tuple[Module, Pathway]]:
        """Every module by its reference, with the file that defines it."""
        return {
            ref: (module, file)
            for file in reversed(self.files)
            for ref, module in file.modules.items()
        }

    @cached_property
    def retired(self) -> dict[str, tuple[str, ...]]:
        """Every retired code, with the modules that it counts as."""
        counts_as: dict[str, list[str]] = {}
        for ref, (module, _) in self.modules.items():
            for code in module.equivalents:
                counts_as.setdefault(code, []).append(ref)
        return {code: tuple(refs) for code, refs in counts_as.items()}

    @cached_property
    def credentials(self) -> dict[str, tuple[Credential, Pathway]]:
        """Every credential by its reference, with the file that defines it."""
        return {
            ref: (credential, file)
            for file in reversed(self.files)
            for ref, credential in file.credentials.items()
        }

    @cached_property
    def canonical(self) -> str:
        """The document as JSON that depends on nothing but its meaning."""
        without = {"examples", "uses"}
        files = [
            file.model_dump(mode="json", by_alias=True, exclude=without, exclude_defaults=True)
            for file in self.files
        ]
        used = sorted(files[1:], key=_compact)
        return _compact({"main": files[0], "used": used} if used else {"main": files[0]})

    @cached_property
    def digest(self) -> str:
        """`sha256:` and the hexadecimal digest of the canonical JSON."""
        return "sha256:" + hashlib.sha256(self.canonical.encode()).hexdigest()

    @classmethod
    def from_canonical(cls, text: str) -> Document:
        """Read what `canonical` wrote."""
        return cls.model_validate(json.loads(text), context={"canonical": True})


def _compact(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
