"""Status lists, identifiers, pictures: what is written is read, and what is hostile is refused."""

from __future__ import annotations

import gzip
import json
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interchange import baking, did, drawing, multibase, status
from interchange.verify import UnreachableError, Verifier
from pathways.problems import CairnError

SITE = "https://example.edu/"
MOMENT = "2026-03-01T09:00:00Z"
PUBLIC = bytes(range(32))
FACE = drawing.Face("office/essentials", "Essentials", "Poly", "4", ["One & two", "<three>"])


def listed(*indices: int) -> dict[str, Any]:
    return status.credential(SITE, 1, "did:web:example.edu", indices, MOMENT)


@given(st.sets(st.integers(0, status.SIZE - 1), max_size=20), st.integers(0, status.SIZE - 1))
def test_a_bit_is_set_exactly_when_it_was_set(indices: set[int], other: int) -> None:
    made = listed(*indices)
    for index in {*indices, other}:
        assert status.is_set(made, status.entry(SITE, 1, index)) == (index in indices)


def test_equal_bits_have_equal_bytes_and_tell_no_time() -> None:
    assert status.packed([3, 1]) == status.packed([1, 3])
    packed = multibase.decoded(status.packed([1]))
    assert packed[4:8] == b"\0\0\0\0"
    assert len(gzip.decompress(packed)) * 8 == 131_072


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"statusListIndex": "131072"}, "no bit"),
        ({"statusListIndex": "-1"}, "no bit"),
        ({"statusListIndex": "1" * 5000}, "no bit"),
        ({"statusListIndex": "१"}, "no bit"),
        ({"statusPurpose": "suspension"}, "not about"),
        ({"statusSize": 2}, "one bit each"),
        ({"statusListCredential": "https://example.edu/status/2.json"}, "is that of"),
    ],
)
def test_an_entry_that_names_no_bit_of_the_list_is_refused(
    change: dict[str, Any], words: str
) -> None:
    with pytest.raises(status.StatusError, match=words):
        status.is_set(listed(), status.entry(SITE, 1, 5) | change)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z11",
        "u!!",
        multibase.base64url(b"no gzip"),
        multibase.base64url(gzip.compress(bytes(100))),
        multibase.base64url(gzip.compress(bytes(16_384))[:-9]),
        multibase.base64url(gzip.compress(bytes(50_000_000))),
    ],
    ids=["empty", "base58", "letters", "raw", "small", "cut", "bomb"],
)
def test_a_list_that_is_small_cut_short_or_a_bomb_is_refused(text: str) -> None:
    with pytest.raises(status.StatusError):
        status.unpacked(text)


def test_a_document_gives_only_its_own_keys_and_only_for_their_purpose() -> None:
    issuer = did.new_issuer("did:web:example.edu", "", PUBLIC, MOMENT).with_key(
        PUBLIC[::-1], MOMENT
    )
    document = issuer.document()
    assert did.from_document(document, "did:web:example.edu#key-1") == PUBLIC
    assert did.from_document(document, "did:web:example.edu#key-2") == PUBLIC[::-1]
    spoiled: list[dict[str, Any]] = [
        {"id": "did:web:other.example"},
        {"assertionMethod": []},
        {"verificationMethod": []},
        {"verificationMethod": [one | {"controller": "did:web:x"} for one in _methods(document)]},
        {"verificationMethod": [one | {"revoked": MOMENT} for one in _methods(document)]},
        {"verificationMethod": [one | {"publicKeyMultibase": "z1"} for one in _methods(document)]},
        {"verificationMethod": "x", "assertionMethod": 3},
    ]
    for change in spoiled:
        with pytest.raises(did.DidError):
            did.from_document(document | change, "did:web:example.edu#key-1")


def _methods(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["verificationMethod"]
    return found


def test_a_did_key_is_its_own_key() -> None:
    name = multibase.public_key_text(PUBLIC)
    assert did.of_key(f"did:key:{name}#{name}") == PUBLIC
    for wrong in (f"did:key:{name}#other", "did:key:z6Mk", "did:key:", "did:web:x#y"):
        with pytest.raises(did.DidError):
            did.of_key(wrong)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "::1", "fd00::1", "0.0.0.0",
     "::ffff:127.0.0.1", "224.0.0.1", "100.64.0.1"],
)  # fmt: skip
def test_private_addresses_are_known(address: str) -> None:
    assert not did.is_public(address)


def test_only_allowed_hosts_over_https_are_followed() -> None:
    from commands.fetching import Fetcher

    fetch = Fetcher(("example.edu", "127.0.0.1", "localhost"))
    for address, words in [
        ("http://example.edu/x", "no https address"),
        ("https://other.example/x", "was not followed"),
        ("https://example.edu.evil.example/x", "was not followed"),
        ("https://user@example.edu/x", "no https address"),
        ("https://127.0.0.1/x", "private network"),
        ("https://localhost/x", "private network"),
        ("file:///etc/passwd", "no https address"),
        ("https://[::1", "no address"),
    ]:
        with pytest.raises(UnreachableError, match=words):
            fetch(address)


def test_a_host_that_does_not_answer_is_told_in_words() -> None:
    from commands.fetching import Fetcher

    with pytest.raises(UnreachableError, match=r"does not answer: [a-z]") as caught:
        Fetcher(("nowhere.invalid",))("https://nowhere.invalid/x")
    assert "errno" not in str(caught.value).lower()


@pytest.mark.parametrize("text", ['{"a": "b<&>"}', "eyJh.eyJp.c2ln"])
def test_what_is_baked_is_taken_out_again(text: str) -> None:
    png, svg = drawing.png(FACE), drawing.svg(FACE)
    assert baking.unbake_png(baking.bake_png(png, text)) == text
    assert baking.unbake_svg(baking.bake_svg(svg, text)) == text
    with pytest.raises(baking.PictureError, match="already"):
        baking.bake_png(baking.bake_png(png, text), text)
    for empty in (baking.unbake_png, baking.unbake_svg):
        with pytest.raises(baking.PictureError):
            empty(png if empty is baking.unbake_png else svg)


def test_a_picture_that_is_damaged_or_hostile_is_refused() -> None:
    png = baking.bake_png(drawing.png(FACE), "{}")
    for at in range(0, len(png), 997):
        with pytest.raises(baking.PictureError):
            baking.unbake_png(png[:at])
    bomb = b"openbadgecredential\0\x01\0\0\0" + zlib.compress(bytes(60_000_000))
    chunk = baking._chunk(b"iTXt", bomb)
    with pytest.raises(baking.PictureError, match="more than"):
        baking.unbake_png(png[:8] + chunk + png[8:])
    laughs = b'<!DOCTYPE svg [<!ENTITY a "ha">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'
    for svg in (laughs, b"<html/>", b"<svg", b"\xff<svg/>", b"<svg/>"):
        with pytest.raises(baking.PictureError):
            baking.bake_svg(svg, "{}")


def test_a_badge_is_drawn_the_same_each_time_and_its_words_are_only_words() -> None:
    assert drawing.svg(FACE) == drawing.svg(FACE)
    assert b"&lt;three&gt;" in drawing.svg(FACE)
    assert drawing.png(FACE) == drawing.png(FACE)


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_file_is_looked_at_or_refused_in_words(data: bytes) -> None:
    with suppress(CairnError):
        assert not Verifier(datetime(2026, 3, 1, tzinfo=UTC)).look(data).valid


@given(
    st.dictionaries(
        st.sampled_from(
            ["@context", "type", "issuer", "validFrom", "validUntil", "credentialStatus", "proof",
             "credentialSubject"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["id", "type", "verifiableCredential"]), inner),
            max_leaves=8,
        ),
    )
)  # fmt: skip
def test_any_document_is_looked_at_or_refused_in_words(document: dict[str, Any]) -> None:
    data = json.dumps(document).encode()
    with suppress(CairnError):
        assert not Verifier(datetime(2026, 3, 1, tzinfo=UTC)).look(data).valid
