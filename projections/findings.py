"""What an audit can find: its codes, what each means, and what to do about it.

`docs/audit.md` says the same at more length; a test sees to it that it names every code.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["fault", "open", "note"]


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding. A `fault` is wrong, an `open` matter awaits somebody, a `note` is told.

    Only notes leave an audit clean.
    """

    code: str
    level: Level
    title: str
    do: str


CODES = {
    code.code: code
    for code in (
        Code(
            "CA101",
            "fault",
            "the kernel objects to a witness",
            "look at it with `cairn audit explain`; revoke the award, or restore the events",
        ),
        Code(
            "CA102",
            "fault",
            "an award states what its version does not give",
            "its day, expiry or name was altered: restore the events from an export",
        ),
        Code(
            "CA103",
            "fault",
            "an award was made that was made before",
            "restore the events from an export; the second one is to be left out",
        ),
        Code(
            "CA104",
            "fault",
            "an event names a version that is not the one published",
            "restore the publication, or the event, from an export",
        ),
        Code(
            "CA105",
            "fault",
            "an award was made by a pathway that the learner never followed",
            "revoke the award, or enrol the learner and let it be made",
        ),
        Code(
            "CA201",
            "fault",
            "an award was due and is not there",
            "record anything for the learner: what is due is made at once",
        ),
        Code(
            "CA202",
            "fault",
            "a renewal was due and is not there",
            "record anything for the learner: what is due is made at once",
        ),
        Code(
            "CA301",
            "fault",
            "an award lost its ground, and nothing was decided",
            "record anything for the learner: what follows is decided at once",
        ),
        Code(
            "CA302",
            "open",
            "an award lost its ground and awaits a review",
            "decide with `cairn award review`",
        ),
        Code("CA303", "note", "an award was kept without its ground", "nothing: it was decided"),
        Code("CA304", "note", "an award was revoked with its ground", "nothing: it was decided"),
        Code("CA305", "note", "an award stands on other evidence", "nothing: it is proved"),
        Code(
            "CA401",
            "fault",
            "a projection lacks a row",
            "make it anew with `cairn projections rebuild`",
        ),
        Code(
            "CA402",
            "fault",
            "a row of a projection is not what the events say",
            "make it anew with `cairn projections rebuild`",
        ),
        Code(
            "CA403",
            "fault",
            "a projection has a row that no event led to",
            "make it anew with `cairn projections rebuild`; if it is found again, look for a"
            " removed event with `cairn audit verify`",
        ),
        Code(
            "CA404",
            "fault",
            "the projections could not be brought up to date",
            "mend what the other findings name, then `cairn projections rebuild`",
        ),
        Code(
            "CA405",
            "note",
            "the projections are behind the ledger, and are compared as far as they are",
            "nothing: what is recorded next brings them up to date, and so does"
            " `cairn projections rebuild`",
        ),
        Code(
            "CA501",
            "fault",
            "the numbers of a stream have a gap",
            "an event was removed or renumbered: restore it from an export",
        ),
        Code(
            "CA502",
            "fault",
            "events of a stream were not stored in the order of their numbers",
            "events were reordered: compare with the seal, and restore from an export",
        ),
        Code(
            "CA503",
            "fault",
            "an event has a topic that nobody knows",
            "use the version of Cairn that wrote it, or restore it from an export",
        ),
        Code(
            "CA504",
            "fault",
            "an event can not be read",
            "it was damaged, or written by a newer version of Cairn: restore it from an export",
        ),
        Code(
            "CA505",
            "fault",
            "an event can not follow those before it",
            "events were removed, inserted or altered: compare with the seal",
        ),
        Code(
            "CA506",
            "fault",
            "a published document is not the one that its digest names",
            "publish nothing more; restore the publication from an export",
        ),
        Code(
            "CA507",
            "fault",
            "a version was published twice",
            "restore the publications from an export",
        ),
        Code(
            "CA601",
            "fault",
            "an event was altered after it was sealed",
            "restore it from an export that the seal agrees with",
        ),
        Code(
            "CA602",
            "fault",
            "an event was removed after it was sealed",
            "restore it from an export that the seal agrees with",
        ),
        Code(
            "CA603",
            "fault",
            "an event was inserted among sealed ones",
            "find out who wrote it; restore the ledger from an export",
        ),
        Code(
            "CA604",
            "fault",
            "sealed events stand in another order",
            "restore the ledger from an export that the seal agrees with",
        ),
        Code(
            "CA605",
            "fault",
            "the seal itself does not hold",
            "take the copy of the seal that is kept elsewhere",
        ),
        Code("CA606", "note", "events were recorded after the last seal", "seal again in time"),
    )
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found: its code, where, about what, and in plain words.

    `stream` is a learner's opaque id or `pathway/ID`; `number` the event in it, 0 where the finding
    is about no single event; `position` its place in the ledger.
    """

    code: str
    stream: str
    number: int
    position: int
    subject: str
    message: str

    @property
    def level(self) -> Level:
        """How grave it is."""
        return CODES[self.code].level

    @property
    def place(self) -> tuple[str, int, str, str, str]:
        """What findings are sorted by."""
        return (self.stream, self.number, self.code, self.subject, self.message)

    def to_json(self) -> dict[str, Any]:
        """Return the finding as data, with what to do."""
        code = CODES[self.code]
        return {**asdict(self), "level": code.level, "title": code.title, "do": code.do}
