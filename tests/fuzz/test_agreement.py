"""Evaluator, search and checker against the definition, on cases that no one would think of."""

import pytest
from hypothesis import assume, given, settings

from tests.fuzz.comparison import (
    differences,
    objections,
    objections_to_every_use,
    unlike_the_search,
)
from tests.oracle import TooLargeError
from tests.strategies import THEMES, Case, cases

# A profile says how many examples there are in all; each theme takes its part of them.
THOROUGH = settings(max_examples=max(60, -(-settings().max_examples // len(THEMES))))


@pytest.mark.parametrize("theme", THEMES)
def test_evaluator_search_checker_and_definition_agree(theme: str) -> None:
    """The same awards by the same evidence; no witness, and no legal use, that is objected to."""

    @THOROUGH
    @given(cases(THEMES[theme]))
    def agree(case: Case) -> None:
        try:
            found = [
                *differences(case),
                *unlike_the_search(case),
                *objections(case),
                *objections_to_every_use(case),
            ]
        except TooLargeError:
            assume(False)
        assert not found, "\n".join(found)

    agree()
