"""A question without a ledger: how would this record stand?"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pathways.awards import Standing, assess
from pathways.document import Document, Record
from pathways.problems import FileError
from pathways.verdict import Outcome, Verdict
from tests.ledgers import TODAY, document

__all__ = ["TODAY", "document", "outcome", "part", "refusal", "standing"]


def standing(
    asked: Document, credential: str, *completed: Any, on: date = TODAY, **more: Any
) -> Standing:
    """Evaluate a record: completions as ids or mappings, and whatever else a record may hold."""
    record = Record.model_validate({"completed": completed, **more})
    return assess(asked, record, on).standings[credential]


def part(found: Standing, id_: str) -> Verdict:
    """Return the verdict of the rule of an id."""
    assert found.verdict is not None
    (verdict,) = (each for each in found.verdict.walk() if each.id == id_)
    return verdict


def outcome(found: Standing, id_: str) -> Outcome:
    return part(found, id_).outcome


def refusal(text: str) -> str:
    """Return why a pathway file is not loaded, all in one text."""
    with pytest.raises(FileError) as refused:
        document(text)
    return str(refused.value)
