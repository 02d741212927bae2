"""Run all benchmarks, or those named: `python -m benchmarks verdicts startup`."""

from __future__ import annotations

import sys
from importlib import import_module

ALL = (
    "startup",
    "evaluations",
    "verdicts",
    "imports",
    "audit",
    "plan",
    "asking",
    "interchange",
    "columns",
    "scale",
    "population",
)


def main(names: list[str]) -> None:
    """Run some benchmarks in turn."""
    if unknown := [name for name in names if name not in ALL]:
        sys.exit(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(ALL)}")
    for name in names or ALL:
        import_module(f"benchmarks.{name}").run()


if __name__ == "__main__":
    main(sys.argv[1:])
