"""Open models on NVIDIA NIM, documented at https://docs.api.nvidia.com/nim/reference/llm-apis.

Sources: reasoning field and models,
https://github.com/anomalyco/models.dev/tree/dev/providers/nvidia; further fields,
https://docs.nvidia.com/nim/large-language-models/latest/api-reference.html; errors and ends of
models, user reports in `failures/provider_rules.py` and `profiles/refresh_retirements.py`.
Not established: headers of rate limits, a reference of errors.
"""

from scout_adapters.llm.types import EmbeddingsApi, ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="nvidia",
    docs="https://docs.api.nvidia.com/nim/reference/llm-apis",
    wire=WIRE,
    base_url="https://integrate.api.nvidia.com/v1",
    default_model="nvidia/nemotron-3.5-lightning-30b-a3b",
    variables=("NVIDIA", "NVIDIA_NIM"),  # the second is LiteLLM's name
    body_fields=frozenset({"chat_template_kwargs", "min_p", "repetition_penalty", "top_k"}),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    # https://docs.nvidia.com/nim/nemo-retriever/embedding/latest/use-the-api-openai.html
    embeddings=EmbeddingsApi(
        task_field="input_type",
        tasks={"query": "query", "document": "passage"},
        body_fields=frozenset({"input_type", "modality", "truncate"}),
    ),
    quirks=(
        "Each account has models of its own: another key may reach what one does not.",
        "Models end with a few weeks' notice.",
    ),
)
