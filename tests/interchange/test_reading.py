"""JSON is read one document at a time, whatever its form, and what is wrong with it is told."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interchange.faults import DocumentError
from interchange.reading import DEEPEST, LONGEST, Broken, Found, documents, unpacked

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.sampled_from(["a", "b", "c", "ü"]), VALUES, max_size=4)


def read(data: bytes | str) -> list[Found | Broken]:
    raw = io.BytesIO(data if isinstance(data, bytes) else data.encode())
    return list(documents(raw, "f.json"))


def values(data: bytes | str) -> list[Any]:
    found = read(data)
    assert all(isinstance(one, Found) for one in found), found
    return [one.value for one in found if isinstance(one, Found)]


@given(st.lists(DOCUMENTS, min_size=1, max_size=6), st.sampled_from([None, 1, 2]))
def test_every_form_of_many_documents_reads_the_same(
    documents_: list[dict[str, Any]], indent: int | None
) -> None:
    texts = [json.dumps(one, indent=indent, ensure_ascii=False) for one in documents_]
    assert values("[" + ",".join(texts) + "]") == documents_
    assert values('{"more": "", "statements": [' + ", ".join(texts) + "]}") == documents_
    assert values('{"results": [' + ",\n".join(texts) + '], "next": null}') == documents_
    lines = [json.dumps(one) for one in documents_]
    assert values("\n".join(lines)) == documents_
    assert values("\ufeff" + "\r\n\r\n".join(lines) + "\n") == documents_


@given(st.lists(DOCUMENTS, min_size=1, max_size=4), st.data())
def test_an_array_that_is_cut_short_is_told_with_its_place(
    documents_: list[dict[str, Any]], data: st.DataObject
) -> None:
    text = json.dumps(documents_)
    cut = data.draw(st.integers(1, len(text) - 1))
    with pytest.raises(DocumentError, match=r"^f\.json:1:\d+: "):
        read(text[:cut])


@given(st.binary(max_size=200))
def test_whatever_is_given_is_read_or_refused(data: bytes) -> None:
    for start in (b"[", b"{", b'{"a":1}\n', b""):
        with suppress(DocumentError):
            assert all(isinstance(one, Found | Broken) for one in read(start + data))


@given(st.text(alphabet='{}[]":,\\ 01e-.\n"atrue', max_size=120))
def test_whatever_looks_like_json_is_read_or_refused(text: str) -> None:
    for start in ("[", '{"statements":[', '{"a":1}\n'):
        with suppress(DocumentError):
            assert all(isinstance(one, Found | Broken) for one in read(start + text))


def test_places_are_those_of_an_editor() -> None:
    found = read('[\n  {"a": 1},\n  {"b":\n 2}, {"c": 3}]')
    assert [(one.line, one.column) for one in found] == [(2, 3), (3, 3), (4, 6)]
    with pytest.raises(DocumentError, match=r"^f\.json:3:9: "):
        read('[\n{"a": 1},\n{"b": 1 2}]')


def test_a_broken_line_is_one_broken_line() -> None:
    first, second, third = read('{"a": 1}\n{"a": oops}\n{"a": 3}\n')
    assert isinstance(first, Found)
    assert isinstance(third, Found)
    assert isinstance(second, Broken)
    assert (second.line, second.column) == (2, 7)
    assert isinstance(read('{"a"\n{"a": 2}\n{"a": 3}\n')[0], Broken)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1" * 5_000])
def test_what_is_no_number_of_json_is_refused(number: str) -> None:
    with pytest.raises(DocumentError):
        read(f'[{{"a": {number}}}]')
    assert isinstance(read(f'{{"a": 1}}\n{{"a": {number}}}\n')[1], Broken)


def test_amounts_are_exact() -> None:
    (value,) = values('[{"scaled": 0.1}]')
    assert str(value["scaled"]) == "0.1"


@pytest.mark.parametrize("levels", [DEEPEST + 1, 5_000, 400_000])
def test_a_document_that_is_too_deep_is_refused(levels: int) -> None:
    deep = '{"a":' + "[" * levels + "]" * levels + "}"
    with pytest.raises(DocumentError, match="levels"):
        read(f"[{deep}]")
    assert isinstance(read(f'{{"a": 1}}\n{deep}\n{{"a": 2}}')[1], Broken)


def test_brackets_within_texts_are_no_levels() -> None:
    assert values(json.dumps([{"a": "[" * 1_000}])) == [{"a": "[" * 1_000}]


@pytest.mark.parametrize("start", ["[", '{"statements": [', ""])
def test_a_document_that_is_too_long_is_refused(start: str) -> None:
    with pytest.raises(DocumentError, match="characters"):
        read(start + '{"a": "' + "x" * (2 * LONGEST))
    assert isinstance(read('{"a": 1}\n{"a": "' + "x" * (3 * LONGEST) + '"}\n')[1], Broken)


def test_a_long_object_of_many_keys_is_refused() -> None:
    keys = ",".join(f'"k{number}": "{"x" * 1000}"' for number in range(1_200))
    with pytest.raises(DocumentError, match="characters"):
        read("{\n" + keys + "}")


@pytest.mark.parametrize(
    "data", [b"", b"  \n", b'[{"a": 1}] more', b'[{"a": "\xff"}]', b'{\n"a" 1}', b"{\n1: 2}"]
)
def test_what_can_not_be_read_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError):
        read(data)


def test_a_packed_file_is_read_as_what_is_in_it() -> None:
    packed = io.BytesIO(gzip.compress(b'[{"a": 1}]'))
    with unpacked(packed, "f.json") as raw:
        (found,) = documents(raw, "f.json")
    assert isinstance(found, Found)


@pytest.mark.parametrize("cut", [5, 15, 40])
def test_a_packed_file_that_is_cut_short_is_refused(cut: int) -> None:
    packed = gzip.compress(json.dumps([{"a": number} for number in range(200)]).encode())
    with (
        pytest.raises(DocumentError, match=r"cut short|damaged"),
        unpacked(io.BytesIO(packed[:-cut]), "f.json") as raw,
    ):
        list(documents(raw, "f.json"))


def test_a_file_that_unpacks_out_of_all_proportion_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("interchange.reading._ALLOWED", 1 << 20)
    bomb = gzip.compress(b'{"a": 1}\n' + b" " * (64 << 20))
    with (
        pytest.raises(DocumentError, match="unpacks to more"),
        unpacked(io.BytesIO(bomb), "f.json") as raw,
    ):
        list(documents(raw, "f.json"))


class Endless(io.RawIOBase):
    """An array of so many documents, made while it is read."""

    def __init__(self, number: int, start: bytes, between: bytes, end: bytes) -> None:
        self._parts = self._made(number, start, between, end)
        self._left = b""

    def _made(self, number: int, start: bytes, between: bytes, end: bytes) -> Iterator[bytes]:
        yield start
        for count in range(number):
            yield (between if count else b"") + b'{"id": "%d", "text": "%s"}' % (count, b"x" * 200)
        yield end

    def read(self, size: int = -1) -> bytes:
        while len(self._left) < size and (part := next(self._parts, None)) is not None:
            self._left += part
        data, self._left = self._left[:size], self._left[size:]
        return data


@pytest.mark.parametrize(
    ("start", "between", "end"),
    [(b"[", b",", b"]"), (b'{"statements": [', b",\n", b"]}"), (b"", b"\n", b"\n")],
)
def test_memory_does_not_grow_with_the_number_of_documents(
    start: bytes, between: bytes, end: bytes
) -> None:
    def peak(number: int) -> int:
        tracemalloc.reset_peak()
        raw: Any = Endless(number, start, between, end)
        assert sum(1 for _ in documents(raw, "f.json")) == number
        return tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    try:
        few, many = peak(5_000), peak(30_000)
    finally:
        tracemalloc.stop()
    # The documents alone would take five times as much.
    assert many < 1.5 * few
