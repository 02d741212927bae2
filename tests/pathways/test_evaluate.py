"""Rules that look met, or unmet, until somebody looks twice: answers that are easily wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pathways.awards import Assessment, assess
from pathways.document import Document, Record

ON = date(2026, 1, 20)

Data = Mapping[str, Any]


def assessed(pathway: Data, *completed: object, **record: object) -> Assessment:
    document = Document.model_validate({"main": {"pathway": "p", **pathway}})
    return assess(document, Record.model_validate({"completed": completed, **record}), ON)


def done(module: str, day: int, **more: object) -> Data:
    return {"module": module, "on": date(2026, 1, day), **more}


def module(name: str) -> Data:
    return {"module": name}


def held(told: Assessment) -> set[str]:
    return {ref for ref, standing in told.standings.items() if standing.status == "held"}


def used(told: Assessment, credential: str) -> tuple[str, ...]:
    ground = told.standings[credential].awards[-1].ground
    assert ground is not None
    return ground.items


def among(names: Iterable[str], count: int, **more: object) -> Data:
    return {"count": count, "from": {"ids": list(names)}, **more}


# --- barred modules ------------------------------------------------------------------------------

PAIRS = {"ant": {"barred": ["bee"]}, "bee": {}, "cat": {"barred": ["dog"]}, "dog": {}, "elk": {}}


def barred(rule: Data) -> Assessment:
    days = {"ant": 1, "bee": 2, "cat": 3, "dog": 4, "elk": 5}
    credentials = {"gnu": {"requires": rule}}
    completed = [done(name, day) for name, day in days.items()]
    return assessed({"modules": PAIRS, "credentials": credentials}, *completed)


def test_one_of_each_barred_pair_may_be_used() -> None:
    told = barred(among(["ant", "bee", "cat", "dog"], 2))
    assert used(told, "gnu") == ("ant@2026-01-01", "cat@2026-01-03")


def test_barred_pairs_give_no_more_than_one_each() -> None:
    assert held(barred(among(["ant", "bee", "cat", "dog"], 3))) == set()
    assert held(barred(among(["ant", "bee", "cat", "dog", "elk"], 3))) == {"gnu"}
    assert held(barred(among(["ant", "bee", "cat", "dog", "elk"], 4))) == set()


def test_the_half_of_a_barred_pair_that_another_part_needs_is_kept() -> None:
    for name, item in (("ant", "ant@2026-01-01"), ("bee", "bee@2026-01-02")):
        told = barred({"all": [among(["ant", "bee"], 1), module(name)]})
        assert used(told, "gnu") == (item,)


def test_a_barred_pair_is_not_needed_by_all_parts_at_once() -> None:
    both = [module("ant"), module("bee")]
    assert held(barred({"all": both})) == set()
    assert held(barred({"all": both, "distinct": True})) == set()
    assert held(barred({"in_order": both})) == set()
    assert held(barred({"all": both, "within": "5 days"})) == set()
    assert held(barred({"any": [{"all": [module("ant"), module("bee")]}, module("elk")]})) == {
        "gnu"
    }


def test_what_serves_as_both_of_a_barred_pair_is_used_as_the_one_only() -> None:
    told = assessed(
        {
            "modules": {"ant": {"barred": ["bee"]}, "bee": {}, "cat": {}},
            "credentials": {
                "both": {"requires": {"all": [module("ant"), module("bee")]}},
                "one": {"requires": {"all": [module("bee"), module("cat")]}},
            },
        },
        done("ant", 1),
        done("cat", 2),
        substituted=[{"module": "cat", "counts_as": "bee", "on": "2026-01-02"}],
    )
    assert held(told) == {"one"}


@pytest.mark.parametrize("pairs", [6, 7])
def test_many_barred_pairs_are_told_apart_by_a_search(pairs: int) -> None:
    names = [f"{side}-{number}" for number in range(pairs) for side in ("left", "right")]
    modules = {
        name: {"barred": [name.replace("left", "right")]} if "left" in name else {}
        for name in names
    }
    completed = [done(name, 1 + place % 18) for place, name in enumerate(names)]
    for count, expected in ((pairs, {"gnu"}), (pairs + 1, set())):
        credentials = {"gnu": {"requires": among(names, count)}}
        told = assessed({"modules": modules, "credentials": credentials}, *completed)
        assert held(told) == expected


# --- waivers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("distinct", [True, False])
def test_of_two_waivers_of_a_rule_the_earlier_one_is_named(distinct: bool) -> None:
    told = assessed(
        {
            "modules": {"ant": {}, "bee": {}},
            "credentials": {
                "gnu": {
                    "requires": {
                        "all": [{"module": "ant", "id": "r"}, module("bee")],
                        **({"distinct": True} if distinct else {}),
                    }
                }
            },
        },
        done("bee", 5),
        waived=[
            {"rule": "r", "on": "2026-01-03", "id": "later"},
            {"rule": "r", "on": "2026-01-02", "id": "sooner"},
        ],
    )
    assert used(told, "gnu") == ("sooner", "bee@2026-01-05")


def test_amounts_that_are_waived_add_up() -> None:
    def told(need: int) -> set[str]:
        return held(
            assessed(
                {
                    "modules": {"ant": {"credits": 5}},
                    "credentials": {"gnu": {"requires": {**credits(["ant"], need), "id": "r"}}},
                },
                done("ant", 5),
                waived=[
                    {"rule": "r", "amount": 3, "on": "2026-01-03", "id": "later"},
                    {"rule": "r", "amount": 4, "on": "2026-01-02", "id": "sooner"},
                ],
            )
        )

    assert told(12) == {"gnu"}
    assert told(13) == set()


# --- exclusive sets ------------------------------------------------------------------------------


def rivals(share: int, rule: Data) -> Assessment:
    """`first` has used ant and bee; `second` is due when dog is there."""
    return assessed(
        {
            "modules": {"ant": {}, "bee": {}, "cat": {}, "dog": {}},
            "credentials": {
                "first": {"requires": {"all": [module("ant"), module("bee")]}},
                "second": {"requires": {"all": [module("dog"), rule]}},
            },
            "exclusive": [{"credentials": ["first", "second"], "share": share}],
        },
        done("ant", 1),
        done("bee", 2),
        done("cat", 3),
        done("dog", 4),
    )


def test_no_more_is_shared_with_a_rival_than_may_be() -> None:
    both = {"all": [module("ant"), module("bee")]}
    assert held(rivals(0, both)) == {"first"}
    assert held(rivals(1, both)) == {"first"}
    assert held(rivals(2, both)) == {"first", "second"}


def test_what_a_rival_has_used_gives_way_to_what_is_free() -> None:
    any_two = among(["ant", "bee", "cat"], 2)
    assert held(rivals(0, any_two)) == {"first"}
    assert used(rivals(1, any_two), "second") == (
        "ant@2026-01-01",
        "cat@2026-01-03",
        "dog@2026-01-04",
    )


def test_every_rival_counts() -> None:
    pathway = {
        "modules": {"ant": {}, "bee": {}, "cat": {}},
        "credentials": {
            "first": {"requires": module("ant")},
            "second": {"requires": module("bee")},
            "third": {
                "requires": {"all": [module("cat"), {"any": [module("ant"), module("bee")]}]}
            },
        },
        "exclusive": [{"credentials": ["first", "second", "third"]}],
    }
    assert held(assessed(pathway, done("ant", 1), done("bee", 2), done("cat", 3))) == {
        "first",
        "second",
    }


def test_rivals_that_are_due_on_one_day_share_what_they_may() -> None:
    def told(share: int) -> set[str]:
        return held(
            assessed(
                {
                    "modules": {"ant": {}, "bee": {}, "cat": {}},
                    "credentials": {
                        "one": {"requires": among(["ant", "bee"], 2)},
                        "other": {"requires": among(["bee", "cat"], 2)},
                    },
                    "exclusive": [{"credentials": ["one", "other"], "share": share}],
                },
                *(done(name, 5) for name in ("ant", "bee", "cat")),
            )
        )

    assert told(0) == set()
    assert told(1) == {"one", "other"}


def test_rivals_that_are_due_on_one_day_divide_what_there_is() -> None:
    told = assessed(
        {
            "modules": {"ant": {}, "bee": {}, "cat": {}, "dog": {}},
            "credentials": {
                "one": {"requires": among(["ant", "bee", "cat", "dog"], 2)},
                "other": {"requires": among(["ant", "bee"], 2)},
            },
            "exclusive": [{"credentials": ["one", "other"]}],
        },
        *(done(name, 5) for name in ("ant", "bee", "cat", "dog")),
    )
    assert used(told, "one") == ("cat@2026-01-05", "dog@2026-01-05")
    assert used(told, "other") == ("ant@2026-01-05", "bee@2026-01-05")


# --- what is remembered of one question, and asked of another ------------------------------------


def test_an_attempt_that_was_revoked_gives_way_to_the_next_even_where_the_first_counts() -> None:
    told = assessed(
        {
            "attempts": "first",
            "modules": {"ant": {}},
            "credentials": {"gnu": {"requires": module("ant"), "on_lost_evidence": "revoke"}},
        },
        done("ant", 1, id="one", revoked=date(2026, 1, 5)),
        done("ant", 3, id="two"),
    )
    assert used(told, "gnu") == ("two",)
    assert held(told) == {"gnu"}


def lapsing(rule: Data) -> Assessment:
    names = ("ant", "bee", "cat")
    return assessed(
        {
            "modules": {name: {"valid_for": "1 day"} for name in names},
            "credentials": {"gnu": {"requires": rule}},
        },
        done("ant", 1),
        done("bee", 6),
        done("cat", 12),
    )


@pytest.mark.parametrize("spare", [module("cat"), {"all": [module("cat"), module("ant")]}])
def test_what_has_expired_is_kept_where_it_is_needed(spare: Data) -> None:
    once = [{"credential": name, "even_if_expired": True} for name in ("one", "two")]
    told = assessed(
        {
            "modules": {"ant": {}, "bee": {}, "cat": {}},
            "credentials": {
                "one": {"requires": module("ant"), "valid_for": "1 day"},
                "two": {"requires": module("bee"), "valid_for": "1 day"},
                "gnu": {"requires": {"any": [{"all": once}, spare]}},
            },
        },
        done("ant", 1),
        done("bee", 6),
    )
    assert used(told, "gnu") == ("one@2026-01-01", "two@2026-01-06")


def test_what_has_expired_does_not_serve_where_it_may_not() -> None:
    assert held(lapsing({"any": [among(["ant", "bee", "cat"], 2)]})) == set()


def test_what_is_used_together_was_usable_on_one_day() -> None:
    apart = {"all": [module("ant"), module("bee")], "together": True}
    assert held(lapsing({"any": [apart]})) == set()
    assert held(lapsing({"any": [apart, {"all": [module("cat")], "together": True}]})) == {"gnu"}


def test_a_window_moves_over_all_the_dates() -> None:
    def told(period: str) -> set[str]:
        names = ("ant", "bee", "cat")
        rule = {"any": [among(names, 2, within=period)]}
        return held(
            assessed(
                {
                    "modules": {name: {} for name in names},
                    "credentials": {"gnu": {"requires": rule}},
                },
                *(done(name, day) for name, day in zip(names, (1, 6, 12), strict=True)),
            )
        )

    assert told("4 days") == set()
    assert told("5 days") == {"gnu"}


def test_an_average_over_all_is_of_all() -> None:
    def told(*scores: int) -> set[str]:
        rule = among(["ant", "bee", "cat"], 1, average=60, of="score", over="all")
        names = ("ant", "bee", "cat")
        return held(
            assessed(
                {
                    "modules": {name: {} for name in names},
                    "credentials": {"gnu": {"requires": {"any": [rule]}, "lasts": "while_met"}},
                },
                *(done(name, 5, score=score) for name, score in zip(names, scores, strict=False)),
            )
        )

    assert told(70, 50) == {"gnu"}
    assert told(70, 49) == set()
    assert told(70, 49, 61) == {"gnu"}


# --- in order, and in turn -----------------------------------------------------------------------


def test_parts_in_order_may_share_a_day_and_not_turn_back() -> None:
    def told(**days: int) -> set[str]:
        names = ("ant", "bee", "cat")
        rule = {"in_order": [module(name) for name in names]}
        return held(
            assessed(
                {
                    "modules": {name: {} for name in names},
                    "credentials": {"gnu": {"requires": rule}},
                },
                *(done(name, day) for name, day in days.items()),
            )
        )

    assert told(ant=1, bee=1, cat=1) == {"gnu"}
    assert told(ant=1, bee=3, cat=2) == set()
    assert told(ant=2, bee=3, cat=4) == {"gnu"}
    assert told(ant=3, bee=1, cat=4) == set()


def test_the_part_that_can_use_little_is_served_though_it_stands_last() -> None:
    def told(last: Data) -> Assessment:
        rule = {"all": [among(["ant", "bee"], 1), among(["bee", "cat"], 1), last], "distinct": True}
        names = ("ant", "bee", "cat")
        return assessed(
            {"modules": {name: {} for name in names}, "credentials": {"gnu": {"requires": rule}}},
            *(done(name, day) for day, name in enumerate(names, start=1)),
        )

    assert held(told(module("ant"))) == {"gnu"}
    assert held(told(module("cat"))) == {"gnu"}
    assert held(told(among(["ant", "bee"], 2))) == set()


def test_points_are_added_up_over_the_parts_that_are_met() -> None:
    def told(need: str, *names: str) -> set[str]:
        parts = [
            {"worth": Decimal(worth), "rule": module(name)}
            for worth, name in (("0.5", "ant"), ("1.5", "bee"), ("2", "cat"))
        ]
        rule = {"points": Decimal(need), "of": parts, "distinct": True}
        return held(
            assessed(
                {
                    "modules": {name: {} for name in ("ant", "bee", "cat")},
                    "credentials": {"gnu": {"requires": rule}},
                },
                *(done(name, 5) for name in names),
            )
        )

    assert told("2", "ant", "bee") == {"gnu"}
    assert told("2.5", "ant", "bee") == set()
    assert told("2.5", "ant", "cat") == {"gnu"}
    assert told("4", "ant", "bee", "cat") == {"gnu"}


def test_a_part_is_not_used_once_there_are_points_enough() -> None:
    parts = [
        {"worth": 1, "rule": module("ant"), "required": True},
        {"worth": 1, "rule": module("bee")},
    ]
    told = assessed(
        {
            "modules": {"ant": {}, "bee": {}},
            "credentials": {"gnu": {"requires": {"points": 1, "of": parts}}},
        },
        done("ant", 5),
        done("bee", 5),
    )
    assert used(told, "gnu") == ("ant@2026-01-05",)


# --- over all ------------------------------------------------------------------------------------


def averaged(least: int) -> Data:
    return {"count": 1, "from": {"type": "module"}, "average": least, "of": "score", "over": "all"}


@pytest.mark.parametrize(("attempts", "average"), [("first", 40), ("latest", 80), ("any", 60)])
def test_an_average_over_all_is_of_the_attempts_that_count(attempts: str, average: int) -> None:
    def told(least: int) -> set[str]:
        pathway = {
            "attempts": attempts,
            "modules": {"ant": {"repeatable": 2} if attempts == "any" else {}},
            "credentials": {"gnu": {"requires": averaged(least), "lasts": "while_met"}},
        }
        return held(assessed(pathway, done("ant", 1, score=40), done("ant", 2, score=80)))

    assert told(average) == {"gnu"}
    assert told(average + 1) == set()


def test_an_average_over_all_is_earned_anew_by_all_that_came_since() -> None:
    def told(*since: int) -> list[date]:
        modules = ("ant", "bee", "cat")
        told = assessed(
            {
                "modules": {name: {} for name in modules},
                "credentials": {"gnu": {"requires": averaged(60), "valid_for": "5 days"}},
            },
            done("ant", 1, score=90),
            *(done(name, 10, score=score) for name, score in zip(modules[1:], since, strict=True)),
        )
        return [award.on for award in told.standings["gnu"].awards]

    assert told(80, 40) == [date(2026, 1, 1), date(2026, 1, 10)]
    assert told(80, 39) == [date(2026, 1, 1)]


def test_an_average_over_all_takes_an_item_with_two_faces_as_the_one_or_the_other() -> None:
    def told(score: int) -> set[str]:
        return held(
            assessed(
                {
                    "modules": {"ant": {}, "bee": {}, "cat": {}},
                    "credentials": {"gnu": {"requires": averaged(60), "lasts": "while_met"}},
                },
                done("ant", 1, score=50),
                done("cat", 2, score=score),
                substituted=[{"module": "ant", "counts_as": "bee", "on": "2026-01-01"}],
            )
        )

    assert told(70) == {"gnu"}
    assert told(69) == set()


def test_what_is_waived_of_an_average_over_all_is_the_amount_and_not_the_average() -> None:
    def told(*scores: int) -> set[str]:
        names = ("ant", "bee", "cat")
        return held(
            assessed(
                {
                    "modules": {name: {} for name in names},
                    "credentials": {"gnu": {"requires": {**averaged(60), "count": 3, "id": "r"}}},
                },
                *(done(name, 5, score=score) for name, score in zip(names, scores, strict=False)),
                waived=[{"rule": "r", "amount": 1, "on": "2026-01-01"}],
            )
        )

    assert told(70, 50) == {"gnu"}
    assert told(70) == set()
    assert told(70, 49) == set()


def test_an_average_over_all_looks_at_what_is_recent_enough() -> None:
    def told(period: str) -> set[str]:
        rule = {**averaged(60), "since": period}
        names = ("ant", "bee")
        return held(
            assessed(
                {
                    "modules": {name: {} for name in names},
                    "credentials": {"gnu": {"requires": rule, "lasts": "while_met"}},
                },
                done("ant", 5, score=10),
                done("bee", 12, score=70),
            )
        )

    assert told("14 days") == {"gnu"}
    assert told("15 days") == set()


# --- nothing twice -------------------------------------------------------------------------------

#: Credits, so that the parts are no matter of matching one by one.
SIZES = {"ant": 5, "bee": 5, "cat": 10}


def credits(names: Iterable[str], amount: int, **more: object) -> Data:
    return {"credits": amount, "from": {"ids": list(names)}, **more}


def apart(*rules: Data, distinct: object = True) -> set[str]:
    return held(
        assessed(
            {
                "modules": {name: {"credits": size} for name, size in SIZES.items()},
                "credentials": {"gnu": {"requires": {"all": list(rules), "distinct": distinct}}},
            },
            *(done(name, day) for day, name in enumerate(SIZES, start=1)),
        )
    )


def test_all_that_a_part_has_taken_is_gone_for_the_next() -> None:
    assert apart(credits(["ant", "bee"], 10), credits(["ant"], 5)) == set()
    assert apart(credits(["ant", "bee"], 10), credits(["bee"], 5)) == set()
    assert apart(credits(["ant", "bee"], 10), credits(["cat"], 10)) == {"gnu"}


def test_what_the_first_part_has_taken_is_gone_for_the_third() -> None:
    assert apart(credits(["ant"], 5), credits(["bee"], 5), credits(["ant", "bee"], 5)) == set()
    assert apart(credits(["ant"], 5), credits(["bee"], 5), credits(["ant", "cat"], 5)) == {"gnu"}


def test_a_part_that_is_not_needed_takes_nothing_from_the_others() -> None:
    def told(*of: tuple[Data, bool]) -> set[str]:
        parts = [
            {"worth": 1, "rule": rule} | ({"required": True} if required else {})
            for rule, required in of
        ]
        rule = {"points": 2, "of": parts, "distinct": True}
        return held(
            assessed(
                {
                    "modules": {name: {"credits": size} for name, size in SIZES.items()},
                    "credentials": {"gnu": {"requires": rule}},
                },
                *(done(name, day) for day, name in enumerate(SIZES, start=1)),
            )
        )

    small, large = credits(["ant", "bee"], 10), credits(["bee", "cat"], 15)
    assert told((small, False), (credits(["cat"], 10), False), (large, False)) == {"gnu"}
    assert told((small, False), (large, True), (credits(["ant"], 5), False)) == {"gnu"}
    assert told((small, False), (large, True)) == set()
    assert told((credits(["ant"], 6), False), (small, False), (large, False)) == set()


@pytest.mark.parametrize(("distinct", "expected"), [("through", False), (True, True)])
def test_what_an_award_rests_on_is_taken_with_it(distinct: object, expected: bool) -> None:
    told = assessed(
        {
            "modules": {name: {"credits": size} for name, size in SIZES.items()},
            "credentials": {
                "small": {"credits": 5, "requires": module("ant")},
                "gnu": {
                    "requires": {
                        "all": [
                            {"credits": 5, "from": {"type": "credential"}},
                            credits(["ant"], 5),
                        ],
                        "distinct": distinct,
                    }
                },
            },
        },
        done("ant", 1),
    )
    assert ("gnu" in held(told)) is expected
