"""`cairn pathway impact`: what a draft would do to everybody, before it is published."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.options import (
    FILE,
    columns_option,
    database_option,
    json_option,
    on_option,
    sharing_options,
)
from commands.teaching import command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.ledger import Ledger
    from pathways.document import Document


@command()
@click.argument("draft", type=FILE)
@click.option(
    "--against",
    metavar="ID[@VERSION]",
    help="The pathway, or only those on one version of it.  [default: the draft's own id]",
)
@on_option("The day on which it is compared.")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="[VERSION=]keep|move|choose",
    help="What is done with those on a version, or on all; each is told where none is chosen.",
)
@click.option(
    "--examples",
    type=click.IntRange(min=0),
    default=2,
    show_default=True,
    metavar="N",
    help="How many learners of each kind are shown.",
)
@click.option("--names", is_flag=True, help="Call the examples by their ids in the ledger.")
@click.option("--csv", "as_csv", is_flag=True, help="Print one line for each credential.")
@click.option("--html", type=FILE, help="Write a page with charts that needs nothing else.")
@click.option("--watch", is_flag=True, help="Measure again whenever the file is saved.")
@sharing_options
@columns_option
@database_option
@json_option
def impact(
    draft: Path,
    against: str | None,
    on: date,
    policies: tuple[str, ...],
    examples: int,
    names: bool,
    as_csv: bool,
    html: Path | None,
    watch: bool,
    jobs: int,
    scheduler: str,
    folder: Path | None,
    database: str,
    as_json: bool,
) -> None:
    """Say what a draft would do to everybody.

    Each learner who follows the pathway is compared by the rules of their version and those of the
    draft, on the evidence alone: who gains a credential, who loses one, who comes closer or is
    further from it. An award that was made stays made; `keep` counts those who would lose a
    credential but hold an award of it. Nothing is recorded.

    For each version it tells what it would mean to keep all on it, to move all, or to let them
    choose, in which case those are taken to move who stand worse in nothing.

    Example:
      cairn pathway impact draft.pathway.yaml
      cairn pathway impact draft.pathway.yaml --against office-skills@2026.1 --html impact.html
      cairn pathway impact draft.pathway.yaml --watch
    """
    from commands import weighing
    from commands.books import opened, parted
    from commands.everybody import columns_of
    from commands.terminal import progress
    from pathways.source import load_pathway
    from projections.impact import Ask, Watch, measured
    from projections.partitions import Sharing

    if as_csv and as_json:
        raise click.UsageError("--csv and --json do not go together")
    if watch and (jobs > 1 or scheduler):
        raise click.UsageError("--watch keeps everybody at hand in one process; leave --jobs out")
    document = load_pathway(draft).document
    with opened(database, asking=True) as ledger:
        name, version = parted(against or document.main.pathway or "")
        versions = _versions(ledger, name, version)
        chosen = _chosen(policies, versions)
        sharing = Sharing(jobs, scheduler)
        ask = Ask(document, name, versions, on, examples)
        show = weighing.Shown(names=names, csv=as_csv, json=as_json, html=html, chosen=chosen)
        with columns_of(ledger, folder, sharing) as columns:
            if not watch:
                with progress("comparing", columns.learners()) as advance:
                    found = measured(columns.parts(), ask, sharing, advance)
                weighing.show(ask, found, show)
                return
            with progress("reading the columns", columns.learners()) as advance:
                everybody = Watch(columns.parts(), ask, advance)
            weighing.watch(draft, ask, everybody, show)


def _versions(ledger: Ledger, name: str, version: str) -> Mapping[str, Document]:
    """The documents of the versions that learners may be on."""
    publication = ledger.publication(name)
    wanted = [version] if version else list(publication.editions)
    if not wanted:
        publication.newest()  # says that there is no such pathway
    return {each: ledger.volume(name, each).document for each in wanted}


def _chosen(policies: tuple[str, ...], versions: Mapping[str, Document]) -> dict[str, str]:
    from pathways.impact import POLICIES
    from pathways.problems import nearest

    chosen: dict[str, str] = {}
    for said in policies:
        version, _, policy = said.rpartition("=")
        if policy not in POLICIES:
            raise click.UsageError(f"a policy is keep, move or choose, not `{policy}`")
        if version and version not in versions:
            hint = nearest(version, versions)
            raise click.UsageError(f"no version `{version}` is compared; {hint}".rstrip("; "))
        chosen.update(dict.fromkeys([version] if version else versions, policy))
    return chosen
