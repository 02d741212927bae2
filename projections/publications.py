"""Which versions of which pathways are published, and which of them take enrolments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from domain.publication import Publication
from projections.tables import publications

VERSION = 1


def rows(publication: Publication) -> list[dict[str, object]]:
    """Return the rows of a pathway."""
    return [
        {
            "pathway": edition.pathway,
            "version": edition.version,
            "place": place,
            "digest": edition.digest,
            "catalogue": edition.catalogue,
            "title": edition.title,
            "published": edition.published,
            "retired": edition.retired,
        }
        for place, edition in enumerate(publication.editions.values())
    ]


@dataclass(frozen=True, slots=True)
class PublicationRow:
    """A published version of a pathway."""

    pathway: str
    version: str
    title: str
    digest: str
    catalogue: str
    published: date
    retired: date | None


def listed(view: Connection, *, pathway: str | None = None) -> list[PublicationRow]:
    """Return versions by pathway, in the order in which they were published."""
    table = publications.c
    query = select(
        table.pathway,
        table.version,
        table.title,
        table.digest,
        table.catalogue,
        table.published,
        table.retired,
    ).order_by(table.pathway, table.place)
    if pathway is not None:
        query = query.where(table.pathway == pathway)
    return [PublicationRow(**row) for row in view.execute(query).mappings()]
