"""The page about audits says of every finding what the program says."""

from __future__ import annotations

from pathlib import Path

from projections.findings import CODES

PAGE = Path(__file__).parents[2] / "docs" / "audit.md"


def test_every_code_is_documented_with_what_to_do() -> None:
    written = PAGE.read_text(encoding="utf-8")
    for code in CODES.values():
        assert f"| {code.code} | {code.level} | {code.title} | {code.do} |" in written
