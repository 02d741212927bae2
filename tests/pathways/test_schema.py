"""The JSON Schemas that editors use: as strict as can be about shape, and never stricter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pathways.schema import DIALECT, pathway_schema, record_schema
from pathways.tree import parse_tree, read_tree
from tests.pathways.test_record import PATHWAY
from tests.pathways.test_source import A_PATHWAY, FILES

Schema = dict[str, Any]

SCHEMAS = {"pathway": pathway_schema(), "record": record_schema()}

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str, date),
    "number": (int, Decimal),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def faults(value: Any, schema: Schema, whole: Schema, at: str = "") -> Iterator[str]:
    """The part of JSON Schema that is used here; keywords that are not known are faults."""
    for keyword, due in schema.items():
        match keyword:
            case "$ref":
                yield from faults(value, whole["$defs"][due.rpartition("/")[2]], whole, at)
            case "type":
                is_bool = isinstance(value, bool) and due != "boolean"
                if is_bool or not isinstance(value, TYPES[due]):
                    yield f"{at}: no {due}"
            case "const" | "enum":
                if value not in (due if keyword == "enum" else [due]):
                    yield f"{at}: not {due}"
            case "anyOf" | "oneOf":
                fitting = [form for form in due if not list(faults(value, form, whole, at))]
                if not fitting or (keyword == "oneOf" and len(fitting) > 1):
                    yield f"{at}: {len(fitting)} forms fit"
            case "properties" if isinstance(value, dict):
                for key in value.keys() & due.keys():
                    yield from faults(value[key], due[key], whole, f"{at}.{key}")
            case "additionalProperties" if isinstance(value, dict):
                for key in value.keys() - schema.get("properties", {}).keys():
                    if due is False:
                        yield f"{at}: unknown {key}"
                    else:
                        yield from faults(value[key], due, whole, f"{at}.{key}")
            case "propertyNames" if isinstance(value, dict):
                for key in value:
                    yield from faults(key, due, whole, at)
            case "required" if isinstance(value, dict):
                yield from (f"{at}: no {key}" for key in due if key not in value)
            case "items" if isinstance(value, list):
                for index, item in enumerate(value):
                    yield from faults(item, due, whole, f"{at}[{index}]")
            case "pattern" if isinstance(value, str):
                if not re.search(due, value):
                    yield f"{at}: {value!r} is not written as {due}"
            case "minimum" | "maximum" if isinstance(value, int | Decimal):
                if value < due if keyword == "minimum" else value > due:
                    yield f"{at}: beyond {due}"
            case "minLength" | "maxLength" if isinstance(value, str):
                if len(value) < due if keyword == "minLength" else len(value) > due:
                    yield f"{at}: length"
            case "minItems" if isinstance(value, list):
                if len(value) < due:
                    yield f"{at}: too few"
            case _:
                assert keyword in {
                    *("$schema", "$defs", "title", "description", "default", "examples", "format"),
                    *("properties", "additionalProperties", "propertyNames", "required", "items"),
                    *("pattern", "minimum", "maximum", "minLength", "maxLength", "minItems"),
                }, keyword


def in_pathway(text: str) -> list[str]:
    schema = SCHEMAS["pathway"]
    return list(faults(parse_tree(text, "text")[0].data(), schema, schema))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.partition("-")[0])
def test_the_real_qualifications_fit(path: Path) -> None:
    schema = SCHEMAS["pathway"]
    assert list(faults(read_tree(path, path.name)[0].data(), schema, schema)) == []


def test_short_forms_fit() -> None:
    assert in_pathway(A_PATHWAY) == []
    assert in_pathway(PATHWAY) == []


@pytest.mark.parametrize(
    "text",
    [
        "titel: x",
        "title: 5",
        "modules: {M: {}}",
        "modules: {m: {credits: lots}}",
        "modules: {m: {credit: 5}}",
        "rules: {r: 5}",
        "rules: {r: {all: x}}",
        "rules: {r: {all: [x], any: [y]}}",
        "rules: {r: {from: any}}",
        "rules: {r: {count: 1, from: any, limits: [{at_most: 1}]}}",
        "credentials: {c: {again: sometimes}}",
        "credentials: {c: {external: yes}}",
    ],
)
def test_mistakes_of_shape_do_not_fit(text: str) -> None:
    assert in_pathway(text)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_says_what_it_is_for(name: str) -> None:
    schema = SCHEMAS[name]
    assert schema["$schema"] == DIALECT
    for title, model in {name: schema, **schema["$defs"]}.items():
        for key, property_ in model.get("properties", {}).items():
            assert property_.get("description"), f"{title}.{key}"
