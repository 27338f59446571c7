"""From an answer's body to a message, in the shape that ChatAnthropic gives it.

https://platform.claude.com/docs/en/api/messages/create
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage, InvalidToolCall, ToolCall
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json, count, is_number, mapping
from scout_adapters.errors import ProviderRefusal, malformed
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.parsing import require, tool_call, usage_metadata

NULLABLE = frozenset({"citations", "caller"})
"""What answers name even where there is none, and the API does not take back as null."""

PROMISED: Mapping[str, Mapping[str, type]] = {
    "text": {"text": str, "citations": list},
    "thinking": {"thinking": str, "signature": str},
    "tool_use": {"id": str, "name": str},
    "server_tool_use": {"id": str, "name": str, "input": dict},
    "mcp_tool_use": {"id": str, "name": str, "input": dict},
    "compaction": {"content": str},
}
"""Fields that LangChain reads and merges without a look at what they are."""

KEPT = ("container", "context_management", "stop_details", "diagnostics", "input_transformations")
"""Fields of an answer that are worth remembering, where they are not null."""

COUNTED = frozenset(
    {
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
        "cache_creation",
        "output_tokens_details",
        "service_tier",
    }
)
"""Fields of `usage` that have a place of their own in a message."""


def parse_response(body: Json, spec: ProviderSpec) -> AIMessage:
    """Read a whole answer; raises `ProviderRefusal` and `MalformedResponse`."""
    refuse_in_band(body)
    content = [tidy_block(block) for block in require(body, "content", list)]
    calls = [call_of(block) for block in content if block["type"] == "tool_use"]
    return AIMessage(
        content=_content(content),
        tool_calls=[call for call in calls if call["type"] == "tool_call"],
        invalid_tool_calls=[call for call in calls if call["type"] == "invalid_tool_call"],
        usage_metadata=usage_of(body.get("usage")),
        response_metadata={
            "model_provider": spec.maker,
            **model_names(body),
            **end_metadata(body, body),
        },
        id=text_or_none(body.get("id")),
    )


def refuse_in_band(body: Any) -> None:
    """Raise `ProviderRefusal` for an error in an answer's place; MiniMax has its own form."""
    if not isinstance(body, dict):
        raise malformed(f"expected an object, found {type(body).__name__}")
    status = mapping(body.get("base_resp")).get("status_code")
    if body.get("type") == "error" or body.get("error") or status:
        raise ProviderRefusal(body)


def tidy_block(block: Any) -> Json:
    """Check what readers of messages rely on; blocks of kinds yet to come pass as they are."""
    kind = require(block, "type", str)
    if block.get("id") is not None:
        require(block, "id", str)  # LangChain merges by it, in blocks of any kind
    for name, form in PROMISED.get(kind, {}).items():
        if block.get(name) is not None or name == "text":
            require(block, name, form)
    if kind == "text":
        for citation in block.get("citations") or ():
            require(citation, "type", str)
    return {key: value for key, value in block.items() if value is not None or key not in NULLABLE}


def call_of(block: Json) -> ToolCall | InvalidToolCall:
    """Read a tool call."""
    return tool_call(require(block, "name", str), block.get("input"), text_or_none(block.get("id")))


def text_or_none(value: Any) -> str | None:
    """Return a name that may be missing."""
    return value if isinstance(value, str) else None


def _content(blocks: list[Json]) -> str | list[str | Json]:
    if len(blocks) == 1 and blocks[0]["type"] == "text" and not blocks[0].get("citations"):
        return str(blocks[0]["text"])
    return [*blocks]


def model_names(body: Mapping[str, Any]) -> Json:
    """Say which answer of which model it is, as far as that is known, by both of its names."""
    model = body.get("model")
    found = {"id": body.get("id"), "model_name": model, "model": model}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def end_metadata(end: Mapping[str, Any], body: Mapping[str, Any]) -> Json:
    """Say how the answer ended and what is known of its price besides tokens."""
    usage = mapping(body.get("usage"))
    found = {name: end[name] for name in ("stop_reason", "stop_sequence") if name in end}
    found |= {name: end[name] for name in KEPT if end.get(name) is not None}
    if usage:
        found["usage"] = usage  # as it came, where ChatAnthropic puts it
    if usage.get("service_tier") is not None:
        found["service_tier"] = usage["service_tier"]
    more = {key: value for key, value in usage.items() if value is not None and key not in COUNTED}
    if more:
        found["usage_extra"] = more
    if (dollars := _dollars(usage)) is not None:
        found["provider_cost_usd"] = dollars
    return found


def _dollars(usage: Mapping[str, Any]) -> float | None:
    """Return what the call cost, where a gateway says so; Anthropic itself does not.

    OpenRouter with a key of one's own charges its fee; the rest is billed upstream.
    https://openrouter.ai/docs/use-cases/usage-accounting
    """
    parts = [usage.get("cost")]
    if usage.get("is_byok") is True:
        parts.append(mapping(usage.get("cost_details")).get("upstream_inference_cost"))
    known = [float(part) for part in parts if is_number(part)]
    return sum(known) if len(known) == len(parts) else None


def usage_of(usage: Any) -> UsageMetadata | None:
    """Count tokens as LangChain does: all input together, and what part of it was cached."""
    if not isinstance(usage, dict) or not {"input_tokens", "output_tokens"} & usage.keys():
        return None
    read = _known(usage, "cache_read_input_tokens")
    written = _known(usage, "cache_creation_input_tokens")
    lifetimes = mapping(usage.get("cache_creation"))
    short = _known(lifetimes, "ephemeral_5m_input_tokens")
    long = _known(lifetimes, "ephemeral_1h_input_tokens")
    by_lifetime = (short or 0) + (long or 0)
    # Written tokens are told once: by lifetime where it is known, and the rest, if any, without.
    rest = written if by_lifetime == 0 else max(0, (written or 0) - by_lifetime)
    return usage_metadata(
        count(usage.get("input_tokens")) + (read or 0) + by_lifetime + (rest or 0),
        count(usage.get("output_tokens")),
        inputs={
            "cache_read": read,
            "cache_creation": rest,
            "ephemeral_5m_input_tokens": short,
            "ephemeral_1h_input_tokens": long,
        },
        outputs={
            "reasoning": _known(mapping(usage.get("output_tokens_details")), "thinking_tokens")
        },
    )


def _known(counts: Mapping[str, Any], name: str) -> int | None:
    """Return a count, or None where there is none."""
    value = counts.get(name)
    return count(value) if is_number(value) else None
