"""Ed25519 keys as files hold them: made, and read again. For seals and for credentials alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pathways.problems import CairnError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class KeyFileError(CairnError):
    """A file that holds no private Ed25519 key."""


def new_private() -> bytes:
    """Make a private key, as PEM (PKCS 8, not encrypted)."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def private_key(pem: bytes) -> Ed25519PrivateKey:
    """Read a private key. Raises `KeyFileError`."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError("the key can not be read") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError("the key is of another kind than Ed25519")
    return key
