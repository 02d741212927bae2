"""Messages of the Open edX event bus: who passes a course, and certificates.

A course's passing status can flip back, so the latest by the message's own time holds. A
certificate holds from when it was created until it is revoked. A message carries a person's name
and address: here a user is a number at a host, `lms.example.org#42`, and nothing else is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from domain.commands import RecordCompletion
from domain.reports import Entry, Status
from interchange.faults import UnfitError
from interchange.fields import identifier, inside, mapping, moment, number
from interchange.incoming import NOWHERE, Terms

_PREFIX = "org.openedx."
_PASSING = "org.openedx.learning.course.passing.status.updated.v1"
_CREATED = "org.openedx.learning.certificate.created.v1"
_REVOKED = "org.openedx.learning.certificate.revoked.v1"

_HUNDRED = Decimal(100)


def is_message(value: Mapping[str, Any]) -> bool:
    """Tell whether a document looks like a message of the event bus."""
    kind = value.get("type")
    return "specversion" in value and isinstance(kind, str) and kind.startswith(_PREFIX)


def message(value: dict[str, Any], terms: Terms) -> Entry | str:
    """Translate a message. Raises `UnfitError`."""
    if not is_message(value):
        raise UnfitError("not a message of the Open edX event bus: it has no `type` of one")
    kind = identifier(value["type"], "type")
    key = identifier(value.get("id"), "id")
    if kind == _PASSING:
        about = mapping(inside(value, "data", "course_passing_status"), "course_passing_status")
        holds = about.get("is_passing")
        if not isinstance(holds, bool):
            raise UnfitError("`is_passing` is neither true nor false")
        return _status(value, about, key, "passing", holds, None, terms)
    if kind in (_CREATED, _REVOKED):
        about = mapping(inside(value, "data", "certificate"), "certificate")
        holds = kind == _CREATED
        score = _grade(about) if holds else None
        return _status(value, about, key, "certificate", holds, score, terms)
    return f"`{kind}` says nothing about a completion"


def _status(
    value: Mapping[str, Any],
    about: Mapping[str, Any],
    key: str,
    what: str,
    holds: bool,
    score: Decimal | None,
    terms: Terms,
) -> Entry:
    host = identifier(value.get("sourcehost") or "openedx", "sourcehost")
    user = inside(about, "user", "id")
    if isinstance(user, bool) or not isinstance(user, int):
        raise UnfitError("`user.id` is no number")
    course = identifier(inside(about, "course", "course_key"), "course.course_key")
    when = moment(value.get("time"), "time")
    subject = f"{host}/{what}/{course}"
    return Status(
        NOWHERE,
        RecordCompletion(
            learner=f"{host}#{user}",
            module=course,
            on=when.date(),
            by=terms.by,
            score=score,
            source=terms.source,
            source_id=f"{subject}@{stamp(when)}",
        ),
        key=key,
        subject=subject,
        moment=when,
        holds=holds,
    )


def _grade(about: Mapping[str, Any]) -> Decimal | None:
    """A certificate has its grade as a text from 0 to 1, or an empty one."""
    grade = about.get("grade")
    if grade in (None, ""):
        return None
    if isinstance(grade, str):
        try:
            grade = Decimal(grade)
        except InvalidOperation:
            raise UnfitError("`grade` is no number") from None
    if isinstance(grade, Decimal) and grade.is_nan():
        raise UnfitError("`grade` is no number")
    return number(grade, "grade", Decimal(0), Decimal(1)) * _HUNDRED


def stamp(when: datetime) -> str:
    """Write a moment as part of an id: the same moment always gives the same text.

    >>> stamp(datetime.fromisoformat("2026-01-15T12:00:00.000+02:00"))
    '2026-01-15T10:00:00Z'
    """
    return when.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
