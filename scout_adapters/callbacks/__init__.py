"""LangChain callback handlers: costs, budgets and the audit log.

Names load on first use: a call without a budget loads nothing of budgets.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scout_adapters.callbacks.audit_handler import ScoutAuditCallbackHandler
    from scout_adapters.callbacks.budget_handler import ScoutBudgetCallbackHandler
    from scout_adapters.callbacks.cost_handler import (
        ScoutCostCallbackHandler,
        get_scout_cost_callback,
    )

__all__ = [
    "ScoutAuditCallbackHandler",
    "ScoutBudgetCallbackHandler",
    "ScoutCostCallbackHandler",
    "get_scout_cost_callback",
]

HOMES = {
    "ScoutAuditCallbackHandler": "audit_handler",
    "ScoutBudgetCallbackHandler": "budget_handler",
    "ScoutCostCallbackHandler": "cost_handler",
    "get_scout_cost_callback": "cost_handler",
}
"""The module of each name, in this package."""


if not TYPE_CHECKING:  # with this function type checkers would accept misspelt names

    def __getattr__(name: str) -> Any:
        if name not in HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, getattr(import_module(f"{__name__}.{HOMES[name]}"), name))


def __dir__() -> list[str]:
    return __all__
