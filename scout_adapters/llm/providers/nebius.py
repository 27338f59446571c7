"""Open models on Nebius Token Factory, documented at https://docs.tokenfactory.nebius.com/api-reference/introduction.

Sources: fields, errors and both reasoning fields,
https://docs.tokenfactory.nebius.com/api-reference/inference/create-chat-completion; `retry-after`,
https://docs.tokenfactory.nebius.com/ai-models-inference/rate-limits.
Not established: headers of what is left of a limit.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="nebius",
    docs="https://docs.tokenfactory.nebius.com/api-reference/introduction",
    wire=WIRE,
    base_url="https://api.tokenfactory.nebius.com/v1",
    default_model="openai/gpt-oss-120b",
    body_fields=frozenset({"chat_template_kwargs", "min_p", "repetition_penalty", "top_k"}),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    quirks=(
        "A name that ends in `-fast` is the same model on more hardware, at a higher price.",
        "Answers end after 8,192 tokens unless `max_tokens` says otherwise.",
    ),
)
