"""An installed Chromium, and the errors and requests of a page opened in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.support.paths import ROOT

ARTEFACTS = ROOT / "artefacts"
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Scheme = Literal["light", "dark"]


def chromium() -> str:
    """Return where a Chromium is, or skip the test."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    return executable


@contextmanager
def browser() -> Iterator[Any]:
    """Start a browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: the dev extra")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield started
        started.close()


@dataclass
class Opened:
    """A page in a browser, with its requests and console messages."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def all(self, script: str) -> Any:
        """Return the value of a script run in the page."""
        return self.page.evaluate(script)

    def texts(self, selector: str) -> list[str]:
        return [text.strip() for text in self.page.locator(selector).all_inner_texts()]

    def until(self, elements: Any, number: int) -> None:
        """Wait until there are so many elements."""
        from playwright.sync_api import expect

        expect(elements).to_have_count(number)


@contextmanager
def opened(
    browser: Any, file: Path, width: int = 1440, scheme: Scheme = "light", **more: Any
) -> Iterator[Opened]:
    """Open a file's page without a network; wait until all charts are drawn."""
    size = {"width": width, "height": 900}
    context = browser.new_context(viewport=size, color_scheme=scheme, offline=True, **more)
    opened_page = Opened(context.new_page())
    opened_page.page.on("console", lambda message: opened_page.complaints.append(message.text))
    opened_page.page.on("pageerror", lambda error: opened_page.complaints.append(str(error)))
    opened_page.page.on("dialog", lambda dialog: opened_page.complaints.append(dialog.message))
    opened_page.page.on("request", lambda request: opened_page.requests.append(request.url))
    opened_page.page.goto(file.as_uri())
    opened_page.page.wait_for_selector("html[data-ready=true]")
    yield opened_page
    context.close()
