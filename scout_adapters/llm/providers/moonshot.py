"""Kimi by Moonshot AI, documented at https://platform.kimi.ai/docs/api/chat.

Sources: `thinking` and reasoning field,
https://github.com/anomalyco/models.dev/tree/dev/providers/moonshotai; variables, LiteLLM's
`llms/moonshot`; one recorded answer.
Not established: headers of rate limits.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="moonshot",
    docs="https://platform.kimi.ai/docs/api/chat",
    wire=WIRE,
    base_url="https://api.moonshot.ai/v1",
    default_model="kimi-k3",
    models=("kimi-", "moonshot-v1"),
    prices="moonshotai",
    body_fields=frozenset({"prompt_cache_key", "safety_identifier", "thinking"}),
    rename={"max_tokens": "max_completion_tokens"},
    dialect=ChatCompletionsDialect(
        reasoning_field="reasoning_content", refuses=frozenset({"audio", "file"})
    ),
    embeddings=False,
    quirks=(
        "China has a host and keys of its own: set `MOONSHOT_API_URL=https://api.moonshot.cn/v1`.",
        "Errors of overload are 429 and do not concern the key.",
    ),
)
