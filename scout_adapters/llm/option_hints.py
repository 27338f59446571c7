"""What to write instead of options that other packages have and this library has not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

HINTS: Mapping[str, str] = {
    "http_client": "pass transport=, verify=, cert=, proxies= or trust_env=",
    "http_async_client": "pass transport=, verify=, cert=, proxies= or trust_env=",
    "http_socket_options": "pass transport=",
    "client": "pass transport=",
    "async_client": "pass transport=",
    "root_client": "pass transport=",
    "root_async_client": "pass transport=",
    "bedrock_client": "pass transport=",
    "client_args": "pass transport=, verify=, cert=, proxies= or trust_env=",
    "client_options": "pass base_url= for its api_endpoint",
    "client_info": "pass default_headers=",
    "default_query": "write the query into base_url=",
    "disabled_params": "leave the option out, or list it in drop= of a card of your own",
    "include_response_headers": "response_metadata has the id of the request and the rate limits",
    "reasoning": 'write reasoning_effort="low"; this API has no other reasoning option',
    "use_responses_api": "a provider's card says which API it has",
    "use_previous_response_id": "only the Responses API stores answers",
    "stream_timeout": "pass timeout=Timeouts(first_token=...)",
    "stream_chunk_timeout": "pass timeout=Timeouts(idle=...)",
    "vertexai": "use ScoutVertexChatModel, or vertex/model in a route",
    "project": "OpenAI models and ScoutVertexChatModel have it as an option",
    "location": "use ScoutVertexChatModel, or vertex/model in a route",
    "azure_endpoint": "use ScoutAzureOpenAIChatModel, or azure/deployment in a route",
    "azure_deployment": "use ScoutAzureOpenAIChatModel, or azure/deployment in a route",
    "api_version": "use ScoutAzureOpenAIChatModel, or write the version into base_url=",
    "api_type": "a provider's card says which API it has",
    "rpm": "pass limits=Limits(rpm=...)",
    "tpm": "pass limits=Limits(tpm=...)",
    "max_concurrent_requests": "pass limits=Limits(concurrency=...)",
    "max_parallel_requests": "pass limits=Limits(concurrency=...)",
    "cooldown_time": "keys and providers rest by themselves, as long as the provider says",
    "allowed_fails": "keys and providers rest by themselves, as long as the provider says",
    "fallbacks": "list the models in ScoutRouterChatModel(models=[...])",
    "context_window_fallbacks": "list the models in ScoutRouterChatModel(models=[...])",
    "routing_strategy": "pass strategy= to ScoutRouterChatModel",
    "model_provider": "a class is of one provider; use init_scout_model",
    "custom_llm_provider": 'write model="provider/model"',
    "tiktoken_model_name": "pass custom_get_token_ids=",
    "convert_system_message_to_human": "system messages are sent as the model takes them",
    **dict.fromkeys(
        ("num_ctx", "num_batch", "num_gpu", "num_thread", "keep_alive"), "set it on the server"
    ),
    **dict.fromkeys(
        ("mirostat", "mirostat_eta", "mirostat_tau", "repeat_last_n", "repeat_penalty", "tfs_z"),
        "set it in Ollama's Modelfile; other servers take it in model_kwargs={...}",
    ),
    **dict.fromkeys(
        ("client_kwargs", "async_client_kwargs", "sync_client_kwargs"),
        "pass transport=, verify=, cert=, proxies=, timeout= or default_headers=",
    ),
    "format": "pass response_format=, or call with_structured_output()",
    "validate_model_on_init": "run scout-adapters doctor or scout-adapters keys test",
    "request_parallelism": "pass limits=Limits(concurrency=...)",
    "endpoint_version": "write the version into base_url=",
    "api_transport": "requests are sent over HTTP; pass transport= for another way",
    "client_cert_source": "pass cert=",
    "examples": "write them as messages",
    **dict.fromkeys(
        ("model_family", "tuned_model_name", "full_model_name", "repo_id"),
        "model= is the name that the provider's API has for it",
    ),
    "perform_literal_eval_on_string_raw_content": "content is read as the provider sends it",
    "default_metadata_input": "pass default_headers=",
    "system": "write a system message",
    "reuse_last_container": "a container goes back with the messages that name it",
    "strategy": "it is an option of ScoutRouterChatModel",
    **dict.fromkeys(
        ("output_version", "streaming", "disable_streaming", "scout_metadata", "state_store"),
        "it is an option of a model, not of an entry or a call",
    ),
    **dict.fromkeys(
        ("guardrails", "guardrail_config"),
        "use ScoutBedrockChatModel, or bedrock/model in a route",
    ),
    "base_model_id": "pass base_model=",
    **dict.fromkeys(
        (
            *("guard_last_turn_only", "performance_config", "request_metadata", "raw_blocks"),
            *("additional_model_request_fields", "additional_model_response_field_paths"),
            "supports_tool_choice_values",
        ),
        "list ChatBedrockConverse(...), whose API has it, in ScoutRouterChatModel(models=[...])",
    ),
}
"""Names that partner packages or LiteLLM have and we do not, and what to write instead."""


def changes_nothing(name: str, value: Any, documented: Collection[str] | None) -> bool:
    """Return whether an option that only other packages have is off: None or False."""
    return (value is None or value is False) and name in HINTS and name not in (documented or ())
