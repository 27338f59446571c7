"""Gauges of keys and circuits, read from the registry when a metric reader collects."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from scout_adapters.llm.health.circuit_breaker import all_circuits
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.providers import registry
from scout_adapters.telemetry import semantic_conventions as names

TRIES = 5
STATES = ("ready", "resting", "quarantined")


def observe_registry(meter: Meter) -> None:
    """Create the gauges; repeated calls for one meter use the existing ones."""
    meter.create_observable_gauge(
        names.KEYS_METRIC,
        [partial(_count, count_keys)],
        unit="{key}",
        description="Keys that calls have used, by state",
    )
    meter.create_observable_gauge(
        names.CIRCUITS_METRIC,
        [partial(_count, count_open_circuits)],
        unit="{circuit}",
        description="Circuits that permit no call now, by provider",
    )


def _count(
    function: Callable[[float], list[Observation]], _: CallbackOptions
) -> Iterable[Observation]:
    """Return the observations of `function`; try again if another thread changes the registry.

    After `TRIES` tries it returns none, until the next collection.
    """
    for _try in range(TRIES):
        with suppress(RuntimeError):  # a dict or a set changed its size
            return function(time.monotonic())
    return ()


def count_keys(now: float) -> list[Observation]:
    """Return the number of keys by provider and state, zeros included."""
    states = {
        (client.name, key): _state_of(key, now)
        for client in registry.clients()
        if client.is_in_use
        for key in client.keys
        if key.id
    }
    counts = Counter((provider, state) for (provider, _), state in states.items())
    return [
        Observation(counts[provider, state], _labels(provider) | {names.KEY_STATE: state})
        for provider in sorted({provider for provider, _ in counts})
        for state in STATES
    ]


def _state_of(key: KeyState, now: float) -> str:
    if key.permanently_failed:
        return "quarantined"
    resting = key.ready_at() > now or any(until > now for until in [*key.model_cooldowns.values()])
    return "resting" if resting else "ready"


def count_open_circuits(now: float) -> list[Observation]:
    """Return the number of open circuits by provider, zeros included."""
    is_open: Counter[str] = Counter()
    for breaker in all_circuits():
        is_open[breaker.name] += not breaker.is_available(now)
    return [Observation(count, _labels(provider)) for provider, count in sorted(is_open.items())]


def _labels(provider: str) -> dict[str, str]:
    return {names.PROVIDER: names.provider_name(provider)}
