"""The settings of an agent's budget, and the handlers that keep it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal, NamedTuple, TypedDict

from scout_adapters.budget import BudgetStore
from scout_adapters.budget.plan import Scope, Usd
from scout_adapters.callbacks.budget_handler import ScoutBudgetCallbackHandler
from scout_adapters.errors import ConfigurationError

AgentPer = Literal["run", "thread", "hour", "day", "month", "total"]
WORDS = {
    "run": "for this run",
    "thread": "for this thread",
    "hour": "for this hour",
    "day": "for today",
    "month": "for this month",
    "total": "in total",
}
"""How an agent and its user read what a limit is for."""


class BudgetOptions(TypedDict, total=False):
    """Options of a budget; those of `ScoutBudgetCallbackHandler` with the same names."""

    scope: Scope
    name: str
    path: str | Path | None
    store: BudgetStore | None
    cheaper: bool
    """Whether a route goes on with the next candidate that there is money for."""

    answer_tokens: int | Literal["learned"] | None
    unpriced: Literal["raise", "allow"]
    wall: Callable[[], float]


class AgentHandlers(NamedTuple):
    """The handlers of an agent's budget."""

    main: ScoutBudgetCallbackHandler
    summary: ScoutBudgetCallbackHandler | None
    """Keeps what is set aside for summaries."""


def agent_handlers(
    limit_usd: Usd | Mapping[str, Usd],
    per: AgentPer,
    summary_usd: Usd | None,
    options: BudgetOptions,
) -> AgentHandlers:
    """Return the handlers of a budget, of which `summary_usd` is set aside for summaries.

    Raises: `ConfigurationError` for settings that cannot be used.
    """
    if per not in WORDS:
        raise ConfigurationError(f"per={per!r} is none of {', '.join(WORDS)}")
    name = options.get("name") or default_name(per, options.get("scope"))
    if summary_usd is None:
        return AgentHandlers(_handler(limit_usd, per, name, options), None)
    limits = limit_usd if isinstance(limit_usd, Mapping) else {"": limit_usd}
    main = {value: _less(limit, summary_usd) for value, limit in limits.items()}
    if not isinstance(limit_usd, Mapping):
        return AgentHandlers(
            _handler(main[""], per, name, options),
            _handler(summary_usd, per, f"{name} summary", options),
        )
    return AgentHandlers(
        _handler(main, per, name, options),
        _handler(dict.fromkeys(main, summary_usd), per, f"{name} summary", options),
    )


def default_name(per: AgentPer, scope: Scope) -> str:
    """Return the name of a budget without one: budgets in one file are told apart by it."""
    parts = scope.items() if isinstance(scope, Mapping) else [(scope,)] if scope else []
    return " ".join(("agent", per, *(str(part) for pair in parts for part in pair)))


def _handler(
    limit_usd: Usd | Mapping[str, Usd], per: AgentPer, name: str, options: BudgetOptions
) -> ScoutBudgetCallbackHandler:
    names = ("scope", "path", "store", "answer_tokens", "unpriced", "wall")
    return ScoutBudgetCallbackHandler(
        limit_usd,
        # A run goes on after an interrupt, in another process too: like a thread.
        per="thread" if per == "run" else per,
        on_exceeded="cheaper" if options.get("cheaper") else "raise",
        name=name,
        **{option: options[option] for option in names if option in options},  # type: ignore[literal-required]  # of `BudgetOptions`
    )


def _less(limit_usd: Usd, summary_usd: Usd) -> Decimal:
    try:
        left = Decimal(str(limit_usd)) - Decimal(str(summary_usd))
    except InvalidOperation:
        left = Decimal(-1)
    if left < 0:
        raise ConfigurationError(
            f"summary_usd={summary_usd!r} must be an amount of US dollars within the limit"
        )
    return left
