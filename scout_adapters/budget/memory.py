"""Budgets of one process, which end with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from scout_adapters.budget.accounts import Account, Balance, Hold
from scout_adapters.locks import fork_safe_lock


@dataclass(slots=True)
class Book:
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
        self._books: dict[tuple[str, str], dict[str, Book]] = {}
        """By budget and window, and then by scope."""

        self._numbers = count(1)

    def hold(
        self, accounts: Sequence[Account], amount: int, *, beyond: bool = False
    ) -> Hold | Balance:
        with self._lock:
            books = [self._book(account) for account in accounts]
            if not beyond:
                for book in books:
                    if book.spent + book.held + amount > book.account.limit:
                        return book.balance
            for book in books:
                book.held += amount
            return Hold(str(next(self._numbers)), tuple(accounts), amount)

    def settle(self, hold: Hold, amount: int | None) -> None:
        with self._lock:
            for account in hold.accounts:
                book = self._book(account)
                book.held -= hold.amount
                book.spent += hold.amount if amount is None else amount
                book.uncertain += hold.amount if amount is None else 0
                book.overage += max(0, (amount or 0) - hold.amount)

    def balances(self, budget: str) -> list[Balance]:
        with self._lock:
            held = [books for (name, _), books in self._books.items() if name == budget]
            return [book.balance for books in held for book in books.values()]

    def forget(self, budget: str, window: str) -> None:
        with self._lock:
            self._books.pop((budget, window), None)

    def _book(self, account: Account) -> Book:
        """Return an account's book; its limit may have changed since the last time."""
        books = self._books.get((account.budget, account.window))
        if books is None:
            books = self._books[account.budget, account.window] = {}
        book = books.get(account.scope)
        if book is None:
            book = books[account.scope] = Book(account)
        elif book.account.limit != account.limit:
            book.account = account
        return book
