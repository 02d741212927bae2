"""`cairn award revoke | reinstate | review | renew`, `cairn learner revoke | erase`."""

from __future__ import annotations

from datetime import date

import click

from commands.learner import DRY_RUN, LEARNER, REASON, deciding
from commands.options import database_option, json_option, on_option
from commands.teaching import command

AWARD = click.argument("name", metavar="AWARD")
YES = click.option("--yes", is_flag=True, help="Do not ask; nothing asks where nobody can answer.")


@command()
@LEARNER
@AWARD
@REASON
@on_option("The day from which it is not held.")
@YES
@DRY_RUN
@deciding
def revoke(
    who: str,
    name: str,
    reason: str,
    on: date,
    yes: bool,
    dry_run: bool,
    by: str,
    database: str,
    as_json: bool,
) -> None:
    """Take an award back, and see first what falls with it.

    AWARD is a credential (its newest award) or the id of an award. Before anything is written, the
    blast radius is shown: which awards up the stack fall, which survive by other evidence, which
    go to review. The history keeps the award and its revocation.

    Example:
      cairn award revoke s-1042 office-essentials --reason "awarded in error" --dry-run
    """
    from commands.consequences import decide
    from domain.commands import RevokeAward

    decide(
        who,
        database,
        lambda _, id_: RevokeAward(learner=id_, award=name, on=on, by=by, reason=reason),
        dry_run=dry_run,
        yes=yes,
        as_json=as_json,
    )


@command()
@LEARNER
@AWARD
@REASON
@on_option("The day of the decision; the award counts as held all the while.")
@YES
@DRY_RUN
@deciding
def reinstate(
    who: str,
    name: str,
    reason: str,
    on: date,
    yes: bool,
    dry_run: bool,
    by: str,
    database: str,
    as_json: bool,
) -> None:
    """Undo the revocation of an award.

    It was held all the while, and stands without the evidence that it lost by then. What is due
    because it is held again is made at once; awards that fell with it are decided on by
    themselves.

    Example:
      cairn award reinstate s-1042 office-essentials --reason "the appeal was upheld"
    """
    from commands.consequences import decide
    from domain.commands import ReinstateAward

    decide(
        who,
        database,
        lambda _, id_: ReinstateAward(learner=id_, award=name, on=on, by=by, reason=reason),
        dry_run=dry_run,
        yes=yes,
        as_json=as_json,
    )


@command()
@LEARNER
@AWARD
@click.option("--keep", "decision", flag_value="keep", help="It stays held.")
@click.option("--revoke", "decision", flag_value="revoke", help="It is not held any longer.")
@REASON
@on_option("The day of the decision.")
@YES
@DRY_RUN
@deciding
def review(
    who: str,
    name: str,
    decision: str | None,
    reason: str,
    on: date,
    yes: bool,
    dry_run: bool,
    by: str,
    database: str,
    as_json: bool,
) -> None:
    """Decide what becomes of an award that lost its evidence.

    `cairn award list --review` lists the awards that await it. Give either --keep or --revoke.
    Where it is revoked, the awards that stand on it are looked at in the same moment.

    Example:
      cairn award review s-1042 office-essentials --keep --reason "the marks were confirmed"
    """
    from commands.consequences import decide
    from domain.commands import DecideReview

    if decision is None:
        raise click.UsageError("give --keep or --revoke")
    verdict: str = decision
    decide(
        who,
        database,
        lambda _, id_: DecideReview(
            learner=id_,
            award=name,
            decision="keep" if verdict == "keep" else "revoke",
            on=on,
            by=by,
            reason=reason,
        ),
        dry_run=dry_run,
        yes=yes,
        as_json=as_json,
    )


@command()
@LEARNER
@AWARD
@on_option("The day by which it is due.")
@DRY_RUN
@database_option
@json_option
def renew(who: str, name: str, on: date, dry_run: bool, database: str, as_json: bool) -> None:
    """Renew an award that is due for it, or say what its renewal needs.

    A renewal is made by itself when evidence for it is recorded; this makes what has become due by
    the passing of time, such as evidence from before its renewal opened. The exit code is 1 where
    the award is not renewed.

    Example:
      cairn award renew s-1042 first-aid --dry-run
    """
    from commands.consequences import renewed

    if not renewed(who, name, database, on, dry_run=dry_run, as_json=as_json):
        click.get_current_context().exit(1)


@command("revoke")
@LEARNER
@click.argument("completion")
@REASON
@on_option("The day from which it can not be used.")
@YES
@DRY_RUN
@deciding
def revoke_completion(
    who: str,
    completion: str,
    reason: str,
    on: date,
    yes: bool,
    dry_run: bool,
    by: str,
    database: str,
    as_json: bool,
) -> None:
    """Take a completion back, and see first which awards fall with it.

    COMPLETION is its id, as `cairn learner show` lists it. Before anything is written, the blast
    radius is shown: which awards fall, which survive by other evidence, which go to review.

    Example:
      cairn learner revoke s-1042 charts@2026-03-12 --reason plagiarism --dry-run
    """
    from commands.consequences import decide
    from domain.commands import RevokeCompletion

    decide(
        who,
        database,
        lambda _, id_: RevokeCompletion(
            learner=id_, completion=completion, on=on, by=by, reason=reason
        ),
        dry_run=dry_run,
        yes=yes,
        as_json=as_json,
    )


@command()
@LEARNER
@YES
@database_option
@json_option
def erase(who: str, yes: bool, database: str, as_json: bool) -> None:
    """Forget who a learner is.

    The entry of the directory goes: reference, name and e-mail address. The events name the
    learner by an opaque id only, so the ledger, its proofs and its seals stay as they are, and
    lists and exports show that id. It can not be undone.

    Example:
      cairn learner erase s-1042 --yes
    """
    from commands.books import opened
    from commands.terminal import at_terminal, say, say_json

    with opened(database) as ledger:
        id_ = ledger.directory.find(who)
        if not (yes or as_json) and at_terminal():
            click.confirm(f"forget who `{who}` is, for good?", abort=True)
        erased = ledger.directory.erase(id_)
    if as_json:
        say_json({"id": id_, "erased": erased})
    else:
        say(f"{'forgotten' if erased else 'forgotten before'}; the ledger knows `{id_}`")
