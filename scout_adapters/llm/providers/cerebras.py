"""Open models on Cerebras, documented at https://inference-docs.cerebras.ai/api-reference/chat-completions."""

import re
from typing import Literal

from scout_adapters.llm.types import PromptCaching, ProviderSpec, RateLimitHeaders
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

COUNTS: tuple[Literal["requests", "tokens"], ...] = ("requests", "tokens")

WINDOWS = {"minute": 60, "hour": 3600, "day": 86400}
"""Seconds of the windows that its limits have; some answers have no headers with the reset."""

SPEC = ProviderSpec(
    name="cerebras",
    docs="https://inference-docs.cerebras.ai/api-reference/chat-completions",
    wire=WIRE,
    base_url="https://api.cerebras.ai/v1",
    default_model="gpt-oss-120b",
    body_fields=frozenset({"clear_thinking", "disable_reasoning", "reasoning_format"}),
    rename={"max_tokens": "max_completion_tokens"},
    dialect=ChatCompletionsDialect(
        reasoning_field="reasoning", reasoning_models=re.compile(r"(?!llama)")
    ),
    drop=frozenset({"frequency_penalty", "presence_penalty", "logit_bias"}),
    prompt_caching=PromptCaching(),
    limits=tuple(
        RateLimitHeaders(
            counts=counts,
            remaining=f"x-ratelimit-remaining-{counts}-{name}",
            reset=f"x-ratelimit-reset-{counts}-{name}",
            window=seconds,
        )
        for counts in COUNTS
        for name, seconds in WINDOWS.items()
    ),
    embeddings=False,
    quirks=("Limits apply per organisation and count `max_tokens` when a request arrives.",),
)
