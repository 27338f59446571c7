"""Names of attributes and metrics, and the boundaries of histograms.

`gen_ai.*`, `error.*`, `server.*` and `http.*` are those of OpenTelemetry:
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ and
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/. They are written out here, as
the package with the constants (opentelemetry-semantic-conventions) changes them between releases;
the tests compare them. `scout.*` are ours.
"""

from __future__ import annotations

from collections.abc import Mapping

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
CONVERSATION = "gen_ai.conversation.id"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_STREAM = "gen_ai.request.stream"
RESPONSE_MODEL = "gen_ai.response.model"
RESPONSE_ID = "gen_ai.response.id"
FINISH_REASONS = "gen_ai.response.finish_reasons"
FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE_TOKENS = "gen_ai.usage.cache_creation.input_tokens"
REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens"
COST = "gen_ai.usage.cost"
"""US dollars. Not yet in the conventions; Langfuse and others read a cost under this name."""

INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"
TOKEN_TYPE = "gen_ai.token.type"  # noqa: S105  # no password
ERROR_TYPE = "error.type"
"""Of a call the exception's class, of an attempt its `ErrorKind`; `cancelled` if it was left."""

STATUS_CODE = "http.response.status_code"

ATTEMPTS = "scout.attempts"
ATTEMPT = "scout.attempt.number"
KEY = "scout.key.id"
"""The key's fingerprint."""

ATTEMPT_PROVIDER = "scout.attempt.provider"
ATTEMPT_MODEL = "scout.attempt.model"
OUTCOME = "scout.attempt.outcome"
REASON = "scout.attempt.reason"
WAITED = "scout.attempt.waited_s"
RETRY_AFTER = "scout.attempt.retry_after_s"
ATTEMPT_COST = "scout.attempt.cost_usd"
CACHED = "scout.cached"
"""True for an answer of LangChain's cache."""

USER = "user.id"
KIND_OF_SWITCH = "scout.switch.kind"
"""`retry` (the same key), `key_rotation` (another key) or `failover` (another candidate)."""

KIND_OF_TOKENS = "scout.token.kind"
"""`cache_read`, `cache_write` or `reasoning`."""

KEY_STATE = "scout.key.state"
"""`ready`, `resting` or `quarantined`."""

DURATION_METRIC = "gen_ai.client.operation.duration"
TOKENS_METRIC = "gen_ai.client.token.usage"
FIRST_CHUNK_METRIC = "gen_ai.client.operation.time_to_first_chunk"
COST_METRIC = "scout.client.cost"
TOKEN_KINDS_METRIC = "scout.client.token.kinds"  # noqa: S105  # no password
ATTEMPTS_METRIC = "scout.client.attempts"
SWITCHES_METRIC = "scout.client.switches"
KEYS_METRIC = "scout.keys"
CIRCUITS_METRIC = "scout.circuits.open"

DURATION_BUCKETS = tuple(2**power / 100 for power in range(14))
"""Seconds: 0.01 to 81.92. These and the next boundaries are those in the conventions."""

TOKEN_BUCKETS = tuple(4**power for power in range(14))
"""Tokens: 1 to 67,108,864."""

CALL_FIELDS: Mapping[str, str] = {
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "seed": "gen_ai.request.seed",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
}
"""Attributes of a request by the name in LangChain's `invocation_params`."""

RUN_FIELDS: Mapping[str, str] = {
    "ls_temperature": "gen_ai.request.temperature",
    "ls_max_tokens": "gen_ai.request.max_tokens",
    "ls_stop": "gen_ai.request.stop_sequences",
}
"""Attributes of a request by the name in the run's metadata."""

PROVIDER_NAMES: Mapping[str, str] = {
    "google": "gcp.gemini",
    "google_genai": "gcp.gemini",
    "vertex": "gcp.vertex_ai",
    "google_vertexai": "gcp.vertex_ai",
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "amazon_bedrock": "aws.bedrock",
    "bedrock_converse": "aws.bedrock",
    "mistral": "mistral_ai",
    "mistralai": "mistral_ai",
    "xai": "x_ai",
}
"""By our or LangChain's name of a provider: its name in the conventions, if that differs."""


def provider_name(provider: str) -> str:
    """Return a provider's name in the conventions; `provider` itself if they have none."""
    return PROVIDER_NAMES.get(provider, provider)
