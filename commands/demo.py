"""`cairn demo`: from pathways in YAML to proved awards, on learners who do not exist."""

from __future__ import annotations

from pathlib import Path

import click

from commands.teaching import command


@command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("cairn-demo"))
@click.option(
    "--learners", type=click.IntRange(1, 5000), default=200, show_default=True, help="How many."
)
def demo(folder: Path, learners: int) -> None:
    """Walk through it all with 200 learners, in under a minute.

    Publishes nine pathways (eight of them real qualifications), imports what generated learners
    completed, follows one of them, Moana Reid, who works in an office and stacks small
    credentials into a certificate, and lets the kernel check every award that was made. It leaves
    a ledger in FOLDER (by default cairn-demo) to play with. A demo that is there already is made
    anew; any other folder is left alone.

    Example:
      cairn demo
      cairn demo /tmp/somewhere --learners 1000
    """
    from commands.tour import Tour

    if not Tour(folder, learners).go():
        click.get_current_context().exit(1)
