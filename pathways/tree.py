"""YAML text as a tree of nodes that know their place.

Read as YAML 1.2 with its core schema: `on`, `no` and `yes` are texts, `010` is ten, amounts are
exact decimals, and a plain ISO date is a date. A document is data and nothing else: no tags but
the core ones, no merge keys, and bounds on size, depth and what aliases may expand to, which are
checked by counting before anything is expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from pathways.problems import FileError, Problem

# PyYAML without libyaml has the slower parser only; both give the same events.
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 100
MAX_NODES = 500_000

Value = str | int | float | Decimal | bool | date | None
Loc = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands; line and column count from 1. `text` is how it is written there."""

    line: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value; `quoted` tells that it was not written plain."""

    place: Place
    value: Value
    quoted: bool = False

    size = 1
    height = 1
    damaged = False

    def data(self) -> Value:
        """Return the value."""
        return self.value

    def child(self, step: str | int) -> Node | None:  # noqa: ARG002 - all nodes answer this
        """Return None: nothing stands inside a single value."""
        return None


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list; `lost` tells that an entry was taken out because of a mistake in it."""

    place: Place
    items: tuple[Node, ...]
    size: int
    height: int
    lost: bool = False

    @property
    def damaged(self) -> bool:
        """Whether anything was taken out here or further inside."""
        return self.lost or any(item.damaged for item in self.items)

    def data(self) -> list[Any]:
        """Return the values as a plain list."""
        return [item.data() for item in self.items]

    def child(self, step: str | int) -> Node | None:
        """Return the entry with that index, if there is one."""
        return self.items[step] if isinstance(step, int) and step < len(self.items) else None


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in file order; `lost` names the keys that were taken out for a mistake."""

    place: Place
    keys: dict[str, Place]
    values: dict[str, Node]
    size: int
    height: int
    lost: dict[str, Node] = field(default_factory=dict)

    @property
    def damaged(self) -> bool:
        """Whether anything was taken out here or further inside."""
        return bool(self.lost) or any(value.damaged for value in self.values.values())

    def data(self) -> dict[str, Any]:
        """Return keys and values as a plain dictionary."""
        return {key: value.data() for key, value in self.values.items()}

    def child(self, step: str | int) -> Node | None:
        """Return the value of that key, if there is one."""
        return self.values.get(step) if isinstance(step, str) else None


Node = Scalar | Sequence | Mapping


Edit = str | Node | None


def edited(tree: Mapping, edits: dict[Loc, Edit]) -> Mapping:
    """Return the tree with something else at the given paths.

    None takes a node out, a text gives it another key, and a node stands in for it. Containers
    remember what they lost, so that a consequence of the loss can be told from a mistake.
    """
    here: dict[str | int, dict[Loc, Edit]] = {}
    for path, edit in edits.items():
        here.setdefault(path[0], {})[path[1:]] = edit
    keys, values, lost = {}, {}, dict(tree.lost)
    for key, value in tree.values.items():
        deeper = here.pop(key, {})
        name = deeper.pop((), key)
        if isinstance(name, str) and (name == key or name not in tree.values):
            keys[name], values[name] = tree.keys[key], _edited(value, deeper)
            continue
        lost[key] = value
        if isinstance(name, Scalar | Sequence | Mapping):
            keys[key], values[key] = tree.keys[key], name
    for new, added in here.items():
        if isinstance(node := added[()], Scalar | Sequence | Mapping):
            keys[str(new)], values[str(new)], lost[str(new)] = tree.place, node, node
    return replace(tree, keys=keys, values=values, lost=lost)


def _edited(node: Node, edits: dict[Loc, Edit]) -> Node:
    if not edits or isinstance(node, Scalar):
        return node
    if isinstance(node, Mapping):
        return edited(node, edits)
    here: dict[str | int, dict[Loc, Edit]] = {}
    for path, edit in edits.items():
        here.setdefault(path[0], {})[path[1:]] = edit
    items = tuple(
        _edited(item, here.get(index, {}))
        for index, item in enumerate(node.items)
        if () not in here.get(index, {})
    )
    return replace(node, items=items, lost=node.lost or len(items) < len(node.items))


# --- scalars -------------------------------------------------------------------------------------

_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_MAX_DIGITS = 100


def plain_value(text: str) -> Value:
    """Return what a plain scalar means in the core schema, dates included.

    >>> [plain_value(text) for text in ("on", "no", "010", "3.50", "2026-03-01", "~", "True")]
    ['on', 'no', 10, Decimal('3.50'), datetime.date(2026, 3, 1), None, True]
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-.":
        return text
    if len(text) <= _MAX_DIGITS:
        if _INT.fullmatch(text):
            return int(text)
        if _BASED.fullmatch(text):
            return int(text, 0)
        if _DECIMAL.fullmatch(text):
            try:
                number = Decimal(text)
            except InvalidOperation:  # an exponent that no amount has
                return float("inf")
            return number if number else Decimal(0)
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", ""))
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text


# --- reading -------------------------------------------------------------------------------------

_CORE = "tag:yaml.org,2002:"
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufeff\ufffe\uffff]"
)


@dataclass(frozen=True, slots=True)
class _Syntax:
    """How something that the YAML parser says is put here."""

    said: str  # part of what the parser says
    message: str
    help: str
    opening: bool = False  # the place is where the unfinished thing begins


_SYNTAX = (
    _Syntax(
        "mapping values are not allowed",
        "a `:` can not stand here",
        "quote a text that contains `: `, or check the indentation",
    ),
    _Syntax(
        "could not find expected ':'",
        "a key without `:`",
        "add `:`, or check the indentation",
        opening=True,
    ),
    _Syntax("tab character", "a tab can not be used for indentation", "indent with spaces"),
    _Syntax(
        "cannot start any token",
        "this character can not start a value",
        "indent with spaces, and quote a text that starts with `@`, `%`, a backtick or a tab",
    ),
    _Syntax(
        "did not find expected ',' or ']'",
        "a list in brackets is not closed, or lacks a `,`",
        "add `]` or `,`",
        opening=True,
    ),
    _Syntax(
        "did not find expected ',' or '}'",
        "a mapping in braces is not closed, or lacks a `,`",
        "add `}` or `,`",
        opening=True,
    ),
    _Syntax("did not find expected node content", "a value is due here", "write one"),
    _Syntax(
        "did not find expected '-' indicator",
        "this line does not continue the list above",
        "start it with `- `, or check the indentation",
    ),
    _Syntax(
        "did not find expected key",
        "this line does not continue the mapping above",
        "check the indentation, and close every bracket and quote",
    ),
    _Syntax("unexpected end of stream", "a quote is not closed", "close it", opening=True),
    _Syntax("unexpected document indicator", "a quote is not closed", "close it", opening=True),
    _Syntax(
        "found unexpected ':'", "a `:` can not stand here", "quote the text that it is part of"
    ),
    _Syntax(
        "alphabetic or numeric character",
        "`&` and `*` begin the name of an anchor",
        "quote a text that starts with one of them",
    ),
    _Syntax(
        "did not find expected comment or line break",
        "`|` and `>` begin a text of several lines",
        "begin it on the next line, or quote a text that starts with one of them",
    ),
    _Syntax("indentation indicator", "`|0` and `>0` begin nothing", "leave the `0` out"),
    _Syntax("mapping keys are not allowed", "a `?` can not stand here", "quote the text"),
    _Syntax("expected whitespace or line break", "a space is due here", "add one"),
    _Syntax("expected directive name", "`%` begins a directive", "quote a text that starts so"),
    _Syntax("maximum nesting depth", f"nested more than {MAX_DEPTH} levels deep", "nest less"),
    _Syntax("unknown escape character", "there is no such escape", "use single quotes"),
    _Syntax("incompatible YAML document", "`%YAML` names another version", "leave the line out"),
    _Syntax(
        "did not find expected <document start>",
        "this does not continue the document above",
        "check the indentation",
    ),
    _Syntax("block sequence entries are not allowed", "a `-` can not stand here", "use a new line"),
)


def read_tree(path: Path, shown: str) -> tuple[Mapping, tuple[Problem, ...]]:
    """Read a file into a tree; `shown` is what problems call the file.

    Returns the tree and the problems that do not keep it from being read further. Raises
    `FileError` where the file can not be read at all, or is not one YAML mapping.
    """
    return parse_tree(_text(path, shown), shown)


def _text(path: Path, shown: str) -> str:
    def refused(message: str, help_: str = "") -> FileError:
        return FileError([Problem(shown, 0, 0, message, help=help_)])

    try:
        if path.is_dir():
            raise refused("this is a folder", "name a file in it")
        if not path.exists():
            raise refused("there is no such file", "check the path and the name")
        if not path.is_file():
            raise refused("this is not a file", "name a file")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "no such name"
        raise refused(
            f"the file can not be read: {reason.lower()}", "check its name and rights"
        ) from None
    if len(raw) > MAX_BYTES:
        raise refused(f"the file is larger than {MAX_BYTES // 1024**2} MiB", "divide it")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig")
        line, column = _after(before)
        raise FileError(
            [
                Problem(
                    shown,
                    line,
                    column,
                    "the file is not UTF-8",
                    f"0x{raw[error.start]:02x}",
                    "save it as UTF-8",
                )
            ]
        ) from None
    return text


def _after(text: str) -> tuple[int, int]:
    """The line and column of what follows a text."""
    lines = re.split(r"\r\n|\r|\n", text)
    return len(lines), len(lines[-1]) + 1


def parse_tree(text: str, shown: str) -> tuple[Mapping, tuple[Problem, ...]]:
    """Read a text as `read_tree` reads a file."""
    if match := _INVISIBLE.search(text):
        line, column = _after(text[: match.start()])
        raise FileError(
            [
                Problem(
                    shown,
                    line,
                    column,
                    "an invisible character that is not allowed",
                    f"U+{ord(match[0]):04X}",
                    "remove it",
                )
            ]
        )
    builder = _Builder(text, shown)
    try:
        root = builder.document()
    except yaml.YAMLError as error:
        raise FileError([*builder.problems, _syntax_problem(error, text, shown)]) from None
    except _Stop:
        raise FileError(builder.problems) from None
    if not isinstance(root, Mapping):
        builder.tell(root.place, "the top of the file is a mapping", "such as `pathway: ID`")
        raise FileError(builder.problems)
    return root, tuple(builder.problems)


def _syntax_problem(error: yaml.YAMLError, text: str, shown: str) -> Problem:
    said = str(getattr(error, "problem", None) or "")
    known = next((each for each in _SYNTAX if each.said in said), None)
    marks = [getattr(error, "problem_mark", None), getattr(error, "context_mark", None)]
    if known is not None and known.opening:
        marks.reverse()
    mark = marks[0] or marks[1]
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = re.split(r"\r\n|\r|\n", text)
    found = lines[line - 1].strip()[:60] if line <= len(lines) else ""
    if known is None:
        message = f"this is not YAML: {said.lower()}"
        return Problem(shown, line, column, message, found, "quote it, if it is part of a text")
    return Problem(shown, line, column, known.message, found, known.help)


class _Stop(Exception):
    """Reading can not go on; the reason is among the builder's problems."""


class _Builder:
    """Parser events to nodes, with every bound checked on the way."""

    def __init__(self, text: str, shown: str) -> None:
        self.text = text
        self.shown = shown
        self.problems: list[Problem] = []
        self.parser = _Parser(text)
        self.anchors: dict[str, Node | None] = {}
        self.count = 0

    def tell(self, place: Place, message: str, help_: str = "", found: str | None = None) -> None:
        shown = place.text if found is None else found
        if f"`{shown}`" in message:
            shown = ""
        self.problems.append(Problem(self.shown, place.line, place.column, message, shown, help_))

    def stop(self, place: Place, message: str, help_: str = "") -> _Stop:
        self.tell(place, message, help_)
        return _Stop()

    def place(self, event: Any, end: int | None = None) -> Place:
        mark = event.start_mark
        stop = event.end_mark.index if end is None else end
        text = self.text[mark.index : min(stop, mark.index + 80)]
        first, more, _ = text.partition("\n")
        first = first.rstrip()
        if len(first) > 60 or more or stop > mark.index + 80:
            first = first[:60].rstrip() + " ..."
        return Place(mark.line + 1, mark.column + 1, first)

    def document(self) -> Node:
        events = iter(self.parser.get_event, None)
        next(events)  # the stream starts
        event = next(events)
        if isinstance(event, yaml.StreamEndEvent):
            raise self.stop(Place(1, 1, ""), "the file is empty", "begin with `pathway:`")
        root = self.node(next(events), events, 1)
        next(events)  # the document ends
        event = next(events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise self.stop(
                self.place(event), "a second document in one file", "keep one document in a file"
            )
        return root

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self.stop(
                self.place(event), f"nested more than {MAX_DEPTH} levels deep", "nest less"
            )
        self.count += 1
        if self.count > MAX_NODES:
            raise self.stop(self.place(event), f"more than {MAX_NODES} values", "divide the file")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, depth)
        anchor = event.anchor
        if anchor is not None:
            self.anchors[anchor] = None  # being read: an alias to it would never end
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = self.scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.sequence(event, events, depth)
        else:
            node = self.mapping(event, events, depth)
        if node.size > MAX_NODES:
            raise self.stop(
                node.place, f"more than {MAX_NODES} values, aliases expanded", "use fewer"
            )
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def alias(self, event: Any, depth: int) -> Node:
        if event.anchor not in self.anchors:
            raise self.stop(
                self.place(event),
                "an alias to an anchor that is not defined above",
                "quote a text that starts with `*`",
            )
        node = self.anchors[event.anchor]
        if node is None:
            raise self.stop(
                self.place(event),
                "an alias inside the very value that it stands for",
                "write it out",
            )
        if depth + node.height - 1 > MAX_DEPTH:
            raise self.stop(
                self.place(event), f"nested more than {MAX_DEPTH} levels deep", "nest less"
            )
        return node

    def tag(self, event: Any, *allowed: str) -> str | None:
        """Return the core tag's name; anything else is told and ignored."""
        tag: str | None = event.tag
        if tag is None or tag == "!":
            return tag
        name = tag.removeprefix(_CORE)
        if tag.startswith(_CORE) and name in allowed:
            return name
        self.tell(self.place(event), "a tag that is not part of the language", "leave it out")
        return None

    def scalar(self, event: Any) -> Scalar:
        place = self.place(event)
        tag = self.tag(event, "str", "int", "float", "bool", "null")
        plain = event.style in ("", None)
        if tag in ("str", "!") or (tag is None and not plain):
            return Scalar(place, event.value, quoted=True)
        value = plain_value(event.value)
        if tag is not None and not isinstance(value, _TAGGED[tag]):
            raise self.stop(place, f"not a value of the tag `!!{tag}`", "leave the tag out")
        return Scalar(place, value)

    def sequence(self, event: Any, events: Iterator[Any], depth: int) -> Sequence:
        self.tag(event, "seq")
        items: list[Node] = []
        size = height = 1
        for inner in events:
            if isinstance(inner, yaml.SequenceEndEvent):
                break
            item = self.node(inner, events, depth + 1)
            items.append(item)
            size += item.size
            height = max(height, 1 + item.height)
        place = self.place(event, inner.end_mark.index)
        return Sequence(place, tuple(items), size, height)

    def mapping(self, event: Any, events: Iterator[Any], depth: int) -> Mapping:
        self.tag(event, "map")
        keys: dict[str, Place] = {}
        values: dict[str, Node] = {}
        size = height = 1
        for inner in events:
            if isinstance(inner, yaml.MappingEndEvent):
                break
            key = self.key(self.node(inner, events, depth + 1))
            value = self.node(next(events), events, depth + 1)
            size += 1 + value.size
            height = max(height, 1 + value.height)
            if key is None:
                continue
            name, place = key
            if name in values:
                first = keys[name]
                self.tell(
                    place,
                    f"`{name}` stands twice in one mapping",
                    f"the first is at line {first.line}, column {first.column}",
                )
                continue
            keys[name], values[name] = place, value
        place = self.place(event, inner.end_mark.index)
        return Mapping(place, keys, values, size, height)

    def key(self, node: Node) -> tuple[str, Place] | None:
        place = node.place
        if not isinstance(node, Scalar):
            self.tell(place, "a key is a text", "quote a text that starts with `[` or `{`")
            return None
        if node.value == "<<" and not node.quoted:
            self.tell(
                place,
                "merge keys are not part of YAML 1.2",
                "write the keys out, or use an alias for a whole value",
            )
            return None
        if node.value is None or node.value == "":
            self.tell(place, "a key is a text", "write one before the `:`")
            return None
        if isinstance(node.value, str):
            return node.value, place
        self.tell(place, "a key is a text", f'quote it: `"{place.text}"`')
        return place.text, place


_TAGGED: dict[str, type | tuple[type, ...]] = {
    "int": int,
    "float": (int, Decimal),
    "bool": bool,
    "null": type(None),
}
