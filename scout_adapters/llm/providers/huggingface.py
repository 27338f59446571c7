"""Open models of many hosts through Hugging Face, documented at https://huggingface.co/docs/inference-providers/tasks/chat-completion.

Sources: hosts and their choice, https://huggingface.co/docs/inference-providers; variables,
https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables; errors and
usage, recorded traffic.
Not established: the field that sends reasoning back, which each host names.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="huggingface",
    docs="https://huggingface.co/docs/inference-providers/tasks/chat-completion",
    wire=WIRE,
    base_url="https://router.huggingface.co/v1",
    default_model="openai/gpt-oss-120b",
    key_variables=("HF_TOKEN", "HUGGINGFACEHUB_API_TOKEN"),
    body_fields=frozenset({"top_k"}),
    json_schema=None,  # depends on the model and its host
    dialect=ChatCompletionsDialect(reasoning_field="reasoning"),
    embeddings=False,
    quirks=(
        "`model:host` chooses the host, such as `openai/gpt-oss-120b:groq`; errors are the host's.",
        "A 402 means that the account has no credits left.",
    ),
)
