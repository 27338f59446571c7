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

from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.blocks import MEDIA, NATIVE, READERS, canonical, is_call, reasoning
from scout_adapters.llm.types import Json, ProviderSpec, Role, Turn

CHAT_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
}
SERVER_SIDE = frozenset(
    {"server_tool_call", "server_tool_call_chunk", "server_tool_result", "server_tool_use"}
)
"""What a maker's own tools did: of no use to another maker."""


@dataclass(slots=True)
class Conversation:
    """The turns for one target, and what had to change on the way."""

    turns: list[Turn] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)


def converse(messages: Sequence[BaseMessage], spec: ProviderSpec) -> Conversation:
    """Make `messages` ready for the provider behind `spec`; raises `UnsupportedContent`."""
    conversation = Conversation()
    called: dict[str, str] = {}  # which tool a call id belongs to; results may lack the name
    for at, message in enumerate(messages):
        if isinstance(message, AIMessage):
            for call in (*message.tool_calls, *message.invalid_tool_calls):
                called[call.get("id") or ""] = call.get("name") or ""
            conversation.turns.append(_assistant(message, at, spec, conversation.changes))
        elif isinstance(message, ToolMessage):
            conversation.turns.append(_tool(message, at, spec, called))
        else:
            conversation.turns.extend(_said(message, at, spec, called))
    return conversation


def made_by(message: AIMessage, spec: ProviderSpec) -> bool:
    """Tell whether `spec`'s provider made the message, as far as the message remembers."""
    maker = message.response_metadata.get("model_provider")
    if maker is not None:
        return bool(maker == spec.maker)
    # Written by hand, or by a model that leaves no name: the form of its thinking tells.
    return spec.wire.name == "anthropic_messages" and any(
        isinstance(block, dict) and block.get("type") in {"thinking", "redacted_thinking"}
        for block in message.content
    )


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
            blocks.append(canonical(block, f"{where}, block {place}", spec.wire.name))
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
        canonical(block, f"{where}, block {place}", spec.wire.name)
        for place, block in enumerate(content)
    ]


def _assistant(message: AIMessage, at: int, spec: ProviderSpec, changes: list[str]) -> Turn:
    own = made_by(message, spec)
    calls = _calls(message)
    blocks: list[Json] = []
    if isinstance(message.content, str):
        if message.content:
            blocks.append({"type": "text", "text": message.content})
    else:
        for place, block in enumerate(message.content):
            where = f"message {at} (assistant), block {place}"
            blocks.extend(_assistant_block(block, where, spec, calls, own=own, changes=changes))
    _think_aloud(message, at, blocks, own=own, changes=changes)
    blocks.extend(calls.values())  # those that do not stand in the content
    return Turn(
        role="assistant",
        blocks=blocks,
        at=at,
        name=message.name,
        kept=message.additional_kwargs if own else {},
    )


def _assistant_block(  # one step of one loop
    block: Any,
    where: str,
    spec: ProviderSpec,
    calls: dict[Any, Json],
    *,
    own: bool,
    changes: list[str],
) -> Iterator[Json]:
    """Yield the block, or nothing: what another maker bound to itself stays behind."""
    kind = block.get("type") if isinstance(block, dict) else None
    if is_call(kind):
        if call := calls.pop(block.get("id"), None):
            yield _marked(call, block)
        return
    if kind == "non_standard" and isinstance(block.get("value"), dict):
        block, kind = block["value"], block["value"].get("type")
    if thought := reasoning(block):
        if own:
            yield thought
        else:
            changes.append(f"{where}: reasoning of another maker left out")
    elif own and (kind in NATIVE[spec.wire.name] or kind in SERVER_SIDE or _unknown(kind)):
        yield {"type": "native", "value": block}
    elif kind in SERVER_SIDE or (kind is not None and kind in ALL_NATIVE and not own):
        changes.append(f"{where}: {kind} of another maker left out")
    elif kind in MEDIA and not own:
        changes.append(f"{where}: {kind} in an answer left out")
    else:
        yield canonical(block, where, spec.wire.name)


def _unknown(kind: Any) -> bool:
    """Tell a block that only its maker can know, where it stands in the maker's own answer."""
    return kind is not None and kind != "non_standard" and kind not in READERS


ALL_NATIVE = frozenset().union(*NATIVE.values())


def _think_aloud(
    message: AIMessage, at: int, blocks: list[Json], *, own: bool, changes: list[str]
) -> None:
    """Put reasoning that was kept beside the content before it."""
    text = message.additional_kwargs.get("reasoning_content")
    if not text or any(block["type"] == "reasoning" for block in blocks):
        return
    if own:
        blocks.insert(0, {"type": "reasoning", "reasoning": text})
    else:
        changes.append(f"message {at} (assistant): reasoning of another maker left out")


def _calls(message: AIMessage) -> dict[Any, Json]:
    """Return the calls by id; broken ones too, because a tool message may answer them."""
    calls: dict[Any, Json] = {}
    for call in message.tool_calls:
        made = {"type": "tool_call", "id": call.get("id") or "", "name": call["name"]}
        calls[_place(made, calls)] = {**made, "args": call["args"]}
    for broken in message.invalid_tool_calls:
        made = {"type": "tool_call", "id": broken.get("id") or "", "name": broken.get("name") or ""}
        calls[_place(made, calls)] = {**made, "args": broken.get("args") or {}}
    return calls


def _place(call: Json, calls: Mapping[Any, Json]) -> Any:
    """Return the call's id, or its number where it has none or shares that of another call."""
    return call["id"] if call["id"] and call["id"] not in calls else len(calls)


def _marked(call: Json, block: Json) -> Json:
    """Keep what only the content knows of a call: who made it, markers, a signature."""
    extras: Json = block.get("extras") or {}
    marks = {name: block.get(name) or extras.get(name) for name in MARKS}
    return call | {name: mark for name, mark in marks.items() if mark}


MARKS = ("caller", "toolset_name", "cache_control", "signature")
