"""Baking: a credential inside the picture of its badge, and out of it again.

A PNG carries it in a text chunk called `openbadgecredential`; an SVG in an element of that name's
space, where a token is an attribute and a document with its own proof is the text. The picture
stays byte for byte what it was.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from interchange.documents import LARGEST
from interchange.jwt import is_token
from pathways.problems import CairnError

PNG = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"openbadgecredential"
_SPACE = "https://purl.imsglobal.org/ob/v3p0"
_ELEMENT = f"{{{_SPACE}}}credential"

#: The largest picture that is read, in bytes.
_LARGEST_PICTURE = 40_000_000


class PictureError(CairnError):
    """A picture that can not be read, or that no credential can be put into or taken from."""


# --- PNG -----------------------------------------------------------------------------------------


def bake_png(picture: bytes, text: str) -> bytes:
    """Put a credential into a PNG. Raises `PictureError`."""
    parts = [PNG]
    for kind, data in _chunks(picture):
        if _carried(kind, data) is not None:
            raise PictureError("the picture has a credential in it already")
        if kind == b"IEND":
            # Neither compressed nor of a language; then the text.
            parts.append(_chunk(b"iTXt", _KEYWORD + b"\0\0\0\0\0" + text.encode()))
        parts.append(_chunk(kind, data))
    return b"".join(parts)


def unbake_png(picture: bytes) -> str:
    """Take the credential out of a PNG. Raises `PictureError`."""
    for kind, data in _chunks(picture):
        if (text := _carried(kind, data)) is not None:
            return text
    raise PictureError("the picture has no credential in it")


def _carried(kind: bytes, data: bytes) -> str | None:
    keyword, _, rest = data.partition(b"\0")
    if kind != b"iTXt" or keyword != _KEYWORD:
        return None
    packed, method = rest[:1], rest[1:2]
    _, _, more = rest[2:].partition(b"\0")
    _, _, text = more.partition(b"\0")
    try:
        if packed == b"\x01" and method == b"\0":
            reading = zlib.decompressobj()
            text = reading.decompress(text, LARGEST + 1)
        if len(text) > LARGEST:
            raise PictureError(f"the credential in the picture has more than {LARGEST:,} bytes")
        return text.decode("utf-8")
    except (zlib.error, UnicodeDecodeError) as error:
        raise PictureError("the credential in the picture can not be read") from error


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not picture.startswith(PNG) or len(picture) > _LARGEST_PICTURE:
        raise PictureError("the picture is no PNG, or too large")
    at = len(PNG)
    while at + 12 <= len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        kind, data = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        end = picture[at + 8 + length : at + 12 + length]
        if len(data) != length or end != struct.pack(">I", zlib.crc32(kind + data)):
            raise PictureError("the picture is damaged or cut short")
        yield kind, data
        if kind == b"IEND":
            return
        at += 12 + length
    raise PictureError("the picture is damaged or cut short")


def _chunk(kind: bytes, data: bytes) -> bytes:
    end = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + end


# --- SVG -----------------------------------------------------------------------------------------


def bake_svg(picture: bytes, text: str) -> bytes:
    """Put a credential into an SVG. Raises `PictureError`."""
    if any(element.tag == _ELEMENT for element in _read_svg(picture).iter()):
        raise PictureError("the picture has a credential in it already")
    drawn = picture.decode("utf-8-sig")
    at = drawn.rfind("</")
    if at < 0:
        raise PictureError("the picture is empty: nothing is drawn in it")
    head = f'<openbadges:credential xmlns:openbadges="{_SPACE}"'
    if is_token(text):
        element = f"{head} verify={quoteattr(text)}/>"
    else:
        element = f"{head}>{escape(text)}</openbadges:credential>"
    return (drawn[:at] + element + drawn[at:]).encode()


def unbake_svg(picture: bytes) -> str:
    """Take the credential out of an SVG. Raises `PictureError`."""
    for element in _read_svg(picture).iter(_ELEMENT):
        text = element.get("verify") or "".join(element.itertext())
        if text.strip():
            return text.strip()
    raise PictureError("the picture has no credential in it")


def _read_svg(picture: bytes) -> ElementTree.Element:
    if len(picture) > _LARGEST_PICTURE:
        raise PictureError("the picture is too large")
    # Entities can be nested to fill any memory; a picture needs none.
    if b"<!DOCTYPE" in picture or b"<!ENTITY" in picture:
        raise PictureError("the picture defines entities, as no plain SVG does")
    try:
        picture.decode("utf-8")
        root = ElementTree.fromstring(picture)
    except (ElementTree.ParseError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise PictureError("the picture is no SVG") from error
    if root.tag not in ("svg", "{http://www.w3.org/2000/svg}svg"):
        raise PictureError("the picture is no SVG")
    return root
