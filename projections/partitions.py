"""Work on the whole population, shared out: one function, called once for each part.

The parts are worked on here, by processes of this machine, or by the workers of a Dask cluster;
the function is the same, and so is what comes of it. It may be called for a part more than once:
when a worker is lost, what it had not handed over is done by another.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from multiprocessing import get_context
from threading import local
from typing import Any, TypeVar

from pathways.problems import CairnError

Part = TypeVar("Part")
Result = TypeVar("Result")
Tool = TypeVar("Tool")

#: How many times in a row workers may be lost before a single part is done.
_LOSSES = 5

#: How many parts are handed out at once, for each process: enough that none of them waits.
_AHEAD = 2

#: How many seconds to wait for a scheduler.
_PATIENCE = 10


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who does the work: so many processes of this machine, or the cluster of a scheduler.

    `scheduler` is the address of a Dask scheduler, such as `tcp://10.0.0.5:8786`; it goes before
    `jobs`.
    """

    jobs: int = 1
    scheduler: str = ""


#: Nobody else does it.
ALONE = Sharing()


class UnsharedError(CairnError):
    """The work can not be shared out in this way; nothing is wrong with the ledger.

    `help` says what would do, apart from the message.
    """

    def __init__(self, message: str, help: str = "") -> None:
        """Keep what is wrong, and what would do."""
        super().__init__(message)
        self.help = help


def shared(
    work: Callable[[Part], Result], parts: Iterable[Part], sharing: Sharing = ALONE
) -> Iterator[Result]:
    """Call a function once for each part, and give the results as they are ready.

    Function, parts and results must be such that they can be pickled, unless there is one job and
    no scheduler. Raises what the function raises, or `UnsharedError`.
    """
    if sharing.scheduler:
        yield from _clustered(work, parts, sharing.scheduler)
    elif sharing.jobs > 1:
        yield from _local(work, parts, sharing.jobs)
    else:
        yield from map(work, parts)


class _Tools(local):
    """What one thread keeps at hand for the run that it works on."""

    run = ""
    tool: Any = None

    def __init__(self) -> None:
        self.closing = ExitStack()


_TOOLS = _Tools()


def at_hand(run: str, make: Callable[[], AbstractContextManager[Tool]]) -> Tool:
    """Return what this worker made for an earlier part of the same run, or make it now.

    A worker of a cluster may have several threads, and each has its own. What was made for another
    run is let go.
    """
    if _TOOLS.run != run:
        put_away()
        _TOOLS.tool, _TOOLS.run = _TOOLS.closing.enter_context(make()), run
    tool: Tool = _TOOLS.tool
    return tool


def put_away() -> None:
    """Let go of what this worker has at hand."""
    _TOOLS.run = ""
    _TOOLS.closing.close()


# --- processes of this machine -------------------------------------------------------------------


def _local(work: Callable[[Part], Result], parts: Iterable[Part], jobs: int) -> Iterator[Result]:
    """Share the work with other processes; this one, which is ready at once, is one of the jobs."""
    waiting, own, others, losses = iter(parts), list[Part](), list[Part](), 0
    while True:
        pool = ProcessPoolExecutor(jobs - 1, get_context("spawn"))
        running: dict[Future[Result], Part] = {}
        try:
            while True:
                own = own or list(islice(waiting, 1))
                while len(running) < (jobs - 1) * _AHEAD and (
                    others := others or list(islice(waiting, 1))
                ):
                    with _uninterrupted():
                        running[pool.submit(work, others[-1])] = others[-1]
                    others.pop()
                if own:
                    yield work(own.pop())
                elif running:
                    wait(running, return_when=FIRST_COMPLETED)
                else:
                    return
                for done in [each for each in running if each.done()]:
                    result = done.result()
                    del running[done]
                    losses = 0
                    yield result
        except BrokenProcessPool:
            # One process is gone, and the pool with it. What was under way is done anew, and not
            # by this process: it may be what the other one died of.
            others.extend(running.values())
            losses += 1
            if losses == _LOSSES:
                raise UnsharedError(
                    "the processes that share the work are killed again and again",
                    "they may want more memory than there is: use fewer --jobs",
                ) from None
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let an interruption wait; a process that begins meanwhile is never interrupted.

    Whoever interrupts means all of them. This one hears of it, and ends the others.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# --- a cluster -----------------------------------------------------------------------------------


def _clustered(
    work: Callable[[Part], Result], parts: Iterable[Part], scheduler: str
) -> Iterator[Result]:
    if find_spec("distributed") is None:
        raise UnsharedError(
            "a Dask scheduler needs the package `distributed`",
            "install `cairn-credentials[dask]`",
        )
    # It says little of its types.
    distributed: Any = import_module("distributed")
    given: Sequence[Part] = list(parts)
    try:
        client = distributed.Client(scheduler, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UnsharedError(
            f"no Dask scheduler answers at `{scheduler}`",
            "start one with `dask scheduler`, and name its address, such as tcp://10.0.0.5:8786",
        ) from error
    with client:
        # Not pure: the same question may have another answer when the ledger has grown.
        futures = client.map(work, given, pure=False, retries=_LOSSES)
        try:
            for future in distributed.as_completed(futures, loop=client.loop):
                yield future.result()
        finally:
            client.cancel(futures)
