"""xAI's Grok, documented at https://docs.x.ai/docs/api-reference."""

import re

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import PromptCaching, ProviderSpec, RateLimitHeaders, SecondWire
from scout_adapters.llm.wires import openai_responses
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

REASONING = re.compile(r"grok-(3-mini|[4-9]|code|build)(?!.*non-reasoning)")
"""Reasoning models."""

REFUSED_IF_REASONING = ("frequency_penalty", "presence_penalty", "stop")
"""Options that reasoning models answer with a 400: https://docs.x.ai/docs/guides/reasoning."""


def _adjust(body: Json) -> Json:
    if REASONING.match(str(body.get("model"))):
        for name in REFUSED_IF_REASONING:
            body.pop(name, None)
    return body


SPEC = ProviderSpec(
    name="xai",
    docs="https://docs.x.ai/docs/api-reference",
    wire=WIRE,
    base_url="https://api.x.ai/v1",
    default_model="grok-4.3",
    models=("grok-",),
    prices="x-ai",
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    second=SecondWire(
        wire=openai_responses.WIRE,
        models=re.compile(r"grok-4\.\d+-multi-agent"),
        drop=frozenset({"frequency_penalty", "logit_bias", "n", "presence_penalty", "seed"}),
        prompt_caching=PromptCaching(key_field="prompt_cache_key"),
    ),
    adjust=_adjust,
    body_fields=frozenset({"deferred", "search_parameters"}),
    # https://docs.x.ai/developers/advanced-api-usage/prompt-caching/maximizing-cache-hits
    prompt_caching=PromptCaching(key_header="x-grok-conv-id"),
    limits=(
        RateLimitHeaders(counts="requests", remaining="x-ratelimit-remaining-requests", window=60),
        RateLimitHeaders(counts="tokens", remaining="x-ratelimit-remaining-tokens", window=60),
    ),
    unlimited_reasoning=re.compile(r"grok-(?!.*non-reasoning)"),
    embeddings=False,
    quirks=(
        "The Responses API takes over for hosted tools such as `x_search` and multi-agent models.",
        "An invalid key is a 400, an empty account a 403 or 429; the message distinguishes them.",
        "Reasoning models refuse `stop` and penalties: these are left out for them.",
        "Reasoning tokens are billed in addition to `completion_tokens`; they count as output.",
    ),
)
