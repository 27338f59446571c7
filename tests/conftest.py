"""What tests of several folders need."""

from __future__ import annotations

import pytest

from scout_adapters.llm import connections


@pytest.fixture(params=["httpx", "aiohttp"])
def carried(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with the extra `aiohttp` and, as if it were not installed, without it."""
    if request.param == "httpx":
        monkeypatch.setattr(connections, "has_aiohttp", lambda: False)
    return str(request.param)
