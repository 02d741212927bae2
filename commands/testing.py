"""`cairn pathway test`: a file's examples, what they cover, and what they would not notice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.options import FILE, json_option
from commands.teaching import command
from commands.terminal import counted, draw, progress, say, say_json, text

if TYPE_CHECKING:
    from pathways.document import Example
    from pathways.source import Loaded
    from pathways.tree import Loc
    from pathways.trial import Trial


@command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("-k", "word", metavar="TEXT", help="Only examples whose name has this in it.")
@click.option("-v", "--verbose", is_flag=True, help="Name the examples that pass, too.")
@click.option("--coverage", is_flag=True, help="Tell which rules no example meets, or misses.")
@click.option(
    "--mutate", is_flag=True, help="Change each number and operator; tell what no example notices."
)
@json_option
def test(
    files: tuple[Path, ...],
    word: str | None,
    verbose: bool,
    coverage: bool,
    mutate: bool,
    as_json: bool,
) -> None:
    """Run the examples that stand in pathway files.

    An example is a record, a day, and what must come out. For each that fails it is told what was
    expected, what came out, and what was missing. The last line counts them. The exit code is 1
    when one fails, and 2 when a file can not be used.

    --coverage and --mutate ask how good the examples are: a rule that no example misses may be
    wrong in ways that nobody sees, and so may a number that can be changed without any example
    failing.

    Example:
      cairn pathway test office-skills.pathway.yaml
      cairn pathway test office-skills.pathway.yaml -k distinction --verbose
      cairn pathway test office-skills.pathway.yaml --coverage --mutate
    """
    from pathways.problems import FileError
    from pathways.source import load_pathway

    reports: list[_Report] = []
    unusable = False
    for path in files:
        try:
            loaded = load_pathway(path)
        except FileError as error:
            say(str(error), err=True)
            unusable = True
            continue
        report = _Report(loaded, word or "")
        if coverage:
            report.cover()
        if mutate:
            report.mutate()
        if not as_json:
            report.show(verbose=verbose)
        reports.append(report)
    passed = sum(report.passed for report in reports)
    failed = sum(len(report.trials) for report in reports) - passed
    if as_json:
        say_json(
            {"passed": passed, "failed": failed, "files": [report.to_json() for report in reports]}
        )
    else:
        say(f"{passed} passed, {failed} failed")
    click.get_current_context().exit(2 if unusable else 1 if failed else 0)


class _Report:
    """The examples of one file, put to the test."""

    def __init__(self, loaded: Loaded, word: str) -> None:
        from pathways.trial import trial

        self._loaded = loaded
        self._chosen = [
            (index, example)
            for index, example in enumerate(loaded.examples)
            if word.casefold() in example.name.casefold()
        ]
        self.trials = [(index, trial(loaded.document, one)) for index, one in self._chosen]
        self._gaps: list[dict[str, Any]] | None = None
        self._unnoticed: list[dict[str, Any]] | None = None
        self._mutants = 0

    @property
    def passed(self) -> int:
        """How many examples came out as expected."""
        return sum(one.passed for _, one in self.trials)

    @property
    def _examples(self) -> list[Example]:
        return [example for _, example in self._chosen]

    def _place(self, loc: Loc) -> str:
        positions = self._loaded.positions
        line, column = positions.of(0, loc)
        return f"{positions.text(0).shown}:{line}:{column}"

    def cover(self) -> None:
        """Find the rules that the examples do not exercise."""
        from pathways.coverage import coverage

        found = coverage(self._loaded.document, [one for _, one in self.trials])
        self._gaps = [
            {"place": self._place(each.loc), "rule": each.name, "gaps": list(each.gaps)}
            for each in found.uncovered
        ]

    def mutate(self) -> None:
        """Find the changes that no example notices, if the examples pass as they are."""
        from pathways.mutants import mutants, put_to_the_test

        if self.passed < len(self.trials):
            return
        changed = list(mutants(self._loaded.document))
        self._mutants = len(changed)
        self._unnoticed = []
        with progress("changing", len(changed)) as advance:
            for verdict in put_to_the_test(changed, self._examples):
                advance()
                if verdict.noticed_by is None:
                    place = self._place(verdict.mutant.loc)
                    key = [step for step in verdict.mutant.loc if isinstance(step, str)][-1]
                    self._unnoticed.append(
                        {"place": place, "key": key, "change": verdict.mutant.text}
                    )

    def to_json(self) -> dict[str, Any]:
        """Return the report as data."""
        return {
            "file": str(self._loaded.path),
            "examples": [
                {
                    "name": one.example.name,
                    "on": one.example.on.isoformat(),
                    "passed": one.passed,
                    "failures": list(one.failures),
                }
                for _, one in self.trials
            ],
            "coverage": self._gaps,
            "mutants": None
            if self._unnoticed is None
            else {"made": self._mutants, "unnoticed": self._unnoticed},
        }

    def show(self, *, verbose: bool) -> None:
        """Print what failed, and what the examples leave open."""
        for index, one in self.trials:
            if not one.passed:
                self._show_failure(index, one)
            elif verbose:
                draw(text(("✓ ", "green"), one.example.name))
        path = self._loaded.path
        if not self._loaded.examples:
            say(f"{path}: no examples yet; add some under `examples:`")
        elif not self.trials:
            say(f"{path}: no example has that in its name")
        else:
            mark = ("✓ ", "green") if self.passed == len(self.trials) else ("✗ ", "red")
            draw(text(mark, f"{path}: {self.passed} of {counted(len(self.trials), 'example')}"))
        if self._gaps is not None:
            self._show_gaps(self._gaps)
        if self._unnoticed is not None:
            self._show_mutants(self._unnoticed)

    def _show_failure(self, index: int, one: Trial) -> None:
        place = self._place(("examples", index))
        draw(text(("✗ ", "red"), f"{place}: {one.example.name}, on {one.example.on}"))
        for failure in one.failures:
            draw(text(("    ", ""), failure))

    def _show_gaps(self, gaps: list[dict[str, Any]]) -> None:
        if not gaps:
            say("  the examples meet, miss and decide every rule")
        for gap in gaps:
            draw(
                text(
                    "  ", (f"{gap['place']}: ", "bold"), f"{gap['rule']}: {', '.join(gap['gaps'])}"
                )
            )

    def _show_mutants(self, unnoticed: list[dict[str, Any]]) -> None:
        if unnoticed:
            say("  no example notices these changes:")
        for each in unnoticed:
            draw(text("    ", (f"{each['place']}: ", "bold"), f"`{each['key']}`: {each['change']}"))
        noticed = self._mutants - len(unnoticed)
        say(f"  {noticed} of {counted(self._mutants, 'change')} noticed by an example")
