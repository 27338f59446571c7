"""OpenAI's Chat Completions, documented at https://platform.openai.com/docs/api-reference/chat."""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE

SPEC = ProviderSpec(
    name="openai",
    docs="https://platform.openai.com/docs/api-reference/chat",
    wire=WIRE,
    base_url="https://api.openai.com/v1",
    default_model="gpt-5-mini",
    models=("gpt-", "chatgpt-", "o1", "o3", "o4"),
    rename={"max_tokens": "max_completion_tokens"},  # reasoning models refuse the old name
    quirks=(
        "Reasoning stays hidden in this API: only its tokens are counted.",
        "Reasoning models refuse `temperature` other than 1.",
    ),
)
