"""Rules that take a search: each answer is the one of the language, whichever way it is found.

Every case is judged four times: by the evaluator, which takes the cheapest exact way; by a search
over the whole rule; by the oracle, which looks at every use of the evidence; and by the checker, to
which the evaluator's witnesses and the oracle's uses are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pathways.awards import Assessment, assess
from pathways.document import Document, Record
from pathways.horizon import options
from pathways.plan import plan
from pathways.solver import UndecidedError
from pathways.verdict import Use
from tests.fuzz.comparison import (
    differences,
    objections,
    objections_to_every_use,
    unlike_the_search,
)
from tests.strategies import Case

ON = date(2026, 1, 20)

Data = Mapping[str, Any]


def assessed(pathway: Data, *completed: object, **record: object) -> Assessment:
    facts = {"completed": list(completed), **record}
    case = Case({"pathway": "p", "version": "1", **pathway}, facts, ON)
    assert not differences(case)
    assert not unlike_the_search(case)
    assert not objections(case)
    assert not objections_to_every_use(case)
    return assess(case.document, case.record, case.on)


def use(told: Assessment, credential: str = "gnu") -> Use | None:
    awards = told.standings[credential].awards
    ground = awards[-1].ground if awards else None
    return None if ground is None else ground.use


def used(modules: Data, rule: Data, *completed: object, **record: object) -> tuple[str, ...] | None:
    """The ids of what is used for one credential with a rule, or None where it is not met."""
    told = assessed(
        {"modules": modules, "credentials": {"gnu": {"requires": rule}}}, *completed, **record
    )
    awards = told.standings["gnu"].awards
    return awards[-1].ground.items if awards and awards[-1].ground else None


def held(told: Assessment) -> set[str]:
    return {ref for ref, standing in told.standings.items() if standing.status == "held"}


def done(module: str, day: int, name: str, **more: object) -> Data:
    return {"module": module, "on": date(2026, 1, day), "id": name, **more}


def module(name: str, **more: object) -> Data:
    return {"module": name, **more}


def count(number: int, *names: str, **more: object) -> Data:
    return {"count": number, "from": list(names), **more}


def amount(number: str, *names: str, **more: object) -> Data:
    return {"credits": Decimal(number), "from": list(names), **more}


def both(*rules: Data, **more: object) -> Data:
    return {"all": list(rules), **more}


def credits(most: str) -> Data:
    return {"credits": Decimal(most)}


def stands_in(name: str, other: str) -> Data:
    return {"module": name, "counts_as": other, "on": date(2026, 1, 1)}


# --- over all ------------------------------------------------------------------------------------


def test_over_all_takes_each_item_in_one_of_the_ways_in_which_it_may_serve() -> None:
    def told(need: str) -> tuple[str, ...] | None:
        modules = {"ant": {"credits": 1}, "cat": {"credits": 2}, "dog": {"credits": 1}, "elk": {}}
        return used(
            modules,
            amount(need, "ant", "cat", "dog", average=60, of="score", over="all"),
            done("cat", 1, "c", score=70),
            done("dog", 2, "d", score=50),
            done("elk", 3, "e", score=0),
            substituted=[stands_in("cat", "ant")],
        )

    assert told("3") == ("c", "d")
    assert told("4") is None


def test_over_all_takes_what_was_usable_on_the_one_day() -> None:
    def told(**more: object) -> tuple[str, ...] | None:
        rule = count(1, "ant", "bee", average=66, of="score", over="all")
        return used(
            {"ant": {}, "bee": {}},
            both(rule, together=True),
            done("bee", 5, "b", score=80, expires=date(2026, 1, 9)),
            done("ant", 1, "a", score=50, **more),
        )

    assert told(expires=date(2026, 1, 3)) == ("b",)
    assert told() is None


def test_what_had_expired_may_serve_beside_what_was_usable_on_the_one_day() -> None:
    told = assessed(
        {
            "modules": {"ant": {}, "bee": {}},
            "credentials": {
                "one": {"requires": module("ant"), "valid_for": "1 day"},
                "gnu": {
                    "requires": {
                        "all": [{"credential": "one", "even_if_expired": True}, module("bee")],
                        "together": True,
                    }
                },
            },
        },
        done("ant", 1, "a"),
        done("bee", 6, "b"),
    )
    assert held(told) == {"gnu"}


def test_an_attempt_that_was_revoked_is_none_on_an_earlier_day_either() -> None:
    # Part by part it does not work: the first part would take what the second part needs.
    rule = both(amount("1", "ant", "bee"), amount("1", "bee"), distinct=True, together=True)
    found = assessed(
        {
            "attempts": "first",
            "modules": {"ant": {"credits": 1}, "bee": {"credits": 1}},
            "credentials": {"gnu": {"requires": rule}},
        },
        done("bee", 1, "gone", revoked=date(2026, 1, 6)),
        done("bee", 2, "b"),
        done("ant", 3, "a", expires=date(2026, 1, 4)),
        enrolled=date(2026, 1, 8),
    )
    assert (ground := use(found)) is not None
    assert set(ground.used()) == {"a", "b"}


# --- overlap -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("most", "met"), [("2.5", True), ("2.4", False)])
def test_items_in_common_may_have_so_many_credits_and_no_more(most: str, met: bool) -> None:
    found = used(
        {"ant": {"credits": 1}, "bee": {"credits": Decimal("2.5")}, "cat": {"credits": 1}},
        both(amount("3.5", "ant", "bee"), amount("3.5", "bee", "cat"), overlap=credits(most)),
        done("ant", 1, "a"),
        done("bee", 2, "b"),
        done("cat", 3, "c"),
    )
    assert (found is not None) is met


def attempts(most: str, *parts: Data) -> bool:
    """Whether two parts that use attempts of one, two and four credits keep to an overlap."""
    found = used(
        {"ant": {"credits": "varies"}},
        both(*parts, overlap=credits(most)),
        done("ant", 1, "one", credits=1, source="exam"),
        done("ant", 2, "two", credits=2, source="course"),
        done("ant", 3, "four", credits=4, source="transfer"),
    )
    return found is not None


def by(source: str) -> Data:
    return module("ant", **{"from": {"source": source}})


def test_attempts_in_common_have_the_credits_of_the_largest_that_is_used() -> None:
    assert attempts("1", by("exam"), by("exam"))
    assert not attempts("0.5", by("exam"), by("exam"))
    assert attempts("2", by("exam"), by("course"))
    assert not attempts("1", by("exam"), by("course"))
    assert attempts("4", by("exam"), by("transfer"))
    assert not attempts("3", by("exam"), by("transfer"))
    assert attempts("4", by("course"), by("transfer"))
    assert not attempts("3.5", by("course"), by("transfer"))


def test_an_item_that_stands_in_for_another_is_one_item_in_common() -> None:
    def told(most: object) -> tuple[str, ...] | None:
        return used(
            {"ant": {"credits": 3}, "cat": {"credits": 2}},
            both(module("ant"), module("ant"), module("cat"), overlap=most),
            done("cat", 1, "c"),
            substituted=[stands_in("cat", "ant")],
        )

    assert told(1) == ("c",)


def test_three_parts_have_in_common_what_any_two_of_them_use() -> None:
    def told(most: int, *parts: Data) -> tuple[str, ...] | None:
        return used(
            {"ant": {}, "bee": {}},
            both(*parts, overlap=most),
            done("ant", 1, "a"),
            done("bee", 2, "b"),
        )

    ant, bee = module("ant"), module("bee")
    assert told(1, ant, bee, ant) == ("a", "b")
    assert told(1, ant, ant, ant) == ("a",)
    assert told(1, ant, bee, both(ant, bee)) is None
    assert told(1, ant, both(ant, bee), bee) is None
    assert told(1, both(ant, bee), ant, bee) is None
    assert told(2, both(ant, bee), ant, bee) == ("a", "b")


# --- attempts at a repeatable module, in common --------------------------------------------------


def repeated(
    rule: Data, times: object = 2, number: int = 3, /, **substituted: object
) -> tuple[str, ...] | None:
    modules = {"ant": {"credits": 1, "repeatable": times}, "bee": {"credits": 1}}
    seen = [done("ant", place + 1, f"a{place}") for place in range(number)]
    return used(modules, rule, *seen, done("bee", 9, "b"), **substituted)


ANT, BEE = module("ant"), module("bee")


def test_attempts_are_divided_into_no_more_items_than_may_count() -> None:
    two_and_two = [count(2, "ant"), count(2, "ant")]
    assert repeated(both(*two_and_two, overlap=1), 2) is None
    assert repeated(both(*two_and_two, overlap=2), 2) is not None
    assert repeated(both(*two_and_two, overlap=1), 3) is not None
    assert repeated(both(*two_and_two, overlap={"credits": 1}), 2) is None
    assert repeated(both(*two_and_two, overlap={"credits": 2}), 2) is not None
    assert repeated(both(*two_and_two, overlap={"credits": 1}), "unlimited") is not None
    assert repeated(both(*two_and_two, overlap={"credits": 0}), "unlimited") is None


def test_what_counts_twice_in_one_part_is_two_items() -> None:
    parts = [both(count(2, "ant"), BEE), both(count(1, "ant"), BEE)]
    assert repeated(both(*parts, overlap=1), 2) is None
    assert repeated(both(*parts, overlap=2), 2) is not None
    assert repeated(both(*parts, overlap=1), 3) is not None


def test_attempts_in_several_selections_of_one_part_may_be_one_item() -> None:
    def told(most: int, *inside: Data) -> tuple[str, ...] | None:
        return repeated(both(both(*inside, BEE), both(count(1, "ant"), BEE), overlap=most), 2)

    assert told(1, ANT, ANT) is not None
    assert told(1, count(2, "ant"), ANT) is None
    assert told(2, count(2, "ant"), ANT) is not None


@pytest.mark.parametrize("times", [3, "unlimited"])
def test_attempts_that_two_parts_both_use_one_by_one_may_be_one_item(times: object) -> None:
    early = {**module("ant"), "only": {"before": date(2026, 1, 3)}}
    late = {**module("ant"), "only": {"after": date(2026, 1, 3)}}
    facts = [done("ant", 1, "a1"), done("ant", 4, "a4")]
    rule = both(both(early, late), both(early, late), overlap=1)
    assert used({"ant": {"repeatable": times}}, rule, *facts) == ("a1", "a4")


def test_three_parts_divide_two_items() -> None:
    assert repeated(both(ANT, ANT, ANT, overlap=1), 2) is not None
    three = [both(ANT, BEE), both(ANT, BEE), both(ANT, BEE)]
    assert repeated(both(*three, overlap=1), 2) is None
    assert repeated(both(*three, overlap=1), 3) is not None


@pytest.mark.parametrize(("most", "met"), [("2", True), ("1.9", False)])
def test_an_item_of_several_attempts_has_the_credits_of_the_largest(most: str, met: bool) -> None:
    found = used(
        {"ant": {"credits": "varies", "repeatable": 2}},
        both(
            count(2, "ant", only={"source": ["exam", "course"]}),
            count(1, "ant", only={"source": "transfer"}),
            overlap=credits(most),
        ),
        done("ant", 1, "one", credits=1, source="exam"),
        done("ant", 2, "two", credits=3, source="course"),
        done("ant", 3, "three", credits=2, source="transfer"),
    )
    assert (found is not None) is met


def test_attempts_that_stand_in_for_a_repeatable_module_are_still_one_item() -> None:
    def told(rule: Data, **more: object) -> tuple[str, ...] | None:
        return used(
            {"ant": {"repeatable": 3}, "cat": more, "bee": {}},
            rule,
            done("cat", 1, "one"),
            done("cat", 2, "two"),
            done("bee", 3, "b"),
            substituted=[stands_in("cat", "ant")],
        )

    late = count(1, "ant", after=date(2026, 1, 2))
    early = count(1, "ant", before=date(2026, 1, 1))
    assert told(both(early, late, distinct=True)) is None
    assert told(both(both(early, BEE), both(late, BEE), overlap=1)) is None
    assert told(both(both(early, BEE), both(late, BEE), overlap=2)) == ("one", "two", "b")
    assert told(both(both(early, BEE), both(late, BEE), overlap=1), repeatable=2) is not None


def test_attempts_that_stand_in_are_counted_once_where_there_are_too_few_items() -> None:
    def told(most: int, last: str, **more: object) -> tuple[str, ...] | None:
        def on(day: int) -> Data:
            return both(count(1, "ant", after=date(2026, 1, day), before=date(2026, 1, day)), BEE)

        return used(
            {"ant": {"repeatable": 2}, "cat": more, "bee": {}},
            both(on(1), on(2), on(3), overlap=most),
            done("cat", 1, "one"),
            done("cat", 2, "two"),
            done(last, 3, "three"),
            done("bee", 1, "b"),
            substituted=[stands_in("cat", "ant")],
        )

    assert told(1, "cat") is None
    assert told(2, "cat") is not None
    assert told(1, "ant", repeatable=2) is None
    assert told(2, "ant", repeatable=2) is not None


def test_attempts_at_two_repeatable_modules_are_divided_by_themselves() -> None:
    found = used(
        {"ant": {"repeatable": 2}, "bee": {"repeatable": 2}},
        both(count(2, "ant"), count(2, "bee"), overlap=1),
        *(done(name, day, f"{name}{day}") for name in ("ant", "bee") for day in (1, 2)),
    )
    assert found is not None


# --- attempts at a repeatable module, kept apart -------------------------------------------------


def test_parts_that_share_nothing_need_an_item_each() -> None:
    assert repeated(both(ANT, ANT, ANT, distinct=True), 3) is not None
    assert repeated(both(ANT, ANT, ANT, distinct=True), 2) is None
    assert repeated(both(ANT, count(2, "ant"), distinct=True), 3) is not None
    assert repeated(both(ANT, count(2, "ant"), distinct=True), 2) is None
    assert repeated(both(BEE, count(2, "ant"), distinct=True), 2) is not None


def test_a_part_needs_as_many_items_as_the_parts_inside_it_can_not_share() -> None:
    inside = [ANT, ANT]
    assert repeated(both(both(*inside), ANT, distinct=True), 2) is not None
    assert repeated(both(both(*inside, distinct=True), ANT, distinct=True), 3) is not None
    assert repeated(both(both(*inside, overlap=1), ANT, distinct=True), 2) is not None
    assert repeated(both(both(ANT, count(2, "ant")), ANT, distinct=True), 2) is None
    assert repeated(both(both(count(2, "ant"), ANT, BEE), ANT, distinct=True), 2) is None
    assert repeated(both(both(ANT, BEE), ANT, distinct=True), 2) is not None


def beneath(rule: Data, times: int, number: int = 4, **more: Data) -> bool:
    """Whether a rule is met beside `one`, an award that rests on the first attempt."""
    told = assessed(
        {
            "modules": {"ant": {"repeatable": times}, "bee": {}, "cat": {}},
            "credentials": {
                "one": {"requires": ANT},
                "free": {"requires": module("cat")},
                **{ref: {"requires": requires} for ref, requires in more.items()},
                "gnu": {"requires": rule},
            },
        },
        *(done("ant", place + 1, f"a{place}") for place in range(number)),
        done("bee", 9, "b"),
        done("cat", 10, "c"),
    )
    return "gnu" in held(told)


ONE, TWO, FREE = {"credential": "one"}, {"credential": "two"}, {"credential": "free"}


def test_what_an_award_rests_on_is_an_item_of_its_module() -> None:
    assert not beneath(both(ONE, count(2, "ant"), distinct="through"), 2)
    assert beneath(both(ONE, count(2, "ant"), distinct="through"), 3)
    assert beneath(both(ONE, count(2, "ant"), distinct=True), 2)
    assert beneath(both(FREE, count(2, "ant"), distinct="through"), 2)
    assert not beneath(both(ONE, ANT, distinct="through"), 1)
    assert beneath(both(ONE, count(1, "ant", "bee"), distinct="through"), 1)


def test_an_award_beside_attempts_inside_one_part_may_rest_on_the_same_item() -> None:
    inside = both(ONE, ANT)
    assert beneath(both(inside, ANT, distinct="through"), 2)
    assert not beneath(both(inside, count(2, "ant"), distinct="through"), 2)
    assert beneath(both(both(ONE, BEE), ANT, distinct="through"), 2)
    assert not beneath(both(both(ONE, BEE), count(2, "ant"), distinct="through"), 2)


def test_a_part_that_does_without_a_module_needs_no_item_of_it() -> None:
    without: Data = {"any": [both(ANT, both(ANT, BEE)), BEE]}
    assert repeated(both(without, count(2, "ant"), distinct=True), 2) is not None
    assert repeated(both(without, count(2, "ant"), distinct=True), 3) is not None


@pytest.mark.parametrize("apart", [True, "through"])
def test_a_part_may_keep_apart_what_it_uses_itself(apart: object) -> None:
    inside = both(ONE, ANT, distinct=apart)
    assert beneath(both(inside, ANT, distinct="through"), 3)
    assert not beneath(both(inside, count(3, "ant"), distinct="through"), 3)
    assert beneath(both(inside, ANT, distinct=True), 3)


def test_a_rule_that_does_not_look_beneath_awards_lets_none_inside_it_do_so() -> None:
    assert beneath(both(both(ONE, BEE), count(2, "ant"), distinct=True), 2)
    assert beneath(both(both(ONE, ANT, distinct=True), ANT, distinct="through"), 2)
    assert beneath(both(both(ONE, ANT, overlap=1), ANT, distinct="through"), 2)


def test_an_award_is_looked_through_to_what_the_awards_beneath_it_used() -> None:
    two = both(ONE, BEE)
    assert not beneath(both(TWO, count(2, "ant"), distinct="through"), 2, two=two)
    assert beneath(both(TWO, count(2, "ant"), distinct="through"), 3, two=two)
    assert beneath(both(both(ONE, TWO), ANT, distinct="through"), 2, two=two)


# --- what a plan imagines beneath awards ---------------------------------------------------------


def planned(rule: Data, modules: Data, /, *completed: Data, **more: Data) -> list[str] | None:
    """The modules of the shortest plan; completing them is what the rule then asks for."""
    rules = {**more, "gnu": rule}
    pathway = {
        "pathway": "p",
        "version": "1",
        "modules": modules,
        "credentials": {ref: {"requires": requires} for ref, requires in rules.items()},
    }
    document = Document.model_validate({"main": pathway})
    found = plan(document, Record.model_validate({"completed": completed}), "gnu", ON)
    if found.conflict is not None:
        return None
    made = [done(step.module, ON.day, f"s{place}") for place, step in enumerate(found.steps)]
    assert "gnu" in held(assessed(pathway, *completed, *made))
    return sorted(step.module for step in found.steps)


def test_a_plan_keeps_apart_what_an_award_to_come_will_rest_on() -> None:
    modules: Data = {"ant": {}, "bee": {}}
    other = count(1, "ant", "bee")
    through = both(ONE, other, distinct="through")
    assert planned(through, modules, one=ANT) == ["ant", "bee"]
    assert planned(both(ONE, other, distinct=True), modules, one=ANT) == ["ant"]
    assert planned(both(TWO, other, distinct="through"), modules, one=ANT, two=ONE) == [
        "ant",
        "bee",
    ]


def test_a_plan_makes_an_attempt_for_each_item_that_is_kept_apart() -> None:
    modules: Data = {"ant": {}, "bee": {}, "cat": {}, "dog": {}}
    either: Data = {"any": [count(2, "ant"), both(BEE, module("cat"), ANT)]}

    def told(times: int, *parts: Data, apart: object = "through", **more: Data) -> object:
        return planned(
            both(*parts, distinct=apart), {**modules, "ant": {"repeatable": times}}, **more
        )

    assert told(3, ONE, count(2, "ant"), one=ANT) == ["ant", "ant", "ant"]
    assert told(2, ONE, either, one=ANT) == ["ant", "ant", "bee", "cat"]
    assert told(2, ONE, either, one=ANT, apart=True) == ["ant", "ant"]
    assert told(2, TWO, either, one=ANT, two=ONE) == ["ant", "ant", "bee", "cat"]
    dog = both(ONE, module("dog"))
    assert told(2, TWO, either, one=ANT, two=dog) == ["ant", "ant", "bee", "cat", "dog"]
    assert told(2, both(ONE, ANT), either, one=ANT) == ["ant", "ant", "bee", "cat"]


def test_a_plan_divides_attempts_that_are_made_among_awards_to_come() -> None:
    modules: Data = {"ant": {"repeatable": 2}, "bee": {}, "cat": {}, "dog": {}}
    either: Data = {"any": [count(2, "ant"), both(BEE, module("cat"), ANT)]}
    one = both(ANT, module("dog"))

    def told(times: int, award: Data) -> list[str] | None:
        return planned(
            both(award, either, distinct="through"),
            {**modules, "ant": {"repeatable": times}},
            done("ant", 1, "first"),
            one=one,
            two=ONE,
        )

    for award in (ONE, TWO):
        assert told(2, award) == ["ant", "bee", "cat", "dog"]
        assert told(3, award) == ["ant", "ant", "dog"]


# --- rivals that are due on one day --------------------------------------------------------------


def rivals(share: int, first: Data, second: Data, *completed: object, **record: object) -> set[str]:
    names = ("ant", "bee", "cat", "dog")
    return held(
        assessed(
            {
                "modules": {name: {} for name in names},
                "credentials": {
                    "low": {"requires": module("ant")},
                    "lower": {"requires": module("ant")},
                    "one": {"requires": first},
                    "other": {"requires": second},
                },
                "exclusive": [{"credentials": ["one", "other"], "share": share}],
            },
            *completed,
            **record,
        )
    ) - {"low", "lower"}


@pytest.mark.parametrize("share", [0, 1, 2])
def test_rivals_due_on_one_day_have_so_many_items_in_common(share: int) -> None:
    names = ("ant", "bee", "cat")
    completed = [done(name, 5, name) for name in names]
    for size in (1, 2, 3):
        same = both(*(module(name) for name in names[:size]))
        expected = {"one", "other"} if size <= share else set()
        assert rivals(share, same, same, *completed) == expected


def test_an_item_that_stands_in_is_one_item_between_rivals() -> None:
    ant = module("ant")
    completed = [done("cat", 5, "c"), done("dog", 5, "d")]
    more: dict[str, Any] = {"substituted": [stands_in("cat", "ant")]}
    assert rivals(0, ant, ant, *completed, **more) == set()
    assert rivals(1, ant, ant, *completed, **more) == {"one", "other"}
    assert rivals(1, ant, module("cat"), *completed, **more) == {"one", "other"}
    both_dog = [both(ant, module("dog")), both(ant, module("dog"))]
    assert rivals(1, *both_dog, *completed, **more) == set()
    assert rivals(2, *both_dog, *completed, **more) == {"one", "other"}


def test_rivals_do_not_look_beneath_awards() -> None:
    low, lower = {"credential": "low"}, {"credential": "lower"}
    assert rivals(0, low, lower, done("ant", 5, "a")) == {"one", "other"}
    assert rivals(0, low, low, done("ant", 5, "a")) == set()


# --- one selection -------------------------------------------------------------------------------


def test_one_module_does_not_count_as_two_in_one_selection() -> None:
    def told(number: int, *names: str) -> tuple[str, ...] | None:
        return used(
            {"ant": {}, "cat": {}, "bee": {}, "dog": {}},
            count(number, *names),
            done("bee", 1, "b"),
            done("cat", 2, "one"),
            done("cat", 3, "two"),
            substituted=[stands_in("cat", "ant"), stands_in("cat", "dog")],
        )

    assert told(2, "ant", "cat") is None
    assert told(2, "ant", "cat", "bee") == ("b", "one")
    assert told(3, "bee", "ant", "cat") is None
    assert told(3, "bee", "ant", "cat", "dog") is None


def test_attempts_at_a_repeatable_module_serve_as_one_module_in_one_selection() -> None:
    def told(number: int) -> tuple[str, ...] | None:
        return used(
            {"ant": {}, "cat": {"repeatable": 2}, "bee": {}},
            count(number, "ant", "cat", "bee"),
            done("bee", 1, "b"),
            done("cat", 2, "one"),
            done("cat", 3, "two"),
            done("cat", 4, "three"),
            substituted=[stands_in("cat", "ant")],
        )

    assert told(3) == ("b", "one", "two")
    assert told(4) is None


def test_attempts_at_a_repeatable_module_serve_as_one_module_where_two_would_do() -> None:
    modules = {"ant": {"credits": 2, "repeatable": 2}, "cat": {"credits": 3}}
    facts = [done("ant", 1, "one"), done("ant", 2, "two")]
    swaps = [stands_in("ant", "cat")]
    assert used(modules, amount("4", "ant", "cat"), *facts, substituted=swaps) == ("one", "two")
    assert used(modules, amount("5", "ant", "cat"), *facts, substituted=swaps) is None


def test_two_modules_that_stand_in_for_one_count_once() -> None:
    swaps = [stands_in("ant", "cat"), stands_in("bee", "cat")]
    facts = [done("ant", 1, "a"), done("bee", 2, "b")]
    modules: Data = {name: {} for name in ("ant", "bee", "cat")}
    assert used(modules, count(1, "cat"), *facts, substituted=swaps) == ("a",)
    assert used(modules, count(2, "cat"), *facts, substituted=swaps) is None


def test_an_item_that_may_stand_in_serves_as_itself_where_it_may() -> None:
    told = assessed(
        {
            "modules": {"bee": {}, "cat": {}},
            "credentials": {"gnu": {"requires": count(1, "bee", "cat")}},
        },
        done("bee", 1, "b"),
        substituted=[stands_in("bee", "cat")],
    )
    assert (found := use(told)) is not None
    assert (found.items, found.served) == (("b",), {})


# --- limits, and parts of items ------------------------------------------------------------------


def parts_of(rule: Data, modules: Data) -> Mapping[str, str] | None:
    """The amounts that partial items contribute, or None where the rule is not met."""
    told = assessed(
        {"modules": modules, "credentials": {"gnu": {"requires": rule}}},
        *(done(name, 9 - place, name) for place, name in enumerate(modules)),
    )
    ground = use(told)
    return None if ground is None else ground.amounts


def part(most: str, *names: str, **more: object) -> Data:
    return {"at_most": Decimal(most), "of": list(names), "partial": True, **more}


@pytest.mark.parametrize(
    ("credits", "hours", "written"),
    [
        ("1", 3, "1/3"),
        ("5", 3, "5/3"),
        ("5", 6, "5/6"),
        ("1", 2, "0.5"),
        ("5", 2, "2.5"),
        ("1", 4, "0.25"),
        ("1", 5, "0.2"),
        ("1", 10, "0.1"),
        ("6", 3, "2"),
        ("1", 12, "1/12"),
    ],
)
def test_a_part_of_an_item_is_written_exactly(credits: str, hours: int, written: str) -> None:
    modules = {"ant": {"credits": Decimal(credits), "hours": hours}, "bee": {"credits": 1}}
    rule = amount("1.01", "ant", "bee", limits=[part("1", "ant", unit="hours")])
    assert parts_of(rule, modules) == {"ant": written}


@pytest.mark.parametrize(
    ("most", "need", "met"),
    [
        ("2", "3", True),
        ("2", "3.1", False),
        ("1.5", "2.625", True),
        ("1.5", "2.626", False),
        ("4", "4.5", True),
        ("3", "3.75", True),
        ("3", "3.76", False),
    ],
)
def test_a_part_counts_in_another_unit_as_it_does_in_its_own(
    most: str, need: str, met: bool
) -> None:
    modules = {
        "ant": {"credits": 3, "hours": 4},
        "bee": {"credits": Decimal("1.5"), "hours": 4},
    }
    found = parts_of(amount(need, "ant", "bee", limits=[part(most, "ant", unit="hours")]), modules)
    assert (found is not None) is met


@pytest.mark.parametrize(("need", "met"), [("2.55", True), ("2.56", False)])
def test_parts_of_several_items_add_up_in_another_unit(need: str, met: bool) -> None:
    modules = {
        "ant": {"credits": 3, "hours": 4},
        "bee": {"credits": 2, "hours": 4},
        "cat": {"credits": 1, "hours": 5},
    }
    limits = [part("3", "ant", "bee", unit="hours"), part("1.5", "cat", unit="hours")]
    found = parts_of(amount(need, "ant", "bee", "cat", limits=limits), modules)
    assert (found is not None) is met


@pytest.mark.parametrize(
    ("unit", "most", "written"), [("credits", "1", "0.5"), ("count", "0.25", "0.25")]
)
def test_a_part_of_the_hours_counts_as_that_part_of_all_else(
    unit: str, most: str, written: str
) -> None:
    modules = {"ant": {"credits": 2, "hours": 1}, "bee": {"credits": 1, "hours": 3}}
    rule = {"hours": Decimal("3.2"), "from": "any", "limits": [part(most, "ant", unit=unit)]}
    assert parts_of(rule, modules) == {"ant": written}
    assert parts_of({**rule, "hours": Decimal("3.6")}, modules) is None


@pytest.mark.parametrize(("need", "met"), [("0.3", True), ("0.4", False)])
def test_a_part_may_be_smaller_than_the_smallest_amount(need: str, met: bool) -> None:
    modules = {"ant": {"credits": Decimal("0.5"), "hours": 4}}
    found = parts_of(amount(need, "ant", limits=[part("0.3", "ant")]), modules)
    assert found == ({"ant": "0.3"} if met else None)


def test_earlier_items_contribute_what_they_can() -> None:
    modules = {"ant": {"credits": 2}, "bee": {"credits": 2}, "cat": {"credits": 2}}
    rule = amount("4.5", "ant", "bee", "cat", limits=[part("3", "ant", "bee")])
    # The first module was completed last.
    assert parts_of(rule, modules) == {"bee": "2", "ant": "1"}


@pytest.mark.parametrize(
    "limit",
    [
        {"at_least": Decimal("1.5"), "of": ["ant", "bee"]},
        {"spread": 1, "over": ["red"], "each": Decimal("1.5")},
    ],
)
def test_a_limit_with_decimals_is_not_rounded(limit: Data) -> None:
    def told(need: str, number: int) -> bool:
        modules = {
            "ant": {"credits": 1, "groups": ["red"]},
            "bee": {"credits": 1, "groups": ["red"]},
            "cat": {"credits": 1},
        }
        found = used(
            modules,
            amount(need, "ant", "bee", "cat", limits=[limit]),
            *(done(name, 5, name) for name in ("cat", "ant", "bee")[:number]),
        )
        return found is not None

    assert not told("2", 2)
    assert told("2", 3)
    assert told("1", 3)


def test_a_limit_in_another_unit_is_not_rounded() -> None:
    def told(most: int) -> tuple[str, ...] | None:
        return used(
            {name: {"credits": Decimal("1.5")} for name in ("ant", "bee")},
            count(2, "ant", "bee", limits=[{"at_most": most, "of": "any", "unit": "credits"}]),
            done("ant", 1, "a"),
            done("bee", 2, "b"),
        )

    assert told(3) == ("a", "b")
    assert told(2) is None


def test_a_limit_of_nothing_is_kept_by_nothing() -> None:
    limit = {"at_least": 0, "of": ["bee"]}
    assert used({"ant": {}, "bee": {}}, count(1, "ant", limits=[limit]), done("ant", 1, "a"))


def test_a_limit_looks_at_the_age_of_an_item_on_the_day() -> None:
    limit = {"at_most": 1, "of": {"since": "5 days"}}
    found = used(
        {"ant": {}, "bee": {}, "cat": {}},
        count(2, "ant", "bee", "cat", limits=[limit]),
        done("ant", 17, "a"),
        done("bee", 18, "b"),
        done("cat", 1, "c"),
    )
    assert found == ("c", "a")


def test_a_waived_amount_may_have_decimals() -> None:
    def told(*amounts: str) -> tuple[str, ...] | None:
        waived = [
            {"rule": "some", "on": date(2026, 1, 2), "id": f"w{place}", "amount": Decimal(each)}
            for place, each in enumerate(amounts)
        ]
        rule = amount("2", "ant", id="some")
        return used({"ant": {"credits": 1}}, rule, done("ant", 1, "a"), waived=waived)

    assert told("0.5", "0.5") == ("a", "w0", "w1")
    assert told("0.5", "0.4") is None


# --- averages and sums ---------------------------------------------------------------------------


def scored(*scores: object, **more: object) -> bool:
    """Whether two items of one and three credits have an average or a sum."""
    modules = {"ant": {"credits": 1}, "bee": {"credits": 3}}
    completed = [
        done(name, 5, name, score=score)
        for name, score in zip(modules, scores, strict=False)
        if score is not None
    ]
    rule = count(len(completed), "ant", "bee", of="score", **more)
    return used(modules, rule, *completed) is not None


def test_an_average_is_not_rounded() -> None:
    assert scored(Decimal("60.5"), Decimal("59.5"), average=60)
    assert not scored(Decimal("60.5"), Decimal("59.4"), average=60)


def test_a_score_of_nothing_is_a_score() -> None:
    assert scored(0, 100, average=50)
    assert not scored(0, 100, average=Decimal("50.25"))


def test_over_all_takes_what_may_contribute_nothing() -> None:
    limits = [{"at_most": 0, "of": ["ant"], "partial": True}]
    rule = amount("1", "ant", "bee", average=60, of="score", over="all", limits=limits)
    facts = [done("ant", 1, "a", score=60), done("bee", 2, "b", score=60)]
    modules = {"ant": {"credits": 5}, "bee": {"credits": 1}}
    told = assessed({"modules": modules, "credentials": {"gnu": {"requires": rule}}}, *facts)
    assert (found := use(told)) is not None
    assert (found.items, found.amounts) == (("a", "b"), {"a": "0"})


@pytest.mark.parametrize(("need", "met"), [(300, True), (301, False)])
def test_a_sum_is_of_whole_items_where_a_part_of_one_counts(need: int, met: bool) -> None:
    limits = [{"at_most": 1, "of": "any", "partial": True}]
    rule = amount("1", "ant", sum=need, of="score", weighted_by="credits", limits=limits)
    found = used({"ant": {"credits": 5}}, rule, done("ant", 1, "a", score=60))
    assert (found is not None) is met


def test_an_average_is_weighted_where_the_rule_says_so() -> None:
    assert scored(20, 60, average=50, weighted_by="credits")
    assert not scored(60, 20, average=40, weighted_by="credits")
    assert not scored(20, 60, average=50)


def test_an_average_of_what_weighs_nothing_is_none() -> None:
    modules = {"ant": {}, "bee": {"credits": 1}}
    rule = count(1, "ant", "bee", average=60, of="score", weighted_by="credits")
    assert used(modules, rule, done("ant", 5, "a", score=90)) is None
    two = used(modules, rule, done("ant", 5, "a", score=90), done("bee", 6, "b", score=60))
    assert two == ("b",)


def test_a_sum_is_weighted_where_the_rule_says_so() -> None:
    assert scored(20, 60, sum=200, weighted_by="credits")
    assert not scored(20, 60, sum=201, weighted_by="credits")
    assert scored(20, 60, sum=80)
    assert not scored(20, 60, sum=81)
    assert scored(Decimal("20.5"), Decimal("60.5"), sum=81)
    assert not scored(Decimal("20.5"), Decimal("60.4"), sum=81)
    assert not scored(20, 60, sum=Decimal("80.5"))


# --- choices, and waivers ------------------------------------------------------------------------


@pytest.mark.parametrize(("need", "met"), [("3.5", True), ("4", False)])
def test_points_with_decimals_are_not_rounded(need: str, met: bool) -> None:
    names = ("ant", "bee", "cat")
    parts = [
        {"worth": Decimal(worth), "rule": module(name)}
        for worth, name in zip(("0.5", "1", "2"), names, strict=True)
    ]
    found = used(
        {name: {} for name in names},
        {"points": Decimal(need), "of": parts},
        *(done(name, 5, name) for name in names),
    )
    assert (found is not None) is met


def test_parts_before_the_last_that_is_required_are_taken_where_they_may_be() -> None:
    parts = [
        {"worth": 1, "rule": ANT},
        {"worth": 1, "rule": ANT},
        {"worth": 1, "rule": ANT, "required": True},
        {"worth": 1, "rule": ANT},
    ]
    told = assessed(
        {"modules": {"ant": {}}, "credentials": {"gnu": {"requires": {"points": 1, "of": parts}}}},
        done("ant", 5, "a"),
    )
    assert (ground := use(told)) is not None
    assert set(ground.parts) == {0, 1, 2}


def test_of_two_waivers_of_one_rule_the_earlier_one_is_used() -> None:
    found = used(
        {"ant": {}, "bee": {}},
        both(module("ant", id="some"), BEE),
        done("bee", 9, "b"),
        waived=[
            {"rule": "some", "on": date(2026, 1, 3), "id": "late"},
            {"rule": "some", "on": date(2026, 1, 2), "id": "early"},
        ],
    )
    assert found == ("early", "b")


def test_a_waived_part_is_not_waived_where_the_search_does_without_the_waiver() -> None:
    # Only one of each pair may count, and only the larger of each are enough.
    pairs = 5
    sides = {"left": 2, "right": 1}
    modules: dict[str, Data] = {
        f"{side}-{number}": {"credits": credits, "barred": [f"right-{number}"]}
        if side == "left"
        else {"credits": credits}
        for number in range(pairs)
        for side, credits in sides.items()
    }
    found = used(
        {**modules, "dog": {}, "elk": {}},
        both(
            amount(str(2 * pairs), *modules),
            {"any": [module("dog", id="some"), module("elk")]},
        ),
        *(done(name, 1 + place, name) for place, name in enumerate(modules)),
        done("elk", 11, "e"),
        waived=[{"rule": "some", "on": date(2026, 1, 12), "id": "w"}],
        enrolled=date(2026, 1, 13),
    )
    assert found == (*(f"left-{number}" for number in range(pairs)), "e")


# --- the canonical order -------------------------------------------------------------------------


def test_each_part_takes_the_earlier_of_what_is_used_however_it_was_recorded() -> None:
    told = assessed(
        {
            "modules": {"ant": {}, "bee": {}},
            "credentials": {"gnu": {"requires": both(count(1, "ant", "bee"), ANT, BEE)}},
        },
        done("bee", 9, "late"),
        done("ant", 5, "early"),
    )
    assert (ground := use(told)) is not None
    assert ground.parts[0].items == ("early",)


def test_a_search_in_a_part_tells_the_whole_rule_all_that_it_uses() -> None:
    def told(last: str) -> tuple[str, ...] | None:
        names = ("ant", "bee", "cat", "dog")
        inside = both(amount("1", "ant", "bee"), amount("1", "ant"), distinct=True)
        return used(
            {
                "ant": {"credits": 1, "barred": ["bee"]},
                **{name: {"credits": 1} for name in names[1:]},
            },
            both(inside, module(last)),
            *(done(name, place, name) for place, name in enumerate(names, start=1)),
        )

    assert told("cat") is None


def many(**record: object) -> tuple[str, ...] | None:
    """What is used of so many modules that only a search finds it: all of it to the half credit."""
    amounts = [69, 73, 25, 53, 85, 82, 71, 58, 81, 65, 47, 84]
    hours = [18, 28, 18, 58, 16, 49, 26, 44, 55, 48, 19, 29, 16]
    names = [f"m{place:02}" for place in range(len(hours))]
    modules = {
        name: {"credits": credits, "hours": each}
        for name, credits, each in zip(names, [*amounts, Decimal("41.5")], hours, strict=True)
    }
    limits = [
        {"at_most": Decimal("410.5"), "of": "any"},
        {"at_most": 203, "of": "any", "unit": "hours"},
    ]
    return used(
        modules,
        {"id": "some", "credits": Decimal("410.5"), "from": "any", "limits": limits},
        *(done(name, place + 1, name) for place, name in enumerate(names)),
        **record,
    )


def test_a_waived_amount_is_left_out_where_a_search_can_do_without() -> None:
    waived = [{"rule": "some", "on": date(2026, 1, 15), "id": "w", "amount": Decimal("10.5")}]
    found = many(waived=waived, enrolled=date(2026, 1, 15))
    assert found == ("m01", "m04", "m05", "m06", "m07", "m12")


def test_a_large_selection_is_no_larger_than_it_must_be() -> None:
    names = [f"m{place:02}" for place in range(10)]
    scores = (10, 21, 33, 47, 58, 60, 71, 83, 94, 99)
    found = used(
        {name: {"hours": 2**place} for place, name in enumerate(names)},
        {
            "count": 2,
            "from": "any",
            "average": 30,
            "of": "score",
            "limits": [
                {"spread": len(names), "over": "module"},
                {"at_most": 2**12, "of": "any", "unit": "hours"},
            ],
        },
        done("m00", 15, "again", score=20),
        *(
            done(name, place + 2, name, score=score)
            for place, (name, score) in enumerate(zip(names, scores, strict=True))
        ),
    )
    assert found == tuple(names)


# --- the bound -----------------------------------------------------------------------------------

#: Met, and not by what each part would take first.
CROSSED = both(amount("1", "ant", "bee"), amount("1", "ant"), distinct=True)


def crossed(monkeypatch: pytest.MonkeyPatch, rule: Data, **more: Data) -> Document:
    """A rule that takes a search, which has no time."""
    # A rule that takes longer than the real bound would take the test as long.
    monkeypatch.setattr("pathways.allocation.BOUND", 0.0)
    modules = {name: {"credits": 1} for name in ("ant", "bee")}
    pathway = {"modules": {**modules, **more}, "credentials": {"gnu": {"requires": rule}}}
    return Document.model_validate({"main": {"pathway": "p", "version": "1", **pathway}})


def test_a_search_that_runs_into_its_bound_decides_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = crossed(monkeypatch, CROSSED)
    told = assess(document, Record.model_validate({"completed": ["ant", "bee"]}), ON)
    assert held(told) == set()
    assert told.standings["gnu"].outcome.value == "undecided"


def test_a_plan_says_that_a_prerequisite_could_not_be_decided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = crossed(monkeypatch, module("cat"), cat={"requires": CROSSED})
    record = Record.model_validate({"completed": ["ant", "bee"]})
    bound = (
        "^whether `cat` may be started can not be told: "
        "the search for a legal use of the evidence ran into its bound$"
    )
    for asking in (
        lambda: plan(document, record, "gnu", ON),
        lambda: options(document, record, ON),
    ):
        with pytest.raises(UndecidedError, match=bound):
            asking()


# --- over all, beside what limits sharing --------------------------------------------------------


SCORED = [done("ant", day, f"a{day}", score=80) for day in (1, 2, 3)]

#: All attempts at the ant, of which no more than two may count.
EVERY_ANT = count(1, "ant", average=60, of="score", over="all")


@pytest.mark.parametrize("limit", [{"distinct": True}, {"overlap": 1}, {"distinct": "through"}])
def test_over_all_takes_more_attempts_than_may_count_beside_what_it_shares_nothing_with(
    limit: Data,
) -> None:
    modules = {"ant": {"repeatable": 2}, "bee": {}}
    facts = [*SCORED, done("bee", 4, "b")]
    found = used(modules, both(EVERY_ANT, module("bee"), **limit), *facts)
    assert found == ("a1", "a2", "a3", "b")


@pytest.mark.parametrize(("most", "met"), [(0, False), (1, True)])
def test_attempts_that_over_all_takes_are_as_few_items_as_suits(most: int, met: bool) -> None:
    modules = {"ant": {"repeatable": 2}}
    found = used(modules, both(EVERY_ANT, module("ant"), overlap=most), *SCORED)
    assert (found is not None) is met


def test_attempts_that_over_all_takes_may_be_one_item_with_what_others_count_one_by_one() -> None:
    early = {**module("ant"), "only": {"before": date(2026, 1, 3)}}
    late = {**module("ant"), "only": {"after": date(2026, 1, 3)}}
    modules = {"ant": {"repeatable": 3}}
    rule = both(EVERY_ANT, both(early, late), overlap=1)
    attempts = [*SCORED[:2], done("ant", 4, "a4", score=80)]
    assert used(modules, rule, *attempts) == ("a1", "a2", "a4")


def test_over_all_takes_each_attempt_though_another_serves_as_another_module() -> None:
    modules = {"ant": {"pass_score": 60}, "bee": {}}
    found = used(
        modules,
        count(1, "ant", "bee", average=60, of="score", over="all"),
        done("bee", 1, "b1", score=50),
        done("bee", 2, "b2", score=70),
        substituted=[stands_in("bee", "ant")],
    )
    assert found == ("b1", "b2")


# --- parts that share nothing, inside such that do -----------------------------------------------


@pytest.mark.parametrize(("times", "met"), [(2, False), (3, True)])
@pytest.mark.parametrize("outer", [{"distinct": True}, {"overlap": 0}, {"distinct": "through"}])
@pytest.mark.parametrize("inner", [True, "through"])
def test_what_shares_nothing_inside_is_so_many_items_outside(
    inner: object, outer: Data, times: int, met: bool
) -> None:
    modules = {"ant": {"repeatable": times}}
    rule = both(both(module("ant"), module("ant"), distinct=inner), module("ant"), **outer)
    assert (used(modules, rule, *SCORED) is not None) is met


@pytest.mark.parametrize(("most", "met"), [(1, False), (2, True)])
def test_what_shares_nothing_inside_is_so_many_items_of_an_overlap(most: int, met: bool) -> None:
    modules = {"ant": {"repeatable": 3}}
    attempts = [done("ant", day, f"a{day}", source=f"s{day // 4}") for day in range(1, 6)]
    inner = both(count(2, "ant"), module("ant"), distinct=True, only={"source": "s0"})
    rule = both(inner, {**count(2, "ant"), "only": {"source": "s1"}}, overlap=most)
    assert (used(modules, rule, *attempts) is not None) is met


# --- items that are divided by nothing -----------------------------------------------------------


@pytest.mark.parametrize(("most", "met"), [(1, False), (3, True)])
def test_an_item_that_has_nothing_in_the_unit_of_the_rule_is_not_divided(
    most: int, met: bool
) -> None:
    modules = {"ant": {"credits": 0, "hours": 3}, "bee": {"credits": 1, "hours": 1}}
    limits = [
        {"at_most": most, "of": ["ant"], "unit": "hours", "partial": True},
        {"at_least": 2, "of": "any", "unit": "hours"},
    ]
    rule = amount("1", "ant", "bee", limits=limits)
    assert (used(modules, rule, done("ant", 1, "a"), done("bee", 2, "b")) is not None) is met


# --- attempts that rivals divide -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "number", "both_held"), [(0, 1, False), (1, 1, True), (1, 2, True)]
)
@pytest.mark.parametrize("same_day", [False, True])
def test_attempts_that_rivals_use_are_no_more_items_than_may_count(
    share: int, number: int, both_held: bool, same_day: bool
) -> None:
    days = (1, 1, 1, 1) if same_day else (1, 2, 3, 4)
    attempts = [
        done("ant", day, f"a{place}", source=f"s{place // 2}") for place, day in enumerate(days)
    ]
    told = assessed(
        {
            "modules": {"ant": {"repeatable": 2}},
            "credentials": {
                "gnu": {"requires": {**count(number, "ant"), "only": {"source": "s0"}}},
                "hen": {"requires": {**count(2, "ant"), "only": {"source": "s1"}}},
            },
            "exclusive": [{"credentials": ["gnu", "hen"], "share": share}],
        },
        *attempts,
    )
    assert (held(told) == {"gnu", "hen"}) is both_held


@pytest.mark.parametrize(("times", "most"), [(1, 1), (2, 2), (3, 3), ("unlimited", 3)])
@pytest.mark.parametrize("code", ["bee", "old-bee"])
def test_what_stands_in_counts_no_more_often_than_it_would_itself(
    times: object, most: int, code: str
) -> None:
    modules = {
        "bee": {"equivalents": ["old-bee"], "repeatable": times},
        "cat": {"repeatable": "unlimited"},
    }
    facts = [done("bee", 1, "a"), done(code, 2, "b"), done(code, 3, "c")]
    swaps = [stands_in("bee", "cat")]
    for names in (("cat",), ("bee", "cat")):
        for need in (1, 2, 3):
            met = used(modules, count(need, *names), *facts, substituted=swaps) is not None
            assert met is (need <= most)


def test_a_retired_code_that_stands_in_is_barred_as_what_it_is() -> None:
    modules = {
        "bee": {"equivalents": ["old-bee"]},
        "cat": {},
        "dog": {"barred": ["bee"]},
    }
    facts = [done("old-bee", 1, "b"), done("dog", 2, "d")]
    swaps = [stands_in("bee", "cat")]
    for rule in (both(module("cat"), module("dog")), count(2, "cat", "dog")):
        assert used(modules, rule, *facts, substituted=swaps) is None


def test_a_part_does_without_late_items_before_another_is_met_by_what_is_itself() -> None:
    """Only if the bee stands in for the cat everywhere does the last part need nothing else."""
    told = assessed(
        {
            "modules": {
                "ant": {"credits": Decimal("1.5")},
                "bee": {"credits": Decimal("1.5"), "repeatable": 2},
                "cat": {"credits": 2, "barred": ["bee"]},
            },
            "credentials": {
                "gnu": {
                    "requires": both(
                        amount("3", "ant", "bee", "cat"),
                        module("ant"),
                        amount("2", "ant", "bee", "cat"),
                    )
                }
            },
        },
        done("bee", 1, "b"),
        done("ant", 5, "a"),
        substituted=[stands_in("bee", "cat")],
    )
    assert (found := use(told)) is not None
    assert found.parts[2].items == ("b",)


# --- what is tied together, and what is not ------------------------------------------------------


#: The kea may stand in for the fox, and each is on record.
TIED = [done("kea", 10, "k"), done("fox", 5, "f")]
FOX_ITSELF = {"module": "fox", "only": {"before": date(2026, 1, 8)}}
KEA_AS_FOX = {"module": "fox", "only": {"after": date(2026, 1, 8)}}

_KEA_AND_FOX = both(module("kea"), FOX_ITSELF)


@pytest.mark.parametrize(
    ("one", "other", "items"),
    [
        (_KEA_AND_FOX, _KEA_AND_FOX, 2),
        (_KEA_AND_FOX, KEA_AS_FOX, 1),
        (_KEA_AND_FOX, both(module("kea"), KEA_AS_FOX), 1),
        (both(_KEA_AND_FOX, KEA_AS_FOX), _KEA_AND_FOX, 1),
        (_KEA_AND_FOX, FOX_ITSELF, 1),
    ],
)
@pytest.mark.parametrize("kea", [1, 2, 3])
def test_two_items_are_one_where_another_use_ties_them_together(
    one: Data, other: Data, items: int, kea: int
) -> None:
    modules = {"fox": {"credits": 2}, "kea": {"credits": 3, "repeatable": kea}}
    for most in range(3):
        told = used(
            modules,
            both(one, other, overlap=most),
            *TIED,
            substituted=[stands_in("kea", "fox")],
        )
        assert (told is not None) is (most >= items)


@pytest.mark.parametrize(
    ("one", "other", "worth"),
    [
        (_KEA_AND_FOX, _KEA_AND_FOX, "5"),
        (_KEA_AND_FOX, KEA_AS_FOX, "3"),
        (both(FOX_ITSELF, KEA_AS_FOX), FOX_ITSELF, "2"),
        (_KEA_AND_FOX, FOX_ITSELF, "2"),
    ],
)
@pytest.mark.parametrize("kea", [1, 2])
def test_items_that_are_tied_together_have_the_credits_of_the_largest(
    one: Data, other: Data, worth: str, kea: int
) -> None:
    modules = {"fox": {"credits": 2}, "kea": {"credits": 3, "repeatable": kea}}
    for most in ("0", "1.5", "2", "2.5", "3", "4", "5"):
        told = used(
            modules,
            both(one, other, overlap=credits(most)),
            *TIED,
            substituted=[stands_in("kea", "fox")],
        )
        assert (told is not None) is (Decimal(most) >= Decimal(worth))


@pytest.mark.parametrize(("most", "met"), [(1, False), (2, True)])
def test_items_are_tied_together_apart_from_others(most: int, met: bool) -> None:
    owl = {**FOX_ITSELF, "module": "owl"}
    both_as = both(KEA_AS_FOX, {**KEA_AS_FOX, "module": "owl"})
    told = used(
        {name: {} for name in ("fox", "kea", "owl", "hen")},
        both(both(_KEA_AND_FOX, module("hen"), owl), both_as, overlap=most),
        *TIED,
        done("hen", 10, "h"),
        done("owl", 5, "o"),
        substituted=[stands_in("kea", "fox"), stands_in("hen", "owl")],
    )
    assert (told is not None) is met


def test_items_without_credits_that_are_tied_together_have_none_in_common() -> None:
    found = used(
        {"fox": {}, "kea": {}, "ant": {"credits": 3}},
        both(both(_KEA_AND_FOX, module("ant")), KEA_AS_FOX, overlap=credits("0")),
        *TIED,
        done("ant", 1, "a"),
        substituted=[stands_in("kea", "fox")],
    )
    assert found == ("a", "f", "k")


@pytest.mark.parametrize(("kea", "fox"), [(1, 2), (2, 2), (3, 2), (2, 3)])
def test_an_attempt_that_stands_in_ties_the_attempts_at_two_modules_together(
    kea: int, fox: int
) -> None:
    modules = {"fox": {"repeatable": fox}, "kea": {"repeatable": kea}}
    rule = both(both(_KEA_AND_FOX, KEA_AS_FOX), _KEA_AND_FOX, overlap=1)
    assert used(modules, rule, *TIED, substituted=[stands_in("kea", "fox")]) == ("f", "k")


@pytest.mark.parametrize(("share", "both_held"), [(0, False), (1, True)])
def test_rivals_count_what_is_tied_together_as_one_item(share: int, both_held: bool) -> None:
    told = assessed(
        {
            "modules": {"fox": {}, "kea": {"repeatable": 2}},
            "credentials": {"gnu": {"requires": _KEA_AND_FOX}, "hen": {"requires": KEA_AS_FOX}},
            "exclusive": [{"credentials": ["gnu", "hen"], "share": share}],
        },
        *TIED,
        substituted=[stands_in("kea", "fox")],
        approved=["gnu"],
    )
    assert (held(told) == {"gnu", "hen"}) is both_held
