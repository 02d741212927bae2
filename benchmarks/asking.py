"""What a question about one learner costs, in a small ledger and in one a thousand times as long.

The commands run as a whole, in turn on the one and on the other, and their processor time is what
counts: what else the machine does makes no difference to it. `CAIRN_BENCH_ROWS=780000` makes about
a million events; `benchmarks.audit` tells how.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.audit import ROWS, bare, generate
from benchmarks.figures import table

#: About a thousand events, of so many learners; all others are their twins, so that the one who is
#: asked about has the same life in both ledgers.
_FEW, _LIVES = 780, 39
_TIMES = 15
_LEARNER = "student-00007"
_COMMANDS = {
    "whatif": ("whatif", _LEARNER, "--complete", "macros", "--json"),
    "plan": ("plan", _LEARNER, "--to", "office-data-diploma", "--json"),
    "learner options": ("learner", "options", _LEARNER, "--json"),
    "learner show": ("learner", "show", _LEARNER, "--json"),
}


def _took(ledger: Path, command: tuple[str, ...]) -> float:
    program = [sys.executable, "-c", "from cli import main; main()", *command, "--on", "2026-06-30"]
    environment = {**os.environ, "CAIRN_DATABASE": str(ledger)}

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(program, check=False, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # A plan that there is not is an answer too; anything else is none.
    assert done.returncode in (0, 1), done.stderr.decode()
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def run() -> None:
    """Print both times of each question, and their ratio."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("CAIRN_BENCH_FOLDER")) as folder:
        small, large = Path(folder, "small.db"), Path(folder, "large.db")
        generate(small, _FEW, _LIVES)
        generate(large, ROWS, _LIVES)
        compare(small, large)


def compare(small: Path, large: Path) -> None:
    """Ask both ledgers each question, and print what that took."""
    told = []
    for name, command in _COMMANDS.items():
        for ledger in (small, large):
            _took(ledger, command)
        pairs = [(_took(small, command), _took(large, command)) for _ in range(_TIMES)]
        one, other = (median(side) for side in zip(*pairs, strict=True))
        ratio = median(b / a for a, b in pairs)
        told.append((name, f"{1000 * one:.0f} and {1000 * other:.0f} ms, {ratio:.2f} times"))
    table(f"asked of a ledger of {bare(small):,} and of one of {bare(large):,} events", told)
