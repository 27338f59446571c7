"""What LiteLLM's settings without an equal would have done.

https://docs.litellm.ai/docs/proxy/config_settings and
https://docs.litellm.ai/docs/completion/provider_specific_params
"""

from __future__ import annotations

import re

RETRIES = "would have retried this deployment as often; here retries are of the call"
COOLDOWN = "would have rested a deployment as long; here a key rests as long as its provider states"
CACHE = "would have cached answers: set LangChain's cache"
REDIS = (
    "would have shared limits and rests between processes: write `store: env:REDIS_URL` in the "
    "route file, or pass state_store=; see docs/many-machines.md"
)
LABEL = "is a label, or a fact that is read from the model's own profile here"
SINKS = (
    "would have called these sinks: pass handlers of LangChain as `callbacks`, or LiteLLM's own "
    "loggers by `scout_adapters.litellm.LiteLLMLoggerHandler`"
)
AFFINITY = "would have kept users or sessions to a deployment; here `key_affinity` keeps caches"
HEALTH = "would have asked deployments for their health; here calls themselves show it"
TAGS = "would have chosen deployments by tags of a request: name the route by `model=`"
TIERS = "would have set a timeout for a service tier"
PROMPTS = "would have written the prompt of a model without a chat template"
QUEUE = "would have queued requests by priority"
PROXY = "belongs to LiteLLM's proxy server"
FILES = "belongs to LiteLLM's files and batches"
LOGGING = "would have changed what LiteLLM logs; here handlers and `logging` decide"
TOKENS = "would have fetched tokens for the provider: pass a credential, see docs/clouds.md"
OWN = "is a setting of LiteLLM itself"
PRICE = "would have priced calls by it; here prices are of tokens by kind: write them in PRICING"
WINDOWS_ALWAYS = "would have sent prompts to models whose window is too small; here those come last"

PARAMETERS = {
    "num_retries": RETRIES,
    "max_retries": RETRIES,
    "cooldown_time": COOLDOWN,
    "tags": TAGS,
    "tag_regex": "would have chosen the deployment by headers of the request",
    "itpm": "would have limited input tokens per minute",
    "otpm": "would have limited output tokens per minute",
    "rpd": "would have limited requests per day",
    "tpd": "would have limited tokens per day",
    "daily_reset_time": "would have been the hour at which limits per day start again",
    "mock_response": "would have answered without a request; here the provider is called",
    "drop_params": "would have dropped options that the model does not take; here those whose "
    "refusal is known are left out, and listed in `changes`",
    "timeout_by_service_tier": TIERS,
    "stream_timeout_by_service_tier": TIERS,
    "region_name": "would have chosen the deployment for requests that are bound to a region",
    "initial_prompt_value": PROMPTS,
    "final_prompt_value": PROMPTS,
    "roles": PROMPTS,
    "bos_token": PROMPTS,
    "eos_token": PROMPTS,
    "tenant_id": TOKENS,
    "client_id": TOKENS,
    "client_secret": TOKENS,
    "bucket_name": FILES,
    "allow_legacy_cloud_file_ids": FILES,
    "bedrock_tags": "would have tagged the batches of Bedrock",
    "responses_api_version": "would have been the version of Azure's Responses API",
    "chatgpt_auth_file": TOKENS,
    "output_vector_size": "is the length of vectors of embeddings",
    "thought_signature_in_tool_call_id": "would have put Gemini's signatures into ids of calls; "
    "here they stay in their blocks",
}
"""Parameters of deployments."""

SWITCHES = {
    "merge_reasoning_content_in_choices": "would have put reasoning into the text, between <think> "
    "tags; here it is a block of its own",
    "use_in_pass_through": PROXY,
    "allow_client_keepalive_override": PROXY,
    "use_litellm_proxy": "would have sent requests to a LiteLLM proxy: write its address as "
    "`api_base`",
    "use_xai_oauth": TOKENS,
}
"""Parameters that `Router.model_list` adds to each deployment, and what they do where they are on.
"""

PREFIXES = {
    "aws_batch_": FILES,
    "s3_": FILES,
    "gcs_": FILES,
    "aws_": TOKENS,
    "azure_": TOKENS,
    "anthropic_": TOKENS,
    "openai_": TOKENS,
    "token_exchange_": TOKENS,
    "watsonx_": "belongs to IBM watsonx",
    "auto_router_": OWN,
    "complexity_router_": OWN,
    "adaptive_router_": OWN,
    "quality_router_": OWN,
    "switchyard_": OWN,
    "milvus_": OWN,
    "valkey_": OWN,
    "vector_store_": OWN,
    "litellm_": OWN,
    "default_api_key_": OWN,
    "configurable_clientside_": OWN,
    "fireworks_forward_": OWN,
    "provider_affinity_": OWN,
    "keepalive_": OWN,
    "max_file_size_": OWN,
}
"""The beginnings of further parameters, which LiteLLM does not send to providers."""

INFO = {
    "cooldown_time": COOLDOWN,
    "allowed_fails": "would have rested the deployment after as many failures",
    "allowed_fails_policy": "would have rested the deployment after as many failures of a kind",
    "tier": "would have sent requests of free users elsewhere",
    "access_windows": "would have used the deployment at these hours only",
    "enable_tag_filtering": TAGS,
    "allow_fail_open": TAGS,
    "custom_tokenizer": "would have counted tokens by this tokenizer",
    "enforce_supported_endpoints": "would have refused requests to other endpoints",
    "ptu_count": PRICE,
    "cost_per_ptu_per_hour": PRICE,
    "pricing_provider": PRICE,
    **dict.fromkeys(("team_id", "team_public_model_name", "access_groups"), PROXY),
    **dict.fromkeys(("member_auto_router", "internal_router_model"), PROXY),
}
"""Fields of `model_info` that LiteLLM acts on."""

SETTINGS = {
    "allowed_fails": "would have rested a deployment after as many failures; here a key rests "
    "when its provider states a wait, and a circuit opens after five faults in a row",
    "allowed_fails_policy": "would have rested a deployment after as many failures of a kind",
    "cooldown_time": COOLDOWN,
    "disable_cooldowns": "would have used keys that were just refused",
    "retry_after": "would have been the shortest pause before a retry; here it is the server's, "
    "or 0.5 s, 1 s, 2 s …",
    "retry_policy": "would have set retries by kind of error; here the kind decides itself",
    "model_group_retry_policy": "would have set retries by group and kind of error",
    "routing_strategy_args": "would have tuned the strategy",
    "routing_groups": "would have set a strategy for some groups",
    "enable_tag_filtering": TAGS,
    "tag_filtering_match_any": TAGS,
    "tag_routing_prefix": TAGS,
    "plugins": "would have run these plugins of LiteLLM's router",
    "optional_pre_call_checks": "would have run these checks; prompt caches are kept by "
    "`key_affinity`",
    "drop_params": PARAMETERS["drop_params"],
    "modify_params": "would have changed requests that a provider refuses; here changes are "
    "listed in `changes`",
    "custom_provider_map": "would have added providers: register a card instead",
    "fallback_on_unsupported_params": "would have taken a fallback for options that a model does "
    "not take; here those are left out, and listed in `changes`",
    "enable_weighted_failover": "would have shuffled by weights after a failure, too; here that "
    "is always so",
    "enable_mid_stream_fallback_continuation": "would have another model continue a broken "
    "stream; here it raises StreamInterrupted",
    "ignore_invalid_deployments": "would have left out deployments that cannot be used; here "
    "they are errors",
    "force_ipv4": "would have used IPv4 only",
    "client_ttl": "would have closed clients after as long; here connections are pooled",
    "custom_prompt_dict": PROMPTS,
    "num_retries_per_request": RETRIES,
    **dict.fromkeys(("cache", "cache_responses", "cache_params", "cache_kwargs"), CACHE),
    "caching_groups": CACHE,
    **dict.fromkeys(("redis_url", "redis_host", "redis_port", "redis_password", "redis_db"), REDIS),
    **dict.fromkeys(("success_callback", "failure_callback", "callbacks"), SINKS),
    **dict.fromkeys(("service_callbacks", "callback_settings"), SINKS),
    **dict.fromkeys(("deployment_affinity_ttl_seconds", "model_group_affinity_config"), AFFINITY),
    "session_affinity_repin_on_failover": AFFINITY,
    **dict.fromkeys(("enable_health_check_routing", "health_check_staleness_threshold"), HEALTH),
    "health_check_ignore_transient_errors": HEALTH,
    "background_health_check_model_groups": HEALTH,
    **dict.fromkeys(("default_priority", "polling_interval"), QUEUE),
    **dict.fromkeys(("assistants_config", "search_tools", "guardrail_list"), PROXY),
    **dict.fromkeys(("alerting_config", "router_general_settings"), PROXY),
    **dict.fromkeys(("fallback_access_check", "fallback_budget_check"), PROXY),
    **dict.fromkeys(("auto_router_capability_limit", "mcp_aliases"), PROXY),
    **dict.fromkeys(("turn_off_message_logging", "redact_user_api_key_info"), LOGGING),
    **dict.fromkeys(("langfuse_default_tags", "json_logs"), LOGGING),
    **dict.fromkeys(("set_verbose", "debug_level"), LOGGING),
}
"""Settings of the router and of LiteLLM."""

_PRICE = re.compile(r"(^|_)cost(_|$)|_multiplier(_|$)|^tiered_pricing$")


def parameter_message(name: str) -> str | None:
    """Return what a parameter of a deployment would have done; None for one of the request."""
    if (message := PARAMETERS.get(name)) is not None:
        return message
    if is_price(name):
        return PRICE
    return next((text for prefix, text in PREFIXES.items() if name.startswith(prefix)), None)


def is_price(name: str) -> bool:
    """Return whether a parameter is a price, such as `input_cost_per_second`."""
    return _PRICE.search(name) is not None
