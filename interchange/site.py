"""A published pathway as pages for machines: the pathway as CTDL, each achievement as Open Badges.

The two name each other: a credential in the pathway's graph has the address of its achievement's
page, and badges are aligned to the address of the pathway's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from domain.library import Volume
from interchange import contexts
from interchange.badge import TERMS, achievement, achievement_id, clean, described, pathway_id
from interchange.ctdl_writing import Page, write_page


@dataclass(frozen=True, slots=True)
class PublishedPage:
    """A page: its name beneath the site, what it is called, and what is on it."""

    name: str
    title: str
    content: dict[str, Any]


def pages(site: str, issuer: str, volume: Volume) -> Iterator[PublishedPage]:
    """Give the page of a pathway's version, and those of its achievements."""
    edition, document = volume.edition, volume.document
    where = pathway_id(site, edition.pathway, edition.version)
    ids = {
        ref: achievement_id(site, edition.pathway, edition.version, ref)
        for ref, (model, _) in document.credentials.items()
        if not model.external
    }
    graph = write_page(document, Page(where, issuer, edition.digest, ids))
    yield PublishedPage(where.removeprefix(site), clean(edition.title or edition.pathway), graph)
    context = [contexts.CREDENTIALS, contexts.OPEN_BADGES, TERMS]
    for ref, id_ in ids.items():
        page = {"@context": context, **achievement(site, volume, ref)}
        page |= described(document.credentials[ref][0])
        yield PublishedPage(id_.removeprefix(site), str(page["name"]), page)
