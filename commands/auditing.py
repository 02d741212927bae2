"""The report of an audit, as text, JSON, CSV, or a page of HTML that needs nothing else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from html import escape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.books import known_as
from commands.terminal import counted, say
from domain.names import PATHWAY
from projections.findings import CODES, Finding

if TYPE_CHECKING:
    from domain.ledger import Ledger
    from projections.audit import Report

_FIELDS = ("code", "level", "learner", "stream", "number", "position", "subject", "message", "do")


def written(ledger: Ledger, report: Report, form: str) -> str:
    """Return a report in one of its forms."""
    findings = [
        {**finding.to_json(), "learner": _learner(ledger, finding)} for finding in report.findings
    ]
    match form:
        case "json":
            found = {
                "clean": report.clean,
                "counts": asdict(report.counts),
                "findings": findings,
            }
            return json.dumps(found, ensure_ascii=False, indent=2)
        case "csv":
            return _csv(findings)
        case "html":
            return "\n".join(_html(report, findings))
        case _:
            return "\n".join(_text(report, findings))


def hand_over(text: str, output: Path | None) -> None:
    """Print a report, or write it where it is wanted."""
    if output is None:
        say(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")
        say(f"written to {output}")


def _learner(ledger: Ledger, finding: Finding) -> str:
    if not finding.stream or finding.stream.startswith(PATHWAY):
        return ""
    return known_as(ledger, finding.stream)


def _verdict(report: Report) -> str:
    faults = sum(finding.level == "fault" for finding in report.findings)
    matters = sum(finding.level == "open" for finding in report.findings)
    if report.clean:
        return "clean"
    told = [counted(faults, "fault")] if faults else []
    return ", ".join([*told, *([counted(matters, "open matter")] if matters else [])])


def _looked_at(report: Report) -> str:
    counts = report.counts
    told = [
        counted(counts.events, "event"),
        counted(counts.learners, "learner"),
        f"{counted(counts.proofs, 'proof')} judged",
        f"{counted(counts.rows, 'row')} compared",
    ]
    if counts.unjudged:
        told.append(f"{counts.unjudged:,} not replayed")
    return ", ".join(told)


def _place(finding: dict[str, Any]) -> str:
    who = finding["learner"] or finding["stream"] or "ledger"
    return f"{who}, event {finding['number']}" if finding["number"] else who


def _text(report: Report, findings: list[dict[str, Any]]) -> Iterator[str]:
    for code, some in _by_code(findings):
        yield f"{code} ({CODES[code].level}): {CODES[code].title}"
        for finding in some:
            subject = f" `{finding['subject']}`:" if finding["subject"] else ""
            yield f"  {_place(finding)}:{subject} {finding['message']}"
        yield f"  what to do: {CODES[code].do}"
        yield ""
    yield _looked_at(report)
    yield _verdict(report)


def _by_code(findings: list[dict[str, Any]]) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    # Sorting keeps the order within a code.
    return groupby(
        sorted(findings, key=lambda finding: str(finding["code"])), lambda finding: finding["code"]
    )


def _csv(findings: list[dict[str, Any]]) -> str:
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, _FIELDS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in one.items()} for one in findings)
    return sheet.getvalue().rstrip("\n")


def _cell(value: Any) -> Any:
    # A spreadsheet takes a text that begins like this for a formula.
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value


_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { border-top: 1px solid #8886; padding: .3rem .6rem .3rem 0; text-align: left;
  vertical-align: top; overflow-wrap: anywhere }
.verdict { font-size: 1.3rem } .fault { color: #b00020 } .open { color: #8a5a00 }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee }
  .fault { color: #ff8a80 } .open { color: #ffcc80 } }
"""


def _html(report: Report, findings: list[dict[str, Any]]) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>Audit of the ledger</title>\n<style>{_STYLE}</style>"
    yield f'<h1>Audit of the ledger</h1>\n<p class="verdict">{escape(_verdict(report))}</p>'
    yield f"<p>{escape(_looked_at(report))}</p>"
    for code, some in _by_code(findings):
        known = CODES[code]
        yield f'<h2 class="{known.level}">{code}: {escape(known.title)}</h2>'
        yield f"<p>What to do: {escape(known.do)}</p>"
        yield "<table><tr><th>learner</th><th>event</th><th>about</th><th>finding</th></tr>"
        for one in some:
            cells = (one["learner"] or one["stream"], one["number"] or "", one["subject"])
            told = "".join(f"<td>{escape(str(cell))}</td>" for cell in (*cells, one["message"]))
            yield f"<tr>{told}</tr>"
        yield "</table>"
    yield "</html>"
