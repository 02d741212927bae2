"""What learners hold from elsewhere counts once it is verified, and as a designer wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from interchange import jwt
from tests.cli.conftest import EXAMPLES, Run
from tests.cli.test_import import Read
from tests.others import Elsewhere

ISSUER = Elsewhere()
DID = "did:web:awards.example.edu"


@pytest.fixture
def presented(office: Run) -> Run:
    """An office to which somebody brings a badge, which it verifies with files at hand."""
    office("key", "new", "--did", DID)
    office("badge", "moana", "careful-data", "-o", "badge.json")
    office("badge", "moana", "careful-data", "-o", "badge.png")
    office("badge", "moana", "careful-data", "--jwt", "-o", "badge.jwt")
    office("status", "publish", "public")
    Path("o.pathway.yaml").write_bytes((EXAMPLES / "office-skills.pathway.yaml").read_bytes())
    write_recognition("credential: office-automation")
    office("learner", "register", "s-2")
    return office


def badge() -> dict[str, Any]:
    value: dict[str, Any] = json.loads(Path("badge.json").read_text(encoding="utf-8"))
    return value


def write_recognition(what: str, issuer: str = DID) -> None:
    achievement = badge()["credentialSubject"]["achievement"]["id"]
    Path("rpl.recognition.yaml").write_text(
        "recognition: o.pathway.yaml\naccept:\n"
        f"  - issuer: {issuer}\n    achievement: {achievement}\n    {what}\n"
    )


WORDS = ("--recognition", "rpl.recognition.yaml", "--learner", "s-2", "--with", "public")


@pytest.mark.parametrize("name", ["badge.json", "badge.png", "badge.jwt"])
def test_a_verified_badge_is_an_external_award_once(presented: Run, read: Read, name: str) -> None:
    totals = read("import", name, *WORDS)
    assert (totals["recorded"], totals["files"][0]["format"]) == (1, "badge")
    assert read("import", name, *WORDS)["known"] == 1
    events = read("learner", "history", "s-2")
    assert events[-1]["event"] == "learner.external-award-recorded"
    assert events[-1]["credential"] == "office-skills/office-automation"
    assert events[-1]["source"] == "rpl"


def test_a_verified_badge_can_count_as_a_module(presented: Run, read: Read) -> None:
    write_recognition("module: charts")
    assert read("import", "badge.json", *WORDS)["recorded"] == 1
    (done,) = read("learner", "show", "s-2")["completions"]
    assert done["module"] == "office-skills/charts"


def test_a_badge_is_refused_without_its_status_tampered_or_of_another_issuer(
    presented: Run, read: Read
) -> None:
    assert read("import", "badge.json", *WORDS[:4], code=1)["rejected"] == 1
    assert "status" in Path("badge.json.rejects.csv").read_text()
    value = badge()
    value["credentialSubject"]["achievement"]["name"] = "Something better"
    Path("forged.json").write_text(json.dumps(value))
    assert read("import", "forged.json", *WORDS, code=1)["rejected"] == 1
    assert "proof" in Path("forged.json.rejects.csv").read_text()
    write_recognition("module: charts", issuer="did:web:other.example.edu")
    assert read("import", "badge.json", *WORDS, code=1)["rejected"] == 1
    assert "accepts no" in Path("badge.json.rejects.csv").read_text()


def test_a_revoked_badge_is_refused(presented: Run, read: Read) -> None:
    presented("award", "revoke", "moana", "careful-data", "--reason", "mistaken")
    presented("status", "publish", "public")
    assert read("import", "badge.json", *WORDS, code=1)["rejected"] == 1
    assert "revoked" in Path("badge.json.rejects.csv").read_text()


def test_without_a_recognition_file_nothing_counts(presented: Run) -> None:
    result = presented("import", "badge.json", "--learner", "s-2", code=2)
    assert "--recognition FILE" in result.stderr


def test_check_finds_what_is_wrong_with_a_recognition_file(presented: Run) -> None:
    presented("pathway", "check", "rpl.recognition.yaml")
    Path("bad.recognition.yaml").write_text(
        "recognition: o.pathway.yaml\n"
        "accept:\n"
        "  - {issuer: a, achievement: b, module: chartz}\n"
        "  - {issuer: a, achievemnt: b}\n"
        "  - {issuer: a, achievement: c, module: charts, credential: careful-data}\n"
    )
    result = presented("pathway", "check", "bad.recognition.yaml", code=1)
    for told in ("did you mean `charts`?", "did you mean `achievement`?", "name one of them"):
        assert told in result.output
    assert "bad.recognition.yaml:3:41" in result.output


def test_check_knows_a_recognition_file_by_what_is_in_it(presented: Run) -> None:
    text = Path("rpl.recognition.yaml").read_text()
    Path("prior.yaml").write_text("# What others award.\n" + text)
    assert "1 achievement" in presented("pathway", "check", "prior.yaml").output


@pytest.mark.parametrize(
    "text", ["", "- a", "a: [", "accept: 1", "recognition: x.yaml\naccept: []"]
)
def test_a_file_that_is_no_recognition_is_told(presented: Run, text: str) -> None:
    Path("bad.recognition.yaml").write_text(text)
    assert (
        "bad.recognition.yaml"
        in presented("pathway", "check", "bad.recognition.yaml", code=1).output
    )
    presented("import", "badge.json", "--recognition", "bad.recognition.yaml", code=2)


def write_elsewhere(document: dict[str, Any], **accepted: str) -> None:
    """A document of an issuer elsewhere, and what its achievements count as here."""
    Path("held.json").write_text(json.dumps(document))
    lines = [
        f"  - {{issuer: '{ISSUER.did}', achievement: {ISSUER.site}achievements/{name}, {what}}}\n"
        for name, what in accepted.items()
    ]
    Path("e.recognition.yaml").write_text("recognition: o.pathway.yaml\naccept:\n" + "".join(lines))


def test_a_badge_with_a_1edtech_revocation_list_counts_unless_it_is_named_there(
    presented: Run, read: Read
) -> None:
    write_elsewhere(ISSUER.with_revocations("excel"), excel="module: charts")
    words = ("--recognition", "e.recognition.yaml", "--learner", "s-2")
    assert read("import", "held.json", *words, code=1)["rejected"] == 1
    told = Path("held.json.rejects.csv").read_text()
    assert "allow it with --allow elsewhere.example" in told
    named = ISSUER.revocation_list({"id": f"{ISSUER.site}badges/excel"})
    Path("list.json").write_text(json.dumps(named))
    assert read("import", "held.json", *words, "--with", "list.json", code=1)["rejected"] == 1
    assert "status: was revoked" in Path("held.json.rejects.csv").read_text()
    Path("list.json").write_text(json.dumps(ISSUER.revocation_list()))
    assert read("import", "held.json", *words, "--with", "list.json")["recorded"] == 1
    (done,) = read("learner", "show", "s-2")["completions"]
    assert (done["module"], done["source"]) == ("office-skills/charts", "rpl")


# --- portfolios ----------------------------------------------------------------------------------

BY_NAME = {"one": "module: charts", "two": "module: macros", "three": "module: databases"}
PORTFOLIO = (
    *("--recognition", "e.recognition.yaml", "--learner", "s-2"),
    *("--with", "list.json", "--with", "revoked.json"),
)


def bring(read: Read, portfolio: dict[str, Any] | str, code: int = 0) -> tuple[list[str], str]:
    """Import a portfolio; return which modules are done, and the rejects."""
    write_elsewhere({}, **BY_NAME)
    if isinstance(portfolio, str):
        Path("held.json").write_text(portfolio)
    else:
        Path("held.json").write_text(json.dumps(portfolio))
    Path("list.json").write_text(json.dumps(ISSUER.status_list(7)))
    Path("revoked.json").write_text(
        json.dumps(ISSUER.revocation_list({"id": f"{ISSUER.site}badges/two"}))
    )
    Path("held.json.rejects.csv").unlink(missing_ok=True)
    read("import", "held.json", *PORTFOLIO, code=code)
    done = read("learner", "show", "s-2")["completions"]
    rejects = Path("held.json.rejects.csv")
    return (
        sorted(one["module"].partition("/")[2] for one in done),
        rejects.read_text() if rejects.exists() else "",
    )


def test_each_badge_of_a_portfolio_counts_by_itself_and_once(presented: Run, read: Read) -> None:
    stacked = {
        "type": "Association",
        "associationType": "isPartOf",
        "sourceId": f"{ISSUER.site}achievements/one",
        "targetId": f"{ISSUER.site}achievements/two",
    }
    made = ISSUER.portfolio(ISSUER.badge("one"), ISSUER.badge("two"), associations=[stacked])
    assert bring(read, made) == (["charts", "macros"], "")
    assert read("import", "held.json", *PORTFOLIO)["known"] == 2


def test_badges_of_several_issuers_and_portfolios_within_one_are_found(
    presented: Run, read: Read
) -> None:
    inner = Elsewhere(seed=3).portfolio(ISSUER.badge("two"), ISSUER.with_status("three", 8))
    assert bring(read, ISSUER.portfolio(ISSUER.badge("one"), inner)) == (
        ["charts", "databases", "macros"],
        "",
    )


def test_a_portfolio_can_be_a_token(presented: Run, read: Read) -> None:
    made = ISSUER.portfolio(ISSUER.badge("one"))
    del made["proof"]
    assert bring(read, jwt.encoded(made, ISSUER.key, ISSUER.method)) == (["charts"], "")


def _forged() -> dict[str, Any]:
    made = ISSUER.badge("two")
    made["credentialSubject"]["achievement"]["description"] = "Knows everything."
    return made


@pytest.mark.parametrize(
    ("member", "words"),
    [
        (_forged(), "proof: the proof by"),
        (ISSUER.bare_badge("two"), "proof: the document has no proof"),
        (Elsewhere(seed=2).signed(ISSUER.bare_badge("two")), "issuer: says that"),
        (Elsewhere(seed=2).badge("two"), "accepts no"),
        (ISSUER.badge("two", validUntil="2025-12-31T00:00:00Z"), "dates: has expired"),
        (ISSUER.badge("two", validFrom="2999-01-01T00:00:00Z"), "dates: is not valid before"),
        (ISSUER.with_status("two", 7), "status: was revoked"),
        (ISSUER.with_revocations("two"), "status: was revoked"),
        (
            ISSUER.badge("two", credentialStatus={"id": "https://x.example/", "type": "https://x.example/Own"}),
            "status: a status of the kind",
        ),
        (ISSUER.badge("four"), "accepts no"),
    ],
    ids=["changed", "unsigned", "signed-by-another", "of-another", "expired", "early", "bit",
         "listed", "unknown-status", "unknown-badge"],
)  # fmt: skip
def test_a_bad_badge_of_a_portfolio_is_rejected_by_its_name_and_the_others_count(
    presented: Run, read: Read, member: dict[str, Any], words: str
) -> None:
    made = ISSUER.portfolio(ISSUER.badge("one"), member, ISSUER.badge("three"))
    done, rejects = bring(read, made, code=1)
    assert done == ["charts", "databases"]
    (reject,) = rejects.splitlines()[1:]
    assert words in reject
    assert member["id"] in reject


def test_what_is_wrong_with_a_portfolio_is_wrong_with_all_that_is_in_it(
    presented: Run, read: Read
) -> None:
    good = ISSUER.portfolio(ISSUER.badge("one"), ISSUER.badge("two"))
    fewer = json.loads(json.dumps(good))
    del fewer["credentialSubject"]["verifiableCredential"][0]
    more = json.loads(json.dumps(good))
    more["credentialSubject"]["verifiableCredential"].append(ISSUER.badge("three"))
    expired = ISSUER.portfolio(ISSUER.badge("one"), validUntil="2025-12-31T00:00:00Z")
    stranger = Elsewhere(seed=2).signed(good)
    for made, words in [
        (fewer, "proof: the proof by"),
        (more, "proof: the proof by"),
        (expired, "dates: has expired"),
        (stranger, "issuer: says that"),
    ]:
        done, rejects = bring(read, made, code=1)
        assert done == []
        for reject in rejects.splitlines()[1:]:
            assert f"the portfolio that it is in: {words}" in reject


@pytest.mark.parametrize("member", ["no token", 7, None, [], {}])
def test_a_member_that_is_no_credential_is_not_passed_over(
    presented: Run, read: Read, member: Any
) -> None:
    made = ISSUER.portfolio(ISSUER.badge("one"))
    made["credentialSubject"]["verifiableCredential"].append(member)
    done, rejects = bring(read, made, code=1)
    assert done == []
    assert len(rejects.splitlines()) == 3


def test_a_portfolio_of_portfolios_without_end_is_refused_as_a_whole(
    presented: Run, read: Read
) -> None:
    made = ISSUER.badge("one")
    for _ in range(5):
        made = ISSUER.portfolio(made)
    write_elsewhere(made, **BY_NAME)
    refused = presented("import", "held.json", *PORTFOLIO[:4], code=2).output
    assert "inside one another" in refused
