"""Token counts of an answer, and its cost where a gateway reports one.

https://platform.claude.com/docs/en/api/messages/create
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import amount, count, is_count, mapping
from scout_adapters.llm.wires.parsing import usage_metadata


def usage_of(usage: Any) -> UsageMetadata | None:
    """Return the token counts in LangChain's form: all input together, and its cached parts."""
    if not isinstance(usage, dict) or not {"input_tokens", "output_tokens"} & usage.keys():
        return None
    cache_read = _optional_count(usage, "cache_read_input_tokens")
    cache_writes = _optional_count(usage, "cache_creation_input_tokens")
    by_lifetime = mapping(usage.get("cache_creation"))
    writes_5m = _optional_count(by_lifetime, "ephemeral_5m_input_tokens")
    writes_1h = _optional_count(by_lifetime, "ephemeral_1h_input_tokens")
    known = (writes_5m or 0) + (writes_1h or 0)
    # Each written token counts once: by its lifetime if that is known, else as `cache_creation`.
    rest = cache_writes if known == 0 else max(0, (cache_writes or 0) - known)
    details = mapping(usage.get("output_tokens_details"))
    return usage_metadata(
        count(usage.get("input_tokens")) + (cache_read or 0) + known + (rest or 0),
        count(usage.get("output_tokens")),
        inputs={
            "cache_read": cache_read,
            "cache_creation": rest,
            "ephemeral_5m_input_tokens": writes_5m,
            "ephemeral_1h_input_tokens": writes_1h,
        },
        outputs={"reasoning": _optional_count(details, "thinking_tokens")},
    )


def _optional_count(counts: Mapping[str, Any], name: str) -> int | None:
    """Return a count; None if it was not sent."""
    value = counts.get(name)
    return count(value) if is_count(value) else None


def dollars(usage: Mapping[str, Any]) -> float | None:
    """Return the cost in USD that a gateway reports; Anthropic itself reports none.

    With the user's own upstream key, OpenRouter reports its fee; the upstream bills the rest.
    https://openrouter.ai/docs/use-cases/usage-accounting
    """
    parts = [usage.get("cost")]
    if usage.get("is_byok") is True:
        parts.append(mapping(usage.get("cost_details")).get("upstream_inference_cost"))
    known = [figure for part in parts if (figure := amount(part)) is not None]
    if len(known) < len(parts):
        return None
    return next((figure for figure in known if figure < 0), sum(known))
