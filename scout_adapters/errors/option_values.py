"""Values of options as a user passes them: checks and texts that no value can make fail."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from scout_adapters.errors.error_response import one_line
from scout_adapters.errors.exceptions import ConfigurationError


def shown_value(value: Any, limit: int = 40, text: Callable[[Any], str] = repr) -> str:
    """Return a value as one short printable line; its type if it has no text."""
    try:
        return one_line(text(value), limit)
    except Exception:  # noqa: BLE001  # the value's own code; a number of over 4,300 digits
        return f"(of type {type(value).__name__})"


def text_value(value: Any, name: str) -> str:
    """Return a value as text; `name` is its name in the error.

    Raises: `ConfigurationError` for a value that cannot be written as text.
    """
    try:
        return str(value)
    except Exception as error:  # as in `shown_value`
        kind, why = type(value).__name__, type(error).__name__
        raise ConfigurationError(
            f"{name} is of type {kind} and cannot be written as text ({why}): pass a str"
        ) from error


def finite_number(value: Any) -> float:
    """Return a value as a float; NaN for one that is no number or beyond every float."""
    try:
        number = float(value)
    except Exception:  # noqa: BLE001  # as in `shown_value`
        return math.nan
    return number if math.isfinite(number) else math.nan


def check_seconds(name: str, value: Any) -> None:
    """Check a number of seconds or of tries; None is no limit, and infinity is one.

    Raises: `ConfigurationError` for a value that is no number, or beyond every float.
    """
    if value is None or value == math.inf:
        return
    if not isinstance(value, int | float) or math.isnan(finite_number(value)):
        raise ConfigurationError(f"{name}={shown_value(value)} must be a number")
