"""A seal finds every event that is not as it was sealed, and proofs need no ledger."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.seal import Checkpoint, SealError, new_key, opened, public_of, signed
from projections.findings import Finding
from projections.sealing import checked, consistency_proof, inclusion_proof, seal, verify
from tests.audit.conftest import Run, alter, look
from tests.cli.conftest import program
from tests.ledgers import MOMENT, Desk

KEY, PUBLIC = new_key("cairn-ledger")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "seals"


@pytest.fixture
def sealed(registrar: Desk, folder: Path) -> Desk:
    seal(registrar.ledger.store.database, folder, KEY, "cairn-ledger", MOMENT)
    return registrar


def found(registrar: Desk, folder: Path) -> list[Finding]:
    return verify(registrar.ledger.store.database, folder, PUBLIC)[0]


def again(registrar: Desk, folder: Path) -> int:
    return seal(registrar.ledger.store.database, folder, KEY, "cairn-ledger", MOMENT).added


def test_a_ledger_that_is_as_it_was_sealed_verifies(sealed: Desk, folder: Path) -> None:
    assert found(sealed, folder) == []
    assert again(sealed, folder) == 0


def test_what_is_newer_than_the_seal_is_noted_and_sealed_next(sealed: Desk, folder: Path) -> None:
    sealed.complete("macros", "04-01")
    assert [(one.code, one.message) for one in found(sealed, folder)] == [
        ("CA606", "1 event is not sealed yet")
    ]
    assert again(sealed, folder) == 1
    assert found(sealed, folder) == []


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        (["UPDATE stored_events SET state = state || x'20' WHERE rowid = 5"], "CA601"),
        (["UPDATE stored_events SET topic = 'x' WHERE rowid = 5"], "CA601"),
        (["DELETE FROM stored_events WHERE rowid = 5"], "CA602"),
        (["DELETE FROM stored_events WHERE rowid = 1"], "CA602"),
        (
            ["DELETE FROM stored_events WHERE rowid = (SELECT max(rowid) FROM stored_events)"],
            "CA602",
        ),
        (
            [
                "UPDATE stored_events SET rowid = -1 WHERE rowid = 5",
                "UPDATE stored_events SET rowid = 5 WHERE rowid = 6",
                "UPDATE stored_events SET rowid = 6 WHERE rowid = -1",
            ],
            "CA604",
        ),
        (["UPDATE stored_events SET rowid = 999 WHERE rowid = 5"], "CA604"),
        (
            [
                "UPDATE stored_events SET rowid = 900 WHERE rowid = 8",
                "INSERT INTO stored_events SELECT originator_id, 77, topic, state"
                " FROM stored_events WHERE rowid = 5",
                "UPDATE stored_events SET rowid = 8 WHERE originator_version = 77",
                "UPDATE stored_events SET rowid = 7 - 1000 WHERE rowid = 7",
                "UPDATE stored_events SET rowid = 7 WHERE rowid = 8",
                "UPDATE stored_events SET rowid = 8 WHERE rowid = 900",
                "UPDATE stored_events SET rowid = -3 WHERE rowid = 7 - 1000",
            ],
            "CA603",
        ),
    ],
)
def test_an_event_that_is_not_as_it_was_sealed_is_named(
    sealed: Desk, folder: Path, path: Path | str, statements: list[str], code: str
) -> None:
    for statement in statements:
        assert alter(path, statement)
    assert code in {one.code for one in found(sealed, folder)}
    assert all(one.stream for one in found(sealed, folder) if one.code == code)
    if code != "CA603":
        assert len(found(sealed, folder)) == 1
    with pytest.raises(SealError):
        again(sealed, folder)


def test_a_flipped_byte_in_any_column_is_found(
    sealed: Desk, folder: Path, path: Path | str
) -> None:
    rows = look(
        path,
        "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events"
        " ORDER BY rowid",
    )
    for rowid, stream, number, topic, state in rows[:-1:7]:
        state = bytes(state)
        for column, value, back in (
            ("originator_id", _flipped(stream.encode()).decode("latin-1"), stream),
            ("originator_version", number ^ 64, number),
            ("topic", _flipped(topic.encode()).decode("latin-1"), topic),
            *(("state", _flipped(state, place), state) for place in range(0, len(state), 9)),
            ("state", _flipped(state, len(state) - 1), state),
            # The place among the others; the last one would still be the last.
            ("rowid", rowid ^ 64, rowid),
        ):
            change = f"UPDATE stored_events SET {column} = ? WHERE rowid = ?"
            assert alter(path, change, value, rowid)
            assert any(one.level == "fault" for one in found(sealed, folder)), column
            assert alter(path, change, back, value if column == "rowid" else rowid)
    assert found(sealed, folder) == []


def _flipped(data: bytes, place: int = 2) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_bytes_that_are_no_text_are_found_too(sealed: Desk, folder: Path, path: Path) -> None:
    alter(path, "UPDATE stored_events SET topic = CAST(x'ff41' AS TEXT) WHERE rowid = 5")
    assert [one.code for one in found(sealed, folder)] == ["CA601"]


def test_a_seal_that_was_tampered_with_does_not_hold(sealed: Desk, folder: Path) -> None:
    (checkpoint,) = folder.glob("*.checkpoint")
    text = checkpoint.read_text(encoding="utf-8")
    checkpoint.write_text(text.replace("sealed 2026", "sealed 2025"), encoding="utf-8")
    assert [one.code for one in found(sealed, folder)] == ["CA605"]
    checkpoint.write_text(text, encoding="utf-8")
    index = folder / "index"
    index.write_bytes(index.read_bytes().replace(b"completed", b"compleTed", 1))
    assert "CA605" in [one.code for one in found(sealed, folder)]
    with pytest.raises(SealError):
        again(sealed, folder)


def test_an_index_that_goes_on_after_its_checkpoint_is_written_anew(
    sealed: Desk, folder: Path
) -> None:
    sealed.complete("macros", "04-01")
    with (folder / "index").open("ab") as index:
        index.write(b'["half a li')
    assert again(sealed, folder) == 1
    assert found(sealed, folder) == []


def test_a_proof_of_an_event_needs_no_ledger(sealed: Desk, folder: Path) -> None:
    learner = sealed.learners["s-1"]
    proof = inclusion_proof(sealed.ledger.store.database, folder, learner, 4)
    proof = json.loads(json.dumps(proof))
    assert f"event 4 of `{learner}`" in checked(proof, PUBLIC)
    changes: list[dict[str, object]] = [
        {"number": 5},
        {"state": "{}"},
        {"place": 0},
        {"path": []},
        {"topic": "x"},
    ]
    for change in changes:
        with pytest.raises(SealError):
            checked({**proof, **change}, PUBLIC)
    with pytest.raises(SealError, match="not signed by"):
        checked(proof, new_key("other")[1])
    with pytest.raises(SealError, match="not sealed yet"):
        inclusion_proof(sealed.ledger.store.database, folder, learner, 99)


def test_a_proof_between_two_seals_needs_no_ledger(sealed: Desk, folder: Path) -> None:
    older = sealed.ledger.store.head()
    sealed.complete("macros", "04-01")
    again(sealed, folder)
    proof = consistency_proof(folder, older)
    assert "nothing sealed was altered" in checked(proof, PUBLIC)
    with pytest.raises(SealError, match="does not extend"):
        checked({**proof, "path": []}, PUBLIC)
    with pytest.raises(SealError, match="no seal of 2 events"):
        consistency_proof(folder, 2)
    with pytest.raises(SealError, match="no proof"):
        checked({}, PUBLIC)


def test_checkpoints_are_signed_notes() -> None:
    checkpoint = Checkpoint("cairn-ledger", 3, b"r" * 32, datetime(2026, 6, 30, tzinfo=UTC))
    text = signed(checkpoint, KEY)
    first, size, root, sealed, empty, signature = text.splitlines()
    assert (first, size, empty) == ("cairn-ledger", "3", "")
    assert sealed == "sealed 2026-06-30T00:00:00+00:00"
    assert signature.startswith("\u2014 cairn-ledger ")
    assert opened(text, PUBLIC) == checkpoint
    assert public_of(KEY, "cairn-ledger") == PUBLIC
    assert root == "cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI="


@pytest.mark.parametrize(
    "public",
    ["", "a+b", PUBLIC.replace("cairn", "other"), "a+00000000+AQ=="],
    ids=["nothing", "two parts", "another name", "another length"],
)
def test_what_is_no_public_key_is_refused(public: str) -> None:
    with pytest.raises(SealError, match="public key can not be read"):
        opened("x", public)


def test_what_is_no_key_or_checkpoint_is_refused() -> None:
    checkpoint = Checkpoint("x", 1, b"r" * 32, datetime(2026, 6, 30, tzinfo=UTC))
    with pytest.raises(SealError, match="can not be read"):
        signed(checkpoint, b"no key")
    with pytest.raises(SealError, match="no checkpoint"):
        opened("nothing", PUBLIC)
    with pytest.raises(SealError, match="can not be the name"):
        new_key("two words")


def test_the_commands_hold_together(registrar: Desk, run: Run, path: Path) -> None:
    run("audit", "key", "key.pem")
    assert (path.parent / "key.pem").stat().st_mode & 0o077 == 0
    run("audit", "key", "key.pem", code=2)
    run("audit", "verify", "--public", "key.pem.pub", code=2)
    assert "events sealed" in run("audit", "seal", "--key", "key.pem").stdout
    assert "the seal holds" in run("audit", "verify", "--public", "key.pem.pub").stdout
    run("audit", "prove", "s-1", "certificate", "--output", "proof.json")
    elsewhere = path.parent / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(path.parent / "proof.json", elsewhere)
    told = run("audit", "check", elsewhere / "proof.json", "--public", "key.pem.pub").stdout
    assert "`learner.credential-awarded`) stands in the seal" in told
    older = registrar.ledger.store.head()
    registrar.complete("macros", "04-01")
    data: dict[str, Any] = json.loads(run("audit", "seal", "--key", "key.pem", "--json").stdout)
    assert (data["events"], data["added"]) == (older + 1, 1)
    run("audit", "prove", "--since", str(older), "--output", "extends.json")
    run("audit", "check", "extends.json", "--public", "key.pem.pub")
    words = ("audit", "run", "--seals", "cairn.seals", "--public", "key.pem.pub")
    assert run(*words).stdout.endswith("clean\n")
    alter(path, "UPDATE stored_events SET state = state || x'20' WHERE rowid = 5")
    told = run("audit", "verify", "--public", "key.pem.pub", code=1).stdout
    assert "its content was altered" in told
    assert "CA601" in run(*words, code=1).stdout


def test_what_is_not_as_it_was_sealed_is_not_sealed_again(
    registrar: Desk, run: Run, path: Path
) -> None:
    run("audit", "key", "key.pem")
    run("audit", "seal", "--key", "key.pem")
    learner = registrar.learners["s-1"]
    alter(path, "DELETE FROM stored_events WHERE originator_id = ? AND rowid = 4", learner)
    told = program("audit", "seal", "--key", "key.pem", "--db", "cairn.db", cwd=path.parent)
    _, said = told.communicate(timeout=60)
    assert told.returncode == 2
    assert said.splitlines() == [
        f"error: the seal has event 3 of `{learner}` in place 4, and the ledger event 4",
        "    help: see what else is not as it was sealed with `cairn audit verify`",
    ]
    told_ = run("audit", "verify", "--public", "key.pem.pub", code=1).stdout
    assert told_.startswith("CA602 s-1, event 3: it was removed")


def test_a_file_that_is_no_public_key_is_no_difference(run: Run) -> None:
    run("audit", "key", "key.pem")
    run("audit", "seal", "--key", "key.pem")
    for words in (("audit", "verify"), ("audit", "run", "--seals", "cairn.seals")):
        said = run(*words, "--public", "key.pem", code=2).stderr
        assert said == "error: the public key can not be read\n    help: it is one line of text\n"
