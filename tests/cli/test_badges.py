"""Badges at the command line: issued, written in four forms, checked, revoked, published."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interchange import baking
from pathways.source import load_pathway
from tests.cli.conftest import EXAMPLES, Run

DID = "did:web:awards.example.edu"
Read = Callable[..., Any]

TABLES = """\
pathway: tables
version: "1"
issuer: {name: Example Polytechnic, country: NZ}
modules: {a: {title: Tables}}
credentials:
  maker:
    title: Maker of Tables
    description: For those who need tables.
    kind: micro-credential
    credits: 5
    level: 4
    outcomes: [makes tables]
    assessment: A test
    review_period: 3 years
    classification: [{scheme: NZSCED, code: "080905", name: Practical Computing Skills}]
    requires: a
"""


@pytest.fixture
def issuing(office: Run) -> Run:
    """An office whose issuer has a key."""
    office("key", "new", "--did", DID)
    return office


def outcomes(read: Read, file: str, *words: str | Path, code: int = 0) -> dict[str, str]:
    report = read("verify", file, *words, code=code)
    return {check["check"]: check["outcome"] for check in report["checks"]}


def write(run: Run, name: str, *words: str) -> Path:
    run("badge", "moana", "spreadsheet-essentials", "-o", name, *words)
    return Path(name)


def test_the_same_award_gives_the_same_badge_whatever_happened_since(issuing: Run) -> None:
    first = write(issuing, "one.json").read_bytes()
    issuing("learner", "record", "moana", "databases", "--on", "2026-03-12")
    issuing("key", "rotate")
    assert write(issuing, "two.json").read_bytes() == first
    assert issuing("badge", "moana", "spreadsheet-essentials").stdout_bytes == first
    events = issuing("learner", "history", "moana").output
    assert events.count("issued a badge") == 1


@pytest.mark.parametrize("form", ["json", "jwt", "svg", "png"])
def test_every_form_is_valid_with_what_is_published(
    issuing: Run, read: Read, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(issuing, f"badge.{form}", *(["--" + form] if form != "json" else []))
    issuing("status", "publish", "public")
    # Somebody else checks it, who has nothing but the site.
    monkeypatch.setenv("CAIRN_KEYS", "nowhere")
    found = outcomes(read, f"badge.{form}", "--with", "public", "--issuer", DID)
    assert set(found.values()) == {"holds"}
    assert {"proof", "issuer", "schema", "dates", "status"} <= set(found)


def test_a_file_without_end_is_not_read_to_its_end(run: Run) -> None:
    with Path("large").open("wb") as file:
        file.truncate(40_000_001)
    assert "has more than 40,000,000 bytes" in run("verify", "large", code=2).output


def test_a_credential_can_come_through_a_pipe(issuing: Run) -> None:
    text = write(issuing, "badge.json").read_text(encoding="utf-8")
    issuing("status", "publish", "public")
    assert issuing("verify", "-", "--with", "public", stdin=text).output.endswith("valid\n")


def test_what_can_not_be_found_out_is_not_valid(issuing: Run, read: Read) -> None:
    write(issuing, "badge.json")
    assert outcomes(read, "badge.json", code=1)["status"] == "unknown"
    assert "--allow awards.example.edu" in issuing("verify", "badge.json", code=1).output


def test_a_revoked_badge_is_told_and_a_reinstated_one_is_good_again(
    issuing: Run, read: Read
) -> None:
    write(issuing, "badge.json")
    revoke = ("award", "revoke", "moana", "spreadsheet-essentials", "--reason", "in error", "--yes")
    issuing(*revoke, "--on", "2026-03-12")
    issuing("status", "publish", "public")
    assert outcomes(read, "badge.json", "--with", "public", code=1)["status"] == "fails"
    issuing("award", "reinstate", "moana", "spreadsheet-essentials", "--reason", "no", "--yes")
    issuing("status", "publish", "public")
    assert outcomes(read, "badge.json", "--with", "public")["status"] == "holds"


def test_a_revoked_award_gets_no_badge(issuing: Run) -> None:
    issuing("award", "revoke", "moana", "spreadsheet-essentials", "--reason", "no", "--yes")
    refused = issuing("badge", "moana", "spreadsheet-essentials", code=3)
    assert "only what is held becomes a badge" in refused.output


def test_a_change_another_issuer_and_another_schema_are_told(issuing: Run, read: Read) -> None:
    badge = json.loads(write(issuing, "badge.json").read_text(encoding="utf-8"))
    issuing("status", "publish", "public")
    changes: list[tuple[dict[str, Any], str]] = [
        ({"name": "Doctor of Everything"}, "proof"),
        ({"validUntil": "2025-12-31T23:59:59Z"}, "dates"),
        ({"issuer": {"id": "did:web:other.example", "type": ["Profile"]}}, "proof"),
        ({"validFrom": "yesterday"}, "dates"),
        ({"credentialSubject": {"type": ["AchievementSubject"]}}, "schema"),
    ]
    for change, check in changes:
        Path("changed.json").write_text(json.dumps(badge | change), encoding="utf-8")
        assert outcomes(read, "changed.json", "--with", "public", code=1)[check] == "fails"
    other = outcomes(read, "badge.json", "--with", "public", "--issuer", "did:web:x.org", code=1)
    assert other["issuer"] == "fails"


def test_somebody_elses_key_can_not_sign_for_the_issuer(issuing: Run, read: Read) -> None:
    badge = json.loads(write(issuing, "badge.json").read_text(encoding="utf-8"))
    issuing("key", "new", "--site", "https://forger.example/", "--keys", "forged")
    forger = read("key", "list", "--keys", "forged")
    from commands import keyring
    from interchange import proofs

    issuer = keyring.read(Path("forged"))
    key = keyring.private(Path("forged"), issuer, forger["keys"][0]["id"])
    del badge["proof"]
    from datetime import UTC, datetime

    forged = proofs.sign(badge, key, issuer.current.method, datetime(2026, 3, 1, tzinfo=UTC))
    Path("forged.json").write_text(json.dumps(forged), encoding="utf-8")
    issuing("status", "publish", "public")
    found = outcomes(read, "forged.json", "--with", "public", code=1)
    assert (found["proof"], found["issuer"]) == ("holds", "fails")


def test_a_did_key_needs_no_document(office: Run, read: Read) -> None:
    office("key", "new", "--site", "https://awards.example.edu/")
    office("badge", "moana", "spreadsheet-essentials", "-o", "badge.json")
    office("status", "publish", "public")
    assert set(outcomes(read, "badge.json", "--with", "public").values()) == {"holds"}
    assert "can have no other" in office("key", "rotate", code=2).output


def test_no_name_address_or_reference_is_in_a_badge_unless_it_is_asked_for(issuing: Run) -> None:
    text = write(issuing, "badge.json").read_text(encoding="utf-8")
    assert not re.search("moana|reid|identifier", text, re.IGNORECASE)
    refused = issuing("badge", "moana", "spreadsheet-essentials", "--identify", "email", code=2)
    assert "by an opaque id only" in refused.output


def test_a_recipient_can_be_named_by_a_salted_hash(issuing: Run) -> None:
    badge = json.loads(write(issuing, "b.json", "--identify", "email").read_text(encoding="utf-8"))
    (found,) = badge["credentialSubject"]["identifier"]
    from hashlib import sha256

    digest = sha256(b"moana@example.org" + found["salt"].encode()).hexdigest()
    assert found["identityHash"] == f"sha256${digest}"
    assert len(found["salt"]) >= 16
    issuing("learner", "erase", "moana", "--yes")
    # The ledger knows the learner by an opaque id now, and the badge is written without the hash.
    assert "moana" not in issuing("award", "list").output


def test_what_nzqa_asks_for_goes_into_the_badge_the_portfolio_and_the_published_page(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRN_TODAY", "2026-03-12")
    Path("tables.pathway.yaml").write_text(TABLES, encoding="utf-8")
    run("pathway", "check", "--profile", "nz", "--strict", "tables.pathway.yaml")
    run("pathway", "publish", "tables.pathway.yaml", "--on", "2026-01-01")
    run("learner", "register", "ann")
    run("learner", "enrol", "ann", "tables", "--on", "2026-01-01")
    run("learner", "record", "ann", "a", "--on", "2026-02-01")
    run("key", "new", "--did", DID)
    badge = json.loads(run("badge", "ann", "maker").stdout)
    achievement = badge["credentialSubject"]["achievement"]
    assert achievement["fieldOfStudy"] == "NZSCED 080905 Practical Computing Skills"
    narrative = achievement["criteria"]["narrative"]
    assert "- Reviewed every 3 years" in narrative
    assert "- Field of study: NZSCED 080905 Practical Computing Skills" in narrative
    page = run("portfolio", "ann", "--html").stdout
    assert "NZSCED 080905 Practical Computing Skills" in page
    run("status", "publish", "public")
    shown = json.loads(Path("public/achievements/tables/1/maker.json").read_text(encoding="utf-8"))
    assert shown["reviewPeriod"] == "3 years"
    run("badge", "ann", "maker", "-o", "badge.json")
    run("verify", "badge.json", "--with", "public")


WALLET = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


@pytest.mark.parametrize("form", ["json", "jwt"])
def test_a_badge_can_be_bound_to_a_did_of_the_learner_which_no_event_has(
    issuing: Run, read: Read, form: str
) -> None:
    words = [] if form == "json" else ["--jwt"]
    bound = write(issuing, f"badge.{form}", "--subject", WALLET, *words).read_bytes()
    issuing("status", "publish", "public")
    report = read("verify", f"badge.{form}", "--with", "public")
    assert report["valid"]
    events = read("learner", "history", "moana")
    assert events[-1]["subject"] == "did"
    assert WALLET not in json.dumps(events)
    assert WALLET not in issuing("events", "export").output
    # It stays bound, and another way of writing it makes no other badge.
    assert write(issuing, "again", *words).read_bytes() == bound
    badge = json.loads(write(issuing, "badge.json", "--subject", WALLET).read_text())
    assert badge["credentialSubject"]["id"] == WALLET
    assert issuing("learner", "history", "moana").output.count("issued a badge") == 1


def test_a_badge_that_calls_the_learner_otherwise_stays_good_and_another_one_is_issued(
    issuing: Run, read: Read
) -> None:
    write(issuing, "opaque.json", "--identify", "email")
    write(issuing, "bound.json", "--subject", WALLET)
    write(issuing, "other.json", "--subject", "did:web:moana.example")
    # Without --subject it is the newest of them.
    newest = Path("other.json").read_bytes()
    assert write(issuing, "newest.json").read_bytes() == newest
    issuing("key", "revoke", "key-1")
    write(issuing, "anew.json")
    issuing("status", "publish", "public")
    issuing("verify", "anew.json", "--with", "public")
    made = [
        json.loads(Path(f"{name}.json").read_text())
        for name in ("opaque", "bound", "other", "anew")
    ]
    assert len({one["id"] for one in made}) == 4
    subjects = [one["credentialSubject"] for one in made]
    assert [one["id"] for one in subjects[1:]] == [WALLET, *["did:web:moana.example"] * 2]
    # How else the recipient is known goes with it.
    assert all("identifier" in one for one in subjects)


def test_of_somebody_erased_no_did_is_left(issuing: Run) -> None:
    write(issuing, "badge.json", "--subject", WALLET)
    id_ = json.loads(issuing("learner", "show", "moana", "--json").output)["id"]
    issuing("learner", "erase", "moana", "--yes")
    badge = json.loads(issuing("badge", id_, "spreadsheet-essentials").stdout)
    assert badge["credentialSubject"]["id"].startswith("urn:uuid:")


@pytest.mark.parametrize(
    "did", ["", "moana", "did:", "did:web:", "DID:web:x", "did:web:x#y", "did:a b", "did:x:" * 200]
)
def test_what_is_no_did_is_refused_and_nothing_is_issued(issuing: Run, did: str) -> None:
    refused = issuing("badge", "moana", "spreadsheet-essentials", "--subject", did, code=3)
    assert "is no DID" in refused.output
    assert "did:key:z6Mk" in refused.output
    assert "issued a badge" not in issuing("learner", "history", "moana").output


def test_all_badges_of_a_portfolio_can_be_bound_to_a_did(issuing: Run) -> None:
    opaque = json.loads(issuing("portfolio", "moana").stdout)["credentialSubject"]
    write(issuing, "badge.json", "--subject", WALLET)
    mixed = json.loads(issuing("portfolio", "moana").stdout)["credentialSubject"]
    assert opaque["id"] == mixed["id"] != WALLET
    whole = json.loads(issuing("portfolio", "moana", "--subject", WALLET).stdout)
    subject = whole["credentialSubject"]
    assert subject["id"] == WALLET
    inside = [badge["credentialSubject"]["id"] for badge in subject["verifiableCredential"]]
    assert inside == [WALLET] * len(inside)
    assert len(inside) == 2


def test_a_badge_says_the_rule_and_what_was_done(issuing: Run) -> None:
    badge = json.loads(write(issuing, "badge.json").read_text(encoding="utf-8"))
    achievement = badge["credentialSubject"]["achievement"]
    narrative = achievement["criteria"]["narrative"]
    assert "requires: every module from `spreadsheets`" in narrative
    assert (
        "Spreadsheets II: functions and links (`spreadsheets-2`): completed 2025-03-20" in narrative
    )
    assert achievement["achievementType"] == "MicroCredential"
    assert achievement["creditsAvailable"] == 10
    assert "- Level: 3" in narrative
    assert achievement["alignment"][0]["targetName"] == "Office Skills"
    values = [result.get("value") for result in badge["credentialSubject"]["result"]]
    assert values == [None, "81"]


def test_the_page_of_a_pathway_is_ctdl_that_comes_back_and_leads_to_its_achievements(
    issuing: Run,
) -> None:
    issuing("status", "publish", "public")
    badge = json.loads(write(issuing, "badge.json").read_text(encoding="utf-8"))
    achievement = badge["credentialSubject"]["achievement"]
    where = achievement["alignment"][0]["targetUrl"]
    site = "https://awards.example.edu/"
    page = Path("public", where.removeprefix(site))
    graph = json.loads(page.read_text(encoding="utf-8"))
    nodes = {node["@id"]: node for node in graph["@graph"]}
    pathway = nodes[where]
    assert pathway["@type"] == "ceterms:Pathway"
    assert pathway["ceterms:ownedBy"] == [DID]
    assert pathway["cairn:digest"] == achievement["alignment"][0]["targetCode"]
    # Of everything that it names there is a node; each credential made here has its own page.
    for term in ("ceterms:hasPart", "ceterms:hasDestinationComponent"):
        assert set(pathway[term]) <= set(nodes)
    assert nodes[achievement["id"]]["@type"] == "ceterms:MicroCredential"
    shown = Path("public", achievement["id"].removeprefix(site))
    assert json.loads(shown.read_text(encoding="utf-8"))["type"] == ["Achievement"]
    proxies = {node["ceterms:proxyFor"][0] for node in nodes.values() if "ceterms:proxyFor" in node}
    pages = {name for name in proxies if "#" not in name}
    assert all(Path("public", name.removeprefix(site)).exists() for name in pages)
    assert len(pages) >= 5
    told = issuing("pathway", "import", page, "-o", "back.pathway.yaml").output
    assert "no comments" in told
    original = EXAMPLES / "office-skills.pathway.yaml"
    assert (
        load_pathway(Path("back.pathway.yaml")).document.digest
        == load_pathway(original).document.digest
    )


def test_a_picture_of_the_designer_is_used_as_it_is(issuing: Run, read: Read) -> None:
    picture = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><g id="mine"/></svg>\n'
    Path("mine.svg").write_bytes(picture)
    baked = write(issuing, "badge.svg", "--svg", "--image", "mine.svg").read_bytes()
    assert b'<g id="mine"/>' in baked
    assert json.loads(baking.unbake_svg(baked))["name"] == "Spreadsheet Essentials"
    twice = issuing(
        "badge", "moana", "spreadsheet-essentials", "--svg", "--image", "badge.svg", code=2
    )
    assert "has a credential in it already" in twice.output
    assert (
        "add --png or --svg"
        in issuing("badge", "moana", "spreadsheet-essentials", "--image", "mine.svg", code=2).output
    )


def test_keys_are_for_their_owner_alone(issuing: Run) -> None:
    key = Path("cairn.keys/key-1.pem")
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700
    key.chmod(0o644)
    refused = issuing("badge", "moana", "spreadsheet-essentials", code=2)
    assert "others may read the private key" in refused.output
    # Nothing was recorded for a badge that could not be signed.
    assert "issued a badge" not in issuing("learner", "history", "moana").output


def test_what_a_revoked_key_signed_is_not_valid_and_is_issued_anew(
    issuing: Run, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write(issuing, "old.json", "--identify", "email")
    other = Path("other.json")
    issuing("key", "rotate")
    issuing("badge", "moana", "careful-data", "-o", other)
    told = issuing("key", "revoke", "key-1", "--reason", "the laptop was stolen").output
    assert "the laptop was stolen" in told
    assert "cairn status publish" in told
    # Here it is known at once, and elsewhere as soon as the site is published.
    assert outcomes(read, str(old), code=1)["proof"] == "fails"
    done = read("status", "publish", "public")
    assert (done["badges"], done["revoked"], done["void"]) == (2, 1, 1)
    new = write(issuing, "new.json")
    done = read("status", "publish", "public")
    assert (done["badges"], done["revoked"], done["void"]) == (3, 1, 0)
    monkeypatch.setenv("CAIRN_KEYS", "nowhere")
    report = read("verify", old, "--with", "public", code=1)
    words = {check["check"]: check["words"] for check in report["checks"]}
    assert "`did:web:awards.example.edu#key-1` was revoked at 20" in words["proof"]
    assert "was revoked" in words["status"]
    for good in (new, other):
        assert set(outcomes(read, str(good), "--with", "public").values()) == {"holds"}
    before, after = (json.loads(path.read_text(encoding="utf-8")) for path in (old, new))
    assert before["id"] != after["id"]
    assert "identifier" in after["credentialSubject"]
    events = read("learner", "history", "moana")
    assert events[-1]["replaces"] == before["id"]


def test_a_revoked_key_is_shown_and_may_prove_nothing(issuing: Run, read: Read) -> None:
    issuing("key", "rotate")
    issuing("key", "revoke", f"{DID}#key-1", "--reason", "stolen")
    shown = read("key", "list")["keys"]
    assert [key.get("reason") for key in shown] == ["stolen", None]
    assert "revoked 20" in issuing("key", "list").output
    issuing("status", "publish", "public")
    document = json.loads(Path("public/.well-known/did.json").read_text(encoding="utf-8"))
    assert document["assertionMethod"] == [f"{DID}#key-2"]
    methods = document["verificationMethod"]
    assert [method["id"] for method in methods] == [f"{DID}#key-2", f"{DID}#key-1-revoked"]
    assert [method.get("revoked", "")[:2] for method in methods] == ["", "20"]


def test_a_new_key_takes_the_place_of_one_that_was_in_use(issuing: Run, read: Read) -> None:
    keys = read("key", "revoke", "key-1")["keys"]
    assert [key["id"] for key in keys] == [f"{DID}#key-1", f"{DID}#key-2"]
    badge = json.loads(write(issuing, "badge.json").read_text(encoding="utf-8"))
    assert badge["proof"][0]["verificationMethod"] == f"{DID}#key-2"


def test_a_portfolio_is_put_together_anew_after_a_key_was_revoked(issuing: Run) -> None:
    issuing("portfolio", "moana", "-o", "old.json")
    issuing("key", "revoke", "key-1")
    issuing("portfolio", "moana", "-o", "new.json")
    issuing("status", "publish", "public")
    told = issuing("verify", "old.json", "--with", "public", code=1).output
    assert told.count("was revoked at") == 3
    issuing("verify", "new.json", "--with", "public")


def test_only_a_key_that_there_is_can_be_revoked_and_only_once(office: Run) -> None:
    office("key", "new", "--did", DID)
    assert "cairn key list" in office("key", "revoke", "key-7", code=2).output
    office("key", "revoke", "key-1")
    assert "was revoked already" in office("key", "revoke", "key-1", code=2).output
    other = office("key", "revoke", "did:web:other.example#key-1", code=2).output
    assert "no key `did:web:other.example#key-1`" in other
    office("key", "new", "--site", "https://x.example/", "--keys", "own")
    name = json.loads(Path("own/issuer.json").read_text(encoding="utf-8"))["keys"][0]["id"]
    refused = office("key", "revoke", name, "--keys", "own", code=2).output
    assert "can not be told" in refused
    # By hand it can be: nothing is signed with it then.
    told = json.loads(Path("cairn.keys/issuer.json").read_text(encoding="utf-8"))
    told["keys"] = told["keys"][:1]
    Path("cairn.keys/issuer.json").write_text(json.dumps(told), encoding="utf-8")
    refused = office("badge", "moana", "spreadsheet-essentials", code=2).output
    assert "signs nothing any more" in refused
    assert "cairn key rotate" in refused


def test_keys_are_not_made_twice_and_are_missed_in_words(office: Run) -> None:
    assert "make them with `cairn key new`" in office("key", "list", code=2).output
    office("key", "new", "--did", DID)
    assert "there are keys" in office("key", "new", "--did", DID, code=2).output
    Path("cairn.keys/key-1.pem").unlink()
    lost = office("badge", "moana", "spreadsheet-essentials", code=2)
    assert "restore it from a backup" in lost.output
    Path("cairn.keys/issuer.json").write_text("{", encoding="utf-8")
    assert "can not be read" in office("key", "list", code=2).output


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_a_page_for_people_is_told_from_a_credential(issuing: Run, form: str) -> None:
    issuing("portfolio", "moana", f"--{form}", "-o", "file")
    refused = issuing("verify", "file", code=2).output
    assert "is for people" in refused
    assert "verify the credential in it" in refused
    # The credential is a link of the page, or attached.
    assert "no SVG" not in refused


@pytest.mark.parametrize(
    "host", ["https://awards.example.edu", "awards.example.edu/status", "", "a b"]
)
def test_what_is_no_host_can_not_be_allowed(issuing: Run, host: str) -> None:
    write(issuing, "badge.json")
    for words in (("verify", "badge.json"), ("import", "badge.json")):
        refused = issuing(*words, "--allow", host, code=2).output
        assert "write a host as awards.example.edu" in refused


def test_the_badge_of_a_revoked_award_is_written_with_a_word_about_it(issuing: Run) -> None:
    before = write(issuing, "badge.json").read_bytes()
    revoke = ("award", "revoke", "moana", "spreadsheet-essentials", "--reason", "in error", "--yes")
    issuing(*revoke, "--on", "2026-03-12")
    told = issuing("badge", "moana", "spreadsheet-essentials")
    assert told.stdout_bytes == before
    assert "was revoked on 2026-03-12, and with it this badge" in told.stderr


@pytest.mark.parametrize(
    "did", ["did:web:", "did:example:x", "did:web:a b", "did:web:x:..", "did:web:user@x"]
)
def test_an_identifier_that_leads_nowhere_is_refused(office: Run, did: str) -> None:
    assert "is no `did:web`" in office("key", "new", "--did", did, code=2).output


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"hello", b"a.b.c", b"\x89PNG\r\n\x1a\nxx", b"<svg", b"\xff\xfe", b"{}"],
)
def test_what_is_no_credential_is_refused_in_words(run: Run, content: bytes) -> None:
    Path("file").write_bytes(content)
    result = run("verify", "file", code=None)
    assert result.exit_code in (1, 2), result.output


def test_the_shapes_in_the_documentation_are_those_that_are_printed(
    issuing: Run, read: Read
) -> None:
    write(issuing, "badge.json")
    assert set(read("key", "list")) == {"did", "site", "keys"}
    assert set(read("status", "publish", "public")) == {
        "files",
        "badges",
        "revoked",
        "void",
        "did_address",
    }
    report = read("verify", "badge.json", "--with", "public")
    assert set(report) == {"valid", "form", "id", "name", "checks", "inside"}
