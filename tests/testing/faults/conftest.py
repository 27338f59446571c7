"""A key with a fault, and the refusal that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scout_adapters.testing import Emulator

if TYPE_CHECKING:
    import httpx


KEY = "sk-canary-0123456789"


@pytest.fixture
def refused(asking: Any) -> Any:
    """Send a request with a key that has a fault, in the provider's first protocol."""

    def ask(provider: str, fault: Any, **more: Any) -> httpx.Response:
        answer: httpx.Response = asking(Emulator({provider: {KEY: fault}})).ask(
            provider, key=KEY, **more
        )
        return answer

    return ask
