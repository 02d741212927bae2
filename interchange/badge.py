"""A badge: an award as an Open Badges 3.0 `AchievementCredential`.

What it says follows from the event that issued it, the learner as of that event and the published
document, and from nothing else, so that the same award always gives the same bytes. The one thing
from outside is who the recipient is: an e-mail address or a reference, which the badge has hashed,
and a DID of their own; no event holds any of them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from domain.learner import Award, Badge, Completion, Learner
from domain.library import Volume
from domain.names import relative
from interchange import contexts, status
from interchange.proofs import timestamp
from pathways.document import Classification, Credential, Document, Module, Pathway, plain
from pathways.words import rule_words

#: What Open Badges calls the kinds of credentials that designers write.
_TYPES = {
    "apprenticeship-certificate": "ApprenticeshipCertificate",
    "associate-degree": "AssociateDegree",
    "award": "Award",
    "bachelor-degree": "BachelorDegree",
    "badge": "Badge",
    "certificate": "Certificate",
    "certification": "Certification",
    "competency": "Competency",
    "course": "Course",
    "degree": "Degree",
    "diploma": "Diploma",
    "doctoral-degree": "DoctoralDegree",
    "licence": "License",
    "license": "License",
    "master-degree": "MasterDegree",
    "membership": "Membership",
    "micro-credential": "MicroCredential",
    "microcredential": "MicroCredential",
}

_SCHEMA_ORG = "https://schema.org/"
_CTDL = "https://purl.org/ctdl/terms/"

#: Words that describe an achievement and that Open Badges does not have, with their meaning.
TERMS: dict[str, Any] = {
    "learningOutcome": f"{_SCHEMA_ORG}teaches",
    "notionalWorkload": {
        "@id": f"{_SCHEMA_ORG}timeRequired",
        "@type": "http://www.w3.org/2001/XMLSchema#duration",
    },
    "educationalLevel": f"{_SCHEMA_ORG}educationalLevel",
    "assessmentDescription": f"{_CTDL}assessmentMethodDescription",
    "participationDescription": f"{_CTDL}deliveryTypeDescription",
    "qualityAssuranceDescription": f"{_CTDL}processStandardsDescription",
    "reviewPeriod": f"{_CTDL}processFrequency",
}

#: Published contexts alone: there are verifiers that refuse a document with words of its own.
CONTEXT = [contexts.CREDENTIALS, contexts.OPEN_BADGES, contexts.OPEN_BADGES_EXTENSIONS]

_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")


@dataclass(frozen=True, slots=True)
class Recipient:
    """What the badge knows its recipient by, besides an opaque id: `email` or `reference`."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Issued:
    """An award in a badge: the learner as of the event that issued it, and the document.

    `did` is the identifier of their own that the badge calls them by, empty where there is none.
    """

    learner: Learner
    badge: Badge
    volume: Volume
    recipient: Recipient | None = None
    did: str = ""

    @property
    def subject(self) -> str:
        """How the badge calls the learner: by their own DID, or an id that leads nowhere."""
        return self.did or subject_id(self.badge.issuer, self.learner.id)

    @property
    def award(self) -> Award:
        """The award."""
        return self.learner.awards[self.badge.award]

    @property
    def ref(self) -> str:
        """The credential, as the document calls it."""
        return relative(self.award.credential, self.volume.words.home)


# --- the whole credential ------------------------------------------------------------------------


def credential(issued: Issued) -> dict[str, Any]:
    """Return the badge, yet to be signed."""
    badge, award = issued.badge, issued.award
    model, file = issued.volume.document.credentials[issued.ref]
    made: dict[str, Any] = {
        "@context": CONTEXT,
        "id": badge.id,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": title(model, issued.ref),
        "issuer": profile(badge.issuer, file, issued.volume.document.main),
        "validFrom": _valid_from(award.on, badge.created),
    }
    if badge.expires is not None:
        made["validUntil"] = timestamp(datetime.combine(badge.expires, time(23, 59, 59), UTC))
    made["awardedDate"] = timestamp(datetime.combine(award.on, time(), UTC))
    made["credentialSubject"] = _subject(issued, model)
    made["credentialSchema"] = [
        {"id": contexts.ACHIEVEMENT_SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}
    ]
    made["credentialStatus"] = status.entry(badge.site, badge.status_list, badge.status_index)
    return made


def _valid_from(on: date, created: datetime) -> str:
    """The day of the award; where the day begins later in UTC than where it was made, its making.

    An award of this morning in Auckland is of tomorrow in UTC, and is valid all the same.
    """
    return timestamp(min(datetime.combine(on, time(), UTC), created))


def subject_id(issuer: str, learner: str) -> str:
    """Return how an issuer's credentials call a learner: always the same, and no way back.

    >>> subject_id("did:web:example.edu", "0f5c")
    'urn:uuid:02d0daf6-d886-5c7d-8dcc-45b2bd04d4f3'
    """
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{issuer}#{learner}')}"


def identity(recipient: Recipient, salt: str) -> dict[str, Any]:
    """Return a recipient as an `IdentityObject`: who knows the value can check that it is meant."""
    value = recipient.value.lower() if recipient.kind == "email" else recipient.value
    digest = hashlib.sha256((value + salt).encode()).hexdigest()
    return {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": f"sha256${digest}",
        "identityType": "emailAddress" if recipient.kind == "email" else "identifier",
        "salt": salt,
    }


def profile(did: str, *files: Pathway) -> dict[str, Any]:
    """Return the profile of the issuer, by the first of the files that tells about one."""
    made: dict[str, Any] = {"id": did, "type": ["Profile"]}
    told = next((file.issuer for file in files if file.issuer is not None), None)
    if told is None:
        return made | {"name": did}
    made["name"] = clean(told.name)
    if told.url:
        made["url"] = told.url
    if told.country:
        name = "addressCountryCode" if _COUNTRY.fullmatch(told.country) else "addressCountry"
        made["address"] = {"type": ["Address"], name: clean(told.country)}
    return made


def _subject(issued: Issued, model: Credential) -> dict[str, Any]:
    badge = issued.badge
    made: dict[str, Any] = {
        "id": issued.subject,
        "type": ["AchievementSubject"],
    }
    if issued.recipient is not None:
        made["identifier"] = [identity(issued.recipient, badge.salt)]
    if model.credits:
        made["creditsEarned"] = _number(model.credits)
    about = achievement(badge.site, issued.volume, issued.ref)
    about["criteria"]["narrative"] += "\n\n" + done(issued)
    results = list(_results(issued, about["id"]))
    about["resultDescription"] = [*about["resultDescription"], *_descriptions(issued, about["id"])]
    if related := _related(issued):
        about["related"] = related
    made["achievement"] = about
    made["result"] = results
    return made


# --- what is achieved ----------------------------------------------------------------------------


def achievement_id(site: str, pathway: str, version: str, ref: str) -> str:
    """Return the address of an achievement.

    >>> achievement_id("https://example.edu/", "office", "2026.1", "poly/essentials")
    'https://example.edu/achievements/office/2026.1/poly/essentials.json'
    """
    return f"{site}achievements/{quote(pathway)}/{quote(version)}/{quote(ref)}.json"


def pathway_id(site: str, pathway: str, version: str) -> str:
    """Return the address of a version of a pathway."""
    return f"{site}pathways/{quote(pathway)}/{quote(version)}.json"


def achievement(site: str, volume: Volume, ref: str) -> dict[str, Any]:
    """Return what a credential is, for everybody who earns it."""
    edition, document = volume.edition, volume.document
    model, _ = document.credentials[ref]
    where = achievement_id(site, edition.pathway, edition.version, ref)
    name = title(model, ref)
    made: dict[str, Any] = {
        "id": where,
        "type": ["Achievement"],
        "achievementType": _achievement_type(model.kind),
        "name": name,
        "description": clean(model.description or name),
        "criteria": {"id": where, "narrative": criteria(document, ref)},
        "version": edition.version,
        "alignment": list(_alignments(site, volume, model)),
        "resultDescription": [
            {
                "id": f"{where}#status",
                "type": ["ResultDescription"],
                "name": "Status",
                "resultType": "Status",
            }
        ],
    }
    if model.classes:
        made["resultDescription"].append(
            {
                "id": f"{where}#class",
                "type": ["ResultDescription"],
                "name": "Class",
                "resultType": "Result",
                "allowedValue": [clean(class_.name) for class_ in model.classes],
            }
        )
    if model.credits:
        made["creditsAvailable"] = _number(model.credits)
    if model.language and _LANGUAGE.fullmatch(model.language):
        made["inLanguage"] = model.language
    if model.image and model.image.startswith(("https://", "http://")):
        made["image"] = {"id": model.image, "type": "Image"}
    if model.classification:
        # Open Badges has one text for it, and one code is what most have.
        made["fieldOfStudy"] = "; ".join(map(field_of_study, model.classification))
    if model.skills:
        made["tag"] = [clean(skill) for skill in model.skills]
    return made


def field_of_study(field: Classification) -> str:
    """Say what a field of study is, with its code.

    >>> field_of_study(Classification(scheme="NZSCED", code="080905"))
    'NZSCED 080905'
    """
    return clean(f"{field.scheme} {field.code} {field.name or ''}")


def described(model: Credential) -> dict[str, Any]:
    """What frameworks of micro-credentials ask for, in `TERMS`: Open Badges has no words for it."""
    told: dict[str, Any] = {}
    if model.outcomes:
        told["learningOutcome"] = [clean(outcome) for outcome in model.outcomes]
    if model.hours:
        told["notionalWorkload"] = _duration(model.hours)
    if model.level is not None:
        told["educationalLevel"] = plain(model.level)
    if model.assessment:
        told["assessmentDescription"] = clean(model.assessment)
    if model.participation:
        told["participationDescription"] = clean(model.participation)
    if model.quality_assurance:
        told["qualityAssuranceDescription"] = clean(model.quality_assurance)
    if model.review_period is not None:
        told["reviewPeriod"] = str(model.review_period)
    return told


def _achievement_type(kind: str | None) -> str:
    if kind is None:
        return "Achievement"
    known = _TYPES.get(kind.lower().replace(" ", "-").replace("_", "-"))
    return known or "ext:" + re.sub(r"[^A-Za-z0-9._-]", "-", kind)


def _alignments(site: str, volume: Volume, model: Credential) -> Iterator[dict[str, Any]]:
    edition = volume.edition
    yield {
        "type": ["Alignment"],
        "targetName": clean(edition.title or edition.pathway),
        "targetUrl": pathway_id(site, edition.pathway, edition.version),
        "targetCode": edition.digest,
        "targetType": "ext:Pathway",
    }
    for alignment in model.alignment:
        if alignment.url:
            told = {
                "type": ["Alignment"],
                "targetName": clean(alignment.name),
                "targetUrl": alignment.url,
            }
            if alignment.framework:
                told["targetFramework"] = clean(alignment.framework)
            yield told


def criteria(document: Document, ref: str) -> str:
    """Say what earns a credential: its rule in words, and what the words stand for."""
    model, _ = document.credentials[ref]
    name = title(model, ref)
    if model.requires is None:
        return f"{name} is awarded elsewhere."
    words = clean(rule_words(model.requires))
    legend = [
        f"- `{other}`: {title(known, other)}"
        for other, known in _mentioned(document, words)
        if known.title
    ]
    lines = [f"{name} requires: {words}.", *(["", *legend] if legend else [])]
    if told := list(_told(model)):
        lines += ["", *(f"- {line}" for line in told)]
    return "\n".join(lines)


def _told(model: Credential) -> Iterator[str]:
    """Say what frameworks of micro-credentials ask for, for people."""
    if model.level is not None:
        yield f"Level: {plain(model.level)}"
    if model.credits:
        yield f"Credits: {plain(model.credits)}"
    if model.hours:
        yield f"Notional workload: {plain(model.hours)} hours"
    for outcome in model.outcomes:
        yield f"Learning outcome: {clean(outcome)}"
    if model.assessment:
        yield f"Assessment: {clean(model.assessment)}"
    if model.participation:
        yield f"Form of participation: {clean(model.participation)}"
    if model.quality_assurance:
        yield f"Quality assurance: {clean(model.quality_assurance)}"
    if model.review_period is not None:
        yield f"Reviewed every {model.review_period}"
    for field in model.classification:
        yield f"Field of study: {field_of_study(field)}"
    for alignment in model.alignment:
        framework = f" ({clean(alignment.framework)})" if alignment.framework else ""
        yield f"Aligned with: {clean(alignment.name)}{framework}"


def _mentioned(document: Document, words: str) -> Iterator[tuple[str, Module | Credential]]:
    for ref in dict.fromkeys(re.findall(r"`([^`]+)`", words)):
        if ref in document.modules:
            yield ref, document.modules[ref][0]
        elif ref in document.credentials:
            yield ref, document.credentials[ref][0]


# --- what this learner did -----------------------------------------------------------------------


def done(issued: Issued) -> str:
    """Say, item by item, with what a learner earned an award."""
    edition = issued.volume.edition
    name = edition.title or edition.pathway
    by = f"by the rules of {clean(name)}, version {edition.version}"
    lines = [f"It was earned on {issued.award.on}, {by}, with:", ""]
    lines += [f"- {line}" for line in _items(issued)]
    for renewal in issued.award.renewals:
        until = "" if renewal.expires is None else f", until {renewal.expires}"
        lines += ["", f"It was renewed on {renewal.on}{until}."]
    return "\n".join(lines)


def stack(issued: Issued) -> list[str]:
    """Return the titles of what an award stands on."""
    home, document = issued.volume.words.home, issued.volume.document
    names = []
    for item in _by_day(issued):
        completion = issued.learner.completions.get(item)
        award = issued.learner.awards.get(item)
        if completion is not None:
            ref = relative(completion.module, home)
            names.append(title(document.modules[ref][0], ref) if ref in document.modules else ref)
        elif award is not None:
            ref = relative(award.credential, home)
            known = document.credentials.get(ref)
            names.append(title(known[0], ref) if known else ref)
    return names


def _by_day(issued: Issued) -> list[str]:
    """The evidence in the order in which it was earned."""
    known = {**issued.learner.completions, **issued.learner.awards}
    waived = {id_: waiver for (_, id_), waiver in issued.learner.waivers.items()}
    found: dict[str, Any] = {**waived, **known}
    return sorted(
        issued.award.evidence,
        key=lambda item: (found[item].on if item in found else date.max, item),
    )


def _items(issued: Issued) -> Iterator[str]:
    learner, home = issued.learner, issued.volume.words.home
    document = issued.volume.document
    for item in _by_day(issued):
        if completion := learner.completions.get(item):
            ref = relative(completion.module, home)
            facts = [f"completed {completion.on}", *_facts(completion)]
            yield f"{_called(document, ref)}: {', '.join(facts)}"
        elif award := learner.awards.get(item):
            ref = relative(award.credential, home)
            where = ", elsewhere" if award.external else ""
            yield f"{_called(document, ref)}: awarded {award.on}{where}"
        elif waiver := learner.waivers.get((issued.award.pathway, item)):
            amount = "" if waiver.amount is None else f"{plain(waiver.amount)} of "
            yield f"{amount}the requirement `{waiver.rule}`: waived {waiver.on}"


def _facts(completion: Completion) -> Iterator[str]:
    if completion.score is not None:
        yield f"score {plain(completion.score)}"
    if completion.grade is not None:
        yield f"grade {clean(completion.grade)}"
    if completion.credits is not None:
        yield f"{plain(completion.credits)} credits"
    if completion.source not in ("course", "manual"):
        yield f"source {clean(completion.source)}"


def _completions(issued: Issued) -> list[Completion]:
    found = (issued.learner.completions.get(item) for item in _by_day(issued))
    return [completion for completion in found if completion is not None]


def _results(issued: Issued, where: str) -> Iterator[dict[str, Any]]:
    yield {
        "type": ["Result"],
        "resultDescription": f"{where}#status",
        "status": "Completed",
    }
    if issued.award.award_class is not None:
        yield {
            "type": ["Result"],
            "resultDescription": f"{where}#class",
            "value": clean(issued.award.award_class),
        }
    home = issued.volume.words.home
    for completion in _completions(issued):
        ref = quote(relative(completion.module, home))
        if completion.score is not None:
            yield {
                "type": ["Result"],
                "resultDescription": f"{where}#score/{ref}",
                "value": plain(completion.score),
            }
        if completion.grade is not None:
            yield {
                "type": ["Result"],
                "resultDescription": f"{where}#grade/{ref}",
                "value": clean(completion.grade),
            }


def _descriptions(issued: Issued, where: str) -> list[dict[str, Any]]:
    """What the results of single modules mean, each said once."""
    made: dict[str, dict[str, Any]] = {}
    home, document = issued.volume.words.home, issued.volume.document
    for completion in _completions(issued):
        ref = relative(completion.module, home)
        known = document.modules.get(ref)
        name = title(known[0], ref) if known else ref
        for kind, value in (("score", completion.score), ("grade", completion.grade)):
            if value is not None:
                id_ = f"{where}#{kind}/{quote(ref)}"
                made[id_] = {
                    "id": id_,
                    "type": ["ResultDescription"],
                    "name": name,
                    "resultType": "Percent" if kind == "score" else "LetterGrade",
                }
                if kind == "score":
                    made[id_] |= {"valueMin": "0", "valueMax": "100"}
    return list(made.values())


def _related(issued: Issued) -> list[dict[str, Any]]:
    """The achievements that this one is stacked on."""
    edition, home = issued.volume.edition, issued.volume.words.home
    refs = sorted(
        relative(award.credential, home)
        for item in issued.award.evidence
        if (award := issued.learner.awards.get(item)) is not None
        and relative(award.credential, home) in issued.volume.document.credentials
    )
    return [
        {
            "id": achievement_id(issued.badge.site, edition.pathway, edition.version, ref),
            "type": ["Related"],
        }
        for ref in dict.fromkeys(refs)
    ]


# --- words and numbers ---------------------------------------------------------------------------


def title(model: Module | Credential, ref: str) -> str:
    """Call a module or credential by its title, or by its id where it has none."""
    return clean(model.title or ref)


def _called(document: Document, ref: str) -> str:
    for known in (document.credentials, document.modules):
        if ref in known and known[ref][0].title:
            return f"{title(known[ref][0], ref)} (`{ref}`)"
    return f"`{ref}`"


def clean(text: str) -> str:
    r"""Leave out what a signed text can not have.

    >>> clean("one\x07 two\n")
    'one two'
    """
    return _UNSEEN.sub("", text).strip()


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _duration(hours: Decimal) -> str:
    """Write hours as XML Schema does, which has no half ones."""
    if hours == hours.to_integral_value():
        return f"PT{plain(hours)}H"
    return f"PT{plain(hours * 3600)}S"
