"""What a provider says is left of a key's limits, in the headers of the answers that it gives.

The form that each provider uses stands on its card: https://console.groq.com/docs/rate-limits,
https://platform.claude.com/docs/en/api/rate-limits,
https://platform.openai.com/docs/guides/rate-limits,
https://inference-docs.cerebras.ai/support/rate-limits, https://docs.mistral.ai/deployment/laplateforme/tier.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from scout_adapters.llm.failures.retry_after import duration, seconds_said, server_time
from scout_adapters.llm.types import QuotaLeft, RateLimitHeaders

_DIGITS = 18


def quota_left(
    limits: tuple[RateLimitHeaders, ...], headers: Mapping[str, str], now: float
) -> tuple[QuotaLeft, ...]:
    """Read what is left, of limits whose refill is said or known; `now` in monotonic seconds.

    A limit that the answer does not speak of, or not in numbers, is left out.
    """
    found: list[QuotaLeft] = []
    for limit in limits:
        said = headers.get(limit.remaining)
        if said is None or not (said.isascii() and said.isdigit() and len(said) <= _DIGITS):
            continue
        wait = _refill(limit, headers)
        if wait is not None and wait > 0:
            found.append(QuotaLeft(counts=limit.counts, left=int(said), until=now + wait))
    return tuple(found)


def _refill(limit: RateLimitHeaders, headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the limit is full again; its whole window where nobody says."""
    said = headers.get(limit.reset) if limit.reset else None
    if said is None:
        return limit.window
    if (seconds := duration(said)) is not None:
        return seconds
    return seconds_said(said, server_time(headers, datetime.now(UTC)))
