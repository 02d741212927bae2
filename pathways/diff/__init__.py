"""What changed between two versions of a pathway, in the designer's words.

Each change says what it does to the thing that it speaks of, all else being as in the new version.
It *loosens* when whoever met the old still meets the new, and *tightens* when whoever meets the
new met the old. It does *neither* when nothing but names, descriptions or order differ. Where it
may do both, or no proof was found that it does not, it *shifts*: that is the honest word when in
doubt. Changes of one rule are told one after the other, each on top of those before it.

A new id is *neither*, although a waiver that names the old one no longer reaches the rule.
"""

from __future__ import annotations

from pathways.diff.effects import Change, Effect
from pathways.diff.versions import Comparison
from pathways.document import Document

__all__ = ["Change", "Effect", "diff"]


def diff(old: Document, new: Document) -> tuple[Change, ...]:
    """Tell what changed from one version to another, in the order of the file.

    Nothing is told exactly when the two documents mean the same, byte for byte of their
    canonical form. Examples are not compared.
    """
    if old.canonical == new.canonical:
        return ()
    return tuple(Comparison(old, new).changes())
