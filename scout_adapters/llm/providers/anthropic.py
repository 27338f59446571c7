"""Anthropic's Claude, documented at https://platform.claude.com/docs/en/api/messages."""

import re

from scout_adapters.llm.types import PromptCaching, ProviderSpec, RateLimitHeaders
from scout_adapters.llm.wires.anthropic_messages import WIRE

SHORTEST = (
    (re.compile(r"claude-(opus-4-[567]|haiku-4-5)"), 4096),
    (re.compile(r"claude-3(-5)?-haiku"), 2048),
)
"""Tokens of the shortest prefix that is cached, by model; 1,024 for the others.
https://docs.claude.com/en/docs/build-with-claude/prompt-caching
"""

SPEC = ProviderSpec(
    name="anthropic",
    docs="https://platform.claude.com/docs/en/api/messages",
    wire=WIRE,
    base_url="https://api.anthropic.com",
    default_model="claude-haiku-4-5",
    models=("claude-",),
    # Claude 4.5 and later (not Opus 4.1). The newest models refuse the alternative, a forced tool,
    # while they think.
    json_schema=re.compile(
        r"claude-(?!3|2|v1|instant|(sonnet|opus)-4-[01]|(sonnet|opus)-4$|(sonnet|opus)-4-20)"
    ),
    prompt_caching=PromptCaching(by_model=SHORTEST),
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
        "Requires `max_tokens`; the default is 4,096 to 32,000, by the model's generation.",
        "Sends `retry-after` on successful answers as well; there it is ignored.",
        "Signed thinking is sent back to Anthropic unchanged, and to no other provider.",
    ),
)
