"""The many ways in which providers say how long to wait.

Each form is one that a provider really uses; `FORMS` says which ones are whose.
"""

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
"""What each provider sends of its own; all others send `retry-after`."""


@dataclass(frozen=True, slots=True)
class RetryAfterForm:
    """A time to wait, told at a moment of the server's wall clock, both in seconds."""

    seconds: float
    wall: float
    forms: tuple[Form, ...]

    @property
    def told(self) -> float | None:
        """The seconds that the body names, None if it keeps silent."""
        return round(self.seconds, 3) if "body" in self.forms else None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that name the wait."""
        named: dict[str, str] = {}
        for form in self.forms:
            named |= _HEADERS[form](self) if form in _HEADERS else {}
        return named

    @property
    def resets(self) -> str:
        """The end of the wait, as RFC 3339."""
        end = datetime.fromtimestamp(math.ceil(self.wall + self.seconds), UTC)
        return end.strftime("%Y-%m-%dT%H:%M:%SZ")

    def number(self) -> str:
        """Write the seconds: whole ones rounded up, as providers do, but a fraction as it is."""
        tenth = round(self.seconds, 3)
        return str(math.ceil(tenth)) if tenth >= 1 else f"{tenth:g}"


def go_duration(seconds: float) -> str:
    """Write a duration as Go does: `644ms`, `4.77s`, `9m38.016s`, `2h9m3.6s`."""
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
