"""Rows of completions are read as spreadsheet programs write them, and each bad one is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interchange.spreadsheet import Reject, SheetRow, Spreadsheet, SpreadsheetError

HEADER = "learner,module,completed_on,score,grade,credits,source,source_id\n"


def rows(tmp_path: Path, text: str | bytes, **options: str) -> list[SheetRow | Reject]:
    path = tmp_path / "rows.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with Spreadsheet(path, **options) as sheet:  # type: ignore[arg-type]
        return list(sheet)


def test_a_full_row_is_read_with_exact_amounts(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, HEADER + "s-1,excel-1,2026-03-01,72.5,B,7.5,transfer,lms-9\n")
    assert isinstance(row, SheetRow)
    completion = row.completion
    assert (row.line, completion.learner, completion.module) == (2, "s-1", "excel-1")
    assert completion.on == date(2026, 3, 1)
    assert (completion.score, completion.grade) == (Decimal("72.5"), "B")
    assert (completion.credits, completion.source) == (Decimal("7.5"), "transfer")
    assert completion.source_id == "lms-9"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen_in_the_header(tmp_path: Path, delimiter: str) -> None:
    text = HEADER.replace(",", delimiter) + delimiter.join(["s-1", "m", "2026-03-01"]) + "\n"
    (row,) = rows(tmp_path, text)
    assert isinstance(row, SheetRow)


def test_a_byte_order_mark_windows_line_ends_and_other_capitals_do_no_harm(tmp_path: Path) -> None:
    text = "\ufeffModule,LEARNER,Completed_On\r\nexcel-1,s-1,2026-03-01\r\n\r\n"
    (row,) = rows(tmp_path, text)
    assert isinstance(row, SheetRow)
    assert row.completion.learner == "s-1"


def test_headers_can_be_named_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("Student No,Course,Passed\ns-1,excel-1,2026-03-01\n")
    names = {"learner": "student no", "module": "Course", "completed_on": "Passed"}
    with Spreadsheet(path, names) as sheet:
        (row,) = list(sheet)
    assert isinstance(row, SheetRow)
    assert row.completion.module == "excel-1"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (",excel-1,2026-03-01", "no learner"),
        ("s-1,,2026-03-01", "no module"),
        ("s-1,excel-1,", "no completed_on"),
        ("s-1,excel-1", "no completed_on"),
        ("s-1,excel-1,01/03/2026", "completed_on `01/03/2026` is not a date such as 2026-03-01"),
        ("s-1,excel-1,2026-02-30", "completed_on `2026-02-30` is not a date such as 2026-03-01"),
        ("s-1,excel-1,2026-03-01,high", "score `high` is not a number such as 72.5"),
        ("s-1,excel-1,2026-03-01,101", "score `101` is not between 0 and 100"),
        ("s-1,excel-1,2026-03-01,NaN", "score `NaN` is not between 0 and 100"),
        ("s-1,excel-1,2026-03-01,,,-5", "credits `-5` is not 0 or more"),
        ("s-1,excel-1,2026-03-01,,,,,,x", "9 cells, where the header has 8"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_the_next_one_is_read(
    tmp_path: Path, cells: str, reason: str
) -> None:
    reject, row = rows(tmp_path, f"{HEADER}{cells}\ns-2,excel-1,2026-03-01\n")
    assert isinstance(reject, Reject)
    assert (reject.line, reject.reason) == (2, reason)
    assert isinstance(row, SheetRow)
    assert row.line == 3


def test_lines_are_counted_through_cells_of_several_lines(tmp_path: Path) -> None:
    text = HEADER + 's-1,"excel\n1",2026-03-01\ns-2,excel-1,soon\n'
    _, reject = rows(tmp_path, text)
    assert isinstance(reject, Reject)
    assert reject.line == 4


def test_an_enormous_cell_is_one_bad_row(tmp_path: Path) -> None:
    text = HEADER + f's-1,"{"x" * 200_000}",2026-03-01\ns-2,excel-1,2026-03-01\n'
    found = rows(tmp_path, text)
    assert isinstance(found[0], Reject)
    assert isinstance(found[-1], SheetRow)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no header"),
        ("learner,module\n", "has no column `completed_on`"),
        (b"learner,module,completed_on\n\xff\xfe,x,y\n", "is not in utf-8"),
    ],
)
def test_a_file_without_usable_rows_is_refused(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    with pytest.raises(SpreadsheetError, match=message):
        rows(tmp_path, text)


def test_another_encoding_can_be_named(tmp_path: Path) -> None:
    text = "learner,module,completed_on\nJosé,excel-1,2026-03-01\n".encode("cp1252")
    (row,) = rows(tmp_path, text, encoding="cp1252")
    assert isinstance(row, SheetRow)
    assert row.completion.learner == "José"


@given(st.binary(max_size=300))
def test_whatever_follows_the_header_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rest: bytes
) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    path.write_bytes(HEADER.encode() + rest)
    try:
        with Spreadsheet(path) as sheet:
            assert all(isinstance(row, SheetRow | Reject) for row in sheet)
    except SpreadsheetError:
        pass


@pytest.mark.parametrize("before", ["", HEADER])
def test_an_endless_line_is_refused(tmp_path: Path, before: str) -> None:
    with pytest.raises(SpreadsheetError, match="a line of more than"):
        rows(tmp_path, before + "x," * 1_000_000)
