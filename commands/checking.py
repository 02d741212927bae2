"""`cairn pathway check`: what is wrong with a file, and what is probably not meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.options import FILE, json_option
from commands.teaching import command

if TYPE_CHECKING:
    from pathways.lint import Finding
    from pathways.problems import Problem
    from pathways.source import Loaded


@command()
@click.argument("files", metavar="FILE...", nargs=-1, type=FILE)
@click.option("--explain", metavar="CODE", help="Say what a lint's code means, and what would do.")
@click.option(
    "--profile",
    type=click.Choice(["eu", "nz"]),
    help="Also look for what the European approach, or New Zealand, wants described.",
)
@click.option("--strict", is_flag=True, help="Let warnings fail the check, too.")
@json_option
def check(
    files: tuple[Path, ...], explain: str | None, profile: str | None, strict: bool, as_json: bool
) -> None:
    """Find what is wrong, or doubtful, in pathway files.

    Every mistake of a file is told at once, with file, line and column, what was found there, and
    what would do. A file without mistakes is then looked through for what is allowed and probably
    not meant: each such finding has a code, which --explain explains and a comment `# cairn:
    ignore=CODE` silences.

    A file that ends with `.recognition.yaml` says what credentials of others count as, and is
    checked against the pathway that it names.

    The exit code is 1 when a file has mistakes (with --strict, also for warnings), and 2 when one
    can not be read.

    Example:
      cairn pathway check office-skills.pathway.yaml
      cairn pathway check --explain CN301
    """
    if explain is not None:
        _explain(explain.upper())
        return
    if not files:
        raise click.UsageError("say which FILE to check, or --explain a CODE")
    reports = [examined(path, profile) for path in files]
    if as_json:
        from commands.terminal import say_json

        say_json([report.to_json() for report in reports])
    else:
        for report in reports:
            report.show()
        if len(reports) > 1:
            _total(reports)
    click.get_current_context().exit(max(report.exit_code(strict=strict) for report in reports))


def _explain(code: str) -> None:
    from commands.terminal import at_terminal, draw
    from pathways.lint import explain

    page = explain(code)
    if at_terminal():
        from rich.markdown import Markdown

        draw(Markdown(page))
    else:
        click.echo(page, nl=False)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in one file."""

    path: Path
    loaded: Loaded | None
    problems: tuple[Problem, ...]
    findings: tuple[Finding, ...]
    accepted: int | None = None

    def exit_code(self, *, strict: bool) -> int:
        """Return what the file alone would end the program with."""
        if self.problems:
            return 1 if self.path.is_file() else 2
        return 1 if strict and self.count("warning") else 0

    def count(self, severity: str) -> int:
        """Count the findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return the report as data."""
        from commands.excerpts import to_json

        return {
            "file": str(self.path),
            "ok": not self.problems,
            "problems": [to_json(problem) for problem in self.problems],
            "findings": [finding.to_json() for finding in self.findings],
            "pathway": None if self.loaded is None else _portrait(self.loaded),
        }

    def show(self) -> None:
        """Print the report."""
        from commands.excerpts import show_finding, show_problems
        from commands.terminal import counted, draw, text
        from pathways.words import named

        show_problems(self.problems)
        for finding in self.findings:
            show_finding(finding)
        if self.accepted is not None:
            draw(text(("✓ ", "green"), f"{self.path}: {counted(self.accepted, 'achievement')}"))
            return
        if self.loaded is None:
            summary = counted(len(self.problems), "problem")
            draw(text(("✗ ", "red"), f"{self.path}: {summary}"))
            return
        about = _portrait(self.loaded)
        parts = [
            counted(about["modules"], "module"),
            counted(about["credentials"], "credential"),
            counted(about["examples"], "example"),
        ]
        if about["stacking"] != "none":
            parts.append(f"{about['stacking']} stacking")
        if found := self.findings:
            parts.append(counted(len(found), "finding"))
        draw(text(("✓ ", "green"), f"{self.path}: {', '.join(parts)}"))
        for destination, modules in about["bottlenecks"].items():
            if modules:
                draw(text((f"  every way to `{destination}` needs {named(modules, 'and')}", "dim")))


def _portrait(loaded: Loaded) -> dict[str, Any]:
    """Say what a pathway is like as a whole."""
    from pathways.anatomy import bottlenecks, stacking

    document = loaded.document
    return {
        "id": document.main.pathway,
        "version": document.main.version,
        "digest": document.digest,
        "modules": len(document.modules),
        "credentials": len(document.credentials),
        "examples": len(loaded.examples),
        "stacking": stacking(document).value,
        "bottlenecks": {ref: list(modules) for ref, modules in bottlenecks(document).items()},
    }


def examined(path: Path, profile: str | None) -> Report:
    """Load a file, and look through it if it loads."""
    from pathways.lint import lint
    from pathways.problems import FileError
    from pathways.source import load_pathway

    if _is_recognition(path):
        return _recognition(path)
    try:
        loaded = load_pathway(path)
    except FileError as error:
        return Report(path, None, error.problems, ())
    return Report(path, loaded, (), lint(loaded, profile))


def _is_recognition(path: Path) -> bool:
    """Tell a file that says what credentials of others count as, by its name or first key."""
    if path.name.endswith(".recognition.yaml"):
        return True
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = file.read(4_096).splitlines()
    except OSError:
        return False
    said = (line for line in lines if line.strip(" -") and not line.startswith("#"))
    return next(said, "").startswith("recognition:")


def _recognition(path: Path) -> Report:
    """Check a file that says what credentials of others count as."""
    from interchange.recognition import load_recognition
    from pathways.problems import FileError

    try:
        return Report(path, None, (), (), len(load_recognition(path).accepted))
    except FileError as error:
        return Report(path, None, error.problems, ())


def _total(reports: list[Report]) -> None:
    from commands.terminal import counted, say

    bad = sum(bool(report.problems) for report in reports)
    warnings = sum(report.count("warning") for report in reports)
    notes = sum(report.count("note") for report in reports)
    say(
        f"{counted(len(reports), 'file')}: {len(reports) - bad} good, {bad} bad; "
        f"{counted(warnings, 'warning')}, {counted(notes, 'note')}"
    )
