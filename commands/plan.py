"""`cairn plan` and `cairn nearest`: the cheapest ways from where a learner stands."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.errors import UnusableError
from commands.failures import Exit
from commands.options import DAY, json_option
from commands.subjects import Subject, about, subjects
from commands.teaching import command
from commands.terminal import counted, draw, say, say_json, table, text
from commands.verdicts import Parts, title_of

if TYPE_CHECKING:
    from pathways.horizon import Nearest
    from pathways.plan import Plan, Wishes

AIMS = ("modules", "credits", "hours", "price", "time")


def _limits(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> Any:
    from pathways.plan import Limit

    limits = []
    for value in values:
        amount, _, measure = value.strip().partition(" ")
        try:
            most = Decimal(amount)
        except InvalidOperation:
            most = Decimal(-1)
        measure = measure.strip()
        if not most.is_finite() or most < 0 or measure not in AIMS[:-1]:
            raise click.BadParameter(
                f"`{value}`: write it as `600 price`; the measures are {', '.join(AIMS[:-1])}",
                ctx,
                param,
            )
        limits.append(Limit(most, measure))  # type: ignore[arg-type]
    return tuple(limits)


def _pace(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    from pathways.pace import PaceError, parse_pace

    if value is None:
        return None
    try:
        return parse_pace(value)
    except PaceError as error:
        raise click.BadParameter(f"{error}; {error.help}", ctx, param) from None


@command()
@about
@click.option("--to", metavar="CREDENTIAL", required=True, help="Where to.")
@click.option(
    "--minimise", type=click.Choice(AIMS), default="modules", show_default=True, help="The aim."
)
@click.option("--then", type=click.Choice(AIMS), help="A second aim, where the first is a tie.")
@click.option("--only", metavar="MODULE", multiple=True, help="Choose from these modules only.")
@click.option("--avoid", metavar="MODULE", multiple=True, help="Do without this module.")
@click.option(
    "--at-most",
    metavar='"N MEASURE"',
    multiple=True,
    callback=_limits,
    help='A limit, such as "600 price" or "40 credits".',
)
@click.option("--start", type=DAY, help="The first day of work, with a pace.  [default: --on]")
@click.option(
    "--pace",
    metavar='"N UNIT/PERIOD"',
    callback=_pace,
    help='How fast: "10 hours/week", "30 credits/term". Modules are laid end to end.',
)
@click.option("--by", type=DAY, help="The last day for the award; it may come after the modules.")
@click.option(
    "--score", metavar="SCORE|GRADE", help="What to assume of each.  [default: whatever is asked]"
)
@click.option(
    "--alternatives",
    metavar="N",
    type=click.IntRange(0, 50),
    default=0,
    help="Show so many different plans more, next best first.",
)
@json_option
def plan(
    who: str | None,
    pathway: str | None,
    record: Path | None,
    on: date,
    database: str,
    to: str,
    minimise: str,
    then: str | None,
    only: tuple[str, ...],
    avoid: tuple[str, ...],
    at_most: Any,
    start: date | None,
    pace: Any,
    by: date | None,
    score: str | None,
    alternatives: int,
    as_json: bool,
) -> int:
    """Find the cheapest set of modules that leads to a credential.

    The plan is exact: it is found over the same rules that make awards, in an order in which each
    prerequisite comes before what needs it, and it says whether it is proven to be the cheapest.
    Without a pace everything is completed on the day; with one, windows and expiry are minded.
    Where there is no way, it says what stands in it. The exit code is 1 then. Nothing is recorded.

    Example:
      cairn plan s-1042 --to office-data-diploma --minimise price
      cairn plan --pathway office-skills.pathway.yaml --to office-data-diploma --avoid charts
    """
    from pathways.plan import PlanError, plans

    wishes = _wishes(minimise, then, only, avoid, at_most, start, pace, by, score)
    subject = _leading_to(to, subjects(who, pathway, record, database, on))
    try:
        found = plans(subject.document, subject.record, to, on, wishes, number=1 + alternatives)
    except PlanError as error:
        raise UnusableError(str(error), error.help) from None
    if as_json:
        written = found[0].to_json()
        if alternatives:
            written["alternatives"] = [each.to_json() for each in found[1:]]
        say_json(written)
    else:
        for number, each in enumerate(found):
            if number:
                say()
            show_plan(subject, each, other=number > 0)
    return Exit.DONE if found[0].found else Exit.FINDINGS


def _wishes(
    minimise: Any,
    then: Any,
    only: tuple[str, ...],
    avoid: tuple[str, ...],
    at_most: Any,
    start: date | None,
    pace: Any,
    by: date | None,
    score: str | None,
) -> Wishes:
    from pathways.plan import Wishes

    number: Decimal | None = None
    if score is not None:
        try:
            number = Decimal(score)
        except InvalidOperation:
            number = None
    if start is not None and pace is None:
        raise click.UsageError("--start needs --pace: how fast is it to go?")
    return Wishes(
        minimise=minimise,
        then=then,
        only=frozenset(only) or None,
        avoid=frozenset(avoid),
        at_most=at_most,
        score=number,
        grade=score if number is None else None,
        start=start,
        pace=pace,
        by=by,
    )


def _leading_to(to: str, candidates: list[Subject]) -> Subject:
    """Return the subject whose rules know a credential; any, where none does."""
    return next((each for each in candidates if to in each.document.credentials), candidates[0])


def show_plan(subject: Subject, plan: Plan, *, other: bool = False) -> None:
    """Print a plan, or what stands in the way of one."""
    document = subject.document
    goal = title_of(document, plan.to)
    if plan.held_already:
        until = "" if plan.held_until is None else f", until {plan.held_until}"
        say(f"{goal} is held already{until}")
        return
    if not plan.found:
        if plan.optimal or plan.conflict:
            say(f"There is no way to {goal}:" if plan.optimal else f"No way to {goal} was found:")
        else:
            say(f"The search for a way to {goal} ran into its bound, and found none yet.")
        for obstacle in plan.conflict or ():
            draw(text("  ", ("✗ ", "red"), obstacle.text))
        return
    say(f"{'Or' if other else 'The way'} to {goal}: {_cost(plan)}, {_proof(plan)}")
    if plan.steps:
        table(
            ("", "module", "by", "credits", "hours", "price", ""),
            (
                (
                    str(number),
                    title_of(document, step.module),
                    step.on.isoformat(),
                    *_facts(subject, step),
                )
                for number, step in enumerate(plan.steps, 1)
            ),
            right="credits hours price",
        )
    if free := _free(subject, plan):
        say(f"what says no {plan.minimise.removesuffix('s')} counts as nothing: {free}")
    for gain in plan.awards:
        parts: Parts = [
            ("✓ ", "green"),
            title_of(document, gain.credential),
            (f"  {gain.on}", "dim"),
        ]
        if gain.elsewhere:
            parts = [("→ ", "yellow"), title_of(document, gain.credential), "  to be got elsewhere"]
        elif gain.approval:
            parts = [
                ("◐ ", "yellow"),
                title_of(document, gain.credential),
                (f"  {gain.on}", "dim"),
                "  once it is approved",
            ]
        draw(text(*parts))
    if plan.score is not None:
        say(f"each with a score of {plan.score} or more")
    if plan.grade is not None:
        say(f"each with grade `{plan.grade}` or better")


def _cost(plan: Plan) -> str:
    from pathways.document import plain

    assert plan.cost is not None
    if plan.minimise == "time":
        return counted(int(plan.cost), "day")
    if plan.minimise == "price":
        return f"a price of {plain(plan.cost)}"
    noun = plan.minimise.removesuffix("s")
    return f"{plain(plan.cost)} {noun if plan.cost == 1 else noun + 's'}"


def _free(subject: Subject, plan: Plan) -> str:
    """The modules of a plan for which nobody has said what it makes little of."""
    if plan.minimise not in ("price", "hours"):
        return ""
    place = ("credits", "hours", "price").index(plan.minimise)
    silent = (step.module for step in plan.steps if not _facts(subject, step)[place])
    return ", ".join(f"`{module}`" for module in silent)


def _proof(plan: Plan) -> str:
    from pathways.document import plain

    if plan.optimal:
        return "and nothing cheaper is possible"
    return f"which may not be the cheapest (none is below {plain(plan.bound)})"


def _facts(subject: Subject, step: Any) -> tuple[str, str, str, str]:
    from pathways.document import plain
    from pathways.routes import measure_of

    entry = step.completed
    credits, hours = (measure_of(subject.document, entry, unit) for unit in ("credits", "hours"))
    price = subject.document.modules[entry.module][0].price
    stated = []
    if entry.source != "course":
        stated.append(f"as `{entry.source}`")
    if entry.groups:
        stated.append("in " + ", ".join(f"`{group}`" for group in entry.groups))
    return (
        plain(credits) if credits else "",
        plain(hours) if hours else "",
        "" if price is None else plain(price),
        ", ".join(stated),
    )


@command()
@about
@click.option(
    "--minimise",
    type=click.Choice(AIMS[:-1]),
    default="modules",
    show_default=True,
    help="By which measure.",
)
@json_option
def nearest(
    who: str | None,
    pathway: str | None,
    record: Path | None,
    on: date,
    database: str,
    minimise: Any,
    as_json: bool,
) -> None:
    """List the credentials within reach, nearest first, with what each still needs.

    The remainder of each is a plan of its own: the cheapest set of modules, exactly. Below stand
    the single modules that would bring most of these credentials closer. Nothing is recorded.

    Example:
      cairn nearest s-1042
      cairn nearest s-1042 --minimise price
    """
    from pathways.horizon import nearest as reach
    from pathways.plan import Wishes

    found = [
        (subject, reach(subject.document, subject.record, on, Wishes(minimise=minimise)))
        for subject in subjects(who, pathway, record, database, on)
    ]
    if as_json:
        say_json(
            [
                {"pathway": subject.document.main.pathway, **each.to_json()}
                for subject, each in found
            ]
        )
        return
    for subject, each in found:
        _show_nearest(subject, each)


def _show_nearest(subject: Subject, found: Nearest) -> None:
    document, main = subject.document, subject.document.main
    say(f"{main.title or main.pathway} ({main.pathway} {main.version})")
    if not found.plans:
        say("nothing more is within reach")
        return
    table(
        ("credential", "still needs", "modules"),
        (
            (
                title_of(document, plan.to),
                _cost(plan),
                ", ".join(step.module for step in plan.steps) or "approval",
            )
            for plan in found.plans
        ),
    )
    if found.levers:
        say()
        table(
            ("module", "brings closer"),
            (
                (title_of(document, module), ", ".join(credentials))
                for module, credentials in found.levers[:10]
            ),
        )
