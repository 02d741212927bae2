"""A spreadsheet of completions, row by row: what each says, or why it can not be used.

One row is held at a time, so that a file of any length can be read.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from domain.commands import RecordCompletion
from domain.reports import Row
from interchange.faults import DocumentError
from pathways.problems import nearest

COLUMNS = (
    "learner",
    "module",
    "completed_on",
    "score",
    "grade",
    "credits",
    "source",
    "source_id",
)
REQUIRED = COLUMNS[:3]

#: How many characters one line may have.
_LONGEST = 1_000_000


class SpreadsheetError(DocumentError):
    """A file that can not be read as rows of completions."""


@dataclass(frozen=True, slots=True)
class SheetRow(Row):
    """A completion that a row tells, with the row's cells; `line` counts the header too."""

    cells: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not recorded, and why."""

    line: int
    reason: str
    cells: tuple[str, ...]


class Spreadsheet:
    """An open file of completions: its header, and its rows when it is gone through.

    `mapping` says which header stands for which of the known columns; `source` and `by` are for
    rows that do not say. The rows are those of `raw` where it is given, and `path` is then only
    what messages call it. Raises `SpreadsheetError` when the file has no usable header.
    """

    def __init__(
        self,
        path: Path,
        mapping: Mapping[str, str] | None = None,
        delimiter: str | None = None,
        encoding: str = "utf-8",
        *,
        source: str = "course",
        by: str = "import",
        raw: BinaryIO | None = None,
    ) -> None:
        self.path = path
        self._source = source
        self._by = by
        # A byte-order mark is what spreadsheet programs put before UTF-8.
        codec = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
        try:
            "".encode(codec)
        except LookupError:
            raise SpreadsheetError(f"`{encoding}` is not a known encoding") from None
        self._file = TextIOWrapper(raw or path.open("rb"), encoding=codec, newline="")
        try:
            self._begin(mapping or {}, delimiter)
        except BaseException:
            self._file.close()
            raise

    def _begin(self, mapping: Mapping[str, str], delimiter: str | None) -> None:
        self._last = 0
        first = self._readline()
        if not first.strip():
            raise SpreadsheetError(
                f"`{self.path}` has no header", f"the first line names the columns: {_known()}"
            )
        # What was read of the header is read again, for not every file can go back.
        self._reader = csv.reader(self._lines(first), delimiter=delimiter or _delimiter(first))
        self.header = tuple(cell.strip() for cell in next(self._reader))
        self._places = _places(self.header, mapping, self.path)
        self._last = self._reader.line_num

    def _readline(self) -> str:
        try:
            return self._file.readline(_LONGEST)
        except UnicodeDecodeError as error:
            raise self._undecodable(error) from None

    def _lines(self, first: str) -> Iterator[str]:
        line = first
        while line:
            if len(line) >= _LONGEST and not line.endswith("\n"):
                raise SpreadsheetError(
                    f"`{self.path}` has a line of more than {_LONGEST:,} characters {self._after()}"
                )
            yield line
            line = self._file.readline(_LONGEST)

    def _after(self) -> str:
        return f"after line {self._last}" if self._last else "at its beginning"

    def _undecodable(self, error: UnicodeDecodeError) -> SpreadsheetError:
        return SpreadsheetError(
            f"`{self.path}` is not in {error.encoding} {self._after()}",
            "save it as UTF-8, or say what it is: --encoding cp1252",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[SheetRow | Reject]:
        """Give the rows in file order; blank lines are passed over."""
        while True:
            line = self._last + 1
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                self._last = self._reader.line_num
                yield Reject(line, f"not a row: {error}", ())
                continue
            except UnicodeDecodeError as error:
                raise self._undecodable(error) from None
            if cells is None:
                return
            self._last = self._reader.line_num
            if any(cell.strip() for cell in cells):
                yield self._row(line, tuple(cells))

    def _row(self, line: int, cells: tuple[str, ...]) -> SheetRow | Reject:
        if len(cells) > len(self.header):
            return Reject(
                line, f"{len(cells)} cells, where the header has {len(self.header)}", cells
            )

        def cell(column: str) -> str | None:
            place = self._places.get(column)
            value = cells[place].strip() if place is not None and place < len(cells) else ""
            return value or None

        try:
            completion = RecordCompletion(
                learner=_due("learner", cell("learner")),
                module=_due("module", cell("module")),
                on=_day(_due("completed_on", cell("completed_on"))),
                score=_number("score", cell("score"), at_most=Decimal(100)),
                grade=cell("grade"),
                credits=_number("credits", cell("credits")),
                source=cell("source") or self._source,
                source_id=cell("source_id"),
                by=self._by,
            )
        except ValueError as error:
            return Reject(line, str(error), cells)
        return SheetRow(line, completion, cells)


def _known() -> str:
    return ", ".join(f"`{column}`" for column in COLUMNS)


def _delimiter(header: str) -> str:
    """Take what parts the header most often.

    >>> _delimiter("learner;module;completed_on"), _delimiter("learner")
    (';', ',')
    """
    return max(",;\t|", key=header.count)


def _places(header: tuple[str, ...], mapping: Mapping[str, str], path: Path) -> dict[str, int]:
    folded = {name.casefold(): place for place, name in reversed(list(enumerate(header)))}
    places = {}
    for column in COLUMNS:
        name = mapping.get(column, column)
        if name.casefold() in folded:
            places[column] = folded[name.casefold()]
        elif column in mapping:
            raise SpreadsheetError(
                f"`{path}` has no column `{name}` for `{column}`", nearest(name, header)
            )
    if missing := [column for column in REQUIRED if column not in places]:
        named = ", ".join(f"`{column}`" for column in missing)
        found = ", ".join(f"`{name}`" for name in header)
        raise SpreadsheetError(
            f"`{path}` has no column {named} (found {found})",
            f"name the column that stands for it: --map {missing[0]}=HEADER",
        )
    return places


def _due(column: str, value: str | None) -> str:
    if value is None:
        raise ValueError(f"no {column}")
    return value


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"completed_on `{value}` is not a date such as 2026-03-01") from None


def _number(column: str, value: str | None, at_most: Decimal | None = None) -> Decimal | None:
    if value is None:
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{column} `{value}` is not a number such as 72.5") from None
    if not number.is_finite() or number < 0 or (at_most is not None and number > at_most):
        bounds = f"between 0 and {at_most}" if at_most is not None else "0 or more"
        raise ValueError(f"{column} `{value}` is not {bounds}")
    return number
