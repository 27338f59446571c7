"""Stores of budgets: money is held before a request is sent and settled when its cost is known.

Spent and held amounts together never exceed the limit, for any number of threads, tasks and
processes, unless a provider bills more than was held. Such an excess is recorded as `overage` and
reduces what is left.
"""

from __future__ import annotations

from scout_adapters.budget.accounts import Account as Account
from scout_adapters.budget.accounts import Balance as Balance
from scout_adapters.budget.accounts import BudgetStore as BudgetStore
from scout_adapters.budget.accounts import Hold as Hold
from scout_adapters.budget.memory import MemoryBudgets as MemoryBudgets
from scout_adapters.budget.sqlite import SqliteBudgets as SqliteBudgets
