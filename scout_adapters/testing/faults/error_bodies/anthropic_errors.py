"""Error bodies of Anthropic's API.

https://platform.claude.com/docs/en/api/errors
"""

from __future__ import annotations

from http import HTTPStatus

from scout_adapters.testing.faults.error_bodies.rows import ErrorBodyRow, ErrorTable, Evidence


def _error(
    status: int, kind: str, message: str, evidence: Evidence = "none", code: str | None = None
) -> ErrorBodyRow:
    error = {"type": kind, "message": message}
    details = {"details": {"error_code": code}} if code else {}
    body = {"type": "error", "error": error | details, "request_id": "{request_id}"}
    retry = (
        "true"
        if status in {408, 409, 429} or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        else "false"
    )
    headers = {"x-should-retry": retry, "request-id": "{request_id}"}
    return ErrorBodyRow(status, body, evidence, headers)


_INVALID = "invalid_request_error"

ANTHROPIC: ErrorTable = {
    "content_refused": _error(
        400, _INVALID, "Output blocked by content filtering policy", "reported"
    ),
    "revoked": _error(401, "authentication_error", "invalid x-api-key", "recorded"),
    "no_key": _error(401, "authentication_error", "x-api-key header is required", "reported"),
    "suspended": _error(
        403,
        "permission_error",
        "This organization has been disabled.",
        "documented",
        "organization_on_hold",
    ),
    "rate_limited": _error(
        429,
        "rate_limit_error",
        "This request would exceed your organization's rate limit of 50 requests per minute. For "
        "details, refer to: https://docs.claude.com/en/api/rate-limits.{again}",
        "reported",
    ),
    # There is no daily quota; the tier's monthly cap is what a full window looks like.
    "daily_quota": _error(
        429,
        "rate_limit_error",
        "You have reached the monthly spend limit of your usage tier.",
        "documented",
        "enforced_spend_limit_reached",
    ),
    "out_of_credit": _error(
        400,
        _INVALID,
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing "
        "to upgrade or purchase credits.",
        "reported",
    ),
    "forbidden": _error(
        403,
        "permission_error",
        "Your API key does not have permission to use the specified resource.",
        "documented",
    ),
    "model_missing": _error(404, "not_found_error", "model: {model}", "recorded"),
    "bad_request": _error(400, _INVALID, "{message}", "recorded"),
    "context_overflow": _error(
        400, _INVALID, "prompt is too long: {used} tokens > {limit} maximum", "reported"
    ),
    "too_large": ErrorBodyRow(
        413,
        "<html><head><title>413 Request Entity Too Large</title></head><body><center><h1>413 "
        "Request Entity Too Large</h1></center><hr><center>cloudflare</center></body></html>",
        "documented",
        kind="text/html",
    ),
    "overloaded": _error(529, "overloaded_error", "Overloaded", "documented"),
    "server_error": ErrorBodyRow(
        0,
        {
            "type": "error",
            "error": {"type": "api_error", "message": "Internal server error"},
            "request_id": "{request_id}",
        },
        "documented",
        {"x-should-retry": "true", "request-id": "{request_id}"},
    ),
    "no_such_path": _error(404, "not_found_error", "Not Found", "documented"),
}
