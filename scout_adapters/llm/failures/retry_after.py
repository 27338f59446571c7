"""When trying again is worth it: every form in which providers say so, as seconds from now.

Sources, in order: `retry-after-ms`, `retry-after`, the error's own fields, its message, and the
rate-limit headers of whatever is spent. Dates count from the server's `Date`, not from our clock.
The form that each provider uses: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after,
https://ai.google.dev/gemini-api/docs/troubleshooting, https://console.groq.com/docs/rate-limits.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from scout_adapters.llm.failures.error_body import error_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST = 32 * 24 * 3600.0
_READ = 2048  # characters of a message
_DAYS_OF_SECONDS, _EPOCH_S, _EPOCH_MS = 1e6, 1e9, 1e12
_OLDEST, _NEWEST = 2000, 2200  # years: a clock beyond them is no clock

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}
_UNITS |= {"ns": 1e-9}
_PART = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)\s?(ms|us|µs|ns|d|h|m|s)", re.ASCII)
_DURATION = re.compile(r"(?:\d{1,12}(?:\.\d{1,12})?(?:ms|us|µs|ns|d|h|m|s))+", re.ASCII)
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,20})?", re.ASCII)
_SPOKEN = re.compile(
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
_SPENT = re.compile(r"\br=0\b.*?\bt=(\d{1,9})")
_RESETS = ("x-ratelimit-reset", "ratelimit-reset", "anthropic-ratelimit-")


def retry_after(
    provider: str, headers: Mapping[str, str], payload: Any, message: str, now: datetime
) -> float | None:
    """Return the seconds to wait, 0 to 32 days, or None where nobody says.

    `headers` have lower-case names; `payload` is the parsed body or its error object.
    """
    base = server_time(headers, now)
    found = demanded(headers, payload, message, base)
    return found if found is not None else _longest(_windows(provider, headers, base))


def demanded(
    headers: Mapping[str, str], payload: Any, message: str, base: datetime
) -> float | None:
    """Return the wait that this very refusal asks for, without what limits say in general."""
    found = _header(headers, base)
    return found if found is not None else stated(payload, message, base)


def stated(payload: Any, message: str, base: datetime) -> float | None:
    """Return the wait that stands in the body, in a field or in the message."""
    spoken = _SPOKEN.search(message[:_READ])
    found = reset(payload, "" if spoken else message, base)
    return found if found is not None or not spoken else _words(spoken[1])


def reset(payload: Any, message: str, base: datetime) -> float | None:
    """Return the time until the moment that the body names for the end of a limit."""
    found = _longest(_fields(error_object(payload), base))
    dated = _DATED.search(message[:_READ])
    if found is not None or not dated:
        return found
    return _until(_stamp(f"{dated[1]}T{dated[2] or '00:00'}"), base)


def server_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """Return what the server's clock says, or ours where it does not tell."""
    told = _date(headers.get("date", ""))
    if told and _OLDEST <= told.year <= _NEWEST:
        return told
    return now if now.tzinfo else now.replace(tzinfo=UTC)


def parse_seconds(text: str, base: datetime) -> float | None:
    """Read a header's number, duration or moment as seconds after `base`."""
    return _any(text, base)


def next_month(base: datetime) -> float:
    """Seconds to 00:00 UTC on the first: https://platform.claude.com/docs/en/api/rate-limits."""
    day = base.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return _sane((day + timedelta(days=32)).replace(day=1).timestamp() - base.timestamp()) or 0.0


def pacific_midnight(base: datetime) -> float:
    """Seconds to the reset of daily quotas: https://ai.google.dev/gemini-api/docs/rate-limits.

    Pacific time is taken as UTC-8 all year: an hour late in summer, never early.
    """
    day = base.astimezone(timezone(timedelta(hours=-8))) + timedelta(days=1)
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
    return _sane(midnight.timestamp() - base.timestamp()) or 0.0


def _sane(seconds: float) -> float | None:
    """Clamp a time that has passed to 0 and one beyond 32 days to these."""
    return min(max(seconds, 0.0), LONGEST) if math.isfinite(seconds) else None


def _longest(found: Iterator[float | None]) -> float | None:
    return max((seconds for seconds in found if seconds is not None), default=None)


def _header(headers: Mapping[str, str], base: datetime) -> float | None:
    precise = headers.get("retry-after-ms", "").strip()
    # Azure sends `retry-after-ms: 0` beside `retry-after: 1`.
    if _NUMBER.fullmatch(precise) and float(precise) > 0:
        return _sane(float(precise) / 1000)
    value = headers.get("retry-after", "")
    seconds = _number(value, base)
    return seconds if seconds is not None else _until(_date(value), base)


def _fields(error: Mapping[str, Any], base: datetime) -> Iterator[float | None]:
    details = error.get("details")
    for item in details if isinstance(details, list) else ():
        meta = item.get("metadata") if isinstance(item, dict) else None
        yield _any(item.get("retryDelay") if isinstance(item, dict) else None, base)
        yield _any(meta.get("quotaResetDelay") if isinstance(meta, dict) else None, base)
    meta = error.get("metadata")
    if isinstance(meta, dict):
        yield _any(meta.get("resets_at"), base)
        sent = meta.get("headers")
        yield _any(sent.get("X-RateLimit-Reset") if isinstance(sent, dict) else None, base)
    for name in ("retry_after", "resets_in_seconds", "resets_at", "estimated_time"):
        yield _any(error.get(name), base)


def _words(spoken: str) -> float | None:
    """Read `26 seconds` or `1 hour, 30 minutes` as the duration that they spell."""
    letters = re.sub(r"(?<=[a-z])[a-z]+|[ ,]", "", spoken.lower().replace("ms", "µ"))
    return duration(letters.replace("µ", "ms"))


def _windows(provider: str, headers: Mapping[str, str], base: datetime) -> Iterator[float | None]:
    """Yield when each spent limit is full again."""
    if spent := _SPENT.search(headers.get("ratelimit", "")[:500]):
        yield _sane(float(spent[1]))
    for name, value in headers.items():
        if name.startswith(_RESETS) and "reset" in name:
            left = headers.get(name.replace("reset", "remaining"), "0").strip()
            if not left.strip("0."):
                yield _reset(provider, name, value, base)


def _reset(provider: str, name: str, value: str, base: datetime) -> float | None:
    seconds = _any(value, base)
    whole = name in ("x-ratelimit-reset", "ratelimit-reset") or provider == "cerebras"
    # Azure's `x-ratelimit-reset-tokens: 500` has no documented unit; an epoch needs none.
    bare = _NUMBER.fullmatch(value.strip()) and float(value) < _EPOCH_S
    return seconds if whole or not bare else None


def _any(value: Any, base: datetime) -> float | None:
    """Read a number, a duration or a date."""
    if isinstance(value, int) and not 0 <= value < 10**15:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()[:64]
    if (seconds := _number(text, base)) is not None:
        return seconds
    seconds = duration(text)
    return seconds if seconds is not None else _until(_stamp(text), base)


def _number(text: str, base: datetime) -> float | None:
    """Read a bare number by its size: seconds, or a moment in seconds or milliseconds."""
    if not _NUMBER.fullmatch(text := text.strip()):
        return None
    value = float(text)
    if value < _DAYS_OF_SECONDS:
        return _sane(value)
    if value < _EPOCH_S:
        return None
    return _sane((value / 1000 if value >= _EPOCH_MS else value) - base.timestamp())


def duration(text: str) -> float | None:
    """Read `2m59.56s`, `644ms`, `34.07s` as seconds: Go's and protobuf's spelling."""
    if not _DURATION.fullmatch(text):
        return None
    return _sane(sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(text)))


def _date(text: str) -> datetime | None:
    """Read an HTTP date."""
    if "," not in text or len(text) > 64:  # noqa: PLR2004  # longer than any date
        return None
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _stamp(text: str) -> datetime | None:
    """Read an RFC 3339 moment."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _until(moment: datetime | None, base: datetime) -> float | None:
    return None if moment is None else _sane((moment - base).total_seconds())
