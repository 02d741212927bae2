"""From a CTDL document to pathway files that load, with a comment at all that was lost."""

from __future__ import annotations

import re
from typing import Any

from interchange.ctdl import CtdlError
from interchange.ctdl_reading import Imported, parse_json, read_ctdl
from interchange.ctdl_writing import write_ctdl
from interchange.designing import File, load_texts, usable
from pathways.document import Document

#: What a condition asks for in CTDL; its words may be put otherwise.
_ASKING = ("requiredNumber", "targetComponent", "hasCondition", "logicalOperator", "hasConstraint")

_DRIFTED = "CTDL asks for something else here than `cairn:rule`, which is what was read"


def files_of(
    raw: bytes, shown: str = "-", wanted: str | None = None
) -> tuple[Imported, list[File]]:
    """Read a CTDL document; return the pathway, and it as files, the main one first.

    `shown` is what problems call the document, `wanted` the ctid of one pathway of several. Raises
    `FileError` where it is no JSON, and `CtdlError` where no pathway can be made of it.
    """
    data = parse_json(raw, shown)
    imported = read_ctdl(data, wanted)
    head = [f"Read from the CTDL document {shown}."]
    files, problems = usable(imported, head)
    if problems:
        raise CtdlError(
            f"what was read makes no pathway that can be used: {problems[0]}",
            "report it, with the document",
        )
    document, _ = load_texts(files)
    assert document is not None
    if drifted := _drifted(document, data):
        for about in drifted:
            imported.notes.setdefault(about, []).append(_DRIFTED)
        files, _ = usable(imported, head)
    return imported, files


def _drifted(document: Document, data: Any) -> list[tuple[str, str]]:
    """Return whose conditions were changed since Cairn wrote them.

    Cairn's own terms say the rule, and somebody may have edited only what CTDL says of it.
    """
    given = {
        str(node["@id"]): node
        for node in (data.get("@graph", ()) if isinstance(data, dict) else ())
        if isinstance(node, dict) and "@id" in node
    }
    if not any("cairn:rule" in node for node in given.values()):
        return []
    graph = write_ctdl(document)["@graph"]
    owners = {
        str(node["ceterms:ctid"]).removeprefix("ce-"): str(node["ceterms:codedNotation"])
        for node in graph
        if "ceterms:codedNotation" in node
    }
    found = []
    for node in graph:
        before = given.get(str(node["@id"]))
        if node["@type"] != "ceterms:ComponentCondition" or before is None:
            continue
        if any(_said(node, term) != _said(before, term) for term in _ASKING):
            owner = owners[node["@id"].removeprefix("_:").rpartition("-")[0]]
            section = "modules" if owner in document.modules else "credentials"
            found.append((section, owner))
    return list(dict.fromkeys(found))


def _said(node: dict[str, Any], term: str) -> Any:
    """What a condition says by a term, whatever the address that its targets are published at."""
    value = node.get(f"ceterms:{term}")
    if term == "targetComponent" and isinstance(value, list):
        return sorted(re.split("[/#]", str(each))[-1] for each in value)
    return value
