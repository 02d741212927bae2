"""CTDL in both directions: what its terms are called here, and the identifiers that Cairn gives.

The Credential Transparency Description Language draws a pathway as components with conditions.
It can say "two of these five" and "twenty credits of these", and not "nothing counts twice",
"within 18 months" or "of which ten at level six". `ctdl_writing` says in CTDL what is true in CTDL,
and the rest in Cairn's own terms; `ctdl_reading` reads both, and what others publish.
"""

from __future__ import annotations

import re
from uuid import NAMESPACE_URL, uuid5

from pathways.problems import CairnError

CONTEXT = "https://credreg.net/ctdl/schema/context/json"

#: The namespace of the terms that CTDL lacks; `docs/interchange.md` says what each means.
CAIRN = "urn:cairn:ctdl:"

#: Where what is published under a ctid can be looked up.
REGISTRY = "https://credentialengineregistry.org/resources/"

#: What Cairn's own terms are, for a reader of JSON-LD: data that is no graph.
EXTENSION = {
    "cairn": CAIRN,
    "cairn:keys": {"@type": "@json"},
    "cairn:rule": {"@type": "@json"},
    "cairn:uses": {"@type": "@json"},
}

#: Kinds of credential that CTDL has a class for; the first name of a class is the one read back.
KINDS = {
    "micro-credential": "MicroCredential",
    "microcredential": "MicroCredential",
    "certificate": "Certificate",
    "certification": "Certification",
    "diploma": "Diploma",
    "degree": "Degree",
    "associate degree": "AssociateDegree",
    "bachelor degree": "BachelorDegree",
    "master degree": "MasterDegree",
    "doctoral degree": "DoctoralDegree",
    "badge": "Badge",
    "digital badge": "DigitalBadge",
    "open badge": "OpenBadge",
    "licence": "License",
    "license": "License",
    "secondary school diploma": "SecondarySchoolDiploma",
    "apprenticeship certificate": "ApprenticeshipCertificate",
}

_NAMESPACE = uuid5(NAMESPACE_URL, CAIRN)
_CTID = re.compile(r"ce-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class CtdlError(CairnError):
    """A document that can not be read as CTDL; `help` says what would do."""

    def __init__(self, message: str, help_: str = "") -> None:
        super().__init__(message)
        self.help = help_


def ctid(*names: str) -> str:
    """Return the ctid of something that the designer gave none: the same names, the same ctid.

    >>> ctid("office-skills", "module", "sheets-1")
    'ce-18e4556a-f2a8-543f-893f-98cc2d515b49'
    """
    return f"ce-{uuid5(_NAMESPACE, '|'.join(names))}"


def is_ctid(text: str) -> bool:
    """Tell whether a text is `ce-` and a lower-case UUID.

    >>> is_ctid("ce-18e4556a-f2a8-543f-893f-98cc2d515b49"), is_ctid("CE-1")
    (True, False)
    """
    return _CTID.fullmatch(text) is not None


def local_name(term: str) -> str:
    """Return a term without its namespace; Cairn's own terms keep their prefix.

    >>> local_name("ceterms:hasPart"), local_name("https://purl.org/ctdl/terms/hasPart")
    ('hasPart', 'hasPart')
    >>> local_name("urn:cairn:ctdl:rule"), local_name("cairn:rule")
    ('cairn:rule', 'cairn:rule')
    """
    name = re.split(r"[:/#]", term)[-1]
    return f"cairn:{name}" if term.startswith((CAIRN, "cairn:")) else name


def plainly(kind: str) -> str:
    """Return the word for a kind of credential that its class is called after.

    >>> plainly("Micro Credential"), plainly("Certificate")
    ('micro credential', 'certificate')
    """
    return kind.strip().lower()
