"""Strategies by name, such as `"cheapest"`."""

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
    """Return the strategy called `name`, such as `"cheapest"`.

    Raises:
        ConfigurationError: no strategy has this name.
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
    """Return the strategy "cache"; `order` applies to new conversations and other candidates.

    Raises: `ConfigurationError` for an unknown name.
    """
    return CacheStrategy(strategy_by_name(order, clock) if isinstance(order, str) else order)
