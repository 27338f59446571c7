"""The settings of an agent's budget, and the handlers that keep it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, NamedTuple, TypedDict

from scout_adapters.budget import BudgetStore
from scout_adapters.budget.accounts import dollars
from scout_adapters.budget.plan import Scope, Usd, limit_of
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


OWN_NAMES = ("per", "on_exceeded", "last_message", "summary_model", "summary_usd", "tell")
"""Options of the middleware beside `BudgetOptions`."""


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
    reserve_usd: Decimal | None,
    options: BudgetOptions,
) -> AgentHandlers:
    """Return the handlers of a budget, of which `reserve_usd` is set aside for summaries.

    Raises: `ConfigurationError` for settings that cannot be used.
    """
    if per not in tuple(WORDS):  # of any type
        raise ConfigurationError(f"per={per!r} is none of {', '.join(WORDS)}")
    _check_names(options)
    name = options.get("name") or _default_name(per, options.get("scope"))
    if reserve_usd is None:
        return AgentHandlers(_handler(limit_usd, per, name, options), None)
    main, summary = _split(limit_usd, reserve_usd)
    return AgentHandlers(
        _handler(main, per, name, options),
        _handler(summary, per, f"{name} summary", options),
    )


def _check_names(options: BudgetOptions) -> None:
    """Refuse an option that the middleware does not have; the error has the nearest name."""
    for name in options.keys() - BudgetOptions.__annotations__.keys():
        close = get_close_matches(name, [*OWN_NAMES, *BudgetOptions.__annotations__], n=1)
        nearest = f"; did you mean {close[0]}=?" if close else ""
        raise ConfigurationError(f"ScoutBudgetMiddleware has no {name}={nearest}")


def summary_reserve(limit_usd: Limits, summary_usd: Usd | None) -> Decimal:
    """Return what is set aside for a summary, in US dollars: by default a tenth of the limit.

    Raises: `ConfigurationError` for what is no amount of dollars.
    """
    if summary_usd is not None:
        return dollars(limit_of(summary_usd, "summary_usd"))
    limits = limit_usd.values() if isinstance(limit_usd, Mapping) else [limit_usd]
    return dollars(min(filter(None, map(limit_of, limits)), default=0) // 10)


def _split(limit_usd: Limits, reserve_usd: Decimal) -> tuple[Limits, Limits]:
    """Return limits without what is set aside, and that; a smaller limit sets nothing aside."""
    if not isinstance(limit_usd, Mapping):
        left = dollars(limit_of(limit_usd)) - reserve_usd
        if left < 0:
            raise ConfigurationError(f"summary_usd={reserve_usd} must be within the limit")
        return left, reserve_usd
    main, summary = dict(limit_usd), dict.fromkeys(limit_usd, Decimal(0))
    for name, limit in limit_usd.items():
        if (left := dollars(limit_of(limit)) - reserve_usd) >= 0:
            main[name], summary[name] = left, reserve_usd
    return main, summary


def _default_name(per: AgentPer, scope: Scope) -> str:
    """Return the name of a budget without one; it distinguishes the budgets in one file."""
    parts = scope.items() if isinstance(scope, Mapping) else [(scope,)] if scope else []
    return " ".join(("agent", per, *(str(part) for pair in parts for part in pair)))


def _handler(
    limit_usd: Limits, per: AgentPer, name: str, options: BudgetOptions
) -> ScoutBudgetCallbackHandler:
    others = {key: value for key, value in options.items() if key not in {"name", "cheaper"}}
    return ScoutBudgetCallbackHandler(
        limit_usd,
        # A run goes on after an interrupt, in another process too: like a thread.
        per="thread" if per == "run" else per,
        on_exceeded="cheaper" if options.get("cheaper") else "raise",
        name=name,
        **others,  # type: ignore[arg-type]  # of `BudgetOptions`
    )
