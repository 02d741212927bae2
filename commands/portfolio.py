"""`cairn portfolio`: everything that a learner holds, for machines and for people."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.keyring import KEYS
from commands.options import FILE, by_option, database_option, today
from commands.teaching import command

if TYPE_CHECKING:
    from domain.learner import Award, Learner
    from domain.ledger import Ledger
    from domain.library import Volume
    from interchange.portfolio import Entry, Portfolio


@command()
@click.argument("who", metavar="LEARNER")
@click.option("--json", "form", flag_value="json", help="The signed credential (the default).")
@click.option("--html", "form", flag_value="html", help="A page for people, in one file.")
@click.option("--pdf", "form", flag_value="pdf", help="A PDF for people.")
@click.option(
    "--address",
    metavar="URL",
    help="Where the QR code leads.  [default: the issuer's site]",
)
@click.option("--font", type=FILE, metavar="FILE", help="A font for the PDF, for other scripts.")
@click.option(
    "--subject",
    metavar="DID",
    help="Call the learner by this identifier of their own, in all badges.",
)
@click.option("--output", "-o", type=FILE, metavar="FILE", help="Where to write it.")
@KEYS
@by_option
@database_option
def portfolio(
    who: str,
    form: str | None,
    address: str | None,
    font: Path | None,
    subject: str | None,
    output: Path | None,
    keys: Path,
    by: str,
    database: str,
) -> None:
    """Put all that a learner holds into one credential.

    The credential is a signed Comprehensive Learner Record (CLR 2.0) with an Open Badge for each
    award, and says how they stack. Awards that have no badge yet are issued one, as by `cairn
    badge`; the same badges always give the same credential. --html and --pdf write it for people:
    what was earned, how it stacks, with what, and a QR code; the credential is inside the page,
    and attached to the PDF. These two have the learner's name; the credential has not.

    Example:
      cairn portfolio s-1042 -o moana.json
      cairn portfolio s-1042 --html -o moana.html
      cairn portfolio s-1042 --pdf -o moana.pdf
    """
    from commands.books import opened
    from commands.errors import UnusableError
    from commands.issuing import Issuing, as_bytes, signed
    from commands.terminal import at_terminal, counted, say
    from interchange import portfolio as portfolios
    from interchange import proofs

    if font is not None and form != "pdf":
        raise click.UsageError("a font is only for the PDF; add --pdf")
    if address is not None and not address.startswith(("https://", "http://")):
        raise click.BadParameter(f"`{address}` is no https:// address", param_hint="--address")
    if output is None and form == "pdf" and at_terminal():
        raise click.UsageError("a PDF does not go on a terminal; give --output FILE")
    on = today()
    with opened(database) as ledger:
        id_ = ledger.directory.find(who)
        held = _held(ledger, id_, on)
        issuing = Issuing(ledger, keys, by)
        issuer = issuing.issuer
        issued = [
            issuing.issued(id_, award.id, subject=subject) for award in held if not award.external
        ]
        if not issued:
            raise UnusableError(
                f"`{who}` holds nothing on {on} that was awarded here",
                "`cairn award list --learner` tells what was awarded, and how it stands",
            )
        badges = [signed(issuing.signer(each), each) for each in issued]
        last = portfolios.newest(issued)
        signer = issuing.signer(last)
        whole = proofs.sign(
            portfolios.clr(issued, badges), signer.key, signer.method, last.badge.created
        )
        data = as_bytes(whole)
        if form in ("html", "pdf"):
            learner = ledger.learner(id_)
            people = ledger.directory.people([id_])
            name = (people[id_].name or people[id_].reference) if id_ in people else id_
            shown = portfolios.Portfolio(
                name=name,
                on=on,
                issuer=str(whole["issuer"]["name"]),
                address=address or issuer.site or issuer.did,
                entries=_entries(ledger, learner, held, issuer.did),
                credential=data,
            )
            data = _drawn(shown, form, font)
    if output is not None:
        output.write_bytes(data)
        elsewhere = len(held) - len(issued)
        also = f", and {elsewhere} from elsewhere without a badge" if elsewhere else ""
        say(f"{output}: {counted(len(issued), 'award')}{also}: {whole['id']}")
    else:
        click.echo(data, nl=False)


def _drawn(shown: Portfolio, form: str, font: Path | None) -> bytes:
    from interchange.certificate import certificate
    from interchange.page import page

    return page(shown) if form == "html" else certificate(shown, font)


def _held(ledger: Ledger, learner: str, on: date) -> list[Award]:
    """The awards that a learner holds on a day, oldest first."""
    from commands.registers import view_of
    from projections.register import listed

    known = ledger.learner(learner)
    with view_of(ledger) as view:
        rows = listed(view, on=on, learner=learner, status="held")
    return [known.awards[row.award] for row in rows if row.award in known.awards]


def _entries(ledger: Ledger, learner: Learner, held: list[Award], did: str) -> tuple[Entry, ...]:
    from interchange.portfolio import entry_of

    kept = {award.id: award for award in held}
    return tuple(
        entry_of(learner, award, _volume(ledger, learner, award), did, kept) for award in held
    )


def _volume(ledger: Ledger, learner: Learner, award: Award) -> Volume | None:
    """The document that describes an award; of one made elsewhere, any that names it."""
    from domain.names import relative

    if not award.external:
        return ledger.volume(award.pathway, award.version)
    for enrolment in learner.enrolments.values():
        volume = ledger.volume(enrolment.pathway, enrolment.version)
        if relative(award.credential, volume.words.home) in volume.document.credentials:
            return volume
    return None
