"""Documents of other systems are imported as a person would: files, pipes, packed, cut short."""

from __future__ import annotations

import csv
import gzip
import json
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.cli.conftest import EXAMPLES, program
from tests.cli.test_import import _content

Run = Callable[..., Result]
Read = Callable[..., Any]

SAMPLES = Path(__file__).parents[1] / "fixtures" / "incoming"
COURSE = "https://lms.example.org/xapi/activities/course/cyber-101"
LEARNER = "https://lms.example.org#learner-0042"


@pytest.fixture
def mapped(office: Run) -> Run:
    """The office, which knows whom and what the samples mean."""
    for path in SAMPLES.glob("*.json"):
        shutil.copyfile(path, path.name)
    for learner in (LEARNER, "lms.example.org#42", "sis.example.org#u-42"):
        office("map", "learner", learner, "moana")
    for outside, module in (
        (COURSE, "pivot-tables"),
        ("course-v1:edX+DemoX+Demo_Course", "databases"),
        ("sis.example.org#li-1", "writing-reports"),
    ):
        office("map", "module", outside, module, code=None)
    return office


def statements(number: int, learners: int = 40) -> list[dict[str, Any]]:
    """Statements of several learners, some failed, some voided before or after they come."""
    chance = random.Random(11)
    modules = ("charts", "pivot-tables", "data-cleaning", "data-privacy", "macros")
    made: list[dict[str, Any]] = []
    for count in range(number):
        key = f"00000000-0000-4000-8000-{count:012}"
        verb = chance.choice(["completed", "passed", "passed", "failed"])
        home = {"homePage": "https://lms.example.org", "name": f"s-{count % learners}"}
        made.append(
            {
                "id": key,
                "actor": {"account": home},
                "verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}"},
                "object": {"id": f"https://lms.example.org/c/{chance.choice(modules)}"},
                "result": {"score": {"scaled": chance.randrange(100) / 100}},
                "timestamp": f"2025-{1 + count % 12:02}-{1 + count % 28:02}T10:00:00Z",
            }
        )
        if chance.random() < 0.1:
            made.append(
                {
                    "id": f"00000000-0000-4000-9000-{count:012}",
                    "actor": {"mbox": "mailto:registrar@example.org"},
                    "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
                    "object": {"objectType": "StatementRef", "id": key},
                }
            )
    chance.shuffle(made)
    return made


def test_all_samples_are_imported_and_a_second_time_nothing_changes(
    mapped: Run, read: Read
) -> None:
    names = sorted(path.name for path in SAMPLES.glob("*.json"))
    code = 0 if "writing-reports" in mapped("map", "list").stdout else 1
    first = read("import", *names, code=code)
    assert {one["format"] for one in first["files"]} == {"xapi", "openedx", "oneroster"}
    before = read("learner", "history", "moana")
    assert read("import", *reversed(names), code=code)["recorded"] == 0
    assert read("learner", "history", "moana") == before
    by_file = {one["file"]: one for one in first["files"]}
    assert by_file["cmi5-abandoned.json"]["passed_over"] == 1
    assert by_file["xapi-passed.json"]["recorded"] == 1
    assert "Tested Out" in mapped("learner", "history", "moana").stdout


def test_no_personal_data_of_a_message_is_stored_anywhere(mapped: Run) -> None:
    mapped("map", "remove", "learner", "lms.example.org#42")
    names = sorted(path.name for path in SAMPLES.glob("openedx-*.json"))
    mapped("import", *names, code=1)
    mapped("import", *names, "--register")
    kept = [path for path in Path().iterdir() if path.name not in names]
    everything = b"".join(path.read_bytes() for path in kept)
    for word in (b"learner42", b"a@example.com", b"A Learner"):
        assert word not in everything


def test_unknown_names_are_listed_once_each_with_their_counts(office: Run, read: Read) -> None:
    value = json.loads((SAMPLES / "xapi-passed.json").read_text("utf-8"))
    made = [{**value, "id": f"00000000-0000-4000-8000-{count:012}"} for count in range(3)]
    Path("s.json").write_text(json.dumps(made))
    result = office("import", "s.json", code=1)
    assert result.stderr.count(LEARNER) == 1
    assert f"{LEARNER}  3 rows" in result.stderr
    # Whoever maps names maps all of them at once, so modules are told even where nobody is known.
    assert f"{COURSE}  3 rows" in result.stderr
    office("map", "learner", LEARNER, "moana")
    totals = read("import", "s.json", code=1)
    assert totals["unknown"] == {"learners": [], "modules": [{"name": COURSE, "rows": 3}]}
    with Path("s.json.rejects.csv").open(newline="") as file:
        rejects = list(csv.DictReader(file))
    assert [row["id"] for row in rejects] == [one["id"] for one in made]
    assert rejects[0]["line"] == "1"
    assert int(rejects[2]["column"]) > int(rejects[1]["column"]) > 1
    assert (rejects[0]["learner"], rejects[0]["module"]) == (LEARNER, COURSE)


def test_a_dry_run_shows_what_would_be_recorded_and_awarded(mapped: Run, read: Read) -> None:
    before = Path("cairn.db").read_bytes()
    shown = mapped("import", "xapi-passed.json", "--dry-run").stdout
    assert "would record: moana: completed `office-skills/pivot-tables` (score 82)" in shown
    assert "would record: moana: awarded" in shown
    would = read("import", "xapi-passed.json", "--dry-run")["would"]
    assert [one["event"] for one in would][:2] == [
        "learner.module-completed",
        "learner.credential-awarded",
    ]
    assert would[0]["learner"] == "moana"
    assert Path("cairn.db").read_bytes() == before


def test_standard_input_and_packed_files_are_read_as_any_other(mapped: Run) -> None:
    text = Path("xapi-passed.json").read_text()
    assert "1 recorded" in mapped("import", "-", stdin=text).stdout
    Path("packed").write_bytes(gzip.compress(text.encode()))
    assert "1 known before" in mapped("import", "packed").stdout
    rows = "learner,module,completed_on\nmoana,databases,2026-03-01\n"
    Path("rows.gz").write_bytes(gzip.compress(rows.encode()))
    assert "1 recorded" in mapped("import", "rows.gz").stdout


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'[{"id": 1}, {"id": ', "no known kind"),
        (b'[{"verb": 1, "actor": 1, "object": 1}, {"id": ', "s.json:1:47: the file ends"),
        (b"[" + b"[" * 100_000, "levels"),
        (b'[{"a": "' + b"x" * 3_000_000 + b'"}]', "characters"),
        (b'[{"a": "\xff\xfe"}]', "UTF-8"),
        (b"[]", "no known kind"),
        (b"{", "s.json:1:"),
        (b"", "has no header"),
        (b"\x1f\x8b\x08\x00junk", "damaged"),
        (b"\x00\x01\x02\x03", "column"),
    ],
)
def test_a_file_that_can_not_be_read_to_its_end_changes_nothing(
    mapped: Run, data: bytes, message: str
) -> None:
    Path("s.json").write_bytes(data)
    before = Path("cairn.db").read_bytes()
    result = mapped("import", "xapi-passed.json", "s.json", code=2)
    assert message in result.stderr
    assert Path("cairn.db").read_bytes() == before


def test_an_array_that_is_cut_short_after_good_statements_changes_nothing(mapped: Run) -> None:
    text = json.dumps(statements(300))
    Path("s.json").write_text(text[: len(text) * 9 // 10])
    before = Path("cairn.db").read_bytes()
    mapped("import", "s.json", "--register", code=2)
    Path("s.json.gz").write_bytes(gzip.compress(text.encode())[:-20])
    mapped("import", "s.json.gz", "--register", code=2)
    assert Path("cairn.db").read_bytes() == before


def test_a_broken_line_is_a_reject_and_the_others_are_imported(mapped: Run, read: Read) -> None:
    good = json.dumps(json.loads(Path("xapi-passed.json").read_text()))
    Path("s.jsonl").write_text(f"{good}\n{{broken\n[1]\n")
    totals = read("import", "s.jsonl", "--format", "xapi", code=1)
    assert (totals["recorded"], totals["rejected"]) == (1, 2)
    with Path("s.jsonl.rejects.csv").open(newline="") as file:
        assert [row["line"] for row in csv.DictReader(file)] == ["2", "3"]


def test_the_verbs_that_count_can_be_named(mapped: Run, read: Read) -> None:
    totals = read("import", "xapi-completed.json", "--verb", "passed", "--verb", "satisfied")
    assert (totals["recorded"], totals["passed_over"]) == (0, 1)


def test_headers_are_saved_and_used_by_name(office: Run, read: Read) -> None:
    office("map", "headers", "registry", "learner=Who", "module=What", "completed_on=When")
    Path("r.csv").write_text("When;What;Who\n2026-03-01;databases;moana\n")
    assert read("import", "r.csv", "--headers", "registry")["recorded"] == 1
    assert (
        "did you mean `registry`?"
        in office("import", "r.csv", "--headers", "regstry", code=2).stderr
    )


def test_names_are_read_from_a_file_all_or_none(office: Run) -> None:
    Path("names.csv").write_text(
        "kind,outside,inside\nlearner,x#1,moana\nmodule,c-1,chartz\nmodel,a,b\n"
    )
    result = office("map", "read", "names.csv", code=2)
    assert "names.csv:3: " in result.stderr
    assert "names.csv:4: `model`" in result.stderr
    assert "nothing is mapped" in office("map", "list").stdout
    Path("names.csv").write_text("kind,outside,inside\nlearner,x#1,moana\nmodule,c-1,charts\n")
    assert "2 names mapped" in office("map", "read", "names.csv").stdout
    assert "moana" in office("map", "list").stdout


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("map learner x#1 nobody", 3, "nobody"),
        ("map learner x#* moana", 3, "both end with"),
        ("map module c-1 chartz", 3, "did you mean `charts`?"),
        ("map remove module c-9", 3, "no module is mapped"),
        ("import a.json b.json --rejects r.csv", 2, "--rejects"),
        ("import", 2, "FILE"),
    ],
)
def test_what_can_not_be_mapped_or_imported_is_told(
    office: Run, words: str, code: int, message: str
) -> None:
    assert message in office(*words.split(), code=code).stderr


def test_an_import_of_statements_that_is_killed_and_run_again_ends_in_the_same_ledger(
    tmp_path: Path,
) -> None:
    chance = random.Random(5)
    text = json.dumps({"statements": statements(900)})
    calm, stormy = tmp_path / "calm", tmp_path / "stormy"
    words = ("import", "s.json", "--register", "--enrol", "office-skills", "--json")

    def done(*line: str | Path, cwd: Path) -> Any:
        process = program(*line, cwd=cwd, CAIRN_TODAY="2026-03-12")
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        return out

    for folder in (calm, stormy):
        folder.mkdir()
        (folder / "s.json").write_text(text)
        done("pathway", "publish", EXAMPLES / "office-skills.pathway.yaml", cwd=folder)
        done("map", "module", "https://lms.example.org/c/*", "*", cwd=folder)
        done("map", "learner", "https://lms.example.org#*", "*", cwd=folder)
    started = time.monotonic()
    first = json.loads(done(*words, cwd=calm))
    duration = time.monotonic() - started
    for _ in range(3):
        process = program(*words, cwd=stormy, CAIRN_TODAY="2026-03-12")
        try:
            process.communicate(timeout=chance.uniform(0.4, 1.0) * duration)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
    last = json.loads(done(*words, cwd=stormy))
    assert (last["rows"], last["rejected"]) == (first["rows"], 0)
    assert _content(stormy) == _content(calm)
    assert first["registered"] == 40
