"""Open models on W&B Inference, documented at https://docs.wandb.ai/inference/api-reference.

Sources: errors, https://docs.wandb.ai/support/models/tags/inference; reasoning in answers,
https://docs.wandb.ai/inference/response-settings/reasoning; the field that sends it back,
https://github.com/anomalyco/models.dev/tree/dev/providers/wandb; `project=`,
https://docs.wandb.ai/inference/api-reference/chat-completions.
Not established: headers of rate limits.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="wandb",
    docs="https://docs.wandb.ai/inference/api-reference",
    wire=WIRE,
    base_url="https://api.inference.wandb.ai/v1",
    default_model="openai/gpt-oss-120b",
    # WANDB_BASE_URL is the address of W&B itself
    address_variables=("WANDB_INFERENCE_BASE_URL", "WANDB_API_BASE"),
    header_options={"project": "OpenAI-Project"},
    body_fields=frozenset({"chat_template_kwargs", "top_k"}),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    quirks=(
        "`project=` is the `team/project` that pays; the default is the key's own.",
        "A 402 means that the plan has no credits left; a 429, too many requests in flight.",
    ),
)
