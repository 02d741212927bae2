"""From an award in the ledger to the bytes of its badge."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from commands import keyring
from commands.errors import UnusableError
from commands.options import now, today
from domain.commands import IssueBadge
from domain.events import BadgeIssued
from domain.places import Places
from domain.subjects import BadgeSubject, check_did
from interchange import badge as badges
from interchange import baking, drawing, jwt, proofs
from interchange.badge import Issued, Recipient

if TYPE_CHECKING:
    from typing import Literal

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from domain.learner import Award, Badge, Learner
    from domain.ledger import Ledger
    from interchange.did import Issuer


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key, and what it is called."""

    key: Ed25519PrivateKey
    method: str


@dataclass(frozen=True)
class Issuing:
    """Issues badges from a ledger, with the keys of a folder."""

    ledger: Ledger
    keys: Path
    by: str

    @cached_property
    def issuer(self) -> Issuer:
        """Who issues."""
        return keyring.read(self.keys)

    def signer(self, issued: Issued) -> Signer:
        """Return the key that a badge was issued with."""
        if issued.badge.issuer != self.issuer.did:
            raise UnusableError(
                f"the badge was issued by `{issued.badge.issuer}`,"
                f" and the keys are those of `{self.issuer.did}`",
                "say with --keys where that issuer's keys are",
            )
        method = issued.badge.method
        return Signer(keyring.private(self.keys, self.issuer, method), method)

    def issued(
        self, learner: str, name: str, identify: str | None = None, subject: str | None = None
    ) -> Issued:
        """Return an award in its badge; one that has none yet is issued now.

        So is one whose badge was signed with a key that was revoked since, or does not call the
        learner by the DID that is given as `subject`.

        Raises a `RefusedError` where the award can have none, and `UnusableError` where it was
        issued with another way to identify the recipient.
        """
        known = self.ledger.learner(learner)
        award = known.award(name)
        badge = known.badge(award)
        if badge is None or self._is_void(badge) or self._is_for_another(badge, subject):
            known = self._issue(known, award, identify, subject, badge)
            badge = known.badge(known.awards[award.id])
            assert badge is not None
        elif identify is not None and identify != badge.identity:
            how = f"by {badge.identity}" if badge.identity else "by an opaque id only"
            raise UnusableError(
                f"the badge was issued on {badge.created.date()}, and names the recipient {how}",
                "a badge that was issued stays as it is; leave --identify out",
            )
        return self._as_of(known, badge)

    def _is_void(self, badge: Badge) -> bool:
        return badge.issuer == self.issuer.did and bool(self.issuer.key(badge.method).revoked)

    def _is_for_another(self, badge: Badge, subject: str | None) -> bool:
        return subject is not None and self._did(badge) != subject

    def _did(self, badge: Badge) -> str:
        """The DID that a badge calls its learner by, empty where it has none, or none any more."""
        if badge.subject is None:
            return ""
        return self.ledger.subjects.of([badge.id]).get(badge.id, "")

    def _issue(
        self,
        known: Learner,
        award: Award,
        identify: str | None,
        subject: str | None,
        before: Badge | None,
    ) -> Learner:
        identity = self._identity(known.id, identify)
        did = subject
        if before is not None:
            # What is not said anew is as it was in the badge before, unless it is not known now.
            if identify is None and before.identity is not None:
                identity = before.identity if self._value(known.id, before.identity) else None
            did = self._did(before) or None if did is None else did
        if did is not None:
            check_did(did)
        # The key is looked at before anything is recorded: without it, nothing could be signed.
        keyring.private(self.keys, self.issuer, self.issuer.current.method)
        draft = IssueBadge(
            learner=known.id,
            award=award.id,
            badge=f"urn:uuid:{uuid4()}",
            created=now(),
            issuer=self.issuer.did,
            method=self.issuer.current.method,
            site=self.issuer.site,
            status_list=0,
            status_index=0,
            identity=identity,
            salt=secrets.token_urlsafe(16) if identity else "",
            subject="did" if did else None,
            replaces="" if before is None else before.id,
            on=today(),
            by=self.by,
        )
        self.ledger.preview(draft, on=today())
        place = Places(self.ledger.store).take()
        placed = _placed(draft, place.list, place.index)
        if did:
            # It is there before the event that tells of it, and does no harm without that.
            self.ledger.subjects.put(BadgeSubject(placed.badge, known.id, did))
        self.ledger.record(placed, on=today(), at=now())
        return self.ledger.learner(known.id)

    def _identity(self, learner: str, identify: str | None) -> Literal["email", "reference"] | None:
        if identify is None:
            return None
        kind: Literal["email", "reference"] = "email" if identify == "email" else "reference"
        if not self._value(learner, kind):
            raise UnusableError(
                f"the directory has no {identify} of the learner",
                "give it with `cairn learner register`",
            )
        return kind

    def _value(self, learner: str, kind: str) -> str:
        person = self.ledger.directory.people([learner]).get(learner)
        if person is None:
            return ""
        return person.email if kind == "email" else person.reference

    def _as_of(self, known: Learner, badge: Badge) -> Issued:
        """Return a badge with the learner as of the event that issued it."""
        number = next(
            recorded.number
            for recorded in self.ledger.history(known.id)
            if isinstance(recorded.event, BadgeIssued) and recorded.event.badge == badge.id
        )
        then = self.ledger.load(known.id, upto=number).learner
        award = then.awards[badge.award]
        recipient = None
        if badge.identity is not None and (value := self._value(known.id, badge.identity)):
            # Of somebody who was erased nothing is left to hash, and the badge goes without.
            recipient = Recipient(badge.identity, value)
        volume = self.ledger.volume(award.pathway, award.version)
        return Issued(then, badge, volume, recipient, self._did(badge))


def _placed(draft: IssueBadge, number: int, index: int) -> IssueBadge:
    from dataclasses import replace

    return replace(draft, status_list=number, status_index=index)


def signed(signer: Signer, issued: Issued) -> dict[str, Any]:
    """Return a badge as a document with its proof inside."""
    document = badges.credential(issued)
    return proofs.sign(document, signer.key, signer.method, issued.badge.created)


def written(signer: Signer, issued: Issued, form: str, image: Path | None = None) -> bytes:
    """Return the bytes of a badge: `json`, `jwt`, `png` or `svg`."""
    if image is not None and form not in ("png", "svg"):
        raise UnusableError("a picture is given, and no picture is asked for", "add --png or --svg")
    if form == "jwt":
        token = jwt.encoded(badges.credential(issued), signer.key, signer.method)
        return token.encode() + b"\n"
    document = signed(signer, issued)
    if form == "json":
        return as_bytes(document)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    picture = image.read_bytes() if image is not None else None
    if form == "png":
        return baking.bake_png(picture or drawing.png(face(issued)), text)
    return baking.bake_svg(picture or drawing.svg(face(issued)), text)


def as_bytes(document: Mapping[str, Any]) -> bytes:
    """Write a document as people read it."""
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def face(issued: Issued) -> drawing.Face:
    """Return what the picture of a badge shows."""
    from pathways.document import plain

    model, file = issued.volume.document.credentials[issued.ref]
    profile = badges.profile(issued.badge.issuer, file, issued.volume.document.main)
    return drawing.Face(
        id=issued.award.credential,
        title=badges.title(model, issued.ref),
        issuer=profile["name"],
        level="" if model.level is None else plain(model.level),
        stack=badges.stack(issued),
    )
