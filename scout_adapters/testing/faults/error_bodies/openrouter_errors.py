"""Error bodies of OpenRouter.

https://openrouter.ai/docs/api/reference/errors-and-debugging
"""

from __future__ import annotations

from typing import Any

from scout_adapters.testing.faults.error_bodies.rows import ErrorBodyRow, ErrorTable, Evidence


def _error(status: int, message: str, evidence: Evidence = "none", **metadata: Any) -> ErrorBodyRow:
    error: dict[str, Any] = {"message": message, "code": status}
    if metadata:
        error["metadata"] = metadata
    return ErrorBodyRow(status, {"error": error, "user_id": "user_emulator"}, evidence)


_UPSTREAM = "Provider returned error"

OPENROUTER: ErrorTable = {
    "content_refused": _error(
        403, "Your input was flagged", "documented", reasons=["violence"], flagged_input=""
    ),
    "revoked": _error(401, "User not found.", "documented"),
    "no_key": ErrorBodyRow(
        401, {"error": {"message": "Missing Authentication header", "code": 401}}, "recorded"
    ),
    "suspended": _error(403, "This account is disabled."),
    "rate_limited": _error(
        429,
        "Rate limit exceeded: free-models-per-min.{again}",
        "recorded",
        headers="{limit_headers}",
        provider_name=None,
    ),
    "upstream_limited": _error(
        429,
        _UPSTREAM,
        "recorded",
        provider_name="Chutes",
        raw="{model} is temporarily rate-limited upstream. Please retry shortly, or add your own "
        "key to accumulate your rate limits: https://openrouter.ai/settings/integrations",
    ),
    "daily_quota": _error(
        429,
        "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model "
        "requests per day{again}",
        "reported",
        headers="{limit_headers}",
        provider_name=None,
        limit_source="openrouter_free_tier_daily",
    ),
    "out_of_credit": _error(
        402,
        "Insufficient credits. Add more using https://openrouter.ai/settings/credits",
        "documented",
        limit_source="openrouter_credits",
    ),
    "forbidden": _error(
        403, "Your API key does not have permission to use this model.", "documented"
    ),
    "model_missing": _error(404, "No endpoints found for {model}.", "recorded"),
    "bad_request": _error(400, "{message}", "documented"),
    "context_overflow": _error(
        400,
        "This endpoint's maximum context length is {limit} tokens. However, you requested about "
        "{used} tokens ({used} of text input). Please reduce the length of either one, or use the "
        "context-compression plugin to compress your prompt automatically.",
        "recorded",
        provider_name=None,
    ),
    "overloaded": _error(
        503,
        _UPSTREAM,
        "documented",
        provider_name="Chutes",
        raw='{{"error":"overloaded"}}',
        error_type="provider_overloaded",
    ),
    "server_error": ErrorBodyRow(
        0,
        {
            "error": {
                "message": _UPSTREAM,
                "code": "{status}",
                "metadata": {"provider_name": "Chutes", "raw": "Internal server error"},
            },
            "user_id": "user_emulator",
        },
        "recorded",
    ),
    "no_such_path": _error(404, "Not Found", "documented"),
}
