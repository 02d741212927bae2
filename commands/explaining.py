"""The proof of an award as a person reads it: each rule with its text, each item with its event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from commands.books import known_as
from commands.errors import UnusableError
from commands.happenings import told
from commands.terminal import say
from commands.verdicts import rule_label, rules_of, title_of
from domain.events import AwardRenewed, CredentialAwarded, WitnessReplaced
from domain.grounds import afterwards, losses, origins
from domain.names import qualified_item, relative
from domain.proofs import findings
from pathways.verdict import Use, Witness

if TYPE_CHECKING:
    from domain.events import Recorded
    from domain.ledger import Ledger
    from domain.proofs import Finding
    from pathways.document import Document, RuleBase


def explanation(ledger: Ledger, id_: str, name: str) -> dict[str, Any]:
    """Return an award with its whole proof, down to the events, as data.

    Raises `UnknownAwardError`; or `UnusableError` for an award that was made elsewhere.
    """
    learner = ledger.learner(id_)
    award = learner.award(name)
    if award.external:
        raise UnusableError(
            f"`{award.id}` was awarded elsewhere, so there is no proof of it here",
            "its rule is not in this ledger; `cairn learner history` says who recorded it",
        )
    history = ledger.history(id_)
    judged = list(findings(id_, history, ledger.volume))
    return {
        "learner": known_as(ledger, id_),
        "id": id_,
        **_Explaining(ledger, history, judged).award(award.id),
    }


@dataclass(frozen=True, slots=True)
class _Explaining:
    ledger: Ledger
    history: list[Recorded]
    judged: list[Finding]

    def award(self, award: str) -> dict[str, Any]:
        """Explain an award made here, and all that it stands on."""
        own = [one for one in self.judged if getattr(one.recorded.event, "award", "") == award]
        made = own[0].recorded
        event = made.event
        assert isinstance(event, CredentialAwarded)
        document = self.ledger.volume(event.pathway, event.version).document
        held = self.ledger.learner(made.stream).awards[award]
        objections = [str(each) for one in own for each in one.objections]
        found: dict[str, Any] = {
            "award": award,
            "credential": event.credential,
            "title": title_of(document, relative(event.credential, document.main.home)),
            "pathway": event.pathway,
            "version": event.version,
            "digest": event.digest,
            "on": event.on.isoformat(),
            "expires": None if held.expires_on is None else held.expires_on.isoformat(),
            "revoked": None if held.revoked is None else held.revoked.isoformat(),
            "class": event.award_class,
            "recorded": _recorded(made),
            "proved": not objections,
            "objections": objections,
        }
        for one in own:
            later = one.recorded.event
            match later:
                case CredentialAwarded() | WitnessReplaced():
                    found["witness"] = later.witness
                    found["rule"] = self._witness(later, later.witness)
        if event.class_witness is not None:
            found["class_rule"] = self._witness(event, event.class_witness)
        found["renewals"] = [
            {
                "on": one.recorded.event.on.isoformat(),
                "recorded": _recorded(one.recorded),
                "rule": self._witness(one.recorded.event, one.recorded.event.witness),
            }
            for one in own
            if isinstance(one.recorded.event, AwardRenewed)
        ]
        found["afterwards"] = [
            {**_recorded(each), "topic": each.event.topic, "told": told(each.event)}
            for each in afterwards(self.history, award)
        ]
        return found

    def _witness(
        self, event: CredentialAwarded | WitnessReplaced | AwardRenewed, witness: dict[str, Any]
    ) -> dict[str, Any]:
        document = self.ledger.volume(event.pathway, event.version).document
        credential = event.award.partition("@")[0]
        if isinstance(event, CredentialAwarded):
            credential = event.credential
        rules = rules_of(document, relative(credential, document.main.home))
        return self._rule(document, rules, Witness.from_json(witness).use, event.pathway)

    def _rule(
        self, document: Document, rules: Mapping[str, RuleBase], use: Use, pathway: str
    ) -> dict[str, Any]:
        rule = rules[use.path]
        return {
            "path": use.path,
            "id": rule.id,
            "words": rule_label(document, rule),
            "text": rule.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            "waived": [self._item(document, item, use, pathway) for item in use.waived],
            "evidence": [self._item(document, item, use, pathway) for item in use.items],
            "parts": [
                self._rule(document, rules, part, pathway) for _, part in sorted(use.parts.items())
            ],
        }

    def _item(self, document: Document, item: str, use: Use, pathway: str) -> dict[str, Any]:
        name = qualified_item(item, document.main.home)
        known = origins(self.history, pathway)
        origin = known.get(name) or known.get(item)
        found: dict[str, Any] = {"item": name}
        if origin is not None:
            found |= {"told": told(origin.event), **_recorded(origin)}
        if item in use.served:
            found["as"] = use.served[item]
        if item in use.amounts:
            found["amount"] = use.amounts[item]
        if (lost := losses(self.history, pathway).get(name)) is not None:
            found["lost"] = {"told": told(lost.event), **_recorded(lost)}
        if origin is not None and isinstance(origin.event, CredentialAwarded):
            found["award"] = self.award(name)
        return found


def _recorded(recorded: Recorded) -> dict[str, Any]:
    return {
        "event": recorded.number,
        "recorded_at": recorded.at.isoformat(),
        "decided_on": recorded.day.isoformat(),
        "dated": recorded.event.on.isoformat(),
        "by": recorded.event.by,
        "source": recorded.event.source,
    }


def show(found: dict[str, Any]) -> None:
    """Print an explanation, to be read from above to below."""
    say(f"{found['learner']}")
    for line in _award(found):
        say(line)


def _award(found: dict[str, Any], indent: str = "") -> Iterator[str]:
    until = f", until {found['expires']}" if found["expires"] else ""
    class_ = f", {found['class']}" if found["class"] else ""
    yield f"{indent}{found['title']}, awarded {found['on']}{class_}{until}"
    yield f"{indent}  by {found['pathway']} {found['version']}, {found['digest'][:19]}"
    yield f"{indent}  {_event(found['recorded'])}"
    if found["proved"]:
        yield f"{indent}  the kernel has checked the proof: it holds"
    for objection in found["objections"]:
        yield f"{indent}  the kernel objects: {objection}"
    yield from _rule(found["rule"], indent + "  ")
    if "class_rule" in found:
        yield f"{indent}  class {found['class']}"
        yield from _rule(found["class_rule"], indent + "    ")
    for renewal in found["renewals"]:
        yield f"{indent}  renewed {renewal['on']}, {_event(renewal['recorded'])}"
        yield from _rule(renewal["rule"], indent + "    ")
    for later in found["afterwards"]:
        yield f"{indent}  then: {later['told']}, {_event(later)}"


def _rule(rule: dict[str, Any], indent: str) -> Iterator[str]:
    yield f"{indent}✓ {rule['words']}   [{rule['path']}]"
    if not rule["parts"]:
        for line in yaml.safe_dump(rule["text"], sort_keys=False, allow_unicode=True).splitlines():
            yield f"{indent}    | {line}"
    for item in (*rule["waived"], *rule["evidence"]):
        yield from _item(item, indent + "    ")
    for part in rule["parts"]:
        yield from _rule(part, indent + "  ")


def _item(item: dict[str, Any], indent: str) -> Iterator[str]:
    served = f" as `{item['as']}`" if "as" in item else ""
    amount = f", {item['amount']} of it" if "amount" in item else ""
    yield f"{indent}← {item.get('told', item['item'])}{served}{amount}"
    if "event" in item:
        yield f"{indent}  {_event(item)}"
    if "lost" in item:
        yield f"{indent}  lost since: {item['lost']['told']}, {_event(item['lost'])}"
    if "award" in item:
        yield from _award(item["award"], indent + "  ")


def _event(recorded: dict[str, Any]) -> str:
    return (
        f"dated {recorded['dated']}, event {recorded['event']}, recorded"
        f" {recorded['recorded_at'][:16].replace('T', ' ')} UTC by `{recorded['by']}`"
        f" from `{recorded['source']}`"
    )
