"""Open models on Crusoe, documented at https://docs.crusoecloud.com/managed-inference/overview."""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="crusoe",
    docs="https://docs.crusoecloud.com/managed-inference/overview",
    wire=WIRE,
    base_url="https://api.inference.crusoecloud.com/v1",
    default_model="openai/gpt-oss-120b",
    body_fields=frozenset({"chat_template_kwargs", "top_k"}),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning"),
    quirks=("Limits apply per project and model: requests and tokens per minute.",),
)
