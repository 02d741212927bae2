"""`cairn status`: what everybody needs who checks a badge, as files for any web server."""

from __future__ import annotations

from pathlib import Path

import click

from commands.keyring import KEYS
from commands.lazy import LazyGroup
from commands.options import FILE, database_option, json_option, now, on_option


@click.group(cls=LazyGroup)
def status() -> None:
    """Publish which badges were revoked, and who issues them.

    A badge names the list in which its bit says whether it was revoked. The list is a file on the
    issuer's web site, signed like a badge, next to the issuer's public keys.

    Example:
      cairn status publish public/
    """


@status.command()
@click.argument("folder", type=FILE, metavar="DIR")
@KEYS
@on_option("The day on which an award must be held for its badge to be good.")
@database_option
@json_option
def publish(folder: Path, keys: Path, on: object, database: str, as_json: bool) -> None:
    """Write the issuer's site: status lists, DID document, pathways and achievements.

    DIR gets a static site, to be served at the address that `cairn key list` shows. Publish it
    anew whenever an award was revoked or reinstated, a key replaced, or a pathway published;
    badges name these addresses, and are checked against them. What is in DIR and not written anew
    is left alone.

    Example:
      cairn status publish public/
      rsync -a public/ www@awards.example.edu:/srv/www/
    """
    from datetime import date

    from commands import keyring
    from commands.books import opened
    from commands.issuing import Signer
    from commands.sites import written
    from commands.terminal import counted, say, say_json

    assert isinstance(on, date)
    issuer = keyring.read(keys)
    signer = Signer(keyring.private(keys, issuer, issuer.current.method), issuer.current.method)
    with opened(database, asking=True) as ledger:
        done = written(ledger, folder, issuer, signer, on, now())
    if as_json:
        say_json(done.to_json())
        return
    say(
        f"{counted(done.files, 'file')} in {folder}, to be served at {issuer.site}:"
        f" {counted(done.badges, 'badge')}, {done.revoked:,} of them revoked"
    )
    if done.void:
        say(
            f"{counted(done.void, 'badge')} of awards that are held were signed with a revoked key:"
            " `cairn badge` issues each anew"
        )
    say(f"the DID document has to be found at {done.did_address}")
