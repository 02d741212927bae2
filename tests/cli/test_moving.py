"""A ledger that is moved takes along what imports know: whom and what names of others mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.test_import import Read

LMS = "https://lms.example.org"
VERBS = "http://adlnet.gov/expapi/verbs/"


def statement(number: int, verb: str, what: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "actor": {"account": {"homePage": LMS, "name": "learner-0042"}},
        "verb": {"id": VERBS + verb},
        "object": what,
        "timestamp": f"2026-02-{number:02}T10:00:00Z",
    }


def completed(number: int, course: str) -> dict[str, Any]:
    return statement(number, "completed", {"id": f"{LMS}/courses/{course}"})


def voided(number: int, target: int) -> dict[str, Any]:
    reference = {"objectType": "StatementRef", "id": f"00000000-0000-4000-8000-{target:012}"}
    return statement(number, "voided", reference)


def passing(day: int, *, holds: bool) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"16facf12-1111-11ee-8d1e-0242ac1200{day:02}",
        "type": "org.openedx.learning.course.passing.status.updated.v1",
        "source": "/openedx/lms/web",
        "sourcehost": "lms.example.org",
        "time": f"2026-02-{day:02}T10:00:00+00:00",
        "data": {
            "course_passing_status": {
                "is_passing": holds,
                "course": {"course_key": "course-v1:X+Macros+1"},
                "user": {"id": 42},
            }
        },
    }


def write(name: str, *documents: dict[str, Any]) -> Path:
    Path(name).write_text("".join(json.dumps(one) + "\n" for one in documents))
    return Path(name)


@pytest.fixture
def mapped(office: Run) -> Run:
    """Names are mapped, a void waits for its statement, and the last status was not passing."""
    office("map", "learner", f"{LMS}#learner-0042", "moana")
    office("map", "learner", "lms.example.org#42", "moana")
    office("map", "learner", "https://other.example#*", "*")
    office("map", "module", f"{LMS}/courses/*", "*")
    office("map", "module", "course-v1:X+Macros+1", "databases")
    office("map", "headers", "registry", "learner=Who", "module=What", "completed_on=When")
    office("import", write("first.jsonl", completed(1, "pivot-tables"), voided(9, 2)))
    office("import", write("open.jsonl", passing(8, holds=False)))
    return office


def moved(run: Run, *words: str) -> tuple[str, ...]:
    run("events", "export", "--output", "ledger.jsonl", *words)
    run("events", "import", "ledger.jsonl", "--db", "moved.db")
    return ("--db", "moved.db")


def test_what_comes_next_means_the_same_in_the_ledger_that_was_moved(
    mapped: Run, read: Read
) -> None:
    there = moved(mapped, "--people")
    assert mapped("map", "list", *there).output == mapped("map", "list").output
    Path("next.csv").write_text("Who,What,When\nmoana,office-project,2026-02-20\n")
    files = (
        # One that is voided already, and one that is known; an older status that comes late.
        write("next.jsonl", completed(2, "databases"), completed(1, "pivot-tables")),
        write("late.jsonl", passing(7, holds=True)),
    )
    for place in ((), there):
        told = read("import", *files, *place)
        assert [one["recorded"] for one in told["files"]] == [1, 0]
        assert told["known"] == 2
        assert read("import", "next.csv", "--headers", "registry", *place)["recorded"] == 1
    here, away = (read("learner", "show", "moana", *place) for place in ((), there))
    assert here == away
    # What was voided before it came counts for nothing, in both.
    counting = [one["module"] for one in here["completions"] if one["revoked"] is None]
    assert "office-skills/databases" not in counting
    assert "office-skills/office-project" in counting


def test_without_people_no_name_of_a_person_is_moved(mapped: Run) -> None:
    mapped("key", "new", "--did", "did:web:awards.example.edu")
    mapped("badge", "moana", "careful-data", "--subject", "did:web:moana.example", "-o", "b.json")
    there = moved(mapped)
    text = Path("ledger.jsonl").read_text()
    for name in ("learner-0042", "lms.example.org#42", '"moana"', "moana.example", "Reid"):
        assert name not in text
    listed = mapped("map", "list", *there).output
    assert "https://other.example#*" in listed
    assert "registry" in listed
    mapped("events", "export", "--people", "--output", "whole.jsonl")
    mapped("events", "import", "whole.jsonl", "--db", "whole.db")
    mapped("badge", "moana", "careful-data", "-o", "again.json", "--db", "whole.db")
    assert Path("again.json").read_bytes() == Path("b.json").read_bytes()


def test_what_was_exported_before_names_were_moved_is_still_read(mapped: Run) -> None:
    mapped("events", "export", "--output", "ledger.jsonl", "--people")
    lines = Path("ledger.jsonl").read_text().splitlines(keepends=True)
    old = [line for line in lines if line.startswith(('{"person"', '{"stream"', '{"events"'))]
    assert len(old) < len(lines)
    Path("old.jsonl").write_text("".join(old))
    mapped("events", "import", "old.jsonl", "--db", "old.db")
    assert "nothing is mapped" in mapped("map", "list", "--db", "old.db").output


@pytest.mark.parametrize(
    "line",
    [
        '{"name":{"kind":"learner","outside":"x","inside":7}}',
        '{"name":{"kind":"learner","outside":"x"}}',
        '{"name":{"kind":"learner","outside":"x","inside":"y","more":"z"}}',
        '{"name":[]}',
        '{"person":{"learner":1,"reference":"a","name":"","email":""}}',
        '{"received":{"statement":"x","learner":"y","voided":"yes","voids":0}}',
        '{"name":{"kind":"learner","outside":"x","inside":"y"},"person":{}}',
    ],
)
def test_a_line_that_is_none_of_an_export_is_refused_and_nothing_is_written(
    mapped: Run, line: str
) -> None:
    mapped("events", "export", "--output", "ledger.jsonl")
    Path("bad.jsonl").write_text(line + "\n" + Path("ledger.jsonl").read_text())
    refused = mapped("events", "import", "bad.jsonl", "--db", "new.db", code=3)
    assert "line 1 is no line of an export" in refused.output
    mapped("events", "import", "ledger.jsonl", "--db", "new.db")


def test_a_ledger_whose_names_are_not_empty_is_left_as_it_is(mapped: Run) -> None:
    mapped("events", "export", "--output", "ledger.jsonl")
    mapped("learner", "register", "x", "--db", "new.db")
    refused = mapped("events", "import", "ledger.jsonl", "--db", "new.db", code=3)
    assert "import into a new one" in refused.output
