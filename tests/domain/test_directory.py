"""The directory of people: found by what people use, and forgotten for good."""

from __future__ import annotations

import pytest

from domain.directory import Directory, Person
from domain.errors import AmbiguousLearnerError, ReferenceTakenError, UnknownLearnerError
from tests.ledgers import Desk


@pytest.fixture
def directory(registrar: Desk) -> Directory:
    return registrar.ledger.directory


def test_a_reference_keeps_its_opaque_id(directory: Directory) -> None:
    learner = directory.enter("s-1")
    assert directory.enter("s-1") == learner
    assert directory.enter("s-2") != learner
    assert "s-1" not in learner


def test_a_person_is_found_by_id_reference_and_address(directory: Directory) -> None:
    learner = directory.enter("s-1", name="Ann", email="Ann@Example.org")
    for who in (learner, "s-1", "ann@example.ORG"):
        assert directory.find(who) == learner
    assert directory.people([learner]) == {
        learner: Person(learner, "s-1", "Ann", "Ann@Example.org")
    }


@pytest.mark.parametrize("who", ["s-9", "", "  "])
def test_nobody_is_found_who_is_not_there(directory: Directory, who: str) -> None:
    directory.enter("s-1")
    with pytest.raises(UnknownLearnerError):
        directory.find(who)


def test_an_address_of_several_is_refused_with_their_references(directory: Directory) -> None:
    directory.enter("s-1", email="office@example.org")
    directory.enter("s-2", email="office@example.org")
    with pytest.raises(AmbiguousLearnerError, match="2 learners") as caught:
        directory.find("office@example.org")
    assert caught.value.help == "name one by reference: `s-1`, `s-2`"


def test_many_references_are_entered_and_found_at_once(directory: Directory) -> None:
    references = [f"s-{number}" for number in range(1_200)]
    directory.enter_all(references)
    ids = directory.ids([*references, "unknown"])
    assert set(ids) == set(references)
    assert len(set(ids.values())) == 1_200
    directory.enter_all(references)
    assert directory.ids(references) == ids
    assert len(directory.people(ids.values())) == 1_200


def test_what_is_known_can_be_changed_piece_by_piece(directory: Directory) -> None:
    learner = directory.enter("s-1", name="Ann", email="ann@example.org")
    directory.update(learner)
    directory.update(learner, name="Anne")
    directory.update(learner, reference="s-7")
    assert directory.people([learner])[learner] == Person(learner, "s-7", "Anne", "ann@example.org")


def test_a_reference_belongs_to_one_learner(directory: Directory) -> None:
    learner = directory.enter("s-1")
    directory.enter("s-2")
    with pytest.raises(ReferenceTakenError, match="`s-2`"):
        directory.update(learner, reference="s-2")
    directory.update(learner, reference="s-1")


def test_an_erased_person_is_gone_and_the_others_stay(directory: Directory) -> None:
    first, second = directory.enter("s-1"), directory.enter("s-2")
    assert directory.erase(first)
    assert not directory.erase(first)
    assert list(directory.people([first, second])) == [second]
    assert directory.enter("s-1") != first


def test_what_a_person_is_called_is_never_a_part_of_a_statement(directory: Directory) -> None:
    name = "Robert'); DROP TABLE directory; --?"
    learner = directory.enter(name, name=name, email=name)
    assert directory.find(name) == learner
    assert directory.people([learner])[learner].name == name
