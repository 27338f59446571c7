"""Open models on OVHcloud AI Endpoints, in the EU, documented at https://endpoints.ai.cloud.ovh.net.

Sources: limits and tokens,
https://docs.ovhcloud.com/en/guides/public-cloud/ai-machine-learning/ai-endpoints-getting-started;
variable, LiteLLM's `llms/ovhcloud`; reasoning field, the same.
Not established: headers of rate limits.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="ovhcloud",
    docs="https://endpoints.ai.cloud.ovh.net",
    wire=WIRE,
    base_url="https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
    default_model="gpt-oss-120b",
    key_variables=("OVH_AI_ENDPOINTS_ACCESS_TOKEN",),
    keyless=True,
    body_fields=frozenset({"top_k"}),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning"),
    quirks=(
        "Answers without a key as well, at two requests per minute and model.",
        "With a key, each project has 400 requests per minute and model.",
    ),
)
