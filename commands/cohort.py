"""`cairn cohort`: how a pathway goes for everybody, and moving many learners at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, get_args

import click

from commands.lazy import LazyGroup
from commands.options import (
    by_option,
    columns_option,
    database_option,
    json_option,
    on_option,
    sharing_options,
    today,
)

_BY = ("all", "year", "quarter", "month", "source")


class CohortGroup(LazyGroup):
    """A group whose first word may also be a pathway, which is then shown."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take a first word that is no command for a pathway."""
        known = args[0] in self.list_commands(ctx) or args[0].startswith("-")
        return super().resolve_command(ctx, args if known else ["show", *args])


@click.group(cls=CohortGroup)
def cohort() -> None:
    """See how a pathway goes for everybody, and move learners to another version.

    `cairn cohort PATHWAY` is short for `cairn cohort show PATHWAY`. What is counted is read from
    the columns, which are kept up from the events.

    Example:
      cairn cohort office-skills
      cairn cohort office-skills --by quarter
      cairn cohort migrate office-skills --from 2026.1 --to 2027.1 --dry-run
    """


@cohort.command()
@click.argument("pathway", metavar="PATHWAY[@VERSION]")
@on_option("The day of which it is told.")
@click.option(
    "--by",
    "groups",
    type=click.Choice(_BY),
    default="all",
    show_default=True,
    help="Groups: by the period of enrolment, or by the source of the first completion.",
)
@click.option(
    "--idle",
    type=click.IntRange(min=1),
    default=180,
    show_default=True,
    metavar="DAYS",
    help="Who has completed nothing for so long has stopped.",
)
@click.option(
    "--sample",
    type=click.IntRange(min=0),
    default=200,
    show_default=True,
    metavar="N",
    help="How many learners are asked what would help them; 0 asks everybody.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print one line for each group and credential.")
@sharing_options
@columns_option
@database_option
@json_option
def show(
    pathway: str,
    on: date,
    groups: str,
    idle: int,
    sample: int,
    as_csv: bool,
    jobs: int,
    scheduler: str,
    folder: Path | None,
    database: str,
    as_json: bool,
) -> None:
    """Show how a pathway goes: who holds what, where people stop, what holds them back.

    Counted are those who follow the pathway, or the one version that is named. Of each credential
    stand how many hold it, and how many days after the first module it was awarded: the median,
    and the quartiles around it. Then where those stopped who completed nothing for a while, what
    one more module would do for a sample of those who lack a credential, and which electives the
    awards stand on. What each figure means is in docs/population.md.

    Example:
      cairn cohort show office-skills
      cairn cohort show office-skills@2026.1 --by quarter --csv
      cairn cohort show office-skills --sample 0 --jobs 2
    """
    from dataclasses import replace
    from typing import cast

    from commands import counting
    from commands.books import opened, parted
    from commands.everybody import columns_of
    from commands.terminal import progress
    from projections.cohort import Ask, By
    from projections.cohort import cohort as counted
    from projections.partitions import Sharing

    assert get_args(By) == _BY
    if as_csv and as_json:
        raise click.UsageError("--csv and --json do not go together")
    name, version = parted(pathway)
    sharing = Sharing(jobs, scheduler)
    with opened(database, asking=True) as ledger:
        volume = ledger.volume(name, version or None)
        ask = Ask(
            document=volume.document,
            pathway=name,
            on=on,
            versions=frozenset([version]) if version else None,
            by=cast("By", groups),
            idle=idle,
            sample=sample,
        )
        with columns_of(ledger, folder, sharing) as columns:
            ask = replace(ask, learners=columns.learners())
            with progress("counting", ask.learners) as advance:
                tally = counted(columns.parts(), ask, sharing, advance)
    if as_csv:
        counting.print_csv(ask, tally)
    elif as_json:
        counting.print_json(ask, volume.edition.version, tally)
    else:
        counting.print_text(ask, volume.edition.version, tally)


@cohort.command()
@click.argument("pathway")
@click.option("--from", "old", required=True, metavar="VERSION", help="The version they are on.")
@click.option("--to", "new", required=True, metavar="VERSION", help="The version to move them to.")
@click.option(
    "--where",
    "where",
    multiple=True,
    metavar="CONDITION",
    help="Only who meets it; given several times, all of them.",
)
@click.option("--dry-run", is_flag=True, help="Show what would come of it; record nothing.")
@sharing_options
@by_option
@database_option
@json_option
def migrate(
    pathway: str,
    old: str,
    new: str,
    where: tuple[str, ...],
    dry_run: bool,
    jobs: int,
    scheduler: str,
    by: str,
    database: str,
    as_json: bool,
) -> None:
    """Move learners of one version of a pathway to another.

    First comes what it would do: how many would stand better or worse, and how, credential by
    credential. With --dry-run that is all. Without it the decision is recorded, with what was
    shown of it, and the learners are moved, as `cairn learner move` moves one. What was awarded
    stays awarded. A migration that was interrupted is ended by running it again.

    A CONDITION is one of `enrolled>=2026-01-01` (also <, <=, >, =), `holds=CREDENTIAL`,
    `completed=MODULE`, `source=WORD` (something was completed there), `loses=nothing` (in no
    credential would they stand worse), or one of these with != instead of =.

    Example:
      cairn cohort migrate office-skills --from 2026.1 --to 2027.1 --dry-run
      cairn cohort migrate office-skills --from 2026.1 --to 2027.1 --where loses=nothing
    """
    from commands import counting
    from commands.books import opened
    from commands.options import now
    from commands.terminal import counted, progress, say, say_json
    from domain.commands import DecideMigration, FinishMigration
    from domain.migration import Moved, conditions
    from domain.migration import migrate as moved
    from projections.migration import following, preview
    from projections.partitions import Sharing

    with opened(database, asking=dry_run) as ledger:
        publication = ledger.publication(pathway)
        publication.edition(new)
        publication.edition(old)
        where = tuple(one.text for one in conditions(where, ledger.volume(pathway, old)))
        begun = publication.under_way(old)
        again = begun is not None and (begun.version, begun.where) == (new, where)
        ids = following(ledger, pathway, old)
        day = today()
        if begun is not None and again:
            told: dict[str, Any] = {"learners": begun.learners, "standings": begun.preview}
        else:
            with progress("looking ahead", len(ids)) as advance:
                found = preview(
                    ledger, pathway, (old, new), where, ids, day, Sharing(jobs, scheduler), advance
                )
            told = {
                "learners": found.learners,
                "stay": found.stay,
                "better": found.better,
                "worse": found.worse,
                "standings": found.to_json(),
            }
        result = Moved()
        if not as_json:
            if begun is not None and again:
                say(f"the migration of {begun.on} is under way; this is what was decided then")
            counting.print_preview(told)
        if not dry_run:
            command = DecideMigration(
                pathway=pathway,
                from_version=old,
                version=new,
                where=where,
                learners=told["learners"],
                preview=told["standings"],
                on=day,
                by=by,
            )
            ledger.record(command, on=day, at=now())
            migration = ledger.publication(pathway).under_way(old)
            assert migration is not None
            with progress("moving", len(ids)) as advance:
                before = 0

                def onward(so_far: Moved) -> None:
                    nonlocal before
                    advance(so_far.moved + so_far.stayed - before)
                    before = so_far.moved + so_far.stayed

                result = moved(ledger, migration, ids, clock=now, progress=onward)
            finish = FinishMigration(
                pathway=pathway, migration=migration.id, stayed=result.stayed, on=day, by=by
            )
            ledger.record(finish, on=day, at=now())
    if as_json:
        say_json(
            {
                "pathway": pathway,
                "from": old,
                "to": new,
                "where": list(where),
                "dry_run": dry_run,
                "continued": again,
                "preview": told,
                "moved": result.moved,
                "stayed": result.stayed,
                "awards": result.awards,
            }
        )
    elif not dry_run:
        say(
            f"{counted(result.moved, 'learner')} moved, {result.stayed:,} stayed,"
            f" {counted(result.awards, 'award')} made"
        )
