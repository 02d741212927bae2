"""A ledger that moves to a server takes along what imports know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import cairn
from tests.cli.test_moving import LMS, completed, voided, write
from tests.ledgers import LADDER, TODAY, desk


def test_the_next_import_means_the_same_on_the_server(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAIRN_TODAY", TODAY.isoformat())
    with desk(tmp_path) as registrar:
        registrar.publish(LADDER)
        registrar.enrol()

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(cairn, words, prog_name="cairn")
        assert result.exit_code == code, result.output
        return result.stdout

    run("map", "learner", f"{LMS}#learner-0042", "s-1")
    run("map", "module", f"{LMS}/courses/*", "*")
    run("import", str(write("first.jsonl", completed(1, "sheets-1"), voided(9, 2))))
    run("events", "export", "--people", "--output", "moved.jsonl")
    server = ("--db", database)
    run("events", "import", "moved.jsonl", *server)
    assert run("map", "list", *server) == run("map", "list")
    following = str(write("next.jsonl", completed(2, "charts"), completed(3, "sheets-2")))
    for place in ((), server):
        assert json.loads(run("import", following, "--json", *place))["recorded"] == 2
    here, there = (run("learner", "show", "s-1", "--json", *place) for place in ((), server))
    assert here == there
    assert "essentials" in here
    again = [run("events", "export", "--people", *place).splitlines()[:6] for place in ((), server)]
    assert again[0] == again[1]
