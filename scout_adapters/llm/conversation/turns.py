"""LangChain messages made ready for one maker: canonical blocks, nothing bound to another maker.

What a maker signed or encrypted goes back to that maker only. For every other target it is left
out, and a note says so, which ends up in `response_metadata["scout"]["changes"]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.conversation.assistant import assistant_turn
from scout_adapters.llm.conversation.blocks import canonical
from scout_adapters.llm.types import ProviderSpec, Role, Turn

CHAT_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
}


@dataclass(slots=True)
class Conversation:
    """The turns for one target, and what had to change on the way."""

    turns: list[Turn] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)


MEDIA = frozenset({"image", "audio", "video", "file"})


def media_in(turns: Sequence[Turn]) -> Sequence[Json]:
    """Return the blocks that are pictures, sound, film or files."""
    found = [block for turn in turns for block in turn.blocks if block.get("type") in MEDIA]
    return found or ()


def build_turns(messages: Sequence[BaseMessage], spec: ProviderSpec) -> Conversation:
    """Make `messages` ready for the provider behind `spec`; raises `UnsupportedContent`."""
    conversation = Conversation()
    called: dict[str, str] = {}  # which tool a call id belongs to; results may lack the name
    results = frozenset(_results(messages))
    for at, message in enumerate(messages):
        if isinstance(message, AIMessage):
            for call in (*message.tool_calls, *message.invalid_tool_calls):
                called[call.get("id") or ""] = call.get("name") or ""
            conversation.turns.append(
                assistant_turn(message, at, spec, conversation.changes, results)
            )
        elif isinstance(message, ToolMessage):
            conversation.turns.append(_tool(message, at, spec, called))
        else:
            conversation.turns.extend(_said(message, at, spec, called))
    return conversation


def _results(messages: Sequence[BaseMessage]) -> Iterator[str]:
    """Yield the ids of the calls that somebody answered."""
    for message in messages:
        if isinstance(message, ToolMessage):
            yield message.tool_call_id
        elif not isinstance(message, AIMessage) and isinstance(message.content, list):
            for block in message.content:
                if isinstance(block, dict) and block.get("type") == "tool_result":
                    yield str(block.get("tool_use_id") or "")


def _said(
    message: BaseMessage, at: int, spec: ProviderSpec, called: Mapping[str, str]
) -> Iterator[Turn]:
    """Render a user's or system message; results in Anthropic's form become turns of their own."""
    role = _role(message, at)
    content = message.content
    if isinstance(content, str):
        yield Turn(role=role, blocks=[{"type": "text", "text": content}], at=at, name=message.name)
        return
    where = f"message {at} ({role})"
    blocks: list[Json] = []
    for place, block in enumerate(content):
        if isinstance(block, dict) and block.get("type") == "tool_result":
            yield _result(block, at, spec, called)
        else:
            blocks.append(canonical(block, f"{where}, block {place}", spec.wire))
    if blocks or not content:
        yield Turn(role=role, blocks=blocks, at=at, name=message.name)


def _role(message: BaseMessage, at: int) -> Role:
    match message:
        case HumanMessage():
            return "user"
        case SystemMessage():
            return "system"
        case ChatMessage(role=role) if role in CHAT_ROLES:
            return CHAT_ROLES[role]
        case FunctionMessage():
            why = "it belongs to OpenAI's old function calling; use a ToolMessage"
        case ChatMessage(role=role):
            why = f"no provider knows the role {role!r}; use one of {', '.join(CHAT_ROLES)}"
        case _:
            why = "it is not a part of a conversation"
    raise UnsupportedContent(f"message {at}", f"a {type(message).__name__}", why)


def _result(block: Json, at: int, spec: ProviderSpec, called: Mapping[str, str]) -> Turn:
    call_id = str(block.get("tool_use_id") or "")
    return Turn(
        role="tool",
        blocks=_plain_blocks(block.get("content") or "", f"message {at} (tool)", spec),
        at=at,
        tool_call_id=call_id,
        tool_name=called.get(call_id, ""),
        failed=bool(block.get("is_error")),
        kept={name: block[name] for name in ("cache_control",) if block.get(name)},
    )


def _tool(message: ToolMessage, at: int, spec: ProviderSpec, called: Mapping[str, str]) -> Turn:
    return Turn(
        role="tool",
        blocks=_plain_blocks(message.content, f"message {at} (tool)", spec),
        at=at,
        name=message.name,
        tool_call_id=message.tool_call_id,
        tool_name=message.name or called.get(message.tool_call_id, ""),
        failed=message.status == "error",
    )


def _plain_blocks(content: Any, where: str, spec: ProviderSpec) -> list[Json]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [
        canonical(block, f"{where}, block {place}", spec.wire)
        for place, block in enumerate(content)
    ]
