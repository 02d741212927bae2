"""Is it genuine, in force and not revoked? Each question apart, of credentials from elsewhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from interchange.verify import Check, Report, UnreachableError, Verifier
from tests.others import Elsewhere

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ISSUER = Elsewhere()
REVOKED = {"id": "https://elsewhere.example/badges/excel", "revocationReason": "cheated"}


def looked(document: dict[str, Any], **served: Any) -> Report:
    """Look at a credential, where the issuer's site serves these documents."""

    def fetch(address: str) -> bytes:
        name = address.removeprefix(ISSUER.site).partition(".")[0].replace("/", "_")
        if name not in served:
            raise UnreachableError(f"`{address}` does not answer")
        given = served[name]
        return given if isinstance(given, bytes) else json.dumps(given).encode()

    return Verifier(NOW, fetch).look(json.dumps(document).encode())


def status_of(report: Report) -> Check:
    (found,) = (check for check in report.checks if check.name == "status")
    return found


# --- 1EdTech revocation lists --------------------------------------------------------------------


@pytest.mark.parametrize(
    "listed",
    [
        ISSUER.revocation_list(),
        ISSUER.revocation_list({"id": "https://elsewhere.example/badges/other"}),
        ISSUER.revocation_list(REVOKED | {"revoked": False}),
        ISSUER.revocation_list(issuer={"id": ISSUER.did, "type": "Profile"}),
        {"id": ISSUER.revocations_at, "issuer": ISSUER.did},
    ],
    ids=["empty", "another", "taken-back", "profile", "none"],
)
def test_a_badge_that_its_revocation_list_does_not_name_is_valid(listed: dict[str, Any]) -> None:
    report = looked(ISSUER.with_revocations(), revocations=listed)
    assert status_of(report).outcome == "holds"
    assert report.valid


@pytest.mark.parametrize("name", ["revokedCredential", "revokedCredentials"])
@pytest.mark.parametrize("entry", [REVOKED, [REVOKED], [{**REVOKED, "revoked": True}]])
def test_a_badge_that_its_revocation_list_names_is_told_with_the_reason(
    name: str, entry: Any
) -> None:
    listed = {"id": ISSUER.revocations_at, "issuer": ISSUER.did, name: entry}
    report = looked(ISSUER.with_revocations(), revocations=listed)
    assert report.failed
    assert status_of(report).words.startswith("was revoked (cheated), says `https://elsewhere")


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ({}, "no list of `did:key:"),
        (ISSUER.revocation_list(issuer="did:web:other.example"), "no list of `did:key:"),
        (ISSUER.revocation_list(id="https://elsewhere.example/others"), "is the list of"),
        (ISSUER.revocation_list("https://elsewhere.example/badges/excel"), "names no credential"),
        (ISSUER.revocation_list({"id": 7}), "names no credential"),
        (ISSUER.revocation_list() | {"revokedCredential": None}, "names no credential"),
        (b"<html>not found</html>", "no JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b" " * 4_000_001, "more than 4,000,000 bytes"),
    ],
)
def test_a_revocation_list_that_can_not_be_read_or_is_another_one_lets_nothing_pass(
    listed: Any, words: str
) -> None:
    report = looked(ISSUER.with_revocations(), revocations=listed)
    assert not report.valid
    assert words in status_of(report).words


def test_a_revocation_list_that_nobody_may_ask_for_is_unknown_and_so_not_valid() -> None:
    report = looked(ISSUER.with_revocations())
    assert status_of(report).outcome == "unknown"
    assert not report.valid


def test_a_reason_is_told_on_one_line_and_not_at_any_length() -> None:
    reason = "so\n\x1b[31mred" + "x" * 1_000
    listed = ISSUER.revocation_list(REVOKED | {"revocationReason": reason})
    words = status_of(looked(ISSUER.with_revocations(), revocations=listed)).words
    assert words.isprintable()
    assert len(words) < 300


def test_a_badge_without_an_id_can_be_in_no_revocation_list() -> None:
    badge = ISSUER.with_revocations()
    del badge["id"]
    report = looked(ISSUER.signed(badge), revocations=ISSUER.revocation_list())
    assert status_of(report).outcome == "unknown"


def test_a_list_without_a_proof_never_stands_in_for_a_signed_one() -> None:
    """Both kinds of status may name one address; only one of the two asks for no signature."""
    signed = ISSUER.status_list()
    unsigned = {name: value for name, value in signed.items() if name != "proof"}
    entries = [
        {"id": f"{ISSUER.site}status/1.json", "type": "1EdTechRevocationList"},
        ISSUER.with_status("excel", 7)["credentialStatus"],
    ]
    report = looked(ISSUER.badge(credentialStatus=entries), status_1=unsigned)
    assert not report.valid
    assert any("no proof" in check.words for check in report.checks)
