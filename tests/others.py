"""Issuers elsewhere: badges, portfolios and lists as other systems sign and publish them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from interchange import contexts, proofs, revocations, status
from interchange.multibase import public_key_text

MOMENT = datetime(2025, 9, 1, 8, 0, tzinfo=UTC)
CONTEXT = [contexts.CREDENTIALS, contexts.OPEN_BADGES, contexts.OPEN_BADGES_EXTENSIONS]


@dataclass(frozen=True)
class Elsewhere:
    """An issuer that is its own key; `seed` tells one from another."""

    seed: int = 1
    site: str = "https://elsewhere.example/"
    key: Ed25519PrivateKey = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "key", Ed25519PrivateKey.from_private_bytes(bytes([self.seed]) * 32)
        )

    @property
    def did(self) -> str:
        return "did:key:" + public_key_text(self.key.public_key().public_bytes_raw())

    @property
    def method(self) -> str:
        return f"{self.did}#{self.did.removeprefix('did:key:')}"

    def signed(self, document: dict[str, Any], moment: datetime = MOMENT) -> dict[str, Any]:
        bare = {name: value for name, value in document.items() if name != "proof"}
        return proofs.sign(bare, self.key, self.method, moment)

    def bare_badge(self, name: str = "excel", learner: str = "urn:x:s-2") -> dict[str, Any]:
        """A badge that is yet to be signed."""
        achievement = f"{self.site}achievements/{name}"
        return {
            "@context": CONTEXT,
            "id": f"{self.site}badges/{name}",
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": name,
            "issuer": {"id": self.did, "type": ["Profile"], "name": "Elsewhere"},
            "validFrom": "2025-09-01T00:00:00Z",
            "credentialSubject": {
                "id": learner,
                "type": ["AchievementSubject"],
                "achievement": {
                    "id": achievement,
                    "type": ["Achievement"],
                    "name": name,
                    "description": f"Knows {name}.",
                    "criteria": {"narrative": "A test."},
                },
            },
        }

    def badge(self, name: str = "excel", **more: Any) -> dict[str, Any]:
        return self.signed(self.bare_badge(name) | more)

    @property
    def revocations_at(self) -> str:
        return f"{self.site}revocations.json"

    def with_revocations(self, name: str = "excel", **more: Any) -> dict[str, Any]:
        """A badge whose status is in a 1EdTech revocation list."""
        entry = {"id": self.revocations_at, "type": revocations.ENTRY}
        return self.badge(name, credentialStatus=entry, **more)

    def revocation_list(self, *entries: Any, **more: Any) -> dict[str, Any]:
        listed = {
            "id": self.revocations_at,
            "issuer": self.did,
            "revokedCredential": list(entries),
        }
        return listed | more

    def with_status(self, name: str, index: int, **more: Any) -> dict[str, Any]:
        """A badge with a place in a Bitstring Status List."""
        entry = status.entry(self.site, 1, index)
        return self.badge(name, credentialStatus=entry, **more)

    def status_list(self, *indices: int) -> dict[str, Any]:
        moment = proofs.timestamp(MOMENT)
        return self.signed(status.credential(self.site, 1, self.did, indices, moment))

    def portfolio(
        self, *members: Any, associations: list[dict[str, Any]] | None = None, **more: Any
    ) -> dict[str, Any]:
        """A CLR of credentials: documents that have their proofs, or tokens."""
        subject: dict[str, Any] = {
            "id": "urn:x:s-2",
            "type": ["ClrSubject"],
            "verifiableCredential": list(members),
        }
        if associations is not None:
            subject["association"] = associations
        return self.signed(
            {
                "@context": [contexts.CREDENTIALS, contexts.CLR, *CONTEXT[1:]],
                "id": f"{self.site}portfolios/1",
                "type": ["VerifiableCredential", "ClrCredential"],
                "name": "All that was learned",
                "issuer": {"id": self.did, "type": ["Profile"], "name": "Elsewhere"},
                "validFrom": "2025-09-01T00:00:00Z",
                "credentialSubject": subject,
            }
            | more
        )
