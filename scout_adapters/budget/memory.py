"""Budgets in memory: of one process, until it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scout_adapters._internal.fork import fork_safe_lock
from scout_adapters.budget.accounts import Account, Balance, Hold, clamp


@dataclass(slots=True)
class AccountEntry:
    """An account with its changing amounts, in nano-dollars."""

    account: Account
    spent: int = 0
    held: int = 0
    uncertain: int = 0
    overage: int = 0

    @property
    def balance(self) -> Balance:
        """The amounts as an immutable value."""
        return Balance(self.account, self.spent, self.held, self.uncertain, self.overage)


class MemoryBudgets:
    """Keeps balances in this process, for all of its threads and tasks.

        budget = ScoutBudgetCallbackHandler(5.00, store=MemoryBudgets())
        print(budget.balances)

    A budget handler without `path` and `store` has one of its own.
    """

    def __init__(self) -> None:
        self._lock = fork_safe_lock()
        self._accounts: dict[tuple[str, str], dict[str, AccountEntry]] = {}
        """Accounts by budget and window, and then by scope."""

    def hold(
        self, accounts: Sequence[Account], amount: int, *, beyond: bool = False
    ) -> Hold | Balance:
        amount = clamp(amount)
        with self._lock:
            entries: list[AccountEntry] = []
            for account in accounts:
                scopes = self._accounts.get((account.budget, account.window), {})
                entry = scopes.get(account.scope) or self._open(account)
                if entry.account.limit != account.limit:  # the user has changed the limit
                    entry.account = account
                if entry.spent + entry.held + amount > account.limit and not beyond:
                    return entry.balance
                entries.append(entry)
            for entry in entries:
                entry.held += amount
            return Hold("", tuple(accounts), amount)

    def settle(self, hold: Hold, amount: int | None) -> None:
        with self._lock:
            for account in hold.accounts:
                entry = self._accounts.get((account.budget, account.window), {}).get(account.scope)
                if entry is None:  # its window was deleted meanwhile
                    continue
                entry.held = max(0, entry.held - hold.amount)
                if amount is None:
                    entry.spent += hold.amount
                    entry.uncertain += hold.amount
                    continue
                amount = clamp(amount)
                entry.spent += amount
                if amount > hold.amount:
                    entry.overage += amount - hold.amount

    def balances(self, budget: str) -> list[Balance]:
        with self._lock:
            windows = [scopes for (name, _), scopes in self._accounts.items() if name == budget]
            return [entry.balance for scopes in windows for entry in scopes.values()]

    def forget(self, budget: str, window: str) -> None:
        with self._lock:
            self._accounts.pop((budget, window), None)

    def _open(self, account: Account) -> AccountEntry:
        scopes = self._accounts.setdefault((account.budget, account.window), {})
        return scopes.setdefault(account.scope, AccountEntry(account))
