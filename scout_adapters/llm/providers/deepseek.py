"""DeepSeek's own models, documented at https://api-docs.deepseek.com/api/create-chat-completion."""

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import PromptCaching, ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect


def _with_reasoning(body: Json) -> Json:
    """Add reasoning to tool calls of other providers: thinking models refuse calls without it.

    The text differs between steps, because equal texts in a conversation lead to empty answers.
    https://api-docs.deepseek.com/guides/thinking_mode#tool-calls
    https://github.com/Lingtai-AI/lingtai-kernel/issues/9
    """
    thinking = body.get("thinking")
    if isinstance(thinking, dict) and thinking.get("type") == "disabled":
        return body
    for message in body["messages"]:
        if message.get("tool_calls") and not message.get("reasoning_content"):
            steps = (f"{call['function']['name']} ({call['id']})" for call in message["tool_calls"])
            message["reasoning_content"] = f"I call {', '.join(steps)}."
    return body


SPEC = ProviderSpec(
    name="deepseek",
    docs="https://api-docs.deepseek.com/api/create-chat-completion",
    wire=WIRE,
    base_url="https://api.deepseek.com",
    version="",
    default_model="deepseek-v4-flash",
    models=("deepseek-",),
    dialect=ChatCompletionsDialect(
        reasoning_field="reasoning_content",
        refuses=frozenset({"image", "audio", "file", "empty_answers"}),
        without_thinking={"thinking": {"type": "disabled"}},
    ),
    body_fields=frozenset({"thinking"}),
    drop=frozenset({"parallel_tool_calls"}),
    adjust=_with_reasoning,
    json_schema=False,  # accepts json_object only
    embeddings=False,
    prompt_caching=PromptCaching(),
    quirks=(
        "Refused valid keys during outages: many refusals at once open the circuit.",
        "The error code is always `invalid_request_error`; the error type is used instead.",
    ),
)
