"""`cairn pathway diff`: what changed between two versions, in the designer's words."""

from __future__ import annotations

from pathlib import Path

import click

from commands.options import FILE, json_option
from commands.teaching import command
from commands.terminal import counted, draw, say, say_json, text

STYLES = {"loosens": "green", "tightens": "red", "shifts": "yellow", "neither": "dim"}
SIGNS = {"loosens": "+", "tightens": "-", "shifts": "~", "neither": "·"}


@command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@json_option
def diff(old: Path, new: Path, as_json: bool) -> None:
    """Say what changed between two versions, rule by rule.

    For each change it says what it does to the rule that it stands in: it loosens (+), tightens
    (-), does neither (·), or shifts (~) where some learners may gain and others lose. Rules are
    matched by their ids, so give the ones that matter an id.

    Example:
      cairn pathway diff office-skills-2026.yaml office-skills-2027.yaml
    """
    from pathways.diff import diff as compare
    from pathways.source import load_pathway

    changes = compare(load_pathway(old).document, load_pathway(new).document)
    if as_json:
        say_json(
            [
                {"place": change.place, "text": change.text, "effect": change.effect.value}
                for change in changes
            ]
        )
        return
    for change in changes:
        effect = change.effect.value
        draw(
            text(
                (f"{SIGNS[effect]} ", STYLES[effect]),
                f"{change.place}: {change.text}",
                (f"  ({effect})", STYLES[effect]),
            )
        )
    if not changes:
        say("nothing changed but, perhaps, the way it is written")
        return
    tally = dict.fromkeys(STYLES, 0)
    for change in changes:
        tally[change.effect.value] += 1
    said = ", ".join(f"{number} {effect}" for effect, number in tally.items() if number)
    say(f"{counted(len(changes), 'change')}: {said}")
