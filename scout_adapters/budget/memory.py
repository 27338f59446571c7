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


class MemoryHold(Hold):
    """A hold with the entries of its accounts; `settle` may be called again."""

    entries: Sequence[AccountEntry] = ()
    held = 0
    """Number of entries, counted from the first, in which the amount is held now."""


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
        """Reserve an amount in every account; see `BudgetStore.hold`."""
        amount = clamp(amount)
        hold = MemoryHold("", tuple(accounts), amount)
        try:
            with self._lock:
                entries = hold.entries = [*map(self._entry, accounts)]
                for entry in entries:
                    if entry.spent + entry.held + amount > entry.account.limit and not beyond:
                        return entry.balance
                for entry in entries:
                    # One line: an exception between the two would leave the amount held for ever.
                    entry.held, hold.held = entry.held + amount, hold.held + 1
                return hold
        except BaseException:  # raised again; Ctrl-C: the hold may be lost
            self.settle(hold, 0)
            raise

    def settle(self, hold: Hold, amount: int | None) -> None:
        """Replace a hold by its cost; see `BudgetStore.settle`."""
        assert isinstance(hold, MemoryHold)  # noqa: S101  # each hold is of this store
        held = hold.amount
        spent, uncertain = (held, held) if amount is None else (clamp(amount), 0)
        overage = spent - held if spent > held else 0
        with self._lock:
            while hold.held:
                entry = hold.entries[hold.held - 1]
                # One line: a settlement that is interrupted can be repeated.
                entry.held, entry.spent, entry.uncertain, entry.overage, hold.held = (
                    max(0, entry.held - held),
                    entry.spent + spent,
                    entry.uncertain + uncertain,
                    entry.overage + overage,
                    hold.held - 1,
                )

    def balances(self, budget: str) -> list[Balance]:
        """Return the balances of a budget, the oldest window first."""
        with self._lock:
            windows = [scopes for (name, _), scopes in self._accounts.items() if name == budget]
            return [entry.balance for scopes in windows for entry in scopes.values()]

    def forget(self, budget: str, window: str) -> None:
        """Delete the accounts of a window."""
        with self._lock:
            self._accounts.pop((budget, window), None)

    def _entry(self, account: Account) -> AccountEntry:
        """Return the entry of an account, created if it is new, with the current limit."""
        try:
            entry = self._accounts[account.budget, account.window][account.scope]
        except KeyError:
            entry = self._open(account)
        if entry.account is not account:  # its limit may have changed
            entry.account = account
        return entry

    def _open(self, account: Account) -> AccountEntry:
        scopes = self._accounts.setdefault((account.budget, account.window), {})
        return scopes.setdefault(account.scope, AccountEntry(account))
