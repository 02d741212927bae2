"""Files that use each other become one self-contained document.

Every reference is rewritten as seen from the main file: bare within its catalogue, `catalogue/id`
for another one. Every bare id becomes a module or a credential.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from operator import is_not
from typing import Any, TypeVar

from pydantic import BaseModel

from pathways import document
from pathways.document import (
    CredentialRule,
    Document,
    IdRule,
    Kind,
    ModuleRule,
    NamedRule,
    Pathway,
    Selector,
)
from pathways.places import Positions, Source, Telling
from pathways.problems import Problem, nearest
from pathways.tree import Loc, Mapping

M = TypeVar("M", bound=document.Model)

#: Of how many unknown ids the nearest known one is looked for; it takes a while among thousands.
_HELPED = 20

#: Which fields hold references, and to what; a `code` is retired, and defined nowhere else.
_REFERENCES: dict[tuple[type[BaseModel], str], str] = {
    (ModuleRule, "module"): "module",
    (CredentialRule, "credential"): "credential",
    (Selector, "ids"): "id",
    (document.Module, "equivalents"): "code",
    (document.Module, "barred"): "module",
    (document.Exclusive, "credentials"): "credential",
    (Pathway, "destination"): "credential",
    (Pathway, "groups"): "id",
    (document.Completed, "module"): "completed",
    (document.Started, "module"): "completed",
    (document.Held, "credential"): "credential",
    (document.Substituted, "module"): "completed",
    (document.Substituted, "counts_as"): "module",
    (document.Example, "approved"): "credential",
    (document.Record, "approved"): "credential",
    **{(document.Expected, name): "credential" for name in document.Expected.model_fields},
}


def link(sources: tuple[Source, ...]) -> tuple[Document, tuple[Problem, ...]]:
    """Join the main file, which comes first, with those that it uses.

    Returns the document, and what is unknown in it or defined more than once. It is only good to
    use when there are no problems.
    """
    telling = Telling(Positions(sources))
    known = _defined(sources, telling)
    files = []
    for index, source in enumerate(sources):
        pathway = source.pathway
        rules = {*pathway.rules, *_lost(source, "rules")}
        linker = Linker(known, telling, index, pathway.home, frozenset(rules))
        files.append(linker.linked(pathway, ()))
    _agree(files, sources, telling)
    return Document(main=files[0], used=tuple(files[1:])), tuple(telling.problems)


def seen_from(ref: str, home: str, main: str) -> str:
    """Return a reference of a file in one catalogue as it is written in another.

    >>> seen_from("excel-1", "polytechnic", "da"), seen_from("da/x", "polytechnic", "da")
    ('polytechnic/excel-1', 'x')
    """
    catalogue, slash, name = ref.rpartition("/")
    if not slash:
        catalogue = home
    return name if catalogue == main else f"{catalogue}/{name}"


@dataclass(frozen=True, slots=True)
class Known:
    """What references may name, as seen from the main file."""

    main: str
    kinds: dict[str, Kind] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)  # a retired code, and the module it is
    lost: set[str] = field(default_factory=set)  # defined, but with a mistake that was told

    @classmethod
    def of(cls, linked: Document) -> Known:
        """Return what a linked document defines."""
        known = cls(linked.main.home)
        known.kinds.update(dict.fromkeys(linked.credentials, "credential"))
        for ref, (module, _) in linked.modules.items():
            known.kinds[ref] = "module"
            known.codes.update(dict.fromkeys(module.equivalents, ref))
        return known

    def named(self, kind: str) -> list[str]:
        """Return every reference that may stand where this kind is due."""
        refs = [ref for ref, is_ in self.kinds.items() if kind in ("id", is_)]
        if kind == "completed":
            refs = [*(ref for ref, is_ in self.kinds.items() if is_ == "module"), *self.codes]
        return refs


def _lost(source: Source, section: str) -> list[str]:
    node = source.tree.child(section)
    return list(node.lost) if isinstance(node, Mapping) else []


def _defined(sources: tuple[Source, ...], telling: Telling) -> Known:
    """Collect every definition; an id means one thing."""
    main = sources[0].pathway.home
    known = Known(main)
    first: dict[str, tuple[int, Loc]] = {}
    for index, source in enumerate(sources):
        home = source.pathway.home
        sections: tuple[tuple[str, Kind], ...] = (
            ("modules", "module"),
            ("credentials", "credential"),
        )
        for section, kind in sections:
            known.lost.update(seen_from(name, home, main) for name in _lost(source, section))
            names: dict[str, Any] = getattr(source.pathway, section)
            for name in names:
                ref, loc = seen_from(name, home, main), (section, name)
                if ref in first and (first[ref][0] == index or known.kinds[ref] != kind):
                    message = (
                        f"`{name}` is defined twice"
                        if known.kinds[ref] == kind
                        else f"`{name}` is a {known.kinds[ref]} already"
                    )
                    _twice(telling, index, loc, message, first[ref])
                first.setdefault(ref, (index, loc))
                known.kinds.setdefault(ref, kind)
    for index, source in enumerate(sources):
        home = source.pathway.home
        for name, module in source.pathway.modules.items():
            ref = seen_from(name, home, main)
            for at, code in enumerate(module.equivalents):
                place: Loc = ("modules", name, "equivalents", at)
                seen = seen_from(code, home, main)
                if seen in first and (seen in known.kinds or known.codes[seen] != ref):
                    message = (
                        f"`{code}` is a {known.kinds[seen]} of its own"
                        if seen in known.kinds
                        else f"`{code}` counts as two modules"
                    )
                    _twice(telling, index, place, message, first[seen], key=False)
                    continue
                first.setdefault(seen, (index, place))
                known.codes.setdefault(seen, ref)
    return known


def _twice(
    telling: Telling,
    index: int,
    loc: Loc,
    message: str,
    first: tuple[int, Loc],
    *,
    key: bool = True,
) -> None:
    other = telling.positions.place(*first, key=first[1][-2] != "equivalents")
    shown = telling.positions.text(first[0]).shown
    where = f"line {other.line}" if first[0] == index else f"{shown}:{other.line}:{other.column}"
    telling.tell(index, loc, message, f"the first is at {where}", key=key, found="")


def _agree(files: list[Pathway], sources: tuple[Source, ...], telling: Telling) -> None:
    """Files of one catalogue agree on what an id means, pass marks included."""
    meanings: dict[str, tuple[object, int, Loc]] = {}
    for index, file in enumerate(files):
        for section, name in (
            *(("modules", name) for name in sources[index].pathway.modules),
            *(("credentials", name) for name in sources[index].pathway.credentials),
        ):
            ref, loc = seen_from(name, file.home, files[0].home), (section, name)
            meaning: object = file.credentials.get(ref)
            if module := file.modules.get(ref):
                defaults = file.defaults
                meaning = (
                    module,
                    defaults.pass_score if module.pass_score is None else None,
                    defaults.pass_grade if module.pass_grade is None else None,
                )
            first = meanings.get(ref)
            if first and first[1] != index and first[2][0] == section and first[0] != meaning:
                message = f"`{loc[1]}` means something else in another file of its catalogue"
                _twice(telling, index, loc, message, first[1:])
            meanings.setdefault(ref, (meaning, index, loc))


@dataclass(slots=True)
class Linker:
    """Rewrites what one file, or a record, refers to; tells what is unknown."""

    known: Known
    telling: Telling
    index: int
    home: str
    rules: frozenset[str] = frozenset()
    #: Modules that the catalogue lacks, but that the record at hand counts as another one.
    foreign: frozenset[str] = frozenset()
    helped: int = 0

    def linked(self, value: M, loc: Loc) -> M:
        """Return the same part with every reference as seen from the main file."""
        result = self._walk(value, loc)
        assert isinstance(result, type(value))
        return result

    def _walk(self, value: Any, loc: Loc) -> Any:
        if isinstance(value, IdRule):
            return self._bare(value, loc)
        if isinstance(value, document.Record):
            seen = (
                seen_from(entry.module, self.home, self.known.main) for entry in value.substituted
            )
            self.foreign = frozenset(seen)
        if isinstance(value, document.Model):
            changes = {}
            for name, info in type(value).model_fields.items():
                old = getattr(value, name)
                if old is None or isinstance(old, bool | int | Decimal | date):
                    continue
                inner = (*loc, info.alias or name)
                kind = _REFERENCES.get((type(value), name))
                new = self._walk(old, inner) if kind is None else self._refs(old, kind, inner)
                if new is not old:
                    changes[name] = new
            if isinstance(value, NamedRule) and value.rule not in self.rules:
                self.telling.tell(
                    self.index,
                    (*loc, "rule"),
                    f"unknown rule `{value.rule}`",
                    nearest(value.rule, self.rules) or "there are no `rules:` in this file",
                    found="",
                )
            return value.model_copy(update=changes) if changes else value
        if isinstance(value, tuple):
            items = tuple(self._walk(item, (*loc, at)) for at, item in enumerate(value))
            return items if any(map(is_not, items, value)) else value
        if isinstance(value, dict):
            defines = loc in (("modules",), ("credentials",))
            return {
                seen_from(key, self.home, self.known.main) if defines else key: self._walk(
                    item, (*loc, key)
                )
                for key, item in value.items()
            }
        return value

    def _refs(self, value: Any, kind: str, loc: Loc) -> Any:
        if isinstance(value, str):
            return self._ref(value, kind, loc)
        if isinstance(value, dict) and loc[-1] == "classes":
            return {
                self._ref(ref, kind, (*loc, ref), key=True): word for ref, word in value.items()
            }
        if isinstance(value, dict):
            return {key: self._refs(refs, kind, (*loc, key)) for key, refs in value.items()}
        return tuple(self._ref(ref, kind, (*loc, at)) for at, ref in enumerate(value))

    def _bare(self, rule: IdRule, loc: Loc) -> ModuleRule | CredentialRule:
        ref = self._ref(rule.ref, "id", loc)
        if self.known.kinds.get(ref) == "credential":
            return CredentialRule(credential=ref)
        return ModuleRule(module=ref)

    def _nearest(self, written: str, kind: str, due: str) -> str:
        self.helped += 1
        if self.helped > _HELPED:
            return f"name a {due}, or a file that has it under `uses`"
        refs = (seen_from(other, self.known.main, self.home) for other in self.known.named(kind))
        return nearest(written, refs) or f"there is no {due} to name"

    def _ref(self, written: str, kind: str, loc: Loc, *, key: bool = False) -> str:
        known = self.known
        ref = seen_from(written, self.home, known.main)
        is_ = known.kinds.get(ref)
        if kind == "code" or ref in known.lost or (is_ is not None and kind in ("id", is_)):
            return ref
        if kind == "completed" and (is_ == "module" or ref in known.codes or ref in self.foreign):
            return ref
        due = {"id": "module or credential", "completed": "module"}.get(kind, kind)
        if is_ is not None:
            message = f"`{written}` is a {is_}; a {due} is due here"
            help_ = f"write `{{{is_}: {written}}}`" if loc[-1] == kind else f"name a {due}"
        elif ref in known.codes:
            module = seen_from(known.codes[ref], known.main, self.home)
            message, help_ = f"`{written}` is a retired code", f"name the module, `{module}`"
        else:
            message, help_ = f"unknown {due} `{written}`", self._nearest(written, kind, due)
        self.telling.tell(self.index, loc, message, help_, key=key, found="")
        return ref
