"""OpenAI over Chat Completions and the Responses API.

https://platform.openai.com/docs/api-reference/chat and .../responses
"""

import hashlib
import re

from scout_adapters._internal.json_values import Json, mapping
from scout_adapters.llm.types import (
    OPENAI_LIMITS,
    EmbeddingsApi,
    PromptCaching,
    ProviderSpec,
    SecondWire,
)
from scout_adapters.llm.wires import openai_responses
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

REASONING = re.compile(r"o[134](-|$)|gpt-[5-9](?!.*chat)")
"""Reasoning models: https://platform.openai.com/docs/guides/reasoning."""

RESPONSES_ONLY = re.compile(
    r"gpt-5\.6-sol|o[134]-pro|gpt-[5-9](\.\d+)?-pro|o[34](-mini)?-deep-research|.*codex|computer-use-"
)
"""Models that Chat Completions does not have: https://platform.openai.com/docs/models. LangChain's
`ChatOpenAI` sends `gpt-5.6-sol` over Responses only, too."""

TOOLS_OVER_RESPONSES = re.compile(r"gpt-(5\.([4-9]|\d\d)|[6-9]|\d\d)(?!.*chat)")
"""Since GPT-5.4, Chat Completions refuses function tools of models that reason: "To use function
tools, use /v1/responses or set reasoning_effort to 'none'"."""

CHAT_ONLY = frozenset({"frequency_penalty", "logit_bias", "n", "presence_penalty", "seed"})
"""Options of Chat Completions that the Responses API answers with a 400, and can do without."""

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

    With the effort "none" the model accepts them.
    """
    effort = body.get("reasoning_effort") or mapping(body.get("reasoning")).get("effort")
    if REASONING.match(str(body.get("model"))) and effort != "none":
        if body.get("temperature") != 1:
            body.pop("temperature", None)
        body.pop("top_p", None)
        body.pop("stop", None)
    return body


SECOND = SecondWire(
    wire=openai_responses.WIRE,
    models=RESPONSES_ONLY,
    models_with_tools=TOOLS_OVER_RESPONSES,
    drop=CHAT_ONLY,
    adjust=_adjust,
)

SPEC = ProviderSpec(
    name="openai",
    docs="https://platform.openai.com/docs/api-reference/chat",
    wire=WIRE,
    base_url="https://api.openai.com/v1",
    default_model="gpt-6-luna",
    models=("gpt-", "chatgpt-", "o1", "o3", "o4", "text-embedding-"),
    rename={"max_tokens": "max_completion_tokens"},  # reasoning models refuse the old name
    adjust=_adjust,
    second=SECOND,
    # https://platform.openai.com/docs/api-reference/embeddings/create
    embeddings=EmbeddingsApi(
        max_inputs=2048,
        max_tokens=300_000,
        base64=True,
        takes_empty=False,
        body_fields=frozenset({"user"}),
    ),
    header_options={"organization": "OpenAI-Organization", "project": "OpenAI-Project"},
    tool_call_id=_short_id,
    dialect=ChatCompletionsDialect(closed_schemas=True),
    # https://platform.openai.com/docs/guides/prompt-caching
    prompt_caching=PromptCaching(key_field="prompt_cache_key"),
    limits=OPENAI_LIMITS,
    account="openai-organization",
    quirks=(
        "The Responses API takes over for tools since GPT-5.4, hosted tools and models of its own.",
        "Chat Completions does not return reasoning, only the number of its tokens.",
        "Reasoning models refuse `temperature`, `top_p` and `stop`: these are left out for them.",
    ),
)
