"""Open models on Baseten, documented at https://docs.baseten.co/reference/inference-api/chat-completions.

Sources: reasoning, https://docs.baseten.co/inference/model-apis/reasoning and
https://github.com/anomalyco/models.dev/tree/dev/providers/baseten; errors, recorded traffic.
Not established: headers of rate limits.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="baseten",
    docs="https://docs.baseten.co/reference/inference-api/chat-completions",
    wire=WIRE,
    base_url="https://inference.baseten.co/v1",
    default_model="zai-org/GLM-5.2",
    body_fields=frozenset({"chat_template_args", "top_k"}),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    quirks=(
        "An invalid key is a 403.",
        "A schema needs a `name`.",
    ),
)
