"""Routes over providers of the emulator."""

from __future__ import annotations

from typing import Any

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator
from tests.system.reconciliation.plan import MODELS

KEYS = {name: [f"{name}-key-1", f"{name}-key-2"] for name in MODELS}


def route(emulator: Emulator, *providers: str, **options: Any) -> ScoutRouterChatModel:
    """Return a route over these providers."""
    transport = emulator.transport()
    entries = [
        {"model": f"{name}/{MODELS[name]}", "api_keys": KEYS[name], "transport": transport}
        for name in providers
    ]
    return ScoutRouterChatModel(models=entries, max_wait=0, **options)
