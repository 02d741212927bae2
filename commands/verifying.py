"""`cairn verify`: is a credential genuine, in force, not revoked, and by whom it says?"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.keyring import KEYS
from commands.options import FILE, HOST, json_option, now
from commands.teaching import command

if TYPE_CHECKING:
    from interchange.verify import Fetch, Report

#: The largest file with a credential in it, in bytes: a picture.
LARGEST = 40_000_000

_SIGNS = {"holds": "met", "fails": "unmet", "unknown": "undecided"}


@command()
@click.argument("file", type=FILE)
@click.option(
    "--allow",
    type=HOST,
    metavar="HOST",
    multiple=True,
    help="A host whose DID documents and status lists may be fetched; can be repeated.",
)
@click.option(
    "--with",
    "at_hand",
    type=FILE,
    metavar="FILE",
    multiple=True,
    help="A DID document, a status list, or a folder of them, used instead of fetching.",
)
@click.option("--issuer", metavar="DID", default="", help="Accept only what this issuer issued.")
@KEYS
@json_option
def verify(
    file: Path,
    allow: tuple[str, ...],
    at_hand: tuple[Path, ...],
    issuer: str,
    keys: Path,
    as_json: bool,
) -> None:
    """Check a credential: proof, schema, dates, status and issuer.

    FILE is a badge or another credential: JSON, a signed token, or a PNG or SVG picture with one
    inside; `-` is standard input. Contexts and schemas are bundled and never fetched. A DID
    document or a status list is fetched only from a host that --allow names, never from a private
    network. The exit code is 0 when all holds, and 1 when something fails or can not be found out.

    Example:
      cairn verify essentials.png --with public/
      cairn verify badge.json --allow awards.example.edu --issuer did:web:awards.example.edu
    """
    from commands import keyring
    from commands.terminal import say_json
    from interchange.verify import Verifier

    verifier = Verifier(now(), fetching(allow, at_hand), keyring.known(keys), issuer)
    report = verifier.look(_read(file))
    if as_json:
        say_json(_json(report))
    else:
        _show(report)
    if not report.valid:
        click.get_current_context().exit(1)


def _read(file: Path) -> bytes:
    from commands.errors import UnusableError

    with nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb") as source:
        data = source.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise UnusableError(f"`{file}` has more than {LARGEST:,} bytes")
    return data


def fetching(allowed: tuple[str, ...], at_hand: tuple[Path, ...]) -> Fetch:
    """Look among the files at hand first, then on the web as far as it is allowed."""
    from commands.fetching import Fetcher
    from interchange import did
    from interchange.documents import DocumentError, parsed

    copies: dict[str, bytes] = {}
    for path in at_hand:
        for one in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
            data = one.read_bytes()
            try:
                id_ = str(parsed(data).get("id", ""))
                copies[did.address_of(id_) if id_.startswith(did.WEB) else id_] = data
            except (DocumentError, did.DidError):
                if not path.is_dir():
                    raise
    fetcher = Fetcher(allowed)
    return lambda address: copies[address] if address in copies else fetcher(address)


def _json(report: Report) -> dict[str, Any]:
    return {
        "valid": report.valid,
        "form": report.kind,
        "id": report.credential.get("id"),
        "name": report.credential.get("name"),
        "checks": [
            {"check": check.name, "outcome": check.outcome, "words": check.words}
            for check in report.checks
        ],
        "inside": [_json(inside) for inside in report.inside],
    }


def _show(report: Report, depth: int = 0) -> None:
    from commands.terminal import draw, sign, text

    pad = "  " * depth
    name = report.credential.get("name") or report.credential.get("id") or "a credential"
    draw(text(pad, (str(name), "bold")))
    for check in report.checks:
        draw(text(pad, "  ", sign(_SIGNS[check.outcome]), f"{check.name}: {check.words}"))
        if check.help and check.outcome != "holds":
            draw(text(pad, "      help: ", check.help))
    for inside in report.inside:
        _show(inside, depth + 1)
    if depth == 0:
        verdict = (
            "valid"
            if report.valid
            else "not valid"
            if report.failed
            else "not known to be valid: something could not be found out"
        )
        draw(text((verdict, "bold")))
