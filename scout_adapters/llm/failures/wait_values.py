"""Parse one value that states a time: a number, a duration or a date; into seconds.

Headers of every answer have such values, so this stands apart from `retry_after.py`, which reads
refusals.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

MAX_WAIT = 32 * 24 * 3600.0
"""Seconds: longer waits are cut to this."""

SHORT_DURATION = 16
"""Characters: results for durations of up to this length are cached."""

_DAYS_OF_SECONDS, EPOCH_S, _EPOCH_MS = 1e6, 1e9, 1e12
_OLDEST, _NEWEST = 2000, 2200  # years: a server clock outside this range is wrong
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}
_UNITS |= {"ns": 1e-9}
_PART = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)\s?(ms|us|µs|ns|d|h|m|s)", re.ASCII)
_DURATION = re.compile(r"(?:\d{1,12}(?:\.\d{1,12})?(?:ms|us|µs|ns|d|h|m|s))+", re.ASCII)
NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,20})?", re.ASCII)


def server_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """Return the server's time from its `Date` header; `now` if it is missing or wrong."""
    server_date = parse_http_date(headers.get("date", ""))
    if server_date and _OLDEST <= server_date.year <= _NEWEST:
        return server_date
    return now if now.tzinfo else now.replace(tzinfo=UTC)


def parse_value(value: Any, base: datetime) -> float | None:
    """Return a number, duration or date as seconds after `base`; None for other values."""
    if isinstance(value, int) and not 0 <= value < 10**15:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()[:64]
    if (seconds := parse_number(text, base)) is not None:
        return seconds
    seconds = duration(text)
    return seconds if seconds is not None else seconds_until(parse_rfc3339(text), base)


def parse_number(text: str, base: datetime) -> float | None:
    """Return seconds from a bare number: seconds, or by its size an epoch in s or ms; or None."""
    if not NUMBER.fullmatch(text := text.strip()):
        return None
    value = float(text)
    if value < _DAYS_OF_SECONDS:
        return clamped(value)
    if value < EPOCH_S:
        return None
    return clamped((value / 1000 if value >= _EPOCH_MS else value) - base.timestamp())


def duration(text: str) -> float | None:
    """Return the seconds of a duration such as `2m59.56s`, `644ms` or `34.07s`; None for others."""
    return _short_duration(text) if len(text) <= SHORT_DURATION else _parse_duration(text)


def _parse_duration(text: str) -> float | None:
    if not _DURATION.fullmatch(text):
        return None
    seconds = 0.0
    for amount, unit in _PART.findall(text):
        seconds += float(amount) * _UNITS[unit]
    return clamped(seconds)


_short_duration = lru_cache(maxsize=256)(_parse_duration)
"""Cached, because the headers of every answer repeat the same durations."""


def parse_http_date(text: str) -> datetime | None:
    """Return the time of an HTTP date, with its zone; None for another text."""
    if "," not in text or len(text) > 64:  # noqa: PLR2004  # longer than any date
        return None
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def parse_rfc3339(text: str) -> datetime | None:
    """Return the time of an RFC 3339 text, in UTC if it has no zone; None for another text."""
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def seconds_until(moment: datetime | None, base: datetime) -> float | None:
    """Return the seconds from `base` to `moment`; None if that is unknown."""
    return None if moment is None else clamped((moment - base).total_seconds())


def clamped(seconds: float) -> float | None:
    """Return the seconds limited to 0 to 32 days; None if they are not finite."""
    return min(max(seconds, 0.0), MAX_WAIT) if math.isfinite(seconds) else None
