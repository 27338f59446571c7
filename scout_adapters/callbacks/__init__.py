"""LangChain callback handlers: costs, budgets and the audit log."""

from __future__ import annotations

from scout_adapters.callbacks.audit_handler import (
    ScoutAuditCallbackHandler as ScoutAuditCallbackHandler,
)
from scout_adapters.callbacks.budget_handler import (
    ScoutBudgetCallbackHandler as ScoutBudgetCallbackHandler,
)
from scout_adapters.callbacks.cost_handler import (
    ScoutCostCallbackHandler as ScoutCostCallbackHandler,
)
from scout_adapters.callbacks.cost_handler import get_scout_cost_callback as get_scout_cost_callback
