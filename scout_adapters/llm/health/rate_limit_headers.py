"""Rate-limit headers of successful answers: how much of a key's limits is left.

Each provider's card names its headers. Sources: https://console.groq.com/docs/rate-limits,
https://platform.claude.com/docs/en/api/rate-limits,
https://platform.openai.com/docs/guides/rate-limits,
https://inference-docs.cerebras.ai/support/rate-limits, https://docs.mistral.ai/deployment/laplateforme/tier.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from scout_adapters.llm.failures.wait_values import duration, parse_value, server_time
from scout_adapters.llm.health.quota_left import QuotaLeft
from scout_adapters.llm.types import RateLimitHeaders

_DIGITS = 18
"""Digits of the longest number that is read."""


def quota_left(
    limits: tuple[RateLimitHeaders, ...], headers: Mapping[str, str], now: float
) -> tuple[QuotaLeft, ...]:
    """Return the quota left of each limit whose reset time is known; `now` in monotonic seconds.

    A limit is omitted if its header is missing or not a number.
    """
    quotas: list[QuotaLeft] = []
    for limit in limits:
        left = headers.get(limit.remaining)
        if left is None or not (left.isascii() and left.isdigit() and len(left) <= _DIGITS):
            continue
        wait = _refill(limit, headers)
        if wait is not None and wait > 0:
            quotas.append(QuotaLeft(counts=limit.counts, left=int(left), until=now + wait))
    return tuple(quotas)


def _refill(limit: RateLimitHeaders, headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the limit resets; the limit's window if no header states them."""
    value = headers.get(limit.reset) if limit.reset else None
    if value is None:
        return limit.window
    if (seconds := duration(value)) is not None:
        return seconds
    return parse_value(value, server_time(headers, datetime.now(UTC)))
