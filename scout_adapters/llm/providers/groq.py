"""Open models on Groq's hardware, documented at https://console.groq.com/docs/api-reference."""

import re

from scout_adapters.llm.types import OPENAI_LIMITS, PromptCaching, ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

COMPOUND = (
    "openai/gpt-oss-120b",
    "llama-3.3-70b-versatile",
    "meta-llama/llama-4-scout-17b-16e-instruct",
)
"""Models of Groq's Compound systems: https://console.groq.com/docs/compound."""

SPEC = ProviderSpec(
    name="groq",
    docs="https://console.groq.com/docs/api-reference",
    wire=WIRE,
    base_url="https://api.groq.com/openai/v1",
    default_model="openai/gpt-oss-120b",
    models=("llama-", "llama3-", "mixtral-", "gemma2-"),
    dialect=ChatCompletionsDialect(
        reasoning_field="reasoning",
        reasoning_models=re.compile(r"openai/gpt-oss|qwen|deepseek-r1"),
        refuses=frozenset({"audio", "file"}),
        closed_schemas=True,
    ),
    body_fields=frozenset(
        {
            "citation_options",
            "compound_custom",
            "disable_tool_validation",
            "documents",
            "exclude_domains",
            "include_domains",
            "include_reasoning",
            "reasoning_format",
            "search_settings",
        }
    ),
    # https://console.groq.com/docs/compound/systems: up to 10 tool calls, and the answer after them
    systems={
        "groq/compound": COMPOUND,
        "groq/compound-mini": COMPOUND,
        "compound-beta": COMPOUND,
        "compound-beta-mini": COMPOUND,
    },
    window_reads=11,
    json_schema=re.compile(r"openai/gpt-oss|moonshotai/kimi-k2|meta-llama/llama-4"),
    schema_beside_tools=False,  # 400: https://github.com/langchain-ai/langchain/issues/33863
    prompt_caching=PromptCaching(),
    limits=OPENAI_LIMITS,
    embeddings=False,
    quirks=(
        "An invalid tool call is the error `tool_use_failed`; the request is sent once more.",
        "Limits apply per organisation and model: requests per day and tokens per minute.",
    ),
)
