"""Anthropic's Claude, documented at https://platform.claude.com/docs/en/api/messages."""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.anthropic_messages import WIRE

SPEC = ProviderSpec(
    name="anthropic",
    docs="https://platform.claude.com/docs/en/api/messages",
    wire=WIRE,
    base_url="https://api.anthropic.com",
    default_model="claude-haiku-4-5",
    models=("claude-",),
    cache_markers=True,
    json_schema=False,  # from Claude 4.5 on; tools work everywhere
    quirks=(
        "`max_tokens` is required; left out, the model's own limit is sent.",
        "Sends `retry-after` on successful answers too; it means nothing there.",
        "Signed thinking goes back to Anthropic, unchanged, and to nobody else.",
    ),
)
