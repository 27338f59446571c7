"""How each provider deviates from OpenAI's Responses API: one `ResponsesVariant` for each.

Taken from recorded traffic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scout_adapters.testing.http_messages import Json, TokensSpent


def basic_usage(spent: TokensSpent, _: int | None) -> Json:
    """Return OpenAI's counts; reasoning is part of the output, cached tokens of the input."""
    return {
        "input_tokens": spent.input,
        "input_tokens_details": {"cached_tokens": spent.cached.read},
        "output_tokens": spent.output,
        "output_tokens_details": {"reasoning_tokens": spent.reasoning},
        "total_tokens": spent.input + spent.output,
    }


def xai_usage(spent: TokensSpent, cost: int | None) -> Json:
    """Return xAI's counts with the cost in ticks of 1e-10 USD."""
    tokens = {"input_tokens": spent.input, "output_tokens": spent.output}
    times = spent.tools.times
    usage = basic_usage(spent, cost) | {
        "context_details": tokens,
        "cost_in_usd_ticks": (cost or 0) * 10,
        "num_server_side_tools_used": sum(times.values()),
        "num_sources_used": 0,
    }
    if times:
        usage["server_side_tool_usage_details"] = {
            "web_search_calls": times.get("search", 0),
            "code_interpreter_calls": times.get("code", 0),
        }
    return usage


def openrouter_usage(spent: TokensSpent, cost: int | None) -> Json:
    """Return OpenRouter's counts with the cost in USD."""
    return basic_usage(spent, cost) | {"cost": (cost or 0) / 1e9, "is_byok": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsesVariant:
    """What one provider's responses contain; "keys" are added to a JSON object."""

    usage: Callable[[TokensSpent, int | None], Json] = basic_usage
    """Returns the usage of an answer; the second argument is its cost in nano-dollars."""

    text_keys: Json = field(default_factory=dict)
    """Keys of the field `text`."""

    body_keys: Json = field(default_factory=dict)
    """Keys of a response."""

    whole_keys: Json = field(default_factory=dict)
    """Keys of a response that is not streamed."""

    metadata: Json = field(default_factory=dict)
    """Keys of the response's `metadata`."""

    reasoning_keys: Json = field(default_factory=dict)
    """Keys of reasoning items."""

    delta_keys: Json = field(default_factory=dict)
    """Keys of deltas, without meaning."""

    always_summary: bool = False
    """Whether reasoning has a summary although the request has no option for it."""

    calls_in_one_delta: bool = False
    """Whether a stream contains the arguments of each call in one delta."""

    caches: bool = True
    """Whether long prefixes of prompts are cached and counted."""


OPENAI = ResponsesVariant(
    text_keys={"verbosity": "medium"},
    body_keys={"moderation": None, "prompt_cache_retention": None},
    whole_keys={"billing": {"payer": "developer"}},
    delta_keys={"obfuscation": "Nothing"},
)
XAI = ResponsesVariant(
    usage=xai_usage,
    metadata={"system_fingerprint": "fp_99052e9f23"},
    reasoning_keys={"status": "completed"},
    always_summary=True,
    calls_in_one_delta=True,
)
COMPATIBLE = ResponsesVariant()
OPENROUTER = ResponsesVariant(usage=openrouter_usage)
VARIANTS: Mapping[str, ResponsesVariant] = {
    "azure": ResponsesVariant(
        text_keys={"verbosity": "medium"},
        body_keys={"content_filters": None, "moderation": None},
        delta_keys={"obfuscation": "Nothing"},
    ),
    "openai": OPENAI,
    "openrouter": OPENROUTER,
    "xai": XAI,
}


def variant_of(provider: str) -> ResponsesVariant:
    """Return the variant of a provider; others copy OpenAI without its own fields."""
    return VARIANTS.get(provider, COMPATIBLE)
