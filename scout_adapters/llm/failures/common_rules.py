"""Rules for codes and messages that mean the same everywhere; `provider_rules.py` has exceptions.

Three tables, in the order in which they apply: precise codes, beginnings of messages, and coarse
codes and types, which a message may make more precise.
Sources: https://platform.openai.com/docs/guides/error-codes,
https://platform.claude.com/docs/en/api/errors, https://ai.google.dev/gemini-api/docs/troubleshooting,
https://openrouter.ai/docs/api/errors, https://learn.microsoft.com/azure/ai-foundry/openai/quotas-limits,
the sources of vLLM and llama.cpp, and recorded traffic.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from scout_adapters.errors import ErrorKind as K
from scout_adapters.llm.failures.common_phrases import (
    CALLER_FAULT,
    LONG_PROMPT,
    OVERFLOW,
    RETIRED,
    UNSUPPORTED,
    UNSUPPORTED_BY_SERVER,
    UNSUPPORTED_FOR_KEY,
)
from scout_adapters.llm.failures.rule import Rule, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHER_API = "unsupported_api_for_model operationnotsupported"
"""Codes for a model that is not available over this API: GitHub Copilot's, and Azure's
(https://github.com/caozhiyuan/copilot-api/issues/113,
https://github.com/langchain-ai/langchain-azure/issues/228)."""

CODES: tuple[Rule, ...] = (
    # Groq and OpenAI report a request larger than a minute's limit as a rate limit; it never fits.
    rule(K.REQUEST_TOO_LARGE, "rate_limit_exceeded tokens", status=(413,)),
    rule(
        K.AUTH_INVALID,
        "invalid_api_key incorrect_api_key wrong_api_key api_key_invalid api_key_not_found"
        " api_key_expired api_key_service_blocked expired_api_key missing_api_key"
        " invalid_authentication consumer_invalid access_token_expired",
    ),
    rule(
        K.AUTH_SUSPENDED,
        "organization_on_hold organization_restricted account_deactivated access_terminated"
        " consumer_suspended account_suspended",
    ),
    rule(K.REGION_BLOCKED, "unsupported_country_region_territory"),
    rule(K.PERMISSION, "missing_scope insufficient_permissions ip_not_authorized service_disabled"),
    rule(K.PERMISSION, "model_not_found", status=(403,)),
    rule(K.QUOTA_WINDOW, "limit:0", until="never"),
    rule(K.QUOTA_WINDOW, "per_day", until="pacific_day"),
    rule(K.QUOTA_WINDOW, "enforced_spend_limit_reached", until="month"),
    rule(
        K.QUOTA_WINDOW,
        "quota_exhausted openrouter_free_tier_daily usage_limit_reached daily_limit_exceeded",
    ),
    rule(
        K.RATE_LIMIT, "openrouter_in_flight_budget in_flight_budget_exhausted ramp_limit_exceeded"
    ),
    rule(K.REQUEST_TOO_LARGE, "weight_exceeds_budget token_limit_exceeded"),
    rule(
        K.BILLING,
        "insufficient_quota credit_balance_exhausted organization_spend_limit_exceeded"
        " project_spend_limit_exceeded organization_usage_limit_exceeded"
        " billing_hard_limit_reached billing_not_active billing_error billing_disabled"
        " contract_spend_limit_reached insufficient_balance insufficient_balance_error"
        " insufficient_credits insufficient_g1_credits_balance payment_required arrearage"
        " exceeded_current_quota_error openrouter_credits openrouter_key_limit"
        " openrouter_guardrail_budget openrouter_workspace_budget",
    ),
    rule(
        K.CAPACITY,
        "overloaded_error overloaded server_is_overloaded service_unavailable_error"
        " model_capacity_exhausted capacity_exceeded provider_overloaded queue_exceeded"
        " service_tier_capacity_exceeded engine_overloaded_error resource_unavailable nocapacity",
    ),
    rule(
        K.CONTEXT_OVERFLOW,
        "context_length_exceeded context_window_exceeded model_context_window_exceeded"
        " exceed_context_size_error too_many_prompt_tokens too_many_tokens",
    ),
    rule(
        K.REQUEST_TOO_LARGE,
        "request_too_large tokens_limit_reached string_above_max_length string_too_long"
        " image_too_large payload_too_large max_tokens_per_request",
    ),
    rule(
        K.CONTENT_OUTPUT,
        pattern=r"(?:The )?(?:generated |model )?output (?:data|text|content)? ?"
        r"(?:may contain inappropriate content|(?:was |is )?blocked by content filtering policy)",
        status=(None, 400, 403, 500, 502),
    ),
    rule(
        K.CONTENT_INPUT,
        "content_policy_violation content_filter responsibleaipolicyviolation moderation_blocked"
        " flagged bio_policy cyber_policy misalignment_policy_violation invalid_prompt"
        " image_content_policy_violation datainspectionfailed data_inspection_failed",
    ),
    rule(
        K.UNSUPPORTED,
        pattern=r"(?:The requested model '[^'\s]{1,200}' is|This is not a chat model and thus)"
        r" not supported (?:with|in) the ",
        status=(400, 404),
    ),
    rule(K.UNSUPPORTED, OTHER_API, status=(400, 404)),
    rule(K.UNSUPPORTED, "multimodal_not_enabled"),
    rule(K.MODEL_RETIRED, "model_decommissioned modeldeprecated modelretired model_retired"),
    rule(K.MODEL_RETIRED, pattern=RETIRED, status=(None, 400, 403, 404, 410, 422)),
    rule(
        K.MODEL_NOT_FOUND,
        "model_not_found model_not_available invalid_model"
        " invalid_model_error deploymentnotfound dedicated_endpoint_not_running",
    ),
    rule(K.STATE_MISMATCH, "invalid_encrypted_content previous_response_not_found"),
    rule(
        K.TOOL_CALL_INVALID,
        "tool_use_failed malformed_function_call malformed_tool_call unexpected_tool_call"
        " too_many_tool_calls",
    ),
    rule(K.INVALID_REQUEST, "invalid_parameter_combination missing_thought_signature"),
    rule(K.SERVER_ERROR, "malformed_response"),
)

_REFUSED = (None, 400, 401, 403, 404)
_PAID = (None, 400, 401, 402, 403, 429, 500)
_BAD = (None, 400, 403, 404, 413, 422, 500)
_TOO_LONG = (None, 400, 404, 413, 422, 500)
_CANNOT = (None, 400, 403, 404, 405, 410, 415, 422)
_BUSY = (None, 400, 429, 500, 502, 503)

_REFUSAL = (
    r"(?:(?:Forbidden|Unauthori[sz]ed|Access denied|Authentication (?:error|failed))\W{1,3})?"
)
"""Words before the reason of a refusal."""

PHRASES: tuple[Rule, ...] = (
    rule(
        K.AUTH_INVALID,
        pattern=_REFUSAL + r"(?:invalid|incorrect|wrong|expired|missing|no|bad) "
        r"(?:(?:x-)?api[ _-]?(?:key|token)|access token|credentials)\b"
        r"|(?:please )?(?:check|provide|verify) (?:the|your|an?)(?: valid)? api[ _-]?key\b"
        r"|You (?:must|need to) provide an? (?:valid )?api[ _-]?key\b",
        status=_REFUSED,
    ),
    rule(
        K.AUTH_INVALID,
        pattern=_REFUSAL
        + r"(?:your |the |an )?api[ _-]?key (?:you provided )?(?:is |was |has (?:been )?)?"
        r"(?:not valid|invalid|not found|expired|missing|required|revoked|disabled)",
        status=_REFUSED,
    ),
    rule(
        K.AUTH_INVALID,
        pattern=r"(?:the )?(?:user|request|caller) is not authenticated\b"
        r"|(?:failed|unable) to authenticate\b(?![^.:;\n]{0,40}\bupstream\b)"
        r"|Authentication (?:error|failed)\W{0,3}$",
        status=(401, 403),
    ),
    rule(K.AUTH_SUSPENDED, pattern=r"Your API key was reported as leaked", status=_REFUSED),
    rule(
        K.AUTH_SUSPENDED,
        pattern=r"(?:your|this|the) (?:openai )?(?:account|organi[sz]ation|api key|team)\b.{0,60}?"
        r"(?:has been|is|was) (?:suspended|disabled|deactivated|blocked|restricted)",
        status=_REFUSED,
    ),
    rule(
        K.BILLING,
        pattern=r"Your credit balance is too low"
        r"|Insufficient (?:account )?(?:balance|credits?|funds)"
        r"|You (?:have )?run out of credits|Your prepayment credits are depleted"
        r"|You have reached your (?:specified )?(?:workspace )?API usage limits"
        r"|You have exceeded your monthly included credits|Your account is not active",
        status=_PAID,
    ),
    rule(
        K.REGION_BLOCKED,
        pattern=r"User location is not supported|Country, region, or territory not supported"
        r"|Access to .{1,40} models is not allowed from unsupported countries",
        status=_REFUSED,
    ),
    rule(
        K.REQUEST_TOO_LARGE,
        pattern=r"Request too large|Request (?:payload|body) (?:size exceeds|too large)"
        r"|(?:Extra usage is|Usage credits are) required for long context requests"
        r"|Too many (?:inputs in request|tokens (?:overall|in batch))\b"  # Mistral's embeddings
        r"|batch size \d+ > maximum allowed batch size",  # text-embeddings-inference
        status=(*_BAD, 429),
    ),
    rule(K.CONTEXT_OVERFLOW, pattern=OVERFLOW, status=_TOO_LONG),
    rule(K.CONTEXT_OVERFLOW, pattern=LONG_PROMPT, status=(403,)),
    rule(
        K.CONTENT_INPUT,
        pattern=r"Invalid prompt: (?:we've limited|your prompt was flagged)"
        r"|Your request was rejected (?:as a result of|by) (?:our|the) safety system"
        r"|The response was filtered due to the prompt triggering"
        r"|Content violates usage guidelines|Content Exists Risk"
        r"|Request blocked: |(?:Input|Prompt) blocked by content filtering policy",
        status=_BAD,
    ),
    rule(
        K.STATE_MISMATCH,
        pattern=r"Item '[^']{1,100}' of type '\w{1,40}' was provided without its required"
        r"|Item with id '[^']{1,100}' not found"
        r"|The encrypted content (?:for item )?\S{1,200} could not be verified"
        r"|(?:Encrypted content (?:could not be decrypted|organization_id did not match)"
        r"|Could not decrypt the provided encrypted_content|Invalid encrypted_content)\b"
        r"|(?:[\w.*\[\]]{1,80}: )?Invalid `?(?:signature|data)`? in `?(?:redacted_)?thinking`? "
        r"block"
        r"|messages\.\d+\.content\.\d+[\w.]{0,40}: (?:Invalid signature"
        r"|`thinking` or `redacted_thinking` blocks in the latest assistant message cannot)"
        r"|(?:Unable to submit request because |Request contains an invalid argument: )?(?:the )?"
        r"(?:(?:Corrupted|Invalid) thought[ _]signature"
        r"|thought[ _]signature (?:is not valid|is invalid|decoding))"
        r"|Previous response with id '[^']{1,100}' not found"
        r"|You do not have permission to access the File",
        status=_BAD,
    ),
    rule(
        K.MODEL_NOT_FOUND,
        pattern=r"(?:the )?(?:requested )?model [`'\"]?[^\s`'\"]{1,200}[`'\"]?"
        r" (?:does not exist|is not found|not found|is not supported(?:\.|$| by any provider)"
        r"|has been removed)"
        r"|(?:Specified )?model not found|Model Not Exist|Unknown model\b|Invalid model\b"
        r"|models/\S{1,200} is not found|\* GenerateContentRequest\.model: "
        r"|(?:Param Incorrect: )?Not supported model\b"
        r"|The supported API model names are|[\w.:/-]{1,200} is not a valid model ID",
        status=_BAD,
    ),
    rule(K.UNSUPPORTED, pattern=UNSUPPORTED, status=_CANNOT),
    rule(K.UNSUPPORTED, pattern=UNSUPPORTED_BY_SERVER, status=(500, 501)),
    rule(K.UNSUPPORTED, pattern=UNSUPPORTED_FOR_KEY, status=(401,)),
    rule(K.INVALID_REQUEST, pattern=CALLER_FAULT, status=(None, 500, 502)),
    rule(
        K.CONTENT_INPUT,
        pattern=r"(?:The )?Input (?:data|text|content) may contain inappropriate content",
        status=_BAD,
    ),
    rule(
        K.CAPACITY,
        pattern=r"(?:The )?(?:model|server|engine|service) (?:is )?(?:currently |temporarily )?"
        r"overloaded"
        r"|Overloaded\b|Service tier capacity exceeded|server busy|No capacity available"
        r"|We're experiencing high traffic|The system is currently experiencing high demand",
        status=_BUSY,
    ),
)

COARSE: tuple[Rule, ...] = (
    rule(K.UNSUPPORTED, "unsupported_field", status=_CANNOT),
    rule(
        K.INVALID_REQUEST,
        "invalid_value invalid_type invalid_json unknown_parameter unsupported_parameter"
        " unsupported_value missing_required_parameter"
        " invalid_image_url invalid_image_format unsupported_file invalid_function_parameters"
        " integer_below_min_value integer_above_max_value decimal_below_min_value"
        " decimal_above_max_value not_supported_error",
    ),
    rule(K.AUTH_INVALID, "authentication_error unauthenticated unauthorized authorized_error"),
    rule(
        K.PERMISSION, "permission_error permission_denied permissiondenied access_denied forbidden"
    ),
    rule(
        K.RATE_LIMIT,
        "rate_limit_exceeded rate_limit_error rate_limited ratelimitreached slow_down"
        " resource_exhausted too_many_requests too_many_requests_error rate_limit_reached_error",
        status=(None, 400, 403, 429, 500, 503),
    ),
    rule(K.CAPACITY, "service_unavailable unavailable"),
    rule(K.TIMEOUT_RESPONSE, "timeout_error deadline_exceeded request_timeout"),
    rule(K.MODEL_NOT_FOUND, "not_found_error notfounderror"),
    rule(K.SERVER_ERROR, "conflict_error"),
    # The following are less precise than a status: only for errors without one.
    rule(K.MODEL_NOT_FOUND, "not_found", status=(None,)),
    rule(
        K.SERVER_ERROR,
        "api_error server_error internal internal_error internal_server_error",
        status=(None,),
    ),
    rule(
        K.INVALID_REQUEST,
        "invalid_request_error bad_request_error badrequesterror bad_request invalid_argument"
        " failed_precondition validation_error",
        status=(None,),
    ),
)

STATUSES: Mapping[int, K] = {
    401: K.AUTH_INVALID,
    402: K.BILLING,
    403: K.PERMISSION,
    404: K.MODEL_NOT_FOUND,
    405: K.UNSUPPORTED,
    407: K.CONNECT,  # the caller's own proxy
    408: K.TIMEOUT_RESPONSE,
    409: K.SERVER_ERROR,
    410: K.MODEL_RETIRED,
    413: K.REQUEST_TOO_LARGE,
    414: K.REQUEST_TOO_LARGE,
    415: K.UNSUPPORTED,
    425: K.SERVER_ERROR,
    429: K.RATE_LIMIT,
    431: K.REQUEST_TOO_LARGE,
    451: K.REGION_BLOCKED,
    499: K.TIMEOUT_RESPONSE,
    501: K.UNSUPPORTED,
    503: K.CAPACITY,
    504: K.TIMEOUT_RESPONSE,
    524: K.TIMEOUT_RESPONSE,  # Cloudflare: the origin did not answer in time
    529: K.CAPACITY,
}


def by_status(status: int) -> K:
    """Return the kind of failure for an HTTP status alone."""
    if status in STATUSES:
        return STATUSES[status]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return K.SERVER_ERROR
    return K.INVALID_REQUEST if status >= HTTPStatus.BAD_REQUEST else K.PROTOCOL
