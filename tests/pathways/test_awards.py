"""Awards in time, where they once went wrong: each case is a defect that a comparison found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from pathways.awards import Assessment, assess
from pathways.document import Document, Record
from pathways.verdict import Outcome
from tests.fuzz.comparison import differences, unlike_the_search
from tests.strategies import Case

ON = date(2026, 1, 20)


def assessed(pathway: Mapping[str, Any], record: Mapping[str, Any], on: date = ON) -> Assessment:
    """Assess plain data, in the linked form."""
    document = Document.model_validate({"main": {"pathway": "p", **pathway}})
    return assess(document, Record.model_validate(record), on)


def test_a_waiver_that_came_into_force_is_the_evidence_from_then_on() -> None:
    """What was found on an earlier day, by evidence, must not be remembered as the answer."""
    told = assessed(
        {
            "modules": {"cat": {}},
            "credentials": {
                "gnu": {"requires": {"any": [{"id": "x", "module": "cat"}]}, "award": "approval"}
            },
        },
        {"completed": [{"module": "cat", "on": "2026-01-03"}], "waived": [{"rule": "x"}]},
    )
    verdict = told.standings["gnu"].verdict
    assert verdict is not None
    assert verdict.evidence == ("waiver:x",)


def test_who_is_left_without_evidence_by_an_approval_does_not_await_one() -> None:
    """The others are decided on the rest."""
    told = assessed(
        {
            "modules": {"cat": {"groups": ["green"]}},
            "credentials": {
                "bee": {"requires": {"every": {"groups": "green"}}},
                "jay": {"requires": {"module": "cat"}, "award": "approval"},
            },
            "exclusive": [{"credentials": ["jay", "bee"]}],
        },
        {"completed": ["cat"], "approved": ["bee"]},
    )
    assert told.standings["bee"].status == "held"
    assert told.standings["jay"].status == "not started"


def test_a_new_witness_takes_nothing_that_a_rival_holds() -> None:
    """After a revocation the award would rest on an attempt that another award has used."""
    told = assessed(
        {
            "modules": {"ant": {"repeatable": "unlimited"}, "kea": {}},
            "credentials": {
                "ibis": {"requires": {"module": "ant"}},
                "lynx": {"requires": {"every": {"ids": ["ant", "kea"]}}},
            },
            "exclusive": [{"credentials": ["lynx", "ibis"]}],
        },
        {
            "completed": [
                {"module": "kea", "on": "2026-01-03"},
                {"module": "ant", "on": "2026-01-03"},
                {"module": "ant", "on": "2026-01-02", "revoked": "2026-01-06"},
            ]
        },
    )
    (ibis,) = told.standings["ibis"].awards
    assert [loss.decision for loss in ibis.losses] == ["review"]
    assert told.standings["lynx"].outcome is Outcome.MET


@pytest.mark.parametrize(
    "rule",
    [
        {"count": 1, "from": {"ids": ["gnu"]}, "after": "2026-01-01"},
        {"count": 1, "from": {"ids": ["gnu"], "after": "2026-01-01"}},
        {"count": 1, "from": {"ids": ["gnu"], "except": {"before": "2025-12-31"}}},
        {"count": 1, "from": {"any_of": [{"ids": ["gnu"], "after": "2026-01-01"}]}},
        {
            "count": 1,
            "from": {"ids": ["gnu"]},
            "only": {"type": "credential", "after": "2026-01-01"},
        },
    ],
)
def test_an_award_is_made_before_what_asks_for_one_of_a_certain_day(rule: dict[str, Any]) -> None:
    """The higher credential comes first by its name, and would find nothing."""
    told = assessed(
        {
            "modules": {"ant": {}},
            "credentials": {"fox": {"requires": rule}, "gnu": {"requires": {"module": "ant"}}},
        },
        {"completed": [{"module": "ant", "on": "2026-01-01"}]},
    )
    assert told.standings["fox"].status == "held"
    assert list(told.standings) == ["gnu", "fox"]


def test_credentials_that_exclude_each_other_are_decided_after_all_that_either_may_use() -> None:
    """One of them is due only once a lower award is made; it is of the same day, so they tie."""
    told = assessed(
        {
            "modules": {"ant": {}, "bee": {}},
            "credentials": {
                "ibis": {"requires": {"all": [{"module": "ant"}, {"module": "bee"}]}},
                "gnu": {"requires": {"module": "ant"}},
                "hen": {"requires": {"all": [{"credential": "gnu"}, {"module": "bee"}]}},
            },
            "exclusive": [{"credentials": ["ibis", "hen"]}],
        },
        {"completed": [{"module": ref, "on": "2026-01-01"} for ref in ("ant", "bee")]},
    )
    assert {told.standings[ref].status for ref in ("ibis", "hen")} == {"awaiting approval"}
    assert told.standings["ibis"].conflict == ("hen",)


def test_a_limit_with_a_date_is_asked_again_each_day() -> None:
    """The evidence is the same on both days; what the limit says of it is not."""
    pathway = {
        "modules": {"dog": {"credits": 5}},
        "credentials": {
            "kea": {
                "lasts": "while_met",
                "requires": {
                    "credits": 3,
                    "from": {},
                    "limits": [{"at_least": 1, "of": {"since": "2 days"}}],
                },
            }
        },
    }
    record = {"completed": [{"module": "dog", "on": "2026-01-10"}]}
    assert assessed(pathway, record, date(2026, 1, 12)).standings["kea"].status == "held"
    assert assessed(pathway, record, date(2026, 1, 13)).standings["kea"].status == "lapsed"


def test_a_module_that_stands_in_for_the_one_that_bars_it_is_not_barred_by_itself() -> None:
    """One completion is one item, whatever it counts as."""
    told = assessed(
        {
            "modules": {"jay": {}, "bee": {"barred": ["jay"]}},
            "credentials": {"ibis": {"requires": {"module": "jay"}}},
        },
        {
            "completed": [{"module": "bee", "on": "2026-01-10"}],
            "substituted": [{"module": "bee", "counts_as": "jay", "on": "2026-01-02"}],
        },
    )
    assert told.standings["ibis"].awarded_on == date(2026, 1, 10)


def test_an_item_that_may_serve_twice_is_counted_once_over_all() -> None:
    """`over: all` takes every attempt, but none of them as two modules."""
    told = assessed(
        {
            "modules": {"ant": {}, "elk": {}},
            "credentials": {
                "cat": {
                    "requires": {
                        "count": 2,
                        "from": {},
                        "average": 50,
                        "of": "score",
                        "over": "all",
                    }
                }
            },
        },
        {
            "completed": [{"module": "ant", "score": 90}],
            "substituted": [{"module": "ant", "counts_as": "elk", "on": "2026-01-02"}],
        },
    )
    assert told.standings["cat"].status != "held"


def test_an_award_that_was_given_is_evidence_from_its_own_day() -> None:
    """Also for a credential that excludes it, and that may rest on it."""
    told = assessed(
        {
            "modules": {"elk": {}},
            "credentials": {
                "ibis": {"requires": {"credential": "kea"}},
                "kea": {"requires": {"module": "elk"}},
            },
            "exclusive": [{"credentials": ["kea", "ibis"]}],
        },
        {"holds": [{"credential": "kea", "on": "2026-01-07"}]},
    )
    assert told.standings["ibis"].awarded_on == date(2026, 1, 7)


def test_what_is_in_progress_is_another_attempt_even_on_the_day_of_one() -> None:
    """A completion of that day keeps its name, and does not hide the attempt that is going on."""
    told = assessed(
        {
            "modules": {"gnu": {"credits": "varies"}},
            "credentials": {"kea": {"requires": {"credits": 3, "from": {}}}},
        },
        {"completed": ["gnu"], "in_progress": [{"module": "gnu", "credits": 3}]},
    )
    assert told.standings["kea"].outcome is Outcome.PENDING


def test_evidence_revoked_before_the_day_of_a_given_award_is_lost_evidence() -> None:
    """The record may tell of the revocation before it tells of the award."""
    told = assessed(
        {
            "modules": {"elk": {}},
            "credentials": {"kea": {"requires": {"module": "elk"}, "on_lost_evidence": "revoke"}},
        },
        {
            "completed": [{"module": "elk", "on": "2026-01-05", "revoked": "2026-01-05"}],
            "holds": [{"credential": "kea", "on": "2026-01-07", "used": ["elk@2026-01-05"]}],
        },
    )
    assert told.standings["kea"].status == "revoked"


def test_an_item_in_common_is_as_large_as_the_attempts_that_are_used() -> None:
    """A larger attempt that nothing uses must not make an overlap of credits too large."""
    told = assessed(
        {
            "modules": {"bee": {"credits": "varies"}},
            "credentials": {
                "hen": {
                    "requires": {
                        "all": [{"module": "bee"}, {"module": "bee"}],
                        "overlap": {"credits": 1},
                    }
                }
            },
        },
        {
            "completed": [
                {"module": "bee", "on": "2026-01-10", "credits": 5},
                {"module": "bee", "on": "2026-01-12", "credits": 1},
            ]
        },
    )
    assert told.standings["hen"].awarded_on == date(2026, 1, 12)
    verdict = told.standings["hen"].verdict
    assert verdict is not None
    assert verdict.evidence == ("bee@2026-01-12",)


def test_an_item_in_common_is_no_smaller_than_its_largest_used_attempt() -> None:
    """One part takes the small attempt, the other can only take the large one."""
    told = assessed(
        {
            "modules": {"bee": {"credits": "varies"}},
            "credentials": {
                "hen": {
                    "requires": {
                        "all": [{"module": "bee", "min_score": 60}, {"module": "bee"}],
                        "overlap": {"credits": 4},
                    }
                }
            },
        },
        {
            "completed": [
                {"module": "bee", "on": "2026-01-10", "credits": 5, "score": 70},
                {"module": "bee", "on": "2026-01-12", "credits": 1},
            ]
        },
    )
    assert told.standings["hen"].awarded_on is None


def test_a_rival_takes_an_item_only_as_what_it_served_as() -> None:
    """The item might have stood in for another module, but it did not."""
    told = assessed(
        {
            "modules": {"elk": {}, "jay": {}},
            "credentials": {
                "bee": {"requires": {"module": "elk"}},
                "kea": {"requires": {"module": "jay"}},
            },
            "exclusive": [{"credentials": ["bee", "kea"]}],
        },
        {
            "completed": ["elk", "jay"],
            "substituted": [{"module": "elk", "counts_as": "jay", "on": "2026-01-17"}],
        },
    )
    assert {ref: s.status for ref, s in told.standings.items()} == {"bee": "held", "kea": "held"}
    assert told.standings["kea"].outcome is Outcome.MET


def test_what_an_award_rests_on_counts_among_the_items_of_a_repeatable_module() -> None:
    """Looking through an award, its attempt and two others are more than two items."""
    told = assessed(
        {
            "modules": {"ant": {}, "dog": {"repeatable": 2}},
            "credentials": {
                "fox": {"requires": {"all": [{"module": "ant"}, {"module": "dog"}]}},
                "ibis": {
                    "requires": {
                        "all": [{"credential": "fox"}, {"count": 2, "from": {"type": "module"}}],
                        "distinct": "through",
                    }
                },
            },
        },
        {
            "completed": [
                {"module": "ant", "on": "2026-01-01"},
                {"module": "dog", "on": "2026-01-01"},
                {"module": "dog", "on": "2026-01-01", "id": "dog-2"},
                {"module": "dog", "on": "2026-01-01", "id": "dog-3"},
            ]
        },
    )
    assert told.standings["fox"].status == "held"
    assert told.standings["ibis"].outcome is Outcome.UNMET


def test_a_witness_names_no_face_of_an_item_that_gives_way_to_another_attempt() -> None:
    """The second item might stand in for the first one's module, but not as its first attempt."""
    told = assessed(
        {
            "attempts": "first",
            "modules": {"ibis": {"credits": 3}, "lynx": {"credits": 3}},
            "credentials": {"ant": {"requires": {"credits": 4, "from": {"ids": ["ibis", "lynx"]}}}},
        },
        {
            "completed": [
                {"module": "ibis", "on": "2026-01-04"},
                {"module": "lynx", "on": "2026-01-08"},
            ],
            "substituted": [{"module": "lynx", "counts_as": "ibis", "on": "2026-01-06"}],
        },
    )
    made = told.standings["ant"].awards[0]
    assert made.witness is not None
    assert made.witness.items == ("ibis@2026-01-04", "lynx@2026-01-08")
    assert not made.witness.use.served


def test_attempts_at_a_repeatable_module_are_in_common_once_each() -> None:
    """They were counted as attempts, and once more as the items that they divide into."""
    told = assessed(
        {
            "modules": {"ant": {}, "cat": {"groups": ["red"], "repeatable": 2}},
            "credentials": {
                "fox": {
                    "requires": {
                        "all": [
                            {"count": 2, "from": {"groups": "red"}},
                            {"count": 3, "from": {"type": "module"}},
                        ],
                        "overlap": 2,
                    }
                }
            },
        },
        {"completed": ["ant", {"module": "cat", "id": "one"}, {"module": "cat", "id": "two"}]},
    )
    assert told.standings["fox"].status == "held"


def test_a_waiver_alone_renews_an_award_when_it_would_expire() -> None:
    """It renewed on every day on which anybody looked, as nothing dates what it does."""
    told = assessed(
        {
            "modules": {"ant": {}, "bee": {}},
            "credentials": {
                "gnu": {
                    "requires": {"module": "ant"},
                    "valid_for": "7 days",
                    "renewal": {"requires": {"id": "habit", "module": "bee"}},
                }
            },
        },
        {
            "completed": [{"module": "ant", "on": "2026-01-01"}],
            "waived": [{"rule": "habit", "on": "2026-01-01"}],
        },
    )
    (award,) = told.standings["gnu"].awards
    assert [renewal.on for renewal in award.renewals] == [date(2026, 1, 8), date(2026, 1, 15)]
    assert award.expires == date(2026, 1, 22)


def test_a_rivals_award_renews_another_on_the_same_day() -> None:
    """The day was over for renewals before its awards were made."""
    told = assessed(
        {
            "modules": {"ant": {}, "bee": {}},
            "credentials": {
                "fox": {"requires": {"module": "bee"}},
                "lynx": {
                    "requires": {"module": "ant"},
                    "valid_for": "9 days",
                    "renewal": {"requires": {"credential": "fox"}},
                },
            },
            "exclusive": [{"credentials": ["fox", "lynx"]}],
        },
        {
            "completed": [
                {"module": "ant", "on": "2026-01-03"},
                {"module": "bee", "on": "2026-01-09"},
            ]
        },
    )
    (award,) = told.standings["lynx"].awards
    assert [renewal.on for renewal in award.renewals] == [date(2026, 1, 9)]


def test_what_a_rivals_award_keeps_met_did_not_lapse_the_day_before() -> None:
    """The day was over for what is held while its rule is met, before its awards were made."""
    told = assessed(
        {
            "modules": {"ant": {"repeatable": "unlimited"}, "bee": {}},
            "credentials": {
                "fox": {"requires": {"module": "ant"}, "valid_for": "7 days"},
                "gnu": {"requires": {"credential": "fox"}, "lasts": "while_met"},
                "hen": {"requires": {"all": [{"credential": "gnu"}, {"module": "bee"}]}},
            },
            "exclusive": [{"credentials": ["fox", "hen"]}],
        },
        {
            "completed": [
                {"module": "ant", "on": "2026-01-01"},
                {"module": "ant", "on": "2026-01-09"},
            ]
        },
        date(2026, 1, 12),
    )
    (stretch,) = told.standings["gnu"].awards
    assert (stretch.on, stretch.ended) == (date(2026, 1, 1), None)


def test_what_is_used_together_may_be_all_that_was_usable_after_another_had_expired() -> None:
    """Only days on which something began to be usable were tried, and the day of the verdict."""
    told = assessed(
        {
            "modules": {"ant": {"valid_for": "4 days"}, "bee": {}, "cat": {}},
            "credentials": {
                "gnu": {
                    "requires": {
                        "count": 1,
                        "from": {"type": "module"},
                        "average": 60,
                        "of": "score",
                        "over": "all",
                        "together": True,
                    }
                }
            },
        },
        {
            "enrolled": "2026-01-10",
            "completed": [
                {"module": "ant", "on": "2026-01-01", "score": 0},
                {"module": "bee", "on": "2026-01-01", "score": 70},
                {"module": "cat", "on": "2026-01-08", "score": 0},
            ],
        },
    )
    assert told.standings["gnu"].awarded_on == date(2026, 1, 10)


def test_attempts_under_a_retired_code_are_as_many_items_as_its_module_may_count() -> None:
    """Nothing serves as a retired code, which was taken to mean that all its attempts are one."""
    ant = {"module": "ant"}
    told = assessed(
        {
            "modules": {"ant": {"repeatable": 2, "equivalents": ["old"]}},
            "credentials": {
                "gnu": {"requires": {"all": [ant, ant], "distinct": True}},
                "hen": {"requires": {"all": [ant, ant, ant], "distinct": True}},
            },
        },
        {"completed": [{"module": "old", "on": f"2026-01-0{day}"} for day in (1, 2, 3)]},
    )
    assert told.standings["gnu"].awarded_on == date(2026, 1, 2)
    assert told.standings["hen"].awarded_on is None


def test_an_item_is_divided_as_finely_as_its_limits_ask_for() -> None:
    """Sixtieths were the finest, and three sevenths and four sevenths did not make one."""

    def limit(module: str) -> Mapping[str, Any]:
        return {"at_most": 1, "of": [module], "unit": "hours", "partial": True}

    told = assessed(
        {
            "modules": {"ant": {"credits": 3, "hours": 7}, "bee": {"credits": 4, "hours": 7}},
            "credentials": {
                "gnu": {
                    "requires": {
                        "credits": 1,
                        "from": "any",
                        "limits": [limit("ant"), limit("bee")],
                    }
                }
            },
        },
        {"completed": ["ant", "bee"]},
    )
    assert told.standings["gnu"].status == "held"


def test_an_award_on_record_is_followed_by_another_on_the_day_after_it_expired() -> None:
    """That day was not asked about where nothing else happened on it."""
    told = assessed(
        {
            "modules": {"ant": {}},
            "credentials": {"gnu": {"requires": {"module": "ant", "id": "r"}}},
        },
        {
            "holds": [{"credential": "gnu", "on": "2026-01-13", "expires": "2026-01-14"}],
            "waived": [{"rule": "r", "on": "2026-01-11"}],
        },
    )
    assert told.standings["gnu"].awarded_on == date(2026, 1, 15)


def test_a_class_looks_at_what_rivals_are_awarded_on_the_same_day() -> None:
    """It was decided before the awards of the day were all made."""
    told = assessed(
        {
            "modules": {"ant": {}, "bee": {}},
            "credentials": {
                "gnu": {
                    "requires": {"any": [{"module": "ant"}]},
                    "classes": [{"name": "gold", "requires": {"credential": "hen"}}],
                },
                "hen": {"requires": {"module": "bee"}},
            },
            "exclusive": [{"credentials": ["gnu", "hen"]}],
        },
        {"completed": ["ant", "bee"]},
    )
    assert told.standings["gnu"].awards[-1].award_class == "gold"


def test_an_award_that_expired_before_it_was_made_is_no_evidence_and_no_error() -> None:
    """It has no day of validity, and the last one was asked for."""
    told = assessed(
        {
            "modules": {"ant": {}},
            "credentials": {
                "gnu": {"external": True},
                "hen": {"requires": {"all": [{"credential": "gnu"}, {"module": "ant"}]}},
            },
        },
        {
            "completed": ["ant"],
            "holds": [{"credential": "gnu", "on": "2026-01-08", "expires": "2026-01-05"}],
        },
    )
    assert told.standings["hen"].awarded_on is None


@pytest.mark.parametrize(
    ("attempts", "in_the_way"), [("first", "2026-01-01"), ("latest", "2026-01-08")]
)
@pytest.mark.parametrize("end", [{"revoked": "2026-01-10"}, {"expires": "2026-01-09"}])
def test_an_attempt_serves_once_the_one_that_was_in_its_way_is_gone(
    attempts: str, in_the_way: str, end: dict[str, str]
) -> None:
    told = assessed(
        {
            "attempts": attempts,
            "modules": {"ant": {}},
            "credentials": {"gnu": {"requires": {"module": "ant", "min_score": 50}}},
        },
        {
            "enrolled": "2026-01-09",
            "completed": [
                {"module": "ant", "score": 40, "on": in_the_way, **end},
                {"module": "ant", "score": 60, "on": "2026-01-06", "id": "better"},
            ],
        },
    )
    assert told.standings["gnu"].awarded_on == date(2026, 1, 10)


def test_an_award_that_expired_before_it_was_made_may_be_made_anew_on_its_day() -> None:
    told = assessed(
        {
            "modules": {"ant": {}},
            "credentials": {"gnu": {"requires": {"module": "ant", "id": "entry"}}},
        },
        {
            "holds": [{"credential": "gnu", "on": "2026-01-08", "expires": "2026-01-05"}],
            "waived": [{"rule": "entry", "on": "2026-01-02"}],
        },
    )
    standing = told.standings["gnu"]
    assert standing.awarded_on == date(2026, 1, 8)
    assert standing.status == "held"
    assert [award.item for award in standing.awards] == ["gnu@2026-01-08", "gnu@2026-01-08#2"]


def test_an_award_on_record_that_rests_on_what_was_lost_before_is_examined_on_its_day() -> None:
    """What comes later did not earn it."""
    told = assessed(
        {
            "modules": {"ant": {}, "bee": {}},
            "credentials": {"gnu": {"requires": {"module": "ant"}}},
        },
        {
            "completed": [
                {"module": "bee", "on": "2026-01-03", "id": "b", "revoked": "2026-01-04"},
                {"module": "ant", "on": "2026-01-12"},
            ],
            "holds": [{"credential": "gnu", "on": "2026-01-05", "used": ["b"]}],
        },
    )
    assert [(loss.on, loss.decision) for loss in told.standings["gnu"].awards[-1].losses] == [
        (date(2026, 1, 5), "review")
    ]


@pytest.mark.parametrize(
    "unfit", [{"score": 40}, {"revoked": "2026-01-02"}, {"expires": "2026-01-01"}]
)
@pytest.mark.parametrize("times", [1, 2])
def test_a_rival_has_used_an_attempt_that_could_not_serve(
    unfit: Mapping[str, Any], times: int
) -> None:
    """Attempts at one module are one item, or so many, whether or not they pass."""
    attempts = [{"module": "ant", "on": "2026-01-02", "id": f"a{n}", **unfit} for n in range(times)]
    told = assessed(
        {
            "modules": {"ant": {"pass_score": 50, "repeatable": times}},
            "credentials": {
                "gnu": {"requires": {"count": 1, "from": ["ant"]}},
                "hen": {"external": True},
            },
            "exclusive": [{"credentials": ["gnu", "hen"]}],
        },
        {
            "completed": [*attempts, {"module": "ant", "on": "2026-01-04", "score": 60}],
            "holds": [{"credential": "hen", "on": "2026-01-03", "used": ["a0"]}],
        },
    )
    assert (told.standings["gnu"].status == "held") is (times == 2)


def test_what_was_awarded_today_stays_as_it_is_when_what_is_in_progress_is_completed() -> None:
    """Ahead, the rival would rather use the module in progress, which is now its own."""
    told = assessed(
        {
            "modules": {"cat": {}, "fox": {}},
            "credentials": {
                "ibis": {"requires": {"count": 1, "from": "any"}},
                "gnu": {"requires": {"module": "cat"}},
            },
            "exclusive": [{"credentials": ["ibis", "gnu"]}],
        },
        {"completed": [{"module": "fox", "on": "2026-01-20"}], "in_progress": ["cat"]},
    )
    assert told.standings["gnu"].outcome is Outcome.PENDING


@pytest.mark.parametrize("share", [0, 1])
def test_over_all_does_not_leave_out_what_a_rival_has_used(share: int) -> None:
    told = assessed(
        {
            "modules": {"ant": {}, "bee": {}},
            "credentials": {
                "gnu": {"requires": {"count": 1, "from": "any", "average": 50, "over": "all"}},
                "hen": {"external": True},
            },
            "exclusive": [{"credentials": ["gnu", "hen"], "share": share}],
        },
        {
            "enrolled": "2026-01-04",
            "completed": [
                {"module": "ant", "on": "2026-01-01", "score": 90},
                {"module": "bee", "on": "2026-01-02", "score": 80, "id": "b"},
            ],
            "holds": [{"credential": "hen", "on": "2026-01-03", "used": ["b"]}],
        },
    )
    assert (told.standings["gnu"].status == "held") is (share == 1)


def test_an_award_under_review_is_examined_again_when_it_loses_more() -> None:
    told = assessed(
        {
            "modules": {"ant": {}, "bee": {}, "cat": {}},
            "credentials": {"gnu": {"requires": {"count": 2, "from": "any", "id": "entry"}}},
        },
        {
            "completed": [
                {"module": "ant", "on": "2026-01-02", "revoked": "2026-01-08"},
                {"module": "bee", "on": "2026-01-03", "revoked": "2026-01-12"},
            ],
            "waived": [{"rule": "entry", "on": "2026-01-10", "id": "board"}],
        },
    )
    award = told.standings["gnu"].awards[-1]
    assert [loss.decision for loss in award.losses] == ["review", "stands"]
    assert award.ground is not None
    assert award.ground.items == ("board",)


def test_a_new_ground_keeps_off_what_a_rival_held_on_its_day() -> None:
    """By now the rival has expired; on the first days on which it would do it had not."""
    told = assessed(
        {
            "modules": {"ant": {}, "bee": {}},
            "credentials": {
                "elk": {"requires": {"module": "ant"}, "valid_for": "2 days"},
                "gnu": {"requires": {"any": [{"module": "bee"}, {"module": "ant"}]}},
            },
            "exclusive": [{"credentials": ["gnu", "elk"]}],
        },
        {
            "completed": [
                {"module": "bee", "on": "2026-01-02", "revoked": "2026-01-12"},
                {"module": "ant", "on": "2026-01-05"},
            ]
        },
    )
    award = told.standings["gnu"].awards[-1]
    assert award.ground is not None
    assert award.ground.on == date(2026, 1, 8)


def test_what_a_rival_holds_stays_with_it_when_what_is_in_progress_is_completed() -> None:
    """Ahead, both were due on one day, so neither was held, and nothing was taken."""
    told = assessed(
        {
            "modules": {"fox": {}, "ibis": {}},
            "credentials": {
                "hen": {"requires": {"any": [{"module": "ibis"}]}},
                "kea": {"requires": {"count": 2, "from": {"type": "module"}}},
            },
            "exclusive": [{"credentials": ["kea", "hen"]}],
        },
        {"completed": ["ibis"], "in_progress": [{"module": "fox"}]},
    )
    assert told.standings["hen"].status == "held"
    assert told.standings["kea"].outcome is Outcome.UNMET


def test_together_an_item_serves_as_itself_though_it_could_serve_as_another_today() -> None:
    """The witness named the face that is usable today, and a search named the other."""
    case = Case(
        {
            "pathway": "p",
            "modules": {"dog": {"credits": 5}, "kea": {"credits": 3, "valid_for": "3 days"}},
            "credentials": {
                "fox": {"requires": {"credits": 3, "from": "any", "together": True}},
            },
        },
        {
            "completed": [{"module": "kea", "on": "2026-01-05"}],
            "substituted": [{"module": "kea", "counts_as": "dog"}],
        },
        ON,
    )
    assert not unlike_the_search(case)
    assert not differences(case)


def test_an_item_in_common_is_as_large_as_the_largest_thing_that_it_serves_as() -> None:
    """Of an attempt at a repeatable module, only what it is as itself was looked at."""
    told = assessed(
        {
            "modules": {"hen": {"credits": 2}, "gnu": {"repeatable": 3}},
            "credentials": {
                "elk": {
                    "requires": {
                        "all": [{"module": "gnu"}, {"module": "hen"}],
                        "overlap": {"credits": 1},
                    }
                }
            },
        },
        {"completed": ["gnu"], "substituted": [{"module": "gnu", "counts_as": "hen"}]},
    )
    assert told.standings["elk"].awarded_on is None


def test_a_first_attempt_that_is_too_old_stands_in_the_way_until_it_expires() -> None:
    """A search did not try the day after, and a renewal that was due ended in an error."""
    told = assessed(
        {
            "attempts": "first",
            "modules": {"elk": {"hours": 4, "valid_for": "7 days"}, "hen": {}, "jay": {}},
            "credentials": {
                "dog": {
                    "requires": {"any": [{"module": "hen"}]},
                    "valid_for": "7 days",
                    "renewal": {"requires": {"hours": 4, "from": "any", "together": True}},
                }
            },
        },
        {
            "completed": [
                {"module": "elk", "on": "2026-01-01"},
                {"module": "hen", "on": "2026-01-02"},
                {"module": "elk", "on": "2026-01-08"},
                {"module": "hen", "on": "2026-01-08"},
            ],
            "substituted": [{"module": "hen", "counts_as": "jay", "on": "2026-01-02"}],
        },
        date(2026, 1, 14),
    )
    (award,) = told.standings["dog"].awards
    assert [renewal.on for renewal in award.renewals] == [date(2026, 1, 9)]
