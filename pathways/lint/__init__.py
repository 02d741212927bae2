"""Coded, documented checks for the authors of pathways.

A file that loads can be used. What is found here is allowed, and probably not meant: each finding
has a stable code, a page that says why, and can be silenced by a comment on its line.
"""

from __future__ import annotations

from importlib.resources import files

from pathways.lint import expiry, monotone, profiles, reach, redundancy, sharing
from pathways.lint.base import Finding, LintRule, Subject
from pathways.lint.ignores import IDLE, UNKNOWN, heeded, ignores
from pathways.lint.profiles import PROFILES
from pathways.problems import CairnError, nearest
from pathways.source import Loaded

__all__ = [
    "CODES",
    "PROFILES",
    "RULES",
    "Finding",
    "LintRule",
    "UnknownCodeError",
    "UnknownProfileError",
    "explain",
    "lint",
]

RULES: tuple[LintRule, ...] = (
    *reach.RULES,
    *redundancy.RULES,
    *sharing.RULES,
    *monotone.RULES,
    *expiry.RULES,
    *profiles.RULES,
)

#: Every code with the name of its rule, those of ignores themselves last.
CODES: dict[str, str] = {
    **{rule.code: rule.name for rule in RULES},
    UNKNOWN: "unknown-ignore",
    IDLE: "idle-ignore",
}


class UnknownCodeError(CairnError):
    """There is no lint rule with that code."""


class UnknownProfileError(CairnError):
    """There is no lint profile of that name."""


def lint(loaded: Loaded, profile: str | None = None) -> tuple[Finding, ...]:
    """Look at a file that loads, and tell what its author should look at, in file order.

    `profile` adds what a framework wants described: `eu` or `nz`. Raises `UnknownProfileError`
    for any other.
    """
    if profile is not None and profile not in PROFILES:
        raise UnknownProfileError(f"no profile is called `{profile}`; {nearest(profile, PROFILES)}")
    subject = Subject(loaded, profile)
    active = [rule for rule in RULES if rule.profile in (None, profile)]
    found = [finding for rule in active for finding in rule.check(subject)]
    looked_for = dict.fromkeys(CODES, False) | {rule.code: True for rule in active}
    source = loaded.positions.text(0)
    text = source.path.read_text(encoding="utf-8-sig")
    kept = heeded(found, ignores(text), looked_for, source.shown)
    return tuple(sorted(kept, key=lambda each: (each.line, each.column, each.code, each.message)))


def explain(code: str) -> str:
    """Return the page of a rule, in Markdown: why, a bad example, a better one.

    Raises `UnknownCodeError` where there is none.
    """
    if code not in CODES:
        raise UnknownCodeError(f"no lint rule has the code `{code}`; {nearest(code, CODES)}")
    return files("pathways.lint").joinpath("pages", f"{code}.md").read_text(encoding="utf-8")
