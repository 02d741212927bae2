"""CTDL: what Cairn exported comes back, what CTDL says of it is true, and dirty graphs are read."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from interchange.ctdl import is_ctid
from interchange.ctdl_files import files_of
from interchange.ctdl_reading import Imported, parse_json
from interchange.ctdl_writing import write_ctdl
from interchange.designing import File, load_texts
from pathways.awards import assess
from pathways.document import Document
from pathways.lint import lint
from pathways.source import load_pathway
from pathways.trial import trials

ROOT = Path(__file__).parents[2]
CORPUS = sorted((ROOT / "tests" / "corpus").glob("*.pathway.yaml"))
EXAMPLES = sorted((ROOT / "pathways" / "examples").glob("*.pathway.yaml"))

Node = dict[str, Any]


def _short(path: Path) -> str:
    return path.name.split("-")[0]


def sent(document: Document, **base: str) -> Node:
    """What another system gets to read."""
    found = parse_json(json.dumps(write_ctdl(document, **base), ensure_ascii=False).encode())
    assert isinstance(found, dict)
    return found


def come_back(data: Any) -> tuple[Document, list[File], Imported]:
    imported, files = files_of(json.dumps(data, default=float).encode())
    document, problems_ = load_texts(files)
    assert problems_ == []
    assert document is not None
    return document, files, imported


def without_cairn(value: Any) -> Any:
    """What a registry keeps that knows no terms but CTDL's."""
    if isinstance(value, dict):
        return {
            key: without_cairn(item) for key, item in value.items() if not key.startswith("cairn")
        }
    if isinstance(value, list):
        return [without_cairn(item) for item in value]
    return value


def nodes(graph: Node, kind: str) -> list[Node]:
    return [node for node in graph["@graph"] if node["@type"] == f"ceterms:{kind}"]


# --- what Cairn exported -------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*CORPUS, *EXAMPLES], ids=_short)
def test_an_exported_pathway_comes_back_as_the_same_document(path: Path) -> None:
    document = load_pathway(path).document
    back, _, imported = come_back(sent(document))
    assert back.canonical == document.canonical
    assert imported.notes == {}


@pytest.mark.parametrize("path", CORPUS, ids=_short)
def test_a_pathway_that_came_back_decides_every_case_as_before(path: Path) -> None:
    loaded = load_pathway(path)
    back, _, _ = come_back(sent(loaded.document))
    results = trials(back, loaded.examples)
    assert [failure for trial in results for failure in trial.failures] == []


@pytest.mark.parametrize("path", CORPUS, ids=_short)
def test_whoever_earned_an_award_did_what_ctdl_alone_asks_for(path: Path) -> None:
    """CTDL may ask for less than the rule does, and never for more."""
    loaded = load_pathway(path)
    plainer, _, _ = come_back(without_cairn(sent(loaded.document)))
    for example in loaded.examples:
        # Neither a waiver, nor a group that only a completion has, is known to the catalogue.
        if example.waived or any(completed.groups for completed in example.completed):
            continue
        standings = assess(loaded.document, example, example.on).standings
        asked = assess(plainer, example, example.on).standings
        for ref, standing in standings.items():
            if standing.status == "held" and not plainer.credentials[ref][0].external:
                assert asked[ref].status == "held", (example.name, ref)


@pytest.mark.parametrize("path", CORPUS, ids=_short)
def test_what_is_read_without_cairns_terms_passes_the_check(path: Path, tmp_path: Path) -> None:
    _, files, _ = come_back(without_cairn(sent(load_pathway(path).document)))
    for file in files:
        (tmp_path / file.name).write_text(file.text, encoding="utf-8")
    lint(load_pathway(tmp_path / files[0].name))


@pytest.mark.parametrize("path", CORPUS, ids=_short)
def test_every_reference_of_an_export_leads_to_a_node_and_every_ctid_is_one(path: Path) -> None:
    graph = sent(load_pathway(path).document)
    known = {node["@id"] for node in graph["@graph"]}
    assert len(known) == len(graph["@graph"])
    for node in graph["@graph"]:
        assert node["@id"].startswith("_:") or is_ctid(node["ceterms:ctid"])
        for term in ("hasPart", "hasDestinationComponent", "hasCondition", "targetComponent"):
            assert set(node.get(f"ceterms:{term}", ())) <= known
        for term in ("ownedBy", "proxyFor", "isDestinationComponentOf", "prerequisite"):
            assert set(node.get(f"ceterms:{term}", ())) <= known
        if "ceterms:requiredNumber" in node:
            assert 1 <= node["ceterms:requiredNumber"] <= len(node["ceterms:targetComponent"])


def document(text: str) -> Document:
    found, problems = load_texts([File("x.pathway.yaml", text)])
    assert problems == []
    assert found is not None
    return found


def test_the_same_pathway_gives_the_same_graph_and_a_given_ctid_is_kept() -> None:
    own = "ce-0d5a2f4e-91b7-4a52-8f0e-6b1d7f6f3a10"
    text = 'pathway: p\nversion: "1"\nmodules: {a: {}}\ncredentials: {c: {ctid: %s, requires: a}}\n'
    first, second = sent(document(text % own)), sent(document(text % own))
    assert first == second
    assert nodes(first, "CredentialComponent")[0]["ceterms:ctid"] == own
    derived = nodes(first, "BasicComponent")[0]["ceterms:ctid"]
    assert is_ctid(derived)
    back, _, _ = come_back(first)
    assert back.main.credentials["c"].ctid == own
    assert back.main.modules["a"].ctid is None


def test_a_choice_of_two_in_three_needs_no_terms_of_cairn() -> None:
    text = (
        'pathway: p\nversion: "1"\nmodules: {a: {}, b: {}, c: {}, d: {}}\ncredentials:\n'
        "  x: {requires: {all: [a, {title: Two of them, at_least: 2, of: [b, c, d]}]}}\n"
    )
    graph = sent(document(text))
    conditions = nodes(graph, "ComponentCondition")
    assert not any("cairn:rule" in node for node in conditions)
    assert conditions[0]["ceterms:logicalOperator"] == "logic:And"
    choice = next(node for node in conditions if node.get("ceterms:name"))
    assert choice["ceterms:requiredNumber"] == 2
    assert len(choice["ceterms:targetComponent"]) == 3


def test_credits_are_a_constraint_and_the_rest_of_the_rule_is_in_words_and_in_cairns_terms() -> (
    None
):
    text = (
        'pathway: p\nversion: "1"\nmodules: {a: &h {credits: 7.5}, b: *h, c: {credits: 5}}\n'
        "credentials: {x: {requires: {credits: 15, from: any, within: 18 months}}}\n"
    )
    (condition,) = nodes(sent(document(text)), "ComponentCondition")
    assert condition["ceterms:requiredNumber"] == 2
    constraint = condition["ceterms:hasConstraint"][0]
    assert constraint["ceterms:comparator"] == "compare:GTEQ"
    assert constraint["ceterms:rightSource"] == ["15"]
    assert "within 18 months" in condition["ceterms:description"]["en"]
    assert condition["cairn:rule"] == {"within": "18 months", "credits": "15", "from": {}}
    back, _, _ = come_back(without_cairn(sent(document(text))))
    asked = back.main.credentials["x"].requires
    assert asked is not None
    assert Decimal("7.5") == back.main.modules["a"].credits
    assert "credits" in asked.model_dump_json()


def test_a_condition_that_was_changed_since_cairn_wrote_it_is_told() -> None:
    text = (
        'pathway: p\nversion: "1"\nmodules: {a: {}, b: {}, c: {}}\n'
        "credentials: {x: {requires: {id: some, at_least: 2, of: [a, b, c]}}}\n"
    )
    graph = sent(document(text), base="https://polytechnic.example/resources")
    assert "# ctdl" not in come_back(graph)[1][0].text
    (condition,) = nodes(graph, "ComponentCondition")
    condition["ceterms:requiredNumber"] = 3
    back, files, _ = come_back(graph)
    assert back.main.credentials["x"].requires == document(text).main.credentials["x"].requires
    assert "# ctdl: CTDL asks for something else here than `cairn:rule`" in files[0].text


def test_files_that_a_pathway_uses_come_back_beside_it(tmp_path: Path) -> None:
    (tmp_path / "poly.yaml").write_text(
        "catalogue: poly\nmodules: {sheets: {credits: 5}, sql: {requires: sheets}}\n"
        "credentials: {user: {requires: {rule: both}}}\nrules: {both: {all: [sheets, sql]}}\n"
    )
    (tmp_path / "main.pathway.yaml").write_text(
        'pathway: office\nversion: "1"\nuses: [poly.yaml]\nmodules: {letters: {}}\n'
        "credentials: {worker: {requires: {all: [poly/user, letters]}}}\n"
    )
    original = load_pathway(tmp_path / "main.pathway.yaml").document
    back, files, _ = come_back(sent(original))
    assert [file.name for file in files] == ["office.pathway.yaml", "poly.catalogue.yaml"]
    assert back.canonical == original.canonical
    assert "poly/" not in files[1].text


EU = """\
pathway: p
version: "1"
issuer: {name: Example Polytechnic, url: "https://polytechnic.example", country: NZ}
modules: {a: {}}
credentials:
  x:
    title: Careful with Data
    kind: micro-credential
    description: For people who handle data of others.
    credits: 10
    hours: 100
    level: 4
    outcomes: [finds what identifies a person, knows when data must be deleted]
    assessment: Two tasks at work, marked by two people
    participation: On site, or by video
    quality_assurance: Reviewed each year by an outside examiner
    review_period: 3 years
    classification:
      - {scheme: NZSCED, code: "080905", name: Practical Computing Skills}
      - {scheme: ISCED-F, code: "0688"}
    requires: a
"""


def test_what_the_european_approach_and_nzqa_ask_for_is_carried() -> None:
    graph = sent(document(EU))
    (resource,) = nodes(graph, "MicroCredential")
    (issuer,) = nodes(graph, "CredentialOrganization")
    (profile,) = resource["ceterms:requires"]
    assert resource["ceterms:name"] == {"en": "Careful with Data"}
    assert resource["ceterms:description"] == {"en": "For people who handle data of others."}
    assert issuer["ceterms:address"][0]["ceterms:addressCountry"] == {"en": "NZ"}
    assert [each["ceterms:targetNodeName"]["en"] for each in profile["ceterms:targetCompetency"]]
    assert profile["ceterms:creditValue"][0]["schema:value"] == 10
    assert resource["cairn:level"] == "4"
    assert "100 hours" in resource["ceterms:estimatedDuration"][0]["ceterms:description"]["en"]
    assert resource["cairn:assessment"].startswith("Two tasks")
    assert resource["cairn:participation"] == "On site, or by video"
    assert resource["cairn:quality_assurance"].startswith("Reviewed each year")
    assert resource["cairn:review_period"] == "3 years"
    first, second = resource["ceterms:instructionalProgramType"]
    assert first["ceterms:targetNodeName"] == {"en": "Practical Computing Skills"}
    assert first["ceterms:codedNotation"] == "080905"
    assert second["ceterms:frameworkName"] == {"en": "ISCED-F"}
    back, _, _ = come_back(graph)
    assert back.canonical == document(EU).canonical


# --- what others publish -------------------------------------------------------------------------

REGISTRY = "https://credentialengineregistry.org/resources/"
UUID = "00000000-0000-4000-8000-0000000000"


def component(number: int, kind: str = "Course", **more: Any) -> Node:
    own = f"ce-{UUID}{number:02d}"
    return {
        "@type": f"ceterms:{kind}Component",
        "@id": REGISTRY + own,
        "ceterms:ctid": own,
        "ceterms:name": {"en-US": f"Part {number}"},
        **{f"ceterms:{term}": value for term, value in more.items()},
    }


def uri(number: int) -> str:
    return f"{REGISTRY}ce-{UUID}{number:02d}"


def condition(name: str, **more: Any) -> Node:
    terms = {f"ceterms:{term}": value for term, value in more.items()}
    return {"@type": "ceterms:ComponentCondition", "@id": f"_:{name}", **terms}


def published(*parts: Node, **more: Any) -> Node:
    pathway = {
        "@type": "ceterms:Pathway",
        "@id": f"{REGISTRY}ce-{UUID}99",
        "ceterms:ctid": f"ce-{UUID}99",
        "ceterms:name": {"en-US": "Practical Nursing"},
        "ceterms:hasDestinationComponent": [uri(1)],
        "ceterms:hasPart": [part["@id"] for part in parts if not part["@id"].startswith("_:")],
        **{f"ceterms:{term}": value for term, value in more.items()},
    }
    return {"@context": "https://credreg.net/ctdl/schema/context/json", "@graph": [pathway, *parts]}


def asked(graph: Any, ref: str = "part-1") -> tuple[Any, list[str]]:
    """The rule of a credential as canonical data, and the comments above it."""
    back, files, _ = come_back(graph)
    rule = back.main.credentials[ref].requires
    said = (
        None if rule is None else rule.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    )
    lines = files[0].text.splitlines()
    return said, [line.strip().removeprefix("# ctdl: ") for line in lines if "# ctdl: " in line]


def test_a_pathway_of_the_registry_is_read_with_its_ctids_and_its_destination() -> None:
    graph = published(
        component(1, "Credential", credentialType="ceterms:Certificate", hasCondition=["_:a"]),
        component(2, creditValue=[{"@type": "schema:QuantitativeValue", "schema:value": 7.5}]),
        component(3),
        condition("a", requiredNumber=2, targetComponent=[uri(2), uri(3)]),
    )
    back, files, _ = come_back(graph)
    main = back.main
    assert (main.pathway, main.version, main.title) == (
        "practical-nursing",
        "1",
        "Practical Nursing",
    )
    assert main.destination == ("part-1",)
    assert main.credentials["part-1"].kind == "certificate"
    assert main.modules["part-2"].credits == Decimal("7.5")
    assert main.ctid == f"ce-{UUID}99"
    assert main.modules["part-3"].ctid == f"ce-{UUID}03"
    assert "requires: {all: [part-2, part-3]}" in files[0].text


def test_texts_may_be_strings_or_maps_and_references_strings_or_objects_or_the_thing_itself() -> (
    None
):
    inline = {**component(3), "@id": uri(3)}
    graph = published(
        {
            **component(1, "Credential", hasCondition={"@id": "_:a"}),
            "ceterms:name": [{"@language": "en", "@value": "Part 1"}],
        },
        {**component(2), "ceterms:name": "Part 2"},
        condition("a", targetComponent=[{"@id": uri(2)}, inline]),
    )
    assert asked(graph) == ({"all": [{"module": "part-2"}, {"module": "part-3"}]}, [])


def test_a_required_number_above_the_number_of_targets_is_read_as_all_of_them() -> None:
    graph = published(
        component(1, "Credential", hasCondition=["_:a"]),
        component(2),
        condition("a", requiredNumber=5, targetComponent=[uri(2), uri(2)]),
    )
    rule, comments = asked(graph)
    assert rule == {"module": "part-2"}
    assert comments == [
        "`part-2` is named twice in one condition",
        "`requiredNumber` is 5, and there are only 1; read as all",
    ]


def test_an_id_that_stands_twice_is_read_once() -> None:
    graph = published(
        component(1, "Credential", hasCondition=["_:a"]),
        component(2),
        {**component(2), "ceterms:name": "Another one"},
        condition("a", targetComponent=[uri(2)]),
    )
    rule, comments = asked(graph)
    assert rule == {"module": "part-2"}
    assert comments == [f"`{uri(2)}` stands more than once; the first is read"]


def test_precedes_is_a_suggestion_and_asks_for_nothing() -> None:
    graph = published(
        component(1, "Credential", hasCondition=["_:a"]),
        component(2, precedes=[uri(3)]),
        component(3, preceeds=[uri(1)]),
        condition("a", requiredNumber=1, targetComponent=[uri(2), uri(3)]),
    )
    back, files, _ = come_back(graph)
    assert back.main.modules["part-3"].requires is None
    assert files[0].text.count("`precedes` suggests an order, and nothing is asked for by it") == 2


def test_older_terms_and_other_prefixes_are_read() -> None:
    graph = {
        "@graph": [
            {
                "@type": "ceterms:Pathway",
                "@id": "p",
                "ceterms:name": "Old",
                "ceasn:hasChild": ["a"],
                "ceasn:hasPart": [{"@id": "b"}],
                "https://purl.org/ctdl/terms/hasDestinationComponent": "a",
            },
            {"@type": ["ceterms:CredentialComponent"], "@id": "a", "name": "A", "hasChild": "b"},
            {"@type": "CourseComponent", "@id": "b", "ceterms:name": "B"},
        ]
    }
    rule, comments = asked(graph, "a")
    assert rule == {"module": "b"}
    assert comments == ["`hasChild`, without a condition, is read as: all of them"]


def test_operators_join_conditions_and_what_has_no_counterpart_is_told() -> None:
    graph = published(
        component(1, "Credential", hasCondition=["_:a"]),
        component(2),
        component(3),
        component(4),
        condition("a", logicalOperator="logic:Or", hasCondition=["_:b", "_:c"]),
        condition("b", targetComponent=[uri(2), uri(3)]),
        condition(
            "c",
            logicalOperator={"@id": "logic:OnlyOne"},
            targetComponent=[uri(3), uri(4)],
            hasConstraint=[
                {
                    "@type": "ceterms:Constraint",
                    "ceterms:leftSource": ["ceterms:pointValue"],
                    "ceterms:comparator": "compare:LT",
                    "ceterms:rightSource": ["4"],
                }
            ],
        ),
    )
    rule, comments = asked(graph)
    both = {"all": [{"module": "part-2"}, {"module": "part-3"}]}
    assert rule == {"any": [both, {"any": [{"module": "part-3"}, {"module": "part-4"}]}]}
    assert comments == [
        "`OnlyOne` asks that there be no more than one; here one is enough",
        "a constraint that is not expressed: ceterms:pointValue LT 4",
    ]


def test_a_destination_that_is_a_job_is_something_that_is_earned() -> None:
    graph = published(
        component(1, "Job", hasCondition=["_:a"]),
        component(2),
        condition("a", targetComponent=[uri(2)]),
    )
    rule, comments = asked(graph)
    assert rule == {"module": "part-2"}
    assert comments == ["a JobComponent, read as something that is earned"]


def test_what_nothing_says_how_to_earn_is_awarded_elsewhere() -> None:
    back, files, _ = come_back(published(component(1, "Credential"), component(2)))
    assert back.main.credentials["part-1"].external
    assert "nothing that can be read says what it asks for" in files[0].text


def test_components_that_need_each_other_are_read_without_the_circle() -> None:
    graph = published(
        component(1, "Credential", hasCondition=["_:a"]),
        component(2, hasCondition=["_:b"]),
        component(3, prerequisite=[uri(2)]),
        condition("a", targetComponent=[uri(2), uri(3), uri(1)]),
        condition("b", targetComponent=[uri(3)], hasCondition=["_:b"]),
    )
    rule, comments = asked(graph)
    assert rule == {"all": [{"module": "part-2"}, {"module": "part-3"}]}
    assert "it names itself among what it asks for, which is left out" in comments
    assert any(
        "left out, because a cycle" in comment or "circle" in comment for comment in comments
    )


def test_a_part_that_is_elsewhere_stays_and_is_told() -> None:
    graph = published(
        component(1, "Credential", hasCondition=["_:a", "_:gone"]),
        condition("a", targetComponent=[uri(7)]),
    )
    rule, comments = asked(graph)
    assert rule == {"module": f"ce-{UUID}07"}
    assert f"not in the document: `{uri(7)}`" in comments
    assert "a condition that is not in the document: `_:gone`" in comments


def test_terms_of_cairn_that_make_no_sense_are_passed_over() -> None:
    graph = published(
        {**component(1, "Credential", hasCondition=["_:a"]), "cairn:keys": {"credits": "many"}},
        {**component(2), "cairn:keys": ["x"]},
        {**condition("a", targetComponent=[uri(2)]), "cairn:rule": {"all": [{"nothing": 1}]}},
    )
    rule, comments = asked(graph)
    assert rule == {"module": "part-2"}
    assert comments == [
        "`cairn:keys` is not an object, and is not read",
        "`cairn:keys` can not be read here; what CTDL says is",
        "`cairn:rule` can not be read here; what CTDL says of it is",
    ]
