"""A portfolio as a page for people: one HTML file that needs nothing else, on screen and on paper.

The page is readable without its style, in any script, and by a screen reader. Nothing in it is
fetched or run. The signed credential is inside, to be saved and checked.
"""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import Any

from interchange.portfolio import Entry, Part, Portfolio

#: How deep awards are shown inside each other; below, they are only named.
_DEEPEST = 12

_STYLE = """
:root { color-scheme: light; }
body { font: 1rem/1.55 system-ui, "Segoe UI", "Noto Sans", sans-serif; color: #1f2933;
  background: #fff; max-width: 46rem; margin: 0 auto; padding: 2rem 1rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .5rem; border-top: 2px solid #7b8794; padding-top: 1rem; }
h3 { font-size: 1.1rem; margin: 1rem 0 .25rem; }
p { margin: .25rem 0 .75rem; overflow-wrap: anywhere; }
.quiet { color: #52606d; }
ul.stack { list-style: none; margin: .25rem 0; padding-left: 1.1rem;
  border-left: 3px solid #cbd2d9; }
ul.stack li { margin: .3rem 0; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .15rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
.check { display: flex; gap: 1.5rem; align-items: flex-start; flex-wrap: wrap; }
.check svg { width: 9rem; height: 9rem; flex: none; }
code { overflow-wrap: anywhere; }
a { color: #0b4f8a; }
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; }
  section, article { break-inside: avoid-page; }
  a { color: inherit; text-decoration: none; }
  .screen { display: none; }
}
"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"


def page(portfolio: Portfolio) -> bytes:
    """Return the page. The same portfolio gives the same bytes."""
    name = escape(portfolio.name)
    by_id = portfolio.by_id
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{name}: what was earned</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
        "<header>",
        f'<h1 dir="auto">{name}</h1>',
        f'<p class="quiet">What was earned, as of <time datetime="{portfolio.on}">'
        f"{portfolio.on}</time>. Issued by {_text(portfolio.issuer)}.</p>",
        "</header>",
        "<main>",
        '<section aria-labelledby="stack">',
        '<h2 id="stack">How it stacks</h2>',
        '<p class="quiet">Beneath each award stands what it was earned with.</p>',
        '<ul class="stack">',
        *(_branch(entry, by_id, ()) for entry in portfolio.tops),
        "</ul>",
        "</section>",
        '<section aria-labelledby="awards">',
        '<h2 id="awards">Each award</h2>',
        *(_award(number, entry) for number, entry in enumerate(_ordered(portfolio), 1)),
        "</section>",
        *_check(portfolio),
        "</main>",
        "</body>",
        "</html>",
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", errors="replace")


def _text(words: str) -> str:
    """A text that others wrote, in whatever direction its script runs."""
    return f'<bdi dir="auto">{escape(words)}</bdi>'


def _ordered(portfolio: Portfolio) -> list[Entry]:
    return sorted(portfolio.entries, key=lambda entry: (entry.on, entry.id), reverse=True)


def _branch(entry: Entry, by_id: dict[str, Entry], above: tuple[str, ...]) -> str:
    facts = [f"awarded {entry.on}", *([entry.award_class] if entry.award_class else [])]
    head = f"<strong>{_text(entry.title)}</strong>, {_text(', '.join(facts))}"
    if entry.id in above or len(above) >= _DEEPEST:
        return f"<li>{head}</li>"
    inner = [_leaf(part, by_id, (*above, entry.id)) for part in entry.parts]
    beneath = f'<ul class="stack">{"".join(inner)}</ul>' if inner else ""
    return f"<li>{head}{beneath}</li>"


def _leaf(part: Part, by_id: dict[str, Entry], above: tuple[str, ...]) -> str:
    if part.award in by_id:
        return _branch(by_id[part.award], by_id, above)
    facts = f', <span class="quiet">{_text(", ".join(part.facts))}</span>' if part.facts else ""
    return f"<li>{_text(part.title)}{facts}</li>"


def _award(number: int, entry: Entry) -> str:
    rows = [("Awarded", str(entry.on))]
    if entry.expires is not None:
        rows.append(("Valid until", str(entry.expires)))
    rows.append(("Issued by", entry.issuer or "awarded elsewhere"))
    if entry.kind:
        rows.append(("Kind", entry.kind))
    if entry.award_class:
        rows.append(("Class", entry.award_class))
    rows += entry.described
    if entry.rule:
        rows.append(("Asked for", entry.rule))
    rows += [("Earned with", _said(part)) for part in entry.parts]
    if entry.badge:
        rows.append(("Badge", entry.badge))
    listed = "".join(_row(rows, place) for place in range(len(rows)))
    about = f"<p>{_text(entry.description)}</p>" if entry.description else ""
    return (
        f'<article aria-labelledby="award-{number}">'
        f'<h3 id="award-{number}" dir="auto">{escape(entry.title)}</h3>{about}<dl>{listed}</dl>'
        "</article>"
    )


def _row(rows: list[tuple[str, str]], place: int) -> str:
    """A label once, and everything that stands behind it."""
    label, words = rows[place]
    again = place > 0 and rows[place - 1][0] == label
    if again:
        return f'<dd style="grid-column:2">{_text(words)}</dd>'
    return f"<dt>{escape(label)}</dt><dd>{_text(words)}</dd>"


def _said(part: Part) -> str:
    return ", ".join([part.title, *part.facts])


def _check(portfolio: Portfolio) -> list[str]:
    data = b64encode(portfolio.credential).decode()
    return [
        '<section aria-labelledby="check">',
        '<h2 id="check">How to check this</h2>',
        '<div class="check">',
        code_svg(portfolio.address),
        "<div>",
        "<p>This page is for reading, and proves nothing by itself. The signed credential does: a "
        "Comprehensive Learner Record (CLR 2.0) with an Open Badge for each award.</p>",
        '<p class="screen"><a download="portfolio.json" '
        f'href="data:application/json;base64,{data}">Save the signed credential</a>, and give it '
        "to a verifier.</p>",
        "<p>Keys, and what was revoked since, are published by the issuer at "
        f"<code>{escape(portfolio.address)}</code>, where the picture leads as well.</p>",
        "</div>",
        "</div>",
        "</section>",
    ]


# --- the QR code ---------------------------------------------------------------------------------


def code(address: str) -> list[list[int]]:
    """Return an address as the rows of a QR code, dark modules as 1, without a margin."""
    import segno

    made: Any = segno.make(address, error="m", micro=False)
    return [[int(bool(module)) for module in row] for row in made.matrix]


def code_svg(address: str) -> str:
    """Return an address as a QR code in SVG, named for those who do not see it."""
    rows = code(address)
    size = len(rows) + 8  # the margin that readers need, four modules wide
    dark = "".join(
        f"M{x + 4} {y + 4}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, module in enumerate(row)
        if module
    )
    label = escape(f"QR code that leads to {address}")
    return (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {size} {size}" '
        f'shape-rendering="crispEdges"><title>{label}</title>'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{dark}"/></svg>'
    )
