"""Makes calls in a process of its own, and kills it when it gets to a named point."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from scout_adapters import ScoutAuditCallbackHandler, ScoutBudgetCallbackHandler, ScoutGroqChatModel
from scout_adapters.audit import AuditLog
from scout_adapters.budget import Account, Balance, Hold, SqliteBudgets
from scout_adapters.llm.pricing.price_list import PRICING
from tests.system.reconciliation.plan import MODELS

POINTS = ("held", "intended", "sent", "first token", "answered", "logged", "settled")
"""In the order in which an attempt gets there; "random" is any moment, by the parent's hand."""

LIMIT_USD = 10_000
PRICE = {"input": 1.0, "output": 1.0}
"""A dollar for a thousand tokens: a thousandth of one for each."""


class Reaper:
    """Kills this process at a point, when it is reached for the n-th time."""

    def __init__(self, point: str, times: int) -> None:
        self._point, self._left = point, times

    def at(self, point: str) -> None:
        if point == self._point:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Log(AuditLog):
    """The audit log, with points before and after its rows."""

    reaper: Reaper

    def write(self, row: dict[str, Any], *, happened: bool = False) -> None:
        event = row["event"]
        if event == "llm_attempt":
            self.reaper.at("answered")
        super().write(row, happened=happened)
        os.write(1, f"{event} {row['run_id']} {row['number']}\n".encode())
        self.reaper.at({"llm_intent": "intended", "llm_attempt": "logged"}[event])


class Store(SqliteBudgets):
    """The budget's file, with points after its steps."""

    reaper: Reaper

    def hold(
        self,
        accounts: Sequence[Account],
        amount: int,
        *,
        beyond: bool = False,
        patience: float | None = None,
    ) -> Hold | Balance:
        lease = super().hold(accounts, amount, beyond=beyond, patience=patience)
        self.reaper.at("held")
        return lease

    def settle(self, hold: Hold, amount: int | None) -> None:
        super().settle(hold, amount)
        self.reaper.at("settled")


class Wire(httpx.HTTPTransport):
    """The network, with a point behind the request."""

    reaper: Reaper

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        self.reaper.at("sent")
        return response


def main(base: str, folder: Path, point: str, times: int) -> None:
    """Call until killed, or until the budget is spent."""
    PRICING["groq"] = {MODELS["groq"]: PRICE}
    log, store, wire = (
        Log(folder / "audit.jsonl"),
        Store(folder / "budgets.db", lock_timeout=60),
        Wire(),
    )
    reaper = log.reaper = store.reaper = wire.reaper = Reaper(point, times)
    budget = ScoutBudgetCallbackHandler(LIMIT_USD, store=store)
    config: Any = {"callbacks": [ScoutAuditCallbackHandler(log), budget]}
    model = ScoutGroqChatModel(
        model=MODELS["groq"], api_key="k", base_url=base, max_tokens=100, transport=wire
    )
    for number in count():
        if number % 2:
            model.invoke(f"say {number}", config)
            continue
        for at, _ in enumerate(model.stream(f"say {number}", config)):
            if at == 0:
                reaper.at("first token")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
