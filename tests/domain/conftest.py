from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.proofs import findings
from tests.ledgers import Desk, desk


@pytest.fixture
def registrar(tmp_path: Path) -> Iterator[Desk]:
    """Someone at a desk; whatever they did, the kernel accepts every proof in the end."""
    with desk(tmp_path) as opened:
        yield opened
        for learner in opened.learners.values():
            history = opened.history(learner)
            for finding in findings(learner, history, opened.ledger.library.volume):
                assert finding.objections == (), finding.recorded.event
