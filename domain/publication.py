"""One pathway: its versions, which are published once, and retired at some time.

Like `learner`, two pure functions: `evolve` folds events, `decide` turns a command into events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import singledispatch

from domain.commands import PathwayCommand, PublishPathway, RetirePathway
from domain.errors import (
    RetiredError,
    UnknownPathwayError,
    UnknownVersionError,
    UnpublishableError,
    VersionTakenError,
)
from domain.events import PathwayEvent, PathwayPublished, PathwayRetired
from pathways.problems import nearest


@dataclass(frozen=True, slots=True)
class Edition:
    """One published version of a pathway."""

    pathway: str
    version: str
    digest: str
    catalogue: str
    title: str
    published: date
    document: str
    retired: date | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """A pathway's versions, in the order in which they were published."""

    pathway: str
    editions: Mapping[str, Edition] = field(default_factory=dict)

    def edition(self, version: str) -> Edition:
        """Return a version; raises `UnknownPathwayError` or `UnknownVersionError`."""
        self._must_exist()
        if version not in self.editions:
            raise UnknownVersionError(
                f"`{self.pathway}` has no version `{version}`", nearest(version, self.editions)
            )
        return self.editions[version]

    def newest(self) -> Edition:
        """Return the version published last, among those that take enrolments.

        Raises `UnknownPathwayError`, or `RetiredError` where all are retired.
        """
        self._must_exist()
        for edition in reversed(list(self.editions.values())):
            if edition.retired is None:
                return edition
        raise RetiredError(f"every version of `{self.pathway}` is retired", "publish a new version")

    def _must_exist(self) -> None:
        if not self.editions:
            raise UnknownPathwayError(f"no pathway `{self.pathway}` was published")


def evolve(publication: Publication, event: PathwayEvent) -> Publication:
    """Return the versions after one more event."""
    match event:
        case PathwayPublished():
            edition = Edition(
                pathway=event.pathway,
                version=event.version,
                digest=event.digest,
                catalogue=event.catalogue,
                title=event.title,
                published=event.on,
                document=event.document,
            )
        case PathwayRetired():
            edition = replace(publication.editions[event.version], retired=event.on)
        case _:
            raise TypeError(f"`{event.topic}` does not belong to a pathway")
    return replace(publication, editions={**publication.editions, edition.version: edition})


def replay(pathway: str, events: Iterable[PathwayEvent]) -> Publication:
    """Fold a stream into a pathway's versions."""
    known = Publication(pathway)
    for event in events:
        known = evolve(known, event)
    return known


@singledispatch
def decide(command: PathwayCommand, publication: Publication) -> tuple[PathwayEvent, ...]:
    """Return the events that carry out a command, none where it would change nothing.

    Raises a `RefusedError` where the command can not be carried out.
    """
    raise TypeError(
        f"{type(command).__name__} is not a command about the pathway `{publication.pathway}`"
    )


@decide.register
def _(command: PublishPathway, publication: Publication) -> tuple[PathwayEvent, ...]:
    document = command.document
    main = document.main
    if main.pathway is None or main.version is None:
        raise UnpublishableError(
            "only a pathway with an id and a version can be published",
            'state `pathway: some-id` and `version: "1"` in the file',
        )
    before = publication.editions.get(main.version)
    if before is not None:
        if before.digest == document.digest:
            return ()
        raise VersionTakenError(
            f"version `{main.version}` of `{main.pathway}` was published with another content",
            "published versions never change: give the file a new `version`",
        )
    return (
        PathwayPublished(
            on=command.on,
            by=command.by,
            source=command.source,
            pathway=main.pathway,
            version=main.version,
            digest=document.digest,
            catalogue=main.home,
            title=main.title or "",
            document=document.canonical,
        ),
    )


@decide.register
def _(command: RetirePathway, publication: Publication) -> tuple[PathwayEvent, ...]:
    if publication.edition(command.version).retired is not None:
        return ()
    return (
        PathwayRetired(
            on=command.on,
            by=command.by,
            source=command.source,
            pathway=command.pathway,
            version=command.version,
        ),
    )
