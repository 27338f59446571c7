"""Makes the calls of a plan: threads, tasks of several loops, a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from langchain_core.callbacks import UsageMetadataCallbackHandler

from scout_adapters import (
    ScoutAuditCallbackHandler,
    ScoutBudgetCallbackHandler,
    ScoutCostCallbackHandler,
    ScoutRouterChatModel,
)
from scout_adapters.errors import ScoutError
from tests.system.reconciliation.plan import KEYS, MODELS, TOOLS, Planned, planned, set_prices

THREADS, LOOPS, TASKS = 6, 2, 12
NANO = Decimal(1_000_000_000)


class Caller:
    """Models of every provider at the emulator, with handlers for all calls."""

    def __init__(self, base: str, folder: Path) -> None:
        set_prices()
        self.costs = ScoutCostCallbackHandler()
        self.budget = ScoutBudgetCallbackHandler(1_000_000, path=folder / "budgets.db")
        audit = ScoutAuditCallbackHandler(folder / "audit.jsonl")
        self.handlers = [self.costs, audit, self.budget]
        self.counters: list[Any] = []
        self._models = {house: self._model(base, house) for house in MODELS}

    @staticmethod
    def _model(base: str, house: str) -> ScoutRouterChatModel:
        roots = {"groq": "/openai/v1", "openai": "/v1", "openrouter": "/api/v1", "xai": "/v1"}
        keys = [f"{house}-key-{number}" for number in range(KEYS)]
        entry = {
            "model": f"{house}/{MODELS[house]}",
            "api_keys": keys,
            "base_url": f"{base}/{house}{roots.get(house, '')}",
        }
        return ScoutRouterChatModel(models=[entry], max_tokens=400, max_retries=3, max_wait=60)

    def _model_call(self, call: Planned) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        model: Any = self._models[call.house]
        options: dict[str, Any] = {"reasoning_effort": "low"} if call.thinks else {}
        if call.tools:
            options["tools"] = TOOLS
        # LangChain reports no end of a call that is left when its answer has just come.
        listening = (
            self.handlers if call.left_after is not None else [*self.handlers, *self.counters]
        )
        return model, {"callbacks": listening, "tags": [call.tag]}, options

    def ask(self, call: Planned) -> None:
        """Make a call of a synchronous verb."""
        model, config, options = self._model_call(call)
        with suppress(ScoutError):
            if call.verb == "invoke":
                model.invoke(call.messages, config, **options)
                return
            stream = model.stream(call.messages, config, **options)
            for number, _ in enumerate(stream):
                if number == call.left_after:
                    break
            stream.close()

    async def aask(self, call: Planned) -> None:
        """Twin of `ask`."""
        model, config, options = self._model_call(call)
        with suppress(ScoutError):
            if call.verb == "ainvoke":
                await self._ainvoke(call, model.ainvoke(call.messages, config, **options))
                return
            stream = model.astream(call.messages, config, **options)
            number = 0
            async for _ in stream:
                if number == call.left_after:
                    break
                number += 1
            await stream.aclose()

    @staticmethod
    async def _ainvoke(call: Planned, work: Any) -> None:
        task = asyncio.ensure_future(work)
        if call.left_after is not None:
            for _ in range(call.left_after * 8):
                await asyncio.sleep(0)
            task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    def play(self, calls: Iterable[Planned]) -> None:
        """Make all calls: sync ones in threads, async ones as tasks of several loops."""
        sync, tasks = [], []
        for call in calls:
            (tasks if call.verb.startswith("a") else sync).append(call)
        work = [(self._in_turn, sync[at::THREADS]) for at in range(THREADS)]
        work += [(self._in_loop, tasks[at::LOOPS]) for at in range(LOOPS)]
        threads = [threading.Thread(target=run, args=(share,)) for run, share in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _in_turn(self, calls: list[Planned]) -> None:
        for call in calls:
            self.ask(call)

    def _in_loop(self, calls: list[Planned]) -> None:
        async def share(at: int) -> None:
            for call in calls[at::TASKS]:
                await self.aask(call)

        async def all_shares() -> None:
            await asyncio.gather(*map(share, range(TASKS)))

        asyncio.run(all_shares())


def main(base: str, folder: str, seed: int, first: int, last: int) -> dict[str, Any]:
    """Make the calls of a range of numbers; return the handlers' totals."""
    caller = Caller(base, Path(folder))
    usage = UsageMetadataCallbackHandler()
    caller.counters.append(usage)
    caller.play(planned(seed, index) for index in range(first, last))
    total = caller.costs.total
    counted = usage.usage_metadata.values()
    return {
        "cost_nano": str(total.cost * NANO),
        "uncertain_nano": str(total.uncertain_cost * NANO),
        "calls": total.calls,
        "unpriced": total.unpriced,
        "usage_in": sum(one["input_tokens"] for one in counted),
        "usage_out": sum(one["output_tokens"] for one in counted),
        "by_tag": {
            tag: str(sums.cost * NANO) for tag, sums in caller.costs.breakdown("tag").items()
        },
    }


if __name__ == "__main__":
    totals = main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))
    Path(sys.argv[6]).write_text(json.dumps(totals))
