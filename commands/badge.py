"""`cairn badge`: an award as an Open Badge."""

from __future__ import annotations

from pathlib import Path

import click

from commands.keyring import KEYS
from commands.options import FILE, by_option, database_option
from commands.teaching import command


@command()
@click.argument("who", metavar="LEARNER")
@click.argument("name", metavar="AWARD")
@click.option("--jwt", "form", flag_value="jwt", help="A signed token (VC-JWT).")
@click.option("--png", "form", flag_value="png", help="A PNG picture with the badge inside.")
@click.option("--svg", "form", flag_value="svg", help="An SVG picture with the badge inside.")
@click.option(
    "--image", type=FILE, metavar="FILE", help="The picture to put it into; by default it is drawn."
)
@click.option(
    "--identify",
    type=click.Choice(["email", "reference"]),
    help="Also name the recipient by this, hashed; decided when the badge is issued.",
)
@click.option(
    "--subject",
    metavar="DID",
    help="Call the learner by this identifier of their own, from a wallet for example.",
)
@click.option("--output", "-o", type=FILE, metavar="FILE", help="Where to write it.")
@KEYS
@by_option
@database_option
def badge(
    who: str,
    name: str,
    form: str | None,
    image: Path | None,
    identify: str | None,
    subject: str | None,
    output: Path | None,
    keys: Path,
    by: str,
    database: str,
) -> None:
    """Write an award as a signed Open Badge 3.0.

    AWARD is a credential (its newest award) or the id of an award. The first time, the badge is
    issued: an event fixes its id, its date, its key and its place in a status list. From then on
    the same award always gives the same badge. By default it is a JSON document with its proof
    inside; --jwt, --png and --svg write the same badge in other forms. --subject binds it to a DID
    that the learner controls; a badge that calls them otherwise stays good, and another one is
    issued. docs/interchange.md says what a badge holds, and what of a person is in it.

    Example:
      cairn badge s-1042 office-essentials > essentials.json
      cairn badge s-1042 office-essentials --png -o essentials.png
      cairn verify essentials.png
    """
    from commands.books import opened
    from commands.issuing import Issuing, written
    from commands.terminal import at_terminal, say

    with opened(database) as ledger:
        issuing = Issuing(ledger, keys, by)
        issued = issuing.issued(ledger.directory.find(who), name, identify, subject)
        data = written(issuing.signer(issued), issued, form or "json", image)
        revoked = ledger.learner(issued.learner.id).awards[issued.award.id].revoked
    if revoked is not None:
        say(f"the award was revoked on {revoked}, and with it this badge", err=True)
    if output is not None:
        output.write_bytes(data)
        say(f"{output}: {issued.badge.id}")
    elif form == "png" and at_terminal():
        raise click.UsageError("a picture does not go on a terminal; give --output FILE")
    else:
        click.echo(data, nl=False)
