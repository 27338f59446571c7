"""Token counts and cost in dollars, under the names that different providers use."""

from __future__ import annotations

from typing import Any

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json, amount, is_count, mapping, objects
from scout_adapters.llm.wires.parsing import usage_metadata

TICKS_PER_USD = 10_000_000_000
"""Ticks per US dollar, xAI's unit of cost: https://docs.x.ai/developers/cost-tracking."""


def usage_of(usage: Json) -> UsageMetadata | None:
    """Return the token counts; None without counts of a prompt.

    MiniMax sends `{"total_tokens": 0}`, others zeros: no answer has a prompt of no tokens.
    """
    prompt_tokens = _first_count(usage.get("prompt_tokens"), usage.get("input_tokens"))
    completion_tokens = _first_count(usage.get("completion_tokens"), usage.get("output_tokens"))
    if not prompt_tokens and not completion_tokens:
        return None
    inputs, outputs = _input_details(usage), _output_details(usage)
    total = _first_count(usage.get("total_tokens"))
    if completion_tokens is None and total:  # or the prompt's count, in the other case
        completion_tokens = max(0, total - (prompt_tokens or 0))
    elif prompt_tokens is None and total:
        prompt_tokens = max(0, total - (completion_tokens or 0))
    input_tokens, output_tokens = prompt_tokens or 0, completion_tokens or 0
    missing = (total or 0) - input_tokens - output_tokens
    # LangChain's counts include everything. xAI does not include reasoning in completion_tokens,
    # Mistral does not include audio in prompt_tokens, and Cerebras does not include images: their
    # total shows what is missing.
    if missing > 0 and missing == outputs["reasoning"]:
        output_tokens += missing
    elif missing > 0 and (
        missing == inputs["audio"] or outputs["reasoning"] == 0 or "prompt_audio_seconds" in usage
    ):
        input_tokens += missing
    return usage_metadata(
        input_tokens, output_tokens, inputs=inputs, outputs=outputs, total_tokens=total
    )


def _input_details(usage: Json) -> dict[str, int | None]:
    details = mapping(usage.get("prompt_tokens_details") or usage.get("input_tokens_details"))
    return {
        "cache_read": _first_count(
            details.get("cached_tokens"),
            usage.get("prompt_cache_hit_tokens"),  # DeepSeek
            usage.get("cached_tokens"),  # Together, Moonshot
            usage.get("num_cached_tokens"),  # Mistral
            usage.get("cache_read_input_tokens"),  # Databricks, Venice
        ),
        "cache_creation": _first_count(
            details.get("cache_write_tokens"), usage.get("cache_creation_input_tokens")
        ),
        "audio": _first_count(details.get("audio_tokens")),
    }


def _output_details(usage: Json) -> dict[str, int | None]:
    details = mapping(usage.get("completion_tokens_details") or usage.get("output_tokens_details"))
    return {
        "reasoning": _first_count(details.get("reasoning_tokens"), usage.get("reasoning_tokens")),
        "audio": _first_count(details.get("audio_tokens")),
    }


def usage_by_model(body: Json) -> list[Json]:
    """Return the counts of each model that Groq's Compound called; empty for other answers.

    https://console.groq.com/docs/compound#pricing
    """
    breakdown = body.get("usage_breakdown")
    if not breakdown:
        return []
    counted = [
        {"model": entry.get("model"), "usage": usage_of(mapping(entry.get("usage")))}
        for entry in objects(mapping(breakdown).get("models"))
    ]
    complete = all(isinstance(entry["model"], str) and entry["usage"] for entry in counted)
    return counted if complete else []


def _first_count(*values: Any) -> int | None:
    for value in values:
        if is_count(value):
            return int(value)
    return None


def _first_amount(*values: Any) -> float | None:
    amounts = (amount(value) for value in values)
    return next((value for value in amounts if value is not None), None)


def dollars(body: Json, usage: Json) -> float | None:
    """Return the cost in USD that the provider reports; None if it reports none."""
    if ticks := amount(usage.get("cost_in_usd_ticks")):  # Azure's Grok sends 0, which is wrong
        return ticks / TICKS_PER_USD
    cost = usage.get("cost")
    if isinstance(cost, dict):  # https://docs.perplexity.ai/api-reference/chat-completions-post
        return _first_amount(cost.get("total_cost"), cost.get("usd"))  # Charm: usd
    if cost is None:
        if "cost" not in body and "estimated_cost" not in usage:
            return None
        # Venice, and HuggingFace
        return _first_amount(mapping(body.get("cost")).get("usd"), usage.get("estimated_cost"))
    charged = amount(cost)
    if charged is None or charged < 0 or usage.get("is_byok") is not True:
        return charged
    # With the user's own upstream key, OpenRouter reports its fee; the upstream bills the rest.
    # https://openrouter.ai/docs/use-cases/usage-accounting
    upstream = amount(mapping(usage.get("cost_details")).get("upstream_inference_cost"))
    return upstream if upstream is None or upstream < 0 else charged + upstream
