"""Options of an entry of `models=[...]`, and the settings of its candidate that they become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scout_adapters.chat_models.request import build_timeouts, check_numbers, stop_texts
from scout_adapters.errors import ConfigurationError
from scout_adapters.errors.option_values import finite_number, shown_value
from scout_adapters.llm.option_names import NETWORK_OPTIONS, RETRY_OPTIONS

if TYPE_CHECKING:
    from scout_adapters.llm.limits.usage_limits import Limits
    from scout_adapters.llm.timeouts import Timeouts

ENTRY_PRIVATE = frozenset(
    {"api_key", "api_keys", "auth", "default_headers", "transport", "rate_limiter", "limits"}
).union(NETWORK_OPTIONS)
"""Keys of a dict entry that are secret or belong to this process: never part of a cache key."""

ENTRY_OPTIONS = (
    *("temperature", "top_p", "max_tokens", "stop", "reasoning_effort", "prompt_cache"),
)
"""Keys of a dict entry that are options of its requests."""

ENTRY_ADDRESS = ("base_url", "placeholders")
ENTRY_PLACE = ("weight", "order")
ENTRY_OWN = (*ENTRY_ADDRESS, *ENTRY_PLACE, "model", "base_model", "extra", "profile", "timeout")
ENTRY_REFUSED = RETRY_OPTIONS - {"timeout"}
"""Options that apply to a whole call, and therefore to the router."""

ENTRY_NAMES = frozenset({*ENTRY_OWN, *ENTRY_OPTIONS, *ENTRY_PRIVATE})


def own_timeouts(own: Any) -> Timeouts | None:
    """Return an entry's own timeouts; None if it has none."""
    return None if own is None else build_timeouts(own)


def own_weight(entry: Mapping[str, Any]) -> float:
    """Return an entry's weight; 1 by default.

    Raises: `ConfigurationError` for a weight that is no number, or below 0.
    """
    weight = entry.get("weight")
    if weight is None:
        return 1.0
    if (number := finite_number(weight)) >= 0:
        return number
    raise ConfigurationError(
        f"weight={shown_value(weight)} of an entry must be a number, 0 or more"
    )


def own_order(entry: Mapping[str, Any]) -> int:
    """Return an entry's `order`, by which candidates are sorted before the strategy; default 1.

    Raises: `ConfigurationError` for an order that is no whole number, or below 1.
    """
    order = entry.get("order")
    if order is None:
        return 1
    if not isinstance(order, int) or isinstance(order, bool) or order < 1:
        raise ConfigurationError(
            f"order={shown_value(order)} of an entry must be a whole number, 1 or more"
        )
    return order


def own_limits(entry: Mapping[str, Any]) -> Limits | None:
    """Return an entry's own limits; None if it has none.

    Raises: `ConfigurationError` for invalid limits.
    """
    if entry.get("limits") is None:
        return None
    from scout_adapters.llm.limits.usage_limits import as_limits

    return as_limits(entry["limits"], "an entry")


def request_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as `ChatRequest` fields, with further body fields under `extra`.

    Raises: `ConfigurationError` for what `check_numbers` and `stop_texts` refuse.
    """
    fields = {name: options[name] for name in ENTRY_OPTIONS if options.get(name) is not None}
    check_numbers(fields)
    if "stop" in fields:
        fields["stop"] = stop_texts(fields["stop"])
    extra = options.get("extra")
    return fields | ({"extra": extra} if extra else {})


def merge_settings(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the router's settings with those of an entry, which win."""
    extra = {**defaults.get("extra", {}), **own.get("extra", {})}
    return {**defaults, **own, **({"extra": extra} if extra else {})}
