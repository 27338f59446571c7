"""Open models on Cerebras, documented at https://inference-docs.cerebras.ai/api-reference/chat-completions."""

from scout_adapters.llm.types import ProviderSpec, RateLimitHeaders
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="cerebras",
    docs="https://inference-docs.cerebras.ai/api-reference/chat-completions",
    wire=WIRE,
    base_url="https://api.cerebras.ai/v1",
    default_model="gpt-oss-120b",
    rename={"max_tokens": "max_completion_tokens"},
    dialect=ChatCompletionsDialect(reasoning_field="reasoning"),
    drop=frozenset({"frequency_penalty", "presence_penalty", "logit_bias"}),
    limits=(
        RateLimitHeaders(
            counts="requests",
            remaining="x-ratelimit-remaining-requests-day",
            reset="x-ratelimit-reset-requests-day",
        ),
        RateLimitHeaders(
            counts="tokens",
            remaining="x-ratelimit-remaining-tokens-minute",
            reset="x-ratelimit-reset-tokens-minute",
        ),
    ),
    quirks=("Limits apply per organisation and count `max_tokens` when a request arrives.",),
)
