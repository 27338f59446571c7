"""LangChain callback handlers: what calls cost, what they may cost, and the audit log."""

from __future__ import annotations

from scout_adapters.callbacks.auditing import (
    ScoutAuditCallbackHandler as ScoutAuditCallbackHandler,
)
from scout_adapters.callbacks.budgets import (
    ScoutBudgetCallbackHandler as ScoutBudgetCallbackHandler,
)
from scout_adapters.callbacks.costs import ScoutCostCallbackHandler as ScoutCostCallbackHandler
from scout_adapters.callbacks.costs import get_scout_cost_callback as get_scout_cost_callback
