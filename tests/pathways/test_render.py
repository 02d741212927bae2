"""The picture of a pathway, and the three formats in which it is written."""

import re
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pathways.awards import Assessment, assess
from pathways.document import Document, Record
from pathways.picture import Kind, Picture, State, picture
from pathways.render import FORMATS, dot, mermaid, svg
from pathways.source import load_pathway

EXAMPLES = sorted((Path(__file__).parents[2] / "pathways" / "examples").glob("*.yaml"))
SVG = "{http://www.w3.org/2000/svg}"

ELECTIVES = {"id": "electives", "title": "Electives", "count": 2, "from": {"groups": "free"}}

FILE: dict[str, Any] = {
    "pathway": "data",
    "version": "1",
    "title": "Data & <analytics>",
    "groups": {"core": ["a", "b"], "free": ["e1", "e2", "e3", "e4", "e5"]},
    "modules": {
        "a": {"title": "Tables", "credits": 10, "level": 5},
        "b": {"title": 'Charts "two"', "credits": "varies", "requires": {"module": "a"}},
        "c": {"title": "Practice"},
        **{f"e{number}": {"title": f"Elective {number}"} for number in range(1, 6)},
    },
    "credentials": {
        "outside": {"title": "From elsewhere", "external": True},
        "low": {
            "title": "Low",
            "kind": "micro-credential",
            "requires": {"every": {"groups": "core"}},
        },
        "top": {
            "title": "Top",
            "valid_for": "3 years",
            "renewal": {"requires": {"module": "c"}},
            "requires": {
                "all": [
                    {"credential": "low", "held_for": "6 months"},
                    ELECTIVES,
                    {"any": [{"module": "c", "min_score": 70}, {"rule": "other"}]},
                ]
            },
        },
    },
    "rules": {"other": {"all": [{"module": "a"}, {"credential": "outside"}]}},
}


def document() -> Document:
    return Document.model_validate({"main": FILE})


def drawn(**options: Any) -> Picture:
    return picture(document(), **options)


def edges(of: Picture) -> set[tuple[str, str]]:
    titles = {node.key: node.title for node in of.nodes}
    return {(titles[edge.source], titles[edge.target]) for edge in of.edges}


def test_what_is_asked_for_leads_to_what_asks_for_it() -> None:
    assert edges(drawn()) == {
        ("Tables", "every module from `core`"),
        ('Charts "two"', "every module from `core`"),
        ("Tables", 'Charts "two"'),
        ("every module from `core`", "Low"),
        ("Low", "Top"),
        ("5 modules", "Electives"),
        ("Electives", "Top"),
        ("Practice", "one of these"),
        ("other", "one of these"),
        ("Tables", "other"),
        ("From elsewhere", "other"),
        ("one of these", "Top"),
        ("Practice", "Top"),
    }


def test_conditions_are_written_at_the_arrow() -> None:
    labels = {edge.label for edge in drawn().edges if edge.label}
    assert labels == {"held for 6 months", "with a score of 70 or more", "renews"}


def test_a_choice_is_told_apart_from_a_need_and_a_prerequisite_from_both() -> None:
    made = drawn()
    assert {edge.source for edge in made.edges if not edge.certain} == {"modules module e1"}
    assert [edge.target for edge in made.edges if edge.prerequisite] == ["module b"]


def test_modules_that_lead_to_the_same_are_one_node_unless_asked_otherwise() -> None:
    bundle = next(node for node in drawn().nodes if node.kind is Kind.MODULES)
    assert bundle.lines == ("Elective 1", "Elective 2", "Elective 3", "and 2 others")
    apart = drawn(bundle=False)
    assert not any(node.kind is Kind.MODULES for node in apart.nodes)
    assert len(apart.nodes) == len(drawn().nodes) + 4


def assessed() -> Assessment:
    record = Record.model_validate(
        {
            "completed": [
                {"module": "a", "on": "2026-01-01"},
                {"module": "b", "on": "2026-02-01"},
                {"module": "e1", "on": "2026-02-01"},
            ],
            "in_progress": ["c"],
        }
    )
    return assess(document(), record, date(2026, 3, 1))


def test_a_record_colours_what_is_done_and_what_is_under_way() -> None:
    states = {node.title: node.state for node in drawn(assessment=assessed()).nodes}
    assert states == {
        "From elsewhere": State.OPEN,
        "Low": State.DONE,
        "every module from `core`": State.DONE,
        "Tables": State.DONE,
        'Charts "two"': State.DONE,
        "Top": State.UNDER_WAY,
        "Electives": State.UNDER_WAY,
        "5 modules": State.UNDER_WAY,
        "one of these": State.UNDER_WAY,
        "Practice": State.UNDER_WAY,
        "other": State.UNDER_WAY,
    }
    lines = {node.title: node.lines[-1] for node in drawn(assessment=assessed()).nodes}
    assert lines["Low"] == "held"
    assert lines["5 modules"] == "1 of 5 done"
    assert lines["Electives"] == "50%"


def test_an_expired_award_is_no_longer_valid() -> None:
    record = Record.model_validate({"holds": [{"credential": "top", "on": "2020-01-01"}]})
    made = picture(document(), assess(document(), record, date(2026, 3, 1)))
    assert next(node.state for node in made.nodes if node.title == "Top") is State.GONE


# --- formats -------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
def test_every_format_writes_every_node_and_edge_the_same_each_time(write: Any) -> None:
    text = write(drawn())
    assert text == write(drawn())
    for title in ("Low", "Electives", "Practice"):
        assert title in text


def test_mermaid_reads_no_title_as_its_own_syntax() -> None:
    text = mermaid(drawn())
    assert text.startswith('---\ntitle: "Data & <analytics>"\n---\nflowchart LR\n')
    assert "Charts #34;two#34;" in text
    assert "every module from #96;core#96;" in text
    assert re.search(r'n\d+ -->\|"held for 6 months"\| n\d+', text)
    assert "classDef" not in text


def test_mermaid_colours_by_class() -> None:
    text = mermaid(drawn(assessment=assessed()))
    assert re.search(r"classDef done fill:#\w+,stroke:#\w+,color:#\w+\n +class n\d+", text)


def test_dot_quotes_what_would_end_a_text() -> None:
    text = dot(drawn())
    assert 'label="Charts \\"two\\"\\nb · credits vary"' in text
    assert text.startswith("digraph pathway {")
    assert text.endswith("}\n")


def test_svg_is_well_formed_and_stands_alone() -> None:
    text = svg(drawn(assessment=assessed()))
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert not root.findall(f".//{SVG}script")
    assert not re.search(r"(href|url\(http|@import)", text)


def test_svg_says_in_words_what_it_shows() -> None:
    root = ElementTree.fromstring(svg(drawn(assessment=assessed())))
    assert root.attrib["role"] == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert title.text == "Data & <analytics>"
    assert "Low (done), from every module from `core`." in str(description.text)
    nodes = {str(each.text) for each in root.findall(f".//{SVG}g/{SVG}title")}
    assert any(each.startswith("Electives (under way): 2 modules from `free`") for each in nodes)


def test_svg_boxes_of_one_layer_do_not_overlap() -> None:
    root = ElementTree.fromstring(svg(drawn(bundle=False)))
    boxes = [
        tuple(float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
        for rect in root.findall(f".//{SVG}g/{SVG}g/{SVG}rect")
    ]
    assert len(boxes) == len(drawn(bundle=False).nodes)
    for index, (x, y, width, height) in enumerate(boxes):
        for left, top, wide, high in boxes[index + 1 :]:
            apart = x + width <= left or left + wide <= x or y + height <= top or top + high <= y
            assert apart


def test_a_circle_of_prerequisites_and_awards_is_drawn_all_the_same() -> None:
    late = {"requires": {"count": 1, "from": {"kind": "micro-credential"}}}
    data = {**FILE, "modules": {**FILE["modules"], "a": late}}
    made = picture(Document.model_validate({"main": data}))
    assert ("Low", "1 credential of the kind `micro-credential`") in edges(made)
    ElementTree.fromstring(svg(made))


def test_a_file_without_credentials_is_an_empty_picture() -> None:
    main = {"pathway": "empty", "version": "1", "modules": {"a": {}}}
    made = picture(Document.model_validate({"main": main}))
    assert made.nodes == ()
    ElementTree.fromstring(svg(made))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_real_qualifications_can_be_drawn(path: Path) -> None:
    made = picture(load_pathway(path).document)
    ElementTree.fromstring(svg(made))
    assert mermaid(made).count("\n") > len(made.nodes)
    assert dot(made).count(" -> ") == len(made.edges)
