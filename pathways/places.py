"""Where each part of a linked document is written: file, line and column.

A part is named by its file and a path of keys and indices as a designer writes them, such as
`("credentials", "pg-cert", "requires", "all", 0, "from", "groups", 1)`. Short forms need no care:
the places of a list that stands for `ids`, or of a bare id, are found all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from pathways.document import Pathway
from pathways.problems import Problem
from pathways.tree import Loc, Mapping, Node, Place


@dataclass(frozen=True, slots=True)
class Text:
    """One file as it was read: where it is, what problems call it, and its tree."""

    path: Path
    shown: str
    tree: Mapping


@dataclass(frozen=True, slots=True)
class Source(Text):
    """A pathway file, with the model of it."""

    pathway: Pathway


class Positions:
    """The places of everything in the files of a document, main file first."""

    def __init__(self, texts: Sequence[Text]) -> None:
        """Take the files in the order of the document's."""
        self.texts = tuple(texts)

    def of(self, file: int | Path, loc: Loc) -> tuple[int, int]:
        """Return line and column of a value, counted from 1; a short path is its container's.

        Raises `KeyError` for a file that is not one of the document's.
        """
        place = self._walk(file, loc)[-1].place
        return place.line, place.column

    def of_key(self, file: int | Path, loc: Loc) -> tuple[int, int]:
        """Return line and column of the key of a value; of the value where it has no key."""
        place = self.place(file, loc, key=True)
        return place.line, place.column

    def place(self, file: int | Path, loc: Loc, *, key: bool = False) -> Place:
        """Return the place of a value or of its key, with the text that is written there."""
        nodes = self._walk(file, loc)
        if key and len(nodes) > 1 and isinstance(holder := nodes[-2], Mapping):
            for name, value in holder.values.items():
                if value is nodes[-1] and _same(name, loc[-1]):
                    return holder.keys[name]
        return nodes[-1].place

    def node(self, file: int | Path, loc: Loc) -> Node | None:
        """Return what is written at a place, or None where the place is not written out."""
        nodes = self._walk(file, loc)
        return nodes[-1] if len(nodes) == len(loc) + 1 else None

    def damaged(self, file: int | Path, loc: Loc) -> bool:
        """Tell whether a mistake was taken out here, further inside, or stood in for on the way."""
        nodes = self._walk(file, loc)
        replaced = any(
            isinstance(holder, Mapping)
            and any(holder.values.get(name) is node for name in holder.lost)
            for holder, node in pairwise(nodes)
        )
        return replaced or nodes[-1].damaged

    def text(self, file: int | Path) -> Text:
        """Return one of the files, by its index or path; raises `KeyError` for another one."""
        if isinstance(file, int):
            return self.texts[file]
        for text in self.texts:
            if text.path in (file, file.resolve()):
                return text
        raise KeyError(file)

    def _walk(self, file: int | Path, loc: Loc) -> list[Node]:
        """The nodes from the top of the file to the part, as far as it is written."""
        node: Node = self.text(file).tree
        nodes = [node]
        for step in loc:
            inner = node.child(step)
            if inner is None and isinstance(node, Mapping) and isinstance(step, str):
                inner = node.child(step.rpartition("/")[2]) or next(
                    (node.values[key] for key in node.values if _same(key, step)), None
                )
            if inner is not None:
                node = inner
                nodes.append(node)
        return nodes


def _same(written: str, step: str | int) -> bool:
    """Whether a key of a file may be the one meant by a reference as seen from the main file."""
    if not isinstance(step, str) or ("/" in written) == ("/" in step):
        return written == step
    return written.rpartition("/")[2] == step.rpartition("/")[2]


@dataclass(slots=True)
class Telling:
    """Collects problems at parts of a document."""

    positions: Positions
    problems: list[Problem] = field(default_factory=list)

    def tell(
        self,
        file: int,
        loc: Loc,
        message: str,
        help_: str = "",
        *,
        key: bool = False,
        found: str | None = None,
    ) -> None:
        """Add a problem at a value, or at its key; the text there is found unless given."""
        place = self.positions.place(file, loc, key=key)
        text = place.text if found is None else found
        if f"`{text}`" in message:
            text = ""
        shown = self.positions.text(file).shown
        self.problems.append(Problem(shown, place.line, place.column, message, text, help_))
