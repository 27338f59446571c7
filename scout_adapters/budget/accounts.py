"""Accounts, balances and holds, in integers of nano-dollars, so that no sum is rounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from hashlib import blake2b
from typing import NamedTuple, Protocol

NANO = 1_000_000_000
"""Nano-dollars in a US dollar."""

MAX_NAME = 512
"""Bytes of a name that is kept whole."""

MAX_NAME_SHOWN = 64
"""Characters at the beginning of a longer name that are kept."""

MAX_EXACT = 10**15
"""Nano-dollars; up to here a float of dollars has 15 exact digits."""


MAX_AMOUNT = 1 << 62
"""Nano-dollars, 4.6 billion dollars: larger limits and holds count as this one; SQLite's integers
have 63 bits."""


def clamp(amount: int) -> int:
    """Return an amount within 0 and `MAX_AMOUNT`."""
    return min(max(0, amount), MAX_AMOUNT)


def nano(usd: Decimal) -> int:
    """Return US dollars in nano-dollars, rounded up."""
    return int((usd * NANO).to_integral_value(ROUND_CEILING))


def nano_of(usd: float) -> int:
    """Return US dollars in nano-dollars, rounded up from the decimal that the float displays as.

    Fast path: if the nearest nano-dollar converts back to the same float, it is exactly this
    decimal, because both have at most 15 digits and these identify a float.
    """
    nearest = round(usd * NANO)
    if nearest < MAX_EXACT and nearest / NANO == usd:
        return nearest
    return nano(Decimal(repr(usd)))


def dollars(amount: int) -> Decimal:
    """Return nano-dollars in US dollars."""
    return Decimal(amount) / NANO


def account_name(name: str) -> str:
    """Return the name of a user, tag or thread as a store keeps it: UTF-8, of limited length.

    Such names come from requests. A digest stands for the end of a long one.
    """
    if len(name) <= MAX_NAME and name.isascii():
        return name
    text = name.encode(errors="backslashreplace")
    if len(text) <= MAX_NAME:
        return text.decode()
    return f"{name[:MAX_NAME_SHOWN]!a}… {blake2b(text, digest_size=16).hexdigest()}"


class Account(NamedTuple):
    """What may be spent in one scope of a budget, within one window of time."""

    budget: str
    scope: str
    """`user=ada`, `tag=team-a`; "" if the budget has one account for all calls."""

    window: str
    """`2026-11-27`, `2026-11-27T03Z`, a run's id; "" if it never ends."""

    limit: int
    """Nano-dollars."""


@dataclass(frozen=True, slots=True)
class Balance:
    """The amounts of an account, in nano-dollars."""

    account: Account
    spent: int = 0
    held: int = 0
    """Held for requests without a known cost yet."""

    uncertain: int = 0
    """The part of `spent` that is not confirmed: holds of requests whose cost stayed unknown."""

    overage: int = 0
    """Billed by providers in excess of what was held."""

    @property
    def left(self) -> int:
        """What may still be held."""
        return max(0, self.account.limit - self.spent - self.held)


class Hold(NamedTuple):
    """An amount that is held for a request in each of its accounts."""

    id: str
    """The store's own id of the hold; may be empty."""

    accounts: tuple[Account, ...]
    amount: int
    """Nano-dollars."""


class BudgetStore(Protocol):
    """Keeps balances. Each method is atomic, for all threads, tasks and processes.

    Raises: `BudgetError` if the store cannot be used; the request is then not sent.
    """

    def hold(
        self, accounts: Sequence[Account], amount: int, *, beyond: bool = False
    ) -> Hold | Balance:
        """Hold nano-dollars in every account, or return the balance of one that has too little.

        With `beyond=True` the amount is held even if it exceeds a limit.
        """

    def settle(self, hold: Hold, amount: int | None) -> None:
        """Release a hold: replace it by the cost in nano-dollars; None books the hold as spent.

        Called by `callbacks/budget_handler.py`.
        """

    def balances(self, budget: str) -> list[Balance]:
        """Return the balances of a budget's accounts, the oldest window first."""

    def forget(self, budget: str, window: str) -> None:
        """Delete the accounts of a window in which nothing more will be spent."""
