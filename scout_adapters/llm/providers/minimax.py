"""MiniMax's own models, documented at https://platform.minimax.io/docs/api-reference/text-openai-api."""

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import PromptCaching, ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

MIN_TEMPERATURE = 0.01


def _adjust(body: Json) -> Json:
    """Replace temperature 0, which is refused; request reasoning in a field of its own."""
    if body.get("temperature") == 0:
        body["temperature"] = MIN_TEMPERATURE
    body.setdefault("reasoning_split", True)
    return body


SPEC = ProviderSpec(
    name="minimax",
    docs="https://platform.minimax.io/docs/api-reference/text-openai-api",
    wire=WIRE,
    base_url="https://api.minimax.io/v1",
    default_model="MiniMax-M2.7",
    models=("MiniMax-",),
    body_fields=frozenset({"mask_sensitive_info", "reasoning_split", "thinking"}),
    rename={"max_tokens": "max_completion_tokens"},
    drop=frozenset({"parallel_tool_calls", "logprobs", "top_logprobs"}),
    adjust=_adjust,
    dialect=ChatCompletionsDialect(
        reasoning_field="reasoning_details",
        refuses=frozenset({"audio", "file"}),
    ),
    json_schema=False,
    embeddings=False,
    prompt_caching=PromptCaching(),
    quirks=(
        "Sends errors with status 200, as `base_resp`.",
        "Temperature 0 is sent as 0.01, as it refuses zero.",
        "China has a host of its own: set `MINIMAX_API_URL=https://api.minimaxi.com/v1`.",
    ),
)
