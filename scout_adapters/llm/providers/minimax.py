"""MiniMax's own models, documented at https://platform.minimax.io/docs/api-reference/text-openai-api."""

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

LOWEST_TEMPERATURE = 0.01


def _adjust(body: Json) -> Json:
    """Temperature lies in (0, 1] here; reasoning comes in a field of its own only if asked for."""
    if body.get("temperature") == 0:
        body["temperature"] = LOWEST_TEMPERATURE
    body.setdefault("reasoning_split", True)
    return body


SPEC = ProviderSpec(
    name="minimax",
    docs="https://platform.minimax.io/docs/api-reference/text-openai-api",
    wire=WIRE,
    base_url="https://api.minimax.io/v1",
    default_model="MiniMax-M2.7",
    models=("MiniMax-",),
    rename={"max_tokens": "max_completion_tokens"},
    drop=frozenset({"parallel_tool_calls", "logprobs", "top_logprobs"}),
    adjust=_adjust,
    dialect=ChatCompletionsDialect(
        reasoning_field="reasoning_details",
        refuses=frozenset({"audio", "file"}),
    ),
    json_schema=False,
    quirks=(
        "Errors come inside a 200, as `base_resp`.",
        "Temperature 0 is sent as 0.01: zero is refused.",
        "China has its own host: set `MINIMAX_API_URL=https://api.minimaxi.com/v1`.",
    ),
)
