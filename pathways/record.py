"""A learner's record in a file: what a what-if without a database is asked about."""

from __future__ import annotations

from pathlib import Path

from pathways.document import Document, Record
from pathways.link import Known, Linker
from pathways.places import Positions, Source, Telling
from pathways.problems import FileError
from pathways.shape import shaped
from pathways.tree import read_tree


def load_record(path: Path, document: Document | None = None) -> Record:
    """Read a record, YAML or JSON."""
    tree, problems = read_tree(path, str(path))
    record, tree, wrong = shaped(Record, tree, str(path))
    problems = (*problems, *wrong)
    if problems:
        raise FileError(problems)
    return record
