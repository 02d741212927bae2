"""Data: erasing, importing, enrolling many."""

from __future__ import annotations

from datetime import date

from domain.commands import RecordCompletion
from domain.events import LearnerEnrolled
from domain.imports import Imported, Intake, Rejected, import_rows
from domain.proofs import findings
from domain.reports import Row
from projections import register
from projections.runner import Projections
from tests.ledgers import MOMENT, TODAY, Desk
from tests.scenarios.asking import document, standing

OFFICE = """
    pathway: office
    version: "1"
    modules: {sheets: {}, charts: {}}
    credentials: {clerk: {requires: {all: [sheets, charts]}}}
"""


def row(line: int, learner: str, module: str = "sheets") -> Row:
    return Row(line, RecordCompletion(learner=learner, module=module, on=date(2026, 2, line)))


def arrive(registrar: Desk, *rows: Row, intake: Intake) -> tuple[Imported, list[Rejected]]:
    """Import rows; return what came of it, and those that were rejected."""
    rejected: list[Rejected] = []
    imported = import_rows(
        registrar.ledger,
        rows,
        on=TODAY,
        clock=lambda: MOMENT,
        intake=intake,
        rejected=rejected.append,
    )
    return imported, rejected


def test_an_erased_learner_is_nameless_and_the_ledger_still_holds(registrar: Desk) -> None:
    """Scenario 29."""
    registrar.publish(OFFICE)
    for who in ("s-1", "s-2"):
        registrar.enrol("office", who=who)
        registrar.complete("sheets", who=who)
        registrar.complete("charts", who=who)
    erased, other = registrar.learners["s-1"], registrar.learners["s-2"]
    assert registrar.ledger.directory.erase(erased)

    assert list(registrar.ledger.directory.people([erased, other])) == [other]
    for learner in (erased, other):
        proofs = list(findings(learner, registrar.ledger.history(learner), registrar.ledger.volume))
        assert [proof.objections for proof in proofs] == [()]
    projections = Projections(registrar.ledger)
    with projections.reading() as view:
        rows = register.listed(view, on=TODAY)
    projections.close()
    assert {each.learner: each.reference for each in rows} == {erased: "", other: "s-2"}
    assert {each.status for each in rows} == {"held"}


def test_a_row_without_a_learner_is_refused_with_its_line_and_the_others_are_recorded(
    registrar: Desk,
) -> None:
    """Scenario 30."""
    registrar.publish(OFFICE)
    imported, rejected = arrive(
        registrar,
        row(2, "s-1"),
        row(3, ""),
        row(4, "s-2"),
        row(5, "nobody"),
        intake=Intake(register=True),
    )
    assert [(each.row.line, str(each.error)) for each in rejected] == [
        (3, "there is no learner in this row")
    ]
    assert (imported.recorded, imported.rejected) == (3, 1)

    imported, rejected = arrive(registrar, row(6, "somebody"), row(7, "s-1"), intake=Intake())
    assert [each.row.line for each in rejected] == [6]
    assert "`somebody`" in str(rejected[0].error)
    assert imported.recorded == 1


def test_a_bulk_enrolment_leaves_who_is_enrolled_already(registrar: Desk) -> None:
    """Scenario 31."""
    registrar.publish(OFFICE)
    registrar.enrol("office", on="01-01", who="s-1")
    arrive(
        registrar,
        row(2, "s-1"),
        row(3, "s-2"),
        intake=Intake(register=True, enrol=("office",), enrolled_on=date(2026, 2, 1)),
    )
    registrar.learners["s-2"] = registrar.ledger.directory.find("s-2")
    for who, on in (("s-1", date(2026, 1, 1)), ("s-2", date(2026, 2, 1))):
        enrolments = [e for e in registrar.events(who) if isinstance(e, LearnerEnrolled)]
        assert [enrolment.on for enrolment in enrolments] == [on]


def test_a_rule_may_hold_modules_credentials_and_further_rules() -> None:
    """Scenario 32."""
    mixed = document("""
        pathway: mixed
        version: "1"
        modules: {sheets: {credits: 5}, charts: {credits: 5}, sql: {credits: 5}, ethics: {}}
        credentials:
          basics: {requires: sheets}
          root:
            requires:
              all: [basics, ethics, {any: [charts, sql]}, {credits: 10, from: any}]
    """)
    assert standing(mixed, "root", "sheets", "ethics", "sql").status == "held"
    assert standing(mixed, "root", "sheets", "ethics").status == "in progress"
