"""The fields that each provider's request bodies have."""

from __future__ import annotations

COMMON = frozenset(
    [
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "n",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "user",
        "function_call",
        "functions",
    ]
)
"""Fields of Chat Completions at OpenAI and Groq."""

OPENAI = COMMON | frozenset(
    [
        "audio",
        "modalities",
        "moderation",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "verbosity",
        "web_search_options",
    ]
)
GROQ = COMMON | frozenset(
    [
        "citation_options",
        "compound_custom",
        "disable_tool_validation",
        "documents",
        "exclude_domains",
        "include_domains",
        "include_reasoning",
        "reasoning_format",
        "search_settings",
    ]
)
RESPONSES = frozenset(
    [
        "access_programs",
        "background",
        "background_options",
        "context_management",
        "conversation",
        "image",
        "include",
        "input",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "model",
        "moderation",
        "parallel_tool_calls",
        "previous_response_id",
        "prompt",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning",
        "safety_identifier",
        "service_tier",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
    ]
)
"""https://platform.openai.com/docs/api-reference/responses/create"""

MISTRAL = frozenset(
    [
        "frequency_penalty",
        "guardrails",
        "logprobs",
        "max_tokens",
        "messages",
        "metadata",
        "min_tokens",
        "model",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_logprobs",
        "prompt_mode",
        "random_seed",
        "reasoning_effort",
        "repetition_penalty",
        "response_format",
        "safe_prompt",
        "service_tier",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_k",
        "top_logprobs",
        "top_p",
        "top_prompt_logprobs",
        "document_image_limit",
        "document_page_limit",
    ]
)
ANTHROPIC = frozenset(
    [
        "cache_control",
        "container",
        "context_management",
        "fallbacks",
        "inference_geo",
        "max_tokens",
        "mcp_servers",
        "messages",
        "metadata",
        "model",
        "output_config",
        "output_format",
        "service_tier",
        "speed",
        "stop_sequences",
        "stream",
        "system",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
        "user_profile_id",
    ]
)
GEMINI = frozenset(
    [
        "contents",
        "systeminstruction",
        "tools",
        "toolconfig",
        "safetysettings",
        "generationconfig",
        "cachedcontent",
        "labels",
        "model",
        "servicetier",
        "store",
        "modelarmorconfig",
    ]
)
"""In lower case, without underscores: the API accepts both spellings."""

CEREBRAS = COMMON - {"function_call", "functions", "metadata", "store"} | {
    "clear_thinking",
    "disable_reasoning",
    "min_tokens",
    "prediction",
    "prompt_cache_key",
    "queue_threshold",
    "reasoning_format",
}
"""https://inference-docs.cerebras.ai/api-reference/chat-completions"""

FIREWORKS = COMMON | frozenset(
    [
        "context_length_exceeded_behavior",
        "echo",
        "echo_last",
        "ignore_eos",
        "min_p",
        "mirostat_lr",
        "mirostat_target",
        "perf_metrics_in_response",
        "prediction",
        "prompt_cache_isolation_key",
        "prompt_cache_key",
        "prompt_cache_max_len",
        "prompt_truncate_len",
        "raw_output",
        "reasoning_history",
        "repetition_penalty",
        "return_token_ids",
        "safe_tokenization",
        "speculation",
        "thinking",
        "top_k",
        "typical_p",
    ]
)
"""https://docs.fireworks.ai/api-reference/post-chatcompletions"""

MESSAGE = frozenset(["role", "content", "name", "tool_calls", "tool_call_id"])
"""Fields of a message in Chat Completions."""

NUMBERS = frozenset(["temperature", "top_p", "frequency_penalty", "presence_penalty"])
INTEGERS = frozenset(
    ["max_tokens", "max_completion_tokens", "max_output_tokens", "n", "top_logprobs", "top_k"]
)
BOOLEANS = frozenset(["stream", "parallel_tool_calls", "store"])
ARRAYS = frozenset(["tools", "messages", "stop_sequences"])
