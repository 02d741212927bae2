"""`cairn pathway publish | list | retire`: the versions that learners can enrol in."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.options import FILE, by_option, database_option, json_option, on_option
from commands.teaching import command

if TYPE_CHECKING:
    from pathways.document import Document


def document_of(what: str, database: str) -> Document:
    """Return the pathway of a file, or the one published as `ID` or `ID@VERSION`."""
    from pathways.source import load_pathway

    path = Path(what)
    if path.exists() or "/" in what or what.endswith((".yaml", ".yml", ".json")):
        return load_pathway(path).document
    from commands.books import opened, parted

    with opened(database, asking=True) as ledger:
        pathway, version = parted(what)
        return ledger.volume(pathway, version or None).document


@command()
@click.argument("file", type=FILE)
@on_option("The day of the publication.")
@by_option
@database_option
@json_option
def publish(file: Path, on: date, by: str, database: str, as_json: bool) -> None:
    """Freeze a pathway into the ledger, for good.

    Everything that the file reaches is frozen with it, into one document with a digest. A
    published version never changes: publishing the same again does nothing, and a different file
    needs another `version`. Learners stay on the version that they enrolled in.

    Example:
      cairn pathway publish office-skills.pathway.yaml
    """
    from commands.books import carried_out, opened, show_receipt
    from domain.commands import PublishPathway
    from pathways.source import load_pathway

    document = load_pathway(file).document
    with opened(database, new=True) as ledger:
        receipt = carried_out(ledger, PublishPathway(on=on, by=by, document=document))
        show_receipt(ledger, receipt, as_json=as_json)


@command("list")
@click.argument("pathway", required=False)
@database_option
@json_option
def list_(pathway: str | None, database: str, as_json: bool) -> None:
    """List what is published.

    Every version of every pathway, or of the one that is named, with the day on which it was
    published, the start of its digest, and whether it is retired.

    Example:
      cairn pathway list
    """
    from commands.books import opened
    from commands.terminal import say, say_json, table

    with opened(database, asking=True) as ledger:
        names = ledger.pathways() if pathway is None else [pathway]
        editions = [
            edition for name in names for edition in ledger.publication(name).editions.values()
        ]
    if as_json:
        say_json(
            [
                {
                    "pathway": edition.pathway,
                    "version": edition.version,
                    "title": edition.title,
                    "published": edition.published.isoformat(),
                    "retired": None if edition.retired is None else edition.retired.isoformat(),
                    "digest": edition.digest,
                }
                for edition in editions
            ]
        )
    elif not editions:
        say("nothing is published" if pathway is None else f"`{pathway}` was never published")
    else:
        table(
            ("pathway", "version", "title", "published", "retired", "digest"),
            (
                (
                    edition.pathway,
                    edition.version,
                    edition.title,
                    edition.published.isoformat(),
                    "" if edition.retired is None else edition.retired.isoformat(),
                    edition.digest[:19],
                )
                for edition in editions
            ),
        )


@command()
@click.argument("version", metavar="ID@VERSION")
@on_option("The day from which it takes no new learners.")
@by_option
@database_option
@json_option
def retire(version: str, on: date, by: str, database: str, as_json: bool) -> None:
    """Close a published version to new learners.

    Who is enrolled in it stays on it, and is still awarded by its rules. Nothing is deleted.

    Example:
      cairn pathway retire office-skills@2026.1
    """
    from commands.books import carried_out, opened, parted, show_receipt
    from domain.commands import RetirePathway

    pathway, number = parted(version)
    if not number:
        raise click.BadParameter("say which version: ID@VERSION", param_hint="ID@VERSION")
    with opened(database) as ledger:
        command = RetirePathway(on=on, by=by, pathway=pathway, version=number)
        show_receipt(ledger, carried_out(ledger, command), as_json=as_json)
