"""The pages as a site: descriptions, first and last lines, and what coding agents receive."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.support.paths import ROOT
from tools import site_hooks

DOCS = ROOT / "docs"
PAGES = sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))
SKILL = "skill/SKILL.md"
CONFIGURED = (ROOT / "mkdocs.yml").read_text()
NAVIGATION = yaml.safe_load(re.split(r"^nav:$", CONFIGURED, flags=re.MULTILINE)[1])


def body(page: str) -> str:
    """Return a page without its first lines about itself."""
    return re.sub(r"\A---\n.*?\n---\n", "", (DOCS / page).read_text(), flags=re.DOTALL).strip()


def test_llms_txt_lists_every_page_with_a_description() -> None:
    sections = site_hooks.sections_of(NAVIGATION, DOCS)
    entries = [entry for pages in sections.values() for page in pages for entry in page.items()]
    listed = dict(entries)
    assert len(entries) == len(listed)
    assert sorted(listed) == PAGES
    assert [page for page, text in listed.items() if not 40 <= len(text) <= 260] == []
    assert len(set(listed.values())) == len(listed)


@pytest.mark.parametrize("page", [page for page in PAGES if page != SKILL])
def test_a_page_begins_with_a_sentence_and_ends_with_where_to_go(page: str) -> None:
    if "--8<--" in body(page):
        assert "\nNext: " in body(page)
        return
    title, first, *_ = body(page).split("\n\n")
    assert title.startswith("# ")
    assert re.match(r"[`\[A-Z]|scout-adapters ", first), first
    assert not re.match(r"(It|They|This|These|Each of|Made) ", first), first
    assert body(page).split("\n\n")[-1].startswith("Next: [")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_one_title(page: str) -> None:
    prose = re.sub(r"^```.*?^```", "", body(page), flags=re.DOTALL | re.MULTILINE)
    expected = 0 if "--8<--" in prose else 1
    assert len(re.findall(r"^# ", prose, re.MULTILINE)) == expected


def test_pages_in_markdown_link_to_markdown_and_have_narrow_tables() -> None:
    site = "https://example.org/docs/"
    page = (
        f"See [limits]({site}limits.html#who-waits) and [x](https://x.org/a.html).\n\n"
        "| a      | b |\n| ------ | --- |\n| `c`    | d |\n\n```\n| x    | y |\n```\n"
    )
    assert site_hooks.final_form(page, site) == (
        f"See [limits]({site}limits.md#who-waits) and [x](https://x.org/a.html).\n\n"
        "| a | b |\n| --- | --- |\n| `c` | d |\n\n```\n| x    | y |\n```\n"
    )
