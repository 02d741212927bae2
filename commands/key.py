"""`cairn key new | rotate | revoke | list`: the keys that badges are signed with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.keyring import KEYS
from commands.lazy import LazyGroup
from commands.options import json_option, now

if TYPE_CHECKING:
    from interchange.did import Issuer, Key


@click.group(cls=LazyGroup)
def key() -> None:
    """Make, replace and revoke the keys that badges are signed with.

    Keys (Ed25519) are kept in a folder, not in the ledger, and only their owner may read them. Keep
    a copy of the folder in a safe place. `cairn status publish` publishes the public keys.

    Example:
      cairn key new --did did:web:awards.example.edu
      cairn key list
    """


@key.command()
@click.option(
    "--did",
    metavar="DID",
    default="",
    help="Who issues, such as did:web:example.edu; without it, the key is its own identifier.",
)
@click.option(
    "--site",
    metavar="ADDRESS",
    default="",
    help="Where all is published, such as https://example.edu/awards/; by default as the DID says.",
)
@KEYS
@json_option
def new(did: str, site: str, keys: Path, as_json: bool) -> None:
    """Make the issuer and its first key.

    With a did:web, everybody can find the keys on the issuer's web site, and they can be replaced.
    A did:key needs no web site to be checked, but is one key for ever, and says nothing about whose
    it is.

    Example:
      cairn key new --did did:web:awards.example.edu
    """
    from commands import keyring
    from commands.errors import UnusableError
    from domain.keys import new_private, private_key
    from interchange.did import new_issuer
    from interchange.proofs import timestamp

    if keyring.known(keys):
        raise UnusableError(
            f"there are keys in `{keys}` already",
            "replace the key with `cairn key rotate`, or give another folder with --keys",
        )
    pem = new_private()
    public = private_key(pem).public_key().public_bytes_raw()
    issuer = new_issuer(did, site, public, timestamp(now()))
    keyring.write(keys, issuer, pem)
    _show(issuer, keys, as_json=as_json)


@key.command()
@KEYS
@json_option
def rotate(keys: Path, as_json: bool) -> None:
    """Sign with a new key from now on.

    The old key stays published and valid for what it signed. Publish the site anew before the next
    badge is issued, so that everybody finds the new key.

    Example:
      cairn key rotate
      cairn status publish public/
    """
    from commands import keyring
    from domain.keys import new_private, private_key
    from interchange.proofs import timestamp

    pem = new_private()
    public = private_key(pem).public_key().public_bytes_raw()
    issuer = keyring.read(keys).with_key(public, timestamp(now()))
    keyring.write(keys, issuer, pem)
    _show(issuer, keys, as_json=as_json)


@key.command()
@click.argument("name", metavar="KEY")
@click.option("--reason", metavar="TEXT", default="", help="Why; it is kept beside the keys.")
@click.option("--yes", is_flag=True, help="Do not ask; nothing asks where nobody can answer.")
@KEYS
@json_option
def revoke(name: str, reason: str, yes: bool, keys: Path, as_json: bool) -> None:
    """Take back a key that others may have, with all that it signed.

    KEY is as `cairn key list` has it; `key-1` will do. Whoever has a key can write any date into
    what it signs, so nothing that it signed counts any more, however old. If the key is in use, a
    new one takes its place. Publish the site, so that others hear of it; then `cairn badge` and
    `cairn portfolio` issue anew, with another key, what was signed with this one. A key that was
    only replaced is not revoked: it stays good for what it signed.

    Example:
      cairn key revoke key-1 --reason "the laptop was stolen"
      cairn status publish public/
    """
    from commands import keyring
    from commands.terminal import at_terminal, say
    from domain.keys import new_private, private_key
    from interchange.proofs import timestamp

    issuer = keyring.read(keys)
    method = name if name.startswith("did:") else f"{issuer.did}#{name.removeprefix('#')}"
    moment = timestamp(now())
    left, pem = issuer.without(method, moment, reason), None
    if left.current.revoked:
        pem = new_private()
        left = left.with_key(private_key(pem).public_key().public_bytes_raw(), moment)
    if not (yes or as_json) and at_terminal():
        click.confirm(f"revoke `{method}`, and all that it signed, for good?", abort=True)
    keyring.write(keys, left, pem)
    _show(left, keys, as_json=as_json)
    if not as_json:
        say(
            "publish this now with `cairn status publish`;"
            " `cairn badge` and `cairn portfolio` issue anew what the key signed"
        )


@key.command("list")
@KEYS
@json_option
def list_(keys: Path, as_json: bool) -> None:
    """List the issuer's public keys, oldest first.

    With each key stands when it was made, and whether it is in use, was replaced, or was revoked.
    Keys that were replaced stay valid for what they signed; those that were revoked do not.

    Example:
      cairn key list
    """
    from commands import keyring

    _show(keyring.read(keys), keys, as_json=as_json)


def _show(issuer: Issuer, folder: Path, *, as_json: bool) -> None:
    from commands import keyring
    from commands.terminal import say, say_json, table
    from interchange.multibase import public_key_text

    if as_json:
        say_json(keyring.as_json(issuer))
        return
    say(f"{issuer.did}, published at {issuer.site}; keys in {folder}")
    table(
        ("key", "made", "now", "public"),
        [(key.method, key.created, _now(key), public_key_text(key.public)) for key in issuer.keys],
    )


def _now(key: Key) -> str:
    if key.revoked:
        return f"revoked {key.revoked}" + (f": {key.reason}" if key.reason else "")
    return f"replaced {key.replaced}" if key.replaced else "in use"
