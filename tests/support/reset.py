"""The one place that knows what the package remembers in a process, and how to forget it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from scout_adapters.audit.process_log import _logs
from scout_adapters.chat_models.provider_base import _transports
from scout_adapters.llm.health.circuit_breaker import _breakers
from scout_adapters.llm.health.key_state import _states
from scout_adapters.llm.pricing import price_list
from scout_adapters.llm.providers import registry


def forget() -> None:
    """Forget keys, circuits, clients, transports, prices and logs."""
    registry._clients.clear()
    registry._special.clear()
    _states.clear()
    _breakers.clear()
    _transports.clear()
    price_list.PRICING.clear()
    price_list._warn_no_price.cache_clear()
    price_list._warn_unknown_key.cache_clear()
    for log in _logs.values():
        log.close()
    _logs.clear()


LIVE = os.environ.get("SCOUT_RECORD") == "live"
"""Whether cassettes are being recorded of the real APIs, with this machine's keys."""


def clear_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove this machine's keys, addresses and settings until the end of a test."""
    for name in list(os.environ):
        if LIVE:
            break
        if name.endswith(("_API_KEY", "_API_KEYS", "_API_URL")) or name.startswith("SCOUT_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def reset(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start a test without this machine's settings, and end it without traces in the process."""
    clear_environment(monkeypatch)
    monkeypatch.setattr(registry, "_specs", dict(registry._specs))
    monkeypatch.setattr(registry, "_clients", {})
    monkeypatch.setattr(registry, "_special", {})
    yield
    forget()
