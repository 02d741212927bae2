"""`cairn portfolio`: all that a learner holds, in one credential, a page or a PDF."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interchange import contexts
from tests.cli.conftest import Run

Read = Callable[..., Any]

SITE = "https://awards.example.edu/achievements/office-skills/2026.1/"


@pytest.fixture
def issuing(office: Run) -> Run:
    """Moana has her certificate, and the issuer a key."""
    office("key", "new", "--did", "did:web:awards.example.edu")
    office("learner", "record", "moana", "pivot-tables", "--score", "84", "--on", "2026-02-12")
    office("learner", "record", "moana", "databases", "--score", "70", "--on", "2026-02-20")
    return office


def write(run: Run, name: str = "moana.json", *words: str) -> Any:
    run("portfolio", "moana", "-o", name, *words)
    return json.loads(Path(name).read_bytes()) if name.endswith(".json") else None


def test_a_portfolio_is_a_clr_with_a_badge_for_each_award_and_how_they_stack(
    issuing: Run, read: Read
) -> None:
    made = write(issuing)
    assert [*contexts.validator(contexts.CLR_SCHEMA).iter_errors(made)] == []
    held = read("award", "list", "--learner", "moana", "--status", "held")
    subject = made["credentialSubject"]
    assert len(subject["verifiableCredential"]) == len(held) > 3
    stacked = {
        (each["associationType"], each["sourceId"], each["targetId"])
        for each in subject["association"]
    }
    essentials, certificate = (
        f"{SITE}spreadsheet-essentials.json",
        f"{SITE}office-data-certificate.json",
    )
    assert ("isPartOf", essentials, certificate) in stacked
    assert ("isChildOf", essentials, certificate) in stacked
    known = {
        badge["credentialSubject"]["achievement"]["id"] for badge in subject["verifiableCredential"]
    }
    assert {end for _, *ends in stacked for end in ends} <= known
    assert "Reid" not in json.dumps(made)


def test_the_same_badges_are_the_same_portfolio_whatever_happened_since(issuing: Run) -> None:
    write(issuing, "one.json")
    issuing("key", "rotate")
    issuing("learner", "record", "moana", "web-forms", "--on", "2026-03-01")
    write(issuing, "two.json")
    assert Path("one.json").read_bytes() == Path("two.json").read_bytes()
    assert issuing("portfolio", "moana").stdout_bytes == Path("one.json").read_bytes()


def test_a_portfolio_is_valid_with_what_is_published_until_a_badge_in_it_is_revoked(
    issuing: Run, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(issuing)
    issuing("status", "publish", "public")
    monkeypatch.setenv("CAIRN_KEYS", "nowhere")
    issuing("verify", "moana.json", "--with", "public")
    monkeypatch.delenv("CAIRN_KEYS")
    issuing("award", "revoke", "moana", "careful-data", "--reason", "in error", "--yes")
    issuing("status", "publish", "public")
    issuing("verify", "moana.json", "--with", "public", code=1)


def test_a_changed_portfolio_is_not_valid(issuing: Run) -> None:
    made = write(issuing)
    issuing("status", "publish", "public")
    made["credentialSubject"]["association"].pop()
    Path("moana.json").write_text(json.dumps(made))
    issuing("verify", "moana.json", "--with", "public", code=1)


def test_a_page_and_a_pdf_have_the_name_and_the_credential(issuing: Run) -> None:
    write(issuing, "moana.html", "--html")
    write(issuing, "moana.pdf", "--pdf", "--address", "https://check.example/")
    page = Path("moana.html").read_text(encoding="utf-8")
    assert "Moana Reid" in page
    assert "https://awards.example.edu/" in page
    assert Path("moana.pdf").read_bytes().startswith(b"%PDF")
    issuing("learner", "erase", "moana", "--yes")


def test_who_holds_nothing_has_no_portfolio(issuing: Run) -> None:
    issuing("learner", "register", "ari")
    result = issuing("portfolio", "ari", code=2)
    assert "`ari` holds nothing on 2026-03-12 that was awarded here" in result.stderr
    assert "no learner is known as `nobody`" in issuing("portfolio", "nobody", code=3).stderr


def test_a_name_that_the_pdf_can_not_show_is_refused_and_nothing_is_written(issuing: Run) -> None:
    issuing("learner", "register", "moana", "--name", "山田")
    result = issuing("portfolio", "moana", "--pdf", "-o", "moana.pdf", code=2)
    assert "`山田` has letters that the PDF can not show: `山`" in result.stderr
    assert not Path("moana.pdf").exists()


def test_options_that_do_not_go_together_are_refused(issuing: Run) -> None:
    assert "add --pdf" in issuing("portfolio", "moana", "--font", "x.ttf", code=2).stderr
    result = issuing("portfolio", "moana", "--html", "--address", "javascript:1", code=2)
    assert "is no https:// address" in result.stderr


def test_without_keys_there_is_no_portfolio(office: Run) -> None:
    assert "make them with `cairn key new`" in office("portfolio", "moana", code=2).stderr
