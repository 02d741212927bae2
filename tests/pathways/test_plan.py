"""Plans: what the cheapest way is, in which order, when, and what stands in every way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pathways.awards import assess
from pathways.compile import prerequisites
from pathways.document import Completed, Document, Record
from pathways.evaluate import Case as Looked
from pathways.evidence import Pool, dated
from pathways.obstacles import possible, without
from pathways.pace import PaceError, parse_pace
from pathways.plan import Limit, Plan, PlanError, Wishes, plan, plans
from pathways.routes import announce
from pathways.wishes import Question
from tests.strategies import THEMES, Case, cases

ON = date(2026, 6, 30)


def document(credentials: dict[str, Any], modules: dict[str, Any], **more: Any) -> Document:
    file = {"pathway": "p", "version": "1", "modules": modules, "credentials": credentials, **more}
    return Document.model_validate({"main": file})


def record(**facts: Any) -> Record:
    return Record.model_validate(facts)


def named(found: Plan) -> list[str]:
    return [step.module for step in found.steps]


def every(*refs: str) -> dict[str, Any]:
    return {"every": list(refs)}


STATS = document(
    {
        "basics": {"requires": every("maths", "stats-1")},
        "goal": {"requires": {"all": [{"credential": "basics"}, {"module": "stats-2"}]}},
    },
    {
        "maths": {"credits": 5, "hours": 50, "price": 100},
        "stats-1": {"credits": 10, "hours": 100, "price": 250, "requires": {"module": "maths"}},
        "stats-2": {"credits": 10, "hours": 100, "requires": {"credential": "basics"}},
    },
)


# --- what a plan is ------------------------------------------------------------------------------


def test_a_plan_names_what_is_missing_in_an_order_that_prerequisites_allow() -> None:
    found = plan(STATS, Record(), "goal", ON)
    assert named(found) == ["maths", "stats-1", "stats-2"]
    assert (found.cost, found.optimal) == (Decimal(3), True)
    assert [gain.credential for gain in found.awards] == ["basics", "goal"]


def test_what_is_done_already_is_not_planned_again() -> None:
    assert named(plan(STATS, record(completed=["maths", "stats-1"]), "goal", ON)) == ["stats-2"]


def test_what_is_held_already_needs_nothing() -> None:
    held = record(completed=["maths", "stats-1"])
    found = plan(STATS, held, "basics", ON)
    assert (found.cost, found.held_already, found.steps) == (Decimal(0), True, ())


def test_the_json_of_a_plan_is_the_contract() -> None:
    assert plan(STATS, record(completed=["maths", "stats-1"]), "goal", ON).to_json() == {
        "to": "goal",
        "minimise": "modules",
        "cost": 1,
        "proven_optimal": True,
        "modules": [{"module": "stats-2", "on": "2026-06-30"}],
        "awards": [{"credential": "goal", "on": "2026-06-30"}],
        "conflict": None,
    }


@pytest.mark.parametrize(
    ("aim", "modules", "cost"),
    [("modules", ["big"], 1), ("price", ["one", "two"], 80), ("hours", ["big"], 90)],
)
def test_each_aim_has_its_own_cheapest_plan(aim: Any, modules: list[str], cost: int) -> None:
    goal = {"goal": {"requires": {"credits": 20, "from": "any"}}}
    catalogue = {
        "big": {"credits": 20, "hours": 90, "price": 200},
        "one": {"credits": 10, "hours": 50, "price": 40},
        "two": {"credits": 10, "hours": 50, "price": 40},
    }
    found = plan(document(goal, catalogue), Record(), "goal", ON, Wishes(minimise=aim))
    assert (named(found), found.cost) == (modules, Decimal(cost))


def test_a_second_aim_breaks_ties() -> None:
    goal = {"goal": {"requires": {"count": 1, "from": "any"}}}
    catalogue = {"dear": {"price": 9}, "cheap": {"price": 1}}
    found = plan(document(goal, catalogue), Record(), "goal", ON, Wishes(then="price"))
    assert named(found) == ["cheap"]


def test_alternatives_are_other_sets_next_best_first() -> None:
    goal = {"goal": {"requires": {"count": 1, "from": "any"}}}
    catalogue = {"a": {"price": 1}, "b": {"price": 2}, "c": {"price": 3}}
    found = plans(
        document(goal, catalogue), Record(), "goal", ON, Wishes(minimise="price"), number=9
    )
    assert [named(each) for each in found] == [["a"], ["b"], ["c"]]


def test_a_limit_on_another_measure_is_kept() -> None:
    goal = {"goal": {"requires": {"credits": 20, "from": "any"}}}
    catalogue = {"big": {"credits": 20, "price": 200}} | {
        f"m{number}": {"credits": 10, "price": 40} for number in range(2)
    }
    wishes = Wishes(at_most=(Limit(Decimal(100), "price"),))
    assert named(plan(document(goal, catalogue), Record(), "goal", ON, wishes)) == ["m0", "m1"]


def test_evidence_that_may_not_count_twice_is_not_counted_twice() -> None:
    rules = {"distinct": True, "all": [{"module": "a"}, {"count": 1, "from": {"groups": "g"}}]}
    catalogue = {"a": {"groups": ["g"]}, "b": {"groups": ["g"]}}
    found = plan(document({"goal": {"requires": rules}}, catalogue), Record(), "goal", ON)
    assert named(found) == ["a", "b"]


def test_a_repeatable_module_is_planned_as_often_as_it_takes() -> None:
    goal = {"goal": {"requires": {"credits": 25, "from": ["cpd"]}}}
    catalogue = {"cpd": {"credits": 10, "repeatable": "unlimited"}}
    found = plan(document(goal, catalogue), record(completed=["cpd"]), "goal", ON)
    assert named(found) == ["cpd", "cpd"]
    assert len({step.completed.id for step in found.steps}) == 2


def test_an_amount_that_varies_is_stated_and_no_more_than_is_missing() -> None:
    goal = {"goal": {"requires": {"hours": 120, "from": "any"}}}
    catalogue = {"practice": {"hours": "varies", "repeatable": "unlimited"}}
    done = record(completed=[{"module": "practice", "hours": 50}])
    found = plan(document(goal, catalogue), done, "goal", ON, Wishes(minimise="hours"))
    assert found.to_json()["modules"] == [{"module": "practice", "on": "2026-06-30", "hours": 70}]


def test_a_source_that_a_rule_asks_for_is_stated() -> None:
    goal = {"goal": {"requires": {"module": "a", "from": {"source": "exam"}}}}
    found = plan(document(goal, {"a": {}}), Record(), "goal", ON)
    assert found.to_json()["modules"] == [{"module": "a", "on": "2026-06-30", "source": "exam"}]


def test_a_group_that_only_completions_give_is_stated() -> None:
    goal = {"goal": {"requires": {"count": 1, "from": {"groups": "placement"}}}}
    found = plan(document(goal, {"a": {}}, groups={"placement": []}), Record(), "goal", ON)
    assert found.steps[0].completed.groups == ("placement",)


def test_the_least_score_that_works_is_told_where_one_is_needed() -> None:
    rules = {"count": 2, "from": "any", "average": 65}
    done = record(completed=[{"module": "a", "score": 50}])
    found = plan(document({"goal": {"requires": rules}}, {"a": {}, "b": {}}), done, "goal", ON)
    assert (named(found), found.score) == (["b"], Decimal(80))


def test_the_least_grade_that_works_is_told_where_one_is_needed() -> None:
    goal = {"goal": {"requires": {"module": "a", "min_grade": "B"}}}
    scale = {"A": 4, "B": 3, "C": 2}
    found = plan(document(goal, {"a": {}}, scale=scale), Record(), "goal", ON)
    assert (found.score, found.grade) == (None, "B")


def test_a_score_that_is_assumed_is_not_exceeded() -> None:
    goal = {"goal": {"requires": {"any": [{"module": "a", "min_score": 70}, every("b", "c")]}}}
    modules: dict[str, Any] = {"a": {}, "b": {}, "c": {}}
    assert named(plan(document(goal, modules), Record(), "goal", ON)) == ["a"]
    low = Wishes(score=Decimal(69))
    assert named(plan(document(goal, modules), Record(), "goal", ON, low)) == ["b", "c"]


def test_a_credential_that_needs_approval_is_led_to_its_approval() -> None:
    goal = {"goal": {"award": "approval", "requires": {"module": "a"}}}
    found = plan(document(goal, {"a": {}}), Record(), "goal", ON)
    assert found.awaits_approval
    assert found.to_json()["status"] == "awaiting approval"
    after = assess(document(goal, {"a": {}}), found.applied(Record()), ON)
    assert after.standings["goal"].status == "awaiting approval"


def test_what_is_awarded_elsewhere_is_asked_for_only_where_there_is_no_other_way() -> None:
    vendor = {"vendor": {"external": True}}
    either = {"goal": {"requires": {"any": [{"credential": "vendor"}, every("a", "b")]}}}
    only = {"goal": {"requires": {"all": [{"credential": "vendor"}, {"module": "a"}]}}}
    modules: dict[str, Any] = {"a": {}, "b": {}}
    assert named(plan(document(vendor | either, modules), Record(), "goal", ON)) == ["a", "b"]
    found = plan(document(vendor | only, modules), Record(), "goal", ON)
    assert named(found) == ["a"]
    assert [gain.credential for gain in found.awards if gain.elsewhere] == ["vendor"]


def test_an_expired_award_is_renewed_where_that_is_cheaper() -> None:
    goal = {
        "goal": {
            "valid_for": "1 years",
            "renewal": {"requires": {"module": "cpd"}, "grace": "unlimited"},
            "requires": every("a", "b"),
        }
    }
    catalogue: dict[str, Any] = {"a": {}, "b": {}, "cpd": {}}
    held = record(holds=[{"credential": "goal", "on": "2024-01-01"}])
    assert named(plan(document(goal, catalogue), held, "goal", ON)) == ["cpd"]


def test_a_module_can_not_be_its_own_prerequisite_by_a_detour() -> None:
    catalogue = {
        "a": {"credits": 10, "requires": {"credits": 10, "from": "any"}},
        "b": {"credits": 10, "requires": {"module": "a"}},
        "c": {"credits": 10, "price": 5},
    }
    found = plan(
        document({"goal": {"requires": every("a", "b")}}, catalogue),
        Record(),
        "goal",
        ON,
        Wishes(minimise="price"),
    )
    assert named(found) == ["c", "a", "b"]


def test_names_that_are_not_known_are_refused_with_the_nearest() -> None:
    with pytest.raises(PlanError, match="no credential `gaol`") as refused:
        plan(STATS, Record(), "gaol", ON)
    assert "goal" in refused.value.help
    with pytest.raises(PlanError, match="no module `math`"):
        plan(STATS, Record(), "goal", ON, Wishes(avoid=frozenset({"math"})))
    with pytest.raises(PlanError, match="depends on the pace"):
        plan(STATS, Record(), "goal", ON, Wishes(minimise="time"))


# --- the calendar --------------------------------------------------------------------------------


def test_a_pace_lays_modules_end_to_end() -> None:
    wishes = Wishes(start=date(2026, 1, 5), pace=parse_pace("10 hours/week"), minimise="time")
    found = plan(STATS, Record(), "goal", ON, wishes)
    assert [(step.module, step.on) for step in found.steps] == [
        ("maths", date(2026, 2, 9)),
        ("stats-1", date(2026, 4, 20)),
        ("stats-2", date(2026, 6, 29)),
    ]
    assert (found.cost, found.done_on) == (Decimal(175), date(2026, 6, 29))
    assert found.optimal


def test_the_order_minds_what_expires_before_the_rest_is_done() -> None:
    goal = {"goal": {"requires": every("aid", "long", "longer")}}
    catalogue = {
        "aid": {"hours": 10, "valid_for": "4 weeks"},
        "long": {"hours": 100},
        "longer": {"hours": 100},
    }
    wishes = Wishes(start=ON, pace=parse_pace("10 hours/week"))
    found = plan(document(goal, catalogue), Record(), "goal", ON, wishes)
    assert named(found)[-1] == "aid"


def test_what_is_over_before_the_rest_is_done_is_completed_again() -> None:
    goal = {"goal": {"requires": every("aid", *(f"m{number}" for number in range(8)))}}
    catalogue: dict[str, Any] = {"aid": {"hours": 10, "valid_for": "1 years"}}
    catalogue |= {f"m{number}": {"hours": 100} for number in range(8)}
    done = record(completed=[{"module": "aid", "on": "2025-09-01"}])
    rules = document(goal, catalogue)
    assert "aid" not in named(plan(rules, done, "goal", ON))
    found = plan(rules, done, "goal", ON, Wishes(pace=parse_pace("10 hours/week")))
    assert named(found).count("aid") == 1
    assert len(found.steps) == 9
    assert (found.optimal, found.bound) == (False, Decimal(8))


def test_an_award_that_expires_on_the_way_is_renewed_on_the_way() -> None:
    credentials = {
        "card": {
            "valid_for": "1 years",
            "renewal": {"requires": {"module": "cpd"}},
            "requires": {"module": "exam"},
        },
        "goal": {"requires": {"all": [{"credential": "card"}, {"module": "long"}]}},
    }
    catalogue = {"cpd": {"hours": 10}, "exam": {"hours": 50}, "long": {"hours": 400}}
    held = record(holds=[{"credential": "card", "on": "2026-01-01"}])
    wishes = Wishes(pace=parse_pace("10 hours/week"), minimise="hours")
    found = plan(document(credentials, catalogue), held, "goal", ON, wishes)
    assert sorted(named(found)) == ["cpd", "long"]


def test_a_window_that_the_pace_can_not_keep_is_named() -> None:
    goal = {"goal": {"requires": every("a", "b") | {"within": "4 weeks"}}}
    catalogue = {"a": {"hours": 100}, "b": {"hours": 100}}
    wishes = Wishes(pace=parse_pace("10 hours/week"))
    found = plan(document(goal, catalogue), Record(), "goal", ON, wishes)
    assert found.conflict is not None
    assert [one.things for one in found.conflict] == [(("pace", "10 hours/week"),)]


def test_what_only_time_brings_is_waited_for_where_it_may_be() -> None:
    goal = {
        "first": {"requires": {"module": "a"}},
        "goal": {"requires": {"credential": "first", "held_for": "6 months"}},
    }
    rules = document(goal, {"a": {}})
    refused = plan(rules, Record(), "goal", ON)
    assert refused.conflict is not None
    assert [one.things for one in refused.conflict] == [(("day", "2026-06-30"),)]
    found = plan(rules, Record(), "goal", ON, Wishes(by=date(2027, 1, 31)))
    assert (named(found), found.done_on) == (["a"], date(2026, 12, 30))


@pytest.mark.parametrize(
    "text", ["10 hours", "0 hours/week", "10 modules/week", "10 hours/fortnight"]
)
def test_what_is_not_a_pace_is_refused(text: str) -> None:
    with pytest.raises(PaceError):
        parse_pace(text)


# --- what stands in every way --------------------------------------------------------------------


def things(found: Plan) -> list[tuple[tuple[str, str], ...]]:
    assert found.conflict is not None
    return [one.things for one in found.conflict]


def test_an_avoided_module_that_every_way_needs_is_named() -> None:
    found = plan(STATS, Record(), "goal", ON, Wishes(avoid=frozenset({"stats-2"})))
    assert things(found) == [(("avoid", "stats-2"),)]
    assert found.conflict is not None
    assert found.conflict[0].text == "`stats-2` is avoided, but every way to `goal` needs it"
    assert found.optimal
    assert found.to_json()["cost"] is None


def test_several_things_that_only_together_are_in_the_way_are_one_obstacle() -> None:
    found = plan(STATS, Record(), "goal", ON, Wishes(avoid=frozenset({"maths", "stats-2"})))
    assert things(found) == [(("avoid", "maths"), ("avoid", "stats-2"))]


def test_either_of_two_things_that_are_in_each_others_way_is_named() -> None:
    goal = {"goal": {"requires": {"any": [{"module": "a"}, {"module": "b"}]}}}
    catalogue = {"a": {"price": 10}, "b": {"price": 30}}
    wishes = Wishes(avoid=frozenset({"a"}), at_most=(Limit(Decimal(20), "price"),))
    found = plan(document(goal, catalogue), Record(), "goal", ON, wishes)
    assert things(found) == [(("avoid", "a"),), (("at-most", "20 price"),)]


def test_where_no_wish_is_to_blame_the_part_of_the_rule_is_named() -> None:
    rules = {"all": [{"module": "a"}, {"module": "b", "before": "2020-01-01"}]}
    found = plan(document({"goal": {"requires": rules}}, {"a": {}, "b": {}}), Record(), "goal", ON)
    assert things(found) == [(("rule", "goal: requires.all[1]"),)]


def test_the_part_that_is_named_may_be_in_a_credential_beneath() -> None:
    credentials = {
        "first": {"requires": {"all": [{"module": "a"}, {"module": "b", "before": "2020-01-01"}]}},
        "goal": {"requires": {"all": [{"credential": "first"}, {"module": "a"}]}},
    }
    found = plan(document(credentials, {"a": {}, "b": {}}), Record(), "goal", ON)
    assert things(found) == [(("rule", "first: requires.all[1]"),)]


def test_an_award_that_is_made_once_is_named() -> None:
    goal = {"goal": {"valid_for": "1 years", "again": "never", "requires": {"module": "a"}}}
    held = record(holds=[{"credential": "goal", "on": "2020-01-01"}])
    assert things(plan(document(goal, {"a": {}}), held, "goal", ON)) == [(("again", "goal"),)]


# --- laws ----------------------------------------------------------------------------------------


def goals(case: Case) -> list[str]:
    return [ref for ref, (model, _) in case.document.credentials.items() if not model.external]


def earned(rules: Document, facts: Record, to: str, on: date, modules: tuple[str, ...]) -> bool:
    """Whether completing modules as well as can be earns a credential, by itself or approved."""
    grade = next(iter(rules.main.scale), None)
    done = [
        Completed(module=ref, on=on, id=f"~{number}", score=Decimal(100), grade=grade)
        for number, ref in enumerate(modules)
    ]
    approvals = {ref for ref, (model, _) in rules.credentials.items() if model.award == "approval"}
    return any(
        assess(
            rules,
            facts.model_copy(
                update={
                    "completed": (*facts.completed, *done),
                    "approved": (*facts.approved, *approvals, *named_),
                }
            ),
            on,
        )
        .standings[to]
        .status
        == "held"
        for named_ in ((), (to,))
    )


def smaller(rules: Document, size: int) -> Iterator[tuple[str, ...]]:
    copies = [
        ref
        for ref, (module, _) in rules.modules.items()
        for _ in range(1 if module.repeatable == 1 else 2)
    ]
    for number in range(size):
        yield from sorted(set(combinations(copies, number)))


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(THEMES)).flatmap(lambda theme: cases(THEMES[theme])),
    st.data(),
)
def test_a_plan_earns_its_goal_and_no_smaller_set_does(case: Case, data: st.DataObject) -> None:
    assume(goals(case))
    to = data.draw(st.sampled_from(goals(case)))
    rules, facts, on = case.document, dated(case.record, case.on), case.on
    found = plan(rules, facts, to, on, explain=False)
    assume(not found.held_already)
    if found.found:
        mine = {step.completed.id for step in found.steps}
        after = found.applied(facts)
        result = {"score": found.score, "grade": found.grade}
        after = after.model_copy(
            update={
                "completed": tuple(
                    entry.model_copy(update=result) if entry.id in mine else entry
                    for entry in after.completed
                ),
                "approved": (*after.approved, *((to,) if found.awaits_approval else ())),
            }
        )
        assert assess(rules, after, on).standings[to].status == "held"
    if found.optimal:
        for modules in smaller(rules, len(found.steps) if found.found else 3):
            assert not earned(rules, facts, to, on, modules), modules


def chain(data: st.DataObject) -> Document:
    """A small pathway with prerequisites of all kinds."""
    refs = ["a", "b", "c", "d", "e"]
    catalogue: dict[str, Any] = {}
    for place, ref in enumerate(refs):
        catalogue[ref] = {"credits": data.draw(st.sampled_from([5, 10]), label=ref)}
        kind = data.draw(st.sampled_from(["none", "module", "credits", "award"]))
        if kind == "module" and place:
            catalogue[ref]["requires"] = {"module": data.draw(st.sampled_from(refs[:place]))}
        elif kind == "credits":
            catalogue[ref]["requires"] = {"credits": 10, "from": "any"}
        elif kind == "award" and ref not in ("a", "b"):
            catalogue[ref]["requires"] = {"credential": "first"}
    return document(
        {
            "first": {"requires": {"credits": 10, "from": ["a", "b"]}},
            "goal": {
                "requires": {
                    "all": [
                        {"count": data.draw(st.integers(1, 3)), "from": ["c", "d", "e"]},
                        {"any": [{"module": "b"}, {"module": "e"}]},
                    ]
                }
            },
        },
        catalogue,
    )


def startable(rules: Document, done: tuple[str, ...], module: str) -> bool:
    tree = prerequisites(rules).get(module)
    if tree is None:
        return True
    facts = dated(record(completed=list(done)), ON)
    pool = Pool(rules, facts, ON)
    announce(pool, assess(rules, facts, ON))
    return Looked(tree, pool).met(ON)


def in_some_order(rules: Document, modules: frozenset[str]) -> bool:
    done: tuple[str, ...] = ()
    while len(done) < len(modules):
        ready = [ref for ref in sorted(modules) if ref not in done and startable(rules, done, ref)]
        if not ready:
            return False
        done = (*done, *ready)
    return True


@settings(max_examples=40)
@given(st.data())
def test_with_prerequisites_the_order_holds_and_no_cheaper_set_has_one(data: st.DataObject) -> None:
    rules = chain(data)
    found = plan(rules, Record(), "goal", ON, Wishes(minimise="credits"), explain=False)
    costs = {ref: module.credits for ref, (module, _) in rules.modules.items()}
    sets = [
        frozenset(chosen) for number in range(6) for chosen in combinations(sorted(costs), number)
    ]
    working = [
        chosen
        for chosen in sets
        if earned(rules, Record(), "goal", ON, tuple(chosen)) and in_some_order(rules, chosen)
    ]
    if not found.found:
        assert not working
        return
    done: tuple[str, ...] = ()
    for module in named(found):
        assert startable(rules, done, module)
        done = (*done, module)
    assert found.optimal
    assert frozenset(named(found)) in working
    assert found.cost == min(sum(costs[ref] for ref in chosen) for chosen in working)  # type: ignore[misc]
    assert not any(chosen < frozenset(named(found)) for chosen in working)


@settings(max_examples=40)
@given(
    st.sampled_from(sorted(THEMES)).flatmap(lambda theme: cases(THEMES[theme])),
    st.data(),
)
def test_without_any_one_obstacle_there_is_a_plan(case: Case, data: st.DataObject) -> None:
    assume(goals(case))
    to = data.draw(st.sampled_from(goals(case)))
    avoid = data.draw(st.sets(st.sampled_from(sorted(case.document.modules))))
    wishes = Wishes(avoid=frozenset(avoid))
    found = plan(case.document, case.record, to, case.on, wishes)
    assume(not found.found and found.optimal)
    assert found.conflict
    question = Question(case.document, case.record, to, case.on, wishes)
    for obstacle in found.conflict:
        assert possible(without(question, obstacle.things)), obstacle


def test_two_plans_of_one_question_are_the_same() -> None:
    wishes = Wishes(minimise="credits")
    first, again = (plan(STATS, Record(), "goal", ON, wishes) for _ in range(2))
    assert first == again
