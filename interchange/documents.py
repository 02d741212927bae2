"""JSON from elsewhere, read with suspicion: bounded, without duplicate names, always an object."""

from __future__ import annotations

import json
from typing import Any

from pathways.problems import CairnError

#: The largest document that is read, in bytes.
LARGEST = 4_000_000


class DocumentError(CairnError):
    """A text that is no JSON object, or is too large or ambiguous to be one."""


def parsed(data: bytes | str) -> dict[str, Any]:
    """Read a JSON object. Raises `DocumentError`.

    >>> parsed('{"id": "x", "id": "y"}')
    Traceback (most recent call last):
    interchange.documents.DocumentError: `id` is there twice
    """
    if len(data) > LARGEST:
        raise DocumentError(f"the document has more than {LARGEST:,} bytes")
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_never)
    except UnicodeDecodeError as error:
        raise DocumentError("the document is not in UTF-8") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise DocumentError(f"the document is no JSON: {error.msg.lower()} ({place})") from error
    except (ValueError, RecursionError) as error:
        raise DocumentError("the document is nested too deep, or has too long a number") from error
    if not isinstance(value, dict):
        raise DocumentError("the document is no JSON object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            # Readers differ in which of the two they take.
            raise DocumentError(f"`{name[:80]}` is there twice")
        made[name] = value
    return made


def _never(word: str) -> Any:
    raise DocumentError(f"`{word}` is no number that JSON has")
