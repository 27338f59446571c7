"""A row of a table of error bodies: status, body with gaps, headers, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Condition = Literal[
    "revoked",
    "no_key",
    "suspended",
    "rate_limited",
    "upstream_limited",
    "daily_quota",
    "out_of_credit",
    "forbidden",
    "region_blocked",
    "model_missing",
    "bad_request",
    "context_overflow",
    "content_refused",
    "too_large",
    "overloaded",
    "flex_overloaded",
    "server_error",
    "no_such_path",
]

Evidence = Literal["recorded", "documented", "reported", "none"]
"""Where a body comes from: recorded traffic, the provider's documentation or SDK, a public issue;
"none" is the provider's envelope around a text of ours."""

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ErrorBodyRow:
    """One provider's answer to one condition; status 0 means the status that the fault names.

    `body` is JSON with gaps in its strings, such as `{model}` (a string that is only a gap becomes
    the value itself), a function of the fields, or None for no body.
    """

    status: int
    body: Any
    evidence: Evidence = "none"
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    """The content type."""


ErrorTable = Mapping[Condition, ErrorBodyRow]
"""The error bodies of one provider."""


def fill(template: Any, fields: Fields) -> Any:
    """Return a body with its gaps filled from `fields`."""
    if isinstance(template, str):
        if template.startswith("{") and template.endswith("}") and template[1:-1] in fields:
            return fields[template[1:-1]]
        return template.format_map(fields) if "{" in template else template
    if isinstance(template, dict):
        return {key: fill(value, fields) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, fields) for value in template]
    filled: Callable[[Fields], Any] | Any = template
    return filled(fields) if callable(filled) else filled
