"""A published pathway as pages for machines: the pathway, and each achievement in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from domain.library import Volume
from interchange import contexts
from interchange.badge import (
    TERMS,
    achievement,
    achievement_id,
    clean,
    described,
    pathway_id,
    profile,
)

_SCHEMA_ORG = "https://schema.org/"

_PATHWAY_TERMS: dict[str, Any] = {
    "Pathway": f"{_SCHEMA_ORG}EducationalOccupationalProgram",
    "hasPart": {"@id": f"{_SCHEMA_ORG}hasPart", "@type": "@id"},
    "destination": {"@id": f"{_SCHEMA_ORG}educationalCredentialAwarded", "@type": "@id"},
    "digest": f"{_SCHEMA_ORG}sha256",
    "provider": {"@id": f"{_SCHEMA_ORG}provider"},
    "versionIdentifier": f"{_SCHEMA_ORG}version",
}


def pages(site: str, issuer: str, volume: Volume) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the name of each page beneath the site, and what is on it."""
    edition, document = volume.edition, volume.document
    context = [contexts.CREDENTIALS, contexts.OPEN_BADGES, TERMS]
    where = pathway_id(site, edition.pathway, edition.version)
    refs = [ref for ref, (model, _) in document.credentials.items() if not model.external]
    ids = {ref: achievement_id(site, edition.pathway, edition.version, ref) for ref in refs}
    yield (
        where.removeprefix(site),
        {
            "@context": [*context, _PATHWAY_TERMS],
            "id": where,
            "type": ["Pathway"],
            "name": clean(edition.title or edition.pathway),
            "description": clean(document.main.description or edition.title or edition.pathway),
            "versionIdentifier": edition.version,
            "digest": edition.digest,
            "provider": profile(issuer, document.main),
            "hasPart": list(ids.values()),
            "destination": [ids[ref] for ref in document.main.destination if ref in ids],
        },
    )
    for ref, id_ in ids.items():
        page = {"@context": context, **achievement(site, volume, ref)}
        yield id_.removeprefix(site), page | described(document.credentials[ref][0])
