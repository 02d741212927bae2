"""Whatever stands in a document, it is read or refused in words, in bounded time and memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interchange.ctdl_files import files_of
from interchange.ctdl_reading import MAX_DEPTH
from interchange.ctdl_writing import write_ctdl
from interchange.designing import load_texts
from pathways.problems import CairnError
from pathways.source import load_pathway

ROOT = Path(__file__).parents[2]
OFFICE = json.dumps(
    write_ctdl(load_pathway(ROOT / "pathways/examples/office-skills.pathway.yaml").document)
).encode()

TERMS = (
    "name", "description", "ctid", "codedNotation", "hasPart", "hasChild", "hasCondition",
    "hasDestinationComponent", "isDestinationComponentOf", "targetComponent", "requiredNumber",
    "logicalOperator", "hasConstraint", "leftSource", "leftAction", "comparator", "rightSource",
    "creditValue", "credentialType", "prerequisite", "precedes", "versionIdentifier", "ownedBy",
    "subjectWebpage", "pointValue",
)  # fmt: skip
KINDS = ("Pathway", "CredentialComponent", "CourseComponent", "BasicComponent", "JobComponent",
         "ComponentCondition", "Constraint", "CredentialOrganization")  # fmt: skip
IDS = ("a", "b", "c", "d", "_:e", "_:f", "gone", "https://x.example/ce-1")

texts = st.text(max_size=12) | st.sampled_from(
    ("And", "logic:Or", "logic:OnlyOne", "Sum", "array:Sum", "compare:GTEQ", "ceterms:creditValue",
     "\ud800", "\x1b[31m", "- x: {", "# no", "2026-01-01", "null", "~", "a\nb", "\u2028", "1e999")
)  # fmt: skip
singles = (
    st.none() | st.booleans() | st.integers(-3, 10**12) | st.floats() | texts | st.sampled_from(IDS)
)
references = st.sampled_from(IDS) | st.fixed_dictionaries({"@id": st.sampled_from(IDS)})
values = st.recursive(
    singles | references,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(TERMS) | st.sampled_from(("en", "@value")), inner, max_size=3
        )
    ),
    max_leaves=6,
)
rules: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(IDS) | st.fixed_dictionaries({"module": st.sampled_from(IDS)}),
    lambda inner: (
        st.fixed_dictionaries({"all": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"count": st.integers(0, 5), "from": values})
    ),
    max_leaves=5,
)


@st.composite
def graphs(draw: st.DrawFn) -> Any:
    """A graph in which most things are in their place, and some are anything at all."""
    found: list[Any] = [{"@type": "ceterms:Pathway", "@id": "p", "ceterms:hasPart": ["a", "b"]}]
    for _ in range(draw(st.integers(0, 7))):
        node: dict[str, Any] = {
            "@type": f"ceterms:{draw(st.sampled_from(KINDS))}",
            "@id": draw(st.sampled_from(IDS)),
        }
        for term in draw(st.lists(st.sampled_from(TERMS), max_size=5)):
            node[f"ceterms:{term}"] = draw(st.lists(references, max_size=3) | values)
        if draw(st.booleans()):
            node["cairn:rule"] = draw(rules | values)
        if draw(st.booleans()):
            node["cairn:keys"] = draw(values)
        found.append(node)
    if draw(st.booleans()):
        found[0]["cairn:keys"] = draw(values)
    return draw(st.sampled_from((found, {"@graph": found}, {"x": {"@graph": found}})))


def read_or_refused(raw: bytes) -> None:
    """Read a document into files that load, or have it refused in words."""
    try:
        _, files = files_of(raw, "graph.json")
    except CairnError:
        return
    document, problems = load_texts(files)
    assert problems == []
    assert document is not None


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_any_graph_is_read_into_files_that_load_or_refused(graph: Any) -> None:
    read_or_refused(json.dumps(graph).encode())


@settings(max_examples=60, deadline=None)
@given(st.recursive(singles, lambda x: st.lists(x) | st.dictionaries(texts, x), max_leaves=20))
def test_any_json_is_read_or_refused(value: Any) -> None:
    read_or_refused(json.dumps(value).encode())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(OFFICE.rstrip()) - 1))
def test_a_truncated_document_is_refused_at_its_place(length: int) -> None:
    with pytest.raises(CairnError, match=r"^graph.json:\d+:\d+: this is not JSON"):
        files_of(OFFICE[:length], "graph.json")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(OFFICE) - 1), st.binary(min_size=1, max_size=3))
def test_a_damaged_document_is_read_or_refused(at: int, damage: bytes) -> None:
    read_or_refused(OFFICE[:at] + damage + OFFICE[at + len(damage) :])


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"[" * 1_000_000, f"1:{MAX_DEPTH + 1}: nested more than {MAX_DEPTH} levels deep"),
        (b'{"a":' * 1_000_000, f"nested more than {MAX_DEPTH} levels deep"),
        (b'{"a": ' + b"9" * 100_000 + b"}", "a number in the file is no amount"),
        (b'{"a": NaN}', "a number in the file is no amount"),
        (b'{"a": "\xff"}', "1:8: the file is not UTF-8"),
        (b"", "1:1: this is not JSON"),
        (b"[]", "there is no pathway in this document"),
        (b'{"@type": "ceterms:Pathway", "@id": "p"}', "the pathway has no components"),
        (b'"' + b"\\" * 2_000_001, "this is not JSON"),
    ],
)
def test_what_can_not_be_read_is_refused_in_words(raw: bytes, said: str) -> None:
    with pytest.raises(CairnError) as caught:
        files_of(raw, "graph.json")
    assert said in str(caught.value)


def test_conditions_that_multiply_are_bounded() -> None:
    """Twenty conditions, each naming the next one ten times over, would be 10^20 rules."""
    nodes: list[Any] = [
        {"@type": "ceterms:Pathway", "@id": "p", "ceterms:hasDestinationComponent": "a"},
        {"@type": "ceterms:CredentialComponent", "@id": "a", "ceterms:hasCondition": "_:0"},
        {"@type": "ceterms:CourseComponent", "@id": "b"},
    ]
    for number in range(20):
        beneath = [f"_:{number + 1}"] * 10 if number < 19 else []
        nodes.append(
            {
                "@type": "ceterms:ComponentCondition",
                "@id": f"_:{number}",
                "ceterms:hasCondition": beneath,
                "ceterms:targetComponent": ["b"],
            }
        )
    with pytest.raises(CairnError, match="more than 20000 conditions"):
        files_of(json.dumps(nodes).encode())


def test_components_that_all_need_each_other_are_read_without_that() -> None:
    ids = [f"m{number}" for number in range(40)]
    nodes: list[Any] = [
        {"@type": "ceterms:Pathway", "@id": "p", "ceterms:hasDestinationComponent": "c"},
        {"@type": "ceterms:CredentialComponent", "@id": "c", "ceterms:hasChild": ids},
    ]
    nodes += [
        {"@type": "ceterms:CourseComponent", "@id": each, "ceterms:prerequisite": ids}
        for each in ids
    ]
    _, files = files_of(json.dumps(nodes).encode())
    assert files[0].text.count("# ctdl: its prerequisite is part of a circle") >= 39
    document, _ = load_texts(files)
    assert document is not None
    assert document.main.credentials["c"].requires is not None


def test_a_large_document_is_read() -> None:
    nodes: list[Any] = [
        {"@type": "ceterms:Pathway", "@id": "p", "ceterms:hasDestinationComponent": "c"},
        {"@type": "ceterms:CredentialComponent", "@id": "c", "ceterms:hasCondition": "_:x"},
    ]
    ids = [f"m{number}" for number in range(3000)]
    nodes += [
        {"@type": "ceterms:CourseComponent", "@id": each, "ceterms:name": "Same"} for each in ids
    ]
    nodes.append(
        {"@type": "ceterms:ComponentCondition", "@id": "_:x", "ceterms:targetComponent": ids,
         "ceterms:requiredNumber": 5}
    )  # fmt: skip
    imported, _ = files_of(json.dumps(nodes).encode())
    assert len(imported.pathway.modules) == 3000
