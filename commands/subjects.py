"""Whom a question is about: a learner of the ledger, or a record in a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.errors import UnusableError
from commands.options import FILE, database_option, on_option

if TYPE_CHECKING:
    from domain.ledger import Ledger
    from pathways.document import Document, Record

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Subject:
    """A record, and the rules that it is looked at by."""

    document: Document
    record: Record


def about(command: Function) -> Function:
    """Add what says whom a question is about, and the day."""
    for add in (
        database_option,
        on_option(),
        click.option(
            "--record", "record", type=FILE, metavar="FILE", help="What was done: a file."
        ),
        click.option(
            "--pathway",
            metavar="FILE|PATHWAY",
            help="By which rules: a file, or one of the learner's pathways.",
        ),
        click.argument("who", metavar="[LEARNER]", required=False),
    ):
        command = add(command)
    return command


def is_file(pathway: str) -> bool:
    """Tell whether a pathway is named as a file, and not by its id."""
    return "/" in pathway or pathway.endswith((".yaml", ".yml", ".json")) or Path(pathway).is_file()


def from_files(pathway: str | None, record: Path | None) -> Subject:
    """Return what two files say; without a record, of somebody who has done nothing yet."""
    from pathways.document import Record
    from pathways.record import load_record
    from pathways.source import load_pathway

    if pathway is None or not is_file(pathway):
        raise click.UsageError("name a LEARNER, or files: --pathway FILE --record FILE")
    document = load_pathway(Path(pathway)).document
    return Subject(document, Record() if record is None else load_record(record, document))


def from_ledger(ledger: Ledger, who: str, pathway: str | None, on: date) -> list[Subject]:
    """Return a learner's record in each of their pathways, or in one, or by the rules of a file."""
    from domain.records import record_of
    from domain.vocabulary import vocabulary
    from pathways.source import load_pathway

    learner = ledger.learner(ledger.directory.find(who))
    if pathway is not None and is_file(pathway):
        document = load_pathway(Path(pathway)).document
        name = document.main.pathway or ""
        enrolment = learner.enrolments.get(name)
        record = record_of(
            learner,
            vocabulary(document),
            pathway=name,
            enrolled=None if enrolment is None else enrolment.on,
            on=on,
        )
        return [Subject(document, record)]
    enrolments = learner.current_enrolments if pathway is None else (learner.enrolment(pathway),)
    subjects = []
    for enrolment in enrolments:
        volume = ledger.volume(enrolment.pathway, enrolment.version)
        record = record_of(
            learner, volume.words, pathway=enrolment.pathway, enrolled=enrolment.on, on=on
        )
        subjects.append(Subject(volume.document, record))
    if not subjects:
        raise UnusableError(
            f"`{who}` follows no pathway", "enrol them first, or give the rules with --pathway FILE"
        )
    return subjects


def subjects(
    who: str | None, pathway: str | None, record: Path | None, database: str, on: date
) -> list[Subject]:
    """Return whom a question is about."""
    from commands.books import opened

    if who is None:
        return [from_files(pathway, record)]
    if record is not None:
        raise click.UsageError("a LEARNER has a record already; leave --record out")
    with opened(database, asking=True) as ledger:
        return from_ledger(ledger, who, pathway, on)
