"""The language reference is true: every example in it is loaded, run, and comes out as it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel

from pathways import document as language
from pathways import evaluate_file
from pathways.awards import Assessment, assess
from pathways.check import check
from pathways.document import Held, Record, Renewed
from pathways.problems import FileError
from pathways.source import load_record
from tests.docs.examples import Case, cases, disappointments, made, told
from tests.docs.pages import Page

PAGE = Page.named("language.md")
CASES = tuple(cases(PAGE))
GOOD = [case for case in CASES if not case.refused]
REFUSED = [case for case in CASES if case.refused]
RECORDED = [case for case in GOOD if case.says("yaml record")]
REFUSED_RECORDS = [case for case in GOOD if case.says("yaml record refused")]
WITNESSED = [case for case in GOOD if case.says("json witness")]

#: What a block of the page may say that it is; `=` stands before a name or a date.
KINDS = {
    "yaml",
    "yaml refused",
    "yaml file",
    "yaml record",
    "yaml record refused",
    "json evaluate",
    "json witness",
    "text",
}

#: Models that no designer writes key by key: they are read from one value, or made of files.
_UNWRITTEN = (
    language.IdRule,
    language.Bounds,
    language.Share,
    language.Window,
    language.Document,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is the whole tree of the files in it."""
    tree = tmp_path / "pathways"
    tree.mkdir()
    (tree / ".cairn").touch()
    return tree


def test_every_block_says_what_it_is() -> None:
    assert {block.kind for block in PAGE.blocks} <= KINDS


@pytest.mark.parametrize("case", GOOD, ids=str)
def test_every_example_comes_out_as_it_says(case: Case, folder: Path) -> None:
    loaded = case.load(folder)
    assert loaded.examples, "an example of the page has `examples` of its own"
    assert [
        words for each in loaded.examples for words in disappointments(loaded.document, each)
    ] == []


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
    assert told(refusal.value) == case.said("text").text.splitlines()


@pytest.mark.parametrize("case", REFUSED_RECORDS, ids=str)
def test_every_refused_record_is_refused_in_the_words_that_follow_it(
    case: Case, folder: Path
) -> None:
    record = case.write_record(folder, "yaml record refused")
    with pytest.raises(FileError) as refusal:
        load_record(record, case.load(folder).document)
    assert told(refusal.value) == case.said("text").text.splitlines()


# --- the same words outside ----------------------------------------------------------------------


@pytest.mark.parametrize("case", RECORDED, ids=str)
def test_a_record_is_evaluated_as_the_page_shows(case: Case, folder: Path) -> None:
    record = case.write_record(folder, "yaml record")
    shown = case.said("json evaluate")
    found = evaluate_file(case.write(folder), record, date.fromisoformat(shown.argument))
    assert found | {"digest": "sha256:..."} == json.loads(shown.text)


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


def _key(kind: type[BaseModel], name: str) -> str:
    """Name a key after the model that declares it: a modifier is one key, not one of each rule."""
    for base in (language.RuleBase, language.Described, language.Record):
        if issubclass(kind, base) and name in base.model_fields:
            return f"{base.__name__}.{name}"
    return f"{kind.__name__}.{name}"


def _written(value: object) -> Iterator[str]:
    """Give every key that was written somewhere in a document."""
    if isinstance(value, BaseModel):
        for name in value.model_fields_set:
            yield _key(type(value), name)
            yield from _written(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _written(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _written(item)


def _language() -> Iterator[str]:
    """Give every key of the language."""
    for kind in vars(language).values():
        if isinstance(kind, type) and issubclass(kind, language.Model) and kind not in _UNWRITTEN:
            for name in kind.model_fields:
                yield _key(kind, name)


def test_every_key_of_the_language_has_an_example(folder: Path) -> None:
    written = {
        key for case in GOOD for file in case.load(folder).document.files for key in _written(file)
    }
    # A learner's name is only in the blocks that are records.
    assert sorted({*_language()} - written - {"Record.learner"}) == []
