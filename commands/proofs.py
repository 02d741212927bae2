"""An award with its proof: which evidence met which part of the rule, and what the kernel says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from commands.books import award_line, event_json, known_as
from commands.errors import UnusableError
from commands.terminal import counted, draw, say, text, tree
from commands.verdicts import Parts, rule_label, rules_of
from domain.events import AwardRenewed, CredentialAwarded, WitnessReplaced
from domain.names import qualified_item, relative, relative_item
from domain.proofs import findings
from pathways.document import plain
from pathways.verdict import Witness

if TYPE_CHECKING:
    from rich.tree import Tree

    from domain.learner import Learner
    from domain.ledger import Ledger
    from pathways.check import Objection
    from pathways.document import Document, RuleBase
    from pathways.verdict import Use


@dataclass(frozen=True, slots=True)
class Proof:
    """One award, its present witness, and what the kernel objects to."""

    ledger: Ledger
    learner: Learner
    made: CredentialAwarded
    witness: dict[str, Any]
    renewals: tuple[AwardRenewed, ...]
    objections: tuple[Objection, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the award as data."""
        award = self.learner.awards[self.made.award]
        return {
            "learner": known_as(self.ledger, self.learner.id),
            **event_json(self.made),
            "expires": None if award.expires_on is None else award.expires_on.isoformat(),
            "revoked": None if award.revoked is None else award.revoked.isoformat(),
            "witness": self.witness,
            "renewals": [event_json(renewal) for renewal in self.renewals],
            "proved": not self.objections,
            "objections": [
                {"path": objection.path, "message": objection.message}
                for objection in self.objections
            ],
        }


def proof_of(ledger: Ledger, id_: str, name: str) -> Proof:
    """Return the proof of an award, named by its id or by its credential.

    Raises `UnknownAwardError`; or `UnusableError` for an award that was made elsewhere.
    """
    learner = ledger.learner(id_)
    award = learner.award(name)
    if award.external:
        raise UnusableError(
            f"`{award.id}` was awarded elsewhere, so there is no proof of it here",
            "its rule is not in this ledger; `cairn learner history` says who recorded it",
        )
    made: CredentialAwarded | None = None
    witness: dict[str, Any] = {}
    renewals: list[AwardRenewed] = []
    objections: list[Objection] = []
    for finding in findings(id_, ledger.history(id_), ledger.volume):
        event = finding.recorded.event
        if getattr(event, "award", None) != award.id:
            continue
        objections.extend(finding.objections)
        match event:
            case CredentialAwarded():
                made, witness = event, event.witness
            case WitnessReplaced():
                witness = event.witness
            case AwardRenewed():
                renewals.append(event)
    assert made is not None
    return Proof(ledger, learner, made, witness, tuple(renewals), tuple(objections))


def show_proof(proof: Proof) -> None:
    """Print an award with its proof."""
    draw(proof_tree(proof))
    edition = f"{proof.made.pathway} {proof.made.version}"
    say(f"by {edition}, {proof.made.digest[:19]}")
    if proof.objections:
        say(f"the kernel objects, {counted(len(proof.objections), 'time')}:")
        for objection in proof.objections:
            say(f"  {objection}")
    else:
        say("the kernel has checked the proof: it holds")


def proof_tree(proof: Proof) -> Tree:
    """Draw an award, rule by rule down to the completions, through the awards that it stands on."""
    drawn = tree(text(*award_line(proof.ledger, proof.made)))
    _draw_proof(drawn, proof)
    return drawn


def _draw_proof(branch: Tree, proof: Proof) -> None:
    made = proof.made
    volume = proof.ledger.volume(made.pathway, made.version)
    home = volume.words.home
    drawing = _Proving(
        proof=proof,
        document=volume.document,
        rules=rules_of(volume.document, relative(made.credential, home)),
        names=_completion_names(proof.learner, home),
    )
    drawing.grow(branch, Witness.from_json(proof.witness).use)
    if made.class_witness is not None:
        class_ = branch.add(text(f"class {made.award_class}"))
        drawing.grow(class_, Witness.from_json(made.class_witness).use)
    for renewal in proof.renewals:
        until = "" if renewal.expires is None else f", until {renewal.expires}"
        drawing.grow(
            branch.add(text(f"renewed {renewal.on}{until}")),
            Witness.from_json(renewal.witness).use,
        )


def _completion_names(learner: Learner, home: str) -> Mapping[str, str]:
    """Return how each completion is told: its module, day, and result."""
    names = {}
    for completion in learner.completions.values():
        facts = [str(completion.on)]
        if completion.score is not None:
            facts.append(f"score {plain(completion.score)}")
        if completion.grade is not None:
            facts.append(f"grade {completion.grade}")
        if completion.source != "course":
            facts.append(completion.source)
        told = f"{relative(completion.module, home)} ({', '.join(facts)})"
        names[relative_item(completion.id, home)] = told
    return names


@dataclass(frozen=True, slots=True)
class _Proving:
    """Draws how each rule used its evidence."""

    proof: Proof
    document: Document
    rules: Mapping[str, RuleBase]
    names: Mapping[str, str]

    def grow(self, branch: Tree, use: Use) -> None:
        """Add a rule's use of the evidence, and all beneath it."""
        parts: Parts = [("✓ ", "green"), rule_label(self.document, self.rules[use.path])]
        if use.waived:
            parts.append((f"  waived: {', '.join(use.waived)}", "yellow"))
        if use.items:
            parts.append((f"  ← {', '.join(self._item(item, use) for item in use.items)}", "dim"))
        twig = branch.add(text(*parts))
        for item in use.items:
            self._grow_award(twig, item)
        for _, part in sorted(use.parts.items()):
            self.grow(twig, part)

    def _grow_award(self, branch: Tree, item: str) -> None:
        """Go on into the award that an item is, where it was made here."""
        name = qualified_item(item, self.document.main.home)
        award = self.proof.learner.awards.get(name)
        if award is not None and not award.external:
            _draw_proof(branch, proof_of(self.proof.ledger, self.proof.learner.id, name))

    def _item(self, item: str, use: Use) -> str:
        told = self.names.get(item, item)
        if item in use.served:
            told += f" as {use.served[item]}"
        if item in use.amounts:
            told += f", {use.amounts[item]} of it"
        return told
