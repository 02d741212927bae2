"""A file's examples put to the test: does what the designer expects come out?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pathways.awards import Assessment, Standing, assess
from pathways.document import Document, Example
from pathways.verdict import Outcome
from pathways.words import quoted


@dataclass(frozen=True, slots=True)
class Trial:
    """One example, what came out, and each expectation that was not met."""

    example: Example
    assessment: Assessment
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.failures


def trials(document: Document, examples: Iterable[Example]) -> Iterator[Trial]:
    """Put examples to the test, one by one."""
    return (trial(document, example) for example in examples)


def trial(document: Document, example: Example) -> Trial:
    """Put one example to the test."""
    assessment = assess(document, example, example.on)
    return Trial(example, assessment, tuple(_failures(example, assessment)))


def passes(document: Document, example: Example) -> bool:
    """Tell whether an example comes out as expected, without working out why."""
    assessment = assess(document, example, example.on)
    return next(_failures(example, assessment), None) is None


def _failures(example: Example, assessment: Assessment) -> Iterator[str]:
    expect, standings = example.expect, assessment.standings
    for ref in expect.awarded:
        if standings[ref].status != "held":
            yield f"{quoted(ref)} should be held, and {_is(standings[ref])}"
    for ref in expect.not_awarded:
        if standings[ref].status == "held":
            yield f"{quoted(ref)} should not be held, and {_is(standings[ref])}"
    for refs, status in (
        (expect.expired, "expired"),
        (expect.lapsed, "lapsed"),
        (expect.awaiting, "awaiting approval"),
    ):
        for ref in refs:
            if standings[ref].status != status:
                yield f"{quoted(ref)} should be {status}, and {_is(standings[ref])}"
    for ref in expect.pending:
        if standings[ref].outcome is not Outcome.PENDING:
            outcome = standings[ref].outcome.value
            yield f"the rule of {quoted(ref)} should be pending, and is {outcome}"
    for ref, name in expect.classes.items():
        if standings[ref].status != "held":
            yield f"{quoted(ref)} should be held with a class, and {_is(standings[ref])}"
        elif standings[ref].award_class != name:
            due = f"the class {quoted(name)}" if name else "no class"
            given = standings[ref].award_class
            had = f"it has {quoted(given)}" if given else "it has none"
            yield f"{quoted(ref)} should have {due}, and {had}"


def _is(standing: Standing) -> str:
    """Say how a credential stands, and why not better."""
    text = f"is {standing.status}"
    if standing.awarded_on is not None:
        text += f" (awarded on {standing.awarded_on})"
    verdict = standing.verdict
    if standing.awarded_on is None and verdict is not None and verdict.missing is not None:
        text += f" (missing: {verdict.missing.text})"
    return text
