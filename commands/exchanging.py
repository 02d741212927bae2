"""`cairn pathway export | import`: pathways as other systems' documents, and these as pathways."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from commands.errors import UnusableError
from commands.options import FILE, database_option, json_option
from commands.teaching import command
from commands.terminal import counted, say, say_json


@command()
@click.argument("what", metavar="FILE|ID[@VERSION]")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["ctdl"]),
    default="ctdl",
    show_default=True,
    help="What to write.",
)
@click.option(
    "--base",
    metavar="URL",
    help="Where ctids are looked up.  [default: the Credential Registry]",
)
@click.option("-o", "--output", type=FILE, help="The file to write.  [default: print it]")
@database_option
def export(what: str, format_: str, base: str | None, output: Path | None, database: str) -> None:
    """Write a pathway as CTDL, for registries.

    CTDL is how credentials are described in the Credential Registry: a graph of components and
    conditions with a destination. What CTDL can not say of a rule is said in words, and in terms
    of Cairn's own, by which `cairn pathway import` reads the same pathway back. The same pathway
    gives the same ctids each time; a `ctid` in the file goes before the one that is derived.

    Example:
      cairn pathway export office-skills.pathway.yaml -o office-skills.jsonld
      cairn pathway export office-skills@2026.1 --base https://polytechnic.example/resources/
    """
    from commands.publishing import document_of
    from interchange.ctdl import REGISTRY
    from interchange.ctdl_writing import write_ctdl

    if base is not None and not base.startswith(("https://", "http://")):
        raise click.BadParameter(f"`{base}` is not an https:// address", param_hint="--base")
    writers = {"ctdl": write_ctdl}
    graph = writers[format_](document_of(what, database), base or REGISTRY)
    if output is None:
        say_json(graph)
        return
    output.write_text(json.dumps(graph, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    say(f"wrote {output}")


@command("import")
@click.argument("file", type=FILE)
@click.option("--pathway", "wanted", metavar="CTID", help="Which one, where there are several.")
@click.option(
    "-o",
    "--output",
    type=FILE,
    help="The file to write; `-` prints it.  [default: ID.pathway.yaml]",
)
@json_option
def import_(file: Path, wanted: str | None, output: Path | None, as_json: bool) -> None:
    """Make a pathway file of a CTDL document.

    FILE is the JSON-LD graph of a pathway, as the Credential Registry gives it; `-` reads
    standard input. Reading is lenient: whatever CTDL says that a pathway file can not, and
    whatever makes no sense in it, stands as a comment (`# ctdl: ...`) above the module or
    credential that it is about. The file that is written passes `cairn pathway check`. Files that
    exist are left alone.

    Example:
      cairn pathway import registry-graph.json -o nursing.pathway.yaml
      cairn pathway import registry-graph.json -o - | less
    """
    from interchange.ctdl_files import files_of
    from interchange.ctdl_reading import MAX_BYTES

    imported, files = files_of(_read(file, MAX_BYTES), str(file), wanted)
    main, *others = files
    if as_json:
        say_json(
            {
                "pathway": imported.pathway.pathway,
                "modules": len(imported.pathway.modules),
                "credentials": len(imported.pathway.credentials),
                "files": [{"name": each.name, "text": each.text} for each in files],
                "notes": [
                    {"about": ".".join(about), "note": note}
                    for about, notes in main.notes.items()
                    for note in notes
                ],
            }
        )
        return
    if str(output) == "-":
        click.echo(main.text, nl=False)
        return
    target = output or Path(main.name)
    _write({target: main.text, **{target.parent / each.name: each.text for each in others}})
    notes = sum(len(each) for each in main.notes.values())
    parts = [
        counted(len(imported.pathway.modules), "module"),
        counted(len(imported.pathway.credentials), "credential"),
        counted(notes, "comment") + " on what could not be expressed" if notes else "no comments",
    ]
    say(f"wrote {target}: {', '.join(parts)}")
    for each in others:
        say(f"wrote {target.parent / each.name}, which it uses")
    say(f"next: cairn pathway check {target}")


def _read(file: Path, most: int) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read(most + 1)
    if file.is_dir():
        raise UnusableError(f"`{file}` is a folder", "name a file in it")
    with file.open("rb") as stream:
        return stream.read(most + 1)


def _write(texts: dict[Path, str]) -> None:
    """Write new files, all of them or none."""
    for path in texts:
        if path.exists():
            raise click.UsageError(f"`{path}` is there already, and is left as it is")
    for path, text in texts.items():
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
