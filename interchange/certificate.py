"""A portfolio as a PDF for people: what was earned, how it stacks, and where it can be checked.

Letters are drawn with a font that is bundled: DejaVu Sans, cut down to Latin, Greek and Cyrillic.
A name in another script is refused rather than written with letters missing; a font of one's own
may have them. The signed credential is attached to the file.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, time
from importlib.resources import as_file, files
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from interchange.page import code
from interchange.portfolio import Entry, Part, Portfolio
from pathways.problems import CairnError

if TYPE_CHECKING:
    from fpdf import FPDF

_INK, _QUIET = (31, 41, 51), (82, 96, 109)
_FONT = "Text"
_DEEPEST = 12

#: So much of an award stays together, in millimetres: its title does not end a page.
_TOGETHER = 30


class LetterError(CairnError):
    """Letters that can not be drawn; `help` says what would do."""

    def __init__(self, message: str, help: str = "") -> None:
        """Keep what is wrong, and what would do."""
        super().__init__(message)
        self.help = help


def certificate(portfolio: Portfolio, font: Path | None = None) -> bytes:
    """Return the PDF; `font` is a TrueType or OpenType file to be used in place of the bundled one.

    The same portfolio gives the same bytes. Raises `LetterError` where a text has letters that
    can not be drawn.
    """
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime.combine(portfolio.on, time(), UTC))
    pdf.set_title(f"{portfolio.name}: what was earned")
    pdf.set_lang("en")
    pdf.set_margin(22)
    pdf.set_auto_page_break(True, margin=22)
    if font is None:
        for style, name in (("", "DejaVuSans"), ("B", "DejaVuSans-Bold")):
            bundled = files("interchange").joinpath("vendored", "fonts", f"{name}.subset.ttf")
            with as_file(bundled) as path:
                pdf.add_font(_FONT, style, path)
    else:
        _readable(font)
        for style in ("", "B"):
            pdf.add_font(_FONT, style, font)
    try:
        page = _Page(pdf)
        page.check(portfolio)
        pdf.add_page()
        page.front(portfolio)
        pdf.embed_file(
            basename="portfolio.json",
            bytes=portfolio.credential,
            desc="The signed credential (CLR 2.0)",
            modification_date=None,
        )
        return bytes(pdf.output())
    finally:
        for each in pdf.fonts.values():  # fpdf2 reads from them to the end, and leaves them open
            each.ttfont.close()  # type: ignore[union-attr]


def _readable(font: Path) -> None:
    """Raise `LetterError` where a file is no font."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        TTFont(BytesIO(font.read_bytes()), lazy=False).close()
    except (TTLibError, ValueError, AssertionError) as error:
        raise LetterError(
            f"`{font}` can not be read as a font: {error}", "give a .ttf or .otf file"
        ) from error


class _Page:
    """Writes onto a PDF, from top to bottom."""

    def __init__(self, pdf: FPDF) -> None:
        self.pdf = pdf

    def check(self, portfolio: Portfolio) -> None:
        """Refuse what can not be drawn, before anything is."""
        known = self.pdf.fonts[f"{_FONT.lower()}"].cmap  # type: ignore[union-attr]
        for text in _texts(portfolio):
            for letter in text:
                hard = unicodedata.bidirectional(letter) in ("R", "AL") or (
                    unicodedata.category(letter) in ("Mc", "Me")
                )
                if hard or (not letter.isspace() and ord(letter) not in known):
                    raise LetterError(
                        f"`{text[:80]}` has letters that the PDF can not show: `{letter}`",
                        "write a page with --html, which any browser shows and prints"
                        + ("" if hard else ", or give a font that has them with --font FILE"),
                    )

    def line(
        self, text: str, size: float = 10.5, *, bold: bool = False, quiet: bool = False,
        indent: float = 0, gap: float = 0,
    ) -> None:  # fmt: skip
        """Write a paragraph."""
        pdf = self.pdf
        pdf.set_font(_FONT, "B" if bold else "", size)
        pdf.set_text_color(*(_QUIET if quiet else _INK))
        left = pdf.l_margin + indent
        pdf.set_x(left)
        height = size * 0.3528 * 1.4
        pdf.multi_cell(pdf.w - left - pdf.r_margin, height, _set(text), new_x="LMARGIN", align="L")
        pdf.ln(gap)

    def front(self, portfolio: Portfolio) -> None:
        """Write all of it."""
        self.line(portfolio.name, 24, bold=True, gap=1)
        self.line(f"What was earned, as of {portfolio.on}. Issued by {portfolio.issuer}.",
                  11, quiet=True, gap=6)  # fmt: skip
        self.line("How it stacks", 14, bold=True, gap=1)
        by_id = portfolio.by_id
        for entry in portfolio.tops:
            self.branch(entry, by_id, ())
        self.pdf.ln(6)
        self.line("Each award", 14, bold=True, gap=1)
        for entry in sorted(portfolio.entries, key=lambda each: (each.on, each.id), reverse=True):
            self.award(entry)
        self.code(portfolio)

    def branch(self, entry: Entry, by_id: dict[str, Entry], above: tuple[str, ...]) -> None:
        """Write an award with what it stands on beneath it."""
        indent = 6.0 * len(above)
        klass = f", {entry.award_class}" if entry.award_class else ""
        self.line(f"{entry.title}, awarded {entry.on}{klass}", bold=True, indent=indent, gap=0.5)
        if entry.id in above or len(above) >= _DEEPEST:
            return
        for part in entry.parts:
            if part.award in by_id:
                self.branch(by_id[part.award], by_id, (*above, entry.id))
            else:
                self.line(_said(part), indent=indent + 6, gap=0.5)

    def award(self, entry: Entry) -> None:
        """Write one award with all that describes it."""
        if self.pdf.will_page_break(_TOGETHER):
            self.pdf.add_page()
        self.line(entry.title, 11.5, bold=True, gap=0.5)
        if entry.description:
            self.line(entry.description, 9.5, gap=0.5)
        facts = [f"Awarded {entry.on}"]
        if entry.expires is not None:
            facts.append(f"valid until {entry.expires}")
        facts.append(f"by {entry.issuer}" if entry.issuer else "elsewhere")
        facts += [each for each in (entry.kind, entry.award_class) if each]
        self.line(", ".join(facts), 9.5, quiet=True)
        for label, words in entry.described:
            self.line(f"{label}: {words}", 9.5)
        if entry.rule:
            self.line(f"Asked for: {entry.rule}", 9.5)
        for part in entry.parts:
            self.line(f"Earned with: {_said(part)}", 9.5)
        if entry.badge:
            self.line(f"Badge: {entry.badge}", 8, quiet=True)
        self.pdf.ln(3)

    def code(self, portfolio: Portfolio) -> None:
        """Draw the QR code, and say what it is good for."""
        pdf = self.pdf
        rows = code(portfolio.address)
        side = 32.0
        if pdf.get_y() + side + 10 > pdf.h - 22:
            pdf.add_page()
        self.line("How to check this", 14, bold=True, gap=1)
        top, left = pdf.get_y(), pdf.l_margin
        module = side / (len(rows) + 8)
        pdf.set_fill_color(0, 0, 0)
        for y, row in enumerate(rows):
            for x, dark in enumerate(row):
                if dark:
                    pdf.rect(
                        left + (x + 4) * module, top + (y + 4) * module, module, module, style="F"
                    )
        words = (
            "This paper proves nothing by itself. The signed credential does: a Comprehensive "
            "Learner Record (CLR 2.0) with an Open Badge for each award. It is attached to this "
            "file as portfolio.json; give it to a verifier. Keys, and what was revoked since, are "
            f"published by the issuer at {portfolio.address}, where the picture leads as well."
        )
        pdf.set_y(top + 2)
        self.line(words, 9.5, indent=side + 4)
        pdf.link(left, top, side, side, portfolio.address)
        pdf.set_y(max(pdf.get_y(), top + side))


def _texts(portfolio: Portfolio) -> list[str]:
    """Everything that is drawn and that somebody wrote."""
    found = [portfolio.name, portfolio.issuer, portfolio.address]
    for entry in portfolio.entries:
        found += [entry.title, entry.issuer, entry.kind, entry.award_class, entry.description]
        found += [entry.rule, *(words for _, words in entry.described)]
        found += [_said(part) for part in entry.parts]
    return [_set(text) for text in found]


def _set(text: str) -> str:
    """A text in composed letters: the font has `ā`, and no accents that move."""
    return unicodedata.normalize("NFC", text)


def _said(part: Part) -> str:
    return ", ".join([part.title, *part.facts])
