"""Links between pages lead to a page and a heading that exist; nothing is fetched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.paths import README, ROOT

PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
IN_NAVIGATION = re.compile(r"^ +- (?:[\w ]+: )?([\w/-]+\.md)$", re.MULTILINE)
REPOSITORY = "https://github.com/scout-adapters/scout_adapters/"


def anchors(page: Path) -> set[str]:
    """Return the ids of a page's headings, as mkdocs makes them."""
    texts = (re.sub(r"[^\w\s-]", "", text).strip().lower() for text in headings(page))
    return {re.sub(r"[-\s]+", "-", text) for text in texts}


def headings(page: Path) -> list[str]:
    return HEADING.findall(
        re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    )


def target(page: Path, link: str) -> Path | None:
    """Return the file that a link leads to; None for other sites."""
    if link.startswith(REPOSITORY):
        kind, _, path = link.removeprefix(REPOSITORY).partition("/main")
        return ROOT / path.lstrip("/") if kind in {"blob", "tree"} else None
    if "://" in link or link.startswith("mailto:"):
        return None
    return page if link.startswith("#") else page.parent / link.partition("#")[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = LINK.findall(CODE.sub("", page.read_text()))
    files = {link: file for link in links if (file := target(page, link)) is not None}
    assert [link for link, file in files.items() if not file.exists()] == []
    wrong = [
        link
        for link, file in files.items()
        if "#" in link and file.suffix == ".md" and link.partition("#")[2] not in anchors(file)
    ]
    assert wrong == []


def test_every_page_is_reached_from_the_first() -> None:
    reached, pages = set(), [ROOT / "docs/index.md"]
    while pages:
        page = pages.pop().resolve()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = LINK.findall(CODE.sub("", page.read_text()))
        pages += [file for link in links if (file := target(page, link)) and file.exists()]
    assert [
        str(page) for page in PAGES if page.parts[-2:-1] == ("docs",) and page not in reached
    ] == []


def test_every_page_is_in_the_navigation() -> None:
    listed = set(IN_NAVIGATION.findall((ROOT / "mkdocs.yml").read_text()))
    pages = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}
    assert pages == listed
