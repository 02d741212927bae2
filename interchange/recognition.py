"""A recognition file: which credentials of others count here, and as what.

A designer writes it, `cairn pathway check` checks it against the pathway that it names, and an
import of held credentials follows it:

    recognition: office-skills.pathway.yaml
    accept:
      - issuer: did:web:awards.example.edu
        achievement: https://awards.example.edu/achievements/excel
        module: spreadsheets-1
      - issuer: did:web:awards.example.edu
        achievement: https://awards.example.edu/achievements/first-aid
        credential: first-aid
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from pathways.document import Document
from pathways.problems import FileError, Problem, nearest
from pathways.source import load_pathway

#: How a recognition file is told from a pathway.
SUFFIX = ".recognition.yaml"

_KEYS = ("issuer", "achievement", "module", "credential", "source")
#: The largest file that is read, in bytes.
_LARGEST = 4_000_000


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What an achievement of an issuer counts as: a module, or a credential from elsewhere."""

    issuer: str
    achievement: str
    module: str = ""
    credential: str = ""
    source: str = "rpl"


@dataclass(frozen=True, slots=True)
class Recognition:
    """All that is accepted, by issuer and achievement."""

    path: Path
    accepted: Mapping[tuple[str, str], Acceptance]


def load_recognition(path: Path) -> Recognition:
    """Read a recognition file and the pathway that it names.

    Raises `FileError` with all that is wrong in it.
    """
    return _Loading(path).load()


class _Loading:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._problems: list[Problem] = []

    def load(self) -> Recognition:
        root = self._root()
        pairs = dict(self._pairs(root, ("recognition", "accept")))
        document = self._document(pairs.get("recognition"), root)
        accepted: dict[tuple[str, str], Acceptance] = {}
        listed = pairs.get("accept")
        if not isinstance(listed, yaml.SequenceNode) or not listed.value:
            self._wrong(listed or root, "`accept` lists what is recognised")
        else:
            for node in listed.value:
                one = self._acceptance(node, document)
                if one is None:
                    continue
                if (one.issuer, one.achievement) in accepted:
                    self._wrong(node, f"`{one.achievement}` is accepted twice")
                accepted[one.issuer, one.achievement] = one
        if self._problems:
            raise FileError(self._problems)
        return Recognition(self._path, accepted)

    def _root(self) -> yaml.Node:
        try:
            with self._path.open("rb") as file:
                text = file.read(_LARGEST + 1)
        except OSError as error:
            raise self._told((error.strerror or str(error)).lower()) from None
        if len(text) > _LARGEST:
            raise self._told(f"the file has more than {_LARGEST:,} bytes")
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            raise self._told(
                f"not YAML: {getattr(error, 'problem', error)}", line, column
            ) from None
        if root is None:
            raise self._told("the file is empty")
        return root

    def _told(self, message: str, line: int = 0, column: int = 0) -> FileError:
        return FileError([Problem(str(self._path), line, column, message)])

    def _wrong(self, node: yaml.Node, message: str, found: str = "", help_: str = "") -> None:
        mark = node.start_mark
        self._problems.append(
            Problem(str(self._path), mark.line + 1, mark.column + 1, message, found, help_)
        )

    def _pairs(self, node: yaml.Node, known: tuple[str, ...]) -> Iterator[tuple[str, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, "keys and values should stand here: " + ", ".join(known))
            return
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name not in known:
                self._wrong(key, f"unknown key `{name}`", "", nearest(name, known))
            elif name in seen:
                self._wrong(key, f"`{name}` is there twice")
            else:
                seen.add(name)
                yield name, value

    def _text(self, node: yaml.Node, name: str) -> str:
        if isinstance(node, yaml.ScalarNode) and str(node.value).strip():
            return str(node.value).strip()
        self._wrong(node, f"`{name}` should be a text")
        return ""

    def _document(self, node: yaml.Node | None, root: yaml.Node) -> Document | None:
        if node is None:
            self._wrong(root, "`recognition` names the pathway file that this is for")
            return None
        name = self._text(node, "recognition")
        try:
            return load_pathway(self._path.parent / name).document if name else None
        except FileError as error:
            first = error.problems[0]
            self._wrong(node, f"the pathway can not be used: {first.message}", name, first.help)
            return None

    def _acceptance(self, node: yaml.Node, document: Document | None) -> Acceptance | None:
        before = len(self._problems)
        nodes = dict(self._pairs(node, _KEYS))
        texts = {name: self._text(value, name) for name, value in nodes.items()}
        for name in ("issuer", "achievement"):
            if name not in texts:
                self._wrong(node, f"`{name}` is missing")
        if ("module" in texts) == ("credential" in texts):
            self._wrong(node, "it counts as a `module` or as a `credential`: name one of them")
        if ":" in texts.get("source", ""):
            self._wrong(nodes["source"], "a source is a word without `:`", texts["source"])
        if document is not None:
            for name, known in (("module", document.modules), ("credential", document.credentials)):
                if texts.get(name) and texts[name] not in known:
                    help_ = nearest(texts[name], known)
                    self._wrong(nodes[name], f"the pathway has no such {name}", texts[name], help_)
        if len(self._problems) > before:
            return None
        home = "" if document is None else document.main.home
        for name in ("module", "credential"):
            if texts.get(name) and "/" not in texts[name]:
                texts[name] = f"{home}/{texts[name]}"
        return Acceptance(**texts)
