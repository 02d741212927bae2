"""CP-SAT, spoken to in yes-or-no questions.

One worker, a fixed seed, and a bound on deterministic time (not on the clock), so that the same
question has the same answer on every machine. Past the bound the answer is `UndecidedError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from pathways.problems import CairnError


class UndecidedError(CairnError):
    """The solver ran into its bound: neither met nor unmet is proved."""

    def for_module(self, module: str) -> UndecidedError:
        """The same, where it was asked whether a module may be started."""
        return UndecidedError(f"whether `{module}` may be started can not be told: {self}")


@cache
def solver_module() -> Any:
    """CP-SAT itself, which is loaded when it is first needed."""
    # Half a second to import, and most rules never need it.
    from ortools.sat.python import cp_model

    return cp_model


def solver_within(bound: float) -> Any:
    """A solver that gives the same answer everywhere, within so many deterministic seconds."""
    solver = solver_module().CpSolver()
    parameters = solver.parameters
    parameters.num_workers = 1
    parameters.random_seed = 0
    parameters.max_deterministic_time = bound
    # It would take an interruption for itself, and have the next one end the process.
    parameters.catch_sigint_signal = False
    return solver


class Questions:
    """Yes-or-no questions, and what is known of their answers, as one CP-SAT model."""

    def __init__(self) -> None:
        """Begin with no question."""
        self.model: Any = solver_module().CpModel()

    def question(self) -> Any:
        """A new yes-or-no question."""
        return self.model.new_bool_var("")

    def either(self, questions: Sequence[Any]) -> Any:
        """A question that is yes exactly when one of the questions is."""
        if len(questions) == 1:
            return questions[0]
        answer = self.question()
        self.model.add_max_equality(answer, list(questions))
        return answer

    def at_most(self, terms: Iterable[tuple[Any, int]], bound: int, when: Any = None) -> None:
        """Let a weighted sum stay within a bound, where `when` is yes."""
        expression = sum(question * weight for question, weight in terms)
        constraint = self.model.add(expression <= bound)
        if when is not None:
            constraint.only_enforce_if(when)

    def at_least(self, terms: Iterable[tuple[Any, int]], bound: int, when: Any) -> None:
        """Let a weighted sum reach a bound, where `when` is yes."""
        terms = list(terms)
        expression = sum(question * weight for question, weight in terms)
        if isinstance(expression, int):
            if expression < bound:
                self.model.add(when == 0)
            return
        self.model.add(expression >= bound).only_enforce_if(when)
