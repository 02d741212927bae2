"""The same commands in two folders: where they may write, and as somebody who may not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.cli.conftest import ROOT

_BOTH = """
import json, os, sys
from click.testing import CliRunner
from cli import cairn

asked = json.load(sys.stdin)

def told():
    found = []
    for words in asked:
        result = CliRunner().invoke(cairn, words, prog_name="cairn")
        found.append([words, result.exit_code, result.output, result.stderr])
    return found

os.chdir(sys.argv[1])
first = told()
os.chdir(sys.argv[2])
if os.geteuid() == 0:  # whom no permission binds
    os.setgid(65534)
    os.setuid(65534)
print(json.dumps([first, os.access(".", os.W_OK), told()]))
"""


@dataclass(frozen=True)
class Told:
    """What one command said: all of it, and that which is an error's."""

    words: list[str]
    code: int
    output: str
    errors: str


def close_off(folder: Path) -> None:
    """Let nobody write a folder or anything in it."""
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o555 if path.is_dir() else 0o444)


def both(
    words: list[list[str]], where_one_may: Path, where_one_may_not: Path
) -> tuple[list[Told], bool, list[Told]]:
    """Run commands in the one folder, and in the other as nobody in particular.

    Tells in between whether that one may make new files in the other folder.
    """
    done = subprocess.run(
        [sys.executable, "-c", _BOTH, str(where_one_may), str(where_one_may_not)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input=json.dumps(words),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    first, writable, second = json.loads(done.stdout)
    return [Told(*one) for one in first], writable, [Told(*one) for one in second]
