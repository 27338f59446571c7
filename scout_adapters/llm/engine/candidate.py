"""A provider at one address with its keys: all that an attempt needs to know of the other side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.rate_limiters import BaseRateLimiter

from scout_adapters._internal.fork import fork_safe_lock
from scout_adapters.llm.adapters.adapter import Adapter
from scout_adapters.llm.health.circuit_breaker import CircuitBreaker
from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.timeouts import Timeouts
from scout_adapters.llm.types import ChatRequest, ProviderSpec

FAILURE_SECONDS = 60.0
_load_lock = fork_safe_lock()


class RetryBudget:
    """A token bucket per endpoint: second tries cannot grow beyond half of the first ones."""

    def __init__(self, *, deposit: float = 0.5, capacity: float = 10.0) -> None:
        """Each call puts `deposit` in, each second try takes 1 out."""
        self._deposit = deposit
        self._capacity = capacity
        self._tokens = capacity
        self._lock = fork_safe_lock()

    def called(self) -> None:
        """Note a first try."""
        if self._tokens < self._capacity:
            with self._lock:
                self._tokens = min(self._capacity, self._tokens + self._deposit)

    def spend(self) -> bool:
        """Take a token for a second try, if one is left."""
        with self._lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


@dataclass(eq=False, slots=True)
class Load:
    """How fast an endpoint's model has been lately, and how busy it is: for choosing by it."""

    latency_s: float | None = None
    in_flight: int = 0

    def begin(self) -> None:
        """Count a call that begins."""
        with _load_lock:
            self.in_flight += 1

    def end(self) -> None:
        """Count a call that is over."""
        with _load_lock:
            self.in_flight -= 1

    def fail(self) -> None:
        """Weigh a failure like a very slow answer, or one that always fails would look fastest."""
        self.note(FAILURE_SECONDS)

    def note(self, seconds: float) -> None:
        """Weigh a new answer in; the last five or so count."""
        known = self.latency_s
        self.latency_s = seconds if known is None else known + 0.2 * (seconds - known)


@dataclass(eq=False, kw_only=True)
class Endpoint:
    """A provider, an address, the keys that are valid there, and its circuit."""

    spec: ProviderSpec
    pool: KeyPool
    circuit: CircuitBreaker
    adapter: Adapter
    key_variables: tuple[str, ...] = ()
    """The environment variables to name when there is no key."""

    keyless: bool = False
    max_key_attempts: int | None = None
    """How many keys one call may try; None for as many as there are."""

    retries: RetryBudget = field(default_factory=RetryBudget)
    loads: dict[str, Load] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.spec.name

    def load(self, model: str) -> Load:
        """Return how a model has been doing here."""
        return self.loads.get(model) or self.loads.setdefault(model, Load())


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidate:
    """One way to answer a call: a model at an endpoint, with the settings that it prefers."""

    endpoint: Endpoint
    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Values of `ChatRequest` fields for where the call leaves them open."""

    weight: float = 1.0
    timeouts: Timeouts | None = None
    """Its own, instead of the call's."""

    limiter: BaseRateLimiter | None = None
    """LangChain's; asked before each attempt, as it would be before each call of a single model."""

    def __str__(self) -> str:
        return f"{self.endpoint.name}/{self.model}"

    def request(self, call: ChatRequest) -> ChatRequest:
        """Make the call's request one to this model."""
        if not self.settings and call.model == self.model:
            return call
        open_fields: dict[str, Any] = {"model": self.model}
        for name, value in self.settings.items():
            if name == "extra":
                open_fields["extra"] = {**value, **call.extra}
            elif getattr(call, name) in (None, ()):
                open_fields[name] = value
        return replace(call, **open_fields)
