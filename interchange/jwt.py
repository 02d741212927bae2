"""A credential as a signed token: VC-JWT, in which the payload is the credential itself.

Beside the credential the payload has the claims that readers of tokens look at: `iss`, `jti`,
`sub`, `nbf`, `exp`. They must say what the credential says.
"""

from __future__ import annotations

import base64
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from interchange.documents import DocumentError, parsed
from interchange.proofs import PURPOSE, ProofError, Proved, Resolve

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALGORITHM = "EdDSA"

_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_CLAIMS = ("iss", "jti", "sub", "nbf", "exp", "iat")


def is_token(text: str) -> bool:
    """Tell whether a text has the form of a compact token.

    >>> is_token("eyJh.eyJp.c2ln"), is_token('{"id": "x"}')
    (True, False)
    """
    return _TOKEN.fullmatch(text.strip()) is not None


def encoded(document: Mapping[str, Any], key: Ed25519PrivateKey, method: str) -> str:
    """Return a credential as a signed token. The same arguments always give the same token."""
    from joserfc import jws

    header = {"alg": ALGORITHM, "typ": "vc+jwt", "cty": "vc", "kid": method}
    payload = {**document, **_claims(document)}
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    with _old_name():
        return jws.serialize_compact(header, text.encode(), _okp(key), algorithms=[ALGORITHM])


@contextmanager
def _old_name() -> Iterator[None]:
    """Say `EdDSA` without being told of RFC 9864: few readers of tokens know its `Ed25519` yet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _claims(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the claims must be, by what the credential says."""
    claims: dict[str, Any] = {"iss": _id(document.get("issuer"))}
    if "id" in document:
        claims["jti"] = document["id"]
    if subject := _id(document.get("credentialSubject")):
        claims["sub"] = subject
    for claim, name in (("nbf", "validFrom"), ("exp", "validUntil")):
        if isinstance(document.get(name), str):
            try:
                claims[claim] = int(datetime.fromisoformat(document[name]).timestamp())
            except ValueError as error:
                raise ProofError(f"`{name}` is no moment in time") from error
    return claims


def verified(token: str, resolve: Resolve) -> tuple[dict[str, Any], Proved]:
    """Check a token, and return the credential in it, without claims, with what was proved.

    Raises `ProofError` where the signature does not hold, or claims and credential differ.
    """
    from joserfc import jws
    from joserfc.errors import JoseError

    header, document = unverified(token)
    if header.get("alg") not in (ALGORITHM, "Ed25519"):
        raise ProofError(
            f"a token signed by `{header.get('alg')}` can not be checked",
            f"tokens signed by `{ALGORITHM}` (Ed25519) can",
        )
    if "crit" in header or "b64" in header:
        raise ProofError("the token's header asks for what is not known here")
    method = header.get("kid")
    if not isinstance(method, str) or not method:
        raise ProofError("the token does not name its key", "its header needs a `kid`")
    issuer = _id(document.get("issuer"))
    if method.startswith("#") and issuer:
        method = issuer + method
    public = _okp_public(resolve(method, PURPOSE))
    try:
        with _old_name():
            jws.deserialize_compact(token.strip(), public, algorithms=[ALGORITHM, "Ed25519"])
    except (JoseError, ValueError):
        raise ProofError(
            f"the signature of the token by `{method}` does not hold",
            "the token was changed after it was signed, or another key signed it",
        ) from None
    bare = {name: value for name, value in document.items() if name not in _CLAIMS}
    for claim, due in _claims(bare).items():
        if document.get(claim) != due:
            raise ProofError(f"the claim `{claim}` of the token is not what the credential says")
    return bare, Proved(method, PURPOSE, "")


def unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and payload of a token, whoever signed it. Raises `ProofError`."""
    if not is_token(token):
        raise ProofError("this is no token")
    try:
        header, payload = (
            parsed(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            for part in token.strip().split(".")[:2]
        )
    except (ValueError, DocumentError) as error:
        raise ProofError("the token can not be read") from error
    return header, payload


def _id(value: object) -> str | None:
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else None


def _okp(key: Ed25519PrivateKey) -> Any:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )
    from joserfc.jwk import OKPKey

    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return OKPKey.import_key(pem)


def _okp_public(raw: bytes) -> Any:
    from joserfc.jwk import OKPKey

    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
