from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledgers import Desk, desk


@pytest.fixture
def registrar(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as opened:
        yield opened
