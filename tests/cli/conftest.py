"""What the tests of the command line share: a runner, and a folder of one's own to run it in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import cairn

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "pathways" / "examples"

OFFICE_ENV = {"CAIRN_TODAY": "2026-03-12"}

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line in a folder of its own; `code` is the exit code that is due."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CAIRN_DATABASE", raising=False)
    monkeypatch.delenv("CAIRN_BY", raising=False)
    monkeypatch.delenv("CAIRN_DEBUG", raising=False)
    runner = CliRunner()

    def run_(*words: str | Path, code: int | None = 0, stdin: str | None = None) -> Result:
        result = runner.invoke(cairn, [str(word) for word in words], input=stdin, prog_name="cairn")
        assert "Traceback" not in result.output
        if code is not None:
            assert result.exit_code == code, result.output
        return result

    return run_


@pytest.fixture
def read(run: Run) -> Callable[..., Any]:
    """Run a command line with `--json`, and return what it prints."""

    def read_(*words: str | Path, code: int = 0) -> Any:
        return json.loads(run(*words, "--json", code=code).stdout)

    return read_


ROWS = """\
learner,module,completed_on,score,source,source_id
moana,spreadsheets-1,2025-02-03,,rpl,e41071
moana,spreadsheets-2,2025-03-20,81,,e41072
moana,charts,2025-05-15,74,,e41073
moana,data-cleaning,2025-06-30,88,,e41074
moana,data-privacy,2025-08-21,79,,e41075
moana,presenting-data,2025-10-02,90,,e41076
moana,macros,2025-12-11,66,,e41077
"""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the ledger of `office` once, for every test to have a copy of."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "rows.csv").write_text(ROWS, encoding="utf-8")
    for words in (
        ("pathway", "publish", str(EXAMPLES / "office-skills.pathway.yaml"), "--on", "2025-01-01"),
        ("learner", "register", "moana", "--name", "Moana Reid", "--email", "Moana@example.org"),
        ("learner", "enrol", "moana", "office-skills", "--on", "2025-02-03"),
        ("import", str(folder / "rows.csv")),
    ):
        result = CliRunner(env=OFFICE_ENV | {"CAIRN_DATABASE": str(folder / "cairn.db")}).invoke(
            cairn, words
        )
        assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def office(run: Run, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A ledger in which Moana is one module short of a certificate, on 12 March 2026."""
    monkeypatch.setenv("CAIRN_TODAY", OFFICE_ENV["CAIRN_TODAY"])
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return run


def program(*words: str | Path, cwd: Path, **env: str) -> subprocess.Popen[str]:
    """Start the program as a shell would: it leads a group of processes of its own."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "cli.py"), *(str(word) for word in words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
