"""Models of many providers through OpenRouter, documented at https://openrouter.ai/docs/api-reference/overview."""

import re

from scout_adapters.llm.types import EmbeddingsApi, PromptCaching, ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="openrouter",
    docs="https://openrouter.ai/docs/api-reference/overview",
    wire=WIRE,
    base_url="https://openrouter.ai/api/v1",
    default_model="openai/gpt-5.6-luna",
    headers={"X-Title": "scout-adapters"},
    header_options={
        "app_url": "HTTP-Referer",
        "app_title": "X-Title",
        "app_categories": "X-OpenRouter-Categories",
    },
    body_fields=frozenset(
        {
            "cache_control",
            "debug",
            "image_config",
            "include_reasoning",
            "min_p",
            "models",
            "plugins",
            "provider",
            "reasoning",
            "repetition_penalty",
            "route",
            "session_id",
            "top_a",
            "top_k",
            "trace",
            "transforms",
            "usage",
        }
    ),
    dialect=ChatCompletionsDialect(
        reasoning_field="reasoning_details",
        takes=frozenset({"video", "file_url", "tool_images"}),
        cache_markers=True,
        closed_schemas=True,  # for OpenAI's models
    ),
    # https://openrouter.ai/docs/api_reference/embeddings
    embeddings=EmbeddingsApi(body_fields=frozenset({"input_type", "provider", "user"})),
    json_schema=None,  # depends on the model
    schema_beside_tools=re.compile(r"(?!~?google/gemini-[12][.-])"),
    unlimited_reasoning=re.compile(
        r"x-ai/grok-(?!.*non-reasoning)|qwen/qwen3(?!.*(?:instruct|coder))"
    ),
    prompt_caching=PromptCaching(),
    quirks=(
        "Reports the cost of each call, which is used.",
        "Sends errors of the upstream provider with status 200, before or within a stream.",
        "A 429 of the upstream provider does not concern the key: the next candidate is tried.",
    ),
)
