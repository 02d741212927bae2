"""CTDL pathways as pathway files: what Cairn wrote, whole; what others did, as far as it goes.

Reading is lenient. Terms may have any prefix or an older name, texts may be language maps, and
references strings, objects or the thing itself. What can not be expressed, or makes no sense, is
left out with a note at its place, and what is left can be used: it is loaded here, as `cairn
pathway check` would, before it is returned.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from interchange.ctdl import KINDS, CtdlError, ctid, is_ctid, local_name
from pathways.document import (
    AllRule,
    AmountRule,
    AnyRule,
    AtLeastRule,
    Credential,
    CredentialRule,
    Model,
    Module,
    ModuleRule,
    Pathway,
    Rule,
    RuleBase,
    Selector,
    plain,
)
from pathways.problems import FileError, Problem
from pathways.words import quoted

#: Bounds on what is read; published pathways are far below them.
MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 200
MAX_NODES = 10_000
MAX_RULES = 20_000
_RULE_DEPTH = 40

Data = dict[str, Any]

_RULE: TypeAdapter[Rule] = TypeAdapter(Rule)
_CANONICAL = {"canonical": True}

#: Older names of terms, and what they are called now.
_OLDER = {
    "preceeds": "precedes",
    "isPrecededBy": "precededBy",
    "sourceData": "proxyFor",
    "hasTargetComponent": "targetComponent",
    "hasComponentCondition": "hasCondition",
    "pathwayComponentCondition": "hasCondition",
    "hasDestination": "hasDestinationComponent",
    "destinationComponent": "hasDestinationComponent",
    "hasPathwayComponent": "hasPart",
    "pointsValue": "pointValue",
}

#: Components that are milestones rather than something to learn, when they have conditions.
_MILESTONES = {"BasicComponent", "JobComponent", "CompetencyComponent", "CollectionComponent"}

_CLASSES: dict[str, str] = {}
for _kind, _class in KINDS.items():
    _CLASSES.setdefault(_class, _kind)


@dataclass(frozen=True, slots=True)
class Imported:
    """A pathway as it was read: the file, files that it uses, and notes by what they are about.

    A note's key is `()` for the pathway as a whole, or such as `("credentials", "diploma")`.
    """

    pathway: Pathway
    notes: dict[tuple[str, ...], list[str]]
    used: tuple[Pathway, ...] = ()


# --- JSON ----------------------------------------------------------------------------------------

_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)


def parse_json(raw: bytes, shown: str = "-") -> Any:
    """Read JSON with bounds on size and depth; numbers with a fraction come as exact decimals.

    `shown` is what problems call the file. Raises `FileError`.
    """

    def refused(at: int, message: str, help_: str) -> FileError:
        before = raw[:at].decode("utf-8", errors="replace")
        line, column = before.count("\n") + 1, at - raw.rfind(b"\n", 0, at)
        return FileError([Problem(shown, line, column, message, help=help_)])

    if len(raw) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1024**2} MiB"
        raise FileError([Problem(shown, 0, 0, message, help="divide it")])
    depth = 0
    for match in _STRUCTURE.finditer(raw):
        if match[0] in (b"[", b"{"):
            depth += 1
            if depth > MAX_DEPTH:
                message = f"nested more than {MAX_DEPTH} levels deep"
                raise refused(match.start(), message, "nest less")
        elif match[0] in (b"]", b"}"):
            depth -= 1
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_float=_decimal, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise refused(error.start, "the file is not UTF-8", "save it as UTF-8") from None
    except json.JSONDecodeError as error:
        at = len(error.doc[: error.pos].encode("utf-8", errors="replace"))
        message = f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise refused(at, message, "CTDL is imported from its JSON-LD form") from None
    except ValueError:
        message = "a number in the file is no amount"
        raise FileError(
            [Problem(shown, 0, 0, message, help="write it with fewer digits")]
        ) from None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


def _no_number(word: str) -> float:
    raise ValueError(word)


# --- lenient values ------------------------------------------------------------------------------


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str | None:
    """The first text of a value: a string, a language map (English first), or a list of these."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, list):
        return next((text for item in value if (text := _text(item))), None)
    if isinstance(value, dict):
        if "@value" in value:
            return _text(value["@value"])
        keys = sorted(value, key=lambda key: not str(key).lower().startswith("en"))
        return next((text for key in keys if (text := _text(value[key]))), None)
    return None


def _number(value: Any) -> Decimal | None:
    for item in _listed(value):
        if isinstance(item, dict):
            item = item.get("@value", item.get("schema:value", item.get("value")))
        if isinstance(item, bool):
            continue
        if isinstance(item, int | Decimal):
            return Decimal(item)
        if isinstance(item, str) and re.fullmatch(r"\s*\d{1,9}(\.\d{1,6})?\s*", item):
            return Decimal(item.strip())
    return None


def _amount(value: Any) -> Decimal | None:
    """A number that the language has room for."""
    number = _number(value)
    if number is None or not number.is_finite() or not 0 <= number < 1_000_000_000:
        return None
    return number if number == round(number, 6) else None


def _reference(value: Any) -> str | None:
    """The id in a reference, written as a string or as an object."""
    if isinstance(value, dict):
        value = value.get("@id") or value.get("ctid") or value.get("ceterms:ctid")
    return value if isinstance(value, str) and value else None


def _references(value: Any) -> list[str]:
    found = (_reference(item) for item in _listed(value))
    return [reference for reference in found if reference is not None]


def _types(node: Mapping[str, Any]) -> list[str]:
    given = node.get("@type", node.get("type"))
    return [local_name(item) for item in _listed(given) if isinstance(item, str)]


def _plainly_named(node: Mapping[str, Any]) -> Data:
    """A node with its terms called by their present names, without namespaces."""
    named: Data = {}
    for key, value in node.items():
        name = key if key.startswith("@") else local_name(key)
        named.setdefault(_OLDER.get(name, name), value)
    return named


# --- what one node says, shared with the writer --------------------------------------------------


def slug(text: str) -> str:
    """Make an id of a text.

    >>> slug("MAT 202: Linear Algebra"), slug("数学")
    ('mat-202-linear-algebra', '')
    """
    words = re.sub(r"[^a-z0-9._]+", "-", text.lower())
    return words.strip("-._")[:80].strip("-._")


_REF = re.compile(r"(?:[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*")


def component_keys(node: Mapping[str, Any], derived: str = "") -> Data:
    """Return what a component says in CTDL, as keys of a module or credential, with its `id`.

    `derived` is the ctid that Cairn would give it, which need not be said.
    """
    node = _plainly_named(node)
    keys: Data = {}
    coded = _text(node.get("codedNotation"))
    name = _text(node.get("name"))
    keys["id"] = coded if coded and _REF.fullmatch(coded) else slug(coded or name or "")
    if name is not None:
        keys["title"] = name[:500]
    if (words := _text(node.get("description"))) is not None:
        keys["description"] = words
    if (page := _reference(node.get("subjectWebpage"))) is not None:
        keys["url"] = page
    own = _text(node.get("ctid"))
    if own is not None and is_ctid(own) and own != derived:
        keys["ctid"] = own
    if "CredentialComponent" in _types(node):
        kind = next(
            (
                _CLASSES[local_name(each)]
                for each in _references(node.get("credentialType"))
                if local_name(each) in _CLASSES
            ),
            None,
        )
        if kind is not None:
            keys["kind"] = kind
    elif credits := _credit_value(node.get("creditValue")):
        keys["credits"] = plain(credits)
    return keys


def _credit_value(value: Any) -> Decimal | None:
    for item in _listed(value):
        profile = _plainly_named(item) if isinstance(item, dict) else {"value": item}
        if (number := _amount(profile.get("value"))) is not None:
            return number
    return None


def pathway_keys(node: Mapping[str, Any], issuer: Mapping[str, Any] | None) -> Data:
    """Return what a Pathway node says in CTDL, as keys of a pathway file."""
    node = _plainly_named(node)
    keys: Data = {}
    if (name := _text(node.get("name"))) is not None:
        keys["title"] = name[:500]
        keys["pathway"] = slug(name)
    if (words := _text(node.get("description"))) is not None:
        keys["description"] = words
    keys["version"] = _version(node) or "1"
    if not keys.get("pathway"):
        keys["pathway"] = "imported"
    own = _text(node.get("ctid"))
    if own is not None and is_ctid(own):
        keys["ctid"] = own
    if issuer is not None:
        organization = _plainly_named(issuer)
        if (called := _text(organization.get("name"))) is not None:
            keys["issuer"] = {"name": called[:500]}
            if (page := _reference(organization.get("subjectWebpage"))) is not None:
                keys["issuer"]["url"] = page
            for place in _listed(organization.get("address")):
                if isinstance(place, dict):
                    country = _text(_plainly_named(place).get("addressCountry"))
                    if country is not None:
                        keys["issuer"]["country"] = country
                        break
    return keys


def _version(node: Mapping[str, Any]) -> str | None:
    for item in _listed(node.get("versionIdentifier")):
        if isinstance(item, dict):
            code = _plainly_named(item)
            item = _text(code.get("identifierValueCode")) or _text(code.get("value"))
        if isinstance(item, str) and item.strip():
            return item.strip()[:500]
    return None


# --- the graph -----------------------------------------------------------------------------------


@dataclass
class _Graph:
    """Every node by its id and by its ctid, with what was odd about them."""

    nodes: dict[str, Data] = field(default_factory=dict)
    order: list[Data] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    def add(self, value: Any) -> None:
        """Take in a value with everything inside it that is a node of its own."""
        waiting = [value]
        while waiting:
            item = waiting.pop()
            if isinstance(item, list):
                waiting.extend(reversed(item))
            elif isinstance(item, dict):
                waiting.extend(
                    inner
                    for key, inner in reversed(item.items())
                    if not str(key).startswith(("cairn:", "urn:cairn:", "@context"))
                    and isinstance(inner, list | dict)
                )
                if _is_part(item):
                    self.node(item)

    def node(self, item: Data) -> None:
        if len(self.order) >= MAX_NODES:
            raise CtdlError(
                f"more than {MAX_NODES} components and conditions", "divide the document"
            )
        node = _plainly_named(item)
        names = [name for name in (_reference(item.get("@id")), _text(node.get("ctid"))) if name]
        if not names:
            names = [f"_:unnamed-{len(self.order)}"]
            item["@id"] = node["@id"] = names[0]  # so that what holds it can name it
        known = self.nodes.get(names[0])
        if known is not None and known != node:
            self.odd.append(f"{quoted(names[0])} stands more than once; the first is read")
        if known is not None:
            return
        self.order.append(node)
        for name in names:
            self.nodes.setdefault(name, node)
            self.nodes.setdefault(name.rsplit("/", 1)[-1], node)

    def find(self, reference: str) -> Data | None:
        found = self.nodes.get(reference)
        if found is None and "/" in reference:
            found = self.nodes.get(reference.rsplit("/", 1)[-1])
        return found


def _is_part(item: Mapping[str, Any]) -> bool:
    return any(
        kind == "Pathway" or kind.endswith(("Component", "Condition", "Organization", "Agent"))
        for kind in _types(item)
    ) or (len(item) > 2 and "@id" in item and "@type" not in item)


def _same(node: Data) -> str:
    return str(node.get("@id") or node.get("ctid"))


# --- reading -------------------------------------------------------------------------------------

M = TypeVar("M", bound=Model)


def read_ctdl(data: Any, wanted: str | None = None) -> Imported:
    """Read the pathway of a CTDL document, or the one with the `wanted` id where it has several.

    Raises `CtdlError` where there is none. The result is good in itself; that it can be used is
    for `usable` to see to.
    """
    graph = _Graph()
    graph.add(data)
    pathways = [node for node in graph.order if "Pathway" in _types(node)]
    if not pathways:
        raise CtdlError(
            "there is no pathway in this document",
            "CTDL is imported from the JSON-LD of a `ceterms:Pathway`, such as the graph that the "
            "Credential Registry gives for a ctid",
        )
    chosen = pathways[0]
    if wanted is not None:
        found = graph.find(wanted)
        if found is None or "Pathway" not in _types(found):
            raise CtdlError(
                f"there is no pathway `{wanted}` in this document", "name it by its ctid"
            )
        chosen = found
    reader = _Reader(graph, chosen)
    if len(pathways) > 1 and wanted is None:
        reader.note((), f"{len(pathways)} pathways are in the document; this is the first")
    return reader.read()


@dataclass
class _Reader:
    """Reads one pathway."""

    graph: _Graph
    pathway: Data
    notes: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)  # a component's id in CTDL, and here
    credentials: dict[str, Data] = field(default_factory=dict)
    modules: dict[str, Data] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    rules: int = 0

    def note(self, about: tuple[str, ...], text: str) -> None:
        notes = self.notes.setdefault(about, [])
        if text not in notes and len(notes) < 50:
            notes.append(text)

    def read(self) -> Imported:
        for text in self.graph.odd:
            self.note((), text)
        keys = self.top()
        used = self.used()
        elsewhere = {ref for file in used for ref in (*file.modules, *file.credentials)}
        destinations = self.destinations()
        for node in self.components():
            self.name(node, keys["pathway"], elsewhere)
        self.sort(destinations)
        modules, credentials = {}, {}
        for ref, node in list(self.modules.items()):
            if ref not in elsewhere:
                modules[ref] = self.module(ref, node)
        for ref, node in list(self.credentials.items()):
            if ref not in elsewhere:
                credentials[ref] = self.credential(ref, node)
        for ref, node in self.modules.items():  # those that only a reference made known
            if ref not in modules and ref not in elsewhere:
                modules[ref] = self.module(ref, node)
        if "destination" not in keys:
            leads = [self.ids[_same(node)] for node in destinations if _same(node) in self.ids]
            keys["destination"] = [ref for ref in dict.fromkeys(leads) if ref in self.credentials]
        keys["destination"] = [ref for ref in keys["destination"] or () if ref in self.credentials]
        pathway = self.valid(Pathway, keys, ())
        pathway = pathway.model_copy(update={"modules": modules, "credentials": credentials})
        return Imported(pathway, self.notes, used)

    # --- the pathway itself ----------------------------------------------------------------------

    def top(self) -> Data:
        owner = next(iter(_references(self.pathway.get("ownedBy"))), None) or next(
            iter(_references(self.pathway.get("offeredBy"))), None
        )
        issuer = None if owner is None else self.graph.find(owner)
        if owner is not None and issuer is None:
            self.note((), f"who owns it is not in the document: {quoted(owner)}")
        read = pathway_keys(self.pathway, issuer)
        extended = self.extended(self.pathway, read, ())
        pathway_id = str(extended.get("pathway") or "imported")
        if extended.get("ctid") == ctid(pathway_id, "pathway"):
            del extended["ctid"]
        candidate = {"version": "1", "pathway": pathway_id, **extended}
        model = self.valid(
            Pathway, candidate, (), fallback={**read, "pathway": slug(read["pathway"])}
        )
        kept = model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        own = self.pathway.get("cairn:keys")
        if isinstance(own, dict) and "destination" in own:  # null: the file names none
            kept.setdefault("destination", [])
        return kept

    def used(self) -> tuple[Pathway, ...]:
        given = self.pathway.get("cairn:uses")
        files = []
        for item in _listed(given):
            try:
                file = Pathway.model_validate(item, context=_CANONICAL)
            except (ValidationError, ValueError, ArithmeticError):
                self.note((), "a file that it uses, in Cairn's own terms, can not be read")
                continue
            files.append(file)
        return tuple(files)

    def components(self) -> list[Data]:
        """The components of the pathway, in the order of the document."""
        listed = {
            reference
            for term in ("hasPart", "hasChild", "hasDestinationComponent")
            for reference in _references(self.pathway.get(term))
        }
        found = []
        for node in self.graph.order:
            if any(kind.endswith("Component") for kind in _types(node)):
                found.append(node)
            elif not _types(node) and {_same(node), str(node.get("ctid"))} & listed:
                self.note((), f"{quoted(_same(node))} has no type")
                found.append(node)
        for term in ("hasPart", "hasChild", "hasDestinationComponent"):
            for reference in _references(self.pathway.get(term)):
                if self.graph.find(reference) is None:
                    found.append(self.absent(reference))
        if not found:
            raise CtdlError("the pathway has no components", "import its whole graph")
        return list({id(node): node for node in found}.values())

    def absent(self, reference: str) -> Data:
        """A component that is referred to, and not in the document."""
        if len(self.graph.order) >= MAX_NODES:
            raise CtdlError(
                f"more than {MAX_NODES} components and conditions", "divide the document"
            )
        name = reference.rsplit("/", 1)[-1]
        node = {"@id": reference, "name": name, "@type": ["BasicComponent"], "absent": True}
        if is_ctid(name):
            node["ctid"] = name
        self.graph.order.append(node)
        self.graph.nodes[reference] = node
        return node

    def destinations(self) -> list[Data]:
        found = {
            id(node): node
            for reference in _references(self.pathway.get("hasDestinationComponent"))
            if (node := self.graph.find(reference)) is not None
        }
        for node in self.graph.order:
            if node.get("isDestinationComponentOf"):
                goals = [
                    self.graph.find(each) for each in _references(node["isDestinationComponentOf"])
                ]
                if any(goal is self.pathway for goal in goals) or not any(goals):
                    found.setdefault(id(node), node)
        return list(found.values())

    # --- components ------------------------------------------------------------------------------

    def name(self, node: Data, pathway: str, elsewhere: set[str]) -> str:
        """Give a component an id of its own."""
        key = _same(node)
        if key in self.ids:
            return self.ids[key]
        wanted = str(component_keys(node)["id"]) or slug(key) or "component"
        if "/" in wanted and wanted not in elsewhere:
            wanted = slug(wanted)
        ref, number = wanted, 2
        while ref in self.taken:
            ref, number = f"{wanted}-{number}", number + 1
        self.taken.add(ref)
        self.ids[key] = ref
        node["as"] = ref
        node["derived"] = ctid(pathway, "component", ref)
        return ref

    def sort(self, destinations: list[Data]) -> None:
        """Decide what is learned and what is earned."""
        aims = {_same(node) for node in destinations}
        for node in self.graph.order:
            if "as" not in node:
                continue
            kinds = set(_types(node))
            earned = (
                "CredentialComponent" in kinds
                or _same(node) in aims
                or (bool(kinds & _MILESTONES) and self.asks(node))
            )
            ref = node["as"]
            (self.credentials if earned else self.modules)[ref] = node
            if earned and "CredentialComponent" not in kinds:
                kind = next(iter(_types(node)), "component without a type")
                self.note(("credentials", ref), f"a {kind}, read as something that is earned")

    @staticmethod
    def asks(node: Data) -> bool:
        return bool(node.get("hasCondition") or node.get("prerequisite") or node.get("hasChild"))

    def module(self, ref: str, node: Data) -> Module:
        about = ("modules", ref)
        module = self.entry(Module, node, about)
        if node.get("absent"):
            self.note(about, f"not in the document: {quoted(_same(node))}")
        else:
            kind = next(iter(_types(node)), "")
            if kind not in ("CourseComponent", "BasicComponent", ""):
                self.note(about, f"a {kind}")
        rule = self.asked(node, about)
        if rule is not None and not node.get("prerequisite") and "cairn:keys" not in node:
            self.note(
                about, "its conditions are read as a prerequisite: reported, and voiding nothing"
            )
        return module.model_copy(update={"requires": rule})

    def credential(self, ref: str, node: Data) -> Credential:
        about = ("credentials", ref)
        credential = self.entry(Credential, node, about)
        if credential.external:
            return credential
        rule = self.asked(node, about)
        if rule is None:
            self.note(
                about,
                "nothing that can be read says what it asks for, so it is taken to be "
                "awarded elsewhere",
            )
            return _external(credential)
        return credential.model_copy(update={"requires": rule})

    def entry(self, model: type[M], node: Data, about: tuple[str, ...]) -> M:
        read = component_keys(node, derived=node["derived"])
        del read["id"]
        if model is Credential:
            read.pop("credits", None)
        else:
            read.pop("kind", None)
        if _number(node.get("pointValue")) is not None:
            self.note(about, "`pointValue` has no place here")
        if node.get("precedes") or node.get("precededBy"):
            self.note(about, "`precedes` suggests an order, and nothing is asked for by it")
        return self.valid(model, self.extended(node, read, about), about, fallback=read)

    def extended(self, node: Data, read: Data, about: tuple[str, ...]) -> Data:
        """What CTDL says, with what Cairn's own terms add and take away."""
        keys = node.get("cairn:keys")
        if isinstance(keys, dict) and "@value" in keys:
            keys = keys["@value"]
        if keys is None:
            return dict(read)
        if not isinstance(keys, dict):
            self.note(about, "`cairn:keys` is not an object, and is not read")
            return dict(read)
        both = {**read, **keys}
        return {key: value for key, value in both.items() if value is not None}

    def valid(
        self, model: type[M], keys: Data, about: tuple[str, ...], fallback: Data | None = None
    ) -> M:
        try:
            return model.model_validate(keys, context=_CANONICAL)
        except (ValidationError, ValueError, ArithmeticError, RecursionError):
            self.note(about, "`cairn:keys` can not be read here; what CTDL says is")
        try:
            return model.model_validate(fallback or {}, context=_CANONICAL)
        except (ValidationError, ValueError, ArithmeticError):
            self.note(about, "what CTDL says of it can not be read here")
            return model.model_validate(
                {"pathway": "imported", "version": "1"} if model is Pathway else {}
            )

    # --- conditions ------------------------------------------------------------------------------

    def asked(self, node: Data, about: tuple[str, ...]) -> Rule | None:
        """The rule of a component."""
        parts: list[Rule] = []
        prerequisites = self.refs(node.get("prerequisite"), about, exclude=node.get("as"))
        parts.extend(prerequisites)
        conditions = _listed(node.get("hasCondition"))
        for condition in conditions:
            rule = self.condition(condition, about, (), node.get("as"))
            if rule is not None:
                parts.append(rule)
        if not conditions and not prerequisites and (children := _listed(node.get("hasChild"))):
            parts.extend(self.refs(children, about, exclude=node.get("as")))
            self.note(about, "`hasChild`, without a condition, is read as: all of them")
        return _all(parts)

    def refs(self, value: Any, about: tuple[str, ...], exclude: str | None = None) -> list[Rule]:
        """Rules that ask for components, each once."""
        found: dict[str, Rule] = {}
        for reference in _references(value):
            node = self.graph.find(reference)
            if node is not None and any(kind.endswith("Condition") for kind in _types(node)):
                self.note(about, f"{quoted(reference)} is a condition, where a component is due")
                continue
            if node is None or "as" not in node:
                if node is not None:
                    self.note(about, f"{quoted(reference)} is no component, and is left out")
                    continue
                node = self.absent(reference)
                ref = self.name(node, "", set())
                self.modules[ref] = node
            ref = node["as"]
            if ref == exclude:
                self.note(about, "it names itself among what it asks for, which is left out")
            elif ref in found:
                self.note(about, f"{quoted(ref)} is named twice in one condition")
            else:
                found[ref] = (
                    CredentialRule(credential=ref)
                    if ref in self.credentials
                    else ModuleRule(module=ref)
                )
        return list(found.values())

    def condition(
        self, value: Any, about: tuple[str, ...], above: tuple[str, ...], owner: str | None
    ) -> Rule | None:
        """The rule of a condition, or None where it asks for nothing that can be expressed."""
        reference = _reference(value)
        node = None if reference is None else self.graph.find(reference)
        if node is None:
            self.note(about, f"a condition that is not in the document: {quoted(str(reference))}")
            return None
        self.rules += 1
        if self.rules > MAX_RULES:
            raise CtdlError(
                f"more than {MAX_RULES} conditions, those named twice counted twice",
                "divide the pathway",
            )
        key = _same(node)
        if key in above:
            self.note(about, f"{quoted(key)} stands beneath itself, and is left out there")
            return None
        if len(above) >= _RULE_DEPTH:
            self.note(about, f"conditions nested more than {_RULE_DEPTH} levels deep are left out")
            return None
        if "as" in node:
            return next(iter(self.refs([reference], about, exclude=owner)), None)
        if (given := node.get("cairn:rule")) is not None:
            try:
                rule = _RULE.validate_python(given, context=_CANONICAL)
            except (ValidationError, ValueError, ArithmeticError, RecursionError):
                self.note(about, "`cairn:rule` can not be read here; what CTDL says of it is")
            else:
                return rule
        return self.plainly(node, about, (*above, key), owner)

    def plainly(
        self, node: Data, about: tuple[str, ...], above: tuple[str, ...], owner: str | None
    ) -> Rule | None:
        """The rule of a condition, as CTDL alone has it."""
        operator = local_name(next(iter(_references(node.get("logicalOperator"))), "")).lower()
        wanted = _number(node.get("requiredNumber"))
        targets = self.refs(node.get("targetComponent"), about, exclude=owner)
        conditions = [
            rule
            for each in _listed(node.get("hasCondition"))
            if (rule := self.condition(each, about, above, owner)) is not None
        ]
        number = self.number(node, wanted, len(targets) or len(conditions), about)
        if operator in ("onlyone", "xor"):
            self.note(about, "`OnlyOne` asks that there be no more than one; here one is enough")
        elif operator == "not":
            self.note(about, "`Not` can not be expressed; the condition is left out")
            return None
        elif operator and operator not in ("and", "or"):
            self.note(about, f"the operator {quoted(operator)} is not known, and read as `And`")
        either = operator in ("or", "onlyone", "xor")
        amount = self.constrained(node, targets, about)
        if amount is not None and (number is None or number <= 1):
            parts: list[Rule] = [amount, *conditions]
        elif targets:
            count = (
                number if number is not None else 1 if either and not conditions else len(targets)
            )
            parts = [*([amount] if amount else []), _some(targets, count), *conditions]
        elif number is not None and conditions:
            parts = [_some(conditions, 1 if either and wanted is None else number)]
            if wanted is not None and number < len(conditions):
                self.note(about, "`requiredNumber` beside conditions is read as: so many of these")
        else:
            parts = conditions
        rule = _some(parts, 1) if either and len(parts) > 1 else _all(parts)
        if rule is None:
            words = _text(node.get("description")) or _text(node.get("name"))
            self.note(about, f"a condition that names no component: {words or 'without words'}")
            return None
        return _titled(rule, _text(node.get("name")))

    def number(
        self, node: Data, wanted: Decimal | None, there: int, about: tuple[str, ...]
    ) -> int | None:
        if wanted is None:
            if node.get("requiredNumber") is not None:
                self.note(about, "`requiredNumber` is not a number, and is not read")
            return None
        if not wanted.is_finite() or wanted < 1 or wanted != int(wanted):
            self.note(about, f"`requiredNumber` is {wanted}, and is not read")
            return None
        if there and wanted > there:
            self.note(
                about, f"`requiredNumber` is {wanted}, and there are only {there}; read as all"
            )
            return there
        return int(wanted)

    def constrained(
        self, node: Data, targets: list[Rule], about: tuple[str, ...]
    ) -> AmountRule | None:
        """The credits that a constraint asks for; any other constraint is noted."""
        found = None
        for value in _listed(node.get("hasConstraint")):
            constraint = value
            if isinstance(value, str):
                constraint = self.graph.find(value) or {}
            if not isinstance(constraint, dict):
                continue
            constraint = _plainly_named(constraint)
            left = " ".join(map(str, _listed(constraint.get("leftSource"))))
            action = local_name(next(iter(_references(constraint.get("leftAction"))), ""))
            comparator = local_name(next(iter(_references(constraint.get("comparator"))), ""))
            amount = _amount(constraint.get("rightSource"))
            sums = "creditValue" in left and action == "Sum" and comparator == "GTEQ"
            if sums and amount and targets and found is None:
                if self.reachable(targets, amount):
                    refs = tuple(_ref(target) for target in targets)
                    found = AmountRule(credits=amount, selector=Selector(ids=refs))
                    continue
                self.note(about, f"{plain(amount)} credits are more than its components have")
                continue
            words = _text(constraint.get("description")) or _text(constraint.get("name"))
            said = words or f"{action} {left} {comparator} {_words(constraint.get('rightSource'))}"
            self.note(about, f"a constraint that is not expressed: {said.strip()}")
        return found

    def reachable(self, targets: list[Rule], amount: Decimal) -> bool:
        total = Decimal(0)
        for target in targets:
            ref = _ref(target)
            node = self.modules.get(ref) or self.credentials.get(ref) or {}
            total += _credit_value(node.get("creditValue")) or 0
        return total >= amount


def _words(value: Any) -> str:
    return " ".join(str(item) for item in _listed(value) if isinstance(item, str | int | Decimal))


def _ref(rule: Rule) -> str:
    assert isinstance(rule, ModuleRule | CredentialRule)
    return rule.module if isinstance(rule, ModuleRule) else rule.credential


def _external(credential: Credential) -> Credential:
    """A credential that is awarded elsewhere, with what such a one may have."""
    defaults = {
        name: Credential.model_fields[name].default
        for name in ("renewal", "again", "lasts", "award", "on_lost_evidence", "classes")
    }
    return credential.model_copy(update={**defaults, "external": True, "requires": None})


def _all(parts: list[Rule]) -> Rule | None:
    parts = _different(parts)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else AllRule(all=tuple(parts))


def _some(parts: list[Rule], number: int) -> Rule:
    parts = _different(parts)
    number = min(number, len(parts))
    if len(parts) == 1:
        return parts[0]
    if number == len(parts):
        return AllRule(all=tuple(parts))
    if number == 1:
        return AnyRule(any=tuple(parts))
    return AtLeastRule(at_least=number, of=tuple(parts))


def _different(parts: Iterable[Rule]) -> list[Rule]:
    """The same rule asked for twice is asked for once."""
    kept: list[Rule] = []
    seen: set[Rule] = set()
    for part in parts:
        bare = part.model_copy(update={"title": None}) if isinstance(part, RuleBase) else part
        if bare not in seen:
            seen.add(bare)
            kept.append(part)
    return kept


def _titled(rule: Rule, title: str | None) -> Rule:
    if title is None or not isinstance(rule, RuleBase) or rule.title is not None:
        return rule
    return rule.model_copy(update={"title": title[:500]})


def entries_of(pathway: Pathway) -> Iterator[tuple[tuple[str, str], Module | Credential]]:
    """Every module and credential of a file, with the path of its keys."""
    for ref, module in pathway.modules.items():
        yield ("modules", ref), module
    for ref, credential in pathway.credentials.items():
        yield ("credentials", ref), credential
