"""The fixture `reset`: no test depends on this machine's settings or on another test."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache

import pytest

from scout_adapters import testing

LIVE = os.environ.get("SCOUT_RECORD") == "live"
"""Whether cassettes are being recorded of the real APIs, with this machine's keys."""

OF_PROVIDERS = re.compile(
    r"^(ANTHROPIC|AWS|AZURE|CF|CLOUDFLARE|DATABRICKS|GCLOUD|GEMINI|GOOGLE|OPENAI|SNOWFLAKE|VERCEL"
    r"|VERTEXAI)_|_(API_KEYS?|API_URL|BASE_URL|API_BASE|SECRET_KEY|TOKEN)(_\d+)?$"
)
"""Matches variables with keys, addresses and other settings of providers and their SDKs."""


@cache
def is_setting(name: str) -> bool:
    """Return whether a variable is a key, an address or a setting: the same in every test."""
    if name == "SCOUT_RECORD":  # chosen for this run, not a setting of the machine
        return False
    return name.startswith("SCOUT_") or OF_PROVIDERS.search(name) is not None


def clear_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove this machine's keys, addresses and settings until the end of a test."""
    for name in [] if LIVE else filter(is_setting, list(os.environ)):
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def reset(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start a test without this machine's settings, and end it without traces in the process."""
    clear_environment(monkeypatch)
    before = testing.snapshot()
    yield
    testing.reset(before)
