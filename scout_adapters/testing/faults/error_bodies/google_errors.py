"""Error bodies of Google's Gemini API: `google.rpc.Status` as JSON.

https://ai.google.dev/gemini-api/docs/troubleshooting
"""

from __future__ import annotations

from typing import Any

from scout_adapters.testing.faults.error_bodies.rows import (
    ErrorBodyRow,
    ErrorTable,
    Evidence,
    Fields,
)

_RPC = "type.googleapis.com/google.rpc."
_SERVICE = "generativelanguage.googleapis.com"
_CHARSET = "application/json; charset=UTF-8"


def _error(
    status: int,
    word: str,
    message: str,
    evidence: Evidence = "none",
    details: list[dict[str, Any]] | None = None,
) -> ErrorBodyRow:
    error: dict[str, Any] = {"code": status, "message": message, "status": word}
    body = {"error": error | ({"details": details} if details else {})}
    return ErrorBodyRow(status, body, evidence, kind=_CHARSET)


def _info(reason: str, **metadata: str) -> dict[str, Any]:
    metadata = {"service": _SERVICE, **metadata}
    return {
        "@type": f"{_RPC}ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": metadata,
    }


def _quota(window: str) -> ErrorBodyRow:
    metric = f"{_SERVICE}/generate_content_free_tier_requests"

    def body(fields: Fields) -> dict[str, Any]:
        violation = {
            "quotaMetric": metric,
            "quotaId": f"GenerateRequestsPer{window}PerProjectPerModel-FreeTier",
            "quotaDimensions": {"location": "global", "model": fields["model"]},
            "quotaValue": "10",
        }
        details: list[Any] = [{"@type": f"{_RPC}QuotaFailure", "violations": [violation]}]
        retry_in = fields["retry_in"]
        if retry_in is not None:
            details.append({"@type": f"{_RPC}RetryInfo", "retryDelay": f"{retry_in:g}s"})
        message = (
            "You exceeded your current quota, please check your plan and billing details. For more "
            "information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits."
            f"\n* Quota exceeded for metric: {metric}, limit: 10, model: {fields['model']}"
        )
        message += f"\nPlease retry in {retry_in:g}s." if retry_in is not None else ""
        status = {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED"}
        return {"error": status | {"details": details}}

    return ErrorBodyRow(429, body, "reported", kind=_CHARSET)


_BAD_KEY = "API key not valid. Please pass a valid API key."

GOOGLE: ErrorTable = {
    # https://ai.google.dev/gemini-api/docs/safety-settings: an answer without candidates.
    "content_refused": ErrorBodyRow(
        200, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, "documented"
    ),
    "revoked": _error(
        400,
        "INVALID_ARGUMENT",
        _BAD_KEY,
        "recorded",
        [
            _info("API_KEY_INVALID"),
            {"@type": f"{_RPC}LocalizedMessage", "locale": "en-US", "message": _BAD_KEY},
        ],
    ),
    "no_key": _error(
        403,
        "PERMISSION_DENIED",
        "Method doesn't allow unregistered callers (callers without established identity). Please "
        "use API Key or other form of API consumer identity to call this API.",
        "recorded",
    ),
    # The real answer contains the whole key, twice.
    "suspended": _error(
        403,
        "PERMISSION_DENIED",
        "Permission denied: Consumer 'api_key:{key}' has been suspended.",
        "reported",
        [_info("CONSUMER_SUSPENDED", containerInfo="api_key:{key}", consumer="projects/1")],
    ),
    "rate_limited": _quota("Minute"),
    "daily_quota": _quota("Day"),
    "out_of_credit": _error(
        402, "RESOURCE_EXHAUSTED", "Billing is not enabled or has run out of credit.", "none"
    ),
    "forbidden": _error(
        403, "PERMISSION_DENIED", "The caller does not have permission", "documented"
    ),
    "region_blocked": _error(
        400,
        "FAILED_PRECONDITION",
        "User location is not supported for the API use.",
        "recorded",
    ),
    "model_missing": _error(
        404,
        "NOT_FOUND",
        "models/{model} is not found for API version v1beta, or is not supported for "
        "generateContent. Call ListModels to see the list of available models and their supported "
        "methods.",
        "recorded",
    ),
    "bad_request": _error(400, "INVALID_ARGUMENT", "{message}", "recorded"),
    "context_overflow": _error(
        400,
        "INVALID_ARGUMENT",
        "The input token count ({used}) exceeds the maximum number of tokens allowed ({limit}).",
        "reported",
    ),
    "overloaded": _error(
        503, "UNAVAILABLE", "The model is overloaded. Please try again later.", "documented"
    ),
    "server_error": ErrorBodyRow(
        0,
        {
            "error": {
                "code": "{status}",
                "message": "An internal error has occurred. Please retry or report in "
                "https://developers.generativeai.google/guide/troubleshooting",
                "status": "INTERNAL",
            }
        },
        "documented",
        kind=_CHARSET,
    ),
    "no_such_path": ErrorBodyRow(404, None, "documented"),
}
