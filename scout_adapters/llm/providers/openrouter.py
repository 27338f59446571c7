"""Anybody's models through OpenRouter, documented at https://openrouter.ai/docs/api-reference/overview."""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE

SPEC = ProviderSpec(
    name="openrouter",
    docs="https://openrouter.ai/docs/api-reference/overview",
    wire=WIRE,
    base_url="https://openrouter.ai/api/v1",
    default_model="openai/gpt-5-mini",
    headers={"X-Title": "scout-adapters"},
    reasoning_field="reasoning_details",
    takes=frozenset({"video", "file_url", "tool_images"}),
    cache_markers=True,
    json_schema=False,  # depends on the model behind it
    quirks=(
        "States what each call cost; that figure is used.",
        "Errors of the provider behind it come inside a 200, before or in the middle of a stream.",
        "A 429 of the provider behind it is not the key's: the next candidate is asked.",
    ),
)
