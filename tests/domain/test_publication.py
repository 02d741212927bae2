"""Publishing and retiring the versions of a pathway."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from domain.commands import PathwayCommand, PublishPathway, RetirePathway
from domain.errors import (
    RetiredError,
    UnknownPathwayError,
    UnknownVersionError,
    UnpublishableError,
    VersionTakenError,
)
from domain.events import LearnerRegistered, PathwayPublished, PathwayRetired
from domain.publication import Publication, decide, evolve, replay
from pathways.document import Document, Pathway
from tests.ledgers import LADDER, TODAY, document

FIRST = document(LADDER)
SECOND = document(LADDER.replace('version: "1"', 'version: "2"'))
OTHER_FIRST = document(LADDER.replace("title: Macros", "title: Macros and more"))


def publish(what: Document) -> PublishPathway:
    return PublishPathway(document=what, on=TODAY)


def published(*documents: Document) -> Publication:
    publication = Publication("ladder")
    for each in documents:
        for event in decide(publish(each), publication):
            publication = evolve(publication, event)
    return publication


def test_publishing_freezes_the_whole_document_under_its_digest() -> None:
    (event,) = decide(publish(FIRST), Publication("ladder"))
    assert isinstance(event, PathwayPublished)
    assert (event.pathway, event.version, event.digest) == ("ladder", "1", FIRST.digest)
    assert event.catalogue == "ladder"
    assert Document.from_canonical(event.document).digest == FIRST.digest


def test_publishing_the_same_again_changes_nothing() -> None:
    assert decide(publish(FIRST), published(FIRST)) == ()


def test_a_published_version_never_changes() -> None:
    with pytest.raises(VersionTakenError, match="version `1` of `ladder`"):
        decide(publish(OTHER_FIRST), published(FIRST))


def test_the_newest_version_is_the_one_published_last() -> None:
    assert published(SECOND, FIRST).newest().version == "1"


def test_a_retired_version_is_no_longer_the_newest_but_still_there() -> None:
    publication = published(FIRST, SECOND)
    retire = RetirePathway(pathway="ladder", version="2", on=TODAY)
    (event,) = decide(retire, publication)
    assert isinstance(event, PathwayRetired)
    after = evolve(publication, event)
    assert after.newest().version == "1"
    assert after.edition("2").retired == TODAY
    assert decide(retire, after) == ()


def test_where_all_versions_are_retired_there_is_no_newest() -> None:
    publication = published(FIRST)
    (event,) = decide(RetirePathway(pathway="ladder", version="1", on=TODAY), publication)
    with pytest.raises(RetiredError, match="every version of `ladder`"):
        evolve(publication, event).newest()


def test_unknown_versions_and_pathways_are_refused() -> None:
    with pytest.raises(UnknownVersionError, match="no version `3`"):
        published(FIRST).edition("3")
    with pytest.raises(UnknownPathwayError, match="no pathway `ladder`"):
        decide(RetirePathway(pathway="ladder", version="1", on=TODAY), Publication("ladder"))


@pytest.mark.parametrize("missing", ["pathway", "version"])
def test_without_an_id_or_a_version_nothing_can_be_published(missing: str) -> None:
    main = FIRST.main.model_copy(update={missing: None, "catalogue": "ladder"})
    nameless = Document(main=Pathway.model_validate(main))
    with pytest.raises(UnpublishableError, match="an id and a version"):
        decide(publish(nameless), Publication("ladder"))


def test_what_does_not_belong_here_is_a_mistake_of_the_program() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Unheard(PathwayCommand):
        pass

    with pytest.raises(TypeError, match="Unheard"):
        decide(Unheard(on=TODAY), Publication("ladder"))
    with pytest.raises(TypeError, match=r"learner\.registered"):
        replay("ladder", [LearnerRegistered(on=TODAY, by="x", source="x")])  # type: ignore[list-item]  # that is the point
