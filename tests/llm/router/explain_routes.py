"""Routes with their own addresses, so that they share no keys and circuits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator
from tests.support.clock import FakeTime

MODELS = {
    "groq": "openai/gpt-oss-120b",
    "anthropic": "claude-haiku-4-5",
    "google": "gemini-3.5-flash",
}
NOW = 5000.0
_numbers = count(1)


def routed(
    emulator: Emulator, keys: Mapping[str, Sequence[str]], **options: Any
) -> ScoutRouterChatModel:
    """A route of one candidate for each provider, in an empty world."""
    number, transport = next(_numbers), emulator.transport()
    entries = [
        {
            "model": f"{provider}/{MODELS[provider]}",
            "api_keys": list(own),
            "base_url": emulator.url(provider).replace("emulator.test", f"e{number}.test"),
            "transport": transport,
        }
        for provider, own in keys.items()
    ]
    return ScoutRouterChatModel(models=entries, **{"clock": FakeTime(NOW).clock, **options})


def endpoint(model: Any, provider: str) -> Any:
    """The endpoint of a provider in a route."""
    endpoints = (c.endpoint for c in model._route().candidates if c.endpoint.name == provider)
    return next(endpoints)


def health(model: Any) -> list[Any]:
    """Return the state of a route's keys, circuits, retries and load, as plain values."""
    states = []
    for candidate in model._route().candidates:
        at = candidate.endpoint
        keys = [
            {n: repr(getattr(s, n)) for n in s.__slots__ if n != "__weakref__"} for s in at.pool
        ]
        circuit = {n: v for n, v in vars(at.circuit).items() if n != "_lock"}
        loads = {name: (load.latency_s, load.in_flight) for name, load in at.loads.items()}
        states.append((keys, circuit, at.retries._tokens, loads))
    return states
