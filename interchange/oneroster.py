"""Results of OneRoster 1.2: a student's score for a line item, which stands for a module.

The latest `dateLastModified` holds: a result that is changed replaces what it was before, and one
that is `tobedeleted` retracts it. Students and line items are called `host#sourcedId`, by the host
of their addresses. A comment may say anything about a person, and is not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from domain.commands import RecordCompletion
from domain.reports import Entry, Status
from interchange.faults import UnfitError
from interchange.fields import identifier, inside, mapping, moment, number
from interchange.incoming import NOWHERE, Terms
from interchange.openedx import stamp

_GRADED = "fully graded"
_UNGRADED = (
    "exempt",
    "not submitted",
    "partially graded",
    "submitted",
    "late",
    "incomplete",
    "missing",
    "withdrawn",
    "in progress",
)


def is_result(value: Mapping[str, Any]) -> bool:
    """Tell whether a document looks like a result, alone or as `{"result": ...}`."""
    result = value.get("result", value)
    return isinstance(result, dict) and "sourcedId" in result and "lineItem" in result


def result(value: dict[str, Any], terms: Terms) -> Entry | str:
    """Translate a result. Raises `UnfitError`."""
    if not is_result(value):
        raise UnfitError("not a result of OneRoster: it has no `sourcedId` and `lineItem`")
    about = mapping(value.get("result", value), "result")
    key = identifier(about["sourcedId"], "sourcedId")
    when = moment(about.get("dateLastModified"), "dateLastModified")
    host, student = _named(about, "student")
    _, item = _named(about, "lineItem")
    status = about.get("status")
    if status not in ("active", "tobedeleted"):
        raise UnfitError("`status` is neither `active` nor `tobedeleted`")
    holds = status == "active"
    graded = about.get("scoreStatus")
    if holds and graded != _GRADED:
        if graded not in _UNGRADED and not str(graded).startswith("ext:"):
            raise UnfitError("`scoreStatus` is none of OneRoster")
        return f"`{graded}` is no final score"
    subject = f"{host}/{key}"
    return Status(
        NOWHERE,
        RecordCompletion(
            learner=student,
            module=item,
            on=_day(about, when) if holds else when.date(),
            by=terms.by,
            score=_score(about) if holds else None,
            source=terms.source,
            source_id=f"{subject}@{stamp(when)}",
        ),
        key=key,
        subject=subject,
        moment=when,
        holds=holds,
        replaces=True,
    )


def _named(about: Mapping[str, Any], what: str) -> tuple[str, str]:
    """Return the host of something, and its name there."""
    reference = mapping(about.get(what), what)
    key = identifier(reference.get("sourcedId"), f"{what}.sourcedId")
    href = reference.get("href")
    host = "oneroster"
    if href is not None:
        try:
            host = urlsplit(identifier(href, f"{what}.href")).hostname or host
        except ValueError:
            raise UnfitError(f"`{what}.href` is no address") from None
    return host, f"{host}#{key}"


def _day(about: Mapping[str, Any], when: datetime) -> date:
    said = inside(about, "scoreDate")
    if said is None:
        return when.date()
    text = identifier(said, "scoreDate")
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise UnfitError(f"`scoreDate` is `{text}`, and no date such as 2026-01-14") from None


def _score(about: Mapping[str, Any]) -> Decimal | None:
    score = about.get("score")
    return None if score is None else number(score, "score", Decimal(0), Decimal(100))
