"""However a command is used, it ends in words and a documented exit code, never in a traceback."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click
import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from commands.failures import Exit, RootGroup
from commands.terminal import clean
from tests.cli.conftest import EXAMPLES, program

Run = Callable[..., Result]

OFFICE = EXAMPLES / "office-skills.pathway.yaml"

HOSTILE = {
    "empty": b"",
    "nothing": b"null\n",
    "list": b"- a\n- b\n",
    "text": b"just words\n",
    "binary": bytes(range(256)) * 4,
    "utf-16": "pathway: x\n".encode("utf-16"),
    "nul": b"pathway: x\x00y\n",
    "deep": b"[" * 5_000 + b"]" * 5_000,
    "deep mapping": b"{a: " * 2_000 + b"1" + b"}" * 2_000,
    "aliases": b"a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
    b"c: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c]\n"
    b"e: &e [*d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e]\ng: [*f, *f, *f, *f]\n",
    "tag": b"!!python/object/apply:os.system ['true']\n",
    "unfinished": b"pathway: {a: [1, 2\n",
    "tabs": b"pathway:\tx\n\tversion: 1\n",
    "terminal": b"pathway: \"\\e[31mred\"\nversion: '1'\n",
    "outside": b"pathway: x\nversion: '1'\nuses: [../../../../etc/passwd]\n",
    "huge number": b"pathway: x\nversion: '1'\nmodules: {a: {credits: 1e999999999}}\n",
    "many keys": b"".join(b"k%d: 1\n" % number for number in range(300)),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    "words",
    [
        "pathway check hostile.yaml",
        "pathway test hostile.yaml",
        "pathway show hostile.yaml",
        "pathway graph hostile.yaml",
        "pathway publish hostile.yaml",
        "pathway evaluate hostile.yaml --record hostile.yaml",
        "pathway evaluate OFFICE --record hostile.yaml",
    ],
)
def test_a_hostile_file_is_refused_in_words(run: Run, name: str, words: str) -> None:
    Path("hostile.yaml").write_bytes(HOSTILE[name])
    result = run(*words.replace("OFFICE", str(OFFICE)).split(), code=None)
    assert result.exit_code in (1, 2), result.output
    assert "this should not have happened" not in result.output
    assert "\x1b" not in result.output


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_spreadsheet_is_refused_in_words(office: Run, name: str) -> None:
    Path("hostile.csv").write_bytes(HOSTILE[name])
    assert "this should not" not in office("import", "hostile.csv", code=2).output
    Path("hostile.csv").write_bytes(b"learner,module,completed_on\n" + HOSTILE[name])
    result = office("import", "hostile.csv", code=None)
    assert result.exit_code in (0, 1, 2)
    assert "this should not" not in result.output


def test_a_file_that_uses_itself_is_read_once(run: Run) -> None:
    Path("x.yaml").write_text(
        "pathway: x\nversion: '1'\nuses: [x.yaml]\nmodules: {a: {title: A}}\n"
    )
    run("pathway", "check", "x.yaml")


@given(st.binary(max_size=200))
def test_whatever_a_file_holds_it_is_checked_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    from click.testing import CliRunner

    from cli import cairn

    path = tmp_path_factory.mktemp("any") / "any.yaml"
    path.write_bytes(data)
    result = CliRunner().invoke(cairn, ["pathway", "check", str(path)])
    assert result.exit_code in (0, 1)
    assert "this should not have happened" not in result.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "Usage"),
        ("pathwy", "did you mean `pathway`?"),
        ("pathway chek x", "did you mean `check`?"),
        ("pathway check", "say which FILE"),
        ("pathway check nowhere.yaml", "no such file"),
        ("pathway check .", ""),
        ("pathway evaluate nowhere.yaml --record x", "no such file"),
        ("pathway evaluate OFFICE", "--record"),
        ("pathway evaluate OFFICE --record nowhere.yaml", "no such file"),
        ("pathway evaluate OFFICE --record OFFICE --on 2026-02-30", "is not a date"),
        ("pathway graph OFFICE --format gif", "gif"),
        ("pathway new Capital", "lower-case"),
        ("pathway new ../x", "lower-case"),
        ("pathway retire office-skills", "ID@VERSION"),
        ("pathway graph OFFICE -o nowhere/x.svg", "nowhere/x.svg"),
        ("learner record x y --score many", "is not a number"),
        ("learner record x y --expires soon", "is not a date"),
        ("completion powershell", "powershell"),
        ("learner list --db redis://x", "redis"),
        ("demo .", "is no demo"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(run: Run, words: str, message: str) -> None:
    Path("mine").write_text("")
    result = run(*words.replace("OFFICE", str(OFFICE)).split(), code=2)
    assert message in result.output


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(run: Run) -> None:
    Path("secret.yaml").write_text("pathway: x\n")
    Path("secret.yaml").chmod(0)
    run("pathway", "check", "secret.yaml", code=2)


def test_a_ledger_that_is_not_there_is_not_made_by_looking(run: Run) -> None:
    result = run("learner", "list", code=4)
    assert "there is no ledger `cairn.db`" in result.stderr
    assert not Path("cairn.db").exists()


def test_a_file_that_is_no_ledger_is_left_alone(run: Run) -> None:
    Path("cairn.db").write_text("a shopping list, of more than a hundred bytes or so: " * 20)
    before = Path("cairn.db").read_bytes()
    run("learner", "list", code=4)
    run("learner", "register", "s-1", code=4)
    assert Path("cairn.db").read_bytes() == before


def test_a_locked_ledger_is_told(office: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import commands.books

    monkeypatch.setattr(commands.books, "PATIENCE", 0)
    with sqlite3.connect("cairn.db") as database:
        database.execute("BEGIN EXCLUSIVE")
        assert "locked" in office("learner", "record", "moana", "pivot-tables", code=4).stderr
    database.close()


def test_an_actor_named_by_the_environment_is_recorded(
    office: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRN_BY", "registrar")
    said = office("learner", "record", "moana", "pivot-tables", "--json").stdout
    assert json.loads(said)["events"][0]["by"] == "registrar"


def test_a_day_that_is_no_day_in_the_environment_is_told(
    office: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRN_TODAY", "soon")
    assert "CAIRN_TODAY is `soon`" in office("learner", "show", "moana", code=2).stderr


def test_a_reader_that_goes_away_is_no_mistake(tmp_path: Path) -> None:
    process = program("pathway", "schema", cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == 0
    process.stderr.close()


def test_an_interruption_ends_with_130(tmp_path: Path) -> None:
    process = program("demo", cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "cairn-demo" / "cairn.db").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_nothing_is_coloured_in_a_pipe(tmp_path: Path) -> None:
    process = program("pathway", "show", OFFICE, cwd=tmp_path)
    out, _ = process.communicate(timeout=60)
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in out.splitlines())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_old_terminal_is_no_mistake(tmp_path: Path, encoding: str) -> None:
    process = program("pathway", "show", OFFICE, cwd=tmp_path, PYTHONIOENCODING=encoding)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "Office Skills" in out


def test_a_traceback_is_shown_where_it_is_asked_for(tmp_path: Path) -> None:
    process = program("pathway", "show", "nowhere.yaml", cwd=tmp_path, CAIRN_DEBUG="1")
    _, err = process.communicate(timeout=60)
    assert "Traceback" in err


@given(st.text())
def test_no_text_can_steer_the_terminal(text: str) -> None:
    shown = clean(text)
    assert not any(ord(sign) < 32 and sign not in "\n\t" for sign in shown)
    assert "\x1b" not in shown
    assert "\x9b" not in shown


@pytest.mark.parametrize("swallowed", [False, True])
def test_an_interruption_is_one_though_a_library_makes_something_else_of_it(
    swallowed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """An extension module that is interrupted while it loads fails in its own way, or goes on."""

    @click.group(cls=RootGroup)
    def root() -> None:
        """Stand for the program."""

    @root.command()
    def load() -> None:
        """Be interrupted within a library."""
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            if not swallowed:
                raise ImportError("initialization failed") from None

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit) as ended:
        root.main(["load"])
    assert ended.value.code == Exit.INTERRUPTED
    assert capsys.readouterr().err == "interrupted\n"
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interruption_that_comes_as_an_object_is_let_go_comes_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Python would print it, and go on with what was to be ended."""

    class Last:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    @click.group(cls=RootGroup)
    def root() -> None:
        """Stand for the program."""

    @root.command()
    def work() -> None:
        """Be interrupted while something is let go, and work on."""
        Last()
        for _ in range(500):
            time.sleep(0.01)
        click.echo("done")

    with pytest.raises(SystemExit) as ended:
        root.main(["work"])
    assert ended.value.code == Exit.INTERRUPTED
    told = capsys.readouterr()
    assert (told.out, told.err.strip()) == ("", "interrupted")


@pytest.mark.parametrize("wait", [0.4, 0.7, 1.0, 1.3])
def test_processes_that_share_the_work_are_interrupted_without_a_word(
    office: Run, wait: float
) -> None:
    """Whenever it comes: while they begin, at work, or when all is done."""
    process = program("audit", "run", "--jobs", "3", cwd=Path.cwd())
    time.sleep(wait)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (Exit.DONE, Exit.INTERRUPTED)
    assert "Traceback" not in err
