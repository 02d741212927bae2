"""What the tests of the command line share: a runner, and a folder of one's own to run it in."""

from __future__ import annotations

import json
import os
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


def program(*words: str | Path, cwd: Path, **env: str) -> subprocess.Popen[str]:
    """Start the program as a shell would."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "cli.py"), *(str(word) for word in words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
