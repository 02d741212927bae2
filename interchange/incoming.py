"""What a document of another system comes to: an entry to import, or why it is none.

Each system has a translator, a function from one document to one `Outcome`. Translators are pure,
and take nothing from a document but what an entry needs: names and addresses stay behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from domain.reports import Entry
from interchange.faults import UnfitError
from interchange.reading import Broken, Found


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all documents of an import.

    `by` is who imports, `source` the word for evidence whose document has none of its own, and
    `verbs` are those that count as a completion, where a system has verbs.
    """

    by: str = "import"
    source: str = "course"
    verbs: frozenset[str] = frozenset({"completed", "passed", "satisfied", "waived"})


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A document that is as it should be, and says nothing about a completion."""

    line: int
    column: int
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that can not be used, and why; with its key, where it has one."""

    line: int
    column: int
    reason: str
    key: str = ""


#: Turns a document into an entry, or into words that say why there is nothing to record; raises
#: `UnfitError`. Places are filled in by `entries`.
Translator = Callable[[dict[str, Any], Terms], Entry | str]

#: What the place of an entry is until it is known.
NOWHERE = 0


def entries(
    found: Iterable[Found | Broken], translate: Translator, terms: Terms
) -> Iterator[Entry | PassedOver | Refused]:
    """Translate documents, one after the other, each with its place."""
    for one in found:
        if isinstance(one, Broken):
            yield Refused(one.line, one.column, one.reason)
            continue
        try:
            if not isinstance(one.value, dict):
                raise UnfitError("a document is an object")
            outcome = translate(one.value, terms)
        except UnfitError as error:
            yield Refused(one.line, one.column, str(error), key_of(one.value))
            continue
        if isinstance(outcome, str):
            yield PassedOver(one.line, one.column, outcome)
        else:
            yield replace(outcome, line=one.line, column=one.column)


def key_of(value: Any) -> str:
    """Return what a document is called by its own system, where that can be shown.

    >>> key_of({"id": "r-1"}), key_of({"result": {"sourcedId": "r-2"}}), key_of([])
    ('r-1', 'r-2', '')
    """
    if not isinstance(value, dict):
        return ""
    value = (
        value.get("result")
        if isinstance(value.get("result"), dict) and "id" not in value
        else value
    )
    for name in ("id", "sourcedId"):
        key = value.get(name)
        if isinstance(key, str) and len(key) <= 100 and key.isprintable():
            return key
    return ""
