"""What depends on what."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from pathways.document import Document
from pathways.graph import cycles, dependents, graph, idle, order, soft_circles, unreachable
from pathways.source import load_pathway
from tests.pathways.marked import HEADER, write

BODY = """\
destination: [top]
modules:
  a: {title: Module A, requires: b}
  b: {}
  lone: {}
credentials:
  top: {requires: {all: [middle, {rule: r}]}}
  middle: {kind: badge, requires: a, valid_for: 1 year, renewal: {requires: {rule: again}}}
  side: {kind: badge, requires: lone}
  any-badge: {kind: badge, requires: {count: 1, from: {kind: badge}}}
  other-badge: {kind: badge, requires: {count: 1, from: {kind: badge}}}
rules:
  r: {title: Rule R, count: 1, from: [b]}
  again: {all: [middle, b]}
"""


@pytest.fixture
def document(tmp_path: Path) -> Document:
    path, _ = write(tmp_path / "p.yaml", HEADER + dedent(BODY))
    return load_pathway(path).document


def test_an_edge_leads_to_what_needs(document: Document) -> None:
    made = graph(document)
    assert made.nodes["module", "a"] == {"kind": "module", "label": "Module A"}
    assert made.nodes["rule", "r"] == {"kind": "rule", "label": "Rule R"}
    assert made.edges[("module", "b"), ("module", "a")]["soft"] is False
    assert made.edges[("credential", "middle"), ("credential", "top")]["soft"] is False
    assert made.edges[("module", "b"), ("rule", "r")]["soft"] is True
    assert made.edges[("credential", "side"), ("credential", "any-badge")]["soft"] is True


def test_credentials_come_after_what_they_need(document: Document) -> None:
    ordered = order(document)
    assert sorted(ordered) == sorted(document.credentials)
    assert ordered.index("middle") < ordered.index("top")
    assert ordered.index("side") < ordered.index("any-badge")


def test_the_order_depends_on_the_meaning_alone(document: Document) -> None:
    assert order(Document.from_canonical(document.canonical)) == order(document)


def test_what_depends_on_something(document: Document) -> None:
    assert dependents(document, "b") == ("a", "any-badge", "middle", "other-badge", "top")
    assert dependents(document, "top") == ()


def test_what_leads_nowhere(document: Document) -> None:
    assert idle(document) == ("any-badge", "lone", "other-badge", "side")


def test_without_a_destination_nothing_is_idle(tmp_path: Path) -> None:
    path, _ = write(tmp_path / "p.yaml", HEADER + "modules: {m: {}}\n")
    assert idle(load_pathway(path).document) == ()


def test_circles_of_what_merely_could_count_are_soft(document: Document) -> None:
    assert cycles(document) == []
    circles = [{need.by[1] for need in circle} for circle in soft_circles(document)]
    assert circles == [{"middle", "again"}, {"any-badge", "other-badge"}]


def test_everything_that_loads_can_be_reached(document: Document) -> None:
    assert unreachable(document) == ()
