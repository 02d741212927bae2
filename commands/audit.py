"""`cairn audit`: replay the events, prove every award, at any date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from commands.lazy import LazyGroup
from commands.options import DAY, FILE, database_option, json_option, sharing_options, today


@click.group(
    cls=LazyGroup,
    members={
        "key": ("commands.sealing:key", "Make the key that seals are signed with."),
        "seal": ("commands.sealing:seal", "Seal the ledger as it stands."),
        "verify": ("commands.sealing:verify", "Find every event that is not as it was sealed."),
        "prove": ("commands.sealing:prove", "Write a proof that needs no ledger to be checked."),
        "check": ("commands.sealing:check", "Check a proof that was handed over in a file."),
    },
)
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
@sharing_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "html"]),
    default="text",
    show_default=True,
    help="How the report is written; html is one page that needs nothing else.",
)
@click.option("--output", type=FILE, metavar="FILE", help="Write the report there.")
@click.option("--seals", type=FILE, metavar="FOLDER", help="Compare with these seals too.")
@click.option("--public", type=FILE, metavar="FILE", help="The public key of the seals.")
@database_option
@json_option
def run(
    who: str | None,
    credential: str | None,
    since: date | None,
    jobs: int,
    scheduler: str,
    form: str,
    output: Path | None,
    seals: Path | None,
    public: Path | None,
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
    from projections.partitions import Sharing
    from projections.sealing import verify

    sharing = Sharing(jobs, scheduler)
    if (seals is None) != (public is None):
        raise click.UsageError("--seals and --public go together")
    with opened(database, asking=True) as ledger:
        scope = Scope(
            None if who is None else ledger.directory.find(who),
            full_credential(ledger, credential),
            since,
        )
        stopped = caught_up(ledger)
        with progress("auditing", ledger.store.head()) as advance:
            report = audited(ledger.store.database, scope, sharing=sharing, progress=advance)
        if seals is not None and public is not None:
            broken, _ = verify(ledger.store.database, seals, public.read_text(encoding="utf-8"))
            stopped = [*broken, *stopped]
        report = Report((*stopped, *report.findings), report.counts)
        written = auditing.written(ledger, report, "json" if as_json else form)
    auditing.hand_over(written, output)
    if not report.clean:
        click.get_current_context().exit(1)


@audit.command()
@click.argument("who", metavar="LEARNER")
@click.argument("name", metavar="AWARD")
@database_option
@json_option
def explain(who: str, name: str, database: str, as_json: bool) -> None:
    """Explain an award, rule by rule, down to the events.

    AWARD is a credential (its newest award) or the id of an award. For each rule stand its words
    and the text of the version that the award names; for each item of evidence the number of its
    event, when it was recorded, by whom, and from which source. Exit code 1 where the kernel
    objects.

    Example:
      cairn audit explain s-1042 office-data-certificate
    """
    from commands.books import opened
    from commands.explaining import explanation, show
    from commands.terminal import say_json

    with opened(database, asking=True) as ledger:
        found = explanation(ledger, ledger.directory.find(who), name)
    if as_json:
        say_json(found)
    else:
        show(found)
    if not found["proved"]:
        click.get_current_context().exit(1)


@audit.command("as-of")
@click.argument("who", metavar="[LEARNER]", required=False)
@click.argument("name", metavar="[AWARD]", required=False)
@click.option("--credential", metavar="CREDENTIAL", help="The register of this credential.")
@click.option("--known", type=DAY, help="Only what was recorded by the end of that day, in UTC.")
@click.option("--effective", type=DAY, help="The day that is asked about; by default --known.")
@database_option
@json_option
def as_of_(
    who: str | None,
    name: str | None,
    credential: str | None,
    known: date | None,
    effective: date | None,
    database: str,
    as_json: bool,
) -> None:
    """Show how things stood on a day, by what was known on another.

    --known leaves out what was recorded later; --effective leaves out what is dated later. Both
    together tell what was believed on one date about another. For a learner, for one award of
    theirs, or with --credential for a register.

    Example:
      cairn audit as-of s-1042 --effective 2025-12-31
      cairn audit as-of s-1042 office-essentials --known 2026-03-01 --effective 2025-12-31
      cairn audit as-of --credential office-essentials --known 2026-03-01
    """
    from commands import timetravel
    from commands.books import opened
    from commands.registers import full_credential
    from projections.asof import as_of, register_as_of

    if (who is None) == (credential is None):
        raise click.UsageError("name a LEARNER, or a credential with --credential")
    day = effective or known or today()
    dates = timetravel.written(known, day)
    with opened(database, asking=True) as ledger:
        if who is not None:
            id_ = ledger.directory.find(who)
            found = as_of(ledger, ledger.history(id_), known=known, effective=day)
            timetravel.show_learner(ledger, id_, found, name, dates, as_json=as_json)
        else:
            full = full_credential(ledger, credential)
            assert full is not None
            rows = register_as_of(ledger, full, known=known, effective=day)
            timetravel.show_register(ledger, rows, dates, as_json=as_json)
