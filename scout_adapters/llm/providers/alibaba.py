"""Qwen on Alibaba Cloud Model Studio, documented at https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope.

Sources: thinking, https://www.alibabacloud.com/help/en/model-studio/deep-thinking; errors and
usage, recorded traffic; variables, LiteLLM's `llms/dashscope`.
Not established: headers of rate limits.
"""

from scout_adapters.llm.types import EmbeddingsApi, ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="alibaba",
    docs="https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
    wire=WIRE,
    base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    default_model="qwen3.8-max",
    variables=("DASHSCOPE", "ALIBABA", "QWENCLOUD"),
    models=("qwen3.7-", "qwen3.8-", "qwen3-max", "qwen-flash", "qwen-max", "qwen-plus"),
    body_fields=frozenset(
        {"enable_search", "enable_thinking", "search_options", "thinking_budget", "top_k"}
    ),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(
        reasoning_field="reasoning_content",
        without_thinking={"enable_thinking": False},
        takes=frozenset({"video"}),
    ),
    # https://www.alibabacloud.com/help/en/model-studio/text-embedding-synchronous-api: 10 texts is
    # the limit of text-embedding-v4, the lowest of its models.
    embeddings=EmbeddingsApi(max_inputs=10),
    quirks=(
        "Regions have hosts and keys of their own, such as `dashscope.aliyuncs.com` for China.",
        "Thinking is switched off where a tool call is forced, which it refuses otherwise.",
    ),
)
