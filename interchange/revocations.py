"""1EdTech revocation lists: an issuer names the credentials that it revoked.

They are older than Bitstring Status Lists, and are read here, never written. The list is plain JSON
without a proof. What speaks for it is its address, which stands in the signed credential, and the
server that answers there; so it has to say that it is that very list, and of the same issuer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pathways.problems import CairnError

ENTRY = "1EdTechRevocationList"

#: The name of the 1EdTech specification's examples, and that of its validator.
_NAMES = ("revokedCredential", "revokedCredentials")
#: So much of a reason is told.
_LONGEST_REASON = 160


class RevocationError(CairnError):
    """A revocation list that can not be read, or that is another one."""


def reason(listed: Mapping[str, Any], where: str, issuer: str, credential: str) -> str | None:
    """Return why a list says that a credential was revoked: empty without a reason, None if not.

    `where` is the address that the credential gives for its list. Raises `RevocationError`.
    """
    if listed.get("id", where) != where:
        raise RevocationError(f"it is the list of `{str(listed['id'])[:200]}`")
    told = listed.get("issuer")
    if (told.get("id") if isinstance(told, Mapping) else told) != issuer:
        raise RevocationError(f"it is no list of `{issuer}`")
    for entry in _entries(listed):
        # An issuer that takes a revocation back may leave the entry in, with `revoked: false`.
        if entry.get("id") == credential and entry.get("revoked", True) is not False:
            words = entry.get("revocationReason")
            return _printable(words) if isinstance(words, str) else ""
    return None


def _entries(listed: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Any] = []
    for name in _NAMES:
        value = listed.get(name, [])
        found += value if isinstance(value, list) else [value]
    if not all(isinstance(entry, Mapping) and isinstance(entry.get("id"), str) for entry in found):
        raise RevocationError("it has an entry that names no credential")
    return found


def _printable(words: str) -> str:
    clean = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return clean if len(clean) <= _LONGEST_REASON else clean[: _LONGEST_REASON - 3] + "..."
