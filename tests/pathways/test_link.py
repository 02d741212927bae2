"""Files that use each other: one document, every reference as seen from the main file."""

from __future__ import annotations

from pathlib import Path

import pytest

from pathways import source
from pathways.document import CredentialRule, ModuleRule
from pathways.source import load_pathway
from tests.pathways.marked import problems_in, write

MAIN = """\
pathway: p
version: "1"
catalogue: here
uses: [../catalogue/modules.yaml]
destination: [top]
groups: {core: [m, there/n, badge]}
modules:
  m: {requires: there/n, barred: [there/o], equivalents: [old, there/older]}
credentials:
  top:
    requires: {all: [m, here/badge, there/n, there/award, {rule: r}]}
  badge: {external: true}
rules:
  r: {count: 1, from: {ids: [m, there/n], except: [here/m]}}
exclusive: [{credentials: [here/top, there/award]}]
examples:
  - name: x
    on: 2026-01-01
    completed: [here/m, {module: there/n}, old]
    holds: [{credential: there/award, on: 2026-01-01}]
    substituted: [{module: elsewhere, counts_as: there/n}]
    expect: {awarded: [here/top], classes: {here/top: null}}
"""

MODULES = """\
catalogue: there
modules:
  n: {title: N, requires: {any: [there/o, here/m2]}}
  o: {}
credentials:
  award: {requires: {every: {ids: [n, o]}}}
"""


@pytest.fixture
def main(tmp_path: Path) -> Path:
    text = MAIN.replace("  m: {requires", "  m2: {}\n  m: {requires")
    path, _ = write(tmp_path / "pathways" / "p.yaml", text)
    write(tmp_path / "catalogue" / "modules.yaml", MODULES)
    return path


def test_references_are_as_seen_from_the_main_file(main: Path) -> None:
    loaded = load_pathway(main)
    document = loaded.document
    assert set(document.modules) == {"m", "m2", "there/n", "there/o"}
    assert set(document.credentials) == {"top", "badge", "there/award"}
    assert document.main.groups["core"] == ("m", "there/n", "badge")
    assert document.modules["m"][0].equivalents == ("old", "there/older")
    requires = document.modules["there/n"][0].requires
    assert requires is not None
    assert requires.children == (ModuleRule(module="there/o"), ModuleRule(module="m2"))
    assert document.main.exclusive[0].credentials == ("top", "there/award")
    assert document.main.examples[0].completed[0].module == "m"
    assert list(document.main.examples[0].expect.classes) == ["top"]


def test_bare_ids_become_modules_and_credentials(main: Path) -> None:
    requires = load_pathway(main).document.credentials["top"][0].requires
    assert requires is not None
    assert requires.children[:4] == (
        ModuleRule(module="m"),
        CredentialRule(credential="badge"),
        ModuleRule(module="there/n"),
        CredentialRule(credential="there/award"),
    )


def test_what_a_used_file_says_has_a_place(main: Path) -> None:
    positions = load_pathway(main).positions
    assert positions.of(1, ("modules", "there/n", "title")) == (3, 14)
    assert positions.of_key(1, ("credentials", "there/award")) == (6, 3)


def test_a_mistake_in_a_used_file_is_told_there(main: Path) -> None:
    used = main.parent.parent / "catalogue" / "modules.yaml"
    used.write_text(MODULES.replace("[n, o]", "[n, oo]"))
    (problem,) = problems_in(main)
    assert problem.file == str(used)
    assert (problem.line, problem.column) == (6, 39)
    assert "unknown module or credential `oo`" in problem.message


def test_mistakes_in_several_files_are_told_together(main: Path) -> None:
    used = main.parent.parent / "catalogue" / "modules.yaml"
    used.write_text(MODULES.replace("title: N", "titel: N"))
    main.write_text(main.read_text().replace("destination: [top]", "destination: [tip]"))
    assert [Path(problem.file).name for problem in problems_in(main)] == ["modules.yaml", "p.yaml"]


def test_files_may_use_each_other_in_a_circle(main: Path) -> None:
    used = main.parent.parent / "catalogue" / "modules.yaml"
    used.write_text("uses: [../pathways/p.yaml, modules.yaml]\n" + MODULES)
    assert len(load_pathway(main).document.files) == 2


def test_a_file_used_twice_is_read_once(main: Path) -> None:
    text = main.read_text()
    twice = "uses: [../catalogue/modules.yaml, ../catalogue/../catalogue/modules.yaml]"
    main.write_text(text.replace("uses: [../catalogue/modules.yaml]", twice))
    assert len(load_pathway(main).document.files) == 2


def test_the_same_catalogue_in_two_files(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "catalogue: p\nmodules: {m: {credits: 5}}\n")
    write(tmp_path / "b.yaml", "catalogue: p\nmodules: {m: {credits: 5.0}}\n")
    header = 'pathway: p\nversion: "1"\nuses: [a.yaml, b.yaml]\n'
    path, _ = write(tmp_path / "p.yaml", header + "credentials: {c: {requires: m}}\n")
    assert list(load_pathway(path).document.modules) == ["m"]


@pytest.mark.parametrize(
    "other",
    ["modules: {▸m: {credits: 6}}", "defaults: {pass_score: 50}\nmodules: {▸m: {credits: 5}}"],
)
def test_files_of_one_catalogue_agree(other: str, tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "catalogue: p\nmodules: {m: {credits: 5}}\n")
    _, places = write(tmp_path / "b.yaml", f"catalogue: p\n{other}\n")
    path, _ = write(tmp_path / "p.yaml", 'pathway: p\nversion: "1"\nuses: [a.yaml, b.yaml]\n')
    (problem,) = problems_in(path)
    assert problem.file == str(tmp_path / "b.yaml")
    assert [(problem.line, problem.column)] == places
    assert "`m` means something else" in problem.message
    assert "a.yaml:2:11" in problem.help


def test_an_id_is_a_module_or_a_credential_whatever_the_file(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "catalogue: p\ncredentials: {m: {external: true}}\n")
    text = 'pathway: p\nversion: "1"\nuses: [a.yaml]\nmodules: {m: {}}\n'
    path, _ = write(tmp_path / "p.yaml", text)
    (problem,) = problems_in(path)
    assert problem.file == str(tmp_path / "a.yaml")
    assert "`m` is a module already" in problem.message


def test_an_id_may_be_written_with_its_own_catalogue_but_not_twice(tmp_path: Path) -> None:
    header = 'pathway: p\nversion: "1"\n'
    path, _ = write(tmp_path / "p.yaml", header + "modules: {p/m: {}}\nrules: {r: {all: [m]}}\n")
    assert list(load_pathway(path).document.modules) == ["m"]
    path, _ = write(tmp_path / "p.yaml", header + "modules: {m: {}, p/m: {}}\n")
    (problem,) = problems_in(path)
    assert (problem.line, problem.column) == (3, 18)
    assert "is defined twice" in problem.message


def test_named_rules_belong_to_their_file(main: Path) -> None:
    used = main.parent.parent / "catalogue" / "modules.yaml"
    used.write_text(MODULES.replace("{every: {ids: [n, o]}}", "{rule: r}"))
    (problem,) = problems_in(main)
    assert problem.file == str(used)
    assert "unknown rule `r`" in problem.message


def test_groups_belong_to_their_file(main: Path) -> None:
    used = main.parent.parent / "catalogue" / "modules.yaml"
    used.write_text(MODULES.replace("{ids: [n, o]}", "{groups: core}"))
    (problem,) = problems_in(main)
    assert "unknown group `core`" in problem.message


# --- which files may be used ---------------------------------------------------------------------


def one_use(tmp_path: Path, use: str) -> tuple[Path, str]:
    text = f'pathway: p\nversion: "1"\nuses:\n  - "{use}"\n'
    path, _ = write(tmp_path / "tree" / "pathways" / "p.yaml", text)
    problems = problems_in(path)
    for problem in problems:
        assert (problem.line, problem.column) == (4, 5)
        assert problem.help
    return path, problems[0].message if problems else ""


@pytest.mark.parametrize(
    ("use", "words"),
    [
        ("no.yaml", "there is no such file"),
        ("../catalogue", "there is no such file"),
        (".", "this is a folder"),
        ("https://example.edu/modules.yaml", "this is an address"),
        ("/etc/passwd", "not the path of a file"),
        ("~/modules.yaml", "not the path of a file"),
        ("..\\\\modules.yaml", "not the path of a file"),
        ("a\\0b", "not the path of a file"),
        ("../../modules.yaml", "outside of `tree`"),
        ("../../../../../../etc/passwd", "outside of `tree`"),
    ],
)
def test_a_file_that_can_not_be_used(tmp_path: Path, use: str, words: str) -> None:
    _, message = one_use(tmp_path, use)
    assert words in message


def test_names_that_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "tree" / "pathways").mkdir(parents=True)
    loop = tmp_path / "tree" / "pathways" / "loop.yaml"
    loop.symlink_to(loop)
    _, message = one_use(tmp_path, "loop.yaml")
    assert "no such file" in message
    _, message = one_use(tmp_path, "x" * 400)
    assert "can not be read" in message


def test_a_used_file_that_is_no_yaml_is_told_where_it_is_not(main: Path) -> None:
    used = main.parent.parent / "catalogue" / "modules.yaml"
    used.write_text("catalogue: [there\n")
    problems = [problem for problem in problems_in(main) if problem.file == str(used)]
    assert [(problem.line, problem.column) for problem in problems] == [(1, 12)]


def test_not_more_files_than_anybody_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_FILES", 2)
    for name in ("a", "b"):
        write(tmp_path / f"{name}.yaml", f"catalogue: {name}\n")
    path, _ = write(tmp_path / "p.yaml", 'pathway: p\nversion: "1"\nuses: [a.yaml, b.yaml]\n')
    (problem,) = problems_in(path)
    assert (problem.line, problem.column) == (3, 16)
    assert "more than 2 files" in problem.message


def test_of_many_unknown_ids_the_nearest_is_not_looked_for(tmp_path: Path) -> None:
    unknown = ", ".join(f"m{number}x" for number in range(30))
    text = f'pathway: p\nversion: "1"\nmodules: {{m1: {{}}}}\nrules: {{r: {{any: [{unknown}]}}}}\n'
    path, _ = write(tmp_path / "p.yaml", text)
    problems = problems_in(path)
    assert len(problems) == 30
    assert "known here: `m1`" in problems[0].help
    assert "under `uses`" in problems[-1].help


def test_a_link_can_not_lead_out_of_the_tree(tmp_path: Path) -> None:
    write(tmp_path / "outside.yaml", "catalogue: x\n")
    (tmp_path / "tree" / "pathways").mkdir(parents=True)
    (tmp_path / "tree" / "pathways" / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    _, message = one_use(tmp_path, "link.yaml")
    assert "outside of `tree`" in message


@pytest.mark.parametrize("mark", [".git", ".cairn"])
def test_the_tree_begins_where_a_folder_is_marked(tmp_path: Path, mark: str) -> None:
    write(tmp_path / "modules.yaml", "catalogue: x\n")
    (tmp_path / mark).mkdir()
    _, message = one_use(tmp_path, "../../modules.yaml")
    assert message == ""


def test_a_used_file_says_which_catalogue_it_is(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "modules: {m: {}}\n")
    path, _ = write(tmp_path / "p.yaml", 'pathway: p\nversion: "1"\nuses: [a.yaml]\n')
    (problem,) = problems_in(path)
    assert problem.file == str(tmp_path / "a.yaml")
    assert "needs `catalogue`" in problem.message
