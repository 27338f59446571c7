"""Read the wait before a retry from a response, in all forms that providers use; in seconds.

In order of precedence: `retry-after-ms`, `retry-after`, the error's fields, its message, and the
reset times of exhausted rate limits. Dates are relative to the server's `Date` header, not to the
local clock. Forms by provider: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after,
https://ai.google.dev/gemini-api/docs/troubleshooting, https://console.groq.com/docs/rate-limits.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_WAIT = 32 * 24 * 3600.0
"""Seconds: longer waits are cut to this."""

SHORT_DURATION = 16
"""Characters: results for durations of up to this length are cached."""

_MAX_MESSAGE_CHARS = 2048
_DAYS_OF_SECONDS, _EPOCH_S, _EPOCH_MS = 1e6, 1e9, 1e12
_OLDEST, _NEWEST = 2000, 2200  # years: a server clock outside this range is wrong

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}
_UNITS |= {"ns": 1e-9}
_PART = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)\s?(ms|us|µs|ns|d|h|m|s)", re.ASCII)
_DURATION = re.compile(r"(?:\d{1,12}(?:\.\d{1,12})?(?:ms|us|µs|ns|d|h|m|s))+", re.ASCII)
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,20})?", re.ASCII)
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
    return _seconds_until(_parse_rfc3339(f"{dated[1]}T{dated[2] or '00:00'}"), base)


def server_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """Return the server's time from its `Date` header; `now` if it is missing or wrong."""
    server_date = _parse_http_date(headers.get("date", ""))
    if server_date and _OLDEST <= server_date.year <= _NEWEST:
        return server_date
    return now if now.tzinfo else now.replace(tzinfo=UTC)


def parse_seconds(text: str, base: datetime) -> float | None:
    """Return a header's number, duration or date as seconds after `base`; None if it is neither."""
    return _parse_any(text, base)


def next_month(base: datetime) -> float:
    """Return the seconds to the next month's start in UTC, when Anthropic's spend limits reset.

    https://platform.claude.com/docs/en/api/rate-limits
    """
    day = base.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return _clamp((day + timedelta(days=32)).replace(day=1).timestamp() - base.timestamp()) or 0.0


def pacific_midnight(base: datetime) -> float:
    """Return the seconds to midnight Pacific time, when Gemini's daily quotas reset.

    Pacific time counts as UTC-8 all year: an hour late in summer, never early.
    https://ai.google.dev/gemini-api/docs/rate-limits
    """
    day = base.astimezone(timezone(timedelta(hours=-8))) + timedelta(days=1)
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
    return _clamp(midnight.timestamp() - base.timestamp()) or 0.0


def _clamp(seconds: float) -> float | None:
    """Return the seconds limited to 0 to 32 days; None if they are not finite."""
    return min(max(seconds, 0.0), MAX_WAIT) if math.isfinite(seconds) else None


def _longest(waits: Iterator[float | None]) -> float | None:
    return max((seconds for seconds in waits if seconds is not None), default=None)


def _header_wait(headers: Mapping[str, str], base: datetime) -> float | None:
    precise = headers.get("retry-after-ms", "").strip()
    # Azure sends `retry-after-ms: 0` beside `retry-after: 1`.
    if _NUMBER.fullmatch(precise) and float(precise) > 0:
        return _clamp(float(precise) / 1000)
    value = headers.get("retry-after", "")
    seconds = _parse_number(value, base)
    return seconds if seconds is not None else _seconds_until(_parse_http_date(value), base)


def _field_waits(error: Mapping[str, Any], base: datetime) -> Iterator[float | None]:
    details = error.get("details")
    for item in details if isinstance(details, list) else ():
        metadata = item.get("metadata") if isinstance(item, dict) else None
        yield _parse_any(item.get("retryDelay") if isinstance(item, dict) else None, base)
        yield _parse_any(
            metadata.get("quotaResetDelay") if isinstance(metadata, dict) else None, base
        )
    metadata = error.get("metadata")
    if isinstance(metadata, dict):
        yield _parse_any(metadata.get("resets_at"), base)
        upstream_headers = metadata.get("headers")
        yield _parse_any(
            upstream_headers.get("X-RateLimit-Reset")
            if isinstance(upstream_headers, dict)
            else None,
            base,
        )
    for name in ("retry_after", "resets_in_seconds", "resets_at", "estimated_time"):
        yield _parse_any(error.get(name), base)


def _parse_words(worded: str) -> float | None:
    """Return the seconds of a duration in words, such as `1 hour, 30 minutes`; or None."""
    letters = re.sub(r"(?<=[a-z])[a-z]+|[ ,]", "", worded.lower().replace("ms", "µ"))
    return duration(letters.replace("µ", "ms"))


def _exhausted_limits(
    provider: str, headers: Mapping[str, str], base: datetime
) -> Iterator[float | None]:
    """Yield the seconds until each exhausted limit resets; None if the time cannot be read."""
    if exhausted := _EXHAUSTED.search(headers.get("ratelimit", "")[:500]):
        yield _clamp(float(exhausted[1]))
    for name, value in headers.items():
        if name.startswith(_RESETS) and "reset" in name:
            left = headers.get(name.replace("reset", "remaining"), "0").strip()
            if not left.strip("0."):
                yield _limit_reset(provider, name, value, base)


def _limit_reset(provider: str, name: str, value: str, base: datetime) -> float | None:
    seconds = _parse_any(value, base)
    whole = name in ("x-ratelimit-reset", "ratelimit-reset") or provider == "cerebras"
    # The unit of Azure's `x-ratelimit-reset-tokens: 500` is not documented; an epoch's is clear.
    bare = _NUMBER.fullmatch(value.strip()) and float(value) < _EPOCH_S
    return seconds if whole or not bare else None


def _parse_any(value: Any, base: datetime) -> float | None:
    """Return a number, duration or date as seconds after `base`; None for other values."""
    if isinstance(value, int) and not 0 <= value < 10**15:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()[:64]
    if (seconds := _parse_number(text, base)) is not None:
        return seconds
    seconds = duration(text)
    return seconds if seconds is not None else _seconds_until(_parse_rfc3339(text), base)


def _parse_number(text: str, base: datetime) -> float | None:
    """Return seconds from a bare number: seconds, or by its size an epoch in s or ms; or None."""
    if not _NUMBER.fullmatch(text := text.strip()):
        return None
    value = float(text)
    if value < _DAYS_OF_SECONDS:
        return _clamp(value)
    if value < _EPOCH_S:
        return None
    return _clamp((value / 1000 if value >= _EPOCH_MS else value) - base.timestamp())


def duration(text: str) -> float | None:
    """Return the seconds of a duration such as `2m59.56s`, `644ms` or `34.07s`; None for others."""
    return _short_duration(text) if len(text) <= SHORT_DURATION else _parse_duration(text)


def _parse_duration(text: str) -> float | None:
    if not _DURATION.fullmatch(text):
        return None
    seconds = 0.0
    for amount, unit in _PART.findall(text):
        seconds += float(amount) * _UNITS[unit]
    return _clamp(seconds)


_short_duration = lru_cache(maxsize=256)(_parse_duration)
"""Cached, because the headers of every answer repeat the same durations."""


def _parse_http_date(text: str) -> datetime | None:
    """Return an HTTP date with its zone; None if the text is none."""
    if "," not in text or len(text) > 64:  # noqa: PLR2004  # longer than any date
        return None
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _parse_rfc3339(text: str) -> datetime | None:
    """Return a date and time in RFC 3339 form, by default in UTC; None if the text is none."""
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _seconds_until(moment: datetime | None, base: datetime) -> float | None:
    return None if moment is None else _clamp((moment - base).total_seconds())
