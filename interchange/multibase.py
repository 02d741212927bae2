"""Bytes as text, as the family of multibase and multicodec standards writes them.

A first letter names the alphabet: `z` is base58 as Bitcoin has it, `u` is base64 for addresses,
without padding. An Ed25519 key has two bytes in front that say what it is.
"""

from __future__ import annotations

import base64
import binascii

from pathways.problems import CairnError

_ED25519_PUBLIC = b"\xed\x01"
_KEY_SIZE = 32

#: Longer texts are read by no part of Cairn: base58 takes time that grows with the square.
_LONGEST_BASE58 = 1_024


class MultibaseError(CairnError):
    """A text that is no multibase, or not of what it should be."""


def base58(data: bytes) -> str:
    """Write bytes in base58.

    >>> base58(b"cairn")
    'zCDK3Pjb'
    """
    from base58 import b58encode

    return "z" + b58encode(data).decode("ascii")


def base64url(data: bytes) -> str:
    """Write bytes in base64 for addresses, without padding.

    >>> base64url(b"cairn")
    'uY2Fpcm4'
    """
    return "u" + base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decoded(text: str) -> bytes:
    """Read bytes that either of the two wrote. Raises `MultibaseError`.

    >>> decoded("zCDK3Pjb"), decoded("uY2Fpcm4")
    (b'cairn', b'cairn')
    """
    letter, rest = text[:1], text[1:]
    try:
        if letter == "z" and len(rest) <= _LONGEST_BASE58:
            from base58 import b58decode

            return b58decode(rest.encode("ascii"))
        if letter == "u" and "=" not in rest:
            padded = rest + "=" * (-len(rest) % 4)
            return base64.b64decode(padded, altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        pass
    raise MultibaseError(f"`{text[:60]}` is not in base58 (`z`) or base64 for addresses (`u`)")


def public_key_text(raw: bytes) -> str:
    """Write a public Ed25519 key of 32 bytes as `publicKeyMultibase` has it."""
    return base58(_ED25519_PUBLIC + raw)


def public_key(text: str) -> bytes:
    """Read a public Ed25519 key, and return its 32 bytes. Raises `MultibaseError`."""
    data = decoded(text)
    if not data.startswith(_ED25519_PUBLIC) or len(data) != len(_ED25519_PUBLIC) + _KEY_SIZE:
        raise MultibaseError(f"`{text[:60]}` is no public Ed25519 key")
    return data[len(_ED25519_PUBLIC) :]
