"""Rules for codes, messages and statuses that have another meaning at a single provider.

They apply before `common_rules.py`. Each table has its source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scout_adapters.errors import ErrorKind as K
from scout_adapters.llm.failures.rule import Rule, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

ANTHROPIC = (
    # https://platform.claude.com/docs/en/api/errors; the region refusal comes from user reports.
    rule(K.REGION_BLOCKED, pattern=r"Request not allowed", status=(403,)),
    rule(K.PERMISSION, pattern=r"This credential is only authorized for use with", status=(400,)),
)

AZURE = (
    # https://learn.microsoft.com/azure/ai-foundry/openai/how-to/troubleshooting-guide and user
    # reports. A number in `code` is the status: the message decides.
    rule(K.PERMISSION, "permissiondenied", status=(401,)),
    rule(
        K.PERMISSION,
        pattern=r"The principal `|Access denied due to Virtual Network|Public access is disabled",
        status=(401, 403),
    ),
    rule(K.QUOTA_WINDOW, pattern=r"Out of call volume quota", status=(403,)),
    rule(K.AUTH_SUSPENDED, "readonlydisabledsubscription"),
    rule(
        K.UNSUPPORTED,
        pattern=r"(?:Azure OpenAI |The )?Responses API is (?:not|only) enabled\b"
        r"|(?:Azure OpenAI |The )?Responses API is enabled only",
        status=(400, 404),
    ),
)

BEDROCK = (
    # https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html and
    # user reports. The name of the exception is in the header `x-amzn-errortype`.
    rule(K.QUOTA_WINDOW, pattern=r"Too many tokens per day", status=(None, 429)),
    rule(K.QUOTA_WINDOW, "servicequotaexceededexception"),
    rule(K.RATE_LIMIT, "throttlingexception"),
    rule(K.CAPACITY, "modelnotreadyexception serviceunavailableexception"),
    rule(
        K.MODEL_NOT_FOUND,
        pattern=r"Invocation of model ID \S{1,200} with on-demand throughput isn.t supported"
        r"|The provided model identifier is invalid"
        r"|Access denied\. This Model is marked by provider as Legacy",
        status=(400, 403, 404),
    ),
    rule(
        K.MODEL_RETIRED,
        pattern=r"This model version has reached the end of its life",
        status=(400, 403, 404),
    ),
    rule(K.PERMISSION, pattern=r"Model use case details have not been submitted", status=(404,)),
    rule(K.PERMISSION, pattern=r"Operation not allowed", status=(400,)),
    rule(
        K.AUTH_INVALID,
        "expiredtokenexception expiredtoken unrecognizedclientexception invalidsignatureexception"
        " missingauthenticationtokenexception invalidclienttokenid incompletesignatureexception",
    ),
    rule(
        K.AUTH_INVALID,
        pattern=r"Bearer Token has expired|Invalid API Key format|Authentication failed",
        status=(403,),
    ),
    rule(K.AUTH_SUSPENDED, pattern=r"Your account (?:has been|is) suspended", status=(403,)),
    rule(
        K.REGION_BLOCKED,
        pattern=r"Access to .{1,40} models is not allowed from unsupported countries",
        status=(400, 403),
    ),
    rule(K.PERMISSION, "accessdeniedexception"),
    rule(K.CONTENT_INPUT, pattern=r"[^:]{0,60}\bblocked by (?:a |the |your )?guardrail"),
    rule(
        K.CONTEXT_OVERFLOW,
        pattern=r"(?:The model returned the following errors: )?Input is too long for requested",
        status=(400,),
    ),
    rule(
        K.UNSUPPORTED,
        pattern=r"The model returned the following errors: `?\w{1,40}`?(?: and `?\w{1,40}`?)?"
        r" (?:cannot both be|is not supported|is deprecated)",
        status=(400,),
    ),
    rule(K.TIMEOUT_RESPONSE, "modeltimeoutexception"),
    rule(K.SERVER_ERROR, "modelerrorexception modelstreamerrorexception internalserverexception"),
)

CEREBRAS = (
    # https://inference-docs.cerebras.ai/support/rate-limits: requests and tokens, minute to day
    rule(K.QUOTA_WINDOW, pattern=r"(?:Requests|Tokens) per day limit exceeded", status=(429,)),
)

DEEPINFRA = (
    # No reference of errors is published; from user reports.
    rule(K.CAPACITY, pattern=r"Model busy, retry later", status=(429,)),
)

FIREWORKS = (
    # https://docs.fireworks.ai/guides/inference-error-codes: 412 is also an adapter that fails
    rule(K.SERVER_ERROR, pattern=r".{0,80}\bLoRA\b", status=(412,)),
)

GOOGLE = (
    # https://ai.google.dev/gemini-api/docs/troubleshooting
    rule(K.AUTH_INVALID, pattern=r"Method doesn't allow unregistered callers", status=(403,)),
    rule(
        K.QUOTA_WINDOW,
        pattern=r"You exceeded your current quota.{0,600}?, limit: 0\b",
        status=(429,),
        until="never",
    ),
    rule(
        K.QUOTA_WINDOW,
        pattern=r"Quota exceeded for quota metric '[^']{1,120}' and limit '[^']{0,120}per day",
        status=(429,),
        until="pacific_day",
    ),
    rule(K.REGION_BLOCKED, "failed_precondition", status=(400,)),
)

GROQ = (
    # https://console.groq.com/docs/errors and …/docs/flex-processing
    rule(K.TOOL_CALL_INVALID, "json_validate_failed output_parse_failed"),
    rule(K.TOOL_CALL_INVALID, pattern=r"Tool call validation failed|Failed to call a function"),
)

MINIMAX = (
    # https://platform.minimax.io/docs/api-reference/errorcode; the message precedes the number.
    rule(K.CONTENT_INPUT, pattern=r"[\w, ]{0,40}input new_sensitive"),
    rule(K.CONTENT_OUTPUT, pattern=r"[\w, ]{0,40}output new_sensitive"),
    rule(K.CONTEXT_OVERFLOW, pattern=r"[\w, ]{0,40}context window exceeds limit"),
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
    # Capacity of the whole service tier, not the user's limit; from user reports.
    rule(K.CAPACITY, "3505"),
)

NOVITA = (
    # https://novita.ai/docs/api-reference/basic-error-code: the code is in `reason`
    rule(K.AUTH_INVALID, "failed_to_auth"),
    rule(K.BILLING, "not_enough_balance"),
    rule(K.RATE_LIMIT, "token_limit_exceeded", status=(429,)),
)

NVIDIA = (
    # No reference of errors is published; from user reports. Each account has models of its own.
    rule(K.AUTH_INVALID, pattern=r"Authorization failed", status=(403,)),
    rule(K.PERMISSION, pattern=r"Function '[^']{1,60}': Not found for account", status=(404,)),
)

OLLAMA = (
    # Limits per hour, session and week; the response does not contain when they end.
    rule(
        K.QUOTA_WINDOW,
        pattern=r"you(?:'ve| \([^)]{1,80}\) have| have) reached your \w+ usage limit",
    ),
)

OPENAI = (
    # https://platform.openai.com/docs/guides/error-codes: 401s that are not the key's fault
    rule(
        K.PERMISSION,
        pattern=r"You must be a member of an organization|.{0,20}IP not authorized"
        r"|You have insufficient permissions for this operation\. Missing scopes",
        status=(401, 403),
    ),
    rule(K.BILLING, pattern=r"You exceeded your current quota", status=(429,)),
)

OPENROUTER = (
    # https://openrouter.ai/docs/api/errors; a 402 with `retry-after` is a rate limit.
    rule(K.INVALID_REQUEST, "invalid_prompt"),
    rule(K.REQUEST_TOO_LARGE, "weight_exceeds_budget"),
    rule(K.RATE_LIMIT, "header:retry_after", status=(402,)),
    rule(K.QUOTA_WINDOW, pattern=r"Rate limit exceeded: free-models-per-day"),
    rule(
        K.PERMISSION,
        pattern=r"No endpoints (?:found|available) matching your (?:data|guardrail|privacy)",
    ),
)

OVHCLOUD = (
    # https://docs.ovhcloud.com/en/guides/public-cloud/ai-machine-learning/ai-endpoints-getting-started
    rule(K.AUTH_INVALID, pattern=r"Authentication Failed", status=(403,)),
)

TOGETHER = (
    # https://docs.together.ai/docs/error-codes
    rule(K.RATE_LIMIT, "credit_limit", status=(429,)),
)

VERTEX = (
    # https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors; user reports
    rule(
        K.MODEL_NOT_FOUND,
        pattern=r"The model \S{1,100} is not servable in region"
        r"|Publisher Model `[^`]{1,300}` (?:was )?not found",
        status=(400, 404),
    ),
    rule(
        K.PERMISSION,
        pattern=r"Project `?[^`\s]{1,100}`? is not allowed to use Publisher Model",
        status=(400, 403),
    ),
    rule(K.REGION_BLOCKED, "failed_precondition", status=(400,)),
    rule(
        K.QUOTA_WINDOW,
        pattern=r"Quota exceeded for quota metric '[^']{1,120}' and limit '[^']{0,120}per day",
        status=(429,),
        until="pacific_day",
    ),
)

WANDB = (
    # https://docs.wandb.ai/support/inference/articles/api-error-code-403-the-inference-gateway
    rule(K.PERMISSION, pattern=r"The inference gateway is not enabled", status=(403,)),
)

XAI = (
    # https://docs.x.ai/developers/debugging
    rule(K.BILLING, "personal_team_blocked:spending_limit"),
    rule(
        K.BILLING,
        pattern=r"Your (?:newly created )?teams?\b.{0,60}?(?:used all available credits"
        r"|have any credits|monthly spending limit)",
    ),
)

ZAI = (
    # https://docs.z.ai/api-reference/api-code and user reports: the status of a 429 alone does not
    # show whether the account is empty, and messages are English or Chinese.
    rule(K.AUTH_INVALID, "1000 1001 1002 1003 1004"),
    rule(K.AUTH_SUSPENDED, "1110 1112 1121"),
    rule(K.BILLING, "1113 1309"),
    rule(K.MODEL_NOT_FOUND, "1211"),
    rule(K.UNSUPPORTED, "1212"),
    rule(K.PERMISSION, "1220 1311"),
    rule(K.CONTEXT_OVERFLOW, "1261"),
    rule(K.CONTENT_INPUT, "1300 1301"),
    rule(K.RATE_LIMIT, "1302 1303 1313"),
    rule(K.CAPACITY, "1305 1312"),
    rule(K.QUOTA_WINDOW, "1304 1308 1310"),
)

PROVIDERS: Mapping[str, tuple[Rule, ...]] = {
    "anthropic": ANTHROPIC,
    "azure": AZURE,
    "azure_anthropic": AZURE,
    "bedrock": BEDROCK,
    "cerebras": CEREBRAS,
    "deepinfra": DEEPINFRA,
    "fireworks": FIREWORKS,
    "google": GOOGLE,
    "groq": GROQ,
    "minimax": MINIMAX,
    "mistral": MISTRAL,
    "novita": NOVITA,
    "nvidia": NVIDIA,
    "ollama": OLLAMA,
    "openai": OPENAI,
    "openrouter": OPENROUTER,
    "ovhcloud": OVHCLOUD,
    "together": TOGETHER,
    "vertex": VERTEX,
    "wandb": WANDB,
    "xai": XAI,
    "zai": ZAI,
}

STATUSES: Mapping[str, Mapping[int, K]] = {
    "fireworks": {412: K.BILLING},  # the account is suspended
    "groq": {498: K.CAPACITY},
    "sambanova": {504: K.CAPACITY},  # the request waited too long in the queue and was not run
    "scaleway": {422: K.MODEL_NOT_FOUND},
    "together": {403: K.CONTEXT_OVERFLOW},
}
"""HTTP statuses with a meaning of their own in a provider's documentation."""

IDLE_WAITS = frozenset({"anthropic", "huggingface"})
"""Providers that send `retry-after` with every 200; it does not belong to an error inside one."""
