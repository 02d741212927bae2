"""The pages of the documentation hold together: links lead somewhere, and lead to every page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import DOCS, Page

PAGES = {path: Page(path, path.read_text(encoding="utf-8")) for path in sorted(DOCS.rglob("*.md"))}


def name(page: Page) -> str:
    return page.path.relative_to(DOCS).as_posix()


def _target(page: Page, link: str) -> tuple[Path, str]:
    """The file that a link within the project leads to, and the anchor in it."""
    target, _, anchor = link.partition("#")
    return (page.path.parent / target).resolve() if target else page.path, anchor


def _links(page: Page) -> list[str]:
    return [link for link in page.links if "://" not in link]


@pytest.mark.parametrize("page", PAGES.values(), ids=name)
def test_every_link_of_a_page_leads_somewhere(page: Page) -> None:
    assert [link for link in _links(page) if not _leads_somewhere(*_target(page, link))] == []


def _leads_somewhere(path: Path, anchor: str) -> bool:
    if not anchor:
        return path.exists()
    return path.is_file() and anchor in Page(path, path.read_text(encoding="utf-8")).anchors


def test_every_page_can_be_reached_from_the_index() -> None:
    reached, waiting = set[Path](), [DOCS / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in PAGES and path not in reached:
            reached.add(path)
            waiting.extend(_target(PAGES[path], link)[0] for link in _links(PAGES[path]))
    assert [name(page) for path, page in PAGES.items() if path not in reached] == []
