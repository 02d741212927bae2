"""How a rule is decided: the cheapest exact method that its shape allows.

The method is chosen once, when a pathway is compiled, and `cairn pathway show --how` tells it.
Every method is exact. Where a record has what a cheap method can not see (a substitution, or
attempts that divide into items), the evaluator goes to the search instead.
"""

from __future__ import annotations

from enum import Enum


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
