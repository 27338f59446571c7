"""Open models on SambaNova, documented at https://docs.sambanova.ai/docs/en/models/rate-limits.

Sources: limits, the page above; errors,
https://docs.sambanova.ai/docs/en/api-reference/using-the-api/api-error-codes; variable and
address, LiteLLM's `get_llm_provider_logic.py`.
Not established: the field that sends reasoning back.
"""

from scout_adapters.llm.types import ProviderSpec, RateLimitHeaders
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="sambanova",
    docs="https://docs.sambanova.ai/docs/en/models/rate-limits",
    wire=WIRE,
    base_url="https://api.sambanova.ai/v1",
    default_model="gpt-oss-120b",
    body_fields=frozenset({"chat_template_kwargs", "top_k"}),
    limits=(
        RateLimitHeaders(
            counts="requests",
            remaining="x-ratelimit-remaining-requests",
            reset="x-ratelimit-reset-requests",
        ),
        RateLimitHeaders(
            counts="requests",
            remaining="x-ratelimit-remaining-requests-day",
            reset="x-ratelimit-reset-requests-day",
            window=86400,
        ),
    ),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning"),
    quirks=("Limits apply per account and model: requests per minute and per day.",),
)
