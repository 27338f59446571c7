"""Open every page of the built site in a browser: `python -m tools.site_check site [axe.min.js]`.

At 390 and 1440 pixels, light and dark: nothing is wider than the window, no request leaves the
machine, nothing is missing, and no script fails. With the file of axe-core (`npm install
axe-core`) its findings of the impact serious or critical are printed, too. The exit code is 1 if
there is any.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.report.browser import browser

VIEWS = [(width, scheme) for width in (390, 1440) for scheme in ("light", "dark")]
WIDER = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
CUT_OFF = """[...document.querySelectorAll('article table, article pre')]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1
        && !e.closest('.md-typeset__scrollwrap, .md-typeset__table'))
    .map(e => e.innerText.slice(0, 60))"""
AXE = """async () => (await axe.run({preload: false})).violations
    .filter(each => ['serious', 'critical'].includes(each.impact))
    .map(each => `${each.id}: ${each.nodes[0].html.slice(0, 200)} (${each.nodes.length})`)"""


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and prints nothing."""

    def log_message(self, *_: object) -> None:
        """Print no line for a request."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder on the loopback interface; yield its address."""
    handler = partial(QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def check_page(context: Any, page: str, axe: str) -> Iterator[str]:
    """Yield what is wrong with a page in a view."""
    complaints: list[str] = []
    tab = context.new_page()
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("requestfailed", lambda each: complaints.append(f"not there: {each.url}"))
    home = page[: page.index("/", 8)]
    tab.on("request", lambda each: each.url.startswith(home) or complaints.append(each.url))
    tab.goto(page)
    if (pixels := tab.evaluate(WIDER)) > 0:
        yield f"{pixels} pixels wider than the window"
    yield from (f"cut off: {text!r}" for text in tab.evaluate(CUT_OFF))
    if axe:
        tab.evaluate(axe)
        yield from tab.evaluate(AXE)
    yield from complaints
    tab.close()


def check(site: Path, axe: str) -> Iterator[str]:
    """Yield what is wrong with any page, with its view."""
    pages = [path.relative_to(site) for path in sorted(site.rglob("*.html"))]
    pages.remove(Path("404.html"))  # its links are those of the published address
    with browser() as chromium, served(site) as home:
        for width, scheme in VIEWS:
            size = {"width": width, "height": 900}
            context = chromium.new_context(viewport=size, color_scheme=scheme)
            for page in pages:
                for finding in check_page(context, f"{home}{page}", axe):
                    yield f"{page} at {width} {scheme}: {finding}"
            context.close()
    print(f"{len(pages)} pages in {len(VIEWS)} views")


def main() -> int:
    """Print the findings; return the exit code."""
    site, *scripts = map(Path, sys.argv[1:])
    findings = list(check(site.resolve(), "".join(path.read_text() for path in scripts)))
    print(*findings, sep="\n")
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main())
