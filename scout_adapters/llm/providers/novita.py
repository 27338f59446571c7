"""Open models on Novita, documented at https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion.

Sources: address and fields, the page above; errors, https://novita.ai/docs/guides/error and bodies
of probes in https://github.com/juspay/neurolink (catalog/novita.json); reasoning field,
https://github.com/anomalyco/models.dev/tree/dev/providers/novita-ai.
Not established: headers of rate limits.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="novita",
    docs="https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion",
    wire=WIRE,
    base_url="https://api.novita.ai/openai/v1",
    default_model="zai-org/glm-5.3-flash",
    body_fields=frozenset(
        {"enable_thinking", "min_p", "repetition_penalty", "separate_reasoning", "top_k"}
    ),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    quirks=("Errors have no `error` object: `code`, `reason` and `message` are at the top.",),
)
