"""Where each part of a linked document is written: file, line and column.

A part is named by its file and a path of keys and indices as a designer writes them, such as
`("credentials", "pg-cert", "requires", "all", 0, "from", "groups", 1)`. Short forms need no care:
the places of a list that stands for `ids`, or of a bare id, are found all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pathways.document import Pathway
from pathways.problems import Problem
from pathways.tree import Loc, Mapping, Node, Place


@dataclass(frozen=True, slots=True)
class Source:
    """One file as it was read: what problems call it, its tree, and the model of it."""

    path: Path
    shown: str
    tree: Mapping
    pathway: Pathway


class Positions:
    """The places of everything in the files of a document, main file first."""

    def __init__(self, sources: Sequence[Source]) -> None:
        """Take the files in the order of the document's."""
        self.sources = tuple(sources)

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
                if value is nodes[-1] and self._same(name, loc[-1]):
                    return holder.keys[name]
        return nodes[-1].place

    def damaged(self, file: int | Path, loc: Loc) -> bool:
        """Tell whether a mistake was taken out here, further inside, or stood in for on the way."""
        nodes = self._walk(file, loc)
        replaced = any(
            isinstance(holder, Mapping)
            and any(holder.values.get(name) is node for name in holder.lost)
            for holder, node in zip(nodes, nodes[1:], strict=False)
        )
        return replaced or nodes[-1].damaged

    def source(self, file: int | Path) -> Source:
        """Return one of the files, by its index or path; raises `KeyError` for another one."""
        if isinstance(file, int):
            return self.sources[file]
        for source in self.sources:
            if source.path == file or source.path == file.resolve():
                return source
        raise KeyError(file)

    def _walk(self, file: int | Path, loc: Loc) -> list[Node]:
        """The nodes from the top of the file to the part, as far as it is written."""
        node: Node = self.source(file).tree
        nodes = [node]
        for step in loc:
            inner = node.child(step)
            if inner is None and isinstance(step, str) and "/" in step:
                inner = node.child(step.partition("/")[2])
            if inner is not None:
                node = inner
                nodes.append(node)
        return nodes

    @staticmethod
    def _same(name: str, step: str | int) -> bool:
        return isinstance(step, str) and step in (name, step.partition("/")[0] + "/" + name)


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
        shown = self.positions.source(file).shown
        self.problems.append(Problem(shown, place.line, place.column, message, text, help_))
