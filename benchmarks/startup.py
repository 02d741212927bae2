"""How fast the command line answers, against the smallest click program there is."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from benchmarks.figures import seconds, table

_BARE = "import click; click.command()(lambda: None)(['--help'])"
_CAIRN = "from cli import main; main(['--help'])"
_TIMES = 15


def _took(program: str) -> float:
    command = [sys.executable, "-c", program]
    return seconds(lambda: subprocess.run(command, check=False, capture_output=True))


def run() -> None:
    """Print both times and their ratio, measured in turn."""
    for program in (_BARE, _CAIRN):
        _took(program)
    pairs = [(_took(_BARE), _took(_CAIRN)) for _ in range(_TIMES)]
    bare, cairn = (median(side) for side in zip(*pairs, strict=True))
    table(
        "`cairn --help`",
        [
            ("a bare click program", f"{1000 * bare:.0f} ms"),
            ("cairn", f"{1000 * cairn:.0f} ms"),
            ("ratio, pair by pair", f"{median(c / b for b, c in pairs):.2f}"),
        ],
    )
