"""Money that may be spent: held before a request leaves, settled when its cost is known.

At every moment spent and held together are no more than the limit, for any number of threads,
tasks and processes, as long as no provider bills more than was held. Where one does, the excess
is kept as `overage`, and leaves the less for what comes after.
"""

from __future__ import annotations

from scout_adapters.budget.accounts import Account as Account
from scout_adapters.budget.accounts import Balance as Balance
from scout_adapters.budget.accounts import BudgetStore as BudgetStore
from scout_adapters.budget.accounts import Hold as Hold
from scout_adapters.budget.memory import MemoryBudgets as MemoryBudgets
from scout_adapters.budget.sqlite import SqliteBudgets as SqliteBudgets
