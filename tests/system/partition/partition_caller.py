"""One side of a partition: a process in a network namespace, with keys and budgets in a store.

Each line that it reads is a method of `PartitionCaller` with its arguments; it is answered by one
line in JSON. The provider is an emulator in the process itself, so that only the store is cut off.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections import Counter
from typing import Any

from scout_adapters import ScoutBudgetCallbackHandler, ScoutGroqChatModel
from scout_adapters.errors import ScoutError
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.store import open_state_store
from scout_adapters.store.open_store import close_stores
from scout_adapters.store.redis_server import RedisServer
from scout_adapters.store.redis_store import RedisStore
from scout_adapters.testing import Emulator, Revoked
from tests.support.network_namespaces import enter
from tests.support.waiting import until

MODEL = "openai/gpt-oss-120b"
KEYS = [f"key-{number}" for number in range(4)]
NANO_A_TOKEN = 10_000
PAUSE = 0.01
"""Seconds between two calls."""


class Tries:
    """What was sent to servers: in which thread, with which timeout, and how long it took."""

    def __init__(self) -> None:
        self._send = RedisServer._send
        self.rows: list[dict[str, Any]] = []
        tries = self

        def send(server: RedisServer, calls: Any) -> Any:
            began, answered = time.monotonic(), False
            try:
                results = tries._send(server, calls)
                answered = True
                return results
            finally:
                row: dict[str, Any] = {"thread": threading.current_thread().name}
                row |= {"timeout": server._timeout, "seconds": time.monotonic() - began}
                tries.rows.append({**row, "answered": answered})

        RedisServer._send = send  # type: ignore[method-assign]  # counts, and passes everything on


class LogLines(logging.Handler):
    """The messages that were logged."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


class PartitionCaller:
    """The models and budgets of one side."""

    def __init__(self, store: str) -> None:
        self.tries, self.lines = Tries(), LogLines()
        logging.getLogger("scout_adapters.store").addHandler(self.lines)
        price = NANO_A_TOKEN / 1_000_000
        PRICING["groq"] = {MODEL: {"input": price, "output": price}}
        self.emulator = Emulator(keys={"groq": dict.fromkeys(KEYS)})
        self.model = ScoutGroqChatModel(
            model=MODEL, api_keys=KEYS, transport=self.emulator.transport(), store=store
        )
        self.budgets = {
            "raise": ScoutBudgetCallbackHandler(50, name="raise", store=store),
            "allow": ScoutBudgetCallbackHandler(
                50, name="allow", store=store, on_store_error="allow"
            ),
        }
        self.billed: Counter[str] = Counter()
        route = self.model._route()
        self.states = {state.key: state for state in route.candidates[0].endpoint.pool}
        shared = open_state_store(store)
        assert isinstance(shared, RedisStore)
        self.store = shared

    def connected(self) -> bool:
        return self.store.wait_until_connected(60)

    def ready(self) -> None:
        """Use the store with each budget, until it answers in time also on a busy machine."""
        for name, budget in self.budgets.items():
            self._call(name)
            while budget.store.server.fault:  # type: ignore[union-attr]  # of Redis
                time.sleep(PAUSE)
                self._call(name)
        for budget in self.budgets.values():  # else a thread may try the store when it is cut off
            until(budget.store.flush)  # type: ignore[union-attr]  # of Redis

    def calls(self, seconds: str, *names: str) -> dict[str, Any]:
        """Make calls in turn, with each of the named budgets or "none", for so many seconds."""
        outcomes: dict[str, Counter[str]] = {name: Counter() for name in names}
        self.tries.rows.clear()
        began = time.monotonic()
        while True:
            for name in names:
                outcomes[name][self._call(name)] += 1
            if time.monotonic() - began >= float(seconds):
                break
            time.sleep(PAUSE)
        waited = [row for row in self.tries.rows if row["thread"] == "MainThread"]
        return {"outcomes": outcomes, "tries": waited, "seconds": time.monotonic() - began}

    def _call(self, name: str) -> str:
        handlers: Any = [self.budgets[name]] if name in self.budgets else []
        before = len(self.emulator.log)
        try:
            self.model.invoke("Hello", {"callbacks": handlers})
        except ScoutError as error:
            return type(error).__name__
        finally:
            new = self.emulator.log[before:]
            tokens = sum(each.input_tokens + each.output_tokens for each in new if each.billed)
            self.billed[name] += tokens * NANO_A_TOKEN
        return "ok"

    def revoke(self, key: str) -> None:
        """Let the provider refuse a key, and call until that is found."""
        self.emulator.keys["groq"][key] = Revoked()  # type: ignore[index]  # a dict
        while not self.states[key].permanently_failed:
            self._call("none")

    def wait_for(self, *keys: str) -> None:
        until(lambda: set(keys) <= set(self.refused()))

    def refused(self) -> list[str]:
        return [key for key, state in self.states.items() if state.permanently_failed]

    def settle(self) -> dict[str, Any]:
        """Wait until all settlements are sent; return what was billed and the lines logged."""
        for budget in self.budgets.values():
            until(budget.store.flush)  # type: ignore[union-attr]  # of Redis
        return {
            "billed": {name: self.billed[name] for name in ("none", *self.budgets)},
            "lines": self.lines.messages,
        }

    def books(self) -> dict[str, list[int]]:
        """Return what the store has of each budget: spent, held and uncertain nano-dollars."""
        return {
            name: [balance.spent, balance.held, balance.uncertain]
            for name, budget in self.budgets.items()
            for balance in budget.balances
        }


def main(namespace: str, store: str) -> None:
    """Answer the lines of standard input until it ends."""
    enter(namespace)
    caller = PartitionCaller(store)
    for line in sys.stdin:
        verb, *words = line.split()
        os.write(1, json.dumps(getattr(caller, verb)(*words)).encode() + b"\n")
    close_stores()


if __name__ == "__main__":
    main(*sys.argv[1:])
