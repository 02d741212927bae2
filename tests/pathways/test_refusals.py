"""What a file of the right shape is refused for: at its place, in the user's words, with help."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.pathways.marked import HEADER, assert_told, problems_in, write

CATALOGUE = """\
scale: {A: 4, B: 3, F: 0}
groups:
  core: [m1, m2]
  placement: []
modules:
  m1: {credits: 10, level: 4, groups: [maths]}
  m2: {credits: 10, level: 5}
  m3: {credits: 5, level: 6, hours: 20, barred: [m2]}
  twice: {credits: 10, level: 6, repeatable: 2, groups: [practice]}
  endless: {credits: varies, level: 1, repeatable: unlimited, groups: [open]}
credentials:
  vendor: {external: true, kind: badge}
"""

# Each rule stands as the `requires` of a credential `c`.
RULES = {
    "an empty list of rules": ("{all: ▸[]}", "empty list"),
    "an empty choice": ("{any: ▸[]}", "empty list"),
    "an empty order": ("{in_order: ▸[]}", "empty list"),
    "at least so many of nothing": ("{at_least: 1, of: ▸[]}", "empty list"),
    "points of nothing": ("{points: 1, of: ▸[]}", "empty list"),
    "at least none": ("{at_least: ▸0, of: [m1, m2]}", "asks for nothing"),
    "at least three of two": ("{at_least: ▸3, of: [m1, m2]}", "2 rules", "ask for 2 at most"),
    "no points": ("{points: ▸0, of: [{worth: 1, rule: m1}]}", "asks for nothing"),
    "worth nothing": ("{points: 1, of: [{worth: ▸0, rule: m1}, {worth: 1, rule: m2}]}", "nothing"),
    "worth less than nothing": ("{points: 1, of: [{worth: ▸-1, rule: m1}]}", "negative"),
    "more points than there are": (
        "{points: ▸9, of: [{worth: 4, rule: m1}, {worth: 4, rule: m2}]}",
        "worth 8 together",
    ),
    "a module twice in a list": ("{all: [m1, ▸m1]}", "the same rule stands twice"),
    "a rule twice in a list": (
        "{any: [{count: 1, from: {groups: core}}, ▸{count: 1, from: {groups: core}}]}",
        "the same rule stands twice",
    ),
    "a rule twice among points": (
        "{points: 2, of: [{worth: 1, rule: m1}, {worth: 1, rule: ▸m1}]}",
        "the same rule stands twice",
    ),
    "one module for two children": ("{all: [m1, ▸m1], distinct: true}", "stands twice"),
    "one award for two children": ("{all: [vendor, ▸vendor], distinct: true}", "stands twice"),
    "two modules barred to each other": ("{all: ▸[m2, m3]}", "barred to each other"),
    "every module of a barred pair": ("{every: ▸{ids: [m2, m3]}}", "barred to each other"),
    "count of none": ("{count: ▸0, from: any}", "asks for nothing"),
    "no credits": ("{credits: ▸0, from: any}", "asks for nothing"),
    "no hours": ("{hours: ▸0, from: any}", "asks for nothing"),
    "half a module": ("{count: ▸1.5, from: any}", "a whole number"),
    "more modules than there are": ("{count: ▸3, from: {groups: core}}", "2 items at most"),
    "more credits than there are": ("{credits: ▸21, from: {groups: core}}", "20 credits at most"),
    "more hours than there are": ("{hours: ▸21, from: {ids: [m1, m3]}}", "20 hours at most"),
    "more attempts than may count": ("{count: ▸3, from: [twice]}", "2 items at most"),
    "an unknown group": ("{count: 1, from: {groups: ▸cores}}", "unknown group `cores`", "`core`?"),
    "an unknown kind": ("{count: 1, from: {kind: ▸badg}}", "`badg`", "did you mean `badge`?"),
    "an unknown module in a list": ("{count: 1, from: [m1, ▸m9]}", "`m9`", "known here: `c`"),
    "an unknown module": ("▸m9", "unknown module or credential `m9`"),
    "an unknown credential": ("{credential: ▸vendr}", "`vendr`", "did you mean `vendor`?"),
    "a credential as a module": ("{module: ▸vendor}", "`vendor` is a credential"),
    "an unknown rule": ("{rule: ▸pratice}", "unknown rule `pratice`", "no `rules:`"),
    "a level that nothing has": ("{count: 1, from: ▸{level: 9}}", "matches nothing"),
    "an alternative that matches nothing": (
        '{count: 1, from: {any_of: [{level: 4}, ▸{level: ">9"}]}}',
        "matches nothing",
    ),
    "an exception that matches nothing": (
        "{count: 1, from: {groups: core, except: ▸{level: 9}}}",
        "this exception matches nothing",
    ),
    "everything excepted": (
        "{count: 1, from: ▸{groups: core, except: {ids: [m1, m2]}}}",
        "matches nothing",
    ),
    "an empty selector": ("{count: 1, from: ▸{}}", "empty selector", "`any`"),
    "an empty list of ids": ("{count: 1, from: ▸[]}", "an empty list"),
    "an empty list of groups": ("{count: 1, from: {groups: ▸[]}}", "an empty list"),
    "an empty list of alternatives": ("{count: 1, from: {any_of: ▸[]}}", "an empty list"),
    "an id twice in a selector": ("{count: 1, from: [m1, ▸m1]}", "`m1` stands twice"),
    "a group twice in a selector": ("{count: 1, from: {groups: [core, ▸core]}}", "stands twice"),
    "only its own credential": ("{count: 1, from: ▸[c]}", "only `c`, and never in its own rule"),
    "a kind that only it has": ("{count: 1, from: ▸{kind: diploma}}", "only `c`"),
    "a module with a kind": ("{count: 1, from: {type: module, ▸kind: badge}}", "has no `kind`"),
    "an id of another type": ("{count: 1, from: {type: credential, ids: [vendor, ▸m1]}}", "`m1`"),
    "the source of an award": ("{count: 1, from: {kind: badge, ▸source: rpl}}", "has no `source`"),
    "every, by the source": ("{every: {groups: core, ▸source: rpl}}", "`only: {source: ...}`"),
    "every, by the score inside": (
        "{every: {groups: core, except: {▸min_score: 5}}}",
        "which has no `min_score`",
    ),
    "every of what completions say": ("{every: ▸{groups: placement}}", "given by completions"),
    "every of nothing": ("{every: ▸{level: 9}}", "matches nothing"),
    "every, and an only against it": (
        "{only: {level: 4}, all: [▸m2]}",
        "lets no completion of `m2` through",
    ),
    "a selection that only leaves nothing of": (
        "{only: {level: 4}, all: [{count: 1, from: ▸[m2, m3]}]}",
        "leaves nothing",
    ),
    "a total within an only": (
        "{only: {level: 4}, credits: ▸20, from: {groups: core}}",
        "10 credits at most",
    ),
    "a module that its selector can not match": (
        "{module: m1, from: ▸{level: 5}}",
        "no completion of `m1` matches",
    ),
    "a window without a day": (
        "{all: [m1], after: 2026-02-01, before: ▸2026-01-01}",
        "both after 2026-02-01 and before 2026-01-01",
    ),
    "a window within another": (
        "{all: [{all: [m1], after: ▸2026-02-01}], before: 2026-01-01}",
        "both after 2026-02-01 and before 2026-01-01",
    ),
    "a window in a selector": (
        "{count: 1, from: {after: 2026-02-01, before: ▸2026-01-01}}",
        "both after 2026-02-01 and before 2026-01-01",
    ),
    "distinct on one child": ("{all: [m1], ▸distinct: true}", "here are not several"),
    "distinct on a leaf": ("{count: 1, from: any, ▸distinct: true}", "here are not several"),
    "overlap on a leaf": ("{credits: 1, from: any, ▸overlap: 1}", "here are not several"),
    "distinct and overlap": (
        "{all: [m1, m2], distinct: true, ▸overlap: 1}",
        "`overlap` contradicts `distinct`",
    ),
    "distinct and shared": (
        "{all: [m1, m2], distinct: true, ▸shared: true}",
        "`shared` contradicts `distinct`",
    ),
    "an unknown grade": ("{module: m1, min_grade: ▸C}", "unknown grade `C`", "known here: `A`"),
    "an unknown grade in a selector": ("{count: 1, from: {min_grade: ▸C}}", "unknown grade `C`"),
    "a score above the highest": ("{module: m1, min_score: ▸101}", "no score is above 100"),
    "an average above the highest points": (
        "{count: 1, from: any, average: ▸65}",
        "more than 4 points",
    ),
    "an average above the highest score": (
        "{count: 1, from: any, average: ▸101, of: score}",
        "a score of 100",
    ),
    "a sum out of reach": (
        "{count: 1, from: {groups: core}, sum: ▸9}",
        "a sum of 8 at most",
    ),
    "a weighted sum out of reach": (
        "{count: 1, from: {groups: core}, sum: ▸81, weighted_by: credits}",
        "a sum of 80 at most",
    ),
    "an average of nothing": ("{count: 1, from: any, average: ▸0}", "asks for nothing"),
    "an empty list of limits": ("{count: 1, from: any, limits: ▸[]}", "an empty list of limits"),
    "a limit that asks for nothing": (
        "{count: 2, from: any, limits: [{at_least: ▸0, of: {level: 4}}]}",
        "asks for nothing",
    ),
    "a limit above the amount": (
        "{count: 2, from: any, limits: [{at_least: ▸3, of: any}]}",
        "the rule itself asks for 2 items",
    ),
    "a limit out of reach": (
        "{credits: 20, from: any, limits: [{at_least: ▸11, of: {level: 5}}]}",
        "10 credits at most",
    ),
    "a share out of reach": (
        "{credits: 30, from: any, limits: [{at_least: ▸50%, of: {level: 5}}]}",
        "10 credits at most",
    ),
    "a limit beside the selection": (
        "{count: 1, from: {groups: core}, limits: [{at_least: 1, of: ▸{level: 6}}]}",
        "matches the rule's `from`",
    ),
    "a limit on nothing": (
        "{count: 1, from: any, limits: [{at_most: 1, of: ▸{level: 9}}]}",
        "matches nothing",
    ),
    "a cap below the amount": (
        "{credits: 20, from: {groups: core}, limits: [{at_most: ▸5, of: {level: 4}}]}",
        "15 credits can be selected at most",
    ),
    "spread over nothing": (
        "{count: 1, from: any, limits: [{spread: ▸0, over: groups}]}",
        "asks for nothing",
    ),
    "spread over more than there is": (
        "{count: 1, from: any, limits: [{spread: ▸3, over: [core, maths]}]}",
        "2 values",
    ),
    "spread over more modules than there are": (
        "{count: 1, from: {groups: core}, limits: [{spread: ▸3, over: module}]}",
        "2 values",
    ),
    "spread over more levels than there are": (
        "{count: 1, from: {groups: core}, limits: [{spread: ▸3, over: level}]}",
        "2 values",
    ),
    "nothing of each": (
        "{count: 1, from: any, limits: [{spread: 1, over: groups, each: ▸0}]}",
        "asks for nothing",
    ),
    "at most nothing of each": (
        "{count: 1, from: any, limits: [{at_most_each: ▸0, over: groups}]}",
        "lets nothing be selected",
    ),
    "a value twice": (
        "{count: 1, from: any, limits: [{spread: 1, over: [core, ▸core]}]}",
        "`core` stands twice",
    ),
}


@pytest.mark.parametrize("case", RULES)
def test_a_rule_is_refused_at_its_place(case: str, tmp_path: Path) -> None:
    rule, *words = RULES[case]
    text = f"{HEADER}{CATALOGUE}  c:\n    kind: diploma\n    requires: {rule}\n"
    path, places = write(tmp_path / "p.yaml", text)
    assert_told(path, places, *words)


# Whole files, but for the header.
FILES = {
    "a scale that rises": ("scale: {A: 4, ▸B: 5}", "`B` is worth more than `A`"),
    "pass grades without a scale": ("defaults: {pass_grade: ▸C}", "has no `scale`"),
    "points without a scale": (
        """
        modules: {m: {}}
        rules: {r: {count: 1, from: any, average: 2, of: ▸points}}
        """,
        "needs a `scale`",
    ),
    "a pass grade that the scale lacks": (
        """
        scale: {A: 4, B: 3}
        modules: {m: {pass_grade: ▸D}}
        """,
        "unknown grade `D`",
    ),
    "a pass score above the highest": ("modules: {m: {pass_score: ▸101}}", "above 100"),
    "a module barred to itself": ("modules: {m: {barred: [▸m]}}", "barred to itself"),
    "a member twice in a group": (
        """
        groups: {g: [m, ▸m]}
        modules: {m: {}}
        """,
        "`m` stands twice",
    ),
    "an unknown member of a group": (
        """
        groups: {g: [m, ▸mm]}
        modules: {m: {}}
        """,
        "unknown module or credential `mm`",
    ),
    "an unknown destination": ("destination: [▸c]", "unknown credential `c`"),
    "a module that is a credential too": (
        """
        modules: {a: {}}
        credentials: {▸a: {external: true}}
        """,
        "`a` is a module already",
    ),
    "a code of two modules": (
        "modules: {a: {equivalents: [old]}, b: {equivalents: [▸old]}}",
        "`old` counts as two modules",
    ),
    "a code that is a module": (
        "modules: {a: {equivalents: [▸b]}, b: {}}",
        "`b` is a module of its own",
    ),
    "a retired code in a rule": (
        """
        modules: {a: {equivalents: [old]}}
        credentials: {c: {requires: ▸old}}
        """,
        "name the module, `a`",
    ),
    "a credential that nothing earns": (
        "credentials: {▸c: {title: C}}",
        "neither `requires` nor `external`",
    ),
    "an external credential with a rule": (
        """
        modules: {m: {}}
        credentials: {c: {external: true, ▸requires: m}}
        """,
        "awarded elsewhere",
    ),
    "an external credential with classes": (
        """
        modules: {m: {}}
        credentials: {c: {external: true, ▸classes: [{name: merit}]}}
        """,
        "awarded elsewhere",
    ),
    "an external credential that is approved": (
        "credentials: {c: {external: true, award: ▸approval}}",
        "nobody approves it here",
    ),
    "an external credential that is held while met": (
        "credentials: {c: {external: true, lasts: ▸while_met}}",
        "no rule to be met",
    ),
    "held while met, with a validity": (
        """
        modules: {m: {}}
        credentials: {c: {requires: m, lasts: while_met, ▸valid_for: 1 year}}
        """,
        "`lasts: while_met` does not go with `valid_for`",
    ),
    "held while met, with a renewal": (
        """
        modules: {m: {}}
        credentials: {c: {requires: m, lasts: while_met, ▸renewal: {requires: m}}}
        """,
        "`lasts: while_met` does not go with `renewal`",
    ),
    "held while met, with an approval": (
        """
        modules: {m: {}}
        credentials: {c: {requires: m, lasts: while_met, award: ▸approval}}
        """,
        "`lasts: while_met` does not go with `award: approval`",
    ),
    "a renewal of what never expires": (
        """
        modules: {m: {}}
        credentials: {c: {requires: m, ▸renewal: {requires: m}}}
        """,
        "never expires",
    ),
    "an empty list of classes": (
        """
        modules: {m: {}}
        credentials: {c: {requires: m, classes: ▸[]}}
        """,
        "an empty list of classes",
    ),
    "a class without a rule above another": (
        """
        modules: {m: {}}
        credentials: {c: {requires: m, classes: [▸{name: a}, {name: b, requires: m}]}}
        """,
        "only the last class",
    ),
    "two classes of one name": (
        """
        modules: {m: {}}
        credentials: {c: {requires: m, classes: [{name: a, requires: m}, {name: ▸a}]}}
        """,
        "two classes are called `a`",
    ),
    "a rule in a class": (
        """
        modules: {m: {}}
        credentials: {c: {requires: m, classes: [{name: a, requires: {count: ▸2, from: any}}]}}
        """,
        "1 item at most",
    ),
    "a rule in a renewal": (
        """
        modules: {m: {}}
        credentials: {c: {requires: m, valid_for: 1 year, renewal: {requires: {all: ▸[]}}}}
        """,
        "empty list",
    ),
    "a rule in a prerequisite": ("modules: {m: {}, n: {requires: {any: ▸[]}}}", "empty list"),
    "a named rule": ("rules: {r: {all: ▸[]}}", "empty list"),
    "two rules of one name": (
        """
        modules: {m: {}, n: {}}
        credentials: {c: {requires: {all: [{id: x, module: m}, {id: ▸x, module: n}]}}}
        """,
        "two rules are called `x`",
    ),
    "a rule named like one of `rules`": (
        """
        modules: {m: {}, n: {}}
        credentials: {c: {requires: {all: [{id: ▸x, module: m}, {rule: x}]}}}
        rules: {x: {count: 1, from: any}}
        """,
        "two rules are called `x`",
    ),
    "a set that excludes nothing": (
        """
        credentials: {c: {external: true}}
        exclusive: [{credentials: ▸[c]}]
        """,
        "two credentials or more",
    ),
    "a credential twice in a set": (
        """
        credentials: {c: {external: true}, d: {external: true}}
        exclusive: [{credentials: [c, d, ▸c]}]
        """,
        "`c` stands twice",
    ),
    "credentials that need each other": (
        """
        modules: {m: {}}
        credentials:
          a: {requires: {all: [m, ▸b]}}
          b: {requires: {credential: d}}
          d: {requires: {every: {kind: top}}}
          e: {kind: top, requires: a}
        """,
        "`a` needs `b` needs `d` needs `e` needs `a`",
    ),
    "a credential that needs itself": (
        "credentials: {a: {requires: ▸a}}",
        "a cycle: `a` needs `a`",
    ),
    "prerequisites in a circle": (
        "modules: {a: {requires: ▸b}, b: {requires: a}}",
        "`a` needs `b` needs `a`",
    ),
    "named rules in a circle": (
        """
        rules:
          a: {all: [{rule: ▸b}]}
          b: {any: [{rule: a}]}
        """,
        "`a` needs `b` needs `a`",
    ),
    "a rule that names itself": ("rules: {a: {all: [{rule: ▸a}]}}", "a cycle: `a` needs `a`"),
    "two credentials that only count each other": (
        """
        credentials:
          a: {kind: badge, requires: {count: 1, from: ▸{kind: badge}}}
          b: {kind: badge, requires: {count: 1, from: {kind: badge}}}
        """,
        "a cycle that nobody can begin",
    ),
    "an example that expects nothing": (
        "examples: [{name: x, on: 2026-01-01, expect: ▸{}}]",
        "expects something",
    ),
    "an example that contradicts itself": (
        """
        credentials: {c: {external: true}}
        examples: [{name: x, on: 2026-01-01, expect: {awarded: [c], not_awarded: [▸c]}}]
        """,
        "both `awarded` and `not_awarded`",
    ),
    "an example with an unknown class": (
        """
        modules: {m: {}}
        credentials: {c: {requires: m, classes: [{name: merit}]}}
        examples: [{name: x, on: 2026-01-01, expect: {classes: {c: ▸merits}}}]
        """,
        "unknown class `merits`",
        "did you mean `merit`?",
    ),
    "an example with an unknown module": (
        """
        modules: {m: {}}
        credentials: {c: {requires: m}}
        examples: [{name: x, on: 2026-01-01, completed: [▸mm], expect: {awarded: [c]}}]
        """,
        "unknown module `mm`",
    ),
    "an example with an unknown grade": (
        """
        scale: {A: 1}
        modules: {m: {}}
        credentials: {c: {requires: m}}
        examples:
          - {name: x, on: 2026-01-01, completed: [{module: m, grade: ▸B}], expect: {awarded: [c]}}
        """,
        "unknown grade `B`",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_is_refused_at_the_place_of_its_mistake(case: str, tmp_path: Path) -> None:
    body, *words = FILES[case]
    path, places = write(tmp_path / "p.yaml", HEADER + dedent(body).lstrip())
    assert_told(path, places, *words)


# What looks like one of the mistakes above, and is none.
SOUND = {
    "a group that completions give": "{count: 4, from: {groups: placement}}",
    "more than once, without end": "{credits: 900, from: {groups: open}}",
    "two from one group, each its own": (
        "{distinct: true, all: [{count: 1, from: {groups: core}}, "
        "{count: 1, from: {groups: core}}]}"
    ),
    "a module that may count twice, twice": "{all: [twice, twice], distinct: true}",
    "groups of completions": "{count: 2, from: any, limits: [{spread: 2, over: [x, y]}]}",
    "at most nothing of some": "{count: 2, from: any, limits: [{at_most: 0, of: {level: 4}}]}",
    "modules or credentials": "{count: 1, from: {any_of: [[m1], [vendor]]}}",
    "what was not transferred": "{count: 1, from: {except: {source: transfer}}}",
    "every member of a group": "{every: {groups: core}, only: {source: exam}}",
    "every award of a kind": "{every: {kind: badge}, distinct: through}",
    "an only, and an award": "{only: {level: 4}, all: [vendor, m1]}",
    "an only, and an award among others": "{only: {level: 4}, count: 1, from: {kind: badge}}",
    "at most so many of some credits": (
        "{credits: 20, from: {groups: core}, limits: [{at_most: 1, of: {level: 4}, unit: count}]}"
    ),
    "two awards of one": "{at_least: 1, of: [{all: [vendor, m1]}, {all: [vendor, m2]}]}",
    "spread over what has no level": (
        "{count: 2, from: any, limits: [{spread: 2, over: groups}, {at_most_each: 1, over: level}]}"
    ),
    "the same day": "{all: [m1], after: 2026-01-01, before: 2026-01-01}",
}


@pytest.mark.parametrize("case", SOUND)
def test_what_can_be_met_is_accepted(case: str, tmp_path: Path) -> None:
    text = f"{HEADER}{CATALOGUE}  c:\n    requires: {SOUND[case]}\n"
    path, _ = write(tmp_path / "p.yaml", text)
    assert problems_in(path) == ()


def test_credentials_may_count_each_other_where_another_one_is_enough(tmp_path: Path) -> None:
    body = """\
    modules: {m: {}}
    credentials:
      a: {kind: badge, requires: {count: 1, from: {kind: badge}}}
      b: {kind: badge, requires: {count: 1, from: {kind: badge}}}
      d: {kind: badge, requires: m}
    """
    path, _ = write(tmp_path / "p.yaml", HEADER + dedent(body))
    assert problems_in(path) == ()


def test_ten_mistakes_are_ten_messages(tmp_path: Path) -> None:
    body = """\
    scale: {A: 4, ▸B: 5}
    groups: {core: [m1, ▸m9]}
    modules:
      m1: {▸titel: One, credits: 10}
      m2: {credits: ▸lots}
      ▸M3: {}
    credentials:
      a:
        requires: {all: ▸[]}
      b:
        valid_for: ▸3 yaers
        requires: {at_least: ▸3, of: [m1, {▸al: [m1, m2]}]}
      c:
        requires: {credits: 20, ▸form: any, average: ▸high}
    """
    path, places = write(tmp_path / "p.yaml", HEADER + dedent(body))
    assert_told(path, places, "`title`", "`m3`", "`all`", "`from`")
    assert len(places) == 11


def test_a_mistake_is_not_told_again_as_its_consequences(tmp_path: Path) -> None:
    body = """\
    groups: {core: [▸m9]}
    modules:
      m1: {credits: ▸lots, groups: ▸7}
    credentials:
      a: {requires: {credits: 20, from: {groups: [core, other]}}}
      b: {requires: {every: {groups: core}}}
      d: {requires: {all: [▸7]}}
      e: {requires: {at_least: 2, of: [a, ▸{}]}}
      f: {▸requires: 7}
    """
    path, places = write(tmp_path / "p.yaml", HEADER + dedent(body))
    places[-1] = (places[-1][0], places[-1][1] + len("requires: "))
    assert_told(path, places)
