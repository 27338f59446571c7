"""The limits that a user sets, and the name that each is for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, Literal, get_args

from scout_adapters.errors import ConfigurationError
from scout_adapters.errors.option_values import finite_number, shown_value

Per = Literal["key", "account", "model", "provider"]
"""What has a count of its own."""

MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may be sent: requests and tokens per minute, and requests at once.

        limits = Limits(rpm=30, tpm=6000, concurrency=4)
        model = ScoutGroqChatModel(model="openai/gpt-oss-120b", limits=limits)

    In any 60 seconds at most `rpm` requests leave, plus those of `burst_seconds`; tokens likewise.

    Raises: `ConfigurationError` for a value that is no number, or not above 0.
    """

    rpm: float | None = None
    """Requests per minute; None is no limit."""

    tpm: float | None = None
    """Tokens per minute, input and output; None is no limit."""

    concurrency: int | None = None
    """Requests at once; None is no limit."""

    per: Per | None = None
    """What has a count of its own: each `"key"` (the default), `"account"`, `"model"` or
    `"provider"`. The limits of a tag count all its requests together by default."""

    burst_seconds: float = 1.0
    """Seconds of `rpm` and `tpm` that may be used at once after a pause; at least one request."""

    def __post_init__(self) -> None:
        for name in ("rpm", "tpm", "concurrency"):
            _check_number(name, getattr(self, name), whole=name == "concurrency")
        if not _is_number(self.burst_seconds) or not 0 <= self.burst_seconds <= MINUTE:
            raise ConfigurationError(
                f"burst_seconds={shown_value(self.burst_seconds)} of limits must be 0 to 60"
            )
        if self.per is not None and self.per not in get_args(Per):
            raise ConfigurationError(
                f"per={shown_value(self.per)} of limits must be one of {', '.join(get_args(Per))}"
            )
        if self.rpm is self.tpm is self.concurrency is None:
            raise ConfigurationError("limits without rpm, tpm and concurrency limit nothing")


def as_limits(value: Any, owner: str) -> Limits | None:
    """Return limits from `Limits`, a dict of its fields, or None.

    Raises: `ConfigurationError` for anything else; it names the nearest field.
    """
    if value is None or isinstance(value, Limits):
        return value
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            f"{owner}: limits= takes Limits(rpm=..., tpm=..., concurrency=...) or a dict of them, "
            f"no {type(value).__name__}"
        )
    names = [field.name for field in fields(Limits)]
    for name in value:
        if name not in names:
            close = get_close_matches(str(name), names, n=1)
            nearest = f"did you mean {close[0]}" if close else f"it has {', '.join(names)}"
            raise ConfigurationError(f"{owner}: limits have no {name!r:.40}; {nearest}")
    return Limits(**value)


def _check_number(name: str, value: Any, *, whole: bool) -> None:
    if value is None:
        return
    if not _is_number(value) or value <= 0 or (whole and not isinstance(value, int)):
        kind = "a whole number, 1 or more" if whole else "a number above 0"
        raise ConfigurationError(f"{name}={shown_value(value)} of limits must be {kind}")


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(finite_number(value))
