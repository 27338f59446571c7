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

Limits = Usd | Mapping[str, Usd]
AgentPer = Literal["run", "thread", "hour", "day", "month", "total"]
WORDS = {
    "run": "for this run",
    "thread": "for this thread",
    "hour": "for this hour",
    "day": "for today",
    "month": "for this month",
    "total": "in total",
}
"""What a limit is for, in the words of messages to an agent and its user."""


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
    limit_usd: Limits,
    per: AgentPer,
    summary_usd: Usd | None,
    options: BudgetOptions,
) -> AgentHandlers:
    """Return the handlers of a budget, of which `summary_usd` is set aside for summaries.

    Raises: `ConfigurationError` for settings that cannot be used.
    """
    if per not in WORDS:
        raise ConfigurationError(f"per={per!r} is none of {', '.join(WORDS)}")
    if unknown := options.keys() - BudgetOptions.__annotations__.keys():
        raise ConfigurationError(f"unknown options: {', '.join(sorted(unknown))}")
    name = options.get("name") or default_name(per, options.get("scope"))
    if summary_usd is None:
        return AgentHandlers(_handler(limit_usd, per, name, options), None)
    main, summary = _split(limit_usd, summary_usd)
    return AgentHandlers(
        _handler(main, per, name, options),
        _handler(summary, per, f"{name} summary", options),
    )


def _split(limit_usd: Limits, summary_usd: Usd) -> tuple[Limits, Limits]:
    """Return limits without what is set aside, and that; a smaller limit sets nothing aside."""
    if not isinstance(limit_usd, Mapping):
        return _less(limit_usd, summary_usd), summary_usd
    main, summary = dict(limit_usd), dict.fromkeys(limit_usd, Decimal(0))
    for name, limit in limit_usd.items():
        if _decimal(limit) >= _decimal(summary_usd):
            main[name], summary[name] = _less(limit, summary_usd), _decimal(summary_usd)
    return main, summary


def default_name(per: AgentPer, scope: Scope) -> str:
    """Return the name of a budget without one; it distinguishes the budgets in one file."""
    parts = scope.items() if isinstance(scope, Mapping) else [(scope,)] if scope else []
    return " ".join(("agent", per, *(str(part) for pair in parts for part in pair)))


def _handler(
    limit_usd: Limits, per: AgentPer, name: str, options: BudgetOptions
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
    left = _decimal(limit_usd) - _decimal(summary_usd)
    if left < 0:
        raise ConfigurationError(f"summary_usd={summary_usd!r} must be within the limit")
    return left


def _decimal(usd: Usd) -> Decimal:
    try:
        return Decimal(str(usd))
    except InvalidOperation:
        raise ConfigurationError(f"{usd!r} is no amount of US dollars") from None
