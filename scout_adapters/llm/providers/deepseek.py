"""DeepSeek's own models, documented at https://api-docs.deepseek.com/api/create-chat-completion."""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE

SPEC = ProviderSpec(
    name="deepseek",
    docs="https://api-docs.deepseek.com/api/create-chat-completion",
    wire=WIRE,
    base_url="https://api.deepseek.com",
    version="",
    default_model="deepseek-v4-flash",
    models=("deepseek-",),
    reasoning_field="reasoning_content",
    drop=frozenset({"parallel_tool_calls"}),
    json_schema=False,  # takes json_object only
    quirks=(
        "Valid keys were refused during outages: many refusals at once open the circuit.",
        "Error code is `invalid_request_error` for everything; the type decides.",
    ),
)
