"""The lint rules: each on its own cases, on its page, and on real qualifications."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pathways.lint import (
    CODES,
    RULES,
    Finding,
    UnknownCodeError,
    UnknownProfileError,
    explain,
    lint,
)
from pathways.source import load_pathway

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "lint"
EXAMPLES = sorted((ROOT / "pathways" / "examples").glob("*.yaml"))
PROFILES = {rule.code: rule.profile for rule in RULES}


def checked(text: str, folder: Path, profile: str | None = None) -> tuple[Finding, ...]:
    path = folder / "p.pathway.yaml"
    path.write_text(text, encoding="utf-8")
    return lint(load_pathway(path), profile)


def cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        for case in data["cases"]:
            yield pytest.param(data["code"], case, id=f"{data['code']}: {case['name']}")


@pytest.mark.parametrize(("code", "case"), list(cases()))
def test_a_rule_finds_what_its_cases_say(code: str, case: dict[str, Any], tmp_path: Path) -> None:
    text = case.get("fail") or case["pass"]
    findings = checked(text, tmp_path, case.get("profile"))
    own = [finding for finding in findings if finding.code == code]
    assert sorted({finding.line for finding in own}) == case.get("lines", [])
    if "says" in case:
        assert case["says"] in " ".join(map(str, own))


def test_every_rule_has_cases_in_which_it_fires_and_in_which_it_does_not() -> None:
    for code in CODES:
        data = yaml.safe_load((CASES / f"{code}.yaml").read_text(encoding="utf-8"))
        assert data["code"] == code
        assert any("fail" in case for case in data["cases"])
        assert any("pass" in case for case in data["cases"])


# --- pages ---------------------------------------------------------------------------------------

FORM = re.compile(
    r"# (?P<code>CN\d{3}): (?P<name>[a-z-]+)\n\n(?P<summary>[^\n]+\.)\n\n"
    r"## Why\n\n(?P<why>.+?)\n\n"
    r"## Bad\n\n```yaml\n(?P<bad>.+?)```\n\n"
    r"## Better\n\n```yaml\n(?P<better>.+?)```\n",
    re.DOTALL,
)


def page(code: str) -> re.Match[str]:
    match = FORM.fullmatch(explain(code))
    assert match, f"the page of {code} has another form"
    return match


@pytest.mark.parametrize("code", CODES)
def test_every_rule_has_a_page_with_why_a_bad_example_and_a_better_one(code: str) -> None:
    assert (page(code)["code"], page(code)["name"]) == (code, CODES[code])


@pytest.mark.parametrize("code", CODES)
def test_the_bad_example_of_a_page_is_found(code: str, tmp_path: Path) -> None:
    findings = checked(page(code)["bad"], tmp_path, PROFILES.get(code))
    assert code in {finding.code for finding in findings}


@pytest.mark.parametrize("code", CODES)
def test_the_better_example_of_a_page_is_clean(code: str, tmp_path: Path) -> None:
    assert checked(page(code)["better"], tmp_path, PROFILES.get(code)) == ()


def test_the_list_of_rules_names_every_code_with_its_page_and_summary() -> None:
    listed = (ROOT / "docs" / "lints.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(CN\d+)\]\(([^)]+)\) \| `([a-z-]+)` \| (.+) \|$", listed, re.M)
    assert [(code, name, summary) for code, _, name, summary in rows] == [
        (code, CODES[code], page(code)["summary"]) for code in CODES
    ]
    assert all((ROOT / "docs" / link).is_file() for _, link, _, _ in rows)


def test_a_code_that_no_rule_has_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownCodeError, match="`CN1O1`; did you mean `CN101`"):
        explain("CN1O1")


# --- the whole -----------------------------------------------------------------------------------

SLOPPY = """\
pathway: p
version: "1"
groups:
  core: [a]
modules:
  a: {title: A}
  b: {title: B}
credentials:
  top: {requires: a}
"""


def test_findings_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    assert [finding.line for finding in checked(SLOPPY, tmp_path)] == [4, 7]


def test_a_finding_reads_as_a_line_with_its_help(tmp_path: Path) -> None:
    first = checked(SLOPPY, tmp_path)[0]
    place = f"{tmp_path / 'p.pathway.yaml'}:4:3"
    assert str(first) == (
        f"{place}: warning CN103: no rule names the group `core`\n"
        "    help: name it in a selector, or leave it out"
    )
    assert first.to_json()["code"] == "CN103"


def test_a_comment_on_the_line_or_above_silences(tmp_path: Path) -> None:
    silenced = SLOPPY.replace("[a]\n", "[a]  # cairn: ignore=CN103\n").replace(
        "  b:", "  # left over\n  # cairn: ignore=CN102,CN201\n  # for now\n  b:"
    )
    findings = checked(silenced, tmp_path)
    assert [(finding.code, finding.line) for finding in findings] == [("CN902", 8)]


def test_a_comment_in_a_text_is_no_comment(tmp_path: Path) -> None:
    text = SLOPPY.replace("title: B", 'title: "B#cairn: ignore=CN102"')
    assert "CN102" in {finding.code for finding in checked(text, tmp_path)}


def test_a_profile_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownProfileError, match="`ue`; known here: `eu`, `nz`"):
        checked(SLOPPY, tmp_path, "ue")


def test_what_a_used_file_says_is_its_own_affair(tmp_path: Path) -> None:
    other = "catalogue: c\ngroups: {idle: [x]}\nmodules:\n  x: {title: X}\n  y: {title: Y}\n"
    (tmp_path / "c.yaml").write_text(other, encoding="utf-8")
    text = 'pathway: p\nversion: "1"\nuses: [c.yaml]\ncredentials:\n  top: {requires: c/x}\n'
    assert checked(text, tmp_path) == ()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_real_qualifications_raise_few_warnings_and_each_is_known(path: Path) -> None:
    known = {
        # The 18 credits below level 3 leave 40 of the 58 in any case.
        ("uk-cg-5528-03-business-admin.pathway.yaml", "CN201"): 1,
        # Standards that the examples bring in to show that they do not count.
        ("nz-ncea-level-2.pathway.yaml", "CN102"): 1,
        ("nz-university-entrance.pathway.yaml", "CN102"): 1,
        ("it-cncf-kubestronaut.pathway.yaml", "CN102"): 1,
        # One standard stands for the many that carry numeracy.
        ("nz-ncea-level-2.pathway.yaml", "CN202"): 1,
        ("nz-university-entrance.pathway.yaml", "CN202"): 1,
    }
    found: dict[tuple[str, str], int] = {}
    for finding in lint(load_pathway(path)):
        if finding.severity == "warning":
            key = (path.name, finding.code)
            found[key] = found.get(key, 0) + 1
    assert found == {key: number for key, number in known.items() if key[0] == path.name}


def test_a_file_of_five_hundred_modules_is_checked_within_a_second(tmp_path: Path) -> None:
    lines = ["pathway: big", 'version: "1"', "modules:"]
    lines += [
        f"  m{n}: {{title: M{n}, credits: 5, level: {4 + n // 50 % 5}, groups: [g{n % 50}]}}"
        for n in range(500)
    ]
    lines.append("credentials:")
    for n in range(50):
        lines += [
            f"  c{n}:",
            "    requires:",
            "      shared: true",
            "      all:",
            f"        - {{every: {{groups: g{n}, level: '<6'}}}}"
            if n % 5 < 2
            else f"        - m{n}",
            f"        - {{credits: 20, from: {{groups: [g{n}, g{(n + 1) % 50}]}},"
            " limits: [{at_least: 10, of: {level: '>=6'}}]}",
        ]
    path = tmp_path / "big.pathway.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    loaded = load_pathway(path)
    start = time.process_time()
    lint(loaded)
    assert time.process_time() - start < 1
