"""A budget as its owner has set it: how much, for whom, for how long. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from scout_adapters.budget.accounts import Account, Balance, dollars, nano
from scout_adapters.budget.windows import Per, next_opening
from scout_adapters.errors import BudgetExceeded, ConfigurationError

By = Literal["tag", "user", "provider", "model", "key"]
Scope = By | Mapping[By, str] | None
Usd = float | int | str | Decimal

BYS = ("tag", "user", "provider", "model", "key")
PERS = ("call", "run", "hour", "day", "month", "total")
ALL_OTHERS = "*"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much may be spent, by whom, in which windows."""

    name: str
    per: Per
    by: By | None
    only: str | None
    """The one tag, user, … that it is for; None for all of them."""

    limits: Mapping[str, int]
    """Nano-dollars by tag, user, …; `"*"` is for all that are not named."""

    def accounts(self, window: str, who: Sequence[str] = ()) -> list[Account]:
        """Return the accounts of a call, none where the budget is not for it.

        `who` are its tags, its user, …: whatever the budget goes `by`.
        """
        if self.by is None:
            return [Account(self.name, "", window, self.limits[ALL_OTHERS])]
        found = who if self.only is None else {self.only}.intersection(who)
        usual = self.limits.get(ALL_OTHERS)
        limited = [(value, self.limits.get(value, usual)) for value in found]
        return [
            Account(self.name, f"{self.by}={value}", window, limit)
            for value, limit in limited
            if limit is not None
        ]

    def refusal(self, balance: Balance, amount: int, now: float) -> BudgetExceeded:
        """Say that an account has no room for an amount; `now` is in seconds since 1970."""
        account, opens = balance.account, next_opening(self.per, now)
        who = f", {account.scope}" if account.scope else ""
        when = f"; the next {self.per} opens at {opens:%Y-%m-%dT%H:%MZ}" if opens else ""
        return BudgetExceeded(
            f"budget {self.name!r}{who}: the call may cost ${format_amount(amount)} and"
            f" ${format_amount(balance.left)} is left of ${format_amount(account.limit)}"
            f" (${format_amount(balance.spent)} spent, ${format_amount(balance.held)} held){when}",
            budget=self.name,
            asked_usd=float(dollars(amount)),
            spent_usd=float(dollars(balance.spent)),
            held_usd=float(dollars(balance.held)),
            limit_usd=float(dollars(account.limit)),
            opens_at=opens,
            retry_after=None if opens is None else opens.timestamp() - now,
        )

    def uncovered(self, account: Account, why: str) -> BudgetExceeded:
        """Say that nobody knows what a call may cost."""
        return BudgetExceeded(
            f"budget {self.name!r} cannot cover the call: {why}",
            budget=self.name,
            asked_usd=None,
            spent_usd=0.0,
            held_usd=0.0,
            limit_usd=float(dollars(account.limit)),
        )


def plan_of(limit_usd: Usd | Mapping[str, Usd], per: Per, scope: Scope, name: str) -> Plan:
    """Check what a budget's owner has written."""
    named = scope if isinstance(scope, str) else next(iter(scope), None) if scope else None
    only = None if isinstance(scope, str) or not scope else next(iter(scope.values()))
    if per not in PERS:
        raise ConfigurationError(f"per={per!r} is none of {', '.join(PERS)}")
    if named not in {None, *BYS} or (isinstance(scope, Mapping) and len(scope) != 1):
        raise ConfigurationError(
            f'scope is one of {", ".join(BYS)}, or one of them with its value, {{"tag": "team-a"}}'
        )
    given = limit_usd if isinstance(limit_usd, Mapping) else {ALL_OTHERS: limit_usd}
    if named is None and set(given) != {ALL_OTHERS}:
        raise ConfigurationError("limits by name need a scope: what are they the names of?")
    limits = {str(value): _limit(usd) for value, usd in given.items()}
    own = name or " ".join((per, *(("by", named) if named else ()), *((only,) if only else ())))
    return Plan(own, per, named, only, limits)


def _limit(usd: Usd) -> int:
    try:
        limit = nano(Decimal(str(usd)))
    except (InvalidOperation, ValueError, OverflowError):
        limit = -1
    if limit < 0:
        raise ConfigurationError(f"limit_usd={usd!r} is no amount of US dollars")
    return limit


def format_amount(amount: int) -> str:
    """Write nano-dollars as dollars, with all of their digits and no more."""
    text = f"{dollars(amount):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
