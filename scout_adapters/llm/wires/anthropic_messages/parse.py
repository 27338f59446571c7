"""Parse a whole answer into a message of the form that ChatAnthropic gives it.

https://platform.claude.com/docs/en/api/messages/create
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage, InvalidToolCall, ToolCall

from scout_adapters._internal.json_values import Json, mapping
from scout_adapters.errors import ProviderRefusal, malformed
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.anthropic_messages.usage import dollars, usage_of
from scout_adapters.llm.wires.parsing import (
    MAX_CALLS,
    check_blocks,
    dump_json,
    end_of_cut,
    is_bare_error,
    newer_usage,
    require,
    tool_call,
)

NULLABLE = frozenset({"citations", "caller"})
"""Fields that answers have as null, and that the API does not accept back as null."""

FIELD_TYPES: Mapping[str, Mapping[str, type]] = {
    "text": {"text": str, "citations": list},
    "thinking": {"thinking": str, "signature": str},
    "tool_use": {"id": str, "name": str},
    "server_tool_use": {"id": str, "name": str, "input": dict},
    "mcp_tool_use": {"id": str, "name": str, "input": dict},
    "compaction": {"content": str},
}
"""Types of fields, by type of block, that LangChain reads and merges without checking them."""

GUARDRAIL_FIELDS = ("amazon-bedrock-guardrailAction", "amazon-bedrock-trace")
"""Fields beside an answer over which a guardrail of Bedrock ran: `INTERVENED` and its reasons.
https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use.html"""

METADATA_FIELDS = (
    *GUARDRAIL_FIELDS,
    "container",
    "context_management",
    "stop_details",
    "diagnostics",
    "input_transformations",
)
"""Fields of an answer that `response_metadata` has if they are not null."""

CUT_REASONS = ("max_tokens", "model_context_window_exceeded", "refusal")
"""Stop reasons of an answer whose last block may be incomplete.
https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons"""

NO_INPUT = frozenset({"", "{}", "null"})
"""Input of a call without arguments, as JSON text; some gateways begin every call with it."""

USAGE_FIELDS = frozenset(
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
"""Fields of `usage` that other parts of a message contain; the rest goes to `usage_extra`."""


def parse_response(body: Json, spec: ProviderSpec) -> AIMessage:
    """Parse a whole answer.

    Raises:
        ProviderRefusal: The body is an error, although the status was 200.
        MalformedResponse: A documented field is missing or has another type.
    """
    raise_if_refused(body)
    blocks = require(body, "content", list)
    check_blocks(len(blocks), MAX_CALLS)
    if not blocks and "stop_reason" in body and body["stop_reason"] is None:
        raise malformed("the answer has neither content nor a stop reason")
    content = [checked_block(block) for block in blocks]
    calls = [parse_tool_call(block) for block in content if block["type"] == "tool_use"]
    if body.get("stop_reason") in CUT_REASONS and calls and is_cut(content[-1]):
        calls[-1] = parse_tool_call(content[-1] | {"input": end_of_cut("")})
    return AIMessage(
        content=message_content(content),
        tool_calls=[call for call in calls if call["type"] == "tool_call"],
        invalid_tool_calls=[call for call in calls if call["type"] == "invalid_tool_call"],
        usage_metadata=newer_usage(usage_of(body.get("usage")), None),
        response_metadata={
            "model_provider": spec.maker,
            **model_names(body),
            **last_metadata(body, body),
        },
        id=text_or_none(body.get("id")),
    )


def raise_if_refused(body: Any) -> None:
    """Raise `ProviderRefusal` if the body is an error; MiniMax has a form of its own."""
    if not isinstance(body, dict):
        raise malformed(f"expected an object, found {type(body).__name__}")
    status = mapping(body.get("base_resp")).get("status_code")
    if body.get("type") == "error" or body.get("error") or status:
        raise ProviderRefusal(body)
    if "type" not in body and "content" not in body and is_bare_error(body):
        raise ProviderRefusal(body)


def checked_block(block: Any) -> Json:
    """Check the fields that LangChain depends on; blocks of unknown type pass unchanged."""
    kind = require(block, "type", str)
    if block.get("id") is not None:
        require(block, "id", str)  # LangChain merges blocks of any type by id
    for name, field_type in FIELD_TYPES.get(kind, {}).items():
        if block.get(name) is not None or name == "text":
            require(block, name, field_type)
    if kind == "text":
        for citation in block.get("citations") or ():
            require(citation, "type", str)
    return {key: value for key, value in block.items() if value is not None or key not in NULLABLE}


def parse_tool_call(block: Json) -> ToolCall | InvalidToolCall:
    """Parse a tool call."""
    return tool_call(require(block, "name", str), block.get("input"), text_or_none(block.get("id")))


def is_cut(block: Json) -> bool:
    """Return whether the last block of a cut answer is a call that was cut before its arguments."""
    return block["type"] == "tool_use" and not input_text(block.get("input"))


def input_text(value: Any) -> str:
    """Return the input of a call as JSON text; empty if it has no arguments."""
    text = value.strip() if isinstance(value, str) else dump_json(value) if value else ""
    return "" if text in NO_INPUT else text


def text_or_none(value: Any) -> str | None:
    """Return a text; None for anything else."""
    return value if isinstance(value, str) else None


def message_content(blocks: list[Json]) -> str | list[str | Json]:
    """Return the content: a string if it is one text without citations, else the blocks."""
    if len(blocks) == 1 and blocks[0]["type"] == "text" and not blocks[0].get("citations"):
        return str(blocks[0]["text"])
    return [*blocks]


def model_names(body: Mapping[str, Any]) -> Json:
    """Return id and model if known; the model under LangChain's and ChatAnthropic's name."""
    model = body.get("model")
    fields = {"id": body.get("id"), "model_name": model, "model": model}
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def last_metadata(end: Mapping[str, Any], body: Mapping[str, Any]) -> Json:
    """Return the metadata that the last chunk of a stream has: stop reason, usage, cost."""
    usage = mapping(body.get("usage"))
    metadata = {name: end[name] for name in ("stop_reason", "stop_sequence") if name in end}
    metadata |= {name: end[name] for name in METADATA_FIELDS if end.get(name) is not None}
    if usage:
        metadata["usage"] = usage  # unchanged, as in ChatAnthropic
    if usage.get("service_tier") is not None:
        metadata["service_tier"] = usage["service_tier"]
    extra = {
        key: value for key, value in usage.items() if value is not None and key not in USAGE_FIELDS
    }
    if extra:
        metadata["usage_extra"] = extra
    if (cost := dollars(usage)) is not None:
        metadata["provider_cost_usd"] = cost
    return metadata
