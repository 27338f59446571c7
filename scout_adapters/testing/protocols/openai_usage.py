"""The `usage` of each provider: the same counts with its own names and sums.

Names and sums are taken from recorded traffic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scout_adapters.testing.http_messages import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageCounts:
    """The tokens of one answer, of which each provider's `usage` is made.

    `cost`: nano-dollars of the whole answer as (input, output); None if the provider states none.
    """

    prompt: int
    completion: int
    reasoning: int = 0
    audio: int = 0
    cached: int = 0
    cost: tuple[int, int] | None = None


def basic(counts: UsageCounts) -> Json:
    """Return prompt, completion and total."""
    return {
        "prompt_tokens": counts.prompt,
        "completion_tokens": counts.completion,
        "total_tokens": counts.prompt + counts.completion,
    }


def cached(counts: UsageCounts) -> Json:
    """Return the counts with the tokens read from the prompt cache."""
    return {**basic(counts), "prompt_tokens_details": {"cached_tokens": counts.cached}}


def openai(counts: UsageCounts) -> Json:
    """Return OpenAI's counts by kind."""
    return {
        **basic(counts),
        "prompt_tokens_details": {"cached_tokens": counts.cached, "audio_tokens": counts.audio},
        "completion_tokens_details": {
            "reasoning_tokens": counts.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def with_reasoning(counts: UsageCounts) -> Json:
    """Return the counts with reasoning, if there is some."""
    usage = cached(counts)
    if counts.reasoning:
        usage["completion_tokens_details"] = {"reasoning_tokens": counts.reasoning}
    return usage


def groq(counts: UsageCounts) -> Json:
    """Return Groq's tokens and seconds."""
    usage = {"queue_time": 0.005, **basic(counts), "prompt_time": 0.01}
    usage |= {"completion_time": 0.09, "total_time": 0.1}
    if counts.reasoning:
        usage["completion_tokens_details"] = {"reasoning_tokens": counts.reasoning}
    if counts.cached:
        usage["prompt_tokens_details"] = {"cached_tokens": counts.cached}
    return usage


def deepseek(counts: UsageCounts) -> Json:
    """Return DeepSeek's counts with cache hits and misses."""
    misses = {
        "prompt_cache_hit_tokens": counts.cached,
        "prompt_cache_miss_tokens": counts.prompt - counts.cached,
    }
    return with_reasoning(counts) | misses


def xai(counts: UsageCounts) -> Json:
    """Return xAI's counts: reasoning is part of the total, not of the completion tokens."""
    usage = openai(counts) | {"completion_tokens": counts.completion - counts.reasoning}
    details = {"text_tokens": counts.prompt, "audio_tokens": 0, "image_tokens": 0}
    usage["prompt_tokens_details"] = details | {"cached_tokens": counts.cached}
    ticks = {} if counts.cost is None else {"cost_in_usd_ticks": sum(counts.cost) * 10}
    return usage | {"num_sources_used": 0} | ticks


def openrouter(counts: UsageCounts) -> Json:
    """Return OpenRouter's tokens and dollars."""
    spent = counts.cost or (0, 0)
    usd = sum(spent) / 1e9
    return {
        **basic(counts),
        "cost": usd,
        "is_byok": False,
        "prompt_tokens_details": {
            "cached_tokens": counts.cached,
            "cache_write_tokens": 0,
            "audio_tokens": counts.audio,
            "video_tokens": 0,
        },
        "cost_details": {
            "upstream_inference_cost": usd,
            "upstream_inference_prompt_cost": spent[0] / 1e9,
            "upstream_inference_completions_cost": spent[1] / 1e9,
        },
        "completion_tokens_details": {
            "reasoning_tokens": counts.reasoning,
            "image_tokens": 0,
            "audio_tokens": 0,
        },
    }


def minimax(counts: UsageCounts) -> Json:
    """Return MiniMax's tokens and characters."""
    usage = {"total_characters": 0, **cached(counts)}
    return usage | {"completion_tokens_details": {"reasoning_tokens": counts.reasoning}}
