"""Bitstring Status Lists: one bit for each badge, which says whether it was revoked.

A list has at least 131,072 bits, most of them nobody's, so that asking for it tells nobody whose
badge is being looked at. It is packed with GZIP whose time is left at zero: equal bits give equal
bytes.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from interchange import contexts
from interchange.multibase import MultibaseError, base64url, decoded
from pathways.problems import CairnError

#: The fewest bits that a list may have.
SIZE = 131_072
#: The most bytes that a list is unpacked to: sixteen million bits.
_MOST_BYTES = 2_000_000

ENTRY = "BitstringStatusListEntry"
LIST = "BitstringStatusList"
CREDENTIAL = "BitstringStatusListCredential"
REVOCATION = "revocation"


class StatusError(CairnError):
    """A status list that can not be read, or an entry that names no bit of it."""


def address(site: str, number: int) -> str:
    """Return where a list is published.

    >>> address("https://example.edu/", 1)
    'https://example.edu/status/1.json'
    """
    return f"{site}status/{number}.json"


def entry(site: str, number: int, index: int) -> dict[str, Any]:
    """Return what a badge says of its place in a list."""
    where = address(site, number)
    return {
        "id": f"{where}#{index}",
        "type": ENTRY,
        "statusPurpose": REVOCATION,
        "statusListIndex": str(index),
        "statusListCredential": where,
    }


def packed(indices: Iterable[int], size: int = SIZE) -> str:
    """Return a list in which these bits are set, the first bit being that of the highest value."""
    bits = bytearray(size // 8)
    for index in indices:
        bits[index // 8] |= 0x80 >> index % 8
    return base64url(gzip.compress(bytes(bits), compresslevel=9, mtime=0))


def unpacked(text: str) -> bytes:
    r"""Return the bits of a list. Raises `StatusError`.

    >>> unpacked(packed([0, 9]))[:2]
    b'\x80@'
    """
    try:
        data = decoded(text)
        if not text.startswith("u"):
            raise MultibaseError("another base")
        reading = zlib.decompressobj(wbits=31)
        bits = reading.decompress(data, _MOST_BYTES + 1)
    except (MultibaseError, zlib.error) as error:
        raise StatusError("the status list can not be unpacked") from error
    if len(bits) > _MOST_BYTES:
        raise StatusError(f"the status list has more than {_MOST_BYTES * 8:,} bits")
    if not reading.eof or len(bits) * 8 < SIZE:
        raise StatusError(f"the status list is cut short: it must have {SIZE:,} bits or more")
    return bits


def is_set(credential: Mapping[str, Any], entry_: Mapping[str, Any]) -> bool:
    """Tell whether the bit that an entry names is set in a list. Raises `StatusError`."""
    subject = credential.get("credentialSubject")
    types = credential.get("type")
    if not isinstance(subject, Mapping) or CREDENTIAL not in (
        types if isinstance(types, list) else [types]
    ):
        raise StatusError("what the entry names is no status list")
    if credential.get("id") not in (None, entry_.get("statusListCredential")):
        raise StatusError(f"the status list is that of `{credential.get('id')}`")
    purpose = entry_.get("statusPurpose")
    purposes = subject.get("statusPurpose")
    if purpose not in (purposes if isinstance(purposes, list) else [purposes]):
        raise StatusError(f"the status list is not about `{purpose}`")
    if entry_.get("statusSize", 1) != 1:
        raise StatusError("only lists of one bit each can be read")
    bits = unpacked(str(subject.get("encodedList", "")))
    index = entry_.get("statusListIndex")
    if not re.fullmatch(r"[0-9]{1,12}", str(index)) or int(str(index)) >= len(bits) * 8:
        raise StatusError(f"the status list has no bit `{index}`")
    place = int(str(index))
    return bool(bits[place // 8] & 0x80 >> place % 8)


def credential(
    site: str, number: int, issuer: str, indices: Iterable[int], moment: str
) -> dict[str, Any]:
    """Return a list as a credential that is yet to be signed, valid from a moment on."""
    where = address(site, number)
    return {
        "@context": [contexts.CREDENTIALS],
        "id": where,
        "type": ["VerifiableCredential", CREDENTIAL],
        "issuer": issuer,
        "validFrom": moment,
        "credentialSubject": {
            "id": f"{where}#list",
            "type": LIST,
            "statusPurpose": REVOCATION,
            "encodedList": packed(indices),
        },
    }
