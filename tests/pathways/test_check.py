"""The trusted kernel, construct by construct: a witness that is accepted, and one refused."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.check import Objection, check
from pathways.document import Document, Pathway, Record

TODAY = "2026-06-30"

MODULES: dict[str, Any] = {
    "algebra": {"credits": 10, "level": 4, "hours": 100, "groups": ["maths"]},
    "biology": {"credits": 10, "level": 5, "hours": 80, "groups": ["science", "life"]},
    "chemistry": {"credits": 20, "level": 6, "hours": 150, "groups": ["science"]},
    "drawing": {"credits": 5, "level": 4, "groups": ["arts"]},
    "essay": {"credits": "varies", "hours": "varies"},
    "fieldwork": {"credits": 10, "level": 6, "repeatable": 2, "groups": ["practice"]},
    "guiding": {"credits": 4, "repeatable": "unlimited", "groups": ["practice"]},
}

CREDENTIALS: dict[str, Any] = {
    "badge": {"kind": "badge", "credits": 10, "level": 5, "external": True, "groups": ["stack"]},
    "licence": {"kind": "licence", "external": True, "valid_for": "1 year"},
}

Json = dict[str, Any]


# --- given ---------------------------------------------------------------------------------------


def pathway(requires: Json, cert: Json | None = None, **file: Any) -> Document:
    """A pathway whose credential `cert` has a rule; `file` adds to its modules and other keys."""
    return Document(main=Pathway.model_validate(written(requires, cert, **file)))


def written(requires: Json, cert: Json | None = None, **file: Any) -> Json:
    modules = MODULES | file.pop("modules", {})
    credentials = CREDENTIALS | file.pop("credentials", {})
    credentials["cert"] = {"title": "Certificate", "requires": requires, **(cert or {})}
    return {"pathway": "studies", "modules": modules, "credentials": credentials, **file}


def learner(*completed: Json, **more: Any) -> Record:
    return Record.model_validate({"completed": completed, **more})


def done(module: str, on: str = "2026-01-01", **more: Any) -> Json:
    return {"module": module, "on": on, **more}


def held(credential: str, on: str = "2026-01-01", **more: Any) -> Json:
    return {"credential": credential, "on": on, **more}


def waived(rule: str, on: str = "2026-01-01", **more: Any) -> Json:
    return {"rule": rule, "on": on, **more}


# --- when ----------------------------------------------------------------------------------------


def leaf(path: str, *items: str, **more: Any) -> Json:
    return {"path": path, "items": list(items), **more}


def serving(item: str, module: str) -> Json:
    """What a leaf says of an item that serves as another module than its own."""
    return {"as": {item: module}}


def parts(path: str, *chosen: Json, **at: Json) -> Json:
    """The use of a rule with parts: in order, or at the places that are named `at_1`."""
    places = {str(place): part for place, part in enumerate(chosen)}
    places |= {place.removeprefix("at_"): part for place, part in at.items()}
    return {"path": path, "parts": places}


def witness(use: Json, *items: str, on: str = TODAY) -> Json:
    """A witness; its items are those of the use, by date and by what they are of, unless given."""
    found = dict.fromkeys(items or _items(use))
    listed = list(items) or sorted(found, key=lambda item: (item.partition("@")[2], item))
    return {"on": on, "items": listed, "use": use}


def _items(use: Json) -> Iterator[str]:
    yield from use.get("items", ())
    yield from use.get("waived", ())
    for part in use.get("parts", {}).values():
        yield from _items(part)


# --- then ----------------------------------------------------------------------------------------


def accepted(document: Document, record: Record, claim: Json, **how: Any) -> None:
    assert check(document, record, "cert", claim, **how) == ()


def refused(
    words: str,
    document: Document,
    record: Record,
    claim: object,
    *,
    rule: str = "requires",
    **how: Any,
) -> None:
    """Something is objected in these words, with its path or without; `...` stands for any."""
    objections = check(document, record, "cert", claim, rule=rule, **how)
    said = re.compile("(.*: )?" + re.escape(words).replace(re.escape("..."), ".*"))
    assert any(said.fullmatch(str(objection)) for objection in objections), objections
    assert all(objection.path.startswith(rule) for objection in objections)


# --- a completion of a module --------------------------------------------------------------------

ALGEBRA = {"module": "algebra"}
JANUARY = witness(leaf("requires", "algebra@2026-01-01"))


def test_a_completion_of_the_module_is_accepted() -> None:
    accepted(pathway(ALGEBRA), learner(done("algebra")), JANUARY)


def test_an_item_that_is_not_in_the_record_is_refused() -> None:
    refused("`algebra@2026-01-01` is not on record", pathway(ALGEBRA), learner(), JANUARY)


def test_a_completion_of_another_module_is_refused() -> None:
    claim = witness(leaf("requires", "biology@2026-01-01"))
    refused(
        "`biology@2026-01-01` is not what is asked for",
        pathway(ALGEBRA),
        learner(done("biology")),
        claim,
    )


def test_every_item_that_can_not_be_used_is_told() -> None:
    use = leaf("requires", "x", A, "y", **serving(A, "biology"))
    said = check(pathway({"count": 1, "from": "any"}), BOTH, "cert", witness(use))
    words = ["`x` is not on record", f"`{A}` can not serve as `biology`", "`y` is not on record"]
    assert [objection.message for objection in said][:3] == words


def test_a_module_rule_that_uses_nothing_is_refused() -> None:
    refused(
        "this rule uses one item, the whole of it, and no waiver",
        pathway(ALGEBRA),
        learner(),
        witness({"path": "requires"}),
    )


def test_a_module_rule_that_uses_two_items_is_refused() -> None:
    record = learner(done("algebra"), done("algebra", "2026-02-01"))
    claim = witness(leaf("requires", "algebra@2026-01-01", "algebra@2026-02-01"))
    refused(
        "this rule uses one item, the whole of it, and no waiver", pathway(ALGEBRA), record, claim
    )


def test_an_award_is_no_completion_of_a_module() -> None:
    record = learner(holds=[held("badge")])
    claim = witness(leaf("requires", "badge@2026-01-01"))
    refused("`badge@2026-01-01` is not what is asked for", pathway(ALGEBRA), record, claim)


def test_an_item_is_named_by_its_own_id_where_it_has_one() -> None:
    record = learner(done("algebra", id="lms-7"))
    accepted(pathway(ALGEBRA), record, witness(leaf("requires", "lms-7")))
    refused("`algebra@2026-01-01` is not on record", pathway(ALGEBRA), record, JANUARY)


@pytest.mark.parametrize("score", [70, 71])
def test_a_score_that_is_asked_for_and_reached_is_accepted(score: int) -> None:
    rule = {"module": "algebra", "min_score": 70}
    accepted(pathway(rule), learner(done("algebra", score=score)), JANUARY)


@pytest.mark.parametrize("marks", [{"score": 69}, {}])
def test_a_score_that_is_missed_or_missing_is_refused(marks: Json) -> None:
    rule = {"module": "algebra", "min_score": 70}
    refused(
        "`algebra@2026-01-01` is not what is asked for",
        pathway(rule),
        learner(done("algebra", **marks)),
        JANUARY,
    )


SCALE = {"A": 4, "B": 3, "C": 2, "D": 1}


@pytest.mark.parametrize("grade", ["A", "B"])
def test_a_grade_that_is_asked_for_and_reached_is_accepted(grade: str) -> None:
    rule = {"module": "algebra", "min_grade": "B"}
    accepted(pathway(rule, scale=SCALE), learner(done("algebra", grade=grade)), JANUARY)


@pytest.mark.parametrize("marks", [{"grade": "C"}, {"grade": "Z"}, {}])
def test_a_grade_that_is_missed_missing_or_unknown_is_refused(marks: Json) -> None:
    rule = {"module": "algebra", "min_grade": "B"}
    record = learner(done("algebra", **marks))
    refused(
        "`algebra@2026-01-01` is not what is asked for", pathway(rule, scale=SCALE), record, JANUARY
    )


def test_a_module_rule_looks_at_its_selector() -> None:
    rule = {"module": "algebra", "from": {"source": "transfer"}}
    accepted(pathway(rule), learner(done("algebra", source="transfer")), JANUARY)
    refused(
        "`algebra@2026-01-01` is not what is asked for",
        pathway(rule),
        learner(done("algebra")),
        JANUARY,
    )


# --- what is usable ------------------------------------------------------------------------------


def test_a_completion_on_the_day_of_the_witness_is_accepted() -> None:
    claim = witness(leaf("requires", "algebra@2026-01-01"), on="2026-01-01")
    accepted(pathway(ALGEBRA), learner(done("algebra")), claim)


def test_a_witness_with_a_later_completion_is_refused() -> None:
    claim = witness(leaf("requires", "algebra@2026-01-01"), on="2025-12-31")
    refused(
        "`algebra@2026-01-01` is dated after 2025-12-31",
        pathway(ALGEBRA),
        learner(done("algebra")),
        claim,
    )


def test_a_completion_is_usable_until_the_day_before_it_is_revoked() -> None:
    record = learner(done("algebra", revoked="2026-03-01"))
    use = leaf("requires", "algebra@2026-01-01")
    accepted(pathway(ALGEBRA), record, witness(use, on="2026-02-28"))
    refused(
        "`algebra@2026-01-01` was revoked on 2026-03-01",
        pathway(ALGEBRA),
        record,
        witness(use, on="2026-03-01"),
    )


def test_a_completion_is_usable_on_its_last_day_of_validity() -> None:
    document = pathway(ALGEBRA, modules={"algebra": {"valid_for": "2 months"}})
    use = leaf("requires", "algebra@2026-01-01")
    accepted(document, learner(done("algebra")), witness(use, on="2026-03-01"))


def test_a_witness_with_an_expired_completion_is_refused() -> None:
    document = pathway(ALGEBRA, modules={"algebra": {"valid_for": "2 months"}})
    use = leaf("requires", "algebra@2026-01-01")
    refused(
        "`algebra@2026-01-01` had expired by 2026-03-02",
        document,
        learner(done("algebra")),
        witness(use, on="2026-03-02"),
    )


def test_a_completion_that_states_when_it_expires_is_taken_at_its_word() -> None:
    document = pathway(ALGEBRA, modules={"algebra": {"valid_for": "2 months"}})
    accepted(document, learner(done("algebra", expires="never")), JANUARY)
    accepted(document, learner(done("algebra", expires=TODAY)), JANUARY)
    refused(
        "`algebra@2026-01-01` had expired by 2026-06-30",
        document,
        learner(done("algebra", expires="2026-06-29")),
        JANUARY,
    )


def test_a_score_below_the_pass_mark_is_refused() -> None:
    document = pathway(ALGEBRA, modules={"algebra": {"pass_score": 50}})
    accepted(document, learner(done("algebra", score=50)), JANUARY)
    accepted(document, learner(done("algebra")), JANUARY)
    refused(
        "`algebra@2026-01-01` does not pass", document, learner(done("algebra", score=49)), JANUARY
    )


def test_a_grade_below_the_pass_mark_or_unknown_is_refused() -> None:
    document = pathway(ALGEBRA, modules={"algebra": {"pass_grade": "C"}}, scale=SCALE)
    accepted(document, learner(done("algebra", grade="C")), JANUARY)
    refused(
        "`algebra@2026-01-01` does not pass", document, learner(done("algebra", grade="D")), JANUARY
    )
    refused(
        "`algebra@2026-01-01` does not pass", document, learner(done("algebra", grade="Z")), JANUARY
    )


def test_the_pass_marks_of_a_file_serve_modules_that_have_none() -> None:
    defaults = {"pass_score": 40, "pass_grade": "C"}
    modules = {"biology": {"pass_score": 0, "pass_grade": "D"}}
    document = pathway(ALGEBRA, modules=modules, defaults=defaults, scale=SCALE)
    refused(
        "`algebra@2026-01-01` does not pass", document, learner(done("algebra", score=39)), JANUARY
    )
    refused(
        "`algebra@2026-01-01` does not pass", document, learner(done("algebra", grade="D")), JANUARY
    )
    document = pathway({"module": "biology"}, modules=modules, defaults=defaults, scale=SCALE)
    claim = witness(leaf("requires", "biology@2026-01-01"))
    accepted(document, learner(done("biology", score=39, grade="D")), claim)


def test_pass_marks_are_read_in_the_words_of_the_module_s_own_file() -> None:
    catalogue = {
        "catalogue": "college",
        "scale": {"merit": 2, "pass": 1},
        "modules": {"college/algebra": {"pass_grade": "pass"}},
    }
    main = Pathway.model_validate(written({"module": "college/algebra"}, scale=SCALE))
    document = Document(main=main, used=(Pathway.model_validate(catalogue),))
    claim = witness(leaf("requires", "lms-1"))
    accepted(document, learner(done("college/algebra", id="lms-1", grade="pass")), claim)
    refused(
        "`lms-1` does not pass",
        document,
        learner(done("college/algebra", id="lms-1", grade="A")),
        claim,
    )


# --- several attempts ----------------------------------------------------------------------------

ATTEMPTS = learner(done("algebra"), done("algebra", "2026-03-01"))
MARCH = witness(leaf("requires", "algebra@2026-03-01"))


def test_any_attempt_may_serve() -> None:
    accepted(pathway(ALGEBRA), ATTEMPTS, JANUARY)
    accepted(pathway(ALGEBRA), ATTEMPTS, MARCH)


def test_with_attempts_first_only_the_first_may_serve() -> None:
    document = pathway(ALGEBRA, attempts="first")
    accepted(document, ATTEMPTS, JANUARY)
    refused(
        "`algebra@2026-03-01` gives way to another attempt, `algebra@2026-01-01`",
        document,
        ATTEMPTS,
        MARCH,
    )


def test_with_attempts_latest_only_the_latest_may_serve() -> None:
    document = pathway(ALGEBRA, attempts="latest")
    accepted(document, ATTEMPTS, MARCH)
    refused(
        "`algebra@2026-01-01` gives way to another attempt, `algebra@2026-03-01`",
        document,
        ATTEMPTS,
        JANUARY,
    )


def test_an_attempt_that_is_not_usable_on_the_day_stands_in_nobody_s_way() -> None:
    document = pathway(ALGEBRA, attempts="latest", modules={"algebra": {"pass_score": 50}})
    use = leaf("requires", "algebra@2026-01-01")
    accepted(document, ATTEMPTS, witness(use, on="2026-02-01"))
    failed = learner(done("algebra"), done("algebra", "2026-03-01", score=10))
    accepted(document, failed, JANUARY)


def test_a_repeatable_module_keeps_all_of_its_attempts() -> None:
    record = learner(done("fieldwork"), done("fieldwork", "2026-03-01"))
    document = pathway({"module": "fieldwork"}, attempts="latest")
    accepted(document, record, witness(leaf("requires", "fieldwork@2026-01-01")))


# --- retired codes and substitutions -------------------------------------------------------------

RETIRED = {"algebra": {**MODULES["algebra"], "equivalents": ["sums-2010"]}}
SWAPPED = [{"module": "drawing", "counts_as": "algebra", "on": "2026-02-01"}]


def test_a_retired_code_serves_as_its_module() -> None:
    claim = witness(
        leaf("requires", "sums-2010@2026-01-01", **serving("sums-2010@2026-01-01", "algebra"))
    )
    accepted(pathway(ALGEBRA, modules=RETIRED), learner(done("sums-2010")), claim)


def test_a_code_that_is_said_to_serve_as_nothing_else_serves_as_itself() -> None:
    claim = witness(leaf("requires", "sums-2010@2026-01-01"))
    refused(
        "`sums-2010@2026-01-01` can not serve as `sums-2010`",
        pathway(ALGEBRA, modules=RETIRED),
        learner(done("sums-2010")),
        claim,
    )


def test_a_completion_serves_as_what_it_was_substituted_for() -> None:
    record = learner(done("drawing"), substituted=SWAPPED)
    claim = witness(
        leaf("requires", "drawing@2026-01-01", **serving("drawing@2026-01-01", "algebra"))
    )
    accepted(pathway(ALGEBRA), record, claim)
    refused(
        "`drawing@2026-01-01` can not serve as `algebra`",
        pathway(ALGEBRA),
        learner(done("drawing")),
        claim,
    )


def test_a_substitution_that_is_not_in_force_yet_is_refused() -> None:
    record = learner(done("drawing"), substituted=SWAPPED)
    use = leaf("requires", "drawing@2026-01-01", **serving("drawing@2026-01-01", "algebra"))
    accepted(pathway(ALGEBRA), record, witness(use, on="2026-02-01"))
    refused(
        "`drawing@2026-01-01` can not serve as `algebra`",
        pathway(ALGEBRA),
        record,
        witness(use, on="2026-01-31"),
    )


def test_a_substituted_completion_still_serves_as_itself() -> None:
    record = learner(done("drawing"), substituted=SWAPPED)
    accepted(
        pathway({"module": "drawing"}), record, witness(leaf("requires", "drawing@2026-01-01"))
    )


def test_a_substitute_has_the_amounts_level_and_groups_of_what_it_counts_as() -> None:
    selector = {"level": 4, "groups": "maths", "credits": 10, "hours": 100}
    record = learner(done("drawing", credits=30, level=9, hours=1), substituted=SWAPPED)
    as_algebra = serving("drawing@2026-01-01", "algebra")
    claim = witness(leaf("requires", "drawing@2026-01-01", **as_algebra))
    accepted(pathway({"credits": 10, "from": selector}), record, claim)
    refused("credits: 10 of 11", pathway({"credits": 11, "from": selector}), record, claim)


def test_a_substitute_keeps_the_groups_that_its_completion_states() -> None:
    record = learner(done("drawing", groups=["abroad"]), substituted=SWAPPED)
    claim = witness(
        leaf("requires", "drawing@2026-01-01", **serving("drawing@2026-01-01", "algebra"))
    )
    accepted(pathway({"count": 1, "from": {"groups": "abroad"}}), record, claim)
    refused(
        "`drawing@2026-01-01` is not what is asked for",
        pathway({"count": 1, "from": {"groups": "arts"}}),
        record,
        claim,
    )


def test_a_substitute_for_a_module_that_varies_brings_its_own_amount() -> None:
    swap = [{"module": "drawing", "counts_as": "essay", "on": "2026-01-01"}]
    record = learner(done("drawing", credits=7), substituted=swap)
    claim = witness(
        leaf("requires", "drawing@2026-01-01", **serving("drawing@2026-01-01", "essay"))
    )
    accepted(pathway({"credits": 7, "from": ["essay"]}), record, claim)


def test_a_substitute_expires_as_what_it_counts_as() -> None:
    document = pathway(ALGEBRA, modules={"algebra": {"valid_for": "1 month"}})
    record = learner(done("drawing", expires="never"), substituted=SWAPPED)
    use = leaf("requires", "drawing@2026-01-01", **serving("drawing@2026-01-01", "algebra"))
    accepted(document, record, witness(use, on="2026-02-01"))
    refused(
        "`drawing@2026-01-01` had expired by 2026-02-02",
        document,
        record,
        witness(use, on="2026-02-02"),
    )


def test_a_substitute_passes_by_the_mark_of_what_it_counts_as() -> None:
    document = pathway(ALGEBRA, modules={"algebra": {"pass_score": 60}})
    claim = witness(
        leaf("requires", "drawing@2026-01-01", **serving("drawing@2026-01-01", "algebra"))
    )
    accepted(document, learner(done("drawing", score=60), substituted=SWAPPED), claim)
    refused(
        "`drawing@2026-01-01` does not pass",
        document,
        learner(done("drawing", score=59), substituted=SWAPPED),
        claim,
    )


def test_an_award_serves_as_nothing_but_itself() -> None:
    use = leaf("requires", "badge@2026-01-01", **serving("badge@2026-01-01", "algebra"))
    refused(
        "`badge@2026-01-01` can not serve as `algebra`",
        pathway(ALGEBRA),
        learner(holds=[held("badge")]),
        witness(use),
    )


# --- an award that is held -----------------------------------------------------------------------

LICENCE = {"credential": "licence"}


def licence(on: str) -> Json:
    return witness(leaf("requires", "licence@2026-01-01"), on=on)


def test_a_held_award_is_accepted() -> None:
    accepted(pathway(LICENCE), learner(holds=[held("licence")]), licence(TODAY))


def test_an_award_of_another_credential_is_refused() -> None:
    claim = witness(leaf("requires", "badge@2026-01-01"))
    refused(
        "`badge@2026-01-01` is not what is asked for",
        pathway(LICENCE),
        learner(holds=[held("badge")]),
        claim,
    )


def test_an_expired_award_is_refused() -> None:
    record = learner(holds=[held("licence")])
    accepted(pathway(LICENCE), record, licence("2027-01-01"))
    refused(
        "`licence@2026-01-01` had expired by 2027-01-02",
        pathway(LICENCE),
        record,
        licence("2027-01-02"),
    )


def test_an_award_that_states_when_it_expires_is_taken_at_its_word() -> None:
    accepted(
        pathway(LICENCE), learner(holds=[held("licence", expires="never")]), licence("2030-01-01")
    )
    record = learner(holds=[held("licence", expires="2026-02-01")])
    refused(
        "`licence@2026-01-01` had expired by 2026-02-02",
        pathway(LICENCE),
        record,
        licence("2026-02-02"),
    )


def test_an_expired_award_serves_where_the_rule_says_so() -> None:
    rule = {"credential": "licence", "even_if_expired": True}
    accepted(pathway(rule), learner(holds=[held("licence")]), licence("2030-01-01"))


def test_a_revoked_award_serves_nowhere() -> None:
    rule = {"credential": "licence", "even_if_expired": True}
    record = learner(holds=[held("licence", revoked="2026-03-01")])
    accepted(pathway(rule), record, licence("2026-02-28"))
    refused(
        "`licence@2026-01-01` was revoked on 2026-03-01",
        pathway(rule),
        record,
        licence("2026-03-01"),
    )


def test_a_renewal_before_the_expiry_prolongs_the_old_period() -> None:
    record = learner(holds=[held("licence", renewed=[{"on": "2026-10-01"}])])
    accepted(pathway(LICENCE), record, licence("2028-01-01"))
    refused(
        "`licence@2026-01-01` had expired by 2028-01-02",
        pathway(LICENCE),
        record,
        licence("2028-01-02"),
    )


def test_a_renewal_in_the_grace_starts_a_new_period() -> None:
    record = learner(holds=[held("licence", renewed=[{"on": "2027-03-01"}])])
    refused(
        "`licence@2026-01-01` had expired by 2027-02-28",
        pathway(LICENCE),
        record,
        licence("2027-02-28"),
    )
    accepted(pathway(LICENCE), record, licence("2028-03-01"))
    refused(
        "`licence@2026-01-01` had expired by 2028-03-02",
        pathway(LICENCE),
        record,
        licence("2028-03-02"),
    )


def test_a_renewal_that_states_the_new_expiry_is_taken_at_its_word() -> None:
    renewed = [{"on": "2027-03-01"}, {"on": "2026-10-01", "expires": "2027-06-30"}]
    record = learner(holds=[held("licence", renewed=renewed)])
    accepted(pathway(LICENCE), record, licence("2028-06-30"))
    refused(
        "`licence@2026-01-01` had expired by 2028-07-01",
        pathway(LICENCE),
        record,
        licence("2028-07-01"),
    )


def test_an_award_must_have_been_held_for_as_long_as_is_asked() -> None:
    rule = {"credential": "licence", "held_for": "6 months"}
    record = learner(holds=[held("licence")])
    accepted(pathway(rule), record, licence("2026-07-01"))
    refused(
        "`licence@2026-01-01` is not what is asked for",
        pathway(rule),
        record,
        licence("2026-06-30"),
    )


def test_an_award_of_a_credential_that_nobody_knows_serves_nowhere() -> None:
    claim = witness(leaf("requires", "medal@2026-01-01"))
    refused(
        "`medal@2026-01-01` can not serve as `medal`",
        pathway(LICENCE),
        learner(holds=[held("medal")]),
        claim,
    )


# --- rules with parts ----------------------------------------------------------------------------

BOTH = learner(done("algebra"), done("biology", "2026-02-01"), done("chemistry", "2026-03-01"))
A, B, C = "algebra@2026-01-01", "biology@2026-02-01", "chemistry@2026-03-01"
THREE = [{"module": "algebra"}, {"module": "biology"}, {"module": "chemistry"}]


def use_of(operator: str, *places: int) -> Json:
    """Those of the three modules that are met, in a rule of that operator."""
    chosen = {f"at_{i}": leaf(f"requires.{operator}[{i}]", [A, B, C][i]) for i in places}
    return parts("requires", **chosen)


def test_all_parts_that_are_met_are_accepted() -> None:
    accepted(pathway({"all": THREE}), BOTH, witness(use_of("all", 0, 1, 2)))


def test_all_without_one_of_its_parts_is_refused() -> None:
    refused(
        "too few of its parts are met", pathway({"all": THREE}), BOTH, witness(use_of("all", 0, 2))
    )


def test_a_part_is_judged_where_it_stands() -> None:
    use = parts("requires", leaf("requires.all[0]", B), leaf("requires.all[1]", A))
    document = pathway({"all": THREE[:2]})
    refused(
        "requires.all[0]: `biology@2026-02-01` is not what is asked for",
        document,
        BOTH,
        witness(use),
    )


def test_any_one_part_is_accepted() -> None:
    accepted(pathway({"any": THREE}), BOTH, witness(use_of("any", 1)))


def test_any_without_a_part_is_refused() -> None:
    refused("too few of its parts are met", pathway({"any": THREE}), BOTH, witness(use_of("any")))


def test_as_many_parts_as_are_asked_for_are_accepted() -> None:
    accepted(pathway({"at_least": 2, "of": THREE}), BOTH, witness(use_of("of", 0, 2)))


def test_fewer_parts_than_are_asked_for_are_refused() -> None:
    refused(
        "too few of its parts are met",
        pathway({"at_least": 2, "of": THREE}),
        BOTH,
        witness(use_of("of", 2)),
    )


WORTHS = [
    {"worth": 4, "rule": THREE[0], "required": True},
    {"worth": 4, "rule": THREE[1]},
    {"worth": 8, "rule": THREE[2]},
]


def test_one_part_is_accepted_where_one_is_asked_for() -> None:
    accepted(pathway({"at_least": 1, "of": THREE}), BOTH, witness(use_of("of", 2)))


def test_parts_that_reach_the_points_are_accepted() -> None:
    accepted(pathway({"points": 8, "of": WORTHS}), BOTH, witness(use_of("of", 0, 1)))


def test_the_required_parts_alone_may_be_enough() -> None:
    accepted(pathway({"points": 4, "of": WORTHS}), BOTH, witness(use_of("of", 0)))


def test_parts_that_miss_the_points_are_refused() -> None:
    refused(
        "too few of its parts are met",
        pathway({"points": 9, "of": WORTHS}),
        BOTH,
        witness(use_of("of", 0, 1)),
    )


def test_points_without_a_required_part_are_refused() -> None:
    refused(
        "too few of its parts are met",
        pathway({"points": 8, "of": WORTHS}),
        BOTH,
        witness(use_of("of", 2)),
    )


def test_parts_in_order_are_accepted_on_the_same_day_too() -> None:
    document = pathway({"in_order": THREE})
    accepted(document, BOTH, witness(use_of("in_order", 0, 1, 2)))
    same_day = learner(done("algebra"), done("biology"))
    uses = [leaf("requires.in_order[0]", "biology@2026-01-01"), leaf("requires.in_order[1]", A)]
    accepted(
        pathway({"in_order": [THREE[1], THREE[0]]}), same_day, witness(parts("requires", *uses))
    )


def test_parts_out_of_order_are_refused() -> None:
    uses = [leaf("requires.in_order[0]", B), leaf("requires.in_order[1]", A)]
    document = pathway({"in_order": [THREE[1], THREE[0]]})
    refused(
        "evidence of a part predates that of an earlier one",
        document,
        BOTH,
        witness(parts("requires", *uses)),
    )


def test_the_order_holds_between_parts_that_are_far_apart() -> None:
    record = learner(
        done("algebra", "2026-03-01"), done("chemistry", "2026-02-01"), waived=[waived("exempt")]
    )
    rules = [THREE[0], {**THREE[1], "id": "exempt"}, THREE[2]]
    uses = [
        leaf("requires.in_order[0]", "algebra@2026-03-01"),
        {"path": "requires.in_order[1]", "waived": ["waiver:exempt"]},
        leaf("requires.in_order[2]", "chemistry@2026-02-01"),
    ]
    claim = witness(
        parts("requires", *uses), "waiver:exempt", "chemistry@2026-02-01", "algebra@2026-03-01"
    )
    refused(
        "evidence of a part predates that of an earlier one",
        pathway({"in_order": rules}),
        record,
        claim,
    )


def test_a_part_that_the_rule_does_not_have_is_refused() -> None:
    use = use_of("any", 0)
    use["parts"]["3"] = leaf("requires.any[3]", B)
    refused("this rule has no such part", pathway({"any": THREE}), BOTH, witness(use))


def test_a_use_that_is_of_another_rule_is_refused() -> None:
    use = parts("requires", leaf("requires.any[1]", A))
    refused(
        "the use that stands here is of another rule",
        pathway({"any": THREE}),
        BOTH,
        witness(use, A),
    )


@pytest.mark.parametrize("more", [{"items": [B]}, serving(A, "algebra"), {"amounts": {A: "1"}}])
def test_a_rule_with_parts_that_uses_items_itself_is_refused(more: Json) -> None:
    use = {**use_of("any", 0), **more}
    refused(
        "this rule is met by its parts, and is not waived",
        pathway({"any": THREE}),
        BOTH,
        witness(use, A),
    )


def test_a_leaf_with_parts_is_refused() -> None:
    use = {**leaf("requires", A), "parts": {"0": leaf("requires.all[0]", A)}}
    refused(
        "this rule uses items, and says something of those only",
        pathway(ALGEBRA),
        BOTH,
        witness(use),
    )


def test_a_named_rule_is_met_by_its_one_part() -> None:
    document = pathway({"rule": "basics"}, rules={"basics": ALGEBRA})
    accepted(document, BOTH, witness(parts("requires", leaf("requires.rule", A))))
    refused("too few of its parts are met", document, BOTH, witness(parts("requires")))


# --- every ---------------------------------------------------------------------------------------


def every(*refs: str) -> Json:
    """The use of `every` by what is dated in the three, in the order of the ids."""
    items = {"algebra": A, "biology": B, "chemistry": C, "badge": "badge@2026-01-01"}
    return witness(parts("requires", *(leaf(f"requires.every[{ref}]", items[ref]) for ref in refs)))


def test_every_module_that_matches_is_asked_for() -> None:
    document = pathway({"every": {"groups": "science"}})
    accepted(document, BOTH, every("biology", "chemistry"))
    refused("too few of its parts are met", document, BOTH, every("biology"))


def test_every_knows_the_groups_of_its_file() -> None:
    document = pathway({"every": {"groups": "core"}}, groups={"core": ["algebra", "chemistry"]})
    accepted(document, BOTH, every("algebra", "chemistry"))


def test_every_looks_at_modules_unless_it_says_otherwise() -> None:
    groups = {"mix": ["algebra", "badge"]}
    record = learner(done("algebra"), holds=[held("badge")])
    accepted(pathway({"every": {"groups": "mix"}}, groups=groups), record, every("algebra"))
    awards = pathway({"every": {"groups": "mix", "type": "credential"}}, groups=groups)
    accepted(awards, record, every("badge"))
    accepted(pathway({"every": ["algebra", "badge"]}), record, every("algebra", "badge"))


def test_every_does_not_ask_for_the_credential_in_whose_rule_it_stands() -> None:
    document = pathway({"every": {"groups": "stack", "type": "credential"}}, {"groups": ["stack"]})
    accepted(document, learner(holds=[held("badge")]), every("badge"))


def test_every_of_nothing_is_refused() -> None:
    refused(
        "too few of its parts are met",
        pathway({"every": {"groups": "nobody"}}),
        BOTH,
        witness(parts("requires")),
    )


@pytest.mark.parametrize("selector", [{"credits": "<5"}, {"hours": "<5", "credits": "<5"}])
def test_what_varies_does_not_match_an_amount_that_every_asks_for(selector: Json) -> None:
    document = pathway({"every": selector})
    record = learner(done("guiding"))
    accepted(
        document,
        record,
        witness(parts("requires", leaf("requires.every[guiding]", "guiding@2026-01-01"))),
    )


# --- count, credits, hours -----------------------------------------------------------------------


def test_items_that_reach_the_number_are_accepted() -> None:
    document = pathway({"count": 2, "from": {"groups": "science"}})
    accepted(document, BOTH, witness(leaf("requires", B, C)))


def test_items_that_miss_the_number_are_refused() -> None:
    document = pathway({"count": 3, "from": {"groups": "science"}})
    refused("count: 2 of 3", document, BOTH, witness(leaf("requires", B, C)))


def test_an_item_that_does_not_match_is_refused() -> None:
    document = pathway({"count": 2, "from": {"groups": "science"}})
    refused(
        "`algebra@2026-01-01` is not what is asked for",
        document,
        BOTH,
        witness(leaf("requires", A, B, C)),
    )


def test_credits_are_those_of_the_modules() -> None:
    accepted(pathway({"credits": 40, "from": "any"}), BOTH, witness(leaf("requires", A, B, C)))
    refused(
        "credits: 40 of 41",
        pathway({"credits": 41, "from": "any"}),
        BOTH,
        witness(leaf("requires", A, B, C)),
    )


def test_hours_are_those_of_the_modules() -> None:
    accepted(pathway({"hours": 330, "from": "any"}), BOTH, witness(leaf("requires", A, B, C)))
    refused(
        "hours: 330 of 331",
        pathway({"hours": 331, "from": "any"}),
        BOTH,
        witness(leaf("requires", A, B, C)),
    )


def test_a_completion_that_states_its_own_credits_is_taken_at_its_word() -> None:
    claim = witness(leaf("requires", A))
    accepted(pathway({"credits": 12, "from": "any"}), learner(done("algebra", credits=12)), claim)
    refused(
        "credits: 0 of 1",
        pathway({"credits": 1, "from": "any"}),
        learner(done("algebra", credits=0)),
        claim,
    )


def test_a_module_whose_credits_vary_counts_what_the_completion_states() -> None:
    document = pathway({"credits": 6, "from": "any"})
    claim = witness(leaf("requires", "essay@2026-01-01"))
    accepted(document, learner(done("essay", credits=6)), claim)
    refused("credits: 0 of 6", document, learner(done("essay")), claim)


def test_an_award_counts_with_what_it_is_worth() -> None:
    rule = {"credits": 20, "from": {"any_of": [{"groups": "maths"}, {"kind": "badge"}]}}
    record = learner(done("algebra"), holds=[held("badge")])
    accepted(pathway(rule), record, witness(leaf("requires", A, "badge@2026-01-01")))


def test_a_selection_of_nothing_is_refused() -> None:
    refused("count: 0 of 1", pathway({"count": 1, "from": "any"}), BOTH, witness(leaf("requires")))


def test_an_item_counts_once() -> None:
    document = pathway({"count": 2, "from": "any"})
    refused("`items` names something twice", document, BOTH, witness(leaf("requires", A, A)))


def test_two_attempts_at_a_module_count_once() -> None:
    claim = witness(leaf("requires", "algebra@2026-01-01", "algebra@2026-03-01"))
    refused("`algebra` counts 2 times", pathway({"count": 2, "from": "any"}), ATTEMPTS, claim)


def test_an_attempt_under_a_retired_code_counts_once_with_the_others() -> None:
    document = pathway({"count": 2, "from": "any"}, modules=RETIRED)
    record = learner(done("algebra"), done("sums-2010"))
    use = leaf("requires", A, "sums-2010@2026-01-01", **serving("sums-2010@2026-01-01", "algebra"))
    refused("`algebra` counts 2 times", document, record, witness(use))


def test_a_substitute_counts_once_with_what_it_counts_as() -> None:
    record = learner(done("algebra"), done("drawing"), substituted=SWAPPED)
    use = leaf("requires", A, "drawing@2026-01-01", **serving("drawing@2026-01-01", "algebra"))
    refused("`algebra` counts 2 times", pathway({"count": 2, "from": "any"}), record, witness(use))


def test_a_substituted_module_does_not_count_as_both() -> None:
    record = learner(done("drawing"), done("drawing", "2026-03-01"), substituted=SWAPPED)
    as_algebra = serving("drawing@2026-03-01", "algebra")
    use = leaf("requires", "drawing@2026-01-01", "drawing@2026-03-01", **as_algebra)
    refused(
        "`drawing` and `algebra` are one module here",
        pathway({"count": 2, "from": "any"}),
        record,
        witness(use),
    )


def test_what_stands_in_for_a_repeatable_module_counts_no_more_often_than_it_would_itself() -> None:
    swapped = [{"module": "drawing", "counts_as": "guiding", "on": "2026-02-01"}]
    record = learner(done("drawing"), done("drawing", "2026-03-01"), substituted=swapped)
    items = ["drawing@2026-01-01", "drawing@2026-03-01"]
    use = leaf("requires", *items, **{"as": dict.fromkeys(items, "guiding")})
    refused("`drawing` counts 2 times", pathway({"count": 2, "from": "any"}), record, witness(use))


def test_a_repeatable_module_counts_as_often_as_it_may() -> None:
    days = ["2026-01-01", "2026-02-01", "2026-03-01"]
    record = learner(*(done("fieldwork", day) for day in days))
    items = [f"fieldwork@{day}" for day in days]
    accepted(pathway({"count": 2, "from": "any"}), record, witness(leaf("requires", *items[:2])))
    refused(
        "`fieldwork` counts 3 times",
        pathway({"count": 2, "from": "any"}),
        record,
        witness(leaf("requires", *items)),
    )


def test_a_module_without_bound_counts_every_time() -> None:
    days = [f"2026-01-{day:02}" for day in range(1, 31)]
    record = learner(*(done("guiding", day) for day in days))
    use = leaf("requires", *(f"guiding@{day}" for day in days))
    accepted(pathway({"credits": 120, "from": "any"}), record, witness(use))


def test_two_awards_of_a_credential_count_once() -> None:
    record = learner(holds=[held("licence"), held("licence", "2026-02-01")])
    use = leaf("requires", "licence@2026-01-01", "licence@2026-02-01")
    document = pathway({"count": 2, "from": {"kind": "licence"}})
    refused("`licence` counts 2 times", document, record, witness(use))


# --- selectors -----------------------------------------------------------------------------------

MATCHING: list[tuple[Any, Json, bool]] = [
    ({"groups": "life"}, {}, True),
    ({"groups": ["arts", "life"]}, {}, True),
    ({"groups": "arts"}, {}, False),
    ({"groups": "abroad"}, {"groups": ["abroad"]}, True),
    ({"groups": "mine"}, {}, True),
    ({"level": 5}, {}, True),
    ({"level": ">=6"}, {}, False),
    ({"level": ">=6"}, {"level": 6}, True),
    ({"level": "3..5"}, {}, True),
    ({"credits": ">=10"}, {}, True),
    ({"credits": ">=10"}, {"credits": 9}, False),
    ({"hours": "<80"}, {}, False),
    ({"hours": "<80"}, {"hours": 79}, True),
    ({"source": ["transfer", "rpl"]}, {"source": "rpl"}, True),
    ({"source": "transfer"}, {}, False),
    ({"min_score": 70}, {"score": 70}, True),
    ({"min_score": 70}, {"score": 69}, False),
    ({"min_grade": "B"}, {"grade": "B"}, True),
    ({"min_grade": "B"}, {"grade": "C"}, False),
    ({"since": "5 months"}, {}, True),
    ({"since": "4 months"}, {}, False),
    ({"after": "2026-02-01"}, {}, True),
    ({"after": "2026-02-02"}, {}, False),
    ({"before": "2026-02-01"}, {}, True),
    ({"before": "2026-01-31"}, {}, False),
    (["biology"], {}, True),
    (["algebra"], {}, False),
    ({"type": "module"}, {}, True),
    ({"type": "credential"}, {}, False),
    ({"any_of": [{"groups": "arts"}, {"level": 5}]}, {}, True),
    ({"any_of": [{"groups": "arts"}, {"level": 4}]}, {}, False),
    ({"groups": "life", "except": {"level": 5}}, {}, False),
    ({"groups": "life", "except": {"level": 6}}, {}, True),
    ({"groups": "life", "level": 6}, {}, False),
]


@pytest.mark.parametrize(("selector", "stated", "matching"), MATCHING)
def test_a_completion_matches_when_every_key_holds(
    selector: Any, stated: Json, matching: bool
) -> None:
    document = pathway({"count": 1, "from": selector}, scale=SCALE, groups={"mine": ["biology"]})
    record = learner(done("biology", "2026-02-01", **stated))
    claim = witness(leaf("requires", B), on="2026-07-01")
    if matching:
        accepted(document, record, claim)
    else:
        refused("`biology@2026-02-01` is not what is asked for", document, record, claim)


AWARDS: list[tuple[Any, bool]] = [
    ("any", False),
    ({"groups": "stack"}, False),
    ({"groups": "stack", "type": "credential"}, True),
    ({"groups": "mine", "type": "credential"}, True),
    ({"kind": "badge"}, True),
    ({"kind": "degree"}, False),
    (["badge"], True),
    (["badge", "algebra"], True),
    ({"kind": "badge", "level": ">=5", "credits": 10}, True),
    ({"kind": "badge", "source": "course"}, False),
    ({"kind": "badge", "min_score": 0}, False),
    ({"any_of": [{"groups": "maths"}, {"kind": "badge"}]}, True),
    ({"any_of": [{"groups": "maths"}, {"groups": "stack"}]}, False),
    ({"any_of": [{"any_of": [{"kind": "badge"}]}]}, True),
    ({"type": "credential", "any_of": [{"groups": "maths"}, {"groups": "stack"}]}, True),
    ({"type": "module", "any_of": [{"kind": "badge"}]}, False),
    ({"kind": "badge", "except": {"groups": "stack"}}, False),
    ({"any_of": [{"kind": "badge"}], "except": {"groups": "stack"}}, False),
    ({"any_of": [{"kind": "badge"}], "except": {"groups": "stack", "type": "module"}}, True),
]


@pytest.mark.parametrize(("selector", "matching"), AWARDS)
def test_an_award_matches_where_a_selector_is_about_credentials(
    selector: Any, matching: bool
) -> None:
    document = pathway({"count": 1, "from": selector}, groups={"mine": ["badge"]})
    claim = witness(leaf("requires", "badge@2026-01-01"))
    if matching:
        accepted(document, learner(holds=[held("badge")]), claim)
    else:
        refused(
            "`badge@2026-01-01` is not what is asked for",
            document,
            learner(holds=[held("badge")]),
            claim,
        )


def test_a_selector_never_matches_the_credential_in_whose_rule_it_stands() -> None:
    document = pathway({"count": 1, "from": {"kind": "diploma"}}, {"kind": "diploma"})
    claim = witness(leaf("requires", "cert@2026-01-01"))
    refused(
        "`cert@2026-01-01` is not what is asked for", document, learner(holds=[held("cert")]), claim
    )


# --- limits --------------------------------------------------------------------------------------

WITHIN_LIMITS: list[tuple[Json, bool]] = [
    ({"at_least": 30, "of": {"groups": "science"}}, True),
    ({"at_least": 31, "of": {"groups": "science"}}, False),
    ({"at_least": "75%", "of": {"groups": "science"}}, True),
    ({"at_least": "76%", "of": {"groups": "science"}}, False),
    ({"at_least": 2, "of": {"groups": "science"}, "unit": "count"}, True),
    ({"at_least": 3, "of": {"groups": "science"}, "unit": "count"}, False),
    ({"at_least": 230, "of": {"groups": "science"}, "unit": "hours"}, True),
    ({"at_least": 231, "of": {"groups": "science"}, "unit": "hours"}, False),
    ({"at_most": 10, "of": ["algebra"]}, True),
    ({"at_most": 9, "of": ["algebra"]}, False),
    ({"at_most": 0, "of": ["drawing"]}, True),
    ({"at_most": 0, "of": ["algebra"]}, False),
    ({"at_most": "50%", "of": {"level": 6}}, True),
    ({"at_most": "49%", "of": {"level": 6}}, False),
    ({"spread": 3, "over": "groups"}, True),
    ({"spread": 4, "over": "groups"}, False),
    ({"spread": 3, "over": "level"}, True),
    ({"spread": 4, "over": "level"}, False),
    ({"spread": 1, "over": "source"}, True),
    ({"spread": 2, "over": "source"}, False),
    ({"spread": 3, "over": "module"}, True),
    ({"spread": 4, "over": "module"}, False),
    ({"spread": 2, "over": ["maths", "science"]}, True),
    ({"spread": 2, "over": ["maths", "arts"]}, False),
    ({"spread": 2, "over": "groups", "each": 10}, True),
    ({"spread": 2, "over": "groups", "each": 20}, False),
    ({"spread": 2, "over": "groups", "each": 1, "unit": "count"}, True),
    ({"at_most_each": 30, "over": "groups"}, True),
    ({"at_most_each": 29, "over": "groups"}, False),
    ({"at_most_each": 10, "over": ["maths", "life"]}, True),
    ({"at_most_each": 2, "over": "groups", "unit": "count"}, True),
    ({"at_most_each": 1, "over": "groups", "unit": "count"}, False),
]


@pytest.mark.parametrize(("limit", "kept"), WITHIN_LIMITS)
def test_a_selection_is_within_its_limits(limit: Json, kept: bool) -> None:
    document = pathway({"credits": 40, "from": "any", "limits": [limit]})
    claim = witness(leaf("requires", A, B, C))
    if kept:
        accepted(document, BOTH, claim)
    else:
        refused("requires.limits[0]: the selection is not within this limit", document, BOTH, claim)


def test_an_item_that_is_worth_nothing_touches_its_values() -> None:
    limit = {"spread": 2, "over": "module"}
    document = pathway({"credits": 10, "from": "any", "limits": [limit]})
    record = learner(done("algebra"), done("essay"))
    accepted(document, record, witness(leaf("requires", A, "essay@2026-01-01")))


def test_a_limit_is_about_what_its_rule_is_about() -> None:
    limit = {"at_most": 0, "of": {"groups": "stack"}}
    record = learner(done("algebra"), holds=[held("badge")])
    claim = witness(leaf("requires", "badge@2026-01-01"))
    document = pathway({"count": 1, "from": {"kind": "badge"}, "limits": [limit]})
    refused("the selection is not within this limit", document, record, claim)
    either = {"any_of": [{"kind": "badge"}, {"groups": "maths"}]}
    refused(
        "the selection is not within this limit",
        pathway({"count": 1, "from": either, "limits": [limit]}),
        record,
        claim,
    )


def test_an_item_without_the_value_of_a_spread_touches_none() -> None:
    document = pathway({"count": 1, "from": "any", "limits": [{"spread": 1, "over": "level"}]})
    claim = witness(leaf("requires", "essay@2026-01-01"))
    refused("the selection is not within this limit", document, learner(done("essay")), claim)


PARTIAL = {
    "credits": 25,
    "from": "any",
    "limits": [{"at_most": 15, "of": {"level": 6}, "partial": True}],
}


def test_an_item_may_count_in_part_where_a_limit_is_partial() -> None:
    claim = witness(leaf("requires", A, C, amounts={C: "15"}))
    accepted(pathway(PARTIAL), BOTH, claim)


@pytest.mark.parametrize("amount", ["1/2", "1", "10"])
def test_an_item_may_count_with_very_little_or_as_a_whole(amount: str) -> None:
    limit = {"at_most": 10, "of": ["algebra"], "partial": True}
    document = pathway({"credits": 20, "from": "any", "limits": [limit]})
    accepted(document, BOTH, witness(leaf("requires", A, C, amounts={A: amount})))


def test_the_part_that_counts_is_the_same_to_the_total_and_to_every_limit() -> None:
    refused(
        "credits: 24 of 25",
        pathway(PARTIAL),
        BOTH,
        witness(leaf("requires", A, C, amounts={C: "14"})),
    )
    refused(
        "the selection is not within this limit",
        pathway(PARTIAL),
        BOTH,
        witness(leaf("requires", A, C, amounts={C: "15.5"})),
    )
    limits = [*PARTIAL["limits"], {"at_least": 120, "of": {"level": 6}, "unit": "hours"}]  # type: ignore[misc]
    claim = witness(leaf("requires", A, C, amounts={C: "15"}))
    refused(
        "the selection is not within this limit",
        pathway({**PARTIAL, "limits": limits}),
        BOTH,
        claim,
    )


def test_a_part_may_be_a_fraction() -> None:
    limit = {"at_most": 50, "of": {"level": 6}, "partial": True, "unit": "hours"}
    document = pathway({"credits": 16, "from": "any", "limits": [limit]})
    accepted(document, BOTH, witness(leaf("requires", A, C, amounts={C: "20/3"})))
    refused(
        "the selection is not within this limit",
        document,
        BOTH,
        witness(leaf("requires", A, C, amounts={C: "6.7"})),
    )


@pytest.mark.parametrize(("item", "amount"), [(C, "20.5"), (A, "5")])
def test_a_part_that_is_too_much_or_of_a_whole_item_is_refused(item: str, amount: str) -> None:
    claim = witness(leaf("requires", A, B, C, amounts={item: amount}))
    refused(f"`{item}` can not count as {amount}", pathway(PARTIAL), BOTH, claim)


def test_a_part_of_an_item_that_is_not_used_is_refused() -> None:
    claim = witness(leaf("requires", A, B, amounts={C: "15"}))
    refused(
        "this rule uses items, and says something of those only",
        pathway({"credits": 20, "from": "any"}),
        BOTH,
        claim,
    )


# --- averages and sums ---------------------------------------------------------------------------

MARKED = learner(
    done("algebra", score=60, grade="C"),
    done("biology", "2026-02-01", score=70, grade="B"),
    done("chemistry", "2026-03-01", score=80, grade="A"),
)

VALUES: list[tuple[Json, Json, bool]] = [
    ({"count": 3, "average": 70}, {}, True),
    ({"count": 3, "average": Decimal("70.1")}, {}, False),
    ({"credits": 40, "average": Decimal("72.5")}, {}, True),
    ({"credits": 40, "average": Decimal("72.6")}, {}, False),
    ({"credits": 40, "average": 70, "weighted_by": "none"}, {}, True),
    ({"credits": 40, "average": 71, "weighted_by": "none"}, {}, False),
    ({"count": 3, "average": 72, "weighted_by": "credits"}, {}, True),
    ({"count": 3, "average": 73, "weighted_by": "credits"}, {}, False),
    ({"count": 3, "average": 3}, {"scale": SCALE}, True),
    ({"count": 3, "average": Decimal("3.1")}, {"scale": SCALE}, False),
    ({"count": 3, "average": 70, "of": "score"}, {"scale": SCALE}, True),
    ({"count": 3, "average": 71, "of": "score"}, {"scale": SCALE}, False),
    ({"count": 3, "sum": 210}, {}, True),
    ({"count": 3, "sum": 211}, {}, False),
    ({"credits": 40, "sum": 210}, {}, True),
    ({"credits": 40, "sum": 211}, {}, False),
    ({"count": 3, "sum": 2900, "weighted_by": "credits"}, {}, True),
    ({"count": 3, "sum": 2901, "weighted_by": "credits"}, {}, False),
]


@pytest.mark.parametrize(("rule", "file", "reached"), VALUES)
def test_a_selection_has_the_average_or_sum_that_is_asked_for(
    rule: Json, file: Json, reached: bool
) -> None:
    document = pathway({"from": "any", **rule}, **file)
    claim = witness(leaf("requires", A, B, C))
    if reached:
        accepted(document, MARKED, claim)
    else:
        refused("the ... is below ...", document, MARKED, claim)


def test_an_item_without_a_value_can_not_be_selected() -> None:
    claim = witness(leaf("requires", A, B))
    document = pathway({"count": 1, "from": "any", "average": 0})
    refused(
        "`biology@2026-02-01` is not what is asked for",
        document,
        learner(done("algebra", score=90), done("biology", "2026-02-01")),
        claim,
    )
    document = pathway({"count": 1, "from": "any", "sum": 0, "of": "points"}, scale=SCALE)
    record = learner(done("algebra", grade="A"), done("biology", "2026-02-01", grade="Z"))
    refused("`biology@2026-02-01` is not what is asked for", document, record, claim)


def test_points_are_no_value_where_there_is_no_scale() -> None:
    document = pathway({"count": 1, "from": "any", "sum": 0, "of": "points"})
    refused(f"`{A}` is not what is asked for", document, MARKED, witness(leaf("requires", A)))


def test_a_value_of_nothing_counts() -> None:
    record = learner(done("algebra", score=0), done("biology", "2026-02-01", score=100))
    claim = witness(leaf("requires", A, B))
    accepted(pathway({"count": 2, "from": "any", "average": 50}), record, claim)
    document = pathway({"count": 2, "from": "any", "average": Decimal("50.5")})
    refused("the average is below 50.5", document, record, claim)


def test_an_average_of_no_credits_is_none() -> None:
    rule = {"count": 1, "from": "any", "average": 0, "weighted_by": "credits"}
    claim = witness(leaf("requires", "essay@2026-01-01"))
    refused("the average is below 0", pathway(rule), learner(done("essay", score=90)), claim)


OVER_ALL = {"count": 1, "from": {"groups": "science"}, "average": 70, "over": "all"}


def test_over_all_asks_for_every_usable_match() -> None:
    accepted(pathway(OVER_ALL), MARKED, witness(leaf("requires", B, C)))
    refused(
        f"`{B}` is left out, where all count",
        pathway(OVER_ALL),
        MARKED,
        witness(leaf("requires", C)),
    )


def test_over_all_counts_each_passing_attempt() -> None:
    record = learner(
        done("biology", "2026-01-01", score=60), done("biology", "2026-02-01", score=80)
    )
    both = witness(leaf("requires", "biology@2026-01-01", B))
    accepted(pathway(OVER_ALL), record, both)
    refused(
        "`biology@2026-01-01` is left out, where all count",
        pathway(OVER_ALL),
        record,
        witness(leaf("requires", B)),
    )
    document = pathway(OVER_ALL, modules={"biology": {"groups": ["science"], "pass_score": 65}})
    accepted(document, record, witness(leaf("requires", B)))


def test_over_all_leaves_out_what_has_no_value_or_is_not_usable_inside_the_rule() -> None:
    record = learner(
        done("biology", "2026-02-01", score=80),
        done("chemistry", "2026-03-01"),
        done("chemistry", "2025-01-01", score=10),
    )
    document = pathway({**OVER_ALL, "after": "2026-01-01"})
    accepted(document, record, witness(leaf("requires", B)))
    outer = pathway({"all": [OVER_ALL], "since": "6 months"})
    accepted(outer, record, witness(parts("requires", leaf("requires.all[0]", B))))
    accepted(pathway(OVER_ALL), record, witness(leaf("requires", B)), after=date(2025, 6, 1))


def test_over_all_looks_at_every_match_within_a_window() -> None:
    record = learner(
        done("biology", "2025-01-01", score=80), done("chemistry", "2026-03-01", score=80)
    )
    document = pathway({**OVER_ALL, "within": "1 year"})
    refused(
        "`biology@2025-01-01` is left out, where all count",
        document,
        record,
        witness(leaf("requires", C)),
    )
    refused(
        "2026-03-01 is not within 1 year of 2025-01-01",
        document,
        record,
        witness(leaf("requires", "biology@2025-01-01", C)),
    )


# --- restrictions on all that a rule uses --------------------------------------------------------

RESTRICTED: list[tuple[Json, str, bool]] = [
    ({"since": "5 months"}, "2026-07-01", True),
    ({"since": "5 months"}, "2026-07-02", False),
    ({"after": "2026-02-01"}, TODAY, True),
    ({"after": "2026-02-02"}, TODAY, False),
    ({"before": "2026-02-01"}, TODAY, True),
    ({"before": "2026-01-31"}, TODAY, False),
    ({"only": {"source": "course"}}, TODAY, True),
    ({"only": {"source": "transfer"}}, TODAY, False),
]


@pytest.mark.parametrize(("modifier", "on", "kept"), RESTRICTED)
def test_a_restriction_holds_for_all_evidence_inside(modifier: Json, on: str, kept: bool) -> None:
    inner = {"any": [{"module": "biology"}]}
    document = pathway({"all": [inner], **modifier})
    use = parts("requires", parts("requires.all[0]", leaf("requires.all[0].any[0]", B)))
    record = learner(done("biology", "2026-02-01"))
    if kept:
        accepted(document, record, witness(use, on=on))
    else:
        refused(
            "requires.all[0].any[0]: `biology@2026-02-01` is ...",
            document,
            record,
            witness(use, on=on),
        )


def test_restrictions_of_nested_rules_add_up() -> None:
    inner = {"any": [{"module": "biology"}], "before": "2026-01-31"}
    use = parts("requires", parts("requires.all[0]", leaf("requires.all[0].any[0]", B)))
    refused(
        "`biology@2026-02-01` is dated after 2026-01-31",
        pathway({"all": [inner], "after": "2026-01-01"}),
        BOTH,
        witness(use),
    )


def test_only_leaves_awards_untouched_unless_it_names_a_kind() -> None:
    record = learner(holds=[held("badge")])
    claim = witness(leaf("requires", "badge@2026-01-01"))
    rule = {"credential": "badge", "only": {"source": "course"}}
    accepted(pathway(rule), record, claim)
    for only in (
        {"kind": "degree"},
        {"any_of": [{"source": "course"}, {"except": {"type": "credential"}}]},
    ):
        refused(
            "`badge@2026-01-01` is kept out by `only`",
            pathway({"credential": "badge", "only": only}),
            record,
            claim,
        )
    accepted(pathway({"credential": "badge", "only": {"kind": "badge"}}), record, claim)


def test_all_evidence_must_lie_within_a_window() -> None:
    record = learner(done("algebra"), done("biology", "2026-02-01"))
    claim = witness(use_of("all", 0, 1))
    accepted(pathway({"all": THREE[:2], "within": "1 month"}), record, claim)
    refused(
        "2026-02-01 is not within 30 days of 2026-01-01",
        pathway({"all": THREE[:2], "within": "30 days"}),
        record,
        claim,
    )


def test_no_evidence_may_be_later_than_a_window_from_the_enrolment() -> None:
    document = pathway({"module": "algebra", "within": "3 months of enrolment"})
    accepted(document, learner(done("algebra"), enrolled="2025-10-01"), JANUARY)
    refused(
        "2026-01-01 is not within 3 months of 2025-09-30",
        document,
        learner(done("algebra"), enrolled="2025-09-30"),
        JANUARY,
    )
    accepted(document, learner(done("algebra")), JANUARY)


# --- together ------------------------------------------------------------------------------------

SHORT_LIVED = {
    name: {**MODULES[name], "valid_for": "2 months"} for name in ("algebra", "biology", "chemistry")
}
TOGETHER = {"all": THREE[:2], "together": True}


def test_what_expired_may_serve_where_all_was_usable_on_one_day() -> None:
    accepted(pathway(TOGETHER, modules=SHORT_LIVED), BOTH, witness(use_of("all", 0, 1)))


def test_evidence_that_was_never_usable_on_one_day_is_refused() -> None:
    document = pathway({"all": [THREE[0], THREE[2]], "together": True}, modules=SHORT_LIVED)
    uses = [leaf("requires.all[0]", A), leaf("requires.all[1]", "chemistry@2026-03-02")]
    record = learner(done("algebra"), done("chemistry", "2026-03-02"))
    refused(
        "`algebra@2026-01-01` had expired by 2026-03-02",
        document,
        record,
        witness(parts("requires", *uses)),
    )


def test_what_is_usable_together_is_so_up_to_the_day_of_the_witness() -> None:
    claim = witness(use_of("all", 0, 1), on="2026-01-31")
    refused(
        "`biology@2026-02-01` is dated after 2026-01-31",
        pathway(TOGETHER, modules=SHORT_LIVED),
        BOTH,
        claim,
    )


def test_what_was_revoked_since_does_not_serve_together() -> None:
    record = learner(done("algebra", revoked="2026-06-01"), done("biology", "2026-02-01"))
    claim = witness(use_of("all", 0, 1))
    refused(
        "`algebra@2026-01-01` was revoked on 2026-06-01",
        pathway(TOGETHER, modules=SHORT_LIVED),
        record,
        claim,
    )


def test_since_counts_from_the_day_of_the_witness_in_together_too() -> None:
    document = pathway({**TOGETHER, "since": "5 months"}, modules=SHORT_LIVED)
    accepted(document, BOTH, witness(use_of("all", 0, 1), on="2026-06-01"))
    refused(
        "`algebra@2026-01-01` is older than 5 months",
        document,
        BOTH,
        witness(use_of("all", 0, 1), on="2026-06-02"),
    )


def test_one_day_serves_all_rules_inside_together() -> None:
    inner = {"all": [THREE[0]], "together": True}
    modules = {"algebra": SHORT_LIVED["algebra"]}
    document = pathway({"all": [inner, THREE[2]], "together": True}, modules=modules)
    record = learner(done("algebra"), done("chemistry", "2026-03-02"))
    uses = [
        parts("requires.all[0]", leaf("requires.all[0].all[0]", A)),
        leaf("requires.all[1]", "chemistry@2026-03-02"),
    ]
    claim = witness(parts("requires", *uses))
    refused("`algebra@2026-01-01` had expired by 2026-06-30", document, record, claim)
    apart = pathway({"all": [inner, THREE[2]]}, modules=modules)
    accepted(apart, record, claim)


def test_what_is_usable_together_may_have_to_be_fresh_too() -> None:
    document = pathway(TOGETHER, modules=SHORT_LIVED)
    claim = witness(use_of("all", 0, 1))
    accepted(document, BOTH, claim, after=date(2025, 12, 31))
    words = "`algebra@2026-01-01` is not dated after 2026-01-01"
    refused(words, document, BOTH, claim, after=date(2026, 1, 1))


def test_together_says_nothing_of_waivers() -> None:
    document = pathway({"all": [{**THREE[0], "id": "sums"}], "together": True})
    use = parts("requires", {"path": "requires.all[0]", "waived": ["waiver:sums"]})
    record = learner(done("biology", "2026-02-01"), waived=[waived("sums")])
    accepted(document, record, witness(use, "waiver:sums"))
    refused("too few of its parts are met", document, record, witness(parts("requires")))


def test_what_is_said_before_a_rule_that_looks_back_is_not_taken_back() -> None:
    document = pathway({"all": [ALGEBRA, {**ALGEBRA, "together": True}]})
    use = parts("requires", leaf("requires.all[0]"), leaf("requires.all[1]"))
    said = check(document, BOTH, "cert", witness(use))
    assert {objection.path for objection in said} == {"requires.all[0]", "requires.all[1]"}


def test_the_latest_attempt_is_that_of_the_day_on_which_all_was_usable() -> None:
    document = pathway(TOGETHER, modules=SHORT_LIVED, attempts="latest")
    record = learner(done("algebra"), done("biology", "2026-02-01"), done("algebra", "2026-03-01"))
    accepted(document, record, witness(use_of("all", 0, 1)))


def test_a_day_after_an_expiry_may_be_the_one_on_which_all_was_usable() -> None:
    modules = {
        "algebra": MODULES["algebra"],
        "biology": MODULES["biology"] | {"valid_for": "1 year"},
    }
    document = pathway(TOGETHER, modules=modules, attempts="latest")
    record = learner(
        done("algebra"),
        done("algebra", "2026-01-15", expires="2026-03-01"),
        done("biology", "2026-02-01", expires="2026-03-31"),
    )
    accepted(document, record, witness(use_of("all", 0, 1)))


def test_an_award_renewed_after_a_gap_is_usable_together_with_what_came_later() -> None:
    document = pathway({"all": [LICENCE, ALGEBRA], "together": True})
    renewed = [{"on": "2027-06-01"}]
    record = learner(done("algebra", "2027-03-01"), holds=[held("licence", renewed=renewed)])
    uses = [
        leaf("requires.all[0]", "licence@2026-01-01"),
        leaf("requires.all[1]", "algebra@2027-03-01"),
    ]
    claim = parts("requires", *uses)
    accepted(document, record, witness(claim, on="2030-01-01"))
    refused(
        "`licence@2026-01-01` had expired by 2027-05-31",
        document,
        record,
        witness(claim, on="2027-05-31"),
    )


# --- sharing between parts -----------------------------------------------------------------------

HALVES = [{"count": 2, "from": "any"}, {"count": 2, "from": "any"}]
FOUR = learner(
    done("algebra"),
    done("biology", "2026-02-01"),
    done("chemistry", "2026-03-01"),
    done("drawing", "2026-04-01"),
)
D = "drawing@2026-04-01"


def halves(first: list[str], second: list[str]) -> Json:
    return witness(
        parts("requires", leaf("requires.all[0]", *first), leaf("requires.all[1]", *second))
    )


def test_parts_may_use_the_same_evidence_unless_the_rule_forbids_it() -> None:
    accepted(pathway({"all": HALVES}), FOUR, halves([A, B], [A, B]))


def test_distinct_parts_may_not_use_the_same_item() -> None:
    document = pathway({"all": HALVES, "distinct": True})
    accepted(document, FOUR, halves([A, B], [C, D]))
    refused("items that its parts have in common: 1", document, FOUR, halves([A, B], [B, C]))


def test_overlap_says_how_many_items_parts_may_share() -> None:
    document = pathway({"all": HALVES, "overlap": 1})
    accepted(document, FOUR, halves([A, B], [B, C]))
    refused("items that its parts have in common: 2", document, FOUR, halves([A, B], [A, B]))


def test_an_item_that_three_parts_use_is_one_item_of_overlap() -> None:
    document = pathway({"all": [ALGEBRA, ALGEBRA, ALGEBRA], "overlap": 1})
    uses = [leaf(f"requires.all[{place}]", A) for place in range(3)]
    accepted(document, FOUR, witness(parts("requires", *uses)))


def test_overlap_may_be_in_credits() -> None:
    document = pathway({"all": HALVES, "overlap": {"credits": 10}})
    accepted(document, FOUR, halves([A, B], [B, C]))
    refused("credits that its parts have in common: 20", document, FOUR, halves([A, C], [B, C]))


def test_children_are_compared_each_as_a_whole() -> None:
    inner = {"all": [ALGEBRA, {"module": "algebra"}], "shared": True}
    document = pathway({"all": [inner, {"module": "biology"}], "distinct": True})
    first = parts(
        "requires.all[0]", leaf("requires.all[0].all[0]", A), leaf("requires.all[0].all[1]", A)
    )
    accepted(document, FOUR, witness(parts("requires", first, leaf("requires.all[1]", B))))


def test_two_attempts_at_a_module_are_one_item() -> None:
    rule = {"all": [ALGEBRA, ALGEBRA], "distinct": True}
    claim = halves(["algebra@2026-01-01"], ["algebra@2026-03-01"])
    refused("items that its parts have in common: 1", pathway(rule), ATTEMPTS, claim)


def test_an_item_is_as_large_as_its_largest_attempt() -> None:
    record = learner(done("algebra", credits=3), done("algebra", "2026-03-01", credits=8))
    claim = halves(["algebra@2026-01-01"], ["algebra@2026-03-01"])
    accepted(pathway({"all": [ALGEBRA, ALGEBRA], "overlap": {"credits": 8}}), record, claim)
    document = pathway({"all": [ALGEBRA, ALGEBRA], "overlap": {"credits": 7}})
    refused("credits that its parts have in common: 8", document, record, claim)


def test_a_substitute_is_one_item_with_what_it_counts_as_and_with_what_it_is() -> None:
    record = learner(
        done("algebra"),
        done("drawing", "2026-02-01"),
        done("drawing", "2026-03-01"),
        substituted=SWAPPED,
    )
    as_algebra = serving("drawing@2026-02-01", "algebra")
    second = leaf("requires.all[1]", "drawing@2026-02-01", **as_algebra)
    use = parts("requires", leaf("requires.all[0]", A), second)
    refused(
        "items that its parts have in common: 1",
        pathway({"all": [ALGEBRA, ALGEBRA], "distinct": True}),
        record,
        witness(use),
    )
    use = parts("requires", leaf("requires.all[0]", "drawing@2026-03-01"), second)
    rule = {"all": [{"module": "drawing"}, ALGEBRA], "distinct": True}
    refused("items that its parts have in common: 1", pathway(rule), record, witness(use))


def test_two_awards_of_a_credential_are_one_item() -> None:
    record = learner(holds=[held("licence"), held("licence", "2026-02-01")])
    claim = halves(["licence@2026-01-01"], ["licence@2026-02-01"])
    refused(
        "items that its parts have in common: 1",
        pathway({"all": [LICENCE, LICENCE], "distinct": True}),
        record,
        claim,
    )


STACK = [{"credential": "badge"}, {"module": "algebra"}]
STACKED = learner(done("algebra"), holds=[held("badge", "2026-02-01", used=["algebra@2026-01-01"])])


def stacked() -> Json:
    return halves(["badge@2026-02-01"], ["algebra@2026-01-01"])


def test_distinct_does_not_look_beneath_an_award() -> None:
    accepted(pathway({"all": STACK, "distinct": True}), STACKED, stacked())


def test_distinct_through_looks_beneath_an_award() -> None:
    document = pathway({"all": STACK, "distinct": "through"})
    refused("items that its parts have in common: 1", document, STACKED, stacked())
    other = learner(done("algebra"), holds=[held("badge", "2026-02-01", used=["lms-1"])])
    accepted(document, other, stacked())


def test_distinct_through_looks_beneath_the_awards_beneath() -> None:
    holds = [
        held("badge", "2026-02-01", used=["licence@2025-01-01"]),
        held("licence", "2025-01-01", used=["algebra@2026-01-01", "badge@2026-02-01"]),
    ]
    record = learner(done("algebra"), holds=holds)
    refused(
        "items that its parts have in common: 1",
        pathway({"all": STACK, "distinct": "through"}),
        record,
        stacked(),
    )


def test_distinct_through_knows_items_that_are_not_on_record_by_their_names() -> None:
    holds = [held("badge", "2026-02-01", used=["lms-1"]), held("licence", used=["lms-1"])]
    document = pathway({"all": [STACK[0], LICENCE], "distinct": "through"})
    claim = halves(["badge@2026-02-01"], ["licence@2026-01-01"])
    refused("items that its parts have in common: 1", document, learner(holds=holds), claim)


def test_distinct_through_tells_items_apart_that_are_not_on_record() -> None:
    holds = [held("badge", "2026-02-01", used=["lms-1"]), held("licence", used=["lms-2"])]
    document = pathway({"all": [STACK[0], LICENCE], "distinct": "through"})
    claim = halves(["badge@2026-02-01"], ["licence@2026-01-01"])
    accepted(document, learner(holds=holds), claim)


def test_attempts_that_both_parts_use_are_one_item_of_a_module_that_counts_once() -> None:
    twice = {"all": [{"module": "algebra"}, {"module": "algebra"}]}
    first, second = "algebra@2026-01-01", "algebra@2026-02-01"
    uses = [
        parts(path, leaf(f"{path}.all[0]", first), leaf(f"{path}.all[1]", second))
        for path in ("requires.all[0]", "requires.all[1]")
    ]
    record = learner(done("algebra"), done("algebra", "2026-02-01"))
    document = pathway({"all": [twice, twice], "overlap": 1})
    accepted(document, record, witness(parts("requires", *uses)))


def test_distinct_through_knows_two_awards_of_a_credential_as_one_item() -> None:
    holds = [
        held("badge", "2026-02-01", used=["licence@2025-06-01"]),
        held("licence", "2025-06-01"),
        held("licence"),
    ]
    document = pathway({"all": [STACK[0], LICENCE], "distinct": "through"})
    claim = halves(["badge@2026-02-01"], ["licence@2026-01-01"])
    refused("items that its parts have in common: 1", document, learner(holds=holds), claim)


def test_distinct_through_counts_the_attempts_beneath_an_award() -> None:
    record = learner(*shifts("fieldwork", 1, 2, 3), holds=[held("badge", "2026-02-01", used=f(1))])
    document = pathway({"all": [STACK[0], PRACTICE], "distinct": "through"})
    accepted(document, record, halves(["badge@2026-02-01"], f(2)))
    both = {"count": 2, "from": {"groups": "practice"}}
    document = pathway({"all": [STACK[0], both], "distinct": "through"})
    claim = halves(["badge@2026-02-01"], f(2, 3))
    refused("items that its parts have in common: 1", document, record, claim)


def test_distinct_through_looks_beneath_every_award() -> None:
    holds = [
        held("badge", "2026-02-01", used=["licence@2025-01-01", "licence@2025-02-01"]),
        held("licence", "2025-01-01", used=[A]),
        held("licence", "2025-02-01", used=[B]),
    ]
    rule = {"all": [STACK[0], {"count": 2, "from": "any"}], "distinct": "through"}
    record = learner(done("algebra"), done("biology", "2026-02-01"), holds=holds)
    claim = halves(["badge@2026-02-01"], [A, B])
    refused("items that its parts have in common: 2", pathway(rule), record, claim)


def test_what_an_award_has_used_may_be_one_item_with_what_stands_beside_it() -> None:
    inner = {"all": [STACK[0], PRACTICE]}
    document = pathway({"all": [inner, PRACTICE], "distinct": "through"})
    record = learner(*shifts("fieldwork", 1, 2, 3), holds=[held("badge", "2026-02-01", used=f(1))])
    first = parts(
        "requires.all[0]",
        leaf("requires.all[0].all[0]", "badge@2026-02-01"),
        leaf("requires.all[0].all[1]", *f(2)),
    )
    accepted(document, record, witness(parts("requires", first, leaf("requires.all[1]", *f(3)))))


def test_a_waiver_is_not_shared() -> None:
    holds = [held("badge", "2026-02-01", used=["waiver:x"]), held("licence", used=["waiver:x"])]
    document = pathway({"all": [STACK[0], LICENCE], "distinct": "through"})
    claim = halves(["badge@2026-02-01"], ["licence@2026-01-01"])
    accepted(document, learner(holds=holds, waived=[waived("x")]), claim)


# --- repeatable modules --------------------------------------------------------------------------


def shifts(module: str, *months: int, **more: Any) -> tuple[Json, ...]:
    return tuple(done(module, f"2026-0{month}-01", **more) for month in months)


def f(*months: int) -> list[str]:
    return [f"fieldwork@2026-0{month}-01" for month in months]


PRACTICE = {"count": 1, "from": {"groups": "practice"}}


def test_attempts_at_a_repeatable_module_are_items_of_their_own() -> None:
    document = pathway({"all": [PRACTICE, PRACTICE], "distinct": True})
    record = learner(*shifts("fieldwork", 1, 2))
    accepted(document, record, halves(f(1), f(2)))
    refused("items that its parts have in common: 1", document, record, halves(f(1), f(1)))


def test_attempts_at_a_repeatable_module_are_no_more_items_than_may_count() -> None:
    three = pathway({"all": [PRACTICE] * 3, "distinct": True})
    record = learner(*shifts("fieldwork", 1, 2, 3))
    uses = [leaf(f"requires.all[{place}]", *f(place + 1)) for place in range(3)]
    refused(
        "items that its parts have in common: 1", three, record, witness(parts("requires", *uses))
    )
    overlapping = pathway({"all": [PRACTICE] * 3, "overlap": 1})
    accepted(overlapping, record, witness(parts("requires", *uses)))


def test_what_stands_in_for_a_repeatable_module_is_one_of_so_many_items() -> None:
    modules: Json = {"geology": {}}
    swap = [{"module": "geology", "counts_as": "fieldwork", "on": "2026-01-01"}]
    record = learner(done("geology", id="g"), *shifts("fieldwork", 1, 2), substituted=swap)
    both = {"all": [PRACTICE, {"module": "geology"}]}
    first = parts(
        "requires.all[0]",
        leaf("requires.all[0].all[0]", "g", **serving("g", "fieldwork")),
        leaf("requires.all[0].all[1]", "g"),
    )
    rest = [leaf("requires.all[1]", *f(1)), leaf("requires.all[2]", *f(2))]
    claim = witness(parts("requires", first, *rest), *f(1), "g", *f(2))
    document = pathway({"all": [both, PRACTICE, PRACTICE], "overlap": 1}, modules=modules)
    accepted(document, record, claim)
    document = pathway({"all": [both, PRACTICE, PRACTICE], "distinct": True}, modules=modules)
    refused("items that its parts have in common: 1", document, record, claim)


def test_what_one_selection_counts_is_not_one_item() -> None:
    document = pathway({"all": [PRACTICE, PRACTICE], "distinct": True})
    record = learner(*shifts("fieldwork", 1, 2, 3))
    refused("items that its parts have in common: 1", document, record, halves(f(1, 2), f(3)))


def test_attempts_in_different_rules_of_one_part_may_be_one_item() -> None:
    both = {"all": [PRACTICE, PRACTICE]}
    document = pathway({"all": [both, PRACTICE], "distinct": True})
    record = learner(*shifts("fieldwork", 1, 2, 3))
    first = parts(
        "requires.all[0]",
        leaf("requires.all[0].all[0]", *f(1)),
        leaf("requires.all[0].all[1]", *f(2)),
    )
    claim = witness(parts("requires", first, leaf("requires.all[1]", *f(3))))
    accepted(document, record, claim)
    accepted(pathway({"all": [{**both, "overlap": 1}, PRACTICE], "distinct": True}), record, claim)
    for apart in ({**both, "distinct": True}, {**both, "overlap": 0}):
        document = pathway({"all": [apart, PRACTICE], "distinct": True})
        refused("items that its parts have in common: 1", document, record, claim)


def test_attempts_that_two_parts_share_may_be_one_item() -> None:
    both = {"all": [PRACTICE, PRACTICE]}
    document = pathway({"all": [both, both], "overlap": 1})
    record = learner(*shifts("fieldwork", 1, 2))

    def part(place: int) -> Json:
        path = f"requires.all[{place}]"
        return parts(path, leaf(f"{path}.all[0]", *f(1)), leaf(f"{path}.all[1]", *f(2)))

    accepted(document, record, witness(parts("requires", part(0), part(1))))
    refused(
        "items that its parts have in common: 2",
        document_of_pairs(1),
        record,
        halves(f(1, 2), f(1, 2)),
    )
    accepted(document_of_pairs(2), record, halves(f(1, 2), f(1, 2)))


def document_of_pairs(overlap: int | Json) -> Document:
    pair = {"count": 2, "from": {"groups": "practice"}}
    return pathway({"all": [pair, pair], "overlap": overlap})


def test_the_credits_that_parts_share_of_a_repeatable_module_are_as_few_as_can_be() -> None:
    record = learner(*shifts("fieldwork", 1, credits=6), *shifts("fieldwork", 2, 3, credits=10))
    accepted(document_of_pairs({"credits": 16}), record, halves(f(1, 2), f(1, 2)))
    refused(
        "credits that its parts have in common: 16",
        document_of_pairs({"credits": 15}),
        record,
        halves(f(1, 2), f(1, 2)),
    )


def test_where_attempts_must_be_one_item_it_is_a_small_one() -> None:
    days = [done("fieldwork", f"2026-0{month}-01", credits=10 - month) for month in (1, 2, 3)]
    uses = [leaf(f"requires.all[{place}]", *f(place + 1)) for place in range(3)]
    claim = witness(parts("requires", *uses))
    document = pathway({"all": [PRACTICE] * 3, "overlap": {"credits": 7}})
    accepted(document, learner(*days), claim)
    document = pathway({"all": [PRACTICE] * 3, "overlap": {"credits": 6}})
    refused("credits that its parts have in common: 7", document, learner(*days), claim)


def test_items_of_all_kinds_add_up_to_what_parts_have_in_common() -> None:
    rule = {"count": 3, "from": "any"}
    record = learner(done("algebra"), *shifts("fieldwork", 1), *shifts("guiding", 1, credits=3))
    claim = halves(*[[A, "fieldwork@2026-01-01", "guiding@2026-01-01"]] * 2)
    refused(
        "items that its parts have in common: 3",
        pathway({"all": [rule, rule], "overlap": 2}),
        record,
        claim,
    )
    document = pathway({"all": [rule, rule], "overlap": {"credits": 22}})
    refused("credits that its parts have in common: 23", document, record, claim)


def test_a_module_without_bound_has_as_many_items_as_attempts() -> None:
    record = learner(*shifts("guiding", 1, 2, 3, 4))
    items = [f"guiding@2026-0{month}-01" for month in (1, 2, 3, 4)]
    accepted(document_of_pairs(0), record, halves(items[:2], items[2:]))
    refused(
        "items that its parts have in common: 1",
        document_of_pairs(0),
        record,
        halves(items[:2], items[1:3]),
    )


# --- barred modules ------------------------------------------------------------------------------

BARRED = {"biology": {**MODULES["biology"], "barred": ["algebra"]}}
NOT_BOTH = f"`{B}` bars `{A}`, and both are used"


def test_two_modules_barred_to_each_other_may_not_both_be_used() -> None:
    refused(
        NOT_BOTH, pathway({"all": THREE[:2]}, modules=BARRED), BOTH, witness(use_of("all", 0, 1))
    )


def test_a_module_that_is_barred_to_another_may_be_used_without_it() -> None:
    accepted(pathway({"any": THREE[:2]}, modules=BARRED), BOTH, witness(use_of("any", 1)))


def test_a_substitute_is_barred_as_what_it_is_and_as_what_it_counts_as() -> None:
    swap = [{"module": "drawing", "counts_as": "algebra", "on": "2026-01-01"}]
    record = learner(done("drawing"), done("biology", "2026-02-01"), substituted=swap)
    first = leaf(
        "requires.all[0]", "drawing@2026-01-01", **serving("drawing@2026-01-01", "algebra")
    )
    claim = witness(parts("requires", first, leaf("requires.all[1]", B)))
    refused(
        "`biology@2026-02-01` bars `drawing@2026-01-01`, and both are used",
        pathway({"all": THREE[:2]}, modules=BARRED),
        record,
        claim,
    )
    by_source = {"biology": {**MODULES["biology"], "barred": ["drawing"]}}
    refused(
        "`biology@2026-02-01` bars `drawing@2026-01-01`, and both are used",
        pathway({"all": THREE[:2]}, modules=by_source),
        record,
        claim,
    )


def test_a_substitute_is_not_barred_to_itself() -> None:
    swap = [{"module": "biology", "counts_as": "algebra", "on": "2026-02-01"}]
    record = learner(done("biology", "2026-02-01"), substituted=swap)
    claim = witness(leaf("requires", B, **serving(B, "algebra")))
    accepted(pathway(ALGEBRA, modules=BARRED), record, claim)


def test_one_completion_is_not_used_as_both_of_two_that_are_barred_to_each_other() -> None:
    swap = [{"module": "biology", "counts_as": "algebra", "on": "2026-02-01"}]
    record = learner(done("biology", "2026-02-01"), substituted=swap)
    as_algebra = leaf("requires.all[0]", B, **serving(B, "algebra"))
    claim = witness(parts("requires", as_algebra, leaf("requires.all[1]", B)))
    refused(
        "`biology@2026-02-01` bars `biology@2026-02-01`, and both are used",
        pathway({"all": THREE[:2]}, modules=BARRED),
        record,
        claim,
    )


# --- exclusive credentials -----------------------------------------------------------------------


def exclusive(share: int = 0, *members: str) -> list[Json]:
    return [{"credentials": ["cert", *(members or ("badge",))], "share": share}]


def test_evidence_that_an_award_of_the_set_has_used_is_refused() -> None:
    record = learner(done("algebra"), holds=[held("badge", used=[A])])
    refused(
        "`badge@2026-01-01` has used 1 of these already",
        pathway(ALGEBRA, exclusive=exclusive()),
        record,
        JANUARY,
    )


def test_evidence_that_an_award_of_the_set_has_not_used_is_accepted() -> None:
    record = learner(done("algebra"), holds=[held("badge", used=["lms-1"])])
    accepted(pathway(ALGEBRA, exclusive=exclusive()), record, JANUARY)


def test_awards_of_a_set_may_share_what_the_set_allows() -> None:
    record = learner(done("algebra"), holds=[held("badge", used=[A])])
    accepted(pathway(ALGEBRA, exclusive=exclusive(1)), record, JANUARY)


def test_awards_outside_the_set_may_use_the_same_evidence() -> None:
    record = learner(done("algebra"), holds=[held("badge", used=[A])])
    accepted(pathway(ALGEBRA, exclusive=exclusive(0, "licence")), record, JANUARY)
    others = [{"credentials": ["badge", "licence"]}]
    accepted(pathway(ALGEBRA, exclusive=others), record, JANUARY)


def test_another_attempt_at_a_module_that_was_used_is_refused() -> None:
    record = learner(
        done("algebra"), done("algebra", "2026-03-01"), holds=[held("badge", used=[A])]
    )
    refused(
        "`badge@2026-01-01` has used 1 of these already",
        pathway(ALGEBRA, exclusive=exclusive()),
        record,
        MARCH,
    )


def test_a_module_that_was_used_under_a_retired_code_is_refused() -> None:
    document = pathway(ALGEBRA, modules=RETIRED, exclusive=exclusive())
    holds = [held("badge", used=["sums-2010@2026-01-01"])]
    record = learner(done("algebra"), done("sums-2010"), holds=holds)
    refused("`badge@2026-01-01` has used 1 of these already", document, record, JANUARY)


def test_an_award_that_is_not_held_on_the_day_takes_nothing() -> None:
    document = pathway(ALGEBRA, exclusive=exclusive(0, "licence"))
    gone = learner(done("algebra"), holds=[held("licence", used=[A], revoked="2026-02-01")])
    accepted(document, gone, JANUARY)
    expired = learner(done("algebra"), holds=[held("licence", "2025-01-01", used=[A])])
    accepted(document, expired, JANUARY)


def test_an_earlier_award_of_the_same_credential_takes_nothing() -> None:
    record = learner(done("algebra"), holds=[held("cert", used=[A])])
    accepted(pathway(ALGEBRA, exclusive=exclusive()), record, JANUARY)


def test_exclusive_sets_do_not_look_beneath_awards() -> None:
    holds = [held("badge", used=["licence@2026-01-01"]), held("licence", used=[A])]
    accepted(
        pathway(ALGEBRA, exclusive=exclusive()), learner(done("algebra"), holds=holds), JANUARY
    )


def test_a_class_may_be_met_by_what_another_award_has_used() -> None:
    cert = {"classes": [{"name": "merit", "requires": ALGEBRA}]}
    document = pathway(ALGEBRA, cert, exclusive=exclusive())
    record = learner(done("algebra"), holds=[held("badge", used=[A])])
    claim = witness(leaf("classes[merit].requires", A))
    accepted(document, record, claim, rule="classes[merit].requires")


# --- waivers -------------------------------------------------------------------------------------

WAIVABLE = {**ALGEBRA, "id": "sums"}
BY_WAIVER = witness({"path": "requires", "waived": ["waiver:sums"]}, "waiver:sums")


def test_a_waived_rule_is_met_by_its_waiver() -> None:
    accepted(pathway(WAIVABLE), learner(waived=[waived("sums")]), BY_WAIVER)


def test_a_waiver_that_is_not_on_record_is_refused() -> None:
    refused(
        "this rule uses one item, the whole of it, and no waiver",
        pathway(WAIVABLE),
        learner(),
        BY_WAIVER,
    )


def test_a_waiver_of_another_rule_is_refused() -> None:
    claim = witness({"path": "requires", "waived": ["waiver:other"]}, "waiver:other")
    refused(
        "this rule uses one item, the whole of it, and no waiver",
        pathway(WAIVABLE),
        learner(waived=[waived("other")]),
        claim,
    )


def test_a_waiver_is_in_force_from_its_date_on() -> None:
    record = learner(waived=[waived("sums")])
    use = {"path": "requires", "waived": ["waiver:sums"]}
    accepted(pathway(WAIVABLE), record, witness(use, "waiver:sums", on="2026-01-01"))
    refused(
        "this rule uses one item, the whole of it, and no waiver",
        pathway(WAIVABLE),
        record,
        witness(use, "waiver:sums", on="2025-12-31"),
    )


def test_a_waived_rule_that_is_met_by_evidence_is_refused() -> None:
    record = learner(done("algebra"), waived=[waived("sums", "2026-06-01")])
    refused(
        "a waived rule is met by its waiver, and by nothing else",
        pathway(WAIVABLE),
        record,
        JANUARY,
    )
    accepted(pathway(WAIVABLE), record, witness(leaf("requires", A), on="2026-05-31"))


@pytest.mark.parametrize(
    "more",
    [
        {"items": [A]},
        serving(A, "algebra"),
        {"amounts": {A: "1"}},
        {"parts": {"0": leaf("requires.all[0]", A)}},
        {"waived": ["waiver:sums", "w-2"]},
    ],
)
def test_a_waived_rule_that_uses_anything_besides_is_refused(more: Json) -> None:
    record = learner(done("algebra"), waived=[waived("sums"), waived("sums", id="w-2")])
    claim = witness({"path": "requires", "waived": ["waiver:sums"], **more}, "waiver:sums")
    words = "a waived rule is met by its waiver, and by nothing else"
    refused(words, pathway(WAIVABLE), record, claim)


def test_a_rule_with_parts_may_be_waived() -> None:
    document = pathway({"all": THREE, "id": "sums"})
    accepted(document, learner(waived=[waived("sums")]), BY_WAIVER)


def test_a_named_rule_is_waived_by_its_name_and_by_its_id() -> None:
    rules = {"basics": {**ALGEBRA, "id": "sums"}}
    document = pathway({"rule": "basics"}, rules=rules)
    for name in ("basics", "sums"):
        use = parts("requires", {"path": "requires.rule", "waived": [f"waiver:{name}"]})
        accepted(document, learner(waived=[waived(name)]), witness(use, f"waiver:{name}"))


def test_a_waiver_has_the_id_that_it_states() -> None:
    record = learner(waived=[waived("sums", id="w-1")])
    accepted(pathway(WAIVABLE), record, witness({"path": "requires", "waived": ["w-1"]}, "w-1"))
    refused(
        "a waived rule is met by its waiver, and by nothing else",
        pathway(WAIVABLE),
        record,
        BY_WAIVER,
    )


def test_a_waiver_is_no_evidence() -> None:
    claim = witness(leaf("requires", "waiver:other"), "waiver:other")
    refused(
        "`waiver:other` can not serve as `other`",
        pathway({"count": 1, "from": "any"}),
        learner(waived=[waived("other")]),
        claim,
    )


def test_restrictions_on_dates_do_not_look_at_a_waiver() -> None:
    rules = [{**THREE[0], "id": "sums"}, THREE[1]]
    document = pathway(
        {"in_order": rules, "after": "2026-02-01", "within": "1 day", "distinct": True}
    )
    record = learner(done("biology", "2026-02-01"), waived=[waived("sums", "2026-06-01")])
    by = {"path": "requires.in_order[0]", "waived": ["waiver:sums"]}
    use = parts("requires", by, leaf("requires.in_order[1]", B))
    accepted(document, record, witness(use, B, "waiver:sums"))


CREDITS = {"id": "electives", "credits": 40, "from": "any"}


def lowered(*items: str, by: tuple[str, ...] = ("waiver:electives",)) -> Json:
    use = leaf("requires", *items, waived=list(by))
    return witness(use, *by, *items)


def test_a_waived_amount_lowers_what_is_asked_for() -> None:
    document = pathway(CREDITS)
    accepted(
        document,
        learner(done("chemistry", "2026-03-01"), waived=[waived("electives", amount=20)]),
        lowered(C),
    )
    record = learner(done("chemistry", "2026-03-01"), waived=[waived("electives", amount=19)])
    refused("credits: 20 of 21", document, record, lowered(C))


def test_a_waived_amount_that_is_not_claimed_lowers_nothing() -> None:
    record = learner(done("chemistry", "2026-03-01"), waived=[waived("electives", amount=20)])
    refused("credits: 20 of 40", pathway(CREDITS), record, witness(leaf("requires", C)))


def test_waived_amounts_add_up() -> None:
    amounts = [waived("electives", amount=10), waived("electives", amount=10, id="w-2")]
    record = learner(done("chemistry", "2026-03-01"), waived=amounts)
    accepted(pathway(CREDITS), record, lowered(C, by=("w-2", "waiver:electives")))
    refused("credits: 20 of 30", pathway(CREDITS), record, lowered(C))


def test_an_amount_that_is_waived_wholly_needs_no_evidence() -> None:
    accepted(pathway(CREDITS), learner(waived=[waived("electives", amount=50)]), lowered())


def test_an_amount_waived_by_nobody_is_refused() -> None:
    record = learner(done("chemistry", "2026-03-01"))
    refused("no such waiver of this rule is in force", pathway(CREDITS), record, lowered(C))


def test_limits_stay_where_an_amount_is_waived() -> None:
    record = learner(done("chemistry", "2026-03-01"), waived=[waived("electives", amount=20)])
    kept = {"at_least": 20, "of": {"level": 6}}
    accepted(pathway({**CREDITS, "limits": [kept]}), record, lowered(C))
    for limit in ({"at_least": 21, "of": {"level": 6}}, {"at_most": "49%", "of": {"level": 6}}):
        refused(
            "the selection is not within this limit",
            pathway({**CREDITS, "limits": [limit]}),
            record,
            lowered(C),
        )


def test_an_amount_can_not_be_waived_of_a_rule_that_has_none() -> None:
    record = learner(done("algebra"), waived=[waived("sums", amount=1)])
    use = {**leaf("requires", A), "waived": ["waiver:sums"]}
    refused(
        "this rule uses one item, the whole of it, and no waiver",
        pathway(WAIVABLE),
        record,
        witness(use, A, "waiver:sums"),
    )


def test_rules_of_a_used_file_are_waived_under_its_name() -> None:
    used = written(WAIVABLE) | {"pathway": "college"}
    document = Document(
        main=Pathway.model_validate({"pathway": "studies"}), used=(Pathway.model_validate(used),)
    )
    use = {"path": "requires", "waived": ["waiver:college/sums"]}
    accepted(
        document, learner(waived=[waived("college/sums")]), witness(use, "waiver:college/sums")
    )
    refused(
        "this rule uses one item, the whole of it, and no waiver",
        document,
        learner(waived=[waived("sums")]),
        BY_WAIVER,
    )


# --- which rule, and when ------------------------------------------------------------------------

CLASSED = {
    "classes": [{"name": "merit", "requires": {"module": "biology"}}, {"name": "pass"}],
    "renewal": {"requires": {"module": "chemistry"}},
    "valid_for": "1 year",
}


def test_the_rule_of_a_class_is_judged_where_it_is_asked_for() -> None:
    claim = witness(leaf("classes[merit].requires", B))
    accepted(pathway(ALGEBRA, CLASSED), BOTH, claim, rule="classes[merit].requires")
    refused("the use that stands here is of another rule", pathway(ALGEBRA, CLASSED), BOTH, claim)


def test_the_rule_of_a_renewal_is_judged_where_it_is_asked_for() -> None:
    claim = witness(leaf("renewal.requires", C))
    accepted(pathway(ALGEBRA, CLASSED), BOTH, claim, rule="renewal.requires")


@pytest.mark.parametrize(
    "rule", ["classes[pass].requires", "classes[none].requires", "", "requires.all"]
)
def test_a_rule_that_does_not_exist_justifies_nothing(rule: str) -> None:
    refused("`cert` has no such rule", pathway(ALGEBRA, CLASSED), BOTH, JANUARY, rule=rule)


def test_a_credential_that_does_not_exist_is_not_justified() -> None:
    objections = check(pathway(ALGEBRA), BOTH, "medal", JANUARY)
    assert objections == (Objection("requires", "there is no credential `medal`"),)


def test_an_external_credential_is_not_justified_by_a_rule() -> None:
    objections = check(pathway(ALGEBRA), BOTH, "badge", JANUARY)
    assert objections == (Objection("requires", "`badge` has no such rule"),)


def test_a_witness_before_the_enrolment_is_refused() -> None:
    use = leaf("requires", A)
    record = learner(done("algebra"), enrolled="2026-03-01")
    accepted(pathway(ALGEBRA), record, witness(use, on="2026-03-01"))
    refused(
        "2026-02-28 is before the enrolment on 2026-03-01",
        pathway(ALGEBRA),
        record,
        witness(use, on="2026-02-28"),
    )


def test_a_renewal_may_be_before_the_enrolment() -> None:
    record = learner(done("chemistry", "2026-03-01"), enrolled="2026-05-01")
    claim = witness(leaf("renewal.requires", C), on="2026-04-01")
    accepted(pathway(ALGEBRA, CLASSED), record, claim, rule="renewal.requires")


def test_evidence_that_is_not_fresh_is_refused() -> None:
    accepted(pathway(ALGEBRA), BOTH, JANUARY, after=date(2025, 12, 31))
    refused(
        "`algebra@2026-01-01` is not dated after 2026-01-01",
        pathway(ALGEBRA),
        BOTH,
        JANUARY,
        after=date(2026, 1, 1),
    )


def test_a_waiver_is_always_fresh() -> None:
    accepted(pathway(WAIVABLE), learner(waived=[waived("sums")]), BY_WAIVER, after=date(2026, 6, 1))


def test_a_record_must_have_its_dates() -> None:
    refused(
        "`algebra` has no date in the record",
        pathway(ALGEBRA),
        learner({"module": "algebra"}),
        JANUARY,
    )
    refused(
        "`sums` has no date in the record",
        pathway(ALGEBRA),
        learner(waived=[{"rule": "sums"}]),
        JANUARY,
    )
    swap = [{"module": "drawing", "counts_as": "algebra"}]
    refused(
        "`drawing` has no date in the record", pathway(ALGEBRA), learner(substituted=swap), JANUARY
    )


def test_two_items_of_one_name_can_not_be_told_apart() -> None:
    record = learner(done("algebra"), done("algebra", score=90))
    refused(
        "two items of the record are called `algebra@2026-01-01`", pathway(ALGEBRA), record, JANUARY
    )


# --- the form of a witness -----------------------------------------------------------------------


def test_the_items_are_those_used_in_their_order() -> None:
    document = pathway({"all": THREE})
    use = use_of("all", 0, 1, 2)
    accepted(document, BOTH, witness(use, A, B, C))
    for items in ([A, C, B], [A, B], [A, B, C, "drawing@2026-04-01"]):
        refused(
            "the items listed are not those that are used, in their order",
            document,
            BOTH,
            {"on": TODAY, "items": items, "use": use},
        )


def test_items_are_ordered_by_date_then_by_what_they_are_of_then_by_id() -> None:
    record = learner(
        done("biology", id="a"),
        done("algebra", id="z"),
        done("fieldwork", id="y"),
        done("fieldwork", id="x"),
        waived=[waived("electives", amount=1)],
    )
    document = pathway({**CREDITS, "credits": 41})
    use = leaf("requires", "a", "x", "y", "z", waived=["waiver:electives"])
    accepted(document, record, witness(use, "z", "a", "waiver:electives", "x", "y"))
    refused(
        "the items listed are not those that are used, in their order",
        document,
        record,
        witness(use, "a", "z", "waiver:electives", "x", "y"),
    )


def test_an_objection_tells_its_place_and_its_reason() -> None:
    assert str(Objection("requires.all[0]", "had expired")) == "requires.all[0]: had expired"


FORM = "a part of the witness is not a mapping as it should be"
DATE = "`on` is not a date such as 2026-03-01"
PART = "`amounts` has what is not an amount such as `2.5` or `5/3`"
OTHER = "the use that stands here is of another rule"


def claiming(**use: Any) -> Json:
    return {"on": TODAY, "items": [A], "use": {"path": "requires", "items": [A], **use}}


MALFORMED: list[tuple[object, str]] = [
    (None, FORM),
    (7, FORM),
    ("requires", FORM),
    ([], FORM),
    ({1: TODAY}, FORM),
    ({}, DATE),
    ({"on": None}, DATE),
    ({"on": "soon"}, DATE),
    ({"on": TODAY}, FORM),
    ({"on": TODAY, "use": {}}, OTHER),
    ({"on": TODAY, "items": {}}, "`items` is not a list of ids"),
    ({"on": TODAY, "items": A}, "`items` is not a list of ids"),
    ({"on": TODAY, "items": [1]}, "`items` is not a list of ids"),
    ({"on": TODAY, "items": [A, A]}, "`items` names something twice"),
    ({"on": TODAY, "use": [A]}, FORM),
    ({**claiming(), "extra": 1}, "the witness has an unknown key `extra`"),
    (claiming(extra=1, more=1), "the witness has an unknown key `extra`"),
    (claiming(path=["requires"]), OTHER),
    (claiming(items="x"), "`items` is not a list of ids"),
    (claiming(items=[None]), "`items` is not a list of ids"),
    (claiming(waived={A: 1}), "`waived` is not a list of ids"),
    (claiming(waived=["x", "x"]), "`waived` names something twice"),
    (claiming(parts=[1]), FORM),
    (claiming(parts={0: {}}), FORM),
    (claiming(**{"as": []}), FORM),
    (claiming(**{"as": {A: ["algebra"]}}), f"`{A}` can not serve as `['algebra']`"),
    (claiming(amounts=[A]), FORM),
    (claiming(amounts={A: 1}), PART),
    (claiming(amounts={A: "1/0"}), PART),
    (claiming(amounts={A: "-1"}), PART),
]


@pytest.mark.parametrize(("claim", "words"), MALFORMED)
def test_a_malformed_witness_is_refused(claim: object, words: str) -> None:
    refused(words, pathway(ALGEBRA), BOTH, claim)


@pytest.mark.parametrize("use", [serving("x", "algebra"), {"amounts": {A: "1"}}, {"waived": ["x"]}])
def test_a_rule_of_one_item_that_says_more_than_which_is_refused(use: Json) -> None:
    refused("this rule uses ...", pathway(ALGEBRA), BOTH, claiming(**use))


def test_a_rule_that_is_not_linked_justifies_nothing() -> None:
    document = Document(main=Pathway.model_validate(written({"all": ["algebra"]})))
    refused("nothing says what `algebra` is", document, BOTH, witness(use_of("all", 0)))


# --- any witness at all --------------------------------------------------------------------------

LARGE = pathway(
    {
        "all": [
            {"rule": "basics"},
            {"at_least": 2, "of": THREE},
            {"points": 8, "of": WORTHS},
            {"every": {"groups": "science"}},
            {"in_order": THREE, "within": "1 year"},
            {**PARTIAL, "id": "electives", "average": 50, "over": "all"},
            {"any": [LICENCE, STACK[0]], "together": True},
            {"all": [PRACTICE, PRACTICE], "distinct": "through"},
        ],
        "overlap": {"credits": 100},
    },
    CLASSED,
    rules={"basics": {**WAIVABLE, "only": {"level": "<9"}}},
    exclusive=exclusive(1, "badge", "licence"),
    modules=RETIRED | BARRED,
    attempts="latest",
)
FULL = learner(
    *(done(*entry, score=70) for entry in (("algebra", "2026-01-01"), ("biology", "2026-02-01"))),
    done("chemistry", "2026-03-01", score=80),
    done("sums-2010", "2026-01-05"),
    *shifts("fieldwork", 1, 2),
    holds=[held("badge", used=[A, "waiver:sums"]), held("licence", used=["badge@2026-01-01"])],
    waived=[waived("sums"), waived("electives", amount=5)],
    substituted=SWAPPED,
)
WORDS = [
    A,
    B,
    C,
    *f(1, 2),
    "badge@2026-01-01",
    "licence@2026-01-01",
    "waiver:sums",
    "waiver:electives",
]
WORDS += [
    "algebra",
    "requires",
    "requires.all[0]",
    "requires.all[0].rule",
    "0",
    "1",
    "7",
    "2.5",
    "1/3",
    TODAY,
]
KEYS = ["on", "items", "use", "path", "as", "amounts", "waived", "parts", *map(str, range(9))]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(WORDS)
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=2), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(anything)
def test_whatever_is_wrong_with_a_witness_is_an_objection_and_never_an_error(claim: object) -> None:
    assert check(LARGE, FULL, "cert", claim) != ()


CORRECT = witness(
    parts(
        "requires",
        parts(
            "requires.all[0]", leaf("requires.all[0].all[0]", A), leaf("requires.all[0].all[1]", B)
        ),
        leaf("requires.all[1]", C, amounts={C: "15"}),
        parts("requires.all[2]", leaf("requires.all[2].any[0]", *f(1))),
    )
)
ONLY_JUST = pathway(
    {
        "all": [
            {"all": THREE[:2]},
            {
                "credits": 15,
                "from": ["chemistry"],
                "limits": [{"at_most": 15, "of": "any", "partial": True}],
            },
            {"any": [PRACTICE, LICENCE]},
        ],
        "distinct": True,
    }
)
ITEMS = learner(
    done("algebra"),
    done("biology", "2026-02-01"),
    done("chemistry", "2026-03-01"),
    *shifts("fieldwork", 1),
)


def places(value: object, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value, itself first."""
    yield at
    entries = (
        value.items()
        if isinstance(value, Mapping)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in entries:
        yield from places(inner, (*at, key))


def test_the_witness_that_is_tampered_with_below_is_accepted() -> None:
    accepted(ONLY_JUST, ITEMS, CORRECT)


@given(st.sampled_from([place for place in places(CORRECT) if place]), anything)
def test_a_witness_that_only_just_suffices_is_refused_with_anything_else_in_any_place(
    place: tuple[Any, ...], other: object
) -> None:
    claim = copy.deepcopy(CORRECT)
    holder: Any = claim
    for key in place[:-1]:
        holder = holder[key]
    if holder[place[-1]] == other or place == ("on",):
        return
    holder[place[-1]] = other
    assert check(ONLY_JUST, ITEMS, "cert", claim) != ()


@pytest.mark.parametrize("place", [place for place in places(CORRECT) if place])
def test_a_witness_that_only_just_suffices_is_refused_without_any_one_thing(
    place: tuple[Any, ...],
) -> None:
    claim = copy.deepcopy(CORRECT)
    holder: Any = claim
    for key in place[:-1]:
        holder = holder[key]
    del holder[place[-1]]
    assert check(ONLY_JUST, ITEMS, "cert", claim) != ()
