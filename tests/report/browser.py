"""An installed Chromium, and the errors and requests of a page opened in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.support.paths import ROOT
from tests.support.waiting import HANG

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
Motion = Literal["no-preference", "reduce"]


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
        started = driver.chromium.launch(
            executable_path=chromium(), args=ARGUMENTS, timeout=1000 * HANG
        )
        yield started
        started.close()


@dataclass
class Opened:
    """A page in a browser, with its requests and console messages."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @cached_property
    def listeners(self) -> dict[str, Callable[[Any], None]]:
        """What fills the two lists, by the event of the page."""
        return {
            "console": lambda message: self.complaints.append(message.text),
            "pageerror": lambda error: self.complaints.append(str(error)),
            "dialog": lambda dialog: self.complaints.append(dialog.message),
            "request": lambda request: self.requests.append(request.url),
        }

    def all(self, script: str) -> Any:
        """Return the value of a script run in the page."""
        return self.page.evaluate(script)

    def texts(self, selector: str) -> list[str]:
        return [text.strip() for text in self.page.locator(selector).all_inner_texts()]

    def until(self, elements: Any, number: int) -> None:
        """Wait until there are so many elements."""
        from playwright.sync_api import expect

        expect(elements).to_have_count(number, timeout=1000 * HANG)


@contextmanager
def tab() -> Iterator[Any]:
    """Start a browser with one page without a network; `opened` shows files in it in turn."""
    with browser() as started:
        context = started.new_context(offline=True)
        page = context.new_page()
        page.set_default_timeout(1000 * HANG)
        yield page
        context.close()


@contextmanager
def opened(
    page: Any,
    file: Path,
    width: int = 1440,
    scheme: Scheme = "light",
    motion: Motion = "no-preference",
) -> Iterator[Opened]:
    """Show a file in the page of a tab, as in a new browser; wait until all charts are drawn."""
    shown = Opened(page)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(media="screen", color_scheme=scheme, reduced_motion=motion)
    for event, listener in shown.listeners.items():
        page.on(event, listener)
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready=true]")
    try:
        yield shown
    finally:
        for event, listener in shown.listeners.items():
            page.remove_listener(event, listener)
        page.evaluate("localStorage.clear()")  # the theme that a test has chosen
