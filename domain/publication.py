"""One pathway: its versions, which are published once, and retired at some time.

Like `learner`, two pure functions: `evolve` folds events, `decide` turns a command into events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import singledispatch

from domain.commands import (
    DecideMigration,
    FinishMigration,
    PathwayCommand,
    PublishPathway,
    RetirePathway,
)
from domain.errors import (
    AlreadyDecidedError,
    InvalidError,
    RetiredError,
    UnknownPathwayError,
    UnknownVersionError,
    UnpublishableError,
    VersionTakenError,
)
from domain.events import (
    MigrationDecided,
    MigrationFinished,
    PathwayEvent,
    PathwayPublished,
    PathwayRetired,
)
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
class Migration:
    """A decision to move learners from one version to another, of the day `on`.

    `preview` says what was known to come of it: by credential, how many stood how before and after.
    It is under way until it is `finished`.
    """

    id: str
    pathway: str
    from_version: str
    version: str
    where: tuple[str, ...]
    on: date
    by: str
    learners: int
    preview: Mapping[str, Mapping[str, Mapping[str, int]]]
    finished: date | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """A pathway's versions, in the order in which they were published; and its migrations."""

    pathway: str
    editions: Mapping[str, Edition] = field(default_factory=dict)
    migrations: Mapping[str, Migration] = field(default_factory=dict)

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

    def under_way(self, from_version: str) -> Migration | None:
        """Return the migration from a version that is not finished, where there is one."""
        for migration in self.migrations.values():
            if migration.from_version == from_version and migration.finished is None:
                return migration
        return None

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
        case MigrationDecided():
            decided = Migration(
                id=event.migration,
                pathway=event.pathway,
                from_version=event.from_version,
                version=event.version,
                where=event.where,
                on=event.on,
                by=event.by,
                learners=event.learners,
                preview=event.preview,
            )
            return _migrated(publication, decided)
        case MigrationFinished():
            before = publication.migrations[event.migration]
            return _migrated(publication, replace(before, finished=event.on))
        case _:
            raise TypeError(f"`{event.topic}` does not belong to a pathway")
    return replace(publication, editions={**publication.editions, edition.version: edition})


def _migrated(publication: Publication, migration: Migration) -> Publication:
    migrations = {**publication.migrations, migration.id: migration}
    return replace(publication, migrations=migrations)


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


@decide.register
def _(command: DecideMigration, publication: Publication) -> tuple[PathwayEvent, ...]:
    edition = publication.edition(command.version)
    publication.edition(command.from_version)
    if command.version == command.from_version:
        raise InvalidError(f"`{command.version}` is the version that they are on")
    begun = publication.under_way(command.from_version)
    if begun is not None:
        if (begun.version, begun.where) == (command.version, command.where):
            return ()
        where = "".join(f" --where '{condition}'" for condition in begun.where)
        raise AlreadyDecidedError(
            f"a migration from `{begun.from_version}` to `{begun.version}` is under way since"
            f" {begun.on}",
            f"end it first: cairn cohort migrate {begun.pathway} --from {begun.from_version}"
            f" --to {begun.version}{where}",
        )
    stem = f"{command.from_version}->{command.version}"
    return (
        MigrationDecided(
            on=command.on,
            by=command.by,
            source=command.source,
            migration=f"{stem}#{len(publication.migrations) + 1}",
            pathway=command.pathway,
            from_version=command.from_version,
            version=command.version,
            digest=edition.digest,
            where=command.where,
            learners=command.learners,
            preview={
                credential: {before: dict(after) for before, after in befores.items()}
                for credential, befores in command.preview.items()
            },
        ),
    )


@decide.register
def _(command: FinishMigration, publication: Publication) -> tuple[PathwayEvent, ...]:
    migration = publication.migrations.get(command.migration)
    if migration is None:
        raise InvalidError(
            f"`{command.pathway}` has no migration `{command.migration}`",
            nearest(command.migration, publication.migrations),
        )
    if migration.finished is not None:
        return ()
    return (
        MigrationFinished(
            on=command.on,
            by=command.by,
            source=command.source,
            migration=migration.id,
            pathway=command.pathway,
            stayed=command.stayed,
        ),
    )
