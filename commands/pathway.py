"""`cairn pathway`: what a designer does with a file, from its first line to publishing it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.lazy import LazyGroup
from commands.options import FILE, database_option, json_option, on_option
from commands.teaching import command
from commands.terminal import say, say_json

if TYPE_CHECKING:
    from pathways.awards import Assessment

HERE = "commands.pathway"
LEDGER = "commands.publishing"


@click.group(
    cls=LazyGroup,
    members={
        "new": (f"{HERE}:new", "Write a small, commented file to start from."),
        "check": ("commands.checking:check", "Find what is wrong, or doubtful, in pathway files."),
        "test": ("commands.testing:test", "Run the examples that stand in pathway files."),
        "show": (f"{HERE}:show", "Read a pathway as a tree of rules in words."),
        "graph": ("commands.drawing:graph", "Draw a pathway as Mermaid, DOT or SVG."),
        "evaluate": (f"{HERE}:evaluate", "Say how a learner's record stands, without a ledger."),
        "explain": (f"{HERE}:explain", "Show one credential's proof, or what stands in the way."),
        "diff": ("commands.comparing:diff", "Say what changed between two versions, rule by rule."),
        "impact": ("commands.impact:impact", "Say what a draft would do to everybody."),
        "schema": (f"{HERE}:schema", "Print the JSON Schema, for editors."),
        "export": ("commands.exchanging:export", "Write a pathway as CTDL, for registries."),
        "import": ("commands.exchanging:import_", "Make a pathway file of a CTDL document."),
        "publish": (f"{LEDGER}:publish", "Freeze a pathway into the ledger, for good."),
        "list": (f"{LEDGER}:list_", "List what is published."),
        "retire": (f"{LEDGER}:retire", "Close a published version to new learners."),
    },
)
def pathway() -> None:
    """Write, check, test, draw, compare and publish pathways.

    A pathway is a YAML file: modules, credentials, the rules between them, and examples that must
    come out right. Nothing here but publish, list and retire touches a ledger.

    Example:
      cairn pathway new office-skills
      cairn pathway check office-skills.pathway.yaml
      cairn pathway test office-skills.pathway.yaml
    """


@command()
@click.argument("id_", metavar="ID")
@click.option("--title", metavar="TEXT", help="What people read.  [default: made from the ID]")
@click.option(
    "-o",
    "--output",
    type=FILE,
    help="The file to write; `-` prints it.  [default: ID.pathway.yaml]",
)
def new(id_: str, title: str | None, output: Path | None) -> None:
    """Write a small, commented file to start from.

    The file checks and tests clean as it stands. Change it line by line, and let `cairn pathway
    check` and `cairn pathway test` say what each change does. A file that exists is left alone.

    Example:
      cairn pathway new office-skills --title "Office Skills"
    """
    import re

    from commands.starting import starting_file

    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,100}", id_):
        raise click.BadParameter(
            f"`{id_}`: an id has lower-case letters, digits, `-`, `.`, `_`, and starts with a "
            "letter or digit",
            param_hint="ID",
        )
    output = output or Path(f"{id_}.pathway.yaml")
    title = title or id_.replace("-", " ").replace("_", " ").capitalize()
    text = starting_file(id_, title, str(output))
    if str(output) == "-":
        click.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.UsageError(f"`{output}` is there already, and is left as it is") from None
    say(f"wrote {output}")
    say(f"next: cairn pathway check {output}")


def assessed(file: Path, record: Path, on: date) -> Assessment:
    """Load a pathway and a record, and evaluate one on the other."""
    from pathways.awards import assess
    from pathways.record import load_record
    from pathways.source import load_pathway

    document = load_pathway(file).document
    return assess(document, load_record(record, document), on)


RECORD = click.option(
    "--record",
    type=FILE,
    required=True,
    metavar="RECORD",
    help="What the learner has done: a YAML file.",
)


@command()
@click.argument("what", metavar="FILE|ID[@VERSION]")
@click.option("--how", is_flag=True, help="Name the method that decides each rule, and why.")
@database_option
@json_option
def show(what: str, how: bool, database: str, as_json: bool) -> None:
    """Read a pathway as a tree of rules in words.

    Credentials come bottom up, each with what it asks for. A file is read as it is; an id is
    looked up among the published pathways, the newest version unless another is named. --how
    tells with which exact method each rule is decided.

    Example:
      cairn pathway show office-skills.pathway.yaml
      cairn pathway show office-skills@2026.1 --how
    """
    from commands import reading
    from commands.publishing import document_of

    document = document_of(what, database)
    if as_json:
        say_json(reading.to_json(document))
    else:
        reading.show(document, how=how)


@command()
@click.argument("file", type=FILE)
@RECORD
@on_option()
@json_option
def evaluate(file: Path, record: Path, on: date, as_json: bool) -> None:
    """Say how a learner's record stands, without a ledger.

    Every award that is due by the day is made, as the ledger would, and each credential is shown
    with its status, its date, and what is missing. The exit code is 0 whatever the verdicts; 2 when
    a file can not be used.

    Example:
      cairn pathway evaluate office-skills.pathway.yaml --record moana.yaml --on 2026-06-30
    """
    from commands.verdicts import show_assessment

    assessment = assessed(file, record, on)
    if as_json:
        say_json(assessment.to_json())
    else:
        show_assessment(assessment)


@command()
@click.argument("file", type=FILE)
@RECORD
@click.argument("credential")
@on_option()
@click.option("--blocking", is_flag=True, help="Only what stands in the way.")
@json_option
def explain(
    file: Path, record: Path, credential: str, on: date, blocking: bool, as_json: bool
) -> None:
    """Show one credential's proof, or what stands in the way.

    A credential that is held is shown with the evidence that each of its rules used on the day it
    was awarded. One that is not held is shown with what each rule still asks for; --blocking leaves
    out what is met.

    Example:
      cairn pathway explain office-skills.pathway.yaml --record moana.yaml office-data-diploma
    """
    from commands.verdicts import known_credential, show_standing

    assessment = assessed(file, record, on)
    known = known_credential(assessment.document, credential)
    if as_json:
        say_json({"credential": known, **assessment.to_json()["credentials"][known]})
    else:
        show_standing(assessment, known, blocking=blocking)


@command()
@click.option("--record", is_flag=True, help="The schema of a learner's record instead.")
def schema(record: bool) -> None:
    """Print the JSON Schema, for editors.

    With it an editor completes keys and marks mistakes as a pathway file is typed. It knows the
    shape of a file; `cairn pathway check` knows what it means.

    Example:
      cairn pathway schema > pathway.schema.json
    """
    from pathways.schema import pathway_schema, record_schema

    say_json(record_schema() if record else pathway_schema())
