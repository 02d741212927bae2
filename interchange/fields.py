"""Values picked out of a document: of the right kind, within bounds, or refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from interchange.faults import UnfitError

#: How long an identifier may be; longer ones are no identifiers but an attack, or a mistake.
_LONGEST = 500
#: How many digits an amount may have after the point.
_FINEST = 12


def mapping(value: Any, path: str) -> Mapping[str, Any]:
    """Return an object; raises `UnfitError` where there is something else."""
    if not isinstance(value, dict):
        raise UnfitError(f"`{path}` is {'missing' if value is None else 'no object'}")
    return value


def inside(value: Any, *path: str) -> Any:
    """Return what stands at the end of a path of keys, None where the path ends before.

    >>> inside({"a": {"b": 1}}, "a", "b"), inside({"a": []}, "a", "b")
    (1, None)
    """
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def identifier(value: Any, path: str) -> str:
    """Return an identifier: a text without blanks at its ends that can be written and read.

    Raises `UnfitError`.
    """
    if not isinstance(value, str) or not value.strip():
        raise UnfitError(f"`{path}` is {'missing' if value in (None, '') else 'no text'}")
    if len(value) > _LONGEST:
        raise UnfitError(f"`{path}` is longer than {_LONGEST} characters")
    text = value.strip()
    if not text.isprintable():
        raise UnfitError(f"`{path}` holds characters that can not be shown")
    return text


def moment(value: Any, path: str) -> datetime:
    """Return a moment in ISO 8601, with its time zone. Raises `UnfitError`.

    >>> moment("2026-01-11T10:00:00.000Z", "time").isoformat()
    '2026-01-11T10:00:00+00:00'
    """
    text = identifier(value, path)
    try:
        found = datetime.fromisoformat(text)
        found.timestamp()
    except (ValueError, OverflowError):
        raise UnfitError(
            f"`{path}` is `{text}`, and no moment such as 2026-01-11T10:00:00Z"
        ) from None
    if found.tzinfo is None:
        raise UnfitError(f"`{path}` is `{text}`, without a time zone")
    return found


def number(value: Any, path: str, low: Decimal, high: Decimal) -> Decimal:
    """Return an exact number between two others. Raises `UnfitError`."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise UnfitError(f"`{path}` is no number")
    found = Decimal(value)
    if not low <= found <= high:
        raise UnfitError(f"`{path}` is not between {low} and {high}")
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_FINEST:
        raise UnfitError(f"`{path}` has more than {_FINEST} digits after the point")
    return found
