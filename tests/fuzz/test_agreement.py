"""The evaluator and the checker against the definition, on cases that no one would think of."""

import pytest
from hypothesis import assume, given, settings

from tests.fuzz.comparison import differences, objections, objections_to_every_use
from tests.oracle import TooLargeError
from tests.strategies import THEMES, Case, cases

# A profile says how many examples there are in all; each theme takes its part of them.
THOROUGH = settings(max_examples=max(30, settings().max_examples // len(THEMES)))


@pytest.mark.parametrize("theme", THEMES)
def test_the_evaluator_agrees_with_the_definition(theme: str) -> None:
    @THOROUGH
    @given(cases(THEMES[theme]))
    def agrees(case: Case) -> None:
        try:
            found = differences(case)
        except TooLargeError:
            assume(False)
        assert not found, "\n".join(found)

    agrees()


@pytest.mark.parametrize("theme", THEMES)
def test_the_checker_accepts_every_witness_of_the_evaluator(theme: str) -> None:
    @THOROUGH
    @given(cases(THEMES[theme]))
    def accepts(case: Case) -> None:
        found = objections(case)
        assert not found, "\n".join(found)

    accepts()


@pytest.mark.parametrize("theme", THEMES)
def test_the_checker_accepts_every_legal_use_of_the_evidence(theme: str) -> None:
    @THOROUGH
    @given(cases(THEMES[theme]))
    def accepts(case: Case) -> None:
        try:
            found = objections_to_every_use(case)
        except TooLargeError:
            assume(False)
        assert not found, "\n".join(found)

    accepts()
