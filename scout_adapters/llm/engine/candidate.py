"""Candidates of a call: a model at an endpoint, and the endpoint's keys, circuit and load."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from langchain_core.rate_limiters import BaseRateLimiter

from scout_adapters._internal.fast_copy import copy_dataclass
from scout_adapters._internal.fork import call_after_fork, fork_safe_lock
from scout_adapters.llm.adapters.adapter import Adapter
from scout_adapters.llm.health.circuit_breaker import CircuitBreaker
from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.health.shared_states import shared_state
from scout_adapters.llm.timeouts import Timeouts
from scout_adapters.llm.types import ModelRequestT, ProviderSpec

if TYPE_CHECKING:
    from scout_adapters.llm.limits.limit_rule import LimitRule
    from scout_adapters.store import StateStore

MAX_LOADS = 1024
"""Number of models per endpoint whose load is remembered."""

FAILURE_SECONDS = 60.0
"""Seconds that a failure counts as in an endpoint's average latency."""

_load_lock = fork_safe_lock()
_loads: WeakSet[Load] = WeakSet()


def _forget_attempts() -> None:
    """Count no attempts in a forked child: those of the parent never end here."""
    for load in list(_loads):
        load.in_flight = 0


call_after_fork(_forget_attempts)


class RetryBudget:
    """A token bucket per endpoint: at most one retry for every two calls, after a burst."""

    def __init__(self, *, deposit: float = 0.5, capacity: float = 10.0) -> None:
        """Start full. Each call adds `deposit` tokens, each retry takes one."""
        self._deposit = deposit
        self._capacity = capacity
        self._tokens = capacity
        self._lock = fork_safe_lock()

    def deposit(self) -> None:
        """Add the tokens of a call's first try."""
        if self._tokens < self._capacity:
            with self._lock:
                self._tokens = min(self._capacity, self._tokens + self._deposit)

    def spend(self) -> bool:
        """Take a token for a retry. Return whether one was left."""
        with self._lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


class LoadedAttempt(Protocol):
    """An attempt that a load counts."""

    is_counted: bool


@dataclass(eq=False, slots=True, weakref_slot=True)
class Load:
    """Recent latency and calls in flight of a model at an endpoint; strategies order by them."""

    latency_s: float | None = None
    """Seconds: a moving average; None before the first answer."""

    in_flight: int = 0

    def __post_init__(self) -> None:
        _loads.add(self)

    def begin(self, attempt: LoadedAttempt) -> None:
        """Count an attempt as in flight."""
        with _load_lock:
            # One line: an exception between the two would leave the count wrong for ever.
            self.in_flight, attempt.is_counted = self.in_flight + 1, True

    def end(self, attempt: LoadedAttempt) -> None:
        """Count an attempt as no longer in flight; a second call for it does nothing."""
        with _load_lock:
            if attempt.is_counted:
                self.in_flight, attempt.is_counted = max(0, self.in_flight - 1), False

    def record_failure(self) -> None:
        """Count a failure as a very slow answer; else a failing endpoint would look fastest."""
        self.record(FAILURE_SECONDS)

    def record(self, seconds: float) -> None:
        """Add a latency in seconds to the moving average, with a weight of one fifth."""
        average = self.latency_s
        self.latency_s = seconds if average is None else average + 0.2 * (seconds - average)


@dataclass(eq=False, kw_only=True)
class Endpoint:
    """A provider at one address, with its keys, circuit, retry budget and load."""

    spec: ProviderSpec
    pool: KeyPool
    circuit: CircuitBreaker
    adapter: Adapter
    key_variables: tuple[str, ...] = ()
    """Environment variables that the error names when no key is configured."""

    missing: str = ""
    """What to set for the part of the address that has no value; empty if it is whole."""

    keyless: bool = False
    """Whether the provider needs no key."""

    gate: KeyState | None = None
    """Health of a server without keys: its cooldown, and how many requests go at once after it.
    None for a server with keys."""

    max_key_attempts: int | None = None
    """How many keys one call may try; None for all."""

    names_conversations: bool = False
    """Whether long requests name their conversation, for the provider's prompt cache."""

    retries: RetryBudget = field(default_factory=RetryBudget)
    loads: dict[str, Load] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.keyless and self.gate is None and not len(self.pool):
            self.gate = shared_state(self.name, self.pool.address, "")

        if os.environ.get("SCOUT_STORE"):
            from scout_adapters.store.open_store import (  # noqa: PLC0415  # rare
                file_of,
                store_of_environment,
            )

            if (address := store_of_environment()) and not file_of(address):
                self.share_health(address)

    def share_health(self, store: str | StateStore) -> None:
        """Share the health of the keys and circuits through a store, from now on.

        Raises: `ConfigurationError` for an address that cannot be used.
        """
        from scout_adapters.llm.health.shared_health import shared_health  # noqa: PLC0415  # rare
        from scout_adapters.store import open_state_store  # noqa: PLC0415  # rare

        health, places = shared_health(open_state_store(store)), self.pool.places
        for state in self.key_states:
            place = places.get(state)
            address = place.address if place else self.pool.address
            health.add_key(self.name, address, state)
            health.add_circuit(self.name, address, place.circuit if place else self.circuit)
        if not self.key_states:
            health.add_circuit(self.name, self.pool.address, self.circuit)

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.spec.name

    @property
    def key_states(self) -> Sequence[KeyState]:
        """The health of each key of the endpoint; for a server without keys, the one of `gate`."""
        return self.pool.states if self.gate is None else (self.gate,)

    def load(self, model: str) -> Load:
        """Return the load of a model at this endpoint."""
        return self.loads.get(model) or self._new_load(model)

    def _new_load(self, model: str) -> Load:
        load = self.loads.setdefault(model, Load())
        if len(self.loads) > MAX_LOADS:
            self.loads.pop(next(iter(self.loads)), None)
        return load


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidate:
    """One way to answer a call: a model at an endpoint, with its own settings."""

    endpoint: Endpoint
    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Defaults for `ChatRequest` fields that the call does not set."""

    undocumented: frozenset[str] = frozenset()
    """Body fields that other candidates document and this one does not: left out if a call has
    them."""

    weight: float = 1.0
    """Share of first tries under the strategy `weighted`, relative to the other candidates."""

    order: int = 1
    """Candidates of a lower number are tried first, whatever the strategy; 1 by default."""

    timeouts: Timeouts | None = None
    """Timeouts of this candidate, instead of the call's."""

    limiter: BaseRateLimiter | None = None
    """LangChain rate limiter, acquired before each attempt at this candidate."""

    limits: tuple[LimitRule, ...] = ()
    """Limits of the user for this candidate: its own, and those of its provider and model."""

    def __str__(self) -> str:
        return f"{self.endpoint.name}/{self.model}"

    def request(self, call: ModelRequestT) -> ModelRequestT:
        """Return the call's request with this candidate's model and defaults."""
        extra = call.extra
        if self.undocumented and not self.undocumented.isdisjoint(extra):
            extra = {name: extra[name] for name in extra if name not in self.undocumented}
        elif not self.settings and call.model == self.model:
            return call
        open_fields: dict[str, Any] = {"model": self.model, "extra": extra}
        for name, value in self.settings.items():
            if name == "extra":
                open_fields["extra"] = {**value, **extra}
            elif getattr(call, name) in (None, ()):
                open_fields[name] = value
        return copy_dataclass(call, open_fields)
