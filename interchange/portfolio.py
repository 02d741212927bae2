"""Everything that a learner holds, together: as a CLR 2.0 credential, and as what a page shows.

The credential has the signed badges in it, and says how they stack: an award that another one
stands on `isPartOf` it, and one that the rules of another name `isChildOf` it. It follows from the
badges alone: the same badges, the same bytes. A page is for people, so it has the learner's name,
which no credential has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from domain.learner import Award, Completion, Learner
from domain.library import Volume
from domain.names import relative
from interchange import contexts
from interchange.badge import Issued, clean, field_of_study, profile, subject_id, title
from pathways.document import Credential, plain
from pathways.document import Document as Rules
from pathways.graph import Node, needs
from pathways.words import rule_words

CONTEXT = [
    contexts.CREDENTIALS,
    contexts.CLR,
    contexts.OPEN_BADGES,
    contexts.OPEN_BADGES_EXTENSIONS,
]

Document = Mapping[str, Any]


# --- the credential ------------------------------------------------------------------------------


def newest(issued: Sequence[Issued]) -> Issued:
    """Return the badge that was issued last: its key and its moment sign the whole."""
    return max(issued, key=lambda each: (each.badge.created, each.badge.id))


def clr(issued: Sequence[Issued], badges: Sequence[Document]) -> dict[str, Any]:
    """Return a CLR credential of badges, yet to be signed; `badges` are their signed documents.

    There is at least one, and all are of one issuer and one learner.
    """
    last = newest(issued)
    issuer, learner = last.badge.issuer, last.learner.id
    subjects = {each.subject for each in issued}
    names = ",".join(sorted(each.badge.id for each in issued))
    _, file = last.volume.document.credentials[last.ref]
    who = profile(issuer, file, last.volume.document.main)
    return {
        "@context": CONTEXT,
        "id": f"urn:uuid:{uuid5(NAMESPACE_URL, f'{issuer}#{learner}#{names}')}",
        "type": ["VerifiableCredential", "ClrCredential"],
        "name": f"Learning record: {who['name']}",
        "issuer": who,
        "validFrom": max(str(badge["validFrom"]) for badge in badges),
        "credentialSubject": {
            # A DID that only some badges have would say more than these badges do.
            "id": last.subject if len(subjects) == 1 else subject_id(issuer, learner),
            "type": ["ClrSubject"],
            "verifiableCredential": list(badges),
            "association": list(associations(issued, badges)),
        },
        "credentialSchema": [{"id": contexts.CLR_SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
    }


def associations(issued: Sequence[Issued], badges: Sequence[Document]) -> Iterator[dict[str, Any]]:
    """Say how achievements stack: what stands on what, and what the rules say belongs to what."""
    ids = {
        each.award.id: str(badge["credentialSubject"]["achievement"]["id"])
        for each, badge in zip(issued, badges, strict=True)
    }
    made: dict[tuple[str, str, str], None] = {}
    for upper in issued:
        used, named = set(upper.award.evidence), beneath(upper)
        for lower in issued:
            if lower.award.id == upper.award.id or ids[lower.award.id] == ids[upper.award.id]:
                continue
            pair = (ids[lower.award.id], ids[upper.award.id])
            if lower.award.id in used:
                made["isPartOf", *pair] = None
            if lower.award.credential in named:
                made["isChildOf", *pair] = None
    for kind, source, target in made:
        yield {
            "type": "Association",
            "associationType": kind,
            "sourceId": source,
            "targetId": target,
        }


def beneath(issued: Issued) -> set[str]:
    """Return the credentials that the rules of an award name, by the ledger's names."""
    document, home = issued.volume.document, issued.volume.words.home
    needed: dict[Node, list[Node]] = {}
    for need in needs(document):
        needed.setdefault(need.by, []).append(need.needed)
    found: set[str] = set()
    waiting: list[Node] = [("credential", issued.ref)]
    seen: set[Node] = set()
    while waiting:
        node = waiting.pop()
        for kind, name in needed.get(node, ()):
            if kind == "credential":
                found.add(name if "/" in name else f"{home}/{name}")
            elif kind == "rule" and (kind, name) not in seen:
                seen.add((kind, name))
                waiting.append((kind, name))
    return found


# --- what a page shows ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """Something that an award stands on; `award` is the id of its own entry, if it has one."""

    title: str
    facts: tuple[str, ...] = ()
    award: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An award as people read of it; `described` are labels with what stands behind them."""

    id: str
    title: str
    issuer: str
    on: date
    kind: str = ""
    expires: date | None = None
    award_class: str = ""
    rule: str = ""
    description: str = ""
    described: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()
    badge: str = ""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What one learner holds on a day. `address` is where whoever doubts it can look."""

    name: str
    on: date
    issuer: str
    address: str
    entries: tuple[Entry, ...]
    credential: bytes

    @property
    def by_id(self) -> dict[str, Entry]:
        """Every entry by its id."""
        return {entry.id: entry for entry in self.entries}

    @property
    def tops(self) -> tuple[Entry, ...]:
        """The entries that no other one stands on, the newest first."""
        used = {part.award for entry in self.entries for part in entry.parts}
        left = [entry for entry in self.entries if entry.id not in used]
        return tuple(sorted(left, key=lambda entry: (entry.on, entry.id), reverse=True))


def entry_of(
    learner: Learner, award: Award, volume: Volume | None, did: str, held: Mapping[str, Award]
) -> Entry:
    """Return an award as people read of it.

    `volume` is the document that describes it, None where none does; `held` is what the learner
    holds. `did` is the issuer of what is awarded here.
    """
    if volume is None:
        return Entry(award.id, award.credential, "", award.on, expires=award.expires_on)
    document, home = volume.document, volume.words.home
    ref = relative(award.credential, home)
    model, file = document.credentials[ref]
    badge = learner.badge(award)
    return Entry(
        id=award.id,
        title=title(model, ref),
        issuer="" if award.external else str(profile(did, file, document.main)["name"]),
        on=award.on,
        kind=clean(model.kind or ""),
        expires=award.expires_on,
        award_class=clean(award.award_class or ""),
        rule="" if model.requires is None else _in_titles(rule_words(model.requires), document),
        description=clean(model.description or ""),
        described=tuple(_described(model, None if award.external else file.issuer)),
        parts=tuple(_parts(learner, award, volume, held)),
        badge="" if badge is None else badge.id,
    )


def _in_titles(words: str, document: Rules) -> str:
    """Words of a rule with titles in place of ids, which people outside do not know."""

    def called(match: re.Match[str]) -> str:
        ref = match[1]
        entry = document.modules.get(ref) or document.credentials.get(ref)
        return f"“{title(entry[0], ref) if entry else ref}”"

    return clean(re.sub(r"`([^`]+)`", called, words))


def _described(model: Credential, issuer: Any) -> Iterator[tuple[str, str]]:
    """What frameworks of micro-credentials ask to be told."""
    if model.level is not None:
        yield "Level", plain(model.level)
    if model.credits:
        yield "Credits", plain(model.credits)
    if model.hours:
        yield "Notional workload", f"{plain(model.hours)} hours"
    for outcome in model.outcomes:
        yield "Learning outcome", clean(outcome)
    if model.assessment:
        yield "Assessment", clean(model.assessment)
    if model.participation:
        yield "Form of participation", clean(model.participation)
    if model.quality_assurance:
        yield "Quality assurance", clean(model.quality_assurance)
    if model.review_period is not None:
        yield "Reviewed every", str(model.review_period)
    for field in model.classification:
        yield "Field of study", field_of_study(field)
    if model.skills:
        yield "Skills", clean(", ".join(model.skills))
    for alignment in model.alignment:
        framework = f" ({clean(alignment.framework)})" if alignment.framework else ""
        yield "Aligned with", f"{clean(alignment.name)}{framework}"
    if issuer is not None and issuer.country:
        yield "Country of the issuer", clean(issuer.country)


def _parts(
    learner: Learner, award: Award, volume: Volume, held: Mapping[str, Award]
) -> Iterator[Part]:
    document, home = volume.document, volume.words.home
    found: list[tuple[date, str, Part]] = []
    for item in award.evidence:
        if (completion := learner.completions.get(item)) is not None:
            ref = relative(completion.module, home)
            known = document.modules.get(ref)
            name = title(known[0], ref) if known else ref
            found.append((completion.on, item, Part(name, tuple(_facts(completion)))))
        elif (lower := learner.awards.get(item)) is not None:
            ref = relative(lower.credential, home)
            below = document.credentials.get(ref)
            name = title(below[0], ref) if below else ref
            facts = (f"awarded {lower.on}", *([] if item in held else ["no longer held"]))
            found.append((lower.on, item, Part(name, facts, item if item in held else "")))
        elif (waiver := learner.waivers.get((award.pathway, item))) is not None:
            amount = "" if waiver.amount is None else f"{plain(waiver.amount)} of "
            part = Part(f"{amount}{waiver.rule}", (f"waived {waiver.on}",))
            found.append((waiver.on, item, part))
    for _, _, part in sorted(found, key=lambda each: each[:2]):
        yield part


def _facts(completion: Completion) -> Iterator[str]:
    yield f"completed {completion.on}"
    if completion.score is not None:
        yield f"score {plain(completion.score)}"
    if completion.grade is not None:
        yield f"grade {clean(completion.grade)}"
    if completion.source not in ("course", "manual"):
        yield f"source {clean(completion.source)}"
