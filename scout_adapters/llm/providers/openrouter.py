"""Anybody's models through OpenRouter, documented at https://openrouter.ai/docs/api-reference/overview."""

import re

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="openrouter",
    docs="https://openrouter.ai/docs/api-reference/overview",
    wire=WIRE,
    base_url="https://openrouter.ai/api/v1",
    default_model="openai/gpt-5-mini",
    headers={"X-Title": "scout-adapters"},
    dialect=ChatCompletionsDialect(
        reasoning_field="reasoning_details",
        takes=frozenset({"video", "file_url", "tool_images"}),
        cache_markers=True,
        closed_schemas=True,  # OpenAI's models do
    ),
    json_schema=None,  # depends on the model behind it
    schema_beside_tools=re.compile(r"(?!~?google/gemini-[12][.-])"),
    unlimited_reasoning=re.compile(r"x-ai/grok-(?!.*non-reasoning)"),
    quirks=(
        "States what each call cost; that figure is used.",
        "Errors of the provider behind it come inside a 200, before or in the middle of a stream.",
        "A 429 of the provider behind it is not the key's: the next candidate is asked.",
    ),
)
