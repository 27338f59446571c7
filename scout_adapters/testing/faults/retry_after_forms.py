"""The forms in which providers state how long to wait; `FORMS` lists those of each provider."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Form = Literal[
    "own",
    "retry-after",
    "retry-after-ms",
    "http-date",
    "go-duration",
    "bare-seconds",
    "day-seconds",
    "epoch",
    "epoch-ms",
    "rfc3339",
    "ietf",
    "body",
    "none",
]

FORMS: Mapping[str, tuple[Form, ...]] = {
    "openai": ("retry-after", "retry-after-ms", "go-duration", "body"),
    "groq": ("retry-after", "go-duration", "body"),
    "anthropic": ("retry-after", "rfc3339"),
    "azure": ("retry-after", "retry-after-ms", "body"),
    "bedrock": (),
    "vertex": (),
    "google": ("body",),
    "openrouter": ("epoch-ms",),
    "together": ("bare-seconds",),
    "cerebras": ("day-seconds",),
    "mistral": (),
    "deepseek": (),
    "xai": (),
    "ollama": (),
    "minimax": ("body",),
}
"""The forms that each provider sends; all others send `retry-after`."""

QUOTA_WITHOUT_WAIT = frozenset({"anthropic"})
"""Providers that state no wait when a long quota window is used up."""


@dataclass(frozen=True, slots=True)
class RetryAfterForm:
    """A wait in seconds, stated at `wall`, the server's wall clock in seconds since 1970."""

    seconds: float
    wall: float
    forms: tuple[Form, ...]

    @property
    def seconds_in_body(self) -> float | None:
        """The wait that the body contains, in seconds; None if it contains none."""
        return round(self.seconds, 3) if "body" in self.forms else None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that contain the wait."""
        headers: dict[str, str] = {}
        for form in self.forms:
            headers |= _HEADERS[form](self) if form in _HEADERS else {}
        return headers

    @property
    def resets(self) -> str:
        """The end of the wait, in RFC 3339."""
        end = datetime.fromtimestamp(math.ceil(self.wall + self.seconds), UTC)
        return end.strftime("%Y-%m-%dT%H:%M:%SZ")

    def number(self) -> str:
        """Return the seconds as text: rounded up from one second on, as providers do."""
        seconds = round(self.seconds, 3)
        return str(math.ceil(seconds)) if seconds >= 1 else f"{seconds:g}"


def go_duration(seconds: float) -> str:
    """Return a duration as Go formats it: `644ms`, `4.77s`, `9m38.016s`, `2h9m3.6s`."""
    if 0 < seconds < 1:
        return f"{round(seconds * 1000, 3):g}ms"
    minutes, rest = divmod(round(seconds, 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    rest_text = f"{round(rest, 3):g}s"
    if hours:
        return f"{hours}h{minutes}m{rest_text}"
    return f"{minutes}m{rest_text}" if minutes else rest_text


def _go(wait: RetryAfterForm) -> dict[str, str]:
    reset = go_duration(wait.seconds)
    return {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": reset,
        "x-ratelimit-limit-tokens": "6000",
        "x-ratelimit-remaining-tokens": "1000",
        "x-ratelimit-reset-tokens": reset,
    }


def _epoch_ms(wait: RetryAfterForm) -> dict[str, str]:
    reset = str(math.ceil((wait.wall + wait.seconds) * 1000))
    return {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}


def _rfc3339(wait: RetryAfterForm) -> dict[str, str]:
    return {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": wait.resets,
    }


def _http_date(wait: RetryAfterForm) -> dict[str, str]:
    return {"retry-after": formatdate(math.ceil(wait.wall + wait.seconds), usegmt=True)}


_HEADERS: Mapping[Form, Callable[[RetryAfterForm], dict[str, str]]] = {
    "retry-after": lambda wait: {"retry-after": wait.number()},
    "retry-after-ms": lambda wait: {"retry-after-ms": f"{round(wait.seconds * 1000):d}"},
    "http-date": _http_date,
    "go-duration": _go,
    "bare-seconds": lambda wait: {
        "x-ratelimit-limit": "2",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": wait.number(),
    },
    "day-seconds": lambda wait: {
        "x-ratelimit-limit-requests-day": "1440000",
        "x-ratelimit-remaining-requests-day": "0",
        "x-ratelimit-reset-requests-day": str(wait.seconds),
    },
    "epoch": lambda wait: {"x-ratelimit-reset-requests": str(math.ceil(wait.wall + wait.seconds))},
    "epoch-ms": _epoch_ms,
    "rfc3339": _rfc3339,
    "ietf": lambda wait: {"ratelimit": f'"api";r=0;t={math.ceil(wait.seconds)}'},
}
