"""The headers in which a provider states what is left of a rate limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitHeaders:
    """The headers of a provider's answers that contain what is left of a rate limit."""

    counts: Literal["requests", "tokens"]
    remaining: str
    """The header with the number that is left."""

    reset: str = ""
    """The header with the time of the reset: seconds, a duration or a date."""

    window: float | None = None
    """Seconds: the longest time until the reset, if no header contains it."""


OPENAI_LIMITS = (
    RateLimitHeaders(
        counts="requests",
        remaining="x-ratelimit-remaining-requests",
        reset="x-ratelimit-reset-requests",
    ),
    RateLimitHeaders(
        counts="tokens",
        remaining="x-ratelimit-remaining-tokens",
        reset="x-ratelimit-reset-tokens",
    ),
)
"""The headers of OpenAI, which other providers copy: requests and tokens, each with its reset."""
