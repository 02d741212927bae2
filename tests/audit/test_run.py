"""An audit finds what is wrong, and nothing else."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from domain.commands import DecideReview, RevokeAward
from domain.ledger import open_ledger
from projections.audit import Scope, caught_up
from projections.findings import CODES
from projections.partitions import Sharing
from tests.audit.conftest import alter, audited, codes
from tests.ledgers import LADDER, TODAY, Desk, desk

ESSENTIALS = "ladder/essentials@2026-02-10"


def altered(path: Path, learner: str, topic: str, **values: object) -> None:
    """Change what the last event of a topic states."""
    from sqlite3 import connect

    connection = connect(path)
    number, state = connection.execute(
        "SELECT originator_version, state FROM stored_events WHERE originator_id = ?"
        " AND topic = ? ORDER BY originator_version DESC",
        (learner, topic),
    ).fetchone()
    connection.close()
    data = json.loads(state)
    data["event"] |= values
    text = json.dumps(data, separators=(",", ":")).encode()
    assert alter(
        path,
        "UPDATE stored_events SET state = ? WHERE originator_id = ? AND originator_version = ?",
        text,
        learner,
        number,
    )


def test_an_honest_ledger_is_clean(registrar: Desk) -> None:
    report = audited(registrar)
    assert report.findings == ()
    assert report.clean
    assert (report.counts.learners, report.counts.proofs, report.counts.unjudged) == (2, 4, 0)
    assert report.counts.events == registrar.ledger.store.head()
    assert report.counts.rows > report.counts.events


def test_several_processes_find_the_same(registrar: Desk, path: Path) -> None:
    altered(path, registrar.learners["s-1"], "learner.credential-awarded", expires="2027-01-01")
    alone, together = audited(registrar), audited(registrar, sharing=Sharing(2))
    assert alone == together
    assert not alone.clean


def test_a_proof_that_does_not_hold_is_found(registrar: Desk, path: Path) -> None:
    learner = registrar.learners["s-1"]
    altered(path, learner, "learner.module-completed", on="2026-04-01")
    found = [finding for finding in audited(registrar).findings if finding.code == "CA101"]
    assert {finding.subject for finding in found} == {"ladder/certificate@2026-03-01"}
    assert all(finding.stream == learner for finding in found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"expires": "2027-01-01"}, "it expires on 2027-01-01, and should never"),
        ({"on": "2026-03-02"}, "it is dated 2026-03-02, and its witness 2026-03-01"),
        ({"catalogue": "elsewhere"}, "its catalogue is `ladder`, not `elsewhere`"),
    ],
)
def test_an_award_that_says_what_its_version_does_not_give_is_found(
    registrar: Desk, path: Path, change: dict[str, str], message: str
) -> None:
    altered(path, registrar.learners["s-1"], "learner.credential-awarded", **change)
    found = [finding for finding in audited(registrar).findings if finding.code == "CA102"]
    assert message in [finding.message for finding in found]


def test_an_award_of_a_version_that_was_never_published_is_found(
    registrar: Desk, path: Path
) -> None:
    altered(path, registrar.learners["s-1"], "learner.credential-awarded", version="9")
    report = audited(registrar)
    assert codes(report) == ["CA104"]
    assert "no version `9`" in report.findings[0].message
    assert report.counts.unjudged == 1


def test_an_award_that_was_due_and_is_not_there_is_found(registrar: Desk, path: Path) -> None:
    learner = registrar.learners["s-1"]
    alter(
        path,
        "DELETE FROM stored_events WHERE originator_id = ? AND originator_version ="
        " (SELECT max(originator_version) FROM stored_events WHERE originator_id = ?)",
        learner,
        learner,
    )
    report = audited(registrar)
    due = [finding for finding in report.findings if finding.code == "CA201"]
    assert [(finding.stream, finding.subject) for finding in due] == [
        (learner, "ladder/certificate@2026-03-01")
    ]
    assert "CA403" in codes(report)


def test_a_review_is_open_until_it_is_decided(registrar: Desk) -> None:
    registrar.revoke("sheets-1@2026-02-01")
    caught_up(registrar.ledger)
    report = audited(registrar)
    assert codes(report) == ["CA302"]
    assert report.findings[0].subject == ESSENTIALS
    assert not report.clean
    registrar.do(
        DecideReview(learner=registrar.learners["s-1"], award=ESSENTIALS, decision="keep", on=TODAY)
    )
    caught_up(registrar.ledger)
    report = audited(registrar)
    assert codes(report) == ["CA303"]
    assert report.clean


def test_a_lost_ground_that_nobody_decided_about_is_found(registrar: Desk, path: Path) -> None:
    learner = registrar.learners["s-1"]
    registrar.revoke("sheets-1@2026-02-01")
    caught_up(registrar.ledger)
    alter(
        path,
        "DELETE FROM stored_events WHERE originator_id = ? AND topic = 'learner.award-flagged'",
        learner,
    )
    assert "CA301" in codes(audited(registrar))


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE awards SET credential = 'ladder/other' WHERE award = ?", "CA402"),
        ("DELETE FROM awards WHERE award = ?", "CA401"),
        ("UPDATE awards SET award = award || 'x' WHERE award = ?", "CA401 CA403"),
    ],
)
def test_a_projection_that_is_not_what_the_events_say_is_found(
    registrar: Desk, path: Path, statement: str, code: str
) -> None:
    assert alter(path, statement + " AND learner = '" + registrar.learners["s-2"] + "'", ESSENTIALS)
    report = audited(registrar)
    assert codes(report) == code.split()
    assert {finding.subject for finding in report.findings} == {"awards"}


def test_a_row_about_nobody_is_found(registrar: Desk, path: Path) -> None:
    alter(path, "INSERT INTO learners VALUES ('ghost', '2026-01-01', 0, 0, 0, '2026-01-01')")
    report = audited(registrar)
    assert [(one.code, one.stream) for one in report.findings] == [("CA403", "ghost")]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM stored_events WHERE originator_id = ? AND originator_version = 3", "CA501"),
        (
            "UPDATE stored_events SET rowid = 900 WHERE originator_id = ?"
            " AND originator_version = 3",
            "CA502",
        ),
        (
            "UPDATE stored_events SET topic = 'learner.module-complEted' WHERE originator_id = ?"
            " AND originator_version = 3",
            "CA503",
        ),
        (
            "UPDATE stored_events SET state = CAST('{\"v\":9}' AS BLOB) WHERE originator_id = ?"
            " AND originator_version = 3",
            "CA504",
        ),
    ],
)
def test_damage_is_found_and_nothing_that_follows_from_it_is_told(
    registrar: Desk, path: Path | str, statement: str, code: str
) -> None:
    learner = registrar.learners["s-1"]
    assert alter(path, statement, learner)
    report = audited(registrar)
    assert codes(report) == [code]
    assert report.findings[0].stream == learner
    assert report.counts.unjudged == 1


def test_an_event_that_can_not_follow_is_found(registrar: Desk, path: Path) -> None:
    learner = registrar.learners["s-1"]
    registrar.revoke("sheets-1@2026-02-01")
    altered(path, learner, "learner.completion-revoked", completion="ladder/none@2026-01-01")
    report = audited(registrar)
    assert codes(report) == ["CA505"]
    assert "`learner.completion-revoked` is about 'ladder/none" in report.findings[0].message


def test_a_document_that_was_altered_is_found_once(registrar: Desk, path: Path) -> None:
    alter(
        path,
        "UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), 'Macros', 'Macron')"
        " AS BLOB) WHERE originator_id = 'pathway/ladder'",
    )
    report = audited(registrar)
    assert codes(report) == ["CA506"]
    assert report.counts.unjudged == 2


def test_one_learner_or_credential_or_what_is_new_can_be_audited(
    registrar: Desk, path: Path
) -> None:
    altered(path, registrar.learners["s-1"], "learner.credential-awarded", expires="2027-01-01")
    other = audited(registrar, Scope(learner=registrar.learners["s-2"]))
    assert (other.findings, other.counts.learners) == ((), 1)
    essentials = audited(registrar, Scope(credential="ladder/essentials"))
    assert (essentials.findings, essentials.counts.proofs) == ((), 2)
    certificate = audited(registrar, Scope(credential="ladder/certificate"))
    assert codes(certificate) == ["CA102"]
    assert audited(registrar, Scope(since=date(2026, 7, 1))).counts.learners == 0


def test_projections_that_can_not_be_brought_up_to_date_are_found(
    registrar: Desk, path: Path
) -> None:
    registrar.complete("macros", "04-01")
    alter(
        path,
        "UPDATE stored_events SET topic = 'x' WHERE rowid = (SELECT max(rowid) FROM stored_events)",
    )
    assert [finding.code for finding in caught_up(registrar.ledger)] == ["CA404"]
    assert codes(audited(registrar)) == ["CA503"]


def test_projections_that_are_behind_are_told_and_leave_an_audit_clean(
    registrar: Desk, path: Path
) -> None:
    assert caught_up(registrar.ledger) == []
    registrar.complete("macros", "04-01")
    with open_ledger(str(path), read_only=True) as ledger:
        [note] = caught_up(ledger)
    assert (note.code, note.level) == ("CA405", "note")
    assert note.message == "the last event is not in all of them"
    assert audited(registrar).clean


def test_an_award_made_under_an_old_version_is_proved_when_that_is_retired(
    registrar: Desk,
) -> None:
    for version in ("2", "3"):
        registrar.publish(LADDER.replace('version: "1"', f'version: "{version}"'))
    registrar.retire("ladder", "1")
    caught_up(registrar.ledger)
    report = audited(registrar)
    assert (report.findings, report.counts.proofs) == ((), 4)


def test_a_revoked_award_leaves_the_audit_clean(registrar: Desk) -> None:
    registrar.do(RevokeAward(learner=registrar.learners["s-1"], award="certificate", on=TODAY))
    caught_up(registrar.ledger)
    assert audited(registrar).findings == ()


def test_an_award_that_is_made_anew_on_the_day_of_its_revocation_is_proved(tmp_path: Path) -> None:
    again = LADDER.replace("title: Essentials,", "title: Essentials, again: any,")
    with desk(tmp_path) as registrar:
        registrar.publish(again)
        registrar.enrol()
        registrar.complete("sheets-1", "06-30")
        registrar.complete("sheets-2", "06-30")
        learner = registrar.learners["s-1"]
        registrar.do(RevokeAward(learner=learner, award="essentials", on=TODAY))
        day = TODAY.isoformat()
        made = registrar.ledger.load(learner).learner.awards
        assert [*made] == [f"ladder/essentials@{day}", f"ladder/essentials@{day}#2"]
        assert caught_up(registrar.ledger) == []
        assert audited(registrar).findings == ()


def test_every_finding_says_what_to_do() -> None:
    for code in CODES.values():
        assert code.title
        assert code.do
