"""A pathway file, and the files that it uses, as one document ready for use.

`uses` names files relative to the file that it stands in. They lie within one folder tree: the
nearest folder above the main file that holds `.git` or `.cairn`, else the folder above the main
file's own (so that `../catalogue/modules.yaml` is within, and `../../x.yaml` is not). Absolute
paths, addresses of the web, and symbolic links that lead out of the tree are refused.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pathways.document import Document, Example, Pathway
from pathways.link import link
from pathways.places import Positions, Source, Telling
from pathways.problems import CairnError, FileError, Problem
from pathways.record import load_record
from pathways.refusals import refusals
from pathways.shape import filled, shaped
from pathways.tree import Loc, read_tree

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
    _check_header(first, problems, used=False)
    root = _root(first.path)
    sources = [first]
    seen = {first.path}
    for index, source in enumerate(sources):  # grows on the way
        telling = Telling(Positions(sources), problems)
        for at, use in enumerate(source.pathway.uses):
            loc: Loc = ("uses", at)
            try:
                path = _used_path(source.path.parent, use, root)
                if path in seen:
                    continue
                if len(sources) >= MAX_FILES:
                    raise _NotUsedError(f"more than {MAX_FILES} files are used", "use fewer")
                seen.add(path)
                used = _read(path, os.path.normpath(Path(source.shown).parent / use), problems)
            except _NotUsedError as error:
                telling.tell(index, loc, *error.args)
            except FileError as error:
                for problem in error.problems:
                    if problem.line:
                        problems.append(problem)
                    else:
                        telling.tell(index, loc, problem.message, problem.help)
            else:
                sources.append(used)
                _check_header(used, problems, used=True)
    return tuple(sources)


class _NotUsedError(CairnError):
    """A file may not be used: why, and what would do."""


def _used_path(folder: Path, use: str, root: Path) -> Path:
    """Return where a used file is; raises `_NotUsedError` where it may not be."""
    relative = "name it by its path from here, such as `../catalogue/modules.yaml`"
    if "://" in use:
        raise _NotUsedError("a file is due here, and this is an address", relative)
    if Path(use).is_absolute() or use.startswith("~") or "\\" in use or "\0" in use:
        raise _NotUsedError("this is not the path of a file from here", relative)
    try:
        path = (folder / use).resolve()
    except (OSError, RuntimeError):  # a name that is too long, links in a circle
        raise _NotUsedError("there is no such file", relative) from None
    if not path.is_relative_to(root):
        shown = root.name or str(root)
        raise _NotUsedError(
            f"this file lies outside of `{shown}`, the folder tree of the pathway",
            f"bring it into `{shown}`, or mark a folder further up with an empty file `.cairn`",
        )
    return path


def _root(main: Path) -> Path:
    for folder in main.parents:
        if (folder / ".git").exists() or (folder / ".cairn").exists():
            return folder
    return main.parent.parent


def _read(path: Path, shown: str, problems: list[Problem]) -> Source:
    tree, unread = read_tree(path, shown)
    tree, empty = filled(tree, shown)
    pathway, tree, wrong = shaped(Pathway, tree, shown)
    problems.extend((*unread, *empty, *wrong))
    return Source(path.resolve(), shown, tree, pathway)


def _check_header(source: Source, problems: list[Problem], *, used: bool) -> None:
    """The main file says which pathway and version it is; a used one, which catalogue."""
    telling = Telling(Positions([source]), problems)
    lost = source.tree.lost
    if used:
        if not source.pathway.home and not {"pathway", "catalogue"} & set(lost):
            telling.tell(
                0, (), "a used file needs `catalogue` or `pathway`", "add `catalogue: ID`", found=""
            )
        return
    for key in ("pathway", "version"):
        if getattr(source.pathway, key) is None and key not in lost:
            example = "data-analytics" if key == "pathway" else '"1"'
            telling.tell(
                0, (), f"a pathway file needs `{key}`", f"add `{key}: {example}`", found=""
            )
