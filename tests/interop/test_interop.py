"""What Cairn exports is accepted by verifiers that are not Cairn's, and what is wrong is not.

The digitalbazaar stack (Node) checks proofs and status lists; openbadgeslib (Python) checks
badges in all their forms. `make interop` installs both; where they are not, this is skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import cairn
from commands import keyring
from interchange import contexts, did, proofs

HERE = Path(__file__).parent
NODE = shutil.which("node")
PYTHON = HERE / ".venv" / "bin" / "python"
DID = "did:web:awards.example.edu"
SITE = "https://awards.example.edu/"

pytestmark = pytest.mark.skipif(
    NODE is None or not (HERE / "node_modules").exists() or not PYTHON.exists(),
    reason="the other verifiers are not installed: `make interop` does it",
)


@dataclass
class Issued:
    """A demo with badges, and the site that its issuer publishes."""

    folder: Path

    def run(self, *words: str) -> str:
        env = {"CAIRN_DATABASE": str(self.folder / "demo" / "cairn.db")}
        keys = [] if words[0] in ("award", "demo") else ["--keys", str(self.folder / "keys")]
        result = CliRunner(env=env).invoke(cairn, [*words, *keys])
        assert result.exit_code == 0, result.output
        return result.output

    def awards(self) -> list[dict[str, Any]]:
        """The awards that were made here; whoever made the others issues their badges."""
        held = json.loads(self.run("award", "list", "--status", "held", "--json"))
        return [award for award in held if award["digest"] is not None]

    @property
    def site(self) -> Path:
        return self.folder / "public"

    def badges(self, suffix: str) -> list[Path]:
        return sorted(self.folder.glob(f"*.{suffix}"))

    def documents(self) -> dict[str, Any]:
        """All that a verifier may load: contexts, and what is on the site."""
        found = {address: contexts.document(address) for address in contexts.ADDRESSES}
        for path in sorted(self.site.glob("status/*.json")):
            listed = json.loads(path.read_bytes())
            found[listed["id"]] = listed
        document = json.loads((self.site / ".well-known/did.json").read_bytes())
        found[DID] = document
        for method in document["verificationMethod"]:
            found[method["id"]] = {"@context": contexts.MULTIKEY, **method}
        return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    folder = tmp_path_factory.mktemp("interop")
    made = Issued(folder)
    made.run("demo", str(folder / "demo"), "--learners", "24")
    made.run("key", "new", "--did", DID)
    awards = made.awards()
    assert len(awards) >= 10
    for number, award in enumerate(awards):
        if number == len(awards) // 2:
            made.run("key", "rotate")
        for form in ("json", "jwt", "png", "svg"):
            path = str(folder / f"{number:03}.{form}")
            flag = [] if form == "json" else [f"--{form}"]
            made.run("badge", award["learner"], award["award"], *flag, "-o", path)
    made.run("status", "publish", str(made.site))
    return made


def by_node(made: Issued, credentials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told = {"documents": made.documents(), "credentials": credentials}
    done = subprocess.run(
        [str(NODE), str(HERE / "verify.mjs")],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE,
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def by_python(made: Issued, badges: list[Path]) -> list[dict[str, Any]]:
    told = {
        "site": str(made.site),
        "address": SITE,
        "issuer": DID,
        "badges": [str(path) for path in badges],
    }
    done = subprocess.run(
        [str(PYTHON), str(HERE / "verify.py")],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def resigned(made: Issued, document: dict[str, Any], folder: str = "keys") -> dict[str, Any]:
    """Sign a changed document anew, as somebody could who has a key."""
    keys = made.folder / folder
    issuer = keyring.read(keys)
    key = keyring.private(keys, issuer, issuer.current.method)
    bare = {name: value for name, value in document.items() if name != "proof"}
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    return proofs.sign(bare, key, issuer.current.method, moment)


def stranger(made: Issued) -> None:
    """Somebody else has keys too, in a folder `other`."""
    folder = made.folder / "other"
    if not folder.exists():
        words = ["key", "new", "--site", "https://other.example/", "--keys", str(folder)]
        assert CliRunner().invoke(cairn, words).exit_code == 0


def test_node_accepts_every_badge_and_every_status_list(demo: Issued) -> None:
    badges = [read(path) for path in demo.badges("json")]
    answers = by_node(demo, badges)
    assert [one for one in answers if not one["verified"] or one["set"]] == []
    assert {one["statuses"] for one in answers} == {1}
    lists = [read(path) for path in sorted(demo.site.glob("status/*.json"))]
    assert [one["verified"] for one in by_node(demo, lists)] == [True] * len(lists)


def portfolios(made: Issued) -> list[dict[str, Any]]:
    """The portfolio of everybody who holds something."""
    learners = sorted({award["learner"] for award in made.awards()})
    return [json.loads(made.run("portfolio", learner)) for learner in learners]


def members(portfolio: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = portfolio["credentialSubject"]["verifiableCredential"]
    return found


def accepted(made: Issued, portfolio: dict[str, Any]) -> set[str]:
    """Which verifiers find nothing wrong with a portfolio and the badges in it."""
    path = made.folder / "whole" / "portfolio.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(portfolio), encoding="utf-8")
    answers = by_node(made, [portfolio, *members(portfolio)])
    words = ["verify", str(path), "--with", str(made.site), "--keys", str(made.folder / "none")]
    says = {
        "node": all(one["verified"] and not one["set"] for one in answers),
        "openbadgeslib": by_python(made, [path])[0]["valid"],
        "cairn": CliRunner().invoke(cairn, words).exit_code == 0,
    }
    return {name for name, good in says.items() if good}


ALL = {"node", "openbadgeslib", "cairn"}


def test_every_portfolio_is_accepted_by_all_three(demo: Issued) -> None:
    made = portfolios(demo)
    assert len(made) >= 5
    assert any(len(members(one)) > 1 for one in made)
    for one in made:
        assert accepted(demo, one) == ALL


def test_what_is_wrong_with_a_portfolio_is_seen_by_all_three(demo: Issued) -> None:
    stranger(demo)
    stacked = next(one for one in portfolios(demo) if one["credentialSubject"]["association"])
    subject = stacked["credentialSubject"]
    first, *rest = members(stacked)
    past = {"validFrom": "2020-01-01T00:00:00Z", "validUntil": "2020-12-31T00:00:00Z"}

    def holding(*badges: dict[str, Any]) -> dict[str, Any]:
        return {**stacked, "credentialSubject": {**subject, "verifiableCredential": list(badges)}}

    fewer = {**subject, "association": subject["association"][1:]}
    changed = {**first, "name": "Doctor of Everything"}
    wrong = {
        "associations changed": {**stacked, "credentialSubject": fewer},
        "a badge taken out": holding(*rest),
        "a badge changed": holding(changed, *rest),
        "a badge changed, all signed anew": resigned(demo, holding(changed, *rest)),
        "a badge expired": resigned(demo, holding(resigned(demo, first | past), *rest)),
        "a badge of somebody else": resigned(demo, holding(resigned(demo, first, "other"), *rest)),
        "signed by somebody else": resigned(demo, stacked, "other"),
        "not signed": {name: value for name, value in stacked.items() if name != "proof"},
    }
    seen = {name: accepted(demo, one) for name, one in wrong.items()}
    assert {name: who for name, who in seen.items() if who} == {}
    # openbadgeslib checks no dates of a portfolio, only those of the badges in it.
    assert accepted(demo, resigned(demo, stacked | past)) == {"openbadgeslib"}
    early = {"validFrom": "2999-01-01T00:00:00Z"}
    assert accepted(demo, resigned(demo, stacked | early)) == {"openbadgeslib"}


def test_a_portfolio_with_a_revoked_badge_is_seen_by_all_three(demo: Issued) -> None:
    award = demo.awards()[1]
    made = json.loads(demo.run("portfolio", award["learner"]))
    demo.run("status", "publish", str(demo.site))
    assert accepted(demo, made) == ALL
    named = (award["learner"], award["award"])
    demo.run("award", "revoke", *named, "--reason", "in error", "--yes")
    demo.run("status", "publish", str(demo.site))
    try:
        assert accepted(demo, made) == set()
    finally:
        demo.run("award", "reinstate", *named, "--reason", "not in error", "--yes")
        demo.run("status", "publish", str(demo.site))
    assert accepted(demo, made) == ALL


@pytest.mark.parametrize("form", ["json", "jwt", "png", "svg"])
def test_openbadgeslib_accepts_every_badge_in_every_form(demo: Issued, form: str) -> None:
    badges = demo.badges(form)
    assert len(badges) >= 10
    assert [one for one in by_python(demo, badges) if not one["valid"]] == []


def test_what_is_wrong_with_a_badge_is_seen_by_all_three(demo: Issued, tmp_path: Path) -> None:
    first = read(demo.badges("json")[0])
    stranger(demo)
    past = {"validFrom": "2020-01-01T00:00:00Z", "validUntil": "2020-12-31T00:00:00Z"}
    wrong = {
        "tampered": {**first, "name": "Doctor of Everything"},
        "result": json.loads(json.dumps(first).replace('"Completed"', '"Withdrew"')),
        "expired": resigned(demo, first | past),
        "early": resigned(demo, first | {"validFrom": "2999-01-01T00:00:00Z"}),
        "forged": resigned(demo, first, "other"),
        "bare": {name: value for name, value in first.items() if name != "proof"},
    }
    answers = by_node(demo, list(wrong.values()))
    assert [name for name, one in zip(wrong, answers, strict=True) if one["verified"]] == []
    paths = []
    for name, document in wrong.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        paths.append(path)
    assert not any(one["valid"] for one in by_python(demo, paths))
    for path in paths:
        words = ["verify", str(path), "--with", str(demo.site), "--keys", str(tmp_path / "none")]
        assert CliRunner().invoke(cairn, words).exit_code == 1, path.name


def test_a_revoked_badge_is_seen_by_all_three_and_a_reinstated_one_is_good(demo: Issued) -> None:
    award = demo.awards()[3]
    named = ("award", "revoke", award["learner"], award["award"])
    demo.run(*named, "--reason", "in error", "--yes")
    demo.run("status", "publish", str(demo.site))
    path = demo.folder / "003.json"
    words = ["verify", str(path), "--with", str(demo.site), "--keys", str(demo.folder / "none")]
    try:
        (node,) = by_node(demo, [read(path)])
        assert node["set"]
        forms = [demo.folder / f"003.{form}" for form in ("json", "jwt", "png", "svg")]
        assert [one["valid"] for one in by_python(demo, forms)] == [False] * 4
        assert CliRunner().invoke(cairn, words).exit_code == 1
        others = [one for one in demo.badges("json") if one != path]
        assert not any(one["set"] for one in by_node(demo, [read(one) for one in others[:5]]))
    finally:
        named = ("award", "reinstate", award["learner"], award["award"])
        demo.run(*named, "--reason", "not in error", "--yes")
        demo.run("status", "publish", str(demo.site))
    assert not by_node(demo, [read(path)])[0]["set"]
    assert by_python(demo, [path])[0]["valid"]
    assert CliRunner().invoke(cairn, words).exit_code == 0


def test_a_status_list_that_was_changed_is_refused(demo: Issued) -> None:
    listed = read(demo.site / "status/1.json")
    from interchange import status

    listed["credentialSubject"]["encodedList"] = status.packed([])
    listed["validFrom"] = "2020-01-01T00:00:00Z"
    assert [one["verified"] for one in by_node(demo, [listed])] == [False]


def test_the_did_document_lists_both_keys(demo: Issued) -> None:
    document = read(demo.site / ".well-known/did.json")
    methods = document["assertionMethod"]
    assert len(methods) == 2
    used = {read(path)["proof"][0]["verificationMethod"] for path in demo.badges("json")}
    assert used == set(methods)
    assert all(did.from_document(document, method) for method in methods)


def test_what_a_revoked_key_signs_is_refused_by_all_three(demo: Issued) -> None:
    """It comes last: the key that signed the first half of the badges is stolen."""
    first = read(demo.badges("json")[0])
    keys = demo.folder / "keys"
    issuer = keyring.read(keys)
    method = first["proof"][0]["verificationMethod"]
    assert method != issuer.current.method
    stolen = keyring.private(keys, issuer, method)
    entry = {**first["credentialStatus"], "statusListIndex": "131071"}
    bare = {name: value for name, value in first.items() if name != "proof"}
    forged = {
        "as-of-now.json": bare | {"credentialStatus": entry},
        "as-of-then.json": bare | {"credentialStatus": entry, "name": "Doctor of Everything"},
    }
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    paths = [demo.folder / "000.json"]
    for name, document in forged.items():
        path = demo.folder / "forged" / name
        path.parent.mkdir(exist_ok=True)
        signed = proofs.sign(document, stolen, method, moment)
        path.write_text(json.dumps(signed), encoding="utf-8")
        paths.append(path)
    # As long as nobody knows, nobody can tell.
    assert [one["valid"] for one in by_python(demo, paths)] == [True] * 3
    demo.run("key", "revoke", method, "--reason", "stolen", "--yes")
    demo.run("status", "publish", str(demo.site))
    assert [one["valid"] for one in by_python(demo, paths)] == [False] * 3
    documents = [read(path) for path in paths]
    assert [one["verified"] for one in by_node(demo, documents)] == [False] * 3
    for path in paths:
        words = ["verify", str(path), "--with", str(demo.site), "--keys", str(demo.folder / "none")]
        result = CliRunner().invoke(cairn, words)
        assert result.exit_code == 1
        assert "was revoked at" in result.output
    tokens = [demo.folder / f"000.{form}" for form in ("jwt", "png", "svg")]
    assert [one["valid"] for one in by_python(demo, tokens)] == [False] * 3
    # What another key signed is as good as before, and the first badge is issued anew.
    award = demo.awards()[0]
    demo.run("badge", award["learner"], award["award"], "-o", str(paths[0]))
    last = demo.badges("json")[-1]
    assert read(last)["proof"][0]["verificationMethod"] != method
    assert [one["valid"] for one in by_python(demo, [paths[0], last])] == [True] * 2
    assert [one["verified"] for one in by_node(demo, [read(paths[0]), read(last)])] == [True] * 2
