"""The fixture `reset`: no test depends on this machine's settings or on another test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from scout_adapters import testing

LIVE = os.environ.get("SCOUT_RECORD") == "live"
"""Whether cassettes are being recorded of the real APIs, with this machine's keys."""


def clear_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove this machine's keys, addresses and settings until the end of a test."""
    for name in list(os.environ):
        if LIVE:
            break
        if name == "SCOUT_RECORD":  # chosen for this run, not a setting of the machine
            continue
        if name.endswith(("_API_KEY", "_API_KEYS", "_API_URL")) or name.startswith("SCOUT_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def reset(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start a test without this machine's settings, and end it without traces in the process."""
    clear_environment(monkeypatch)
    before = testing.snapshot()
    yield
    testing.reset(before)
