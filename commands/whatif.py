"""`cairn whatif`: what would be otherwise; nothing is ever recorded by asking."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.errors import UnusableError
from commands.options import DAY, FILE, json_option
from commands.subjects import about, from_files, is_file
from commands.teaching import command
from commands.terminal import draw, say, say_json, sign, table, text
from commands.verdicts import percent, rule_label, rules_of, status_words, title_of

if TYPE_CHECKING:
    from rich.text import Text

    from domain.commands import LearnerCommand
    from domain.learner import Learner
    from domain.ledger import Ledger
    from pathways.document import Document
    from pathways.verdict import Verdict
    from pathways.whatif import Change, Effect, Pair, Scenario

_DONE = re.compile(r"([^@=]+)(?:@(\d{4}-\d{2}-\d{2}))?(?:=(.+))?")
_WAIVED = re.compile(r"([^=]+)(?:=(\d+(?:\.\d+)?))?")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")

TURNED = {
    "gained": ("+ ", "green"),
    "renewed": ("+ ", "green"),
    "awaiting": ("◐ ", "yellow"),
    "lost": ("- ", "red"),
    "lapsed": ("- ", "red"),
    "review": ("? ", "yellow"),
    "closer": ("↑ ", "cyan"),
    "further": ("↓ ", "yellow"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One scenario and what comes of it, in each pathway that it touches."""

    name: str
    effects: tuple[Effect, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the effects as data."""
        return {"scenario": self.name, "pathways": [each.to_json() for each in self.effects]}


@command()
@about
@click.option(
    "--complete",
    metavar="MODULE[@DATE][=SCORE]",
    multiple=True,
    help="As if it were completed; credits and hours that vary are said in a --scenario.",
)
@click.option("--start", metavar="MODULE", multiple=True, help="As if it were in progress.")
@click.option(
    "--without", metavar="MODULE", multiple=True, help="As if its completions were revoked."
)
@click.option(
    "--waive",
    metavar="RULE[=AMOUNT]",
    multiple=True,
    help="As if a rule, or an amount, were waived.",
)
@click.option("--enrol", metavar="PATHWAY[@VERSION]", multiple=True, help="As if enrolled.")
@click.option("--until", type=DAY, help="As if time had passed until a day, and nothing else.")
@click.option("--draft", type=FILE, help="As if these rules were the pathway's.")
@click.option("--scenario", type=FILE, help="All of this in a file.")
@click.option("--compare", type=FILE, multiple=True, help="Scenario files, side by side.")
@json_option
def whatif(
    who: str | None,
    pathway: str | None,
    record: Path | None,
    on: date,
    database: str,
    complete: tuple[str, ...],
    start: tuple[str, ...],
    without: tuple[str, ...],
    waive: tuple[str, ...],
    enrol: tuple[str, ...],
    until: date | None,
    draft: Path | None,
    scenario: Path | None,
    compare: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Show what would change, for a learner or a record in a file.

    Say what would be otherwise; changes can be combined. It shows the awards gained, lost, lapsed
    or sent to review, and how far each rule has come, before and after. With a LEARNER, a pathway
    FILE is a draft whose rules take the place of the published ones. Nothing is recorded.

    Example:
      cairn whatif s-1042 --complete pivot-tables=84 --waive electives=5
      cairn whatif s-1042 --without charts --on 2026-06-30
      cairn whatif s-1042 --compare fast.yaml --compare slow.yaml
    """
    if who is not None and pathway is not None and is_file(pathway) and draft is None:
        draft, pathway = Path(pathway), None
    asked = _scenario(scenario, complete, start, without, waive, enrol, until)
    scenarios = [asked] if asked is not None else []
    scenarios += [_named(path) for path in compare]
    if not scenarios and draft is None:
        raise click.UsageError(
            "say what would be otherwise: --complete, --start, --without, --waive, --enrol, "
            "--until, --draft, --scenario or --compare"
        )
    if not scenarios:
        scenarios = [_empty()]
    if who is None:
        answers = [_of_files(pathway, record, on, each, draft) for each in scenarios]
    else:
        if record is not None:
            raise click.UsageError("a LEARNER has a record already; leave --record out")
        answers = _of_learner(who, pathway, database, on, scenarios, draft)
    if as_json:
        said = [answer.to_json() for answer in answers]
        say_json(said if compare else said[0])
    elif compare:
        _show_side_by_side(answers)
    else:
        _show(answers[0])


# --- reading -------------------------------------------------------------------------------------


def _empty() -> Scenario:
    from pathways.whatif import Scenario

    return Scenario()


def _named(path: Path) -> Scenario:
    from pathways.whatif import load_scenario

    read = load_scenario(path)
    return read if read.name else read.model_copy(update={"name": path.stem})


def _scenario(
    file: Path | None,
    complete: tuple[str, ...],
    start: tuple[str, ...],
    without: tuple[str, ...],
    waive: tuple[str, ...],
    enrol: tuple[str, ...],
    until: date | None,
) -> Scenario | None:
    """Put the options together with a file; None where neither says anything."""
    from pathways.document import Started

    if file is None and not (complete or start or without or waive or enrol or until):
        return None
    base = _empty() if file is None else _named(file)
    return base.model_copy(
        update={
            "complete": (*base.complete, *(_completed(word) for word in complete)),
            "start": (*base.start, *(Started(module=word) for word in start)),
            "without": (*base.without, *without),
            "waive": (*base.waive, *(_waived(word) for word in waive)),
            "enrol": (*base.enrol, *enrol),
            "until": until or base.until,
        }
    )


def _completed(word: str) -> Any:
    from pathways.document import Completed

    match = _DONE.fullmatch(word)
    if match is None:
        raise click.UsageError(f"`{word}`: write it as MODULE, MODULE@2026-06-30 or MODULE=78")
    module, day, result = match.groups()
    number = result is not None and _NUMBER.fullmatch(result) is not None
    try:
        on = None if day is None else date.fromisoformat(day)
    except ValueError:
        raise click.UsageError(f"`{day}` is not a date; write it as 2026-06-30") from None
    score = Decimal(result) if number else None
    if score is not None and score > 100:
        raise click.UsageError(f"a score of {score} is above 100")
    return Completed(module=module, on=on, score=score, grade=None if number else result)


def _waived(word: str) -> Any:
    from pathways.document import Waived

    match = _WAIVED.fullmatch(word)
    if match is None:
        raise click.UsageError(f"`{word}`: write it as RULE or RULE=5")
    return Waived(rule=match[1], amount=None if match[2] is None else Decimal(match[2]))


# --- asking --------------------------------------------------------------------------------------


def _of_files(
    pathway: str | None, record: Path | None, on: date, scenario: Scenario, draft: Path | None
) -> Asked:
    from pathways.source import load_pathway
    from pathways.whatif import whatif as effect_of

    subject = from_files(pathway, record)
    if scenario.enrol:
        raise click.UsageError(
            "--enrol needs a LEARNER: a record in a file is enrolled in one pathway"
        )
    other = draft or (None if scenario.pathway is None else Path(scenario.pathway))
    rules = None if other is None else load_pathway(other).document
    _check(scenario, rules or subject.document)
    effect = effect_of(subject.document, subject.record, on, scenario, draft=rules)
    return Asked(scenario.name or "", (effect,))


def _check(scenario: Scenario, document: Document) -> None:
    """Refuse names that the rules do not know."""
    from pathways.problems import nearest
    from pathways.record import waivable

    known = {*document.modules}
    for module, _ in document.modules.values():
        known |= set(module.equivalents)
    named = [entry.module for entry in scenario.complete]
    for module_ in [*named, *(entry.module for entry in scenario.start)]:
        if module_ not in known:
            raise UnusableError(f"there is no module `{module_}`", nearest(module_, known))
    rules = waivable(document)
    for waived in scenario.waive:
        if waived.rule not in rules:
            raise UnusableError(
                f"no rule is called `{waived.rule}`",
                nearest(waived.rule, rules) or "a rule needs an `id` to be waived",
            )


def _of_learner(
    who: str,
    pathway: str | None,
    database: str,
    on: date,
    scenarios: list[Scenario],
    draft: Path | None,
) -> list[Asked]:
    from commands.books import opened

    with opened(database, asking=True) as ledger:
        learner = ledger.learner(ledger.directory.find(who))
        return [
            Asked(each.name or "", tuple(_effects(ledger, learner, pathway, on, each, draft)))
            for each in scenarios
        ]


def _effects(
    ledger: Ledger,
    learner: Learner,
    pathway: str | None,
    on: date,
    scenario: Scenario,
    draft: Path | None,
) -> list[Effect]:
    from domain.imagined import imagined
    from domain.names import relative
    from domain.policies import assessment_of
    from domain.records import record_of
    from domain.vocabulary import vocabulary
    from pathways.awards import assess
    from pathways.source import load_pathway
    from pathways.whatif import Effect, remarks_on

    day = scenario.day(on)
    after = imagined(ledger, learner, _commands(ledger, learner, scenario, on), day)
    other = draft or (None if scenario.pathway is None else Path(scenario.pathway))
    rules = None if other is None else load_pathway(other).document
    if pathway is not None:
        after.enrolment(pathway)
    doubted = [
        award
        for award in after.awards.values()
        if award.under_review
        and (award.id not in learner.awards or not learner.awards[award.id].under_review)
    ]
    effects = []
    for enrolment in after.current_enrolments:
        if pathway is not None and enrolment.pathway != pathway:
            continue
        earlier = learner.enrolments.get(enrolment.pathway)
        before = None
        if earlier is not None and earlier.withdrawn is None:
            volume = ledger.volume(earlier.pathway, earlier.version)
            before = assessment_of(learner, volume, earlier, on)
        if rules is not None and rules.main.pathway == enrolment.pathway:
            record = record_of(
                after,
                vocabulary(rules),
                pathway=enrolment.pathway,
                enrolled=enrolment.on,
                on=day,
            )
            assessment = assess(rules, record, day)
        else:
            volume = ledger.volume(enrolment.pathway, enrolment.version)
            assessment = assessment_of(after, volume, enrolment, day)
        reviewed = frozenset(
            relative(award.credential, assessment.document.main.home)
            for award in doubted
            if award.pathway == enrolment.pathway
        )
        remarks = remarks_on(assessment.document, scenario)
        effects.append(Effect(before, assessment, reviewed, remarks))
    if not effects:
        raise UnusableError("the learner follows no pathway", "say in which: --enrol PATHWAY")
    if rules is not None and all(e.after.document is not rules for e in effects):
        raise UnusableError(
            f"the learner does not follow `{rules.main.pathway}`, which the draft is of",
            f"add --enrol {rules.main.pathway}",
        )
    return effects


def _commands(
    ledger: Ledger, learner: Learner, scenario: Scenario, on: date
) -> list[LearnerCommand]:
    """Say a scenario as the commands that would make it true."""
    from commands.books import parted
    from domain.commands import (
        EnrolLearner,
        RecordCompletion,
        RevokeCompletion,
        StartModule,
        WaiveRequirement,
    )
    from domain.names import bare

    who = learner.id
    made: list[LearnerCommand] = []
    for word in scenario.enrol:
        name, version = parted(word)
        made.append(EnrolLearner(learner=who, pathway=name, version=version, on=on))
    for name in scenario.without:
        revoked = [
            completion.id
            for completion in learner.completions.values()
            if not completion.lost
            and name in (completion.id, completion.module, bare(completion.module))
        ]
        if not revoked:
            raise UnusableError(f"the learner has no completion of `{name}`")
        made += [RevokeCompletion(learner=who, completion=id_, on=on) for id_ in revoked]
    for entry in scenario.complete:
        made.append(
            RecordCompletion(
                learner=who,
                module=entry.module,
                score=entry.score,
                grade=entry.grade,
                credits=entry.credits,
                level=entry.level,
                hours=entry.hours,
                groups=entry.groups,
                expires=entry.expires,
                on=entry.on or on,
                source=entry.source,
                source_id=entry.id,
            )
        )
    for begun in scenario.start:
        made.append(
            StartModule(
                learner=who,
                module=begun.module,
                credits=begun.credits,
                hours=begun.hours,
                source=begun.source,
                on=begun.on or on,
            )
        )
    for waived in scenario.waive:
        for pathway in _knowing(ledger, learner, scenario, waived.rule):
            made.append(
                WaiveRequirement(
                    learner=who,
                    pathway=pathway,
                    rule=waived.rule,
                    amount=waived.amount,
                    id=waived.id,
                    on=waived.on or on,
                )
            )
    return made


def _knowing(ledger: Ledger, learner: Learner, scenario: Scenario, rule: str) -> list[str]:
    """The pathways that know a rule by a name, among those that the learner follows or would."""
    from commands.books import parted
    from pathways.problems import nearest

    followed = {each.pathway: each.version for each in learner.current_enrolments}
    for word in scenario.enrol:
        name, version = parted(word)
        followed.setdefault(name, version or ledger.publication(name).newest().version)
    known = {name: ledger.volume(name, version).words.rules for name, version in followed.items()}
    found = [name for name, rules in known.items() if rule in rules]
    if not found:
        names = sorted({each for rules in known.values() for each in rules})
        raise UnusableError(
            f"no rule is called `{rule}`",
            nearest(rule, names) or "a rule needs an `id` to be waived",
        )
    return found


# --- showing -------------------------------------------------------------------------------------


def _show(asked: Asked) -> None:
    for number, effect in enumerate(asked.effects):
        if number:
            say()
        _show_effect(effect)


def _show_effect(effect: Effect) -> None:
    document, main = effect.after.document, effect.after.document.main
    when = f"on {effect.after.on}"
    if effect.before is not None and effect.before.on != effect.after.on:
        when = f"from {effect.before.on} to {effect.after.on}"
    say(f"{main.title or main.pathway} ({main.pathway} {main.version}) {when}")
    for remark in effect.remarks:
        draw(text(("! ", "yellow"), remark))
    turned = [change for change in effect.changes if change.turn is not None]
    if not turned:
        say("nothing changes")
        return
    rows: list[tuple[Text, Text, Text]] = []
    for change in turned:
        assert change.turn is not None
        rows.append(
            (
                text(TURNED[change.turn], (title_of(document, change.credential), "bold")),
                _standing(change, after=False),
                _standing(change, after=True),
            )
        )
        rows += _rule_rows(effect, change)
    table(("", "before", "after"), rows)


def _standing(change: Change, *, after: bool) -> Text:
    standing = change.after if after else change.before
    if standing is None:
        return text("—")
    words = status_words(standing)
    if after and change.turn == "review":
        words += ", awaits review"
    return text(sign(standing.status), words)


def _rule_rows(effect: Effect, change: Change) -> list[tuple[Text, Text, Text]]:
    rules: dict[str, Any] = {}
    for assessment in (effect.before, effect.after):
        if assessment is not None and change.credential in assessment.document.credentials:
            found = rules_of(assessment.document, change.credential)
            rules |= {path: (assessment.document, rule) for path, rule in found.items()}
    rows = []
    for pair in change.rules:
        if pair.differs:
            document, rule = rules[pair.path]
            indent = "  " * (1 + _depth(pair))
            rows.append(
                (
                    text(indent + rule_label(document, rule)),
                    _outcome(pair.before),
                    _outcome(pair.after),
                )
            )
    return rows


def _depth(pair: Pair) -> int:
    return pair.path.count(".", len("requires"))


def _outcome(verdict: Verdict | None) -> Text:
    if verdict is None:
        return text("—")
    return text(sign(verdict.outcome.value), f"{verdict.outcome.value} {percent(verdict.progress)}")


def _show_side_by_side(answers: list[Asked]) -> None:
    """Print each credential as it stands now, and as it would in each scenario."""
    first = answers[0]
    for effect in first.effects:
        main = effect.after.document.main
        say(f"{main.title or main.pathway} ({main.pathway} {main.version})")
        columns = [
            {change.credential: change for change in other.changes}
            for answer in answers
            for other in answer.effects
            if other.after.document.main.pathway == main.pathway
        ]
        table(
            ("credential", "now", *(answer.name for answer in answers)),
            (
                (
                    title_of(effect.after.document, change.credential),
                    _standing(change, after=False),
                    *(
                        _standing(column[change.credential], after=True)
                        for column in columns
                        if change.credential in column
                    ),
                )
                for change in effect.changes
            ),
        )
    for answer in answers:
        for effect in answer.effects:
            gained = ", ".join(effect.turned("gained")) or "nothing"
            draw(text((f"{answer.name}: ", "bold"), f"gains {gained}"))
