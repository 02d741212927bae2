"""How a rule stands, in words: outcome, progress, evidence, and what is missing.

Progress and shortfalls look at the parts of a rule one by one and at the amounts that no
selection can exceed. So they are cheap, they never fall when evidence is added, and what they
call missing is missing whatever else is done; that a rule is met is for `evaluate` to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pathways.compile import Bound, Node
from pathways.document import AmountRule, CredentialRule, ModuleRule, plain
from pathways.evaluate import Case, Light
from pathways.solver import UndecidedError
from pathways.tally import fitting, lacking, lifted, most, of_value
from pathways.verdict import Missing, Outcome, Use, Verdict, Witness
from pathways.words import amount_words, condition_words, rule_name, selector_words

#: The most progress that a rule shows which is not met: what is missing may not be an amount.
_ALMOST = Fraction(9_999, 10_000)

_ZERO = Decimal(0)


class Explanation:
    """One case put into words; `ahead` is the same case with what is in progress completed."""

    def __init__(self, case: Case, ahead: Case | None = None) -> None:
        """Explain a case."""
        self._case = case
        self._pool = case.pool
        self._ahead = ahead

    def outcome(self, day: date) -> Outcome:
        """How the whole rule stands on a day."""
        return self._outcome(self._case.tree.root, self._case.light(day), whole=True)

    def progress(self, day: date) -> Fraction:
        """How far the whole rule has come on a day: 1 exactly when it is met."""
        root, light = self._case.tree.root, self._case.light(day)
        if _stands(self._case, root, light, whole=True) is Outcome.MET:
            return Fraction(1)
        return min(self._progress(root, light), _ALMOST)

    def verdict(self, day: date, witness: Witness | None = None) -> Verdict:
        """The rule's verdict, part by part; evidence is that of the witness where one is given."""
        root, light = self._case.tree.root, self._case.light(day)
        if witness is not None:
            return self._verdict(root, light, Outcome.MET, witness.use, proved=True)
        outcome = self._outcome(root, light, whole=True)
        use = None
        if outcome is Outcome.MET:
            try:
                use = self._case.canonical(root, light)
            except UndecidedError:
                outcome = Outcome.UNDECIDED
        return self._verdict(root, light, outcome, use, proved=use is not None)

    def missing(self, day: date) -> Missing | None:
        """What is missing on a day, as the verdict says it, without the rest; None where met."""
        root, light = self._case.tree.root, self._case.light(day)
        return self._short(root, light, whole=True).missing

    def _short(self, node: Node, light: Light, *, whole: bool = False) -> Verdict:
        """A verdict without evidence and progress; nothing is said of the parts of what is met."""
        outcome = self._outcome(node, light, whole=whole)
        parts: tuple[Verdict, ...] = ()
        missing = None
        if outcome is not Outcome.MET:
            parts = tuple(self._short(child, light) for child in node.children)
            missing = self._missing(node, light, parts)
        return Verdict(
            path=node.path,
            id=node.rule.id,
            title=node.rule.title,
            operator=node.operator,
            outcome=outcome,
            progress=Fraction(0),
            evidence=None,
            missing=missing,
            parts=parts,
        )

    def _outcome(self, node: Node, light: Light, *, whole: bool = False) -> Outcome:
        now = _stands(self._case, node, light, whole=whole)
        if now is not Outcome.UNMET or self._ahead is None:
            return now
        later = _stands(self._ahead, node, self._ahead.light(light.day), whole=whole)
        return Outcome.PENDING if later is Outcome.MET else now

    def _verdict(
        self,
        node: Node,
        light: Light,
        outcome: Outcome,
        use: Use | None,
        *,
        proved: bool,
    ) -> Verdict:
        """`proved`: the whole rule, or a rule above, is met, and `use` is this one's part of it."""
        if not proved and outcome is Outcome.MET:
            use, proved = self._case.canonical(node, light), True
        evidence: tuple[str, ...] | None = None
        if outcome is Outcome.MET:
            evidence = () if use is None else self._pool.in_order(use.used())
        parts = []
        for place, child in enumerate(node.children):
            part = use.parts.get(place) if use is not None else None
            part_outcome = Outcome.MET if part is not None else self._outcome(child, light)
            parts.append(self._verdict(child, light, part_outcome, part, proved=proved))
        met = outcome is Outcome.MET
        return Verdict(
            path=node.path,
            id=node.rule.id,
            title=node.rule.title,
            operator=node.operator,
            outcome=outcome,
            progress=Fraction(1) if met else min(self._progress(node, light), _ALMOST),
            evidence=evidence,
            missing=None if met else self._missing(node, light, tuple(parts)),
            parts=tuple(parts),
        )

    # --- progress and what is missing ------------------------------------------------------------

    def _progress(self, node: Node, light: Light) -> Fraction:
        """A measure that never falls when evidence is added; parts are looked at by themselves."""
        if self._case.full_waivers(node, light.day):
            return Fraction(1)
        if node.leaf:
            return self._leaf_progress(node, light)
        shares = [
            (
                Fraction(1)
                if _stands(self._case, child, light) is Outcome.MET
                else min(self._progress(child, light), _ALMOST),
                Fraction(worth),
                required,
            )
            for child, worth, required in zip(
                node.children, node.worths, node.required, strict=True
            )
        ]
        reached = sum((share * worth for share, worth, required in shares if required), Fraction(0))
        asked = sum((worth for _, worth, required in shares if required), Fraction(0))
        room = max(Fraction(node.need) - asked, Fraction(0))
        whole = max(Fraction(node.need), asked)
        for share, worth, required in sorted(shares, key=lambda part: -part[0]):
            if not required:
                reached += share * min(worth, room)
                room -= min(worth, room)
        return reached / whole if whole else Fraction(1)

    def _leaf_progress(self, node: Node, light: Light) -> Fraction:
        shortfall = self._shortfall(node, light)
        if node.need == 0:
            return Fraction(0)
        return max(Fraction(0), 1 - Fraction(shortfall.most) / Fraction(node.need))

    def _shortfall(self, node: Node, light: Light) -> _Shortfall:
        pool, day = self._pool, light.day
        matching = of_value(pool, node, self._case.matching(node, light))
        _, waived = lifted(self._case.amount_waivers(node, light))
        reached = most(pool, matching, node.unit)
        capped: list[tuple[Bound, Decimal]] = []
        for bound in node.bounds:
            if bound.form == "at_most" and bound.unit == node.unit:
                inside = fitting(pool, bound, matching, day)
                over = most(pool, inside, bound.unit) - bound.amount
                if over > 0:
                    capped.append((bound, over))
                    rest = most(pool, matching & ~inside, node.unit)
                    reached = min(reached, rest + bound.amount)
        short = tuple(
            (bound, lack)
            for bound in node.bounds
            if (lack := lacking(pool, bound, matching, day)) > 0
        )
        return _Shortfall(max(node.need - waived, _ZERO), reached, short, tuple(capped), node.unit)

    def _missing(self, node: Node, light: Light, parts: tuple[Verdict, ...]) -> Missing:
        if node.leaf:
            return self._missing_evidence(node, light)
        unmet = [part for part in parts if part.outcome is not Outcome.MET]
        places = [place for place, part in enumerate(parts) if part.outcome is not Outcome.MET]
        data: dict[str, Any] = {"unmet": [part.path for part in unmet]}
        if node.operator in ("all", "in_order", "every", "rule"):
            if unmet:
                words = [part.missing.text for part in unmet if part.missing is not None]
                return Missing("; ".join(words), data)
        elif len(unmet) and not self._enough(node, parts):
            met = sum(
                (w for w, p in zip(node.worths, parts, strict=True) if p.outcome is Outcome.MET),
                Decimal(0),
            )
            short = node.need - met
            options = " or ".join(part.missing.text for part in unmet if part.missing is not None)
            if node.operator == "points":
                data["short"] = plain(max(short, Decimal(0)))
                missing = [
                    rule_name(node.children[place].rule) for place in places if node.required[place]
                ]
                data["required"] = missing
                text = f"{plain(max(short, Decimal(0)))} more points: {options}"
                return Missing(text, data)
            data["short"] = plain(short)
            if node.need == 1:
                return Missing(f"one of: {options}", data)
            return Missing(f"{plain(short)} more of: {options}", data)
        return self._conflict(node, data)

    def _enough(self, node: Node, parts: tuple[Verdict, ...]) -> bool:
        total = Decimal(0)
        for part, worth, required in zip(parts, node.worths, node.required, strict=True):
            if part.outcome is Outcome.MET:
                total += worth
            elif required:
                return False
        return total >= node.need

    def _conflict(self, node: Node, data: dict[str, Any]) -> Missing:
        """Each part is met by itself, but not all at once: say what ties them, and who competes."""
        wanted: dict[str, list[str]] = {}
        for child in node.children:
            name = rule_name(child.rule)
            for item in self._wanted(child, through=node.through):
                rules = wanted.setdefault(item, [])
                if name not in rules:
                    rules.append(name)
        rivals = {item: rules for item, rules in wanted.items() if len(rules) > 1}
        if node.sharing and rivals:
            data["wanted"] = rivals
            shown = [
                f"`{item}` is wanted by {' and '.join(rules)}"
                for item, rules in sorted(rivals.items())
            ]
            tail = "" if len(shown) <= 4 else f", and {len(shown) - 4} more"
            return Missing(
                "the parts are met one by one, but not by different evidence: "
                + ", ".join(shown[:4])
                + tail,
                data,
            )
        if node.ordered:
            text = "the parts are met, but not in this order: a later one predates an earlier one"
        elif node.window is not None:
            text = f"the parts are met, but not within {node.window}"
        elif node.together:
            text = "the parts are met, but there is no day on which all of it was usable"
        else:
            text = "the parts are met one by one, but not all at once"
        return Missing(text, data)

    def _wanted(self, node: Node, *, through: bool) -> set[str]:
        """The items that a rule might use; `through`: with those that awards have used."""
        items: set[str] = set()
        for option in self._pool.options:
            if option.bit & self._case.scope_of(node) and option.kind != "waiver":
                items.add(option.item)
                if through:
                    items.update(item for item, _ in option.used)
        return items

    def _missing_evidence(self, node: Node, light: Light) -> Missing:
        rule = node.rule
        if isinstance(rule, ModuleRule):
            marks = []
            if rule.min_score is not None:
                marks.append(f"with a score of {plain(rule.min_score)} or more")
            if rule.min_grade is not None:
                marks.append(f"with grade {rule.min_grade} or better")
            if rule.selector is not None:
                marks.append(condition_words(rule.selector))
            having = f" {' and '.join(marks)}" if marks else ""
            done = self._pool.serving_as(rule.module)
            stale = " (completed, but it does not serve here on this day)" if done else ""
            return Missing(f"`{rule.module}`{having}{stale}", {"module": rule.module})
        if isinstance(rule, CredentialRule):
            tail = f" for {rule.held_for}" if rule.held_for is not None else ""
            return Missing(
                f"`{rule.credential}` is not held{tail}", {"credential": rule.credential}
            )
        assert isinstance(rule, AmountRule)
        return self._shortfall(node, light).missing(rule, node)


def _stands(case: Case, node: Node, light: Light, *, whole: bool = False) -> Outcome:
    try:
        found = case.met_whole(light) if whole else case.reach(node, light)
    except UndecidedError:
        return Outcome.UNDECIDED
    return Outcome.UNMET if found is None else Outcome.MET


@dataclass(frozen=True, slots=True)
class _Shortfall:
    """What a selection reaches at most, and what each limit lacks, looked at one by one."""

    need: Decimal
    reached: Decimal
    short: tuple[tuple[Bound, Decimal], ...]
    capped: tuple[tuple[Bound, Decimal], ...]
    unit: str

    @property
    def most(self) -> Decimal:
        """The least amount that must still be added, as far as amounts tell."""
        lacks = [
            lack
            for bound, lack in self.short
            if bound.unit == self.unit and bound.form == "at_least"
        ]
        rest = max(self.need - self.reached, Decimal(0))
        other = Decimal(1) if len(lacks) < len(self.short) and self.need else Decimal(0)
        return max(rest, *lacks, min(other, self.need)) if lacks or other else rest

    def missing(self, rule: AmountRule, node: Node) -> Missing:
        """Say it in words and as data."""
        reached = min(self.reached, self.need)
        rest = max(self.need - self.reached, Decimal(0))
        source = selector_words(rule.selector)
        details: list[str] = []
        limits: list[dict[str, Any]] = []
        for bound, lack in self.short:
            if bound.form == "spread":
                details.append(f"{plain(lack)} more of different {_over_words(bound)}")
                limits.append({"spread": str(bound.limit.spread), "short": plain(lack)})
            else:
                assert bound.limit.of is not None
                details.append(f"{plain(lack)} {condition_words(bound.limit.of)}")
                limits.append({"at_least": str(bound.limit.at_least), "short": plain(lack)})
        data: dict[str, Any] = {
            "unit": node.unit,
            "needed": plain(self.need),
            "reached": plain(reached),
            "short": plain(max(rest, self.most)),
        }
        if limits:
            data["limits"] = limits
        have = f"{plain(reached)} of {amount_words(self.need, node.unit)}"  # type: ignore[arg-type]
        if rest > 0 or self.short:
            more = max(rest, self.most)
            text = f"{have}; {plain(more)} more from {source}"
            if details:
                text += f", of which {' and '.join(details)}"
        elif rule.average is not None or rule.sum is not None:
            what, number = (
                ("an average", rule.average) if rule.average is not None else ("a sum", rule.sum)
            )
            assert number is not None
            text = f"{have} from {source}, but no selection of them has {what} of {plain(number)}"
        else:
            text = f"{have} from {source}, but no selection of them is within every limit"
        for bound, over in self.capped:
            assert bound.limit.of is not None
            limit = f"{bound.limit.at_most} {condition_words(bound.limit.of)}"
            text += f" ({plain(over)} over the limit of {limit})"
        return Missing(text, data)


def _over_words(bound: Bound) -> str:
    over = bound.limit.over
    return over if isinstance(over, str) else "groups"
