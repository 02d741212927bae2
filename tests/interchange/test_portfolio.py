"""A portfolio for people: a page and a PDF that need nothing else, and escape everything."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interchange.certificate import LetterError, certificate
from interchange.page import code, page
from interchange.portfolio import Entry, Part, Portfolio

ADDRESS = "https://awards.example.edu/"
FONTS = Path(__file__).parents[2] / "interchange" / "vendored" / "fonts"


def shown(name: str = "Moana Rēwi", title: str = "Careful with Data") -> Portfolio:
    lower = Entry(
        id="lower",
        title=title,
        issuer="Harbour Polytechnic",
        on=date(2025, 8, 21),
        kind="micro-credential",
        expires=date(2028, 8, 21),
        rule="“Cleaning data” and “Handling personal data”",
        description="For people who handle data of others.",
        described=(
            ("Level", "4"),
            ("Notional workload", "100 hours"),
            ("Learning outcome", "finds what identifies a person"),
            ("Learning outcome", "knows when data must be deleted"),
            ("Assessment", "Two tasks at work"),
            ("Form of participation", "On site, or by video"),
            ("Quality assurance", "Reviewed each year"),
            ("Country of the issuer", "NZ"),
        ),
        parts=(Part("Cleaning data", ("completed 2025-06-30", "score 88")),),
        badge="urn:uuid:1",
    )
    upper = Entry(
        id="upper",
        title="Certificate in Office Data Skills",
        issuer="Harbour Polytechnic",
        on=date(2025, 12, 11),
        award_class="distinction",
        parts=(Part(title, ("awarded 2025-08-21",), "lower"), Part("Writing for work")),
        badge="urn:uuid:2",
    )
    return Portfolio(
        name=name,
        on=date(2026, 3, 12),
        issuer="Harbour Polytechnic",
        address=ADDRESS,
        entries=(lower, upper),
        credential=b'{"id": "</script><b>"}',
    )


class _Seen(HTMLParser):
    """What a browser makes of a page: elements, what they load, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "path"):
            self.open.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "action")]

    def handle_endtag(self, tag: str) -> None:
        if tag != "path":
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(portfolio: Portfolio) -> _Seen:
    return _Seen(page(portfolio).decode())


def test_a_page_tells_what_was_earned_how_it_stacks_and_all_that_describes_it() -> None:
    text = seen(shown()).text
    tree = text[text.index("How it stacks") : text.index("Each award")]
    order = ["Certificate in Office Data Skills", "Careful with Data", "Cleaning data"]
    places = [tree.index(title) for title in order]
    assert places == sorted(places)
    for _, words in shown().entries[0].described:
        assert words in text
    assert "distinction" in text
    assert "2028-08-21" in text


def test_a_page_loads_nothing_and_has_the_credential_inside() -> None:
    made = seen(shown())
    (link,) = made.loads
    assert b64decode(link.removeprefix("data:application/json;base64,")) == shown().credential
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(made.tags)
    assert "default-src 'none'" in page(shown()).decode()
    assert "url(" not in page(shown()).decode()


def test_a_page_can_be_read_by_those_who_do_not_see_it() -> None:
    text = page(shown()).decode()
    assert '<html lang="en">' in text
    assert text.count("<h1") == 1
    assert text.count("<main") == 1
    for id_ in re.findall(r'aria-labelledby="([^"]+)"', text):
        assert text.count(f'id="{id_}"') == 1
    assert f'<svg role="img" aria-label="QR code that leads to {ADDRESS}"' in text


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_somebody_is_called_stays_text(name: str, title: str) -> None:
    plain = seen(shown())
    made = seen(shown(f"{name}<b>&\"'", f"</bdi><script>{title}"))
    assert made.tags == plain.tags
    assert made.open == plain.open == []


def test_the_same_portfolio_is_the_same_page_and_the_same_pdf() -> None:
    assert page(shown()) == page(shown())
    assert certificate(shown()) == certificate(shown())


def test_a_pdf_has_the_credential_attached() -> None:
    made = certificate(shown())
    assert made.startswith(b"%PDF-")
    assert b"/EmbeddedFile" in made
    assert b"portfolio.json" in made


@pytest.mark.parametrize("name", ["Tūrama Ōkāhu", "Đặng Thị Hồng", "Ελένη", "Оксана", "ç ñ ß Œ"])
def test_names_in_latin_greek_and_cyrillic_letters_are_drawn(name: str) -> None:
    assert certificate(shown(name)).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("name", "letter", "help_"),
    [
        ("山田太郎", "山", "or give a font that has them with --font FILE"),
        ("محمد", "م", "write a page with --html, which any browser shows and prints"),
    ],
)
def test_letters_that_can_not_be_drawn_are_refused_and_not_left_out(
    name: str, letter: str, help_: str
) -> None:
    with pytest.raises(LetterError) as caught:
        certificate(shown(name))
    assert str(caught.value) == f"`{name}` has letters that the PDF can not show: `{letter}`"
    assert caught.value.help.endswith(help_)


def test_a_font_of_ones_own_is_used_and_one_that_is_none_is_refused(tmp_path: Path) -> None:
    assert certificate(shown(), FONTS / "DejaVuSans-Bold.subset.ttf") != certificate(shown())
    (tmp_path / "x.ttf").write_bytes(b"no font")
    with pytest.raises(LetterError, match="can not be read as a font"):
        certificate(shown(), tmp_path / "x.ttf")


def test_a_qr_code_is_square_with_three_finders() -> None:
    rows = code(ADDRESS)
    assert {len(row) for row in rows} == {len(rows)}
    finder = [1] * 7
    assert rows[0][:7] == rows[0][-7:] == rows[-1][:7] == finder


def test_awards_that_stand_on_each_other_in_a_circle_end() -> None:
    """No ledger has such a thing; a page of it would still end."""
    one = Entry("1", "One", "", date(2026, 1, 1), parts=(Part("Two", (), "2"),))
    two = Entry("2", "Two", "", date(2026, 1, 1), parts=(Part("One", (), "1"),))
    top = Entry("3", "Top", "", date(2026, 1, 1), parts=(Part("One", (), "1"),))
    made = Portfolio("M", date(2026, 1, 1), "", ADDRESS, (one, two, top), b"{}")
    assert page(made)
    assert certificate(made)
