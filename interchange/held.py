"""Open Badges 3.0 and CLR 2.0 that a learner holds, as prior learning that is recognised.

Nothing counts that was not verified: proof, schema, dates, status and issuer, each of them. Of a
portfolio, each badge counts by itself: one that does not hold leaves the others as they are, and
where the portfolio does not hold, nothing in it counts. Then a recognition file says what an
achievement of an issuer counts as. Whose it is follows from the id of the subject, or is said by
whoever imports it. How a portfolio says that its badges are associated makes no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from domain.commands import RecordCompletion, RecordExternalAward
from domain.reports import Entry, HeldAward, Statement
from interchange.faults import UnfitError
from interchange.fields import identifier, inside
from interchange.incoming import Refused, Terms
from interchange.recognition import Recognition
from interchange.verify import Report, issuer_of

_BADGES = frozenset({"OpenBadgeCredential", "AchievementCredential"})


def held(
    report: Report, recognition: Recognition, terms: Terms, learner: str = ""
) -> Iterator[Entry | Refused]:
    """Give what a verified credential comes to, and each badge in it.

    `learner` is whose it is, in words of the directory; without it, the subject's id is.
    """
    for place, (one, around) in enumerate(_badges(report, ()), start=1):
        credential = one.credential
        key = str(credential.get("id", ""))[:200]
        try:
            for portfolio in around:
                _check(portfolio, "the portfolio that it is in: ")
            _check(one)
            yield _recognised(credential, recognition, terms, learner, place)
        except UnfitError as error:
            yield Refused(1, place, str(error), key if key.isprintable() else "")


def _badges(
    report: Report, around: tuple[Report, ...]
) -> Iterator[tuple[Report, tuple[Report, ...]]]:
    """Give each badge, with the portfolios that it is in, the outermost first."""
    if not report.inside:
        yield report, around
    for one in report.inside:
        yield from _badges(one, (*around, report))


def _check(report: Report, whose: str = "") -> None:
    for check in report.checks:
        if check.outcome != "holds":
            help_ = f"; {check.help}" if check.help else ""
            raise UnfitError(f"{whose}{check.name}: {check.words}{help_}")


def _recognised(
    credential: Mapping[str, Any],
    recognition: Recognition,
    terms: Terms,
    learner: str,
    place: int,
) -> Entry:
    types = credential.get("type")
    if not isinstance(types, list) or not _BADGES & {str(one) for one in types}:
        raise UnfitError("not a badge: its `type` is neither of Open Badges nor of CLR")
    key = identifier(credential.get("id"), "id")
    issuer = issuer_of(credential)
    achievement = identifier(
        inside(credential, "credentialSubject", "achievement", "id"), "achievement.id"
    )
    accepted = recognition.accepted.get((issuer, achievement))
    if accepted is None:
        raise UnfitError(f"`{recognition.path}` accepts no `{achievement}` of `{issuer}`")
    who = learner or identifier(
        inside(credential, "credentialSubject", "id"), "credentialSubject.id"
    )
    on, expires = _day(credential, "validFrom"), _day(credential, "validUntil")
    if on is None:
        raise UnfitError("`validFrom` is missing")
    if accepted.credential:
        return HeldAward(
            1,
            RecordExternalAward(
                learner=who,
                credential=accepted.credential,
                on=on,
                by=terms.by,
                source=accepted.source,
                source_id=key,
                expires=expires,
            ),
            key=key,
            column=place,
        )
    return Statement(
        1,
        RecordCompletion(
            learner=who,
            module=accepted.module,
            on=on,
            by=terms.by,
            source=accepted.source,
            source_id=key,
            expires=expires,
        ),
        key=key,
        column=place,
    )


def _day(credential: Mapping[str, Any], name: str) -> date | None:
    text = credential.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        raise UnfitError(f"`{name}` is no moment") from None
