"""Models of many providers through Vercel AI Gateway, documented at https://vercel.com/docs/ai-gateway/sdks-and-apis/openai-chat-completions.

Sources: fields, the page above and …/advanced; variables,
https://github.com/anomalyco/models.dev/tree/dev/providers/vercel; costs and usage, recorded
answers.
Not established: headers of rate limits.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="vercel",
    docs="https://vercel.com/docs/ai-gateway/sdks-and-apis/openai-chat-completions",
    wire=WIRE,
    base_url="https://ai-gateway.vercel.sh/v1",
    default_model="openai/gpt-6-luna",
    variables=("AI_GATEWAY", "VERCEL_AI_GATEWAY"),
    key_variables=("VERCEL_OIDC_TOKEN",),
    body_fields=frozenset({"models", "providerOptions", "reasoning"}),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_details", cache_markers=True),
    quirks=("Reports the cost of each call, which is used, and the provider that answered.",),
)
