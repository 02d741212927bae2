"""What a published document calls things: the names that can be recorded because of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from domain.errors import (
    AmbiguousNameError,
    InvalidError,
    UnknownCredentialError,
    UnknownModuleError,
    UnknownRuleError,
)
from domain.names import bare, qualified
from pathways.compile import compiled
from pathways.document import AmountRule, Document
from pathways.problems import nearest


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Full names of a document's modules (retired codes included) and credentials.

    `rules` are the ids of its rules that can be waived, each with whether an amount of it can be.
    """

    home: str
    modules: frozenset[str]
    credentials: frozenset[str]
    rules: Mapping[str, bool]

    def check_waiver(self, rule: str, *, amount: bool) -> None:
        """Raise `UnknownRuleError` where no such waiver could ever serve."""
        if rule not in self.rules:
            raise UnknownRuleError(
                f"no rule `{rule}` can be waived here",
                nearest(rule, self.rules) or "give the rule an `id` in the pathway",
            )
        if amount and not self.rules[rule]:
            raise UnknownRuleError(
                f"no amount of `{rule}` can be waived",
                "only `count`, `credits` and `hours` have one; waive the whole rule",
            )


def vocabulary(document: Document) -> Vocabulary:
    """Collect the names of a document."""
    home = document.main.home
    modules = {qualified(ref, home) for ref in document.modules}
    for module, _ in document.modules.values():
        modules.update(qualified(code, home) for code in module.equivalents)
    rules: dict[str, bool] = {}
    for earned in compiled(document).credentials.values():
        for tree in earned.trees:
            for node in tree.nodes:
                for name in node.names:
                    rules[name] = isinstance(node.rule, AmountRule)
    return Vocabulary(
        home=home,
        modules=frozenset(modules),
        credentials=frozenset(qualified(ref, home) for ref in document.credentials),
        rules=rules,
    )


def resolve_module(
    name: str, near: Iterable[Vocabulary], far: Callable[[], Iterable[Vocabulary]]
) -> str:
    """Return the full name of a module that somebody named, perhaps without its catalogue.

    What is `near` (the documents that a learner follows) goes before what is `far` (all that is
    published), which is only asked for where it is needed. A full name is taken as it is. Raises
    `UnknownModuleError`, or `AmbiguousNameError` which names the candidates.
    """
    if "/" in name:
        return _plausible(name)
    known: set[str] = set()
    for shelf in _nearest_first(near, far):
        modules = {module for words in shelf for module in words.modules}
        if found := sorted(module for module in modules if bare(module) == name):
            return _only(name, found, "modules")
        known |= modules
    raise UnknownModuleError(
        f"no published pathway knows a module `{name}`",
        nearest(name, {bare(module) for module in known}),
    )


def resolve_credential(
    name: str, near: Iterable[Vocabulary], far: Callable[[], Iterable[Vocabulary]]
) -> str:
    """Return the full name of a credential, like `resolve_module`.

    Raises `UnknownCredentialError` or `AmbiguousNameError`.
    """
    known: set[str] = set()
    for shelf in _nearest_first(near, far):
        credentials = {credential for words in shelf for credential in words.credentials}
        if name in credentials:
            return name
        if found := sorted(ref for ref in credentials if bare(ref) == name):
            return _only(name, found, "credentials")
        known |= credentials
    raise UnknownCredentialError(
        f"no published pathway knows a credential `{name}`",
        nearest(name, known | {bare(credential) for credential in known}),
    )


def _nearest_first(
    near: Iterable[Vocabulary], far: Callable[[], Iterable[Vocabulary]]
) -> Iterator[Iterable[Vocabulary]]:
    yield near
    yield far()


def _plausible(name: str) -> str:
    catalogue, _, rest = name.partition("/")
    if not catalogue or not rest or "/" in rest:
        raise InvalidError(f"`{name}` is not the name of a module", "write `catalogue/module`")
    return name


def _only(name: str, found: list[str], things: str) -> str:
    if len(found) > 1:
        raise AmbiguousNameError(
            f"there are several {things} `{name}`",
            "name one of " + ", ".join(f"`{candidate}`" for candidate in found),
        )
    return found[0]
