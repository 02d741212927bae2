"""The ledger as commands use it: opened, asked by the names that people use, and told again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from typing import Any

from commands.happenings import told
from commands.options import now, today
from commands.terminal import draw, say, say_json, text
from commands.verdicts import Parts, title_of
from domain.commands import Command
from domain.errors import LedgerUnavailableError
from domain.events import CredentialAwarded, Event
from domain.ledger import Ledger, Receipt, open_ledger
from domain.names import relative
from domain.storage import locate

#: How many seconds a command waits for a ledger that another program holds.
PATIENCE = 10
#: From how many new events on a bar is shown while the lists are brought up to date.
_MANY = 20_000


@contextmanager
def opened(database: str, *, new: bool = False, asking: bool = False) -> Iterator[Ledger]:
    """Open a ledger for as long as a command runs; only a `new` one may be made on the way.

    Who is only `asking` can not write it. Where something was recorded, the tables that are read
    are brought up to date before it is closed. Raises a `LedgerError`.
    """
    place = locate(database)
    if not new and place.path is not None and not place.path.exists():
        raise LedgerUnavailableError(
            f"there is no ledger `{place.shown}`",
            "say where it is with --db or CAIRN_DATABASE; "
            "`cairn pathway publish` and `cairn learner register` start one",
        )
    with open_ledger(database, timeout=PATIENCE, read_only=asking) as ledger:
        if asking:
            yield ledger
            return
        before = ledger.store.head()
        yield ledger
        if (recorded := ledger.store.head() - before) != 0:
            _caught_up(ledger, recorded)


def _caught_up(ledger: Ledger, recorded: int) -> None:
    from commands.terminal import progress
    from projections.runner import STOPPED, Projections

    shown = (
        progress("bringing lists up to date", recorded)
        if recorded >= _MANY
        else nullcontext(_unseen)
    )
    # What was asked for is recorded by now. Whoever reads next is told what stands in the way.
    with closing(Projections(ledger)) as projections, suppress(*STOPPED), shown as advance:
        before = 0

        def onward(done: int, _all: int) -> None:
            nonlocal before
            advance(done - before)
            before = done

        projections.catch_up(onward)


def _unseen(_steps: int) -> None:
    """Show nothing."""


def parted(name: str) -> tuple[str, str]:
    """Part `ID@VERSION`; the version is empty where it is left out.

    >>> parted("office-skills@2026.1"), parted("office-skills")
    (('office-skills', '2026.1'), ('office-skills', ''))
    """
    pathway, _, version = name.partition("@")
    return pathway, version


def known_as(ledger: Ledger, learner: str) -> str:
    """Return what people call a learner: the reference, or the opaque id of one who was erased."""
    person = ledger.directory.people([learner]).get(learner)
    return learner if person is None else person.reference


def carried_out(ledger: Ledger, command: Command, *, dry_run: bool = False) -> Receipt:
    """Record a command today, or only look at what would come of it."""
    if dry_run:
        return ledger.preview(command, on=today())
    return ledger.record(command, on=today(), at=now())


def event_json(event: Event) -> dict[str, Any]:
    """Return an event as data, with its topic; what it does not state is left out."""
    return {"event": event.topic, **event.model_dump(mode="json", exclude_none=True)}


def receipt_json(ledger: Ledger, receipt: Receipt) -> dict[str, Any]:
    """Return what came of a command as data."""
    subject = (
        {"pathway": receipt.stream.partition("/")[2]}
        if receipt.learner is None
        else {"learner": known_as(ledger, receipt.stream), "id": receipt.stream}
    )
    return {
        **subject,
        "changed": not receipt.duplicate,
        "events": [event_json(event) for event in receipt.events],
        "awaiting": list(receipt.awaiting),
        "warnings": list(receipt.warnings),
    }


def award_line(ledger: Ledger, event: CredentialAwarded) -> Parts:
    """Say in one line that a credential was awarded."""
    volume = ledger.volume(event.pathway, event.version)
    title = title_of(volume.document, relative(event.credential, volume.words.home))
    parts: Parts = [("✓ ", "green"), "awarded ", (title, "bold"), f", {event.on}"]
    if event.award_class is not None:
        parts.append(f", {event.award_class}")
    if event.expires is not None:
        parts.append(f", until {event.expires}")
    return parts


def show_receipt(
    ledger: Ledger, receipt: Receipt, *, as_json: bool = False, dry_run: bool = False
) -> None:
    """Print what came of a command, or what would."""
    if as_json:
        say_json({**receipt_json(ledger, receipt), "dry_run": dry_run})
        return
    subject = "" if receipt.learner is None else f"{known_as(ledger, receipt.stream)}: "
    would = "would record: " if dry_run else ""
    if receipt.duplicate:
        say(f"{subject}recorded before, nothing changed")
    for event in receipt.events:
        if isinstance(event, CredentialAwarded):
            draw(text("  ", *award_line(ledger, event)))
        else:
            say(f"{would}{subject}{told(event)}, {event.on}")
    for credential in receipt.awaiting:
        draw(text("  ", ("◐ ", "yellow"), f"`{credential}` awaits approval"))
    for warning in receipt.warnings:
        draw(text("  ", ("! ", "yellow"), warning))
