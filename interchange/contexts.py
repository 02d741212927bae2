"""The published contexts and schemas that Cairn knows: at hand, pinned, never fetched.

A JSON-LD document means what its contexts say, so whoever can change a context can change what a
signature covers. Each address here stands for the bytes in `vendored/`, pinned by SHA-256; every
other address is refused.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pathways.problems import CairnError, nearest

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
OPEN_BADGES_EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
CLR = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
DID = "https://www.w3.org/ns/did/v1"
MULTIKEY = "https://w3id.org/security/multikey/v1"

ACHIEVEMENT_SCHEMA = (
    "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
)
CLR_SCHEMA = (
    "https://purl.imsglobal.org/spec/clr/v2p0/schema/json/clr_v2p0_clrcredential_schema.json"
)

_OB = "https://purl.imsglobal.org/spec/ob/v3p0/"
_CLR = "https://purl.imsglobal.org/spec/clr/v2p0/"

#: Where the document of each address is, and the SHA-256 that it must have.
_PINNED = {
    CREDENTIALS: (
        "contexts/credentials-v2.jsonld",
        "8a9f494a89ecc51db093e90e84713e07e84d6d9204364a9b3c7868b21751236f",
    ),
    "https://www.w3.org/2018/credentials/v1": (
        "contexts/credentials-v1.jsonld",
        "00d7dd6d3ad8b920e3e550dd3a3d9090bffcac84cdbf943da6924b3e0a5c8bb8",
    ),
    "https://w3id.org/security/data-integrity/v1": (
        "contexts/data-integrity-v1.jsonld",
        "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554",
    ),
    "https://w3id.org/security/data-integrity/v2": (
        "contexts/data-integrity-v2.jsonld",
        "0f77743daf5b4e8fc067fc5ba5b21044283053aa717fc6b0219843bed3b00363",
    ),
    DID: (
        "contexts/did-v1.jsonld",
        "adefa50311393eb1bd788a38ac9fe2696c65367928f6996812cd54577394f4da",
    ),
    MULTIKEY: (
        "contexts/multikey-v1.jsonld",
        "c5f3806f8286920573221938917988a18a4cc5a09e968d29649613c7a1c2b1f6",
    ),
    "https://w3id.org/security/suites/ed25519-2020/v1": (
        "contexts/security-suites-ed25519-2020-v1.jsonld",
        "67646fbc0d6582ad7fbf08ccf0d3a4bedbb4177fd2d63385de52dc1b092ed6c5",
    ),
    f"{_OB}context-3.0.1.json": (
        "contexts/ob-v3p0-3.0.1.json",
        "cfc147db5fd5e3575b06bd471fe04784e92de69296f64a351b8dff0ec3372e9c",
    ),
    f"{_OB}context-3.0.2.json": (
        "contexts/ob-v3p0-3.0.2.json",
        "bba433989e1e700ca60838a3c22378e7d8381aeb0c9590f9ddf84d1714f10296",
    ),
    # Copies of 3.0.3 that differ are about; this is the one that Cairn signs and checks with.
    OPEN_BADGES: (
        "contexts/ob-v3p0-3.0.3.json",
        "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
    ),
    f"{_OB}context.json": (
        "contexts/ob-v3p0-3.0.3.json",
        "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
    ),
    OPEN_BADGES_EXTENSIONS: (
        "contexts/ob-v3p0-extensions.json",
        "146f85aa16effd7ca1da8056eb443f53ce1eca8a34186cb062832c0a97d889c3",
    ),
    CLR: (
        "contexts/clr-v2p0-2.0.1.json",
        "880f1902d4158f2f33ce06af41b90719977cd1ea337a9de2e41edb3ff5e543d6",
    ),
    f"{_CLR}context.json": (
        "contexts/clr-v2p0-2.0.1.json",
        "880f1902d4158f2f33ce06af41b90719977cd1ea337a9de2e41edb3ff5e543d6",
    ),
    ACHIEVEMENT_SCHEMA: (
        "schemas/ob_v3p0_achievementcredential_schema.json",
        "b7358e895f492e74055dc6bfc7ffc420d0e497f90c4579fb83d9519b86d393ea",
    ),
    CLR_SCHEMA: (
        "schemas/clr_v2p0_clrcredential_schema.json",
        "59d778659204b0bd593e9e2ab1683fb6f688e339885c44019f606ed6feb4caee",
    ),
}

#: Every address that stands for a document at hand.
ADDRESSES = tuple(_PINNED)


class UnknownContextError(CairnError):
    """A document that is not at hand, or is not as it was published; nothing is fetched instead."""

    def __init__(self, message: str, help: str = "") -> None:
        """Keep what is wrong, and what would do."""
        super().__init__(message)
        self.help = help


@cache
def document(address: str) -> Any:
    """Return the published document of an address. Do not change it: it is read once.

    Raises `UnknownContextError`.
    """
    if address not in _PINNED:
        raise UnknownContextError(
            f"`{address[:200]}` is not among the contexts and schemas that are bundled",
            nearest(address, ADDRESSES),
        )
    place, pinned = _PINNED[address]
    data = files("interchange").joinpath("vendored").joinpath(place).read_bytes()
    if hashlib.sha256(data).hexdigest() != pinned:
        raise UnknownContextError(
            f"the bundled copy of `{address}` was changed", "install Cairn anew"
        )
    return json.loads(data)


def loader(address: str, _options: object = None) -> dict[str, Any]:
    """Load a context for a JSON-LD processor, from what is bundled and nowhere else.

    Raises `UnknownContextError`.
    """
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": address,
        "document": document(address),
    }


@cache
def validator(schema: str) -> Validator:
    """Return the validator of a bundled schema. Raises `UnknownContextError`."""
    from jsonschema import Draft201909Validator, FormatChecker

    return Draft201909Validator(document(schema), format_checker=FormatChecker())
