"""GLM by Z.ai, documented at https://docs.z.ai/api-reference/llm/chat-completion.

Sources: reasoning, https://docs.z.ai/guides/capabilities/thinking; errors,
https://docs.z.ai/api-reference/api-code and user reports in `failures/provider_rules.py`; recorded
traffic. Answers have no headers of rate limits, and a 429 has no `retry-after`.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="zai",
    docs="https://docs.z.ai/api-reference/llm/chat-completion",
    wire=WIRE,
    base_url="https://api.z.ai/api/paas/v4",
    default_model="glm-5.2",
    models=("glm-",),
    key_variables=("Z_AI_API_KEY",),
    body_fields=frozenset({"do_sample", "request_id", "thinking", "tool_stream"}),
    drop=frozenset({"frequency_penalty", "parallel_tool_calls", "presence_penalty"}),
    json_schema=False,
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content", any_tool="auto"),
    quirks=(
        "The coding plan has a path of its own: `ZAI_API_URL=https://api.z.ai/api/coding/paas/v4`.",
        "It accepts only the tool choice `auto`; structured output uses JSON mode or a tool.",
        "China has a host and keys of its own: `https://open.bigmodel.cn/api/paas/v4`.",
    ),
)
