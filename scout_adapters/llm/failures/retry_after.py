"""Read the wait before a retry from a response, in all forms that providers use; in seconds.

In order of precedence: `retry-after-ms`, `retry-after`, the error's fields, its message, and the
reset times of exhausted rate limits. Dates are relative to the server's `Date` header, not to the
local clock. Forms by provider: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after,
https://ai.google.dev/gemini-api/docs/troubleshooting, https://console.groq.com/docs/rate-limits.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from scout_adapters.llm.failures.wait_values import (
    EPOCH_S,
    NUMBER,
    clamped,
    duration,
    parse_http_date,
    parse_number,
    parse_rfc3339,
    parse_value,
    seconds_until,
    server_time,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MAX_MESSAGE_CHARS = 2048

_WORDED_WAIT = re.compile(
    r"\b(?:(?:try again|retry|resets?|available again) (?:in|after)|wait(?: for)?) (?:about )?"
    r"((?:\d{1,12}(?:\.\d{1,12})?\s?"
    r"(?:ms|seconds?|secs?|minutes?|mins?|hours?|days?|[dhms])(?![a-z]),? ?)+)",
    re.IGNORECASE | re.ASCII,
)
_DATED = re.compile(
    r"\b(?:resets? (?:at|on)|access (?:on|resumes(?: on| at)?)|again (?:at|on)) "
    r"(\d{4}-\d\d-\d\d)(?:(?:T| at | )(\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?))?",
    re.IGNORECASE | re.ASCII,
)
_WITHOUT_ZONE = re.compile(r"\breset at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?![\dZ.+-])", re.ASCII)
_ZONES: Mapping[str, str] = {"zai": "+08:00"}
"""Zones of the dates in messages that state none: China for Z.ai, from user reports; else UTC."""

_EXHAUSTED = re.compile(r"\br=0\b.*?\bt=(\d{1,9})")
_RESETS = ("x-ratelimit-reset", "ratelimit-reset", "anthropic-ratelimit-")


def retry_after(
    provider: str, headers: Mapping[str, str], payload: Any, message: str, now: datetime
) -> float | None:
    """Return the seconds to wait (0 to 32 days); None if the response does not state them.

    `headers` have lower-case names; `payload` is the parsed body or its error object.
    """
    base = server_time(headers, now)
    if zone := _ZONES.get(provider):
        message = _WITHOUT_ZONE.sub(rf"\g<0>{zone}", message[:_MAX_MESSAGE_CHARS])
    wait = requested_wait(headers, payload, message, base)
    return wait if wait is not None else _longest(_exhausted_limits(provider, headers, base))


def requested_wait(
    headers: Mapping[str, str], payload: Any, message: str, base: datetime
) -> float | None:
    """Return the seconds that headers or body state, without reset times of rate limits; or None.

    `base` is the server's time. Headers often omit the fraction of a second that the body has.
    """
    wait, in_body = _header_wait(headers, base), body_wait(payload, message, base)
    if wait is None or in_body is None:
        return in_body if wait is None else wait
    return in_body if wait.is_integer() and 0 < in_body - wait <= 1 else wait


def body_wait(payload: Any, message: str, base: datetime) -> float | None:
    """Return the seconds to wait in a field or the message, the longer of both; None if neither.

    Google's field omits the fraction of a second.
    """
    worded = _WORDED_WAIT.search(message[:_MAX_MESSAGE_CHARS])
    wait = reset_wait(payload, "" if worded else message, base)
    return _longest(iter((wait, _parse_words(worded[1]) if worded else None)))


def reset_wait(payload: Any, message: str, base: datetime) -> float | None:
    """Return the seconds until a limit ends, from a field or a date in the message; or None."""
    from scout_adapters.llm.failures.error_body import error_object  # noqa: PLC0415  # first refusal

    wait = _longest(_field_waits(error_object(payload), base))
    dated = _DATED.search(message[:_MAX_MESSAGE_CHARS])
    if wait is not None or not dated:
        return wait
    return seconds_until(parse_rfc3339(f"{dated[1]}T{dated[2] or '00:00'}"), base)


def next_month(base: datetime) -> float:
    """Return the seconds to the next month's start in UTC, when Anthropic's spend limits reset.

    https://platform.claude.com/docs/en/api/rate-limits
    """
    day = base.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return clamped((day + timedelta(days=32)).replace(day=1).timestamp() - base.timestamp()) or 0.0


def pacific_midnight(base: datetime) -> float:
    """Return the seconds to midnight Pacific time, when Gemini's daily quotas reset.

    Pacific time counts as UTC-8 all year: an hour late in summer, never early.
    https://ai.google.dev/gemini-api/docs/rate-limits
    """
    day = base.astimezone(timezone(timedelta(hours=-8))) + timedelta(days=1)
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
    return clamped(midnight.timestamp() - base.timestamp()) or 0.0


def _longest(waits: Iterator[float | None]) -> float | None:
    return max((seconds for seconds in waits if seconds is not None), default=None)


def _header_wait(headers: Mapping[str, str], base: datetime) -> float | None:
    precise = headers.get("retry-after-ms", "").strip()
    # Azure sends `retry-after-ms: 0` beside `retry-after: 1`.
    if NUMBER.fullmatch(precise) and float(precise) > 0:
        return clamped(float(precise) / 1000)
    value = headers.get("retry-after", "")
    seconds = parse_number(value, base)
    return seconds if seconds is not None else seconds_until(parse_http_date(value), base)


def _field_waits(error: Mapping[str, Any], base: datetime) -> Iterator[float | None]:
    details = error.get("details")
    for item in details if isinstance(details, list) else ():
        metadata = item.get("metadata") if isinstance(item, dict) else None
        yield parse_value(item.get("retryDelay") if isinstance(item, dict) else None, base)
        yield parse_value(
            metadata.get("quotaResetDelay") if isinstance(metadata, dict) else None, base
        )
    metadata = error.get("metadata")
    if isinstance(metadata, dict):
        yield parse_value(metadata.get("resets_at"), base)
        upstream_headers = metadata.get("headers")
        yield parse_value(
            upstream_headers.get("X-RateLimit-Reset")
            if isinstance(upstream_headers, dict)
            else None,
            base,
        )
    for name in ("retry_after", "resets_in_seconds", "resets_at", "estimated_time"):
        yield parse_value(error.get(name), base)


def _parse_words(worded: str) -> float | None:
    """Return the seconds of a duration in words, such as `1 hour, 30 minutes`; or None."""
    letters = re.sub(r"(?<=[a-z])[a-z]+|[ ,]", "", worded.lower().replace("ms", "µ"))
    return duration(letters.replace("µ", "ms"))


def _exhausted_limits(
    provider: str, headers: Mapping[str, str], base: datetime
) -> Iterator[float | None]:
    """Yield the seconds until each exhausted limit resets; None if the time cannot be read."""
    if exhausted := _EXHAUSTED.search(headers.get("ratelimit", "")[:500]):
        yield clamped(float(exhausted[1]))
    for name, value in headers.items():
        if name.startswith(_RESETS) and "reset" in name:
            left = headers.get(name.replace("reset", "remaining"), "0").strip()
            if not left.strip("0."):
                yield _limit_reset(provider, name, value, base)


def _limit_reset(provider: str, name: str, value: str, base: datetime) -> float | None:
    seconds = parse_value(value, base)
    whole = name in ("x-ratelimit-reset", "ratelimit-reset") or provider == "cerebras"
    # The unit of Azure's `x-ratelimit-reset-tokens: 500` is not documented; an epoch's is clear.
    bare = NUMBER.fullmatch(value.strip()) and float(value) < EPOCH_S
    return seconds if whole or not bare else None
