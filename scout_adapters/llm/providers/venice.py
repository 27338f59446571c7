"""Models on Venice, documented at https://docs.venice.ai/api-reference/api-spec.

Sources: limits, the page above; reasoning,
https://docs.venice.ai/guides/features/reasoning-models; variables,
https://github.com/anomalyco/models.dev/tree/dev/providers/venice and LiteLLM's
`openai_like/providers.json`; costs, usage and errors, recorded traffic.
"""

from scout_adapters.llm.types import OPENAI_LIMITS, ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="venice",
    docs="https://docs.venice.ai/api-reference/api-spec",
    wire=WIRE,
    base_url="https://api.venice.ai/api/v1",
    default_model="qwen3-5-9b",
    variables=("VENICE", "VENICE_AI"),
    body_fields=frozenset(
        {"min_p", "reasoning", "repetition_penalty", "top_k", "venice_parameters"}
    ),
    json_schema=None,  # depends on the model
    limits=OPENAI_LIMITS,
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    quirks=(
        "Reports the cost of each call, which is used.",
        "Its own system prompt is added unless `venice_parameters` says otherwise.",
    ),
)
