"""What can be earned, and does this record earn it? Pure: no store, no clock, no terminal."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

__all__ = ["evaluate_file"]


def evaluate_file(
    pathway: str | os.PathLike[str], record: str | os.PathLike[str], on: date
) -> dict[str, Any]:
    """Evaluate a record file against a pathway file on a day.

    Returns the object of section 7 of the language reference: for every credential its status,
    dates, class, outcome, progress and the verdict tree of its rule. Raises
    `pathways.problems.FileError` when a file can not be used.
    """
    # Imported here, so that `import pathways` costs nothing until something is evaluated.
    from pathways.awards import assess
    from pathways.source import load_pathway, load_record

    document = load_pathway(Path(pathway)).document
    return assess(document, load_record(Path(record), document), on).to_json()
