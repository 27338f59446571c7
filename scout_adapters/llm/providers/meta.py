"""Muse by Meta, documented at https://dev.meta.ai/docs/quickstart.

Sources: APIs, https://dev.meta.ai/docs/protocols/chat-completions and …/responses; variables,
https://www.promptfoo.dev/docs/providers/meta and https://docs.litellm.ai/docs/providers/meta.
Not established: headers of rate limits, bodies of errors. Reasoning comes encrypted or empty.
"""

from scout_adapters.llm.types import ProviderSpec, SecondWire
from scout_adapters.llm.wires import openai_responses
from scout_adapters.llm.wires.openai_chat import WIRE

SPEC = ProviderSpec(
    name="meta",
    docs="https://dev.meta.ai/docs/quickstart",
    wire=WIRE,
    base_url="https://api.meta.ai/v1",
    default_model="muse-spark-1.3",
    models=("muse-",),
    key_variables=("META_MODEL_API_KEY", "MODEL_API_KEY"),  # the last is Meta's own name
    second=SecondWire(wire=openai_responses.WIRE),
    rename={"max_tokens": "max_completion_tokens"},
    drop=frozenset({"stop"}),
    embeddings=False,
    quirks=(
        "The Responses API takes over for hosted tools; Meta recommends it for agents.",
        "Reasoning cannot be switched off.",
    ),
)
