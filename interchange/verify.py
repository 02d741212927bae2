"""Is a credential genuine, well-formed, in force, not revoked, and by whom it says?

Each question is asked apart, and answered with `holds`, `fails` or `unknown`; a credential is
valid when all of them hold. What can not be found out is not taken for granted: a revoked badge
whose status nobody can read is unknown, never valid. Nothing is fetched here: `fetch` is asked for
the DID documents and status lists that are needed, and may refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

from interchange import baking, contexts, did, jwt, proofs, revocations, status
from interchange.documents import DocumentError, parsed
from interchange.proofs import ProofError, Resolve
from pathways.problems import CairnError

Outcome = Literal["holds", "fails", "unknown"]
Kind = Literal["json", "token", "png", "svg"]

#: Returns the bytes of the document at an address. Raises `UnreachableError` where they may or
#: can not be had.
Fetch = Callable[[str], bytes]

#: So many credentials inside one another are looked at.
_MOST_INSIDE = 200
_DEEPEST = 3


class UnreachableError(CairnError):
    """An address that may not be followed, or that does not answer."""

    def __init__(self, message: str, help: str = "") -> None:
        """Keep what is wrong, and what would do."""
        super().__init__(message)
        self.help = help


def nowhere(address: str) -> bytes:
    """Fetch nothing. Raises `UnreachableError`."""
    raise UnreachableError(
        f"`{address[:200]}` was not followed", "allow its host with --allow, or give --with FILE"
    )


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer, with what would do where it does not hold."""

    name: str
    outcome: Outcome
    words: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found out about a credential, and about those inside it."""

    credential: Mapping[str, Any]
    kind: Kind
    checks: tuple[Check, ...]
    inside: tuple[Report, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether all holds, also of what is inside."""
        return all(check.outcome == "holds" for check in self.checks) and all(
            report.valid for report in self.inside
        )

    @property
    def failed(self) -> bool:
        """Whether something is wrong, rather than not known."""
        return any(check.outcome == "fails" for check in self.checks) or any(
            report.failed for report in self.inside
        )


@dataclass(frozen=True)
class Verifier:
    """Looks at credentials at a moment. `known` are issuers whose keys are at hand.

    With an `issuer`, only what that one issued is accepted.
    """

    moment: datetime
    fetch: Fetch = nowhere
    known: tuple[did.Issuer, ...] = ()
    issuer: str = ""
    # Lists that were fetched: those whose proof held, and those that have none.
    _lists: dict[str, Any] = field(default_factory=dict, repr=False)
    _plain: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def resolve(self) -> Resolve:
        """Find the key of a verification method."""
        return did.resolver(lambda address: parsed(self.fetch(address)), self.known)

    def look(self, data: bytes) -> Report:
        """Look at a file: a document, a token, or a picture that has one of them in it.

        Raises a `CairnError` where there is no credential in it.
        """
        kind, text = opened(data)
        if jwt.is_token(text):
            return self._token(text, kind, 0)
        return self._document(parsed(text), kind, 0)

    def _token(self, text: str, kind: Kind, depth: int) -> Report:
        try:
            credential, proved = jwt.verified(text, self.resolve)
        except CairnError as error:
            _, credential = jwt.unverified(text)
            return self._report(credential, kind, depth, (_failed("proof", error),))
        checks = (
            Check("proof", "holds", f"signed by `{proved.verification_method}`"),
            self._issuer(credential, proved.verification_method),
        )
        return self._report(credential, kind, depth, checks)

    def _document(self, document: dict[str, Any], kind: Kind, depth: int) -> Report:
        try:
            proved = proofs.verify(document, self.resolve)
        except CairnError as error:
            return self._report(document, kind, depth, (_failed("proof", error),))
        made = f" on {proved.created}" if proved.created else ""
        checks = [
            Check("proof", "holds", f"signed by `{proved.verification_method}`{made}"),
            self._issuer(document, proved.verification_method),
        ]
        if proved.created:
            checks += self._not_later("proof date", proved.created)
        return self._report(document, kind, depth, tuple(checks))

    def _report(
        self, credential: dict[str, Any], kind: Kind, depth: int, first: tuple[Check, ...]
    ) -> Report:
        checks = (
            *first,
            *self._schema(credential),
            *self._dates(credential),
            *self._status(credential),
        )
        return Report(credential, kind, checks, tuple(self._inside(credential, kind, depth)))

    def _inside(self, credential: dict[str, Any], kind: Kind, depth: int) -> Iterator[Report]:
        subject = credential.get("credentialSubject")
        if not isinstance(subject, dict):
            return
        found = subject.get("verifiableCredential", [])
        found = found if isinstance(found, list) else [found]
        if found and (depth >= _DEEPEST or len(found) > _MOST_INSIDE):
            raise DocumentError(f"more than {_MOST_INSIDE} credentials are inside one another")
        for one in found:
            if isinstance(one, str) and jwt.is_token(one):
                yield self._token(one, kind, depth + 1)
            elif isinstance(one, dict):
                whole = (
                    one if "@context" in one else {"@context": credential.get("@context"), **one}
                )
                yield self._document(whole, kind, depth + 1)
            else:
                # A proof of the whole may hold all the same: JSON-LD passes over a null.
                none = Check("proof", "fails", "this is no credential, though it is among them")
                yield Report({}, kind, (none,))

    # --- one question each -----------------------------------------------------------------------

    def _issuer(self, credential: Mapping[str, Any], method: str) -> Check:
        said, signed = issuer_of(credential), did.issuer_of(method)
        if said != signed:
            return Check("issuer", "fails", f"says that `{said}` issued it, and `{signed}` signed")
        if self.issuer and said != self.issuer:
            return Check("issuer", "fails", f"is by `{said}`, not by `{self.issuer}`")
        name = _name(credential.get("issuer"))
        return Check("issuer", "holds", f"{name} (`{said}`)" if name else f"`{said}`")

    def _schema(self, credential: Mapping[str, Any]) -> Iterator[Check]:
        types = _list(credential.get("type"))
        if {"OpenBadgeCredential", "AchievementCredential"} & set(map(str, types)):
            name, schema = "Open Badges 3.0", contexts.ACHIEVEMENT_SCHEMA
        elif "ClrCredential" in types:
            name, schema = "CLR 2.0", contexts.CLR_SCHEMA
        else:
            return
        from jsonschema.exceptions import best_match

        error = best_match(contexts.validator(schema).iter_errors(credential))
        if error is None:
            yield Check("schema", "holds", f"is as {name} has it")
        else:
            place = "/".join(str(step) for step in error.absolute_path) or "the whole"
            yield Check("schema", "fails", f"is not as {name} has it, at `{place}`: {_cut(error)}")

    def _dates(self, credential: Mapping[str, Any]) -> Iterator[Check]:
        from_, until = credential.get("validFrom"), credential.get("validUntil")
        try:
            begins = _moment(from_) if from_ is not None else None
            ends = _moment(until) if until is not None else None
        except (ValueError, TypeError):
            yield Check("dates", "fails", "the dates can not be read")
            return
        if begins is not None and self.moment < begins:
            yield Check("dates", "fails", f"is not valid before {from_}")
        elif ends is not None and self.moment > ends:
            yield Check("dates", "fails", f"has expired: it was valid until {until}")
        else:
            words = f"valid from {from_}" if from_ else "no day on which it begins"
            yield Check("dates", "holds", words + (f" until {until}" if until else ""))

    def _not_later(self, name: str, text: str) -> Iterator[Check]:
        try:
            if _moment(text) > self.moment:
                yield Check(name, "fails", f"the proof is of {text}, which is yet to come")
        except (ValueError, TypeError):
            yield Check(name, "fails", "the date of the proof can not be read")

    def _status(self, credential: Mapping[str, Any]) -> Iterator[Check]:
        entries = _list(credential.get("credentialStatus"))
        if len(entries) > 4:
            yield Check("status", "fails", "has more than four kinds of status")
            return
        for entry in entries:
            kind = entry.get("type") if isinstance(entry, Mapping) else entry
            if kind == status.ENTRY:
                yield self._one_status(credential, entry)
            elif kind == revocations.ENTRY:
                yield self._revocation(credential, entry)
            else:
                yield Check("status", "unknown", f"a status of the kind `{kind}` can not be read")

    def _one_status(self, credential: Mapping[str, Any], entry: Mapping[str, Any]) -> Check:
        where = str(entry.get("statusListCredential", ""))
        purpose = str(entry.get("statusPurpose", "status"))
        try:
            listed = self._list_at(where)
            if issuer_of(listed) != issuer_of(credential):
                return Check("status", "fails", f"the list at `{where}` is of another issuer")
            if status.is_set(listed, entry):
                verb = "revoked" if purpose == status.REVOCATION else f"set for {purpose}"
                return Check("status", "fails", f"was {verb}, says `{where}`")
        except UnreachableError as error:
            return Check("status", "unknown", str(error), error.help)
        except CairnError as error:
            return Check("status", "fails", f"the list at `{where}`: {error}")
        return Check("status", "holds", f"not set for {purpose}, says `{where}`")

    def _revocation(self, credential: Mapping[str, Any], entry: Mapping[str, Any]) -> Check:
        where, id_ = str(entry.get("id", "")), credential.get("id")
        if not isinstance(id_, str):
            return Check("status", "unknown", "has no id by which a list could say it was revoked")
        try:
            if where not in self._plain:
                self._plain[where] = parsed(self.fetch(where))
            why = revocations.reason(self._plain[where], where, issuer_of(credential), id_)
        except UnreachableError as error:
            return Check("status", "unknown", str(error), error.help)
        except CairnError as error:
            return Check("status", "fails", f"the list at `{where}`: {error}")
        if why is None:
            return Check("status", "holds", f"not revoked, says `{where}`")
        return Check("status", "fails", f"was revoked{why and f' ({why})'}, says `{where}`")

    def _list_at(self, where: str) -> dict[str, Any]:
        """Return a status list whose own proof and dates hold. Raises a `CairnError`."""
        if where not in self._lists:
            self._lists[where] = self._checked_list(where)
        found: dict[str, Any] = self._lists[where]
        return found

    def _checked_list(self, where: str) -> dict[str, Any]:
        data = self.fetch(where)
        text = data.decode("utf-8", errors="replace").strip()
        if jwt.is_token(text):
            listed, proved = jwt.verified(text, self.resolve)
        else:
            listed = parsed(data)
            proved = proofs.verify(listed, self.resolve)
        if did.issuer_of(proved.verification_method) != issuer_of(listed):
            raise ProofError("it is signed by somebody else than its issuer")
        for check in self._dates(listed):
            if check.outcome != "holds":
                raise ProofError(f"it {check.words}")
        return listed


def opened(data: bytes) -> tuple[Kind, str]:
    """Return what kind of file this is, and the credential in it. Raises a `CairnError`."""
    if data.startswith(baking.PNG):
        return "png", baking.unbake_png(data)
    begin = data[:4096].decode("utf-8-sig", errors="replace").lstrip()
    if begin.startswith("%PDF") or begin.lower().startswith(("<!doctype html", "<html")):
        raise DocumentError(
            "this page is for people, and whoever has it can change what it shows:"
            " save and verify the credential in it"
        )
    if begin.startswith("<"):
        return "svg", baking.unbake_svg(data)
    if begin.startswith(("{", "[")):
        try:
            return "json", data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise DocumentError("the document is not in UTF-8") from error
    text = data.decode("ascii", errors="replace").strip()
    if jwt.is_token(text):
        return "token", text
    raise DocumentError("this is no credential: neither JSON, nor a token, nor a PNG or SVG")


def issuer_of(credential: Mapping[str, Any]) -> str:
    """Return the id of who issued a credential, empty where it names nobody."""
    issuer = credential.get("issuer")
    found = issuer.get("id") if isinstance(issuer, Mapping) else issuer
    return found if isinstance(found, str) else ""


def _failed(name: str, error: CairnError) -> Check:
    outcome: Outcome = "unknown" if isinstance(error, UnreachableError) else "fails"
    return Check(name, outcome, str(error), str(getattr(error, "help", "")))


def _moment(text: object) -> datetime:
    found = datetime.fromisoformat(str(text))
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _name(issuer: object) -> str:
    name = issuer.get("name") if isinstance(issuer, Mapping) else None
    return name if isinstance(name, str) else ""


def _cut(error: Exception) -> str:
    words = str(getattr(error, "message", error))
    return words if len(words) <= 160 else words[:157] + "..."
