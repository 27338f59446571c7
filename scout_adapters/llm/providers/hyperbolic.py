"""Open models on Hyperbolic, documented at https://docs.hyperbolic.ai/inference/text-apis.

Sources: address, the page above; limits, https://docs.hyperbolic.ai/inference/overview; further
fields, https://github.com/Portkey-AI/gateway/tree/main/src/providers/hyperbolic.
Not established: headers of rate limits, bodies of errors, the field that sends reasoning back.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="hyperbolic",
    docs="https://docs.hyperbolic.ai/inference/text-apis",
    wire=WIRE,
    base_url="https://api.hyperbolic.xyz/v1",
    default_model="meta-llama/Llama-3.3-70B-Instruct",
    body_fields=frozenset({"min_p", "repetition_penalty", "top_k"}),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    embeddings=False,
    quirks=("The limit is 60 requests per minute, or 600 after a deposit.",),
)
