"""Asks openbadgeslib about badges: runs in its own environment, and imports nothing of Cairn.

Reads {site, address, issuer, badges} from standard input: a folder that stands for the issuer's web
site, its address, the issuer, and paths of badges. Writes one answer for each.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def main() -> None:
    """Answer for each badge whether it is valid, and why it is not."""
    told = json.load(sys.stdin)
    refused = import_module("openbadgeslib.errors").LibOpenBadgesException
    kinds = import_module("openbadgeslib.ob3")
    keys = import_module("openbadgeslib.ob3.did")
    verify_badge = import_module("openbadgeslib.verify").verify_badge

    def download(url: str, *_more: object, **_options: object) -> bytes:
        """Answer for the issuer's site; signed lists as tokens, the form that it checks."""
        if not url.startswith(told["address"]):
            raise refused(f"{url} is not at hand")
        path = Path(told["site"]) / url.removeprefix(told["address"])
        token = path.with_suffix(".jwt")
        return (token if token.exists() else path).read_bytes()

    def whole(document: dict[str, Any]) -> None:
        """Check the proof of a portfolio, by the issuer's key, and each badge in it.

        The library can write portfolios but has no verifier for them: it checks a bare proof, and
        looks neither at dates nor at the schema.
        """
        (proof,) = document.get("proof", [{}])
        method = proof.get("verificationMethod", "")
        if not method.startswith(told["issuer"] + "#"):
            raise refused(f"{method} is no key of the issuer")
        key = keys.resolve_verification_method(method, download)
        contexts = kinds.bundled_clr_contexts()
        kinds.verify_data_integrity_proof(document, key, extra_contexts=contexts)
        for badge in document["credentialSubject"]["verifiableCredential"]:
            verifier = kinds.OB3LdpVerifier.for_issuer_did(told["issuer"], download=download)
            verifier.verify(json.dumps(badge), check_status=True, download=download)

    def answer(path: Path) -> dict[str, Any]:
        data = path.read_bytes()
        try:
            if path.suffix in (".png", ".svg"):
                found = verify_badge(data, resolve_did=True, check_status=True, download=download)
                return {"valid": found.valid and found.trusted, "reason": found.reason or ""}
            if path.suffix == ".json" and b"ClrCredential" in data:
                whole(json.loads(data))
                return {"valid": True, "reason": ""}
            kind = kinds.OB3Verifier if path.suffix == ".jwt" else kinds.OB3LdpVerifier
            verifier = kind.for_issuer_did(told["issuer"], download=download)
            verifier.verify(data.decode().strip(), check_status=True, download=download)
        except refused as error:
            return {"valid": False, "reason": str(error)}
        return {"valid": True, "reason": ""}

    sys.stdout.write(json.dumps([answer(Path(path)) for path in told["badges"]]))


if __name__ == "__main__":
    main()
