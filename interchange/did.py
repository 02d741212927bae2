"""Who signs, by which keys: decentralised identifiers of the methods `did:web` and `did:key`.

`did:key` is its own key. `did:web` is a document on a web site, which lists the keys; a key that
was replaced stays in the list, so that what it signed stays valid. One that was revoked stays too,
for nothing but to say so. Nothing is fetched here: whoever has the document asks for a key in it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from interchange import contexts
from interchange.multibase import MultibaseError, public_key, public_key_text
from interchange.proofs import PURPOSE, Resolve
from pathways.problems import CairnError

WEB = "did:web:"
KEY = "did:key:"

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(:\d+)?")
_STEP = re.compile(r"[A-Za-z0-9._~-]+")

#: What the name of a revoked key ends with in a published document.
_GONE = "-revoked"

#: Returns the DID document at an address, as data. Raises a `CairnError` where it may not be had.
Fetch = Callable[[str], Any]


class DidError(CairnError):
    """An identifier, or a document of one, that can not be used."""

    def __init__(self, message: str, help: str = "") -> None:
        """Keep what is wrong, and what would do."""
        super().__init__(message)
        self.help = help


@dataclass(frozen=True, slots=True)
class Key:
    """A public key of an issuer: its full name, its 32 bytes, and what became of it.

    The moments are written as credentials have them. `replaced` is empty for the key in use, and
    `revoked` for one that nobody else is known to have; `reason` says why it was.
    """

    method: str
    public: bytes
    created: str
    replaced: str = ""
    revoked: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues: the identifier, the site where all is published (ending in `/`), and the keys."""

    did: str
    site: str
    keys: tuple[Key, ...]

    @property
    def current(self) -> Key:
        """The key that signs what is issued from now on."""
        return self.keys[-1]

    def key(self, method: str) -> Key:
        """Return a key by its full name. Raises `DidError`."""
        for key in self.keys:
            if key.method == method:
                return key
        raise DidError(
            f"the issuer has no key `{method}`", "`cairn key list` says which keys there are"
        )

    def with_key(self, public: bytes, moment: str) -> Issuer:
        """Return the issuer with a new key in use; the one before stays, replaced.

        Raises `DidError` for a `did:key`, which can have no other key.
        """
        if self.did.startswith(KEY):
            raise DidError(
                f"`{self.did}` is its own key, and can have no other",
                "issue as a `did:web`, whose keys can be replaced",
            )
        method = f"{self.did}#key-{len(self.keys) + 1}"
        before = [key if key.replaced else replace(key, replaced=moment) for key in self.keys]
        return replace(self, keys=(*before, Key(method, public, moment)))

    def without(self, method: str, moment: str, reason: str) -> Issuer:
        """Return the issuer with a key revoked: from now on it proves nothing, whatever the date.

        Raises `DidError` where there is no such key, it was revoked before, or nobody could be
        told, as with a `did:key`.
        """
        gone = self.key(method)
        if self.did.startswith(KEY):
            raise DidError(
                f"`{self.did}` is its own key: whoever verifies asks nobody, and can not be told",
                "issue as another issuer: `cairn key new` with another folder",
            )
        if gone.revoked:
            raise DidError(f"the key `{method}` was revoked already, at {gone.revoked}")
        keys = tuple(
            replace(key, revoked=moment, reason=reason) if key is gone else key for key in self.keys
        )
        return replace(self, keys=keys)

    def document(self) -> dict[str, Any]:
        """Return the DID document: every key that ever was, each still good for what it signed.

        The key in use comes first: there are verifiers that try no other for a status list. A
        revoked key may prove nothing, and is listed under another name: there are verifiers that
        look neither at `revoked` nor at what a key is for, and they must not find it.
        """
        keys = self.keys[::-1]
        return {
            "@context": [contexts.DID, contexts.MULTIKEY],
            "id": self.did,
            "verificationMethod": [
                {
                    "id": key.method + (_GONE if key.revoked else ""),
                    "type": "Multikey",
                    "controller": self.did,
                    "publicKeyMultibase": public_key_text(key.public),
                    **({"revoked": key.revoked} if key.revoked else {}),
                }
                for key in keys
            ],
            PURPOSE: [key.method for key in keys if not key.revoked],
        }


def new_issuer(did: str, site: str, public: bytes, moment: str) -> Issuer:
    """Make an issuer with its first key. Without a `did` it is the key; without a `site`, as `did`.

    Raises `DidError` where either can not be one.
    """
    if not did:
        did = KEY + public_key_text(public)
        method = f"{did}#{did.removeprefix(KEY)}"
    else:
        method = f"{did}#key-1"
        address_of(did)
    if not site:
        if not did.startswith(WEB):
            raise DidError("an issuer needs a site", "say with --site where it will be published")
        site = site_of(did)
    parts = urlsplit(site)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise DidError(f"`{site}` can not be a site", "a site is written as https://example.edu/")
    return Issuer(did, site if site.endswith("/") else site + "/", (Key(method, public, moment),))


def address_of(did: str) -> str:
    """Return the address of the document of a `did:web`. Raises `DidError`.

    >>> address_of("did:web:example.edu")
    'https://example.edu/.well-known/did.json'
    >>> address_of("did:web:example.edu%3A8443:awards:data")
    'https://example.edu:8443/awards/data/did.json'
    """
    host, *steps = did.removeprefix(WEB).split(":")
    host = unquote(host)
    good = did.startswith(WEB) and _HOST.fullmatch(host) and all(map(_STEP.fullmatch, steps))
    if not good or any(step in (".", "..") for step in steps):
        raise DidError(
            f"`{did[:200]}` is no `did:web`", "write it as did:web:example.edu or with :folders"
        )
    return f"https://{host}/{'/'.join(steps) or '.well-known'}/did.json"


def site_of(did: str) -> str:
    """Return the site that a `did:web` stands for.

    >>> site_of("did:web:example.edu"), site_of("did:web:example.edu:awards")
    ('https://example.edu/', 'https://example.edu/awards/')
    """
    return address_of(did).removesuffix("did.json").removesuffix(".well-known/")


def did_of(site: str) -> str:
    """Return the `did:web` of a site.

    >>> did_of("https://example.edu:8443/awards/")
    'did:web:example.edu%3A8443:awards'
    """
    parts = urlsplit(site)
    steps = [step for step in parts.path.split("/") if step]
    return WEB + ":".join([quote(parts.netloc.lower(), safe=""), *steps])


# --- finding a key -------------------------------------------------------------------------------


def issuer_of(method: str) -> str:
    """Return whose key a verification method is: what stands before its `#`."""
    return method.partition("#")[0]


def of_key(method: str, _purpose: str = PURPOSE) -> bytes:
    """Return the key that a verification method of a `did:key` is. Raises `DidError`."""
    did, mark, fragment = method.partition("#")
    if not did.startswith(KEY) or (mark and fragment != did.removeprefix(KEY)):
        raise DidError(f"`{method[:200]}` is no key of a `did:key`")
    try:
        return public_key(did.removeprefix(KEY))
    except MultibaseError as error:
        raise DidError(f"`{did[:200]}` is no Ed25519 key") from error


def from_document(document: Any, method: str, purpose: str = PURPOSE) -> bytes:
    """Return the key that a DID document gives a verification method, for a purpose.

    Raises `DidError` where it gives none, or not for that purpose.
    """
    did = issuer_of(method)
    if not isinstance(document, Mapping) or document.get("id") != did:
        raise DidError(f"the document is not that of `{did[:200]}`")
    inside: dict[str, Mapping[str, Any]] = {}
    for one in [*_list(document.get("verificationMethod")), *_list(document.get(purpose))]:
        if isinstance(one, Mapping) and isinstance(one.get("id"), str):
            inside[_whole(one["id"], did)] = one
    allowed = {
        _whole(one if isinstance(one, str) else str(one.get("id")), did)
        for one in _list(document.get(purpose))
        if isinstance(one, str | Mapping)
    }
    found = inside.get(method)
    for known in (found, inside.get(method + _GONE)):
        if known is not None and known.get("revoked") is not None:
            raise DidError(
                f"the key `{method[:200]}` was revoked at {str(known['revoked'])[:40]}",
                "nothing that it signed counts, whenever it says it was signed; ask for a new one",
            )
    if found is None or method not in allowed:
        raise DidError(f"`{did[:200]}` has no key `{method[:200]}` for `{purpose}`")
    if found.get("controller") != did:
        raise DidError(f"the key `{method[:200]}` belongs to somebody else")
    try:
        return public_key(str(found.get("publicKeyMultibase", "")))
    except MultibaseError as error:
        raise DidError(f"`{method[:200]}` has no Ed25519 key in multibase") from error


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _whole(name: str, did: str) -> str:
    return did + name if name.startswith("#") else name


def resolver(fetch: Fetch, known: tuple[Issuer, ...] = ()) -> Resolve:
    """Return what finds the key of a verification method: at hand, in itself, or by `fetch`."""

    def resolve(method: str, purpose: str) -> bytes:
        did = issuer_of(method)
        for issuer in known:
            if issuer.did == did:
                return from_document(issuer.document(), method, purpose)
        if did.startswith(KEY):
            return of_key(method)
        return from_document(fetch(address_of(did)), method, purpose)

    return resolve


def is_public(host: str) -> bool:
    """Tell whether an address of the network is one that everybody can reach.

    >>> is_public("93.184.216.34"), is_public("10.0.0.7"), is_public("::1"), is_public("x")
    (True, False, False, False)
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global and not address.is_multicast
