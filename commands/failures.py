"""How a command ends: with one of a few exit codes, and with words rather than a traceback."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from io import TextIOWrapper
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from commands.lazy import LazyGroup

if TYPE_CHECKING:
    # Only type checkers know this name.
    from sys import UnraisableHookArgs

#: After how many seconds an interruption that was not heard comes again.
_AGAIN = 0.01


class Exit(IntEnum):
    """What the exit codes mean."""

    DONE = 0
    FINDINGS = 1
    UNUSABLE = 2
    REFUSED = 3
    LEDGER = 4
    INTERRUPTED = 130


def exit_code(error: Exception) -> Exit:
    """Return the code with which a refusal ends the program."""
    from domain.errors import LedgerError, RefusedError, UnknownDatabaseError

    match error:
        case UnknownDatabaseError():
            return Exit.UNUSABLE
        case LedgerError():
            return Exit.LEDGER
        case RefusedError():
            return Exit.REFUSED
        case _:
            return Exit.UNUSABLE


def told(error: Exception) -> str:
    """Return a refusal in words, one problem a line, safe to show on any terminal."""
    from commands.terminal import clean
    from pathways.problems import FileError

    if isinstance(error, FileError):
        return clean(str(error))
    if isinstance(error, OSError):
        name = f"`{error.filename}`: " if error.filename else ""
        return clean(f"error: {name}{(error.strerror or str(error)).lower()}")
    help_ = getattr(error, "help", "")
    return clean(f"error: {error}" + (f"\n    help: {help_}" if help_ else ""))


def steady() -> None:
    """Write what no encoding can hold as an escape, rather than fail in the middle of a line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def interruptions() -> Iterator[list[int]]:
    """Remember each interruption that comes, beside raising it.

    An extension module that is interrupted while it loads makes an `ImportError` of it, or nothing.
    Where Python would print it and go on, as while an object is let go, it comes again.
    """
    came: list[int] = []
    unheard = sys.unraisablehook

    def interrupted(number: int, frame: FrameType | None) -> None:
        came.append(number)
        signal.default_int_handler(number, frame)

    def ignored(unraisable: UnraisableHookArgs) -> None:
        if isinstance(unraisable.exc_value, KeyboardInterrupt) and hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        else:
            unheard(unraisable)

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        # Whoever started the program does not want it interrupted, or sees to it.
        yield came
        return
    signal.signal(signal.SIGINT, interrupted)
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, interrupted)
    sys.unraisablehook = ignored
    try:
        yield came
    finally:
        sys.unraisablehook = unheard
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)


class RootGroup(LazyGroup):
    """The program itself: whatever goes wrong beneath it is told here, and nowhere else."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line and leave with its exit code; `CAIRN_DEBUG=1` shows tracebacks."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode, **extra)
        steady()
        with interruptions() as came:
            try:
                code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            except click.ClickException as error:
                error.show()
                code = error.exit_code
            except (click.Abort, KeyboardInterrupt):
                came.append(signal.SIGINT)
            except Exception as error:
                if not came:
                    code = self._failed(error)
        if came:
            click.echo("interrupted", err=True)
            code = Exit.INTERRUPTED
        sys.exit(code if isinstance(code, int) else Exit.DONE)

    def invoke(self, ctx: click.Context) -> Any:
        """Carry out a command; that nobody reads on (`cairn ... | head`) is no mistake."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # What is left to say goes nowhere, also when the program ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return Exit.DONE
        return result

    def _failed(self, error: Exception) -> Exit:
        from pathways.problems import CairnError

        if os.environ.get("CAIRN_DEBUG"):
            raise error
        if isinstance(error, CairnError | OSError):
            click.echo(told(error), err=True)
            return exit_code(error)
        click.echo(
            f"error: this should not have happened: {type(error).__name__}: {error}\n"
            "    help: run it again with CAIRN_DEBUG=1 to see where, and report it",
            err=True,
        )
        return Exit.UNUSABLE
