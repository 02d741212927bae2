"""Which rules a file's examples exercise: met, not met, and deciding what comes out.

A rule *decides* an example when the credential's rule would have come out the other way, had this
one rule come out the other way and all beside it as they did. The rules of renewals and classes
are seen only where they are met, by the witness that is kept of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from pathways import sites
from pathways.awards import Standing, assess
from pathways.document import (
    AnyRule,
    AtLeastRule,
    Document,
    EveryRule,
    Example,
    NamedRule,
    Pathway,
    PointsRule,
    Rule,
    RuleBase,
)
from pathways.sites import Loc, Site
from pathways.trial import Trial
from pathways.verdict import Outcome, Use, Verdict
from pathways.words import quoted, rule_name


@dataclass
class Covered:
    """How often the examples met a rule, missed it, and were decided by it.

    `name` is the rule in the designer's words, `loc` its place in the main file. `judged` tells
    that it belongs to what a credential requires, so that missing it shows.
    """

    loc: Loc
    name: str
    judged: bool = True
    met: int = 0
    missed: int = 0
    decided: int = 0

    @property
    def gaps(self) -> tuple[str, ...]:
        """What no example does, in words."""
        gaps = []
        if not self.met:
            gaps.append("no example meets it")
        if self.judged and not self.missed:
            gaps.append("no example misses it")
        if self.judged and self.met and self.missed and not self.decided:
            gaps.append("it never decides the outcome")
        return tuple(gaps)


@dataclass
class Coverage:
    """The coverage of every rule and class of the main file, by its place."""

    rules: dict[Loc, Covered] = field(default_factory=dict)

    @property
    def uncovered(self) -> tuple[Covered, ...]:
        """The rules with a gap, in file order."""
        return tuple(each for each in self.rules.values() if each.gaps)


def coverage(document: Document, tried: Iterable[Trial]) -> Coverage:
    """Tell what a file's examples exercise, from how they came out."""
    file = document.main
    found = Coverage(_all(file))
    for one in tried:
        for ref, standing in one.assessment.standings.items():
            if ref in file.credentials:
                _count(found, document, one.example, standing)
    return found


def _all(file: Pathway) -> dict[Loc, Covered]:
    """Every rule that awards hang on; a prerequisite is none."""
    judged = {
        site.rule.rule
        for site in sites.rules(file)
        if isinstance(site.rule, NamedRule) and site.root[2:] == ("requires",)
    }
    # What a judged rule names is judged, too.
    for _ in file.rules:
        for name in tuple(judged):
            root = Site(("rules", name), file.rules[name], ())
            judged |= {
                site.rule.rule for site in sites.walk(root) if isinstance(site.rule, NamedRule)
            }
    found = {}
    for site in sites.rules(file):
        if site.module is None:
            shown = site.root[2:] == ("requires",) or site.root[1] in judged
            found[site.loc] = Covered(site.loc, _name(site.rule), judged=shown)
    for ref, credential in file.credentials.items():
        for index, each in enumerate(credential.classes):
            loc: Loc = ("credentials", ref, "classes", index)
            # Whoever has a higher class, or the last one without a rule, has not missed it.
            shown = index < len(credential.classes) - 1
            found[loc] = Covered(loc, f"class {quoted(each.name)} of {quoted(ref)}", judged=shown)
    return found


def _name(rule: Rule) -> str:
    if isinstance(rule, RuleBase) and rule.id is not None:
        return quoted(rule.id)
    return rule_name(rule)


# --- counting ------------------------------------------------------------------------------------


def _count(found: Coverage, document: Document, example: Example, standing: Standing) -> None:
    file, ref = document.main, standing.credential
    credential = file.credentials[ref]
    place: Loc = ("credentials", ref)
    for verdict in _verdicts(document, example, standing):
        assert credential.requires is not None
        root = Site((*place, "requires"), credential.requires, ())
        for loc, met, decides in _judged(file, root, verdict, decides=True):
            found.rules[loc].met += met
            found.rules[loc].missed += not met
            found.rules[loc].decided += decides
    for award in standing.awards:
        for renewal in award.renewals:
            if renewal.witness is not None and credential.renewal is not None:
                root = Site((*place, "renewal", "requires"), credential.renewal.requires, ())
                _count_used(found, file, root, renewal.witness.use)
    if standing.awarded_on is not None and credential.classes:
        _count_class(found, file, standing)


def _verdicts(document: Document, example: Example, standing: Standing) -> Iterator[Verdict]:
    """The proof of an award that was made, and the verdict on the day where none is held."""
    if standing.verdict is None:
        return
    if standing.awarded_on is None:
        yield standing.verdict
        return
    if not standing.awards[-1].given:
        yield standing.verdict
    if standing.status != "held":
        verdict = _on_the_day(document, example, standing.credential)
        if verdict is not None:
            yield verdict


def _on_the_day(document: Document, example: Example, ref: str) -> Verdict | None:
    """How a credential's rule stands on the example's day, whatever was awarded before.

    Asked of a document in which the credential awaits an approval that nobody gives, so that
    there is no award whose proof would be shown instead.
    """
    main = document.main
    waiting = main.credentials[ref].model_copy(
        update={"award": "approval", "lasts": "once_earned", "valid_for": None, "renewal": None}
    )
    file = main.model_copy(update={"credentials": {**main.credentials, ref: waiting}})
    record = example.model_copy(
        update={
            "holds": tuple(held for held in example.holds if held.credential != ref),
            "approved": tuple(each for each in example.approved if each != ref),
        }
    )
    variant = Document.model_construct(main=file, used=document.used)
    return assess(variant, record, example.on).standings[ref].verdict


def _judged(
    file: Pathway, site: Site, verdict: Verdict, *, decides: bool
) -> Iterator[tuple[Loc, bool, bool]]:
    """Each rule, whether it is met, and whether the outermost one hangs on it."""
    yield site.loc, _met(verdict), decides
    for index, part in _parts(file, site):
        if index < len(verdict.parts):
            hangs = decides and _hangs_on(site.rule, verdict, index)
            yield from _judged(file, part, verdict.parts[index], decides=hangs)


def _parts(file: Pathway, site: Site) -> Iterator[tuple[int, Site]]:
    """The rules inside one that are written in the file, by their index."""
    if isinstance(site.rule, NamedRule):
        yield 0, Site(("rules", site.rule.rule), file.rules[site.rule.rule], ())
    elif not isinstance(site.rule, EveryRule):
        yield from enumerate(sites.parts(site))


def _met(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.MET


def _hangs_on(rule: Rule, verdict: Verdict, index: int) -> bool:
    """Whether a rule would have come out the other way had one of its parts."""
    outcomes = [_met(part) for part in verdict.parts]
    flipped = [met != (place == index) for place, met in enumerate(outcomes)]
    whole = _met(verdict)
    return _enough(rule, outcomes) == whole and _enough(rule, flipped) != whole


def _enough(rule: Rule, outcomes: list[bool]) -> bool:
    match rule:
        case AnyRule():
            return any(outcomes)
        case AtLeastRule():
            return sum(outcomes) >= rule.at_least
        case PointsRule():
            pairs = list(zip(rule.of, outcomes, strict=True))
            worth = sum((child.worth for child, met in pairs if met), Decimal(0))
            return worth >= rule.points and all(met or not child.required for child, met in pairs)
        case _:
            return all(outcomes)


def _count_used(found: Coverage, file: Pathway, site: Site, use: Use) -> None:
    """Count each rule by which a witness met another one."""
    covered = found.rules[site.loc]
    covered.met += 1
    for index, part in _parts(file, site):
        if index in use.parts:
            _count_used(found, file, part, use.parts[index])


def _count_class(found: Coverage, file: Pathway, standing: Standing) -> None:
    ref = standing.credential
    classes = file.credentials[ref].classes
    names = [each.name for each in classes]
    given = standing.award_class
    place = names.index(given) if given in names else len(names)
    for index, each in enumerate(classes):
        loc: Loc = ("credentials", ref, "classes", index)
        covered = found.rules[loc]
        covered.met += index == place
        covered.missed += index < place
        covered.decided += index == place
        witness = standing.awards[-1].class_witness
        if index == place and each.requires is not None and witness is not None:
            root = Site((*loc, "requires"), each.requires, ())
            _count_used(found, file, root, witness.use)
