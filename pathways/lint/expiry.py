"""Evidence that expires before all that is due with it can be done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pathways.catalogue import Match
from pathways.document import (
    AllRule,
    CredentialRule,
    EveryRule,
    InOrderRule,
    ModuleRule,
    NamedRule,
    Rule,
)
from pathways.lint.base import Finding, Subject, rule
from pathways.periods import Period
from pathways.sites import Loc
from pathways.words import counted, quoted

#: Nobody is taken to study for more hours than these.
HOURS_A_WEEK = 40


@rule("CN401", "expires-too-soon")
def expires_too_soon(subject: Subject) -> Iterator[Finding]:
    """A `valid_for` that is shorter than what else is due takes at full time.

    All evidence is usable on the day of the award, so what is done first must outlast the work
    on all the rest. The best order does first what lasts longest; where even that one fails,
    nobody succeeds at the first go.
    """
    told: set[Loc] = set()
    for ref, credential in subject.file.credentials.items():
        if credential.requires is None:
            continue
        pieces = sorted(_pieces(subject, credential.requires), key=_Piece.lasting, reverse=True)
        done: set[str] = set()
        for index, piece in enumerate(pieces):
            done |= piece.modules
            later = set().union(*(each.modules for each in pieces[index + 1 :])) - done
            hours = _hours(subject, later)
            if piece.valid_for is None or hours <= _available(piece.valid_for) or piece.loc in told:
                continue
            told.add(piece.loc)
            message = (
                f"{quoted(piece.ref)} is valid for {piece.valid_for}, and what else "
                f"{quoted(ref)} asks for takes {counted(hours, 'hour')}"
            )
            help_ = f"that is more than {HOURS_A_WEEK} hours in every week until it expires"
            yield subject.finding("CN401", piece.loc, message, help_)


@dataclass(frozen=True)
class _Piece:
    """Something that a credential surely needs: how long it lasts, and the modules behind it."""

    ref: str
    valid_for: Period | None
    modules: frozenset[str]
    loc: Loc

    def lasting(self) -> Decimal:
        """How long it lasts, in days, or for ever."""
        return Decimal("Infinity") if self.valid_for is None else _days(self.valid_for)


def _pieces(subject: Subject, rule: Rule) -> Iterator[_Piece]:
    """The modules and credentials that a rule asks for whatever else is chosen."""
    match rule:
        case AllRule() | InOrderRule():
            for child in rule.children:
                yield from _pieces(subject, child)
        case NamedRule():
            yield from _pieces(subject, subject.file.rules[rule.rule])
        case ModuleRule():
            yield _piece(subject, rule.module)
        case CredentialRule() if not rule.even_if_expired:
            yield _piece(subject, rule.credential)
        case EveryRule():
            for ref in sorted(subject.catalogue.matching(rule.every, least=Match.YES)):
                yield _piece(subject, ref)
        case _:
            return


def _piece(subject: Subject, ref: str) -> _Piece:
    if ref in subject.document.modules:
        module, file = subject.document.modules[ref]
        valid_for, place = module.valid_for, "modules"
        modules = frozenset({ref})
    else:
        credential, file = subject.document.credentials[ref]
        # A credential that can be renewed need not expire.
        valid_for = None if credential.renewal is not None else credential.valid_for
        place = "credentials"
        modules = subject.outlook.needing(ref)
    here = file is subject.file
    return _Piece(ref, valid_for if here else None, modules, (place, ref, "valid_for"))


def _hours(subject: Subject, refs: set[str]) -> Decimal:
    hours = (subject.document.modules[ref][0].hours for ref in refs)
    return sum((each for each in hours if isinstance(each, Decimal)), Decimal(0))


def _days(period: Period) -> Decimal:
    return Decimal(period.months * 31 + period.days)


def _available(period: Period) -> Decimal:
    return _days(period) / 7 * HOURS_A_WEEK


RULES = (expires_too_soon,)
