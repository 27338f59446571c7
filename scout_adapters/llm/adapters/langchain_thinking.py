"""Turn off Claude's thinking in chat models of other packages, if a history does not allow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

THINKING_FIELDS = ("additional_model_request_fields", "model_kwargs")
"""Fields of a chat model with further body fields, which may include `thinking`."""

THOUGHTS = frozenset({"thinking", "redacted_thinking", "reasoning_content", "reasoning"})
"""Types of content blocks that a package sends to Claude as thinking."""


def without_forbidden_thinking(
    model: BaseChatModel, messages: Sequence[BaseMessage]
) -> BaseChatModel | None:
    """Return a copy with thinking turned off, if Claude would refuse the history; else None.

    With a thinking budget, the API refuses a history whose last answer called tools without
    thinking first, as answers of other models do:
    https://platform.claude.com/docs/en/build-with-claude/extended-thinking
    """
    if _has_budget(getattr(model, "thinking", None)):
        updates: dict[str, Any] = {"thinking": None}
    else:
        fields = ((name, getattr(model, name, None)) for name in THINKING_FIELDS)
        updates = {
            name: {key: value for key, value in field.items() if key != "thinking"}
            for name, field in fields
            if isinstance(field, Mapping) and _has_budget(field.get("thinking"))
        }
    if not updates or not _interrupts_thinking(messages):
        return None
    return model.model_copy(update=updates)


def _has_budget(thinking: Any) -> bool:
    return isinstance(thinking, Mapping) and thinking.get("type") == "enabled"


def _interrupts_thinking(messages: Sequence[BaseMessage]) -> bool:
    """Return whether the last answer called tools without thinking first."""
    answer = next((one for one in reversed(messages) if isinstance(one, AIMessage)), None)
    if answer is None or not (answer.tool_calls or answer.invalid_tool_calls):
        return False
    first: Any = answer.content[0] if answer.content else ""
    return not isinstance(first, Mapping) or first.get("type") not in THOUGHTS
