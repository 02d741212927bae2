"""Periods of time, and the one function that counts them forward.

Every boundary in the language is inclusive and every period is counted forward from its
earlier date, so that two places can never disagree about the same deadline.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

_WORDS = re.compile(r"(\d{1,4}) (day|week|month|year)s?")
_ISO = re.compile(r"P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?")

ONE_DAY = timedelta(days=1)


class PeriodError(ValueError):
    """The text is not a period such as `90 days`, `18 months`, `3 years` or `P1Y6M`."""


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time in calendar months and days; months are counted first."""

    months: int
    days: int

    def __str__(self) -> str:
        """Write the period as a designer would.

        >>> str(Period(36, 0)), str(Period(18, 0)), str(Period(0, 90)), str(Period(1, 2))
        ('3 years', '18 months', '90 days', 'P1M2D')
        """
        if self.months and self.days:
            return f"P{self.months}M{self.days}D"
        if self.months and self.months % 12 == 0:
            return _counted(self.months // 12, "year")
        if self.months:
            return _counted(self.months, "month")
        return _counted(self.days, "day")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def parse_period(text: str) -> Period:
    """Read `90 days`, `2 weeks`, `18 months`, `3 years`, or ISO 8601 (`P1Y6M`).

    Raises `PeriodError` for anything else.

    >>> parse_period("18 months"), parse_period("P1Y6M"), parse_period("0 days")
    (Period(months=18, days=0), Period(months=18, days=0), Period(months=0, days=0))
    """
    if match := _WORDS.fullmatch(text):
        number = int(match[1])
        match match[2]:
            case "day":
                return Period(0, number)
            case "week":
                return Period(0, 7 * number)
            case "month":
                return Period(number, 0)
            case _:
                return Period(12 * number, 0)
    if len(text) > 1 and (match := _ISO.fullmatch(text)):
        years, months, weeks, days = (int(part or 0) for part in match.groups())
        return Period(12 * years + months, 7 * weeks + days)
    raise PeriodError(f"`{text}` is not a period")


def shift(start: date, period: Period) -> date:
    """Return the last day of a period that is counted forward from `start`.

    Months clip to the end of the month; what lies past the calendar's end is its last day.

    >>> shift(date(2025, 1, 31), Period(1, 0))
    datetime.date(2025, 2, 28)
    >>> shift(date(2020, 2, 29), Period(12, 1))
    datetime.date(2021, 3, 1)
    """
    if period.months:
        months = start.year * 12 + start.month - 1 + period.months
        year, month = divmod(months, 12)
        if year > date.max.year:
            return date.max
        last = calendar.monthrange(year, month + 1)[1]
        start = date(year, month + 1, min(start.day, last))
    if period.days > (date.max - start).days:
        return date.max
    return start + timedelta(days=period.days)


def day_after(day: date) -> date:
    """Return the next day; the calendar's last day is its own."""
    return day if day == date.max else day + ONE_DAY
