"""Error bodies of the providers that copy OpenAI's envelope."""

from __future__ import annotations

from typing import Any

from scout_adapters.testing.faults.error_bodies.rows import (
    ErrorBodyRow,
    ErrorTable,
    Evidence,
    Fields,
)

INVALID = "invalid_request_error"
_BAD = "{message}"


def error(
    status: int,
    message: str,
    kind: str,
    code: Any = None,
    evidence: Evidence = "none",
    **more: Any,
) -> ErrorBodyRow:
    """Make a row with OpenAI's envelope; `more` are further fields of the error."""
    body = {"message": message, "type": kind, "param": None, "code": code, **more}
    return ErrorBodyRow(status, {"error": body}, evidence)


def groq_error(
    status: int, message: str, kind: str, code: Any, evidence: Evidence = "none"
) -> ErrorBodyRow:
    """Make a row with Groq's envelope, which has no `param`."""
    body = {"message": message, "type": kind}
    return ErrorBodyRow(status, {"error": body | ({"code": code} if code else {})}, evidence)


def groq_refusal(fields: Fields) -> dict[str, Any]:
    """Return the error of a refused body, with the param and the code that it has."""
    named = {name: fields[name] for name in ("param", "code") if fields[name]}
    return {"message": fields["message"], "type": fields["kind"], **named}


_REFUSED = error(400, _BAD, "{kind}", "{code}", "recorded", param="{param}")
_MISSING = "The model `{model}` does not exist or you do not have access to it."
_TOO_LONG = (
    "This model's maximum context length is {limit} tokens. However, your messages resulted in "
    "{used} tokens. Please reduce the length of the messages."
)
_BUSY = "The server had an error while processing your request. Sorry about that!"

OPENAI: ErrorTable = {
    "content_refused": error(
        400,
        "Invalid prompt: we've limited access to this content for safety reasons.",
        INVALID,
        "invalid_prompt",
        "reported",
    ),
    "revoked": error(
        401,
        "Incorrect API key provided: {masked}. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        INVALID,
        "invalid_api_key",
        "recorded",
    ),
    "no_key": error(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization "
        "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        INVALID,
        None,
        "reported",
    ),
    "suspended": error(
        401,
        "The OpenAI account associated with this API key has been deactivated.",
        INVALID,
        "account_deactivated",
        "reported",
    ),
    "rate_limited": error(
        429,
        "Rate limit reached for {model} in organization org-emulator on requests per min (RPM): "
        "Limit 60, Used 60, Requested 1.{again}",
        "requests",
        "rate_limit_exceeded",
        "reported",
    ),
    "daily_quota": error(
        429,
        "Rate limit reached for {model} in organization org-emulator on requests per day (RPD): "
        "Limit 200, Used 200, Requested 1.{again}",
        "requests",
        "rate_limit_exceeded",
        "reported",
    ),
    "out_of_credit": error(
        429,
        "You exceeded your current quota, please check your plan and billing details. For more "
        "information on this error, read the docs: "
        "https://platform.openai.com/docs/guides/error-codes/api-errors.",
        "insufficient_quota",
        "insufficient_quota",
        "recorded",
    ),
    "forbidden": error(
        403, "You are not allowed to sample from this model", INVALID, None, "recorded"
    ),
    "region_blocked": error(
        403,
        "Country, region, or territory not supported",
        "request_forbidden",
        "unsupported_country_region_territory",
        "reported",
    ),
    "model_missing": error(404, _MISSING, INVALID, "model_not_found", "recorded"),
    "bad_request": _REFUSED,
    "context_overflow": error(
        400, _TOO_LONG, INVALID, "context_length_exceeded", "documented", param="messages"
    ),
    "too_large": error(
        429,
        "Request too large for {model} in organization org-emulator on tokens per min (TPM): "
        "Limit 30000, Requested {used}. The input or output tokens must be reduced in order to run "
        "successfully.",
        "tokens",
        "rate_limit_exceeded",
        "recorded",
    ),
    "overloaded": error(
        503,
        "The engine is currently overloaded, please try again later",
        "service_unavailable_error",
        "server_is_overloaded",
        "documented",
    ),
    "server_error": error(0, _BUSY, "server_error", None, "documented"),
    "no_such_path": error(404, "Invalid URL ({method} {path})", INVALID, None, "documented"),
}

COMPATIBLE: ErrorTable = {
    **OPENAI,
    "revoked": error(401, "Invalid API key", "authentication_error", "invalid_api_key"),
    "suspended": error(403, "This account is suspended", "permission_error"),
    "rate_limited": error(429, "Rate limit exceeded.{again}", "rate_limit_error", "rate_limit"),
    "daily_quota": error(429, "Daily limit exceeded.{again}", "rate_limit_error", "daily_limit"),
    "out_of_credit": error(402, "Insufficient balance", "billing_error", "insufficient_balance"),
    "forbidden": error(403, "Forbidden", "permission_error"),
    "overloaded": error(503, "Overloaded", "overloaded_error"),
}

GROQ: ErrorTable = {
    "revoked": groq_error(401, "Invalid API Key", INVALID, "invalid_api_key", "recorded"),
    "no_key": groq_error(401, "Invalid API Key", INVALID, "invalid_api_key", "recorded"),
    "suspended": groq_error(
        400,
        "Organization has been restricted. Please reach out to support if you believe this was in "
        "error.",
        INVALID,
        "organization_restricted",
        "reported",
    ),
    "rate_limited": groq_error(
        429,
        "Rate limit reached for model `{model}` in organization `org_emulator` service tier "
        "`on_demand` on tokens per minute (TPM): Limit 6000, Used 5000, Requested 1400.{again} "
        "Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing",
        "tokens",
        "rate_limit_exceeded",
        "reported",
    ),
    "daily_quota": groq_error(
        429,
        "Rate limit reached for model `{model}` in organization `org_emulator` service tier "
        "`on_demand` on tokens per day (TPD): Limit 100000, Used 99900, Requested 700.{again} Need "
        "more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing",
        "tokens",
        "rate_limit_exceeded",
        "reported",
    ),
    "out_of_credit": groq_error(402, "Payment required", "billing_error", None),
    "forbidden": groq_error(403, "Forbidden", "permissions_error", None),
    "model_missing": groq_error(404, _MISSING, INVALID, "model_not_found", "recorded"),
    "bad_request": ErrorBodyRow(400, {"error": groq_refusal}, "recorded"),
    "context_overflow": groq_error(
        400,
        "Please reduce the length of the messages or completion.",
        INVALID,
        "context_length_exceeded",
        "reported",
    ),
    "too_large": groq_error(
        413,
        "Request too large for model `{model}` in organization `org_emulator` service tier "
        "`on_demand` on tokens per minute (TPM): Limit 6000, Requested {used}, please reduce your "
        "message size and try again.",
        "tokens",
        "rate_limit_exceeded",
        "reported",
    ),
    "overloaded": groq_error(  # https://github.com/infiniflow/ragflow/issues/9858
        503,
        "{model} is currently over capacity. Please try again and back off exponentially. Visit "
        "https://groqstatus.com to see if there is an active incident.",
        "internal_server_error",
        None,
        "reported",
    ),
    "flex_overloaded": groq_error(
        498, "Flex tier capacity exceeded", "capacity_error", "capacity_exceeded", "documented"
    ),
    "server_error": groq_error(0, "Internal Server Error", "internal_server_error", None),
    "no_such_path": groq_error(
        404, "Unknown request URL: {method} {path}.", INVALID, "unknown_url", "reported"
    ),
}

_DEEPSEEK = "invalid_request_error"
DEEPSEEK: ErrorTable = {
    "revoked": error(
        401,
        "Authentication Fails, Your api key: ****{tail} is invalid",
        "authentication_error",
        _DEEPSEEK,
        "recorded",
    ),
    "no_key": error(401, "Authentication Fails (governor)", "authentication_error", _DEEPSEEK),
    "suspended": error(
        401, "Authentication Fails (no such user)", "authentication_error", _DEEPSEEK, "reported"
    ),
    "rate_limited": error(429, "Rate limit reached.{again}", "rate_limit_error", _DEEPSEEK),
    "out_of_credit": error(402, "Insufficient Balance", "unknown_error", _DEEPSEEK, "reported"),
    "model_missing": ErrorBodyRow(
        400,
        {
            "error": {
                "message": "The supported API model names are deepseek-v4-pro or "
                "deepseek-v4-flash, but you passed {model}.",
                "type": INVALID,
                "param": None,
                "code": _DEEPSEEK,
            }
        },
        "recorded",
        kind="application/octet-stream",
    ),
    "context_overflow": ErrorBodyRow(
        400,
        {
            "error": {
                "message": "This model's maximum context length is {limit} tokens. However, you "
                "requested {used} tokens ({used} in the messages, 0 in the completion). Please "
                "reduce the length of the messages or completion.",
                "type": INVALID,
                "param": None,
                "code": _DEEPSEEK,
            }
        },
        "recorded",
        kind="application/octet-stream",
    ),
    "bad_request": ErrorBodyRow(
        400,
        {"error": {"message": _BAD, "type": INVALID, "param": None, "code": _DEEPSEEK}},
        "recorded",
        kind="application/octet-stream",
    ),
    "overloaded": error(
        503, "Service is too busy. Please try again later.", "service_unavailable_error", _DEEPSEEK
    ),
}


def _fireworks(
    status: int, message: str, code: str, evidence: Evidence = "documented"
) -> ErrorBodyRow:
    body = {"message": message, "code": code, "type": "error"}
    return ErrorBodyRow(status, {"error": body, "request_id": "{request_id}"}, evidence)


FIREWORKS: ErrorTable = {
    "revoked": _fireworks(401, "The API key you provided is invalid.", "UNAUTHORIZED"),
    "no_key": _fireworks(401, "The API key you provided is invalid.", "UNAUTHORIZED"),
    "suspended": _fireworks(
        412,
        "Account emulator is suspended, possibly due to reaching the monthly spending limit or "
        "failure to pay past invoices.",
        "PRECONDITION_FAILED",
        "reported",
    ),
    "rate_limited": _fireworks(429, "Rate limit exceeded.{again}", "RATE_LIMIT_EXCEEDED", "none"),
    "out_of_credit": _fireworks(402, "Account not on a paid plan", "PAYMENT_REQUIRED"),
    "forbidden": _fireworks(403, "Permission denied", "PERMISSION_DENIED"),
    "model_missing": _fireworks(
        404, "Model not found, inaccessible, and/or not deployed", "NOT_FOUND"
    ),
    "bad_request": _fireworks(400, _BAD, "INVALID_ARGUMENT"),
    "overloaded": _fireworks(503, "Service overloaded", "UNAVAILABLE"),
}

OLLAMA: ErrorTable = {
    "revoked": error(401, "Unauthorized", "api_error", None, "recorded"),
    "no_key": error(401, "Unauthorized", "api_error", None, "recorded"),
    "rate_limited": error(429, "too many requests.{again}", "api_error"),
    "daily_quota": error(
        429, "you (emulator) have reached your session usage limit", "api_error", None, "reported"
    ),
    "model_missing": error(404, "model '{model}' not found", "not_found_error", None, "recorded"),
    "context_overflow": error(
        400,
        "prompt too long; exceeded max context length by {over} tokens (ref: {request_id})",
        INVALID,
        None,
        "recorded",
    ),
    "overloaded": error(
        503,
        "server busy, please try again.  maximum pending requests exceeded",
        "api_error",
        None,
        "reported",
    ),
}


def _vllm(status: int, message: str, kind: str, evidence: Evidence = "reported") -> ErrorBodyRow:
    return error(status, message, kind, status, evidence)


VLLM: ErrorTable = {
    "revoked": ErrorBodyRow(401, {"error": "Unauthorized"}, "documented"),
    "no_key": ErrorBodyRow(401, {"error": "Unauthorized"}, "documented"),
    "model_missing": _vllm(404, "The model `{model}` does not exist.", "NotFoundError"),
    "context_overflow": _vllm(
        400,
        "This model's maximum context length is {limit} tokens. However, you requested {used} "
        "tokens in the messages, Please reduce the length of the messages.",
        "BadRequestError",
    ),
    "bad_request": _vllm(400, _BAD, "BadRequestError"),
    "server_error": error(0, _BUSY, "InternalServerError", "{status}"),
}
