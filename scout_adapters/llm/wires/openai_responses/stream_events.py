"""Types of events of a streamed response, and the events that report an error.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ProviderRefusal
from scout_adapters.llm.wires.parsing import is_bare_error

FAILURES = frozenset({"response.failed", "response.cancelled"})
"""Events that end a stream without an answer."""

STATUSES = {"response.completed": "completed", "response.incomplete": "incomplete"}
"""The status of a response whose last event has this type; some servers leave it out."""

ENDED_TEXTS: Mapping[str, tuple[str, str, str]] = {
    "response.output_text.done": ("text", "text", "content_index"),
    "response.refusal.done": ("refusal", "refusal", "content_index"),
    "response.reasoning_summary_text.done": ("text", "summary", "summary_index"),
    "response.reasoning_text.done": ("text", "content", "content_index"),
    "response.function_call_arguments.done": ("arguments", "arguments", ""),
    "response.custom_tool_call_input.done": ("input", "arguments", ""),
}
"""Events with a whole text: its field, what it is in the item, and the field of its place."""

PART_EVENTS = tuple(
    f"response.{part}.{mark}"
    for part in ("content_part", "reasoning_summary_part", "reasoning_part")
    for mark in ("added", "done")
)
"""Events between two texts of an item."""

COUNTED = 4
"""Events: after so many in rising order, an equal event with an equal number is a repeated one."""

UNCOUNTED = -(2**63)
"""The number of rising events of a stream in which different events have had one number."""


def is_error(event: Json) -> bool:
    """Return whether an event reports an error: OpenAI's, or that of a server or gateway."""
    if event.get("type") == "error" or event.get("error") or event.get("object") == "error":
        return True
    return "type" not in event and is_bare_error(event)


def refuse(event: Json) -> None:
    """Raise `ProviderRefusal` for an error event; its fields stand in `error` or beside `type`."""
    fields = {name: value for name, value in event.items() if name != "sequence_number"}
    if "type" not in event and not event.get("error"):
        raise ProviderRefusal(fields)
    raise ProviderRefusal({"error": event.get("error") or fields})


def item_name(place: Any) -> str:
    """Return the name of an item in messages: `item 3`, or `an item` if the index is no integer.

    Another index is not printed: it is JSON of the provider, and may be nested too deep for that.
    """
    return f"item {place}" if type(place) is int else "an item"
