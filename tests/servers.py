"""A PostgreSQL server of the tests' own: started when one is asked for, and gone with them.

Its programs come from the system (`make server` installs them where it may). Databases are made
afresh for each test; nothing is kept, and nobody else's server is touched.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

_PATIENCE = 60.0

# Nothing here has to survive the machine, but everything a crash of the server.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "listen_addresses": "127.0.0.1",
    "autovacuum": "off",
}


def missing() -> str:
    """Say why no server can be started here; empty where one can."""
    if sys.platform == "win32":
        return "the tests start no PostgreSQL server on this system"
    if find_spec("psycopg") is None:
        return "the package `psycopg` is not installed"
    if _programs() is None:
        return "PostgreSQL is not installed: `make server`, as root"
    if os.geteuid() == 0 and _account() is None:
        return "PostgreSQL does not run as root, and there is no other account"
    return ""


def _programs() -> Path | None:
    """Return the folder of the server's programs, the newest where there are several."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    known = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0,
    )
    return known[-1].parent if known else None


def _account() -> str | None:
    """Return an account to run the server under, since it refuses to run as root."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


@dataclass
class Server:
    """A running server."""

    programs: Path
    folder: Path
    port: int
    account: str | None
    process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        program = [str(self.programs / "postgres"), "-D", str(self.folder / "data")]
        self.process = subprocess.Popen(
            [*program, "-p", str(self.port), "-k", str(self.folder), *settings],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self.account,
            cwd=self.folder,
        )
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                self.ask("SELECT 1")
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.05)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it; SIGQUIT is a crash, after which it recovers when it is started again."""
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(_PATIENCE)

    def ask(self, statement: str) -> None:
        """Carry out a statement on the server itself. Raises `OSError` where it does not answer."""
        import psycopg

        try:
            with psycopg.connect(self._url("postgres"), autocommit=True, connect_timeout=5) as one:
                one.execute(statement.encode())
        except psycopg.OperationalError as error:
            raise OSError(str(error)) from error

    def database(self) -> str:
        """Make a new database, and return its address."""
        name = f"cairn_{next(self._numbers)}"
        self.ask(f"CREATE DATABASE {name}")
        return self._url(name)

    def drop(self, address: str) -> None:
        """Drop a database, whoever still uses it."""
        self.ask(f"DROP DATABASE IF EXISTS {address.rpartition('/')[2]} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return f"postgresql://cairn:cairn@127.0.0.1:{self.port}/{name}"


@contextmanager
def server() -> Iterator[Server]:
    """Make a server in a temporary folder, and run it."""
    programs = _programs()
    assert programs is not None
    account = _account() if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="cairn-pg-") as place:
        folder = Path(place)
        if account is not None:
            os.chown(folder, pwd.getpwnam(account).pw_uid, -1)
        subprocess.run(
            [
                str(programs / "initdb"),
                *("-D", str(folder / "data"), "-U", "cairn", "--auth=trust"),
                *("--encoding=UTF8", "--no-sync", "--locale=C.UTF-8"),
            ],
            check=True,
            capture_output=True,
            user=account,
            cwd=folder,
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        running = Server(programs, folder, port, account)
        running.start()
        try:
            yield running
        finally:
            if running.process is not None and running.process.poll() is None:
                running.stop()
