"""The JSON Schemas of a pathway file and of a record, for editors: draft 2020-12.

They are made from the models, with what the models can not say: what each key is for, how an id is
written, and that a rule on an amount has exactly one. An editor that completes and checks a file
as it is typed knows its shape; what it means is checked when it is loaded.
"""

from __future__ import annotations

from typing import Any

from pathways.document import Model, Pathway, Record

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_ID = r"^[a-z0-9][a-z0-9._-]*$"
_REF = r"^([a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*$"

#: What a key is for; one that means something else in a certain model stands below it there.
_KEYS = {
    "after": "Only evidence of this day or later.",
    "again": "What earns the award anew after it expired: evidence dated after the award (fresh), "
    "any evidence, or nothing.",
    "alignment": "Statements in other frameworks that this lines up with.",
    "all": "Every rule of the list is met.",
    "any": "One rule of the list is met.",
    "any_of": "One of these selectors matches.",
    "approved": "Credentials whose award an administrator has confirmed.",
    "assessment": "How it is assessed.",
    "at_least": "That many rules of the list are met.",
    "at_most": "At most that much of the selection matches; the surplus is left out.",
    "at_most_each": "At most that much from each value.",
    "attempts": "Which of several passing attempts at one module may serve.",
    "average": "The selection has at least this average.",
    "awaiting": "Awards that await an approval.",
    "award": "Whether the award is made by itself, or an administrator confirms it.",
    "awarded": "Credentials that are held on that day.",
    "barred": "Modules of which at most one may count with this one, in any one credential.",
    "before": "Only evidence of this day or earlier.",
    "by": "Who decided it.",
    "catalogue": "The catalogue in which the modules and credentials live; the pathway's id if not "
    "given.",
    "class": "The class in which it was awarded.",
    "classes": "Classes of the award, the highest first; the last may go without a rule.",
    "classification": "Its fields of study, by the codes of schemes such as NZSCED or ISCED-F.",
    "code": "The code of a field of study, as a text.",
    "completed": "Modules that were completed: an id, or a mapping.",
    "count": "So many different matching items.",
    "country": "A country code.",
    "counts_as": "The module that it counts as.",
    "credential": "The credential that is held.",
    "credentials": "What is awarded, by id.",
    "credits": "Credits.",
    "ctid": "Its id in the Credential Registry: `ce-` and a lower-case UUID.",
    "defaults": "Pass marks for modules that do not say.",
    "description": "What it is about.",
    "destination": "The credentials that the pathway leads to.",
    "distinct": "No item is used by two of the children; `through`: nor through a held award.",
    "each": "At least that much in each of the values.",
    "enrolled": "The day of enrolment; without one, periods from it have no bound.",
    "equivalents": "Retired codes that count as this module.",
    "even_if_expired": "An expired award serves too.",
    "every": "Each module or credential of the catalogue that matches is completed or held.",
    "examples": "Tests of the pathway: what comes of a record on a day.",
    "except": "What this selector matches is left out.",
    "exclusive": "Sets of credentials that may not use the same evidence.",
    "expect": "What must come out.",
    "expired": "Awards that have expired.",
    "expires": "The day until which it is valid, or `never`.",
    "external": "It is awarded elsewhere: recorded as held, without a rule.",
    "framework": "The name of the framework.",
    "from": "What may be selected: `any`, a list of ids, or a mapping whose keys all hold.",
    "grace": "How long after expiry it can still be renewed.",
    "grade": "The grade, one of the scale.",
    "groups": "Groups that it is in.",
    "held_for": "The award was made at least that long ago.",
    "holds": "Awards that the learner holds, or held.",
    "hours": "Notional hours of learning.",
    "id": "A stable name: waivers, reports and tests use it.",
    "ids": "One of these modules or credentials.",
    "image": "The address of an image.",
    "in_order": "All rules are met, no evidence of a later one predates that of an earlier one.",
    "in_progress": "Modules that were begun.",
    "issuer": "Who awards.",
    "kind": "A free word: micro-credential, certificate, diploma, degree...",
    "language": "The language of instruction.",
    "lapsed": "Awards that were held while their rule was met, and are not now.",
    "lasts": "Held once earned, or only on the days on which the rule is met.",
    "learner": "Who it is: an opaque reference.",
    "level": "The level in the framework of the catalogue.",
    "limits": "What the selection must hold.",
    "min_grade": "A grade at least as high as this one.",
    "min_score": "A score of at least this.",
    "module": "A completion of this module.",
    "modules": "What is learned, by id.",
    "name": "A name.",
    "not_awarded": "Credentials that are not held on that day.",
    "of": "The rules that are counted.",
    "on": "The day of it; the day of the evaluation if not given.",
    "on_lost_evidence": "What happens to the award when its evidence is lost and none replaces it.",
    "only": "Only matching completions are usable inside this rule.",
    "opens": "How long before expiry it can be renewed; any time since the award if not given.",
    "outcomes": "What learners can do afterwards.",
    "over": "What it is spread over: groups, levels, sources, modules, or a list of groups.",
    "overlap": "That many items, or credits, at most may be used by more than one child.",
    "partial": "An item may contribute a part of its amount.",
    "participation": "How one takes part.",
    "pass_grade": "A lower grade is an attempt, not a completion.",
    "pass_score": "A lower score is an attempt, not a completion.",
    "pathway": "The id of the pathway.",
    "pending": "Credentials that modules now in progress would earn.",
    "points": "The worths of the met rules reach this sum, the required ones among them.",
    "price": "What a learner pays.",
    "quality_assurance": "How quality is assured.",
    "reason": "Why it was decided.",
    "review_period": "How often its content is reviewed.",
    "renewal": "How the expiry of an award is moved.",
    "renewed": "Renewals that were made.",
    "repeatable": "How often it may count.",
    "required": "It must be met, whatever the sum.",
    "requires": "The rule that earns it.",
    "revoked": "The day from which it is revoked.",
    "rule": "A rule of `rules:`, met here.",
    "rules": "Named rules, used as `{rule: NAME}` wherever a rule may stand.",
    "scale": "Grades and their points, the highest first.",
    "scheme": "The scheme that a code is of, such as NZSCED or ISCED-F.",
    "score": "The score, from 0 to 100.",
    "share": "How many items any two of the awards may have in common.",
    "shared": "Says on purpose that children may use the same evidence.",
    "since": "Only evidence of that age, as in `5 years`.",
    "skills": "Skills that it develops.",
    "source": "Where it comes from: course, transfer, rpl, exam...",
    "spread": "The selection touches that many different values.",
    "substituted": "Decisions that one module counts as another.",
    "sum": "The selection has at least this sum.",
    "title": "What people read.",
    "together": "All evidence that the rule uses was usable on one same day.",
    "type": "Whether modules or credentials are looked at.",
    "unit": "What the limit is measured in; the rule's own unit if not given.",
    "url": "An address on the web.",
    "used": "The items that the award has used.",
    "uses": "Other files whose modules and credentials this one may name.",
    "valid_for": "How long it is valid; always if not given.",
    "version": "The version; a published one never changes.",
    "waived": "Decisions that a rule, or an amount of it, is met.",
    "weighted_by": "Whether values are weighted by credits.",
    "within": "All evidence lies in one window of that length, or within it of enrolment.",
    "worth": "What it adds when it is met.",
    "AmountRule.credits": "Matching items whose credits reach this amount.",
    "AmountRule.hours": "Matching items whose hours reach this amount.",
    "AmountRule.of": "What is averaged or summed: grade points where there is a scale, or scores.",
    "AmountRule.over": "What is averaged: the items that are counted, or all that match.",
    "AwardClass.requires": "The rule of the class; the first class whose rule is met is given.",
    "Completed.id": "A name of its own; `module@date` if not given.",
    "Completed.module": "The module that was completed.",
    "Completed.credits": "Its own credits, where they differ from the module's.",
    "Completed.hours": "Its own hours, where they differ from the module's.",
    "Completed.level": "Its own level, where it differs from the module's.",
    "Completed.groups": "Groups beside those of the module.",
    "Example.name": "What the example shows.",
    "Example.on": "The day on which it is evaluated.",
    "Exclusive.credentials": "The credentials of the set.",
    "Expected.classes": "The class of an award.",
    "Held.credential": "The credential that is held.",
    "Held.id": "A name of its own; `credential@date` if not given.",
    "Limit.at_least": "At least that much of the selection matches; a percentage is of the amount "
    "that the rule asks for.",
    "Limit.of": "What the limit looks at: a selector.",
    "Module.requires": "The prerequisite: a rule that is met before the module is begun.",
    "OverlapCredits.credits": "So many credits at most.",
    "Pathway.groups": "Names for sets of modules, local to this file; an empty one is given by "
    "completions.",
    "Renewal.requires": "The rule that renews it, met by evidence dated after the last award.",
    "Selector.credits": "A number of credits, or a comparison.",
    "Selector.groups": "In this group, or in one of these.",
    "Selector.hours": "A number of hours, or a comparison.",
    "Selector.kind": "Of this kind, or of one of these; looks at credentials.",
    "Selector.level": 'A level, or a comparison such as `">=5"` or `3..5`.',
    "Selector.source": "From this source, or from one of these.",
    "Started.module": "The module that was begun.",
    "Substituted.module": "The module that was completed.",
    "Waived.amount": "How much of a `count`, `credits` or `hours` rule is waived; else all of it.",
    "Waived.id": "A name of its own; `waiver:RULE` if not given.",
    "Waived.rule": "The id of the rule.",
    "Worth.rule": "The rule.",
    "amount": "An amount.",
}

#: Keys that hold references to modules and credentials, single or listed, or as keys.
_REFERENCES = frozenset(
    {
        *("module", "credential", "ids", "barred", "equivalents", "destination", "approved"),
        *("counts_as", "awarded", "not_awarded", "expired", "lapsed", "awaiting", "pending"),
        *("modules", "credentials"),
    }
)


def pathway_schema() -> Schema:
    """Return the JSON Schema of a pathway file."""
    return _schema(Pathway, "Cairn pathway")


def record_schema() -> Schema:
    """Return the JSON Schema of a learner's record."""
    return _schema(Record, "Cairn record")


def _schema(model: type[Model], title: str) -> Schema:
    made = model.model_json_schema(by_alias=True)
    models = {model.__name__: made, **made.get("$defs", {})}
    for name, definition in models.items():
        _finish(name, definition)
    definitions = made.pop("$defs", {})
    about = {"$schema": DIALECT, **made, "title": title}
    return {**about, "$defs": definitions} if definitions else about


def _finish(name: str, definition: Schema) -> None:
    definition.pop("title", None)
    for key, schema in definition.get("properties", {}).items():
        short = _short(schema)
        schema.clear()
        about = _KEYS.get(f"{name}.{key}") or _KEYS.get(key)
        schema.update({"description": about, **short} if about else short)
        if key in _REFERENCES:
            _written_as(schema, _REF)
        elif key == "rules":
            schema["propertyNames"] = {"pattern": _ID}
    if name == "AmountRule":
        definition["oneOf"] = [{"required": [unit]} for unit in ("count", "credits", "hours")]
    if name == "Limit":
        forms = {"at_least": "of", "at_most": "of", "spread": "over", "at_most_each": "over"}
        definition["oneOf"] = [{"required": [form, key]} for form, key in forms.items()]


def _short(schema: Schema) -> Schema:
    """Leave out what an editor has no use for: titles, nulls, and defaults that say nothing."""
    schema = {key: value for key, value in schema.items() if key != "title"}
    if schema.get("default") in (None, [], {}, "0"):
        schema.pop("default", None)
    if "anyOf" in schema:
        forms = [form for form in schema.pop("anyOf") if form != {"type": "null"}]
        flat = [
            inner
            for form in forms
            for inner in (form["anyOf"] if set(form) == {"anyOf"} else [form])
        ]
        schema = {**schema, **flat[0]} if len(flat) == 1 else {**schema, "anyOf": flat}
    return schema


def _written_as(schema: Schema, pattern: str) -> None:
    """Say how the ids in a schema are written, wherever they stand in it."""
    if schema.get("type") == "string":
        schema["pattern"] = pattern
    if schema.get("type") == "object":
        schema["propertyNames"] = {"pattern": pattern}
    for form in (*schema.get("anyOf", ()), *((schema["items"],) if "items" in schema else ())):
        _written_as(form, pattern)
