"""What can not be reached, and what leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from pathways.document import AmountRule, CredentialRule, EveryRule, ModuleRule, NamedRule
from pathways.lint.base import Finding, Subject, rule
from pathways.outlook import Outlook
from pathways.sites import roots as rule_roots
from pathways.sites import selectors, walk
from pathways.words import named, quoted


@rule("CN101", "unreachable-credential")
def unreachable_credential(subject: Subject) -> Iterator[Finding]:
    """A credential nobody can reach."""
    outlook = subject.outlook
    lost = outlook.out_of_reach
    for ref in subject.file.credentials:
        if ref not in lost or _falls_with_another(subject, ref):
            continue
        falling = [other for other in lost if other != ref and _falls_with_another(subject, other)]
        help_ = f"{named(falling, 'and')} fall with it" if falling else ""
        message = f"nobody can reach {quoted(ref)}: {lost[ref]}"
        yield subject.finding("CN101", ("credentials", ref), message, help_, key=True)


def _falls_with_another(subject: Subject, ref: str) -> bool:
    """Whether a credential would be in reach if only those beneath it were."""
    lost = subject.outlook.out_of_reach
    return any(
        isinstance(site.rule, CredentialRule) and site.rule.credential in lost
        for site in subject.sites
        if site.root == ("credentials", ref, "requires")
    )


@rule("CN102", "module-leads-nowhere")
def module_leads_nowhere(subject: Subject) -> Iterator[Finding]:
    """A module that no rule can use."""
    if subject.is_catalogue:
        return
    used = _used(subject)
    for ref in subject.file.modules:
        if ref not in used:
            message = f"{quoted(ref)} leads nowhere: no rule names it, and no selector matches it"
            help_ = "put it into a group that a rule names, or leave it out"
            yield subject.finding("CN102", ("modules", ref), message, help_, key=True)


def _used(subject: Subject) -> frozenset[str]:
    used: set[str] = set()
    names: set[str] = set()
    for catalogue, site in subject.every_rule:
        match site.rule:
            case ModuleRule():
                used.add(site.rule.module)
            case EveryRule():
                used |= catalogue.matching(site.rule.every)
            case AmountRule():
                used |= catalogue.matching(site.rule.selector)
            case _:
                pass
        for _, selector in selectors(site):
            names |= catalogue.group_names(selector)
    # A completion may bring what its module does not say; the examples show where that is meant.
    for example in subject.loaded.examples:
        for entry in example.completed:
            stated = any(value is not None for value in (entry.level, entry.credits, entry.hours))
            if stated or names.intersection(entry.groups):
                used.add(entry.module)
        used.update(swap.module for swap in example.substituted)
    return frozenset(used)


@rule("CN103", "unused-group")
def unused_group(subject: Subject) -> Iterator[Finding]:
    """A group that no rule names."""
    if subject.is_catalogue:
        return
    used = _groups_named(subject)
    if used is None:
        return
    for name in subject.file.groups:
        if name not in used:
            message = f"no rule names the group {quoted(name)}"
            help_ = "name it in a selector, or leave it out"
            yield subject.finding("CN103", ("groups", name), message, help_, key=True)
    yield from _unused_tags(subject, used)


def _unused_tags(subject: Subject, used: frozenset[str]) -> Iterator[Finding]:
    """Groups that only modules and credentials name: a note, or a warning where one is mistyped."""
    told = set(subject.file.groups) | used
    for kind in ("modules", "credentials"):
        for ref, entry in getattr(subject.file, kind).items():
            for index, name in enumerate(entry.groups):
                if name in told:
                    continue
                told.add(name)
                close = get_close_matches(name, sorted(used), n=1, cutoff=0.8)
                yield subject.finding(
                    "CN103",
                    (kind, ref, "groups", index),
                    f"no rule names the group {quoted(name)}",
                    f"did you mean {quoted(close[0])}?" if close else "it does no harm",
                    severity="warning" if close else "note",
                )


def _groups_named(subject: Subject) -> frozenset[str] | None:
    """The groups that rules name; None where a limit looks at whatever groups there are."""
    names: set[str] = set()
    for catalogue, site in subject.every_rule:
        for _, selector in selectors(site):
            names |= catalogue.group_names(selector)
        if isinstance(site.rule, AmountRule):
            for limit in site.rule.limits:
                if limit.over == "groups":
                    return None
                if isinstance(limit.over, tuple):
                    names.update(limit.over)
    return frozenset(names)


@rule("CN104", "unused-rule")
def unused_rule(subject: Subject) -> Iterator[Finding]:
    """A named rule that nothing uses."""
    used = {site.rule.rule for site in subject.sites if isinstance(site.rule, NamedRule)}
    for name in subject.file.rules:
        if name not in used:
            message = f"nothing uses the rule {quoted(name)}"
            help_ = f"use it as `{{rule: {name}}}`, or leave it out"
            yield subject.finding("CN104", ("rules", name), message, help_, key=True)


@rule("CN105", "late-prerequisite")
def late_prerequisite(subject: Subject) -> Iterator[Finding]:
    """A prerequisite that is only met by what its own module leads to."""
    late = _late(subject)
    for ref in subject.file.modules:
        if ref in late:
            names = _credentials_named(subject, ref)
            by = f": {named(names, 'and')} can not be had without it" if names else ""
            message = f"to start {quoted(ref)} one must have completed it already{by}"
            help_ = "ask for something that can be had before the module"
            yield subject.finding("CN105", ("modules", ref, "requires"), message, help_, key=True)


def _late(subject: Subject) -> frozenset[str]:
    """The modules that can not be started before they are completed."""
    document, outlook = subject.document, subject.outlook
    waiting = {
        ref
        for ref, (module, _) in document.modules.items()
        if module.requires is not None
        and outlook.need(module.requires, document.modules[ref][1]).possible
    }
    late = set()
    for ref in waiting:
        module, file = document.modules[ref]
        assert module.requires is not None
        if ref in outlook.need(module.requires, file).modules:
            late.add(ref)
    # Two modules may also wait for each other: start what can be started, until nothing is left.
    # Only by way of a credential, as a circle of prerequisites is refused when a file is loaded.
    if not _by_credentials(subject):
        return frozenset(late)
    waiting -= late
    while waiting:
        earlier = Outlook(document, frozenset(waiting))
        ready = set()
        for ref in waiting:
            module, file = document.modules[ref]
            assert module.requires is not None
            if earlier.need(module.requires, file).possible:
                ready.add(ref)
        if not ready:
            break
        waiting -= ready
    return frozenset(late | waiting)


def _by_credentials(subject: Subject) -> bool:
    """Whether any prerequisite may look at a credential."""
    for catalogue, site in subject.every_rule:
        if site.module is None:
            continue
        if isinstance(site.rule, CredentialRule | NamedRule):
            return True
        if any("credential" in catalogue.kinds(selector) for _, selector in selectors(site)):
            return True
    return False


def _credentials_named(subject: Subject, ref: str) -> list[str]:
    """The credentials that a module's prerequisite names, and that need the module themselves."""
    needs = subject.outlook.needs
    return [
        site.rule.credential
        for root in rule_roots(subject.file)
        if root.root == ("modules", ref, "requires")
        for site in walk(root)
        if isinstance(site.rule, CredentialRule)
        and site.rule.credential in needs
        and ref in needs[site.rule.credential].modules
    ]


RULES = (
    unreachable_credential,
    module_leads_nowhere,
    unused_group,
    unused_rule,
    late_prerequisite,
)
