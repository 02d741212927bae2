"""Which kind of file somebody gave: told by how it begins, not by what it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Literal

from interchange import oneroster, openedx, xapi
from interchange.faults import DocumentError
from interchange.incoming import Translator
from interchange.reading import Found, documents

Format = Literal["csv", "xapi", "cmi5", "openedx", "oneroster", "badge"]
FORMATS: tuple[Format, ...] = ("csv", "xapi", "cmi5", "openedx", "oneroster", "badge")

TRANSLATORS: Mapping[str, Translator] = {
    "xapi": xapi.statement,
    "cmi5": xapi.cmi5,
    "openedx": openedx.message,
    "oneroster": oneroster.result,
}

_MARKS = ("OpenBadgeCredential", "AchievementCredential", "ClrCredential")
_PNG = b"\x89PNG"


def recognised(opened: Callable[[], AbstractContextManager[BinaryIO]], name: str) -> Format:
    """Tell the format of a file, which is `opened` as often as it takes.

    Raises `DocumentError` where it is none that is known.
    """
    with opened() as raw:
        start = raw.read(1 << 12)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(_PNG) or text.startswith((b"eyJ", b"<")):
        return "badge"
    if text[:1] not in (b"[", b"{"):
        return "csv"
    with opened() as raw:
        first = next(
            (one for one in documents(raw, name) if isinstance(one, Found)), Found(0, 0, None)
        )
    if isinstance(first.value, dict) and (format_ := recognised_document(first.value)):
        return format_
    raise DocumentError(
        f"`{name}` begins with a document of no known kind",
        "say what it is: --format " + "|".join(FORMATS),
    )


def recognised_document(value: Mapping[str, Any]) -> Format | None:
    """Tell the format of a document, None where it is none that is known.

    >>> recognised_document({"specversion": "1.0", "type": "org.openedx.learning.x.v1"})
    'openedx'
    """
    if openedx.is_message(value):
        return "openedx"
    if xapi.is_statement(value):
        return "xapi"
    if oneroster.is_result(value):
        return "oneroster"
    kinds = value.get("type")
    if isinstance(kinds, list) and any(mark in kinds for mark in _MARKS):
        return "badge"
    return None
