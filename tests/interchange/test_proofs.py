"""Proofs inside a document: as W3C's test vectors have them; nothing passes that was changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from interchange import contexts, multibase, proofs
from interchange.proofs import ProofError
from pathways.problems import CairnError

VECTORS = json.loads(
    (Path(__file__).parent.parent / "fixtures/interchange/eddsa-rdfc-2022.json").read_text(
        encoding="utf-8"
    )
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
METHOD = "https://example.edu/issuer#key-1"
MOMENT = datetime(2026, 3, 1, 9, 12, 33, tzinfo=UTC)
DOCUMENT: dict[str, Any] = {
    "@context": [contexts.CREDENTIALS],
    "id": "urn:uuid:5a1f1f9e-2b1c-4f0e-9d0a-0d6a5f3c1b77",
    "type": ["VerifiableCredential"],
    "name": "Office skills",
    "issuer": "https://example.edu/issuer",
    "validFrom": "2026-03-01T00:00:00Z",
    "credentialSubject": {"id": "urn:uuid:0b1c7a52-97a4-4b58-8a0d-6f8f1f6f2e11"},
}


def resolve(method: str, purpose: str) -> bytes:
    assert (method, purpose) == (METHOD, "assertionMethod")
    return PUBLIC


def by_did_key(method: str, _purpose: str) -> bytes:
    return multibase.public_key(method.partition("#")[2])


def signed(document: dict[str, Any] = DOCUMENT) -> dict[str, Any]:
    return proofs.sign(document, KEY, METHOD, MOMENT)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: str(vector["name"]))
def test_a_vector_of_w3c_is_reproduced_step_by_step(vector: dict[str, Any]) -> None:
    document = {name: value for name, value in vector["signed"].items() if name != "proof"}
    proof = vector["signed"]["proof"]
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    assert proofs.canonical(document) == vector["canonical"]
    assert proofs.digest(document).hex() == vector["documentHash"]
    context = {"@context": document["@context"]}
    assert proofs.canonical(options | context).rstrip() == vector["canonicalOptions"].rstrip()
    assert proofs.digest(options | context).hex() == vector["optionsHash"]
    key = Ed25519PrivateKey.from_private_bytes(multibase.decoded(vector["secretKeyMultibase"])[2:])
    created = datetime.fromisoformat(proof["created"])
    made = proofs.sign(document, key, proof["verificationMethod"], created)
    assert made["proof"] == [proof]
    assert multibase.decoded(proof["proofValue"]).hex() == vector["signature"]
    assert proofs.verify(vector["signed"], by_did_key).created == proof["created"]


def test_every_proof_of_a_set_of_w3c_is_checked() -> None:
    document = VECTORS["proofSet"]
    assert len(document["proof"]) == 2
    assert proofs.verify(document, by_did_key).purpose == "assertionMethod"
    last = document["proof"][-1]
    spoiled = document | {
        "proof": [*document["proof"][:-1], last | {"created": "2020-01-01T00:00:00Z"}]
    }
    with pytest.raises(ProofError, match="does not hold"):
        proofs.verify(spoiled, by_did_key)


def test_what_is_signed_is_verified_and_signing_again_gives_the_same() -> None:
    assert signed() == signed()
    proved = proofs.verify(signed(), resolve)
    assert (proved.verification_method, proved.created) == (METHOD, "2026-03-01T09:12:33Z")


def test_the_order_of_the_words_is_no_part_of_what_is_signed() -> None:
    turned = dict(reversed(signed().items()))
    assert proofs.verify(turned, resolve).purpose == "assertionMethod"


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [found for name, part in value.items() for found in _paths(part, (*path, name))]
    if isinstance(value, list):
        return [found for at, part in enumerate(value) for found in _paths(part, (*path, at))]
    return [path]


@pytest.mark.parametrize("path", _paths(signed()), ids=lambda path: ".".join(map(str, path)))
def test_a_change_of_any_text_is_noticed(path: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(signed())
    inside: Any = changed
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] += "x"
    with pytest.raises(CairnError):
        proofs.verify(changed, lambda _method, _purpose: PUBLIC)


def test_a_word_that_no_context_defines_is_neither_signed_nor_accepted() -> None:
    with pytest.raises(ProofError, match="no context defines `grade`"):
        signed(DOCUMENT | {"grade": "A"})
    with pytest.raises(ProofError, match="no context defines `grade`"):
        proofs.verify(signed() | {"grade": "A"}, resolve)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": ["VerifiableCredential", "Unheard"]}, "`Unheard` is neither a defined word"),
        ({"issuer": "somewhere"}, "`somewhere` is neither"),
        ({"@context": [contexts.CREDENTIALS, "https://evil.example/context"]}, "not among"),
        ({"name": "a\u0001b"}, "control characters"),
        ({"@context": "nonsense"}, "not among"),
        ({"@context": 3}, "can not be read as JSON-LD"),
    ],
    ids=["type", "relative", "remote", "control", "word", "number"],
)
def test_what_a_signature_could_not_cover_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ProofError, match=words):
        signed(DOCUMENT | change)


def test_a_document_is_signed_once() -> None:
    with pytest.raises(ProofError, match="has a proof already"):
        signed(signed())


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda proof: {**proof, "cryptosuite": "eddsa-jcs-2022"}, "can not be checked"),
        (lambda proof: {**proof, "type": "Ed25519Signature2020"}, "can not be checked"),
        (lambda proof: {**proof, "proofPurpose": "authentication"}, "is for `authentication`"),
        (lambda proof: {**proof, "proofValue": "uAAAA"}, "does not hold"),
        (lambda proof: {**proof, "proofValue": "m1"}, "can not be read"),
        (lambda proof: {**proof, "proofValue": 7}, "no text `proofValue`"),
        (lambda proof: {**proof, "previousProof": "urn:x"}, "chains of proofs"),
        (lambda proof: {**proof, "@context": "https://w3id.org/security/v1"}, "another context"),
        (lambda proof: None, "has no proof"),
        (lambda proof: "proof", "a proof is an object"),
        (lambda proof: [proof] * 9, "at most 8"),
        (lambda proof: [], "has no proof"),
    ],
)
def test_a_proof_of_another_form_is_refused(
    spoil: Callable[[dict[str, Any]], Any], words: str
) -> None:
    document = signed()
    spoiled = document | {"proof": spoil(document["proof"][0])}
    with pytest.raises(ProofError, match=words):
        proofs.verify(spoiled, resolve)


def test_a_proof_may_name_the_first_contexts_of_its_document_again() -> None:
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
        "@context": [contexts.CREDENTIALS],
    }
    value = multibase.base64url(KEY.sign(proofs.signed_bytes(DOCUMENT, options)))
    assert (
        proofs.verify(DOCUMENT | {"proof": options | {"proofValue": value}}, resolve).purpose
        == "assertionMethod"
    )


def test_a_document_that_is_made_to_keep_a_reader_busy_is_given_up() -> None:
    people = [{"type": "VerifiableCredential"} for _ in range(9)]
    ring = [{"@id": f"_:n{number}"} for number in range(9)]
    for one in people:
        one["https://example.edu/knows"] = ring  # type: ignore[assignment]
    for one, name in zip(people, ring, strict=True):
        one |= name
    with pytest.raises(ProofError, match="only their places tell apart"):
        proofs.canonical({"@context": contexts.CREDENTIALS, "@graph": people})


def test_a_document_that_is_too_deep_or_too_large_is_given_up() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"credentialSubject": deep}
    with pytest.raises(ProofError, match="nested more than"):
        proofs.canonical(deep | {"@context": contexts.CREDENTIALS})
    with pytest.raises(ProofError, match="more than 100,000 values"):
        proofs.canonical({"@context": contexts.CREDENTIALS, "name": ["a"] * 100_001})


@given(st.text(max_size=40))
def test_any_name_is_signed_or_refused_in_words(name: str) -> None:
    if any((sign < " " and sign not in "\t\n\r") or sign == "\x7f" for sign in name):
        with pytest.raises(ProofError, match="control characters"):
            signed(DOCUMENT | {"name": name})
    else:
        assert (
            proofs.verify(signed(DOCUMENT | {"name": name}), resolve).purpose == "assertionMethod"
        )


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["@context", "@id", "@type", "proof", "type", "id", "name", "@list"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_document_is_read_or_refused_in_words(value: Any) -> None:
    document = value if isinstance(value, dict) else {"proof": value}
    with pytest.raises(CairnError):
        proofs.verify(document, resolve)


def test_every_bundled_document_is_as_it_was_pinned() -> None:
    for address in contexts.ADDRESSES:
        assert contexts.document(address)


def test_a_context_that_is_not_bundled_is_refused_with_the_nearest() -> None:
    with pytest.raises(contexts.UnknownContextError, match="not among") as caught:
        contexts.loader("https://www.w3.org/ns/credentials/v3")
    assert caught.value.help == "did you mean `https://www.w3.org/ns/credentials/v2`?"
