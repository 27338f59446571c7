"""Models over an emulator, whose log is the witness of what was asked and billed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scout_adapters.audit import _logs
from scout_adapters.chat_provider import _transports
from scout_adapters.llm import circuit_breaker, keys, pricing
from scout_adapters.llm.providers import registry
from scout_adapters.testing import Emulator

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE:  # pytest shows every conftest the whole run
            item.add_marker(pytest.mark.block_network(allowed_hosts=["127.0.0.1"]))


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget the health, prices and clients of other tests, and this machine's keys."""
    for name in os.environ:
        if name.endswith(("_API_KEY", "_API_KEYS", "_API_URL")) or name == "SCOUT_AUDIT_PATH":
            monkeypatch.delenv(name)
    monkeypatch.setattr(registry, "_clients", {})
    monkeypatch.setattr(registry, "_special", {})
    pricing._warn_once.cache_clear()
    pricing._warn_of_key_once.cache_clear()
    yield
    keys._states.clear()
    circuit_breaker._breakers.clear()
    pricing.PRICING.clear()
    _transports.clear()
    _logs.clear()


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()
