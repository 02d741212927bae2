"""What changed between two versions, and what that does."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import date
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pathways.awards import assess
from pathways.diff import Change, Effect, diff
from pathways.document import CredentialRule, Document, Record
from pathways.mutants import mutants
from pathways.sites import rules
from pathways.verdict import Outcome
from tests.strategies import THEMES, Case, cases, theme

FILE: dict[str, Any] = {
    "pathway": "data",
    "version": "1",
    "title": "Data",
    "scale": {"A": 4, "B": 3, "C": 2},
    "destination": ["top"],
    "groups": {"core": ["a", "b"], "free": ["c", "d"]},
    "modules": {
        "a": {"credits": 10, "level": 5, "pass_score": 50},
        "b": {"credits": 10, "level": 5},
        "c": {"credits": 10, "level": 6, "valid_for": "5 years"},
        "d": {"credits": 10, "level": 6, "requires": {"module": "a"}},
    },
    "credentials": {
        "low": {"kind": "award", "requires": {"every": {"groups": "core"}}},
        "top": {
            "title": "Top",
            "valid_for": "3 years",
            "classes": [{"name": "merit", "requires": {"module": "a", "min_score": 80}}],
            "requires": {
                "all": [
                    {"credential": "low"},
                    {
                        "id": "electives",
                        "credits": 20,
                        "from": {"groups": "free"},
                        "limits": [{"at_most": 10, "of": {"source": "transfer"}}],
                    },
                    {"rule": "either"},
                ]
            },
        },
    },
    "rules": {"either": {"any": [{"module": "a", "min_score": 60}, {"module": "b"}]}},
}
TOP = ("credentials", "top", "requires", "all")


def changed(path: Sequence[str | int], value: Any) -> dict[str, Any]:
    """The file with one value replaced, or taken out where the value is `...`."""
    data = deepcopy(FILE)
    inner: Any = data
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    elif isinstance(inner, list) and path[-1] == len(inner):
        inner.append(value)
    else:
        inner[path[-1]] = value
    return data


def compared(new: dict[str, Any], old: dict[str, Any] = FILE) -> list[tuple[str, str, str]]:
    changes = diff(*(Document.model_validate({"main": each}) for each in (old, new)))
    return [(each.place, each.text, each.effect.value) for each in changes]


ELECTIVES = "credential `top`, `electives`"


CHANGES = yaml.safe_load((Path(__file__).parents[1] / "diff" / "changes.yaml").read_text())


@pytest.mark.parametrize("case", CHANGES, ids=lambda case: f"{case['place']} {case['says']}")
def test_one_change_is_told_in_the_designers_words(case: dict[str, Any]) -> None:
    value = ... if case["becomes"] is None else case["becomes"]
    told = compared(changed(case["at"], value))
    assert told == [(case["place"], case["says"], case["effect"])]


RULES = yaml.safe_load((Path(__file__).parents[1] / "diff" / "rules.yaml").read_text())


@pytest.mark.parametrize("case", RULES, ids=lambda case: case["told"][0][1])
def test_a_changed_rule_is_told_part_by_part(case: dict[str, Any]) -> None:
    other = {"other": {"module": "a", "min_score": 60}}
    old, new = ({**FILE, "rules": {"r": case[key], **other}} for key in ("old", "new"))
    old["credentials"] = new["credentials"] = {"low": FILE["credentials"]["low"]}
    assert compared(new, old) == [
        (", ".join(filter(None, ["rule `r`", inside])), text, effect)
        for inside, text, effect in case["told"]
    ]


def test_the_opposite_change_has_the_opposite_effect() -> None:
    opposite = {"loosens": "tightens", "tightens": "loosens", "shifts": "shifts"}
    for path, value in (
        ((*TOP, 1, "credits"), 15),
        ((*TOP, 3), {"module": "d"}),
        ((*TOP, 1, "limits"), []),
        (("groups", "free"), ["c", "d", "a"]),
    ):
        data = changed(path, value)
        there, back = compared(data), compared(FILE, data)
        assert [opposite[effect] for _, _, effect in there] == [effect for *_, effect in back]


def test_a_document_differs_in_nothing_from_itself() -> None:
    assert compared(FILE) == []


def test_one_rule_among_several_is_told_by_its_id_wherever_it_went() -> None:
    data = deepcopy(FILE)
    parts = data["credentials"]["top"]["requires"]["all"]
    parts.reverse()
    parts[1]["credits"] = 15
    assert compared(data) == [
        (ELECTIVES, "asks for 15 credits instead of 20", "loosens"),
        ("credential `top`", "its parts are in another order", "neither"),
    ]


def test_all_and_any_are_told_as_how_many_are_asked_for() -> None:
    data = changed(("rules", "either"), {"all": FILE["rules"]["either"]["any"]})
    assert compared(data) == [
        ("rule `either`", "asks for all of its parts instead of one of its parts", "tightens")
    ]


def test_a_single_rule_that_became_one_of_several_is_told_by_what_came_beside_it() -> None:
    both = {"all": [{"every": {"groups": "core"}}, {"module": "c"}]}
    data = changed(("credentials", "low", "requires"), both)
    assert compared(data) == [("credential `low`", "also asks for `c`", "tightens")]


def test_a_rule_of_another_kind_is_told_as_a_replacement_with_what_can_be_proved() -> None:
    data = changed(("credentials", "low", "requires"), {"count": 1, "from": {"groups": "core"}})
    assert compared(data) == [
        (
            "credential `low`",
            "asks for 1 module from `core` instead of every module from `core`",
            "loosens",
        )
    ]


def test_where_a_rule_sees_everything_more_evidence_may_hurt() -> None:
    seeing = {"id": "electives", "credits": 20, "from": "any", "average": 2, "over": "all"}
    old = changed((*TOP, 1), seeing)
    new = deepcopy(old)
    new["modules"]["a"]["pass_score"] = 40
    assert compared(new, old) == [
        ("module `a`", "the pass score is 40 instead of 50", "shifts"),
    ]


def test_a_change_reads_as_a_line() -> None:
    change = Change("credential `top`", "also asks for `d`", Effect.TIGHTENS)
    assert str(change) == "credential `top`: also asks for `d` (tightens)"
    assert change.to_json()["effect"] == "tightens"


# --- laws ----------------------------------------------------------------------------------------

PLAIN = frozenset().union(
    *(THEMES[name] for name in ("sharing", "limits", "averages")),
    {"dates", "over_all", "enrolled", "together", "attempts"},
)


@settings(max_examples=30)
@given(cases(PLAIN), st.randoms(use_true_random=False))
def test_what_only_loosens_takes_nothing_away(case: Case, random: Random) -> None:
    record = case.record.model_copy(update={"waived": ()})
    before = outcomes(case.document, record, case.on)
    found = list(mutants(case.document))
    for mutant in random.sample(found, min(len(found), 8)):
        told = {change.effect for change in diff(case.document, mutant.document)}
        after = outcomes(mutant.document, record, case.on)
        for ref in bottom(case.document) | before.keys() & set(mutant.loc[1:2]):
            if told <= {Effect.LOOSENS, Effect.NEITHER}:
                assert after[ref] or not before[ref], (mutant.text, mutant.loc)
            if told <= {Effect.TIGHTENS, Effect.NEITHER}:
                assert before[ref] or not after[ref], (mutant.text, mutant.loc)


def outcomes(document: Document, record: Record, on: date) -> dict[str, bool]:
    standings = assess(document, record, on).standings
    return {ref: standing.outcome is Outcome.MET for ref, standing in standings.items()}


def bottom(document: Document) -> set[str]:
    """The credentials that use no others, so that no award's date can make a difference."""
    upper = {site.credential for site in rules(document.main) if _looks_up(site.rule)}
    named = {
        name
        for name, rule in document.main.rules.items()
        if any(_looks_up(each) for each in _inside(rule))
    }
    return {ref for ref in document.main.credentials if ref not in upper} if not named else set()


def _inside(rule: Any) -> list[Any]:
    return [rule, *(each for child in rule.children for each in _inside(child))]


def _looks_up(rule: Any) -> bool:
    selector = getattr(rule, "selector", None) or getattr(rule, "every", None)
    return (
        isinstance(rule, CredentialRule)
        or "credential" in str(selector)
        or "kind=(" in str(selector)
    )


@settings(max_examples=30)
@given(theme("all"), st.data())
def test_two_documents_that_differ_have_a_change_to_tell(case: Case, data: st.DataObject) -> None:
    found = list(mutants(case.document))
    if found:
        mutant = data.draw(st.sampled_from(found))
        assert diff(case.document, mutant.document) or (
            case.document.canonical == mutant.document.canonical
        )


@settings(max_examples=30)
@given(theme("all"), theme("all"))
def test_any_two_documents_can_be_compared(one: Case, other: Case) -> None:
    assert diff(one.document, other.document) or one.document.canonical == other.document.canonical


# --- what one value can not show -----------------------------------------------------------------


def credential(**keys: Any) -> dict[str, Any]:
    return changed(("credentials", "low"), {"kind": "award", "requires": {"module": "a"}, **keys})


def told(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str]]:
    return [(text, effect) for _, text, effect in compared(new, old)]


def test_a_renewal_is_told_by_its_rule_its_opening_and_its_grace() -> None:
    year = {"valid_for": "1 year"}
    old = credential(**year, renewal={"requires": {"module": "a"}, "opens": "6 months"})
    new = credential(
        **year,
        renewal={"requires": {"any": [{"module": "a"}, {"module": "b"}]}, "grace": "90 days"},
    )
    assert told(old, new) == [
        ("also accepts `b`", "loosens"),
        ("opens at any time instead of 6 months before the expiry", "loosens"),
        ("the grace is 90 days instead of none", "loosens"),
    ]
    assert told(new, credential(**year)) == [("can no longer be renewed", "tightens")]


def test_no_grace_is_stricter_than_any_and_unlimited_laxer() -> None:
    graces = [{}, {"grace": "0 days"}, {"grace": "90 days"}, {"grace": "unlimited"}]
    effects = [
        told(
            credential(renewal={"requires": {"module": "a"}, **one}),
            credential(renewal={"requires": {"module": "a"}, **other}),
        )[0][1]
        for one, other in pairwise(graces)
    ]
    assert effects == ["neither", "loosens", "loosens"]


def test_a_longer_validity_with_a_renewal_that_opens_late_may_cost_a_renewal() -> None:
    renewal = {"requires": {"module": "a"}, "opens": "6 months"}
    old, new = (credential(valid_for=each, renewal=renewal) for each in ("3 years", "4 years"))
    assert told(old, new) == [("is valid for 4 years instead of for 3 years", "shifts")]


def test_where_awards_are_selected_by_what_they_are_worth_that_shifts() -> None:
    selecting = {"requires": {"credits": 10, "from": {"kind": "award"}}}
    old, new = (credential(credits=each) for each in (10, 20))
    for data in (old, new):
        data["credentials"]["collector"] = selecting
    assert told(old, new) == [("is worth 20 credits instead of 10", "shifts")]


def test_classes_in_another_order_shift() -> None:
    classes = [{"name": "one", "requires": {"module": "a"}}, {"name": "two"}]
    old, new = credential(classes=classes), credential(classes=classes[::-1])
    assert told(old, new) == [("the classes are in another order", "shifts")]


def test_exclusive_credentials_are_told_two_by_two() -> None:
    pair = {"credentials": ["low", "top"]}
    none, two, nothing = (
        changed(("exclusive",), each) for each in ([pair], [{**pair, "share": 2}], [])
    )
    assert told(none, two) == [
        ("may use at most 2 items of the same evidence instead of 0", "loosens")
    ]
    assert told(none, nothing) == [("may use the same evidence", "loosens")]
    turned = changed(("exclusive",), [{"credentials": ["top", "low"]}])
    assert told(none, turned) == [("the exclusive sets are written differently", "shifts")]


def test_what_is_gone_is_told() -> None:
    with_more = changed(("credentials", "extra"), {"requires": {"module": "a"}})
    assert ("is gone", "tightens") in told(with_more, FILE)
    with_more = changed(("modules", "e"), {"groups": ["free"]})
    assert told(with_more, FILE) == [("is gone", "tightens")]
    with_more = changed(("rules", "extra"), {"module": "a"})
    assert told(with_more, FILE) == [("is gone", "neither")]
    with_more = changed(("groups", "extra"), [])
    assert told(with_more, FILE) == [("is no longer declared", "neither")]


def test_the_files_that_are_used_are_compared_by_their_names() -> None:
    used = {"catalogue": "lib", "modules": {"lib/x": {"credits": 5}}, "groups": {"g": []}}
    old = Document.model_validate({"main": FILE, "used": [used]})
    new = Document.model_validate(
        {"main": FILE, "used": [{**used, "groups": {}}, {"catalogue": "other"}]}
    )
    assert [str(change) for change in diff(old, new)] == [
        "file `lib`, group `g`: is no longer declared (neither)",
        "pathway: uses the file `other` (neither)",
    ]
    assert "pathway: no longer uses the file `other` (neither)" in map(str, diff(new, old))
