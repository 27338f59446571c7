"""Open models on OVHcloud AI Endpoints, in the EU, documented at https://endpoints.ai.cloud.ovh.net."""

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
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    quirks=("Answers without a key as well, at two requests per minute and model.",),
)
