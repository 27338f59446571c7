"""Counting tokens and dollars, whichever names they come under."""

from __future__ import annotations

from typing import Any

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json, is_number, mapping
from scout_adapters.llm.wires.parsing import usage_metadata

TICKS_PER_USD = 10_000_000_000
"""xAI's unit of money: https://docs.x.ai/developers/cost-tracking."""


def usage_of(usage: Json) -> UsageMetadata | None:
    """Count tokens; None where a provider sent no counts, or MiniMax's `{"total_tokens": 0}`."""
    asked = _known(usage.get("prompt_tokens"), usage.get("input_tokens"))
    answered = _known(usage.get("completion_tokens"), usage.get("output_tokens"))
    if asked is None and answered is None:
        return None
    inputs, outputs = _input_details(usage), _output_details(usage)
    asked, answered = asked or 0, answered or 0
    total = _known(usage.get("total_tokens"))
    apart = (total or 0) - asked - answered
    # LangChain's counts include everything. xAI counts thoughts beside completion_tokens, Mistral
    # counts audio beside prompt_tokens; their own total tells.
    if apart > 0 and apart == outputs["reasoning"]:
        answered += apart
    elif apart > 0 and apart == inputs["audio"]:
        asked += apart
    if inputs["cache_read"] is not None:
        # Azure's Grok and early Mistral report more cached tokens than the prompt had.
        inputs["cache_read"] = min(inputs["cache_read"], asked)
    return usage_metadata(asked, answered, inputs=inputs, outputs=outputs, total_tokens=total)


def _input_details(usage: Json) -> dict[str, int | None]:
    details = mapping(usage.get("prompt_tokens_details") or usage.get("input_tokens_details"))
    return {
        "cache_read": _known(
            details.get("cached_tokens"),
            usage.get("prompt_cache_hit_tokens"),  # DeepSeek
            usage.get("cached_tokens"),  # Together, Moonshot
            usage.get("num_cached_tokens"),  # Mistral
            usage.get("cache_read_input_tokens"),  # Databricks, Venice
        ),
        "cache_creation": _known(
            details.get("cache_write_tokens"), usage.get("cache_creation_input_tokens")
        ),
        "audio": _known(details.get("audio_tokens")),
    }


def _output_details(usage: Json) -> dict[str, int | None]:
    details = mapping(usage.get("completion_tokens_details") or usage.get("output_tokens_details"))
    return {
        "reasoning": _known(details.get("reasoning_tokens"), usage.get("reasoning_tokens")),
        "audio": _known(details.get("audio_tokens")),
    }


def _known(*values: Any) -> int | None:
    for value in values:
        if is_number(value):
            return int(value)
    return None


def dollars(body: Json, usage: Json) -> float | None:
    """Return what the provider says that the call cost, in USD; None where it does not say."""
    if ticks := _amount(usage.get("cost_in_usd_ticks")):  # Azure's Grok sends 0, which is not true
        return ticks / TICKS_PER_USD
    cost = usage.get("cost")
    if isinstance(cost, dict):  # https://docs.perplexity.ai/api-reference/chat-completions-post
        return _amount(cost.get("total_cost"))
    if cost is None:
        return _amount(mapping(body.get("cost")).get("usd"))  # Venice
    charged = _amount(cost)
    if charged is None or usage.get("is_byok") is not True:
        return charged
    # OpenRouter with the user's own upstream key charges its fee; the upstream bills the rest.
    # https://openrouter.ai/docs/use-cases/usage-accounting
    upstream = _amount(mapping(usage.get("cost_details")).get("upstream_inference_cost"))
    return None if upstream is None else charged + upstream


def _amount(value: Any) -> float | None:
    return float(value) if is_number(value) else None
