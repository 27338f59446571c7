"""Calls a pool of keys in a process of its own, on the lines that it reads.

`calls N AT_ONCE` makes N calls, so many at once; `refused KEY` waits until that key is out of
rotation; `used_up N` until so many keys have nothing left of their rate limit.
Each line is answered by one in JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count, takewhile
from typing import Any

from scout_adapters import ScoutBudgetCallbackHandler, ScoutRouterChatModel
from scout_adapters.errors import BudgetError, BudgetExceeded, ScoutError
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.store.open_store import close_stores
from tests.support.waiting import until

MODEL = "openai/gpt-oss-120b"
KEYS = [f"key-{number:02}" for number in range(20)]
PRICE = 0.01
"""US dollars for a thousand tokens."""


class SentAt:
    """Sends the key and the monotonic time, which is the same for all processes."""

    def headers(self, key: str, *_: object) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}", "x-sent": str(time.monotonic())}


class Caller:
    """A model with all keys, and what became of its calls."""

    def __init__(self, number: str, base: str, store: str, limit_usd: str) -> None:
        PRICING["groq"] = {MODEL: {"input": PRICE, "output": PRICE}}
        entry = {
            "model": f"groq/{MODEL}",
            "api_keys": KEYS,
            "base_url": base,
            "default_headers": {"x-process": number},
            "auth": SentAt(),
        }
        shared: dict[str, Any] = {"store": store} if store else {}
        self.model = ScoutRouterChatModel(models=[entry], max_tokens=20, **shared)
        self.budget = None
        if limit_usd:
            self.budget = ScoutBudgetCallbackHandler(limit_usd, name="team", **shared)
        self.outcomes: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.states: list[KeyState] = self.model._route().candidates[0].endpoint.pool.states

    async def calls(self, number: int, at_once: int) -> dict[str, Any]:
        self.outcomes.clear()
        self.seconds.clear()
        start = time.perf_counter()
        turns = takewhile(lambda turn: turn < number, count())
        await asyncio.gather(*(self._in_turn(turns) for _ in range(at_once)))
        return {
            "outcomes": self.outcomes,
            "seconds": time.perf_counter() - start,
            "latencies": self.seconds,
        }

    async def _in_turn(self, turns: Iterator[int]) -> None:
        config: Any = {"callbacks": [self.budget]} if self.budget else {}
        for _ in turns:
            while (outcome := await self._call(config)) == "no store":
                self.outcomes[outcome] += 1
                await asyncio.sleep(0.05)
            self.outcomes[outcome] += 1

    async def _call(self, config: Any) -> str:
        start = time.perf_counter()
        try:
            await self.model.ainvoke("Hello", config)
        except BudgetExceeded:
            return "exceeded"
        except BudgetError:
            return "no store"
        except ScoutError as error:
            return type(error).__name__
        self.seconds.append(time.perf_counter() - start)
        return "ok"

    def refused(self, key: str) -> dict[str, Any]:
        name = fingerprint(key)
        (state,) = (state for state in self.states if state.id == name)
        until(lambda: state.permanently_failed)
        return {"at": time.monotonic(), "refused_at": state.refused_at}

    def used_up(self, number: str) -> dict[str, Any]:
        until(lambda: self._used_up() == int(number))
        return {}

    def _used_up(self) -> int:
        now = time.monotonic()
        return sum(state.insufficient_quota(MODEL, 1, now) is not None for state in self.states)

    def close(self) -> None:
        if self.budget is not None and hasattr(self.budget.store, "flush"):
            until(self.budget.store.flush)
        close_stores()


async def main(*arguments: str) -> None:
    """Answer the lines of standard input until it ends."""
    caller = Caller(*arguments)
    os.write(1, b"{}\n")
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        verb, *words = line.split()
        if verb == "calls":
            answer = await caller.calls(*map(int, words))
        else:
            answer = await loop.run_in_executor(None, getattr(caller, verb), *words)
        os.write(1, json.dumps(answer).encode() + b"\n")
    caller.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
