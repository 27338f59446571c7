"""Error bodies of Together."""

from __future__ import annotations

from scout_adapters.testing.faults.error_bodies.openai_like import INVALID, error
from scout_adapters.testing.faults.error_bodies.rows import ErrorBodyRow, ErrorTable

TOGETHER: ErrorTable = {
    "revoked": error(
        401, "Invalid API key provided.", "invalid_request_error", "invalid_api_key", "documented"
    ),
    "model_missing": ErrorBodyRow(
        404,
        {
            "id": "{request_id}",
            "error": {
                "message": "Unable to access model {model}. Please visit "
                "https://api.together.ai/models to view the list of supported models.",
                "type": INVALID,
                "param": None,
                "code": "model_not_available",
            },
        },
        "recorded",
    ),
    "rate_limited": error(
        429,
        "You have been rate limited. Your rate limit is 60 queries per minute.{again}",
        "credit_limit",
        None,
        "reported",
    ),
    "out_of_credit": error(
        402, "You have reached your monthly spending limit.", "credit_limit", None, "documented"
    ),
    "context_overflow": error(
        403,
        "Input token count + max_tokens must be less than the context length of the model.",
        INVALID,
        None,
        "documented",
    ),
    "overloaded": error(503, "Engine overloaded", "service_unavailable", None, "documented"),
}
