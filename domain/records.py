"""A learner as the rules of one document see them.

The ledger keeps full names and every pathway's facts; an evaluation wants a `Record`, with the
names that the document uses and only what it knows.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from domain.learner import Award, Completion, Learner
from domain.names import relative, relative_item
from domain.vocabulary import Vocabulary
from pathways.document import Completed, Held, Record, Renewed, Started, Substituted, Waived


def record_of(
    learner: Learner,
    words: Vocabulary,
    *,
    pathway: str,
    enrolled: date | None,
    on: date,
) -> Record:
    """Return what a document may use on a day, in its own words.

    Waivers are those of the `pathway`. Evidence of an award that was lost is left out of what the
    award used: what follows from the loss is decided by `policies`, and decided once. An award
    that was revoked for such a loss is left out altogether, because it used nothing up.
    """
    home = words.home
    swaps = [swap for swap in learner.substitutions if swap.counts_as in words.modules]
    modules = words.modules | {swap.module for swap in swaps}
    return Record.model_construct(
        learner=learner.id,
        enrolled=enrolled,
        completed=tuple(
            _completed(completion, home)
            for completion in learner.completions.values()
            if completion.replaced_by is None and completion.module in modules
        ),
        in_progress=tuple(
            Started.model_construct(
                module=relative(started.module, home),
                on=started.on,
                credits=started.credits,
                hours=started.hours,
                source=started.source,
            )
            for started in learner.started.values()
            if started.module in modules
        ),
        holds=tuple(
            _held(learner, award, home, on)
            for award in learner.awards.values()
            if award.credential in words.credentials
            and not (award.revoked is not None and award.groundless)
        ),
        approved=tuple(
            sorted(relative(ref, home) for ref in learner.approvals if ref in words.credentials)
        ),
        waived=tuple(
            Waived.model_construct(
                rule=waiver.rule, amount=waiver.amount, on=waiver.on, id=waiver.id
            )
            for waiver in learner.waivers.values()
            if waiver.pathway == pathway and waiver.withdrawn is None and waiver.rule in words.rules
        ),
        substituted=tuple(
            Substituted.model_construct(
                module=relative(swap.module, home),
                counts_as=relative(swap.counts_as, home),
                on=swap.on,
            )
            for swap in swaps
        ),
    )


@lru_cache(maxsize=4096)
def _completed(completion: Completion, home: str) -> Completed:
    # A learner is looked at again and again, after each event and for each pathway.
    return Completed.model_construct(
        module=relative(completion.module, home),
        on=completion.on,
        score=completion.score,
        grade=completion.grade,
        credits=completion.credits,
        level=completion.level,
        hours=completion.hours,
        groups=completion.groups,
        expires=completion.expires,
        source=completion.source,
        id=relative_item(completion.id, home),
        revoked=completion.revoked,
    )


def _held(learner: Learner, award: Award, home: str, on: date) -> Held:
    gone = learner.lost_evidence(award, on).keys() | award.settled
    return Held.model_construct(
        credential=relative(award.credential, home),
        on=award.on,
        expires=award.expires,
        award_class=award.award_class,
        used=tuple(relative_item(item, home) for item in award.evidence if item not in gone),
        renewed=tuple(
            Renewed.model_construct(on=renewal.on, expires=renewal.expires)
            for renewal in award.renewals
        ),
        id=relative_item(award.id, home),
        revoked=award.revoked,
    )
