"""The configuration behind a `ChatLiteLLM` or `ChatLiteLLMRouter` of langchain-litellm.

Both are read by their fields, so that langchain-litellm need not be installed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scout_adapters.errors import ConfigurationError

KEYS = {
    "openai": "openai_api_key",
    "azure": "azure_api_key",
    "anthropic": "anthropic_api_key",
    "cohere": "cohere_api_key",
    "openrouter": "openrouter_api_key",
    "huggingface": "huggingface_api_key",
    "together_ai": "together_ai_api_key",
    "replicate": "replicate_api_key",
}
"""Providers, and the field with the key of each."""

PARAMETERS = (
    *("custom_llm_provider", "api_base", "organization", "use_responses_api", "base_model"),
    *("temperature", "top_p", "top_k", "n", "max_tokens", "num_ctx"),
)
"""Fields that are parameters of LiteLLM under the same name."""

OPTIONS = ("temperature", "top_p", "max_tokens", "streaming")
"""Fields of a router that are options of ours."""

SETTINGS = (
    *("fallbacks", "context_window_fallbacks", "content_policy_fallbacks", "routing_strategy"),
    *("allowed_fails", "allowed_fails_policy", "cooldown_time", "provider_budget_config"),
    *("enable_tag_filtering", "cache_responses", "default_max_parallel_requests", "retry_after"),
)
"""Settings that can be read from a router of LiteLLM; those at their default are left out."""

DEFAULTS = {"allowed_fails": 3, "cooldown_time": 5, "retry_after": 0}


def config_of(model: Any) -> tuple[dict[str, Any], str | None, dict[str, Any]]:
    """Return a configuration, the group to begin with, and options of ours.

    Raises: `ConfigurationError` for an object that is neither of the two.
    """
    if hasattr(model, "model_list"):  # a Router of LiteLLM itself
        return _config_of_router(model), None, {}
    if (router := getattr(model, "router", None)) is not None:
        return _config_of_router(router), str(model.model), _options_of(model)
    if not hasattr(model, "custom_llm_provider"):
        raise ConfigurationError(
            "from_chat_litellm takes a ChatLiteLLM, a ChatLiteLLMRouter or a litellm.Router, not a "
            f"{type(model).__name__}"
        )
    return _config_of_model(model), None, {**_options_of(model), "max_retries": model.max_retries}


def _config_of_model(model: Any) -> dict[str, Any]:
    name = str(getattr(model, "model_name", None) or model.model)
    params: dict[str, Any] = {"model": name}
    for field in PARAMETERS:
        if (value := getattr(model, field, None)) is not None:
            params[field] = value
    provider = params.get("custom_llm_provider") or name.partition("/")[0]
    if key := _plain(model.api_key) or _plain(getattr(model, KEYS.get(provider, "api_key"), None)):
        params["api_key"] = key
    if model.extra_headers:
        params["extra_headers"] = dict(model.extra_headers)
    if model.request_timeout is not None:
        params["timeout"] = model.request_timeout
    params["extra_body"] = dict(model.model_kwargs)
    return {"model_list": [{"model_name": name, "litellm_params": params}]}


def _config_of_router(router: Any) -> dict[str, Any]:
    """Return the configuration of a live router, from its attributes and methods."""
    shown = router.settings() if hasattr(router, "settings") else router
    deployments = router.registry().all() if hasattr(router, "registry") else router.model_list
    settings = {name: getattr(shown, name, getattr(router, name, None)) for name in SETTINGS}
    settings |= {"num_retries": router.num_retries, "timeout": getattr(router, "timeout", None)}
    return {
        "model_list": [_as_dict(deployment) for deployment in deployments],
        "router_settings": {
            name: value
            for name, value in settings.items()
            if not (value is None or value is False or value in ([], {}, DEFAULTS.get(name)))
        },
    }


def _as_dict(deployment: Any) -> dict[str, Any]:
    if isinstance(deployment, Mapping):
        return {
            name: dict(value) if isinstance(value, Mapping) else value
            for name, value in deployment.items()
        }
    return dict(deployment.model_dump(exclude_none=True))


def _options_of(model: Any) -> dict[str, Any]:
    values = {name: getattr(model, name, None) for name in OPTIONS}
    return {name: value for name, value in values.items() if value not in (None, False)}


def _plain(key: Any) -> Any:
    return key.get_secret_value() if hasattr(key, "get_secret_value") else key
