"""OpenAI's Chat Completions, documented at https://platform.openai.com/docs/api-reference/chat."""

import re

from scout_adapters.llm.types import Json, ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE

REASONING = re.compile(r"o[134](-|$)|gpt-[5-9](?!.*chat)")
"""Models that think before they answer: https://platform.openai.com/docs/guides/reasoning."""


def _adjust(body: Json) -> Json:
    """Leave out sampling where a model that thinks refuses it with a 400.

    With `reasoning_effort="none"` it does not think, and takes them.
    """
    if REASONING.match(str(body.get("model"))) and body.get("reasoning_effort") != "none":
        if body.get("temperature") != 1:
            body.pop("temperature", None)
        body.pop("top_p", None)
        body.pop("stop", None)
    return body


SPEC = ProviderSpec(
    name="openai",
    docs="https://platform.openai.com/docs/api-reference/chat",
    wire=WIRE,
    base_url="https://api.openai.com/v1",
    default_model="gpt-5-mini",
    models=("gpt-", "chatgpt-", "o1", "o3", "o4"),
    rename={"max_tokens": "max_completion_tokens"},  # reasoning models refuse the old name
    adjust=_adjust,
    quirks=(
        "Reasoning stays hidden in this API: only its tokens are counted.",
        "Models that think refuse `temperature`, `top_p` and `stop`: these are left out for them.",
    ),
)
