"""Error bodies of MiniMax; its OpenAI-like API sends all of them with HTTP 200.

https://platform.minimax.io/docs/api-reference/errorcode
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scout_adapters.testing.faults.error_bodies.rows import (
    Condition,
    ErrorBodyRow,
    ErrorTable,
    Evidence,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_INVALID = "bad_request_error"

# By condition: code, message, then status and type in the Anthropic-like API.
_ERRORS: Mapping[Condition, tuple[int, str, int, str, Evidence]] = {
    "content_refused": (1026, "input new_sensitive", 400, _INVALID, "documented"),
    "revoked": (2049, "invalid api key", 401, "authentication_error", "documented"),
    "no_key": (
        1004,
        "login fail: Please carry the API secret key in the 'Authorization' field",
        401,
        "authentication_error",
        "reported",
    ),
    "suspended": (1004, "not authorized", 401, "authentication_error", "documented"),
    "rate_limited": (1002, "rate limit{again}", 429, "rate_limit_error", "documented"),
    "daily_quota": (
        2056,
        "usage limit exceeded, 5-hour usage limit reached for Token Plan, resets at {resets}",
        429,
        "rate_limit_error",
        "reported",
    ),
    "out_of_credit": (1008, "insufficient balance", 500, "api_error", "reported"),
    "forbidden": (
        2061,
        "your current token plan not support model, {model}",
        403,
        "permission_error",
        "documented",
    ),
    "model_missing": (2013, "invalid params, unknown model '{model}'", 400, _INVALID, "reported"),
    "bad_request": (2013, "invalid params, {message}", 400, _INVALID, "reported"),
    "context_overflow": (
        2013,
        "invalid params, context window exceeds limit",
        400,
        _INVALID,
        "reported",
    ),
    "overloaded": (1033, "system error", 500, "api_error", "documented"),
    "server_error": (1000, "unknown error", 500, "api_error", "documented"),
    "no_such_path": (2013, "invalid params, no such path", 404, _INVALID, "none"),
}


def _native(code: int, message: str, evidence: Evidence) -> ErrorBodyRow:
    base = {"status_code": code, "status_msg": message}
    body = {"id": "{request_id}", "choices": None, "created": 0, "model": "", "object": ""}
    return ErrorBodyRow(200, body | {"base_resp": base}, evidence)


def _messages(code: int, message: str, status: int, kind: str, evidence: Evidence) -> ErrorBodyRow:
    error = {"type": kind, "message": f"{message} ({code})", "http_code": str(status)}
    return ErrorBodyRow(
        status, {"type": "error", "error": error, "request_id": "{request_id}"}, evidence
    )


MINIMAX: ErrorTable = {
    condition: _native(code, message, evidence)
    for condition, (code, message, _, _, evidence) in _ERRORS.items()
}
MINIMAX_MESSAGES: ErrorTable = {
    condition: _messages(code, message, status, kind, evidence)
    for condition, (code, message, status, kind, evidence) in _ERRORS.items()
}
