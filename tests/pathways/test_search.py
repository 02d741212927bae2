"""What a search by the solver does to the program around it: nothing."""

from __future__ import annotations

import subprocess
import sys

SEARCH_AND_BE_INTERRUPTED = """
import signal
from datetime import date
from pathways.awards import assess
from pathways.document import Document, Record

green, blue = ({"credits": 20, "from": {"groups": [name]}} for name in ("green", "blue"))
document = Document.model_validate({"main": {
    "pathway": "p",
    "modules": {
        name: {"credits": size, "groups": ["green", "blue"]}
        for name, size in {"ant": 12, "bee": 8, "cat": 13, "dog": 7}.items()
    },
    "credentials": {"gnu": {"requires": {"distinct": True, "all": [green, blue]}}},
}})
record = Record.model_validate({"completed": ["ant", "bee", "cat", "dog"]})
assert assess(document, record, date(2026, 1, 20)).standings["gnu"].status == "held"
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_a_search_leaves_interruptions_to_the_program() -> None:
    """The solver would end the process at the next one."""
    done = subprocess.run(
        [sys.executable, "-c", SEARCH_AND_BE_INTERRUPTED],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr
