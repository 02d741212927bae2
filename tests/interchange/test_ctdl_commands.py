"""`cairn pathway export | import` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import cairn

ROOT = Path(__file__).parents[2]
OFFICE = str(ROOT / "pathways" / "examples" / "office-skills.pathway.yaml")

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CAIRN_DATABASE", raising=False)

    def run_(*words: str, code: int = 0, stdin: bytes | None = None) -> Result:
        result = CliRunner().invoke(cairn, words, input=stdin, prog_name="cairn")
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return run_


def test_a_pathway_goes_out_and_comes_back_and_passes_the_check(run: Run) -> None:
    assert run("pathway", "export", OFFICE, "-o", "office.jsonld").stdout == "wrote office.jsonld\n"
    said = run("pathway", "import", "office.jsonld", "-o", "again.pathway.yaml").stdout
    assert said.splitlines() == [
        "wrote again.pathway.yaml: 14 modules, 7 credentials, no comments",
        "next: cairn pathway check again.pathway.yaml",
    ]
    run("pathway", "check", "again.pathway.yaml")
    assert run("pathway", "diff", OFFICE, "again.pathway.yaml").stdout.startswith("nothing changed")


def test_a_published_pathway_is_exported_by_its_id(run: Run) -> None:
    run("pathway", "publish", OFFICE)
    graph = json.loads(
        run("pathway", "export", "office-skills", "--base", "https://polytechnic.example/r").stdout
    )
    assert graph["@graph"][0]["@id"].startswith("https://polytechnic.example/r/ce-")


def test_a_file_that_is_there_is_left_as_it_is(run: Run) -> None:
    run("pathway", "export", OFFICE, "-o", "office.jsonld")
    Path("office-skills.pathway.yaml").write_text("mine")
    result = run("pathway", "import", "office.jsonld", code=2)
    assert "`office-skills.pathway.yaml` is there already" in result.output
    assert Path("office-skills.pathway.yaml").read_text() == "mine"


def test_what_is_no_ctdl_is_refused_at_its_place_and_nothing_is_written(run: Run) -> None:
    Path("half.json").write_text('{\n  "@graph": [')
    result = run("pathway", "import", "half.json", code=2)
    assert result.stderr.startswith("half.json:2:14: this is not JSON: expecting value")
    result = run("pathway", "import", "-", code=2, stdin=b"{}")
    assert result.stderr.startswith("error: there is no pathway in this document\n    help: ")
    run("pathway", "import", "missing.json", code=2)
    assert [path.name for path in Path().iterdir()] == ["half.json"]


def test_a_graph_in_a_pipe_is_printed_as_a_file(run: Run) -> None:
    graph = run("pathway", "export", OFFICE).stdout.encode()
    text = run("pathway", "import", "-", "-o", "-", stdin=graph).stdout
    assert text.startswith("# Read from the CTDL document -.\npathway: office-skills\n")
    said = json.loads(run("pathway", "import", "-", "--json", stdin=graph).stdout)
    assert (said["pathway"], said["modules"], said["credentials"]) == ("office-skills", 14, 7)
    assert said["files"] == [{"name": "office-skills.pathway.yaml", "text": text}]
    assert said["notes"] == []
