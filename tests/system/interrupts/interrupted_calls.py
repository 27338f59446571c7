"""Calls that are interrupted at a line, and what they must have given back afterwards."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from scout_adapters import (
    ScoutAuditCallbackHandler,
    ScoutBudgetCallbackHandler,
    ScoutCostCallbackHandler,
    ScoutRouterChatModel,
)
from scout_adapters._internal import fork
from scout_adapters.llm.engine import candidate
from scout_adapters.llm.health import circuit_breaker, shared_states
from scout_adapters.llm.limits.memory_limits import memory_limits
from scout_adapters.llm.transport.http_transport import Transport, _pools_of
from scout_adapters.telemetry import ScoutTelemetryCallbackHandler
from scout_adapters.testing import Emulator, Overloaded, RateLimited
from tests.support.clock import NO_PAUSES
from tests.support.interruption import Interruption, Spot
from tests.support.lost_sockets import LostSockets
from tests.support.verbs import ASYNC, Verb, call_model

FAULTS = (RateLimited(1.0), Overloaded(), None)
"""What an interrupted call meets: a limited key, then a retry with the other one."""


class InterruptedCalls:
    """A router over the loopback server, with an audit log, costs, spans and two budgets."""

    def __init__(
        self, verb: Verb, folder: Path, emulator: Emulator, lost_sockets: LostSockets
    ) -> None:
        self.verb = verb
        self.emulator = emulator
        self._lost_sockets = lost_sockets
        self._folder = folder
        self._numbers = itertools.count(1)
        self._runner = asyncio.Runner() if verb in ASYNC else None
        self.build()

    def build(self) -> None:
        """Make model, handlers and connections; after a problem, so that it is found once."""
        self.transport = Transport()
        budget = str(self._folder / f"budget-{next(self._numbers)}.db")
        self.budgets = [
            ScoutBudgetCallbackHandler(10**6, name="memory"),
            ScoutBudgetCallbackHandler(10**6, name="file", path=budget),
        ]
        self.audit = ScoutAuditCallbackHandler(self._folder / "audit.jsonl")
        self.telemetry = ScoutTelemetryCallbackHandler(
            tracer_provider=TracerProvider(), meter_provider=MeterProvider([])
        )
        costs = ScoutCostCallbackHandler()
        self.handlers = [*self.budgets, self.audit, costs, self.telemetry]
        entries = [
            self._entry("groq", "llama-3.3-70b-versatile", ["key-a", "key-b"]),
            self._entry("openai", "gpt-4o-mini", ["key-c"]),
        ]
        wide = {"rpm": 10**9, "tpm": 10**12, "concurrency": 100}
        limits = {"groq": wide, "openai": wide}
        self.model = ScoutRouterChatModel(models=entries, clock=NO_PAUSES, limits=limits)
        self.candidates = self.model._route().candidates

    def _entry(self, provider: str, model: str, keys: list[str]) -> dict[str, Any]:
        return {
            "model": f"{provider}/{model}",
            "base_url": self.emulator.url(provider),
            "api_keys": keys,
            "transport": self.transport,
        }

    def close(self) -> None:
        """Close what the calls have opened."""
        self.audit.audit.close()
        for budget in self.budgets:
            if budget.worker is not None:
                budget.worker.close()
        self.transport.close()
        if self._runner is not None:
            self._runner.close()

    def interrupt(
        self,
        at: int | Spot = 0,
        error: BaseException | None = None,
        *,
        in_task: bool = False,
        connect: bool = False,
    ) -> Interruption:
        """Make a call that a refused key and a retry precede, with the exception at a line.

        `connect`: no connection is idle when it begins.
        """
        self._prepare(FAULTS, probe=True)
        if connect:
            self._disconnect()
        with Interruption(at, error, in_task=in_task) as interruption:
            try:
                self._call("Say nothing.")
            except BaseException:  # goes on: it is what was raised, or what core made of it
                if error is None:
                    raise
        return interruption

    def problems(self) -> Iterator[str]:
        """Yield what is still held after an interrupted call, and what the next call lacks."""
        yield from self._lost_sockets.take()
        yield from self._held()
        number = next(self._numbers)
        self._prepare((), probe=False)
        try:
            text = self._call(f"Say number {number}.").text
        except Exception as error:  # noqa: BLE001  # named
            text = repr(error)
        if f"number {number}." not in text:
            yield f"the next call has {text!r}"
        yield from self._lost_sockets.take()
        yield from self._held()

    def _disconnect(self) -> None:
        self.transport.close()
        if self._runner is not None:
            self._runner.run(self.transport.aclose())

    def _prepare(self, faults: Any, *, probe: bool) -> None:
        self.emulator.clear()
        for each in self.candidates:
            each.endpoint.pool.reset()
            each.endpoint.circuit.reset()
            if probe:
                each.endpoint.circuit.open_until = 0.0
        self.emulator.script("groq", faults)

    def _call(self, prompt: str) -> Any:
        call = call_model(self.model, self.verb, prompt, {"callbacks": self.handlers})
        if self._runner is None:
            return _run_sync(call)
        try:
            return self._runner.run(call)
        except BaseException:  # raised again; as asyncio.run does
            asyncio.runners._cancel_all_tasks(self._runner.get_loop())  # type: ignore[attr-defined]  # see above
            raise

    def _held(self) -> Iterator[str]:
        for handler in self.handlers:
            if handler.worker is not None:
                handler.worker.wait()
        checks: list[tuple[str, Callable[[], Any]]] = [
            ("locks", self._locks),
            (
                "keys in flight",
                lambda: [s.id for s in shared_states._states.values() if s.in_flight],
            ),
            ("attempts in flight", lambda: [x for x in candidate._loads if x.in_flight]),
            ("limits", _held_limits),
            ("probes", self._probes),
            ("slots", self._slots),
            ("holds", lambda: [b.name for b in self.budgets if b.held_usd or b._holds]),
            ("spans", lambda: len(self.telemetry._calls)),
            ("keys that no call gets", self._lost_keys),
        ]
        for name, check in checks:
            if state := check():
                yield f"{name}: {state}"

    def _locks(self) -> list[str]:
        return [repr(lock) for lock in list(fork._alive) if "unlocked" not in repr(lock)]

    def _probes(self) -> list[str]:
        breakers = list(circuit_breaker._breakers.values())
        return [each.name for each in breakers if each._probe_since is not None]

    def _slots(self) -> int:
        if self._runner is None:
            return self.transport.pool()._slots.taken
        entry = _pools_of(self._runner.get_loop()).get(self.transport)
        return entry[0]._slots.taken if entry else 0

    def _lost_keys(self) -> list[str]:
        lost = []
        for each in self.candidates:
            pool, now = each.endpoint.pool, time.monotonic()
            pool.reset()
            for state in pool:
                others = frozenset(other.id for other in pool if other is not state)
                if pool.pick(each.model, now, others) is None:
                    lost.append(state.id)
        return lost


def _held_limits() -> list[str]:
    meters = memory_limits._meters.items()
    return [scope for scope, meter in meters if meter.in_flight or meter.line]


def _run_sync(call: Any) -> Any:
    """Return the result of a coroutine that does not wait."""
    try:
        call.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("a call waited")
