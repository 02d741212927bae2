"""Seals: signed checkpoints of the event log, in the form that transparency logs use.

Each event of the log is one entry: its stream, its number, its topic, and the digest of its bytes.
The entries are the leaves of a Merkle tree. A checkpoint names the size and the root of the tree,
and is signed with an Ed25519 key that can be kept elsewhere; its text is that of the C2SP
specifications "checkpoint" and "signed note", so that other tools can check it too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from domain.keys import KeyFileError, new_private, private_key
from domain.merkle import SIZE, leaf_hash
from pathways.problems import CairnError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_ALGORITHM = b"\x01"
_DASH = "\u2014"


class SealError(CairnError):
    """A seal, a key or a proof that does not hold or can not be read."""

    def __init__(self, message: str, help: str = "") -> None:
        """Keep what is wrong, and what would do."""
        super().__init__(message)
        self.help = help


@dataclass(frozen=True, slots=True)
class Entry:
    """What a seal keeps of an event; `digest` is the SHA-256 of its bytes, in hexadecimal."""

    stream: str
    number: int
    topic: str
    digest: str

    @property
    def key(self) -> tuple[str, int]:
        """By what it is known: its stream and its number."""
        return self.stream, self.number

    def line(self) -> bytes:
        """Return the entry as one line of JSON, which is what the tree hashes."""
        fields = [self.stream, self.number, self.topic, self.digest]
        return json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode()

    def leaf(self) -> bytes:
        """Return the hash of the entry as a leaf of the tree."""
        return leaf_hash(self.line())

    @classmethod
    def from_line(cls, line: bytes) -> Entry:
        """Read what `line` wrote. Raises `SealError`."""
        try:
            stream, number, topic, digest = json.loads(line)
        except (ValueError, TypeError) as error:
            raise SealError("a line of the index of the seal can not be read") from error
        return cls(str(stream), int(number), str(topic), str(digest))


def entry(stream: str, number: int, topic: str, state: object) -> Entry:
    """Return the entry of an event as it is stored."""
    data = state if isinstance(state, bytes) else str(state).encode()
    return Entry(stream, number, topic, hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """So many events had this root. `origin` is what the ledger is called."""

    origin: str
    size: int
    root: bytes
    sealed: datetime

    def body(self) -> str:
        """Return the text that is signed."""
        at = self.sealed.astimezone(UTC).isoformat(timespec="seconds")
        return f"{self.origin}\n{self.size}\n{_text(self.root)}\nsealed {at}\n"


# --- keys ----------------------------------------------------------------------------------------


def new_key(name: str) -> tuple[bytes, str]:
    """Make a key: the private one as PEM, the public one as a line of text.

    Raises `SealError` where the name can not be one.
    """
    if not name or any(sign.isspace() for sign in name) or "+" in name:
        raise SealError(
            f"`{name}` can not be the name of a key", "use a word without blanks or `+`"
        )
    pem = new_private()
    return pem, public_of(pem, name)


def _public(name: str, raw: bytes) -> str:
    return f"{name}+{_key_id(name, raw).hex()}+{_text(_ALGORITHM + raw)}"


def _key_id(name: str, raw: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ALGORITHM + raw).digest()[:4]


def _private(pem: bytes) -> Ed25519PrivateKey:
    try:
        return private_key(pem)
    except KeyFileError as error:
        raise SealError(str(error), "make one with `cairn audit key`") from error


def public_of(pem: bytes, name: str) -> str:
    """Return the public key that belongs to a private one. Raises `SealError`."""
    return _public(name, _private(pem).public_key().public_bytes_raw())


def signed(checkpoint: Checkpoint, pem: bytes) -> str:
    """Return a checkpoint with its signature. Raises `SealError` where the key is none."""
    key = _private(pem)
    body = checkpoint.body()
    known = _key_id(checkpoint.origin, key.public_key().public_bytes_raw())
    return f"{body}\n{_DASH} {checkpoint.origin} {_text(known + key.sign(body.encode()))}\n"


def opened(text: str, public: str) -> Checkpoint:
    """Read a checkpoint, and check its signature with the public key. Raises `SealError`."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    name, raw = read_public(public)
    body, mark, signatures = text.partition(f"\n\n{_DASH} ")
    if not mark:
        raise SealError("this is no checkpoint")
    body += "\n"
    wanted = _key_id(name, raw)
    for line in f"{_DASH} {signatures}".splitlines():
        _, _, rest = line.partition(" ")
        who, _, value = rest.partition(" ")
        data = _bytes(value)
        if who != name or data[:4] != wanted:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(raw).verify(data[4:], body.encode())
        except InvalidSignature:
            raise SealError("the signature of a checkpoint does not hold") from None
        return _checkpoint(body)
    raise SealError(f"the checkpoint is not signed by `{name}`", "give the key that belongs to it")


def _checkpoint(body: str) -> Checkpoint:
    try:
        origin, size, top, *more = body.splitlines()
        sealed = next(line.partition(" ")[2] for line in more if line.startswith("sealed "))
        found = Checkpoint(origin, int(size), _bytes(top), datetime.fromisoformat(sealed))
    except (ValueError, StopIteration) as error:
        raise SealError("this is no checkpoint") from error
    if len(found.root) != SIZE or found.size < 0:
        raise SealError("this is no checkpoint")
    return found


def read_public(public: str) -> tuple[str, bytes]:
    """Return the name and the bytes of a public key. Raises `SealError` where it is none."""
    try:
        name, known, value = public.strip().split("+", 2)
        data = _bytes(value)
        if data[:1] != _ALGORITHM or len(data) != 1 + SIZE:
            raise ValueError("another kind of key")
        if _key_id(name, data[1:]).hex() != known:
            raise ValueError("another name")
    except (ValueError, SealError):
        # What was read is not shown: it may be the private key.
        raise SealError("the public key can not be read", "it is one line of text") from None
    return name, data[1:]


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise SealError(f"`{text[:40]}` is not base64") from error


# --- proofs in a file ----------------------------------------------------------------------------


def hashes(texts: list[str]) -> list[bytes]:
    """Read the hashes of a proof. Raises `SealError`."""
    return [_bytes(text) for text in texts]


def texts(path: list[bytes]) -> list[str]:
    """Write the hashes of a proof."""
    return [_text(step) for step in path]
