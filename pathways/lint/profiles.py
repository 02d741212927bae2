"""What a framework wants to be said of every micro-credential."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from pathways.document import Credential
from pathways.lint.base import Finding, Subject, rule
from pathways.words import joined, named, quoted

PROFILES = ("eu", "nz")

_MICRO = re.compile(r"micro[- ]?credential", re.IGNORECASE)


def _micro_credentials(subject: Subject) -> Iterator[tuple[str, Credential]]:
    """The credentials of the file whose kind is `micro-credential`, however it is spelt."""
    for ref, credential in subject.file.credentials.items():
        if credential.kind is not None and _MICRO.fullmatch(credential.kind):
            yield ref, credential


def _lacking(credential: Credential, keys: tuple[str, ...]) -> list[str]:
    """The keys of a credential that are left out, in backticks."""
    return [quoted(key) for key in keys if not getattr(credential, key)]


def _told(
    subject: Subject, code: str, ref: str, lacking: list[str], whom: str
) -> Iterator[Finding]:
    if lacking:
        message = f"{quoted(ref)} lacks {joined(lacking, 'and')}, which {whom} asks for"
        help_ = "add what is missing; what the issuer says stands at the top of the file"
        yield subject.finding(code, ("credentials", ref), message, help_, key=True)


@rule("CN501", "eu-elements", profile="eu")
def eu_elements(subject: Subject) -> Iterator[Finding]:
    """What the European approach wants described.

    Council Recommendation of 16 June 2022 on a European approach to micro-credentials for
    lifelong learning and employability (2022/C 243/02), Annex I, mandatory elements. The
    learner's identity and the date of issuing belong to each award, not to the file.
    """
    issuer = subject.file.issuer
    for ref, credential in _micro_credentials(subject):
        lacking = _lacking(credential, ("title",))
        if issuer is None or not issuer.country:
            lacking.append("the country of the `issuer`")
        if issuer is None:
            lacking.append("the `issuer`")
        lacking += _lacking(credential, ("outcomes",))
        if not credential.credits and not credential.hours:
            lacking.append("a workload (`credits` or `hours`)")
        if credential.level is None:
            lacking.append("`level`")
        lacking += _lacking(credential, ("assessment", "participation", "quality_assurance"))
        yield from _told(subject, "CN501", ref, lacking, "the European approach")


#: The most credits of a micro-credential in New Zealand.
NZ_CREDITS = Decimal(40)

_NZ_WORDS = (
    "new zealand",
    "national",
    "diploma",
    "degree",
    "bachelor",
    "master",
    "doctor",
    "under-graduate",
    "post-graduate",
)


_NZSCED_CODE = re.compile(r"(\d\d){1,3}", re.ASCII)


def _is_nzsced(scheme: str) -> bool:
    return scheme.strip().upper() == "NZSCED"


@rule("CN502", "nz-elements", profile="nz")
def nz_elements(subject: Subject) -> Iterator[Finding]:
    """What the New Zealand Qualifications Authority wants described.

    Qualification and Micro-credential Listing and Operational Rules 2022, rule 6: a title
    without words that are kept for qualifications, credit value and level, a statement of
    purpose and outcomes, the developer, the standards used, the NZSCED code, the review period.
    NZQA's guidance on micro-credentials bounds their size at 40 credits, and its Micro-credential
    Approval and Accreditation Rules 2022 look at the assessment. Standards are not asked for,
    because there may be none; where there are, `alignment` names them.
    """
    for ref, credential in _micro_credentials(subject):
        lacking = _lacking(credential, ("title", "credits"))
        if credential.level is None:
            lacking.append("`level`")
        if not credential.description:
            lacking.append("a purpose (`description`)")
        lacking += _lacking(credential, ("outcomes", "assessment"))
        if subject.file.issuer is None:
            lacking.append("its developer (`issuer`)")
        codes = [each.code for each in credential.classification if _is_nzsced(each.scheme)]
        if not codes:
            lacking.append("an NZSCED code (`classification`)")
        lacking += _lacking(credential, ("review_period",))
        yield from _told(subject, "CN502", ref, lacking, "NZQA")
        if credential.credits > NZ_CREDITS:
            message = f"{quoted(ref)} has more than {NZ_CREDITS} credits"
            help_ = "NZQA takes a micro-credential to be no larger"
            yield subject.finding("CN502", ("credentials", ref, "credits"), message, help_)
        if wrong := [code for code in codes if not _NZSCED_CODE.fullmatch(code)]:
            message = f"{quoted(ref)} has the NZSCED code {named(wrong, 'and')}"
            help_ = 'an NZSCED code has two, four or six digits, such as "080905"'
            where = ("credentials", ref, "classification")
            yield subject.finding("CN502", where, message, help_)
        title = (credential.title or "").lower()
        words = [word for word in _NZ_WORDS if re.search(rf"\b{word}", title)]
        if words:
            message = f"the title of {quoted(ref)} has {named(words, 'and')} in it"
            help_ = "NZQA keeps such words for qualifications"
            yield subject.finding("CN502", ("credentials", ref, "title"), message, help_)


RULES = (eu_elements, nz_elements)
