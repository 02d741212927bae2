"""What things are called in the ledger, and within one pathway.

In the ledger every module and credential carries its catalogue: `polytechnic/excel-1`. A pathway's
rules call what lives in its own catalogue by the bare id, and only others by the full name. Items
of evidence are named after what they are of (`polytechnic/excel-1@2026-03-01`), or after the system
that reported them (`lms:991`).
"""

from __future__ import annotations

#: What the names of the streams of pathways begin with.
PATHWAY = "pathway/"


def qualified(ref: str, home: str) -> str:
    """Return the ledger's name for a reference that a pathway of catalogue `home` uses.

    >>> qualified("excel-1", "polytechnic"), qualified("other/excel-1", "polytechnic")
    ('polytechnic/excel-1', 'other/excel-1')
    """
    return ref if "/" in ref else f"{home}/{ref}"


def relative(name: str, home: str) -> str:
    """Return how a pathway of catalogue `home` refers to what the ledger calls `name`.

    >>> relative("polytechnic/excel-1", "polytechnic"), relative("other/excel-1", "polytechnic")
    ('excel-1', 'other/excel-1')
    """
    return name.removeprefix(f"{home}/")


def qualified_item(item: str, home: str) -> str:
    """Return the ledger's name for an item of a witness.

    >>> qualified_item("excel-1@2026-03-01", "polytechnic")
    'polytechnic/excel-1@2026-03-01'
    >>> qualified_item("lms:991", "polytechnic")
    'lms:991'
    """
    return item if ":" in item else qualified(item, home)


def relative_item(item: str, home: str) -> str:
    """Return how witnesses of a pathway of catalogue `home` call an item.

    >>> relative_item("polytechnic/excel-1@2026-03-01", "polytechnic")
    'excel-1@2026-03-01'
    """
    return item if ":" in item else relative(item, home)


def bare(name: str) -> str:
    """Return a name without its catalogue.

    >>> bare("polytechnic/excel-1")
    'excel-1'
    """
    return name.rpartition("/")[2]
