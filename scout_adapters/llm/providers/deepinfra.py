"""Open models on DeepInfra, documented at https://docs.deepinfra.com/chat/overview.

Sources: reasoning, https://docs.deepinfra.com/chat/reasoning; errors, user reports in
`failures/provider_rules.py`; reasoning field,
https://github.com/anomalyco/models.dev/tree/dev/providers/deepinfra.
Not established: headers of rate limits, the body of a refused key.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="deepinfra",
    docs="https://docs.deepinfra.com/chat/overview",
    wire=WIRE,
    base_url="https://api.deepinfra.com/v1/openai",
    default_model="openai/gpt-oss-120b",
    key_variables=("DEEPINFRA_TOKEN", "DEEPINFRA_API_TOKEN"),
    body_fields=frozenset(
        {"chat_template_kwargs", "min_p", "reasoning", "repetition_penalty", "top_k"}
    ),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    quirks=(
        "Reports the cost of each call as `estimated_cost`, which is used.",
        "Limits apply to concurrent requests per model.",
    ),
)
