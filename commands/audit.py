"""`cairn audit`: replay the events, prove every award, at any date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from commands.lazy import LazyGroup
from commands.options import DAY, FILE, database_option, json_option


@click.group(cls=LazyGroup)
def audit() -> None:
    """Replay the events, and prove what was awarded.

    Nothing here changes the ledger. Every award is judged by the small trusted kernel, by the
    rules of the version that it names, on the record as it stood. The codes of findings, and what
    to do about each, are in docs/audit.md.

    Example:
      cairn audit run
      cairn audit run --format html --output audit.html
    """


@audit.command()
@click.option("--learner", "who", metavar="LEARNER", help="Only this learner.")
@click.option("--credential", metavar="CREDENTIAL", help="Only awards of this credential.")
@click.option(
    "--since", type=DAY, help="Only learners for whom something was decided then or later."
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many processes share the work.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "html"]),
    default="text",
    show_default=True,
    help="How the report is written; html is one page that needs nothing else.",
)
@click.option("--output", type=FILE, metavar="FILE", help="Write the report there.")
@database_option
@json_option
def run(
    who: str | None,
    credential: str | None,
    since: date | None,
    jobs: int,
    form: str,
    output: Path | None,
    database: str,
    as_json: bool,
) -> None:
    """Replay every stream, judge every proof, compare every row.

    The report names each award that its proof does not justify, what was due and is not there,
    what lost its ground, rows that the events do not lead to, and events that are damaged or
    missing. The exit code is 1 where there is a fault or an open matter; notes are no faults.

    Example:
      cairn audit run --jobs 2
      cairn audit run --since 2026-01-01 --format csv --output findings.csv
    """
    from commands import auditing
    from commands.books import opened
    from commands.registers import full_credential
    from commands.terminal import progress
    from projections.audit import Report, Scope, caught_up
    from projections.audit import audit as audited

    with opened(database) as ledger:
        scope = Scope(
            None if who is None else ledger.directory.find(who),
            full_credential(ledger, credential),
            since,
        )
        stopped = caught_up(ledger)
        with progress("auditing", ledger.store.head()) as advance:
            report = audited(ledger.store.database, scope, jobs=jobs, progress=advance)
        report = Report((*stopped, *report.findings), report.counts)
        written = auditing.written(ledger, report, "json" if as_json else form)
    auditing.hand_over(written, output)
    if not report.clean:
        click.get_current_context().exit(1)
