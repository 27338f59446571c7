"""A LiteLLM deployment as an entry of a route: its model, key, address, options and prices.

https://docs.litellm.ai/docs/proxy/configs and
https://docs.litellm.ai/docs/completion/provider_specific_params
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scout_adapters.migration.litellm_source import Deployment, LiteLLMConfig
from scout_adapters.migration.notes import Notes

WINDOW = "max_input_tokens"
"""The field of a model's context window, in a configuration and in a profile."""

RENAMED = {
    "api_base": "base_url",
    "base_url": "base_url",
    "extra_headers": "default_headers",
    "headers": "default_headers",
    "max_completion_tokens": "max_tokens",
    "vertex_project": "project",
    "vertex_location": "location",
    "vertex_credentials": "credentials",
    "aws_region_name": "region",
    "region_name": "region",
    "extra_body": "model_kwargs",
}
"""Names of parameters, and ours."""

PASSED = frozenset(
    {
        *("api_version", "organization", "temperature", "top_p", "max_tokens", "stop", "weight"),
        *("reasoning_effort", "use_responses_api", "azure_ad_token", "use_chat_completions_api"),
        *("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_profile_name"),
    }
)
"""Parameters that have the same name and meaning here."""

PRICES = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "input_audio",
    "output_cost_per_audio_token": "output_audio",
}
"""Prices for one token, and the kind of token."""

HANDLED = frozenset(
    {
        *("model", "custom_llm_provider", "api_key", "rpm", "tpm", "order", "timeout"),
        *("stream_timeout", "max_budget", "budget_duration", "base_model", *PRICES),
    }
)
"""Parameters that this module converts one by one."""

UNMAPPED = {
    "num_retries": "would have retried this deployment as often; here retries are of the call",
    "max_retries": "would have retried this deployment as often; here retries are of the call",
    "cooldown_time": "would have rested the deployment as long; here a key rests as long as its "
    "provider states",
    "tags": "would have chosen the deployment by tags of the request",
    "tag_regex": "would have chosen the deployment by headers of the request",
    "max_parallel_requests": "would have limited the requests in flight to this deployment",
    "itpm": "would have limited input tokens per minute",
    "otpm": "would have limited output tokens per minute",
    "mock_response": "would have answered without a request; here the provider is called",
    "drop_params": "would have dropped options that the model does not take; here those whose "
    "refusal is known are left out, and listed in `changes`",
    "timeout_by_service_tier": "would have set a timeout for a service tier",
    "stream_timeout_by_service_tier": "would have set a timeout for a service tier",
    "rpd": "would have limited requests per day",
    "tpd": "would have limited tokens per day",
}
"""Parameters without an equal, and what they would have done."""

OF_LITELLM = (
    *("auto_router_", "complexity_router_", "adaptive_router_", "quality_router_", "milvus_"),
    *("valkey_", "litellm_", "vector_store_", "default_api_key_", "configurable_clientside_"),
    *("switchyard_", "fireworks_forward_", "provider_affinity_", "keepalive_", "max_file_size_"),
)
"""Prefixes of parameters that LiteLLM uses itself and does not send to providers."""


@dataclass(slots=True)
class ConvertedEntry:
    """An entry, and what belongs elsewhere in the route."""

    entry: dict[str, Any]
    prices: dict[str, float] = field(default_factory=dict)
    """US dollars per 1,000 tokens by kind."""

    budget: tuple[float, str] | None = None
    """US dollars, and the length of time in which they may be spent."""

    limit: float | None = None
    """Requests per minute, else thousands of tokens: the weight where no `weight` is set."""


def convert(deployment: Deployment, config: LiteLLMConfig, notes: Notes) -> ConvertedEntry | None:
    """Return the entry of a deployment; None for one that is blocked."""
    params, info, place = deployment.params, deployment.info, deployment.place
    if info.get("blocked"):
        notes.add("model_info.blocked", f"{params['model']} is left out", place)
        return None
    converted = ConvertedEntry({"model": _model_name(params)})
    entry = converted.entry
    if (key := params.get("api_key")) is not None:
        entry["api_keys"] = [config.key(key)]
    if base := info.get("base_model") or params.get("base_model"):
        entry["base_model"] = str(base).partition("/")[2] or base
    if order := params.get("order"):
        entry["order"] = int(order)
    if timeout := _timeout(params, config):
        entry["timeout"] = timeout
    _add_options(entry, params, config, notes, place)
    converted.prices = _prices({**info, **params})
    if (limit := params.get("max_budget")) is not None:
        converted.budget = float(limit), str(params.get("budget_duration") or "")
    converted.limit = params.get("rpm") or params.get("tpm")
    if window := info.get(WINDOW):
        entry["profile"] = {WINDOW: int(window)}
    _note_info(info, notes, place)
    return converted


def _model_name(params: Mapping[str, Any]) -> str:
    """Return `provider/model`; LiteLLM's names of providers are aliases of ours."""
    model, provider = str(params["model"]), params.get("custom_llm_provider")
    if provider and not model.startswith(f"{provider}/"):
        return f"{provider}/{model}"
    return model


def _timeout(params: Mapping[str, Any], config: LiteLLMConfig) -> Any:
    total, stream = config.value(params.get("timeout")), config.value(params.get("stream_timeout"))
    total = None if total is None else float(total)
    if stream is None:
        return total
    seconds = float(stream)
    limits = {"first_token": seconds, "idle": seconds}
    return limits if total is None else {"total": total, **limits}


def _add_options(
    entry: dict[str, Any],
    params: Mapping[str, Any],
    config: LiteLLMConfig,
    notes: Notes,
    place: str,
) -> None:
    body: dict[str, Any] = {}
    for name, value in params.items():
        if name in HANDLED or value in (None, "", [], {}):
            continue
        if name in UNMAPPED:
            notes.add(f"litellm_params.{name}", UNMAPPED[name], place)
        elif name == "extra_body":
            body |= dict(value)
        elif name in RENAMED or name in PASSED:
            entry[RENAMED.get(name, name)] = config.value(value)
        elif name.startswith(OF_LITELLM):
            notes.add(f"litellm_params.{name}", "is a setting of LiteLLM itself", place)
        elif name not in _SWITCHES:
            body[name] = config.value(value)  # LiteLLM passes what it does not know to the API
    if body:
        entry["model_kwargs"] = body


_SWITCHES = frozenset(
    {
        *("allow_client_keepalive_override", "use_in_pass_through", "use_litellm_proxy"),
        *("use_xai_oauth", "merge_reasoning_content_in_choices", "metadata", "model_info"),
    }
)
"""Parameters that `Router.model_list` adds to each deployment."""


def _prices(params: Mapping[str, Any]) -> dict[str, float]:
    known = {name: params[name] for name in PRICES if params.get(name) is not None}
    return {PRICES[name]: float(price) * 1000 for name, price in known.items()}


def _note_info(info: Mapping[str, Any], notes: Notes, place: str) -> None:
    messages = {
        "cooldown_time": UNMAPPED["cooldown_time"],
        "allowed_fails": "would have rested the deployment after as many failures",
        "allowed_fails_policy": "would have rested the deployment after as many failures of a kind",
        "tier": "would have sent requests of free users elsewhere",
        "team_id": "belongs to LiteLLM's proxy server",
    }
    for name in info:
        if name in messages:
            notes.add(f"model_info.{name}", messages[name], place)
