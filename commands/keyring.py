"""The issuer's keys in a folder of their own, outside the ledger, which only their owner may read.

`issuer.json` says who issues and lists the public keys; the private ones are files beside it. A
key that was replaced is kept: what it signed is written again, byte for byte, with it. One that was
revoked signs nothing any more.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.errors import UnusableError
from commands.options import FILE

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from interchange.did import Issuer

_ISSUER = "issuer.json"

KEYS = click.option(
    "--keys",
    type=FILE,
    metavar="FOLDER",
    envvar="CAIRN_KEYS",
    default=Path("cairn.keys"),
    show_default=True,
    show_envvar=True,
    help="Where the issuer's keys are kept; keep it away from the ledger.",
)


def read(folder: Path) -> Issuer:
    """Return the issuer of a folder. Raises `UnusableError`."""
    from interchange.did import Issuer, Key
    from interchange.documents import DocumentError, parsed
    from interchange.multibase import MultibaseError, public_key

    try:
        told = parsed((folder / _ISSUER).read_bytes())
        keys = tuple(
            Key(
                method=str(key["id"]),
                public=public_key(str(key["publicKeyMultibase"])),
                created=str(key["created"]),
                replaced=str(key.get("replaced", "")),
                revoked=str(key.get("revoked", "")),
                reason=str(key.get("reason", "")),
            )
            for key in told["keys"]
        )
        issuer = Issuer(str(told["did"]), str(told["site"]), keys)
        _ = issuer.current
    except FileNotFoundError:
        raise UnusableError(
            f"there are no keys in `{folder}`", "make them with `cairn key new`"
        ) from None
    except (DocumentError, MultibaseError, KeyError, TypeError, IndexError) as error:
        raise UnusableError(
            f"`{folder / _ISSUER}` can not be read: {error}", "restore it from a backup"
        ) from error
    return issuer


def known(folder: Path) -> tuple[Issuer, ...]:
    """Return the issuer of a folder, none where there is no such folder."""
    return (read(folder),) if (folder / _ISSUER).exists() else ()


def write(folder: Path, issuer: Issuer, pem: bytes | None) -> None:
    """Keep an issuer; with a `pem`, its newest key, which is there before anything names it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if pem is not None:
        handle = os.open(
            _private(folder, len(issuer.keys)), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
        )
        with os.fdopen(handle, "wb") as out:
            out.write(pem)
            out.flush()
            os.fsync(out.fileno())
    fresh = folder / (_ISSUER + ".new")
    fresh.write_text(json.dumps(as_json(issuer), indent=2) + "\n", encoding="utf-8")
    fresh.replace(folder / _ISSUER)


def private(folder: Path, issuer: Issuer, method: str) -> Ed25519PrivateKey:
    """Return a private key by its full name.

    Raises `UnusableError` where it was revoked, others may read its file, or it is another key;
    `DidError` where the issuer has none of that name.
    """
    from domain.keys import KeyFileError, private_key

    key = issuer.key(method)
    if key.revoked:
        raise UnusableError(
            f"the key `{method}` was revoked at {key.revoked}, and signs nothing any more",
            "make a new one with `cairn key rotate`" if key is issuer.current else "",
        )
    path = _private(folder, issuer.keys.index(key) + 1)
    try:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UnusableError(
                f"others may read the private key `{path}`",
                f"`chmod 600 {path}`, and replace it with `cairn key rotate` if they did",
            )
        found = private_key(path.read_bytes())
    except FileNotFoundError:
        raise UnusableError(
            f"the private key of `{method}` is not in `{folder}`", "restore it from a backup"
        ) from None
    except KeyFileError as error:
        raise UnusableError(f"`{path}`: {error}", "restore it from a backup") from error
    if found.public_key().public_bytes_raw() != key.public:
        raise UnusableError(f"`{path}` is not the key `{method}`", "restore it from a backup")
    return found


def as_json(issuer: Issuer) -> dict[str, Any]:
    """Return an issuer and its public keys as data."""
    from interchange.multibase import public_key_text

    return {
        "did": issuer.did,
        "site": issuer.site,
        "keys": [
            {
                "id": key.method,
                "publicKeyMultibase": public_key_text(key.public),
                "created": key.created,
                **({"replaced": key.replaced} if key.replaced else {}),
                **({"revoked": key.revoked, "reason": key.reason} if key.revoked else {}),
            }
            for key in issuer.keys
        ],
    }


def _private(folder: Path, number: int) -> Path:
    return folder / f"key-{number}.pem"
