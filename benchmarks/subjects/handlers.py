"""The handlers of our calls, and the number of calls that each has counted."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler

import scout_adapters
from scout_adapters import ScoutAuditCallbackHandler, ScoutCostCallbackHandler
from subjects import Setup

ROWS = 2
"""Of a call in the audit log: an intent and an outcome."""

PLENTY_USD = 1_000_000
_numbers = count()

Handler = tuple[BaseCallbackHandler, Callable[[], int] | None]


class Idle(BaseCallbackHandler):
    """Does nothing: what is measured with it is LangChain's own share of any handler."""

    run_inline = True

    def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing; core would make a text of the messages for a handler without this."""


def budget_handler() -> BaseCallbackHandler | None:
    """Make the budget handler with more than can be spent; None where there is none yet."""
    kind: Any = getattr(scout_adapters, "ScoutBudgetCallbackHandler", None)
    return None if kind is None else kind(PLENTY_USD)


def handlers_of(setup: Setup) -> list[Handler]:
    """Make the handlers that a setup names: of `idle`, `cost`, `audit` and `budget`."""
    names = setup.handlers.split("+") if setup.handlers else []
    return [_handler(name, setup) for name in names]


def _handler(name: str, setup: Setup) -> Handler:
    if name == "cost":
        costs = ScoutCostCallbackHandler()
        return costs, lambda: costs.calls - costs.unpriced_calls
    if name == "audit":
        path = setup.folder / f"audit-{next(_numbers)}.jsonl"
        return ScoutAuditCallbackHandler(path), lambda: _calls_in(path)
    if name == "budget":
        budget = budget_handler()
        assert budget is not None, "there is no ScoutBudgetCallbackHandler"
        return budget, _times_grown(budget)
    return Idle(), None


def _times_grown(budget: Any) -> Callable[[], int]:
    """Count at how many looks more had been spent than at the look before: a call lies between."""
    seen = [0.0]

    def looks() -> int:
        if budget.spent_usd > seen[-1]:
            seen.append(budget.spent_usd)
        return len(seen) - 1

    return looks


def _calls_in(path: Any) -> int:
    if not path.exists():
        return 0
    rows = path.read_bytes().splitlines()
    written = sum(b'"llm_intent"' in row or b'"llm_attempt"' in row for row in rows)
    return written // ROWS
