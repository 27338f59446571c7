"""The strategies that have a name."""

from __future__ import annotations

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.option_names import StrategyName
from scout_adapters.llm.router.cache_strategy import CacheStrategy
from scout_adapters.llm.router.strategies import (
    AnyStrategy,
    cheapest,
    fastest,
    least_busy,
    priority,
    weighted,
)


def strategy_by_name(name: str, clock: Clock = SYSTEM) -> AnyStrategy:
    """Return the strategy of that name.

    Raises:
        ConfigurationError: there is none.
    """
    strategies: dict[str, AnyStrategy] = {  # a new name also goes into `option_names.StrategyName`
        "priority": priority,
        "cheapest": cheapest,
        "fastest": fastest,
        "least_busy": least_busy,
        "weighted": weighted(clock),
        "cache": CacheStrategy(),
    }
    if name not in strategies:
        names = ", ".join(strategies)
        raise ConfigurationError(f"strategy {name!r} is unknown: use one of {names}, or a callable")
    return strategies[name]


def cache(
    order: StrategyName | AnyStrategy = "priority", *, clock: Clock = SYSTEM
) -> CacheStrategy:
    """Return the strategy "cache" over another order: of new conversations, and of the rest.

    Raises: `ConfigurationError` for an unknown name.
    """
    return CacheStrategy(strategy_by_name(order, clock) if isinstance(order, str) else order)
