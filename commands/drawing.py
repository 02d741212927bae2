"""`cairn pathway graph`: a pathway as a picture, with a learner's progress coloured in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from commands.options import FILE, on_option
from commands.teaching import command
from commands.terminal import say

FORMATS = {".mmd": "mermaid", ".mermaid": "mermaid", ".dot": "dot", ".gv": "dot", ".svg": "svg"}


@command()
@click.argument("file", type=FILE)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["mermaid", "dot", "svg"]),
    help="What to write.  [default: by the name of the output, else mermaid]",
)
@click.option(
    "--record", type=FILE, metavar="RECORD", help="A learner's record, to colour progress in."
)
@on_option("The day that the progress is for.")
@click.option(
    "--every-module", is_flag=True, help="Draw each module, also where many lead to the same place."
)
@click.option("-o", "--output", type=FILE, help="The file to write.  [default: print it]")
def graph(
    file: Path,
    format_: str | None,
    record: Path | None,
    on: date,
    every_module: bool,
    output: Path | None,
) -> None:
    """Draw a pathway as Mermaid, DOT or SVG.

    What is asked for stands left of what asks for it: modules, rules, credentials. A solid arrow
    is needed, a dashed one may be used, a dotted one is a prerequisite. An SVG stands on its own;
    Mermaid is what many wikis and code hosts draw by themselves; DOT is for Graphviz.

    Example:
      cairn pathway graph office-skills.pathway.yaml -o office-skills.svg
      cairn pathway graph office-skills.pathway.yaml --record moana.yaml --format dot
    """
    from pathways.awards import assess
    from pathways.picture import picture
    from pathways.record import load_record
    from pathways.render import dot, mermaid, svg
    from pathways.source import load_pathway

    document = load_pathway(file).document
    assessment = None
    if record is not None:
        assessment = assess(document, load_record(record, document), on)
    suffix = output.suffix.lower() if output is not None else ""
    write = {"mermaid": mermaid, "dot": dot, "svg": svg}[format_ or FORMATS.get(suffix, "mermaid")]
    drawn = write(picture(document, assessment, bundle=not every_module))
    if output is None:
        click.echo(drawn, nl=False)
    else:
        output.write_text(drawn, encoding="utf-8")
        say(f"wrote {output}")
