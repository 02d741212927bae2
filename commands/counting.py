"""How counts of many learners are shown: as text, as CSV, as JSON."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from commands.terminal import counted, say, say_json, table
from commands.verdicts import title_of
from pathways.compile import compiled
from projections.cohort import EVERYBODY, electives, quartiles

if TYPE_CHECKING:
    from projections.cohort import Ask, Group, Tally

#: How many lines a list has at most, where a person reads it.
_SHOWN = 10


def _share(part: int, whole: int) -> str:
    """Write a share rounded down, so that only all of them are 100%.

    >>> _share(199, 200), _share(1, 0)
    ('99%', '')
    """
    return f"{100 * part // whole}%" if whole else ""


def _took(days: Counter[int]) -> tuple[int, int, int] | None:
    return quartiles(days) if days.total() else None


# --- cohorts -------------------------------------------------------------------------------------


def print_text(ask: Ask, version: str, tally: Tally) -> None:
    """Print a cohort for a person."""
    if not tally.groups:
        say(f"nobody follows `{ask.pathway}`")
        return
    for name, group in sorted(tally.groups.items()):
        if name != EVERYBODY:
            say(name)
        _print_group(ask, group)
        say()
    _print_help(ask, version, tally)
    _print_electives(ask, tally)


def _print_group(ask: Ask, group: Group) -> None:
    say(
        f"{group.enrolled:,} enrolled, {group.begun:,} of them have completed a module;"
        f" {group.withdrawn:,} withdrew"
    )
    rows = []
    for ref in compiled(ask.document).credentials:
        took = _took(group.days.get(ref, Counter()))
        quarter, median, third = ("", "", "") if took is None else map(str, took)
        rows.append(
            (
                title_of(ask.document, ref),
                f"{group.holding[ref]:,}",
                _share(group.holding[ref], group.enrolled),
                f"{group.awarded[ref]:,}",
                quarter,
                median,
                third,
            )
        )
    headings = ("credential", "hold", "share", "awarded", "days¼", "days½", "days¾")
    table(headings, rows, right="hold share awarded days¼ days½ days¾")
    stopped = [(ref, number) for ref, number in group.stopped.items() if number]
    total = group.unfinished.total()
    say(
        f"{total:,} are on the way, {sum(number for _, number in stopped):,} of them have completed"
        f" nothing for {ask.idle} days:"
    )
    for ref, number in stopped:
        at = f"after {title_of(ask.document, ref)}" if ref else "before their first credential"
        say(f"  {number:,} {at}")
    for module, number in group.last.most_common(3):
        say(f"  {number:,} after {title_of(ask.document, module)}, their last module")


def _print_help(ask: Ask, version: str, tally: Tally) -> None:
    rows = [
        (
            title_of(ask.document, one["module"]),
            title_of(ask.document, one["credential"]),
            f"{one['awards']:,}",
            f"{one['advances']:,}",
            f"{one['lack']:,}",
        )
        for one in _bottlenecks(tally)[:_SHOWN]
    ]
    if rows:
        say(
            f"what one more module would do today, by the rules of {version}, asked of"
            f" {counted(tally.sampled, 'learner')}:"
        )
        headings = ("module", "credential", "award", "advance", "lack")
        table(headings, rows, right="award advance lack")
        say()


def _print_electives(ask: Ask, tally: Tally) -> None:
    for ref in compiled(ask.document).credentials:
        if ref not in tally.combined:
            continue
        core, rest = electives(tally.combined[ref])
        if len(rest) < 2:
            continue
        common = f", all on {_names(core)}" if core else ""
        say(f"what awards of {title_of(ask.document, ref)} stand on{common}:")
        for names, number in _most(rest)[:5]:
            say(f"  {_share(number, rest.total()):>4}  {number:,}  {_names(names) or 'that alone'}")


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def _most(counts: Counter[tuple[str, ...]]) -> list[tuple[tuple[str, ...], int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _bottlenecks(tally: Tally) -> list[dict[str, Any]]:
    """Return what one more module would do, what would bring most awards first."""
    pairs = tally.awards.keys() | tally.advances.keys()
    found = [
        {
            "credential": credential,
            "module": module,
            "awards": tally.awards[credential, module],
            "advances": tally.advances[credential, module],
            "lack": tally.asked[credential],
        }
        for credential, module in pairs
    ]
    return sorted(
        found,
        key=lambda one: (-one["awards"], -one["advances"], one["credential"], one["module"]),
    )


def print_json(ask: Ask, version: str, tally: Tally) -> None:
    """Print a cohort as data."""
    say_json(
        {
            "pathway": ask.pathway,
            "rules": version,
            "on": ask.on.isoformat(),
            "by": ask.by,
            "idle_days": ask.idle,
            "groups": [
                {
                    "group": name,
                    "enrolled": group.enrolled,
                    "withdrawn": group.withdrawn,
                    "begun": group.begun,
                    "credentials": list(_credentials(ask, group)),
                    "stopped_after_module": dict(group.last.most_common()),
                }
                for name, group in sorted(tally.groups.items())
            ],
            "sampled": tally.sampled,
            "one_more_module": _bottlenecks(tally),
            "stand_on": [
                {
                    "credential": ref,
                    "common": list(core),
                    "combinations": [
                        {"with": list(names), "awards": number} for names, number in _most(rest)
                    ],
                }
                for ref in tally.combined
                for core, rest in [electives(tally.combined[ref])]
            ],
        }
    )


def _credentials(ask: Ask, group: Group) -> Iterator[dict[str, Any]]:
    for ref in ("", *compiled(ask.document).credentials):
        took = _took(group.days.get(ref, Counter()))
        quarter, median, third = (None, None, None) if took is None else took
        yield {
            "credential": ref or None,
            "holding": group.holding[ref],
            "awarded": group.awarded[ref],
            "days_first_quartile": quarter,
            "days_median": median,
            "days_third_quartile": third,
            "on_the_way_from_here": group.unfinished[ref],
            "stopped_here": group.stopped[ref],
        }


def print_csv(ask: Ask, tally: Tally) -> None:
    """Print one line for each group and credential."""
    sheet = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for name, group in sorted(tally.groups.items()):
        for row in _credentials(ask, group):
            line = {"group": name, "enrolled": group.enrolled, "begun": group.begun, **row}
            if writer is None:
                writer = csv.DictWriter(sheet, list(line), lineterminator="\n")
                writer.writeheader()
            writer.writerow(line)
    say(sheet.getvalue().rstrip("\n"))


# --- migrations ----------------------------------------------------------------------------------


def print_preview(told: Mapping[str, Any]) -> None:
    """Print what moving learners would do."""
    say(
        f"{counted(told['learners'], 'learner')} to be moved"
        + (f", {told['stay']:,} stay" if told.get("stay") else "")
    )
    if "worse" in told and told["learners"]:
        same = told["learners"] - told["better"] - told["worse"]
        say(f"{told['better']:,} would stand better, {told['worse']:,} worse, {same:,} the same")
    rows = [
        (credential, before, after, f"{number:,}")
        for credential, befores in told["standings"].items()
        for before, afters in befores.items()
        for after, number in afters.items()
        if before != after
    ]
    if rows:
        table(("credential", "before", "after", "learners"), rows, right="learners")
