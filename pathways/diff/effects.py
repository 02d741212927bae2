"""What a change does, and how the effect of replacing one value by another is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

from pathways.document import plain


class Effect(Enum):
    """What a change does to the thing that it speaks of."""

    LOOSENS = "loosens"
    TIGHTENS = "tightens"
    SHIFTS = "shifts"
    NEITHER = "neither"

    @property
    def reversed(self) -> Effect:
        """The effect of the opposite change."""
        return _REVERSED[self]


_REVERSED = {
    Effect.LOOSENS: Effect.TIGHTENS,
    Effect.TIGHTENS: Effect.LOOSENS,
    Effect.SHIFTS: Effect.SHIFTS,
    Effect.NEITHER: Effect.NEITHER,
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change: where, what, and its effect there."""

    place: str
    text: str
    effect: Effect

    @property
    def moves(self) -> bool:
        """Whether anybody may stand otherwise for it."""
        return self.effect is not Effect.NEITHER

    def __str__(self) -> str:
        """Write the change in one line.

        >>> str(Change("credential `a`", "asks for 20 credits instead of 15", Effect.TIGHTENS))
        'credential `a`: asks for 20 credits instead of 15 (tightens)'
        """
        return f"{self.place}: {self.text} ({self.effect.value})"

    def to_json(self) -> dict[str, str]:
        """Return the change as plain data."""
        return {"place": self.place, "text": self.text, "effect": self.effect.value}


T = TypeVar("T")


def ordered(old: T, new: T, no_more: Callable[[T, T], bool], growing: Effect) -> Effect:
    """The effect of replacing a value, where growing has a known effect."""
    up, down = no_more(old, new), no_more(new, old)
    if up and down:
        return Effect.NEITHER
    if up or down:
        return growing if up else growing.reversed
    return Effect.SHIFTS


def numbers(old: Decimal | int, new: Decimal | int, growing: Effect) -> Effect:
    """The effect of replacing a number, where growing has a known effect."""
    return ordered(old, new, lambda one, other: one <= other, growing)


def demand(old: T | None, new: T | None, no_more: Callable[[T, T], bool]) -> Effect:
    """The effect of replacing a demand that may be absent, and that is the harder the greater."""
    if old is None or new is None:
        return Effect.NEITHER if old is new else Effect.TIGHTENS if old is None else Effect.LOOSENS
    return ordered(old, new, no_more, Effect.TIGHTENS)


def allowance(old: T | None, new: T | None, no_more: Callable[[T, T], bool]) -> Effect:
    """The effect of replacing a bound that may be absent, and that is the laxer the greater."""
    if old is None or new is None:
        return Effect.NEITHER if old is new else Effect.TIGHTENS if old is None else Effect.LOOSENS
    return ordered(old, new, no_more, Effect.LOOSENS)


def at_most(one: Any, other: Any) -> bool:
    """Compare two values of one ordered type."""
    return bool(one <= other)


def shown(value: object) -> str:
    """Write a value for people: what is absent is `none`."""
    if value is None:
        return "none"
    return plain(value) if isinstance(value, Decimal) else str(value)


def instead(what: str, old: object, new: object) -> str:
    """Say that something is asked for, no longer, or that it is another."""
    if old is None:
        return f"{what} is now asked for: {shown(new)}"
    if new is None:
        return f"{what} is no longer asked for (was {shown(old)})"
    return f"{what} is {shown(new)} instead of {shown(old)}"


#: 1: matching more can only loosen; -1: only tighten; 0: either.
Sign = int


def by_sign(signs: Iterable[Sign], *, added: bool) -> Effect:
    """The effect of more (or fewer) matches at places with these signs."""
    found = set(signs)
    if not found:
        return Effect.NEITHER
    if len(found) > 1 or 0 in found:
        return Effect.SHIFTS
    loosens = (found == {1}) == added
    return Effect.LOOSENS if loosens else Effect.TIGHTENS


def together(effects: Iterable[Effect]) -> Effect:
    """The effect of several changes at once."""
    found = {effect for effect in effects if effect is not Effect.NEITHER}
    if len(found) > 1:
        return Effect.SHIFTS
    return found.pop() if found else Effect.NEITHER
