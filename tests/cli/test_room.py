"""Where a ledger can not be written, commands say so in words, and change nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commands.failures import Exit
from tests.cli.conftest import EXAMPLES, ROOT, Run
from tests.cli.test_asking import TODAY, made
from tests.cli.unprivileged import both, close_off
from tests.questions import lines

__all__ = ["made"]  # the office

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files can not be limited here")

#: Each changes something, and is one transaction.
CHANGES = """
pathway publish other.pathway.yaml --on 2026-03-01
pathway retire office-skills@2026.1
learner register s-9
learner waive moana office-skills electives --amount 5 --reason work
learner withdraw finn office-skills
learner start moana databases
learner record moana databases --score 71
learner revoke moana charts@2025-05-15 --yes
learner erase finn --yes
award revoke moana spreadsheet-essentials --reason mistake --yes
cohort migrate office-skills --from 2026.1 --to 2027.1
map module other macros
map remove module "course:*"
badge moana office-data-certificate -o badge.json
projections rebuild
"""

LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""

Said = tuple[int, str]


@pytest.fixture
def desk(run: Run, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("CAIRN_TODAY", TODAY)
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    other = Path("office.pathway.yaml").read_text().replace("office-skills", "other-skills")
    Path("other.pathway.yaml").write_text(other)
    return run


def limited(size: int, *words: str) -> Said:
    """Run a command that can write no file beyond so many bytes."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(size), str(ROOT / "cli.py"), *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


def state(run: Run) -> tuple[str, str]:
    """All events with the people, and what else is kept beside them."""
    return run("events", "export", "--people").output, run("map", "list").output


def levels(run: Run) -> set[str]:
    """What kinds of findings an audit has."""
    report = json.loads(run("audit", "run", "--json", code=None).stdout)
    return {finding["level"] for finding in report["findings"]}


@pytest.mark.parametrize("words", lines(CHANGES), ids=" ".join)
def test_a_command_that_finds_no_room_changes_nothing_and_works_when_there_is_some(
    desk: Run, words: list[str]
) -> None:
    before = state(desk)
    code, said = limited(2_000, *words)
    assert code == Exit.LEDGER, said
    assert re.match(r"error: .*`cairn\.db` \(disk I/O error\)\n    help: .*room left", said), said
    assert state(desk) == before
    assert "fault" not in levels(desk)
    desk(*words)
    if words[0] != "projections":
        assert state(desk) != before
    assert "fault" not in levels(desk)


@pytest.fixture
def disk() -> Iterator[Callable[[int], Path]]:
    """Give a small file system of its own, which can grow."""
    with tempfile.TemporaryDirectory() as place:

        def sized(bytes_: int) -> Path:
            how = ["-o", f"{'remount,' if os.path.ismount(place) else ''}size={bytes_}"]
            done = subprocess.run(
                ["mount", "-t", "tmpfs", *how, "tmpfs", place], capture_output=True, text=True
            )
            if done.returncode:
                pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
            return Path(place)

        yield sized
        if os.path.ismount(place):
            subprocess.run(["umount", place], check=True)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount a file system"
)
@pytest.mark.parametrize("room", [20_000, 400_000, 1_200_000])
def test_an_import_onto_a_full_disk_is_ended_by_running_it_again_when_there_is_room(
    run: Run, disk: Callable[[int], Path], room: int
) -> None:
    place = disk(100_000_000) / "cairn.db"
    office = EXAMPLES / "office-skills.pathway.yaml"
    run("pathway", "publish", office, "--on", "2025-01-01", "--db", place)
    Path("many.csv").write_text(
        "learner,module,completed_on,score\n"
        + "".join(
            f"l-{number},{module},2025-03-0{day},80\n"
            for number in range(500)
            for day, module in enumerate(("spreadsheets-1", "spreadsheets-2", "charts"), 1)
        )
    )
    importing = ("import", "many.csv", "--register", "--enrol", "office-skills", "--db", place)
    disk(place.stat().st_size + room)
    said = run(*importing, code=Exit.LEDGER).stderr
    # Where not even SQLite's notes find room, it does not say why.
    assert "no room left to write" in said or "check that there is room left" in said
    told = re.findall(r"(\d+) rows? recorded, which stays?: run it again", said)
    recorded = int(told[0]) if told else 0
    assert bool(recorded) == (room > 1_000_000)
    disk(100_000_000)
    assert json.loads(run("audit", "run", "--db", place, "--json").stdout)["clean"]
    done = json.loads(run(*importing, "--json").stdout)
    assert (done["recorded"], done["known"]) == (1500 - recorded, recorded)
    report = json.loads(run("audit", "run", "--db", place, "--json").stdout)
    assert report["clean"]
    assert (report["counts"]["learners"], report["counts"]["proofs"]) == (500, 500)


@pytest.mark.parametrize("size", [5_000, 30_000, 60_000])
def test_an_export_that_finds_no_room_to_be_read_leaves_no_half_ledger(
    desk: Run, size: int
) -> None:
    desk("events", "export", "--people", "--output", "log.jsonl")
    code, said = limited(size, "events", "import", "log.jsonl", "--db", "new.db")
    assert (code, "room left" in said) == (Exit.LEDGER, True)
    desk("events", "import", "log.jsonl", "--db", "new.db")
    desk("replay", "--db", "new.db")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there are no such permissions here")
@pytest.mark.parametrize("folder_mode", [0o777, 0o555], ids=["the file", "the folder too"])
def test_a_command_that_may_not_write_says_so_and_changes_nothing(
    desk: Run, tmp_path: Path, folder_mode: int
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        changes = [*lines(CHANGES), ["import", "more.csv"]]
        # Whose keys somebody else may read, signs nothing, whether it could be written or not.
        changes = [words for words in changes if words[0] != "badge"]
        shutil.copytree(tmp_path, folder, dirs_exist_ok=True)
        close_off(folder)
        folder.chmod(folder_mode)
        before = (folder / "cairn.db").read_bytes()
        _, writable, found = both(changes, tmp_path, folder)
        assert writable is (folder_mode == 0o777)
        for told in found:
            assert told.code == Exit.LEDGER, told
            expected = "error: `cairn.db` can not be written\n    help: "
            assert told.errors.startswith(expected), told.words
        assert (folder / "cairn.db").read_bytes() == before
