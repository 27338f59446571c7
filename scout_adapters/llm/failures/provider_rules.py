"""What single providers mean by codes, messages and statuses that mean something else elsewhere.

Asked before `common.py`. Each table says where it was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scout_adapters.errors import ErrorKind as K
from scout_adapters.llm.failures.rule import Rule, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

ANTHROPIC = (
    # https://platform.claude.com/docs/en/api/errors; the region refusal is only known from users.
    rule(K.REGION_BLOCKED, says=r"Request not allowed", status=(403,)),
    rule(K.PERMISSION, says=r"This credential is only authorized for use with", status=(400,)),
)

CEREBRAS = (
    # https://inference-docs.cerebras.ai/support/rate-limits: requests and tokens, minute to day
    rule(K.QUOTA_WINDOW, says=r"(?:Requests|Tokens) per day limit exceeded", status=(429,)),
)

FIREWORKS = (
    # https://docs.fireworks.ai/guides/inference-error-codes: 412 is also an adapter that fails
    rule(K.SERVER_ERROR, says=r".{0,80}\bLoRA\b", status=(412,)),
)

GOOGLE = (
    # https://ai.google.dev/gemini-api/docs/troubleshooting
    rule(K.AUTH_INVALID, says=r"Method doesn't allow unregistered callers", status=(403,)),
    rule(
        K.QUOTA_WINDOW,
        says=r"You exceeded your current quota.{0,600}?, limit: 0\b",
        status=(429,),
        until="never",
    ),
    rule(
        K.QUOTA_WINDOW,
        says=r"Quota exceeded for quota metric '[^']{1,120}' and limit '[^']{0,120}per day",
        status=(429,),
        until="pacific_day",
    ),
    rule(K.REGION_BLOCKED, "failed_precondition", status=(400,)),
)

GROQ = (
    # https://console.groq.com/docs/errors and …/docs/flex-processing
    rule(K.TOOL_CALL_INVALID, "json_validate_failed output_parse_failed"),
    rule(K.TOOL_CALL_INVALID, says=r"Tool call validation failed|Failed to call a function"),
)

MINIMAX = (
    # https://platform.minimax.io/docs/api-reference/errorcode; the sentence wins over the number.
    rule(K.CONTENT_INPUT, says=r"[\w, ]{0,40}input new_sensitive"),
    rule(K.CONTENT_OUTPUT, says=r"[\w, ]{0,40}output new_sensitive"),
    rule(K.CONTEXT_OVERFLOW, says=r"[\w, ]{0,40}context window exceeds limit"),
    rule(K.SERVER_ERROR, "1000 1013 1024 1033"),
    rule(K.TIMEOUT_RESPONSE, "1001"),
    rule(K.RATE_LIMIT, "1002 1039 1041 2045"),
    rule(K.AUTH_INVALID, "1004 2049"),
    rule(K.BILLING, "1008"),
    rule(K.CONTENT_INPUT, "1026"),
    rule(K.CONTENT_OUTPUT, "1027"),
    rule(K.QUOTA_WINDOW, "1028 1030 2056"),
    rule(K.PERMISSION, "2061"),
    rule(K.INVALID_REQUEST, "1042 1043 1044 2013 2037 2039 2042 2048 20132"),
)

MISTRAL = (
    # Of the whole service tier, not of the user's limit; only known from users.
    rule(K.CAPACITY, "3505"),
)

OLLAMA = (
    # Its cloud counts by the hour, the session and the week, and never says when they end.
    rule(
        K.QUOTA_WINDOW, says=r"you(?:'ve| \([^)]{1,80}\) have| have) reached your \w+ usage limit"
    ),
)

OPENAI = (
    # https://platform.openai.com/docs/guides/error-codes: 401s that are not the key's fault
    rule(
        K.PERMISSION,
        says=r"You must be a member of an organization|.{0,20}IP not authorized"
        r"|You have insufficient permissions",
        status=(401, 403),
    ),
    rule(K.BILLING, says=r"You exceeded your current quota", status=(429,)),
)

OPENROUTER = (
    # https://openrouter.ai/docs/api/errors; a 402 that says when to come back is a rate limit.
    rule(K.INVALID_REQUEST, "invalid_prompt"),
    rule(K.REQUEST_TOO_LARGE, "weight_exceeds_budget"),
    rule(K.RATE_LIMIT, "header:retry_after", status=(402,)),
    rule(K.QUOTA_WINDOW, says=r"Rate limit exceeded: free-models-per-day"),
    rule(
        K.PERMISSION,
        says=r"No endpoints (?:found|available) matching your (?:data|guardrail|privacy)",
    ),
    rule(K.INVALID_REQUEST, says=r"No endpoints found that |No allowed providers are available"),
)

TOGETHER = (
    # https://docs.together.ai/docs/error-codes
    rule(K.RATE_LIMIT, "credit_limit", status=(429,)),
)

XAI = (
    # https://docs.x.ai/developers/debugging
    rule(K.BILLING, "personal_team_blocked:spending_limit"),
    rule(
        K.BILLING,
        says=r"Your (?:newly created )?teams?\b.{0,60}?(?:used all available credits"
        r"|have any credits|monthly spending limit)",
    ),
)

PROVIDERS: Mapping[str, tuple[Rule, ...]] = {
    "anthropic": ANTHROPIC,
    "cerebras": CEREBRAS,
    "fireworks": FIREWORKS,
    "google": GOOGLE,
    "groq": GROQ,
    "minimax": MINIMAX,
    "mistral": MISTRAL,
    "ollama": OLLAMA,
    "openai": OPENAI,
    "openrouter": OPENROUTER,
    "together": TOGETHER,
    "xai": XAI,
}

STATUSES: Mapping[str, Mapping[int, K]] = {
    "fireworks": {412: K.BILLING},  # the account is suspended
    "groq": {498: K.CAPACITY},
    "together": {403: K.CONTEXT_OVERFLOW},
}
"""HTTP statuses that a provider documents with a meaning of its own."""

IDLE_WAITS = frozenset({"anthropic", "huggingface"})
"""They send `retry-after` with successful answers too; an error inside one has not asked for it."""
