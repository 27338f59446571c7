"""LiteLLM with our handler as a provider, on the emulator; it reads its own map of prices."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # read on import: else it opens a connection

import litellm  # after the variable

from scout_adapters.litellm import ScoutLiteLLM  # as above
from scout_adapters.testing import Emulator  # as above


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator()
    with emulator.serve():
        yield emulator


@pytest.fixture(autouse=True)
def _no_clients_left() -> Iterator[None]:
    """Free LiteLLM's clients while its warnings are ignored: it leaves their sockets open."""
    yield
    litellm.in_memory_llm_clients_cache.flush_cache()
    gc.collect()


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> ScoutLiteLLM:
    """Return the handler that LiteLLM calls for `scout/...`."""
    handler = ScoutLiteLLM(max_retries=0)
    provider = {"provider": "scout", "custom_handler": handler}
    monkeypatch.setattr(litellm, "custom_provider_map", [provider])
    monkeypatch.setattr(litellm, "suppress_debug_info", True)
    return handler
