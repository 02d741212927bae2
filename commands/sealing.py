"""`cairn audit key | seal | verify | prove | check`: signed seals over the event log."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from commands.options import FILE, database_option, json_option, now
from commands.teaching import command

SEALS = click.option(
    "--seals",
    type=FILE,
    metavar="FOLDER",
    default=Path("cairn.seals"),
    show_default=True,
    help="Where the seals are kept; keep a copy elsewhere.",
)
KEY = click.option(
    "--key",
    type=FILE,
    metavar="FILE",
    envvar="CAIRN_SEAL_KEY",
    show_envvar=True,
    required=True,
    help="The private key; it need not be where the ledger is.",
)
PUBLIC = click.option(
    "--public", type=FILE, metavar="FILE", required=True, help="The public key of the seals."
)
NAME = click.option(
    "--name",
    metavar="WORD",
    default="cairn-ledger",
    show_default=True,
    help="What the ledger is called in its seals; the same for the key and for each seal.",
)


@command()
@click.argument("path", metavar="FILE", type=FILE)
@NAME
@json_option
def key(path: Path, name: str, as_json: bool) -> None:
    """Make the key that seals are signed with.

    FILE gets the private key (Ed25519, PEM), which only its owner may read; FILE.pub gets the
    public one, a line of text for everybody who checks seals. Keep the private key away from the
    ledger: who has both can seal what was altered.

    Example:
      cairn audit key ledger-key.pem
    """
    from commands.terminal import say, say_json
    from domain.seal import new_key

    private, public = new_key(name)
    beside = path.with_name(path.name + ".pub")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(private)
    beside.write_text(public + "\n", encoding="utf-8")
    if as_json:
        say_json({"private": str(path), "public": str(beside), "key": public})
    else:
        say(f"{path} is the private key, {beside} the public one:\n{public}")


@command()
@KEY
@NAME
@SEALS
@database_option
@json_option
def seal(key: Path, name: str, seals: Path, database: str, as_json: bool) -> None:
    """Seal the ledger as it stands.

    The index of the folder gets a line for each new event, and a signed checkpoint is written
    beside it. A ledger that is not as it was sealed before is not sealed again. Keep a copy of the
    folder where nobody who can write the ledger can write too.

    Example:
      cairn audit seal --key ledger-key.pem
    """
    from commands.books import opened
    from commands.terminal import counted, say, say_json
    from projections import sealing

    with opened(database, asking=True) as ledger:
        done = sealing.seal(ledger.store.database, seals, key.read_bytes(), name, now())
    size = done.checkpoint.size
    if as_json:
        found = {
            "events": size,
            "added": done.added,
            "root": done.checkpoint.root.hex(),
            "checkpoint": str(done.path),
        }
        say_json(found)
    else:
        say(f"{counted(size, 'event')} sealed, {done.added:,} of them new: {done.path}")


@command()
@PUBLIC
@SEALS
@database_option
@json_option
def verify(public: Path, seals: Path, database: str, as_json: bool) -> None:
    """Find every event that is not as it was sealed.

    Each event that was altered, removed, inserted among sealed ones, or put in another order is
    named. The signatures of all checkpoints are checked, and that the index belongs to them. The
    exit code is 1 where something is not as it was sealed.

    Example:
      cairn audit verify --public ledger-key.pem.pub
    """
    from commands.books import known_as, opened
    from commands.terminal import counted, say, say_json
    from projections import sealing

    with opened(database, asking=True) as ledger:
        text = public.read_text(encoding="utf-8")
        found, size = sealing.verify(ledger.store.database, seals, text)
        known = {one.stream: known_as(ledger, one.stream) for one in found if one.number}
    broken = [finding for finding in found if finding.level != "note"]
    if as_json:
        findings = [finding.to_json() for finding in found]
        say_json({"holds": not broken, "events": size, "findings": findings})
    else:
        for finding in found:
            place = f"{known[finding.stream]}, event {finding.number}: " if finding.number else ""
            say(f"{finding.code} {place}{finding.message}")
        told = "the seal holds" if not broken else counted(len(broken), "difference")
        say(f"{counted(size, 'sealed event')}: {told}")
    if broken:
        click.get_current_context().exit(1)


@command()
@click.argument("who", metavar="[LEARNER]", required=False)
@click.argument("name", metavar="[AWARD]", required=False)
@click.option(
    "--since", "older", type=click.IntRange(min=1), metavar="EVENTS", help="An older seal's size."
)
@SEALS
@click.option("--output", type=FILE, metavar="FILE", help="Write the proof there.")
@database_option
def prove(
    who: str | None,
    name: str | None,
    older: int | None,
    seals: Path,
    output: Path | None,
    database: str,
) -> None:
    """Write a proof that needs no ledger to be checked.

    For an award: that its event, as it is, stands in the last seal. With --since: that the last
    seal extends the one of so many events, so that nothing sealed before was altered. It is JSON,
    and `cairn audit check` needs nothing but it and the public key.

    Example:
      cairn audit prove s-1042 office-essentials --output proof.json
      cairn audit prove --since 1200 --output extends.json
    """
    from commands.auditing import hand_over
    from commands.books import opened
    from domain.events import CredentialAwarded, ExternalAwardRecorded
    from projections import sealing

    if (who is None or name is None) == (older is None):
        raise click.UsageError("name a LEARNER and an AWARD, or an older seal with --since")
    if older is not None:
        proof = sealing.consistency_proof(seals, older)
    else:
        assert who is not None
        assert name is not None
        with opened(database, asking=True) as ledger:
            id_ = ledger.directory.find(who)
            award = ledger.learner(id_).award(name).id
            number = next(
                recorded.number
                for recorded in ledger.history(id_)
                if isinstance(recorded.event, CredentialAwarded | ExternalAwardRecorded)
                and recorded.event.award == award
            )
            proof = sealing.inclusion_proof(ledger.store.database, seals, id_, number)
    hand_over(json.dumps(proof, ensure_ascii=False, indent=2), output)


@command()
@click.argument("path", metavar="FILE", type=FILE)
@PUBLIC
@json_option
def check(path: Path, public: Path, as_json: bool) -> None:
    """Check a proof that was handed over in a file.

    Nothing is needed but the proof and the public key of the ledger's seals. The exit code is 2
    where the proof proves nothing.

    Example:
      cairn audit check proof.json --public ledger-key.pem.pub
    """
    from commands.errors import UnusableError
    from commands.terminal import say, say_json
    from projections.sealing import checked

    try:
        proof = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise UnusableError(f"`{path}` is no proof", "make one with `cairn audit prove`") from None
    if not isinstance(proof, dict):
        raise UnusableError(f"`{path}` is no proof", "make one with `cairn audit prove`")
    told = checked(proof, public.read_text(encoding="utf-8"))
    if as_json:
        say_json({"holds": True, "proves": told})
    else:
        say(told)
