"""What would come of commands, without carrying any of them out.

The same decisions and the same consequences as in the ledger, one command after the other, on a
learner who is only imagined. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from domain import learner as learners
from domain.commands import LearnerCommand
from domain.learner import Learner
from domain.ledger import Ledger
from domain.library import Resolver
from domain.policies import consequences


def imagined(
    ledger: Ledger, learner: Learner, commands: Iterable[LearnerCommand], on: date
) -> Learner:
    """Return the learner as they would be, with all awards that are due by a day.

    Raises a `RefusedError` where the ledger would refuse one of the commands.
    """
    names = Resolver(ledger.library)
    for command in commands:
        resolved = ledger.resolved(command, learner, names)
        for event in learners.decide(resolved, learner):
            learner = learners.evolve(learner, event)
        learner = consequences(learner, ledger.library.volume, on).learner
    return consequences(learner, ledger.library.volume, on).learner
