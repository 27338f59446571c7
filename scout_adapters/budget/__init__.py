"""Stores of budgets: money is held (reserved) before a request and settled when its cost is known.

Spent and held amounts together never exceed the limit, for any number of threads, tasks and
processes, unless a provider bills more than was held. Such an excess is recorded as `overage` and
reduces the amount left.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from scout_adapters.budget.accounts import Account as Account
from scout_adapters.budget.accounts import AdvancingStore as AdvancingStore
from scout_adapters.budget.accounts import Balance as Balance
from scout_adapters.budget.accounts import BudgetStore as BudgetStore
from scout_adapters.budget.accounts import Hold as Hold
from scout_adapters.budget.accounts import OnStoreError as OnStoreError
from scout_adapters.budget.memory import MemoryBudgets as MemoryBudgets

if TYPE_CHECKING:
    from scout_adapters._internal.ordered_worker import OrderedWorker
    from scout_adapters.budget.sqlite import SqliteBudgets as SqliteBudgets


def open_store(
    path: str | Path | None,
    wall: Callable[[], float],
    store: BudgetStore | str | None = None,
    on_store_error: OnStoreError = "raise",
) -> BudgetStore:
    """Return `store` or the Redis store of its address, else a SQLite store at `path`.

    Without both, the store is in memory. `wall` returns seconds since 1970.
    """
    if isinstance(store, str):
        from scout_adapters.budget.redis_budgets import RedisBudgets  # noqa: PLC0415  # an extra

        return RedisBudgets(store, on_store_error=on_store_error)
    if store is not None:
        return store
    if not path:
        return MemoryBudgets()
    from scout_adapters.budget.sqlite import SqliteBudgets  # noqa: PLC0415  # SQLite is a megabyte

    return SqliteBudgets(path, wall=wall)


def traits_of(store: BudgetStore) -> tuple[OrderedWorker | None, bool, AdvancingStore | None]:
    """Return how a store waits.

    Its worker thread, or None; whether its `hold` accepts `patience`; and the store itself if it
    can hold without waiting, else None.
    """
    advancing = cast("AdvancingStore", store) if hasattr(store, "hold_at_once") else None
    return getattr(store, "worker", None), getattr(store, "limits_waits", False), advancing


def __getattr__(name: str) -> Any:
    if name == "SqliteBudgets":
        from scout_adapters.budget.sqlite import SqliteBudgets  # noqa: PLC0415  # as above

        return SqliteBudgets
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
