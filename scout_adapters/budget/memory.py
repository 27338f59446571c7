"""Budgets of one process, which end with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scout_adapters._internal.fork import fork_safe_lock
from scout_adapters.budget.accounts import Account, Balance, Hold


@dataclass(slots=True)
class AccountEntry:
    """What an account's balance changes by."""

    account: Account
    spent: int = 0
    held: int = 0
    uncertain: int = 0
    overage: int = 0

    @property
    def balance(self) -> Balance:
        """How the account stands."""
        return Balance(self.account, self.spent, self.held, self.uncertain, self.overage)


class MemoryBudgets:
    """Keeps balances in this process, for all of its threads and tasks."""

    def __init__(self) -> None:
        self._lock = fork_safe_lock()
        self._books: dict[tuple[str, str], dict[str, AccountEntry]] = {}
        """By budget and window, and then by scope."""

    def hold(
        self, accounts: Sequence[Account], amount: int, *, beyond: bool = False
    ) -> Hold | Balance:
        with self._lock:
            books: list[AccountEntry] = []
            for account in accounts:
                places = self._books.get((account.budget, account.window), {})
                book = places.get(account.scope) or self._open(account)
                if book.account.limit != account.limit:  # it has changed since the last time
                    book.account = account
                if book.spent + book.held + amount > account.limit and not beyond:
                    return book.balance
                books.append(book)
            for book in books:
                book.held += amount
            return Hold("", tuple(accounts), amount)

    def settle(self, hold: Hold, amount: int | None) -> None:
        with self._lock:
            for account in hold.accounts:
                book = self._books.get((account.budget, account.window), {}).get(account.scope)
                if book is None:  # its window was forgotten meanwhile
                    continue
                book.held -= hold.amount
                if amount is None:
                    book.spent += hold.amount
                    book.uncertain += hold.amount
                    continue
                book.spent += amount
                if amount > hold.amount:
                    book.overage += amount - hold.amount

    def balances(self, budget: str) -> list[Balance]:
        with self._lock:
            held = [books for (name, _), books in self._books.items() if name == budget]
            return [book.balance for books in held for book in books.values()]

    def forget(self, budget: str, window: str) -> None:
        with self._lock:
            self._books.pop((budget, window), None)

    def _open(self, account: Account) -> AccountEntry:
        places = self._books.setdefault((account.budget, account.window), {})
        return places.setdefault(account.scope, AccountEntry(account))
