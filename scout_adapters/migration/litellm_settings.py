"""LiteLLM's `router_settings` and `litellm_settings` as options of a route.

`router_settings` win over `litellm_settings`, as in LiteLLM.
https://docs.litellm.ai/docs/proxy/config_settings
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scout_adapters.migration.litellm_source import LiteLLMConfig, mapping_of
from scout_adapters.migration.notes import Notes
from scout_adapters.migration.provider_names import own_provider
from scout_adapters.migration.unmapped_settings import PROXY, SETTINGS, WINDOWS_ALWAYS

STRATEGIES = {
    "simple-shuffle": "weighted",
    "least-busy": "least_busy",
    "latency-based-routing": "fastest",
    "cost-based-routing": "cheapest",
    "usage-based-routing": "least_busy",
    "usage-based-routing-v2": "least_busy",
}
"""LiteLLM's strategies, and the nearest of ours."""

DEFAULTS = {"set_verbose": False, "debug_level": "INFO"}
"""Values at which a setting without an equal changes nothing."""

USAGE_BASED = (
    "counts tokens a minute; here calls in flight count, and weights do not: calls one after the "
    'other all go to the first entry (strategy "weighted" spreads them)'
)

WINDOWS = {"": "total", "1h": "hour", "1d": "day", "24h": "day", "1mo": "month", "30d": "month"}
"""LiteLLM's durations of budgets, and the windows of ours."""

MAPPED = frozenset(
    {
        *("routing_strategy", "num_retries", "timeout", "request_timeout", "stream_timeout"),
        *("fallbacks", "context_window_fallbacks", "content_policy_fallbacks", "max_fallbacks"),
        *("default_fallbacks", "model_group_alias", "provider_budget_config"),
        *("default_litellm_params", "model_list", "enable_pre_call_checks"),
        "default_max_parallel_requests",
    }
)
"""Settings that this package converts."""

ALWAYS_CHECKED = ("router_budget_limiting", "enforce_model_rate_limits", None)
"""Checks of LiteLLM that need no setting here."""


def settings_of(config: LiteLLMConfig, notes: Notes) -> dict[str, Any]:
    """Return the settings that are converted, with the values of their variables; note others."""
    found: dict[str, Any] = {}
    for section in ("litellm_settings", "router_settings"):
        for name, value in mapping_of(config.sections.get(section), section).items():
            place = config.places.get((section, name), "")
            if name in MAPPED:
                found[name] = config.value(value, place)
                if name == "enable_pre_call_checks" and found[name] is False:
                    notes.add(f"{section}.{name}", WINDOWS_ALWAYS, place)
            elif name == "optional_pre_call_checks":
                _note_checks(value, f"{section}.{name}", notes, place)
            elif value != DEFAULTS.get(name, ...):
                message = SETTINGS.get(name, "is not a setting that this package has")
                notes.add(f"{section}.{name}", message, place)
    for section in config.sections.keys() - {"litellm_settings", "router_settings"}:
        notes.add(section, SETTINGS.get(section, PROXY), config.places.get((section,), ""))
    return found


def _note_checks(checks: Any, setting: str, notes: Notes, place: str) -> None:
    """Note the checks that have no equal: budgets and limits are always checked."""
    items = checks if isinstance(checks, list) else [checks]
    if names := [str(item) for item in items if item not in ALWAYS_CHECKED]:
        notes.add(setting, f"{', '.join(names)}: {SETTINGS['optional_pre_call_checks']}", place)


def strategy_of(settings: Mapping[str, Any], config: LiteLLMConfig, notes: Notes) -> str:
    """Return the strategy for the deployments of a group."""
    name = str(settings.get("routing_strategy") or "simple-shuffle")
    place = config.place_of("routing_strategy")
    if name not in STRATEGIES:
        message = f"{name} has no equal: entries are tried by weight"
        notes.add("routing_strategy", message, place)
    elif name.startswith("usage-based"):
        notes.add("routing_strategy", f"{name} {USAGE_BASED}", place)
    return STRATEGIES.get(name, "weighted")


def options_of(settings: Mapping[str, Any], config: LiteLLMConfig) -> dict[str, Any]:
    """Return the options of the router: retries and timeouts of a call."""
    options: dict[str, Any] = {}
    if (retries := settings.get("num_retries")) is not None:
        options["max_retries"] = int(config.number(retries, "num_retries"))
    whole = settings.get("timeout", settings.get("request_timeout"))
    total = None if whole is None else config.number(whole, "timeout")
    if (stream := settings.get("stream_timeout")) is not None:
        seconds = config.number(stream, "stream_timeout")
        limits = {"first_token": seconds, "idle": seconds}
        options["timeout"] = limits if total is None else {"total": total, **limits}
    elif total is not None:
        options["timeout"] = total
    if settings.get("content_policy_fallbacks"):
        options["failover_on_refusal"] = True
    return options


def budgets_of(
    settings: Mapping[str, Any], config: LiteLLMConfig, notes: Notes
) -> Iterator[dict[str, Any]]:
    """Yield the budgets of providers."""
    name = "provider_budget_config"
    by_window: dict[str, dict[str, str]] = {}
    for provider, value in mapping_of(settings.get(name), name).items():
        limit = mapping_of(value, f"{name}.{provider}")
        window = window_of(limit.get("time_period") or limit.get("budget_duration"))
        if window is None:
            notes.add(
                f"{name}.{provider}",
                "would have limited costs over a time that is neither a day nor a month",
                config.place_of(name),
            )
            continue
        amount = config.number(limit.get("budget_limit", limit.get("max_budget")), "budget_limit")
        by_window.setdefault(window, {})[own_provider(provider)] = str(amount)
    for window, limits in by_window.items():
        yield {"limit_usd": limits, "per": window, "scope": "provider", "on_exceeded": "cheaper"}


def window_of(duration: Any) -> str | None:
    """Return the window of a budget for LiteLLM's duration; None if there is none of its length."""
    return WINDOWS.get(str(duration or ""))
