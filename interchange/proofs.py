"""Proofs inside a JSON-LD document: `DataIntegrityProof` of the suite `eddsa-rdfc-2022`.

What is signed is not the text but what it states: document and proof options are each turned into
RDF, brought into the one canonical order (RDFC-1.0), hashed, and the two hashes are signed with
Ed25519. A word that no context defines states nothing and would be outside the signature, so a
document with such a word is neither signed nor accepted.

`sign(document, key, verification_method, created)` returns the document with its proof;
`verify(document, resolve)` returns what was proved, or raises `ProofError`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from interchange import contexts
from interchange.multibase import MultibaseError, base58, decoded
from pathways.problems import CairnError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SUITE = "eddsa-rdfc-2022"
TYPE = "DataIntegrityProof"
PURPOSE = "assertionMethod"

#: How deep a document may be nested, and how many values it may have.
_DEEPEST = 60
_MOST_VALUES = 100_000
#: How often nodes without a name may be compared with their neighbours: documents are written to
#: make that endless, and an honest one needs it a few times.
_MOST_COMPARISONS = 2_000

#: What relative names are read against, so that they can be told and refused.
_NOWHERE = "https://nowhere.invalid/"

#: What the canonical form writes in a way of its own, and no credential has.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

#: Returns the 32 bytes of the public key of a verification method, for a purpose such as
#: `assertionMethod`. Raises a `CairnError` where there is none, or it may not be used for that.
Resolve = Callable[[str, str], bytes]


class ProofError(CairnError):
    """A proof that does not hold, or a document that can not have one."""

    def __init__(self, message: str, help: str = "") -> None:
        """Keep what is wrong, and what would do."""
        super().__init__(message)
        self.help = help


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof says that holds: by which key, for what, and when it was made, if it says so."""

    verification_method: str
    purpose: str
    created: str


def timestamp(moment: datetime) -> str:
    """Write a moment as credentials have it, in UTC to the second.

    >>> timestamp(datetime(2026, 3, 1, 9, 12, 33, tzinfo=UTC))
    '2026-03-01T09:12:33Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- signing and checking ------------------------------------------------------------------------


def sign(
    document: Mapping[str, Any],
    key: Ed25519PrivateKey,
    verification_method: str,
    created: datetime,
) -> dict[str, Any]:
    """Return a document with a proof. The same arguments always give the same proof.

    Raises `ProofError` where the document has one already, or says what no context defines.
    """
    if "proof" in document:
        raise ProofError("the document has a proof already")
    options = {
        "type": TYPE,
        "cryptosuite": SUITE,
        "created": timestamp(created),
        "verificationMethod": verification_method,
        "proofPurpose": PURPOSE,
    }
    signature = key.sign(signed_bytes(document, options))
    return {**document, "proof": [{**options, "proofValue": base58(signature)}]}


def verify(document: Mapping[str, Any], resolve: Resolve) -> Proved:
    """Check every proof of a document, and return the first one.

    Raises `ProofError` where there is none, or one of them does not hold.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    proved = []
    bare = {name: value for name, value in document.items() if name != "proof"}
    for proof in _proofs(document):
        options = {name: value for name, value in proof.items() if name != "proofValue"}
        method, purpose = _checked(options)
        try:
            signature = decoded(_text(proof, "proofValue"))
            public = Ed25519PublicKey.from_public_bytes(resolve(method, purpose))
        except MultibaseError as error:
            raise ProofError(f"the proof's value can not be read: {error}") from error
        try:
            public.verify(signature, signed_bytes(bare, options))
        except InvalidSignature:
            raise ProofError(
                f"the proof by `{method}` does not hold",
                "the document was changed after it was signed, or another key signed it",
            ) from None
        proved.append(Proved(method, purpose, str(options.get("created", ""))))
    return proved[0]


def _proofs(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = document.get("proof")
    proofs = found if isinstance(found, list) else [] if found is None else [found]
    if not proofs:
        raise ProofError("the document has no proof")
    if len(proofs) > 8 or not all(isinstance(proof, dict) for proof in proofs):
        raise ProofError("a proof is an object, and a document has at most 8 of them")
    return proofs


def _checked(options: Mapping[str, Any]) -> tuple[str, str]:
    kind, suite = options.get("type"), options.get("cryptosuite")
    if kind != TYPE or suite != SUITE:
        raise ProofError(
            f"a proof of the kind `{kind}` with the suite `{suite}` can not be checked",
            f"proofs of the kind `{TYPE}` with the suite `{SUITE}` can",
        )
    if "previousProof" in options:
        raise ProofError("chains of proofs can not be checked")
    purpose = _text(options, "proofPurpose")
    if purpose != PURPOSE:
        raise ProofError(
            f"the proof is for `{purpose}`, and a credential is proved for `{PURPOSE}`"
        )
    return _text(options, "verificationMethod"), purpose


def _text(proof: Mapping[str, Any], name: str) -> str:
    value = proof.get(name)
    if not isinstance(value, str):
        raise ProofError(f"the proof has no text `{name}`")
    return value


def signed_bytes(document: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    """Return the 64 bytes that are signed: the hash of the options, then that of the document.

    Raises `ProofError`.
    """
    configured = {**options, "@context": _context(document, options)}
    return digest(configured) + digest(document)


def _context(document: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """The options are read by the document's contexts, which a proof may name again in part."""
    context = document.get("@context")
    own = options.get("@context")
    if own is not None:
        first = own if isinstance(own, list) else [own]
        whole = context if isinstance(context, list) else [context]
        if whole[: len(first)] != first:
            raise ProofError("the proof has another context than the document begins with")
        return own
    return context


def digest(document: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 of what a document states. Raises `ProofError`."""
    return hashlib.sha256(canonical(document).encode()).digest()


# --- canonical form ------------------------------------------------------------------------------


def canonical(document: Mapping[str, Any]) -> str:
    """Return what a document states as canonical N-Quads (RDFC-1.0).

    Raises `ProofError` where a context is not bundled or a word is not defined, and where the
    document is too large, too deep or made to keep a reader busy.
    """
    from pyld.canon import URDNA2015
    from pyld.jsonld import JsonLdError, JsonLdProcessor

    class _Bounded(URDNA2015):  # type: ignore[misc]  # the library has no types
        comparisons = 0

        def hash_n_degree_quads(self, id_: str, issuer: object) -> Any:
            self.comparisons += 1
            if self.comparisons > _MOST_COMPARISONS:
                raise ProofError(
                    "the document has too many parts that only their places tell apart"
                )
            return super().hash_n_degree_quads(id_, issuer)

    class _Expanded(JsonLdProcessor):  # type: ignore[misc]  # the library has no types
        def expand(self, input_: Any, _options: object) -> Any:
            return input_

    _bounded(document)
    processor = JsonLdProcessor(on_property_dropped=_undefined)
    settings = {
        "documentLoader": contexts.loader,
        "base": _NOWHERE,
        "processingMode": "json-ld-1.1",
    }
    try:
        expanded = processor.expand(document, dict(settings))
        _absolute(expanded)
        dataset = _Expanded().to_rdf(expanded, dict(settings))
        return str(_Bounded().main(dataset, {"format": "application/n-quads"}))
    except JsonLdError as error:
        raise ProofError(f"the document can not be read as JSON-LD: {_reason(error)}") from error
    except contexts.UnknownContextError as error:
        raise ProofError(str(error), error.help) from error
    except RecursionError:
        raise ProofError("the document is nested too deep") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # The library meets what is no JSON-LD at all with whatever Python says of it.
        raise ProofError(
            "the document can not be read as JSON-LD",
            "each context, type and id is a defined word or a whole address",
        ) from error


def _undefined(word: str | None) -> None:
    raise ProofError(
        f"no context defines `{word}`",
        "a signature does not cover what is not defined; take it out, or name its context",
    )


def _reason(error: Exception) -> str:
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
        if isinstance(cause, CairnError):
            raise ProofError(str(cause), getattr(cause, "help", "")) from error
    return str(getattr(cause, "code", None) or type(cause).__name__)


def _bounded(document: Mapping[str, Any]) -> None:
    waiting: list[tuple[Any, int]] = [(document, 1)]
    values = 0
    while waiting:
        value, depth = waiting.pop()
        values += 1
        if depth > _DEEPEST:
            raise ProofError(f"the document is nested more than {_DEEPEST} deep")
        if values > _MOST_VALUES:
            raise ProofError(f"the document has more than {_MOST_VALUES:,} values")
        if isinstance(value, dict):
            waiting += ((part, depth + 1) for part in value.values())
        elif isinstance(value, list):
            waiting += ((part, depth + 1) for part in value)
        elif isinstance(value, str) and _CONTROL.search(value):
            raise ProofError("the document has control characters in a text")


def _absolute(expanded: Any) -> None:
    """Refuse names that would fall out of the canonical form because they lead nowhere."""
    for node in _nodes(expanded):
        names = node.get("@type", [])
        for name in [*(names if isinstance(names, list) else [names]), node.get("@id", "a:")]:
            if isinstance(name, str) and (":" not in name or name.startswith(_NOWHERE)):
                raise ProofError(
                    f"`{name.removeprefix(_NOWHERE)}` is neither a defined word nor an address",
                    "a signature does not cover what leads nowhere",
                )


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
