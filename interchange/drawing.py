"""The picture of a badge where the designer gives none: a cairn, one stone for each thing used.

The stones, from the widest at the foot to the badge itself on top, show what the award is stacked
on. Colours follow from the credential's id, so that a badge always looks the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import Any
from unicodedata import normalize

#: Width and height of the picture, in pixels.
SIZE = 600

#: So many stones are drawn at most; of more, the last stands for all that are left.
_MOST = 7

_PAPER, _INK, _QUIET = "#fbfaf7", "#1f2933", "#52606d"


@dataclass(frozen=True, slots=True)
class Face:
    """What a picture shows: the title, who issues it, its level (or nothing), and the stack."""

    id: str
    title: str
    issuer: str
    level: str = ""
    stack: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Stone:
    x: float
    y: float
    width: float
    height: float
    colour: str


def svg(face: Face) -> bytes:
    """Draw a badge as SVG. Equal faces have equal bytes."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" role="img">',
        f"<title>{escape(face.title)}, {escape(face.issuer)}</title>",
        f'<rect width="{SIZE}" height="{SIZE}" rx="36" fill="{_PAPER}"/>',
        f'<rect x="10" y="10" width="{SIZE - 20}" height="{SIZE - 20}" rx="28" fill="none"'
        f' stroke="{_colours(face)[0]}" stroke-width="6"/>',
    ]
    for stone in _stones(face):
        lines.append(
            f'<rect x="{stone.x:g}" y="{stone.y:g}" width="{stone.width:g}"'
            f' height="{stone.height:g}" rx="{stone.height / 2:g}" fill="{stone.colour}"/>'
        )
    style = 'font-family="Helvetica, Arial, sans-serif" text-anchor="middle"'
    for number, line in enumerate(_wrapped(face.title, 28)):
        lines.append(
            f'<text x="{SIZE / 2:g}" y="{412 + 42 * number}" {style} font-size="36"'
            f' font-weight="bold" fill="{_INK}">{escape(line)}</text>'
        )
    for y, line in ((522, _short(face.issuer, 44)), (556, _level(face))):
        lines.append(
            f'<text x="{SIZE / 2:g}" y="{y}" {style} font-size="24"'
            f' fill="{_QUIET}">{escape(line)}</text>'
        )
    if face.stack:
        told = "; ".join(face.stack)
        lines.append(f"<desc>Stacked on: {escape(told)}</desc>")
    return "\n".join([*lines, "</svg>\n"]).encode()


def png(face: Face) -> bytes:
    """Draw a badge as PNG."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (SIZE, SIZE), _PAPER)
    draw = ImageDraw.Draw(picture)
    frame = (10, 10, SIZE - 10, SIZE - 10)
    draw.rounded_rectangle(frame, radius=28, outline=_colours(face)[0], width=6)
    for stone in _stones(face):
        box = (stone.x, stone.y, stone.x + stone.width, stone.y + stone.height)
        draw.rounded_rectangle(box, radius=stone.height / 2, fill=stone.colour)
    for number, line in enumerate(_wrapped(face.title, 28)):
        at = (SIZE / 2, 412 + 42 * number)
        _write(draw, at, line, _INK, ImageFont.load_default(36), bold=0.6)
    for y, line in ((522, _short(face.issuer, 44)), (556, _level(face))):
        _write(draw, (SIZE / 2, y), line, _QUIET, ImageFont.load_default(24))
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _write(
    draw: Any, at: tuple[float, float], text: str, colour: str, font: Any, bold: float = 0
) -> None:
    """Write a line about its middle. The font has no macrons, so they are drawn over the letters.

    Letters that it has not at all are left to the SVG; here a dot stands for each.
    """
    letters, macrons = _letters(text)
    draw.text(at, letters, colour, font, anchor="ms", stroke_width=bold)
    left = at[0] - font.getlength(letters) / 2
    for place in macrons:
        start = left + font.getlength(letters[:place])
        width = font.getlength(letters[place])
        _, top, _, _ = draw.textbbox((0, at[1]), letters[place], font, anchor="ls")
        y = top - font.size / 7
        draw.line((start + width * 0.15, y, start + width * 0.85, y), colour, round(font.size / 12))


def _letters(text: str) -> tuple[str, list[int]]:
    """Return a text in letters that the font has, and which of them have a macron.

    >>> _letters("Māori ő 漢")
    ('Maori o ·', [1])
    """
    letters, macrons = "", []
    for letter in normalize("NFC", text):
        parts = normalize("NFD", letter)
        base, marks = parts[0], parts[1:]
        if letter <= "\u00ff" or letter in "–—‘’“”…":  # noqa: RUF001  # the font has these
            letters += letter
        elif base <= "\u00ff":
            if "\u0304" in marks:
                macrons.append(len(letters))
            letters += base
        else:
            letters += "·"
    return letters, macrons


def _level(face: Face) -> str:
    return f"Level {face.level}" if face.level else ""


def _colours(face: Face) -> list[str]:
    """Return seven shades of one colour, dark to light."""
    hue = hashlib.sha256(face.id.encode()).digest()[0] / 256
    return [_shade(hue, 0.30 + 0.055 * step) for step in range(_MOST)]


def _shade(hue: float, lightness: float) -> str:
    from colorsys import hls_to_rgb

    return "#" + "".join(f"{round(255 * part):02x}" for part in hls_to_rgb(hue, lightness, 0.38))


def _stones(face: Face) -> list[_Stone]:
    number = min(max(len(face.stack), 1) + 1, _MOST)
    height = min(58.0, 300.0 / number - 6)
    colours = _colours(face)
    stones = []
    for place in range(number):
        width = 400 - place * (270 / max(number - 1, 1))
        # A cairn is not built with a level: each stone sits a little to one side.
        lean = (9 if place % 2 else -9) if 0 < place < number - 1 else 0
        y = 358 - (place + 1) * (height + 5)
        stones.append(_Stone((SIZE - width) / 2 + lean, y, width, height, colours[place]))
    return stones


def _wrapped(text: str, width: int) -> list[str]:
    """Part a title into at most two lines.

    >>> _wrapped("Certificate in the Analysis of Public Data", 28)
    ['Certificate in the Analysis', 'of Public Data']
    """
    from textwrap import wrap

    lines = wrap(text, width) or [""]
    return lines if len(lines) <= 2 else [lines[0], _short(" ".join(lines[1:]), width)]


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
