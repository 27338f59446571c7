"""Convert LangChain messages to turns for the provider that will receive them.

What a provider signed or encrypted is sent back to that provider only. For every other one it is
left out, and `response_metadata["scout"]["changes"]` of the answer lists it.
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
    """The turns for one provider, and what the conversion left out."""

    turns: list[Turn] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)


MEDIA = frozenset({"image", "audio", "video", "file"})
"""Types of canonical blocks that are not text."""


def media_in(turns: Sequence[Turn]) -> Sequence[Json]:
    """Return the blocks that are images, audio, video or files, also in a provider's own form."""
    blocks: list[Json] = []
    for turn in turns:
        for block in turn.blocks:
            kind = block.get("type")
            if kind in MEDIA:
                blocks.append(block)
            elif kind == "native":
                blocks += _references_in(block["value"])
    return blocks or ()


REFERENCES = frozenset({"url", "item_reference"})
REFERENCE_FIELDS = frozenset({"file_id", "file_url", "image_url", "fileUri", "file_uri"})
"""Types and fields of dicts that refer to something outside the request, in any provider's form."""


def _references_in(value: Any, *, in_image: bool = False) -> Iterator[Json]:
    """Yield a media block for each file that a native block refers to.

    Results of the provider's own tools contain addresses too, beside what was read there.
    """
    if isinstance(value, list):
        for item in value:
            yield from _references_in(item, in_image=in_image)
    if not isinstance(value, dict) or str(value.get("type")).endswith("tool_result"):
        return
    kind = str(value.get("type"))
    in_image = in_image or "image" in kind
    if kind in REFERENCES or REFERENCE_FIELDS & value.keys() or (in_image and kind == "base64"):
        yield {"type": "image" if in_image else "file", "url": ""}
        return
    for item in value.values():
        yield from _references_in(item, in_image=in_image)


def build_turns(
    messages: Sequence[BaseMessage], spec: ProviderSpec, *, signed: bool = True
) -> Conversation:
    """Convert `messages` for the provider `spec`.

    Without `signed`, what the provider itself signed or encrypted is left out as well: it may
    belong to another account or address of the same maker.

    Raises:
        UnsupportedContent: A message or a block cannot be converted.
    """
    if not messages:
        raise UnsupportedContent.empty_conversation()
    conversation = Conversation()
    tool_names: dict[str, str] = {}  # by call id; tool results may lack the name
    answered: frozenset[str] | None = None  # ids of calls that have a result
    for at, message in enumerate(messages):
        if isinstance(message, AIMessage):
            if answered is None:
                from scout_adapters.llm.conversation.assistant import assistant_turn  # noqa: PLC0415  # 0.1 MB: all wires

                answered = frozenset(result_ids(messages))
            for call in (*message.tool_calls, *message.invalid_tool_calls):
                tool_names[call.get("id") or ""] = call.get("name") or ""
            conversation.turns.append(
                assistant_turn(message, at, spec, conversation.changes, answered, signed=signed)
            )
        elif isinstance(message, ToolMessage):
            conversation.turns.append(_tool(message, at, spec, tool_names))
        else:
            conversation.turns.extend(_user_or_system(message, at, spec, tool_names))
    return conversation


def result_ids(messages: Sequence[BaseMessage]) -> Iterator[str]:
    """Yield the ids of the calls that have a result."""
    for message in messages:
        if isinstance(message, ToolMessage):
            yield message.tool_call_id
        elif not isinstance(message, AIMessage) and isinstance(message.content, list):
            for block in message.content:
                if isinstance(block, dict) and block.get("type") == "tool_result":
                    yield str(block.get("tool_use_id") or "")


def _user_or_system(
    message: BaseMessage, at: int, spec: ProviderSpec, tool_names: Mapping[str, str]
) -> Iterator[Turn]:
    """Convert a user or system message; tool results in Anthropic's form become own turns."""
    role = _role(message, at)
    content = message.content
    if isinstance(content, str):
        yield Turn(role=role, blocks=[{"type": "text", "text": content}], at=at, name=message.name)
        return
    from scout_adapters.llm.conversation.blocks import canonical  # noqa: PLC0415  # not for text

    where = f"message {at} ({role})"
    blocks: list[Json] = []
    for index, block in enumerate(content):
        if isinstance(block, dict) and block.get("type") == "tool_result":
            yield _result(block, at, spec, tool_names)
        else:
            blocks.append(canonical(block, f"{where}, block {index}", spec.wire))
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
            why = "it is part of OpenAI's old function calling; use a ToolMessage"
        case ChatMessage(role=role):
            why = f"the role {role!r} does not exist; use one of {', '.join(CHAT_ROLES)}"
        case _:
            why = "it is not a part of a conversation"
    raise UnsupportedContent(f"message {at}", f"a {type(message).__name__}", why)


def _result(block: Json, at: int, spec: ProviderSpec, tool_names: Mapping[str, str]) -> Turn:
    call_id = str(block.get("tool_use_id") or "")
    return Turn(
        role="tool",
        blocks=_plain_blocks(block.get("content") or "", f"message {at} (tool)", spec),
        at=at,
        tool_call_id=call_id,
        tool_name=tool_names.get(call_id, ""),
        failed=bool(block.get("is_error")),
        extras={name: block[name] for name in ("cache_control",) if block.get(name)},
    )


def _tool(message: ToolMessage, at: int, spec: ProviderSpec, tool_names: Mapping[str, str]) -> Turn:
    return Turn(
        role="tool",
        blocks=_plain_blocks(message.content, f"message {at} (tool)", spec),
        at=at,
        name=message.name,
        tool_call_id=message.tool_call_id,
        tool_name=message.name or tool_names.get(message.tool_call_id, ""),
        failed=message.status == "error",
    )


def _plain_blocks(content: Any, where: str, spec: ProviderSpec) -> list[Json]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    from scout_adapters.llm.conversation.blocks import canonical  # noqa: PLC0415  # as above

    return [
        canonical(block, f"{where}, block {index}", spec.wire)
        for index, block in enumerate(content)
    ]
