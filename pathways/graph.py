"""What depends on what: modules, credentials and named rules as a graph.

An edge leads from what is needed to what needs it. It is *soft* where a selector merely could
match: a credential whose rule takes any two certificates needs neither of them. Soft edges may
form circles (two credentials that each count the other among many); the others may not.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import TYPE_CHECKING

from pathways.catalogue import Catalogue
from pathways.document import (
    AmountRule,
    CredentialRule,
    Document,
    EveryRule,
    ModuleRule,
    NamedRule,
    Pathway,
    RuleBase,
)
from pathways.selection import Offers
from pathways.sites import Site, rules
from pathways.tree import Loc

if TYPE_CHECKING:
    import networkx as nx

#: `module`, `credential` or `rule`, and its name; a named rule's is that of its file and its own.
Node = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Need:
    """One thing needs another, and this is where that is written."""

    needed: Node
    by: Node
    soft: bool
    file: int
    loc: Loc


def needs(document: Document, *, soft: Container[str] = ("module", "credential")) -> Iterator[Need]:
    """Yield every need of a document, in the order in which the files are written.

    Of soft needs, those of modules or of credentials may be left out.
    """
    for index, file in enumerate(document.files):
        offers = Offers(Catalogue(document, file))
        for site in rules(file):
            by = _owner(document, file, site)
            # What a renewal or a class asks for is asked of those who hold the credential.
            later = site.root[2:3] in (("renewal",), ("classes",))
            for needed, loose, loc in _needed(document, file, offers, site, soft):
                if not (later and needed == by):
                    yield Need(needed, by, loose or later, index, loc)


def _owner(document: Document, file: Pathway, site: Site) -> Node:
    if site.credential is not None:
        return "credential", site.credential
    if site.module is not None:
        return "module", site.module
    return "rule", rule_name(document, file, str(site.root[1]))


def _needed(
    document: Document, file: Pathway, offers: Offers, site: Site, soft: Container[str]
) -> Iterator[tuple[Node, bool, Loc]]:
    match rule := site.rule:
        case ModuleRule():
            yield ("module", rule.module), False, site.loc
        case CredentialRule():
            yield ("credential", rule.credential), False, site.loc
        case NamedRule():
            yield ("rule", rule_name(document, file, rule.rule)), False, (*site.loc, "rule")
        case EveryRule():
            for ref in sorted(offers.of(rule.every, but=site.credential).refs):
                yield (_kind(document, ref), ref), False, (*site.loc, "every")
        case AmountRule() if any(kind in soft for kind in offers.catalogue.kinds(rule.selector)):
            for ref in sorted(offers.of(rule.selector, but=site.credential).refs):
                if _kind(document, ref) in soft:
                    yield (_kind(document, ref), ref), True, (*site.loc, "from")
        case _:
            pass


def _kind(document: Document, ref: str) -> str:
    return "module" if ref in document.modules else "credential"


def rule_name(document: Document, file: Pathway, name: str) -> str:
    """Return how a rule id of a file is written as seen from the main one.

    Ids of the main file stand alone; those of a used file follow its pathway's, or its
    catalogue's, name.
    """
    return name if file is document.main else f"{file.pathway or file.home}/{name}"


def cycles(document: Document) -> list[tuple[Need, ...]]:
    """Return one cycle, a shortest one, for each knot of needs that can never be untied.

    Each need is `by` what the one before it has as `needed`; what is written first comes first.
    """
    return _knots(need for need in needs(document, soft=()) if not need.soft)


def soft_circles(document: Document) -> list[tuple[Need, ...]]:
    """Return a circle for each knot in which credentials that could merely be counted are needs.

    Soft needs of modules tie no knot: nobody has to earn anything to complete one.
    """
    return _knots(needs(document, soft=("credential",)))


def _knots(all_needs: Iterable[Need]) -> list[tuple[Need, ...]]:
    first: dict[tuple[Node, Node], Need] = {}
    for need in all_needs:
        first.setdefault((need.by, need.needed), need)
    below: dict[Node, list[Need]] = {}
    for need in first.values():
        below.setdefault(need.by, []).append(need)
    try:
        TopologicalSorter(
            {by: [need.needed for need in below_] for by, below_ in below.items()}
        ).prepare()
    except CycleError:
        return _shortest(below)
    return []


def _shortest(below: dict[Node, list[Need]]) -> list[tuple[Need, ...]]:
    import networkx as nx

    graph: nx.DiGraph[Node] = nx.DiGraph()
    graph.add_edges_from((need.by, need.needed) for all_ in below.values() for need in all_)
    places = {node: place for place, node in enumerate(graph)}
    found = []
    for knot in nx.strongly_connected_components(graph):
        start = min(knot, key=places.__getitem__)
        by_target = {need.needed: need for need in below.get(start, ()) if need.needed in knot}
        if len(knot) == 1 and start not in by_target:
            continue
        inner = graph.subgraph(knot)
        ways = [nx.shortest_path(inner, target, start) for target in by_target]
        way = [start, *min(ways, key=len)]
        found.append(
            tuple(
                next(need for need in below[by] if need.needed == needed)
                for by, needed in pairwise(way)
            )
        )
    return sorted(found, key=lambda cycle: places[cycle[0].by])


def graph(document: Document) -> nx.DiGraph[Node]:
    """Return the graph: nodes with `kind` and `label`, edges with `soft`."""
    import networkx as nx

    made: nx.DiGraph[Node] = nx.DiGraph()
    for ref, (module, _) in sorted(document.modules.items()):
        made.add_node(("module", ref), kind="module", label=module.title or ref)
    for ref, (credential, _) in sorted(document.credentials.items()):
        made.add_node(("credential", ref), kind="credential", label=credential.title or ref)
    for file in document.files:
        for name, rule in sorted(file.rules.items()):
            title = rule.title if isinstance(rule, RuleBase) else None
            node = ("rule", rule_name(document, file, name))
            made.add_node(node, kind="rule", label=title or name)
    for need in needs(document):
        soft = need.soft and made.get_edge_data(need.needed, need.by, {"soft": True})["soft"]
        made.add_edge(need.needed, need.by, soft=soft)
    return made


def order(document: Document) -> tuple[str, ...]:
    """Return every credential after those that it needs, ties by reference.

    Credentials whose selectors count each other stand together.
    """
    import networkx as nx

    whole = graph(document)
    knots = nx.condensation(whole)
    members = {knot: sorted(knots.nodes[knot]["members"]) for knot in knots}
    ordered: list[str] = []
    for knot in nx.lexicographical_topological_sort(knots, key=lambda knot: members[knot][0][1]):
        firm: nx.DiGraph[Node] = nx.DiGraph()
        firm.add_nodes_from(members[knot])
        inner = whole.subgraph(members[knot]).edges
        firm.add_edges_from(edge for edge in inner if not inner[edge]["soft"])
        ordered.extend(
            ref
            for kind, ref in nx.lexicographical_topological_sort(firm, key=lambda node: node[1])
            if kind == "credential"
        )
    return tuple(ordered)


def dependents(document: Document, ref: str) -> tuple[str, ...]:
    """Return all modules and credentials that need this one, or could count it, at any distance."""
    import networkx as nx

    whole = graph(document)
    node = (_kind(document, ref), ref)
    above = nx.descendants(whole, node)
    return tuple(sorted(name for kind, name in above if kind != "rule"))


def idle(document: Document) -> tuple[str, ...]:
    """Return the modules and credentials that lead to no destination of the main file.

    Where the file names no destination, nothing is idle.
    """
    import networkx as nx

    goals = [("credential", ref) for ref in document.main.destination]
    if not goals:
        return ()
    whole = graph(document)
    useful = set(goals).union(*(nx.ancestors(whole, goal) for goal in goals))
    return tuple(sorted(node[1] for node in whole if node[0] != "rule" and node not in useful))


def unreachable(document: Document) -> tuple[str, ...]:
    """Return the credentials that nobody can be awarded, whatever they complete, by reference."""
    from pathways.outlook import Outlook

    return tuple(sorted(Outlook(document).out_of_reach))
