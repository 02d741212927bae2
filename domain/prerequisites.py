"""Whether a learner may start a module: reported, never enforced.

A module's `requires` is a rule like a credential's, with awards as evidence. So it is evaluated as
the rule of one more credential that is in no published document.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from pathways.awards import assess
from pathways.document import Credential, Document, Pathway, Record
from pathways.verdict import Outcome, Verdict

#: No credential can have this id.
_PROBE = "~prerequisite"


def unmet_prerequisite(document: Document, record: Record, module: str, on: date) -> Verdict | None:
    """Return the verdict on a module's prerequisite where it is not met on a day, else None.

    The module is named as the document names it.
    """
    if document.modules[module][0].requires is None:
        return None
    verdict = assess(_probe(document.canonical, module), record, on).standings[_PROBE].verdict
    return None if verdict is None or verdict.outcome is Outcome.MET else verdict


@lru_cache(maxsize=256)
def _probe(canonical: str, module: str) -> Document:
    """The document with the credential that a module's prerequisite would be."""
    document = Document.from_canonical(canonical)
    model, place = document.modules[module]

    def with_probe(file: Pathway) -> Pathway:
        if file is not place:
            return file
        extended = {**file.credentials, _PROBE: Credential(requires=model.requires)}
        return file.model_copy(update={"credentials": extended})

    return Document(
        main=with_probe(document.main), used=tuple(with_probe(file) for file in document.used)
    )
