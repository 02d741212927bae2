"""What was believed on one day about another, printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from commands.books import known_as
from commands.terminal import counted, say, say_json, sign, table, text

if TYPE_CHECKING:
    from domain.ledger import Ledger
    from projections.asof import AsOf, Believed


def show_learner(
    ledger: Ledger,
    id_: str,
    found: AsOf | None,
    award: str | None,
    dates: dict[str, str | None],
    *,
    as_json: bool,
) -> None:
    """Print a learner, or one award of theirs, as they stood."""
    who = known_as(ledger, id_)
    awards = () if found is None else found.awards
    if award is not None and found is not None:
        held = found.learner.awards
        ids = {found.learner.award(award).id} if held else set()
        awards = tuple(one for one in awards if one.award in ids)
    if as_json:
        say_json(
            {
                "learner": who,
                "id": id_,
                **dates,
                "events": 0 if found is None else found.events,
                "enrolments": [
                    {"pathway": one.pathway, "version": one.version, "on": one.on.isoformat()}
                    for one in (() if found is None or award else found.enrolments)
                ],
                "completions": [
                    {"completion": one.id, "module": one.module, "on": one.on.isoformat()}
                    for one in (() if found is None or award else found.completions)
                ],
                "awards": [_data(one) for one in awards],
            }
        )
        return
    say(_heading(who, dates))
    if found is None:
        say("nothing was known of this learner")
        return
    if award is None:
        for enrolment in found.enrolments:
            say(f"  follows `{enrolment.pathway}` {enrolment.version} since {enrolment.on}")
        for completion in found.completions:
            say(f"  completed `{completion.module}` on {completion.on}")
    _table(ledger, awards)
    say(f"{counted(len(awards), 'award')}, from {counted(found.events, 'event')}")


def show_register(
    ledger: Ledger, awards: Iterable[Believed], dates: dict[str, str | None], *, as_json: bool
) -> None:
    """Print the register of a credential as it stood."""
    rows = sorted(awards, key=lambda one: (one.on, one.learner))
    if as_json:
        listed = [{"who": known_as(ledger, one.learner), **_data(one)} for one in rows]
        say_json({**dates, "awards": listed})
        return
    say(_heading("the register", dates))
    _table(ledger, rows)
    say(counted(len(rows), "award"))


def written(known: date | None, effective: date) -> dict[str, str | None]:
    """Return the two dates as data."""
    return {
        "known": None if known is None else known.isoformat(),
        "effective": effective.isoformat(),
    }


def _heading(who: str, dates: dict[str, str | None]) -> str:
    known = "now" if dates["known"] is None else f"by {dates['known']}"
    return f"{who} on {dates['effective']}, as known {known}"


def _table(ledger: Ledger, awards: Iterable[Believed]) -> None:
    rows = [
        (
            one.on.isoformat(),
            one.credential,
            known_as(ledger, one.learner),
            text(sign(one.status), one.status),
            "" if one.expires is None else one.expires.isoformat(),
            one.award_class or "",
            text(("awaits review", "yellow")) if one.under_review else "",
        )
        for one in awards
    ]
    if rows:
        table(("awarded", "credential", "learner", "status", "until", "class", ""), rows)


def _data(award: Believed) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(award).items()
    }
