"""A pathway as the file that a designer would write: short forms, one line where it fits, comments.

What is written reads back as the same pathway: `load_text` sees to that as `cairn pathway check`
would, and `usable` takes out what can not stand, with a comment that says why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from interchange.ctdl_reading import Imported
from pathways.document import (
    AmountRule,
    Bounds,
    Credential,
    CredentialRule,
    Document,
    IdRule,
    Model,
    Module,
    ModuleRule,
    Pathway,
    Selector,
    Share,
    Window,
    plain,
)
from pathways.link import Known, Linker, link, seen_from
from pathways.periods import Period
from pathways.places import Positions, Source, Telling
from pathways.problems import FileError, Problem
from pathways.refusals import refusals
from pathways.shape import filled, shaped
from pathways.tree import parse_tree, plain_value

Notes = Mapping[tuple[str, ...], list[str]]

#: So often is a pathway made simpler before it is given up.
_ATTEMPTS = 8

#: Lines are broken where they would be longer.
WIDTH = 110

_SAFE = re.compile(r"[^\W_](?:[\w ./()+'’–-]*[\w)/.+'’])?")
_ESCAPED = re.compile(
    r"[\x7f-\x9f\ud800-\udfff\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)


_BREAK = "\n"

# --- values --------------------------------------------------------------------------------------


def _data(value: Any) -> Any:
    """A part of a document as keys, lists and single values, in short forms."""
    match value:
        case IdRule():
            return value.ref
        case ModuleRule() if value == ModuleRule(module=value.module):
            return value.module
        case CredentialRule() if value == CredentialRule(credential=value.credential):
            return value.credential
        case Selector() if value == Selector():
            return "any"
        case Selector() if value.ids is not None and value == Selector(ids=value.ids):
            return list(value.ids)
        case Share():
            return str(value) if value.percent else value.amount
        case Bounds():
            exact = value.low is not None and value.low == value.high
            return value.low if exact else str(value)
        case Period() | Window():
            return str(value)
        case Model():
            data = {}
            for name, info in type(value).model_fields.items():
                given = getattr(value, name)
                if given != info.get_default(call_default_factory=True) or info.is_required():
                    data[info.alias or name] = _data(given)
            return data
        case tuple() | list():
            return [_data(item) for item in value]
        case dict():
            return {name: _data(item) for name, item in value.items()}
    return value


def _scalar(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return plain(value)
        case int():
            return str(value)
        case date():
            return value.isoformat()
    text = str(value)
    if _SAFE.fullmatch(text) and plain_value(text) == text and " #" not in text:
        return text
    if re.fullmatch(r"[a-z0-9][a-z0-9._/-]*", text) and plain_value(text) == text:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(_escape, quoted)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return "\\ufffd" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"


def _stands(text: str) -> bool:
    """Whether a text has several lines, and can be written beneath each other as they are."""
    lines = text.removesuffix(_BREAK).split(_BREAK)
    edges = lines[0][:1].strip() and lines[-1].strip()
    return len(lines) > 1 and bool(edges) and all(line.isprintable() for line in lines)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{_scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


@dataclass
class _Lines:
    """A text in the making, which knows the lines of each module and credential."""

    lines: list[str] = field(default_factory=list)
    spans: list[tuple[int, int, tuple[str, str]]] = field(default_factory=list)

    def add(self, indent: int, text: str) -> None:
        self.lines.append(" " * indent + text)

    def comments(self, indent: int, notes: list[str]) -> None:
        for note in notes:
            clean = re.sub(
                r"[^\x20-\x7e\xa0-\u1fff\u2010-\u2027\u2030-\u205e\u3000-\ud7ff]", " ", note
            )
            self.add(indent, f"# ctdl: {clean[:300]}")

    def pair(self, indent: int, key: str, value: Any) -> None:
        name = _scalar(key)
        if isinstance(value, str) and _stands(value):
            self.add(indent, f"{name}: {'|' if value.endswith(_BREAK) else '|-'}")
            for line in value.removesuffix(_BREAK).split(_BREAK):
                self.lines.append(f"{' ' * (indent + 2)}{line}" if line else "")
            return
        flow = _flow(value)
        if (
            not isinstance(value, dict | list)
            or not value
            or indent + len(name) + len(flow) + 2 <= WIDTH
        ):
            self.add(indent, f"{name}: {flow}")
            return
        if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
            self.filled(indent, name, value)
            return
        self.add(indent, f"{name}:")
        self.block(indent + 2, value)

    def filled(self, indent: int, name: str, values: list[Any]) -> None:
        """Write a long list of single values in as few lines as it needs."""
        line = f"{name}: ["
        for place, value in enumerate(values):
            word = _scalar(value) + ("]" if place == len(values) - 1 else ",")
            if place and indent + len(line) + len(word) + 1 > WIDTH:
                self.add(indent, line)
                line = "  " + word
            else:
                line += word if line.endswith("[") else f" {word}"
        self.add(indent, line)

    def block(self, indent: int, value: Any) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                self.pair(indent, key, item)
            return
        for item in value:
            flow = _flow(item)
            if not isinstance(item, dict | list) or not item or indent + len(flow) + 2 <= WIDTH:
                self.add(indent, f"- {flow}")
                continue
            start = len(self.lines)
            self.block(indent + 2, item)
            first = self.lines[start]
            self.lines[start] = f"{' ' * indent}- {first[indent + 2 :]}"


def written(
    pathway: Pathway, notes: Notes, head: list[str]
) -> tuple[str, list[tuple[int, int, tuple[str, str]]]]:
    """Return a pathway file as text, with the lines of each module and credential.

    `head` opens the file as comments; notes stand above what they are about.
    """
    out = _Lines()
    for line in head:
        out.add(0, f"# {line}".rstrip())
    out.comments(0, list(notes.get((), [])))
    data = _data(pathway)
    sections = {name: data.pop(name, {}) for name in ("modules", "credentials")}
    for key in ("rules", "exclusive"):  # these read better behind what they are about
        if key in data:
            sections[key] = data.pop(key)
    for key, value in data.items():
        out.pair(0, key, value)
    for section, entries in sections.items():
        if not entries:
            continue
        if section not in ("modules", "credentials"):
            out.pair(0, section, entries)
            continue
        out.add(0, f"{section}:")
        for ref, entry in entries.items():
            start = len(out.lines) + 1
            out.comments(2, list(notes.get((section, ref), [])))
            out.pair(2, ref, entry)
            out.spans.append((start, len(out.lines), (section, ref)))
    return "\n".join(out.lines) + "\n", out.spans


# --- reading back --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class File:
    """A file to be written: what it is called, and its text."""

    name: str
    text: str
    notes: Notes = field(default_factory=dict)


def load_texts(files: list[File]) -> tuple[Document | None, list[Problem]]:
    """Load texts as a pathway file with the files that it uses; return what is wrong with them."""
    problems: list[Problem] = []
    sources = []
    for file in files:
        try:
            tree, unread = parse_tree(file.text, file.name)
            tree, empty = filled(tree, file.name)
            pathway, tree, wrong = shaped(Pathway, tree, file.name)
        except FileError as error:
            return None, list(error.problems)
        problems += [*unread, *empty, *wrong]
        sources.append(Source(Path(file.name), file.name, tree, pathway))
    document, unlinked = link(tuple(sources))
    problems += unlinked
    problems += refusals(document, Positions(sources), sound=not problems)
    return document, problems


def usable(imported: Imported, head: list[str]) -> tuple[list[File], list[str]]:
    """Return a pathway as files that load, the main one first, and what could not be made to.

    What the loader refuses is taken out rule by rule, with a note that says why: first what an
    entry requires, then all but its title.
    """
    pathway = imported.pathway
    notes, used = imported.notes, imported.used
    kept = {about: list(texts) for about, texts in notes.items()}
    name = f"{pathway.pathway}.pathway.yaml"
    others = _used_files(pathway, used)
    if others:
        pathway = pathway.model_copy(update={"uses": tuple(file.name for file in others)})
    tried: set[tuple[str, str]] = set()
    problems: list[Problem] = []
    for attempt in range(_ATTEMPTS):
        if attempt:
            pathway = _without_circles(pathway, kept)
        text, spans = written(pathway, kept, head)
        _, problems = load_texts([File(name, text), *others])
        if not problems:
            return [File(name, text, kept), *others], []
        blamed: dict[tuple[str, str], str] = {}
        for problem in problems:
            if problem.file != name:
                continue
            for first, last, about in spans:
                if first <= problem.line <= last:
                    blamed.setdefault(about, problem.message)
        if not blamed:
            smaller = _without_top(pathway, kept, problems)
            if smaller is None:
                break
            pathway = smaller
            continue
        for about, message in blamed.items():
            pathway = _lightened(pathway, about, again=about in tried)
            tried.add(about)
            kept.setdefault(about, []).append(f"left out, because {message}")
    text, _ = written(pathway, kept, head)
    return [File(name, text, kept), *others], [str(each) for each in problems]


def _without_circles(pathway: Pathway, notes: dict[tuple[str, ...], list[str]]) -> Pathway:
    """Take out what modules require where they need each other, all at once.

    The loader tells one circle of each knot at a time, and a graph may have thousands.
    """
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    entries: dict[str, Any] = {**pathway.modules, **pathway.credentials}
    for ref, entry in entries.items():
        graph.add_edges_from((ref, each) for each in _needed(entry.requires))
    tied = {
        ref
        for knot in nx.strongly_connected_components(graph)
        if len(knot) > 1
        for ref in knot
        if ref in pathway.modules
    }
    if not tied:
        return pathway
    for ref in tied:
        notes.setdefault(("modules", ref), []).append("its prerequisite is part of a circle")
    modules = {
        ref: module.model_copy(update={"requires": None}) if ref in tied else module
        for ref, module in pathway.modules.items()
    }
    return pathway.model_copy(update={"modules": modules})


def _needed(rule: Any) -> Iterator[str]:
    """The modules and credentials that a rule names."""
    match rule:
        case None:
            return
        case ModuleRule():
            yield rule.module
        case CredentialRule():
            yield rule.credential
        case AmountRule():
            yield from rule.selector.ids or ()
        case _:
            for child in rule.children:
                yield from _needed(child)


def _lightened(pathway: Pathway, about: tuple[str, str], *, again: bool) -> Pathway:
    """Take the rules out of one entry, or all but what it is called."""
    section, ref = about
    entries: dict[str, Any] = dict(getattr(pathway, section))
    entry = entries[ref]
    if isinstance(entry, Module):
        entries[ref] = (
            Module(title=entry.title)
            if again
            else entry.model_copy(update={"requires": None, "barred": ()})
        )
    else:
        bare = {"external": True, "requires": None, "renewal": None, "classes": ()}
        defaults = {
            key: Credential.model_fields[key].default
            for key in ("again", "lasts", "award", "on_lost_evidence")
        }
        entries[ref] = (
            Credential(title=entry.title, external=True)
            if again
            else entry.model_copy(update={**bare, **defaults})
        )
    return pathway.model_copy(update={section: entries})


def _without_top(
    pathway: Pathway, notes: dict[tuple[str, ...], list[str]], problems: list[Problem]
) -> Pathway | None:
    """Take out what the file has besides modules and credentials, where it is at fault."""
    for key in ("exclusive", "rules", "groups", "destination", "scale", "defaults"):
        default = Pathway.model_fields[key].get_default(call_default_factory=True)
        if getattr(pathway, key) != default:
            notes.setdefault((), []).append(f"`{key}` is left out, because {problems[0].message}")
            return pathway.model_copy(update={key: default})
    return None


def _used_files(main: Pathway, used: tuple[Pathway, ...]) -> list[File]:
    """The files that a pathway uses, each with its references as they are written there."""
    files: list[File] = []
    names: set[str] = set()
    for file in used:
        known = Known(file.home)
        every: tuple[tuple[str, Mapping[str, object]], ...] = tuple(
            (kind, entries)
            for each in (main, *used)
            for kind, entries in (("module", each.modules), ("credential", each.credentials))
        )
        for kind, entries in every:
            for ref in entries:
                known.kinds[seen_from(ref, main.home, file.home)] = (
                    "module" if kind == "module" else "credential"
                )
        linker = Linker(known, Telling(Positions([])), 0, main.home, frozenset(file.rules))
        own = linker.linked(file, ()) if file.home != main.home else file
        name, number = f"{file.home}.catalogue.yaml", 2
        while name in names:
            name, number = f"{file.home}-{number}.catalogue.yaml", number + 1
        names.add(name)
        files.append(File(name, written(own, {}, [])[0]))
    return files
