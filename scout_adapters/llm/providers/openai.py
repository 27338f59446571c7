"""OpenAI's Chat Completions, documented at https://platform.openai.com/docs/api-reference/chat."""

import hashlib
import re

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ProviderSpec, RateLimitHeaders
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

REASONING = re.compile(r"o[134](-|$)|gpt-[5-9](?!.*chat)")
"""Reasoning models: https://platform.openai.com/docs/guides/reasoning."""


MAX_ID_LENGTH = 40
"""Characters of a tool-call id."""


def _short_id(call_id: str) -> str:
    """Shorten the ids of other providers; `functions.{name}:{number}` may have any length."""
    if len(call_id) <= MAX_ID_LENGTH:
        return call_id
    digest = hashlib.sha256(call_id.encode(errors="surrogatepass")).hexdigest()
    return f"call_{digest[:24]}"


def _adjust(body: Json) -> Json:
    """Drop sampling options that a reasoning model answers with a 400.

    With `reasoning_effort="none"` the model accepts them.
    """
    if REASONING.match(str(body.get("model"))) and body.get("reasoning_effort") != "none":
        if body.get("temperature") != 1:
            body.pop("temperature", None)
        body.pop("top_p", None)
        body.pop("stop", None)
    return body


SPEC = ProviderSpec(
    name="openai",
    docs="https://platform.openai.com/docs/api-reference/chat",
    wire=WIRE,
    base_url="https://api.openai.com/v1",
    default_model="gpt-5-mini",
    models=("gpt-", "chatgpt-", "o1", "o3", "o4"),
    rename={"max_tokens": "max_completion_tokens"},  # reasoning models refuse the old name
    adjust=_adjust,
    header_options={"organization": "OpenAI-Organization", "project": "OpenAI-Project"},
    tool_call_id=_short_id,
    dialect=ChatCompletionsDialect(closed_schemas=True),
    limits=(
        RateLimitHeaders(
            counts="requests",
            remaining="x-ratelimit-remaining-requests",
            reset="x-ratelimit-reset-requests",
        ),
        RateLimitHeaders(
            counts="tokens",
            remaining="x-ratelimit-remaining-tokens",
            reset="x-ratelimit-reset-tokens",
        ),
    ),
    account="openai-organization",
    quirks=(
        "This API does not return reasoning, only the number of its tokens.",
        "Reasoning models refuse `temperature`, `top_p` and `stop`: these are left out for them.",
    ),
)
