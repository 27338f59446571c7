"""Open models on Chutes, documented at https://chutes.ai/docs.

Sources: models, https://llm.chutes.ai/v1/models; tools,
https://chutes.ai/docs/guides/agents-and-tools; keys, https://chutes.ai/agents/litellm; reasoning
field, https://github.com/anomalyco/models.dev/tree/dev/providers/chutes.
Not established: headers of rate limits, bodies of errors.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="chutes",
    docs="https://chutes.ai/docs",
    wire=WIRE,
    base_url="https://llm.chutes.ai/v1",
    default_model="Qwen/Qwen3-32B-TEE",
    body_fields=frozenset({"chat_template_kwargs", "min_p", "repetition_penalty", "top_k"}),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    quirks=("`model:latency` and `model:throughput` choose among the hosts of a model.",),
)
