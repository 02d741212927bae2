"""How a rule is decided: the cheapest exact method that its shape allows.

The method is chosen once, when a pathway is compiled, and `cairn pathway show --how` tells it.
Every method is exact. Where a record has what a cheap method can not see (a substitution, or
attempts that divide into items), the evaluator goes to the search instead.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathways.compile import Node


class Method(Enum):
    """A way to decide a rule; the value is the word that people read."""

    LOOKUP = "lookup"
    GREEDY = "greedy"
    PACKING = "packing"
    PARTS = "parts"
    WINDOWS = "windows"
    FLOW = "flow"
    SEARCH = "search"

    @property
    def why(self) -> str:
        """Why the method gives the right answer, in a sentence or two."""
        return _WHY[self]


_WHY = {
    Method.LOOKUP: "nothing to choose: one item that fits is enough, or all that fit are taken",
    Method.GREEDY: (
        "without limits more never hurts: of each module the largest attempts that may count are "
        "taken, and no selection can add up to more"
    ),
    Method.PACKING: (
        "what no upper limit touches is taken, and the rest is chosen by dynamic programming over "
        "the sums that the limits look at; too many of those, and CP-SAT decides"
    ),
    Method.PARTS: "the parts do not compete for evidence, so each is decided by itself",
    Method.WINDOWS: (
        "the window, order or common day is fixed in every way that the dates allow, and inside "
        "one the parts do not compete"
    ),
    Method.FLOW: (
        "each part asks for a number of items that no other may use: a bipartite matching, which "
        "augmenting paths decide"
    ),
    Method.SEARCH: (
        "parts or limits compete for the same evidence: first a division in file order is tried "
        "(if it works, it is legal), then CP-SAT decides, with one worker, a fixed seed and a "
        "bound on its deterministic time"
    ),
}


def method_of(node: Node) -> Method:
    """Choose the method of one rule, its children aside."""
    if node.leaf:
        if node.operator in ("module", "credential"):
            return Method.LOOKUP
        if node.divides:
            return Method.SEARCH
        if node.over_all:
            return Method.LOOKUP
        if node.window is not None or node.together:
            return Method.WINDOWS
        return Method.PACKING if node.bounds or node.value is not None else Method.GREEDY
    if node.sharing:
        return Method.FLOW if _is_matching(node) else Method.SEARCH
    if node.ordered or node.window is not None or node.together:
        return Method.WINDOWS
    return Method.PARTS


def _is_matching(node: Node) -> bool:
    """Whether the parts each ask for so many items, none of them used twice."""
    return (
        node.overlap_items == 0
        and not (node.through or node.ordered)
        and all(node.required)
        and all(
            child.leaf
            and child.unit == "count"
            and child.window is None
            and not child.together
            and method_of(child) in (Method.LOOKUP, Method.GREEDY)
            for child in node.children
        )
    )
