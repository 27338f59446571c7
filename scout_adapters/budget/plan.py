"""The settings of a budget: limits, scope and windows. No I/O and no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from scout_adapters.budget.accounts import (
    MAX_AMOUNT,
    Account,
    Balance,
    account_name,
    dollars,
    nano,
)
from scout_adapters.budget.windows import Per, next_opening
from scout_adapters.errors import BudgetExceeded, ConfigurationError, one_line
from scout_adapters.errors.option_values import finite_number, shown_value

By = Literal["tag", "user", "provider", "model", "key"]
Scope = By | Mapping[By, str] | None
Usd = float | int | str | Decimal

BYS = ("tag", "user", "provider", "model", "key")
PERS = ("call", "run", "thread", "hour", "day", "month", "total")
ALL_OTHERS = "*"
"""Name in a dict of limits that stands for all users, tags, … without their own limit."""


LONGEST_HELD = 'its longest answer is held: set max_tokens or answer_tokens="learned"'
"""Remark in the error of a call without a limit of its answer: why the amount is high."""


@dataclass(frozen=True, slots=True)
class ProposedCall:
    """A call that a budget checks; the facts that its error message needs."""

    model: str
    """`provider/model`."""

    limits_answer: bool
    """Whether the request sets `max_tokens`."""

    assumes_answer: bool
    """Whether the budget has `answer_tokens`, for requests without a limit of the answer."""

    @property
    def remark(self) -> str:
        """Why the held amount is high and what to do; "" if the request or budget limits it."""
        return "" if self.limits_answer or self.assumes_answer else f" ({LONGEST_HELD})"


@dataclass(frozen=True, slots=True)
class Plan:
    """The limits of a budget, its scope and its windows."""

    name: str
    per: Per
    by: By | None
    only: str | None
    """The only tag, user, … that the budget applies to; None: it applies to all."""

    limits: Mapping[str, int]
    """Nano-dollars by tag, user, …; `"*"` applies to all without their own limit."""

    @property
    def has_one_account(self) -> bool:
        """Whether all calls share one account, which never ends."""
        return self.per == "total" and self.by is None

    def accounts(self, window: str, values: Sequence[str] = ()) -> list[Account]:
        """Return the accounts of a call; [] if the budget does not apply to it.

        `values`: the call's tags, or its user, …, depending on the scope.
        """
        if self.by is None:
            return [Account(self.name, "", window, self.limits[ALL_OTHERS])]
        matching = values if self.only is None else {self.only}.intersection(values)
        default = self.limits.get(ALL_OTHERS)
        limited = [(value, self.limits.get(value, default)) for value in matching]
        return [
            Account(self.name, f"{self.by}={account_name(value)}", window, limit)
            for value, limit in limited
            if limit is not None
        ]

    def refusal(
        self, balance: Balance, amount: int, now: float, call: ProposedCall
    ) -> BudgetExceeded:
        """Return the error for an account with too little left; `now` is seconds since 1970."""
        account, opens = balance.account, next_opening(self.per, now)
        # Names of users and tags come from requests: one printable line.
        scope = f", {one_line(account.scope, 80)}" if account.scope else ""
        when = f"; the next {self.per} opens at {opens:%Y-%m-%dT%H:%MZ}" if opens else ""
        return BudgetExceeded(
            f"budget {self.name!r}{scope}: {one_line(call.model, 200)} may cost"
            f" ${format_amount(amount)}{call.remark} and"
            f" ${format_amount(balance.left)} is left of ${format_amount(account.limit)}"
            f" (${format_amount(balance.spent)} spent, ${format_amount(balance.held)} held){when}",
            budget=self.name,
            asked_usd=float(dollars(amount)),
            spent_usd=float(dollars(balance.spent)),
            held_usd=float(dollars(balance.held)),
            limit_usd=float(dollars(account.limit)),
            opens_at=opens,
            retry_after=None if opens is None else opens.timestamp() - now,
            window=account.window,
            model=call.model,
            limits_answer=call.limits_answer,
            assumes_answer=call.assumes_answer,
        )

    def uncovered(self, account: Account, why: str) -> BudgetExceeded:
        """Return the error for a call whose highest possible cost is unknown."""
        return BudgetExceeded(
            f"budget {self.name!r} cannot cover the call: {why}",
            budget=self.name,
            asked_usd=None,
            spent_usd=0.0,
            held_usd=0.0,
            limit_usd=float(dollars(account.limit)),
            window=account.window,
        )


def plan_of(limit_usd: Usd | Mapping[str, Usd], per: Per, scope: Scope, name: str) -> Plan:
    """Return the plan of a budget's settings.

    Raises: `ConfigurationError` for settings that cannot be used.
    """
    if per not in PERS:
        raise ConfigurationError(f"per={per!r} is none of {', '.join(PERS)}")
    by, only = _scope_of(scope)
    usd_by_name = limit_usd if isinstance(limit_usd, Mapping) else {ALL_OTHERS: limit_usd}
    if by is None and set(usd_by_name) != {ALL_OTHERS}:
        raise ConfigurationError("limits by name need scope=, which states what the names are of")
    limits = {str(value): limit_of(usd) for value, usd in usd_by_name.items()}
    default_name = " ".join((per, *(("by", by) if by else ()), *((only,) if only else ())))
    return Plan(name or default_name, per, by, only, limits)


def _scope_of(scope: Scope) -> tuple[By | None, str | None]:
    """Return the kind of a scope and its only value: ("tag", "team-a"); None for any value."""
    if not scope:
        return None, None
    pairs = [*scope.items()] if isinstance(scope, Mapping) else [(scope, None)]
    by, only = pairs[0]
    if len(pairs) > 1 or by not in BYS or not isinstance(only, str | None):
        raise ConfigurationError(
            f'scope is one of {", ".join(BYS)}, or one of them with its value, {{"tag": "team-a"}}'
        )
    return by, only


def limit_of(usd: Usd, option: str = "limit_usd") -> int:
    """Return a limit in nano-dollars; `option` is its name in the error.

    Raises: `ConfigurationError` for a value that is no amount of dollars, or negative.
    """
    try:
        limit = min(nano(Decimal(str(usd))), MAX_AMOUNT)
    except Exception:  # noqa: BLE001  # decimal's errors, and those of a value's own code
        limit = -1
    if limit < 0:
        raise ConfigurationError(
            f"{option}={shown_value(usd)} must be an amount of US dollars, 0 or more"
        )
    return limit


def format_amount(amount: int) -> str:
    """Return nano-dollars as text in dollars, exact and without trailing zeros."""
    text = f"{dollars(amount):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def check_options(
    on_exceeded: str,
    per: Per,
    path: str | Path | None,
    answer_tokens: int | str | None,
    unpriced: str,
) -> None:
    """Raise `ConfigurationError` for an option of a budget handler that cannot be used."""
    if isinstance(answer_tokens, str):
        if answer_tokens != "learned":
            raise ConfigurationError(
                f'answer_tokens={shown_value(answer_tokens)} is no number and not "learned"'
            )
    elif answer_tokens is not None and not finite_number(answer_tokens) >= 1:
        raise ConfigurationError(f"answer_tokens={shown_value(answer_tokens)} must be 1 or more")
    if on_exceeded not in ("raise", "warn", "cheaper"):
        raise ConfigurationError(f"on_exceeded={on_exceeded!r} is none of raise, warn, cheaper")
    if unpriced not in ("raise", "allow"):
        raise ConfigurationError(f"unpriced={unpriced!r} is none of raise, allow")
    if path is not None and per in {"call", "run"}:
        raise ConfigurationError(f"per={per!r} takes no path=: a {per} runs in one process")
