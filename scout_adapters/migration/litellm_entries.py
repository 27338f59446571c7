"""A LiteLLM deployment as an entry of a route: its model, key, address, options and prices.

https://docs.litellm.ai/docs/proxy/configs and
https://docs.litellm.ai/docs/completion/provider_specific_params
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from scout_adapters.llm.health.key_texts import is_reference
from scout_adapters.migration.litellm_source import Deployment, LiteLLMConfig, mapping_of
from scout_adapters.migration.notes import Notes
from scout_adapters.migration.provider_names import own_model
from scout_adapters.migration.unmapped_settings import (
    INFO,
    LABEL,
    PRICE,
    SWITCHES,
    is_price,
    parameter_message,
)

WINDOW = "max_input_tokens"
"""The field of a model's context window, in a configuration and in a profile."""

SECONDS_OF_BURST = 60
"""LiteLLM counts by the minute: all its requests may leave at once."""

CHAT_MODES = (None, "chat", "responses")
"""Values of `model_info.mode` of deployments that chat; others embed, transcribe, draw, rank."""

Number = Callable[[Any, str], float]
"""Returns the number that a parameter of this name has."""

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
    "aws_bedrock_runtime_endpoint": "base_url",
    "extra_body": "model_kwargs",
}
"""Names of parameters, and ours."""

PASSED = frozenset(
    {
        *("api_version", "organization", "temperature", "top_p", "max_tokens", "stop"),
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
        *("model", "custom_llm_provider", "api_key", "rpm", "tpm", "order", "weight", "timeout"),
        *("stream_timeout", "max_budget", "budget_duration", "base_model", *PRICES),
        "max_parallel_requests",
    }
)
"""Parameters that this module converts one by one."""


INFO_READ = frozenset({"id", "base_model", "mode", WINDOW, "blocked", "supported_environments"})
"""Fields of `model_info` that are read here."""


@dataclass(frozen=True, slots=True)
class DeploymentNotes:
    """Notes on a deployment: each with the line of its setting, and the name of the group."""

    notes: Notes
    deployment: Deployment

    def add(self, section: str, name: str, message: str) -> None:
        """Add a note on a setting of `litellm_params` or `model_info`."""
        place = self.deployment.place_of(section, name)
        self.notes.add(f"{section}.{name}", message, place, self.deployment.group)


@dataclass(frozen=True, slots=True)
class ConvertedEntry:
    """An entry, and what belongs elsewhere in the route."""

    entry: dict[str, Any]
    prices: dict[str, float] = field(default_factory=dict)
    """US dollars per 1,000 tokens by kind."""

    budget: tuple[float, str] | None = None
    """US dollars, and the length of time in which they may be spent."""

    rpm: float = 0.0
    """Requests per minute."""

    tpm: float = 0.0
    """Tokens per minute."""

    deployment_id: str = ""
    """`model_info.id`, by which fallbacks may name a deployment."""


def convert(deployment: Deployment, config: LiteLLMConfig, notes: Notes) -> ConvertedEntry | None:
    """Return the entry of a deployment; None for one that is not used for chats here."""
    params, info, place = deployment.params, deployment.info, deployment.place
    own_notes = DeploymentNotes(notes, deployment)
    if _is_left_out(params, info, own_notes):
        return None
    number = partial(config.number, place=place)
    entry = _entry(params, info, number)
    _add_key(entry, params, config, own_notes)
    _add_options(entry, params, config, own_notes)
    _note_info(info, own_notes)
    if limits := _limits(params, number):
        entry["limits"] = limits
    return ConvertedEntry(
        entry,
        prices=_prices({**info, **params}, number),
        budget=_budget(params, number),
        rpm=number(params.get("rpm") or 0, "rpm"),
        tpm=number(params.get("tpm") or 0, "tpm"),
        deployment_id=str(info.get("id") or ""),
    )


def _is_left_out(
    params: Mapping[str, Any], info: Mapping[str, Any], notes: DeploymentNotes
) -> bool:
    """Return whether a deployment is blocked, of another environment, or for no chat; note it."""
    environment = os.environ.get("LITELLM_ENVIRONMENT")
    environments = info.get("supported_environments")
    for name, is_reason in {
        "blocked": bool(info.get("blocked")),
        "mode": info.get("mode") not in CHAT_MODES,
        "supported_environments": isinstance(environments, list)
        and environment is not None
        and environment not in environments,
    }.items():
        if is_reason:
            notes.add("model_info", name, f"{params['model']} is left out")
            return True
    if environments and environment is None:
        message = "would have needed LITELLM_ENVIRONMENT: without it, the deployment is used"
        notes.add("model_info", "supported_environments", message)
    return False


def _entry(params: Mapping[str, Any], info: Mapping[str, Any], number: Number) -> dict[str, Any]:
    entry: dict[str, Any] = {"model": _model_name(params)}
    if base := info.get("base_model") or params.get("base_model"):
        entry["base_model"] = str(base).partition("/")[2] or base
    if (order := params.get("order")) is not None:
        entry["order"] = int(number(order, "order"))
    if (weight := params.get("weight")) is not None:
        entry["weight"] = number(weight, "weight")
    if (timeout := _timeout(params, number)) is not None:
        entry["timeout"] = timeout
    if (window := info.get(WINDOW)) is not None:
        entry["profile"] = {WINDOW: int(number(window, WINDOW))}
    if info.get("mode") == "responses":
        entry["use_responses_api"] = True
    return entry


def _limits(params: Mapping[str, Any], number: Number) -> dict[str, Any]:
    """Return what may be sent in a minute and at once; a minute's requests may leave together."""
    named = {name: number(params.get(name) or 0, name) for name in ("rpm", "tpm")}
    limits: dict[str, Any] = {name: limit for name, limit in named.items() if limit}
    if limits:
        limits["burst_seconds"] = SECONDS_OF_BURST
    if at_once := int(number(params.get("max_parallel_requests") or 0, "max_parallel_requests")):
        limits["concurrency"] = at_once
    return limits


def _budget(params: Mapping[str, Any], number: Number) -> tuple[float, str] | None:
    if (limit := params.get("max_budget")) is None:
        return None
    return number(limit, "max_budget"), str(params.get("budget_duration") or "")


def _add_key(
    entry: dict[str, Any],
    params: Mapping[str, Any],
    config: LiteLLMConfig,
    notes: DeploymentNotes,
) -> None:
    if (found := config.key(params.get("api_key"))) is None:
        return
    entry["api_keys"] = [found]
    place = notes.deployment.place_of("litellm_params", "api_key")
    if place and not is_reference(str(found)):
        named = f"litellm_params.api_key of {entry['model']}"
        notes.notes.add(named, "a key stands in the file: write os.environ/NAME", place)


def _model_name(params: Mapping[str, Any]) -> str:
    """Return `provider/model`, with our name of the provider."""
    model, provider = str(params["model"]), params.get("custom_llm_provider")
    if provider and not model.startswith(f"{provider}/"):
        model = f"{provider}/{model}"
    return own_model(model)


def _timeout(params: Mapping[str, Any], number: Number) -> Any:
    """Return the limits of an answer; `stream_timeout` is that between two reads of a stream."""
    total, stream = params.get("timeout"), params.get("stream_timeout")
    whole = None if total is None else number(total, "timeout")
    if stream is None:
        return whole
    seconds = number(stream, "stream_timeout")
    limits = {"first_token": seconds, "idle": seconds}
    return limits if whole is None else {"total": whole, **limits}


BY_REFERENCE = frozenset({"api_base", "base_url", "organization"})
"""Parameters whose variables stay variables: a route file reads them where it is used."""


def _add_options(
    entry: dict[str, Any],
    params: Mapping[str, Any],
    config: LiteLLMConfig,
    notes: DeploymentNotes,
) -> None:
    body: dict[str, Any] = {}
    for name, value in params.items():
        if name in HANDLED or value in (None, "", [], {}):
            continue
        if name == "extra_body":
            body |= mapping_of(value, "extra_body", notes.deployment.place)
        elif name in RENAMED or name in PASSED:
            read = config.reference if name in BY_REFERENCE else config.value
            place = notes.deployment.place_of("litellm_params", name)
            entry[RENAMED.get(name, name)] = read(value, place)
        elif (message := parameter_message(name)) is not None:
            notes.add("litellm_params", name, message)
        elif name in SWITCHES:
            if value is not False:
                notes.add("litellm_params", name, SWITCHES[name])
        elif name not in LABELS:
            body[name] = config.value(value, notes.deployment.place_of("litellm_params", name))
    if body:
        entry["model_kwargs"] = body


LABELS = frozenset({"metadata", "model_info"})
"""Parameters that describe a deployment. LiteLLM passes unknown ones to the API."""


def _prices(params: Mapping[str, Any], number: Number) -> dict[str, float]:
    known = {name: params[name] for name in PRICES if params.get(name) is not None}
    return {PRICES[name]: number(price, name) * 1000 for name, price in known.items()}


def _note_info(info: Mapping[str, Any], notes: DeploymentNotes) -> None:
    for name, value in info.items():
        if value in (None, False) or name in PRICES or name in INFO_READ:
            continue
        notes.add("model_info", name, INFO.get(name) or (PRICE if is_price(name) else LABEL))
