"""Functions that mkdocs calls: every page into `llms.txt`, links between pages in Markdown.

The sections of `llms.txt` are those of the navigation; a page's description is the one in its first
lines. Pages in Markdown link to each other in Markdown, and their tables have no padding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DESCRIPTION = re.compile(r"\A---\n(?:.*\n)*?description: (.*)\n(?:.*\n)*?---\n")
FENCE = re.compile(r"^ *(```|~~~)")

Sections = dict[str, list[dict[str, str]]]


def on_config(config: Any) -> Any:
    """Set the sections of `llms.txt`."""
    docs = Path(config["docs_dir"])
    config["plugins"]["llmstxt"].config["sections"] = sections_of(config["nav"], docs)
    return config


def sections_of(navigation: list[Any], docs: Path) -> Sections:
    """Return the pages of each part of the navigation with their descriptions."""
    sections: Sections = {}
    for title, page in _pages(navigation, ""):
        sections.setdefault(title, []).append({page: description_of(docs / page)})
    return sections


def _pages(entries: list[Any], section: str) -> Iterator[tuple[str, str]]:
    """Yield each page with the name of its section; addresses elsewhere are left out."""
    for entry in entries:
        title, value = next(iter(entry.items())) if isinstance(entry, dict) else ("", entry)
        if isinstance(value, list):
            yield from _pages(value, title)
        elif "://" not in value:
            yield section, value


def description_of(page: Path) -> str:
    """Return the description in the first lines of a page; empty without one."""
    match = DESCRIPTION.match(page.read_text())
    return match[1] if match else ""


def on_post_build(config: Any) -> None:
    """Bring the pages in Markdown into their final form; runs after the plugins."""
    site = Path(config["site_dir"])
    for path in (site / "llms-full.txt", *site.rglob("*.md")):
        path.write_text(final_form(path.read_text(), config["site_url"]))


def final_form(text: str, site_url: str) -> str:
    """Return a page with links to Markdown instead of HTML, and tables without padding."""
    link = re.compile(rf"(\]\({re.escape(site_url)}[\w/.-]+)\.html(?=[)#])")
    lines, is_code = [], False
    for line in text.splitlines():
        is_code ^= bool(FENCE.match(line))
        is_table = line.startswith("|") and not is_code
        lines.append(without_padding(line) if is_table else line)
    return link.sub(r"\1.md", "\n".join(lines) + "\n")


def without_padding(line: str) -> str:
    """Return a line of a table with one blank at the borders of cells."""
    narrow = re.sub(r" +(?=\|)", " ", line)
    return re.sub(r"-{4,}", "---", narrow) if re.fullmatch(r"[|\s:-]+", narrow) else narrow
