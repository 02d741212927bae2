"""The published documents, read from the ledger once and kept at hand.

Documents never change, so what was read is right for ever; which versions there are is asked anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from domain.errors import LedgerCorruptError
from domain.learner import Learner
from domain.publication import Edition, Publication
from domain.vocabulary import Vocabulary, resolve_credential, resolve_module, vocabulary
from pathways.document import Document

#: How many documents are kept at hand; one may take some megabytes.
_KEPT = 256


@dataclass(frozen=True, slots=True)
class Volume:
    """A published document, with its names."""

    edition: Edition
    document: Document
    words: Vocabulary


class Library:
    """Documents by pathway and version."""

    def __init__(self, load: Callable[[str], Publication], names: Callable[[], list[str]]) -> None:
        """Read publications with `load`, and the ids of all pathways with `names`."""
        self._load = load
        self._names = names
        self._volumes: dict[tuple[str, str], Volume] = {}

    def publication(self, pathway: str) -> Publication:
        """Return the versions of a pathway, none where it was never published."""
        return self._load(pathway)

    def volume(self, pathway: str, version: str) -> Volume:
        """Return a published version.

        Raises `UnknownPathwayError`, `UnknownVersionError`, or `LedgerCorruptError` where the
        document is not the one that was published.
        """
        known = self._volumes.get((pathway, version))
        if known is None:
            known = _open(self._load(pathway).edition(version))
            while len(self._volumes) >= _KEPT:
                self._volumes.pop(next(iter(self._volumes)))
            self._volumes[pathway, version] = known
        return known

    def everything(self) -> Iterable[Volume]:
        """Give every published version of every pathway, the newest of each first."""
        for pathway in self._names():
            for version in reversed(list(self._load(pathway).editions)):
                yield self.volume(pathway, version)


def _open(edition: Edition) -> Volume:
    digest = "sha256:" + hashlib.sha256(edition.document.encode()).hexdigest()
    if digest != edition.digest:
        raise LedgerCorruptError(
            f"the document of `{edition.pathway}` {edition.version} is not the one published",
            "restore the database from a backup",
        )
    document = Document.from_canonical(edition.document)
    return Volume(edition, document, vocabulary(document))


class Resolver:
    """Finds out which module or credential somebody means who leaves out the catalogue.

    What it has found it remembers, so one is made for each task.
    """

    def __init__(self, library: Library) -> None:
        """Look names up in a library."""
        self._library = library
        self._far: tuple[Vocabulary, ...] | None = None
        self._modules: dict[tuple[frozenset[tuple[str, str]], str], str] = {}

    def near(self, learner: Learner) -> list[Vocabulary]:
        """The names in the pathways that a learner follows."""
        return [
            self._library.volume(enrolment.pathway, enrolment.version).words
            for enrolment in learner.current_enrolments
        ]

    def far(self) -> tuple[Vocabulary, ...]:
        """The names in everything that is published."""
        if self._far is None:
            self._far = tuple(volume.words for volume in self._library.everything())
        return self._far

    def module(self, name: str, learner: Learner) -> str:
        """Return the full name of a module.

        Raises `UnknownModuleError`, or `AmbiguousNameError` which names the candidates.
        """
        follows = frozenset((e.pathway, e.version) for e in learner.current_enrolments)
        known = self._modules.get((follows, name))
        if known is None:
            known = resolve_module(name, self.near(learner), self.far)
            self._modules[follows, name] = known
        return known

    def credential(self, name: str, learner: Learner) -> str:
        """Return the full name of a credential.

        Raises `UnknownCredentialError`, or `AmbiguousNameError` which names the candidates.
        """
        return resolve_credential(name, self.near(learner), self.far)
