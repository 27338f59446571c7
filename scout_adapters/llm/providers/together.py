"""Open models on Together, documented at https://docs.together.ai/reference/chat-completions-1."""

from scout_adapters.llm.types import ProviderSpec, RateLimitHeaders
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="together",
    docs="https://docs.together.ai/reference/chat-completions-1",
    wire=WIRE,
    base_url="https://api.together.xyz/v1",
    variables=("TOGETHER", "TOGETHER_AI", "TOGETHERAI"),  # the others are LiteLLM's names
    key_variables=("TOGETHER_AI_TOKEN",),
    default_model="openai/gpt-oss-120b",
    body_fields=frozenset(
        {
            "chat_template_kwargs",
            "context_length_exceeded_behavior",
            "echo",
            "min_p",
            "reasoning",
            "repetition_penalty",
            "safety_model",
            "top_k",
        }
    ),
    dialect=ChatCompletionsDialect(reasoning_field="reasoning"),
    json_schema=None,  # depends on the model
    limits=(
        RateLimitHeaders(
            counts="requests", remaining="x-ratelimit-remaining", reset="x-ratelimit-reset"
        ),
    ),
    quirks=("A context overflow is a 403.", "Its `credit_limit` errors are rate limits."),
)
