"""Stub."""
from pathways.document import Document
from pathways.places import Positions
from pathways.problems import Problem


def refusals(document: Document, positions: Positions) -> list[Problem]:
    """Nothing yet."""
    return []
