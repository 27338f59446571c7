"""Accounts, balances and holds, in integers of nano-dollars, so that no sum is rounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from hashlib import blake2b
from typing import Literal, NamedTuple, Protocol

OnStoreError = Literal["raise", "allow"]
"""While a store cannot be reached: raise an error, or allow calls that are recorded later."""

NANO = 1_000_000_000
"""Nano-dollars in a US dollar."""

MAX_NAME = 512
"""Bytes: a name of up to this length is stored unchanged."""

MAX_NAME_SHOWN = 64
"""Characters of the beginning of a longer name that are stored, followed by a digest."""

MAX_EXACT = 10**15
"""Nano-dollars; up to here a float of dollars has 15 exact digits."""


MAX_AMOUNT = 1 << 62
"""Nano-dollars (4.6 billion dollars): larger limits and holds count as this amount, because
SQLite's integers have 63 bits."""


def clamp(amount: int) -> int:
    """Return an amount limited to the range from 0 to `MAX_AMOUNT`."""
    if 0 <= amount <= MAX_AMOUNT:
        return amount
    return 0 if amount < 0 else MAX_AMOUNT


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
    """Return the name of a user, tag or thread in the form for stores: UTF-8, of limited length.

    Such names come from requests. The end of a long name is replaced by a digest.
    """
    if len(name) <= MAX_NAME and name.isascii():
        return name
    text = name.encode(errors="backslashreplace")
    if len(text) <= MAX_NAME:
        return text.decode()
    return f"{name[:MAX_NAME_SHOWN]!a}… {blake2b(text, digest_size=16).hexdigest()}"


class Account(NamedTuple):
    """The limit of a budget for one scope, such as a user, and one window, such as a day."""

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
    """Reserved for requests whose cost is not known yet."""

    uncertain: int = 0
    """The part of `spent` that is not confirmed: holds of requests whose cost stayed unknown."""

    overage: int = 0
    """The part of `spent` that providers billed beyond the held amounts."""

    @property
    def left(self) -> int:
        """The amount that may still be held, in nano-dollars."""
        return max(0, self.account.limit - self.spent - self.held)


class Hold(NamedTuple):
    """An amount of money that is reserved for a request in each of its accounts."""

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
        """Reserve `amount` nano-dollars in every account; return the hold.

        If an account has too little left, hold nothing and return its `Balance`; with
        `beyond=True` the amount is held nevertheless.
        """

    def settle(self, hold: Hold, amount: int | None) -> None:
        """Replace a hold by the cost `amount` in nano-dollars; None: the held amount is spent.

        Called by `callbacks/budget_handler.py`.
        """

    def balances(self, budget: str) -> list[Balance]:
        """Return the balances of a budget's accounts, the oldest window first."""

    def forget(self, budget: str, window: str) -> None:
        """Delete the accounts of a window that is over, such as a past day."""


class AdvancingStore(BudgetStore, Protocol):
    """A store that holds advances for calls to come, and whose `settle` never waits."""

    def has_advance(self, accounts: Sequence[Account]) -> bool:
        """Return whether there is an advance for these accounts."""

    def hold_at_once(self, accounts: Sequence[Account], amount: int) -> Hold | None:
        """Return a hold that an advance serves, without waiting; None if there is none."""
