"""The issuer's static site, written into a folder."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.issuing import Signer, as_bytes
from commands.terminal import progress
from domain.events import BadgeIssued
from interchange import did, jwt, proofs, site, status

if TYPE_CHECKING:
    from domain.ledger import Ledger
    from interchange.did import Issuer


@dataclass(frozen=True, slots=True)
class Published:
    """How many files were written, for how many badges, and where the DID document belongs.

    `void` is how many badges of awards that are held were signed with a revoked key, and have not
    been issued anew.
    """

    files: int
    badges: int
    revoked: int
    void: int
    did_address: str

    def to_json(self) -> dict[str, Any]:
        """Return it as data."""
        return asdict(self)


def written(
    ledger: Ledger, folder: Path, issuer: Issuer, signer: Signer, on: date, moment: datetime
) -> Published:
    """Write the site of an issuer. Each file is replaced as a whole."""
    places, gone, void = _places(ledger, issuer, on)
    files = 0

    def put(name: str, data: bytes) -> None:
        nonlocal files
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        fresh.write_bytes(data)
        fresh.replace(path)
        files += 1

    for number in sorted(places or {1: 0}):
        listed = status.credential(
            issuer.site, number, issuer.did, gone[number], proofs.timestamp(moment)
        )
        signed = proofs.sign(listed, signer.key, signer.method, moment)
        put(f"status/{number}.json", as_bytes(signed))
        # The same list as a token, for verifiers that read no other signed form of it.
        put(f"status/{number}.jwt", jwt.encoded(listed, signer.key, signer.method).encode())
    document = as_bytes(issuer.document())
    address = did.address_of(issuer.did) if issuer.did.startswith(did.WEB) else ""
    put(
        address.removeprefix(issuer.site) if address.startswith(issuer.site) else "did.json",
        document,
    )
    links = []
    for volume in list(ledger.library.everything()):
        for page in site.pages(issuer.site, issuer.did, volume):
            put(page.name, as_bytes(page.content))
            links.append((page.name, page.title))
    put("index.html", _index(issuer, links))
    total, revoked = sum(places.values()), sum(len(indices) for indices in gone.values())
    return Published(files, total, revoked, void, address or "nowhere: a did:key needs no document")


def _places(
    ledger: Ledger, issuer: Issuer, on: date
) -> tuple[dict[int, int], dict[int, set[int]], int]:
    """Return how many badges each list has, whose bits are set, and how many are to be renewed."""
    from projections.register import listed
    from projections.runner import Projections

    issued = [
        recorded
        for recorded in ledger.store.of_topic(BadgeIssued.topic)
        if isinstance(recorded.event, BadgeIssued) and recorded.event.issuer == issuer.did
    ]
    stolen = {key.method for key in issuer.keys if key.revoked}
    # By award, whether its newest badge was signed with one of them.
    void: dict[tuple[str, str], bool] = {}
    projections = Projections(ledger)
    try:
        with projections.reading() as view:
            lost = {
                (row.learner, row.award)
                for status_ in ("revoked", "lapsed")
                for row in listed(view, on=on, status=status_)
            }
    finally:
        projections.close()
    places: dict[int, int] = defaultdict(int)
    gone: dict[int, set[int]] = defaultdict(set)
    with progress("badges", len(issued)) as advance:
        for recorded in issued:
            event = recorded.event
            assert isinstance(event, BadgeIssued)
            places[event.status_list] += 1
            if (recorded.stream, event.award) in lost:
                gone[event.status_list].add(event.status_index)
            else:
                void[recorded.stream, event.award] = event.method in stolen
                if event.method in stolen:
                    # Who does not look at the keys anew hears of it here.
                    gone[event.status_list].add(event.status_index)
            advance()
    return places, gone, sum(void.values())


def _index(issuer: Issuer, links: list[tuple[str, str]]) -> bytes:
    rows = "\n".join(
        f'<li><a href="{escape(name)}">{escape(title)}</a></li>' for name, title in links
    )
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Credentials of {escape(issuer.did)}</title>\n"
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;"
        "padding:0 1rem}</style>\n"
        f"<h1>What can be earned</h1>\n<p>Issued by <code>{escape(issuer.did)}</code>.</p>\n"
        f"<ul>\n{rows}\n</ul>\n</html>\n"
    ).encode()
