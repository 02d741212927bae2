"""What can be reached at all, what every way there needs, and how credentials stack."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from pathways.anatomy import Stacking, bottlenecks, destinations, stacking
from pathways.catalogue import Catalogue, Match
from pathways.document import Document, Selector
from pathways.outlook import Outlook

MODULES: dict[str, Any] = {
    "a": {"credits": 10, "level": 4, "groups": ["x"]},
    "b": {"credits": 10, "level": 4, "groups": ["x"]},
    "c": {"credits": 10, "level": 5, "groups": ["y"]},
    "d": {"credits": 5, "level": 5, "groups": ["y"]},
    "v": {"credits": "varies", "groups": ["z"], "repeatable": "unlimited"},
}


def document(requires: dict[str, Any] | None = None, **more: Any) -> Document:
    credentials = {"top": {"requires": requires}} if requires is not None else {}
    main = {"pathway": "p", "version": "1", "modules": MODULES, "credentials": credentials, **more}
    return Document.model_validate({"main": main})


A, B, C, D = ({"module": ref} for ref in "abcd")


NEEDS = yaml.safe_load((Path(__file__).parents[1] / "outlook" / "needs.yaml").read_text())


@pytest.mark.parametrize("case", NEEDS, ids=str)
def test_what_every_way_to_a_credential_needs(case: dict[str, Any]) -> None:
    outlook = Outlook(document(case["requires"]))
    if case["needed"] is None:
        assert outlook.out_of_reach["top"]
    else:
        assert outlook.needs["top"].modules == frozenset(case["needed"])


@pytest.mark.parametrize("case", [case for case in NEEDS if case["needed"] is not None], ids=str)
def test_a_module_is_needed_exactly_when_nobody_gets_there_without_it(
    case: dict[str, Any],
) -> None:
    whole = document(case["requires"])
    for ref in MODULES:
        without = Outlook(whole, frozenset({ref}))
        assert ("top" in without.out_of_reach) == (ref in Outlook(whole).needs["top"].modules)


def test_needs_climb_from_credential_to_credential() -> None:
    credentials = {
        "top": {"requires": {"all": [{"credential": "low"}, C]}},
        "low": {"requires": {"all": [A, {"any": [B, D]}]}},
    }
    found = document(credentials=credentials, destination=["top"])
    assert bottlenecks(found) == {"top": ("a", "c")}
    assert bottlenecks(found, Outlook(found)) == bottlenecks(found)


def test_without_a_destination_whatever_nothing_builds_on_is_one() -> None:
    credentials = {
        "low": {"requires": A},
        "one": {"requires": {"credential": "low"}},
        "two": {"requires": B},
    }
    assert destinations(document(credentials=credentials)) == ("one", "two")


def stack(**rules: tuple[int | None, dict[str, Any]]) -> Stacking:
    credentials = {
        ref: {"requires": rule} | ({} if level is None else {"level": level})
        for ref, (level, rule) in rules.items()
    }
    return stacking(document(credentials=credentials))


ONE, TWO = {"credential": "one"}, {"credential": "two"}


def test_how_credentials_stack() -> None:
    side_by_side = {"all": [ONE, TWO]}
    everything = {"every": {"type": "credential", "ids": ["one", "two"]}}
    assert stack(one=(4, A), two=(5, B)) is Stacking.NONE
    assert stack(one=(4, A), two=(5, {"all": [ONE, B]})) is Stacking.VERTICAL
    assert stack(one=(None, A), two=(None, {"all": [ONE, B]})) is Stacking.VERTICAL
    assert stack(one=(4, A), two=(4, B), top=(5, {"any": [ONE, TWO]})) is Stacking.VERTICAL
    assert stack(one=(4, A), two=(4, B), top=(4, side_by_side)) is Stacking.HORIZONTAL
    assert stack(one=(None, A), two=(None, B), top=(None, everything)) is Stacking.HORIZONTAL


def test_a_pathway_that_stacks_both_ways_is_a_hybrid() -> None:
    wide = {"at_least": 2, "of": [ONE, TWO]}
    above = {"credential": "wide"}
    both = stack(one=(4, A), two=(4, B), wide=(4, wide), top=(5, above))
    assert both is Stacking.HYBRID


# --- the catalogue -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "sure", "possible"),
    [
        ({}, "abcdv", "abcdv"),
        ({"groups": "x"}, "ab", "ab"),
        ({"groups": "given-by-completions"}, "", "abcdv"),
        ({"level": ">=5"}, "cd", "cdv"),
        ({"credits": 10}, "abc", "abcv"),
        ({"source": "exam"}, "", "abcdv"),
        ({"ids": ["a", "c"], "level": 5}, "c", "c"),
        ({"groups": "x", "except": {"ids": ["a"]}}, "b", "b"),
        ({"groups": "x", "except": {"source": "exam"}}, "", "ab"),
        ({"any_of": [{"groups": "x"}, {"level": 5}]}, "abcd", "abcdv"),
        ({"type": "credential"}, "", ""),
    ],
)
def test_an_entry_matches_surely_or_as_its_completions_will_have_it(
    selector: dict[str, Any], sure: str, possible: str
) -> None:
    found = document()
    catalogue = Catalogue(found, found.main)
    asked = Selector.model_validate(selector)
    assert catalogue.matching(asked, least=Match.YES) == frozenset(sure)
    assert catalogue.matching(asked) == frozenset(possible)


def test_a_group_without_members_may_be_closed() -> None:
    found = document()
    catalogue = Catalogue(found, found.main, open_groups=False)
    assert catalogue.matching(Selector(groups=("nobody",))) == frozenset()
