"""Put a fault into a test: the first request decides which provider and which key it hits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scout_adapters.testing.chaos.chaos_fault import ChaosFault
    from scout_adapters.testing.faults.refusals import Fault


class FaultInjection:
    """Chooses the fault of each request; thread-safe.

    `at` is the number of the request that the fault begins with; `clock` returns seconds.
    """

    def __init__(self, fault: ChaosFault, clock: Callable[[], float], at: int = 1) -> None:
        self.fault = fault
        self.played = 0
        """How many requests it has hit."""

        self.obstacle = ""
        """Why it could not hit the request that it was meant for; "" if it could."""

        self.first: tuple[str, bool] | None = None
        """The provider of the request number `at`, and whether it is streamed."""

        self._at, self._clock = at, clock
        self._requests = self._spared = 0
        self._target: tuple[str, str] | None = None
        self._begun = 0.0
        self._lock = threading.Lock()

    def choose(self, provider: str, key: str, *, stream: bool) -> Fault | None:
        """Return the fault of a request; None for a good answer."""
        with self._lock:
            self._requests += 1
            if self._requests < self._at or self.obstacle:
                return None
            if self._target is None:
                self.first = (provider, stream)
                self.obstacle = self.fault.obstacle(provider, stream=stream)
                self._target, self._begun = (provider, key), self._clock()
            if self.obstacle or not self._hits(provider, key):
                return None
            if self._spared < self.fault.good_before:
                self._spared += 1
                return None
            self.played += 1
            return self.fault.faults[min(self.played, len(self.fault.faults)) - 1]

    def _hits(self, provider: str, key: str) -> bool:
        if self._target is None or provider != self._target[0]:
            return False
        if self.fault.scope == "request":
            return self.played < len(self.fault.faults)
        lasts = self.fault.faults[-1].lasts
        if lasts is not None and self._clock() >= self._begun + lasts:
            return False
        return self.fault.scope == "provider" or key == self._target[1]
