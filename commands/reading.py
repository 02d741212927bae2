"""`cairn pathway show`: a pathway as a person reads it, rule by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from commands.terminal import draw, say, text, tree
from commands.verdicts import Parts, rule_label, title_of, words_of
from pathways.compile import Node, compiled
from pathways.document import AmountRule, PointsRule, plain
from pathways.methods import Method
from pathways.words import worth_words

if TYPE_CHECKING:
    from rich.tree import Tree

    from pathways.compile import Tree as RuleTree
    from pathways.document import Credential, Document


def show(document: Document, *, how: bool) -> None:
    """Print every credential's rules as a tree; with `how`, the method that decides each."""
    main = document.main
    say(f"{main.title or main.pathway} ({main.pathway} {main.version})")
    if main.issuer is not None:
        say(f"by {main.issuer.name}" + (f", {main.issuer.country}" if main.issuer.country else ""))
    used: set[Method] = set()
    for ref, earned in compiled(document).credentials.items():
        say()
        facts = ", ".join(_facts(earned.model))
        goal = "  ★ where this pathway leads" if ref in main.destination else ""
        drawn = tree(text((title_of(document, ref), "bold"), f"  {facts}", (goal, "green")))
        if earned.tree is not None:
            used |= _grow(drawn, document, earned.tree.root, how=how)
        for class_ in earned.classes:
            words = f"class {class_.name}"
            if class_.tree is None:
                drawn.add(text(f"{words}: whatever else"))
            else:
                used |= _grow(drawn, document, class_.tree.root, f"{words}: ", how=how)
        if earned.renewal is not None:
            used |= _grow(drawn, document, earned.renewal.root, "renewal: ", how=how)
        draw(drawn)
    if how:
        say()
        for method in Method:
            if method in used:
                say(f"[{method.value}] {method.why}.")


def _facts(credential: Credential) -> list[str]:
    """Say what is known of a credential beside its rule."""
    facts = [credential.kind] if credential.kind else []
    if credential.credits:
        facts.append(f"{plain(credential.credits)} credits")
    if credential.level is not None:
        facts.append(f"level {plain(credential.level)}")
    if credential.valid_for is not None:
        facts.append(f"valid for {credential.valid_for}")
    if credential.external:
        facts.append("awarded elsewhere")
    if credential.award == "approval":
        facts.append("needs approval")
    if credential.lasts == "while_met":
        facts.append("held while its rule is met")
    return facts


def _grow(
    branch: Tree, document: Document, node: Node, before: str = "", *, how: bool
) -> set[Method]:
    parts: Parts = [(before, "dim"), rule_label(document, node.rule)]
    method = node.method
    if how:
        parts.append((f"  [{method.value}]", "cyan"))
    twig = branch.add(text(*parts))
    used = {method}
    for place, child in enumerate(node.children):
        worth = ""
        if isinstance(node.rule, PointsRule):
            worth = f"{worth_words(node.rule.of[place])}: "
        used |= _grow(twig, document, child, worth, how=how)
    return used


def to_json(document: Document) -> dict[str, Any]:
    """Return what `show --json` prints."""
    main = document.main
    return {
        "pathway": main.pathway,
        "version": main.version,
        "title": main.title,
        "digest": document.digest,
        "destination": list(main.destination),
        "credentials": {
            ref: {
                "title": earned.model.title,
                "kind": earned.model.kind,
                "credits": float(earned.model.credits),
                "level": None if earned.model.level is None else float(earned.model.level),
                "external": earned.model.external,
                "rule": _tree_json(earned.tree),
                "renewal": _tree_json(earned.renewal),
                "classes": {class_.name: _tree_json(class_.tree) for class_ in earned.classes},
            }
            for ref, earned in compiled(document).credentials.items()
        },
    }


def _tree_json(rules: RuleTree | None) -> dict[str, Any] | None:
    return None if rules is None else _node_json(rules.root)


def _node_json(node: Node) -> dict[str, Any]:
    return {
        "path": node.path,
        "id": node.rule.id,
        "title": node.rule.title,
        "operator": node.operator,
        "words": words_of(node.rule),
        "amount": float(node.rule.amount) if isinstance(node.rule, AmountRule) else None,
        "method": node.method.value,
        "parts": [_node_json(child) for child in node.children],
    }
