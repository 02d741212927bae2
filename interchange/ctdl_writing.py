"""A pathway as CTDL: a graph of components and conditions, with a destination.

Every condition is true in CTDL's own terms, though perhaps not the whole truth: what it asks for
there, whoever earns the credential has done. The whole rule stands beside it in words. Where CTDL
can not say a rule exactly, the condition carries it in Cairn's own term `cairn:rule`, and what a
module, a credential or the pathway has beyond CTDL's terms stands in `cairn:keys`.

The graph is written for a registry, which gives addresses by ctids, or as a page of the issuer's
own site, which has addresses already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from interchange.ctdl import CONTEXT, EXTENSION, KINDS, REGISTRY, ctid, plainly
from interchange.ctdl_reading import component_keys, pathway_keys
from pathways.catalogue import Catalogue
from pathways.document import (
    AllRule,
    AmountRule,
    AnyRule,
    AtLeastRule,
    Classification,
    Credential,
    CredentialRule,
    Document,
    EveryRule,
    InOrderRule,
    Issuer,
    Model,
    Module,
    ModuleRule,
    NamedRule,
    Pathway,
    PointsRule,
    Rule,
    RuleBase,
    Selector,
    Unit,
    plain,
)
from pathways.words import named, rule_words

Node = dict[str, Any]

#: In which language the words are that Cairn itself writes.
_ENGLISH = "en"


@dataclass(frozen=True)
class Page:
    """A published version of a pathway on its issuer's site.

    It has an `address`, an `issuer` (a DID) and a `digest`; `credentials` are the addresses of the
    pages of its credentials, by what the document calls them.
    """

    address: str
    issuer: str
    digest: str
    credentials: Mapping[str, str]


def write_ctdl(document: Document, base: str = REGISTRY) -> Node:
    """Return a pathway as a CTDL graph; `base` is the address under which ctids are looked up.

    The same document gives the same graph.
    """
    return _Writer(document, base if base.endswith("/") else f"{base}/").graph()


def write_page(document: Document, page: Page) -> Node:
    """Return a published pathway as a CTDL graph for its page; its parts are fragments of it."""
    return _Writer(document, f"{page.address}#", page).graph()


def json_of(model: Model, *, exclude: Iterable[str] = ()) -> dict[str, Any]:
    """Return what a part of a document says, as canonical data without defaults."""
    dump = model.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=set(exclude))
    assert isinstance(dump, dict)
    return dump


@dataclass
class _Writer:
    """One export."""

    document: Document
    base: str
    page: Page | None = None
    nodes: list[Node] = field(default_factory=list)

    # --- the graph -------------------------------------------------------------------------------

    def graph(self) -> Node:
        own = self.pathway_ctid
        entries: list[tuple[str, Module | Credential, Pathway]] = [
            *((ref, *pair) for ref, pair in self.document.modules.items()),
            *((ref, *pair) for ref, pair in self.document.credentials.items()),
        ]
        self.nodes.append(self.pathway([ref for ref, _, _ in entries]))
        if (issuer := self.owner) is not None:
            self.nodes.append(self.issuer(issuer))
        for ref, entry, file in entries:
            self.component(ref, entry, file)
        graph: Node = {"@context": [CONTEXT, EXTENSION]}
        if self.page is None:
            graph["@id"] = self.base.replace("/resources/", "/graph/") + own
        return {**graph, "@graph": self.nodes}

    @property
    def main(self) -> Pathway:
        return self.document.main

    @cached_property
    def pathway_ctid(self) -> str:
        return self.main.ctid or ctid(self.main.pathway or self.main.home, "pathway")

    @property
    def pathway_uri(self) -> str:
        return self.base + self.pathway_ctid if self.page is None else self.page.address

    @property
    def owner(self) -> Issuer | None:
        """Who awards, by what the document says; of a page, at least by the issuer's own name."""
        if self.main.issuer is None and self.page is not None:
            return Issuer(name=self.page.issuer)
        return self.main.issuer

    def resource_uri(self, ref: str) -> str:
        """The address of a credential itself."""
        if self.page is not None and ref in self.page.credentials:
            return self.page.credentials[ref]
        return self.base + ctid(self.component_ctid(ref), "credential")

    def uri(self, ref: str) -> str:
        """The address of a module's or credential's component."""
        return self.base + self.component_ctid(ref)

    def component_ctid(self, ref: str) -> str:
        modules, credentials = self.document.modules, self.document.credentials
        entry = modules[ref][0] if ref in modules else credentials[ref][0]
        return entry.ctid or ctid(self.main.pathway or self.main.home, "component", ref)

    def pathway(self, refs: list[str]) -> Node:
        main = self.main
        node: Node = {
            "@type": "ceterms:Pathway",
            "@id": self.pathway_uri,
            "ceterms:ctid": self.pathway_ctid,
            "ceterms:name": _text(main.title or main.pathway or main.home),
        }
        if main.description:
            node["ceterms:description"] = _text(main.description)
        if main.version is not None:
            node["ceterms:versionIdentifier"] = [
                {"@type": "ceterms:IdentifierValue", "ceterms:identifierValueCode": main.version}
            ]
        if self.owner is not None:
            node["ceterms:ownedBy"] = [self.issuer_uri]
        if self.page is not None:
            node["cairn:digest"] = self.page.digest
        node["ceterms:hasDestinationComponent"] = [self.uri(ref) for ref in self.destination]
        node["ceterms:hasPart"] = [self.uri(ref) for ref in refs]
        said = json_of(main, exclude=("modules", "credentials", "examples", "uses"))
        issuer = None if self.owner is None else self.issuer(self.owner)
        read = pathway_keys(node, issuer)
        read["destination"] = list(self.destination)
        if keys := _beyond(said, read):
            node["cairn:keys"] = keys
        if self.document.used:
            node["cairn:uses"] = [
                json_of(file, exclude=("examples",)) for file in self.document.used
            ]
        return node

    @cached_property
    def destination(self) -> tuple[str, ...]:
        """Where the pathway leads to; where it does not say, what stands on top."""
        if self.main.destination:
            return self.main.destination
        beneath: set[str] = set()
        for ref, (credential, file) in self.document.credentials.items():
            if credential.requires is not None:
                beneath |= self.reached(credential.requires, file, ref)
        own = [ref for ref in self.main.credentials if not self.main.credentials[ref].external]
        return tuple(ref for ref in own if ref not in beneath) or tuple(own)

    def reached(self, rule: Rule, file: Pathway, owner: str) -> set[str]:
        """The credentials that a rule may use."""
        match rule:
            case CredentialRule():
                return {rule.credential}
            case NamedRule():
                return self.reached(file.rules[rule.rule], file, owner)
            case EveryRule():
                return set(self.matching(rule.every, file, owner))
            case AmountRule():
                return set(self.matching(rule.selector, file, owner))
        return {ref for child in rule.children for ref in self.reached(child, file, owner)}

    @property
    def issuer_uri(self) -> str:
        return self.page.issuer if self.page is not None else self.base + self.issuer_ctid

    @property
    def issuer_ctid(self) -> str:
        assert self.owner is not None
        return ctid("organization", self.owner.name, self.owner.url or "")

    def issuer(self, issuer: Issuer) -> Node:
        node: Node = {
            "@type": "ceterms:CredentialOrganization",
            "@id": self.issuer_uri,
            "ceterms:ctid": self.issuer_ctid,
            "ceterms:name": _text(issuer.name),
        }
        if issuer.url:
            node["ceterms:subjectWebpage"] = issuer.url
        if issuer.country:
            node["ceterms:address"] = [
                {"@type": "ceterms:Place", "ceterms:addressCountry": _text(issuer.country)}
            ]
        return node

    # --- components ------------------------------------------------------------------------------

    def component(self, ref: str, entry: Module | Credential, file: Pathway) -> None:
        own = self.component_ctid(ref)
        language = entry.language or _ENGLISH
        node: Node = {
            "@type": _component_type(entry),
            "@id": self.uri(ref),
            "ceterms:ctid": own,
            "ceterms:name": _text(entry.title or ref, language),
        }
        words = " ".join([*([entry.description] if entry.description else []), *_terms(entry)])
        if words:
            node["ceterms:description"] = _text(words, language)
        node["ceterms:codedNotation"] = ref
        if entry.url:
            node["ceterms:subjectWebpage"] = entry.url
        if isinstance(entry, Credential):
            node["ceterms:credentialType"] = _class_of(entry.kind)
            node["ceterms:proxyFor"] = [self.resource_uri(ref)]
            if ref in self.destination:
                node["ceterms:isDestinationComponentOf"] = [self.pathway_uri]
        elif isinstance(entry.credits, Decimal) and entry.credits:
            node["ceterms:creditValue"] = [_value(entry.credits, entry.level)]
        self.nodes.append(node)
        if entry.requires is not None:
            prerequisites = _listed(entry.requires) if isinstance(entry, Module) else None
            if prerequisites is not None:
                node["ceterms:prerequisite"] = [self.uri(each) for each in prerequisites]
            else:
                drafting = _Drafting(self, file, ref, own.removeprefix("ce-"))
                node["ceterms:hasCondition"] = [drafting.condition(entry.requires)]
        if ref in (self.main.modules if isinstance(entry, Module) else self.main.credentials):
            said = json_of(entry, exclude=("requires",))
            read = component_keys(
                node, derived=ctid(self.main.pathway or self.main.home, "component", ref)
            )
            read.pop("id")
            if keys := _beyond(said, read):
                node["cairn:keys"] = keys
        if isinstance(entry, Credential):
            self.nodes.append(self.resource(ref, entry, file))

    def resource(self, ref: str, credential: Credential, file: Pathway) -> Node:
        """The credential itself, for which the component stands in the pathway."""
        language = credential.language or _ENGLISH
        own = ctid(self.component_ctid(ref), "credential")
        node: Node = {
            "@type": _class_of(credential.kind),
            "@id": self.resource_uri(ref),
            "ceterms:ctid": own,
            "ceterms:name": _text(credential.title or ref, language),
        }
        if credential.description:
            node["ceterms:description"] = _text(credential.description, language)
        if self.owner is not None and file is self.main:
            node["ceterms:ownedBy"] = [self.issuer_uri]
        if credential.language:
            node["ceterms:inLanguage"] = [credential.language]
        for term, value in (("subjectWebpage", credential.url), ("image", credential.image)):
            if value:
                node[f"ceterms:{term}"] = value
        if credential.skills:
            node["ceterms:keyword"] = {language: list(credential.skills)}
        profile: Node = {"@type": "ceterms:ConditionProfile"}
        if credential.requires is not None:
            profile["ceterms:description"] = _text(_sentence(credential.requires))
        if credential.credits:
            profile["ceterms:creditValue"] = [_value(credential.credits, credential.level)]
        if credential.outcomes:
            profile["ceterms:targetCompetency"] = [
                {
                    "@type": "ceterms:CredentialAlignmentObject",
                    "ceterms:targetNodeName": _text(outcome, language),
                }
                for outcome in credential.outcomes
            ]
        if len(profile) > 1:
            node["ceterms:requires"] = [profile]
        if credential.hours:
            node["ceterms:estimatedDuration"] = [
                {
                    "@type": "ceterms:DurationProfile",
                    "ceterms:description": _text(f"{plain(credential.hours)} hours of work"),
                }
            ]
        for term in ("assessment", "participation", "quality_assurance"):
            if value := getattr(credential, term):
                node[f"cairn:{term}"] = value
        if credential.classification:
            node["ceterms:instructionalProgramType"] = [
                _program(field, language) for field in credential.classification
            ]
        if credential.review_period is not None:
            node["cairn:review_period"] = str(credential.review_period)
        if credential.level is not None:
            node["cairn:level"] = plain(credential.level)
        return node

    # --- what selectors match --------------------------------------------------------------------

    def matching(self, selector: Selector, file: Pathway, owner: str) -> list[str]:
        """What a selector may match, in the order of the document."""
        catalogue = Catalogue(self.document, file)
        found = catalogue.matching(selector) - {owner}
        return [ref for ref in catalogue.entries if ref in found]

    def fewest(self, refs: list[str], amount: Decimal, unit: Unit) -> int:
        """Return how many different entries an amount takes at least, as the catalogue has them."""
        worths = []
        for ref in refs:
            module = self.document.modules[ref][0] if ref in self.document.modules else None
            entry = module or self.document.credentials[ref][0]
            each = Decimal(1) if unit == "count" else getattr(entry, unit)
            if each == "varies" or (module is not None and module.repeatable == "unlimited"):
                return 1
            worths.append(each * (1 if module is None else int(module.repeatable)))
        worths.sort(reverse=True)
        total = Decimal(0)
        for number, worth in enumerate(worths, 1):
            total += worth
            if total >= amount:
                return number
        return 1  # only completions that state more than the catalogue reach it


@dataclass
class _Drafting:
    """Writes the conditions of one component."""

    writer: _Writer
    file: Pathway
    owner: str
    key: str
    count: int = 0

    def condition(self, rule: Rule, *, own: bool = True) -> str:
        """Write a rule as a condition, and return the condition's id.

        `own` is false beneath a condition that carries the rule whole.
        """
        self.count += 1
        node: Node = {"@type": "ceterms:ComponentCondition", "@id": f"_:{self.key}-{self.count}"}
        self.writer.nodes.append(node)
        if isinstance(rule, RuleBase) and rule.title is not None:
            node["ceterms:name"] = _text(rule.title)
        node["ceterms:description"] = _text(_sentence(rule))
        whole = own and not _sayable(rule)
        self.body(node, rule, own=own and not whole)
        if whole:
            node["cairn:rule"] = json_of(rule)
        return str(node["@id"])

    def body(self, node: Node, rule: Rule, *, own: bool) -> None:
        """Say of a rule what CTDL can say."""
        match rule:
            case ModuleRule():
                self.targets(node, [rule.module], 1)
            case CredentialRule():
                self.targets(node, [rule.credential], 1)
            case AllRule() | AnyRule() | AtLeastRule() if all(map(_bare, rule.children)):
                refs = [_ref(child) for child in rule.children]
                number = rule.at_least if isinstance(rule, AtLeastRule) else len(refs)
                self.targets(node, refs, 1 if isinstance(rule, AnyRule) else number)
            case AllRule() | InOrderRule():
                self.parts(node, rule.children, "And", own=own)
            case AnyRule() | AtLeastRule():
                self.parts(node, rule.children, "Or", own=own)
            case PointsRule():
                required = [child.rule for child in rule.of if child.required]
                if required:
                    self.parts(node, required, "And", own=own)
                else:
                    self.parts(node, rule.children, "Or", own=own)
            case NamedRule():
                self.body(node, self.file.rules[rule.rule], own=False)
            case EveryRule():
                refs = self.writer.matching(rule.every, self.file, self.owner)
                self.targets(node, refs, len(refs))
            case AmountRule():
                refs = self.writer.matching(rule.selector, self.file, self.owner)
                self.targets(node, refs, self.writer.fewest(refs, rule.amount, rule.unit))
                if rule.unit == "credits":
                    node["ceterms:hasConstraint"] = [_at_least_credits(rule.amount)]

    def targets(self, node: Node, refs: Iterable[str], number: int) -> None:
        uris = [self.writer.uri(ref) for ref in dict.fromkeys(refs)]
        if uris:
            node["ceterms:requiredNumber"] = min(number, len(uris))
            node["ceterms:targetComponent"] = uris

    def parts(self, node: Node, rules: Iterable[Rule], operator: str, *, own: bool) -> None:
        node["ceterms:logicalOperator"] = f"logic:{operator}"
        node["ceterms:hasCondition"] = [self.condition(rule, own=own) for rule in rules]


# --- what CTDL can say exactly -------------------------------------------------------------------


def _bare(rule: Rule) -> bool:
    """Whether a rule is a module or a credential and nothing else."""
    match rule:
        case ModuleRule():
            return rule == ModuleRule(module=rule.module)
        case CredentialRule():
            return rule == CredentialRule(credential=rule.credential)
    return False


def _ref(rule: Rule) -> str:
    assert isinstance(rule, ModuleRule | CredentialRule)
    return rule.module if isinstance(rule, ModuleRule) else rule.credential


def _sayable(rule: Rule) -> bool:
    """Whether a condition says the rule itself exactly; its parts are asked one by one."""
    if isinstance(rule, RuleBase):
        rule = rule.model_copy(update={"title": None})
    if _bare(rule):
        return True
    children = rule.children
    if len(children) < 2:
        return False
    match rule:
        case AllRule():
            return rule == AllRule(all=rule.all)
        case AnyRule():
            return rule == AnyRule(any=rule.any)
        case AtLeastRule():
            between = 1 < rule.at_least < len(children)
            plain_list = all(map(_bare, children)) and rule == AtLeastRule(
                at_least=rule.at_least, of=rule.of
            )
            return between and plain_list
    return False


def _listed(rule: Rule) -> list[str] | None:
    """The modules and credentials of a rule that asks for each of a list and nothing else."""
    if _bare(rule):
        return [_ref(rule)]
    if (
        isinstance(rule, AllRule)
        and _sayable(rule)
        and rule.title is None
        and all(map(_bare, rule.all))
    ):
        return [_ref(child) for child in rule.all]
    return None


def _beyond(said: dict[str, Any], read: dict[str, Any]) -> dict[str, Any]:
    """What must be said besides CTDL: what differs, and null for what CTDL seems to say."""
    keys = {key: value for key, value in said.items() if read.get(key) != value}
    return keys | {key: None for key in read if key not in said}


# --- pieces --------------------------------------------------------------------------------------


def _text(words: str, language: str = _ENGLISH) -> dict[str, str]:
    return {language: words}


def _sentence(rule: Rule) -> str:
    words = rule_words(rule)
    return f"{words[:1].upper()}{words[1:]}."


def number_json(number: Decimal) -> int | float:
    """Return an amount as JSON has numbers.

    >>> number_json(Decimal("40")), number_json(Decimal("7.5"))
    (40, 7.5)
    """
    return int(number) if number == number.to_integral_value() else float(number)


def _value(credits: Decimal, level: Decimal | None) -> Node:
    node: Node = {"@type": "ceterms:ValueProfile", "schema:value": number_json(credits)}
    if level is not None:
        node["schema:description"] = _text(f"{plain(credits)} credits at level {plain(level)}")
    return node


def _program(field: Classification, language: str) -> Node:
    node: Node = {
        "@type": "ceterms:CredentialAlignmentObject",
        "ceterms:frameworkName": _text(field.scheme, language),
        "ceterms:codedNotation": field.code,
    }
    if field.name is not None:
        node["ceterms:targetNodeName"] = _text(field.name, language)
    return node


def _at_least_credits(amount: Decimal) -> Node:
    return {
        "@type": "ceterms:Constraint",
        "ceterms:leftSource": ["ceterms:creditValue"],
        "ceterms:leftAction": "array:Sum",
        "ceterms:comparator": "compare:GTEQ",
        "ceterms:rightSource": [plain(amount)],
    }


def _component_type(entry: Module | Credential) -> str:
    if isinstance(entry, Credential):
        return "ceterms:CredentialComponent"
    # Only a course has a credit value in CTDL.
    return "ceterms:CourseComponent" if entry.credits else "ceterms:BasicComponent"


def _class_of(kind: str | None) -> str:
    return f"ceterms:{KINDS.get(plainly(kind or ''), 'Credential')}"


def _terms(entry: Module | Credential) -> Iterator[str]:
    """What CTDL has no terms for, in sentences."""
    if entry.valid_for is not None:
        yield f"Valid for {entry.valid_for}."
    if isinstance(entry, Module):
        if entry.pass_score is not None:
            yield f"Passed with a score of {plain(entry.pass_score)} or more."
        if entry.pass_grade is not None:
            yield f"Passed with grade {entry.pass_grade} or better."
        if entry.repeatable != 1:
            times = (
                "any number of times"
                if entry.repeatable == "unlimited"
                else (f"up to {entry.repeatable} times")
            )
            yield f"May count {times}."
        if entry.barred:
            yield f"Does not count together with {named(entry.barred, 'or')}."
        return
    if entry.external:
        yield "Awarded elsewhere."
    if entry.award == "approval":
        yield "Awarded on approval."
    if entry.lasts == "while_met":
        yield "Held while its rule is met."
    if entry.renewal is not None:
        yield f"Renewed by: {rule_words(entry.renewal.requires)}."
    for each in entry.classes:
        if each.requires is not None:
            yield f"With {each.name} for: {rule_words(each.requires)}."
