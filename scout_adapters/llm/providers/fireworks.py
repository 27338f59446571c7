"""Open models on Fireworks, documented at https://docs.fireworks.ai/api-reference/post-chatcompletions."""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="fireworks",
    docs="https://docs.fireworks.ai/api-reference/post-chatcompletions",
    wire=WIRE,
    base_url="https://api.fireworks.ai/inference/v1",
    default_model="accounts/fireworks/models/gpt-oss-120b",
    models=("accounts/",),
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    json_schema=None,  # depends on the model
    quirks=("A suspended account is a 412.",),
)
