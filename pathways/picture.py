"""What a drawing of a pathway shows: modules, rules and credentials, and what leads to what.

A rule that only says "all of these" is not drawn: its parts lead straight to what asks for them.
Modules that lead to the same places are drawn as one where there are many of them. With an
assessment each node also tells how far the learner is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from pathways.awards import Assessment, Standing
from pathways.catalogue import Catalogue
from pathways.document import (
    AllRule,
    AmountRule,
    Credential,
    CredentialRule,
    Document,
    EveryRule,
    IdRule,
    LinkedRule,
    Module,
    ModuleRule,
    NamedRule,
    Pathway,
    PointsRule,
    Rule,
    RuleBase,
    plain,
)
from pathways.evidence import Pool, bits, dated
from pathways.verdict import Outcome, Verdict
from pathways.words import (
    counted,
    headline,
    modifier_words,
    quoted,
    rule_words,
    worth_words,
)

#: So many modules that lead to the same places are drawn as one.
BUNDLE = 4


class Kind(Enum):
    """What a node stands for."""

    MODULE = "module"
    MODULES = "modules"
    RULE = "rule"
    CREDENTIAL = "credential"


class State(Enum):
    """How far a learner is with a node."""

    DONE = "done"
    UNDER_WAY = "under way"
    GONE = "no longer valid"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Node:
    """A box: its title, further lines beneath it, and how far a learner is (None: not asked)."""

    key: str
    kind: Kind
    title: str
    lines: tuple[str, ...] = ()
    state: State | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two nodes, by their keys.

    `certain` tells that the target needs the source; else it may use it. A prerequisite is what
    a module asks for before it is started.
    """

    source: str
    target: str
    label: str = ""
    certain: bool = True
    prerequisite: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that is drawn."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def picture(
    document: Document, assessment: Assessment | None = None, *, bundle: bool = True
) -> Picture:
    """Draw a pathway, with a learner's progress where an assessment is given.

    `bundle=False` draws every module on its own.
    """
    sketch = _Sketch(document, None if assessment is None else _Progress(assessment))
    sketch.draw()
    if bundle:
        sketch.bundle()
    main = document.main
    title = main.title or main.pathway or main.catalogue or ""
    edges = tuple(dict.fromkeys(sketch.edges))
    return Picture(title=title, nodes=tuple(sketch.nodes.values()), edges=edges)


# --- progress ------------------------------------------------------------------------------------


class _Progress:
    """What an assessment says of each module, rule and credential."""

    def __init__(self, assessment: Assessment) -> None:
        self._standings = assessment.standings
        record = dated(assessment.record, assessment.on)
        pool = Pool(assessment.document, record, assessment.on)
        self._done = {pool.options[index].ref for index in bits(pool.usable(assessment.on, "any"))}
        self._started = {entry.module for entry in record.in_progress}
        self._verdicts: dict[str, dict[str, Verdict]] = {
            ref: {verdict.path: verdict for verdict in _verdicts(standing)}
            for ref, standing in self._standings.items()
        }

    def module(self, ref: str) -> State:
        if ref in self._done:
            return State.DONE
        return State.UNDER_WAY if ref in self._started else State.OPEN

    def credential(self, ref: str) -> tuple[State, str]:
        standing = self._standings.get(ref)
        if standing is None:
            return State.OPEN, ""
        match standing.status:
            case "held":
                return State.DONE, "held"
            case "expired" | "lapsed" | "revoked":
                return State.GONE, standing.status
            case "awaiting approval":
                return State.UNDER_WAY, standing.status
            case _:
                return _by_progress(standing.progress), _percent(standing.progress)

    def rule(self, credential: str, path: str) -> tuple[State, str]:
        verdict = self._verdicts.get(credential, {}).get(path)
        if verdict is None:
            return State.OPEN, ""
        if verdict.outcome is Outcome.MET:
            return State.DONE, "met"
        return _by_progress(verdict.progress), _percent(verdict.progress)


def _verdicts(standing: Standing) -> Iterator[Verdict]:
    return iter(()) if standing.verdict is None else standing.verdict.walk()


def _by_progress(progress: Fraction) -> State:
    return State.UNDER_WAY if progress > 0 else State.OPEN


def _percent(progress: Fraction) -> str:
    """Write progress for people, never rounding up to what is not reached."""
    return f"{int(progress * 100)}%" if progress > 0 else ""


# --- drawing -------------------------------------------------------------------------------------


@dataclass
class _Sketch:
    """A picture in the making."""

    document: Document
    progress: _Progress | None
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)

    def draw(self) -> None:
        """Draw every credential from what it asks for, then every prerequisite."""
        for ref, (credential, file) in self.document.credentials.items():
            self.credential(ref, credential)
            if credential.requires is not None:
                drawing = _Drawing(self, file, ref)
                drawing.rule(credential.requires, "requires", self.key(ref), outermost=True)
            if credential.renewal is not None:
                renewal = credential.renewal.requires
                drawing = _Drawing(self, file, ref)
                drawing.rule(renewal, "renewal.requires", self.key(ref), "renews", outermost=True)
        for ref, (module, file) in self.document.modules.items():
            if module.requires is not None:
                self.module(ref, module)
                drawing = _Drawing(self, file, ref, prerequisite=True)
                drawing.rule(module.requires, "requires", self.key(ref), outermost=True)

    def key(self, ref: str) -> str:
        """The key of a module's or credential's node, which is made when it is missing."""
        if ref in self.document.modules:
            self.module(ref, self.document.modules[ref][0])
            return f"module {ref}"
        self.credential(ref, self.document.credentials[ref][0])
        return f"credential {ref}"

    def module(self, ref: str, module: Module) -> None:
        key = f"module {ref}"
        if key not in self.nodes:
            facts = (ref, *_facts(module))
            state = None if self.progress is None else self.progress.module(ref)
            self.nodes[key] = Node(
                key, Kind.MODULE, module.title or ref, (" · ".join(facts),), state
            )

    def credential(self, ref: str, credential: Credential) -> None:
        key = f"credential {ref}"
        if key not in self.nodes:
            facts = (ref, *((credential.kind,) if credential.kind else ()), *_facts(credential))
            if credential.external:
                facts = (*facts, "awarded elsewhere")
            lines: tuple[str, ...] = (" · ".join(facts),)
            state = None
            if self.progress is not None:
                state, text = self.progress.credential(ref)
                lines = (*lines, text) if text else lines
            self.nodes[key] = Node(key, Kind.CREDENTIAL, credential.title or ref, lines, state)

    # --- bundles ---------------------------------------------------------------------------------

    def bundle(self) -> None:
        """Draw modules that lead to the same places as one."""
        leads: dict[str, list[Edge]] = {}
        targets = {edge.target for edge in self.edges}
        for edge in self.edges:
            leads.setdefault(edge.source, []).append(edge)
        alike: dict[frozenset[tuple[str, str, bool, bool]], list[str]] = {}
        for key, node in self.nodes.items():
            if node.kind is Kind.MODULE and key not in targets and key in leads:
                ends = frozenset(
                    (edge.target, edge.label, edge.certain, edge.prerequisite)
                    for edge in leads[key]
                )
                alike.setdefault(ends, []).append(key)
        for keys in alike.values():
            if len(keys) >= BUNDLE:
                self.merge(keys)

    def merge(self, keys: list[str]) -> None:
        """Replace some nodes by one."""
        merged = [self.nodes[key] for key in keys]
        title = counted(len(keys), "module")
        names = [node.title for node in merged]
        if len(names) > BUNDLE:
            names[BUNDLE - 1 :] = [f"and {len(names) - BUNDLE + 1} others"]
        lines = tuple(names)
        state = None
        if self.progress is not None:
            done = sum(node.state is State.DONE for node in merged)
            under_way = any(node.state is State.UNDER_WAY for node in merged)
            lines = (*lines, f"{done} of {len(merged)} done")
            state = State.UNDER_WAY if done or under_way else State.OPEN
            state = State.DONE if done == len(merged) else state
        bundle = Node(f"modules {keys[0]}", Kind.MODULES, title, lines, state)
        first = keys[0]
        gone = set(keys)
        self.nodes = {
            (bundle.key if key == first else key): (bundle if key == first else node)
            for key, node in self.nodes.items()
            if key == first or key not in gone
        }
        self.edges = [
            Edge(bundle.key, edge.target, edge.label, edge.certain, edge.prerequisite)
            if edge.source == first
            else edge
            for edge in self.edges
            if edge.source == first or edge.source not in gone
        ]


def _facts(entry: Module | Credential) -> Iterator[str]:
    if isinstance(entry.credits, Decimal):
        if entry.credits:
            yield counted(entry.credits, "credit")
    else:
        yield "credits vary"
    if entry.level is not None:
        yield f"level {plain(entry.level)}"


@dataclass(frozen=True)
class _Drawing:
    """Draws the rules of one credential, or of one module's prerequisite."""

    sketch: _Sketch
    file: Pathway
    owner: str
    prerequisite: bool = False

    def edge(self, source: str, target: str, label: str = "", *, certain: bool = True) -> None:
        self.sketch.edges.append(
            Edge(source, target, label, certain=certain, prerequisite=self.prerequisite)
        )

    def rule(
        self, rule: Rule, path: str, target: str, label: str = "", *, outermost: bool = False
    ) -> None:
        """Draw what a rule asks for, leading to a target."""
        match rule:
            case ModuleRule():
                conditions = rule_words(rule).removeprefix(quoted(rule.module)).strip(" ,")
                self.edge(self.sketch.key(rule.module), target, _both(conditions, label))
            case CredentialRule():
                conditions = rule_words(rule).removeprefix(quoted(rule.credential)).strip(" ,")
                self.edge(self.sketch.key(rule.credential), target, _both(conditions, label))
            case NamedRule() if rule.title is None and not modifier_words(rule):
                inner = self.file.rules[rule.rule]
                if isinstance(inner, ModuleRule | CredentialRule | NamedRule):
                    self.rule(inner, f"{path}.rule", target, label)
                elif isinstance(inner, RuleBase):
                    self._box(inner, f"{path}.rule", target, label, name=rule.rule)
            case AllRule() if self._plain(rule, outermost=outermost):
                for index, child in enumerate(rule.all):
                    self.rule(child, f"{path}.all[{index}]", target, label)
            case IdRule():
                self.edge(self.sketch.key(rule.ref), target, label)
            case _:
                self._box(rule, path, target, label)

    def _plain(self, rule: AllRule, *, outermost: bool) -> bool:
        """Whether "all of these" goes without saying."""
        named = rule.id is not None or rule.title is not None
        return not modifier_words(rule) and (outermost or not named)

    def _box(
        self, rule: LinkedRule, path: str, target: str, label: str, name: str | None = None
    ) -> None:
        key = f"rule {self.owner} {path}"
        words = headline(rule)
        title = rule.title or rule.id or name or words
        lines = () if title == words else (words,)
        state = None
        if self.sketch.progress is not None and not self.prerequisite:
            state, text = self.sketch.progress.rule(self.owner, path)
            lines = (*lines, text) if text else lines
        self.sketch.nodes[key] = Node(key, Kind.RULE, title, lines, state)
        self.edge(key, target, label)
        self._inside(rule, path, key)

    def _inside(self, rule: LinkedRule, path: str, key: str) -> None:
        match rule:
            case NamedRule():
                self.rule(self.file.rules[rule.rule], f"{path}.rule", key, outermost=True)
            case EveryRule() | AmountRule():
                self._selection(rule, key)
            case PointsRule():
                for index, child in enumerate(rule.of):
                    self.rule(child.rule, f"{path}.of[{index}]", key, worth_words(child))
            case _:
                step = "of" if rule.operator == "at_least" else rule.operator
                for index, each in enumerate(rule.children):
                    self.rule(each, f"{path}.{step}[{index}]", key)

    def _selection(self, rule: EveryRule | AmountRule, key: str) -> None:
        catalogue = Catalogue(self.sketch.document, self.file)
        selector = rule.every if isinstance(rule, EveryRule) else rule.selector
        matching = catalogue.matching(selector) - {self.owner}
        for ref in catalogue.entries:
            if ref in matching:
                self.edge(self.sketch.key(ref), key, certain=isinstance(rule, EveryRule))


def _both(first: str, second: str) -> str:
    return f"{first}, {second}" if first and second else first or second
