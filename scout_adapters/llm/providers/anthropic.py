"""Anthropic's Claude, documented at https://platform.claude.com/docs/en/api/messages."""

import re

from scout_adapters.llm.types import ProviderSpec, RateLimitHeaders
from scout_adapters.llm.wires.anthropic_messages import WIRE

SPEC = ProviderSpec(
    name="anthropic",
    docs="https://platform.claude.com/docs/en/api/messages",
    wire=WIRE,
    base_url="https://api.anthropic.com",
    default_model="claude-haiku-4-5",
    models=("claude-",),
    # Since Claude 4.5 but for Opus 4.1; the newest models refuse a forced tool while they think.
    json_schema=re.compile(
        r"claude-(?!3|2|v1|instant|(sonnet|opus)-4-[01]|(sonnet|opus)-4$|(sonnet|opus)-4-20)"
    ),
    limits=(
        RateLimitHeaders(
            counts="requests",
            remaining="anthropic-ratelimit-requests-remaining",
            reset="anthropic-ratelimit-requests-reset",
        ),
        RateLimitHeaders(
            counts="tokens",
            remaining="anthropic-ratelimit-input-tokens-remaining",
            reset="anthropic-ratelimit-input-tokens-reset",
        ),
    ),
    account="anthropic-organization-id",
    quirks=(
        "`max_tokens` is required; left out, 4,096 to 32,000 are sent, by the model's generation.",
        "Sends `retry-after` on successful answers too; it means nothing there.",
        "Signed thinking goes back to Anthropic, unchanged, and to nobody else.",
    ),
)
