"""`cairn learner`: who learns, what they have done, and where they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.lazy import LazyGroup
from commands.options import DAY, by_option, database_option, json_option, on_option

if TYPE_CHECKING:
    from domain.commands import LearnerCommand
    from domain.ledger import Ledger

Function = TypeVar("Function", bound=Callable[..., Any])

LEARNER = click.argument("who", metavar="LEARNER")
PATHWAY = click.argument("pathway", metavar="PATHWAY")
VERSIONED = click.argument("pathway", metavar="PATHWAY[@VERSION]")
REASON = click.option(
    "--reason", metavar="TEXT", default="", help="Why; kept for ever, so no names."
)
DRY_RUN = click.option(
    "--dry-run", is_flag=True, help="Show what would come of it; record nothing."
)


class NumberType(click.ParamType[Decimal]):
    """An exact number such as 72.5."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """Read the number; anything else is a usage error."""
        if isinstance(value, Decimal):
            return value
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            self.fail(f"`{value}` is not a number such as 72.5", param, ctx)
        return number


NUMBER = NumberType()


def _expiry(ctx: click.Context, param: click.Parameter, value: str | None) -> date | str | None:
    return value if value in (None, "never") else DAY.convert(value, param, ctx)


EXPIRES = click.option(
    "--expires", metavar="DATE|never", callback=_expiry, help="Its last day, where it has its own."
)
STATED = (
    click.option("--score", type=NUMBER, help="0 to 100."),
    click.option("--grade", metavar="GRADE", help="A grade of the pathway's scale."),
    click.option("--credits", type=NUMBER, help="Where they differ from the module's."),
    click.option("--level", type=NUMBER, help="Where it differs from the module's."),
    click.option("--hours", type=NUMBER, help="Where they differ from the module's."),
    click.option("--group", "groups", multiple=True, metavar="GROUP", help="A further group."),
    EXPIRES,
)


def stated(command: Function) -> Function:
    """Add the options for what a completion may state."""
    for option in reversed(STATED):
        command = option(command)
    return command


def deciding(command: Function) -> Function:
    """Add the options of every command that changes something about a learner."""
    for option in (json_option, database_option, by_option):
        command = option(command)
    return command


@click.group(
    cls=LazyGroup,
    members={
        "options": (
            "commands.horizon:options",
            "List the modules that can be started now, and what completing each would do.",
        ),
        "forecast": (
            "commands.horizon:forecast",
            "Show what lapses when, if nothing else happens.",
        ),
        "revoke": (
            "commands.awarding:revoke_completion",
            "Take a completion back, and see first which awards fall with it.",
        ),
        "erase": ("commands.awarding:erase", "Forget who a learner is."),
    },
)
def learner() -> None:
    """Register and enrol learners, record what they do, see where they are.

    A LEARNER is named by reference (such as a student number), by e-mail address, or by the
    ledger's own id. Names and addresses stand in a directory that can be erased; the ledger
    itself holds none.

    Example:
      cairn learner register s-1042 --name "Moana Reid"
      cairn learner enrol s-1042 office-skills
      cairn learner record s-1042 spreadsheets-1 --score 81
      cairn learner show s-1042
    """


def change(
    who: str,
    database: str,
    as_json: bool,
    command: Callable[[Ledger, str], LearnerCommand],
    *,
    dry_run: bool = False,
) -> None:
    """Carry out a command about the learner who is named, and tell what came of it."""
    from commands.books import carried_out, opened, show_receipt

    with opened(database, asking=dry_run) as ledger:
        id_ = ledger.directory.find(who)
        receipt = carried_out(ledger, command(ledger, id_), dry_run=dry_run)
        show_receipt(ledger, receipt, as_json=as_json, dry_run=dry_run)


@learner.command()
@click.argument("reference")
@click.option("--name", default="", help="What people call them; kept in the directory.")
@click.option("--email", default="", help="Kept in the directory.")
@on_option("The day of the registration.")
@deciding
def register(
    reference: str, name: str, email: str, on: date, by: str, database: str, as_json: bool
) -> None:
    """Make a learner known.

    The ledger gives them an opaque id. REFERENCE is what you call them by: a student number, an
    account. Registering the same reference again changes name and e-mail address, where they are
    given, and nothing else.

    Example:
      cairn learner register s-1042 --name "Moana Reid" --email moana@example.org
    """
    from commands.books import opened, show_receipt
    from commands.options import now

    with opened(database, new=True) as ledger:
        receipt = ledger.register(reference, name=name, email=email, on=on, at=now(), by=by)
        show_receipt(ledger, receipt, as_json=as_json)


@learner.command("list")
@click.option("--search", default="", metavar="TEXT", help="In reference, name or e-mail address.")
@click.option("--pathway", metavar="PATHWAY[@VERSION]", help="Only who follows it.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@database_option
@json_option
def list_(
    search: str, pathway: str | None, limit: int | None, database: str, as_json: bool
) -> None:
    """List learners, by reference.

    Each with how many pathways they follow, how much they have completed, how many awards were
    made to them, and when something last changed.

    Example:
      cairn learner list --pathway office-skills
      cairn learner list --search reid
    """
    from commands import registers
    from commands.books import opened

    with opened(database, asking=True) as ledger:
        registers.show(registers.learners(ledger, search, pathway, limit), as_json=as_json)


@learner.command()
@LEARNER
@VERSIONED
@on_option("The day of the enrolment; nothing is awarded for a day before it.")
@DRY_RUN
@deciding
def enrol(
    who: str, pathway: str, on: date, dry_run: bool, by: str, database: str, as_json: bool
) -> None:
    """Enrol a learner in a pathway.

    They stay on the version that they enrol in, the newest unless another is named. What they have
    completed already counts, and whatever is due is awarded at once.

    Example:
      cairn learner enrol s-1042 office-skills
      cairn learner enrol s-1042 office-skills@2026.1 --on 2026-02-01
    """
    from commands.books import parted
    from domain.commands import EnrolLearner

    name, version = parted(pathway)
    change(
        who,
        database,
        as_json,
        lambda _, id_: EnrolLearner(learner=id_, pathway=name, version=version, on=on, by=by),
        dry_run=dry_run,
    )


@learner.command()
@LEARNER
@PATHWAY
@on_option("The day of the withdrawal.")
@deciding
def withdraw(who: str, pathway: str, on: date, by: str, database: str, as_json: bool) -> None:
    """End a learner's enrolment in a pathway.

    What was awarded stays. What they complete from now on earns nothing in this pathway, until they
    enrol again.

    Example:
      cairn learner withdraw s-1042 office-skills
    """
    from domain.commands import WithdrawEnrolment

    change(
        who,
        database,
        as_json,
        lambda _, id_: WithdrawEnrolment(learner=id_, pathway=pathway, on=on, by=by),
    )


@learner.command()
@LEARNER
@click.argument("module")
@click.option("--credits", type=NUMBER, help="Where they differ from the module's.")
@click.option("--hours", type=NUMBER, help="Where they differ from the module's.")
@click.option("--source", metavar="WORD", default="course", show_default=True, help="What kind.")
@on_option("The day on which it was started.")
@deciding
def start(
    who: str,
    module: str,
    credits: Decimal | None,
    hours: Decimal | None,
    source: str,
    on: date,
    by: str,
    database: str,
    as_json: bool,
) -> None:
    """Record that a learner has started a module.

    What would follow from completing it shows as `pending`. A prerequisite that is not met is
    reported, and does not stand in the way.

    Example:
      cairn learner start s-1042 pivot-tables
    """
    from domain.commands import StartModule

    change(
        who,
        database,
        as_json,
        lambda _, id_: StartModule(
            learner=id_, module=module, credits=credits, hours=hours, source=source, on=on, by=by
        ),
    )


@learner.command()
@LEARNER
@click.argument("module")
@stated
@click.option(
    "--source",
    metavar="WORD",
    default="course",
    show_default=True,
    help="Where it comes from: course, transfer, rpl, exam...",
)
@click.option(
    "--source-id", metavar="ID", help="What the source calls it; recorded once, and kept for ever."
)
@on_option("The day of the completion.")
@DRY_RUN
@deciding
def record(
    who: str,
    module: str,
    score: Decimal | None,
    grade: str | None,
    credits: Decimal | None,
    level: Decimal | None,
    hours: Decimal | None,
    groups: tuple[str, ...],
    expires: Any,
    source: str,
    source_id: str | None,
    on: date,
    dry_run: bool,
    by: str,
    database: str,
    as_json: bool,
) -> None:
    """Record that a learner has completed a module, and award what is due.

    The completion and all awards that follow from it are stored together. Recording the same again
    changes nothing. Where the score or the grade does not pass, it is an attempt.

    Example:
      cairn learner record s-1042 pivot-tables --score 84 --on 2026-03-12
      cairn learner record s-1042 spreadsheets-1 --source rpl
    """
    from domain.commands import RecordCompletion

    change(
        who,
        database,
        as_json,
        lambda _, id_: RecordCompletion(
            learner=id_,
            module=module,
            score=score,
            grade=grade,
            credits=credits,
            level=level,
            hours=hours,
            groups=groups,
            expires=expires,
            source=source,
            source_id=source_id,
            on=on,
            by=by,
        ),
        dry_run=dry_run,
    )


@learner.command()
@LEARNER
@click.argument("credential")
@EXPIRES
@click.option("--used", multiple=True, metavar="ITEM", help="A completion that it rests on.")
@click.option(
    "--source-id", metavar="ID", help="What the source calls it; recorded once, and kept for ever."
)
@on_option("The day of the award.")
@DRY_RUN
@deciding
def hold(
    who: str,
    credential: str,
    expires: Any,
    used: tuple[str, ...],
    source_id: str | None,
    on: date,
    dry_run: bool,
    by: str,
    database: str,
    as_json: bool,
) -> None:
    """Record a credential that was awarded elsewhere.

    It is evidence from its date on, for the pathways that name it. Whatever becomes due is awarded.

    Example:
      cairn learner hold s-1042 ncea-level-3 --on 2026-01-15
    """
    from domain.commands import RecordExternalAward

    change(
        who,
        database,
        as_json,
        lambda _, id_: RecordExternalAward(
            learner=id_,
            credential=credential,
            expires=expires,
            used=used,
            source_id=source_id,
            on=on,
            by=by,
        ),
        dry_run=dry_run,
    )


@learner.command()
@LEARNER
@click.argument("completion")
@click.option("--module", metavar="MODULE", help="The right module.")
@stated
@click.option("--on", type=DAY, help="The right day of the completion.")
@REASON
@DRY_RUN
@deciding
def correct(
    who: str,
    completion: str,
    module: str | None,
    score: Decimal | None,
    grade: str | None,
    credits: Decimal | None,
    level: Decimal | None,
    hours: Decimal | None,
    groups: tuple[str, ...],
    expires: Any,
    on: date | None,
    reason: str,
    dry_run: bool,
    by: str,
    database: str,
    as_json: bool,
) -> None:
    """Correct a completion that was recorded wrongly.

    What is not given stays as it was. COMPLETION is its id, as `cairn learner show` lists it.
    Awards that rested on it are looked at again: they stand on other evidence, or what their
    credential says about lost evidence happens. The history keeps both.

    Example:
      cairn learner correct s-1042 pivot-tables@2026-03-12 --score 48 --reason "mixed up"
    """
    from domain.commands import CorrectCompletion

    change(
        who,
        database,
        as_json,
        lambda ledger, id_: CorrectCompletion(
            learner=id_,
            completion=completion,
            module=module,
            score=score,
            grade=grade,
            credits=credits,
            level=level,
            hours=hours,
            groups=groups,
            expires=expires,
            reason=reason,
            on=on or ledger.learner(id_).completion(completion).on,
            by=by,
        ),
        dry_run=dry_run,
    )


@learner.command()
@LEARNER
@PATHWAY
@click.argument("rule")
@click.option("--amount", type=NUMBER, help="Waive only so much of what the rule asks for.")
@click.option("--id", "id_", metavar="ID", help="The waiver's own id, where a rule has several.")
@REASON
@on_option("The day from which it holds.")
@DRY_RUN
@deciding
def waive(
    who: str,
    pathway: str,
    rule: str,
    amount: Decimal | None,
    id_: str | None,
    reason: str,
    on: date,
    dry_run: bool,
    by: str,
    database: str,
    as_json: bool,
) -> None:
    """Decide that a rule of a pathway is met for a learner, or that an amount of it is.

    RULE is the rule's `id` in the pathway. The waiver shows in the proof of every award that
    needs it.

    Example:
      cairn learner waive s-1042 office-skills electives --amount 5 --reason "work experience"
    """
    from domain.commands import WaiveRequirement

    change(
        who,
        database,
        as_json,
        lambda _, learner_id: WaiveRequirement(
            learner=learner_id,
            pathway=pathway,
            rule=rule,
            amount=amount,
            id=id_,
            reason=reason,
            on=on,
            by=by,
        ),
        dry_run=dry_run,
    )


@learner.command()
@LEARNER
@PATHWAY
@click.argument("waiver")
@REASON
@on_option("The day of the decision.")
@DRY_RUN
@deciding
def unwaive(
    who: str,
    pathway: str,
    waiver: str,
    reason: str,
    on: date,
    dry_run: bool,
    by: str,
    database: str,
    as_json: bool,
) -> None:
    """Withdraw a waiver, as if it had never been.

    WAIVER is its id: the one that it was given, else `waiver:RULE`. Awards that rested on it are
    looked at again, and the history keeps both.

    Example:
      cairn learner unwaive s-1042 office-skills waiver:electives --reason "granted by mistake"
    """
    from domain.commands import WithdrawWaiver

    change(
        who,
        database,
        as_json,
        lambda _, id_: WithdrawWaiver(
            learner=id_, pathway=pathway, waiver=waiver, reason=reason, on=on, by=by
        ),
        dry_run=dry_run,
    )


@learner.command()
@LEARNER
@click.argument("module")
@click.argument("counts_as")
@REASON
@on_option("The day from which it holds.")
@DRY_RUN
@deciding
def substitute(
    who: str,
    module: str,
    counts_as: str,
    reason: str,
    on: date,
    dry_run: bool,
    by: str,
    database: str,
    as_json: bool,
) -> None:
    """Decide that for a learner one module counts as another.

    Completions of MODULE may serve as COUNTS_AS, with its credits, level and pass mark. A module of
    another catalogue is named `catalogue/module`.

    Example:
      cairn learner substitute s-1042 work/reporting charts --reason "same outcomes"
    """
    from domain.commands import SubstituteModule

    change(
        who,
        database,
        as_json,
        lambda _, id_: SubstituteModule(
            learner=id_, module=module, counts_as=counts_as, reason=reason, on=on, by=by
        ),
        dry_run=dry_run,
    )


@learner.command()
@LEARNER
@VERSIONED
@on_option("The day of the move.")
@DRY_RUN
@deciding
def move(
    who: str, pathway: str, on: date, dry_run: bool, by: str, database: str, as_json: bool
) -> None:
    """Move a learner to another version of a pathway, the newest unless one is named.

    First comes what it changes: each credential before and after. What was awarded stays awarded.
    With --dry-run that is all; without it the move is recorded, and what is due by the new rules
    is awarded.

    Example:
      cairn learner move s-1042 office-skills@2027.1 --dry-run
    """
    from commands.books import carried_out, opened, parted, receipt_json, show_receipt
    from commands.moving import compared, show_comparison
    from commands.options import today
    from commands.terminal import say_json
    from domain.commands import MoveEnrolment

    name, version = parted(pathway)
    with opened(database, asking=dry_run) as ledger:
        id_ = ledger.directory.find(who)
        command = MoveEnrolment(learner=id_, pathway=name, version=version, on=on, by=by)
        preview = compared(ledger, command, today())
        receipt = carried_out(ledger, command, dry_run=dry_run)
        if as_json:
            changes = [change.to_json() for change in preview]
            say_json({**receipt_json(ledger, receipt), "dry_run": dry_run, "changes": changes})
        else:
            show_comparison(preview)
            show_receipt(ledger, receipt, dry_run=dry_run)


@learner.command()
@LEARNER
@click.option("--pathway", metavar="PATHWAY", help="Only how they stand in this one.")
@click.option(
    "--tree", "as_tree", is_flag=True, help="Every rule, with evidence and what is missing."
)
@on_option()
@database_option
@json_option
def show(
    who: str, pathway: str | None, as_tree: bool, on: date, database: str, as_json: bool
) -> None:
    """Show where a learner stands.

    For each pathway that they follow, every credential with its status, progress, and what is
    missing; then what they completed. --tree goes down to every rule.

    Example:
      cairn learner show s-1042
      cairn learner show s-1042 --pathway office-skills --tree
    """
    from commands.books import opened
    from commands.standing import portrait, show_portrait
    from commands.terminal import say_json

    with opened(database, asking=True) as ledger:
        id_ = ledger.directory.find(who)
        if as_json:
            say_json(portrait(ledger, id_, on, pathway))
        else:
            show_portrait(ledger, id_, on, pathway, as_tree=as_tree)


@learner.command()
@LEARNER
@database_option
@json_option
def history(who: str, database: str, as_json: bool) -> None:
    """Show everything that was recorded of a learner, in order.

    Each line is an event: its number, the day from which it holds, what happened, who said so and
    where it comes from. Awards that follow from a rule are recorded by `cairn`. Nothing is ever
    removed.

    Example:
      cairn learner history s-1042
    """
    from commands.books import event_json, opened
    from commands.happenings import told
    from commands.terminal import say_json, table

    with opened(database, asking=True) as ledger:
        events = ledger.history(ledger.directory.find(who))
    if as_json:
        say_json(
            [
                {
                    "number": recorded.number,
                    "recorded_at": recorded.at.isoformat(),
                    "decided_on": recorded.day.isoformat(),
                    **event_json(recorded.event),
                }
                for recorded in events
            ]
        )
        return
    table(
        ("no.", "on", "what", "by", "source", "recorded"),
        (
            (
                str(recorded.number),
                recorded.event.on.isoformat(),
                told(recorded.event),
                recorded.event.by,
                recorded.event.source,
                f"{recorded.at:%Y-%m-%d %H:%M}",
            )
            for recorded in events
        ),
        right="no.",
    )
