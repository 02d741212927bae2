"""Seals a ledger, and finds every event that is not as it was sealed.

A seal is a folder that can be kept elsewhere: an `index` with a line for each sealed event, which
only grows, and a signed checkpoint for each time that it was sealed. The checkpoints vouch for the
index, and the index names what was altered, removed, inserted or put in another order.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from pathlib import Path

from sqlalchemy import Connection

from domain.merkle import Tree, consistency, extends, includes, inclusion
from domain.seal import (
    Checkpoint,
    Entry,
    SealError,
    entry,
    hashes,
    opened,
    public_of,
    read_public,
    signed,
    texts,
)
from domain.storage import Database
from projections import log
from projections.findings import Finding
from projections.log import Row

#: How far apart two entries may be and still be taken for a gap rather than for another order.
_WINDOW = 500


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was sealed: how many events in all, how many of them are new, and where that stands."""

    checkpoint: Checkpoint
    added: int
    path: Path


def seal(database: Database, folder: Path, key: bytes, name: str, at: datetime) -> Sealed:
    """Seal a ledger as it stands, beneath the seals that the folder has already.

    Raises `SealError` where the ledger is not as it was sealed before: a seal never covers that up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index"
    size = max((sealed for sealed, _ in _checkpoints(folder)), default=0)
    before = _measured(index, size)
    tree = Tree()
    with log.snapshot(database) as view, index.open("r+b" if before else "wb") as written:
        # What was written after the last checkpoint was never vouched for.
        written.truncate(before)
        rows = log.in_order(view)
        for line, row in zip(islice(written, size), rows, strict=False):
            one = _entry(row)
            if line.rstrip(b"\n") != one.line():
                raise SealError(
                    _difference(Entry.from_line(line), one, tree.size + 1),
                    "see what else is not as it was sealed with `cairn audit verify`",
                )
            tree.add(one.leaf())
        if tree.size < size:
            raise SealError(
                f"{size - tree.size} sealed events are not there any more",
                "see which with `cairn audit verify`",
            )
        if size:
            path = _checkpoint_path(folder, size)
            last = opened(path.read_text(encoding="utf-8"), public_of(key, name))
            if last.root != tree.root():
                raise SealError(
                    f"`{path.name}` and the index do not belong together",
                    "take the copy of the seal that is kept elsewhere",
                )
        written.seek(before)
        for row in rows:
            one = _entry(row)
            written.write(one.line() + b"\n")
            tree.add(one.leaf())
        written.flush()
        os.fsync(written.fileno())
    checkpoint = Checkpoint(name, tree.size, tree.root(), at)
    path = _checkpoint_path(folder, tree.size)
    if tree.size > size or not path.exists():
        half = path.with_suffix(".new")
        with half.open("w", encoding="utf-8") as out:
            out.write(signed(checkpoint, key))
            out.flush()
            os.fsync(out.fileno())
        half.replace(path)
    return Sealed(checkpoint, tree.size - size, path)


def _difference(sealed: Entry, stored: Entry, place: int) -> str:
    if sealed.key == stored.key:
        return f"event {stored.number} of `{stored.stream}` was altered after it was sealed"
    here = "" if sealed.stream == stored.stream else f" of `{stored.stream}`"
    return (
        f"the seal has event {sealed.number} of `{sealed.stream}` in place {place},"
        f" and the ledger event {stored.number}{here}"
    )


def verify(database: Database, folder: Path, public: str) -> tuple[list[Finding], int]:
    """Compare a ledger with its seals: what is not as it was sealed, and how many events were.

    Raises `SealError` where there is no seal or the key can not be read.
    """
    read_public(public)
    sizes = _checkpoints(folder)
    if not sizes:
        raise SealError(f"there is no seal in `{folder}`", "make one with `cairn audit seal`")
    found = list(_vouched(folder, sizes, public))
    size = sizes[-1][0]
    with log.snapshot(database) as view:
        found.extend(_compared(view, folder, size))
    return sorted(found, key=lambda finding: finding.place), size


def _vouched(folder: Path, sizes: list[tuple[int, Path]], public: str) -> Iterator[Finding]:
    """Check each checkpoint's signature, and that the index has its root at its size."""
    tree, leaves = Tree(), _leaves(folder)
    for size, path in sizes:
        try:
            checkpoint = opened(path.read_text(encoding="utf-8"), public)
            for leaf in islice(leaves, size - tree.size):
                tree.add(leaf)
        except (SealError, UnicodeDecodeError) as error:
            yield _about_seal(f"`{path.name}`: {error}")
            continue
        if checkpoint.size != size or tree.size != size or tree.root() != checkpoint.root:
            yield _about_seal(f"`{path.name}` and the index do not belong together")


def _about_seal(message: str) -> Finding:
    return Finding("CA605", "", 0, 0, "seal", message)


def _compared(view: Connection, folder: Path, size: int) -> Iterator[Finding]:
    """Put sealed entries and stored events side by side, and name each difference."""
    sealed = deque[tuple[int, Entry]]()
    stored = deque[tuple[int, Entry]]()
    lost: dict[tuple[str, int], Entry] = {}
    strange: dict[tuple[str, int], tuple[int, Entry]] = {}
    before = enumerate(islice(_entries(folder), size))
    rows = ((row.position, _entry(row)) for row in log.in_order(view))
    while True:
        sealed.extend(islice(before, _WINDOW - len(sealed)))
        stored.extend(islice(rows, _WINDOW - len(stored)))
        if not sealed or not stored:
            break
        skipped, met = _meeting(sealed, stored)
        for _ in range(skipped):
            one = sealed.popleft()[1]
            lost[one.key] = one
        for _ in range(met):
            position, other = stored.popleft()
            strange[other.key] = position, other
        if sealed and stored and sealed[0][1].key == stored[0][1].key:
            (_, one), (position, other) = sealed.popleft(), stored.popleft()
            if one != other:
                yield _altered(position, one, other)
    for _, one in chain(sealed, before):
        lost[one.key] = one
    later = 0
    for position, other in chain(stored, rows):
        if other.key in lost:
            strange[other.key] = position, other
        else:
            later += 1
    for key, one in lost.items():
        if key not in strange:
            yield _finding("CA602", 0, one, f"it was removed; it was `{one.topic}`")
            continue
        position, other = strange.pop(key)
        if one == other:
            yield _finding("CA604", position, one, "it stands in another place than it was sealed")
        else:
            yield _altered(position, one, other)
    for position, other in strange.values():
        yield _finding("CA603", position, other, f"it was not sealed; it is `{other.topic}`")
    if later:
        events = "1 event is" if later == 1 else f"{later} events are"
        yield Finding("CA606", "", 0, 0, "seal", f"{events} not sealed yet")


def _meeting(sealed: deque[tuple[int, Entry]], stored: deque[tuple[int, Entry]]) -> tuple[int, int]:
    """Return how many to leave out of each side until both name the same event again."""
    if sealed[0][1].key == stored[0][1].key:
        return 0, 0
    places = {one.key: place for place, (_, one) in reversed(list(enumerate(sealed)))}
    best: tuple[int, int] | None = None
    for place, (_, other) in enumerate(stored):
        if best is not None and place >= sum(best):
            break
        there = places.get(other.key)
        if there is not None and (best is None or place + there < sum(best)):
            best = there, place
    return best or (1, 1)


def _altered(position: int, one: Entry, other: Entry) -> Finding:
    what = "its content" if one.topic == other.topic else f"its topic, which was `{one.topic}`,"
    return _finding("CA601", position, one, f"{what} was altered")


def _finding(code: str, position: int, one: Entry, message: str) -> Finding:
    return Finding(code, one.stream, one.number, position, one.topic, message)


# --- proofs --------------------------------------------------------------------------------------


def inclusion_proof(
    database: Database, folder: Path, stream: str, number: int
) -> dict[str, object]:
    """Return a proof that an event is in the last seal, to be checked without the ledger.

    Raises `SealError` where it is not.
    """
    size, path = _last(folder)
    place = next(
        (
            place
            for place, one in enumerate(islice(_entries(folder), size))
            if one.key == (stream, number)
        ),
        None,
    )
    if place is None:
        raise SealError(
            f"event {number} of `{stream}` is not sealed yet", "seal with `cairn audit seal`"
        )
    with log.snapshot(database) as view:
        row = next((row for row in log.of_stream(view, stream) if row.number == number), None)
    if row is None or not isinstance(row.state, bytes):
        raise SealError(f"event {number} of `{stream}` is not there any more")
    one = _entry(row)
    return {
        "kind": "inclusion",
        "checkpoint": path.read_text(encoding="utf-8"),
        "stream": one.stream,
        "number": one.number,
        "topic": one.topic,
        "state": row.state.decode(),
        "place": place,
        "path": texts(inclusion(_leaves(folder), place, size)),
    }


def consistency_proof(folder: Path, older: int) -> dict[str, object]:
    """Return a proof that the last seal extends an older one, of so many events.

    Raises `SealError` where there is no such seal.
    """
    size, path = _last(folder)
    before = _checkpoint_path(folder, older)
    if not before.exists():
        sizes = ", ".join(str(known) for known, _ in _checkpoints(folder))
        raise SealError(f"there is no seal of {older} events", f"there are seals of {sizes}")
    return {
        "kind": "consistency",
        "older": before.read_text(encoding="utf-8"),
        "checkpoint": path.read_text(encoding="utf-8"),
        "path": texts(consistency(_leaves(folder), older, size)),
    }


def checked(proof: dict[str, object], public: str) -> str:
    """Check a proof with nothing but the public key; return what it proves.

    Raises `SealError` where it proves nothing.
    """
    try:
        newer = opened(str(proof["checkpoint"]), public)
        written = proof["path"]
        if not isinstance(written, list):
            raise SealError("the proof has no path")
        path = hashes([str(step) for step in written])
        sealed = f"the seal of {newer.size:,} events, {newer.sealed:%Y-%m-%d %H:%M} UTC"
        if proof["kind"] == "inclusion":
            stream, number = str(proof["stream"]), int(str(proof["number"]))
            state = str(proof["state"]).encode()
            one = entry(stream, number, str(proof["topic"]), state)
            place = int(str(proof["place"]))
            if not includes(one.leaf(), place, newer.size, path, newer.root):
                raise SealError("the event does not belong to the seal")
            return f"event {number} of `{stream}` (`{one.topic}`) stands in {sealed}"
        older = opened(str(proof["older"]), public)
    except (KeyError, ValueError) as error:
        raise SealError("this is no proof") from error
    if not extends(older.size, older.root, newer.size, newer.root, path):
        raise SealError("the newer seal does not extend the older one")
    return f"{sealed} extends that of {older.size:,} events: nothing sealed was altered"


# --- the folder ----------------------------------------------------------------------------------


def _checkpoint_path(folder: Path, size: int) -> Path:
    return folder / f"{size:012}.checkpoint"


def _checkpoints(folder: Path) -> list[tuple[int, Path]]:
    return sorted(
        (int(path.stem), path) for path in folder.glob("*.checkpoint") if path.stem.isdigit()
    )


def _last(folder: Path) -> tuple[int, Path]:
    sizes = _checkpoints(folder)
    if not sizes:
        raise SealError(f"there is no seal in `{folder}`", "make one with `cairn audit seal`")
    return sizes[-1]


def _entry(row: Row) -> Entry:
    return entry(row.stream, row.number, row.topic, row.state)


def _entries(folder: Path) -> Iterator[Entry]:
    try:
        with (folder / "index").open("rb") as lines:
            for line in lines:
                yield Entry.from_line(line)
    except FileNotFoundError as error:
        raise SealError(f"the index of the seal in `{folder}` is not there") from error


def _leaves(folder: Path) -> Iterator[bytes]:
    return (one.leaf() for one in _entries(folder))


def _measured(index: Path, size: int) -> int:
    """Return how many bytes the first lines of the index are."""
    if size == 0:
        return 0
    try:
        with index.open("rb") as lines:
            return sum(len(line) for line in islice(lines, size))
    except FileNotFoundError as error:
        raise SealError(f"the index `{index}` is not there") from error
