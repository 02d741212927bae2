"""A pathway file, and the files that it uses, as one document ready for use.

`uses` names files relative to the file that it stands in. They lie within one folder tree: the
nearest folder above the main file that holds `.git` or `.cairn`, else the folder above the main
file's own (so that `../catalogue/modules.yaml` is within, and `../../x.yaml` is not). Absolute
paths, addresses of the web, and symbolic links that lead out of the tree are refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pathways.document import Document, Example, Pathway
from pathways.link import link
from pathways.places import Positions, Source, Telling
from pathways.problems import FileError, Problem
from pathways.record import load_record
from pathways.refusals import refusals
from pathways.shape import shaped
from pathways.tree import Loc, Mapping, Node, Scalar, Sequence, read_tree

__all__ = ["Loaded", "load_pathway", "load_record"]

MAX_FILES = 500


@dataclass(frozen=True, slots=True)
class Loaded:
    """A pathway file that can be used, with the designer's examples and the place of everything."""

    path: Path
    document: Document
    examples: tuple[Example, ...]
    positions: Positions


def load_pathway(path: Path) -> Loaded:
    """Read a pathway file and everything that it uses.

    Raises `FileError` with all that is wrong in any of the files, each mistake once.
    """
    problems: list[Problem] = []
    sources = _read_all(path, problems)
    document, unlinked = link(sources)
    positions = Positions(sources)
    problems.extend(unlinked)
    problems.extend(refusals(document, positions, sound=not problems))
    if problems:
        raise FileError(problems)
    return Loaded(path, document, document.main.examples, positions)


def _read_all(main: Path, problems: list[Problem]) -> tuple[Source, ...]:
    """Read the main file, then what it uses, breadth first; each file once."""
    first = _read(main, str(main), problems)
    root = _root(first.path)
    sources = [first]
    seen = {first.path}
    for index, source in enumerate(sources):  # grows on the way
        telling = Telling(Positions(sources), problems)
        for at, use in enumerate(source.pathway.uses):
            loc: Loc = ("uses", at)
            refused = _refused(use)
            path = source.path.parent / use
            if not refused:
                try:
                    path = path.resolve()
                except (OSError, RuntimeError, ValueError):
                    refused = "this file can not be found"
            if not refused and not path.is_relative_to(root):
                refused = (
                    f"this file lies outside of `{root.name or root}`, the tree of `{main.name}`"
                )
            if not refused and path in seen:
                continue
            if not refused and len(sources) >= MAX_FILES:
                refused = f"more than {MAX_FILES} files are used"
            if refused:
                telling.tell(index, loc, refused)
                continue
            seen.add(path)
            shown = os.path.normpath(Path(source.shown).parent / use)
            try:
                used = _read(path, shown, problems)
            except FileError as error:
                for problem in error.problems:
                    if problem.line:
                        problems.append(problem)
                    else:
                        telling.tell(index, loc, problem.message, problem.help)
                continue
            sources.append(used)
            _check_header(used, problems, used=True)
    _check_header(first, problems, used=False)
    return tuple(sources)


def _refused(use: str) -> str:
    """Say why the name of a used file can not be one."""
    if "://" in use:
        return "`uses` names a file, and this is an address"
    if Path(use).is_absolute() or use.startswith("~") or "\\" in use or "\0" in use:
        return "`uses` names a file by its path from here, such as `../catalogue/modules.yaml`"
    return ""


def _root(main: Path) -> Path:
    for folder in main.parents:
        if (folder / ".git").exists() or (folder / ".cairn").exists():
            return folder
    return main.parent.parent


def _read(path: Path, shown: str, problems: list[Problem]) -> Source:
    tree, found = read_tree(path, shown)
    problems.extend(found)
    pathway, tree, wrong = shaped(Pathway, tree, shown)
    problems.extend(wrong)
    for place, key in _empty(tree):
        problems.append(
            Problem(
                shown,
                place.place.line,
                place.place.column,
                f"`{key}` has no value",
                help="say what is due, or leave the key out",
            )
        )
    return Source(path.resolve(), shown, tree, pathway)


def _empty(node: Node, key: str = "") -> Iterator[tuple[Node, str]]:
    """The values that are left open where the models would take that for "not given"."""
    if isinstance(node, Mapping):
        for name, value in node.values.items():
            if isinstance(value, Scalar) and value.value is None:
                if key != "classes":  # an example may say that an award has no class
                    yield value, name
            else:
                yield from _empty(value, name)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _empty(item, key)


def _check_header(source: Source, problems: list[Problem], *, used: bool) -> None:
    """The main file says which pathway and version it is; a used one, which catalogue."""
    telling = Telling(Positions([source]), problems)
    lost = source.tree.lost
    if used:
        if not source.pathway.home and not {"pathway", "catalogue"} & set(lost):
            telling.tell(0, (), "a file that others use needs `catalogue` or `pathway`", found="")
        return
    for key in ("pathway", "version"):
        if getattr(source.pathway, key) is None and key not in lost:
            example = "data-analytics" if key == "pathway" else '"1"'
            telling.tell(
                0, (), f"a pathway file needs `{key}`", f"add `{key}: {example}`", found=""
            )
