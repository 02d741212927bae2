"""What a projection looks at: one learner as of their last event, with how they stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from domain.learner import Award, Enrolment, Learner
from domain.library import Library
from domain.names import qualified, relative
from domain.policies import assessment_of
from pathways.awards import Assessment


@dataclass(frozen=True)
class Seen:
    """A learner, and the last day on which something was decided about them."""

    learner: Learner
    day: date
    library: Library

    @cached_property
    def assessments(self) -> list[tuple[Enrolment, Assessment]]:
        """How the learner stands on that day in each pathway that they follow."""
        return [
            (enrolment, self._assessment(enrolment))
            for enrolment in self.learner.current_enrolments
        ]

    def ended(self, award: Award) -> date | None:
        """Return the last day of a stretch of an award that is held while its rule is met.

        None where the stretch goes on, or the award is of another kind. A stretch that later
        facts undid ended before it began.
        """
        if award.external:
            return None
        volume = self.library.volume(award.pathway, award.version)
        ref = relative(award.credential, volume.words.home)
        if volume.document.credentials[ref][0].lasts != "while_met":
            return None
        for made in self._ground(award).standings[ref].awards:
            if qualified(made.item, volume.words.home) == award.id:
                return made.ended
        return award.on - date.resolution

    def _ground(self, award: Award) -> Assessment:
        for enrolment, assessment in self.assessments:
            if (enrolment.pathway, enrolment.version) == (award.pathway, award.version):
                return assessment
        then = self.learner.enrolments[award.pathway]
        return self._assessment(
            Enrolment(award.pathway, award.version, award.digest, min(then.on, award.on))
        )

    def _assessment(self, enrolment: Enrolment) -> Assessment:
        volume = self.library.volume(enrolment.pathway, enrolment.version)
        return assessment_of(self.learner, volume, enrolment, self.day)


#: The rows of one table about one learner.
LearnerRows = Callable[[Seen], list[dict[str, object]]]
