"""Where the evaluator, the search, the checker and the oracle differ on a case, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any

from pathways.allocation import canonical
from pathways.awards import Assessment, Made, assess
from pathways.awards import Standing as Told
from pathways.check import check
from pathways.compile import compiled
from pathways.document import Held, Record, Renewed
from pathways.evaluate import Case as View
from pathways.evidence import Pool
from pathways.solver import UndecidedError
from pathways.verdict import Outcome, Verdict
from tests import oracle
from tests.strategies import Case

#: So many uses of one rule are shown to the checker.
ENOUGH_USES = 40


# --- the evaluator and the oracle ----------------------------------------------------------------


def differences(case: Case) -> list[str]:
    """All differences between what the evaluator and the oracle say of a case."""
    expected = oracle.assess(case.document, case.record, case.on)
    told = assess(case.document, case.record, case.on)
    return [
        f"{ref}: {difference}"
        for ref, standing in expected.items()
        for difference in _in_standing(standing, told.standings[ref])
    ]


def _in_standing(expected: oracle.Standing, told: Told) -> Iterator[str]:
    status = "not held" if told.status in ("not started", "in progress") else told.status
    last = told.awards[-1] if told.awards else None
    pairs: list[tuple[str, object, object]] = [
        ("status", expected.status, status),
        ("awarded_on", expected.awarded_on, told.awarded_on),
        ("expires_on", expected.expires_on, told.expires_on),
        ("class", expected.award_class, told.award_class),
        ("outcome", expected.outcome, told.outcome.value),
        ("progress is 1", expected.outcome == "met", told.progress == 1),
        ("witness", _names(expected.witness), _items(last)),
        ("witness is of", expected.witness_on, last.ground.on if last and last.ground else None),
        (
            "class witness",
            _names(expected.class_witness),
            last.class_witness.items if last and last.class_witness else None,
        ),
        (
            "renewals",
            tuple((on, expires, _names(use)) for on, expires, use in expected.renewals),
            tuple((r.on, r.expires, r.witness.items if r.witness else None) for r in last.renewals)
            if last
            else (),
        ),
    ]
    proof = expected.witness if expected.awarded_on is not None else expected.today
    if proof is not None and told.verdict is not None and told.verdict.outcome is Outcome.MET:
        pairs.append(("evidence", _chosen(proof), dict(_evidence(told.verdict))))
    for name, wanted, found in pairs:
        if wanted != found:
            yield f"{name} is {wanted} by the oracle, {found} by the evaluator"


def _names(use: oracle.Use | None) -> tuple[str, ...] | None:
    return use.names() if use is not None else None


def _items(made: Made | None) -> tuple[str, ...] | None:
    return made.ground.items if made is not None and made.ground is not None else None


def _chosen(use: oracle.Use) -> dict[str, tuple[str, ...]]:
    return {path: items for path, items in use.tree().items() if items}


def _evidence(verdict: Verdict) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What each rule of a met verdict uses, where it uses something."""
    for part in verdict.walk():
        if part.evidence:
            yield part.path, part.evidence


# --- the search ----------------------------------------------------------------------------------


def unlike_the_search(case: Case) -> list[str]:
    """Where a search alone finds another canonical use than the evaluator, of any rule that day."""
    told = assess(case.document, case.record, case.on)
    pool = Pool(case.document, _holding(told, None, case.on), case.on)
    found: list[str] = []
    for ref, earned in compiled(case.document).credentials.items():
        for tree in earned.trees:
            view = View(tree, pool)
            try:
                witness, uses = view.witness(case.on), canonical([view.claim(case.on)])
            except UndecidedError:
                continue
            expected, searched = witness and witness.use, uses and uses[0]
            if searched != expected:
                found.append(f"{ref}: {searched} by the search, {expected} by the evaluator")
    return found


# --- the checker ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """A witness, with all that the checker is told beside it."""

    case: Case
    record: Record
    credential: str
    rule: str
    witness: dict[str, Any]
    after: date | None = None

    @property
    def day(self) -> date:
        """The day of the witness."""
        return date.fromisoformat(self.witness["on"])

    @property
    def dates(self) -> dict[str, date]:
        """The date of every item on record."""
        dated = [(c.id or f"{c.module}@{c.on}", c.on) for c in self.record.completed]
        dated += [(h.id or f"{h.credential}@{h.on}", h.on) for h in self.record.holds]
        dated += [(w.id or f"waiver:{w.rule}", w.on) for w in self.record.waived]
        return {item: on for item, on in dated if on is not None}

    def objections(self, witness: dict[str, Any] | None = None) -> list[str]:
        """What the checker has against the witness, or against another in its place."""
        found = check(
            self.case.document,
            self.record,
            self.credential,
            self.witness if witness is None else witness,
            rule=self.rule,
            after=self.after,
        )
        return [f"{self.credential} by {self.witness}: {objection}" for objection in found]


def claims(case: Case) -> Iterator[Claim]:
    """Every witness that the evaluator gives for what it has awarded."""
    told = assess(case.document, case.record, case.on)
    for ref, standing in told.standings.items():
        credential = case.document.credentials[ref][0]
        previous: Made | None = None
        for made in standing.awards:
            record = _holding(told, made, made.on)
            fresh = None
            if previous is not None and credential.again == "fresh":
                lost = any(loss.decision == "revoke" for loss in previous.losses)
                fresh = None if lost or credential.lasts == "while_met" else previous.last_renewed
            if made.ground is not None:
                loss = next((loss for loss in reversed(made.losses) if loss.witness), None)
                known = record
                if loss is not None:
                    # A new ground is one without all that was lost, as if it had never been.
                    known = _without_lost(_holding(told, made, loss.on), loss.on)
                yield Claim(case, known, ref, "requires", made.ground.to_json(), fresh)
            if made.class_witness is not None:
                rule = oracle.class_path(str(made.award_class))
                yield Claim(case, record, ref, rule, made.class_witness.to_json())
            since = made.on
            for renewal in made.renewals:
                if renewal.witness is not None:
                    written = renewal.witness.to_json()
                    known = _holding(told, made, renewal.on)
                    yield Claim(case, known, ref, "renewal.requires", written, since)
                since = renewal.on
            previous = made


def _without_lost(record: Record, on: date) -> Record:
    def stands(revoked: date | None) -> bool:
        return revoked is None or revoked > on

    return record.model_copy(
        update={
            "completed": tuple(entry for entry in record.completed if stands(entry.revoked)),
            "holds": tuple(entry for entry in record.holds if stands(entry.revoked)),
        }
    )


def _holding(told: Assessment, judged: Made | None, day: date) -> Record:
    """The record that the checker is given: all facts, and every award but the one judged.

    What the other awards rest on is told as it was known on a day.
    """
    holds = [
        Held(
            credential=made.credential,
            on=made.on,
            expires=made.ended or made.first_expires or "never",
            used=tuple(sorted(_known_on(made, day).used)),
            renewed=tuple(Renewed(on=r.on, expires=r.expires) for r in made.renewals),
            id=made.item,
            revoked=made.revoked,
        )
        for standing in told.standings.values()
        for made in standing.awards
        if made is not judged
    ]
    return told.record.model_copy(update={"holds": tuple(holds)})


def _known_on(made: Made, day: date) -> Made:
    """An award before it lost what was not yet lost on a day."""
    return replace(made, losses=tuple(loss for loss in made.losses if loss.on <= day))


def objections(case: Case) -> list[str]:
    """What the checker has against the witnesses that the evaluator gives."""
    return [objection for claim in claims(case) for objection in claim.objections()]


def objections_to_every_use(case: Case) -> list[str]:
    """What the checker has against legal uses of the evidence on the last day."""
    told = assess(case.document, case.record, case.on)
    world = oracle.lived(case.document, case.record, case.on).world
    found: list[str] = []
    for ref, (credential, _) in case.document.credentials.items():
        if credential.external or (case.record.enrolled or case.on) > case.on:
            continue
        awards = told.standings[ref].awards
        record = _holding(told, awards[-1] if awards else None, case.on)
        for use in islice(world.legal_uses(ref, "requires", case.on), ENOUGH_USES):
            witness = {"on": str(case.on), "items": list(use.names()), "use": use.to_json()}
            found += Claim(case, record, ref, "requires", witness).objections()
    return found
