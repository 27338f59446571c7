"""Count the tokens of an answer.

https://ai.google.dev/api/generate-content#UsageMetadata
"""

from __future__ import annotations

from typing import Any

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json, count, mapping, objects
from scout_adapters.llm.wires.parsing import usage_metadata


def usage_of(metadata: Any) -> UsageMetadata | None:
    """Return the tokens in `usageMetadata`; None if it has none.

    Thoughts count as output; what tools add to the prompt counts as input.
    """
    counts = mapping(metadata)
    input_tokens = count(counts.get("promptTokenCount")) + count(
        counts.get("toolUsePromptTokenCount")
    )
    output_tokens = count(counts.get("candidatesTokenCount")) + count(
        counts.get("thoughtsTokenCount")
    )
    total = count(counts.get("totalTokenCount"))
    if not (input_tokens or output_tokens or total):
        return None
    input_tokens = input_tokens or max(0, total - output_tokens)  # sometimes only the total is sent
    return usage_metadata(
        input_tokens,
        output_tokens,
        inputs={
            "audio": _audio_tokens(counts.get("promptTokensDetails")),
            "cache_read": _optional_count(counts, "cachedContentTokenCount"),
        },
        outputs={
            "audio": _audio_tokens(counts.get("candidatesTokensDetails")),
            "reasoning": _optional_count(counts, "thoughtsTokenCount"),
        },
        total_tokens=total or None,
    )


def _optional_count(counts: Json, name: str) -> int | None:
    """Return a count; None if it was not sent."""
    return None if counts.get(name) is None else count(counts[name])


def _audio_tokens(details: Any) -> int | None:
    """Return the audio tokens among the counts by modality; None if there are none."""
    tokens = [
        count(detail.get("tokenCount"))
        for detail in objects(details)
        if detail.get("modality") == "AUDIO"
    ]
    return sum(tokens) if tokens else None
