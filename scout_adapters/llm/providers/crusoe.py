"""Open models on Crusoe, documented at https://docs.crusoecloud.com/serverless-inference/overview.

Sources: models, https://docs.crusoecloud.com/serverless-inference/available-models; limits and
their errors, https://docs.crusoecloud.com/serverless-inference/rate-limits; the body of a refused
key, a probe in https://github.com/juspay/neurolink (catalog/crusoe.json); variables, LiteLLM's
`openai_like/providers.json`; recorded answers.
Not established: headers of rate limits.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="crusoe",
    docs="https://docs.crusoecloud.com/serverless-inference/overview",
    wire=WIRE,
    base_url="https://api.inference.crusoecloud.com/v1",
    default_model="openai/gpt-oss-120b",
    body_fields=frozenset({"chat_template_kwargs", "top_k"}),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning"),
    quirks=(
        "Limits apply per project and model: requests and tokens per minute.",
        "A 503 is load of the shared endpoint.",
    ),
)
