"""What a process has read of the budgets in a server, with which it restores what is lost there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from scout_adapters._internal.bounded_dict import BoundedDict

MAX_TOTALS = 10_000
"""Number of budgets, and of accounts, that a process remembers."""


class SeenBudget(NamedTuple):
    """The state of a budget in the server's last answer."""

    epoch: str = ""
    """Changes when the server has lost data; "" before the first answer."""

    holds: int = 0
    """Number of holds that the server had counted so far."""


class SeenTotal(NamedTuple):
    """The total of an account, spent and held, in the server's last answer."""

    nano: int = 0
    epoch: str = ""
    """The budget's epoch then, or the one in which this total was restored; "" for neither."""


class SeenTotals:
    """The totals that one process has read, by the names of accounts in the server."""

    def __init__(self) -> None:
        self._budgets: BoundedDict[str, SeenBudget] = BoundedDict(MAX_TOTALS)
        self._totals: BoundedDict[str, SeenTotal] = BoundedDict(MAX_TOTALS)

    def of_budget(self, tag: str) -> SeenBudget:
        """Return the last state of a budget."""
        return self._budgets.get(tag, SeenBudget())

    def of(self, name: str) -> SeenTotal:
        """Return the last total of an account."""
        return self._totals.get(name, SeenTotal())

    def remember_hold(
        self, tag: str, budget: SeenBudget, totals: Iterable[tuple[str, int]]
    ) -> None:
        """Remember the answer to a hold: the total of each account."""
        self._budgets.put(tag, budget)
        for name, total in totals:
            self._totals.put(name, SeenTotal(total, budget.epoch))

    def remember_refusal(self, tag: str, budget: SeenBudget, restored: Iterable[str]) -> None:
        """Remember the answer to a refused hold: these accounts were restored, where necessary."""
        self._budgets.put(tag, budget)
        for name in restored:
            if (seen := self._totals.get(name)) is not None:
                self._totals.put(name, seen._replace(epoch=budget.epoch))
