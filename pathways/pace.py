"""How fast a learner goes: `10 hours/week`, `30 credits/term`; modules are laid end to end.

Work goes on at an even pace from the first day. What takes the whole pace of a week, started on a
Monday, is done on the next Monday. A term is half a year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from pathways.document import plain
from pathways.periods import Period, PeriodError, parse_period, shift
from pathways.problems import CairnError

Effort = Literal["hours", "credits"]

_TERM = Period(6, 0)
_TEXT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(hours?|credits?)\s*(?:/|per )\s*(.+?)\s*")


class PaceError(CairnError):
    """The text is not a pace such as `10 hours/week` or `30 credits/term`."""

    help = "write it as `10 hours/week`, `30 credits/term` or `20 credits/4 months`"


@dataclass(frozen=True, slots=True)
class Pace:
    """So many hours of work, or credits, in every period."""

    amount: Decimal
    unit: Effort
    period: Period
    word: str

    def __str__(self) -> str:
        """Write the pace as it was given.

        >>> str(parse_pace("10 hours / week"))
        '10 hours/week'
        """
        return f"{plain(self.amount)} {self.unit}/{self.word}"

    def day(self, start: date, effort: Decimal) -> date:
        """Return the day on which so much is done, counted from a first day.

        >>> parse_pace("10 hours/week").day(date(2026, 1, 5), Decimal(25))
        datetime.date(2026, 1, 23)
        >>> parse_pace("30 credits/term").day(date(2026, 2, 1), Decimal(60))
        datetime.date(2027, 2, 1)
        """
        whole, rest = divmod(effort, self.amount)
        begun = shift(start, Period(int(whole) * self.period.months, int(whole) * self.period.days))
        if not rest:
            return begun
        days = Decimal((shift(begun, self.period) - begun).days)
        used = (days * rest / self.amount).to_integral_value(ROUND_CEILING)
        return shift(begun, Period(0, int(used)))


def parse_pace(text: str) -> Pace:
    """Read a pace: an amount of `hours` or `credits`, and day, week, month, term, year or a period.

    Raises `PaceError` for anything else.

    >>> parse_pace("20 credits/4 months").period
    Period(months=4, days=0)
    """
    match = _TEXT.fullmatch(text)
    if match is None or not Decimal(match[1]):
        raise PaceError(f"`{text}` is not a pace")
    word = match[3]
    try:
        period = (
            _TERM if word == "term" else parse_period(word if word[0].isdigit() else f"1 {word}")
        )
    except PeriodError:
        raise PaceError(f"`{text}` is not a pace") from None
    if period == Period(0, 0):
        raise PaceError(f"`{text}` is not a pace")
    return Pace(
        Decimal(match[1]), "hours" if match[2].startswith("hour") else "credits", period, word
    )
