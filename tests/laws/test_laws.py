"""Laws that hold for every pathway and every record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pathways.awards import Assessment, assess
from pathways.problems import FileError
from pathways.source import load_pathway
from pathways.verdict import Outcome
from tests.fuzz.comparison import Claim, claims
from tests.strategies import (
    THEMES,
    Case,
    Data,
    as_yaml,
    cases,
    document_of,
    one_more,
    permuted,
    renamed,
    walk,
)

# Each law is tried on a part of the examples that a profile asks for.
LAW = settings(max_examples=max(25, settings().max_examples // 10))

ALL = THEMES["all"]

Damage = Callable[[Claim, dict[str, Any]], None]

#: What never unmeets a rule when evidence is added: all but the forms that break this on purpose,
#: and time, by which older evidence may date an award, and so its expiry, earlier.
GROWING = THEMES["sharing"] | THEMES["limits"] | {"values", "averages", "dates", "classes"}


def assessed(case: Case) -> Assessment:
    return assess(case.document, case.record, case.on)


def told(case: Case) -> dict[str, Any]:
    """What is said of every credential, as data."""
    credentials: dict[str, Any] = assessed(case).to_json()["credentials"]
    return credentials


def outlines(case: Case) -> dict[str, tuple[object, ...]]:
    """How every credential stands, without how it is proved."""
    return {
        ref: (s.status, s.awarded_on, s.expires_on, s.award_class, s.outcome, s.progress)
        for ref, s in assessed(case).standings.items()
    }


@LAW
@given(cases(GROWING).flatmap(lambda case: st.tuples(st.just(case), one_more(case, GROWING))))
def test_more_evidence_never_unmeets_a_rule(pair: tuple[Case, Case]) -> None:
    before, after = (assessed(case).standings for case in pair)
    for ref, standing in before.items():
        if standing.outcome is Outcome.MET:
            assert after[ref].outcome is Outcome.MET, ref


@LAW
@given(cases(ALL))
def test_what_is_missing_is_what_the_verdict_says_is_missing(case: Case) -> None:
    for ref, standing in assessed(case).standings.items():
        verdict = standing.verdict
        assert standing.missing == (None if verdict is None else verdict.missing), ref


@LAW
@given(cases(GROWING).flatmap(lambda case: st.tuples(st.just(case), one_more(case, GROWING))))
def test_progress_never_falls_when_evidence_is_added(pair: tuple[Case, Case]) -> None:
    before, after = (assessed(case).standings for case in pair)
    for ref, standing in before.items():
        assert after[ref].progress >= standing.progress, ref


@LAW
@given(cases(ALL))
def test_progress_is_one_exactly_when_met(case: Case) -> None:
    for standing in assessed(case).standings.values():
        assert (standing.progress == 1) == (standing.outcome is Outcome.MET)
        for verdict in standing.verdict.walk() if standing.verdict else ():
            assert Fraction(0) <= verdict.progress <= 1
            assert (verdict.progress == 1) == (verdict.outcome is Outcome.MET), verdict.path
            assert (verdict.missing is None) == (verdict.outcome is Outcome.MET), verdict.path


@LAW
@given(cases(ALL), st.randoms(use_true_random=False))
def test_order_of_recording_changes_nothing(case: Case, random: Any) -> None:
    facts = deepcopy(case.facts)
    for entries in facts.values():
        if isinstance(entries, list):
            random.shuffle(entries)
    assert told(Case(case.pathway, facts, case.on)) == told(case)


@LAW
@given(cases(ALL).flatmap(lambda case: st.tuples(st.just(case), permuted(case))))
def test_permuting_lists_never_changes_an_outcome(pair: tuple[Case, Case]) -> None:
    case, other = pair
    assert outlines(other) == outlines(case)


@LAW
@given(cases(ALL))
def test_renaming_ids_changes_nothing_but_names(case: Case) -> None:
    other = renamed(case, "x")
    assert outlines(other) == {f"x{ref}": outline for ref, outline in outlines(case).items()}
    assert _witnesses(other) == [
        [item if item.startswith("waiver-") else f"x{item}" for item in items]
        for items in _witnesses(case)
    ]


def _witnesses(case: Case) -> list[list[str]]:
    ordered = sorted(claims(case), key=lambda claim: (claim.credential, claim.rule))
    return [claim.witness["items"] for claim in ordered]


@LAW
@given(cases(ALL))
def test_splitting_a_file_by_uses_changes_nothing(case: Case) -> None:
    shared: Data = {key: case.pathway[key] for key in ("scale", "defaults") if key in case.pathway}
    used: Data = {"catalogue": "p", "modules": case.pathway["modules"], **shared}
    main: Data = {**case.pathway, "catalogue": "p", "modules": {}}
    split = document_of(main, used)
    assert assess(split, case.record, case.on).to_json()["credentials"] == told(case)


@LAW
@given(cases(ALL))
def test_a_file_means_what_its_data_mean(case: Case) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "p.pathway.yaml")
        path.write_text(as_yaml(case.pathway), encoding="utf-8")
        try:
            loaded = load_pathway(path)
        except FileError:
            assume(False)
    assert assess(loaded.document, case.record, case.on).to_json() == assessed(case).to_json()


@LAW
@given(cases(ALL), st.integers(0, 10))
def test_an_irrelevant_module_changes_nothing(case: Case, days: int) -> None:
    assume(all(_is_choosy(data) for data in walk(case.pathway)))
    pathway = deepcopy(case.pathway)
    pathway["modules"]["irrelevant"] = {"credits": 3, "groups": ["nowhere"]}
    completed = {"module": "irrelevant", "on": case.on - timedelta(days=days), "score": 60}
    facts = {**case.facts, "completed": [*case.facts["completed"], completed]}
    assert told(Case(pathway, facts, case.on)) == told(case)


def _is_choosy(data: dict[str, Any]) -> bool:
    """Whether what a rule selects from is told by ids or by groups."""
    keys = [key for key in ("from", "every") if key in data]
    return all(
        isinstance(data[key], list)
        or (isinstance(data[key], dict) and ("groups" in data[key] or "kind" in data[key]))
        for key in keys
    )


@LAW
@given(cases(GROWING), st.data())
def test_relaxing_a_limit_never_unmeets(case: Case, data: st.DataObject) -> None:
    relaxed = deepcopy(case.pathway)
    limited = [rule for rule in walk(relaxed) if rule.get("limits")]
    assume(limited)
    rule = data.draw(st.sampled_from(limited))
    limit = data.draw(st.sampled_from(rule["limits"]))
    match limit:
        case {"at_least": int(amount)}:
            limit["at_least"] = amount - 1
        case {"at_most": int(amount)}:
            limit["at_most"] = amount + 1
        case {"at_most_each": int(amount)}:
            limit["at_most_each"] = amount + 1
        case {"spread": int(amount)} if amount > 1:
            limit["spread"] = amount - 1
        case _:
            rule["limits"].remove(limit)
    before = assessed(case).standings
    after = assessed(Case(relaxed, case.facts, case.on)).standings
    for ref, standing in before.items():
        if standing.outcome is Outcome.MET:
            assert after[ref].outcome is Outcome.MET, ref


@LAW
@given(cases(GROWING))
def test_the_witness_is_minimal(case: Case) -> None:
    for claim in claims(case):
        if claim.rule == "requires" and _is_lowest(case, claim.credential):
            items = claim.witness["items"]
            assert _meets(claim, items)
            for item in items:
                assert not _meets(claim, [other for other in items if other != item])


def _is_lowest(case: Case, ref: str) -> bool:
    """Whether a credential looks at no other, so that completions are all that it can use."""
    written = str(case.pathway["credentials"][ref])
    others = [other for other in case.pathway["credentials"] if other != ref]
    words = ("'credential'", "'kind': 'badge'}", *others)
    return not any(word in written for word in words)


def _meets(claim: Claim, items: list[str]) -> bool:
    """Whether some completions and waivers alone would meet the rule on the day of the witness."""
    facts = claim.case.facts
    kept = {
        "completed": [done for done in facts["completed"] if _id(done) in items],
        "waived": [waived for waived in facts.get("waived", ()) if waived["id"] in items],
    }
    case = Case(claim.case.pathway, {**facts, **kept, "in_progress": []}, claim.day)
    return assessed(case).standings[claim.credential].outcome is Outcome.MET


def _id(completed: dict[str, Any]) -> str:
    return str(completed.get("id", f"{completed['module']}@{completed['on']}"))


# --- the checker ---------------------------------------------------------------------------------


@LAW
@given(cases(ALL))
def test_the_checker_accepts_every_witness(case: Case) -> None:
    for claim in claims(case):
        assert not claim.objections()


def _parts(use: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield use
    for part in use.get("parts", {}).values():
        yield from _parts(part)


def _unlisted(claim: Claim, witness: dict[str, Any]) -> None:
    witness["items"].pop()


def _emptied(claim: Claim, witness: dict[str, Any]) -> None:
    """A leaf loses its last item, which may still serve elsewhere."""
    leaf = next(p for p in _parts(witness["use"]) if p.get("items") or p.get("waived"))
    (leaf.get("items") or leaf["waived"]).pop()


def _invented(claim: Claim, witness: dict[str, Any]) -> None:
    leaf = next(p for p in _parts(witness["use"]) if p.get("items") or p.get("waived"))
    (leaf.get("items") or leaf["waived"])[-1] = "nothing@2026-01-01"


def _halved(claim: Claim, witness: dict[str, Any]) -> None:
    """The last of the chosen children is left out, or where there are none, all is."""
    if parts := witness["use"].get("parts"):
        parts.pop(max(parts, key=int))
    else:
        witness["use"] = {"path": claim.rule}


def _too_early(claim: Claim, witness: dict[str, Any]) -> None:
    """The witness is dated on the day before its newest item."""
    newest = max(claim.dates[item] for item in witness["items"])
    witness["on"] = str(newest - timedelta(days=1))


def _misplaced(claim: Claim, witness: dict[str, Any]) -> None:
    witness["use"]["path"] = "requires.elsewhere"


DAMAGES = (_unlisted, _emptied, _invented, _halved, _too_early, _misplaced)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_witness_is_refused(damage: Damage) -> None:
    @LAW
    @given(cases(ALL))
    def is_refused(case: Case) -> None:
        for claim in claims(case):
            witness = deepcopy(claim.witness)
            damage(claim, witness)
            assert claim.objections(witness), witness

    is_refused()
