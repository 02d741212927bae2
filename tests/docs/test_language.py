"""The language reference is true: every example in it is loaded, run, and comes out as it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from pathways import document as language
from pathways import evaluate_file
from pathways.awards import Assessment, assess
from pathways.check import check
from pathways.document import Held, Record, Renewed
from pathways.problems import FileError
from tests.docs.examples import Case, cases, disappointments, made
from tests.docs.pages import Page

PAGE = Page.named("language.md")
CASES = tuple(cases(PAGE))
GOOD = [case for case in CASES if not case.refused]
REFUSED = [case for case in CASES if case.refused]

#: What a block of the page may say that it is; `=` stands before a name or a date.
KINDS = {"yaml", "yaml refused", "yaml file", "yaml record", "json evaluate", "json witness", "text"}

#: Models that are read from one value, so that no key of theirs is ever written.
_SCALARS = (language.IdRule, language.Bounds, language.Share, language.Window)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is the whole tree of the files in it."""
    (tmp_path / ".cairn").touch()
    return tmp_path


def test_every_block_says_what_it_is() -> None:
    assert {block.info.partition("=")[0] for block in PAGE.blocks} <= KINDS


@pytest.mark.parametrize("case", GOOD, ids=str)
def test_every_example_comes_out_as_it_says(case: Case, folder: Path) -> None:
    loaded = case.load(folder)
    assert loaded.examples, "an example of the page has `examples` of its own"
    told = [words for each in loaded.examples for words in disappointments(loaded.document, each)]
    assert told == []


@pytest.mark.parametrize("case", GOOD, ids=str)
def test_the_kernel_accepts_every_award_of_an_example(case: Case, folder: Path) -> None:
    loaded = case.load(folder)
    objections = [
        (example.name, award.item, str(objection))
        for example in loaded.examples
        for assessment in [assess(loaded.document, example, example.on)]
        for award in made(assessment)
        if award.witness is not None
        for objection in check(
            loaded.document,
            _facts(assessment, award.item),
            award.credential,
            award.witness.to_json(),
        )
    ]
    assert objections == []


def _facts(assessment: Assessment, but: str) -> Record:
    """The record with all awards in it, except one, as the kernel wants it."""
    awards = [award for each in assessment.standings.values() for award in each.awards]
    holds = tuple(
        Held(
            credential=award.credential,
            on=award.on,
            expires=award.first_expires or "never",
            used=tuple(sorted(award.used)),
            renewed=tuple(Renewed(on=each.on, expires=each.expires) for each in award.renewals),
            id=award.item,
            revoked=award.revoked,
        )
        for award in awards
        if award.item != but
    )
    return assessment.record.model_copy(update={"holds": holds})


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_every_refused_example_is_refused_in_the_words_that_follow_it(
    case: Case, folder: Path
) -> None:
    with pytest.raises(FileError) as refusal:
        case.load(folder)
    told = [str(problem) for problem in refusal.value.problems]
    said = case.said("text").text.splitlines()
    assert len(told) == len(said), told
    for words, line in zip(told, said, strict=True):
        assert f".yaml:{line}" in words


# --- the same words outside ----------------------------------------------------------------------


def _records() -> list[Case]:
    return [case for case in GOOD if any(block.info == "yaml record" for block in case.after)]


def _dated(case: Case, info: str) -> tuple[date, Any]:
    (block,) = (block for block in case.after if block.info.startswith(info))
    return date.fromisoformat(block.info.partition("=")[2]), json.loads(block.text)


@pytest.mark.parametrize("case", _records(), ids=str)
def test_a_record_is_evaluated_as_the_page_shows(case: Case, folder: Path) -> None:
    record = folder / "record.yaml"
    record.write_text(case.said("yaml record").text, encoding="utf-8")
    on, expected = _dated(case, "json evaluate=")
    assert evaluate_file(case.write(folder), record, on) | {"digest": "sha256:..."} == expected


WITNESSED = [case for case in GOOD if any(each.info == "json witness" for each in case.after)]


@pytest.mark.parametrize("case", WITNESSED, ids=str)
def test_the_first_example_is_awarded_with_the_witness_that_the_page_shows(
    case: Case, folder: Path
) -> None:
    loaded = case.load(folder)
    example = loaded.examples[0]
    *_, award = made(assess(loaded.document, example, example.on))
    assert award.witness is not None
    assert award.witness.to_json() == json.loads(case.said("json witness").text)


# --- nothing is left out -------------------------------------------------------------------------


def _written(value: object) -> Iterator[tuple[type[BaseModel], str]]:
    """Give every key that was written somewhere in a document."""
    if isinstance(value, BaseModel):
        for name in value.model_fields_set:
            yield type(value), name
            yield from _written(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _written(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _written(item)


def _language() -> Iterator[tuple[type[BaseModel], str]]:
    """Give every key of the language, modifiers once and not for every operator."""
    kinds = [
        kind
        for kind in vars(language).values()
        if isinstance(kind, type) and issubclass(kind, language.Model) and kind not in _SCALARS
    ]
    for kind in kinds:
        if kind in (language.Model, language.Described, language.Document):
            continue
        if issubclass(kind, language.Record) and kind is not language.Record:
            continue
        for name in kind.model_fields:
            inherited = language.RuleBase.model_fields
            if not (
                issubclass(kind, language.RuleBase)
                and kind is not language.RuleBase
                and name in inherited
            ):
                yield kind, name


def test_every_key_of_the_language_has_an_example(folder: Path) -> None:
    written: set[str] = set()
    for case in GOOD:
        document = case.load(folder).document
        for kind, name in (key for file in document.files for key in _written(file)):
            written.add(f"{kind.__name__}.{name}")
            for base in (language.RuleBase, language.Record):
                if issubclass(kind, base) and name in base.model_fields:
                    written.add(f"{base.__name__}.{name}")
    due = {f"{kind.__name__}.{name}" for kind, name in _language()}
    # A learner's id is for people; `yaml record` blocks have it.
    assert sorted(due - written - {"Record.learner"}) == []
