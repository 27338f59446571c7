"""Open models on Novita, documented at https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion."""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="novita",
    docs="https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion",
    wire=WIRE,
    base_url="https://api.novita.ai/v3/openai",
    default_model="zai-org/glm-5.2",
    body_fields=frozenset(
        {"chat_template_kwargs", "min_p", "repetition_penalty", "top_k", "separate_reasoning"}
    ),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    quirks=("Errors have no `error` object: `code`, `reason` and `message` are at the top.",),
)
