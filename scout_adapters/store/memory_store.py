"""A store within one process: for tests of programs that share health, without a server."""

from __future__ import annotations

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters._internal.fork import fork_safe_lock
from scout_adapters.store.facts import Fact, FactListener, FactTable


class MemoryStore:
    """Passes facts between the listeners of one process.

    model = ScoutRouterChatModel(models=["groq/llama-3.3-70b-versatile"], store=MemoryStore())
    """

    label = "memory"

    def __init__(self, clock: Clock = SYSTEM, *, quotas: bool = True) -> None:
        """`quotas`: whether to share what is left of rate limits."""
        self.shares_quotas = quotas
        self._clock = clock
        self._lock = fork_safe_lock()
        self._table = FactTable()
        self._listeners: list[FactListener] = []

    def publish(self, fact: Fact) -> None:
        with self._lock:
            merged = self._table.merge(fact, self._clock.now())
            listeners = [*self._listeners]
        for listener in listeners if merged else ():
            listener.receive([merged])  # type: ignore[list-item]  # checked in the line before

    def subscribe(self, listener: FactListener) -> None:
        with self._lock:
            self._listeners.append(listener)
            facts = self._table.live(self._clock.now())
        listener.receive(facts)

    def facts(self) -> list[Fact]:
        """Return the facts that apply now."""
        with self._lock:
            return self._table.live(self._clock.now())

    @property
    def others(self) -> int:
        """Number of listeners besides one."""
        return max(0, len(self._listeners) - 1)

    def close(self) -> None:
        with self._lock:
            self._listeners.clear()
