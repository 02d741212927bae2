"""A file that is given, or standard input: opened and unpacked, as often as it takes."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, BinaryIO, Self

#: How standard input is named on the command line.
STDIN = "-"


class Given:
    """Something to read. What comes through a pipe is kept on disk, to be read more than once."""

    def __init__(self, path: Path) -> None:
        """Open a file, or read all of standard input. Raises `OSError`."""
        self.path = Path("standard input") if str(path) == STDIN else path
        #: What its rejects are named after.
        self.stem = "stdin" if str(path) == STDIN else str(path)
        self._raw = _kept(sys.stdin.buffer) if str(path) == STDIN else _file(path)

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.path)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Give what it holds from the beginning, unpacked."""
        from interchange.reading import unpacked

        # Whoever reads may close what they read, and it is read again.
        with os.fdopen(os.dup(self._raw.fileno()), "rb") as again:
            again.seek(0)
            with unpacked(again, self.name) as raw:
                yield raw

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._raw.close()


def _file(path: Path) -> IO[bytes]:
    raw = path.open("rb")
    return raw if raw.seekable() else _kept(raw)


def _kept(raw: IO[bytes]) -> IO[bytes]:
    kept = TemporaryFile()  # noqa: SIM115  # closed with the rest
    shutil.copyfileobj(raw, kept)
    kept.flush()
    return kept
