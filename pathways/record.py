"""A learner's record in a file: what a what-if without a database is asked about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pathways.document import AmountRule, Document, Record, Rule, RuleBase
from pathways.graph import rule_name
from pathways.link import Known, Linker
from pathways.places import Positions, Telling, Text
from pathways.problems import FileError, nearest
from pathways.shape import shaped
from pathways.sites import rules
from pathways.tree import Loc, read_tree


def load_record(path: Path, document: Document | None = None) -> Record:
    """Read a record, written in YAML or JSON, and check it against a pathway where one is given.

    References come back as seen from the pathway's main file. Raises `FileError` with everything
    that is wrong: shape, unknown modules, credentials, rules and grades, names that are not unique.
    """
    shown = str(path)
    tree, unread = read_tree(path, shown)
    record, tree, wrong = shaped(Record, tree, shown)
    telling = Telling(Positions([Text(path, shown, tree)]), [*unread, *wrong])
    if document is not None:
        linker = Linker(Known.of(document), telling, 0, document.main.home)
        record = linker.linked(record, ())
        check_record(record, document, telling, 0, ())
    if telling.problems:
        raise FileError(telling.problems)
    return record


def waivable(document: Document) -> dict[str, Rule]:
    """Return every rule that has a name, by the name that a waiver calls it by."""
    named: dict[str, Rule] = {}
    for file in document.files:
        for name, rule in file.rules.items():
            named.setdefault(rule_name(document, file, name), rule)
        for site in rules(file):
            if isinstance(site.rule, RuleBase) and site.rule.id is not None:
                named.setdefault(rule_name(document, file, site.rule.id), site.rule)
    return named


def check_record(
    record: Record,
    document: Document,
    telling: Telling,
    file: int,
    loc: Loc,
    *,
    on: date | None = None,
) -> None:
    """Tell what a record with known references says that can not be so.

    `on` is the day on which entries without a date are dated, where it is known.
    """
    _unique(record, telling, file, loc, on)
    grades = {grade for each in document.files for grade in each.scale}
    for index, completed in enumerate(record.completed):
        if grades and completed.grade is not None and completed.grade not in grades:
            message = f"unknown grade `{completed.grade}`"
            at = (*loc, "completed", index, "grade")
            telling.tell(file, at, message, nearest(completed.grade, grades), found="")
    named = waivable(document) if record.waived else {}
    for index, waived in enumerate(record.waived):
        at = (*loc, "waived", index)
        rule = named.get(waived.rule)
        if rule is None:
            message = f"no rule is called `{waived.rule}`"
            help_ = nearest(waived.rule, named) or "a rule needs an `id` to be waived"
            telling.tell(file, (*at, "rule"), message, help_, found="")
        elif waived.amount is not None and not isinstance(rule, AmountRule):
            message = f"an amount can not be waived of `{waived.rule}`"
            help_ = "only `count`, `credits` and `hours` have one; leave `amount` out"
            telling.tell(file, (*at, "amount"), message, help_)
        elif waived.amount == 0:
            telling.tell(file, (*at, "amount"), "`amount: 0` waives nothing", "leave this out")
    for index, entry in enumerate(record.substituted):
        if entry.module == entry.counts_as:
            message = f"`{entry.module}` counts as itself already"
            at = (*loc, "substituted", index, "counts_as")
            telling.tell(file, at, message, "leave this out", found="")


def _unique(record: Record, telling: Telling, file: int, loc: Loc, on: date | None) -> None:
    """What witnesses list goes by one name only."""
    seen: dict[str, Loc] = {}
    for name, at in _item_names(record, loc, on):
        if name in seen:
            line, _ = telling.positions.of(file, seen[name])
            message = f"two entries are called `{name}`"
            help_ = f"the first is at line {line}; give this one an `id` of its own"
            telling.tell(file, at, message, help_, found="")
        seen.setdefault(name, at)


def _item_names(record: Record, loc: Loc, on: date | None) -> Iterator[tuple[str, Loc]]:
    for index, done in enumerate(record.completed):
        yield done.id or f"{done.module}@{done.on or on or ''}", (*loc, "completed", index)
    for index, held in enumerate(record.holds):
        yield held.id or f"{held.credential}@{held.on}", (*loc, "holds", index)
    for index, waived in enumerate(record.waived):
        yield waived.id or f"waiver:{waived.rule}", (*loc, "waived", index)
