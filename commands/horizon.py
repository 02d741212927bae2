"""`cairn learner forecast | options`: what lies ahead of a learner."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.options import DAY, json_option
from commands.subjects import Subject, about, subjects
from commands.teaching import command
from commands.terminal import say, say_json, table, text
from commands.verdicts import percent, title_of

if TYPE_CHECKING:
    from pathways.horizon import Lapse, Option


@command()
@about
@click.option("--until", type=DAY, required=True, help="The last day to look at.")
@json_option
def forecast(
    who: str | None,
    pathway: str | None,
    record: Path | None,
    on: date,
    database: str,
    until: date,
    as_json: bool,
) -> None:
    """Show what lapses when, if nothing else happens.

    Completions and awards come with their last day, with the credentials that stand otherwise
    from the next day on, and with the last day on which an award can be renewed. An expired lower
    award does not touch a higher one that was made already. Nothing is recorded.

    Example:
      cairn learner forecast s-1042 --until 2027-12-31
    """
    from pathways.horizon import forecast as ahead

    if until < on:
        raise click.UsageError(f"{until} is before {on}")
    found = [
        (subject, ahead(subject.document, subject.record, on, until))
        for subject in subjects(who, pathway, record, database, on)
    ]
    if as_json:
        say_json(
            [
                {
                    "pathway": subject.document.main.pathway,
                    "on": on.isoformat(),
                    "until": until.isoformat(),
                    "lapses": [lapse.to_json() for lapse in lapses],
                }
                for subject, lapses in found
            ]
        )
        return
    for subject, lapses in found:
        _show_forecast(subject, lapses, until)


def _show_forecast(subject: Subject, lapses: tuple[Lapse, ...], until: date) -> None:
    document, main = subject.document, subject.document.main
    say(f"{main.title or main.pathway} ({main.pathway} {main.version})")
    if not lapses:
        say(f"nothing lapses until {until}")
        return
    table(
        ("last day", "what", "renew by", "touches"),
        (
            (
                lapse.last_day.isoformat(),
                title_of(document, lapse.name),
                _renewal(lapse),
                "; ".join(
                    f"{touched.credential}: {touched.after}"
                    if touched.before != touched.after
                    else f"{touched.credential}: {percent(touched.progress[0])} → "
                    f"{percent(touched.progress[1])}"
                    for touched in lapse.touches
                ),
            )
            for lapse in lapses
        ),
    )


def _renewal(lapse: Lapse) -> str:
    if not lapse.renewable:
        return ""
    by = "any time" if lapse.renew_by is None else lapse.renew_by.isoformat()
    return by if lapse.renew_from is None else f"{by}, from {lapse.renew_from}"


@command()
@about
@json_option
def options(
    who: str | None,
    pathway: str | None,
    record: Path | None,
    on: date,
    database: str,
    as_json: bool,
) -> None:
    """List the modules that can be started now, and what completing each would do.

    Those whose prerequisite is met, and that do not count already; the ones that earn, renew or
    advance most come first. What each would do is evaluated by itself, with the best result.

    Example:
      cairn learner options s-1042
    """
    from pathways.horizon import options as open_to

    found = [
        (subject, open_to(subject.document, subject.record, on))
        for subject in subjects(who, pathway, record, database, on)
    ]
    if as_json:
        say_json(
            [
                {
                    "pathway": subject.document.main.pathway,
                    "on": on.isoformat(),
                    "modules": [option.to_json() for option in each],
                }
                for subject, each in found
            ]
        )
        return
    for subject, each in found:
        _show_options(subject, each)


def _show_options(subject: Subject, found: tuple[Option, ...]) -> None:
    document, main = subject.document, subject.document.main
    say(f"{main.title or main.pathway} ({main.pathway} {main.version})")
    if not found:
        say("nothing can be started now that does not count already")
        return
    renewing = any(option.renews for option in found)
    table(
        ("module", "earns", *(("renews",) if renewing else ()), "brings closer"),
        (
            (
                text(
                    ("◐ " if option.in_progress else "  ", "yellow"),
                    title_of(document, option.module),
                ),
                ", ".join(option.earns),
                *([_renewed(option)] if renewing else ()),
                ", ".join(
                    f"{advance.credential} {percent(advance.before)} → {percent(advance.after)}"
                    for advance in option.advances
                ),
            )
            for option in found
        ),
    )


def _renewed(option: Option) -> str:
    return ", ".join(f"{renewed.credential} until {renewed.until}" for renewed in option.renews)
