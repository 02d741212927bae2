"""How rules and verdicts are shown: trees that name each rule, its evidence, what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast

from commands.errors import UnusableError
from commands.terminal import draw, lines, say, sign, text, tree
from pathways.compile import compiled
from pathways.document import CredentialRule, ModuleRule, RuleBase
from pathways.problems import nearest
from pathways.verdict import Outcome
from pathways.words import headline

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

    from pathways.awards import Assessment, Standing
    from pathways.document import Document, Record, Rule
    from pathways.verdict import Verdict

Parts = list[str | tuple[str, str]]


def title_of(document: Document, ref: str) -> str:
    """Call a module or credential by its title, and by the id that is typed."""
    for known in (document.credentials, document.modules):
        if ref in known and (title := known[ref][0].title):
            return f"{title} (`{ref}`)"
    return f"`{ref}`"


def words_of(rule: RuleBase) -> str:
    """Say a rule of a compiled tree in one line, its children left to the lines beneath."""
    return headline(cast("Rule", rule))


def rule_label(document: Document, rule: RuleBase) -> str:
    """Say a rule in one line: its title if it has one, and what it asks."""
    words = words_of(rule)
    if isinstance(rule, ModuleRule | CredentialRule):
        ref = rule.module if isinstance(rule, ModuleRule) else rule.credential
        words = title_of(document, ref) + words.removeprefix(f"`{ref}`")
    name = rule.title or (f"`{rule.id}`" if rule.id else "")
    return f"{name}: {words}" if name else words


def rules_of(document: Document, credential: str) -> Mapping[str, RuleBase]:
    """Return every rule of a credential by the path that verdicts and witnesses call it."""
    return {
        node.path: node.rule
        for tree_ in compiled(document).credentials[credential].trees
        for node in tree_.nodes
    }


def known_credential(document: Document, name: str) -> str:
    """Return the reference of a credential, or refuse it and name the nearest."""
    if name in document.credentials:
        return name
    raise UnusableError(
        f"`{document.main.pathway}` has no credential `{name}`", nearest(name, document.credentials)
    )


def percent(progress: Fraction | float) -> str:
    """Write progress rounded down: only what is met shows as 100%.

    >>> percent(Fraction(200, 201)), percent(Fraction(1))
    ('99%', '100%')
    """
    return f"{int(progress * 100)}%"


def item_names(record: Record) -> Mapping[str, str]:
    """Return what people call the items of a record: a completion by its module and day."""
    return {
        completed.id: f"{completed.module}@{completed.on}"
        for completed in record.completed
        if completed.id is not None and completed.on is not None
    }


@dataclass(frozen=True, slots=True)
class Drawing:
    """One credential's verdict as a tree; with `blocking`, only what stands in the way."""

    document: Document
    rules: Mapping[str, RuleBase]
    names: Mapping[str, str]
    blocking: bool = False

    def items(self, items: Iterable[str]) -> str:
        """List items of evidence."""
        return ", ".join(self.names.get(item, item) for item in items)

    def grow(self, branch: Tree, verdict: Verdict, *, within_met: bool = False) -> None:
        """Add a verdict, and all beneath it."""
        met = verdict.outcome is Outcome.MET
        if self.blocking and met:
            return
        words = rule_label(self.document, self.rules[verdict.path])
        if within_met and not verdict.evidence:
            branch.add(text((f"· {words}  not needed", "dim")))
            return
        parts: Parts = [sign(verdict.outcome.value), words]
        if met and not verdict.parts:
            parts.append((f"  ← {self.items(verdict.evidence or ())}", "dim"))
        elif verdict.missing is not None and not self._told_beneath(verdict):
            parts.append((f"  — {verdict.missing.text}", "yellow"))
        twig = branch.add(text(*parts))
        for part in verdict.parts:
            self.grow(twig, part, within_met=met)

    def _told_beneath(self, verdict: Verdict) -> bool:
        """Whether the lines beneath, or the rule's own words, say already what is missing."""
        if any(part.outcome is not Outcome.MET for part in verdict.parts):
            return True
        words = words_of(self.rules[verdict.path])
        return verdict.missing is not None and verdict.missing.text == words


def status_words(standing: Standing) -> str:
    """Say how a credential stands, with its days, its class, or how far it is."""
    held = standing.status == "held"
    words = standing.status
    if standing.awarded_on is not None:
        words += f" since {standing.awarded_on}" if held else f", awarded {standing.awarded_on}"
    if standing.expires_on is not None:
        words += f" until {standing.expires_on}"
    if standing.award_class is not None:
        words += f", {standing.award_class}"
    if standing.status == "in progress":
        words += f", {percent(standing.progress)}"
    return words


def standing_line(document: Document, standing: Standing) -> Text:
    """Say in one line which credential it is and how it stands."""
    title = (title_of(document, standing.credential), "bold")
    return text(sign(standing.status), title, f"  {status_words(standing)}")


def standing_tree(assessment: Assessment, credential: str, *, blocking: bool = False) -> Tree:
    """Draw a credential with its proof, or with what is missing."""
    document = assessment.document
    standing = assessment.standings[credential]
    drawn = tree(standing_line(document, standing))
    if standing.verdict is not None:
        rules, names = rules_of(document, credential), item_names(assessment.record)
        Drawing(document, rules, names, blocking).grow(drawn, standing.verdict)
    return drawn


def show_standing(assessment: Assessment, credential: str, *, blocking: bool = False) -> None:
    """Print a credential with its proof, or with what is missing."""
    draw(standing_tree(assessment, credential, blocking=blocking))
    if conflict := assessment.standings[credential].conflict:
        others = ", ".join(f"`{ref}`" for ref in conflict)
        say(f"It wants the same evidence as {others}; approving one of them decides.")


def show_assessment(assessment: Assessment) -> None:
    """Print how every credential of a pathway stands, bottom up, and what is missing."""
    document, main = assessment.document, assessment.document.main
    enrolled = assessment.record.enrolled
    since = "" if enrolled is None else f", enrolled {enrolled}"
    title = main.title or main.pathway
    say(f"{title} ({main.pathway} {main.version}) on {assessment.on}{since}")
    lines(
        (
            text(sign(standing.status), (title_of(document, standing.credential), "bold")),
            text(status_words(standing), (_missing(standing), "yellow")),
        )
        for standing in assessment.standings.values()
    )


def _missing(standing: Standing) -> str:
    verdict = standing.verdict
    if verdict is None or verdict.missing is None:
        return ""
    return f": {verdict.missing.text}"
