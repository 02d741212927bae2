"""A decision about an award, with its blast radius told before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from commands.books import carried_out, known_as, opened, receipt_json, show_receipt
from commands.errors import UnusableError
from commands.options import now, today
from commands.terminal import at_terminal, counted, draw, say, say_json, text
from domain.blast import Touched, blast

if TYPE_CHECKING:
    from domain.commands import LearnerCommand
    from domain.events import Event
    from domain.learner import Award
    from domain.ledger import Ledger, Receipt

_SIGNS = {
    "falls": ("✗ ", "red"),
    "goes to review": ("◐ ", "yellow"),
    "survives": ("✓ ", "green"),
    "is kept": ("✓ ", "green"),
    "returns": ("✓ ", "green"),
    "is made": ("✓ ", "green"),
    "is renewed": ("✓ ", "green"),
}


def decide(
    who: str,
    database: str,
    command: Callable[[Ledger, str], LearnerCommand],
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Tell what a decision leads to, ask where somebody can answer, and carry it out."""
    with opened(database, asking=dry_run) as ledger:
        decision = command(ledger, ledger.directory.find(who))
        preview = ledger.preview(decision, on=today())
        if not as_json and not preview.duplicate:
            show_blast(ledger, preview)
        if dry_run:
            _show(ledger, preview, as_json=as_json, dry_run=True)
            return
        if not (yes or as_json or preview.duplicate) and at_terminal():
            click.confirm("record it?", abort=True)
        _show(ledger, carried_out(ledger, decision), as_json=as_json, dry_run=False)


def show_blast(ledger: Ledger, receipt: Receipt) -> None:
    """Print what becomes of each award that is touched."""
    touched = radius(receipt)
    say(f"{known_as(ledger, receipt.stream)}: {counted(len(touched), 'award')} touched")
    for one in touched:
        draw(text("  ", _SIGNS[one.fate], f"`{one.award}` {one.fate}, {one.on}"))
        if one.lost:
            say(f"      without {_listed(one.lost)}")
        if one.fate == "survives":
            say(f"      on {_listed(one.evidence)}")
        if one.above and one.fate == "goes to review":
            say(f"      {_listed(one.above)} would be next")


def radius(receipt: Receipt) -> tuple[Touched, ...]:
    """Return the blast radius of a receipt."""
    return () if receipt.learner is None else blast(receipt.events, receipt.learner)


def renewed(who: str, name: str, database: str, on: date, *, dry_run: bool, as_json: bool) -> bool:
    """Make the renewal of an award that is due by a day; tell whether there was one."""
    from domain.events import AwardRenewed
    from domain.policies import consequences

    if on > today() and not dry_run:
        raise UnusableError(f"{on} is in the future", "look ahead with --dry-run")
    with opened(database, asking=dry_run) as ledger:
        id_ = ledger.directory.find(who)
        award = ledger.learner(id_).award(name)
        if dry_run:
            known = ledger.learner(id_)
            events: tuple[Event, ...] = consequences(known, ledger.library.volume, on).events
        else:
            events = ledger.settle(id_, on=on, at=now()).events
        after = next(
            (
                event
                for event in reversed(events)
                if isinstance(event, AwardRenewed) and event.award == award.id
            ),
            None,
        )
        told = _window(ledger, award)
        if as_json:
            say_json(
                {
                    "learner": who,
                    "award": award.id,
                    "renewed": after is not None,
                    "on": None if after is None else after.on.isoformat(),
                    "expires": None
                    if after is None or after.expires is None
                    else after.expires.isoformat(),
                    "dry_run": dry_run,
                    "window": told,
                }
            )
        elif after is None:
            say(f"`{award.id}` is not renewed: {told}")
        else:
            would = "would be " if dry_run else ""
            say(f"`{award.id}` {would}renewed, {after.on}, until {after.expires or 'ever'}")
        return after is not None


def _window(ledger: Ledger, award: Award) -> str:
    """Say by what and when an award can be renewed."""
    from domain.names import relative
    from pathways.awards import opening
    from pathways.periods import Period, shift

    if award.external:
        return "it was awarded elsewhere"
    if award.revoked is not None:
        return f"it was revoked on {award.revoked}"
    volume = ledger.volume(award.pathway, award.version)
    renewal = volume.document.credentials[relative(award.credential, volume.words.home)][0].renewal
    if renewal is None or award.expires_on is None:
        return "its credential has no renewal"
    last = award.renewals[-1].on if award.renewals else award.on
    parts = [f"its renewal needs evidence that is later than {last}"]
    if renewal.opens is not None:
        parts.append(f"opens on {opening(award.expires_on, renewal.opens)}")
    match renewal.grace:
        case None:
            parts.append(f"closes with {award.expires_on}")
        case Period():
            parts.append(f"closes with {shift(award.expires_on, renewal.grace)}")
        case _:
            parts.append("never closes")
    return ", ".join(parts)


def _show(ledger: Ledger, receipt: Receipt, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        blasted = [_json(one) for one in radius(receipt)]
        say_json({**receipt_json(ledger, receipt), "blast": blasted, "dry_run": dry_run})
    else:
        show_receipt(ledger, receipt, dry_run=dry_run)


def _json(touched: Touched) -> dict[str, Any]:
    return {**asdict(touched), "on": touched.on.isoformat()}


def _listed(items: tuple[str, ...]) -> str:
    return ", ".join(f"`{item}`" for item in items)
