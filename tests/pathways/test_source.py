"""Reading pathway files: YAML 1.2, every mistake at its place, and no input makes a traceback."""

from __future__ import annotations

import os
import random
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways import tree
from pathways.document import Document
from pathways.problems import FileError
from pathways.source import load_pathway
from tests.pathways.marked import HEADER, assert_told, problems_in, write

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
FILES = sorted(CORPUS.glob("*.yaml"))

A_PATHWAY = """\
pathway: p
version: "1"
title: A pathway
scale: {A: 4, B: 3}
groups: {core: [m1, m2]}
modules:
  m1: {credits: 10, level: 4, requires: {module: m2, min_grade: B}}
  m2: {credits: 3.5, level: 5, valid_for: 3 years}
credentials:
  c:
    title: C
    valid_for: 18 months
    renewal: {requires: {count: 1, from: any}, grace: 90 days}
    requires:
      all:
        - {credits: 10, from: {groups: core}, limits: [{at_least: 50%, of: {level: ">=4"}}]}
        - {at_least: 1, of: [m1, {any: [m2]}], since: 5 years}
examples:
  - name: x
    completed: [m1, {module: m2, on: 2026-03-01, score: 82}]
    on: 2026-06-30
    expect: {awarded: [c]}
"""


# --- what can be used ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.partition("-")[0])
def test_the_real_qualifications_load(path: Path) -> None:
    loaded = load_pathway(path)
    assert loaded.examples
    again = Document.from_canonical(loaded.document.canonical)
    assert again.digest == loaded.document.digest


def test_words_that_yaml_1_1_takes_for_booleans_are_texts(tmp_path: Path) -> None:
    body = """\
    modules:
      on: {title: on, groups: [no, NO, yes, off], language: y}
      "no": {}
    """
    path, _ = write(tmp_path / "p.yaml", HEADER + dedent(body))
    module, _ = load_pathway(path).document.modules["on"]
    assert module.title == "on"
    assert module.groups == ("no", "NO", "yes", "off")
    assert "no" in load_pathway(path).document.modules


def test_a_leading_zero_is_not_octal(tmp_path: Path) -> None:
    path, _ = write(
        tmp_path / "p.yaml", HEADER + "modules: {m: {credits: 010, hours: 0.30, level: 0x10}}\n"
    )
    module, _ = load_pathway(path).document.modules["m"]
    assert module.credits == 10
    assert module.hours == Decimal("0.3")
    assert module.level == 16


def test_amounts_are_exact_decimals(tmp_path: Path) -> None:
    path, _ = write(tmp_path / "p.yaml", HEADER + "modules: {m: {credits: 0.1, price: 1e3}}\n")
    module, _ = load_pathway(path).document.modules["m"]
    assert module.credits == Decimal("0.1")
    assert module.price == 1000


def test_aliases_stand_for_what_they_name(tmp_path: Path) -> None:
    body = """\
    modules:
      a: &a {credits: 5, level: 4}
      b: *a
    """
    path, _ = write(tmp_path / "p.yaml", HEADER + dedent(body))
    modules = load_pathway(path).document.modules
    assert modules["a"][0] == modules["b"][0]


def test_a_byte_order_mark_and_other_line_ends_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + A_PATHWAY.replace("\n", "\r\n").encode())
    assert load_pathway(path).document.main.title == "A pathway"


def test_json_is_yaml(tmp_path: Path) -> None:
    path, _ = write(
        tmp_path / "p.json", '{"pathway":"p","version":"1","modules":{"m":{"level":4}}}'
    )
    assert load_pathway(path).document.modules["m"][0].level == 4


def test_everything_has_a_place(tmp_path: Path) -> None:
    path, _ = write(tmp_path / "p.yaml", A_PATHWAY)
    positions = load_pathway(path).positions
    assert positions.of(0, ("groups", "core", 1)) == (5, 21)
    assert positions.of(path, ("modules", "m1", "requires", "min_grade")) == (7, 65)
    assert positions.of_key(0, ("credentials", "c", "requires")) == (14, 5)
    assert positions.of(0, ("credentials", "c", "requires", "all", 0, "from", "groups", 0)) == (
        16,
        40,
    )
    assert positions.of(0, ("examples", 0, "completed", 0, "module")) == (20, 17)
    with pytest.raises(KeyError):
        positions.of(tmp_path / "other.yaml", ())


def test_a_large_file_is_read_quickly(tmp_path: Path) -> None:
    path = FILES[-1] if FILES else write(tmp_path / "p.yaml", A_PATHWAY)[0]
    load_pathway(path)
    start = time.perf_counter()
    load_pathway(path)
    assert time.perf_counter() - start < 1  # tens of milliseconds, on a machine at leisure


# --- what is no YAML, or no YAML of ours ---------------------------------------------------------

TEXTS = {
    "nothing": ("▸", "the file is empty"),
    "a list": ("▸[a, b]", "the top of the file is a mapping"),
    "a word": ("▸pathway", "the top of the file is a mapping"),
    "two documents": ("pathway: p\n▸---\npathway: q\n", "a second document"),
    "a tab": ("pathway: p\n▸\tversion: 1\n", "indent with spaces"),
    "an open bracket": ("pathway: ▸[a\nversion: 1\n", "not closed"),
    "an open quote": ('pathway: ▸"a\nversion: 1\n', "not closed"),
    "two colons": ("title: a▸: b\n", "quote a text that contains `: `"),
    "a key without a colon": ("pathway: p\n▸version\n", "a key without `:`"),
    "a line too far left": ("modules:\n  m: {}\n ▸n: {}\n", "check the indentation"),
    "an unknown alias": ("pathway: ▸*p\n", "not defined above"),
    "an anchor in itself": ("modules: &m {a: ▸*m}\n", "inside the very value"),
    "a character of no text": ("title: a▸\x07b\n", "U+0007"),
    "a line separator": ("title: a▸\u2028b\n", "U+2028"),
    "another version of YAML": ("▸%YAML 1.9\n---\npathway: p\n", "`%YAML`"),
    "a backtick": ("title: ▸`a`\n", "can not start a value"),
    "too deep": ("title: " + "[" * 99 + "▸[" + "]" * 100 + "\n", "100 levels"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_what_is_not_one_yaml_mapping_is_refused(case: str, tmp_path: Path) -> None:
    text, *words = TEXTS[case]
    path, places = write(tmp_path / "p.yaml", text)
    problems = problems_in(path)
    assert [(problem.line, problem.column) for problem in problems] == places, problems
    assert all(word in str(problems[0]) for word in words), problems


MISTAKES = {
    "a key twice": (
        """
        title: x
        ▸title: y
        """,
        "`title` stands twice",
        "the first is at line 3",
    ),
    "a merge key": (
        """
        modules:
          a: &a {credits: 5}
          b: {▸<<: *a}
        """,
        "merge keys",
    ),
    "a tag": ("title: ▸!!python/name:os.system x", "a tag that is not part"),
    "a tag of one's own": ("modules: ▸!mine {}", "a tag that is not part"),
    "a tag that lies": ("modules: {m: {credits: ▸!!int x}}", "not a value of the tag"),
    "a number as a key": ("modules: {▸101: {}}", 'quote it: `"101"`'),
    "a date as a key": ("modules: {▸2026-01-01: {}}", 'quote it: `"2026-01-01"`'),
    "a list as a key": ("modules: {▸[a]: {}}", "a key is a text"),
    "a number as a text": ("title: ▸2026", 'quote it: `"2026"`'),
    "a date as a text": ("title: ▸2026-01-01", 'quote it: `"2026-01-01"`'),
    "a truth as a text": ("title: ▸true", 'quote it: `"true"`'),
    "no value": (
        "▸title:\nmodules: {m: {▸level: ~}, ▸n: }",
        "`title` has no value",
        "leave the key out",
    ),
    "no space after a colon": (
        "rules: {r: {▸count:4, from: any}}\nmodules: {m: {}}",
        "write `count: 4`",
    ),
    "an unknown key": ("▸modulse: {}", "unknown key `modulse`", "did you mean `modules`?"),
    "an unknown key of a module": ("modules: {m: {▸credit: 5}}", "did you mean `credits`?"),
    "an id in capitals": ("modules: {▸M1: {}}", "lower-case letters", "write `m1`"),
    "a number that is a text": ('modules: {m: {credits: ▸"5"}}', "without quotes", "write `5`"),
    "no number": ("modules: {m: {credits: ▸.nan}}", "a number is due here"),
    "no end": ("modules: {m: {credits: ▸.inf}}", "a number is due here"),
    "an endless number": ("modules: {m: {credits: ▸1e99999999999999999999}}", "a number is due"),
    "too large a number": ("modules: {m: {credits: ▸1e30}}", "below 1000000000"),
    "too fine a number": ("modules: {m: {credits: ▸0.0000001}}", "6 decimal places"),
    "a negative amount": ("modules: {m: {credits: ▸-1}}", "can not be negative"),
    "no such day": (
        """
        modules: {m: {}}
        rules: {r: {module: m, after: ▸2026-02-30}}
        """,
        "there is no such day",
    ),
    "no period": ("modules: {m: {valid_for: ▸3 yeers}}", "`18 months`"),
    "a yes": ("credentials: {c: {external: ▸yes}}", "`true` or `false`"),
    "a word that is none of those": (
        "credentials: {c: {external: true, again: ▸freshly}}",
        "one of `fresh`, `any`, `never`",
        "did you mean `fresh`?",
    ),
    "an empty text": ('title: ▸""', "can not be empty"),
    "a text for a list": ("uses: ▸modules.yaml", "write `[modules.yaml]`"),
    "a list for a mapping": ("modules: ▸[a]", "a mapping is due here"),
    "a text for a mapping": ("issuer: ▸me", "`issuer` is a mapping", "{name: ...}"),
    "a key that is missing": ("issuer: ▸{country: NZ}", "`issuer` needs `name`"),
    "two operators": (
        "rules: {r: {all: [m], ▸any: [m]}}\nmodules: {m: {}}",
        "`all` and `any`",
    ),
    "no operator": ("rules: {r: ▸{title: x}}", "no operator", "one of `module`"),
    "a mistyped operator": ("rules: {r: {▸at_lest: 1, of: [m]}}\nmodules: {m: {}}", "`at_least`?"),
    "a selector for a rule": ("rules: {r: ▸{groups: x}}", "`{every: {groups: ...}}`"),
    "a list for a rule": ("rules: {r: ▸[x]}", "`{all: [...]}`"),
    "nothing in a list": ("rules: {r: {all: [▸~]}}", "a rule is due here"),
    "a number for a rule": ("rules: {r: ▸101}", 'quote it: `"101"`'),
    "an operator without its list": ("rules: {r: ▸{at_least: 2}}", "`at_least` needs `of`"),
    "an amount without a selector": ("rules: {r: ▸{credits: 2}}", "needs `from`", "`from: any`"),
    "a mistyped selector": (
        "rules: {r: {credits: 2, ▸form: any}}\nmodules: {m: {credits: 2}}",
        "unknown key `form`",
        "did you mean `from`?",
    ),
    "an unknown key of a rule": ("rules: {r: {module: m, ▸bogus: 1}}\nmodules: {m: {}}", "`bogus`"),
    "a limit without its selector": (
        "rules: {r: {count: 1, from: any, limits: [▸{at_most: 1}]}}\nmodules: {m: {}}",
        "`at_most` needs `of`",
    ),
    "a limit of two forms": (
        "rules: {r: {count: 1, from: any, limits: [▸{at_most: 1, at_least: 1, of: any}]}}\n"
        "modules: {m: {}}",
        "exactly one of `at_least`, `at_most`",
    ),
    "a limit's key of another form": (
        "rules: {r: {count: 1, from: any, limits: [{at_most: 1, of: any, ▸each: 1}]}}\n"
        "modules: {m: {}}",
        "`each` does not go with `at_most`",
    ),
    "a weight without an average": (
        "rules: {r: {count: 1, from: any, ▸weighted_by: credits}}\nmodules: {m: {}}",
        "`weighted_by` goes with `average` or `sum`",
    ),
    "a name of Python's for a key": (
        "rules: {r: {module: m, ▸selector: any}}\nmodules: {m: {}}",
        "unknown key `selector`",
    ),
    "not `through`": (
        "rules: {r: {all: [m, n], distinct: ▸thru}}\nmodules: {m: {}, n: {}}",
        "`true`, `false` or `through`",
    ),
    "a number for a selector": (
        "rules: {r: {count: 1, from: ▸5}}\nmodules: {m: {}}",
        "a selector is due here",
    ),
    "a word for an example": ("examples: [▸x]", "an example is a mapping"),
    "more than everything": (
        "rules: {r: {count: 1, from: any, limits: [{at_least: ▸110%, of: any}]}}\nmodules: {m: {}}",
        "at most 100%",
    ),
    "a limit's mistyped key": (
        "rules: {r: {count: 1, from: any, limits: [{spread: 1, ▸ovre: module}]}}\nmodules: {m: {}}",
        "did you mean `over`?",
    ),
    "a negative number of rules": (
        "rules: {r: {at_least: ▸-1, of: [m]}}\nmodules: {m: {}}",
        "a number from 0",
    ),
    "a title without an end": (f"title: ▸{'x' * 501}", "more than 500 characters"),
    "a key that is nothing": ('modules: {▸"": {}, ▸~: {}}', "a key is a text"),
    "an operator that is near": (
        "rules: {r: {▸credit: 5, from: any}}\nmodules: {m: {credits: 5}}",
        "`credits`?",
    ),
    "no overlap": (
        "rules: {r: {all: [m, n], overlap: {credits: ▸many}}}\nmodules: {m: {}, n: {}}",
        "a number is due here",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_told_at_its_place(case: str, tmp_path: Path) -> None:
    body, *words = MISTAKES[case]
    path, places = write(tmp_path / "p.yaml", HEADER + dedent(body).lstrip())
    assert_told(path, places, *words)


@pytest.mark.parametrize("key", ["pathway", "version"])
def test_a_pathway_says_which_it_is(key: str, tmp_path: Path) -> None:
    lines = [line for line in HEADER.splitlines() if not line.startswith(key)]
    path, _ = write(tmp_path / "p.yaml", "\n".join(lines))
    (problem,) = problems_in(path)
    assert f"`{key}`" in problem.message


def test_words_of_the_library_never_show(tmp_path: Path) -> None:
    """Every value of a file, replaced by what can not stand there."""
    words = ("Input should", "validation", "valid ", "pydantic", "Field required", "Extra inputs")
    for wrong in ("[]", "{}", "~", "5", "-1", "x y", "true", "2026-01-01", '""', "[[x]]", "{a: b}"):
        lines = A_PATHWAY.splitlines()
        for at, line in enumerate(lines):
            key, colon, _ = line.partition(": ")
            if colon:
                changed = [*lines[:at], f"{key}: {wrong}", *lines[at + 1 :]]
                path, _ = write(tmp_path / "p.yaml", "\n".join(changed))
                for problem in problems_in(path):
                    assert not any(word in str(problem) for word in words), problem


# --- bounds --------------------------------------------------------------------------------------


def test_a_few_aliases_can_not_become_a_billion_values(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 30):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
    path, _ = write(tmp_path / "p.yaml", "\n".join(lines))
    start = time.perf_counter()
    (problem,) = problems_in(path)
    assert "aliases expanded" in problem.message
    assert time.perf_counter() - start < 5


def test_aliases_can_not_nest_deeper_than_anything_else(tmp_path: Path) -> None:
    lines = ["a0: &a0 [[[[[[[[[[x]]]]]]]]]]"]
    lines += [f"a{level}: &a{level} [[[[*a{level - 1}]]]]" for level in range(1, 40)]
    path, _ = write(tmp_path / "p.yaml", "\n".join(lines))
    (problem,) = problems_in(path)
    assert "levels deep" in problem.message


def test_a_file_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_BYTES", 1024**2)
    path = tmp_path / "p.yaml"
    path.write_text("# " + "x" * 1024**2)
    (problem,) = problems_in(path)
    assert "larger than 1 MiB" in problem.message


def test_a_file_has_a_largest_number_of_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "MAX_NODES", 1000)
    path, _ = write(tmp_path / "p.yaml", "title: [" + "x, " * 1000 + "]")
    (problem,) = problems_in(path)
    assert "more than 1000 values" in problem.message


# --- files that can not be read ------------------------------------------------------------------


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (problem,) = problems_in(tmp_path / "no.yaml")
    assert problem.message == "there is no such file"
    assert problem.line == 0


def test_a_folder(tmp_path: Path) -> None:
    (problem,) = problems_in(tmp_path)
    assert problem.message == "this is a folder"


def test_what_is_not_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (problem,) = problems_in(tmp_path / "pipe")
    assert problem.message == "this is not a file"


def test_a_name_that_no_file_has(tmp_path: Path) -> None:
    (problem,) = problems_in(tmp_path / "a\0b")
    assert problem.line == 0
    (problem,) = problems_in(tmp_path / ("x" * 5000))
    assert problem.line == 0


def test_what_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(b"pathway: p\ntitle: caf\xe9\n")
    (problem,) = problems_in(path)
    assert (problem.line, problem.column, problem.found) == (2, 11, "0xe9")


# --- no input makes a traceback ------------------------------------------------------------------


def survives(text: bytes, folder: Path) -> None:
    path = folder / "fuzz.yaml"
    path.write_bytes(text)
    for problem in problems_in(path):
        assert problem.file == str(path)
        assert "Input should" not in str(problem)


@given(st.binary(max_size=400))
def test_any_bytes_are_used_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    survives(text, tmp_path_factory.getbasetemp())


WORDS = (
    "[ ] { } : , - & * ! | > % @ ` ' \" # ? << ~ null true on 010 1e9 .nan 2026-01-01 any "
    "all any_of except count credits hours at_least of from groups limits average points "
    "worth rule requires module credential every in_order distinct overlap within since "
    "only id title modules credentials rules scale uses expect completed holds m1 m2 c "
    'core x/y -1 0 50% "": ~: ? {} [] &a *a !!str'
)
SCRAPS = st.one_of(
    st.sampled_from(WORDS.split()),
    st.text(max_size=6),
)


@given(st.integers(0, len(A_PATHWAY)), st.integers(0, 12), SCRAPS, st.integers(0, 2**16), SCRAPS)
def test_a_file_with_something_else_somewhere_is_used_or_refused(
    tmp_path_factory: pytest.TempPathFactory,
    at: int,
    gone: int,
    scrap: str,
    seed: int,
    other: str,
) -> None:
    text = A_PATHWAY[:at] + scrap + A_PATHWAY[at + gone :]
    second = random.Random(seed).randrange(len(text) + 1)
    text = text[:second] + other + text[second + 1 :]
    survives(text.encode("utf-8", errors="surrogatepass"), tmp_path_factory.getbasetemp())


NESTED = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 200), st.text(max_size=5), SCRAPS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(SCRAPS, inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.sampled_from(["modules", "credentials", "rules", "examples", "groups"]), NESTED)
def test_any_values_are_used_or_refused(
    tmp_path_factory: pytest.TempPathFactory, section: str, value: object
) -> None:
    import json

    text = f"{HEADER}{section}: {json.dumps(value)}\n"
    survives(text.encode("utf-8", errors="surrogatepass"), tmp_path_factory.getbasetemp())


@given(NESTED)
def test_any_rule_is_used_or_refused(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    import json

    rule = json.dumps(value)
    text = A_PATHWAY.replace("{module: m2, min_grade: B}", rule)
    survives(text.encode("utf-8", errors="surrogatepass"), tmp_path_factory.getbasetemp())


def test_an_error_is_an_error_with_its_problems(tmp_path: Path) -> None:
    path, _ = write(tmp_path / "p.yaml", HEADER + "titel: x\n")
    with pytest.raises(FileError) as caught:
        load_pathway(path)
    assert str(caught.value) == (
        f"{path}:3:1: unknown key `titel`\n    help: did you mean `title`?"
    )


def test_dates_are_dates(tmp_path: Path) -> None:
    path, _ = write(tmp_path / "p.yaml", A_PATHWAY)
    assert load_pathway(path).examples[0].on == date(2026, 6, 30)
