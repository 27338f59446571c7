"""Error bodies of the providers with flat envelopes: Mistral, xAI, Cerebras."""

from __future__ import annotations

from scout_adapters.testing.faults.error_bodies.rows import ErrorBodyRow, ErrorTable, Evidence


def _mistral(
    status: int, message: str, kind: str, code: str | None, evidence: Evidence = "none"
) -> ErrorBodyRow:
    body = {"object": "error", "message": message, "type": kind, "param": None, "code": code}
    return ErrorBodyRow(status, body | {"raw_status_code": status}, evidence)


MISTRAL: ErrorTable = {
    "revoked": ErrorBodyRow(401, {"detail": "Invalid API Key"}, "recorded"),
    "no_key": ErrorBodyRow(401, {"detail": "Unauthorized"}, "reported"),
    "suspended": ErrorBodyRow(
        401, {"message": "Unauthorized", "request_id": "{request_id}"}, "reported"
    ),
    "rate_limited": _mistral(429, "Rate limit exceeded", "rate_limited", "1300", "reported"),
    # Mistral answers a valid key without quota with a bare 401, like a wrong key.
    "daily_quota": ErrorBodyRow(401, None, "reported"),
    "out_of_credit": ErrorBodyRow(402, {"detail": "Payment required"}),
    "forbidden": ErrorBodyRow(403, {"detail": "Forbidden"}),
    "model_missing": _mistral(400, "Invalid model: {model}", "invalid_model", "1500", "recorded"),
    "bad_request": ErrorBodyRow(
        400,
        {
            "object": "error",
            "message": "{message}",
            "type": "{kind}",
            "param": None,
            "code": "{code}",
            "raw_status_code": 400,
        },
        "recorded",
    ),
    "context_overflow": _mistral(
        400,
        "Prompt contains {used} tokens, too large for model with {limit} maximum context length",
        "invalid_request_prompt",
        "3051",
        "reported",
    ),
    "overloaded": _mistral(
        503,
        "Service tier capacity exceeded for this model.",
        "invalid_request_error",
        "3505",
        "reported",
    ),
    "server_error": ErrorBodyRow(
        0,
        {
            "object": "error",
            "message": "Service unavailable.",
            "type": "internal_server_error",
            "param": None,
            "code": "1000",
        },
    ),
    "no_such_path": ErrorBodyRow(
        404, {"message": "no Route matched with those values"}, "reported"
    ),
}

_DENIED = "The caller does not have permission to execute the specified operation"
_EXHAUSTED = "Some resource has been exhausted"
_INVALID = "Client specified an invalid argument"


def _xai(status: int, code: str, message: str, evidence: Evidence = "none") -> ErrorBodyRow:
    return ErrorBodyRow(status, {"code": code, "error": message}, evidence)


XAI: ErrorTable = {
    "content_refused": _xai(
        403,
        "The caller does not have permission to execute the specified operation",
        "Content violates usage guidelines.",
        "reported",
    ),
    "revoked": _xai(
        400,
        "invalid-argument",
        "Incorrect API key provided: {masked}. You can obtain an API key from https://console.x.ai.",
        "recorded",
    ),
    "no_key": _xai(
        401,
        "unauthenticated:no-credentials",
        "No API key provided. Use the Authorization header: Bearer <API key>.",
        "documented",
    ),
    "suspended": _xai(403, _DENIED, "Your API key has been blocked.", "reported"),
    "rate_limited": _xai(
        429, _EXHAUSTED, "Too many requests for team emulator and model {model}.{again}"
    ),
    "out_of_credit": _xai(
        429,
        _EXHAUSTED,
        "Your team emulator has either used all available credits or reached its monthly spending "
        "limit. To continue making API requests, please purchase more credits or raise your "
        "spending limit.",
        "reported",
    ),
    "forbidden": _xai(403, _DENIED, "Your team is not authorized to use this model.", "reported"),
    "model_missing": _xai(
        404,
        "Some requested entity was not found",
        "The model {model} does not exist or your team does not have access to it.",
        "recorded",
    ),
    "bad_request": _xai(400, _INVALID, "{message}", "recorded"),
    "context_overflow": _xai(
        400,
        _INVALID,
        "This model's maximum prompt length is {limit} but the request contains {used} tokens.",
        "reported",
    ),
    "overloaded": _xai(
        503,
        "The service is currently unavailable",
        "The service is temporarily at capacity. Please retry your request shortly.",
        "reported",
    ),
    "server_error": _xai(
        0,
        "Internal error",
        "Internal error",
    ),
    "no_such_path": ErrorBodyRow(404, None, "none"),
}


def _cerebras(
    status: int, message: str, kind: str, param: str, code: str, evidence: Evidence = "none"
) -> ErrorBodyRow:
    return ErrorBodyRow(
        status, {"message": message, "type": kind, "param": param, "code": code}, evidence
    )


_BAD = "invalid_request_error"
CEREBRAS: ErrorTable = {
    "revoked": _cerebras(401, "Wrong API Key", _BAD, "api_key", "wrong_api_key"),
    "no_key": _cerebras(401, "Missing API Key", _BAD, "api_key", "missing_api_key"),
    "suspended": _cerebras(403, "Account suspended", _BAD, "account", "account_suspended"),
    "rate_limited": _cerebras(
        429,
        "Requests per minute limit exceeded - too many requests sent.{again}",
        "too_many_requests_error",
        "quota",
        "request_quota_exceeded",
        "reported",
    ),
    "daily_quota": _cerebras(
        429,
        "Requests per day limit exceeded - too many requests sent.{again}",
        "too_many_requests_error",
        "quota",
        "request_quota_exceeded",
    ),
    "out_of_credit": _cerebras(402, "Payment required", _BAD, "quota", "payment_required"),
    "forbidden": _cerebras(403, "Forbidden", _BAD, "model", "forbidden"),
    "model_missing": _cerebras(
        404,
        "Model {model} does not exist or you do not have access to it.",
        "not_found_error",
        "model",
        "model_not_found",
    ),
    "bad_request": _cerebras(400, "{message}", _BAD, "{param}", "{code}"),
    "context_overflow": _cerebras(
        400,
        "Please reduce the length of the messages or completion. Current length is {used} while "
        "limit is {limit}",
        _BAD,
        "messages",
        "context_length_exceeded",
        "reported",
    ),
    "overloaded": _cerebras(
        503,
        "We're experiencing high traffic right now! Please try again soon.",
        "too_many_requests_error",
        "queue",
        "queue_exceeded",
    ),
    "server_error": _cerebras(
        0,
        "Internal server error",
        "server_error",
        "server",
        "internal_error",
    ),
}
