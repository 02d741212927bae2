"""How an impact is shown: as text, JSON, CSV and a page; and shown again after every edit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from commands.terminal import counted, say, say_json, table
from commands.verdicts import title_of
from pathways.awards import assess
from pathways.compile import compiled
from pathways.diff import diff
from pathways.impact import POLICIES, TURNS, Turn, by_change, touched

if TYPE_CHECKING:
    from pathways.document import Document
    from pathways.impact import Effect, Example, Impact
    from projections.impact import Ask, Watch

#: The colours of a chart, each with the turn that it stands for.
_COLOURS = {
    Turn.GAINS: "#1a7f37",
    Turn.CLOSER: "#8fd19e",
    Turn.UNCHANGED: "#d8dee4",
    Turn.FURTHER: "#f2b8a0",
    Turn.LOSES: "#b3261e",
}
_WIDE = 640


@dataclass(frozen=True, slots=True)
class Shown:
    """How it is shown; `chosen` are the policies by version."""

    names: bool = False
    csv: bool = False
    json: bool = False
    html: Path | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)


def show(ask: Ask, impact: Impact, shown: Shown) -> None:
    """Show an impact in the way that was asked for."""
    told = _told(ask, impact, shown)
    if shown.html is not None:
        shown.html.write_text("\n".join(_page(told)) + "\n", encoding="utf-8")
    if shown.json:
        say_json(told)
    elif shown.csv:
        _print_csv(told)
    else:
        _print_text(told)
        if shown.html is not None:
            say(f"the page is `{shown.html}`")


def watch(file: Path, ask: Ask, everybody: Watch, shown: Shown) -> None:
    """Show an impact now, and again whenever the file is saved; ends with Ctrl-C."""
    from watchfiles import watch as saves

    from pathways.problems import CairnError
    from pathways.source import load_pathway

    def again(ask: Ask) -> None:
        start = perf_counter()
        show(ask, everybody.look(ask), shown)
        say(f"measured in {perf_counter() - start:.1f} s; watching `{file}`", err=True)

    again(ask)
    for _ in saves(file.resolve().parent, watch_filter=lambda _, path: path.endswith(".yaml")):
        try:
            document = load_pathway(file).document
        except CairnError as error:
            say(str(error), err=True)
            continue
        if document.digest != ask.draft.digest:
            ask = replace(ask, draft=document)
            again(ask)


# --- as plain data -------------------------------------------------------------------------------


def _told(ask: Ask, impact: Impact, shown: Shown) -> dict[str, Any]:
    """Tell it all as plain data, which the other forms are made of."""
    return {
        "pathway": ask.pathway,
        "on": ask.on.isoformat(),
        "draft": ask.draft.digest,
        "versions": list(ask.versions),
        "learners": sum(cohort.learners for cohort in impact.cohorts.values()),
        "exact": {
            "learners": impact.count.exact,
            "records": impact.count.distinct,
            "because": dict(sorted(impact.count.because.items())),
        },
        "changes": _changes(ask, impact),
        "credentials": [
            {
                "credential": ref,
                "title": title_of(_in(ask, ref), ref),
                "before": effect.before,
                "after": effect.after,
                **{turn.value: effect.turns[turn] for turn in TURNS},
                "keep": effect.keep,
                "in_flight": effect.flight,
                "examples": _examples(ask, ref, effect, shown),
            }
            for ref, effect in _ordered(ask, impact)
        ],
        "cohorts": [
            {
                "version": version,
                "learners": cohort.learners,
                "in_flight": cohort.flight,
                "better": cohort.better,
                "worse": cohort.worse,
                "mixed": cohort.mixed,
                "unchanged": cohort.same,
                "policies": {policy: cohort.under(policy) for policy in POLICIES},
                "chosen": shown.chosen.get(version),
            }
            for version, cohort in impact.cohorts.items()
        ],
    }


def _in(ask: Ask, ref: str) -> Document:
    """The document that knows a credential: the draft, if it does."""
    return next(d for d in (ask.draft, *ask.versions.values()) if ref in d.credentials)


def _ordered(ask: Ask, impact: Impact) -> Iterator[tuple[str, Effect]]:
    first = [ref for ref in compiled(ask.draft).credentials if ref in impact.effects]
    for ref in dict.fromkeys((*first, *impact.effects)):
        yield ref, impact.effects[ref]


def _changes(ask: Ask, impact: Impact) -> list[dict[str, Any]]:
    """What changed since each version that somebody is on, with what it may have moved."""
    told = []
    for version, document in ask.versions.items():
        if version not in impact.cohorts:
            continue
        changes = diff(document, ask.draft)
        concerned = by_change([change.place for change in changes], ask.draft)
        moved = touched(document, ask.draft)
        for change in changes:
            may = concerned[change.place] & moved if change.moves else frozenset()
            refs = [ref for ref, _ in _ordered(ask, impact) if ref in may]
            told.append(
                {
                    "version": version,
                    **change.to_json(),
                    "credentials": refs,
                    **{
                        turn.value: sum(impact.effects[ref].turns[turn] for ref in refs)
                        for turn in TURNS
                        if turn is not Turn.UNCHANGED
                    },
                }
            )
    return told


def _examples(ask: Ask, ref: str, effect: Effect, shown: Shown) -> list[dict[str, Any]]:
    return [
        {
            "kind": turn.value,
            "learner": example.learner if shown.names else None,
            "version": example.version,
            "completed": len(example.record.completed),
            "before": float(example.before),
            "after": float(example.after),
            "missing": _missing(ask, ref, example),
        }
        for turn in TURNS
        for example in effect.examples.get(turn, ())
    ]


def _missing(ask: Ask, ref: str, example: Example) -> str | None:
    """What the draft asks for that the example lacks."""
    if ref not in ask.draft.credentials:
        return None
    verdict = assess(ask.draft, example.record, ask.on).standings[ref].verdict
    return None if verdict is None or verdict.missing is None else verdict.missing.text


# --- text and CSV --------------------------------------------------------------------------------

_COLUMNS = ("before", "after", *(turn.value for turn in TURNS), "keep", "in_flight")


def _print_text(told: dict[str, Any]) -> None:
    if not told["learners"]:
        say(f"nobody follows `{told['pathway']}`")
        return
    say(f"{counted(told['learners'], 'learner')} of `{told['pathway']}` on {told['on']}")
    say()
    for change in told["changes"]:
        say(
            f"{change['version']} → draft: {change['place']}: {change['text']} ({change['effect']})"
        )
        if change["credentials"]:
            moved = ", ".join(
                f"{change[turn.value]:,} {turn.value}"
                for turn in TURNS
                if turn is not Turn.UNCHANGED
            )
            say(f"    {', '.join(change['credentials'])}: {moved}")
    say()
    headings = ("credential", "before", "after", *(t.value for t in TURNS), "keep", "flight")
    rows = [
        (each["title"], *(f"{each[name]:,}" for name in _COLUMNS)) for each in told["credentials"]
    ]
    table(headings, rows, right=" ".join(headings[1:]))
    say()
    for cohort in told["cohorts"]:
        say(
            f"{counted(cohort['learners'], 'learner')} on {cohort['version']},"
            f" {cohort['in_flight']:,} in flight: {cohort['better']:,} would stand better,"
            f" {cohort['worse']:,} worse, {cohort['mixed']:,} both,"
            f" {cohort['unchanged']:,} the same"
        )
        for policy, means in cohort["policies"].items():
            if cohort["chosen"] in (None, policy):
                say(
                    f"    {_POLICY[policy]}: {means['move']:,} move,"
                    f" {means['gain']:,} gain a credential, {means['lose']:,} lose one"
                )
    _print_examples(told)
    exact = told["exact"]
    if exact["learners"]:
        say()
        say(
            f"of {2 * told['learners']:,} answers, before and after, {exact['learners']:,} were"
            f" found one by one, from {counted(exact['records'], 'distinct record')}:"
        )
        for why, number in sorted(exact["because"].items(), key=lambda each: -each[1]):
            say(f"    {number:,}: {why}")


_POLICY = {"keep": "keep all", "move": "move all", "choose": "let them choose"}


def _print_examples(told: dict[str, Any]) -> None:
    for each in told["credentials"]:
        for place, example in enumerate(each["examples"], start=1):
            if place == 1:
                say()
                say(each["title"])
            who = example["learner"] or f"one on {example['version']}"
            missing = f"; {example['missing']}" if example["missing"] else ""
            say(
                f"    {example['kind']}: {who},"
                f" {counted(example['completed'], 'completion')},"
                f" {_percent(example['before'])} → {_percent(example['after'])}{missing}"
            )


def _percent(share: float) -> str:
    """Write a share rounded down, so that only all of it is 100%.

    >>> _percent(0.9999), _percent(1.0)
    ('99%', '100%')
    """
    return f"{int(share * 100)}%"


def _print_csv(told: dict[str, Any]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("credential", *_COLUMNS))
    for each in told["credentials"]:
        writer.writerow((each["credential"], *(each[name] for name in _COLUMNS)))
    say(out.getvalue().rstrip("\n"))


# --- a page --------------------------------------------------------------------------------------


def _page(told: dict[str, Any]) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">'
    yield f"<title>Impact on {escape(told['pathway'])}</title>"
    yield (
        "<style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;"
        "padding:0 1rem}table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;"
        "text-align:left;vertical-align:top}td.n{text-align:right}</style>"
    )
    yield f"<h1>What the draft of {escape(told['pathway'])} would do</h1>"
    yield f"<p>{told['learners']:,} learners, {told['on']}. Nothing was recorded.</p>"
    yield "<h2>What changed</h2><ul>"
    for change in told["changes"]:
        yield (
            f"<li>{escape(change['version'])} → draft: {escape(change['place'])}: "
            f"{escape(change['text'])} ({change['effect']})"
        )
        if change["credentials"]:
            moved = ", ".join(f"{change[t.value]:,} {t.value}" for t in TURNS if t.value in change)
            yield f"<br><small>{escape(', '.join(change['credentials']))}: {moved}</small>"
    yield "</ul>\n<h2>By credential</h2><p>"
    for turn, colour in _COLOURS.items():
        yield f'<span style="color:{colour}">■</span> {turn.value}&ensp;'
    yield "</p>"
    for each in told["credentials"]:
        yield f"<h3>{escape(each['title'])}</h3>{_bar(each)}"
        yield (
            f"<p>{each['before']:,} before, {each['after']:,} after; of those who lose it "
            f"{each['keep']:,} hold an award and keep it; "
            f"{each['in_flight']:,} were on the way.</p>"
        )
        if each["examples"]:
            yield "<details><summary>Examples</summary><ul>"
            for example in each["examples"]:
                who = example["learner"] or f"one on {example['version']}"
                yield (
                    f"<li>{example['kind']}: {escape(who)}, {_percent(example['before'])} → "
                    f"{_percent(example['after'])} {escape(example['missing'] or '')}"
                )
            yield "</ul></details>"
    yield "<h2>By version</h2><table><tr><th>version<th>learners<th>in flight<th>better<th>worse"
    yield "<th>both<th>same<th>policy<th>move<th>gain<th>lose"
    for cohort in told["cohorts"]:
        for policy, means in cohort["policies"].items():
            if cohort["chosen"] in (None, policy):
                figures = (
                    *(cohort[name] for name in ("learners", "in_flight", "better", "worse")),
                    *(cohort[name] for name in ("mixed", "unchanged")),
                )
                yield (
                    f"<tr><td>{escape(cohort['version'])}"
                    + "".join(f'<td class="n">{number:,}' for number in figures)
                    + f"<td>{_POLICY[policy]}"
                    + "".join(f'<td class="n">{number:,}' for number in means.values())
                )
    yield "</table>\n</html>"


def _bar(each: dict[str, Any]) -> str:
    """One bar in which every turn has the width of its share."""
    total = sum(each[turn.value] for turn in TURNS) or 1
    parts, left = [], 0.0
    for turn, colour in _COLOURS.items():
        width = _WIDE * each[turn.value] / total
        if width:
            title = f"{each[turn.value]:,} {turn.value}"
            parts.append(
                f'<rect x="{left:.1f}" width="{width:.1f}" height="24" fill="{colour}">'
                f"<title>{title}</title></rect>"
            )
        left += width
    name = ", ".join(f"{each[turn.value]:,} {turn.value}" for turn in TURNS)
    return (
        f'<svg role="img" aria-label="{name}" viewBox="0 0 {_WIDE} 24" width="100%">'
        f"{''.join(parts)}</svg>"
    )
