"""Open models on Hyperbolic, documented at https://docs.hyperbolic.xyz/docs/rest-api."""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="hyperbolic",
    docs="https://docs.hyperbolic.xyz/docs/rest-api",
    wire=WIRE,
    base_url="https://api.hyperbolic.xyz/v1",
    default_model="meta-llama/Llama-3.3-70B-Instruct",
    body_fields=frozenset({"chat_template_kwargs", "min_p", "repetition_penalty", "top_k"}),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    embeddings=False,
    quirks=("Accounts without a deposit have a limit of 60 requests per minute.",),
)
