"""JSON as a stream: one document after the other, each with its place, however many there are.

A file holds an array, an object around an array (`{"statements": [...]}`), documents one after the
other, or one on each line. One document is in memory at a time. A document is at most `LONGEST`
characters long and `DEEPEST` levels deep; what is not JSON is told by line and column.
"""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO

from interchange.faults import DocumentError

#: How many characters one document may have.
LONGEST = 1 << 20
#: How many levels of objects and arrays one document may have.
DEEPEST = 64

#: How many times its size a gzip file may hold, beyond a first part that is always allowed.
_PACKED = 500
_ALLOWED = 256 << 20

_CHUNK = 1 << 18
_SPACE = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
#: The keys under which interfaces return many documents at once.
_WRAPPERS = ("statements", "results")
#: How near the end of what is read a mistake may be a text that only goes on.
_TORN = 16


@dataclass(frozen=True, slots=True)
class Found:
    """A document, and where it begins."""

    line: int
    column: int
    value: Any


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is no document, where the others may be."""

    line: int
    column: int
    reason: str


@contextmanager
def unpacked(raw: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """Give what a file holds: itself, or what is packed in it with gzip.

    Raises `DocumentError` where the packing is damaged, cut short, or holds out of all proportion.
    """
    start = raw.read(2)
    raw.seek(0)
    if start != b"\x1f\x8b":
        yield raw
        return
    try:
        with gzip.open(raw, "rb") as inside:
            yield _Measured(inside, raw, name)  # type: ignore[misc]  # all that readers ask for
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DocumentError(
            f"`{name}` is damaged, or was cut short: {error}", "pack or copy it again"
        ) from None


class _Measured:
    """What is unpacked, as long as it is not too much for what it was packed into."""

    def __init__(self, inside: gzip.GzipFile, raw: BinaryIO, name: str) -> None:
        self._inside, self._raw, self._name = inside, raw, name
        self._seen = 0
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        data = self._inside.read(_CHUNK if size < 0 else size)
        self._seen += len(data)
        if self._seen > _ALLOWED + _PACKED * self._raw.tell():
            raise DocumentError(
                f"`{self._name}` unpacks to more than {_PACKED} times its size",
                "if that is as it should be, unpack it first",
            )
        return data

    read1 = read

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def flush(self) -> None:
        """Have nothing to write."""

    def close(self) -> None:
        self.closed = True


def documents(raw: BinaryIO, name: str) -> Iterator[Found | Broken]:
    """Give the documents of a file in their order. `name` is what messages call it.

    Raises `DocumentError` where what follows can not be read: broken JSON within an array or an
    object, text that is not UTF-8, or a document beyond the bounds.
    """
    return _Reader(raw, name).documents()


class _Fault(Exception):
    def __init__(self, at: int, reason: str) -> None:
        super().__init__(reason)
        self.at = at


def _no_constant(word: str) -> Any:
    raise ValueError(f"`{word}` is no number of JSON")


class _Reader:
    def __init__(self, raw: BinaryIO, name: str) -> None:
        self._raw = raw
        self._name = name
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._scan = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant).raw_decode
        self._text = ""
        self._at = 0
        self._ended = False
        # The place of the character `_mark` of the text.
        self._mark, self._line, self._column = 0, 1, 1

    def documents(self) -> Iterator[Found | Broken]:
        try:
            yield from self._documents()
        except _Fault as fault:
            raise self._error(fault) from None

    def _documents(self) -> Iterator[Found | Broken]:
        first = self._next()
        if first == "":
            raise DocumentError(f"`{self._name}` is empty")
        if first == "[":
            yield from self._array()
            if self._next() != "":
                raise _Fault(self._at, "there is something after the end of the array")
        elif self._by_line():
            yield from self._lines()
        else:
            while self._next() != "":
                yield from self._object()

    # --- the text --------------------------------------------------------------------------------

    def _fill(self) -> bool:
        """Read some more; tell whether there was any."""
        if self._ended:
            return False
        try:
            data = self._raw.read(_CHUNK)
            more = self._decode.decode(data, final=not data)
        except UnicodeDecodeError as error:
            line, _ = self._place(len(self._text))
            raise DocumentError(
                f"`{self._name}` is not in UTF-8, from about line {line} on ({error.reason})",
                "save it as UTF-8",
            ) from None
        self._ended = not data
        self._place(self._at)
        self._text = self._text[self._at :] + more
        self._at = self._mark = 0
        return not self._ended

    def _place(self, at: int) -> tuple[int, int]:
        """Return line and column of a character that is not before the last one asked about."""
        lines = self._text.count("\n", self._mark, at)
        if lines:
            self._line += lines
            self._column = at - self._text.rfind("\n", self._mark, at)
        else:
            self._column += at - self._mark
        self._mark = at
        return self._line, self._column

    def _error(self, fault: _Fault) -> DocumentError:
        line, column = self._place(max(fault.at, self._mark))
        return DocumentError(f"{self._name}:{line}:{column}: {fault}", "nothing was recorded")

    def _next(self) -> str:
        """Pass over blanks, and return the character there, empty at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            assert match is not None
            self._at = match.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._fill():
                return ""

    def _expect(self, mark: str) -> None:
        found = self._next()
        if found != mark:
            what = f"found `{found}`" if found else "the file ends"
            raise _Fault(self._at, f"`{mark}` should stand here, and {what}")
        self._at += 1

    def _value(self) -> Any:
        """Read the value that begins here, and move behind it."""
        while True:
            text, at = self._text, self._at
            try:
                value, end = self._scan(text, at)
            except json.JSONDecodeError as error:
                going_on = error.pos >= len(text) - _TORN or error.msg.startswith("Unterminated")
                if going_on and len(text) - at <= LONGEST and self._fill():
                    continue
                if going_on and len(self._text) - self._at > LONGEST:
                    raise _Fault(self._at, _too_long()) from None
                # Reading on moved the text, so the place is counted from the value's beginning.
                place = self._at + error.pos - at
                reason = "the file ends in the middle" if going_on else _words(error)
                raise _Fault(place, reason) from None
            except RecursionError:
                raise _Fault(at, _too_deep()) from None
            except ValueError as error:
                raise _Fault(at, f"not JSON: {error}".partition(";")[0]) from None
            if end == len(text) and text[end - 1] not in '}]"' and self._fill():
                continue
            if end - at > LONGEST:
                raise _Fault(self._at, _too_long())
            if too_deep(text, at, end):
                raise _Fault(self._at, _too_deep())
            # Trying to read on may have moved the text.
            self._at += end - at
            return value

    # --- the three forms -------------------------------------------------------------------------

    def _array(self) -> Iterator[Found]:
        self._expect("[")
        if self._next() == "]":
            self._at += 1
            return
        while True:
            self._next()
            line, column = self._place(self._at)
            yield Found(line, column, self._value())
            if self._next() == "]":
                self._at += 1
                return
            self._expect(",")

    def _object(self) -> Iterator[Found]:
        """Read an object key by key, because an array in it may be long."""
        self._next()
        line, column = self._place(self._at)
        self._expect("{")
        gathered: dict[str, Any] = {}
        wrapper = False
        length = 0
        if self._next() == "}":
            self._at += 1
            yield Found(line, column, gathered)
            return
        while True:
            if self._next() != '"':
                raise _Fault(self._at, "a key in quotes should stand here")
            key = self._value()
            self._expect(":")
            if self._next() == "[" and key in _WRAPPERS:
                wrapper = True
                yield from self._array()
            else:
                start = self._at
                gathered[key] = self._value()
                length += max(0, self._at - start) + len(key)
                if length > LONGEST:
                    raise _Fault(self._at, _too_long())
            if self._next() == "}":
                self._at += 1
                break
            self._expect(",")
        if not wrapper:
            yield Found(line, column, gathered)

    def _by_line(self) -> bool:
        """Tell whether the first line is a whole document, and no object around many."""
        line = self._whole_line(peek=True)
        try:
            value = json.loads(line) if line is not None else None
        except (ValueError, RecursionError):
            # A file that begins with a broken line is one of lines when the next line is whole; an
            # object that goes on breaks off where something has to follow.
            goes_on = line is None or line.rstrip().endswith(("{", "[", ",", ":"))
            rest = self._text[self._at + len(line or "") : self._at + LONGEST].splitlines()
            return not goes_on and any(_is_document(other) for other in rest[1:3])
        return isinstance(value, dict) and not any(
            isinstance(value.get(key), list) for key in _WRAPPERS
        )

    def _whole_line(self, *, peek: bool = False) -> str | None:
        """Return the text up to the end of the line, None where it is too long."""
        searched = self._at
        while (end := self._text.find("\n", searched)) < 0:
            searched = len(self._text) - self._at
            if searched > LONGEST or not self._fill():
                break
        if end < 0:
            end = len(self._text)
        line = self._text[self._at : end]
        if len(line) > LONGEST:
            if not peek:
                self._pass_line()
            return None
        if not peek:
            self._at = min(end + 1, len(self._text))
        return line

    def _pass_line(self) -> None:
        while (end := self._text.find("\n", self._at)) < 0:
            self._at = len(self._text)
            if not self._fill():
                return
        self._at = end + 1

    def _lines(self) -> Iterator[Found | Broken]:
        while self._next() != "":
            place = self._place(self._at)
            text = self._whole_line()
            if text is None:
                yield Broken(*place, _too_long())
                continue
            try:
                value, end = self._scan(text, 0)
                if too_deep(text, 0, end):
                    raise _Fault(0, _too_deep())
                if text[end:].strip():
                    raise _Fault(end, "there is something after the document")
                yield Found(*place, value)
            except json.JSONDecodeError as error:
                yield Broken(place[0], place[1] + error.pos, _words(error))
            except _Fault as fault:
                yield Broken(place[0], place[1] + fault.at, str(fault))
            except RecursionError:
                yield Broken(*place, _too_deep())
            except ValueError as error:
                yield Broken(*place, f"not JSON: {error}".partition(";")[0])


def _is_document(line: str) -> bool:
    try:
        return line.startswith("{") and len(json.loads(line)) > 0
    except (ValueError, RecursionError):
        return False


def _words(error: json.JSONDecodeError) -> str:
    return f"not JSON: {error.msg[0].lower()}{error.msg[1:]}"


def _too_long() -> str:
    return f"a document of more than {LONGEST:,} characters"


def _too_deep() -> str:
    return f"a document of more than {DEEPEST} levels"


def too_deep(text: str, at: int, end: int) -> bool:
    """Tell whether a piece of JSON has more levels than are allowed."""
    if text.count("{", at, end) + text.count("[", at, end) <= DEEPEST:
        return False
    depth = 0
    for token in _TOKEN.finditer(text, at, end):
        if token[0] in "[{":
            depth += 1
            if depth > DEEPEST:
                return True
        elif token[0] in "]}":
            depth -= 1
    return False
