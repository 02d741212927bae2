"""What `--json` prints has the shape that docs/commands.md shows."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from cli import cairn
from commands.reference import every_command
from tests.cli.conftest import EXAMPLES, ROOT

Run = Callable[..., Result]

PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
SHAPES = {
    words: json.loads(text)
    for words, text in re.findall(r"^### `(cairn [^`]+)`\n\n```json\n(.*?)```", PAGE, re.M | re.S)
}

#: What stands on the page for something of one's own, and what it is here.
REAL = {
    "FILE...": "bad.yaml office-skills.pathway.yaml",
    "FILE": "office-skills.pathway.yaml",
    "GRAPH": "graph.json",
    "RECORD": "record.yaml",
    "OLD": "office-skills.pathway.yaml",
    "NEW": "new.pathway.yaml",
    "LEARNER": "moana",
    "MODULE": "pivot-tables --score 84",
    "AWARD": "careful-data",
    "DIR": "public",
    "CREDENTIAL": "clear-communication",
    "PATHWAY@VERSION": "office-skills@2027.1 --dry-run",
}

#: Objects whose keys are names of the pathway's, not of the shape.
NAMED = {
    "because",
    "bottlenecks",
    "classes",
    "credentials",
    "standings",
    "stopped_after_module",
}

#: Objects that hold more than is shown, by what they are about.
OPEN = {"missing", "use", "events", "history", "verifiableCredential"}


@pytest.fixture
def place(office: Run) -> Run:
    text = (EXAMPLES / "office-skills.pathway.yaml").read_text(encoding="utf-8")
    Path("office-skills.pathway.yaml").write_text(text, encoding="utf-8")
    changed = text.replace("2026.1", "2027.1").replace("at_least: 2\n", "at_least: 3\n")
    Path("new.pathway.yaml").write_text(changed, encoding="utf-8")
    Path("bad.yaml").write_text("pathway: bad\nversion: 2\n", encoding="utf-8")
    Path("record.yaml").write_text("completed: [{module: presenting-data, on: 2026-01-02}]\n")
    office("pathway", "publish", "new.pathway.yaml")
    office("pathway", "export", "office-skills.pathway.yaml", "-o", "graph.json")
    office("key", "new", "--did", "did:web:awards.example.edu")
    office("badge", "moana", "careful-data", "--output", "badge.json")
    return office


def command_line(words: str) -> list[str]:
    if words.startswith("cairn import"):
        return ["import", "rows.csv", "--json"]
    if words.startswith("cairn verify"):
        return ["verify", "badge.json", "--json"]
    for name, real in REAL.items():
        words = re.sub(rf"(?<![\w@\[]){re.escape(name)}(?![\w@.])", real, words)
    extra = " --coverage --mutate -k distinction" if "pathway test" in words else ""
    return shlex.split(words.replace("--json", f"{extra} --json"))[1:]


def differences(shown: Any, printed: Any, where: str = "", about: str = "") -> Iterator[str]:
    """Tell where two values are not of one shape; what is null in one says nothing."""
    if shown is None or printed is None:
        return
    if isinstance(shown, dict) and isinstance(printed, dict):
        if about in NAMED:
            for key in shown.keys() & printed.keys():
                yield from differences(shown[key], printed[key], f"{where}.{key}")
            return
        left = shown.keys() - printed.keys()
        right = set() if about in OPEN else printed.keys() - shown.keys()
        if left or right:
            yield f"{where}: shown alone {sorted(left)}, printed alone {sorted(right)}"
        for key in shown.keys() & printed.keys():
            yield from differences(shown[key], printed[key], f"{where}.{key}", key)
    elif isinstance(shown, list) and isinstance(printed, list):
        if shown and printed:
            match = next((one for one in printed if _like(shown[0], one)), printed[0])
            yield from differences(shown[0], match, f"{where}[]", about)
    elif type(shown) is not type(printed):
        yield f"{where}: {type(shown).__name__} is shown, {type(printed).__name__} printed"


def _like(shown: Any, printed: Any) -> bool:
    """Of a mixed list, take what the page shows one of."""
    marks = ("event", "projection", "completion", "award", "credential")
    if not isinstance(shown, dict):
        return True
    return all(shown[mark] == printed.get(mark) for mark in marks if mark in shown)


@pytest.mark.parametrize("words", SHAPES)
def test_the_page_shows_what_is_printed(place: Run, words: str) -> None:
    if "--awaiting" in words:
        place("pathway", "publish", EXAMPLES / "hk-hkuspace-stackable-micro.pathway.yaml")
        place("learner", "enrol", "moana", "hk-hkuspace-stackable-micro", "--on", "2026-01-01")
        for number in range(1, 6):
            place("learner", "record", "moana", f"pp5-{number}", "--on", "2026-02-01")
    printed = json.loads(place(*command_line(words), code=None).stdout)
    shown = SHAPES[words]
    if "check" in words:
        # The page joins a file with problems and one without.
        bad, good = printed
        printed = [{**good, "problems": bad["problems"], "findings": shown[0]["findings"]}]
    if "award list" in words:
        assert printed, "an empty list shows no shape"
    about = "history" if "history" in words else ""
    assert list(differences(shown, printed, about=about)) == []


def test_the_page_shows_every_command_that_prints_json() -> None:
    recording = "register enrol withdraw start hold correct waive unwaive substitute approve"
    deciding = "revoke reinstate review key seal verify check import replay new rotate"
    told_together = {*recording.split(), *deciding.split(), "publish", "retire"}
    shown = [words.removeprefix("cairn ") for words in SHAPES]
    for words, command, _ in every_command(cairn):
        if any("--json" in parameter.opts for parameter in command.params):
            name = " ".join(words[1:])
            assert words[-1] in told_together or any(one.startswith(name) for one in shown), name
