"""Models whose answers are made in the background, on the emulator and a clock that tests move."""

from __future__ import annotations

from typing import Any

from scout_adapters import ScoutOpenAIChatModel, ScoutXAIChatModel
from scout_adapters.testing import Emulator
from tests.support.clock import FakeTime

PROVIDERS = ["openai", "xai"]
CLASSES: dict[str, Any] = {"openai": ScoutOpenAIChatModel, "xai": ScoutXAIChatModel}
OPTIONS: dict[str, Any] = {
    "openai": {"model": "gpt-6-luna", "background": True},
    "xai": {"model": "grok-4.3", "deferred": True},
}


def model_of(provider: str, emulator: Emulator, time: FakeTime, **options: Any) -> Any:
    options = {"api_key": "k1", "clock": time.clock, **OPTIONS[provider], **options}
    return CLASSES[provider](transport=emulator.transport(), **options)


def methods(emulator: Emulator) -> list[str]:
    return [exchange.method for exchange in emulator.log]


def paths(emulator: Emulator, method: str) -> list[str]:
    return [exchange.path for exchange in emulator.log if exchange.method == method]
