"""Token counts of an answer, and its cost where a gateway reports one.

https://platform.claude.com/docs/en/api/messages/create
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json, amount, count, is_count, mapping
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


PROMPT_FIELDS = frozenset(
    {"input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation"}
)


def newer_counts(known: Mapping[str, Any], new: Mapping[str, Any]) -> Json:
    """Return the token counts of a stream after an event with `new` ones.

    They are running totals. Counts of the prompt are replaced together, unless that would make the
    prompt shorter: some servers send zeros in `message_delta`. A new number of written tokens
    voids the earlier breakdown by lifetime.
    """
    fresh = {name: value for name, value in new.items() if value is not None}
    merged = {**known, **fresh}
    written = "cache_creation_input_tokens"
    if merged.get(written) != known.get(written) and "cache_creation" not in fresh:
        merged.pop("cache_creation", None)
    if prompt_tokens(merged) < prompt_tokens(known):
        merged = {name: value for name, value in merged.items() if name not in PROMPT_FIELDS}
        merged |= {name: known[name] for name in PROMPT_FIELDS & known.keys()}
    if count(merged.get("output_tokens")) < count(known.get("output_tokens")):
        merged["output_tokens"] = known["output_tokens"]
    return merged


def prompt_tokens(counts: Mapping[str, Any]) -> int:
    """Return all tokens of the prompt, cached ones included."""
    usage = usage_of(counts)
    return usage["input_tokens"] if usage else 0


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
