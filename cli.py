"""The command line: what can be asked for. Parsing, calling and printing are in `commands`."""

from __future__ import annotations

import click

from commands.failures import RootGroup

MEMBERS = {
    "demo": (
        "commands.demo:demo",
        "Walk through it all with 200 learners, in under a minute.",
    ),
    "pathway": (
        "commands.pathway:pathway",
        "Write, check, test, draw, compare and publish pathways.",
    ),
    "learner": (
        "commands.learner:learner",
        "Register and enrol learners, record what they do, see where they are.",
    ),
    "import": (
        "commands.importing:import_",
        "Record what other systems say was completed.",
    ),
    "map": (
        "commands.mapping:map_",
        "Say whom and what the names of other systems mean.",
    ),
    "whatif": (
        "commands.whatif:whatif",
        "Show what would change, for a learner or a record in a file.",
    ),
    "plan": (
        "commands.plan:plan",
        "Find the cheapest set of modules that leads to a credential.",
    ),
    "nearest": (
        "commands.plan:nearest",
        "List the credentials within reach, nearest first, with what each still needs.",
    ),
    "award": (
        "commands.award:award",
        "See awards with their proof, and approve those that wait for it.",
    ),
    "badge": (
        "commands.badge:badge",
        "Write an award as a signed Open Badge 3.0.",
    ),
    "portfolio": (
        "commands.portfolio:portfolio",
        "Put all that a learner holds into one credential.",
    ),
    "key": (
        "commands.key:key",
        "Make, replace and revoke the keys that badges are signed with.",
    ),
    "status": (
        "commands.status:status",
        "Publish which badges were revoked, and who issues them.",
    ),
    "verify": (
        "commands.verifying:verify",
        "Check a credential: proof, schema, dates, status and issuer.",
    ),
    "audit": (
        "commands.audit:audit",
        "Replay the events, and prove what was awarded.",
    ),
    "events": (
        "commands.events:events",
        "Write the event log to a file, and read it into another ledger.",
    ),
    "replay": (
        "commands.events:replay",
        "Make a ledger anew from its events alone, and compare what is read from it.",
    ),
    "cohort": (
        "commands.cohort:cohort",
        "See how a pathway goes for everybody, and move learners to another version.",
    ),
    "projections": (
        "commands.projections:projections",
        "Rebuild what is read from the events, and see how far it is.",
    ),
    "completion": (
        "commands.completion:completion",
        "Print the shell's completion script.",
    ),
}


@click.group(
    cls=RootGroup,
    members=MEMBERS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
    epilog="Exit codes, environment and JSON shapes: docs/commands.md.",
)
@click.version_option(package_name="cairn-credentials", message="cairn %(version)s")
def cairn() -> None:
    """Stack small credentials into large ones, and prove every award.

    A designer writes a pathway in YAML. What learners complete goes into a ledger. Whatever is
    due is awarded at once, bottom up, and every award carries the proof that it was.

    Example:
      cairn demo
      cairn pathway new data-analytics > data-analytics.pathway.yaml
      cairn pathway check data-analytics.pathway.yaml
    """


def main() -> None:
    """Run the command line that the shell gave."""
    cairn(prog_name="cairn")


if __name__ == "__main__":
    main()
