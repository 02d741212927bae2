"""`cairn award`: what was awarded, why that was right, and what waits for a decision."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from commands.lazy import LazyGroup
from commands.options import DAY, by_option, database_option, json_option, on_option

if TYPE_CHECKING:
    from projections.register import Status


@click.group(
    cls=LazyGroup,
    members={
        "revoke": (
            "commands.awarding:revoke",
            "Take an award back, and see first what falls with it.",
        ),
        "reinstate": ("commands.awarding:reinstate", "Undo the revocation of an award."),
        "review": (
            "commands.awarding:review",
            "Decide what becomes of an award that lost its evidence.",
        ),
        "renew": (
            "commands.awarding:renew",
            "Renew an award that is due for it, or say what its renewal needs.",
        ),
    },
)
def award() -> None:
    """See awards with their proof, and approve those that wait for it.

    An award is made by itself on the day on which its rule is met, and recorded with the evidence
    that met it. A credential with `award: approval` waits until somebody approves it.

    Example:
      cairn award list --credential office-data-certificate
      cairn award show s-1042 office-data-certificate
      cairn award approve s-1042 pp-certificate
    """


@award.command("list")
@click.option("--learner", "who", metavar="LEARNER", help="Only this learner's.")
@click.option("--credential", metavar="CREDENTIAL", help="Only awards of this credential.")
@click.option("--pathway", metavar="PATHWAY", help="Only awards made by this pathway.")
@click.option(
    "--status",
    type=click.Choice(["held", "expired", "lapsed", "revoked"]),
    help="Only awards that stand like this on the day.",
)
@click.option("--review", is_flag=True, help="Only awards that lost evidence and await a review.")
@click.option(
    "--awaiting", is_flag=True, help="What waits for an approval, instead of what was awarded."
)
@click.option("--since", type=DAY, help="Only awards made on that day or later.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@on_option()
@database_option
@json_option
def list_(
    who: str | None,
    credential: str | None,
    pathway: str | None,
    status: Status | None,
    review: bool,
    awaiting: bool,
    since: date | None,
    limit: int | None,
    on: date,
    database: str,
    as_json: bool,
) -> None:
    """List awards, oldest first.

    Every award ever made is listed with how it stands on the day: held, expired, lapsed or revoked.
    --awaiting lists what waits for an approval instead, as of the last decision about each learner.

    Example:
      cairn award list --credential office-data-certificate --status held
      cairn award list --awaiting
    """
    from commands import registers
    from commands.books import opened

    with opened(database, asking=True) as ledger:
        if awaiting:
            rows = registers.awaiting(ledger, who, credential, pathway, limit)
        else:
            wanted = registers.Wanted(
                who, credential, pathway, status, review or None, since, limit
            )
            rows = registers.awards(ledger, wanted, on)
        registers.show(rows, as_json=as_json)


@award.command()
@click.argument("who", metavar="LEARNER")
@click.argument("name", metavar="AWARD")
@database_option
@json_option
def show(who: str, name: str, database: str, as_json: bool) -> None:
    """Show an award with its proof, and let the kernel check it.

    AWARD is a credential (its newest award) or the id of an award. The tree names, for each part
    of the rule, the evidence that it used. The proof is checked by the small trusted kernel,
    against the rules of the version that the award names; the exit code is 1 if it objects.

    Example:
      cairn award show s-1042 office-data-certificate
    """
    from commands.books import opened
    from commands.proofs import proof_of, show_proof
    from commands.terminal import say_json

    with opened(database, asking=True) as ledger:
        proof = proof_of(ledger, ledger.directory.find(who), name)
        if as_json:
            say_json(proof.to_json())
        else:
            show_proof(proof)
    if proof.objections:
        click.get_current_context().exit(1)


@award.command()
@click.argument("who", metavar="LEARNER")
@click.argument("credential")
@on_option("The day of the approval; the award keeps the day on which its rule was met.")
@click.option("--dry-run", is_flag=True, help="Show what would come of it; record nothing.")
@by_option
@database_option
@json_option
def approve(
    who: str, credential: str, on: date, dry_run: bool, by: str, database: str, as_json: bool
) -> None:
    """Confirm an award that waits for approval, or settle a conflict.

    Where several credentials want the same evidence, the approval names the one that is made, and
    the others are decided on what is left. An approval that comes before the rule is met waits
    for it.

    Example:
      cairn award approve s-1042 pp-certificate --by registrar
    """
    from commands.books import carried_out, opened, show_receipt
    from domain.commands import ApproveAward

    with opened(database, asking=dry_run) as ledger:
        id_ = ledger.directory.find(who)
        command = ApproveAward(learner=id_, credential=credential, on=on, by=by)
        receipt = carried_out(ledger, command, dry_run=dry_run)
        show_receipt(ledger, receipt, as_json=as_json, dry_run=dry_run)
