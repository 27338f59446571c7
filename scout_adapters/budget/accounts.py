"""Accounts, balances and holds: integers of nano-dollars, so that no sum is ever rounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple, Protocol

NANO = 1_000_000_000
MOST_EXACT = 10**15


def nano(usd: Decimal) -> int:
    """Return US dollars in nano-dollars, rounded up: a part of one is counted as one."""
    return int((usd * NANO).to_integral_value(ROUND_CEILING))


def nano_of(usd: float) -> int:
    """Return what `nano` does, of the decimal that a float is written as.

    Where the nearest nano-dollar gives the same float, it is that decimal: both have 15 digits at
    the most, and so many tell floats apart.
    """
    nearest = round(usd * NANO)
    if nearest < MOST_EXACT and nearest / NANO == usd:
        return nearest
    return nano(Decimal(repr(usd)))


def dollars(amount: int) -> Decimal:
    """Return nano-dollars in US dollars."""
    return Decimal(amount) / NANO


class Account(NamedTuple):
    """What may be spent by one whom a budget is for, within one window of time."""

    budget: str
    scope: str
    """Whose it is: `user=ada`; "" where the budget is for everybody together."""

    window: str
    """`2026-11-27`, `2026-11-27T03Z`, a run's id; "" where it never ends."""

    limit: int
    """Nano-dollars."""


@dataclass(frozen=True, slots=True)
class Balance:
    """How an account stands. Nano-dollars."""

    account: Account
    spent: int = 0
    held: int = 0
    """For requests that are under way."""

    uncertain: int = 0
    """The part of what is spent that nobody knows: holds of requests of which no word came."""

    overage: int = 0
    """What providers have billed beyond what was held."""

    @property
    def left(self) -> int:
        """What there is room for."""
        return max(0, self.account.limit - self.spent - self.held)


class Hold(NamedTuple):
    """Money that is kept for a request, in each of its accounts."""

    id: str
    """By which its store finds it again, where it needs to."""

    accounts: tuple[Account, ...]
    amount: int


class BudgetStore(Protocol):
    """Where balances are kept. Each method is one step that no other comes between.

    Raises `BudgetError` where the store cannot be asked: then nothing may be spent.
    """

    def hold(
        self, accounts: Sequence[Account], amount: int, *, beyond: bool = False
    ) -> Hold | Balance:
        """Keep an amount in every account, or return the balance of one without room for it.

        With `beyond`, keep it whether there is room or not.
        """

    def settle(self, hold: Hold, amount: int | None) -> None:
        """Book what a request has cost in the place of its hold; None where nobody knows."""

    def balances(self, budget: str) -> list[Balance]:
        """Return how each account of a budget stands, the oldest window first."""

    def forget(self, budget: str, window: str) -> None:
        """Drop the accounts of a window in which nothing more will be spent."""
