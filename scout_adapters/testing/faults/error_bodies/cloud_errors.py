"""Error bodies of the clouds: Azure OpenAI, Claude on Foundry, Bedrock and Vertex AI.

https://learn.microsoft.com/azure/ai-foundry/openai/how-to/troubleshooting-guide
https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scout_adapters.testing.faults.error_bodies.anthropic_errors import ANTHROPIC
from scout_adapters.testing.faults.error_bodies.google_errors import GOOGLE
from scout_adapters.testing.faults.error_bodies.rows import ErrorBodyRow, ErrorTable, Evidence

if TYPE_CHECKING:
    from scout_adapters.testing.faults.error_bodies.rows import Condition, Fields


def _azure(status: int, code: str, message: str, evidence: Evidence = "reported") -> ErrorBodyRow:
    return ErrorBodyRow(status, {"error": {"code": code, "message": message}}, evidence)


def _azure_refusal(fields: Fields) -> dict[str, Any]:
    error = {"message": fields["message"], "type": fields["kind"]}
    return {"error": error | {"param": fields["param"], "code": fields["code"]}}


_ACCESS_DENIED = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a "
    "valid key for an active subscription and use a correct regional API endpoint for your "
    "resource."
)

AZURE: ErrorTable = {
    "content_refused": ErrorBodyRow(
        400,
        {
            "error": {
                "message": "The response was filtered due to the prompt triggering Azure OpenAI's "
                "content management policy. Please modify your prompt and retry.",
                "type": None,
                "param": "prompt",
                "code": "content_filter",
                "status": 400,
                "innererror": {"code": "ResponsibleAIPolicyViolation"},
            }
        },
        "reported",
    ),
    "revoked": _azure(401, "401", _ACCESS_DENIED, "recorded"),
    "no_key": _azure(401, "401", _ACCESS_DENIED, "recorded"),
    "suspended": _azure(
        403,
        "ReadOnlyDisabledSubscription",
        "The subscription is disabled and therefore marked as read only.",
    ),
    "rate_limited": _azure(
        429,
        "RateLimitReached",
        "Your requests to {model} for {model} in East US 2 have exceeded the token rate limit for "
        "your current AIServices S0 pricing tier.{again}",
    ),
    "daily_quota": _azure(
        403, "403", "Out of call volume quota for ChatCompletions. Quota will be replenished later."
    ),
    "forbidden": _azure(
        401,
        "PermissionDenied",
        "The principal `emulated` lacks the required data action "
        "`Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action`.",
    ),
    "region_blocked": _azure(403, "403", "Access denied due to Virtual Network/Firewall rules."),
    "model_missing": _azure(
        404,
        "DeploymentNotFound",
        "The API deployment for this resource does not exist. If you created the deployment within "
        "the last 5 minutes, please wait a moment and try again.",
    ),
    "bad_request": ErrorBodyRow(400, _azure_refusal, "recorded"),
    "context_overflow": ErrorBodyRow(
        400,
        {
            "error": {
                "message": "This model's maximum context length is {limit} tokens. However, your "
                "messages resulted in {used} tokens. Please reduce the length of the messages.",
                "type": "invalid_request_error",
                "param": "messages",
                "code": "context_length_exceeded",
            }
        },
        "reported",
    ),
    "overloaded": _azure(
        429,
        "NoCapacity",
        "The system is currently experiencing high demand and cannot process your request.",
    ),
    "server_error": ErrorBodyRow(
        0,
        {
            "error": {
                "code": "InternalServerError",
                "message": "The server had an error while processing your request. Sorry about "
                "that!",
            }
        },
        "reported",
    ),
    "no_such_path": _azure(404, "404", "Resource not found", "recorded"),
}

AZURE_MESSAGES: ErrorTable = {
    **ANTHROPIC,
    **{name: AZURE[name] for name in ("revoked", "no_key", "suspended", "daily_quota")},
    **{name: AZURE[name] for name in ("model_missing", "no_such_path", "region_blocked")},
}


def _aws(status: int, kind: str, message: str, evidence: Evidence = "documented") -> ErrorBodyRow:
    headers = {
        "x-amzn-errortype": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/",
        "x-amzn-requestid": "{request_id}",
    }
    return ErrorBodyRow(status, {"message": message}, evidence, headers)


_INVALID = "The security token included in the request is invalid."

BEDROCK: ErrorTable = {
    "content_refused": _aws(
        400, "ValidationException", "The request was blocked by a guardrail.", "reported"
    ),
    "revoked": _aws(403, "UnrecognizedClientException", _INVALID, "reported"),
    "no_key": _aws(
        403, "MissingAuthenticationTokenException", "Missing Authentication Token", "reported"
    ),
    "suspended": _aws(403, "AccessDeniedException", "Your account has been suspended.", "none"),
    "rate_limited": _aws(
        429,
        "ThrottlingException",
        "Too many requests, please wait before trying again.{again}",
        "reported",
    ),
    "daily_quota": _aws(
        429,
        "ThrottlingException",
        "Too many tokens per day, please wait before trying again.",
        "reported",
    ),
    "forbidden": _aws(
        403,
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
        "reported",
    ),
    "region_blocked": _aws(
        403,
        "AccessDeniedException",
        "Access to Anthropic models is not allowed from unsupported countries, regions, or "
        "territories.",
        "reported",
    ),
    "model_missing": _aws(
        400, "ValidationException", "The provided model identifier is invalid.", "reported"
    ),
    "bad_request": _aws(400, "ValidationException", "{message}", "reported"),
    "context_overflow": _aws(
        400,
        "ValidationException",
        "The model returned the following errors: Input is too long for requested model.",
        "reported",
    ),
    "overloaded": _aws(
        503, "ServiceUnavailableException", "Bedrock is unable to process your request."
    ),
    "server_error": _aws(
        0,
        "InternalServerException",
        "The system encountered an unexpected error during processing. Try your request again.",
    ),
    "no_such_path": _aws(404, "UnknownOperationException", "", "reported"),
}


def _google(status: int, word: str, message: str, reason: str = "") -> ErrorBodyRow:
    error: dict[str, Any] = {"code": status, "message": message, "status": word}
    info = "type.googleapis.com/google.rpc.ErrorInfo"
    details = [{"@type": info, "reason": reason, "domain": "googleapis.com"}]
    body = {"error": error | ({"details": details} if reason else {})}
    return ErrorBodyRow(status, body, "reported", kind="application/json; charset=UTF-8")


_CREDENTIALS = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie "
    "or other valid authentication credential. See "
    "https://developers.google.com/identity/sign-in/web/devconsole-project."
)

VERTEX: ErrorTable = {
    **GOOGLE,
    "revoked": _google(401, "UNAUTHENTICATED", _CREDENTIALS, "ACCESS_TOKEN_EXPIRED"),
    "no_key": _google(401, "UNAUTHENTICATED", _CREDENTIALS, "CREDENTIALS_MISSING"),
    "rate_limited": _google(
        429,
        "RESOURCE_EXHAUSTED",
        "Resource exhausted. Please try again later. Please refer to "
        "https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details.",
    ),
    "daily_quota": _google(
        429,
        "RESOURCE_EXHAUSTED",
        "Quota exceeded for quota metric 'Generate content requests' and limit 'Generate content "
        "requests per day' of service 'aiplatform.googleapis.com'.",
    ),
    "forbidden": _google(
        403,
        "PERMISSION_DENIED",
        "Permission 'aiplatform.endpoints.predict' denied on resource "
        "'//aiplatform.googleapis.com/projects/emulated' (or it may not exist).",
        "IAM_PERMISSION_DENIED",
    ),
    "model_missing": _google(
        404,
        "NOT_FOUND",
        "Publisher Model `projects/emulated/locations/us-central1/publishers/google/models/"
        "{model}` was not found or your project does not have access to it.",
    ),
}
_OF_GOOGLE: tuple[Condition, ...] = ("revoked", "no_key", "suspended", "rate_limited")
_OF_GOOGLE += ("daily_quota", "forbidden", "region_blocked", "model_missing")

VERTEX_MESSAGES: ErrorTable = {**ANTHROPIC, **{name: VERTEX[name] for name in _OF_GOOGLE}}
