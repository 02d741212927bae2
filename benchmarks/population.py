"""Everybody at once: the columns against numpy written by hand, and against one by one.

Learners have 40 completions each of the 60 modules of a pathway with twelve credentials, stacked in
three tiers. The expression by hand knows this pathway alone; it gives the same day and the same
progress for each credential. `CAIRN_BENCH_PEOPLE=1000000` is the size that docs/scale.md tells of.
"""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.figures import best_of, seconds, table
from pathways.awards import assess
from pathways.columns import NEVER, NOT_GIVEN, NOT_SAID, Population, same
from pathways.document import Document, Record
from pathways.impact import impact, touched
from pathways.population import CHUNK, Memory, Standings, stand
from pathways.source import load_pathway
from projections.columns import LEARNERS, SCHEMAS, Part, write_run
from projections.impact import Ask, Watch, measured
from projections.partitions import Sharing

PEOPLE = int(os.environ.get("CAIRN_BENCH_PEOPLE", "100000"))
SAMPLE = 500
COMPLETIONS = 40
MODULES = 60
ON = date(2026, 6, 30)

#: Eight badges of one subject each, three certificates of badges and electives, and a diploma.
BADGES = [(f"badge-{number}", range(number * 6, number * 6 + 6)) for number in range(8)]


def _pathway() -> str:
    lines = ["pathway: bench", 'version: "1"', "modules:"]
    for number in range(MODULES):
        lines.append(
            f"  m-{number}: {{credits: {(5, 10, 15)[number % 3]}, groups: g-{number // 6}}}"
        )
    lines.append("credentials:")
    for place, (ref, modules) in enumerate(BADGES):
        names = [f"m-{number}" for number in modules]
        if place % 2:
            rule = f"{{count: 4, from: {{groups: g-{place}}}}}"
        else:
            both = f"all: [{names[0]}, {names[1]}, {{any: [{names[2]}, {names[3]}]}}]"
            rule = f"{{{both}}}"
        lines.append(f"  {ref}: {{credits: 20, requires: {rule}}}")
    for place in range(3):
        some = ", ".join(ref for ref, _ in BADGES[place * 2 : place * 2 + 4])
        electives = "{credits: 30, from: {groups: [g-8, g-9]}}"
        lines.append(
            f"  certificate-{place}: "
            f"{{requires: {{all: [{{at_least: 2, of: [{some}]}}, {electives}]}}}}"
        )
    some = ", ".join(f"certificate-{place}" for place in range(3))
    lines.append(
        f"  diploma: {{requires: {{all: [{{at_least: 2, of: [{some}]}},"
        " {credits: 240, from: {type: module}}]}}"
    )
    return "\n".join(lines)


def _document(text: str) -> Document:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "bench.pathway.yaml")
        file.write_text(text, encoding="utf-8")
        return load_pathway(file).document


def people(number: int, seed: int = 1) -> Population:
    """Learners of whom each has completed 40 modules, now and then one of them again."""
    dice = np.random.default_rng(seed)
    total = number * COMPLETIONS
    module = dice.integers(0, MODULES, total, np.int32)
    last = ON.toordinal()
    on = dice.integers(last - 2_000, last + 1, total, np.int32)
    on = np.sort(on.reshape(number, COMPLETIONS), axis=1).ravel()
    none = np.zeros(number + 1, np.int64)
    empty = np.zeros(0, np.int32)
    return Population(
        learners=same(0, number),  # type: ignore[arg-type]
        modules=tuple(f"m-{each}" for each in range(MODULES)),
        credentials=(),
        grades=(),
        sources=("course",),
        groupings=(),
        enrolled=same(last - 2_100, number),
        start=np.arange(number + 1, dtype=np.int64) * COMPLETIONS,
        module=module,
        on=on,
        revoked=same(NEVER, total),
        expires=same(NOT_SAID, total),
        score=same(NOT_GIVEN, total, np.int64),
        credits=same(NOT_GIVEN, total, np.int64),
        hours=same(NOT_GIVEN, total, np.int64),
        level=same(NOT_GIVEN, total, np.int64),
        grade=same(NOT_GIVEN, total, np.int16),
        source=same(0, total, np.int16),
        groups=same(NOT_GIVEN, total, np.int16),
        held_start=none,
        held=empty,
        held_on=empty,
        held_expires=empty,
        begun_start=none,
        begun=empty,
        begun_on=empty,
        approved_start=none,
        approved=empty,
    )


# --- by hand -------------------------------------------------------------------------------------


def by_hand(population: Population) -> dict[str, tuple[Any, Any]]:
    """The day and the progress of each credential, as one would write it for this pathway."""
    parts = [
        _by_hand(population.part(first, min(first + CHUNK, len(population))))
        for first in range(0, len(population), CHUNK)
    ]
    return {
        ref: (
            np.concatenate([part[ref][0] for part in parts]),
            np.concatenate([part[ref][1] for part in parts]),
        )
        for ref in parts[0]
    }


def _by_hand(part: Population) -> dict[str, tuple[Any, Any]]:
    size = len(part)
    first = np.full((MODULES, size), NEVER, np.int32)
    owner = np.repeat(np.arange(size), np.diff(part.start))
    # The earliest is written last.
    first.ravel()[(part.module * np.int64(size) + owner)[::-1].copy()] = part.on[::-1].copy()
    credits = np.array([(5, 10, 15)[number % 3] for number in range(MODULES)])
    found: dict[str, tuple[Any, Any]] = {}
    for place, (ref, modules) in enumerate(BADGES):
        m = first[modules[0] : modules[-1] + 1]
        if place % 2:
            day = np.partition(m, 3, axis=0)[3]
            progress = np.minimum((m != NEVER).sum(axis=0), 4) / 4
        else:
            either = np.minimum(m[2], m[3])
            day = np.maximum(np.maximum(m[0], m[1]), either)
            progress = ((m[0] != NEVER).astype(int) + (m[1] != NEVER) + (either != NEVER)) / 3
        found[ref] = (day, progress)

    def worth(rows: slice, need: int) -> tuple[Any, Any]:
        days, each = first[rows], credits[rows]
        order = np.argsort(days, axis=0)
        sums = np.cumsum(each[order], axis=0)
        enough = sums >= need
        day = np.take_along_axis(np.take_along_axis(days, order, 0), enough.argmax(axis=0)[None], 0)
        total = ((days != NEVER) * each[:, None]).sum(axis=0)
        return np.where(enough[-1], day[0], NEVER), np.minimum(total / need, 1)

    electives = worth(slice(48, 60), 30)
    for place in range(3):
        badges = np.stack([found[ref][0] for ref, _ in BADGES[place * 2 : place * 2 + 4]])
        two = np.partition(badges, 1, axis=0)[1]
        share = np.minimum((badges != NEVER).sum(axis=0), 2) / 2
        day = np.maximum(two, electives[0])
        found[f"certificate-{place}"] = (day, (share + electives[1]) / 2)
    certificates = np.stack([found[f"certificate-{place}"][0] for place in range(3)])
    all_ = worth(slice(0, 60), 240)
    day = np.maximum(np.partition(certificates, 1, axis=0)[1], all_[0])
    share = np.minimum((certificates != NEVER).sum(axis=0), 2) / 2
    found["diploma"] = (day, (share + all_[1]) / 2)
    return found


def _agree(told: Standings, hand: dict[str, tuple[Any, Any]]) -> bool:
    return all(
        bool((told.columns[ref].awarded_on == day).all())
        and bool(
            np.allclose(
                told.columns[ref].progress.astype(float) / told.columns[ref].whole,
                progress,
                atol=2e-4,
            )
        )
        for ref, (day, progress) in hand.items()
    )


# --- the figures ---------------------------------------------------------------------------------


def run() -> None:
    """Print the figures."""
    document, draft = (
        _document(_pathway()),
        _document(_pathway().replace("credits: 240", "credits: 260")),
    )
    everybody = people(PEOPLE)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kept: list[Any] = []

    def once(call: Callable[[], Any]) -> Callable[[], None]:
        def inner() -> None:
            kept[:] = [call()]

        return inner

    kernel = best_of(once(lambda: stand(document, everybody, ON)), 2)
    told: Standings = kept[0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    hand = best_of(once(lambda: by_hand(everybody)), 2)
    agree = _agree(told, kept[0])
    sample = [everybody.record_of(place) for place in range(SAMPLE)]
    alone = seconds(lambda: _ask(document, sample))
    same_ = all(
        told.columns[ref].of(place)[0] is standing.outcome
        and told.columns[ref].of(place)[1] == standing.progress
        and told.columns[ref].of(place)[2] == standing.awarded_on
        for place, record in enumerate(sample)
        for ref, standing in assess(document, record, ON).standings.items()
    )
    each = alone / SAMPLE
    changed = touched(document, draft)
    memory = Memory()
    stand(document, everybody, ON, memory=memory)
    known = {ref: column for ref, column in told.columns.items() if ref not in changed}
    again = seconds(
        once(lambda: stand(draft, everybody, ON, only=changed, known=known, memory=memory))
    )
    after = {**told.columns, **kept[0].columns}
    compared = seconds(lambda: impact("1", everybody, told.columns, after, {}, ("diploma",), 2))
    table(
        f"{PEOPLE:,} learners, {COMPLETIONS} completions each, {len(told.columns)} credentials",
        [
            ("all at once", f"{kernel:.2f} s, {PEOPLE / kernel:,.0f} learners/s"),
            ("left to the one-learner evaluator", f"{told.count.exact:,}"),
            ("by hand", f"{hand:.2f} s; the columns take {kernel / hand:.1f} times as long"),
            ("they agree", str(agree)),
            (
                "one by one",
                f"{1000 * each:.2f} ms each; the columns {each * PEOPLE / kernel:,.0f}x",
            ),
            (f"equal for {SAMPLE} of them", str(same_)),
            (f"a draft with {len(changed)} credential changed", f"{again:.2f} s"),
            ("compared", f"{compared:.2f} s"),
            ("columns", f"{everybody.nbytes / PEOPLE:.0f} bytes a learner"),
            ("more at the peak", f"{(peak - before) * 1024 / PEOPLE:.0f} bytes a learner"),
        ],
    )
    rows = []
    number = min(10_000, PEOPLE)
    while number <= PEOPLE:
        part = everybody.part(0, number)
        took = best_of(lambda part=part: stand(document, part, ON), 2)  # type: ignore[misc]
        rows.append((f"{number:,}", f"{took:.3f} s, {1e6 * took / number:.2f} µs a learner"))
        number *= 10
    table("growth", rows)
    middle = _document(_pathway().replace("credits: 30,", "credits: 40,"))
    _whole(everybody, document, [draft, middle])


def _ask(document: Document, records: list[Record]) -> None:
    for record in records:
        for standing in assess(document, record, ON).standings.values():
            _ = standing.outcome, standing.progress


# --- the whole command, from the files -----------------------------------------------------------


def _written(folder: Path, population: Population) -> list[Part]:
    """Write columns as `projections.columns` would: all learners are on version 1."""
    parts, above = [], ""
    for first in range(0, len(population), _PART):
        part = population.part(first, min(first + _PART, len(population)))
        ids = [f"{number:032x}" for number in range(first, first + len(part))]
        run = write_run(folder, _tables(part, ids), whole=True)
        parts.append(Part(folder, above, ids[-1], (run.name,)))
        above = ids[-1]
    return parts


#: So many learners are in one file, as when the columns are made anew.
_PART = 25_000


def _tables(part: Population, ids: list[str]) -> dict[str, Any]:
    epoch = date(1970, 1, 1).toordinal()
    size, total = len(part), part.completions

    def words(names: list[str], places: Any) -> Any:
        return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), pa.array(names))

    def days(numbers: Any) -> Any:
        return pa.array(numbers - epoch, pa.int32()).cast(pa.date32())

    def filled(schema: Any, rows: int, said: dict[str, Any]) -> Any:
        return pa.table(
            {field.name: said.get(field.name, pa.nulls(rows, field.type)) for field in schema},
            schema=schema,
        )

    none, one = np.zeros(size, np.int32), np.ones(size, np.int32)
    enrolled = days(np.asarray(part.enrolled))
    tables = {name: filled(schema, 0, {}) for name, schema in SCHEMAS.items()}
    tables["enrolments"] = filled(
        SCHEMAS["enrolments"],
        size,
        {"pathway": words(["bench"], none), "version": words(["1"], none), "on": enrolled},
    )
    tables["completions"] = filled(
        SCHEMAS["completions"],
        total,
        {
            "module": words([f"bench/{name}" for name in part.modules], part.module),
            "on": days(part.on),
            "source": words(["course"], np.zeros(total, np.int32)),
        },
    )
    counts = dict.fromkeys(SCHEMAS, none) | {"enrolments": one, "completions": one * COMPLETIONS}
    said = {name: pa.array(numbers, pa.int32()) for name, numbers in counts.items()}
    said |= {"learner": pa.array(ids), "number": pa.array(one), "day": enrolled}
    tables["learners"] = filled(LEARNERS, size, {**said, "registered": enrolled})
    return tables


def _whole(everybody: Population, document: Document, drafts: list[Document]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        parts = _written(Path(folder), everybody)
        ask = Ask(drafts[0], "bench", {"1": document}, ON)
        alone = seconds(lambda: measured(parts, ask))
        shared = seconds(lambda: measured(parts, ask, Sharing(2)))
        rows = [
            ("one process", f"{alone:.1f} s"),
            ("two processes", f"{shared:.1f} s"),
        ]
        watch = Watch(parts, ask)
        rows.append(("--watch, at first", f"{seconds(lambda: watch.look(ask)):.1f} s"))
        for draft in (*drafts[1:], *drafts):
            number = len(touched(ask.draft, draft))
            ask = replace(ask, draft=draft)
            took = seconds(lambda ask=ask: watch.look(ask))  # type: ignore[misc]
            rows.append((f"--watch, an edit that concerns {number}", f"{took:.2f} s"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows.append(("peak memory, all of this", f"{peak / 1024:,.0f} MiB"))
    table("the impact of a draft, from the files of the columns", rows)
