"""`cairn map`: what other systems call learners, modules and columns, and what that means here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.importing import columns_of
from commands.lazy import LazyGroup
from commands.options import FILE, database_option, json_option

if TYPE_CHECKING:
    from domain.crosswalk import Mapped
    from domain.ledger import Ledger

KINDS = ("learner", "module", "header")


@click.group("map", cls=LazyGroup)
def map_() -> None:
    """Say whom and what the names of other systems mean.

    An import looks a name up here before it looks for a learner or module of that very name. A
    pair that ends with `*` maps all names that begin alike. The names of learners are personal:
    they stand beside the directory, and are forgotten with the learner.

    Example:
      cairn map learner 'https://lms.example.org#learner-0042' s-1042
      cairn map module 'https://lms.example.org/courses/*' '*'
      cairn map list
    """


@map_.command()
@click.argument("outside")
@click.argument("learner")
@database_option
@json_option
def learner(outside: str, learner: str, database: str, as_json: bool) -> None:
    """Say which learner another system means by a name.

    The learner is named by reference, e-mail address or id. Where both end with `*`, whatever
    follows in the other system's names is followed by the same in the references here.

    Example:
      cairn map learner 'lms.example.org#42' s-1042
      cairn map learner 'https://lms.example.org#*' '*'
    """
    from commands.books import opened

    with opened(database) as ledger:
        inside = _learner(ledger, learner)
        ledger.crosswalk.put("learner", outside, inside)
    _said("learner", outside, learner, as_json=as_json)


@map_.command()
@click.argument("outside")
@click.argument("module")
@database_option
@json_option
def module(outside: str, module: str, database: str, as_json: bool) -> None:
    """Say which module another system means by a name.

    The module is one of a published pathway, with its catalogue where several have one of that
    name. Where both end with `*`, the rest of the name is the same here and there.

    Example:
      cairn map module 'course-v1:edX+DemoX+Demo_Course' charts
    """
    from commands.books import opened

    with opened(database) as ledger:
        _check_module(ledger, module)
        ledger.crosswalk.put("module", outside, module)
    _said("module", outside, module, as_json=as_json)


@map_.command()
@click.argument("name")
@click.argument("columns", metavar="COLUMN=HEADER...", nargs=-1, required=True, callback=columns_of)
@database_option
@json_option
def headers(name: str, columns: dict[str, str], database: str, as_json: bool) -> None:
    """Save which headers of a CSV file stand for which columns.

    `cairn import --headers NAME` uses what is saved under the name; a --map there goes before it.
    Saving under the same name again replaces what was saved.

    Example:
      cairn map headers registry learner="Student No" module=Course completed_on=Passed
    """
    from commands.books import opened
    from commands.terminal import say, say_json

    with opened(database) as ledger:
        ledger.crosswalk.put_headers(name, columns)
    if as_json:
        say_json({"kind": "header", "outside": name, "inside": columns})
    else:
        pairs = ", ".join(f"{column}={header}" for column, header in columns.items())
        say(f"headers `{name}`: {pairs}")


@map_.command()
@click.argument("file", type=FILE)
@database_option
def read(file: Path, database: str) -> None:
    """Read many names from a CSV file.

    Its header is kind,outside,inside, and a kind is learner or module. All lines are looked at
    first: where one can not be used, nothing is mapped, and each such line is told.

    Example:
      cairn map read names.csv
    """
    import csv

    from commands.books import opened
    from commands.errors import UnusableError
    from commands.terminal import counted, say
    from pathways.problems import CairnError

    pairs: list[tuple[Any, str, str]] = []
    wrong: list[str] = []
    with file.open(encoding="utf-8-sig", newline="") as lines, opened(database) as ledger:
        reader = csv.DictReader(lines)
        if not {"kind", "outside", "inside"} <= set(reader.fieldnames or ()):
            raise UnusableError(f"`{file}` has no header `kind,outside,inside`")
        for row in reader:
            kind, outside, inside = (row[name] or "" for name in ("kind", "outside", "inside"))
            try:
                if kind == "learner":
                    inside = _learner(ledger, inside)
                elif kind == "module":
                    _check_module(ledger, inside)
                else:
                    raise UnusableError(f"`{kind}` is neither `learner` nor `module`")
                pairs.append((kind, outside, inside))
            except CairnError as error:
                wrong.append(f"{file}:{reader.line_num}: {error}")
        if wrong:
            raise UnusableError("\n".join(wrong), "nothing was mapped")
        for kind, outside, inside in pairs:
            ledger.crosswalk.put(kind, outside, inside)
    say(f"{counted(len(pairs), 'name')} mapped")


@map_.command("list")
@click.option("--kind", type=click.Choice(KINDS), help="Only names of this kind.")
@database_option
@json_option
def list_(kind: Any, database: str, as_json: bool) -> None:
    """List all names of other systems, and what they mean here.

    Learners are shown by their references. The headers of CSV files are those that were saved
    under a name.

    Example:
      cairn map list --kind module
    """
    from commands.books import opened
    from commands.terminal import say, say_json, table

    with opened(database, asking=True) as ledger:
        found = ledger.crosswalk.listed(kind)
        rows = [(one.kind, one.outside, _shown(ledger, one)) for one in found]
    if as_json:
        say_json(
            [{"kind": kind, "outside": outside, "inside": inside} for kind, outside, inside in rows]
        )
    elif rows:
        table(("kind", "outside", "inside"), rows)
    else:
        say("nothing is mapped")


@map_.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("outside")
@database_option
def remove(kind: Any, outside: str, database: str) -> None:
    """Forget what a name of another system means.

    What was imported by it stays as it is. A pattern is named with its `*`, as `cairn map list`
    shows it. The exit code is 3 where nothing of that name is mapped.

    Example:
      cairn map remove module 'course-v1:edX+DemoX+Demo_Course'
    """
    from commands.books import opened
    from commands.terminal import say
    from domain.errors import InvalidError
    from pathways.problems import nearest

    with opened(database) as ledger:
        if not ledger.crosswalk.remove(kind, outside):
            known = [one.outside for one in ledger.crosswalk.listed(kind)]
            raise InvalidError(f"no {kind} is mapped from `{outside}`", nearest(outside, known))
    say(f"`{outside}` means nothing any more")


def _learner(ledger: Ledger, who: str) -> str:
    return who if who.endswith("*") else ledger.directory.find(who)


def _check_module(ledger: Ledger, module: str) -> None:
    """Refuse a module that nothing knows; one with its catalogue is taken as it is."""
    from domain.library import Resolver
    from domain.vocabulary import resolve_module

    if not module.endswith("*"):
        resolve_module(module, (), Resolver(ledger.library).far)


def _shown(ledger: Ledger, one: Mapped) -> str:
    from commands.books import known_as

    if one.kind == "learner" and not one.inside.endswith("*"):
        return known_as(ledger, one.inside)
    return one.inside


def _said(kind: str, outside: str, inside: str, *, as_json: bool) -> None:
    from commands.terminal import say, say_json

    if as_json:
        say_json({"kind": kind, "outside": outside, "inside": inside})
    else:
        say(f"{kind} `{outside}` is `{inside}`")
