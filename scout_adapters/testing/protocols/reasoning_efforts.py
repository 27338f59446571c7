"""The reasoning effort that each OpenAI and xAI model has if the request sets none."""

from __future__ import annotations

import re

EFFORTS: tuple[tuple[str, str | None], ...] = (
    (r"gpt-[5-9].*-chat", None),
    (r"(o\d|gpt-[5-9][\d.]*)-pro", "high"),
    (r"gpt-5\.[1-4]", "none"),
    (r"(o\d|gpt-[5-9]|codex)", "medium"),
    (r"grok-(2|3(?!-mini)|.*-non-)", None),
    (r"grok-", "low"),
)
"""Patterns of models, and their default effort; None for models that do not reason.

From the field `reasoning` of recorded responses to requests without one.
"""

_EFFORTS = tuple((re.compile(rf"(.*/)?{pattern}"), effort) for pattern, effort in EFFORTS)


def default_effort(model: str) -> str | None:
    """Return the effort of a model if the request sets none; None if it does not reason."""
    return next((effort for pattern, effort in _EFFORTS if pattern.match(model)), None)
